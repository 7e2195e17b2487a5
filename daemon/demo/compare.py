"""
Do both sides hold the same? Judged by what the two APIs show, with nothing of the daemon's own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

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


def _money(value: Any) -> str:
    return f"{float(value or 0):.2f}"


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
    ("cost price",        "PurchasePrice",      "CostPrice",            _money),
    ("list price",        "SalesPrice",         "Price",                _money),
)
# fmt: on
IN_MEMO: Final = ("Address1", "ZipCode", "City")  # of the invoice address, several lines in webCRM
Rows = tuple[tuple[str, str, str, Callable[[Any], str]], ...]


def compare(people: People) -> tuple[list[str], str]:
    """Each difference as one line, and what was compared."""
    customers = {str(row["CustomerNumber"]): row for row in people.customers()}
    partners = [row for row in people.organisations() if row["OrganisationType"] in TYPES]
    organisations = {_text(row["OrganisationExtraCustom1"]): row for row in partners}
    articles = {str(row["ArticleNumber"]): row for row in people.articles()}
    items = people.catalogue()
    found = [
        *_missing("customer", customers, organisations),
        *_missing("article", articles, items),
        *_both(customers, organisations, CUSTOMER, "Organisation"),
        *_addresses(customers, organisations),
        *_both(articles, items, ARTICLE, ITEM),
    ]
    return found, f"{len(customers)} customers in {len(CUSTOMER) + 1} fields, {len(articles)} articles in 3"


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
