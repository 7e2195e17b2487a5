"""
What both vendors' records must say of one another besides what people edit most: dates, currency, VAT, sums.

A fact is read from a record as its vendor keeps it, in words of our own (rows W3, W4, W8-W13, webcrm.md 7, 9,
10 and 13, decisions 10, 11 and 14), and shares nothing with the daemon's own tables. Two judgements: each
value that the daemon writes is one that the other side said, and at rest both sides say the same.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final, NamedTuple

FORTNOX: Final = "fortnox"
WEBCRM: Final = "webcrm"
BOTH: Final = "both"

# A record as its vendor keeps it: a customer's, an item's; of a document its order and its invoice, or its
# delivery and its lines by id.
Raw = tuple[Any, ...]
Read = Callable[[Raw], Any]
FROM_FORTNOX: Final = "faktura"  # what a delivery made of a Fortnox document is described as
CURRENCY_UNSAID: Final = "SEK"  # what the config says of a delivery that names none


class Fact(NamedTuple):
    """
    One thing that both sides say.

    `says` is the side that it comes from, BOTH when either may. `listed_as` is the field that an operator
    reads when the two could not be made one. `filled` is what Fortnox puts where a new record says nothing.
    """

    kind: str
    word: str
    fortnox: Read
    webcrm: Read
    says: str = BOTH
    listed_as: str = ""
    filled: Any = None
    same: Callable[[Any, Any], bool] = lambda fortnox, webcrm: fortnox == webcrm
    of_lines: bool = False  # in webCRM it is read from lines
    told_whole: bool = False  # what we write to webCRM must be equal, also where it may say less


# ------------------------------------------------------------------ readers


def _held(name: str) -> Read:
    return lambda raw: _text(raw[0].get(name))


def _text(value: Any) -> str:
    return "" if value is None else str(value)


COUNTRIES: Final = {"Sverige": "SE", "Norge": "NO", "Danmark": "DK", "Finland": "FI", "Tyskland": "DE"}
TYPES: Final = {"Kund – Företag": "COMPANY", "Kund – Privat": "PRIVATE"}


def _digits(name: str) -> Read:
    return lambda raw: re.sub(r"\D", "", _text(raw[0].get(name)))


def _country(raw: Raw) -> str:
    name = _text(raw[0].get("OrganisationCountry") or raw[0].get("OrganisationCountryValue"))
    return COUNTRIES.get(name, name)


def _terms(raw: Raw) -> str:
    """The code before the colon of "30: 30 dagar"."""
    return _text(raw[0].get("OrganisationExtraCustom4")).partition(":")[0].strip()


def _invoice_lines(raw: Raw) -> str:
    """`address1⏎address2⏎zip city` of a customer's invoice address."""
    held = raw[0]
    place = f"{_text(held['ZipCode'])} {_text(held['City'])}".strip()
    return _lines("\n".join((_text(held["Address1"]), _text(held["Address2"]), place)))


def _memo(raw: Raw) -> list[str]:
    return _lines(_text(raw[0].get("OrganisationXMemo1"))).splitlines()


def _memo_lines(raw: Raw) -> str:
    return "\n".join(line for line in _memo(raw) if line not in COUNTRIES)


def _memo_country(raw: Raw) -> str:
    return next((COUNTRIES[line] for line in _memo(raw)[-1:] if line in COUNTRIES), "")


def _lines(text: str) -> str:
    return "\n".join(line.strip() for line in text.splitlines() if line.strip())


def _newest(raw: Raw) -> Any:
    """The invoice, where there is one: it holds what is sold."""
    return raw[1] or raw[0]


def _dated(raw: Raw) -> str:
    """The order's own date, also when it was invoiced; that of an invoice without an order."""
    order, invoice = raw
    return _text(order["OrderDate"] if order else invoice["InvoiceDate"])


def _number(half: int) -> Read:
    return lambda raw: _text(raw[half]["DocumentNumber"]) if raw[half] else ""


def _invoice_date(raw: Raw) -> str | None:
    """That of an order's invoice; the date of one without an order is the document's own."""
    if raw[0] is None:
        return None
    return _text(raw[1]["InvoiceDate"]) if raw[1] else ""


def _delivered(raw: Raw) -> str | None:
    """An invoice has no delivery date that crosses (row W13): then nothing is said."""
    return None if raw[1] else _text(raw[0]["DeliveryDate"])


def _booked(raw: Raw) -> bool:
    return bool(raw[1] and raw[1]["Booked"])


def _rows(raw: Raw) -> list[Mapping[str, Any]]:
    held = _newest(raw)
    rows = held.get("InvoiceRows") or held.get("OrderRows") or ()
    return [row for row in rows if row["ArticleNumber"]]


def _sold(raw: Raw) -> list[Mapping[str, Any]]:
    lines = sorted(
        raw[1].values(), key=lambda line: (line.get("QuotationLineSortOrder") or 0, line["QuotationLineId"])
    )
    return [line for line in lines if _text(line.get("QuotationLineData1")) not in ("", "-")]


def _prices(raw: Raw) -> tuple[tuple[Decimal, Decimal] | None, ...]:
    """The price of one unit and the discount in percent of each row; None for one that says it otherwise."""
    included = _newest(raw)["VATIncluded"]
    return tuple(
        None if included or (row["Discount"] and row["DiscountType"] == "AMOUNT") else _of_row(row)
        for row in _rows(raw)
    )


def _of_row(row: Mapping[str, Any]) -> tuple[Decimal, Decimal]:
    return _exact(row["Price"]), _exact(row["Discount"])


def _line_prices(raw: Raw) -> tuple[tuple[Decimal, Decimal] | None, ...]:
    """List price and discount of each line; None where the two do not come to what it says that it costs."""
    return tuple(_of_line(line) if adds_up(line) else None for line in _sold(raw))


def _of_line(line: Mapping[str, Any]) -> tuple[Decimal, Decimal]:
    return _exact(line.get("QuotationLineListPrice")), _exact(line.get("QuotationLineDiscount"))


def adds_up(line: Mapping[str, Any]) -> bool:
    """Whether a line's quantity, list price and discount give its Price; without a list price any does."""
    listed, percent = _of_line(line)
    exact = _exact(line.get("QuotationLineQuantity")) * listed * (100 - percent)  # in öre
    total = int(exact.quantize(Decimal(1), ROUND_HALF_UP))
    return not listed or total == _ore(line.get("QuotationLinePrice"))


def _exact(value: Any) -> Decimal:
    return Decimal(str(value or 0))


def _priced_alike(
    fortnox: tuple[tuple[Decimal, Decimal] | None, ...], webcrm: tuple[tuple[Decimal, Decimal] | None, ...]
) -> bool:
    """
    Each line adds up, with Fortnox' own price and percent where it has them.

    An amount off, and a price that includes VAT, have no counterpart: they become what gives the same sum
    (webcrm.md 10, fortnox.md 12.1).
    """
    if len(fortnox) != len(webcrm) or None in webcrm:
        return False
    return all(ours in (None, theirs) for ours, theirs in zip(fortnox, webcrm, strict=True))


def _percents(raw: Raw) -> tuple[float, ...]:
    return tuple(float(row["VAT"]) for row in _rows(raw))


def _line_percents(raw: Raw) -> tuple[float, ...]:
    return tuple(float(line.get("QuotationLineVatPercentage") or 0) for line in _sold(raw))


def row_ore(row: Mapping[str, Any], *, included: bool) -> int:
    """What a row of Fortnox comes to without VAT."""
    if not included:
        return _ore(row["Total"])
    if row.get("TotalExcludingVAT") is not None:
        return _ore(row["TotalExcludingVAT"])
    exact = Decimal(str(row["Total"])) * 100 / (100 + Decimal(row["VAT"])) * 100
    return int(exact.quantize(Decimal(1), ROUND_HALF_UP))


def _net_ore(raw: Raw) -> int:
    """
    What a document comes to without VAT.

    Where prices include VAT each row's part without it is rounded by itself, and webCRM shows rows: then it
    is what they come to.
    """
    held = _newest(raw)
    if held["VATIncluded"]:
        return sum(row_ore(row, included=True) for row in _rows(raw))
    return _ore(held["Net"])


def _sum_ore(raw: Raw) -> int:
    return sum(_ore(line.get("QuotationLinePrice")) for line in raw[1].values())


def _ore(value: Any) -> int:
    return int((Decimal(str(value or 0)) * 100).to_integral_value())


def _day(name: str) -> Read:
    """A date-time of webCRM is midnight UTC of its day, and year 1 is none (webcrm.md 6)."""

    def read(raw: Raw) -> str:
        day = _text(raw[0].get(name))[:10]
        return "" if day.startswith("0001") else day

    return read


def _delivery_currency(raw: Raw) -> str:
    name = _text(raw[0].get("DeliveryCurrencyName") or raw[0].get("DeliveryOpportunityCurrencyName"))
    return CURRENCY_UNSAID if name in ("", "00") else name


def _if_said(fortnox: Any, webcrm: Any) -> bool:
    return fortnox in (None, webcrm)


def _as_said(fortnox: tuple[float, ...], webcrm: tuple[float, ...]) -> bool:
    """A line of webCRM without a percent leaves it to Fortnox, which takes that of the article."""
    if len(fortnox) != len(webcrm):
        return False
    return all(ours == theirs or not theirs for ours, theirs in zip(fortnox, webcrm, strict=True))


def _description(raw: Raw) -> str:
    return _text(raw[0].get("DeliveryDescription") or raw[0].get("DeliveryOpportunityDescription"))


def _invoiced_there(raw: Raw) -> bool:
    """An invoice of what was born in Fortnox: what bears our mark was a delivery before it was a document."""
    marks = [_text(half["ExternalInvoiceReference1"]) for half in raw if half]
    return bool(raw[1]) and not any(mark.startswith("FS1.") for mark in marks)


def _finished(raw: Raw) -> bool:
    """One that is described as an invoice born in Fortnox says "Avslutad" (row W11)."""
    return _description(raw) != FROM_FORTNOX or raw[0].get("DeliveryStatus") == "Completed"


# ------------------------------------------------------------------ what must agree

FACTS: Final[tuple[Fact, ...]] = (
    Fact("customer", "org_number", _digits("OrganisationNumber"), _digits("OrganisationExtraCustom2")),
    Fact("customer", "email", _held("Email"), _held("OrganisationExtraCustom3")),
    Fact("customer", "terms", _held("TermsOfPayment"), _terms),
    Fact("customer", "currency", _held("Currency"), _held("OrganisationExtraCustom5"), filled="SEK"),
    Fact(
        "customer",
        "type",
        _held("Type"),
        lambda raw: TYPES.get(_text(raw[0].get("OrganisationType")), ""),
        filled="COMPANY",
    ),
    Fact("customer", "visiting_address", _held("VisitingAddress"), _held("OrganisationAddress")),
    Fact("customer", "visiting_zip", _held("VisitingZipCode"), _held("OrganisationPostCode")),
    Fact("customer", "visiting_country", _held("VisitingCountryCode"), _country),
    Fact("customer", "invoice_address", _invoice_lines, _memo_lines),
    Fact(
        "customer",
        "invoice_country",
        _held("CountryCode"),
        _memo_country,
        listed_as="invoice_address",
        same=lambda fortnox, webcrm: (
            webcrm in ("", fortnox)
        ),  # who writes no country means the one that is there
        told_whole=True,
    ),
    Fact(
        "article",
        "cost",
        lambda raw: _ore(raw[0]["PurchasePrice"]),
        lambda raw: _ore(raw[0].get("QuotationLineLinkedDataItemCostPrice")),
        says=FORTNOX,
    ),
    Fact("document", "date", _dated, _day("DeliveryOrderDate")),
    Fact("document", "delivery_date", _delivered, _day("DeliveryCustom4"), same=_if_said),
    Fact("document", "currency", lambda raw: _text(_newest(raw)["Currency"]), _delivery_currency),
    Fact("document", "vat", _percents, _line_percents, listed_as="rows", same=_as_said, of_lines=True),
    Fact("document", "prices", _prices, _line_prices, listed_as="rows", same=_priced_alike, of_lines=True),
    Fact("document", "total", _net_ore, _sum_ore, listed_as="rows", of_lines=True),
    Fact("document", "order_number", _number(0), _held("DeliveryCustom1"), says=FORTNOX),
    Fact("document", "invoice_number", _number(1), _held("DeliveryCustom2"), says=FORTNOX),
    Fact("document", "invoice_date", _invoice_date, _day("DeliveryCustom3"), says=FORTNOX, same=_if_said),
    Fact(
        "document",
        "booked",
        _booked,
        lambda raw: _text(raw[0].get("DeliveryCustom5")) == "Yes",
        says=FORTNOX,
    ),
    Fact(
        "document",
        "finished",
        _invoiced_there,
        _finished,
        says=FORTNOX,
        same=lambda fortnox, webcrm: webcrm or not fortnox,
    ),
    Fact(
        "document",
        "value",
        _net_ore,
        lambda raw: _ore(raw[0].get("DeliveryOrderValue")),
        says=FORTNOX,
        listed_as="rows",  # while a person has to say which rows are right, nobody knows what they come to
    ),
)
OF_KIND: Final = {kind: tuple(fact for fact in FACTS if fact.kind == kind) for kind, *_ in FACTS}


def said(side: str, kind: str, raw: Raw) -> dict[str, Any]:
    """What one record says: word -> value."""
    return {fact.word: getattr(fact, side)(raw) for fact in OF_KIND.get(kind, ())}


def disagreements(kind: str, fortnox: Raw, webcrm: Raw) -> Iterator[tuple[str, str]]:
    """What both sides say of one thing and should not: what an operator reads it as, and the two values."""
    for fact in OF_KIND.get(kind, ()):
        ours, theirs = fact.fortnox(fortnox), fact.webcrm(webcrm)
        if not fact.same(ours, theirs):
            yield fact.listed_as or fact.word, f"{fact.word} is {ours!r} at Fortnox and {theirs!r} at webCRM"


def invented(
    kind: str, side: str, now: Mapping[str, Any], before: Mapping[str, Any], heard: Mapping[str, list[Any]]
) -> Iterator[str]:
    """
    What a write of ours says at `side` that the other one never said.

    `before` is what the record said before it, nothing when it is new; `heard` all that the other side ever
    said of the thing.
    """
    for fact in OF_KIND.get(kind, ()):
        value = now[fact.word]
        if fact.word in before and before[fact.word] == value:
            continue
        if fact.of_lines and side == WEBCRM:
            continue  # they are written one by one; at rest they must agree
        if side == FORTNOX == fact.says or (not before and value == fact.filled):
            continue
        pairs = ((value, each) if side == FORTNOX else (each, value) for each in heard[fact.word])
        same = operator.eq if fact.told_whole and side == WEBCRM else fact.same
        if not any(same(*pair) for pair in pairs):
            yield f"{fact.word} at {side} became {value!r}, where the other side said {heard[fact.word]!r}"


def misborn(kind: str, side: str, raw: Raw) -> Iterator[str]:
    """What a new record of ours lacks that has no counterpart on the other side (row W11, webcrm.md 11)."""
    if (kind, side) == ("document", WEBCRM) and (text := _description(raw)) != FROM_FORTNOX:
        yield f"it is described as {text!r}"
    name = "QuotationLineLinkedDataItemEntityType"
    if (kind, side) == ("article", WEBCRM) and raw[0].get(name) != "Product":
        yield f"it is a {raw[0].get(name)!r}"


def unnoted(fortnox: Raw, webcrm: Raw) -> bool:
    """Whether a document was cancelled in Fortnox and the delivery does not say so (decision 10)."""
    return bool(_newest(fortnox)["Cancelled"]) and not _text(webcrm[0].get("DeliveryNote"))
