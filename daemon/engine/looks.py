"""
When each write of unknown outcome is looked for next, by a clock that nobody sets.

The state holds the time by the vendor's clock, for who reads it and for the
next process; within a process seconds that really passed count. A wall clock of
ours that is set forward, also while nothing runs, would have a write sent again
while its first request is still under way.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from daemon.core.work import Intent
from daemon.ports import Clock


class Looks:
    """The unknown writes of one connector; `longest` is the most that any has to wait."""

    def __init__(self, clock: Clock, longest: dt.timedelta) -> None:
        self._clock, self._longest_s = clock, longest.total_seconds()
        self._at_s: dict[int, float] = {}  # intent -> monotonic seconds

    def put_off(self, intent: Intent, wait: dt.timedelta, their_time: dt.datetime) -> dt.datetime:
        """It is looked for after `wait`; the time to store."""
        self._at_s[intent.id] = self._clock.monotonic() + wait.total_seconds()
        return their_time + wait

    def left_s(self, intent: Intent, their_time: dt.datetime) -> float:
        """Seconds until it is due. What an earlier process put off is believed as far as it can be true."""
        if intent.id not in self._at_s:
            assert intent.next_look_at is not None
            wait_s = (intent.next_look_at - their_time).total_seconds()
            self._at_s[intent.id] = self._clock.monotonic() + min(wait_s, self._longest_s)
        return self._at_s[intent.id] - self._clock.monotonic()

    def done(self, intent: Intent) -> None:
        """Its outcome is known, or it is sent once more and waits anew."""
        self._at_s.pop(intent.id, None)

    def keep(self, unknown: Collection[int]) -> None:
        """Forget all but these."""
        self._at_s = {intent_id: at_s for intent_id, at_s in self._at_s.items() if intent_id in unknown}

    def next_at(self) -> dt.datetime | None:
        """When the earliest is due, by the wall clock as it is now."""
        if not self._at_s:
            return None
        left_s = min(self._at_s.values()) - self._clock.monotonic()
        return self._clock.now() + dt.timedelta(seconds=max(0.0, left_s))
