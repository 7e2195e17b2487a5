"""
Whether a search shows what is there: nothing is created, or given up for lost, because of one that does not.

A look that finds nothing is what a creation rests on. It is believed when, within the last day of this
process, the same search showed a record that is known to be there, and nothing for a mark that nobody has.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence

from daemon.core.records import Fields, Lane, Seen, Side, Value
from daemon.core.recover import WITHIN, Found, Strange, born, goes_by
from daemon.core.steps import Create
from daemon.core.work import Binding
from daemon.engine.account import Account
from daemon.engine.writing import Writer
from daemon.errors import Refused, RemoteError, Unusable
from daemon.ports import Clock, Ids, Journal, Transaction

EVERY_S = 86_400.0
TRIED_MOST = 3  # known records: what people ended or renamed meanwhile proves nothing
RECALLED_MOST = 50  # of which these are taken
IGNORED = "JSN16"  # a search that shows what was not asked for


class Selftest:
    """
    What one connector knows of the searches of its two systems.

    `red` are those that failed in the present pass, with what the operator reads.
    """

    def __init__(
        self,
        binding: Binding,
        writers: Mapping[str, Writer],
        accounts: Mapping[Side, Account],
        journal: Journal,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._binding, self._writers, self._accounts = binding, writers, accounts
        self._journal, self._clock, self._ids = journal, clock, ids
        self._passed_s: dict[tuple[Side, str, str, str], float] = {}  # by side, kind, what it goes by, half
        self.red: dict[tuple[Side, str], RemoteError] = {}

    def begin(self) -> None:
        """A pass begins: what failed in the one before may work now."""
        self.red.clear()

    def failed(self, side: Side, kind: str, error: RemoteError) -> None:
        """A search turned out not to be believed: until it is tested again it is not."""
        self.red[side, kind] = error
        self._passed_s = {test: at_s for test, at_s in self._passed_s.items() if test[:2] != (side, kind)}

    def distrust(self, side: Side, kind: str, why: str) -> None:
        """A list was not believed: what it does not show may be there all the same."""
        self.failed(side, kind, self._refused(side, kind, why))

    async def blind(self, kind: str, steps: Collection[Create]) -> frozenset[Side]:
        """The sides at which none of `steps` may be carried out now."""
        for step in steps:
            if step.look:
                await self.passes(step, None)
        return frozenset(step.side for step in steps if (step.side, kind) in self.red)

    async def passes(self, step: Create, since: dt.datetime | None) -> bool:
        """Whether a look for `step` may be believed; `since` as for `System.look`."""
        where, by = (step.side, step.kind), goes_by(step, since)
        if not by or where in self.red:
            return not by
        try:
            why = await self._test(step, by)
        except Unusable as error:
            if error.code != IGNORED:
                raise
            self.failed(*where, error)
        else:
            if why:
                self.failed(*where, self._refused(*where, why))
        return where not in self.red

    async def _test(self, step: Create, by: Sequence[str]) -> str:
        """Why the search is not to be believed, "" when it is. Each half is tested when it is due."""
        for half in (self._known, self._random):
            test = (step.side, step.kind, by[0], half.__name__)
            now_s = self._clock.monotonic()
            if now_s - self._passed_s.get(test, float("-inf")) < EVERY_S:
                continue
            why = await half(step, by)
            if why:
                return why
            if why is not None:
                self._passed_s[test] = now_s
        return ""

    # -------------------------------------------------------------- the two halves

    async def _known(self, step: Create, by: Sequence[str]) -> str | None:
        """Why a record that is there is not found; "" when it is, None while none is known to ask for."""
        linked = await self._linked(step)
        witnesses = [seen for partner_id, seen in linked if self._bears(step, by, partner_id, seen)]
        for seen in witnesses[:TRIED_MOST]:
            sought = {name: seen.fields[name] for name in by}
            if seen.id in await self._found(step, sought):
                return ""
            if await self._is_there(step, seen.id, sought):
                return f"a search by {by[0]} does not show {step.kind} {seen.id}, which is there"
        return None  # those that are known are gone or bear it no more: nothing is proven

    async def _random(self, step: Create, by: Sequence[str]) -> str:
        """Why something is found for what nobody has; "" when nothing is."""
        made_up = {name: self._unheard_of(step, name) for name in by if name not in WITHIN}
        found = await self._found(step, {**{name: step.fields.get(name) for name in by}, **made_up})
        return f"a search by {by[0]} for what nobody has shows {', '.join(sorted(found))}" if found else ""

    async def _found(self, step: Create, sought: Fields) -> Collection[str]:
        """The ids of what a look takes for the record that was made with `sought`."""
        system = self._accounts[step.side].system

        async def whole(record_ids: Sequence[str]) -> Sequence[Seen]:
            return list((await self._stored(step, record_ids)).values())

        hits = await system.look(step.kind, sought, None, whole)
        names = self._writers[step.kind].agreement.recognised_by
        match born(sought, system.table(step.kind), hits, names):
            case Found(seen):
                return (seen.id,)
            case Strange(ids):
                return ids
            case None:
                return ()

    async def _is_there(self, step: Create, record_id: str, sought: Fields) -> bool:
        """Whether the record, read by its key, still bears what it was sought by."""
        agreement = self._writers[step.kind].agreement
        await self._accounts[step.side].read_by_key(agreement, [record_id], Lane.SETTLE)
        now = (await self._stored(step, [record_id])).get(record_id)
        return now is not None and all(now.fields.get(name) == value for name, value in sought.items())

    # -------------------------------------------------------------- what is known

    async def _linked(self, step: Create) -> Sequence[tuple[str, Seen]]:
        """Linked records by their partner's id, the youngest first; none that a list may not show yet."""
        before = self._clock.now() - self._accounts[step.side].system.overlap
        return await self._journal.write(
            lambda tx: tx.work(self._binding, step.kind).recall(step.side, before, RECALLED_MOST)
        )

    def _bears(self, step: Create, by: Sequence[str], partner_id: str, seen: Seen) -> bool:
        """Whether a linked record can be sought: by our own mark, where it is one."""
        mark = self._writers[step.kind].agreement.mark
        ours = {"reference": mark(partner_id)} if mark else {}
        shown = {name: seen.fields.get(name) for name in by}
        return all(value is not None and ours.get(name, value) == value for name, value in shown.items())

    async def _stored(self, step: Create, record_ids: Sequence[str]) -> Mapping[str, Seen]:
        scope = self._accounts[step.side].system.scope

        def work(tx: Transaction) -> Mapping[str, Seen]:
            here = tx.observations(scope, step.kind)
            return {each: stored[0] for each in record_ids if (stored := here.seen(each))}

        return await self._journal.write(work)

    def _unheard_of(self, step: Create, name: str) -> Value:
        """A value of the form of `step`'s own that no record has."""
        chance, mark = self._ids.bytes(16), self._writers[step.kind].agreement.mark
        if name == "reference" and mark:
            return mark(chance.hex())
        form, colon, _ = str(step.fields.get(name)).rpartition(":")
        return f"{form}{colon}{int.from_bytes(chance[:7], 'big')}"

    def _refused(self, side: Side, kind: str, what: str) -> Refused:
        system = self._accounts[side].system.name
        todo = "nothing is created there until it does, the rest goes on; report it when it lasts"
        return Refused("JSN17", what, f"{system}, {kind}s", todo, system=system)
