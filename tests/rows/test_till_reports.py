"""
Z-reports become vouchers: each once, whole, in order, in the right series and year (row K2).
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from itertools import pairwise

import pytest

from daemon.core.postings import Entry, packed, told
from tests.rows.acts import codes, sync_at_rest
from tests.shop import MACHINE, Shop

pytestmark = pytest.mark.row("K2")
SALE = "1580 {0}.00, 3001 -{1}.00, 2611 -{2}.00"


def a_shop(folder, **keys):
    """A shop whose Z-reports cross; article A costs 100 kronor."""
    shop = Shop(folder, "reports", **keys)
    shop.new_item("A", price=100, vat=25)
    return shop


def booked(voucher):
    """Day and text of a voucher without our mark, and its rows as a bookkeeper reads them."""
    entries = [
        Entry(account=str(row["Account"]), amount=int(Decimal(str(row["Debit"] - row["Credit"])) * 100))
        for row in voucher["VoucherRows"]
    ]
    return voucher["TransactionDate"], voucher["Description"].rpartition(", FS1.")[0], told(packed(entries))


def reported(report):
    """The rows of a Z-report in the same words."""
    accounts = [Entry(account=row["Number"], amount=round(row["Amount"] * 100)) for row in report["Accounts"]]
    return told(packed(accounts))


def texts(shop, series="K", day=""):
    """Which report each voucher of a series books, in the order of their numbers."""
    return [booked(each)[1] for each in shop.vouchers(series, day)]


# ------------------------------------------------------------------ each once


async def test_every_report_of_every_register_becomes_one_voucher_in_order(tmp_path):
    """
    Two registers with the same numbers, two reports a day, a day of returns: as they are, by time.
    """
    shop, made = a_shop(tmp_path), []
    async with shop.running():
        for day in (23, 24, 25):
            for register, hour in ((1, "14"), (2, "16"), (1, "18")):
                at = f"2026-11-{day}T{hour}:00:00"
                shop.until(at)
                made.append((register, at, shop.day(register=register, quantity=len(made) + 1)))
            await shop.sync()
        shop.until("2026-11-26T17:00:00")
        shop.till("return_goods", register=2, items=[{"product_code": "A", "quantity": 3}], payment="card")
        made.append((2, "2026-11-26T17:00:00", shop.till("close_day", register=2)))
        await sync_at_rest(shop)
    expected = [
        (at[:10], f"Kassa {register}, Z-rapport {report['Number']}, {at[:10]}", reported(report))
        for register, at, report in made
    ]
    assert expected == [booked(voucher) for voucher in shop.vouchers()]
    assert "1580 -300.00, 3001 240.00, 2611 60.00" == expected[-1][2]


async def test_every_voucher_balances_and_bears_our_mark_twice(tmp_path):
    """
    In its text and in its first row: a person may edit one of the two.
    """
    shop = a_shop(tmp_path)
    shop.day(quantity=2)
    await shop.sync_once()
    (voucher,) = shop.vouchers()
    rows = voucher["VoucherRows"]
    mark = voucher["Description"].rpartition(", ")[2]
    assert sum(row["Debit"] for row in rows) == sum(row["Credit"] for row in rows) == 200
    assert mark.startswith("FS1.EK.P.")
    assert rows[0]["TransactionInformation"] == f"Kontokort, {mark}"


async def test_an_empty_report_is_no_voucher_and_leaves_no_gap(tmp_path):
    """
    A day without sales is recorded and not booked; the next number follows on it.
    """
    shop = a_shop(tmp_path)
    shop.day()
    shop.till("close_day")
    shop.day()
    async with shop.running():
        await sync_at_rest(shop)
        assert [] == await codes(shop)
    assert ["Kassa 1, Z-rapport 1, 2026-11-23", "Kassa 1, Z-rapport 3, 2026-11-23"] == texts(shop)


async def test_a_gift_card_and_rounded_cash_are_booked_as_the_register_says(tmp_path):
    """
    A debt without VAT, and öre on their own account (swedish-accounting.md 4 and 5).
    """
    shop = a_shop(tmp_path)
    shop.new_item("F", price=106.40, vat=6)
    shop.till("sell_gift_card", amount=500, payment="cash")
    shop.till("sell", items=[{"product_code": "F"}], payment="cash")
    shop.till("sell", items=[{"product_code": "A", "quantity": 2}], payment="gift_card")
    report = shop.till("close_day")
    await shop.sync_once()
    (voucher,) = shop.vouchers()
    rows = booked(voucher)[2]
    assert reported(report) == rows
    assert {"1910 606.00", "2421 -300.00", "3740 0.40", "2631 -6.02"} <= set(rows.split(", "))


# ------------------------------------------------------------------ where to


async def test_a_register_has_its_series_and_its_cost_centre(tmp_path):
    """
    Register 2 its own of both, the others those of all.
    """
    by = {"series_by_register": {"2": "L"}, "cost_center": "UME", "cost_center_by_register": {"2": "SKE"}}
    shop = a_shop(tmp_path, **by)
    shop.people.act("fortnox", "add_series", code="L")
    for code in ("UME", "SKE"):
        shop.people.act("fortnox", "create", kind="costcenters", fields={"Code": code, "Description": code})
    for register in (1, 2, 3):
        shop.day(register=register)
    async with shop.running():
        await sync_at_rest(shop)
    assert ["Kassa 1, Z-rapport 1, 2026-11-23", "Kassa 3, Z-rapport 1, 2026-11-23"] == texts(shop)
    assert ["Kassa 2, Z-rapport 1, 2026-11-23"] == texts(shop, "L")
    centers = {
        series: {row["CostCenter"] for each in shop.vouchers(series) for row in each["VoucherRows"]}
        for series in "KL"
    }
    assert {"K": {"UME"}, "L": {"SKE"}} == centers


async def test_only_the_registers_that_are_named_are_read(tmp_path):
    """
    Another one's reports stay where they are.
    """
    shop = a_shop(tmp_path, registers=[MACHINE])
    for register in (1, 2):
        shop.day(register=register)
    await shop.sync_once()
    assert ["Kassa 1, Z-rapport 1, 2026-11-23"] == texts(shop)


async def test_a_register_that_is_named_in_capitals_is_the_same_register(tmp_path):
    """
    Its id is a GUID: what was booked before it was named in the config is not booked again.
    """
    shop = a_shop(tmp_path)
    shop.day()
    await shop.sync_once()
    shop.set(registers=[MACHINE.upper()])
    shop.day()
    async with shop.running():
        assert [] == [each.what for each in await shop.vendors.check() if not each.ok]
        await sync_at_rest(shop)
    assert [f"Kassa 1, Z-rapport {number}, 2026-11-23" for number in (1, 2)] == texts(shop)


@pytest.mark.parametrize(
    ("on", "expected"),
    [("all", {1580: "UME", 3001: "UME", 2611: "UME"}), ("result", {1580: "", 3001: "UME", 2611: ""})],
)
async def test_the_cost_centre_is_on_all_rows_or_on_income_and_cost_alone(tmp_path, on, expected):
    """
    The vendor's own setting puts it on all.
    """
    shop = a_shop(tmp_path, cost_center="UME", cost_center_on=on)
    shop.people.act("fortnox", "create", kind="costcenters", fields={"Code": "UME", "Description": "Umeå"})
    shop.day()
    await shop.sync_once()
    (voucher,) = shop.vouchers()
    assert expected == {row["Account"]: row["CostCenter"] for row in voucher["VoucherRows"]}


async def test_accounts_of_the_register_are_booked_as_those_of_fortnox(tmp_path):
    """
    Where the register still has the number of an older chart.
    """
    shop = a_shop(tmp_path, accounts={"1580": "1686"})
    shop.day()
    await shop.sync_once()
    assert [SALE.format(100, 80, 20).replace("1580", "1686")] == [booked(each)[2] for each in shop.vouchers()]


async def test_a_report_is_booked_in_the_financial_year_of_its_day(tmp_path):
    """
    New Year's eve in the old year, New Year's day in the new one; the year is said in every question.
    """
    shop = a_shop(tmp_path)
    shop.people.act("fortnox", "add_year", **{"from": "2027-01-01", "to": "2027-12-31"})
    for at in ("2026-12-31T18:00:00", "2027-01-01T18:00:00"):
        shop.until(at)
        shop.day()
    await shop.sync_once()
    assert ["Kassa 1, Z-rapport 1, 2026-12-31"] == texts(shop, day="2026-12-31")
    assert ["Kassa 1, Z-rapport 2, 2027-01-01"] == texts(shop, day="2027-01-01")
    asked = [each for each in shop.requests("fortnox") if each["path"].startswith("/3/vouchers")]
    assert all("financialyear" in each["query"] for each in asked)


async def test_a_financial_year_need_not_be_that_of_the_calendar(tmp_path):
    """
    Sixteen months, then from May to April: the last day of the one and the first of the other.
    """
    shop = a_shop(tmp_path, start="2028-04-01")
    for first, last in (("2027-01-01", "2028-04-30"), ("2028-05-01", "2029-04-30")):
        shop.people.act("fortnox", "add_year", **{"from": first, "to": last})
    for at in ("2028-04-30T18:00:00", "2028-05-01T18:00:00"):
        shop.until(at)
        shop.day()
    await shop.sync_once()
    assert ["Kassa 1, Z-rapport 1, 2028-04-30"] == texts(shop, day="2028-01-01")
    assert ["Kassa 1, Z-rapport 2, 2028-05-01"] == texts(shop, day="2029-01-01")


# ------------------------------------------------------------------ when


@pytest.mark.parametrize(
    ("booked_on", "day"), [("report_date", "2026-11-24"), ("last_transaction_date", "2026-11-23")]
)
async def test_a_report_that_was_taken_after_midnight(tmp_path, booked_on, day):
    """
    Booked on the report's day, or on that of the last sale; its text names the report's.
    """
    shop = a_shop(tmp_path, booked_on=booked_on)
    shop.until("2026-11-23T23:50:00")
    shop.till("sell", items=[{"product_code": "A"}], payment="card")
    shop.until("2026-11-24T00:20:00")
    shop.till("close_day")
    await shop.sync_once()
    assert [(day, "Kassa 1, Z-rapport 1, 2026-11-24", SALE.format(100, 80, 20))] == [
        booked(each) for each in shop.vouchers()
    ]


async def test_the_first_report_is_the_first_of_the_start_day_by_the_clocks_on_swedish_walls(tmp_path):
    """
    One of 23:59 the day before stays out, though it is the next day in Greenwich by then or not yet.
    """
    shop = a_shop(tmp_path, start="2026-11-23")
    for at in ("2026-11-22T23:59:00", "2026-11-23T00:00:00", "2026-11-23T00:30:00"):
        shop.day(at=at)
    async with shop.running():
        await sync_at_rest(shop)
        assert [] == await codes(shop)
    assert ["Kassa 1, Z-rapport 2, 2026-11-23", "Kassa 1, Z-rapport 3, 2026-11-23"] == texts(shop)


async def test_the_last_sales_of_a_year_that_are_reported_in_the_next_one(tmp_path):
    """
    By the day of the last sale they belong to the old year, also before anybody has made the new one.
    """
    shop = a_shop(tmp_path, booked_on="last_transaction_date")
    shop.until("2026-12-31T23:50:00")
    shop.till("sell", items=[{"product_code": "A"}], payment="card")
    shop.until("2027-01-01T00:20:00")
    shop.till("close_day")
    async with shop.running():
        await sync_at_rest(shop)
        assert [] == await codes(shop)
    assert [("2026-12-31", "Kassa 1, Z-rapport 1, 2027-01-01", SALE.format(100, 80, 20))] == [
        booked(each) for each in shop.vouchers(day="2026-12-31")
    ]


@pytest.mark.parametrize("days", [1, 3, 10, 40])
async def test_a_report_that_shows_late_is_booked_when_it_comes(tmp_path, days):
    """
    Whatever was read and booked meanwhile; the number that was missing is no alarm any more.
    """
    shop = a_shop(tmp_path)
    shop.people.act("fortnox", "add_year", **{"from": "2027-01-01", "to": "2027-12-31"})
    until = (shop.local() + dt.timedelta(days=days)).replace(tzinfo=None)
    shop.till("hide_z", number=2, until=until.isoformat(timespec="seconds"))
    async with shop.running():
        for _ in range(3):
            shop.day()
        await shop.sync()
        assert ["ZRP02"] == await codes(shop)
        pause = max(1, days // 8)
        for _ in range(0, days + 1, pause):
            shop.wait(days=pause)
            await shop.sync()
        assert [] == await codes(shop)
    assert [1, 3, 2] == [int(each.split()[3].strip(",")) for each in texts(shop, day="2026-11-23")]


async def test_a_daemon_that_was_down_for_twenty_days_books_all_of_them_in_order(tmp_path):
    """
    Also one that shows ten days after that.
    """
    shop = a_shop(tmp_path)
    shop.day()
    await shop.sync_once()
    shop.till("hide_z", number=5, until="2026-12-20T12:00:00")
    for _ in range(19):
        shop.wait(days=1)
        shop.day()
    shop.wait(days=1)
    async with shop.running():
        await sync_at_rest(shop)
        numbers = [int(each.split()[3].strip(",")) for each in texts(shop)]
        assert [1, 2, 3, 4, *range(6, 21)] == numbers
        shop.wait(days=10)
        await sync_at_rest(shop)
        assert [] == await codes(shop)
    vouchers = shop.vouchers()
    days = [each["TransactionDate"] for each in vouchers[:-1]]
    assert all(first < second for first, second in pairwise(days))
    assert "Kassa 1, Z-rapport 5, 2026-11-27" == booked(vouchers[-1])[1]


async def test_a_register_without_its_network_is_booked_when_it_is_back(tmp_path):
    """
    All that it did meanwhile, in order, each once.
    """
    shop = a_shop(tmp_path)
    shop.till("go_offline", register=2)
    async with shop.running():
        for _ in range(3):
            shop.day(register=2)
            shop.wait(days=1)
            await shop.sync()
        assert [] == texts(shop)
        shop.till("go_online", register=2)
        await sync_at_rest(shop)
        assert [] == await codes(shop)
    assert [f"Kassa 2, Z-rapport {n}, 2026-11-{22 + n}" for n in (1, 2, 3)] == texts(shop)
