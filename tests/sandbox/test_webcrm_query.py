"""The pretend webCRM's `/Queries`: which scripts it takes and what it answers (webcrm.md 5)."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.sandbox.webcrm.query import parse, quote
from daemon.sandbox.webcrm.values import Refusal
from tests.sandbox.test_webcrm import Caller, error

ACCEPTED = [
    "SELECT * FROM Organisation",
    "select organisationname from organisation",
    "SELECT OrganisationId, OrganisationName FROM Organisation ORDER BY OrganisationName",
    "SELECT * FROM Organisation WHERE OrganisationName = 'O''Hara' ORDER BY OrganisationId DESC",
    "SELECT * FROM Organisation WHERE (OrganisationId >= 1 AND OrganisationId < 9) OR OrganisationId = 12",
    "SELECT * FROM Delivery WHERE DeliveryUpdatedAt >= '2026-01-15T10:20:30.0000000Z'",
    "SELECT * FROM Delivery WHERE DeliveryStatus = 3 AND DeliveryOrderValue > -1.5",
    "SELECT * FROM LinkedData WHERE LinkedDataItemEntityType = 7 AND QuotationLineLinkedDataItemData1 = 'A'",
    "SELECT * FROM Person JOIN Organisation ON (Person.PersonOrganisationId = Organisation.OrganisationId)",
    "SELECT PersonName FROM Person JOIN Organisation ON OrganisationId = PersonOrganisationId",
    "SELECT * FROM Opportunity WHERE OpportunityLevel <= 4",
    "SELECT * FROM Activity",
    "  SELECT\n*\tFROM Organisation  ",
]
REFUSED = [
    "",
    "SELECT",
    "SELECT * FROM",
    "SELECT * FROM Moon",
    "SELECT * FROM QuotationLine",
    "SELECT Moon FROM Organisation",
    "SELECT QuotationLineLinkedDataId FROM LinkedData",
    "SELECT * FROM Organisation, Person",
    "SELECT * FROM Organisation WHERE",
    "SELECT * FROM Organisation WHERE OrganisationName",
    "SELECT * FROM Organisation WHERE OrganisationName = Volvo",
    "SELECT * FROM Organisation WHERE OrganisationName = 'Volvo",
    "SELECT * FROM Organisation WHERE OrganisationName = 7",
    "SELECT * FROM Organisation WHERE OrganisationId = '7'",
    "SELECT * FROM Organisation WHERE OrganisationUpdatedAt >= 'yesterday'",
    "SELECT * FROM Organisation WHERE OrganisationName LIKE 'V%'",
    "SELECT * FROM Organisation WHERE OrganisationId IN (1, 2)",
    "SELECT * FROM Organisation WHERE OrganisationId <> 1",
    "SELECT * FROM Organisation WHERE OrganisationName IS NULL",
    "SELECT * FROM Organisation WHERE NOT OrganisationId = 1",
    "SELECT * FROM Organisation WHERE (OrganisationId = 1",
    "SELECT * FROM Delivery WHERE DeliveryStatus = 'Completed'",
    "SELECT COUNT(*) FROM Organisation",
    "SELECT TOP 5 * FROM Organisation",
    "SELECT * FROM Organisation o",
    "SELECT * FROM Organisation; DROP TABLE Organisation",
    "SELECT * FROM Organisation ORDER BY",
    "SELECT * FROM Person JOIN Person ON (PersonId = PersonId)",
    "SELECT * FROM Person JOIN Organisation ON (PersonId = PersonOrganisationId)",
    "SELECT * FROM Person JOIN Organisation ON (PersonName = OrganisationId)",
    "DELETE FROM Organisation",
    "SELECT * FROM Organisation WHERE " + "(" * 500 + "OrganisationId = 1" + ")" * 500,
]


@pytest.mark.parametrize("script", ACCEPTED)
def test_a_script_of_the_known_subset_is_answered(script):
    """Every form that a live client has been seen to send is answered with rows (5)."""
    assert isinstance(Caller(filled=True).get("/Queries", script=script), list)


@pytest.mark.parametrize("script", REFUSED, ids=[script[:70] or "nothing" for script in REFUSED])
def test_a_script_outside_the_subset_is_refused(script):
    """A syntax error, an unknown name or an operator nobody has used is 400 QueryException (5)."""
    assert error(Caller(filled=True).send("GET", "/Queries", script=script)) == (400, "QueryException")


def outcome(script: str) -> str:
    try:
        parse(script)
    except Refusal as refusal:
        return refusal.kind
    return "read"


COMPANIES = [
    # name, type, customer number
    ("Ådalens Bygg AB", "Kund – Företag", "10"),
    ("O'Hara", "Kund – Privat", "9"),
    ("Gotlands Kalk AB", "Prospekt", ""),
]
EACH = "SELECT OrganisationName FROM Organisation"
QUESTIONS = [
    ("everything", "", ["Ådalens Bygg AB", "O'Hara", "Gotlands Kalk AB"]),
    ("equal whatever the case", "WHERE OrganisationName = 'ÅDALENS bygg ab'", ["Ådalens Bygg AB"]),
    ("a doubled quote", "WHERE OrganisationName = 'o''hara'", ["O'Hara"]),
    ("text is not ordered as numbers", "WHERE OrganisationExtraCustom1 > '10'", ["O'Hara"]),
    ("an unset field is the empty text", "WHERE OrganisationExtraCustom1 = ''", ["Gotlands Kalk AB"]),
    (
        "an unset choice is the empty text",
        "WHERE OrganisationIndustry = '' AND OrganisationId < 2002",
        ["Ådalens Bygg AB"],
    ),
    (
        "AND binds before OR",
        "WHERE OrganisationId = 2003 OR OrganisationId > 2001 AND OrganisationId < 2003",
        ["O'Hara", "Gotlands Kalk AB"],
    ),
    (
        "brackets",
        "WHERE (OrganisationId = 2003 OR OrganisationId > 2001) AND OrganisationId < 2003",
        ["O'Hara"],
    ),
    (
        "the gate of the customer types",
        (
            "WHERE OrganisationUpdatedAt >= '2026-01-15T12:00:00.0000000Z' "
            "AND (OrganisationType = 'Kund – Företag' OR OrganisationType = 'Kund – Privat')"
        ),
        ["Ådalens Bygg AB", "O'Hara"],
    ),
    ("later than all", "WHERE OrganisationUpdatedAt > '2026-01-15T12:00:00.0000000Z'", []),
    (
        "in another zone",
        "WHERE OrganisationUpdatedAt = '2026-01-15T13:00:00+01:00'",
        ["Ådalens Bygg AB", "O'Hara", "Gotlands Kalk AB"],
    ),
    ("ordered", "ORDER BY OrganisationName", ["Gotlands Kalk AB", "O'Hara", "Ådalens Bygg AB"]),
    ("ordered downwards", "ORDER BY OrganisationId DESC", ["Gotlands Kalk AB", "O'Hara", "Ådalens Bygg AB"]),
]


@pytest.mark.parametrize(("rest", "expected"), [c[1:] for c in QUESTIONS], ids=[c[0] for c in QUESTIONS])
def test_a_query_answers_the_rows_that_hold(rest, expected):
    """WHERE and ORDER BY mean what they mean in SQL, texts compared whatever their case (5)."""
    web = Caller()
    for name, kind, number in COMPANIES:
        web.organisation(OrganisationName=name, OrganisationType=kind, OrganisationExtraCustom1=number)
    rows = web.get("/Queries", script=f"{EACH} {rest}")
    assert [row["OrganisationName"] for row in rows] == expected


def test_a_query_row_is_the_record():
    """SELECT * answers the fields of the entity; a delivery's row has its opportunity's beside them (5)."""
    web = Caller()
    number = web.delivery(DeliveryDescription="faktura")
    [row] = web.get("/Queries", script="SELECT * FROM Delivery", formatCustomFields="true")
    assert row.items() > web.get(f"/Deliveries/{number}").items()
    assert (row["OpportunityLevel"], row["DeliveryDescription"]) == (0, "faktura")


def test_a_query_pages():
    """Page and Size choose among the rows that hold (5)."""
    web = Caller(filled=True)
    script = "SELECT OrganisationId FROM Organisation WHERE OrganisationId > 2003"
    pages = [web.get("/Queries", script=script, Page=n, Size=3) for n in (1, 2, 3, 4)]
    assert [[row["OrganisationId"] for row in page] for page in pages] == [
        [2004, 2005, 2006],
        [2007, 2008, 2009],
        [2010],
        [],
    ]


def test_a_join_pairs_persons_with_their_organisations():
    """A person's row carries the organisation it belongs to, which WHERE may ask about (5, 15.5)."""
    web = Caller(filled=True)
    script = (
        "SELECT Person.PersonName, OrganisationName FROM Person "
        "JOIN Organisation ON (Person.PersonOrganisationId = Organisation.OrganisationId) "
        "WHERE Organisation.OrganisationType = 'Prospekt'"
    )
    prospects = [
        row["OrganisationName"] for row in web.get("/Organisations") if row["OrganisationType"] == "Prospekt"
    ]
    assert [row["OrganisationName"] for row in web.get("/Queries", script=script)] == prospects


def test_lines_can_be_asked_for_only_when_switched_on():
    """Whether QuotationLine is a table is not documented: a switch lets it be one (5, 16)."""
    web = Caller(query_lines=True)
    number = web.line(web.delivery(), QuotationLineData1="A-1")
    script = "SELECT QuotationLineId FROM QuotationLine WHERE QuotationLineUpdatedAt >= '2026-01-15'"
    assert web.get("/Queries", script=script) == [{"QuotationLineId": number}]


def test_a_query_for_a_text_can_be_broken():
    """Then no text equals another, as if nothing were there; other queries show what is."""
    web = Caller(query_equals="empty")
    number = web.delivery()
    script = "SELECT DeliveryId FROM Delivery WHERE DeliveryErpId"
    assert web.get("/Queries", script=f"{script} < 'A'") == [{"DeliveryId": number}]
    assert web.get("/Queries", script=f"{script} = ''") == []


def test_the_catalogue_is_found_under_both_names():
    """LinkedData columns are known with and without "QuotationLine", its type compared by number (5, 11)."""
    web = Caller()
    data = {f"QuotationLineLinkedDataItemData{n}": "-" for n in range(1, 10)}
    data |= {"QuotationLineLinkedDataItemData1": "LIC-01", "QuotationLineLinkedDataItemEntityType": "Product"}
    number = web.post("/QuotationLines/LinkedData", QuotationLineLinkedDataItemId=0, **data)
    script = "SELECT * FROM LinkedData WHERE LinkedDataItemEntityType = 7 AND LinkedDataItemData1 = 'lic-01'"
    assert [row["QuotationLineLinkedDataItemId"] for row in web.get("/Queries", script=script)] == [number]


ASK = "SELECT OrganisationName FROM Organisation WHERE OrganisationName = "
NAMES = st.text(max_size=50)


@given(NAMES, NAMES)
def test_a_quoted_text_finds_itself_and_nothing_else(name, other):
    """Any text survives quoting, and `=` holds between two texts only when they fold to the same."""
    web = Caller()
    for text in {name, other}:
        web.organisation(OrganisationName=text)
    rows = web.get("/Queries", script=ASK + quote(name))
    alike = {text for text in (name, other) if text.casefold() == name.casefold()}
    assert {row["OrganisationName"] for row in rows} == alike


@given(
    st.lists(
        st.sampled_from(
            [
                "SELECT",
                "*",
                "FROM",
                "Organisation",
                "WHERE",
                "a",
                "=",
                "'x'",
                "1",
                "(",
                ")",
                "AND",
                "OR",
                ",",
                ".",
            ]
        )
    )
)
def test_any_words_are_read_or_refused(words):
    """The parser answers every row of words with a script or a Refusal, never with another error."""
    script = " ".join(words)
    assert outcome(script) in {"read", "QueryException"}


@given(st.text(alphabet=string.printable))
def test_any_text_is_read_or_refused(script):
    """The tokenizer takes any text and ends."""
    assert outcome(script) in {"read", "QueryException"}
