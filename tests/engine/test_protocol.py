"""Every kind of write meets every fault: each record ends once, agreed or listed."""

from __future__ import annotations

import os
from contextlib import suppress

import pytest

from daemon.errors import RemoteError
from daemon.sandbox.faults import Fault
from tests.engine.lives import STORIES, verdict
from tests.engine.paperwork import wrong
from tests.engine.spoils import FAULTS, REFUSALS, UNCLEAR, creates, faults_of, is_line, spoil
from tests.engine.story import LOOK_S, calm, effects, release_parked, too_soon

CREATIONS = [name for name, story in STORIES.items() if creates(story)]
MADE_IN_FORTNOX = [name for name in CREATIONS if STORIES[name].system == "fortnox"]
EVERYTHING = os.environ.get("CRASH_EVERY") == "1"
FEW, FEWER = (1, 1) if EVERYTHING else (2, 7)  # one fault in so many, in turn; `make simulate` has them all


def cases() -> list[tuple[str, str]]:
    """Each story with its share of the faults: more of them where something is made in Fortnox."""
    return [
        (name, fault)
        for number, (name, story) in enumerate(STORIES.items())
        for place, fault in enumerate(faults_of(story))
        if (place + number) % (FEW if name in MADE_IN_FORTNOX else FEWER) == 0
    ]


@pytest.mark.parametrize(("name", "fault"), cases())
async def test_whatever_happens_to_a_write_both_sides_end_equal_and_nothing_is_made_twice(begun, name, fault):
    """
    After one spoiled request and calm passes each record exists once on both
    sides with the values people gave it, or it is parked and `retry` gets it there.
    """
    stage, image = await begun(name)
    town, story = stage.place(image), stage.story
    spoil(town, story, FAULTS[fault])
    async with town.running():
        await calm(town, patient=True)
        parked = bool(await town.desk.parked())
        assert await verdict(stage, refused=parked) == []
    # For a line a 404 with a page is some other server's: the whole pass stops and is repeated.
    assert parked is (fault in REFUSALS and not (is_line(story) and fault == "404"))


# ------------------------------------------------------------------ unclear outcomes


SAID = ("its answer lost", "a proxy's page that says 200", "500")


@pytest.mark.parametrize(
    ("name", "fault"), [(name, SAID[number % len(SAID)]) for number, name in enumerate(STORIES)]
)
async def test_an_unclear_answer_is_reported_with_the_time_of_the_next_look(begun, name, fault):
    """
    `sync` says "unknown" and when it will look, waits for nothing, and a second
    `sync` before that time sends nothing.
    """
    stage, image = await begun(name)
    town, story = stage.place(image), stage.story
    spoil(town, story, UNCLEAR[fault])
    async with town.running():
        report = await town.sync()
        sent = effects(town, story, 0)
        again = await town.sync()

    assert (report.outcome, report.unknown) == ("unknown", 1)
    assert report.next_look_at == again.next_look_at
    assert report.next_look_at is not None
    assert (report.next_look_at - sent[0].at).total_seconds() == pytest.approx(LOOK_S, abs=1)
    assert len(sent) == len(effects(town, story, 0)) == 1


@pytest.mark.parametrize("name", CREATIONS)
async def test_a_creation_that_never_arrives_is_tried_three_times_and_then_listed(begun, name):
    """
    Three attempts, each with its looks between; then it is parked as INT02, and `retry` gives it another.
    """
    stage, image = await begun(name)
    town, story = stage.place(image), stage.story
    spoil(town, story, {"fault": "lost_before"}, count=3)
    async with town.running():
        await town.sync()
        await calm(town)
        listed = await release_parked(town)
        sent = effects(town, story, 0)
        await calm(town)
        assert wrong(town, story) == []

    assert [each["code"] for each in listed] == ["INT02"]
    assert len(sent) == 3
    assert too_soon(sent) == []


MANY = [
    (name, fault)
    for number, name in enumerate(STORIES)
    for fault in (
        ("lost on the way", "its answer lost", "applied 20 s late", "503")
        if name in MADE_IN_FORTNOX
        else (("its answer lost", "applied 20 s late")[number % 2],)
    )
]


@pytest.mark.parametrize(("name", "fault"), MANY)
async def test_many_spoiled_requests_in_a_row_still_end_with_one_record(begun, name, fault):
    """
    The first two attempts are spoiled, and every reading meets a fault now and then.
    """
    stage, image = await begun(name)
    town, story = stage.place(image), stage.story
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
    assert too_soon(effects(town, story, 0)) == []


# ------------------------------------------------------------------ the read-back


WEBCRM_WRITES = [name for name, story in STORIES.items() if story.system == "webcrm" and not is_line(story)]


@pytest.mark.parametrize("name", WEBCRM_WRITES)
async def test_a_read_back_that_fails_makes_the_outcome_unknown_and_nothing_is_sent_twice(begun, name):
    """
    webCRM answers a write without the record; when it goes away right after, the write is looked for later.
    """
    stage, image = await begun(name)
    town, story = stage.place(image), stage.story

    def away(step: str) -> None:
        if step == "answer" and effects(town, story, 0) and not town.world.faults.items(active=True):
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
    assert len(effects(town, story, 0)) == 1
