"""The memory is lost: nothing is made twice, and the twins are found again."""

from __future__ import annotations

import random
import shutil
from collections import Counter

import pytest

from daemon.sandbox.faults import Fault
from tests.engine.lives import EVERY, sampled
from tests.engine.power import live_until_cut, steps_of
from tests.engine.story import calm, fortnox_side, webcrm_side
from tests.town import Town

NAMES = {"Acme AB", "Björk AB", "Cedergrens", "Skruv"}


async def town_of(folder) -> Town:
    """Customers born on both sides, with and without an organisation number, and an article."""
    town = Town(folder)
    people = town.people
    people.new_customer(Name="Acme AB", Phone1="08-1")
    people.new_organisation("Björk AB", Telephone="08-2", ExtraCustom2="556016-0680")
    people.new_organisation("Cedergrens", Telephone="08-3")
    people.new_article(ArticleNumber="A1", Description="Skruv", price=10)
    return town


def lose(town: Town) -> None:
    """The state folder is deleted."""
    shutil.rmtree(town.folder / "state")


def assert_each_once(town: Town) -> None:
    """Every record is there once, and alike, on both sides."""
    assert Counter(name for _, name, _ in fortnox_side(town).elements()) == Counter(NAMES)
    assert fortnox_side(town) == webcrm_side(town)


async def test_a_lost_memory_is_made_again_without_a_write(tmp_path):
    """
    Everything was in agreement, so finding the twins again sends nothing at all.
    """
    town = await town_of(tmp_path)
    await town.sync_once()
    town.wait(minutes=11)
    await town.sync_once()
    lose(town)
    since = town.world.log.last_seq
    async with town.running():
        await calm(town)
        assert (await town.sync()).outcome == "ok"
        status = await town.desk.status_of("webcrm")
    assert town.writes(since) == []
    assert status["counts"]["linked"] == len(NAMES)
    assert_each_once(town)


async def test_a_memory_lost_at_any_step_of_the_first_pass_makes_nothing_twice(tmp_path):
    """
    Also the organisation with neither number is found again, by our reference in Fortnox.
    """
    steps = len(await steps_of(await town_of(tmp_path / "whole")))
    for step in range(20 + random.randrange(2 * EVERY), steps, 2 * EVERY):
        town = await town_of(tmp_path / f"lost at {step}")
        await live_until_cut(town, step)
        lose(town)
        async with town.running():
            await calm(town)
        assert_each_once(town)


@pytest.mark.parametrize("late_s", [0.5, 1.5])
async def test_a_write_that_takes_effect_after_the_memory_was_lost_is_not_repeated(tmp_path, late_s):
    """
    A new memory creates nothing before settle has passed, and looks first.
    """
    steps = await steps_of(await town_of(tmp_path / "whole"))
    requests = [number for number, what in enumerate(steps) if what == "request"]
    for step in (requests[place] for place in sampled(len(requests), max(1, EVERY // 4))):
        town = await town_of(tmp_path / f"lost at {step}")
        await live_until_cut(town, step, late_s)
        lose(town)
        async with town.running():
            await calm(town)
        assert_each_once(town)


async def test_creations_of_a_new_memory_wait_for_settle_and_the_report_says_until_when(tmp_path):
    """
    With the 15 minutes of production the first `sync` creates nothing, and says when it will.
    """
    town = await town_of(tmp_path)
    town.configure('settle = "2s"', 'settle = "15m"')
    since = town.world.log.last_seq
    async with town.running():
        report = await town.sync()
        assert [line for line in town.writes(since) if line.startswith("POST")] == []
        assert (report.outcome, report.next_look_at is not None) == ("unknown", True)
        await calm(town)
    assert_each_once(town)


async def test_an_organisation_without_any_number_is_found_by_our_reference(tmp_path):
    """
    The customer in Fortnox was made, its number never reached webCRM, and then the memory was lost.
    """
    town = Town(tmp_path)
    town.people.new_organisation("Cedergrens")
    town.world.faults.add(Fault(fault="lost_before", system="webcrm", method="PUT"))
    await town.sync_once()
    assert town.people.organisation("Cedergrens")["OrganisationExtraCustom1"] == ""
    lose(town)
    async with town.running():
        await calm(town)
    (customer,) = town.people.customers()
    assert town.people.organisation("Cedergrens")["OrganisationExtraCustom1"] == customer["CustomerNumber"]
