"""
Find out what became of writes whose answer was lost. Sends no write.

A creation is looked for twice, a gap apart, before it may be tried again; an
update is settled field by field by what the record shows now, because sending
it again, or forgetting it, could undo a person.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from contextlib import suppress

import msgspec

from daemon.core.agreed import half_written, ids_of
from daemon.core.merge import UNSURE
from daemon.core.records import Lane, Problem, Seen
from daemon.core.recover import GIVEN_UP, Found, Strange, applied, landed
from daemon.core.steps import Create, Decision, Unit, Update
from daemon.core.work import Binding, Intent, Task, Written
from daemon.engine.selftest import IGNORED, Selftest
from daemon.engine.writing import Job, Timing, Writer
from daemon.errors import OutcomeUnknown, Refused, Unusable
from daemon.ports import Clock, Journal, System, Transaction

ATTEMPTS = 3  # then a person
LOOKS = 2  # empty ones before another attempt
SENT_BEFORE = dt.timedelta(minutes=5)  # a look starts this long before the write, for clocks that differ
PATIENCE_S = 5.0  # a pass waits this long for a look that is about to fall due


class Settler:
    """Settles the unknown outcomes of one connector for one kind of record."""

    def __init__(
        self,
        binding: Binding,
        writer: Writer,
        selftest: Selftest,
        timing: Timing,
        journal: Journal,
        clock: Clock,
    ) -> None:
        self._binding, self._writer, self._selftest, self._timing = binding, writer, selftest, timing
        self._journal, self._clock = journal, clock

    async def settle_due(self, unknown: Sequence[Intent]) -> None:
        """Look for all of `unknown` that is of this kind and due; what is not due yet stays unknown."""
        for intent in (each for each in unknown if each.step.kind == self._writer.kind):
            while await self._is_due(intent):
                again = await self._settle(intent)
                if again is None:
                    break
                intent = again  # noqa: PLW2901 - the same intent, one look further

    async def _is_due(self, intent: Intent) -> bool:
        wait_s = self._writer.looks.left_s(intent, self._writer.their_time(intent.step.side))
        if wait_s > PATIENCE_S:
            return False
        if wait_s > 0:
            await self._clock.sleep(wait_s)
        return True

    async def _settle(self, intent: Intent) -> Intent | None:
        """One look. The intent again when it has to be looked for once more."""
        try:
            if isinstance(intent.step, Create):
                return await self._settle_create(intent, intent.step)
            await self._settle_update(intent, intent.step, self._writer.system(intent.step.side))
        except Refused as error:
            await self._writer.unknown(intent, error)  # it is looked for later; others need not wait
        return None

    async def _settle_create(self, intent: Intent, step: Create) -> Intent | None:
        since = intent.sent_at - SENT_BEFORE if intent.sent_at else None
        if not await self._selftest.passes(step, since):
            await self._not_now(intent)
            return None
        try:
            found = await self._writer.finder.look(step, since)
        except Unusable as error:
            if error.code != IGNORED:
                raise
            self._selftest.failed(step.side, step.kind, error)
            await self._not_now(intent)
            return None
        match found:
            case Found(seen):
                await self._writer.settle(intent, seen, Written(outcome="found"), None)
                return None
            case Strange() as found:
                await self._writer.set_aside(intent, self._writer.problem_of(step, found), _job(step))
                return None
            case None:
                return await self._empty_look(intent, step)

    async def _not_now(self, intent: Intent) -> None:
        """A search that is not believed proves nothing: the write stays unknown."""
        await self._look_again(intent, intent.looks)

    async def _empty_look(self, intent: Intent, step: Create) -> Intent | None:
        looks = intent.looks + 1
        if looks < LOOKS:
            return await self._look_again(intent, looks)
        if intent.answered or intent.attempt >= ATTEMPTS:
            await self._writer.set_aside(intent, _gave_up(intent), _job(step))
            return None

        lost = Written(outcome="lost", cause="it was looked for and is not there")

        def ready(tx: Transaction) -> None:
            work = tx.work(self._binding, step.kind)
            work.log(step, ids_of(step), lost, self._clock.now())
            tx.intents(self._binding).ready(intent)
            work.again(step.side.other, step.source_id, asked=True)

        await self._journal.write(ready)
        return None

    async def _settle_sum(self, intent: Intent, step: Update, system: System) -> None:
        """A number that others change too: what stands there proves little, so the vendor is asked first."""
        took = intent.answered or await self._asked(intent, step, system)
        seen = await system.get(step.kind, step.target_id, Lane.SETTLE)
        if took is None and seen:
            took = applied(step, seen.fields)
        if seen and took:
            await self._writer.settle(intent, seen, Written(outcome="found"), None)
        elif seen and took is None:
            unclear = Written(outcome="unclear", cause="others changed it too: a person must look")
            await self._writer.forget(intent, seen, unclear, dict.fromkeys(step.then, UNSURE))
        else:
            await self._writer.forget(intent, seen, Written(outcome="lost", cause="it did not take effect"))

    async def _asked(self, intent: Intent, step: Update, system: System) -> bool | None:
        """Whether the vendor knows the write; None where it does not tell, or was asked before."""
        if intent.looks:
            return None
        # On disk first: where the answer is lost, a second question would be answered by the first one.
        await self._look_again(intent, looks=1)
        with suppress(OutcomeUnknown):
            return await system.fenced(step.kind, step.target_id, step.once, Lane.SETTLE)
        return None

    async def _settle_update(self, intent: Intent, step: Update, system: System) -> None:
        if step.then:
            await self._settle_sum(intent, step, system)
            return
        seen = await system.get(step.kind, step.target_id, Lane.SETTLE)
        table, agreement = system.table(step.kind), self._writer.agreement
        kept = landed(step, table, seen.fields, agreement) if seen else frozenset[str]()
        if seen and intent.answered:  # they said so: what is there instead was written since
            kept |= {field for field, was in step.was.items() if seen.fields.get(field, was) != was}
        if seen is None or not kept:
            await self._writer.forget(intent, seen, Written(outcome="lost", cause="it did not take effect"))
            return
        fields = {field: value for field, value in step.fields.items() if field in kept}
        part = msgspec.structs.replace(intent, step=msgspec.structs.replace(step, fields=fields))
        half = {f: pair for f, pair in half_written(step, seen, table).items() if f not in kept}
        await self._writer.settle(part, seen, Written(outcome="found"), None, half)

    async def _look_again(self, intent: Intent, looks: int) -> Intent:
        """After the gap; `looks` empty ones there were so far."""
        their_time = self._writer.their_time(intent.step.side)
        next_look_at = self._writer.looks.put_off(intent, self._timing.gap, their_time)
        await self._journal.write(
            lambda tx: tx.intents(self._binding).unknown(intent, next_look_at, looks=looks)
        )
        return msgspec.structs.replace(intent, looks=looks, next_look_at=next_look_at)


def _job(step: Create) -> Job:
    """A job to park a record with, when the decision behind it is long gone."""
    unit = Unit(kind=step.kind, records={step.side.other: Seen(id=step.source_id, fields={})})
    return Job(task=Task(unit=unit, seqs=()), decision=Decision(unit=unit, steps=(step,)))


def _gave_up(intent: Intent) -> Problem:
    sent = f"it was sent {intent.attempt} times and never found afterwards"
    return Problem(
        code=GIVEN_UP,
        what="they said that it was made, and it is not shown" if intent.answered else sent,
        where=intent.step.key,
        todo="look for the record in the other system; `retry` sends it once more",
    )
