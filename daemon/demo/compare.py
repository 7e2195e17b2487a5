"""
Do both sides hold the same? Judged by what the two APIs show, with nothing of the daemon's own.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from daemon.demo.documents import money, sold
from daemon.demo.people import People

Record = Mapping[str, Any]
TYPES: Final = ("Kund – Företag", "Kund – Privat")
ITEM: Final = "QuotationLineLinkedDataItem"


def _text(value: Any) -> str:
    return "" if value is None else str(value).strip()


def _digits(value: Any) -> str:
    return re.sub(r"\D", "", _text(value))


def _code(value: Any) -> str:
    """The code of a list's text: "30" of "30: 30 dagar"."""
    return _text(value).partition(":")[0].strip()


def _flag(value: Any) -> str:
    return str(value in (True, "Yes"))


# fmt: off
CUSTOMER: Final = (
    # field               Fortnox               webCRM's Organisation…  equal as
    ("name",              "Name",               "Name",                 _text),
    ("organisation no",   "OrganisationNumber", "ExtraCustom2",         _digits),
    ("VAT number",        "VATNumber",          "VatNumber",            _text),
    ("phone",             "Phone1",             "Telephone",            _text),
    ("website",           "WWW",                "Www",                  _text),
    ("visiting address",  "VisitingAddress",    "Address",              _text),
    ("visiting zip code", "VisitingZipCode",    "PostCode",             _text),
    ("visiting city",     "VisitingCity",       "City",                 _text),
    ("fax",               "Fax",                "Fax",                  _text),
    ("terms of payment",  "TermsOfPayment",     "ExtraCustom4",         _code),
    ("currency",          "Currency",           "ExtraCustom5",         _code),
)
ARTICLE: Final = (
    # field               Fortnox               webCRM's item           equal as
    ("name",              "Description",        "Data2",                _text),
    ("cost price",        "PurchasePrice",      "CostPrice",            money),
    ("list price",        "SalesPrice",         "Price",                money),
)
INVOICE: Final = (
    # field               Fortnox               webCRM's Delivery…    equal as
    ("order number",      "OrderReference",     "Custom1",            _text),
    ("invoice date",      "InvoiceDate",        "Custom3",            _text),
    ("booked",            "Booked",             "Custom5",            _flag),
    ("text",              "Remarks",            "Memo",               _text),
    ("total without VAT", "Net",                "OrderValue",         money),
    ("rows",              "Rows",               "Rows",               _text),
)
# fmt: on
ORDER_NUMBER: Final = "DeliveryCustom1"
INVOICE_NUMBER: Final = "DeliveryCustom2"
IN_MEMO: Final = ("Address1", "ZipCode", "City")  # of the invoice address, several lines in webCRM
Rows = tuple[tuple[str, str, str, Callable[[Any], str]], ...]


def compare(people: People) -> tuple[list[str], str]:
    """Each difference as one line, and what was compared."""
    customers = {str(row["CustomerNumber"]): row for row in people.customers()}
    partners = [row for row in people.organisations() if row["OrganisationType"] in TYPES]
    organisations = {_text(row["OrganisationExtraCustom1"]): row for row in partners}
    articles = {str(row["ArticleNumber"]): row for row in people.articles()}
    items = people.catalogue()
    orders, invoices, deliveries = _documents(people)
    found = [
        *_missing("customer", customers, organisations),
        *_missing("article", articles, items),
        *_both(customers, organisations, CUSTOMER, "Organisation"),
        *_addresses(customers, organisations),
        *_both(articles, items, ARTICLE, ITEM),
        *_missing("order", orders, _by(deliveries, ORDER_NUMBER)),
        *_missing("invoice", invoices, _by(deliveries, INVOICE_NUMBER)),
        *_both(invoices, _by(deliveries, INVOICE_NUMBER), INVOICE, "Delivery"),
        *_twice(deliveries),
    ]
    registers = f"{len(customers)} customers in {len(CUSTOMER) + 1} fields, {len(articles)} articles in 3"
    papers = f"orders: {len(orders)}, invoices: {len(invoices)}, deliveries: {len(deliveries)}"
    return found, f"{registers};\n{papers}, in {len(INVOICE)} fields"


def _documents(people: People) -> tuple[dict[str, Record], dict[str, Record], list[Record]]:
    """
    Orders and invoices by number, and deliveries; with article, quantity and total of each row.

    An invoice says what its order does: Fortnox copies the text only where a box is ticked (fortnox.md 11).
    """
    orders: dict[str, Record] = {str(row["DocumentNumber"]): row for row in people.fortnox_screen("orders")}
    invoices: dict[str, Record] = {}
    for row in people.fortnox_screen("invoices"):
        order = orders.get(_text(row["OrderReference"]), {})
        text = row["Remarks"] or order.get("Remarks")
        invoices[str(row["DocumentNumber"])] = {**row, "Remarks": text, "Rows": sold(row["InvoiceRows"])}
    deliveries: list[Record] = [
        {**row, "DeliveryRows": sold(people.lines(row["DeliveryId"]))} for row in people.deliveries()
    ]
    return orders, invoices, deliveries


def _by(deliveries: Sequence[Record], place: str) -> dict[str, Record]:
    return {number: row for row in deliveries if (number := _text(row[place]))}


def _twice(deliveries: Sequence[Record]) -> Iterator[str]:
    """Two deliveries of one document, which a table by number would hide."""
    for key, count in Counter(_text(row["DeliveryErpId"]) for row in deliveries).items():
        if count > 1 or not key:
            yield f"{count} deliveries are of {key or 'no document'}"


def _missing(kind: str, ours: Mapping[str, Record], theirs: Mapping[str, Record]) -> Iterator[str]:
    for number in sorted(ours.keys() - theirs.keys()):
        yield f"{kind} {number} is not in webCRM"
    for number in sorted(theirs.keys() - ours.keys()):
        yield f"{kind} {number or 'without a number'} is not in Fortnox"


def _both(ours: Mapping[str, Record], theirs: Mapping[str, Record], rows: Rows, prefix: str) -> Iterator[str]:
    for number in sorted(ours.keys() & theirs.keys()):
        for field, fortnox, webcrm, same in rows:
            mine, other = same(ours[number].get(fortnox)), same(theirs[number].get(prefix + webcrm))
            if mine != other:
                yield f"{number}, {field}: {mine!r} in Fortnox, {other!r} in webCRM"


def _addresses(ours: Mapping[str, Record], theirs: Mapping[str, Record]) -> Iterator[str]:
    for number in sorted(ours.keys() & theirs.keys()):
        memo = _text(theirs[number]["OrganisationXMemo1"])
        parts = [_text(ours[number].get(name)) for name in IN_MEMO]
        if not all(part in memo for part in parts):
            yield f"{number}, invoice address: {', '.join(parts)!r} in Fortnox, {memo!r} in webCRM"
