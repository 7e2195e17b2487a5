"""What the judge of tills knows of reports, vouchers and the calendar: read from the vendors' own words."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from daemon.core.stockholm import ZONE
from daemon.sandbox.eskassa.auth import MACHINES
from daemon.sandbox.fortnox.company import Record

SERIES: Final = {1: "K", 2: "K", 3: "L", 4: "M"}  # of each register
EASTER: Final = {
    2025: (4, 20), 2026: (4, 5), 2027: (3, 28), 2028: (4, 16), 2029: (4, 1), 2030: (4, 21), 2031: (4, 13),
    2032: (3, 28), 2033: (4, 17), 2034: (4, 9), 2035: (3, 25), 2036: (4, 13), 2037: (4, 5), 2038: (4, 25),
}  # fmt: skip
HOLIDAYS: Final = ("01-01", "01-06", "05-01", "06-06", "12-24", "12-25", "12-26", "12-31")
FRIDAY, SATURDAY = 4, 5
JUNE: Final = 6

Key = tuple[int, int]  # register, Z number
Place = tuple[str, int, int]  # series, voucher number, year


def name(key: Key) -> str:
    """As people call it: K1:17."""
    return f"K{key[0]}:{key[1]}"


def listed_as(key: Key) -> str:
    """The key under which the daemon lists it."""
    return f"partner:{MACHINES[key[0] - 1]}/{key[1]:09d}"


def key_of(text: str) -> Key | None:
    """The report that a key of the daemon names."""
    machine, _, number = text.partition(":")[2].partition("/")
    return (MACHINES.index(machine) + 1, int(number)) if machine in MACHINES else None


def place_of(record: Record) -> Place:
    """Where a voucher is."""
    values = record.values
    return values["VoucherSeries"], int(values["VoucherNumber"]), int(values["Year"])


def sums(told: Mapping[str, Any]) -> dict[str, int]:
    """The sums of a report by account, in öre."""
    found: Counter[str] = Counter()
    for row in told["Accounts"]:
        found[row["Number"]] += int(Decimal(str(row["Amount"])) * 100)
    return {account: amount for account, amount in sorted(found.items()) if amount}


def turnover(by_account: Mapping[str, int]) -> int:
    """What a report comes to: all that is debited, in öre."""
    return sum(amount for amount in by_account.values() if amount > 0)


def rows_of(rows: Any) -> dict[str, int]:
    """The sums of a voucher by account, in öre, debit positive; what was struck does not count."""
    found: Counter[str] = Counter()
    for row in rows:
        if not row["Removed"]:
            found[str(row["Account"])] += int(
                (Decimal(str(row["Debit"])) - Decimal(str(row["Credit"]))) * 100
            )
    return {account: amount for account, amount in sorted(found.items()) if amount}


def due_at(day: dt.date) -> dt.datetime:
    """12:00 of the first working day after a day, by a calendar of the judge's own."""
    day += dt.timedelta(days=1)
    while not _works(day):
        day += dt.timedelta(days=1)
    return dt.datetime.combine(day, dt.time(12), ZONE).astimezone(dt.UTC)


def _works(day: dt.date) -> bool:
    easter = dt.date(day.year, *EASTER[day.year])
    midsummer_eve = day.month == JUNE and day.weekday() == FRIDAY and 19 <= day.day <= 25
    moved = (day - easter).days in (-2, 1, 39)
    return day.weekday() < SATURDAY and not (moved or midsummer_eve or f"{day:%m-%d}" in HOLIDAYS)
