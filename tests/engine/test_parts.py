"""
One reading by key shows a record and its parts: an article and its stock are read once, not twice.

What such a reading shows of a part is never believed over something newer, and never instead of a reading
that a write needs.
"""

from __future__ import annotations

from collections import Counter

import pytest

from daemon.core.records import Lane, Side
from tests.rows.acts import sync_at_rest
from tests.shop import Shop

pytestmark = pytest.mark.row("K7")
NUMBERS = [f"A{number}" for number in range(12)]
LATER = 15  # minutes: the overlap of the lists has passed
ARTICLES, ITEMS = "/3/articles/", "/api/inventoryitem/"
GOODS, SERVICE = {"StockGoods": True, "QuantityInStock": 9}, {"Type": "SERVICE"}


def shop_of(tmp_path, numbers=NUMBERS, *, at_till=False, fields=GOODS, **keys):
    """Articles in Fortnox, the same at the till already or not."""
    shop = Shop(tmp_path, "articles", **keys)
    for number in numbers:
        named = {"ArticleNumber": number, "Description": f"Vara {number}", "EAN": f"73{number}"}
        shop.people.new_article(**named, **fields, price=80)
        if at_till:
            shop.new_item(number, stock=9)
    return shop


def by_key(shop, since=0):
    """How often the daemon read each article in Fortnox, by its number."""
    paths = [each["path"] for each in shop.requests("fortnox", since=since) if each["method"] == "GET"]
    return Counter(path.removeprefix(ARTICLES) for path in paths if path.startswith(ARTICLES))


def about(shop, system, path, since):
    """The daemon's requests about single records, in order."""
    return [each["method"] for each in shop.requests(system, since=since) if each["path"].startswith(path)]


def in_fortnox(shop):
    """The account there, and what is agreed on items and on stock."""
    connector = shop.house.loops["eskassa"].connector
    return connector._ends.fortnox, connector._agreements


async def stored(shop, kind, number="A"):
    """What is remembered of an article of Fortnox, and who is found by its number."""
    account, _ = in_fortnox(shop)

    def work(tx):
        here = tx.observations(account.system.scope, kind)
        return here.seen(number), here.named("number", number)

    return await account._journal.write(work)


# ------------------------------------------------------------------ how often


FIRST_RUNS = {
    # what there is:            how the shop is made                  minutes since
    "new goods": ({}, 0),
    "goods": ({}, LATER),
    "goods that the till has": ({"at_till": True}, LATER),
    "new ones that it has": ({"at_till": True}, 0),
    "services": ({"fields": SERVICE}, LATER),
    "older ones that it has": ({"at_till": True, "start": "2026-11-24"}, 60 * 48),
}


@pytest.mark.parametrize(("made", "minutes"), FIRST_RUNS.values(), ids=FIRST_RUNS)
async def test_a_first_run_reads_each_article_once(tmp_path, made, minutes):
    """And nothing by key at the till, where lists show all."""
    shop = shop_of(tmp_path, **made)
    shop.wait(minutes=minutes)
    async with shop.running():
        await shop.sync()
        at_till = about(shop, "eskassa", ITEMS, 0)
        assert Counter(NUMBERS) == by_key(shop)
        if made.get("at_till"):
            assert [] == at_till
        else:  # its stock is read before it is written, and read back
            expected = {"GET": 24, "POST": 12} if "fields" not in made else {}
            assert expected == Counter(at_till)


async def test_what_may_have_changed_again_is_read_once_each_time(tmp_path):
    """Inside the overlap of the lists who asks has each article read again, and its stock with it."""
    shop = shop_of(tmp_path)
    async with shop.running():
        for _ in range(3):
            since = shop.world.log.last_seq
            await shop.sync()
            assert Counter(NUMBERS) == by_key(shop, since)


@pytest.mark.parametrize("before", [False, True], ids=["at once", "after a first run"])
async def test_an_import_reads_each_article_once(tmp_path, before):
    """The stock that follows was read with the articles."""
    shop = shop_of(tmp_path, start="2026-11-24")
    shop.wait(days=2)
    async with shop.running():
        if before:
            await shop.sync()
            assert Counter() == by_key(shop)
        await shop.sync(imports="items")
        await shop.sync()
        await sync_at_rest(shop)
        assert Counter(NUMBERS) == by_key(shop)
    assert {(9, 9)} == {shop.stock(number) for number in NUMBERS}


async def test_a_quantity_that_moves_costs_one_reading(tmp_path):
    """Of the stock alone: no list says anything new of the article."""
    shop = shop_of(tmp_path)
    shop.wait(minutes=LATER)
    async with shop.running():
        await sync_at_rest(shop)
        shop.people.act("fortnox", "move_stock", article="A3", by=2)
        since = shop.world.log.last_seq
        await shop.sync()
        assert Counter(["A3"]) == by_key(shop, since)
    assert (11, 11) == shop.stock("A3")


# ------------------------------------------------------------------ what stays a request


async def test_before_a_quantity_is_written_it_is_read_again(tmp_path):
    """Though the article was read in the same pass, with its stock."""
    shop = shop_of(tmp_path, ["A"])
    shop.wait(minutes=LATER)
    async with shop.running():
        await sync_at_rest(shop)
        shop.wait(minutes=LATER)
        shop.people.edit_article("A", Description="Te")
        shop.people.act("fortnox", "move_stock", article="A", by=1)
        shop.till("sell", items=[{"product_code": "A", "quantity": 2}], payment="card")
        since = shop.world.log.last_seq
        await shop.sync()
        assert ["GET", "GET", "PUT"] == about(shop, "fortnox", ARTICLES, since)
        assert ["GET", "POST", "GET"] == about(shop, "eskassa", ITEMS, since)[-3:]
    assert (8, 8) == shop.stock("A")


# ------------------------------------------------------------------ as if it had been read itself


PARTS = {"goods": GOODS, "a service": SERVICE}


@pytest.mark.parametrize("fields", PARTS.values(), ids=PARTS)
async def test_what_is_remembered_of_a_part_is_what_its_own_reading_shows(tmp_path, fields):
    """Its fields, what it is found by, and since when it may have changed, which only its list tells."""
    shop = shop_of(tmp_path, ["A"], fields=fields)
    shop.wait(minutes=LATER)
    async with shop.running():
        await shop.sync()
        account, kinds = in_fortnox(shop)
        with_item = await stored(shop, "stock")
        await account.read_by_key(kinds["stock"], ["A"], Lane.READ)
        assert with_item == await stored(shop, "stock")
        (seen, _), found = with_item
        assert (True, kinds["stock"].start) == (seen.full, seen.changed_at)
        assert found == (["A"] if fields is GOODS else [])


async def test_where_nobody_asks_for_stock_none_is_remembered(tmp_path):
    """It would grow old there."""
    shop = shop_of(tmp_path, ["A"], stock=False)
    async with shop.running():
        await shop.sync()
        assert (None, []) == await stored(shop, "stock")


async def test_of_a_part_that_no_list_has_shown_nothing_is_remembered(tmp_path):
    """Nobody knows when it changed; the list that shows it tells, and then it crosses as any other."""
    shop = shop_of(tmp_path, ["B"])
    async with shop.running():
        await shop.sync()
        shop.people.new_article(ArticleNumber="A", Description="Te", **GOODS, price=80)
        account, kinds = in_fortnox(shop)
        await account.read_by_key(kinds["item"], ["A"], Lane.READ)
        assert (None, []) == await stored(shop, "stock")
        await sync_at_rest(shop)
    assert (9, 9) == shop.stock("A")


# ------------------------------------------------------------------ older pictures


def slowly(shop, meanwhile):
    """The next reading of an article by key shows it as it is before `meanwhile`."""
    account, _ = in_fortnox(shop)
    system, get = account.system, account.system.get

    async def slow_get(kind, record_id, lane):
        system.get = get
        old = await get(kind, record_id, lane)
        await meanwhile()
        return old

    system.get = slow_get


async def test_an_article_read_before_our_write_does_not_undo_the_stock_that_it_stored(tmp_path):
    """The older quantity arrives after the write was settled, and is dropped."""
    shop = shop_of(tmp_path, ["A"])
    shop.wait(minutes=LATER)
    async with shop.running():
        await sync_at_rest(shop)

        async def write():
            shop.till("sell", items=[{"product_code": "A", "quantity": 2}], payment="card")
            shop.wait(minutes=LATER)
            await shop.house.loops["eskassa"].run_pass(Side.PARTNER)

        slowly(shop, write)
        account, kinds = in_fortnox(shop)
        await account.read_by_key(kinds["item"], ["A"], Lane.BULK)
        since = shop.world.log.last_seq
        await shop.house.loops["eskassa"].run_pass(Side.PARTNER)
        assert [] == shop.writes(since)
        (seen, _), _ = await stored(shop, "stock")
        assert 700 == seen.fields["quantity"]
    assert (7, 7) == shop.stock("A")


SLOW = {
    # what is read:         what its list says:   what both sides show then
    "the article, its stock moves": ("item", "stock", (7.0, 100.0)),
    "the stock, it moves": ("stock", "stock", (7.0, 100.0)),
    "the article, its price changes": ("item", "item", (9.0, 200.0)),
}


@pytest.mark.parametrize(("read", "listed", "then"), SLOW.values(), ids=SLOW)
async def test_an_article_read_before_a_list_does_not_hide_what_the_list_says(tmp_path, read, listed, then):
    """The list says that it is another now; what was read before must not take that for done."""
    shop = shop_of(tmp_path, ["A"])
    shop.wait(minutes=LATER)
    async with shop.running():
        await sync_at_rest(shop)
        account, kinds = in_fortnox(shop)

        async def meanwhile():
            if listed == "stock":
                shop.people.act("fortnox", "move_stock", article="A", by=-2)
            else:
                shop.people.set_price("A", 160)
            await account.refresh(kinds[listed])

        slowly(shop, meanwhile)
        await account.read_by_key(kinds[read], ["A"], Lane.BULK)
        await sync_at_rest(shop)
    item = shop.items()["A"]
    assert then == (item["QuantityInStockCurrent"], item["PriceIncludingVat"])
