"""The pretend Fortnox: requests, refusals, merging and clearing (fortnox.md 5, 6, 8)."""

from __future__ import annotations

import pytest

from daemon.sandbox.fortnox import errors
from tests.sandbox.fortnox_office import JSON, Office, parsed

pytestmark = pytest.mark.row("B4")

WHOLE = {
    "Address1": "Storgatan 1",
    "ZipCode": "903 26",
    "City": "Umeå",
    "Email": "info@example.se",
    "TermsOfPayment": "30",
    "Currency": "EUR",
    "CountryCode": "NO",
    "SalesAccount": "3001",
    "InvoiceDiscount": 5,
}


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        pytest.param("GET", "/3/customers/", 200, None, id="a trailing slash is accepted"),
        pytest.param("GET", "/3/nothing", 404, errors.NO_SUCH_PATH, id="unknown register"),
        pytest.param("GET", "/3/", 404, errors.NO_SUCH_PATH, id="no register"),
        pytest.param("GET", "/4/customers", 404, errors.NO_SUCH_PATH, id="another version"),
        pytest.param("GET", "/3/customers/1/contacts", 404, errors.NO_SUCH_PATH, id="a path too deep"),
        pytest.param("PATCH", "/3/customers", 405, errors.NO_SUCH_VERB, id="PATCH"),
        pytest.param("DELETE", "/3/customers", 405, errors.NO_SUCH_VERB, id="DELETE a register"),
        pytest.param("POST", "/3/customers/1", 405, errors.NO_SUCH_VERB, id="POST to a key"),
        pytest.param("DELETE", "/3/pricelists/A", 405, errors.NO_SUCH_VERB, id="price lists stay"),
        pytest.param("GET", "/3/labels/1", 405, errors.NO_SUCH_VERB, id="labels are listed only"),
        pytest.param("PUT", "/3/companyinformation", 405, errors.NO_SUCH_VERB, id="settings are read only"),
        pytest.param("GET", "/3/customers/77", 404, 2000433, id="no such customer"),
        pytest.param("GET", "/3/articles/77", 404, 2000428, id="no such article"),
        pytest.param("GET", "/3/units/77", 404, 2000432, id="no such unit"),
        pytest.param("GET", "/3/termsofpayments/77", 404, 2000429, id="no such term"),
        pytest.param("GET", "/3/projects/77", 404, 2001161, id="no such project"),
        pytest.param("PUT", "/3/customers/77", 404, 2000433, id="change no such customer"),
        pytest.param("DELETE", "/3/customers/77", 404, 2000433, id="delete no such customer"),
    ],
)
def test_paths_and_verbs(office, method, path, status, code):
    """Sections 1.1, 5 and 6.2."""
    value = {"Customer": {"Name": "x"}} if method in {"PUT", "POST"} else None
    assert office.code(method, path, value) == (status, code)


def test_the_newer_services_have_their_own_error_shape(office):
    """Section 6.1: `/api` answers with error, id and message."""
    status, body = office.ask("GET", "/api/warehouse/stockpoints-v1")
    assert (status, set(body)) == (404, {"error", "id", "message"})


def test_the_envelope_changes_case_with_the_status(office):
    """Section 6.1: lower case on 400, TitleCase on 404; Swedish messages."""
    assert office.ask("GET", "/3/customers?filter=x")[1] == {
        "ErrorInformation": {"error": 1, "message": "Ett ogiltigt filter har använts.", "code": 2000587}
    }
    assert office.ask("GET", "/3/customers/1")[1] == {
        "ErrorInformation": {"Error": 1, "Message": "Kan inte hitta kunden.", "Code": 2000433}
    }


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        pytest.param({"content-type": "application/json"}, 201, None, id="no Accept"),
        pytest.param({**JSON, "accept": "*/*"}, 201, None, id="anything"),
        pytest.param(
            {**JSON, "accept": "text/html, application/json;q=0.9"}, 201, None, id="JSON among others"
        ),
        pytest.param({**JSON, "accept": "application/pdf"}, 400, 1000030, id="PDF"),
        pytest.param({**JSON, "content-type": "application/json; charset=utf-8"}, 201, None, id="a charset"),
        pytest.param({**JSON, "content-type": "text/plain"}, 400, 1000031, id="plain text"),
        pytest.param({"accept": "application/json"}, 400, 1000031, id="no Content-Type"),
    ],
)
def test_media_types(office, headers, status, code):
    """Section 5: 1000030 for Accept, 1000031 for Content-Type."""
    headers = {**headers, "authorization": f"Bearer {office.access_token}"}
    response = office.send("POST", "/3/customers", b'{"Customer":{"Name":"x"}}', headers)
    assert response.status == status
    assert parsed(response).get("ErrorInformation", {}).get("code") == code


@pytest.mark.parametrize(
    ("body", "code"),
    [
        pytest.param(b"", 2001392, id="empty"),
        pytest.param(b"  ", 2001392, id="blank"),
        pytest.param(b"{}", 2001392, id="no wrapper"),
        pytest.param(b'{"customer":{"Name":"x"}}', 2001392, id="wrapper in lower case"),
        pytest.param(b'{"Customer":[]}', 2001392, id="wrapper around a list"),
        pytest.param(b'{"Customer":{}}', 2001392, id="nothing wrapped"),
        pytest.param(b'{"Customer":{"Name":"x"},"More":1}', 2001392, id="two wrappers"),
        pytest.param(b'{"Name":"x"}', 2001392, id="not wrapped"),
        pytest.param(b'[{"Customer":{"Name":"x"}}]', 2001392, id="a list"),
        pytest.param(b'{"Customer":{"Name":"x"}', 2002115, id="cut off"),
        pytest.param(b"Name=x", 2002115, id="a form"),
        pytest.param(b'{"Customer":{"Name":"\xff"}}', 2002115, id="not UTF-8"),
        pytest.param(b"[" * 100_000, 2002115, id="nested without end"),
        pytest.param(b'{"Customer":{"Name":"x","InvoiceDiscount":NaN}}', 2002115, id="NaN"),
    ],
)
def test_bodies(office, body, code):
    """Section 6.3: 2001392 for the wrapper, 2002115 for the JSON."""
    response = office.send("POST", "/3/customers", body)
    assert (response.status, parsed(response)["ErrorInformation"]["code"]) == (400, code)


def test_an_answer_is_written_as_fortnox_writes(office):
    r"""Section 5: `/` as `\/`, non-ASCII as `\uXXXX`, and no quota or ETag headers."""
    response = office.send("POST", "/3/customers", '{"Customer":{"Name":"Å/Ö"}}'.encode())
    assert b'"Name":"\\u00c5\\/\\u00d6"' in response.body
    assert b"https:\\/\\/api.fortnox.se\\/3\\/customers\\/1" in response.body
    assert response.headers["content-type"] == "application/json" and response.headers["server"] == "Fortnox"
    assert not {"etag", "last-modified"} & set(response.headers)


@pytest.mark.parametrize(
    ("path", "wrapper", "fields", "location"),
    [
        ("customers", "Customer", {"Name": "x"}, "customers"),
        ("articles", "Article", {"Description": "x"}, "articles"),
        ("projects", "Project", {"Description": "x"}, "project"),
        ("termsofpayments", "TermsOfPayment", {"Code": "60", "Description": "x"}, "paymentterms"),
        ("units", "Unit", {"Code": "m", "Description": "Meter"}, "units"),
    ],
    ids=["customers", "articles", "projects", "terms", "units"],
)
def test_a_post_answers_201_with_a_useless_location(office, path, wrapper, fields, location):
    """Section 5: the header holds one word; the key is in the body."""
    value = str({wrapper: fields}).replace("'", '"').encode()
    response = office.send("POST", f"/3/{path}", value)
    assert (response.status, response.headers["location"]) == (201, location)
    assert parsed(response)[wrapper]["@url"].startswith(f"https://api.fortnox.se/3/{path}/")


def test_delete_answers_204_without_a_body(office):
    """Section 5."""
    number = office.customer()["CustomerNumber"]
    response = office.send("DELETE", f"/3/customers/{number}")
    assert (response.status, response.body, "content-type" in response.headers) == (204, b"", False)


LONG = [
    ("Name", 1024), ("Address1", 1024), ("Comments", 1024), ("ExternalReference", 1024),
    ("InvoiceRemark", 1024), ("DeliveryName", 1024), ("EmailInvoice", 1024), ("Phone1", 1024),
    ("ZipCode", 10), ("DeliveryZipCode", 10), ("VisitingZipCode", 10), ("VisitingAddress", 128),
    ("VisitingCity", 128), ("WWW", 128), ("OurReference", 50), ("YourReference", 50),
]  # fmt: skip


@pytest.mark.parametrize(("name", "most"), LONG, ids=[name for name, _ in LONG])
def test_lengths_of_customer_fields(office, name, most):
    """Section 8.8: the last length that fits and the first that does not; the code is ours."""
    fits = office.customer(**{name: "x" * most})
    assert fits[name] == "x" * most
    value = {"Customer": {"Name": "x", name: "x" * (most + 1)}}
    assert office.code("POST", "/3/customers", value) == (400, errors.TOO_LONG)


LONG_ELSEWHERE = [
    ("articles", "Article", "Description", 200, {}),
    ("articles", "Article", "ArticleNumber", 50, {"Description": "x"}),
    ("articles", "Article", "EAN", 30, {"Description": "x"}),
    ("articles", "Article", "Manufacturer", 50, {"Description": "x"}),
    ("articles", "Article", "StockPlace", 100, {"Description": "x"}),
    ("articles", "Article", "Note", 10000, {"Description": "x"}),
    ("projects", "Project", "ProjectNumber", 20, {"Description": "x"}),
    ("projects", "Project", "Description", 50, {}),
    ("projects", "Project", "Comments", 512, {"Description": "x"}),
    ("costcenters", "CostCenter", "Code", 6, {"Description": "x"}),
    ("units", "Unit", "Code", 20, {"Description": "x"}),
    ("units", "Unit", "Description", 100, {"Code": "x"}),
    ("termsofpayments", "TermsOfPayment", "Code", 25, {"Description": "x"}),
    ("wayofdeliveries", "WayOfDelivery", "Code", 50, {"Description": "x"}),
    ("termsofdeliveries", "TermsOfDelivery", "Code", 20, {"Description": "x"}),
    ("labels", "Label", "Description", 25, {}),
    ("pricelists", "PriceList", "Description", 50, {"Code": "x"}),
]


@pytest.mark.parametrize(
    ("path", "wrapper", "name", "most", "more"),
    LONG_ELSEWHERE,
    ids=[f"{row[0]} {row[2]}" for row in LONG_ELSEWHERE],
)
def test_lengths_elsewhere(office, path, wrapper, name, most, more):
    """Section 8.8."""
    assert office.code("POST", f"/3/{path}", {wrapper: {**more, name: "x" * (most + 1)}}) == (
        400,
        errors.TOO_LONG,
    )
    assert office.code("POST", f"/3/{path}", {wrapper: {**more, name: "x" * most}}) == (201, None)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        pytest.param({"Nmae": "x"}, 2001399, id="unknown field"),
        pytest.param({"name": "x"}, 2001399, id="names have capitals"),
        pytest.param({"DefaultDeliveryTypes": {"Fax": "PRINT"}}, 2001399, id="unknown field in a group"),
        pytest.param({"City": ["x"]}, 2000106, id="a list for a text"),
        pytest.param({"City": True}, 2000106, id="a flag for a text"),
        pytest.param({"InvoiceDiscount": "much"}, 2000108, id="a word for a number"),
        pytest.param({"InvoiceDiscount": True}, 2000108, id="a flag for a number"),
        pytest.param({"InvoiceDiscount": 101}, errors.OUT_OF_RANGE, id="a number too large"),
        pytest.param({"Active": "yes"}, 2000134, id="a word for a flag"),
        pytest.param({"Active": 1}, 2000134, id="a number for a flag"),
        pytest.param({"Active": None}, 2000134, id="null for a flag"),
        pytest.param({"Type": "FIRM"}, errors.NOT_AN_OPTION, id="not a customer type"),
        pytest.param({"VATType": "NONE"}, errors.NOT_AN_OPTION, id="not a VAT type"),
        pytest.param(
            {"DefaultDeliveryTypes": {"Invoice": "PIGEON"}}, errors.NOT_AN_OPTION, id="not a delivery"
        ),
        pytest.param({"DefaultDeliveryTypes": "PRINT"}, errors.NOT_AN_OPTION, id="a text for a group"),
        pytest.param({"CountryCode": "XX"}, errors.NOT_A_COUNTRY, id="no such country"),
        pytest.param({"CountryCode": "Sverige"}, errors.TOO_LONG, id="a name for a country code"),
        pytest.param({"GLN": "73000000000"}, errors.TOO_SHORT, id="a GLN of 11 digits"),
        pytest.param({"GLN": "730000000000A"}, 2000108, id="a letter in a GLN"),
        pytest.param({"SalesAccount": "301"}, errors.TOO_SHORT, id="an account of three digits"),
        pytest.param({"Name": None}, 2005095, id="null for a required field"),
        pytest.param({"Name": "API_BLANK"}, 2005095, id="API_BLANK for a required field"),
        pytest.param({"Name": "a<b"}, 2000359, id="a character outside the class"),
        pytest.param({"TermsOfPayment": "77"}, 2000429, id="no such term of payment"),
        pytest.param({"Project": "77"}, 2001161, id="no such project"),
        pytest.param({"Currency": "XYZ"}, errors.MISSING["currencies"], id="no such currency"),
        pytest.param({"PriceList": "Z"}, errors.MISSING["pricelists"], id="no such price list"),
        pytest.param({"WayOfDelivery": "Z"}, errors.MISSING["wayofdeliveries"], id="no such way of delivery"),
        pytest.param(
            {"TermsOfDelivery": "Z"}, errors.MISSING["termsofdeliveries"], id="no such delivery terms"
        ),
        pytest.param({"CostCenter": "Z"}, errors.MISSING["costcenters"], id="no such cost centre"),
    ],
)
def test_refused_fields(office, fields, code):
    """Sections 6.3, 8.2, 8.8 and 9; codes from 9990001 are invented. Nothing is stored in part."""
    before = office.customer(**WHOLE)
    path = f"/3/customers/{before['CustomerNumber']}"
    value = {"Customer": {"Comments": "halvvägs", **fields}}
    assert office.code("PUT", path, value) == (400, code)
    assert office.ask("GET", path)[1]["Customer"]["Comments"] is None


def test_an_unknown_field_is_named(office):
    """Section 8.4: 2001399 names it."""
    _, body = office.ask("POST", "/3/customers", {"Customer": {"Name": "x", "Nmae": "y"}})
    assert body["ErrorInformation"]["message"] == "Felaktigt fältnamn (Nmae)"


ALLOWED = "–:.`´’,;^\\¤#%§£$€¢¥©™°&/()=+-*_!?²³®½@ \u00a0\n\rÅäßЖ中9\u0308\u030a"
REFUSED = "<>{}[]|~\"'\t\u0000😀¼①\u200b"


@pytest.mark.parametrize("sign", ALLOWED, ids=lambda sign: f"U+{ord(sign):04X}")
def test_allowed_characters(office, sign):
    """Section 8.7: the published class."""
    assert office.customer(Comments=f"a{sign}b")["Comments"] == f"a{sign}b"


@pytest.mark.parametrize("sign", REFUSED, ids=lambda sign: f"U+{ord(sign):04X}")
def test_refused_characters(office, sign):
    """Section 8.7: everything else is 2000359."""
    value = {"Customer": {"Name": "x", "Comments": f"a{sign}b"}}
    assert office.code("POST", "/3/customers", value) == (400, 2000359)


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        pytest.param({}, {}, id="left out"),
        pytest.param({"City": ""}, {}, id="an empty text is ignored"),
        pytest.param({"Name": ""}, {}, id="even for a required field"),
        pytest.param({"City": None}, {"City": None}, id="null clears"),
        pytest.param({"City": "API_BLANK"}, {"City": None}, id="API_BLANK clears"),
        pytest.param({"Email": None}, {"Email": ""}, id="a cleared e-mail reads as an empty text"),
        pytest.param({"TermsOfPayment": "API_BLANK"}, {"TermsOfPayment": ""}, id="a cleared reference"),
        pytest.param({"InvoiceDiscount": None}, {"InvoiceDiscount": None}, id="a cleared number"),
        pytest.param({"Currency": None}, {"Currency": "SEK"}, id="a cleared currency is the default"),
        pytest.param({"CountryCode": None}, {"CountryCode": None, "Country": None}, id="a cleared country"),
        pytest.param({"City": "Luleå"}, {"City": "Luleå"}, id="one field changes"),
        pytest.param({"ZipCode": 93131}, {"ZipCode": "93131"}, id="a number for a text"),
        pytest.param({"InvoiceDiscount": "7.125"}, {"InvoiceDiscount": 7.13}, id="a text for a number"),
        pytest.param({"InvoiceFreight": 49.5}, {"InvoiceFreight": "49.5"}, id="freight is a text"),
        pytest.param({"Active": "false"}, {"Active": False}, id="a text for a flag"),
        pytest.param(
            {"DefaultDeliveryTypes": {"Invoice": "EMAIL"}},
            {"DefaultDeliveryTypes": {"Invoice": "EMAIL", "Order": "PRINT", "Offer": "PRINT"}},
            id="a group merges too",
        ),
    ],
)
def test_put_is_a_merge(office, sent, stored):
    """Sections 8.1, 8.2 and 8.3: only the fields present change."""
    before = office.customer(**WHOLE)
    status, body = office.ask(
        "PUT", before["@url"].removeprefix("https://api.fortnox.se"), {"Customer": {"Comments": "ny", **sent}}
    )
    expected = {**before, "Comments": "ny", "SalesAccount": "3001", **stored}
    assert (status, body["Customer"]) == (200, expected)


READ_ONLY = [
    ("customers", "Customer", {"Country": "Norge"}),
    ("customers", "Customer", {"DeliveryCountry": "Norge"}),
    ("customers", "Customer", {"VisitingCountry": "Norge"}),
    ("customers", "Customer", {"@url": "x"}),
    ("customers", "Customer", {"CustomerNumber": "2"}),
    ("articles", "Article", {"SalesPrice": 5}),
    ("articles", "Article", {"DisposableQuantity": 5}),
    ("articles", "Article", {"ReservedQuantity": 5}),
    ("articles", "Article", {"StockValue": 5}),
    ("articles", "Article", {"SupplierName": "x"}),
    ("articles", "Article", {"ArticleNumber": "2"}),
]
READ_ONLY_IDS = [f"{path} {next(iter(fields))}" for path, _, fields in READ_ONLY]


@pytest.mark.parametrize(("path", "wrapper", "fields"), READ_ONLY, ids=READ_ONLY_IDS)
def test_read_only_fields_are_ignored_or_refused(path, wrapper, fields):
    """Section 8.4, 22 no 10: a switch; numbers never change (8.5)."""
    for setting, expected in (("ignore", (200, None)), ("refuse", (400, errors.READ_ONLY))):
        office = Office(read_only_field=setting)
        before = office.customer() if path == "customers" else office.article()
        key = f"/3/{path}/1"
        assert office.code("PUT", key, {wrapper: fields}) == expected
        assert office.ask("GET", key)[1][wrapper] == before


def test_a_body_as_read_may_name_its_own_number():
    """Section 8.5: the same number is no change, even in strict mode."""
    office = Office(read_only_field="refuse")
    office.customer()
    value = {"Customer": {"CustomerNumber": "1", "City": "Umeå"}}
    assert office.code("PUT", "/3/customers/1", value) == (200, None)
