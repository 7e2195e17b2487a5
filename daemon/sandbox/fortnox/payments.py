"""
Payments of customer invoices (fortnox.md 12.5): only a booked one changes the ledger.

Assumed: a payment counts in the invoice's currency as AmountCurrency, in SEK as Amount; write-offs count too.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from daemon.sandbox.fortnox import booking
from daemon.sandbox.fortnox.articles import PRICE
from daemon.sandbox.fortnox.booking import change
from daemon.sandbox.fortnox.company import Company, Record
from daemon.sandbox.fortnox.errors import INVOICE_NOT_BOOKED, PAYMENT_BOOKED, REQUIRED, refusal
from daemon.sandbox.fortnox.fields import Field, plain
from daemon.sandbox.fortnox.resource import Cell, Resource
from daemon.sandbox.fortnox.totals import cents, exact

INVOICE_NUMBER = 10**19

WRITE_OFF = (
    Field("AccountNumber", "integer", 9999, least=1000),
    Field("Amount", "number", PRICE, 0),
    Field("CostCenter", "text", start=""),
    Field("Currency", "text", 3, "SEK"),
    Field("Description", "text", start=""),
    Field("Project", "text", start=""),
    Field("TransactionInformation", "text", start=""),
)
FIELDS = (
    Field("Amount", "number", PRICE),
    Field("AmountCurrency", "number", PRICE),
    Field("Booked", "flag", start=False, write="never"),
    Field("Currency", "text", start="SEK", write="never"),
    Field("CurrencyRate", "rate", 10**6, 1),
    Field("CurrencyUnit", "number", start=1, write="never"),
    Field("ExternalInvoiceReference1", "text", start="", write="never"),
    Field("ExternalInvoiceReference2", "text", start="", write="never"),
    Field("InvoiceCustomerName", "text", start="", write="never"),
    Field("InvoiceCustomerNumber", "text", start="", write="never"),
    Field("InvoiceDueDate", "date", write="never"),
    Field("InvoiceNumber", "integer", INVOICE_NUMBER, write="create", required=True),
    Field("InvoiceOCR", "text", start="", write="never"),
    Field("InvoiceTotal", "text", start="", write="never"),
    Field("ModeOfPayment", "text", start="", register="modesofpayments"),
    Field("ModeOfPaymentAccount", "integer", 9999, least=1000),
    Field("Number", "text", write="never"),
    Field("PaymentDate", "date"),
    Field("Source", "text", start="direct", write="never"),
    Field("VoucherNumber", "integer", write="never"),
    Field("VoucherSeries", "text", write="never"),
    Field("VoucherYear", "integer", write="never"),
    Field("WriteOffs", "rows", start=(), parts=WRITE_OFF),
)
# What a payment shows of its invoice.
SHOWN = {
    "Currency": "Currency",
    "CurrencyUnit": "CurrencyUnit",
    "ExternalInvoiceReference1": "ExternalInvoiceReference1",
    "ExternalInvoiceReference2": "ExternalInvoiceReference2",
    "InvoiceCustomerName": "CustomerName",
    "InvoiceCustomerNumber": "CustomerNumber",
    "InvoiceDueDate": "DueDate",
    "InvoiceOCR": "OCR",
}


def compose(
    company: Company, before: Record | None, values: dict[str, Any], changes: Mapping[str, Any]
) -> None:
    """Complete a payment: its invoice must be booked, and it must not be."""
    if before is not None:
        check_open(company, before)
    invoice = company.find("invoices", str(values["InvoiceNumber"]))
    if invoice is None:
        raise refusal(2000434)
    if not invoice.values["Booked"]:
        raise refusal(INVOICE_NOT_BOOKED)
    values |= {name: invoice.values[source] for name, source in SHOWN.items()}
    values["InvoiceTotal"] = str(invoice.values["Total"])
    if "CurrencyRate" not in changes and before is None:
        values["CurrencyRate"] = invoice.values["CurrencyRate"]
    values["PaymentDate"] = values["PaymentDate"] or company.today()
    values["WriteOffs"] = tuple(
        {**{field.name: field.start for field in WRITE_OFF}, **row} for row in values["WriteOffs"]
    )
    _settle_amounts(values, changes)


def _settle_amounts(values: dict[str, Any], changes: Mapping[str, Any]) -> None:
    """The amount that was not sent follows from the one that was."""
    rate = exact(values["CurrencyRate"]) / (exact(values["CurrencyUnit"]) or Decimal(1))
    if values["Amount"] is None and values["AmountCurrency"] is None:
        raise refusal(REQUIRED, "Amount")
    if values["Amount"] is None or ("AmountCurrency" in changes and "Amount" not in changes):
        values["Amount"] = plain(cents(exact(values["AmountCurrency"]) * rate))
    elif values["AmountCurrency"] is None or ("Amount" in changes and "AmountCurrency" not in changes):
        values["AmountCurrency"] = plain(cents(exact(values["Amount"]) / (rate or Decimal(1))))


def check_open(_company: Company, payment: Record) -> None:
    """Refused for a payment that is booked."""
    if payment.values["Booked"]:
        raise refusal(PAYMENT_BOOKED)


def bookkeep(company: Company, payment: Record) -> Record:
    """Book a payment: the invoice's Balance falls, and at 0 FinalPayDate is set (12.2)."""
    check_open(company, payment)
    values = payment.values
    invoice = company.registers["invoices"].records[str(values["InvoiceNumber"])]
    change(company, payment, **booking.payment(company, payment))
    paid = exact(values["AmountCurrency"]) + sum(exact(row["Amount"]) for row in values["WriteOffs"])
    balance = plain(exact(invoice.values["Balance"]) - paid)
    paid_on = values["PaymentDate"] if balance == 0 else None
    change(company, invoice, "payment_stamps_invoice", Balance=balance, FinalPayDate=paid_on)
    return payment


INVOICE_PAYMENTS = Resource(
    path="invoicepayments",
    one="InvoicePayment",
    many="InvoicePayments",
    key="Number",
    scope="payment",
    fields=FIELDS,
    location="invoicepayments",
    stamped=True,
    row=(
        *(Cell(name, name) for name in ("Amount", "Booked", "Currency", "CurrencyRate", "CurrencyUnit")),
        *(Cell(name, name) for name in ("InvoiceNumber", "Number", "PaymentDate", "Source")),
        Cell("WriteOffExist", "WriteOffs", "any"),
    ),
    search={"invoicenumber": ("InvoiceNumber", "number")},
    sort={"paymentdate": "PaymentDate"},
    compose=compose,
    check_remove=check_open,
)
