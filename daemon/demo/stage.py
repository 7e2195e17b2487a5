"""
What a scene plays on: people, the daemon, and the table in which each arrival is a row.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, TypeVar

from daemon.demo.people import People
from daemon.demo.processes import Daemon, Failed

__all__ = ["Failed", "Stage"]

T = TypeVar("T")
ARRIVES_S: Final = 20.0
LOOK_EVERY_S: Final = 0.3  # people have a call limit, too


class Stage:
    """One demo under way."""

    def __init__(self, people: People, daemon: Daemon, say: Callable[[str], None]) -> None:
        self.people, self.daemon, self._say = people, daemon, say
        self._begun_s = 0.0

    @contextmanager
    def act(self, what: str, *, note: str = "") -> Iterator[None]:
        """A person does `what` inside; the seconds of its arrivals count from the end of the block."""
        yield
        self._begun_s = time.monotonic()
        self._left = [what, *([f"  {note}"] if note else [])]

    def arrives(self, where: str, look: Callable[[], T | None]) -> T:
        """Wait until `look` finds something there, and print the row. Raises Failed."""
        until_s = time.monotonic() + ARRIVES_S
        while not (found := look()):
            if time.monotonic() > until_s:
                raise Failed(f"not within {ARRIVES_S:.0f} s: {where}")
            self.daemon.must_run()
            time.sleep(LOOK_EVERY_S)
        self._row(where.format(found), f"{time.monotonic() - self._begun_s:4.1f} s")
        return found

    def also(self, where: str) -> None:
        """A row without a delay."""
        self._row(where, "")

    def end(self) -> None:
        """Print what is left of the left column."""
        while self._left:
            self._row("", "")

    def _row(self, right: str, after: str) -> None:
        left = self._left.pop(0) if self._left else ""
        self._say(f"  {left:42}{right:33}{after}".rstrip() + "\n")
