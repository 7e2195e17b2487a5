"""The host's clock is set while the daemon runs: waiting, looking and reading again do not depend on it."""

from __future__ import annotations

import datetime as dt

import pytest

from daemon.core.records import Side
from daemon.core.steps import Create
from daemon.core.work import Intent, IntentState
from daemon.engine.looks import Looks
from daemon.sandbox.faults import Fault
from tests.engine.story import LOOK_S, calm, too_soon
from tests.engine.story import Seen as SeenRequest
from tests.town import Town, TownClock

DAY = dt.timedelta(days=1)
SETS = {"an hour forward": dt.timedelta(hours=1), "a day forward": DAY, "a day back": -DAY}


class Wrong(TownClock):
    """A clock that somebody sets; the vendors' are right."""

    def __init__(self) -> None:
        super().__init__()
        self.wrong = dt.timedelta(0)

    def now(self) -> dt.datetime:
        return super().now() + self.wrong


def town_with(folder) -> tuple[Town, Wrong]:
    """A town whose vendors do not share the daemon's clock."""
    clock = Wrong()
    town = Town(folder, clock=clock)
    town.world._base = lambda: TownClock.now(clock)
    return town, clock


@pytest.mark.parametrize("fault", ["lost_before", "lost_after"])
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("by", SETS.values(), ids=SETS)
async def test_a_creation_of_unknown_outcome_is_neither_doubled_nor_forgotten(tmp_path, by, when, fault):
    """
    It is looked for by the vendor's time, after seconds that really passed, and sent again only then.
    """
    town, clock = town_with(tmp_path)
    town.people.new_organisation("Björk AB", Telephone="08-1")
    async with town.running():
        await town.sync()
        town.people.new_organisation("Cedergrens", Telephone="08-2")
        if when == "before":
            clock.wrong = by
        since = town.world.log.last_seq
        town.world.faults.add(Fault(fault=fault, system="fortnox", method="POST", path="/3/customers"))
        assert (await town.sync()).outcome == "unknown"
        if when == "after":
            clock.wrong = by
        for _ in range(10):
            await town.sync()
            town.wait(seconds=10)
        await calm(town)
        sent = [
            SeenRequest(dt.datetime.fromisoformat(i["time"]), i["path"], i["status"], i["fault"])
            for i in town.requests("fortnox", since=since)
            if i["method"] == "POST" and i["path"] == "/3/customers"
        ]
    assert [each["Name"] for each in town.people.customers()] == ["Björk AB", "Cedergrens"]
    assert too_soon(sent) == []


@pytest.mark.parametrize("by", SETS.values(), ids=SETS)
async def test_an_edit_crosses_whatever_the_clock_says(tmp_path, by):
    """
    A list that shows no time of change is read again in time, also when the last reading seems to lie ahead.
    """
    town, clock = town_with(tmp_path)
    number = town.people.new_customer(Name="Acme AB", Phone1="08-1")["CustomerNumber"]
    async with town.running():
        await town.sync()
        clock.wrong = by
        town.wait(seconds=60)
        town.people.edit_customer(number, Phone1="08-2")
        await town.house.loops["webcrm"].run_pass(Side.FORTNOX)
        clock.wrong = dt.timedelta(0)
        town.wait(seconds=60)
        town.people.edit_customer(number, Phone1="08-3")
        for _ in range(12):
            await town.house.loops["webcrm"].run_pass(Side.FORTNOX)
            town.wait(seconds=60)
    (organisation,) = town.people.organisations()
    assert organisation["OrganisationTelephone"] == "08-3"


# ------------------------------------------------------------------ when to look


STEP = Create(kind="customer", side=Side.FORTNOX, key="partner:1", source_id="1", fields={}, reason="new")


def unknown(number: int, next_look_at: dt.datetime | None) -> Intent:
    """A write of unknown outcome, as it is stored."""
    return Intent(
        id=number,
        step=STEP,
        state=IntentState.UNKNOWN,
        attempt=1,
        looks=0,
        sent_at=None,
        next_look_at=next_look_at,
    )


@pytest.mark.parametrize("by", SETS.values(), ids=SETS)
def test_a_look_is_due_after_seconds_that_really_passed(by):
    """
    The time that is told follows the wall clock, whatever it shows.
    """
    clock = Wrong()
    looks = Looks(clock, dt.timedelta(seconds=90))
    stored = unknown(1, looks.put_off(unknown(1, None), dt.timedelta(seconds=90), clock.now()))
    clock.wrong = by
    clock.passed_s += 60
    assert looks.left_s(stored, clock.now()) == pytest.approx(30)
    assert looks.next_at() == clock.now() + dt.timedelta(seconds=30)
    looks.done(stored)
    assert looks.next_at() is None


@pytest.mark.parametrize(("ahead_s", "left_s"), [(40, 40), (86_400, 90), (-20, -20)])
def test_what_an_earlier_process_put_off_is_believed_as_far_as_it_can_be_true(ahead_s, left_s):
    """
    A clock that was put back in between does not make it wait for a day.
    """
    clock = Wrong()
    looks = Looks(clock, dt.timedelta(seconds=90))
    assert looks.left_s(
        unknown(1, clock.now() + dt.timedelta(seconds=ahead_s)), clock.now()
    ) == pytest.approx(left_s)
    looks.keep([])
    assert looks.next_at() is None
    assert LOOK_S > 30


@pytest.mark.parametrize("by", SETS.values(), ids=SETS)
async def test_a_clock_that_is_set_while_nothing_runs_has_nothing_sent_again_too_soon(tmp_path, by):
    """
    The next process compares by the vendor's time; the first request was only late.
    """
    town, clock = town_with(tmp_path)
    town.people.new_organisation("Björk AB", Telephone="08-1")
    await town.sync_once()
    town.people.new_organisation("Cedergrens", Telephone="08-2")
    town.world.faults.add(
        Fault(fault="late", delay_s=25, system="fortnox", method="POST", path="/3/customers")
    )
    assert (await town.sync_once()).outcome == "unknown"
    clock.wrong = by
    async with town.running():
        for _ in range(12):
            await town.sync()
            town.wait(seconds=5)
        await calm(town)
    assert [each["Name"] for each in town.people.customers()] == ["Björk AB", "Cedergrens"]


async def test_what_was_made_of_a_customer_that_is_deleted_meanwhile_is_nobodys_new_organisation(tmp_path):
    """
    A clock set forward has the complete list read before the creation is looked for: the customer is gone
    then, and what was made of it waits all the same.
    """
    town, clock = town_with(tmp_path)
    town.people.new_customer(Name="Acme AB")
    town.world.faults.add(Fault(fault="lost_after", system="webcrm", method="POST", path="/Organisations"))
    async with town.running():
        assert (await town.sync()).outcome == "unknown"
        town.people.act("fortnox", "delete_customer", CustomerNumber="1")
        clock.wrong = DAY
        for _ in range(2):
            town.wait(seconds=5)
            await town.sync()
        await calm(town)
        assert town.people.customers() == []
        assert len(town.people.organisations()) == 1
        assert [each["code"] for each in await town.desk.parked()] == ["REC02"]
