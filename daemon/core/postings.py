"""
What becomes a voucher: its rows as one value, that they balance, when it is due, what is missing. Pure.

Amounts are whole öre; debit is positive, credit negative, as in SIE.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Final
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from daemon.core.documents import kronor
from daemon.core.records import Value
from daemon.core.workdays import next_working_day

KIND: Final = "posting"
MISSING: Final = "ZRP02"  # what a number that was passed over is parked under
DUE_AT: Final = dt.time(12)  # decision 15: the alarm of the next working day
STOCKHOLM: Final = ZoneInfo("Europe/Stockholm")
RESULT: Final = range(3000, 9000)  # accounts of income and cost
ACCOUNTS: Final = range(1000, 10_000)  # fortnox.md 15
ACCOUNT_DIGITS: Final = 4


class Entry(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One row of a voucher. `account` is "" where the source names none; `text` says more than it."""

    account: str = ""
    amount: int = 0
    text: str = ""
    cost_center: str = ""


def packed(entries: Iterable[Entry]) -> Value:
    """Entries as one value of a record, rows of nothing left out; None for no entries."""
    kept = [entry for entry in entries if entry.amount]
    return msgspec.json.encode(kept).decode() if kept else None


def unpacked(value: Value) -> tuple[Entry, ...]:
    """The entries in a value that `packed` made."""
    return msgspec.json.decode(str(value), type=tuple[Entry, ...]) if value else ()


def balance(entries: Iterable[Entry]) -> int:
    """Debit less credit, in öre: 0 when they agree."""
    return sum(entry.amount for entry in entries)


def turnover(entries: Iterable[Entry]) -> int:
    """The sum of the debit side, in öre."""
    return sum(entry.amount for entry in entries if entry.amount > 0)


# ------------------------------------------------------------------ what is booked


def translated(entries: Iterable[Entry], accounts: Mapping[str, str]) -> tuple[Entry, ...]:
    """Entries under other account numbers; what is no number of an account may have one too."""
    return tuple(
        msgspec.structs.replace(entry, account=accounts.get(entry.account, entry.account))
        for entry in entries
    )


def centred(entries: Iterable[Entry], cost_center: str, *, on_all: bool) -> tuple[Entry, ...]:
    """Entries with a cost centre, "" for none, on all of them or on income and cost alone."""
    return tuple(
        msgspec.structs.replace(entry, cost_center=cost_center)
        if on_all or is_account(entry.account, RESULT)
        else entry
        for entry in entries
    )


def is_account(text: str, among: range = ACCOUNTS) -> bool:
    """Whether a text is the number of an account."""
    return len(text) == ACCOUNT_DIGITS and text.isascii() and text.isdigit() and int(text) in among


def rounded(entries: tuple[Entry, ...], limit: int, account: str) -> tuple[Entry, ...]:
    """Entries with a row on `account` that makes them balance, where at most `limit` öre are lacking."""
    off = balance(entries)
    if not off or abs(off) > limit:
        return entries
    return (*entries, Entry(account=account, amount=-off, text="Öresavrundning"))


def told(value: Value) -> Value:
    """Entries as a person reads them: `1910 1250.00, 3001 -1000.00`."""
    return ", ".join(f"{each.account or '?'} {kronor(each.amount)}" for each in unpacked(value)) or None


# ------------------------------------------------------------------ when, and which


def due(day: dt.date) -> dt.datetime:
    """When it is told that the sales of `day` are not booked: 12:00 of the next working day, in UTC."""
    return dt.datetime.combine(next_working_day(day), DUE_AT, STOCKHOLM).astimezone(dt.UTC)


def numbered(group: str, number: int) -> str:
    """The id of a report: reports of one register sort by their number."""
    return f"{group}/{number:09d}"


def passed_over(before: str, after: str) -> tuple[str, ...]:
    """The ids between two reports of one register, none of which was seen."""
    (group, _, first), (_, _, last) = before.rpartition("/"), after.rpartition("/")
    if not (first.isdigit() and last.isdigit()):
        return ()
    return tuple(numbered(group, number) for number in range(int(first) + 1, int(last)))
