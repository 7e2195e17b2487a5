"""Fortnox as a System: one company, and how its registers are read, written and looked through."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence

import anyio

from daemon.core.mapping import Table
from daemon.core.records import Fields, Lane, Problem, Seen
from daemon.errors import DaemonError, Gone, GrantError, Refused, SessionExpired
from daemon.net.exchange import Exchange
from daemon.ports import Answer, Choice, Clock, Finding, Grant, Http, Ids, Page, Reply, System, Whole
from daemon.systems.fortnox import judging, spec, wire
from daemon.systems.fortnox.ahead import Ahead
from daemon.systems.fortnox.articles import Articles
from daemon.systems.fortnox.books import Books
from daemon.systems.fortnox.calls import Calls
from daemon.systems.fortnox.choices import choices
from daemon.systems.fortnox.document_calls import Documents
from daemon.systems.fortnox.files import Files
from daemon.systems.fortnox.items import Items
from daemon.systems.fortnox.part import Part
from daemon.systems.fortnox.period import Period
from daemon.systems.fortnox.registers import Customers
from daemon.systems.fortnox.shelf import Shelf
from daemon.systems.fortnox.stock import Stock
from daemon.systems.fortnox.vouchers import Vouchers


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
        period, shelf = Period(self._calls, clock), Shelf(self._calls, clock)
        self._clock, self._books = clock, Books(self._calls, clock, period)
        self._vouchers, self._ahead = Vouchers(self._calls, self._books, clock), Ahead(self._books, clock)
        self._items = Items(self._calls, shelf)
        self._parts: Mapping[str, Part] = {
            "customer": Customers(self._calls),
            "article": Articles(self._calls),
            "document": Documents(self._calls, period),
            "posting": self._vouchers,
            "item": self._items,
            "stock": Stock(self._calls, shelf, clock),
            "file": Files(self._calls, clock),
        }

    def serve(
        self, series: Collection[str], price_lists: Collection[str], booked: Iterable[str] = ()
    ) -> None:
        """
        The voucher series and the price lists that this company's connectors use; none until told.

        Series that were `booked` in once are read on: else all their vouchers would seem to have vanished.
        """
        self._vouchers.serve({*series, *booked})
        self._ahead.serve(series)
        self._items.serve(price_lists)

    def table(self, kind: str) -> Table:
        return self._parts[kind].table

    # -------------------------------------------------------------- the company

    async def prepare(self) -> None:
        self._books.begin()
        headers = await self._grant.headers()
        try:
            await self._admit(headers)
        except SessionExpired:
            await self._grant.refused(headers)
            await self._admit(await self._grant.headers())
        await self._ahead.look()

    def troubles(self) -> Sequence[Finding]:
        return self._ahead.troubles

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

    # -------------------------------------------------------------- records

    async def read(
        self, kind: str, since: dt.datetime | None, lane: Lane, *, only_changed: bool = False
    ) -> AsyncIterator[Page]:
        async for page in self._parts[kind].read(since, lane, only_changed=only_changed):
            yield page

    async def get(self, kind: str, record_id: str, lane: Lane) -> Seen | None:
        return await self._parts[kind].get(record_id, lane)

    async def look(
        self, kind: str, fields: Fields, since: dt.datetime | None, whole: Whole | None = None
    ) -> Sequence[Seen]:
        return await self._parts[kind].look(fields, since, whole)

    async def hinders(self, kind: str, fields: Fields, lane: Lane) -> Problem | None:
        return await self._parts[kind].hinders(fields, lane)

    async def create(
        self, kind: str, fields: Fields, lane: Lane, *, once: str = "", enclosed: bytes | None = None
    ) -> Answer:
        part = self._parts[kind]
        return await (part.create(fields, lane) if enclosed is None else part.enclose(fields, enclosed, lane))

    async def update(
        self,
        kind: str,
        record_id: str,
        fields: Fields,
        lane: Lane,
        shown: Fields | None = None,
        *,
        once: str = "",
    ) -> Answer:
        return await self._parts[kind].update(record_id, fields, lane, shown)

    async def fenced(self, kind: str, record_id: str, once: str, lane: Lane) -> bool | None:
        """Never known: no request of Fortnox's has a name (fortnox.md 8.6)."""
        return None

    # -------------------------------------------------------------- check

    async def check(self, kinds: Sequence[str]) -> Sequence[Finding]:
        self._books.begin()
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
        findings += [await self._probe(scope) for scope in scopes]
        findings += [found for kind in kinds for found in await self._parts[kind].findings()]
        return [*findings, *(await self._open_ahead() if "posting" in kinds else ())]

    async def _open_ahead(self) -> Sequence[Finding]:
        try:
            return await self._ahead.findings()
        except DaemonError as error:
            return [judging.failed(error, "Fortnox, financial years")]

    async def choices(self) -> Mapping[str, Sequence[Choice]]:
        """What the settings of a connector may name, by register, as Fortnox lists it now."""
        return await choices(self._books, self._clock)

    async def _probe(self, scope: str) -> Finding:
        """Whether a register can be read, by one row of it."""
        register = spec.SCOPES[scope]
        where = f"Fortnox, scope {scope} ({register.title}; licence: {register.licence})"
        try:
            total = await self._calls.count(register.path, register.many)
        except DaemonError as error:
            return judging.failed(error, where)
        return Finding(ok=True, what=f"{total} {register.title}", where=where)
