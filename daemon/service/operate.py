"""
What an operator can ask, each verb once: the control socket and the offline commands share them.

A verb takes a checked ask and gives a JSON-able dict, the payload of decision
35 without its envelope. What cannot be done raises DaemonError.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Literal

import msgspec
from msgspec import Struct

from daemon.core.report import ConnectorReport
from daemon.errors import DaemonError
from daemon.service.house import House, Json

# ------------------------------------------------------------------ what is asked


class Nothing(Struct, frozen=True, forbid_unknown_fields=True):
    """No parameters."""


class OfLog(Struct, frozen=True, forbid_unknown_fields=True):
    """`limit` 1-10,000."""

    connector: str | None = None
    key: str | None = None
    limit: int = 50


class OfSync(Struct, frozen=True, forbid_unknown_fields=True):
    """No connectors means all of them; `imports` is a register."""

    connectors: tuple[str, ...] = ()
    dry_run: bool = False
    imports: str | None = None


class OfConnectors(Struct, frozen=True, forbid_unknown_fields=True):
    """No connectors means all of them."""

    connectors: tuple[str, ...] = ()


class OfId(Struct, frozen=True, forbid_unknown_fields=True):
    """The id that a listing shows."""

    id: str


class OfRelease(Struct, frozen=True, forbid_unknown_fields=True):
    """`drop` forgets the plan instead of approving it."""

    plan: str
    drop: bool = False


class OfResolve(Struct, frozen=True, forbid_unknown_fields=True):
    """Whose value is to be used."""

    id: str
    use: Literal["fortnox", "partner"]


class OfCompany(Struct, frozen=True, forbid_unknown_fields=True):
    """A company of the config."""

    company: str


class OfAuthorize(Struct, frozen=True, forbid_unknown_fields=True):
    """What came back from the consent page."""

    company: str
    code: str
    redirect_uri: str


# ------------------------------------------------------------------ what is done


async def _status(house: House, _: Nothing) -> Json:
    return await house.status()


async def _parked(house: House, _: Nothing) -> Json:
    return {"items": await house.desk.parked()}


async def _conflicts(house: House, _: Nothing) -> Json:
    return {"items": await house.desk.conflicts()}


async def _intents(house: House, _: Nothing) -> Json:
    return {"items": await house.desk.intents()}


async def _held(house: House, _: Nothing) -> Json:
    return {"items": await house.desk.held()}


async def _log(house: House, ask: OfLog) -> Json:
    limit = min(max(ask.limit, 1), 10_000)
    return {"items": await house.desk.log(ask.connector, ask.key, limit)}


async def _sync(house: House, ask: OfSync) -> Json:
    names = _known(house, ask.connectors)
    reports = await house.sync(names, dry_run=ask.dry_run, imports=ask.imports)
    return {
        "connectors": [msgspec.to_builtins(report) for report in reports],
        "exit": exit_code(reports, dry_run=ask.dry_run),
    }


async def _nudge(house: House, ask: OfConnectors) -> Json:
    names = _known(house, ask.connectors)
    nudged = [name for name in names if await house.nudge(name)]
    if names and not nudged:
        raise no_daemon("nudge")
    return {"items": nudged}


async def _pause(house: House, ask: OfConnectors) -> Json:
    return await _set_paused(house, ask, paused=True)


async def _resume(house: House, ask: OfConnectors) -> Json:
    return await _set_paused(house, ask, paused=False)


async def _set_paused(house: House, ask: OfConnectors, *, paused: bool) -> Json:
    names = _known(house, ask.connectors)
    for name in names:
        await house.set_paused(name, paused)
    return {"items": list(names)}


async def _retry(house: House, ask: OfId) -> Json:
    return await _then_nudge(house, await house.desk.retry(ask.id))


async def _ignore(house: House, ask: OfId) -> Json:
    return await house.desk.ignore(ask.id)


async def _release(house: House, ask: OfRelease) -> Json:
    return await _then_nudge(house, await house.desk.release(ask.plan, drop=ask.drop))


async def _resolve(house: House, ask: OfResolve) -> Json:
    return await _then_nudge(house, await house.desk.resolve(ask.id, ask.use))


async def _then_nudge(house: House, done: Json) -> Json:
    if done.get("connector") in house.connectors:
        await house.nudge(done["connector"])
    return done


async def _reload(house: House, _: Nothing) -> Json:
    return await house.reload()


async def _check(house: House, _: Nothing) -> Json:
    return {"items": [msgspec.to_builtins(finding) for finding in await house.vendors.check()]}


async def _choices(house: House, ask: OfCompany) -> Json:
    found = await house.vendors.choices(ask.company)
    rows = [
        {"register": name, **msgspec.to_builtins(each)} for name, choices in found.items() for each in choices
    ]
    return {"company": ask.company, "items": rows}


async def _authorize(house: House, ask: OfAuthorize) -> Json:
    await house.vendors.authorize(ask.company, ask.code, ask.redirect_uri)
    for name in house.connectors:
        await house.nudge(name)
    return {"company": ask.company}


class Verb(Struct, frozen=True):
    """One line of the table: HTTP method, the type of what is asked, what is done."""

    method: str
    takes: type[Struct]
    act: Callable[[House, Any], Awaitable[Json]]


VERBS: Mapping[str, Verb] = {
    # reading
    "status": Verb("GET", Nothing, _status),
    "parked": Verb("GET", Nothing, _parked),
    "conflicts": Verb("GET", Nothing, _conflicts),
    "intents": Verb("GET", Nothing, _intents),
    "held": Verb("GET", Nothing, _held),
    "log": Verb("GET", OfLog, _log),
    # control
    "sync": Verb("POST", OfSync, _sync),
    "nudge": Verb("POST", OfConnectors, _nudge),
    "pause": Verb("POST", OfConnectors, _pause),
    "resume": Verb("POST", OfConnectors, _resume),
    "retry": Verb("POST", OfId, _retry),
    "ignore": Verb("POST", OfId, _ignore),
    "release": Verb("POST", OfRelease, _release),
    "resolve": Verb("POST", OfResolve, _resolve),
    "reload": Verb("POST", Nothing, _reload),
    "check": Verb("POST", Nothing, _check),
    "choices": Verb("POST", OfCompany, _choices),
    "authorize": Verb("POST", OfAuthorize, _authorize),
}


async def perform(house: House, name: str, asked: Mapping[str, Any]) -> Json:
    """
    Do verb `name` and give its answer in the envelope `{"v": 1, "at": …}`.

    `asked` may hold texts where numbers and flags are meant (a query string
    does). Raises DaemonError CTL02 when it does not fit the verb.
    """
    verb = VERBS[name]
    try:
        ask = msgspec.convert(asked, verb.takes, strict=False)
    except msgspec.ValidationError as error:
        what = f"that is not what {name} takes: {error}"
        raise DaemonError("CTL02", what, name, f"see fortnox-syncd {name} --help") from error
    return envelope(await verb.act(house, ask), house.clock.now())


def envelope(payload: Mapping[str, Any], now: dt.datetime) -> Json:
    """`payload` as the outside gets it; `now` aware UTC."""
    return {"v": 1, "at": stamp(now), **payload}


def stamp(moment: dt.datetime | None) -> str | None:
    """RFC 3339 in UTC to the second, None for None."""
    return None if moment is None else moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def failure(error: DaemonError) -> Json:
    """An error as the outside gets it, without the envelope."""
    return {
        "error": {
            "code": error.code,
            "what": error.what,
            "where": error.where,
            "todo": error.todo,
            "exit": error.exit_code,
        }
    }


def no_daemon(verb: str) -> DaemonError:
    """What is said when only a running daemon could do it."""
    return DaemonError(
        "CTL03",
        f"{verb} needs a running daemon and none answers",
        "control.sock",
        "start it: fortnox-syncd run",
    )


# An outcome's exit code; what is not named here is 0. Decision 27 gives the order.
EXITS: Mapping[str, int] = {
    "config": 78,
    "grant": 77,
    "state": 74,
    "unreachable": 69,
    "error": 1,
    "parked": 3,
    "held": 3,
    "conflict": 3,
    "unknown": 3,
}
WORST_FIRST = (78, 77, 74, 75, 69, 1, 3, 0)


def exit_code(reports: Iterable[ConnectorReport], *, dry_run: bool) -> int:
    """The one exit code of several passes; a dry run is never 3."""
    found = {EXITS.get(report.outcome, 0) for report in reports}
    found |= {3 for report in reports if report.parked or report.held or report.conflicts or report.unknown}
    if dry_run:
        found.discard(3)
    return next((code for code in WORST_FIRST if code in found), 0)


def _known(house: House, names: Sequence[str]) -> Sequence[str]:
    """`names`, or every connector when there are none. Raises CTL01 for an unknown one."""
    for name in names:
        if name not in house.connectors:
            known = ", ".join(sorted(house.connectors)) or "none is enabled"
            raise DaemonError("CTL01", f"there is no enabled connector {name}", name, f"use one of: {known}")
    return names or tuple(house.connectors)
