"""
Bring the database file to the schema this program speaks.

Migrations are numbered SQL files, applied in order, each in one transaction
together with its version number: a crash leaves the file at one version or the
next. A file from a newer program is refused, and a copy is made before an old
file is changed.
"""

from __future__ import annotations

import shutil
import sqlite3
from importlib import resources
from pathlib import Path

from daemon.errors import StateError


def migrations() -> list[tuple[int, str]]:
    """All migrations, oldest first. Their numbers run 1, 2, 3 with no gap."""
    folder = resources.files("daemon.store") / "migrations"
    files = (f for f in folder.iterdir() if f.name.endswith(".sql"))
    found = sorted((int(f.name[:4]), f.read_text("utf-8")) for f in files)
    assert [number for number, _ in found] == list(range(1, len(found) + 1))
    return found


def _copy(path: Path, to: Path) -> None:
    try:
        shutil.copy2(path, to)
    except OSError as error:
        what = f"the state cannot be copied before it is brought to this program's schema: {error.strerror}"
        raise StateError(
            "DBS02", what, str(to), "free space there, or see who may write; then start again"
        ) from error


def migrate(db: sqlite3.Connection, path: Path) -> int:
    """Apply what is missing and return the version the file now has."""
    steps = migrations()
    current: int = db.execute("PRAGMA user_version").fetchone()[0]
    if current > len(steps):
        raise StateError(
            "DBS04",
            f"the state was written by a newer program (schema {current}, this one speaks {len(steps)})",
            str(path),
            "start the newer version again, or restore a backup made before it",
        )
    if 0 < current < len(steps):
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        _copy(path, path.with_suffix(f".schema{current}.db"))
    for number, sql in steps[current:]:
        try:
            db.executescript(f"BEGIN IMMEDIATE;\n{sql}\nPRAGMA user_version = {number};\nCOMMIT;")
        except sqlite3.Error:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise
    return len(steps)
