"""
The first pass links what is the same on both sides and creates nothing old unasked (row W3, decision 6).
"""

from __future__ import annotations

import pytest

from tests.rows.acts import OLD, codes, listed, sync_at_rest

pytestmark = pytest.mark.row("W3")
ONE, OTHER = "556036-0793", "556016-0680"


def from_now_on(town):
    """As an operator leaves it: records cross that are changed after the first run."""
    town.configure('start = "2000-01-01"', "# start: the first run")


async def first_run(town):
    """The first pass, and one when no overlap reaches back to it."""
    await sync_at_rest(town)
    town.wait(minutes=OLD)
    await sync_at_rest(town)


async def test_records_with_the_same_number_are_linked_and_merged(town):
    """
    One stays one: what only one side has crosses, what differs is decided and listed.
    """
    from_now_on(town)
    town.people.new_customer(Name="Alfa AB", CustomerNumber="100", Phone1="090-1")
    town.people.new_organisation("Alfa Aktiebolag", ExtraCustom1="100", Fax="090-2")
    town.wait(minutes=OLD)
    async with town.running():
        await first_run(town)
        assert [("name", "Alfa AB", "Alfa Aktiebolag", "fortnox", "decided")] == await listed(town)
    (organisation,) = town.people.organisations()
    assert ("Alfa AB", "090-1") == (organisation["OrganisationName"], organisation["OrganisationTelephone"])
    assert ["100"] == [each["CustomerNumber"] for each in town.people.customers()]
    assert "090-2" == town.people.customer("100")["Fax"]


@pytest.mark.parametrize(
    "typed", [ONE, ONE.replace("-", ""), f"16{ONE}"], ids=["as is", "no dash", "century"]
)
async def test_records_with_the_same_organisation_number_are_linked(town, typed):
    """
    When no number says it and each side has it once; however it is spelled.
    """
    from_now_on(town)
    town.people.new_customer(Name="Alfa AB", OrganisationNumber=ONE)
    town.people.new_organisation("Alfa AB", ExtraCustom2=typed)
    town.wait(minutes=OLD)
    async with town.running():
        await first_run(town)
        assert [] == await codes(town)
    assert ["1"] == [each["OrganisationExtraCustom1"] for each in town.people.organisations()]


@pytest.mark.parametrize("where", ["fortnox", "webcrm"])
async def test_an_organisation_number_that_two_records_share_proves_nothing(town, where):
    """
    Parked under REC07 with the candidates, nothing is made or linked; a number typed on one of them decides.
    """
    from_now_on(town)
    people = town.people
    people.new_customer(Name="Alfa AB", OrganisationNumber=ONE)
    alfa = people.new_organisation("Alfa AB", ExtraCustom2=ONE)
    if where == "fortnox":
        people.new_customer(Name="Alfa Filial", OrganisationNumber=ONE)
    else:
        people.new_organisation("Alfa Filial", ExtraCustom2=ONE)
    town.wait(minutes=OLD)
    async with town.running():
        await first_run(town)
        assert {"REC07"} == set(await codes(town))
        assert [] == town.writes()
        people.edit_organisation(alfa, ExtraCustom1="1")
        await sync_at_rest(town)
        assert "1" == people.organisation("Alfa AB")["OrganisationExtraCustom1"]
        people.edit_organisation(alfa, Fax="1")
        await sync_at_rest(town)
    assert "1" == people.customer("1")["Fax"]


async def test_older_records_without_a_twin_are_not_created(town):
    """
    Neither way, and nobody has to do anything about it.
    """
    from_now_on(town)
    town.people.new_customer(Name="Alfa AB", OrganisationNumber=ONE)
    town.people.new_organisation("Beta AB", ExtraCustom2=OTHER)
    town.wait(minutes=OLD)
    async with town.running():
        await first_run(town)
        assert ([], []) == (await codes(town), town.writes())


@pytest.mark.parametrize("minutes", [1, 5, 9, 11, 60], ids=lambda minutes: f"{minutes} min after")
async def test_an_older_record_that_is_changed_crosses(town, minutes):
    """
    From the first run on an edit on either side brings the whole record over.
    """
    from_now_on(town)
    people = town.people
    people.new_customer(Name="Alfa AB", Phone1="1")
    beta = people.new_organisation("Beta AB", Telephone="2")
    town.wait(minutes=OLD)
    async with town.running():
        await sync_at_rest(town)
        town.wait(minutes=minutes)
        people.edit_customer("1", Fax="1")
        people.edit_organisation(beta, Fax="2")
        await sync_at_rest(town)
    assert {"Alfa AB", "Beta AB"} == {each["Name"] for each in people.customers()}
    assert "1" == people.organisation("Alfa AB")["OrganisationTelephone"]
    assert "2" == people.customer("2")["Phone1"]


async def test_records_made_after_the_first_run_cross_both_ways(town):
    """
    The very minute after it, too.
    """
    from_now_on(town)
    async with town.running():
        await sync_at_rest(town)
        town.people.new_customer(Name="Alfa AB")
        town.people.new_organisation("Beta AB")
        await sync_at_rest(town)
    assert 2 == len(town.people.customers()) == len(town.people.organisations())


async def test_a_twin_that_is_of_another_type_is_not_doubled(town):
    """
    A Fortnox customer whose organisation is a prospect today does not get a second organisation.
    """
    town.people.new_organisation("Alfa AB", ExtraCustom2=ONE, Type="Prospekt")
    town.people.new_customer(Name="Alfa AB", OrganisationNumber=ONE)
    async with town.running():
        await sync_at_rest(town)
    assert 1 == len(town.people.organisations())


async def test_both_sides_made_the_same_customer_between_two_syncs(town):
    """
    The organisation number says so: linked, not doubled.
    """
    async with town.running():
        await town.sync()
        town.people.new_customer(Name="Alfa AB", OrganisationNumber=ONE)
        town.people.new_organisation("Alfa", ExtraCustom2=ONE)
        await sync_at_rest(town)
    assert 1 == len(town.people.customers()) == len(town.people.organisations())
