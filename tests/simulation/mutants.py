"""
`make mutants`: the daemon is broken on purpose, one line at a time, and the simulated worlds must notice.

Each break of `mutants_table.py` is made in a copy of the daemon, which then lives worlds from seed 0 on
until an invariant is violated. That the daemon crashes does not count: a break must look like working.
Exit 1 when one survives, or when a world that told of one is not sound without it.
"""

from __future__ import annotations

import argparse
import os
import queue
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from itertools import count, islice
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct

import daemon
from tests.simulation import tills_run
from tests.simulation.mutants_facts import FACTS
from tests.simulation.mutants_table import MUTANTS, Mutant
from tests.simulation.mutants_tills import BREAKS, STOCK, TILLS
from tests.simulation.plan import Plan, draw
from tests.simulation.run import live
from tests.simulation.world import Result

ROOT: Final = Path(__file__).parents[2]
EVERY: Final = (*MUTANTS, *FACTS, *BREAKS)
PARTS: Final = ("daemon", "tests")
MOST: Final = 400  # worlds that one break is looked for in
HANGS_S: Final = 900.0  # they take far less
SHOP_DAYS: Final = 25
CRASHES: Final = ("X ", "I35 a pass ends as ")  # the daemon noticed it itself, and by accident


class Found(Struct, frozen=True):
    """What the worlds told: how many were lived, the last one's seed and its violation, "" for none."""

    worlds: int
    seed: int
    violation: str
    crashed: int = 0


class Fate(Struct, frozen=True):
    """What became of one break."""

    mutant: Mutant
    found: Found | None  # None: not one world came to its end
    seconds: float
    said: str = ""

    @property
    def told(self) -> str:
        """One line."""
        about = f"{self.mutant.area} · {self.mutant.name}"
        if self.found is None:
            return f"{about} · BROKEN: {self.said}"
        if not self.found.violation:
            return f"{about} · SURVIVES {self.found.worlds} worlds, {self.found.crashed} of them crashed"
        after = f"{self.found.worlds} worlds (seed {self.found.seed})"
        return f"{about} · found after {after}: {self.found.violation}"


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code."""
    asked = _parser().parse_args(arguments)
    if asked.live is not None:
        sys.stdout.buffer.write(msgspec.json.encode(looked_for(*asked.live)) + b"\n")
        return 0
    mutants = [each for each in EVERY if re.search(asked.only, f"{each.area} · {each.name}")]
    if gone := [f"{each.name}: {why}" for each in mutants if (why := stale(each))]:
        _say("the table has gone stale:\n" + "\n".join(gone))
        return 2
    began_s = time.perf_counter()
    fates = list(_fates(mutants, asked.most, asked.processes))
    alive = [fate for fate in fates if fate.found is None or not fate.found.violation]
    unsound = _unsound([fate for fate in fates if fate not in alive])
    for line in unsound:
        _say(f"without any break {line}")
    _say(f"{len(fates)} breaks, {len(alive)} survive, {time.perf_counter() - began_s:.0f} s")
    return 1 if alive or unsound else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.mutants", description=__doc__)
    parser.add_argument(
        "--only", default="", help="breaks whose area or name has this (a regular expression)"
    )
    parser.add_argument("--most", type=int, default=MOST, help="worlds that one break is looked for in")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--live", type=_search, help=argparse.SUPPRESS)  # in the copy
    return parser


def _search(text: str) -> tuple[int, str]:
    most, _, needs = text.partition(":")
    return int(most), needs


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def stale(mutant: Mutant) -> str:
    """Why a break cannot be made any more."""
    for file, old, _ in mutant.changes:
        times = (ROOT / file).read_text("utf-8").count(old) if (ROOT / file).exists() else 0
        if times != 1:
            return f"its text is {times} times in {file}"
    return ""


# ------------------------------------------------------------------ in the copy


def looked_for(most: int, needs: str = "") -> Found:
    """Worlds until an invariant is violated; those without all that the break `needs` are passed over."""
    assert Path(daemon.__file__).is_relative_to(Path.cwd()), f"{daemon.__file__} is not the copy"
    crashed = worlds = seed = 0
    drawn, lived = _worlds(needs)
    for plan in islice((plan for plan in map(drawn, count()) if _has(plan, needs)), most):
        worlds, seed = worlds + 1, plan.seed
        violations = lived(plan).violations
        if told := [each for each in violations if not each.startswith(CRASHES)]:
            return Found(worlds, seed, told[0], crashed)
        crashed += bool(violations)
    return Found(worlds, seed, "", crashed)


def _worlds(needs: str) -> tuple[Callable[[int], Any], Callable[[Any], Result]]:
    """How the worlds are drawn and lived that show a break: of webCRM, unless it needs a shop with tills."""
    days = {TILLS: SHOP_DAYS, STOCK: tills_run.STOCK}.get(needs.partition(" ")[0])
    return (draw, live) if days is None else (partial(tills_run.draw, days=days), tills_run.live)


def _has(plan: Any, needs: str) -> bool:
    if not isinstance(plan, Plan):
        return {TILLS, STOCK, *plan.faults} >= set(needs.split())
    return {*plan.classes, *plan.kinds, plan.documents, plan.grant, plan.ending} >= set(needs.split())


# ------------------------------------------------------------------ here


def _fates(mutants: Sequence[Mutant], most: int, processes: int) -> Iterator[Fate]:
    """What becomes of each, told as it is known."""
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        copies: queue.SimpleQueue[Path] = queue.SimpleQueue()
        for number in range(processes):
            copies.put(_copied(Path(folder) / str(number)))
        with ThreadPoolExecutor(processes) as pool:
            for fate in pool.map(partial(_fate, copies, most), mutants):
                _say(f"{fate.told} ({fate.seconds:.0f} s)")
                yield fate


def _copied(folder: Path) -> Path:
    for part in PARTS:
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    # By their content: a break of the same length made in the same second must not be taken for the old text.
    compiled = [sys.executable, "-m", "compileall", "-q", "--invalidation-mode", "checked-hash", *PARTS]
    subprocess.run(compiled, cwd=folder, check=True)
    return folder


def _fate(copies: queue.SimpleQueue[Path], most: int, mutant: Mutant) -> Fate:
    copy, began_s = copies.get(), time.perf_counter()
    try:
        with _broken(copy, mutant):
            found, said = _lived(copy, most, mutant.needs)
    finally:
        copies.put(copy)
    return Fate(mutant, found, time.perf_counter() - began_s, said)


@contextmanager
def _broken(copy: Path, mutant: Mutant) -> Iterator[None]:
    sound = {copy / file: (copy / file).read_text("utf-8") for file, _, _ in mutant.changes}
    for file, old, new in mutant.changes:
        (copy / file).write_text((copy / file).read_text("utf-8").replace(old, new), "utf-8")
    try:
        yield
    finally:
        for path, text in sound.items():
            path.write_text(text, "utf-8")


def _lived(folder: Path, most: int, needs: str) -> tuple[Found | None, str]:
    """What worlds of that folder tell; None and the last words when they told nothing."""
    done = _run(folder, "mutants", "--live", f"{most}:{needs}")
    if isinstance(done, str) or done.returncode:
        return None, done if isinstance(done, str) else _last_words(done.stderr)
    return msgspec.json.decode(done.stdout, type=Found), ""


def _last_words(stderr: bytes) -> str:
    return stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]


def _run(folder: Path, module: str, *arguments: str) -> subprocess.CompletedProcess[bytes] | str:
    """A command of that folder, ended; or why it did not."""
    command = [sys.executable, "-m", f"tests.simulation.{module}", *arguments]
    paths = {"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0"}
    try:
        return subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, **paths},
            capture_output=True,
            check=False,
            timeout=HANGS_S,
        )
    except subprocess.TimeoutExpired:
        return f"no end after {HANGS_S:.0f} s"


def _unsound(fates: Iterable[Fate]) -> list[str]:
    """The worlds that find something in the daemon as it is: they prove nothing about a break."""
    told = {(fate.mutant.needs.partition(" ")[0], fate.found.seed) for fate in fates if fate.found}
    lived = []
    for needs, seed in sorted(told):
        drawn, live_it = _worlds(needs)
        lived.append((seed, live_it(drawn(seed)).violations))
    return [f"seed {seed}: {violations[0]}" for seed, violations in lived if violations]


if __name__ == "__main__":
    sys.exit(main())
