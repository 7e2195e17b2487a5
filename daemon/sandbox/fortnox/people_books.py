"""
What people do in the bookkeeping's and the stock's screens.

`year` is the id of a financial year; left out it is the year that holds the date, or today.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from daemon.sandbox.fortnox import articles, bookkeeping, vouchers, writing
from daemon.sandbox.fortnox.bodies import Body, fields, text
from daemon.sandbox.fortnox.bookkeeping import ACCOUNTS, VOUCHER_SERIES
from daemon.sandbox.fortnox.company import Company, Record
from daemon.sandbox.fortnox.registers import FINANCIAL_YEARS, RESOURCES
from daemon.sandbox.fortnox.resource import full
from daemon.sandbox.fortnox.vouchers import VOUCHERS
from daemon.sandbox.web import ActionError

ENDS = ("EndDate", "until")
MOST_GOODS = Decimal(10**12)


def _year(company: Company, body: Body, date: str = "") -> int:
    if body.get("year") is None:
        return bookkeeping.year_of(company, date or company.today())
    return int(writing.find(company, FINANCIAL_YEARS, text(body, "year")).values["Id"])


def _voucher(company: Company, body: Body) -> Record:
    year = _year(company, body)
    return vouchers.find(company, year, text(body, "series"), text(body, "number"))


def _add_voucher(company: Company, body: Body) -> dict[str, Any]:
    given = fields(body)
    date = given.get("TransactionDate")
    year = _year(company, body, date if isinstance(date, str) else "")
    return full(VOUCHERS, vouchers.create(company, year, given))


def _edit_voucher(company: Company, body: Body) -> dict[str, Any]:
    record = _voucher(company, body)
    vouchers.edit(company, record, fields(body))
    return full(VOUCHERS, record)


def _delete_last_voucher(company: Company, body: Body) -> dict[str, Any]:
    record = vouchers.remove_last(company, _year(company, body), text(body, "series"))
    return {"deleted": {name: record.values[name] for name in ("VoucherSeries", "VoucherNumber", "Year")}}


def _lock_period(company: Company, body: Body) -> dict[str, Any]:
    end = next((body[name] for name in ENDS if name in body), None)
    try:
        company.locked_until = None if end is None else dt.date.fromisoformat(end).isoformat()
    except (TypeError, ValueError) as error:
        raise ActionError("Say 'EndDate', as YYYY-MM-DD or null.") from error
    return {"EndDate": company.locked_until}


def _unlock_period(company: Company, _body: Body) -> dict[str, Any]:
    return _lock_period(company, {})


def _add_year(company: Company, body: Body) -> dict[str, Any]:
    first, last = text(body, "from"), text(body, "to")
    given = {"FromDate": first, "ToDate": last, "AccountChartType": f"BAS {first[:4]}"}
    return full(FINANCIAL_YEARS, writing.create(company, FINANCIAL_YEARS, given))


def _close_year(company: Company, body: Body) -> dict[str, Any]:
    """A closed year is one that is locked to its end."""
    year = writing.find(company, FINANCIAL_YEARS, text(body, "year"))
    company.locked_until = max(company.locked_until or "", year.values["ToDate"])
    return {"EndDate": company.locked_until}


def _add_account(company: Company, body: Body) -> dict[str, Any]:
    given = {"Number": text(body, "number"), "Description": text(body, "description", "Konto")}
    given |= fields(body) if "fields" in body else {}
    return full(ACCOUNTS, bookkeeping.create(company, ACCOUNTS, _year(company, body), given))


def _edit_account(company: Company, body: Body) -> dict[str, Any]:
    record = bookkeeping.found(company, ACCOUNTS, _year(company, body), text(body, "number"))
    writing.update(company, ACCOUNTS, record, fields(body))
    return full(ACCOUNTS, record)


def _deactivate_account(company: Company, body: Body) -> dict[str, Any]:
    return _edit_account(company, {**body, "fields": {"Active": False}})


def _add_series(company: Company, body: Body) -> dict[str, Any]:
    code = text(body, "code")
    given = {"Code": code, "Description": text(body, "description", code), "Manual": body.get("manual", True)}
    return full(VOUCHER_SERIES, bookkeeping.create(company, VOUCHER_SERIES, _year(company, body), given))


def _set_series(company: Company, body: Body) -> dict[str, Any]:
    record = bookkeeping.found(company, VOUCHER_SERIES, _year(company, body), text(body, "code"))
    writing.update(company, VOUCHER_SERIES, record, {"Manual": body.get("manual")})
    return full(VOUCHER_SERIES, record)


def _move_stock(company: Company, body: Body) -> dict[str, Any]:
    record = writing.find(company, RESOURCES["articles"], text(body, "article"))
    try:
        by = Decimal(str(body.get("by")))
    except InvalidOperation as error:
        raise ActionError("Say 'by', as a number.") from error
    if not by.is_finite() or abs(by) > MOST_GOODS:
        raise ActionError("Say 'by', as a number that goods can have.")
    articles.move(company, record, by)
    return full(RESOURCES["articles"], record)


SCREENS: Mapping[str, Callable[[Company, Body], Any]] = {
    "add_voucher": _add_voucher,
    "edit_voucher": _edit_voucher,
    "delete_last_voucher": _delete_last_voucher,
    "lock_period": _lock_period,
    "unlock_period": _unlock_period,
    "add_year": _add_year,
    "close_year": _close_year,
    "add_account": _add_account,
    "edit_account": _edit_account,
    "deactivate_account": _deactivate_account,
    "add_series": _add_series,
    "set_series": _set_series,
    "move_stock": _move_stock,
}
VERBS = {
    "add_voucher": "{fields, year?}: a person books a voucher; answers it whole",
    "edit_voucher": "{series, number, fields, year?}: texts; rows by position, Removed strikes, more are new",
    "delete_last_voucher": "{series, year?}: the last voucher of a series goes; its number is given again",
    "lock_period": "{EndDate or until}: lock the books up to a date; null unlocks",
    "unlock_period": "{}: nothing is locked",
    "add_year": "{from, to}: a new financial year with the chart and series of the one before",
    "close_year": "{year}: lock the books to the end of a year",
    "add_account": "{number, description?, fields?, year?}: a new account in a year",
    "edit_account": "{number, fields, year?}: change an account, for instance its CostCenterSettings",
    "deactivate_account": "{number, year?}: an account that is no longer in use",
    "add_series": "{code, description?, manual = true, year?}: a new voucher series in a year",
    "set_series": "{code, manual, year?}: whether people and integrations may book in a series",
    "move_stock": "{article, by}: goods are sold (below zero) or come in, without a document",
}
