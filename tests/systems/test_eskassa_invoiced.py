"""What was sold on invoice in a Z-report, told by its receipts (dinkassa.md 4.1, 8.2; decision 15)."""

from __future__ import annotations

import datetime as dt

import pytest

from daemon.core.postings import unpacked
from daemon.core.records import Lane
from tests.systems.eskassa_shop import MACHINE, REPORTS, Shop, listed
from tests.systems.fakes import NOW, reply

OTHER = f"{MACHINE[:-1]}2"


def report(first="2026-11-19T11:10:12", last="2026-11-19T15:46:34", **fields):
    return {
        "ZReport": "K1:1",
        "ReportDateTime": "2026-11-19T17:30:26",
        "FirstTransactionDateTime": first,
        "LastTransactionDateTime": last,
        "Accounts": [],
        **fields,
    }


def row(price, vat=25, code="1001"):
    numbers = {"Quantity": 1, "PricePerItemIncludingVat": price, "VatPercentage": vat}
    return {"ProductCode": code, "Description": "Vara", "DiscountAmount": 0, **numbers}


def receipt(number, *rows, at="2026-11-19T12:00:00", paid=0.0, **fields):
    total = sum(each["PricePerItemIncludingVat"] for each in rows)
    payments = [{"Type": 4, "Amount": total - paid}, *([{"Type": 2, "Amount": paid}] if paid else [])]
    return {
        "Id": str(number),
        "MachineId": MACHINE,
        "DateTime": at,
        "CustomerId": "3",
        "InvoiceNumber": f"K1-{number}",
        "TotalAmount": total,
        "Items": list(rows),
        "Payments": payments,
        **fields,
    }


def shop_with(*receipts, **fields):
    """A shop whose first register has one report."""
    shop = Shop(with_invoiced=True, registers=[MACHINE])
    shop.http[REPORTS] = reply(200, {"ZReports": [report(**fields)]})
    shop.http["GET /transaction"] = listed(*receipts)
    return shop


async def told(shop, since=NOW):
    (seen,) = await shop.rows("posting", since)
    sold = [(each.account, each.amount, each.text) for each in unpacked(seen.fields["invoiced"])]
    return sold, seen.fields["on_invoice"]


CARD = {**receipt(9, row(50.0)), "Payments": [{"Type": 2, "Amount": 50.0}]}
# fmt: off
CASES = {
    # the receipts of the day      by receipt and rate, and what was on invoice
    "none":                       ([],                              [], 0),
    "by card":                    ([CARD],                          [], 0),
    "one":                        ([receipt(1, row(125.0))],        [("25", 12500, "K1-1")], 12500),
    "two":                        ([receipt(1, row(125.0)), receipt(2, row(10.6, 6))],
                                   [("25", 12500, "K1-1"), ("6", 1060, "K1-2")], 13560),
    "two rates on one":           ([receipt(1, row(125.0), row(10.6, 6), row(1.0))],
                                   [("25", 12600, "K1-1"), ("6", 1060, "K1-1")], 13660),
    "without VAT":                ([receipt(1, row(80.0, 0))],      [("0", 8000, "K1-1")], 8000),
    "paid in part":               ([receipt(1, row(125.0), paid=25.0)], [("25", 12500, "K1-1")], 10000),
    "a row of no article":        ([receipt(1, row(500.0, 0, ""))], [("", 50000, "K1-1")], 50000),
    "the first second":           ([receipt(1, row(1.0), at="2026-11-19T11:10:12")],
                                   [("25", 100, "K1-1")], 100),
    "the last second":            ([receipt(1, row(1.0), at="2026-11-19T15:46:34")],
                                   [("25", 100, "K1-1")], 100),
    "the day before":             ([receipt(1, row(1.0), at="2026-11-19T11:10:11")], [], 0),
    "the day after":              ([receipt(1, row(1.0), at="2026-11-19T15:46:35")], [], 0),
    "a rate with a decimal":      ([receipt(1, row(125.0, 25.0))],  [("25", 12500, "K1-1")], 12500),
    "its id in capitals":         ([receipt(1, row(1.0), MachineId=MACHINE.upper())],
                                   [("25", 100, "K1-1")], 100),
    "another register":           ([receipt(1, row(1.0), MachineId=OTHER)], [], 0),
    "one that does not add up":   ([receipt(1, row(1.0), TotalAmount=2.0)], [("25", 100, "K1-1")], None),
}
# fmt: on


@pytest.mark.parametrize(("receipts", "sold", "on_invoice"), CASES.values(), ids=CASES)
async def test_a_report_tells_what_was_sold_on_invoice_in_it(receipts, sold, on_invoice):
    """
    The sale with VAT of each receipt and rate, and what of it was not paid at once.
    """
    assert (sold, on_invoice) == await told(shop_with(*receipts))


OLD = {"first": "2026-11-13T12:59:59", "last": "2026-11-13T15:00:00"}


@pytest.mark.parametrize(
    "fields", [OLD, {"first": None}, {"last": None}], ids=["eight days old", "no first sale", "no last sale"]
)
async def test_what_cannot_be_asked_for_is_not_told(fields):
    """
    Receipts are shown for seven days (4.1); nothing is not the same as not known.
    """
    shop = shop_with(receipt(1, row(1.0)), **fields)

    assert await told(shop) == ([], None)
    assert shop.asked("GET /transaction") == 0


async def test_an_older_report_keeps_what_it_told():
    """
    One that waits for a person for weeks can still be booked by this process; its receipts are not asked for.
    """
    day = {"first": "2026-11-14T10:00:00", "last": "2026-11-14T15:00:00"}
    shop = shop_with(receipt(1, row(1.0), at="2026-11-14T12:00:00"), **day)
    before = await told(shop)
    asked = shop.asked("GET /transaction")
    shop.clock.passed_s += 7 * 86_400

    assert before == await told(shop) == ([("25", 100, "K1-1")], 100)
    assert asked == shop.asked("GET /transaction") == 1


async def test_one_reading_of_receipts_serves_reports_and_invoices():
    """
    And only one of each: what is sold later is asked for again.
    """
    shop = shop_with(receipt(1, row(1.0)))
    await told(shop)
    assert ["1"] == [seen.id for seen in await shop.rows("document", NOW - dt.timedelta(minutes=10))]
    assert shop.asked("GET /transaction") == 1
    await shop.rows("document", NOW)
    await told(shop)
    assert shop.asked("GET /transaction") == 3


async def test_a_report_by_its_key_tells_it_too():
    """
    Whoever reads it.
    """
    shop = shop_with(receipt(1, row(1.0)))
    (seen,) = await shop.rows("posting", NOW)
    assert seen == await shop.system.get("posting", seen.id, Lane.READ)


async def test_who_does_not_ask_for_it_reads_no_receipts():
    """
    The other ways of decision 15 do not need them.
    """
    shop = Shop(registers=[MACHINE])
    shop.http[REPORTS] = reply(200, {"ZReports": [report()]})
    (seen,) = await shop.rows("posting", NOW)
    assert not {"invoiced", "on_invoice"} & seen.fields.keys()
    assert shop.asked("GET /transaction") == 0
