"""
Decide about a record that has no twin: whether one is made, of what, and what must be there before. Pure.
"""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from daemon.core.agreement import Agreement
from daemon.core.records import Fields, Problem, Seen, Side
from daemon.core.steps import Create, Decision, Owner, Tables, Unit


def decide_birth(unit: Unit, side: Side, record: Seen, agreement: Agreement, tables: Tables) -> Decision:
    """Whether the other side gets a new record, and of what."""
    if why := _left_alone(unit, side, record, agreement):
        return Decision(unit=unit, ignored=why)
    if unit.owner and side.other not in unit.owner.ids:
        if agreement.enclosed:
            return Decision(unit=unit, ignored=f"its {unit.owner.kind} has not crossed, and tells why")
        return _decide_to_wait(unit, unit.owner, side)
    fields = _fields(unit, side, record, agreement, tables)
    if isinstance(fields, Problem):
        return Decision(unit=unit, problem=fields)
    look = (unit.young or agreement.looked_for) and side is Side.PARTNER and "number" not in fields
    step = Create(
        kind=unit.kind,
        side=side.other,
        key=unit.key,
        source_id=record.id,
        fields=fields,
        reason=_reason(unit, side, agreement),
        look=look,
    )
    return Decision(unit=unit, steps=(step,))


def _reason(unit: Unit, side: Side, agreement: Agreement) -> str:
    if not unit.asked:
        return f"new at the {side.value} side"
    wanted = agreement.on_demand and side is Side.PARTNER
    return "something that belongs to it crosses" if wanted else "asked for by import"


def _left_alone(unit: Unit, side: Side, record: Seen, agreement: Agreement) -> str:
    """Why nothing is made of a record, when it is nobody's fault; "" when something is."""
    if side.other not in agreement.create:
        return f"nothing is created at the {side.other.value} side"
    if side is Side.FORTNOX and not agreement.living(record.fields):
        return "not active"
    if agreement.on_demand and side is Side.PARTNER and not unit.asked:
        return "it crosses with the first that belongs to it"
    if not unit.asked and (record.changed_at is None or record.changed_at < agreement.start):
        return "not changed since start; `import` brings it over"
    if unit.owner and not unit.owner.takes_part:
        return f"its {unit.owner.kind} does not take part"
    return ""


def _fields(unit: Unit, side: Side, record: Seen, agreement: Agreement, tables: Tables) -> Fields | Problem:
    """What the new record is made of, or why it cannot be made."""
    target = side.other
    if problem := unreadable(unit, agreement):
        return problem
    everything = {rule.field for rule in agreement.rules}
    if problem := weighed(unit, side, record.fields, everything, agreement):
        return problem
    prepared = agreement.create[target](record.fields)
    if isinstance(prepared, Problem):
        return prepared
    if agreement.belongs_to and unit.owner:
        prepared = {**prepared, agreement.belongs_to.field: unit.owner.ids[target]}
    if target is Side.FORTNOX and agreement.mark:
        prepared = {**prepared, "reference": agreement.mark(record.id)}
    held = tables.at(target).holds(prepared) - tables.at(target).later
    fields = {field: prepared[field] for field in sorted(held) if prepared[field] is not None}
    return tables.problem(target, fields, unit.key) or fields


def _decide_to_wait(unit: Unit, owner: Owner, side: Side) -> Decision:
    """What a record belongs to must cross before it."""
    if side not in owner.ids:
        what, wants = f"it names no {owner.kind}", None
        todo = f"choose its {owner.kind}; it then crosses by itself"
    else:
        what = f"its {owner.kind} {owner.ids[side]} is not linked to the {side.other.value} side"
        wants = (owner.kind, side, owner.ids[side])
        todo = f"see why the {owner.kind} does not cross (parked, or not active); this then follows by itself"
    return Decision(
        unit=unit, problem=Problem(code="REC03", what=what, where=unit.key, todo=todo), wants=wants
    )


def unreadable(unit: Unit, agreement: Agreement) -> Problem | None:
    """An essential field that a record does not show: it must not stand still unseen."""
    for side, record in unit.records.items():
        for field in sorted(agreement.essential - record.fields.keys()):
            return Problem(
                code="REC15",
                what=f"its {field} at the {side.value} side cannot be read: too large, or not of its kind",
                where=f"{unit.key}, {field}",
                todo="correct it there; it then crosses by itself",
            )
    return None


def weighed(
    unit: Unit, side: Side, fields: Fields, crossing: Collection[str], agreement: Agreement
) -> Problem | None:
    """What keeps those of `fields`, a record of `side`, that are `crossing` from it."""
    weigh = agreement.weigh.get(side)
    problem = weigh(fields, crossing) if weigh else None
    return problem and msgspec.structs.replace(problem, where=f"{unit.key}, {problem.where}")
