"""Every file that an older program left reaches the same schema; a newer one is refused."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from daemon.errors import StateError
from daemon.store import migrate as module
from daemon.store.migrate import migrate, migrations

pytestmark = pytest.mark.row("D4")

NOW = len(migrations())


def at_version(path, version):
    """A file as the program of that schema left it."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        for number, sql in migrations()[:version]:
            db.executescript(f"BEGIN;\n{sql}\nPRAGMA user_version = {number};\nCOMMIT;")


def schema(path):
    """Every table and index, as SQLite remembers them."""
    with closing(sqlite3.connect(path)) as db:
        return sorted(db.execute("SELECT type, name, sql FROM sqlite_master").fetchall(), key=str)


@pytest.mark.parametrize("version", range(NOW + 1))
def test_every_old_schema_reaches_the_present_one(tmp_path, version):
    """
    Whatever version a file begins at, it ends with the tables of a new file, and says so.
    """
    at_version(tmp_path / "old.db", version)
    at_version(tmp_path / "new.db", NOW)
    with closing(sqlite3.connect(tmp_path / "old.db", isolation_level=None)) as db:
        assert migrate(db, tmp_path / "old.db") == NOW
        assert db.execute("PRAGMA user_version").fetchone() == (NOW,)
    assert schema(tmp_path / "old.db") == schema(tmp_path / "new.db")


def test_a_newer_file_is_refused_untouched(tmp_path):
    """
    DBS04 names both versions.
    """
    at_version(tmp_path / "state.db", NOW)
    with closing(sqlite3.connect(tmp_path / "state.db", isolation_level=None)) as db:
        db.execute(f"PRAGMA user_version = {NOW + 1}")
    before = (tmp_path / "state.db").read_bytes()
    with (
        closing(sqlite3.connect(tmp_path / "state.db", isolation_level=None)) as db,
        pytest.raises(StateError) as caught,
    ):
        migrate(db, tmp_path / "state.db")
    assert caught.value.code == "DBS04"
    assert f"schema {NOW + 1}" in caught.value.what
    assert (tmp_path / "state.db").read_bytes() == before


def test_a_migration_that_fails_leaves_the_version_before_it_and_a_copy(tmp_path, monkeypatch):
    """
    Half of a migration is never there, and the file as it was lies beside it.
    """
    path = tmp_path / "state.db"
    at_version(path, NOW)
    broken = [*migrations(), (NOW + 1, "CREATE TABLE half (a);\nCREATE TABLE half (a);")]
    monkeypatch.setattr(module, "migrations", lambda: broken)
    before = schema(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        with pytest.raises(sqlite3.OperationalError, match="already exists"):
            migrate(db, path)
        assert not db.in_transaction
        assert db.execute("PRAGMA user_version").fetchone() == (NOW,)
    assert schema(path) == schema(path.with_suffix(f".schema{NOW}.db")) == before


def test_without_room_for_the_copy_nothing_is_changed(tmp_path, monkeypatch):
    """
    DBS02 says what to do; the file stays as the older program left it.
    """
    path = tmp_path / "state.db"
    at_version(path, 1)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module.shutil, "copy2", full)
    with (
        closing(sqlite3.connect(path, isolation_level=None)) as db,
        pytest.raises(StateError, match="No space left") as caught,
    ):
        migrate(db, path)
    assert caught.value.code == "DBS02"
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (1,)
