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
from contextlib import suppress
from functools import partial

from daemon.core.agreement import Agreement
from daemon.core.doubt import Doubt, Waiting
from daemon.core.records import Lane, Side
from daemon.core.report import ConnectorReport, parked, shown
from daemon.core.steps import Create, Step, Update
from daemon.core.work import Binding, Counts, Intent, IntentState, Task, Which
from daemon.engine.checks import creates
from daemon.engine.first_run import read_ahead
from daemon.engine.looks import Looks
from daemon.engine.passing import Company, Pass, Settings
from daemon.engine.rounds import Rounds
from daemon.engine.selftest import Selftest
from daemon.engine.settling import Settler
from daemon.engine.watching import Watch
from daemon.engine.writing import REQUEST_S, Writer
from daemon.errors import GrantError, Refused, RemoteError
from daemon.events import Events
from daemon.ports import Clock, Ids, Journal, Transaction

ROUNDS = 3  # number write-backs need a second, links a third
IMPORTED_TOGETHER = 40
COPIES_EVERY_S = 1800.0  # what nothing is taken from is read for copies of ours alone


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
        ids: Ids,
        events: Events,
    ) -> None:
        self.binding, self._agreements, self._ends, self._settings = binding, agreements, ends, settings
        self._journal, self._clock, self._events = journal, clock, events
        accounts = {side: ends.at(side) for side in Side}
        self._looks = Looks(clock, settings.timing.settle + dt.timedelta(seconds=REQUEST_S))
        self._writers = {
            kind: Writer(
                binding, agreement, accounts, settings.timing, self._looks, journal, clock, ids, events
            )
            for kind, agreement in agreements.items()
        }
        self._placed: set[str] = set()  # kinds whose fields are known to be kept where they are read
        self._selftest = Selftest(binding, self._writers, accounts, journal, clock, ids)
        self._watch = Watch(binding, agreements, journal, clock, events)
        self._rounds = Rounds(
            binding, agreements, ends, self._writers, self._selftest, settings, journal, clock, events
        )

    @property
    def kinds(self) -> Sequence[str]:
        """The kinds of record that are switched on."""
        return tuple(self._agreements)

    async def _prepare(self) -> None:
        """What must be known of both systems before the first pass. Cheap when repeated."""
        for side in Side:
            await self._ends.at(side).system.prepare()

    async def _recover(self) -> Sequence[Intent]:
        """
        All that is unknown. What an earlier pass left as sent is: no write is under way now.

        Not only after a restart: a pass may end between a write and its
        verdict, when the disk is full or the side that must be read back is away.
        """
        settle = self._settings.timing.settle + dt.timedelta(seconds=REQUEST_S)
        next_look_at = max(self._ends.at(side).their_time() for side in Side) + settle

        def work(tx: Transaction) -> Sequence[Intent]:
            intents = tx.intents(self.binding)
            intents.after_restart(next_look_at)
            return intents.in_state(IntentState.UNKNOWN)

        unknown = await self._journal.write(work)
        self._looks.keep({intent.id for intent in unknown})
        return unknown

    # -------------------------------------------------------------- the pass

    async def run_pass(
        self,
        side: Side | None,
        *,
        dry_run: bool = False,
        imports: str | None = None,
        eager: bool = False,
    ) -> ConnectorReport:
        """
        Read one side, or both to a fixed point when None, and act.

        `eager`: somebody waits for it, so records that may have changed again are read at once.
        `imports` names a kind whose unlinked Fortnox records are brought over.
        Raises what ends a pass early: Unreachable, Throttled, Unusable,
        GrantError, StateError; what was done until then is stored.
        """
        this = Pass(
            dry_run=dry_run,
            lane=Lane.BULK if imports else Lane.FRESH,
            asked=imports is not None,
            eager=eager,
        )
        if dry_run:
            return await self._pass(this, side, imports)
        await self._watch.overdue()  # first: it must be told also when somebody is away
        try:
            return await self._pass(this, side, imports)
        except (GrantError, RemoteError) as error:
            await self._glance(this, error)
            raise

    async def _pass(self, this: Pass, side: Side | None, imports: str | None) -> ConnectorReport:
        await self._prepare()
        self._watch.troubles([each for side in Side for each in self._ends.at(side).system.troubles()])
        self._selftest.begin()
        kinds = self._kinds(imports)
        if not this.dry_run:
            await self._rounds.grow_up(this)
        for together in self._with_parts(kinds):
            await self._look(this, together, side)
        if not this.dry_run:
            unknown = await self._recover()
            for kind in kinds:
                await self._settler(kind).settle_due(unknown)
        if imports:
            await self._import(this, imports)
        await self._to_fixed_point(this, kinds)
        this.off += self._selftest.red.values()
        return await self.report(this)

    async def _glance(self, this: Pass, error: GrantError | RemoteError) -> None:
        """Where Fortnox ended a pass before the partner was read: what falls due there must be known."""
        partner = self._ends.partner
        if isinstance(error, RemoteError) and error.system == partner.system.name:
            return
        for kind, agreement in self._agreements.items():
            if agreement.series and (kind, Side.PARTNER) not in this.looked:
                with suppress(GrantError, RemoteError):  # the pass has failed, and says why
                    await partner.system.prepare()
                    await partner.refresh(agreement)

    def _kinds(self, imports: str | None) -> Sequence[str]:
        """The kinds of a pass; an import takes along the kind that its records belong to."""
        if imports is None:
            return list(self._agreements)
        belongs = self._agreements[imports].belongs_to
        return [*([belongs.kind] if belongs else []), imports]

    def _settler(self, kind: str) -> Settler:
        timing = self._settings.timing
        return Settler(self.binding, self._writers[kind], self._selftest, timing, self._journal, self._clock)

    def _with_parts(self, kinds: Sequence[str]) -> Sequence[Sequence[str]]:
        """Each kind together with its parts, also where those are not among `kinds`."""
        parts = {
            kind: [each.kind for each in self._agreements.values() if each.part_of == kind] for kind in kinds
        }
        among = {part for each in parts.values() for part in each}
        return [[kind, *parts[kind]] for kind in kinds if kind not in among]

    async def _look(
        self, this: Pass, kinds: Sequence[str], side: Side | None, *, afresh: bool = False
    ) -> None:
        """
        Read the lists of some kinds, `afresh` however lately, then by key what they say must be read.

        All lists first: what is read by key shows its parts, and no list says afterwards that they are due.
        """
        for each in (side,) if side else tuple(Side):
            listed = [
                kind for kind in kinds if await self._list(this, kind, each, afresh=afresh or side is None)
            ]
            for kind in listed:
                agreement = self._agreements[kind]
                if this.asked or (agreement.one_way and each is Side.FORTNOX):
                    continue
                try:
                    this.read += await self._ends.at(each).complete(agreement, Lane.READ)
                except Refused as error:
                    this.off.append(error)

    async def _list(self, this: Pass, kind: str, side: Side, *, afresh: bool) -> bool:
        """Read the lists of one kind at one side; False where they are refused."""
        agreement, account = self._agreements[kind], self._ends.at(side)
        young_s = min(self._settings.max_age_s, self._rounds.grown_for_s())
        if agreement.one_way and side is Side.FORTNOX:
            young_s = COPIES_EVERY_S
        this.looked.add((kind, side))
        if reach := account.system.reach.get(kind):
            await self._watch.missed(kind, side, reach)
        max_age_s = 0.0 if afresh else young_s
        try:
            why = await account.refresh(agreement, max_age_s=max_age_s, eager=this.eager)
        except Refused as error:
            self._selftest.failed(side, kind, error)  # what it would show may be there all the same
            return False
        if why:
            self._selftest.distrust(side, kind, why)
        await self._note_places(kind, side)
        return True

    async def _note_places(self, kind: str, side: Side) -> None:
        """A field that the config has moved: what it holds there is read now, and was never agreed on."""
        if side is Side.FORTNOX or kind in self._placed:
            return
        rows = self._ends.partner.system.table(kind).rows
        places = {row.ours: str(row.theirs) for row in rows}
        await self._journal.write(lambda tx: tx.work(self.binding, kind).kept_at(places))
        self._placed.add(kind)

    async def _to_fixed_point(self, this: Pass, kinds: Sequence[str]) -> None:
        for _ in range(1 if this.dry_run else ROUNDS):
            progress = [await self._round(this, kind) for kind in kinds]
            if not any(progress):
                return

    async def _round(self, this: Pass, kind: str) -> bool:
        """
        Decide and act once; whether anything was done that may need another decision.

        A pass reads one side, but nothing is created at a side whose list is not
        of this pass: the same record may have been made there meanwhile.
        """
        tasks = await self._rounds.tasks(this, kind)
        jobs = self._rounds.decide(kind, tasks)
        there = [side for side in Side if any(creates(job, side) for job in jobs)]
        unseen = [side for side in there if (kind, side) not in this.looked]
        for side in unseen:
            await self._look(this, [kind], side)
        if unseen:
            tasks = await self._rounds.tasks(this, kind)
            jobs = self._rounds.decide(kind, tasks)
        if not this.dry_run:
            await self._watch.gaps(kind, tasks)
        before = len(this.steps)
        acted = await self._rounds.act(this, kind, tasks, jobs)
        if not this.dry_run:
            await self._look_at_parts(this, kind, this.steps[before:])
        return acted

    async def _look_at_parts(self, this: Pass, kind: str, steps: Sequence[Step]) -> None:
        """What was made just now is of another kind too, which is decided about in this pass."""
        made = sorted({step.side for step in steps if isinstance(step, Create)})
        for part in (each.kind for each in self._agreements.values() if each.part_of == kind):
            for side in made:
                await self._look(this, [part], side, afresh=True)

    # -------------------------------------------------------------- first import

    async def _import(self, this: Pass, kind: str) -> None:
        """
        Bring over every unlinked Fortnox record of a kind.

        What is asked for is stored first: an import that was cut short goes on
        where it stopped. What people change meanwhile does not wait for its end.
        """
        await self._journal.write(
            lambda tx: tx.work(self.binding, kind).list_unlinked(asked=not this.dry_run)
        )
        if this.dry_run:
            return
        began, looked_s = self._clock.now(), self._clock.monotonic()

        async def act(tasks: Sequence[Task]) -> bool:
            nonlocal looked_s
            if self._clock.monotonic() - looked_s >= self._settings.fresh_every_s:
                looked_s = self._clock.monotonic()
                await self._look_aside(this, began)
            return await self._rounds.decide_and_act(this, kind, tasks, Which.ASKED)

        batch = partial(self._rounds.tasks, this, kind, Which.ASKED, IMPORTED_TOGETHER)
        await read_ahead(partial(self._read_asked, this, kind), batch, act, self._clock)

    async def _read_asked(self, this: Pass, kind: str) -> None:
        def unread(tx: Transaction) -> Sequence[str]:
            return tx.work(self.binding, kind).unread(IMPORTED_TOGETHER)

        while record_ids := await self._journal.write(unread):
            await self._ends.fortnox.read_by_key(self._agreements[kind], record_ids, Lane.BULK)
            this.read += len(record_ids)

    async def _look_aside(self, this: Pass, since: dt.datetime) -> None:
        """In the middle of an import, bring over what people changed since it began."""
        lane, this.lane = this.lane, Lane.FRESH
        for kind, agreement in self._agreements.items():
            for side in Side:
                account = self._ends.at(side)
                if why := await account.refresh(agreement):
                    self._selftest.distrust(side, kind, why)
                this.read += await account.complete(agreement, Lane.FRESH, since)
            fresh = await self._rounds.tasks(this, kind, Which.FRESH)
            await self._rounds.decide_and_act(this, kind, fresh, Which.FRESH)
        this.lane = lane

    def doubt(self, doubt: Doubt | None) -> None:
        """What is remembered may be older than what was done: nothing is created for a while."""
        self._rounds.doubt(doubt)

    # -------------------------------------------------------------- telling

    def creations_wait(self) -> Waiting | None:
        """Until when nothing is created, and why."""
        return self._rounds.creations_wait()

    async def counts(self) -> Counts:
        """What waits at this connector."""
        return await self._journal.write(lambda tx: tx.counts(self.binding))

    async def report(self, this: Pass) -> ConnectorReport:
        """The pass went through: what it did and what waits now."""

        def work(tx: Transaction) -> Counts:
            if not this.dry_run:
                tx.succeeded(self.binding, self._clock.now())
            return tx.counts(self.binding)

        counts = await self._journal.write(work)
        looks = [at for at in (self._looks.next_at() if counts.unknown else None, this.postponed_until) if at]
        return ConnectorReport(
            name=self.binding.name,
            outcome=_outcome(this, counts),
            steps=(*map(shown, this.steps), *map(parked, this.set_aside)),
            held=counts.held,
            parked=counts.parked,
            conflicts=counts.conflicts,
            unknown=counts.unknown,
            error=str(this.off[0]) if this.off else None,
            next_look_at=min(looks, default=None),
            creations_wait=this.waits or self.creations_wait(),
            read=this.read,
            written=sum(isinstance(step, Create | Update) for step in this.steps) if not this.dry_run else 0,
        )


def _outcome(this: Pass, counts: Counts) -> str:
    worst = (
        ("grant", any(error.code.startswith("AUT") for error in this.off)),
        ("unreachable", bool(this.off)),
        ("unknown", bool(counts.unknown or this.postponed_until)),
        ("held", bool(counts.held)),
        ("parked", bool(counts.parked)),
        ("conflict", bool(counts.conflicts)),
    )
    return next((name for name, present in worst if present), "ok")
