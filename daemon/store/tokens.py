"""Grants at rest: sealed, one row a generation, the newest one counts."""

from __future__ import annotations

import datetime as dt
import sqlite3

import msgspec

from daemon.ports import Clock, Token
from daemon.store.database import Database
from daemon.store.queries import SQL
from daemon.store.sealing import Sealer
from daemon.store.times import to_text

KEPT = dt.timedelta(
    days=7
)  # an older generation is kept this long to explain what happened; it is never sent


class TokenStore:
    """The port `Tokens` over the state file."""

    def __init__(self, database: Database, sealer: Sealer, clock: Clock) -> None:
        self._database, self._sealer, self._clock = database, sealer, clock

    async def load(self, name: str) -> Token | None:
        """The newest generation under `name`."""
        return await self._database.transact(lambda db: self._newest(db, name))

    async def save(self, name: str, token: Token) -> None:
        """Durable when this returns."""
        now = self._clock.now()

        def work(db: sqlite3.Connection) -> None:
            newest = self._newest(db, name)
            assert newest is None or newest.generation <= token.generation, "a token never goes back"
            sealed = self._sealer.seal(_context(name, token.generation), msgspec.to_builtins(token))
            row = {"name": name, "generation": token.generation, "sealed": sealed, "at": to_text(now)}
            db.execute(SQL["token_set"], row)
            before = to_text(now - KEPT)
            db.execute(SQL["token_prune"], {"name": name, "generation": token.generation, "before": before})

        await self._database.transact(work)

    def _newest(self, db: sqlite3.Connection, name: str) -> Token | None:
        row = db.execute(SQL["token_get"], {"name": name}).fetchone()
        if row is None:
            return None
        plain = self._sealer.open(_context(name, row[0]), row[1])
        return msgspec.convert(plain, Token)


def _context(name: str, generation: int) -> str:
    return f"token|{name}|{generation}"
