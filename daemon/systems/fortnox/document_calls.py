"""Orders and invoices as one register of documents: how they are listed, read, looked for and written."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from functools import partial
from typing import Any, Final

from daemon.core.legal import locked
from daemon.core.mapping import Table
from daemon.core.records import Fields, Lane, Seen, Value
from daemon.errors import Refused, Unusable
from daemon.ports import Answer, Page, Whole
from daemon.systems.fortnox import documents, spec
from daemon.systems.fortnox.calls import Calls, Shown, changed_since
from daemon.systems.fortnox.document_table import DOCUMENT, HEADS
from daemon.systems.fortnox.part import Part
from daemon.systems.fortnox.period import TODO, Period, inside

UNKNOWN: Final = "REC99"


class Documents(Part):
    """One company's orders and invoices."""

    def __init__(self, calls: Calls, period: Period) -> None:
        self._calls, self._period = calls, period

    @property
    def table(self) -> Table:
        return DOCUMENT

    # -------------------------------------------------------------- reading

    async def read(
        self, since: dt.datetime | None, lane: Lane, *, only_changed: bool = False
    ) -> AsyncIterator[Page]:
        """Orders, then invoices; what changes meanwhile is covered by the time of the very first answer."""
        began: dt.datetime | None = None
        for form in documents.FORMS:
            async for listed in self._calls.pages(spec.KINDS[form], changed_since(since), lane):
                began = began or listed.server_time
                rows = tuple(_row(form, row, since) for row in listed.rows)
                yield Page(rows=rows, server_time=began, complete=since is None)

    async def get(self, record_id: str, lane: Lane) -> Seen | None:
        """The whole document; that of an invoice is its order's, when that was invoiced with it."""
        form, number = documents.parted(record_id)
        if form == "order":
            order = await self._one("order", number, lane)
            return order and await self._of_order(order, lane)
        invoice = await self._one("invoice", number, lane)
        if invoice is None:
            return None
        named = _head(invoice, "invoice").get("order")
        order = await self._one("order", str(named), lane) if named else None
        if order and _head(order, "order").get("invoice") == invoice.number:
            return _seen(order, invoice)
        return _seen(None, invoice)

    async def _of_order(self, order: Shown, lane: Lane) -> Seen:
        named = _head(order, "order").get("invoice")
        return _seen(order, await self._one("invoice", str(named), lane) if named else None)

    async def _one(self, form: str, number: str, lane: Lane) -> Shown | None:
        return await self._calls.one(spec.KINDS[form], number, lane)

    # -------------------------------------------------------------- looking

    async def look(self, fields: Fields, since: dt.datetime | None, whole: Whole | None) -> list[Seen]:
        """Every document with the reference of `fields`; an order and its invoice may both bear it."""
        reference = fields["reference"]
        found: dict[str, Seen] = {}
        for form in documents.FORMS:
            ids = [each for each in await self._bearing(form, reference) if not _covers(found, each)]
            for seen in await self._whole(ids, whole):
                if seen.fields.get("reference") == reference:
                    found[seen.id] = seen
        return list(found.values())

    async def _whole(self, ids: list[str], whole: Whole | None) -> list[Seen]:
        if whole and ids:
            return list(await whole(ids))
        seen = [await self.get(each, Lane.SETTLE) for each in ids]
        return [each for each in seen if each is not None]

    async def _bearing(self, form: str, reference: Value) -> list[str]:
        where, ids = spec.KINDS[form], []
        async for listed in self._calls.pages(where, {where.name: str(reference)}, Lane.SETTLE):
            if listed.total > spec.HITS_MAX:
                raise Unusable(
                    "JSN16",
                    f"a search for one reference shows {listed.total} documents: the filter is ignored",
                    f"{spec.NAME} GET {where.path}",
                    "nothing is created until a search finds only what is asked for; report it",
                    system=spec.NAME,
                )
            rows = [documents.listed(form, row) for row in listed.rows]
            ids += [str(row["key"]) for row in rows if row.get("reference") == reference]
        return list(dict.fromkeys(ids))

    # -------------------------------------------------------------- writing

    async def create(self, fields: Fields, lane: Lane) -> Answer:
        """One order or one invoice, whole, in one request."""
        form, payload = documents.created(fields)
        await self._check_period(fields.get("date"), f"{spec.NAME} POST {spec.KINDS[form].path}", lane)
        stored = await self._calls.write("POST", spec.KINDS[form], None, payload, lane)
        seen = _seen(stored, None) if form == "order" else _seen(None, stored)
        return Answer(status=stored.reply.status, id=seen.id, seen=seen)

    async def update(self, record_id: str, fields: Fields, lane: Lane, shown: Fields | None) -> Answer:
        """One request to the half that lives; the other half stays as `shown`."""
        assert shown is not None, "a document is only written to by who has just read it"
        form, number, payload = documents.updated(fields, shown)
        where = spec.KINDS[form]
        await self._check_period(fields.get("date"), f"{spec.NAME} PUT {where.path}", lane)
        try:
            stored = await self._calls.write("PUT", where, number, payload, lane)
        except Refused as error:
            if error.code == UNKNOWN and (why := await self._closed(record_id, fields, shown, lane)):
                raise _no_more(error, why) from error
            raise
        if form == "order" and _head(stored, "order").get("invoice"):
            return Answer(status=stored.reply.status, id=record_id)
        composed = stored.as_read(lambda record: documents.rewritten(form, record, shown))
        return Answer(status=stored.reply.status, id=record_id, seen=Seen(id=record_id, fields=composed))

    async def _closed(self, record_id: str, fields: Fields, shown: Fields, lane: Lane) -> str:
        """
        Why the document takes no change now, "" when it should.

        Fortnox's codes for this are not known (fortnox.md 22 no 4), so the document itself is asked.
        """
        now = await self.get(record_id, lane)
        if now is None:
            return ""
        shut = locked(now.fields)
        if why := next((shut[field].why for field in fields if field in shut), ""):
            return why
        return "" if now.fields["key"] == shown["key"] else "the order was invoiced meanwhile"

    async def _check_period(self, date: Value, where: str, lane: Lane) -> None:
        """Raise Refused for a date in the locked period, as far as we may know it."""
        if date is None:
            return
        if why := inside(date, await self._period.end(lane)):
            self._period.forget()  # asked anew when somebody who unlocked it retries
            raise Refused("REC23", why, where, TODO, system=spec.NAME)


def _row(form: str, row: dict[str, Any], since: dt.datetime | None) -> Seen:
    fields = documents.listed(form, row)
    return Seen(id=str(fields["key"]), fields=fields, full=False, changed_at=since)


def _head(shown: Shown, form: str) -> Fields:
    return HEADS[form].read(shown.record)


def _seen(order: Shown | None, invoice: Shown | None) -> Seen:
    fields = documents.together(_half("order", order), _half("invoice", invoice))
    return Seen(id=str(fields["from_order"] or fields["from_invoice"]), fields=fields)


def _half(form: str, shown: Shown | None) -> documents.Half | None:
    return None if shown is None else shown.as_read(partial(documents.half, form))


def _covers(found: dict[str, Seen], record_id: str) -> bool:
    return any(seen.fields.get("from_invoice") == record_id for seen in found.values())


def _no_more(error: Refused, why: str) -> Refused:
    return Refused(
        "REC24",
        f"{why}; Fortnox: {error.answer}",
        error.where,
        "take the change back, or credit the invoice in Fortnox and write a new one",
        system=spec.NAME,
        status=error.status,
        vendor_code=error.vendor_code,
        answer=error.answer,
    )
