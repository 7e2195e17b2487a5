"""
The report API: login, registers, Z-reports, sales overview.

Source: dinkassa.md 5. What the file does not say is assumed: parameters of
the two lists are required, an unknown register is a 404, and the overview
counts the receipts that have reached the cloud, by their own date.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from daemon.sandbox.eskassa import auth, documents
from daemon.sandbox.eskassa.call import Call
from daemon.sandbox.eskassa.state import SHOP
from daemon.sandbox.eskassa.till import Report, Till
from daemon.sandbox.eskassa.wire import (
    answer,
    decode,
    invalid,
    kronor,
    listing,
    local,
    missing,
    moment_text,
    read_moment,
)
from daemon.sandbox.fortnox.pdf import page
from daemon.sandbox.web import Response

TOTAL = "**TOTAL**"
LAST_SECOND = dt.timedelta(days=1, seconds=-1)
INSTALLED = "2019-09-02T08:00:00"
PERIOD, FIRST, LAST = "Period-typ", "Fr.o.m.-datum", "T.o.m.-datum"


def authenticate(call: Call) -> Response:
    """5.1."""
    return auth.log_in(call.state.auth, call.request, call.state.switches)


def settings(call: Call) -> Response:
    """5.2."""
    machine_id = call.state.tills[0].machine_id
    return answer(200, {"Unit": SHOP, "ControlUnitSerialNumber": "SBX0000001", "MachineId": machine_id})


def machines(call: Call) -> Response:
    """Every register with the time of its last contact (5.2)."""
    return listing(
        [
            {
                "Id": till.machine_id,
                "Name": till.name,
                "CustomerName": SHOP,
                "ComputerName": f"KASSA{till.number}",
                "Version": documents.PROGRAM_VERSION,
                "LicenseNumber": f"{10_000 + till.number}",
                "CreatedTime": INSTALLED,
                "LastConnection": moment_text(local(till.offline_since or call.state.now())),
            }
            for till in call.state.tills
        ]
    )


def z_reports(call: Call) -> Response:
    """The list of a register's Z-reports by report time (5.3)."""
    till = _till(call, call.query.get("machineid", ""))
    first, last = (_moment(call, name) for name in ("startdatetime", "enddatetime"))
    found = till.shown(first, last, call.state.local())
    return listing([documents.report_row(call.state, report) for report in found])


def z_reports_by_date(call: Call) -> Response:
    """A register's Z-reports with their accounts, by the date of the report (5.3)."""
    till = _till(call, call.query.get("machineid", ""))
    first, last = (_moment(call, name) for name in ("startdate", "enddate"))
    found = till.shown(_midnight(first), _midnight(last) + LAST_SECOND, call.state.local())
    return answer(200, {"ZReports": [documents.report_json(till, report) for report in found]})


def z_report_pdf(call: Call) -> Response:
    """A PDF that names the report."""
    till, report = _report(call)
    text = f"{till.name} Z-rapport {documents.title(till, report)} {moment_text(report.at)}"
    return Response(status=200, headers={"content-type": "application/pdf"}, body=page(text))


def z_report_sie(call: Call) -> Response:
    """SIE type 4 (5.5)."""
    return Response(status=200, headers={"content-type": "text/plain"}, body=documents.sie(*_report(call)))


def sales_overview(call: Call) -> Response:
    """Sales incl. VAT and receipts per day, gift cards not counted, the sum last (5.4)."""
    wanted = _parameters(decode(call.body))
    first, last = (read_moment(wanted.get(name, "")) for name in (FIRST, LAST))
    if wanted.get(PERIOD) != "Day" or first is None or last is None:
        raise invalid(f"{PERIOD} must be Day, {FIRST} and {LAST} dates.")
    days = call.state.days
    asked = [day for day in sorted(days) if first.date() <= day <= last.date()]
    found = [(str(day), days[day][0], days[day][1]) for day in asked]
    found.append((TOTAL, sum(row[1] for row in found), sum(row[2] for row in found)))
    return listing(
        [
            {"Period": period, f"{TOTAL}|BELOPP": kronor(amount), f"{TOTAL}|ANTAL KVITTON": count}
            for period, amount, count in found
        ]
    )


def _parameters(body: Any) -> dict[str, str]:
    """{name: value} of `{"Parameters": [{"Name", "Value"}]}`."""
    rows = body.get("Parameters") if isinstance(body, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise invalid('The body must be {"Parameters": [{"Name": ..., "Value": ...}]}.')
    return {str(row.get("Name")): str(row.get("Value")) for row in rows}


def _till(call: Call, machine_id: str) -> Till:
    till = call.state.till_of(machine_id)
    if till is None:
        raise missing("The machine")
    return till


def _report(call: Call) -> tuple[Till, Report]:
    till = _till(call, call.path[0])
    report = till.by_id.get(call.path[1])
    if report is None or not till.is_open(report.number, call.state.local()):
        raise missing("The report")
    return till, report


def _moment(call: Call, name: str) -> dt.datetime:
    at = read_moment(call.query.get(name, ""))
    if at is None:
        raise invalid(f"{name} must be a local date or date-time.")
    return at


def _midnight(at: dt.datetime) -> dt.datetime:
    return at.replace(hour=0, minute=0, second=0)
