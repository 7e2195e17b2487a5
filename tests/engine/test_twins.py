"""
Records that belong together, seen through both vendors' APIs: what is doubtful stops nobody else.
"""

from __future__ import annotations

import pytest

from tests.town import Town

ORG_NUMBER = "556677-8899"


@pytest.fixture
def town(tmp_path):
    return Town(tmp_path)


async def synced(town):
    """One pass, and another when everything has settled."""
    await town.sync()
    town.wait(minutes=20)
    return await town.sync()


def shown(town):
    """Each organisation's name and the customer number it shows."""
    rows = town.people.organisations()
    return sorted((each["OrganisationName"], each["OrganisationExtraCustom1"]) for each in rows)


@pytest.mark.row("W2")
async def test_two_organisations_with_one_number_wait_and_the_others_go_on(town):
    """Neither is linked nor written to; a third customer crosses in the same pass."""
    town.people.new_customer(Name="Acme AB", CustomerNumber="1042")
    for name in ("Acme Nord", "Acme Syd"):
        town.people.new_organisation(name, ExtraCustom1="1042")
    town.people.new_customer(Name="Beta AB", CustomerNumber="7")

    async with town.running():
        report = await synced(town)

    assert "parked" == report.outcome
    assert [("Acme Nord", "1042"), ("Acme Syd", "1042"), ("Beta AB", "7")] == shown(town)


@pytest.mark.row("W2")
async def test_a_doubt_is_over_when_a_person_has_ended_it(town):
    """One of two equal numbers is taken away: the other is linked, and nothing stays parked."""
    town.people.new_customer(Name="Acme AB", CustomerNumber="1042")
    town.people.new_organisation("Acme Nord", ExtraCustom1="1042")
    wrong = town.people.new_organisation("Acme Syd", ExtraCustom1="1042")

    async with town.running():
        await synced(town)
        town.people.edit_organisation(wrong, ExtraCustom1="", Type="Leverantör")
        for parked in await town.desk.parked():
            await town.desk.retry(parked["id"])
        report = await synced(town)

    assert ("ok", 0) == (report.outcome, report.parked)
    assert [("Acme AB", "1042"), ("Acme Syd", None)] == [
        (name, number or None) for name, number in shown(town)
    ]


@pytest.mark.row("W2")
async def test_the_stronger_proof_wins_a_record_that_two_lay_claim_to(town):
    """One organisation has the customer's number, another its organisation number: the first is the twin."""
    town.people.new_customer(Name="Acme AB", CustomerNumber="1042", OrganisationNumber=ORG_NUMBER)
    town.people.new_organisation("Acme Nord", ExtraCustom2=ORG_NUMBER)
    town.people.new_organisation("Acme Syd", ExtraCustom1="1042")

    async with town.running():
        await synced(town)

    assert "1042" == town.people.organisation("Acme AB")["OrganisationExtraCustom1"]
    assert "1042" != town.people.organisation("Acme Nord")["OrganisationExtraCustom1"]


@pytest.mark.row("W2")
async def test_an_organisation_of_another_type_is_never_written_to(town):
    """The customer with the same organisation number waits, and is linked when the type is changed."""
    supplier = town.people.new_organisation("Acme", ExtraCustom2=ORG_NUMBER, Type="Leverantör")
    town.people.new_customer(Name="Acme AB", CustomerNumber="1042", OrganisationNumber=ORG_NUMBER)

    async with town.running():
        report = await synced(town)
        assert 1 == report.parked
        assert supplier == town.people.organisation("Acme")

        town.people.edit_organisation(supplier, Type="Kund – Företag")
        report = await synced(town)

    assert ("ok", 0) == (report.outcome, report.parked)
    assert [("Acme AB", "1042")] == shown(town)


@pytest.mark.row("W7")
async def test_a_number_that_fortnox_cannot_take_may_be_let_stand(town):
    """A person keeps webCRM's own number: nothing is sent, and the conflict is over."""
    town.set(number_owner="webcrm")
    organisation = town.people.new_organisation("Acme", ExtraCustom1="1042")

    async with town.running():
        await synced(town)
        town.people.edit_organisation(organisation, ExtraCustom1="1099")
        assert "conflict" == (await synced(town)).outcome
        (conflict,) = [each for each in await town.desk.conflicts() if each["state"] == "open"]
        await town.desk.resolve(conflict["id"], "partner")
        report = await synced(town)

    assert ("ok", 0) == (report.outcome, report.conflicts)
    assert [("Acme", "1099")] == shown(town)
    assert ["1042"] == [each["CustomerNumber"] for each in town.people.customers()]


@pytest.mark.row("W2")
async def test_a_type_without_a_name_in_webcrm_stops_nothing(town):
    """Where no private persons take part, a customer that becomes one keeps its organisation's type."""
    town.set(private_types=[])
    customer = town.people.new_customer(Name="Acme AB", Type="COMPANY")

    async with town.running():
        await synced(town)
        town.people.edit_customer(customer["CustomerNumber"], Type="PRIVATE", Phone1="08-1")
        report = await synced(town)

    organisation = town.people.organisation("Acme AB")
    assert "ok" == report.outcome
    assert ("Kund – Företag", "08-1") == (
        organisation["OrganisationType"],
        organisation["OrganisationTelephone"],
    )
