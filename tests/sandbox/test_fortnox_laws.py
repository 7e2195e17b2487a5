"""The pretend Fortnox: no request makes it raise, and a refusal changes nothing."""

from __future__ import annotations

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.sandbox.web import Request
from tests.sandbox.fortnox_office import JSON, Office

pytestmark = pytest.mark.row("B4")


NAMES = st.sampled_from(
    ["Name", "City", "Email", "Comments", "ZipCode", "Active", "InvoiceDiscount", "CountryCode"]
)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
)


@given(fields=st.dictionaries(NAMES | st.text(max_size=5), VALUES, max_size=5))
def test_no_value_makes_it_raise(fields):
    """Whatever JSON a client sends, the answer is a status: 200, or 400 with a code and nothing changed."""
    office = OFFICE
    before = office.fortnox.act("look", {"kind": "customers", "key": "1"})
    status, body = office.ask("PUT", "/3/customers/1", {"Customer": fields})
    after = office.fortnox.act("look", {"kind": "customers", "key": "1"})
    assert status in {200, 400}
    assert after == (before if status == 400 else body["Customer"])


METHODS = st.sampled_from(["GET", "POST", "PUT", "DELETE", "HEAD", ""])
PATHS = st.sampled_from(
    [
        "/3/customers",
        "/3/prices",
        "/3/prices/A",
        "/3/prices/A/1",
        "/3/prices/A/1/x",
        "/3/units/%FF",
        "/3",
        "/oauth-v1/token",
    ]
)


@settings(max_examples=200)
@given(
    method=METHODS,
    path=PATHS | st.text(alphabet=string.printable, max_size=20).map("/3/".__add__),
    query=st.lists(
        st.tuples(st.sampled_from(["limit", "page", "lastmodified", "name", "sortby"]), st.text(max_size=8))
    ),
    body=st.binary(max_size=30),
)
def test_no_request_makes_it_raise(method, path, query, body):
    """Any verb, path, query and body is answered."""
    office = OFFICE
    office.advance(0.25)
    headers = {"authorization": f"Bearer {office.access_token}", **JSON}
    request = Request(method=method, path=path, query=tuple(query), headers=headers, body=body)
    assert 200 <= office.fortnox.handle(request).status < 500


OFFICE = Office(access_token_s=10**9)
OFFICE.customer()
