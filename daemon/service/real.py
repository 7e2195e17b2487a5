"""Time and chance as they really are. The only file that asks the machine for either."""

from __future__ import annotations

import datetime as dt
import os
import random
import time

import anyio


class RealClock:
    """The machine's clocks."""

    def now(self) -> dt.datetime:
        """Aware, UTC."""
        return dt.datetime.now(dt.UTC)

    def monotonic(self) -> float:
        """CLOCK_MONOTONIC, which is also what systemd counts in."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait. Zero or less yields once."""
        await anyio.sleep(max(seconds, 0))


class RealIds:
    """The machine's randomness."""

    def __init__(self) -> None:
        self._random = random.SystemRandom()

    def uniform(self) -> float:
        """0 <= x < 1."""
        return self._random.random()

    def bytes(self, count: int) -> bytes:
        """From the kernel."""
        return os.urandom(count)
