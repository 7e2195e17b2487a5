"""
What was sold on invoice in each Z-report: the report itself does not tell it by receipt (decision 15).

Assumed: a report has every receipt of its register from its first transaction to its last one, both included,
and no other; and a register shows its receipts no later than the report that they are in.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from daemon.core.records import Lane
from daemon.ports import Clock
from daemon.systems.eskassa import mapping, spec, wire
from daemon.systems.eskassa.partner import Invoices, Reading

UNKNOWN: Mapping[str, Any] = {"Invoiced": None, "OnInvoice": None}


class SoldInReports:
    """
    Adds to Z-reports what was sold on invoice in them.

    Reports of the last days are compared with receipts in each reading, and that one reading of receipts
    serves the kind `document` too; what an older report told is remembered as long as the process lives.
    """

    def __init__(self, invoices: Invoices, clock: Clock) -> None:
        self._invoices, self._clock = invoices, clock
        self._reading: Reading | None = None
        self._known: dict[tuple[str, ...], Mapping[str, Any]] = {}

    def begin(self) -> None:
        """Another reading of reports: its receipts are asked for anew."""
        self._reading = None

    def end(self) -> None:
        """The reports are read; their receipts may serve once more."""
        if self._reading is not None:
            self._invoices.offer(self._reading)

    async def told(self, machine: str, report: Mapping[str, Any], lane: Lane) -> dict[str, Any]:
        """A report with `Invoiced` and `OnInvoice`."""
        return {**report, **await self._sold(machine, report, lane)}

    async def _sold(self, machine: str, report: Mapping[str, Any], lane: Lane) -> Mapping[str, Any]:
        spans = (report.get("FirstTransactionDateTime"), report.get("LastTransactionDateTime"))
        first, last = map(wire.moment, spans)
        if first is None or last is None:
            return UNKNOWN
        key = (machine, *map(str, (report.get("ZReport"), *spans)))
        young = self._clock.now() - spec.RECEIPTS_AGAIN
        if last < young and key in self._known:
            return self._known[key]
        if first < self._invoices.oldest():
            return self._known.get(key, UNKNOWN)
        reading = await self._since(min(first, young - spec.RECEIPTS_MORE), lane)
        self._known[key] = mapping.invoiced(reading.between(machine, first, last), self._invoices.first_day)
        return self._known[key]

    async def _since(self, start: dt.datetime, lane: Lane) -> Reading:
        if self._reading is None or start < self._reading.start:
            self._reading = await self._invoices.since(max(start, self._invoices.oldest()), lane)
        return self._reading
