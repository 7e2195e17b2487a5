"""When a memory may be older than what was done, and for how long that counts."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core import doubt
from daemon.core.doubt import Doubt, Traces, judged, left_s, reason

pytestmark = pytest.mark.row("D4")

NOON = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)
SETTLE = dt.timedelta(minutes=15)


def ago(**time):
    """A moment before noon."""
    return NOON - dt.timedelta(**time)


REASONS = [
    # what happened                          closed              called           placed            why
    ("an ordinary restart", ago(minutes=1), ago(minutes=1), ago(seconds=58), None),
    ("a night's rest", ago(hours=12), ago(hours=12), ago(hours=12), None),
    ("closing took a moment", ago(hours=1), ago(hours=1), ago(minutes=59, seconds=51), None),
    ("an empty folder but for the state", ago(minutes=1), None, None, None),
    ("a crash", None, ago(minutes=1), ago(minutes=1), doubt.NOT_CLOSED),
    ("only the file was put back", ago(hours=2), ago(hours=1), ago(hours=2), doubt.CALLED_SINCE),
    ("the folder was put back", ago(hours=2), ago(hours=2), ago(minutes=1), doubt.PLACED_SINCE),
    ("the machine was put back", ago(days=7), ago(days=7), ago(days=7), doubt.CLOSED_LONG_AGO),
    ("the clock was put back", ago(hours=-1), ago(hours=-1), ago(hours=-1), doubt.CLOSED_LATER),
]


@pytest.mark.parametrize(
    ("closed_at", "called_at", "placed_at", "why"), [row[1:] for row in REASONS], ids=[r[0] for r in REASONS]
)
def test_the_traces_tell_whether_the_memory_may_be_old(closed_at, called_at, placed_at, why):
    """Only a state that was closed, by the folder's last process, not long ago, is as new as it looks."""
    assert why == reason(Traces(closed_at=closed_at, called_at=called_at, placed_at=placed_at), NOON)


BEFORE = Doubt(since=ago(minutes=10), why=doubt.NOT_CLOSED)
OVER = Doubt(since=ago(days=8), why=doubt.CLOSED_LONG_AGO)
CLOSED_IN_IT = Traces(closed_at=ago(days=7, hours=23, minutes=50))
CLOSED_AFTER_IT = Traces(closed_at=ago(days=7))
COURSES = [
    # what happens                              before  traces                           since
    ("nothing", None, Traces(closed_at=ago(hours=1)), None),
    ("a restart under doubt", BEFORE, Traces(closed_at=ago(minutes=5)), BEFORE.since),
    ("a crash", None, Traces(closed_at=None), NOON),
    ("another crash under doubt", BEFORE, Traces(closed_at=None), BEFORE.since),
    ("a crash after it", OVER, Traces(closed_at=None), NOON),
    ("sync every hour", OVER, Traces(closed_at=ago(hours=1)), OVER.since),
    ("sync every week, the second time", OVER, CLOSED_IN_IT, OVER.since),
    ("a copy of a week ago", OVER, CLOSED_AFTER_IT, NOON),
    (
        "a file put back under doubt",
        BEFORE,
        Traces(closed_at=ago(minutes=9), called_at=ago(minutes=1)),
        NOON,
    ),
    ("a clock put back", Doubt(since=ago(hours=-5), why=""), Traces(closed_at=ago(hours=1)), NOON),
]


@pytest.mark.parametrize(
    ("before", "traces", "since"), [row[1:] for row in COURSES], ids=[row[0] for row in COURSES]
)
def test_a_doubt_neither_ends_with_a_restart_nor_lasts_for_ever(before, traces, since):
    """It begins anew when something may have been created since it began, and only then."""
    after = judged(before, traces, NOON, SETTLE)
    assert since == (after and after.since)


@given(since=st.integers(-(10**6), 10**6), settle_s=st.integers(1, 3600))
def test_no_clock_makes_the_wait_longer_than_settle(since, settle_s):
    """A beginning in the future counts as one just now."""
    begun = Doubt(since=NOON + dt.timedelta(seconds=since), why="")
    left = left_s(begun, NOON, dt.timedelta(seconds=settle_s))
    assert left == max(0, min(settle_s, since + settle_s))


@given(
    rests_s=st.lists(st.integers(0, 10 * 86400), min_size=1, max_size=30), crashes=st.sets(st.integers(0, 29))
)
def test_whoever_starts_it_again_and_again_comes_to_create(rests_s, crashes):
    """
    A start that waited to its end, and ended well, is followed, after settle, by one that does not wait.
    """
    now, before, closed_at, refused = NOON, None, NOON, False
    for number, rest_s in enumerate(rests_s):
        now += dt.timedelta(seconds=rest_s)
        before = judged(before, Traces(closed_at=closed_at, called_at=closed_at), now, SETTLE)
        waits = before is not None and left_s(before, now, SETTLE) > 0
        if closed_at and refused and rest_s >= SETTLE.total_seconds():
            assert not waits
        now += dt.timedelta(seconds=20)
        closed_at = None if number in crashes else now
        refused = waits and before is not None and left_s(before, now, SETTLE) > 0
