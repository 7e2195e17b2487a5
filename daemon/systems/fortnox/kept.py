"""Answers that are believed for a while."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from daemon.ports import Clock

T = TypeVar("T")


class Kept(Generic[T]):
    """What was answered to some questions, each believed for `age`."""

    def __init__(self, clock: Clock, age: dt.timedelta) -> None:
        self._clock, self._age_s = clock, age.total_seconds()
        self._answers: dict[str, tuple[float, T]] = {}

    async def get(self, question: str, ask: Callable[[], Awaitable[T]], *, afresh: bool = False) -> T:
        """The answer; `ask` is called where none is kept, or `afresh`."""
        now_s = self._clock.monotonic()
        kept = self._answers.get(question)
        if afresh or kept is None or now_s - kept[0] >= self._age_s:
            kept = self._answers[question] = now_s, await ask()
        return kept[1]

    def forget(self) -> None:
        """Ask everything anew."""
        self._answers.clear()
