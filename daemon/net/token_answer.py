"""What a token endpoint answered: a token, a no for a person to mend, or nothing to rely on."""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Mapping
from typing import Any, Final, Protocol

from msgspec import Struct

from daemon.core.codes import CODES
from daemon.errors import GrantError, OutcomeUnknown, Throttled, Unreachable
from daemon.net.decode import Malformed, parse
from daemon.net.outcome import failure, is_success, judge, quote, verdict
from daemon.ports import Reply, Request

LIFE_S: Final = 3600.0  # when an answer does not say, fortnox.md 2.2, webcrm.md 2
LIFE_MIN_S: Final = 1.0
LIFE_MAX_S: Final = 86_400.0
REFUSALS: Final = frozenset({400, 401, 403})

# what the endpoint's "error" means to us, fortnox.md 2.4
ERRORS: Final[Mapping[str, str]] = {
    "invalid_client": "AUT04",
    "unauthorized_client": "AUT04",
    "invalid_grant": "AUT05",
    "access_denied": "AUT05",
    "invalid_scope": "AUT07",
}


class Answer(Struct, frozen=True, kw_only=True):
    """A token endpoint's yes. `refresh` is "" and `scopes` None when it does not say."""

    access: str
    refresh: str
    life_s: float
    scopes: frozenset[str] | None

    def __repr__(self) -> str:
        return "Answer(***)"


class Claims(Struct, frozen=True, kw_only=True):
    """What a Fortnox access token says of itself; None where it says nothing we can read."""

    tenant_id: str | None = None
    scopes: frozenset[str] | None = None


class No(Protocol):
    """Makes the grant's own GrantError."""

    def __call__(self, code: str, detail: str = "") -> GrantError:
        """`code` of AUT*; `detail` one printable line."""
        ...


def read_answer(system: str, request: Request, reply: Reply, no: No) -> Answer:
    """
    A token endpoint's answer, read as JSON whatever its content type says.

    Raises the GrantError for a no that names its reason, Throttled, and for
    everything else Unreachable or, when `request` has effect, OutcomeUnknown.
    Names are compared without case: Fortnox writes `access_token`, webCRM `AccessToken`.
    """
    found = _said(reply)
    said = found or {}
    access = said.get("accesstoken")
    named = bool(said.get("error")) or said.get("iserror") is True
    if is_success(reply.status) and _may_be_token(access) and not named:
        return Answer(
            access=str(access),
            refresh=str(said.get("refreshtoken") or ""),
            life_s=_life_s(said.get("expiresin")),
            scopes=_scopes(said.get("scope")),
        )
    if _is_refusal(system, reply.status, named=named, json=bool(said)):
        raise _refusal(request, reply, said, no)
    if not is_success(reply.status) and verdict(system, reply.status).read in (Throttled, Unreachable):
        judge(system, request, reply)
    kind = OutcomeUnknown if request.effect else Unreachable
    code = "NET08" if found is None else "JSN09"
    raise failure(kind, code, system, request, f"no token with {reply.status}", reply.status)


def claims_of(access: str) -> Claims:
    """The claims of a Fortnox access token (fortnox.md 2.2), unverified: they only guard against a mix-up."""
    parts = access.split(".")
    try:
        claims = parse(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (IndexError, binascii.Error, ValueError, Malformed):
        return Claims()
    if not isinstance(claims, dict):
        return Claims()
    tenant_id = claims.get("tenantId")
    return Claims(
        tenant_id=None if tenant_id is None else str(tenant_id), scopes=_scopes(claims.get("scope"))
    )


def grant_error(code: str, detail: str, where: str, company: str) -> GrantError:
    """A GrantError in the operator's form; `company` completes the command in the remedy."""
    what = f"{CODES[code].what}: {detail}" if detail else CODES[code].what
    return GrantError(code, what, where, CODES[code].remedy.replace("COMPANY", company))


def _is_refusal(system: str, status: int, *, named: bool, json: bool) -> bool:
    """A page of a proxy is no refusal; webCRM's has no documented shape, webcrm.md 2.6."""
    if status in REFUSALS:
        return json or system == "webcrm"
    return is_success(status) and (named or (json and system == "webcrm"))


def _refusal(request: Request, reply: Reply, said: Mapping[str, Any], no: No) -> GrantError:
    """A refresh token counts as spent only when they say so: any other no leaves it alone (AUT04)."""
    reason, text = str(said.get("error") or ""), str(said.get("errordescription") or "")
    detail = quote(" ".join(part for part in (str(reply.status), reason, text) if part), request)
    unnamed = "AUT04" if request.effect or reply.status == 401 else "AUT05"  # noqa: PLR2004
    return no(ERRORS.get(reason, unnamed), detail)


def _may_be_token(value: object) -> bool:
    """Whether it can stand in a header; anything else is no token, whatever they call it."""
    return isinstance(value, str) and value.isascii() and value.isprintable() and bool(value.strip())


def _said(reply: Reply) -> dict[str, Any] | None:
    """What is in an answer by its folded names; None when it is not JSON."""
    try:
        body = parse(reply.body)
    except Malformed:
        return None
    if not isinstance(body, dict):
        return {}
    return {str(name).replace("_", "").lower(): value for name, value in body.items()}


def _scopes(value: object) -> frozenset[str] | None:
    if isinstance(value, str) and value.strip():
        return frozenset(value.split())
    if isinstance(value, list) and value:
        return frozenset(str(item) for item in value)
    return None


def _life_s(value: object) -> float:
    try:
        life_s = float(str(value))
    except ValueError:
        return LIFE_S
    return LIFE_S if math.isnan(life_s) else min(max(life_s, LIFE_MIN_S), LIFE_MAX_S)
