"""What the settings of a connector may name, as Fortnox lists it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Final

from daemon.core.records import Lane
from daemon.core.stockholm import ZONE
from daemon.errors import GrantError, Refused
from daemon.ports import Choice, Clock
from daemon.systems.fortnox import spec
from daemon.systems.fortnox.books import Books, title

Ask = Callable[[Books, str], Awaitable[Sequence[Choice]]]


async def choices(books: Books, clock: Clock) -> Mapping[str, Sequence[Choice]]:
    """
    What may be chosen, by register; series and accounts are those of the year that holds today.

    A register that the consent does not open is left out.
    """
    books.begin()
    today = clock.now().astimezone(ZONE).date().isoformat()
    found: dict[str, Sequence[Choice]] = {}
    for name, ask in REGISTERS.items():
        try:
            found[name] = await ask(books, today)
        except (GrantError, Refused) as error:
            if error.code not in spec.NO_RIGHT:
                raise
    return found


async def _series(books: Books, today: str) -> Sequence[Choice]:
    year = await books.year_of(today, Lane.READ)
    known = await books.series(year, Lane.READ, afresh=True) if year else {}
    return [
        Choice(value=each.code, title=each.title, note="" if each.manual else "not manual")
        for each in known.values()
    ]


async def _accounts(books: Books, today: str) -> Sequence[Choice]:
    year = await books.year_of(today, Lane.READ)
    known = await books.accounts(year, Lane.READ, afresh=True) if year else {}
    return [_choice(each.number, each.title, active=each.active) for each in known.values()]


async def _centers(books: Books, _: str) -> Sequence[Choice]:
    known = await books.centers(Lane.READ, afresh=True)
    return [_choice(each.code, each.title, active=each.active) for each in known.values()]


async def _plain(kind: str, books: Books, _: str) -> Sequence[Choice]:
    found = await books.register(kind, Lane.READ, afresh=True)
    key = spec.KINDS[kind].key
    known = {str(row[key]): title(row) for row in found.rows}
    return [Choice(value=value, title=text) for value, text in known.items()]


def _choice(value: str, text: str, *, active: bool) -> Choice:
    return Choice(value=value, title=text, note="" if active else "inactive")


REGISTERS: Final[Mapping[str, Ask]] = {
    "voucher_series": _series,
    "cost_centers": _centers,
    "payment_terms": partial(_plain, "terms"),
    "price_lists": partial(_plain, "price list"),
    "units": partial(_plain, "unit"),
    "accounts": _accounts,
}
