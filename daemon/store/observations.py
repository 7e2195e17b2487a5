"""
What each account last showed. One register of one account, inside one transaction.

A whole record that differs from what was stored gets the next sequence number,
and with it becomes news for every connector that uses the account. A list row
that shows less than the record only says when the record must be read by key.
"""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from daemon.core.records import Names, Seen, Value
from daemon.core.work import Finish, Mark
from daemon.store.queries import SQL
from daemon.store.sealing import Sealer
from daemon.store.times import to_text, to_text_or_none, to_time, to_time_or_none


class _Stored(NamedTuple):
    digest: bytes
    row_digest: bytes | None
    whole: int
    changed_at: str | None
    read_at: str | None
    gone: int


class Observations:
    """The readings of one register of one account."""

    def __init__(self, db: sqlite3.Connection, sealer: Sealer, scope: str, kind: str) -> None:
        self._db, self._sealer = db, sealer
        self._where = {"scope": scope, "kind": kind}

    # -------------------------------------------------------------- marks

    def mark(self) -> Mark | None:
        """Up to where the register has been stored."""
        row = self._run("mark_get").fetchone()
        return row and Mark(mark=to_time(row[0]), shape=row[1], complete_at=to_time(row[2]), run=row[3])

    def listed_since(self, start: dt.datetime, shape: str) -> bool:
        """Whether the changes since `start` were asked for once."""
        return self._run("listed_get", start=to_text(start), shape=shape).fetchone() is not None

    def finish(self, finish: Finish) -> None:
        """Move the mark; the last rows of the reading are stored in the same transaction."""
        self._run("mark_set", at=to_text(finish.mark), shape=finish.shape, complete=finish.complete)
        if finish.start is not None:
            self._run("listed_set", start=to_text(finish.start), shape=finish.shape)

    # -------------------------------------------------------------- storing

    def store(
        self,
        rows: Iterable[Seen],
        names: Names,
        now: dt.datetime,
        *,
        changed_at: dt.datetime | None = None,
        again_after: dt.timedelta = dt.timedelta(0),
        run: int | None = None,
        listed: bool = False,
        keep_due: bool = False,
    ) -> None:
        """
        Store what a list or a reading by key showed.

        `changed_at` is a time before the change of a row that is new or
        different and says nothing itself. `again_after` is how long after its
        last reading a record is due again when its list row did not change.
        `run` numbers a complete reading. What is `listed` may be older than what is known: where its own
        stamp says so it is due to be read by key, which is believed whatever it says. With `keep_due` what is
        due stays so: a list has said more than this reading by key may show.
        """
        for seen in rows:
            row = self._run("observation_state", id=seen.id).fetchone()
            stored = row and _Stored(*row)
            if listed and stored and self._is_old(seen, stored):
                self._run("observation_want", id=seen.id, now=to_text(now))
            elif seen.full:
                self._store_whole(seen, stored, names, now, changed_at, keep_due=keep_due)
            else:
                self._store_row(seen, stored, names, now, changed_at, again_after)
            if run is not None:
                self._run("observation_pass", id=seen.id, run=run)

    def _is_old(self, seen: Seen, stored: _Stored) -> bool:
        """
        Whether a whole row differs from what is known and may have been changed before that, or its record
        is gone.

        A delivery's stamp is the latest of its own and its lines': one that is older than a line may be
        older than what is known, and one whose newest line was deleted is read by key once more.
        """
        if not seen.full or not stored.whole:
            return False
        if stored.gone:
            return True
        changed = to_text_or_none(seen.changed_at)
        older = seen.mixed or (changed or "9999") < (stored.changed_at or "")
        return older and stored.digest != self._sealer.digest(dict(seen.fields))

    def _store_whole(
        self,
        seen: Seen,
        stored: _Stored | None,
        names: Names,
        now: dt.datetime,
        changed_at: dt.datetime | None,
        *,
        keep_due: bool,
    ) -> None:
        digest = self._sealer.digest(dict(seen.fields))
        if stored and stored.whole and stored.digest == digest and not stored.gone:
            changed = to_text_or_none(seen.changed_at)
            newer = changed is not None and (stored.changed_at or "") < changed
            seq = self._next_seq() if newer else None
            self._run(
                "observation_same",
                id=seen.id,
                read_at=to_text(now),
                changed_at=changed,
                seq=seq,
                keep_due=keep_due,
            )
            return
        times = (stored.changed_at if stored else None, to_text_or_none(seen.changed_at or changed_at))
        self._run(
            "observation_whole",
            id=seen.id,
            seq=self._next_seq(),
            sealed=self._seal(seen),
            digest=digest,
            changed_at=max((at for at in times if at), default=None),
            born_at=to_text_or_none(seen.born_at),
            read_at=to_text(now),
            keep_due=keep_due,
        )
        self._store_names(seen, names)

    def _store_row(
        self,
        seen: Seen,
        stored: _Stored | None,
        names: Names,
        now: dt.datetime,
        changed_at: dt.datetime | None,
        again_after: dt.timedelta,
    ) -> None:
        digest = self._sealer.digest(dict(seen.fields))
        changed = to_text_or_none(seen.changed_at)
        if stored is None:
            changed = changed or to_text_or_none(changed_at)
            due = to_text(now) if changed else None
            sealed = self._seal(seen)
            self._run(
                "observation_row_new",
                id=seen.id,
                sealed=sealed,
                digest=digest,
                changed_at=changed,
                due_at=due,
            )
            self._store_names(seen, names)
            return
        due_at = _due_again(stored, digest, now, again_after) if changed else _due_if_new(stored, digest, now)
        # Whether a record crosses by itself depends on when it changed: that this is known is news too.
        first_told = changed is not None and stored.changed_at is None and stored.whole
        self._run(
            "observation_row_again",
            id=seen.id,
            seq=self._next_seq() if first_told else None,
            digest=digest,
            changed_at=changed,
            due_at=to_text_or_none(due_at),
        )

    def _store_names(self, seen: Seen, names: Names) -> None:
        self._run("lookup_drop", id=seen.id)
        for name, value in names(seen).items():
            if value is not None:
                self._run("lookup_add", id=seen.id, name=name, digest=self._sealer.digest([name, value]))

    def store_gone(self, record_id: str, now: dt.datetime) -> None:
        """Remember that a record does not exist any more, or not under this id; that is news."""
        self._run("observation_gone", id=record_id, seq=self._next_seq(), read_at=to_text(now))

    # -------------------------------------------------------------- asking

    def due(self, now: dt.datetime, most: int, since: dt.datetime | None = None) -> Sequence[str]:
        """
        Records to be read by key now, the longest due first.

        With `since` only those that fell due after it or were read whole before.
        """
        after = to_text(since) if since else ""
        return [row[0] for row in self._run("observation_due", now=to_text(now), since=after, most=most)]

    def want(self, record_ids: Iterable[str], now: dt.datetime) -> None:
        """Have these records read by key, whatever the lists say."""
        for record_id in record_ids:
            self._run("observation_want", id=record_id, now=to_text(now))

    def missing(self, run: int) -> tuple[int, Sequence[str]]:
        """How many live records are known, and those that only the complete reading before `run` showed."""
        known = self._run("observation_known").fetchone()[0]
        return known, [row[0] for row in self._run("observation_missing", run=run)]

    def groups(self) -> Sequence[str]:
        """What stands before the first slash in the ids of live records, each once."""
        return [row[0] for row in self._run("observation_groups")]

    def keep(self, record_ids: Iterable[str], run: int) -> None:
        """Take these as shown by the complete reading `run`, which is not believed about them."""
        for record_id in record_ids:
            self._run("observation_pass", id=record_id, run=run)

    def before(self, record_id: str) -> str | None:
        """The last known id below this one, of those alike up to their last slash."""
        group = record_id[: record_id.rfind("/") + 1]
        last: str | None = self._run("observation_before", id=record_id, group=group).fetchone()[0]
        return last

    def seen(self, record_id: str) -> tuple[Seen, int | None] | None:
        """A stored record with its sequence number (None while only a list row is known); None when gone."""
        row = self._run("observation_get", id=record_id).fetchone()
        if row is None:
            return None
        seen = Seen(
            id=record_id,
            fields=self._sealer.open(self._context(record_id), row[0]),
            full=bool(row[1]),
            changed_at=to_time_or_none(row[2]),
            born_at=to_time_or_none(row[3]),
        )
        return seen, row[4]

    def named(self, name: str, value: Value) -> Sequence[str]:
        """The ids of the live records that hold `value` in the naming field `name`."""
        digest = self._sealer.digest([name, value])
        return [row[0] for row in self._run("lookup_find", name=name, digest=digest)]

    # -------------------------------------------------------------- helpers

    def _run(self, statement: str, **values: object) -> sqlite3.Cursor:
        return self._db.execute(SQL[statement], {**self._where, **values})

    def _next_seq(self) -> int:
        row = self._db.execute(SQL["meta_get"], {"key": "seq"}).fetchone()
        seq = int(row[0]) + 1 if row else 1
        self._db.execute(SQL["meta_set"], {"key": "seq", "value": str(seq)})
        return seq

    def _context(self, record_id: str) -> str:
        return f"observation|{self._where['scope']}|{self._where['kind']}|{record_id}"

    def _seal(self, seen: Seen) -> bytes:
        return self._sealer.seal(self._context(seen.id), dict(seen.fields))


def _due_again(stored: _Stored, digest: bytes, now: dt.datetime, again_after: dt.timedelta) -> dt.datetime:
    """When a record that a list of changes shows must be read: at once if its row differs or it never was."""
    if stored.row_digest not in (None, digest):
        return _at_once(stored, now)
    return _at_once(stored, now) + (again_after if stored.read_at else dt.timedelta(0))


def _due_if_new(stored: _Stored, digest: bytes, now: dt.datetime) -> dt.datetime | None:
    """A complete list proves a change only by a row that differs from the one stored."""
    return _at_once(stored, now) if stored.row_digest is not None and stored.row_digest != digest else None


def _at_once(stored: _Stored, now: dt.datetime) -> dt.datetime:
    """Since its last reading: counted from then it stays due though the clock is put back."""
    return to_time(stored.read_at) if stored.read_at else now
