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

KILLED_FOR_S = 8.0
LIVES_S = (0.4, 2.5)
FILES = 50


@pytest.fixture
def stage():
    """An empty company with its sandbox, nobody at work yet; what runs is ended by its own id."""
    with tempfile.TemporaryDirectory(prefix="fsk") as name, host(Path(name), 1, empty=True) as here:
        found = Stage(here, random.Random(1), rate=3)
        with found.crowd:
            settle_in(found.crowd)
            yield found


def wrong_after_a_pass(stage):
    """What a pass leaves wrong, but for records whose write is still being looked for, half a minute long."""
    told = [stage.host.ask("sync") for _ in range(2)]  # a creation waits for `settle` after a crash
    found = judge.wrong(judge.Sides(stage.crowd, stage.host))
    stage.overlook()
    return [*found, *stage.wrong, *(told if found else ())]


@pytest.mark.row("D4")
def test_killed_again_and_again_without_repair(stage):
    """
    After each kill -9 the state is whole, and the next start takes it; what was sent is on record. Both
    sides are compared at rest by `make simulate`, which waits for it.

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
    stage.end()
    assert [] == stage.wrong
    assert [] == vendors.unrecorded(stage.seen, stage.host.known_ids())


@pytest.mark.row("D7")
def test_a_storm_of_reloads_leaves_one_whole_config(stage):
    """Good files and bad ones in turn: what is in force is the last good one, all of it, and work goes on."""
    stage.host.start()
    assert [] == storm(stage.host, stage.crowd, stage.chance, FILES, stage.figures)
    assert [] == wrong_after_a_pass(stage)
    stage.end()
    assert [] == stage.wrong
