"""
The rows of a document and what they come to. Pure.

Amounts are whole öre (hundredths of the document's currency), VAT not included;
quantities, unit prices and percentages are exact decimals, as the two sides
keep them to different precision. A document's rows travel as one value: the
text that `packed` makes of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from difflib import SequenceMatcher
from typing import Final

import msgspec
from msgspec import Struct

from daemon.core.records import Value

ZERO: Final = Decimal(0)
CENT: Final = Decimal("0.01")
HUNDRED: Final = Decimal(100)
FINEST: Final = 10  # decimals of a worked-out percentage or price; a double holds fifteen digits
SORT_STEP: Final = 10
COMPARED_MAX: Final = 40_000  # pairs of rows that are compared for the best match


class DocumentRow(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """
    One row. `price` is of one unit before discount; `percent` and `off` are the discount, either or neither.

    `off` is in öre and counts once for the row, not for each unit (decision 46). `total` is what the
    side that shows the row makes of it. `text`, `unit` and `vat` (percent) are empty where nothing is said.
    `account` is what the row is booked on, where that is not the article's own.
    """

    article: str = ""
    text: str = ""
    quantity: Decimal = ZERO
    price: Decimal = ZERO
    percent: Decimal = ZERO
    off: int = 0
    total: int = 0
    unit: str = ""
    vat: Decimal | None = None
    account: str = ""

    @property
    def is_text(self) -> bool:
        """Whether the row only says something."""
        return not (self.article or self.quantity or self.price or self.total)


Keyed = tuple[DocumentRow, tuple[str, ...]]  # a row, and their ids of the rows that it is made of


def ore(amount: Decimal) -> int:
    """An amount in whole öre, half away from zero."""
    return int((amount * HUNDRED).quantize(Decimal(1), ROUND_HALF_UP))


def cents(number: Decimal) -> Decimal:
    """A number with two decimals, half away from zero: what Fortnox keeps (fortnox.md 8.8)."""
    return number.quantize(CENT, ROUND_HALF_UP)


def worked_out(quantity: Decimal, price: Decimal, percent: Decimal = ZERO, off: int = 0) -> int:
    """What a row comes to, in öre: rounded once, at the end."""
    return ore(quantity * price * (1 - percent / HUNDRED)) - off


def sum_of(rows: Iterable[DocumentRow]) -> int:
    """What rows come to together, in öre."""
    return sum(row.total for row in rows)


def vat_in(gross: int, rate: Decimal) -> int:
    """The VAT in an amount that holds it, both in öre, half away from zero; `rate` in percent."""
    return ore(Decimal(gross) * rate / (HUNDRED + rate) / HUNDRED)


# ------------------------------------------------------------------ as one value


def packed(rows: Sequence[DocumentRow]) -> Value:
    """Rows as one value of a record; None for no rows."""
    return msgspec.json.encode([_plain(row) for row in rows]).decode() if rows else None


def unpacked(value: Value) -> tuple[DocumentRow, ...]:
    """The rows in a value that `packed` made."""
    return msgspec.json.decode(str(value), type=tuple[DocumentRow, ...]) if value else ()


def _plain(row: DocumentRow) -> DocumentRow:
    """The one spelling of a row: 2.50 and 2.5 are the same number."""
    numbers = {name: _short(getattr(row, name)) for name in ("quantity", "price", "percent")}
    return msgspec.structs.replace(row, **numbers, vat=None if row.vat is None else _short(row.vat))


def _short(number: Decimal) -> Decimal:
    plain = number.normalize()
    return plain.quantize(Decimal(1)) if plain.as_tuple().exponent > 0 else plain + ZERO  # type: ignore[operator]


def joined(rows: Iterable[Keyed]) -> tuple[Keyed, ...]:
    """Rows with each run of text rows made one: two after each other become a priced row in Fortnox."""
    found: list[Keyed] = []
    for row, keys in rows:
        if row.is_text and found and found[-1][0].is_text:
            before, earlier = found[-1]
            text = "\n".join(part for part in (before.text, row.text) if part)
            found[-1] = (msgspec.structs.replace(before, text=text), (*earlier, *keys))
        else:
            found.append((row, keys))
    return tuple(found)


def packed_keys(rows: Iterable[Keyed]) -> Value:
    """The ids of `joined` rows as one value, in the order of the rows."""
    return " ".join("+".join(keys) for _, keys in rows) or None


def unpacked_keys(value: Value) -> tuple[tuple[str, ...], ...]:
    """The ids in a value that `packed_keys` made."""
    return tuple(tuple(part.split("+")) for part in str(value).split(" ")) if value else ()


# ------------------------------------------------------------------ comparing


def alike(ours: Value, theirs: Value) -> bool:
    """Whether two sides' rows say the same. What only one side says is not a difference; money always is."""
    mine, others = unpacked(ours), unpacked(theirs)
    return len(mine) == len(others) and all(map(row_alike, mine, others))


def halfway(was: Value, sent: Value, now: Value) -> bool:
    """
    Whether rows are what a write of `sent` over `was` leaves when it stops midway.

    Each row is there as often as in one of the two, and none went before all new ones came: else a person was
    there too.
    """
    before, wanted, present = (Counter(map(_identity, unpacked(value))) for value in (was, sent, now))
    stays = places(unpacked(was), unpacked(sent))
    goes = Counter(_identity(row) for place, row in enumerate(unpacked(was)) if place not in stays)

    def fits(row: tuple[object, ...]) -> bool:
        fewest, most = sorted((before[row], wanted[row]))
        return fewest <= present[row] <= most

    complete = present >= wanted or (present >= goes and present.total() >= before.total())
    return complete and all(map(fits, before | wanted | present))


def doubled(sent: Value, now: Value) -> bool:
    """
    Whether what is shown holds all that was sent, and some of it more than once.

    A network that delivered a request twice did that, not a person. A text that is there twice is read as
    one row (`joined`), so texts are counted by their lines.
    """
    wanted, present = (Counter(_apart(unpacked(value))) for value in (sent, now))
    extra = present - wanted
    return bool(extra) and present >= wanted and extra.keys() <= wanted.keys()


def _apart(rows: Iterable[DocumentRow]) -> Iterable[tuple[object, ...]]:
    for row in rows:
        lines = row.text.split("\n") if row.is_text else [row.text]
        yield from (_identity(msgspec.structs.replace(row, text=line)) for line in lines)


def row_alike(mine: DocumentRow, other: DocumentRow) -> bool:
    """Whether two rows say the same: the same total, to the öre, for the same quantity of the same thing."""
    return (
        _measures(mine) == _measures(other)
        and all(_agree(getattr(mine, name), getattr(other, name)) for name in ("text", "unit"))
        and (mine.vat is None or other.vat is None or mine.vat == other.vat)
    )


def _measures(row: DocumentRow) -> tuple[str, Decimal, Decimal, int]:
    return (row.article.casefold(), cents(row.quantity), cents(row.price), row.total)


def _agree(mine: str, other: str) -> bool:
    return not mine or not other or " ".join(mine.split()) == " ".join(other.split())


# ------------------------------------------------------------------ changing


def places(now: Sequence[DocumentRow], wanted: Sequence[DocumentRow]) -> tuple[int | None, ...]:
    """
    For each wanted row, the present row that it is or becomes; None for a new one. In the order of both.

    A row that stays keeps its identity wherever others come or go; a row of
    another article is another row, so that nothing of the old one is inherited.
    """
    mine, others = [_identity(row) for row in now], [_identity(row) for row in wanted]
    start = _common(mine, others)
    end = _common(mine[start:][::-1], others[start:][::-1])
    found: list[int | None] = [*range(start), *[None] * (len(wanted) - start)]
    if end:
        found[-end:] = range(len(now) - end, len(now))
    first, last, stop = start, len(now) - end, len(wanted) - end
    for tag, left, right, at, to in _compared(mine[first:last], others[start:stop]):
        if tag == "equal":
            found[start + at : start + to] = range(first + left, first + right)
        elif tag == "replace":
            articles = [row.article.casefold() for row in now[first + left : first + right]]
            names = [row.article.casefold() for row in wanted[start + at : start + to]]
            for place, other in _in_order(articles, names):
                found[start + at + other] = first + left + place
    return tuple(found)


def _common(mine: Sequence[object], others: Sequence[object]) -> int:
    """How many of the first are equal."""
    same = (one == other for one, other in zip(mine, others, strict=False))
    return next((count for count, equal in enumerate(same) if not equal), min(len(mine), len(others)))


def _compared(mine: Sequence[object], others: Sequence[object]) -> Iterable[tuple[str, int, int, int, int]]:
    """What stays and what takes another's place; of very many changed rows all are taken as replaced."""
    if len(mine) * len(others) > COMPARED_MAX:
        return [("replace", 0, len(mine), 0, len(others))]
    return SequenceMatcher(a=mine, b=others, autojunk=False).get_opcodes()


def _in_order(mine: Sequence[str], others: Sequence[str]) -> Iterable[tuple[int, int]]:
    """Pairs of places with the same name, ascending on both sides."""
    place = 0
    for other, name in enumerate(others):
        if name in mine[place:]:
            place = mine.index(name, place)
            yield place, other
            place += 1


def _identity(row: DocumentRow) -> tuple[object, ...]:
    return (*_measures(row), " ".join(row.text.split()))


def sort_orders(present: Sequence[int | None]) -> tuple[int, ...]:
    """
    Ascending sort numbers for rows in their order; None is a new row.

    A number that is there stays wherever it can: other programs may rely on it.
    """
    found: list[int] = []
    for place, number in enumerate(present):
        before = found[-1] if found else 0
        if number is not None and number > before:
            found.append(number)
            continue
        after = next((n for n in present[place + 1 :] if n is not None and n > before), None)
        room = before + SORT_STEP if after is None else before + max((after - before) // 2, 1)
        found.append(min(room, before + SORT_STEP))
    return tuple(found)


def percent_giving(quantity: Decimal, price: Decimal, total: int) -> Decimal | None:
    """The shortest discount in percent that makes a row come to exactly `total` öre; None when none does."""
    if worked_out(quantity, price) == total:
        return ZERO
    gross = quantity * price
    if not gross:
        return None
    exact = (1 - Decimal(total).scaleb(-2) / gross) * HUNDRED
    tries = (exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP) for places in range(FINEST + 1))
    return next((percent for percent in tries if worked_out(quantity, price, percent) == total), None)


def price_giving(quantity: Decimal, total: int, percent: Decimal = ZERO) -> Decimal | None:
    """The shortest unit price that makes a row come to exactly `total` öre; None when none does."""
    share = quantity * (1 - percent / HUNDRED)
    if not share:
        return None
    exact = Decimal(total).scaleb(-2) / share
    tries = (exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP) for places in range(2, FINEST + 1))
    return next((price for price in tries if worked_out(quantity, price, percent) == total), None)


# ------------------------------------------------------------------ telling


def told(value: Value) -> Value:
    """Rows as people read them, with what they come to."""
    rows = unpacked(value)
    if not rows:
        return None
    lines = [_told_row(row) for row in rows]
    return f"{'; '.join(lines)}; together {kronor(sum_of(rows))}"


def _told_row(row: DocumentRow) -> str:
    if row.is_text:
        return row.text
    name = " ".join(part for part in (row.article, row.text) if part)
    return f"{row.quantity:f} {name} à {row.price:f} = {kronor(row.total)}"


def kronor(amount: int) -> str:
    """Öre as kronor with two decimals."""
    return f"{Decimal(amount).scaleb(-2):.2f}"
