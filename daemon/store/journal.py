"""
The durable memory behind the engine: one transaction a call.

Opening it takes the lock, finds or makes the key, and brings the file to the
present schema.
"""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from daemon.core.work import Binding, Counts
from daemon.errors import ConfigError
from daemon.ports import Clock, Ids
from daemon.store.chain import rows_of, verify_chain
from daemon.store.database import Database, Lock, open_database
from daemon.store.intents import Intents
from daemon.store.observations import Observations
from daemon.store.queries import SQL
from daemon.store.sealing import Sealer, key_file, parse_key
from daemon.store.times import to_text, to_time, to_time_or_none
from daemon.store.tokens import TokenStore
from daemon.store.work import Work

T = TypeVar("T")
STATE_FILE, KEY_FILE = "state.db", "key"
COUNTED = ("linked", "parked", "held", "conflicts")


class Transaction:
    """What a closure handed to `Journal.write` works with; valid only inside it."""

    def __init__(self, db: sqlite3.Connection, sealer: Sealer) -> None:
        self._db, self._sealer = db, sealer

    def observations(self, scope: str, kind: str) -> Observations:
        """The readings of one register of one account."""
        return Observations(self._db, self._sealer, scope, kind)

    def work(self, binding: Binding, kind: str) -> Work:
        """What one connector has to do for one kind."""
        return Work(self._db, self._sealer, binding, kind)

    def intents(self, binding: Binding) -> Intents:
        """The writes of one connector."""
        return Intents(self._db, self._sealer, binding)

    def counts(self, binding: Binding) -> Counts:
        """What waits at one connector."""
        here = {"connector": binding.id}
        one = {name: self._db.execute(SQL[f"count_{name}"], here).fetchone()[0] for name in COUNTED}
        unknown = [row for row in self._db.execute(SQL["count_intents"], here) if row[0] == "unknown"]
        return Counts(
            **one,
            unknown=sum(row[1] for row in unknown),
            oldest_unknown_at=to_time_or_none(unknown[0][2]) if unknown else None,
            next_look_at=to_time_or_none(unknown[0][3]) if unknown else None,
        )

    def succeeded(self, binding: Binding, now: dt.datetime) -> None:
        """A pass of this connector went through."""
        self._db.execute(SQL["connector_succeeded"], {"id": binding.id, "at": to_text(now)})


class Journal:
    """An open state. `close` it; the lock goes with it."""

    def __init__(self, database: Database, sealer: Sealer, lock: Lock, clock: Clock) -> None:
        self.database, self.sealer, self.clock = database, sealer, clock
        self.tokens = TokenStore(database, sealer, clock)
        self._lock = lock

    async def write(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` as one transaction; durable when this returns."""
        return await self.database.transact(lambda db: work(Transaction(db, self.sealer)))

    async def bind(
        self, name: str, fortnox: str, partner: str, start: dt.datetime | None, config: str
    ) -> Binding:
        """
        The connector between two accounts, as remembered; made when it is new.

        Without `start` the moment it was first bound is the start. Another
        connector that had this name before goes by its identity from now on.
        """
        now = self.clock.now()
        identity = f"{fortnox}|{partner}"

        def work(db: sqlite3.Connection) -> Binding:
            row = db.execute(SQL["connector_get"], {"identity": identity}).fetchone()
            if row is None:
                values = {"identity": identity, "name": name, "start": to_text(now), "born_at": to_text(now)}
                db.execute(SQL["connector_add"], values)
                row = db.execute(SQL["connector_get"], {"identity": identity}).fetchone()
            db.execute(SQL["connector_rename"], {"name": name, "id": row[0]})
            db.execute(SQL["connector_set"], {"name": name, "id": row[0], "now": to_text(now)})
            return Binding(
                id=row[0],
                name=name,
                fortnox=fortnox,
                partner=partner,
                start=start or to_time(row[1]),
                born_at=min(to_time(row[2]), now),  # the clock may have been put back
                config=config,
            )

        return await self.database.transact(work)

    async def note(self, key: str, value: str) -> None:
        """Remember one text."""
        await self.database.transact(
            lambda db: db.execute(SQL["meta_set"], {"key": key, "value": value}).rowcount
        )

    async def noted(self, key: str) -> str | None:
        """The text last noted under `key`."""
        row = await self.database.transact(lambda db: db.execute(SQL["meta_get"], {"key": key}).fetchone())
        return str(row[0]) if row else None

    async def broken_log_row(self) -> int | None:
        """The first row of the transfer log that was changed after it was written; None when none was."""
        return await self.database.transact(lambda db: verify_chain(rows_of(db), self.sealer))

    async def probe(self) -> None:
        """Returns when the store has written and answered. Raises StateError."""
        await self.note("probe", to_text(self.clock.now()))

    async def close(self) -> None:
        """Close the file and give the lock up."""
        try:
            await self.database.close()
        finally:
            self._lock.release()


async def open_journal(folder: Path, clock: Clock, ids: Ids, secret: str | None) -> Journal:
    """
    Open or make the state in `folder`.

    `secret` is the configured state key, None for a key file of the state's
    own. Raises StateError, StateBusy, or ConfigError when the key is missing
    or is not the one that the values were sealed with.
    """
    lock = Lock(folder)
    try:
        path = folder / STATE_FILE
        may_make = not path.exists()
        key = (
            parse_key(secret.encode(), "[daemon] state_key")
            if secret is not None
            else key_file(folder / KEY_FILE, ids.bytes, may_make=may_make)
        )
        database = await open_database(path)
        journal = Journal(database, Sealer(key, ids.bytes), lock, clock)
        try:
            await database.transact(lambda db: _prove_key(db, journal.sealer.key_id, folder))
        except BaseException:
            await database.close()
            raise
    except BaseException:
        lock.release()
        raise
    return journal


def _prove_key(db: sqlite3.Connection, key_id: str, folder: Path) -> None:
    row = db.execute(SQL["meta_get"], {"key": "key_id"}).fetchone()
    if row is None:
        db.execute(SQL["meta_set"], {"key": "key_id", "value": key_id})
    elif row[0] != key_id:
        raise ConfigError(
            "CFG20",
            "the state was sealed with another key",
            str(folder),
            "configure the key it was made with; a new one opens nothing",
        )
