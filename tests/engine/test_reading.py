"""What was changed while we were away is read, wherever a reading is cut short."""

from __future__ import annotations

from contextlib import suppress

import pytest

from daemon.errors import Unreachable
from daemon.sandbox.faults import Fault
from tests.town import Town

LISTS = "/3/customer[s]"  # not the records below it
SINCE_EVER, SINCE_TOMORROW = 'start = "2000-01-01"', 'start = "2026-11-30"'


@pytest.mark.parametrize("days", [0.05, 2], ids=["an hour", "two days"])
@pytest.mark.parametrize("start", [SINCE_EVER, SINCE_TOMORROW], ids=["the same start", "a later start"])
@pytest.mark.parametrize("passed", [0, 1, 2], ids=["the first list", "the second", "the third"])
async def test_an_edit_that_no_list_row_shows_survives_a_reading_cut_short(tmp_path, days, start, passed):
    """
    After a break one of the lists fails, and the edit made meanwhile arrives with the next pass all the same.

    A website is not in a list row, so only the list of what changed since the last mark tells of it.
    """
    town = Town(tmp_path)
    town.people.new_customer(Name="Ek AB", WWW="old.example")
    await town.sync_once()
    town.wait(minutes=11)
    await town.sync_once()
    town.people.edit_customer("1", WWW="new.example")
    town.wait(days=days)
    town.configure(SINCE_EVER, start)
    town.world.faults.add(Fault(system="fortnox", path=LISTS, fault="lost_before", skip=passed, count=3))
    with suppress(Unreachable):
        await town.sync_once()
    town.world.faults.clear()
    town.wait(minutes=11)
    await town.sync_once()
    assert town.people.organisation("Ek AB")["OrganisationWww"] == "new.example"
