"""
The disk fails in the middle of a pass: what cannot be remembered is not sent, and what was sent is settled.

At each statement through the connection that the daemon is given, and at each write, truncation and
fsync of the real file through a file system of our own (`tests.simulation.vfs`).
"""

from __future__ import annotations

import math
import random
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apsw

from daemon.errors import StateError
from daemon.sandbox.web import Request
from tests.engine.inline import inline, sqlite
from tests.engine.line import Line
from tests.engine.lives import judged, lead, prologue, story_of, verdict
from tests.engine.stage import Image, Stage
from tests.engine.story import calm
from tests.simulation import vfs
from tests.simulation.effects import STORED, is_effect, unaccounted
from tests.simulation.matrix_parts import Tally, folder

STATEMENTS, WRITES = "a disk that refuses each statement", "a disk that refuses each write or fsync"
PASS = "a later pass"  # creates and updates on both sides
WHICH: Mapping[str, tuple[str, ...]] = {  # error -> the statements that it meets
    "FULL": ("INSERT", "UPDATE", "DELETE", "COMMIT"),
    "READONLY": ("BEGIN", "INSERT", "UPDATE", "DELETE"),
    "IOERR": ("",),
    "BUSY": ("BEGIN",),
}
CODES = {
    "FULL": sqlite3.SQLITE_FULL,
    "READONLY": sqlite3.SQLITE_READONLY,
    "IOERR": sqlite3.SQLITE_IOERR_FSYNC,
    "BUSY": sqlite3.SQLITE_BUSY,
}
RAISED = {"FULL": apsw.FullError, "READONLY": apsw.ReadOnlyError, "IOERR": apsw.IOError}
REST = ("goes on", "dies")  # what the process does when the disk is well again


class Disk:
    """Well until `number` of what may fail were let through, and again when it is told so."""

    def __init__(self, error: str, number: float) -> None:
        self.error, self.number = error, number
        self.seen = 0
        self.mended = False

    @property
    def fails(self) -> bool:
        """Counts one more; whether it is refused."""
        self.seen += 1
        return self.seen > self.number and not self.mended


class Statements:
    """A sqlite3 connection that refuses statements."""

    def __init__(self, db: sqlite3.Connection, disk: Disk) -> None:
        self._db, self._disk = db, disk

    def __getattr__(self, name: str) -> Any:
        return getattr(self._db, name)

    def execute(self, sql: str, params: Any = ()) -> sqlite3.Cursor:
        """One statement; ROLLBACK always works, and what the town says is not the daemon's."""
        words, spared = WHICH[self._disk.error], ("ROLLBACK", "PRAGMA synchronous = OFF")
        if not sql.startswith(spared) and sql.lstrip().startswith(words) and self._disk.fails:
            raise vfs.failure(CODES[self._disk.error], f"the disk says {self._disk.error}")
        return self._db.execute(sql, params)


@contextmanager
def refusing_statements(stage: Stage, disk: Disk) -> Iterator[None]:
    """Within this the state is opened on that disk."""

    def connect(path: Path, timeout: float) -> Any:
        stage.db = sqlite(path, timeout)
        return Statements(stage.db, disk)

    with inline(connect):
        yield


@contextmanager
def refusing_writes(stage: Stage, disk: Disk) -> Iterator[None]:
    """Within this the state is opened on that disk, and waits for it."""

    def told(what: str, *_where: object) -> None:
        if what != "delete" and disk.fails:
            error = RAISED[disk.error]()
            error.extendedresult = CODES[disk.error]
            raise error

    files = vfs.Vfs(told)
    opened = vfs.connecting(files)

    def connect(path: Path, timeout: float) -> Any:
        stage.db = opened(path, timeout)  # type: ignore[assignment]
        return stage.db

    with inline(connect, "FULL"):
        yield


KINDS: Mapping[str, Callable[[Stage, Disk], Any]] = {
    "statement": refusing_statements,
    "write": refusing_writes,
}


async def sick(stage: Stage, image: Image, kind: str, disk: Disk, rest: str, known: set[bytes]) -> list[str]:
    """
    One life on that disk; when it is well again the process goes on, or the next one starts.

    Where it dies, each statement of one transaction leaves the same: such a future is `known` from then on.
    """
    town = stage.place(image)
    found: list[str] = []

    def arriving(system: str, request: Request) -> None:
        if is_effect(request):
            found.extend(unaccounted(system, request, stage.db.execute(STORED).fetchall()))

    Line.of(town).arriving = arriving
    left: Image | None = None
    with KINDS[kind](stage, disk):
        try:
            async with town.running():
                try:
                    await lead(town)
                except StateError:
                    left = stage.image()._replace(future=stage.future()) if rest == "dies" else None
                disk.mended = rest != "dies"
                if disk.mended:
                    await calm(town, quiet=1, patient=True)
                    return [*found, *await verdict(stage)]
        except StateError:
            pass  # where it could not even be opened, or closed
        disk.mended = True
        if left and left.future in known:
            return found
        known |= {left.future} if left else set()
        return [*found, *await judged(stage, left or stage.image())]


async def run(kind: str, error: str, seed: int, every: int) -> list[Tally]:
    """Each place where one error can happen."""
    tally = Tally(STATEMENTS if kind == "statement" else WRITES)
    chance = random.Random(f"{seed} {kind} {error}")
    with folder() as place, tally.timed():
        stage, image = await prologue(story_of(PASS), place)
        whole = Disk(error, math.inf)
        known: set[bytes] = set()
        await tally.add("whole", sick(stage, image, kind, whole, REST[0], known))
        for number in range(chance.randrange(every), whole.seen, every):
            rest = REST[(number // every) % 2]
            case = f"disk | {error} at {kind} {number} | {rest}"
            tally.cases += 1
            await tally.add(case, sick(stage, image, kind, Disk(error, number), rest, known))
    return [tally]


async def replayed(case: str, place: Path) -> list[str]:
    """What is wrong with one case."""
    _, what, rest = case.split(" | ")
    error, _, kind, number = what.split()
    stage, image = await prologue(story_of(PASS), place)
    return await sick(stage, image, kind, Disk(error, int(number)), rest, set())


WORK = [("statement", error) for error in WHICH] + [("write", error) for error in RAISED]
