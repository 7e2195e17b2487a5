"""
Customers, field by field, both ways: made, changed and cleared (rows W3 and W4).
"""

from __future__ import annotations

import pytest

from tests.rows.acts import nothing, picked, sent, sync_at_rest

HOME = {"Address1": "Storgatan 1", "Address2": "Plan 2", "ZipCode": "903 26", "City": "Umeå"}

# fmt: off
CROSSES = [
    # what                  in Fortnox                                  in webCRM
    ("name",                {"Name": "Björk & Co AB"},                  {"Name": "Björk & Co AB"}),
    ("telephone",           {"Phone1": "090-100 200"},                  {"Telephone": "090-100 200"}),
    ("website",             {"WWW": "www.bjork.example"},               {"Www": "www.bjork.example"}),
    ("fax",                 {"Fax": "090-100 201"},                     {"Fax": "090-100 201"}),
    ("private person",      {"Type": "PRIVATE"},                        {"Type": "Kund – Privat"}),
    ("organisation number", {"OrganisationNumber": "556036-0793"},      {"ExtraCustom2": "556036-0793"}),
    ("VAT number",          {"VATNumber": "SE556036079301"},            {"VatNumber": "SE556036079301"}),
    ("payment terms",       {"TermsOfPayment": "30"},                   {"ExtraCustom4": "30"}),
    ("currency",            {"Currency": "EUR"},                        {"ExtraCustom5": "EUR"}),
    ("visiting address",    {"VisitingAddress": "Industrivägen 4"},     {"Address": "Industrivägen 4"}),
    ("visiting zip code",   {"VisitingZipCode": "903 26"},              {"PostCode": "903 26"}),
    ("visiting city",       {"VisitingCity": "Umeå"},                   {"City": "Umeå"}),
    ("visiting country",    {"VisitingCountryCode": "NO"},              {"Country": "Norge"}),
    ("invoice address",     {**HOME, "CountryCode": "SE"},
                            {"XMemo1": "Storgatan 1\nPlan 2\n903 26 Umeå\nSverige"}),
]
# fmt: on
table = pytest.mark.parametrize(
    ("fortnox", "webcrm"), [row[1:] for row in CROSSES], ids=[r[0] for r in CROSSES]
)
clearable = pytest.mark.parametrize(
    ("fortnox", "webcrm"),
    [row[1:] for row in CROSSES if row[0] not in ("name", "private person", "currency")],
    ids=[row[0] for row in CROSSES if row[0] not in ("name", "private person", "currency")],
)
pytestmark = pytest.mark.row("W3", "W4")


def prefixed(fields):
    return {f"Organisation{name}": value for name, value in fields.items()}


# ------------------------------------------------------------------ from Fortnox


@table
async def test_a_customer_made_in_fortnox_is_made_in_webcrm(town, fortnox, webcrm):
    """
    A new Fortnox customer becomes an organisation of the right type that holds what the customer holds.
    """
    async with town.running():
        town.people.new_customer(**{"Name": "Alfa AB", **fortnox})
        await sync_at_rest(town)
    organisation = town.people.organisation(webcrm.get("Name", "Alfa AB"))
    assert webcrm == picked(organisation, webcrm, "Organisation")
    assert organisation["OrganisationType"] == webcrm.get("Type", "Kund – Företag")
    assert organisation["OrganisationExtraCustom1"] == "1"


@table
async def test_a_field_changed_in_fortnox_is_sent_alone(town, fortnox, webcrm):
    """
    webCRM is sent the id and the changed field, nothing else.
    """
    async with town.running():
        town.people.new_customer(Name="Alfa AB")
        await town.sync()
        town.people.edit_customer("1", **fortnox)
        since = town.world.log.last_seq
        await sync_at_rest(town)
    organisation = town.people.organisation(webcrm.get("Name", "Alfa AB"))
    assert [{"OrganisationId": organisation["OrganisationId"], **prefixed(webcrm)}] == sent(
        town, "webcrm", "PUT", since
    )
    assert webcrm == picked(organisation, webcrm, "Organisation")


@clearable
async def test_a_field_cleared_in_fortnox_is_cleared_in_webcrm(town, fortnox, webcrm):
    """
    Nothing in Fortnox (null) becomes nothing in webCRM ("").
    """
    async with town.running():
        town.people.new_customer(Name="Alfa AB", **fortnox)
        await town.sync()
        town.people.edit_customer("1", **nothing(fortnox))
        since = town.world.log.last_seq
        await sync_at_rest(town)
    organisation = town.people.organisation("Alfa AB")
    cleared = prefixed(nothing(webcrm, ""))
    assert [{"OrganisationId": organisation["OrganisationId"], **cleared}] == sent(
        town, "webcrm", "PUT", since
    )
    assert nothing(webcrm) == picked(organisation, webcrm, "Organisation")


# ------------------------------------------------------------------ from webCRM


@table
async def test_an_organisation_made_in_webcrm_is_made_in_fortnox(town, fortnox, webcrm):
    """
    A new organisation of a chosen type becomes a Fortnox customer that holds what the organisation holds.
    """
    async with town.running():
        fields = {"Name": "Alfa AB", **webcrm}
        town.people.new_organisation(fields.pop("Name"), **fields)
        await sync_at_rest(town)
    assert fortnox == picked(town.people.customer("1"), fortnox)
    assert 1 == len(town.people.customers()) == len(town.people.organisations())


@table
async def test_a_field_changed_in_webcrm_is_sent_alone(town, fortnox, webcrm):
    """
    Fortnox is sent the changed field, nothing else.
    """
    async with town.running():
        organisation = town.people.new_organisation("Alfa AB")
        await town.sync()
        town.people.edit_organisation(organisation, **webcrm)
        since = town.world.log.last_seq
        await sync_at_rest(town)
    assert [{"Customer": fortnox}] == sent(town, "fortnox", "PUT", since)
    assert fortnox == picked(town.people.customer("1"), fortnox)


@clearable
async def test_a_field_cleared_in_webcrm_is_cleared_in_fortnox(town, fortnox, webcrm):
    """
    Nothing in webCRM ("") becomes nothing in Fortnox, which takes null for that and ignores "".
    """
    async with town.running():
        organisation = town.people.new_organisation("Alfa AB", **webcrm)
        await town.sync()
        town.people.edit_organisation(organisation, **nothing(webcrm, ""))
        since = town.world.log.last_seq
        await sync_at_rest(town)
    assert [{"Customer": nothing(fortnox)}] == sent(town, "fortnox", "PUT", since)
    assert nothing(fortnox) == picked(town.people.customer("1"), fortnox)


# ------------------------------------------------------------------ what may not be nothing


async def test_a_cleared_currency_comes_back_as_the_companys_own(town):
    """
    Fortnox has no customer without a currency: it takes SEK, and so does webCRM.
    """
    async with town.running():
        organisation = town.people.new_organisation("Alfa AB", ExtraCustom5="EUR")
        await town.sync()
        town.people.edit_organisation(organisation, ExtraCustom5="")
        await sync_at_rest(town)
    assert "SEK" == town.people.customer("1")["Currency"]
    assert "SEK" == town.people.organisation("Alfa AB")["OrganisationExtraCustom5"]


async def test_a_cleared_name_waits_for_a_person_and_is_never_sent(town):
    """
    A customer without a name is parked; its name comes back by an edit, and then it goes on.
    """
    async with town.running():
        organisation = town.people.new_organisation("Alfa AB")
        await town.sync()
        town.people.edit_organisation(organisation, Name="")
        since = town.world.log.last_seq
        await sync_at_rest(town)
        assert [] == town.writes(since)
        assert ["REC08"] == [each["code"] for each in await town.desk.parked()]
        town.people.edit_organisation(organisation, Name="Alfa och Beta AB")
        await sync_at_rest(town)
        assert [] == await town.desk.parked()
    assert "Alfa och Beta AB" == town.people.customer("1")["Name"]


# ------------------------------------------------------------------ what is not ours


async def test_fields_that_are_not_mapped_stay_as_they_were(town):
    """
    A change of every mapped field leaves each other field of both records as it was, byte for byte.
    """
    people = town.people
    fortnox = {name: value for _, fields, _ in CROSSES for name, value in fields.items()}
    webcrm = {name: value for _, _, fields in CROSSES for name, value in fields.items()}
    async with town.running():
        mine = {"YourReference": "Eva Ek", "Comments": "Ring först", "InvoiceRemark": "PO 7"}
        people.new_customer(Name="Alfa AB", Active=True, DeliveryName="Lager", **mine)
        organisation = people.new_organisation("Beta AB", Comment="Viktig", Memo="A\r\nB", State="Väster")
        await town.sync()
        alfa = people.organisation("Alfa AB")
        people.edit_organisation(alfa, Comment="Egen", Alert="Obs")
        before = people.organisation("Beta AB"), people.customer("1")
        people.edit_customer("2", **fortnox)
        people.edit_organisation(alfa, **{**webcrm, "Name": "Ceta AB"})
        await sync_at_rest(town)
    after = people.organisation(fortnox["Name"]), people.customer("1")
    kept = {"UpdatedAt", "UpdatedBy", "CompareName", "TelephoneSearch", *webcrm}
    for was, now, ours in (
        (before[0], after[0], prefixed(dict.fromkeys(kept))),
        (before[1], after[1], fortnox),
    ):
        derived = {"Country", "VisitingCountry"}
        assert {k: v for k, v in was.items() if k not in {*ours, *derived}} == {
            k: v for k, v in now.items() if k not in {*ours, *derived}
        }
    assert organisation["OrganisationId"] == after[0]["OrganisationId"]
