"""The pretend ES Kassasystem's integrator API: who comes in, articles, categories, customers, stock."""

from __future__ import annotations

import re

import pytest

from daemon.sandbox.eskassa.fill import CUSTOMERS as SHOPS_CUSTOMERS
from daemon.sandbox.eskassa.fill import ITEMS
from daemon.sandbox.eskassa.switches import SWITCHES
from daemon.sandbox.fortnox.fill import ARTICLES, CUSTOMERS
from daemon.sandbox.web import ActionError, Request
from tests.sandbox.eskassa_shop import HEADERS, PEOPLE, Shop, article, category_of

KEY = "0b0e0000-0000-4000-8000-{:012}"
NOBODY = "ffffffff-0000-4000-8000-000000000001"


def without(name):
    return {key: value for key, value in HEADERS.items() if key != name}


DOORS = [
    # what | headers | status
    ("all three headers", HEADERS, 200),
    ("ids in capitals", {**HEADERS, "machineid": HEADERS["machineid"].upper()}, 200),
    ("the people's integrator", {**HEADERS, "integratorid": PEOPLE}, 200),
    ("no machine id", without("machineid"), 401),
    ("no key", without("machinekey"), 401),
    ("no integrator", without("integratorid"), 401),
    ("another machine", {**HEADERS, "machineid": NOBODY}, 403),
    ("a wrong key", {**HEADERS, "machinekey": "0" * 32}, 403),
    ("an unknown integrator", {**HEADERS, "integratorid": NOBODY}, 403),
    ("no Accept", without("accept"), 406),
    ("any Accept", {**HEADERS, "accept": "*/*"}, 406),
    ("Accept with more", {**HEADERS, "accept": "text/html, application/json;q=0.9"}, 200),
]


@pytest.mark.parametrize(("headers", "status"), [row[1:] for row in DOORS], ids=[row[0] for row in DOORS])
def test_only_three_right_headers_and_json_come_in(headers, status):
    """dinkassa.md 2, 2.3: a missing header is 401, a wrong one 403, anything but JSON 406."""
    shop = Shop()
    answered, body = shop.ask("GET", "/api/category", headers=headers)
    assert answered == status
    assert (status == 200) != ("Message" in body)


ROUTES = [
    # what | method | path | status
    ("an unknown resource", "GET", "/api/invoice", 404),
    ("a resource in capitals", "GET", "/api/InventoryItem", 404),
    ("an unknown id", "GET", "/api/inventoryitem/981000000000000000", 404),
    ("an id that is none", "DELETE", "/api/customer/none", 404),
    ("a verb it has not", "PATCH", "/api/inventoryitem", 405),
    ("transactions are read only", "POST", "/api/transaction", 405),
    ("a PUT with an id in the path", "PUT", "/api/inventoryitem/1", 405),
]


@pytest.mark.parametrize(
    ("method", "path", "status"), [row[1:] for row in ROUTES], ids=[row[0] for row in ROUTES]
)
def test_what_is_not_there_is_refused_with_a_message(method, path, status):
    """dinkassa.md 2.3, 3.1, 4.1: 404 and 405 carry a Message and nothing else."""
    answered, body = Shop().ask(method, path, {"Item": {}})
    assert (answered, list(body)) == (status, ["Message"])


def test_the_client_is_named_by_its_integrator():
    """The log tells the daemon from people by the IntegratorId."""
    asked = [HEADERS, {**HEADERS, "integratorid": PEOPLE}, {}]
    requests = [Request(method="GET", path="/api/category", headers=headers) for headers in asked]
    assert [Shop().system.client_of(request) for request in requests] == ["fortnox-syncd", "people", ""]


def test_more_calls_in_a_second_than_allowed_are_429():
    """dinkassa.md 2.3, 9: a sliding second per client; Retry-After only where the switch says so."""
    shop = Shop(limit_per_s=2)
    assert [shop.send("GET", "/api/category").status for _ in range(3)] == [200, 200, 429]
    assert shop.send("GET", "/api/category").headers["retry-after"] == "1"
    assert shop.send("GET", "/api/category", headers={**HEADERS, "integratorid": PEOPLE}).status == 200
    shop.system.switch("retry_after", "absent")
    assert "retry-after" not in shop.send("GET", "/api/category").headers
    shop.hand.wait(1)
    assert shop.send("GET", "/api/category").status == 200


def test_a_list_is_read_in_pages_of_at_most_two_hundred():
    """dinkassa.md 2.1: offset and fetch; 200 articles at most, 100 of anything else."""
    shop = Shop()
    category = category_of(shop)
    for number in range(201):
        assert shop.ask("POST", "/api/inventoryitem", article(number, CategoryId=category))[0] == 200
    pages = [shop.get("/api/inventoryitem", offset=offset, fetch=100) for offset in (0, 100, 200, 300)]
    assert [(page["ItemCountFetched"], page["ItemCountTotal"]) for page in pages] == [
        (100, 213),
        (100, 213),
        (13, 213),
        (0, 213),
    ]
    assert len({row["Id"] for page in pages for row in page["Items"]}) == 213
    assert shop.get("/api/inventoryitem")["ItemCountFetched"] == 200
    for path, fetch in (("inventoryitem", 201), ("category", 101), ("category", 0), ("category", -1)):
        assert shop.ask("GET", f"/api/{path}", fetch=fetch)[0] == 400
    shop.system.switch("fetch_over_max", "cut")
    assert shop.get("/api/inventoryitem", fetch=5000)["ItemCountFetched"] == 200


@pytest.mark.parametrize("order", ["modified", "shuffled"])
def test_pages_shift_when_rows_change_meanwhile(order):
    """dinkassa.md 2.1: where the order is not by id, a change between two pages moves rows across them."""
    shop = Shop(order=order)
    seen = set()
    for offset in (0, 6):
        seen |= {row["Id"] for row in shop.get("/api/inventoryitem", offset=offset, fetch=6)["Items"]}
    assert len(seen) == 12

    first = shop.get("/api/inventoryitem", offset=0, fetch=6)["Items"]
    shop.hand.wait(60)
    category = category_of(shop)
    for row in first[:3]:
        shop.ask("PUT", "/api/inventoryitem", {"Item": {"Id": row["Id"], "Description": "New"}})
    for number in range(30):
        shop.ask("POST", "/api/inventoryitem", article(number, CategoryId=category))
    assert [row["Id"] for row in shop.get("/api/inventoryitem", fetch=6)["Items"]] != [
        row["Id"] for row in first
    ]


FILTERS = [
    # parameter | how many
    ({"descriptionContains": "KAFFE"}, 2),
    ({"barCodeContains": "73"}, 12),
    ({"productCodeContains": "k0"}, 6),
    ({"descriptionContains": "kaffe", "productCodeContains": "K02"}, 1),
    ({"VisibleOnSalesMenu": "false"}, 0),
    ({"VisibleOnSalesMenu": "true"}, 12),
    ({"categoryId": "1"}, 0),
]


@pytest.mark.parametrize(("query", "count"), FILTERS, ids=[str(row[0]) for row in FILTERS])
def test_articles_are_searched(query, count):
    """dinkassa.md 3: each search parameter narrows the list and its total."""
    found = Shop().get("/api/inventoryitem", **query)
    assert (found["ItemCountFetched"], found["ItemCountTotal"]) == (count, count)


def test_a_created_article_is_shown_with_every_field():
    """dinkassa.md 3: ids are texts of eighteen digits, prices have two decimals, times no zone."""
    shop = Shop()
    category = category_of(shop)
    body = article(
        CategoryId=category, PriceIncludingVat=59.005, VatPercentage=6, QuantityInStockCurrent=9.5, Id="7"
    )
    answer = shop.send("POST", "/api/inventoryitem", body)
    assert b'"PriceIncludingVat":59.01' in answer.body  # half up, and exact
    [made] = shop.get("/api/inventoryitem", barCodeContains="7310000000001")["Items"]
    assert re.fullmatch("[1-9][0-9]{17}", made["Id"])
    assert (made["QuantityInStockCurrent"], made["VatPercentage"]) == (9.5, 6)
    assert (made["CategoryName"], made["VisibleOnSalesMenu"]) == ("Järn och verktyg", True)
    assert made["CreatedDateTime"] == made["LastModifiedDateTime"] == "2026-03-02T08:00:00"
    assert shop.get(f"/api/inventoryitem/{made['Id']}")["Item"] == made


REFUSED = [
    # what | fields
    ("no barcode", {"BarCode": ""}),
    ("a barcode of null", {"BarCode": None}),
    ("a barcode that is taken", {"BarCode": "taken"}),
    ("a product code that is taken", {"ProductCode": "101"}),
    ("a long barcode", {"BarCode": "1" * 31}),
    ("a long name", {"Description": "å" * 31}),
    ("a number for a text", {"Description": 5}),
    ("a text for a number", {"PriceIncludingVat": "59"}),
    ("a price beyond all", {"PriceIncludingVat": 1e300}),
    ("another VAT rate", {"VatPercentage": 20}),
    ("a text for a flag", {"VisibleOnSalesMenu": "true"}),
    ("no category", {"CategoryId": ""}),
    ("an unknown category", {"CategoryId": "123"}),
]


@pytest.mark.parametrize("fields", [row[1] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_a_wrong_article_is_refused_and_changes_nothing(fields):
    """dinkassa.md 3, 3.1: barcodes and product codes are unique, lengths and types hold: 400."""
    shop = Shop()
    before = shop.items()
    if fields.get("BarCode") == "taken":
        fields = {"BarCode": before[0]["BarCode"]}
    whole = {"Item": {**article(CategoryId=category_of(shop))["Item"], **fields}}
    status, body = shop.ask("POST", "/api/inventoryitem", whole)
    assert (status, list(body)) == (400, ["Message"])
    status, body = shop.ask("PUT", "/api/inventoryitem", {"Item": {"Id": before[3]["Id"], **fields}})
    assert (status, list(body)) == (400, ["Message"])
    assert shop.items() == before


BODIES = [
    # what | body | content type | status
    ("no JSON", b"{", "application/json", 400),
    ("no envelope", b'{"BarCode":"1"}', "application/json", 400),
    ("a list", b"[]", "application/json", 400),
    ("a form", b"BarCode=1", "application/x-www-form-urlencoded", 415),
    (
        "a number beyond all",
        b'{"Item":{"PriceIncludingVat":1e99999999999999999999}}',
        "application/json",
        400,
    ),
]


@pytest.mark.parametrize(
    ("body", "kind", "status"), [row[1:] for row in BODIES], ids=[row[0] for row in BODIES]
)
def test_a_body_that_is_no_record_is_refused(body, kind, status):
    """dinkassa.md 3.1: a record comes as JSON inside "Item"."""
    headers = {**HEADERS, "content-type": kind}
    request = Request(method="POST", path="/api/inventoryitem", headers=headers, body=body)
    assert Shop().system.handle(request).status == status


@pytest.mark.parametrize(("mode", "left"), [("keep", "Slägga|101|True"), ("blank", "Slägga||True")])
def test_a_put_keeps_or_blanks_what_it_leaves_out(mode, left):
    """dinkassa.md 3.1: what a PUT does to left-out fields is unknown, so both can be had; stock stays."""
    shop = Shop(put_missing=mode)
    before = shop.item("101")
    shop.hand.wait(90)
    sent = {name: before[name] for name in ("Id", "BarCode", "CategoryId", "VatPercentage")}
    body = {"Item": {**sent, "Description": "Slägga", "QuantityInStockCurrent": 1}}
    status, answer = shop.ask("PUT", "/api/inventoryitem", body)
    item = answer["Item"]
    assert status == 200
    assert f"{item['Description']}|{item['ProductCode']}|{item['VisibleOnSalesMenu']}" == left
    assert item["QuantityInStockCurrent"] == before["QuantityInStockCurrent"]
    assert item["LastModifiedDateTime"] == "2026-03-02T08:01:30"


def test_a_barcode_is_free_again_once_its_article_has_another_or_is_gone():
    """dinkassa.md 3: unique means among the articles that are there."""
    shop = Shop()
    first, second = shop.items()[:2]
    codes = first["BarCode"], second["BarCode"]
    assert _put(shop, first["Id"], BarCode="NEW") == 200
    assert _put(shop, second["Id"], BarCode=codes[0]) == 200
    assert _put(shop, first["Id"], BarCode=codes[0]) == 400
    assert shop.ask("DELETE", f"/api/inventoryitem/{second['Id']}")[0] == 200
    assert _put(shop, first["Id"], BarCode=codes[0]) == 200


def _put(shop, item_id, **fields):
    return shop.ask("PUT", "/api/inventoryitem", {"Item": {"Id": item_id, **fields}})[0]


@pytest.mark.parametrize("status", [404, 410])
def test_a_deleted_article_is_gone(status):
    """dinkassa.md 2.3: 404 or 410, and no longer listed."""
    shop = Shop(deleted_status=status)
    item = shop.items()[0]
    assert shop.ask("DELETE", f"/api/inventoryitem/{item['Id']}")[0] == 200
    for method in ("GET", "DELETE"):
        assert shop.ask(method, f"/api/inventoryitem/{item['Id']}")[0] == status
    assert shop.get("/api/inventoryitem")["ItemCountTotal"] == 11


def test_a_sold_article_may_refuse_to_be_deleted():
    """dinkassa.md 7.3, 10: a client must be ready to hide what it cannot delete."""
    shop = Shop(delete_sold_items="refused")
    item = shop.item("K01")
    shop.sell("K01")
    assert shop.ask("DELETE", f"/api/inventoryitem/{item['Id']}")[0] == 400
    assert _put(shop, item["Id"], VisibleOnSalesMenu=False) == 200
    assert shop.ask("DELETE", f"/api/inventoryitem/{shop.item('K02')['Id']}")[0] == 200


KEYS = [
    # what | first key | second key | statuses
    ("a reused key", KEY.format(1), KEY.format(1), [200, 409]),
    ("in another spelling", KEY.format(1), KEY.format(1).upper().replace("-", ""), [200, 409]),
    ("two keys", KEY.format(1), KEY.format(2), [200, 400]),
    ("no GUID", "1", "1", [409, 409]),
]


@pytest.mark.parametrize(
    ("first", "second", "statuses"), [row[1:] for row in KEYS], ids=[row[0] for row in KEYS]
)
def test_a_request_key_works_once(first, second, statuses):
    """dinkassa.md 2.2: a used key, or none that is a GUID, is 409; a new key does the work again."""
    shop = Shop()
    body = article(CategoryId=category_of(shop))
    asked = [shop.ask("POST", "/api/inventoryitem", body, requestKey=key)[0] for key in (first, second)]
    assert asked == statuses
    assert shop.get("/api/inventoryitem")["ItemCountTotal"] == 12 + (200 in statuses)


def test_a_request_key_of_refused_work_can_be_used_again():
    """dinkassa.md 2.2: a key is remembered only when its work was accepted."""
    shop = Shop()
    key = KEY.format(7)
    assert shop.ask("POST", "/api/inventoryitem", article(), requestKey=key)[0] == 400
    body = article(CategoryId=category_of(shop))
    assert shop.ask("POST", "/api/inventoryitem", body, requestKey=key)[0] == 200


def test_work_may_be_done_and_answered_504():
    """dinkassa.md 2.2, 9: after a 504 the same requestKey says that it was done, and it is done once."""
    shop = Shop(done_but_504=1)
    item = shop.item("101")
    for status in (504, 409):
        assert shop.move(item["Id"], 2, 24, 22, requestKey=KEY.format(3))[0] == status
    assert shop.stock("101") == 22
    assert shop.system.switches()["done_but_504"] == 0


def test_a_reset_makes_the_same_shop_for_the_same_seed_and_nothing_for_an_empty_one():
    """Filled: twelve articles, three customers, no receipts; empty: registers, accounts, employees."""
    first, again, other = Shop(seed=3), Shop(seed=3), Shop(seed=4)
    assert first.items() == again.items() != other.items()
    assert len({row["BarCode"] for row in first.items()}) == 12
    assert first.get("/api/customer") == again.get("/api/customer") != other.get("/api/customer")
    assert first.get("/api/transaction")["ItemCountTotal"] == 0
    first.system.reset(filled=False, seed=3)
    assert [first.get(f"/api/{name}")["ItemCountTotal"] for name in ("inventoryitem", "category")] == [0, 0]
    assert first.get("/api/machine")["ItemCountFetched"] == 4


def test_what_the_shop_shares_with_the_bookkeeping_is_the_same_there():
    """The first six articles and two customers bear the numbers and names of the pretend Fortnox."""
    theirs = {number: name for number, name, *_ in ARTICLES}
    assert all(theirs[code] == name for code, name, *_ in ITEMS[:6])
    companies = {(number, name) for name, _, number, _ in CUSTOMERS}
    assert {(row["OrganizationNumber"], row["Name"]) for row in SHOPS_CUSTOMERS[:2]} <= companies


@pytest.mark.parametrize(("name", "switch"), SWITCHES.items(), ids=list(SWITCHES))
def test_each_switch_takes_what_it_allows_and_nothing_else(name, switch):
    """Every open behaviour has a default among what it allows; a wrong value changes nothing."""
    shop = Shop()
    shop.system.switch(name, switch.default)
    for wrong in ("?", -1, None, 2**40, []):
        with pytest.raises(ActionError):
            shop.system.switch(name, wrong)
    assert shop.system.switches()[name] == switch.default
    with pytest.raises(ActionError):
        shop.system.switch("nothing", 1)
