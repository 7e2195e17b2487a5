"""
When a plan looks like an accident.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.guard import Limits, essence, objections, plain, vanished
from daemon.core.records import Side
from daemon.core.steps import Create, Link, Update

F, P = Side.FORTNOX, Side.PARTNER
LIMITS = Limits()


def create(number=1, side=P, reason="new"):
    return Create(
        kind="customer", side=side, key=f"x:{number}", source_id="1", fields={"name": "A"}, reason=reason
    )


def update(number=1, side=P, old="old", new="new"):
    return Update(
        kind="customer",
        side=side,
        key=f"x:{number}",
        source_id="1",
        target_id="2",
        fields={"name": new},
        was={"name": old},
        reason="changed",
    )


LINK = Link(kind="customer", key="x:1", fortnox_id="1", partner_id="2", on="number", reason="same number")

CASES = {
    # what would be done:                                                    linked  held because of
    "nothing": ([], 0, []),
    "as many overwrites as are allowed": ([update()] * 20, 0, []),
    "one overwrite more": (
        [update()] * 21,
        0,
        ["would overwrite 21 records at the partner side, the limit is 20"],
    ),
    "one overwrite more, in Fortnox": (
        [update(side=F)] * 21,
        0,
        ["would overwrite 21 records at the fortnox side, the limit is 20"],
    ),
    "the share of a large register": ([update()] * 50, 1000, []),
    "more than the share of a large register": (
        [update()] * 51,
        1000,
        ["would overwrite 51 records at the partner side, the limit is 50"],
    ),
    "the count of a small register": ([update()] * 20, 10, []),
    "each side by itself": ([update()] * 20 + [update(side=F)] * 20, 0, []),
    "clearing is overwriting": (
        [update(new=None)] * 21,
        0,
        ["would overwrite 21 records at the partner side, the limit is 20"],
    ),
    "filling what was empty": ([update(old=None)] * 999, 0, []),
    "as many creations as are allowed": ([create()] * 200, 0, []),
    "one creation more": (
        [create()] * 201,
        0,
        ["would create 201 records at the partner side, the limit is 200"],
    ),
    "the share of creations": ([create()] * 400, 2000, []),
    "more than the share of creations": (
        [create()] * 401,
        2000,
        ["would create 401 records at the partner side, the limit is 400"],
    ),
    "links write nothing": ([LINK] * 999, 0, []),
}


@pytest.mark.parametrize(("steps", "linked", "reasons"), CASES.values(), ids=CASES)
def test_a_plan_is_held_beyond_the_limits_and_not_at_them(steps, linked, reasons):
    """The larger of a count and a share of the linked records, for each side and each kind of step."""
    assert reasons == list(objections(steps, linked, LIMITS))


def test_an_import_may_create_any_number_and_overwrite_no_more_than_a_pass():
    """An operator asked for the creations, not for the rest."""
    steps = [*[create()] * 1000, *[update()] * 21]

    (reason,) = objections(steps, 0, LIMITS, asked=True)

    assert reason.startswith("would overwrite 21")


def test_limits_of_nothing_hold_everything():
    """A careful operator sees each step before it is done."""
    nothing = Limits(overwrite_count=0, overwrite_share=0, create_count=0, create_share=0)

    assert 2 == len(objections([create(), update()], 10_000, nothing))


@pytest.mark.parametrize(
    ("known", "missing", "believed"),
    [
        pytest.param(0, 0, True, id="an empty register"),
        pytest.param(20, 20, True, id="a small register emptied"),
        pytest.param(21, 21, False, id="a register emptied"),
        pytest.param(1000, 50, True, id="the share"),
        pytest.param(1000, 51, False, id="more than the share"),
    ],
)
def test_a_list_that_lacks_too_much_is_not_believed(known, missing, believed):
    """Half an answer looks like many deletions."""
    why = vanished(known, missing, LIMITS)

    assert believed is (why == "")
    assert believed or f"lacks {missing} of {known}" in why


def test_a_plan_is_the_same_when_the_same_is_written():
    """Its reason, its links and the order of its fields do not count."""
    assert plain([create(reason="new")]) == plain([LINK, create(reason="asked for")])
    assert plain([create(1), create(2)]) != plain([create(1)])
    assert plain([create(side=P)]) != plain([create(side=F)])
    assert plain([update(new="a")]) != plain([update(new="b")])
    assert [{"on": P, "kind": "customer", "key": "x:1", "fields": {"name": "A"}}] == essence([create()])


STEPS = st.lists(
    st.builds(update, side=st.sampled_from(Side)) | st.builds(create, side=st.sampled_from(Side)), max_size=60
)
ANY_LIMITS = st.builds(
    Limits,
    overwrite_count=st.integers(0, 30),
    overwrite_share=st.floats(0, 1),
    create_count=st.integers(0, 30),
    create_share=st.floats(0, 1),
)


@given(steps=STEPS, linked=st.integers(0, 100), limits=ANY_LIMITS)
def test_less_work_is_never_more_suspicious(steps, linked, limits):
    """What may run may also run in part, and at a larger register."""
    if not objections(steps, linked, limits):
        assert not objections(steps[1:], linked, limits)
        assert not objections(steps, linked + 100, limits)
