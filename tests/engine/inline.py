"""
The state file without a thread of its own: the same SQLite, the same statements, one hop less.

A simulation starts thousands of daemons; handing each transaction to a thread
and back takes longer than the transaction. Everything above `aiosqlite.connect`
is the daemon's own code.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar

from daemon.store import database

T = TypeVar("T")


class Connection:
    """What `daemon.store.database` uses of an aiosqlite connection."""

    def __init__(self, db: Any, synchronous: str) -> None:
        self._conn, self._synchronous = db, synchronous

    @property
    def in_transaction(self) -> bool:
        """Whether one is open."""
        return bool(self._conn.in_transaction)

    async def _execute(self, work: Callable[[], T]) -> T:
        await asyncio.sleep(0)  # where the real one waits for its thread
        return work()

    async def execute(self, sql: str) -> None:
        """One statement; a town that says it need not wait for the disk gets `synchronous`."""
        self._conn.execute(sql.replace("synchronous = OFF", f"synchronous = {self._synchronous}"))

    async def close(self) -> None:
        """Close the file."""
        self._conn.close()


def sqlite(path: Path, timeout: float) -> sqlite3.Connection:
    """The real one."""
    return sqlite3.connect(path, timeout=timeout, isolation_level=None)


@contextmanager
def inline(connect: Callable[[Path, float], Any] = sqlite, synchronous: str = "OFF") -> Iterator[None]:
    """Within this the daemon's state is opened by `connect` and used without a thread."""

    async def opened(path: Path, **how: Any) -> Connection:
        return Connection(connect(path, how["timeout"]), synchronous)

    real = database.aiosqlite
    database.aiosqlite = SimpleNamespace(connect=opened)  # type: ignore[assignment]
    try:
        yield
    finally:
        database.aiosqlite = real
