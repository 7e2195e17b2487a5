"""
What will happen in one simulated world: a list of events, drawn from a seed before anything begins.

Each event has chance of its own (its number in the list), so a list with some
of them left out still means the same: that is how a failure is made small.
"""

from __future__ import annotations

import datetime as dt
import random
from typing import Any, Final

from msgspec import Struct

from tests.simulation.people import OFTEN

FAULTS_S: Final = 900.0  # a short schedule: a quarter of an hour of faults, then calm until at rest
LATE_MOST_S: Final = 75.0  # below settle and the request's own 30 s together, as 10 minutes are below 15
LAG_MOST_S: Final = 20.0

NETWORK: Final = (
    "refused",
    "lost before",
    "lost after",
    "late",
    "reset",
    "truncated",
    "empty",
    "slow",
    "twice",
    "tls",
)
HTTP: Final = (
    *("400", "401", "403", "404", "408", "409", "410", "412", "413", "415", "307", "html"),
    *("429", "429 wait", "429 odd", "429 zero", "429 date", "429 long"),
    *("500", "500 after", "502", "502 after", "503", "504", "504 after"),
)
# Class of fault (reliability: the fault model) -> its events, each with the most that one schedule draws.
CLASSES: Final = {
    "N": (("network", 6),),
    "H": (("http", 6),),
    "L": (
        *(("lag", 3), ("older", 2), ("shuffle", 1), ("drift", 2)),
        *(("repeat", 1), ("unfiltered", 1), ("total", 1)),
    ),
    "T": (("jump", 3), ("skew", 1), ("reboot", 2), ("freeze", 2)),
    "P": (("kill", 3), ("die", 4), ("stop", 2), ("reload", 4), ("stall", 1), ("cancel", 2), ("rename", 1)),
    "D": (("disk", 3), ("denied", 2), ("restore", 1)),
    "A": (("revoke", 1), ("expire", 3), ("scope", 1), ("stranger", 1), ("secret", 1)),
    "R": (("meddle", 4), ("amend", 3), ("poison", 2), ("lock", 1), ("reuse", 1), ("thick", 1)),
    "M": (("mass", 1), ("empty", 1)),
}


# What the vendors' documents leave open; each world answers it anew.
OPEN: Final = (
    ("fortnox", "lastmodified_bound", "exclusive"),
    ("fortnox", "lastmodified_precision", "second"),
    ("fortnox", "references_copied_to_invoice", False),
    ("fortnox", "createinvoice_answers", "Order"),
    ("fortnox", "number_order", "text"),
    ("fortnox", "throttle_body", "json"),
    ("fortnox", "round_off", True),
    ("webcrm", "query_lines", True),
    ("webcrm", "query_lines", True),
    ("webcrm", "query_lines", True),
    ("webcrm", "post_result", "int"),
    ("webcrm", "post_result", "object"),
    ("webcrm", "post_result_others", "empty"),
    ("webcrm", "post_result_others", "object"),
    ("webcrm", "line_bumps_delivery", True),
    ("webcrm", "country_shape", "object"),
    ("webcrm", "delivery_dialect", "opportunity"),
    ("webcrm", "create_burst_fault", True),
)
EARLY: Final = 0.1
MANY: Final = 30  # more than what is done unasked
OFTEN_DRAWN: Final = {"M": 0.08}  # it needs many records, and takes long


class Event(Struct, frozen=True):
    """Something that happens `at_s` seconds after the beginning; `number` is its chance."""

    at_s: float
    number: int
    what: str
    act: str = ""


class Plan(Struct, frozen=True):
    """One world's life. `ending` is what is tried at rest: "", "wipe", "restore"."""

    seed: int
    start: dt.datetime
    kinds: tuple[str, ...]
    documents: str
    number_owner: str
    classes: tuple[str, ...]
    customers: int
    lasts_s: float
    interval_s: int
    grant: str
    ending: str
    switches: tuple[tuple[str, str, Any], ...]
    page: int  # rows that the daemon asks for at once
    events: tuple[Event, ...]


# Days on which clocks, years or books change; and one on which nothing does.
DAYS: Final = (
    "2026-03-29",
    "2026-10-25",
    "2026-12-31",
    "2027-01-01",
    "2026-06-30",
    "2026-07-01",
    "2028-02-29",
    "2026-04-30",
    "2026-08-31",
    "2026-11-23",
)


def draw(seed: int, *, day: bool = False) -> Plan:
    """The plan of a seed: short, or a whole day."""
    chance = random.Random(f"plan {seed} {day}")
    documents = chance.choice(["off", "off", "order", "order", "invoice"])
    kinds = ["customer", *(["article"] if chance.random() < 0.3 else [])]
    kinds += ["document"] if documents != "off" else []
    classes = [name for name in CLASSES if chance.random() < OFTEN_DRAWN.get(name, 0.35)]
    classes = classes if chance.random() >= 0.1 else []  # a tenth of the worlds is without any fault
    lasts_s = 86_400.0 if day else FAULTS_S
    date = dt.date.fromisoformat(chance.choice(DAYS[:-1] if chance.random() < 0.6 else DAYS[-1:]))
    hour = 0 if day else chance.choice([0, 1, 7, 22, 23])
    events = _events(chance, kinds, classes, lasts_s, busy=3 if day else 1)
    return Plan(
        seed=seed,
        start=dt.datetime.combine(date, dt.time(hour), dt.UTC) - dt.timedelta(hours=1),
        kinds=tuple(kinds),
        documents=documents,
        number_owner=chance.choice(["fortnox", "fortnox", "webcrm"]),
        classes=tuple(classes),
        customers=MANY if "M" in classes else chance.randint(1, 3),
        lasts_s=lasts_s,
        interval_s=360,
        grant="authorization_code" if "A" in classes and chance.random() < 0.5 else "client_credentials",
        ending=chance.choice(["", "", "", "", "", "wipe", "restore"]),
        switches=tuple(each for each in OPEN if chance.random() < (0.4 if each[2] is True else 0.15)),
        page=500 if "article" in kinds else chance.choice([500, 500, 3]),  # articles are few, says spec.py
        events=tuple(sorted(events, key=lambda event: (event.at_s, event.number))),
    )


def _events(
    chance: random.Random, kinds: list[str], classes: list[str], lasts_s: float, *, busy: int
) -> list[Event]:
    found: list[Event] = []
    often = {act: weight for kind in kinds for act, weight in OFTEN[kind].items()}
    for _ in range(busy * chance.randint(3, 12)):
        (act,) = chance.choices(list(often), list(often.values()))
        found.append(Event(chance.uniform(0, lasts_s), len(found), "act", act))
        if chance.random() < 0.15:  # people do things in haste too
            found.append(Event(found[-1].at_s + chance.uniform(0, 3), len(found), "act", act))
    for name in classes:
        for what, most in CLASSES[name]:
            for _ in range(busy * chance.randint(0, most)):
                first_s = 5.0 if chance.random() < EARLY else lasts_s  # the first pass is unlike all others
                found.append(Event(chance.uniform(0, first_s), len(found), what))
    return found
