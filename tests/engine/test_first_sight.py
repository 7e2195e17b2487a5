"""How a record is first seen must not decide whether it crosses."""

from __future__ import annotations

import json

import msgspec
import pytest

from daemon.core.records import Side
from daemon.sandbox.faults import Fault
from tests.engine.story import calm
from tests.rows import papers
from tests.town import Town


@pytest.mark.row("W3")
async def test_a_record_first_seen_while_an_unclear_write_was_looked_for_crosses(tmp_path):
    """
    The look reads whole what it does not know, without a time of change; the list that follows brings it.
    """
    town = Town(tmp_path)
    town.people.new_organisation("Björk AB")
    async with town.running():
        await town.sync()
        town.people.new_organisation("Cedergrens")
        town.world.faults.add(Fault(fault="lost_after", system="fortnox", method="POST", path="/3/customers"))
        assert (await town.sync()).outcome == "unknown"
        town.people.new_customer(Name="Dahl AB")
        town.wait(seconds=40)
        await town.house.loops["webcrm"].run_pass(Side.PARTNER)
        await calm(town)
    names = sorted(each["OrganisationName"] for each in town.people.organisations())
    assert names == ["Björk AB", "Cedergrens", "Dahl AB"]


@pytest.mark.row("W3")
@pytest.mark.parametrize("field", ["Phone1", "Comments"])
async def test_an_old_record_crosses_when_it_changes_in_a_field_that_we_map_or_not(tmp_path, field):
    """
    That it was changed is what counts, not whether we can tell in what.
    """
    town = Town(tmp_path)
    town.configure('start = "2000-01-01"', 'start = "2026-11-23"')
    town.wait(hours=-30)
    number = town.people.new_customer(Name="Acme AB")["CustomerNumber"]
    town.wait(hours=31)
    async with town.running():
        await town.sync()
        assert town.people.organisations() == []
        town.wait(minutes=11)
        town.people.edit_customer(number, **{field: "08-2"})
        await calm(town)
    assert town.people.organisation("Acme AB")


@pytest.mark.row("W9", "W10")
@pytest.mark.parametrize("queried", [False, True], ids=["by delivery", "by a query"])
async def test_a_line_that_a_list_repeats_is_sold_once(tmp_path, queried):
    """
    Lists have no order of their own: a line may move from one page to the next while they are read.
    """
    town = Town(tmp_path)
    papers.with_documents(town)
    town.world.systems["webcrm"].switch("query_lines", queried)
    town.people.new_article(ArticleNumber="102", Description="Hammare", price=149.5)
    lines = (papers.line("102", "Hammare", 2, 149.5), papers.line("102", "Hammare", 3, 149.5))
    papers.new_delivery(town, papers.customer(town), *lines)
    handle = town.world.systems["webcrm"].handle

    def repeating(request):
        response = handle(request)
        if request.method != "GET" or b"QuotationLineId" not in response.body:
            return response
        rows = json.loads(response.body)
        return msgspec.structs.replace(response, body=json.dumps([*rows, *rows[:1]]).encode())

    town.world.systems["webcrm"].handle = repeating
    async with town.running():
        await calm(town)
    town.world.systems["webcrm"].handle = handle
    assert [row["DeliveredQuantity"] for row in papers.order(town)["OrderRows"]] == ["2", "3"]


@pytest.mark.row("W9", "W10")
async def test_a_line_that_the_network_delivered_twice_waits_for_a_person(tmp_path):
    """
    Only copies of what we sent, with nothing missing: that is no edit, and not sold in Fortnox.
    """
    town = Town(tmp_path)
    papers.with_documents(town)
    town.people.new_customer(Name="Alfa AB")
    town.people.new_article(ArticleNumber="102", Description="Hammare", price=149.5)
    papers.new_order(town, "1", papers.order_row(2))
    system = town.world.systems["webcrm"]
    handle = system.handle

    def replaying(request):
        if request.method == "POST" and request.path == "/QuotationLines":
            system.handle = handle
            handle(request)
        return handle(request)

    system.handle = replaying
    async with town.running():
        await calm(town)
        conflicts = await town.desk.conflicts()
    assert [(each["field"], each["state"]) for each in conflicts] == [("rows", "open")]
    assert len(papers.order(town)["OrderRows"]) == 1


@pytest.mark.parametrize("side", ["fortnox", "webcrm"])
async def test_a_record_that_we_made_and_a_person_deleted_is_missed_by_the_daily_comparison(tmp_path, side):
    """
    Also when no complete list has shown it yet.
    """
    town = Town(tmp_path)
    town.people.new_customer(Name="Alfa AB")
    async with town.running():
        await town.sync()
        if side == "webcrm":
            town.people.new_customer(Name="Beta AB")
        else:
            town.people.new_organisation("Beta AB")
        await town.sync()
        if side == "webcrm":
            key = town.people.organisation("Beta AB")["OrganisationId"]
            town.people.act("webcrm", "delete_organisation", id=key)
        else:
            town.people.act("fortnox", "delete_customer", CustomerNumber="2")
        for _ in range(2):
            town.wait(hours=25)
            await town.sync()
        assert [each["code"] for each in await town.desk.parked()] == ["REC02"]
