"""
Who may come in, and how often: machine headers, web sessions, the limit per second.

Source: dinkassa.md 2 (headers), 2.3 (401, 403, 429), 5.1 (login).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from msgspec import Struct

from daemon.sandbox.eskassa.wire import Refusal, answer, decode, invalid, local, moment_text
from daemon.sandbox.web import Now, Request, Response

MACHINES = tuple(f"bbbbbbbb-0000-4000-8000-00000000000{number}" for number in (1, 2, 3, 4))
MACHINE_KEY = "0123456789abcdef0123456789abcdef"  # of the shop database, whose id is the first register's
INTEGRATORS = {
    "aaaaaaaa-0000-4000-8000-000000000001": "fortnox-syncd",
    "aaaaaaaa-0000-4000-8000-000000000002": "people",
}
USERS = {"fortnox@sandbox": "fortnox-syncd", "people@sandbox": "people"}
PASSWORD = "hemligt"  # noqa: S105 - everybody may know it
LOGIN_TYPE = "2"
SECOND = dt.timedelta(seconds=1)
LOCKED = dt.timedelta(minutes=10)  # assumed: clients are told to wait that long


class Session(Struct, frozen=True):
    """What a SessionId stands for."""

    client: str
    expires_at: dt.datetime


@dataclass
class Auth:
    """The sessions, each user's failed logins, and each client's calls of the last second."""

    now: Now
    sessions: dict[str, Session] = field(default_factory=dict)
    failures: dict[str, list[dt.datetime]] = field(default_factory=dict)
    calls: dict[str, deque[dt.datetime]] = field(default_factory=dict)
    issued: int = 0  # never starts over: a session from before a reset must not come to life again

    def clear(self) -> None:
        """Everybody is logged out, nothing has been counted."""
        self.sessions, self.failures, self.calls = {}, {}, {}


def machine_client(headers: Mapping[str, str]) -> str:
    """The integrator behind the three headers. Refusal 401 when one is missing, 403 when one is wrong."""
    names = ("machineid", "machinekey", "integratorid")
    machine, key, integrator = (headers.get(name, "").strip().lower() for name in names)
    if not (machine and key and integrator):
        raise Refusal(401, "The headers MachineId, MachineKey and IntegratorId are required.")
    if machine not in MACHINES or key != MACHINE_KEY or integrator not in INTEGRATORS:
        raise Refusal(403, "MachineId, MachineKey or IntegratorId is not valid.")
    return INTEGRATORS[integrator]


def report_client(auth: Auth, headers: Mapping[str, str], accepted: str) -> str:
    """Who asks for reports: by a session, by machine headers, as `accepted` (switch report_auth) says."""
    if "sessionid" not in headers and accepted != "web_session":
        return machine_client(headers)
    session = auth.sessions.get(headers.get("sessionid", "").strip().lower())
    if accepted == "machine_headers" or session is None or session.expires_at <= auth.now():
        raise Refusal(401, "The session is not valid.")
    integrator = headers.get("integratorid", "").strip().lower()
    if integrator and integrator not in INTEGRATORS:
        raise Refusal(403, "IntegratorId is not valid.")
    return INTEGRATORS.get(integrator, session.client)


def claimed_client(auth: Auth, request: Request) -> str:
    """Who says to be asking, for the log; "" when unknown."""
    session = auth.sessions.get(request.headers.get("sessionid", "").strip().lower())
    integrator = INTEGRATORS.get(request.headers.get("integratorid", "").strip().lower(), "")
    return integrator or (session.client if session else "")


def log_in(auth: Auth, request: Request, switches: Mapping[str, Any]) -> Response:
    """`POST /api/session/Authenticate?type=2` (5.1)."""
    if dict(request.query).get("type") != LOGIN_TYPE:
        raise invalid("type must be 2.")
    body = decode(request.body)
    given = body if isinstance(body, dict) else {}
    user = str(given.get("Username", "")).lower()
    _refuse_locked(auth, user, switches["lockout_after"])
    if given.get("Password") != PASSWORD or user not in USERS or not _header_fits(request, switches):
        auth.failures.setdefault(user, []).append(auth.now())
        raise Refusal(401, "The login failed.")
    auth.failures.pop(user, None)
    return _issue(auth, user, switches)


def _refuse_locked(auth: Auth, user: str, most: int) -> None:
    recent = [at for at in auth.failures.get(user, ()) if at > auth.now() - LOCKED]
    auth.failures[user] = recent
    if len(recent) >= most:
        raise Refusal(403, "The user is locked after too many failed logins.")


def _header_fits(request: Request, switches: Mapping[str, Any]) -> bool:
    header = request.headers.get("integratorid", "").strip().lower()
    match switches["login_integrator"]:
        case "required":
            return header in INTEGRATORS
        case "refused":
            return not header
        case _:
            return not header or header in INTEGRATORS


def _issue(auth: Auth, user: str, switches: Mapping[str, Any]) -> Response:
    now = auth.now()
    auth.sessions = {key: session for key, session in auth.sessions.items() if session.expires_at > now}
    auth.issued += 1
    session_id, user_id = (_guid(f"{kind} {user}") for kind in (f"session {auth.issued}", "user"))
    expires_at = now + dt.timedelta(seconds=switches["session_s"])
    auth.sessions[session_id] = Session(USERS[user], expires_at)
    told = {"ExpiresDateTime": moment_text(local(expires_at))} if switches["session_tells_expiry"] else {}
    return answer(200, {"Id": session_id, "Type": int(LOGIN_TYPE), "WebUserId": user_id, **told})


def _guid(text: str) -> str:
    digits = hashlib.sha256(text.encode()).hexdigest()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:32]))


def refuse_crowd(auth: Auth, client: str, switches: Mapping[str, Any]) -> Response | None:
    """Count one call, or the 429 for it: at most `limit_per_s` in any second; refused calls do not count."""
    now, limit = auth.now(), switches["limit_per_s"]
    calls = auth.calls.setdefault(client, deque())
    if calls and calls[-1] > now:
        calls.clear()  # the clock was moved back
    while calls and calls[0] <= now - SECOND:
        calls.popleft()
    if len(calls) < limit:
        calls.append(now)
        return None
    wait_s = max(1, math.ceil((calls[len(calls) - limit] + SECOND - now).total_seconds()))
    refused = answer(429, {"Message": "Too many requests."})
    if switches["retry_after"] == "absent":
        return refused
    return Response(status=429, headers={**refused.headers, "retry-after": str(wait_s)}, body=refused.body)
