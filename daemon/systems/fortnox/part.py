"""What the adapter asks of each kind of record: one part, whatever registers it is kept in."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Iterator, Sequence

from daemon.core.mapping import Table
from daemon.core.records import Fields, Lane, Problem, Seen
from daemon.ports import Answer, Finding, Page, Whole
from daemon.systems.fortnox import spec


class Part:
    """One kind of record; as `System` says of each method. What a kind never is, is asserted."""

    @property
    def table(self) -> Table:
        """How the kind is spelled."""
        raise NotImplementedError

    def read(
        self, since: dt.datetime | None, lane: Lane, *, only_changed: bool = False
    ) -> AsyncIterator[Page]:
        """Everything changed at or after `since` and perhaps more, or every live record when None."""
        raise NotImplementedError

    async def get(self, record_id: str, lane: Lane) -> Seen | None:
        """One whole record; None when it does not exist."""
        raise NotImplementedError

    async def create(self, fields: Fields, lane: Lane) -> Answer:
        """Make a record of exactly `fields`, in one request."""
        raise AssertionError("never made in Fortnox")

    async def enclose(self, fields: Fields, content: bytes, lane: Lane) -> Answer:
        """Make a record of exactly `fields` that is the file `content`."""
        raise AssertionError("no file")

    async def update(self, record_id: str, fields: Fields, lane: Lane, shown: Fields | None) -> Answer:
        """Set exactly `fields`, in one request; None clears."""
        raise AssertionError("never changed in Fortnox")

    async def look(self, fields: Fields, since: dt.datetime | None, whole: Whole | None) -> Sequence[Seen]:
        """Every record that a creation with `fields` may have made."""
        raise AssertionError("never made in Fortnox, so never looked for")

    async def hinders(self, fields: Fields, lane: Lane) -> Problem | None:
        """What keeps a record of `fields` from being made now; None for nothing."""
        return None

    async def findings(self) -> Sequence[Finding]:
        """What must hold besides that the registers can be read."""
        return ()


def paged(rows: Sequence[Seen], server_time: dt.datetime, *, complete: bool) -> Iterator[Page]:
    """`rows` in pages of the usual size; one empty page for none."""
    for first in range(0, max(1, len(rows)), spec.PAGE_SIZE):
        part = tuple(rows[first : first + spec.PAGE_SIZE])
        yield Page(rows=part, server_time=server_time, complete=complete)
