"""The pretend Fortnox: vouchers through the API and in the screens (fortnox.md 15, 7.4)."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.sandbox.fortnox import errors, vouchers
from daemon.sandbox.web import ActionError
from tests.sandbox.fortnox_ledger import CASH, DAY, LAST, ROWS, SALE, THIS, VAT, Ledger
from tests.sandbox.fortnox_papers import HAMMER, Papers

pytestmark = pytest.mark.row("B4")

LIST_ROW = {
    "@url", "ApprovalState", "Comments", "Description", "ReferenceNumber", "ReferenceType",
    "TransactionDate", "VoucherNumber", "VoucherSeries", "Year",
}  # fmt: skip


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


def test_a_voucher_is_answered_whole_and_read_again(ledger):
    """Section 15: number, the year's id and MANUAL are Fortnox's; a row tells its account's name."""
    made = ledger.voucher(Comments="FS1.a", VoucherRows=[CASH, {**SALE, "CostCenter": "UME"}, VAT])
    names = ("VoucherSeries", "VoucherNumber", "Year", "ReferenceType", "Comments")
    assert [made[name] for name in names] == ["K", 1, THIS, "MANUAL", "FS1.a"]
    assert made["VoucherRows"][1] == {
        "Account": 3001,
        "CostCenter": "UME",
        "Credit": 100,
        "Debit": 0,
        "Description": "Försäljning inom Sverige, 25 % moms",
        "Project": "",
        "Quantity": 0,
        "Removed": False,
        "TransactionInformation": "",
    }
    assert ledger.ask("GET", "/3/vouchers/K/1?financialyear=2") == (200, {"Voucher": made})


def test_a_list_row_has_no_rows(ledger):
    """Section 7.4."""
    ledger.voucher()
    [row] = ledger.ask("GET", "/3/vouchers")[1]["Vouchers"]
    assert row.keys() == LIST_ROW


def test_each_series_has_numbers_of_its_own_in_each_year(ledger):
    """Section 15: the next number of series and year."""
    made = [
        ledger.voucher(),
        ledger.voucher(VoucherSeries="A"),
        ledger.voucher(),
        ledger.voucher(LAST, TransactionDate="2025-12-31"),
    ]
    keys = [(each["Year"], each["VoucherSeries"], each["VoucherNumber"]) for each in made]
    assert keys == [(2, "K", 1), (2, "A", 1), (2, "K", 2), (1, "K", 1)]


def row(**changes):
    return [{**CASH, **changes}, SALE, VAT]


REFUSALS = [
    ("an öre too much", {"VoucherRows": [{**CASH, "Debit": 125.01}, SALE, VAT]}, errors.NOT_BALANCED),
    ("a single row", {"VoucherRows": [{"Account": 1910}]}, errors.TOO_FEW_ROWS),
    ("no rows", {"VoucherRows": []}, errors.TOO_FEW_ROWS),
    ("both sides", {"VoucherRows": row(Credit=1, Debit=126)}, errors.BAD_AMOUNT),
    ("below zero", {"VoucherRows": [CASH, {"Account": 3001, "Debit": -125}]}, errors.BAD_AMOUNT),
    ("an account that is not there", {"VoucherRows": row(Account=1999)}, 2000423),
    ("an account that is not in use", {"VoucherRows": row(Account=1940)}, 2000423),
    ("an account of three digits", {"VoucherRows": row(Account=191)}, errors.OUT_OF_RANGE),
    ("no account", {"VoucherRows": [{"Debit": 125}, SALE, VAT]}, errors.REQUIRED),
    ("a series that is not there", {"VoucherSeries": "Q"}, errors.MISSING["voucherseries"]),
    ("a series that is not manual", {"VoucherSeries": "B"}, errors.SERIES_NOT_MANUAL),
    ("a date before the year", {"TransactionDate": "2025-12-31"}, errors.DATE_OUTSIDE_YEAR),
    ("a date after the year", {"TransactionDate": "2027-01-01"}, errors.DATE_OUTSIDE_YEAR),
    ("a date in the locked period", {"TransactionDate": "2026-01-31"}, errors.PERIOD_LOCKED),
    ("no date", {"TransactionDate": None}, 2005095),
    ("no such cost centre", {"VoucherRows": row(CostCenter="X")}, errors.MISSING["costcenters"]),
    ("a sleeping cost centre", {"VoucherRows": row(CostCenter="OLD")}, errors.DIMENSION_INACTIVE),
    ("a sleeping one in the header", {"CostCenter": "OLD"}, errors.DIMENSION_INACTIVE),
    ("a cost centre that is missing", {"VoucherRows": row(Account=1920)}, errors.DIMENSION_REQUIRED),
    (
        "a cost centre too many",
        {"VoucherRows": row(Account=1930, CostCenter="UME")},
        errors.DIMENSION_NOT_ALLOWED,
    ),
    ("a long text", {"Description": "x" * 201}, errors.TOO_LONG),
    ("a long comment", {"Comments": "x" * 1001}, errors.TOO_LONG),
    ("a long row text", {"VoucherRows": row(TransactionInformation="x" * 101)}, errors.TOO_LONG),
    ("a quote", {"Description": 'Kassa "ett"'}, 2000359),
    ("a bracket in a row", {"VoucherRows": row(TransactionInformation="[1]")}, 2000359),
    ("a field of nobody", {"Text": "x"}, 2001399),
    ("a row's field of nobody", {"VoucherRows": row(Amount=1)}, 2001399),
]


@pytest.mark.parametrize(
    ("fields", "code"), [each[1:] for each in REFUSALS], ids=[each[0] for each in REFUSALS]
)
def test_a_voucher_is_refused(ledger, fields, code):
    """Section 15, and nothing is booked."""
    ledger.act("lock_period", until="2026-01-31")
    ledger.act("create", kind="costcenters", fields={"Code": "OLD", "Description": "x", "Active": False})
    ledger.act("edit_account", number=1920, fields={"CostCenterSettings": "MANDATORY"})
    ledger.act("edit_account", number=1930, fields={"CostCenterSettings": "NOTALLOWED"})
    assert ledger.refused(**fields) == code
    assert ledger.listed() == []


def test_a_cost_centre_in_the_header_satisfies_an_account_that_demands_one(ledger):
    """Assumed, as vouchers.py says."""
    ledger.act("edit_account", number=1910, fields={"CostCenterSettings": "MANDATORY"})
    assert ledger.voucher(CostCenter="UME")["VoucherNumber"] == 1


def test_amounts_have_two_decimals(ledger):
    """Section 8.8: half up, before they must balance."""
    rows = [{"Account": 1910, "Debit": 10.125}, {"Account": 3001, "Credit": "10.13"}]
    made = ledger.voucher(VoucherRows=rows)
    assert [each["Debit"] or each["Credit"] for each in made["VoucherRows"]] == [10.13, 10.13]


@pytest.mark.parametrize(("chosen", "year"), [(0, THIS), (LAST, LAST), (99, THIS)])
def test_without_a_year_the_chosen_one_is_meant(chosen, year):
    """Section 15: a classic trap; the latest year by default."""
    ledger = Ledger(preselected_year=chosen)
    date = DAY if year == THIS else "2025-03-02"
    assert ledger.voucher(None, TransactionDate=date)["Year"] == year
    other = LAST if year == THIS else THIS
    assert ledger.code("GET", "/3/vouchers/K/1") == (200, None)
    assert ledger.code("GET", f"/3/vouchers/K/1?financialyear={other}") == (404, errors.MISSING["vouchers"])
    assert ledger.listed("/sublist") == [("K", 1)]


def test_the_year_in_the_body_is_ignored(ledger):
    """Section 8.4: the query decides."""
    assert ledger.voucher(Year=LAST)["Year"] == THIS


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("financialyear=9", 400, errors.MISSING["financialyears"]),
        ("financialyear=x", 400, errors.MISSING["financialyears"]),
        ("financialyeardate=2026-05-05", 200, None),
        ("financialyeardate=2031-05-05", 400, errors.NO_FINANCIAL_YEAR),
        ("description=x", 400, 2000588),
    ],
)
def test_a_list_names_its_year_by_id_or_date(ledger, query, status, code):
    """Sections 7.2, 15."""
    assert ledger.code("GET", f"/3/vouchers?{query}") == (status, code)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("PUT", "K/1", 405, errors.NO_SUCH_VERB),
        ("DELETE", "K/1", 405, errors.NO_SUCH_VERB),
        ("GET", "K/2", 404, errors.MISSING["vouchers"]),
        ("GET", "K/one", 404, errors.MISSING["vouchers"]),
        ("GET", "K/1/rows", 404, errors.NO_SUCH_PATH),
    ],
)
def test_what_cannot_be_done_with_a_voucher(ledger, method, path, status, code):
    """Section 15: no PUT and no DELETE."""
    ledger.voucher()
    value = {"Voucher": {"Description": "x"}} if method == "PUT" else None
    assert ledger.code(method, f"/3/vouchers/{path}?financialyear=2", value) == (status, code)


FILTERS = [
    ("", [("A", 1), ("K", 1), ("K", 2), ("K", 3)]),
    ("?financialyear=1", [("K", 1)]),
    ("?voucherseries=K", [("K", 1), ("K", 2), ("K", 3)]),
    ("?voucherseries=Q", []),
    ("?voucherseries=K&fromdate=2026-02-02", [("K", 1), ("K", 3)]),
    ("?fromdate=2026-02-01&todate=2026-02-01", [("K", 2)]),
    ("?todate=2026-02-01", [("A", 1), ("K", 2)]),
    ("?costcenter=UME", [("K", 1), ("K", 2)]),
    ("?lastmodified=2026-03-02%2012:30", [("K", 3)]),
    ("?sortby=vouchernumber&sortorder=descending", [("K", 3), ("K", 2), ("K", 1), ("A", 1)]),
    ("/sublist/K", [("K", 1), ("K", 2), ("K", 3)]),
    ("?limit=2&page=2", [("K", 2), ("K", 3)]),
]


@pytest.mark.parametrize(("query", "found"), FILTERS, ids=[query or "all" for query, _ in FILTERS])
def test_what_a_list_finds(ledger, query, found):
    """Section 7.2: one year, by series and number; in a row or in the header the cost centre counts."""
    ledger.voucher(LAST, TransactionDate="2025-03-02")
    ledger.voucher(VoucherSeries="A", TransactionDate="2026-01-31")
    ledger.voucher(TransactionDate="2026-03-31", VoucherRows=[CASH, {**SALE, "CostCenter": "UME"}, VAT])
    ledger.voucher(TransactionDate="2026-02-01", CostCenter="UME")
    ledger.advance(3600)
    ledger.voucher()
    assert ledger.listed(query.replace("%20", " ")) == found


AMOUNTS = st.lists(st.integers(1, 10**9), min_size=1, max_size=6)


@given(ore=AMOUNTS, off=st.integers(-1, 1))
def test_a_voucher_is_booked_exactly_when_it_balances(ore, off):
    """Whatever the amounts: to the öre."""
    rows = [{"Account": 3001, "Credit": float(Decimal(each) / 100)} for each in ore]
    rows.append({"Account": 1910, "Debit": float(Decimal(sum(ore) + off) / 100)})
    status, _ = DESK.post(VoucherRows=rows)
    assert status == (400 if off else 201)


DESK = Ledger()
NAMES = ("Description", "VoucherSeries", "TransactionDate", "VoucherRows", "Year", "CostCenter")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["Account", "Debit", "Credit", "CostCenter", "x"]), inner)
    ),
    max_leaves=8,
)


@given(fields=st.dictionaries(st.sampled_from(NAMES), JSON, max_size=4))
def test_no_value_makes_it_raise(fields):
    """Whatever JSON is sent, the answer is 201 or 400."""
    assert DESK.post(**fields)[0] in {201, 400}


def test_five_thousand_vouchers_are_found_by_their_day():
    """A look for a day's vouchers touches those of the day only, and a number is one step."""
    ledger = Ledger()
    company = ledger.fortnox.companies["1234567"]
    for number in range(5_000):
        date = f"2026-{number % 12 + 1:02}-{number % 28 + 1:02}"
        given = {"Description": "Z", "VoucherSeries": "K", "TransactionDate": date, "VoucherRows": ROWS}
        vouchers.create(company, THIS, given)
    wanted = {"voucherseries": "K", "fromdate": "2026-01-01", "todate": "2026-01-01"}
    expected = [number + 1 for number in range(5_000) if (number % 12, number % 28) == (0, 0)]
    found = vouchers.among(company, THIS, wanted)
    assert [record.values["VoucherNumber"] for record in found] == expected
    query = "?financialyear=2&voucherseries=K&fromdate=2026-01-01&todate=2026-01-01&limit=500"
    assert [number for _, number in ledger.listed(query)] == expected
    pages = [ledger.listed(f"?financialyear=2&limit=500&page={page}") for page in range(1, 11)]
    assert [number for page in pages for _, number in page] == list(range(1, 5_001))


# ------------------------------------------------------------------ people


def test_people_book_like_integrations(ledger):
    """The screen keeps the same rules; the year is that of the date."""
    fields = {"Description": "x", "VoucherSeries": "K", "TransactionDate": "2025-06-01", "VoucherRows": ROWS}
    assert ledger.act("add_voucher", fields=fields)["Year"] == LAST
    with pytest.raises(ActionError, match=str(errors.NOT_BALANCED)):
        ledger.act("add_voucher", fields={**fields, "VoucherRows": [CASH, SALE]})


def test_only_the_last_voucher_is_deleted_and_its_number_is_given_again(ledger):
    """As in the program: the number comes back."""
    for _ in range(2):
        ledger.voucher()
    gone = ledger.act("delete_last_voucher", series="K")
    assert gone == {"deleted": {"VoucherSeries": "K", "VoucherNumber": 2, "Year": THIS}}
    assert ledger.listed() == [("K", 1)]
    series = ledger.ask("GET", "/3/voucherseries/K?financialyear=2")[1]["VoucherSeries"]
    again = ledger.voucher(Description="Ny")
    assert (series["NextVoucherNumber"], again["VoucherNumber"], again["Description"]) == (2, 2, "Ny")


def test_a_series_without_vouchers_has_no_last(ledger):
    """Said, not raised."""
    with pytest.raises(ActionError, match=str(errors.MISSING["vouchers"])):
        ledger.act("delete_last_voucher", series="K")


def test_a_person_edits_a_voucher(ledger):
    """Section 15: a struck row stays with Removed, new ones follow; the list shows the new text."""
    ledger.voucher()
    ledger.advance(3600)
    fields = {
        "Description": "Rättad",
        "VoucherRows": [{}, {"Removed": True}, {}, {"Account": 3002, "Credit": 100}],
    }
    ledger.act("edit_voucher", series="K", number=1, fields=fields)
    edited = ledger.ask("GET", "/3/vouchers/K/1?financialyear=2")[1]["Voucher"]
    rows = [(each["Account"], each["Removed"]) for each in edited["VoucherRows"]]
    assert rows == [(1910, False), (3001, True), (2611, False), (3002, False)]
    assert edited["Description"] == "Rättad"
    assert ledger.listed("?lastmodified=2026-03-02 12:30") == [("K", 1)]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"VoucherRows": [{"Removed": True}]}, errors.NOT_BALANCED),
        ({"VoucherRows": [{"Removed": True}] * 3}, errors.TOO_FEW_ROWS),
        ({"VoucherRows": "x"}, errors.NOT_AN_OPTION),
        ({"VoucherSeries": "A"}, errors.READ_ONLY),
    ],
    ids=["unbalanced", "everything struck", "no rows", "another series"],
)
def test_an_edit_is_refused(ledger, fields, code):
    """The voucher stays as it is."""
    made = ledger.voucher()
    with pytest.raises(ActionError, match=str(code)):
        ledger.act("edit_voucher", series="K", number=1, fields=fields)
    assert ledger.ask("GET", "/3/vouchers/K/1?financialyear=2") == (200, {"Voucher": made})


@pytest.mark.parametrize("verb", ["edit_voucher", "delete_last_voucher"])
def test_a_locked_voucher_stays(ledger, verb):
    """Section 15: the locked period holds for people too, until it is unlocked."""
    ledger.voucher()
    ledger.act("lock_period", until=DAY)
    body = {"series": "K", "number": 1, "fields": {"Description": "x"}}
    with pytest.raises(ActionError, match=str(errors.PERIOD_LOCKED)):
        ledger.act(verb, **body)
    ledger.act("unlock_period")
    ledger.act(verb, **body)


# ------------------------------------------------------------------ what booking makes


def test_a_booked_invoice_and_its_payment_are_vouchers():
    """Section 15: one series of numbers, rows that balance, and where they come from."""
    papers = Papers()
    papers.make(
        "invoices", HAMMER, {"AccountNumber": 3002, "DeliveredQuantity": "1", "Price": 50}, Freight=40
    )
    papers.do("invoices", "1", "bookkeep")
    paid = {"InvoiceNumber": 1, "Amount": 355, "WriteOffs": [{"Amount": 1, "AccountNumber": 3740}]}
    papers.ask("POST", "/3/invoicepayments", {"InvoicePayment": paid})
    papers.do("invoicepayments", "1", "bookkeep")
    seen = {each["VoucherSeries"]: each for each in papers.fortnox.act("look", {"kind": "vouchers"})}
    postings = {
        series: [(each["Account"], each["Debit"], each["Credit"]) for each in voucher["VoucherRows"]]
        for series, voucher in seen.items()
    }
    assert postings == {
        "B": [(1510, 356, 0), (2611, 0, 60), (2621, 0, 6), (3001, 0, 200), (3002, 0, 50), (3520, 0, 40)],
        "C": [(1510, 0, 356), (1930, 355, 0), (3740, 1, 0)],
    }
    sources = [(seen[each]["ReferenceType"], seen[each]["ReferenceNumber"]) for each in ("B", "C")]
    assert sources == [("INVOICE", "1"), ("INVOICEPAYMENT", "1")]
    with pytest.raises(ActionError, match=str(errors.NOT_MANUAL)):
        papers.fortnox.act("delete_last_voucher", {"series": "B"})


ROWS_OF_INVOICE = st.lists(
    st.fixed_dictionaries(
        {
            "AccountNumber": st.sampled_from([3001, 3002, 3003, 3004]),
            "DeliveredQuantity": st.integers(-5, 5).map(str),
            "Price": st.decimals("0.01", 500, places=2).map(float),
            "VAT": st.sampled_from([25, 12, 6, 0]),
        }
    ),
    max_size=4,
)


@given(rows=ROWS_OF_INVOICE, included=st.booleans(), rate=st.sampled_from([1, 11.2, 0.96]))
def test_what_booking_makes_balances(rows, included, rate):
    """Whatever an invoice holds, in any currency and with VAT inside or not."""
    invoice = BOOKS.make(
        "invoices", *rows, VATIncluded=included, Currency="EUR", CurrencyRate=rate, Freight=9.99
    )
    number = BOOKS.do("invoices", invoice["DocumentNumber"], "bookkeep")["VoucherNumber"]
    postings = BOOKS.ask("GET", f"/3/vouchers/B/{number}?financialyear=2")[1]["Voucher"]["VoucherRows"]
    sums = [sum(Decimal(str(each[side])) for each in postings) for side in ("Debit", "Credit")]
    assert sums[0] == sums[1] and len(postings) >= 2
    assert all(min(each["Debit"], each["Credit"]) == 0 for each in postings)


BOOKS = Papers()
