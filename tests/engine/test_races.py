"""A person edits just before any one request of the daemon: no edit is lost without a word."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import pytest

from tests.engine.lives import EVERY
from tests.engine.story import calm
from tests.town import Town

REQUESTS_MOST = 30  # more than one pass sends for one customer
STRIDE = max(1, EVERY // 6)


class Edit(NamedTuple):
    """One field as both sides spell it, and the two edits: one before the pass, one during it."""

    ours: str
    theirs: str
    first: str  # where the first edit is made
    second: str  # where the second is made


EDITS = {
    "the same telephone on the other side": Edit("Phone1", "Telephone", "fortnox", "webcrm"),
    "the same telephone on the other side, the other way": Edit("Phone1", "Telephone", "webcrm", "fortnox"),
    "the same name on the other side": Edit("Name", "Name", "fortnox", "webcrm"),
    "the same name on the other side, the other way": Edit("Name", "Name", "webcrm", "fortnox"),
    "the same telephone again": Edit("Phone1", "Telephone", "fortnox", "fortnox"),
    "the same telephone again, in webCRM": Edit("Phone1", "Telephone", "webcrm", "webcrm"),
}


class Hook:
    """Does `act` just before request number `number`; remembers that request."""

    def __init__(self, town: Town, number: int, act: Callable[[], None]) -> None:
        self.town, self.left, self.act = town, number, act
        self.began, self.since = town.world.log.last_seq, None
        town.watch = self

    def __call__(self, step: str) -> None:
        if step != "request" or self.since is not None:
            return
        if self.left == 0:
            self.act()
            self.since = self.town.world.log.last_seq
        self.left -= 1

    @property
    def before(self) -> set[str]:
        """The daemon's requests of the pass before that."""
        assert self.since is not None
        items = self.town.world.log.since(self.began)
        return {
            f"{i['method']} {i['system']}"
            for i in items
            if i["seq"] <= self.since and i["client"] != "people"
        }

    @property
    def request(self) -> str:
        """The request that the person came before, as "METHOD system"."""
        assert self.since is not None
        item = self.town.world.log.since(self.since)[0]
        return f"{item['method']} {item['system']}"


def edit(town: Town, side: str, **fields: str) -> None:
    """A person changes the one customer on one side."""
    if side == "fortnox":
        (row,) = town.people.customers()
        town.people.edit_customer(row["CustomerNumber"], **fields)
    else:
        (organisation,) = town.people.organisations()
        town.people.edit_organisation(organisation, **fields)


async def one_customer(folder) -> Town:
    """One customer on both sides, at rest."""
    town = Town(folder)
    town.people.new_customer(Name="Acme AB", Phone1="08-1")
    await town.sync_once()
    town.wait(minutes=11)
    return town


def both(town: Town, ours: str, theirs: str) -> tuple[str, str]:
    """What the two sides hold."""
    (row,), (organisation,) = town.people.customers(), town.people.organisations()
    return town.people.customer(row["CustomerNumber"])[ours], organisation[f"Organisation{theirs}"]


@pytest.mark.parametrize("name", EDITS)
async def test_an_edit_of_the_same_field_between_reading_and_writing_is_kept_or_listed(tmp_path, name):
    """
    Both sides end equal; a value that is on neither of them is listed with the other one.

    The one exception is an edit in the instant between the last reading and
    the PUT of the same record and field: neither vendor has conditional writes.
    """
    what = EDITS[name]
    for number in range(random.randrange(STRIDE), REQUESTS_MOST, STRIDE):
        town = await one_customer(tmp_path / str(number))
        spelled = {"fortnox": what.ours, "webcrm": what.theirs}
        edit(town, what.first, **{spelled[what.first]: "08-2"})
        hook = Hook(town, number, partial(edit, town, what.second, **{spelled[what.second]: "08-3"}))
        async with town.running():
            await town.sync()
            town.watch = lambda _step: None
            await calm(town)
            if hook.since is None:
                break
            after = f"PUT {what.second}" in hook.before
            left, right = both(town, what.ours, what.theirs)
            conflicts = await town.desk.conflicts()
        listed = {value for each in conflicts for value in (each["fortnox"], each["partner"])}
        where = f"before request {number}, {hook.request}"
        assert left == right, where
        if what.first == what.second or after:  # the later edit replaces the earlier one
            assert left == "08-3", where
        elif hook.request != f"PUT {what.second}":
            assert {"08-2", "08-3"} <= {left, *listed}, where
    else:
        pytest.fail("the pass never ended")


@pytest.mark.parametrize("first", ["fortnox", "webcrm"])
@pytest.mark.parametrize("second", ["fortnox", "webcrm"])
async def test_an_edit_of_another_field_at_any_moment_reaches_both_sides(tmp_path, first, second):
    """
    A write names only the fields that changed, so what a person types beside it stays and crosses.
    """
    for number in range(random.randrange(STRIDE), REQUESTS_MOST, STRIDE):
        town = await one_customer(tmp_path / str(number))
        edit(town, first, **{{"fortnox": "Phone1", "webcrm": "Telephone"}[first]: "08-2"})
        website = {"fortnox": "WWW", "webcrm": "Www"}[second]
        hook = Hook(town, number, partial(edit, town, second, **{website: "acme.example"}))
        async with town.running():
            await town.sync()
            town.watch = lambda _step: None
            await calm(town)
            if hook.since is None:
                break
            where = f"before request {number}, {hook.request}"
            assert both(town, "Phone1", "Telephone") == ("08-2", "08-2"), where
            assert both(town, "WWW", "Www") == ("acme.example", "acme.example"), where
            assert await town.desk.conflicts() == [], where
