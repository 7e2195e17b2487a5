"""What articles cost in the price lists that are served (fortnox.md 10)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any, Final

from daemon.core.codecs import ORE
from daemon.core.records import Lane
from daemon.systems.fortnox import spec
from daemon.systems.fortnox.calls import Calls, Listed, changed_since

PRICE: Final = spec.KINDS["price"]


class Prices:
    """
    The prices from quantity 0 in some lists, as they were listed last.

    A register that one request shows is read whole each time. A larger one is read whole once, and by its
    changes from then on: a price that was removed shows in the next whole reading. Assumed: `/3/prices`
    heeds `lastmodified`, and a changed price raises its own stamp.
    """

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self.lists: tuple[str, ...] = ()
        self._known: dict[tuple[str, str], Any] | None = None  # (list, article) -> as Fortnox writes it
        self._many = False

    def serve(self, lists: Collection[str]) -> None:
        """The lists whose prices are wanted."""
        if (wanted := tuple(sorted(set(lists)))) != self.lists:
            self.lists, self._known = wanted, None

    @property
    def beside(self) -> tuple[str, ...]:
        """The lists that an article does not show itself."""
        return tuple(each for each in self.lists if each != spec.SALES_LIST)

    def of(self, article: str) -> Mapping[str, Any]:
        """An article's prices in the lists it does not show itself, None where it has none."""
        known = self._known or {}
        return {name(each): known.get((each, article)) for each in self.beside}

    async def read(self, lane: Lane) -> None:
        """Everything there is in the lists that articles do not show."""
        if not self.beside:
            return
        known: dict[tuple[str, str], Any] = {}
        async for listed in self._calls.pages(PRICE, {}, lane):
            self._many = listed.total > spec.SMALL_REGISTER
            known |= self._served(listed)
        self._known = known

    async def refresh(self, since: dt.datetime, lane: Lane, *, told: bool) -> set[str]:
        """Everything as it is now; where it is to be `told`, the articles of which a price changed since."""
        whole = bool(self.beside) and (self._known is None or not self._many)
        if whole:
            await self.read(lane)
        if not self.lists or not (told or (self.beside and not whole)):
            return set()
        articles: set[str] = set()
        async for listed in self._calls.pages(PRICE, changed_since(since), lane):
            changed = self._served(listed)
            articles |= {article for _, article in changed}
            if self._known is not None:
                self._known |= changed
        return articles

    async def one(self, price_list: str, article: str, lane: Lane) -> Any:
        """One price as Fortnox writes it, None where there is none."""
        shown = await self._calls.one(PRICE, (price_list, article, "0"), lane)
        return shown and shown.record.get("Price")

    def _served(self, listed: Listed) -> dict[tuple[str, str], Any]:
        """The prices of a page that count here."""
        return {
            (str(row["PriceList"]), str(row[PRICE.key])): row.get("Price")
            for row in listed.rows
            if row.get("PriceList") in self.lists and _from_nothing(row.get("FromQuantity"))
        }


def name(price_list: str) -> str:
    """Where a price stands in an article, or would stand."""
    return "SalesPrice" if price_list == spec.SALES_LIST else f"Prices/{price_list}"


def _from_nothing(quantity: Any) -> bool:
    return isinstance(quantity, int | str | Decimal) and ORE.read(quantity) == 0
