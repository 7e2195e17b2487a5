"""
What every pretend system speaks: a request in, a response out, no I/O.

A pretend system is a plain object: `handle` answers the vendor's API, `act`
does what a person does in the vendor's own screens. Both are ordinary
functions over the system's own memory, so the same object answers on a port,
in process, and in virtual time.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from email.utils import formatdate
from functools import lru_cache
from typing import Any, Protocol

import msgspec
from msgspec import Struct


class Request(Struct, frozen=True, kw_only=True):
    """One HTTP request. `path` starts with "/" below the system's prefix, still percent-encoded."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = {}  # names in lower case
    body: bytes = b""


class Response(Struct, frozen=True, kw_only=True):
    """One HTTP response."""

    status: int
    headers: Mapping[str, str] = {}
    body: bytes = b""

    @classmethod
    def json(cls, status: int, value: Any, headers: Mapping[str, str] | None = None) -> Response:
        """`value` as JSON, `application/json`."""
        return cls(
            status=status,
            headers={"content-type": "application/json", **(headers or {})},
            body=msgspec.json.encode(value),
        )


class ActionError(Exception):
    """A person's action that the vendor's screen would not allow; the text says why."""


class Pretend(Protocol):
    """One pretend vendor."""

    name: str  # also its prefix on the port: "fortnox", "webcrm"

    def handle(self, request: Request) -> Response:
        """Answer as the vendor would. Never raises for anything a client can send."""
        ...

    def client_of(self, request: Request) -> str:
        """Who is asking (client id, token name), for the request log; "" when unknown."""
        ...

    def act(self, verb: str, body: Mapping[str, Any]) -> Any:
        """Do what a person does in the vendor's screens. JSON-able in and out; ActionError if refused."""
        ...

    def verbs(self) -> Mapping[str, str]:
        """Each verb of `act` with one line of help."""
        ...

    def switches(self) -> Mapping[str, Any]:
        """Behaviours that the vendor's documents leave open, with their present setting."""
        ...

    def switch(self, name: str, value: Any) -> None:
        """Set one of `switches`. ActionError for an unknown name or value."""
        ...

    def reset(self, *, filled: bool, seed: int) -> None:
        """Start over: with a believable company's records, or with only the settings every company has."""
        ...


Now = Callable[[], dt.datetime]  # aware, UTC; may be moved by POST /_sandbox/clock


def http_date(now: dt.datetime) -> str:
    """`now` (aware) as the Date header tells it."""
    return _date_of(int(now.timestamp()))


@lru_cache(64)
def _date_of(second: int) -> str:
    return formatdate(second, usegmt=True)
