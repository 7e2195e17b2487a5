"""The pretend Fortnox: small registers, settings, screens, switches and filling (fortnox.md 14, 15, 22)."""

from __future__ import annotations

import pytest

from daemon.sandbox.fortnox import Fortnox, errors, writing
from daemon.sandbox.fortnox.customers import CUSTOMERS, check_organisation_number
from daemon.sandbox.web import ActionError
from tests.sandbox.fortnox_office import NOON, Office

pytestmark = pytest.mark.row("B4")


@pytest.fixture
def office() -> Office:
    return Office()


REGISTERS = [
    # path, wrapper, key, fields sent, the record as answered
    ("units", "Unit", "m%2F2", {"Code": "m/2", "Description": "Halvmeter"},
     {"Code": "m/2", "Description": "Halvmeter", "CodeEnglish": ""}),
    ("termsofpayments", "TermsOfPayment", "30DAYS", {"Code": "30days", "Description": "30 dagar"},
     {"Code": "30DAYS", "Description": "30 dagar"}),
    ("wayofdeliveries", "WayOfDelivery", "B", {"Code": "B", "Description": "Bil"},
     {"Code": "B", "Description": "Bil", "DescriptionEnglish": ""}),
    ("termsofdeliveries", "TermsOfDelivery", "F", {"Code": "F", "Description": "Fritt"},
     {"Code": "F", "Description": "Fritt", "DescriptionEnglish": ""}),
    ("currencies", "Currency", "GBP", {"Code": "GBP", "Description": "Pund", "BuyRate": 13.5},
     {"BuyRate": 13.5, "Code": "GBP", "Date": None, "Description": "Pund", "SellRate": 1, "Unit": 1,
      "IsAutomatic": False}),
    ("pricelists", "PriceList", "B", {"Code": "B", "Description": "Andra"},
     {"Code": "B", "Description": "Andra", "Comments": "", "PreSelected": False}),
    ("costcenters", "CostCenter", "UME", {"Code": "UME", "Description": "Umeå"},
     {"Code": "UME", "Description": "Umeå", "Note": "", "Active": True}),
    ("projects", "Project", "P100",
     {"ProjectNumber": "P100", "Description": "Bygge", "StartDate": "2026-01-15"},
     {"Comments": "", "ContactPerson": None, "Description": "Bygge", "EndDate": None, "ProjectLeader": None,
      "ProjectNumber": "P100", "Status": "NOTSTARTED", "StartDate": "2026-01-15"}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "wrapper", "key", "fields", "stored"), REGISTERS, ids=[row[0] for row in REGISTERS]
)
def test_a_small_register(office, path, wrapper, key, fields, stored):
    """Section 14: create, read, refuse a second, change, list whole, delete where there is DELETE."""
    item = f"/3/{path}/{key}"
    whole = {"@url": f"https://api.fortnox.se{item}", **stored}
    assert office.ask("POST", f"/3/{path}", {wrapper: fields}) == (201, {wrapper: whole})
    assert office.ask("GET", item) == (200, {wrapper: whole})
    assert office.code("POST", f"/3/{path}", {wrapper: fields}) == (400, errors.CODE_TAKEN)
    changed = {**whole, "Description": "Nytt"}
    assert office.ask("PUT", item, {wrapper: {"Description": "Nytt"}}) == (200, {wrapper: changed})
    deletes = path not in {"pricelists", "termsofdeliveries"}
    assert office.code("DELETE", item) == ((204, None) if deletes else (405, errors.NO_SUCH_VERB))


@pytest.mark.parametrize(
    ("path", "codes"),
    [
        ("units", ["förp", "h", "km", "st", "utl"]),
        ("termsofpayments", ["0", "10", "15", "20", "30", "AG", "K", "PF"]),
        ("currencies", ["DKK", "EUR", "NOK", "SEK", "USD"]),
        ("pricelists", ["A"]),
        ("customers", []),
        ("articles", []),
        ("costcenters", []),
        ("projects", []),
        ("wayofdeliveries", []),
    ],
)
def test_an_empty_company_has_settings_only(office, path, codes):
    """Section 14: the defaults of a new company."""
    assert sorted(office.keys(f"/3/{path}")) == codes


def test_a_term_of_payment_is_alphanumeric(office):
    """Section 8.5."""
    value = {"TermsOfPayment": {"Code": "30-d", "Description": "x"}}
    assert office.code("POST", "/3/termsofpayments", value) == (400, 2000106)


def test_a_project_takes_the_next_number_and_checks_its_dates(office):
    """Section 14."""
    assert (
        office.ask("POST", "/3/projects", {"Project": {"Description": "x"}})[1]["Project"]["ProjectNumber"]
        == "1"
    )
    value = {"Project": {"Description": "x", "EndDate": "2026-02-30"}}
    assert office.code("POST", "/3/projects", value) == (400, errors.NOT_A_DATE)
    value = {"Project": {"Description": "x", "Status": "LATE"}}
    assert office.code("POST", "/3/projects", value) == (400, errors.NOT_AN_OPTION)


def test_labels_have_numbers_of_their_own(office):
    """Section 14: Id assigned, an integer."""
    made = [
        office.ask("POST", "/3/labels", {"Label": {"Description": text}})[1]["Label"] for text in ("x", "y")
    ]
    assert [label["Id"] for label in made] == [1, 2]
    assert office.ask("PUT", "/3/labels/2", {"Label": {"Description": "z"}})[1]["Label"]["Description"] == "z"
    assert office.code("DELETE", "/3/labels/1") == (204, None)
    assert [label["Id"] for label in office.ask("GET", "/3/labels")[1]["Labels"]] == [2]


def test_the_tenant_shows_in_two_places_with_two_types(office):
    """Section 1: DatabaseNumber is an integer here and a string there."""
    information = office.ask("GET", "/3/companyinformation")[1]["CompanyInformation"]
    settings = office.ask("GET", "/3/settings/company")[1]["CompanySettings"]
    assert (information["DatabaseNumber"], settings["DatabaseNumber"]) == (1234567, "1234567")
    assert information["OrganizationNumber"] == settings["OrganizationNumber"]
    check_organisation_number(information["OrganizationNumber"])


def test_the_locked_period_is_set_in_the_screen(office):
    """Section 15: no date means that nothing is locked."""
    before = office.ask("GET", "/3/settings/lockedperiod")[1]
    office.fortnox.act("lock_period", {"EndDate": "2026-01-31"})
    after = office.ask("GET", "/3/settings/lockedperiod")[1]
    assert (before, after) == (
        {"LockedPeriod": {"EndDate": None}},
        {"LockedPeriod": {"EndDate": "2026-01-31"}},
    )


@pytest.mark.parametrize("name", ["date", "Date"])
def test_a_financial_year_is_found_by_a_date_in_it(office, name):
    """Section 15: both spellings; the id is not the calendar year."""
    (year,) = office.ask("GET", f"/3/financialyears?{name}=2026-03-05")[1]["FinancialYears"]
    assert (year["Id"], year["FromDate"], year["ToDate"]) == (2, "2026-01-01", "2026-12-31")
    assert office.ask("GET", "/3/financialyears/2")[1]["FinancialYear"] == year


def test_people_work_in_the_screens_without_wrapper_or_budget(office):
    """The verbs of people: create, edit, look, prices, delete; an emptied box is empty."""
    act = office.fortnox.act
    made = act("create", {"kind": "Customer", "fields": {"Name": "Ny", "City": "Umeå"}})
    for place in range(40):
        act("edit", {"kind": "customers", "key": made["CustomerNumber"], "fields": {"Phone1": str(place)}})
    seen = act("edit", {"kind": "customers", "key": "1", "fields": {"City": ""}})
    assert (seen["City"], seen["Phone1"]) == (None, "39")
    assert (
        office.ask("GET", "/3/customers/1")[1]["Customer"]
        == seen
        == act("look", {"kind": "customers", "key": "1"})
    )
    act("create", {"kind": "articles", "fields": {"Description": "Vara"}})
    for price in (5, 7):
        act("set_price", {"ArticleNumber": "1", "Price": price})
    assert act("look", {"kind": "articles"})[0]["SalesPrice"] == 7
    assert act("delete", {"kind": "articles", "key": 1}) == {"deleted": "1"}
    assert act("delete_customer", {"CustomerNumber": "1"}) == {"deleted": "1"}
    assert office.keys("/3/customers") == []


@pytest.mark.parametrize(
    ("verb", "body", "says"),
    [
        ("dance", {}, "There is no verb 'dance'"),
        ("edit", {"kind": "ships", "key": "1", "fields": {}}, "There is no kind 'ships'"),
        ("edit", {"kind": "customers", "key": "9", "fields": {}}, "Kan inte hitta kunden. (2000433)"),
        ("edit", {"kind": "customers", "key": "1"}, "Say 'fields'"),
        (
            "edit",
            {"kind": "customers", "key": "1", "fields": {"CustomerNumber": "2"}},
            "CustomerNumber cannot be edited",
        ),
        ("edit", {"kind": "customers", "key": "1", "fields": {"Name": ""}}, "(2005095)"),
        ("create", {"kind": "customers", "fields": {"Name": "x"}, "tenant": "1"}, "There is no tenant '1'"),
        ("delete", {"kind": "pricelists", "key": "A"}, "A PriceList cannot be deleted."),
        ("delete_customer", {}, "Say 'CustomerNumber'"),
        ("revoke_consent", {"client_id": "nobody"}, "There is no client 'nobody'"),
        ("lock_period", {"EndDate": "soon"}, "Say 'EndDate'"),
    ],
    ids=[
        "verb",
        "kind",
        "key",
        "fields",
        "key field",
        "required",
        "tenant",
        "no delete",
        "no number",
        "client",
        "date",
    ],
)
def test_a_screen_refuses_with_a_sentence(office, verb, body, says):
    """ActionError says why."""
    office.customer()
    with pytest.raises(ActionError) as refused:
        office.fortnox.act(verb, body)
    assert says in str(refused.value)


def test_every_verb_has_a_line_of_help(office):
    """`verbs` lists what `act` knows."""
    assert set(office.fortnox.verbs()) >= {
        "revoke_consent",
        "restore_consent",
        "delete_customer",
        "edit",
        "create",
    }
    assert all(text and "\n" not in text for text in office.fortnox.verbs().values())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("speed", 1),
        ("retry_after", "later"),
        ("stock_stamps_article", 1),
        ("access_token_s", "60"),
        ("access_token_s", -1),
    ],
)
def test_a_wrong_switch_is_refused_and_nothing_changes(office, name, value):
    """A switch has a name and values."""
    before = dict(office.fortnox.switches())
    with pytest.raises(ActionError):
        office.fortnox.switch(name, value)
    assert office.fortnox.switches() == before


def contents(seed: int) -> dict:
    fortnox = Fortnox(lambda: NOON)
    fortnox.reset(filled=True, seed=seed)
    return {
        kind: fortnox.act("look", {"kind": kind}) for kind in ("customers", "articles", "projects", "units")
    }


def test_a_filled_company_is_believable_and_small_enough_to_show():
    """Ten customers and twelve articles with prices, of the kinds that matter."""
    seen = contents(1)
    customers, articles = seen["customers"], seen["articles"]
    assert (len(customers), len(articles)) == (10, 12)
    assert [
        sum(row["Type"] == "PRIVATE" for row in customers),
        sum(not row["Active"] for row in customers),
    ] == [2, 1]
    assert [row["CountryCode"] for row in customers].count("SE") == 9
    assert sum(not row["Active"] for row in articles) == 1
    assert all(row["SalesPrice"] > 0 and row["Unit"] for row in articles)
    for row in customers:
        if row["CountryCode"] == "SE":
            check_organisation_number(row["OrganisationNumber"])


def test_the_same_seed_gives_the_same_company():
    """Deterministic, and the seed matters."""
    assert contents(7) == contents(7) != contents(8)


def test_nothing_in_a_filled_company_was_changed_lately():
    """A reader with a fresh mark sees nothing to do."""
    office = Office(filled=True)
    assert office.keys("/3/customers?lastmodified=2026-03-02") == []


def test_twenty_thousand_records_page_without_growing_slower():
    """The work of a page does not depend on where it lies: the register is sorted once, not per page."""
    office = Office(access_token_s=10**9)
    company = office.fortnox.companies["1234567"]
    register = company.registers["customers"]
    for _ in range(20_000):
        writing.create(company, CUSTOMERS, {"Name": "Kund"})
    first = register.ordered()
    numbers = [
        number for page in range(1, 41) for number in office.keys(f"/3/customers?limit=500&page={page}")
    ]
    assert numbers == [str(number) for number in range(1, 20_001)]
    assert register.ordered() is first
    assert len(office.keys("/3/customers?limit=9999")) == 500  # 22 no 8
