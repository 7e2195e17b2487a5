"""The PDFs of Z-reports of ES Kassasystem (dinkassa.md 5.3)."""

from __future__ import annotations

import datetime as dt

import pytest

from daemon.core.records import Lane
from daemon.errors import Gone, Refused, Unreachable, Unusable
from daemon.systems.eskassa.spec import PDF_BYTES_MAX
from tests.systems.eskassa_shop import MACHINE, REPORTS, Shop, listed, machines
from tests.systems.fakes import NOW, reply

ACCOUNTS = [
    {"Description": "Kontant", "Number": "1910", "Amount": 125.0},
    {"Description": "Försäljning", "Number": "3001", "Amount": -125.0},
]
LIST, NUMBER = "GET /reports/get-z-reports", f"{MACHINE}/000000118"
PDF = f"GET /reports/download-z-report/{MACHINE}/500%2F1"
PAGE = b"%PDF-1.4\n%%EOF\n"


def report(name="K1:118", **fields):
    return {"ZReport": name, "ReportDateTime": "2026-11-19T17:30:26", "Accounts": ACCOUNTS, **fields}


def row(number=118, report_id="500/1"):
    return {"Id": report_id, "Number": number, "DateTime": "2026-11-19T17:30:26", "CreatedBy": "Anna"}


def a_shop(*reports, first_day=dt.date(2026, 11, 1), **settings):
    """A shop with one register."""
    shop = Shop(first_day=first_day, **settings)
    shop.http[REPORTS] = reply(200, {"ZReports": list(reports or [report()])})
    shop.http[LIST] = listed(row(117, "499"), row())
    shop.http[PDF] = reply(200, PAGE, content_type="application/pdf")
    return shop


# ------------------------------------------------------------------ which there are


async def test_a_report_that_can_be_booked_has_a_file():
    """Known by its report, named by register, number and day; it is as old as that."""
    (seen,) = await a_shop().rows("file")
    assert (NUMBER, dt.datetime(2026, 11, 19, 16, 30, 26, tzinfo=dt.UTC)) == (seen.id, seen.changed_at)
    assert {"posting": NUMBER, "name": "Z-rapport K1-118 2026-11-19.pdf"} == seen.fields


@pytest.mark.parametrize(
    "odd",
    [report(Accounts=[]), report("Rapport 7"), report(ReportDateTime=None)],
    ids=["without sales", "with another name", "without a time"],
)
async def test_a_report_that_cannot_be_booked_has_none(odd):
    """There will be no voucher to put it to."""
    assert [NUMBER] == [seen.id for seen in await a_shop(odd, report()).rows("file")]


async def test_the_reading_of_reports_serves_their_files_too():
    """For half a minute, and as far back as it went."""
    shop = a_shop()
    await shop.rows("posting", NOW - dt.timedelta(days=2))
    assert 1 == len(await shop.rows("file", NOW))
    assert 1 == shop.asked(REPORTS)
    assert 1 == len(await shop.rows("file", NOW - dt.timedelta(days=5)))
    assert 2 == shop.asked(REPORTS)
    shop.clock.passed_s += 31
    assert 1 == len(await shop.rows("file", NOW))
    assert 3 == shop.asked(REPORTS)


async def test_a_reading_that_was_cut_short_serves_nothing():
    """The registers that it did not reach have reports as well."""
    shop = a_shop()
    shop.http["GET /machine"] = machines("Kassa 1", "Kassa 2")
    answers = [reply(200, {"ZReports": [report()]}), reply(500, {"Message": "Fel"})]
    shop.http[REPORTS] = answers
    with pytest.raises(Unreachable):
        await shop.rows("posting", NOW)
    shop.http[REPORTS] = reply(200, {"ZReports": [report()]})
    assert 2 == len(await shop.rows("file", NOW))


async def test_a_reading_of_files_is_never_complete():
    """That of the reports is: what it lacks is looked for there."""
    assert [False] == [page.complete for page in await a_shop().pages("file")]


async def test_one_file_is_read_by_the_id_of_its_report():
    """None where there is no such report."""
    shop = a_shop()
    seen = await shop.system.get("file", NUMBER, Lane.READ)
    assert seen
    assert "Z-rapport K1-118 2026-11-19.pdf" == seen.fields["name"]
    assert await shop.system.get("file", f"{MACHINE}/000000119", Lane.READ) is None


# ------------------------------------------------------------------ the file itself


@pytest.mark.parametrize("known", [True, False], ids=["read just now", "after a restart"])
async def test_a_pdf_is_found_by_the_day_and_the_number_of_its_report(known):
    """The list of that day tells the id that it is kept under."""
    shop = a_shop()
    if known:
        await shop.rows("posting")
    assert PAGE == await shop.system.content("file", NUMBER, Lane.FRESH)
    (asked,) = shop.http.named(LIST)
    assert asked.query == {
        "machineId": MACHINE,
        "startDateTime": "2026-11-19T00:00:00",
        "endDateTime": "2026-11-19T23:59:59",
    }
    (sent,) = shop.http.named(PDF)
    assert ("application/pdf", False) == (sent.request.headers["Accept"], sent.request.effect)


GONE = reply(404, {"Message": "The report does not exist."})
LACKING = [
    # what is answered              the list                             the PDF             raised
    ("a number that is not there",  listed(row(117)),                    None,               Refused),
    ("a number that is there twice", listed(row(), row(118, "501")),     None,               Refused),
    ("no PDF of it",                listed(row()),                       GONE,               Gone),
    ("another server's page",       listed(row()), reply(404, b"<html>Not found"),           Unusable),
    ("a page that says 200",        listed(row()), reply(200, b"<html>Welcome"),             Unusable),
    ("nothing",                     listed(row()), reply(200, b""),                          Unusable),
    ("a PDF that is too large",     listed(row()), reply(200, PAGE + bytes(PDF_BYTES_MAX)),  Refused),
    ("a server that fails",         listed(row()), reply(500, {"Message": "Fel"}),           Unreachable),
]  # fmt: skip


@pytest.mark.parametrize(
    ("found", "file", "error"), [each[1:] for each in LACKING], ids=[each[0] for each in LACKING]
)
async def test_what_is_no_pdf_is_none(found, file, error):
    """It is told, and never sent on."""
    shop = a_shop()
    shop.http[LIST], shop.http[PDF] = found, file
    with pytest.raises(error):
        await shop.system.content("file", NUMBER, Lane.FRESH)


async def test_nothing_else_is_a_file():
    """As far as a till is asked."""
    assert b"" == await a_shop().system.content("item", "1", Lane.FRESH)
