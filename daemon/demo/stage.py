"""
What the scenes play on: people, the daemon, and the table in which each arrival is a row.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from daemon.demo.people import People, View
from daemon.demo.processes import Daemon, Failed

ARRIVES_S: Final = 25.0
LOOK_EVERY_S: Final = 0.25


class Arrival(NamedTuple):
    """What a person did at `begun_s`, and how it is recognised where it must arrive."""

    what: str
    where: str
    seen: Callable[[View], Any]
    begun_s: float
    meanwhile: bool  # the others go on before


class Stage:
    """One demo under way."""

    def __init__(self, people: People, daemon: Daemon, say: Callable[[str], None]) -> None:
        self.people, self.daemon, self._say = people, daemon, say
        self._awaited: list[Arrival] = []

    def expect(self, what: str, where: str, seen: Callable[[View], Any], *, meanwhile: bool = False) -> None:
        """`what` was done just now; `where` may hold "{}" for what `seen` finds there."""
        self._awaited.append(Arrival(what, where, seen, time.monotonic(), meanwhile))

    def wait(self, *, for_all: bool = False) -> None:
        """
        Until what is expected has arrived, each printed as it does. Raises Failed.

        What may arrive `meanwhile` is waited for at the end alone.
        """
        while any(for_all or not arrival.meanwhile for arrival in self._awaited):
            view = View(self.people, self.daemon.status())
            self._awaited = [arrival for arrival in self._awaited if not self._has_arrived(arrival, view)]
            late_s = time.monotonic() - ARRIVES_S
            if missing := [f"{each.what}: {each.where}" for each in self._awaited if each.begun_s < late_s]:
                raise Failed(f"not within {ARRIVES_S:.0f} s: {'; '.join(missing)}")
            self.daemon.must_run()
            time.sleep(LOOK_EVERY_S)

    def row(self, what: str, where: str = "", after: str = "") -> None:
        """One line of the table."""
        self._say(f"  {what:42}{where:30}{after}".rstrip() + "\n")

    def _has_arrived(self, arrival: Arrival, view: View) -> bool:
        if not (found := arrival.seen(view)):
            return False
        self.row(arrival.what, arrival.where.format(found), f"{time.monotonic() - arrival.begun_s:4.1f} s")
        return True
