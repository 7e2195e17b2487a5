"""Z-reports and sales on invoice of ES Kassasystem (dinkassa.md 4.1, 5.3, 8.2)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core import documents, postings
from daemon.core.documents import DocumentRow
from daemon.core.postings import Entry
from daemon.core.records import Lane
from daemon.errors import Unusable
from daemon.systems.eskassa import mapping
from daemon.systems.eskassa.reports import _windows
from tests.systems.eskassa_shop import FIRST_DAY, MACHINE, REPORTS, Shop, listed, machines, shown
from tests.systems.fakes import NOW, reply

ACCOUNTS = [
    {"Description": "Kontokort", "Number": "1580", "Amount": 3430.20},
    {"Description": "Försäljning 12 %", "Number": "3002", "Amount": -3062.68},
    {"Description": "Utgående moms 12 %", "Number": 2621, "Amount": -367.52},
    {"Description": "Presentkort", "Number": "2421", "Amount": 0},
]
OTHER = f"{MACHINE[:-1]}2"


def report(name="K1:1", day="2026-11-19", **fields):
    """One Z-report as it is shown."""
    return {
        "ZReport": name,
        "ReportDateTime": f"{day}T17:30:26",
        "FirstTransactionDateTime": f"{day}T11:10:12",
        "LastTransactionDateTime": f"{day}T15:46:34",
        "Accounts": ACCOUNTS,
        **fields,
    }


def archive(*reports, machine=MACHINE):
    """Answers with the reports of the days that are asked for."""

    def answer(sent):
        first, last = sent.query["startDate"], sent.query["endDate"]
        assert (dt.date.fromisoformat(last) - dt.date.fromisoformat(first)).days < 31
        there = [each for each in reports if first <= each["ReportDateTime"][:10] <= last]
        return reply(200, {"ZReports": there if sent.query["machineId"] == machine else []})

    return answer


@pytest.fixture
def shop():
    """A shop with one report."""
    shop = Shop()
    shop.http[REPORTS] = archive(report())
    return shop


def asked(shop):
    """The days that were asked for, by the last digit of the register."""
    return [
        (each.query["machineId"][-1], each.query["startDate"], each.query["endDate"])
        for each in shop.http.named(REPORTS)
    ]


# ------------------------------------------------------------------ Z-reports


async def test_a_report_in_our_words(shop):
    """Debit and credit in whole öre, no row of nothing, times as they are told."""
    (seen,) = await shop.rows("posting")

    entries = seen.fields["entries"]
    assert {**seen.fields, "entries": None} == {
        "register": "1",
        "number": 1,
        "reported_at": "2026-11-19T17:30:26",
        "first_sale_at": "2026-11-19T11:10:12",
        "sold_at": "2026-11-19T15:46:34",
        "entries": None,
        "odd": None,
    }
    assert postings.unpacked(entries) == (
        Entry(account="1580", amount=343020, text="Kontokort"),
        Entry(account="3002", amount=-306268, text="Försäljning 12 %"),
        Entry(account="2621", amount=-36752, text="Utgående moms 12 %"),
    )
    assert seen.id == f"{MACHINE}/000000001"
    assert seen.changed_at == seen.born_at == dt.datetime(2026, 11, 19, 16, 30, 26, tzinfo=dt.UTC)


NAMES = {
    "a long number": ("K12:123456", "12", 123456, "000123456"),
    "another form": ("Z 17", None, None, "Z 17"),
    "lower case": ("k1:2", None, None, "k1:2"),
}


@pytest.mark.parametrize(("name", "register", "number", "end"), NAMES.values(), ids=NAMES)
async def test_a_report_is_known_by_its_register_and_number(shop, name, register, number, end):
    """What is named otherwise is known by that name."""
    shop.http[REPORTS] = archive(report(name))

    (seen,) = await shop.rows("posting", NOW)

    assert (seen.id, seen.fields["register"], seen.fields["number"]) == (f"{MACHINE}/{end}", register, number)


AMOUNTS = {
    "binary noise": (0.1 + 0.2, "30", None),
    "a text": ("12.50", "1250", None),
    "a part of an öre": (1.005, None, "1910 Kontant: 1.005"),
    "words": ("tolv", None, "1910 Kontant: tolv"),
    "nothing": (None, None, "1910 Kontant: None"),
    "a flag": (True, None, "1910 Kontant: True"),
}


@pytest.mark.parametrize(("amount", "ore", "odd"), AMOUNTS.values(), ids=AMOUNTS)
async def test_an_amount_that_is_none_is_told(shop, amount, ore, odd):
    """It must not look as if the report had one row less."""
    row = {"Description": "Kontant", "Number": "1910", "Amount": amount}
    shop.http[REPORTS] = archive(report(Accounts=[row]))

    (seen,) = await shop.rows("posting", NOW)

    found = [str(entry.amount) for entry in postings.unpacked(seen.fields["entries"])]
    assert (found, seen.fields["odd"]) == ([ore] if ore else [], odd)


@given(st.lists(st.integers(-(10**12), 10**12)))
def test_amounts_stay_exact(amounts):
    """What balances there balances here."""
    rows = [{"Number": "1910", "Amount": Decimal(amount).scaleb(-2)} for amount in amounts]

    found = mapping.POSTING.read({"Accounts": rows})

    assert postings.balance(postings.unpacked(found["entries"])) == sum(amounts)
    assert found["odd"] is None


SHAPES = {
    "no accounts": ({"Accounts": None}, "the report has no list of accounts"),
    "only rows of nothing": ({"Accounts": [{"Number": "1910", "Amount": 0}]}, None),
    "no rows": ({"Accounts": []}, None),
    "a row that is none": ({"Accounts": ["1910"]}, "a row that is none: 1910"),
}


@pytest.mark.parametrize(("fields", "odd"), SHAPES.values(), ids=SHAPES)
async def test_an_empty_report_is_not_a_broken_one(shop, fields, odd):
    """A day without sales has no entries; a report that lost its rows says so."""
    shop.http[REPORTS] = archive(report(**fields))

    (seen,) = await shop.rows("posting", NOW)

    assert (seen.fields["entries"], seen.fields["odd"]) == (None, odd)


async def test_a_row_without_an_account_keeps_its_amount(shop):
    """The register lacks an account there (6): the pair refuses the report."""
    shop.http[REPORTS] = archive(
        report(Accounts=[{"Number": "", "Amount": 5}, {"Number": None, "Amount": -5}])
    )

    (seen,) = await shop.rows("posting", NOW)

    assert postings.unpacked(seen.fields["entries"]) == (Entry(amount=500), Entry(amount=-500))


async def test_a_week_is_read_again_each_time(shop):
    """Registers replicate late; reports of the last week cost one request a register."""
    pages = await shop.pages("posting", NOW)

    assert [page.complete for page in pages] == [False]
    assert asked(shop) == [("1", "2026-11-13", "2026-11-20")]


async def test_everything_is_read_by_the_month_from_the_first_day(shop):
    """And nothing of before it."""
    shop.http["GET /machine"] = machines("Kassa 1", "Kassa 2")

    pages = await shop.pages("posting")

    assert all(page.complete for page in pages)
    months = [("2026-09-01", "2026-10-01"), ("2026-10-02", "2026-11-01"), ("2026-11-02", "2026-11-20")]
    assert asked(shop) == [(register, *month) for register in "12" for month in months]


async def test_nothing_before_the_first_day_is_asked_for():
    """Also where a week back goes beyond it."""
    shop = Shop(first_day=dt.date(2026, 11, 18))
    shop.http[REPORTS] = archive()

    await shop.rows("posting", NOW)

    assert asked(shop) == [("1", "2026-11-18", "2026-11-20")]


async def test_a_day_ends_at_swedish_midnight(shop):
    """At 23:30 UTC it is tomorrow there."""
    await shop.clock.sleep(11.5 * 3600)

    await shop.rows("posting", NOW)

    assert asked(shop)[0][2] == "2026-11-21"


async def test_only_the_registers_of_the_config_are_read():
    """Whether or not the list of machines is asked."""
    shop = Shop(registers=[OTHER])
    shop.http[REPORTS] = archive(report("K2:7"), machine=OTHER)

    assert [seen.id for seen in await shop.rows("posting", NOW)] == [f"{OTHER}/000000007"]
    assert shop.asked("GET /machine") == 0


async def test_a_shop_without_registers_is_not_one_whose_reports_are_gone(shop):
    """An empty list of machines proves nothing."""
    shop.http["GET /machine"] = machines()

    assert [(page.rows, page.complete) for page in await shop.pages("posting")] == [((), False)]


async def test_of_reports_only_those_since(shop):
    """A report never changes."""
    later = dt.datetime(2026, 11, 19, 18, 0, tzinfo=dt.UTC)

    assert await shop.rows("posting", later, only_changed=True) == []


async def test_a_report_that_was_read_is_asked_for_by_its_day(shop):
    """One small answer."""
    await shop.rows("posting")
    shop.http.sent.clear()

    seen = await shop.system.get("posting", f"{MACHINE}/000000001", Lane.READ)

    assert seen.fields["number"] == 1
    assert asked(shop) == [("1", "2026-11-19", "2026-11-19")]


async def test_a_report_whose_day_is_not_known_is_searched_for_backwards(shop):
    """The youngest month first; after a restart nothing is known of days."""
    shop.http[REPORTS] = archive(report(day="2026-10-01"))

    assert await shop.system.get("posting", f"{MACHINE}/000000001", Lane.READ)
    assert asked(shop) == [("1", "2026-10-21", "2026-11-20"), ("1", "2026-09-20", "2026-10-20")]


async def test_a_report_that_is_nowhere_is_none(shop):
    """Every day since the first was asked for."""
    assert await shop.system.get("posting", f"{MACHINE}/000000009", Lane.READ) is None
    assert asked(shop)[-1][1] == FIRST_DAY.isoformat()


@given(
    first=st.dates(dt.date(2015, 1, 1), dt.date(2026, 1, 1)),
    days=st.integers(-5, 4000),
    from_the_end=st.booleans(),
)
def test_windows_hold_each_day_once(first, days, from_the_end):
    """None is longer than they answer."""
    last = first + dt.timedelta(days=days)

    found = list(_windows(first, last, from_the_end=from_the_end))

    there = [start + dt.timedelta(days=n) for start, end in found for n in range((end - start).days + 1)]
    assert there == [first + dt.timedelta(days=n) for n in range(days + 1)]
    assert all((end - start).days < 31 for start, end in found)


async def test_reports_come_with_the_login_for_reports(shop):
    """And articles with the integrator's keys."""
    shop.report_grant.number = 7
    shop.http["GET /inventoryitem"] = listed()

    await shop.rows("posting", NOW)
    await shop.rows("item")

    assert [each.token for each in shop.http.sent] == ["Bearer 7", "Bearer 7", "Bearer 1"]


async def test_an_answer_without_reports_is_no_empty_day(shop):
    """Its wrapper must be there."""
    shop.http[REPORTS] = reply(200, {"Items": []})

    with pytest.raises(Unusable, match="JSN06"):
        await shop.rows("posting", NOW)


# ------------------------------------------------------------------ sales on invoice

SALE = {
    "Id": "700000000000000010",
    "ReceiptNumber": 51234,
    "MachineId": MACHINE,
    "DateTime": "2026-11-20T00:12:00",
    "CustomerId": "300000000000000001",
    "InvoiceNumber": "K1-311",
    "TotalAmount": 610.0,
    "IsReturn": False,
    "TransactionName": "Ref: Kalle",
    "Items": [
        {
            "ProductCode": "1001",
            "Description": "Kaffe 500 g",
            "Quantity": 10,
            "PricePerItemIncludingVat": 62.0,
            "VatPercentage": 6,
            "DiscountAmount": 10.0,
            "ExtraInformation": "malet",
        }
    ],
    "Payments": [{"Type": 4, "Amount": 610.0}],
}
CASH = {**SALE, "Id": "700000000000000011", "Payments": [{"Type": 1, "Amount": 610.0}]}


async def test_a_sale_on_invoice_in_our_words(shop):
    """Prices with VAT, the discount once for the row, the register by its name; cash sales are left out."""
    await shop.system.prepare()
    shop.http["GET /transaction"] = listed(SALE, CASH)

    (seen,) = await shop.rows("document", NOW)

    rows = documents.unpacked(seen.fields["rows"])
    assert {**seen.fields, "rows": None} == {
        "customer": "300000000000000001",
        "key": "K1-311",
        "date": "2026-11-20",
        "text": "Ref: Kalle",
        "register": "Kassa 1",
        "total": 61000,
        "paid": 0,
        "returned": False,
        "rows": None,
        "vat_included": True,
    }
    assert rows == (
        DocumentRow(
            article="1001",
            text="Kaffe 500 g, malet",
            quantity=Decimal(10),
            price=Decimal(62),
            off=1000,
            vat=Decimal(6),
            total=61000,
        ),
    )
    assert seen.changed_at == dt.datetime(2026, 11, 19, 23, 12, tzinfo=dt.UTC)


def sale(**fields):
    """A sale on invoice with something else about it."""
    return {**SALE, **fields}


def line(**fields):
    """Its row with something else about it."""
    return sale(Items=[{**SALE["Items"][0], **fields}])


ODDITIES = {
    "a part paid by card": (sale(Payments=[{"Type": 2, "Amount": 10.5}, {"Type": "4"}]), "paid", 1050),
    "a return": (sale(IsReturn=True), "returned", True),
    "a row that comes back": (line(Quantity=-1), "returned", True),
    "a register without a name": (sale(MachineId="x"), "register", "x"),
    "a quantity that is none": (line(Quantity="tio"), "rows", None),
    "a price that is none": (line(PricePerItemIncludingVat=None), "rows", None),
    "a payment that is no number": (sale(Payments=[{"Type": 4}, {"Type": 1, "Amount": "x"}]), "paid", None),
}


@pytest.mark.parametrize(("receipt", "field", "value"), ODDITIES.values(), ids=ODDITIES)
async def test_a_sale_with_something_odd(shop, receipt, field, value):
    """What cannot be read is absent, never guessed."""
    shop.http["GET /transaction"] = listed(receipt)

    (seen,) = await shop.rows("document", NOW)

    assert seen.fields.get(field) == value


DAYS = {
    "the usual": (NOW - dt.timedelta(minutes=5), "2026-11-18T12:55:00"),
    "everything": (None, "2026-11-13T13:00:00"),
    "a long stop": (NOW - dt.timedelta(days=6, minutes=1), "2026-11-13T13:00:00"),
    "almost too long": (NOW - dt.timedelta(days=6), "2026-11-13T13:00:00"),
}


@pytest.mark.parametrize(("since", "start"), DAYS.values(), ids=DAYS)
async def test_receipts_are_asked_for_with_an_overlap_as_far_as_they_are_served(shop, since, start):
    """Seven days back and no more (4.1)."""
    shop.http["GET /transaction"] = listed()

    (page,) = await shop.pages("document", since)

    assert page.complete is False
    assert shop.http.sent[-1].query == {
        "startDateTime": start,
        "endDateTime": "2026-11-20T13:00:00",
        "offset": "0",
        "fetch": "100",
    }


async def test_it_says_how_far_back_receipts_reach(shop):
    """Of the days before that some may be lost, and who reads later than that must be told."""
    assert shop.system.reach == {"document": dt.timedelta(days=6)}


async def test_nothing_is_asked_for_of_before_the_first_day():
    """It was never wanted."""
    shop = Shop(first_day=dt.date(2026, 11, 20))
    shop.http["GET /transaction"] = listed()

    await shop.pages("document", NOW - dt.timedelta(days=30))

    assert shop.http.sent[-1].query["startDateTime"] == "2026-11-20T00:00:00"


async def test_the_types_of_payment_that_are_invoices_are_a_setting():
    """Their numbers are published for some types only (4.2)."""
    shop = Shop(invoice_payments=[9])
    shop.http["GET /transaction"] = listed(SALE, sale(Id="1", Payments=[{"Type": 9, "Amount": 610.0}]))

    assert [seen.id for seen in await shop.rows("document", NOW)] == ["1"]


RECEIPTS = {
    "on invoice": (shown(SALE), True),
    "cash": (shown({**CASH, "Id": SALE["Id"]}), False),
    "not there": (reply(404, {"Message": "not found"}), False),
}


@pytest.mark.parametrize(("answer", "there"), RECEIPTS.values(), ids=RECEIPTS)
async def test_a_receipt_by_its_id(shop, answer, there):
    """Only those on invoice exist for us."""
    shop.http[f"GET /transaction/{SALE['Id']}"] = answer

    assert bool(await shop.system.get("document", SALE["Id"], Lane.READ)) is there


@pytest.mark.parametrize("kind", ["posting", "document", "stock"])
async def test_what_we_never_make_is_never_looked_for(shop, kind):
    """No creation of ours can be among them."""
    assert await shop.system.look(kind, {"number": "1"}, NOW) == []
    assert shop.http.sent == []
