"""When a connector looks, whatever its passes take."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.records import Side
from daemon.core.schedule import Cadence, Look, backoff_s, is_degraded, next_look

F, P = Side.FORTNOX, Side.PARTNER
SIX = Cadence(interval_s=360, offset_s=180, started_s=0)

CASES = [
    # what happened                                last of F, last of P, now    next
    ("the first pass read both", 0, 0, 1, Look(F, 180)),
    ("then Fortnox", 180, 0, 181, Look(P, 360)),
    ("then the partner", 180, 360, 361, Look(F, 540)),
    ("a pass outlasted the other side's tick", 180, 360, 545, Look(F, 545)),
    ("a pass outlasted both: the longest unread first", 180, 360, 730, Look(F, 730)),
    ("and then the other", 730, 360, 731, Look(P, 731)),
    ("a day was slept through: one pass of each, not 240", 180, 360, 86_400, Look(F, 86_400)),
    ("then it is as if nothing had been", 86_400, 86_401, 86_402, Look(F, 86_580)),
]


@pytest.mark.row("W1")
@pytest.mark.parametrize(
    ("fortnox_s", "partner_s", "now_s", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_each_side_has_its_own_ticks(fortnox_s, partner_s, now_s, expected):
    """The sides take turns three minutes apart, and a missed tick is made up for once."""
    assert next_look(SIX, {F: fortnox_s, P: partner_s}, now_s) == expected


@given(
    interval_s=st.integers(2, 3600),
    share=st.floats(0, 0.99),
    durations_s=st.lists(st.integers(0, 5000), min_size=1, max_size=30),
)
def test_no_side_starves_and_none_is_read_twice_for_one_tick(interval_s, share, durations_s):
    """
    However long passes take, a side is read within an interval of being free, never twice in one tick.
    """
    cadence = Cadence(interval_s, int(share * interval_s), 0)
    last_s, now_s, reads = {F: 0, P: 0}, 0, {F: [], P: []}
    for duration_s in durations_s:
        look = next_look(cadence, last_s, now_s)
        assert now_s <= look.at_s <= now_s + interval_s
        for side in Side if look.side is None else (look.side,):
            last_s[side] = look.at_s
            reads[side].append(look.at_s)
        now_s = look.at_s + duration_s
    for side, times in reads.items():
        ticks = [(at - cadence.offset_s * (side is F)) // interval_s for at in times]
        assert len(set(ticks)) == len(ticks)


@given(failures=st.integers(1, 1000), chance=st.floats(0, 1, exclude_max=True))
def test_backing_off_has_bounds_and_full_jitter(failures, chance):
    """A wait is between one second and 15 minutes, and its bound grows with the failures."""
    wait_s = backoff_s(failures, chance)
    assert 1.0 <= wait_s <= min(900.0, 2.0 ** min(failures, 20))
    assert backoff_s(failures, 0.0) == 1.0


def test_five_crashes_in_ten_minutes_are_degraded():
    """Four are not, and old ones do not count."""
    assert is_degraded([0, 100, 200, 300, 400], 500)
    assert not is_degraded([100, 200, 300, 400], 500)
    assert not is_degraded([0, 100, 200, 300, 400], 601)
