"""
The pretend `apps.fortnox.se/oauth-v1`: authorize, token, revoke (fortnox.md 2 and 3).

Codes and tokens are made from a counter, never from chance, so a simulation repeats; the counter
outlives a reset, so that no old token comes to life again.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hashlib
import hmac
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, urlencode

import msgspec
from msgspec import Struct

from daemon.sandbox.fortnox.wire import encode
from daemon.sandbox.web import Now, Request, Response

# Scope names of fortnox.md 20.
SCOPES = (
    "customer", "article", "invoice", "order", "offer", "price", "payment", "supplier",
    "supplierinvoice", "bookkeeping", "project", "costcenter", "currency", "settings",
    "companyinformation", "profile", "print", "inbox", "archive", "connectfile", "salary",
    "timereporting", "warehouse", "warehousecustomdocument", "noxfinansinvoice", "assets",
)  # fmt: skip
CODE_LIFE = dt.timedelta(minutes=10)
REFRESH_LIFE = dt.timedelta(days=45)
SIGNING_KEY = b"sandbox"
HTML = "text/html; charset=UTF-8"
TEXT = "text/plain;charset=UTF-8"
BAD_CLIENT_PAGE = "Auth code or ClientID supplied is invalid"
NO_SERVICE_PAGE = "Client does not allow service account"


class Client(Struct, frozen=True):
    """An integration: its id, its secret and the tenant whose administrator approves it."""

    client_id: str
    secret: str
    tenant: str
    redirect_uri: str = "http://127.0.0.1:8765/callback"


CLIENTS = {
    client.client_id: client
    for client in (
        Client("fortnox-syncd", "sandbox-secret", "1234567"),
        Client("people", "people-secret", "1234567"),
        Client("other-company", "other-secret", "7654321"),
    )
}


class Grant(Struct, frozen=True):
    """Who may do what in which tenant; `user` is the service user or the approving person."""

    client_id: str
    tenant: str
    scopes: tuple[str, ...]
    user: str = "1"


class Code(Struct, frozen=True):
    """An authorization code waiting for its exchange."""

    grant: Grant
    redirect_uri: str | None
    ends: dt.datetime


class Access(Struct, frozen=True):
    """A living access token."""

    grant: Grant
    ends: dt.datetime


class Refresh(Struct):
    """A refresh token; once spent it knows when, and which pair took its place."""

    grant: Grant
    ends: dt.datetime
    access_token: str
    spent_at: dt.datetime | None = None
    heir: str = ""


class Denied(Exception):
    """The token endpoint says no."""

    def __init__(self, status: int, error: str, description: str = "") -> None:
        super().__init__(error)
        self.status = status
        self.body = {"error": error, **({"error_description": description} if description else {})}


def page(status: int, text: str) -> Response:
    """A plain page for a person's browser."""
    return Response(status=status, headers={"content-type": TEXT}, body=text.encode())


def basic(request: Request) -> tuple[str, str]:
    """Client id and secret of the Basic header; two empty texts when there is none."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        client_id, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return "", ""
    return client_id, secret


def bearer(request: Request) -> str:
    """The bearer token; "" when there is none."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


@lru_cache(256)
def claimed_client(token: str) -> str:
    """The client id that a token claims, living or not; "" when it is no token of ours. Only for the log."""
    try:
        middle = token.split(".")[1]
        claims = msgspec.json.decode(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
    except (IndexError, ValueError, msgspec.MsgspecError, RecursionError):
        return ""
    client_id = claims.get("clientId", "") if isinstance(claims, dict) else ""
    return client_id if isinstance(client_id, str) else ""


def _of(grant: Grant, client_id: str, tenant: str) -> bool:
    return (grant.client_id, grant.tenant) == (client_id, tenant)


class Oauth:
    """Clients, consents and tokens."""

    def __init__(self, now: Now, switches: Mapping[str, Any]) -> None:
        self._now = now
        self._switches = switches
        self._issued = 0
        self.reset()

    def reset(self) -> None:
        """No tokens, and each known client with a consent for all scopes in its own tenant."""
        self.consents = {
            (client.client_id, client.tenant): Grant(client.client_id, client.tenant, SCOPES)
            for client in CLIENTS.values()
        }
        self._codes: dict[str, Code] = {}
        self._refresh: dict[str, Refresh] = {}
        self._access: dict[str, Access] = {}

    def grant_of(self, token: str) -> Grant | None:
        """What a bearer token allows now; None when it is wrong, expired or ended."""
        access = self._access.get(token)
        return access.grant if access is not None and self._now() < access.ends else None

    def end(self, client_id: str, tenant: str) -> None:
        """A person removes the integration: consent and all tokens end (2.6)."""
        self.consents.pop((client_id, tenant), None)
        self._codes = {
            token: held for token, held in self._codes.items() if not _of(held.grant, client_id, tenant)
        }
        self._refresh = {
            token: held for token, held in self._refresh.items() if not _of(held.grant, client_id, tenant)
        }
        self._access = {
            token: held for token, held in self._access.items() if not _of(held.grant, client_id, tenant)
        }

    def authorize(self, request: Request) -> Response:
        """`GET /auth` (2.1): the administrator approves at once."""
        asked = dict(request.query)
        client = CLIENTS.get(asked.get("client_id", ""))
        if client is None or not asked.get("state"):
            return page(400, BAD_CLIENT_PAGE)
        if asked.get("account_type", "service") != "service":
            return page(400, NO_SERVICE_PAGE)
        scopes = tuple(asked.get("scope", "").split())
        error = self._switches["authorize_error"]
        if asked.get("response_type") != "code":
            error = "unsupported_response_type"
        elif not scopes or not set(scopes) <= set(SCOPES):
            error = "invalid_scope"
        if error:
            back = {"error": error, "error_description": error.replace("_", " ")}
        else:
            back = {"code": self._code(client, asked, scopes)}
        target = asked.get("redirect_uri") or client.redirect_uri
        joint = "&" if "?" in target else "?"
        return Response(
            status=302, headers={"location": target + joint + urlencode({**back, "state": asked["state"]})}
        )

    def token(self, request: Request) -> Response:
        """`POST /token` (2.2, 3). Refusals are JSON under the content types of 2.4."""
        try:
            client = self._known(request)
            form = dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
            granted = self._granted(client, form, request.headers.get("tenantid", ""))
        except Denied as denied:
            kind = TEXT if denied.status == 401 else HTML  # noqa: PLR2004 - an HTTP status
            return Response(status=denied.status, headers={"content-type": kind}, body=encode(denied.body))
        return Response(status=200, headers={"content-type": "application/json"}, body=encode(granted))

    def revoke(self, request: Request) -> Response:
        """`POST /revoke` (2.6): true also for a token that never existed."""
        try:
            client = self._known(request)
        except Denied as denied:
            return Response(status=denied.status, headers={"content-type": TEXT}, body=encode(denied.body))
        token = dict(parse_qsl(request.body.decode("utf-8", "replace"))).get("token", "")
        held = self._refresh.get(token)
        if held is not None and held.grant.client_id == client.client_id:
            del self._refresh[token]
        return Response(
            status=200, headers={"content-type": "application/json"}, body=encode({"revoked": True})
        )

    def _known(self, request: Request) -> Client:
        client_id, secret = basic(request)
        client = CLIENTS.get(client_id)
        if client is None or not hmac.compare_digest(client.secret.encode(), secret.encode()):
            raise Denied(401, "invalid_client", "The client credentials are invalid")
        return client

    def _code(self, client: Client, asked: Mapping[str, str], scopes: tuple[str, ...]) -> str:
        tenant = self._switches["administrator_of"] or client.tenant
        service = "account_type" in asked
        grant = Grant(client.client_id, tenant, scopes, "service" if service else "1")
        if service:
            self.consents[client.client_id, tenant] = grant
        digest = self._fresh("code")
        code = "-".join((digest[:8], digest[8:12], digest[12:16], digest[16:20], digest[20:32]))
        self._codes[code] = Code(grant, asked.get("redirect_uri"), self._now() + CODE_LIFE)
        return code

    def _granted(self, client: Client, form: Mapping[str, str], tenant: str) -> dict[str, Any]:
        kind = form.get("grant_type", "")
        if kind == "authorization_code":
            return self._exchange(client, form)
        if kind == "refresh_token":
            return self._renew(client, form.get("refresh_token", ""))
        if kind == "client_credentials":
            return self._consented(client, tenant, form.get("scope", ""))
        raise Denied(400, "unsupported_grant_type")

    def _exchange(self, client: Client, form: Mapping[str, str]) -> dict[str, Any]:
        code = self._codes.pop(form.get("code", ""), None)
        if code is None or code.grant.client_id != client.client_id or self._now() >= code.ends:
            raise Denied(
                400, "invalid_grant", "Authorization code doesn't exist or is invalid for the client"
            )
        if code.redirect_uri != form.get("redirect_uri"):
            raise Denied(400, "invalid_grant", "Invalid redirect uri")
        return self._pair(code.grant)[1]

    def _renew(self, client: Client, token: str) -> dict[str, Any]:
        """Single use; of two at the same time both are answered and the last pair stays (2.3)."""
        held = self._refresh.get(token)
        if held is None or held.grant.client_id != client.client_id or self._now() >= held.ends:
            raise Denied(400, "invalid_grant", "Invalid refresh token")
        if held.spent_at is not None:
            if (self._now() - held.spent_at).total_seconds() >= self._switches["simultaneous_refresh_s"]:
                raise Denied(400, "invalid_grant", "Invalid refresh token")
            loser = self._refresh.pop(held.heir, None)
            if loser is not None:
                self._access.pop(loser.access_token, None)
        held.spent_at = held.spent_at or self._now()
        held.heir, answer = self._pair(held.grant)
        return answer

    def _consented(self, client: Client, tenant: str, scope: str) -> dict[str, Any]:
        consent = self.consents.get((client.client_id, tenant))
        if consent is None:
            status = 400 if self._switches["no_consent"] == "invalid_grant" else 401
            raise Denied(status, self._switches["no_consent"])
        scopes = tuple(scope.split()) or consent.scopes
        if not set(scopes) <= set(consent.scopes):
            raise Denied(400, "invalid_scope")
        return self._issue(Grant(client.client_id, tenant, scopes, "service"))

    def _pair(self, grant: Grant) -> tuple[str, dict[str, Any]]:
        answer = self._issue(grant)
        token = self._fresh("refresh")[:40]
        self._refresh[token] = Refresh(grant, self._now() + REFRESH_LIFE, answer["access_token"])
        return token, {"access_token": answer.pop("access_token"), "refresh_token": token, **answer}

    def _issue(self, grant: Grant) -> dict[str, Any]:
        now = self._now()
        life_s = self._switches["access_token_s"]
        self._access = {token: access for token, access in self._access.items() if now < access.ends}
        token = self._jwt(grant, now, life_s)
        self._access[token] = Access(grant, now + dt.timedelta(seconds=life_s))
        return {
            "access_token": token,
            "scope": " ".join(grant.scopes),
            "expires_in": life_s,
            "token_type": "bearer",
        }

    def _jwt(self, grant: Grant, now: dt.datetime, life_s: float) -> str:
        """The claims of 2.2; `rightsAsJson` stands for a compressed table nobody outside can read."""
        claims = {
            "tenantId": int(grant.tenant),
            "userId": grant.user,
            "clientId": grant.client_id,
            "scope": list(grant.scopes),
            "sub": f"{grant.user}@{grant.tenant}",
            "iss": "https://api.fortnox.se/oauth2",
            "aud": "fortnox-api",
            "iat": int(now.timestamp()),
            "exp": int(now.timestamp() + life_s),
            "jti": self._fresh("access")[:32],
            "resource": "OAUTH2",
            "rightsAsJson": "",
        }
        head = _base64({"typ": "JWT", "alg": "HS256"})
        signed = f"{head}.{_base64(claims)}"
        signature = hmac.new(SIGNING_KEY, signed.encode(), hashlib.sha256).digest()
        return f"{signed}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"

    def _fresh(self, kind: str) -> str:
        self._issued += 1
        return hashlib.sha256(f"{kind} {self._issued}".encode()).hexdigest()


def _base64(value: Any) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(value)).rstrip(b"=").decode()
