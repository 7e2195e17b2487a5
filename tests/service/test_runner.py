"""One connector's life, told by a clock that moves when the test says so."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress

import anyio
import pytest

from daemon.core.report import ConnectorReport
from daemon.errors import DaemonError, Throttled
from daemon.events import Events
from daemon.service.runner import Runner
from daemon.service.supervisor import contain
from tests.service.fakes import AWAY, NO_GRANT, NOON, Chance, ManualClock, ScriptedLoop


class Life:
    """A runner, its loop, its clock, its log."""

    def __init__(self, *script, paused=False):
        self.clock = ManualClock()
        self.loop = ScriptedLoop(clock=self.clock)
        self.loop.script = list(script)
        self.lines = []
        events = Events(lambda _level, name, _fields: self.lines.append(name))
        self.runner = Runner(self.loop, self.clock, Chance(), events, contain, paused=paused)


class Full(list):
    """A log that takes nothing any more."""

    def append(self, _line):
        raise ZeroDivisionError


async def lived(life, *, seconds):
    """What the connector's passes were after so long."""
    async with anyio.create_task_group() as group:
        group.start_soon(life.runner.run)
        await life.clock.advance(seconds)
        life.runner.stop()
    return life.loop.passes


@pytest.mark.row("W1")
async def test_the_sides_are_read_three_minutes_apart():
    """The first pass reads both sides; then each is read every six minutes, three apart."""
    passes = await lived(Life(), seconds=1000)
    assert passes == [
        (0, "both"),
        (180, "fortnox"),
        (360, "partner"),
        (540, "fortnox"),
        (720, "partner"),
        (900, "fortnox"),
    ]


OUTCOMES = [
    # what the first pass did             what is said     state        when the next begins
    ("nothing is wrong", "ok", "waiting", 180),
    ("a record is parked", "parked", "waiting", 180),
    ("a system does not answer", AWAY, "away", 1.5),
    ("the grant is lost", NO_GRANT, "no_grant", 180),
    ("they ask us to wait", Throttled("NET09", "slow down", "x", "nothing"), "away", 5.0),
    ("something unforeseen", ZeroDivisionError("oops"), "failing", 1.5),
]


@pytest.mark.row("D1")
@pytest.mark.parametrize(
    ("first", "state", "next_s"), [c[1:] for c in OUTCOMES], ids=[c[0] for c in OUTCOMES]
)
async def test_an_outcome_decides_the_state_and_the_next_pass(first, state, next_s):
    """Trouble backs off, a lost grant waits for its ordinary time, everything else goes on."""
    life = Life(first)
    async with anyio.create_task_group() as group:
        group.start_soon(life.runner.run)
        await life.clock.advance(0)
        assert life.runner.state == state
        assert life.runner.next_pass_at == NOON + dt.timedelta(seconds=next_s)
        life.runner.stop()


async def test_backing_off_grows_and_ends_with_the_trouble():
    """Each failure in a row doubles the bound; after one good pass the cadence is the ordinary one."""
    passes = await lived(Life(AWAY, AWAY, AWAY), seconds=300)
    assert [at for at, _ in passes] == [0, 1.5, 4.0, 8.5, 180]


async def test_going_away_and_coming_back_are_said_once():
    """Three failures and a success are one line down and one line up, beside a line for each pass."""
    life = Life(AWAY, AWAY, AWAY)
    await lived(life, seconds=20)
    told = [name for name in life.lines if name in ("connector_away", "connector_back", "pass_done")]
    assert told == ["pass_done", "connector_away"][::-1] + ["pass_done"] * 2 + ["connector_back", "pass_done"]


async def test_five_crashes_in_ten_minutes_are_shown_as_degraded():
    """A connector that crashes over and over says so, and a good pass ends it."""
    life = Life(*[ZeroDivisionError()] * 5)
    async with anyio.create_task_group() as group:
        group.start_soon(life.runner.run)
        await life.clock.advance(20)
        assert life.runner.state == "degraded"
        await life.clock.advance(60)
        assert life.runner.state == "waiting"
        life.runner.stop()


@pytest.mark.row("D10")
async def test_nudges_are_one_pass_of_both_sides():
    """Three nudges during a pass make one more pass, at once."""
    life = Life()
    async with anyio.create_task_group() as group:
        group.start_soon(life.runner.run)
        await life.clock.advance(10)
        for _ in range(3):
            life.runner.nudge()
        await life.clock.advance(10)
        life.runner.stop()
    assert life.loop.passes == [(0, "both"), (10, "both")]


@pytest.mark.row("D10")
async def test_a_paused_connector_waits_until_it_is_resumed():
    """No pass while paused, whatever is nudged; resuming looks at both sides at once; asking still works."""
    life = Life(paused=True)
    async with anyio.create_task_group() as group:
        group.start_soon(life.runner.run)
        await life.clock.advance(5000)
        life.runner.nudge()
        await life.clock.advance(1)
        assert (life.loop.passes, life.runner.state) == ([], "paused")
        assert (await life.runner.ask(dry_run=True, imports=None)).outcome == "ok"
        life.runner.set_paused(paused=False)
        await life.clock.advance(1)
        life.runner.stop()
    assert life.loop.passes == [(5001, "both"), (5001, "both")]


async def test_a_write_to_be_settled_is_looked_for_when_it_is_due():
    """A pass that names a next look is followed by one at that time, before the ordinary one."""
    due = NOON + dt.timedelta(seconds=60)
    passes = await lived(Life(ConnectorReport(name="crm", outcome="unknown", next_look_at=due)), seconds=100)
    assert [at for at, _ in passes] == [0, 60]


async def test_asked_passes_come_one_at_a_time_and_each_gets_its_report():
    """Two people who ask at once get two passes after each other."""
    life, reports = Life("ok", "parked", "held"), []
    async with anyio.create_task_group() as group:
        group.start_soon(life.runner.run)
        await life.clock.advance(0)

        async def ask():
            reports.append((await life.runner.ask(dry_run=False, imports=None)).outcome)

        async with anyio.create_task_group() as askers:
            askers.start_soon(ask)
            askers.start_soon(ask)
        life.runner.stop()
    assert sorted(reports) == ["held", "parked"]


async def test_who_asks_a_stopping_connector_is_told_so():
    """A pass that is cut off by a stop answers CTL06 instead of never."""
    life = Life("ok", "hang")
    async with anyio.create_task_group() as group:

        async def live():
            await life.runner.run()
            life.runner.finish()

        group.start_soon(live)
        await life.clock.advance(0)

        async def ask():
            with pytest.raises(DaemonError, match="CTL06"):
                await life.runner.ask(dry_run=False, imports=None)

        group.start_soon(ask)
        await life.clock.advance(0)
        life.runner.stop()
    assert [side for _, side in life.loop.passes] == ["both", "both"]


async def test_who_asked_is_told_when_the_runner_itself_fails_over_it():
    """A mistake outside the pass (its report cannot be told) leaves nobody waiting, and no endless retry."""
    life = Life()
    life.lines = Full()
    async with anyio.create_task_group() as group:
        group.start_soon(contain, "connector.x", life.runner.run)

        async def ask():
            with suppress(DaemonError):
                await life.runner.ask(dry_run=False, imports=None)
            life.runner.stop()

        with anyio.fail_after(10):
            await ask()
    assert len(life.loop.passes) <= 2


async def test_a_hanging_pass_is_no_stopped_scheduler_but_an_unstarted_one_is():
    """The watchdog's question is whether passes begin when they are due."""
    life = Life("hang")
    async with anyio.create_task_group() as group:
        group.start_soon(life.runner.run)
        await life.clock.advance(10_000)
        assert not life.runner.overdue()
        life.runner.stop()
    assert life.runner.overdue()
