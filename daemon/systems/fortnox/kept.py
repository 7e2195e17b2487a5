"""Answers that are believed for a while."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from daemon.ports import Clock

T = TypeVar("T")


class Kept(Generic[T]):
    """
    What was answered to some questions, each believed for `age`.

    Who must not go by an old answer asks `afresh`. What was answered since
    `begin` is fresh: however many records of a pass doubt it, it is asked once.
    """

    def __init__(self, clock: Clock, age: dt.timedelta) -> None:
        self._clock, self._age_s = clock, age.total_seconds()
        self._answers: dict[str, tuple[float, T]] = {}
        self._fresh: set[str] = set()

    def begin(self) -> None:
        """A pass begins: whatever is kept may have changed since."""
        self._fresh = set()  # another one: what is under way was asked before

    async def get(self, question: str, ask: Callable[[], Awaitable[T]], *, afresh: bool = False) -> T:
        """The answer; `ask` is called where none is kept, or none so fresh."""
        now_s, fresh = self._clock.monotonic(), self._fresh
        kept = self._answers.get(question)
        doubted = afresh and question not in fresh
        if doubted or kept is None or now_s - kept[0] >= self._age_s:
            kept = self._answers[question] = now_s, await ask()
            fresh.add(question)
        return kept[1]

    def forget(self) -> None:
        """Ask everything anew."""
        self._answers.clear()
