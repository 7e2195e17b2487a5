"""A delivery's lines take several requests: wherever they stop, no line is doubled and no row is lost."""

from __future__ import annotations

from contextlib import suppress

import pytest

from daemon.errors import RemoteError
from daemon.sandbox.faults import Fault
from tests.engine.paperwork import (
    PAPERS,
    Held,
    born,
    doubled,
    lost,
    only,
    rows_become,
    rows_of,
    shop_with,
    uneven,
    wrong,
)
from tests.engine.power import live_until_cut, steps_of
from tests.engine.story import Paper, Story, begin, calm, release_parked
from tests.rows import papers
from tests.town import Town

pytestmark = pytest.mark.row("W10", "D4")

# One line changes, two are new, one goes: POST and PUT in the order of the rows, DELETE last.
MANY = PAPERS["add lines to a delivery"]._replace(
    before=shop_with(born("order", ("102", 2, 149.5), ("103", 9, 4.5))),
    then=rows_become("order", ("102", 7, 149.5), ("102", 1, 50), ("102", 1, 60)),
    method="*",
    paper=Paper("order", (("102", 7.0, 1046.5), ("102", 1.0, 50.0), ("102", 1.0, 60.0)), "Hej"),
)
REQUESTS = {"PUT": 1, "POST": 2, "DELETE": 1}  # how many of each kind
PLACES = [(method, skip) for method, count in REQUESTS.items() for skip in range(count)]


def decided_by(decides: str) -> Story:
    """The same where that side decides rows."""

    def before(town: Town) -> None:
        town.configure('kind = "webcrm"', f'kind = "webcrm"\ndecides = {{ rows = "{decides}" }}')
        MANY.before(town)

    return MANY._replace(before=before)


STOPS = {
    "lost on the way": {"fault": "lost_before"},
    "its answer lost": {"fault": "lost_after"},
    "applied late": {"fault": "late", "delay_s": 20},
    "503": {"fault": "status", "status": 503},
    "400": {"fault": "status", "status": 400},
    "403": {"fault": "status", "status": 403},
    "404": {"fault": "status", "status": 404},
    "429": {"fault": "status", "status": 429},
}
CASES = [
    *(("fortnox", fault) for fault in STOPS),
    *((decides, fault) for decides in ("partner", "nobody") for fault in ("its answer lost", "400", "429")),
]


def stop_at(town: Town, place: tuple[str, int], **fault: object) -> None:
    """Spoil one of the requests for lines."""
    method, skip = place
    path = "/QuotationLines" if method == "POST" else "/QuotationLines/*"
    town.world.faults.add(Fault(system="webcrm", method=method, path=path, skip=skip, **fault))


async def sync_whatever(town: Town, times: int = 3) -> None:
    """Passes as the clock brings them; one may end early."""
    for _ in range(times):
        with suppress(RemoteError):
            await town.sync()
        town.wait(minutes=2)


@pytest.mark.parametrize(("decides", "fault"), CASES)
@pytest.mark.parametrize("place", PLACES, ids=lambda place: f"{place[0]} {place[1] + 1}")
async def test_half_written_lines_are_finished_and_are_nobodys_edit(begun, place, fault, decides):
    """
    What we had written when it stopped never stands against Fortnox' rows, whoever decides rows:
    they end as Fortnox has them, no line twice, and no conflict is listed.
    """
    stage, image = await begun(f"lines, {decides} decides", decided_by(decides))
    town = stage.place(image)
    stop_at(town, place, **STOPS[fault])
    async with town.running():
        await sync_whatever(town)
        await release_parked(town)
        await calm(town)
        assert wrong(town, MANY) == []
        assert await town.desk.conflicts() == []
        assert await town.desk.parked() == []
        assert await town.desk.intents() == []


@pytest.mark.parametrize("fault", STOPS)
@pytest.mark.parametrize("decides", ["fortnox", "partner"])
async def test_a_line_that_a_person_adds_to_half_written_ones_stays_or_is_listed(begun, decides, fault):
    """
    What we wrote is nobody's edit, but what a person wrote beside it is one.
    """
    stage, image = await begun(f"lines, {decides} decides", decided_by(decides))
    town = stage.place(image)
    stop_at(town, ("POST", 0), **STOPS[fault])
    async with town.running():
        with suppress(RemoteError):
            await town.sync()
        organisation = town.people.organisation("Alfa AB")["OrganisationId"]
        typed = papers.line("102", "Hammare", 1, 777, SortOrder=90)
        papers.add_line(town, only(town), typed, organisation)
        await sync_whatever(town)
        await release_parked(town)
        await calm(town)
        conflicts = await town.desk.conflicts()
        waits = "open" in {each["state"] for each in conflicts}
        held = Held(town)
        assert [*doubled(held), *lost(held)] == []
        assert waits or uneven(held) == []
        stays = ("102", 1.0, 777.0) in papers.money(rows_of(papers.order(town)))
        assert stays or "777" in str(conflicts)


async def test_a_line_added_while_half_written_ones_are_parked_is_listed_with_both_values(tmp_path):
    """
    The operator's list of conflicts can be read, although nothing was agreed on by both.
    """
    town = Town(tmp_path)
    await begin(town, MANY)
    stop_at(town, ("POST", 0), fault="status", status=400, count=None)
    async with town.running():
        await town.sync()
        assert [each["code"] for each in await town.desk.parked()] == ["REC99"]
        town.world.faults.clear()
        organisation = town.people.organisation("Alfa AB")["OrganisationId"]
        typed = papers.line("102", "Hammare", 1, 777, SortOrder=90)
        papers.add_line(town, only(town), typed, organisation)
        town.wait(minutes=11)
        await town.sync()
        await release_parked(town)
        await calm(town)
        assert wrong(town, MANY) == []
        ((rows, state),) = [(each["partner"], each["state"]) for each in await town.desk.conflicts()]
    assert "777" in rows
    assert state == "decided"


# ------------------------------------------------------------------ slow ones


async def slow_town(folder) -> Town:
    """The first two requests for lines will take most of their time."""
    town = Town(folder)
    await begin(town, MANY)
    stop_at(town, ("PUT", 0), fault="delay", delay_s=25)
    stop_at(town, ("POST", 0), fault="delay", delay_s=25)
    return town


async def test_the_look_waits_for_the_last_request_not_for_the_first(tmp_path):
    """
    A line that may still be made 20 s from now is not made again because the first line was sent long ago.
    """
    town = await slow_town(tmp_path)
    stop_at(town, ("POST", 0), fault="late", delay_s=20)  # it sees no request that another one spoils
    async with town.running():
        await town.sync()
        left_at = town.clock.now()
        report = await town.sync()
        assert report.next_look_at is not None
        assert (report.next_look_at - left_at).total_seconds() >= 29
        await calm(town)
        assert wrong(town, MANY) == []


async def test_a_power_cut_while_the_last_of_slow_lines_is_under_way_doubles_none(tmp_path):
    """
    That request takes effect 20 s after the cut; the next start waits for it, however old the first one is.
    """
    town = await slow_town(tmp_path / "whole")
    since = town.world.log.last_seq
    steps = await steps_of(town)
    sent = [item["path"] for item in town.world.log.since(since)]
    requests = [number for number, what in enumerate(steps) if what == "request"]
    assert len(sent) == len(requests)
    last = max(step for step, path in zip(requests, sent, strict=True) if path == "/QuotationLines")
    town = await slow_town(tmp_path / "cut")
    assert await live_until_cut(town, last, 20.0)
    async with town.running():
        await calm(town)
        assert wrong(town, MANY) == []
