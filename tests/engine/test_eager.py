"""Who waits for a pass sees everything at once; any other pass reads again as sparingly as ever."""

from __future__ import annotations

import pytest

from daemon.core.records import Side
from tests.town import Town

PASSES = [
    # a pass of                  is waited for   reads again at once
    ("both, after a start",      None,             False, 0),
    ("Fortnox, in its turn",     Side.FORTNOX,     False, 0),
    ("both, by `sync`",          None,             True,  3),
]  # fmt: skip


@pytest.mark.parametrize(
    ("side", "eager", "expected"), [row[1:] for row in PASSES], ids=[row[0] for row in PASSES]
)
async def test_what_may_have_changed_again_is_read_at_once_for_who_waits(tmp_path, side, eager, expected):
    """
    Fortnox lists for ten minutes what has changed, without saying when: a start need not read all of it.
    """
    town = Town(tmp_path)
    names = ("Alfa AB", "Beta AB", "Gamma AB")
    for name in names:
        town.people.new_customer(Name=name)
    async with town.running():
        await town.sync()
        town.wait(seconds=3)
        since = town.world.log.last_seq
        await town.house.loops["webcrm"].run_pass(side, eager=eager)
        paths = [each["path"] for each in town.requests("fortnox", since=since)]
    assert expected == sum(path.startswith("/3/customers/") for path in paths)
