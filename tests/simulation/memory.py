"""
The state file without a file: SQLite in memory, whole transactions, and a disk that may refuse.

What a transaction has committed survives the process, nothing else does, as with `synchronous=FULL`
on a disk that keeps its word (the crash matrix does the same with real files and lost writes).
"""

from __future__ import annotations

import asyncio
import functools
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import anyio

from daemon.errors import StateError
from daemon.store.database import Database, Lock
from daemon.store.journal import Journal, _prove_key
from daemon.store.migrate import migrate
from daemon.store.sealing import Sealer

T = TypeVar("T")
KEY = bytes(range(32))


class NoLock(Lock):
    """Nobody else is there."""

    def __init__(self) -> None:
        """Takes nothing."""

    def release(self) -> None:
        """Gives nothing up."""


class Disk:
    """What is stored, and how many of the next commits are refused."""

    def __init__(self) -> None:
        self.db = opened(template())
        self.refuses = 0
        self.denies = 0  # of the next commits it says that they failed, and has them
        self.refused: Callable[[], None] = lambda: None
        self.commits = 0
        self.hops = True  # whether others run meanwhile; without it a world takes a fifth less time

    def accept(self) -> None:
        """One more commit; StateError when it is refused."""
        if self.refuses > 0:
            self.refuses -= 1
            self._fail("database or disk is full")

    def deny(self) -> None:
        """One commit is there; StateError when the disk says that it is not."""
        if self.denies > 0:
            self.denies -= 1
            self._fail("disk I/O error")

    def _fail(self, why: str) -> None:
        self.refused()
        raise StateError("DBS02", f"the state cannot be written: {why}", "state.db", "free space")

    def copy(self) -> bytes:
        """The file as it is now."""
        return bytes(self.db.serialize())

    def put_back(self, image: bytes) -> None:
        """An older copy, or a new file."""
        self.db.close()
        self.db = opened(image)


class MemoryDatabase(Database):
    """Transactions on a disk, as long as the process lives: `step` is told before and after each."""

    def __init__(self, disk: Disk, step: Callable[[str], None]) -> None:
        super().__init__(cast("Any", None), Path("state.db"))
        self._disk, self._step = disk, step

    async def transact(self, work: Callable[[sqlite3.Connection], T]) -> T:
        if self._disk.hops:
            with anyio.CancelScope(shield=True):
                await asyncio.sleep(0)  # the hop to the database's thread lets others run
        self._step("commit")
        result = self._whole(work)
        self._step("committed")
        return result

    def _whole(self, work: Callable[[sqlite3.Connection], T]) -> T:
        db = self._disk.db
        db.execute("BEGIN IMMEDIATE")
        try:
            result = work(db)
            self._disk.accept()
            db.execute("COMMIT")
        except BaseException:
            db.execute("ROLLBACK")
            raise
        self._disk.commits += 1
        self._disk.deny()
        return result

    async def close(self) -> None:
        """What is committed stays."""


def opened(image: bytes) -> sqlite3.Connection:
    """A database with this content."""
    db = sqlite3.connect(":memory:", isolation_level=None)
    db.deserialize(image)
    db.execute("PRAGMA foreign_keys = ON")
    return db


@functools.cache
def template() -> bytes:
    """A new state file of the present schema, sealed with our key."""
    db = sqlite3.connect(":memory:", isolation_level=None)
    migrate(db, Path("state.db"))
    _prove_key(db, Sealer(KEY, bytes).key_id, Path())
    image = bytes(db.serialize())
    db.close()
    return image


def journal(disk: Disk, step: Callable[[str], None], clock: Any, ids: Any) -> Journal:
    """The daemon's memory over a disk."""
    return Journal(MemoryDatabase(disk, step), Sealer(KEY, ids.bytes), NoLock(), clock)
