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

from daemon.core import plan
from daemon.core.agreed import ids_of
from daemon.core.agreement import Agreement
from daemon.core.doubt import CODE, NEW, Doubt, Waiting, left_s
from daemon.core.match import Double
from daemon.core.records import Problem, Side
from daemon.core.steps import Bond, Create, Decision, Link, only_steps
from daemon.core.work import Binding, Task, Which, Written
from daemon.engine.checks import Checks, writes
from daemon.engine.confirming import confirm
from daemon.engine.parallel import for_each
from daemon.engine.passing import Company, Pass, Settings
from daemon.engine.selftest import IGNORED, Selftest
from daemon.engine.settling import PATIENCE_S
from daemon.engine.writing import Job, Writer
from daemon.errors import Gone, Refused, RemoteError, Unreachable, Unusable
from daemon.events import DUPLICATE_FOUND, Events
from daemon.ports import Clock, Journal, Transaction, Work

RECORDS_AT_ONCE = 8
STORED_TOGETHER = 200  # decisions without a request, a transaction
CONFIRM_S = 10.0  # a stop takes at most a request and this: below the 45 s of systemd/
CONFIRMED_TOGETHER = 100  # writes between two read-backs at a side that answers without the record


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
        self._checks = Checks(binding, agreements, writers, selftest, settings, journal, clock)
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
        jobs = await self._checks.news(this, kind, jobs)
        if this.dry_run:
            this.steps += only_steps([job.decision for job in jobs])
            this.set_aside += [job.decision for job in jobs if job.decision.problem]
            return False
        jobs = await self._checks.going(this, kind, jobs, which)
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
            if bond and decision.unlinks:
                news = True
                _unlink(work, decision, bond, now)
            if not writes(job) and not job.waits:
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
        writer, serial = self._writers[kind], self._agreements[kind].series
        writing = [job for job in jobs if writes(job)]
        writer.unsure = False

        async def one(job: Job) -> None:
            if serial and writer.unsure:
                return  # it stays on the list until the outcome of the one before it is known
            job = await self._with_enclosed(this, writer, job)
            if job.waits:
                return
            this.steps += [step for step in job.decision.steps if not isinstance(step, Link)]
            await writer.carry_out(job, this.lane)

        at_once = 1 if serial else RECORDS_AT_ONCE
        try:
            for first in range(0, len(writing), CONFIRMED_TOGETHER):
                await for_each(writing[first : first + CONFIRMED_TOGETHER], one, at_once)
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

    async def _with_enclosed(self, this: Pass, writer: Writer, job: Job) -> Job:
        """A job with the file that it puts to another record; it `waits` where that cannot be had now."""
        create = next((step for step in job.decision.steps if isinstance(step, Create)), None)
        if create is None or not writer.agreement.enclosed:
            return job
        if not this.lacking:
            try:
                source = writer.system(create.side.other)
                content = await source.content(create.kind, create.source_id, this.lane)
                return msgspec.structs.replace(job, enclosed=content)
            except (Refused, Gone) as error:
                await self._lack(job, create, error, again=False)
            except (Unreachable, Unusable) as error:
                this.lacking = True  # one is asked for in vain, not hundreds
                await self._lack(job, create, error, again=True)
        return msgspec.structs.replace(job, waits=True)

    async def _lack(self, job: Job, create: Create, error: RemoteError, *, again: bool) -> None:
        """Nothing was sent: it is listed, and goes by itself when what it lacks is there `again`."""
        now = self._clock.now()
        problem = Problem(code=error.code, what=error.what, where=create.key, todo=error.todo)

        def work(tx: Transaction) -> None:
            here = tx.work(self._binding, create.kind)
            # Without its steps it is not taken for refused.
            here.park(job.decision.hindered(create.key, problem) if again else job.decision, problem, now)
            if not again:
                here.done(job.task)

        await self._journal.write(work)

    async def _confirm(self, writer: Writer) -> None:
        """Read back what was answered without the record."""
        for side in Side:
            await confirm(writer, side)


def _unlink(work: Work, decision: Decision, bond: Bond, now: dt.datetime) -> None:
    """The partner's record was removed: what is in Fortnox is decided about as if it had never crossed."""
    ends = {"fortnox_id": bond.fortnox_id, "partner_id": bond.partner_id}
    gone = Link(
        kind=decision.unit.kind, key=decision.unit.key, **ends, on="", reason="removed at the partner"
    )
    work.unlink(bond.partner_id)
    work.log(gone, ids_of(gone), Written(outcome="unlinked"), now)
    work.again(Side.FORTNOX, bond.fortnox_id, asked=True)


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
