"""
What became of a write whose answer was lost, judged by what is seen now. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from daemon.core.mapping import Table
from daemon.core.records import Fields, Seen


class Found(Struct, frozen=True):
    """The creation took effect: this is the record."""

    seen: Seen


class Strange(Struct, frozen=True):
    """Something is there that may or may not be ours; a person must look. `ids` names it."""

    ids: tuple[str, ...]


def born(sent: Fields, table: Table, hits: Sequence[Seen]) -> Found | Strange | None:
    """
    The record that a creation with `sent` made, judged by every record that a look brought.

    Equality is of the whole value: a search that finds parts of words proves
    nothing. A record with our number and another name or mark is strange.
    """
    mark = sent.get("reference")
    if mark is not None:
        ours = [hit for hit in hits if hit.fields.get("reference") == mark]
        if len(ours) == 1:
            return Found(ours[0])
        if ours:
            return Strange(tuple(sorted(hit.id for hit in ours)))
    number = sent.get("number")
    if number is None:
        return None
    same = [hit for hit in hits if hit.fields.get("number") == table.normal("number", number)]
    if not same:
        return None
    if len(same) == 1 and _may_be_ours(sent, table, same[0]):
        return Found(same[0])
    return Strange(tuple(sorted(hit.id for hit in same)))


def landed(sent: Fields, table: Table, now: Fields) -> frozenset[str]:
    """The fields of an update that took effect: what is there now is what was sent."""
    return frozenset(
        field for field, value in sent.items() if field in now and now[field] == table.normal(field, value)
    )


def _may_be_ours(sent: Fields, table: Table, seen: Seen) -> bool:
    if seen.fields.get("name") != table.normal("name", sent.get("name")):
        return False
    return seen.fields.get("reference") in (None, sent.get("reference"))
