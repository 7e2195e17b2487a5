"""What holds in the pretend ES Kassasystem whatever people do at its tills."""

from __future__ import annotations

from contextlib import suppress

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.sandbox.eskassa.routes import ROUTES
from daemon.sandbox.web import ActionError, Request
from tests.sandbox.eskassa_shop import HEADERS, MACHINE, Shop, accounts, category_of, row

CODES = st.sampled_from(["101", "103", "K01", "K02", "K05", "K06"])
ROWS = st.builds(
    row,
    code=CODES,
    quantity=st.integers(-3000, 3000).map(lambda n: n / 1000),
    price=st.integers(0, 1_000_000).map(lambda n: n / 100),
    discount=st.integers(0, 5_000).map(lambda n: n / 100),
)
MEANS = st.sampled_from(["card", "cash", "swish", "gift_card", "coupon"])
ITEMS = st.lists(ROWS, min_size=1, max_size=4)
ACTS = st.one_of(
    st.tuples(
        st.sampled_from(["sell", "return_goods"]), st.fixed_dictionaries({"items": ITEMS, "payment": MEANS})
    ),
    st.tuples(
        st.just("sell_on_invoice"),
        st.fixed_dictionaries(
            {
                "items": ITEMS,
                "customer": st.just("1001"),
                "paid": st.lists(st.fixed_dictionaries({"payment": MEANS, "amount": st.just(1.23)})),
            }
        ),
    ),
    st.tuples(
        st.just("sell_gift_card"),
        st.fixed_dictionaries({"amount": st.integers(1, 9).map(lambda n: n / 4), "payment": MEANS}),
    ),
)


@given(acts=st.lists(ACTS, max_size=8), mode=st.sampled_from(["excluded", "included"]), zeros=st.booleans())
def test_the_accounts_of_a_z_report_sum_to_zero(acts, mode, zeros):
    """swedish-accounting.md 3.1: whatever was sold, returned, invoiced and rounded, debit equals credit."""
    shop = Shop(invoices_in_z=mode, zero_rows=zeros)
    for verb, body in acts:
        shop.act(verb, **body)
    shop.act("close_day")
    [report] = shop.reports()
    amounts = accounts(report)
    assert sum(round(amount * 100) for amount in amounts.values()) == 0
    assert zeros or 0 not in amounts.values()


PIECES = st.integers(-5000, 5000)  # thousandths
MOVES = st.lists(
    st.tuples(
        st.sampled_from(["sell", "return", "receive", "count", "api", "offline", "online", "wait"]),
        st.integers(1, 4),
        PIECES,
    ),
    max_size=25,
)


@given(moves=MOVES, delay_s=st.sampled_from([0, 120, 1800]))
def test_stock_is_what_was_received_and_counted_less_what_was_sold(moves, delay_s):
    """dinkassa.md 2: once all has replicated, nothing is lost or counted twice, whoever was offline."""
    shop = Shop(replication_s=delay_s)
    item_id = shop.item("K01")["Id"]
    expected = 30_000
    for what, register, thousandths in moves:
        pieces = thousandths / 1000
        sold = {"items": [row("K01", pieces)], "register": register}
        match what:
            case "sell":
                shop.act("sell", **sold)
                expected -= thousandths
            case "return":
                shop.act("return_goods", **sold)
                expected += thousandths
            case "receive":
                shop.act("receive_goods", product_code="K01", quantity=pieces, register=register)
                expected += thousandths
            case "count":
                shop.act("count_stock", product_code="K01", quantity=pieces, register=register)
                expected = thousandths
            case "api":
                shop.move(item_id, pieces, 0, 0)
                expected -= thousandths
            case "wait":
                shop.hand.wait(abs(pieces))
            case _:
                shop.act(f"go_{what}", register=register)
    for register in (1, 2, 3, 4):
        shop.act("go_online", register=register)
    shop.hand.wait(delay_s)
    assert round(shop.stock("K01") * 1000) == expected


WORDS = st.sampled_from(["1001", "101", "K01", "2026-03-02", "card", "cash", "1", "", "-1", "\u2028", "%2F"])
LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | WORDS | st.text(max_size=5)
# fmt: off
NAMES = st.sampled_from([
    "Item", "Id", "BarCode", "ProductCode", "Description", "PriceIncludingVat", "VatPercentage", "CategoryId",
    "Name", "AccountNumber", "ParentCategoryId", "CustomerNumber", "Username", "Password", "Parameters",
    "Value", "items", "product_code", "id", "quantity", "price", "discount", "payment", "amount", "register",
    "customer", "fields", "at", "number", "by", "until", "rows", "what", "paid", "employee",
])
PARAMETERS = st.sampled_from([
    "offset", "fetch", "requestKey", "machineId", "startDate", "endDate", "startDateTime", "endDateTime",
    "type", "categoryId", "VisibleOnSalesMenu", "descriptionContains",
])
# fmt: on
VALUES = st.recursive(
    LEAVES | st.fixed_dictionaries({"Item": st.dictionaries(NAMES, LEAVES)}),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=8,
)
QUERY = st.dictionaries(PARAMETERS, WORDS | st.just(MACHINE) | st.text(max_size=5), max_size=5)
KINDS = st.sampled_from(["application/json", "application/x-www-form-urlencoded"])


@given(route=st.sampled_from(ROUTES), last=WORDS, query=QUERY, value=VALUES, kind=KINDS)
def test_whatever_a_client_sends_is_answered(route, last, query, value, kind):
    """No request raises, and what is refused says so in a Message."""
    request = Request(
        method=route.method,
        path=route.path.replace("*", last or "x"),
        query=tuple(query.items()),
        headers={**HEADERS, "content-type": kind},
        body=msgspec.json.encode(value),
    )
    answer = Shop().system.handle(request)
    assert answer.status in {200, 400, 401, 403, 404, 405, 409, 415}
    assert answer.status == 200 or list(msgspec.json.decode(answer.body)) == ["Message"]


@pytest.mark.parametrize("verb", sorted(Shop().system.verbs()))
@settings(max_examples=20)
@given(body=st.dictionaries(NAMES, VALUES, max_size=6), known=st.booleans())
def test_whatever_a_person_tries_is_done_or_refused(verb, body, known):
    """No action fails in any other way than by a refusal."""
    shop = Shop()
    fields = {"Name": "A", "BarCode": "X", "CategoryId": category_of(shop)}
    right = {"product_code": "101", "register": 1, "fields": fields, "customer": "1001", "number": 1}
    with suppress(ActionError):
        shop.act(verb, **({**body, **right} if known else body))
