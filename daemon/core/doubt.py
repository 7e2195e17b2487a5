"""
Whether what is remembered may be older than what was done: a copy put back, a machine rolled back. Pure.

What the lists of both sides show heals by itself. What the newer memory sent
last may show itself late, so nothing is created until it would have.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

from msgspec import Struct

CODE: Final = "DBS05"
SLACK: Final = dt.timedelta(seconds=10)  # closing the file takes a moment after its time was noted
JUMP_S: Final = 300.0  # what the two clocks of a host may come apart between two passes
LONG: Final = dt.timedelta(hours=36)  # a machine rolled back shows no other trace

NEW: Final = "the state is new, and an earlier one may have had creations under way"
NOT_CLOSED: Final = "the state was not closed, which a copy of a running daemon's was not either"
CALLED_SINCE: Final = "calls were made after the state was closed: an older one was put back"
PLACED_SINCE: Final = "the state file was put there or changed after it was closed: it may be a copy"
CLOSED_LONG_AGO: Final = "the state was closed more than 36 hours ago: it may have been put back"
CLOSED_LATER: Final = "the state was closed at a time still to come: the clock was put back"
JUMPED: Final = "the clock jumped while the daemon ran: the machine may have been put back"


class Traces(Struct, frozen=True, kw_only=True):
    """
    What a start finds of the process before it, in this host's time; None where there is no trace.

    `closed_at` is when it closed the state, by the state itself. Outside the
    state stand `called_at`, when a vendor was last called, and `placed_at`,
    when the file was last written, copied to its place, or renamed.
    """

    closed_at: dt.datetime | None
    called_at: dt.datetime | None = None
    placed_at: dt.datetime | None = None


class Doubt(Struct, frozen=True, kw_only=True):
    """Since when a memory may be older than what was done, and why."""

    since: dt.datetime
    why: str


class Waiting(Struct, frozen=True, kw_only=True):
    """Until when nothing is created; `code` is "" where nothing is wrong."""

    until: dt.datetime
    code: str
    why: str


def reason(traces: Traces, now: dt.datetime) -> str | None:
    """Why the memory may be old; None when it is as its last process left it."""
    closed_at = traces.closed_at
    if closed_at is None:
        return NOT_CLOSED
    told = (
        (CLOSED_LATER, closed_at > now + SLACK),
        (CALLED_SINCE, traces.called_at is not None and traces.called_at > closed_at + SLACK),
        (PLACED_SINCE, traces.placed_at is not None and traces.placed_at > closed_at + SLACK),
        (CLOSED_LONG_AGO, now - closed_at > LONG),
    )
    return next((why for why, is_so in told if is_so), None)


def judged(before: Doubt | None, traces: Traces, now: dt.datetime, settle: dt.timedelta) -> Doubt | None:
    """
    The doubt that a memory is under from this start on; the one `before` stays when nothing is new.

    Who starts it again and again must come to the end of a doubt: a crash, or a
    long rest, while nothing had been created since it began tells nothing new.
    """
    if before and before.since > now:
        before = Doubt(since=now, why=before.why)  # the clock was put back: not longer than `settle` from now
    why = reason(traces, now)
    if why is None:
        return before
    idle_until = {NOT_CLOSED: now, CLOSED_LONG_AGO: traces.closed_at}.get(why)
    if before and idle_until and idle_until < before.since + settle:
        return before
    return Doubt(since=now, why=why)


def left_s(begun: Doubt, now: dt.datetime, settle: dt.timedelta) -> float:
    """For how many seconds nothing is created, of a clock that may have been put back: 0 to `settle`."""
    left = begun.since + settle - now
    return max(0.0, min(left, settle).total_seconds())
