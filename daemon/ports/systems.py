"""A vendor's system, for one account, and what it answers."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from daemon.core.mapping import Table
from daemon.core.records import Fields, Lane, Problem, Seen


class Page(Struct, frozen=True, kw_only=True):
    """
    Some rows of a reading. `server_time` is when the other side began to answer, by its own clock.
    `complete` is true on every page of a reading that lists all live records of the kind: a known
    record that none of its pages shows is worth a reading by key. It is never proof of deletion.
    """

    rows: tuple[Seen, ...]
    server_time: dt.datetime
    complete: bool = False


class Answer(Struct, frozen=True, kw_only=True):
    """What a write was answered with: the whole stored record, or None and the caller must look."""

    status: int
    id: str | None = None
    seen: Seen | None = None


class Finding(Struct, frozen=True, kw_only=True):
    """One prerequisite, proven or not. `code` and `todo` are "" when ok."""

    ok: bool
    what: str
    where: str
    code: str = ""
    todo: str = ""


Whole = Callable[[Sequence[str]], Awaitable[Sequence[Seen]]]  # records by key, as far as they are worth it


class System(Protocol):
    """
    One vendor's system, for one account.

    All methods may raise RemoteError and GrantError. Reading is repeatable;
    `create` sends exactly one request with effect, and `update` but for rows.
    """

    name: str  # in REGISTRY
    scope: str  # this account of it, "fortnox:1234567": the identity its records are remembered under
    overlap: dt.timedelta  # how far before its mark a reading must start again
    reach: Mapping[str, dt.timedelta] = {}  # how far back changes are shown; all of a kind that is absent

    def table(self, kind: str) -> Table:
        """How `kind` is spelled here. Complete only after `prepare`."""

    async def prepare(self) -> None:
        """What must be known before the first pass (company, field metadata); cheap when repeated."""

    def troubles(self) -> Sequence[Finding]:
        """What `prepare` saw that hinders no pass, and that somebody should look at."""
        return ()

    def read(
        self, kind: str, since: dt.datetime | None, lane: Lane, *, only_changed: bool = False
    ) -> AsyncIterator[Page]:
        """
        Everything changed at or after `since` and perhaps more, or every live record when None.

        With `only_changed` nothing but what is known to have changed since. Pages may overlap.
        `Seen.changed_at` is set where it is known that the record changed at or after that time.
        """

    async def get(self, kind: str, record_id: str, lane: Lane) -> Seen | None:
        """
        One whole record; None when it does not exist. It may show itself under another id.

        `Seen.parts` are what the same answer says of it as records of other kinds; they need not be complete.
        """

    async def content(self, kind: str, record_id: str, lane: Lane) -> bytes:
        """The file that a record is; b"" where a kind is none."""
        return b""

    async def create(
        self, kind: str, fields: Fields, lane: Lane, *, once: str = "", enclosed: bytes | None = None
    ) -> Answer:
        """
        Make a record of exactly `fields`. `once` names this write, whatever attempt of it this is.

        One that is a file is made of `enclosed`. That may take a request before, which leaves nothing that
        counts: when that one fails, or nobody knows, so did the creation.
        """

    async def update(
        self, kind: str, record_id: str, fields: Fields, lane: Lane, shown: Fields, *, once: str = ""
    ) -> Answer:
        """
        Set exactly `fields`; None clears. `shown` is the whole record as it was read just before.

        Rows may take several requests, each sent once; the first that fails ends the update. `once` as above.
        """

    async def hinders(self, kind: str, fields: Fields, lane: Lane) -> Problem | None:
        """What keeps a record of `fields` from being made now, as far as reading tells; None for nothing."""

    async def fenced(self, kind: str, record_id: str, once: str, lane: Lane) -> bool | None:
        """
        Whether the write of that name took effect; where it did not, it never will from now on.

        None where the vendor does not tell.
        """

    async def look(
        self, kind: str, fields: Fields, since: dt.datetime | None, whole: Whole | None = None
    ) -> Sequence[Seen]:
        """
        Every record that could be the one a creation with `fields` made, whole, for an exact comparison.

        `since` is a time before that creation, None when unknown. Where lists
        show no whole records, `whole` reads those that are worth it, by key.
        """

    async def check(self, kinds: Sequence[str]) -> Sequence[Finding]:
        """Prove every prerequisite for `kinds`, for `check --online`. Reads only."""
