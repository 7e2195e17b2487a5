"""
Z-reports and vouchers: what a voucher is made of, and why a report is held. Pure.

Sources: row K2, decisions 13, 15, 44 and 45, dinkassa.md 5.3 and 7.1, swedish-accounting.md 3 and 6.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from msgspec import structs

from daemon.core.agreement import Agreement, Belonging, Decides, FieldRule, Series
from daemon.core.documents import kronor
from daemon.core.postings import (
    Entry,
    balance,
    centred,
    due,
    is_account,
    packed,
    passed_over,
    rounded,
    translated,
    turnover,
    unpacked,
)
from daemon.core.records import Fields, Problem, Side, Value
from daemon.pairs.fortnox_eskassa.reversing import (
    is_before_invoices,
    is_taken_back,
    on_receivable,
    taken_back,
)
from daemon.pairs.fortnox_eskassa.settings import LEDGER, RECEIVABLES, Settings

NOWHERE: Final[frozenset[Side]] = frozenset()
DAY_CHARS: Final = 10  # of "2026-11-20T17:30:26"


def agreement(settings: Settings, start: dt.datetime, mark: Callable[[str], str]) -> Agreement:
    """What is agreed on Z-reports: each becomes one voucher, which neither side changes any more."""
    return Agreement(
        kind="posting",
        rules=tuple(
            FieldRule(field=field, decides=Decides.NOBODY, to=NOWHERE, same=same, frozen=True)
            for field, same in (
                ("entries", partial(_same_sum, settings)),
                ("date", _any),
                ("text", _any),
                ("reported_at", _any),
            )
        ),
        recognised_by=("reference",),
        start=start,
        create={Side.FORTNOX: partial(voucher, settings)},
        mark=mark,
        marks={Side.FORTNOX: frozenset({"reference"})},
        gate=_has_rows,
        looked_for=True,
        series=Series(
            order=_order,
            between=passed_over,
            due=_due,
            bearer=lambda report: f"Kassa {report.get('register')}",
        ),
    )


def files(start: dt.datetime) -> Agreement:
    """
    What is agreed on the PDFs of Z-reports: each is put to its report's voucher, and left alone.

    A voucher that has a file, whoever put it there, is not given another one.
    """
    return Agreement(
        kind="file",
        rules=(),
        recognised_by=("posting",),
        start=start,
        create={Side.FORTNOX: lambda report: {"name": report["name"]}},
        belongs_to=Belonging(field="posting", kind="posting", gate=_has_rows),
        looked_for=True,
        one_way=True,
        enclosed=True,
    )


def _any(_ours: Value, _theirs: Value) -> bool:
    """Only one side shows it: whatever it shows when the two are linked is right."""
    return True


def _same_sum(settings: Settings, booked: Value, reported: Value) -> bool:
    """Whether a voucher books what a report says: under other accounts perhaps, rounded perhaps."""
    as_reported = (entry for entry in unpacked(booked) if not is_taken_back(entry))
    apart = abs(turnover(as_reported) - turnover(unpacked(reported)))
    return apart <= settings.auto_round_limit


def _has_rows(report: Fields) -> bool:
    """A day without sales is no voucher (ZRP06); a number that cannot be read is held."""
    return bool(report.get("entries") or report.get("odd"))


def _order(report: Fields) -> tuple[str, ...]:
    number = report.get("number")
    return (str(report.get("reported_at")), str(report.get("register")), f"{number or 0:09}")


def _day(moment: Value) -> str:
    return str(moment or "")[:DAY_CHARS]


def _due(report: Fields) -> dt.datetime | None:
    """12:00 of the working day after the sales."""
    day = _day(report.get("sold_at")) or _day(report.get("reported_at"))
    try:
        return due(dt.date.fromisoformat(day))
    except ValueError:
        return None


# ------------------------------------------------------------------ one voucher


def voucher(settings: Settings, report: Fields) -> Fields | Problem:
    """What the voucher of a report is made of, or why there is none."""
    made = _made(settings, report)
    return structs.replace(made, where=_called(report)) if isinstance(made, Problem) else made


def _called(report: Fields) -> str:
    """What people call a report, as far as it says who it is."""
    register, number = report.get("register") or "?", report.get("number") or "?"
    return f"Kassa {register}, Z-rapport {number}, {_day(report.get('reported_at'))}"


def _made(settings: Settings, report: Fields) -> Fields | Problem:
    register = str(report.get("register") or "")
    entries = rounded(
        translated(unpacked(report.get("entries")), settings.accounts),
        settings.auto_round_limit,
        settings.rounding_account,
    )
    if problem := _objection(settings, report, entries):
        return problem
    back = taken_back(settings, report, entries) if settings.invoice_sales == "reverse_in_z" else ()
    if isinstance(back, Problem):
        return back
    on_all = settings.cost_center_on == "all"
    entries = centred((*entries, *back), settings.center_of(register), on_all=on_all)
    at = report.get("sold_at") if settings.booked_on == "last_transaction_date" else None
    return {
        "series": settings.series_by_register.get(register, settings.voucher_series),
        "date": _day(at or report["reported_at"]),
        "text": _called(report),
        "entries": packed(entries),
    }


def _objection(settings: Settings, report: Fields, entries: tuple[Entry, ...]) -> Problem | None:
    """The first thing that keeps a report from being booked, whatever Fortnox says."""
    if report.get("odd"):
        return _held("ZRP03", str(report["odd"]), "look at the report in the till; `retry` when it is right")
    if not report.get("register") or not report.get("number") or not _day(report.get("reported_at")):
        what = "the report does not name its register, its number or its time"
        return _held("ZRP05", what, "look at the report in the till, and report its designation")
    if odd := [entry for entry in entries if not is_account(entry.account)]:
        names = ", ".join(entry.account or entry.text or "a row" for entry in odd)
        todo = "give it an account in the register (Bokföring, Inställningar), or in accounts here"
        return _held("ZRP04", f"no account of four digits: {names}", todo)
    if off := balance(entries):
        what = f"debit and credit differ by {kronor(off)}"
        todo = "look at the report in the till; book it by hand and `ignore` it, or raise auto_round_limit"
        return _held("ZRP01", what, todo)
    if owed := _booked_twice(settings, report, entries):
        what = f"it has a row on {owed[0].account}: sales on invoice that an order books once more"
        todo = (
            "have the register leave them out, or put them where invoice_sales says; "
            "book this one by hand and `ignore` it"
        )
        return _held("ZRP07", what, todo)
    return None


def _booked_twice(settings: Settings, report: Fields, entries: Sequence[Entry]) -> list[Entry]:
    """
    The rows of sales on invoice that an order books once more (dinkassa.md 7.2, swedish-accounting.md 6).

    Where they stay out of the report that is any claim on a customer, whatever account the register has
    for it; on Fortnox' own receivable they are booked twice whatever is set.
    """
    if not settings.invoices or is_before_invoices(settings, report):
        return []
    stay_out = settings.invoice_sales in ("", "excluded")
    claims = RECEIVABLES if stay_out else LEDGER
    owed = on_receivable(settings, entries) if stay_out else []
    return owed + [entry for entry in entries if entry.account.startswith(claims) and entry.amount > 0]


def _held(code: str, what: str, todo: str) -> Problem:
    return Problem(code=code, what=what, where="Z-report", todo=todo)
