"""
Three-way merge: who gives way on one field, and what must hold of any two edits.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.agreement import Decides, FieldRule
from daemon.core.merge import ConflictState, merge
from daemon.core.records import Side

F, P = Side.FORTNOX, Side.PARTNER
BOTH, TO_PARTNER, TO_FORTNOX = frozenset(Side), frozenset({P}), frozenset({F})
OPEN, DECIDED, STANDING = ConflictState.OPEN, ConflictState.DECIDED, ConflictState.STANDING


def rule(decides, to=BOTH, *, revert=False):
    return FieldRule(field="name", decides=decides, to=to, revert=revert)


FORTNOX, PARTNER, NOBODY = (rule(decides) for decides in Decides)
ONE_WAY = rule(Decides.FORTNOX, TO_PARTNER)
REVERTED = rule(Decides.FORTNOX, TO_PARTNER, revert=True)
NUMBER = rule(Decides.NOBODY, TO_PARTNER)
YIELDS = rule(Decides.PARTNER, TO_PARTNER)
NEVER = None  # no base: the two have never agreed


def plain(_field, ours, theirs):
    return ours == theirs


def fortnox_spelled(value):
    """What our pretend Fortnox can hold: no apostrophe, and nothing instead of an empty text."""
    return (value.replace("'", "") or None) if value else value


def spelled(_field, ours, theirs):
    return ours == theirs or ours == fortnox_spelled(theirs)


CASES = {
    # what happened:                                   rule      base  Fortnox partner  winner  state
    "nothing changed": (FORTNOX, ("a", "a"), "a", "a", None, None),
    "nothing changed, two spellings": (FORTNOX, ("a", "A"), "a", "A", None, None),
    "Fortnox changed": (FORTNOX, ("a", "a"), "b", "a", F, None),
    "Fortnox changed what the partner decides": (PARTNER, ("a", "a"), "b", "a", F, None),
    "Fortnox changed, nobody decides": (NOBODY, ("a", "a"), "b", "a", F, None),
    "Fortnox cleared": (FORTNOX, ("a", "a"), None, "a", F, None),
    "the partner changed": (PARTNER, ("a", "a"), "a", "c", P, None),
    "the partner changed what Fortnox decides": (FORTNOX, ("a", "a"), "a", "c", P, None),
    "the partner changed, nobody decides": (NOBODY, ("a", "a"), "a", "c", P, None),
    "the partner cleared": (FORTNOX, ("a", "a"), "a", None, P, None),
    "both made the same change": (FORTNOX, ("a", "a"), "b", "b", None, None),
    "both changed, Fortnox decides": (FORTNOX, ("a", "a"), "b", "c", F, DECIDED),
    "both changed, the partner decides": (PARTNER, ("a", "a"), "b", "c", P, DECIDED),
    "both changed, nobody decides": (NOBODY, ("a", "a"), "b", "c", None, OPEN),
    "Fortnox cleared, the partner changed and decides": (PARTNER, ("a", "a"), None, "c", P, DECIDED),
    "never agreed, equal": (FORTNOX, NEVER, "b", "b", None, None),
    "never agreed, only Fortnox has one": (PARTNER, NEVER, "b", None, F, None),
    "never agreed, only the partner has one": (FORTNOX, NEVER, None, "c", P, None),
    "never agreed, Fortnox decides": (FORTNOX, NEVER, "b", "c", F, DECIDED),
    "never agreed, the partner decides": (PARTNER, NEVER, "b", "c", P, DECIDED),
    "never agreed, nobody decides": (NOBODY, NEVER, "b", "c", None, OPEN),
    "one way, Fortnox changed": (ONE_WAY, ("a", "a"), "b", "a", F, None),
    "one way, the partner changed": (ONE_WAY, ("a", "a"), "a", "c", None, STANDING),
    "one way, both changed": (ONE_WAY, ("a", "a"), "b", "c", F, DECIDED),
    "one way, only the partner ever had one": (ONE_WAY, NEVER, None, "c", None, STANDING),
    "one way, both changed and the partner decides": (YIELDS, ("a", "a"), "b", "c", None, STANDING),
    "undone, Fortnox changed": (REVERTED, ("a", "a"), "b", "a", F, None),
    "undone, the partner changed": (REVERTED, ("a", "a"), "a", "c", F, DECIDED),
    "undone, both changed": (REVERTED, ("a", "a"), "b", "c", F, DECIDED),
    "undone in Fortnox": (
        rule(Decides.PARTNER, TO_FORTNOX, revert=True),
        ("a", "a"),
        "b",
        "a",
        P,
        DECIDED,
    ),
    "undone, only the partner ever had one": (REVERTED, NEVER, None, "c", None, STANDING),
    "a number, assigned in Fortnox": (NUMBER, NEVER, "7", None, F, None),
    "a number, edited at the partner": (NUMBER, ("7", "7"), "7", "8", None, OPEN),
}

RESTING = {
    # what happened:                                   rule      base  Fortnox partner  winner  state
    "nothing changed": (FORTNOX, ("a", "a"), "a", "a", None, None),
    "Fortnox changed": (PARTNER, ("a", "a"), "b", "a", F, None),
    "the partner changed": (PARTNER, ("a", "a"), "a", "c", None, None),
    "both changed": (PARTNER, ("a", "a"), "b", "c", F, DECIDED),
    "both changed, nobody decides": (NOBODY, ("a", "a"), "b", "c", None, OPEN),
    "an undone field was changed at the partner": (REVERTED, ("a", "a"), "a", "c", None, None),
    "Fortnox changed what may only go to Fortnox": (
        rule(Decides.PARTNER, TO_FORTNOX),
        ("a", "a"),
        "b",
        "a",
        None,
        None,
    ),
    "never agreed, only the partner has one": (FORTNOX, NEVER, None, "c", None, None),
}


def one(the_rule, base, ours, theirs, **more):
    return merge(
        {} if base is NEVER else {"name": base},
        {"name": ours},
        {"name": theirs},
        (the_rule,),
        more.pop("same", plain),
        **more,
    )


def what_is_sent(winner, ours, theirs):
    return {} if winner is None else {winner.other: {"name": ours if winner is F else theirs}}


@pytest.mark.parametrize(("the_rule", "base", "ours", "theirs", "winner", "state"), CASES.values(), ids=CASES)
def test_one_field_of_a_link_that_moves(the_rule, base, ours, theirs, winner, state):
    """The winner's value goes to the other side, and whoever loses one is told."""
    merged = one(the_rule, base, ours, theirs)

    assert what_is_sent(winner, ours, theirs) == merged.to
    assert [(state, winner)] * bool(state) == [(c.state, c.winner) for c in merged.conflicts]


@pytest.mark.parametrize(
    ("the_rule", "base", "ours", "theirs", "winner", "state"), RESTING.values(), ids=RESTING
)
def test_one_field_of_a_link_that_rests(the_rule, base, ours, theirs, winner, state):
    """Fortnox' edits arrive, the partner's wait."""
    merged = one(the_rule, base, ours, theirs, resting=True)

    assert what_is_sent(winner, ours, theirs) == merged.to
    assert [(state, winner)] * bool(state) == [(c.state, c.winner) for c in merged.conflicts]


RESOLVED = {
    # what a person chose:                    rule    resting  chosen  sent to  settled  state
    "Fortnox": (NOBODY, False, F, {P: {"name": "b"}}, {}, []),
    "the partner": (NOBODY, False, P, {F: {"name": "c"}}, {}, []),
    "against the side that decides": (FORTNOX, False, P, {F: {"name": "c"}}, {}, []),
    "Fortnox, while the link rests": (NOBODY, True, F, {P: {"name": "b"}}, {}, []),
    "the partner, while the link rests": (NOBODY, True, P, {}, {}, [OPEN]),
    "a number that Fortnox never changes": (NUMBER, False, P, {}, {"name": ("b", "c")}, []),
}


@pytest.mark.parametrize(
    ("the_rule", "resting", "chosen", "sent", "settled", "states"), RESOLVED.values(), ids=RESOLVED
)
def test_what_a_person_chose_is_obeyed(the_rule, resting, chosen, sent, settled, states):
    """It is sent; it waits while the link rests; where it may never go, the difference stands."""
    merged = one(the_rule, ("a", "a"), "b", "c", resting=resting, resolved={"name": chosen})

    assert (sent, settled) == (merged.to, merged.alike)
    assert states == [conflict.state for conflict in merged.conflicts]


def test_what_both_sides_hold_alike_is_agreed_on_without_a_request():
    """Equal values, or two spellings of one, become the base; a base that says so already is left alone."""
    assert {"name": ("b", "b")} == one(FORTNOX, ("a", "a"), "b", "b").alike
    assert {"name": ("ONeil", "O'Neil")} == one(FORTNOX, NEVER, "ONeil", "O'Neil", same=spelled).alike
    assert {} == one(FORTNOX, ("ONeil", "O'Neil"), "ONeil", "O'Neil", same=spelled).alike


@pytest.mark.parametrize(
    ("fortnox", "partner"),
    [pytest.param({}, {"name": "c"}, id="Fortnox"), pytest.param({"name": "b"}, {}, id="the partner")],
)
def test_a_side_without_a_place_for_a_field_has_not_cleared_it(fortnox, partner):
    """A field that one side does not carry takes no part."""
    merged = merge({"name": ("a", "a")}, fortnox, partner, (FORTNOX,), plain)

    assert ({}, {}, ()) == (merged.alike, merged.to, merged.conflicts)


def test_a_conflict_says_what_both_held_and_why_one_won():
    """An operator reads the agreed value, both edits, the winner and the rule."""
    (conflict,) = one(FORTNOX, ("a", "A"), "b", "c").conflicts

    assert ("a", "b", "c", F) == (conflict.base, conflict.fortnox, conflict.partner, conflict.winner)
    assert "fortnox decides" == conflict.rule
    assert "nobody decides" == one(NOBODY, ("a", "a"), "b", "c").conflicts[0].rule


# ------------------------------------------------------------------ laws

FIELDS = ("name", "phone", "type")
VALUES = st.sampled_from([None, "a", "b", "a'", "b'", "'", 1, True])
RULES = st.tuples(
    *(
        st.builds(
            FieldRule,
            field=st.just(field),
            decides=st.sampled_from(Decides),
            to=st.sampled_from([BOTH, TO_PARTNER, TO_FORTNOX, frozenset[Side]()]),
            revert=st.booleans(),
        )
        for field in FIELDS
    )
)
PARTNER_FIELDS = st.fixed_dictionaries({}, optional=dict.fromkeys(FIELDS, VALUES))
FORTNOX_FIELDS = PARTNER_FIELDS.map(lambda fields: {f: held(value) for f, value in fields.items()})
BASES = st.dictionaries(st.sampled_from(FIELDS), st.tuples(VALUES, VALUES))
RESOLUTIONS = st.dictionaries(st.sampled_from(FIELDS), st.sampled_from(Side))


def held(value):
    return fortnox_spelled(value) if isinstance(value, str) else value


def same(_field, ours, theirs):
    return ours == theirs or ours == held(theirs)


def after(base, fortnox, partner, merged):
    """Both records and the base once everything that was decided has been done."""
    landed = {field: held(value) for field, value in merged.to.get(F, {}).items()}
    at_partner = merged.to.get(P, {})
    base = {
        **base,
        **merged.alike,
        **{field: (value, merged.to[F][field]) for field, value in landed.items()},
        **{field: (value, value) for field, value in at_partner.items()},
    }
    return base, {**fortnox, **landed}, {**partner, **at_partner}


@given(base=BASES, ours=FORTNOX_FIELDS, theirs=PARTNER_FIELDS, rules=RULES, resting=st.booleans())
def test_once_done_a_second_merge_sends_nothing(base, ours, theirs, rules, resting):
    """One round is enough: with both patches applied and the new base, nothing is sent or settled again."""
    merged = merge(base, ours, theirs, rules, same, resting=resting)

    base, ours, theirs = after(base, ours, theirs, merged)
    again = merge(base, ours, theirs, rules, same, resting=resting)

    assert ({}, {}) == (again.to, again.alike)


@given(base=BASES, ours=FORTNOX_FIELDS, theirs=PARTNER_FIELDS, rules=RULES, chosen=RESOLUTIONS)
def test_once_a_choice_is_done_it_stays(base, ours, theirs, rules, chosen):
    """What a person chose is not taken back by the next merge, which no longer knows of it."""
    merged = merge(base, ours, theirs, rules, same, resolved=chosen)

    base, ours, theirs = after(base, ours, theirs, merged)
    again = merge(base, ours, theirs, rules, same)

    assert ({}, {}) == (again.to, again.alike)


@given(
    base=BASES,
    ours=FORTNOX_FIELDS,
    theirs=PARTNER_FIELDS,
    rules=RULES,
    seed=st.randoms(use_true_random=False),
)
def test_the_order_of_fields_and_rules_changes_nothing(base, ours, theirs, rules, seed):
    """The same three states give the same verdicts, however they are listed."""
    shuffled = [dict(seed.sample(list(part.items()), len(part))) for part in (base, ours, theirs)]
    other = merge(*shuffled, seed.sample(rules, len(rules)), same)
    merged = merge(base, ours, theirs, rules, same)

    assert (merged.to, merged.alike) == (other.to, other.alike)
    assert set(merged.conflicts) == set(other.conflicts)


@given(ours=FORTNOX_FIELDS, theirs=PARTNER_FIELDS, rules=RULES, resting=st.booleans())
def test_without_a_base_no_value_is_cleared(ours, theirs, rules, resting):
    """Two records that never agreed lose nothing to an empty field, whoever decides and may write."""
    for the_rule in rules:
        merged = merge({}, ours, theirs, (the_rule,), same, resting=resting)
        for fields in merged.to.values():
            assert None not in fields.values()


@given(base=BASES, ours=FORTNOX_FIELDS, theirs=PARTNER_FIELDS, rules=RULES, resting=st.booleans())
def test_no_edit_is_overwritten_without_a_conflict_that_holds_it(base, ours, theirs, rules, resting):
    """Every value written over was the agreed one, or is kept in a conflict that names the winner."""
    merged = merge(base, ours, theirs, rules, same, resting=resting)
    lost = {(c.field, c.winner): (c.fortnox, c.partner) for c in merged.conflicts}

    for side, fields in merged.to.items():
        half, here = (0, ours) if side is F else (1, theirs)
        for field in fields:
            agreed = base.get(field, (None, None))[half]
            assert here[field] == agreed or (ours[field], theirs[field]) == lost[field, side.other]


@given(base=BASES, ours=FORTNOX_FIELDS, theirs=PARTNER_FIELDS, rules=RULES, chosen=st.none() | RESOLUTIONS)
def test_while_a_link_rests_nothing_is_written_to_fortnox(base, ours, theirs, rules, chosen):
    """Not even what a person chose."""
    merged = merge(base, ours, theirs, rules, same, resting=True, resolved=chosen)

    assert F not in merged.to


@given(
    base=BASES,
    ours=FORTNOX_FIELDS,
    theirs=PARTNER_FIELDS,
    rules=RULES,
    resting=st.booleans(),
    chosen=RESOLUTIONS,
)
def test_no_side_is_given_what_may_not_be_written_there(base, ours, theirs, rules, resting, chosen):
    """A field goes only where its rule lets it, or back to where an undone edit was made."""
    merged = merge(base, ours, theirs, rules, same, resting=resting, resolved=chosen)
    by_field = {each.field: each for each in rules}

    assert all(
        side in by_field[field].to or by_field[field].revert
        for side, fields in merged.to.items()
        for field in fields
    )


@given(
    agreed=PARTNER_FIELDS,
    edits=st.tuples(PARTNER_FIELDS, PARTNER_FIELDS),
)
def test_one_record_edited_twice_ends_with_the_latest_edits(agreed, edits):
    """A field edited on one side ends as edited; edited on both, as the one who decides has it."""
    rules = [FieldRule(field=field, decides=Decides.FORTNOX) for field in agreed]
    ours_edit, theirs_edit = ({f: v for f, v in edit.items() if f in agreed} for edit in edits)
    base = {field: (held(value), value) for field, value in agreed.items()}
    ours = {f: held(v) for f, v in {**agreed, **ours_edit}.items()}
    theirs = {**agreed, **theirs_edit}
    merged = merge(base, ours, theirs, rules, same)

    _, now, _ = after(base, ours, theirs, merged)

    changed = {f for f in agreed if ours[f] != held(agreed[f])}
    assert {f: ours[f] if f in changed else held(theirs[f]) for f in agreed} == now
