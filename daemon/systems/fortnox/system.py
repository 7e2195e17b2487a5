"""Fortnox as a System: how its registers are read, written and looked through."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final, NamedTuple
from urllib.parse import quote

import anyio

from daemon.core.mapping import Table
from daemon.core.records import Fields, Lane, Seen, Value
from daemon.core.stockholm import local_minute
from daemon.errors import (
    DaemonError,
    Gone,
    GrantError,
    Refused,
    SessionExpired,
    Unusable,
)
from daemon.net.exchange import Exchange
from daemon.net.outcome import unreadable
from daemon.ports import Answer, Clock, Finding, Grant, Http, Ids, Page, Reply, Request, System, Whole
from daemon.systems.fortnox import mapping, spec, wire

_ACTIVE: Final = {"filter": "active"}


class _Listed(NamedTuple):
    """One page of a list."""

    rows: list[dict[str, Any]]
    total: int
    server_time: dt.datetime


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
        self._many_articles = False

    def table(self, kind: str) -> Table:
        return mapping.TABLES[kind]

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
            raise _meant(error, request) from error
        document = self._exchange.decoded(request, reply)
        company = wire.item(request, reply, document, "CompanyInformation")
        number, title = str(company.get("DatabaseNumber")), str(company.get("CompanyName") or "")
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
        if kind == "article":
            changes = only_changed and since is not None
            articles = self._changed_articles if changes else self._read_articles
            async for page in articles(since, lane):
                yield page
            return
        async for listed in self._list(kind, _changed(since), lane):
            rows = tuple(self._row(kind, row, since) for row in listed.rows)
            yield Page(rows=rows, server_time=listed.server_time, complete=since is None)

    async def _read_articles(self, since: dt.datetime | None, lane: Lane) -> AsyncIterator[Page]:
        """
        All active articles as long as one request shows them: a change of price or stock does not raise
        `lastmodified` (fortnox.md 22 no 3). A larger register is read by its changes.
        """
        if since is None:
            async for listed in self._list("article", _ACTIVE, lane):
                self._many_articles = listed.total > spec.SMALL_REGISTER
                yield self._active_articles(listed)
            return
        if not self._many_articles:
            listed, _ = await self._page("article", 1, _ACTIVE, lane)
            self._many_articles = listed.total > spec.SMALL_REGISTER
            if not self._many_articles:
                yield self._active_articles(listed)
                return
        async for page in self._changed_articles(since, lane):
            yield page

    def _active_articles(self, listed: _Listed) -> Page:
        rows = tuple(self._row("article", {**row, "Active": True}) for row in listed.rows)
        return Page(rows=rows, server_time=listed.server_time, complete=True)

    async def _changed_articles(self, since: dt.datetime | None, lane: Lane) -> AsyncIterator[Page]:
        changed = [listed async for listed in self._list("article", _changed(since), lane)]
        inactive: set[str] = set()
        if any(listed.rows for listed in changed):
            query = {**_changed(since), "filter": "inactive"}
            async for listed in self._list("article", query, lane):
                inactive |= {str(row.get("ArticleNumber")) for row in listed.rows}
        for listed in changed:
            rows = ({**row, "Active": str(row.get("ArticleNumber")) not in inactive} for row in listed.rows)
            seen = tuple(self._row("article", row, since) for row in rows)
            yield Page(rows=seen, server_time=listed.server_time)

    async def _list(self, kind: str, query: Mapping[str, str], lane: Lane) -> AsyncIterator[_Listed]:
        """All pages; from the start again when the list changed its length meanwhile (fortnox.md 7.1)."""
        where = spec.KINDS[kind]
        for _ in range(spec.RUNS):
            seen, total, number = 0, None, 1
            while True:
                listed, pages = await self._page(kind, number, query, lane)
                if total not in (None, listed.total):
                    break
                yield listed
                seen, total, number = seen + len(listed.rows), listed.total, number + 1
                if number > pages or not listed.rows:
                    break
            if seen == total:
                return
        raise Unusable(
            "JSN15",
            f"the list changed its length during each of {spec.RUNS} readings",
            f"{spec.NAME} GET {where.path}",
            "nothing; it is read again by itself",
            system=spec.NAME,
        )

    async def _page(
        self, kind: str, number: int, query: Mapping[str, str], lane: Lane
    ) -> tuple[_Listed, int]:
        where = spec.KINDS[kind]
        order = {"sortby": where.number, "sortorder": "ascending"}
        paged = {"limit": str(spec.PAGE_SIZE), "page": str(number), **order, **query}
        request = self._exchange.request("GET", where.path, query=paged, lane=lane)
        reply = await self._read(request)
        found = wire.rows(request, reply, self._exchange.decoded(request, reply), where.many)
        return _Listed(found.rows, found.total, reply.server_time or reply.received_at), found.pages

    def _row(self, kind: str, row: dict[str, Any], changed_at: dt.datetime | None = None) -> Seen:
        table = mapping.ROW_TABLES[kind]
        return Seen(
            id=_id(table, row),
            fields=table.read(row),
            full=kind == "article",
            changed_at=changed_at,
        )

    async def get(self, kind: str, record_id: str, lane: Lane) -> Seen | None:
        where = spec.KINDS[kind]
        request = self._exchange.request(
            "GET", _key_path(where.path, record_id), route=f"{where.path}/{{n}}", lane=lane
        )
        try:
            reply = await self._read(request)
        except Gone as error:
            if error.vendor_code:
                return None
            # A page that is not Fortnox's own says nothing about the record.
            raise Unusable(
                error.code, "404 without Fortnox's words", error.where, "check api_url", system=spec.NAME
            ) from error
        return self._whole(kind, request, reply)

    async def look(
        self, kind: str, fields: Fields, since: dt.datetime | None, whole: Whole | None = None
    ) -> Sequence[Seen]:
        if number := fields.get("number"):
            found = await self.get(kind, str(number), Lane.SETTLE)
            return [found] if found else []
        if since is not None:
            numbers = await self._numbers(kind, _changed(since - spec.LOOK_BACK))
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
        async for listed in self._list(kind, query, Lane.SETTLE):
            for row in (self._row(kind, row) for row in listed.rows):
                if named is None or row.fields.get("name") == named:
                    numbers[row.id] = None
        return list(numbers)

    async def _read(self, request: Request) -> Reply:
        try:
            return await self._exchange.read(request)
        except Refused as error:
            raise _meant(error, request) from error

    # -------------------------------------------------------------- writing

    async def create(self, kind: str, fields: Fields, lane: Lane) -> Answer:
        payload = mapping.creating(self.table(kind)).write(
            {field: value for field, value in fields.items() if value is not None}
        )
        # An address has parts; those that are empty are left out of a new record.
        given = {name: value for name, value in payload.items() if value is not None}
        return await self._write("POST", kind, None, given, lane)

    async def update(self, kind: str, record_id: str, fields: Fields, lane: Lane) -> Answer:
        return await self._write("PUT", kind, record_id, self.table(kind).write(fields), lane)

    async def _write(
        self, method: str, kind: str, record_id: str | None, payload: Mapping[str, Any], lane: Lane
    ) -> Answer:
        where = spec.KINDS[kind]
        assert payload, "nothing to write"
        _fits(payload, f"{spec.NAME} {method} {where.path}")
        request = self._exchange.request(
            method,
            _key_path(where.path, record_id) if record_id else where.path,
            route=f"{where.path}/{{n}}" if record_id else where.path,
            body={where.one: payload},
            lane=lane,
        )
        try:
            reply = await self._exchange.send(request)
        except (Refused, Gone) as error:
            raise _meant(error, request) from error
        seen = self._whole(kind, request, reply)
        if record_id not in (None, seen.id):
            raise unreadable("JSN08", spec.NAME, request, reply, "the answer shows another record")
        return Answer(status=reply.status, id=seen.id, seen=seen)

    def _whole(self, kind: str, request: Request, reply: Reply) -> Seen:
        document = self._exchange.decoded(request, reply)
        record = wire.item(request, reply, document, spec.KINDS[kind].one)
        table = self.table(kind)
        if record.get(table.key) in (None, ""):
            raise unreadable("JSN09", spec.NAME, request, reply, f"no {table.key}")
        return Seen(id=_id(table, record), fields=table.read(record))

    # -------------------------------------------------------------- check

    async def check(self, kinds: Sequence[str]) -> Sequence[Finding]:
        try:
            company, reply = await self._company(await self._grant.headers())
        except DaemonError as error:
            return [_failed(error)]
        findings = [Finding(ok=True, what=f"the consent is for {company}", where="Fortnox"), _clock(reply)]
        scopes = dict.fromkeys(scope for kind in kinds for scope in spec.KINDS[kind].scopes)
        return [*findings, *[await self._probe(scope) for scope in scopes]]

    async def _probe(self, scope: str) -> Finding:
        """Whether a register can be read, by one row of it."""
        register = spec.SCOPES[scope]
        where = f"Fortnox, scope {scope} ({register.title}; licence: {register.licence})"
        request = self._exchange.request("GET", register.path, query={"limit": "1"})
        try:
            reply = await self._read(request)
            found = wire.rows(request, reply, self._exchange.decoded(request, reply), register.many)
        except DaemonError as error:
            return _failed(error, where)
        return Finding(ok=True, what=f"{found.total} {register.title}", where=where)


def _changed(since: dt.datetime | None) -> dict[str, str]:
    return {} if since is None else {"lastmodified": local_minute(since)}


def _key_path(path: str, key: str) -> str:
    return f"{path}/{quote(key, safe='')}"


def _id(table: Table, payload: Mapping[str, Any]) -> str:
    return str(payload[table.key])


def _fits(payload: Mapping[str, Any], where: str) -> None:
    """Raise Refused for a part of an address that Fortnox would refuse: nothing needs to be sent to know."""
    for name, limit in spec.PART_LIMITS.items():
        if len(text := str(payload.get(name) or "")) > limit:
            raise Refused(
                "REC10",
                f"{name} has {len(text)} characters, Fortnox takes {limit}",
                where,
                "shorten it",
                system=spec.NAME,
            )


def _meant(error: Refused | Gone, request: Request) -> DaemonError:
    """`error` in the operator's words: what Fortnox's own code says is more than what its status says."""
    meaning = spec.MEANINGS.get(error.vendor_code)
    if isinstance(error, Gone) and (meaning is None or error.vendor_code in spec.NOT_FOUND):
        return error
    if meaning is None and not request.effect:
        return error
    told = {
        "system": spec.NAME,
        "vendor_code": error.vendor_code,
        "answer": error.answer,
    }
    if meaning is None:
        what = f"Fortnox refuses the record: {error.answer}"
        return Refused("REC99", what, error.where, "correct it, then retry", status=error.status, **told)
    what = f"{meaning.what}: {error.answer}"
    if meaning.grant:
        return GrantError(meaning.code, what, error.where, meaning.todo)
    return Refused(meaning.code, what, error.where, meaning.todo, status=error.status, **told)


def _failed(error: DaemonError, where: str = "") -> Finding:
    return Finding(ok=False, code=error.code, what=error.what, where=where or error.where, todo=error.todo)


def _clock(reply: Reply) -> Finding:
    """AUT12: our clock is only used for waiting and logs, so a wrong one is told, not fatal."""
    if reply.server_time is None:
        return Finding(ok=True, what="Fortnox shows no time to compare the clock with", where="this host")
    apart = abs(reply.received_at - reply.server_time)
    if apart <= spec.CLOCK_LIMIT:
        return Finding(ok=True, what="the clock agrees with Fortnox's", where="this host")
    return Finding(
        ok=False,
        code="AUT12",
        what=f"the clock is {apart.total_seconds():.0f} s from Fortnox's",
        where="this host",
        todo="set the clock (timedatectl set-ntp true)",
    )
