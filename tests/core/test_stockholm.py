"""Nothing is skipped in the two nights when Swedish clocks change."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.stockholm import ZONE, local_minute

CASES = {
    "winter": ("2026-01-15T10:20:59+00:00", "2026-01-15 11:20"),
    "summer": ("2026-07-15T10:20:00+00:00", "2026-07-15 12:20"),
    "before the skipped hour of spring": ("2026-03-29T00:59:00+00:00", "2026-03-29 01:59"),
    "after the skipped hour of spring": ("2026-03-29T01:00:00+00:00", "2026-03-29 03:00"),
    "before the doubled hour of autumn": ("2026-10-24T23:59:00+00:00", "2026-10-25 01:59"),
    "first time round": ("2026-10-25T00:30:00+00:00", "2026-10-25 01:59"),
    "second time round": ("2026-10-25T01:30:00+00:00", "2026-10-25 01:59"),
    "after the doubled hour of autumn": ("2026-10-25T02:00:00+00:00", "2026-10-25 03:00"),
}
AROUND_CHANGES = st.builds(
    lambda day, minutes: day + dt.timedelta(minutes=minutes),
    st.sampled_from([dt.datetime(2026, 3, 28, tzinfo=dt.UTC), dt.datetime(2026, 10, 24, tzinfo=dt.UTC)]),
    st.integers(0, 3 * 24 * 60),
)


@pytest.mark.parametrize(("instant", "label"), CASES.values(), ids=CASES)
def test_an_instant_by_fortnoxs_clock(instant, label):
    """A label that names two instants is never used."""
    assert local_minute(dt.datetime.fromisoformat(instant)) == label


@given(AROUND_CHANGES, st.integers(0, 59))
def test_a_label_is_never_later_than_its_instant_however_it_is_understood(instant, second):
    """Asking for changes since a label brings every change since the instant, and little more."""
    asked = instant + dt.timedelta(seconds=second)
    naive = dt.datetime.fromisoformat(local_minute(asked))

    for fold in (0, 1):
        understood = naive.replace(tzinfo=ZONE, fold=fold)
        assert understood <= asked < understood + dt.timedelta(hours=2, minutes=2)


@given(AROUND_CHANGES)
def test_a_server_that_stores_labels_skips_nothing_either(changed):
    """A change at or after the instant has a label that is not before the one we ask for."""
    asked = local_minute(changed - dt.timedelta(minutes=30))

    assert asked <= f"{changed.astimezone(ZONE):%Y-%m-%d %H:%M}"
