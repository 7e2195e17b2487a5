"""
All pretend systems together: one clock, one list of faults, one log.

`World.exchange` is the whole sandbox without a port. It is an ordinary
function and, for the same clock, seed and requests, always answers the same,
so tests and the simulation call it in process; `server.py` only carries its
outcomes over a connection.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping

from msgspec import Struct, structs

from daemon.sandbox.eskassa import Eskassa
from daemon.sandbox.faults import Fault, FaultName, Faults, answer_of
from daemon.sandbox.fortnox import Fortnox
from daemon.sandbox.log import Log
from daemon.sandbox.web import Now, Pretend, Request, Response, http_date
from daemon.sandbox.webcrm import Webcrm

Maker = Callable[[Now], Pretend]

SYSTEMS: Mapping[str, Maker] = {
    "fortnox": Fortnox,
    "webcrm": Webcrm,
    "eskassa": Eskassa,
}

DROPPED = frozenset({"lost_before", "lost_after", "late"})


class Outcome(Struct, frozen=True, kw_only=True):
    """
    The answer, and how the connection must mistreat it.

    `fault` None, "html" and "status": deliver. "delay": deliver after
    `delay_s`. "reset", "truncate": break off in the middle of the body.
    "lost_before", "lost_after", "late": drop the connection without a byte;
    `response` is then None.
    """

    response: Response | None
    fault: FaultName | None = None
    delay_s: float = 0.0


class _Late(Struct, frozen=True):
    due: dt.datetime
    system: str
    request: Request


class World:
    """The pretend systems of `systems`, on a clock that starts at `base` and can be moved."""

    def __init__(
        self,
        base: Now,
        *,
        filled: bool = True,
        seed: int = 1,
        systems: Mapping[str, Maker] = SYSTEMS,
    ) -> None:
        self._base = base
        self._ahead = dt.timedelta()
        self._late: list[_Late] = []
        self.faults = Faults(seed)
        self.log = Log()
        self.systems: dict[str, Pretend] = {name: make(self.now) for name, make in systems.items()}
        if filled:
            self.reset(filled=True, seed=seed)

    def now(self) -> dt.datetime:
        """The time in every pretend system: aware, UTC."""
        return self._base() + self._ahead

    def ahead_s(self) -> float:
        """How far the clock has been moved from its base, in seconds."""
        return self._ahead.total_seconds()

    def move_clock(self, by: dt.timedelta) -> None:
        """Move the clock, also backwards, and apply what has become due."""
        self._ahead += by
        self.catch_up()

    def set_clock(self, to: dt.datetime) -> None:
        """Make it `to` (aware) now; the clock goes on from there."""
        self.move_clock(to - self.now())

    def reset(self, *, filled: bool, seed: int) -> None:
        """Start over: records, faults, requests under way and the clock. The log goes on."""
        self._ahead = dt.timedelta()
        self._late.clear()
        self.faults.seed(seed)
        for system in self.systems.values():
            system.reset(filled=filled, seed=seed)

    def exchange(self, system: str, request: Request) -> Outcome:
        """Let `request` reach `system` (a key of `systems`), or be spoiled on its way; log it."""
        self.catch_up()
        fault = self.faults.draw(system, request)
        if fault is None:
            return Outcome(response=self._apply(system, request, None))
        if fault.fault == "late":
            self._late.append(_Late(self.now() + dt.timedelta(seconds=fault.delay_s), system, request))
            return Outcome(response=None, fault=fault.fault, delay_s=fault.delay_s)
        return self._spoiled(system, request, fault)

    def catch_up(self) -> None:
        """Apply the requests of `late` faults that are due by now, in the order they became due."""
        now = self.now()
        due = [late for late in self._late if late.due <= now]
        if not due:
            return
        self._late = [late for late in self._late if late.due > now]
        for late in sorted(due, key=lambda late: late.due):
            self._apply(late.system, late.request, "late")

    def _spoiled(self, system: str, request: Request, fault: Fault) -> Outcome:
        match fault.fault:
            case "lost_before":
                self._remember(system, request, None, fault.fault)
                response = None
            case "html" | "status":
                response = self._dated(answer_of(fault, system))
                self._remember(system, request, response, fault.fault)
            case _:
                response = self._apply(system, request, fault.fault)
        lost = fault.fault in DROPPED
        return Outcome(
            response=None if lost else response,
            fault=fault.fault,
            delay_s=fault.delay_s if fault.fault == "delay" else 0.0,
        )

    def _apply(self, system: str, request: Request, fault: FaultName | None) -> Response:
        response = self._dated(self.systems[system].handle(request))
        self._remember(system, request, response, fault)
        return response

    def _dated(self, response: Response) -> Response:
        """With a Date header of this world: clients may judge the server's clock by it (webcrm.md 5)."""
        if "date" in response.headers:
            return response
        return structs.replace(response, headers={"date": http_date(self.now()), **response.headers})

    def _remember(
        self, system: str, request: Request, response: Response | None, fault: FaultName | None
    ) -> None:
        self.log.add(
            time=self.now(),
            system=system,
            client=self.systems[system].client_of(request),
            request=request,
            response=response,
            fault=fault,
        )
