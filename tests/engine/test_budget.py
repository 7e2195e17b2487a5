"""A long import in virtual time: the vendors' limits are used up and never passed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import anyio
import pytest

from tests.town import Town, TownClock
from tests.virtual import LoopClock, run_virtual

CUSTOMERS = 1000


def times(town: Town, system: str, since: int) -> list[dt.datetime]:
    """When each of the daemon's requests reached a vendor."""
    return [dt.datetime.fromisoformat(item["time"]) for item in town.requests(system, since=since)]


def most_in(window: dt.timedelta, at: list[dt.datetime]) -> int:
    """The most requests that any window of that length holds."""
    first, most = 0, 0
    for last, end in enumerate(at):
        while end - at[first] >= window:
            first += 1
        most = max(most, last - first + 1)
    return most


def with_customers(folder, names: Iterable[str], clock: TownClock | None = None) -> Town:
    """A town, in virtual time unless told otherwise, with customers that only an import brings over."""
    town = Town(folder, clock=clock or LoopClock())
    town.configure('start = "2000-01-01"', 'start = "2026-11-25"')
    for name in names:
        town.people.new_customer(Name=name, Phone1="08-1")
    town.wait(hours=48)  # older than the start
    return town


@pytest.mark.row("D2")
def test_an_import_spends_the_binding_budget_and_never_more(tmp_path):
    """
    Never more than 24 requests in any 5 s at Fortnox nor 240 in 60 s at webCRM, no 429, and at
    least 0.95 of what the slower of the two allows.
    """
    town = with_customers(tmp_path, (f"Kund {number}" for number in range(CUSTOMERS)))

    async def work() -> int:
        async with town.running():
            await town.sync()
            await town.clock.sleep(60)
            since = town.world.log.last_seq
            await town.sync(imports="customer")
        return since

    since = run_virtual(work)
    fortnox, webcrm = times(town, "fortnox", since), times(town, "webcrm", since)
    statuses = {item["status"] for item in town.world.log.since(since) if item["client"] == "fortnox-syncd"}
    took_s = (max(*fortnox, *webcrm) - min(*fortnox, *webcrm)).total_seconds()
    assert 429 not in statuses
    assert most_in(dt.timedelta(seconds=5), fortnox) <= 24
    assert most_in(dt.timedelta(seconds=60), webcrm) <= 240
    assert max(len(fortnox) * 5 / 24, len(webcrm) * 60 / 240) / took_s >= 0.95


@pytest.mark.row("W6")
async def test_an_import_of_300_customers_sends_few_more_requests_than_it_must(tmp_path):
    """
    One page of each list, one reading and one write for each customer, and at most a twentieth more.
    """
    town = with_customers(tmp_path, (f"Kund {number}" for number in range(300)), TownClock())
    async with town.running():
        since = town.world.log.last_seq
        await town.sync(imports="customer")
    sent = len(town.requests("fortnox", since=since)) + len(town.requests("webcrm", since=since))
    assert len(town.people.organisations()) == 300
    assert sent <= 1.05 * (2 + 2 * 300)


@pytest.mark.row("D2")
def test_a_change_made_during_an_import_does_not_wait_for_its_end(tmp_path):
    """
    A telephone number that somebody edits while hundreds of customers are being imported is on
    the other side within an interval, long before the import ends.
    """
    town = with_customers(tmp_path, (f"Kund {number}" for number in range(700)))
    town.set(interval="30s", offset="15s")
    ends: dict[str, float] = {}

    async def edit_and_watch() -> None:
        await town.clock.sleep(90)
        edited_s = town.clock.passed_s
        town.people.edit_customer("4711", Phone1="08-2")
        path = f"/Organisations/{town.people.organisation('Dagens AB')['OrganisationId']}"
        while "import" not in ends and town.people.webcrm("GET", path)["OrganisationTelephone"] != "08-2":
            await town.clock.sleep(1)
        ends["edit"] = town.clock.passed_s
        ends["lag"] = ends["edit"] - edited_s

    async def work() -> None:
        async with town.running():
            town.people.new_customer(CustomerNumber="4711", Name="Dagens AB", Phone1="08-1")
            await town.sync()
            async with anyio.create_task_group() as group:
                group.start_soon(edit_and_watch)
                await town.sync(imports="customer")
                ends["import"] = town.clock.passed_s

    run_virtual(work)
    assert ends["lag"] <= 90
    assert ends["import"] - ends["edit"] >= 60
