"""
The routes below `/_sandbox/`: look at the sandbox, and do what no vendor's API does.

JSON in and out. A mistake in a request is answered with `{"error": "..."}`,
one sentence that says what to send instead.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta, Struct

from daemon.sandbox.faults import FAULTS, Fault
from daemon.sandbox.log import EXCHANGES_MAX
from daemon.sandbox.web import ActionError, Pretend, Request, Response
from daemon.sandbox.world import World

T = TypeVar("T")
HALF_CENTURY_S = 50 * 365 * 86_400


class ControlError(Exception):
    """A control request that cannot be carried out: the status and a sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(status, sentence)
        self.status, self.sentence = status, sentence


class _Clock(Struct, forbid_unknown_fields=True):
    now: Annotated[dt.datetime, Meta(tz=True)] | None = None
    advance_s: Annotated[float, Meta(ge=-HALF_CENTURY_S, le=HALF_CENTURY_S)] | None = None


class _Reset(Struct, forbid_unknown_fields=True):
    filled: bool = True
    seed: int = 1


def control(world: World, request: Request) -> Response:
    """The answer to `request`, whose path is what stands behind `/_sandbox`."""
    try:
        return Response.json(200, _dispatch(world, request))
    except ControlError as error:
        return Response.json(error.status, {"error": error.sentence})


def _help(world: World, _request: Request) -> Any:
    return {
        "routes": {f"{method} {path}": text for method, path, text, _ in ROUTES},
        "actions": {
            name: {f"POST /_sandbox/{name}/{verb}": text for verb, text in system.verbs().items()}
            for name, system in world.systems.items()
        },
        "switches": {name: dict(system.switches()) for name, system in world.systems.items()},
        "faults": dict(FAULTS),
    }


def _log(world: World, request: Request) -> Any:
    query = dict(request.query)
    items = world.log.since(_number(query, "since", 0), _number(query, "limit", EXCHANGES_MAX))
    return {"items": items, "last_seq": world.log.last_seq}


def _faults(world: World, _request: Request) -> Any:
    return {"items": world.faults.items(active=True), "spent": world.faults.items(active=False)}


def _add_fault(world: World, request: Request) -> Any:
    fault = _read(request, Fault)
    if fault.system != "*":
        _system(world, fault.system)
    return world.faults.add(fault)


def _clear_faults(world: World, request: Request) -> Any:
    world.faults.clear()
    return _faults(world, request)


def _clock(world: World, _request: Request) -> Any:
    return {"now": world.now(), "ahead_s": world.ahead_s()}


def _move_clock(world: World, request: Request) -> Any:
    wanted = _read(request, _Clock)
    if (wanted.now is None) == (wanted.advance_s is None):
        raise ControlError(400, 'Send either {"now": "2026-03-02T08:00:00Z"} or {"advance_s": 60}.')
    if wanted.now is not None:
        world.set_clock(wanted.now.astimezone(dt.UTC))
    if wanted.advance_s is not None:
        world.move_clock(dt.timedelta(seconds=wanted.advance_s))
    return _clock(world, request)


def _reset(world: World, request: Request) -> Any:
    wanted = _read(request, _Reset)
    world.reset(filled=wanted.filled, seed=wanted.seed)
    return {"filled": wanted.filled, "seed": wanted.seed}


def _switches(world: World, request: Request) -> Any:
    return dict(_system(world, _last(request)).switches())


def _switch(world: World, request: Request) -> Any:
    system = _system(world, _last(request))
    for name, value in _read(request, dict[str, Any]).items():
        try:
            system.switch(name, value)
        except ActionError as error:
            raise ControlError(400, str(error)) from error
    return dict(system.switches())


def _act(world: World, request: Request) -> Any:
    _, name, verb = request.path.split("/")
    system = _system(world, name)
    if verb not in system.verbs():
        known = ", ".join(sorted(system.verbs())) or "none"
        raise ControlError(404, f"{name} has no action {verb!r}; its actions are: {known}.")
    try:
        result = system.act(verb, _read(request, dict[str, Any]))
    except ActionError as error:
        raise ControlError(400, str(error)) from error
    return {} if result is None else result


Route = Callable[[World, Request], Any]

ROUTES: tuple[tuple[str, str, str, Route], ...] = (
    # method, path, what it does, by
    ("GET", "/help", "every route, action, switch and fault", _help),
    ("GET", "/log", "every exchange; ?since=SEQ for those after it, ?limit=N", _log),
    ("GET", "/faults", "`items`: the faults that can still hit; `spent`: those used up", _faults),
    (
        "POST",
        "/faults",
        "spoil coming requests: {system, method, path, skip, count, rate, fault, status, headers, delay_s}",
        _add_fault,
    ),
    ("DELETE", "/faults", "forget all faults", _clear_faults),
    ("GET", "/clock", "the sandbox's time, and how far it is ahead of the real one", _clock),
    ("POST", "/clock", 'move the time: {"now": RFC 3339} or {"advance_s": seconds}', _move_clock),
    ("POST", "/reset", 'start over, but for the log: {"filled": true, "seed": 1}', _reset),
    ("GET", "/switches/SYSTEM", "behaviours that the vendor's documents leave open", _switches),
    ("POST", "/switches/SYSTEM", "set some of them: {name: value}", _switch),
    ("POST", "/SYSTEM/ACTION", "what only a person can do, in the vendor's screens", _act),
)


def _dispatch(world: World, request: Request) -> Any:
    path = request.path.rstrip("/") or "/help"
    fitting = [route for route in ROUTES if _fits(route[1], path)]
    literal = [route for route in fitting if not route[1].startswith("/SYSTEM")]
    for method, _, _, answer in literal or fitting:
        if method == request.method:
            return answer(world, msgspec.structs.replace(request, path=path))
    if fitting:
        allowed = " or ".join(route[0] for route in literal or fitting)
        raise ControlError(405, f"/_sandbox{path} takes {allowed}, not {request.method}.")
    raise ControlError(404, f"There is no /_sandbox{path}; GET /_sandbox/help lists what there is.")


def _fits(pattern: str, path: str) -> bool:
    wanted, given = pattern.split("/"), path.split("/")
    return len(wanted) == len(given) and all(
        w.isupper() or w == g for w, g in zip(wanted, given, strict=True)
    )


def _last(request: Request) -> str:
    return request.path.rpartition("/")[2]


def _system(world: World, name: str) -> Pretend:
    if name not in world.systems:
        raise ControlError(404, f"There is no system {name!r}; there are: {', '.join(world.systems)}.")
    return world.systems[name]


def _read(request: Request, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(request.body or b"{}", type=kind)
    except msgspec.DecodeError as error:
        raise ControlError(400, f"The body does not fit: {error}.") from error


def _number(query: dict[str, str], name: str, otherwise: int) -> int:
    text = query.get(name, str(otherwise))
    if not (text.isascii() and text.isdecimal()):
        raise ControlError(400, f"{name} must be a number from 0, not {text!r}.")
    return int(text)
