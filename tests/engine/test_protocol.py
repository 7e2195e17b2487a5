"""Every kind of write meets every fault: each record ends once, agreed or listed."""

from __future__ import annotations

import os
from contextlib import suppress

import pytest

from daemon.errors import RemoteError
from daemon.sandbox.faults import Fault
from tests.engine.paperwork import PAPERS, wrong
from tests.engine.story import (
    LOOK_S,
    Story,
    begin,
    calm,
    effects,
    release_parked,
    too_soon,
)
from tests.engine.story import (
    STORIES as REGISTERS,
)
from tests.town import Town

STORIES = REGISTERS | PAPERS
UNCLEAR = {
    # what happened to the request: the fault that does it
    "lost on the way": {"fault": "lost_before"},
    "its answer lost": {"fault": "lost_after"},
    "applied late": {"fault": "late", "delay_s": 20},
    "its answer cut by a reset": {"fault": "reset"},
    "half an answer": {"fault": "truncate"},
    "a proxy's page that says 200": {"fault": "html"},
    "answered after the time-out": {"fault": "delay", "delay_s": 40},
    "500": {"fault": "status", "status": 500},
    "502": {"fault": "status", "status": 502},
    "503": {"fault": "status", "status": 503},
}
CLEAR = {
    "400": {"fault": "status", "status": 400},
    "401": {"fault": "status", "status": 401},
    "403": {"fault": "status", "status": 403},
    "404": {"fault": "status", "status": 404},
    "409": {"fault": "status", "status": 409},
    "429": {"fault": "status", "status": 429},
    "answered slowly": {"fault": "delay", "delay_s": 20},
}
LINES = {name for name, story in PAPERS.items() if story.path.startswith("/QuotationLines")}
CREATIONS = [name for name, story in STORIES.items() if story.method == "POST" and name not in LINES]
REFUSALS = ("400", "403", "404", "409")


def cases(faults: list[str], few: list[str]) -> list[tuple[str, str]]:
    """Each story with all faults; those of documents, which the first test meets with all, with a `few`."""
    return [(name, fault) for name in STORIES for fault in (few if name in PAPERS else faults)]


def spoil(town: Town, story: Story, fault: dict, **more: object) -> None:
    """Order a fault for the request under test."""
    where = {"system": story.system, "method": story.method, "path": story.path}
    town.world.faults.add(Fault(**where, **fault, **more))


def matrix() -> list[tuple[str, str]]:
    """
    Each story with each fault. Of stories that create nothing in Fortnox every third fault, in turn:
    the whole takes minutes (CRASH_EVERY=1).
    """
    faults = [*UNCLEAR, *CLEAR]
    stride = 1 if os.environ.get("CRASH_EVERY") == "1" else 3
    found = []
    for number, (name, story) in enumerate(STORIES.items()):
        whole = story.system == "fortnox" and story.method == "POST"
        found += [(name, fault) for fault in (faults if whole else faults[number % stride :: stride])]
    return found


@pytest.mark.parametrize(("name", "fault"), matrix())
async def test_whatever_happens_to_a_write_both_sides_end_equal_and_nothing_is_made_twice(
    tmp_path, name, fault
):
    """
    After one spoiled request and calm passes each record exists once on both
    sides with the values people gave it, or it is parked and `retry` gets it there.
    """
    story, town = STORIES[name], Town(tmp_path)
    since = await begin(town, story)
    spoil(town, story, {**UNCLEAR, **CLEAR}[fault])
    async with town.running():
        await sync_through(town)
        await calm(town)
        listed = await release_parked(town)
        if not listed:
            assert wrong(town, story) == []
        await calm(town)
        assert wrong(town, story) == []
        assert await town.desk.parked() == []
        assert await town.desk.intents() == []
        assert await town.desk.conflicts() == []  # what we wrote ourselves is nobody's edit
    # For a line a 404 with a page is some other server's: the whole pass stops and is repeated.
    assert bool(listed) is (fault in REFUSALS and not (name in LINES and fault == "404"))
    assert too_soon(effects(town, story, since)) == []


async def sync_through(town: Town) -> None:
    """One pass; one that a vendor's answer ends early is repeated, as the scheduler does."""
    try:
        await town.sync()
    except RemoteError:
        town.wait(minutes=1)
        await town.sync()


# ------------------------------------------------------------------ unclear outcomes


@pytest.mark.parametrize(
    ("name", "fault"),
    cases([name for name, fault in UNCLEAR.items() if "delay_s" not in fault], ["its answer lost", "500"]),
)
async def test_an_unclear_answer_is_reported_with_the_time_of_the_next_look(tmp_path, name, fault):
    """
    `sync` says "unknown" and when it will look, waits for nothing, and a second
    `sync` before that time sends nothing.
    """
    story, town = STORIES[name], Town(tmp_path)
    since = await begin(town, story)
    spoil(town, story, UNCLEAR[fault])
    async with town.running():
        report = await town.sync()
        sent = effects(town, story, since)
        again = await town.sync()

    assert (report.outcome, report.unknown) == ("unknown", 1)
    assert report.next_look_at == again.next_look_at
    assert report.next_look_at is not None
    assert (report.next_look_at - sent[0].at).total_seconds() == pytest.approx(LOOK_S, abs=1)
    assert len(sent) == len(effects(town, story, since)) == 1


@pytest.mark.parametrize("name", CREATIONS)
async def test_a_creation_that_never_arrives_is_tried_three_times_and_then_listed(tmp_path, name):
    """
    Three attempts, each with its looks between; then it is parked as INT02, and `retry` gives it another.
    """
    story, town = STORIES[name], Town(tmp_path)
    since = await begin(town, story)
    spoil(town, story, {"fault": "lost_before"}, count=3)
    async with town.running():
        await town.sync()
        await calm(town)
        listed = await release_parked(town)
        sent = effects(town, story, since)
        await calm(town)
        assert wrong(town, story) == []

    assert [each["code"] for each in listed] == ["INT02"]
    assert len(sent) == 3
    assert too_soon(sent) == []


@pytest.mark.parametrize(
    ("name", "fault"),
    cases(["lost on the way", "its answer lost", "applied late", "503"], ["its answer lost", "applied late"]),
)
async def test_many_spoiled_requests_in_a_row_still_end_with_one_record(tmp_path, name, fault):
    """
    The first two attempts are spoiled, and every reading meets a fault now and then.
    """
    story, town = STORIES[name], Town(tmp_path)
    since = await begin(town, story)
    spoil(town, story, UNCLEAR[fault], count=2)
    town.world.faults.add(Fault(fault="status", status=500, method="GET", count=20, rate=0.3))
    async with town.running():
        for _ in range(4):
            with suppress(RemoteError):
                await town.sync()
            town.wait(seconds=40)
        town.world.faults.clear()
        await calm(town)
        assert wrong(town, story) == []
    assert too_soon(effects(town, story, since)) == []


# ------------------------------------------------------------------ the read-back


WEBCRM_WRITES = [name for name, story in STORIES.items() if story.system == "webcrm" and name not in LINES]


@pytest.mark.parametrize("name", WEBCRM_WRITES)
async def test_a_read_back_that_fails_makes_the_outcome_unknown_and_nothing_is_sent_twice(tmp_path, name):
    """
    webCRM answers a write without the record; when it goes away right after, the write is looked for later.
    """
    story, town = STORIES[name], Town(tmp_path)
    since = await begin(town, story)

    def away(step: str) -> None:
        if step == "answer" and effects(town, story, since) and not town.world.faults.items(active=True):
            town.world.faults.add(Fault(fault="status", status=500, system="webcrm", method="GET", count=3))

    town.watch = away
    async with town.running():
        with pytest.raises(RemoteError):
            await town.sync()
        town.watch = lambda _step: None
        town.world.faults.clear()
        report = await town.sync()
        assert (report.outcome, report.unknown) == ("unknown", 1)
        await calm(town)
        assert wrong(town, story) == []
        assert await town.desk.intents() == []
    assert len(effects(town, story, since)) == 1
