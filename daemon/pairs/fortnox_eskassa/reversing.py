"""
Sales on invoice that a Z-report books and an invoice books once more: the rows that take them back. Pure.

Sources: decision 15, swedish-accounting.md 6. An example, a day with 500.00 by card and K1-1 of 125.00:

    the report     1580 D 500.00   1511 D 125.00   3001 K 500.00   2611 K 125.00
    taken back                     1511 K 125.00   3001 D 100.00   2611 D  25.00
    the invoice                    1510 D 125.00   3001 K 100.00   2611 K  25.00
    together       1580 D 500.00   1510 D 125.00   3001 K 500.00   2611 K 125.00

The VAT is that of each receipt by itself, as its invoice will have it. Of a receipt that was paid in part the
whole sale is taken back: what was paid stays as a credit on the receivable, to be matched with the invoice.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from daemon.core.documents import kronor, vat_in
from daemon.core.postings import Entry, unpacked
from daemon.core.records import Fields, Problem
from daemon.pairs.fortnox_eskassa.settings import Settings

TEXT: Final = "Faktureras via order"  # of a row that takes back


def is_taken_back(entry: Entry) -> bool:
    """Whether a row of a voucher is one of ours that takes back."""
    return entry.text.startswith(TEXT)


def is_before_invoices(settings: Settings, report: Fields) -> bool:
    """Whether all of a report was sold before the first day of which sales on invoice cross."""
    first_day, sold_at = settings.invoices_from or settings.start, str(report.get("sold_at") or "")
    return bool(first_day and sold_at and sold_at < first_day.isoformat())


def on_receivable(settings: Settings, entries: Iterable[Entry]) -> list[Entry]:
    """The rows, under Fortnox' account numbers, of what the register is owed."""
    accounts = {settings.receivable_account, settings.accounts.get(settings.receivable_account)}
    return [entry for entry in entries if entry.account in accounts]


def taken_back(settings: Settings, report: Fields, entries: Iterable[Entry]) -> tuple[Entry, ...] | Problem:
    """The rows that take back what `entries`, those of a report, book of sales on invoice; or why not."""
    booked = list(entries)
    owed = on_receivable(settings, booked)
    sum_owed, on_invoice = sum(entry.amount for entry in owed), report.get("on_invoice")
    if is_before_invoices(settings, report) or (on_invoice is None and not owed):
        return ()
    if on_invoice is None:
        return _held("its receipts are not to be had any more: the till shows those of seven days")
    if on_invoice != sum_owed:
        assert isinstance(on_invoice, int)
        told = f"{kronor(sum_owed)} on {settings.receivable_account}, receipts of {kronor(on_invoice)}"
        return _held(f"its sales on invoice do not add up: {told}")
    sums = _by_account(settings, unpacked(report.get("invoiced")), owed)
    if isinstance(sums, Problem):
        return sums
    if strange := sorted(sums.keys() - {entry.account for entry in booked}):
        return _held(f"it has no row on {', '.join(strange)}: another account was used for such sales")
    return tuple(Entry(account=account, amount=amount, text=TEXT) for account, amount in sums.items())


def _by_account(settings: Settings, sold: Iterable[Entry], owed: list[Entry]) -> dict[str, int] | Problem:
    """What each account gets; `sold` is one entry for each receipt and VAT rate, with VAT."""
    sales, vats = settings.all_sales_accounts(), settings.all_vat_accounts()
    sums: dict[str, int] = {}

    def add(account: str, amount: int) -> None:
        number = settings.accounts.get(account, account)
        sums[number] = sums.get(number, 0) + amount

    for entry in sold:
        rate = entry.account
        if rate not in sales or (rate not in vats and rate != "0"):
            return _held(f"{entry.text} has a row of no article, or of a VAT rate that has no account")
        vat = vat_in(entry.amount, Decimal(rate))
        add(owed[0].account if owed else settings.receivable_account, -entry.amount)
        add(sales[rate], entry.amount - vat)
        if vat:
            add(vats[rate], vat)
    return {account: amount for account, amount in sums.items() if amount}


def _held(what: str) -> Problem:
    todo = "book it by hand without its sales on invoice, which their orders book, and `ignore` it"
    return Problem(code="ZRP08", what=what, where="Z-report", todo=todo)
