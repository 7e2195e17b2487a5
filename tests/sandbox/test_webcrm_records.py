"""The pretend webCRM's records: values, deliveries, lines, the catalogue; sections are webcrm.md's."""

from __future__ import annotations

import pytest

from tests.sandbox.test_webcrm import Caller, error, read

YEAR_ONE = "0001-01-01T00:00:00+00:00"
EACH_DELIVERY = "SELECT * FROM Delivery ORDER BY"

VALUES = [
    # field, sent, and what a GET answers (None: 400)
    ("a text", "OrganisationName", "Björk & Co AB", "Björk & Co AB"),
    ("a name of 200", "OrganisationName", "x" * 200, "x" * 200),
    ("a name of 201", "OrganisationName", "x" * 201, None),
    ("a telephone of 51", "OrganisationTelephone", "1" * 51, None),
    ("an address of 251", "OrganisationAddress", "x" * 251, None),
    ("a custom text of 51", "OrganisationExtraCustom1", "x" * 51, None),
    ("a memo has no limit", "OrganisationXMemo1", "x" * 9000, "x" * 9000),
    ("lines in an address", "OrganisationAddress", "Storgatan 1\nPlan 2", "Storgatan 1\nPlan 2"),
    ("a number is no text", "OrganisationName", 7, None),
    ("a choice", "OrganisationType", "Kund – Företag", "Kund – Företag"),
    ("a choice with another dash", "OrganisationType", "Kund - Företag", None),
    ("a choice in another case", "OrganisationType", "kund – företag", None),
    ("no choice", "OrganisationType", "", "-- välj --"),
    ("the unset text sent back", "OrganisationType", "-- välj --", "-- välj --"),
    ("a whole number", "OrganisationOwner", 3, 3),
    ("a fraction", "OrganisationOwner", 3.5, None),
    ("a number too large", "OrganisationOwner", 2**31, None),
    ("a flag", "OrganisationNoAds", True, True),
    ("a date-time", "OrganisationVatVerifiedAt", "2026-01-15T10:20:30Z", "2026-01-15T10:20:30+00:00"),
    (
        "a date-time in Stockholm",
        "OrganisationVatVerifiedAt",
        "2026-01-15T00:00:00+01:00",
        "2026-01-14T23:00:00+00:00",
    ),
    ("year 1 is empty", "OrganisationVatVerifiedAt", "0001-01-01T00:00:00+01:00", YEAR_ONE),
    ("a date that is none", "OrganisationVatVerifiedAt", "2026-02-30", None),
    ("what the server keeps", "OrganisationUpdatedBy", "me", "fortnox-syncd"),
    ("null leaves it", "OrganisationCity", None, ""),
]


@pytest.mark.parametrize(("field", "sent", "expected"), [c[1:] for c in VALUES], ids=[c[0] for c in VALUES])
def test_a_value_is_kept_in_webcrms_form_or_refused(field, sent, expected):
    """Each kind of field takes its own values, has its own empty one, refuses the rest with 400 (6, 7)."""
    web = Caller()
    number = web.organisation(OrganisationName="before")
    response = web.send("PUT", f"/Organisations/{number}", {"OrganisationId": number, field: sent})
    if expected is None:
        assert error(response) == (400, "ValidationException")
        assert web.get(f"/Organisations/{number}")["OrganisationName"] == "before"
        return
    assert (response.status, response.body) == (200, b"")
    assert web.get(f"/Organisations/{number}")[field] == expected


def test_a_length_error_reads_as_webcrms_does():
    """The text of a length error is the one a client may show (4)."""
    response = Caller().send("POST", "/Organisations", {"OrganisationId": 0, "OrganisationName": "x" * 201})
    message = "The field OrganisationName must be a string with a maximum length of 200."
    assert read_error(response) == {"Message": message, "Type": "ValidationException"}


def read_error(response):
    return read(type(response)(status=200, body=response.body))


PUTS = [
    ("absent is unchanged", {}, ("Ek AB", "Visby")),
    ("null is unchanged", {"OrganisationCity": None}, ("Ek AB", "Visby")),
    ('"" clears', {"OrganisationCity": ""}, ("Ek AB", "")),
    ("the unknown is ignored", {"OrganisationMoon": "full"}, ("Ek AB", "Visby")),
    ("names have no case", {"organisationcity": "Umeå"}, ("Ek AB", "Umeå")),
]


@pytest.mark.parametrize(("sent", "expected"), [c[1:] for c in PUTS], ids=[c[0] for c in PUTS])
def test_put_is_partial_and_always_stamps(sent, expected):
    """A PUT changes the fields it names, and UpdatedAt and UpdatedBy even if nothing differs (7, 15.3)."""
    web = Caller()
    number = web.organisation(OrganisationName="Ek AB", OrganisationCity="Visby")
    web.wait(60)
    web.put(f"/Organisations/{number}", OrganisationId=number, **sent)
    row = web.get(f"/Organisations/{number}")
    assert (row["OrganisationName"], row["OrganisationCity"]) == expected
    assert (row["OrganisationCreatedAt"], row["OrganisationCreatedBy"]) == (
        "2026-01-15T12:00:00+00:00",
        "Eva Ek",
    )
    assert (row["OrganisationUpdatedAt"], row["OrganisationUpdatedBy"]) == (
        "2026-01-15T12:01:00+00:00",
        "fortnox-syncd",
    )


BAD_BODIES = [
    ("another id than the path's", "PUT", "/Organisations/2001", {"OrganisationId": 2}),
    ("no id in a put", "PUT", "/Organisations/2001", {"OrganisationName": "x"}),
    ("no id in a post", "POST", "/Organisations", {"OrganisationName": "x"}),
    ("an id in a post", "POST", "/Organisations", {"OrganisationId": 7}),
    ("a list", "POST", "/Organisations", [1]),
    ("a person without a last name", "POST", "/Persons", {"PersonId": 0, "PersonOrganisationId": 2001}),
    (
        "a person of nobody",
        "POST",
        "/Persons",
        {"PersonId": 0, "PersonLastName": "-", "PersonOrganisationId": 9},
    ),
    ("a person who moves", "PUT", "/Persons/3001", {"PersonId": 3001, "PersonOrganisationId": 2002}),
    ("a delivery to nobody", "POST", "/Deliveries", {"DeliveryId": 0, "DeliveryOrganisationId": 9}),
    ("a delivery without a customer", "POST", "/Deliveries", {"DeliveryId": 0}),
    (
        "a status that is none",
        "POST",
        "/Deliveries",
        {"DeliveryId": 0, "DeliveryOrganisationId": 2001, "DeliveryStatus": "Avslutad"},
    ),
    ("a line of nothing", "POST", "/QuotationLines", {"QuotationLineId": 0, "QuotationLineOpportunityId": 9}),
    (
        "an article with empty data",
        "POST",
        "/QuotationLines/LinkedData",
        {"QuotationLineLinkedDataItemId": 0},
    ),
]


@pytest.mark.parametrize(
    ("method", "path", "body"), [c[1:] for c in BAD_BODIES], ids=[c[0] for c in BAD_BODIES]
)
def test_a_body_that_cannot_be_stored_is_refused(method, path, body):
    """Missing and impossible references are 400 and leave nothing behind (7, 8, 9, 15.10)."""
    web = Caller(filled=True)
    before = web.get("/Organisations"), web.get("/Persons")
    assert error(web.send(method, path, body)) == (400, "ValidationException")
    assert (web.get("/Organisations"), web.get("/Persons"), web.get("/Deliveries")) == (*before, [])


POST_RESULTS = [("empty", None), ("int", 2001), ("object", {"OrganisationId": 2001})]


@pytest.mark.parametrize(("shape", "expected"), POST_RESULTS)
def test_an_organisation_is_created_with_any_of_three_answers(shape, expected):
    """The answer to creating an organisation has changed with the years: nothing, the id, an object (7)."""
    web = Caller(post_result=shape)
    assert web.post("/Organisations", OrganisationId=0, OrganisationName="Ek AB") == expected
    assert [row["OrganisationName"] for row in web.get("/Organisations")] == ["Ek AB"]


def test_many_are_written_at_once():
    """PATCH inserts id 0, updates the rest, and answers one text per item: the id or why not (7)."""
    web = Caller(filled=True)
    items = [
        {"OrganisationId": 0},
        {"OrganisationId": 2001, "OrganisationCity": "Visby"},
        {"OrganisationId": 9},
        5,
    ]
    answer = read(web.send("PATCH", "/Organisations", items))
    assert answer == ["2011", "2001", "Organisation 9 was not found", "The OrganisationId field is required."]


def test_a_country_can_be_an_object():
    """With the newer shape the country is an object, and is written through OrganisationCountryValue (14)."""
    web = Caller()
    number = web.organisation(OrganisationCountry="Sverige")
    assert web.get(f"/Organisations/{number}")["OrganisationCountry"] == "Sverige"
    web.crm.switch("country_shape", "object")
    web.put(f"/Organisations/{number}", OrganisationId=number, OrganisationCountry="Danmark")
    row = web.get(f"/Organisations/{number}")
    assert row["OrganisationCountry"] == {"Name": "Sverige", "CodeISO": "SE", "CodeUN": "752"}
    web.put(f"/Organisations/{number}", OrganisationId=number, OrganisationCountryValue="Norge")
    assert web.get(f"/Organisations/{number}")["OrganisationCountry"]["CodeISO"] == "NO"


def test_terms_can_be_a_dropdown():
    """With the switch, payment terms are written and shown with their full text (6, 13)."""
    web = Caller()
    number = web.organisation(OrganisationExtraCustom4="30")
    web.crm.switch("terms_dropdown", True)
    assert web.get(f"/Organisations/{number}")["OrganisationExtraCustom4"] == "30: 30 dagar"
    body = {"OrganisationId": number, "OrganisationExtraCustom4": "10"}
    assert web.send("PUT", f"/Organisations/{number}", body).status == 400
    web.crm.switch("strict_dropdowns", False)
    assert web.send("PUT", f"/Organisations/{number}", body).status == 200


def test_changed_organisations_are_found_from_start_until_before_end():
    """FindByUpdateDates holds its start and not its end (5)."""
    web = Caller()
    for _ in range(3):
        web.organisation()
        web.wait(60)
    found = web.get("/Organisations/FindByUpdateDates/2026-01-15T12%3A00%3A00Z/2026-01-15T12:02:00Z")
    assert [row["OrganisationId"] for row in found] == [2001, 2002]
    assert len(web.get("/Organisations/FindByCreateDates/2026-01-15/2026-01-16")) == 3


def test_metadata_tells_what_is_configured():
    """Each field is listed with its name, label, length and choices, and goes when it is removed (6)."""
    web = Caller()

    def described(entity):
        return {row["FieldMetadataFriendlyFieldName"]: row for row in web.get(f"/FieldsMetadata/{entity}")}

    fields = described("Organisation")
    kind = fields["OrganisationType"]
    assert (kind["FieldMetadataDisplayType"], kind["FieldMetadataLabel"]) == ("D", "Typ")
    assert {"Text": "Kund – Privat", "Value": "Kund – Privat"} in kind["FieldMetadataDropdownListData"]
    assert fields["OrganisationExtraCustom1"]["FieldMetadataLabel"] == "Kundnummer"
    assert fields["OrganisationName"]["FieldMetadataTextFieldMaxLength"] == 200
    assert described("Delivery")["DeliveryCustom5"]["FieldMetadataDisplayType"] == "C"
    web.crm.act("remove_field", {"entity": "Organisation", "name": "OrganisationExtraCustom1"})
    assert "OrganisationExtraCustom1" not in described("Organisation")
    assert "OrganisationExtraCustom1" not in web.get(f"/Organisations/{web.organisation()}")
    web.crm.act("add_field", {"entity": "Organisation", "name": "OrganisationCustom11", "label": "Nr"})
    assert described("All")["OrganisationCustom11"]["FieldMetadataLabel"] == "Nr"


def test_a_fresh_delivery_has_webcrms_defaults():
    """An empty delivery is New, without risk or date, and not ready for any ERP (9)."""
    web = Caller()
    row = web.get(f"/Deliveries/{web.delivery()}")
    expected = {
        "DeliveryStatus": "New",
        "DeliveryRisk": "NoRisk",
        "DeliveryErpStatus": "NotReadyForSynchronization",
        "DeliveryOrderDate": YEAR_ONE,
        "DeliveryOrderValue": 0.0,
        "DeliveryCurrencyName": "00",
        "DeliveryCustom3": "",
        "DeliveryCustom5": "No",
    }
    assert row.items() > expected.items()


def test_two_deliveries_with_one_number_lock_each_other():
    """A number used twice can be created; then neither can be edited, by API (9, 15.8)."""
    web = Caller()
    first, second = (web.delivery(DeliveryNumber="77") for _ in range(2))
    for number in (first, second):
        response = web.send("PUT", f"/Deliveries/{number}", {"DeliveryId": number, "DeliveryNote": "x"})
        assert read_error(response)["Message"] == "Delivery number is not unique"
    web.crm.act("edit", {"entity": "Delivery", "id": second, "fields": {"DeliveryNumber": "78"}})
    web.put(f"/Deliveries/{first}", DeliveryId=first, DeliveryNote="x")


def test_a_delivery_changes_customer_only_by_moving():
    """The customer cannot be edited, /Move changes it and answers 204 (9)."""
    web = Caller()
    number, other = web.delivery(), web.organisation()
    line = web.line(number)
    body = {"DeliveryId": number, "DeliveryOrganisationId": other}
    assert web.send("PUT", f"/Deliveries/{number}", body).status == 400
    assert web.send("POST", f"/Deliveries/{number}/Move", {"NewOrganisationId": other}).status == 204
    assert [row["DeliveryId"] for row in web.get(f"/Deliveries/ByOrganisation/{other}")] == [number]
    assert web.get(f"/QuotationLines/{line}")["QuotationLineOrganisationId"] == other


def test_deliveries_and_opportunities_share_their_ids():
    """One counter numbers both, so no id means two things; converting takes the next (8, 15.3)."""
    web = Caller()
    delivery = web.delivery(DeliveryDescription="Tak", DeliveryStatus="Planned")
    line = web.line(delivery)
    opportunity = web.post(f"/Deliveries/{delivery}/ConvertToOpportunity/3")
    again = web.post(f"/Opportunities/{opportunity}/ConvertToDelivery")
    assert (opportunity, again) == (delivery + 1, delivery + 2)
    assert web.get(f"/Deliveries/{again}")["DeliveryDescription"] == "Tak"
    assert [row["QuotationLineId"] for row in web.get(f"/Deliveries/{again}/QuotationLines")] == [line]
    assert web.get("/Deliveries/ByStatus/new")[0]["DeliveryId"] == again


@pytest.mark.parametrize("dialect", ["plain", "opportunity"])
def test_a_delivery_speaks_one_of_two_dialects(dialect):
    """Description is written, shown, asked for and described under the dialect's name only (9)."""
    web = Caller()
    number = web.delivery(DeliveryDescription="faktura")
    web.crm.switch("delivery_dialect", dialect)
    name, other = "DeliveryDescription", "DeliveryOpportunityDescription"
    name, other = (name, other) if dialect == "plain" else (other, name)
    row = web.get(f"/Deliveries/{number}")
    described = {field["FieldMetadataFriendlyFieldName"] for field in web.get("/FieldsMetadata/Delivery")}
    assert (row[name], other in row, name in described, other in described) == ("faktura", False, True, False)
    web.put(f"/Deliveries/{number}", DeliveryId=number, **{name: "ny", other: "nej"})
    assert web.get("/Queries", script=f"{EACH_DELIVERY} {name}")[0][name] == "ny"


@pytest.mark.parametrize("bumps", [False, True])
def test_a_line_touches_its_delivery_only_when_switched_on(bumps):
    """Whether a changed line raises its delivery's UpdatedAt is not known: by default it does not (5)."""
    web = Caller(line_bumps_delivery=bumps)
    delivery = web.delivery()
    web.wait(60)
    line = web.line(delivery)
    seen = [web.get(f"/Deliveries/{delivery}")["DeliveryUpdatedAt"]]
    web.wait(60)
    read(web.send("DELETE", f"/QuotationLines/{line}"))
    seen.append(web.get(f"/Deliveries/{delivery}")["DeliveryUpdatedAt"])
    assert [moment[11:16] for moment in seen] == (["12:01", "12:02"] if bumps else ["12:00", "12:00"])
    assert web.get(f"/Deliveries/{delivery}/QuotationLines") == []


PRICES = [("total", 4050.0), ("unit", 450.0)]


@pytest.mark.parametrize(("mode", "price"), PRICES)
def test_the_screen_works_out_a_lines_price(mode, price):
    """A row of 10 at 450 less 10 % made by a person has the total, or the unit, as its price (10)."""
    web = Caller(line_price_mode=mode)
    fields = {
        "QuotationLineOpportunityId": web.delivery(),
        "QuotationLineQuantity": 10,
        "QuotationLineListPrice": 450,
        "QuotationLineDiscount": 10,
    }
    row = web.crm.act("create", {"entity": "QuotationLine", "fields": fields})
    assert row["QuotationLinePrice"] == price
    row = web.crm.act(
        "edit",
        {"entity": "QuotationLine", "id": row["QuotationLineId"], "fields": {"QuotationLineMemo": "x"}},
    )
    assert (row["QuotationLinePrice"], "QuotationLineLinkedDataId" in row) == (price, False)


def test_linked_lines_take_their_texts_from_the_catalogue():
    """With linked lines a row needs a catalogue item and gets its Data from it (10, 15.10)."""
    web = Caller(linked_lines=True)
    delivery = web.delivery()
    data = {f"QuotationLineLinkedDataItemData{n}": f"d{n}" for n in range(1, 10)}
    item = web.post("/QuotationLines/LinkedData", QuotationLineLinkedDataItemId=0, **data)
    line = web.line(delivery, QuotationLineLinkedDataId=item, QuotationLineData1="mine")
    row = web.get(f"/QuotationLines/{line}")
    assert (row["QuotationLineData1"], row["QuotationLineData3"], "QuotationLineData4" in row) == (
        "d1",
        "d3",
        False,
    )
    body = {"QuotationLineId": line, "QuotationLineMemo": "x"}
    assert web.send("PUT", f"/QuotationLines/{line}", body).status == 400


def test_the_catalogue_is_one_whole_list():
    """Catalogue items are listed without pages, changed in part, never left empty, and deleted (11)."""
    web = Caller()
    data = {f"QuotationLineLinkedDataItemData{n}": "-" for n in range(1, 10)}
    ids = [web.post("/QuotationLines/LinkedData", QuotationLineLinkedDataItemId=0, **data) for _ in range(25)]
    assert [
        row["QuotationLineLinkedDataItemId"] for row in web.get("/QuotationLines/LinkedData", Size=2)
    ] == ids
    path, key = f"/QuotationLines/LinkedData/{ids[0]}", {"QuotationLineLinkedDataItemId": ids[0]}
    web.put(path, **key, QuotationLineLinkedDataItemPrice=499.5, QuotationLineLinkedDataItemCostPrice=None)
    assert web.send("PUT", path, {**key, "QuotationLineLinkedDataItemData2": ""}).status == 400
    assert web.get(path)["QuotationLineLinkedDataItemPrice"] == 499.5
    setup = web.get("/QuotationLines/LinkedSetup")
    used = [setup[f"QuotationLineLinkedSetupUseLinkedField{n}"] for n in (1, 2, 3, 4)]
    assert (used, setup["QuotationLineLinkedSetupLinkMode"]) == ([True, True, True, False], "Regular")
    read(web.send("DELETE", path))
    assert web.send("GET", path).status == 404


def test_creations_in_a_burst_can_fail():
    """With the switch on, a second creation of a kind within 50 ms fails with 500 (15.9)."""
    web = Caller(create_burst_fault=True)
    body = {"OrganisationId": 0}
    assert web.send("POST", "/Organisations", body).status == 200
    web.wait(0.049)
    assert web.send("POST", "/Organisations", body).status == 500
    web.wait(0.05)
    assert web.send("POST", "/Organisations", body).status == 200
    assert len(web.get("/Organisations")) == 2


def test_a_deleted_organisation_is_gone_with_all_it_owns():
    """What a person deletes is 404 from then on, and only that (5)."""
    web = Caller(filled=True)
    delivery = web.delivery(DeliveryOrganisationId=2001)
    line = web.line(delivery)
    web.crm.act("delete_organisation", {"id": 2001})
    gone = ("/Organisations/2001", "/Persons/3001", f"/Deliveries/{delivery}", f"/QuotationLines/{line}")
    assert {web.send("GET", path).status for path in gone} == {404}
    assert len(web.get("/Organisations")) == 9


def test_a_deleted_delivery_is_gone_with_its_lines_alone():
    """What it belonged to stays (5)."""
    web = Caller(filled=True)
    delivery, other = web.delivery(DeliveryOrganisationId=2001), web.delivery(DeliveryOrganisationId=2001)
    line, kept = web.line(delivery), web.line(other)
    web.crm.act("delete_delivery", {"id": delivery})
    gone = (f"/Deliveries/{delivery}", f"/QuotationLines/{line}")
    there = ("/Organisations/2001", f"/Deliveries/{other}", f"/QuotationLines/{kept}")
    assert {web.send("GET", path).status for path in gone} == {404}
    assert {web.send("GET", path).status for path in there} == {200}


def test_rights_are_shown_on_request():
    """include=SecurityInfo adds what the token may do with each record (5)."""
    web = Caller(filled=True, token="reader")
    row = web.get("/Organisations/2001", include="SecurityInfo")
    assert row["OrganisationSecurityInfo"] == {"CanRead": True, "CanEdit": False}
