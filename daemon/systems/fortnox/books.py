"""What the books are made of: years, series, accounts, cost centres; each believed for ten minutes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from daemon.core.codecs import DATE, FLAG
from daemon.core.postings import unpacked
from daemon.core.records import Fields, Lane, Problem
from daemon.ports import Clock
from daemon.systems.fortnox import bookable, spec
from daemon.systems.fortnox.bookable import Account, Center, Series, Year
from daemon.systems.fortnox.calls import Calls
from daemon.systems.fortnox.kept import Kept
from daemon.systems.fortnox.period import Period


class Register(NamedTuple):
    """All rows of a small register, and when Fortnox began to answer."""

    rows: Sequence[dict[str, Any]]
    server_time: dt.datetime


class Books:
    """One company's books, as far as a voucher needs them."""

    def __init__(self, calls: Calls, clock: Clock, period: Period) -> None:
        self._calls, self._period = calls, period
        self._kept: Kept[Register] = Kept(clock, spec.BELIEVED)

    def begin(self) -> None:
        """A pass begins: what hindered something before it may be mended."""
        self._kept.begin()
        self._period.begin()

    def forget(self) -> None:
        """Ask everything anew the next time."""
        self._kept.forget()
        self._period.forget()

    # -------------------------------------------------------------- what there is

    async def register(
        self, kind: str, lane: Lane, year: Year | None = None, *, afresh: bool = False
    ) -> Register:
        """A whole register, of one financial year where it has them."""
        query = {} if year is None else {"financialyear": year.id}

        async def ask() -> Register:
            pages = [listed async for listed in self._calls.pages(spec.KINDS[kind], query, lane)]
            return Register([row for listed in pages for row in listed.rows], pages[0].server_time)

        return await self._kept.get(f"{kind} {query}", ask, afresh=afresh)

    async def years(self, lane: Lane, *, afresh: bool = False) -> Sequence[Year]:
        """Every financial year."""
        found = await self.register("year", lane, afresh=afresh)
        years = (
            Year(str(row["Id"]), DATE.read(row.get("FromDate")), DATE.read(row.get("ToDate")))
            for row in found.rows
        )
        return [year for year in dict.fromkeys(years) if all(isinstance(each, str) for each in year)]

    async def year_of(self, date: str, lane: Lane) -> Year | None:
        """The financial year that holds a day. That there is none is asked afresh."""
        for afresh in (False, True):
            for year in await self.years(lane, afresh=afresh):
                if year.first <= date <= year.last:
                    return year
        return None

    async def series(self, year: Year, lane: Lane, *, afresh: bool = False) -> Mapping[str, Series]:
        """The voucher series of a year by their code."""
        found = await self.register("series", lane, year, afresh=afresh)
        return {
            str(row["Code"]): Series(
                str(row["Code"]), title(row), manual=FLAG.read(row.get("Manual")) is True
            )
            for row in found.rows
        }

    async def accounts(self, year: Year, lane: Lane, *, afresh: bool = False) -> Mapping[str, Account]:
        """A year's chart of accounts by number."""
        found = await self.register("account", lane, year, afresh=afresh)
        return {str(row["Number"]): _account(row) for row in found.rows}

    async def centers(self, lane: Lane, *, afresh: bool = False) -> Mapping[str, Center]:
        """The cost centres by their code."""
        found = await self.register("cost center", lane, afresh=afresh)
        return {
            str(row["Code"]): Center(str(row["Code"]), title(row), active=is_active(row))
            for row in found.rows
        }

    # -------------------------------------------------------------- what may be booked

    async def hinders(self, fields: Fields, lane: Lane) -> Problem | None:
        """
        What keeps a voucher from being booked now: REC22, REC23, CFG12 or REC18.

        An old answer may say yes, never no: somebody may just have mended it.
        """
        year = await self.year_of(str(fields["date"]), lane)
        if year is None:
            return bookable.no_year(str(fields["date"]))
        for judge in (self._by_period, self._by_series, self._by_rows):
            if await judge(fields, year, lane, afresh=False):
                problem = await judge(fields, year, lane, afresh=True)
                if problem:
                    return problem
        return None

    async def _by_period(self, fields: Fields, _: Year, lane: Lane, *, afresh: bool) -> Problem | None:
        return bookable.locked(str(fields["date"]), await self._period.end(lane, afresh=afresh))

    async def _by_series(self, fields: Fields, year: Year, lane: Lane, *, afresh: bool) -> Problem | None:
        return bookable.series(str(fields["series"]), year, await self.series(year, lane, afresh=afresh))

    async def _by_rows(self, fields: Fields, year: Year, lane: Lane, *, afresh: bool) -> Problem | None:
        entries = unpacked(fields.get("entries"))
        accounts = await self.accounts(year, lane, afresh=afresh)
        named = any(entry.cost_center for entry in entries)
        centers = await self.centers(lane, afresh=afresh) if named else {}
        return bookable.rows(entries, year, accounts, centers)


def title(row: Mapping[str, Any]) -> str:
    """What people call a row of a register."""
    return str(row.get("Description") or "")


def is_active(row: Mapping[str, Any]) -> bool:
    """Whether a row may be used: one that does not say otherwise may."""
    return FLAG.read(row.get("Active")) is not False


def _account(row: Mapping[str, Any]) -> Account:
    return Account(
        number=str(row["Number"]),
        title=title(row),
        active=is_active(row),
        center=str(row.get("CostCenterSettings") or ""),
        own_center=str(row.get("CostCenter") or ""),
        project=str(row.get("ProjectSettings") or ""),
        own_project=str(row.get("Project") or ""),
    )
