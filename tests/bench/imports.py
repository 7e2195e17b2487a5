"""
First imports in virtual time: how many requests, and how much of the budget that binds.

**The least possible** is what nobody who keeps our promises can go below:

* Fortnox: one reading of the company (the consent must open the company that
  the config names, before anything of it is stored); the list in pages of 500;
  one list of what changed since the start (that crosses unasked, and a row
  shows no time of change); and each customer by its key, because a list row
  lacks most of what we map: half of the address, terms, currency, VAT number,
  website. Article rows hold every field that we map.
* webCRM, customers: the fields' metadata (to know what may be written); the
  list before (what is there is linked, not made again); one write a customer;
  the list after, because the answer to a write does not show the record and
  only a reading proves it. Pages of 1,000; one that is not full ends a list.
* webCRM, articles: the catalogue before, one write an article, the catalogue
  after.
* Both: what people change meanwhile crosses within an interval of 6 minutes,
  so each register is looked at once in each of those that webCRM's limit makes
  the import last.

Logins have budgets of their own and are counted on neither side. Everything
else that the daemon sends is counted. A vendor of whose budget an import uses
less than a tenth is shown and not judged: what an import of articles asks of
Fortnox is a few lists, and one more or less of them delays nobody.

**The share of the budget** is the requests that reached webCRM, times the
seconds that its limit asks for each (60/240), over the time from the first to
the last request at either vendor. The limit lets the first 240 through at
once, so a short import could show up to 60 s more than one; Fortnox' own
limit takes most of that away, and at 10,000 records it is two hundredths.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from math import ceil
from pathlib import Path
from typing import Any, NamedTuple

from daemon.core.budget import BUDGETS
from daemon.core.report import ConnectorReport
from tests.bench.company import old_company
from tests.bench.figure import Figure, at_least, at_most, none_of, note
from tests.town import Town
from tests.virtual import LoopClock, run_virtual

DAEMON = "fortnox-syncd"
LOGINS = ("/oauth-v1/", "/Auth/")
FORTNOX_PAGE, WEBCRM_PAGE = 500, 1000
OLD_MINUTES, YOUNG_MINUTES = 40.0, 5.0  # before and within the overlap of ten minutes
MOST, LEAST_SHARE, JUDGED_SHARE = 1.05, 0.95, 0.1
THROTTLED = 429
INTERVAL_S = 360  # the default


class Sent(NamedTuple):
    """One request of the daemon as a vendor saw it."""

    at: dt.datetime
    system: str
    method: str
    path: str
    status: int


class Tally:
    """In the place of the sandbox's log, which would keep every body: what the daemon sent, logins apart."""

    def __init__(self) -> None:
        self.sent: list[Sent] = []

    def add(
        self, *, time: dt.datetime, system: str, client: str, request: Any, response: Any, **_: Any
    ) -> None:
        """Count one exchange."""
        if client == DAEMON and not request.path.startswith(LOGINS):
            self.sent.append(
                Sent(time, system, request.method, request.path, response.status if response else 0)
            )

    def since(self, seq: int) -> Sequence[Any]:
        """No exchange can be shown whole."""
        return ()


class Import(NamedTuple):
    """What an import sent, what came of it, what the pass after the overlap sent, how many registers."""

    sent: Sequence[Sent]
    report: ConnectorReport
    later: Sequence[Sent]
    registers: int

    def count(self, system: str) -> int:
        """Requests at one vendor."""
        return sum(each.system == system for each in self.sent)

    @property
    def took_s(self) -> float:
        """Virtual seconds from the first request to the last."""
        return (self.sent[-1].at - self.sent[0].at).total_seconds()

    def share(self, system: str) -> float:
        """How much of one vendor's budget was used."""
        budget = BUDGETS[system]
        return self.count(system) * budget.window_s / budget.slots / self.took_s


def tallied(town: Town) -> Tally:
    """Count from now on what reaches the town's vendors."""
    tally = Tally()
    town.world.log = tally  # type: ignore[assignment]
    return tally


def measure(town: Town, register: str) -> Import:
    """Import a register into a webCRM that is empty, in virtual time."""
    tally = tallied(town)

    async def work() -> Import:
        async with town.running():
            report = await town.sync(imports=register)
            sent, tally.sent = tally.sent, []
            await town.clock.sleep(1200)
            await town.sync()
            return Import(sent, report, tally.sent, len(town.house.loops["webcrm"].connector.kinds))

    return run_virtual(work)


def least(register: str, count: int, registers: int = 2) -> Mapping[str, int]:
    """The least possible requests at each vendor, as above, where so many registers take part."""
    budget = BUDGETS["webcrm"]
    looks = registers * int(count * budget.window_s / budget.slots // INTERVAL_S)
    fortnox = 1 + ceil(count / FORTNOX_PAGE) + 1 + looks
    if register == "customers":
        return {"fortnox": fortnox + count, "webcrm": 1 + 1 + count + count // WEBCRM_PAGE + 1 + looks}
    return {"fortnox": fortnox, "webcrm": 1 + count + 1 + looks}


def ratios(done: Import, register: str, count: int) -> Mapping[str, float]:
    """Requests at each vendor over the least possible."""
    fewest = least(register, count, done.registers)
    return {system: done.count(system) / fewest[system] for system in fewest}


def throttled(done: Import) -> int:
    """How often a vendor said that we are too fast."""
    return sum(each.status == THROTTLED for each in (*done.sent, *done.later))


def figures_of(done: Import, register: str, count: int) -> list[Figure]:
    """The lines of one import."""
    assert (done.report.outcome, done.report.written) == ("ok", count), done.report.outcome
    what = f"{count:,} {register}"
    requests = [
        _requests(done, system, what, ratio) for system, ratio in ratios(done, register, count).items()
    ]
    share = f"{done.count('webcrm'):,} requests in {done.took_s:,.0f} s"
    return [
        *requests,
        at_least(
            f"{what}: share of webCRM's budget", share, f"≥ {LEAST_SHARE}", done.share("webcrm"), LEAST_SHARE
        ),
        none_of(f"{what}: answers 429", throttled(done)),
    ]


def _requests(done: Import, system: str, what: str, ratio: float) -> Figure:
    name, text = f"{what}: requests at {system} / the least", f"{done.count(system):,}"
    if done.share(system) < JUDGED_SHARE:
        return note(name, f"{text}, {done.share(system):.1%} of its budget", ratio)
    return at_most(name, text, f"≤ {MOST}", ratio, MOST)


def old(place: Path, register: str, customers: int, articles: int) -> tuple[Town, Import]:
    """Import one register of a company whose records are older than the overlap."""
    town = Town(place, clock=LoopClock())
    old_company(town, customers, articles, OLD_MINUTES)
    return town, measure(town, register)


def young_note(place: Path, count: int) -> Figure:
    """The same where all were made minutes ago: a list shows no time of change, so they are read again."""
    town = Town(place, clock=LoopClock())
    old_company(town, count, 0, YOUNG_MINUTES)
    done = measure(town, "customers")
    keyed = sum(each.path.startswith("/3/customers/") for each in (*done.sent, *done.later))
    text = f"{keyed / count:.2f} readings a customer, import {done.took_s:,.0f} s"
    return note(f"{count:,} customers made {YOUNG_MINUTES:.0f} min before", text, keyed / count)
