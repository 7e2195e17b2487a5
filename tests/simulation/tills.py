"""
A shop with four registers and the books of its company, lived from one plan for days or for years, with a
daemon that looks a few times a day (G11). `tills_people.py`: who work there, `tills_judge.py`: who judges.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from functools import partial
from typing import Any, Final

from daemon.config import Config
from daemon.core.agreement import Agreement
from daemon.core.records import Side
from daemon.core.work import Mark
from daemon.engine.account import Account
from daemon.store.desk import StateDesk
from tests.simulation import tills_host
from tests.simulation.camera import FORTNOX
from tests.simulation.plan import Event
from tests.simulation.tills_facts import SERIES
from tests.simulation.tills_host import DAY_S, ESKASSA, HOUR_S, Host
from tests.simulation.tills_judge import Judge
from tests.simulation.tills_people import GOODS, HAPPENINGS, open_account, work_day
from tests.simulation.tills_plan import REGISTERS, YEAR, TillPlan, begins
from tests.simulation.world import Result

LOOKS: Final = (7.9, 12.1)  # hours of a day at which somebody has it look; it looks by itself twice a day too
GOOD: Final = frozenset({"ok", "parked", "held", "conflict", "unknown"})  # outcomes of a pass that saw all
CALM_DAYS: Final = 4
MISSING: Final = "ZRP02"
ENDS_DAYS: Final = 60
WEEK: Final = dt.timedelta(days=7)


class Tills(Host):
    """A shop in motion."""

    def __init__(self, plan: TillPlan) -> None:
        super().__init__(plan, begins(plan.start), config)
        self.plan = plan
        self.copies: list[bytes] = []
        self.judge = Judge(self.world, self.true, self.fail, self.figures)
        self._open()
        for event in plan.events:
            self.at(event.at_s, partial(self._happen, event))
        for day in range(plan.days):
            chance = random.Random(f"looks {plan.seed} {day}")
            for hour in LOOKS:
                self.at(plan.moment(day, hour + chance.uniform(0, 0.3)), self.look)
        self.at(plan.moment(plan.days, 3.0), self._calm_down)

    def hears(self, event: str, fields: Mapping[str, Any]) -> None:
        self.judge.told(event, fields)

    def _open(self) -> None:
        for series in sorted(set(SERIES.values())):
            for year in ("1", "2"):
                self.act(FORTNOX, "add_series", code=series, manual=True, year=year)
        category = self.category()
        for number, (name, price, vat) in enumerate(GOODS, 1):
            fields = {"BarCode": f"73{number}", "ProductCode": f"{number}", "Description": name}
            fields |= {"PriceIncludingVat": price, "VatPercentage": vat, "CategoryId": category}
            self.act(ESKASSA, "create_item", fields=fields)

    async def _happen(self, event: Event) -> None:
        self.trace("event", event.number, event.what, event.act)
        chance = random.Random(f"{self.plan.seed} {event.number}")
        if event.what == "day":
            work_day(self, chance, int(event.act))
        elif event.what == "year":
            self.act(FORTNOX, "add_year", **{"from": f"{event.act}-01-01", "to": f"{event.act}-12-31"})
        else:
            await HAPPENINGS[event.what](self, chance)

    # -------------------------------------------------------------- the daemon

    async def look(self) -> None:
        """The daemon looks at both sides; then the judge does."""
        if self.off:
            return
        self.figures["looks"] += 1
        self.judge.look_begins()
        report = await self.sync()
        if report is None:
            self.after(30.0, self.restart)
            return
        good = report.outcome in GOOD
        listed = await self.listed() if self.judge.asks() and good else {}
        self.judge.held(key for key, code in listed.items() if code != "unknown")
        waits = bool(report.unknown or report.next_look_at or report.creations_wait)
        self.judge.look_ended(report.outcome, listed, good=good, waits=waits)

    async def listed(self) -> dict[str, str]:
        """The key of each record that an operator finds listed, with the code or the word for it."""
        with self.unharmed():
            process = await self.machine.start()
            if process.refused:
                self.fail(f"I33 the daemon does not start: {process.refused}")
                return {}
            return await self._listed(process.desk)

    async def _listed(self, desk: StateDesk) -> dict[str, str]:
        found = {each["key"]: each["code"] for each in await desk.parked()}
        found |= {each["key"]: "conflict" for each in await desk.conflicts() if each["state"] == "open"}
        found |= {each["key"]: "unknown" for each in await desk.intents()}
        for plan in await desk.held():
            found |= {step["key"]: "held" for step in plan["steps"]}
        return found

    async def operate(self, *, ignores: bool = True) -> None:
        """Somebody sees to what is listed: tries it once more, and lets go what will never be booked."""
        with self.unharmed():
            if self.machine.running:
                await self._operate(self.machine.running.desk, ignores=ignores)

    async def _operate(self, desk: StateDesk, *, ignores: bool) -> None:
        for held in await desk.held():
            await desk.release(held["id"], drop=False)
        listed = await desk.parked()
        self.judge.held(each["key"] for each in listed)
        for parked in listed:
            if not (parked["code"] and parked["what"] and parked["todo"]):
                self.fail(f"I2 {parked} is listed without a reason or a next step")
            if ignores and self.judge.lets_go(parked["key"], parked["code"]):
                await desk.ignore(parked["id"])
            elif parked["code"] != MISSING:  # of what nobody has seen there is nothing to try
                await desk.retry(parked["id"])

    # -------------------------------------------------------------- the end

    async def _calm_down(self) -> None:
        """No more faults, everything is opened, and after some days nothing is left but what must be."""
        self.calm()
        self.act(FORTNOX, "unlock_period")
        for account in sorted(self.judge.closed_accounts):
            open_account(self, account)
        for year in range(self.plan.start.year, self.local().year + 2):
            self.act(FORTNOX, "add_year", **{"from": f"{year}-01-01", "to": f"{year}-12-31"})
        self.world.systems[ESKASSA].switch("replication_s", 0)
        for register in REGISTERS:
            self.act(ESKASSA, "go_online", register=register)
        for day in range(CALM_DAYS):
            self.after(day * (DAY_S + HOUR_S) + 600.0, partial(self.operate, ignores=False))
            self.after(day * (DAY_S + HOUR_S) + 1200.0, self.look)
        self.after(CALM_DAYS * (DAY_S + HOUR_S), self._judged)

    async def _judged(self) -> None:
        self.judge.at_rest(await self.listed())
        await self.check_log()


# ------------------------------------------------------------------ one life


def config() -> Config:
    """Reports only, each series its registers, hardly a pass of its own accord."""
    others = ", ".join(f'"{each}" = "{series}"' for each, series in SERIES.items())
    return tills_host.configured("tills", ("reports",), int(DAY_S), f"series_by_register = {{ {others} }}")


def live(plan: TillPlan, kind: type[Tills] = Tills) -> Result:
    """The life of one shop. What nobody foresaw in it is a violation too."""
    with _sparing() if plan.days > YEAR else nullcontext():
        return tills_host.live(partial(kind, plan), (plan.days + ENDS_DAYS) * DAY_S)


_nightly: Final = Account._compare


@contextmanager
def _sparing() -> Iterator[None]:
    Account._compare = _weekly  # type: ignore[method-assign]
    try:
        yield
    finally:
        Account._compare = _nightly  # type: ignore[method-assign]


async def _weekly(account: Account, agreement: Agreement, known: Mark, *, eager: bool) -> str:
    """
    Fortnox' vouchers compared each week, not each night: of many years they would be most of the run.

    The tills are compared each night as ever: what comes late is due.
    """
    if account.side is Side.FORTNOX and account.their_time() - known.complete_at < WEEK:
        return ""
    return await _nightly(account, agreement, known, eager=eager)
