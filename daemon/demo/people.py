"""
Those who work in the systems: their own tokens and call budget, and the vendors' HTTP APIs.

Sources: fortnox.md 2.1, 5, 10-12 and 15; webcrm.md 2, 5, 7 and 9-11; dinkassa.md 2, 3 and 5.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import httpx2 as httpx

from daemon.demo.processes import Failed

TOO_MANY: Final = 429
ERRORS_FROM: Final = 400
CALM_S: Final = 1.0
TRIES: Final = 120  # two minutes: twice the longest window in which a vendor counts calls
ANSWER_S: Final = 60.0  # for a machine with much else to do
Record = dict[str, Any]


class People:
    """Seats in Fortnox, in webCRM, at the tills and the sandbox. Use it as a context manager."""

    def __init__(self, folder: Path) -> None:
        """Takes addresses and credentials from the `users.json` that the sandbox wrote."""
        self._users = json.loads((folder / "users.json").read_text("utf-8"))
        self._client = httpx.Client(trust_env=False, timeout=ANSWER_S)
        self._signed = {
            "fortnox": {"Authorization": f"Bearer {self._fortnox_token()}"},
            "webcrm": {"Authorization": f"Bearer {self._webcrm_token()}"},
            "eskassa": self._till_headers(),
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._client.close()

    # -------------------------------------------------------------- Fortnox

    def customers(self) -> list[Record]:
        """Every active customer, whole."""
        rows = self._fortnox("GET", "/customers", limit="500", filter="active")["Customers"]
        return [self._fortnox("GET", f"/customers/{row['CustomerNumber']}")["Customer"] for row in rows]

    def edit_customer(self, number: str, **fields: Any) -> None:
        """Change some fields."""
        self._fortnox("PUT", f"/customers/{number}", {"Customer": fields})

    def articles(self) -> list[Record]:
        """Every active article."""
        rows: list[Record] = self._fortnox("GET", "/articles", limit="500", filter="active")["Articles"]
        return rows

    def set_price(self, number: str, price: float) -> None:
        """Change an article's price in price list A."""
        self._fortnox("PUT", f"/prices/A/{number}/0", {"Price": {"Price": price}})

    def receive(self, number: str, quantity: float) -> None:
        """Goods arrive: the stock of an article is set to as much more."""
        article = self._fortnox("GET", f"/articles/{number}")["Article"]
        now = article["QuantityInStock"] + quantity
        self._fortnox("PUT", f"/articles/{number}", {"Article": {"QuantityInStock": now}})

    def edit_order(self, number: str, **fields: Any) -> None:
        """Change some fields."""
        self._fortnox("PUT", f"/orders/{number}", {"Order": fields})

    def invoice_order(self, number: str) -> str:
        """Make an invoice of an order; its number."""
        made = self._fortnox("PUT", f"/orders/{number}/createinvoice")
        return str(made["Invoice"]["DocumentNumber"])

    def book(self, number: str) -> None:
        """Book an invoice: from then on nothing changes it."""
        self._fortnox("PUT", f"/invoices/{number}/bookkeep")

    def _fortnox(self, method: str, path: str, body: Any = None, **query: str) -> Any:
        return self._ask("fortnox", method, f"/3{path}", body, query)

    # -------------------------------------------------------------- webCRM

    def organisations(self) -> list[Record]:
        """Every organisation."""
        rows: list[Record] = self._webcrm("GET", "/Organisations", Page="1", Size="1000")
        return rows

    def new_organisation(self, **fields: Any) -> None:
        """Make an organisation of a type that takes part."""
        body = {"OrganisationId": 0, "OrganisationType": "Kund – Företag", **_prefixed(fields)}
        self._webcrm("POST", "/Organisations", body)

    def edit_organisation(self, number: str, **fields: Any) -> None:
        """Change some fields of the organisation with that customer number."""
        key = self._organisation_id(number)
        self._webcrm("PUT", f"/Organisations/{key}", {"OrganisationId": key, **_prefixed(fields)})

    def _organisation_id(self, number: str) -> int:
        (found,) = (row for row in self.organisations() if row["OrganisationExtraCustom1"] == number)
        return int(found["OrganisationId"])

    def catalogue(self) -> dict[str, Record]:
        """The catalogue's items by article number."""
        items = self._webcrm("GET", "/QuotationLines/LinkedData")
        return {item["QuotationLineLinkedDataItemData1"]: item for item in items}

    def new_delivery(self, number: str, lines: Sequence[Record], **fields: Any) -> int:
        """Make a delivery with its lines for the organisation with that customer number; its id."""
        organisation = self._organisation_id(number)
        head = {"Id": 0, "OrganisationId": organisation, **fields}
        key = int(self._webcrm("POST", "/Deliveries", _prefixed(head, "Delivery")))
        ends = {"Id": 0, "OpportunityId": key, "OrganisationId": organisation}
        for place, line in enumerate(lines, start=1):
            body = {**ends, "SortOrder": place * 10, **line}
            self._webcrm("POST", "/QuotationLines", _prefixed(body, "QuotationLine"))
        return key

    def edit_line(self, key: int, **fields: Any) -> None:
        """Change some fields of a delivery's line."""
        body = _prefixed({"Id": key, **fields}, "QuotationLine")
        self._webcrm("PUT", f"/QuotationLines/{key}", body)

    def deliveries(self) -> list[Record]:
        """Every delivery, without its lines."""
        rows: list[Record] = self._webcrm("GET", "/Deliveries", Page="1", Size="1000")
        return rows

    def lines(self, delivery: int) -> list[Record]:
        """A delivery's lines in their order."""
        path = f"/Deliveries/{delivery}/QuotationLines"
        rows: list[Record] = self._webcrm("GET", path, Page="1", Size="1000")
        return sorted(rows, key=lambda row: int(row["QuotationLineSortOrder"]))

    def _webcrm(self, method: str, path: str, body: Any = None, **query: str) -> Any:
        return self._ask("webcrm", method, path, body, query)

    # -------------------------------------------------------------- the tills

    def items(self) -> list[Record]:
        """Every article of the tills."""
        rows: list[Record] = self._tills("/inventoryitem", offset="0", fetch="200")["Items"]
        return rows

    def reports(self) -> list[Record]:
        """Every Z-report of today, of all registers."""
        today = time.strftime("%Y-%m-%d")
        days = {"startDate": today, "endDate": today}
        path = "/reports/download-z-report-by-date/json"
        machines = [machine["Id"] for machine in self._tills("/machine")["Items"]]
        return [
            each for machine in machines for each in self._tills(path, machineId=machine, **days)["ZReports"]
        ]

    def at_till(self, verb: str, **body: Any) -> None:
        """Somebody does something at a till."""
        self._control(f"eskassa/{verb}", body)

    def _tills(self, path: str, **query: str) -> Any:
        return self._ask("eskassa", "GET", f"/api{path}", None, query)

    # -------------------------------------------------------------- the sandbox

    def fortnox_screen(self, kind: str) -> list[Record]:
        """All "customers", "orders" or "invoices" as Fortnox' own screens show them: costs no calls."""
        rows: list[Record] = self._control("fortnox/look", {"kind": kind})
        return rows

    def spoil(self, **fault: Any) -> None:
        """Have coming requests go wrong, as `GET /_sandbox/help` describes."""
        self._control("faults", fault)

    def _control(self, path: str, body: Record) -> Any:
        return _sound(self._client.post(f"{self._users['sandbox']['url']}/{path}", json=body))

    # -------------------------------------------------------------- asking

    def _ask(self, system: str, method: str, path: str, body: Any, query: dict[str, str]) -> Any:
        headers = {**self._signed[system], "Accept": "application/json"}
        url = f"{self._users[system]['url']}{path}"
        for _ in range(TRIES):
            answer = self._client.request(method, url, params=query, json=body, headers=headers)
            if answer.status_code != TOO_MANY:
                break
            time.sleep(CALM_S)
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

    def _till_headers(self) -> dict[str, str]:
        user = self._users["eskassa"]
        names = {"MachineId": "machine_id", "MachineKey": "machine_key", "IntegratorId": "integrator_id"}
        return {header: user[name] for header, name in names.items()}

    def _webcrm_token(self) -> str:
        user = self._users["webcrm"]
        answer = self._client.post(f"{user['url']}/Auth/ApiLogin", data={"authCode": user["auth_code"]})
        return str(_sound(answer)["AccessToken"])


def _sound(answer: httpx.Response) -> Any:
    if answer.status_code >= ERRORS_FROM:
        where = f"{answer.request.method} {answer.request.url.path}"
        raise Failed(f"{where} was answered with {answer.status_code}: {answer.text[:200]}")
    return answer.json() if answer.content else None


def _prefixed(fields: Record, prefix: str = "Organisation") -> Record:
    return {f"{prefix}{name}": value for name, value in fields.items()}


class View:
    """What can be seen at one moment; each part is fetched when it is first looked at."""

    def __init__(self, people: People, status: Record) -> None:
        """`status` is the daemon's own."""
        self._people, self._status = people, status

    @cached_property
    def customers(self) -> dict[str, Record]:
        """Fortnox' customers by number."""
        return {str(row["CustomerNumber"]): row for row in self._people.fortnox_screen("customers")}

    @cached_property
    def organisations(self) -> dict[str, Record]:
        """webCRM's organisations by customer number; those without one under ""."""
        return {row["OrganisationExtraCustom1"]: row for row in self._people.organisations()}

    @cached_property
    def catalogue(self) -> dict[str, Record]:
        """webCRM's catalogue by article number."""
        return self._people.catalogue()

    @cached_property
    def orders(self) -> dict[str, Record]:
        """Fortnox' orders by number."""
        return {str(row["DocumentNumber"]): row for row in self._people.fortnox_screen("orders")}

    @cached_property
    def invoices(self) -> dict[str, Record]:
        """Fortnox' invoices by number."""
        return {str(row["DocumentNumber"]): row for row in self._people.fortnox_screen("invoices")}

    @cached_property
    def deliveries(self) -> dict[int, Record]:
        """webCRM's deliveries by id."""
        return {int(row["DeliveryId"]): row for row in self._people.deliveries()}

    @cached_property
    def articles(self) -> dict[str, Record]:
        """Fortnox' active articles by number."""
        rows = self._people.fortnox_screen("articles")
        return {str(row["ArticleNumber"]): row for row in rows if row["Active"]}

    @cached_property
    def stock(self) -> dict[str, float]:
        """What Fortnox has of each article."""
        return {number: row["QuantityInStock"] for number, row in self.articles.items()}

    @cached_property
    def vouchers(self) -> list[Record]:
        """Fortnox' vouchers."""
        return self._people.fortnox_screen("vouchers")

    @cached_property
    def items(self) -> dict[str, Record]:
        """The tills' articles by number."""
        return {row["ProductCode"]: row for row in self._people.items()}

    def lines(self, delivery: int) -> list[Record]:
        """A delivery's lines in their order."""
        return self._people.lines(delivery)

    @property
    def reload(self) -> Record:
        """The daemon's last reload."""
        return dict(self._status["config"]["reload"])

    @property
    def state(self) -> str:
        """The state of webCRM's connector."""
        return str(self._connector["state"])

    @property
    def parked(self) -> int:
        """How many of its records wait for a person."""
        return int(self._connector["counts"]["parked"])

    @property
    def unknown(self) -> int:
        """How many of its writes have an unknown outcome."""
        return int(self._connector["counts"]["unknown"])

    @property
    def _connector(self) -> Record:
        return next(row for row in self._status["connectors"] if row["kind"] == "webcrm")
