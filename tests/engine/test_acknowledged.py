"""What webCRM said took effect and does not show: it is not made again, and nobody's edit is undone by it."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from msgspec import structs

from daemon.errors import Unreachable
from daemon.sandbox import web
from daemon.sandbox.faults import Fault
from tests.engine.story import calm, release_parked
from tests.engine.test_settling import linked, type_in, values
from tests.rows import papers
from tests.town import Town

Answer = Callable[[web.Response], web.Response]


class Lists:
    """webCRM's lists at one address, which `show` something else than is there."""

    def __init__(self, town: Town, path: str) -> None:
        self._path, self.show = path, same
        system = town.world.systems["webcrm"]
        self._handle, system.handle = system.handle, self._bent

    def _bent(self, request: web.Request) -> web.Response:
        response = self._handle(request)
        asked = (request.method, request.path) == ("GET", self._path)
        return self.show(response) if asked and response.status == 200 else response


def same(response: web.Response) -> web.Response:
    """What is there."""
    return response


def nothing(_response: web.Response) -> web.Response:
    """An empty list."""
    return web.Response.json(200, [])


def unseen_article(town: Town) -> Lists:
    """An article whose creation in webCRM no list shows."""
    lists = Lists(town, "/QuotationLines/LinkedData")
    town.people.new_article(ArticleNumber="A9", Description="Bricka", price=1)
    lists.show = nothing
    return lists


@pytest.mark.row("D4")
async def test_what_they_said_was_made_is_not_made_again_because_no_list_shows_it(tmp_path):
    """It is listed as INT02; when the list is right again, `retry` links it."""
    town = Town(tmp_path)
    lists = unseen_article(town)
    async with town.running():
        await town.sync()
        for _ in range(4):
            town.wait(minutes=1)
            await town.sync()
        lists.show = same
        (parked,) = await release_parked(town)
        what = "they said that it was made, and it is not shown"
        assert (parked["code"], parked["what"]) == ("INT02", what)
        await calm(town)
        assert await town.desk.parked() == []
    assert made(town) == ["/QuotationLines/LinkedData"]


@pytest.mark.row("D4")
async def test_nothing_is_made_where_a_list_is_not_believed(tmp_path):
    """A list that lacks most of what is known may lack the very record that would be made."""
    town = Town(tmp_path)
    lists = Lists(town, "/QuotationLines/LinkedData")
    for number in range(30):
        town.people.new_article(ArticleNumber=f"B{number}", Description=f"Bricka {number}", price=1)
    await town.sync_once()
    town.people.new_article(ArticleNumber="A9", Description="Mutter", price=1)
    town.wait(minutes=11)
    since = town.world.log.last_seq
    async with town.running():
        lists.show = nothing
        report = await town.sync()
        assert "JSN17" in str(report.error)
        assert made(town, since) == []
        lists.show = same
        await calm(town)
        assert made(town, since) == ["/QuotationLines/LinkedData"]


def made(town: Town, since: int = 0) -> list[str]:
    """What the daemon asked to be made."""
    asked = town.requests("webcrm", since=since)
    return [item["path"] for item in asked if item["method"] == "POST" and "Auth" not in item["path"]]


async def test_an_edit_of_what_they_said_was_written_stays_when_it_could_not_be_read_back(tmp_path):
    """What is there instead of our value was written after it, by a person."""
    town = Town(tmp_path)
    number = await linked(town)
    type_in(town, number, "fortnox", "Name", "Bygg AB")
    town.world.faults.add(
        Fault(system="webcrm", method="GET", path="/Queries", fault="status", status=503, skip=1, count=3)
    )
    async with town.running():
        with pytest.raises(Unreachable):
            await town.sync()
        type_in(town, number, "webcrm", "Name", "Cykel AB")
        await calm(town, patient=True)
        assert values(town, number, "Name", "Name") == ("Cykel AB", "Cykel AB")


async def test_a_list_that_lags_behind_our_own_write_is_nobodys_edit(tmp_path):
    """Taken for one, the old value would cross to Fortnox and undo what a person typed there."""
    town = Town(tmp_path)
    number = await linked(town)
    lists = Lists(town, "/Queries")
    town.wait(minutes=11)
    before: list[web.Response] = []

    def kept(response: web.Response) -> web.Response:
        before.extend([response] if b"Acme AB" in response.body else [])
        return response

    async with town.running():
        lists.show = kept
        type_in(town, number, "webcrm", "Www", "acme.example")
        await town.sync()
        lists.show = same
        for name in ("Bygg AB", "Cykel AB"):
            town.wait(minutes=11)
            type_in(town, number, "fortnox", "Name", name)
            await town.sync()
            since = town.world.log.last_seq
            lists.show = lambda response, since=since: before[-1] if _written(town, since) else response
        assert values(town, number, "Name", "Name") == ("Cykel AB", "Cykel AB")
        lists.show = same
        await calm(town)
        assert values(town, number, "Name", "Name") == ("Cykel AB", "Cykel AB")
        assert await town.desk.conflicts() == []


async def test_a_list_that_shows_the_picture_before_last_is_nobodys_edit(tmp_path):
    """Our value stood there once already, so it seems to show our write; its other values are old."""
    town = Town(tmp_path)
    number = await linked(town)
    lists = Lists(town, "/Queries")
    (old,) = town.people.organisations()
    async with town.running():
        for side, field, value in (("fortnox", "Name", "Bygg AB"), ("webcrm", "Www", "acme.example")):
            type_in(town, number, side, field, value)
            await town.sync()
            town.wait(minutes=11)
        assert values(town, number, "WWW", "Www") == ("acme.example", "acme.example")
        type_in(town, number, "fortnox", "Name", old["OrganisationName"])
        since = town.world.log.last_seq
        lists.show = lambda response: web.Response.json(200, [old]) if _written(town, since) else response
        await town.sync()
        assert values(town, number, "WWW", "Www") == ("acme.example", "acme.example")
        lists.show = same
        await calm(town)
        assert values(town, number, "Name", "Name") == ("Acme AB", "Acme AB")
        assert await town.desk.conflicts() == []


def heads_as(old: dict[str, Any]) -> Answer:
    """Lists that show a delivery as it was, beside its lines as they are."""

    def shown(response: web.Response) -> web.Response:
        rows = json.loads(response.body)
        number = old["DeliveryId"]
        return web.Response.json(200, [old if row.get("DeliveryId") == number else row for row in rows])

    return shown


@pytest.mark.parametrize("by_us", [True, False], ids=["our new rows", "a person's row"])
async def test_an_old_delivery_beside_its_new_lines_is_nobodys_edit(tmp_path, by_us):
    """The lines are read apart from it, and the stamp of the newest of them is not the delivery's own."""
    town = Town(tmp_path)
    papers.with_documents(town)
    town.world.systems["webcrm"].switch("query_lines", True)
    town.people.new_article(ArticleNumber="102", Description="Hammare", price=149.5)
    number = papers.new_delivery(
        town, papers.customer(town), papers.line("102", "Hammare", 2, 149.5), Memo="Text 1"
    )["DeliveryId"]
    async with town.running():
        await calm(town)
        old = papers.delivery(town, number)
        papers.edit_delivery(town, number, Memo="Text 2")
        await calm(town)
        town.wait(minutes=11)
        lists = Lists(town, "/Queries")
        if by_us:
            papers.edit_order(town, OrderRows=[papers.order_row(5)])
        else:
            (line,) = papers.lines_of(town, number)
            papers.edit_line(town, line["QuotationLineId"], Quantity=5, Price=747.5)
        lists.show = heads_as(old)
        since = town.world.log.last_seq
        await town.sync()
        assert "Text 1" not in str([item["request"] for item in town.requests("fortnox", since=since)])
        lists.show = same
        await calm(town)
        assert papers.money(papers.order(town)["OrderRows"]) == [("102", 5.0, 747.5)]
        assert papers.money(papers.lines_of(town, number)) == [("102", 5.0, 747.5)]
        assert await town.desk.conflicts() == []


def _written(town: Town, since: int) -> bool:
    return any(item["method"] == "PUT" for item in town.requests("webcrm", since=since))


@pytest.mark.parametrize("side", ["fortnox", "webcrm"])
async def test_a_seasons_cleanup_is_believed(tmp_path, side):
    """Of what a list lacks three are read by key first: what people retired makes nobody wait."""
    town = Town(tmp_path)
    for number in range(60):
        town.people.new_article(ArticleNumber=f"B{number}", Description=f"Bricka {number}", price=1)
    await town.sync_once()
    town.wait(minutes=11)
    for number in range(25):
        if side == "fortnox":
            town.people.edit_article(f"B{number}", Active=False)
        else:
            key = town.people.item(f"B{number}")["QuotationLineLinkedDataItemId"]
            town.people.webcrm("DELETE", f"/QuotationLines/LinkedData/{key}")
    town.people.new_article(ArticleNumber="A9", Description="Mutter", price=1)
    async with town.running():
        assert (await town.sync()).error is None
    assert town.people.item("A9")


async def test_a_list_that_was_not_believed_is_not_relied_on_in_the_next_pass_either(tmp_path):
    """The daily comparison shows nothing, nor does any list after it: nothing is made until one is right."""
    town = Town(tmp_path)
    for number in range(40):
        town.people.new_organisation(f"Firma {number}")
    await town.sync_once()
    lists = Lists(town, "/Queries")
    town.wait(hours=25)
    town.people.new_customer(Name="Acme AB")
    since = town.world.log.last_seq
    async with town.running():
        lists.show = nothing
        for _ in range(3):
            await town.sync()
            town.wait(minutes=6)
        assert made(town, since) == []
        lists.show = same
        await calm(town)
    assert made(town, since) == ["/Organisations"]


async def test_what_they_said_was_made_waits_for_a_person_also_when_its_source_is_edited(tmp_path):
    """Another text is no reason to make it once more."""
    town = Town(tmp_path)
    unseen_article(town)
    async with town.running():
        for _ in range(5):
            await town.sync()
            town.wait(minutes=1)
        town.people.edit_article("A9", Description="Bricka M8")
        for _ in range(3):
            town.wait(minutes=11)
            await town.sync()
        assert [each["code"] for each in await town.desk.parked()] == ["INT02"]
    assert made(town) == ["/QuotationLines/LinkedData"]


class Killed(BaseException):
    """The process ends here."""


async def test_what_they_said_is_known_after_a_kill(tmp_path):
    """It is stored when the answer comes, before anything is read back."""
    town = Town(tmp_path)
    lists = Lists(town, "/QuotationLines/LinkedData")
    town.people.new_article(ArticleNumber="A9", Description="Bricka", price=1)

    def killed(step: str) -> None:
        if step == "request" and made(town):
            raise Killed

    with suppress(Killed, BaseExceptionGroup):
        async with town.running():
            town.watch = killed
            await town.sync()
    town.watch = lambda _step: None
    lists.show = nothing
    async with town.running():
        for _ in range(20):
            town.wait(minutes=1)
            await town.sync()
        assert [each["code"] for each in await town.desk.parked()] == ["INT02"]
    assert made(town) == ["/QuotationLines/LinkedData"]


async def test_a_value_that_they_dropped_silently_undoes_nobodys_edit(tmp_path):
    """They took one of two values; the other still says what it did, and that is no edit of theirs."""
    town = Town(tmp_path)
    number = await linked(town)
    system = town.world.systems["webcrm"]
    handle = system.handle

    def dropping(request: web.Request) -> web.Response:
        if request.method == "PUT":
            body = json.loads(request.body)
            body.pop("OrganisationTelephone", None)
            request = structs.replace(request, body=json.dumps(body).encode())
        return handle(request)

    system.handle = dropping
    town.people.edit_customer(number, Name="Bygg AB", Phone1="08-2")
    town.world.faults.add(
        Fault(system="webcrm", method="GET", path="/Queries", fault="status", status=503, skip=1, count=3)
    )
    async with town.running():
        with pytest.raises(Unreachable):
            await town.sync()
        for _ in range(3):
            town.wait(minutes=1)
            await town.sync()
    assert town.people.customer(number)["Phone1"] == "08-2"


async def test_somebody_elses_customer_under_our_number_is_not_taken_for_ours(tmp_path):
    """That two companies have a type and a currency in common proves nothing."""
    town = Town(tmp_path)
    town.configure('kind = "webcrm"', 'kind = "webcrm"\nnumber_owner = "webcrm"')
    town.people.new_organisation("Björk AB", ExtraCustom1="4711", Telephone="08-1")
    town.world.faults.add(Fault(system="fortnox", method="POST", path="/3/customers", fault="lost_before"))
    async with town.running():
        await town.sync()
        town.people.new_customer(CustomerNumber="4711", Name="Rör AB", Type="COMPANY", Phone1="08-999")
        await calm(town)
        assert await town.desk.parked() or await town.desk.conflicts()
