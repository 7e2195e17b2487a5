"""
Articles flow from Fortnox to webCRM's catalogue and never back (row W8).
"""

from __future__ import annotations

import pytest

from tests.rows.acts import codes, listed, sync_at_rest

pytestmark = pytest.mark.row("W8")
ITEM = "QuotationLineLinkedDataItem"


def shown(item):
    """Number, name, cost and price, as the catalogue shows them."""
    return tuple(item[f"{ITEM}{name}"] for name in ("Data1", "Data2", "CostPrice", "Price"))


def edit_item(town, item, **fields):
    """A salesperson edits the catalogue."""
    key = item[f"{ITEM}Id"]
    body = {f"{ITEM}{name}": value for name, value in fields.items()}
    town.people.webcrm("PUT", f"/QuotationLines/LinkedData/{key}", {f"{ITEM}Id": key, **body})


def new_item(town, number, name):
    """A salesperson adds to the catalogue."""
    data = {f"{ITEM}Data{index}": "-" for index in range(3, 10)}
    body = {
        f"{ITEM}Id": 0,
        f"{ITEM}EntityType": "Product",
        f"{ITEM}Data1": number,
        f"{ITEM}Data2": name,
        **data,
    }
    town.people.webcrm("POST", "/QuotationLines/LinkedData", body)
    return town.people.item(number)


async def test_an_article_becomes_an_item_with_number_name_cost_and_price(town):
    """
    The four fields of the vendor's document, öre included.
    """
    async with town.running():
        town.people.new_article(149.5, ArticleNumber="A-1", Description="Skruv M6", PurchasePrice=88.25)
        await sync_at_rest(town)
    assert ("A-1", "Skruv M6", 88.25, 149.5) == shown(town.people.item("A-1"))


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        ({"Description": "Mutter M6"}, ("A-1", "Mutter M6", 10.0, 20.0)),
        ({"PurchasePrice": 11.11}, ("A-1", "Skruv", 11.11, 20.0)),
        ({"PurchasePrice": 0}, ("A-1", "Skruv", 0.0, 20.0)),
        ({"Description": "Rör &amp; 'skarv'".replace("'", "’")}, ("A-1", "Rör & ’skarv’", 10.0, 20.0)),
    ],
    ids=["renamed", "another cost", "no cost", "a name with an entity"],
)
async def test_a_change_in_fortnox_reaches_the_item(town, edit, expected):
    """
    A changed article changes its item, and only the changed field is sent.
    """
    async with town.running():
        town.people.new_article(20, ArticleNumber="A-1", Description="Skruv", PurchasePrice=10)
        await town.sync()
        town.people.edit_article("A-1", **edit)
        since = town.world.log.last_seq
        await sync_at_rest(town)
    assert expected == shown(town.people.item("A-1"))
    (update,) = [each["request"] for each in town.requests("webcrm", since=since) if each["method"] == "PUT"]
    assert 2 == len(update)


@pytest.mark.parametrize("price", [25, 0.01, 0, 1234567.89])
async def test_a_price_that_is_set_in_the_price_list_reaches_the_item(town, price):
    """
    Fortnox does not stamp the article then (fortnox.md 22 no 3); the price arrives all the same.
    """
    async with town.running():
        town.people.new_article(20, ArticleNumber="A-1", Description="Skruv")
        await town.sync()
        town.wait(hours=1)
        await town.sync()
        town.people.set_price("A-1", price)
        await sync_at_rest(town)
    assert price == shown(town.people.item("A-1"))[3]


async def test_an_edit_in_webcrm_stays_is_listed_and_yields_to_the_next_change(town):
    """
    Nothing is written to Fortnox; the edit stands, with both values listed, until Fortnox changes that field.
    """
    async with town.running():
        town.people.new_article(20, ArticleNumber="A-1", Description="Skruv", PurchasePrice=10)
        await town.sync()
        edit_item(town, town.people.item("A-1"), Data2="Egen text", Price=19.0)
        since = town.world.log.last_seq
        report = await sync_at_rest(town)
        assert ("ok", []) == (report.outcome, town.writes(since))
        assert {
            ("name", "Skruv", "Egen text", None, "standing"),
            ("price", "20.00", "19.00", None, "standing"),
        } == set(await listed(town))
        town.people.edit_article("A-1", PurchasePrice=12)
        await sync_at_rest(town)
        assert ("A-1", "Egen text", 12.0, 19.0) == shown(town.people.item("A-1"))
        town.people.edit_article("A-1", Description="Skruv M8")
        await sync_at_rest(town)
    assert ("A-1", "Skruv M8", 12.0, 19.0) == shown(town.people.item("A-1"))
    assert "Skruv M8" == town.people.fortnox("GET", "/3/articles/A-1")["Article"]["Description"]


async def test_a_number_edited_in_webcrm_is_put_back(town):
    """
    The article's number is what names it on both sides.
    """
    async with town.running():
        town.people.new_article(20, ArticleNumber="A-1", Description="Skruv")
        await town.sync()
        edit_item(town, town.people.item("A-1"), Data1="A-2")
        await sync_at_rest(town)
    assert ["A-1"] == [each[f"{ITEM}Data1"] for each in town.people.catalogue()]


async def test_an_item_made_in_webcrm_is_left_alone(town):
    """
    It becomes no article, is not changed and is not parked.
    """
    async with town.running():
        item = new_item(town, "EGEN-1", "Frakt")
        await sync_at_rest(town)
        edit_item(town, item, Data2="Frakt och porto")
        await sync_at_rest(town)
        assert [] == await codes(town)
    assert [] == town.people.fortnox("GET", "/3/articles")["Articles"]
    assert "Frakt och porto" == town.people.item("EGEN-1")[f"{ITEM}Data2"]
    assert [] == [each for each in town.writes() if "LinkedData" in each or "articles" in each]


async def test_an_item_that_has_an_articles_number_is_linked_not_doubled(town):
    """
    The salespeople's old catalogue is taken over: Fortnox' values win and the others are listed.
    """
    async with town.running():
        new_item(town, "A-1", "Skruv")
        town.people.new_article(20, ArticleNumber="A-1", Description="Skruv M6", PurchasePrice=10)
        await sync_at_rest(town)
        assert [("name", "Skruv M6", "Skruv", "fortnox", "decided")] == await listed(town)
    assert [("A-1", "Skruv M6", 10.0, 20.0)] == [shown(each) for each in town.people.catalogue()]


async def test_an_inactive_article_is_not_created(town):
    """
    Only active articles are worth an item; one that becomes active later gets its own.
    """
    async with town.running():
        town.people.new_article(20, ArticleNumber="A-1", Description="Utgången", Active=False)
        await sync_at_rest(town)
        assert [] == town.people.catalogue()
        town.people.edit_article("A-1", Active=True)
        await sync_at_rest(town)
    assert ["A-1"] == [each[f"{ITEM}Data1"] for each in town.people.catalogue()]


async def test_the_item_of_a_deactivated_article_stays(town):
    """
    Old quotation lines refer to it: nothing is removed, nothing is parked, and it goes on when active again.
    """
    async with town.running():
        town.people.new_article(20, ArticleNumber="A-1", Description="Skruv")
        town.people.new_article(30, ArticleNumber="A-2", Description="Mutter")
        await town.sync()
        before = town.people.catalogue()
        town.people.edit_article("A-1", Active=False)
        await sync_at_rest(town)
        assert (before, []) == (town.people.catalogue(), await codes(town))
        town.people.edit_article("A-1", Active=True, Description="Skruv M6")
        await sync_at_rest(town)
    assert "Skruv M6" == shown(town.people.item("A-1"))[1]


async def test_which_data_fields_hold_number_and_name_is_a_setting(town):
    """
    Another webCRM system keeps them in Data4 and Data5; the fields that are not used hold a dash.
    """
    town.set(article_number=4, article_name=5)
    async with town.running():
        town.people.new_article(20, ArticleNumber="A-1", Description="Skruv")
        await sync_at_rest(town)
    (item,) = town.people.catalogue()
    assert ["-", "-", "-", "A-1", "Skruv", "-", "-", "-", "-"] == [
        item[f"{ITEM}Data{n}"] for n in range(1, 10)
    ]


async def test_more_articles_than_one_page_shows_all_cross(town):
    """
    A register of more than 500 is read in pages; a later change and a new price arrive too.
    """
    town.set(guard={"create_count": 1000})
    for number in range(1, 521):
        fields = {"ArticleNumber": f"A-{number}", "Description": f"Artikel {number}"}
        town.people.act("fortnox", "create", kind="articles", fields=fields)
    async with town.running():
        await sync_at_rest(town)
        assert 520 == len(town.people.catalogue())
        town.people.edit_article("A-519", Description="Ändrad")
        town.people.set_price("A-7", 77)
        await sync_at_rest(town)
        assert "Ändrad" == shown(town.people.item("A-519"))[1]
        town.wait(hours=25)  # a price does not stamp its article: the daily comparison finds it
        await sync_at_rest(town)
    assert 77 == shown(town.people.item("A-7"))[3]
