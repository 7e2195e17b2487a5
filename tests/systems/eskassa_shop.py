"""A shop's database as the adapter meets it: answers in ES Kassasystem's envelopes, and a system on them."""

from __future__ import annotations

import datetime as dt
from urllib.parse import parse_qsl

import msgspec

from daemon.core.records import Lane
from daemon.systems.eskassa.system import Eskassa
from tests.systems.fakes import FakeClock, FakeGrant, FakeHttp, FakeIds, reply

FIRST_DAY = dt.date(2026, 9, 1)
ONCE = "0123456789abcdef0123456789abcdef"
KEY = {"requestKey": "01234567-89ab-cdef-0123-456789abcdef"}
MACHINE = "bbbbbbbb-0000-4000-8000-000000000001"
REPORTS = "GET /reports/download-z-report-by-date/json"
COFFEE = {
    "Id": "981276543210987654",
    "BarCode": "7310000000017",
    "BarCode2": "7310000000018",
    "ProductCode": "1001",
    "ExternalProductCode": None,
    "Description": "Kaffe 500 g",
    "PriceIncludingVat": 59.0,
    "PickupPriceIncludingVat": 55.5,
    "VatPercentage": 6,
    "QuantityInStockCurrent": 9,
    "CategoryId": "123456789012345678",
    "CategoryName": "Mat",
    "SupplierName": "Rosteriet",
    "VisibleOnSalesMenu": True,
    "ButtonColorHex": "#fff",
    "CreatedDateTime": "2026-01-02T09:00:00",
    "LastModifiedDateTime": "2026-07-02T09:00:00.123",
}
NUMBER = COFFEE["Id"]


def item(number=NUMBER, **fields):
    """An article as it is shown."""
    return {**COFFEE, "Id": number, **fields}


def listed(*items, total=None):
    """A page of a list."""
    whole = len(items) if total is None else total
    return reply(200, {"ItemCountFetched": len(items), "ItemCountTotal": whole, "Items": list(items)})


def shown(payload):
    """One record."""
    return reply(200, {"Item": payload})


def machines(*names, heard_at="2026-11-20T12:55:00"):
    """The list of registers, which has no total."""
    rows = [
        {"Id": f"{MACHINE[:-1]}{place}", "Name": name, "LastConnection": heard_at}
        for place, name in enumerate(names, 1)
    ]
    return reply(200, {"ItemCountFetched": len(rows), "Items": rows})


def paged(rows, fetch_max=200):
    """Answers to a list of `rows`, which may change between two pages."""

    def answer(sent):
        offset, fetch = int(sent.query["offset"]), int(sent.query["fetch"])
        assert fetch <= fetch_max
        return listed(*rows[offset : offset + fetch], total=len(rows))

    return answer


class ShopHttp(FakeHttp):
    """Forms are kept apart: the fakes read bodies as JSON."""

    def __init__(self):
        super().__init__()
        self.forms = []

    async def send(self, request):
        if "urlencoded" in request.headers.get("Content-Type", ""):
            self.forms.append(dict(parse_qsl(request.body.decode())))
            request = msgspec.structs.replace(request, body=None)
        return await super().send(request)


class Shop:
    """A system, and what is behind it."""

    def __init__(self, **settings):
        self.http, self.clock = ShopHttp(), FakeClock()
        self.grant, self.report_grant = FakeGrant(), FakeGrant()
        self.http["GET /machine"] = machines("Kassa 1")
        self.system = Eskassa(
            http=self.http,
            grant=self.grant,
            clock=self.clock,
            ids=FakeIds(),
            base_url="http://127.0.0.1:1",
            **{"account": "test", "first_day": FIRST_DAY, "report_grant": self.report_grant, **settings},
        )

    async def pages(self, kind, since=None, *, only_changed=False):
        """A whole reading."""
        reading = self.system.read(kind, since, Lane.READ, only_changed=only_changed)
        return [page async for page in reading]

    async def rows(self, kind, since=None, *, only_changed=False):
        """Every row of a reading."""
        return [row for page in await self.pages(kind, since, only_changed=only_changed) for row in page.rows]

    def asked(self, name):
        """How often something was asked."""
        return len(self.http.named(name))
