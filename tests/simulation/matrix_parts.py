"""What one part of the matrix adds up, and where it runs."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.figure import Figure

MEMORY_DISK = Path("/dev/shm")  # noqa: S108
SHOWN = 3  # of what is wrong with one case


@contextmanager
def folder(*, durable: bool = False) -> Iterator[Path]:
    """A folder of its own, in memory where there is room, unless it is to be `durable`."""
    place = MEMORY_DISK if os.access(MEMORY_DISK, os.W_OK) and not durable else None
    with tempfile.TemporaryDirectory(dir=place, prefix="matrix") as made:
        yield Path(made)


class Tally:
    """One part of the matrix. `cases` are told apart by name, `runs` are those that differed and were run."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.cases = self.runs = 0
        self.seconds = 0.0  # of a processor
        self.note = ""
        self.wrong: list[tuple[str, list[str]]] = []

    @contextmanager
    def timed(self) -> Iterator[None]:
        """Counts the seconds spent within."""
        began = time.process_time()
        yield
        self.seconds += time.process_time() - began

    async def add(self, case: str, finding: Awaitable[list[str]]) -> None:
        """One run and what was found wrong by it; whatever it raises is wrong too."""
        self.runs += 1
        try:
            found = await finding
        except (Exception, BaseExceptionGroup) as error:  # noqa: BLE001 - that is what the run found
            found = [repr(error)]
        if found:
            self.wrong.append((case, found))

    def join(self, other: Tally) -> None:
        """The same part, elsewhere."""
        self.cases += other.cases
        self.runs += other.runs
        self.seconds += other.seconds
        self.wrong += other.wrong
        self.note = self.note or other.note

    def figure(self, seed: int) -> Figure:
        """The part as a line."""
        speed = f", {self.runs / self.seconds:.0f} a second and core" if self.seconds else ""
        measured = f"{self.cases:,} cases, {self.runs:,} runs in {self.seconds:,.0f} core seconds{speed}"
        bad = len(self.wrong)
        return Figure(
            name=self.name,
            measured=f"{measured}; {self.note or f'{bad} wrong'}; seed {seed}",
            limit="0 wrong",
            ok=bad == 0,
        )

    def told(self) -> Iterator[str]:
        """Each case that ended wrong, with the command that plays it again."""
        for case, found in self.wrong:
            yield f'python -m tests.simulation.matrix --replay "{case}"'
            yield from (f"    {each}" for each in found[:SHOWN])
