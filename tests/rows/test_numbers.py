"""
Who owns the customer number: Fortnox assigns it, or a person types it in webCRM (row W7).
"""

from __future__ import annotations

import pytest

from tests.rows.acts import codes, listed, sent, sync_at_rest

pytestmark = pytest.mark.row("W7")
NUMBER = "OrganisationExtraCustom1"


def numbers(town):
    """What each organisation's number field shows, in the order they were made."""
    return [each[NUMBER] for each in town.people.organisations()]


# ------------------------------------------------------------------ Fortnox owns it (the default)


async def test_fortnox_assigns_the_number_and_it_is_written_back(town):
    """
    Whoever made the customer, Fortnox' next number is the one, and it reaches webCRM in the same sync.
    """
    async with town.running():
        town.people.new_customer(Name="Alfa AB")
        town.people.new_organisation("Beta AB")
        await sync_at_rest(town)
    assert ["1", "2"] == [each["CustomerNumber"] for each in town.people.customers()]
    assert {"Alfa AB": "1", "Beta AB": "2"} == {
        each["OrganisationName"]: each[NUMBER] for each in town.people.organisations()
    }


async def test_a_number_that_was_typed_in_webcrm_is_not_sent_and_gives_way(town):
    """
    Fortnox assigns its own; the one typed is replaced and listed with both values.
    """
    async with town.running():
        town.people.new_organisation("Alfa AB", ExtraCustom1="K-77")
        since = town.world.log.last_seq
        await sync_at_rest(town)
        assert [("number", "1", "K-77", "fortnox", "decided")] == await listed(town)
    (born,) = sent(town, "fortnox", "POST", since)[-1:]
    assert "CustomerNumber" not in born["Customer"]
    assert ["1"] == numbers(town)


@pytest.mark.parametrize("typed", ["K-77", ""], ids=["another number", "nothing"])
async def test_a_number_edited_in_webcrm_is_put_back_at_once_and_listed(town, typed):
    """
    Fortnox' number never changes, so webCRM's may not either.
    """
    async with town.running():
        town.people.new_customer(Name="Alfa AB")
        await town.sync()
        town.people.edit_organisation(town.people.organisation("Alfa AB"), ExtraCustom1=typed)
        await sync_at_rest(town)
        assert [("number", "1", typed or None, "fortnox", "decided")] == await listed(town)
    assert ["1"] == numbers(town)
    assert 1 == len(town.people.customers())


# ------------------------------------------------------------------ webCRM owns it


async def test_a_typed_number_becomes_the_customers_number(town):
    """
    Fortnox is given the number at creation.
    """
    town.set(number_owner="webcrm")
    async with town.running():
        town.people.new_organisation("Alfa AB", ExtraCustom1="K-77")
        await sync_at_rest(town)
    assert "Alfa AB" == town.people.customer("K-77")["Name"]


async def test_a_customer_without_a_number_waits_until_one_is_typed(town):
    """
    Parked under REC06, nothing else waits with it, and typing the number is enough.
    """
    town.set(number_owner="webcrm")
    async with town.running():
        alfa = town.people.new_organisation("Alfa AB")
        town.people.new_organisation("Beta AB", ExtraCustom1="200")
        report = await sync_at_rest(town)
        assert ("parked", ["REC06"]) == (report.outcome, await codes(town))
        assert ["200"] == [each["CustomerNumber"] for each in town.people.customers()]
        town.people.edit_organisation(alfa, ExtraCustom1="100")
        await sync_at_rest(town)
        assert [] == await codes(town)
    assert "Alfa AB" == town.people.customer("100")["Name"]


async def test_a_number_that_a_linked_customer_has_is_parked(town):
    """
    Two organisations with one number: the second waits under REC05, and a free number lets it go.
    """
    town.set(number_owner="webcrm")
    async with town.running():
        town.people.new_organisation("Alfa AB", ExtraCustom1="100")
        await town.sync()
        beta = town.people.new_organisation("Beta AB", ExtraCustom1="100")
        await sync_at_rest(town)
        assert ["REC05"] == await codes(town)
        assert "Alfa AB" == town.people.customer("100")["Name"]
        town.people.edit_organisation(beta, ExtraCustom1="101")
        await sync_at_rest(town)
        assert [] == await codes(town)
    assert ["100", "101"] == [each["CustomerNumber"] for each in town.people.customers()]


async def test_the_number_of_a_deleted_customer_stays_taken(town):
    """
    Fortnox never gives a number twice: it is parked with that reason.
    """
    town.set(number_owner="webcrm")
    async with town.running():
        town.people.new_customer(Name="Borta AB", CustomerNumber="100")
        town.people.act("fortnox", "delete_customer", CustomerNumber="100")
        town.people.new_organisation("Alfa AB", ExtraCustom1="100")
        await sync_at_rest(town)
        (waits,) = await town.desk.parked()
    assert "REC05" == waits["code"] and "deleted" in waits["what"]


async def test_a_number_with_signs_that_fortnox_refuses_is_parked(town):
    """
    "K 77" is no customer number; nothing is made and nothing is guessed.
    """
    town.set(number_owner="webcrm")
    async with town.running():
        town.people.new_organisation("Alfa AB", ExtraCustom1="K 77")
        await sync_at_rest(town)
        assert 1 == len(await codes(town))
    assert [] == town.people.customers()


async def test_a_customer_born_in_fortnox_keeps_fortnox_number(town):
    """
    Also when webCRM owns the numbers (decision 9).
    """
    town.set(number_owner="webcrm")
    async with town.running():
        town.people.new_customer(Name="Alfa AB", CustomerNumber="F-5")
        await sync_at_rest(town)
    assert ["F-5"] == numbers(town)


@pytest.mark.parametrize(
    ("use", "shown"), [("fortnox", "100"), ("partner", "900")], ids=["Fortnox is right", "webCRM is right"]
)
async def test_a_number_edited_afterwards_is_an_open_question(town, use, shown):
    """
    Fortnox cannot renumber a customer: a person decides what to do about it, and either answer ends it.
    """
    town.set(number_owner="webcrm")
    async with town.running():
        alfa = town.people.new_organisation("Alfa AB", ExtraCustom1="100")
        await town.sync()
        town.people.edit_organisation(alfa, ExtraCustom1="900", Fax="1")
        report = await sync_at_rest(town)
        assert "conflict" == report.outcome
        assert [("number", "100", "900", None, "open")] == await listed(town)
        assert "1" == town.people.customer("100")["Fax"]
        (conflict,) = await town.desk.conflicts()
        await town.desk.resolve(conflict["id"], use)
        report = await sync_at_rest(town)
        assert "ok" == report.outcome
    assert [shown] == numbers(town)
    assert ["100"] == [each["CustomerNumber"] for each in town.people.customers()]


async def test_a_number_typed_for_a_customer_that_fortnox_has_links_the_two(town):
    """
    A typed number that an unlinked customer has means that customer: linked, not doubled.
    """
    town.set(number_owner="webcrm")
    async with town.running():
        town.people.new_customer(Name="Alfa AB", CustomerNumber="100", Phone1="090-1")
        town.people.new_organisation("Alfa AB", ExtraCustom1="100", Fax="090-2")
        await sync_at_rest(town)
    assert 1 == len(town.people.organisations()) == len(town.people.customers())
    assert ("090-1", "090-2") == (town.people.customer("100")["Phone1"], town.people.customer("100")["Fax"])
