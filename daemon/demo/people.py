"""
Those who work in both systems: their own tokens and call budget, and the vendors' HTTP APIs.

Sources: fortnox.md 2.1, 5 and 10; webcrm.md 2, 5, 7 and 11.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import httpx2 as httpx

from daemon.demo.processes import Failed

TOO_MANY: Final = 429
ERRORS_FROM: Final = 400
CALM_S: Final = 1.0
Record = dict[str, Any]


class People:
    """One seat in Fortnox, one in webCRM, and the sandbox's own screen. Use it as a context manager."""

    def __init__(self, folder: Path) -> None:
        """Takes addresses and credentials from the `users.json` that the sandbox wrote."""
        self._users = json.loads((folder / "users.json").read_text("utf-8"))
        self._client = httpx.Client(trust_env=False)
        self._tokens = {"fortnox": self._fortnox_token(), "webcrm": self._webcrm_token()}

    def __enter__(self) -> People:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._client.close()

    # -------------------------------------------------------------- Fortnox

    def fortnox(self, method: str, path: str, body: Any = None, **query: str) -> Any:
        """One request below /3; the decoded answer."""
        return self._ask("fortnox", method, f"/3{path}", body, query)

    def customers(self) -> list[Record]:
        """Every active customer, whole."""
        rows = self.fortnox("GET", "/customers", limit="500", filter="active")["Customers"]
        return [self.customer(row["CustomerNumber"]) for row in rows]

    def customer(self, number: str) -> Record:
        """One customer, whole."""
        found: Record = self.fortnox("GET", f"/customers/{number}")["Customer"]
        return found

    def number_of(self, name: str) -> str:
        """The number of the customer of that name, "" when there is none."""
        rows = self.fortnox("GET", "/customers", name=name)["Customers"]
        return next((str(row["CustomerNumber"]) for row in rows if row["Name"] == name), "")

    def edit_customer(self, number: str, **fields: Any) -> None:
        """Change some fields."""
        self.fortnox("PUT", f"/customers/{number}", {"Customer": fields})

    def articles(self) -> list[Record]:
        """Every active article."""
        rows: list[Record] = self.fortnox("GET", "/articles", limit="500", filter="active")["Articles"]
        return rows

    # -------------------------------------------------------------- webCRM

    def webcrm(self, method: str, path: str, body: Any = None, **query: str) -> Any:
        """One request; the decoded answer."""
        return self._ask("webcrm", method, path, body, query)

    def organisations(self) -> list[Record]:
        """Every organisation."""
        rows: list[Record] = self.webcrm("GET", "/Organisations", Page="1", Size="1000")
        return rows

    def organisation(self, number: str) -> Record:
        """The organisation with that customer number, {} when there is none."""
        rows = self.organisations()
        return next((row for row in rows if row["OrganisationExtraCustom1"] == number), {})

    def new_organisation(self, **fields: Any) -> None:
        """Make an organisation of a kind that takes part."""
        body = {"OrganisationId": 0, "OrganisationType": "Kund – Företag", **_prefixed(fields)}
        self.webcrm("POST", "/Organisations", body)

    def edit_organisation(self, number: str, **fields: Any) -> None:
        """Change some fields of the organisation with that customer number."""
        key = self.organisation(number)["OrganisationId"]
        self.webcrm("PUT", f"/Organisations/{key}", {"OrganisationId": key, **_prefixed(fields)})

    def catalogue(self) -> dict[str, Record]:
        """The catalogue's items by article number."""
        items = self.webcrm("GET", "/QuotationLines/LinkedData")
        return {item["QuotationLineLinkedDataItemData1"]: item for item in items}

    # -------------------------------------------------------------- the sandbox

    def spoil(self, **fault: Any) -> None:
        """Have coming requests go wrong, as `GET /_sandbox/help` describes."""
        answer = self._client.post(f"{self._users['sandbox']['url']}/faults", json=fault)
        _sound(answer)

    # -------------------------------------------------------------- asking

    def _ask(self, system: str, method: str, path: str, body: Any, query: dict[str, str]) -> Any:
        headers = {"Authorization": f"Bearer {self._tokens[system]}", "Accept": "application/json"}
        url = f"{self._users[system]['url']}{path}"
        answer = self._client.request(method, url, params=query, json=body, headers=headers)
        while answer.status_code == TOO_MANY:
            time.sleep(CALM_S)
            answer = self._client.request(method, url, params=query, json=body, headers=headers)
        return _sound(answer)

    def _fortnox_token(self) -> str:
        user = self._users["fortnox"]
        answer = self._client.post(
            user["token_url"],
            data={"grant_type": "client_credentials"},
            headers={"TenantId": user["tenant_id"]},
            auth=(user["client_id"], user["client_secret"]),
        )
        return str(_sound(answer)["access_token"])

    def _webcrm_token(self) -> str:
        user = self._users["webcrm"]
        answer = self._client.post(f"{user['url']}/Auth/ApiLogin", data={"authCode": user["auth_code"]})
        return str(_sound(answer)["AccessToken"])


def _sound(answer: httpx.Response) -> Any:
    if answer.status_code >= ERRORS_FROM:
        where = f"{answer.request.method} {answer.request.url.path}"
        raise Failed(f"{where} was answered with {answer.status_code}: {answer.text[:200]}")
    return answer.json() if answer.content else None


def _prefixed(fields: Record) -> Record:
    return {f"Organisation{name}": value for name, value in fields.items()}
