"""Customers, and what they share with articles: records of one register, known by one number."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from daemon.core.mapping import Table
from daemon.core.records import Fields, Lane, Seen, Value
from daemon.ports import Answer, Page, Whole
from daemon.systems.fortnox import judging, mapping, spec
from daemon.systems.fortnox.calls import Calls, changed_since
from daemon.systems.fortnox.part import Part


class Register(Part):
    """A register whose records are read and written by their number, and looked for by number or name."""

    def __init__(self, calls: Calls, kind: str) -> None:
        self._calls, self._kind, self._where = calls, kind, spec.KINDS[kind]

    @property
    def table(self) -> Table:
        return mapping.TABLES[self._kind]

    async def get(self, record_id: str, lane: Lane) -> Seen | None:
        shown = await self._calls.one(self._where, record_id, lane)
        return shown and Seen(id=shown.number, fields=self.table.read(shown.record))

    def listed(self, row: dict[str, Any], changed_at: dt.datetime | None = None) -> Seen:
        """What a row of the list shows."""
        return Seen(
            id=str(row[self._where.key]),
            fields=mapping.ROW_TABLES[self._kind].read(row),
            full=self._kind == "article",
            changed_at=changed_at,
        )

    # -------------------------------------------------------------- looking

    async def look(self, fields: Fields, since: dt.datetime | None, whole: Whole | None) -> Sequence[Seen]:
        if number := fields.get("number"):
            found = await self.get(str(number), Lane.SETTLE)
            return [found] if found else []
        if since is not None:
            numbers = await self._numbers(changed_since(since - spec.LOOK_BACK))
        elif name := self.table.normal("name", fields.get("name")):
            numbers = await self._numbers({self._where.name: str(name)}, named=name)
        else:
            return []
        if whole:
            return await whole(numbers)
        seen = [await self.get(each, Lane.SETTLE) for each in numbers]
        return [each for each in seen if each is not None]

    async def _numbers(self, query: Mapping[str, str], named: Value = None) -> list[str]:
        """The ids of a list, each once; with `named` only those of exactly that name."""
        numbers: dict[str, None] = {}
        async for listed in self._calls.pages(self._where, query, Lane.SETTLE):
            for row in (self.listed(row) for row in listed.rows):
                if named is None or row.fields.get("name") == named:
                    numbers[row.id] = None
        return list(numbers)

    # -------------------------------------------------------------- writing

    async def create(self, fields: Fields, lane: Lane) -> Answer:
        payload = mapping.creating(self.table).write(
            {field: value for field, value in fields.items() if value is not None}
        )
        # An address has parts; those that are empty are left out of a new record.
        given = {name: value for name, value in payload.items() if value is not None}
        return await self._write("POST", None, given, lane)

    async def update(self, record_id: str, fields: Fields, lane: Lane, shown: Fields | None) -> Answer:
        return await self._write("PUT", record_id, self.table.write(fields), lane)

    async def _write(
        self, method: str, record_id: str | None, payload: Mapping[str, Any], lane: Lane
    ) -> Answer:
        judging.check_parts(payload, f"{spec.NAME} {method} {self._where.path}")
        stored = await self._calls.write(method, self._where, record_id, payload, lane)
        seen = Seen(id=stored.number, fields=self.table.read(stored.record))
        return Answer(status=stored.reply.status, id=seen.id, seen=seen)


class Customers(Register):
    """The customer register."""

    def __init__(self, calls: Calls) -> None:
        super().__init__(calls, "customer")

    async def read(
        self, since: dt.datetime | None, lane: Lane, *, only_changed: bool = False
    ) -> AsyncIterator[Page]:
        """Whatever the list shows; with `since` nothing else is asked for anyway."""
        async for listed in self._calls.pages(self._where, changed_since(since), lane):
            rows = tuple(self.listed(row, since) for row in listed.rows)
            yield Page(rows=rows, server_time=listed.server_time, complete=since is None)
