"""
A search that does not show what is there (row D4, invariant I9): nothing is created because of it.

The daemon asks for a record that it knows, and for one that nobody has, before it believes that what it
looks for is not there. What needs no search goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from daemon.errors import Unusable
from daemon.sandbox.faults import Fault
from tests.engine.paperwork import DAY, MIDNIGHT, Held, born, doubled, lost, sell, shop
from tests.engine.story import calm
from tests.engine.test_memory import lose
from tests.rows import papers
from tests.town import Town

pytestmark = pytest.mark.row("D4")

BROKEN = {  # how, how many orders there are besides, and what is said
    "it shows nothing": ("empty", 0, "JSN17"),
    "it shows everything": ("ignored", 25, "JSN16"),
}
HAMMER = papers.line("102", "Hammare", 1, 10)


async def office(tmp_path: Any, *, older_orders: int = 0) -> Town:
    """A town where an order was made of a delivery, and the daemon is off."""
    town = Town(tmp_path)
    papers.with_documents(town, "order")
    shop(town)
    for _ in range(older_orders):
        papers.new_order(town, "1", papers.order_row(1), OrderDate=DAY)
    if older_orders:
        town.wait(minutes=30)
        town.configure('start = "2000-01-01"', "")
    async with town.running():
        await calm(town)
        town.people.edit_customer("1", Phone1="08-2")
        await calm(town)
        sell(town)
        await calm(town)
    assert "order" in papers.deliveries(town)[0]["DeliveryErpId"]
    town.wait(hours=1)
    return town


def another(town: Town) -> None:
    """One more delivery, an hour later."""
    papers.new_delivery(town, town.people.organisation("Alfa AB"), HAMMER, OrderDate=MIDNIGHT)


def made(town: Town, path: str, since: int) -> int:
    """How many of a kind the daemon sent."""
    return town.writes(since).count(f"POST {path}")


def searches(town: Town, since: int) -> int:
    """How many of the daemon's searches for a reference among orders reached Fortnox."""
    asked = town.requests("fortnox", since=since)
    return sum(each["path"] == "/3/orders" and "externalinvoicereference1" in each["query"] for each in asked)


@pytest.mark.parametrize(("broken", "older", "code"), BROKEN.values(), ids=BROKEN)
async def test_nothing_is_created_while_the_search_is_broken(tmp_path, broken, older, code):
    """
    The pass says so and the rest of it goes on; once the search works, the order is made, and once.
    """
    town = await office(tmp_path, older_orders=older)
    town.world.systems["fortnox"].switch("reference_search", broken)
    another(town)
    town.people.new_organisation("Björk AB")
    papers.edit_delivery(town, papers.deliveries(town)[0]["DeliveryId"], Memo="Ny")
    since = town.world.log.last_seq
    async with town.running():
        for _ in range(4):
            report = await town.sync()
            town.wait(minutes=20)
        assert (report.outcome, made(town, "/3/orders", since)) == ("unreachable", 0)
        assert str(report.error).startswith(code)
        assert "Björk AB" in {each["Name"] for each in town.people.customers()}
        assert papers.order(town, str(older + 1))["Remarks"] == "Ny"
        assert await town.desk.parked() == []
        town.world.systems["fortnox"].switch("reference_search", "works")
        await calm(town)
        assert (await town.sync()).outcome == "ok"
        assert made(town, "/3/orders", since) == 1
    assert doubled(Held(town)) == []


@pytest.mark.parametrize("fault", ["lost_before", "lost_after"])
@pytest.mark.parametrize(("broken", "older", "code"), BROKEN.values(), ids=BROKEN)
async def test_no_unknown_creation_is_given_up_while_the_search_is_broken(
    tmp_path, broken, older, code, fault
):
    """
    Hours later it is unknown still, and was sent once; once the search works it is found, or made.
    """
    town = await office(tmp_path, older_orders=older)
    another(town)
    town.world.faults.add(Fault(system="fortnox", method="POST", path="/3/orders", fault=fault))
    since = town.world.log.last_seq
    await town.sync_once()
    town.world.systems["fortnox"].switch("reference_search", broken)
    async with town.running():
        for _ in range(6):
            town.wait(hours=1)
            report = await town.sync()
        assert (report.unknown, made(town, "/3/orders", since)) == (1, 1)
        assert str(report.error).startswith(code)
        town.world.systems["fortnox"].switch("reference_search", "works")
        await calm(town)
        assert await town.desk.intents() == []
    held = Held(town)
    assert (doubled(held), len(lost(held)), len(held.orders)) == ([], older, older + 2)


@pytest.mark.parametrize("fault", ["lost_before", "lost_after"])
@pytest.mark.parametrize("what", ["/Deliveries", "/Organisations"])
async def test_no_creation_in_webcrm_is_given_up_while_its_queries_show_nothing(tmp_path, what, fault):
    """
    A query for a key or a number that is there shows nothing: nothing is sent a second time.
    """
    town = Town(tmp_path)
    papers.with_documents(town, "order")
    shop(town)
    born("order", ("102", 2, 149.5))(town)
    await town.sync_once()
    town.wait(hours=1)
    town.people.new_customer(Name="Björk AB")
    born("order", ("102", 3, 149.5))(town)
    town.world.faults.add(Fault(system="webcrm", method="POST", path=what, fault=fault))
    since = town.world.log.last_seq
    await town.sync_once()
    town.world.systems["webcrm"].switch("query_equals", "empty")
    async with town.running():
        for _ in range(3):
            town.wait(hours=1)
            report = await town.sync()
        assert (report.unknown, made(town, what, since)) == (1, 1)
        assert str(report.error).startswith("JSN17")
        town.world.systems["webcrm"].switch("query_equals", "works")
        await calm(town)
        assert await town.desk.intents() == []
    assert (len(town.people.organisations()), len(papers.deliveries(town))) == (2, 2)
    assert lost(Held(town)) == []


def deaf(town: Town) -> Callable[[], None]:
    """Fortnox answers every search for a customer's name with nothing; what is returned ends that."""
    exchange = town.world.exchange

    def spoiled(system: str, request: Any) -> Any:
        if request.path == "/3/customers" and "name" in dict(request.query):
            query = tuple((name, "§§" if name == "name" else value) for name, value in request.query)
            request = msgspec.structs.replace(request, query=query)
        return exchange(system, request)

    def end() -> None:
        town.world.exchange = exchange  # type: ignore[method-assign]

    town.world.exchange = spoiled  # type: ignore[method-assign]
    return end


async def test_a_new_memory_makes_no_customer_while_a_search_for_names_is_broken(tmp_path):
    """
    A lost memory looks by name for what it may have made: only a search that shows names can tell.
    """
    town = Town(tmp_path)
    town.configure('settle = "2s"', 'settle = "15m"')
    town.people.new_organisation("Alfa AB")
    async with town.running():
        await calm(town)
    town.wait(hours=1)
    lose(town)
    town.people.new_organisation("Björk AB")
    mended = deaf(town)
    since = town.world.log.last_seq
    async with town.running():
        for _ in range(3):
            report = await town.sync()
            town.wait(minutes=16)
        assert (report.outcome, made(town, "/3/customers", since)) == ("unreachable", 0)
        mended()
        await calm(town)
    assert made(town, "/3/customers", since) == 1


async def test_a_known_record_that_was_deleted_meanwhile_says_nothing_about_the_search(tmp_path):
    """
    It is read by its key, and another one is asked for; where there is none the creation goes on.
    """
    town = Town(tmp_path)
    town.people.new_customer(Name="Alfa AB")
    await town.sync_once()
    town.wait(hours=1)
    number = town.people.organisation("Alfa AB")["OrganisationId"]
    town.people.act("webcrm", "delete_organisation", id=number)
    town.people.new_customer(Name="Björk AB")
    town.world.faults.add(Fault(system="webcrm", method="POST", path="/Organisations", fault="lost_before"))
    async with town.running():
        await calm(town)
        assert await town.desk.intents() == []
        assert {each["code"] for each in await town.desk.parked()} <= {"REC02"}
    assert [each["OrganisationName"] for each in town.people.organisations()] == ["Björk AB"]


async def test_a_search_that_breaks_during_the_day_ends_one_pass_and_is_tested_again(tmp_path):
    """
    From the next pass on the rest goes on, and nothing is created until the search works.
    """
    town = await office(tmp_path, older_orders=25)
    async with town.running():
        another(town)
        await calm(town)
        town.world.systems["fortnox"].switch("reference_search", "ignored")
        another(town)
        since = town.world.log.last_seq
        with pytest.raises(Unusable, match="JSN16"):
            await town.sync()
        papers.edit_delivery(town, papers.deliveries(town)[0]["DeliveryId"], Memo="Ny")
        assert (await town.sync()).outcome == "unreachable"
        assert (papers.order(town, "26")["Remarks"], made(town, "/3/orders", since)) == ("Ny", 0)
        town.world.systems["fortnox"].switch("reference_search", "works")
        await calm(town)
        assert made(town, "/3/orders", since) == 1


async def test_the_search_is_tested_once_a_day_and_only_when_something_is_to_be_made(tmp_path):
    """
    One search for what is there and one for what is not; an idle day has none.
    """
    town = await office(tmp_path)
    async with town.running():
        counts = []
        for deliveries in (2, 1, 0):
            since = town.world.log.last_seq
            for _ in range(deliveries):
                another(town)
                await calm(town)
            counts.append(searches(town, since) - deliveries)
        town.wait(hours=25)
        since = town.world.log.last_seq
        another(town)
        await calm(town)
        counts.append(searches(town, since) - 1)
    assert counts == [2, 0, 0, 2]
    assert len(papers.orders(town)) == 5
