"""What webCRM said took effect and does not show: it is not made again, and nobody's edit is undone by it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from daemon.errors import Unreachable
from daemon.sandbox import web
from daemon.sandbox.faults import Fault
from tests.engine.story import calm, release_parked
from tests.engine.test_settling import linked, type_in, values
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


@pytest.mark.row("D4")
async def test_what_they_said_was_made_is_not_made_again_because_no_list_shows_it(tmp_path):
    """It is listed as INT02; when the list is right again, `retry` links it."""
    town = Town(tmp_path)
    lists = Lists(town, "/QuotationLines/LinkedData")
    town.people.new_article(ArticleNumber="A9", Description="Bricka", price=1)
    async with town.running():
        lists.show = nothing
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


def _written(town: Town, since: int) -> bool:
    return any(item["method"] == "PUT" for item in town.requests("webcrm", since=since))
