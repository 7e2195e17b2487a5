"""
A twin is proven or it is none: nothing here is likely.
"""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.agreement import Agreement
from daemon.core.match import Candidate, Double, Twin, naming, twin
from daemon.core.records import Problem, Seen, Side

BY = ("reference", "number", "org_number")


def candidate(record_id, on, *, linked=False, rivals=0):
    return Candidate(record=Seen(id=record_id, fields={}), on=on, linked=linked, rivals=rivals)


CASES = {
    "nobody": ([], None),
    "one with the same number": ([candidate("1", "number")], ("1", "number")),
    "one with the same organisation number": ([candidate("1", "org_number")], ("1", "org_number")),
    "the mark says more than the number": (
        [candidate("2", "number"), candidate("1", "reference")],
        ("1", "reference"),
    ),
    "the number says more than the organisation number": (
        [candidate("1", "org_number"), candidate("2", "org_number"), candidate("3", "number")],
        ("3", "number"),
    ),
    "one record by two fields": ([candidate("1", "org_number"), candidate("1", "number")], ("1", "number")),
    "two of whom one is linked": (
        [candidate("1", "org_number", linked=True), candidate("2", "org_number")],
        ("2", "org_number"),
    ),
    "only a linked one": ([candidate("1", "number", linked=True)], None),
    "the number leads to a linked one, the organisation number to a free one": (
        [candidate("1", "number", linked=True), candidate("2", "org_number")],
        ("2", "org_number"),
    ),
    "a field that is not one of ours": ([candidate("1", "name")], None),
}


@pytest.mark.parametrize(("candidates", "expected"), CASES.values(), ids=CASES)
def test_the_strongest_field_finds_the_one_twin(candidates, expected):
    """Exactly one free record with the same value is the twin; linked ones are somebody else's."""
    found = twin(candidates, BY, "partner:1")

    assert expected == (found and (found.record.id, found.on))


UNSURE = {
    "two over there": ([candidate("1", "org_number"), candidate("2", "org_number")], "2 records"),
    "two here": ([candidate("1", "org_number", rivals=1)], "2 records"),
    "three here, two over there": (
        [candidate("1", "number", rivals=2), candidate("2", "number", rivals=2)],
        "3 records",
    ),
    "two here with the same number": ([candidate("1", "number", rivals=1)], "share one number"),
    "two over there with our mark": ([candidate("1", "reference"), candidate("2", "reference")], "2 records"),
    "the number is ambiguous and the organisation number is not": (
        [candidate("1", "number"), candidate("2", "number"), candidate("3", "org_number")],
        "share one number",
    ),
}


@pytest.mark.row("W2")
@pytest.mark.parametrize(("candidates", "said"), UNSURE.values(), ids=UNSURE)
def test_what_is_not_certain_waits_for_a_person(candidates, said):
    """More than one record on either side is a problem that names the candidates."""
    problem = twin(candidates, BY, "partner:1")

    assert isinstance(problem, Problem)
    assert ("REC07", "partner:1") == (problem.code, problem.where)
    assert said in problem.what
    assert "candidates: 1" in problem.todo


def test_a_record_that_shares_a_mark_of_ours_with_a_linked_one_is_a_copy():
    """Only in a field that we alone fill in on its side; no weaker field makes it a twin of another."""
    taken = Candidate(
        record=Seen(id="1", fields={}), on="number", linked=True, rivals=1, linked_to="the first"
    )
    candidates = [candidate("2", "org_number"), taken]

    problem = twin(candidates, BY, "partner:2", marks={"number"}, side=Side.PARTNER)

    assert isinstance(problem, Double)
    assert ("INT03", "partner:2") == (problem.code, problem.where)
    assert "the same number as the first" in problem.what
    assert isinstance(twin(candidates, BY, "partner:2", marks={"reference"}, side=Side.PARTNER), Twin)


@pytest.mark.parametrize("field", BY)
def test_records_that_share_our_reference_are_doubles(field):
    """Several that share a number or an organisation number are people's: nobody has to be woken."""
    problem = twin([candidate("1", field), candidate("2", field)], BY, "partner:1")

    assert (field == "reference") == isinstance(problem, Double)


CANDIDATES = st.lists(
    st.builds(
        candidate,
        st.sampled_from("1234"),
        st.sampled_from([*BY, "name"]),
        linked=st.booleans(),
        rivals=st.integers(0, 2),
    ),
    max_size=6,
)


@given(candidates=CANDIDATES, seed=st.randoms(use_true_random=False))
def test_the_order_of_candidates_changes_nothing(candidates, seed):
    """However the store lists them."""
    shuffled = seed.sample(candidates, len(candidates))

    assert twin(candidates, BY, "x") == twin(shuffled, BY, "x")


@given(candidates=CANDIDATES)
def test_a_twin_is_never_a_guess(candidates):
    """A twin is free, has no rival here, and is the only free one that its field finds."""
    found = twin(candidates, BY, "x")

    if isinstance(found, Twin):
        same = [c for c in candidates if c.on == found.on]
        assert {found.record.id} == {c.record.id for c in same if not c.linked}
        assert not any(c.rivals for c in same)


def test_a_partners_record_bears_our_mark_and_a_fortnox_record_shows_its_own():
    """The mark is worked out for the partner, which keeps none, and read in Fortnox."""
    agreement = Agreement(
        kind="customer",
        rules=(),
        recognised_by=("reference", "number"),
        start=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
        create={},
        mark="FS1.{}".format,
    )
    seen = Seen(id="7", fields={"number": "1042", "reference": "another", "name": "Acme"})

    assert {"reference": "FS1.7", "number": "1042"} == naming(agreement, Side.PARTNER, seen)
    assert {"reference": "another", "number": "1042"} == naming(agreement, Side.FORTNOX, seen)
