"""
Customers and sales on invoice, which the vendor documents nowhere (dinkassa.md 8).

Everything in this file is assumed, so that it can be exchanged when the vendor tells:

- customers are at /customer, sales on invoice among the receipts at /transaction;
- both have the headers, envelopes, pages, errors and request keys of the documented resources;
- PUT of a customer may blank what it is not given, as for articles;
- a customer's name and each line of the address take 50 characters, the number 30;
- the number of a customer is unique; one made at the till may have none;
- a customer's Country is a code of two letters;
- LastModifiedDateTime of a customer is Swedish time and moves with every change of it;
- a customer with open invoices cannot be deleted, and that is answered 400;
- a sale on invoice is a receipt with a payment of type 4, CustomerId and InvoiceNumber;
- a receipt never changes and is never deleted; after 7 days it is not shown any more, also not by its id;
- startDateTime and endDateTime are compared with a receipt's DateTime, both in Swedish time;
- a receipt's MachineId is the Id that the list of machines has;
- PricePerItemIncludingVat is before DiscountAmount, which counts once for the row;
- a return has negative quantities, or IsReturn.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from typing import Any

from daemon.core.records import Fields, Lane, Seen
from daemon.core.stockholm import ZONE
from daemon.core.text import folded
from daemon.ports import Answer, Clock, Page
from daemon.systems.eskassa import mapping, spec, wire
from daemon.systems.eskassa.calls import Calls, Shown


class Customers:
    """The customers of one account."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def read(self, since: dt.datetime | None, lane: Lane, *, only_changed: bool) -> AsyncIterator[Page]:
        """All of them, or of the same list only those that changed."""
        listed = await self._calls.whole(spec.CUSTOMERS, _customer, lane)
        changed = only_changed and since is not None
        rows = [seen for seen in listed.rows if not changed or _changed(seen, since)]
        for first in range(0, max(len(rows), 1), spec.FETCH_OTHER):
            part = tuple(rows[first : first + spec.FETCH_OTHER])
            yield Page(rows=part, server_time=listed.server_time, complete=not changed)

    async def get(self, record_id: str, lane: Lane) -> Seen | None:
        """One customer; None when there is none."""
        shown = await self._calls.one(spec.CUSTOMERS, record_id, lane)
        return _customer(*shown) if shown else None

    async def look(self, fields: Fields) -> Sequence[Seen]:
        """Those with the number of `fields`, or with its name and organisation number."""
        listed = await self._calls.whole(spec.CUSTOMERS, _customer, Lane.SETTLE)
        return [seen for seen in listed.rows if _is_like(seen.fields, fields)]

    async def create(self, fields: Fields, lane: Lane, once: str) -> Answer:
        """A new customer of exactly `fields`."""
        key = wire.request_key(once)
        status, shown = await self._calls.create(spec.CUSTOMERS, _written(fields), lane, key)
        return _answer(status, shown and shown.id, shown)

    async def update(self, record_id: str, fields: Fields, shown: Fields, lane: Lane, once: str) -> Answer:
        """Exactly `fields`; `live` False removes the customer. Raises Refused where invoices are open."""
        key = wire.request_key(once)
        if fields.get("live") is False:
            status = await self._calls.remove(spec.CUSTOMERS, record_id, lane, key)
            gone = Seen(id=record_id, fields={**shown, "live": False})
            return Answer(status=status, id=record_id, seen=gone)
        status, after = await self._calls.change(spec.CUSTOMERS, record_id, _written(fields), lane, key)
        return _answer(status, record_id, after)


def _customer(record_id: str, payload: Mapping[str, Any]) -> Seen:
    born_at = wire.moment(payload.get("CreatedDateTime"))
    return Seen(
        id=record_id,
        fields=mapping.CUSTOMER.read({**payload, spec.LIVE: True}),
        changed_at=wire.moment(payload.get("LastModifiedDateTime")) or born_at,
        born_at=born_at,
    )


def _written(fields: Fields) -> dict[str, Any]:
    payload = mapping.CUSTOMER.write(fields)
    payload.pop(spec.LIVE, None)
    return payload


def _answer(status: int, record_id: str | None, shown: Shown | None) -> Answer:
    """With the record where the answer shows all of it."""
    whole = shown is not None and shown.payload.keys() >= set(spec.CUSTOMER_WRITABLE) - {"InvoiceEmail"}
    return Answer(status=status, id=record_id, seen=_customer(*shown) if shown and whole else None)


def _is_like(theirs: Fields, ours: Fields) -> bool:
    number, org_number = ours.get("number"), ours.get("org_number")
    if number is not None and folded(str(theirs.get("number"))) == folded(str(number)):
        return True
    named = folded(str(theirs.get("name"))) == folded(str(ours.get("name")))
    return named and org_number in (None, theirs.get("org_number"))


def _changed(seen: Seen, since: dt.datetime | None) -> bool:
    return since is None or (seen.changed_at is not None and seen.changed_at >= since)


class Invoices:
    """
    The receipts of one account of which something was paid by invoice.

    `names` tells what the registers are called, `payments` are the types of payment that are invoices.
    `missed_since` is when receipts may lack since that were not asked for in time; None when none do.
    """

    def __init__(
        self,
        calls: Calls,
        clock: Clock,
        names: Callable[[], Mapping[str, str]],
        first_day: dt.date,
        payments: Collection[int],
    ) -> None:
        self._calls, self._clock, self._names = calls, clock, names
        self._first_at = dt.datetime.combine(first_day, dt.time(), ZONE)
        self._payments = frozenset(payments)
        self.table = mapping.document(self._payments)
        self.missed_since: dt.datetime | None = None

    async def read(self, since: dt.datetime | None, lane: Lane, *, only_changed: bool) -> AsyncIterator[Page]:
        """As `System.read`; never complete: only seven days are served (dinkassa.md 4.1)."""
        now = self._clock.now()
        oldest = max(self._first_at, now - spec.RECEIPTS_SERVED)
        if since is not None and now - max(since, self._first_at) > spec.RECEIPTS_GAP:
            self.missed_since = max(since, self._first_at)
        start = oldest if since is None else max(oldest, since - spec.RECEIPTS_AGAIN)
        # Nothing that is sold while the pages are turned: the list would change its length.
        query = {"startDateTime": wire.local_text(start), "endDateTime": wire.local_text(now)}
        listed = await self._calls.whole(spec.TRANSACTIONS, self._invoice, lane, query)
        found = (seen for seen in listed.rows if seen is not None)
        rows = tuple(seen for seen in found if not only_changed or _changed(seen, since))
        yield Page(rows=rows, server_time=listed.server_time)

    async def get(self, record_id: str, lane: Lane) -> Seen | None:
        """One receipt; None when there is none any more, or it was not paid by invoice."""
        shown = await self._calls.one(spec.TRANSACTIONS, record_id, lane)
        return self._invoice(*shown) if shown else None

    def _invoice(self, record_id: str, receipt: Mapping[str, Any]) -> Seen | None:
        if not mapping.on_invoice(receipt, self._payments):
            return None
        machine = mapping.text_of(receipt.get("MachineId"))
        register = self._names().get(machine) or machine
        sold_at = wire.moment(receipt.get("DateTime"))
        fields = self.table.read({**receipt, "Register": register, "VatIncluded": True})
        return Seen(id=record_id, fields=fields, changed_at=sold_at, born_at=sold_at)
