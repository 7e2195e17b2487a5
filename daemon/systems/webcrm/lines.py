"""A delivery's lines: how a row is spelled, and which requests make them the rows that are wanted. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any, Final, NamedTuple

from daemon.core import documents
from daemon.core.codecs import TEXT
from daemon.core.documents import (
    FINEST,
    HUNDRED,
    ZERO,
    DocumentRow,
    Keyed,
    ore,
    percent_giving,
    price_giving,
    worked_out,
)
from daemon.core.mapping import LEAVE, Check, Codec
from daemon.core.records import Value
from daemon.systems.webcrm.spec import LINE, LINE_PARENT, LINE_TEXT_MAX, NO_DATA

Line = Mapping[str, Any]
FIFTEEN: Final = Context(prec=15, rounding=ROUND_HALF_UP)  # the digits that their doubles hold
LARGEST: Final = 10**12  # of any number in a line: beyond it nothing can be reckoned to the öre

ID: Final = f"{LINE}Id"
ORDER: Final = f"{LINE}SortOrder"
UPDATED: Final = f"{LINE}UpdatedAt"
LINKED: Final = f"{LINE}LinkedDataId"
MEMO: Final = f"{LINE}Memo"
QUANTITY: Final = f"{LINE}Quantity"
LIST_PRICE: Final = f"{LINE}ListPrice"
DISCOUNT: Final = f"{LINE}Discount"
PRICE: Final = f"{LINE}Price"
VAT: Final = f"{LINE}VatPercentage"
NUMBERS: Final = (QUANTITY, LIST_PRICE, DISCOUNT, PRICE, VAT)


class Layout(NamedTuple):
    """
    Where an account keeps what its lines say: settings, since no two are alike (webcrm.md 10).

    `number`, `name` and `unit` are Data fields, 0 is nowhere. With `totals` the
    Price of a line is what the line comes to, else the price of one unit.
    """

    number: int = 1
    name: int = 2
    unit: int = 3
    totals: bool = True

    def data(self, index: int) -> str:
        """A Data field's name."""
        return f"{LINE}Data{index}"


def slim(line: Line, layout: Layout) -> dict[str, Any]:
    """What is worth holding in memory of a line: the fields that are read here and say something."""
    data = (layout.data(index) for index in (layout.number, layout.name, layout.unit))
    names = (ID, LINE_PARENT, ORDER, UPDATED, MEMO, *NUMBERS, *data)
    return {name: line[name] for name in names if line.get(name)}


# ------------------------------------------------------------------ reading


class _Unreadable(Exception):
    """A line holds something else than its field may hold."""


def keyed(lines: Iterable[Line], layout: Layout) -> tuple[Keyed, ...]:
    """Lines in their order as rows, each with the keys ("id@sort order") of the lines that it is made of."""
    return documents.joined((_row(line, layout), (_key(line),)) for line in _in_order(lines))


def _in_order(lines: Iterable[Line]) -> list[Line]:
    return sorted(lines, key=lambda line: (_whole(line.get(ORDER)), _whole(line.get(ID))))


def _key(line: Line) -> str:
    return f"{_whole(line.get(ID))}@{_whole(line.get(ORDER))}"


def _row(line: Line, layout: Layout) -> DocumentRow:
    quantity, listed, percent, price, vat = (_number(line.get(name)) for name in NUMBERS)
    if listed or not price:
        price, total = listed, worked_out(quantity, listed, percent)
    elif layout.totals:
        total = ore(price)
        price = _unit_price(quantity, percent, total)
    else:
        total = worked_out(quantity, price, percent)
    return DocumentRow(
        article=_data(line, layout, layout.number),
        text=_text(line.get(MEMO)) or _data(line, layout, layout.name),
        quantity=quantity,
        price=price,
        percent=percent,
        total=total,
        unit=_data(line, layout, layout.unit),
        vat=vat or None,
    )


def _unit_price(quantity: Decimal, percent: Decimal, total: int) -> Decimal:
    """The price of one unit of a line that only tells its total; the nearest where none is exact."""
    found = price_giving(quantity, total, percent)
    if found is not None:
        return found
    share = quantity * (1 - percent / HUNDRED)
    return (Decimal(total).scaleb(-2) / share).quantize(Decimal(1).scaleb(-FINEST)) if share else ZERO


def _data(line: Line, layout: Layout, index: int) -> str:
    found = _text(line.get(layout.data(index))) if index else ""
    return "" if found == NO_DATA else found


def _text(raw: Any) -> str:
    found = TEXT.read(raw)
    if found is LEAVE:
        raise _Unreadable
    return found or ""


def _number(raw: Any) -> Decimal:
    if not raw:
        return ZERO
    if isinstance(raw, bool) or not isinstance(raw, int | Decimal):
        raise _Unreadable
    found = Decimal(raw)
    if abs(found) > LARGEST:
        raise _Unreadable
    return found


def _whole(raw: Any) -> int:
    if isinstance(raw, bool) or not isinstance(raw or 0, int):
        raise _Unreadable
    return raw or 0


# ------------------------------------------------------------------ writing


def spelled(row: DocumentRow, layout: Layout) -> dict[str, Any]:
    """
    The fields of a line that reads as `row`: the same total, article, quantity and text.

    Where a line cannot come to the row's total by price and discount, it tells
    its total alone. What the row does not say of unit and VAT is left as it is.
    """
    listed, percent, price = _prices(row, layout)
    line: dict[str, Any] = {
        layout.data(layout.name): row.text.partition("\n")[0][:LINE_TEXT_MAX].strip(),
        layout.data(layout.number): row.article,
        MEMO: row.text,
        QUANTITY: _held(row.quantity),
        LIST_PRICE: listed,
        DISCOUNT: percent,
        PRICE: price,
    }
    if row.unit and layout.unit:
        line[layout.data(layout.unit)] = row.unit
    if row.vat is not None:
        line[VAT] = _held(row.vat)
    return line


def _prices(row: DocumentRow, layout: Layout) -> tuple[Decimal, Decimal, Decimal]:
    """List price, discount in percent, and Price."""
    found = _exact(row)
    if layout.totals:
        return *(found or (ZERO, ZERO)), Decimal(row.total).scaleb(-2)
    listed, percent = found or (_held(row.price), _held(row.percent))
    return listed, percent, listed


def _exact(row: DocumentRow) -> tuple[Decimal, Decimal] | None:
    """
    The list price and discount by which a line comes to exactly the row's total; None when none do.

    An amount off becomes a percentage where one fits, else it is folded into the price.
    """
    quantity, price = _held(row.quantity), _held(row.price)
    percent = percent_giving(quantity, price, row.total)
    unit = price_giving(quantity, row.total)
    tries = (
        (price, row.percent),
        *([(price, percent)] if percent is not None and 0 <= percent <= HUNDRED else ()),
        *([(unit, ZERO)] if unit is not None else ()),
    )
    held = ((_held(listed), _held(discount)) for listed, discount in tries)
    exact = (each for each in held if worked_out(quantity, *each) == row.total)
    return next(exact, None)


def _held(number: Decimal) -> Decimal:
    """The number as their doubles hold it."""
    return FIFTEEN.plus(number)


def as_kept(row: DocumentRow, layout: Layout) -> DocumentRow:
    """How `row` would be read back."""
    return _row(spelled(row, layout), layout)


# ------------------------------------------------------------------ as values of a record


def rows_codec(layout: Layout) -> Codec:
    """The rows of a document, there a list of lines."""

    def write(value: Value) -> Any:
        return [spelled(row, layout) for row in documents.unpacked(value)]

    return Codec(_reads(layout, lambda rows: documents.packed([row for row, _ in rows])), write)


def keys_codec(layout: Layout) -> Codec:
    """The ids and sort orders of the rows' lines; never written."""
    return Codec(_reads(layout, documents.packed_keys), _unwritten)


def odd_line_codec(layout: Layout) -> Codec:
    """The first line that says another sum than its numbers give, for a person to read; None for none."""

    def read(lines: Any) -> Any:
        try:
            told = (_odd(line, layout) for line in _in_order(lines)) if layout.totals else iter(())
            return next((text for text in told if text), None)
        except (_Unreadable, ArithmeticError):
            return LEAVE

    return Codec(read, _unwritten)


def _odd(line: Line, layout: Layout) -> str:
    stated, row = _number(line.get(PRICE)), _row(line, layout)
    if not stated or ore(stated) == row.total:
        return ""
    name = row.text.partition("\n")[0] or row.article or "a line without a text"
    gives = Decimal(row.total).scaleb(-2)
    return f"{name}: {stated:.2f}, its quantity, price and discount give {gives:.2f}"


def _reads(layout: Layout, tell: Any) -> Any:
    def read(lines: Any) -> Any:
        try:
            return tell(keyed(lines, layout))
        except (_Unreadable, ArithmeticError):  # also a number too large to reckon with
            return LEAVE

    return read


def _unwritten(_value: Value) -> Any:
    return LEAVE


def check(layout: Layout) -> Check:
    """Why rows cannot become lines."""

    def problem(value: Value, _present: Value, _today: dt.date) -> tuple[str, str, str] | None:
        for place, row in enumerate(documents.unpacked(value), start=1):
            if "\0" in row.article + row.text + row.unit:
                return "REC09", f"row {place} holds a NUL character", "write the row's text anew"
            if len(row.article) > LINE_TEXT_MAX:
                what = f"row {place}: {len(row.article)} characters of article number"
                return "REC10", f"{what}, webCRM takes {LINE_TEXT_MAX}", "shorten it"
            if not layout.totals and _exact(row) is None:
                what = f"row {place}: no unit price and discount come to its total"
                return "REC15", what, 'set line_price = "total" if your lines keep totals, else split the row'
        return None

    return problem


# ------------------------------------------------------------------ changing


class Change(NamedTuple):
    """
    One request: POST (no `line`), PUT, or DELETE (no `row`).

    With `whole` the line is written anew, else only its place among the others.
    """

    line: int | None
    row: DocumentRow | None
    order: int
    whole: bool = True


def changes(rows: Value, keys: Value, wanted: Value, layout: Layout) -> tuple[Change, ...]:
    """
    What makes `rows`, whose lines are `keys`, the rows that are `wanted`; fewest requests first of all.

    A row made of several lines that must change becomes its first line; the others go.
    """
    now, lines = documents.unpacked(rows), [_places(each) for each in documents.unpacked_keys(keys)]
    assert len(now) == len(lines)
    kept = [row for row, _ in documents.joined((row, ()) for row in documents.unpacked(wanted))]
    found: list[Change] = []
    stays: set[int] = set()
    for row, place in zip(kept, documents.places(now, kept), strict=True):
        if place is None:
            found.append(Change(None, row, 0))
        elif _stays(as_kept(row, layout), now[place]):
            found += [Change(line, row, order, whole=False) for line, order in lines[place]]
            stays |= {line for line, _ in lines[place]}
        else:
            found.append(Change(lines[place][0][0], row, lines[place][0][1]))
            stays.add(lines[place][0][0])
    gone = [Change(line, None, 0) for each in lines for line, _ in each if line not in stays]
    return (*_ordered(found), *gone)


def _stays(wanted: DocumentRow, now: DocumentRow) -> bool:
    """Whether a row needs no writing; a text that is missing there does."""
    return documents.row_alike(wanted, now) and bool(now.text or not wanted.text)


def _ordered(found: Sequence[Change]) -> list[Change]:
    """The changes with their sort orders, without those that change nothing."""
    orders = documents.sort_orders([None if each.line is None else each.order for each in found])
    return [
        each._replace(order=order)
        for each, order in zip(found, orders, strict=True)
        if each.whole or order != each.order
    ]


def _places(keys: Sequence[str]) -> list[tuple[int, int]]:
    """The id and the sort order of each line of a row."""
    return [(int(line), int(order)) for line, _, order in (key.partition("@") for key in keys)]


def payload(change: Change, layout: Layout, items: Mapping[str, int]) -> dict[str, Any]:
    """The body of a POST or PUT; `items` are the catalogue's ids by casefolded article number."""
    assert change.row is not None
    item = items.get(change.row.article.casefold()) if change.row.article else None
    return {
        ID: change.line or 0,
        **({LINKED: item} if item else {}),  # where lines are linked, none is taken without it
        **(spelled(change.row, layout) if change.whole else {}),
        ORDER: change.order,
    }


def value_of(wanted: Value) -> Decimal:
    """What rows come to together, in kronor."""
    return Decimal(documents.sum_of(documents.unpacked(wanted))).scaleb(-2)
