"""The pretend ES Kassasystem's tills: sales, returns, invoices, Z-reports, replication."""

from __future__ import annotations

import pytest

from daemon.sandbox.eskassa.auth import MACHINES
from daemon.sandbox.web import ActionError
from tests.sandbox.eskassa_shop import Shop, accounts, row

HOUR_S = 3600


def make_items(shop):
    """Articles at the prices of the worked example: 25 % and 6 %."""
    category = shop.get("/api/category")["Items"][0]["Id"]
    for code, price, vat in (("G25", 1250, 25), ("G6", 106, 6), ("G6b", 106.4, 6)):
        fields = {"BarCode": code, "ProductCode": code, "PriceIncludingVat": price, "VatPercentage": vat}
        shop.act("create_item", fields={**fields, "CategoryId": category})


def test_the_worked_z_report():
    """dinkassa.md 9.1: card for 25 %, cash for 6 %, a gift card sold for cash."""
    shop = Shop()
    make_items(shop)
    shop.sell("G25", payment="card")
    shop.sell("G6", payment="cash")
    shop.act("sell_gift_card", amount=500, payment="cash")
    shop.act("close_day")
    [report] = shop.reports()
    assert accounts(report) == {
        "1580": 1250.0,
        "1910": 606.0,
        "3001": -1000.0,
        "2611": -250.0,
        "3003": -100.0,
        "2631": -6.0,
        "2421": -500.0,
    }


CASH = [
    # what | price at 6 % | paid | account rows
    ("down", 106.40, 106, {"1910": 106.0, "3003": -100.38, "2631": -6.02, "3740": 0.40}),
    ("up from the half", 106.50, 107, {"1910": 107.0, "3003": -100.47, "2631": -6.03, "3740": -0.50}),
    ("not at all", 106.00, 106, {"1910": 106.0, "3003": -100.0, "2631": -6.0}),
]


@pytest.mark.parametrize(("price", "paid", "rows"), [c[1:] for c in CASH], ids=[c[0] for c in CASH])
def test_cash_is_rounded_to_kronor_and_vat_is_not(price, paid, rows):
    """swedish-accounting.md 4: the difference goes to 3740, a card pays the öre, a return mirrors."""
    shop = Shop()
    sold = shop.act("sell", items=[row(price=price)], payment="cash")
    assert (sold["TotalAmount"], sold["Payments"][0]["Amount"]) == (paid, paid)
    shop.act("close_day")
    shop.act("return_goods", items=[row(price=price)], payment="cash")
    shop.act("close_day")
    shop.act("sell", items=[row(price=price)], payment="card")
    shop.act("close_day")
    day, returns, card = (accounts(report) for report in shop.reports())
    assert day == rows
    assert returns == {number: -amount for number, amount in rows.items()}
    assert card["1580"] == price and "3740" not in card


def test_a_day_of_returns_is_debit_on_sales():
    """swedish-accounting.md 3.1, 11 case 1: negative sales are legitimate, and stock goes up."""
    shop = Shop()
    shop.act("return_goods", items=[row("101", 2, price=100)], payment="card")
    shop.act("close_day")
    assert accounts(shop.reports()[0]) == {"1580": -200.0, "3001": 160.0, "2611": 40.0}
    assert shop.stock("101") == 26
    [receipt] = shop.get("/api/transaction")["Items"]
    assert (receipt["IsReturn"], receipt["Items"][0]["Quantity"]) == (True, -2)


def test_vat_is_rounded_once_per_receipt_and_rate():
    """Two rows of one rate share one rounding; two receipts have two."""
    shop = Shop()
    for items in ([row(price=0.11), row(price=0.11)], [row(price=0.11)], [row(price=0.11)]):
        shop.act("sell", items=items)
        if len(items) > 1:
            shop.act("close_day")
    shop.act("close_day")
    together, apart = (accounts(report) for report in shop.reports())
    assert (together["2631"], apart["2631"]) == (-0.01, -0.02)


def test_a_discount_counts_once_per_row_and_a_weight_is_priced_to_the_ore():
    """decisions.md 46: two pieces with 5 kronor off are 5 kronor cheaper."""
    shop = Shop()
    items = [row("101", 2, price=100, discount=5), row("K05", 1.345, price=11.9)]
    assert shop.act("sell", items=items)["TotalAmount"] == 195 + 16.01
    assert shop.stock("K05") == 11.155


def test_a_gift_card_sold_and_redeemed_the_same_day_leaves_the_difference():
    """swedish-accounting.md 5: a debt without VAT when sold, a payment when redeemed."""
    shop = Shop()
    shop.act("sell_gift_card", amount=500, payment="swish")
    payment = [{"payment": "gift_card", "amount": 100}, {"payment": "cash"}]
    shop.act("sell", items=[row("101", price=125.4)], payment=payment)
    shop.act("close_day")
    assert accounts(shop.reports()[0]) == {
        "1910": 25.0,
        "1930": 500.0,
        "2421": -400.0,
        "3001": -100.32,
        "2611": -25.08,
        "3740": 0.4,
    }


def test_a_category_may_have_its_own_sales_account():
    """dinkassa.md 6: the account of the category itself, not of the one above."""
    shop = Shop()
    category = shop.item("101")["CategoryId"]
    shop.ask("PUT", "/api/category", {"Item": {"Id": category, "AccountNumber": "3051"}})
    inner = {"Name": "Spik", "ParentCategoryId": category}
    inner = shop.ask("POST", "/api/category", {"Item": inner})[1]["Item"]["Id"]
    shop.act("edit_item", product_code="102", fields={"CategoryId": inner})
    shop.act("sell", items=[row("101", price=125), row("102", price=250)])
    shop.act("close_day")
    assert accounts(shop.reports()[0]) == {"1580": 375.0, "3051": -100.0, "3001": -200.0, "2611": -75.0}


def test_an_account_that_is_not_set_gives_a_row_without_a_number():
    """dinkassa.md 6: an empty Number says which account is missing."""
    shop = Shop()
    for what in ("card", "vat_6"):
        shop.act("set_account", what=what, number="")
    shop.sell("K01")
    shop.act("close_day")
    empty = [row["Description"] for row in shop.reports()[0]["Accounts"] if not row["Number"]]
    assert empty == ["Kontokort", "Utgående moms 6 %"]


@pytest.mark.parametrize("shown", [False, True])
def test_rows_that_cancel_out_are_dropped_or_zero(shown):
    """dinkassa.md 5.3: zero rows may occur; an empty day has no rows at all."""
    shop = Shop(zero_rows=shown)
    shop.sell("K01")
    shop.act("return_goods", items=[row()])
    shop.act("close_day")
    shop.act("close_day")
    both, empty = shop.reports()
    zeros = {"1580": 0.0, "3003": 0.0, "2631": 0.0, "3740": 0.0}
    assert accounts(both) == (zeros if shown else {})
    assert empty["Accounts"] == []
    assert (empty["FirstTransactionDateTime"], empty["LastTransactionDateTime"]) == (None, None)


INVOICED = [
    # invoices_in_z | paid at once | rows
    ("excluded", [], {}),
    ("included", [], {"1511": 106.0, "3003": -100.0, "2631": -6.0}),
    ("excluded", [{"payment": "card", "amount": 40}], {"1580": 40.0, "1511": -40.0}),
    (
        "included",
        [{"payment": "card", "amount": 40}],
        {"1580": 40.0, "1511": 66.0, "3003": -100.0, "2631": -6.0},
    ),
]


@pytest.mark.parametrize(("mode", "paid", "rows"), INVOICED, ids=[f"{c[0]}, {len(c[1])}" for c in INVOICED])
def test_register_invoices_are_in_the_z_report_or_not(mode, paid, rows):
    """swedish-accounting.md 6, dinkassa.md 7.2: with the receivable, or left out; what was paid stays."""
    shop = Shop(invoices_in_z=mode)
    shop.act("sell_on_invoice", customer="1001", items=[row(price=106)], paid=paid)
    shop.act("close_day")
    assert accounts(shop.reports()[0]) == rows


def test_an_invoice_is_a_transaction_with_a_customer():
    """dinkassa.md 8.2: the fields of the assumed contract, payment type 4."""
    shop = Shop()
    customer = shop.get("/api/customer")["Items"][0]
    items = [row(quantity=10, price=62)]
    shop.act("sell_on_invoice", customer=customer["Id"], items=items, text="Ref: Kalle", register=2)
    [receipt] = shop.get("/api/transaction")["Items"]
    item = shop.item("K01")
    assert receipt == shop.get(f"/api/transaction/{receipt['Id']}")["Item"]
    assert receipt == {
        "Id": receipt["Id"],
        "ReceiptNumber": 1,
        "MachineId": MACHINES[1],
        "DateTime": "2026-03-02T08:00:00",
        "EmployeeId": shop.get("/api/employee")["Items"][0]["Id"],
        "EmployeeName": "Anna",
        "CustomerId": customer["Id"],
        "InvoiceNumber": "K2-1",
        "TotalAmount": 620.0,
        "IsReturn": False,
        "TransactionName": "Ref: Kalle",
        "Items": [
            {
                "InventoryItemId": item["Id"],
                "ProductCode": "K01",
                "Description": "Kaffe 500 g",
                "Quantity": 10,
                "PricePerItemIncludingVat": 62.0,
                "VatPercentage": 6,
                "DiscountAmount": 0.0,
                "ExtraInformation": "",
            }
        ],
        "Payments": [{"Type": 4, "Amount": 620.0, "ExternalReference1": ""}],
    }


def test_only_the_last_seven_days_of_transactions_are_served():
    """dinkassa.md 4.1: whatever is asked for, older receipts are lost through this path."""
    shop = Shop()
    old = shop.sell()
    shop.hand.wait(7 * 24 * HOUR_S)
    new = shop.sell()
    both = shop.get("/api/transaction", startDateTime="2026-01-01T00:00:00")
    assert [receipt["Id"] for receipt in both["Items"]] == [old["Id"], new["Id"]]
    shop.hand.wait(1)
    assert [receipt["Id"] for receipt in shop.get("/api/transaction")["Items"]] == [new["Id"]]
    assert shop.ask("GET", f"/api/transaction/{old['Id']}")[0] == 404
    assert shop.get("/api/transaction", endDateTime="2026-03-08T00:00:00")["ItemCountTotal"] == 0
    assert shop.ask("GET", "/api/transaction", startDateTime="2026-03-02T08:00:00Z")[0] == 400


@pytest.mark.parametrize("delay_s", [120, 1800])
def test_the_cloud_learns_of_a_sale_after_the_delay(delay_s):
    """dinkassa.md 2: receipt, stock, time stamp, customer and Z-report show late."""
    shop = Shop(replication_s=delay_s)
    before = shop.item("K01")
    shop.sell("K01", 2)
    shop.act("new_customer", fields={"Name": "Ny"})
    shop.act("close_day")

    def seen():
        transactions, customers = (
            shop.get(f"/api/{name}")["ItemCountTotal"] for name in ("transaction", "customer")
        )
        return transactions, customers, len(shop.reports()), shop.stock("K01")

    shop.hand.wait(delay_s - 1)
    assert seen() == (0, 3, 0, 30)
    assert shop.item("K01") == before
    shop.hand.wait(1)
    assert seen() == (1, 4, 1, 28)
    assert shop.get("/api/transaction")["Items"][0]["DateTime"] == "2026-03-02T08:00:00"
    assert shop.item("K01")["LastModifiedDateTime"] == f"2026-03-02T08:{delay_s // 60:02}:00"


def test_a_register_that_was_offline_shows_everything_late():
    """dinkassa.md 2, 9: stock calls work meanwhile and both changes count; other registers go on."""
    shop = Shop()
    shop.act("go_offline", register=2)
    shop.sell("K01", 2, register=2)
    shop.act("close_day", register=2)
    shop.sell("K01", 5, register=1)
    shop.hand.wait(26 * HOUR_S)
    item = shop.item("K01")
    assert item["QuantityInStockCurrent"] == 25
    assert shop.move(item["Id"], 10, 25, 15)[0] == 200
    assert (shop.stock("K01"), shop.reports(2)) == (15, [])
    contacts = [row["LastConnection"] for row in shop.get("/api/machine")["Items"]]
    assert contacts == ["2026-03-03T10:00:00", "2026-03-02T08:00:00", *["2026-03-03T10:00:00"] * 2]

    shop.act("go_online", register=2)
    assert (shop.stock("K01"), [report["ZReport"] for report in shop.reports(2)]) == (13, ["K2:1"])
    assert shop.reports(2)[0]["ReportDateTime"] == "2026-03-02T08:00:00"
    assert shop.item("K01")["LastModifiedDateTime"] == "2026-03-03T10:00:00"


def test_what_a_person_writes_at_a_till_shows_when_it_has_replicated():
    """dinkassa.md 2: articles made, changed and deleted at a till; a barcode is taken at once."""
    shop = Shop(replication_s=120)
    category = shop.item("101")["CategoryId"]
    shop.act("create_item", fields={"BarCode": "T1", "ProductCode": "T1", "CategoryId": category})
    shop.act("edit_item", product_code="T1", fields={"Description": "Två"})
    shop.act("edit_item", product_code="102", fields={"PriceIncludingVat": 1.5})
    shop.act("delete_item", product_code="103")
    assert shop.sell("102")["TotalAmount"] == 1.5
    codes = {row["ProductCode"] for row in shop.items()}
    assert "T1" not in codes and "103" in codes and shop.item("102")["PriceIncludingVat"] == 248.75
    fields = {"BarCode": "T1", "CategoryId": category}
    assert shop.ask("POST", "/api/inventoryitem", {"Item": fields})[0] == 400
    shop.hand.wait(120)
    codes = {row["ProductCode"] for row in shop.items()}
    assert "T1" in codes and "103" not in codes
    assert (shop.item("T1")["Description"], shop.item("102")["PriceIncludingVat"]) == ("Två", 1.5)
    shop.act("delete_item", product_code="T1")
    shop.hand.wait(120)
    assert shop.ask("POST", "/api/inventoryitem", {"Item": fields})[0] == 200


def test_a_customer_is_written_at_a_till():
    """dinkassa.md 8.1: made without a number, given one, sold to, kept while an invoice is open."""
    shop = Shop()
    made = shop.act("new_customer", fields={"Name": "Ny kund"})
    shop.act("edit_customer", id=made["Id"], fields={"CustomerNumber": "77"})
    sold = shop.act("sell_on_invoice", customer="77", items=[row()])
    with pytest.raises(ActionError, match="open invoices"):
        shop.act("delete_customer", customer_number="77")
    shop.act("pay_invoice", invoice_number=sold["InvoiceNumber"])
    shop.act("delete_customer", customer_number="77")
    assert shop.ask("GET", f"/api/customer/{made['Id']}")[0] == 404


def test_goods_are_received_and_counted():
    """dinkassa.md 9: a count sets the shop's figure, whatever the cloud has not heard of yet."""
    shop = Shop(replication_s=120)
    shop.sell("K01", 3)
    assert shop.act("receive_goods", product_code="K01", quantity=10) == {"quantity": 37}
    assert shop.act("count_stock", product_code="K01", quantity=35.5) == {"quantity": 35.5}
    assert shop.stock("K01") == 30
    shop.hand.wait(120)
    assert shop.stock("K01") == 35.5


MISTAKES = [
    # what | verb | body
    ("an unknown verb", "dance", {}),
    ("an unknown register", "sell", {"register": 5, "items": [row()]}),
    ("nothing", "sell", {"items": []}),
    ("an unknown article", "sell", {"items": [row("nothing")]}),
    ("an unknown payment", "sell", {"items": [row()], "payment": "gold"}),
    ("two payments for the rest", "sell", {"items": [row()], "payment": [{"payment": "card"}] * 2}),
    ("too little paid", "sell", {"items": [row()], "payment": [{"payment": "card", "amount": 1}]}),
    ("a quantity that is none", "sell", {"items": [row(quantity="many")]}),
    ("an invoice to nobody", "sell", {"items": [row()], "payment": "invoice"}),
    ("an invoice to an unknown customer", "sell_on_invoice", {"items": [row()], "customer": "9"}),
    ("an unknown employee", "sell", {"items": [row()], "employee": "Zorro"}),
    ("a time with a zone", "close_day", {"at": "2026-03-02T08:00:00Z"}),
    ("a taken barcode", "edit_item", {"product_code": "101", "fields": {"ProductCode": "102"}}),
    ("no fields", "new_customer", {}),
    ("an unknown account", "set_account", {"what": "tip", "number": "3000"}),
    ("an account with letters", "set_account", {"what": "card", "number": "15x"}),
    ("an unknown report", "unbalance_z", {"number": 1, "by": 1}),
    ("an unknown invoice", "pay_invoice", {"invoice_number": "K1-9"}),
]


@pytest.mark.parametrize(("verb", "body"), [row[1:] for row in MISTAKES], ids=[row[0] for row in MISTAKES])
def test_what_a_till_does_not_allow_is_refused_and_leaves_no_trace(verb, body):
    """An action that cannot be done says why, and neither stock nor receipts have changed."""
    shop = Shop()
    before = shop.items()
    with pytest.raises(ActionError):
        shop.act(verb, **body)
    assert (shop.items(), shop.get("/api/transaction")["ItemCountTotal"]) == (before, 0)
