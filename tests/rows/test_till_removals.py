"""
What leaves the till, and what must not: removed in Fortnox, marked #E#, the same barcode twice (rows K6, K8).
"""

from __future__ import annotations

import pytest

from daemon.errors import RemoteError
from daemon.sandbox.faults import Fault
from tests.rows.acts import codes, sync_at_rest
from tests.shop import Shop

pytestmark = pytest.mark.row("K6", "K8")
LATER = 15  # minutes: the overlap of the lists has passed
HIDING = "Kaffe #E#"


@pytest.fixture
def shop(tmp_path):
    """Articles only; what Fortnox lacks is removed from the till."""
    return Shop(tmp_path, "articles", remove_articles=True)


def article(shop, number, name="Kaffe", **fields):
    shop.people.new_article(ArticleNumber=number, Description=name, **fields, price=80)


def numbers(shop):
    """What the till has, and shows."""
    return sorted(code for code, item in shop.items().items() if item["VisibleOnSalesMenu"])


def retire(shop, number):
    """Somebody deletes an article in Fortnox."""
    shop.people.fortnox("DELETE", f"/3/articles/{number}")


def refuse_removals(shop):
    """What was sold once cannot be deleted."""
    shop.world.systems["eskassa"].switch("delete_sold_items", "refused")


def sell(shop, number):
    shop.till("sell", items=[{"product_code": number}], payment="card")


# ------------------------------------------------------------------ missing in Fortnox


async def test_an_article_that_is_gone_in_fortnox_is_removed_after_a_second_equal_scan(shop):
    """The first complete scan of both sides that lacks it only sees; the next equal one removes it, once."""
    article(shop, "A")
    article(shop, "B")
    async with shop.running():
        await sync_at_rest(shop)
        retire(shop, "A")
        since = shop.world.log.last_seq
        await shop.sync()
        assert ([], ["A", "B"]) == (shop.writes(since), numbers(shop))
        await shop.sync()
        assert (1, ["B"]) == (len(shop.writes(since)), numbers(shop))
        assert "ok" == (await sync_at_rest(shop)).outcome
    assert 1 == len(shop.writes(since))


async def test_what_the_shop_made_itself_is_removed_too(shop):
    """The two registers are to be the same (scenario 6, step 3)."""
    article(shop, "A")
    shop.new_item("OWN")
    async with shop.running():
        await shop.sync()
        assert ["A", "OWN"] == numbers(shop)
        await shop.sync()
        await sync_at_rest(shop)
    assert ["A"] == numbers(shop)


async def test_without_the_setting_nothing_is_removed(tmp_path):
    """What the till made stays; what was deleted in Fortnox waits for a person."""
    shop = Shop(tmp_path, "articles")
    article(shop, "A")
    shop.new_item("OWN")
    async with shop.running():
        await sync_at_rest(shop)
        retire(shop, "A")
        for _ in range(3):
            await sync_at_rest(shop)
        assert ["REC02"] == await codes(shop)
    assert ["A", "OWN"] == numbers(shop)


async def test_an_article_made_inactive_in_fortnox_is_removed_and_comes_back(shop):
    """Inactive is not for sale; active again it is made anew, with its stock."""
    article(shop, "A", StockGoods=True, QuantityInStock=4)
    article(shop, "B")
    async with shop.running():
        await sync_at_rest(shop)
        shop.wait(minutes=LATER)
        shop.people.edit_article("A", Active=False)
        for _ in range(2):
            await sync_at_rest(shop)
        assert ["B"] == numbers(shop)
        shop.wait(minutes=LATER)
        shop.people.edit_article("A", Active=True)
        await shop.sync()
        assert "ok" == (await sync_at_rest(shop)).outcome
    assert (["A", "B"], (4, 4)) == (numbers(shop), shop.stock("A"))


BETWEEN = {
    # what happens between the two scans:                    what it does
    "one more article disappears": lambda shop: retire(shop, "B"),
    "an article comes to the till": lambda shop: shop.new_item("NEW"),
    "an article comes to Fortnox": lambda shop: article(shop, "NEW"),
}


@pytest.mark.parametrize("happens", BETWEEN.values(), ids=BETWEEN)
async def test_two_scans_that_differ_prove_nothing(shop, happens):
    """Who moves the registers about is waited for: two equal scans in a row it takes."""
    for number in "ABC":
        article(shop, number)
    async with shop.running():
        await sync_at_rest(shop)
        retire(shop, "A")
        await shop.sync()
        happens(shop)
        since = shop.world.log.last_seq
        await shop.sync()
        assert "A" in numbers(shop)
        assert not [each for each in shop.writes(since) if each.startswith("DELETE")]
        for _ in range(3):
            await shop.sync()
    assert "A" not in numbers(shop)


@pytest.mark.parametrize(("system", "path"), [("fortnox", "/3/articles"), ("eskassa", "/api/inventoryitem")])
async def test_a_scan_that_fails_in_between_counts_for_nothing(shop, system, path):
    """Nothing is removed in the pass that failed, nor by what it saw of one side alone."""
    article(shop, "A")
    article(shop, "B")
    async with shop.running():
        await sync_at_rest(shop)
        retire(shop, "A")
        await shop.sync()
        shop.world.faults.add(Fault(fault="status", system=system, method="GET", path=path, count=6))
        since = shop.world.log.last_seq
        with pytest.raises(RemoteError):
            await shop.sync()
        assert [] == shop.writes(since)
        shop.world.faults.clear()
        await sync_at_rest_soon(shop)
    assert ["B"] == numbers(shop)


async def sync_at_rest_soon(shop):
    """Passes until nothing is written any more: a removal takes two."""
    for _ in range(3):
        await shop.sync()
    await sync_at_rest(shop)


async def test_a_list_that_is_empty_by_mistake_removes_nothing(shop):
    """What a list lacks is read by its number before it counts as gone."""
    for number in range(3):
        article(shop, f"A{number}")
    async with shop.running():
        await sync_at_rest(shop)
        fortnox = shop.world.systems["fortnox"]
        answer, fortnox.handle = fortnox.handle, lambda request: emptied(answer(request), request)
        since = shop.world.log.last_seq
        for _ in range(3):
            await shop.sync()
        assert [] == shop.writes(since)
        fortnox.handle = answer
        await sync_at_rest(shop)
    assert ["A0", "A1", "A2"] == numbers(shop)


def emptied(response, request):
    """The article list without its rows."""
    import json  # noqa: PLC0415

    from msgspec import structs  # noqa: PLC0415

    if request.path != "/3/articles":
        return response
    body = {"MetaInformation": {"@TotalResources": 0, "@TotalPages": 1, "@CurrentPage": 1}, "Articles": []}
    return structs.replace(response, body=json.dumps(body).encode())


async def test_many_removals_are_held_and_a_release_removes(shop):
    """More than the limit, here three: a person looks first; up to that it goes by itself."""
    shop.set(guard={"overwrite_count": 3})
    for number in range(8):
        article(shop, f"A{number}")
    async with shop.running():
        await sync_at_rest(shop)
        for number in range(4):
            retire(shop, f"A{number}")
        for _ in range(3):
            report = await shop.sync()
        assert ("held", 8) == (report.outcome, len(numbers(shop)))
        (held,) = await shop.desk.held()
        assert "would overwrite 4 records at the partner side, the limit is 3" == held["reason"]
        await shop.desk.release(held["id"], drop=False)
        await sync_at_rest_soon(shop)
        assert (4, []) == (len(numbers(shop)), await shop.desk.held())
        for number in range(4, 7):
            retire(shop, f"A{number}")
        await sync_at_rest_soon(shop)
    assert ["A7"] == numbers(shop)


async def test_what_was_sold_and_cannot_be_deleted_is_hidden(shop):
    """Once; it is not tried again in each pass."""
    refuse_removals(shop)
    article(shop, "A")
    async with shop.running():
        await sync_at_rest(shop)
        sell(shop, "A")
        await sync_at_rest(shop)
        retire(shop, "A")
        await sync_at_rest_soon(shop)
        assert [] == await codes(shop)
    assert (["A"], []) == (list(shop.items()), numbers(shop))


@pytest.mark.parametrize("settings", [{}, {"remove_articles": True}], ids=["kept", "removed"])
async def test_an_article_that_somebody_deletes_at_the_till_comes_back(tmp_path, settings):
    """Edits at the till are undone, a deletion too, and its stock is Fortnox'."""
    shop = Shop(tmp_path, "articles", **settings)
    article(shop, "A", StockGoods=True, QuantityInStock=4)
    async with shop.running():
        await sync_at_rest_soon(shop)
        shop.till("delete_item", product_code="A")
        await sync_at_rest_soon(shop)
        assert [] == await codes(shop)
    assert (["A"], (4, 4)) == (numbers(shop), shop.stock("A"))


# ------------------------------------------------------------------ #E#


async def test_an_article_that_is_marked_from_the_start_does_not_cross(shop):
    """Wherever in the name the mark stands; it is nobody's fault, so nothing is listed."""
    for number, name in enumerate(("#E# Kaffe", "Kaf#E#fe", HIDING)):
        article(shop, f"A{number}", name)
    async with shop.running():
        assert "ok" == (await sync_at_rest(shop)).outcome
    assert {} == shop.items()


@pytest.mark.parametrize("removable", [True, False], ids=["removed", "hidden"])
@pytest.mark.parametrize("settings", [{}, {"remove_articles": True}], ids=["otherwise kept", "like others"])
async def test_a_mark_that_comes_later_takes_the_article_away_and_one_that_goes_brings_it(
    tmp_path, settings, removable
):
    """Deleted where the till lets us, else hidden; nothing is listed as somebody's edit."""
    shop = Shop(tmp_path, "articles", **settings)
    if not removable:
        refuse_removals(shop)
    article(shop, "A", StockGoods=True, QuantityInStock=4)
    article(shop, "B")
    async with shop.running():
        await sync_at_rest_soon(shop)
        sell(shop, "A")
        await sync_at_rest_soon(shop)
        shop.wait(minutes=LATER)
        shop.people.edit_article("A", Description=HIDING)
        await sync_at_rest_soon(shop)
        assert ["B"] == numbers(shop)
        assert (["B"] if removable else ["A", "B"]) == sorted(shop.items())
        shop.wait(minutes=LATER)
        shop.people.edit_article("A", Description="Te")
        await sync_at_rest_soon(shop)
        assert ([], []) == (await codes(shop), await shop.desk.conflicts())
    assert (["A", "B"], "Te", (3, 3)) == (numbers(shop), shop.items()["A"]["Description"], shop.stock("A"))


async def test_a_mark_beyond_the_thirtieth_character_counts_too(shop):
    """It is looked for in the whole name."""
    article(shop, "A", "Kaffe mörkrost bryggmald 1 000 gram #E#")
    async with shop.running():
        await sync_at_rest(shop)
    assert {} == shop.items()


# ------------------------------------------------------------------ the same barcode twice


async def test_of_two_articles_with_one_barcode_one_keeps_it_and_the_other_is_told(shop):
    """The lower number; the other waits with a reason, and crosses by itself when its own is mended."""
    article(shop, "A", "Kaffe", EAN="7310000000017")
    article(shop, "B", "Te", EAN="7310000000017")
    async with shop.running():
        await shop.sync()
        assert ["A"] == numbers(shop)
        (parked,) = await shop.desk.parked()
        assert ("fortnox:B", "REC99") == (parked["key"], parked["code"])
        assert "BarCode" in parked["what"]
        since = shop.world.log.last_seq
        await sync_at_rest(shop)
        assert [] == shop.writes(since)
        shop.wait(minutes=LATER)
        shop.people.edit_article("B", EAN="7310000000024")
        await sync_at_rest_soon(shop)
        assert [] == await codes(shop)
    assert ["A", "B"] == numbers(shop)


async def test_a_barcode_that_the_other_one_gave_away_crosses_with_a_retry(shop):
    """A new one with an old one's code: the old one is marked #E#, as the vendor says."""
    article(shop, "A", "Kaffe", EAN="7310000000017")
    async with shop.running():
        await shop.sync()
        article(shop, "B", "Kaffe, ny", EAN="7310000000017")
        await shop.sync()
        (parked,) = await shop.desk.parked()
        shop.wait(minutes=LATER)
        shop.people.edit_article("A", Description=HIDING)
        await shop.sync()
        await shop.desk.retry(parked["id"])
        await sync_at_rest_soon(shop)
        assert [] == await codes(shop)
    assert {"B": "7310000000017"} == {code: item["BarCode"] for code, item in shop.items().items()}


async def test_an_edit_to_a_barcode_that_is_taken_is_told_and_the_till_keeps_the_old_one(shop):
    """When it is taken back, or made another, it goes by itself."""
    article(shop, "A", "Kaffe", EAN="7310000000017")
    article(shop, "B", "Te", EAN="7310000000024")
    async with shop.running():
        await shop.sync()
        shop.wait(minutes=LATER)
        shop.people.edit_article("B", EAN="7310000000017")
        await sync_at_rest(shop)
        assert (["REC99"], "7310000000024") == (await codes(shop), shop.items()["B"]["BarCode"])
        shop.wait(minutes=LATER)
        shop.people.edit_article("B", EAN="7310000000031")
        await sync_at_rest_soon(shop)
        assert [] == await codes(shop)
    assert "7310000000031" == shop.items()["B"]["BarCode"]
