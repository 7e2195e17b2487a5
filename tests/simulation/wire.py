"""
The network between the daemon and the vendors: it takes its time, and spoils what it is told to spoil.

A request that has left arrives, whatever becomes of the process that sent it.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from functools import lru_cache, partial
from typing import Any, Final, NamedTuple, Protocol
from urllib.parse import unquote_plus

import anyio
from msgspec import Struct

from daemon.errors import OutcomeUnknown, Unreachable
from daemon.net.client import turn
from daemon.net.outcome import asks_to_wait, retry_after_s
from daemon.net.throttle import Throttle
from daemon.ports import Reply, Request
from daemon.sandbox import web
from tests.simulation.clockwork import HostClock, TrueTime

HTML: Final = b"<html><head><title>Please wait</title></head></html>"

APPLIED: Final = "applied"
LOST: Final = "lost"
TWICE: Final = "twice"

# What may happen to one request: whether it reaches the vendor, and what comes back.
SPOILS: Final[dict[str, tuple[str, str]]] = {
    #                 at the vendor, to the client
    "refused": (LOST, "unreachable"),
    "tls": (LOST, "tls"),
    "lost before": (LOST, "timeout"),
    "lost after": (APPLIED, "timeout"),
    "late": ("late", "timeout"),
    "reset": (APPLIED, "broken"),
    "truncated": (APPLIED, "half"),
    "empty": (APPLIED, "empty"),
    "html": (LOST, "html"),
    "slow": (APPLIED, "slow"),
    "twice": (TWICE, "answer"),
    "503": (LOST, "503"),
    "500": (LOST, "500"),
    "500 after": (APPLIED, "500"),
    "504": (LOST, "504"),
    "504 after": (APPLIED, "504"),
    "502": (LOST, "502"),
    "502 after": (APPLIED, "502"),
    "307": (LOST, "307"),
    "400": (LOST, "400"),
    "401": (LOST, "401"),
    "403": (LOST, "403"),
    "404": (LOST, "404"),
    "408": (LOST, "408"),
    "409": (LOST, "409"),
    "410": (LOST, "410"),
    "412": (LOST, "412"),
    "413": (LOST, "413"),
    "415": (LOST, "415"),
    "429": (LOST, "429"),
    "429 wait": (LOST, "429 wait"),
    "429 odd": (LOST, "429 odd"),
    "429 zero": (LOST, "429 zero"),
    "429 date": (LOST, "429 date"),
    "429 long": (LOST, "429 long"),
}
OK, EMPTY, ERRORS = 200, 204, 300
UNSENT: Final = {"unreachable": "NET02", "tls": "NET03"}  # as net/client.py tells them: nothing has left
RETRY_AFTER: Final = {
    "429 wait": "3",
    "429 odd": "-1",
    "429 zero": "0",
    "429 long": "3000000000",
    "429 date": "Fri, 31 Dec 1999 23:59:59 GMT",
}


class Spoil(Struct):
    """An order: after `skip` requests that fit, spoil `count`."""

    what: str
    system: str
    effect: bool | None
    count: int
    skip: int = 0
    late_s: float = 5.0

    def takes(self, system: str, request: Request) -> bool:
        """Whether this request is one of them; counts it."""
        fits = self.system in ("*", system) and self.effect in (None, request.effect)
        if not fits or self.count <= 0:
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        self.count -= 1
        return True


class Sent(NamedTuple):
    """One request of the daemon as it left."""

    at_s: float
    system: str
    request: Request
    spoil: str


Handle = Callable[[Sent, web.Request, str], web.Response]  # how: "", "late" or "again"


class Process(Protocol):
    """Who sends."""

    def step(self, what: str) -> None:
        """One more step of the process; raises when it is over."""


class Wire:
    """
    Carries requests to `handle`; `left` sees each as it leaves, `told` what its sender hears.

    `shown` may change what comes back, `bent` what is asked, and `instead` may answer in the vendor's place.
    """

    def __init__(self, handle: Handle, true: TrueTime, clock: HostClock, chance: random.Random) -> None:
        self._handle, self._true, self._clock, self._chance = handle, true, clock, chance
        self.spoils: list[Spoil] = []
        self._late: list[tuple[float, Sent, asyncio.TimerHandle]] = []  # when each is there
        self._left: list[tuple[asyncio.TimerHandle, Callable[[], None]]] = []  # and its arrival
        true.leapt = self._go_on
        self.left: Callable[[Sent], None] = lambda _sent: None
        self.told: Callable[[Sent, web.Response | str], None] = lambda _sent, _came: None
        self.calm()

    def calm(self) -> None:
        """From here on nothing is spoiled, and every answer is the vendor's own."""
        self.spoils.clear()
        self.shown: Callable[[str, web.Request, web.Response], web.Response] = lambda _s, _q, answer: answer
        self.bent: Callable[[str, web.Request], web.Request] = lambda _side, request: request
        self.instead: Callable[[Sent], web.Response | None] = lambda _sent: None

    async def carry(self, process: Process, system: str, request: Request) -> Reply:
        """One request and its answer, or what became of them."""
        process.step("request")
        spoil = next((each for each in self.spoils if each.takes(system, request)), None)
        what = spoil.what if spoil else ""
        sent = Sent(self._true.passed_s, system, request, what)
        self.left(sent)
        answer: asyncio.Future[web.Response | str] = asyncio.get_running_loop().create_future()
        up_s, down_s = 0.02 + 0.06 * self._chance.random(), 0.02 + 0.03 * self._chance.random()
        self._leave(partial(self._arrive, sent, spoil, answer, down_s), up_s)
        if request.effect:
            with anyio.CancelScope(shield=True):
                came = await answer
        else:
            came = await answer
        process.step("answer")
        self.told(sent, came)
        return self._judged(sent, came)

    def _leave(self, arrive: Callable[[], None], after_s: float) -> None:
        loop = asyncio.get_running_loop()
        self._left = [each for each in self._left if each[0].when() > loop.time()]
        self._left.append((loop.call_later(after_s, arrive), arrive))

    def bring(self) -> None:
        """The host is about to stand still: what has left it is there before."""
        left, self._left = self._left, []
        for timer, arrive in left:
            if timer.when() > asyncio.get_running_loop().time():
                timer.cancel()
                arrive()

    def _arrive(
        self,
        sent: Sent,
        spoil: Spoil | None,
        answer: asyncio.Future[web.Response | str],
        down_s: float,
    ) -> None:
        loop = asyncio.get_running_loop()
        there, back = SPOILS[spoil.what] if spoil else (APPLIED, "answer")
        timeout_s = sent.request.timeout_s
        response: web.Response | None = None
        if there in (APPLIED, TWICE):
            response = self._applied(sent)
        if there == TWICE:
            self._applied(sent, "again")
        if there == "late" and spoil:
            self._come_late(sent, self._true.passed_s + spoil.late_s)
        came, after_s = self._coming(sent, response, back, down_s)
        loop.call_later(min(after_s, timeout_s), _tell, answer, came if after_s < timeout_s else "timeout")

    def _come_late(self, sent: Sent, at_s: float) -> None:
        loop, after_s = asyncio.get_running_loop(), max(0.0, at_s - self._true.passed_s)
        self._late = [each for each in self._late if each[2].when() > loop.time()]
        self._late.append((at_s, sent, loop.call_later(after_s, self._applied, sent, "late")))

    def _go_on(self) -> None:
        """A host that stands still holds up no network: what it sent before is there in its own time."""
        late, self._late = self._late, []
        for at_s, sent, timer in late:
            if timer.when() > asyncio.get_running_loop().time():
                timer.cancel()
                self._come_late(sent, at_s)

    def _applied(self, sent: Sent, how: str = "") -> web.Response:
        stranger = self.instead(sent)
        if stranger is not None:
            return stranger
        request = _to_web(sent.system, sent.request)
        return self.shown(sent.system, request, self._handle(sent, self.bent(sent.system, request), how))

    def _coming(
        self, sent: Sent, response: web.Response | None, back: str, down_s: float
    ) -> tuple[web.Response | str, float]:
        """What comes back, and after how long."""
        if back == "timeout":
            return back, sent.request.timeout_s
        if back in (*UNSENT, "broken"):
            return back, down_s
        after_s = 4.0 + 40.0 * self._chance.random() if back == "slow" else down_s
        return _answer(back, response), after_s

    def _judged(self, sent: Sent, came: web.Response | str) -> Reply:
        request = sent.request
        if isinstance(came, str):
            error = OutcomeUnknown if request.effect and came not in UNSENT else Unreachable
            raise error(UNSENT.get(came, "NET02"), f"no answer ({came})", request.route, "nothing")
        headers = {name.lower(): text for name, text in came.headers.items()}
        date = headers.get("date")
        return Reply(
            status=came.status,
            headers=headers,
            body=came.body,
            received_at=self._clock.now(),
            server_time=_moment(date) if date else None,
        )


def _answer(back: str, response: web.Response | None) -> web.Response:
    """What is left of the vendor's answer, or what something on the way says instead."""
    if response is not None and back in ("answer", "slow"):
        return response
    if response is not None and back in ("half", "empty"):
        kept = len(response.body) // 2 if back == "half" else 0
        status = response.status if kept or response.status >= ERRORS else EMPTY
        return web.Response(status=status, headers=response.headers, body=response.body[:kept])
    wait = {"retry-after": RETRY_AFTER[back]} if back in RETRY_AFTER else {}
    status = OK if back == "html" else int(back[:3])
    return web.Response(status=status, headers={"content-type": "text/html", **wait}, body=HTML)


_moment = lru_cache(64)(parsedate_to_datetime)  # many answers in one second


def _tell(answer: asyncio.Future[web.Response | str], came: web.Response | str) -> None:
    if not answer.done():
        answer.set_result(came)


def _to_web(system: str, request: Request) -> web.Request:
    path, _, query = request.url.partition(f"/{system}")[2].partition("?")
    pairs = (pair.partition("=") for pair in query.split("&") if pair)
    return web.Request(
        method=request.method,
        path=path,
        query=tuple((name, unquote_plus(text)) for name, _, text in pairs),
        headers={name.lower(): text for name, text in request.headers.items()},
        body=request.body or b"",
    )


class WireClient:
    """The daemon's way out, in place of net.client.HttpClient."""

    def __init__(self, wire: Wire, process: Process, system: str, throttle: Throttle, clock: Any) -> None:
        self._wire, self._process, self._system = wire, process, system
        self._throttle, self._clock = throttle, clock

    async def aclose(self) -> None:
        """Nothing is open."""

    async def send(self, request: Request) -> Reply:
        """One request, when the budget allows it."""
        async with turn(self._throttle, self._system, request):
            reply = await self._wire.carry(self._process, self._system, request)
            if asks_to_wait(self._system, reply.status):
                self._throttle.hold(self._clock.monotonic() + retry_after_s(reply))
            return reply
