"""
How many calls may start, and when: arithmetic over seconds of a monotonic clock. Pure.

The vendors count calls in a sliding window when they *arrive*, which is some
time between our sending and their answer. So a call holds its slot from its
start until one window after its end: wherever in between it arrived, the
next user of that slot arrives a whole window later.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

ARRIVAL_S: Final = 1.0  # a call that nobody answered arrives within this long after we gave it up


class Budget(Struct, frozen=True, kw_only=True):
    """At most `slots` calls in any `window_s`, at most `in_flight` at once (None: as many as slots)."""

    slots: int
    window_s: float
    in_flight: int | None = None


class Calls(Struct, frozen=True):
    """
    Calls that hold a slot: `open` are under way, `ended` are when the others ended, oldest first.

    One that nobody answered may end `ARRIVAL_S` from now.
    """

    open: int = 0
    ended: tuple[float, ...] = ()


BUDGETS: Final[Mapping[str, Budget]] = {
    # one less than the 25 Fortnox counts per client id and tenant, fortnox.md 4
    "fortnox": Budget(slots=24, window_s=5.0),
    # 250 a minute per application token; simultaneous requests are fragile there, webcrm.md 3
    "webcrm": Budget(slots=240, window_s=60.0, in_flight=1),
    # one a second for each database: no figure is published, but 429 exists, dinkassa.md 2
    "eskassa": Budget(slots=1, window_s=1.0, in_flight=1),
}


def next_start_s(budget: Budget, calls: Calls, now_s: float) -> float | None:
    """When the next call may start, `now_s` when it may at once; None when an open call must end first."""
    if calls.open >= (budget.in_flight or budget.slots):
        return None
    too_many = calls.open + len(calls.ended) - budget.slots + 1
    if too_many <= 0:
        return now_s
    return max(now_s, calls.ended[too_many - 1] + budget.window_s)


def start(budget: Budget, calls: Calls, now_s: float) -> Calls:
    """`calls` with one more open. Call it only at a time that `next_start_s` allows."""
    kept = tuple(end_s for end_s in calls.ended if end_s + budget.window_s > now_s)
    assert calls.open + len(kept) < budget.slots, "a call may not start now"
    return Calls(calls.open + 1, kept)


def end(calls: Calls, now_s: float, *, answered: bool = True) -> Calls:
    """
    `calls` after an open one ended.

    Without an answer (a failure, a cancellation) it may still be on its way: what has left arrives
    whatever becomes of its sender.
    """
    assert calls.open > 0, "no call is open"
    end_s = now_s if answered else now_s + ARRIVAL_S
    return Calls(calls.open - 1, tuple(sorted((*calls.ended, end_s))))


def used(budget: Budget, calls: Calls, now_s: float) -> int:
    """How many slots are not free now."""
    return calls.open + sum(end_s + budget.window_s > now_s for end_s in calls.ended)
