"""
The state as an operator sees it, and what an operator may change in it.

JSON-able values with the keys of decision 35: times are RFC 3339 in UTC, ids are texts.
"""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Collection
from typing import Any, Literal

from daemon.core import postings
from daemon.core.codes import UNSEEN
from daemon.core.records import Side
from daemon.core.spoken import spoken
from daemon.errors import DaemonError
from daemon.store.database import Database
from daemon.store.queries import SQL
from daemon.store.sealing import Sealer
from daemon.store.times import to_time

Json = dict[str, Any]


class StateDesk:
    """What `service.operate` asks of the state; each call is one transaction."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database, self._sealer = database, sealer

    # -------------------------------------------------------------- reading

    async def status_of(self, connector: str) -> Json:
        """Counts, held plans and the last success of one connector."""

        def work(db: sqlite3.Connection) -> Json:
            row = db.execute(SQL["desk_connector"], {"name": connector}).fetchone()
            if row is None:
                nothing = dict.fromkeys(("linked", "parked", "held", "conflicts", "unknown"), 0)
                return {"counts": nothing, "held": [], "last_success_at": None}
            here = {"connector": row[0]}
            counts = {
                name: db.execute(SQL[f"count_{name}"], here).fetchone()[0]
                for name in ("linked", "parked", "held", "conflicts")
            }
            states = {state: count for state, count, _, _ in db.execute(SQL["count_intents"], here)}
            held = [
                {"id": str(each[0]), "reason": each[5], "steps": each[6]}
                for each in db.execute(SQL["desk_held"])
                if each[1] == connector
            ]
            counts["unknown"] = states.get("unknown", 0)
            return {"counts": counts, "held": held, "last_success_at": _stamp(row[2])}

        return await self._database.transact(work)

    async def parked(self) -> list[Json]:
        """Records that wait for a person, oldest first."""
        return await self._database.transact(self._parked)

    def _parked(self, db: sqlite3.Connection) -> list[Json]:
        found = []
        for each in db.execute(SQL["desk_parked"]):
            what, where, todo = self._sealer.open(f"parked|{each[3]}", each[5])
            found.append(
                {
                    "id": str(each[0]),
                    "connector": each[1],
                    "kind": each[2],
                    "key": each[3],
                    "code": each[4],
                    "what": what,
                    "where": where,
                    "todo": todo,
                    "since": _stamp(each[6]),
                    "tries": each[7],
                    "next_try_at": None,
                }
            )
        return found

    async def conflicts(self) -> list[Json]:
        """Open ones first, then the newest; at most 1,000."""
        return await self._database.transact(self._conflicts)

    def _conflicts(self, db: sqlite3.Connection) -> list[Json]:
        found = []
        for each in db.execute(SQL["desk_conflicts"]):
            values = self._sealer.open(f"conflict|{each[3]}|{each[4]}", each[5])
            base, fortnox, partner = (spoken(each[4], value) for value in values)
            names = (
                "id",
                "connector",
                "kind",
                "key",
                "field",
                "base",
                "fortnox",
                "partner",
                "winner",
                "rule",
            )
            told = (str(each[0]), *each[1:5], base, fortnox, partner, each[6], each[7])
            pairs = zip(names, told, strict=True)
            found.append({**dict(pairs), "state": each[8], "at": _stamp(each[9])})
        return found

    async def intents(self) -> list[Json]:
        """Writes that are not done."""

        def work(db: sqlite3.Connection) -> list[Json]:
            names = ("id", "connector", "kind", "key", "action", "state", "attempt", "reference")
            return [
                {
                    **dict(zip(names, (str(each[0]), *each[1:8]), strict=True)),
                    "sent_at": _stamp(each[8]),
                    "next_look_at": _stamp(each[9]),
                }
                for each in db.execute(SQL["desk_intents"])
            ]

        return await self._database.transact(work)

    async def held(self) -> list[Json]:
        """Held plans with their steps."""

        def work(db: sqlite3.Connection) -> list[Json]:
            return [
                {
                    "id": str(each[0]),
                    "connector": each[1],
                    "kind": each[3],
                    "digest": each[4],
                    "reason": each[5],
                    "steps": [
                        {**step, "fields": _spoken(step["fields"])}
                        for step in self._sealer.open(f"held|{each[2]}|{each[3]}", each[7])["steps"]
                    ],
                    "since": _stamp(each[8]),
                }
                for each in db.execute(SQL["desk_held"])
            ]

        return await self._database.transact(work)

    async def log(self, connector: str | None, key: str | None, limit: int) -> list[Json]:
        """The transfer log, newest first; `key` is a record's key or its id on either side."""
        asked = {"connector": connector, "key": key, "limit": limit}

        def work(db: sqlite3.Connection) -> list[Json]:
            return [self._log_row(each) for each in db.execute(SQL["desk_log"], asked)]

        return await self._database.transact(work)

    def _log_row(self, each: tuple[Any, ...]) -> Json:
        seq, at, connector, kind, key, fortnox_id, partner_id, action, outcome, side, status, code, *rest = (
            each
        )
        cause, remedy, sealed = rest
        return {
            "seq": seq,
            "at": _stamp(at),
            "connector": connector,
            "kind": kind,
            "key": key,
            "fortnox_id": fortnox_id,
            "partner_id": partner_id,
            "action": action,
            "outcome": outcome,
            "request": {"method": METHODS.get(action), "route": f"{side}/{kind}" if side else None},
            "sent": None if sealed is None else _spoken(self._sealer.open(f"audit|{key}", sealed)),
            "answered": {"status": status, "code": code or None},
            "cause": self._sealer.open(f"cause|{key}", cause),
            "remedy": remedy,
        }

    # -------------------------------------------------------------- changing

    async def retry(self, parked_id: str) -> Json:
        """Let a parked record be tried in the next pass."""

        def work(db: sqlite3.Connection) -> Json:
            row = _one(db, "desk_parked_one", "parked record", parked_id)
            if row[4] in UNSEEN:
                todo = "nothing: what comes late is booked by itself; `ignore` closes the case"
                raise DaemonError("CTL01", f"{row[4]}: there is nothing to try", row[3], todo)
            _decide_again(db, row[0], row[2], row[3])
            db.execute(SQL["desk_unpark"], {"id": parked_id})
            return {"id": parked_id, "connector": row[1], "key": row[3]}

        return await self._database.transact(work)

    async def ignore(self, parked_id: str) -> Json:
        """Leave a parked record alone from now on."""

        def work(db: sqlite3.Connection) -> Json:
            row = _one(db, "desk_parked_one", "parked record", parked_id)
            db.execute(SQL["desk_ignore"], {"id": parked_id})
            return {"id": parked_id, "connector": row[1], "key": row[3]}

        return await self._database.transact(work)

    async def release(self, plan: str, *, drop: bool) -> Json:
        """Approve the held plan once, or forget it; other records that wait go on waiting."""

        def work(db: sqlite3.Connection) -> Json:
            row = _one(db, "desk_held_one", "held plan", plan)
            if drop and row[2] == postings.KIND:
                todo = "release it, or `ignore` what is parked one by one"
                raise DaemonError("CTL01", "what is to be booked is never dropped", plan, todo)
            if drop:
                about = {"connector": row[0], "kind": row[2]}
                for side, record_id in self._sealer.open(f"held|{row[0]}|{row[2]}", row[3])["records"]:
                    db.execute(SQL["desk_drop_todo"], {**about, "side": side, "id": record_id})
                db.execute(SQL["desk_drop_held"], {"id": plan})
            else:
                db.execute(SQL["desk_release"], {"id": plan})
            return {"id": plan, "connector": row[1], "dropped": drop}

        return await self._database.transact(work)

    async def resolve(self, conflict_id: str, use: Literal["fortnox", "partner"]) -> Json:
        """Decide an open conflict; the next pass writes the chosen value."""

        def work(db: sqlite3.Connection) -> Json:
            row = _one(db, "desk_conflict_one", "conflict", conflict_id)
            if row[4] != "open":
                todo = "list the open ones: fortnox-syncd conflicts"
                raise DaemonError("CTL01", f"conflict {conflict_id} is not open", row[3], todo)
            db.execute(SQL["desk_resolve"], {"id": conflict_id, "use": use})
            _decide_again(db, row[0], row[2], row[3])
            return {"id": conflict_id, "connector": row[1], "key": row[3], "use": use}

        return await self._database.transact(work)

    async def set_paused(self, connector: str, paused: bool) -> None:  # noqa: FBT001 - the service's protocol
        """Remember it across restarts."""
        asked = {"name": connector, "paused": paused}
        await self._database.transact(lambda db: db.execute(SQL["desk_set_paused"], asked).rowcount)

    async def paused(self) -> Collection[str]:
        """Connectors that are paused."""
        return await self._database.transact(lambda db: {name for (name,) in db.execute(SQL["desk_paused"])})


def _spoken(fields: Json) -> Json:
    return {field: spoken(field, value) for field, value in fields.items()}


METHODS = {"create": "POST", "update": "PUT"}


def _one(db: sqlite3.Connection, statement: str, what: str, asked: str) -> tuple[Any, ...]:
    row: tuple[Any, ...] | None = db.execute(SQL[statement], {"id": asked}).fetchone()
    if row is None:
        raise DaemonError("CTL01", f"there is no {what} {asked}", asked, "use an id that the listing shows")
    return row


def _decide_again(db: sqlite3.Connection, connector: int, kind: str, key: str) -> None:
    """Put the record that `key` names back on the connector's list, as asked for."""
    side, _, record_id = key.partition(":")
    asked = {"connector": connector, "kind": kind, "side": Side(side).value, "id": record_id}
    db.execute(SQL["todo_add"], {**asked, "seq": 0, "asked": 1})


def _stamp(text: str | None) -> str | None:
    """A stored time as the outside gets it: RFC 3339, UTC, to the second."""
    return None if text is None else to_time(text).astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
