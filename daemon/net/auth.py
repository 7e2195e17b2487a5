"""
Grants: where requests get their credentials, and how those are renewed.

Whatever the vendor, one renewal is under way at a time, a token is renewed
before it dies, and while it lives a failed renewal disturbs nobody.
"""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Literal
from urllib.parse import urlencode

import anyio
from msgspec import Struct
from msgspec.structs import replace

from daemon.errors import GrantError, OutcomeUnknown, RemoteError, Unreachable
from daemon.net.outcome import quote
from daemon.net.token_answer import LIFE_S, Answer, claims_of, grant_error, read_answer
from daemon.ports import Clock, Http, Ids, Request, Token, Tokens

Kind = Literal["client_credentials", "authorization_code"]
Secret = Callable[[], str]

RETRY_S: Final = 60.0  # after a failed renewal, while the old token still lives
CONSENTED_SHARE: Final = 0.8  # of its life, after which a client-credentials token is renewed
JITTER_SHARE: Final = 0.05  # so that many companies do not renew in the same second
ROTATION_EARLY_S: Final = 900.0  # a lost answer leaves this long to try again
WEBCRM_SHARE: Final = 5 / 6  # 3000 of 3600 s, webcrm.md 2.4

FORM: Final = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}


class Access(Struct, frozen=True):
    """An access token in use; times in seconds of the monotonic clock."""

    token: str
    renew_at_s: float
    dies_at_s: float

    def __repr__(self) -> str:
        return "Access(***)"


class _Renewing:
    """The part of a grant that is the same for all: a cache, a lock, patience."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._access: Access | None = None
        self._obtained_s = 0.0
        self._refused = ""
        self._lock = anyio.Lock()

    async def headers(self) -> Mapping[str, str]:
        """The bearer header; renews first when due. Raises GrantError, Unreachable, Throttled."""
        access = self._fresh()
        if access is None:
            async with self._lock:
                access = self._fresh() or await self._renewed()
        return {"Authorization": f"Bearer {access.token}"}

    def age_s(self) -> float | None:
        """Seconds since the token in use was obtained, None when there is none."""
        return None if self._access is None else self._clock.monotonic() - self._obtained_s

    def expires_at(self) -> dt.datetime | None:
        """When the token in use runs out, aware UTC."""
        if self._access is None:
            return None
        left_s = self._access.dies_at_s - self._clock.monotonic()
        return self._clock.now() + dt.timedelta(seconds=left_s)

    async def refused(self, headers: Mapping[str, str]) -> None:
        """Forget the token in `headers`, unless it was renewed meanwhile."""
        if self._access and headers.get("Authorization") == f"Bearer {self._access.token}":
            self._refused, self._access = self._access.token, None

    def _fresh(self) -> Access | None:
        access = self._access
        return access if access and self._clock.monotonic() < access.renew_at_s else None

    async def _renewed(self) -> Access:
        try:
            self._access = await self._fetch()
            self._obtained_s = self._clock.monotonic()
        except RemoteError:
            now_s, old = self._clock.monotonic(), self._access
            if old is None or now_s >= old.dies_at_s:
                raise
            self._access = replace(old, renew_at_s=now_s + RETRY_S)
        return self._access

    async def _fetch(self) -> Access:
        """A new token, from wherever this grant gets it."""
        raise NotImplementedError


# ------------------------------------------------------------------ Fortnox


class FortnoxGrant(_Renewing):
    """
    A company's consent, in one of two kinds (fortnox.md 2 and 3).

    "client_credentials": a token for the asking, nothing kept. "authorization_code":
    each renewal spends the refresh token, so the new pair is stored durably
    before it is used, and a renewal is never cancelled.
    """

    def __init__(
        self,
        *,
        kind: Kind,
        company: str,
        client_id: str,
        secret: Secret,
        tenant_id: str,
        scopes: Sequence[str],
        auth_url: str,
        tokens: Tokens,
        name: str,
        unsaved: dict[str, Token],
        http: Http,
        clock: Clock,
        ids: Ids,
    ) -> None:
        """
        `company` is its section in the config, `name` the row in `tokens`.

        `unsaved` holds, by name, a pair that `tokens` refused: it is shared with the grant that a reload
        puts in place of this one, because the refresh token before it is spent.

        `auth_url` is what "/oauth-v1/token" is appended to; `secret` is read at
        each use. An empty `tenant_id` binds to no company (a first `authorize`).
        """
        super().__init__(clock)
        self._kind, self._company, self._name = kind, company, name
        self._client_id, self._secret = client_id, secret
        self._tenant_id, self._scopes = tenant_id, tuple(scopes)
        self._auth_url = auth_url.rstrip("/")
        self._tokens, self._http, self._ids = tokens, http, ids
        self._granted: frozenset[str] | None = None
        self._unsaved = unsaved

    async def exchange_code(self, code: str, redirect_uri: str) -> str:
        """
        Spend a consent's code; the grant works from now on. Returns the tenant id, "" if not told.

        Raises GrantError; nothing is stored for another company than the bound one.
        """
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        async with self._lock:
            with anyio.CancelScope(shield=True):
                asked_at = self._clock.now()
                answer = await self._ask(form)
                self._check(answer.access, answer.scopes)
                old = await self._tokens.load(self._name)
                if self._kind == "authorization_code":
                    await self._keep(self._row(answer, asked_at, old.generation + 1 if old else 1))
                self._access = self._usable(answer.access, answer.life_s)
        return claims_of(answer.access).tenant_id or ""

    async def _fetch(self) -> Access:
        if self._kind == "client_credentials":
            return await self._consented()
        with anyio.CancelScope(shield=True):
            access = await self._rotated()
        return access  # noqa: RET504 - a scope may swallow what is raised inside it, says its type

    async def _consented(self) -> Access:
        form = {"grant_type": "client_credentials", "scope": " ".join(self._scopes)}
        answer = await self._ask(form, {"TenantId": self._tenant_id})
        self._check(answer.access, answer.scopes)
        return self._usable(answer.access, answer.life_s)

    async def _rotated(self) -> Access:
        row = await self._newest()
        left_s = self._left_s(row)
        if left_s <= ROTATION_EARLY_S:
            if left_s and self._access is None:
                self._access = self._usable(row.access, left_s)  # to fall back on when no answer comes
            row = await self._rotate(row)
        self._check(row.access, self._granted)
        return self._usable(row.access, self._left_s(row))

    async def _rotate(self, row: Token) -> Token:
        """The row after one request with its refresh token; the new pair is durable when this returns."""
        asked_at = self._clock.now()
        await self._tokens.save(self._name, replace(row, refreshing_since=row.refreshing_since or asked_at))
        try:
            answer = await self._ask(_refresh_form(row), effect=True)
        except OutcomeUnknown as error:
            # the mark stays, and the same refresh token is tried again: only its answer tells which one lives
            raise Unreachable(error.code, error.what, error.where, error.todo, system="fortnox") from error
        except GrantError as error:
            if error.code == "AUT05":
                return await self._newer(row, error)
            await self._tokens.save(self._name, row)
            raise
        except RemoteError:
            await self._tokens.save(self._name, row)
            raise
        renewed = self._row(answer, asked_at, row.generation + 1, row.refresh)
        await self._keep(renewed)
        self._check(answer.access, answer.scopes)
        return renewed

    async def _newest(self) -> Token:
        row = await self._load()
        if row is None or not row.refresh:
            raise self._no("AUT03")
        if row.revoked:
            raise self._no("AUT05")
        return row

    async def _load(self) -> Token | None:
        """The newest row; a pair that we hold and could not store is stored first."""
        if held := self._unsaved.get(self._name):
            await self._keep(held)
        return await self._tokens.load(self._name)

    async def _keep(self, row: Token) -> None:
        self._unsaved[self._name] = row
        await self._tokens.save(self._name, row)
        if self._unsaved.get(self._name) is row:
            del self._unsaved[self._name]

    async def _newer(self, row: Token, error: GrantError) -> Token:
        """The refresh token of `row` is spent: perhaps another process was first, else a person is needed."""
        newest = await self._load()
        if newest and newest.generation > row.generation:
            return newest
        await self._tokens.save(self._name, replace(row, revoked=True))
        self._access = None
        if row.refreshing_since:
            raise self._no("AUT06", f"begun {row.refreshing_since:%Y-%m-%d %H:%M:%S} UTC") from error
        raise error

    def _left_s(self, row: Token) -> float:
        """How long a stored access token lives by the wall clock, 0 when it is not to be used."""
        if not row.expires_at or not row.access or row.access == self._refused:
            return 0.0
        left_s = (row.expires_at - self._clock.now()).total_seconds()
        return min(max(left_s, 0.0), LIFE_S)  # a clock that was set back must not make it live for ever

    def _usable(self, token: str, life_s: float) -> Access:
        now_s = self._clock.monotonic()
        early_s = min(ROTATION_EARLY_S, life_s / 2)
        if self._kind == "client_credentials":
            early_s = life_s * (1 - CONSENTED_SHARE + JITTER_SHARE * self._ids.uniform())
        return Access(token, now_s + life_s - early_s, now_s + life_s)

    def _row(self, answer: Answer, asked_at: dt.datetime, generation: int, old_refresh: str = "") -> Token:
        return Token(
            generation=generation,
            access=answer.access,
            refresh=answer.refresh or old_refresh,
            expires_at=asked_at + dt.timedelta(seconds=answer.life_s),
            obtained_at=asked_at,
        )

    def _check(self, access: str, scopes: frozenset[str] | None) -> None:
        claims = claims_of(access)
        if self._tenant_id and claims.tenant_id and claims.tenant_id != self._tenant_id:
            raise self._no("AUT10", f"{quote(claims.tenant_id)}, bound is {self._tenant_id}")
        granted = scopes or claims.scopes
        if granted and (missing := sorted(set(self._scopes) - granted)):
            raise self._no("AUT07", " ".join(missing))

    async def _ask(
        self, form: Mapping[str, str], headers: Mapping[str, str] | None = None, *, effect: bool = False
    ) -> Answer:
        basic = base64.b64encode(f"{self._client_id}:{self._secret()}".encode()).decode()
        request = Request(
            method="POST",
            url=f"{self._auth_url}/oauth-v1/token",
            route=f"POST /oauth-v1/token {form['grant_type']}",
            headers={**FORM, "Authorization": f"Basic {basic}", **(headers or {})},
            body=urlencode(form).encode(),
            effect=effect,
        )
        reply = await self._http.send(request)
        answer = read_answer("fortnox", request, reply, self._no)
        self._granted = answer.scopes
        return answer

    def _no(self, code: str, detail: str = "") -> GrantError:
        where = f"company.{self._company}" + (".client_secret" if code == "AUT04" else "")
        return grant_error(code, detail, where, self._company)


def _refresh_form(row: Token) -> dict[str, str]:
    return {"grant_type": "refresh_token", "refresh_token": row.refresh}


# ------------------------------------------------------------------ webCRM


class WebcrmGrant(_Renewing):
    """An application token, exchanged for an hour's access by a login (webcrm.md 2)."""

    def __init__(self, *, auth_code: Secret, url: str, setting: str, http: Http, clock: Clock) -> None:
        """`auth_code` is read at each login; `setting` is its place in the config, for messages."""
        super().__init__(clock)
        self._auth_code, self._url, self._setting, self._http = auth_code, url.rstrip("/"), setting, http

    async def _fetch(self) -> Access:
        request = Request(
            method="POST",
            url=f"{self._url}/Auth/ApiLogin",
            route="POST /Auth/ApiLogin",
            headers=FORM,
            body=urlencode({"authCode": self._auth_code()}).encode(),
        )
        reply = await self._http.send(request)
        answer = read_answer("webcrm", request, reply, self._no)
        now_s = self._clock.monotonic()
        return Access(answer.access, now_s + answer.life_s * WEBCRM_SHARE, now_s + answer.life_s)

    def _no(self, code: str, detail: str = "") -> GrantError:
        return grant_error("AUT04", detail, self._setting, "")
