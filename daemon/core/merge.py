"""
Three-way merge of one record, field by field. Pure.

`base` holds, for each field, what Fortnox and the partner showed when they last
agreed. Both values are kept because the two systems cannot always hold the same
one: Fortnox refuses a straight apostrophe, webCRM spells a country by name. A
side has changed a field when its value differs from its own half of the base,
so a spelling that only one side can hold never looks like an edit.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Struct

from daemon.core.agreement import Decides, FieldRule, Resolved, Same
from daemon.core.records import Agreed, Fields, Side, Value


class ConflictState(enum.StrEnum):
    """What became of a difference that somebody may want to know of."""

    OPEN = "open"  # nobody decides: a person must
    DECIDED = "decided"  # the side that decides the field won
    STANDING = "standing"  # an edit made where it may not leave from; it yields to the next change


class Conflict(Struct, frozen=True, kw_only=True):
    """A field on which a value was, is, or may be lost; both values are kept."""

    field: str
    base: Value
    fortnox: Value
    partner: Value
    winner: Side | None
    rule: str
    state: ConflictState


class Merged(Struct, frozen=True, kw_only=True):
    """
    What one record needs.

    `alike` is what both sides hold already and the base does not say yet, or
    what a person lets stand; `to` is what each side must be given; fields in
    neither are at rest. `then` is what is agreed once that is done, where it is not the value itself.
    """

    alike: Agreed
    to: Mapping[Side, Fields]
    conflicts: tuple[Conflict, ...]
    then: Agreed = {}


class _Verdict(Struct, frozen=True):
    winner: Side | None
    state: ConflictState | None = None  # None: nothing is lost


UNSURE: Final = (None, None)  # what is agreed on a number after a change of it that nobody knows was applied


def merge(
    base: Agreed,
    fortnox: Fields,
    partner: Fields,
    rules: Sequence[FieldRule],
    same: Same,
    *,
    resting: bool = False,
    resolved: Resolved | None = None,
) -> Merged:
    """
    Merge two edits of one record.

    Only fields that both sides carry take part: a system that has no place for
    a field has not cleared it. `resting` means that nothing may leave the
    partner's record. `resolved` is what a person chose: that value is sent
    where it may be; where it never may, the difference stands as agreed.
    """
    alike: dict[str, tuple[Value, Value]] = {}
    then: dict[str, tuple[Value, Value]] = {}
    to: dict[Side, dict[str, Value]] = {Side.FORTNOX: {}, Side.PARTNER: {}}
    conflicts: list[Conflict] = []
    for rule in rules:
        field = rule.field
        if not _takes_part(rule, fortnox, partner):
            continue
        ours, theirs, was = fortnox.get(field), partner.get(field), base.get(field)
        chosen = (resolved or {}).get(field)
        agreed = _settled(rule, was, ours, theirs, same=same(rule, ours, theirs), chosen=chosen)
        if agreed:
            if was != agreed:
                alike[field] = agreed
            continue
        if rule.adds and was != UNSURE:
            side, value = _sum(was, ours, theirs)
            to[side][field], then[field] = value, _then(side, ours, theirs)
            continue
        rests = resting and not rule.frozen  # nothing ever leaves what is frozen, and a change of it is told
        verdict = _chosen(chosen, resting=rests) if chosen else _judge(rule, was, ours, theirs, resting=rests)
        if verdict.winner:
            to[verdict.winner.other][field] = ours if verdict.winner is Side.FORTNOX else theirs
        if verdict.state and rule.listed:
            conflicts.append(_conflict(rule, was, ours, theirs, verdict))
        if chosen and rule.adds:
            then[field] = (ours, ours) if chosen is Side.FORTNOX else (theirs, theirs)
    return Merged(
        alike=alike,
        to={side: fields for side, fields in to.items() if fields},
        conflicts=tuple(conflicts),
        then=then,
    )


def _takes_part(rule: FieldRule, fortnox: Fields, partner: Fields) -> bool:
    """Whether both sides have a place for a field; what is frozen may be on one of them alone."""
    shown = [rule.field in fields for fields in (fortnox, partner)]
    if rule.adds:
        return all(isinstance(fields.get(rule.field), int) for fields in (fortnox, partner))
    return any(shown) if rule.frozen else all(shown)


def _settled(
    rule: FieldRule,
    was: tuple[Value, Value] | None,
    ours: Value,
    theirs: Value,
    *,
    same: bool,
    chosen: Side | None,
) -> tuple[Value, Value] | None:
    """What is agreed on a field that needs nothing, None where it needs something."""
    now = (ours, theirs)
    if chosen and (chosen.other not in rule.to or ours == theirs):
        return now
    if was and (rule.adds or rule.frozen):
        # Two equal numbers are not one change: each side may have sold a piece of its own.
        return was if now == was else None
    return now if same else None


def _sum(was: tuple[Value, Value] | None, ours: Value, theirs: Value) -> tuple[Side, Value]:
    """Which side is told of the other's change, and what it comes to: the partner's change crosses first."""
    if was is None:
        return Side.PARTNER, ours
    assert isinstance(ours, int)
    assert isinstance(theirs, int)
    assert isinstance(was[1], int)
    if theirs != was[1]:
        return Side.FORTNOX, ours + theirs - was[1]
    return Side.PARTNER, ours


def _then(side: Side, ours: Value, theirs: Value) -> tuple[Value, Value]:
    """What both have taken into account once `side` was told."""
    return (theirs, theirs) if side is Side.FORTNOX else (ours, ours)


def _judge(
    rule: FieldRule, was: tuple[Value, Value] | None, ours: Value, theirs: Value, *, resting: bool
) -> _Verdict:
    """Who wins a field on which the sides differ. Never lets an empty side clear the other without a base."""
    ours_changed = was is None or ours != was[0]
    theirs_changed = was is None or theirs != was[1]
    if was is None and (ours is None or theirs is None):
        ours_changed, theirs_changed = ours is not None, theirs is not None
    if resting:
        return _resting(rule, ours_changed=ours_changed, theirs_changed=theirs_changed)
    match ours_changed, theirs_changed:
        case False, False:
            return _Verdict(None)
        case True, False:
            return _only(rule, Side.FORTNOX, agreed=was is not None)
        case False, True:
            return _only(rule, Side.PARTNER, agreed=was is not None)
        case _ if rule.careful and was is None:
            return _Verdict(None, ConflictState.OPEN)
        case _:
            return _both(rule)


def _chosen(chosen: Side, *, resting: bool) -> _Verdict:
    """A choice that must not leave a resting record stays open, and is obeyed when the link moves again."""
    if resting and chosen is Side.PARTNER:
        return _Verdict(None, ConflictState.OPEN)
    return _Verdict(chosen)


def _resting(rule: FieldRule, *, ours_changed: bool, theirs_changed: bool) -> _Verdict:
    if not ours_changed or Side.PARTNER not in rule.to:
        return _Verdict(None)
    if not theirs_changed:
        return _Verdict(Side.FORTNOX)
    if rule.decides is Decides.NOBODY:
        return _Verdict(None, ConflictState.OPEN)
    return _Verdict(Side.FORTNOX, ConflictState.DECIDED)


def _only(rule: FieldRule, changed: Side, *, agreed: bool) -> _Verdict:
    if changed.other in rule.to:
        return _Verdict(changed)
    if rule.decides is Decides.NOBODY:
        return _Verdict(None, ConflictState.OPEN)
    if rule.revert and agreed:
        return _Verdict(changed.other, ConflictState.DECIDED)
    return _Verdict(None, ConflictState.STANDING)


def _both(rule: FieldRule) -> _Verdict:
    if rule.decides is Decides.NOBODY:
        return _Verdict(None, ConflictState.OPEN)
    winner = Side(rule.decides.value)
    if winner.other not in rule.to:
        return _Verdict(None, ConflictState.STANDING)
    return _Verdict(winner, ConflictState.DECIDED)


def _conflict(
    rule: FieldRule, was: tuple[Value, Value] | None, ours: Value, theirs: Value, verdict: _Verdict
) -> Conflict:
    return Conflict(
        field=rule.field,
        base=next(
            (half for half in was or () if half is not None), None
        ),  # what one side alone has is its own
        fortnox=ours,
        partner=theirs,
        winner=verdict.winner,
        rule=f"{rule.decides.value} decides" if rule.decides is not Decides.NOBODY else "nobody decides",
        state=verdict.state or ConflictState.OPEN,
    )
