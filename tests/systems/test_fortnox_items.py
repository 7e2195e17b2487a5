"""Articles and stock for a till, through the Fortnox adapter (fortnox.md 7.4, 10)."""

from __future__ import annotations

import datetime as dt

import pytest

from daemon.core.records import Lane
from daemon.errors import OutcomeUnknown, Refused, Unusable
from tests.systems.fakes import LOST, reply
from tests.systems.fortnox_books import SINCE, Office, listed, refusal

HAMMER = {
    "ArticleNumber": "102",
    "Description": "Hammare",
    "EAN": "7310001000012",
    "VAT": 12,
    "Type": "STOCK",
    "StockGoods": True,
    "Active": True,
    "SalesPrice": 149.5,
    "QuantityInStock": 1.25,
}
WHOLE = {
    "number": "102",
    "name": "Hammare",
    "barcode": "7310001000012",
    "active": True,
    "vat": 12,
    "goods": True,
    "price:A": 14950,
    "price:B": 9900,
}


def article(number="102", **more):
    """A row of the article list: texts for numbers, a VAT that is not the article's, nothing of its type."""
    return {
        "ArticleNumber": number,
        "Description": "Hammare",
        "EAN": "7310001000012",
        "VAT": "25",
        "SalesPrice": "149.50",
        "QuantityInStock": "1.25",
        **more,
    }


def price(number="102", price_list="B", amount=99, quantity=0):
    """A row of the list of prices."""
    return {"ArticleNumber": number, "PriceList": price_list, "FromQuantity": quantity, "Price": amount}


class Shop(Office):
    """A company of which two price lists are served; what is in it can be changed."""

    def __init__(self):
        super().__init__()
        self.articles, self.inactive = [article()], []
        self.prices = [price(), price(amount=80, quantity=10), price("102", "C", 5)]
        self.changed, self.changed_prices = [], []
        self.http.answers |= {
            "GET /3/articles": self._articles,
            "GET /3/prices": self._prices,
            "GET /3/articles/102": reply(200, {"Article": HAMMER}),
            "GET /3/prices/B/102/0": reply(200, {"Price": price()}),
            "PUT /3/articles/102": reply(200, {"Article": {**HAMMER, "QuantityInStock": 7}}),
        }
        self.system.serve([], ["A", "B"])

    def _articles(self, sent):
        if "lastmodified" not in sent.query:
            assert sent.query.get("filter") == "active" or sent.query["limit"] == "1"
            return listed("Articles", self.articles)
        return listed("Articles", self.inactive if "filter" in sent.query else self.changed)

    def _prices(self, sent):
        return listed("Prices", self.changed_prices if "lastmodified" in sent.query else self.prices)

    def lists(self):
        """The lists that were asked for since the last time: whole ones, and of changes."""
        sent = [each for each in self.http.sent if each.path in ("/3/articles", "/3/prices")]
        self.http.sent.clear()
        names = {"/3/articles": "articles", "/3/prices": "prices"}
        return [
            f"{'changed' if 'lastmodified' in each.query else 'all'} {names[each.path]}"
            for each in sent
            if each.query.get("filter") != "inactive"
        ]


@pytest.fixture
def shop():
    """A small shop."""
    return Shop()


@pytest.fixture
def large(shop):
    """A shop with more articles than one request shows; how many pages they take does not matter here."""
    shop.articles = [article(str(number)) for number in range(501)]
    return shop


# ------------------------------------------------------------------ items


async def test_an_item_in_our_words(shop):
    """Whole percent, öre, and the price from quantity 0 of each served list."""
    seen = await shop.system.get("item", "102", Lane.READ)

    assert (seen.id, seen.full, seen.fields) == ("102", True, WHOLE)
    assert shop.asked() == ["GET /3/articles/102", "GET /3/prices/B/102/0"]


LISTS = {
    "the list that an article shows itself": (["A"], {"price:A": 14950}, 1),
    "another list": (["B"], {"price:B": 9900}, 2),
    "none": ([], {}, 1),
}


@pytest.mark.parametrize(("lists", "prices", "requests"), LISTS.values(), ids=LISTS)
async def test_only_served_price_lists_are_read(shop, lists, prices, requests):
    """And the shape of an item follows, so that everything is read anew when they change."""
    shop.system.serve([], lists)

    seen = await shop.system.get("item", "102", Lane.READ)

    assert {name: seen.fields[name] for name in seen.fields if name.startswith("price")} == prices
    assert [row.ours for row in shop.system.table("item").rows if row.ours.startswith("price")] == [*prices]
    assert len(shop.asked()) == requests


async def test_an_article_without_a_price_has_none(shop):
    """Whether the list shows nothing or Fortnox says that there is no such price."""
    shop.http["GET /3/articles/102"] = reply(200, {"Article": {**HAMMER, "SalesPrice": None}})
    shop.http["GET /3/prices/B/102/0"] = refusal(2000430, 404)

    fields = (await shop.system.get("item", "102", Lane.READ)).fields

    assert (fields["price:A"], fields["price:B"]) == (None, None)


GOODS = {
    "goods": ({"Type": "STOCK", "StockGoods": True}, True),
    "goods that nobody counts": ({"Type": "STOCK", "StockGoods": False}, False),
    "a service": ({"Type": "SERVICE", "StockGoods": False}, False),
    "a service that says otherwise": ({"Type": "SERVICE", "StockGoods": True}, False),
}


@pytest.mark.parametrize(("more", "goods"), GOODS.values(), ids=GOODS)
async def test_only_stock_goods_take_part_in_stock(shop, more, goods):
    """Of a service nothing is shown: it has no quantity."""
    shop.http["GET /3/articles/102"] = reply(200, {"Article": {**HAMMER, **more}})

    item = await shop.system.get("item", "102", Lane.READ)
    stock = await shop.system.get("stock", "102", Lane.READ)

    assert item.fields["goods"] is goods
    assert stock.fields == ({"number": "102", "quantity": 125} if goods else {})
    assert item.parts == {"stock": stock}  # one answer shows both


async def test_a_list_row_shows_prices_but_neither_vat_nor_type(shop):
    """The VAT of a list is not the article's."""
    rows = await shop.rows("item")

    assert rows["102"].fields == {name: WHOLE[name] for name in WHOLE if name not in ("vat", "goods")}
    assert (rows["102"].full, rows["102"].changed_at) == (False, None)
    assert shop.lists() == ["all articles", "all prices"]


async def test_a_small_register_is_read_whole_each_time(shop):
    """A new price raises no stamp of its article, so only the whole list shows it."""
    await shop.rows("item", SINCE)
    shop.prices = [price(amount=95)]

    pages = await shop.pages("item", SINCE)

    assert shop.lists() == ["changed articles", "all articles", "all prices"] * 2
    assert [page.complete for page in pages] == [True]
    assert [(row.fields["price:B"], row.changed_at) for row in pages[0].rows] == [(9500, None)]


async def test_what_no_list_shows_is_among_the_changes(shop):
    """A new VAT rate: the row is as before, and says that it changed."""
    shop.changed = [article(), article("103")]
    shop.inactive = [article("103")]

    rows = await shop.rows("item", SINCE)

    assert {key: (row.changed_at, row.fields["active"]) for key, row in rows.items()} == {
        "102": (SINCE, True),
        "103": (SINCE, False),
    }
    assert rows["102"].fields == (await shop.rows("item"))["102"].fields


async def test_of_a_large_register_only_changes_are_read(large):
    """Those of the articles and those of the prices: two requests at rest."""
    await large.rows("item")
    large.lists()

    assert await large.rows("item", SINCE) == {}
    assert large.lists() == ["changed articles", "all prices", "changed prices"]

    large.changed, large.changed_prices = (
        [article("7")],
        [price("9"), price("8", "C"), price("6", quantity=5)],
    )
    rows = await large.rows("item", SINCE)

    assert {key: row.changed_at for key, row in rows.items()} == {"7": SINCE, "9": SINCE}
    assert rows["9"].fields == {"number": "9", "price:B": 9900}


async def test_a_large_register_of_prices_is_read_by_its_changes_too(large):
    """Whole once; what was removed since shows in the next whole reading."""
    large.prices = [price(str(number)) for number in range(501)]
    await large.rows("item")
    large.lists()
    large.changed, large.changed_prices = [article("7")], [price("7", amount=50)]

    rows = await large.rows("item", SINCE)

    assert large.lists() == ["changed articles", "changed prices"]
    assert rows["7"].fields["price:B"] == 5000


async def test_only_changed_items_are_told_when_only_they_are_wanted(shop):
    """An article whose price changed is one of them."""
    shop.articles = [article(), article("103"), article("104")]
    shop.changed, shop.changed_prices = [article()], [price("103")]

    pages = await shop.pages("item", SINCE, only_changed=True)

    assert [(page.complete, [row.id for row in page.rows]) for page in pages] == [(False, ["102", "103"])]
    assert all(row.changed_at == SINCE for row in pages[0].rows)


async def test_a_whole_large_register_comes_in_pages(large):
    """Each of the usual size, none twice."""
    pages = await large.pages("item")

    assert [(len(page.rows), page.complete) for page in pages] == [(500, True), (1, True)]
    assert len({row.id for page in pages for row in page.rows}) == 501


async def test_an_empty_register_is_one_empty_page(shop):
    """A new company."""
    shop.articles = shop.prices = []

    (page,) = await shop.pages("item", SINCE)

    assert (page.rows, page.complete) == ((), True)


async def test_the_same_article_in_several_lists_is_not_a_page_that_comes_twice(shop):
    """A price is known by list, article and quantity."""
    pages = [listed("Prices", [price("102", name)], total=2, pages=2) for name in ("A", "B")]
    shop.http["GET /3/prices"] = pages

    assert (await shop.rows("item"))["102"].fields["price:B"] == 9900


async def test_items_are_never_made_or_changed_in_fortnox(shop):
    """Fortnox has the articles; the till sells them."""
    with pytest.raises(AssertionError):
        await shop.system.create("item", {"name": "A"}, Lane.FRESH)
    with pytest.raises(AssertionError):
        await shop.system.update("item", "102", {"name": "A"}, Lane.FRESH, {})
    assert shop.asked() == []


# ------------------------------------------------------------------ stock


async def test_quantities_come_with_the_list(shop):
    """In hundredths; whether an article is kept in stock shows a reading by key only."""
    rows = await shop.rows("stock", SINCE)

    assert rows["102"].fields == {"number": "102", "quantity": 125}
    assert (rows["102"].full, rows["102"].changed_at) == (False, None)
    assert all(page.complete for page in await shop.pages("stock", SINCE))


async def test_a_large_register_is_read_whole_for_its_quantities(large):
    """Nothing else shows that something was sold."""
    rows = await large.rows("stock", SINCE)

    assert len(rows) == 501
    assert large.lists() == ["changed articles", "all articles"]


async def test_an_article_that_changed_may_not_be_goods_any_more(shop):
    """No list shows that, so it is to be read by key."""
    shop.changed = [article()]

    rows = await shop.rows("stock", SINCE)

    assert rows["102"].changed_at == SINCE


async def test_stock_uses_the_list_that_items_have_read(shop):
    """Within half a minute, each list once."""
    for kind in ("item", "stock"):
        assert len(await shop.rows(kind)) == 1
    assert shop.lists().count("all articles") == 1

    for kind in ("item", "stock"):
        await shop.rows(kind, SINCE)
    lists = shop.lists()
    assert (1, 1) == (lists.count("all articles"), lists.count("changed articles"))


async def test_stock_uses_no_list_of_changes_that_begins_later(shop):
    """What changed before that would be missed."""
    await shop.rows("item", SINCE)
    shop.lists()
    await shop.rows("stock", SINCE - dt.timedelta(minutes=1))

    assert "changed articles" in shop.lists()


async def test_items_use_no_list_that_stock_has_read(shop):
    """It is from the pass before: an edit made since, however lately, would be missed."""
    for kind in ("stock", "item"):
        await shop.rows(kind)
    assert shop.lists().count("all articles") == 2


async def test_a_list_is_shared_once_and_only_while_it_is_young(shop):
    """The second reading of a kind is a new one, and so is what comes later."""
    await shop.rows("item")
    await shop.rows("item")
    await shop.rows("stock")
    await shop.rows("stock")
    assert shop.lists().count("all articles") == 3

    shop.clock.passed_s = 100
    await shop.rows("item")
    shop.clock.passed_s = 131
    await shop.rows("stock")
    assert shop.lists().count("all articles") == 2


async def test_a_list_from_before_our_own_write_is_not_used(shop):
    """It shows the quantity that was there before."""
    await shop.rows("item")
    await shop.system.update("stock", "102", {"quantity": 700}, Lane.FRESH, {})
    await shop.rows("stock")

    assert shop.lists().count("all articles") == 2


async def test_a_quantity_is_set_as_an_exact_number(shop):
    """What is there then is said by the answer."""
    answer = await shop.system.update("stock", "102", {"quantity": 725}, Lane.FRESH, {}, once="ab" * 16)

    (sent,) = shop.http.named("PUT /3/articles/102")
    assert sent.request.body == b'{"Article":{"QuantityInStock":7.25}}'
    assert (answer.id, answer.seen.fields) == ("102", {"number": "102", "quantity": 700})


async def test_a_quantity_whose_answer_is_lost_is_looked_for(shop):
    """It is sent once."""
    shop.http["PUT /3/articles/102"] = LOST

    with pytest.raises(OutcomeUnknown):
        await shop.system.update("stock", "102", {"quantity": 1}, Lane.FRESH, {})
    assert len(shop.http.named("PUT /3/articles/102")) == 1


async def test_with_the_warehouse_module_no_quantity_is_sent(shop):
    """There the stock moves by documents only; who switched it off is heard at once."""
    shop.http["GET /api/warehouse/tenants-v4"] = [
        reply(200, {"tenantId": 1234567, "activated": flag}) for flag in (True, False)
    ]

    with pytest.raises(Refused, match=r"STK01.*warehouse module"):
        await shop.system.update("stock", "102", {"quantity": 1}, Lane.FRESH, {})
    assert shop.http.named("PUT /3/articles/102") == []

    await shop.system.update("stock", "102", {"quantity": 1}, Lane.FRESH, {})
    assert len(shop.http.named("PUT /3/articles/102")) == 1


async def test_the_warehouse_module_is_asked_about_once_a_day(shop):
    """Nobody switches it on every hour."""
    for hours in (0, 1, 23, 24, 25):
        shop.clock.passed_s = hours * 3600
        await shop.system.update("stock", "102", {"quantity": 1}, Lane.FRESH, {})

    assert len(shop.http.named("GET /api/warehouse/tenants-v4")) == 2


NOT_ALLOWED = {
    "no right": reply(403, {"error": "forbidden", "id": "1", "message": "no"}),
    "no scope": refusal(2000663),
    "no licence": refusal(2001101),
}


@pytest.mark.parametrize("answer", NOT_ALLOWED.values(), ids=NOT_ALLOWED)
async def test_who_may_not_ask_about_the_module_leaves_it_to_fortnox(shop, answer):
    """A company without the module has no licence to ask with; the check does not say that there is none."""
    shop.http["GET /api/warehouse/tenants-v4"] = answer

    await shop.system.update("stock", "102", {"quantity": 1}, Lane.FRESH, {})

    assert len(shop.http.named("PUT /3/articles/102")) == 1
    finding = (await shop.system.check(["stock"]))[-1]
    assert finding.ok
    assert "cannot be asked" in finding.what


async def test_an_answer_about_the_module_that_says_nothing_stops_the_write(shop):
    """Rather than writing a number into a warehouse."""
    shop.http["GET /api/warehouse/tenants-v4"] = reply(200, {"tenantId": 1234567})

    with pytest.raises(Unusable, match="JSN09"):
        await shop.system.update("stock", "102", {"quantity": 1}, Lane.FRESH, {})


# ------------------------------------------------------------------ check


async def test_a_check_probes_what_a_shop_needs(shop):
    """Its scopes, and that quantities can be set at all."""
    shop.http["GET /3/pricelists"] = refusal(2001101)
    shop.http["GET /api/warehouse/tenants-v4"] = reply(200, {"activated": True})

    findings = await shop.system.check(["item", "stock"])

    assert [finding.code for finding in findings[2:]] == ["", "AUT11", "STK01"]
    assert "scope price" in findings[3].where
    assert not any(each.request.effect for each in shop.http.sent)
