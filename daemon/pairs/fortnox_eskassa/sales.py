"""
Customers of Fortnox and of the till, and the register's invoices that become Fortnox orders. Pure.

Sources: rows K3-K5, decisions 4, 5, 17 and 44, dinkassa.md 7.2 and 8.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from functools import partial
from typing import Final

from msgspec.structs import replace

from daemon.core.agreement import Agreement, Belonging, Decides, FieldRule
from daemon.core.documents import ZERO, DocumentRow, kronor, packed, sum_of, unpacked, vat_in
from daemon.core.records import Fields, Problem, Seen, Side
from daemon.pairs.fortnox_eskassa.settings import Settings

NOWHERE: Final[frozenset[Side]] = frozenset()
TO_TILL: Final = frozenset({Side.PARTNER})
TO_FORTNOX: Final = frozenset({Side.FORTNOX})
CUSTOMER_FIELDS: Final = (
    *("name", "type", "org_number", "vat_number"),
    *("invoice_address", "phone", "email"),
)
CURRENCY: Final = "SEK"


def customers(settings: Settings, start: dt.datetime, mark: Callable[[str], str]) -> Agreement:
    """
    What is agreed on customers: the master's edits cross, the other side's stay there and are listed.

    One that was made in the till crosses with its first invoice, whoever is the master.
    """
    decides = Decides.PARTNER if settings.master == "till" else Decides.FORTNOX
    to = TO_FORTNOX if settings.master == "till" else TO_TILL
    create: dict[Side, Callable[[Fields], Fields | Problem]] = {
        Side.FORTNOX: _named if settings.master == "till" else _unnumbered
    }
    if settings.customers:
        create[Side.PARTNER] = _named
    return Agreement(
        kind="customer",
        rules=(
            FieldRule(field="number", decides=Decides.FORTNOX, to=TO_TILL, revert=True),
            *(
                FieldRule(field=field, decides=Decides(settings.decides.get(field, decides)), to=to)
                for field in CUSTOMER_FIELDS
            ),
        ),
        recognised_by=("reference", "number", "org_number"),
        start=start,
        create=create,
        mark=mark,
        marks={Side.FORTNOX: frozenset({"reference"}), Side.PARTNER: frozenset({"reference", "number"})},
        living=_active,
        on_demand=True,
        removes=partial(_is_old, start) if settings.remove_customers else None,
    )


def _active(customer: Fields) -> bool:
    return customer.get("active") is not False


def _is_old(start: dt.datetime, customer: Seen) -> bool:
    """Whether a customer of the till is no new one, which may have no invoice yet (decision 17)."""
    return customer.born_at is not None and customer.born_at < start


def _named(customer: Fields) -> Fields | Problem:
    if customer.get("name"):
        return customer
    todo = "give the customer a name; it then crosses by itself"
    return Problem(code="REC08", what="the name is empty", where="name", todo=todo)


def _unnumbered(customer: Fields) -> Fields | Problem:
    """Fortnox gives the number; one that was typed in the till is not sent."""
    return _named({field: value for field, value in customer.items() if field != "number"})


# ------------------------------------------------------------------ invoices


def invoices(settings: Settings, start: dt.datetime, mark: Callable[[str], str]) -> Agreement:
    """
    What is agreed on the register's invoices: each becomes one order, which then is Fortnox' own.

    An order that Fortnox stored with another total is told of: an open conflict.
    """
    return Agreement(
        kind="document",
        rules=(FieldRule(field="total", decides=Decides.NOBODY, to=NOWHERE, frozen=True),),
        recognised_by=("reference",),
        start=start,
        create={Side.FORTNOX: partial(order, settings)},
        mark=mark,
        marks={Side.FORTNOX: frozenset({"reference"})},
        belongs_to=Belonging(field="customer", kind="customer", gate=_anybody),
        looked_for=True,
        one_way=True,
        essential=frozenset({"rows", "date"}),
    )


def _anybody(_customer: Fields) -> bool:
    return True


def order(settings: Settings, invoice: Fields) -> Fields | Problem:
    """What the order of an invoice is made of: its rows as they are, with VAT, and what was paid of it."""
    rows = unpacked(invoice.get("rows"))
    if not rows:
        todo = "look at the receipt in the till; `ignore` it if there is nothing to invoice"
        return Problem(code="REC13", what="the invoice has no rows", where="rows", todo=todo)
    if problem := _does_not_add_up(invoice, rows) or _no_return(invoice, rows):
        return problem
    return {
        "form": "order",
        "date": invoice.get("date"),
        "text": invoice.get("text"),
        "your_number": invoice.get("key"),
        "currency": CURRENCY,
        "vat_included": True,
        "rows": packed([*_sold(settings, rows), *_said(settings, invoice, rows)]),
        "terms": settings.payment_terms,
        "cost_center": settings.center_of(invoice.get("register")) or None,
        "customer": invoice.get("customer"),
    }


def _sold(settings: Settings, rows: tuple[DocumentRow, ...]) -> Iterable[DocumentRow]:
    """
    The rows that sell something.

    Where the Z-report has booked sale and VAT already, they are what the register is owed, without VAT.
    """
    if settings.invoice_sales != "clearing":
        return rows
    account = settings.accounts.get(settings.receivable_account, settings.receivable_account)
    return [row if row.is_text else replace(row, account=account, vat=ZERO) for row in rows]


def _said(settings: Settings, invoice: Fields, rows: tuple[DocumentRow, ...]) -> Iterable[DocumentRow]:
    """What whoever makes the invoice must know, in one row."""
    said, paid = [], invoice.get("paid")
    if isinstance(paid, int) and paid:
        said.append(f"OBS! {kronor(paid)} kr är redan betalt i kassan.")
    if settings.invoice_sales == "clearing":
        vats = [f"{rate} % {kronor(amount)} kr" for rate, amount in vat_by_rate(rows)]
        said.append(f"Momsen är redovisad i kassan: {', '.join(vats) or '0.00 kr'}.")
    return [DocumentRow(text=" ".join(said))] if said else []


def vat_by_rate(rows: Iterable[DocumentRow]) -> Sequence[tuple[str, int]]:
    """The VAT in öre that is in one sale, by rate ("25"), the highest first; half up for each rate."""
    gross: dict[Decimal, int] = {}
    for row in rows:
        rate = row.vat or ZERO
        gross[rate] = gross.get(rate, 0) + row.total
    return [
        (f"{rate:f}", vat_in(amount, rate)) for rate, amount in sorted(gross.items(), reverse=True) if rate
    ]


def _does_not_add_up(invoice: Fields, rows: tuple[DocumentRow, ...]) -> Problem | None:
    total, on_rows = invoice.get("total"), sum_of(rows)
    if total == on_rows:
        return None
    says = kronor(total) if isinstance(total, int) else "nothing that can be read"
    what = f"its rows come to {kronor(on_rows)}, the invoice says {says}"
    todo = "look at the receipt in the till; make the order by hand and `ignore` it"
    return Problem(code="REC16", what=what, where="rows", todo=todo)


def _no_return(invoice: Fields, rows: tuple[DocumentRow, ...]) -> Problem | None:
    """A return whose amounts do not say so would be invoiced as a sale."""
    if not invoice.get("returned") or any(row.total < 0 for row in rows) or not sum_of(rows):
        return None
    todo = "look at the receipt in the till; make the order by hand and `ignore` it"
    return Problem(code="REC16", what="it is a return, and no row is negative", where="rows", todo=todo)
