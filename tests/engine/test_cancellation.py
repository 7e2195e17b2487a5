"""A pass is cancelled at every step: nothing is half done, and the next pass finishes the job."""

from __future__ import annotations

import anyio
import pytest

from tests.engine.lives import EVERY, TOWNS, judged, lead, sampled, stopped
from tests.engine.power import steps_taken
from tests.engine.story import calm
from tests.town import Town


@pytest.fixture(autouse=True)
def state_in_the_loops_own_thread():
    """Not here: a transaction handed to its thread is what could be cut off."""


@pytest.mark.row("W9", "W11")
@pytest.mark.parametrize("name", TOWNS)
async def test_a_pass_cancelled_at_any_step_leaves_nothing_open_and_the_next_start_finishes(begun, name):
    """
    After the cancel no transaction is open, no slot of a budget is held, and no write is left as
    sent: each was finished and recorded. The next start ends where an undisturbed one does.
    """
    stage, image = await begun(name)
    town = stage.place(image)
    with steps_taken(town) as steps:
        async with town.running():
            await lead(town)
    for step in sampled(len(steps), 4 * EVERY):
        left, wrong = await stopped(stage, image, step)
        assert [*wrong, *await judged(stage, left)] == [], f"step {step} of {len(steps)}"


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
