"""
What the simulated years of tills found (`tests/simulation/tills.py`), each by itself.
"""

from __future__ import annotations

import anyio
import pytest

from daemon.sandbox.faults import Fault
from daemon.service.runner import Runner
from daemon.service.supervisor import contain
from tests.rows.test_till_reports import a_shop
from tests.shop import MACHINE
from tests.town import TownIds

pytestmark = pytest.mark.row("K2")
ONE = f"{MACHINE}/000000001"


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
