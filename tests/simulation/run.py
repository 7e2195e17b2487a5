"""
Many worlds, one after the other or in several processes; what failed, made small, and how to see it again.
"""

from __future__ import annotations

import itertools
import multiprocessing
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from types import ModuleType

from msgspec import Struct, structs

from daemon.systems.fortnox import spec as fortnox_spec
from daemon.systems.webcrm import spec as webcrm_spec
from tests.simulation.clockwork import simulated
from tests.simulation.plan import Event, Plan, draw
from tests.simulation.world import Result, Simulation

COMMAND = "python -m tests.simulation"
SMALL_WITHIN_S = 180.0
AGAIN_EVERY = 100  # every so manieth world is lived twice, and must leave the same trace
REST_S = 2000.0  # about what a world needs after its faults until it is at rest


class Failure(Struct, frozen=True):
    """A world in which an invariant did not hold."""

    seed: int
    day: bool
    violations: tuple[str, ...]

    @property
    def signature(self) -> str:
        """Which invariant it was: failures with the same one are one fault, until shown otherwise."""
        return self.violations[0].split(" ", 1)[0]


class Lived(Struct):
    """What some worlds came to."""

    worlds: int = 0
    simulated_s: float = 0.0
    seconds: float = 0.0  # of one core
    counts: Counter[str] = Counter()
    failures: list[Failure] = []

    def add(self, other: Lived) -> None:
        """Those of another process."""
        self.worlds += other.worlds
        self.simulated_s += other.simulated_s
        self.seconds += other.seconds
        self.counts += other.counts
        self.failures += other.failures


def live(plan: Plan, kind: type[Simulation] = Simulation) -> Result:
    """The life of one world. What nobody foresaw in it is a violation too."""
    try:
        with _kept(fortnox_spec, webcrm_spec):
            return simulated(partial(_live, plan, kind))
    except Exception as error:  # noqa: BLE001 - the world has broken down, and the seed must be told
        return Result("", (f"X {type(error).__name__}: {error}",), {}, 0.0)


@contextmanager
def _kept(*modules: ModuleType) -> Iterator[None]:
    """What a world sets in these is as before after it."""
    before = [dict(vars(module)) for module in modules]
    try:
        yield
    finally:
        for module, values in zip(modules, before, strict=True):
            vars(module).update(values)


async def _live(plan: Plan, kind: type[Simulation]) -> Result:
    return await kind(plan).run()


def lives(seeds: Iterable[int], *, day: bool = False, until_s: float | None = None) -> Lived:
    """These worlds, or as many as fit into `until_s` seconds of this process."""
    # A process that is killed leaves coroutines that nobody awaits.
    warnings.filterwarnings("ignore", "coroutine .* was never awaited", RuntimeWarning)
    lived, began_s = Lived(counts=Counter(), failures=[]), time.perf_counter()
    for seed in seeds:
        result = live(draw(seed, day=day))
        violations = list(result.violations)
        if seed % AGAIN_EVERY == 0 and live(draw(seed, day=day)).digest != result.digest:
            violations.append("G5 lived twice, the same seed left two traces")
        lived.worlds += 1
        lived.simulated_s += result.lasted_s
        lived.counts.update(result.figures)
        if violations:
            lived.failures.append(Failure(seed, day, tuple(violations)))
        lived.seconds = time.perf_counter() - began_s
        if until_s is not None and lived.seconds >= until_s:
            break
    return lived


def spread(
    first: int, count: int, processes: int, *, day: bool = False, until_s: float | None = None
) -> Lived:
    """`count` worlds from seed `first` on, shared out among `processes`."""
    shares = [range(first + each, first + count, processes) for each in range(processes)]
    whole = Lived(counts=Counter(), failures=[])
    work = partial(lives, day=day, until_s=until_s)
    if processes == 1:
        return work(shares[0])
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        for lived in pool.imap_unordered(work, shares):
            whole.add(lived)
    return whole


# ------------------------------------------------------------------ one failure


def minimised(plan: Plan, signature: str, fails: Callable[[Plan, str], bool] | None = None) -> Plan:
    """
    The same world with as few of its events as still break the same invariant.

    Leaves out halves, quarters and so on, down to single events (delta debugging). What is found within
    `SMALL_WITHIN_S` is small enough: a failure must be told, however many worlds it takes to make it smaller.
    """
    fails, until_s = fails or _fails, time.perf_counter() + SMALL_WITHIN_S
    events: Sequence[Event] = plan.events
    size = max(1, len(events) // 2)
    while True:
        for part in _parts(events, size):
            fewer = structs.replace(plan, events=tuple(each for each in events if each not in part))
            if time.perf_counter() > until_s:
                return structs.replace(plan, events=tuple(events))
            if fails(fewer, signature):
                events = fewer.events
                break
        else:
            if size == 1:
                return structs.replace(plan, events=tuple(events))
            size = max(1, size // 2)


def _parts(events: Sequence[Event], size: int) -> Iterator[Sequence[Event]]:
    for first in range(0, len(events), size):
        yield events[first : first + size]


def _fails(plan: Plan, signature: str) -> bool:
    return any(each.split(" ", 1)[0] == signature for each in live(plan).violations)


def replay(failure: Failure, only: Sequence[int] | None = None) -> str:
    """The command that shows a failure again."""
    day = " --day" if failure.day else ""
    events = f" --only {','.join(map(str, only))}" if only is not None else ""
    return f"{COMMAND} --seed {failure.seed}{day}{events}"


def told(failure: Failure) -> str:
    """A failure as a person reads it: what, the fewest events that lead there, how to see it again."""
    plan = draw(failure.seed, day=failure.day)
    small = minimised(plan, failure.signature)
    again = live(small)
    lines = [
        f"seed {failure.seed}: {', '.join(failure.violations[:1])}",
        f"  with {len(small.events)} of its {len(plan.events)} events:",
        *(f"  {each.at_s:8.1f} s  {each.what} {each.act}".rstrip() for each in small.events),
        *(f"  => {each}" for each in itertools.islice(again.violations, 3)),
        f"  see it again: {replay(failure, [each.number for each in small.events])}",
    ]
    return "\n".join(lines)
