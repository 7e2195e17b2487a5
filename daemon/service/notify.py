"""
What systemd is told: the readiness protocol over $NOTIFY_SOCKET. Without one, nothing is told.

Source: sd_notify(3), systemd.service(5) for Type=notify.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Awaitable, Callable, Mapping

import anyio

from daemon.errors import StateError
from daemon.events import LOOP_LAG, WATCHDOG_HELD_BACK, Events
from daemon.ports import Clock

LAG_LIMIT_S = 5.0
LAG_TICK_S = 1.0
STORE_LIMIT_S = 5.0


class Notify:
    """The way to the service manager."""

    def __init__(self, clock: Clock, environ: Mapping[str, str] = os.environ) -> None:
        self._clock = clock
        self._address = environ.get("NOTIFY_SOCKET", "")
        self.watchdog_s = _watchdog_s(environ)

    def ready(self, status: str) -> None:
        """The daemon works, or works again."""
        self._send(f"READY=1\nSTATUS={status}")

    def reloading(self) -> None:
        """A reload has begun; `ready` ends it."""
        microseconds = int(self._clock.monotonic() * 1_000_000)
        self._send(f"RELOADING=1\nMONOTONIC_USEC={microseconds}\nSTATUS=reloading")

    def stopping(self) -> None:
        """No new work."""
        self._send("STOPPING=1\nSTATUS=stopping")

    def status(self, status: str) -> None:
        """One line for `systemctl status`."""
        self._send(f"STATUS={status}")

    def alive(self) -> None:
        """Feed the watchdog."""
        self._send("WATCHDOG=1")

    def _send(self, message: str) -> None:
        if not self._address:
            return
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as way:
                way.setblocking(False)
                way.connect(address)
                way.send(message.encode())
        except OSError:
            return  # the manager is gone or busy: it will ask by its own means, and we have work to do


def _watchdog_s(environ: Mapping[str, str]) -> float | None:
    """Half of what the manager waits, None when it does not watch this process."""
    text = environ.get("WATCHDOG_USEC", "")
    if not text.isdecimal() or environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    return int(text) / 2_000_000


class Pulse:
    """How late the event loop is: measured each second."""

    def __init__(self, clock: Clock, events: Events) -> None:
        self._clock, self._events = clock, events
        self.lag_s = 0.0

    async def measure(self) -> None:
        """For ever."""
        while True:
            asked = self._clock.monotonic()
            await self._clock.sleep(LAG_TICK_S)
            self.lag_s = max(0.0, self._clock.monotonic() - asked - LAG_TICK_S)
            self._events.emit(LOOP_LAG, lag_s=self.lag_s)


async def feed_watchdog(
    notify: Notify,
    clock: Clock,
    events: Events,
    reasons: Callable[[], Awaitable[str]],
) -> None:
    """
    Feed for ever, at half the manager's patience, while `reasons` gives "".

    Anything else holds the food back and is logged; the manager then restarts us.
    """
    while notify.watchdog_s is not None:
        if reason := await reasons():
            events.emit(WATCHDOG_HELD_BACK, reason=reason)
        else:
            notify.alive()
        await clock.sleep(notify.watchdog_s)


async def no_progress(
    pulse: Pulse, overdue: Callable[[], list[str]], probe: Callable[[], Awaitable[None]]
) -> str:
    """Why the process does not deserve its watchdog's food, "" when it does."""
    if pulse.lag_s >= LAG_LIMIT_S:
        return f"the event loop was {pulse.lag_s:.1f} s late"
    if late := overdue():
        return f"the scheduler stands still: {', '.join(late)}"
    try:
        with anyio.fail_after(STORE_LIMIT_S):
            await probe()
    except TimeoutError:
        return f"the store did not answer in {STORE_LIMIT_S:.0f} s"
    except StateError:
        return ""  # it answered: a full disk is for a person to mend, not for a restart
    return ""
