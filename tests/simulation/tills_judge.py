"""
Whether each Z-report of each register is booked once, in its turn, or held with an alarm in time (G11).

Knows what people did at the tills and in the office, and what the vendors hold; nothing of plans or mappers.
"""

from __future__ import annotations

import datetime as dt
import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from msgspec import Struct

from daemon.core.stockholm import ZONE
from daemon.sandbox.fortnox.company import Record
from daemon.sandbox.world import World
from tests.simulation.camera import FORTNOX, TENANT
from tests.simulation.clockwork import TrueTime
from tests.simulation.tills_facts import (
    SERIES,
    Key,
    Place,
    due_at,
    key_of,
    listed_as,
    name,
    place_of,
    rows_of,
    sums,
    turnover,
)

OURS: Final = re.compile(r"Kassa (\d+), Z-rapport (\d+), (\d{4}-\d{2}-\d{2})")
LISTED_AGAIN_S: Final = 86_400.0 + 600.0  # after this a reading shows what came late
NIGHTS_S: Final = 6 * 86_400.0  # reports of the last week are read each time
WILL_NEVER_S: Final = 20 * 86_400.0
DIGITS: Final = 4


class Report(Struct):
    """One Z number. `versions` are its sums by account, as the till told them, the newest last."""

    day: str  # that it must be booked on
    due: dt.datetime
    closed_s: float
    versions: list[dict[str, int]]
    excused: bool = False  # from being in its turn
    touched: str = ""  # what a person did to its voucher
    ignored: bool = False
    forgotten: bool = False  # what a person did to its voucher: the daemon lost its memory afterwards
    untold: bool = False  # of its change only the daemon's memory told: the sum was the same
    shown_s: float | None = None  # the first look that began when the cloud showed it
    known: bool = False  # a look that saw everything has ended since
    booked: bool = False


class Judge:
    """Sees each day what there is, and all of it at the end."""

    def __init__(
        self, world: World, true: TrueTime, fail: Callable[[str], None], figures: Counter[str]
    ) -> None:
        self._company = world.systems[FORTNOX].companies[TENANT]  # type: ignore[attr-defined]
        self._tills = world.systems["eskassa"]._state.tills  # type: ignore[attr-defined]
        self._true, self.fail, self.figures = true, fail, figures
        self.closed_accounts: set[str] = set()
        self._reports: dict[Key, Report] = {}
        self._pending: dict[Key, Report] = {}
        self._never: set[Key] = set()  # numbers that were skipped
        self._missing: set[Key] = set()  # those the daemon told of as missing
        self._overdue: set[Key] = set()
        self._vouchers: dict[int, Key] = {}  # id() of a record that was judged -> what it books
        self._kept: list[Record] = []  # so that no id() is given twice
        self._judged: Counter[tuple[int, str]] = Counter()
        self._began_s = 0.0
        self._last_number: dict[int, int] = {}  # of each register, that the daemon has seen

    # -------------------------------------------------------------- what people did

    def next_number(self, register: int) -> int:
        """The number of the next report."""
        return int(self._tills[register - 1].closings) + 1

    def closed(self, register: int, told: Mapping[str, Any]) -> None:
        """A report was taken."""
        number, at = told["Number"], told["ReportDateTime"]
        sold = str(told["LastTransactionDateTime"] or at)[:10]
        report = Report(at[:10], due_at(dt.date.fromisoformat(sold)), self._true.passed_s, [sums(told)])
        report.excused = self._is_hindered(report)
        self._reports[register, number] = report
        self.figures["reports"] += 1
        if report.versions[0]:
            self._pending[register, number] = report

    def changed(self, register: int, number: int, told: Mapping[str, Any] | None) -> None:
        """A report was spoiled or changed afterwards."""
        report = self._reports.get((register, number))
        if report is not None and told is not None:
            report.versions.append(sums(told))
            report.excused = True
            if not report.booked:
                self._pending[register, number] = report

    def hindered(self) -> None:
        """A period was locked, an account closed: what is not booked yet is held, or may be."""
        for report in self._pending.values():
            report.excused |= self._is_hindered(report)

    def _is_hindered(self, report: Report) -> bool:
        years = self._years()
        accounts = report.versions[-1].keys()
        return (
            report.day <= (self._company.locked_until or "")
            or not any(year["FromDate"] <= report.day <= year["ToDate"] for year in years)
            or bool(accounts & self.closed_accounts)
            or any(len(each) != DIGITS for each in accounts)
        )

    def _years(self) -> Iterable[Mapping[str, Any]]:
        return [each.values for each in self._company.registers["financialyears"].records.values()]

    def years(self) -> Iterable[str]:
        """The id of each financial year."""
        return [str(year["Id"]) for year in self._years()]

    def held(self, keys: Iterable[str]) -> None:
        """These were listed: what is late thereby need not be in its turn."""
        for key in map(key_of, keys):
            if key in self._reports:
                self._reports[key].excused = True

    def excuse(self, register: int, number: int) -> None:
        """A number comes late, or never: out of its turn at any rate."""
        self._never.add((register, number))

    def skipped(self, register: int, number: int) -> None:
        """A number is never used."""
        self._never.add((register, number))

    def edited(self, place: Place, *, rows: bool) -> None:
        """A person changed a voucher."""
        if found := self._at(place):
            self._reports[found].touched = "rows" if rows else "text"

    def deleted(self, gone: Mapping[str, Any]) -> None:
        """A person deleted a voucher; it is not in the books any more."""
        self._judged[gone["Year"], gone["VoucherSeries"]] -= 1
        place = (gone["VoucherSeries"], gone["VoucherNumber"], gone["Year"])
        for record in self._kept:
            if place_of(record) == place and id(record) in self._vouchers:
                key = self._vouchers.pop(id(record))
                self._reports[key].touched = "deleted"
                self._pending.pop(key, None)

    def lets_go(self, key: str, code: str) -> bool:
        """Whether a person would give this one up by now: it will never be booked as it is."""
        found = key_of(key)
        report = self._reports.get(found) if found else None
        if report and self._true.passed_s - report.closed_s > WILL_NEVER_S and code in ("ZRP01", "ZRP04"):
            report.ignored = True
            return True
        return False

    def memory_is_lost(self) -> None:
        """
        The daemon knows no more what it has seen.

        That a person deleted or changed a voucher shows by its memory alone: nothing is asked of these. Nor
        is it of a report whose sum is what it was: its voucher may have been booked under other settings.
        """
        self.read_books()
        for report in self._reports.values():
            report.forgotten |= bool(report.touched)
            *before, last = map(turnover, report.versions)
            report.untold |= report.booked and last in before
        for report in self._pending.values():
            report.shown_s, report.known = None, False

    # -------------------------------------------------------------- what the daemon tells

    def told(self, event: str, fields: Mapping[str, Any]) -> None:
        """An event of the daemon's."""
        if event in ("overdue", "number_missing") and (key := key_of(fields["key"])):
            (self._overdue if event == "overdue" else self._missing).add(key)
            self.figures[event] += 1
        if event == "duplicate_found":
            self.fail(f"I1 the daemon found a duplicate: {fields['key']}")

    # -------------------------------------------------------------- a look

    def look_begins(self) -> None:
        """What the cloud shows now the daemon can know of after this look."""
        self._began_s = self._true.passed_s
        for key, report in self._pending.items():
            if report.shown_s is None and self._is_shown(key):
                report.shown_s = self._began_s
                report.excused |= self._began_s - report.closed_s > NIGHTS_S

    def asks(self) -> bool:
        """Whether the judge wants to know what is listed."""
        self.read_books()
        now = self._true.now()
        return any(report.known and report.due <= now for report in self._pending.values())

    def look_ended(self, outcome: str, listed: Mapping[str, str], *, good: bool, waits: bool) -> None:
        """
        What was due when it began, and could be known, is booked, or told of.

        It is listed too when all was seen (`good`), unless something `waits` to be looked for or to be made.
        """
        began = self._true.now() - dt.timedelta(seconds=self._true.passed_s - self._began_s)
        if outcome == "state":
            return
        self.read_books()
        for key, report in self._pending.items():
            if not report.known or report.due > began or report.ignored:
                continue
            if key not in self._overdue:
                self.fail(f"I18 {name(key)} was due at {report.due:%F %R} and nobody was told")
            if good and not waits and listed_as(key) not in listed:
                self.fail(f"I2 {name(key)} is neither booked nor listed")
        if good:
            self._learn()
            self._look_for_gaps()

    def _learn(self) -> None:
        for key, report in self._pending.items():
            if report.shown_s is None or report.known:
                continue
            young = report.shown_s - report.closed_s < NIGHTS_S
            report.known = young or self._began_s - report.shown_s > LISTED_AGAIN_S
            if report.known:
                self._last_number[key[0]] = max(key[1], self._last_number.get(key[0], 0))
        self._pending = {key: each for key, each in self._pending.items() if not each.booked}

    def _look_for_gaps(self) -> None:
        """A number that was never shown, before one that was, must have been told of."""
        for key in sorted(self._never):
            last = self._last_number.get(key[0], 0)
            earlier = any(known.known or known.booked for known in self._before(key))
            if last > key[1] and earlier and not self._seen(key) and key not in self._missing:
                self.fail(f"I18 {name(key)} is missing before {last} and nobody was told")

    def _before(self, key: Key) -> Iterator[Report]:
        for number in range(key[1] - 1, 0, -1):
            if (key[0], number) in self._reports:
                yield self._reports[key[0], number]

    def _seen(self, key: Key) -> bool:
        report = self._reports.get(key)
        return bool(report and (report.shown_s is not None or report.booked or self._is_shown(key)))

    def _is_shown(self, key: Key) -> bool:
        till = self._tills[key[0] - 1]
        report = till.reports.get(key[1])
        now = self._true.now().astimezone(ZONE).replace(tzinfo=None)
        return report is not None and report.id in till.by_id and till.is_open(key[1], now)

    # -------------------------------------------------------------- the books

    def read_books(self) -> None:
        """Judge what was booked since the last time."""
        for year, books in self._company.books.items():
            for series, book in books.items():
                first = self._judged[year, series]
                for record in book.records[first:]:
                    self._judge(year, series, record)
                self._judged[year, series] = len(book.records)

    def _judge(self, year: int, series: str, record: Record) -> None:
        values = record.values
        named = OURS.search(values["Description"])
        self._kept.append(record)
        if named is None:
            return
        key = int(named[1]), int(named[2])
        report, where = self._reports.get(key), f"{name(key)} as {series}{values['VoucherNumber']} of {year}"
        self._vouchers[id(record)] = key
        if report is None:
            self.fail(f"I18 {where}: there is no such report")
            return
        if report.booked and not report.forgotten:
            self.fail(f"I18 {where}: it is booked already")
        report.booked = True
        self.figures["booked"] += 1
        self._pending.pop(key, None)
        rows = rows_of(values["VoucherRows"])
        if sum(rows.values()) or rows not in report.versions:
            self.fail(f"I16 {where}: {rows} is not {report.versions}")
        if values["TransactionDate"] != report.day:
            self.fail(f"I19 {where}: on {values['TransactionDate']}, not {report.day}")
        if SERIES[key[0]] != series:
            self.fail(f"I19 {where}: not in its series")

    def _at(self, place: Place) -> Key | None:
        book = self._company.books.get(place[2], {}).get(place[0])
        if book is None or not 0 < place[1] <= len(book.records):
            return None
        return self._vouchers.get(id(book.records[place[1] - 1]))

    def pick(self, chance: random.Random) -> Place | None:
        """One of the younger vouchers of ours, untouched."""
        self.read_books()
        for _ in range(5):
            series = chance.choice(sorted(set(SERIES.values())))
            year = max((year for year, books in self._company.books.items() if series in books), default=0)
            records = self._company.books.get(year, {}).get(series)
            if records is None or not records.records:
                continue
            place = place_of(chance.choice(records.records[-30:]))
            if (key := self._at(place)) and not self._reports[key].touched:
                return place
        return None

    def moved_rows(self, place: Place) -> list[dict[str, Any]]:
        """What a person writes who strikes a voucher's first row and books its sum on another account."""
        record = self._company.books[place[2]][place[0]].records[place[1] - 1]
        first = record.values["VoucherRows"][0]
        more = {"Account": 3740, "Debit": first["Debit"], "Credit": first["Credit"]}
        kept = [{} for _ in record.values["VoucherRows"][1:]]
        return [{"Removed": True}, *kept, more]

    # -------------------------------------------------------------- the end

    def at_rest(self, listed: Mapping[str, str]) -> None:
        """Everything that can be booked is, exactly once; the rest is listed; each register in its order."""
        self.read_books()
        places = self._places()
        for key, report in sorted(self._reports.items()):
            found = places.get(key, [])
            self._judge_end(key, report, len(found), listed)
        self._judge_order(places)
        self.figures["listed"] += len(listed)

    def _places(self) -> dict[Key, list[tuple[int, int]]]:
        """(year, number) of each voucher that books a report."""
        found: dict[Key, list[tuple[int, int]]] = defaultdict(list)
        for year, books in sorted(self._company.books.items()):
            for book in books.values():
                for number, record in enumerate(book.records):
                    if (key := self._vouchers.get(id(record))) is not None:
                        found[key].append((year, number))
        return found

    def _judge_end(self, key: Key, report: Report, times: int, listed: Mapping[str, str]) -> None:
        rows = report.versions[-1]
        where = name(key)
        if report.forgotten:
            return
        if times > 1:
            self.fail(f"I18 {where} is booked {times} times")
        if report.touched:
            if listed_as(key) not in listed:
                self.fail(f"I18 {where}: a person's change of its voucher ({report.touched}) is not listed")
            if report.touched == "deleted" and times:
                self.fail(f"I18 {where}: it is booked again after a person deleted it")
            return
        bookable = bool(rows) and not sum(rows.values()) and all(len(each) == DIGITS for each in rows)
        if times:
            changed = len(report.versions) > 1 and not report.untold and not self._stands(key, rows)
            if changed and listed_as(key) not in listed:
                self.fail(f"I18 {where} was changed after it was booked and is not listed")
        elif rows and bookable and self._is_shown(key):
            self.fail(f"I18 {where} is not booked: {listed.get(listed_as(key), 'not listed')}")
        elif rows and self._is_shown(key) and not report.ignored and listed_as(key) not in listed:
            self.fail(f"I2 {where} cannot be booked and is not listed")

    def _stands(self, key: Key, rows: dict[str, int]) -> bool:
        return any(
            rows_of(record.values["VoucherRows"]) == rows
            for record in self._kept
            if self._vouchers.get(id(record)) == key
        )

    def _judge_order(self, places: Mapping[Key, list[tuple[int, int]]]) -> None:
        """In each register and year numbers follow each other, but for what was held or came late."""
        last: dict[tuple[int, int], tuple[int, int]] = {}
        for key, found in sorted(places.items()):
            report = self._reports[key]
            if report.excused or key in self._never or key in self._overdue or not found:
                continue
            (year, number), before = found[0], last.get((key[0], found[0][0]))
            if before and number < before[0]:
                self.fail(f"I18 {name(key)} is booked before {before[1]}")
            last[key[0], year] = (number, key[1])
