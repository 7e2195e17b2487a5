"""An office with a series K and a cost centre, and short words for its vouchers."""

from __future__ import annotations

from typing import Any

from tests.sandbox.fortnox_office import Office

DAY = "2026-03-02"
CASH = {"Account": 1910, "Debit": 125}
SALE = {"Account": 3001, "Credit": 100}
VAT = {"Account": 2611, "Credit": 25}
ROWS = [CASH, SALE, VAT]
LAST, THIS = 1, 2  # the ids of the years 2025 and 2026


class Ledger(Office):
    """A company with settings only, series K in both years and the cost centre UME."""

    def __init__(self, **switches: Any) -> None:
        super().__init__(access_token_s=10**9, **switches)
        for year in (LAST, THIS):
            self.act("add_series", code="K", description="Dagskassor", year=year)
        self.act("create", kind="costcenters", fields={"Code": "UME", "Description": "Umeå"})

    def act(self, verb: str, **body: Any) -> Any:
        """What a person does."""
        return self.fortnox.act(verb, body)

    def post(self, year: int | None = THIS, **fields: Any) -> tuple[int, Any]:
        """Status and body of a new voucher: a day's takings in K unless told otherwise."""
        sent = {"Description": "Dagskassa", "VoucherSeries": "K", "TransactionDate": DAY, "VoucherRows": ROWS}
        query = "" if year is None else f"?financialyear={year}"
        return self.ask("POST", f"/3/vouchers{query}", {"Voucher": {**sent, **fields}})

    def voucher(self, year: int | None = THIS, **fields: Any) -> dict[str, Any]:
        """A new voucher, whole."""
        status, body = self.post(year, **fields)
        assert status == 201, body
        return dict(body["Voucher"])

    def refused(self, year: int | None = THIS, **fields: Any) -> int:
        """The code that refuses a new voucher."""
        status, body = self.post(year, **fields)
        assert status == 400, body
        return int(body["ErrorInformation"]["code"])

    def listed(self, query: str = "") -> list[tuple[str, int]]:
        """Series and number of the vouchers in a list, in its order."""
        status, body = self.ask("GET", f"/3/vouchers{query}")
        assert status == 200, body
        return [(row["VoucherSeries"], row["VoucherNumber"]) for row in body["Vouchers"]]
