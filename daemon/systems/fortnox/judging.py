"""What Fortnox's refusals mean to an operator, and what can be refused before anything is sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from daemon.errors import DaemonError, Gone, GrantError, Refused
from daemon.ports import Finding, Reply, Request
from daemon.systems.fortnox import spec


def meant(error: Refused | Gone, request: Request, missing: str = "") -> DaemonError:
    """
    `error` in the operator's words: what Fortnox's own code says is more than what its status says.

    `missing` is the code that says that the very record asked for is not there.
    """
    meaning = spec.MEANINGS.get(error.vendor_code)
    if isinstance(error, Gone) and (meaning is None or error.vendor_code == missing):
        return error
    if meaning is None and not request.effect:
        return error
    told = {
        "system": spec.NAME,
        "vendor_code": error.vendor_code,
        "answer": error.answer,
    }
    if meaning is None:
        what = f"Fortnox refuses the record: {error.answer}"
        return Refused("REC99", what, error.where, "correct it, then retry", status=error.status, **told)
    what = f"{meaning.what}: {error.answer}"
    if meaning.grant:
        return GrantError(meaning.code, what, error.where, meaning.todo)
    return Refused(meaning.code, what, error.where, meaning.todo, status=error.status, **told)


def check_parts(payload: Mapping[str, Any], where: str) -> None:
    """Raise Refused for a part of an address that Fortnox would refuse: nothing needs to be sent to know."""
    for name, limit in spec.PART_LIMITS.items():
        if len(text := str(payload.get(name) or "")) > limit:
            raise Refused(
                "REC10",
                f"{name} has {len(text)} characters, Fortnox takes {limit}",
                where,
                "shorten it",
                system=spec.NAME,
            )


def failed(error: DaemonError, where: str = "") -> Finding:
    """A prerequisite that could not be proven."""
    return Finding(ok=False, code=error.code, what=error.what, where=where or error.where, todo=error.todo)


def clock(reply: Reply) -> Finding:
    """AUT12: our clock is only used for waiting and logs, so a wrong one is told, not fatal."""
    if reply.server_time is None:
        return Finding(ok=True, what="Fortnox shows no time to compare the clock with", where="this host")
    apart = abs(reply.received_at - reply.server_time)
    if apart <= spec.CLOCK_LIMIT:
        return Finding(ok=True, what="the clock agrees with Fortnox's", where="this host")
    return Finding(
        ok=False,
        code="AUT12",
        what=f"the clock is {apart.total_seconds():.0f} s from Fortnox's",
        where="this host",
        todo="set the clock (timedatectl set-ntp true)",
    )
