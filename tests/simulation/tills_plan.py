"""
What will happen in a shop with four registers, and in the office that books its days: drawn from a seed.

Each event has chance of its own, as in `plan.py`, so that any of them may be left out. What lasts (a register
without a network, a vendor that is away, a locked period) ends by itself.
"""

from __future__ import annotations

import datetime as dt
import random
from typing import Any, Final

from msgspec import Struct

from daemon.core.stockholm import ZONE
from tests.simulation.plan import Event

REGISTERS: Final = (1, 2, 3, 4)
SUNDAY: Final = 6
YEAR: Final = 366  # days; a longer life is one of years
OPEN: Final = 0.85  # of a register, on an ordinary day
OPEN_ON_SUNDAY: Final = 0.3
LATE_S: Final = 40 * 86_400.0  # the latest that a hidden report comes

# What happens at the tills and in the office -> how often a day.
PEOPLE: Final = {
    "offline": 0.02,
    "hide": 0.03,
    "skip": 0.006,
    "unbalance": 0.01,
    "no_account": 0.006,
    "change": 0.01,
    "lag": 0.01,
    "lock": 0.03,
    "account_off": 0.005,
    "by_hand": 0.02,
    "edit_voucher": 0.006,
    "delete_last": 0.004,
    "operate": 0.14,
}
# Class of fault -> its events and how often a day.
FAULTS: Final = {
    "N": {"network": 0.15},
    "H": {"http": 0.15, "away": 0.02},
    "P": {"kill": 0.03, "die": 0.12, "off": 0.006},
    "D": {"disk": 0.03},
    "S": {"copy": 0.05, "restore": 0.01, "wipe": 0.004},
}
# What the vendors' documents leave open; each world answers it anew.
OPEN_QUESTIONS: Final = (
    ("fortnox", "lastmodified_bound", "exclusive"),
    ("fortnox", "lastmodified_precision", "second"),
    ("fortnox", "number_order", "text"),
    ("fortnox", "throttle_body", "json"),
    ("eskassa", "zero_rows", True),
    ("eskassa", "retry_after", "absent"),
)


class TillPlan(Struct, frozen=True):
    """One shop's life, from the midnight before `start` (a local date) on."""

    seed: int
    start: dt.date
    days: int
    faults: tuple[str, ...]
    switches: tuple[tuple[str, str, Any], ...]
    events: tuple[Event, ...]

    def moment(self, day: int, hour: float) -> float:
        """The seconds from the beginning to an hour of a day by the clock on the wall."""
        return moment(self.start, day, hour)


def moment(start: dt.date, day: int, hour: float) -> float:
    """The seconds from the midnight before `start` to an hour of the so manieth day after it."""
    wall = dt.datetime.combine(start, dt.time()) + dt.timedelta(days=day, hours=hour)
    return (wall.replace(tzinfo=ZONE) - begins(start)).total_seconds()


def begins(start: dt.date) -> dt.datetime:
    """When a day begins."""
    return dt.datetime.combine(start, dt.time(), ZONE).astimezone(dt.UTC)


def draw(seed: int, days: int = 45) -> TillPlan:
    """The plan of a seed. Short ones begin where days, years and books are odd."""
    chance = random.Random(f"tills {seed} {days}")
    start = dt.date(2025, 1, 2)
    if days < 365:
        start += dt.timedelta(days=chance.choice([60, 280, 330, 340, chance.randint(0, 700)]))
    faults = tuple(name for name in FAULTS if days >= 365 or chance.random() < 0.6)
    switches = tuple(each for each in OPEN_QUESTIONS if chance.random() < 0.3)
    events = sorted(_events(chance, start, days, faults), key=lambda event: (event.at_s, event.number))
    return TillPlan(seed, start, days, faults, switches, tuple(events))


def _events(chance: random.Random, start: dt.date, days: int, faults: tuple[str, ...]) -> list[Event]:
    found: list[Event] = []

    def add(day: int, hour: float, what: str, act: str = "") -> None:
        found.append(Event(moment(start, day, hour), len(found), what, act))

    often = {what: share for name in faults for what, share in FAULTS[name].items()} | PEOPLE
    for day in range(days):
        date = start + dt.timedelta(days=day)
        for register in REGISTERS:
            if chance.random() < (OPEN_ON_SUNDAY if date.weekday() == SUNDAY else OPEN):
                midnight = chance.random() < 0.05
                add(
                    day,
                    chance.uniform(24.1, 26.5) if midnight else chance.uniform(16, 21),
                    "day",
                    f"{register}",
                )
        for what, share in often.items():
            if chance.random() < share:
                add(day, chance.uniform(0, 24), what)
        if (date.month, date.day) == (12, 1):  # the next year is made at the end of the old one, or late
            add(day + chance.randint(0, 50), 11.0, "year", f"{date.year + 1}")
    return found
