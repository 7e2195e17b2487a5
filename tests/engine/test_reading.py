"""What was changed while we were away is read, wherever a reading is cut short."""

from __future__ import annotations

import datetime as dt
import json
from contextlib import suppress

import pytest

from daemon.core.records import Side
from daemon.errors import Unreachable
from daemon.sandbox import web
from daemon.sandbox.faults import Fault
from tests.engine.test_acknowledged import Lists
from tests.engine.test_settling import linked, type_in, values
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


# ------------------------------------------------------------------ older pictures

COMPARED_AFTER = {"hours": 25}  # then everything is read, not only what changed


async def test_a_list_that_shows_a_record_as_it_was_undoes_no_edit(tmp_path):
    """What its own stamp says is older than what is known is read by its key before it is believed."""
    town = Town(tmp_path)
    number = await linked(town)
    lists = Lists(town, "/Queries")
    old = town.people.organisations()
    town.wait(minutes=11)
    type_in(town, number, "webcrm", "Telephone", "08-2")
    await town.sync_once()
    assert values(town, number, "Phone1", "Telephone") == ("08-2", "08-2")
    town.wait(**COMPARED_AFTER)
    lists.show = lambda response: web.Response.json(200, old) if json.loads(response.body) else response
    await town.sync_once()
    assert values(town, number, "Phone1", "Telephone") == ("08-2", "08-2")


async def test_an_edit_counts_also_where_their_clock_was_put_back(tmp_path):
    """Its stamp is older than what is known, and the record itself, read by its key, says the same."""
    town = Town(tmp_path)
    number = await linked(town)
    type_in(town, number, "webcrm", "Telephone", "08-2")
    await town.sync_once()
    town.world._base = lambda: town.clock.now() - dt.timedelta(days=2)
    for phone in ("08-3", "08-4"):
        type_in(town, number, "webcrm", "Telephone", phone)
        town.wait(**COMPARED_AFTER)
        await town.sync_once()
        assert values(town, number, "Phone1", "Telephone") == (phone, phone)


# ------------------------------------------------------------------ lists that are refused


async def test_nothing_is_made_where_the_list_is_refused(tmp_path):
    """The same company may have been made there: that a person typed it is seen when the list is shown."""
    town = Town(tmp_path)
    await linked(town)
    refused = Fault(system="webcrm", method="GET", path="/Queries", fault="status", status=403)
    async with town.running():
        run_pass = town.house.loops["webcrm"].run_pass
        await run_pass(None)
        town.wait(minutes=11)
        town.people.new_organisation("Björk AB", ExtraCustom2="556016-0680")
        town.people.new_customer(Name="Björk AB", OrganisationNumber="556016-0680")
        town.world.faults.add(refused)
        report = await run_pass(Side.FORTNOX)
        assert (report.steps, "403" in str(report.error)) == ((), True)
        assert (await run_pass(Side.FORTNOX)).error is None
    assert len(town.people.organisations()) == 2
    assert town.people.organisation("Björk AB")["OrganisationExtraCustom1"] == "2"
