"""What feeds the watchdog, and what does not."""

from __future__ import annotations

import anyio
import pytest

from daemon.errors import StateError
from daemon.events import Events
from daemon.service import notify
from daemon.service.logs import quiet
from daemon.service.notify import Notify, Pulse, feed_watchdog, no_progress
from tests.service.fakes import ManualClock


async def sound():
    """A store that answers."""


async def full():
    """A store that answers that the disk is full."""
    raise StateError("DBS02", "the disk is full", "state", "free space")


async def stuck():
    """A store that never answers."""
    await anyio.sleep_forever()


REASONS = [
    ("all is well", 0.0, [], sound, ""),
    ("the event loop was late", 5.0, [], sound, "the event loop was 5.0 s late"),
    ("no pass begins", 0.0, ["crm"], sound, "the scheduler stands still: crm"),
    ("the store hangs", 0.0, [], stuck, "the store did not answer in 0 s"),
    ("the disk is full: a person's business", 0.0, [], full, ""),
]


@pytest.mark.row("D7")
@pytest.mark.parametrize(
    ("lag_s", "late", "probe", "expected"), [c[1:] for c in REASONS], ids=[c[0] for c in REASONS]
)
async def test_only_progress_feeds_the_watchdog(lag_s, late, probe, expected, monkeypatch):
    """A late loop, a standing scheduler and a silent store each hold the food back."""
    monkeypatch.setattr(notify, "STORE_LIMIT_S", 0.01)
    pulse = Pulse(ManualClock(), Events(quiet))
    pulse.lag_s = lag_s
    assert await no_progress(pulse, lambda: late, probe) == expected


async def test_the_pulse_measures_how_late_the_loop_is():
    """A loop that comes back three seconds late is three seconds late."""
    clock = ManualClock()
    events = Events(quiet)
    pulse = Pulse(clock, events)
    async with anyio.create_task_group() as group:
        group.start_soon(pulse.measure)
        await clock.advance(1)
        assert pulse.lag_s == 0.0
        clock.time_s += 4  # as if something had blocked the loop
        await clock.advance(0)
        group.cancel_scope.cancel()
    assert pulse.lag_s == pytest.approx(3.0)
    assert b"watchdog_lag_seconds 3.0" in events.text()


async def test_food_held_back_is_logged():
    """The reason for a coming restart is in the log before it."""
    lines, clock = [], ManualClock()
    events = Events(lambda _level, name, fields: lines.append((name, fields["reason"])))

    async def reasons():
        return "the loop was late"

    async with anyio.create_task_group() as group:
        group.start_soon(feed_watchdog, Notify(clock, {"WATCHDOG_USEC": "60000000"}), clock, events, reasons)
        await clock.advance(31)
        group.cancel_scope.cancel()
    assert lines == [("watchdog_held_back", "the loop was late")] * 2


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "60000000"}, 30.0),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "1"}, None),
    ],
    ids=["not watched", "half of what the manager waits", "another process is watched"],
)
def test_the_rhythm_is_the_managers(environ, expected):
    """The watchdog is fed at half the manager's patience, by the process it watches."""
    assert Notify(ManualClock(), environ).watchdog_s == expected
