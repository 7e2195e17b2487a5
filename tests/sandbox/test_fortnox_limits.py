"""The pretend Fortnox: the rate limit, and who is asking (fortnox.md 4, 22)."""

from __future__ import annotations

import datetime as dt

import pytest

from daemon.sandbox.web import Request
from tests.sandbox.fortnox_office import NOON, Office, basic, parsed

pytestmark = pytest.mark.row("B4")


@pytest.fixture
def office() -> Office:
    return Office()


def works(office: Office, token: str) -> bool:
    return office.send("GET", "/3/customers", headers={"authorization": f"Bearer {token}"}).status == 200


def burst(office: Office, count: int) -> list[int]:
    return [office.send("GET", "/3/units").status for _ in range(count)]


def test_the_26th_request_in_five_seconds_is_refused(office):
    """Section 4: 25 in a sliding window of 5 seconds."""
    office.pause_s = 0
    assert burst(office, 26) == [200] * 25 + [429]


@pytest.mark.parametrize(
    ("waited_s", "status"), [pytest.param(4.9, 429, id="too early"), pytest.param(5.0, 200, id="in time")]
)
def test_the_window_slides(office, waited_s, status):
    """Section 4: a request leaves the window five seconds after it arrived."""
    office.pause_s = 0
    burst(office, 25)
    office.advance(waited_s)
    assert burst(office, 1) == [status]


@pytest.mark.parametrize(
    ("counts", "status"), [pytest.param(True, 429, id="yes"), pytest.param(False, 200, id="no")]
)
def test_whether_a_refused_request_counts_is_a_switch(counts, status):
    """Section 4 leaves open what "until the average is back" means."""
    office = Office(throttle_counts_refused=counts)
    office.pause_s = 0
    burst(office, 25)
    office.advance(3)
    burst(office, 25)
    office.advance(2)
    assert burst(office, 1) == [status]


def test_other_clients_have_their_own_window(office):
    """Section 4: the limit is per client id and tenant."""
    office.pause_s = 0
    burst(office, 26)
    token = parsed(office.token(headers=basic("people", "people-secret"), grant_type="client_credentials"))
    assert works(office, token["access_token"])


@pytest.mark.parametrize(
    ("switches", "retry_after", "body"),
    [
        pytest.param({}, None, b"", id="nothing"),
        pytest.param({"retry_after": "seconds"}, "5", b"", id="seconds"),
        pytest.param({"retry_after": "date"}, "Mon, 02 Mar 2026 11:00:05 GMT", b"", id="date"),
        pytest.param({"throttle_body": "text"}, None, b"Too Many Requests", id="a text"),
        pytest.param({"throttle_body": "json"}, None, b'{"message":"API rate limit exceeded"}', id="JSON"),
    ],
)
def test_the_429_has_the_chosen_form(switches, retry_after, body):
    """Section 22 no 1: header and body are not known, so both are switches."""
    office = Office(**switches)
    office.pause_s = 0
    burst(office, 25)
    response = office.send("GET", "/3/units")
    assert (response.headers.get("retry-after"), response.body) == (retry_after, body)


def test_a_company_answers_only_for_itself():
    """Section 4 and 2: another tenant's token sees another company."""
    office = Office(filled=True)
    granted = office.token(
        headers=basic("other-company", "other-secret"), tenant="7654321", grant_type="client_credentials"
    )
    headers = {"authorization": f"Bearer {parsed(granted)['access_token']}"}
    seen = parsed(office.send("GET", "/3/companyinformation", headers=headers))["CompanyInformation"]
    customers = parsed(office.send("GET", "/3/customers", headers=headers))["Customers"]
    assert (seen["DatabaseNumber"], customers) == (7654321, [])


def test_who_asks_is_known_from_token_basic_header_or_link(office):
    """The request log names the client, also for an expired token."""
    office.advance(10_000)
    bearer = {"authorization": f"Bearer {office.access_token}"}
    requests = [
        Request(method="GET", path="/3/customers", headers=bearer),
        Request(method="POST", path="/oauth-v1/token", headers=basic("people", "x")),
        Request(method="GET", path="/oauth-v1/auth", query=(("client_id", "people"),)),
        Request(method="GET", path="/3/customers", headers={"authorization": "Bearer a.b.c"}),
    ]
    assert [office.fortnox.client_of(request) for request in requests] == [
        "fortnox-syncd",
        "people",
        "people",
        "",
    ]


def test_a_reset_ends_all_tokens_and_none_comes_back(office):
    """After a reset the same calls give other tokens."""
    old = office.access_token
    office.fortnox.reset(filled=False, seed=1)
    assert not works(office, old)
    new = parsed(office.token(grant_type="client_credentials"))["access_token"]
    assert new != old and office.now - NOON < dt.timedelta(minutes=1)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/oauth-v1/token", 405), ("POST", "/oauth-v1/auth", 405), ("GET", "/oauth-v1/nothing", 404)],
)
def test_the_oauth_host_knows_three_paths(office, method, path, status):
    """Section 1."""
    assert office.fortnox.handle(Request(method=method, path=path)).status == status
