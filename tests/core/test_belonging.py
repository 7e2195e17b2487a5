"""
Records that belong to others, as documents to their customer; and fields that are locked or about money.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from daemon.core.agreement import Belonging, Decides, FieldRule, Locked
from daemon.core.documents import DocumentRow, alike, packed
from daemon.core.merge import ConflictState
from daemon.core.plan import decide
from daemon.core.records import Seen, Side
from daemon.core.steps import Bond, Create, Owner, Unit
from tests.core.deciding import AGREEMENT, SINCE, TABLES

F, P = Side.FORTNOX, Side.PARTNER
OWNED = msgspec.structs.replace(
    AGREEMENT, belongs_to=Belonging(field="number", kind="customer", gate=lambda _: True)
)


def owner(*, fortnox=None, partner=None, takes_part=True):
    ids = {F: fortnox, P: partner}
    known = {side: record_id for side, record_id in ids.items() if record_id}
    return Owner(kind="customer", ids=known, takes_part=takes_part)


def new(side, whose, **fields):
    seen = Seen(id="7", fields={"type": "company", **fields}, changed_at=SINCE)
    return Unit(kind="customer", records={side: seen}, owner=whose)


BIRTHS = {
    # at whose side it is new           its owner                             -> what becomes of it
    "linked, from the partner": (P, owner(fortnox="10", partner="20"), "create"),
    "linked, from Fortnox": (F, owner(fortnox="10", partner="20"), "create"),
    "not in Fortnox yet": (P, owner(partner="20"), ("REC03", ("customer", P, "20"))),
    "not at the partner yet": (F, owner(fortnox="10"), ("REC03", ("customer", F, "10"))),
    "not told": (P, owner(), ("REC03", None)),
    "resting, from the partner": (P, owner(fortnox="10", partner="20", takes_part=False), "ignored"),
    "resting, from Fortnox": (F, owner(fortnox="10", partner="20", takes_part=False), "ignored"),
}


@pytest.mark.parametrize(("side", "whose", "becomes"), BIRTHS.values(), ids=BIRTHS)
def test_a_new_record_needs_what_it_belongs_to(side, whose, becomes):
    """Linked: it crosses; not yet: it waits and says for whom; resting: nobody is told."""
    decision = decide(new(side, whose, name="A"), OWNED, TABLES)
    if becomes == "create":
        (step,) = decision.steps
        assert isinstance(step, Create)
    elif becomes == "ignored":
        assert decision.ignored and not decision.steps and not decision.problem
    else:
        assert becomes == (decision.problem.code, decision.wants)
        assert () == decision.steps


def test_a_new_record_names_its_owner_in_the_words_of_its_own_side():
    """Each side has its own id of it."""
    (step,) = decide(new(F, owner(fortnox="10", partner="20"), name="A"), OWNED, TABLES).steps
    assert "20" == step.fields["number"]


# ------------------------------------------------------------------ locked fields, money


def both(fortnox, partner, base):
    records = {F: Seen(id="1", fields=fortnox), P: Seen(id="7", fields={"type": "company", **partner})}
    agreed = {field: (value, value) for field, value in base.items()}
    bond = Bond(fortnox_id="1", partner_id="7", agreed=agreed)
    return Unit(kind="customer", records=records, bond=bond)


def locking(*, parks):
    lock = Locked(why="it is booked", todo="credit it", parks=parks)
    return msgspec.structs.replace(AGREEMENT, locked=lambda _: {"name": lock})


def test_an_edit_of_a_locked_field_stays_and_is_listed():
    """Nothing is sent to Fortnox; what Fortnox shows still crosses."""
    fields = {"name": "A", "phone": "1"}
    decision = decide(both(fields, {**fields, "name": "B"}, fields), locking(parks=False), TABLES)
    assert () == decision.steps
    assert [ConflictState.STANDING] == [each.state for each in decision.conflicts]
    assert decision.problem is None


def test_an_edit_of_a_locked_field_may_have_to_wait_for_a_person_while_others_cross():
    """The reason is parked, and what else is new goes on."""
    fields = {"name": "A", "phone": "1"}
    decision = decide(
        both({**fields, "phone": "2"}, {**fields, "name": "B"}, fields), locking(parks=True), TABLES
    )
    assert ("REC24", "it is booked") == (decision.problem.code, decision.problem.what)
    assert [(P, {"phone": "2"})] == [(step.side, step.fields) for step in decision.steps]


def test_a_locked_field_still_follows_fortnox():
    """Locked means that nothing is written there."""
    fields = {"name": "A"}
    decision = decide(both({"name": "B"}, fields, fields), locking(parks=True), TABLES)
    assert [(P, {"name": "B"})] == [(step.side, step.fields) for step in decision.steps]


CAREFUL = FieldRule(field="name", decides=Decides.FORTNOX, careful=True)
WITH_CARE = msgspec.structs.replace(AGREEMENT, rules=(CAREFUL,))


def test_money_that_differs_without_an_agreement_waits_for_a_person():
    """Nobody overwrites an amount because two records were linked."""
    decision = decide(both({"name": "A"}, {"name": "B"}, {}), WITH_CARE, TABLES)
    assert () == decision.steps
    assert [(ConflictState.OPEN, None)] == [(each.state, each.winner) for each in decision.conflicts]


def test_money_that_was_agreed_on_follows_the_rule():
    """Both edited: the side that decides wins, as for any field."""
    decision = decide(both({"name": "A"}, {"name": "B"}, {"name": "C"}), WITH_CARE, TABLES)
    assert [(P, {"name": "A"})] == [(step.side, step.fields) for step in decision.steps]


def test_rows_that_say_the_same_are_no_difference():
    """However the two sides write their discounts."""
    amount = DocumentRow(article="A", quantity=Decimal(3), price=Decimal(100), off=1000, total=29000)
    percent = DocumentRow(
        article="A", quantity=Decimal(3), price=Decimal(100), percent=Decimal(3), total=29000
    )
    rule = FieldRule(field="name", decides=Decides.FORTNOX, same=alike, careful=True)
    agreement = msgspec.structs.replace(AGREEMENT, rules=(rule,))
    decision = decide(both({"name": packed([amount])}, {"name": packed([percent])}, {}), agreement, TABLES)
    assert (() == decision.steps, ()) == (True, decision.conflicts)
    assert {"name"} == set(decision.alike)


ESSENTIAL = msgspec.structs.replace(WITH_CARE, essential=frozenset({"name"}))
UNSHOWN = {
    "new": (new(P, None, phone="1"), "REC15"),
    "linked, and never agreed on": (both({"name": "A"}, {}, {}), "REC15"),
    "linked, and read before": (both({"name": "A"}, {}, {"name": "A"}), "REC15"),
    "shown by both": (both({"name": "A"}, {"name": "A"}, {"name": "A"}), None),
}


@pytest.mark.parametrize(("unit", "code"), UNSHOWN.values(), ids=UNSHOWN)
def test_an_essential_field_that_a_record_does_not_show_is_told(unit, code):
    """It could not be read; unseen, its edits would stand still for ever."""
    problem = decide(unit, ESSENTIAL, TABLES).problem
    assert code == (problem and problem.code)


def test_a_field_that_a_system_does_not_have_holds_nothing():
    """Money or not: only what each record always shows is missed."""
    decision = decide(both({"name": "A", "phone": "2"}, {"phone": "1"}, {"phone": "1"}), WITH_CARE, TABLES)
    assert decision.problem is None
