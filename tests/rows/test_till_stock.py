"""
Stock is what both sides had, and all that was sold and received on either since (row K7).
"""

from __future__ import annotations

import pytest

from daemon.core.records import Side
from tests.rows.acts import codes, sync_at_rest
from tests.shop import Shop

pytestmark = pytest.mark.row("K7")
LATER = 15  # minutes: the overlap of the lists has passed


@pytest.fixture
def shop(tmp_path):
    """Articles and their stock."""
    return Shop(tmp_path, "articles")


def goods(shop, number="A", quantity=0.0, **fields):
    """An article that is kept in stock in Fortnox."""
    shop.people.new_article(
        ArticleNumber=number,
        Description=f"Vara {number}",
        StockGoods=True,
        QuantityInStock=quantity,
        **fields,
        price=80,
    )


def sell(shop, quantity, number="A"):
    """Over the counter; less than nothing is taken back."""
    verb = "sell" if quantity >= 0 else "return_goods"
    lines = [{"product_code": number, "quantity": abs(quantity)}]
    shop.till(verb, items=lines, payment="card")


def move(shop, by, number="A"):
    """In Fortnox: an invoice, a delivery, the webshop."""
    shop.people.act("fortnox", "move_stock", article=number, by=by)


def stock_writes(shop, since):
    """How often a quantity was written, at either side."""
    writes = shop.writes(since)
    return [each.split()[0] for each in writes if each.startswith(("PUT /3/", "POST /api/inventoryitem/"))]


# ------------------------------------------------------------------ what a pass makes of it


SUMS = {
    # what happened since:                  before  at the till   in Fortnox  then
    "nine, seven and ten are eight": (9, [2], [1], 8),
    "the till sold": (9, [2], [], 7),
    "Fortnox sold": (9, [], [-2], 7),
    "Fortnox received": (9, [], [12], 21),
    "both sold two": (10, [2], [-2], 6),
    "both sold the last one": (1, [1], [-1], -1),
    "one sold what the other received": (5, [3], [3], 5),
    "goods were taken back": (5, [-2], [], 7),
    "halves and hundredths": (2.5, [0.75], [0.25], 2),
    "more than there was": (1, [3], [], -2),
    "from below nothing": (-4, [1], [10], 5),
    "many small ones": (100, [1, 1, 1, 2, 0.5], [-1, -1, 4], 96.5),
    "nothing in the end": (9, [2, -2], [1, -1], 9),
}


@pytest.mark.parametrize(("before", "sold", "moved", "then"), SUMS.values(), ids=SUMS)
async def test_what_both_sides_did_is_on_both_sides(shop, before, sold, moved, then):
    """Each side is told once of what the other one did, and then all is still."""
    goods(shop, quantity=before)
    async with shop.running():
        await sync_at_rest(shop)
        assert (before, before) == shop.stock("A")
        since = shop.world.log.last_seq
        for quantity in sold:
            sell(shop, quantity)
        for by in moved:
            move(shop, by)
        assert "ok" == (await sync_at_rest(shop)).outcome
        assert (then, then) == shop.stock("A")
        assert len(stock_writes(shop, since)) <= 2
        assert [] == await shop.desk.conflicts()


async def test_goods_that_arrive_and_are_counted_at_the_till_are_told_to_fortnox(shop):
    """A delivery at the till's door, and a stocktaking of what is on its shelf."""
    goods(shop, quantity=5)
    async with shop.running():
        await sync_at_rest(shop)
        shop.till("receive_goods", product_code="A", quantity=7)
        await sync_at_rest(shop)
        assert (12, 12) == shop.stock("A")
        shop.till("count_stock", product_code="A", quantity=10)
        move(shop, -1)
        await sync_at_rest(shop)
    assert (9, 9) == shop.stock("A")


async def test_a_quantity_that_goes_back_to_what_it_was_before_our_write_is_seen(shop):
    """Fortnox shows 10, is told 8, and receives two: the list shows 10 again, and that is news."""
    goods(shop, quantity=9)
    async with shop.running():
        await sync_at_rest(shop)
        shop.wait(minutes=LATER)
        sell(shop, 2)
        move(shop, 1)
        await shop.sync()
        assert (8, 8) == shop.stock("A")
        move(shop, 2)
        await sync_at_rest(shop)
    assert (10, 10) == shop.stock("A")


async def test_each_side_may_be_read_by_itself(shop):
    """The daemon reads one side at a time, three minutes apart: nothing is counted twice in between."""
    goods(shop, quantity=9)
    async with shop.running():
        await sync_at_rest(shop)
        run = shop.house.loops["eskassa"].run_pass
        for number in range(8):
            sell(shop, 1)
            move(shop, 2)
            shop.wait(minutes=3)
            await run((Side.PARTNER, Side.FORTNOX)[number % 2])
        shop.wait(minutes=3)
        await run(Side.FORTNOX)
        shop.wait(minutes=3)
        await run(Side.PARTNER)
        shop.wait(minutes=3)
        await run(Side.FORTNOX)
    assert (17, 17) == shop.stock("A")


# ------------------------------------------------------------------ the first time


async def test_the_first_time_fortnox_is_right(shop):
    """There is nothing to compare with yet; what is sold from then on counts."""
    shop.new_item("A", stock=4)
    goods(shop, quantity=9)
    async with shop.running():
        await sync_at_rest(shop)
        assert (9, 9) == shop.stock("A")
        sell(shop, 1)
        await sync_at_rest(shop)
    assert (8, 8) == shop.stock("A")


async def test_a_first_comparison_that_would_change_many_is_held(shop):
    """Twenty-one counted figures at the till are not replaced unasked."""
    numbers = [f"A{number}" for number in range(21)]
    for number in numbers:
        shop.new_item(number, stock=4)
        goods(shop, number, quantity=9, EAN=f"73{number}")
    async with shop.running():
        assert "held" == (await sync_at_rest(shop)).outcome
        (held,) = await shop.desk.held()
        assert "would overwrite 21 records at the partner side, the limit is 20" == held["reason"]
        assert {(9, 4)} == {shop.stock(number) for number in numbers}
        await shop.desk.release(held["id"], drop=False)
        assert "ok" == (await sync_at_rest(shop)).outcome
    assert {(9, 9)} == {shop.stock(number) for number in numbers}


async def test_a_first_comparison_with_articles_that_have_none_is_not_held(shop):
    """A till full of new articles: nobody loses a figure."""
    numbers = [f"A{number}" for number in range(30)]
    for number in numbers:
        goods(shop, number, quantity=9)
    async with shop.running():
        assert "ok" == (await sync_at_rest(shop)).outcome
    assert {(9, 9)} == {shop.stock(number) for number in numbers}


async def test_a_new_article_has_its_stock_in_the_pass_that_makes_it(shop):
    """Else what is sold of it before the next pass would not count."""
    goods(shop, quantity=9)
    async with shop.running():
        await shop.sync()
        assert (9, 9) == shop.stock("A")
        sell(shop, 2)
        await sync_at_rest(shop)
    assert (7, 7) == shop.stock("A")


# ------------------------------------------------------------------ what is kept in stock


OUTSIDE = {
    # what keeps it out:            its fields
    "a service": {"Type": "SERVICE"},
    "stock that is not counted": {"StockGoods": False},
}


@pytest.mark.parametrize("fields", OUTSIDE.values(), ids=OUTSIDE)
async def test_what_is_not_kept_in_stock_takes_no_part_until_it_is(shop, fields):
    """It sells at the till and nothing is counted; made goods later, Fortnox' figure is the first one."""
    shop.people.new_article(**{"ArticleNumber": "A", "Description": "Lagning", **fields}, price=80)
    async with shop.running():
        await sync_at_rest(shop)
        sell(shop, 2)
        assert "ok" == (await sync_at_rest(shop)).outcome
        assert (0, -2) == shop.stock("A")
        shop.wait(minutes=LATER)
        shop.people.edit_article("A", Type="STOCK", StockGoods=True, QuantityInStock=5)
        await shop.sync()
        await sync_at_rest(shop)
        assert (5, 5) == shop.stock("A")
        sell(shop, 2)
        await sync_at_rest(shop)
    assert (3, 3) == shop.stock("A")


async def test_an_article_that_is_no_goods_any_more_is_left_alone(shop):
    """And when it is goods again, what each side did meanwhile is added up."""
    goods(shop, quantity=5)
    async with shop.running():
        await sync_at_rest(shop)
        shop.wait(minutes=LATER)
        shop.people.edit_article("A", StockGoods=False)
        await shop.sync()
        sell(shop, 2)
        assert "ok" == (await sync_at_rest(shop)).outcome
        assert (5, 3) == shop.stock("A")
        shop.wait(minutes=LATER)
        shop.people.edit_article("A", StockGoods=True)
        await shop.sync()
        await sync_at_rest(shop)
    assert (3, 3) == shop.stock("A")


async def test_a_busy_day_is_no_accident(shop):
    """Forty articles sold between two passes overwrite nothing: the figures follow from what was sold."""
    numbers = [f"A{number}" for number in range(40)]
    for number in numbers:
        goods(shop, number, quantity=9)
    async with shop.running():
        await sync_at_rest(shop)
        for number in numbers:
            sell(shop, 2, number)
            move(shop, 1, number)
        assert "ok" == (await sync_at_rest(shop)).outcome
    assert {(8, 8)} == {shop.stock(number) for number in numbers}


async def test_without_stock_the_figures_are_each_sides_own(tmp_path):
    """`stock = false`: articles cross, and nothing else."""
    shop = Shop(tmp_path, "articles", stock=False)
    goods(shop, quantity=9)
    async with shop.running():
        await sync_at_rest(shop)
        sell(shop, 2)
        await sync_at_rest(shop)
    assert (9, -2) == shop.stock("A")


# ------------------------------------------------------------------ the warehouse module


async def test_where_the_warehouse_module_keeps_the_stock_nothing_is_written(shop):
    """The check says so before the first pass; what the till sold waits with a reason, and is not lost."""
    shop.configure('"settings",\n]', '"settings", "warehouse",\n]')
    goods(shop, quantity=9)
    async with shop.running():
        await sync_at_rest(shop)
        shop.world.systems["fortnox"].switch("warehouse_module", True)
        found = [each.code for each in await shop.vendors.check() if not each.ok]
        assert ["STK01"] == found
        since = shop.world.log.last_seq
        sell(shop, 2)
        assert "parked" == (await sync_at_rest(shop)).outcome
        assert (["STK01"], [], (9, 7)) == (await codes(shop), stock_writes(shop, since), shop.stock("A"))
        shop.world.systems["fortnox"].switch("warehouse_module", False)
        shop.wait(days=1)
        (parked,) = await shop.desk.parked()
        await shop.desk.retry(parked["id"])
        sell(shop, 1)
        assert "ok" == (await sync_at_rest(shop)).outcome
    assert (6, 6) == shop.stock("A")
