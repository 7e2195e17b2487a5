"""
Decide what one pass should do. Pure.

The plan is data: it can be printed, counted by the guard, stored and compared
before anything is sent, and `plan` and `run` share it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Struct

from daemon.core.agreement import Agreement, Resolved, Same
from daemon.core.mapping import Table
from daemon.core.match import Candidate, Twin, twin
from daemon.core.merge import Conflict, Merged, merge
from daemon.core.records import Agreed, Fields, Problem, Seen, Side

# ------------------------------------------------------------------ what a decision starts from


class Bond(Struct, frozen=True, kw_only=True):
    """A link between two records, and what they held when they last agreed."""

    fortnox_id: str
    partner_id: str
    agreed: Agreed


class Unit(Struct, frozen=True, kw_only=True):
    """
    One record to decide about: both ends of a link, or a record without one.

    `asked` is true when an operator wants it over although it is old (`import`).
    `young` is true when the record may be older than our memory of it: what we
    create for it in Fortnox, where our mark cannot be searched for, must be
    looked for first. (At the partner the complete list is the look.)
    """

    kind: str
    records: Mapping[Side, Seen]
    bond: Bond | None = None
    candidates: tuple[Candidate, ...] = ()
    asked: bool = False
    young: bool = False
    resolved: Resolved = {}

    @property
    def key(self) -> str:
        """How an operator finds it: the side that names it, and its id there."""
        if self.bond:
            return f"partner:{self.bond.partner_id}"
        side = next(iter(self.records))
        return f"{side.value}:{self.records[side].id}"


# ------------------------------------------------------------------ what is decided


class Create(Struct, frozen=True, tag="create", kw_only=True):
    """Make the twin of `source_id` on `side`; `look` first whether an earlier write of ours did it."""

    kind: str
    side: Side
    key: str
    source_id: str
    fields: Fields
    reason: str
    look: bool = False


class Update(Struct, frozen=True, tag="update", kw_only=True):
    """Give `fields` to the record `target_id` on `side`; `was` is what it showed for them."""

    kind: str
    side: Side
    key: str
    source_id: str
    target_id: str
    fields: Fields
    was: Fields
    reason: str


class Link(Struct, frozen=True, tag="link", kw_only=True):
    """Remember that two records are one. Sends nothing."""

    kind: str
    key: str
    fortnox_id: str
    partner_id: str
    on: str  # the field that proves it
    reason: str


Step = Create | Update | Link


class Decision(Struct, frozen=True, kw_only=True):
    """Everything decided about one unit. `alike` is settled without a request."""

    unit: Unit
    steps: tuple[Step, ...] = ()
    alike: Agreed = {}
    conflicts: tuple[Conflict, ...] = ()
    problem: Problem | None = None
    ignored: str = ""  # why it does not cross, when it is nobody's fault


class Tables(Struct, frozen=True, kw_only=True):
    """How the kind is spelled on each side."""

    fortnox: Table
    partner: Table

    def at(self, side: Side) -> Table:
        """The table of one side."""
        return self.fortnox if side is Side.FORTNOX else self.partner

    def same(self) -> Same:
        """Two values are the same when one is the other's normal form."""
        return lambda field, ours, theirs: (
            ours == theirs
            or self.fortnox.normal(field, theirs) == ours
            or self.partner.normal(field, ours) == theirs
        )


# ------------------------------------------------------------------ deciding


def decide(unit: Unit, agreement: Agreement, tables: Tables) -> Decision:
    """What to do about one unit."""
    if unit.bond:
        return _decide_bond(unit, unit.bond, agreement, tables)
    side, record = next(iter(unit.records.items()))
    if side is Side.PARTNER and not agreement.gate(record.fields):
        return Decision(unit=unit, ignored="its type is not among those that take part")
    match twin(unit.candidates, agreement.recognised_by, unit.key):
        case Problem() as problem:
            return Decision(unit=unit, problem=problem)
        case Twin() as found if side is Side.FORTNOX and not agreement.gate(found.record.fields):
            return _decide_outsider(unit, record, found, agreement, tables)
        case Twin() as found:
            return _decide_twin(unit, side, found, agreement, tables)
        case None:
            return _decide_birth(unit, side, record, agreement, tables)


def _decide_bond(unit: Unit, bond: Bond, agreement: Agreement, tables: Tables) -> Decision:
    fortnox, partner = unit.records.get(Side.FORTNOX), unit.records.get(Side.PARTNER)
    if fortnox is None or partner is None:
        return Decision(unit=unit, problem=_one_side_gone(unit))
    resting = not agreement.gate(partner.fields)
    hidden = agreement.gate_fields if resting else frozenset[str]()
    merged = merge(
        bond.agreed,
        fortnox.fields,
        {field: value for field, value in partner.fields.items() if field not in hidden},
        agreement.rules,
        tables.same(),
        resting=resting,
        resolved=unit.resolved,
    )
    problem = _unwritable(merged, tables, unit.key)
    given = {side: tables.at(side).spelled(fields) for side, fields in merged.to.items()}
    steps = (
        () if problem else tuple(_update(unit, side, given[side]) for side in sorted(given) if given[side])
    )
    return Decision(unit=unit, steps=steps, alike=merged.alike, conflicts=merged.conflicts, problem=problem)


def _update(unit: Unit, side: Side, fields: Fields) -> Update:
    target = unit.records[side]
    return Update(
        kind=unit.kind,
        side=side,
        key=unit.key,
        source_id=unit.records[side.other].id,
        target_id=target.id,
        fields=fields,
        was={field: target.fields.get(field) for field in fields},
        reason="changed on the other side",
    )


def _decide_twin(unit: Unit, side: Side, found: Twin, agreement: Agreement, tables: Tables) -> Decision:
    """Link the two, and merge them at once as far as no value stands against another."""
    records = {side: unit.records[side], side.other: found.record}
    bond = Bond(fortnox_id=records[Side.FORTNOX].id, partner_id=records[Side.PARTNER].id, agreed={})
    pair = msgspec.structs.replace(unit, records=records, bond=bond)
    link = Link(
        kind=unit.kind,
        key=pair.key,
        fortnox_id=bond.fortnox_id,
        partner_id=bond.partner_id,
        on=found.on,
        reason=f"same {found.on}",
    )
    decision = _decide_bond(pair, bond, agreement, tables)
    reason = f"linked by the same {found.on}"
    steps = (msgspec.structs.replace(step, reason=reason) for step in decision.steps)
    return msgspec.structs.replace(decision, steps=(link, *steps))


def _decide_outsider(unit: Unit, record: Seen, found: Twin, agreement: Agreement, tables: Tables) -> Decision:
    """A twin that does not take part is neither written to nor doubled: a person looks instead."""
    birth = _decide_birth(unit, Side.FORTNOX, record, agreement, tables)
    if not birth.steps:
        return birth
    problem = Problem(
        code="REC07",
        what=f"the partner's record {found.record.id} has the same {found.on} and does not take part",
        where=unit.key,
        todo="give it a type that takes part, or take the value away there, then `retry`",
    )
    return Decision(unit=unit, problem=problem)


def _decide_birth(unit: Unit, side: Side, record: Seen, agreement: Agreement, tables: Tables) -> Decision:
    target = side.other
    prepare = agreement.create.get(target)
    if prepare is None:
        return Decision(unit=unit, ignored=f"nothing is created at the {target.value} side")
    if side is Side.FORTNOX and not agreement.living(record.fields):
        return Decision(unit=unit, ignored="not active")
    if not unit.asked and not _since(record.changed_at, agreement.start):
        return Decision(unit=unit, ignored="not changed since start; `import` brings it over")
    prepared = prepare(record.fields)
    if isinstance(prepared, Problem):
        return Decision(unit=unit, problem=prepared)
    if target is Side.FORTNOX and agreement.mark:
        prepared = {**prepared, "reference": agreement.mark(record.id)}
    held = tables.at(target).holds(prepared)
    fields = {field: prepared[field] for field in sorted(held) if prepared[field] is not None}
    if problem := tables.at(target).problem(fields, unit.key):
        return Decision(unit=unit, problem=problem)
    step = Create(
        kind=unit.kind,
        side=target,
        key=unit.key,
        source_id=record.id,
        fields=fields,
        reason="asked for by import" if unit.asked else f"new at the {side.value} side",
        look=unit.young and target is Side.FORTNOX and "number" not in fields,
    )
    return Decision(unit=unit, steps=(step,))


def _since(changed_at: dt.datetime | None, start: dt.datetime) -> bool:
    return changed_at is not None and changed_at >= start


def _unwritable(merged: Merged, tables: Tables, where: str) -> Problem | None:
    problems = (tables.at(side).problem(fields, where) for side, fields in merged.to.items())
    return next((problem for problem in problems if problem), None)


def _one_side_gone(unit: Unit) -> Problem:
    missing = Side.FORTNOX if Side.FORTNOX not in unit.records else Side.PARTNER
    return Problem(
        code="REC02",
        what=f"the record was deleted at the {missing.value} side",
        where=unit.key,
        todo="nothing is created again by itself: retire it on the other side too, then `ignore`",
    )


# ------------------------------------------------------------------ many decisions


def undisputed(decisions: Sequence[Decision], recognised_by: Sequence[str]) -> tuple[bool, ...]:
    """
    Which decisions may go on: of links that would give one record two twins, only the strongest.

    The others are to be decided again once that link is stored.
    """
    links = [(n, step) for n, each in enumerate(decisions) for step in each.steps if isinstance(step, Link)]
    taken: dict[tuple[Side, str], str] = {}
    going = [True] * len(decisions)
    for n, link in sorted(links, key=lambda each: recognised_by.index(each[1].on)):
        ends = {
            (Side.FORTNOX, link.fortnox_id): link.partner_id,
            (Side.PARTNER, link.partner_id): link.fortnox_id,
        }
        going[n] = all(taken.get(end, twin_id) == twin_id for end, twin_id in ends.items())
        if going[n]:
            taken |= ends
    return tuple(going)


# ------------------------------------------------------------------ counting


def overwrites(step: Step) -> bool:
    """Whether a step replaces or clears something that a person may have written."""
    return isinstance(step, Update) and any(
        old is not None and old != step.fields[field] for field, old in step.was.items()
    )


def only_steps(decisions: Sequence[Decision]) -> tuple[Step, ...]:
    """The steps of `decisions`, in order."""
    return tuple(step for decision in decisions for step in decision.steps)
