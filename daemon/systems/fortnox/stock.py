"""How many there are of each article that is kept in stock (fortnox.md 10)."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final

from daemon.core.codecs import FLAG, ORE
from daemon.core.mapping import Row, Table
from daemon.core.records import Fields, Lane, Seen
from daemon.errors import DaemonError, GrantError, Refused
from daemon.ports import Answer, Clock, Finding, Page
from daemon.systems.fortnox import judging, spec
from daemon.systems.fortnox.articles import ARTICLE
from daemon.systems.fortnox.calls import Calls, Shown
from daemon.systems.fortnox.kept import Kept
from daemon.systems.fortnox.mapping import TEXT
from daemon.systems.fortnox.part import Part, paged
from daemon.systems.fortnox.shelf import Shelf

MODULE_ON: Final = "Fortnox' warehouse module keeps the stock: a quantity cannot be set from outside"
MODULE_TODO: Final = (
    "change the stock in Fortnox, Lager; switch stock off in the connector, or the module off"
)

MODULE_UNKNOWN: Final = "stock quantities can be set unless the warehouse module is on: that cannot be asked"

# fmt: off
STOCK: Final = Table(
    kind="stock",
    key=ARTICLE.key,
    rows=(
        #   ours        Fortnox            crosses as   we may write
        Row("number",   "ArticleNumber",   TEXT,        writable=False),
        Row("quantity", "QuantityInStock", ORE,         required=True),  # hundredths
    ),
)
# fmt: on


class Stock(Part):
    """The quantities of articles. What is not kept in stock shows no fields at all."""

    def __init__(self, calls: Calls, shelf: Shelf, clock: Clock) -> None:
        self._calls, self._shelf = calls, shelf
        self._warehouse: Kept[bool | None] = Kept(clock, spec.WAREHOUSE_AGE)

    @property
    def table(self) -> Table:
        return STOCK

    async def read(
        self, since: dt.datetime | None, lane: Lane, *, only_changed: bool = False
    ) -> AsyncIterator[Page]:
        """
        The whole list each time: a moved quantity raises no stamp, and nothing else shows it.

        What else changed about an article may be whether it is kept in stock, which no list shows.
        """
        changed = await self._shelf.changed("stock", since, lane) if since else None
        told = changed if changed and only_changed else await self._shelf.whole("stock", lane)
        news = changed.rows if changed else {}
        rows = [
            _row(number, row, since if number in news else None)
            for number, row in {**news, **told.rows}.items()
        ]
        began = min(each.server_time for each in (told, changed) if each)
        for page in paged(rows, began, complete=told is not changed):
            yield page

    async def get(self, record_id: str, lane: Lane) -> Seen | None:
        shown = await self._calls.one(ARTICLE, record_id, lane)
        return shown and stock_of(shown)

    async def update(self, record_id: str, fields: Fields, lane: Lane, shown: Fields | None) -> Answer:
        """Set the quantity, not a change of it. Raises Refused STK01 where the module keeps the stock."""
        if await self._module_on(lane):
            self._warehouse.forget()  # asked anew when somebody who switched it off retries
            where = f"{spec.NAME} PUT {ARTICLE.path}"
            raise Refused("STK01", MODULE_ON, where, MODULE_TODO, system=spec.NAME)
        try:
            stored = await self._calls.write("PUT", ARTICLE, record_id, STOCK.write(fields), lane)
        finally:
            self._shelf.forget()
        seen = stock_of(stored)
        return Answer(status=stored.reply.status, id=seen.id, seen=seen)

    async def _module_on(self, lane: Lane) -> bool:
        return bool(await self._warehouse.get("on", lambda: self._ask(lane)))

    async def _ask(self, lane: Lane) -> bool | None:
        """Whether the module is on. None for who may not ask: no module, or Fortnox refuses the write."""
        try:
            return await self._calls.switched_on(spec.WAREHOUSE, "activated", lane)
        except (GrantError, Refused) as error:
            if error.code in spec.NO_RIGHT:
                return None
            raise

    async def findings(self) -> Sequence[Finding]:
        where = "Fortnox, Lager"
        try:
            on = await self._ask(Lane.READ)
        except DaemonError as error:
            return [judging.failed(error, where)]
        if on:
            return [Finding(ok=False, code="STK01", what=MODULE_ON, where=where, todo=MODULE_TODO)]
        what = "stock quantities can be set: no warehouse module" if on is False else MODULE_UNKNOWN
        return [Finding(ok=True, what=what, where=where)]


def _row(number: str, row: Mapping[str, Any], changed_at: dt.datetime | None) -> Seen:
    return Seen(id=number, fields=STOCK.read(row), full=False, changed_at=changed_at)


def is_goods(article_type: Any, stock_goods: Any) -> bool:
    """Whether an article of this `Type` and `StockGoods` is kept in stock."""
    return article_type == "STOCK" and FLAG.read(stock_goods) is True


def stock_of(shown: Shown) -> Seen:
    """How many there are of an article that was read whole."""
    goods = is_goods(shown.record.get("Type"), shown.record.get("StockGoods"))
    return Seen(id=shown.number, fields=STOCK.read(shown.record) if goods else {})
