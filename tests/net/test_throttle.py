"""Who goes when: by lane, then in order; a cancelled caller leaves nothing; one timer."""

from __future__ import annotations

import asyncio

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.budget import ARRIVAL_S, Budget
from daemon.core.records import Lane
from daemon.net.throttle import Throttle
from tests.net.server import LoopClock, StepClock, settle

pytestmark = pytest.mark.row("D2")

ONE = Budget(slots=1, window_s=5.0)


async def caller(throttle, clock, lane, name, log, lasts_s=0.0):
    async with throttle.call(lane):
        log.append((name, round(clock.monotonic(), 2)))
        if lasts_s:
            await clock.sleep(lasts_s)


async def test_callers_go_by_lane_and_then_in_the_order_they_came():
    """A look for a lost write overtakes a bulk import that has waited longer."""
    clock, log = StepClock(), []
    throttle = Throttle(ONE, clock)
    async with anyio.create_task_group() as tasks:
        for name, lane in [
            ("first", Lane.BULK),
            ("bulk 1", Lane.BULK),
            ("read", Lane.READ),
            ("bulk 2", Lane.BULK),
            ("settle", Lane.SETTLE),
            ("fresh", Lane.FRESH),
        ]:
            tasks.start_soon(caller, throttle, clock, lane, name, log)
            await settle()
        assert (1, 1, 5) == (throttle.limit, throttle.used, throttle.waiting)
        await clock.step(60)
    assert ["first", "settle", "fresh", "read", "bulk 1", "bulk 2"] == [name for name, _ in log]
    assert (0, 0) == (throttle.used, throttle.waiting)


async def test_a_slot_is_free_one_window_after_its_call_ended_not_after_it_started():
    """Two slots; a call of three seconds keeps its slot for eight."""
    clock, log = StepClock(), []
    throttle = Throttle(Budget(slots=2, window_s=5.0), clock)
    async with anyio.create_task_group() as tasks:
        for name, lasts_s in [("slow", 3.0), ("quick", 0.0), ("third", 0.0), ("fourth", 0.0)]:
            tasks.start_soon(caller, throttle, clock, Lane.READ, name, log, lasts_s)
            await settle()
        await clock.step(20)
    assert [("slow", 0), ("quick", 0), ("third", 5), ("fourth", 8)] == log


async def test_a_call_that_is_cancelled_may_arrive_later_than_that():
    """Its slot is free one window and the time of a way after its end: what has left arrives all the same."""
    clock, log = StepClock(), []
    throttle = Throttle(ONE, clock)
    async with anyio.create_task_group() as tasks:
        scope = anyio.CancelScope()
        tasks.start_soon(_scoped, scope, throttle, clock, Lane.READ, "cancelled", log, 3.0)
        await clock.step(2)
        scope.cancel()
        await settle()
        tasks.start_soon(caller, throttle, clock, Lane.READ, "next", log)
        await clock.step(20)
    assert [("cancelled", 0), ("next", 2 + 5 + ARRIVAL_S)] == log


async def test_however_many_wait_one_timer_runs():
    """Fifty callers, one sleeper; each start costs at most one more sleep."""
    clock, log = StepClock(), []
    throttle = Throttle(ONE, clock)
    async with anyio.create_task_group() as tasks:
        for number in range(50):
            tasks.start_soon(caller, throttle, clock, Lane(number % 4), number, log)
            await settle()
            assert len(clock.sleepers) <= 1
        before = clock.sleeps
        await clock.step(5 * 60)
        assert clock.sleeps - before <= 49
    assert 50 == len(log)


async def test_a_hold_stops_everybody_and_keeps_their_order():
    """Asked to wait 30 s, the line starts then, a shorter hold does not shorten it."""
    clock, log = StepClock(), []
    throttle = Throttle(Budget(slots=24, window_s=5.0), clock)
    throttle.hold(30.0)
    throttle.hold(10.0)
    async with anyio.create_task_group() as tasks:
        for name in "abc":
            tasks.start_soon(caller, throttle, clock, Lane.READ, name, log)
            await settle()
        await clock.step(60)
    assert [("a", 30), ("b", 30), ("c", 30)] == log


async def test_a_hold_reaches_those_who_wait_already():
    """The one whose turn was next waits on as well."""
    clock, log = StepClock(), []
    throttle = Throttle(ONE, clock)
    async with anyio.create_task_group() as tasks:
        for name in "ab":
            tasks.start_soon(caller, throttle, clock, Lane.READ, name, log)
            await settle()
        throttle.hold(30.0)
        await clock.step(60)
    assert [("a", 0), ("b", 30)] == log


async def test_one_in_flight_means_the_next_starts_when_the_one_before_has_ended():
    """webCRM's budget: never two at once, though slots are plenty."""
    clock, log = StepClock(), []
    throttle = Throttle(Budget(slots=240, window_s=60.0, in_flight=1), clock)
    async with anyio.create_task_group() as tasks:
        for name in "abc":
            tasks.start_soon(caller, throttle, clock, Lane.READ, name, log, 2.0)
            await settle()
        await clock.step(10)
    assert 1 == throttle.connections
    assert [("a", 0), ("b", 2), ("c", 4)] == log


async def test_a_call_that_fails_gives_its_place_back():
    """An error inside the body ends the call like an answer does."""
    clock, log = StepClock(), []
    throttle = Throttle(Budget(slots=9, window_s=5.0), clock, connections=1)
    with pytest.raises(ValueError, match="no"):
        async with throttle.call(Lane.READ):
            raise ValueError("no")
    await caller(throttle, clock, Lane.READ, "next", log)
    assert [("next", 0)] == log


@given(
    plan=st.lists(
        st.tuples(st.sampled_from(Lane), st.integers(0, 3), st.integers(0, 12), st.integers(0, 4)),
        min_size=1,
        max_size=25,
    ),
    natively=st.booleans(),
)
def test_whoever_is_cancelled_the_others_are_served_and_nothing_is_left(plan, natively):
    """
    For any mix of lanes, durations and cancellations nobody is forgotten, no slot lost, no window overfull.
    """
    asyncio.run(_cancel_some(plan, natively=natively))


async def _cancel_some(plan, *, natively):
    clock, log = StepClock(), []
    throttle = Throttle(Budget(slots=3, window_s=5.0), clock, connections=2)
    stays, tasks = set(), []
    for number, (lane, lasts_s, cancel_at, pause_s) in enumerate(plan):
        scope = anyio.CancelScope()
        task = asyncio.create_task(_scoped(scope, throttle, clock, lane, number, log, lasts_s))
        tasks.append(task)
        await clock.step(pause_s)
        if cancel_at >= 6:
            stays.add(number)
            continue
        for _ in range(cancel_at):
            await asyncio.sleep(0)
        if natively:
            task.cancel()
        else:
            scope.cancel()
    await clock.step(10_000)
    await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 5)
    served = [name for name, _ in log]
    assert stays <= set(served)
    assert len(served) == len(set(served))
    starts = [at for _, at in log]
    assert all(sum(first <= at < first + 5 for at in starts) <= 3 for first in starts)
    assert (0, 0, []) == (throttle.used, throttle.waiting, clock.sleepers)


async def _scoped(scope, *args):
    with scope:
        await caller(*args)


@pytest.mark.parametrize("backend", [{}, {"use_uvloop": True}], ids=["asyncio", "uvloop"])
def test_it_works_on_the_loops_we_run_on(backend):
    """Twelve calls through three slots of 20 ms, in real time."""
    clock_log = []

    async def run():
        clock = LoopClock()
        throttle = Throttle(Budget(slots=3, window_s=0.02), clock)
        with anyio.fail_after(10):
            async with anyio.create_task_group() as tasks:
                for number in range(12):
                    tasks.start_soon(caller, throttle, clock, Lane.READ, number, clock_log)

    anyio.run(run, backend_options=backend)
    assert list(range(12)) == [name for name, _ in clock_log]


async def test_who_watches_is_told_when_a_call_begins_and_when_it_ends():
    """Also when it fails; waiting in line is not a call."""
    clock, told = StepClock(), []
    throttle = Throttle(ONE, clock, called=lambda: told.append(clock.monotonic()))
    with pytest.raises(ZeroDivisionError):
        async with throttle.call(Lane.READ):
            raise ZeroDivisionError
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(caller, throttle, clock, Lane.READ, "second", [], 2.0)
        await clock.step(60)
    window_s = ONE.window_s + ARRIVAL_S  # that one had no answer
    assert [0, 0, window_s, window_s + 2] == [round(at, 2) for at in told]
