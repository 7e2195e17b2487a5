"""
Sales on invoice as a bookkeeper reads them: what a report's voucher takes back, what an order is made of.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.documents import DocumentRow, packed, sum_of, unpacked, vat_in
from daemon.core.postings import Entry, balance
from daemon.core.postings import packed as packed_entries
from daemon.core.postings import unpacked as unpacked_entries
from daemon.core.records import Problem
from daemon.pairs.fortnox_eskassa import contradictions, wanted
from daemon.pairs.fortnox_eskassa.postings import agreement, voucher
from daemon.pairs.fortnox_eskassa.sales import order
from daemon.pairs.fortnox_eskassa.settings import Settings
from daemon.pairs.settings import SecretRef

START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
SETTINGS = Settings(
    kind="eskassa",
    company="acme",
    account="acme",
    machine_id="m",
    machine_key=SecretRef(credential="till"),
    integrator_id="i",
    start=START.date(),
    reports=True,
    voucher_series="K",
    invoices=True,
    master="till",
    payment_terms="30",
    invoice_sales="reverse_in_z",
)
REPORT = {"register": "1", "number": 123, "reported_at": "2026-11-20T18:40:00"}


def settled(**keys):
    return msgspec.structs.replace(SETTINGS, **keys)


def entries(text):
    """`1910 125.00, 3001 -100.00`."""
    pairs = [each.split() for each in text.split(", ")] if text else []
    return [Entry(account=account, amount=round(float(amount) * 100)) for account, amount in pairs]


def told(found):
    return ", ".join(f"{each.account} {each.amount / 100:.2f}" for each in found)


DAY = "1580 500.00, 1511 125.00, 3001 -500.00, 2611 -125.00"
TWO = "1580 500.00, 1511 178.00, 3001 -500.00, 2611 -125.00, 3003 -50.00, 2631 -3.00"
BACK = "1511 -125.00, 3001 100.00, 2611 25.00"
# fmt: off
CASES = {
    # settings, the report, sold on invoice by rate and receipt, paid by invoice; what is taken back
    "nothing on invoice":         ({}, "1580 125.00, 3001 -100.00, 2611 -25.00", "", 0, ""),
    "one sale":                   ({}, DAY, "25 125.00", 125, BACK),
    "two rates":                  ({}, TWO, "25 125.00, 6 53.00", 178,
                                   "1511 -178.00, 3001 100.00, 2611 25.00, 3003 50.00, 2631 3.00"),
    "VAT of each receipt itself": ({}, "1511 0.06, 3001 -0.05, 2611 -0.01", "25 0.03, 25 0.03", 0.06,
                                   "1511 -0.06, 3001 0.04, 2611 0.02"),
    "without VAT":                ({}, "1511 80.00, 3004 -80.00", "0 80.00", 80, "1511 -80.00, 3004 80.00"),
    "paid in part":               ({}, "1580 25.00, 1511 100.00, 3001 -100.00, 2611 -25.00",
                                   "25 125.00", 100, BACK),
    "a return":                   ({}, "1511 -125.00, 3001 100.00, 2611 25.00", "25 -125.00", -125,
                                   "1511 125.00, 3001 -100.00, 2611 -25.00"),
    "accounts of its own":        ({"sales_accounts": {"25": "3051"}, "vat_accounts": {"25": "2615"}},
                                   "1511 125.00, 3051 -100.00, 2615 -25.00", "25 125.00", 125,
                                   "1511 -125.00, 3051 100.00, 2615 25.00"),
    "accounts translated":        ({"accounts": {"1511": "1519", "3001": "3041"}},
                                   DAY, "25 125.00", 125, "1519 -125.00, 3041 100.00, 2611 25.00"),
    "an old one, all by card":    ({}, "1580 125.00, 3001 -100.00, 2611 -25.00", "", None, ""),
    "an old one":                 ({}, DAY, "", None, "ZRP08"),
    "more than the receipts":     ({}, DAY, "25 124.00", 124, "ZRP08"),
    "less than the receipts":     ({}, DAY, "25 125.00, 25 10.00", 135, "ZRP08"),
    "not in the report at all":   ({}, "1580 125.00, 3001 -100.00, 2611 -25.00", "25 125.00", 125, "ZRP08"),
    "another account was used":   ({}, "1511 125.00, 3010 -100.00, 2611 -25.00", "25 125.00", 125, "ZRP08"),
    "a row of no article":        ({}, "1511 500.00, 2421 -500.00", " 500.00", 500, "ZRP08"),
    "a rate that nobody knows":   ({}, "1511 108.00, 3001 -100.00, 2611 -8.00", "8 108.00", 108, "ZRP08"),
    "left out by the register, where it is": ({"invoice_sales": "excluded"}, DAY, "", None, "ZRP07"),
    "cleared":                    ({"invoice_sales": "clearing"}, DAY, "", None, ""),
}
# fmt: on


@pytest.mark.parametrize(("keys", "report", "invoiced", "on_invoice", "back"), CASES.values(), ids=CASES)
def test_what_a_voucher_takes_back(keys, report, invoiced, on_invoice, back):
    """
    Sales and VAT of the receipts are debited, the receivable is credited; or the report is held with a code.
    """
    found = unspelled(invoiced)
    fields = {
        **REPORT,
        "entries": packed_entries(entries(report)),
        "invoiced": packed_entries(found),
        "on_invoice": on_invoice if on_invoice is None else round(on_invoice * 100),
    }
    made = voucher(settled(**keys), fields)
    if isinstance(made, Problem):
        assert back == made.code
        assert made.what and made.todo
        return
    booked = unpacked_entries(made["entries"])
    assert 0 == balance(booked)
    assert back == told(booked[len(entries(report)) :])


@pytest.mark.parametrize(
    ("sold_at", "held"), [("2026-11-22T23:59:59", False), ("2026-11-23T00:00:00", True)], ids=["before", "on"]
)
def test_a_report_of_before_invoices_cross_is_booked_as_it_is(sold_at, held):
    """
    No order books what it has on invoice, so nothing need be known of its receipts.
    """
    fields = {**REPORT, "sold_at": sold_at, "entries": packed_entries(entries(DAY)), "on_invoice": None}
    made = voucher(settled(invoices_from=dt.date(2026, 11, 23)), fields)
    assert held == isinstance(made, Problem)
    assert held or DAY == told(unpacked_entries(made["entries"]))


def unspelled(text):
    """As `entries`; a row without a rate begins with a space."""
    pairs = [each.rpartition(" ")[::2] for each in text.split(", ")] if text else []
    return [
        Entry(account=rate.strip(), amount=round(float(amount) * 100), text="K1-1") for rate, amount in pairs
    ]


RATES = st.sampled_from([0, 6, 12, 25])
ROWS = st.lists(st.tuples(RATES, st.integers(-1_000_000, 1_000_000)), min_size=1, max_size=4)
SALES = {0: "3004", 6: "3003", 12: "3002", 25: "3001"}
VATS = {6: "2631", 12: "2621", 25: "2611"}


def booked_by_till(receipts, owed):
    """A Z-report of receipts, each VAT rate rounded once; every account has a row."""
    sums = Counter({"1511": owed, "1580": sum_all(receipts) - owed})
    for rate, account in SALES.items():
        gross = sum(amount for receipt in receipts for each, amount in receipt if each == rate)
        vat = vat_in(gross, Decimal(rate))
        sums[account] -= gross - vat
        if rate:
            sums[VATS[rate]] -= vat
    return sums


def sum_all(receipts):
    return sum(amount for receipt in receipts for _, amount in receipt)


def invoice_of(receipt):
    """What Fortnox books for one receipt's invoice."""
    sums = Counter({"1510": sum(amount for _, amount in receipt)})
    for rate in {rate for rate, _ in receipt}:
        gross = sum(amount for each, amount in receipt if each == rate)
        vat = vat_in(gross, Decimal(rate))
        sums[SALES[rate]] -= gross - vat
        if rate:
            sums[VATS[rate]] -= vat
    return sums


def by_rate(receipt):
    """As the adapter tells it: one entry for each rate."""
    sums = Counter()
    for rate, amount in receipt:
        sums[rate] += amount
    return [Entry(account=str(rate), amount=amount) for rate, amount in sums.items()]


@given(st.lists(ROWS, max_size=4), st.lists(ROWS, max_size=4))
def test_report_and_invoices_together_book_what_the_report_says_with_the_debt_in_fortnox(card, billed):
    """
    Whatever is sold and taken back: all of the receivable is gone, and sales and VAT stay as they were.
    """
    owed = sum_all(billed)
    report = booked_by_till(card + billed, owed)
    fields = {
        **REPORT,
        "entries": packed_entries(Entry(account=a, amount=n) for a, n in report.items()),
        "invoiced": packed_entries(entry for receipt in billed for entry in by_rate(receipt)),
        "on_invoice": owed,
    }
    made = voucher(settled(), fields)
    if isinstance(made, Problem):  # a sale and a return that leave no row
        assert "ZRP08" == made.code
        assert not all(report.values())
        return
    sums = Counter()
    for entry in unpacked_entries(made["entries"]):
        sums[entry.account] += entry.amount
    for receipt in billed:
        for account, amount in invoice_of(receipt).items():
            sums[account] += amount
    assert (0, owed) == (sums.pop("1511", 0), sums.pop("1510", 0))
    assert {a: n for a, n in report.items() if a != "1511" and n} == {a: n for a, n in sums.items() if n}


def test_what_is_taken_back_is_no_difference_from_the_report():
    """
    The voucher, read again, says what the report does; with another amount it does not.
    """
    settings = settled()
    fields = {**REPORT, "entries": packed_entries(entries(DAY)), "on_invoice": 12500}
    fields["invoiced"] = packed_entries(unspelled("25 125.00"))
    booked = voucher(settings, fields)["entries"]
    rule = agreement(settings, START, str).rule("entries")
    assert rule.same(booked, fields["entries"])
    assert not rule.same(booked.replace("50000", "50100"), fields["entries"])


# ------------------------------------------------------------------ orders

ROW = DocumentRow(
    article="A", text="Kaffe", quantity=Decimal(2), price=Decimal(125), vat=Decimal(25), total=25000
)
FOOD = DocumentRow(article="B", text="Te", quantity=Decimal(1), price=Decimal(53), vat=Decimal(6), total=5300)
INVOICE = {"key": "K1-1", "date": "2026-11-20", "total": 30300, "paid": 0, "rows": packed([ROW, FOOD])}


def test_an_order_of_a_sale():
    """
    Its rows as they are, with VAT.
    """
    made = order(settled(), INVOICE)
    assert (ROW, FOOD) == unpacked(made["rows"])
    assert ("order", True, "K1-1", "30") == tuple(
        made[name] for name in ("form", "vat_included", "your_number", "terms")
    )


def test_an_order_of_what_the_report_has_booked():
    """
    On the receivable, as Fortnox calls it, without VAT; what VAT there was is said.
    """
    settings = settled(invoice_sales="clearing", accounts={"1511": "1519"})
    first, second, said = unpacked(order(settings, INVOICE)["rows"])
    assert [("1519", Decimal(0), 25000), ("1519", Decimal(0), 5300)] == [
        (row.account, row.vat, row.total) for row in (first, second)
    ]
    assert "Momsen är redovisad i kassan: 25 % 50.00 kr, 6 % 3.00 kr." == said.text


WAITS = {
    "no rows": ({"rows": None}, "REC13"),
    "another sum": ({"total": 30299}, "REC16"),
    "a sum that cannot be read": ({"total": None}, "REC16"),
    "a return without a minus": ({"returned": True}, "REC16"),
}


@pytest.mark.parametrize(("fields", "code"), WAITS.values(), ids=WAITS)
def test_a_sale_that_does_not_add_up_waits(fields, code):
    """
    Nothing is guessed about money.
    """
    assert code == order(settled(), {**INVOICE, **fields}).code


@given(ROWS)
def test_an_order_comes_to_what_the_receipt_does(found):
    """
    In each mode, whatever its rows are.
    """
    rows = [
        DocumentRow(article="A", quantity=Decimal(1), price=Decimal(n).scaleb(-2), vat=Decimal(rate), total=n)
        for rate, n in found
    ]
    invoice = {"total": sum_of(rows), "paid": 100, "rows": packed(rows)}
    for mode in ("excluded", "reverse_in_z", "clearing"):
        made = order(settled(invoice_sales=mode), invoice)
        assert invoice["total"] == sum_of(unpacked(made["rows"]))


# ------------------------------------------------------------------ settings

# fmt: off
MISTAKES = {
    # settings, the keys that are named
    "all is well":                 ({}, []),
    "nothing said":                ({"invoice_sales": ""}, ["invoice_sales"]),
    "taken back from no report":   ({"reports": False}, ["invoice_sales"]),
    "cleared by no report":        ({"reports": False, "invoice_sales": "clearing"}, ["invoice_sales"]),
    "left out, without reports":   ({"reports": False, "invoice_sales": "excluded"}, []),
    "Fortnox' own receivable":     ({"receivable_account": "1510"}, ["receivable_account"]),
    "translated to that":          ({"accounts": {"1511": "1510"}}, ["receivable_account"]),
    "a rate that no till has":     ({"sales_accounts": {"20": "3001"}}, ["sales_accounts"]),
    "VAT of nothing":              ({"vat_accounts": {"0": "2611"}}, ["vat_accounts"]),
    "accounts that are none":      ({"sales_accounts": {"25": "30"}, "vat_accounts": {"6": "x"}},
                                    ["sales_accounts", "vat_accounts"]),
}
# fmt: on


@pytest.mark.parametrize(("keys", "named"), MISTAKES.values(), ids=MISTAKES)
def test_settings_that_cannot_stand_together(keys, named):
    """
    Each is named by its key.
    """
    assert named == [key for key, _, _ in contradictions(settled(**keys))]


def test_the_accounts_that_must_be_there():
    """
    Those that the settings name, as Fortnox calls them.
    """

    def accounts(**keys):
        return [each.value for each in wanted(settled(**keys)) if each.register == "accounts"]

    assert ["1511"] == accounts()
    assert ["1511", "3051"] == accounts(sales_accounts={"25": "3051"})
    assert ["1519"] == accounts(invoice_sales="clearing", accounts={"1511": "1519"})
    assert [] == accounts(invoice_sales="excluded")
