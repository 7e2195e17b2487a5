"""A shop with four registers, its clock moved by hand, asked as a client asks."""

from __future__ import annotations

import urllib.parse
from typing import Any

import msgspec

from daemon.sandbox.eskassa import Eskassa
from daemon.sandbox.eskassa.auth import INTEGRATORS, MACHINE_KEY, MACHINES, PASSWORD
from daemon.sandbox.web import Request, Response
from tests.sandbox.toy import Hand

INTEGRATOR, PEOPLE = INTEGRATORS
MACHINE = MACHINES[0]
HEADERS = {
    "accept": "application/json",
    "machineid": MACHINE,
    "machinekey": MACHINE_KEY,
    "integratorid": INTEGRATOR,
}
BY_DATE = "/api/reports/download-z-report-by-date/json"


class Shop:
    """The system on a clock that stands still, without a limit to calls unless one is set."""

    def __init__(self, *, filled: bool = True, seed: int = 1, **switches: Any) -> None:
        self.hand = Hand()
        self.system = Eskassa(self.hand.now)
        self.system.reset(filled=filled, seed=seed)
        for name, value in {"limit_per_s": 1_000_000, **switches}.items():
            self.system.switch(name, value)

    def send(
        self, method: str, path: str, body: Any = None, /, headers: Any = None, **query: Any
    ) -> Response:
        """One call, with the machine's headers unless others are given; a text goes as a form."""
        kind = "application/x-www-form-urlencoded" if isinstance(body, str) else "application/json"
        content = (
            body.encode() if isinstance(body, str) else b"" if body is None else msgspec.json.encode(body)
        )
        return self.system.handle(
            Request(
                method=method,
                path=path,
                query=tuple((name, str(value)) for name, value in query.items()),
                headers={"content-type": kind, **(HEADERS if headers is None else headers)},
                body=content,
            )
        )

    def ask(self, method: str, path: str, body: Any = None, /, **more: Any) -> tuple[int, Any]:
        """The status, and what the answer's JSON says."""
        answer = self.send(method, path, body, **more)
        return answer.status, msgspec.json.decode(answer.body)

    def get(self, path: str, **query: Any) -> Any:
        """What a call answers that must succeed."""
        status, value = self.ask("GET", path, **query)
        assert status == 200, value
        return value

    def item(self, code: str) -> Any:
        """The article with that product code, as the cloud shows it."""
        [found] = [row for row in self.items() if row["ProductCode"] == code]
        return found

    def items(self) -> list[Any]:
        """The first two hundred articles."""
        return list(self.get("/api/inventoryitem")["Items"])

    def stock(self, code: str) -> Any:
        """The article's stock, as the cloud shows it."""
        return self.item(code)["QuantityInStockCurrent"]

    def move(self, item_id: str, change: Any, current: Any, new: Any, **query: Any) -> tuple[int, Any]:
        """The stock call."""
        fields = {"quantityChange": change, "currentQuantity": current, "newQuantity": new}
        return self.ask("POST", f"/api/inventoryitem/{item_id}", urllib.parse.urlencode(fields), **query)

    def act(self, verb: str, **body: Any) -> Any:
        """What a person does."""
        return self.system.act(verb, body)

    def sell(self, code: str = "K01", quantity: float = 1, **more: Any) -> Any:
        """One article sold."""
        return self.act("sell", items=[{"product_code": code, "quantity": quantity}], **more)

    def reports(self, register: int = 1, first: str = "2026-01-01", last: str = "2026-12-31") -> list[Any]:
        """The Z-reports with their accounts."""
        machine = MACHINES[register - 1]
        return list(self.get(BY_DATE, machineId=machine, startDate=first, endDate=last)["ZReports"])

    def log_in(self, headers: Any = None, password: str = PASSWORD) -> tuple[int, Any]:
        """The login of the report API."""
        body = {"Username": "fortnox@sandbox", "Password": password}
        return self.ask("POST", "/api/session/Authenticate", body, headers=headers or {}, type=2)


def accounts(report: Any) -> dict[str, float]:
    """{account: amount} of a Z-report."""
    found = {row["Number"]: row["Amount"] for row in report["Accounts"]}
    assert len(found) == len(report["Accounts"])
    return found


def article(number: int = 1, **more: Any) -> dict[str, Any]:
    """The body that makes or changes an article."""
    return {"Item": {"BarCode": f"73100000{number:05}", "ProductCode": f"P{number}", **more}}


def category_of(shop: Shop) -> Any:
    """The id of the first category."""
    return shop.get("/api/category")["Items"][0]["Id"]


def row(code: str = "K01", quantity: float = 1, **more: Any) -> dict[str, Any]:
    """One row of a sale."""
    return {"product_code": code, "quantity": quantity, **more}
