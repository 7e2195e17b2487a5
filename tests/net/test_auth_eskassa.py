"""The grants of ES Kassasystem: keys that are not tried again at once, and a web user's session."""

from __future__ import annotations

import asyncio
import json

import pytest

from daemon.errors import GrantError, OutcomeUnknown, Refused, Throttled, Unreachable
from daemon.net.auth_eskassa import EskassaSession, MachineGrant
from daemon.net.outcome import judge
from daemon.ports import Reply, Request
from tests.net.endpoint import Endpoint
from tests.net.server import START, StepClock

pytestmark = pytest.mark.row("D3")
CANARY = "hemligt-canary"
INTEGRATOR = {"IntegratorId": "i-1"}


def session(*script, login_integrator=False, password=lambda: CANARY):
    """A session, what is behind it, and its clock: 2026-11-20 13:00 in Sweden."""
    clock = StepClock()
    http = Endpoint(clock, *script)
    grant = EskassaSession(
        user="anna@shop",
        password=password,
        integrator_id="i-1",
        login_integrator=login_integrator,
        url="https://api.example/api/",
        setting="connector.till.password",
        http=http,
        clock=clock,
    )
    return grant, http, clock


def login(number, until="2026-11-20T13:30:00"):
    """A yes."""
    return 200, json.dumps({"Id": number, "Type": 2, "ExpiresDateTime": until})


@pytest.mark.parametrize("login_integrator", [True, False])
async def test_a_session_is_asked_for_with_a_password(login_integrator):
    """dinkassa.md 5.1: some databases want the integrator's id at the login, some refuse it."""
    grant, http, _ = session(login("one"), login_integrator=login_integrator)

    assert await grant.headers() == {"SessionId": "one", **INTEGRATOR}

    (request,) = http.requests
    assert request.url == "https://api.example/api/session/Authenticate?type=2"
    assert json.loads(request.body) == {"Username": "anna@shop", "Password": CANARY}
    assert ("IntegratorId" in request.headers) is login_integrator
    assert request.effect is False


LIVES = {
    "in Swedish time": ("2026-11-20T13:30:00", 1740),
    "with a zone": ("2026-11-20T12:10:00Z", 540),
    "twelve hours": ("2026-11-21T01:00:00", 43_140),
    "not said": (None, 1740),
    "over already": ("2026-11-20T12:30:00", 1740),
    "no time": ("snart", 1740),
}


@pytest.mark.parametrize(("until", "renewed_s"), LIVES.values(), ids=LIVES)
async def test_a_session_is_renewed_a_minute_before_it_dies(until, renewed_s):
    """Half an hour where they do not say."""
    grant, http, clock = session(login("one", until), login("two"))
    await grant.headers()
    await clock.step(renewed_s - 1)
    await grant.headers()
    assert len(http.requests) == 1

    await clock.step(2)

    assert await grant.headers() == {"SessionId": "two", **INTEGRATOR}


async def test_a_refused_session_makes_one_login():
    """Two tasks see a 401 with the same session."""
    grant, http, _ = session(login("one"), login("two"))
    old = await grant.headers()
    await asyncio.gather(grant.refused(old), grant.refused(old))
    await asyncio.gather(grant.headers(), grant.headers())
    await grant.refused(old)

    assert await grant.headers() == {"SessionId": "two", **INTEGRATOR}
    assert len(http.requests) == 2


LOGINS = {
    "400 with a message": ((400, json.dumps({"Message": f"wrong {CANARY}"})), GrantError),
    "401": ((401, ""), GrantError),
    "403 with a page": ((403, "<html>"), GrantError),
    "200 without a session": ((200, json.dumps({"Message": "no"})), GrantError),
    "a session that is no header": ((200, json.dumps({"Id": "a\r\nb"})), GrantError),
    "200 with a page": ((200, "<html>"), Unreachable),
    "404": ((404, ""), Unreachable),
    "500": ((500, ""), Unreachable),
    "429": ((429, ""), Throttled),
}


@pytest.mark.parametrize(("answer", "kind"), LOGINS.values(), ids=LOGINS)
async def test_a_failed_login(answer, kind):
    """A refusal names its setting and not the password; a sick server does not blame it."""
    grant, *_ = session(answer)

    with pytest.raises(kind) as caught:
        await grant.headers()

    assert CANARY not in str(caught.value)
    if kind is GrantError:
        assert (caught.value.code, caught.value.where) == ("AUT04", "connector.till.password")


async def test_a_refused_login_is_not_repeated_for_ten_minutes():
    """The account might be locked (5.1)."""
    grant, http, clock = session((401, ""), login("one"))
    for _ in range(3):
        with pytest.raises(GrantError):
            await grant.headers()
    await clock.step(599)
    with pytest.raises(GrantError):
        await grant.headers()
    assert len(http.requests) == 1

    await clock.step(2)

    assert (await grant.headers())["SessionId"] == "one"


async def test_another_password_is_tried_at_once():
    """Somebody mended it."""
    passwords = [CANARY]
    grant, *_ = session((401, ""), login("one", "2026-11-20T14:00:00"), password=lambda: passwords[-1])
    with pytest.raises(GrantError):
        await grant.headers()
    passwords.append("another")

    assert (await grant.headers())["SessionId"] == "one"


async def test_a_session_tells_its_age_and_its_end():
    """For the metrics; without a session there is neither."""
    grant, _, clock = session(login("one"))
    assert (grant.age_s(), grant.expires_at()) == (None, None)
    await grant.headers()
    await clock.step(60)

    assert grant.age_s() == 60
    assert (grant.expires_at() - START).total_seconds() == 1800


# ------------------------------------------------------------------ keys


def keys(key):
    """The keys of a shop."""
    clock = StepClock()
    grant = MachineGrant(
        machine_id="m-1", machine_key=key, integrator_id="i-1", setting="connector.till.key", clock=clock
    )
    return grant, clock


async def test_a_shops_keys_are_three_headers():
    """dinkassa.md 2."""
    grant, _ = keys(lambda: CANARY)

    assert await grant.headers() == {"MachineId": "m-1", "MachineKey": CANARY, **INTEGRATOR}
    assert (grant.age_s(), grant.expires_at()) == (None, None)


async def test_refused_keys_stop_the_connector_for_ten_minutes():
    """Then they are tried once more."""
    grant, clock = keys(lambda: CANARY)
    await grant.refused(await grant.headers())
    with pytest.raises(GrantError, match="AUT04") as caught:
        await grant.headers()
    assert CANARY not in str(caught.value)

    await clock.step(601)

    assert (await grant.headers())["MachineKey"] == CANARY


async def test_another_key_is_tried_at_once():
    """Somebody mended it."""
    found = [CANARY]
    grant, _ = keys(lambda: found[-1])
    await grant.refused(await grant.headers())
    found.append("another")

    assert (await grant.headers())["MachineKey"] == "another"


# ------------------------------------------------------------------ what answers mean


ENDS = {
    "a write that was done already": ("POST", 409, OutcomeUnknown),
    "a reading with 409": ("GET", 409, Refused),
    "504 after a write": ("POST", 504, OutcomeUnknown),
}


@pytest.mark.parametrize(("method", "status", "kind"), ENDS.values(), ids=ENDS)
def test_what_their_statuses_mean(method, status, kind):
    """dinkassa.md 2.2 and 2.3; what they echo of our keys is blanked."""
    headers = {"MachineKey": CANARY, "SessionId": f"{CANARY}-2"}
    request = Request(
        method=method, url="https://x", route=f"{method} /x", headers=headers, effect=method != "GET"
    )
    answer = Reply(status=status, headers={}, body=f"{CANARY}-2 {CANARY}".encode(), received_at=START)

    with pytest.raises(kind) as caught:
        judge("eskassa", request, answer)
    assert CANARY not in str(caught.value)
