"""
Repeated readings of the overlap window never take more than a tenth of the budget.
"""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.budget import BUDGETS
from daemon.core.window import EAGER_MOST, reread_after

TEN_MINUTES = dt.timedelta(minutes=10)


@pytest.mark.parametrize(
    ("rows", "eager", "expected_s"),
    [
        pytest.param(0, False, 0, id="an empty window"),
        pytest.param(5, False, 10, id="a few, soon again"),
        pytest.param(299, False, 598, id="just below the window"),
        pytest.param(300, False, 600, id="as long as the window"),
        pytest.param(1_000, False, 600, id="a thousand, once when the window has passed"),
        pytest.param(EAGER_MOST, True, 0, id="sync asks for it and it is little"),
        pytest.param(EAGER_MOST + 1, True, 202, id="sync asks for it and it is too much"),
    ],
)
def test_how_long_a_reading_is_good_for(rows, eager, expected_s):
    """The more records share the window, the longer each rests, up to the window itself."""
    assert dt.timedelta(seconds=expected_s) == reread_after(rows, TEN_MINUTES, eager=eager)


@given(rows=st.integers(1, 300))
def test_inside_the_window_a_tenth_of_the_budget_is_spent(rows):
    """All rows of a window, each read once in its time, take at most 10.5 % of the calls."""
    budget = BUDGETS["fortnox"]
    calls_a_second = rows / reread_after(rows, TEN_MINUTES, eager=False).total_seconds()

    assert calls_a_second <= 0.105 * budget.slots / budget.window_s


@given(rows=st.integers(0, 10**6), eager=st.booleans(), overlap_s=st.integers(0, 10**6))
def test_nobody_waits_longer_than_the_window(rows, eager, overlap_s):
    """A second edit is seen when the window has passed, or as soon as two readings a second allow."""
    overlap, slowest = dt.timedelta(seconds=overlap_s), dt.timedelta(seconds=rows / 2)

    assert dt.timedelta(0) <= reread_after(rows, overlap, eager=eager) <= max(overlap, slowest)


@given(rows=st.integers(1, 10**6), overlap_s=st.integers(0, 10**6))
def test_a_short_window_leaves_more_than_half_of_the_budget_to_others(rows, overlap_s):
    """However little time there is for however many rows, two readings a second is all they get."""
    budget = BUDGETS["fortnox"]
    again_after_s = reread_after(rows, dt.timedelta(seconds=overlap_s), eager=False).total_seconds()

    assert rows / again_after_s < 0.5 * budget.slots / budget.window_s
