"""
A share of `python -m tests.simulation --parts tills`: shops from fresh seeds each time (G11, rows K2 and K7).
"""

from __future__ import annotations

import datetime as dt
import os
import random
from itertools import count

import pytest

from tests.simulation import stocks_plan, tills_plan
from tests.simulation.tills_facts import due_at
from tests.simulation.tills_run import STOCK, draw, live, lives, told

pytestmark = [
    # A process that is killed leaves coroutines that nobody awaits: that is what a kill is.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore:coroutine:RuntimeWarning"),
]

WEEKS = 25  # days
FIRST = int(os.environ.get("SIMULATE_FIRST") or random.SystemRandom().randrange(1 << 32))
SHARE_S = float(os.environ.get("SIMULATE_TILLS_S", "4"))  # of each of the two tests


@pytest.mark.row("K2")
def test_every_report_is_booked_once_or_held_with_an_alarm():
    """
    Four registers for some weeks, from fresh seeds or from `SIMULATE_FIRST` on. A failure names its seed, the
    fewest events that lead there, and the command.
    """
    lived = lives(count(FIRST), WEEKS, until_s=SHARE_S)
    assert lived.counts["booked"] > 0
    assert not lived.failures, told(lived.failures[0])


@pytest.mark.row("K7")
def test_what_both_sides_sell_is_what_both_sides_show():
    """
    Or the article is an open conflict on record, and both agree when a person has resolved it.
    """
    lived = lives(count(FIRST), STOCK, until_s=SHARE_S)
    assert lived.counts["writes"] > 0
    assert not lived.failures, told(lived.failures[0])


@pytest.mark.parametrize(("seed", "days"), [(1, 7), (3, STOCK)], ids=["reports", "stock"])
def test_the_same_seed_leaves_the_same_trace(seed, days):
    """
    Requests, answers, what people do and what is logged, each with its time.
    """
    assert live(draw(seed, days)).digest == live(draw(seed, days)).digest != live(draw(seed + 1, days)).digest


def test_shops_differ_in_everything_that_may_differ():
    """
    Every class of fault, every open question, the turn of the year, and shops without any fault.
    """
    plans = [tills_plan.draw(seed) for seed in range(200)]
    assert {name for plan in plans for name in plan.faults} == set(tills_plan.FAULTS)
    assert {each for plan in plans for each in plan.switches} == set(tills_plan.OPEN_QUESTIONS)
    assert any(not plan.faults for plan in plans)
    assert {event.what for plan in plans for event in plan.events} >= {*tills_plan.PEOPLE, "day", "year"}
    calls = {plan.switches[0][2] for plan in map(stocks_plan.draw, range(60))}
    assert calls == set(stocks_plan.STOCK_CALLS)


DUE = [
    # sold on        is due at 12:00 of
    ("2026-12-22", "2026-12-23"),
    ("2026-12-23", "2026-12-28"),
    ("2027-03-25", "2027-03-30"),
    ("2026-06-18", "2026-06-22"),
    ("2028-05-24", "2028-05-26"),
]


@pytest.mark.parametrize(("sold", "due"), DUE)
def test_the_judge_knows_the_calendar(sold, due):
    """
    Christmas, Easter, midsummer, Ascension.
    """
    assert due == due_at(dt.date.fromisoformat(sold)).date().isoformat()
