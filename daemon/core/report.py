"""
What one pass of one connector did, for the log line, the metrics and the operator. Pure.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from msgspec import Struct

from daemon.core.doubt import Waiting
from daemon.core.spoken import spoken
from daemon.core.steps import Decision, Link, Step


class ConnectorReport(Struct, frozen=True, kw_only=True):
    """
    One connector's part of `sync` and `plan` (decision 35).

    A dry run's `steps` are those that would be made, and what would be parked.
    `outcome` is the worst that happened: "ok", "parked", "held", "conflict",
    "unknown", "unreachable", "config", "grant", "state" or "error". The counts are of
    what waits now, not of what this pass added. `error` is the operator's line.
    While `creations_wait` nothing is created, on either side.
    """

    name: str
    outcome: str
    steps: tuple[dict[str, Any], ...] = ()
    held: int = 0
    parked: int = 0
    conflicts: int = 0
    unknown: int = 0
    error: str | None = None
    next_look_at: dt.datetime | None = None
    creations_wait: Waiting | None = None
    read: int = 0
    written: int = 0


def parked(decision: Decision) -> dict[str, Any]:
    """What would be set aside, in the place of a step."""
    assert decision.problem, "nothing hinders it"
    problem = decision.problem
    return {
        "action": "park",
        "side": "",
        "kind": decision.unit.kind,
        "key": decision.unit.key,
        "fields": {},
        "reason": f"{problem.code}  {problem.what} · {problem.where} · {problem.todo}",
    }


def shown(step: Step) -> dict[str, Any]:
    """A step as an operator reads it."""
    fields = {} if isinstance(step, Link) else {f: spoken(f, value) for f, value in step.fields.items()}
    side = "both" if isinstance(step, Link) else step.side.value
    return {
        "action": str(step.__struct_config__.tag),
        "side": side,
        "kind": step.kind,
        "key": step.key,
        "fields": fields,
        "reason": step.reason,
    }
