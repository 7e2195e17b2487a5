"""The disk refuses, or the power goes: what cannot be remembered is not sent, what was remembered stays."""

from __future__ import annotations

import math
import random

import pytest

from tests.engine.lives import EVERY, sampled
from tests.simulation import disk, powerloss

pytestmark = pytest.mark.row("D4")
RUNS = 64 // EVERY  # of each kind


@pytest.mark.parametrize(("kind", "error"), disk.WORK)
async def test_a_disk_that_refuses_at_any_moment_stops_the_effects_and_loses_nothing(begun, kind, error):
    """
    No effect leaves that was not stored as sent before. When the disk is well again the same process,
    or the next one, settles what had been sent and finishes the job.
    """
    stage, image = await begun(disk.PASS)
    whole = disk.Disk(error, math.inf)
    assert await disk.sick(stage, image, kind, whole, "goes on", set()) == []
    for number in sampled(whole.seen, max(1, whole.seen // RUNS)):
        rest = random.choice(disk.REST)
        refusing = disk.Disk(error, number)
        assert await disk.sick(stage, image, kind, refusing, rest, set()) == [], f"{kind} {number}, it {rest}"


@pytest.mark.parametrize("name", powerloss.LIVES)
async def test_a_power_cut_loses_no_transaction_that_was_told_to_be_stored(tmp_path, name):
    """
    Whatever a disk kept of what was not synced, torn or whole, the file is sound, holds all that was
    acknowledged, and the next start finishes the job. No effect left before its intent was safe.
    """
    stage, life = await powerloss.watched(name, "FULL", tmp_path)
    assert (life.early, life.effects > 0) == ([], True)
    for _ in range(RUNS):
        case = f"power | {name} | cut {random.randint(life.began, len(life.asked))} | {random.random()}"
        assert await powerloss.recovered(stage, life, case, tmp_path, set()) == [], case


@pytest.mark.parametrize("synchronous", powerloss.CARELESS)
async def test_the_same_cuts_show_what_a_disk_that_is_not_waited_for_loses(synchronous):
    """
    Without it the two tests above would hold for any disk.
    """
    (tally,) = await powerloss.teeth(synchronous, random.randrange(1000), 10 * RUNS)
    assert tally.wrong == []
