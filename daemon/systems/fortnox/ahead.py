"""What the books lack for the days to come, while there is time to mend it (swedish-accounting.md 10)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Final

from daemon.core.records import Lane, Problem
from daemon.core.stockholm import ZONE
from daemon.errors import GrantError, RemoteError
from daemon.ports import Clock, Finding
from daemon.systems.fortnox import bookable, spec
from daemon.systems.fortnox.bookable import Year
from daemon.systems.fortnox.books import Books

AGAIN_S: Final = 86_400.0
LONGEST_MONTH: Final = dt.timedelta(days=31)


class Ahead:
    """One company's books of next month: their year, and its series."""

    def __init__(self, books: Books, clock: Clock) -> None:
        self._books, self._clock = books, clock
        self._series: tuple[str, ...] = ()
        self._again_at_s = 0.0
        self.troubles: Sequence[Finding] = ()

    def serve(self, series: Collection[str]) -> None:
        """The series that connectors book in, by their config."""
        self._series, self._again_at_s, self.troubles = tuple(sorted(series)), 0.0, ()

    async def look(self, lane: Lane = Lane.READ) -> None:
        """
        Find out once a day, where anybody books at all; what may not be asked is nobody's trouble.

        No error is raised: it hinders no customer from crossing. What failed is asked in the next pass.
        """
        if not self._series or self._clock.monotonic() < self._again_at_s:
            return
        try:
            self.troubles = [each for each in await self.findings(lane) if not each.ok]
        except (GrantError, RemoteError) as error:
            if error.code not in spec.NO_RIGHT:
                return
        self._again_at_s = self._clock.monotonic() + AGAIN_S

    async def findings(self, lane: Lane = Lane.READ) -> Sequence[Finding]:
        """Whether what is sold next month can be booked; nothing where that is this year's books."""
        now = (await self._books.register("year", lane)).server_time
        today = now.astimezone(ZONE).date()
        day = (today.replace(day=1) + LONGEST_MONTH).replace(day=1).isoformat()  # a year begins with a month
        year = await self._books.year_of(day, lane)
        if year and year.first <= today.isoformat():
            return []
        problems = [bookable.no_year(day)] if year is None else await self._lacking(year, lane)
        if not problems:
            return [Finding(ok=True, what=f"the books are open for {day}", where="Fortnox, financial years")]
        return [
            Finding(ok=False, what=each.what, where=each.where, code=each.code, todo=each.todo)
            for each in problems
        ]

    async def _lacking(self, year: Year, lane: Lane) -> Sequence[Problem]:
        known = await self._books.series(year, lane, afresh=True)
        found = [bookable.series(code, year, known) for code in self._series]
        return [each for each in found if each]
