"""How the article register is read: its list rows show prices, but not who is active (fortnox.md 7.4)."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

from daemon.core.records import Lane
from daemon.ports import Page
from daemon.systems.fortnox import spec
from daemon.systems.fortnox.calls import Calls, Listed, changed_since
from daemon.systems.fortnox.registers import Register

ARTICLE: Final = spec.KINDS["article"]
ACTIVE: Final = {"filter": "active"}


class Articles(Register):
    """The article register; remembers whether it is too large to be read whole each time."""

    def __init__(self, calls: Calls) -> None:
        super().__init__(calls, "article")
        self._many = False

    async def read(
        self, since: dt.datetime | None, lane: Lane, *, only_changed: bool = False
    ) -> AsyncIterator[Page]:
        """
        All active articles as long as one request shows them: a change of price or stock does not raise
        `lastmodified` (fortnox.md 22 no 3). A larger register is read by its changes.
        """
        if since is None:
            async for listed in self._calls.pages(ARTICLE, ACTIVE, lane):
                self._many = listed.total > spec.SMALL_REGISTER
                yield self._active(listed)
            return
        if not self._many and not only_changed:
            listed = await self._calls.first_page(ARTICLE, ACTIVE, lane)
            self._many = listed.total > spec.SMALL_REGISTER
            if not self._many:
                yield self._active(listed)
                return
        for listed in await changed(self._calls, since, lane):
            rows = tuple(self.listed(row, since) for row in listed.rows)
            yield Page(rows=rows, server_time=listed.server_time)

    def _active(self, listed: Listed) -> Page:
        rows = tuple(self.listed(active(row)) for row in listed.rows)
        return Page(rows=rows, server_time=listed.server_time, complete=True)


def active(row: dict[str, Any], *, is_so: bool = True) -> dict[str, Any]:
    """A row with what it does not show itself."""
    return {**row, "Active": is_so}


async def changed(calls: Calls, since: dt.datetime, lane: Lane) -> Sequence[Listed]:
    """What changed since, with `Active`; who is inactive is asked for when anything did."""
    query = changed_since(since)
    pages = [listed async for listed in calls.pages(ARTICLE, query, lane)]
    inactive: set[str] = set()
    if any(listed.rows for listed in pages):
        async for listed in calls.pages(ARTICLE, {**query, "filter": "inactive"}, lane):
            inactive |= {str(row[ARTICLE.key]) for row in listed.rows}
    return [
        listed._replace(
            rows=[active(row, is_so=str(row[ARTICLE.key]) not in inactive) for row in listed.rows]
        )
        for listed in pages
    ]
