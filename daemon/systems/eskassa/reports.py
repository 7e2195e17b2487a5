"""Registers and their Z-reports, through the interface of the web pages (dinkassa.md 5)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from daemon.core.mapping import Table
from daemon.core.postings import due
from daemon.core.records import Lane, Seen
from daemon.core.stockholm import ZONE
from daemon.ports import Clock, Finding, Page
from daemon.systems.eskassa import mapping, spec, wire
from daemon.systems.eskassa.calls import Calls, Listed
from daemon.systems.eskassa.invoiced import SoldInReports
from daemon.systems.eskassa.partner import Invoices

DAY: Final = dt.timedelta(days=1)
NUMBERED: Final = re.compile(r"K([0-9]+):([0-9]+)")
Days = tuple[dt.date, dt.date]


class Reading(NamedTuple):
    """Reports of the days from `start` on, when they began to answer, and until when it may be used again."""

    start: dt.date
    rows: tuple[Seen, ...]
    server_time: dt.datetime
    until_s: float


class Reports:
    """
    The Z-reports of some registers, by day.

    `registers` are machine ids; without any, those that the list of machines has. Reports of before
    `first_day` are never asked for. With `invoices` each report tells what was sold on invoice in it.
    `with_receipts`: sales on invoice cross, so a register that is silent for too long is told of.
    """

    def __init__(
        self,
        calls: Calls,
        clock: Clock,
        first_day: dt.date,
        registers: Sequence[str],
        invoices: Invoices | None = None,
        *,
        with_receipts: bool = False,
    ) -> None:
        self._calls, self._clock, self._sold = calls, clock, invoices and SoldInReports(invoices, clock)
        self._with_receipts = with_receipts
        self._first_day, self._registers = first_day, tuple(each.lower() for each in registers)
        self._machines: tuple[dict[str, Any], ...] = ()
        self._listed: set[str] = set()  # every id that the list of machines has had
        self._machines_until_s: float | None = None
        self.troubles: Sequence[Finding] = ()  # registers that were silent when the list was read
        self._days: dict[str, dt.date] = {}  # of each report that was read
        self._kept: Reading | None = None

    @property
    def table(self) -> Table:
        """How a report is spelled."""
        return mapping.POSTING_WITH_INVOICED if self._sold else mapping.POSTING

    # -------------------------------------------------------------- registers

    async def prepare(self, lane: Lane = Lane.READ) -> None:
        """The list of machines, at most a day old."""
        now_s = self._clock.monotonic()
        if self._machines_until_s is None or now_s >= self._machines_until_s:
            await self._ask_for_machines(lane)

    async def _ask_for_machines(self, lane: Lane) -> None:
        self._machines = (await self._calls.plain(spec.MACHINES, lane)).rows
        self._listed |= self.names.keys()
        self._machines_until_s = self._clock.monotonic() + spec.MACHINES_AGE_S
        self.troubles = [finding for finding in self._found() if not finding.ok]

    @property
    def names(self) -> Mapping[str, str]:
        """What each register is called, by its id; those that are known."""
        return {_id(machine): mapping.text_of(machine.get("Name")) for machine in self._machines}

    async def _read_registers(self, lane: Lane) -> Sequence[str]:
        if not self._registers:
            await self.prepare(lane)
        return self._registers or sorted(filter(None, map(_id, self._machines)))

    # -------------------------------------------------------------- reading

    async def read(self, since: dt.datetime | None, lane: Lane) -> AsyncIterator[Page]:
        """As `System.read`. Every page bears the time of the first answer."""
        today, start, kept = self._today(), self._from(since), list[Seen]()
        started: dt.datetime | None = None
        if self._sold:
            self._sold.begin()
        for machine in await self._read_registers(lane):
            for days in _windows(start, today):
                listed = await self._ask(machine, days, lane)
                started = started or listed.server_time
                kept += listed.rows
                yield Page(rows=listed.rows, server_time=started, complete=since is None)
        if self._sold:
            self._sold.end()
        until_s = self._clock.monotonic() + spec.SHARED_S
        self._kept = Reading(start, tuple(kept), started or self._clock.now(), until_s)
        if started is None:
            yield Page(rows=(), server_time=self._clock.now())

    async def reading(self, since: dt.datetime | None, lane: Lane) -> Reading:
        """What `read` has just shown, or shows now, of the changes since a time."""
        kept = self._kept
        if kept is None or self._clock.monotonic() >= kept.until_s or kept.start > self._from(since):
            async for _ in self.read(since, lane):
                pass
            kept = self._kept
        assert kept is not None
        return kept

    def _from(self, since: dt.datetime | None) -> dt.date:
        if since is None:
            return self._first_day
        return max(self._first_day, since.astimezone(ZONE).date() - spec.REPORTS_AGAIN)

    async def get(self, record_id: str, lane: Lane) -> Seen | None:
        """One report; None when no day has it. Where its day is not known, the youngest are asked first."""
        machine = record_id.partition("/")[0]
        if self._sold:
            self._sold.begin()
        for days in self._where(record_id):
            listed = await self._ask(machine, days, lane)
            found = next((seen for seen in listed.rows if seen.id == record_id), None)
            if found:
                return found
        return None

    async def day(self, record_id: str, lane: Lane) -> dt.date | None:
        """The day of a report; None where it has none."""
        if record_id not in self._days:
            await self.get(record_id, lane)
        return self._days.get(record_id)

    def _where(self, record_id: str) -> Iterator[Days]:
        if day := self._days.get(record_id):
            yield day, day
        yield from reversed(list(_windows(self._first_day, self._today(), from_the_end=True)))

    def _today(self) -> dt.date:
        return self._clock.now().astimezone(ZONE).date()

    async def _ask(self, machine: str, days: Days, lane: Lane) -> Listed[Seen]:
        query = {"machineId": machine, "startDate": days[0].isoformat(), "endDate": days[1].isoformat()}
        listed = await self._calls.plain(spec.REPORTS, lane, query, "ZReports")
        rows = (
            [await self._sold.told(machine, row, lane) for row in listed.rows] if self._sold else listed.rows
        )
        found: dict[str, Seen] = {}
        for seen in (_seen(machine, report, self.table, days[1]) for report in rows):
            other = found.get(seen.id, seen)
            found[seen.id] = seen if other == seen else _ambiguous(seen, other)
        days_of = ((seen.id, seen.fields.get("reported_at")) for seen in found.values())
        self._days |= {number: dt.date.fromisoformat(str(at)[:10]) for number, at in days_of if at}
        return Listed(tuple(found.values()), listed.server_time)

    # -------------------------------------------------------------- check

    async def findings(self) -> list[Finding]:
        """Each register that is read, and whether it is still heard of."""
        await self._ask_for_machines(Lane.READ)
        return self._found()

    def _found(self) -> list[Finding]:
        machines = {_id(machine): machine for machine in self._machines}
        wanted = self._registers or sorted(self._listed) or ["at all"]
        found = [self._finding(number, machines.get(number)) for number in wanted]
        return found + [lost for machine in machines.values() if (lost := self._too_late(machine))]

    def _too_late(self, machine: Mapping[str, Any]) -> Finding | None:
        """What a register sold on invoice that has been silent for as long as receipts are shown."""
        heard_at = wire.moment(machine.get("LastConnection"))
        if not self._with_receipts or not heard_at or self._clock.now() - heard_at < spec.RECEIPTS_GAP:
            return None
        what = f"sales on invoice of {mapping.text_of(machine.get('Name'))} from {heard_at:%Y-%m-%d} on"
        return Finding(
            ok=False,
            code="TIL03",
            what=f"{what} may not be shown when it is back: receipts are for seven days",
            where=f"{spec.TITLE}, registers",
            todo="compare its receipts with the orders by hand",
        )

    def _finding(self, number: str, machine: Mapping[str, Any] | None) -> Finding:
        where = f"{spec.TITLE}, registers"
        if machine is None:
            known = ", ".join(f"{name} {each}" for each, name in self.names.items())
            return Finding(
                ok=False,
                code="TIL01",
                what=f"there is no register {number}",
                where=where,
                todo=f"name one of these in registers: {known}" if known else "ask for the right to see them",
            )
        name = mapping.text_of(machine.get("Name")) or number
        heard_at = wire.moment(machine.get("LastConnection"))
        if heard_at is None or self._clock.now() < max(
            heard_at + spec.SILENT, due(heard_at.astimezone(ZONE).date())
        ):
            return Finding(ok=True, what=f"the register {name} is there", where=where)
        return Finding(
            ok=False,
            code="TIL02",
            what=f"the register {name} has not been heard of since {heard_at:%Y-%m-%d %H:%M} UTC",
            where=where,
            todo="start it and see that it has a network; what it sold crosses then",
        )


def _id(machine: Mapping[str, Any]) -> str:
    return mapping.text_of(machine.get("Id")).lower()


def _ambiguous(seen: Seen, other: Seen) -> Seen:
    """Of two reports with one number neither may pass for the other: both are held."""
    known = " and ".join(sorted(f"K{each.fields.get('register')}" for each in (seen, other)))
    odd = f"two different reports have this number, of {known}"
    return msgspec.structs.replace(seen, fields={**seen.fields, "odd": odd})


def _seen(machine: str, report: Mapping[str, Any], table: Table, asked: dt.date) -> Seen:
    """One report, known by its register and its number; without its time it is one of the day `asked` for."""
    name = mapping.text_of(report.get("ZReport"))
    numbered = NUMBERED.fullmatch(name)
    register, number = (numbered[1], int(numbered[2])) if numbered else (None, None)
    payload = {**report, "Register": register, "Number": number, "Accounts": report.get("Accounts")}
    reported_at = wire.moment(report.get("ReportDateTime"))
    return Seen(
        id=f"{machine}/{name if number is None else f'{number:09d}'}",
        fields=table.read(payload),
        changed_at=reported_at or wire.moment(asked),
        born_at=reported_at,
    )


def _windows(first: dt.date, last: dt.date, *, from_the_end: bool = False) -> Iterator[Days]:
    """The days from `first` to `last` in parts that may be asked for at once; the odd days are one part."""
    parts = -(-((last - first).days + 1) // spec.REPORTS_WINDOW.days)
    for part in range(parts):
        if from_the_end:
            end = last - (parts - 1 - part) * spec.REPORTS_WINDOW
            yield max(first, end - spec.REPORTS_WINDOW + DAY), end
        else:
            start = first + part * spec.REPORTS_WINDOW
            yield start, min(last, start + spec.REPORTS_WINDOW - DAY)
