"""
One pass of one connector: look, settle leftovers, decide, check, act, remember.

Every decision is taken in `daemon.core` before the first write is sent. What is
left here is order: what was read is on disk, mark included, before anything is
decided. A record whose write is under way is left alone; everything else that
is new since the last pass is decided once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import anyio
import msgspec
from msgspec import Struct

from daemon.core.agreement import Agreement
from daemon.core.guard import Limits, objections
from daemon.core.plan import Create, Link, Step, Update, decide, only_steps
from daemon.core.records import Lane, Side
from daemon.core.report import ConnectorReport
from daemon.core.work import Binding, Task, Written
from daemon.engine.account import Account
from daemon.engine.parallel import for_each
from daemon.engine.settling import PATIENCE_S, Settler
from daemon.engine.writing import Job, Timing, Writer, ids_of
from daemon.errors import Refused
from daemon.events import Events
from daemon.ports import Clock, Counts, Journal, Transaction

ROUNDS = 3  # number write-backs need a second, links a third
RECORDS_AT_ONCE = 8
STORED_TOGETHER = 200  # decisions without a request, a transaction
CONFIRMED_TOGETHER = 100  # writes between two read-backs at a side that answers without the record
IMPORTED_TOGETHER = 50
IDLE_S = 0.1  # an import that has used up what is read waits this long


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


class _Pass:
    """What one pass adds up."""

    def __init__(self, *, dry_run: bool, lane: Lane, asked: bool) -> None:
        self.dry_run, self.lane, self.asked = dry_run, lane, asked
        self.steps: list[Step] = []
        self.read = 0
        self.postponed_until: dt.datetime | None = None
        self.off: list[Refused] = []  # kinds that the vendor does not let us see


class Connector:
    """One partner joined to one company. One pass at a time."""

    def __init__(
        self,
        binding: Binding,
        agreements: Mapping[str, Agreement],
        ends: Company,
        settings: Settings,
        journal: Journal,
        clock: Clock,
        events: Events,
    ) -> None:
        self.binding, self._agreements, self._ends, self._settings = binding, agreements, ends, settings
        self._journal, self._clock, self._events = journal, clock, events
        accounts = {side: ends.at(side) for side in Side}
        self._writers = {
            kind: Writer(binding, agreement, accounts, settings.timing, journal, clock, events)
            for kind, agreement in agreements.items()
        }
        self._recovered = False

    @property
    def kinds(self) -> Sequence[str]:
        """The kinds of record that are switched on."""
        return tuple(self._agreements)

    async def prepare(self) -> None:
        """What must be known of both systems before the first pass. Cheap when repeated."""
        for side in Side:
            await self._ends.at(side).system.prepare()
        if not self._recovered:
            settle = self._settings.timing.settle + dt.timedelta(seconds=30)
            await self._journal.write(lambda tx: tx.intents(self.binding).after_restart(settle))
            self._recovered = True

    # -------------------------------------------------------------- the pass

    async def run_pass(
        self, side: Side | None, *, dry_run: bool = False, imports: str | None = None
    ) -> ConnectorReport:
        """
        Read one side, or both to a fixed point when None, and act.

        `imports` names a kind whose unlinked Fortnox records are brought over.
        Raises what ends a pass early: Unreachable, Throttled, Unusable,
        GrantError, StateError; what was done until then is stored.
        """
        this = _Pass(dry_run=dry_run, lane=Lane.BULK if imports else Lane.FRESH, asked=imports is not None)
        await self.prepare()
        kinds = self._kinds(imports)
        if not dry_run:
            for kind in kinds:
                await self._settler(kind).settle_due()
        for kind in kinds:
            await self._look(this, kind, side)
        if imports:
            await self._import(this, imports)
        await self._to_fixed_point(this, kinds)
        if not dry_run:
            await self._journal.write(lambda tx: tx.succeeded(self.binding, self._clock.now()))
        return await self.report(this)

    def _kinds(self, imports: str | None) -> Sequence[str]:
        return [imports] if imports else list(self._agreements)

    def _settler(self, kind: str) -> Settler:
        timing = self._settings.timing
        return Settler(self.binding, self._writers[kind], timing, self._journal, self._clock)

    async def _look(self, this: _Pass, kind: str, side: Side | None) -> None:
        """Read the lists of one kind, then by key what they say must be read."""
        agreement = self._agreements[kind]
        for each in (side,) if side else tuple(Side):
            account = self._ends.at(each)
            max_age_s = 0.0 if side is None else self._settings.max_age_s
            try:
                await account.refresh(agreement, max_age_s=max_age_s, eager=side is None)
                if not this.asked:
                    this.read += await account.complete(agreement, Lane.READ)
            except Refused as error:
                this.off.append(error)

    async def _to_fixed_point(self, this: _Pass, kinds: Sequence[str]) -> None:
        for _ in range(1 if this.dry_run else ROUNDS):
            progress = [await self._round(this, kind) for kind in kinds]
            if not any(progress):
                return

    async def _round(self, this: _Pass, kind: str) -> bool:
        """Decide and act once; whether anything was done that may need another decision."""
        await self._journal.write(lambda tx: tx.work(self.binding, kind).collect())
        return await self._decide_and_act(this, kind, await self._tasks(this, kind))

    # -------------------------------------------------------------- deciding

    async def _tasks(self, this: _Pass, kind: str, asked_most: int | None = None) -> Sequence[Task]:
        """What is to be decided, every record of it read whole."""
        agreement = self._agreements[kind]

        def ask(tx: Transaction) -> Sequence[Task]:
            return tx.work(self.binding, kind).tasks(agreement, asked_most=asked_most)

        tasks = await self._journal.write(ask)
        unread = _unread(tasks)
        if not any(unread.values()):
            return tasks
        for side, record_ids in unread.items():
            await self._ends.at(side).read_by_key(agreement, sorted(record_ids), this.lane)
            this.read += len(record_ids)
        return await self._journal.write(ask)

    async def _decide_and_act(
        self, this: _Pass, kind: str, tasks: Sequence[Task], *, whole: bool = True
    ) -> bool:
        """`whole` says that `tasks` are all there are, so that a plan held before is judged anew."""
        jobs = await self._without_standstill(kind, self._decide(kind, tasks))
        if this.dry_run:
            this.steps += only_steps([job.decision for job in jobs])
            return False
        jobs = await self._check(this, kind, jobs, whole=whole)
        done = await self._remember(kind, jobs)
        return await self._act(this, kind, jobs) or done

    def _decide(self, kind: str, tasks: Sequence[Task]) -> list[Job]:
        """One job for each record, in a stable order; twins that are both new make one."""
        tables = self._writers[kind].tables()
        jobs: dict[str, Job] = {}
        for task in sorted(tasks, key=lambda task: task.unit.key):
            decision = decide(task.unit, self._agreements[kind], tables)
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
            here = tx.work(self.binding, kind)
            going = []
            for job in jobs:
                if here.standstill(job.decision):
                    here.done(job.task)
                else:
                    going.append(job)
            return going

        return await self._journal.write(work)

    # -------------------------------------------------------------- checking

    async def _check(self, this: _Pass, kind: str, jobs: list[Job], *, whole: bool) -> list[Job]:
        """Hold the writes of this kind that look like an accident; creations wait while memory is new."""
        steps = only_steps([job.decision for job in jobs])
        now = self._clock.now()

        def work(tx: Transaction) -> bool:
            here = tx.work(self.binding, kind)
            reasons = objections(steps, here.linked(), self._settings.limits, asked=this.asked)
            if reasons:
                return here.hold(steps, reasons, now)
            if whole:
                here.unhold()
            return False

        if await self._journal.write(work):
            return [job for job in jobs if not _writes(job)]
        return await self._wait_while_young(this, jobs)

    async def _wait_while_young(self, this: _Pass, jobs: list[Job]) -> list[Job]:
        """A memory that was made just now creates nothing until late effects of an older one have shown."""
        if not any(_creates(job) for job in jobs):
            return jobs
        ready_at = self.binding.born_at + self._settings.timing.settle
        wait_s = (ready_at - self._clock.now()).total_seconds()
        if wait_s <= 0:
            return jobs
        if wait_s <= PATIENCE_S:
            await self._clock.sleep(wait_s)
            return jobs
        this.postponed_until = ready_at
        return [job for job in jobs if not _creates(job)]

    # -------------------------------------------------------------- acting

    async def _remember(self, kind: str, jobs: Sequence[Job]) -> bool:
        """Store what needs no request: links, what is alike already, conflicts, and what is set aside."""
        linked = False
        for first in range(0, len(jobs), STORED_TOGETHER):
            some = jobs[first : first + STORED_TOGETHER]
            linked |= await self._journal.write(partial(self._remember_some, kind, some))
        return linked

    def _remember_some(self, kind: str, jobs: Sequence[Job], tx: Transaction) -> bool:
        now = self._clock.now()
        work, linked = tx.work(self.binding, kind), False
        for job in jobs:
            decision = job.decision
            bond = decision.unit.bond
            for step in decision.steps:
                if isinstance(step, Link):
                    linked = True
                    work.log(step, ids_of(step), Written(outcome="done"), now)
            if bond and (decision.alike or any(isinstance(step, Link) for step in decision.steps)):
                work.agree(bond.fortnox_id, bond.partner_id, decision.alike, now)
            if bond:
                work.note_conflicts(decision.unit.key, decision.conflicts, now)
            if decision.problem:
                work.park(decision, decision.problem, now)
            if not _writes(job):
                if not decision.problem:
                    work.unpark(decision.unit.key)
                tx.intents(self.binding).forget(kind, decision.unit.key)
                work.done(job.task)
        return linked

    async def _act(self, this: _Pass, kind: str, jobs: Sequence[Job]) -> bool:
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
        finally:
            with anyio.CancelScope(shield=True):
                await self._confirm(writer)
        return bool(writing)

    async def _confirm(self, writer: Writer) -> None:
        for side in Side:
            await writer.confirm(side)

    # -------------------------------------------------------------- first import

    async def _import(self, this: _Pass, kind: str) -> None:
        """
        Bring over every unlinked Fortnox record of a kind.

        Reading by key runs ahead while what is read is written, so that the
        slower of the two budgets is always full. What is asked for is stored:
        an import that was cut short goes on where it stopped.
        """
        agreement = self._agreements[kind]
        fortnox = self._ends.fortnox
        await self._journal.write(lambda tx: tx.work(self.binding, kind).ask_for_unlinked())
        await fortnox.want_whole(agreement)
        if this.dry_run:
            this.read += await fortnox.complete(agreement, Lane.BULK)
            return
        reading = anyio.Event()

        async def read_ahead() -> None:
            this.read += await fortnox.complete(agreement, Lane.BULK)
            reading.set()

        async def write_behind() -> None:
            before: set[str] | None = None
            while True:
                over = reading.is_set()
                tasks = await self._tasks(this, kind, IMPORTED_TOGETHER)
                keys = {task.unit.key for task in tasks}
                if over and (not keys or keys == before):
                    return  # nothing is left, or only what waits
                if not await self._decide_and_act(this, kind, tasks, whole=False):
                    await self._clock.sleep(IDLE_S)
                before = keys

        await for_each([read_ahead, write_behind], lambda work: work(), 2)

    # -------------------------------------------------------------- telling

    async def counts(self) -> Counts:
        """What waits at this connector."""
        return await self._journal.write(lambda tx: tx.counts(self.binding))

    async def report(self, this: _Pass) -> ConnectorReport:
        """What the pass did and what waits now."""
        counts = await self.counts()
        looks = [at for at in (counts.next_look_at, this.postponed_until) if at]
        return ConnectorReport(
            name=self.binding.name,
            outcome=_outcome(this, counts),
            steps=tuple(_shown(step) for step in this.steps),
            held=counts.held,
            parked=counts.parked,
            conflicts=counts.conflicts,
            unknown=counts.unknown,
            error=str(this.off[0]) if this.off else None,
            next_look_at=min(looks, default=None),
            read=this.read,
            written=sum(isinstance(step, Create | Update) for step in this.steps) if not this.dry_run else 0,
        )


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


def _writes(job: Job) -> bool:
    return any(isinstance(step, Create | Update) for step in job.decision.steps)


def _creates(job: Job) -> bool:
    return any(isinstance(step, Create) for step in job.decision.steps)


def _outcome(this: _Pass, counts: Counts) -> str:
    worst = (
        ("grant", bool(this.off)),
        ("unknown", bool(counts.unknown or this.postponed_until)),
        ("held", bool(counts.held)),
        ("parked", bool(counts.parked)),
        ("conflict", bool(counts.conflicts)),
    )
    return next((name for name, present in worst if present), "ok")


def _shown(step: Step) -> dict[str, Any]:
    """A step as an operator reads it."""
    fields = {} if isinstance(step, Link) else dict(step.fields)
    side = "both" if isinstance(step, Link) else step.side.value
    return {
        "action": str(step.__struct_config__.tag),
        "side": side,
        "kind": step.kind,
        "key": step.key,
        "fields": msgspec.to_builtins(fields),
        "reason": step.reason,
    }
