"""
One bad record waits for a person and never holds up another (row D10).
"""

from __future__ import annotations

import pytest

from daemon.sandbox.faults import Fault
from tests.rows.acts import codes, sync_at_rest

pytestmark = pytest.mark.row("D10")


async def test_a_bad_record_does_not_hold_up_the_others(town):
    """
    Nine of ten cross; the tenth is listed with where it is and what to do.
    """
    async with town.running():
        for number in range(10):
            town.people.new_organisation(f"Företag {number}", Fax="API_BLANK" if number == 4 else "1")
        report = await sync_at_rest(town)
        (waits,) = await town.desk.parked()
    assert ("parked", 1) == (report.outcome, report.parked)
    assert 9 == len(town.people.customers())
    assert "REC09" == waits["code"] and "fax" in waits["where"] and waits["todo"]


async def test_a_refused_record_is_not_sent_again_unchanged(town):
    """
    Neither in later passes nor after a restart; the vendor sees the refused request once.
    """
    async with town.running():
        town.people.new_organisation("Alfa AB", ExtraCustom2="556036-0799")
        await town.sync()
        assert ["REC99"] == await codes(town)
        since = town.world.log.last_seq
        for _ in range(5):
            town.wait(minutes=6)
            await town.sync()
    async with town.running():
        town.wait(hours=30)
        await town.sync()
        assert ["REC99"] == await codes(town)
    assert [] == town.writes(since)


async def test_retry_tries_once_more(town):
    """
    The reason lay in Fortnox and is gone there: nothing on our side shows it, so a person says so.
    """
    async with town.running():
        town.people.new_organisation("Alfa AB", ExtraCustom4="45")
        await town.sync()
        (waits,) = await town.desk.parked()
        assert "REC18" == waits["code"]
        terms = {"Code": "45", "Description": "45 dagar"}
        town.people.fortnox("POST", "/3/termsofpayments", {"TermsOfPayment": terms})
        await town.desk.retry(waits["id"])
        assert "ok" == (await sync_at_rest(town)).outcome
    assert "45" == town.people.customer("1")["TermsOfPayment"]


async def test_retry_of_what_is_still_wrong_parks_it_again(town):
    """
    One more request, the same reason, nothing else.
    """
    async with town.running():
        town.people.new_organisation("Alfa AB", ExtraCustom4="45")
        await town.sync()
        (waits,) = await town.desk.parked()
        await town.desk.retry(waits["id"])
        since = town.world.log.last_seq
        await sync_at_rest(town)
        assert (["REC18"], ["POST /3/customers"]) == (await codes(town), town.writes(since))


async def test_ignore_leaves_a_record_alone_for_good(town):
    """
    It is listed no more, whatever is edited on it.
    """
    async with town.running():
        organisation = town.people.new_organisation("Alfa AB", Fax="API_BLANK")
        await town.sync()
        (waits,) = await town.desk.parked()
        await town.desk.ignore(waits["id"])
        assert ("ok", []) == ((await sync_at_rest(town)).outcome, await codes(town))
        town.people.edit_organisation(organisation, Fax="1")
        await sync_at_rest(town)
    assert [] == town.people.customers()


async def test_a_record_that_was_deleted_on_one_side_is_reported_and_not_made_again(town):
    """
    In either system; the other record stays as it is.
    """
    async with town.running():
        town.people.new_customer(Name="Alfa AB")
        beta = town.people.new_organisation("Beta AB")
        await town.sync()
        town.people.act("fortnox", "delete_customer", CustomerNumber="1")
        town.people.act("webcrm", "delete_organisation", id=beta["OrganisationId"])
        since = town.world.log.last_seq
        town.wait(hours=25)
        await sync_at_rest(town)
        town.wait(hours=25)
        await sync_at_rest(town)
        assert ["REC02", "REC02"] == await codes(town)
    assert [] == town.writes(since)
    assert ["Alfa AB"] == [each["OrganisationName"] for each in town.people.organisations()]
    assert ["Beta AB"] == [each["Name"] for each in town.people.customers()]


async def test_a_vendor_that_is_away_parks_nobody(town):
    """
    A failing server is not the record's fault: when it is back, the record crosses.
    """
    async with town.running():
        town.people.new_organisation("Alfa AB")
        fault = Fault(fault="status", status=503, system="fortnox", method="POST", path="/3/customers")
        town.world.faults.add(fault)
        report = await town.sync()
        assert ("unknown", []) == (report.outcome, await codes(town))
        town.wait(minutes=20)
        await town.sync()
        await sync_at_rest(town)
        assert [] == await codes(town)
    assert ["Alfa AB"] == [each["Name"] for each in town.people.customers()]
