"""Fortnox grants: renewed once and in time, stored before they are used, a person asked only when needed."""

from __future__ import annotations

import asyncio
import base64
import json

import anyio
import pytest

from daemon.core.codes import CODES
from daemon.errors import GrantError, StateError, Throttled, Unreachable
from tests.net.endpoint import bearer, down, fortnox, jwt, lost, no, pair, stored
from tests.net.server import START

pytestmark = pytest.mark.row("D3")


# ------------------------------------------------------------------ client credentials


async def test_client_credentials_ask_with_the_tenant_and_the_basic_header():
    """The request of fortnox.md 3, and nothing is stored."""
    grant, http, rows, _ = fortnox(pair(1), kind="client_credentials")
    assert bearer(1) == await grant.headers()
    request = http.requests[0]
    assert "https://apps.example/oauth-v1/token" == request.url
    assert "1234567" == request.headers["TenantId"]
    assert b"client:s3cr3t-canary" == base64.b64decode(
        request.headers["Authorization"].removeprefix("Basic ")
    )
    assert {"grant_type": "client_credentials", "scope": "article customer"} == http.form(0)
    assert [] == rows.saves


async def test_ten_who_need_a_token_at_once_cause_one_request_and_its_renewal_comes_at_80_percent():
    """Single flight, cached, renewed before it dies."""
    grant, http, _, clock = fortnox(pair(1), pair(2), kind="client_credentials")
    seen = await asyncio.gather(*(grant.headers() for _ in range(10)))
    assert [bearer(1)] * 10 == seen
    await clock.step(3600 * 0.77)
    assert bearer(1) == await grant.headers()
    await clock.step(3600 * 0.03)
    assert bearer(2) == await grant.headers()
    assert 2 == len(http.requests)


async def test_two_who_are_refused_with_the_same_token_cause_one_renewal():
    """The second refusal names a token that is gone already."""
    grant, http, _, _ = fortnox(pair(1), pair(2), pair(3), kind="client_credentials")
    old = await grant.headers()
    await grant.refused(old)
    assert bearer(2) == await grant.headers()
    await grant.refused(old)
    assert bearer(2) == await grant.headers()
    assert 2 == len(http.requests)


@pytest.mark.parametrize("failure", [down(), (503, "busy"), (429, ""), (200, "<html>"), (404, "<html>")])
async def test_a_failed_renewal_disturbs_nobody_while_the_old_token_lives(failure):
    """It is handed out on, tried again a minute later, and only its death makes the failure known."""
    grant, http, _, clock = fortnox(pair(1), failure, kind="client_credentials")
    await grant.headers()
    await clock.step(3000)
    assert bearer(1) == await grant.headers()
    assert bearer(1) == await grant.headers()
    assert 2 == len(http.requests)
    await clock.step(60)
    assert bearer(1) == await grant.headers()
    assert 3 == len(http.requests)
    await clock.step(600)
    with pytest.raises((Unreachable, Throttled)):
        await grant.headers()


NOES = [
    # what they answer            status, body                                        code, where
    (
        "bad secret",
        no(401, "invalid_client", "The client credentials are invalid"),
        "AUT04",
        "company.demo.client_secret",
    ),
    ("no consent", no(400, "invalid_grant"), "AUT05", "company.demo"),
    ("withdrawn", no(403, "access_denied"), "AUT05", "company.demo"),
    ("a scope not ticked", no(400, "invalid_scope", "asset"), "AUT07", "company.demo"),
    ("something undocumented", (400, '{"message": "nej"}'), "AUT05", "company.demo"),
    (
        "unauthorized without a reason",
        (401, '{"message": "unauthorized"}'),
        "AUT04",
        "company.demo.client_secret",
    ),
    ("yes, with a scope less", pair(1, scope="article"), "AUT07", "company.demo"),
    (
        "yes, for another company",
        (200, json.dumps({"access_token": jwt(1, 7654321)})),
        "AUT10",
        "company.demo",
    ),
]


@pytest.mark.parametrize(("answer", "code", "where"), [n[1:] for n in NOES], ids=[n[0] for n in NOES])
async def test_a_no_that_a_person_must_mend(answer, code, where):
    """It names the code, the place, the command for this company, and no secret."""
    grant, *_ = fortnox(answer, kind="client_credentials")
    for _ in range(2):
        with pytest.raises(GrantError) as caught:
            await grant.headers()
    error = caught.value
    assert (code, where) == (error.code, error.where)
    assert CODES[code].remedy.replace("COMPANY", "demo") == error.todo
    assert "canary" not in str(error)


@pytest.mark.parametrize(
    "token", ["opaque", "a.b.c", "a.!!!.c", "a." + base64.b64encode(b"[1]").decode() + ".c"]
)
async def test_an_access_token_that_cannot_be_read_is_used_as_it_is(token):
    """The claim is a guard against a mix-up, not a format we insist on."""
    grant, *_ = fortnox((200, json.dumps({"access_token": token})), kind="client_credentials")
    assert {"Authorization": f"Bearer {token}"} == await grant.headers()


# ------------------------------------------------------------------ authorization code


async def test_a_stored_token_that_lives_is_used_without_asking():
    """A restart costs no rotation."""
    grant, http, rows, _ = fortnox(pair(2), row=stored())
    assert bearer(1) == await grant.headers()
    assert ([], []) == (http.requests, rows.saves)


async def test_a_rotation_is_announced_sent_once_stored_and_only_then_used():
    """The mark is durable before the request leaves, the new pair before its token is handed out."""
    grant, http, rows, clock = fortnox(pair(2), row=stored())
    await clock.step(2701)
    marks = []
    http.on_request = lambda: marks.append((rows.row.generation, rows.row.refreshing_since))
    assert [bearer(2)] * 5 == await asyncio.gather(*(grant.headers() for _ in range(5)))
    assert [(1, clock.now())] == marks
    assert {"grant_type": "refresh_token", "refresh_token": "refresh-1"} == http.form(0)
    assert http.requests[0].effect
    assert (2, "refresh-2", jwt(2), None) == (
        rows.row.generation,
        rows.row.refresh,
        rows.row.access,
        rows.row.refreshing_since,
    )


async def test_a_rotation_goes_on_when_its_caller_is_cancelled():
    """The pair that the server made is stored although nobody waits for it any more."""
    grant, http, rows, _ = fortnox(pair(2), row=stored(life_s=0))
    with anyio.CancelScope() as scope:
        http.on_request = scope.cancel
        await grant.headers()
    assert (2, "refresh-2") == (rows.row.generation, rows.row.refresh)
    assert bearer(2) == await grant.headers()
    assert 1 == len(http.requests)


async def test_a_lost_answer_leaves_the_old_token_in_use_and_the_same_refresh_token_is_tried_again():
    """Before the server got it or after: the second request tells which."""
    grant, http, rows, clock = fortnox(lost(), pair(2), row=stored())
    await clock.step(2701)
    assert bearer(1) == await grant.headers()
    assert rows.row.refreshing_since is not None
    await clock.step(61)
    assert bearer(2) == await grant.headers()
    assert ["refresh-1"] * 2 == [http.form(number)["refresh_token"] for number in range(2)]


async def test_after_a_crash_during_a_rotation_the_same_is_done():
    """The mark is found at the start: the living token serves until the second request has said."""
    grant, http, rows, _ = fortnox(lost(), row=stored(life_s=600, refreshing_since=START))
    assert bearer(1) == await grant.headers()
    assert 1 == len(http.requests)
    assert START == rows.row.refreshing_since


SPENT = no(400, "invalid_grant", "Invalid refresh token")


@pytest.mark.parametrize(("since", "code"), [(None, "AUT05"), (START, "AUT06")], ids=["used up", "cut off"])
async def test_a_spent_refresh_token_is_remembered_and_never_sent_again(since, code):
    """The person gets the exact command; until then no request is made."""
    grant, http, rows, _ = fortnox(SPENT, row=stored(life_s=0, refreshing_since=since))
    with pytest.raises(GrantError, match=code) as caught:
        await grant.headers()
    assert "run fortnox-syncd authorize demo" == caught.value.todo
    assert rows.row.revoked
    with pytest.raises(GrantError, match="AUT05"):
        await grant.headers()
    assert 1 == len(http.requests)


async def test_a_refresh_token_that_another_process_spent_is_no_reason_to_ask_anybody():
    """The store is read again first, and what is newer there is used."""
    grant, http, rows, _ = fortnox(SPENT, row=stored(life_s=0))

    def other_process():
        rows.row = stored(2)

    http.on_request = other_process
    assert bearer(2) == await grant.headers()
    assert not rows.row.revoked


@pytest.mark.parametrize("failure", [down(), (429, ""), no(401, "invalid_client"), (400, '{"message": "?"}')])
async def test_what_certainly_did_not_spend_the_refresh_token_clears_the_mark(failure):
    """Only a lost answer leaves a doubt behind, and only invalid_grant ends the consent."""
    grant, _, rows, _ = fortnox(failure, row=stored(life_s=0))
    with pytest.raises((Unreachable, Throttled, GrantError)):
        await grant.headers()
    assert stored(life_s=0) == rows.row


@pytest.mark.parametrize(
    "failure", [lost(), (500, ""), (502, "<html>"), (200, "<html>"), (200, "{}"), (404, "")]
)
async def test_what_may_have_spent_the_refresh_token_keeps_the_mark(failure):
    """Outside it is Unreachable: the caller's request was not sent."""
    grant, _, rows, _ = fortnox(failure, row=stored(life_s=0))
    with pytest.raises(Unreachable):
        await grant.headers()
    assert (1, False) == (rows.row.generation, rows.row.revoked)
    assert rows.row.refreshing_since is not None


async def test_a_pair_that_could_not_be_stored_is_kept_and_stored_first_next_time():
    """A full disk must not cost the consent; the token is not used before it is durable."""
    grant, http, rows, _ = fortnox(pair(2), row=stored(life_s=0))
    http.on_request = lambda: setattr(rows, "broken", True)
    with pytest.raises(StateError):
        await grant.headers()
    rows.broken = False
    assert bearer(2) == await grant.headers()
    assert ("refresh-2", 1) == (rows.row.refresh, len(http.requests))


async def test_a_pair_that_could_not_be_stored_outlives_its_grant():
    """The grant that a reload puts in its place stores that pair, and never sends the spent refresh token."""
    held = {}
    old, http, rows, _ = fortnox(pair(2), row=stored(life_s=0), unsaved=held)
    http.on_request = lambda: setattr(rows, "broken", True)
    with pytest.raises(StateError):
        await old.headers()
    new, asked, store, _ = fortnox(no(400, "invalid_grant"), row=rows.row, unsaved=held)
    assert bearer(2) == await new.headers()
    assert ("refresh-2", [], {}) == (store.row.refresh, asked.requests, held)


async def test_a_pair_that_another_grant_could_not_store_is_the_newer_one():
    """Who is told that the refresh token is spent, while a leaving grant has just spent it, is not lost."""
    held = {}
    grant, http, rows, _ = fortnox(no(400, "invalid_grant"), row=stored(life_s=0), unsaved=held)
    http.on_request = lambda: held.update({"fortnox:demo": stored(2)})
    assert bearer(2) == await grant.headers()
    assert (2, False, {}) == (rows.row.generation, rows.row.revoked, held)


async def test_no_request_leaves_when_the_mark_cannot_be_stored():
    """If the rotation cannot be announced it does not happen."""
    grant, http, rows, _ = fortnox(pair(2), row=stored(life_s=0))
    rows.broken = True
    with pytest.raises(StateError):
        await grant.headers()
    assert [] == http.requests


async def test_a_pair_for_another_company_or_with_a_scope_less_is_stored_but_never_used():
    """The rotation is a fact; the mix-up stops the company at every further call."""
    wrong = (200, json.dumps({"access_token": jwt(2, 7), "refresh_token": "refresh-2"}))
    for answer, code in [(wrong, "AUT10"), (pair(2, scope="article"), "AUT07")]:
        grant, http, rows, _ = fortnox(answer, row=stored(life_s=0))
        for _ in range(3):
            with pytest.raises(GrantError, match=code):
                await grant.headers()
        assert (2, 1) == (rows.row.generation, len(http.requests))


async def test_a_refused_token_is_not_taken_from_the_store_again():
    """401 with a token that should live: it is rotated at once."""
    grant, http, _, _ = fortnox(pair(2), row=stored())
    headers = await grant.headers()
    await grant.refused(headers)
    assert bearer(2) == await grant.headers()
    assert 1 == len(http.requests)


async def test_without_any_consent_the_command_is_named():
    """A first start says what to do and asks nobody."""
    grant, http, *_ = fortnox(pair(1))
    with pytest.raises(GrantError, match=r"AUT03 .* run fortnox-syncd authorize demo"):
        await grant.headers()
    assert [] == http.requests


# ------------------------------------------------------------------ consent


async def test_a_code_is_exchanged_stored_and_used_at_once_also_after_a_revocation():
    """Re-consent needs no restart."""
    grant, http, rows, _ = fortnox(pair(4), row=stored(3, revoked=True))
    assert "1234567" == await grant.exchange_code("c0de", "http://127.0.0.1:8750/callback")
    assert {
        "grant_type": "authorization_code",
        "code": "c0de",
        "redirect_uri": "http://127.0.0.1:8750/callback",
    } == http.form(0)
    assert (4, "refresh-4", False) == (rows.row.generation, rows.row.refresh, rows.row.revoked)
    assert bearer(4) == await grant.headers()
    assert 1 == len(http.requests)


async def test_a_consent_for_client_credentials_stores_nothing():
    """The consent lives at Fortnox; the token that came with it is used."""
    grant, _, rows, _ = fortnox(pair(1), kind="client_credentials")
    await grant.exchange_code("c0de", "http://127.0.0.1:8750/callback")
    assert bearer(1) == await grant.headers()
    assert [] == rows.saves


@pytest.mark.parametrize("kind", ["client_credentials", "authorization_code"])
async def test_a_consent_of_another_company_is_not_taken(kind):
    """Nothing is stored, nothing is used."""
    grant, _, rows, _ = fortnox(
        (200, json.dumps({"access_token": jwt(1, 7), "refresh_token": "r"})), kind=kind, row=stored(life_s=0)
    )
    with pytest.raises(GrantError, match=r"AUT10 .*: 7, bound is 1234567"):
        await grant.exchange_code("c0de", "http://127.0.0.1:8750/callback")
    assert [] == rows.saves
