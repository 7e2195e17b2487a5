"""
What an earlier request of a creation made: what the vendor shows, and what it has shown since.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from functools import partial

from daemon.core.agreement import Agreement
from daemon.core.records import Lane, Seen, Side
from daemon.core.recover import Found, Strange, born
from daemon.core.steps import Create, Update
from daemon.core.work import Binding
from daemon.engine.account import Account
from daemon.ports import Journal, Transaction


class Finder:
    """Looks for the creations of one connector, for one kind of record."""

    def __init__(
        self, binding: Binding, agreement: Agreement, accounts: Mapping[Side, Account], journal: Journal
    ) -> None:
        self._binding, self._agreement, self._accounts = binding, agreement, accounts
        self._journal = journal

    async def look(self, step: Create | Update, since: dt.datetime | None) -> Found | Strange | None:
        """The record that a creation made, if any; `since` is a time before it, None when unknown."""
        system, kind = self._accounts[step.side].system, step.kind
        hits = await system.look(kind, step.fields, since, partial(self._whole, step))
        shown = {hit.id for hit in hits}
        known = [seen for seen in await self._known(step) if seen.id not in shown]
        names = self._agreement.recognised_by
        found = born(step.fields, system.table(kind), [*hits, *known], names, since)
        # A number of what is booked is given again once the last one was deleted: its mark says whose it is.
        numbered = self._agreement.series is not None
        if isinstance(found, Found) and not numbered and await self._is_anothers(step, found.seen.id):
            return Strange((found.seen.id,))
        return found

    async def stored(self, side: Side, record_ids: Sequence[str]) -> Mapping[str, Seen]:
        """Those of these records that are known whole."""
        scope, kind = self._accounts[side].system.scope, self._agreement.kind

        def work(tx: Transaction) -> Mapping[str, Seen]:
            here = tx.observations(scope, kind)
            found = [stored[0] for each in record_ids if (stored := here.seen(each))]
            return {seen.id: seen for seen in found if seen.full}

        return await self._journal.write(work)

    async def _is_anothers(self, step: Create | Update, record_id: str) -> bool:
        """Whether a record was linked to another one meanwhile, to which a person gave its number, say."""
        bond = await self._journal.write(
            lambda tx: tx.work(self._binding, step.kind).bond(step.side, record_id)
        )
        return bond is not None and bond.ids[step.side.other] != step.source_id

    async def _known(self, step: Create | Update) -> Sequence[Seen]:
        """
        What a list has shown under a name of the creation, where a look by the number alone may not find it.

        Nothing like it was known when the creation was decided. So it is what we made, renumbered or
        deleted since, or a person has made one like it.
        """
        side = step.side.other
        return await self._journal.write(
            lambda tx: tx.work(self._binding, step.kind).twins(self._agreement, side, step.source_id)
        )

    async def _whole(self, step: Create | Update, record_ids: Sequence[str]) -> Sequence[Seen]:
        """These records, but for those known to bear another mark or none: it is given at birth only."""
        mark = step.fields.get("reference")
        known = await self.stored(step.side, record_ids)
        unread = [
            record_id
            for record_id in record_ids
            if mark is None or record_id not in known or known[record_id].fields.get("reference") == mark
        ]
        await self._accounts[step.side].read_by_key(self._agreement, unread, Lane.SETTLE)
        return list((await self.stored(step.side, unread)).values())
