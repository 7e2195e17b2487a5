"""What Fortnox and ES Kassasystem agree on: the voucher of a Z-report, as a bookkeeper reads it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core import postings
from daemon.core.postings import Entry, balance, packed, turnover, unpacked
from daemon.core.records import Problem, Side
from daemon.pairs.fortnox_eskassa import Settings, agreements
from daemon.pairs.fortnox_eskassa.postings import voucher
from daemon.pairs.settings import SecretRef

pytestmark = pytest.mark.row("K2")

START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
DEFAULT = Settings(
    kind="eskassa",
    company="main",
    account="shop",
    machine_id="m",
    machine_key=SecretRef(file="x"),
    integrator_id="i",
    start=START.date(),
    reports=True,
    voucher_series="K",
)
REPORT = {
    "register": "1",
    "number": 123,
    "reported_at": "2026-11-21T00:40:00",
    "sold_at": "2026-11-20T18:02:00",
}
DAY = "1580 1250.00, 1910 606.00, 3001 -1000.00, 2611 -250.00, 3003 -100.00, 2631 -6.00, 2421 -500.00"
ORDER = {"invoices": True, "receivable_account": "1511"}

BOOKED = [
    # what it is
    #  settings
    #  what the report says
    #  what is booked
    ("a day as it is (dinkassa.md 9.1)",
     {},
     DAY,
     DAY),
    ("a day of returns alone: sales are debited",
     {},
     "1910 -100.00, 3001 80.00, 2611 20.00",
     "1910 -100.00, 3001 80.00, 2611 20.00"),
    ("a gift card sold and redeemed the same day",
     {},
     "1910 300.00, 3001 -240.00, 2611 -60.00, 2421 0.00",
     "1910 300.00, 3001 -240.00, 2611 -60.00"),
    ("cash that was rounded up",
     {},
     "1910 107.00, 3003 -100.47, 2631 -6.03, 3740 -0.50",
     "1910 107.00, 3003 -100.47, 2631 -6.03, 3740 -0.50"),
    ("both accounts for cards",
     {},
     "1580 100.00, 1686 150.00, 3001 -200.00, 2611 -50.00",
     "1580 100.00, 1686 150.00, 3001 -200.00, 2611 -50.00"),
    ("the card's account translated",
     {"accounts": {"1580": "1686"}},
     "1580 125.00, 3001 -100.00, 2611 -25.00",
     "1686 125.00, 3001 -100.00, 2611 -25.00"),
    ("two accounts that become one keep their rows",
     {"accounts": {"1580": "1930", "1910": "1930"}},
     "1580 60.00, 1910 40.00, 3004 -100.00",
     "1930 60.00, 1930 40.00, 3004 -100.00"),
    ("two accounts that change places",
     {"accounts": {"3001": "3002", "3002": "3001"}},
     "1910 3.00, 3001 -1.00, 3002 -2.00",
     "1910 3.00, 3002 -1.00, 3001 -2.00"),
    ("a short number of the register's translated",
     {"accounts": {"30": "3001"}},
     "1910 3.00, 30 -3.00",
     "1910 3.00, 3001 -3.00"),
    ("an öre that is lacking, where that is allowed",
     {"auto_round_limit": 1},
     "1910 125.01, 3001 -100.00, 2611 -25.00",
     "1910 125.01, 3001 -100.00, 2611 -25.00, 3740 -0.01"),
    ("as much as is allowed, on another account",
     {"auto_round_limit": 99, "rounding_account": "3741"},
     "1910 124.01, 3004 -125.00",
     "1910 124.01, 3004 -125.00, 3741 0.99"),
    ("a receivable, where no invoices cross",
     {},
     "1511 125.00, 3001 -100.00, 2611 -25.00",
     "1511 125.00, 3001 -100.00, 2611 -25.00"),
    ("a claim that is none on a customer, where invoices cross",
     {**ORDER},
     "1580 125.00, 3001 -100.00, 2611 -25.00",
     "1580 125.00, 3001 -100.00, 2611 -25.00"),
    ("a receivable of before the day from which invoices cross",
     {**ORDER, "invoices_from": dt.date(2026, 11, 21)},
     "1511 125.00, 3001 -100.00, 2611 -25.00",
     "1511 125.00, 3001 -100.00, 2611 -25.00"),
    ("a receivable of another account, where they are in the report",
     {**ORDER, "invoice_sales": "clearing"},
     "1519 125.00, 3001 -100.00, 2611 -25.00",
     "1519 125.00, 3001 -100.00, 2611 -25.00"),
    ("an invoice that is paid at the till, where invoices cross",
     {**ORDER},
     "1910 125.00, 1510 -125.00",
     "1910 125.00, 1510 -125.00"),
]  # fmt: skip
HELD = [
    # why
    #   settings, what the report says, fields of the report, the code
    ("an öre too much", {}, "1910 125.01, 3001 -100.00, 2611 -25.00", {}, "ZRP01"),
    ("more than may be rounded",
        {"auto_round_limit": 50}, "1910 125.51, 3001 -100.00, 2611 -25.00", {}, "ZRP01"),
    ("one side only", {}, "1910 125.00", {}, "ZRP01"),
    ("an amount that is none", {}, DAY, {"odd": "1910 Kontant: NaN"}, "ZRP03"),
    ("a row without an account", {}, "1910 125.00, ? -125.00", {}, "ZRP04"),
    ("an account of three digits", {}, "1910 125.00, 301 -125.00", {}, "ZRP04"),
    ("an account of five digits", {}, "1910 125.00, 30011 -125.00", {}, "ZRP04"),
    ("a name that is not K1:123", {}, DAY, {"register": None, "number": None}, "ZRP05"),
    ("number zero", {}, DAY, {"number": 0}, "ZRP05"),
    ("no time", {}, DAY, {"reported_at": None}, "ZRP05"),
    ("a receivable, where invoices cross", ORDER, "1511 125.00, 3001 -100.00, 2611 -25.00", {}, "ZRP07"),
    ("the receivable translated, where invoices cross",
        {**ORDER, "accounts": {"1511": "1519"}}, "1511 125.00, 3001 -100.00, 2611 -25.00", {}, "ZRP07"),
    ("another account translated to the receivable, where invoices cross",
        {**ORDER, "accounts": {"1580": "1511"}}, "1580 125.00, 3001 -100.00, 2611 -25.00", {}, "ZRP07"),
    ("a claim on another account of customers, where invoices cross",
        {**ORDER}, "1519 125.00, 3001 -100.00, 2611 -25.00", {}, "ZRP07"),
    ("a claim on Fortnox' own receivable, where invoices cross",
        {**ORDER}, "1510 125.00, 3001 -100.00, 2611 -25.00", {}, "ZRP07"),
    ("the same, where sales on invoice are cleared",
        {**ORDER, "invoice_sales": "clearing"}, "1510 125.00, 3001 -100.00, 2611 -25.00", {}, "ZRP07"),
]  # fmt: skip
DATES = [
    # booked on                 fields of the report      the voucher's day
    ("report_date",             {},                       "2026-11-21"),
    ("last_transaction_date",   {},                       "2026-11-20"),
    ("last_transaction_date",   {"sold_at": None},        "2026-11-21"),
    ("report_date",             {"sold_at": None},        "2026-11-21"),
]  # fmt: skip
ROUTES = [
    # register   settings                                                          series  cost centre
    ("1", {},                                                                       "K",   ""),
    ("1", {"cost_center": "UME"},                                                   "K",   "UME"),
    ("2", {"series_by_register": {"2": "L"}},                                       "L",   ""),
    ("1", {"series_by_register": {"2": "L"}},                                       "K",   ""),
    ("2", {"cost_center": "UME", "cost_center_by_register": {"2": "SKE"}},          "K",   "SKE"),
    ("1", {"cost_center": "UME", "cost_center_by_register": {"2": "SKE"}},          "K",   "UME"),
    ("2", {"cost_center": "UME", "cost_center_by_register": {"2": ""}},             "K",   ""),
]  # fmt: skip
AMOUNTS = st.integers(-(10**9), 10**9)
ENTRIES = st.lists(
    st.builds(Entry, account=st.sampled_from(["1910", "1580", "2611", "3001", "301", ""]), amount=AMOUNTS),
    min_size=1,
    max_size=6,
)
SETTINGS = st.fixed_dictionaries(
    {
        "accounts": st.dictionaries(
            st.sampled_from(["1910", "3001", "301"]), st.sampled_from(["1930", "3001", "4010"])
        ),
        "auto_round_limit": st.integers(0, 99),
        "cost_center": st.sampled_from(["", "UME"]),
        "cost_center_on": st.sampled_from(["all", "result"]),
    }
)


def rows(told):
    """`1910 125.00, 3001 -100.00` as entries; "?" is a row without an account."""
    found = (each.split() for each in told.split(", "))
    return packed(
        Entry(account=account.strip("?"), amount=int(Decimal(kronor) * 100)) for account, kronor in found
    )


def booked(settings, entries, **fields):
    """The voucher of a report of these rows under these settings, or why there is none."""
    return voucher(msgspec.structs.replace(DEFAULT, **settings), {**REPORT, "entries": entries, **fields})


@pytest.mark.parametrize(
    ("settings", "reported", "expected"), [row[1:] for row in BOOKED], ids=[row[0] for row in BOOKED]
)
def test_a_voucher_books_what_the_report_says(settings, reported, expected):
    """
    Row by row, debit positive and credit negative; under other accounts where that is set.
    """
    assert expected == postings.told(booked(settings, rows(reported))["entries"])


@pytest.mark.parametrize(
    ("settings", "reported", "fields", "code"), [row[1:] for row in HELD], ids=[row[0] for row in HELD]
)
def test_what_cannot_be_booked_is_held_with_its_reason(settings, reported, fields, code):
    """
    Under its code, with what to do about it.
    """
    problem = booked(settings, rows(reported), **fields)
    assert isinstance(problem, Problem)
    assert (code, True) == (problem.code, bool(problem.what and problem.todo))


@pytest.mark.parametrize(("booked_on", "fields", "expected"), DATES)
def test_the_day_of_a_voucher(booked_on, fields, expected):
    """
    The report's, or that of the last sale; the report's where no sale has a time.
    """
    assert expected == booked({"booked_on": booked_on}, rows(DAY), **fields)["date"]


@pytest.mark.parametrize(("register", "settings", "series", "center"), ROUTES)
def test_the_series_and_the_cost_centre_are_those_of_the_register(register, settings, series, center):
    """
    Its own where it has one, else that of all.
    """
    found = booked(settings, rows(DAY), register=register)
    assert (series, {center}) == (found["series"], {each.cost_center for each in unpacked(found["entries"])})


@pytest.mark.parametrize(("on", "with_it"), [("all", {"1910", "3001", "3740"}), ("result", {"3001", "3740"})])
def test_the_rounding_has_the_cost_centre_as_other_income_has(on, with_it):
    """
    Else an account that demands one would refuse the voucher.
    """
    settings = {"cost_center": "UME", "cost_center_on": on, "auto_round_limit": 1}
    found = unpacked(booked(settings, rows("1910 125.01, 3001 -125.00"))["entries"])
    assert with_it == {each.account for each in found if each.cost_center == "UME"}


def test_the_text_names_the_register_the_number_and_the_day_of_the_report():
    """
    As decision 13 has it; our mark follows in Fortnox.
    """
    assert "Kassa 1, Z-rapport 123, 2026-11-21" == booked({}, rows(DAY))["text"]


@given(entries=ENTRIES, settings=SETTINGS)
def test_a_voucher_always_balances_or_the_report_is_held(entries, settings):
    """
    Whatever a report says: debit is credit, every row has an account of four digits, and nothing is lost.
    """
    found = booked(settings, packed(entries))
    if isinstance(found, Problem):
        assert found.code in {"ZRP01", "ZRP04"}
        return
    made = unpacked(found["entries"])
    kept = [each.amount for each in entries if each.amount]
    assert 0 == balance(made)
    assert all(postings.is_account(each.account) for each in made)
    assert kept == [each.amount for each in made][: len(kept)]
    assert abs(turnover(made) - turnover(entries)) <= settings["auto_round_limit"]


@given(entries=ENTRIES, settings=SETTINGS)
def test_a_voucher_and_its_report_are_the_same_sum(entries, settings):
    """
    So that the two, once linked, have nothing to tell: not for a translation, a cost centre or a rounding.
    """
    found = booked(settings, packed(entries))
    if isinstance(found, Problem):
        return
    whole = msgspec.structs.replace(DEFAULT, **settings)
    rule = agreements(whole, START, "{}{}".format)["posting"].rule("entries")
    assert rule.same(found["entries"], packed(entries))


def test_a_report_of_another_sum_is_not_the_one_that_was_booked():
    """
    A krona more, or the same rows twice.
    """
    rule = agreements(DEFAULT, START, "{}{}".format)["posting"].rule("entries")
    one, more = rows("1910 125.00, 3001 -125.00"), rows("1910 126.00, 3001 -126.00")
    assert [True, False] == [rule.same(one, one), rule.same(one, more)]


def test_the_pdf_of_a_report_crosses_after_everything_else_and_where_it_is_wanted():
    """
    Under its own name, and from the day on from which reports do.
    """
    assert "file" not in agreements(DEFAULT, START, "{}{}".format)
    day = dt.date(2026, 3, 1)
    settings = msgspec.structs.replace(DEFAULT, attach_pdf=True, articles=True, reports_from=day)
    agreed = agreements(settings, START, "{}{}".format)
    assert ("file", agreed["posting"].start) == ([*agreed][-1], agreed["file"].start)
    shown = {"posting": "register/000000123", "name": "Z-rapport K1-123 2026-11-21.pdf"}
    assert {"name": shown["name"]} == agreed["file"].create[Side.FORTNOX](shown)
    assert {Side.FORTNOX} == set(agreed["file"].create)


def test_neither_side_is_ever_written_to_once_they_are_linked():
    """
    A booked voucher is changed by nobody, and a Z-report cannot be.
    """
    agreed = agreements(DEFAULT, START, "{}{}".format)["posting"]
    assert all(rule.frozen and not rule.to for rule in agreed.rules)
    assert {Side.FORTNOX} == set(agreed.create)
