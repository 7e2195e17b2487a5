"""
Sales on invoice become orders: each exactly one, to the öre, and Fortnox' own from then on (row K3).
"""

from __future__ import annotations

import shutil

import pytest

from daemon.sandbox.faults import Fault
from tests.rows import papers
from tests.rows.acts import codes, listed, sync_at_rest
from tests.shop import Shop

pytestmark = pytest.mark.row("K3")
PLACE = {"customers": True, "master": "fortnox"}


class Counter(Shop):
    """A shop that sells on invoice: three articles on both sides, one customer in Fortnox."""

    def __init__(self, folder, *boxes, **keys):
        super().__init__(folder, "invoices", "customers", *boxes, **keys)
        for code, price, vat in (("A", 125.0, 25), ("B", 53.0, 6), ("C", 99.9, 12)):
            self.new_item(code, price, vat)
            self.people.new_article(ArticleNumber=code, Description=f"Vara {code}", price=price)
        self.buyer = self.till("new_customer", fields={"Name": "Kund AB", "CustomerNumber": "7"})["Id"]
        self.people.new_customer(CustomerNumber="7", Name="Kund AB")

    def sell(self, *items, register=1, **more):
        """A sale on invoice of (article, quantity, more about the row)."""
        rows = [{"product_code": code, "quantity": count, **extra} for code, count, extra in items]
        body = {"register": register, "customer": self.buyer, "items": rows, **more}
        return self.till("sell_on_invoice", **body)

    def orders(self):
        """Every order, whole."""
        return [papers.order(self, row["DocumentNumber"]) for row in papers.orders(self)]


@pytest.fixture
def shop(tmp_path):
    return Counter(tmp_path)


ONE = ("A", 1, {})
# fmt: off
SALES = {
    # what is sold                                              quantity, discount, total of each row
    "one":                  ([("A", 1, {})],                                [("1", 0, 125.0)]),
    "several rates":        ([("A", 2, {}), ("B", 1, {}), ("C", 3, {})],
                             [("2", 0, 250.0), ("1", 0, 53.0), ("3", 0, 299.7)]),
    "parts of a unit":      ([("C", 1.25, {})],                             [("1.25", 0, 124.88)]),
    "a discount, once":     ([("A", 3, {"discount": 20})],                  [("3", 20, 355.0)]),
    "an odd discount":      ([("C", 3, {"discount": 0.01})],                [("3", 0.01, 299.69)]),
    "given away":           ([("A", 1, {"price": 0})],                      [("1", 0, 0)]),
    "discounted to nothing": ([("A", 2, {"discount": 250})],                [("2", 250, 0)]),
    "a row that comes back": ([("A", 3, {}), ("B", -1, {})],
                             [("3", 0, 375.0), ("-1", 0, -53.0)]),
    "a return":             ([("A", -2, {})],                               [("-2", 0, -250.0)]),
    "a return at a discount": ([("A", -2, {"discount": -25})],              [("-2", 10, -225.0)]),
    "a negative price":     ([("A", 1, {}), ("B", 1, {"price": -10})],
                             [("1", 0, 125.0), ("1", 0, -10.0)]),
    "öre":                  ([("B", 7, {"price": 33.33})],                  [("7", 0, 233.31)]),
}
# fmt: on


@pytest.mark.parametrize(("items", "rows"), SALES.values(), ids=SALES)
async def test_an_order_comes_to_what_the_receipt_does(shop, items, rows):
    """
    Row by row and in all, to the öre; the VAT is that of each row; prices are as they were said, with VAT.
    """
    async with shop.running():
        receipt = shop.sell(*items)
        assert "ok" == (await sync_at_rest(shop)).outcome
    (order,) = shop.orders()
    assert rows == [(r["DeliveredQuantity"], r["Discount"], r["Total"]) for r in order["OrderRows"]]
    assert order["VATIncluded"] and order["Total"] == float(receipt["TotalAmount"])
    rates = {"A": 25, "B": 6, "C": 12}
    assert [rates[code] for code, _, _ in items] == [row["VAT"] for row in order["OrderRows"]]


async def test_the_head_of_an_order(tmp_path):
    """
    Date, text, the register's number of it, terms, cost centre of the register, currency, customer.
    """
    shop = Counter(tmp_path, payment_terms="20", cost_center="1", cost_center_by_register={"2": "2"})
    for code in ("1", "2"):
        center = {"Code": code, "Description": f"Butik {code}"}
        shop.people.try_fortnox("POST", "/3/costcenters", {"CostCenter": center})
    shop.people.try_fortnox(
        "POST", "/3/termsofpayments", {"TermsOfPayment": {"Code": "20", "Description": "20 dagar"}}
    )
    async with shop.running():
        shop.sell(ONE, text="Ref: Kalle", at="2026-11-22T23:59:59")
        shop.sell(ONE, register=2)
        await shop.sync()
    heads = ("OrderDate", "Remarks", "YourOrderNumber", "TermsOfPayment", "CostCenter", "Currency")
    first, second = ([order[name] for name in (*heads, "CustomerNumber")] for order in shop.orders())
    assert ["2026-11-22", "Ref: Kalle", "K1-1", "20", "1", "SEK", "7"] == first
    assert ["2026-11-23", "", "K2-1", "20", "2", "SEK", "7"] == second


async def test_what_was_paid_at_the_till_is_said(shop):
    """
    The order is of all the goods; a row of text says what was paid, so that the invoice is not for all of it.
    """
    async with shop.running():
        shop.sell(("A", 4, {}), paid=[{"payment": "card", "amount": 120}, {"payment": "cash", "amount": 30}])
        await sync_at_rest(shop)
    (order,) = shop.orders()
    goods, said = order["OrderRows"]
    assert (500.0, 500.0) == (goods["Total"], order["Total"])
    assert ("OBS! 150.00 kr är redan betalt i kassan.", "") == (said["Description"], said["ArticleNumber"])


async def test_sales_that_were_paid_at_once_make_no_order(shop):
    """
    Card, cash, returns in cash.
    """
    async with shop.running():
        items = [{"product_code": "A"}]
        shop.till("sell", register=1, items=items, payment="card")
        shop.till("sell", register=1, items=items, payment="cash")
        shop.till("return_goods", register=1, items=items, payment="cash")
        await sync_at_rest(shop)
    assert [] == shop.orders()


async def test_what_was_sold_before_the_start_stays_in_the_till(tmp_path):
    """
    The start is a Stockholm midnight.
    """
    shop = Counter(tmp_path, start="2026-11-23")
    async with shop.running():
        shop.sell(ONE, at="2026-11-22T23:59:59")
        shop.sell(ONE, at="2026-11-23T00:00:00")
        await sync_at_rest(shop)
    assert ["2026-11-23"] == [order["OrderDate"] for order in shop.orders()]


# ------------------------------------------------------------------ what waits


async def test_an_unknown_article_holds_up_nothing_else(shop):
    """
    Its sale waits with the reason; once the article is there and a person says so, it crosses.
    """
    shop.new_item("X", 10.0)
    async with shop.running():
        shop.sell(("X", 1, {}))
        shop.sell(ONE)
        assert "parked" == (await sync_at_rest(shop)).outcome
        (waits,) = await shop.desk.parked()
        assert "REC14" == waits["code"] and waits["what"] and waits["todo"]
        assert [125.0] == [order["Total"] for order in shop.orders()]
        shop.people.new_article(ArticleNumber="X", Description="Vara X")
        await shop.desk.retry(waits["id"])
        assert "ok" == (await sync_at_rest(shop)).outcome
    assert [125.0, 10.0] == [order["Total"] for order in shop.orders()]


async def test_unknown_terms_are_told_and_nothing_is_made(tmp_path):
    """
    By `check --online`, and by each sale that waits for them.
    """
    shop = Counter(tmp_path, payment_terms="17")
    async with shop.running():
        (told,) = [each for each in await shop.vendors.check() if not each.ok]
        assert ("CFG12", "connector.eskassa.payment_terms") == (told.code, told.where)
        shop.sell(ONE)
        await sync_at_rest(shop)
        assert ["REC18"] == await codes(shop)
        assert [] == shop.orders()
        shop.people.fortnox(
            "POST", "/3/termsofpayments", {"TermsOfPayment": {"Code": "17", "Description": "17 dagar"}}
        )
        await shop.desk.retry((await shop.desk.parked())[0]["id"])
        await sync_at_rest(shop)
    assert ["17"] == [order["TermsOfPayment"] for order in shop.orders()]


@pytest.mark.parametrize(
    ("switch", "value", "differs"),
    [("round_off", True, False), ("fee", 29.0, True)],
    ids=["whole kronor", "an invoice fee of the customer's"],
)
async def test_a_total_that_fortnox_makes_another_is_told(shop, switch, value, differs):
    """
    Rounding is no difference; whatever else Fortnox adds is an open conflict until a person has looked.
    """
    if switch == "fee":
        shop.people.edit_customer("7", InvoiceFreight=value)
    else:
        shop.world.systems["fortnox"].switch(switch, value)
    async with shop.running():
        shop.sell(("C", 1, {}))
        report = await sync_at_rest(shop)
        assert ("conflict" if differs else "ok") == report.outcome
        assert [("total", 12890, 9990, None, "open")] * differs == await listed(shop)
        for each in await shop.desk.conflicts():
            await shop.desk.resolve(each["id"], "fortnox")
        assert "ok" == (await sync_at_rest(shop)).outcome
    assert 1 == len(shop.orders())


# ------------------------------------------------------------------ exactly one, and then Fortnox' own


async def edited(shop):
    papers.edit_order(shop, OrderRows=[papers.order_row(9, ArticleNumber="B")], Remarks="Ändrad")


async def invoiced(shop):
    papers.act(shop, "orders/1", "createinvoice")
    papers.act(shop, "invoices/1", "bookkeep")


async def cancelled(shop):
    papers.act(shop, "orders/1", "cancel")


@pytest.mark.parametrize("done", [edited, invoiced, cancelled], ids=lambda done: done.__name__)
async def test_what_is_done_with_an_order_stays_in_fortnox(shop, done):
    """
    Nothing comes back, nothing waits, and no other order is made; also later, and in another life.
    """
    async with shop.running():
        shop.sell(ONE)
        await sync_at_rest(shop)
        await done(shop)
        since = shop.world.log.last_seq
        for hours in (1, 30):
            shop.wait(hours=hours)
            assert "ok" == (await shop.sync()).outcome
    async with shop.running():
        assert "ok" == (await shop.sync()).outcome
        assert [] == await listed(shop)
    assert [] == shop.writes(since)
    assert 1 == len(shop.orders())


@pytest.mark.parametrize("fault", ["lost_after", "lost_before", "status"])
async def test_a_lost_answer_makes_no_second_order(shop, fault):
    """
    It is looked for by our reference before it is sent again.
    """
    async with shop.running():
        await shop.sync()
        shop.sell(ONE)
        shop.world.faults.add(
            Fault(system="fortnox", method="POST", path="/3/orders", fault=fault, status=504)
        )
        for _ in range(4):
            shop.wait(minutes=20)
            await shop.sync()
        assert [] == await codes(shop)
    assert 1 == len(shop.orders())


async def test_a_memory_that_is_lost_makes_no_second_order(shop):
    """
    Our reference is on the order.
    """
    async with shop.running():
        shop.sell(ONE)
        await sync_at_rest(shop)
    shutil.rmtree(shop.folder / "state")
    async with shop.running():
        shop.wait(minutes=30)
        await shop.sync()
        assert "ok" == (await sync_at_rest(shop)).outcome
    assert 1 == len(shop.orders())


@pytest.mark.parametrize("late_s", [0, 1800], ids=["at once", "half an hour late"])
async def test_a_register_that_was_away_sells_each_once(shop, late_s):
    """
    What it sold in two days shows when it is back, or later, and crosses once.
    """
    shop.world.systems["eskassa"].switch("replication_s", late_s)
    async with shop.running():
        await shop.sync()
        shop.till("go_offline", register=1)
        for _ in range(3):
            shop.sell(ONE)
            shop.wait(hours=12)
            await shop.sync()
        assert [] == shop.orders()
        shop.till("go_online", register=1)
        shop.wait(seconds=late_s + 60)
        await sync_at_rest(shop)
    assert ["K1-1", "K1-2", "K1-3"] == [order["YourOrderNumber"] for order in shop.orders()]


async def test_receipts_that_are_not_shown_any_more_are_an_alarm(shop):
    """
    The daemon stood still for nine days: what was sold in the first of them is told of once, until closed.
    """
    async with shop.running():
        await shop.sync()
        shop.told.clear()
    shop.sell(ONE)
    shop.wait(days=9)
    shop.sell(ONE)
    for _ in range(2):
        async with shop.running():
            assert "parked" == (await shop.sync()).outcome
            await shop.sync()
            (waits,) = await shop.desk.parked()
            assert "TIL03" == waits["code"] and "from 2026-11-23 07:" in waits["what"]
    assert ["changes_missed"] == [event for event, _ in shop.told]
    assert 1 == len(shop.orders())
    async with shop.running():
        await shop.desk.ignore((await shop.desk.parked())[0]["id"])
        assert "ok" == (await shop.sync()).outcome


@pytest.mark.parametrize("days", [1, 5])
async def test_a_stop_of_a_few_days_loses_nothing(shop, days):
    """
    Each sale of it crosses.
    """
    async with shop.running():
        await shop.sync()
    shop.sell(ONE)
    shop.wait(days=days)
    shop.sell(ONE)
    async with shop.running():
        assert "ok" == (await sync_at_rest(shop)).outcome
    assert 2 == len(shop.orders())
