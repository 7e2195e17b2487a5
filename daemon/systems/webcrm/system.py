"""webCRM as a System: organisations and deliveries through queries, articles as the whole catalogue."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Literal

from daemon.core.mapping import Table
from daemon.core.records import Fields, Lane, Seen
from daemon.errors import DaemonError, GrantError, Misfit
from daemon.net.exchange import Exchange
from daemon.ports import Answer, Clock, Finding, Grant, Http, Ids, Page, System, Whole
from daemon.systems.webcrm import findings, mapping, spec, wire
from daemon.systems.webcrm.calls import Calls, Found
from daemon.systems.webcrm.catalogue import Catalogue
from daemon.systems.webcrm.deliveries import Deliveries
from daemon.systems.webcrm.lines import Layout


class Webcrm(System):
    """
    One webCRM system.

    `account` is a name for it that never changes. `field_map` moves our fields
    to other fields of webCRM than `spec.PLACES` says, "" to none; `delivery_map`
    says where those of a delivery are. `article_number`, `article_name` and `article_unit` say
    which Data field of catalogue and rows holds them, 0 is none; `line_price`
    what the Price of a row is, its total or that of one unit; `currencies`
    which code a text in the list of currencies stands for, `currency` which one
    a delivery without any is in. Without `documents` deliveries are not looked at.
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
        documents: bool = False,
        delivery_map: Mapping[str, str] | None = None,
        article_unit: int = 3,
        line_price: Literal["total", "unit"] = "total",
        currencies: Mapping[str, str] | None = None,
        currency: str = "SEK",
    ) -> None:
        self.scope = f"{spec.NAME}:{account}"
        self._grant, self._clock = grant, clock
        self._places = _placed(spec.PLACES, field_map)
        self._types = (tuple(company_types), tuple(private_types))
        self._language, self._data = country_language, {"number": article_number, "name": article_name}
        self._documents = documents
        self._fields: wire.Metadata = {}
        self._fields_until_s: float | None = None
        self._country_is_object = False
        exchange = Exchange(
            system=spec.NAME,
            base_url=base_url,
            http=http,
            grant=grant,
            clock=clock,
            ids=ids,
            explain=wire.explain,
        )
        self._calls = Calls(exchange)
        self._catalogue = Catalogue(self._calls, clock, number=article_number, name=article_name)
        self._deliveries = Deliveries(
            self._calls,
            self._catalogue.ids,
            _placed({}, delivery_map),
            Layout(article_number, article_name, article_unit, totals=line_price == "total"),
            currencies or {},
            currency,
        )
        self._customers = self._customer_table()

    def table(self, kind: str) -> Table:
        tables = {
            "customer": self._customers,
            "article": self._catalogue.table,
            "document": self._deliveries.table,
        }
        return tables[kind]

    def _customer_table(self) -> Table:
        return mapping.customer(self._places, self._fields, *self._types, self._language)

    # -------------------------------------------------------------- the fields

    async def prepare(self) -> None:
        now_s = self._clock.monotonic()
        if self._fields_until_s is not None and now_s < self._fields_until_s:
            return
        await self._read_fields()
        found = self._field_findings()
        if self._documents:
            found += await self._delivery_findings()
        if missing := [finding for finding in found if not finding.ok]:
            raise Misfit(
                missing[0].code,
                "; ".join(finding.what for finding in missing),
                missing[0].where,
                "; ".join(finding.todo for finding in missing),
                system=spec.NAME,
            )
        self._fields_until_s = now_s + spec.METADATA_AGE_S

    async def _read_fields(self) -> None:
        self._fields = wire.metadata((await self._calls.list(spec.METADATA)).rows)
        self._country_is_object |= spec.COUNTRY_OBJECT in self._fields
        self._customers = self._customer_table()

    def _field_findings(self) -> list[Finding]:
        return findings.of_places(self._places, self._fields, findings.ORGANISATIONS)

    async def _delivery_findings(self) -> list[Finding]:
        deliveries = self._deliveries
        deliveries.learn(wire.metadata((await self._calls.list(spec.DELIVERY_METADATA)).rows))
        return findings.of_places(deliveries.places, deliveries.fields, findings.DELIVERIES)

    # -------------------------------------------------------------- reading

    async def read(
        self, kind: str, since: dt.datetime | None, lane: Lane, *, only_changed: bool = False
    ) -> AsyncIterator[Page]:
        if kind == "article":
            # An item shows no time of change, so of none it is known that it changed.
            nothing = Page(rows=(), server_time=self._clock.now())
            yield nothing if only_changed and since is not None else await self._catalogue.page(lane)
            return
        if kind == "document":
            async for page in self._deliveries.read(since, lane, only_changed=only_changed):
                yield page
            return
        where = "" if since is None else f"OrganisationUpdatedAt >= {wire.date_literal(since)}"
        async for page in self._organisations(where, lane, complete=since is None):
            yield page

    async def _organisations(self, where: str, lane: Lane, *, complete: bool = False) -> AsyncIterator[Page]:
        async for found in self._calls.query("Organisation", where, "OrganisationId", lane):
            rows = tuple(self._organisation(found, row) for row in found.rows)
            yield Page(rows=rows, server_time=found.server_time, complete=complete)

    async def get(self, kind: str, record_id: str, lane: Lane) -> Seen | None:
        if kind == "article":
            return await self._catalogue.get(int(record_id), lane)
        if kind == "document":
            return await self._deliveries.get(int(record_id), lane)
        found = await self._calls.one(spec.PATHS[kind], int(record_id), lane)
        return self._organisation(found, found.rows[0]) if found else None

    async def look(
        self,
        kind: str,
        fields: Fields,
        since: dt.datetime | None,
        whole: Whole | None = None,
    ) -> Sequence[Seen]:
        number, name = fields.get("number"), fields.get("name")
        if kind == "article":
            return await self._catalogue.look(fields)
        if kind == "document":
            return await self._deliveries.look(fields, since)
        if number and "number" in self._places:
            where = f"{self._places['number']} = {wire.text_literal(str(number))}"
        elif since is not None:
            where = f"OrganisationUpdatedAt >= {wire.date_literal(since - spec.LOOK_BACK)}"
        elif name:
            where = f"{self._places['name']} = {wire.text_literal(str(name))}"
        else:
            return []
        found = {
            seen.id: seen async for page in self._organisations(where, Lane.SETTLE) for seen in page.rows
        }
        return list(found.values())

    def _organisation(self, found: Found, payload: Mapping[str, Any]) -> Seen:
        self._country_is_object |= isinstance(payload.get(spec.COUNTRY), dict)
        born_at = wire.moment(payload.get("OrganisationCreatedAt"))
        return Seen(
            id=found.id_of(payload, self._customers.key),
            fields=self._customers.read(wire.shown(payload, self._fields)),
            changed_at=wire.moment(payload.get("OrganisationUpdatedAt")) or born_at,
            born_at=born_at,
        )

    # -------------------------------------------------------------- writing

    async def create(
        self, kind: str, fields: Fields, lane: Lane, *, once: str = "", enclosed: bytes | None = None
    ) -> Answer:
        given = {ours: value for ours, value in fields.items() if value is not None}
        if kind == "article":
            return await self._catalogue.create(given, lane)
        if kind == "document":
            return await self._deliveries.create(given, lane)
        key = self._customers.key
        body = {key: 0, **self._payload(given)}
        status, born = await self._calls.create(spec.ORGANISATIONS, body, key, lane)
        return Answer(status=status, id=born)

    async def update(
        self,
        kind: str,
        record_id: str,
        fields: Fields,
        lane: Lane,
        shown: Fields,
        *,
        once: str = "",
    ) -> Answer:
        number = int(record_id)
        if kind == "article":
            return await self._catalogue.update(number, fields, lane)
        if kind == "document":
            return await self._deliveries.update(number, fields, lane, shown)
        payload = self._payload(fields)
        assert payload, "nothing to write"
        body = {self._customers.key: number, **payload}
        status = await self._calls.change("PUT", spec.ORGANISATIONS, number, body, lane)
        return Answer(status=status, id=record_id)

    def _payload(self, fields: Fields) -> dict[str, Any]:
        payload = self._customers.write(fields)
        return wire.chosen(payload, self._fields, country_is_object=self._country_is_object)

    # -------------------------------------------------------------- check

    async def check(self, kinds: Sequence[str]) -> Sequence[Finding]:
        try:
            await self._grant.headers()
        except GrantError as error:
            return [findings.of_error(error)]
        found = [Finding(ok=True, what="the login is accepted", where="webCRM")]
        try:
            if "customer" in kinds:
                await self._read_fields()
                types = self._fields.get(self._places.get("type", ""), wire.Field())
                found += [
                    *self._field_findings(),
                    *findings.of_types(types, [*self._types[0], *self._types[1]]),
                ]
            if "document" in kinds:
                found += await self._delivery_findings()
            if "article" in kinds or "document" in kinds:
                found += findings.of_data(await self._calls.object(spec.SETUP), self._data)
        except DaemonError as error:
            found.append(findings.of_error(error))
        return found


def _placed(usual: Mapping[str, str], moved: Mapping[str, str] | None) -> dict[str, str]:
    """Where our fields are kept, without those that are kept nowhere."""
    return {ours: theirs for ours, theirs in {**usual, **(moved or {})}.items() if theirs}
