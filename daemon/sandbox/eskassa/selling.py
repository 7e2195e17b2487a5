"""
How a receipt comes about at a till, and what it does to stock.

Source: dinkassa.md 8.2 and 9; swedish-accounting.md 4 (cash is rounded to whole kronor).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from functools import partial

from daemon.sandbox.eskassa.state import Place, State
from daemon.sandbox.eskassa.till import Line, Receipt, Till
from daemon.sandbox.eskassa.wire import rounded
from daemon.sandbox.web import ActionError

KRONA = 100
Payments = Sequence[tuple[str, int | None]]


def settle(total: int, payments: Payments) -> tuple[tuple[str, int], ...]:
    """
    The payments of `total` öre; the one without an amount takes the rest, in whole kronor when it is cash.

    Cash with an amount is taken as given. ActionError when the amounts do not
    make the total and no payment takes the rest.
    """
    rest = total - sum(amount for _, amount in payments if amount is not None)
    if sum(amount is None for _, amount in payments) > 1:
        raise ActionError("only one payment may be without an amount")
    if rest and all(amount is not None for _, amount in payments):
        raise ActionError(f"the payments are {rest} öre from the total")
    return tuple((what, _rest_of(what, rest) if amount is None else amount) for what, amount in payments)


def _rest_of(what: str, rest: int) -> int:
    return rounded(Decimal(rest) / KRONA) * KRONA if what == "cash" else rest


def ring_up(
    state: State,
    till: Till,
    lines: Sequence[Line],
    payments: Payments,
    *,
    at: dt.datetime,
    employee: int = 0,
    is_return: bool = False,
    text: str = "",
    customer_id: str | None = None,
) -> Receipt:
    """Make the receipt, lower the shop's stock, and let the cloud learn of both."""
    total = sum(line.amount for line in lines)
    paid = settle(total, payments)
    invoice_number = None
    if customer_id is not None:
        till.invoices += 1
        invoice_number = f"K{till.number}-{till.invoices}"
        state.unpaid[invoice_number] = customer_id
    till.receipts += 1
    receipt = Receipt(
        id=state.take_id("transaction"),
        number=till.receipts,
        till=till.number,
        at=at,
        employee=employee,
        lines=tuple(lines),
        payments=paid,
        total=total,
        is_return=is_return,
        text=text,
        customer_id=customer_id,
        invoice_number=invoice_number,
    )
    till.open.append(receipt)
    _move_goods(state, "shop", receipt, state.local())
    state.replicate(till, partial(_land, state, receipt))
    return receipt


def _land(state: State, receipt: Receipt, at: dt.datetime) -> None:
    _move_goods(state, "cloud", receipt, at)
    state.land_receipt(receipt)


def _move_goods(state: State, place: Place, receipt: Receipt, at: dt.datetime) -> None:
    for line in receipt.lines:
        if line.item_id is not None:
            state.sold.add(line.item_id)
            state.move_stock(place, line.item_id, -line.quantity, at)
