"""
The alarm of noon for Z-reports that are not booked, and what looks like an accident (row K2).
"""

from __future__ import annotations

import pytest

from daemon.core.records import Side
from daemon.errors import RemoteError
from daemon.sandbox.faults import Fault
from tests.rows.acts import codes, sync_at_rest
from tests.rows.test_till_reports import a_shop, texts
from tests.shop import MACHINE

pytestmark = pytest.mark.row("K2")
DECEMBER = 12
ONE = f"{MACHINE}/000000001"
FEW = {"create_count": 3, "create_share": 0.01}


def office(shop, verb, **body):
    """Somebody does something in Fortnox."""
    return shop.people.act("fortnox", verb, **body)


# ------------------------------------------------------------------ the alarm of noon

DUE = [
    # what day it was                   sold                   still nothing          now it is told
    ("an ordinary Monday",              "2026-11-23T18:00:00", "2026-11-24T11:59:00", "2026-11-24T12:00:01"),
    ("a Friday",                        "2026-11-27T18:00:00", "2026-11-30T11:59:00", "2026-11-30T12:00:01"),
    ("a Saturday",                      "2026-11-28T18:00:00", "2026-11-30T11:59:00", "2026-11-30T12:00:01"),
    ("the day before Christmas",        "2026-12-23T18:00:00", "2026-12-28T11:59:00", "2026-12-28T12:00:01"),
]  # fmt: skip


@pytest.mark.parametrize(("sold", "before", "after"), [row[1:] for row in DUE], ids=[row[0] for row in DUE])
async def test_what_is_not_booked_at_noon_of_the_next_working_day_is_an_alarm(tmp_path, sold, before, after):
    """
    Once, and counted until it is booked.
    """
    shop = a_shop(tmp_path)
    office(shop, "lock_period", until="2026-12-31")
    shop.until(sold)
    shop.day()
    async with shop.running():
        await shop.sync()
        shop.until(before)
        await shop.sync()
        assert ([], 0.0) == (shop.alarms("overdue"), shop.metric("overdue"))
        shop.until(after)
        for _ in range(2):
            await shop.sync()
        assert ([ONE], 1.0) == (shop.alarms("overdue"), shop.metric("overdue"))
        assert "REC23" == shop.told[-1][1]["code"]
        office(shop, "unlock_period")
        for _ in range(2):
            await shop.sync()
        assert ([ONE], 0.0) == (shop.alarms("overdue"), shop.metric("overdue"))


async def test_reports_that_are_booked_in_time_are_no_alarm(tmp_path):
    """
    Neither is one of a day without sales.
    """
    shop = a_shop(tmp_path)
    async with shop.running():
        shop.day()
        shop.till("close_day")
        await shop.sync()
        shop.wait(days=3)
        await shop.sync()
        assert ([], 0.0) == (shop.alarms("overdue"), shop.metric("overdue"))


@pytest.mark.parametrize("side", [Side.PARTNER, None], ids=["one side", "sync"])
async def test_the_alarm_comes_also_while_fortnox_is_away(tmp_path, side):
    """
    The till is read all the same, by a daemon that has never reached Fortnox too, and what it sold falls due.
    """
    shop = a_shop(tmp_path)
    await shop.sync_once()
    shop.world.faults.add(Fault(fault="status", status=503, system="fortnox", count=10_000))
    shop.day()
    async with shop.running():
        for at in ("2026-11-23T20:00:00", "2026-11-24T12:00:01", "2026-11-24T12:06:00"):
            shop.until(at)
            with pytest.raises(RemoteError):
                await shop.house.loops["eskassa"].run_pass(side)
        assert ([ONE], 1.0) == (shop.alarms("overdue"), shop.metric("overdue"))
        shop.world.faults.clear()
        await sync_at_rest(shop)
        await shop.sync()
        assert (["Kassa 1, Z-rapport 1, 2026-11-23"], 0.0) == (texts(shop), shop.metric("overdue"))


async def test_the_alarm_comes_when_the_till_is_away(tmp_path):
    """
    What it has shown before falls due all the same.
    """
    shop = a_shop(tmp_path)
    office(shop, "lock_period", until="2026-12-31")
    shop.day()
    async with shop.running():
        await shop.sync()
        shop.world.faults.add(Fault(fault="status", status=503, system="eskassa", count=10_000))
        shop.until("2026-11-24T12:00:01")
        with pytest.raises(RemoteError):
            await shop.sync()
        assert [ONE] == shop.alarms("overdue")


async def test_a_report_of_before_the_start_is_no_alarm(tmp_path):
    """
    It was booked by hand, or by whatever did so before; a later start takes reports out of the alarm too.
    """
    shop = a_shop(tmp_path, start="2026-11-25")
    shop.day()
    office(shop, "lock_period", until="2026-12-31")
    async with shop.running():
        await shop.sync()
        shop.wait(days=5)
        await shop.sync()
        assert ([], []) == (shop.alarms("overdue"), await codes(shop))
    assert [] == shop.vouchers()


async def test_a_start_that_is_moved_on_ends_the_alarm_and_touches_nothing_that_is_booked(tmp_path):
    """
    What is held stays listed until a person closes it; what was booked needs its report no more.
    """
    shop = a_shop(tmp_path)
    shop.day()
    await shop.sync_once()
    shop.wait(days=1)
    office(shop, "lock_period", until="2026-12-31")
    shop.day()
    shop.wait(days=2)
    async with shop.running():
        await shop.sync()
        await shop.sync()
        assert 1.0 == shop.metric("overdue")
    shop.set(start="2026-11-25")
    async with shop.running():
        await shop.sync()
        await shop.sync()
        assert (0.0, ["REC23"]) == (shop.metric("overdue"), await codes(shop))
        (held,) = await shop.desk.parked()
        await shop.desk.ignore(held["id"])
        shop.wait(days=2)
        assert "ok" == (await sync_at_rest(shop)).outcome
    assert ["Kassa 1, Z-rapport 1, 2026-11-23"] == texts(shop)


# ------------------------------------------------------------------ too many at once


async def test_more_reports_than_a_pass_may_book_are_held_and_released_in_order(tmp_path):
    """
    A start that was mistyped would book years: a person says so once, and meanwhile each is an alarm.
    """
    shop = a_shop(tmp_path, guard=FEW)
    office(shop, "lock_period", until="2026-11-22")
    for at in ("18", "12", "14", "16"):
        shop.day(register=int(at) // 2 - 5, at=f"2026-11-23T{at}:00:00")
    shop.until("2026-11-25T08:00:00")
    async with shop.running():
        await shop.sync()
        report = await sync_at_rest(shop)
        (plan,) = await shop.desk.held()
        assert ("held", 4, []) == (report.outcome, len(plan["steps"]), shop.vouchers())
        assert "would create 4 records at the fortnox side, the limit is 3" == plan["reason"]
        assert (4, 4.0) == (len(shop.alarms("overdue")), shop.metric("overdue"))
        await shop.desk.release(plan["id"], drop=False)
        await sync_at_rest(shop)
        assert ([], 0.0) == (await shop.desk.held(), shop.metric("overdue"))
    assert [f"Kassa {register}, Z-rapport 1, 2026-11-23" for register in (1, 2, 3, 4)] == texts(shop)


async def test_a_plan_that_grew_after_its_release_is_held_again(tmp_path):
    """
    What was released is not what would be booked: one day more came.
    """
    shop = a_shop(tmp_path, guard=FEW)
    for register in (1, 2, 3, 4):
        shop.day(register=register)
    async with shop.running():
        await shop.sync()
        (plan,) = await shop.desk.held()
        await shop.desk.release(plan["id"], drop=False)
        shop.day()
        assert "held" == (await sync_at_rest(shop)).outcome
        (plan,) = await shop.desk.held()
        await shop.desk.release(plan["id"], drop=False)
        await sync_at_rest(shop)
    assert 5 == len(shop.vouchers())


def troubles(shop, of="TIL"):
    """The codes of the troubles that were told, each as often as it was."""
    codes = [fields["code"] for name, fields in shop.told if name == "trouble"]
    return [code for code in codes if code.startswith(of)]


async def test_a_register_that_is_not_heard_of_for_a_day_is_told_once(tmp_path):
    """
    Its sales show nowhere, so nothing of it can be overdue; when it is back it is told anew the next time.
    """
    shop = a_shop(tmp_path)
    async with shop.running():
        await shop.sync()
        shop.till("go_offline", register=2)
        shop.wait(days=2)
        await shop.sync()
        shop.wait(days=1)
        await shop.sync()
        told = [fields for name, fields in shop.told if name == "trouble"]
    assert ["TIL02"] == [fields["code"] for fields in told]
    assert "Kassa 2" in told[0]["error"]


@pytest.mark.parametrize("invoices", [True, False])
async def test_sales_on_invoice_that_a_silent_register_can_show_no_more_are_told(tmp_path, invoices):
    """
    Receipts are shown for seven days: what it sold before that crosses no more when it is back.
    """
    orders = {"invoices": True, "payment_terms": "30", "master": "till", "invoice_sales": "excluded"}
    shop = a_shop(tmp_path, **(orders if invoices else {}))
    async with shop.running():
        await shop.sync()
        shop.till("go_offline", register=2)
        for _ in range(8):
            shop.wait(days=1)
            await shop.sync()
        assert ["TIL02", "TIL03"][: 1 + invoices] == troubles(shop)


async def test_a_register_that_rests_over_a_weekend_is_no_alarm(tmp_path):
    """
    Closed on Saturday at three: it is told at noon on Monday, as what is not booked is, and not before.
    """
    shop = a_shop(tmp_path)
    shop.until("2026-11-28T15:00:00")
    async with shop.running():
        await shop.sync()
        shop.till("go_offline", register=2)
        for at, told in (("2026-11-30T11:00:00", []), ("2026-12-01T12:00:00", ["TIL02"])):
            shop.until(at)
            await shop.sync()
            assert told == troubles(shop)


# ------------------------------------------------------------------ the turn of the year


def _new_year(shop):
    shop.people.act("fortnox", "add_year", **{"from": "2027-01-01", "to": "2027-12-31"})


def _new_year_without_it(shop):
    _new_year(shop)
    shop.people.act("fortnox", "add_series", code="Z", manual=True)  # of this year


AHEAD = [
    # what is lacking                              code      what was done before            what mends it
    ("the year",                                   "REC22",  lambda _shop: None,             _new_year),
    ("a series that is younger than the new year", "CFG12",  _new_year_without_it,
        lambda shop: shop.people.act("fortnox", "add_series", code="Z", year="3", manual=True)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "before", "mend"), [row[1:] for row in AHEAD], ids=[row[0] for row in AHEAD]
)
async def test_books_that_are_not_open_for_january_are_told_in_december(tmp_path, code, before, mend):
    """
    Once, while there is time to mend it; `check` says the same, and when it is mended nothing is left.
    """
    shop = a_shop(tmp_path, voucher_series="K" if code == "REC22" else "Z")
    before(shop)
    shop.until("2026-11-29T18:00:00")
    async with shop.running():
        for _ in range(4):
            await shop.sync()
            assert troubles(shop, of=code) == [code] * (shop.clock.now().month == DECEMBER)
            shop.wait(days=1)
        found = await shop.vendors.check()
        assert [code] == [each.code for each in found if not each.ok]
        mend(shop)
        await shop.sync()
        assert [code] == troubles(shop, of=code)
        assert all(each.ok for each in await shop.vendors.check())
        shop.wait(days=1)
        await shop.sync()
        assert not [each for end in shop.house.companies.values() for each in end.system.troubles()]
