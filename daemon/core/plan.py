"""
Decide what one pass should do about each record. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from daemon.core.agreement import Agreement, FieldRule, Locked
from daemon.core.birth import decide_birth, unreadable, weighed
from daemon.core.match import Twin, twin
from daemon.core.merge import ConflictState, Merged, merge
from daemon.core.records import Agreed, Fields, Problem, Seen, Side
from daemon.core.steps import Bond, Decision, Link, Tables, Unit, Update

LIVE: Final = "live"  # of a partner's record: written as False it is removed, or hidden


def decide(unit: Unit, agreement: Agreement, tables: Tables) -> Decision:
    """What to do about one unit."""
    unit = _viewed(unit, agreement)
    if unit.bond:
        return _decide_bond(unit, unit.bond, agreement, tables)
    side, record = next(iter(unit.records.items()))
    if side is Side.PARTNER and not _takes_part(unit, record.fields, agreement):
        return Decision(unit=unit, ignored="its type is not among those that take part")
    marks = agreement.marks.get(side, frozenset())
    match twin(unit.candidates, agreement.recognised_by, unit.key, agreement.living, marks, side):
        case Problem() as problem:
            gone = side is Side.FORTNOX and not agreement.living(record.fields)
            return Decision(unit=unit, ignored="not active") if gone else Decision(unit=unit, problem=problem)
        case Twin() as found if side is Side.FORTNOX and not agreement.gate(found.record.fields):
            return _decide_outsider(unit, record, found, agreement, tables)
        case Twin() as found:
            return _decide_twin(unit, side, found, agreement, tables)
        case None:
            return _decide_alone(unit, side, record, agreement, tables)


def _decide_alone(unit: Unit, side: Side, record: Seen, agreement: Agreement, tables: Tables) -> Decision:
    """What to do about a record that has no twin."""
    if side is Side.PARTNER and agreement.removes and agreement.removes(record):
        return _removal(unit, record, "")
    return decide_birth(unit, side, record, agreement, tables)


def _viewed(unit: Unit, agreement: Agreement) -> Unit:
    """A unit with its Fortnox records in the partner's terms, where there is a view of them."""
    if agreement.view is None:
        return unit
    records = {side: _as_viewed(seen, side, agreement) for side, seen in unit.records.items()}
    there = Side.FORTNOX if Side.PARTNER in unit.records else Side.PARTNER
    candidates = tuple(
        msgspec.structs.replace(each, record=_as_viewed(each.record, there, agreement))
        for each in unit.candidates
    )
    return msgspec.structs.replace(unit, records=records, candidates=candidates)


def _as_viewed(seen: Seen, side: Side, agreement: Agreement) -> Seen:
    if side is Side.PARTNER or agreement.view is None:
        return seen
    return msgspec.structs.replace(seen, fields=agreement.view(seen.fields))


def _takes_part(unit: Unit, partner: Fields, agreement: Agreement) -> bool:
    """Whether the partner's record, and what it belongs to, are of those that cross."""
    return agreement.gate(partner) and (unit.owner is None or unit.owner.takes_part)


def _decide_bond(unit: Unit, bond: Bond, agreement: Agreement, tables: Tables) -> Decision:
    fortnox, partner = unit.records.get(Side.FORTNOX), unit.records.get(Side.PARTNER)
    if agreement.ends - unit.records.keys():
        return Decision(unit=unit, unlinks=True)
    if fortnox is None and agreement.removes:
        return _removal(unit, partner, bond.fortnox_id) if partner else Decision(unit=unit, unlinks=True)
    if partner is None and fortnox and agreement.lasts:
        return Decision(unit=unit, ignored="what was booked stays; the partner shows it no more")
    if fortnox is None or partner is None:
        return Decision(unit=unit, problem=_one_side_gone(unit))
    resting = not _takes_part(unit, partner.fields, agreement)
    hidden = agreement.gate_fields if resting else frozenset[str]()
    shown = {field: value for field, value in partner.fields.items() if field not in hidden}
    locked = agreement.locked(fortnox.fields)
    merged = merge(
        bond.agreed,
        fortnox.fields,
        _in_fortnox_words(shown, unit, agreement),
        [_as_locked(rule, locked) for rule in agreement.rules if not _is_over(rule, bond, agreement)],
        tables.same(),
        resting=resting,
        resolved=unit.resolved,
    )
    given = {side: _to_write(unit, side, fields, agreement, tables) for side, fields in merged.to.items()}
    then = {
        side: {field: pair for field, pair in merged.then.items() if field in given[side]} for side in given
    }
    problems = {side: _unwritable(unit, side, fields, agreement, tables) for side, fields in given.items()}
    going = [side for side in sorted(given) if given[side] and problems[side] is None]
    problem = next((each for each in problems.values() if each), None)
    return Decision(
        unit=unit,
        steps=tuple(_update(unit, side, given[side], then[side], agreement) for side in going),
        alike=merged.alike,
        conflicts=merged.conflicts,
        problem=problem or _locked_out(unit, merged, locked) or unreadable(unit, agreement),
    )


def _in_fortnox_words(partner: Fields, unit: Unit, agreement: Agreement) -> Fields:
    """A partner's record with what it belongs to by Fortnox' id, as far as that is linked."""
    if agreement.belongs_to is None:
        return partner
    field = agreement.belongs_to.field
    number = unit.owner and unit.owner.ids.get(Side.FORTNOX)
    others = {name: value for name, value in partner.items() if name != field}
    return {**others, field: number} if number else others


def _is_over(rule: FieldRule, bond: Bond, agreement: Agreement) -> bool:
    """Whether a field was agreed on once, of what is Fortnox' own from then on."""
    return agreement.one_way and rule.field in bond.agreed


def _as_locked(rule: FieldRule, locked: Mapping[str, Locked]) -> FieldRule:
    if rule.field not in locked:
        return rule
    return msgspec.structs.replace(rule, to=rule.to - {Side.FORTNOX})


def _locked_out(unit: Unit, merged: Merged, locked: Mapping[str, Locked]) -> Problem | None:
    """An edit of the partner's that Fortnox takes no more, where a person must know of it."""
    standing = (c.field for c in merged.conflicts if c.state is ConflictState.STANDING)
    field = next((field for field in standing if field in locked and locked[field].parks), None)
    if field is None:
        return None
    return Problem(
        code="REC24", what=locked[field].why, where=f"{unit.key}, {field}", todo=locked[field].todo
    )


def _to_write(unit: Unit, side: Side, fields: Fields, agreement: Agreement, tables: Tables) -> Fields:
    """What one side is sent for `fields`."""
    present, whole = unit.records[side].fields, dict(fields)
    for field, value in fields.items():
        rule = agreement.rule(field)
        if rule and rule.given:
            whole[field] = rule.given(value, present.get(field))
    return tables.at(side).spelled(whole)


def _update(unit: Unit, side: Side, fields: Fields, then: Agreed, agreement: Agreement) -> Update:
    target = unit.records[side]
    agreed = unit.bond.agreed if unit.bond else {}
    half = 0 if side is Side.FORTNOX else 1
    shown = {field: pair[half] for field, pair in agreed.items()}
    rules = (rule for field in fields if (rule := agreement.rule(field)))
    ours = [
        rule.field
        for rule in rules
        if (rule.revert and shown.get(rule.field) == target.fields.get(rule.field))
        or (rule.adds and (rule.field in agreed or not target.fields.get(rule.field)))
    ]
    return Update(
        kind=unit.kind,
        side=side,
        key=unit.key,
        source_id=unit.records[side.other].id,
        target_id=target.id,
        fields=fields,
        was={field: target.fields.get(field) for field in fields},
        ours=tuple(sorted(ours)),
        then=then,
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
    birth = decide_birth(unit, Side.FORTNOX, record, agreement, tables)
    if not birth.steps:
        return birth
    problem = Problem(
        code="REC07",
        what=f"the partner's record {found.record.id} has the same {found.on} and does not take part",
        where=unit.key,
        todo="give it a type that takes part, or take the value away there, then `retry`",
    )
    return Decision(unit=unit, problem=problem)


def _unwritable(
    unit: Unit, side: Side, fields: Fields, agreement: Agreement, tables: Tables
) -> Problem | None:
    """Why one side cannot be given `fields`; the other may still be given its own."""
    source = unit.records[side.other].fields
    if fields and (problem := weighed(unit, side.other, source, fields, agreement)):
        return problem
    return tables.problem(side, fields, unit.key, unit.records[side].fields)


def _removal(unit: Unit, partner: Seen, source_id: str) -> Decision:
    """Remove a record of the partner's that has none in Fortnox, unless that was done."""
    if not partner.fields.get(LIVE):
        return Decision(unit=unit, ignored="it was removed, or hidden where that is not possible")
    step = Update(
        kind=unit.kind,
        side=Side.PARTNER,
        key=unit.key,
        source_id=source_id,
        target_id=partner.id,
        fields={LIVE: False},
        was={LIVE: True},
        reason="not in Fortnox",
    )
    return Decision(unit=unit, steps=(step,))


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
