"""The pretend webCRM at its door, fact by fact; each claim names its section of webcrm.md."""

from __future__ import annotations

import datetime as dt
import urllib.parse
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.sandbox.web import ActionError, Request, Response
from daemon.sandbox.webcrm import Webcrm
from daemon.sandbox.webcrm.fill import check_digit

AUTH_CODES = {
    "fortnox-syncd": "11111111-1111-4111-8111-111111111111",
    "people": "22222222-2222-4222-8222-222222222222",
    "reader": "33333333-3333-4333-8333-333333333333",
}
DAEMON = "fortnox-syncd"
NOON = dt.datetime(2026, 1, 15, 12, tzinfo=dt.UTC)


class Caller:
    """A pretend webCRM, a clock moved by hand, and one logged-in application token."""

    def __init__(self, *, filled: bool = False, token: str = DAEMON, **switches: Any) -> None:
        self.now = NOON
        self.crm = Webcrm(lambda: self.now)
        self.crm.reset(filled=filled, seed=1)
        for name, value in switches.items():
            self.crm.switch(name, value)
        self.log_in(token)

    def wait(self, seconds: float) -> None:
        self.now += dt.timedelta(seconds=seconds)

    def log_in(self, token: str) -> None:
        self.access = login(self.crm, AUTH_CODES[token])["AccessToken"]

    def send(self, method: str, path: str, body: Any = None, **query: Any) -> Response:
        return self.crm.handle(
            Request(
                method=method,
                path=path,
                query=tuple((name, str(value)) for name, value in query.items()),
                headers={"authorization": f"Bearer {self.access}"},
                body=b"" if body is None else msgspec.json.encode(body),
            )
        )

    def get(self, path: str, **query: Any) -> Any:
        return read(self.send("GET", path, **query))

    def post(self, path: str, **fields: Any) -> Any:
        return read(self.send("POST", path, fields))

    def put(self, path: str, **fields: Any) -> None:
        read(self.send("PUT", path, fields))

    def organisation(self, **fields: Any) -> int:
        return self.crm.act("create", {"entity": "Organisation", "fields": fields})["OrganisationId"]

    def delivery(self, **fields: Any) -> int:
        customer = fields.pop("DeliveryOrganisationId", 0) or self.organisation(
            OrganisationName="Björk & Co AB"
        )
        return self.post("/Deliveries", DeliveryId=0, DeliveryOrganisationId=customer, **fields)

    def line(self, delivery: int, **fields: Any) -> int:
        return self.post("/QuotationLines", QuotationLineId=0, QuotationLineOpportunityId=delivery, **fields)


def login(crm: Webcrm, auth_code: str) -> Any:
    body = urllib.parse.urlencode({"authCode": auth_code}).encode()
    kind = "application/x-www-form-urlencoded"
    request = Request(method="POST", path="/Auth/ApiLogin", headers={"content-type": kind}, body=body)
    return msgspec.json.decode(crm.handle(request).body)


def read(response: Response) -> Any:
    assert response.status in {200, 204}, response
    return msgspec.json.decode(response.body) if response.body else None


def error(response: Response) -> tuple[int, str]:
    return response.status, msgspec.json.decode(response.body)["Type"]


URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=xx"
PARTS = '--xx\r\nContent-Disposition: form-data; name="{}"\r\n\r\n{}\r\n--xx--\r\n'
GOOD = AUTH_CODES["people"]
LOGINS = [
    ("urlencoded", URLENCODED, f"authCode={GOOD}", 200),
    ("field name in another case", URLENCODED, f"AUTHCODE={GOOD}", 200),
    ("multipart", MULTIPART, PARTS.format("authCode", GOOD), 200),
    ("multipart in another case", MULTIPART, PARTS.format("authcode", GOOD), 200),
    ("an unknown token", URLENCODED, "authCode=44444444-4444-4444-8444-444444444444", 400),
    ("no token", URLENCODED, "", 400),
    ("json is not a form", "application/json", f'{{"authCode":"{GOOD}"}}', 400),
]


@pytest.mark.parametrize(("kind", "body", "status"), [c[1:] for c in LOGINS], ids=[c[0] for c in LOGINS])
def test_login_takes_the_token_as_a_form_field_only(kind, body, status):
    """An application token logs in as a form field of either encoding, and nothing else does (2.2, 2.6)."""
    crm = Webcrm(lambda: NOON)
    response = crm.handle(
        Request(method="POST", path="/Auth/ApiLogin", headers={"content-type": kind}, body=body.encode())
    )
    answer = msgspec.json.decode(response.body)
    assert (response.status, answer["IsError"]) == (status, status != 200)
    assert (answer["TokenType"], answer["ExpiresIn"]) == (("Bearer", 3600) if status == 200 else (None, 0))


@pytest.mark.parametrize("shape", ["400", "401", "200"])
def test_a_refused_login_says_so_in_every_shape(shape):
    """A failed login carries IsError and no access token whatever its status (2.6)."""
    crm = Webcrm(lambda: NOON)
    crm.switch("login_failure", shape)
    answer = login(crm, "nobody")
    assert (answer["IsError"], answer["Error"], answer["AccessToken"]) == (True, "invalid_grant", None)


def test_an_access_token_dies_after_its_lifetime():
    """A token works until its 3600th second and is then answered 401 with an empty body (2.4, 2.7)."""
    web = Caller()
    web.wait(3599)
    assert web.get("/Auth") == {"Name": "fortnox-syncd", "System": "sandbox"}
    web.wait(1)
    assert (web.send("GET", "/Auth").status, web.send("GET", "/Auth").body) == (401, b"")


@pytest.mark.parametrize("place", ["header", "form"])
def test_a_refresh_token_works_once_in_either_place(place):
    """ApiRefresh takes refreshToken as a header or a form field, once (2.5)."""
    web = Caller()
    token = login(web.crm, GOOD)["RefreshToken"]
    headers = {"refreshtoken": token} if place == "header" else {"content-type": URLENCODED}
    body = b"" if place == "header" else f"refreshToken={token}".encode()
    request = Request(method="POST", path="/Auth/ApiRefresh", headers=headers, body=body)
    first, second = web.crm.handle(request), web.crm.handle(request)
    assert (first.status, second.status) == (200, 400)
    web.access = msgspec.json.decode(first.body)["AccessToken"]
    assert web.get("/Auth")["Name"] == "people"


def test_a_revoked_token_is_out_at_once_and_back_when_restored():
    """Revoking an application token ends its sessions and its logins; restoring it undoes both (2.1)."""
    web = Caller()
    web.crm.act("revoke_token", {"name": "fortnox-syncd"})
    assert web.send("GET", "/Auth").status == 401
    assert login(web.crm, AUTH_CODES["fortnox-syncd"])["IsError"]
    web.crm.act("restore_token", {"name": "fortnox-syncd"})
    assert web.send("GET", "/Auth").status == 200


def test_a_reading_token_changes_nothing():
    """A token without the right to write is answered 403 for a write and reads on (4)."""
    web = Caller(token="reader")
    assert error(web.send("POST", "/Organisations", {"OrganisationId": 0})) == (403, "ForbiddenException")
    assert web.get("/Organisations") == []


def test_the_limit_is_a_sliding_minute_per_token():
    """The 251st call within 60 s is refused with header and body, per token; logins are free (3)."""
    web = Caller()
    web.send("GET", "/Auth")
    web.wait(30)
    for _ in range(249):
        assert web.send("GET", "/Auth").status == 200
    refused = web.send("GET", "/Auth")
    body = msgspec.json.decode(refused.body)
    assert (refused.status, refused.headers["retry-after"]) == (429, "30")
    assert (body["RetryAfterSeconds"], body["Type"]) == (30, "TooManyRequestsException")
    assert "limit of 250 requests per minute" in body["Message"]
    login(web.crm, AUTH_CODES["fortnox-syncd"])
    web.wait(30)
    assert [web.send("GET", "/Auth").status for _ in range(2)] == [200, 429]
    web.log_in("people")
    assert web.send("GET", "/Auth").status == 200


def test_who_is_asking_is_known_for_the_log():
    """The application token's name is told for a login and for a call, and "" for a stranger (2.1)."""
    web = Caller(token="people")
    body = f"authCode={AUTH_CODES['reader']}".encode()
    asking = [
        Request(method="POST", path="/Auth/ApiLogin", headers={"content-type": URLENCODED}, body=body),
        Request(method="GET", path="/Auth", headers={"authorization": f"Bearer {web.access}"}),
        Request(method="GET", path="/Auth"),
    ]
    assert [web.crm.client_of(request) for request in asking] == ["reader", "people", ""]


PAGES = [
    ("both sent", {"Page": 1, "Size": 4}, 4),
    ("the last, shorter page", {"Page": 3, "Size": 4}, 2),
    ("past the end", {"Page": 4, "Size": 4}, 0),
    ("names in another case", {"page": 2, "sIZE": 7}, 3),
    ("defaults", {}, 10),
    ("a field filter is ignored", {"OrganisationName": "nobody"}, 10),
    ("size above 1000", {"Size": 1001}, None),
    ("page 0", {"Page": 0}, None),
    ("page beyond a million", {"Page": 1_000_001}, None),
    ("page in words", {"Page": "two"}, None),
]


@pytest.mark.parametrize(("query", "count"), [c[1:] for c in PAGES], ids=[c[0] for c in PAGES])
def test_lists_come_in_pages_sorted_by_id(query, count):
    """Page and Size choose the rows, an impossible one is 400, anything else is ignored (5)."""
    web = Caller(filled=True)
    response = web.send("GET", "/Organisations", **query)
    if count is None:
        assert error(response) == (400, "ValidationException")
        return
    ids = [row["OrganisationId"] for row in msgspec.json.decode(response.body)]
    assert (len(ids), ids) == (count, sorted(ids))


PATHS = [
    ("no delete of organisations", "DELETE", "/Organisations/2001", 405),
    ("no delete of deliveries", "DELETE", "/Deliveries/5001", 405),
    ("no delete of persons", "DELETE", "/Persons/3001", 405),
    ("a list cannot be put", "PUT", "/Organisations", 405),
    ("an unknown organisation", "GET", "/Organisations/9", 404),
    ("an unknown line", "DELETE", "/QuotationLines/9", 404),
    ("lines of an unknown delivery", "GET", "/Deliveries/9/QuotationLines", 404),
    ("an unknown path", "GET", "/Nothing", 404),
    ("an unknown status", "GET", "/Deliveries/ByStatus/Lost", 400),
    ("a date that is none", "GET", "/Organisations/FindByUpdateDates/now/then", 400),
    ("metadata of nothing", "GET", "/FieldsMetadata/Moon", 400),
    ("a path in another case", "GET", "/organisations/2001", 200),
]


@pytest.mark.parametrize(("method", "path", "status"), [c[1:] for c in PATHS], ids=[c[0] for c in PATHS])
def test_paths_answer_as_webcrm_does(method, path, status):
    """What cannot be found is 404, what cannot be done there 405, what makes no sense 400 (4, 15.11)."""
    response = Caller(filled=True).send(method, path)
    assert response.status == status
    assert status == 200 or msgspec.json.decode(response.body).keys() == {"Message", "Type"}


def test_an_answer_tells_the_servers_time():
    """Every answer carries a Date header, also a refusal (5)."""
    web = Caller()
    dates = {web.send("GET", path).headers["date"] for path in ("/Auth", "/Nothing")}
    assert dates == {"Thu, 15 Jan 2026 12:00:00 GMT"}


@pytest.mark.parametrize(("seed", "other"), [(1, 2), (7, 8)])
def test_filling_depends_on_the_seed_alone(seed, other):
    """One seed gives one company of ten organisations with valid numbers; another seed another (brief)."""
    web = Caller()

    def rows(chosen):
        web.crm.reset(filled=True, seed=chosen)
        web.log_in("people")
        return web.get("/Organisations")

    first, again, different = rows(seed), rows(seed), rows(other)
    assert first == again != different
    assert [row["OrganisationType"] for row in first].count("Kund – Företag") == 7
    numbers = [row["OrganisationExtraCustom2"].replace("-", "") for row in first]
    assert all(check_digit(number[:9]) == number[9] for number in numbers)
    assert {"5560160680", "5560360793", "5560125790"} < set(numbers)


def test_a_reset_starts_over():
    """After an empty reset there are no records, no sessions, and the switches stand at their defaults."""
    web = Caller(filled=True, terms_dropdown=True)
    web.crm.act("revoke_token", {"name": "people"})
    web.crm.reset(filled=False, seed=1)
    assert web.send("GET", "/Auth").status == 401
    web.log_in("people")
    assert (web.get("/Organisations"), web.crm.switches()["terms_dropdown"]) == ([], False)


REFUSED_ACTS = [
    ("no such verb", "fly", {}),
    ("no such entity", "edit", {"entity": "Moon", "id": 1, "fields": {}}),
    ("no such record", "edit", {"entity": "Organisation", "id": 1, "fields": {}}),
    ("an id in words", "delete_organisation", {"id": "one"}),
    ("a value webCRM refuses", "create", {"entity": "Organisation", "fields": {"OrganisationType": "Vän"}}),
    ("fields that are none", "create", {"entity": "Organisation", "fields": 7}),
    ("a standard field taken away", "remove_field", {"entity": "Organisation", "name": "OrganisationName"}),
    ("a field that cannot be", "add_field", {"entity": "Organisation", "name": "OrganisationCustom99"}),
    ("a kind that is none", "add_field", {"entity": "Delivery", "name": "DeliveryCustom9", "kind": []}),
    ("an unknown token", "revoke_token", {"name": "nobody"}),
]


@pytest.mark.parametrize(("verb", "body"), [c[1:] for c in REFUSED_ACTS], ids=[c[0] for c in REFUSED_ACTS])
def test_screens_refuse_with_a_sentence(verb, body):
    """What a person cannot do in a screen is an ActionError that says why."""
    with pytest.raises(ActionError, match=r"\w{2,} .*\w"):
        Caller().crm.act(verb, body)


@pytest.mark.parametrize(
    ("name", "value"), [("moon", 1), ("rate_limit", 0), ("rate_limit", True), ("post_result", [])]
)
def test_switches_take_only_what_they_know(name, value):
    """An unknown switch, or a value of the wrong kind, is refused and changes nothing."""
    web = Caller()
    before = web.crm.switches()
    with pytest.raises(ActionError):
        web.crm.switch(name, value)
    assert web.crm.switches() == before


FIELD_NAMES = st.sampled_from(
    [
        "OrganisationId",
        "OrganisationType",
        "OrganisationName",
        "DeliveryId",
        "DeliveryOrderDate",
        "DeliveryOrderValue",
    ]
) | st.text(max_size=9)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FIELD_NAMES, inner, max_size=4),
    max_leaves=6,
)
METHODS = st.sampled_from(["GET", "PUT", "POST", "PATCH", "DELETE", "HEAD"])
ANY_PATH = st.sampled_from(
    [
        "/Organisations",
        "/Organisations/2001",
        "/Deliveries/9",
        "/Queries",
        "/Auth/ApiLogin",
        "/FieldsMetadata/%ff",
    ]
) | st.text(max_size=20).map("/".__add__)
BODIES = (
    st.binary(max_size=60)
    | JSON.map(lambda value: msgspec.json.encode(str(value)))
    | JSON.map(msgspec.json.encode)
)
CONTENT_TYPES = st.sampled_from(
    [URLENCODED, MULTIPART, "multipart/form-data", "multipart/form-data; boundary=\n\x00å"]
)


@given(
    method=METHODS,
    path=ANY_PATH,
    query=st.dictionaries(st.sampled_from(["page", "Size", "script", "include"]), st.text(max_size=40)),
    body=BODIES,
    kind=CONTENT_TYPES,
)
def test_nothing_a_client_sends_breaks_it(method, path, query, body, kind):
    """Any request gets an answer from the table of statuses, never an exception (4)."""
    web = Caller(filled=True)
    headers = {"authorization": f"Bearer {web.access}", "content-type": kind}
    request = Request(method=method, path=path, query=tuple(query.items()), headers=headers, body=body)
    assert web.crm.handle(request).status in {200, 204, 400, 404, 405}
    assert web.crm.client_of(request) == "fortnox-syncd"
