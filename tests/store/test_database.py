"""Whole transactions only, whatever is cancelled, full, locked or damaged."""

from __future__ import annotations

import os
import random
import sqlite3
from contextlib import asynccontextmanager

import anyio
import anyio.lowlevel
import pytest

from daemon.errors import StateBusy, StateError
from daemon.store.database import Lock, open_database

pytestmark = pytest.mark.row("D4")

LONG_WORK = (
    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300) SELECT max(i) FROM n"
)


@asynccontextmanager
async def opened(folder):
    """An open database with a table of two halves."""
    database = await open_database(folder / "state.db")
    try:
        await database.transact(
            lambda db: db.execute("CREATE TABLE IF NOT EXISTS halves (pair, half)").rowcount
        )
        yield database
    finally:
        await database.close()


def put_both(pair):
    """A transaction that puts two rows, the second one some work later."""

    def work(db):
        db.execute("INSERT INTO halves VALUES (?, 1)", (pair,))
        db.execute(LONG_WORK).fetchone()
        db.execute("INSERT INTO halves VALUES (?, 2)", (pair,))
        return pair

    return work


async def test_four_hundred_random_cancels_leave_no_open_transaction_and_no_half(tmp_path):
    """
    A transaction ends whole or not at all; none is left for the next one to publish.
    """
    chance = random.Random(1)
    async with opened(tmp_path) as database:
        for pair in range(400):
            with anyio.CancelScope() as scope:
                async with anyio.create_task_group() as group:
                    group.start_soon(database.transact, put_both(pair))
                    for _ in range(chance.randrange(6)):
                        await anyio.lowlevel.checkpoint()
                    scope.cancel()
            assert not database._connection.in_transaction
        counts = await database.transact(
            lambda db: db.execute("SELECT pair, count(*) FROM halves GROUP BY pair").fetchall()
        )
    assert {count for _, count in counts} <= {2}


async def test_what_raises_inside_a_transaction_takes_its_rows_back_and_reaches_the_caller(tmp_path):
    """
    The first half is not there afterwards, and the next transaction works.
    """

    def half(db):
        db.execute("INSERT INTO halves VALUES (1, 1)")
        raise KeyError(1)

    async with opened(tmp_path) as database:
        with pytest.raises(KeyError):
            await database.transact(half)
        assert (
            await database.transact(lambda db: db.execute("SELECT count(*) FROM halves").fetchone()[0]) == 0
        )
        assert await database.transact(put_both(2)) == 2


async def test_a_committed_row_is_there_after_the_file_is_opened_again(tmp_path):
    """
    `transact` returns when the row is durable; the journal mode is WAL and every commit is synced.
    """
    async with opened(tmp_path) as database:
        await database.transact(put_both(1))
        modes = [
            await database.transact(lambda db, name=name: db.execute(f"PRAGMA {name}").fetchone()[0])
            for name in ("journal_mode", "synchronous", "foreign_keys", "locking_mode")
        ]
    async with opened(tmp_path) as database:
        rows = await database.transact(
            lambda db: db.execute("SELECT half FROM halves ORDER BY half").fetchall()
        )
    assert modes == ["wal", 2, 1, "exclusive"]
    assert rows == [(1,), (2,)]


# ------------------------------------------------------------------ the disk


FULL = {
    "full": ("PRAGMA max_page_count = 1", "PRAGMA max_page_count = 1000000"),
    "read-only": ("PRAGMA query_only = ON", "PRAGMA query_only = OFF"),
}


@pytest.mark.parametrize("name", FULL)
async def test_a_full_or_read_only_disk_is_dbs02_and_ends_when_the_disk_is_mended(tmp_path, name):
    """
    The rows of the failed transaction are gone; the same open file works again afterwards.
    """
    fill, free = FULL[name]
    many = [(number, "x" * 1000) for number in range(1000)]
    async with opened(tmp_path) as database:
        await database._connection.execute(fill)
        with pytest.raises(StateError) as caught:
            await database.transact(
                lambda db: db.executemany("INSERT INTO halves VALUES (?, ?)", many).rowcount
            )
        await database._connection.execute(free)
        await database.transact(put_both(1))
        rows = await database.transact(lambda db: db.execute("SELECT count(*) FROM halves").fetchone()[0])
    assert (caught.value.code, caught.value.exit_code) == ("DBS02", 74)
    assert str(tmp_path) in caught.value.where
    assert rows == 2


def test_a_folder_that_cannot_be_made_is_dbs02(tmp_path):
    """
    A file stands where the folder should be.
    """
    (tmp_path / "state").write_text("")
    with pytest.raises(StateError) as caught:
        Lock(tmp_path / "state" / "inner")
    assert caught.value.code == "DBS02"


DAMAGE = {
    "no database at all": lambda _raw: b"garbage" * 1000,
    "a page overwritten": lambda raw: raw[:8192] + b"\xff" * 4096 + raw[12288:],
    "cut short": lambda raw: raw[: len(raw) // 2 + 100],
}


@pytest.mark.parametrize("name", DAMAGE)
async def test_a_damaged_file_is_dbs03_and_stays_as_it_is(tmp_path, name):
    """
    It is never recreated: what is left of it is what a person needs.
    """
    async with opened(tmp_path) as database:
        await database.transact(lambda db: [put_both(pair)(db) for pair in range(100)])
    path = tmp_path / "state.db"
    path.write_bytes(DAMAGE[name](path.read_bytes()))
    left = path.read_bytes()
    with pytest.raises(StateError) as caught:
        await open_database(path)
    assert caught.value.code == "DBS03"
    assert path.read_bytes() == left


# ------------------------------------------------------------------ one writer


def test_a_second_holder_of_the_folder_is_refused_with_the_pid_of_the_first(tmp_path):
    """
    DBS01 and exit code 75; after the first has gone the second may have it. Of the one before, which may
    have been killed and had a longer name, nothing is said.
    """
    (tmp_path / "lock").write_text("pid 1 on a host whose name is longer than that of this one may ever be\n")
    first = Lock(tmp_path)
    with pytest.raises(StateBusy) as caught:
        Lock(tmp_path)
    first.release()
    Lock(tmp_path).release()
    assert (caught.value.code, caught.value.exit_code) == ("DBS01", 75)
    assert f"pid {os.getpid()} " in caught.value.what and "longer" not in caught.value.what


async def test_another_program_in_the_file_is_refused(tmp_path):
    """
    Whoever opened the file without the lock gets or causes DBS01, never a mixture.
    """
    async with opened(tmp_path):
        other = sqlite3.connect(tmp_path / "state.db", timeout=0)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("SELECT * FROM halves")
        other.close()
    holder = sqlite3.connect(tmp_path / "state.db")
    holder.execute("PRAGMA locking_mode = EXCLUSIVE")
    holder.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StateBusy) as caught:
        await open_database(tmp_path / "state.db")
    holder.close()
    assert caught.value.code == "DBS01"


ENDED = {"after a crash": ("yes", True), "after a clean stop": ("", False)}


@pytest.mark.parametrize(("noted", "found"), ENDED.values(), ids=ENDED)
async def test_a_file_is_checked_whole_when_its_last_process_did_not_close_it(tmp_path, noted, found):
    """
    A large file takes long to check, so a clean stop spares the next start the wait.
    """
    path = tmp_path / "state.db"
    rows = [("running", noted), *((f"k{number:05}", "x" * 200) for number in range(2000))]
    database = await open_database(path)
    await database.transact(lambda db: db.executemany("INSERT INTO meta VALUES (?, ?)", rows).rowcount)
    await database.close()
    whole = path.read_bytes()
    middle = len(whole) // 2
    path.write_bytes(whole[:middle] + b"\xff" * 4096 + whole[middle + 4096 :])
    if found:
        with pytest.raises(StateError) as caught:
            await open_database(path)
        assert caught.value.code == "DBS03"
    else:
        await (await open_database(path)).close()
