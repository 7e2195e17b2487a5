"""
Time that is only counted: an event loop that never waits, the true time, and the daemon's own clock.

Nothing in a simulated world asks the machine for anything, so the same seed gives the same
steps in the same order, byte for byte.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import selectors
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeVar

import anyio

from tests.virtual import LoopClock

T = TypeVar("T")
TICK_S = 1e-6  # an iteration costs a little, else rounding could keep a timer from ever being due
BUSY_MOST = 1_000_000  # iterations without a pause
ENDS_WITHIN_S = 10 * 86_400.0  # a world that is still there then waits for what will never come


class _Nobody(selectors.DefaultSelector):
    """Nothing comes from outside: as soon as nothing is ready, the next timer is due."""

    loop: SimulatedLoop
    busy = 0

    def select(self, timeout: float | None = None) -> list[Any]:
        loop = self.loop
        assert timeout is not None, "nothing is ready and no timer is set: everybody waits for ever"
        loop.now_s += TICK_S + timeout
        self.busy = 0 if timeout else self.busy + 1
        assert self.busy < BUSY_MOST, "somebody is busy for ever, and no time passes"
        assert loop.now_s < loop.ends_within_s, "the world does not end"
        return []


class SimulatedLoop(asyncio.SelectorEventLoop):
    """The loop; `now_s` is its time."""

    def __init__(self, ends_within_s: float = ENDS_WITHIN_S) -> None:
        selector = _Nobody()
        selector.loop = self
        self.now_s, self.ends_within_s = 0.0, ends_within_s
        super().__init__(selector)

    def time(self) -> float:
        return self.now_s


class TrueTime(LoopClock):
    """The time that nobody's clock shows exactly, from `start` on."""

    def __init__(self, start: dt.datetime) -> None:
        super().__init__()
        self.leapt: Callable[[], None] = lambda: None  # told when time has passed that nobody waited for
        self._start, self._loop = start, asyncio.get_running_loop()
        self._now, self._now_s = start, 0.0

    @property
    def passed_s(self) -> float:
        """Since the beginning; setting it lets time pass that nobody waits for."""
        return self._loop.time() + self._ahead_s

    @passed_s.setter
    def passed_s(self, value: float) -> None:
        self._ahead_s += value - self.passed_s
        self.leapt()

    def now(self) -> dt.datetime:
        passed_s = self.passed_s
        if passed_s != self._now_s:  # it is asked often in one moment
            self._now, self._now_s = self._start + dt.timedelta(seconds=passed_s), passed_s
        return self._now


class HostClock:
    """The daemon's: its wall clock may be wrong by `wrong_s`, jump or stand still, its monotonic one not."""

    def __init__(self, true: TrueTime) -> None:
        self._true = true
        self.wrong_s = 0.0
        self.stands_at: dt.datetime | None = None

    def now(self) -> dt.datetime:
        if self.stands_at is not None:
            return self.stands_at
        now = self._true.now()
        return now + dt.timedelta(seconds=self.wrong_s) if self.wrong_s else now

    def monotonic(self) -> float:
        return 1000.0 + self._true.passed_s

    async def sleep(self, seconds: float) -> None:
        await anyio.sleep(max(seconds, 0.0))


def simulated(work: Callable[[], Awaitable[T]], ends_within_s: float = ENDS_WITHIN_S) -> T:
    """The result of `work` on a loop of its own."""
    return anyio.run(work, backend_options={"loop_factory": partial(SimulatedLoop, ends_within_s)})
