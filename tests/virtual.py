"""
An event loop whose time jumps to the next timer as soon as nothing else is left to do.

Work on the database's thread takes real time, so while some is under way the
loop waits for it and the virtual clock stands still. What runs on this loop
gives the same result every time.
"""

from __future__ import annotations

import asyncio
import queue
import selectors
import threading
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import aiosqlite.core
import anyio

from tests.patience import PATIENCE_S
from tests.town import TownClock

T = TypeVar("T")
BUSY_MOST = 1_000_000  # iterations without a pause
ENDS_WITHIN_S = 30 * 86_400.0
TICK_S = 1e-6  # an iteration costs a little, else rounding could keep a timer from ever being due


class _Selector(selectors.DefaultSelector):
    loop: VirtualLoop
    busy = 0

    def select(self, timeout: float | None = None) -> list[Any]:
        loop = self.loop
        loop.now_s += TICK_S
        ready = super().select(0)
        self.busy = self.busy + 1 if timeout == 0 else 0
        assert self.busy < BUSY_MOST, "somebody is busy for ever, and no time passes"
        if ready or timeout == 0:
            return ready
        if loop.on_thread:
            landed = super().select(PATIENCE_S)
            assert landed, f"{loop.on_thread} operations on the database's thread did not end"
            return landed
        assert timeout is not None, "nothing is ready and no timer is set: everybody waits for ever"
        loop.now_s += timeout
        assert loop.now_s < ENDS_WITHIN_S, "what is awaited does not come"
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """The loop; `now_s` is its time, `on_thread` how many database operations are under way."""

    def __init__(self) -> None:
        selector = _Selector()
        selector.loop = self
        self.now_s, self.on_thread = 0.0, 0
        self._thread = threading.get_ident()
        super().__init__(selector)

    def time(self) -> float:
        return self.now_s

    def call_soon_threadsafe(self, callback: Any, *args: Any, context: Any = None) -> asyncio.Handle:
        if threading.get_ident() == self._thread:
            return super().call_soon_threadsafe(callback, *args, context=context)
        return super().call_soon_threadsafe(self._landed, callback, *args, context=context)

    def _landed(self, callback: Any, *args: Any) -> None:
        self.on_thread -= 1
        callback(*args)


class _Queue(queue.SimpleQueue[Any]):
    """What hands operations to the database's thread, counted."""

    def put_nowait(self, item: Any) -> None:
        loop = item[0].get_loop() if item[0] is not None else None
        if isinstance(loop, VirtualLoop):
            loop.on_thread += 1
        super().put_nowait(item)


class LoopClock(TownClock):
    """The loop's time; people who take a while move it ahead."""

    def __init__(self) -> None:
        self._ahead_s = 0.0

    @property
    def passed_s(self) -> float:
        try:
            return asyncio.get_running_loop().time() + self._ahead_s
        except RuntimeError:
            return self._ahead_s  # before the loop runs

    @passed_s.setter
    def passed_s(self, value: float) -> None:
        self._ahead_s += value - self.passed_s

    async def sleep(self, seconds: float) -> None:
        await anyio.sleep(max(seconds, 0.0))


def run_virtual(work: Callable[[], Awaitable[T]]) -> T:
    """The result of `work` on a loop of its own, in virtual time."""
    before, aiosqlite.core.SimpleQueue = aiosqlite.core.SimpleQueue, _Queue  # type: ignore[attr-defined]
    try:
        return anyio.run(work, backend_options={"loop_factory": VirtualLoop})
    finally:
        aiosqlite.core.SimpleQueue = before  # type: ignore[attr-defined]
