"""Swedish working days, held against the almanacs of 2024 to 2030."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.postings import due
from daemon.core.workdays import is_working_day, next_working_day

DAYS = st.dates(dt.date(2024, 1, 1), dt.date(2060, 12, 31))
MOVED = {  # year: långfredagen, annandag påsk, Kristi himmelsfärds dag, midsommarafton
    2024: ("03-29", "04-01", "05-09", "06-21"),
    2025: ("04-18", "04-21", "05-29", "06-20"),
    2026: ("04-03", "04-06", "05-14", "06-19"),
    2027: ("03-26", "03-29", "05-06", "06-25"),
    2028: ("04-14", "04-17", "05-25", "06-23"),
    2029: ("03-30", "04-02", "05-10", "06-22"),
    2030: ("04-19", "04-22", "05-30", "06-21"),
}
FIXED = ("01-01", "01-06", "05-01", "06-06", "12-24", "12-25", "12-26", "12-31")
NEXT = [
    # what day it is                        sold          then comes
    ("an ordinary Monday",                  "2026-11-23", "2026-11-24"),
    ("a Friday",                            "2026-11-20", "2026-11-23"),
    ("a Sunday",                            "2026-11-22", "2026-11-23"),
    ("before Easter",                       "2026-04-02", "2026-04-07"),
    ("before the Ascension, a Thursday",    "2026-05-13", "2026-05-15"),
    ("before 1 May, a Friday",              "2026-04-30", "2026-05-04"),
    ("before midsummer",                    "2026-06-18", "2026-06-22"),
    ("6 June on a Saturday",                "2026-06-05", "2026-06-08"),
    ("before a Christmas that is long",     "2026-12-23", "2026-12-28"),
    ("before a Christmas with days between", "2025-12-23", "2025-12-29"),
    ("New Year's eve and the day after it", "2026-12-30", "2027-01-04"),
    ("before Twelfth Night",                "2027-01-05", "2027-01-07"),
    ("before a New Year in a leap year",    "2028-02-28", "2028-02-29"),
]  # fmt: skip
NOON = [
    # what time it is in Sweden            sold          due, in UTC
    ("winter",                             "2026-11-23", "2026-11-24T11:00"),
    ("summer",                             "2026-07-01", "2026-07-02T10:00"),
    ("the night to summer time between",   "2026-03-27", "2026-03-30T10:00"),
    ("the night to winter time between",   "2026-10-23", "2026-10-26T11:00"),
]  # fmt: skip


def day(text):
    return dt.date.fromisoformat(text)


@pytest.mark.parametrize("year", MOVED)
def test_the_holidays_on_weekdays_are_those_of_the_almanac(year):
    """
    Every weekday of the year is a working day but for those that the almanac has in red, and the eves.
    """
    red = {day(f"{year}-{each}") for each in (*MOVED[year], *FIXED)}
    days = (dt.date(year, 1, 1) + dt.timedelta(days=number) for number in range(366))
    off = {each for each in days if each.year == year and each.weekday() < 5 and not is_working_day(each)}
    assert {each for each in red if each.weekday() < 5} == off


@pytest.mark.parametrize(("sold", "then"), [row[1:] for row in NEXT], ids=[row[0] for row in NEXT])
def test_the_next_working_day(sold, then):
    """
    The one on which the sales of a day are to be booked at the latest.
    """
    assert day(then) == next_working_day(day(sold))


@pytest.mark.parametrize(("sold", "then"), [row[1:] for row in NOON], ids=[row[0] for row in NOON])
def test_an_alarm_is_due_at_twelve_by_the_clocks_on_swedish_walls(sold, then):
    """
    Also where the clocks are changed between the sale and the alarm.
    """
    assert dt.datetime.fromisoformat(then).replace(tzinfo=dt.UTC) == due(day(sold))


@given(each=DAYS)
def test_the_next_working_day_is_the_first_one_after(each):
    """
    It is one, nothing before it is, and at most five days lie between.
    """
    found = next_working_day(each)
    between = [each + dt.timedelta(days=number) for number in range(1, (found - each).days)]
    assert is_working_day(found)
    assert not any(map(is_working_day, between))
    assert len(between) <= 5


@given(year=st.integers(1900, 2199))
def test_a_year_has_as_many_working_days_as_a_swedish_year_has(year):
    """
    Between 245 and 255; whatever Easter does, Good Friday is a Friday and the Monday after it is one.
    """
    days = [dt.date(year, 1, 1) + dt.timedelta(days=number) for number in range(365)]
    assert 245 <= sum(map(is_working_day, days)) <= 255
