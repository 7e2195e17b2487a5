"""
A pass in which nothing happened: one request for each register on each side, and no write.

Idle is after the overlap (decisions: a record that was seen to change is read
again once its window has passed). Once an hour a login is due, and with it one
reading of the company; neither belongs to a register.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.bench.company import old_company
from tests.bench.figure import Figure, at_most, none_of
from tests.bench.imports import OLD_MINUTES, Sent, tallied
from tests.town import Town
from tests.virtual import LoopClock, run_virtual

REST_S = 1200.0  # between two passes: the overlap and more
REGISTERS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("fortnox", "customers"): ("/3/customers",),
    ("fortnox", "articles"): ("/3/articles",),
    ("webcrm", "customers"): ("/Queries", "/Organisations"),
    ("webcrm", "articles"): ("/QuotationLines",),
}


def measure(place: Path, customers: int, articles: int) -> Sequence[Sent]:
    """Import both registers, let them rest, and see what one more full pass sends."""
    town = Town(place, clock=LoopClock())
    old_company(town, customers, articles, OLD_MINUTES)
    tally = tallied(town)

    async def work() -> Sequence[Sent]:
        async with town.running():
            for register in ("customers", "articles"):
                await town.sync(imports=register)
            for _ in range(2):
                await town.clock.sleep(REST_S)
                await town.sync()
            await town.clock.sleep(REST_S)
            tally.sent = []
            await town.sync()
            return tally.sent

    return run_virtual(work)


def requests(sent: Sequence[Sent]) -> Mapping[tuple[str, str], int]:
    """How many requests each register of each side took."""
    return {
        (system, register): sum(each.system == system and each.path.startswith(paths) for each in sent)
        for (system, register), paths in REGISTERS.items()
    }


def writes(sent: Sequence[Sent]) -> int:
    """Requests with effect."""
    return sum(each.method != "GET" for each in sent)


def figures(place: Path, customers: int, articles: int) -> list[Figure]:
    """The lines of an idle pass."""
    sent = measure(place, customers, articles)
    found = requests(sent)
    text = ", ".join(f"{system} {register} {count}" for (system, register), count in found.items())
    assert min(found.values()) > 0, text
    return [
        at_most("idle pass: requests per register and side", text, "1 each", float(max(found.values()))),
        none_of("idle pass: writes", writes(sent)),
    ]
