"""
How a till's day becomes a Z-report: account rows whose sum is exactly zero.

Source: dinkassa.md 6 and 9.1; swedish-accounting.md 3.1 (one row per account), 4 (VAT of cash that is
rounded), 5 (gift cards), 6 (register invoices).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

from daemon.sandbox.eskassa.accounts import ACCOUNTS
from daemon.sandbox.eskassa.state import State
from daemon.sandbox.eskassa.till import Receipt, Report, Row, Till
from daemon.sandbox.eskassa.wire import rounded

Entry = tuple[str, str, int]  # what for, the category's own sales account or "", öre with debit positive


def close_day(state: State, till: Till, at: dt.datetime, employee: int = 0) -> Report:
    """Take the next Z-report over everything sold since the last one; the cloud learns of it."""
    till.closings += 1
    receipts, till.open = till.open, []
    times = [receipt.at for receipt in receipts]
    with_invoices = state.switches["invoices_in_z"] == "included"
    entries = [entry for receipt in receipts for entry in _entries(receipt, with_invoices=with_invoices)]
    report = Report(
        id=state.take_id("report"),
        number=till.closings,
        at=at,
        first=min(times, default=None),
        last=max(times, default=None),
        employee=employee,
        rows=account_rows(entries, state.accounts, with_zeros=state.switches["zero_rows"]),
    )
    till.reports[report.number] = report
    state.replicate(till, lambda _: till.show(report))
    return report


def _entries(receipt: Receipt, *, with_invoices: bool) -> Iterator[Entry]:
    """
    What one receipt adds; the amounts sum to zero.

    Where invoices stay out, a receipt on invoice leaves only what was paid at
    once, against the receivable (assumed).
    """
    stays_out = receipt.invoice_number is not None and not with_invoices
    for what, amount in receipt.payments:
        if not stays_out:
            yield what, "", amount
        elif what != "invoice":
            yield what, "", amount
            yield "invoice", "", -amount
    if not stays_out:
        yield "rounding", "", receipt.total - sum(amount for _, amount in receipt.payments)
        yield from _goods(receipt)


def _goods(receipt: Receipt) -> Iterator[Entry]:
    """Sales and VAT, the VAT of each rate and account rounded once; gift cards are a debt without VAT."""
    groups: dict[tuple[int, str], int] = {}
    for line in receipt.lines:
        if line.is_gift_card:
            yield "liabilities", "", -line.amount
        else:
            groups[line.vat, line.account] = groups.get((line.vat, line.account), 0) + line.amount
    for (rate, account), gross in groups.items():
        vat = vat_of(gross, rate)
        yield f"sales_{rate}", account, vat - gross
        if rate:
            yield f"vat_{rate}", "", -vat


def vat_of(gross: int, rate: int) -> int:
    """The VAT in `gross` öre, half up."""
    return rounded(Decimal(gross * rate) / (100 + rate))


def account_rows(entries: Iterable[Entry], numbers: Mapping[str, str], *, with_zeros: bool) -> list[Row]:
    """
    One row per account number, in the order of the account settings.

    What has no account number keeps a row of its own, so that it says what it is.
    """
    sums: dict[tuple[str, str], int] = {}
    for what, own, amount in entries:
        sums[what, own] = sums.get((what, own), 0) + amount
    rows: dict[str, Row] = {}
    for account in ACCOUNTS:
        for (what, own), amount in sums.items():
            if what == account.what:
                number = own or numbers[what]
                row = rows.setdefault(number or f"no account for {what}", Row(account.description, number, 0))
                row.amount += amount
    return [row for row in rows.values() if row.amount or with_zeros]
