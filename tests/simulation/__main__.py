"""
`make simulate`: no duplicate and no loss, whatever fails; or one world again, to look at it.

Worlds from seeds, the crash matrix, and the real process under kills, stops and reload storms. Exit 1 when
an invariant did not hold anywhere. Replaying a world prints its trace.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import time
from collections.abc import Sequence

from msgspec import structs

from tests.bench.figure import Figure, at_least, at_most, none_of, note, table
from tests.simulation import matrix, processes, tills_plan, tills_run
from tests.simulation.plan import draw
from tests.simulation.run import Lived, live, spread, told
from tests.simulation.world import Simulation

SHORT, DAYS = 10_000, 200
SHOPS, STOCKS = 40, 300
SPEED = 15.0  # short worlds a second and core
MATRIX_S = 600.0
YEAR_S = 365.25 * 86_400
TOLD = 5  # failures that are made small and shown


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code."""
    asked = _parser().parse_args(arguments)
    if asked.seed is not None:
        return _again(asked.seed, day=asked.day, only=asked.only)
    first = asked.first if asked.first is not None else random.SystemRandom().randrange(1 << 32)
    _say(f"first seed {first}, commit {_commit()}, {asked.processes} processes")
    figures: list[Figure] = []
    for part in asked.parts:
        began_s = time.perf_counter()
        figures += PARTS[part](asked, first)
        _say(f"{part}: {time.perf_counter() - began_s:.0f} s")
    _say(table(figures))
    return 1 if any(each.ok is False for each in figures) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--parts", nargs="+", choices=list(PARTS), default=list(PARTS))
    parser.add_argument("--short", type=int, default=SHORT, help="short worlds")
    parser.add_argument("--days", type=int, default=DAYS, help="worlds of a day")
    parser.add_argument("--seconds", type=float, default=180.0, help="how long the real process is killed")
    parser.add_argument("--years", type=int, default=10, help="of a shop with tills")
    parser.add_argument("--seeds", type=int, default=1, help="shops with tills that live so many years")
    parser.add_argument("--shops", type=int, default=SHOPS, help="... that live some weeks")
    parser.add_argument("--stocks", type=int, default=STOCKS, help="worlds of stock")
    parser.add_argument("--first", type=int, help="the first seed; by default a fresh one")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seed", type=int, help="one world again")
    parser.add_argument("--day", action="store_true", help="... a world of a day")
    parser.add_argument("--only", type=_numbers, help="... with these of its events")
    return parser


def _numbers(text: str) -> list[int]:
    return [int(number) for number in text.split(",") if number]


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _commit() -> str:
    asked = ["git", "describe", "--always", "--dirty"]
    try:
        done = subprocess.run(asked, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return "unknown"
    return done.stdout.strip() or "unknown"


# ------------------------------------------------------------------ the parts


def _worlds(asked: argparse.Namespace, first: int) -> list[Figure]:
    short = spread(first, asked.short, asked.processes)
    _tell(short)
    speed = short.worlds / short.seconds if short.seconds else 0.0
    return [
        *_figures("short worlds", short),
        at_least("short worlds a second and core", f"{speed:.1f}", f"{SPEED:.0f}", speed / SPEED, 1.0),
    ]


def _days(asked: argparse.Namespace, first: int) -> list[Figure]:
    days = spread(first, asked.days, asked.processes, day=True)
    _tell(days)
    return _figures("worlds of a day", days)


def _figures(name: str, lived: Lived) -> list[Figure]:
    years = lived.simulated_s / YEAR_S
    counts = ", ".join(f"{count} {what}" for what, count in sorted(lived.counts.items()))
    return [
        note(name, f"{lived.worlds}, {years:.2f} years, in {lived.seconds:.0f} s of one core: {counts}"),
        none_of(f"{name} with a violation", len(lived.failures)),
    ]


def _tell(lived: Lived) -> None:
    for failure in lived.failures[:TOLD]:
        _say(told(failure))
    for failure in lived.failures[TOLD:]:
        _say(f"seed {failure.seed}: {failure.violations[0]}")


def _crashes(asked: argparse.Namespace, first: int) -> list[Figure]:
    began_s = time.perf_counter()
    figures, wrong = matrix.matrix(asked.processes, first)
    took_s = time.perf_counter() - began_s
    for each in wrong:
        _say(each)
    return [*figures, at_most("the crash matrix", f"{took_s:.0f} s", f"{MATRIX_S:.0f} s", took_s / MATRIX_S)]


def _processes(asked: argparse.Namespace, first: int) -> list[Figure]:
    figures: list[Figure] = []
    for outcome in processes.run(asked.seconds, first):
        told = ", ".join(f"{name} {value}" for name, value in outcome.figures.items())
        figures += [
            note(f"real process, {outcome.name}", told),
            none_of(f"real process, {outcome.name}: violations", len(outcome.violations)),
        ]
        for each in outcome.violations:
            _say(each)
    return figures


def _tills(asked: argparse.Namespace, first: int) -> list[Figure]:
    """Shops with four registers, some for weeks and one for years, and stock that both sides sell."""
    figures: list[Figure] = []
    for name, count, days in (
        ("worlds of stock", asked.stocks, tills_run.STOCK),
        (f"shops with tills, {tills_run.SHORT} days", asked.shops, tills_run.SHORT),
        (
            f"shops with tills, {asked.years} years, Fortnox compared weekly",
            asked.seeds,
            asked.years * tills_plan.YEAR,
        ),
    ):
        began_s = time.perf_counter()
        lived = tills_run.spread(first, count, days, asked.processes)
        for broken in lived.failures[:TOLD]:
            _say(tills_run.told(broken))
        figures += _figures(name, lived)
        _say(f"{name}: {time.perf_counter() - began_s:.0f} s")
    return figures


PARTS = {
    "worlds": _worlds,
    "days": _days,
    "tills": _tills,
    "crashes": _crashes,
    "processes": _processes,
}


# ------------------------------------------------------------------ one world again


class _Seen(Simulation):
    """A world whose trace is printed."""

    def trace(self, *what: object) -> None:
        super().trace(*what)
        _say(f"{self.true.passed_s:10.3f}  {' '.join(map(str, what))}")


def _again(seed: int, *, day: bool, only: Sequence[int] | None) -> int:
    plan = draw(seed, day=day)
    if only is not None:
        plan = structs.replace(plan, events=tuple(each for each in plan.events if each.number in only))
    result = live(plan, _Seen)
    same = live(plan).digest == result.digest
    _say(f"{plan}\ndigest {result.digest}, {'the same again' if same else 'ANOTHER ONE the second time'}")
    for violation in result.violations:
        _say(f"=> {violation}")
    return 1 if result.violations or not same else 0


if __name__ == "__main__":
    sys.exit(main())
