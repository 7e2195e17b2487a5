"""
A disk that is watched, or fails: the daemon's SQL on apsw, whose file system is written in Python.

`shaped` gives an apsw connection the shape of sqlite3's that the daemon uses, so that its own
transactions run on it unchanged.
"""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import apsw

Params = dict[str, Any] | tuple[Any, ...]
Told = Callable[..., None]  # (what, file name, offset, data): before each write, truncate, sync and delete
_NUMBERS = itertools.count()


class Cursor:
    """What the daemon uses of a sqlite3 cursor."""

    def __init__(self, rows: apsw.Cursor, rowcount: int) -> None:
        self._rows, self.rowcount = rows, rowcount

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        with as_sqlite3():
            yield from self._rows

    def fetchone(self) -> tuple[Any, ...] | None:
        """The next row."""
        return next(iter(self), None)

    def fetchall(self) -> list[tuple[Any, ...]]:
        """Those that are left."""
        return list(self)


class Connection:
    """What the daemon uses of a sqlite3 connection."""

    def __init__(self, db: apsw.Connection) -> None:
        self._db = db

    @property
    def in_transaction(self) -> bool:
        """Whether one is open."""
        return self._db.in_transaction

    @property
    def total_changes(self) -> int:
        """Rows changed since it was opened."""
        return self._db.total_changes()

    def execute(self, sql: str, params: Params = ()) -> Cursor:
        """One statement."""
        with as_sqlite3():
            before = self._db.total_changes()
            rows = self._db.execute(sql, params)
            return Cursor(rows, self._db.total_changes() - before)

    def executescript(self, sql: str) -> None:
        """Several."""
        with as_sqlite3():
            for _ in self._db.execute(sql):
                pass

    def serialize(self) -> bytes:
        """The content."""
        return self._db.serialize("main")

    def close(self) -> None:
        """Close the file. SQLite says nothing of a last checkpoint that fails; apsw would."""
        with suppress(apsw.Error):
            self._db.close()


@contextmanager
def as_sqlite3() -> Iterator[None]:
    """What apsw raises within, as sqlite3 says it."""
    try:
        yield
    except apsw.Error as error:
        raise failure(error.extendedresult, str(error)) from error


def failure(code: int, text: str = "") -> sqlite3.Error:
    """The error that sqlite3 raises for a result code."""
    damaged = code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
    error = (sqlite3.DatabaseError if damaged else sqlite3.OperationalError)(text or f"error {code}")
    error.sqlite_errorcode = code
    return error


# ------------------------------------------------------------------ the file system


class Vfs(apsw.VFS):
    """The system's own files; `told` hears of each change before it is made, and may raise instead."""

    def __init__(self, told: Told) -> None:
        self.name = f"watched{next(_NUMBERS)}"
        self._told = told
        super().__init__(self.name, "")

    def xOpen(self, name: apsw.URIFilename | str | None, flags: list[int]) -> File:  # noqa: N802
        """A file."""
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        return File(path or "", name, flags, self._told)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802, FBT001
        """Remove one."""
        self._told("delete", Path(filename).name)
        super().xDelete(filename, syncdir)


class File(apsw.VFSFile):
    """One file of it."""

    def __init__(self, path: str, name: Any, flags: list[int], told: Told) -> None:
        self._name, self._told = Path(path).name, told
        super().__init__("", name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        """Write."""
        self._told("write", self._name, offset, bytes(data))
        super().xWrite(data, offset)

    def xTruncate(self, newsize: int) -> None:  # noqa: N802
        """Cut off."""
        self._told("truncate", self._name, newsize)
        super().xTruncate(newsize)

    def xSync(self, flags: int) -> None:  # noqa: N802
        """Returns when what was written is on the disk."""
        self._told("sync", self._name)
        super().xSync(flags)


def connecting(vfs: Vfs) -> Callable[[Path, float], Connection]:
    """Opens the state on that file system."""

    def connect(path: Path, timeout: float) -> Connection:
        with as_sqlite3():
            db = apsw.Connection(str(path), vfs=vfs.name)
            db.set_busy_timeout(int(timeout * 1000))
        return Connection(db)

    return connect
