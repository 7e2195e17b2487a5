"""
Which organisations take part: those whose Type is one of the chosen values (row W2).
"""

from __future__ import annotations

import pytest

from tests.rows.acts import codes, listed, sync_at_rest

pytestmark = pytest.mark.row("W2")


@pytest.mark.parametrize(
    ("of_type", "kind"),
    [
        ("Kund – Företag", "COMPANY"),
        ("Kund – Privat", "PRIVATE"),
        ("Prospekt", None),
        ("Leverantör", None),
        ("", None),
        ("-- välj --", None),
    ],
)
async def test_only_a_chosen_type_crosses(town, of_type, kind):
    """
    The two default types become customers of their kind; every other type, and none, never does.
    """
    async with town.running():
        organisation = town.people.new_organisation("Alfa AB", Type=of_type)
        await sync_at_rest(town)
        town.people.edit_organisation(organisation, Fax="1")
        await sync_at_rest(town)
        assert [] == await codes(town)
    assert [kind] * (kind is not None) == [
        town.people.customer(each["CustomerNumber"])["Type"] for each in town.people.customers()
    ]


async def test_the_chosen_types_are_a_setting(town):
    """
    With other types chosen, the default ones do not cross; what Fortnox makes gets the first of the list.
    """
    town.set(company_types=["Leverantör", "Prospekt"], private_types=[])
    async with town.running():
        town.people.new_organisation("Alfa AB")
        town.people.new_organisation("Beta AB", Type="Prospekt")
        town.people.new_customer(Name="Ceta AB")
        await sync_at_rest(town)
    assert {"Beta AB", "Ceta AB"} == {each["Name"] for each in town.people.customers()}
    assert "Leverantör" == town.people.organisation("Ceta AB")["OrganisationType"]
    assert "Prospekt" == town.people.organisation("Beta AB")["OrganisationType"]


async def test_a_type_that_is_not_in_webcrms_list_is_named_by_check(town):
    """
    `check` says which type is missing and which there are.
    """
    town.set(company_types=["Storkund"])
    async with town.running():
        failed = [each for each in await town.vendors.check() if not each.ok]
    assert ["CRM02"] == [each.code for each in failed]
    assert "Storkund" in failed[0].what and "Kund – Företag" in failed[0].todo


async def test_a_prospect_becomes_a_customer(town):
    """
    A prospect that is given a chosen type crosses then, with everything that was written before.
    """
    async with town.running():
        organisation = town.people.new_organisation("Alfa AB", Type="Prospekt", Fax="1")
        await sync_at_rest(town)
        town.wait(days=30)
        town.people.edit_organisation(organisation, Type="Kund – Företag")
        await sync_at_rest(town)
    assert ["1"] == [town.people.customer(each["CustomerNumber"])["Fax"] for each in town.people.customers()]


async def test_a_company_becomes_a_private_person_on_either_side(town):
    """
    Both chosen types take part, so a change between them is a change like any other.
    """
    async with town.running():
        organisation = town.people.new_organisation("Alfa")
        await town.sync()
        town.people.edit_organisation(organisation, Type="Kund – Privat")
        await sync_at_rest(town)
        assert "PRIVATE" == town.people.customer("1")["Type"]
        town.people.edit_customer("1", Type="COMPANY")
        await sync_at_rest(town)
    assert "Kund – Företag" == town.people.organisation("Alfa")["OrganisationType"]


@pytest.mark.parametrize("left_as", ["Prospekt", ""], ids=["another type", "no type"])
async def test_a_link_rests_while_the_type_is_gone(town, left_as):
    """
    Nothing leaves webCRM, Fortnox' edits still arrive, the type stays as it is; back again, the edits cross.
    """
    async with town.running():
        organisation = town.people.new_organisation("Alfa AB", Fax="1", Telephone="1")
        await town.sync()
        town.people.edit_organisation(organisation, Type=left_as, Fax="2")
        town.people.edit_customer("1", WWW="www.alfa.example")
        await sync_at_rest(town)
        resting = town.people.organisation("Alfa AB")
        assert ("1", "COMPANY") == (town.people.customer("1")["Fax"], town.people.customer("1")["Type"])
        assert ("2", "www.alfa.example") == (resting["OrganisationFax"], resting["OrganisationWww"])
        assert (left_as or "-- välj --") == resting["OrganisationType"]
        town.people.edit_organisation(organisation, Type="Kund – Företag")
        await sync_at_rest(town)
        assert [] == await listed(town)
    assert ("2", "1") == (town.people.customer("1")["Fax"], town.people.customer("1")["Phone1"])
    assert 1 == len(town.people.customers()) == len(town.people.organisations())


async def test_while_a_link_rests_fortnox_wins_what_both_edited_and_it_is_listed(town):
    """
    Also a field that webCRM decides otherwise: nothing may leave webCRM, and nothing is lost unseen.
    """
    async with town.running():
        organisation = town.people.new_organisation("Alfa AB", Fax="1")
        await town.sync()
        town.people.edit_organisation(organisation, Type="Prospekt", Fax="2")
        town.people.edit_customer("1", Fax="3")
        await sync_at_rest(town)
        assert [("fax", "3", "2", "fortnox", "decided")] == await listed(town)
    assert "3" == town.people.organisation("Alfa AB")["OrganisationFax"] == town.people.customer("1")["Fax"]


async def test_a_type_edited_in_fortnox_does_not_open_the_gate(town):
    """
    A person left the type out in webCRM: Fortnox' company or private person does not put it back.
    """
    async with town.running():
        organisation = town.people.new_organisation("Alfa")
        await town.sync()
        town.people.edit_organisation(organisation, Type="Prospekt")
        town.people.edit_customer("1", Type="PRIVATE")
        await sync_at_rest(town)
    assert "Prospekt" == town.people.organisation("Alfa")["OrganisationType"]
