"""
Records of one kind, twice: as the cloud shows them and as the shop knows them already.

What the API writes is in both at once. What a till writes is in the shop at
once and reaches the cloud when the till has replicated (dinkassa.md 2); a
value that must be unique is taken as soon as either has it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from zlib import crc32

from daemon.sandbox.eskassa.fields import Field, Record, blank
from daemon.sandbox.eskassa.wire import moment_text

Key = Callable[[Record], str | int]

STAMP = "LastModifiedDateTime"


@dataclass
class Table:
    """The articles, the categories or the customers. The values of `unique` fields are taken once."""

    name: str
    fields: tuple[Field, ...]
    unique: tuple[str, ...] = ()
    cloud: dict[str, Record] = field(default_factory=dict)
    shop: dict[str, Record] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)
    holders: dict[tuple[str, str], str] = field(default_factory=dict)
    _sorted: tuple[str, list[Record]] | None = None

    def born(self, record_id: str, values: Record, at: dt.datetime) -> Record:
        """A whole new record, in neither place yet."""
        stamps = {"CreatedDateTime": moment_text(at), STAMP: moment_text(at)}
        mine = {name: value for name, value in stamps.items() if any(f.name == name for f in self.fields)}
        return {**blank(self.fields), **values, "Id": record_id, **mine}

    def add(self, place: dict[str, Record], record: Record) -> None:
        """Put a copy of `record` into the cloud or the shop."""
        place[record["Id"]] = dict(record)
        self._sorted = None
        self._take(record["Id"], record)

    def change(self, place: dict[str, Record], record_id: str, values: Record, at: dt.datetime) -> None:
        """Set `values` and the time stamp; nothing happens to a record that is not there."""
        record = place.get(record_id)
        if record is None:
            return
        before = dict(record)
        record.update(values)
        record[STAMP] = moment_text(at)
        self._sorted = None
        self._take(record_id, values)
        self._release(record_id, before)

    def remove(self, place: dict[str, Record], record_id: str) -> None:
        """Take a record away, if it is there."""
        record = place.pop(record_id, None)
        if record is None:
            return
        self._sorted = None
        if place is self.cloud:
            self.deleted.add(record_id)
        self._release(record_id, record)

    def holder(self, name: str, value: str) -> str | None:
        """The id of the record that holds `value` in the unique field `name`."""
        return self.holders.get((name, value)) if value else None

    def ordered(self, order: str, seed: int) -> list[Record]:
        """The cloud's records by id, by time of change, or in an order that nobody would guess."""
        if order == "id":
            return list(self.cloud.values())
        if self._sorted is None or self._sorted[0] != order:
            key: Key = _changed if order == "modified" else partial(_shuffled, seed)
            self._sorted = (order, sorted(self.cloud.values(), key=key))
        return self._sorted[1]

    def _take(self, record_id: str, values: Record) -> None:
        for name in self.unique:
            if values.get(name):
                self.holders[name, values[name]] = record_id

    def _release(self, record_id: str, before: Record) -> None:
        for name in self.unique:
            value = before[name]
            held = (place.get(record_id, {}).get(name) for place in (self.cloud, self.shop))
            if value and self.holders.get((name, value)) == record_id and value not in held:
                del self.holders[name, value]


def _changed(record: Record) -> str:
    return str(record[STAMP])


def _shuffled(seed: int, record: Record) -> int:
    return shuffled(seed, record["Id"])


def shuffled(seed: int, record_id: str) -> int:
    """Where a record stands in an order that nobody would guess."""
    return crc32(f"{seed} {record_id}".encode())
