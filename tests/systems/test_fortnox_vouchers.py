"""Vouchers through the Fortnox adapter, against answers as fortnox.md 15 records them."""

from __future__ import annotations

import datetime as dt

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.postings import Entry, packed, unpacked
from daemon.core.records import Lane
from daemon.core.text import clean_fortnox
from daemon.errors import GrantError, OutcomeUnknown, Refused, Unusable
from daemon.net.decode import parse
from daemon.systems.fortnox import voucher_table
from tests.systems.fakes import LOST, reply
from tests.systems.fortnox_books import SINCE, YEARS, Office, account, listed, refusal

MARK = "FS1.EK.P.ABCDEFGHIJKLMNOPQRSTUVWXYZ"
OTHER = "FS1.EK.P.ZBCDEFGHIJKLMNOPQRSTUVWXYZ"
ENTRIES = (
    Entry(account="1910", amount=12500, text="Kontant"),
    Entry(account="3001", amount=-10000, cost_center="UME"),
    Entry(account="2611", amount=-2500),
)
FIELDS = {
    "reference": MARK,
    "series": "K",
    "date": "2026-03-02",
    "text": "Kassa 1, Z-rapport 123",
    "entries": packed(ENTRIES),
}
ROWS = [
    {"Account": 1910, "Debit": 125, "Credit": 0, "TransactionInformation": f"Kontant, {MARK}"},
    {"Account": 3001, "Debit": 0, "Credit": 100, "CostCenter": "UME", "TransactionInformation": ""},
    {"Account": 2611, "Debit": 0, "Credit": 25, "CostCenter": None},
]
VOUCHER = {
    "VoucherSeries": "K",
    "VoucherNumber": 118,
    "Year": 5,
    "TransactionDate": "2026-03-02",
    "Description": f"Kassa 1, Z-rapport 123, {MARK}",
    "ReferenceType": "MANUAL",
    "VoucherRows": ROWS,
}


def row(number=118, **more):
    """A row of the voucher list."""
    return {name: value for name, value in VOUCHER.items() if name != "VoucherRows"} | {
        "VoucherNumber": number,
        **more,
    }


def noon(day):
    """A time of that day."""
    return dt.datetime.fromisoformat(f"{day}T12:00:00+00:00")


def whole(**more):
    """A voucher, read by its key or answered to a POST."""
    return reply(201, {"Voucher": {**VOUCHER, **more}})


@pytest.fixture
def office():
    """A company of which the series K is served."""
    office = Office()
    office.http["GET /3/vouchers"] = listed("Vouchers", [row()])
    office.http["GET /3/vouchers/K/118"] = whole()
    office.http["POST /3/vouchers"] = whole()
    office.system.serve(["K"], [])
    return office


def of_year(rows):
    """A voucher list that shows each voucher in its own year."""
    return lambda sent: listed(
        "Vouchers", [each for each in rows if str(each["Year"]) == sent.query["financialyear"]]
    )


# ------------------------------------------------------------------ texts

TEXTS = {
    "the mark at the end": (f"Kassa 1, {MARK}", MARK, "Kassa 1"),
    "only the mark": (MARK, MARK, ""),
    "no mark": ("Kassa 1", "", "Kassa 1"),
    "no text": (None, "", ""),
    "written on by a person": (f"Kassa 1, {MARK}, rättad", MARK, "Kassa 1, rättad"),
    "something before it": (f"Rättad {MARK}", MARK, "Rättad"),
    "something behind it": (f"{MARK}, rättad", MARK, "rättad"),
    "a part of a longer word": (f"X{MARK}", "", f"X{MARK}"),
    "a mark that was cut": ("Kassa FS1.EK.P", "", "Kassa FS1.EK.P"),
}


@pytest.mark.parametrize(("raw", "mark", "text"), TEXTS.values(), ids=TEXTS)
def test_a_text_is_taken_apart(raw, mark, text):
    """The comma before the mark goes with it, what people write around it stays."""
    assert voucher_table.told(raw) == (mark, text)


@given(st.text(max_size=300))
def test_a_text_with_its_mark_fits_and_says_both(text):
    """However long it is, the mark is whole; the text is what `normal` says would be read back."""
    written = voucher_table.marked(text, MARK, 200)
    normal = voucher_table.POSTING.normal("text", text) if text else None

    assert len(written) <= 200
    assert voucher_table.told(written).mark == MARK or MARK in text
    if "FS1." not in clean_fortnox(text) and "&" not in text:
        assert voucher_table.told(written) == (MARK, normal or "")


def spelled(rows):
    """Rows as they come back from the other side: exact numbers."""
    return parse(msgspec.json.Encoder(decimal_format="number").encode(rows))


ENTRY = st.builds(
    Entry,
    account=st.integers(1000, 9999).map(str),
    amount=st.integers(-(10**11), 10**11).filter(bool),
    text=st.text("Aå1 ,-", max_size=120),
    cost_center=st.sampled_from(["", "UME"]),
)


@given(st.lists(ENTRY, min_size=1, max_size=6))
def test_rows_are_read_as_they_are_compared(entries):
    """The normal form of entries is what their rows show, with the mark or without it, to the öre."""
    normal = voucher_table.POSTING.normal("entries", packed(entries))
    rows = spelled(voucher_table.rows_of(entries, MARK))

    assert packed(voucher_table.entries_of(rows)) == normal
    assert [each.amount for each in unpacked(normal)] == [each.amount for each in entries]
    assert all(len(each.get("TransactionInformation", "")) <= 100 for each in rows)


# ------------------------------------------------------------------ reading


async def test_a_voucher_in_our_words(office):
    """The mark is its reference; text and rows are without it; debit is positive."""
    seen = await office.system.get("posting", "K/118/5", Lane.READ)

    assert (seen.id, seen.full) == ("K/118/5", True)
    assert seen.fields == FIELDS
    assert office.http.sent[-1].query == {"financialyear": "5"}


async def test_rows_that_were_struck_out_do_not_count(office):
    """Fortnox keeps them and says Removed."""
    struck = {**ROWS[1], "Credit": 999, "Removed": True}
    office.http["GET /3/vouchers/K/118"] = whole(VoucherRows=[struck, *ROWS])

    seen = await office.system.get("posting", "K/118/5", Lane.READ)

    assert seen.fields["entries"] == FIELDS["entries"]


async def test_a_mark_is_found_in_a_row_when_the_text_was_changed(office):
    """A person rewrote the description."""
    office.http["GET /3/vouchers/K/118"] = whole(Description="Rättad")

    seen = await office.system.get("posting", "K/118/5", Lane.READ)

    assert (seen.fields["reference"], seen.fields["text"]) == (MARK, "Rättad")


UNREADABLE = {
    "another year": {"Year": 4},
    "another number": {"VoucherNumber": 119},
    "no rows": {"VoucherRows": None},
    "a row without an account": {"VoucherRows": [{"Debit": 1}]},
    "an amount that is none": {"VoucherRows": [{"Account": 1910, "Debit": "mycket"}]},
    "no date": {"TransactionDate": ""},
}


@pytest.mark.parametrize("more", UNREADABLE.values(), ids=UNREADABLE)
async def test_a_voucher_that_makes_no_sense_is_not_believed(office, more):
    """Least of all one of another year, which a forgotten parameter would bring."""
    office.http["GET /3/vouchers/K/118"] = whole(**more)

    with pytest.raises(Unusable, match="JSN08"):
        await office.system.get("posting", "K/118/5", Lane.READ)


async def test_a_voucher_that_is_not_there_is_none(office):
    """Whatever code Fortnox's own 404 bears."""
    office.http["GET /3/vouchers/K/118"] = refusal(2000431, 404)

    assert await office.system.get("posting", "K/118/5", Lane.READ) is None


async def test_each_series_is_read_in_each_year(office):
    """Always with the year: without it Fortnox takes the preselected one."""
    office.system.serve(["K", "A", "K"], [])
    office.http["GET /3/vouchers"] = of_year([row(), row(7, Year=4)])

    rows = await office.rows("posting")

    asked = [each.query for each in office.http.named("GET /3/vouchers")]
    assert [(each["voucherseries"], each["financialyear"]) for each in asked] == [
        ("A", "4"),
        ("K", "4"),
        ("A", "5"),
        ("K", "5"),
    ]
    assert all("lastmodified" not in each for each in asked)
    assert set(rows) == {"K/7/4", "K/118/5"}
    assert all(page.complete for page in await office.pages("posting"))


async def test_a_list_row_shows_no_rows(office):
    """And says only that something may have changed."""
    rows = await office.rows("posting", SINCE)

    seen = rows["K/118/5"]
    assert (seen.full, seen.changed_at) == (False, SINCE)
    assert seen.fields == {name: FIELDS[name] for name in FIELDS if name != "entries"}
    assert all(each.query["lastmodified"] for each in office.http.named("GET /3/vouchers"))


OPEN_BOOKS = [
    # since          Fortnox' time   the years that are asked for
    ("2026-06-15",   "2026-06-15",   ["5"]),
    ("2026-12-05",   "2026-12-05",   ["5", "6"]),
    ("2027-01-20",   "2027-01-20",   ["5", "6"]),
    ("2027-02-20",   "2027-02-20",   ["6"]),
    ("2026-12-20",   "2027-02-20",   ["5", "6"]),
]  # fmt: skip


@pytest.mark.parametrize(("since", "now", "asked"), OPEN_BOOKS)
async def test_changes_are_asked_for_in_the_books_that_are_open(office, since, now, asked):
    """In the month before a year begins and after it ends: elsewhere hardly anybody books."""
    years = [*YEARS, {"Id": 6, "FromDate": "2027-01-01", "ToDate": "2027-12-31"}]
    told = msgspec.structs.replace(listed("FinancialYears", years), server_time=noon(now))
    office.http["GET /3/financialyears"] = told

    await office.rows("posting", noon(since))

    assert asked == [each.query["financialyear"] for each in office.http.named("GET /3/vouchers")]


async def test_readings_of_changes_share_one_list_of_years(office):
    """It is believed for ten minutes; a reading of everything asks anew."""
    for _ in range(3):
        await office.system.prepare()
        await office.rows("posting", SINCE)
    assert office.asked().count("GET /3/financialyears") == 1

    await office.system.prepare()
    await office.rows("posting")
    assert office.asked().count("GET /3/financialyears") == 1


async def test_a_filter_that_is_not_heeded_brings_no_strange_voucher(office):
    """Another series, or the same number of another year."""
    office.http["GET /3/vouchers"] = listed("Vouchers", [row(), row(Year=4), row(VoucherSeries="A")])
    office.system.serve(["K"], [])

    assert set(await office.rows("posting")) == {"K/118/5", "K/118/4"}


async def test_without_a_series_nothing_is_read(office):
    """One empty page, and no request."""
    office.system.serve([], [])

    (page,) = await office.pages("posting", SINCE)

    assert (page.rows, page.complete, office.asked()) == ((), True, [])


async def test_without_a_year_there_is_one_empty_page(office):
    """A new company has no books yet."""
    office.http["GET /3/financialyears"] = listed("FinancialYears", [])

    (page,) = await office.pages("posting")

    assert (page.rows, page.complete) == ((), True)


# ------------------------------------------------------------------ booking


async def test_a_voucher_is_booked_whole_in_one_request(office):
    """In the year of its date, with our mark in its text and in its first row."""
    answer = await office.system.create("posting", FIELDS, Lane.FRESH, once="ab" * 16)

    (sent,) = office.http.named("POST /3/vouchers")
    assert sent.query == {"financialyear": "5"}
    assert sent.body == {
        "Voucher": {
            "Description": f"Kassa 1, Z-rapport 123, {MARK}",
            "VoucherSeries": "K",
            "TransactionDate": "2026-03-02",
            "VoucherRows": [
                {
                    "Account": 1910,
                    "Debit": 125.0,
                    "Credit": 0,
                    "TransactionInformation": f"Kontant, {MARK}",
                },
                {"Account": 3001, "Debit": 0, "Credit": 100.0, "CostCenter": "UME"},
                {"Account": 2611, "Debit": 0, "Credit": 25.0},
            ],
        }
    }
    assert b'"Debit":125.00,' in sent.request.body
    assert (answer.status, answer.id, answer.seen.fields) == (201, "K/118/5", FIELDS)


async def test_the_first_row_bears_the_mark_though_it_has_no_text(office):
    """Of a text that is too long the end is cut, never the mark."""
    entries = (Entry(account="1910", amount=100), Entry(account="3001", amount=-100, text="x" * 120))

    with pytest.raises(OutcomeUnknown):
        await office.system.create("posting", {**FIELDS, "entries": packed(entries)}, Lane.FRESH)

    sent = office.http.sent[-1].body["Voucher"]["VoucherRows"]
    assert [each["TransactionInformation"] for each in sent] == [MARK, "x" * 100]


STRANGE = {
    "another year": {"Year": 4},
    "another series": {"VoucherSeries": "A"},
    "another date": {"TransactionDate": "2026-03-03"},
    "another sum": {"VoucherRows": [{**ROWS[0], "Debit": 126}, *ROWS[1:]]},
    "no rows": {"VoucherRows": None},
}


@pytest.mark.parametrize("more", STRANGE.values(), ids=STRANGE)
async def test_an_answer_that_shows_another_voucher_is_looked_into(office, more):
    """It cannot be known what was booked."""
    office.http["POST /3/vouchers"] = whole(**more)

    with pytest.raises(OutcomeUnknown, match="JSN08"):
        await office.system.create("posting", FIELDS, Lane.FRESH)


async def test_a_lost_answer_is_unknown_and_nothing_is_sent_twice(office):
    """Two identical requests make two vouchers."""
    office.http["POST /3/vouchers"] = LOST

    with pytest.raises(OutcomeUnknown):
        await office.system.create("posting", FIELDS, Lane.FRESH)
    assert len(office.http.named("POST /3/vouchers")) == 1


async def test_a_date_without_a_year_is_refused_before_it_is_sent(office):
    """Fortnox would take the preselected year."""
    with pytest.raises(Refused, match=r"REC22.*2027-01-01"):
        await office.system.create("posting", {**FIELDS, "date": "2027-01-01"}, Lane.FRESH)
    assert office.http.named("POST /3/vouchers") == []


async def test_the_years_are_asked_for_once(office):
    """Ten vouchers of a morning need one list of years."""
    for _ in range(3):
        await office.system.create("posting", FIELDS, Lane.FRESH)

    assert len(office.http.named("GET /3/financialyears")) == 1


async def test_what_does_not_balance_never_leaves(office):
    """It is a mistake of ours, not of the books."""
    uneven = packed([Entry(account="1910", amount=100)])

    with pytest.raises(AssertionError):
        await office.system.create("posting", {**FIELDS, "entries": uneven}, Lane.FRESH)


async def test_a_voucher_is_never_changed(office):
    """A correction is a new voucher."""
    with pytest.raises(AssertionError):
        await office.system.update("posting", "K/118/5", {"text": "x"}, Lane.FRESH, FIELDS)
    assert office.asked() == []


async def test_fortnox_cannot_be_asked_about_a_write_by_its_name(office):
    """There is no idempotency key (fortnox.md 8.6)."""
    assert await office.system.fenced("posting", "K/118/5", "ab" * 16, Lane.SETTLE) is None


# ------------------------------------------------------------------ looking


async def test_a_lost_voucher_is_among_those_that_changed_since(office):
    """In its own year, five minutes earlier for clocks; in any series: the config may name another now."""
    (seen,) = await office.system.look("posting", FIELDS, SINCE)

    assert (seen.id, seen.fields) == ("K/118/5", FIELDS)
    (sent,) = office.http.named("GET /3/vouchers")
    assert ("voucherseries" in sent.query, sent.query["financialyear"]) == (False, "5")
    assert sent.query["lastmodified"] == "2026-11-20 11:10"
    assert "fromdate" not in sent.query


async def test_without_a_time_it_is_looked_for_by_its_day(office):
    """Which Fortnox can search by."""
    await office.system.look("posting", FIELDS, None)

    (sent,) = office.http.named("GET /3/vouchers")
    assert (sent.query["fromdate"], sent.query["todate"]) == ("2026-03-02", "2026-03-02")
    assert "lastmodified" not in sent.query


async def test_only_vouchers_that_may_be_ours_are_read(office):
    """Those with our mark, and those without any: a person may have changed their text."""
    office.http["GET /3/vouchers"] = listed(
        "Vouchers", [row(), row(119, Description="Rättad"), row(120, Description=f"Z 124, {OTHER}")]
    )
    office.http["GET /3/vouchers/K/119"] = whole(VoucherNumber=119, Description="Rättad")

    found = await office.system.look("posting", FIELDS, SINCE)

    assert [seen.id for seen in found] == ["K/118/5", "K/119/5"]
    assert office.http.named("GET /3/vouchers/K/120") == []


async def test_a_voucher_without_a_mark_anywhere_is_no_hit(office):
    """A person booked it."""
    office.http["GET /3/vouchers"] = listed("Vouchers", [row(Description="Hyra")])
    office.http["GET /3/vouchers/K/118"] = whole(Description="Hyra", VoucherRows=ROWS[1:])

    assert await office.system.look("posting", FIELDS, SINCE) == []


async def test_the_engine_reads_what_is_worth_it(office):
    """It knows some of them already."""
    asked = []

    async def read(ids):
        asked.extend(ids)
        return []

    assert await office.system.look("posting", FIELDS, SINCE, read) == []
    assert asked == ["K/118/5"]


async def test_a_mark_on_many_vouchers_proves_nothing(office):
    """More than twenty: somebody copies them, or the list is not to be believed."""
    office.http["GET /3/vouchers"] = listed("Vouchers", [row(number) for number in range(1, 23)])

    with pytest.raises(Unusable, match="JSN16"):
        await office.system.look("posting", FIELDS, SINCE)


async def test_a_mark_alone_is_sought_in_every_served_series_and_year(office):
    """As the self-test of a search does, which knows no more."""
    office.http["GET /3/vouchers"] = of_year([row()])

    (seen,) = await office.system.look("posting", {"reference": MARK}, None)

    assert seen.id == "K/118/5"
    assert len(office.http.named("GET /3/vouchers")) == len(YEARS)


# ------------------------------------------------------------------ what hinders


def entries(*numbers, center=""):
    """Entries on some accounts."""
    return packed([Entry(account=number, amount=100, cost_center=center) for number in numbers])


HINDERS = {
    # what is asked                                              code and words
    "a day of no year": ({"date": "2027-01-01"}, "REC22", ["2027-01-01"]),
    "a locked day": ({"date": "2026-01-31"}, "REC23", ["2026-01-31", "Låst period"]),
    "a series that is not there": ({"series": "Z"}, "CFG12", ["series Z", "Manuell kontering"]),
    "a series that is not manual": (
        {"series": "B"},
        "CFG12",
        ["series B", "Manuell kontering", "Inställningar, Bokföring, Verifikationsserier"],
    ),
    "accounts that are missing or inactive, all at once": (
        {"entries": entries("3004", "1910", "7777", "8888")},
        "REC18",
        ["3004 is inactive", "no account 7777", "no account 8888"],
    ),
    "a row without an account": ({"entries": entries("")}, "REC18", ["names no account"]),
    "a cost centre that is not there": (
        {"entries": entries("3001", center="XX")},
        "REC18",
        ["no cost centre XX"],
    ),
    "an inactive cost centre": ({"entries": entries("3001", center="OLD")}, "REC18", ["OLD is inactive"]),
    "an account that demands one": ({"entries": entries("3002")}, "REC18", ["3002 demands"]),
    "an account that forbids one": (
        {"entries": entries("2611", center="UME")},
        "REC18",
        ["2611 takes no"],
    ),
}
IN_ORDER = {
    "all as it should be": {},
    "the first day after the lock": {"date": "2026-02-01"},
    "a demanded cost centre": {"entries": entries("3002", center="UME")},
    "an account with a cost centre of its own": {"entries": entries("3003")},
}


@pytest.mark.parametrize(("more", "code", "words"), HINDERS.values(), ids=HINDERS)
async def test_what_hinders_is_told_before_it_is_sent(office, more, code, words):
    """With everything a person must do, in the names of Fortnox's own menus."""
    problem = await office.system.hinders("posting", {**FIELDS, **more}, Lane.FRESH)

    assert problem.code == code
    assert [word for word in words if word not in str(problem)] == []
    assert not any(each.request.effect for each in office.http.sent)


@pytest.mark.parametrize("more", IN_ORDER.values(), ids=IN_ORDER)
async def test_what_is_in_order_is_not_hindered(office, more):
    """None says that reading finds nothing against it."""
    assert await office.system.hinders("posting", {**FIELDS, **more}, Lane.FRESH) is None


async def test_a_yes_is_believed_for_ten_minutes(office):
    """A morning's vouchers cost no more reading than one."""
    await office.system.hinders("posting", FIELDS, Lane.FRESH)
    first = office.asked()

    await office.system.hinders("posting", FIELDS, Lane.FRESH)
    again = office.asked()
    office.clock.passed_s = 600
    await office.system.hinders("posting", FIELDS, Lane.FRESH)

    assert (len(first), again) == (5, [])
    assert sorted(office.asked()) == sorted(first)


async def test_a_no_is_asked_afresh(office):
    """Once in a pass: somebody may just have mended it; what is still in order is not asked again."""
    series = office.http.answers["GET /3/voucherseries"]
    manual = [{"Code": "B", "Manual": True}]
    office.http["GET /3/voucherseries"] = [series, listed("VoucherSeriesCollection", manual)]
    fields = {**FIELDS, "series": "B"}

    assert (await office.system.hinders("posting", fields, Lane.FRESH)).code == "CFG12"
    assert (await office.system.hinders("posting", fields, Lane.FRESH)).code == "CFG12"
    await office.system.prepare()
    office.asked()
    assert await office.system.hinders("posting", fields, Lane.FRESH) is None
    assert office.asked().count("GET /3/voucherseries") == 1


async def test_a_new_year_is_seen_at_once(office):
    """The accountant adds it on the second of January."""
    fields = {**FIELDS, "date": "2027-01-02"}
    assert (await office.system.hinders("posting", fields, Lane.FRESH)).code == "REC22"
    more = [*YEARS, {"Id": 6, "FromDate": "2027-01-01", "ToDate": "2027-12-31"}]
    office.http["GET /3/financialyears"] = listed("FinancialYears", more)

    await office.system.prepare()
    assert await office.system.hinders("posting", fields, Lane.FRESH) is None


async def test_accounts_are_those_of_the_year(office):
    """A chart of accounts belongs to one financial year."""
    charts = {"4": [account(1910)], "5": []}
    office.http["GET /3/accounts"] = lambda sent: listed("Accounts", charts[sent.query["financialyear"]])
    office.http["GET /3/settings/lockedperiod"] = reply(200, {"LockedPeriod": {}})
    fields = {**FIELDS, "entries": entries("1910")}

    found = [
        await office.system.hinders("posting", {**fields, "date": date}, Lane.FRESH)
        for date in ("2025-05-05", "2026-05-05")
    ]

    assert [problem and problem.code for problem in found] == [None, "REC18"]


async def test_a_lock_that_we_may_not_see_is_left_to_fortnox(office):
    """The scope settings may not be given."""
    office.http["GET /3/settings/lockedperiod"] = refusal(2000663)

    assert await office.system.hinders("posting", {**FIELDS, "date": "2026-01-31"}, Lane.FRESH) is None


async def test_a_missing_scope_is_no_answer(office):
    """Nothing is said about the voucher then."""
    office.http["GET /3/accounts"] = refusal(2000663)

    with pytest.raises(GrantError, match="AUT07"):
        await office.system.hinders("posting", FIELDS, Lane.FRESH)


async def test_nothing_else_is_ever_hindered(office):
    """Fortnox itself says no to a customer."""
    assert await office.system.hinders("customer", {"name": "A"}, Lane.FRESH) is None
    assert office.asked() == []


async def test_a_check_probes_what_vouchers_need(office):
    """Scope by scope."""
    office.http["GET /3/termsofpayments"] = listed("TermsOfPayments", [])
    office.http["GET /3/costcenters"] = refusal(2000663)

    findings = await office.system.check(["posting"])

    scopes = [finding.where.split("scope ")[1].split(" ")[0] for finding in findings[2:]]
    assert scopes == ["bookkeeping", "costcenter", "settings"]
    assert [finding.code for finding in findings[2:]] == ["", "AUT07", ""]
