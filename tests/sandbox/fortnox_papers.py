"""An office with a customer and two articles, and short words for its orders and invoices."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from tests.sandbox.fortnox_office import Office, parsed

WRAPPERS = {"orders": "Order", "invoices": "Invoice", "invoicepayments": "InvoicePayment"}
ROWS = {"orders": "OrderRows", "invoices": "InvoiceRows"}
DATES = {"orders": "OrderDate", "invoices": "InvoiceDate"}
HAMMER = {"ArticleNumber": "102", "DeliveredQuantity": "2", "Price": 100}


class Papers(Office):
    """Customer 1 (SEVAT, 30 days) and the articles 102 (25 %, price 149.5) and 103 (12 %)."""

    def __init__(self, **switches: Any) -> None:
        super().__init__(access_token_s=10**9, **switches)
        self.customer(Name="Exempelbolaget AB", TermsOfPayment="30", City="Umeå", ZipCode="903 26")
        self.article(ArticleNumber="102", Description="Hammare", Unit="st")
        self.article(ArticleNumber="103", Description="Bulle", VAT=12, SalesAccount=3002)
        price = {"ArticleNumber": "102", "PriceList": "A", "FromQuantity": 0, "Price": 149.5}
        self.ask("POST", "/3/prices", {"Price": price})

    def make(self, path: str, *rows: dict[str, Any], **fields: Any) -> dict[str, Any]:
        """A new document of customer 1, whole."""
        sent = {"CustomerNumber": "1", ROWS[path]: list(rows), **fields}
        status, body = self.ask("POST", f"/3/{path}", {WRAPPERS[path]: sent})
        assert status == 201, body
        return dict(body[WRAPPERS[path]])

    def put(self, path: str, key: str, **fields: Any) -> dict[str, Any]:
        """A document after a PUT, whole."""
        status, body = self.ask("PUT", f"/3/{path}/{key}", {WRAPPERS[path]: fields})
        assert status == 200, body
        return dict(body[WRAPPERS[path]])

    def get(self, path: str, key: str) -> dict[str, Any]:
        """A document as it reads."""
        status, body = self.ask("GET", f"/3/{path}/{key}")
        assert status == 200, body
        return dict(body[WRAPPERS[path]])

    def do(self, path: str, key: str, action: str, method: str = "PUT") -> dict[str, Any]:
        """The document that an action answers."""
        status, body = self.ask(method, f"/3/{path}/{key}/{action}")
        assert status == 200, body
        [document] = body.values()
        return dict(document)

    def numbers(self, path: str, query: str = "") -> list[str]:
        """The numbers in a list, in its order."""
        status, body = self.ask("GET", f"/3/{path}?{query}")
        assert status == 200, body
        return [row["DocumentNumber"] for row in body[f"{WRAPPERS[path]}s"]]

    def refused(self, path: str, key: str = "", **fields: Any) -> int:
        """The code that refuses a PUT (or, without a key, a POST) with 400."""
        method, where = ("PUT", f"/3/{path}/{key}") if key else ("POST", f"/3/{path}")
        status, code = self.code(method, where, {WRAPPERS[path]: fields})
        assert status == 400
        return int(code)

    def total(self, path: str, *rows: dict[str, Any], **fields: Any) -> dict[str, Decimal]:
        """The sums of a new document, as the decimals that stand in the JSON."""
        sent = {WRAPPERS[path]: {"CustomerNumber": "1", ROWS[path]: list(rows), **fields}}
        response = self.send("POST", f"/3/{path}", json.dumps(sent).encode())
        assert response.status == 201, parsed(response)
        document = json.loads(response.body, parse_float=Decimal, parse_int=Decimal)[WRAPPERS[path]]
        return {name: value for name, value in document.items() if isinstance(value, Decimal)}


def article_numbers(document: dict[str, Any]) -> list[str]:
    """What the rows sell; "" for a text row."""
    [name] = ROWS.values() & document.keys()
    return [row["ArticleNumber"] for row in document[name]]
