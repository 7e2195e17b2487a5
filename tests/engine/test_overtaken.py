"""A reading that our own write has overtaken is not taken for a person's edit."""

from __future__ import annotations

import pytest

from daemon.core.records import Lane, Seen, Side
from tests.town import Town


@pytest.mark.row("D4")
async def test_a_reading_begun_before_our_write_does_not_undo_what_the_write_stored(tmp_path):
    """The older value that it shows arrives after the write was settled, and is dropped."""
    town = Town(tmp_path)
    async with town.running():
        town.people.new_customer(Name="Alfa AB", Phone1="1")
        await town.sync()
        loop = town.house.loops["webcrm"]
        account, kinds = loop.connector._ends.fortnox, loop.connector._agreements
        system, get = account.system, account.system.get
        old = await get("customer", "1", Lane.READ)
        assert old is not None

        async def slow_get(_kind: str, _record_id: str, _lane: Lane) -> Seen:
            # While this answer is on its way a salesperson's edit is written.
            system.get = get
            town.people.edit_organisation(town.people.organisation("Alfa AB"), Telephone="2")
            await town.sync()
            return old

        system.get = slow_get
        await account.read_by_key(kinds["customer"], ["1"], Lane.BULK)
        since = town.world.log.last_seq
        await loop.run_pass(Side.PARTNER)

        assert town.writes(since) == []
        assert town.people.customer("1")["Phone1"] == "2"
        assert town.people.organisation("Alfa AB")["OrganisationTelephone"] == "2"
