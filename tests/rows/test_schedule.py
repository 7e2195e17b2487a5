"""
Each side is read every six minutes, the two three minutes apart (row W1).
"""

from __future__ import annotations

import pytest

from daemon.core.records import Side
from daemon.core.schedule import Cadence, next_look

pytestmark = pytest.mark.row("W1")


def looks(cadence, until_minute):
    """(minute, side) of every look after the first, when each takes no time."""
    last = dict.fromkeys(Side, cadence.started_s)
    found, now_s = [], cadence.started_s
    while (look := next_look(cadence, last, now_s)).at_s <= until_minute * 60:
        now_s = look.at_s
        last[look.side] = now_s
        found.append((now_s / 60, look.side.value))
    return found


async def test_the_two_sides_are_read_in_turn_as_the_document_says(town):
    """
    webCRM at 10:00 and 10:06, Fortnox at 10:03 and 10:09: the defaults of the settings.
    """
    async with town.running():
        loop = town.house.loops["webcrm"]
        cadence = Cadence(loop.interval_s, loop.offset_s, 0.0)
    assert [(3, "fortnox"), (6, "partner"), (9, "fortnox"), (12, "partner"), (15, "fortnox")] == looks(
        cadence, 15
    )


@pytest.mark.parametrize(
    ("interval", "offset", "expected"),
    [
        ("2m", "1m", [(1, "fortnox"), (2, "partner"), (3, "fortnox"), (4, "partner")]),
        ("4m", "1m", [(1, "fortnox"), (4, "partner")]),
    ],
    ids=["every two minutes", "close together"],
)
async def test_interval_and_offset_are_settings(town, interval, offset, expected):
    """
    Both in the connector's section.
    """
    town.set(interval=interval, offset=offset)
    async with town.running():
        loop = town.house.loops["webcrm"]
        cadence = Cadence(loop.interval_s, loop.offset_s, 0.0)
    assert expected == looks(cadence, 4)


@pytest.mark.parametrize(
    ("side", "quiet"),
    [(Side.PARTNER, "fortnox"), (Side.FORTNOX, "webcrm")],
    ids=["webCRM's turn", "Fortnox' turn"],
)
async def test_a_pass_reads_one_side_and_leaves_the_other_alone(town, side, quiet):
    """
    When nothing has changed, the side whose turn it is not gets no request.
    """
    async with town.running():
        town.people.new_customer(Name="Alfa AB")
        await town.sync()
        town.wait(minutes=30)
        await town.sync()
        town.wait(minutes=3)
        since = town.world.log.last_seq
        await town.house.loops["webcrm"].run_pass(side)
        asked = {name: len(town.requests(name, since=since)) for name in ("fortnox", "webcrm")}
    assert 0 == asked[quiet] < max(asked.values())


async def test_a_change_is_carried_over_by_the_pass_that_sees_it(town):
    """
    An edit in webCRM crosses at webCRM's turn, an edit in Fortnox at Fortnox' turn.
    """
    async with town.running():
        town.people.new_customer(Name="Alfa AB")
        await town.sync()
        run = town.house.loops["webcrm"].run_pass
        town.wait(minutes=30)
        await town.sync()
        town.people.edit_organisation(town.people.organisation("Alfa AB"), Fax="1")
        town.wait(minutes=3)
        await run(Side.PARTNER)
        assert "1" == town.people.customer("1")["Fax"]
        town.people.edit_customer("1", Phone1="2")
        town.wait(minutes=3)
        await run(Side.FORTNOX)
    assert "2" == town.people.organisation("Alfa AB")["OrganisationTelephone"]
