"""
Swedish working days. Pure.

Saturdays and the eves of midsummer, Christmas and New Year count as holidays: a day that a law names is then
the next working day (lag 1930:173 om beräkning av lagstadgad tid).
"""

from __future__ import annotations

import datetime as dt
from functools import lru_cache

DAY = dt.timedelta(days=1)
SATURDAY = 5
FIXED = (  # month, day
    (1, 1), (1, 6), (5, 1), (6, 6), (12, 24), (12, 25), (12, 26), (12, 31),
)  # fmt: skip
AFTER_EASTER = (-2, 1, 39)  # långfredagen, annandag påsk, Kristi himmelsfärds dag


def next_working_day(day: dt.date) -> dt.date:
    """The first working day after `day`."""
    day += DAY
    while not is_working_day(day):
        day += DAY
    return day


def is_working_day(day: dt.date) -> bool:
    """Whether offices are open."""
    return day.weekday() < SATURDAY and day not in _holidays(day.year)


@lru_cache(64)
def _holidays(year: int) -> frozenset[dt.date]:
    """Those that may fall on a weekday; alla helgons dag and midsommardagen are Saturdays."""
    fixed = {dt.date(year, month, day) for month, day in FIXED}
    moved = {_easter(year) + dt.timedelta(days=days) for days in AFTER_EASTER}
    return frozenset(fixed | moved | {_midsummer_eve(year)})


def _midsummer_eve(year: int) -> dt.date:
    """The Friday from 19 to 25 June."""
    first = dt.date(year, 6, 19)
    return first + dt.timedelta(days=(SATURDAY - 1 - first.weekday()) % 7)


def _easter(year: int) -> dt.date:
    """Easter Sunday of the Gregorian calendar, by Gauss' rule as Butcher wrote it."""
    moon, century, rest = year % 19, year // 100, year % 100
    shift = (century - (century + 8) // 25 + 1) // 3
    full = (19 * moon + century - century // 4 - shift + 15) % 30
    sunday = (32 + 2 * (century % 4) + 2 * (rest // 4) - full - rest % 4) % 7
    late = (moon + 11 * full + 22 * sunday) // 451
    month, day = divmod(full + sunday - 7 * late + 114, 31)
    return dt.date(year, month, day + 1)
