"""Booking (fortnox.md 12.2, 12.5, 15): the year, the locked period and the number of the voucher."""

from __future__ import annotations

from typing import Any

from daemon.sandbox.fortnox.company import Company, Record
from daemon.sandbox.fortnox.errors import NO_FINANCIAL_YEAR, PERIOD_LOCKED, refusal

INVOICE_SERIES = "B"
PAYMENT_SERIES = "C"


def voucher(company: Company, series: str, date: str) -> dict[str, Any]:
    """
    The next voucher of `series` on `date`, as fields of what is booked.

    Refused without a financial year or in a locked period; the year is named by its id, not by the calendar.
    """
    year = _year(company, date)
    if company.locked_until is not None and date <= company.locked_until:
        raise refusal(PERIOD_LOCKED, date)
    company.vouchers[series, year] += 1
    number = company.vouchers[series, year]
    return {"Booked": True, "VoucherSeries": series, "VoucherNumber": number, "VoucherYear": year}


def _year(company: Company, date: str) -> int:
    for record in company.registers["financialyears"].records.values():
        if record.values["FromDate"] <= date <= record.values["ToDate"]:
            return int(record.values["Id"])
    raise refusal(NO_FINANCIAL_YEAR, date)


def change(company: Company, record: Record, switch: str = "", **changes: Any) -> None:
    """Write `changes` into a record; the stamp is raised unless `switch` says otherwise (22 no 3)."""
    record.values = {**record.values, **changes}
    if not switch or company.switches[switch]:
        record.modified = company.stamp()
