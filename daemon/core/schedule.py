"""
When a connector looks next, and how long it waits after a failure. Pure; times are monotonic seconds.

Each side has ticks of its own: the partner every interval from the start,
Fortnox an offset later. A tick that passes while the connector is busy is
made up for once, however many were missed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Struct

from daemon.core.records import Side

FIRST_BACKOFF_S: Final = 1.0
LONGEST_BACKOFF_S: Final = 900.0
CRASHES: Final = 5
CRASH_WINDOW_S: Final = 600.0


class Cadence(Struct, frozen=True):
    """`started_s` is when the first pass, of both sides, began."""

    interval_s: float
    offset_s: float
    started_s: float


class Look(Struct, frozen=True):
    """Which side to read at what time; None reads both."""

    side: Side | None
    at_s: float


def next_look(cadence: Cadence, last_s: Mapping[Side, float], now_s: float) -> Look:
    """
    The next pass, given when each side's last one began.

    A side's pass is due at its first tick after its last pass; due earlier
    than now means now. Both due at once are two passes, the longest unread
    side first: a pass of both would read again, at once, all that was lately
    read, and a connector that is late already would never catch up.
    """
    due = {side: max(_tick_after(cadence, side, last_s[side]), now_s) for side in Side}
    first = min(Side, key=lambda side: (due[side], last_s[side]))
    return Look(first, due[first])


def _tick_after(cadence: Cadence, side: Side, moment_s: float) -> float:
    """The side's first tick later than `moment_s`."""
    first = cadence.started_s + (cadence.offset_s if side is Side.FORTNOX else 0.0)
    passed = math.floor((moment_s - first) / cadence.interval_s) + 1
    tick = first + max(passed, 0) * cadence.interval_s
    return tick if tick > moment_s else tick + cadence.interval_s


def backoff_s(failures: int, chance: float) -> float:
    """
    How long to wait after the `failures`-th failure in a row, with full jitter.

    Between 1 s and min(900 s, 2^failures s); `chance` in 0 <= x < 1.
    """
    most = min(LONGEST_BACKOFF_S, FIRST_BACKOFF_S * 2.0 ** min(failures, 30))
    return FIRST_BACKOFF_S + chance * (most - FIRST_BACKOFF_S)


def is_degraded(crashes_s: Sequence[float], now_s: float) -> bool:
    """Whether a connector has crashed so often of late that somebody should look."""
    return sum(now_s - crash_s <= CRASH_WINDOW_S for crash_s in crashes_s) >= CRASHES
