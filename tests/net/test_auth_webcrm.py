"""webCRM's grant: one login an hour, and its own ways to refuse."""

from __future__ import annotations

import asyncio
import json

import pytest

from daemon.errors import GrantError, Throttled, Unreachable
from daemon.net.auth import WebcrmGrant
from tests.net.endpoint import Endpoint
from tests.net.server import StepClock

pytestmark = pytest.mark.row("D3")


def webcrm(*script):
    clock = StepClock()
    http = Endpoint(clock, *script)
    grant = WebcrmGrant(
        auth_code=lambda: "guid-canary-0001",
        url="https://api.example",
        setting="connector.crm.auth_code",
        http=http,
        clock=clock,
    )
    return grant, http, clock


def login(token, **more):
    body = {"AccessToken": token, "RefreshToken": "r", "Error": None, "IsError": False, "ExpiresIn": 3600}
    return 200, json.dumps(body | more)


async def test_webcrm_logs_in_with_a_form_and_again_after_3000_seconds():
    """webcrm.md 2: the application token in the body, no other header, the login repeated."""
    grant, http, clock = webcrm(login("one"), login("two"))
    assert {"Authorization": "Bearer one"} == await grant.headers()
    assert ("https://api.example/Auth/ApiLogin", b"authCode=guid-canary-0001") == (
        http.requests[0].url,
        http.requests[0].body,
    )
    await clock.step(2999)
    assert {"Authorization": "Bearer one"} == await grant.headers()
    await clock.step(2)
    assert {"Authorization": "Bearer two"} == await grant.headers()


async def test_a_refused_webcrm_token_makes_one_login():
    """Two tasks see 401 with the same token."""
    grant, http, _ = webcrm(login("one"), login("two"))
    old = await grant.headers()
    await asyncio.gather(grant.refused(old), grant.refused(old))
    await asyncio.gather(grant.headers(), grant.headers())
    assert 2 == len(http.requests)


LOGINS = [
    ("400 with the model", (400, json.dumps({"IsError": True, "Error": "invalid_grant"})), GrantError),
    ("401", (401, ""), GrantError),
    ("403 with a page", (403, "<html>"), GrantError),
    ("200 with IsError", login("x", IsError=True), GrantError),
    ("200 without a token", login(None), GrantError),
    ("200 with a page", (200, "<html>"), Unreachable),
    ("500", (500, ""), Unreachable),
    ("429", (429, '{"RetryAfterSeconds": 21}'), Throttled),
]


@pytest.mark.parametrize(("answer", "kind"), [case[1:] for case in LOGINS], ids=[case[0] for case in LOGINS])
async def test_a_failed_login(answer, kind):
    """A refused application token names its setting; a sick server does not blame it."""
    grant, *_ = webcrm(answer)
    with pytest.raises(kind) as caught:
        await grant.headers()
    assert "canary" not in str(caught.value)
    if kind is GrantError:
        assert ("AUT04", "connector.crm.auth_code") == (caught.value.code, caught.value.where)
