"""Time, chance, HTTP and tokens."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Protocol

from msgspec import Struct

from daemon.core.records import Lane


class Clock(Protocol):
    """Time. Nothing else in the daemon asks the machine what time it is."""

    def now(self) -> dt.datetime:
        """Aware, UTC."""

    def monotonic(self) -> float:
        """Seconds since some fixed moment; never goes back."""

    async def sleep(self, seconds: float) -> None:
        """Wait. Zero or less yields once."""


class Ids(Protocol):
    """Chance."""

    def uniform(self) -> float:
        """0 <= x < 1, for jitter."""

    def bytes(self, count: int) -> bytes:
        """Unpredictable bytes, for nonces, states and random references."""


class Request(Struct, frozen=True, kw_only=True):
    """
    One HTTP request.

    `route` names it in logs and metrics ("GET /3/customers/{n}"): no ids, no query. `effect` is true for
    anything that may change the other system: it is then sent at most once. `lane` orders waiting calls.
    """

    method: str
    url: str
    route: str
    headers: Mapping[str, str] = {}
    body: bytes | None = None
    effect: bool = False
    lane: Lane = Lane.READ
    timeout_s: float = 30.0


class Reply(Struct, frozen=True, kw_only=True):
    """
    One HTTP answer with status 100-599; header names in lower case.

    `received_at` is our clock; `server_time` the answer's Date header, None when absent or unreadable.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    received_at: dt.datetime
    server_time: dt.datetime | None = None


class Http(Protocol):
    """
    The one way out.

    Waits for a free call of the budget it belongs to, sends once, returns any HTTP answer. Raises Unreachable
    when certainly nothing was applied (no connection, or any failure of a request without effect),
    OutcomeUnknown when a request with effect may have been applied.
    """

    async def send(self, request: Request) -> Reply:
        """One request, one answer."""


class Grant(Protocol):
    """Where a system's requests get their credentials."""

    async def headers(self) -> Mapping[str, str]:
        """What to add to a request now; renews first when that is due. Raises GrantError, Unreachable."""

    async def refused(self, headers: Mapping[str, str]) -> None:
        """A request with `headers` was answered 401: do not hand these out again."""

    def age_s(self) -> float | None:
        """Seconds since the token in use was obtained, None when there is none."""

    def expires_at(self) -> dt.datetime | None:
        """When the token in use runs out."""


class Token(Struct, frozen=True, kw_only=True):
    """A stored grant. Times aware UTC; `generation` rises by one with each rotation."""

    generation: int
    access: str = ""
    refresh: str = ""
    expires_at: dt.datetime | None = None
    obtained_at: dt.datetime | None = None
    refreshing_since: dt.datetime | None = None  # set before a rotation is asked for, cleared with its answer
    revoked: bool = False  # a person must consent again


class Tokens(Protocol):
    """Where tokens live. `save` returns only when the token would survive a power cut."""

    async def load(self, name: str) -> Token | None:
        """The newest generation under `name`."""

    async def save(self, name: str, token: Token) -> None:
        """Store durably; a lower generation than the stored one is refused with AssertionError."""
