"""The disk fills in the middle of a pass: what cannot be remembered is not sent."""

from __future__ import annotations

import random

import pytest

from daemon.errors import StateError
from tests.engine.power import steps_of
from tests.engine.story import calm, differences
from tests.engine.test_restart import ENDS, EVERY, TOWNS
from tests.town import Town


class Disk:
    """Refuses every commit after `commits` of them."""

    def __init__(self, town: Town, commits: int) -> None:
        self.town, self.left = town, commits
        self.full_since: int | None = None
        town.watch = self

    def __call__(self, step: str) -> None:
        if step != "commit":
            return
        if self.left == 0:
            if self.full_since is None:
                self.full_since = self.town.world.log.last_seq
            raise StateError("DBS02", "the state cannot be written: full", "state.db", "free space")
        self.left -= 1


@pytest.mark.parametrize("name", TOWNS)
async def test_a_disk_that_fills_at_any_commit_stops_the_writes_and_loses_nothing(tmp_path, name):
    """
    The pass ends with DBS02. No effect leaves that was not stored as sent before, and when there is
    room again the same process settles what it had sent and finishes the job.
    """
    commits = (await steps_of(await TOWNS[name](tmp_path / "whole"))).count("commit")
    opening = 4  # those before the first pass: a state that cannot be opened is another matter
    for number in range(opening + random.randrange(EVERY), commits - 2, EVERY):
        town = await TOWNS[name](tmp_path / f"full at {number}")
        async with town.running():
            disk = Disk(town, number - opening)
            with pytest.raises(StateError, match="full"):
                await town.sync()
            town.watch = lambda _step: None
            where = f"commit {number} of {commits}"
            assert disk.full_since is not None, where
            under_way = [each for each in await town.desk.intents() if each["state"] == "sent"]
            assert len(town.writes(disk.full_since)) <= len(under_way), where
            await calm(town)
            assert differences(town, ENDS) == [], where
            assert await town.desk.intents() == [], where
            assert await town.desk.parked() == [], where
