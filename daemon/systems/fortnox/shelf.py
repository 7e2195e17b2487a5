"""The list of articles, which items and stock are both read from."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final, NamedTuple

from daemon.core.records import Lane
from daemon.ports import Clock
from daemon.systems.fortnox import spec
from daemon.systems.fortnox.articles import ACTIVE, ARTICLE, active, changed
from daemon.systems.fortnox.calls import Calls, Listed

SHOWN: Final = ("ArticleNumber", "Description", "EAN", "SalesPrice", "QuantityInStock")  # fortnox.md 7.4


class Articles(NamedTuple):
    """Articles by number, as a list showed them, and when Fortnox began to answer."""

    rows: dict[str, dict[str, Any]]
    server_time: dt.datetime


class Asked(NamedTuple):
    """A list that was asked for by "item", when, and of changes since when; None for a whole one."""

    asked_at_s: float
    since: dt.datetime | None
    articles: Articles


class Shelf:
    """
    One company's article list; one that "item" asked for is there for "stock" for 30 s.

    Not the other way round: "item" is read first in a pass, and would see what was before it began.
    """

    def __init__(self, calls: Calls, clock: Clock) -> None:
        self._calls, self._clock = calls, clock
        self._many = False
        self._whole: Asked | None = None
        self._changed: Asked | None = None

    async def whole(self, kind: str, lane: Lane) -> Articles:
        """Every active article."""
        kept = self._left_for(kind)
        if kept is not None:
            return kept
        asked_at_s = self._clock.monotonic()
        pages = [listed async for listed in self._calls.pages(ARTICLE, ACTIVE, lane)]
        return self._keep(kind, asked_at_s, pages)

    async def small(self, kind: str, lane: Lane) -> Articles | None:
        """Every active article as far as one request shows them; None where it does not."""
        kept = self._left_for(kind)
        if kept is not None or self._many:
            return kept
        asked_at_s = self._clock.monotonic()
        listed = await self._calls.first_page(ARTICLE, ACTIVE, lane)
        self._many = listed.total > spec.SMALL_REGISTER
        return None if self._many else self._keep(kind, asked_at_s, [listed])

    async def changed(self, kind: str, since: dt.datetime, lane: Lane) -> Articles:
        """What changed since, whoever is active; prices and quantities do not count as changes."""
        kept, self._changed = self._changed, None
        if kind == "stock" and kept and kept.since and kept.since <= since and self._is_young(kept):
            return kept.articles
        asked_at_s = self._clock.monotonic()
        pages = await changed(self._calls, since, lane)
        rows = {str(row[ARTICLE.key]): row for listed in pages for row in listed.rows}
        articles = Articles(rows, pages[0].server_time)
        if kind == "item":
            self._changed = Asked(asked_at_s, since, articles)
        return articles

    def forget(self) -> None:
        """An article was written: what was listed before is old."""
        self._whole = self._changed = None

    def _left_for(self, kind: str) -> Articles | None:
        """A whole list that was asked for just now by the kind before this one; each is used once."""
        kept, self._whole = self._whole, None
        return kept.articles if kept and kind == "stock" and self._is_young(kept) else None

    def _is_young(self, kept: Asked) -> bool:
        return self._clock.monotonic() - kept.asked_at_s <= spec.SHELF_AGE.total_seconds()

    def _keep(self, kind: str, asked_at_s: float, pages: list[Listed]) -> Articles:
        self._many = pages[-1].total > spec.SMALL_REGISTER
        rows = {str(row[ARTICLE.key]): _slim(row) for listed in pages for row in listed.rows}
        articles = Articles(rows, pages[0].server_time)
        if kind == "item":
            self._whole = Asked(asked_at_s, None, articles)
        return articles


def _slim(row: dict[str, Any]) -> dict[str, Any]:
    return active({name: row[name] for name in SHOWN if name in row})
