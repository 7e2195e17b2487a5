"""
Both sides changed a field: the side that decides it wins and the other value is listed (rows W4 and B3).
"""

from __future__ import annotations

import pytest

from tests.rows.acts import listed, sync_at_rest

pytestmark = pytest.mark.row("W4", "B3")

# fmt: off
BOTH = [
    # field              edited in Fortnox                  edited in webCRM                    who wins
    ("name",             {"Name": "Fort AB"},               {"Name": "Web AB"},                 "fortnox"),
    ("org_number",       {"OrganisationNumber": "556016-0680"}, {"ExtraCustom2": "556036-0793"}, "fortnox"),
    ("vat_number",       {"VATNumber": "SE556016068001"},   {"VatNumber": "SE556036079301"},    "fortnox"),
    ("type",             {"Type": "PRIVATE"},               {"Type": "Kund – Företag"},         None),
    ("invoice_address",  {"Address1": "Fortgatan 1"},       {"XMemo1": "Webbgatan 2"},          "fortnox"),
    ("terms",            {"TermsOfPayment": "10"},          {"ExtraCustom4": "30"},             "fortnox"),
    ("currency",         {"Currency": "EUR"},               {"ExtraCustom5": "USD"},            "fortnox"),
    ("phone",            {"Phone1": "1"},                   {"Telephone": "2"},                 "partner"),
    ("website",          {"WWW": "www.fort.example"},       {"Www": "www.web.example"},         "partner"),
    ("fax",              {"Fax": "1"},                      {"Fax": "2"},                       "partner"),
    ("visiting_address", {"VisitingAddress": "Fortgatan"},  {"Address": "Webbgatan"},           "partner"),
    ("visiting_zip",     {"VisitingZipCode": "111 11"},     {"PostCode": "222 22"},             "partner"),
    ("visiting_city",    {"VisitingCity": "Umeå"},          {"City": "Luleå"},                  "partner"),
    ("visiting_country", {"VisitingCountryCode": "NO"},     {"Country": "Finland"},             "partner"),
]
# fmt: on
WHERE = {"website": ("WWW", "Www"), "fax": ("Fax", "Fax"), "phone": ("Phone1", "Telephone")}


async def edited_on_both(town, fortnox, webcrm):
    """A linked pair whose two ends were then edited."""
    organisation = town.people.new_organisation("Alfa AB")
    await town.sync()
    town.people.edit_customer("1", **fortnox)
    town.people.edit_organisation(organisation, **webcrm)


@pytest.mark.parametrize(("field", "fortnox", "webcrm", "wins"), BOTH, ids=[row[0] for row in BOTH])
async def test_the_side_that_decides_a_field_wins_and_both_values_are_listed(
    town, field, fortnox, webcrm, wins
):
    """
    Both sides end with the winner's value; the loser's is in the list of conflicts.
    """
    async with town.running():
        await edited_on_both(town, fortnox, webcrm)
        report = await sync_at_rest(town)
        found = await listed(town)
    assert "ok" == report.outcome
    if wins is None:  # webCRM was given the value it had: only Fortnox edited
        assert [] == found
        wins = "fortnox"
    else:
        assert [(field, wins, "decided")] == [(each[0], *each[3:]) for each in found]
        assert None not in found[0][1:3] and found[0][1] != found[0][2]
    customer, organisation = town.people.customer("1"), town.people.organisations()[0]
    kept, theirs = (customer, fortnox) if wins == "fortnox" else (organisation, webcrm)
    prefix = "" if wins == "fortnox" else "Organisation"
    assert theirs == {name: kept[prefix + name] for name in theirs}


async def test_the_same_edit_on_both_sides_is_no_conflict(town):
    """
    Two people who wrote the same agree.
    """
    async with town.running():
        await edited_on_both(town, {"Fax": "1"}, {"Fax": "1"})
        since = town.world.log.last_seq
        await sync_at_rest(town)
        assert ([], []) == (town.writes(since), await listed(town))


async def test_edits_of_different_fields_both_survive(town):
    """
    A merge is made field by field.
    """
    async with town.running():
        await edited_on_both(town, {"Fax": "1", "Name": "Fort AB"}, {"Telephone": "2", "ExtraCustom4": "30"})
        await sync_at_rest(town)
        assert [] == await listed(town)
    customer, organisation = town.people.customer("1"), town.people.organisation("Fort AB")
    assert ("1", "2", "30") == (customer["Fax"], customer["Phone1"], customer["TermsOfPayment"])
    assert ("1", "2") == (organisation["OrganisationFax"], organisation["OrganisationTelephone"])


@pytest.mark.parametrize(
    ("fortnox", "webcrm", "stays"),
    [({"Phone1": None}, {"Telephone": "2"}, "2"), ({"Phone1": "3"}, {"Telephone": ""}, None)],
    ids=["cleared in Fortnox", "cleared in webCRM"],
)
async def test_clearing_a_field_is_an_edit_like_any_other(town, fortnox, webcrm, stays):
    """
    The side that decides wins, also when what it wrote is nothing.
    """
    async with town.running():
        organisation = town.people.new_organisation("Alfa AB", Telephone="1")
        await town.sync()
        town.people.edit_customer("1", **fortnox)
        town.people.edit_organisation(organisation, **webcrm)
        await sync_at_rest(town)
        assert [
            ("phone", fortnox["Phone1"], webcrm["Telephone"] or None, "partner", "decided")
        ] == await listed(town)
    assert stays == town.people.customer("1")["Phone1"]


@pytest.mark.parametrize(
    ("who", "stays"), [("fortnox", "1"), ("partner", "2")], ids=["Fortnox decides", "webCRM decides"]
)
async def test_who_decides_a_field_is_a_setting(town, who, stays):
    """
    [connector.webcrm.decides] turns either default round.
    """
    town.set(decides={"fax": who, "name": who})
    async with town.running():
        await edited_on_both(town, {"Fax": "1", "Name": "1"}, {"Fax": "2", "Name": "2"})
        await sync_at_rest(town)
        assert {("name", who), ("fax", who)} == {(each[0], each[3]) for each in await listed(town)}
    customer = town.people.customer("1")
    assert (stays, stays) == (customer["Fax"], customer["Name"])
    assert stays == town.people.organisations()[0]["OrganisationName"]


@pytest.mark.parametrize(
    ("use", "stays"), [("fortnox", "1"), ("partner", "2")], ids=["for Fortnox", "for webCRM"]
)
async def test_where_nobody_decides_both_values_stay_until_a_person_does(town, use, stays):
    """
    The conflict is open, the sync says so, other fields cross; `resolve` ends it with the value chosen.
    """
    town.set(decides={"fax": "nobody"})
    async with town.running():
        await edited_on_both(town, {"Fax": "1"}, {"Fax": "2", "Telephone": "3"})
        report = await sync_at_rest(town)
        assert ("conflict", 1) == (report.outcome, report.conflicts)
        assert [("fax", "1", "2", None, "open")] == await listed(town)
        assert ("1", "3") == (town.people.customer("1")["Fax"], town.people.customer("1")["Phone1"])
        assert "2" == town.people.organisation("Alfa AB")["OrganisationFax"]
        (conflict,) = await town.desk.conflicts()
        await town.desk.resolve(conflict["id"], use)
        report = await sync_at_rest(town)
        assert ("ok", 0) == (report.outcome, report.conflicts)
    assert stays == town.people.customer("1")["Fax"] == town.people.organisation("Alfa AB")["OrganisationFax"]


async def test_an_open_conflict_closes_by_itself_when_people_agree(town):
    """
    One of the two writes what the other has: nothing is open any more, and nothing was sent for it.
    """
    town.set(decides={"fax": "nobody"})
    async with town.running():
        await edited_on_both(town, {"Fax": "1"}, {"Fax": "2"})
        await town.sync()
        town.people.edit_organisation(town.people.organisation("Alfa AB"), Fax="1")
        since = town.world.log.last_seq
        report = await sync_at_rest(town)
        assert ("ok", 0, []) == (report.outcome, report.conflicts, town.writes(since))


async def test_where_nobody_decides_an_edit_on_one_side_still_crosses(town):
    """
    Only two different edits are a question.
    """
    town.set(decides={"fax": "nobody"})
    async with town.running():
        await edited_on_both(town, {"Fax": "1"}, {})
        await sync_at_rest(town)
        assert [] == await listed(town)
    assert "1" == town.people.organisation("Alfa AB")["OrganisationFax"]


async def test_an_edit_during_the_sync_is_not_overwritten_unseen(town):
    """
    Fortnox is edited after the plan was made and before the sync: it is read again and decided anew.
    """
    async with town.running():
        organisation = town.people.new_organisation("Alfa AB", Fax="0")
        await town.sync()
        town.people.edit_organisation(organisation, Name="Webb AB")
        await town.house.loops["webcrm"].run_pass(None, dry_run=True)
        town.people.edit_customer("1", Name="Fort AB")
        await sync_at_rest(town)
        assert [("name", "Fort AB", "Webb AB", "fortnox", "decided")] == await listed(town)
    assert (
        "Fort AB" == town.people.customer("1")["Name"] == town.people.organisations()[0]["OrganisationName"]
    )
