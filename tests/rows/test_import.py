"""
The first import of all active Fortnox customers into webCRM, on request (row W6).
"""

from __future__ import annotations

import pytest

from daemon.errors import Unreachable
from daemon.sandbox.faults import Fault
from tests.rows.acts import OLD, codes, sync_at_rest

pytestmark = pytest.mark.row("W6")


def company_of(town, count):
    """A company that has had customers for a while; the daemon is to start with what comes after."""
    town.configure('start = "2000-01-01"', "# start: the first run")
    for number in range(1, count + 1):
        fields = {"CustomerNumber": str(number), "Name": f"Kund {number}", "Phone1": f"090-{number}"}
        town.people.act("fortnox", "create", kind="customers", fields=fields)
    town.wait(minutes=OLD)


async def cut_short(town):
    """An import during which webCRM goes away; it is back afterwards."""
    town.world.faults.add(Fault(fault="status", status=503, system="webcrm", skip=30, count=None))
    with pytest.raises(Unreachable):
        await town.sync(imports="customer")
    town.world.faults.clear()


def names(town):
    """The organisations' names, each as often as it is there."""
    return sorted(each["OrganisationName"] for each in town.people.organisations())


async def test_without_being_asked_nothing_old_is_imported(town):
    """
    The import is on request.
    """
    company_of(town, 3)
    async with town.running():
        await sync_at_rest(town)
    assert [] == names(town)


async def test_a_dry_run_lists_every_step_and_writes_nothing(town):
    """
    What would be made is shown with its fields; afterwards nothing has changed.
    """
    company_of(town, 3)
    async with town.running():
        report = await town.sync(imports="customer", dry_run=True)
        assert [("create", "partner", f"Kund {n}") for n in (1, 2, 3)] == [
            (step["action"], step["side"], step["fields"]["name"]) for step in report.steps
        ]
        assert [] == town.writes()
        await sync_at_rest(town)
        assert [] == names(town)


async def test_all_active_customers_are_imported_and_no_other(town):
    """
    More than the guard would let pass unasked (200), each once, whole, with type and number.
    """
    company_of(town, 230)
    town.people.edit_customer("7", Active=False)
    town.wait(minutes=OLD)
    async with town.running():
        report = await town.sync(imports="customer")
        assert ("ok", 0) == (report.outcome, report.held)
        since = town.world.log.last_seq
        await sync_at_rest(town)
        assert [] == town.writes(since)
    assert sorted(f"Kund {n}" for n in range(1, 231) if n != 7) == names(town)
    one = town.people.organisation("Kund 230")
    fields = ("Type", "Telephone", "ExtraCustom1")
    assert ["Kund – Företag", "090-230", "230"] == [one[f"Organisation{name}"] for name in fields]


async def test_an_import_that_is_cut_short_goes_on_where_it_stopped(town):
    """
    webCRM goes away in the middle; asked again after a restart, the rest follows and nothing is made twice.
    """
    company_of(town, 60)
    async with town.running():
        await cut_short(town)
    assert 0 < len(names(town)) < 60
    town.wait(minutes=1)
    async with town.running():
        await town.sync(imports="customer")
        town.wait(minutes=1)
        await sync_at_rest(town)
    assert sorted(f"Kund {n}" for n in range(1, 61)) == names(town)


async def test_what_was_asked_for_also_arrives_by_the_ordinary_passes(town):
    """
    A person who does not ask again gets the rest all the same.
    """
    company_of(town, 60)
    async with town.running():
        await cut_short(town)
    town.wait(minutes=1)
    async with town.running():
        await town.sync()
        town.wait(minutes=1)
        await sync_at_rest(town)
    assert sorted(f"Kund {n}" for n in range(1, 61)) == names(town)


async def test_customers_that_webcrm_has_are_linked_not_doubled(town):
    """
    By number; and what the two tell of each other crosses.
    """
    company_of(town, 3)
    town.people.new_organisation("Kund 2", ExtraCustom1="2", Fax="090-9")
    town.wait(minutes=OLD)
    async with town.running():
        await town.sync(imports="customer")
        await sync_at_rest(town)
    assert ["Kund 1", "Kund 2", "Kund 3"] == names(town)
    assert "090-9" == town.people.customer("2")["Fax"]


async def test_a_second_import_makes_nothing(town):
    """
    Asking again is harmless.
    """
    company_of(town, 3)
    async with town.running():
        await town.sync(imports="customer")
        since = town.world.log.last_seq
        await town.sync(imports="customer")
        assert [] == town.writes(since)


async def test_a_customer_that_cannot_be_imported_does_not_hold_up_the_others(town):
    """
    It is parked with its reason; mended, it follows by itself.
    """
    company_of(town, 3)
    town.people.edit_customer("2", Phone1="0" * 60)
    town.wait(minutes=OLD)
    async with town.running():
        await town.sync(imports="customer")
        assert (["REC10"], ["Kund 1", "Kund 3"]) == (await codes(town), names(town))
        town.people.edit_customer("2", Phone1="090-2")
        await sync_at_rest(town)
    assert ["Kund 1", "Kund 2", "Kund 3"] == names(town)


@pytest.mark.row("B2", "W6")
async def test_an_import_does_not_overwrite_more_than_a_pass_may(town):
    """
    What an import would overwrite is weighed together at its end, not a few at a time: 30 are held.
    """
    for number in range(30):
        town.people.new_organisation(f"Old name {number}", ExtraCustom1=str(3 * number + 1))
    for number in range(90):
        town.people.new_customer(Name=f"Name {number}")
    async with town.running():
        report = await town.sync(imports="customer")
        names = {each["OrganisationName"] for each in town.people.organisations()}
        assert (report.outcome, report.held) == ("held", 1)
        assert {f"Old name {number}" for number in range(30)} <= names
        assert len(names) == 30 + 60
