"""
A record bears our mark though the one we made is linked: others made a second one, and a person hears of it.

The network may send a request twice, a person may copy an invoice with its reference. Each is listed once,
counted once, and nothing is written because of it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import pytest

from daemon.core.records import Side
from tests.engine.paperwork import born, sell, shop
from tests.engine.story import calm, nothing
from tests.engine.test_memory import lose
from tests.rows import papers
from tests.town import Town

pytestmark = pytest.mark.row("D4")

INTERVAL_M = 3  # each side every six minutes, three apart
Act = Callable[[Town], Any]


class Made(NamedTuple):
    """One kind of creation, and what people do afterwards."""

    then: Act  # a person makes the original
    request: tuple[str, str]  # what the daemon makes of it, by system and path
    edit: Act  # a person edits the original ...
    arrived: Act  # ... and this becomes true on the other side
    apart: tuple[Act, ...]  # ways to take our mark out of the copy: it then is a record of its own
    ended: tuple[Act, ...]  # ways to end the copy
    documents: str = "off"
    before: Act = nothing


def _organisation(town: Town, number: int) -> dict[str, Any]:
    return sorted(town.people.organisations(), key=lambda each: each["OrganisationId"])[number]


def _delivery(town: Town, number: int) -> dict[str, Any]:
    return sorted(papers.deliveries(town), key=lambda each: each["DeliveryId"])[number]


def _a_delivery_of_its_own(town: Town) -> None:
    """The network doubled the head alone: lines are requests of their own."""
    made = _delivery(town, 1)
    papers.add_line(
        town, made["DeliveryId"], papers.line("102", "Hammare", 1, 149.5), made["DeliveryOrganisationId"]
    )
    papers.edit_delivery(town, made["DeliveryId"], ErpId="")


def _item(town: Town, number: int) -> dict[str, Any]:
    return sorted(town.people.catalogue(), key=lambda each: each["QuotationLineLinkedDataItemId"])[number]


def _remove_item(town: Town) -> None:
    number = _item(town, 1)["QuotationLineLinkedDataItemId"]
    town.people.webcrm("DELETE", f"/QuotationLines/LinkedData/{number}")


def _rename_item(town: Town) -> None:
    number = _item(town, 1)["QuotationLineLinkedDataItemId"]
    body = {"QuotationLineLinkedDataItemId": number, "QuotationLineLinkedDataItemData1": "A2"}
    town.people.webcrm("PUT", f"/QuotationLines/LinkedData/{number}", body)


def _remove_organisation(town: Town) -> None:
    town.people.act("webcrm", "delete_organisation", id=_organisation(town, 1)["OrganisationId"])


MADE = {
    "an order": Made(
        then=sell,
        request=("fortnox", "/3/orders"),
        edit=lambda town: papers.edit_delivery(town, _delivery(town, 0)["DeliveryId"], Memo="Ny"),
        arrived=lambda town: papers.order(town)["Remarks"] == "Ny",
        apart=(partial(papers.edit_order, number="2", ExternalInvoiceReference1="API_BLANK"),),
        ended=(partial(papers.act, path="orders/2", verb="cancel"),),
        documents="order",
        before=shop,
    ),
    "an invoice": Made(
        then=sell,
        request=("fortnox", "/3/invoices"),
        edit=lambda town: papers.edit_delivery(town, _delivery(town, 0)["DeliveryId"], Memo="Ny"),
        arrived=lambda town: papers.invoice(town)["Remarks"] == "Ny",
        apart=(partial(papers.edit_invoice, number="2", ExternalInvoiceReference1="API_BLANK"),),
        ended=(partial(papers.act, path="invoices/2", verb="cancel"),),
        documents="invoice",
        before=shop,
    ),
    "a Fortnox customer": Made(
        then=lambda town: town.people.new_organisation("Björk AB"),
        request=("fortnox", "/3/customers"),
        edit=lambda town: town.people.edit_organisation(_organisation(town, 0), Telephone="1"),
        arrived=lambda town: town.people.customer("1")["Phone1"] == "1",
        apart=(lambda town: town.people.edit_customer("2", ExternalReference="API_BLANK"),),
        ended=(lambda town: town.people.edit_customer("2", Active=False),),
    ),
    "a delivery": Made(
        then=born("order", ("102", 2, 149.5)),
        request=("webcrm", "/Deliveries"),
        edit=lambda town: papers.edit_order(town, Remarks="Ny"),
        arrived=lambda town: _delivery(town, 0)["DeliveryMemo"] == "Ny",
        apart=(_a_delivery_of_its_own,),
        ended=(),
        documents="order",
        before=shop,
    ),
    "an organisation": Made(
        then=lambda town: town.people.new_customer(Name="Björk AB"),
        request=("webcrm", "/Organisations"),
        edit=lambda town: town.people.edit_customer("1", Phone1="1"),
        arrived=lambda town: _organisation(town, 0)["OrganisationTelephone"] == "1",
        apart=(lambda town: town.people.edit_organisation(_organisation(town, 1), ExtraCustom1=""),),
        ended=(_remove_organisation,),
    ),
    "a catalogue item": Made(
        then=lambda town: town.people.new_article(ArticleNumber="A1", Description="Skruv", price=10),
        request=("webcrm", "/QuotationLines/LinkedData"),
        edit=lambda town: town.people.set_price("A1", 12.5),
        arrived=lambda town: _item(town, 0)["QuotationLineLinkedDataItemPrice"] == 12.5,
        apart=(_rename_item,),
        ended=(_remove_item,),
    ),
}
CASES = pytest.mark.parametrize("made", MADE.values(), ids=MADE)


def wired(town: Town) -> list[tuple[str, Any]]:
    """Every request that reaches the vendors from now on."""
    exchange, sent = town.world.exchange, []

    def tapped(system: str, request: Any) -> Any:
        sent.append((system, request))
        return exchange(system, request)

    town.world.exchange = tapped  # type: ignore[method-assign]
    return sent


async def linked(tmp_path, made: Made) -> tuple[Town, Any]:
    """A town where one record of a kind was made and linked, and the request that made it."""
    town = Town(tmp_path)
    if made.documents != "off":
        papers.with_documents(town, made.documents)
    made.before(town)
    sent = wired(town)
    async with town.running():
        await calm(town)
        made.then(town)
        await calm(town)
    system, path = made.request
    found = [each for to, each in sent if (to, each.method, each.path) == (system, "POST", path)]
    return town, found[-1]


def replay(town: Town, made: Made, request: Any) -> None:
    """The network hands the very same request over once more; what it is answered reaches nobody."""
    outcome = town.world.exchange(made.request[0], request)
    assert outcome.response is not None
    assert outcome.response.status < 300, outcome.response.body


async def listed(town: Town) -> list[str]:
    return [each["code"] for each in await town.desk.parked()]


def counted(town: Town) -> float:
    """What the metric says."""
    lines = town.house._events.text().decode().splitlines()
    values = [line.split()[-1] for line in lines if line.startswith("fortnox_syncd_duplicates_found_total{")]
    return float(values[0]) if values else 0.0


async def minutes_until_listed(town: Town) -> float:
    """Scheduled passes, as the clock would bring them, until something is listed."""
    began = town.clock.now()
    for number in range(24 * 60 // INTERVAL_M):
        town.wait(minutes=INTERVAL_M)
        await town.house.loops["webcrm"].run_pass(list(Side)[number % 2])
        if await listed(town):
            return (town.clock.now() - began) / dt.timedelta(minutes=1)
    raise AssertionError("it is never listed")


@CASES
async def test_a_double_made_behind_our_back_is_told_within_the_hour_and_written_to_by_nobody(tmp_path, made):
    """
    Listed under INT03 with what to do, counted once however many passes see it, and what we made goes on.
    """
    town, request = await linked(tmp_path, made)
    async with town.running():
        replay(town, made, request)
        since = town.world.log.last_seq
        assert await minutes_until_listed(town) <= 60
        (waits,) = await town.desk.parked()
        await calm(town)
        assert (waits["code"], counted(town)) == ("INT03", 1)
        assert "copy" in waits["what"]
        assert waits["todo"]
        assert town.writes(since) == []
        made.edit(town)
        await calm(town)
        assert made.arrived(town)
        assert (await listed(town), counted(town)) == (["INT03"], 1)
        assert all(line.startswith("PUT") for line in town.writes(since))


@CASES
@pytest.mark.parametrize(
    "starts", [None, 'start = "2027-01-01"'], ids=["", "and it is older than what crosses by itself"]
)
async def test_a_double_made_while_the_daemon_was_off_is_told_by_the_first_pass(tmp_path, made, starts):
    """
    The link vouches for the original, whenever records began to cross.
    """
    town, request = await linked(tmp_path, made)
    replay(town, made, request)
    town.wait(minutes=50)
    if starts:
        town.configure('start = "2000-01-01"', starts)
    since = town.world.log.last_seq
    async with town.running():
        await town.sync()
        assert (await listed(town), counted(town)) == (["INT03"], 1)
        await calm(town)
        assert town.writes(since) == []
    async with town.running():
        await calm(town)
        assert (await listed(town), counted(town)) == (["INT03"], 0)


@CASES
async def test_a_double_that_no_list_of_changes_shows_is_found_by_the_daily_comparison(tmp_path, made):
    """
    It came to be without a time of change that anybody asks for.
    """
    town, request = await linked(tmp_path, made)
    replay(town, made, request)
    _backdate(town, made)
    town.wait(minutes=30)
    async with town.running():
        await calm(town)
        if made.request[1] != "/QuotationLines/LinkedData":  # the catalogue is read whole each time
            assert await listed(town) == []
        town.wait(hours=25)
        await calm(town)
        assert (await listed(town), counted(town)) == (["INT03"], 1)


def _backdate(town: Town, made: Made) -> None:
    """The youngest record of a register says that it is a week old."""
    system, path = made.request
    if system == "fortnox":
        register = town.world.systems["fortnox"].companies["1234567"].registers[path.removeprefix("/3/")]
        record = register.records[max(register.records, key=int)]
        record.modified -= dt.timedelta(days=7)
        return
    entity = {"/Deliveries": "Delivery", "/Organisations": "Organisation"}.get(path)
    if entity:
        records = town.world.systems["webcrm"]._state.records[entity]
        records[max(records)][f"{entity}UpdatedAt"] = "2026-11-16T07:00:00.000Z"


@pytest.mark.parametrize(
    ("name", "way"),
    [
        pytest.param(name, number, id=f"{name}, {'apart' if number < len(made.apart) else 'ended'}")
        for name, made in MADE.items()
        for number in range(len(made.apart) + len(made.ended))
    ],
)
async def test_what_a_person_does_about_a_double_is_enough(tmp_path, name, way):
    """
    Ended, it is forgotten; without our mark it is a record of its own and crosses, once. The original stays.
    """
    made = MADE[name]
    town, request = await linked(tmp_path, made)
    replay(town, made, request)
    town.wait(hours=25)
    async with town.running():
        await calm(town)
        assert await listed(town) == ["INT03"]
        since = town.world.log.last_seq
        (*made.apart, *made.ended)[way](town)
        town.wait(hours=25)  # what is deleted in webCRM leaves no trace: the daily comparison misses it
        await calm(town)
        assert (await listed(town), counted(town)) == ([], 1)
        births = [line for line in town.writes(since) if line.startswith("POST")]
        crosses = way < len(made.apart) and made.request[1] != "/QuotationLines/LinkedData"
        assert len([line for line in births if "QuotationLines" not in line]) == crosses
        made.edit(town)
        await calm(town)
        assert made.arrived(town)


async def test_a_copy_that_is_retried_is_told_anew_and_one_that_is_ignored_never(tmp_path):
    """
    `retry` changes nothing about it.
    """
    made = MADE["an invoice"]
    town, request = await linked(tmp_path, made)
    replay(town, made, request)
    async with town.running():
        await calm(town)
        for times in (2, 3):
            (waits,) = await town.desk.parked()
            await town.desk.retry(waits["id"])
            await calm(town)
            assert (await listed(town), counted(town)) == (["INT03"], times)
        (waits,) = await town.desk.parked()
        await town.desk.ignore(waits["id"])
        papers.edit_invoice(town, "2", Remarks="En kopia")
        await calm(town)
        assert (await listed(town), counted(town)) == ([], 3)


@pytest.mark.parametrize("name", ["an order", "an invoice", "a Fortnox customer"])
async def test_a_double_that_a_lost_memory_cannot_tell_apart_is_counted_too(tmp_path, name):
    """
    Both wait under REC07, and nothing is made of either.
    """
    made = MADE[name]
    town, request = await linked(tmp_path, made)
    replay(town, made, request)
    lose(town)
    since = town.world.log.last_seq
    async with town.running():
        await calm(town)
        assert set(await listed(town)) == {"REC07"}
        assert counted(town) == 1
    assert [line for line in town.writes(since) if line.startswith("POST")] == []
