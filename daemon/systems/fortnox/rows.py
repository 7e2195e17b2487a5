"""
The rows of orders and invoices, read and written (fortnox.md 11, 12.1, 12.3). Pure.

How rows are updated. Fortnox matches sent rows with stored ones by RowId when at least one row carries one,
else by position; what is left out of a matched row is inherited. So whenever a row stays, rows are sent by
RowId: one that is unchanged as its RowId alone, a changed one (the same article) with every value that the
partner decides, a new one without RowId, so that it inherits nothing; what is not mentioned goes.

Only when no stored row stays is there no such row. Then one new row takes the RowId of an old one and spells
every value out, and all others inherit nothing. Chosen in this order: a text on an old text or any row on an
old text (which has nothing to inherit), a text on an old priced row (whose article, account, quantity and
price it clears), and last a priced row on a priced one: there account, cost centre, project and, where the
partner names none, VAT of the old row remain.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, NamedTuple

from msgspec.structs import replace

from daemon.core import codecs
from daemon.core.documents import (
    FINEST,
    HUNDRED,
    ZERO,
    DocumentRow,
    Keyed,
    cents,
    joined,
    ore,
    packed,
    percent_giving,
    places,
    price_giving,
    row_alike,
    unpacked,
    worked_out,
)
from daemon.core.records import Value
from daemon.core.text import clean_fortnox
from daemon.systems.fortnox import spec
from daemon.systems.fortnox.wire import Odd

QUANTITIES: Final = {"order": ("OrderedQuantity", "DeliveredQuantity"), "invoice": ("DeliveredQuantity",)}
NAMES: Final = {"order": "OrderRows", "invoice": "InvoiceRows"}
CLEARED: Final = {"ArticleNumber": None, "AccountNumber": 0, "Price": 0, "Discount": 0}
DIGITS: Final = re.compile("[0-9]{1,18}")
DIGITS_MAX: Final = 11  # before the point: more is no quantity and no price
TOTAL_DIGITS_MAX: Final = 20
EXACT_DIGITS: Final = 28  # of a Decimal that was calculated

# ------------------------------------------------------------------ reading


def keyed(raw: Any, *, included: bool) -> tuple[Keyed, ...]:
    """
    The rows of a document, text rows joined; `included` says that prices and totals hold VAT.

    A key is the RowId, and "8@5" for one of which another quantity (5) was ordered than delivered.
    Raises Odd for what is no row.
    """
    return joined((read(row, included=included), (_key(row),)) for row in _listed(raw))


def totals_shown(raw: Any) -> int:
    """What the rows come to as they stand there, in öre, with VAT or without."""
    return sum(ore(_number(row, "Total", TOTAL_DIGITS_MAX)) for row in _listed(raw))


def read(raw: Mapping[str, Any], *, included: bool = False) -> DocumentRow:
    """One row, VAT taken out. One without Total comes to what its numbers do. Raises Odd."""
    try:
        row = _without_vat(raw) if included else _priced(raw)
    except ArithmeticError as error:
        raise Odd("a row with absurd numbers") from error
    return DocumentRow(text=row.text) if row.is_text else row


def _priced(raw: Mapping[str, Any]) -> DocumentRow:
    quantity, price = _number(raw, "DeliveredQuantity"), _number(raw, "Price")
    discount = _number(raw, "Discount")
    by_amount = raw.get("DiscountType") == "AMOUNT"
    percent, off = (ZERO, ore(discount)) if by_amount else (discount, 0)
    total = ore(_number(raw, "Total", TOTAL_DIGITS_MAX)) if "Total" in raw else None
    return DocumentRow(
        article=_text(raw, "ArticleNumber"),
        text=_text(raw, "Description"),
        quantity=quantity,
        price=price,
        percent=percent,
        off=off,
        total=worked_out(quantity, price, percent, off) if total is None else total,
        unit=_text(raw, "Unit"),
        vat=None if raw.get("VAT") in (None, "") else _number(raw, "VAT"),
    )


def _without_vat(raw: Mapping[str, Any]) -> DocumentRow:
    """A row whose numbers hold VAT (fortnox.md 12.1); orders do not show them without."""
    row = _priced(raw)
    share = 1 + (row.vat or ZERO) / HUNDRED
    if share <= 0:
        raise Odd("VAT")
    if raw.get("TotalExcludingVAT") in (None, ""):
        total = ore(Decimal(row.total).scaleb(-2) / share)
    else:
        total = ore(_number(raw, "TotalExcludingVAT", TOTAL_DIGITS_MAX))
    off = ore(Decimal(row.off).scaleb(-2) / share)
    exact = price_giving(row.quantity, total + off, row.percent)
    price = cents(row.price / share) if exact is None else exact
    return replace(row, total=total, off=off, price=price)


def _key(raw: Mapping[str, Any]) -> str:
    row_id = raw.get("RowId")
    if isinstance(row_id, bool) or not DIGITS.fullmatch(str(row_id)):
        raise Odd("a row without RowId")
    delivered, ordered = _number(raw, "DeliveredQuantity"), _number(raw, "OrderedQuantity")
    apart = "OrderedQuantity" in raw and ordered != delivered
    return f"{row_id}@{ordered.normalize():f}" if apart else str(row_id)


def _listed(raw: Any) -> list[dict[str, Any]]:
    if not isinstance(raw, list) or not all(isinstance(row, dict) for row in raw):
        raise Odd("the rows are no list of objects")
    return raw


def _text(raw: Mapping[str, Any], name: str) -> str:
    found = codecs.ENTITY_TEXT.read(raw.get(name))
    return found if isinstance(found, str) and found != "API_NORIGHT" else ""


def _number(raw: Mapping[str, Any], name: str, digits: int = DIGITS_MAX) -> Decimal:
    """A number, spelled as number or text; nothing is 0 (fortnox.md 5)."""
    found = raw.get(name)
    if found is None or found == "":
        return ZERO
    if isinstance(found, bool) or not isinstance(found, str | int | Decimal):
        raise Odd(f"the {name} of a row")
    try:
        number = Decimal(found)
        if number and not (number.is_finite() and number.adjusted() < digits):
            raise Odd(f"the {name} of a row")
        return number.quantize(Decimal(1).scaleb(-min(FINEST, EXACT_DIGITS - digits)))
    except ArithmeticError as error:
        raise Odd(f"the {name} of a row") from error


# ------------------------------------------------------------------ the value


def value_of(raw: Any) -> Value:
    """Written rows as the value that would be read back."""
    return packed([row for row, _ in joined((read(row), ()) for row in _listed(raw))])


def storable(value: Value) -> bool:
    """Whether Fortnox can hold the numbers of every row."""
    return all(money(row) for row in unpacked(value))


class Placed(NamedTuple):
    """A wanted row, the present one that it is or becomes, and whether that is kept as it stands."""

    row: DocumentRow
    place: int | None
    stays: bool


def placed(present: Sequence[DocumentRow], value: Value) -> tuple[Placed, ...]:
    """The wanted rows, texts joined, each as Fortnox would hold it; what it cannot hold as it is given."""
    wanted = [row for row, _ in joined((_as_kept(row), ()) for row in unpacked(value))]
    found = []
    for row, place in zip(wanted, places(present, wanted), strict=True):
        old = None if place is None else present[place]
        same_kind = old is not None and old.is_text == row.is_text
        stays = old is not None and same_kind and row_alike(old, row)
        found.append(Placed(row, place if same_kind else None, stays))
    return tuple(found)


def _as_kept(row: DocumentRow) -> DocumentRow:
    text = bool(clean_fortnox(row.text)) or not row.text.strip()
    rate = row.vat is None or row.vat == int(row.vat)
    return read(_new(row, "order")) if text and rate and money(row) else row


def written(value: Value, form: str = "order") -> list[dict[str, Any]]:
    """The rows of a new document: what the partner says, and of numbers everything."""
    return [_new(row, form) for row in unpacked(value)]


def changes(now: Sequence[Keyed], wanted: Value, form: str) -> list[dict[str, Any]]:
    """What makes the rows `now` of a stored document the rows `wanted`: see above."""
    present = [row for row, _ in now]
    found = placed(present, wanted)
    if now and found and all(each.place is None for each in found):
        rows = [each.row for each in found]
        guest, host = _host(present, rows)
        return [
            _hosted(row, *now[host], form) if number == guest else _new(row, form)
            for number, row in enumerate(rows)
        ]
    sent: list[dict[str, Any]] = []
    for row, place, stays in found:
        if place is None:
            sent.append(_new(row, form))
        elif stays:
            sent += [{"RowId": _row_id(key)} for key in now[place][1]]
        else:
            sent.append(_changed(row, now[place][1], form))
    return sent


# ------------------------------------------------------------------ one row


class Money(NamedTuple):
    """A row's numbers as Fortnox can hold them; the discount is in percent, else kronor for the whole row."""

    quantity: Decimal
    price: Decimal
    discount: Decimal
    by_percent: bool


def money(row: DocumentRow) -> Money | None:
    """
    The numbers that give the row's exact total with two decimals each; None when none do.

    Another discount is only put in the place of the row's own where quantity and price stay as they are:
    a customer must be able to work out what stands on the invoice.
    """
    if not all(_in_range(number) for number in (row.quantity, row.price, Decimal(row.total).scaleb(-2))):
        return None
    quantity, price = cents(row.quantity) + ZERO, cents(row.price) + ZERO  # -0.00 is 0.00
    if (quantity, price) != (row.quantity, row.price):
        return _rounded(row, quantity, price)
    for percent in (ZERO if row.off else row.percent, ZERO):
        if _is_percent(percent) and worked_out(quantity, price, percent) == row.total:
            return Money(quantity, price, percent, by_percent=True)
    off = Decimal(worked_out(quantity, price) - row.total).scaleb(-2)
    # Where the discount turns the sign of half an öre, it matters which of the two is rounded.
    if off > 0 and ore(quantity * price - off) == row.total:
        return Money(quantity, price, off, by_percent=False)
    exact = percent_giving(quantity, price, row.total)
    return None if exact is None or not _is_percent(exact) else Money(quantity, price, exact, by_percent=True)


def _rounded(row: DocumentRow, quantity: Decimal, price: Decimal) -> Money | None:
    """The row's own discount on rounded numbers, where that gives the very same total."""
    off = Decimal(row.off).scaleb(-2)
    same = worked_out(quantity, price, row.percent, row.off) == row.total
    fits = off > 0 and ore(quantity * price - off) == row.total if off else _is_percent(row.percent)
    return Money(quantity, price, off or row.percent, by_percent=not off) if same and fits else None


def _in_range(number: Decimal) -> bool:
    return number.is_finite() and abs(number) <= spec.NUMBER_MAX


def _is_percent(number: Decimal) -> bool:
    return number.is_finite() and 0 <= number <= HUNDRED and number == cents(number)


def _new(row: DocumentRow, form: str) -> dict[str, Any]:
    """A row that nothing is inherited by; what is not said is Fortnox's to fill."""
    said = {"ArticleNumber": row.article, "Description": clean_fortnox(row.text)}
    if not row.is_text:
        said |= {"Unit": clean_fortnox(row.unit), **_numbers(row, form), **_rate(row), **_account(row)}
    return {name: value for name, value in said.items() if value != ""}


def _changed(row: DocumentRow, keys: tuple[str, ...], form: str) -> dict[str, Any]:
    """Of joined texts the first one takes the text, and the others go."""
    changed = {"RowId": _row_id(keys[0]), **_new(row, form)}
    _, apart, ordered = keys[0].partition("@")
    if apart and form == "order":
        changed["OrderedQuantity"] = ordered
    return changed


def _host(now: Sequence[DocumentRow], rows: Sequence[DocumentRow]) -> tuple[int, int]:
    """Which new row takes the RowId of which old one, where least is inherited."""
    old_text = next((place for place, row in enumerate(now) if row.is_text), None)
    new_text = next((place for place, row in enumerate(rows) if row.is_text), None)
    if old_text is not None or new_text is not None:
        return new_text or 0, old_text or 0
    spoken = next((place for place, row in enumerate(rows) if row.vat is not None), 0)
    return spoken, 0


def _hosted(row: DocumentRow, old: DocumentRow, keys: tuple[str, ...], form: str) -> dict[str, Any]:
    sent = {"RowId": _row_id(keys[0]), "Description": None, **_new(row, form)}
    if row.is_text and not old.is_text:
        return {**sent, **CLEARED, **dict.fromkeys(QUANTITIES[form], "0")}
    return sent if row.is_text else {"Unit": "", **sent}


def _numbers(row: DocumentRow, form: str) -> dict[str, Any]:
    found = money(row)
    assert found is not None, "the table keeps such rows from being written"
    return {
        **dict.fromkeys(QUANTITIES[form], f"{found.quantity.normalize():f}"),
        "Price": found.price,
        "Discount": found.discount,
        "DiscountType": "PERCENT" if found.by_percent else "AMOUNT",
    }


def _rate(row: DocumentRow) -> dict[str, Any]:
    return {} if row.vat is None else {"VAT": int(row.vat)}


def _account(row: DocumentRow) -> dict[str, Any]:
    return {"AccountNumber": int(row.account)} if row.account else {}


def _row_id(key: str) -> int:
    return int(key.partition("@")[0])
