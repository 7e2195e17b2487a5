"""
Many shops with tills, one after the other or in several processes; what failed, and how to see it again.

`python -m tests.simulation.tills_run --seed S --days D` (or `--stock S`) lives one again, with its trace.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
import warnings
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any, Final

from msgspec import Struct, structs

from tests.simulation import stocks, stocks_plan, tills, tills_plan
from tests.simulation.run import Lived, minimised
from tests.simulation.world import Result

COMMAND: Final = "python -m tests.simulation.tills_run"
STOCK: Final = 0  # days, of a world of stock
SHORT: Final = 45
AGAIN_EVERY: Final = 50  # every so manieth short world is lived twice, and must leave the same trace


class Broken(Struct, frozen=True):
    """A world in which an invariant did not hold; `days` is STOCK for one of stock."""

    seed: int
    days: int
    violations: tuple[str, ...]

    @property
    def signature(self) -> str:
        """Which invariant it was."""
        return self.violations[0].split(" ", 1)[0]


def draw(seed: int, days: int) -> Any:
    """The plan of a seed."""
    return tills_plan.draw(seed, days) if days else stocks_plan.draw(seed)


def live(plan: Any) -> Result:
    """The life of one world of either kind."""
    return tills.live(plan) if isinstance(plan, tills_plan.TillPlan) else stocks.live(plan)


def lives(seeds: Iterable[int], days: int, until_s: float | None = None) -> Lived:
    """These worlds, or as many as fit into `until_s` seconds of this process."""
    # A process that is killed leaves coroutines that nobody awaits.
    warnings.filterwarnings("ignore", "coroutine .* was never awaited", RuntimeWarning)
    lived, began_s = Lived(counts=Counter(), failures=[]), time.perf_counter()
    for seed in seeds:
        result = live(draw(seed, days))
        violations = list(result.violations)
        if (
            seed % AGAIN_EVERY == 0
            and days < tills_plan.YEAR
            and live(draw(seed, days)).digest != result.digest
        ):
            violations.append("G5 lived twice, the same seed left two traces")
        lived.worlds += 1
        lived.simulated_s += result.lasted_s
        lived.counts.update(result.figures)
        if violations:
            lived.failures.append(Broken(seed, days, tuple(violations)))  # type: ignore[arg-type]
        lived.seconds = time.perf_counter() - began_s
        if until_s is not None and lived.seconds >= until_s:
            break
    return lived


def spread(first: int, count: int, days: int, processes: int) -> Lived:
    """`count` worlds from seed `first` on, shared out among `processes`."""
    shares = [range(first + each, first + count, processes) for each in range(processes)]
    whole, work = Lived(counts=Counter(), failures=[]), partial(lives, days=days)
    if processes == 1 or count <= 1:
        return work(range(first, first + count))
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        for lived in pool.imap_unordered(work, shares):
            whole.add(lived)
    return whole


# ------------------------------------------------------------------ one failure


def replay(broken: Broken, only: Sequence[int] | None = None) -> str:
    """The command that shows a failure again."""
    events = f" --only {','.join(map(str, only))}" if only is not None else ""
    which = f"--seed {broken.seed} --days {broken.days}" if broken.days else f"--stock {broken.seed}"
    return f"{COMMAND} {which}{events}"


def told(broken: Broken) -> str:
    """A failure as a person reads it; a short world with the fewest events that lead there."""
    lines, only = [f"seed {broken.seed}: {', '.join(broken.violations[:3])}"], None
    if broken.days < tills_plan.YEAR:
        small = minimised(draw(broken.seed, broken.days), broken.signature, _fails)
        only = [each.number for each in small.events]
        lines += [f"  {each.at_s:10.1f} s  {each.what} {each.act}".rstrip() for each in small.events]
        lines += [f"  => {each}" for each in live(small).violations[:3]]
    return "\n".join([*lines, f"  see it again: {replay(broken, only)}"])


def _fails(plan: Any, signature: str) -> bool:
    return any(each.split(" ", 1)[0] == signature for each in live(plan).violations)


# ------------------------------------------------------------------ one world again


class _SeenTills(tills.Tills):
    def trace(self, *what: object) -> None:
        super().trace(*what)
        _say(f"{self.local()}  {' '.join(map(str, what))}")


class _SeenStocks(stocks.Stocks):
    def trace(self, *what: object) -> None:
        super().trace(*what)
        _say(f"{self.true.passed_s:10.3f}  {' '.join(map(str, what))}")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 1 when an invariant does not hold."""
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__)
    parser.add_argument("--seed", type=int, default=0, help="of a shop with registers")
    parser.add_argument("--days", type=int, default=SHORT)
    parser.add_argument("--stock", type=int, help="the seed of a world of stock")
    parser.add_argument("--only", help="with these of its events")
    asked = parser.parse_args(arguments)
    warnings.filterwarnings("ignore", "coroutine .* was never awaited", RuntimeWarning)
    plan = draw(asked.seed, asked.days) if asked.stock is None else draw(asked.stock, STOCK)
    if asked.only is not None:
        kept = {int(number) for number in asked.only.split(",") if number}
        plan = structs.replace(plan, events=tuple(each for each in plan.events if each.number in kept))
    result = tills.live(plan, _SeenTills) if asked.stock is None else stocks.live(plan, _SeenStocks)
    _say(f"{dict(result.figures)}\ndigest {result.digest}")
    for violation in result.violations:
        _say(f"=> {violation}")
    return 1 if result.violations else 0


if __name__ == "__main__":
    sys.exit(main())
