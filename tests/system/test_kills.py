"""A small share of `make simulate`: the real daemon killed and reloaded again and again while people work."""

from __future__ import annotations

import random
import tempfile
import time
from pathlib import Path

import pytest

from tests.simulation import processes_judge as judge
from tests.simulation import processes_seen as vendors
from tests.simulation.processes import Stage
from tests.simulation.processes_acts import settle_in
from tests.simulation.processes_host import host
from tests.simulation.processes_storm import storm

KILLED_FOR_S = 6.0
LIVES_S = (0.3, 2.0)
FILES = 50
PASSES = 12


@pytest.fixture
def stage():
    """An empty company with its sandbox, nobody at work yet; what runs is ended by its own id."""
    with tempfile.TemporaryDirectory(prefix="fsk") as name, host(Path(name), 1, empty=True) as here:
        found = Stage(here, random.Random(1), rate=3)
        with found.crowd:
            settle_in(found.crowd)
            yield found


def wrong_at_rest(stage):
    """
    What is wrong when the daemon has nothing more to do, but for records whose write is being looked for:
    that takes half a minute, and `make simulate` waits for it.

    Passes are asked for, each of which waits by itself for what it must, until one had nothing to do and
    both sides agree. A pass too few, not a clock, ends it.
    """
    for _ in range(PASSES):
        (told,) = stage.host.ask("sync")["connectors"]
        found = judge.wrong(judge.Sides(stage.crowd, stage.host))
        if not found and not told["steps"]:
            break
    stage.overlook()
    return [*found, *stage.wrong, *([told] if found or told["steps"] else ())]


@pytest.mark.row("D4")
def test_killed_again_and_again_without_repair(stage):
    """
    After each kill -9 the state is whole, and the next start takes it; what was sent is on record. In the
    end both sides are as people left them: nothing is doubled, nothing lost.

    A second daemon gives up and names the first.
    """
    end_s = time.monotonic() + KILLED_FOR_S
    while time.monotonic() < end_s:
        stage.host.start()
        stage.crowd.work_for(stage.chance.uniform(*LIVES_S))
        stage.host.kill()
    stage.host.start()
    assert stage.host.ask("status")["pid"] == stage.host.pid
    _, code, said = stage.host.second_start()
    assert code == 75 and said.startswith("DBS01") and f"pid {stage.host.pid}" in said
    assert [] == wrong_at_rest(stage)
    stage.end()
    assert [] == stage.wrong
    assert [] == vendors.unrecorded(stage.seen, stage.host.known_ids())


@pytest.mark.row("D7")
def test_a_storm_of_reloads_leaves_one_whole_config(stage):
    """Good files and bad ones in turn: what is in force is the last good one, all of it, and work goes on."""
    stage.host.start()
    assert [] == storm(stage.host, stage.crowd, stage.chance, FILES, stage.figures)
    assert [] == wrong_at_rest(stage)
    stage.end()
    assert [] == stage.wrong
