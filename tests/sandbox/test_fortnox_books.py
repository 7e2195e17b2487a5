"""The pretend Fortnox: years, accounts, voucher series, and what a filled company keeps (fortnox.md 15)."""

from __future__ import annotations

import pytest

from daemon.sandbox.fortnox import errors
from daemon.sandbox.web import ActionError
from tests.sandbox.fortnox_ledger import LAST, THIS, Ledger
from tests.sandbox.fortnox_office import Office

pytestmark = pytest.mark.row("B4")

ACCOUNT_ROW = {
    "@url", "Active", "BalanceBroughtForward", "CostCenter", "CostCenterSettings", "Description", "Number",
    "Project", "ProjectSettings", "SRU", "VATCode", "Year",
}  # fmt: skip
EXPECTED = {
    *(1510, 1519, 1580, 1686, 1910, 1920, 1930, 2421, 2440, 2611, 2621, 2631),
    *(3001, 3002, 3003, 3004, 3740, 4010, 6570),
}


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


def codes(office: Office, query: str = "") -> list[tuple[str, bool]]:
    rows = office.ask("GET", f"/3/voucherseries{query}")[1]["VoucherSeriesCollection"]
    return [(row["Code"], row["Manual"]) for row in rows]


def test_a_chart_belongs_to_a_year(ledger):
    """Section 15: what is done to an account in one year leaves the other alone."""
    ledger.act("deactivate_account", number=1910, year=LAST)
    seen = [
        ledger.ask("GET", f"/3/accounts/1910?financialyear={year}")[1]["Account"] for year in (LAST, THIS)
    ]
    assert [(each["Year"], each["Active"]) for each in seen] == [(LAST, False), (THIS, True)]
    assert ledger.refused(LAST, TransactionDate="2025-05-05") == 2000423
    assert ledger.voucher()["VoucherNumber"] == 1


def test_a_chart_is_listed_by_number(ledger):
    """Section 7.4: one year, without what only the whole account shows."""
    rows = ledger.ask("GET", "/3/accounts?limit=500&sortby=number")[1]["Accounts"]
    numbers = [row["Number"] for row in rows]
    assert numbers == sorted(numbers) and set(numbers) >= EXPECTED
    assert rows[0].keys() == ACCOUNT_ROW and {row["Year"] for row in rows} == {THIS}
    changed = ledger.act("edit_account", number=3001, fields={"SRU": 7410})
    assert changed["SRU"] == 7410
    found = ledger.ask("GET", "/3/accounts?sru=7410")[1]["Accounts"]
    assert [row["Number"] for row in found] == [3001]


def test_an_account_is_made_changed_and_deleted(ledger):
    """Section 1.1; one that a voucher names stays."""
    sent = {"Account": {"Number": 1911, "Description": "Kassa 2"}}
    assert ledger.code("POST", "/3/accounts?financialyear=2", sent) == (201, None)
    assert ledger.code("POST", "/3/accounts?financialyear=2", sent) == (400, errors.CODE_TAKEN)
    assert ledger.code("POST", "/3/accounts?financialyear=1", sent) == (201, None)
    changed = {"Account": {"Number": 1911, "Description": "Kassa två"}}
    assert ledger.code("PUT", "/3/accounts/1911?financialyear=2", changed) == (200, None)
    assert ledger.code("DELETE", "/3/accounts/1911?financialyear=2") == (204, None)
    assert ledger.code("GET", "/3/accounts/1911?financialyear=2") == (404, 2000423)
    ledger.voucher()
    assert ledger.code("DELETE", "/3/accounts/1910?financialyear=2") == (400, errors.IN_USE)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"Description": "x"}, errors.REQUIRED),
        ({"Number": 999, "Description": "x"}, errors.OUT_OF_RANGE),
        ({"Number": 0, "Description": "x"}, errors.OUT_OF_RANGE),
        ({"Number": 10000, "Description": "x"}, errors.OUT_OF_RANGE),
        ({"Number": 1911, "Description": "x", "CostCenterSettings": "SOMETIMES"}, errors.NOT_AN_OPTION),
    ],
    ids=["no number", "three digits", "nothing", "five digits", "a word of nobody"],
)
def test_an_account_is_refused(ledger, fields, code):
    """Section 15: 1000 to 9999."""
    assert ledger.code("POST", "/3/accounts", {"Account": fields}) == (400, code)


def test_series_belong_to_a_year_and_say_whether_people_book_in_them(ledger):
    """Section 15 [L]: only a manual series takes vouchers of ours."""
    assert codes(ledger) == [("A", True), ("B", False), ("C", False), ("K", True)]
    sent = {"VoucherSeries": {"Code": "Z", "Description": "Z-rapporter"}}
    assert ledger.code("POST", "/3/voucherseries?financialyear=2", sent) == (201, None)
    assert [code for code, _ in codes(ledger, "?financialyear=1")] == ["A", "B", "C", "K"]
    assert ledger.act("set_series", code="K", manual=False)["Manual"] is False
    assert ledger.refused() == errors.SERIES_NOT_MANUAL
    off = {"VoucherSeries": {"Manual": False}}
    assert ledger.code("PUT", "/3/voucherseries/Z?financialyear=2", off) == (200, None)
    assert dict(codes(ledger))["Z"] is False
    assert ledger.code("GET", "/3/voucherseries/Q") == (404, errors.MISSING["voucherseries"])


def test_a_new_year_takes_over_chart_and_series_but_no_numbers(ledger):
    """Assumed, as bookkeeping.py says."""
    ledger.voucher()
    ledger.act("add_account", number=1911, description="Kassa 2", fields={"BalanceBroughtForward": 500})
    sent = {"FinancialYear": {"FromDate": "2027-01-01", "ToDate": "2027-12-31"}}
    assert ledger.ask("POST", "/3/financialyears", sent)[1]["FinancialYear"]["Id"] == 3
    assert codes(ledger, "?financialyear=3") == codes(ledger, "?financialyear=2")
    account = ledger.ask("GET", "/3/accounts/1911?financialyear=3")[1]["Account"]
    assert (account["BalanceBroughtForward"], account["Year"]) == (0, 3)
    assert ledger.voucher(3, TransactionDate="2027-01-01")["VoucherNumber"] == 1


@pytest.mark.parametrize(
    ("first", "last"),
    [("2026-12-31", "2027-12-31"), ("2027-12-31", "2027-01-01"), ("2024-01-01", "2025-01-01")],
    ids=["shares its first day", "ends before it begins", "shares its last day"],
)
def test_a_year_is_refused(ledger, first, last):
    """Assumed: years do not overlap."""
    with pytest.raises(ActionError, match=str(errors.BAD_YEAR)):
        ledger.act("add_year", **{"from": first, "to": last})


def test_a_closed_year_takes_nothing_more(ledger):
    """It is locked to its end; the next one goes on."""
    assert ledger.act("close_year", year=LAST) == {"EndDate": "2025-12-31"}
    assert ledger.refused(LAST, TransactionDate="2025-12-31") == errors.PERIOD_LOCKED
    assert ledger.ask("GET", "/3/settings/lockedperiod")[1] == {"LockedPeriod": {"EndDate": "2025-12-31"}}
    assert ledger.voucher(TransactionDate="2026-01-01")["VoucherNumber"] == 1


@pytest.mark.parametrize(("has_next", "years"), [(True, [2025, 2026, 2027]), (False, [2025, 2026])])
def test_a_filled_company_has_books(has_next, years):
    """Years around now, a chart and the series of integrations in each, cost centres."""
    office = Office(filled=True, next_financial_year=has_next)
    seen = office.ask("GET", "/3/financialyears")[1]["FinancialYears"]
    assert [int(year["FromDate"][:4]) for year in seen] == years
    for year in seen:
        query = f"?financialyear={year['Id']}&limit=500"
        assert codes(office, query) == [("A", True), ("B", False), ("C", False), ("K", True), ("Z", True)]
        rows = office.ask("GET", f"/3/accounts{query}")[1]["Accounts"]
        assert {row["Number"] for row in rows if row["Active"]} >= EXPECTED
    assert office.keys("/3/costcenters") == ["SKE", "UME"]


@pytest.mark.parametrize(
    ("verb", "body", "says"),
    [
        ("add_voucher", {}, "Say 'fields'"),
        ("edit_voucher", {"series": "K", "number": 9, "fields": {}}, "9990111"),
        ("add_year", {"from": "soon", "to": "2030-12-31"}, "Ogiltigt datum"),
        ("close_year", {"year": 9}, "9990107"),
        ("deactivate_account", {"number": 1999}, "2000423"),
        ("set_series", {"code": "K"}, "2000134"),
        ("add_series", {"code": "K"}, "9990008"),
        ("move_stock", {"article": "9", "by": 1}, "2000428"),
        ("create", {"kind": "inbox", "fields": {}}, "A File cannot be created."),
        ("edit", {"kind": "accounts", "key": "1910", "fields": {}}, "There is no kind 'accounts'"),
    ],
)
def test_a_screen_refuses_with_a_sentence(ledger, verb, body, says):
    """ActionError says why."""
    with pytest.raises(ActionError, match=says):
        ledger.act(verb, **body)
