"""
When a record that a list keeps returning is worth another reading. Pure.

Fortnox' list rows are summaries and show no change time, so a record that
stays in the overlapping window may have changed again unseen. Reading each of
them at every pass would waste the budget, reading them once after the window
would hide a second edit for ten minutes. So the readings of one window share
a tenth of the budget: a few records are read again soon, thousands once, when
the window has passed (decision 3).
"""

from __future__ import annotations

import datetime as dt

SPACING_S = 2.0  # one repeated reading each two seconds is a tenth of 24 calls in 5 s
CLOSEST_S = 0.5  # in a short window they come closer, never so close that nothing else gets through
EAGER_MOST = 100  # an explicit `sync` reads up to this many at once


def reread_after(rows: int, overlap: dt.timedelta, *, eager: bool) -> dt.timedelta:
    """How long after its last reading a record is read again, when `rows` records are in the window."""
    if eager and rows <= EAGER_MOST:
        return dt.timedelta(0)
    longest = max(overlap, dt.timedelta(seconds=rows * CLOSEST_S))
    return min(dt.timedelta(seconds=rows * SPACING_S), longest)
