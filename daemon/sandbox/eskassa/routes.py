"""
Every path of the pretend ES Kassasystem, as one table.

Source: dinkassa.md 2.1 (lists), 3 and 3.3 (articles, categories), 4.1 (transactions), 8 (customers, payment
means). The report API's handlers are in reports.py.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from functools import lru_cache, partial
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from msgspec import Struct

from daemon.sandbox.eskassa import registers, reports
from daemon.sandbox.eskassa.accounts import ACCOUNTS
from daemon.sandbox.eskassa.call import Call
from daemon.sandbox.eskassa.documents import transaction
from daemon.sandbox.eskassa.fields import Record
from daemon.sandbox.eskassa.table import shuffled
from daemon.sandbox.eskassa.wire import (
    LARGEST,
    Refusal,
    answer,
    decode,
    invalid,
    listing,
    missing,
    moment_text,
    quantity,
    read_moment,
)
from daemon.sandbox.web import Response

Row = TypeVar("Row")

FETCH_MAX = 100
FETCH_MAX_ITEMS = 200
SERVED = dt.timedelta(days=7)
ENDLESS = "9999-12-31"
DONE: Mapping[str, Any] = {}  # the body of an answer that nobody relies on
STOCK_FIELDS = ("quantityChange", "currentQuantity", "newQuantity")
CONTAINS = {
    "descriptioncontains": "Description",
    "barcodecontains": "BarCode",
    "productcodecontains": "ProductCode",
}


def _page(call: Call, rows: list[Row], most: int = FETCH_MAX) -> tuple[list[Row], int]:
    """The rows that `offset` and `fetch` ask for, and how many there are (2.1)."""
    offset = _count(call, "offset", 0)
    fetch = _count(call, "fetch", most)
    if (fetch > most and call.state.switches["fetch_over_max"] == "refused") or not fetch:
        raise invalid(f"fetch must be from 1 to {most}.")
    return rows[offset : offset + min(fetch, most)], len(rows)


def _count(call: Call, name: str, default: int) -> int:
    text = call.query.get(name, str(default))
    if not re.fullmatch("[0-9]{1,9}", text):
        raise invalid(f"{name} must be a whole number from 0.")
    return int(text)


def _shown(call: Call, record: Record) -> Record:
    """A record as a GET answers it."""
    if "CategoryId" not in record:
        return record
    category = call.state.categories.cloud.get(record["CategoryId"])
    return {**record, "CategoryName": category["Name"] if category else ""}


def _list(name: str, call: Call) -> Response:
    state, table = call.state, call.state.tables[name]
    rows = table.ordered(state.switches["order"], state.seed)
    if table is state.items:
        rows = _filtered(call, rows)
    rows, total = _page(call, rows, FETCH_MAX_ITEMS if table is state.items else FETCH_MAX)
    return listing([_shown(call, row) for row in rows], total)


def _filtered(call: Call, rows: list[Record]) -> list[Record]:
    """The articles that the search parameters ask for (3)."""
    for parameter, name in CONTAINS.items():
        if wanted := call.query.get(parameter, "").lower():
            rows = [row for row in rows if wanted in row[name].lower()]
    if category := call.query.get("categoryid"):
        rows = [row for row in rows if row["CategoryId"] == category]
    if visible := call.query.get("visibleonsalesmenu", "").lower():
        if visible not in ("true", "false"):
            raise invalid("VisibleOnSalesMenu must be true or false.")
        rows = [row for row in rows if row["VisibleOnSalesMenu"] is (visible == "true")]
    return rows


def _one(call: Call, record: Record) -> Response:
    return answer(200, {"Item": _shown(call, record)})


def _get(name: str, call: Call) -> Response:
    return _one(call, registers.get(call.state, call.state.tables[name], call.path[0]))


def _post(name: str, call: Call) -> Response:
    return _one(call, registers.create(call.state, call.state.tables[name], _item(call)))


def _put(name: str, call: Call) -> Response:
    given = _item(call)
    record_id = given.get("Id")
    if not isinstance(record_id, str):
        raise invalid("Id is required, as a text.")
    return _one(call, registers.change(call.state, call.state.tables[name], record_id, given))


def _delete(name: str, call: Call) -> Response:
    registers.remove(call.state, call.state.tables[name], call.path[0])
    return answer(200, DONE)


def _item(call: Call) -> Mapping[str, Any]:
    """The record inside `{"Item": {…}}` (3.1)."""
    if call.content_type != "application/json":
        raise Refusal(415, "The body must be application/json.")
    body = decode(call.body)
    item = body.get("Item") if isinstance(body, dict) else None
    if not isinstance(item, dict):
        raise invalid('The body must be {"Item": {...}}.')
    return item


def _stock(call: Call) -> Response:
    if call.content_type != "application/x-www-form-urlencoded":
        raise Refusal(415, "The body must be application/x-www-form-urlencoded.")
    given = dict(parse_qsl(call.body.decode("utf-8", "replace"), keep_blank_values=True))
    registers.stock_call(call.state, call.path[0], {name: _pieces(given, name) for name in STOCK_FIELDS})
    return answer(200, DONE)


def _pieces(given: Mapping[str, str], name: str) -> Decimal:
    try:
        pieces = Decimal(given[name])
    except (KeyError, InvalidOperation) as error:
        raise invalid(f"{name} must be a number.") from error
    if not pieces.is_finite() or abs(pieces) >= LARGEST:
        raise invalid(f"{name} is out of range.")
    return quantity(pieces)


def _transactions(call: Call) -> Response:
    """Only the last seven days, whatever is asked for (4.1)."""
    state, now = call.state, call.state.local()
    first = max(_moment(call, "startdatetime", moment_text(now - SERVED)), now - SERVED)
    found = state.receipts_between(first, _moment(call, "enddatetime", ENDLESS))
    if state.switches["order"] == "id":
        found.sort(key=lambda receipt: receipt.id)
    if state.switches["order"] == "shuffled":
        found.sort(key=lambda receipt: shuffled(state.seed, receipt.id))
    receipts, total = _page(call, found)
    return listing([transaction(state, receipt) for receipt in receipts], total)


def _transaction(call: Call) -> Response:
    receipt = call.state.receipt_by_id.get(call.path[0])
    if receipt is None or receipt.at < call.state.local() - SERVED:
        raise missing("The transaction")
    return answer(200, {"Item": transaction(call.state, receipt)})


def _moment(call: Call, name: str, default: str) -> dt.datetime:
    at = read_moment(call.query.get(name, default))
    if at is None:
        raise invalid(f"{name} must be a local date-time.")
    return at


def _employees(call: Call) -> Response:
    rows, total = _page(call, [{"Id": key, "Name": name} for key, name in call.state.employees])
    return listing(rows, total)


def _payment_means(call: Call) -> Response:
    """ASSUMED as 8.3 has it."""
    means = [
        {
            "Type": account.payment_type,
            "Name": account.description,
            "AccountNumber": call.state.accounts[account.what],
        }
        for account in ACCOUNTS
        if account.payment_type
    ]
    return listing(means, len(means))


Handler = Callable[[Call], Response]


class Route(Struct, frozen=True):
    """One verb on one path; "*" stands for any text. `door`: who may come in (system.py)."""

    door: str
    method: str
    path: str
    handler: Handler


def _usual(name: str) -> list[Route]:
    many, one = f"/api/{name}", f"/api/{name}/*"
    return [
        Route("machine", "GET", many, partial(_list, name)),
        Route("machine", "POST", many, partial(_post, name)),
        Route("machine", "PUT", many, partial(_put, name)),
        Route("machine", "GET", one, partial(_get, name)),
        Route("machine", "DELETE", one, partial(_delete, name)),
    ]


REPORT = "/api/reports/download-z-report"
ROUTES = (
    *(route for name in ("inventoryitem", "category", "customer") for route in _usual(name)),
    Route("machine", "POST", "/api/inventoryitem/*", _stock),
    Route("machine", "GET", "/api/transaction", _transactions),
    Route("machine", "GET", "/api/transaction/*", _transaction),
    Route("machine", "GET", "/api/employee", _employees),
    Route("machine", "GET", "/api/settings/paymentmeans", _payment_means),
    Route("nobody", "POST", "/api/session/Authenticate", reports.authenticate),
    Route("report", "GET", "/api/settings", reports.settings),
    Route("report", "GET", "/api/machine", reports.machines),
    Route("report", "GET", "/api/reports/get-z-reports", reports.z_reports),
    Route("report", "GET", f"{REPORT}-by-date/json", reports.z_reports_by_date),
    Route("report", "GET", f"{REPORT}/*/*", reports.z_report_pdf),
    Route("report", "GET", f"{REPORT}/*/*/sie4", reports.z_report_sie),
    Route("report", "POST", "/api/reports/get-report-result/EHK_SalesOverview", reports.sales_overview),
)


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.escape(path).replace(r"\*", "([^/]+)") + "/?")


PATTERNS = tuple((_pattern(route.path), route) for route in ROUTES)


@lru_cache(4096)
def find(method: str, path: str) -> tuple[Route, tuple[str, ...]]:
    """The route for a still percent-encoded path, and the values in it. Refusal 404 or 405."""
    found = [(route, match.groups()) for pattern, route in PATTERNS if (match := pattern.fullmatch(path))]
    for route, values in found:
        if route.method == method:
            return route, values
    if found:
        raise Refusal(405, f"{method} is not allowed here.")
    raise missing("The resource")
