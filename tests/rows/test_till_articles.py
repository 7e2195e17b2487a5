"""
Articles of Fortnox at the till: what crosses, what follows, what is undone, what is told (rows K6 and K8).
"""

from __future__ import annotations

import pytest

from tests.rows.acts import codes, picked, sync_at_rest
from tests.shop import Shop

pytestmark = pytest.mark.row("K6")
LATER = 15  # minutes: the overlap of the lists has passed
EAN = "7310000000017"
LONG = "Kaffe mörkrost bryggmald 1 000 gram"
COFFEE = {"ArticleNumber": "A", "Description": LONG, "EAN": EAN}
SHOWN = ("Description", "PriceIncludingVat", "VatPercentage", "BarCode", "VisibleOnSalesMenu")


@pytest.fixture
def shop(tmp_path):
    """Scenario 6: articles only."""
    return Shop(tmp_path, "articles")


def at_till(shop, code):
    """What the till shows of an article, by what the vendor names it."""
    return tuple(shop.items()[code][name] for name in SHOWN)


async def told(shop):
    """The parked ones: their key and code."""
    return [(each["key"], each["code"]) for each in await shop.desk.parked()]


async def undone(shop):
    """The listed edits that lost: field, the value at the till, who won."""
    return [(each["field"], each["partner"], each["winner"]) for each in await shop.desk.conflicts()]


# ------------------------------------------------------------------ what crosses


CROSSES = {
    # an article in Fortnox:                       its fields                       price  at the till
    "a long name is cut to thirty": ({**COFFEE}, 47.2, (LONG[:30], 59.0, 25, EAN, True)),
    "a name that is cut at a blank ends before it": (
        {**COFFEE, "Description": "Kaffe mörkrost bryggmalen 500 gram"},
        8,
        ("Kaffe mörkrost bryggmalen 500", 10.0, 25, EAN, True),
    ),
    "no barcode: one of its number": (
        {"ArticleNumber": "A", "Description": "Te"},
        8,
        ("Te", 10.0, 25, "FNX-A", True),
    ),
    "food": ({**COFFEE, "VAT": 6, "Description": "Bröd"}, 50, ("Bröd", 53.0, 6, EAN, True)),
    "a restaurant": ({**COFFEE, "VAT": 12, "Description": "Soppa"}, 100, ("Soppa", 112.0, 12, EAN, True)),
    "no VAT": ({**COFFEE, "VAT": 0, "Description": "Frimärke"}, 15.5, ("Frimärke", 15.5, 0, EAN, True)),
    "half an öre is rounded up": (
        {**COFFEE, "VAT": 25, "Description": "Påse"},
        0.1,
        ("Påse", 0.13, 25, EAN, True),
    ),
    "less than half is rounded down": (
        {**COFFEE, "VAT": 6, "Description": "Påse"},
        0.15,
        ("Påse", 0.16, 6, EAN, True),
    ),
    "what costs nothing": ({**COFFEE, "Description": "Prov"}, 0, ("Prov", 0.0, 25, EAN, True)),
    "a service": ({**COFFEE, "Type": "SERVICE"}, 8, (LONG[:30], 10.0, 25, EAN, True)),
}  # fmt: skip


@pytest.mark.parametrize(("fields", "price", "shown"), CROSSES.values(), ids=CROSSES)
async def test_an_article_reaches_the_till(shop, fields, price, shown):
    """Number, name, price with VAT, VAT and barcode, once."""
    shop.people.new_article(**fields, price=price)
    async with shop.running():
        assert "ok" == (await sync_at_rest(shop)).outcome
    assert {"A": shown} == {code: at_till(shop, code) for code in shop.items()}


PRICE_LISTS = {
    # the settings:                                     price at the till of 80 in A and 90 in B, 25 % VAT
    "list A, without VAT": ({}, 100.0),
    "list A, with VAT": ({"prices_include_vat": True}, 80.0),
    "list B, without VAT": ({"price_list": "B"}, 112.5),
    "list B, with VAT": ({"price_list": "B", "prices_include_vat": True}, 90.0),
}


def price_in_b(shop, price):
    """A second price list, with one price."""
    shop.people.try_fortnox("POST", "/3/pricelists", {"PriceList": {"Code": "B", "Description": "Butik"}})
    body = {"Price": {"ArticleNumber": "A", "PriceList": "B", "FromQuantity": 0, "Price": price}}
    status, _ = shop.people.try_fortnox("PUT", "/3/prices/B/A/0", {"Price": {"Price": price}})
    if status >= 400:
        shop.people.fortnox("POST", "/3/prices", body)


@pytest.mark.parametrize(("settings", "price"), PRICE_LISTS.values(), ids=PRICE_LISTS)
async def test_the_price_is_that_of_the_chosen_list(tmp_path, settings, price):
    """With and without VAT in the list; a price that changes alone, which raises no stamp, follows."""
    shop = Shop(tmp_path, "articles", **settings)
    shop.people.new_article(**COFFEE, price=80)
    price_in_b(shop, 90)
    async with shop.running():
        await sync_at_rest(shop)
        assert price == shop.items()["A"]["PriceIncludingVat"]
        shop.wait(minutes=LATER)
        shop.people.set_price("A", 160)
        price_in_b(shop, 180)
        await sync_at_rest(shop)
    assert 2 * price == shop.items()["A"]["PriceIncludingVat"]


async def test_a_price_for_a_larger_quantity_is_not_the_price(shop):
    """Only what one costs is sent."""
    shop.people.new_article(**COFFEE, price=80)
    body = {"Price": {"ArticleNumber": "A", "PriceList": "A", "FromQuantity": 10, "Price": 40}}
    shop.people.fortnox("POST", "/3/prices", body)
    async with shop.running():
        await sync_at_rest(shop)
    assert 100.0 == shop.items()["A"]["PriceIncludingVat"]


FOLLOWS = {
    # the edit in Fortnox:                  what the till then shows
    "its name": ({"Description": "Te"}, {"Description": "Te"}),
    "its VAT, and with it the price": ({"VAT": 12}, {"VatPercentage": 12, "PriceIncludingVat": 89.6}),
    "its barcode": ({"EAN": "7310000000024"}, {"BarCode": "7310000000024"}),
    "a barcode taken away": ({"EAN": None}, {"BarCode": "FNX-A"}),
    "several at once": (
        {"Description": "Te", "VAT": 6},
        {"Description": "Te", "VatPercentage": 6, "PriceIncludingVat": 84.8},
    ),
}


@pytest.mark.parametrize(("edit", "then"), FOLLOWS.values(), ids=FOLLOWS)
async def test_what_is_changed_in_fortnox_follows(shop, edit, then):
    """One PUT, and only what belongs to the edit differs afterwards."""
    shop.people.new_article(**COFFEE, price=80)
    async with shop.running():
        await sync_at_rest(shop)
        shop.wait(minutes=LATER)
        before, since = shop.items()["A"], shop.world.log.last_seq
        shop.people.edit_article("A", **edit)
        assert "ok" == (await sync_at_rest(shop)).outcome
        assert ["PUT /api/inventoryitem"] == shop.writes(since)
    after = shop.items()["A"]
    assert then == {name: value for name, value in after.items() if name in then}
    kept = before.keys() - then.keys() - {"LastModifiedDateTime"}
    assert {name: before[name] for name in kept} == {name: after[name] for name in kept}


@pytest.mark.parametrize("missing", ["keep", "blank"])
async def test_what_the_shop_wrote_into_other_fields_stays(shop, missing):
    """More barcodes, category, supplier, take-away price: also where a PUT blanks what it is not given."""
    shop.world.systems["eskassa"].switch("put_missing", missing)
    own = {
        "BarCode2": "123",
        "BarCode5": "456",
        "ExternalProductCode": "LEV-1",
        "SupplierName": "Rosteriet",
        "PickupPriceIncludingVat": 45.0,
        "CategoryId": shop.category(),
    }
    shop.people.new_article(**COFFEE, price=80)
    async with shop.running():
        await sync_at_rest(shop)
        shop.till("edit_item", product_code="A", fields=own)
        assert "ok" == (await sync_at_rest(shop)).outcome
        shop.wait(minutes=LATER)
        shop.people.edit_article("A", Description="Te")
        await sync_at_rest(shop)
    item = shop.items()["A"]
    assert {"Description": "Te", **own} == picked(item, {"Description": None, **own})


# ------------------------------------------------------------------ edits at the till


REVERTED = {
    # the edit at the till:     the field     what was typed
    "a name": ({"Description": "Kaffe!"}, "name", "Kaffe!"),
    "a price": ({"PriceIncludingVat": 79.0}, "price", "79.00"),
    "a VAT rate": ({"VatPercentage": 12}, "vat", 12),
    "a barcode": ({"BarCode": "1"}, "barcode", "1"),
    "its number": ({"ProductCode": "X"}, "number", "X"),
}


@pytest.mark.parametrize(("edit", "field", "typed"), REVERTED.values(), ids=REVERTED)
async def test_an_edit_at_the_till_is_undone_and_listed(shop, edit, field, typed):
    """Fortnox decides about articles: the next pass puts its value back, and what was typed is kept."""
    shop.people.new_article(**COFFEE, price=80)
    async with shop.running():
        await sync_at_rest(shop)
        before = at_till(shop, "A")
        shop.till("edit_item", product_code="A", fields=edit)
        assert "ok" == (await sync_at_rest(shop)).outcome
        assert [(field, typed, "fortnox")] == await undone(shop)
    assert {"A": before} == {code: at_till(shop, code) for code in shop.items()}


async def test_an_article_that_the_shop_hides_stays_hidden(shop):
    """What stands in the sales menu is the shop's own matter, and nothing to be listed."""
    shop.people.new_article(**COFFEE, price=80)
    async with shop.running():
        await sync_at_rest(shop)
        shop.till("edit_item", product_code="A", fields={"VisibleOnSalesMenu": False})
        await sync_at_rest(shop)
        assert [] == await undone(shop)
        shop.wait(minutes=LATER)
        shop.people.set_price("A", 160)
        await sync_at_rest(shop)
    item = shop.items()["A"]
    assert (False, 200.0) == (item["VisibleOnSalesMenu"], item["PriceIncludingVat"])


async def test_many_edits_at_the_till_are_held_before_they_are_undone(shop):
    """Twenty-one prices raised by hand are not an accident of ours: a person releases or drops that."""
    numbers = [f"A{number}" for number in range(21)]
    for number in numbers:
        shop.people.new_article(ArticleNumber=number, Description=number, price=80)
    async with shop.running():
        await sync_at_rest(shop)
        for number in numbers:
            shop.till("edit_item", product_code=number, fields={"PriceIncludingVat": 110.0})
        assert "held" == (await sync_at_rest(shop)).outcome
        assert {110.0} == {item["PriceIncludingVat"] for item in shop.items().values()}
        (held,) = await shop.desk.held()
        await shop.desk.release(held["id"], drop=False)
        assert "ok" == (await sync_at_rest(shop)).outcome
    assert {100.0} == {item["PriceIncludingVat"] for item in shop.items().values()}


async def test_an_article_made_at_the_till_stays_alone(shop):
    """New ones come from Fortnox only; one of the same number is linked, and Fortnox' values win."""
    shop.new_item("OWN")
    shop.new_item("A")
    shop.people.new_article(**COFFEE, price=80)
    async with shop.running():
        assert "ok" == (await sync_at_rest(shop)).outcome
    numbers = [row["ArticleNumber"] for row in shop.people.fortnox("GET", "/3/articles")["Articles"]]
    assert ["A"] == numbers
    assert (LONG[:30], 100.0, 25, EAN, True) == at_till(shop, "A")
    assert "Vara OWN" == shop.items()["OWN"]["Description"]


async def test_an_article_of_the_till_with_the_same_barcode_is_the_same(shop):
    """It gets Fortnox' number."""
    shop.new_item("OLD")
    shop.people.new_article(ArticleNumber="A", Description="Te", EAN="73OLD", price=8)
    async with shop.running():
        assert "ok" == (await sync_at_rest(shop)).outcome
    assert {"A": ("Te", 10.0, 25, "73OLD", True)} == {code: at_till(shop, code) for code in shop.items()}


# ------------------------------------------------------------------ what cannot cross


STUCK = {
    # what is wrong:                        code     how it is made                          how it is mended
    "it has no price": ("REC26", {}, None, lambda people: people.set_price("A", 8)),
    "a VAT that the till does not know": (
        "REC17",
        {"VAT": 13},
        8,
        lambda people: people.edit_article("A", VAT=25),
    ),
    "no name is left": (
        "REC08",
        {"Description": " "},
        8,
        lambda people: people.edit_article("A", Description="Te"),
    ),
}


@pytest.mark.parametrize(("code", "fields", "price", "mend"), STUCK.values(), ids=STUCK)
async def test_what_the_till_cannot_hold_is_told_and_crosses_when_it_is_mended(
    shop, code, fields, price, mend
):
    """With a reason and what to do; the others are not held up."""
    shop.people.new_article(**{"ArticleNumber": "A", "Description": "Te", **fields}, price=price)
    shop.people.new_article(ArticleNumber="B", Description="Bulle", price=8)
    async with shop.running():
        assert "parked" == (await sync_at_rest(shop)).outcome
        assert (["B"], [("fortnox:A", code)]) == (list(shop.items()), await told(shop))
        shop.wait(minutes=LATER)
        mend(shop.people)
        assert "ok" == (await sync_at_rest(shop)).outcome
    assert ("Te", 10.0, 25, "FNX-A", True) == at_till(shop, "A")


async def test_a_price_that_is_taken_away_is_told_and_the_till_keeps_the_last(shop):
    """An empty price never overwrites (decision 14); what else is edited waits with it."""
    shop.people.new_article(**COFFEE, price=80)
    async with shop.running():
        await sync_at_rest(shop)
        shop.wait(minutes=LATER)
        shop.people.fortnox("DELETE", "/3/prices/A/A/0")
        shop.people.edit_article("A", Note="x")
        await sync_at_rest(shop)
        assert ["REC26"] == await codes(shop)
        assert 100.0 == shop.items()["A"]["PriceIncludingVat"]
        shop.people.set_price("A", 88)
        assert "ok" == (await sync_at_rest(shop)).outcome
    assert 110.0 == shop.items()["A"]["PriceIncludingVat"]


# ------------------------------------------------------------------ older ones, and a way there


async def test_older_articles_come_with_an_import(tmp_path):
    """What was not changed since the start is brought over by `import till items`; its stock follows."""
    shop = Shop(tmp_path, "articles", start="2026-11-24")
    shop.people.new_article(**COFFEE, StockGoods=True, QuantityInStock=9, price=80)
    shop.wait(days=2)
    async with shop.running():
        assert "ok" == (await sync_at_rest(shop)).outcome
        assert {} == shop.items()
        await shop.sync(imports="items")
        await shop.sync()
        await sync_at_rest(shop)
    assert (9, 9) == shop.stock("A")


async def test_many_new_articles_make_one_category(shop):
    """The category for new articles is made once, however many are made at the same time."""
    for number in range(12):
        shop.people.new_article(ArticleNumber=f"A{number}", Description="Vara", price=8)
    async with shop.running():
        await sync_at_rest(shop)
    assert ["Fortnox"] == [each["Name"] for each in shop.tills("GET", "/category", fetch="100")["Items"]]
    assert 1 == len({item["CategoryId"] for item in shop.items().values()})


async def test_who_reads_the_tills_every_minute_sees_no_write_when_nothing_changed(shop):
    """Sales and stock move the till's time of change, and are nobody's edit of an article."""
    shop.people.new_article(**COFFEE, price=80)
    async with shop.running():
        await sync_at_rest(shop)
        since = shop.world.log.last_seq
        for _ in range(3):
            shop.till("sell", items=[{"product_code": "A"}], payment="card")
            shop.wait(minutes=2)
            await shop.sync()
        assert [] == shop.writes(since)
