"""The pretend Fortnox: rows of orders and invoices, and their sums (fortnox.md 11, 12.1, 12.3)."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.sandbox.fortnox import errors
from tests.sandbox.fortnox_papers import DATES, HAMMER, ROWS, Papers, article_numbers

pytestmark = pytest.mark.row("B4")

BOTH = pytest.mark.parametrize("path", ["orders", "invoices"])
TEXT = {"Description": "Arbete enligt protokoll 7"}


@pytest.fixture
def papers() -> Papers:
    return Papers()


def row_of(papers: Papers, path: str, **fields) -> dict:
    """The one row of a new document."""
    [row] = papers.make(path, fields)[ROWS[path]]
    return row


def ids(document: dict, path: str) -> list[int]:
    return [row["RowId"] for row in document[ROWS[path]]]


@BOTH
def test_a_row_takes_account_vat_and_price_from_its_article(papers, path):
    """Sections 10, 12.1: texts and unit are not taken; DeliveredQuantity is "0", so Total is 0."""
    row = row_of(papers, path, ArticleNumber="102")
    shown = {name: row[name] for name in ("AccountNumber", "VAT", "Price", "Unit", "Description")}
    assert shown == {"AccountNumber": 3001, "VAT": 25, "Price": 149.5, "Unit": "", "Description": ""}
    assert (row["DeliveredQuantity"], row["Total"], row["DiscountType"]) == ("0", 0, "PERCENT")


@pytest.mark.parametrize(
    ("setting", "price", "texts"),
    [("account", 0, ("", "")), ("price", 149.5, ("", "")), ("all", 149.5, ("Hammare", "st"))],
)
def test_what_an_article_gives_is_a_switch(setting, price, texts):
    """No source tells more than account and VAT."""
    row = row_of(Papers(article_fills_row=setting), "invoices", ArticleNumber="102")
    assert (row["Price"], (row["Description"], row["Unit"])) == (price, texts)


@pytest.mark.parametrize(
    ("vat_type", "account", "vat"),
    [("SEVAT", 3001, 25), ("EUREVERSEDVAT", 3108, 0), ("EUVAT", 3106, 25), ("EXPORT", 3105, 0)],
)
def test_the_customers_vat_type_chooses_the_account(papers, vat_type, account, vat):
    """Section 12.1; no VAT where none is charged."""
    papers.customer(VATType=vat_type)
    [row] = papers.make("invoices", HAMMER, CustomerNumber="2")["InvoiceRows"]
    assert (row["AccountNumber"], row["VAT"]) == (account, vat)


@BOTH
def test_only_a_description_makes_a_text_row(papers, path):
    """Section 11: a row without article and account sells nothing, whatever else is sent."""
    for sent in (TEXT, {**TEXT, "ArticleNumber": ""}, {**TEXT, "Price": 5, "DeliveredQuantity": "1"}):
        row = row_of(papers, path, **sent)
        assert (row["Description"], row["ArticleNumber"], row["AccountNumber"], row["Total"]) == (
            TEXT["Description"],
            "",
            None,
            0,
        )


def test_a_row_may_have_an_account_and_no_article(papers):
    """Section 11; the account brings its usual rate."""
    row = row_of(papers, "invoices", AccountNumber=3002, Price=10, DeliveredQuantity="1")
    assert (row["VAT"], row["Total"]) == (12, 10)


@pytest.mark.parametrize(("setting", "prices"), [("kept", [5, 0, 0]), ("priced", [5, 0, 5])])
def test_two_text_rows_in_sequence_may_go_wrong(setting, prices):
    """Section 11, CRM26: behind a switch."""
    papers = Papers(adjacent_text_rows=setting)
    rows = papers.make("orders", {**HAMMER, "Price": 5}, TEXT, TEXT)["OrderRows"]
    assert [row["Price"] for row in rows] == prices
    assert bool(rows[2]["Total"]) == (setting == "priced")


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        pytest.param({"ArticleNumber": "999"}, 2001302, id="no such article"),
        pytest.param({"ArticleNumber": "104"}, errors.ARTICLE_INACTIVE, id="an inactive article"),
        pytest.param({"Vat": 25}, 2001399, id="a field name in the wrong case"),
        pytest.param({"Quantity": "1"}, 2001399, id="the offer's name for a quantity"),
        pytest.param({"VAT": 12.5}, 2000108, id="VAT is an integer"),
        pytest.param({"AccountNumber": 300}, errors.OUT_OF_RANGE, id="an account of three digits"),
        pytest.param({"AccountNumber": 9999}, 2001304, id="an account that is not in the chart"),
        pytest.param({"DeliveredQuantity": "två"}, 2000108, id="a word for a quantity"),
        pytest.param({"Price": 10**10}, errors.OUT_OF_RANGE, id="a price too large"),
        pytest.param({"Description": "x" * 256}, errors.TOO_LONG, id="a description too long"),
        pytest.param({"Description": "5' rör"}, 2000359, id="a straight apostrophe"),
        pytest.param({"Description": "rör\t5"}, 2000359, id="a tab"),
        pytest.param({"Unit": None}, 2000699, id="null for the unit"),
        pytest.param({"Unit": "mil"}, 2000432, id="no such unit"),
        pytest.param({"Project": "77"}, 2001161, id="no such project"),
        pytest.param({"Discount": 101, "DiscountType": "PERCENT"}, errors.BAD_DISCOUNT, id="over 100 %"),
        pytest.param({"DiscountType": "SHARE"}, errors.NOT_AN_OPTION, id="not a discount type"),
        pytest.param({"HouseWorkHoursToReport": 1000}, errors.OUT_OF_RANGE, id="too many hours"),
    ],
)
@BOTH
def test_refused_rows(path, sent, code):
    """Sections 6.3, 8.7, 8.8, 12.1; codes from 9990001 are invented. Nothing is made."""
    papers = Papers(missing_account=9999)
    papers.article(ArticleNumber="104", Active=False)
    rows = [HAMMER, {**HAMMER, **sent}]
    assert papers.refused(path, CustomerNumber="1", **{ROWS[path]: rows}) == code
    assert papers.numbers(path) == []


@pytest.mark.parametrize("rows", ["x", {"ArticleNumber": "102"}, ["x"], [None]])
def test_rows_are_a_list_of_objects(papers, rows):
    """Anything else is refused."""
    assert papers.refused("orders", CustomerNumber="1", OrderRows=rows) == errors.NOT_AN_OPTION


def test_an_easyvat_company_wants_the_account(papers):
    """Section 12.1: 2004167 behind a switch."""
    papers.fortnox.switch("easy_vat", True)
    odd = {**HAMMER, "VAT": 12}
    assert papers.refused("invoices", CustomerNumber="1", InvoiceRows=[odd]) == 2004167
    assert row_of(papers, "invoices", **odd, AccountNumber=3002)["VAT"] == 12
    assert row_of(papers, "invoices", **{**HAMMER, "VAT": 25})["VAT"] == 25


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        pytest.param({}, (0, "PERCENT", 200), id="none"),
        pytest.param({"Discount": 10}, (10, "AMOUNT", 190), id="an amount unless said otherwise"),
        pytest.param({"Discount": 10, "DiscountType": "PERCENT"}, (10, "PERCENT", 180), id="percent"),
        pytest.param({"Discount": 0, "DiscountType": "AMOUNT"}, (0, "PERCENT", 200), id="no amount"),
        pytest.param({"Discount": 100, "DiscountType": "PERCENT"}, (100, "PERCENT", 0), id="free"),
    ],
)
@BOTH
def test_discounts(papers, path, sent, stored):
    """Section 11; an amount counts once per row, not per unit."""
    row = row_of(papers, path, **HAMMER, **sent)
    assert (row["Discount"], row["DiscountType"], row["Total"]) == stored


@BOTH
def test_without_row_ids_rows_meet_by_position(papers, path):
    """Section 12.3: left-out fields keep the values of the row that stood there, a shorter array removes."""
    first = {**HAMMER, "Discount": 5, "Description": "Hammare, röd"}
    made = papers.make(path, first, {"ArticleNumber": "103"}, HAMMER)
    after = papers.put(path, "1", **{ROWS[path]: [{"ArticleNumber": "103"}, {"Description": "Kanelbulle"}]})
    rows = after[ROWS[path]]
    assert [(row["ArticleNumber"], row["Description"], row["Discount"]) for row in rows] == [
        ("103", "Hammare, röd", 5),
        ("103", "Kanelbulle", 0),
    ]
    assert rows[0]["Price"] == 100 and not set(ids(made, path)) & set(ids(after, path))


@BOTH
def test_with_row_ids_rows_meet_by_id(papers, path):
    """Section 12.3: named rows are changed or kept, rows without id are new, the rest goes."""
    one, two, _three = ids(papers.make(path, HAMMER, {"ArticleNumber": "103"}, HAMMER), path)
    sent = [{"RowId": two}, TEXT, {"RowId": one, "DeliveredQuantity": "7"}]
    after = papers.put(path, "1", **{ROWS[path]: sent})
    assert article_numbers(after) == ["103", "", "102"]
    assert after[ROWS[path]][2]["Total"] == 700
    assert not {one, two} & set(ids(after, path))
    assert papers.refused(path, "1", **{ROWS[path]: [{"RowId": one}]}) == errors.ROW_UNKNOWN


@BOTH
def test_rows_left_out_stay_under_new_ids(papers, path):
    """Section 12.3: every update renews RowIds; an empty list removes all rows."""
    made = papers.make(path, HAMMER, TEXT)
    after = papers.put(path, "1", YourOrderNumber="7")
    assert article_numbers(after) == ["102", ""] and ids(made, path) != ids(after, path)
    assert papers.put(path, "1", **{ROWS[path]: []})["Total"] == 0


def test_clearing_in_a_row(papers):
    """Section 8.2: null and API_BLANK clear, "" is ignored but for the unit, 0 clears the account."""
    full = {**HAMMER, "Description": "Hammare", "Unit": "st", "CostCenter": ""}
    papers.make("invoices", full)
    [row] = papers.put("invoices", "1", InvoiceRows=[{"Description": "", "Unit": ""}])["InvoiceRows"]
    assert (row["Description"], row["Unit"]) == ("Hammare", "")
    [row] = papers.put("invoices", "1", InvoiceRows=[{"Description": None, "AccountNumber": 0}])[
        "InvoiceRows"
    ]
    assert (row["Description"], row["AccountNumber"], row["ArticleNumber"]) == ("", None, "102")
    [row] = papers.put("invoices", "1", InvoiceRows=[{"ArticleNumber": None, "Description": "x"}])[
        "InvoiceRows"
    ]
    assert (row["Description"], row["Price"], row["Total"]) == ("x", 0, 0)


def test_a_text_row_that_becomes_an_article_fills_itself(papers):
    """Assumed: a text row has nothing to give but its text."""
    papers.make("orders", TEXT)
    [row] = papers.put("orders", "1", OrderRows=[HAMMER])["OrderRows"]
    assert (row["AccountNumber"], row["VAT"], row["Description"]) == (3001, 25, TEXT["Description"])


def test_sums_count_what_is_delivered(papers):
    """Section 11: OrderedQuantity alone leaves Total 0."""
    ordered = {"ArticleNumber": "102", "OrderedQuantity": "3", "Price": 10}
    assert papers.total("orders", ordered)["Total"] == 0
    assert papers.total("orders", {**ordered, "DeliveredQuantity": "2"})["Total"] == 25


SUMS = [
    # what | switches | fields | rows | Net, TotalVAT, RoundOff, Total
    ("one row", {}, {}, [HAMMER], ("200", "50", "0", "250")),
    ("VAT included", {}, {"VATIncluded": True}, [HAMMER], ("160", "40", "0", "200")),
    ("two rates", {}, {}, [HAMMER, {**HAMMER, "ArticleNumber": "103"}], ("400", "74", "0", "474")),
    ("a price to two decimals", {}, {}, [{**HAMMER, "Price": 1.125}], ("2.26", "0.57", "0", "2.83")),
    (
        "a quantity to two decimals",
        {},
        {},
        [{**HAMMER, "DeliveredQuantity": "1.125"}],
        ("113", "28.25", "0", "141.25"),
    ),
    (
        "rows to whole öre",
        {},
        {},
        [{**HAMMER, "Price": 0.05, "DeliveredQuantity": "0.5"}] * 2,
        ("0.06", "0.02", "0", "0.08"),
    ),
    ("VAT on the sum of rows", {}, {}, [{**HAMMER, "Price": 0.01}] * 3, ("0.06", "0.02", "0", "0.08")),
    (
        "a return",
        {},
        {},
        [{**HAMMER, "DeliveredQuantity": "-0.5", "Price": 0.05}],
        ("-0.03", "-0.01", "0", "-0.04"),
    ),
    ("fees", {}, {"Freight": 49, "AdministrationFee": 10}, [HAMMER], ("259", "64.75", "0", "323.75")),
    (
        "whole kronor",
        {"round_off": True},
        {"Freight": 49, "AdministrationFee": 10},
        [HAMMER],
        ("259", "64.75", "0.25", "324"),
    ),
    (
        "half a krona up",
        {"round_off": True},
        {},
        [{**HAMMER, "VAT": 0, "Price": 0.25}],
        ("0.5", "0", "0.5", "1"),
    ),
    (
        "another currency is not rounded",
        {"round_off": True},
        {"Currency": "EUR"},
        [{**HAMMER, "Price": 0.25}],
        ("0.5", "0.13", "0", "0.63"),
    ),
]


@pytest.mark.parametrize(
    ("switches", "fields", "rows", "sums"), [row[1:] for row in SUMS], ids=[row[0] for row in SUMS]
)
@BOTH
def test_sums(path, switches, fields, rows, sums):
    """Section 12.1; the order of rounding is assumed (totals.py)."""
    document = Papers(**switches).total(path, *rows, **fields)
    assert tuple(document[name] for name in ("Net", "TotalVAT", "RoundOff", "Total")) == tuple(
        map(Decimal, sums)
    )
    assert document["TotalToPay"] == document["Total"] == document.get("Balance", document["Total"])


def test_amounts_without_vat_beside_amounts_with_it(papers):
    """Section 12.1: PriceExcludingVAT and TotalExcludingVAT always exclude it."""
    row = papers.make("invoices", HAMMER, VATIncluded=True)["InvoiceRows"][0]
    assert (row["Price"], row["PriceExcludingVAT"], row["Total"], row["TotalExcludingVAT"]) == (
        100,
        80,
        200,
        160,
    )


CENT = Decimal("0.01")
AMOUNTS = st.decimals(-10_000, 10_000, places=2)
LINES = st.lists(st.tuples(AMOUNTS, AMOUNTS, st.sampled_from([0, 6, 12, 25])), max_size=6)
SHARED = Papers()


@given(lines=LINES)
@BOTH
def test_sums_are_exact(path, lines):
    """
    The net is the sum of the rows' whole öre, and net, VAT and total agree to the öre.
    """
    rows = [
        {"ArticleNumber": "102", "DeliveredQuantity": str(quantity), "Price": float(price), "VAT": vat}
        for quantity, price, vat in lines
    ]
    document = SHARED.total(path, *rows)
    net = sum(((q * p).quantize(CENT, rounding=ROUND_HALF_UP) for q, p, _ in lines), Decimal(0))
    assert document["Net"] == document["Gross"] == net
    assert document["Net"] + document["TotalVAT"] == document["Total"]


@given(lines=LINES)
def test_a_credit_note_mirrors_its_invoice(lines):
    """
    Every sum of a credit note is the invoice's with the other sign.
    """
    rows = [
        {"ArticleNumber": "102", "DeliveredQuantity": str(q), "Price": float(p), "VAT": vat, "Discount": 3}
        for q, p, vat in lines
    ]
    invoice = SHARED.make("invoices", *rows, Freight=10)
    note = SHARED.get(
        "invoices", SHARED.do("invoices", invoice["DocumentNumber"], "credit")["CreditInvoiceReference"]
    )
    for name in ("Net", "TotalVAT", "Total", "Balance", "FreightVAT"):
        assert note[name] == -invoice[name]


def test_every_date_field_has_a_default(papers):
    """The tables of this file and of the package name the same fields."""
    for path, name in DATES.items():
        assert papers.make(path)[name] == "2026-03-02"
