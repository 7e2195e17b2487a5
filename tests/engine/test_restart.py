"""The power fails at every step of a pass; the next start finishes the job and makes nothing twice."""

from __future__ import annotations

import random
from collections import defaultdict

import pytest

from daemon.engine import settling
from tests.engine.inline import inline
from tests.engine.lives import STORIES, TOWNS, Deaths, after, judged, lead, sampled
from tests.engine.spoils import FAULTS, UNCLEAR, spoil

pytestmark = pytest.mark.row("D4", "W9", "W11")


@pytest.mark.parametrize("name", TOWNS)
async def test_a_power_cut_at_any_step_loses_nothing_and_doubles_nothing(begun, name):
    """
    Before and after every commit, request and answer, and with a request under way that takes effect
    later; the next start ends where an undisturbed one does.
    """
    stage, image = await begun(name)
    deaths = Deaths(stage, set())
    with inline(stage.connect):
        await deaths.live(image)
    for number in sampled(len(deaths.found)):
        event, left = deaths.found[number]
        assert await judged(stage, left) == [], event


@pytest.mark.parametrize("seed", range(12))
async def test_more_power_cuts_during_the_recovery_lose_and_double_nothing(begun, seed):
    """
    The power fails again, and again, at random steps while the daemon is still settling what had been
    spoiled.
    """
    chance = random.Random(seed)
    name = chance.choice([*TOWNS, *STORIES])
    stage, image = await begun(name)
    events = [f"meets {chance.choice(list(UNCLEAR))}"] if name in STORIES else []
    for _ in range(3):
        late = chance.choice(("", " late 0.3", " late 25.0"))
        events += [f"kill {chance.randrange(120)}{late}", f"after {chance.choice([1, 20, 40, 700])}"]
    with inline(stage.connect):
        for event in events:
            image, wrong = await after(stage, image, event)
            assert wrong == [], events
        assert await judged(stage, image) == [], events


async def test_deaths_have_one_future_only_where_nothing_but_time_tells_them_apart(begun):
    """
    With one future the state and both vendors' records are the same; many of them span some time.
    """
    stage, image = await begun("a later pass")
    left, at_s = defaultdict(set), defaultdict(set)

    def step(_step):
        world, future = stage.town.world, stage.future()
        company = world.systems["fortnox"].companies["1234567"]
        held = [each.values for register in company.registers.values() for each in register.records.values()]
        left[future].add((stage.db.serialize(), repr(held), repr(world.systems["webcrm"]._state.records)))
        at_s[future].add(stage.town.clock.passed_s)

    with inline(stage.connect):
        town = stage.place(image)
        town.watch = step
        async with town.running():
            await lead(town)
    assert {len(each) for each in left.values()} == {1}
    assert max(len(each) for each in at_s.values()) > 1


async def test_a_daemon_that_looks_once_is_found_out(begun, monkeypatch):
    """
    What these tests and the matrix look for can be found: here a customer is made twice.
    """
    monkeypatch.setattr(settling, "LOOKS", 1)
    stage, image = await begun("create a Fortnox customer")
    spoil(stage.place(image), stage.story, FAULTS["applied between the two looks"])
    with inline(stage.connect):
        assert "fortnox: 2 of Björk AB" in await judged(stage, stage.image())
