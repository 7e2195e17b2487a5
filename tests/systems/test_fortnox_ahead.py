"""What the books lack for next month, asked beside the passes; what is believed of them meanwhile."""

from __future__ import annotations

import datetime as dt

import anyio
import msgspec
import pytest

from daemon.core.records import Lane
from daemon.systems.fortnox.kept import Kept
from tests.systems.fakes import FakeClock, reply
from tests.systems.fortnox_books import YEARS, Office, listed

YEAR = "GET /3/financialyears"
NEXT_YEAR = {"Id": 6, "FromDate": "2027-01-01", "ToDate": "2027-12-31"}
FIELDS = {"date": "2027-01-02", "series": "K", "text": "Kassa 1", "entries": None}


def years(*rows):
    """The financial years, told in December."""
    now = dt.datetime(2026, 12, 10, 12, tzinfo=dt.UTC)
    return msgspec.structs.replace(listed("FinancialYears", rows), server_time=now)


@pytest.fixture
def office():
    """A company in December, without its next year; vouchers are booked in K."""
    office = Office()
    office.http[YEAR] = years(*YEARS)
    office.system.serve(["K"], [])
    return office


def codes(office):
    """The codes of what is told just now."""
    return [each.code for each in office.system.troubles()]


async def test_who_books_nothing_is_asked_nothing(office):
    """A company of customers alone has no consent for its books."""
    office.system.serve([], [], ["K"])  # once it did
    await office.system.prepare()
    assert ([], []) == (codes(office), office.asked())


async def test_nothing_is_told_when_nobody_books_any_more(office):
    """Reports were switched off with a reload: nobody would ask again."""
    await office.system.prepare()
    assert ["REC22"] == codes(office)
    office.system.serve([], [], ["K"])
    await office.system.prepare()
    assert [] == codes(office)


@pytest.mark.parametrize("status", [400, 500])
async def test_what_cannot_be_asked_hinders_no_pass(office, status):
    """Customers cross meanwhile; it is asked with the next pass."""
    office.http[YEAR] = reply(status, {})
    await office.system.prepare()
    assert [] == codes(office)
    office.http[YEAR] = years(*YEARS)
    await office.system.prepare()
    assert ["REC22"] == codes(office)


async def test_a_check_asks_afresh(office):
    """Somebody mends what a pass was hindered by, and checks before the next one."""
    await office.system.hinders("posting", FIELDS, Lane.FRESH)
    office.http[YEAR] = years(*YEARS, NEXT_YEAR)
    office.http["GET /3/termsofpayments"] = listed("TermsOfPayments", [])
    office.http["GET /3/vouchers"] = listed("Vouchers", [])
    assert [] == [each.code for each in await office.system.check(["posting"]) if each.code == "REC22"]


async def test_an_answer_that_was_asked_for_before_a_pass_is_not_fresh_in_it():
    """Another connector of the company had asked, and was answered when this one had begun."""
    kept, answers = Kept(FakeClock(), dt.timedelta(minutes=10)), ["no", "yes"]
    begun = anyio.Event()

    async def ask():
        answer = answers.pop(0)
        await begun.wait()
        return answer

    async with anyio.create_task_group() as group:
        group.start_soon(kept.get, "?", ask)
        await anyio.wait_all_tasks_blocked()
        kept.begin()
        begun.set()
    assert "no" == await kept.get("?", ask)
    assert "yes" == await kept.get("?", ask, afresh=True)
