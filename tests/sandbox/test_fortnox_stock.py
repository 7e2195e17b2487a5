"""The pretend Fortnox: stock with and without the warehouse, the shop’s prices (fortnox.md 10)."""

from __future__ import annotations

import pytest

from daemon.sandbox.fortnox import errors
from daemon.sandbox.web import ActionError
from tests.sandbox.fortnox_office import JSON, Office, parsed

pytestmark = pytest.mark.row("B4")

TENANTS = "/api/warehouse/tenants-v4"


def test_stock_is_written_without_the_warehouse_module():
    """Section 10: two decimals."""
    office = Office()
    office.article(ArticleNumber="1", StockGoods=True)
    changed = office.ask("PUT", "/3/articles/1", {"Article": {"QuantityInStock": 4.125}})[1]["Article"]
    assert (changed["QuantityInStock"], changed["DisposableQuantity"]) == (4.13, 4.13)
    assert office.ask("GET", TENANTS) == (200, {"tenantId": 1234567, "activated": False})


def test_stock_is_refused_where_the_warehouse_keeps_it():
    """Section 10; an unchanged quantity, as a whole document brings it, is let through (assumed)."""
    office = Office(warehouse_module=True)
    office.article(ArticleNumber="1", StockGoods=True)
    stock = {"Article": {"QuantityInStock": 4}}
    assert office.code("PUT", "/3/articles/1", stock) == (400, errors.STOCK_IN_WAREHOUSE)
    new = {"Article": {"Description": "x", "QuantityInStock": 1}}
    assert office.code("POST", "/3/articles", new) == (400, errors.STOCK_IN_WAREHOUSE)
    same = {"Article": {"QuantityInStock": 0, "Note": "x"}}
    assert office.code("PUT", "/3/articles/1", same) == (200, None)
    assert office.ask("GET", TENANTS)[1]["activated"] is True


@pytest.mark.parametrize("stamps", [False, True])
def test_goods_are_sold_in_the_shop(stamps):
    """Section 10 [U]: no movement log, and by switch no trace in the stamp."""
    office = Office(stock_stamps_article=stamps, filled=True)
    before = office.ask("GET", "/3/articles/101")[1]["Article"]["QuantityInStock"]
    moved = office.fortnox.act("move_stock", {"article": "101", "by": -1.5})
    assert (before, moved["QuantityInStock"], moved["StockValue"]) == (24, 22.5, 2002.5)
    assert office.keys("/3/articles?lastmodified=2026-03-02") == (["101"] if stamps else [])


@pytest.mark.parametrize("by", ["some", None, "NaN", "1e40"])
def test_a_movement_is_a_number(by):
    """Said, not raised."""
    with pytest.raises(ActionError, match="Say 'by'"):
        Office(filled=True).fortnox.act("move_stock", {"article": "101", "by": by})


def test_a_filled_company_is_the_same_with_the_warehouse_module():
    """The module's own stock is there too."""
    stocks = [
        [row["QuantityInStock"] for row in office.fortnox.act("look", {"kind": "articles"})]
        for office in (Office(filled=True), Office(filled=True, warehouse_module=True))
    ]
    assert stocks[0] == stocks[1] and sum(stocks[0]) > 0


@pytest.mark.parametrize(
    ("method", "path", "scope", "status"),
    [
        ("GET", TENANTS, "warehouse", 200),
        ("GET", TENANTS, "article", 403),
        ("POST", TENANTS, "warehouse", 405),
        ("GET", "/api/warehouse/stockpoints-v1", "warehouse", 404),
    ],
)
def test_a_newer_service_refuses_in_its_own_shape(method, path, scope, status):
    """Sections 6.1, 6.2: error, id and message; 403 without the scope."""
    office = Office()
    granted = parsed(office.token(grant_type="client_credentials", scope=scope))
    headers = {**JSON, "authorization": f"Bearer {granted['access_token']}"}
    response = office.send(method, path, headers=headers)
    fits = {"tenantId", "activated"} if status == 200 else {"error", "id", "message"}
    assert (response.status, set(parsed(response))) == (status, fits)


def test_a_filled_company_has_a_price_list_for_the_shop():
    """List B holds VAT; list A and the SalesPrice do not know of it."""
    office = Office(filled=True)
    assert office.keys("/3/pricelists") == ["A", "B"]
    seen = [
        office.ask("GET", f"/3/prices/sublist/{code}/101")[1]["Prices"][0]["Price"] for code in ("A", "B")
    ]
    assert seen == [149.5, 186.88]
    assert office.ask("GET", "/3/articles/101")[1]["Article"]["SalesPrice"] == 149.5
    assert office.ask("GET", "/3/prices/sublist/B/KONSULT")[1]["Prices"] == []


@pytest.mark.parametrize(("query", "status"), [("articlenumber=1", 400), ("lastmodified=2026-03-01", 200)])
def test_prices_have_no_search_of_their_own(query, status):
    """The vendor's file names no parameter; lastmodified works (7.5)."""
    assert Office(filled=True).ask("GET", f"/3/prices?{query}")[0] == status
