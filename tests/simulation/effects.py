"""Write-ahead, seen from outside: a request with effect that no stored intent accounts for (I4)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from daemon.sandbox.web import Request

KINDS = {  # the first part of a path that names a record -> its kind
    "/3/customers": "customer",
    "/3/articles": "article",
    "/3/prices": "article",
    "/3/orders": "document",
    "/3/invoices": "document",
    "/Organisations": "customer",
    "/QuotationLines/LinkedData": "article",
    "/QuotationLines": "document",
    "/Deliveries": "document",
}
SIDES = {"fortnox": "fortnox", "webcrm": "partner"}
LOGINS = ("/oauth-v1/", "/Auth")
STORED = "SELECT kind, side, action, target_id, source_id FROM intents WHERE state = 'sent'"


def is_effect(request: Request) -> bool:
    """Whether a vendor's records are changed by it."""
    return request.method != "GET" and not request.path.startswith(LOGINS)


def unaccounted(system: str, request: Request, stored: Iterable[tuple[Any, ...]]) -> list[str]:
    """What is wrong with sending `request` while these rows of `STORED` are on disk."""
    kind = next(kind for path, kind in KINDS.items() if request.path.startswith(path))
    rows = [row for row in stored if row[:2] == (kind, SIDES[system])]
    if kind != "document" and request.method != "POST":
        rows = [row for row in rows if row[2] == "update" and str(row[3]) in request.path]
    return [] if rows else [f"{request.method} {request.path} without a stored intent"]
