"""
Hold plans that look like an accident. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Struct

from daemon.core.documents import kronor, unpacked
from daemon.core.records import Side
from daemon.core.steps import Create, Step, Update, overwrites


class Limits(Struct, frozen=True, kw_only=True):
    """How much one pass may do unasked: the larger of a count and a share of the linked records."""

    overwrite_count: int = 20
    overwrite_share: float = 0.05
    create_count: int = 200
    create_share: float = 0.20
    amount: int = 0  # whole kronor that one pass may write in Fortnox, whatever the currency; 0 is any


def objections(steps: Sequence[Step], linked: int, limits: Limits, *, asked: bool = False) -> tuple[str, ...]:
    """
    Why these steps of one kind should wait for a person; empty when they may run.

    `linked` is how many records of the kind are linked. `asked` lifts the limit
    on creations: an operator ran `import`.
    """
    reasons: list[str] = []
    for side in Side:
        here = [step for step in steps if _written_at(step) is side]
        over = sum(map(overwrites, here))
        born = sum(isinstance(step, Create) for step in here)
        allowed = max(limits.overwrite_count, int(linked * limits.overwrite_share))
        if over > allowed:
            reasons.append(f"would overwrite {over} records at the {side.value} side, the limit is {allowed}")
        allowed = max(limits.create_count, int(linked * limits.create_share))
        if born > allowed and not asked:
            reasons.append(f"would create {born} records at the {side.value} side, the limit is {allowed}")
    written = sum(_worth(step) for step in steps if _written_at(step) is Side.FORTNOX)
    if limits.amount and written > limits.amount * 100:
        told = kronor(written)
        reasons.append(f"would write documents of {told} in Fortnox, the limit is {limits.amount}")
    return tuple(reasons)


def _worth(step: Step) -> int:
    """What the rows that a step writes come to, in öre, taken back or not."""
    fields = step.fields if isinstance(step, Create | Update) else {}
    return sum(abs(row.total) for row in unpacked(fields.get("rows")))


def vanished(known: int, missing: int, limits: Limits) -> str:
    """Why a complete list that lacks `missing` of `known` records is not believed; "" when it may be."""
    allowed = max(limits.overwrite_count, int(known * limits.overwrite_share))
    if missing <= allowed:
        return ""
    return f"a complete list lacks {missing} of {known} known records, the limit is {allowed}"


def essence(steps: Sequence[Step]) -> Sequence[Mapping[str, object]]:
    """What makes two plans the same plan: what is written where, not why."""
    return [
        {"on": step.side, "kind": step.kind, "key": step.key, "fields": dict(sorted(step.fields.items()))}
        for step in steps
        if isinstance(step, Create | Update)
    ]


def touched(steps: Sequence[Step]) -> Sequence[tuple[Side, str]]:
    """The records that a plan is about, at both sides."""
    found = {(step.side.other, step.source_id) for step in steps if isinstance(step, Create | Update)}
    found |= {(step.side, step.target_id) for step in steps if isinstance(step, Update)}
    return sorted(found)


def plain(steps: Sequence[Step]) -> bytes:
    """The bytes a plan's digest is made of."""
    return msgspec.json.encode(essence(steps), order="sorted")


def _written_at(step: Step) -> Side | None:
    return step.side if isinstance(step, Create | Update) else None
