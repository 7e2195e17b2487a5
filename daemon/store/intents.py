"""
The writes under way, one row each. Inside one transaction.

A row is stored before its request leaves and dropped in the transaction that
stores what became of it.
"""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Sequence

import msgspec

from daemon.core.records import Side
from daemon.core.steps import Create, Update
from daemon.core.work import Binding, Intent, IntentState
from daemon.store.queries import SQL
from daemon.store.sealing import Sealer
from daemon.store.times import to_text, to_time, to_time_or_none


class Intents:
    """The writes of one connector."""

    def __init__(self, db: sqlite3.Connection, sealer: Sealer, binding: Binding) -> None:
        self._db, self._sealer, self._binding = db, sealer, binding

    def open(self, step: Create | Update) -> Intent:
        """
        Store a decision as READY. One record has at most one write of a kind under way on a side.

        Another attempt of the same write keeps its name (`once`).
        """
        reference, digest = step.fields.get("reference"), self._sealer.digest(dict(step.fields))
        key, action, side = step.key, str(step.__struct_config__.tag), step.side.value
        before = self._run("intent_again", kind=step.kind, key=key, action=action, side=side).fetchone()
        if before and before[0] == digest:
            earlier = read_step(self._sealer, key, before[1])
            step = msgspec.structs.replace(step, once=earlier.once)
        row = self._run(
            "intent_open",
            kind=step.kind,
            key=key,
            action=action,
            side=side,
            source_id=step.source_id,
            target_id=step.target_id if isinstance(step, Update) else None,
            reference=reference,
            digest=digest,
            sealed=self._sealer.seal(f"intent|{key}", msgspec.to_builtins(step)),
            config=self._binding.config,
        ).fetchone()
        assert row is not None, "a record has one write of a kind under way on a side"
        return Intent(
            id=row[0],
            step=step,
            state=IntentState.READY,
            attempt=row[1],
            looks=0,
            sent_at=None,
            next_look_at=None,
        )

    def sent(self, intent: Intent, now: dt.datetime) -> Intent:
        """The request leaves next: from here on an outcome may exist."""
        changed = self._run("intent_sent", id=intent.id, at=to_text(now)).rowcount
        assert changed == 1, "an intent is sent from READY only"
        return msgspec.structs.replace(
            intent, state=IntentState.SENT, attempt=intent.attempt + 1, looks=0, sent_at=now
        )

    def ready(self, intent: Intent) -> None:
        """It may be sent again."""
        self._run("intent_ready", id=intent.id)

    def answered(self, intent: Intent) -> None:
        """They said that it took effect; that stays until it is sent again."""
        self._run("intent_answered", id=intent.id)

    def unknown(self, intent: Intent, next_look_at: dt.datetime, *, looks: int = 0) -> None:
        """Looked for at `next_look_at`, after `looks` in vain."""
        self._run("intent_unknown", id=intent.id, looks=looks, next_look_at=to_text(next_look_at))

    def drop(self, intent: Intent) -> None:
        """Settled, one way or the other."""
        self._run("intent_drop", id=intent.id)

    def forget(self, kind: str, key: str) -> None:
        """An attempt that waited to be repeated is not wanted any more."""
        self._run("intent_forget", kind=kind, key=key)

    def after_restart(self, next_look_at: dt.datetime) -> None:
        """
        What was only decided is forgotten; what was sent is unknown and looked for at `next_look_at`.

        When its last request left is not known: it waited for its turn, or was one of many.
        """
        self._run("intent_drop_ready")
        for intent in self.in_state(IntentState.SENT):
            self._run("intent_after_restart", id=intent.id, next_look_at=to_text(next_look_at))

    def in_state(self, state: IntentState) -> Sequence[Intent]:
        """All writes in one state, oldest first."""
        return [self._read(row) for row in self._run("intents_in", state=state.value).fetchall()]

    def _read(self, row: tuple[object, ...]) -> Intent:
        intent_id, sealed, key, state, attempt, looks, sent_at, next_look_at, answered = row
        assert isinstance(sealed, bytes)
        return Intent(
            id=int(str(intent_id)),
            step=read_step(self._sealer, str(key), sealed),
            state=IntentState(str(state)),
            attempt=int(str(attempt)),
            looks=int(str(looks)),
            sent_at=to_time(sent_at) if isinstance(sent_at, str) else None,
            next_look_at=to_time_or_none(next_look_at if isinstance(next_look_at, str) else None),
            answered=bool(answered),
        )

    def _run(self, statement: str, **values: object) -> sqlite3.Cursor:
        return self._db.execute(SQL[statement], {"connector": self._binding.id, **values})


def read_step(sealer: Sealer, key: str, sealed: bytes) -> Create | Update:
    """A stored step."""
    plain = sealer.open(f"intent|{key}", sealed)
    plain["side"] = Side(plain["side"])
    step: Create | Update = msgspec.convert(plain, Create | Update)
    return step
