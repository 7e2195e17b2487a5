"""
What can be done to an order, an invoice or a payment besides writing it (fortnox.md 11, 12.2, 12.4, 12.5).

`ACTIONS[path][name]` is the verb and the function; a function answers the record to show, or a PDF.
Assumed: a credit note is dated and due today, names its original in CreditInvoiceReference too and no order;
cancelling sets Balance to 0; the voucher series are B and C; a mail needs EmailAddressTo.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from msgspec import Struct

from daemon.sandbox.fortnox import booking, composing, payments, pdf, rows
from daemon.sandbox.fortnox.booking import change
from daemon.sandbox.fortnox.company import Company, Record
from daemon.sandbox.fortnox.composing import INVOICE, NONE, ORDER
from daemon.sandbox.fortnox.documents import INVOICES, ORDERS
from daemon.sandbox.fortnox.errors import (
    INVOICE_BOOKED,
    NO_MAIL_ADDRESS,
    NOT_CREDITABLE,
    ORDER_INVOICED,
    PRINT_FAILED,
    refusal,
)
from daemon.sandbox.fortnox.fields import as_text, blank, plain
from daemon.sandbox.fortnox.payments import INVOICE_PAYMENTS
from daemon.sandbox.fortnox.resource import Resource
from daemon.sandbox.fortnox.totals import exact

Outcome = tuple[Resource, Record] | bytes
Run = Callable[[Company, Record], Outcome]
REFERENCES = {"ExternalInvoiceReference1", "ExternalInvoiceReference2"}
NOT_COPIED = {"DocumentNumber", "EmailInformation", "InvoiceReference", "NotCompleted"} | {
    *("OutboundDate", "PrintTemplate", "Remarks", "Sent", "WarehouseReady"),
}
COPIED = {field.name for field in ORDERS.fields} & {field.name for field in INVOICES.fields} - NOT_COPIED


class Action(Struct, frozen=True):
    """One path below a document: its verb, and what it does."""

    method: str
    run: Run


def create_invoice(company: Company, order: Record) -> Outcome:
    """Make an invoice of an order; refused the second time. Its rows stay locked (11)."""
    composing.check_not_cancelled(order)
    if order.values["InvoiceReference"] != NONE:
        raise refusal(ORDER_INVOICED)
    invoice = _store(company, _invoice_of(company, order))
    company.locked_rows |= {row["RowId"] for row in invoice.values["InvoiceRows"]}
    change(company, order, InvoiceReference=invoice.key)
    shows_invoice = company.switches["createinvoice_answers"] == "Invoice"
    return (INVOICES, invoice) if shows_invoice else (ORDERS, order)


def _invoice_of(company: Company, order: Record) -> dict[str, Any]:
    source = order.values
    left = set() if company.switches["references_copied_to_invoice"] else REFERENCES
    today = company.today()
    values = blank(INVOICES.fields)
    values |= {name: source[name] for name in COPIED - left}
    values |= {
        "OrderReference": order.key,
        "InvoiceDate": today,
        "OutboundDate": today,
        "DueDate": composing.due_date(today, source["TermsOfPayment"]),
        "Remarks": source["Remarks"] if source["CopyRemarks"] else "",
        "WarehouseReady": not company.switches["warehouse_module"],
        "InvoiceRows": tuple(_invoice_row(company, row) for row in source["OrderRows"]),
    }
    composing.set_mail(INVOICE, values, company.find("customers", source["CustomerNumber"]))
    return values


def _invoice_row(company: Company, row: Mapping[str, Any]) -> dict[str, Any]:
    values = blank(rows.INVOICE_ROW)
    kept = {name: row[name] for name in values if name in row}
    return {**values, **kept, "RowId": company.take_row_id()}


def _store(company: Company, values: dict[str, Any]) -> Record:
    """Give a finished invoice its sums and its number."""
    composing.add_up(INVOICE, company, values)
    register = company.registers["invoices"]
    key = register.take_number()
    record = Record(key=key, values={**values, "DocumentNumber": key}, modified=company.stamp())
    register.put(record)
    INVOICES.added(company, record)
    return record


def cancel_order(company: Company, order: Record) -> Outcome:
    """Cancel an open order, for good (11)."""
    composing.check_order_open(company, order)
    change(company, order, Cancelled=True)
    return ORDERS, order


def cancel_invoice(company: Company, invoice: Record) -> Outcome:
    """Cancel an unbooked invoice (12.2)."""
    composing.check_invoice_open(company, invoice)
    change(company, invoice, Cancelled=True, Balance=0)
    return INVOICES, invoice


def bookkeep(company: Company, invoice: Record) -> Outcome:
    """Book an invoice; one over 0 kronor is paid at once (12.2)."""
    _book(company, invoice)
    return INVOICES, invoice


def _book(company: Company, invoice: Record) -> None:
    composing.check_not_cancelled(invoice)
    if invoice.values["Booked"]:
        raise refusal(INVOICE_BOOKED)
    booked = booking.invoice(company, invoice)
    paid_on = invoice.values["InvoiceDate"] if invoice.values["Balance"] == 0 else None
    change(company, invoice, "booking_stamps_invoice", **booked, FinalPayDate=paid_on)


def credit(company: Company, invoice: Record) -> Outcome:
    """Make a credit note and answer the original, which names it (12.2)."""
    values = invoice.values
    if values["Cancelled"] or values["Credit"] == "true" or values["CreditInvoiceReference"] != NONE:
        raise refusal(NOT_CREDITABLE)
    note = _store(company, _mirrored(company, invoice))
    change(company, invoice, CreditInvoiceReference=note.key)
    return INVOICES, invoice


RESET = (
    *("Booked", "FinalPayDate", "LastRemindDate", "NotCompleted", "OCR", "OrderReference", "Reminders"),
    *("Sent", "VoucherNumber", "VoucherSeries", "VoucherYear"),
)


def _mirrored(company: Company, invoice: Record) -> dict[str, Any]:
    start, today = blank(INVOICES.fields), company.today()
    left = () if company.switches["references_copied_to_credit"] else REFERENCES
    values = {**invoice.values, **{name: start[name] for name in (*RESET, *left)}}
    values |= {
        "Credit": "true",
        "CreditInvoiceReference": invoice.key,
        "InvoiceDate": today,
        "OutboundDate": today,
        "DueDate": today,
        "InvoiceRows": tuple(_mirrored_row(company, row) for row in values["InvoiceRows"]),
        **{name: plain(-exact(values[name])) for name in ("Freight", "AdministrationFee")},
    }
    return values


def _mirrored_row(company: Company, row: Mapping[str, Any]) -> dict[str, Any]:
    mirrored = {**row, "RowId": company.take_row_id()}
    mirrored["DeliveredQuantity"] = as_text(plain(-exact(row["DeliveredQuantity"])))
    if row["DiscountType"] == "AMOUNT":
        mirrored["Discount"] = plain(-exact(row["Discount"]))
    return mirrored


def make_ready(resource: Resource, company: Company, record: Record) -> Outcome:
    """Hand a document to the warehouse; without the module nothing changes (11)."""
    kind = ORDER if resource is ORDERS else INVOICE
    kind.check_open(company, record)
    if record.values.get("DeliveryState", "delivery") != "delivery":
        raise refusal(2003124)
    change(company, record, WarehouseReady=True)
    return resource, record


def send(resource: Resource, how: str, company: Company, record: Record) -> Outcome:
    """Mark a document as sent, and count; some companies book then (12.2)."""
    composing.check_not_cancelled(record)
    if how == "email" and not record.values["EmailInformation"]["EmailAddressTo"]:
        raise refusal(NO_MAIL_ADDRESS)
    if resource is INVOICES and company.switches["book_when_sent"] and not record.values["Booked"]:
        _book(company, record)
    company.sent[resource.path, record.key, how] += 1
    change(company, record, "sending_stamps_invoice" if resource is INVOICES else "", Sent=True)
    return resource, record


def preview(resource: Resource, company: Company, record: Record) -> Outcome:
    """The document as a PDF, without a trace (11)."""
    if company.switches["print_answers"] == "error":
        raise refusal(PRINT_FAILED, status=200)
    return pdf.page(f"{'Order' if resource is ORDERS else 'Faktura'} {record.key}")


def print_out(resource: Resource, company: Company, record: Record) -> Outcome:
    """The document as a PDF; it is sent thereby (11, 12.4)."""
    printed = preview(resource, company, record)
    send(resource, "print", company, record)
    return printed


def bookkeep_payment(company: Company, payment: Record) -> Outcome:
    """Book a payment."""
    return INVOICE_PAYMENTS, payments.bookkeep(company, payment)


def _common(resource: Resource, *mailed: str) -> dict[str, Action]:
    return {
        "externalprint": Action("PUT", partial(send, resource, "externalprint")),
        "warehouseready": Action("PUT", partial(make_ready, resource)),
        "preview": Action("GET", partial(preview, resource)),
        "print": Action("GET", partial(print_out, resource)),
        **{how: Action("GET", partial(send, resource, how)) for how in mailed},
    }


ACTIONS: Mapping[str, Mapping[str, Action]] = {
    "orders": {
        **_common(ORDERS, "email"),
        "cancel": Action("PUT", cancel_order),
        "createinvoice": Action("PUT", create_invoice),
    },
    "invoices": {
        **_common(INVOICES, "email", "einvoice", "eprint"),
        "printreminder": Action("GET", partial(preview, INVOICES)),
        "bookkeep": Action("PUT", bookkeep),
        "cancel": Action("PUT", cancel_invoice),
        "credit": Action("PUT", credit),
    },
    "invoicepayments": {"bookkeep": Action("PUT", bookkeep_payment)},
}
