"""
What webCRM has no field of its own for lives in custom fields, by a map that is checked (row W5).
"""

from __future__ import annotations

import pytest

from daemon.errors import Misfit
from tests.rows.acts import sync_at_rest

pytestmark = pytest.mark.row("W5")

MAPPED = [
    ("number", "OrganisationExtraCustom1"),
    ("org_number", "OrganisationExtraCustom2"),
    ("terms", "OrganisationExtraCustom4"),
    ("currency", "OrganisationExtraCustom5"),
    ("invoice_address", "OrganisationXMemo1"),
]


@pytest.mark.parametrize(("field", "place"), MAPPED, ids=[row[0] for row in MAPPED])
async def test_a_custom_field_that_is_missing_is_named_with_what_to_create(town, field, place):
    """
    `check` and the pass both name it; nothing is written until it is there, and then all goes on by itself.
    """
    town.people.act("webcrm", "remove_field", entity="Organisation", name=place)
    town.people.new_customer(Name="Alfa AB")
    async with town.running():
        (failed,) = [each for each in await town.vendors.check() if not each.ok]
        assert "CRM01" == failed.code
        for text in (place, f"field_map.{field}"):
            assert text in failed.todo
        with pytest.raises(Misfit, match=place):
            await town.sync()
        assert [] == town.writes()
        town.people.act("webcrm", "add_field", entity="Organisation", name=place)
        await sync_at_rest(town)
    assert 1 == len(town.people.organisations())


async def test_all_missing_fields_are_named_at_once(town):
    """
    A person creates them in one go.
    """
    for _, place in MAPPED:
        town.people.act("webcrm", "remove_field", entity="Organisation", name=place)
    async with town.running():
        failed = [each.what for each in await town.vendors.check() if not each.ok]
        with pytest.raises(Misfit) as raised:
            await town.sync()
    for _, place in MAPPED:
        assert 1 == sum(place in what for what in failed)
        assert place in str(raised.value)


async def test_our_fields_may_be_kept_elsewhere_or_nowhere(town):
    """
    field_map moves a field, adds the e-mail address, and "" leaves one out.
    """
    places = {"terms": "OrganisationXText1", "email": "OrganisationExtraCustom3", "org_number": ""}
    town.set(field_map=places)
    town.people.act("webcrm", "add_field", entity="Organisation", name="OrganisationXText1", label="Villkor")
    async with town.running():
        assert all(each.ok for each in await town.vendors.check())
        fields = {"TermsOfPayment": "30", "Email": "info@alfa.example", "OrganisationNumber": "556036-0793"}
        town.people.new_customer(Name="Alfa AB", **fields)
        await sync_at_rest(town)
        alfa = town.people.organisation("Alfa AB")
        assert ("30", "info@alfa.example") == (alfa["OrganisationXText1"], alfa["OrganisationExtraCustom3"])
        assert ("", "") == (alfa["OrganisationExtraCustom2"], alfa["OrganisationExtraCustom4"])
        town.people.edit_organisation(alfa, ExtraCustom2="556016-0680", ExtraCustom3="eva@alfa.example")
        await sync_at_rest(town)
    customer = town.people.customer("1")
    assert ("556036-0793", "eva@alfa.example") == (customer["OrganisationNumber"], customer["Email"])


async def test_a_field_that_is_moved_later_brings_its_values_along(town):
    """
    After a change of the map, what Fortnox knows fills the new place; nothing in Fortnox is cleared by it.
    """
    town.people.act("webcrm", "add_field", entity="Organisation", name="OrganisationXText1", label="Villkor")
    async with town.running():
        town.people.new_customer(Name="Alfa AB", TermsOfPayment="30")
        await sync_at_rest(town)
    town.set(field_map={"terms": "OrganisationXText1"})
    async with town.running():
        await sync_at_rest(town)
    assert "30" == town.people.customer("1")["TermsOfPayment"]
    assert "30" == town.people.organisation("Alfa AB")["OrganisationXText1"]
