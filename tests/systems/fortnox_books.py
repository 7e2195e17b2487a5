"""A scripted Fortnox with books and articles: answers as fortnox.md 5, 7 and 15 record them."""

from __future__ import annotations

import datetime as dt

from daemon.systems.fortnox.system import Fortnox
from tests.systems.fakes import FakeClock, FakeGrant, FakeHttp, FakeIds, reply

COMPANY = {"CompanyInformation": {"CompanyName": "Test AB", "DatabaseNumber": 1234567}}
SINCE = dt.datetime(2026, 11, 20, 10, 15, 30, tzinfo=dt.UTC)
YEARS = [
    {"Id": 4, "FromDate": "2025-01-01", "ToDate": "2025-12-31"},
    {"Id": 5, "FromDate": "2026-01-01", "ToDate": "2026-12-31"},
]
SERIES = [
    {"Code": "A", "Description": "Redovisning", "Manual": True, "Year": 5},
    {"Code": "B", "Description": "Fakturor", "Manual": False, "Year": 5},
    {"Code": "K", "Description": "Kassa", "Manual": True, "Year": 5},
]
CENTERS = [
    {"Code": "UME", "Description": "Umeå", "Active": True},
    {"Code": "OLD", "Description": "Gammalt", "Active": False},
]


def account(number, center="ALLOWED", **more):
    """A row of the chart of accounts."""
    return {
        "Number": number,
        "Description": f"Konto {number}",
        "Active": True,
        "CostCenter": "",
        "CostCenterSettings": center,
        "Year": 5,
        **more,
    }


ACCOUNTS = [
    account(1910),
    account(2611, "NOTALLOWED"),
    account(3001),
    account(3002, "MANDATORY"),
    account(3003, "MANDATORY", CostCenter="UME"),
    account(3004, Active=False),
]


def listed(name, rows, total=None, pages=1):
    """A page of a list."""
    meta = {"@TotalResources": len(rows) if total is None else total, "@TotalPages": pages, "@CurrentPage": 1}
    return reply(200, {"MetaInformation": meta, name: rows})


def refusal(code, status=400):
    """A refusal as the classic API spells it."""
    return reply(status, {"ErrorInformation": {"error": 1, "message": "Nej.", "code": code}})


class Office:
    """The adapter in front of a scripted Fortnox."""

    def __init__(self):
        self.http, self.clock = FakeHttp(), FakeClock()
        self.http.answers |= {
            "GET /3/companyinformation": reply(200, COMPANY),
            "GET /3/financialyears": listed("FinancialYears", YEARS),
            "GET /3/settings/lockedperiod": reply(200, {"LockedPeriod": {"EndDate": "2026-01-31"}}),
            "GET /3/voucherseries": listed("VoucherSeriesCollection", SERIES),
            "GET /3/accounts": listed("Accounts", ACCOUNTS),
            "GET /3/costcenters": listed("CostCenters", CENTERS),
            "GET /api/warehouse/tenants-v4": reply(200, {"tenantId": 1234567, "activated": False}),
        }
        self.system = Fortnox(
            http=self.http,
            grant=FakeGrant(),
            clock=self.clock,
            ids=FakeIds(),
            tenant_id="1234567",
            base_url="http://127.0.0.1:1",
        )

    def asked(self):
        """What was sent since the last time, but for the proof of the company."""
        sent = [repr(each) for each in self.http.sent if each.path != "/3/companyinformation"]
        self.http.sent.clear()
        return sent

    async def pages(self, kind, since=None, **more):
        """All pages of a reading."""
        return [page async for page in self.system.read(kind, since, 2, **more)]

    async def rows(self, kind, since=None, **more):
        """All rows of a reading, by id."""
        return {row.id: row for page in await self.pages(kind, since, **more) for row in page.rows}
