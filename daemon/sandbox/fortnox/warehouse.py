"""The newer services under `/api` (fortnox.md 1, 6.1, 17): only whether the warehouse module is on."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from daemon.sandbox.fortnox.company import Company
from daemon.sandbox.fortnox.wire import answer
from daemon.sandbox.web import Request, Response

TENANTS = "/api/warehouse/tenants-v4"


def handle(company: Company, scopes: Collection[str], request: Request) -> Response:
    """Answer a path below `/api`; a missing scope is 403 there (6.2)."""
    if request.path.removesuffix("/") != TENANTS:
        return _error(404, "notFound", f"No such path: {request.path}")
    if request.method != "GET":
        return _error(405, "methodNotAllowed", f"No such method: {request.method}")
    if "warehouse" not in scopes:
        return _error(403, "forbidden", "The grant lacks the scope warehouse")
    activated = company.switches["warehouse_module"]
    return answer(200, {"tenantId": int(company.tenant), "activated": activated})


def _error(status: int, word: str, message: str) -> Response:
    body: dict[str, Any] = {
        "error": word,
        "id": "00000000-0000-4000-8000-000000000000",
        "message": message,
    }
    return answer(status, body)
