"""The grants of ES Kassasystem: a shop's fixed keys, and a web user's session (dinkassa.md 2, 5.1)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final

import anyio
import msgspec
from msgspec import Struct

from daemon.core.stockholm import ZONE
from daemon.errors import Throttled, Unreachable
from daemon.net.auth import Secret
from daemon.net.decode import Malformed, parse
from daemon.net.outcome import failure, is_success, judge, quote, verdict
from daemon.net.token_answer import REFUSALS, grant_error
from daemon.ports import Clock, Http, Reply, Request

SYSTEM: Final = "eskassa"
REFUSED_S: Final = 600.0  # dinkassa.md 5.1: sooner after a refusal a login may lock the account
SESSION_S: Final = 1800.0  # dinkassa.md 5.1: where they do not say
SESSION_MAX_S: Final = 86_400.0
RENEW_EARLY_S: Final = 60.0
UNAUTHORIZED: Final = 401


class MachineGrant:
    """A shop's keys. Refused ones are not tried again for ten minutes, unless somebody changes them."""

    def __init__(
        self, *, machine_id: str, machine_key: Secret, integrator_id: str, setting: str, clock: Clock
    ) -> None:
        """`machine_key` is read at each use; `setting` is its place in the config, for messages."""
        self._ids = {"MachineId": machine_id, "IntegratorId": integrator_id}
        self._machine_key, self._setting, self._clock = machine_key, setting, clock
        self._refused: Mapping[str, str] = {}
        self._refused_until_s = 0.0

    async def headers(self) -> Mapping[str, str]:
        """Their three headers. Raises GrantError while they are known to be refused."""
        headers = {**self._ids, "MachineKey": self._machine_key()}
        if headers == self._refused and self._clock.monotonic() < self._refused_until_s:
            raise grant_error("AUT04", f"answer {UNAUTHORIZED}", self._setting, "")
        return headers

    async def refused(self, headers: Mapping[str, str]) -> None:
        """They answered 401 to these."""
        self._refused = {name: headers.get(name, "") for name in (*self._ids, "MachineKey")}
        self._refused_until_s = self._clock.monotonic() + REFUSED_S

    def age_s(self) -> float | None:
        """Keys have no age."""
        return None

    def expires_at(self) -> dt.datetime | None:
        """Keys do not run out."""
        return None


class Session(Struct, frozen=True):
    """A session in use; times in seconds of the monotonic clock."""

    id: str
    obtained_s: float
    renew_at_s: float
    dies_at_s: float

    def __repr__(self) -> str:
        return "Session(***)"


class EskassaSession:
    """
    A web user's session, for the interface of the web pages.

    One login is under way at a time. After a refused one the next is ten minutes later, unless somebody
    changes the password.
    """

    def __init__(
        self,
        *,
        user: str,
        password: Secret,
        integrator_id: str,
        login_integrator: bool,
        url: str,
        setting: str,
        http: Http,
        clock: Clock,
    ) -> None:
        """
        `user` is "name@database"; `password` is read at each login, `setting` its place in the config.

        `url` is what "/session/Authenticate" is appended to. With `login_integrator` the login bears the
        integrator's id too: some databases want it there and some refuse it (dinkassa.md 5.1).
        """
        self._user, self._password, self._setting = user, password, setting
        self._integrator = {"IntegratorId": integrator_id} if integrator_id else {}
        self._login_integrator, self._url = login_integrator, url.rstrip("/")
        self._http, self._clock = http, clock
        self._session: Session | None = None
        self._refusal = ""
        self._refused_password = ""
        self._refused_until_s = 0.0
        self._lock = anyio.Lock()

    async def headers(self) -> Mapping[str, str]:
        """The session's headers; logs in first when due. Raises GrantError, Unreachable, Throttled."""
        session = self._fresh()
        if session is None:
            async with self._lock:
                session = self._fresh() or await self._login()
        return {"SessionId": session.id, **self._integrator}

    async def refused(self, headers: Mapping[str, str]) -> None:
        """Forget the session in `headers`, unless there is another one meanwhile."""
        if self._session and headers.get("SessionId") == self._session.id:
            self._session = None

    def age_s(self) -> float | None:
        """Seconds since the session in use was obtained, None when there is none."""
        return None if self._session is None else self._clock.monotonic() - self._session.obtained_s

    def expires_at(self) -> dt.datetime | None:
        """When the session in use runs out, aware UTC."""
        if self._session is None:
            return None
        return self._clock.now() + dt.timedelta(seconds=self._session.dies_at_s - self._clock.monotonic())

    def _fresh(self) -> Session | None:
        session = self._session
        return session if session and self._clock.monotonic() < session.renew_at_s else None

    async def _login(self) -> Session:
        password, now_s = self._password(), self._clock.monotonic()
        if now_s < self._refused_until_s and password == self._refused_password:
            raise grant_error("AUT04", self._refusal, self._setting, "")
        request = self._request(password)
        reply = await self._http.send(request)
        said = _said(reply)
        if reply.status in REFUSALS or (is_success(reply.status) and said is not None and not _id(said)):
            self._refused_password, self._refused_until_s = password, now_s + REFUSED_S
            self._refusal = _told(request, reply, said or {}, password)
            raise grant_error("AUT04", self._refusal, self._setting, "")
        if verdict(SYSTEM, reply.status).read is Throttled and not is_success(reply.status):
            judge(SYSTEM, request, reply, lambda _: ("", ""))
        if said is None or not is_success(reply.status):
            code = "NET08" if said is None else "JSN09"
            raise failure(Unreachable, code, SYSTEM, request, f"no session with {reply.status}", reply.status)
        life_s = self._life_s(said.get("ExpiresDateTime"))
        now_s = self._clock.monotonic()
        early_s = min(RENEW_EARLY_S, life_s / 2)
        self._session = Session(_id(said), now_s, now_s + life_s - early_s, now_s + life_s)
        return self._session

    def _request(self, password: str) -> Request:
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        return Request(
            method="POST",
            url=f"{self._url}/session/Authenticate?type=2",
            route="POST /session/Authenticate",
            headers={**headers, **(self._integrator if self._login_integrator else {})},
            body=msgspec.json.encode({"Username": self._user, "Password": password}),
        )

    def _life_s(self, raw: object) -> float:
        """
        Until when they say, which is Swedish time as all of theirs.

        Where that makes no sense it is half an hour: a session that dies sooner is renewed by its first 401.
        """
        try:
            until = dt.datetime.fromisoformat(str(raw))
        except ValueError:
            return SESSION_S
        until = until if until.tzinfo else until.replace(tzinfo=ZONE)
        life_s = (until - self._clock.now()).total_seconds()
        return min(life_s, SESSION_MAX_S) if life_s > RENEW_EARLY_S else SESSION_S


def _said(reply: Reply) -> dict[str, Any] | None:
    """What is in an answer; None when it is no JSON object."""
    try:
        body = parse(reply.body)
    except Malformed:
        return None
    return body if isinstance(body, dict) else None


def _id(said: Mapping[str, Any]) -> str:
    """The session; "" where there is none that can stand in a header."""
    found = said.get("Id")
    usable = isinstance(found, str) and found.isascii() and found.isprintable()
    return found.strip() if isinstance(found, str) and usable else ""


def _told(request: Request, reply: Reply, said: Mapping[str, Any], password: str) -> str:
    text = f"{reply.status} {said.get('Message') or ''}".strip()
    return quote(text.replace(password, "***") if password else text, request)
