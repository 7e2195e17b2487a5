"""
Receipts and Z-reports as the API shows them.

Source: dinkassa.md 5.3 (Z-reports), 5.5 (SIE), 8.2 (transactions, our assumed contract).
"""

from __future__ import annotations

from typing import Any

from daemon.sandbox.eskassa.accounts import PAYMENT_TYPES
from daemon.sandbox.eskassa.state import SHOP, State
from daemon.sandbox.eskassa.till import Line, Receipt, Report, Till
from daemon.sandbox.eskassa.wire import kronor, moment_text

Json = dict[str, Any]
PROGRAM_VERSION = "8.2"
NO_ACCOUNT = '""'


def transaction(state: State, receipt: Receipt) -> Json:
    """A receipt (8.2). TotalAmount is what was paid, so after the rounding of cash (assumed)."""
    employee_id, employee = state.employees[receipt.employee]
    return {
        "Id": receipt.id,
        "ReceiptNumber": receipt.number,
        "MachineId": state.tills[receipt.till - 1].machine_id,
        "DateTime": moment_text(receipt.at),
        "EmployeeId": employee_id,
        "EmployeeName": employee,
        "CustomerId": receipt.customer_id,
        "InvoiceNumber": receipt.invoice_number,
        "TotalAmount": kronor(sum(amount for _, amount in receipt.payments)),
        "IsReturn": receipt.is_return,
        "TransactionName": receipt.text,
        "Items": [_line(line) for line in receipt.lines],
        "Payments": [
            {"Type": PAYMENT_TYPES[what], "Amount": kronor(amount), "ExternalReference1": ""}
            for what, amount in receipt.payments
        ],
    }


def _line(line: Line) -> Json:
    return {
        "InventoryItemId": line.item_id,
        "ProductCode": line.product_code,
        "Description": line.description,
        "Quantity": line.quantity,
        "PricePerItemIncludingVat": kronor(line.price),
        "VatPercentage": line.vat,
        "DiscountAmount": kronor(line.discount),
        "ExtraInformation": "",
    }


def report_row(state: State, report: Report) -> Json:
    """A Z-report in the list (5.3): its number is a number here."""
    return {
        "Id": report.id,
        "Number": report.number,
        "DateTime": moment_text(report.at),
        "CreatedBy": state.employees[report.employee][1],
    }


def report_json(till: Till, report: Report) -> Json:
    """A Z-report with its accounts (5.3); debit is positive."""
    return {
        "ZReport": title(till, report),
        "ReportDateTime": moment_text(report.at),
        "FirstTransactionDateTime": moment_text(report.first) if report.first else None,
        "LastTransactionDateTime": moment_text(report.last) if report.last else None,
        "Accounts": [
            {"Description": row.description, "Number": row.number, "Amount": kronor(row.amount)}
            for row in report.rows
        ],
    }


def title(till: Till, report: Report) -> str:
    """ "K1:17": the register's number and the report's."""
    return f"K{till.number}:{report.number}"


def sie(till: Till, report: Report) -> bytes:
    """A Z-report as SIE type 4 (5.5), in the characters that SIE prescribes."""
    day = f"{report.at:%Y%m%d}"
    names = {row.number: row.description for row in report.rows}
    lines = [
        "#FLAGGA 0",
        f'#PROGRAM "ES Kassasystem" {PROGRAM_VERSION}',
        "#FORMAT PC8",
        f"#GEN {day}",
        "#SIETYP 4",
        f'#FNAMN "{SHOP}"',
        *(f'#KONTO {number} "{name}"' for number, name in names.items()),
        f'#VER "A" "{report.number}" {day} "Dagsavslut {title(till, report)}"',
        "{",
        *(f"#TRANS {row.number or NO_ACCOUNT} {{}} {kronor(row.amount)}" for row in report.rows),
        "}",
    ]
    return ("\r\n".join(lines) + "\r\n").encode("cp437", "replace")
