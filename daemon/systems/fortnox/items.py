"""Articles as a till sells them, with the prices of the lists that are served (fortnox.md 7.4, 10)."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Collection, Mapping
from typing import Any, Final

import msgspec

from daemon.core import codecs
from daemon.core.mapping import LEAVE, Codec, Row, Table
from daemon.core.records import Lane, Seen
from daemon.ports import Page
from daemon.systems.fortnox import prices
from daemon.systems.fortnox.articles import ARTICLE
from daemon.systems.fortnox.calls import Calls
from daemon.systems.fortnox.mapping import ORE, TEXT
from daemon.systems.fortnox.part import Part, paged
from daemon.systems.fortnox.prices import Prices
from daemon.systems.fortnox.shelf import Articles, Shelf
from daemon.systems.fortnox.stock import is_goods, stock_of


def _whole_percent(raw: Any) -> Any:
    found = codecs.ORE.read(raw)
    return found // 100 if isinstance(found, int) and found % 100 == 0 else LEAVE


PERCENT: Final = Codec(_whole_percent, lambda value: value)
GOODS: Final = Codec(lambda pair: is_goods(*pair), lambda _: (LEAVE, LEAVE))

# fmt: off
LISTED: Final = (
    #   ours       Fortnox          crosses as    we may write
    Row("number",  "ArticleNumber", TEXT,         writable=False),
    Row("name",    "Description",   TEXT,         writable=False),
    Row("barcode", "EAN",           TEXT,         writable=False),
    Row("active",  "Active",        codecs.FLAG,  writable=False),
)
# A list shows another VAT than the article has, and nothing of its type.
WHOLE: Final = (
    *LISTED,
    Row("vat",     "VAT",           PERCENT,      writable=False),
    Row("goods",   ("Type", "StockGoods"), GOODS, writable=False),
)
# fmt: on


class Items(Part):
    """The article register for a till. Read only: tills sell what Fortnox has."""

    def __init__(self, calls: Calls, shelf: Shelf) -> None:
        self._calls, self._shelf, self._prices = calls, shelf, Prices(calls)
        self.serve(())

    def serve(self, price_lists: Collection[str]) -> None:
        """The price lists that are read."""
        self._prices.serve(price_lists)
        cost = tuple(
            Row(f"price:{each}", prices.name(each), ORE, writable=False) for each in self._prices.lists
        )
        self._table = Table(kind="item", key=ARTICLE.key, rows=(*WHOLE, *cost))
        self._row_table = msgspec.structs.replace(self._table, rows=(*LISTED, *cost))

    @property
    def table(self) -> Table:
        return self._table

    async def read(
        self, since: dt.datetime | None, lane: Lane, *, only_changed: bool = False
    ) -> AsyncIterator[Page]:
        """
        All active articles as long as one request shows them, for prices raise no stamp of the article.

        Of a larger register what changed since, and the articles of which a price did.
        """
        if since is None:
            articles, changed, complete = await self._shelf.whole("item", lane), set[str](), True
            await self._prices.read(lane)
        else:
            articles, changed, complete = await self._news(since, lane, only_changed=only_changed)
        rows = [
            self._listed(number, row, since if number in changed else None)
            for number, row in articles.rows.items()
        ]
        for page in paged(rows, articles.server_time, complete=complete):
            yield page

    async def _news(
        self, since: dt.datetime, lane: Lane, *, only_changed: bool
    ) -> tuple[Articles, set[str], bool]:
        """The articles to tell of, which of them are known to have changed, and whether these are all."""
        news = await self._shelf.changed("item", since, lane)
        small = await self._shelf.small("item", lane)
        complete = small is not None and not only_changed
        priced = await self._prices.refresh(since, lane, told=not complete)
        listed = small.rows if small else {}
        told = (news.rows | listed if complete else news.rows).keys() | priced
        rows = {each: listed.get(each) or news.rows.get(each) or {ARTICLE.key: each} for each in sorted(told)}
        began = min(each.server_time for each in (news, small) if each)
        return Articles(rows, began), set(news.rows) | priced, complete

    def _listed(self, number: str, row: Mapping[str, Any], changed_at: dt.datetime | None) -> Seen:
        fields = self._row_table.read({**row, **self._prices.of(number)})
        return Seen(id=number, fields=fields, full=False, changed_at=changed_at)

    async def get(self, record_id: str, lane: Lane) -> Seen | None:
        """The whole article and its stock; one request more for each price list that it does not show."""
        shown = await self._calls.one(ARTICLE, record_id, lane)
        if shown is None:
            return None
        lists = self._prices.beside
        beside = {prices.name(each): await self._prices.one(each, shown.number, lane) for each in lists}
        fields = self._table.read({**shown.record, **beside})
        return Seen(id=shown.number, fields=fields, parts={"stock": stock_of(shown)})
