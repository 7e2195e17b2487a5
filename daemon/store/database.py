"""
One SQLite file, one writer, whole transactions.

A transaction is a function handed to the database: it runs in one hop on the
database's thread, is committed and durable when the await returns, and is
shielded, because a transaction cancelled half-way would be published by the
next unrelated commit.
"""

from __future__ import annotations

import fcntl
import os
import socket
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import aiosqlite
import anyio

from daemon.errors import StateBusy, StateError
from daemon.store.migrate import migrate
from daemon.store.queries import SQL

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]

RUNNING = "running"  # noted while a process has the file open: "" once it has closed it
CLOSED = "closed"  # noted when one closes it: the time
LOCKED_S = 1.0  # nobody else has a reason to be in the file: who waits longer waits in vain
PRAGMAS = (
    "PRAGMA locking_mode = EXCLUSIVE",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA cache_size = -8192",
)


class Lock:
    """The right to write a state folder; held by one process at a time."""

    def __init__(self, folder: Path) -> None:
        """
        Takes the lock. StateBusy names the holder's pid; StateError when the folder cannot be used.

        Who took it this very moment may not have written its name yet, and is called unknown.
        """
        path = folder / "lock"
        name = f"pid {os.getpid()} on {socket.gethostname()}\n".encode()  # before, to be written at once
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise _folder_error(error, folder) from error
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(self._handle, 200, 0).decode(errors="replace").partition("\n")[0] or "unknown"
            os.close(self._handle)
            raise StateBusy(
                "DBS01",
                f"another fortnox-syncd holds the state: {holder}",
                str(folder),
                "stop that one, or use its control socket: `fortnox-syncd status`",
            ) from error
        os.pwrite(self._handle, name, 0)
        os.ftruncate(self._handle, len(name))

    def release(self) -> None:
        """Give the lock up; harmless when repeated."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1


class Database:
    """An open state file. Use `open_database`."""

    def __init__(self, connection: aiosqlite.Connection, path: Path) -> None:
        self._connection, self.path = connection, path
        self.damaged = False  # found while it was open: the next start must check it whole

    async def transact(self, work: Work[T]) -> T:
        """
        Run `work` as one transaction and return its result.

        Durable when this returns. Any exception rolls back; a full or
        read-only disk is a StateError (DBS02), damage is DBS03.
        """

        def whole() -> T:
            db = self._connection._conn  # noqa: SLF001 - the whole transaction is one hop
            db.execute("BEGIN IMMEDIATE")
            try:
                result = work(db)
                db.execute("COMMIT")
            except BaseException:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise
            return result

        results: list[T] = []
        with anyio.CancelScope(shield=True):
            try:
                results.append(await self._connection._execute(whole))  # type: ignore[no-untyped-call] # noqa: SLF001
            except sqlite3.Error as error:
                problem = _database_error(error, self.path)
                self.damaged |= problem.code == "DBS03"
                raise problem from error
        return results[0]

    async def close(self) -> None:
        """Close the file. The connection's thread ends; without this the process would not."""
        with anyio.CancelScope(shield=True):
            await self._connection.close()


async def open_database(path: Path) -> Database:
    """Open or make the state file and bring it to the present schema. The caller holds the Lock."""
    os.umask(0o077)
    try:
        sqlite3.connect(
            path
        ).close()  # aiosqlite's thread would outlive the loop when it cannot open the file
    except sqlite3.Error as error:
        raise _database_error(error, path) from error
    connection = await aiosqlite.connect(path, timeout=LOCKED_S, isolation_level=None)
    database = Database(connection, path)
    try:
        await connection._execute(lambda: _prepare(connection._conn, path))  # type: ignore[no-untyped-call] # noqa: SLF001
    except BaseException as error:
        await database.close()
        if isinstance(error, sqlite3.Error):
            raise _database_error(error, path) from error
        raise
    return database


def _prepare(db: sqlite3.Connection, path: Path) -> None:
    for pragma in PRAGMAS:
        db.execute(pragma)
    if not _ended_well(db):
        broken = db.execute("PRAGMA quick_check(1)").fetchone()[0]
        if broken != "ok":
            raise _damaged(broken, path)
    migrate(db, path)


def _ended_well(db: sqlite3.Connection) -> bool:
    """Whether the last process closed the file; the check of a large one would delay every start."""
    if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone():
        return False
    noted = db.execute(SQL["meta_get"], {"key": RUNNING}).fetchone()
    return noted is not None and noted[0] == ""


def _folder_error(error: OSError, folder: Path) -> StateError:
    return StateError(
        "DBS02",
        f"the state folder cannot be used: {error.strerror}",
        str(folder),
        "make it, give it to the service's user with mode 0700, or set [daemon] state_dir",
    )


def _database_error(error: sqlite3.Error, path: Path) -> StateError:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        todo = "end the program that has the file open"
        return StateBusy("DBS01", "another program has the state file open", str(path), todo)
    if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN):
        todo = "free space or make the disk writable; nothing is sent until a write succeeds again"
        return StateError("DBS02", f"the state cannot be written: {error}", str(path), todo)
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return _damaged(str(error), path)
    raise error


def _damaged(what: str, path: Path) -> StateError:
    todo = "stop, keep the file, and restore the last backup"
    return StateError("DBS03", f"the state file is damaged: {what}", str(path), todo)
