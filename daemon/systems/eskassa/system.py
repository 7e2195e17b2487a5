"""ES Kassasystem as a System: items and customers as whole lists, Z-reports and receipts by their days."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Mapping, Sequence

from daemon.core.mapping import Table
from daemon.core.records import Fields, Lane, Problem, Seen
from daemon.errors import DaemonError
from daemon.net.exchange import Exchange
from daemon.ports import Answer, Clock, Finding, Grant, Http, Ids, Page, System, Whole
from daemon.systems.eskassa import mapping, spec, wire
from daemon.systems.eskassa.calls import Calls
from daemon.systems.eskassa.files import Files
from daemon.systems.eskassa.items import TABLES, Items
from daemon.systems.eskassa.partner import Customers, Invoices
from daemon.systems.eskassa.reports import Reports

INTEGRATOR = frozenset({"item", "stock", "customer", "document"})  # kinds behind the integrator's headers


class Eskassa(System):
    """
    One shop's database at dinkassa.se.

    `account` is a name for it that never changes. `grant` is for articles, stock, customers and receipts,
    `report_grant` for registers and Z-reports; without one the registers have no names and `grant` is
    used. Nothing of before `first_day` is ever asked for, and no invoice of before `invoices_from`
    crosses, without it none does. `registers` are the machine ids whose reports are read, none for all.
    New articles are put in `default_category`. `positive_is_decrease` is which way the stock call works,
    `invoice_payments` which types of payment are invoices. `with_invoiced`: each Z-report also tells what
    was sold on invoice in it.
    """

    name = spec.NAME
    overlap = spec.OVERLAP
    reach: Mapping[str, dt.timedelta] = {"document": spec.RECEIPTS_GAP}

    def __init__(
        self,
        *,
        http: Http,
        grant: Grant,
        clock: Clock,
        ids: Ids,
        account: str,
        first_day: dt.date,
        invoices_from: dt.date | None = None,
        report_grant: Grant | None = None,
        base_url: str = "https://www.dinkassa.se/api",
        registers: Sequence[str] = (),
        default_category: str = "Fortnox",
        positive_is_decrease: bool = True,
        invoice_payments: Sequence[int] = (4,),
        with_invoiced: bool = False,
    ) -> None:
        self.scope = f"{spec.NAME}:{account}"
        self._grant, self._report_grant, self._clock = grant, report_grant, clock

        def calls(login: Grant) -> Calls:
            exchange = Exchange(
                system=spec.NAME,
                base_url=base_url,
                http=http,
                grant=login,
                clock=clock,
                ids=ids,
                explain=wire.explain,
            )
            return Calls(exchange)

        self._calls = calls(grant)
        self._items = Items(
            self._calls, clock, category=default_category, positive_is_decrease=positive_is_decrease
        )
        self._category = default_category
        self._customers = Customers(self._calls)
        self._invoices = Invoices(
            self._calls, clock, lambda: self._reports.names, invoices_from or first_day, invoice_payments
        )
        sold = self._invoices if with_invoiced else None
        report_calls = calls(report_grant or grant)
        self._reports = Reports(
            report_calls, clock, first_day, registers, sold, with_receipts=invoices_from is not None
        )
        self._files = Files(report_calls, self._reports)

    def table(self, kind: str) -> Table:
        others = {
            "posting": self._reports.table,
            "file": mapping.FILE,
            "customer": mapping.CUSTOMER,
            "document": self._invoices.table,
        }
        return {**TABLES, **others}[kind]

    async def prepare(self) -> None:
        if self._report_grant is not None:
            await self._reports.prepare()

    def troubles(self) -> Sequence[Finding]:
        return self._reports.troubles

    # -------------------------------------------------------------- reading

    async def read(
        self, kind: str, since: dt.datetime | None, lane: Lane, *, only_changed: bool = False
    ) -> AsyncIterator[Page]:
        async for page in self._pages(kind, since, lane, only_changed=only_changed):
            yield page

    def _pages(
        self, kind: str, since: dt.datetime | None, lane: Lane, *, only_changed: bool
    ) -> AsyncIterator[Page]:
        if only_changed and since is not None:
            # Whole lists tell when each row changed, but for items: of none it is known, its stamp moves with
            # each sale.
            return self._nothing()
        if kind in TABLES:
            return self._items.read(kind, lane)
        by_time = {
            "posting": self._reports.read,
            "file": self._files.read,
            "customer": self._customers.read,
            "document": self._invoices.read,
        }
        return by_time[kind](since, lane)

    async def _nothing(self) -> AsyncIterator[Page]:
        yield Page(rows=(), server_time=self._clock.now())

    async def get(self, kind: str, record_id: str, lane: Lane) -> Seen | None:
        if kind in TABLES:
            return await self._items.get(kind, record_id, lane)
        by_id = {
            "posting": self._reports.get,
            "file": self._files.get,
            "customer": self._customers.get,
            "document": self._invoices.get,
        }
        return await by_id[kind](record_id, lane)

    async def look(
        self, kind: str, fields: Fields, since: dt.datetime | None, whole: Whole | None = None
    ) -> Sequence[Seen]:
        if kind == "item":
            return await self._items.look(fields)
        if kind == "customer":
            return await self._customers.look(fields)
        return []  # we make no others

    async def content(self, kind: str, record_id: str, lane: Lane) -> bytes:
        return await self._files.content(record_id, lane) if kind == "file" else b""

    # -------------------------------------------------------------- writing

    async def create(
        self, kind: str, fields: Fields, lane: Lane, *, once: str = "", enclosed: bytes | None = None
    ) -> Answer:
        """As `System.create`; a new article may need its category made, which is a request before it."""
        assert kind in {"item", "customer"}, f"no {kind} is made here"
        given = {ours: value for ours, value in fields.items() if value is not None}
        if kind == "item":
            return await self._items.create(given, lane, once)
        return await self._customers.create(given, lane, once)

    async def update(
        self, kind: str, record_id: str, fields: Fields, lane: Lane, shown: Fields, *, once: str = ""
    ) -> Answer:
        """As `System.update`; an article that cannot be removed is hidden, which is a second request."""
        assert kind in {"item", "stock", "customer"}, f"no {kind} is changed here"
        if kind == "item":
            return await self._items.update(record_id, fields, shown, lane, once)
        if kind == "customer":
            return await self._customers.update(record_id, fields, shown, lane, once)
        wanted, now = fields["quantity"], shown.get("quantity") or 0
        assert isinstance(wanted, int)
        assert isinstance(now, int)
        return await self._items.count(record_id, wanted, now, lane, once)

    async def hinders(self, kind: str, fields: Fields, lane: Lane) -> Problem | None:
        """Nothing that reading tells."""
        return None

    async def fenced(self, kind: str, record_id: str, once: str, lane: Lane) -> bool | None:
        """As `System.fenced`, for stock; other writes show by themselves whether they took effect."""
        return await self._items.fenced(record_id, once, lane) if kind == "stock" else None

    # -------------------------------------------------------------- check

    async def check(self, kinds: Sequence[str]) -> Sequence[Finding]:
        found: list[Finding] = []
        try:
            if INTEGRATOR & set(kinds) or "posting" not in kinds:
                await self._grant.headers()
                found.append(await self._category_finding())
            if "posting" in kinds:
                await (self._report_grant or self._grant).headers()
                found.append(Finding(ok=True, what="the login for reports is accepted", where=spec.TITLE))
            if "posting" in kinds or ("document" in kinds and self._report_grant is not None):
                found += await self._reports.findings()
        except DaemonError as error:
            found.append(
                Finding(ok=False, code=error.code, what=error.what, where=error.where, todo=error.todo)
            )
        return found

    async def _category_finding(self) -> Finding:
        """Also the proof that the integrator's headers are accepted."""
        there = await self._items.category(Lane.READ)
        state = "is there" if there else "is made with the first article"
        what = f"the keys are accepted; the category {self._category} {state}"
        return Finding(ok=True, what=what, where=spec.TITLE)
