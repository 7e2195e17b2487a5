"""The sliding windows: never one call too many, hardly one too few. Numbers only, no clock."""

from __future__ import annotations

import heapq
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core import budget as arithmetic
from daemon.core.budget import BUDGETS, Budget, Calls

FORTNOX = Budget(slots=24, window_s=5000, in_flight=None)  # milliseconds, so that sums are exact

# how long we wait before asking, how long the call takes (cut short or not), where in it the server sees it
CALLS = st.lists(
    st.tuples(st.integers(0, 900), st.integers(0, 7000), st.floats(0, 1)), min_size=25, max_size=120
)


def run(budget, wanted):
    """Start each of `wanted` (asked at, lasts) as early as the budget lets it; (start, end) in that order."""
    calls, ends, times, now = Calls(), [], [], 0
    for asked, lasts in wanted:
        now = max(now, asked)
        while True:
            while ends and ends[0] <= now:
                calls = arithmetic.end(calls, heapq.heappop(ends))
            start = arithmetic.next_start_s(budget, calls, now)
            if start == now:
                break
            now = min(start if start is not None else ends[0], ends[0] if ends else 10**12)
        calls = arithmetic.start(budget, calls, now)
        heapq.heappush(ends, now + lasts)
        times.append((now, now + lasts))
    return times


def most_in_a_window(arrivals, window):
    arrivals = sorted(arrivals)
    return max(sum(first <= other < first + window for other in arrivals) for first in arrivals)


@pytest.mark.row("D2")
@given(calls=CALLS)
def test_the_server_never_sees_more_calls_in_a_window_than_there_are_slots(calls):
    """For any arrival, duration and cancellation, wherever within each call the server counts it."""
    asked, wanted = 0, []
    for pause, lasts, _ in calls:
        asked += pause
        wanted.append((asked, lasts))
    times = run(FORTNOX, wanted)
    arrivals = [
        start + int((end - start) * part) for (start, end), (*_, part) in zip(times, calls, strict=True)
    ]
    assert most_in_a_window(arrivals, 5000) <= 24


@given(round_trip=st.integers(0, 120))
def test_with_enough_work_at_least_95_percent_of_the_budget_is_used(round_trip):
    """The slot's way to the answer and back costs less than a twentieth at 120 ms."""
    times = run(FORTNOX, [(0, round_trip)] * 1200)
    lasted_ms = times[-1][1]
    assert 1200 / lasted_ms >= 0.95 * 24 / 5000


@given(lasts=st.lists(st.integers(0, 3000), min_size=2, max_size=300))
def test_webcrm_gets_one_request_at_a_time(lasts):
    """No call starts before the one before it has ended."""
    budget = Budget(slots=240, window_s=60_000, in_flight=1)
    times = run(budget, [(0, each) for each in lasts])
    assert all(before[1] <= after[0] for before, after in pairwise(times))


NEXT = [
    # what is under way                 open  ended              now   may start
    ("nothing yet", 0, (), 7, 7),
    ("one short of full", 1, (1,), 7, 7),
    ("all ended, the oldest decides", 0, (1, 2, 3), 7, 11),
    ("two open, one ended", 2, (4,), 7, 14),
    ("all open", 3, (), 7, None),
    ("long ago", 0, (1, 2, 3), 70, 70),
]


@pytest.mark.parametrize(
    ("open_calls", "ended", "now", "expected"), [c[1:] for c in NEXT], ids=[c[0] for c in NEXT]
)
def test_when_the_next_call_may_start(open_calls, ended, now, expected):
    """A slot comes free one window after its call ended; an open call must end first."""
    budget = Budget(slots=3, window_s=10)
    assert expected == arithmetic.next_start_s(budget, Calls(open_calls, ended), now)


def test_the_budgets_stay_below_what_the_vendors_count():
    """Fortnox counts 25 in 5 s, webCRM 250 in 60 s and wants one at a time; the till publishes none."""
    assert BUDGETS["fortnox"] == Budget(slots=24, window_s=5.0)
    assert BUDGETS["webcrm"] == Budget(slots=240, window_s=60.0, in_flight=1)
    assert BUDGETS["eskassa"] == Budget(slots=1, window_s=1.0, in_flight=1)
