"""What a start makes of the state that it finds, and what an end leaves for the next start."""

from __future__ import annotations

import datetime as dt

import msgspec

from daemon.core.doubt import JUMP_S, JUMPED, Doubt, Traces, judged, reason
from daemon.engine.sync import Connector
from daemon.events import STATE_MAY_BE_OLD, Events
from daemon.ports import Clock
from daemon.service.operate import stamp
from daemon.store.database import CLOSED, RUNNING
from daemon.store.journal import Journal
from daemon.store.times import to_text, to_time_or_none

DOUBT = "doubt"  # noted from a doubt's beginning on


class Doubting:
    """Whether the state may be older than what was done, judged once a process."""

    def __init__(self, journal: Journal, clock: Clock, events: Events) -> None:
        self._journal, self._clock, self._events = journal, clock, events
        self._traces: Traces | None = None
        self._judged = False
        self._told: set[tuple[str, dt.datetime]] = set()  # connector, beginning of the doubt
        self._apart_s = 0.0
        self.doubt: Doubt | None = None

    async def find(self, called_at_s: float, placed_at_s: float) -> float | None:
        """
        Note what the last process left, and that this one runs.

        Until when calls were made that the state does not know of; None when it knows all.
        The times of the last call and of the state file are in epoch seconds, 0 for none.
        """
        running, closed = await self._journal.noted(RUNNING), await self._journal.noted(CLOSED)
        await self._journal.note(RUNNING, "yes")
        if running is None:  # it was made just now
            return None
        self._traces = Traces(
            closed_at=None if running else to_time_or_none(closed),
            called_at=_moment(called_at_s),
            placed_at=_moment(placed_at_s),
        )
        return max(called_at_s, placed_at_s) if reason(self._traces, self._clock.now()) else None

    async def judge(self, settle: dt.timedelta) -> None:
        """Find the doubt that the state is under, and store it, so that a restart does not end it."""
        if self._judged:
            return
        self._apart_s = self._clocks_apart_s()
        noted = await self._journal.noted(DOUBT)
        before = msgspec.json.decode(noted, type=Doubt) if noted else None
        now = self._clock.now()
        doubt = judged(before, self._traces, now, settle) if self._traces else before
        await self._change(before, doubt)
        self._judged = True

    async def watch(self) -> None:
        """Begin a doubt when the clock has jumped: a machine put back, memory and all, starts no process."""
        before, self._apart_s = self._apart_s, self._clocks_apart_s()
        if abs(self._apart_s - before) > JUMP_S:
            await self._change(self.doubt, Doubt(since=self._clock.now(), why=JUMPED))

    def _clocks_apart_s(self) -> float:
        return self._clock.now().timestamp() - self._clock.monotonic()

    async def _change(self, before: Doubt | None, doubt: Doubt | None) -> None:
        if doubt != before:
            await self._journal.note(DOUBT, msgspec.json.encode(doubt).decode())
        self.doubt = doubt

    async def tell(self, connector: Connector) -> None:
        """Let a connector know the doubt; log once why it creates nothing, and what it knows."""
        connector.doubt(self.doubt)
        name, waits = connector.binding.name, connector.creations_wait()
        if self.doubt is None or waits is None or not waits.code or (name, self.doubt.since) in self._told:
            return
        self._told.add((name, self.doubt.since))
        counts = await connector.counts()
        self._events.emit(
            STATE_MAY_BE_OLD,
            connector=name,
            code=waits.code,
            reason=waits.why,
            until=stamp(waits.until),
            linked=counts.linked,
            parked=counts.parked,
        )

    async def note_end(self) -> None:
        """It ends well, unless it was damaged, or nobody judged what the last process left."""
        if self._judged and not self._journal.database.damaged:
            await self.watch()  # what no pass has noticed yet
            await self._journal.note(CLOSED, to_text(self._clock.now()))
            await self._journal.note(RUNNING, "")


def _moment(epoch_s: float) -> dt.datetime | None:
    return dt.datetime.fromtimestamp(epoch_s, dt.UTC) if epoch_s else None
