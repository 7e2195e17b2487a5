"""Vouchers as postings: how they are listed, read, looked for and booked. None is ever changed or deleted."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import Any, Final

from msgspec import structs

from daemon.core.mapping import Table
from daemon.core.postings import balance, turnover, unpacked
from daemon.core.records import Fields, Lane, Problem, Seen
from daemon.errors import Refused, Unusable
from daemon.ports import Answer, Clock, Page, Whole
from daemon.systems.fortnox import bookable, spec, voucher_table
from daemon.systems.fortnox.bookable import Year
from daemon.systems.fortnox.books import Books
from daemon.systems.fortnox.calls import Calls, Listed, Shown, changed_since
from daemon.systems.fortnox.part import Part
from daemon.systems.fortnox.voucher_table import POSTING, identity, parted, told

VOUCHER: Final = spec.KINDS["voucher"]


class Vouchers(Part):
    """The vouchers of the series that connectors use: a number counts within a series and a year only."""

    def __init__(self, calls: Calls, books: Books, clock: Clock) -> None:
        self._calls, self._books, self._clock = calls, books, clock
        self._series: tuple[str, ...] = ()

    def serve(self, series: Collection[str]) -> None:
        """The series that are read."""
        self._series = tuple(sorted(set(series)))

    @property
    def table(self) -> Table:
        return POSTING

    # -------------------------------------------------------------- reading

    async def read(
        self, since: dt.datetime | None, lane: Lane, *, only_changed: bool = False
    ) -> AsyncIterator[Page]:
        """
        Each series in each year, changes counted from the very first answer; nothing without a series.

        What changes in the books of a year that is over, or far from its beginning, or that was made minutes
        ago, is found by the nightly reading of everything.
        """
        if not self._series:
            yield Page(rows=(), server_time=self._clock.now(), complete=True)
            return
        began: dt.datetime | None = None
        for year in await self._years(since, lane):
            for series in self._series:
                async for listed in self._rows(series, year, changed_since(since), lane):
                    began = began or listed.server_time
                    seen = tuple(_listed(row, since) for row in listed.rows)
                    yield Page(rows=seen, server_time=began, complete=since is None)
        if began is None:
            began = (await self._books.register("year", lane)).server_time
            yield Page(rows=(), server_time=began, complete=since is None)

    async def _years(self, since: dt.datetime | None, lane: Lane) -> Sequence[Year]:
        """Those whose books may have changed since a time; all when None."""
        if since is None:
            return await self._books.years(lane, afresh=True)
        now = (await self._books.register("year", lane)).server_time
        first, last = (at.date().isoformat() for at in (since - spec.BOOKS_OPEN, now + spec.BOOKS_OPEN))
        return [each for each in await self._books.years(lane) if each.last >= first and each.first <= last]

    async def _rows(
        self, series: str, year: Year, query: Mapping[str, str], lane: Lane
    ) -> AsyncIterator[Listed]:
        """Page by page the vouchers of a series, "" for all, of a year, also where no filter is heeded."""
        asked = {"financialyear": year.id, **({"voucherseries": series} if series else {}), **query}
        async for listed in self._calls.pages(VOUCHER, asked, lane):
            rows = [row for row in listed.rows if str(row.get("Year")) == year.id]
            yield listed._replace(rows=[row for row in rows if series in ("", row.get("VoucherSeries"))])

    async def get(self, record_id: str, lane: Lane) -> Seen | None:
        series, number, year = parted(record_id)
        shown = await self._calls.one(VOUCHER, (series, number), lane, {"financialyear": year})
        if shown is None:
            return None
        if _id(shown) != record_id:
            raise shown.odd(f"{_id(shown)} instead of {record_id}")
        return Seen(id=record_id, fields=shown.as_read(voucher_table.whole))

    # -------------------------------------------------------------- looking

    async def look(self, fields: Fields, since: dt.datetime | None, whole: Whole | None) -> Sequence[Seen]:
        """
        Every voucher with the mark of `fields`, in any series, that changed since, or of its day.

        In any: a memory that was lost does not know in which one it was booked. One of its own series without
        any mark in its text is read whole: a person may have changed that, while the mark in a row remains.
        Without a day the series that are read are looked through.
        """
        mark, hits = str(fields["reference"]), 0
        ids: dict[str, None] = {}
        async for row in self._near(fields, since):
            shown = told(row.get("Description")).mark
            hits += shown == mark
            if hits > spec.HITS_MAX:
                raise _too_many(mark)
            own = fields.get("series") in (None, row["VoucherSeries"])
            if shown == mark or (own and not shown):
                ids[_listed(row).id] = None
        found = await self._whole(list(ids), whole)
        return [seen for seen in found if seen.fields.get("reference") == mark]

    async def _near(self, fields: Fields, since: dt.datetime | None) -> AsyncIterator[dict[str, Any]]:
        date = fields.get("date")
        if date is None:
            years = await self._books.years(Lane.SETTLE, afresh=True)
        else:
            year = await self._books.year_of(str(date), Lane.SETTLE)
            years = [year] if year else []
        if since is not None:
            query = changed_since(since - spec.LOOK_BACK)
        else:
            query = {} if date is None else {"fromdate": str(date), "todate": str(date)}
        for year in years:
            for code in self._series if date is None else ("",):
                async for listed in self._rows(code, year, query, Lane.SETTLE):
                    for row in listed.rows:
                        yield row

    async def _whole(self, ids: Sequence[str], whole: Whole | None) -> Sequence[Seen]:
        if whole and ids:
            return await whole(ids)
        seen = [await self.get(each, Lane.SETTLE) for each in ids]
        return [each for each in seen if each is not None]

    # -------------------------------------------------------------- booking

    async def hinders(self, fields: Fields, lane: Lane) -> Problem | None:
        problem = await self._books.hinders(fields, lane)
        if problem is None:
            return None
        return structs.replace(problem, where=f"{fields['text']}: {problem.where}")

    async def create(self, fields: Fields, lane: Lane) -> Answer:
        """
        One voucher in the financial year of its date, in one request.

        An answer that shows another day, series, year or sum proves nothing: OutcomeUnknown.
        """
        entries = unpacked(fields["entries"])
        assert entries, "a voucher of nothing"
        assert not balance(entries), "debit and credit differ"
        date = str(fields["date"])
        year = await self._books.year_of(date, lane)
        if year is None:
            why = bookable.no_year(date)
            raise Refused(why.code, why.what, why.where, why.todo, system=spec.NAME)
        body, query = voucher_table.payload(fields), {"financialyear": year.id}
        try:
            stored = await self._calls.write("POST", VOUCHER, None, body, lane, query)
        except Refused:
            self._books.forget()  # somebody has changed what they were believed to be
            raise
        seen = Seen(id=_id(stored), fields=stored.as_read(voucher_table.whole))
        if odd := _unlike(fields, seen, year):
            raise stored.odd(odd)
        return Answer(status=stored.reply.status, id=seen.id, seen=seen)


def _unlike(sent: Fields, seen: Seen, year: Year) -> str:
    """How the voucher that was answered is not the one that was sent; "" when it is."""
    if parted(seen.id)[2] != year.id:
        return f"the voucher {seen.id} is not in the financial year {year.id}"
    for name in ("series", "date"):
        if seen.fields[name] != sent[name]:
            return f"the voucher {seen.id} has the {name} {seen.fields[name]}, not {sent[name]}"
    sums = [turnover(unpacked(fields["entries"])) for fields in (sent, seen.fields)]
    return "" if sums[0] == sums[1] else f"the voucher {seen.id} has another sum than was sent"


def _listed(row: Mapping[str, Any], changed_at: dt.datetime | None = None) -> Seen:
    key = identity(row["VoucherSeries"], row["VoucherNumber"], row["Year"])
    return Seen(id=key, fields=voucher_table.listed(row), full=False, changed_at=changed_at)


def _id(shown: Shown) -> str:
    return identity(shown.record.get("VoucherSeries"), shown.number, shown.record.get("Year"))


def _too_many(mark: str) -> Unusable:
    return Unusable(
        "JSN16",
        f"more than {spec.HITS_MAX} vouchers bear the mark {mark}",
        f"{spec.NAME} GET {VOUCHER.path}",
        "nothing is booked until a search finds only what is asked for; report it",
        system=spec.NAME,
    )
