"""
What one connector has to decide, what it agreed, and what waits for a person. Inside one transaction.
"""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec

from daemon.core.agreement import Agreement
from daemon.core.guard import essence, plain, touched
from daemon.core.match import Candidate, naming
from daemon.core.merge import Conflict, ConflictState
from daemon.core.postings import MISSING
from daemon.core.records import Agreeing, Problem, Seen, Side, Value
from daemon.core.recover import stands
from daemon.core.steps import Bond, Decision, Owner, Step, Unit
from daemon.core.work import Binding, Task, Which, Written
from daemon.store import transfer_log
from daemon.store.intents import read_step
from daemon.store.observations import Observations
from daemon.store.queries import SQL
from daemon.store.sealing import Sealer
from daemon.store.times import to_text, to_time_or_none

Named = tuple[Side, str, Value]  # where a record is, a field that names it, what it holds there


class Work:
    """The memory of one connector, for one kind of record."""

    def __init__(self, db: sqlite3.Connection, sealer: Sealer, binding: Binding, kind: str) -> None:
        self._db, self._sealer, self._binding, self._kind = db, sealer, binding, kind
        self._here = {"connector": binding.id, "kind": kind}
        self._sides = {side: Observations(db, sealer, binding.scope(side), kind) for side in Side}

    # -------------------------------------------------------------- what is to be decided

    def collect(self) -> None:
        """Put every record that is new to this connector on its list."""
        for side in Side:
            scope = self._binding.scope(side)
            self._run("todo_collect", side=side.value, scope=scope, config=self._binding.config)
            self._run("cursor_set", scope=scope, config=self._binding.config)

    def list_unlinked(self, *, asked: bool) -> int:
        """Put every unlinked Fortnox record on the list, `asked` for by an operator or not; how many."""
        return self._run("todo_add_unlinked", scope=self._binding.fortnox, asked=asked).rowcount

    def unread(self, most: int) -> Sequence[str]:
        """Fortnox records that an operator asked for and that only a list row shows so far."""
        rows = self._run("todo_unread", scope=self._binding.fortnox, most=most)
        return [row[0] for row in rows]

    def tasks(self, agreement: Agreement, which: Which = Which.ALL, most: int = 0) -> Sequence[Task]:
        """
        What is to be decided now, each record once.

        A record whose earlier write is under way waits, and so does a possible
        twin of it. ASKED are at most `most` of those that an operator asked for
        and that are read whole.
        """
        rows = self._run(f"todo_{which.value}", scope=self._binding.fortnox, most=most).fetchall()
        named = self._named_under_way(agreement) if rows else frozenset[Named]()
        found: dict[str, Task] = {}
        for side_name, record_id, seq, asked, seen_at in rows:
            side = Side(side_name)
            task = self._task(agreement, side, record_id, asked=bool(asked))
            mark = (side, record_id, seq)
            if task is None:
                self._run("todo_done", side=side_name, id=record_id, seq=seq)
                self._run("parked_drop_copy", key=f"{side_name}:{record_id}")
                self._run("intent_forget", key=f"{side_name}:{record_id}")  # it was to be tried again
            elif not self._under_way(task.unit, agreement, named):
                earlier = found.get(task.unit.key)
                seqs = (*earlier.seqs, mark) if earlier else (mark,)
                first = (earlier and earlier.seen_at) or to_time_or_none(seen_at)
                found[task.unit.key] = msgspec.structs.replace(task, seqs=seqs, seen_at=first)
        return tuple(found.values())

    def _under_way(self, unit: Unit, agreement: Agreement, named: Collection[Named]) -> bool:
        """
        Whether a write of this record, or one that may have made this record, is not settled.

        Linked before that, the two would have nothing agreed, and what we wrote would stand against a person.
        """
        twins = [f"{side.other.value}:{c.record.id}" for side in unit.records for c in unit.candidates]
        if any(self._run("intent_key", key=key).fetchone() for key in (unit.key, *twins)):
            return True
        # What it was made of may be gone meanwhile, and be no candidate any more.
        by, records = agreement.recognised_by, unit.records.items()
        names = {(side, name, seen.fields.get(name)) for side, seen in records for name in by}
        return not unit.bond and not names.isdisjoint(named)

    def _named_under_way(self, agreement: Agreement) -> Collection[Named]:
        """The names of records that a creation of unknown outcome may have made."""
        steps = [read_step(self._sealer, *row) for row in self._run("intents_creating").fetchall()]
        names = [(step, name) for step in steps for name in agreement.recognised_by if step.fields.get(name)]
        return {(step.side, name, step.fields[name]) for step, name in names}

    def _task(self, agreement: Agreement, side: Side, record_id: str, *, asked: bool) -> Task | None:
        bond = self.bond(side, record_id)
        if bond is None:
            stored = self._sides[side].seen(record_id)
            if stored is None:
                return None
            unit = Unit(
                kind=self._kind,
                records={side: stored[0]},
                owner=self._owner(agreement, side, stored[0]),
                candidates=self._candidates(agreement, side, stored[0]),
                asked=asked or self._was_asked(f"{side.value}:{record_id}"),
                young=self._may_be_older_than_memory(stored[0]),
            )
            return Task(unit=unit, seqs=())
        shown = {each: self._sides[each].seen(bond.ids[each]) for each in Side}
        partner = shown[Side.PARTNER]
        unit = Unit(
            kind=self._kind,
            records={each: stored[0] for each, stored in shown.items() if stored},
            bond=bond,
            owner=self._owner(agreement, Side.PARTNER, partner[0]) if partner else None,
            resolved=self._resolved(f"partner:{bond.partner_id}"),
        )
        return Task(unit=unit, seqs=())

    def _owner(self, agreement: Agreement, side: Side, own: Seen) -> Owner | None:
        """What a record belongs to. An unlinked one of Fortnox may still come to take part."""
        belongs = agreement.belongs_to
        if belongs is None:
            return None
        record_id = own.fields.get(belongs.field)
        if record_id is None:
            return Owner(kind=belongs.kind, ids={}, takes_part=True)
        others = Work(self._db, self._sealer, self._binding, belongs.kind)
        bond = others.bond(side, str(record_id))
        ids = bond.ids if bond else {side: str(record_id)}
        partner = others.seen(Side.PARTNER, ids[Side.PARTNER]) if Side.PARTNER in ids else None
        takes_part = belongs.gate(partner.fields) if partner else Side.PARTNER not in ids
        return Owner(kind=belongs.kind, ids=ids, takes_part=takes_part)

    def seen(self, side: Side, record_id: str) -> Seen | None:
        """What one side last showed."""
        stored = self._sides[side].seen(record_id)
        return stored and stored[0]

    def _was_asked(self, key: str) -> bool:
        """Whether an operator asked for a record that was then parked: mended, it must not be too old."""
        row = self._run("parked_get", key=key).fetchone()
        return row is not None and bool(row[4])

    def _may_be_older_than_memory(self, seen: Seen) -> bool:
        return seen.born_at is None or seen.born_at <= self._binding.begun.since

    def _candidates(self, agreement: Agreement, side: Side, own: Seen) -> tuple[Candidate, ...]:
        found = []
        for name, value in naming(agreement, side, own).items():
            # Others first: a value that hundreds share on one side only must not cost each of them hundreds.
            others = [] if value is None else self._sides[side.other].named(name, value)
            rivals = self._rivals(side, own.id, name, value) if others else 0
            if not others and value is not None and name in agreement.marks.get(side, ()):
                found += self._bearers(side, own, name, value)
            for other_id in others:
                stored = self._sides[side.other].seen(other_id)
                bond = self.bond(side.other, other_id)
                linked_to = bond.ids[side] if bond else ""
                if stored:
                    found.append(
                        Candidate(
                            record=stored[0],
                            on=name,
                            linked=bond is not None,
                            rivals=rivals,
                            linked_to=linked_to,
                        )
                    )
        return tuple(found)

    def _bearers(self, side: Side, own: Seen, name: str, value: Value) -> list[Candidate]:
        """Who else of this side bears our mark, where the record it was made of is gone: one is a copy."""
        same = [record_id for record_id in self._sides[side].named(name, value) if record_id != own.id]
        return [Candidate(record=own, on=name, linked=True, linked_to=record_id) for record_id in same]

    def _rivals(self, side: Side, own_id: str, name: str, value: Value) -> int:
        """How many other unlinked records of the same side hold `value` as well."""
        same = self._sides[side].named(name, value)
        return sum(1 for record_id in same if record_id != own_id and not self.bond(side, record_id))

    def bond(self, side: Side, record_id: str) -> Bond | None:
        """The link of one record."""
        row = self._run(f"link_by_{side.value}", id=record_id).fetchone()
        if row is None:
            return None
        agreed = self._sealer.open(self._link_context(row[1]), row[2])
        return Bond(
            fortnox_id=row[0],
            partner_id=row[1],
            agreed={field: (pair[0], pair[1]) for field, pair in agreed.items()},
        )

    def linked(self) -> int:
        """How many records are linked."""
        return int(self._run("link_count").fetchone()[0])

    def recall(self, side: Side, before: dt.datetime, most: int) -> Sequence[tuple[str, Seen]]:
        """Whole records of one side linked before a time, by their partner's id, the youngest link first."""
        rows = self._run("links_before", at=to_text(before), most=most).fetchall()
        ids = [(row[1], row[0] if side is Side.FORTNOX else row[1]) for row in rows]
        found = ((partner_id, self.seen(side, record_id)) for partner_id, record_id in ids)
        return [(partner_id, seen) for partner_id, seen in found if seen and seen.full]

    def _resolved(self, key: str) -> Mapping[str, Side]:
        return {field: Side(use) for field, use in self._run("conflicts_open", key=key) if use}

    def twins(self, agreement: Agreement, side: Side, record_id: str) -> Sequence[Seen]:
        """The unlinked records of the other side that no record of `side` but this one shares a name with."""
        own = self.seen(side, record_id)
        candidates = self._candidates(agreement, side, own) if own else ()
        return list({c.record.id: c.record for c in candidates if not c.linked and not c.rivals}.values())

    # -------------------------------------------------------------- what was decided

    def agree(self, fortnox_id: str, partner_id: str, agreed: Agreeing, now: dt.datetime) -> None:
        """Link two records, or add to what they agreed on; None where nothing is agreed any more."""
        before = self.bond(Side.PARTNER, partner_id)
        if before is None:
            self._vacate(fortnox_id)
        both = {**(before.agreed if before else {}), **agreed}
        whole = {field: pair for field, pair in both.items() if pair is not None}
        sealed = self._sealer.seal(self._link_context(partner_id), whole)
        self._run("link_set", fortnox_id=fortnox_id, partner_id=partner_id, sealed=sealed, at=to_text(now))

    def _vacate(self, fortnox_id: str) -> None:
        """A number that is given again: what had it was deleted. Its twin is linked to nothing, and told."""
        if bond := self.bond(Side.FORTNOX, fortnox_id):
            self._run("link_move", fortnox_id=fortnox_id, to=f"{fortnox_id}, once of {bond.partner_id}")
            self.again(Side.PARTNER, bond.partner_id)

    def unlink(self, partner_id: str) -> None:
        """The record has no twin any more."""
        self._run("link_drop", partner_id=partner_id)

    def kept_at(self, places: Mapping[str, str]) -> None:
        """
        Where fields are kept now: our name to theirs.

        What was agreed on a field that has moved is forgotten: its new place is
        empty, or holds something else, and nobody cleared or edited it there.
        """
        name = f"places|{self._binding.id}|{self._kind}"
        row = self._db.execute(SQL["meta_get"], {"key": name}).fetchone()
        before = msgspec.json.decode(row[0], type=dict[str, str]) if row else {}
        if moved := {field for field, place in places.items() if before.get(field, place) != place}:
            self._forget_agreed(moved)
        if (now := {**before, **places}) != before:
            self._db.execute(SQL["meta_set"], {"key": name, "value": msgspec.json.encode(now).decode()})

    def _forget_agreed(self, fields: Collection[str]) -> None:
        for partner_id, sealed in self._run("links_all").fetchall():
            context = self._link_context(partner_id)
            agreed = self._sealer.open(context, sealed)
            kept = {field: pair for field, pair in agreed.items() if field not in fields}
            self._run("link_agreed", partner_id=partner_id, sealed=self._sealer.seal(context, kept))

    def done(self, task: Task) -> None:
        """These records need no further decision until something new is seen."""
        for side, record_id, seq in task.seqs:
            self._run("todo_done", side=side.value, id=record_id, seq=seq)

    def put_off(self, task: Task) -> None:
        """Take these out of an import: they are decided with everything else at its end."""
        for side, record_id, _ in task.seqs:
            self._run("todo_put_off", side=side.value, id=record_id)

    def again(self, side: Side, record_id: str, *, asked: bool = False) -> None:
        """Decide about this record once more."""
        self._run("todo_add", side=side.value, id=record_id, seq=0, asked=asked)

    def wake(self, agreement: Agreement, side: Side, record_id: str) -> None:
        """Decide once more about everything read whole that belongs to this record of another kind."""
        assert agreement.belongs_to
        name, scope = agreement.belongs_to.field, self._binding.scope(side)
        digest = self._sealer.digest([name, record_id])
        self._run("todo_wake", side=side.value, scope=scope, name=name, digest=digest)

    # -------------------------------------------------------------- parked, conflicts, held

    def standstill(self, decision: Decision) -> bool:
        """Whether this very decision was refused before, or a person said to leave the record alone."""
        row = self._run("parked_get", key=decision.unit.key).fetchone()
        if row is None:
            return False
        same = row[1] == self._digest(decision) and row[2] == self._binding.config
        return bool(row[3]) or same or stands(row[5], decision.steps)

    def park(self, decision: Decision, problem: Problem, now: dt.datetime) -> bool:
        """
        Set a record aside with the reason; it is tried again when what it needs has changed.

        Whether it was not parked under this code before.
        """
        key = decision.unit.key
        before = self._run("parked_get", key=key).fetchone()
        self._run(
            "parked_set",
            key=key,
            code=problem.code,
            sealed=self._sealer.seal(f"parked|{key}", [problem.what, problem.where, problem.todo]),
            digest=self._digest(decision),
            config=self._binding.config,
            since=to_text(now),
            asked=decision.unit.asked,
        )
        return before is None or before[5] != problem.code

    def unpark(self, key: str) -> None:
        """The record goes on; one that a person ignores stays ignored."""
        self._run("parked_drop", key=key)

    def found(self, key: str) -> None:
        """A record that was missing is there, though a person may have closed the case."""
        self._run("parked_found", key=key, code=MISSING)

    def waiting(self) -> Sequence[tuple[str, str]]:
        """What has not crossed and a person did not set aside: each key, and the code it is parked under."""
        return [(key, code) for key, code in self._run("waiting")]

    def note_conflicts(self, key: str, conflicts: Iterable[Conflict], now: dt.datetime) -> None:
        """List each conflict once for the same values; open ones that are no longer among them are over."""
        noted = list(conflicts)
        open_fields = {field for field, _ in self._run("conflicts_open", key=key)}
        for field in open_fields - {c.field for c in noted if c.state is ConflictState.OPEN}:
            self._run("conflict_close", key=key, field=field)
        for conflict in noted:
            values = [conflict.base, conflict.fortnox, conflict.partner]
            digest = self._sealer.digest(values)
            last = self._run("conflict_last", key=key, field=conflict.field).fetchone()
            if last and last[1] == digest and last[2] == conflict.state.value:
                continue
            if last and last[2] == ConflictState.OPEN.value:
                self._run("conflict_close", key=key, field=conflict.field)
            self._run(
                "conflict_add",
                key=key,
                field=conflict.field,
                sealed=self._sealer.seal(f"conflict|{key}|{conflict.field}", values),
                digest=digest,
                winner=conflict.winner and conflict.winner.value,
                rule=conflict.rule,
                state=conflict.state.value,
                at=to_text(now),
            )

    def hold(self, steps: Sequence[Step], reasons: Sequence[str], now: dt.datetime) -> bool:
        """Hold a plan; False when a person released exactly this one, which uses the release up."""
        digest = self._sealer.digest(plain(steps).decode()).hex()
        row = self._run("held_get").fetchone()
        if row and row[1] == digest and row[2]:
            self._run("held_drop")
            return False
        listed = essence(steps)
        self._run(
            "held_set",
            digest=digest,
            reason="; ".join(reasons),
            steps=len(listed),
            sealed=self._sealer.seal(
                f"held|{self._binding.id}|{self._kind}", {"steps": listed, "records": touched(steps)}
            ),
            at=to_text(now),
        )
        return True

    def unhold(self) -> None:
        """The plan does not look like an accident any more."""
        self._run("held_drop")

    def log(self, step: Step, ids: tuple[str | None, str | None], written: Written, now: dt.datetime) -> None:
        """Append what was done to the transfer log; `ids` are Fortnox' and the partner's."""
        transfer_log.append(self._db, self._sealer, self._here, step, ids, written, now)

    # -------------------------------------------------------------- helpers

    def _digest(self, decision: Decision) -> bytes:
        problem = decision.problem and [decision.problem.code, decision.problem.what]
        return self._sealer.digest([plain(decision.steps).decode(), problem])

    def _link_context(self, partner_id: str) -> str:
        return f"link|{self._binding.id}|{self._kind}|{partner_id}"

    def _run(self, statement: str, **values: object) -> sqlite3.Cursor:
        return self._db.execute(SQL[statement], {**self._here, **values})
