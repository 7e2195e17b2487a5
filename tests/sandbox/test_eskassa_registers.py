"""The pretend ES Kassasystem's stock call, categories, customers, employees and payment means."""

from __future__ import annotations

import pytest

from tests.sandbox.eskassa_shop import Shop, article, category_of

STOCK = [
    # mode | sign | change, current, new | status | stock, which was 24
    ("apply_change", "positive_is_decrease", (2, 24, 22), 200, 22),
    ("apply_change", "positive_is_decrease", (-2.5, 24, 26.5), 200, 26.5),
    ("apply_change", "positive_is_decrease", (2, 0, 0), 200, 22),
    ("apply_change", "positive_is_increase", (2, 24, 22), 200, 26),
    ("set_new", "positive_is_decrease", (2, 24, 22), 200, 22),
    ("set_new", "positive_is_increase", (2, 30, 28), 200, 28),
    ("check_current", "positive_is_decrease", (2, 24, 22), 200, 22),
    ("check_current", "positive_is_decrease", (2, 30, 28), 400, 24),
    ("apply_change", "positive_is_decrease", ("x", 24, 22), 400, 24),
    ("apply_change", "positive_is_decrease", ("NaN", 24, 22), 400, 24),
    ("apply_change", "positive_is_decrease", ("1e99", 24, 22), 400, 24),
]


@pytest.mark.parametrize(("mode", "sign", "sent", "status", "stock"), STOCK, ids=[str(row) for row in STOCK])
def test_the_stock_call_is_understood_as_the_switches_say(mode, sign, sent, status, stock):
    """dinkassa.md 3.2: the sign and the use of the three figures are open; stock moves the time stamp."""
    shop = Shop(stock_call=mode, stock_sign=sign)
    item = shop.item("101")
    shop.hand.wait(60)
    assert shop.move(item["Id"], *sent)[0] == status
    after = shop.item("101")
    assert after["QuantityInStockCurrent"] == stock
    assert (after["LastModifiedDateTime"] == "2026-03-02T08:01:00") == (status == 200)


def test_the_stock_call_needs_three_figures_in_a_form():
    """dinkassa.md 3.2: a form with all three fields, to an article that is there."""
    shop = Shop()
    path = f"/api/inventoryitem/{shop.item('101')['Id']}"
    assert shop.ask("POST", path, "quantityChange=2&newQuantity=22")[0] == 400
    assert shop.ask("POST", path, {"quantityChange": 2, "currentQuantity": 24, "newQuantity": 22})[0] == 415
    assert shop.move("981000000000000000", 2, 24, 22)[0] == 404


def test_categories_hold_articles_or_categories():
    """dinkassa.md 3.3: made, changed and deleted; never one that holds something, nor one inside itself."""
    shop = Shop()
    outer = shop.ask("POST", "/api/category", {"Item": {"Name": "Fortnox", "OnlyAllowCategories": True}})[1]
    outer = outer["Item"]["Id"]
    inner = {"Name": "Inre", "AccountNumber": "3051", "ParentCategoryId": outer, "DefaultVatPercentage": 12}
    inner = shop.ask("POST", "/api/category", {"Item": inner})[1]["Item"]["Id"]
    refused = [
        ("POST", "/api/inventoryitem", article(CategoryId=outer)["Item"]),
        ("POST", "/api/category", {"Name": ""}),
        ("POST", "/api/category", {"Name": "A", "AccountNumber": "30511"}),
        ("POST", "/api/category", {"Name": "A", "AccountNumber": "30a"}),
        ("POST", "/api/category", {"Name": "A", "DefaultVatPercentage": 7}),
        ("POST", "/api/category", {"Name": "A", "ParentCategoryId": "5"}),
        ("PUT", "/api/category", {"Id": outer, "ParentCategoryId": inner}),
        ("PUT", "/api/category", {"Id": category_of(shop), "OnlyAllowCategories": True}),
        ("PUT", "/api/category", {"Name": "no id"}),
        ("DELETE", f"/api/category/{outer}", None),
        ("DELETE", f"/api/category/{category_of(shop)}", None),
    ]
    for method, path, fields in refused:
        assert shop.ask(method, path, {"Item": fields})[0] == 400, (method, path, fields)
    assert shop.ask("POST", "/api/inventoryitem", article(CategoryId=inner))[0] == 200
    assert shop.ask("PUT", "/api/category", {"Item": {"Id": inner, "Name": "Bytt"}})[0] == 200
    [item] = shop.get("/api/inventoryitem", categoryId=inner)["Items"]
    assert item["CategoryName"] == "Bytt"
    shop.ask("DELETE", f"/api/inventoryitem/{item['Id']}")
    assert [shop.ask("DELETE", f"/api/category/{key}")[0] for key in (inner, outer)] == [200, 200]


def test_customers_are_kept_as_assumed():
    """dinkassa.md 8.1: a number is unique where there is one; open invoices keep a customer."""
    shop = Shop()
    made = [shop.ask("POST", "/api/customer", {"Item": {"Name": "A" * 50}})[1]["Item"] for _ in (1, 2)]
    assert [row["CustomerNumber"] for row in made] == [None, None]
    number = {"Item": {"Id": made[0]["Id"], "CustomerNumber": "1001"}}
    assert shop.ask("PUT", "/api/customer", number)[0] == 400
    number["Item"]["CustomerNumber"] = "1003"
    assert shop.ask("PUT", "/api/customer", number)[1]["Item"]["CustomerNumber"] == "1003"
    assert shop.ask("POST", "/api/customer", {"Item": {"Name": "A" * 51}})[0] == 400
    assert shop.ask("POST", "/api/customer", {"Item": {"Name": ""}})[0] == 400

    sold = shop.act("sell_on_invoice", customer="1003", items=[{"product_code": "K01"}])
    assert shop.ask("DELETE", f"/api/customer/{made[0]['Id']}")[0] == 400
    shop.act("pay_invoice", invoice_number=sold["InvoiceNumber"])
    assert shop.ask("DELETE", f"/api/customer/{made[0]['Id']}")[0] == 200
    assert shop.get("/api/customer")["ItemCountTotal"] == 4


def test_employees_and_payment_means_are_listed():
    """dinkassa.md 2.4, 8.3: the payment means show the accounts that are set."""
    shop = Shop(filled=False)
    shop.act("set_account", what="card", number="1686")
    means = {row["Type"]: row["AccountNumber"] for row in shop.get("/api/settings/paymentmeans")["Items"]}
    assert (means[1], means[2], means[4]) == ("1910", "1686", "1511")
    assert shop.get("/api/employee")["ItemCountTotal"] == 3
