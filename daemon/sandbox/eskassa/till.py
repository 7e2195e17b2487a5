"""
Cash registers, their receipts and Z-reports, and how all that reaches the cloud.

Source: dinkassa.md 2 (replication), 5.2 (registers), 5.3 (Z-reports), 8.2 (receipts).
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left, bisect_right, insort
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from msgspec import Struct

Landing = Callable[[dt.datetime], None]  # given the local time at which it reaches the cloud


class Line(Struct, frozen=True, kw_only=True):
    """One row of a receipt. Öre incl. VAT; `discount` once per row; `account` "" for that of the rate."""

    item_id: str | None
    product_code: str
    description: str
    quantity: Decimal
    price: int
    vat: int
    discount: int
    account: str
    amount: int
    is_gift_card: bool = False


class Receipt(Struct, frozen=True, kw_only=True):
    """
    One finished receipt. Payments are (what, öre); `total` the sum of the rows, before cash is rounded.

    `at` is local time, `customer_id` and `invoice_number` None unless it is sold on invoice.
    """

    id: str
    number: int
    till: int
    at: dt.datetime
    employee: int
    lines: tuple[Line, ...]
    payments: tuple[tuple[str, int], ...]
    total: int
    is_return: bool
    text: str
    customer_id: str | None
    invoice_number: str | None


@dataclass
class Row:
    """One account row of a Z-report; öre, debit positive."""

    description: str
    number: str
    amount: int


@dataclass
class Report:
    """One Z-report. `first` and `last` are the times of its receipts, None when there were none."""

    id: str
    number: int
    at: dt.datetime
    first: dt.datetime | None
    last: dt.datetime | None
    employee: int
    rows: list[Row]


class Pending(Struct, frozen=True):
    """Something that a till has done and the cloud will show from `due` (aware) on."""

    due: dt.datetime
    land: Landing


@dataclass
class Till:
    """One cash register. `hidden`: Z number -> local time from which it is shown, None for never."""

    number: int
    machine_id: str
    receipts: int = 0
    invoices: int = 0
    closings: int = 0
    offline_since: dt.datetime | None = None
    online_since: dt.datetime | None = None
    open: list[Receipt] = field(default_factory=list)
    pending: deque[Pending] = field(default_factory=deque)
    reports: dict[int, Report] = field(default_factory=dict)
    hidden: dict[int, dt.datetime | None] = field(default_factory=dict)
    by_id: dict[str, Report] = field(default_factory=dict)
    _shown: list[Report] = field(default_factory=list)  # by time: a number may come again

    @property
    def name(self) -> str:
        """How the shop calls it."""
        return f"Kassa {self.number}"

    def later(self, due: dt.datetime, land: Landing) -> None:
        """Queue something for the cloud, never to overtake what this till did before."""
        last = self.pending[-1].due if self.pending else due
        self.pending.append(Pending(max(due, last), land))

    def lands_at(self) -> dt.datetime | None:
        """When the next queued thing reaches the cloud; None while there is none or the till is offline."""
        if not self.pending or self.offline_since is not None:
            return None
        due = self.pending[0].due
        return max(due, self.online_since) if self.online_since else due

    def show(self, report: Report) -> None:
        """Let a Z-report reach the cloud."""
        self.by_id[report.id] = report
        insort(self._shown, report, key=_order)

    def shown(self, first: dt.datetime, last: dt.datetime, now: dt.datetime) -> Iterable[Report]:
        """The cloud's Z-reports made from `first` to `last` (local, both included), oldest first."""
        start = bisect_left(self._shown, (first, 0), key=_order)
        end = bisect_right(self._shown, last, key=lambda report: report.at)
        for report in self._shown[start:end]:
            if self.is_open(report.number, now):
                yield report

    def is_open(self, number: int, now: dt.datetime) -> bool:
        """Whether nobody hides the Z-report with that number now (local)."""
        if number not in self.hidden:
            return True
        until = self.hidden[number]
        return until is not None and until <= now


def _order(report: Report) -> tuple[dt.datetime, int]:
    return report.at, report.number
