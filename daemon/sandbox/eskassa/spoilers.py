"""
What goes wrong around tills and reports, and what the shop's manager sets.

Source: the faults of dinkassa.md 9 and the checks of 7.1.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from daemon.sandbox.eskassa import asked, documents
from daemon.sandbox.eskassa.accounts import BY_WHAT
from daemon.sandbox.eskassa.asked import Body
from daemon.sandbox.eskassa.fields import ACCOUNT_DIGITS_MAX
from daemon.sandbox.eskassa.state import State
from daemon.sandbox.eskassa.till import Row
from daemon.sandbox.web import ActionError

Verb = Callable[[State, Body], Any]


def _set_account(state: State, body: Body) -> Any:
    what, number = str(body.get("what")), str(body.get("number", ""))
    if what not in BY_WHAT:
        raise ActionError(f"what must be one of {', '.join(BY_WHAT)}")
    if number and not (number.isascii() and number.isdecimal() and len(number) <= ACCOUNT_DIGITS_MAX):
        raise ActionError("number must be at most four digits, or empty for no account")
    state.accounts[what] = number
    return dict(state.accounts)


def _hide_z(state: State, body: Body) -> Any:
    """Also for a number that is yet to come, so that nobody sees the report before it is hidden."""
    till, number = asked.till(state, body), asked.whole(body, "number")
    until: dt.datetime | None = None if body.get("until") is None else asked.at(state, body, "until")
    till.hidden[number] = until
    return {"hidden": {str(number): None if until is None else until.isoformat()}}


def _unbalance_z(state: State, body: Body) -> Any:
    till, report = asked.report(state, body)
    by = asked.amount(body, "by")
    if not report.rows:
        report.rows.append(Row(BY_WHAT["cash"].description, state.accounts["cash"], 0))
    report.rows[0].amount += by
    return documents.report_json(till, report)


def _change_z(state: State, body: Body) -> Any:
    till, report = asked.report(state, body)
    if "rows" in body:
        report.rows = _rows(body["rows"])
    else:
        by = asked.amount(body, "by")
        if not report.rows:
            raise ActionError("the report has no rows to move an amount between; give rows")
        report.rows[0].amount += by
        report.rows[-1].amount -= by
    return documents.report_json(till, report)


def _rows(given: Any) -> list[Row]:
    if not isinstance(given, list) or not all(isinstance(row, dict) for row in given):
        raise ActionError("rows must be a list of {description, number, amount}")
    return [
        Row(str(row.get("description", "")), str(row.get("number", "")), asked.amount(row, "amount"))
        for row in given
    ]


def _skip_z(state: State, body: Body) -> Any:
    till = asked.till(state, body)
    till.closings += 1
    return {"skipped": till.closings}


def _restart_z(state: State, body: Body) -> Any:
    """As when its database is made anew; what was reported before stays in the cloud."""
    till = asked.till(state, body)
    till.closings = 0
    return {"next": 1}


def _expire_sessions(state: State, _body: Body) -> Any:
    ended = len(state.auth.sessions)
    state.auth.sessions.clear()
    return {"ended": ended}


VERBS: dict[str, tuple[Verb, str]] = {
    "set_account": (
        _set_account,
        f"set an account, empty for none: {{what: {'|'.join(BY_WHAT)}, number}}; answers all",
    ),
    "hide_z": (_hide_z, "a Z-report, made or yet to come, shows late or never: {register, number, until?}"),
    "unbalance_z": (_unbalance_z, "spoil a report's first row by kronor: {register, number, by}"),
    "change_z": (
        _change_z,
        "change a report afterwards, from its last row to its first: {register, number, by or rows}",
    ),
    "skip_z": (_skip_z, "a Z number is never used: {register}"),
    "restart_z": (_restart_z, "a register's Z numbers begin at 1 again: {register}"),
    "expire_sessions": (_expire_sessions, "everybody is logged out: {}"),
}
