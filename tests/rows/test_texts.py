"""
Texts, lists, countries and answers in all the shapes that the two systems give them (rows W4 and W5).
"""

from __future__ import annotations

import pytest

from tests.rows.acts import codes, sent, sync_at_rest

pytestmark = pytest.mark.row("W4")

# fmt: off
TEXTS = [
    # what                   typed in webCRM             shown in Fortnox
    ("letters",              "Åkes Bygg AB",             "Åkes Bygg AB"),
    ("apostrophe",           "Olle's Bil",               "Olle’s Bil"),
    ("double quotes",        'Bageri "Kringlan"',        "Bageri ’’Kringlan’’"),
    ("emoji",                "Glada 😀 AB",              "Glada  AB"),
    ("CRLF",                 "Rad ett\r\nRad två",       "Rad ett\nRad två"),
    ("blanks around",        "  Alfa AB ",               "Alfa AB"),
    ("tab",                  "Alfa\tAB",                 "Alfa AB"),
    ("bar",                  "Alfa | Beta",              "Alfa  Beta"),
    ("angle brackets",       "Alfa <AB>",                "Alfa AB"),
    ("ampersand",            "Björk & Co",               "Björk & Co"),
    ("HTML entity",          "Björk &amp; Co",           "Björk &amp; Co"),
    ("entity of a quote",    "Olle&#39;s",               "Olle&#39;s"),
    ("decomposed accent",    "Cafe\u0301",               "Café"),
    ("Cyrillic",             "Москва",                   "Москва"),
    ("no-break space",       "Alfa\u00a0AB",             "Alfa\u00a0AB"),
    ("tilde and braces",     "~{Alfa}[AB]",              "AlfaAB"),
    ("only digits",          "0046",                     "0046"),
    ("a formula",            "=1+2",                     "=1+2"),
    ("looks like null",      "null",                     "null"),
]
FROM_FORTNOX = [
    # what                   stored in Fortnox           shown in webCRM
    ("letters",              "Åkes Bygg AB",             "Åkes Bygg AB"),
    ("typographic",          "Olle’s Bil",               "Olle’s Bil"),
    ("HTML entity",          "Björk &amp; Co",           "Björk & Co"),
    ("entity twice",         "Björk &amp;amp; Co",       "Björk & Co"),
    ("CRLF",                 "Rad ett\r\nRad två",       "Rad ett\nRad två"),
    ("blanks around",        " Alfa AB ",                "Alfa AB"),
]
# fmt: on


def spoken(rows):
    return {"argvalues": [row[1:] for row in rows], "ids": [row[0] for row in rows]}


@pytest.mark.parametrize(("typed", "stored"), **spoken(TEXTS))
async def test_what_fortnox_refuses_in_a_text_is_replaced_there_and_kept_in_webcrm(town, typed, stored):
    """
    Fortnox gets the nearest text it takes; webCRM keeps what was typed; nobody is parked, nothing bounces.
    """
    async with town.running():
        organisation = town.people.new_organisation("Alfa AB")
        await town.sync()
        town.people.edit_organisation(organisation, Fax=typed)
        await sync_at_rest(town)
        assert [] == await codes(town)
        town.people.edit_organisation(organisation, Www="www.alfa.example")
        since = town.world.log.last_seq
        await sync_at_rest(town)
    assert [{"Customer": {"WWW": "www.alfa.example"}}] == sent(town, "fortnox", "PUT", since)
    assert stored == town.people.customer("1")["Fax"]
    assert typed == town.people.organisation("Alfa AB")["OrganisationFax"]


@pytest.mark.parametrize(("typed", "stored"), **spoken(TEXTS))
async def test_a_new_organisation_with_an_odd_name_is_made_once(town, typed, stored):
    """
    The name crosses in the nearest form and stays as it was typed.
    """
    async with town.running():
        town.people.new_organisation(typed)
        await sync_at_rest(town)
        assert [] == await codes(town)
    assert [stored] == [each["Name"] for each in town.people.customers()]
    assert typed == town.people.organisations()[0]["OrganisationName"]


@pytest.mark.parametrize(("stored", "shown"), **spoken(FROM_FORTNOX))
async def test_a_text_from_fortnox_is_shown_as_people_write_it(town, stored, shown):
    """
    webCRM gets real characters, and nothing bounces.
    """
    async with town.running():
        town.people.new_customer(Name=stored, Fax=stored)
        await sync_at_rest(town)
        assert [] == await codes(town)
    assert [shown] == [each["OrganisationName"] for each in town.people.organisations()]
    assert stored == town.people.customer("1")["Name"]


# fmt: off
REFUSED = [
    # what                                typed in webCRM                  code     what is typed instead
    ("a word that is a command",          {"Fax": "API_BLANK"},            "REC09", {"Fax": "1"}),
    ("the same word in small letters",    {"Fax": " api_blank"},           "REC09", {"Fax": "1"}),
    ("a NUL character",                   {"Fax": "a\0b"},                 "REC09", {"Fax": "1"}),
    ("nothing that Fortnox takes",        {"Fax": "😀|😀"},                "REC08", {"Fax": "1"}),
    ("zip code longer than ten",          {"PostCode": "903 26 och mer"},  "REC10", {"PostCode": "903 26"}),
    ("address longer than 128",           {"Address": "x" * 129},          "REC10", {"Address": "x" * 128}),
    ("zip code in the invoice address",   {"XMemo1": "G 1\nA12345678901  Umeå"},
                                                                           "REC10", {"XMemo1": "G 1"}),
    ("no such organisation number",       {"ExtraCustom2": "556036-0799"}, "REC99", {"ExtraCustom2": ""}),
    ("no such VAT number",                {"VatNumber": "SE12"},           "REC20", {"VatNumber": ""}),
    ("no such terms",                     {"ExtraCustom4": "31"},          "REC18", {"ExtraCustom4": "30"}),
]
# fmt: on


@pytest.mark.parametrize(("typed", "code", "instead"), **spoken(REFUSED))
async def test_what_fortnox_cannot_hold_is_parked_and_goes_on_when_it_is_mended(town, typed, code, instead):
    """
    The record waits under its code, is not sent again unchanged, and goes on by itself.
    """
    async with town.running():
        organisation = town.people.new_organisation("Alfa AB", Fax="0")
        await town.sync()
        town.people.edit_organisation(organisation, **typed)
        assert "parked" == (await town.sync()).outcome
        assert [code] == await codes(town)
        since = town.world.log.last_seq
        for _ in range(3):
            town.wait(minutes=6)
            await town.sync()
        assert [] == town.writes(since)
        town.people.edit_organisation(organisation, **instead)
        await sync_at_rest(town)
        assert [] == await codes(town)


@pytest.mark.parametrize(("typed", "code", "instead"), **spoken(REFUSED))
async def test_a_new_organisation_that_fortnox_cannot_hold_is_parked_too(town, typed, code, instead):
    """
    Nothing is made until the organisation is mended, then one customer is.
    """
    async with town.running():
        organisation = town.people.new_organisation("Alfa AB", **typed)
        await town.sync()
        assert ([code], []) == (await codes(town), town.people.customers())
        town.people.edit_organisation(organisation, **instead)
        await sync_at_rest(town)
        assert ([], 1) == (await codes(town), len(town.people.customers()))


async def test_a_text_that_webcrm_cannot_hold_is_parked(town):
    """
    webCRM's own metadata says how long a field is: nothing longer is sent, nothing is cut.
    """
    async with town.running():
        town.people.new_customer(Name="Alfa AB", Phone1="0" * 51)
        town.people.new_customer(Name="Beta AB")
        await sync_at_rest(town)
        assert ["REC10"] == await codes(town)
        assert ["Beta AB"] == [each["OrganisationName"] for each in town.people.organisations()]
        town.people.edit_customer("1", Phone1="0" * 50)
        await sync_at_rest(town)
        assert [] == await codes(town)


async def test_what_the_fortnox_user_may_not_see_is_left_alone(town):
    """
    API_NORIGHT stands for a value that we are not shown: it never reaches webCRM.
    """
    async with town.running():
        organisation = town.people.new_organisation("Alfa AB", Fax="1")
        await town.sync()
        town.people.act("fortnox", "edit", kind="customers", key="1", fields={"Fax": "API_NORIGHT"})
        await sync_at_rest(town)
    assert "1" == town.people.organisation("Alfa AB")["OrganisationFax"]
    assert organisation["OrganisationId"] == town.people.organisation("Alfa AB")["OrganisationId"]


# ------------------------------------------------------------------ addresses

# fmt: off
ADDRESSES = [
    # what             memo in webCRM                                  address 1|address 2|zip|city|country
    ("plain",          "Storgatan 1\n903 26 Umeå",                     "Storgatan 1||903 26|Umeå|"),
    ("with country",   "Gatan 1\nPlan 2\n903 26 Umeå\nSverige",        "Gatan 1|Plan 2|903 26|Umeå|SE"),
    ("CRLF",           "Storgatan 1\r\n903 26 Umeå\r\n",               "Storgatan 1||903 26|Umeå|"),
    ("four lines",     "c/o Ek\nGatan 1\nPlan 2\n903 26 Ås",           "c/o Ek|Gatan 1, Plan 2|903 26|Ås|"),
    ("German",         "Hauptstraße 5\n10115 Berlin\nTyskland",        "Hauptstraße 5||10115|Berlin|DE"),
    ("Norwegian",      "Karls gate 1\n0154 Oslo\nNorge",               "Karls gate 1||0154|Oslo|NO"),
    ("British",        "10 High St\nSW1A 1AA London\nUnited Kingdom",  "10 High St||SW1A 1AA|London|GB"),
    ("Danish",         "Gade 2\nDK-2100 København\nDanmark",           "Gade 2||DK-2100|København|DK"),
    ("Dutch",          "Gracht 3\n1012 AB Amsterdam\nNederländerna",   "Gracht 3||1012 AB|Amsterdam|NL"),
    ("only a street",  "Box 12",                                       "Box 12||||"),
    ("only a country", "Finland",                                      "||||FI"),
]
COUNTRIES = [
    # what            typed in webCRM    in Fortnox
    ("Swedish",       "Tyskland",        "DE"),
    ("English",       "Germany",         "DE"),
    ("Danish",        "Sverige",         "SE"),
    ("Finnish",       "Ruotsi",          "SE"),
    ("Norwegian",     "Tyskland",        "DE"),
    ("small letters", "norge",           "NO"),
    ("ISO-2",         "FI",              "FI"),
]
# fmt: on
PARTS = ("Address1", "Address2", "ZipCode", "City", "CountryCode")


@pytest.mark.parametrize(("memo", "parts"), **spoken(ADDRESSES))
async def test_an_invoice_address_of_several_lines_is_taken_apart(town, memo, parts):
    """
    Each part lands in its Fortnox field; the memo stays as it was typed.
    """
    async with town.running():
        town.people.new_organisation("Alfa AB", XMemo1=memo)
        await sync_at_rest(town)
        assert [] == await codes(town)
    customer = town.people.customer("1")
    assert parts == "|".join(customer[name] or "" for name in PARTS)
    assert memo == town.people.organisation("Alfa AB")["OrganisationXMemo1"]


async def test_one_changed_part_of_an_address_in_fortnox_rewrites_the_memo(town):
    """
    The memo is one value: it is written anew as lines, the country by name.
    """
    async with town.running():
        town.people.new_organisation("Alfa AB", XMemo1="Gatan 1\r\n10115 Berlin\r\nTyskland")
        await town.sync()
        town.people.edit_customer("1", Address2="Hof 2")
        await sync_at_rest(town)
    assert (
        "Gatan 1\nHof 2\n10115 Berlin\nTyskland" == town.people.organisation("Alfa AB")["OrganisationXMemo1"]
    )


@pytest.mark.parametrize(("typed", "code"), **spoken(COUNTRIES))
async def test_a_country_is_understood_in_several_languages(town, typed, code):
    """
    webCRM shows names, Fortnox takes two letters; the name stays as it was typed.
    """
    async with town.running():
        town.people.new_organisation("Alfa AB", Country=typed)
        await sync_at_rest(town)
    assert code == town.people.customer("1")["VisitingCountryCode"]
    assert typed == town.people.organisation("Alfa AB")["OrganisationCountry"]


@pytest.mark.parametrize(
    ("language", "name"), [("sv", "Tyskland"), ("en", "Germany"), ("da", "Tyskland"), ("fi", "Saksa")]
)
async def test_a_country_is_written_in_the_language_that_is_set(town, language, name):
    """
    country_language says how webCRM calls a country.
    """
    town.set(country_language=language)
    async with town.running():
        town.people.new_customer(Name="Alfa AB", VisitingCountryCode="DE")
        await sync_at_rest(town)
    assert name == town.people.organisation("Alfa AB")["OrganisationCountry"]


async def test_a_country_that_nobody_knows_leaves_fortnox_as_it_is(town):
    """
    "Atlantis" is no country: Fortnox keeps the one it has, the rest crosses.
    """
    async with town.running():
        organisation = town.people.new_organisation("Alfa AB", Country="Norge")
        await town.sync()
        town.people.edit_organisation(organisation, Country="Atlantis", Fax="1")
        await sync_at_rest(town)
    customer = town.people.customer("1")
    assert ("NO", "1") == (customer["VisitingCountryCode"], customer["Fax"])
    assert "Atlantis" == town.people.organisation("Alfa AB")["OrganisationCountry"]


# ------------------------------------------------------------------ shapes


async def test_a_country_that_is_an_object_crosses_both_ways(town):
    """
    Newer webCRM systems show a country as an object and take it under another name.
    """
    town.world.systems["webcrm"].switch("country_shape", "object")
    async with town.running():
        town.people.new_organisation("Alfa AB", CountryValue="Norge")
        town.people.new_customer(Name="Beta AB", VisitingCountryCode="FI")
        await sync_at_rest(town)
        assert "NO" == town.people.customer("2")["VisitingCountryCode"]
        assert "FI" == town.people.organisation("Beta AB")["OrganisationCountry"]["CodeISO"]
        town.people.edit_customer("2", VisitingCountryCode="DK")
        await sync_at_rest(town)
    assert "DK" == town.people.organisation("Alfa AB")["OrganisationCountry"]["CodeISO"]


async def test_terms_that_are_chosen_from_a_list_cross_by_their_code(town):
    """
    webCRM's list reads "30: 30 dagar", Fortnox' code is 30.
    """
    town.world.systems["webcrm"].switch("terms_dropdown", True)
    async with town.running():
        alfa = town.people.new_organisation("Alfa AB", ExtraCustom4="30: 30 dagar")
        town.people.new_customer(Name="Beta AB", TermsOfPayment="10")
        await sync_at_rest(town)
        assert "30" == town.people.customer("2")["TermsOfPayment"]
        assert "10: 10 dagar" == town.people.organisation("Beta AB")["OrganisationExtraCustom4"]
        town.people.edit_organisation(alfa, ExtraCustom4="")
        await sync_at_rest(town)
        assert "" == town.people.customer("2")["TermsOfPayment"]
    assert "-- välj --" == town.people.organisation("Alfa AB")["OrganisationExtraCustom4"]


async def test_terms_that_webcrm_has_no_line_for_are_parked_with_what_to_add(town):
    """
    A code that the list lacks is not guessed at; the other records cross.
    """
    town.world.systems["webcrm"].switch("terms_dropdown", True)
    async with town.running():
        town.people.fortnox(
            "POST", "/3/termsofpayments", {"TermsOfPayment": {"Code": "45", "Description": "45"}}
        )
        town.people.new_customer(Name="Alfa AB", TermsOfPayment="45")
        town.people.new_customer(Name="Beta AB", TermsOfPayment="30")
        await sync_at_rest(town)
        (waits,) = await town.desk.parked()
    assert "REC18" == waits["code"]
    assert "45" in waits["what"] and "Betalningsvillkor" in waits["todo"]
    assert ["Beta AB"] == [each["OrganisationName"] for each in town.people.organisations()]


@pytest.mark.parametrize("shape", ["empty", "int", "object"])
async def test_whatever_webcrm_answers_to_a_creation_one_organisation_is_made(town, shape):
    """
    Older systems answer with nothing, others with a number or an object (row W3).
    """
    town.world.systems["webcrm"].switch("post_result", shape)
    async with town.running():
        for name in ("Alfa AB", "Beta AB", "Ceta AB"):
            town.people.new_customer(Name=name)
        since = town.world.log.last_seq
        await sync_at_rest(town)
    assert 3 == town.writes(since).count("POST /Organisations")
    assert ["1", "2", "3"] == [each["OrganisationExtraCustom1"] for each in town.people.organisations()]
