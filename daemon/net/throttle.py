"""
Who may call, and when: one budget, its waiting callers, one timer.

The first in line is the only one that sleeps on a timer; the others sleep
until somebody makes them first.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Final

import anyio

from daemon.core import budget as arithmetic
from daemon.core.budget import Budget, Calls
from daemon.core.records import Lane
from daemon.ports import Clock

CONNECTIONS: Final = 5  # a connection pool gets slow with many, limits.md 0
NAP_MIN_S: Final = 0.001  # loops wake timers a little early; without it we would spin through that little


class Closed(Exception):
    """No write begins any more: nothing was sent."""


class _Waiter:
    """One caller in line. `nap` is what it sleeps in."""

    def __init__(self, lane: Lane, number: int) -> None:
        self.place = (lane, number)
        self.nap = anyio.CancelScope()

    def __lt__(self, other: _Waiter) -> bool:
        return self.place < other.place


class Throttle:
    """
    The calls of one budget.

    A slot and a connection are taken in the same moment, so a caller never
    holds one while it waits for the other. Waiting callers go by lane, then
    in the order they came.
    """

    def __init__(
        self,
        budget: Budget,
        clock: Clock,
        *,
        connections: int = CONNECTIONS,
        called: Callable[[], None] = lambda: None,
    ) -> None:
        """`called` is told when a call begins and when it ends; it may not raise."""
        self.connections = min(connections, budget.in_flight or connections)
        self._budget = budget
        self._clock = clock
        self._called = called
        self._calls = Calls()
        self._line: list[_Waiter] = []
        self._number = 0
        self._held_until_s = 0.0
        self._closed = False

    @property
    def limit(self) -> int:
        """How many slots there are."""
        return self._budget.slots

    @property
    def used(self) -> int:
        """How many slots are not free now."""
        return arithmetic.used(self._budget, self._calls, self._clock.monotonic())

    @property
    def waiting(self) -> int:
        """How many callers are in line."""
        return len(self._line)

    def recent(self) -> Sequence[float]:
        """How many seconds ago each call ended that still holds a slot; one under way ends now."""
        now_s = self._clock.monotonic()
        ended = [now_s - end_s for end_s in self._calls.ended if end_s + self._budget.window_s > now_s]
        return [*ended, *[0.0] * self._calls.open]

    def remember(self, ages: Iterable[float]) -> None:
        """Count calls of an earlier process that ended this many seconds ago. Before the first call."""
        now_s = self._clock.monotonic()
        ended = sorted(now_s - age for age in ages if age < self._budget.window_s)
        self._calls = Calls(ended=tuple(ended[-self._budget.slots :]))

    def hold(self, until_s: float) -> None:
        """Let nobody start before `until_s` of the monotonic clock. A longer hold stays."""
        self._held_until_s = max(self._held_until_s, until_s)

    def close_to_writes(self) -> None:
        """
        Who waits with a write, or comes with one, is refused from now on; readings go on.

        A write that is stored as sent is shielded while it waits for its turn: without this a stop would
        wait for one hanging write after the other.
        """
        self._closed = True
        for waiter in self._line:
            waiter.nap.cancel()

    @asynccontextmanager
    async def call(self, lane: Lane, *, writes: bool = False) -> AsyncGenerator[None]:
        """
        Wait for a free call, hold it for the body. Cancelling while waiting leaves nothing behind.

        Raises Closed when it `writes` and no write may begin any more.
        """
        await self._enter(lane, writes)
        self._called()
        answered = False
        try:
            yield
            answered = True
        finally:
            self._called()
            self._calls = arithmetic.end(self._calls, self._clock.monotonic(), answered=answered)
            self._wake_first()

    async def _enter(self, lane: Lane, writes: bool) -> None:  # noqa: FBT001 -- `call` names it
        self._admit(writes)
        if not self._line and self._starts():
            return
        waiter = self._queue(lane)
        try:
            while self._line[0] is not waiter or not self._starts():
                with anyio.CancelScope() as waiter.nap:
                    await self._nap(waiter)
                self._admit(writes)
        finally:
            self._line.remove(waiter)
            self._wake_first()

    def _admit(self, writes: bool) -> None:  # noqa: FBT001 -- `call` names it
        if writes and self._closed:
            raise Closed

    def _queue(self, lane: Lane) -> _Waiter:
        self._number += 1
        waiter = _Waiter(lane, self._number)
        first = self._line[0] if self._line else None
        insort(self._line, waiter)
        if first is not None and self._line[0] is waiter:
            first.nap.cancel()  # its timer is not needed any more
        return waiter

    def _starts(self) -> bool:
        """Whether a call is free now; it is then taken."""
        now_s = self._clock.monotonic()
        start_s = self._start_s(now_s)
        if start_s is None or start_s > now_s:
            return False
        self._calls = arithmetic.start(self._budget, self._calls, now_s)
        return True

    def _start_s(self, now_s: float) -> float | None:
        if self._calls.open >= self.connections:
            return None
        start_s = arithmetic.next_start_s(self._budget, self._calls, now_s)
        return None if start_s is None else max(start_s, self._held_until_s)

    async def _nap(self, waiter: _Waiter) -> None:
        now_s = self._clock.monotonic()
        start_s = self._start_s(now_s) if self._line[0] is waiter else None
        if start_s is None:
            await (
                anyio.Event().wait()
            )  # until `nap` is cancelled; a sleep without end would be a second timer
        else:
            await self._clock.sleep(max(start_s - now_s, NAP_MIN_S))

    def _wake_first(self) -> None:
        if self._line:
            self._line[0].nap.cancel()
