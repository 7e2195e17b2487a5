"""
What is decided about one record, and about many at once.
"""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.match import Candidate
from daemon.core.merge import ConflictState
from daemon.core.plan import decide, undisputed
from daemon.core.records import Side
from daemon.core.steps import Bond, Create, Decision, Link, Unit, Update, only_steps, overwrites
from tests.core.deciding import (
    ACME,
    AGREED,
    AGREEMENT,
    BEFORE,
    ONE_WAY,
    SINCE,
    TABLES,
    F,
    P,
    alone,
    creating,
    numbered,
    pair,
    seen,
    shown,
)

# ------------------------------------------------------------------ records without a link

BIRTHS = {
    "new in Fortnox": (alone(F, seen("7")), AGREEMENT, [("create", P, ACME)]),
    "new at the partner": (
        alone(P, seen("p", number=None)),
        AGREEMENT,
        [("create", F, {"name": "Acme", "phone": "1", "reference": "FS1.p", "type": "company"})],
    ),
    "empty fields are not sent": (
        alone(F, seen("7", phone=None)),
        AGREEMENT,
        [("create", P, {"name": "Acme", "number": "7", "type": "company"})],
    ),
    "fields without a place are not sent": (
        alone(F, seen("7", active=True, reference="x")),
        AGREEMENT,
        [("create", P, ACME)],
    ),
    "old, and asked for": (alone(F, seen("7", BEFORE), asked=True), AGREEMENT, [("create", P, ACME)]),
    "its only twin is linked": (
        alone(F, seen("7"), candidates=(Candidate(record=seen("p"), on="number", linked=True),)),
        AGREEMENT,
        [("create", P, ACME)],
    ),
}

IGNORED = {
    "not changed since start": (alone(F, seen("7", BEFORE)), AGREEMENT, "not changed since start"),
    "nobody knows when it changed": (alone(F, seen("7", None)), AGREEMENT, "not changed since start"),
    "the gate is closed": (alone(P, seen("p", type=None)), AGREEMENT, "its type is not among those"),
    "not active in Fortnox": (alone(F, seen("7", active=False)), AGREEMENT, "not active"),
    "not active, though asked for": (
        alone(F, seen("7", active=False), asked=True),
        AGREEMENT,
        "not active",
    ),
    "a copy that is not active any more": (
        alone(
            F,
            seen("8", reference="FS1.p", active=False),
            candidates=(Candidate(record=seen("p"), on="reference", linked=True, linked_to="7"),),
        ),
        AGREEMENT,
        "not active",
    ),
    "nothing is created over there": (alone(P, seen("p")), ONE_WAY, "nothing is created at the fortnox"),
}

PROBLEMS = {
    "without a name": (alone(F, seen("7", name=None)), "REC08"),
    "too long for Fortnox": (alone(P, seen("p", name="A" * 11)), "REC10"),
    "nothing that Fortnox takes": (alone(P, seen("p", name="'''")), "REC08"),
    "a command as a text": (alone(P, seen("p", name="API_BLANK")), "REC09"),
    "two twins": (
        alone(
            F,
            seen("7"),
            candidates=tuple(Candidate(record=seen(i), on="org_number", linked=False) for i in "pq"),
        ),
        "REC07",
    ),
    "its twin does not take part": (
        alone(F, seen("7"), candidates=(Candidate(record=seen("p", type=None), on="number", linked=False),)),
        "REC07",
    ),
    "a copy of a Fortnox record that we made": (
        alone(
            F,
            seen("8", reference="FS1.p"),
            candidates=(Candidate(record=seen("p"), on="reference", linked=True, linked_to="7"),),
        ),
        "INT03",
    ),
    "a copy of a partner's record, older than the start": (
        alone(
            P,
            seen("q", BEFORE),
            candidates=(Candidate(record=seen("7"), on="number", linked=True, linked_to="p"),),
        ),
        "INT03",
    ),
    "deleted in Fortnox": (
        Unit(
            kind="customer",
            records={P: seen("p")},
            bond=Bond(fortnox_id="7", partner_id="p", agreed=AGREED),
        ),
        "REC02",
    ),
    "deleted at the partner": (
        Unit(
            kind="customer",
            records={F: seen("7")},
            bond=Bond(fortnox_id="7", partner_id="p", agreed=AGREED),
        ),
        "REC02",
    ),
    "an edit that is too long": (pair(partner=seen("p", name="A" * 11)), "REC10"),
}


@pytest.mark.parametrize(("unit", "agreement", "steps"), BIRTHS.values(), ids=BIRTHS)
def test_a_record_that_is_new_since_start_is_created_once_on_the_other_side(unit, agreement, steps):
    """With what it holds and the other side has a place for, and with our mark in Fortnox."""
    assert steps == shown(decide(unit, agreement, TABLES))


@pytest.mark.row("W2")
@pytest.mark.parametrize(("unit", "agreement", "why"), IGNORED.values(), ids=IGNORED)
def test_a_record_that_is_not_meant_to_cross_says_why(unit, agreement, why):
    """It has no step and no problem: it is nobody's fault."""
    decision = decide(unit, agreement, TABLES)

    assert ((), None) == (decision.steps, decision.problem)
    assert decision.ignored.startswith(why)


@pytest.mark.parametrize(("unit", "code"), PROBLEMS.values(), ids=PROBLEMS)
def test_a_record_that_cannot_cross_is_a_problem_and_sends_nothing(unit, code):
    """The problem says under which key the record is found."""
    decision = decide(unit, AGREEMENT, TABLES)

    assert (code, ()) == (decision.problem.code, decision.steps)


@pytest.mark.parametrize(
    "record",
    [pytest.param(seen("7", BEFORE), id="old"), pytest.param(seen("7", active=False), id="not active")],
)
def test_a_record_that_stays_beside_one_that_does_not_take_part_is_left_in_peace(record):
    """Nothing would be created for it, so nobody needs to look."""
    candidates = (Candidate(record=seen("p", type=None), on="number", linked=False),)
    decision = decide(alone(F, record, candidates=candidates), AGREEMENT, TABLES)

    assert (None, ()) == (decision.problem, decision.steps)


@pytest.mark.parametrize("gone", [F, P], ids=["in Fortnox", "at the partner"])
def test_a_linked_record_that_was_deleted_names_the_side_it_is_missing_at(gone):
    """The operator reads where to look."""
    unit = pair()
    left = Unit(kind="customer", records={gone.other: unit.records[gone.other]}, bond=unit.bond)

    assert f"deleted at the {gone.value} side" in decide(left, AGREEMENT, TABLES).problem.what


LOOKS = {
    "a creation in Fortnox, when our memory is younger": (P, None, True, True),
    "a creation in Fortnox with a number, which Fortnox refuses twice": (P, "7", True, False),
    "a creation in Fortnox that our memory would know of": (P, None, False, False),
    "a creation at the partner, whose complete list was the look": (F, "7", True, False),
}


@pytest.mark.parametrize(("side", "number", "young", "look"), LOOKS.values(), ids=LOOKS)
def test_only_a_creation_in_fortnox_without_number_is_looked_for_first(side, number, young, look):
    """And only when an earlier memory of ours may have made it."""
    agreement = msgspec.structs.replace(AGREEMENT, create=dict.fromkeys(Side, numbered))
    (step,) = decide(alone(side, seen("x", number=number), young=young), agreement, creating()).steps

    assert look is step.look


# ------------------------------------------------------------------ twins

TWINS = {
    "equal": (seen("p"), []),
    "one has what the other lacks": (seen("p", number=None), [("update", P, {"number": "7"})]),
    "each decides what is its own": (
        seen("p", name="Acme Ltd", phone="2"),
        [("update", F, {"phone": "2"}), ("update", P, {"name": "Acme"})],
    ),
}


@pytest.mark.parametrize("seen_from", [F, P], ids=["from Fortnox", "from the partner"])
@pytest.mark.parametrize(("partner", "updates"), TWINS.values(), ids=TWINS)
def test_twins_are_linked_and_made_equal_in_one_decision(seen_from, partner, updates):
    """The link comes first, then what each side lacks; from either end it is the same decision."""
    records = {F: seen("7"), P: partner}
    candidates = (Candidate(record=records[seen_from.other], on="number", linked=False),)
    unit = alone(seen_from, records[seen_from], candidates=candidates)

    decision = decide(unit, AGREEMENT, TABLES)

    assert ["link", *updates] == shown(decision)
    link = decision.steps[0]
    assert ("7", "p", "same number") == (link.fortnox_id, link.partner_id, link.reason)
    assert "partner:p" == decision.unit.key


def test_a_twin_whose_merge_is_a_problem_is_linked_all_the_same():
    """What they are does not depend on whether one field can cross."""
    candidates = (Candidate(record=seen("7", phone=None), on="number", linked=False),)
    decision = decide(alone(P, seen("p", phone="API_BLANK"), candidates=candidates), AGREEMENT, TABLES)

    assert ["link"] == shown(decision)
    assert "REC09" == decision.problem.code


# ------------------------------------------------------------------ links

LINKED = {
    "nothing changed": (pair(), []),
    "changed in Fortnox": (pair(fortnox=seen("7", name="Beta")), [("update", P, {"name": "Beta"})]),
    "changed at the partner": (pair(partner=seen("p", name="Beta")), [("update", F, {"name": "Beta"})]),
    "cleared at the partner": (pair(partner=seen("p", phone=None)), [("update", F, {"phone": None})]),
    "changed on both": (
        pair(fortnox=seen("7", name="Beta"), partner=seen("p", phone="2")),
        [("update", F, {"phone": "2"}), ("update", P, {"name": "Beta"})],
    ),
    "two spellings of one value": (
        pair(fortnox=seen("7", name="ONeil"), partner=seen("p", name="O'Neil")),
        [],
    ),
    "old, and changed": (
        pair(fortnox=seen("7", BEFORE, name="Beta")),
        [("update", P, {"name": "Beta"})],
    ),
    "the partner left the gate": (pair(partner=seen("p", type=None, name="Beta")), []),
    "the partner left the gate, Fortnox goes on": (
        pair(fortnox=seen("7", phone="2", type="private"), partner=seen("p", type=None)),
        [("update", P, {"phone": "2"})],
    ),
    "a person chose": (
        pair(fortnox=seen("7", phone="2"), partner=seen("p", phone="3"), resolved={"phone": F}),
        [("update", P, {"phone": "2"})],
    ),
    "a person chose what Fortnox never takes": (
        pair(partner=seen("p", number="8"), resolved={"number": P}),
        [],
    ),
    "a type that the partner has no word for": (pair(fortnox=seen("7", type="private")), []),
    "the same, and something else": (
        pair(fortnox=seen("7", type="private", phone="2")),
        [("update", P, {"phone": "2"})],
    ),
}


@pytest.mark.parametrize(("unit", "steps"), LINKED.values(), ids=LINKED)
def test_a_linked_record_is_given_what_changed_and_nothing_else(unit, steps):
    """One update a side, Fortnox first; what a side has no word for is left alone."""
    decision = decide(unit, AGREEMENT, TABLES)

    assert steps == shown(decision)
    assert decision.problem is None


def test_an_update_knows_what_it_writes_over():
    """The step names both records and what the target showed for each field."""
    (step,) = decide(pair(fortnox=seen("7", name="Beta", phone=None)), AGREEMENT, TABLES).steps

    assert ("7", "p") == (step.source_id, step.target_id)
    assert {"name": "Acme", "phone": "1"} == step.was
    assert overwrites(step)


def test_filling_an_empty_field_overwrites_nothing():
    """A guard counts what a person may miss, not what was empty."""
    partner = seen("p", phone=None)
    agreed = {**AGREED, "phone": (None, None)}
    (step,) = decide(pair(partner=partner, agreed=agreed), AGREEMENT, TABLES).steps

    assert {"phone": "1"} == step.fields
    assert not overwrites(step)


def test_a_loser_is_listed_with_the_decision():
    """Both edits are kept."""
    unit = pair(fortnox=seen("7", name="Beta"), partner=seen("p", name="Gamma"))
    (conflict,) = decide(unit, AGREEMENT, TABLES).conflicts

    assert (ConflictState.DECIDED, "Beta", "Gamma") == (conflict.state, conflict.fortnox, conflict.partner)


# ------------------------------------------------------------------ many at once


def linking(fortnox_id, partner_id, on):
    link = Link(
        kind="customer",
        key=f"partner:{partner_id}",
        fortnox_id=fortnox_id,
        partner_id=partner_id,
        on=on,
        reason=f"same {on}",
    )
    return Decision(unit=pair(), steps=(link,))


DISPUTES = {
    "different records": ([linking("1", "a", "number"), linking("2", "b", "number")], (True, True)),
    "one pair, seen from both ends": (
        [linking("1", "a", "number"), linking("1", "a", "number")],
        (True, True),
    ),
    "one Fortnox record, the stronger proof is last": (
        [linking("1", "a", "org_number"), linking("1", "b", "number")],
        (False, True),
    ),
    "one partner record, the stronger proof is first": (
        [linking("1", "a", "reference"), linking("2", "a", "number")],
        (True, False),
    ),
    "one proof, the first goes on": (
        [linking("1", "a", "number"), linking("1", "b", "number")],
        (True, False),
    ),
    "who lost takes nothing from others": (
        [linking("1", "a", "reference"), linking("1", "b", "number"), linking("2", "b", "org_number")],
        (True, False, True),
    ),
    "no link": ([Decision(unit=pair())], (True,)),
}


@pytest.mark.parametrize(("decisions", "going"), DISPUTES.values(), ids=DISPUTES)
def test_no_record_gets_two_twins(decisions, going):
    """Of links that dispute a record the strongest proof goes on; the others are decided again."""
    assert going == undisputed(decisions, AGREEMENT.recognised_by)


RECORDS = st.builds(
    seen,
    st.sampled_from("789"),
    st.sampled_from([BEFORE, SINCE, None]),
    number=st.sampled_from([None, "7", "8"]),
    name=st.sampled_from([None, "Acme", "O'Neil", "API_BLANK"]),
    phone=st.sampled_from([None, "1"]),
    type=st.sampled_from([None, "company", "private"]),
    active=st.booleans(),
)
CANDIDATES = st.lists(
    st.builds(
        Candidate,
        record=RECORDS,
        on=st.sampled_from(AGREEMENT.recognised_by),
        linked=st.booleans(),
        rivals=st.integers(0, 1),
    ),
    max_size=2,
).map(tuple)
UNITS = st.one_of(
    st.builds(alone, st.sampled_from(Side), RECORDS, candidates=CANDIDATES, asked=st.booleans()),
    st.builds(pair, RECORDS, RECORDS, st.sampled_from([{}, AGREED])),
)


@given(unit=UNITS)
def test_every_record_has_one_outcome(unit):
    """
    Steps, a problem or a reason to leave it; never a step that sends nothing; the same each time.

    A problem with what one side should be given lets the other have its own.
    """
    decision = decide(unit, AGREEMENT, TABLES)

    assert decision == decide(unit, AGREEMENT, TABLES)
    assert not (decision.ignored and (decision.steps or decision.problem))
    writing = [step for step in decision.steps if not isinstance(step, Link)]
    assert not (decision.problem and writing) or ([Update] == [type(step) for step in writing])
    assert all(creating().at(step.side).write(step.fields) for step in writing)
    assert [step.side for step in writing] == sorted(step.side for step in writing)


@given(unit=UNITS)
def test_nothing_is_created_or_linked_that_is_linked_already(unit):
    """A record with a link is only ever updated; one without is linked or created, not both."""
    steps = only_steps([decide(unit, AGREEMENT, TABLES)])
    kinds = [type(step) for step in steps]

    if unit.bond:
        assert set(kinds) <= {Update}
    else:
        assert kinds[:1] in ([], [Create], [Link])
        assert set(kinds[1:]) <= ({Update} if kinds[:1] == [Link] else set())


def test_steps_keep_the_order_of_their_decisions():
    """A plan is printed and digested in this order."""
    first, second = linking("1", "a", "number"), linking("2", "b", "number")

    assert (*first.steps, *second.steps) == only_steps([first, Decision(unit=pair()), second])
