"""
The mark our writes carry.
"""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from daemon.core.reference import reference
from daemon.core.text import clean_fortnox

IDS = st.text(max_size=12)
WHOSE = st.tuples(IDS, IDS, st.just("WC"), st.sampled_from(["customer", "article"]), IDS)


@given(whose=WHOSE)
def test_a_mark_has_one_form(whose):
    """35 characters of A-Z, 0-9 and dots: no wildcard of a search, nothing that Fortnox would change."""
    mark = reference(*whose)

    assert 35 == len(mark)
    assert re.fullmatch(r"FS1\.WC\.[AC]\.[A-Z2-7]{26}", mark)
    assert clean_fortnox(mark) == mark


@given(marks=st.lists(st.tuples(st.just("1234567"), st.just("webcrm:1"), IDS), unique=True, max_size=50))
def test_two_records_never_share_a_mark(marks):
    """Different ids at one account have different marks, and no mark is part of another."""
    found = [reference(tenant, account, "WC", "customer", each) for tenant, account, each in marks]

    assert len(found) == len(set(found))
    assert not [(a, b) for a in found for b in found if a != b and a in b]


def test_everything_that_tells_records_apart_is_in_the_mark():
    """Another company, account, kind or id is another mark; the same are the same for ever."""
    base = ("1234567", "webcrm:1", "WC", "customer", "42")
    others = [
        ("7654321", *base[1:]),
        (base[0], "webcrm:2", *base[2:]),
        (*base[:3], "article", base[4]),
        (*base[:4], "43"),
    ]

    assert "FS1.WC.C.GEU7AIDIQAZO3MG4KT4DE6CQ5O" == reference(*base)
    assert 5 == len({reference(*each) for each in [base, *others]})
