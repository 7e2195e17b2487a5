"""
A sale on invoice is booked once, however the register tells of it (rows K2 and K3, decision 15).

One day in each mode: 125.00 by card; on invoice 250.00 with 25 % and 53.00 with 6 % VAT.
"""

from __future__ import annotations

from collections import Counter

import pytest

from tests.rows import papers
from tests.rows.acts import codes, sync_at_rest
from tests.shop import Shop

pytestmark = pytest.mark.row("K2", "K3")
DAY = "2026-11-23"


class Books(Shop):
    """A shop whose reports and invoices both cross; the register's own receivable is 1519."""

    def __init__(self, folder, mode, *, in_z, **keys):
        keys = {"receivable_account": "1519", "invoice_sales": mode, **keys}
        super().__init__(folder, "reports", "invoices", "customers", **keys)
        self.world.systems["eskassa"].switch("invoices_in_z", "included" if in_z else "excluded")
        self.till("set_account", what="invoice", number="1519")
        for code, price, vat, account in (("A", 125.0, 25, 3001), ("B", 53.0, 6, 3003)):
            self.new_item(code, price, vat)
            self.people.new_article(ArticleNumber=code, Description=f"Vara {code}", SalesAccount=account)
        self.buyer = self.till("new_customer", fields={"Name": "Kund AB"})["Id"]

    def card(self, code, quantity=1, **more):
        items = [{"product_code": code, "quantity": quantity}]
        self.till("sell", items=items, payment="card", **more)

    def bill(self, *items, **more):
        """A sale on invoice of (article, quantity)."""
        rows = [{"product_code": code, "quantity": quantity} for code, quantity in items]
        return self.till("sell_on_invoice", customer=self.buyer, items=rows, **more)

    def a_day(self, **more):
        """The day of the example."""
        self.card("A", **more)
        self.bill(("A", 2), ("B", 1), **more)
        return self.till("close_day", **more)

    def make_invoices(self):
        """Somebody in the office invoices every order, and books it."""
        for row in papers.orders(self):
            papers.act(self, f"orders/{row['DocumentNumber']}", "createinvoice")
        for row in papers.invoices(self):
            papers.act(self, f"invoices/{row['DocumentNumber']}", "bookkeep")

    def booked(self, *series):
        """What every account comes to, debit positive, in öre; those of nothing left out."""
        sums = Counter()
        for each in series:
            for voucher in self.vouchers(each):
                for account, amount in rows(voucher):
                    sums[account] += amount
        return {account: amount / 100 for account, amount in sorted(sums.items()) if amount}


def rows(voucher):
    return [(r["Account"], round((r["Debit"] - r["Credit"]) * 100)) for r in voucher["VoucherRows"]]


# fmt: off
ONCE = {1510: 303.0, 1580: 125.0, 2611: -75.0, 2631: -3.0, 3001: -300.0, 3003: -50.0}
MODES = {
    # what the register's report has; what our voucher has, in its order
    "excluded": (False, [
        (1580, 125.0), (3001, -100.0), (2611, -25.0)]),
    "reverse_in_z": (True, [
        (1580, 125.0), (1519, 303.0), (3001, -300.0), (3003, -50.0), (2611, -75.0), (2631, -3.0),
        (1519, -303.0), (3001, 200.0), (2611, 50.0), (3003, 50.0), (2631, 3.0)]),
    "clearing": (True, [
        (1580, 125.0), (1519, 303.0), (3001, -300.0), (3003, -50.0), (2611, -75.0), (2631, -3.0)]),
}
# fmt: on


@pytest.mark.parametrize(("mode", "in_z", "voucher"), [(m, *v) for m, v in MODES.items()], ids=MODES)
async def test_the_books_have_each_sale_once(tmp_path, mode, in_z, voucher):
    """
    The Z-report's voucher and the invoice's together: the customer's debt, the card, sales and VAT per rate.
    """
    shop = Books(tmp_path, mode, in_z=in_z)
    async with shop.running():
        shop.a_day()
        assert "ok" == (await sync_at_rest(shop)).outcome
        (booked,) = shop.vouchers()
        assert voucher == [(account, amount / 100) for account, amount in rows(booked)]
        (order,) = papers.orders(shop)
        assert 303.0 == order["Total"]
        shop.make_invoices()
        assert "ok" == (await sync_at_rest(shop)).outcome
    assert shop.booked("K", "B") == ONCE


async def test_what_clears_says_the_vat(tmp_path):
    """
    The order's rows are what the register is owed, without VAT; what VAT there was stands in a row of text.
    """
    shop = Books(tmp_path, "clearing", in_z=True)
    async with shop.running():
        shop.bill(("A", 2), ("B", 1), paid=[{"payment": "card", "amount": 3}])
        await sync_at_rest(shop)
    order = papers.order(shop)
    *goods, said = order["OrderRows"]
    assert [("A", 1519, 0, 250.0), ("B", 1519, 0, 53.0)] == [
        (row["ArticleNumber"], row["AccountNumber"], row["VAT"], row["Total"]) for row in goods
    ]
    assert (303.0, 0) == (order["Total"], order["TotalVAT"])
    assert said["Description"] == (
        "OBS! 3.00 kr är redan betalt i kassan. Momsen är redovisad i kassan: 25 % 50.00 kr, 6 % 3.00 kr."
    )


@pytest.mark.parametrize("mode", ["reverse_in_z", "clearing"])
async def test_what_was_paid_at_once_stays_a_credit_on_the_receivable(tmp_path, mode):
    """
    The invoice is of the whole sale; whoever enters the payment of 100.00 takes it from there.
    """
    shop = Books(tmp_path, mode, in_z=True)
    async with shop.running():
        shop.bill(("A", 2), paid=[{"payment": "card", "amount": 100}])
        shop.till("close_day")
        await sync_at_rest(shop)
        shop.make_invoices()
    assert {1510: 250.0, 1519: -100.0, 1580: 100.0, 2611: -50.0, 3001: -200.0} == shop.booked("K", "B")


@pytest.mark.parametrize("mode", ["reverse_in_z", "clearing"])
async def test_a_return_on_invoice_is_booked_once_too(tmp_path, mode):
    """
    With what was sold the same day, at another rate.
    """
    shop = Books(tmp_path, mode, in_z=True)
    async with shop.running():
        shop.card("A")
        shop.card("B", 2)
        shop.bill(("A", 1))
        shop.bill(("B", -1))
        shop.till("close_day")
        assert "ok" == (await sync_at_rest(shop)).outcome
        shop.make_invoices()
    ledger = shop.booked("K", "B")
    assert {1510: 72.0, 1580: 231.0, 2611: -50.0, 2631: -3.0, 3001: -200.0, 3003: -50.0} == ledger


async def test_each_register_takes_back_its_own(tmp_path):
    """
    Two registers, two reports each, on one day: only the receipts of that report.
    """
    shop = Books(tmp_path, "reverse_in_z", in_z=True, cost_center_on="result")
    async with shop.running():
        for register, count in ((1, 1), (2, 2)):
            for hour in ("10", "15"):
                at = {"register": register, "at": f"2026-11-23T{hour}:00:00"}
                shop.card("A", **at)
                shop.bill(("A", count), **at)
                shop.till("close_day", register=register, at=f"2026-11-23T{hour}:30:00")
                shop.wait(minutes=1)
        shop.wait(hours=9)
        assert "ok" == (await sync_at_rest(shop)).outcome
        shop.make_invoices()
    assert 4 == len(shop.vouchers())
    assert {1510: 750.0, 1580: 500.0, 2611: -250.0, 3001: -1000.0} == shop.booked("K", "B")


@pytest.mark.parametrize(
    "days",
    [{"start": "2026-11-24"}, {"reports_from": "2026-11-01", "invoices_from": "2026-11-24"}],
    ids=["one day for both", "reports cross earlier"],
)
async def test_what_was_sold_before_invoices_cross_is_not_taken_back(tmp_path, days):
    """
    No order books it: it stays on the receivable. What was sold after midnight, in the same report, goes.
    """
    shop = Books(tmp_path, "reverse_in_z", in_z=True, **days)
    async with shop.running():
        shop.until("2026-11-23T23:40:00")
        shop.bill(("A", 1))
        shop.until("2026-11-24T00:10:00")
        shop.bill(("A", 2))
        shop.till("close_day")
        assert "ok" == (await sync_at_rest(shop)).outcome
        assert {1519: 125.0, 2611: -25.0, 3001: -100.0} == shop.booked("K")
        shop.make_invoices()
    assert {1510: 250.0, 1519: 125.0, 2611: -75.0, 3001: -300.0} == shop.booked("K", "B")


async def test_accounts_of_its_own(tmp_path):
    """
    The register's accounts are settings, and are translated like all others.
    """
    keys = {"sales_accounts": {"25": "3051"}, "accounts": {"3003": "3041", "1519": "1686"}}
    shop = Books(tmp_path, "reverse_in_z", in_z=True, **keys)
    shop.till("set_account", what="sales_25", number="3051")
    async with shop.running():
        shop.a_day()
        assert "ok" == (await sync_at_rest(shop)).outcome
    assert {1580: 125.0, 2611: -25.0, 3051: -100.0} == shop.booked("K")


# ------------------------------------------------------------------ what does not fit is held

HELD = {
    # the setting, what the register does, and the code
    "left out, but it is in the report": ("excluded", True, "ZRP07"),
    "taken back, but it is not in the report": ("reverse_in_z", False, "ZRP08"),
}


@pytest.mark.parametrize(("mode", "in_z", "code"), HELD.values(), ids=HELD)
async def test_a_report_that_is_not_as_the_setting_says_is_held(tmp_path, mode, in_z, code):
    """
    The order crosses all the same; the next report is booked.
    """
    shop = Books(tmp_path, mode, in_z=in_z)
    async with shop.running():
        shop.a_day()
        assert "parked" == (await sync_at_rest(shop)).outcome
        assert [code] == await codes(shop)
        shop.wait(hours=1)
        shop.card("A")
        shop.till("close_day")
        await sync_at_rest(shop)
    assert (1, 1) == (len(papers.orders(shop)), len(shop.vouchers()))


async def test_a_report_whose_receipts_are_gone_is_held(tmp_path):
    """
    The till shows them for seven days. One without sales on invoice is booked however old it is.
    """
    shop = Books(tmp_path, "reverse_in_z", in_z=True)
    async with shop.running():
        await shop.sync()
    shop.a_day(at=f"{DAY}T10:00:00")
    shop.card("A", at="2026-11-24T10:00:00")
    shop.till("close_day", at="2026-11-24T17:00:00")
    shop.wait(days=9)
    async with shop.running():
        await shop.sync()
        parked = {each["code"]: each for each in await shop.desk.parked()}
        assert {"ZRP08", "TIL03"} == parked.keys()
        assert "seven days" in parked["ZRP08"]["what"] and parked["ZRP08"]["todo"]
    assert [[(1580, 12500), (3001, -10000), (2611, -2500)]] == [rows(each) for each in shop.vouchers()]


async def test_a_report_that_waits_longer_than_its_receipts_are_shown_is_still_booked(tmp_path):
    """
    What they told is remembered while the daemon runs.
    """
    shop = Books(tmp_path, "reverse_in_z", in_z=True)
    async with shop.running():
        shop.people.act("fortnox", "lock_period", until="2026-11-30")
        shop.a_day()
        await shop.sync()
        for _ in range(10):
            shop.wait(days=1)
            await shop.sync()
        assert ["REC23", "REC23"] == await codes(shop)  # the report, and the order of that day
        shop.people.act("fortnox", "unlock_period")
        shop.wait(hours=1)
        await shop.sync()
        assert ["REC23"] == await codes(shop)  # an order goes by `retry`
    assert {1580: 125.0, 2611: -25.0, 3001: -100.0} == shop.booked("K")


async def test_a_booked_report_is_the_same_report_to_a_new_memory(tmp_path):
    """
    Rows that take back are no difference from what the till reports.
    """
    shop = Books(tmp_path, "reverse_in_z", in_z=True)
    async with shop.running():
        shop.a_day()
        await sync_at_rest(shop)
    (shop.folder / "state").rename(shop.folder / "lost")
    shop.wait(days=8)
    async with shop.running():
        shop.wait(minutes=30)
        await shop.sync()
        await sync_at_rest(shop)
        assert [] == await codes(shop)
        assert [] == await shop.desk.conflicts()
    assert (1, 1) == (len(shop.vouchers()), len(papers.orders(shop)))
