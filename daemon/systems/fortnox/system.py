"""Fortnox as a System: one company, and how its registers are read, written and looked through."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import anyio

from daemon.core.mapping import Table
from daemon.core.records import Fields, Lane, Seen, Value
from daemon.errors import DaemonError, Gone, GrantError, Refused, SessionExpired
from daemon.net.exchange import Exchange
from daemon.ports import Answer, Clock, Finding, Grant, Http, Ids, Page, Reply, System, Whole
from daemon.systems.fortnox import judging, mapping, spec, wire
from daemon.systems.fortnox.articles import Articles
from daemon.systems.fortnox.calls import Calls, changed_since
from daemon.systems.fortnox.document_calls import Documents
from daemon.systems.fortnox.document_table import DOCUMENT


class Fortnox(System):
    """One company in Fortnox. `overlap` covers that `lastmodified` may lag (fortnox.md 7.5: 10 minutes)."""

    name = spec.NAME

    def __init__(
        self,
        *,
        http: Http,
        grant: Grant,
        clock: Clock,
        ids: Ids,
        tenant_id: str,
        overlap: dt.timedelta = dt.timedelta(minutes=10),
        base_url: str = "https://api.fortnox.se",
    ) -> None:
        self.scope, self.overlap = f"{spec.NAME}:{tenant_id}", overlap
        self._tenant_id, self._grant = tenant_id, grant
        self._exchange = Exchange(
            system=spec.NAME,
            base_url=base_url,
            http=http,
            grant=grant,
            clock=clock,
            ids=ids,
            explain=wire.explain,
            admit=self._admit,
        )
        self._admitting = anyio.Lock()
        self._admitted: Mapping[str, str] | None = None  # credentials that were shown to be this company's
        self._calls = Calls(self._exchange)
        self._articles, self._documents = Articles(self._calls), Documents(self._calls, clock)

    def table(self, kind: str) -> Table:
        return DOCUMENT if kind == "document" else mapping.TABLES[kind]

    # -------------------------------------------------------------- the company

    async def prepare(self) -> None:
        headers = await self._grant.headers()
        try:
            await self._admit(headers)
        except SessionExpired:
            await self._grant.refused(headers)
            await self._admit(await self._grant.headers())

    async def _admit(self, headers: Mapping[str, str]) -> None:
        """Prove that these credentials open the company we are bound to; raises GrantError AUT10."""
        async with self._admitting:
            if headers != self._admitted:
                await self._company(headers)
                self._admitted = dict(headers)

    async def _company(self, headers: Mapping[str, str]) -> tuple[str, Reply]:
        request = self._exchange.request("GET", spec.COMPANY)
        try:
            reply = await self._exchange.send_as(headers, request)
        except (Refused, Gone) as error:
            raise judging.meant(error, request) from error
        document = self._exchange.decoded(request, reply)
        company = wire.item(request, reply, document, "CompanyInformation")
        number = wire.identity(request, reply, company, "DatabaseNumber")
        title = str(company.get("CompanyName") or "")
        if number != self._tenant_id:
            raise GrantError(
                "AUT10",
                f"the consent is for company {number} {title}, this section is bound to {self._tenant_id}",
                "Fortnox, company information",
                "authorize again as the right company, or correct tenant_id",
            )
        return f"{title} ({number})", reply

    # -------------------------------------------------------------- reading

    async def read(
        self, kind: str, since: dt.datetime | None, lane: Lane, *, only_changed: bool = False
    ) -> AsyncIterator[Page]:
        async for page in self._pages(kind, since, lane, only_changed=only_changed):
            yield page

    def _pages(
        self, kind: str, since: dt.datetime | None, lane: Lane, *, only_changed: bool
    ) -> AsyncIterator[Page]:
        if kind == "document":
            return self._documents.read(since, lane)
        if kind != "article":
            return self._customers(since, lane)
        if only_changed and since is not None:
            return self._articles.read_changed(since, lane)
        return self._articles.read(since, lane)

    async def _customers(self, since: dt.datetime | None, lane: Lane) -> AsyncIterator[Page]:
        async for listed in self._calls.pages(spec.KINDS["customer"], changed_since(since), lane):
            rows = tuple(_row("customer", row, since) for row in listed.rows)
            yield Page(rows=rows, server_time=listed.server_time, complete=since is None)

    async def get(self, kind: str, record_id: str, lane: Lane) -> Seen | None:
        if kind == "document":
            return await self._documents.get(record_id, lane)
        shown = await self._calls.one(spec.KINDS[kind], record_id, lane)
        return shown and Seen(id=shown.number, fields=self.table(kind).read(shown.record))

    async def look(
        self, kind: str, fields: Fields, since: dt.datetime | None, whole: Whole | None = None
    ) -> Sequence[Seen]:
        if kind == "document":
            return await self._documents.look(fields, whole)
        if number := fields.get("number"):
            found = await self.get(kind, str(number), Lane.SETTLE)
            return [found] if found else []
        if since is not None:
            numbers = await self._numbers(kind, changed_since(since - spec.LOOK_BACK))
        elif name := self.table(kind).normal("name", fields.get("name")):
            numbers = await self._numbers(kind, {spec.KINDS[kind].name: str(name)}, named=name)
        else:
            return []
        if whole:
            return await whole(numbers)
        seen = [await self.get(kind, each, Lane.SETTLE) for each in numbers]
        return [each for each in seen if each is not None]

    async def _numbers(self, kind: str, query: Mapping[str, str], named: Value = None) -> list[str]:
        """The ids of a list, each once; with `named` only those of exactly that name."""
        numbers: dict[str, None] = {}
        async for listed in self._calls.pages(spec.KINDS[kind], query, Lane.SETTLE):
            for row in (_row(kind, row) for row in listed.rows):
                if named is None or row.fields.get("name") == named:
                    numbers[row.id] = None
        return list(numbers)

    # -------------------------------------------------------------- writing

    async def create(self, kind: str, fields: Fields, lane: Lane) -> Answer:
        if kind == "document":
            return await self._documents.create(fields, lane)
        payload = mapping.creating(self.table(kind)).write(
            {field: value for field, value in fields.items() if value is not None}
        )
        # An address has parts; those that are empty are left out of a new record.
        given = {name: value for name, value in payload.items() if value is not None}
        return await self._write("POST", kind, None, given, lane)

    async def update(
        self, kind: str, record_id: str, fields: Fields, lane: Lane, shown: Fields | None = None
    ) -> Answer:
        if kind == "document":
            assert shown is not None, "a document is only written to by who has just read it"
            return await self._documents.update(record_id, fields, lane, shown)
        return await self._write("PUT", kind, record_id, self.table(kind).write(fields), lane)

    async def _write(
        self, method: str, kind: str, record_id: str | None, payload: Mapping[str, Any], lane: Lane
    ) -> Answer:
        where = spec.KINDS[kind]
        judging.check_parts(payload, f"{spec.NAME} {method} {where.path}")
        stored = await self._calls.write(method, where, record_id, payload, lane)
        seen = Seen(id=stored.number, fields=self.table(kind).read(stored.record))
        return Answer(status=stored.reply.status, id=seen.id, seen=seen)

    # -------------------------------------------------------------- check

    async def check(self, kinds: Sequence[str]) -> Sequence[Finding]:
        try:
            company, reply = await self._company(await self._grant.headers())
        except DaemonError as error:
            return [judging.failed(error)]
        findings = [
            Finding(ok=True, what=f"the consent is for {company}", where="Fortnox"),
            judging.clock(reply),
        ]
        registers = [spec.KINDS[name] for kind in kinds for name in spec.REGISTERS[kind]]
        scopes = dict.fromkeys(scope for register in registers for scope in register.scopes)
        return [*findings, *[await self._probe(scope) for scope in scopes]]

    async def _probe(self, scope: str) -> Finding:
        """Whether a register can be read, by one row of it."""
        register = spec.SCOPES[scope]
        where = f"Fortnox, scope {scope} ({register.title}; licence: {register.licence})"
        try:
            total = await self._calls.count(register.path, register.many)
        except DaemonError as error:
            return judging.failed(error, where)
        return Finding(ok=True, what=f"{total} {register.title}", where=where)


def _row(kind: str, row: dict[str, Any], changed_at: dt.datetime | None = None) -> Seen:
    return Seen(
        id=str(row[spec.KINDS[kind].key]),
        fields=mapping.ROW_TABLES[kind].read(row),
        full=kind == "article",
        changed_at=changed_at,
    )
