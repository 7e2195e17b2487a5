"""
What has not come: numbers that were passed over, records that ought to have crossed by now, and changes
that nobody shows any more.

All are alarms, told once and counted until they are mended or a person closes them. What is missing is
parked under the key that it would have, so that it is booked like any other when it comes.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence

from daemon.core.agreement import Agreement
from daemon.core.postings import MISSING
from daemon.core.records import Fields, Problem, Seen, Side
from daemon.core.steps import Decision, Unit
from daemon.core.work import Binding, Task
from daemon.events import (
    CHANGES_MISSED,
    CHANGES_OUT_OF_REACH,
    NUMBER_MISSING,
    OVERDUE,
    OVERDUE_SEEN,
    TROUBLE,
    Event,
    Events,
)
from daemon.ports import Clock, Finding, Journal, Transaction

MISSED = "TIL03"  # what changes that are not shown any more are parked under
GAP_MOST = 100  # numbers that are told one by one; a register that starts again at another number has no gap


class Watch:
    """Looks after what should be there, for one connector."""

    def __init__(
        self,
        binding: Binding,
        agreements: Mapping[str, Agreement],
        journal: Journal,
        clock: Clock,
        events: Events,
    ) -> None:
        self._binding, self._agreements = binding, agreements
        self._journal, self._clock, self._events = journal, clock, events
        self._told: set[tuple[str, str]] = set()  # kind, key
        self._troubles: frozenset[str] = frozenset()
        self._told_missed: set[tuple[str, dt.datetime]] = set()  # kind, since when

    async def gaps(self, kind: str, tasks: Sequence[Task]) -> None:
        """Park what must be between these records and the one before each; what has come is not missing."""
        series = self._agreements[kind].series
        seen = [task.unit.records[Side.PARTNER] for task in tasks if Side.PARTNER in task.unit.records]
        if series is None or not seen:
            return

        between = series.between

        def work(tx: Transaction) -> list[str]:
            here, shown = tx.work(self._binding, kind), tx.observations(self._binding.partner, kind)
            missing = []
            for record in seen:
                here.found(_key(record.id))
                before, bearer = shown.before(record.id), series.bearer(record.fields)
                ids = between(before, record.id) if before else ()
                missing += [
                    each for each in ids[-GAP_MOST:] if here.park(*_lost(kind, each, record.id, bearer), now)
                ]
            return missing

        now = self._clock.now()
        for record_id in await self._journal.write(work):
            self._events.emit(NUMBER_MISSING, connector=self._binding.name, kind=kind, key=_key(record_id))

    async def missed(self, kind: str, side: Side, reach: dt.timedelta) -> None:
        """
        Before a reading: tell of changes since the last one that are not shown any more, and keep it.

        Of what was before the first reading nobody can have seen anything: it is told and not kept.
        """
        now, scope = self._clock.now(), self._binding.scope(side)
        start = self._agreements[kind].start

        def work(tx: Transaction) -> tuple[Event, dt.datetime] | None:
            mark = tx.observations(scope, kind).mark()
            since = max(mark.mark, start) if mark else start
            if now - since <= reach:
                return None
            if mark is None:
                return CHANGES_OUT_OF_REACH, since
            tx.work(self._binding, kind).park(*_not_shown(kind, side, since, now - reach), now)
            return CHANGES_MISSED, since

        found = await self._journal.write(work)
        if found and (kind, found[1]) not in self._told_missed:
            event, since = found
            self._told_missed.add((kind, since))
            self._events.emit(event, connector=self._binding.name, kind=kind, since=since.isoformat())

    def troubles(self, findings: Sequence[Finding]) -> None:
        """Tell what a system saw that hinders no pass, each once as long as it lasts."""
        now = {finding.what: finding for finding in findings}
        for what in now.keys() - self._troubles:
            found = now[what]
            self._events.emit(TROUBLE, connector=self._binding.name, code=found.code, error=what)
        self._troubles = frozenset(now)

    async def overdue(self) -> None:
        """Tell of what ought to have crossed by now, each once, and how much it is."""
        for kind, agreement in self._agreements.items():
            if agreement.series is None:
                continue
            late = await self._late(kind, agreement, agreement.series.due)
            self._told &= {(kind, key) for key in late} | {each for each in self._told if each[0] != kind}
            for key, (code, since) in sorted(late.items()):
                if (kind, key) not in self._told:
                    self._told.add((kind, key))
                    told = {"connector": self._binding.name, "kind": kind, "key": key}
                    self._events.emit(OVERDUE, **told, code=code, due=since.isoformat())
            self._events.emit(OVERDUE_SEEN, connector=self._binding.name, count=len(late))

    async def _late(
        self, kind: str, agreement: Agreement, due: Callable[[Fields], dt.datetime | None]
    ) -> Mapping[str, tuple[str, dt.datetime]]:
        """By key, why each that is overdue waits, and since when it should not."""
        now = self._clock.now()

        def work(tx: Transaction) -> Mapping[str, tuple[str, dt.datetime]]:
            here, shown = tx.work(self._binding, kind), tx.observations(self._binding.partner, kind)
            here.collect()  # a pass that ended early has read more than it decided about
            late = {}
            for key, code in here.waiting():
                side, _, record_id = key.partition(":")
                stored = shown.seen(record_id) if side == Side.PARTNER.value else None
                at = due(stored[0].fields) if stored and _crosses(stored[0], agreement) else None
                if at and at <= now and not here.bond(Side.PARTNER, record_id):
                    late[key] = (code, at)
            return late

        return await self._journal.write(work)


def _crosses(seen: Seen, agreement: Agreement) -> bool:
    """Whether a record of the partner's is one that crosses by itself."""
    return seen.changed_at is not None and seen.changed_at >= agreement.start and agreement.gate(seen.fields)


def _not_shown(kind: str, side: Side, since: dt.datetime, until: dt.datetime) -> tuple[Decision, Problem]:
    """Changes that were asked for too late, and what there is to say of them."""
    first, last = (f"{at:%Y-%m-%d %H:%M}" for at in (since, until))
    unit = Unit(kind=kind, records={side: Seen(id=f"since {first}", fields={})})
    problem = Problem(
        code=MISSED,
        what=f"what came from {first} to {last} UTC was asked for too late and is not shown any more",
        where=unit.key,
        todo="compare both sides by hand for those days; `ignore` closes the case",
    )
    return Decision(unit=unit, problem=problem), problem


def _key(record_id: str) -> str:
    return f"{Side.PARTNER.value}:{record_id}"


def _lost(kind: str, record_id: str, after: str, where: str) -> tuple[Decision, Problem]:
    """A record that nobody has seen, and what there is to say of it."""
    unit = Unit(kind=kind, records={Side.PARTNER: Seen(id=record_id, fields={})})
    problem = Problem(
        code=MISSING,
        what=f"number {int(record_id.rpartition('/')[2])} is missing, {int(after.rpartition('/')[2])} came",
        where=where,
        todo="see whether it was made, and whether the register replicates; it is booked when it comes; "
        "`ignore` closes the case",
    )
    return Decision(unit=unit, problem=problem), problem
