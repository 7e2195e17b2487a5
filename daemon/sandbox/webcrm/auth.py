"""
Who may come in, and how often: application tokens, access tokens, rights, the limit per minute.

Source: webcrm.md 2 and 3.
"""

from __future__ import annotations

import datetime as dt
import email
import email.policy
import hashlib
import math
import urllib.parse
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from msgspec import Struct

from daemon.sandbox.web import Now, Request, Response
from daemon.sandbox.webcrm.values import Refusal

SYSTEM = "sandbox"
WINDOW = dt.timedelta(seconds=60)
REFRESHABLE = dt.timedelta(days=30)


class ApplicationToken(Struct, frozen=True):
    """What an administrator made under Configuration > Integration > API > REST."""

    auth_code: str
    name: str
    may_write: bool


APPLICATION_TOKENS = (
    ApplicationToken("11111111-1111-4111-8111-111111111111", "fortnox-syncd", may_write=True),
    ApplicationToken("22222222-2222-4222-8222-222222222222", "people", may_write=True),
    ApplicationToken("33333333-3333-4333-8333-333333333333", "reader", may_write=False),
)


class Session(Struct, frozen=True):
    """What an access or refresh token stands for."""

    owner: ApplicationToken
    expires_at: dt.datetime


@dataclass
class Auth:
    """The sessions of one system, its revoked tokens (by name) and each token's calls of the last minute."""

    now: Now
    access: dict[str, Session] = field(default_factory=dict)
    refresh: dict[str, Session] = field(default_factory=dict)
    revoked: set[str] = field(default_factory=set)
    calls: dict[str, deque[dt.datetime]] = field(default_factory=dict)
    issued: int = 0  # never starts over: a token from before a reset must not come to life again

    def clear(self) -> None:
        """Everybody is logged out, nobody is revoked, nothing has been counted."""
        self.access, self.refresh, self.revoked, self.calls = {}, {}, set(), {}


def log_in(auth: Auth, request: Request, *, lifetime_s: int, failure: str) -> Response:
    """`POST /Auth/ApiLogin`: the form field authCode, urlencoded or multipart, in any case."""
    owner = owner_of(form(request).get("authcode", ""))
    if owner is None or owner.name in auth.revoked:
        return _failed(failure)
    return _issue(auth, owner, lifetime_s)


def renew(auth: Auth, request: Request, *, lifetime_s: int, failure: str) -> Response:
    """`POST /Auth/ApiRefresh`: refreshToken as header or form field; each refresh token works once."""
    token = request.headers.get("refreshtoken") or form(request).get("refreshtoken", "")
    session = auth.refresh.pop(token, None)
    if session is None or session.expires_at <= auth.now() or session.owner.name in auth.revoked:
        return _failed(failure)
    return _issue(auth, session.owner, lifetime_s)


def owner_of(auth_code: str) -> ApplicationToken | None:
    """The application token with that authCode, a GUID in any case."""
    wanted = auth_code.strip().lower()
    return next((token for token in APPLICATION_TOKENS if token.auth_code == wanted), None)


def caller(auth: Auth, request: Request) -> ApplicationToken | None:
    """Whose access token the request carries, or None when it is missing, unknown, expired or revoked."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    session = auth.access.get(token.strip())
    if scheme.lower() != "bearer" or session is None or session.expires_at <= auth.now():
        return None
    return None if session.owner.name in auth.revoked else session.owner


def count_call(auth: Auth, owner: ApplicationToken, limit: int) -> Response | None:
    """Count one call, or the 429 for it: at most `limit` in any 60 s. A refused call is not counted."""
    now = auth.now()
    calls = auth.calls.setdefault(owner.name, deque())
    while calls and calls[0] <= now - WINDOW:
        calls.popleft()
    if len(calls) < limit:
        calls.append(now)
        return None
    wait_s = max(1, math.ceil((calls[len(calls) - limit] + WINDOW - now).total_seconds()))
    text = f"The request was throttled. The limit of {limit} requests per minute is reached"
    body = {"RetryAfterSeconds": wait_s, "Message": text, "Type": "TooManyRequestsException"}
    return Response.json(429, body, {"retry-after": str(wait_s)})


def demand_write(owner: ApplicationToken) -> None:
    """Refusal 403 for a token that may only read."""
    if not owner.may_write:
        raise Refusal(403, "ForbiddenException", f"The token {owner.name} has no right to change anything")


def form(request: Request) -> dict[str, str]:
    """The fields of a urlencoded or multipart body, names in lower case; {} when it is neither."""
    kind = request.headers.get("content-type", "")
    if kind.lower().startswith("multipart/form-data"):
        return _multipart(kind, request.body)
    pairs = urllib.parse.parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True)
    return {name.lower(): value for name, value in pairs}


def _multipart(kind: str, body: bytes) -> dict[str, str]:
    head = b"Content-Type: " + kind.encode("ascii", "replace").replace(b"\n", b"").replace(b"\r", b"")
    message = email.message_from_bytes(head + b"\r\n\r\n" + body, policy=email.policy.compat32)
    found: dict[str, str] = {}
    for part in message.walk():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(content, bytes):
            found[name.lower()] = content.decode("utf-8", "replace")
    return found


def _issue(auth: Auth, owner: ApplicationToken, lifetime_s: int) -> Response:
    now = auth.now()
    for sessions in (auth.access, auth.refresh):
        for token in [token for token, session in sessions.items() if session.expires_at <= now]:
            del sessions[token]
    auth.issued += 1
    access, refresh = (
        hashlib.sha256(f"{kind} {auth.issued} {owner.name}".encode()).hexdigest()
        for kind in ("access", "refresh")
    )
    auth.access[access] = Session(owner, now + dt.timedelta(seconds=lifetime_s))
    auth.refresh[refresh] = Session(owner, now + REFRESHABLE)
    return _answer(200, AccessToken=access, RefreshToken=refresh, ExpiresIn=lifetime_s, TokenType="Bearer")


def _failed(shape: str) -> Response:
    """A refused login; its status is not documented (webcrm.md 2.6)."""
    return _answer(int(shape), Error="invalid_grant", ErrorDescription="The token is not valid", IsError=True)


def _answer(status: int, **said: Any) -> Response:
    empty = {
        "AccessToken": None,
        "RefreshToken": None,
        "Error": None,
        "ErrorDescription": None,
        "IsError": False,
        "ExpiresIn": 0,
        "TokenType": None,
    }
    return Response.json(status, empty | said)
