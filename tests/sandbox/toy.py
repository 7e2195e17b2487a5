"""A tiny pretend system, and a clock moved by hand, with which the sandbox's frame is tested."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import msgspec

from daemon.sandbox.web import ActionError, Now, Request, Response
from daemon.sandbox.world import World

START = dt.datetime(2026, 3, 2, 7, 0, tzinfo=dt.UTC)


class Hand:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.at = START

    def now(self) -> dt.datetime:
        return self.at

    def wait(self, seconds: float) -> None:
        self.at += dt.timedelta(seconds=seconds)


class Toy:
    """POST /things adds a thing, GET /things lists them, GET elsewhere tells the path as it came."""

    name = "toy"

    def __init__(self, now: Now) -> None:
        self.now = now
        self.things: list[Any] = []
        self.loud = False

    def handle(self, request: Request) -> Response:
        if request.path == "/auth/login":
            return Response.json(200, {"AccessToken": "canary", "ExpiresIn": 3600, "Error": None})
        if request.path == "/empty":
            return Response(status=204)
        if request.path != "/things":
            return Response.json(200, {"path": request.path, "query": request.query})
        if request.method == "POST":
            self.things.append(msgspec.json.decode(request.body))
            return Response.json(201, self.things[-1])
        return Response.json(200, {"Things": self.things, "at": self.now()})

    def client_of(self, request: Request) -> str:
        return request.headers.get("x-client", "")

    def act(self, verb: str, body: Mapping[str, Any]) -> Any:
        if not body:
            raise ActionError("name the thing to lose")
        self.things.remove(body["thing"])

    def verbs(self) -> Mapping[str, str]:
        return {"lose": "lose {thing}"}

    def switches(self) -> Mapping[str, Any]:
        return {"loud": self.loud}

    def switch(self, name: str, value: Any) -> None:
        if name != "loud" or not isinstance(value, bool):
            raise ActionError(f"no switch {name!r} takes {value!r}")
        self.loud = value

    def reset(self, *, filled: bool, seed: int) -> None:
        self.things = [f"first of {seed}"] if filled else []


def toy_world(hand: Hand | None = None) -> World:
    """A world with only the toy in it, empty, standing at START."""
    return World((hand or Hand()).now, filled=False, systems={"toy": Toy})


def request(method: str, path: str, body: Any = None, **headers: str) -> Request:
    """One request; `body` as JSON."""
    return Request(
        method=method,
        path=path,
        headers={name.replace("_", "-"): value for name, value in headers.items()},
        body=b"" if body is None else msgspec.json.encode(body),
    )
