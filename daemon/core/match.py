"""
Which unlinked record on the other side is a twin: proven, ambiguous, or none. Pure.

Never a guess: a twin is taken when one value that names a record (our mark, the
number, the organisation number) is held by exactly one unlinked record on each
side. Anything less certain waits for a person.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from msgspec import Struct

from daemon.core.agreement import Agreement
from daemon.core.records import Fields, Problem, Seen, Side, Value

ALONE = "give each its own value, the two that belong together the same number"
APART = {"reference": "cancel the copies, or take our external reference out of them"}
COPIED = {  # what to do about a copy, by the side that it is on
    Side.FORTNOX: "look at both: if this is a record of its own, take our reference out of it and it goes on "
    "by itself; if it is a copy and the other one still counts, cancel it (make a customer inactive), or "
    "credit it once it is booked; then `ignore`",
    Side.PARTNER: "look at both: if this is a record of its own, take what it shares out of it and it goes "
    "on by itself; if it is a copy and the other one still counts, delete it",
}
SHARED = {"from_order": "key", "from_invoice": "key"}  # a field's name among people, where it is another
NAMED_MOST = 10  # candidates that a problem names; their number is told before


class Candidate(Struct, frozen=True, kw_only=True):
    """
    A record on the other side that holds the same value in one naming field.

    `rivals` counts the unlinked records on *this* side that hold it as well; `linked_to` is the record of
    this side that a linked one belongs to. Where the other side has none any more, `record` is the one that
    asks, and `linked_to` another of this side that holds the value.
    """

    record: Seen
    on: str
    linked: bool
    rivals: int = 0
    linked_to: str = ""


class Twin(Struct, frozen=True, kw_only=True):
    """The one twin, and the field that proves it."""

    record: Seen
    on: str


class Double(Problem, frozen=True, kw_only=True):
    """A mark of ours is on several records: somebody else made all but one of them."""


def naming(agreement: Agreement, side: Side, seen: Seen) -> Mapping[str, Value]:
    """The values that name a record, by the fields twins are recognised by. A partner's bears our mark."""
    values = {name: seen.fields.get(name) for name in agreement.recognised_by}
    if side is Side.PARTNER and agreement.mark:
        values["reference"] = agreement.mark(seen.id)
    return values


def belonging(agreement: Agreement, seen: Seen) -> Mapping[str, Value]:
    """What a record belongs to, by the field that says so: not a name of its own."""
    field = agreement.belongs_to and agreement.belongs_to.field
    return {field: seen.fields.get(field)} if field else {}


def twin(
    candidates: Sequence[Candidate],
    recognised_by: Sequence[str],
    where: str,
    living: Callable[[Fields], bool] = lambda _: True,
    marks: Collection[str] = (),
    side: Side = Side.FORTNOX,
) -> Twin | Problem | None:
    """
    The twin, why it cannot be told, or None when there is none. The strongest field decides.

    Of several that bear our mark the one that is `living` is ours: people cancel the copies they made.
    `marks` are the fields that only we fill in on `side`, where the record itself is: one that shares
    them with a record that is linked is a copy of that.
    """
    for field in recognised_by:
        free = {c.record.id: c.record for c in candidates if c.on == field and not c.linked}
        alive = {record_id: record for record_id, record in free.items() if living(record.fields)}
        free = alive if field == "reference" and len(alive) == 1 else free
        rivals = max((c.rivals for c in candidates if c.on == field), default=0)
        if not free:
            others = sorted(c.linked_to for c in candidates if c.on == field and c.linked)
            if others and field in marks:
                return _copy(field, others[0], where, side)
            continue
        if len(free) == 1 and rivals == 0:
            return Twin(record=next(iter(free.values())), on=field)
        told_apart = field in APART and len(free) > 1
        return (Double if told_apart else Problem)(
            code="REC07",
            what=f"{max(len(free), rivals + 1)} records share one {field}: none can be told to be the twin",
            where=where,
            todo=f"{APART.get(field, ALONE)}; then `retry`; "
            f"candidates: {', '.join(sorted(free)[:NAMED_MOST])}",
        )
    return None


def _copy(field: str, other: str, where: str, side: Side) -> Double:
    """The problem of a record that shares a mark of ours with the linked record `other` of its side."""
    return Double(
        code="INT03",
        what=f"it has the same {SHARED.get(field, field)} as {other}: one is a copy of the other",
        where=where,
        todo=COPIED[side],
    )
