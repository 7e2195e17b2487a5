"""
Decide about every record that waits, check the plan, and carry it out.

Records in parallel, one record serial; what needs no request is stored at once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import compress

import anyio
import msgspec
from msgspec import Struct

from daemon.core import plan
from daemon.core.agreed import ids_of
from daemon.core.agreement import Agreement
from daemon.core.doubt import CODE, NEW, Doubt, Waiting, left_s
from daemon.core.guard import Limits, objections
from daemon.core.match import Double
from daemon.core.records import Lane, Side
from daemon.core.steps import Create, Decision, Link, Step, Update, only_steps, overwrites
from daemon.core.work import Binding, Task, Which, Written
from daemon.engine.account import Account
from daemon.engine.confirming import confirm
from daemon.engine.parallel import for_each
from daemon.engine.selftest import IGNORED, Selftest
from daemon.engine.settling import PATIENCE_S
from daemon.engine.writing import Job, Timing, Writer
from daemon.errors import RemoteError, Unusable
from daemon.events import DUPLICATE_FOUND, Events
from daemon.ports import Clock, Journal, Transaction, Work

RECORDS_AT_ONCE = 8
STORED_TOGETHER = 200  # decisions without a request, a transaction
CONFIRM_S = 10.0  # a stop takes at most a request and this: below the 45 s of systemd/
CONFIRMED_TOGETHER = 100  # writes between two read-backs at a side that answers without the record


class Company(Struct, frozen=True, kw_only=True):
    """What a connector joins: one Fortnox company and one partner account, each read once for everybody."""

    fortnox: Account
    partner: Account

    def at(self, side: Side) -> Account:
        """The account at one side."""
        return self.fortnox if side is Side.FORTNOX else self.partner


class Settings(Struct, frozen=True, kw_only=True):
    """How careful a connector is, and how fresh what it reads must be."""

    limits: Limits
    timing: Timing
    max_age_s: float  # a reading made for another connector this lately will do
    fresh_every_s: float  # how often an import looks at what people change meanwhile


class Pass:
    """What one pass adds up."""

    def __init__(self, *, dry_run: bool, lane: Lane, asked: bool) -> None:
        self.dry_run, self.lane, self.asked = dry_run, lane, asked
        self.steps: list[Step] = []
        self.read = 0
        self.waits: Waiting | None = None  # until then nothing is created
        self.postponed_until: dt.datetime | None = None
        self.looked: set[tuple[str, Side]] = set()  # lists that were read in this pass
        self.off: list[RemoteError] = []  # what the vendor does not let us see, and searches not believed


class Rounds:
    """Decides and acts for one connector, one kind of record at a time."""

    def __init__(
        self,
        binding: Binding,
        agreements: Mapping[str, Agreement],
        ends: Company,
        writers: Mapping[str, Writer],
        selftest: Selftest,
        settings: Settings,
        journal: Journal,
        clock: Clock,
        events: Events,
    ) -> None:
        self._binding, self._agreements, self._ends = binding, agreements, ends
        self._writers, self._selftest, self._settings = writers, selftest, settings
        self._journal, self._clock, self._events = journal, clock, events
        self._ready_s = self._when_ready_s()

    def _when_ready_s(self) -> float:
        """By the clock that nobody sets: no jump makes the wait shorter or longer."""
        left = left_s(self._binding.begun, self._clock.now(), self._settings.timing.settle)
        return self._clock.monotonic() + left

    def doubt(self, doubt: Doubt | None) -> None:
        """What this connector remembers may be older than what was done; harmless when repeated."""
        if doubt != self._binding.doubt:
            self._binding = msgspec.structs.replace(self._binding, doubt=doubt)
            self._ready_s = self._when_ready_s()

    def creations_wait(self) -> Waiting | None:
        """Until when nothing is created, and why; None when nothing hinders it."""
        wait_s = self._ready_s - self._clock.monotonic()
        if wait_s <= 0:
            return None
        why = self._binding.begun.why
        until = self._clock.now() + dt.timedelta(seconds=wait_s)
        return Waiting(until=until.replace(microsecond=0), code="" if why == NEW else CODE, why=why)

    def grown_for_s(self) -> float:
        """How long things may be created already; an older reading may lack a late effect."""
        return max(0.0, self._clock.monotonic() - self._ready_s)

    async def grow_up(self, this: Pass) -> None:
        """
        A memory that is new, or may be old, creates nothing until late effects of another one have shown.

        They must have shown before the pass reads, so what is waited for is waited for here.
        """
        wait_s = self._ready_s - self._clock.monotonic()
        if 0 < wait_s <= PATIENCE_S:
            await self._clock.sleep(wait_s)
        elif wait_s > 0:
            this.waits = self.creations_wait()

    # -------------------------------------------------------------- deciding

    async def tasks(self, this: Pass, kind: str, which: Which = Which.ALL, most: int = 0) -> Sequence[Task]:
        """What is to be decided, what is new among it, every record of it read whole."""
        agreement = self._agreements[kind]

        def ask(tx: Transaction) -> Sequence[Task]:
            if which is not Which.ASKED:
                tx.work(self._binding, kind).collect()
            return tx.work(self._binding, kind).tasks(agreement, which, most)

        tasks = await self._journal.write(ask)
        unread = _unread(tasks)
        if any(unread.values()):
            for side, record_ids in unread.items():
                await self._ends.at(side).read_by_key(agreement, sorted(record_ids), this.lane)
                this.read += len(record_ids)
            tasks = await self._journal.write(ask)
        return [_as_asked(task) for task in tasks] if this.dry_run and this.asked else tasks

    async def decide_and_act(
        self, this: Pass, kind: str, tasks: Sequence[Task], which: Which = Which.ALL
    ) -> bool:
        """`which` tasks these are: only when they are all there are, a plan held before is judged anew."""
        return await self.act(this, kind, tasks, self.decide(kind, tasks), which)

    async def act(
        self, this: Pass, kind: str, tasks: Sequence[Task], jobs: list[Job], which: Which = Which.ALL
    ) -> bool:
        """Do what was decided about these tasks; whether anything may need another decision."""
        jobs = await self._without_standstill(kind, jobs)
        if this.dry_run:
            this.steps += only_steps([job.decision for job in jobs])
            return False
        if which is Which.ASKED:
            jobs = await self._without_overwriting(kind, jobs)
        jobs = await self._check(this, kind, jobs, whole=which is Which.ALL)
        jobs = await self._without_blind(kind, jobs)
        this.steps += [step for step in only_steps([job.decision for job in jobs]) if isinstance(step, Link)]
        done = await self._remember(kind, jobs)
        acted = await self._act(this, kind, jobs)
        await self._wake(kind, tasks)
        return acted or done

    def decide(self, kind: str, tasks: Sequence[Task]) -> list[Job]:
        """One job for each record, in a stable order; twins that are both new make one."""
        tables = self._writers[kind].tables()
        agreement = self._agreements[kind]
        ordered = sorted(tasks, key=lambda task: task.unit.key)
        decisions = [plan.decide(task.unit, agreement, tables) for task in ordered]
        going = plan.undisputed(decisions, agreement.recognised_by)
        jobs: dict[str, Job] = {}
        for task, decision in compress(zip(ordered, decisions, strict=True), going):
            key = decision.unit.key
            earlier = jobs.get(key)
            if earlier is None:
                jobs[key] = Job(task=task, decision=decision)
            else:
                both = msgspec.structs.replace(earlier.task, seqs=(*earlier.task.seqs, *task.seqs))
                jobs[key] = Job(task=both, decision=earlier.decision)
        return list(jobs.values())

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
            return [job for job in jobs if not _writes(job)]
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

    # -------------------------------------------------------------- acting

    async def _remember(self, kind: str, jobs: Sequence[Job]) -> bool:
        """
        Store what needs no request: links, what is alike already, conflicts, and what is set aside.

        Whether something may be decided differently now.
        """
        news = False
        for first in range(0, len(jobs), STORED_TOGETHER):
            some = jobs[first : first + STORED_TOGETHER]
            again, doubles = await self._journal.write(partial(self._remember_some, kind, some))
            news |= again
            for key in doubles:
                self._events.emit(DUPLICATE_FOUND, connector=self._binding.name, kind=kind, key=key)
        return news

    def _remember_some(self, kind: str, jobs: Sequence[Job], tx: Transaction) -> tuple[bool, Sequence[str]]:
        """Whether something may be decided differently now, and which records are doubles as of now."""
        now = self._clock.now()
        work, news = tx.work(self._binding, kind), False
        doubles: list[str] = []
        for job in jobs:
            decision = job.decision
            bond = decision.unit.bond
            for step in decision.steps:
                if isinstance(step, Link):
                    news = True
                    work.unpark(f"{Side.FORTNOX.value}:{step.fortnox_id}")
                    # Its creation was given up as lost, under the key it had before it had a twin.
                    tx.intents(self._binding).forget(kind, f"{Side.FORTNOX.value}:{step.fortnox_id}")
                    work.log(step, ids_of(step), Written(outcome="done"), now)
            if bond and (decision.alike or any(isinstance(step, Link) for step in decision.steps)):
                work.agree(bond.fortnox_id, bond.partner_id, decision.alike, now)
            if bond:
                work.note_conflicts(decision.unit.key, decision.conflicts, now)
            if decision.wants:
                other, side, record_id = decision.wants
                tx.work(self._binding, other).again(side, record_id, asked=True)
                news = True
            doubles += _set_aside(work, decision, now)
            if not _writes(job):
                if not decision.problem:
                    work.unpark(decision.unit.key)
                tx.intents(self._binding).forget(kind, decision.unit.key)
                work.done(job.task)
        return news, doubles

    async def _wake(self, kind: str, tasks: Sequence[Task]) -> None:
        """What belongs to these records may cross now, or no more."""
        waking = [
            agreement
            for agreement in self._agreements.values()
            if agreement.belongs_to and agreement.belongs_to.kind == kind
        ]
        ends = {(side, seen.id) for task in tasks for side, seen in task.unit.records.items()}

        def work(tx: Transaction) -> None:
            for agreement in waking:
                for side, record_id in sorted(ends):
                    tx.work(self._binding, agreement.kind).wake(agreement, side, record_id)

        if waking and ends:
            await self._journal.write(work)

    async def _act(self, this: Pass, kind: str, jobs: Sequence[Job]) -> bool:
        """Carry out the writes: records in parallel, one record serial. Whether there were any."""
        writer = self._writers[kind]
        writing = [job for job in jobs if _writes(job)]

        async def one(job: Job) -> None:
            this.steps += [step for step in job.decision.steps if not isinstance(step, Link)]
            await writer.carry_out(job, this.lane)

        try:
            for first in range(0, len(writing), CONFIRMED_TOGETHER):
                await for_each(writing[first : first + CONFIRMED_TOGETHER], one, RECORDS_AT_ONCE)
                await self._confirm(writer)
        except Unusable as error:
            if error.code == IGNORED:  # only what is made in Fortnox is looked for before
                self._selftest.failed(Side.FORTNOX, kind, error)
            raise
        finally:
            # Shielded: a write whose read-back is cut off would be unknown though it was answered.
            # Not for ever, so that a stop ends in time; what is not confirmed by then is looked for.
            with anyio.move_on_after(CONFIRM_S, shield=True):
                await self._confirm(writer)
            for pending in writer.pending.values():
                pending.clear()  # left as sent: the next pass finds it unknown
        return bool(writing)

    async def _confirm(self, writer: Writer) -> None:
        """Read back what was answered without the record."""
        for side in Side:
            await confirm(writer, side)


def _set_aside(work: Work, decision: Decision, now: dt.datetime) -> Sequence[str]:
    """Park what has a problem. Its key, when it is a double that nobody was told of yet."""
    if decision.problem is None:
        return ()
    # Without its steps: those that still go must not be taken for refused when they fail.
    new = work.park(msgspec.structs.replace(decision, steps=()), decision.problem, now)
    return (decision.unit.key,) if new and isinstance(decision.problem, Double) else ()


def _unread(tasks: Sequence[Task]) -> Mapping[Side, set[str]]:
    """The records that a decision needs and that only a list row shows so far."""
    unread: dict[Side, set[str]] = {side: set() for side in Side}
    for task in tasks:
        for side, seen in task.unit.records.items():
            if not seen.full:
                unread[side].add(seen.id)
            other = {c.record.id for c in task.unit.candidates if not c.record.full and not c.linked}
            unread[side.other] |= other
    return unread


def _as_asked(task: Task) -> Task:
    """What an import would decide about: it is only asked for when it is to be done."""
    asked = Side.FORTNOX in task.unit.records
    return msgspec.structs.replace(task, unit=msgspec.structs.replace(task.unit, asked=asked))


def _writes(job: Job) -> bool:
    return any(isinstance(step, Create | Update) for step in job.decision.steps)


def creates(job: Job, side: Side | None = None) -> bool:
    """Whether a job makes something new, at one side or at any."""
    return any(isinstance(step, Create) and side in (None, step.side) for step in job.decision.steps)
