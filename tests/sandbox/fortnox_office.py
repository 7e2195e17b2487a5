"""A pretend Fortnox with a hand-moved clock and a client that never meets the rate limit by accident."""

from __future__ import annotations

import base64
import datetime as dt
import json
from typing import Any
from urllib.parse import urlencode

from daemon.sandbox.fortnox import Fortnox
from daemon.sandbox.web import Request, Response

NOON = dt.datetime(2026, 3, 2, 11, 0, tzinfo=dt.UTC)  # 12:00 in Stockholm
SECRET = "sandbox-secret"
JSON = {"accept": "application/json", "content-type": "application/json"}


def basic(client_id: str = "fortnox-syncd", secret: str = SECRET) -> dict[str, str]:
    """The Basic header of a client."""
    return {"authorization": "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()}


def parsed(response: Response) -> Any:
    """The JSON body, or None for an empty one."""
    return json.loads(response.body) if response.body else None


class Office:
    """The pretend system, its clock, and requests as the client `fortnox-syncd`."""

    def __init__(self, *, filled: bool = False, **switches: Any) -> None:
        self.now = NOON
        self.pause_s = 0.25
        self.fortnox = Fortnox(lambda: self.now)
        for name, value in switches.items():
            self.fortnox.switch(name, value)
        self.fortnox.reset(filled=filled, seed=1)
        self.access_token = parsed(self.token(grant_type="client_credentials"))["access_token"]

    def advance(self, seconds: float) -> None:
        """Move the clock."""
        self.now += dt.timedelta(seconds=seconds)

    def token(
        self, *, headers: dict[str, str] | None = None, tenant: str = "1234567", **form: str
    ) -> Response:
        """A request to the token endpoint."""
        headers = {"tenantid": tenant, **(basic() if headers is None else headers)}
        return self.fortnox.handle(
            Request(method="POST", path="/oauth-v1/token", headers=headers, body=urlencode(form).encode())
        )

    def send(
        self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> Response:
        """One request below the prefix; the query stands in the path. The clock moves by `pause_s`."""
        self.advance(self.pause_s)
        path, _, query = path.partition("?")
        pairs = tuple(
            (name, value) for name, _, value in (part.partition("=") for part in query.split("&") if part)
        )
        given = {"authorization": f"Bearer {self.access_token}", **JSON} if headers is None else headers
        return self.fortnox.handle(Request(method=method, path=path, query=pairs, headers=given, body=body))

    def ask(self, method: str, path: str, value: Any = None) -> tuple[int, Any]:
        """Status and parsed body."""
        response = self.send(method, path, b"" if value is None else json.dumps(value).encode())
        return response.status, parsed(response)

    def code(self, method: str, path: str, value: Any = None) -> tuple[int, Any]:
        """Status and error code; the code is None when nothing was refused."""
        status, body = self.ask(method, path, value)
        error = (body or {}).get("ErrorInformation", {})
        return status, error.get("code", error.get("Code"))

    def customer(self, **fields: Any) -> dict[str, Any]:
        """A new customer, whole; its name is "Kund" unless given."""
        status, body = self.ask("POST", "/3/customers", {"Customer": {"Name": "Kund", **fields}})
        assert status == 201, body
        return dict(body["Customer"])

    def article(self, **fields: Any) -> dict[str, Any]:
        """A new article, whole; its description is "Vara" unless given."""
        status, body = self.ask("POST", "/3/articles", {"Article": {"Description": "Vara", **fields}})
        assert status == 201, body
        return dict(body["Article"])

    def keys(self, path: str) -> list[str]:
        """The numbers in a list answer, in its order."""
        status, body = self.ask("GET", path)
        assert status == 200, body
        (rows,) = (value for name, value in body.items() if name != "MetaInformation")
        names = ("CustomerNumber", "ArticleNumber", "ProjectNumber", "Code")
        return [next(str(row[name]) for name in names if name in row) for row in rows]
