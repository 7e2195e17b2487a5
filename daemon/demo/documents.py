"""
The life of one delivery: an order in Fortnox, its invoice, booked; then an edit that comes too late.

What a scene here does not wait for is awaited together with the next one's, which saves a pass.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeVar

from daemon.demo.people import View
from daemon.demo.processes import Failed
from daemon.demo.stage import Stage

Record = Mapping[str, Any]
K = TypeVar("K")

CUSTOMER: Final = "1003"
TEXT: Final = "Ring före leverans"
HOURS: Final = "MONTAGE"
HOUR_PRICE: Final = 895
# fmt: off
LINES: Final = (
    # article  what it says                     quantity  list price  discount  together
    ("106",    "Hydraulslang ½ tum, per meter", 3.5,      98.75,      10,       311.06),
    (HOURS,    "Montage och service",           2,        HOUR_PRICE, 0,        1790),
)
# fmt: on
PLACES: Final = ("Data1", "Memo", "Quantity", "ListPrice", "Discount", "Price")
HOURS_AFTER, TOTAL_AFTER = 2.5, "2548.56"  # what the bookkeeper makes of it
HOURS_TOO_LATE: Final = 3


def delivery_is_made(stage: Stage) -> None:
    """It becomes an order, by the setting `documents`."""
    lines = [dict(zip(PLACES, line, strict=True)) for line in LINES]
    today = time.strftime("%Y-%m-%dT00:00:00Z", time.gmtime())
    stage.people.new_delivery(CUSTOMER, lines, OrderDate=today, Memo=TEXT)
    stage.expect("Sales makes a delivery: two rows, a text", "Fortnox, order {}", _made)
    stage.expect("  the number of the order", "webCRM, its delivery", _numbered)


def row_is_changed(stage: Stage) -> None:
    """Rows are one unit: the row that is named by its RowId alone stays."""
    order = only(View(stage.people, {}).orders, "order")
    hose, hours = order["OrderRows"]
    changed = {
        "RowId": hours["RowId"],
        "OrderedQuantity": str(HOURS_AFTER),
        "DeliveredQuantity": str(HOURS_AFTER),
    }
    stage.people.edit_order(order["DocumentNumber"], OrderRows=[{"RowId": hose["RowId"]}, changed])
    stage.expect("The bookkeeper changes a row of the order", "webCRM: {} on both sides", _equal_to_order)


def order_is_invoiced(stage: Stage) -> None:
    """The invoice joins its order: there is no second delivery."""
    order = only(View(stage.people, {}).orders, "order")
    stage.people.invoice_order(order["DocumentNumber"])
    stage.expect("The bookkeeper invoices the order", "webCRM: invoice {}", _invoiced)
    stage.wait()


def invoice_is_booked(stage: Stage) -> None:
    """From here on Fortnox is never written."""
    invoice = only(View(stage.people, {}).invoices, "invoice")
    stage.people.book(invoice["DocumentNumber"])
    stage.expect("The bookkeeper books the invoice", "webCRM: bokförd, still {}", _booked)
    stage.wait()


def edit_comes_too_late(stage: Stage) -> None:
    """It stays in webCRM, waits for a person with its reason, and changes nothing in Fortnox."""
    before = View(stage.people, {}).invoices
    _set_hours(stage, HOURS_TOO_LATE)
    stage.expect("Sales edits a row of it after that", "`fortnox-syncd parked`", lambda view: view.parked)
    stage.wait()
    (parked,) = stage.daemon.ask("parked")["items"]
    if parked["code"] != "REC24":
        raise Failed(f"an edit of a booked invoice is parked as {parked['code']}: {parked['what']}")
    stage.row(f"  {parked['code']}  {parked['what']}")
    if View(stage.people, {}).invoices != before:
        raise Failed("an edit in webCRM changed a booked invoice")


def edit_is_undone(stage: Stage) -> None:
    """One of the remedies that `parked` names; nothing else is to be done."""
    _set_hours(stage, HOURS_AFTER)
    stage.expect("Sales undoes it", "parked no more", lambda view: not view.parked)


# ------------------------------------------------------------------ how it is seen


def sold(rows: Sequence[Record]) -> list[tuple[str, str, str]]:
    """Article, quantity and total of each row, whichever side it is from."""
    return [
        (row["QuotationLineData1"], money(row["QuotationLineQuantity"]), money(row["QuotationLinePrice"]))
        if "QuotationLineId" in row
        else (row["ArticleNumber"], money(row["DeliveredQuantity"]), money(row["Total"]))
        for row in rows
    ]


def money(value: Any) -> str:
    """An amount or a quantity with two decimals."""
    return f"{float(value or 0):.2f}"


_DELIVERED: Final = [(line[0], money(line[2]), money(line[5])) for line in LINES]


def only(records: Mapping[K, Record], kind: str) -> Record:
    """The one that there may be. Raises Failed."""
    if len(records) != 1:
        raise Failed(f"of one delivery there are {len(records)} records of the kind {kind}, not one")
    return next(iter(records.values()))


def _set_hours(stage: Stage, hours: float) -> None:
    view = View(stage.people, {})
    (line,) = (each for each in _lines(view) if each["QuotationLineData1"] == HOURS)
    stage.people.edit_line(line["QuotationLineId"], Quantity=hours, Price=hours * HOUR_PRICE)


def _lines(view: View) -> list[Record]:
    return list(view.lines(only(view.deliveries, "delivery")["DeliveryId"]))


def _made(view: View) -> str:
    if not view.orders:
        return ""
    order = only(view.orders, "order")
    as_meant = order["Remarks"] == TEXT and sold(order["OrderRows"]) == _DELIVERED
    return str(order["DocumentNumber"]) if as_meant and order["CustomerNumber"] == CUSTOMER else ""


def _numbered(view: View) -> bool:
    delivery = only(view.deliveries, "delivery")
    return bool(delivery["DeliveryCustom1"]) and delivery["DeliveryCustom1"] in view.orders


def _equal_to_order(view: View) -> str:
    return _total(view, only(view.orders, "order"), "OrderRows")


def _invoiced(view: View) -> str:
    if not view.invoices:
        return ""
    invoice, delivery = only(view.invoices, "invoice"), only(view.deliveries, "delivery")
    number, date = invoice["DocumentNumber"], invoice["InvoiceDate"]
    shown = (delivery["DeliveryCustom2"], delivery["DeliveryCustom3"]) == (str(number), date)
    return f"{number}, {date}" if shown else ""


def _booked(view: View) -> str:
    if only(view.deliveries, "delivery")["DeliveryCustom5"] != "Yes":
        return ""
    only(view.orders, "order")
    return _total(view, only(view.invoices, "invoice"), "InvoiceRows")


def _total(view: View, document: Record, rows: str) -> str:
    """What the document and the delivery both come to, row by row; "" while they differ."""
    total = money(only(view.deliveries, "delivery")["DeliveryOrderValue"])
    if not total == money(document["Net"]) == TOTAL_AFTER:
        return ""
    return total if sold(document[rows]) == sold(_lines(view)) else ""
