"""webCRM as a System: organisations through queries, articles as the whole catalogue."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from daemon.core.mapping import Table
from daemon.core.records import Fields, Lane, Seen
from daemon.core.text import folded
from daemon.errors import DaemonError, Gone, GrantError, Refused, Unusable
from daemon.net.exchange import Exchange
from daemon.net.outcome import unreadable
from daemon.ports import Answer, Clock, Finding, Grant, Http, Ids, Page, Reply, Request, System, Whole
from daemon.systems.webcrm import mapping, spec, wire


class Webcrm(System):
    """
    One webCRM system.

    `account` is a name for it that never changes. `field_map` moves our fields
    to other fields of webCRM than `spec.PLACES` says, "" to none;
    `article_number` and `article_name` say which Data field of the catalogue
    holds them.
    """

    name = spec.NAME
    overlap = spec.OVERLAP

    def __init__(
        self,
        *,
        http: Http,
        grant: Grant,
        clock: Clock,
        ids: Ids,
        account: str,
        base_url: str = "https://api.webcrm.com",
        field_map: Mapping[str, str] | None = None,
        company_types: Sequence[str] = ("Kund – Företag",),
        private_types: Sequence[str] = ("Kund – Privat",),
        country_language: str = "sv",
        article_number: int = 1,
        article_name: int = 2,
    ) -> None:
        self.scope = f"{spec.NAME}:{account}"
        self._grant, self._clock = grant, clock
        self._places = {ours: at for ours, at in {**spec.PLACES, **(field_map or {})}.items() if at}
        self._types = (tuple(company_types), tuple(private_types))
        self._language, self._data = country_language, (article_number, article_name)
        self._fields: wire.Metadata = {}
        self._fields_until_s: float | None = None
        self._country_is_object = False
        self._exchange = Exchange(
            system=spec.NAME,
            base_url=base_url,
            http=http,
            grant=grant,
            clock=clock,
            ids=ids,
            explain=wire.explain,
        )
        self._tables = self._made_tables()

    def table(self, kind: str) -> Table:
        return self._tables[kind]

    def _made_tables(self) -> dict[str, Table]:
        customer = mapping.customer(self._places, self._fields, *self._types, self._language)
        return {"customer": customer, "article": mapping.article(*self._data)}

    # -------------------------------------------------------------- the fields

    async def prepare(self) -> None:
        now_s = self._clock.monotonic()
        if self._fields_until_s is not None and now_s < self._fields_until_s:
            return
        await self._read_fields()
        if missing := [finding for finding in self._field_findings() if not finding.ok]:
            raise Unusable(
                missing[0].code,
                "; ".join(finding.what for finding in missing),
                missing[0].where,
                "; ".join(finding.todo for finding in missing),
                system=spec.NAME,
            )
        self._fields_until_s = now_s + spec.METADATA_AGE_S

    async def _read_fields(self) -> None:
        request = self._exchange.request("GET", spec.METADATA)
        self._fields = wire.metadata(await self._objects(request))
        self._country_is_object |= spec.COUNTRY_OBJECT in self._fields
        self._tables = self._made_tables()

    def _field_findings(self) -> list[Finding]:
        return [self._field_finding(ours, theirs) for ours, theirs in self._places.items()]

    def _field_finding(self, ours: str, theirs: str) -> Finding:
        where = "webCRM, organisation fields"
        if theirs in self._fields:
            label = self._fields[theirs].label or theirs
            return Finding(ok=True, what=f"{ours} is kept in {label} ({theirs})", where=where)
        shape = "memo" if ours in spec.MEMOS else "text"
        return Finding(
            ok=False,
            code="CRM01",
            what=f"the field {theirs} for {ours} does not exist in webCRM",
            where=where,
            todo=f"create a {shape} field {theirs} for organisations in webCRM's configuration, "
            f"or name another in field_map.{ours}",
        )

    # -------------------------------------------------------------- reading

    async def read(
        self, kind: str, since: dt.datetime | None, lane: Lane, *, only_changed: bool = False
    ) -> AsyncIterator[Page]:
        if kind == "article":
            # An item shows no time of change, so of none it is known that it changed.
            nothing = Page(rows=(), server_time=self._clock.now())
            yield nothing if only_changed and since is not None else await self._catalogue(lane)
            return
        where = "" if since is None else f"OrganisationUpdatedAt >= {wire.date_literal(since)}"
        async for page in self._query(where, lane, complete=since is None):
            yield page

    async def _query(self, where: str, lane: Lane, *, complete: bool = False) -> AsyncIterator[Page]:
        """Organisations by a query, until a page is not full."""
        script = (
            "SELECT * FROM Organisation",
            *([f"WHERE {where}"] if where else ()),
            "ORDER BY OrganisationId ASC",
        )
        number, full = 1, True
        while full:
            query = {
                "script": " ".join(script),
                "Page": str(number),
                "Size": str(spec.PAGE_SIZE),
                "formatCustomFields": "true",
            }
            request = self._exchange.request("GET", spec.QUERIES, query=query, lane=lane)
            reply = await self._exchange.read(request)
            found = wire.objects(request, reply, self._exchange.decoded(request, reply))
            rows = tuple(self._organisation(request, reply, row) for row in found)
            yield Page(rows=rows, server_time=_server_time(reply), complete=complete)
            number, full = number + 1, len(found) >= spec.PAGE_SIZE

    async def _catalogue(self, lane: Lane) -> Page:
        request = self._exchange.request("GET", spec.CATALOGUE, lane=lane)
        reply = await self._exchange.read(request)
        items = wire.objects(request, reply, self._exchange.decoded(request, reply))
        articles = [item for item in items if _is_article(item)]
        rows = tuple(self._item(request, reply, item) for item in articles)
        return Page(rows=rows, server_time=_server_time(reply), complete=True)

    async def get(self, kind: str, record_id: str, lane: Lane) -> Seen | None:
        path = spec.PATHS[kind]
        request = self._exchange.request("GET", f"{path}/{int(record_id)}", route=f"{path}/{{id}}", lane=lane)
        try:
            reply = await self._exchange.read(request)
        except Gone as error:
            if error.answer.startswith("<"):
                # A page of some other server says nothing about the record.
                raise Unusable(error.code, error.what, error.where, "check url", system=spec.NAME) from error
            return None
        document = self._exchange.decoded(request, reply)
        if not isinstance(document, dict):
            raise unreadable("JSN06", spec.NAME, request, reply, "the answer is not a record")
        if kind == "article":
            return self._item(request, reply, document) if _is_article(document) else None
        return self._organisation(request, reply, document)

    async def look(
        self,
        kind: str,
        fields: Fields,
        since: dt.datetime | None,
        whole: Whole | None = None,
    ) -> Sequence[Seen]:
        table, number, name = self.table(kind), fields.get("number"), fields.get("name")
        if kind == "article":
            wanted = table.normal("number", number)
            return [
                seen for seen in (await self._catalogue(Lane.SETTLE)).rows if seen.fields["number"] == wanted
            ]
        if number and "number" in self._places:
            where = f"{self._places['number']} = {wire.text_literal(str(number))}"
        elif since is not None:
            where = f"OrganisationUpdatedAt >= {wire.date_literal(since - spec.LOOK_BACK)}"
        elif name:
            where = f"{self._places['name']} = {wire.text_literal(str(name))}"
        else:
            return []
        found = {seen.id: seen async for page in self._query(where, Lane.SETTLE) for seen in page.rows}
        return list(found.values())

    def _organisation(self, request: Request, reply: Reply, payload: Mapping[str, Any]) -> Seen:
        self._country_is_object |= isinstance(payload.get(spec.COUNTRY), dict)
        table = self.table("customer")
        return Seen(
            id=_id(table, request, reply, payload),
            fields=table.read(wire.shown(payload, self._fields)),
            changed_at=wire.moment(payload.get("OrganisationUpdatedAt")),
            born_at=wire.moment(payload.get("OrganisationCreatedAt")),
        )

    def _item(self, request: Request, reply: Reply, payload: Mapping[str, Any]) -> Seen:
        table = self.table("article")
        return Seen(id=_id(table, request, reply, payload), fields=table.read(payload))

    async def _objects(self, request: Request) -> list[dict[str, Any]]:
        reply = await self._exchange.read(request)
        return wire.objects(request, reply, self._exchange.decoded(request, reply))

    # -------------------------------------------------------------- writing

    async def create(self, kind: str, fields: Fields, lane: Lane) -> Answer:
        table = self.table(kind)
        payload = self._payload(kind, {ours: value for ours, value in fields.items() if value is not None})
        whole = mapping.new_item(payload) if kind == "article" else {table.key: 0, **payload}
        request = self._exchange.request("POST", spec.PATHS[kind], body=whole, lane=lane)
        reply = await self._write(request)
        # Organisations are answered with nothing, a number or an object, by age of the system (webcrm.md 7).
        document = self._exchange.decoded(request, reply) if reply.body.strip() else None
        return Answer(status=reply.status, id=wire.born_id(document, table.key))

    async def update(self, kind: str, record_id: str, fields: Fields, lane: Lane) -> Answer:
        path, payload = spec.PATHS[kind], self._payload(kind, fields)
        assert payload, "nothing to write"
        request = self._exchange.request(
            "PUT",
            f"{path}/{int(record_id)}",
            route=f"{path}/{{id}}",
            body={self.table(kind).key: int(record_id), **payload},
            lane=lane,
        )
        reply = await self._write(request)
        return Answer(status=reply.status, id=record_id)

    def _payload(self, kind: str, fields: Fields) -> dict[str, Any]:
        payload = self.table(kind).write(fields)
        if kind == "customer":
            return wire.chosen(payload, self._fields, country_is_object=self._country_is_object)
        assert all(fields.get(ours, "") is not None for ours in ("number", "name"))
        return payload

    async def _write(self, request: Request) -> Reply:
        try:
            return await self._exchange.send(request)
        except Refused as error:
            if error.code != "NET10":
                raise
            raise Refused(
                "REC99",
                f"webCRM refuses the record: {error.answer}",
                error.where,
                "correct it, then retry",
                system=spec.NAME,
                status=error.status,
                vendor_code=error.vendor_code,
                answer=error.answer,
            ) from error

    # -------------------------------------------------------------- check

    async def check(self, kinds: Sequence[str]) -> Sequence[Finding]:
        try:
            await self._grant.headers()
        except GrantError as error:
            return [_failed(error)]
        findings = [Finding(ok=True, what="the login is accepted", where="webCRM")]
        try:
            if "customer" in kinds:
                await self._read_fields()
                findings += [*self._field_findings(), *self._type_findings()]
            if "article" in kinds:
                findings += await self._catalogue_findings()
        except DaemonError as error:
            findings.append(_failed(error))
        return findings

    def _type_findings(self) -> list[Finding]:
        """Whether the types that take part are in the list, where the type is chosen from a list."""
        field = self._fields.get(self._places.get("type", ""), wire.Field())
        known, label = {folded(text) for text in field.texts}, field.label or "Type"
        return [
            Finding(ok=True, what=f"{text} is in the list {label}", where="webCRM, Type")
            if folded(text) in known
            else Finding(
                ok=False,
                code="CRM02",
                what=f"{text} is not in webCRM's list {label}",
                where="webCRM, Type",
                todo=f"add it to the list, or name others in company_types and private_types: "
                f"{', '.join(field.texts)}",
            )
            for text in (*self._types[0], *self._types[1])
            if field.texts
        ]

    async def _catalogue_findings(self) -> list[Finding]:
        request = self._exchange.request("GET", spec.SETUP)
        reply = await self._exchange.read(request)
        setup = self._exchange.decoded(request, reply)
        used = setup if isinstance(setup, dict) else {}
        where = "webCRM, setup of quotation lines"
        return [
            Finding(ok=True, what=f"the article's {ours} is kept in Data{index}", where=where)
            if used.get(f"QuotationLineLinkedSetupUseLinkedField{index}") is not False
            else Finding(
                ok=False,
                code="CRM03",
                what=f"Data{index}, for the article's {ours}, is not in use",
                where=where,
                todo=f"switch on linked field {index} in webCRM's configuration of quotation lines",
            )
            for ours, index in zip(("number", "name"), self._data, strict=True)
        ]


def _is_article(item: Mapping[str, Any]) -> bool:
    return item.get(f"{spec.ITEM}EntityType", "Product") in spec.PRODUCT


def _id(table: Table, request: Request, reply: Reply, payload: Mapping[str, Any]) -> str:
    if not (found := wire.born_id(payload, table.key)):
        raise unreadable("JSN09", spec.NAME, request, reply, f"a record without {table.key}")
    return found


def _server_time(reply: Reply) -> dt.datetime:
    return reply.server_time or reply.received_at


def _failed(error: DaemonError) -> Finding:
    return Finding(ok=False, code=error.code, what=error.what, where=error.where, todo=error.todo)
