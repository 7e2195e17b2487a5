"""
Customers that leave the till, where Fortnox decides and has them no more (row K5).
"""

from __future__ import annotations

import pytest

from daemon.errors import RemoteError
from daemon.sandbox.faults import Fault
from tests.rows import papers
from tests.rows.acts import codes, sync_at_rest
from tests.rows.desk import Desk

pytestmark = pytest.mark.row("K5")


@pytest.fixture
def tidy(tmp_path):
    """Fortnox decides, and what it has no more goes from the till."""
    return Desk(tmp_path, "fortnox", "customers", remove_customers=True)


def delete(shop, number):
    shop.people.act("fortnox", "delete_customer", CustomerNumber=number)


async def days(shop, count):
    """Some days, each with a complete reading of both sides."""
    for _ in range(count):
        shop.wait(hours=25)
        await shop.sync()


async def test_a_customer_that_fortnox_has_no_more_goes_from_the_till(tidy):
    """
    After the second complete reading of both sides that shows the same, and no sooner.
    """
    async with tidy.running():
        tidy.people.new_customer(Name="Kvar AB")
        tidy.people.new_customer(Name="Borta AB")
        await sync_at_rest(tidy)
        delete(tidy, "2")
        await days(tidy, 1)
        assert {"Kvar AB", "Borta AB"} == tidy.buyers().keys()
        await days(tidy, 2)
        assert {"Kvar AB"} == tidy.buyers().keys()
        assert [] == await codes(tidy)
        since = tidy.world.log.last_seq
        await days(tidy, 2)
    assert [] == tidy.writes(since)


async def test_who_was_not_invoiced_yet_stays(tidy):
    """
    A customer made at the till after the start is new, with a number or without; an older one is not.
    """
    old = tidy.newcomer(Name="Gammal AB", OrganizationNumber=None)
    tidy.wait(days=30)
    tidy.set(start="2026-12-20")
    async with tidy.running():
        tidy.newcomer(Name="Ny AB", OrganizationNumber=None)
        tidy.newcomer(Name="Numrerad AB", OrganizationNumber=None, CustomerNumber="44")
        await days(tidy, 4)
        assert {"Ny AB", "Numrerad AB"} == tidy.buyers().keys()
    assert old


async def test_a_customer_with_open_invoices_is_told_of_and_stays(tidy):
    """
    Once they are paid and a person says so it goes.
    """
    async with tidy.running():
        number = (await _billed(tidy))["InvoiceNumber"]
        delete(tidy, "1")
        await days(tidy, 3)
        (waits,) = await tidy.desk.parked()
        assert "REC99" == waits["code"] and "open invoices" in waits["what"]
        assert ["Acme AB"] == list(tidy.buyers())
        tidy.till("pay_invoice", invoice_number=number)
        await tidy.desk.retry(waits["id"])
        await days(tidy, 3)
        assert ([], {}) == (await codes(tidy), tidy.buyers())


async def _billed(shop):
    """One customer of both sides, who owes an invoice of the till's; its order is cancelled in Fortnox."""
    buyer = shop.newcomer()
    sale = shop.sell(buyer)
    await sync_at_rest(shop)
    papers.act(shop, "orders/1", "cancel")
    return sale


async def test_many_that_would_go_are_held(tidy):
    """
    More than 20 in one pass look like an accident; released they go.
    """
    async with tidy.running():
        for number in range(21):
            tidy.people.new_customer(Name=f"Kund {number}")
        await sync_at_rest(tidy)
        for number in range(1, 22):
            delete(tidy, str(number))
        await days(tidy, 3)
        (held,) = await tidy.desk.held()
        assert (21, 21) == (len(held["steps"]), len(tidy.buyers()))
        await tidy.desk.release(held["id"], drop=False)
        await days(tidy, 3)
        assert {} == tidy.buyers()


async def test_a_reading_that_breaks_off_proves_nothing(tidy):
    """
    It is begun anew, and counts only when it is whole.
    """
    async with tidy.running():
        tidy.people.new_customer(Name="Borta AB")
        await sync_at_rest(tidy)
        delete(tidy, "1")
        await days(tidy, 1)
        for _ in range(3):
            tidy.wait(hours=25)
            broken = Fault(system="eskassa", method="GET", path="/api/customer", fault="status", count=6)
            tidy.world.faults.add(broken)
            with pytest.raises(RemoteError):
                await tidy.sync()
            tidy.world.faults.clear()
            assert ["Borta AB"] == list(tidy.buyers())
        await days(tidy, 3)
    assert {} == tidy.buyers()


async def test_without_the_box_nobody_goes(tmp_path):
    """
    One that was linked is told of.
    """
    office = Desk(tmp_path, "fortnox", "customers")
    async with office.running():
        office.people.new_customer(Name="Borta AB")
        await sync_at_rest(office)
        delete(office, "1")
        await days(office, 4)
        assert ["REC02"] == await codes(office)
    assert ["Borta AB"] == list(office.buyers())
