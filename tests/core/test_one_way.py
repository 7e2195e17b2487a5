"""What is made in Fortnox and then its own, and what leaves the partner with it."""

from __future__ import annotations

import msgspec
import pytest

from daemon.core.agreement import Decides, FieldRule
from daemon.core.merge import ConflictState
from daemon.core.plan import decide
from daemon.core.records import Seen
from daemon.core.steps import Bond, Unit, Update
from tests.core.deciding import AGREEMENT, TABLES, F, P, alone, seen

TOTAL = FieldRule(field="total", decides=Decides.NOBODY, to=frozenset(), frozen=True)
OURS = msgspec.structs.replace(AGREEMENT, rules=(TOTAL,), one_way=True)
REMOVING = msgspec.structs.replace(AGREEMENT, removes=lambda record: record.fields.get("old") is True)


def linked(agreed=(), **records):
    """Two records that are linked; a side may show none."""
    sides = {F: records.get("fortnox"), P: records.get("partner")}
    shown = {side: Seen(id="1", fields=fields) for side, fields in sides.items() if fields is not None}
    bond = Bond(fortnox_id="1", partner_id="1", agreed=dict(agreed))
    return Unit(kind="customer", records=shown, bond=bond)


# fmt: off
CASES = {
    # agreed, in Fortnox, at the partner; what is agreed now, and whether a person must look
    "the same":                    ({},                  100, 100,  {"total": (100, 100)}, False),
    "stored as something else":    ({},                  101, 100,  {}, True),
    "not shown in Fortnox":        ({},                  ..., 100,  {}, True),
    "not shown at the partner":    ({},                  100, ...,  {}, True),
    "changed in Fortnox since":    ({"total": (100, 100)}, 200, 100, {}, False),
    "changed at the partner":      ({"total": (100, 100)}, 100, 200, {}, False),
    "a difference that was accepted": ({"total": (101, 100)}, 300, 100, {}, False),
}
# fmt: on


@pytest.mark.parametrize(("agreed", "ours", "theirs", "alike", "is_open"), CASES.values(), ids=CASES)
def test_it_is_compared_once(agreed, ours, theirs, alike, is_open):
    """
    When it was made; what becomes of it later is nobody's business here. Nothing is ever written.
    """
    records = {"fortnox": {"total": ours}, "partner": {"total": theirs}}
    shown = {side: {} if fields["total"] is ... else fields for side, fields in records.items()}
    decision = decide(linked(agreed, **shown), OURS, TABLES)
    assert (alike, ()) == (decision.alike, decision.steps)
    assert [ConflictState.OPEN] * is_open == [each.state for each in decision.conflicts]


def removed(decision):
    return [(step.side, step.fields) for step in decision.steps if isinstance(step, Update)]


def test_what_was_linked_leaves_with_its_twin():
    """
    Whatever is said of those that never were.
    """
    decision = decide(linked(partner={"live": True, "old": False}), REMOVING, TABLES)
    assert [(P, {"live": False})] == removed(decision)


@pytest.mark.parametrize("old", [True, False])
def test_what_never_was_linked_leaves_as_it_is_said(old):
    """
    New ones may still come to cross.
    """
    decision = decide(alone(P, seen("p", live=True, old=old)), REMOVING, TABLES)
    assert [(P, {"live": False})] * old == removed(decision)


def test_a_link_between_two_that_are_gone_is_over():
    """
    There is nothing left to decide about.
    """
    decision = decide(linked(), REMOVING, TABLES)
    assert (True, None, ()) == (decision.unlinks, decision.problem, decision.steps)
