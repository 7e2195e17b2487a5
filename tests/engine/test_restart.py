"""The power fails at every step of a pass; the next start finishes the job and makes nothing twice."""

from __future__ import annotations

import os
import random

import pytest

from tests.engine.power import live_until_cut, steps_of
from tests.engine.story import calm, differences
from tests.town import Town

pytestmark = pytest.mark.row("D4")

ENDS = {"Acme AB": "08-11", "Björk AB": "08-22", "Cedergrens": "08-33", "Skruv": "10", "Mutter": "12.5"}


async def busy_town(folder) -> Town:
    """A town where the next pass creates and updates on both sides, customers and articles."""
    town = Town(folder)
    people = town.people
    number = people.new_customer(Name="Acme AB", Phone1="08-1")["CustomerNumber"]
    people.new_article(ArticleNumber="A2", Description="Mutter", price=11)
    people.new_organisation("Björk AB", Telephone="08-2")
    await town.sync_once()
    town.wait(minutes=11)
    people.edit_customer(number, Phone1="08-11")
    people.edit_organisation(people.organisation("Björk AB"), Telephone="08-22")
    people.new_organisation("Cedergrens", Telephone="08-33")
    people.new_article(ArticleNumber="A1", Description="Skruv", price=10)
    people.set_price("A2", 12.5)
    return town


async def young_town(folder) -> Town:
    """A town whose first pass creates on both sides."""
    town = Town(folder)
    people = town.people
    people.new_customer(Name="Acme AB", Phone1="08-11")
    people.new_organisation("Björk AB", Telephone="08-22")
    people.new_organisation("Cedergrens", Telephone="08-33", ExtraCustom2="556016-0680")
    people.new_article(ArticleNumber="A1", Description="Skruv", price=10)
    people.new_article(ArticleNumber="A2", Description="Mutter", price=12.5)
    return town


TOWNS = {"a first pass": young_town, "a later pass": busy_town}
EVERY = int(os.environ.get("CRASH_EVERY", "16"))  # 1 for all steps; a sample begins at a fresh step each time


async def finishes(town: Town) -> None:
    """The daemon starts again, and at rest everything is as people left it."""
    async with town.running():
        await calm(town)
        assert differences(town, ENDS) == []
        assert await town.desk.intents() == []
        assert await town.desk.parked() == []


@pytest.mark.parametrize("name", TOWNS)
async def test_a_power_cut_at_any_step_loses_nothing_and_doubles_nothing(tmp_path, name):
    """
    Before and after every commit, request and answer; the next start ends where an undisturbed one does.
    """
    steps = len(await steps_of(await TOWNS[name](tmp_path / "whole")))
    for step in range(random.randrange(EVERY), steps, EVERY):
        town = await TOWNS[name](tmp_path / f"cut at {step}")
        assert await live_until_cut(town, step), f"step {step} of {steps}"
        await finishes(town)


@pytest.mark.parametrize("late_s", [0.3, 25.0])
@pytest.mark.parametrize("name", TOWNS)
async def test_a_request_under_way_at_the_power_cut_may_take_effect_later(tmp_path, name, late_s):
    """
    The next start does not know whether it arrived, and waits before it looks: there is never a second one.
    """
    steps = await steps_of(await TOWNS[name](tmp_path / "whole"))
    for step in (number for number, what in enumerate(steps) if what == "request"):
        town = await TOWNS[name](tmp_path / f"cut at {step}")
        assert await live_until_cut(town, step, late_s), f"step {step}"
        await finishes(town)


@pytest.mark.parametrize("seed", range(20))
async def test_a_second_power_cut_during_the_recovery_loses_and_doubles_nothing(tmp_path, seed):
    """
    The power fails again, and again, at random steps while the daemon is still settling.
    """
    chance = random.Random(seed)
    town = await TOWNS[chance.choice(list(TOWNS))](tmp_path)
    for _ in range(4):
        await live_until_cut(town, chance.randrange(120))
        town.wait(seconds=chance.choice([1, 20, 40, 700]))
    await finishes(town)
