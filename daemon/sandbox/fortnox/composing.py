"""
How an order or invoice is completed before it is stored (fortnox.md 11, 12.1, 12.2).

Values that were not sent come from the customer, then from the company. Assumed: terms of payment whose code
begins with no number (AG, K, PF) make the due date the invoice date; a changed currency brings its rate; a
changed customer brings name and addresses; changed terms or dates leave DueDate alone (8.1: PUT is a merge).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from msgspec import Struct

from daemon.sandbox.fortnox import rows, totals
from daemon.sandbox.fortnox.company import Company, Record
from daemon.sandbox.fortnox.errors import (
    DOCUMENT_CANCELLED,
    INVOICE_BOOKED,
    MISSING,
    ORDER_INVOICED,
    READ_ONLY,
    refusal,
)
from daemon.sandbox.fortnox.fields import Field, plain

NONE = "0"  # a reference to no document (5)
COMPANY_TERMS = "30"
DAYS = re.compile(r"[0-9]{1,4}")
LAST_WEIGHT = 2

# Copied from the customer when the document is made, and when it gets another customer.
IDENTITY = {
    "CustomerName": "Name",
    "Address1": "Address1",
    "Address2": "Address2",
    "ZipCode": "ZipCode",
    "City": "City",
    "Country": "Country",
    "DeliveryName": "DeliveryName",
    "DeliveryAddress1": "DeliveryAddress1",
    "DeliveryAddress2": "DeliveryAddress2",
    "DeliveryZipCode": "DeliveryZipCode",
    "DeliveryCity": "DeliveryCity",
    "DeliveryCountry": "DeliveryCountry",
    "OrganisationNumber": "OrganisationNumber",
    "Phone1": "Phone1",
    "Phone2": "Phone2",
}
# Copied only when it is made.
TERMS = {
    name: name
    for name in (
        *("CostCenter", "Currency", "OurReference", "PriceList", "Project"),
        *("TermsOfDelivery", "TermsOfPayment", "WayOfDelivery", "YourReference"),
    )
} | {"VATIncluded": "ShowPriceVATIncluded"}
FEES = {"Freight": "InvoiceFreight", "AdministrationFee": "InvoiceAdministrationFee"}


class Kind(Struct, frozen=True):
    """What differs between an order and an invoice."""

    path: str
    rows: str
    row_fields: tuple[Field, ...]
    date: str
    mail: str
    check_open: Callable[[Company, Record], None]


def check_order_open(company: Company, order: Record) -> None:
    """Refused for an order that is cancelled, invoiced, or ready in the warehouse (11)."""
    check_not_cancelled(order)
    if order.values["InvoiceReference"] != NONE:
        raise refusal(ORDER_INVOICED)
    _check_not_ready(company, order)


def check_invoice_open(company: Company, invoice: Record) -> None:
    """Refused for an invoice that is cancelled, booked, or ready in the warehouse (12.2)."""
    check_not_cancelled(invoice)
    if invoice.values["Booked"]:
        raise refusal(INVOICE_BOOKED)
    _check_not_ready(company, invoice)


def check_not_cancelled(record: Record) -> None:
    """Refused for a cancelled document."""
    if record.values["Cancelled"]:
        raise refusal(DOCUMENT_CANCELLED)


def _check_not_ready(company: Company, record: Record) -> None:
    if company.switches["warehouse_module"] and record.values["WarehouseReady"]:
        raise refusal(2003125)


ORDER = Kind("orders", "OrderRows", rows.ORDER_ROW, "OrderDate", "EmailOrder", check_order_open)
INVOICE = Kind("invoices", "InvoiceRows", rows.INVOICE_ROW, "InvoiceDate", "EmailInvoice", check_invoice_open)


def compose(
    kind: Kind, company: Company, before: Record | None, values: dict[str, Any], changes: Mapping[str, Any]
) -> None:
    """Complete `values` after a POST or PUT of `changes`; refused for a document that is closed."""
    if before is not None:
        kind.check_open(company, before)
    customer = _customer(company, values, changes)
    if before is None:
        _begin(kind, company, values, changes, customer)
    elif values["CustomerNumber"] != before.values["CustomerNumber"]:
        take(values, changes, customer, IDENTITY)
    _check_labels(company, changes)
    if "CurrencyRate" not in changes and (before is None or "Currency" in changes):
        set_rate(company, values)
    if kind.rows in changes:
        sale = rows.Sale(company, kind.row_fields, _vat_type(customer), values["PriceList"])
        stored = before.values[kind.rows] if before else None
        values[kind.rows] = rows.written(sale, stored, changes[kind.rows])
    else:
        values[kind.rows] = rows.new_ids(company, values[kind.rows])
    add_up(kind, company, values)


def add_up(kind: Kind, company: Company, values: dict[str, Any]) -> None:
    """Write the sums of `values`."""
    charged = _vat_type(company.find("customers", values["CustomerNumber"])) in rows.CHARGED
    totals.settle(values, kind.rows, charged=charged, round_off=company.switches["round_off"])


def take(
    values: dict[str, Any], changes: Mapping[str, Any], customer: Record | None, names: Mapping[str, str]
) -> None:
    """Fill what was not sent with what the customer has; what it lacks stays as it is."""
    for name, source in names.items():
        if customer and name in values and name not in changes and customer.values[source]:
            values[name] = customer.values[source]


def set_rate(company: Company, values: dict[str, Any]) -> None:
    """The rate of the document's currency, from the register."""
    currency = company.find("currencies", values["Currency"])
    if currency is not None:
        values |= {"CurrencyRate": currency.values["SellRate"], "CurrencyUnit": currency.values["Unit"]}


def set_mail(kind: Kind, values: dict[str, Any], customer: Record | None) -> None:
    """The address that the document is mailed to."""
    address = customer and (customer.values[kind.mail] or customer.values["Email"])
    values["EmailInformation"] = {**values["EmailInformation"], "EmailAddressTo": address or ""}


def due_date(start: str, terms: str) -> str:
    """The date some days after `start`: as many as the code of the terms begins with."""
    days = DAYS.match(terms)
    try:
        due = dt.date.fromisoformat(start) + dt.timedelta(days=int(days.group()) if days else 0)
    except OverflowError:
        return start
    return due.isoformat()


def number_ocr(_company: Company, invoice: Record) -> None:
    """Give an invoice its OCR: the number, a length digit and a check digit (12.1: 20 gives 2048)."""
    if not invoice.values["OCR"]:
        digits = f"{invoice.key}{(len(invoice.key) + 2) % 10}"
        invoice.values["OCR"] = f"{digits}{_check_digit(digits)}"


def _check_digit(digits: str) -> int:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        product = int(digit) * (LAST_WEIGHT - place % 2)
        total += product // 10 + product % 10
    return -total % 10


def _customer(company: Company, values: Mapping[str, Any], changes: Mapping[str, Any]) -> Record | None:
    """The customer; refused when one is named that is not there. It may have gone since."""
    customer = company.find("customers", values["CustomerNumber"])
    if customer is None and "CustomerNumber" in changes:
        raise refusal(2000204, changes["CustomerNumber"])
    return customer


def _vat_type(customer: Record | None) -> str:
    return str(customer.values["VATType"]) if customer else "SEVAT"


def _begin(
    kind: Kind,
    company: Company,
    values: dict[str, Any],
    changes: Mapping[str, Any],
    customer: Record | None,
) -> None:
    """A new document: the customer's values, the dates, the presets (12.1)."""
    if "DocumentNumber" in changes and company.switches["own_document_number"] == "refuse":
        raise refusal(READ_ONLY, "DocumentNumber")
    take(values, changes, customer, IDENTITY | TERMS)
    for name, source in FEES.items():
        if customer and name not in changes:
            values[name] = plain(Decimal(customer.values[source] or 0))
    if customer and kind is INVOICE and "Remarks" not in changes:
        values["Remarks"] = customer.values["InvoiceRemark"]
    if "EmailAddressTo" not in changes.get("EmailInformation", {}):
        set_mail(kind, values, customer)
    if not values["TermsOfPayment"] and "TermsOfPayment" not in changes:
        values["TermsOfPayment"] = COMPANY_TERMS if company.find("termsofpayments", COMPANY_TERMS) else ""
    values["WarehouseReady"] = not company.switches["warehouse_module"]
    values[kind.date] = values[kind.date] or company.today()
    values["OutboundDate"] = values["OutboundDate"] or values[kind.date]
    if "DueDate" in values:
        values["DueDate"] = values["DueDate"] or due_date(values[kind.date], values["TermsOfPayment"])


def _check_labels(company: Company, changes: Mapping[str, Any]) -> None:
    for label in changes.get("Labels") or ():
        if company.find("labels", str(label.get("Id"))) is None:
            raise refusal(MISSING["labels"], "Labels")
