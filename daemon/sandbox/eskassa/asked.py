"""How the body of an action is read: registers, articles, customers, amounts, payments, times."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from daemon.sandbox.eskassa.accounts import PAYMENT_TYPES
from daemon.sandbox.eskassa.fields import Record
from daemon.sandbox.eskassa.selling import Payments
from daemon.sandbox.eskassa.state import State
from daemon.sandbox.eskassa.table import Table
from daemon.sandbox.eskassa.till import Line, Report, Till
from daemon.sandbox.eskassa.wire import number, ore, quantity, read_moment, rounded
from daemon.sandbox.web import ActionError

Body = Mapping[str, Any]
ITEM_KEYS = {"product_code": "ProductCode", "bar_code": "BarCode"}
CUSTOMER_KEYS = {"customer_number": "CustomerNumber"}


def till(state: State, body: Body) -> Till:
    """The register named by `register`, 1 when left out."""
    wanted = body.get("register", 1)
    if type(wanted) is not int or not 1 <= wanted <= len(state.tills):
        raise ActionError(f"register must be a number from 1 to {len(state.tills)}")
    return state.tills[wanted - 1]


def report(state: State, body: Body) -> tuple[Till, Report]:
    """The register, and its Z-report with that `number`."""
    of = till(state, body)
    found = of.reports.get(whole(body, "number"))
    if found is None:
        raise ActionError(f"{of.name} has made no Z-report with that number")
    return of, found


def whole(body: Body, name: str) -> int:
    """A whole number."""
    value = body.get(name)
    if type(value) is not int:
        raise ActionError(f"{name} must be a whole number")
    return value


def pieces(body: Body, name: str = "quantity") -> Decimal:
    """A quantity."""
    value = number(body.get(name))
    if value is None:
        raise ActionError(f"{name} must be a number")
    return quantity(value)


def amount(body: Body, name: str) -> int:
    """Kronor as öre."""
    value = number(body.get(name))
    if value is None:
        raise ActionError(f"{name} must be a number of kronor")
    return ore(value)


def at(state: State, body: Body, name: str = "at") -> dt.datetime:
    """A local time without a zone; now when left out."""
    if body.get(name) is None:
        return state.local()
    found = read_moment(str(body[name]))
    if found is None:
        raise ActionError(f'{name} must be a local time like "2026-03-02T17:30:00"')
    return found


def fields(body: Body) -> Mapping[str, Any]:
    """The fields of a record, named as in the API."""
    found = body.get("fields")
    if not isinstance(found, dict):
        raise ActionError("fields must be an object with the API's field names")
    return found


def item(state: State, body: Body) -> Record:
    """The article as the shop knows it, by product_code, bar_code or id."""
    return _found(state.items, body, ITEM_KEYS)


def customer(state: State, body: Body) -> Record:
    """The customer as the shop knows it, by id or customer_number."""
    return _found(state.customers, body, CUSTOMER_KEYS)


def _found(table: Table, body: Body, keys: Mapping[str, str]) -> Record:
    for key, name in keys.items():
        if key in body:
            record_id = table.holder(name, str(body[key])) or ""
            break
    else:
        record_id = str(body.get("id", ""))
    if record_id not in table.shop:
        raise ActionError(f"no {table.name} found; name it by {', '.join(keys)} or id")
    return table.shop[record_id]


def lines(state: State, body: Body, sign: int = 1) -> list[Line]:
    """The rows of a receipt, from `items`; quantities and discounts times `sign`."""
    rows = body.get("items")
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise ActionError("items must be a list of {product_code, quantity}")
    return [_line(state, row, sign) for row in rows]


def _line(state: State, row: Body, sign: int) -> Line:
    record = item(state, row)
    count = quantity(sign * (pieces(row) if "quantity" in row else Decimal(1)))
    price = amount(row, "price") if "price" in row else ore(record["PriceIncludingVat"])
    discount = sign * amount(row, "discount") if "discount" in row else 0
    category = state.categories.shop.get(record["CategoryId"])
    return Line(
        item_id=record["Id"],
        product_code=record["ProductCode"],
        description=record["Description"],
        quantity=count,
        price=price,
        vat=record["VatPercentage"],
        discount=discount,
        account=category["AccountNumber"] if category else "",
        amount=rounded(count * price) - discount,
    )


def gift_card(kronor: int) -> Line:
    """The row of a sold gift card of so many öre: a debt, no VAT."""
    return Line(
        item_id=None,
        product_code="",
        description="Presentkort",
        quantity=Decimal(1),
        price=kronor,
        vat=0,
        discount=0,
        account="",
        amount=kronor,
        is_gift_card=True,
    )


def payments(body: Body, default: str = "card") -> Payments:
    """`payment`: one means of payment, or a list of {payment, amount?} of which one may take the rest."""
    given = body.get("payment", default)
    rows = given if isinstance(given, list) else [{"payment": given}]
    return [_payment(row) for row in rows]


def _payment(row: Any) -> tuple[str, int | None]:
    what = row.get("payment") if isinstance(row, dict) else None
    if not isinstance(what, str) or what not in PAYMENT_TYPES:
        raise ActionError(f"payment must be one of {', '.join(PAYMENT_TYPES)}")
    return what, amount(row, "amount") if "amount" in row else None
