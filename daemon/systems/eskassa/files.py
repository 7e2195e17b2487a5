"""The PDFs of Z-reports, as records of their own: one for each report that has rows (dinkassa.md 5.3)."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from urllib.parse import quote

from daemon.core.records import Lane, Seen
from daemon.errors import Refused
from daemon.ports import Page
from daemon.systems.eskassa import mapping, spec
from daemon.systems.eskassa.calls import Calls
from daemon.systems.eskassa.reports import Reports

DAY_CHARS = 10  # of "2026-11-20T17:30:26"


class Files:
    """What the reports of some registers look like on paper. Reports tell which there are."""

    def __init__(self, calls: Calls, reports: Reports) -> None:
        self._calls, self._reports = calls, reports

    async def read(self, since: dt.datetime | None, lane: Lane) -> AsyncIterator[Page]:
        """As `System.read`, out of the reading of reports that was just made; never complete: that one is."""
        reading = await self._reports.reading(since, lane)
        rows = [file for file in map(_file, reading.rows) if file]
        for first in range(0, max(len(rows), 1), spec.FETCH_OTHER):
            yield Page(rows=tuple(rows[first : first + spec.FETCH_OTHER]), server_time=reading.server_time)

    async def get(self, record_id: str, lane: Lane) -> Seen | None:
        """The file of one report; None when there is none."""
        report = await self._reports.get(record_id, lane)
        return _file(report) if report else None

    async def content(self, record_id: str, lane: Lane) -> bytes:
        """The PDF. Raises Refused where the till has none, or one that is too large."""
        machine, _, number = record_id.partition("/")
        day = await self._reports.day(record_id, lane)
        report_id = await self._report_id(machine, int(number), day, lane) if day and number.isdigit() else ""
        if not report_id:
            what, todo = "the till does not list the report", "see it there; then retry, or `ignore`"
            raise Refused("TIL04", what, f"{spec.NAME} GET {spec.REPORT_LIST}", todo, system=spec.NAME)
        path = "/".join(quote(part, safe="") for part in (machine, report_id))
        return await self._calls.file(f"{spec.REPORT}/{path}", f"{spec.REPORT}/{{machine}}/{{id}}", lane)

    async def _report_id(self, machine: str, number: int, day: dt.date, lane: Lane) -> str:
        """Their own id of a report; "" where no report of that day, or more than one, has the number."""
        query = {
            "machineId": machine,
            "startDateTime": f"{day}T00:00:00",
            "endDateTime": f"{day}T23:59:59",
        }
        listed = await self._calls.plain(spec.REPORT_LIST, lane, query)
        found = {
            mapping.text_of(row.get("Id")) for row in listed.rows if str(row.get("Number")) == str(number)
        }
        return found.pop() if len(found) == 1 else ""


def _file(report: Seen) -> Seen | None:
    """The file of a report that can become a voucher; None for another one."""
    register, number, at = (report.fields.get(name) for name in ("register", "number", "reported_at"))
    if not report.fields.get("entries") or not register or not number or not at:
        return None
    name = f"Z-rapport K{register}-{number} {str(at)[:DAY_CHARS]}.pdf"
    return Seen(
        id=report.id,
        fields={"posting": report.id, "name": name},
        changed_at=report.changed_at,
        born_at=report.born_at,
    )
