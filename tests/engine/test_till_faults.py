"""
What simulated years of tills (`tests/simulation/tills.py`) and readers of the code found, each by itself.
"""

from __future__ import annotations

import json
import shutil

import anyio
import msgspec
import pytest

from daemon.errors import DaemonError
from daemon.sandbox.eskassa.auth import MACHINES
from daemon.sandbox.faults import Fault
from daemon.sandbox.web import Response
from daemon.service.runner import Runner
from daemon.service.supervisor import contain
from tests.rows import papers
from tests.rows.acts import codes, sync_at_rest
from tests.rows.test_till_double import Books
from tests.rows.test_till_reports import a_shop
from tests.shop import MACHINE
from tests.town import TownIds

ONE = f"{MACHINE}/000000001"


@pytest.mark.row("K2")
@pytest.mark.parametrize("path", ["/oauth-v1/token", "/3/companyinformation"])
async def test_the_alarm_of_noon_needs_no_login(tmp_path, path):
    """
    Under supervision too: a pass that cannot even begin has told before what is overdue.
    """
    shop = a_shop(tmp_path)
    shop.people.act("fortnox", "lock_period", until="2026-12-31")
    shop.day()
    await shop.sync_once()
    shop.until("2026-11-24T12:00:01")
    shop.world.faults.add(Fault(fault="status", status=503, system="fortnox", path=path, count=10_000))
    async with shop.running():
        runner = Runner(shop.house.loops["eskassa"], shop.clock, TownIds(), shop.events, contain)
        async with anyio.create_task_group() as group:
            group.start_soon(runner.run)
            report = await runner.ask(dry_run=False, imports=None)
            runner.stop()
    assert ("unreachable", [ONE]) == (report.outcome, shop.alarms("overdue"))


# ------------------------------------------------------------------ what cannot be told apart, or dated


def spoiled(shop, path, change):
    """The way to the vendors, with what they answer at one path changed."""
    exchange = shop.world.exchange

    def send(system, request):
        outcome = exchange(system, request)
        if not request.path.endswith(path):
            return outcome
        body = change(json.loads(outcome.response.body))
        return msgspec.structs.replace(outcome, response=Response.json(200, body))

    return send


SPOILED = {
    "without its time": (lambda report: [{**report, "ReportDateTime": None}], "ZRP05"),
    "beside one of the same number": (lambda report: [report, {**report, "ZReport": "K2:1"}], "ZRP03"),
}


@pytest.mark.parametrize(("spoil", "code"), SPOILED.values(), ids=SPOILED)
async def test_a_report_that_cannot_be_placed_is_held(tmp_path, spoil, code):
    """
    Also at the very first reading, which takes nothing for new that does not say when it was made.
    """
    shop = a_shop(tmp_path)
    shop.day()
    shop.world.exchange = spoiled(
        shop,
        "/download-z-report-by-date/json",
        lambda body: {"ZReports": [each for report in body["ZReports"] for each in spoil(report)]},
    )
    async with shop.running():
        await shop.sync()
        assert [code] == await codes(shop)
    assert [] == shop.vouchers()


# ------------------------------------------------------------------ what an operator may do


async def test_a_missing_number_cannot_be_retried_away(tmp_path):
    """
    There is nothing to try: it stays on the list until it comes, or is closed by `ignore`.
    """
    shop = a_shop(tmp_path)
    shop.till("skip_z")
    async with shop.running():
        shop.day()
        shop.till("skip_z")
        shop.day()
        await shop.sync()
        (gap,) = await shop.desk.parked()
        with pytest.raises(DaemonError, match="nothing to try"):
            await shop.desk.retry(gap["id"])
        await shop.sync()
        assert ["ZRP02"] == await codes(shop)


async def test_another_series_leaves_the_old_vouchers_known(tmp_path):
    """
    They are looked after as before, and the nightly reading does not miss them: the new series is booked in.
    """
    shop = a_shop(tmp_path)
    shop.people.act("fortnox", "add_series", code="L", manual=True)
    for _ in range(25):  # more than a list may lack unasked
        shop.day()
    await shop.sync_once()
    shop.set(voucher_series="L")
    for _ in range(2):
        shop.wait(days=1, hours=1)
        shop.day()
        async with shop.running():
            assert "ok" == (await sync_at_rest(shop)).outcome
    shop.people.act("fortnox", "delete_last_voucher", series="K")
    shop.wait(days=1, hours=1)
    async with shop.running():
        await shop.sync()
        assert ["REC02"] == await codes(shop)
    assert (24, 2) == (len(shop.vouchers("K")), len(shop.vouchers("L")))


async def test_a_lost_memory_and_another_series_book_nothing_twice(tmp_path):
    """
    As when the daemon is installed anew: what it booked is known by its mark, in whatever series.
    """
    shop = a_shop(tmp_path)
    shop.people.act("fortnox", "add_series", code="L", manual=True)
    for _ in range(3):
        shop.day()
    await shop.sync_once()
    shutil.rmtree(tmp_path / "state")
    shop.set(voucher_series="L")
    shop.wait(hours=1)
    shop.day()
    async with shop.running():
        assert "ok" == (await sync_at_rest(shop)).outcome
    assert (3, 1) == (len(shop.vouchers("K")), len(shop.vouchers("L")))


async def test_another_machine_id_books_nothing_twice(tmp_path):
    """
    Any register's id opens the same database: a report is known by its own register and number.
    """
    shop = a_shop(tmp_path)
    for _ in range(3):
        shop.day()
    await shop.sync_once()
    shop.set(machine_id=MACHINES[1])
    shop.wait(hours=1)
    shop.day()
    async with shop.running():
        assert "ok" == (await sync_at_rest(shop)).outcome
    assert 4 == len(shop.vouchers("K"))


# ------------------------------------------------------------------ sales on invoice


async def test_a_sale_on_invoice_without_its_day_is_held(tmp_path):
    """
    Fortnox would give the order the day on which it comes.
    """
    shop = Books(tmp_path, "excluded", in_z=False)
    async with shop.running():
        await shop.sync()
        shop.world.exchange = spoiled(
            shop,
            "/transaction",
            lambda body: {**body, "Items": [{**i, "DateTime": "?"} for i in body["Items"]]},
        )
        shop.wait(hours=1)
        shop.bill(("A", 1))
        assert "parked" == (await sync_at_rest(shop)).outcome
        assert ["REC15"] == await codes(shop)
    assert [] == papers.orders(shop)
