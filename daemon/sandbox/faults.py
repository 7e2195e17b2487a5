"""
What can go wrong between a client and a pretend system, ordered through `POST /_sandbox/faults`.

A fault waits for requests that match its system, method and path, lets `skip`
of them pass, and then spoils `count` of the following ones, each with
probability `rate`. Chance comes from a seeded source, so the same requests
meet the same faults again.
"""

from __future__ import annotations

import random
import string
from collections.abc import Mapping
from fnmatch import fnmatchcase
from http import HTTPStatus
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from daemon.sandbox.web import Request, Response

FaultName = Literal["lost_before", "lost_after", "late", "reset", "truncate", "html", "delay", "status"]

FAULTS: Mapping[str, str] = {
    "lost_before": "never reaches the system; the connection is dropped",
    "lost_after": "applied; the connection is dropped before the answer",
    "late": "the connection is dropped at once; the request is applied delay_s later",
    "reset": "applied; the connection is reset in the middle of the answer",
    "truncate": "applied; half of the body under a full Content-Length, then closed",
    "html": "not applied; 200 with a proxy's HTML page",
    "delay": "applied at once; the answer leaves delay_s later",
    "status": "not applied; `status` with `headers` and a plausible body",
}

# What the vendor itself would say: (system, status) -> body. Anything else comes from a proxy, as HTML.
BODIES: Mapping[tuple[str, int], Mapping[str, Any]] = {
    ("fortnox", 401): {"message": "unauthorized"},  # fortnox.md 6.1
    ("fortnox", 500): {"ErrorInformation": {"error": 1, "message": "Internt fel.", "code": 1000003}},  # 6.3
    ("webcrm", 429): {  # webcrm.md 3
        "RetryAfterSeconds": 21,
        "Message": "The request was throttled. The limit of 250 requests per minute is reached",
        "Type": "TooManyRequestsException",
    },
    ("eskassa", 429): {"Message": "Too many requests."},  # dinkassa.md 2.3
    ("eskassa", 500): {"Message": "An error has occurred."},
    ("webcrm", 500): {"Message": "An error has occurred.", "Type": "Exception"},  # webcrm.md 4
}

PAGE = string.Template("<html><head><title>$text</title></head><body><h1>$text</h1></body></html>\n")

Count = Annotated[int, Meta(ge=0)]


class Fault(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    One order to spoil requests.

    `path` lies below the system's prefix, percent-encoded as on the wire: a
    glob when it holds `*`, `?` or `[`, else that path and everything below it.
    `method` "*" and `system` "*" match all; `count` null never ends.
    """

    fault: FaultName
    system: str = "*"
    method: str = "*"
    path: str = "*"
    skip: Count = 0
    count: Count | None = 1
    rate: Annotated[float, Meta(ge=0, le=1)] = 1.0
    status: Annotated[int, Meta(ge=200, le=599)] = 503
    headers: dict[str, str] = {}
    delay_s: Annotated[float, Meta(ge=0)] = 0.0

    def matches(self, system: str, request: Request) -> bool:
        """Whether `request` to `system` is one of those meant."""
        return (
            self.system in ("*", system)
            and self.method.upper() in ("*", request.method.upper())
            and _path_matches(self.path, request.path)
        )


class _Armed:
    """A fault with its counters."""

    def __init__(self, number: int, fault: Fault) -> None:
        self.number, self.fault = number, fault
        self.seen = self.hits = 0

    @property
    def active(self) -> bool:
        return self.fault.count is None or self.hits < self.fault.count

    def takes(self, chance: random.Random) -> bool:
        """Count one matching request; True when it is to be spoiled."""
        self.seen += 1
        if self.seen <= self.fault.skip or chance.random() >= self.fault.rate:
            return False
        self.hits += 1
        return True

    def item(self) -> dict[str, Any]:
        order: dict[str, Any] = msgspec.to_builtins(self.fault)
        return {"id": self.number, **order, "seen": self.seen, "hits": self.hits}


class Faults:
    """The faults ordered so far, in order. A request spoiled by one is not seen by those after it."""

    def __init__(self, seed: int) -> None:
        self._armed: list[_Armed] = []
        self._number = 0
        self.seed(seed)

    def seed(self, seed: int) -> None:
        """Forget all faults and start chance over."""
        self._armed.clear()
        self._chance = random.Random(seed)  # noqa: S311 - repeatable on purpose

    def add(self, fault: Fault) -> dict[str, Any]:
        """Order `fault`; how `items` will show it."""
        self._number += 1
        armed = _Armed(self._number, fault)
        self._armed.append(armed)
        return armed.item()

    def clear(self) -> None:
        """Forget all faults."""
        self._armed.clear()

    def items(self, *, active: bool) -> list[dict[str, Any]]:
        """Those that can still hit, or those used up, with `id`, `seen` and `hits`."""
        return [armed.item() for armed in self._armed if armed.active is active]

    def draw(self, system: str, request: Request) -> Fault | None:
        """The fault that spoils this request, or None."""
        for armed in self._armed:
            if armed.active and armed.fault.matches(system, request) and armed.takes(self._chance):
                return armed.fault
        return None


def answer_of(fault: Fault, system: str) -> Response:
    """What the client gets instead of the system's answer, for the faults `html` and `status`."""
    if fault.fault == "html":
        return _page(200, "Please wait")
    body = BODIES.get((system, fault.status))
    answer = Response.json(fault.status, body) if body else _page(fault.status, _reason(fault.status))
    headers = {name.lower(): value for name, value in fault.headers.items()}
    return msgspec.structs.replace(answer, headers={**answer.headers, **headers})


def _page(status: int, text: str) -> Response:
    return Response(
        status=status,
        headers={"content-type": "text/html; charset=utf-8"},
        body=PAGE.substitute(text=text).encode(),
    )


def _reason(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _path_matches(pattern: str, path: str) -> bool:
    if any(sign in pattern for sign in "*?["):
        return fnmatchcase(path, pattern)
    stem = pattern.rstrip("/")
    return path == stem or path.startswith(f"{stem}/")
