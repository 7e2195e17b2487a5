"""
Z-reports that cannot be booked are held with their reason and an alarm, and never dropped (row K2).
"""

from __future__ import annotations

import pytest

from tests.rows.acts import codes, sync_at_rest
from tests.rows.test_till_reports import SALE, a_shop, booked, texts
from tests.shop import MACHINE

pytestmark = pytest.mark.row("K2")
ONE = f"{MACHINE}/000000001"
TWO = f"{MACHINE}/000000002"
THREE = f"{MACHINE}/000000003"


def office(shop, verb, **body):
    """Somebody does something in Fortnox."""
    return shop.people.act("fortnox", verb, **body)


# ------------------------------------------------------------------ what goes by itself once it is mended

INACTIVE = {"number": "3001", "fields": {"Active": False}}
MENDED = [
    # what is wrong                code
    #   how it came about, how it is mended
    ("an account is inactive",     "REC18",
     lambda shop: office(shop, "edit_account", **INACTIVE),
     lambda shop: office(shop, "edit_account", number="3001", fields={"Active": True})),
    ("an account is not there",    "REC18",
     lambda shop: shop.till("set_account", what="card", number="1585"),
     lambda shop: office(shop, "add_account", number="1585")),
    ("the period is locked",       "REC23",
     lambda shop: office(shop, "lock_period", until="2026-11-23"),
     lambda shop: office(shop, "unlock_period")),
    ("the series is not manual",   "CFG12",
     lambda shop: office(shop, "set_series", code="K", manual=False),
     lambda shop: office(shop, "set_series", code="K", manual=True)),
    ("an account demands a cost centre", "REC18",
     lambda shop: office(shop, "edit_account", number="3001", fields={"CostCenterSettings": "MANDATORY"}),
     lambda shop: office(shop, "edit_account", number="3001", fields={"CostCenterSettings": "ALLOWED"})),
    ("an account demands a project", "REC18",
     lambda shop: office(shop, "edit_account", number="3001", fields={"ProjectSettings": "MANDATORY"}),
     lambda shop: office(shop, "edit_account", number="3001", fields={"ProjectSettings": "ALLOWED"})),
]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "break_it", "mend_it"), [row[1:] for row in MENDED], ids=[row[0] for row in MENDED]
)
async def test_what_is_mended_in_fortnox_lets_the_report_go_by_itself(tmp_path, code, break_it, mend_it):
    """
    Nothing is sent to Fortnox before, and its date is never another one.
    """
    shop = a_shop(tmp_path)
    break_it(shop)
    report = shop.day()
    async with shop.running():
        await shop.sync()
        shop.wait(days=1)
        since = shop.world.log.last_seq
        await shop.sync()
        (held,) = await shop.desk.parked()
        assert (code, [], []) == (held["code"], shop.writes(since), shop.vouchers())
        assert held["what"]
        assert "Kassa 1, Z-rapport 1, 2026-11-23: " in held["where"]
        assert held["todo"]
        mend_it(shop)
        await sync_at_rest(shop)
        assert [] == await codes(shop)
    (voucher,) = shop.vouchers()
    expected = SALE.format(100, 80, 20).replace("1580", report["Accounts"][0]["Number"])
    assert ("2026-11-23", "Kassa 1, Z-rapport 1, 2026-11-23", expected) == booked(voucher)


@pytest.mark.parametrize(("code", "break_it", "mend_it"), [MENDED[0][1:], *(row[1:] for row in MENDED[2:4])])
async def test_what_fortnox_refuses_because_of_what_was_changed_just_now_goes_by_itself_too(
    tmp_path, code, break_it, mend_it
):
    """
    The books were looked at for the one before; its booking is refused, and not sent again until it may go.
    """
    shop = a_shop(tmp_path)
    async with shop.running():
        shop.day()
        await shop.sync()
        break_it(shop)
        shop.day()
        await shop.sync()
        since = shop.world.log.last_seq
        for _ in range(2):
            shop.wait(minutes=6)
            await shop.sync()
        assert ([code], []) == (await codes(shop), shop.writes(since))
        mend_it(shop)
        await sync_at_rest(shop)
        assert [] == await codes(shop)
    assert [f"Kassa 1, Z-rapport {number}, 2026-11-23" for number in (1, 2)] == texts(shop)


async def test_a_report_of_a_year_that_is_not_there_waits_for_the_year(tmp_path):
    """
    New Year's day before anybody made the year: held, and booked by itself once it is there.
    """
    shop = a_shop(tmp_path)
    shop.until("2027-01-01T18:00:00")
    shop.day()
    async with shop.running():
        await shop.sync()
        assert ["REC22"] == await codes(shop)
        office(shop, "add_year", **{"from": "2027-01-01", "to": "2027-12-31"})
        shop.wait(minutes=1)
        await sync_at_rest(shop)
        assert [] == await codes(shop)
    assert ["Kassa 1, Z-rapport 1, 2027-01-01"] == texts(shop)


async def test_a_series_that_is_not_there_in_the_new_year_waits_for_it(tmp_path):
    """
    A new year takes over the series of the one before, but somebody may have made it before that.
    """
    shop = a_shop(tmp_path, voucher_series="Z")
    office(shop, "add_year", **{"from": "2027-01-01", "to": "2027-12-31"})
    office(shop, "add_series", code="Z")
    for at in ("2026-12-31T18:00:00", "2027-01-01T18:00:00"):
        shop.until(at)
        shop.day()
    async with shop.running():
        await shop.sync()
        assert ["CFG12"] == await codes(shop)
        assert ["Kassa 1, Z-rapport 1, 2026-12-31"] == texts(shop, "Z", "2026-12-31")
        office(shop, "add_series", code="Z")
        shop.wait(minutes=1)
        await sync_at_rest(shop)
        assert [] == await codes(shop)
    assert ["Kassa 1, Z-rapport 2, 2027-01-01"] == texts(shop, "Z")


async def test_the_reports_after_one_that_is_held_are_booked(tmp_path):
    """
    A day that waits for its account keeps no other day waiting.
    """
    shop = a_shop(tmp_path)
    shop.new_item("F", price=106, vat=6)
    office(shop, "edit_account", **INACTIVE)
    shop.day()
    shop.wait(days=1)
    shop.day("F")
    async with shop.running():
        await shop.sync()
        assert (["REC18"], ["Kassa 1, Z-rapport 2, 2026-11-24"]) == (await codes(shop), texts(shop))
        office(shop, "edit_account", number="3001", fields={"Active": True})
        await sync_at_rest(shop)
    assert 2 == len(texts(shop))


# ------------------------------------------------------------------ what a person must look at

SPOILED = [
    # what is wrong              code
    #   how it came about
    ("an öre is lacking",        "ZRP01",
     lambda shop: shop.till("unbalance_z", number=1, by=-0.01)),
    ("a row without an account", "ZRP04",
     lambda shop: shop.till("change_z", number=1, rows=[
         {"description": "Kontokort", "number": "", "amount": 100},
         {"description": "Försäljning", "number": "3001", "amount": -100},
     ])),
    ("an account of two digits", "ZRP04",
     lambda shop: shop.till("change_z", number=1, rows=[
         {"description": "Kontokort", "number": "15", "amount": 100},
         {"description": "Försäljning", "number": "3001", "amount": -100},
     ])),
]  # fmt: skip


@pytest.mark.parametrize(("code", "spoil"), [row[1:] for row in SPOILED], ids=[row[0] for row in SPOILED])
async def test_a_report_that_is_not_right_is_held_until_a_person_decides(tmp_path, code, spoil):
    """
    Not booked, not dropped: listed with its code until it is `ignored`, then for ever left alone.
    """
    shop = a_shop(tmp_path)
    shop.day()
    spoil(shop)
    async with shop.running():
        await sync_at_rest(shop)
        (held,) = await shop.desk.parked()
        assert code == held["code"]
        assert held["what"] in (
            "debit and credit differ by -0.01",
            "no account of four digits: Kontokort",
            "no account of four digits: 15",
        )
        assert held["where"] == "Kassa 1, Z-rapport 1, 2026-11-23"
        shop.wait(days=2)
        await shop.sync()
        assert ([ONE], 1.0) == (shop.alarms("overdue"), shop.metric("overdue"))
        await shop.desk.ignore(held["id"])
        await shop.sync()
        assert ([], 0.0) == (await codes(shop), shop.metric("overdue"))
    assert [] == shop.vouchers()


async def test_a_register_that_has_no_account_books_when_it_gets_one(tmp_path):
    """
    The report itself says no more than before; the next one is right.
    """
    shop = a_shop(tmp_path)
    shop.till("set_account", what="card", number="")
    shop.day()
    shop.till("set_account", what="card", number="1580")
    shop.day()
    async with shop.running():
        await sync_at_rest(shop)
        (held,) = await shop.desk.parked()
    assert ("ZRP04", "no account of four digits: Kontokort") == (held["code"], held["what"])
    assert ["Kassa 1, Z-rapport 2, 2026-11-23"] == texts(shop)


@pytest.mark.parametrize(("by", "expected"), [(0.5, "3740 -0.50"), (-0.5, "3740 0.50"), (0.51, "")])
async def test_what_may_be_rounded_is_booked_with_a_row_for_it(tmp_path, by, expected):
    """
    Up to auto_round_limit öre; more is held.
    """
    shop = a_shop(tmp_path, auto_round_limit=50)
    shop.day()
    shop.till("unbalance_z", number=1, by=by)
    async with shop.running():
        await sync_at_rest(shop)
        assert ["ZRP01"] * (not expected) == await codes(shop)
    assert [expected] * bool(expected) == [booked(each)[2].split(", ")[-1] for each in shop.vouchers()]


async def test_sales_on_invoice_in_a_report_are_held_where_orders_book_them(tmp_path):
    """
    A register that puts them into its Z-reports after all (decision 15).
    """
    shop = a_shop(tmp_path, invoices=True, payment_terms="30", master="till", invoice_sales="excluded")
    shop.world.systems["eskassa"].switch("invoices_in_z", "included")
    customer = shop.till("new_customer", fields={"Name": "Syd AB"})
    shop.till("sell_on_invoice", items=[{"product_code": "A"}], customer=customer["Id"])
    shop.people.new_article(ArticleNumber="A", Description="Vara A", VAT=25)
    shop.day()
    async with shop.running():
        await shop.sync()
        assert "ZRP07" in await codes(shop)
    assert [] == shop.vouchers()


# ------------------------------------------------------------------ changed after the fact


@pytest.mark.parametrize(
    "changed",
    [{"by": 10}, {"rows": [{"description": "", "number": "1910", "amount": 7}]}, {"rows": []}],
    ids=["an amount moved", "other rows", "no rows"],
)
async def test_a_report_that_changes_after_it_was_booked_is_told_and_booked_once(tmp_path, changed):
    """
    An open conflict with both values; the voucher stays, and no second one is made, whatever a person picks.
    """
    shop = a_shop(tmp_path)
    shop.day()
    async with shop.running():
        await shop.sync()
        before = shop.vouchers()
        shop.till("change_z", number=1, **changed)
        shop.wait(minutes=15)
        report = await sync_at_rest(shop)
        (found,) = await shop.desk.conflicts()
        assert ("conflict", 1, "entries", "open") == (
            report.outcome,
            report.conflicts,
            found["field"],
            found["state"],
        )
        assert SALE.format(100, 80, 20) in (found["base"], found["fortnox"])
        await shop.desk.resolve(found["id"], "fortnox")
        assert "ok" == (await sync_at_rest(shop)).outcome
        shop.wait(days=2)
        assert "ok" == (await sync_at_rest(shop)).outcome
    assert before == shop.vouchers()


async def test_a_register_whose_numbers_begin_again_is_told(tmp_path):
    """
    Its first report bears the number of one that was booked: it is never taken for that, and never dropped.
    """
    shop = a_shop(tmp_path)
    async with shop.running():
        shop.day()
        shop.day()
        await shop.sync()
        shop.till("restart_z")
        shop.wait(days=10)
        shop.day()
        assert "conflict" == (await sync_at_rest(shop)).outcome
        (found,) = await shop.desk.conflicts()
        assert (f"partner:{ONE}", "reported_at", "open") == (found["key"], found["field"], found["state"])
        assert ("2026-11-23", "2026-12-03") == (found["base"][:10], found["partner"][:10])
    assert 2 == len(shop.vouchers())


# ------------------------------------------------------------------ numbers that were passed over


async def test_a_number_that_was_passed_over_is_an_alarm_until_a_person_closes_it(tmp_path):
    """
    The report after it is booked; the gap is told once, and closed by `ignore` alone.
    """
    shop = a_shop(tmp_path)
    async with shop.running():
        shop.day()
        shop.till("skip_z")
        shop.day()
        await sync_at_rest(shop)
        assert 2 == len(shop.vouchers())
        (gap,) = await shop.desk.parked()
        assert ("ZRP02", f"partner:{TWO}", "number 2 is missing, 3 came", "Kassa 1") == (
            gap["code"],
            gap["key"],
            gap["what"],
            gap["where"],
        )
        shop.wait(days=3)
        await shop.sync()
        assert [TWO] == shop.alarms("number_missing")
        await shop.desk.ignore(gap["id"])
        shop.day()
        assert "ok" == (await sync_at_rest(shop)).outcome
        assert [] == await codes(shop)
    assert [TWO] == shop.alarms("number_missing")


async def test_a_report_that_comes_after_its_gap_was_closed_is_booked_all_the_same(tmp_path):
    """
    Somebody thought that it would never come.
    """
    shop = a_shop(tmp_path)
    shop.till("hide_z", number=2, until="2026-11-25T12:00:00")
    async with shop.running():
        for _ in range(3):
            shop.day()
        await shop.sync()
        (gap,) = await shop.desk.parked()
        await shop.desk.ignore(gap["id"])
        shop.until("2026-11-26T12:00:00")
        await sync_at_rest(shop)
        assert [] == await codes(shop)
    assert "Kassa 1, Z-rapport 2, 2026-11-23" == texts(shop)[-1]


async def test_gaps_are_told_register_by_register(tmp_path):
    """
    The numbers of one say nothing about those of another.
    """
    shop = a_shop(tmp_path)
    shop.till("skip_z", register=2)
    shop.till("skip_z", register=2)
    async with shop.running():
        shop.day()
        shop.day(register=2)
        await shop.sync()
        assert [] == await codes(shop)
        shop.till("skip_z", register=2)
        shop.day()
        shop.day(register=2)
        await shop.sync()
        (gap,) = await shop.desk.parked()
        assert "number 4 is missing, 5 came" == gap["what"]


# ------------------------------------------------------------------ before it happens


async def test_a_plan_tells_what_will_be_held(tmp_path):
    """
    Each with its code, its reason, its name and what to do; what can be booked is planned as ever.
    """
    shop = a_shop(tmp_path)
    for _ in range(2):
        shop.day()
    shop.till("unbalance_z", number=1, by=1)
    shop.until("2027-01-01T18:00:00")
    shop.day()
    async with shop.running():
        plan = await shop.sync(dry_run=True)
        assert [] == shop.writes()
        told = {step["key"]: (step["action"], step["reason"]) for step in plan.steps}
        assert ("create", "new at the partner side") == told[f"partner:{TWO}"]
        action, reason = told[f"partner:{ONE}"]
        assert "park" == action
        assert reason.startswith(
            "ZRP01  debit and credit differ by 1.00 · Kassa 1, Z-rapport 1, 2026-11-23 · look"
        )
        action, reason = told[f"partner:{THREE}"]
        assert ("park", "REC22  ") == (action, reason[:7])
        await sync_at_rest(shop)
        assert ["REC22", "ZRP01"] == sorted(await codes(shop))
