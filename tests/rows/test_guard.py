"""
Plans that look like an accident are held, shown and released once (row B2, decisions 7 and 8).
"""

from __future__ import annotations

import pytest

from daemon.errors import DaemonError
from tests.rows import papers
from tests.rows.acts import sync_at_rest

pytestmark = pytest.mark.row("B2")
FEW = {"overwrite_count": 2, "overwrite_share": 0.05, "create_count": 3, "create_share": 0.2}


async def linked(town, count, **fields):
    """So many linked customers, made a few at a time."""
    for number in range(1, count + 1):
        town.people.new_customer(Name=f"Kund {number}", **fields)
        if number % FEW["create_count"] == 0:
            await town.sync()
    await town.sync()


def edit_all(town, count, **fields):
    for number in range(1, count + 1):
        town.people.edit_customer(str(number), **fields)


def shown(town, field):
    return [each[f"Organisation{field}"] for each in town.people.organisations()]


@pytest.mark.parametrize(
    ("edited", "is_held"), [(2, False), (3, True)], ids=["as many as allowed", "one more"]
)
async def test_overwriting_too_much_is_held(town, edited, is_held):
    """
    Up to the limit it runs; one more and nothing of it does, with the count and the limit in the reason.
    """
    town.set(guard=FEW)
    async with town.running():
        await linked(town, 4, Phone1="1")
        edit_all(town, edited, Phone1="2")
        since = town.world.log.last_seq
        report = await sync_at_rest(town)
        held = await town.desk.held()
        assert (is_held, len(held)) == (report.held == 1, is_held)
        assert (0 if is_held else edited) == len(town.writes(since))
        assert ["would overwrite 3 records at the partner side, the limit is 2"] * is_held == [
            each["reason"] for each in held
        ]
        assert [3] * is_held == [len(each["steps"]) for each in held]


async def test_clearing_counts_as_overwriting(town):
    """
    An emptied column is the accident that matters most.
    """
    town.set(guard=FEW)
    async with town.running():
        await linked(town, 3, Phone1="1")
        for organisation in town.people.organisations():
            town.people.edit_organisation(organisation, Telephone="")
        report = await sync_at_rest(town)
        assert "held" == report.outcome
    assert ["1", "1", "1"] == [town.people.customer(number)["Phone1"] for number in ("1", "2", "3")]


async def test_filling_what_was_empty_is_no_accident(town):
    """
    Nothing is lost by it.
    """
    town.set(guard=FEW)
    async with town.running():
        await linked(town, 4)
        edit_all(town, 4, Phone1="1")
        report = await sync_at_rest(town)
        assert "ok" == report.outcome
    assert ["1"] * 4 == shown(town, "Telephone")


async def test_creating_too_much_is_held_on_either_side(town):
    """
    Four new customers where three are allowed wait; import is the way for more.
    """
    town.set(guard=FEW)
    async with town.running():
        for number in range(4):
            town.people.new_organisation(f"Företag {number}")
        report = await sync_at_rest(town)
        (held,) = await town.desk.held()
        assert ("held", []) == (report.outcome, town.people.customers())
        assert "would create 4 records at the fortnox side, the limit is 3" == held["reason"]


async def test_the_share_of_the_register_counts_when_it_is_larger(town):
    """
    A fifth of many is more than the count.
    """
    town.set(guard={**FEW, "overwrite_share": 1.0})
    async with town.running():
        await linked(town, 4, Phone1="1")
        edit_all(town, 4, Phone1="2")
        assert "ok" == (await sync_at_rest(town)).outcome
    assert ["2"] * 4 == shown(town, "Telephone")


async def test_a_released_plan_runs_once(town):
    """
    `release` lets exactly this plan through; the next such plan is held again.
    """
    town.set(guard=FEW)
    async with town.running():
        await linked(town, 3, Phone1="1")
        edit_all(town, 3, Phone1="2")
        await town.sync()
        (held,) = await town.desk.held()
        await town.desk.release(held["id"], drop=False)
        assert "ok" == (await sync_at_rest(town)).outcome
        assert (["2"] * 3, []) == (shown(town, "Telephone"), await town.desk.held())
        edit_all(town, 3, Phone1="3")
        assert "held" == (await sync_at_rest(town)).outcome
    assert ["2"] * 3 == shown(town, "Telephone")


async def test_a_plan_that_changed_after_the_release_is_held_again(town):
    """
    What was approved is what was shown, nothing else.
    """
    town.set(guard=FEW)
    async with town.running():
        await linked(town, 3, Phone1="1")
        edit_all(town, 3, Phone1="2")
        await town.sync()
        (held,) = await town.desk.held()
        await town.desk.release(held["id"], drop=False)
        town.people.edit_customer("3", Phone1="9")
        assert "held" == (await sync_at_rest(town)).outcome
        (again,) = await town.desk.held()
        assert held["digest"] != again["digest"]
        assert ["1"] * 3 == shown(town, "Telephone")
        await town.desk.release(again["id"], drop=False)
        await sync_at_rest(town)
    assert ["2", "2", "9"] == shown(town, "Telephone")


async def test_a_dropped_plan_is_forgotten(town):
    """
    `release --drop`: nothing of it is written, now or later; what changes afterwards crosses.
    """
    town.set(guard=FEW)
    async with town.running():
        await linked(town, 3, Phone1="1")
        edit_all(town, 3, Phone1="2")
        await town.sync()
        (held,) = await town.desk.held()
        await town.desk.release(held["id"], drop=True)
        since = town.world.log.last_seq
        assert "ok" == (await sync_at_rest(town)).outcome
        assert [] == town.writes(since)
        town.people.edit_customer("1", Fax="1")
        await sync_at_rest(town)
    assert ["1", "", ""] == shown(town, "Fax")


async def test_a_held_plan_stays_held_over_a_restart_and_is_not_asked_about_twice(town):
    """
    The same plan keeps its id.
    """
    town.set(guard=FEW)
    async with town.running():
        await linked(town, 3, Phone1="1")
        edit_all(town, 3, Phone1="2")
        await town.sync()
        before = await town.desk.held()
    async with town.running():
        await sync_at_rest(town)
        assert before == await town.desk.held()


async def test_a_plan_that_became_harmless_runs_by_itself(town):
    """
    A person takes two of the three edits back: nothing is held any more.
    """
    town.set(guard=FEW)
    async with town.running():
        await linked(town, 3, Phone1="1")
        edit_all(town, 3, Phone1="2")
        await town.sync()
        edit_all(town, 2, Phone1="1")
        report = await sync_at_rest(town)
        assert ("ok", []) == (report.outcome, await town.desk.held())
    assert ["1", "1", "2"] == shown(town, "Telephone")


async def test_other_kinds_go_on_while_a_plan_is_held(town):
    """
    Held customers do not hold up the articles.
    """
    town.set(guard=FEW)
    async with town.running():
        await linked(town, 3, Phone1="1")
        edit_all(town, 3, Phone1="2")
        town.people.new_article(20, ArticleNumber="A-1", Description="Skruv")
        assert "held" == (await sync_at_rest(town)).outcome
    assert 1 == len(town.people.catalogue())


async def test_a_held_plan_that_is_not_there_cannot_be_released(town):
    """
    The operator is told which id is wrong.
    """
    async with town.running():
        with pytest.raises(DaemonError, match="CTL01"):
            await town.desk.release("77", drop=False)


@pytest.mark.row("W12")
async def test_booking_many_invoices_at_once_is_no_accident(town):
    """
    The flags that follow were written by nobody but the daemon: nothing of a person's is replaced.
    """
    papers.with_documents(town, "invoice")
    town.people.new_article(ArticleNumber="102", Description="Hammare", price=149.5)
    town.people.new_customer(Name="Alfa AB")
    async with town.running():
        for _ in range(25):
            papers.new_invoice(town, "1", papers.invoice_row(1))
        await sync_at_rest(town)
        for number in range(1, 26):
            papers.act(town, f"invoices/{number}", "bookkeep")
        await sync_at_rest(town)
        assert [] == await town.desk.held()
    assert {"Yes"} == {each["DeliveryCustom5"] for each in papers.deliveries(town)}
