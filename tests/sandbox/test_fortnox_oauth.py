"""The pretend Fortnox: authorize, tokens and scopes (fortnox.md 2, 3, 20)."""

from __future__ import annotations

import base64
import json
from urllib.parse import parse_qs, urlsplit

import pytest

from daemon.sandbox.web import Request, Response
from tests.sandbox.fortnox_office import JSON, Office, basic, parsed

pytestmark = pytest.mark.row("B4")

HTML = "text/html; charset=UTF-8"
TEXT = "text/plain;charset=UTF-8"
BACK = "http://127.0.0.1:9/back"


@pytest.fixture
def office() -> Office:
    return Office()


def authorize(office: Office, **changes: str) -> Response:
    asked = {
        "client_id": "fortnox-syncd",
        "response_type": "code",
        "scope": "customer article",
        "state": "s1",
        "access_type": "offline",
        "redirect_uri": BACK,
        **changes,
    }
    return office.fortnox.handle(Request(method="GET", path="/oauth-v1/auth", query=tuple(asked.items())))


def sent_back(response: Response) -> dict[str, str]:
    return {name: value for name, (value,) in parse_qs(urlsplit(response.headers["location"]).query).items()}


def first_pair(office: Office, **changes: str) -> dict:
    code = sent_back(authorize(office, **changes))["code"]
    return parsed(office.token(grant_type="authorization_code", code=code, redirect_uri=BACK))


def claims(token: str) -> dict:
    middle = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))


def works(office: Office, token: str) -> bool:
    return office.send("GET", "/3/customers", headers={"authorization": f"Bearer {token}"}).status == 200


def test_the_administrator_approves_at_once_and_the_state_comes_back(office):
    """Section 2.1: the redirect carries a code and the unchanged state."""
    response = authorize(office)
    assert (response.status, sent_back(response)["state"], "code" in sent_back(response)) == (302, "s1", True)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        pytest.param({"scope": "customer nonsense"}, "invalid_scope", id="a scope the app does not have"),
        pytest.param({"scope": ""}, "invalid_scope", id="no scope"),
        pytest.param({"response_type": "token"}, "unsupported_response_type", id="another response type"),
    ],
)
def test_a_refused_authorization_comes_back_as_query_parameters(office, changes, error):
    """Section 2.1: error, description and state stand in the redirect."""
    back = sent_back(authorize(office, **changes))
    assert (back["error"], back["state"], "error_description" in back) == (error, "s1", True)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"client_id": "nobody"}, id="unknown client"),
        pytest.param({"state": ""}, id="no state"),
        pytest.param({"account_type": "person"}, id="an account type that is not service"),
    ],
)
def test_what_cannot_be_redirected_is_a_plain_page(office, changes):
    """Section 2.1: some refusals are texts for a browser."""
    assert authorize(office, **changes).status == 400


def test_a_code_gives_a_pair_once(office):
    """Sections 2.1 and 2.2: shape of the answer, and single use of the code."""
    code = sent_back(authorize(office))["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK}
    first, second = office.token(**form), office.token(**form)
    pair = parsed(first)
    assert list(pair) == ["access_token", "refresh_token", "scope", "expires_in", "token_type"]
    assert (pair["scope"], pair["expires_in"], pair["token_type"]) == ("customer article", 3600, "bearer")
    assert (second.status, parsed(second)["error"]) == (400, "invalid_grant")


def test_a_code_is_valid_for_ten_minutes(office):
    """Section 2.1."""
    code = sent_back(authorize(office))["code"]
    office.advance(600)
    assert office.token(grant_type="authorization_code", code=code, redirect_uri=BACK).status == 400


def test_an_access_token_is_a_jwt_with_the_known_claims(office):
    """Section 2.2."""
    seen = claims(first_pair(office)["access_token"])
    assert (seen["tenantId"], seen["clientId"], seen["resource"]) == (1234567, "fortnox-syncd", "OAUTH2")
    assert seen["exp"] - seen["iat"] == 3600
    assert seen["sub"].endswith("@1234567") and seen["iss"] == "https://api.fortnox.se/oauth2"


def test_a_refresh_token_is_spent_by_its_use_and_the_successor_lives_on(office):
    """Section 2.3: later reuse is refused and does not revoke the family."""
    old = first_pair(office)["refresh_token"]
    new = parsed(office.token(grant_type="refresh_token", refresh_token=old))
    office.advance(2)
    again = office.token(grant_type="refresh_token", refresh_token=old)
    assert (again.status, again.headers["content-type"]) == (400, HTML)
    assert parsed(again) == {"error": "invalid_grant", "error_description": "Invalid refresh token"}
    assert works(office, new["access_token"])
    assert office.token(grant_type="refresh_token", refresh_token=new["refresh_token"]).status == 200


def test_of_two_refreshes_at_once_the_last_pair_wins(office):
    """Section 2.3: both answer 200, only the pair issued last stays valid."""
    old = first_pair(office)["refresh_token"]
    first = parsed(office.token(grant_type="refresh_token", refresh_token=old))
    second = parsed(office.token(grant_type="refresh_token", refresh_token=old))
    assert [works(office, pair["access_token"]) for pair in (first, second)] == [False, True]
    assert office.token(grant_type="refresh_token", refresh_token=first["refresh_token"]).status == 400
    assert office.token(grant_type="refresh_token", refresh_token=second["refresh_token"]).status == 200


def test_a_refresh_token_lives_45_days(office):
    """Section 2.2."""
    token = first_pair(office)["refresh_token"]
    office.advance(45 * 86400)
    assert office.token(grant_type="refresh_token", refresh_token=token).status == 400


def test_a_revoked_refresh_token_is_dead_and_revoking_nonsense_is_fine(office):
    """Section 2.6."""
    token = first_pair(office)["refresh_token"]
    for text in (token, "never-existed"):
        body = f"token_type_hint=refresh_token&token={text}".encode()
        response = office.fortnox.handle(
            Request(method="POST", path="/oauth-v1/revoke", headers=basic(), body=body)
        )
        assert (response.status, parsed(response)) == (200, {"revoked": True})
    assert office.token(grant_type="refresh_token", refresh_token=token).status == 400


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param(basic(secret="wrong"), id="wrong secret"),
        pytest.param(basic("nobody"), id="unknown client"),
        pytest.param({}, id="no Basic header"),
        pytest.param({"authorization": "Basic ###"}, id="not base64"),
    ],
)
def test_a_wrong_client_is_401_as_plain_text(office, headers):
    """Section 2.4: JSON under text/plain."""
    response = office.token(headers=headers, grant_type="client_credentials")
    assert (response.status, response.headers["content-type"]) == (401, TEXT)
    assert parsed(response)["error"] == "invalid_client"


def test_client_credentials_give_all_consented_scopes_and_no_refresh_token(office):
    """Section 3: `scope` left out means everything consented."""
    answer = parsed(office.token(grant_type="client_credentials"))
    assert "refresh_token" not in answer and "customer" in answer["scope"].split()
    assert claims(answer["access_token"])["tenantId"] == 1234567


def test_asking_again_does_not_disturb_the_earlier_token(office):
    """Section 3: no rotation."""
    office.token(grant_type="client_credentials")
    assert works(office, office.access_token)


@pytest.mark.parametrize(
    ("client", "tenant", "status"),
    [
        pytest.param(("fortnox-syncd", "sandbox-secret"), "1234567", 200, id="the daemon in its company"),
        pytest.param(("fortnox-syncd", "sandbox-secret"), "7654321", 400, id="the daemon in another"),
        pytest.param(("fortnox-syncd", "sandbox-secret"), "1", 400, id="an unknown company"),
        pytest.param(("people", "people-secret"), "1234567", 200, id="people"),
        pytest.param(("other-company", "other-secret"), "1234567", 400, id="the other's client here"),
        pytest.param(("other-company", "other-secret"), "7654321", 200, id="the other's client there"),
    ],
)
def test_a_consent_belongs_to_one_client_and_one_company(office, client, tenant, status):
    """Section 3: the TenantId header decides the company."""
    response = office.token(headers=basic(*client), tenant=tenant, grant_type="client_credentials")
    assert response.status == status


def test_a_missing_consent_can_look_like_a_wrong_client():
    """Section 22 no 5: both variants exist as a switch."""
    office = Office(no_consent="invalid_client")
    response = office.token(tenant="7654321", grant_type="client_credentials")
    assert (response.status, parsed(response)) == (401, {"error": "invalid_client"})


def test_a_service_authorization_is_a_consent_and_a_persons_is_not(office):
    """Section 3: account_type=service stores the consent with its scopes."""
    office.fortnox.act("revoke_consent", {"client_id": "fortnox-syncd", "tenant": "1234567"})
    first_pair(office)
    assert office.token(grant_type="client_credentials").status == 400
    first_pair(office, account_type="service")
    assert parsed(office.token(grant_type="client_credentials"))["scope"] == "customer article"
    assert office.token(grant_type="client_credentials", scope="invoice").status == 400


def test_a_removed_integration_loses_consent_and_tokens(office):
    """Section 2.6: the customer ends both tokens inside Fortnox; a new consent needs a new token."""
    refresh_token = first_pair(office)["refresh_token"]
    who = {"client_id": "fortnox-syncd", "tenant": "1234567"}
    office.fortnox.act("revoke_consent", who)
    assert not works(office, office.access_token)
    assert office.token(grant_type="refresh_token", refresh_token=refresh_token).status == 400
    assert office.token(grant_type="client_credentials").status == 400
    office.fortnox.act("restore_consent", who)
    assert not works(office, office.access_token)
    assert works(office, parsed(office.token(grant_type="client_credentials"))["access_token"])


def test_the_wrong_administrator_opens_the_wrong_company():
    """A switch lets the other company's administrator approve, so a wrong company can be noticed."""
    office = Office(administrator_of="7654321")
    assert claims(first_pair(office)["access_token"])["tenantId"] == 7654321


@pytest.mark.parametrize(
    ("header", "life_s"),
    [
        pytest.param({}, 0, id="no token"),
        pytest.param({"authorization": "Bearer nonsense"}, 0, id="nonsense"),
        pytest.param({"authorization": "Basic eDp5"}, 0, id="a Basic header"),
        pytest.param(None, 3600, id="expired"),
    ],
)
def test_without_a_living_token_the_api_says_unauthorized(office, header, life_s):
    """Section 2.5: 401 in its own shape, not an ErrorInformation."""
    office.advance(life_s)
    response = office.send("GET", "/3/customers", headers=header)
    assert (response.status, parsed(response)) == (401, {"message": "unauthorized"})


def test_a_switch_shortens_the_life_of_access_tokens():
    """Expiry can be met in seconds."""
    office = Office(access_token_s=30)
    office.advance(31)
    assert not works(office, office.access_token)


SCOPES = [
    ("customers", "customer"),
    ("articles", "article"),
    ("prices", "price"),
    ("pricelists", "price"),
    ("projects", "project"),
    ("costcenters", "costcenter"),
    ("currencies", "currency"),
    ("units", "settings"),
    ("termsofpayments", "settings"),
    ("termsofdeliveries", "settings"),
    ("wayofdeliveries", "settings"),
    ("labels", "settings"),
    ("settings/company", "settings"),
    ("settings/lockedperiod", "settings"),
    ("companyinformation", "companyinformation"),
    ("financialyears", "bookkeeping"),
    ("vouchers", "bookkeeping"),
    ("voucherseries", "bookkeeping"),
    ("accounts", "bookkeeping"),
    ("inbox", "inbox"),
    ("voucherfileconnections", "connectfile"),
]


@pytest.mark.parametrize(("path", "scope"), SCOPES, ids=[path for path, _ in SCOPES])
def test_each_register_needs_its_scope(office, path, scope):
    """Section 20: 400 with 2000663 when the grant lacks it."""
    others = " ".join(sorted({name for _, name in SCOPES} - {scope}))
    codes = []
    for scopes in (scope, others):
        granted = parsed(office.token(grant_type="client_credentials", scope=scopes))
        headers = {**JSON, "authorization": f"Bearer {granted['access_token']}"}
        response = office.send("GET", f"/3/{path}", headers=headers)
        codes.append((response.status, parsed(response).get("ErrorInformation", {}).get("code")))
    assert codes == [(200, None), (400, 2000663)]
