"""
A shop with tills: the pretend ES Kassasystem and Fortnox, people at the tills and in the office, the daemon.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from daemon.core.stockholm import ZONE
from daemon.events import Events
from tests.town import Town

MACHINE, KEY = "bbbbbbbb-0000-4000-8000-000000000001", "0123456789abcdef0123456789abcdef"
PEOPLE = "aaaaaaaa-0000-4000-8000-000000000002"
STARTS = "2026-11-01"  # of the connector
OFF = {"reports": "false", "invoices": "false", "customers": "false", "articles": "false"}


class Shop(Town):
    """The daemon between Fortnox and the tills; `boxes` are those of the vendor's form that are ticked."""

    kind = "eskassa"

    def __init__(self, folder: Path, *boxes: str, **keys: Any) -> None:
        super().__init__(folder)
        tills = self.config_path.read_text("utf-8")
        for box in OFF.keys() - set(boxes):
            tills = tills.replace(f"{box} = true", f"{box} = false", 1)
        if "invoices" not in boxes:
            tills = re.sub(r"^(payment_terms|master|invoice_sales) = .*\n", "", tills, flags=re.MULTILINE)
        tills = re.sub(r"^(reports_from|invoices_from) = .*\n", "", tills, flags=re.MULTILINE)
        tills = tills.replace('start = "2000-01-01"', f'start = "{STARTS}"', 1)
        self.config_path.write_text(tills, "utf-8")
        self.set(**keys)
        self.people.act("fortnox", "add_series", code="K", manual=True)
        self.told: list[tuple[str, dict[str, Any]]] = []  # what the daemon cried out
        self.events = Events(self._hear)

    def _hear(self, level: str, name: str, fields: Mapping[str, Any]) -> None:
        if level == "error":
            self.told.append((name, dict(fields)))

    def alarms(self, name: str) -> list[str]:
        """The keys of what was told under this name, each as `register/number`."""
        return [told["key"].partition(":")[2] for event, told in self.told if event == name]

    def metric(self, name: str) -> float:
        """A gauge of the connector, as Prometheus reads it."""
        assert self.events
        (line,) = re.findall(rf"^fortnox_syncd_{name}{{.*}} (.*)$", self.events.text().decode(), re.MULTILINE)
        return float(line)

    def set(self, **keys: Any) -> None:
        """Set keys of the connector's section, also such as are there; None takes one away."""
        top, section, connector = self.config_path.read_text("utf-8").partition("[connector.")
        for key in keys:
            connector = re.sub(rf"^{key} = .*\n", "", connector, flags=re.MULTILINE)
        self.config_path.write_text(f"{top}{section}{connector}", "utf-8")
        super().set(**{key: value for key, value in keys.items() if value is not None})

    # -------------------------------------------------------------- at the tills

    def till(self, verb: str, **body: Any) -> Any:
        """Somebody does something at a till."""
        return self.people.act("eskassa", verb, **body)

    def new_item(self, code: str, price: float = 100.0, vat: int = 25, stock: float = 0) -> Any:
        """An article that is made at the till."""
        category = self.category()
        fields = {
            "BarCode": f"73{code}",
            "ProductCode": code,
            "Description": f"Vara {code}",
            "PriceIncludingVat": price,
            "VatPercentage": vat,
            "CategoryId": category,
            "QuantityInStockCurrent": stock,
        }
        return self.till("create_item", fields=fields)

    def category(self) -> str:
        """The id of the shop's category."""
        found = self.tills("GET", "/category", fetch="100")["Items"]
        if found:
            return str(found[0]["Id"])
        return str(self.tills("POST", "/category", {"Item": {"Name": "Butik"}})["Item"]["Id"])

    def tills(self, method: str, path: str, body: Any = None, **query: str) -> Any:
        """A person's own program asks dinkassa.se; the decoded answer."""
        self.clock.passed_s += 1.0
        headers = {"machineid": MACHINE, "machinekey": KEY, "integratorid": PEOPLE}
        response = self.people._send("eskassa", method, f"/api{path}", body, headers, query)
        assert response.status < 400, response.body
        return json.loads(response.body) if response.body else None

    def items(self) -> dict[str, dict[str, Any]]:
        """The tills' articles by their number."""
        found = self.tills("GET", "/inventoryitem", fetch="200")["Items"]
        return {item["ProductCode"]: item for item in found}

    def stock(self, code: str) -> tuple[float, float]:
        """What Fortnox and the tills have of an article."""
        article = self.people.fortnox("GET", f"/3/articles/{code}")["Article"]
        return article["QuantityInStock"], self.items()[code]["QuantityInStockCurrent"]

    def local(self) -> dt.datetime:
        """What the clock on the wall shows."""
        return self.clock.now().astimezone(ZONE)

    def until(self, text: str) -> None:
        """Let time pass until the clock on the wall shows this."""
        left = dt.datetime.fromisoformat(text).replace(tzinfo=ZONE) - self.clock.now()
        assert left >= dt.timedelta(0), f"{text} is over"
        self.wait(seconds=left.total_seconds())

    def day(self, code: str = "A", register: int = 1, quantity: float = 1, **at: str) -> Any:
        """One sale by card, and the day is closed; `at` another time than now."""
        goods = [{"product_code": code, "quantity": quantity}]
        self.till("sell", register=register, items=goods, payment="card", **at)
        return self.till("close_day", register=register, **at)

    # -------------------------------------------------------------- in the office

    def vouchers(self, series: str = "K", day: str = "") -> list[dict[str, Any]]:
        """The vouchers of a series in the year of a day, today's unless said, whole, by number."""
        year = self.year(day)
        query = {"limit": "500", "financialyear": year}
        found = self.people.fortnox("GET", f"/3/vouchers/sublist/{series}", **query)
        return [self.voucher(row["VoucherNumber"], series, year) for row in found["Vouchers"]]

    def voucher(self, number: int, series: str = "K", year: str = "") -> dict[str, Any]:
        """One voucher."""
        path = f"/3/vouchers/{series}/{number}"
        return self.people.fortnox("GET", path, financialyear=year or self.year())["Voucher"]

    def year(self, day: str = "") -> str:
        """The id of the year of a day, today's unless said."""
        day = day or self.local().date().isoformat()
        (found,) = self.people.fortnox("GET", "/3/financialyears", date=day)["FinancialYears"]
        return str(found["Id"])
