"""
The transfer log cannot be changed unseen: each row holds a digest of itself and of the row before it.

The digests are over sealed values as they are stored, so that checking needs no
value of any person, and dropping one by key leaves the chain whole.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from itertools import count
from typing import Any

from daemon.store.queries import SQL
from daemon.store.sealing import Sealer

NO_CHAIN = bytes(16)


def rows_of(db: sqlite3.Connection) -> Iterable[Mapping[str, Any]]:
    """Every row of the transfer log by column, oldest first."""
    rows = db.execute(SQL["audit_all"])
    names = [column[0] for column in rows.description]
    return (dict(zip(names, row, strict=True)) for row in rows)


def verify_chain(rows: Iterable[Mapping[str, Any]], sealer: Sealer) -> int | None:
    """
    The first row that is not as it was written, or is missing, by its number; None when all are whole.

    Rows cut off the end are not found: nothing after them names them.
    """
    before = NO_CHAIN
    for number, row in zip(count(1), rows, strict=False):
        told = {name: value for name, value in row.items() if name not in ("seq", "chain")}
        if row["seq"] != number or sealer.chain(before, told) != row["chain"]:
            return number
        before = row["chain"]
    return None
