"""How the article register is read: its list rows show prices, but not who is active (fortnox.md 7.4)."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from typing import Any, Final

from daemon.core.records import Lane, Seen
from daemon.ports import Page
from daemon.systems.fortnox import mapping, spec
from daemon.systems.fortnox.calls import Calls, Listed, changed_since

_WHERE: Final = spec.KINDS["article"]
_ACTIVE: Final = {"filter": "active"}


class Articles:
    """The article register; remembers whether it is too large to be read whole each time."""

    def __init__(self, calls: Calls) -> None:
        self._calls, self._many = calls, False

    async def read(self, since: dt.datetime | None, lane: Lane) -> AsyncIterator[Page]:
        """
        All active articles as long as one request shows them: a change of price or stock does not raise
        `lastmodified` (fortnox.md 22 no 3). A larger register is read by its changes.
        """
        if since is None:
            async for listed in self._calls.pages(_WHERE, _ACTIVE, lane):
                self._many = listed.total > spec.SMALL_REGISTER
                yield _active(listed)
            return
        if not self._many:
            listed = await self._calls.first_page(_WHERE, _ACTIVE, lane)
            self._many = listed.total > spec.SMALL_REGISTER
            if not self._many:
                yield _active(listed)
                return
        async for page in self.read_changed(since, lane):
            yield page

    async def read_changed(self, since: dt.datetime, lane: Lane) -> AsyncIterator[Page]:
        """Only what changed since; who is inactive is asked for when anything did."""
        query = changed_since(since)
        changed = [listed async for listed in self._calls.pages(_WHERE, query, lane)]
        inactive: set[str] = set()
        if any(listed.rows for listed in changed):
            async for listed in self._calls.pages(_WHERE, {**query, "filter": "inactive"}, lane):
                inactive |= {str(row[_WHERE.key]) for row in listed.rows}
        for listed in changed:
            rows = ({**row, "Active": str(row[_WHERE.key]) not in inactive} for row in listed.rows)
            seen = tuple(_seen(row, since) for row in rows)
            yield Page(rows=seen, server_time=listed.server_time)


def _active(listed: Listed) -> Page:
    rows = tuple(_seen({**row, "Active": True}) for row in listed.rows)
    return Page(rows=rows, server_time=listed.server_time, complete=True)


def _seen(row: dict[str, Any], changed_at: dt.datetime | None = None) -> Seen:
    return Seen(id=str(row[_WHERE.key]), fields=mapping.ARTICLE.read(row), changed_at=changed_at)
