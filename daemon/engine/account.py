"""
One account of one system, read once however many connectors use it.

A reading is stored page by page; the mark moves in the transaction that stores
the last of them, so a reading that was cut short is repeated and never skipped.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import anyio
import msgspec

from daemon.core.agreement import Agreement
from daemon.core.guard import Limits, vanished
from daemon.core.match import belonging, naming
from daemon.core.records import Lane, Names, Seen, Side
from daemon.core.window import reread_after
from daemon.core.work import Finish, Mark
from daemon.engine.parallel import for_each
from daemon.events import LIST_NOT_BELIEVED, Events
from daemon.ports import Clock, Journal, Observations, Page, System, Transaction

LATEST = dt.timedelta(days=400)  # how late something that is booked may still come
COMPLETE_EVERY = dt.timedelta(hours=24)  # a full comparison finds what no list of changes shows
AT_ONCE = 8  # readings by key under way together; the budget decides how fast they go
STORED_TOGETHER = 25  # records a transaction


class _Overtaken:
    """
    Which records were written while a reading was under way, and of which kinds lists were stored.

    What such a reading shows of them may be older than our own write; stored
    after it, it would look like a person's edit.
    """

    def __init__(self) -> None:
        self._tick, self._readings = 0, 0
        self._written: dict[tuple[str, str], int] = {}
        self._listed: dict[str, int] = {}

    @contextmanager
    def reading(self) -> Iterator[int]:
        """The moment a reading began, for `is_stale`."""
        self._tick += 1
        self._readings += 1
        try:
            yield self._tick
        finally:
            self._readings -= 1
            if not self._readings:
                self._written.clear()

    def wrote(self, kind: str, record_id: str) -> None:
        """A write of this record was answered just now."""
        self._tick += 1
        if self._readings:
            self._written[kind, record_id] = self._tick

    def is_stale(self, kind: str, record_id: str, began: int) -> bool:
        """Whether the record was written after a reading of it `began`."""
        return self._written.get((kind, record_id), 0) > began

    def listed(self, kind: str) -> None:
        """A list of this kind is stored just now."""
        self._tick += 1
        self._listed[kind] = self._tick

    def is_older(self, kind: str, began: int) -> bool:
        """Whether a list of the kind was stored after a reading `began`: it may say more than that shows."""
        return self._listed.get(kind, 0) > began


class Account:
    """What one system showed, kept up to date for everybody who uses it."""

    def __init__(
        self,
        system: System,
        side: Side,
        journal: Journal,
        clock: Clock,
        events: Events,
        *,
        settings: str = "",
    ) -> None:
        """`settings` is a digest of what records are read under besides their table."""
        self.system, self.side, self._settings = system, side, settings
        self._journal, self._clock, self._events = journal, clock, events
        self._turn = anyio.Lock()
        self._overtaken = _Overtaken()
        self._doubted: set[str] = set()  # kinds whose last complete list was not believed
        self._read_at: dict[tuple[str, dt.datetime], float] = {}
        self._agreements: dict[str, Agreement] = {}  # by kind: what is asked for here
        self._told: tuple[dt.datetime, float] | None = None  # what time it was there, and when

    def their_time(self) -> dt.datetime:
        """
        What time it is there, by what its answers told last; ours until one did.

        Lists are asked for by their clock: with ours, which may be a day wrong, a write is not found.
        """
        if self._told is None:
            return self._clock.now()
        told, at_s = self._told
        return told + dt.timedelta(seconds=self._clock.monotonic() - at_s)

    async def refresh(self, agreement: Agreement, *, max_age_s: float = 0.0, eager: bool = False) -> str:
        """
        See everything of one kind that changed, unless that was done within `max_age_s`.

        Lists only: what they say must be read by key is due afterwards
        (`complete`). `eager` reads a record again however lately it was read.
        Why what was shown is not believed, "" when it is.
        """
        kind = agreement.kind
        if agreement.enclosed and self.side is Side.FORTNOX:
            return ""  # only looked for
        self._agreements[kind] = agreement
        asked_at = self._clock.monotonic()
        async with self._turn:
            last = self._read_at.get((kind, agreement.start), float("-inf"))
            if last >= asked_at or asked_at - last < max_age_s:
                return ""
            began = self._clock.monotonic()
            why = await self._read(agreement, eager=eager)
            if not why:
                self._read_at[kind, agreement.start] = began
            return why

    async def _read(self, agreement: Agreement, *, eager: bool) -> str:
        kind, shape = agreement.kind, self._shape(agreement.kind)

        def ask(tx: Transaction) -> tuple[Mark | None, bool]:
            here = self._here(tx, kind)
            return here.mark(), here.listed_since(agreement.start, shape)

        mark, listed = await self._journal.write(ask)
        known = mark if mark and mark.shape == shape else None
        since = known.mark - self.system.overlap if known else None
        # What changed since the mark comes first: the other readings move it and do not show every change.
        why = await self._list(agreement, since, eager=eager)
        if not listed:
            await self._list(agreement, agreement.start, eager=eager, start=agreement.start)
        elif since and since < agreement.start:
            # Fortnox shows no time of change: what the overlap returns may be older than the start.
            await self._list(agreement, agreement.start, eager=eager)
        young = known and dt.timedelta(0) <= self._clock.now() - known.complete_at < COMPLETE_EVERY
        if known and (kind in self._doubted or not young):
            why = await self._compare(agreement, known, eager=eager) or why
        return why

    async def _compare(self, agreement: Agreement, known: Mark, *, eager: bool) -> str:
        """Read what no list of changes shows; why it is not believed, "" when it is."""
        if agreement.lasts and self.side is Side.PARTNER:
            # What is booked is never changed or deleted there, but it may come late.
            return await self._list(agreement, self._clock.now() - LATEST, eager=eager, compares=True)
        # It has changed since everything was compared the last time.
        seen_all_at = min(known.complete_at, self._clock.now())
        return await self._list(agreement, None, eager=eager, seen_all_at=seen_all_at)

    async def _list(
        self,
        agreement: Agreement,
        since: dt.datetime | None,
        *,
        eager: bool,
        start: dt.datetime | None = None,
        seen_all_at: dt.datetime | None = None,
        compares: bool = False,
    ) -> str:
        """
        One reading, stored as it comes; a page is held back so that the mark goes with the last.

        One that `compares` counts as a complete one though it shows only what is young. Why it is not
        believed, "" when it is.
        """
        kind = agreement.kind
        changed_at = seen_all_at - self.system.overlap if seen_all_at else since
        with self._overtaken.reading() as began:
            pages = aiter(self.system.read(kind, since, Lane.READ, only_changed=start is not None))
            page = await anext(pages)
            if start is None:  # an answer that nobody asked for bears our own time
                self._told = (page.server_time, self._clock.monotonic())
            # A clock of theirs that is ahead must not let changes fall behind the mark.
            mark, complete = min(page.server_time, self._clock.now()), page.complete
            run = await self._next_run(kind) if complete else None
            while True:
                following = await anext(pages, None)
                finish = None
                if following is None:
                    whole = complete or compares
                    finish = Finish(mark=mark, shape=self._shape(kind), complete=whole, start=start)
                await self._store(agreement, page, changed_at, finish, began, eager=eager, run=run)
                if following is None:
                    break
                page = following
        return "" if run is None else await self._look_for_missing(agreement, run)

    async def _next_run(self, kind: str) -> int:
        """The number of a complete reading that begins now."""
        before = await self._journal.write(lambda tx: self._here(tx, kind).mark())
        return (before.run if before else 0) + 1

    async def _store(
        self,
        agreement: Agreement,
        page: Page,
        changed_at: dt.datetime | None,
        finish: Finish | None,
        began: int,
        *,
        eager: bool,
        run: int | None,
    ) -> None:
        now = self._clock.now()
        again_after = reread_after(len(page.rows), self.system.overlap, eager=eager)
        names = self._names(agreement)

        def work(tx: Transaction) -> None:
            here = self._here(tx, agreement.kind)
            self._overtaken.listed(agreement.kind)
            rows = [row for row in page.rows if not self._overtaken.is_stale(agreement.kind, row.id, began)]
            here.store(rows, names, now, changed_at=changed_at, again_after=again_after, run=run, listed=True)
            if finish:
                here.finish(finish)

        await self._journal.write(work)

    async def _look_for_missing(self, agreement: Agreement, run: int) -> str:
        """Read by key what a complete list did not show; a list that lacks too much is not believed."""
        now = self._clock.now()
        known, missing = await self._journal.write(lambda tx: self._here(tx, agreement.kind).missing(run))
        why = vanished(known, len(missing), Limits())
        if why and await self._any_there(agreement, [missing[0], missing[len(missing) // 2], missing[-1]]):
            self._doubted.add(agreement.kind)
            await self._journal.write(lambda tx: self._here(tx, agreement.kind).keep(missing, run))
            self._events.emit(LIST_NOT_BELIEVED, system=self.system.name, kind=agreement.kind, reason=why)
            return why
        self._doubted.discard(agreement.kind)
        await self._journal.write(lambda tx: self._here(tx, agreement.kind).want(missing, now))
        return ""

    async def _any_there(self, agreement: Agreement, record_ids: Sequence[str]) -> bool:
        """Whether one of these lives, read by its key: then the list that lacks it lies."""
        await self.read_by_key(agreement, sorted(set(record_ids)), Lane.READ)
        found = await self._journal.write(
            lambda tx: [self._here(tx, agreement.kind).seen(record_id) for record_id in record_ids]
        )
        return any(stored and agreement.living(stored[0].fields) for stored in found)

    # -------------------------------------------------------------- reading by key

    async def complete(self, agreement: Agreement, lane: Lane, since: dt.datetime | None = None) -> int:
        """Read by key everything that is due, or fell due after `since`; how many were read."""
        read: set[str] = set()
        # Each once: a record that shows itself under another key would be due for ever.
        while due := [record_id for record_id in await self._due(agreement, since) if record_id not in read]:
            for first in range(0, len(due), STORED_TOGETHER):
                await self.read_by_key(agreement, due[first : first + STORED_TOGETHER], lane)
            read.update(due)
        return len(read)

    async def _due(self, agreement: Agreement, since: dt.datetime | None) -> Sequence[str]:
        now = self._clock.now()
        return await self._journal.write(
            lambda tx: self._here(tx, agreement.kind).due(now, 20 * STORED_TOGETHER, since)
        )

    async def read_by_key(self, agreement: Agreement, record_ids: Sequence[str], lane: Lane) -> None:
        """Read these records whole and store them with what they show of their parts, gone ones included."""
        found: list[tuple[str, Seen | None]] = []

        async def one(record_id: str) -> None:
            found.append((record_id, await self.system.get(agreement.kind, record_id, lane)))

        with self._overtaken.reading() as began:
            try:
                await for_each(record_ids, one, AT_ONCE)
            finally:
                with anyio.CancelScope(shield=True):
                    await self._store_read(agreement, found, began)

    async def _store_read(
        self, agreement: Agreement, found: Iterable[tuple[str, Seen | None]], began: int
    ) -> None:
        now, names = self._clock.now(), self._names(agreement)

        def work(tx: Transaction) -> None:
            here, older = self._here(tx, agreement.kind), self._overtaken.is_older(agreement.kind, began)
            for record_id, seen in found:
                if self._overtaken.is_stale(agreement.kind, seen.id if seen else record_id, began):
                    continue
                listed = here.seen(record_id)
                if seen is None or seen.id != record_id:
                    here.store_gone(record_id, now)
                if seen is not None:
                    here.store([_as_changed(seen, listed and listed[0])], names, now, keep_due=older)
                    self._store_parts(tx, seen, began, now)

        await self._journal.write(work)

    def _store_parts(self, tx: Transaction, whole: Seen, began: int, now: dt.datetime) -> None:
        """
        Store what a record shows of its parts that are asked for: they need no reading of their own then.

        Only of what a list has shown, which says when it changed; and nothing that may be overtaken.
        """
        for kind, part in whole.parts.items():
            agreement, here = self._agreements.get(kind), self._here(tx, kind)
            late = self._overtaken.is_stale(kind, part.id, began) or self._overtaken.is_older(kind, began)
            if agreement and not late and here.seen(part.id):
                here.store([part], self._names(agreement), now)

    # -------------------------------------------------------------- for those who write

    def store_seen(
        self, tx: Transaction, agreement: Agreement, seen: Iterable[Seen], now: dt.datetime
    ) -> None:
        """Store records that a write was answered with, inside the transaction that settles the write."""
        seen = list(seen)
        for each in seen:
            self._overtaken.wrote(agreement.kind, each.id)
        self._here(tx, agreement.kind).store(seen, self._names(agreement), now)

    def _here(self, tx: Transaction, kind: str) -> Observations:
        return tx.observations(self.system.scope, kind)

    def _names(self, agreement: Agreement) -> Names:
        return lambda seen: {**naming(agreement, self.side, seen), **belonging(agreement, seen)}

    def _shape(self, kind: str) -> str:
        """How records are read now: when a mapping changes, everything is read anew."""
        rows = self.system.table(kind).rows
        return ",".join([self._settings, *(f"{row.ours}={row.theirs}" for row in rows)])


def _as_changed(seen: Seen, listed: Seen | None) -> Seen:
    """A record that was listed under another id changed when that did."""
    if listed is None or listed.id == seen.id or seen.changed_at:
        return seen
    return msgspec.structs.replace(seen, changed_at=listed.changed_at)
