"""
One connector's life: when its next pass is due, one pass at a time, what an outcome means for the next.

Nothing a pass does may reach another connector: whatever it raises ends here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable
from typing import ClassVar, Final, Protocol, TypeVar

import anyio

from daemon.core.records import Side
from daemon.core.report import ConnectorReport
from daemon.core.schedule import Cadence, Look, backoff_s, is_degraded, next_look
from daemon.errors import DaemonError, Remedy, Throttled
from daemon.events import (
    CONNECTOR_AWAY,
    CONNECTOR_BACK,
    CONNECTOR_CRASHED,
    CONNECTOR_PAUSED,
    CONNECTOR_RESUMED,
    PASS_DONE,
    PASS_WENT_WELL,
    Events,
)
from daemon.ports import Clock, Ids
from daemon.service.loop import Loop

T = TypeVar("T")
OVERDUE_S: Final = 60.0

# What an error that left a pass counts as. What a pass itself should have handled is a bug of ours.
OUTCOMES: Final = {
    Remedy.STOP: "error",
    Remedy.HALT: "state",
    Remedy.PAUSE: "grant",
    Remedy.RETRY: "unreachable",
    Remedy.WAIT: "unreachable",
    Remedy.RENEW: "grant",
    Remedy.PARK: "unreachable",  # a reading that they refuse
    Remedy.SETTLE: "unknown",
    Remedy.ADAPT: "config",
}
# What a connector's state is called after an outcome that did not go well; the others went well.
STATES: Final = {
    "grant": "no_grant",
    "unreachable": "away",
    "state": "no_state",
    "error": "failing",
    "config": "misfit",
}
# After these the next pass is soon, ever later; after the others it is at its ordinary time.
BACKS_OFF: Final = frozenset({"unreachable", "state", "error"})


class Bug(DaemonError):
    """Something nobody foresaw. `trace_id` finds its traceback in the log."""

    remedy: ClassVar = Remedy.RETRY

    def __init__(self, trace_id: str, traceback: str, where: str) -> None:
        what = f"something unforeseen happened (trace {trace_id})"
        super().__init__("CTL07", what, where, "see the log at that trace id, and report it")
        self.trace_id, self.traceback = trace_id, traceback


class Contain(Protocol):
    """Run something so that nothing but a cancellation can escape: an error comes as the result."""

    async def __call__(self, where: str, work: Callable[[], Awaitable[T]]) -> T | DaemonError:
        """The result of `work`, or what went wrong."""
        ...


class _Order:
    """A pass that somebody waits for."""

    def __init__(self, dry_run: bool, imports: str | None) -> None:  # noqa: FBT001
        self.dry_run, self.imports = dry_run, imports
        self.report: ConnectorReport | None = None
        self.done = anyio.Event()


class Runner:
    """A connector under supervision."""

    def __init__(
        self, loop: Loop, clock: Clock, ids: Ids, events: Events, contain: Contain, *, paused: bool = False
    ) -> None:
        self.loop, self._clock, self._ids, self._events, self._contain = loop, clock, ids, events, contain
        self.paused = paused
        self.outcome = ""
        self.error: str | None = None
        self.last_success_at: dt.datetime | None = None
        self.next_pass_at: dt.datetime | None = None
        self.degraded = False
        self.ended = anyio.Event()
        self._next_at_s: float | None = None
        self._failures = 0
        self._crashes_s: list[float] = []
        self._nudged = False
        self._passing = False
        self._asked_to_wait_s = 0.0
        self._orders: list[_Order] = []
        self._wake = anyio.Event()
        self._scope = anyio.CancelScope()

    # -------------------------------------------------------------- what others see

    @property
    def state(self) -> str:
        """One of paused, running, starting, waiting, degraded, and the values of STATES."""
        if self.paused:
            return "paused"
        if self._passing:
            return "running"
        if self.degraded:
            return "degraded"
        return STATES.get(self.outcome, "waiting") if self.outcome else "starting"

    @property
    def not_ready(self) -> str:
        """Why it is not ready, "" when it is: paused, or it has once done its work and has its grant."""
        if self.paused or (self.last_success_at is not None and self.outcome != "grant"):
            return ""
        return self.error or "its first pass has not ended"

    def overdue(self) -> bool:
        """Whether its pass should have begun and has not: then the scheduler stands still."""
        late = self._next_at_s is not None and self._clock.monotonic() - self._next_at_s > OVERDUE_S
        return late and not self.paused and not self._passing

    # -------------------------------------------------------------- what others ask

    def nudge(self) -> None:
        """A pass of both sides as soon as possible; several nudges are one."""
        self._nudged = True
        self._wake.set()

    def set_paused(self, *, paused: bool) -> None:
        """No scheduled pass begins while paused; resuming looks at both sides at once."""
        if paused != self.paused:
            self.paused = paused
            event = CONNECTOR_PAUSED if paused else CONNECTOR_RESUMED
            self._events.emit(event, connector=self.loop.name)
        if not paused:
            self.nudge()

    async def ask(self, *, dry_run: bool, imports: str | None) -> ConnectorReport:
        """A pass of both sides, next in turn. Raises DaemonError CTL06 when the runner ends before it."""
        order = _Order(dry_run, imports)
        if not self.ended.is_set():
            self._orders.append(order)
            self._wake.set()
            await order.done.wait()
        if order.report is None:
            raise DaemonError("CTL06", "the connector is stopping", self.loop.name, "repeat in a moment")
        return order.report

    def stop(self) -> None:
        """End at the next boundary between steps; `ended` tells when."""
        self._scope.cancel()

    # -------------------------------------------------------------- its life

    async def run(self) -> None:
        """Until `stop`."""
        with self._scope:
            await self._live()

    def finish(self) -> None:
        """It will not run again: whoever waits for it is told."""
        self.ended.set()
        for order in self._orders:
            order.done.set()

    async def _live(self) -> None:
        began_s = self._clock.monotonic()
        cadence = Cadence(self.loop.interval_s, self.loop.offset_s, began_s)
        last_s = dict.fromkeys(Side, began_s)
        look = Look(None, began_s)
        while True:
            await self._wait_for(look)
            if self._orders:
                order = self._orders.pop(0)
                try:
                    report = order.report = await self._attempt(
                        None, dry_run=order.dry_run, imports=order.imports, eager=True
                    )
                finally:
                    order.done.set()  # also when it was cancelled or went wrong: nobody waits for ever
                if order.dry_run:
                    continue
                side = None
            else:
                side = None if self._nudged else look.side
                self._nudged = False
                last_s |= dict.fromkeys(_sides(side), self._clock.monotonic())
                report = await self._attempt(side)
            look = self._after(report, cadence, last_s)

    async def _wait_for(self, look: Look) -> None:
        """Return when `look` is due, or something was asked for."""
        self._set_next(look.at_s)
        while not self._orders:
            left_s = look.at_s - self._clock.monotonic()
            if not self.paused and (self._nudged or left_s <= 0):
                return
            self._wake = anyio.Event()
            await _first_of(self._wake, self._clock, None if self.paused else left_s)

    def _after(self, report: ConnectorReport, cadence: Cadence, last_s: dict[Side, float]) -> Look:
        now_s = self._clock.monotonic()
        if report.outcome in BACKS_OFF:
            self._failures += 1
            wait_s = max(backoff_s(self._failures, self._ids.uniform()), self._asked_to_wait_s)
            return Look(None, now_s + wait_s)
        self._failures = 0
        look = next_look(cadence, last_s, now_s)
        if report.next_look_at is not None:  # a write to be settled does not wait for a reading
            settle_s = now_s + max(0.0, (report.next_look_at - self._clock.now()).total_seconds())
            look = Look(look.side, min(look.at_s, settle_s))
        return look

    def _set_next(self, at_s: float) -> None:
        self._next_at_s = at_s
        left = dt.timedelta(seconds=max(0.0, at_s - self._clock.monotonic()))
        self.next_pass_at = self._clock.now() + left

    # -------------------------------------------------------------- one pass

    async def _attempt(
        self, side: Side | None, *, dry_run: bool = False, imports: str | None = None, eager: bool = False
    ) -> ConnectorReport:
        async def work() -> ConnectorReport:
            return await self.loop.run_pass(side, dry_run=dry_run, imports=imports, eager=eager)

        self._passing, began_s = True, self._clock.monotonic()
        try:
            result = await self._contain(f"connector.{self.loop.name}", work)
        finally:
            self._passing = False
        self._asked_to_wait_s = result.retry_after_s if isinstance(result, Throttled) else 0.0
        report = self._failed(result) if isinstance(result, DaemonError) else result
        if self._scope.cancel_called:
            return report  # it was cut off, which says nothing about them
        if not dry_run:
            self._remember(report)
        self._tell(report, side, self._clock.monotonic() - began_s)
        return report

    def _failed(self, error: DaemonError) -> ConnectorReport:
        if isinstance(error, Bug):
            now_s = self._clock.monotonic()
            self._crashes_s = [*self._crashes_s[-9:], now_s]
            self.degraded = is_degraded(self._crashes_s, now_s)
            self._events.emit(
                CONNECTOR_CRASHED,
                connector=self.loop.name,
                trace_id=error.trace_id,
                error=error.what,
                traceback=error.traceback,
                degraded=self.degraded,
            )
        return report_of(self.loop.name, error)

    def _remember(self, report: ConnectorReport) -> None:
        went_well = report.outcome not in STATES
        name, company = self.loop.name, self.loop.company
        if went_well:
            self.last_success_at = self._clock.now()
            self.degraded = False
            self._events.emit(PASS_WENT_WELL, connector=name, at_s=self.last_success_at.timestamp())
            if self.outcome in STATES:
                self._events.emit(CONNECTOR_BACK, connector=name, company=company)
        elif self.outcome != report.outcome:
            self._events.emit(
                CONNECTOR_AWAY, connector=name, company=company, outcome=report.outcome, error=report.error
            )
        self.outcome, self.error = report.outcome, report.error

    def _tell(self, report: ConnectorReport, side: Side | None, duration_s: float) -> None:
        counted = report.outcome not in STATES  # a pass that failed has not counted what waits
        self._events.emit(
            PASS_DONE,
            connector=self.loop.name,
            company=self.loop.company,
            side=side.value if side else "both",
            outcome=report.outcome,
            duration_s=duration_s,
            read=report.read,
            written=report.written,
            parked=report.parked if counted else None,
            held=report.held if counted else None,
            conflicts=report.conflicts if counted else None,
            unknown=report.unknown if counted else None,
            error=report.error,
        )


def report_of(name: str, error: DaemonError) -> ConnectorReport:
    """The report of a pass that ended in `error`."""
    outcome = "error" if isinstance(error, Bug) else OUTCOMES.get(error.remedy, "error")
    if error.code.startswith("AUT"):
        outcome = "grant"  # a right or a licence that a reading was refused for
    return ConnectorReport(name=name, outcome=outcome, error=str(error))


def _sides(side: Side | None) -> tuple[Side, ...]:
    return tuple(Side) if side is None else (side,)


async def _first_of(event: anyio.Event, clock: Clock, seconds: float | None) -> None:
    """Wait for `event`, but no longer than `seconds`."""

    async def ring() -> None:
        await clock.sleep(seconds or 0.0)
        event.set()

    async with anyio.create_task_group() as group:
        if seconds is not None:
            group.start_soon(ring)
        await event.wait()
        group.cancel_scope.cancel()
