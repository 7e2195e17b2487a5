"""Whether a voucher can be booked: what is said against it by what Fortnox shows (fortnox.md 15). Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from daemon.core.postings import Entry
from daemon.core.records import Problem
from daemon.systems.fortnox.period import inside

MANDATORY: Final = "MANDATORY"
FORBIDDEN: Final = "NOTALLOWED"
YEARS: Final = "Inställningar, Bokföring, Räkenskapsår"
SERIES: Final = "Inställningar, Bokföring, Verifikationsserier"
UNLOCK: Final = "unlock the period in Fortnox (Inställningar, Bokföring, Låst period); it is booked then"


class Year(NamedTuple):
    """A financial year: Fortnox's id of it, its first and its last day."""

    id: str
    first: str
    last: str

    def __str__(self) -> str:
        return f"{self.first} to {self.last}"


class Series(NamedTuple):
    """A voucher series of one year; only a manual one may be written to."""

    code: str
    title: str
    manual: bool


class Account(NamedTuple):
    """An account of one year's chart. `center` and `project` say what may or must be on its rows."""

    number: str
    title: str
    active: bool
    center: str = ""
    own_center: str = ""
    project: str = ""
    own_project: str = ""


class Center(NamedTuple):
    """A cost centre."""

    code: str
    title: str
    active: bool


def no_year(date: str) -> Problem:
    """REC22."""
    return Problem(
        code="REC22",
        what=f"no financial year holds the date {date}",
        where="Fortnox, financial years",
        todo=f"add the year in Fortnox ({YEARS}); it is booked then",
    )


def locked(date: str, end: str) -> Problem | None:
    """REC23 for a date in the period that is locked until `end`."""
    why = inside(date, end)
    return Problem(code="REC23", what=why, where="Fortnox, locked period", todo=UNLOCK) if why else None


def series(code: str, year: Year, known: Mapping[str, Series]) -> Problem | None:
    """CFG12 for a series that is not there, or not manual."""
    found, where = known.get(code), f"Fortnox, voucher series, year {year}"
    if found is None:
        return Problem(
            code="CFG12",
            what=f"there is no voucher series {code}",
            where=where,
            todo=f"add it for that year in Fortnox ({SERIES}) and tick Manuell kontering; it is booked then",
        )
    if found.manual:
        return None
    return Problem(
        code="CFG12",
        what=f"the voucher series {code} does not allow manual posting",
        where=where,
        todo=f"tick Manuell kontering for it in Fortnox ({SERIES}); it is booked then",
    )


def rows(
    entries: Sequence[Entry], year: Year, accounts: Mapping[str, Account], centers: Mapping[str, Center]
) -> Problem | None:
    """REC18 for accounts and cost centres that cannot be used, all of them at once."""
    faults = dict.fromkeys(
        fault
        for entry in entries
        for fault in (
            _account_fault(entry, accounts.get(entry.account)),
            _center_fault(entry, centers.get(entry.cost_center)),
        )
        if fault
    )
    if not faults:
        return None
    return Problem(
        code="REC18",
        what="; ".join(faults),
        where=f"Fortnox, chart of accounts and cost centres, year {year}",
        todo="see Kontoplan, Kostnadsställen in Fortnox, or cost_center_on in the config; it is booked then",
    )


def _account_fault(entry: Entry, account: Account | None) -> str:
    name = entry.account
    if account is None:
        return f"there is no account {name}" if name else "a row names no account"
    if not account.active:
        return f"the account {name} is inactive"
    if account.center == MANDATORY and not (entry.cost_center or account.own_center):
        return f"the account {name} demands a cost centre"
    if account.project == MANDATORY and not account.own_project:
        return f"the account {name} demands a project"
    if account.center == FORBIDDEN and entry.cost_center:
        return f"the account {name} takes no cost centre"
    return ""


def _center_fault(entry: Entry, center: Center | None) -> str:
    if not entry.cost_center:
        return ""
    if center is None:
        return f"there is no cost centre {entry.cost_center}"
    return "" if center.active else f"the cost centre {center.code} is inactive"
