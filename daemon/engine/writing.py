"""
The write protocol: intent, look, sent, one request, judged answer, read-back, link.

The order is the promise. An intent is on disk before its request leaves; from
SENT on the outcome may exist, so everything up to the stored verdict is
shielded from cancellation (of a write of several requests: each of them); a
request is sent once for each attempt; what is not certain becomes UNKNOWN and
is looked for before it is tried again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import anyio
import msgspec
from msgspec import Struct

from daemon.core.agreed import half_written, ids_of, made_equal
from daemon.core.agreement import Agreement
from daemon.core.mapping import Table
from daemon.core.merge import UNSURE
from daemon.core.records import Agreeing, Lane, Problem, Seen, Side
from daemon.core.recover import Found, Strange, unchanged
from daemon.core.steps import Create, Decision, Step, Tables, Update
from daemon.core.work import Binding, Intent, IntentState, Task, Written
from daemon.engine.account import Account
from daemon.engine.finding import Finder
from daemon.engine.looks import Looks
from daemon.errors import DaemonError, Gone, GrantError, OutcomeUnknown, Refused, RemoteError
from daemon.events import (
    DUPLICATE_FOUND,
    OUTCOME_SETTLED,
    OUTCOME_UNKNOWN,
    RECORD_WRITTEN,
    STEP_DONE,
    Event,
    Events,
)
from daemon.ports import Answer, Clock, Ids, Journal, System, Transaction, Work

ONCE_BYTES = 16  # of a name that no other write has
REQUEST_S = 30  # a request is over after this long, whatever happens


class Timing(Struct, frozen=True, kw_only=True):
    """How long an unknown outcome rests before it is looked for, and between two looks."""

    settle: dt.timedelta
    gap: dt.timedelta


class Job(Struct, frozen=True, kw_only=True):
    """One record's steps, and what they were decided from. One that `waits` is decided again in each pass."""

    task: Task
    decision: Decision
    waits: bool = False
    enclosed: bytes | None = None  # what a new record is made with besides its fields


class Pending(Struct, frozen=True, kw_only=True):
    """A write that was answered without the stored record; the next reading confirms it."""

    job: Job
    intent: Intent
    answer: Answer


class Writer:
    """Carries out the steps of one connector for one kind of record."""

    def __init__(
        self,
        binding: Binding,
        agreement: Agreement,
        accounts: Mapping[Side, Account],
        timing: Timing,
        looks: Looks,
        journal: Journal,
        clock: Clock,
        ids: Ids,
        events: Events,
    ) -> None:
        self._binding, self.agreement, self._accounts = binding, agreement, accounts
        self.looks, self._timing = looks, timing
        self.finder = Finder(binding, agreement, accounts, journal)
        self._journal, self._clock, self._ids, self._events = journal, clock, ids, events
        self.pending: dict[Side, list[Pending]] = {side: [] for side in Side}
        self.written = 0
        self.unsure = False  # of a creation, until somebody says otherwise

    @property
    def kind(self) -> str:
        """The kind of record."""
        return self.agreement.kind

    def system(self, side: Side) -> System:
        """The system at one side."""
        return self._accounts[side].system

    def their_time(self, side: Side) -> dt.datetime:
        """What was sent is dated and looked for by the vendor's clock: ours may be wrong."""
        return self._accounts[side].their_time()

    def tables(self) -> Tables:
        """How the kind is spelled on each side now."""
        spelled = {side: account.system.table(self.kind) for side, account in self._accounts.items()}
        today = self._clock.now().date()
        return Tables(fortnox=spelled[Side.FORTNOX], partner=spelled[Side.PARTNER], today=today)

    # -------------------------------------------------------------- one record

    async def carry_out(self, job: Job, lane: Lane) -> bool:
        """
        Do one record's writes, one after the other. False when the record must be decided anew.

        Raises what ends a pass: Unreachable, Throttled, GrantError, StateError.
        """
        for step in job.decision.steps:
            if isinstance(step, Create | Update) and not await self._write(job, step, lane):
                return False
        return True

    async def _write(self, job: Job, step: Create | Update, lane: Lane) -> bool:
        if isinstance(step, Update) and not await self._still_as_planned(job, step, lane):
            return False
        named = msgspec.structs.replace(step, once=self._ids.bytes(ONCE_BYTES).hex())
        intent = await self._journal.write(lambda tx: tx.intents(self._binding).open(named))
        if isinstance(step, Create) and step.look and not await self._free_to_create(job, intent):
            return True
        # A write of several requests may be stopped between two of them; each is shielded by itself.
        with anyio.CancelScope(shield=not self.in_parts(step)):
            await self._send(job, intent, lane)
        return True

    async def hindered(self, job: Job, step: Create, lane: Lane) -> Job:
        """A job whose creation would be refused as things are waits, and is asked about in each pass."""
        problem = await self.system(step.side).hinders(self.kind, step.fields, lane)
        if problem is None:
            return job
        return msgspec.structs.replace(job, decision=job.decision.hindered(step.key, problem), waits=True)

    def in_parts(self, step: Step) -> bool:
        """Whether a write takes several requests, so that a part of it may be done when it fails."""
        return isinstance(step, Update) and bool(step.fields.keys() & self._table(step.side).later)

    def _table(self, side: Side) -> Table:
        return self.system(side).table(self.kind)

    async def _still_as_planned(self, job: Job, step: Update, lane: Lane) -> bool:
        """Read the target once more: a person may have edited it since it was decided about."""
        account = self._accounts[step.side]
        await account.read_by_key(self.agreement, [step.target_id], lane)
        now = await self._journal.write(
            lambda tx: tx.observations(account.system.scope, self.kind).seen(step.target_id)
        )
        return now is not None and now[0].fields == job.decision.unit.records[step.side].fields

    async def _free_to_create(self, job: Job, intent: Intent) -> bool:
        """Look for an earlier creation of ours that this memory does not know; settled or parked if so."""
        step = intent.step
        found = await self.finder.look(step, None)
        if isinstance(found, Found):
            written = Written(outcome="adopted", cause="an earlier creation of ours was found")
            await self.settle(intent, found.seen, written, job.task)
        elif isinstance(found, Strange):
            await self.set_aside(intent, self.problem_of(step, found), job)
        return found is None

    async def _send(self, job: Job, intent: Intent, lane: Lane) -> None:
        now = self.their_time(intent.step.side)
        self.looks.done(intent)
        intent = await self._journal.write(lambda tx: tx.intents(self._binding).sent(intent, now))
        try:
            answer = await self._request(job, intent, lane)
        except anyio.get_cancelled_exc_class():
            await self._stopped(intent)
            raise
        except (Refused, Gone) as error:
            await self._refused(job, intent, error, lane)
            return
        except OutcomeUnknown as error:
            await self.unknown(intent, error)
            return
        except (GrantError, RemoteError) as error:
            # Certainly not applied, and the record stays on the list. Earlier attempts are not forgotten.
            if self.in_parts(intent.step):
                await self.unknown(intent, error, wait=dt.timedelta(0))
            else:
                await self._journal.write(lambda tx: self._back_out(tx, intent))
            raise
        self.written += 1
        if answer.seen is None:
            await self._journal.write(lambda tx: tx.intents(self._binding).answered(intent))
            self.pending[intent.step.side].append(Pending(job=job, intent=intent, answer=answer))
        else:
            await self._answered(job, intent, answer, answer.seen)

    async def _stopped(self, intent: Intent) -> None:
        """A write of several requests was stopped between two of them: none is under way."""
        system, key = self.system(intent.step.side).name, intent.step.key
        what, todo = "the write was stopped between two requests", "it is looked for by itself"
        error = OutcomeUnknown("NET07", what, key, todo, system=system)
        with anyio.CancelScope(shield=True):
            await self.unknown(intent, error, wait=dt.timedelta(0))

    def _back_out(self, tx: Transaction, intent: Intent) -> None:
        intents = tx.intents(self._binding)
        if intent.attempt > 1:
            intents.ready(intent)
        else:
            intents.drop(intent)

    async def _request(self, job: Job, intent: Intent, lane: Lane) -> Answer:
        system, step = self.system(intent.step.side), intent.step
        if isinstance(step, Create):
            return await system.create(self.kind, step.fields, lane, once=step.once, enclosed=job.enclosed)
        shown = job.decision.unit.records[step.side].fields
        return await system.update(self.kind, step.target_id, step.fields, lane, shown, once=step.once)

    # -------------------------------------------------------------- what became of it

    async def _answered(self, job: Job, intent: Intent, answer: Answer, seen: Seen) -> None:
        step = intent.step
        mark = step.fields.get("reference")
        if isinstance(step, Create) and mark is not None and seen.fields.get("reference") != mark:
            system = self.system(step.side).name
            what = "the answer to a creation does not bear our reference"
            error = OutcomeUnknown("NET07", what, step.key, "it is looked for by itself", system=system)
            await self.unknown(intent, error)
            return
        await self.settle(intent, seen, Written(outcome="done", status=answer.status), job.task)

    async def _refused(self, job: Job, intent: Intent, error: RemoteError, lane: Lane) -> None:
        problem = Problem(code=error.code, what=error.what, where=intent.step.key, todo=error.todo)
        step, (status, code) = intent.step, (error.status, error.vendor_code)
        written = Written(outcome="refused", status=status, code=code, cause=error.what, remedy=error.todo)
        if isinstance(step, Create) and self.agreement.series:
            job = await self.hindered(job, step, lane)  # it may have come up since that was asked
            problem = job.decision.problem or problem
        parts = self.in_parts(step) or (isinstance(step, Update) and step.then)
        half = await self._read_half(intent, written) if parts else {}
        if half is not None:
            await self.set_aside(intent, problem, job, written, half)

    async def _read_half(self, intent: Intent, written: Written) -> Agreeing | None:
        """
        What a write of several requests, or of a number, left when it was refused; None where nobody knows,
        or it is decided anew.

        A number that is not as it was was moved by others when their system refused: perhaps that is why.
        Refused by us, after requests of which one may have changed it, it may be that.
        """
        step, account = intent.step, self._accounts[intent.step.side]
        assert isinstance(step, Update)
        try:
            await account.read_by_key(self.agreement, [step.target_id], Lane.SETTLE)
        except Refused as error:
            await self.unknown(intent, error)
            return None
        except (GrantError, RemoteError) as error:
            await self.unknown(intent, error, wait=dt.timedelta(0))
            raise
        found = await self.finder.stored(step.side, [step.target_id])
        if not found:
            return {}
        now = found[step.target_id]
        moved = not unchanged(step, now.fields)
        if moved and written.status:
            await self.forget(intent, now, written)
            return None
        changed = dict.fromkeys(step.then, UNSURE) if moved else {}
        return {**half_written(step, now, self._table(step.side)), **changed}

    async def unknown(self, intent: Intent, error: DaemonError, *, wait: dt.timedelta | None = None) -> None:
        """It is looked for after `wait`; by default when a request under way has had its effect."""
        # From now, not from when it was stored as sent: it waited for its turn, or was one request of many.
        wait = dt.timedelta(seconds=REQUEST_S) + self._timing.settle if wait is None else wait
        next_look_at = self.looks.put_off(intent, wait, self.their_time(intent.step.side))
        await self._journal.write(lambda tx: tx.intents(self._binding).unknown(intent, next_look_at))
        self.unsure |= isinstance(intent.step, Create)
        self._tell(OUTCOME_UNKNOWN, intent.step, error=str(error))

    # -------------------------------------------------------------- the verdict, one commit each

    async def settle(
        self, intent: Intent, seen: Seen, written: Written, task: Task | None, half: Agreeing | None = None
    ) -> None:
        """The write took effect, but perhaps for `half`: the record, the link, what is agreed, the log."""
        step, now, tables = intent.step, self._clock.now(), self.tables()
        ids = (seen.id, step.source_id) if step.side is Side.FORTNOX else (step.source_id, seen.id)

        def work(tx: Transaction) -> None:
            here = tx.work(self._binding, self.kind)
            self._accounts[step.side].store_seen(tx, self.agreement, [seen], now)
            equal = made_equal(step, seen, tables, self.agreement, written.outcome)
            here.agree(*ids, {**equal, **(half or {})}, now)
            here.log(step, ids, written, now)
            here.unpark(step.key)
            if task:
                here.done(task)
            here.again(step.side.other, step.source_id)
            tx.intents(self._binding).drop(intent)

        await self._journal.write(work)
        self._tell_done(intent, written)
        if task and task.seen_at:
            lag_s = (now - task.seen_at).total_seconds()
            self._events.emit(RECORD_WRITTEN, connector=self._binding.name, lag_s=lag_s)

    async def forget(
        self, intent: Intent, seen: Seen | None, written: Written, agreed: Agreeing | None = None
    ) -> None:
        """An update did not take effect, or nobody knows (`agreed`): it is decided anew."""
        step, now = intent.step, self._clock.now()
        assert isinstance(step, Update)
        account = self._accounts[step.side]

        def work(tx: Transaction) -> None:
            here = tx.work(self._binding, self.kind)
            if seen is None:
                tx.observations(account.system.scope, self.kind).store_gone(step.target_id, now)
            else:
                account.store_seen(tx, self.agreement, [seen], now)
                if half := {**half_written(step, seen, self._table(step.side)), **(agreed or {})}:
                    self._agree(here, step, half, now)
            here.log(step, ids_of(step), written, now)
            here.again(step.side.other, step.source_id)
            tx.intents(self._binding).drop(intent)

        await self._journal.write(work)
        self._tell_done(intent, written)

    @staticmethod
    def _agree(work: Work, step: Create | Update, agreed: Agreeing, now: dt.datetime) -> None:
        fortnox_id, partner_id = ids_of(step)
        assert fortnox_id is not None
        assert partner_id is not None
        work.agree(fortnox_id, partner_id, agreed, now)

    async def set_aside(
        self,
        intent: Intent,
        problem: Problem,
        job: Job,
        written: Written | None = None,
        half: Agreeing | None = None,
    ) -> None:
        """The record is parked with its reason; the intent is over. `half` is what it left."""
        step, now = intent.step, self._clock.now()
        outcome = written or Written(outcome="parked", cause=problem.what, remedy=problem.todo)

        def work(tx: Transaction) -> None:
            here = tx.work(self._binding, self.kind)
            here.park(job.decision, problem, now)
            if half:
                self._agree(here, step, half, now)
            here.log(step, ids_of(step), outcome, now)
            if not job.waits:
                here.done(job.task)
            tx.intents(self._binding).drop(intent)

        await self._journal.write(work)
        self._tell_done(intent, outcome)

    def problem_of(self, step: Create | Update, found: Strange) -> Problem:
        """What an operator reads when something is there that may be ours; doubles are counted."""
        reference = step.fields.get("reference")
        if reference is not None and len(found.ids) > 1:
            self._events.emit(
                DUPLICATE_FOUND,
                connector=self._binding.name,
                kind=step.kind,
                key=step.key,
                reference=str(reference),
            )
        return Problem(
            code="INT01",
            what=f"something that may be this record is there already: {', '.join(found.ids)}",
            where=step.key,
            todo="look at it there: give it the same number on both sides, or remove it; then `retry`",
        )

    def _tell_done(self, intent: Intent, written: Written) -> None:
        self.looks.done(intent)
        self._tell(STEP_DONE, intent.step, outcome=written.outcome)
        if intent.state is IntentState.UNKNOWN:
            self._tell(OUTCOME_SETTLED, intent.step, outcome=written.outcome)

    def _tell(self, event: Event, step: Create | Update, **more: object) -> None:
        self._events.emit(
            event,
            connector=self._binding.name,
            kind=step.kind,
            action="create" if isinstance(step, Create) else "update",
            side=step.side.value,
            **more,
        )
