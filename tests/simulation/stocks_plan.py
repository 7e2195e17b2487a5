"""
What will happen to the stock of a few articles that are sold on both sides: drawn from a seed.
"""

from __future__ import annotations

import random
from typing import Any, Final

from msgspec import Struct

from tests.simulation.plan import Event

ARTICLES: Final = ("A", "B", "C")
LASTS_S: Final = 2400.0
PEOPLE: Final = {
    "sell_till": 8,
    "receive_till": 3,
    "count_till": 1,
    "sell_fortnox": 6,
    "receive_fortnox": 3,
    "offline": 1,
    "edit_till": 1,
    "edit_fortnox": 1,
}
# Class of fault -> its events, each with the most that one world draws.
FAULTS: Final = {
    "N": (("network", 6),),
    "H": (("http", 6), ("done_but_504", 3)),
    "P": (("kill", 3), ("die", 5)),
    "D": (("disk", 3),),
}
STOCK_CALLS: Final = ("apply_change", "set_new", "check_current")


class StockPlan(Struct, frozen=True):
    """Less than an hour of a shop."""

    seed: int
    faults: tuple[str, ...]
    switches: tuple[tuple[str, str, Any], ...]
    interval_s: int
    events: tuple[Event, ...]


def draw(seed: int) -> StockPlan:
    """The plan of a seed."""
    chance = random.Random(f"stocks {seed}")
    faults = tuple(name for name in FAULTS if chance.random() < 0.5)
    faults = faults if chance.random() < 0.8 else ()  # then both sides may sell as much as each other
    events: list[Event] = []

    def add(at_s: float, what: str) -> None:
        events.append(Event(at_s, len(events), what))

    for _ in range(chance.randint(5, 40)):
        (what,) = chance.choices(list(PEOPLE), list(PEOPLE.values()))
        at_s = chance.uniform(0, LASTS_S)
        add(at_s, what)
        if chance.random() < 0.3:
            add(at_s + chance.uniform(0, 3), chance.choice(["sell_till", "sell_fortnox"]))
    for name in faults:
        for what, most in FAULTS[name]:
            for _ in range(chance.randint(0, most)):
                add(chance.uniform(0, LASTS_S), what)
    switches = [("eskassa", "stock_call", chance.choice(STOCK_CALLS))]
    if chance.random() < 0.4:
        switches.append(("eskassa", "replication_s", chance.choice([5, 120])))  # type: ignore[arg-type]
    if chance.random() < 0.3:
        switches.append(("eskassa", "put_missing", "blank"))
    if chance.random() < 0.3:
        switches.append(("eskassa", "order", chance.choice(["modified", "shuffled"])))
    return StockPlan(
        seed=seed,
        faults=faults,
        switches=tuple(switches),
        interval_s=chance.choice([30, 60, 360]),
        events=tuple(sorted(events, key=lambda event: (event.at_s, event.number))),
    )
