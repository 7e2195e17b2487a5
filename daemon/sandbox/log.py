"""
Every exchange with a pretend system, as `GET /_sandbox/log` shows it.

Bodies are kept as bytes and read only when somebody asks: a busy sandbox
answers thousands of requests of which nobody ever looks at the log.
"""

from __future__ import annotations

import datetime as dt
from collections import deque
from collections.abc import Mapping
from itertools import islice
from typing import Any
from urllib.parse import parse_qsl, unquote

import msgspec
from msgspec import Struct

from daemon.sandbox.web import Request, Response

EXCHANGES_MAX = 100_000
BODIES_MAX_BYTES = 256 * 1024 * 1024

HIDDEN = "***"
AUTH_PATHS = ("/oauth-v1/", "/auth", "/api/session")  # compared in lower case
SECRETS = frozenset(
    {
        "access_token",
        "accesstoken",
        "authcode",
        "client_secret",
        "code",
        "password",
        "refresh_token",
        "refreshtoken",
        "token",
        "username",
    }
)


class Exchange(Struct, frozen=True, kw_only=True):
    """One request and what came of it. `response` is None when no system and no proxy ever answered."""

    seq: int
    time: dt.datetime
    system: str
    client: str
    request: Request
    response: Response | None
    fault: str | None


class Log:
    """The newest exchanges, at most `exchanges_max` of them and `bodies_max_bytes` of bodies."""

    def __init__(self, exchanges_max: int = EXCHANGES_MAX, bodies_max_bytes: int = BODIES_MAX_BYTES) -> None:
        self._exchanges: deque[Exchange] = deque()
        self._exchanges_max, self._bodies_max_bytes = exchanges_max, bodies_max_bytes
        self._bytes = 0
        self.last_seq = 0

    def add(
        self,
        *,
        time: dt.datetime,
        system: str,
        client: str,
        request: Request,
        response: Response | None,
        fault: str | None,
    ) -> None:
        """Remember one exchange under the next number."""
        self.last_seq += 1
        exchange = Exchange(
            seq=self.last_seq,
            time=time,
            system=system,
            client=client,
            request=request,
            response=response,
            fault=fault,
        )
        self._exchanges.append(exchange)
        self._bytes += _size(exchange)
        while len(self._exchanges) > self._exchanges_max or self._bytes > self._bodies_max_bytes:
            self._bytes -= _size(self._exchanges.popleft())

    def since(self, seq: int, limit: int = EXCHANGES_MAX) -> list[dict[str, Any]]:
        """
        At most `limit` exchanges with a number above `seq`, oldest first.

        Each is {seq, time, system, client, method, path, query, request,
        status, response, fault}: bodies parsed where they are JSON or a form,
        else text, null when empty; status 0 when nothing answered. Headers are
        never shown; secrets in login bodies and answers read "***".
        """
        if not self._exchanges:
            return []
        known = max(seq + 1 - self._exchanges[0].seq, 0)  # the numbers have no gaps
        return [_item(exchange) for exchange in islice(self._exchanges, known, known + limit)]


def _size(exchange: Exchange) -> int:
    return len(exchange.request.body) + (len(exchange.response.body) if exchange.response else 0)


def _item(exchange: Exchange) -> dict[str, Any]:
    request, response = exchange.request, exchange.response
    auth = unquote(request.path).lower().startswith(AUTH_PATHS)
    return {
        "seq": exchange.seq,
        "time": exchange.time.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "system": exchange.system,
        "client": exchange.client,
        "method": request.method,
        "path": request.path,
        "query": _hide(_grouped(request.query), auth=auth),
        "request": _body(request.body, request.headers, auth=auth),
        "status": response.status if response else 0,
        "response": _body(response.body, response.headers, auth=auth) if response else None,
        "fault": exchange.fault,
    }


def _grouped(pairs: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    """{name: value}, a list of values for a name that stands there more than once."""
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    return {name: given[0] if len(given) == 1 else given for name, given in values.items()}


def _body(body: bytes, headers: Mapping[str, str], *, auth: bool) -> Any:
    if not body:
        return None
    try:
        return _hide(msgspec.json.decode(body), auth=auth)
    except (msgspec.DecodeError, RecursionError):
        text = body.decode(errors="replace")
    if "form-urlencoded" in headers.get("content-type", ""):
        return _hide(_grouped(tuple(parse_qsl(text, keep_blank_values=True))), auth=auth)
    return HIDDEN if auth else text  # a multipart login holds its secret somewhere in the text


def _hide(value: Any, *, auth: bool) -> Any:
    if not auth or not isinstance(value, dict):
        return value
    return {name: HIDDEN if name.lower() in SECRETS and inner else inner for name, inner in value.items()}
