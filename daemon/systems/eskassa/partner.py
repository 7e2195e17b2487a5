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
from typing import Any, NamedTuple

from daemon.core.records import Fields, Lane, Seen
from daemon.core.stockholm import ZONE
from daemon.core.text import folded
from daemon.ports import Answer, Clock, Page
from daemon.systems.eskassa import mapping, spec, wire
from daemon.systems.eskassa.calls import Calls, Listed, Shown


class Customers:
    """The customers of one account."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def read(self, _since: dt.datetime | None, lane: Lane) -> AsyncIterator[Page]:
        """All of them: there is no filter."""
        listed = await self._calls.whole(spec.CUSTOMERS, _customer, lane)
        for first in range(0, max(len(listed.rows), 1), spec.FETCH_OTHER):
            part = tuple(listed.rows[first : first + spec.FETCH_OTHER])
            yield Page(rows=part, server_time=listed.server_time, complete=True)

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


class Sold(NamedTuple):
    """A receipt of which something was paid by invoice, and the id of its register."""

    machine: str
    seen: Seen


class Reading(NamedTuple):
    """Receipts on invoice from `start` on, all registers'."""

    start: dt.datetime
    listed: Listed[Sold | None]

    def between(self, machine: str, first: dt.datetime, last: dt.datetime) -> list[Fields]:
        """Those of one register from `first` to `last`, both included."""
        sold = (each for each in self.listed.rows if each and each.machine == machine)
        return [each.seen.fields for each in sold if first <= (each.seen.changed_at or first) <= last]


class Invoices:
    """
    The receipts of one account of which something was paid by invoice.

    `names` tells what the registers are called, `payments` are the types of payment that are invoices; none
    of before `first_day` crosses.
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
        self.first_day = first_day
        self._first_at = dt.datetime.combine(first_day, dt.time(), ZONE)
        self._payments = frozenset(payments)
        self.table = mapping.document(self._payments)
        self._offered: tuple[Reading, float] | None = None

    async def read(self, since: dt.datetime | None, lane: Lane) -> AsyncIterator[Page]:
        """As `System.read`; never complete: only seven days are served (dinkassa.md 4.1)."""
        oldest = max(self._first_at, self.oldest())
        start = oldest if since is None else max(oldest, since - spec.RECEIPTS_AGAIN)
        listed = (self._taken(start) or await self.since(start, lane)).listed
        found = [each.seen for each in listed.rows if each is not None]
        rows = tuple(found)
        yield Page(rows=rows, server_time=listed.server_time)

    async def get(self, record_id: str, lane: Lane) -> Seen | None:
        """One receipt; None when there is none any more, or it was not paid by invoice."""
        shown = await self._calls.one(spec.TRANSACTIONS, record_id, lane)
        sold = self._sold(*shown) if shown else None
        return sold and sold.seen

    # -------------------------------------------------------------- for the Z-reports

    def oldest(self) -> dt.datetime:
        """From when on receipts are served."""
        return self._clock.now() - spec.RECEIPTS_SERVED

    async def since(self, start: dt.datetime, lane: Lane) -> Reading:
        """What was sold from `start` on until now; one reading of all pages."""
        # Nothing that is sold while the pages are turned: the list would change its length.
        now = self._clock.now()
        query = {"startDateTime": wire.local_text(start), "endDateTime": wire.local_text(now)}
        return Reading(start, await self._calls.whole(spec.TRANSACTIONS, self._sold, lane, query))

    def offer(self, reading: Reading) -> None:
        """A reading that was just made for the reports: the next one of invoices need not ask again."""
        self._offered = reading, self._clock.monotonic()

    def _taken(self, start: dt.datetime) -> Reading | None:
        """What was offered, once, when it is young and reaches far enough."""
        offered, self._offered = self._offered, None
        if offered is None or self._clock.monotonic() - offered[1] > spec.SHARED_S:
            return None
        return offered[0] if offered[0].start <= start else None

    def _sold(self, record_id: str, receipt: Mapping[str, Any]) -> Sold | None:
        if not mapping.on_invoice(receipt, self._payments):
            return None
        machine = mapping.text_of(receipt.get("MachineId")).lower()
        register = self._names().get(machine) or machine
        sold_at = wire.moment(receipt.get("DateTime"))
        fields = self.table.read({**receipt, "Register": register, "VatIncluded": True})
        return Sold(machine, Seen(id=record_id, fields=fields, changed_at=sold_at, born_at=sold_at))
