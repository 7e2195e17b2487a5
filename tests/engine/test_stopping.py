"""A stop while a vendor does not answer: it waits for what is under way, and for nothing else."""

from __future__ import annotations

from contextlib import suppress

import anyio
import pytest

from daemon.errors import Unreachable
from daemon.sandbox.faults import Fault
from tests.town import Town
from tests.virtual import LoopClock, run_virtual

HANGS_S = 25
FIRMS = 8
EDITS = {
    # where it is edited   what hangs
    "to Fortnox": (
        lambda people, row: people.edit_organisation(row, Telephone="08-9"),
        {"system": "fortnox", "path": "/3/customers/*"},
    ),
    "to webCRM, one at a time": (
        lambda people, row: people.edit_customer(row["OrganisationExtraCustom1"], Phone1="08-9"),
        {"system": "webcrm", "path": "/Organisations/*"},
    ),
}


@pytest.mark.row("D6")
@pytest.mark.parametrize(("edit", "where"), EDITS.values(), ids=EDITS.keys())
def test_a_stop_waits_for_no_write_that_has_not_begun(tmp_path, edit, where):
    """
    All of eight writes may be stored as sent; those that wait for their turn are given up, and as
    nothing of them has left, nothing about them is unknown. Afterwards all cross.
    """
    town = Town(tmp_path, clock=LoopClock())
    for number in range(FIRMS):
        town.people.new_organisation(f"Firma {number}")

    async def hurried_pass() -> None:
        with suppress(Unreachable):
            await town.sync()

    async def work() -> tuple[float, int, list]:
        await town.sync_once()
        for row in town.people.organisations():
            edit(town.people, row)
        town.world.faults.add(Fault(fault="delay", method="PUT", delay_s=HANGS_S, count=None, **where))
        since = town.world.log.last_seq
        async with town.running():
            async with anyio.create_task_group() as group:
                group.start_soon(hurried_pass)
                while not town.writes(since):
                    await town.clock.sleep(0.1)
                group.cancel_scope.cancel()
                told_s = town.clock.passed_s
                town.house.begin_no_write()
            took_s = town.clock.passed_s - told_s
            left = await town.desk.intents()
        town.world.faults.clear()
        begun = len(town.writes(since))
        await town.sync_once()
        return took_s, begun, left

    took_s, begun, left = run_virtual(work)
    assert (took_s < 2 * HANGS_S, begun < FIRMS, left) == (True, True, [])
    rows = town.people.organisations()
    assert {row["OrganisationTelephone"] for row in rows} == {"08-9"}
    assert {town.people.customer(row["OrganisationExtraCustom1"])["Phone1"] for row in rows} == {"08-9"}
