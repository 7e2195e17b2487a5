"""
The rules for articles, categories and customers, the same for the API and for a person at the till.

Source: dinkassa.md 3 to 3.3 and 8.1. A person's change reaches the cloud when
the till has replicated; the API's is in the cloud and the shop at once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

from daemon.sandbox.eskassa.fields import Record, blanked, check_required, read_values
from daemon.sandbox.eskassa.state import State
from daemon.sandbox.eskassa.table import Table
from daemon.sandbox.eskassa.till import Till
from daemon.sandbox.eskassa.wire import Refusal, invalid, missing

GONE = 410
ID_KIND = {"inventoryitem": "item", "category": "category", "customer": "customer"}


def get(state: State, table: Table, record_id: str, *, till: Till | None = None) -> Record:
    """The kept record. Refusal 404, or 410 for a deleted one when the switch says so."""
    record = (table.shop if till else table.cloud).get(record_id)
    if record is not None:
        return record
    if record_id in table.deleted and state.switches["deleted_status"] == GONE:
        raise Refusal(GONE, f"The {table.name} is gone.")
    raise missing(f"The {table.name}")


def create(state: State, table: Table, given: Mapping[str, Any], till: Till | None = None) -> Record:
    """A new record, by the API or by a person at `till`. Refusal 400 names what is wrong."""
    values = read_values(table.fields, given, creating=True)
    record = table.born("", values, state.local())
    _check(state, table, record, values)
    record["Id"] = state.take_id(ID_KIND[table.name])

    def land(at: dt.datetime) -> None:
        table.add(table.cloud, table.born(record["Id"], values, at))

    table.add(table.shop, record)
    _in_cloud(state, till, land)
    return record


def change(
    state: State, table: Table, record_id: str, given: Mapping[str, Any], till: Till | None = None
) -> Record:
    """Set what `given` says. The API's PUT may blank the rest (switch put_missing)."""
    kept = get(state, table, record_id, till=till)
    values = read_values(table.fields, given, creating=False)
    if till is None and state.switches["put_missing"] == "blank":
        values = blanked(table.fields) | values
    _check(state, table, {**kept, **values}, values)

    def land(at: dt.datetime) -> None:
        table.change(table.cloud, record_id, values, at)
        table.change(table.shop, record_id, values, at)

    table.change(table.shop, record_id, values, state.local())
    _in_cloud(state, till, land)
    return (table.shop if till else table.cloud)[record_id]


def remove(state: State, table: Table, record_id: str, till: Till | None = None) -> None:
    """Delete a record that nothing else needs."""
    get(state, table, record_id, till=till)
    if till is None:
        _refuse_sold(state, record_id)
    _refuse_needed(state, table, record_id)

    def land(_at: dt.datetime) -> None:
        table.remove(table.cloud, record_id)

    table.remove(table.shop, record_id)
    _in_cloud(state, till, land)


def _in_cloud(state: State, till: Till | None, land: Callable[[dt.datetime], None]) -> None:
    if till is None:
        land(state.local())
    else:
        state.replicate(till, land)


def _check(state: State, table: Table, record: Record, values: Record) -> None:
    """Refusal 400 unless `record`, into which `values` have been put, may be kept."""
    check_required(table.fields, record)
    for name in table.unique:
        holder = table.holder(name, values.get(name) or "")
        if holder is not None and holder != record["Id"]:
            raise invalid(f"There is already a {table.name} with that {name}.")
    if table is state.items:
        _check_item(state, record)
    if table is state.categories:
        _check_category(state, record)


def _check_item(state: State, item: Record) -> None:
    category = state.categories.cloud.get(item["CategoryId"]) or state.categories.shop.get(item["CategoryId"])
    if category is None:
        raise invalid("CategoryId: there is no such category.")
    if category["OnlyAllowCategories"]:
        raise invalid("CategoryId: that category holds only categories.")


def _check_category(state: State, category: Record) -> None:
    """ASSUMED: a parent exists, is not below its child, and articles stay where they may be."""
    categories = state.categories.shop
    parent_id = category["ParentCategoryId"]
    while parent_id:
        if parent_id == category["Id"]:
            raise invalid("ParentCategoryId: a category cannot be inside itself.")
        parent = categories.get(parent_id)
        if parent is None:
            raise invalid("ParentCategoryId: there is no such category.")
        parent_id = parent["ParentCategoryId"]
    if category["OnlyAllowCategories"] and _has_items(state, category["Id"]):
        raise invalid("OnlyAllowCategories: the category holds articles.")


def _has_items(state: State, category_id: str) -> bool:
    return any(
        item["CategoryId"] == category_id
        for place in (state.items.cloud, state.items.shop)
        for item in place.values()
    )


def _refuse_sold(state: State, record_id: str) -> None:
    if state.switches["delete_sold_items"] == "refused" and record_id in state.sold:
        raise invalid("The article has been sold and cannot be deleted.")


def _refuse_needed(state: State, table: Table, record_id: str) -> None:
    """ASSUMED: a category that holds something, and a customer with open invoices, stay."""
    if table is state.categories and _has_items(state, record_id):
        raise invalid("The category holds articles.")
    if any(category["ParentCategoryId"] == record_id for category in state.categories.shop.values()):
        raise invalid("The category holds categories.")
    if record_id in state.unpaid.values():
        raise invalid("The customer has open invoices.")


def stock_call(state: State, item_id: str, form: Mapping[str, Any]) -> None:
    """
    The stock call (3.2), as the switches stock_call and stock_sign understand it.

    `form` holds exact decimals under the names quantityChange, currentQuantity
    and newQuantity.
    """
    current = get(state, state.items, item_id)["QuantityInStockCurrent"]
    mode = state.switches["stock_call"]
    if mode == "check_current" and form["currentQuantity"] != current:
        raise invalid(f"currentQuantity is not {current}.")
    if mode == "apply_change":
        sign = -1 if state.switches["stock_sign"] == "positive_is_decrease" else 1
        by = sign * form["quantityChange"]
    else:
        by = form["newQuantity"] - current
    for place in ("cloud", "shop"):
        state.move_stock(place, item_id, by, state.local())
