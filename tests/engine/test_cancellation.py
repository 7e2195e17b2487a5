"""A pass is cancelled at every step: nothing is half done, and the next pass finishes the job."""

from __future__ import annotations

import random

import anyio
import pytest

from tests.engine.power import steps_of
from tests.engine.story import calm, differences
from tests.engine.test_restart import ENDS, EVERY, TOWNS
from tests.town import Town


class Stop:
    """Cancels a scope at one step."""

    def __init__(self, town: Town, step: int, scope: anyio.CancelScope) -> None:
        self.left, self.scope = step, scope
        town.watch = self

    def __call__(self, _step: str) -> None:
        if self.left == 0:
            self.scope.cancel()
        self.left -= 1


async def open_transactions(town: Town) -> int:
    """1 when the database is inside a transaction, else 0."""
    connection = town.house.journal.database._connection
    return int(connection.in_transaction)


@pytest.mark.parametrize("name", TOWNS)
async def test_a_pass_cancelled_at_any_step_leaves_nothing_open_and_the_next_one_finishes(tmp_path, name):
    """
    After the cancel no transaction is open, no slot of a budget is held, and no write is left as
    sent: each was finished and recorded. The same process then ends where an undisturbed one does.
    """
    steps = len(await steps_of(await TOWNS[name](tmp_path / "whole")))
    for step in range(random.randrange(2 * EVERY), steps, 2 * EVERY):
        town = await TOWNS[name](tmp_path / f"cancelled at {step}")
        async with town.running():
            with anyio.CancelScope() as scope:
                Stop(town, step, scope)
                await town.sync()
            town.watch = lambda _step: None
            where = f"step {step} of {steps}"
            assert await open_transactions(town) == 0, where
            assert all(end.throttle._calls.open == 0 for end in town.house._companies.values()), where
            assert {each["state"] for each in await town.desk.intents()} <= {"ready", "unknown"}, where
            await calm(town)
            assert differences(town, ENDS) == [], where
            assert await town.desk.intents() == [], where
            assert await town.desk.parked() == [], where


async def test_an_import_that_is_cancelled_goes_on_where_it_stopped(tmp_path):
    """
    What an operator asked for is stored: passes after the cancel bring the rest over, each once.
    """
    town = Town(tmp_path)
    town.configure('start = "2000-01-01"', 'start = "2030-01-01"')
    for number in range(30):
        town.people.new_customer(Name=f"Kund {number}")
    since = town.world.log.last_seq
    async with town.running():
        with anyio.CancelScope() as scope:
            town.watch = lambda _step: scope.cancel() if len(town.writes(since)) >= 10 else None
            await town.sync(imports="customer")
        town.watch = lambda _step: None
        assert 0 < len(town.people.organisations()) < 30
        await town.sync(imports="customer")
        await calm(town)
    names = [each["OrganisationName"] for each in town.people.organisations()]
    assert sorted(names) == sorted(f"Kund {number}" for number in range(30))
