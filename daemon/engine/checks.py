"""
What keeps jobs from being done: refused before, hindered, out of turn, blind, or like an accident.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from daemon.core.agreement import Agreement
from daemon.core.guard import objections
from daemon.core.plan import LIVE
from daemon.core.records import Side
from daemon.core.steps import Create, Update, only_steps, overwrites
from daemon.core.work import Binding, IntentState, Which
from daemon.engine.passing import Pass, Settings
from daemon.engine.selftest import Selftest
from daemon.engine.writing import Job, Writer
from daemon.ports import Clock, Journal, Transaction


class _Scans(Struct, frozen=True, kw_only=True):
    """
    The complete readings that removals were decided from: for each side their number, and what they showed.
    """

    runs: tuple[int, ...]
    known: tuple[int, ...]
    removals: frozenset[str]

    def is_same(self, before: _Scans) -> bool:
        """Whether as much is there as `before`, and as much is to go."""
        return (self.known, self.removals) == (before.known, before.removals)

    def proves(self, before: _Scans) -> bool:
        """Whether both sides were read completely once more since, and showed the same."""
        newer = all(run > earlier for run, earlier in zip(self.runs, before.runs, strict=True))
        return newer and self.is_same(before)


class Checks:
    """Of what was decided, what may be done now: for one connector."""

    def __init__(
        self,
        binding: Binding,
        agreements: Mapping[str, Agreement],
        writers: Mapping[str, Writer],
        selftest: Selftest,
        settings: Settings,
        journal: Journal,
        clock: Clock,
    ) -> None:
        self._binding, self._agreements = binding, agreements
        self._writers, self._selftest, self._settings = writers, selftest, settings
        self._journal, self._clock = journal, clock
        self._scans: dict[str, _Scans] = {}

    async def news(self, this: Pass, kind: str, jobs: Sequence[Job]) -> list[Job]:
        """What was not refused before as it is, and is not set aside; each with what hinders it now."""
        going = await self._without_standstill(kind, jobs)
        return (
            [await self._hindered(this, kind, job) for job in going]
            if self._agreements[kind].series
            else going
        )

    async def going(self, this: Pass, kind: str, jobs: list[Job], which: Which) -> list[Job]:
        """What may be done now; the rest stays on the list."""
        if which is Which.ASKED:
            jobs = await self._without_overwriting(kind, jobs)
        jobs = await self._proven(kind, await self._in_turn(kind, jobs))
        jobs = await self._check(this, kind, jobs, whole=which is Which.ALL)
        return await self._without_blind(kind, jobs)

    async def _hindered(self, this: Pass, kind: str, job: Job) -> Job:
        for step in job.decision.steps:
            if isinstance(step, Create):
                job = await self._writers[kind].hindered(job, step, this.lane)
        return job

    async def _in_turn(self, kind: str, jobs: list[Job]) -> list[Job]:
        """What crosses one after the other, in its order; what is new waits for what nobody knows of."""
        series = self._agreements[kind].series
        if series is None:
            return jobs
        unknown = await self._journal.write(
            lambda tx: tx.intents(self._binding).in_state(IntentState.UNKNOWN)
        )
        if any(intent.step.kind == kind and isinstance(intent.step, Create) for intent in unknown):
            jobs = [job for job in jobs if not creates(job)]
        order = series.order

        def turn(job: Job) -> tuple[str, ...]:
            partner = job.decision.unit.records.get(Side.PARTNER)
            return order(partner.fields) if partner else ()

        return sorted(jobs, key=turn)

    async def _proven(self, kind: str, jobs: list[Job]) -> list[Job]:
        """
        What is removed because Fortnox has none of it waits for a second complete reading of both sides.

        The two must show as much, and the same records as the ones to go: what one list lacks proves nothing.
        """
        removals = frozenset(job.decision.unit.key for job in jobs if _removes(job))
        before = self._scans.pop(kind, None)
        if not removals:
            return jobs
        now = await self._journal.write(lambda tx: self._scanned(tx, kind, removals))
        proven = before is not None and now.proves(before)
        self._scans[kind] = before if before and now.is_same(before) and not proven else now
        return [job for job in jobs if proven or not _removes(job)]

    def _scanned(self, tx: Transaction, kind: str, removals: frozenset[str]) -> _Scans:
        runs, known = [], []
        for side in Side:
            here = tx.observations(self._binding.scope(side), kind)
            mark = here.mark()
            runs.append(mark.run if mark else 0)
            known.append(here.missing(runs[-1])[0])
        return _Scans(runs=tuple(runs), known=tuple(known), removals=removals)

    async def _without_standstill(self, kind: str, jobs: Sequence[Job]) -> list[Job]:
        """Leave out what was refused before and is unchanged since, and what a person set aside."""

        def work(tx: Transaction) -> list[Job]:
            here = tx.work(self._binding, kind)
            going = []
            for job in jobs:
                if here.standstill(job.decision):
                    here.done(job.task)
                else:
                    going.append(job)
            return going

        return await self._journal.write(work) if jobs else []

    async def _without_overwriting(self, kind: str, jobs: Sequence[Job]) -> list[Job]:
        """An import creates; what it would overwrite is weighed together at its end, not batch by batch."""
        over = [job for job in jobs if any(map(overwrites, job.decision.steps))]

        def work(tx: Transaction) -> None:
            for job in over:
                tx.work(self._binding, kind).put_off(job.task)

        if over:
            await self._journal.write(work)
        return [job for job in jobs if job not in over]

    # -------------------------------------------------------------- checking

    async def _check(self, this: Pass, kind: str, jobs: list[Job], *, whole: bool) -> list[Job]:
        """Hold the writes of this kind that look like an accident; creations wait while memory is new."""
        steps = only_steps([job.decision for job in jobs])
        now = self._clock.now()

        def work(tx: Transaction) -> bool:
            here = tx.work(self._binding, kind)
            reasons = objections(steps, here.linked(), self._settings.limits, asked=this.asked)
            if reasons:
                return here.hold(steps, reasons, now)
            if whole:
                here.unhold()
            return False

        if await self._journal.write(work):
            return [job for job in jobs if not writes(job)]
        if this.waits is None or not any(self._makes(kind, job) for job in jobs):
            return jobs
        this.postponed_until = this.waits.until
        return [job for job in jobs if not self._makes(kind, job)]

    def _makes(self, kind: str, job: Job) -> bool:
        """Whether something new comes of it: a record, or rows that are records of their own over there."""
        return creates(job) or any(map(self._writers[kind].in_parts, job.decision.steps))

    async def _without_blind(self, kind: str, jobs: list[Job]) -> list[Job]:
        """Leave out what would be created where a look for an earlier creation cannot be believed now."""
        creations = [step for job in jobs for step in job.decision.steps if isinstance(step, Create)]
        blind = await self._selftest.blind(kind, creations)
        return [job for job in jobs if not any(creates(job, side) for side in blind)]


def writes(job: Job) -> bool:
    return any(isinstance(step, Create | Update) for step in job.decision.steps)


def creates(job: Job, side: Side | None = None) -> bool:
    """Whether a job makes something new, at one side or at any."""
    return any(isinstance(step, Create) and side in (None, step.side) for step in job.decision.steps)


def _removes(job: Job) -> bool:
    """Whether a job removes a record of the partner's because there is none in Fortnox."""
    steps = [step for step in job.decision.steps if isinstance(step, Update)]
    return Side.FORTNOX not in job.decision.unit.records and any(LIVE in step.fields for step in steps)
