"""
The vocabulary a system's mapping table is written in. Pure.

A table says how one kind of record is spelled in one system. What a system
cannot hold as it stands (characters, spelling of a number) has one *normal
form*, the value that would be read back after writing it; two values are the
same when one is the normal form of the other.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, NamedTuple

from msgspec import Struct

from daemon.core.records import Fields, Problem, Value


class _Leave:
    """A codec's way to say: not readable as a value of ours, or not to be sent."""

    def __repr__(self) -> str:
        return "LEAVE"


LEAVE: Final = _Leave()


class Codec(NamedTuple):
    """
    How one value crosses the border, in each direction.

    `read` takes what the vendor sends (a tuple for a row over several of its
    fields) and returns our value, or LEAVE when it says nothing to us. `write`
    does the reverse and never sees None: a table clears in its own way.
    Law: `read(write(v)) == v` for every value that `read` can return.
    """

    read: Callable[[Any], Any]
    write: Callable[[Value], Any]


# A value, what stands there now, today -> code, what, what to do.
Check = Callable[[Value, Value, dt.date], tuple[str, str, str] | None]


class Row(NamedTuple):
    """One line: our field, theirs (one or several), how it crosses, what may be written there."""

    ours: str
    theirs: str | tuple[str, ...]
    codec: Codec
    writable: bool = True
    limit: int | None = None
    required: bool = False
    check: Check | None = None


class Table(Struct, frozen=True, kw_only=True):
    """
    How one kind of record is spelled in one system.

    `later` are the fields that a new record is not made with: they follow as an update.
    """

    kind: str
    key: str  # their field that holds the id
    rows: tuple[Row, ...]
    blank: Any = None  # what they take as "make this field empty"
    clean: Callable[[str], str] = str  # maps a text to what they accept
    later: frozenset[str] = frozenset()

    def read(self, payload: Mapping[str, Any]) -> dict[str, Value]:
        """Their payload in our words. A field they left out is left out, not cleared."""
        fields: dict[str, Value] = {}
        for row in self.rows:
            theirs = row.theirs
            if isinstance(theirs, str):
                if theirs not in payload:
                    continue
                value = row.codec.read(payload[theirs])
            elif any(name in payload for name in theirs):
                value = row.codec.read(tuple(map(payload.get, theirs)))
            else:
                continue
            if value is not LEAVE:
                fields[row.ours] = value
        return fields

    def write(self, fields: Fields) -> dict[str, Any]:
        """Our fields in their words; a None becomes their way to clear; unwritable fields are left out."""
        payload: dict[str, Any] = {}
        for row in self.rows:
            if row.writable and row.ours in fields:
                payload.update(_spell(row, self._cleaned(fields[row.ours]), self.blank))
        return payload

    def normal(self, field: str, value: Value) -> Value:
        """What would be read back after `value` was written to `field`; itself for an unknown field."""
        row = self.row(field)
        if row is None or value is None:
            return value
        spelled = _spell(row, self._cleaned(value), self.blank)
        names = (row.theirs,) if isinstance(row.theirs, str) else row.theirs
        raw = tuple(spelled.get(name) for name in names)
        back = row.codec.read(raw[0] if isinstance(row.theirs, str) else raw)
        return value if back is LEAVE else back

    def row(self, field: str) -> Row | None:
        """The line for one of our fields, None when this system has no place for it."""
        return next((row for row in self.rows if row.ours == field), None)

    def spelled(self, fields: Fields) -> dict[str, Value]:
        """Those of `fields` that writing would send something of: the rest is left alone here."""
        return {field: value for field, value in fields.items() if self.write({field: value})}

    def holds(self, fields: Iterable[str]) -> frozenset[str]:
        """Those of `fields` that this system has a place for."""
        return frozenset(row.ours for row in self.rows) & frozenset(fields)

    def problem(
        self, fields: Fields, where: str, today: dt.date, present: Fields | None = None
    ) -> Problem | None:
        """
        Why `fields` cannot be written here as they stand: too long, empty after cleaning, a magic word.

        `present` is what the record shows now, None for a new one.
        """
        for row in self.rows:
            value = fields.get(row.ours)
            if row.required and row.ours in fields and value is None:
                return _empty_problem(row, where)
            if not row.writable or value is None:
                continue
            if row.check:
                found = row.check(value, (present or {}).get(row.ours), today)
                if found:
                    code, what, todo = found
                    return Problem(code=code, what=what, where=f"{where}, {row.ours}", todo=todo)
            elif isinstance(value, str) and (told := _text_problem(row, value, self._cleaned(value), where)):
                return told
        return None

    def _cleaned(self, value: Value) -> Value:
        return (self.clean(value) or None) if isinstance(value, str) else value


def _spell(row: Row, value: Value, blank: Any) -> dict[str, Any]:
    if isinstance(row.theirs, str):
        raw = blank if value is None else row.codec.write(value)
        return {} if raw is LEAVE else {row.theirs: raw}
    if value is None:
        return dict.fromkeys(row.theirs, blank)
    parts = zip(row.theirs, row.codec.write(value), strict=True)
    return {name: blank if part is None else part for name, part in parts if part is not LEAVE}


def _empty_problem(row: Row, where: str) -> Problem:
    return Problem(
        code="REC08",
        what=f"the {row.ours} is empty",
        where=f"{where}, {row.ours}",
        todo=f"give the record a {row.ours}; it then crosses by itself",
    )


def _text_problem(row: Row, value: str, cleaned: Value, where: str) -> Problem | None:
    place = f"{where}, {row.ours}"
    if value.strip().upper() in ("API_BLANK", "API_NORIGHT"):
        return Problem(
            code="REC09",
            what=f"the text {value.strip()} is a command to Fortnox, not a value",
            where=place,
            todo="write something else in that field",
        )
    if "\0" in value:
        return Problem(
            code="REC09",
            what="the text holds a NUL character",
            where=place,
            todo="write the text anew in that field",
        )
    if cleaned is None:
        odd = " ".join(f"U+{ord(c):04X}" for c in dict.fromkeys(value))
        return Problem(
            code="REC08",
            what=f"nothing is left after removing characters that are not accepted ({odd})",
            where=place,
            todo="use letters and digits",
        )
    longest = _longest(row, cleaned)
    if row.limit is not None and longest > row.limit:
        return Problem(
            code="REC10",
            what=f"{longest} characters, the other system takes {row.limit}",
            where=place,
            todo="shorten the text",
        )
    return None


def _longest(row: Row, value: Value) -> int:
    raw = row.codec.write(value)
    parts = raw if isinstance(raw, tuple) else (raw,)
    return max((len(part) for part in parts if isinstance(part, str)), default=0)
