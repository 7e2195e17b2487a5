"""
What people do at the tills.

Every action may name its `register` (1 to 4, 1 when left out) and, where it
makes a receipt or a report, its local time `at`; the answer shows what the
API will show once the till has replicated.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from daemon.sandbox.eskassa import asked, documents, registers, spoilers
from daemon.sandbox.eskassa.asked import Body
from daemon.sandbox.eskassa.closing import close_day
from daemon.sandbox.eskassa.selling import ring_up
from daemon.sandbox.eskassa.state import State
from daemon.sandbox.eskassa.till import Line, Till
from daemon.sandbox.eskassa.wire import local
from daemon.sandbox.web import ActionError

Verb = Callable[[State, Body], Any]


def _receipt(state: State, body: Body, lines: list[Line], **more: Any) -> Any:
    """Ring up `lines`; a payment on invoice needs a customer."""
    till = asked.till(state, body)
    payments = more.pop("payments", None) or asked.payments(body)
    buyer = None
    if any(what == "invoice" for what, _ in payments):
        buyer = _buyer(state, body)
    receipt = ring_up(
        state,
        till,
        lines,
        payments,
        at=asked.at(state, body),
        employee=_employee(state, body),
        text=str(body.get("text", "")),
        customer_id=buyer,
        **more,
    )
    return documents.transaction(state, receipt)


def _buyer(state: State, body: Body) -> str:
    """`customer` is an id or a customer number."""
    wanted = str(body.get("customer", ""))
    record_id = wanted if wanted in state.customers.shop else state.customers.holder("CustomerNumber", wanted)
    if record_id not in state.customers.shop:
        raise ActionError("customer must be the id or the number of a customer")
    return str(record_id)


def _employee(state: State, body: Body) -> int:
    names = [name for _, name in state.employees]
    name = body.get("employee", names[0])
    if name not in names:
        raise ActionError(f"employee must be one of {', '.join(names)}")
    return names.index(name)


def _sell(state: State, body: Body) -> Any:
    return _receipt(state, body, asked.lines(state, body))


def _sell_on_invoice(state: State, body: Body) -> Any:
    payments = [*asked.payments({"payment": body.get("paid", [])}), ("invoice", None)]
    lines = asked.lines(state, body)
    is_return = all(line.quantity < 0 for line in lines)
    return _receipt(state, body, lines, payments=payments, is_return=is_return)


def _return_goods(state: State, body: Body) -> Any:
    return _receipt(state, body, asked.lines(state, body, sign=-1), is_return=True)


def _sell_gift_card(state: State, body: Body) -> Any:
    return _receipt(state, body, [asked.gift_card(asked.amount(body, "amount"))])


def _receive_goods(state: State, body: Body) -> Any:
    return _move_stock(state, body, asked.item(state, body)["Id"], asked.pieces(body))


def _count_stock(state: State, body: Body) -> Any:
    """The shop's figure becomes what was counted; the cloud gets the difference."""
    item = asked.item(state, body)
    return _move_stock(state, body, item["Id"], asked.pieces(body) - item["QuantityInStockCurrent"])


def _move_stock(state: State, body: Body, item_id: str, by: Any) -> Any:
    till = asked.till(state, body)
    state.move_stock("shop", item_id, by, state.local())
    state.replicate(till, partial(state.move_stock, "cloud", item_id, by))
    return {"quantity": state.items.shop[item_id]["QuantityInStockCurrent"]}


def _close_day(state: State, body: Body) -> Any:
    till = asked.till(state, body)
    report = close_day(state, till, asked.at(state, body), _employee(state, body))
    return {"Id": report.id, "Number": report.number, **documents.report_json(till, report)}


def _create(table: str, state: State, body: Body) -> Any:
    fields, till = asked.fields(body), asked.till(state, body)
    return dict(registers.create(state, state.tables[table], fields, till))


def _edit_item(state: State, body: Body) -> Any:
    record, till = asked.item(state, body), asked.till(state, body)
    return dict(registers.change(state, state.items, record["Id"], asked.fields(body), till))


def _edit_customer(state: State, body: Body) -> Any:
    record, till = asked.customer(state, body), asked.till(state, body)
    return dict(registers.change(state, state.customers, record["Id"], asked.fields(body), till))


def _delete_item(state: State, body: Body) -> Any:
    record = asked.item(state, body)
    registers.remove(state, state.items, record["Id"], asked.till(state, body))
    return {"deleted": record["Id"]}


def _delete_customer(state: State, body: Body) -> Any:
    record = asked.customer(state, body)
    registers.remove(state, state.customers, record["Id"], asked.till(state, body))
    return {"deleted": record["Id"]}


def _pay_invoice(state: State, body: Body) -> Any:
    number = str(body.get("invoice_number", ""))
    if state.unpaid.pop(number, None) is None:
        raise ActionError("invoice_number is not that of an open register invoice")
    return {"open": sorted(state.unpaid)}


def _go_offline(state: State, body: Body) -> Any:
    till = asked.till(state, body)
    till.offline_since = till.offline_since or state.now()
    return _connection(till)


def _go_online(state: State, body: Body) -> Any:
    till = asked.till(state, body)
    if till.offline_since is not None:
        till.offline_since, till.online_since = None, state.now()
        state.catch_up()
    return _connection(till)


def _connection(till: Till) -> Any:
    since = till.offline_since
    return {
        "register": till.number,
        "offline_since": local(since).isoformat() if since else None,
        "waiting": len(till.pending),
    }


SALE = "{register, items: [{product_code, quantity?, price?, discount?}], "
MEANS = "payment: card|cash|swish|gift_card|coupon or [{payment, amount?}]"

VERBS: dict[str, tuple[Verb, str]] = {
    "sell": (_sell, f"sell goods: {SALE}{MEANS}, text?, employee?, at?}}; answers the transaction"),
    "sell_on_invoice": (
        _sell_on_invoice,
        f"sell on invoice: {SALE}customer: id or number, paid?: [{{payment, amount}}], text?, at?}}",
    ),
    "return_goods": (_return_goods, f"take goods back: {SALE}{MEANS} or invoice with customer, at?}}"),
    "sell_gift_card": (_sell_gift_card, "sell a gift card: {register, amount, payment, at?}"),
    "receive_goods": (_receive_goods, "goods arrive at the till: {product_code, quantity, register?}"),
    "count_stock": (_count_stock, "count an article: {product_code, quantity, register?}"),
    "close_day": (_close_day, "take the next Z-report: {register, at?, employee?}; answers it"),
    "new_customer": (partial(_create, "customer"), "make a customer at a till: {fields, register?}"),
    "edit_customer": (_edit_customer, "change one: {id or customer_number, fields, register?}"),
    "delete_customer": (_delete_customer, "delete one: {id or customer_number, register?}"),
    "create_item": (partial(_create, "inventoryitem"), "make an article at a till: {fields, register?}"),
    "edit_item": (_edit_item, "change one: {product_code, bar_code or id, fields, register?}"),
    "delete_item": (_delete_item, "delete one: {product_code, bar_code or id, register?}"),
    "pay_invoice": (_pay_invoice, "a register invoice is paid: {invoice_number}"),
    "go_offline": (_go_offline, "a register loses its connection: {register}"),
    "go_online": (_go_online, "it is back, and all it did shows: {register}"),
    **spoilers.VERBS,
}
