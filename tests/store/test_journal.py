"""What the state remembers about connectors, tokens and the log of what was done."""

from __future__ import annotations

import datetime as dt
import sqlite3
from contextlib import asynccontextmanager, closing

import pytest

from daemon.ports import Token
from daemon.store.journal import open_journal
from tests.town import Town, TownClock, TownIds

ACCOUNTS = ("fortnox:1234567", "webcrm:acme")


@asynccontextmanager
async def opened(folder, clock=None):
    """An open state."""
    journal = await open_journal(folder, clock or TownClock(), TownIds(), None)
    try:
        yield journal
    finally:
        await journal.close()


async def test_a_connector_is_known_by_its_accounts_whatever_its_name_is(tmp_path):
    """
    Renaming its section keeps everything it remembers; another account is another connector.
    """
    clock = TownClock()
    async with opened(tmp_path, clock) as journal:
        first = await journal.bind("old", *ACCOUNTS, None, "digest")
        clock.passed_s += 3600
        renamed = await journal.bind("new", *ACCOUNTS, None, "digest")
        other = await journal.bind("new", ACCOUNTS[0], "webcrm:other", None, "digest")
    assert (renamed.id, renamed.name, renamed.start) == (first.id, "new", first.start)
    assert other.id != first.id
    assert other.born_at == first.born_at + dt.timedelta(hours=1)


async def test_a_start_in_the_config_goes_before_the_remembered_one(tmp_path):
    """
    Taking it away again brings the remembered one back.
    """
    asked = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    async with opened(tmp_path) as journal:
        first = await journal.bind("acme", *ACCOUNTS, None, "digest")
        assert (await journal.bind("acme", *ACCOUNTS, asked, "digest")).start == asked
        assert (await journal.bind("acme", *ACCOUNTS, None, "digest")).start == first.start


# ------------------------------------------------------------------ tokens


async def test_a_token_is_there_after_a_restart_and_never_goes_back(tmp_path):
    """
    The newest generation counts; an older one is a mistake in the program, not something to store.
    """
    async with opened(tmp_path) as journal:
        await journal.tokens.save("acme", Token(generation=1, refresh="one"))
        await journal.tokens.save("acme", Token(generation=2, refresh="two"))
        with pytest.raises(AssertionError, match="never goes back"):
            await journal.tokens.save("acme", Token(generation=1, refresh="one"))
    async with opened(tmp_path) as journal:
        assert await journal.tokens.load("acme") == Token(generation=2, refresh="two")
        assert await journal.tokens.load("other") is None
    assert b"two" not in (tmp_path / "state.db").read_bytes()


async def test_a_replaced_token_is_kept_for_a_week_and_then_gone(tmp_path):
    """
    To explain what happened, not to be used.
    """
    clock = TownClock()
    generations = "SELECT generation FROM tokens ORDER BY generation"
    async with opened(tmp_path, clock) as journal:
        await journal.tokens.save("acme", Token(generation=1))
        await journal.tokens.save("acme", Token(generation=2))
        before = await journal.database.transact(lambda db: db.execute(generations).fetchall())
        clock.passed_s += dt.timedelta(days=8).total_seconds()
        await journal.tokens.save("acme", Token(generation=3))
        after = await journal.database.transact(lambda db: db.execute(generations).fetchall())
    assert (before, after) == ([(1,), (2,)], [(3,)])


# ------------------------------------------------------------------ the transfer log


async def written(folder):
    """A town whose log has some rows; how many."""
    town = Town(folder)
    for name in ("Acme AB", "Björk AB", "Cedergrens"):
        town.people.new_customer(Name=name)
    town.people.new_organisation("Dahl AB")
    await town.sync_once()
    async with town.running():
        rows = await town.desk.log(None, None, 100)
        assert await town.house.journal.broken_log_row() is None
    return town, len(rows)


CHANGES = {
    # what somebody does to row 3: the SQL, and the row that no longer fits
    "its outcome": ("UPDATE audit SET outcome = 'refused' WHERE seq = 3", 3),
    "its time": ("UPDATE audit SET at = '2026-11-23T06:00:00.000000+00:00' WHERE seq = 3", 3),
    "its key": ("UPDATE audit SET key = 'fortnox:99' WHERE seq = 3", 3),
    "what was sent": ("UPDATE audit SET sealed_sent = x'00' WHERE seq = 3", 3),
    "its digest": ("UPDATE audit SET chain = zeroblob(16) WHERE seq = 3", 3),
    "it is gone": ("DELETE FROM audit WHERE seq = 3", 3),
    "the first is gone": ("DELETE FROM audit WHERE seq = 1", 1),
    "two change places": (
        "UPDATE audit SET seq = -seq WHERE seq IN (3, 4); UPDATE audit SET seq = 7 + seq WHERE seq < 0",
        3,
    ),
}


@pytest.mark.parametrize("name", CHANGES)
async def test_any_change_of_a_row_of_the_log_is_found(tmp_path, name):
    """
    The chain names the row, and `check` says so with DBS03.
    """
    town, count = await written(tmp_path)
    assert count >= 4
    sql, row = CHANGES[name]
    with closing(sqlite3.connect(tmp_path / "state" / "state.db")) as db:
        db.executescript(sql)
    async with town.running():
        assert await town.house.journal.broken_log_row() == row
        findings = [finding for finding in await town.vendors.check() if not finding.ok]
    assert [finding.code for finding in findings] == ["DBS03"]
