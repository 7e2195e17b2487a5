"""
What the engine and its memory tell each other: bindings, readings, intents. Pure.
"""

from __future__ import annotations

import datetime as dt
import enum

from msgspec import Struct

from daemon.core.doubt import NEW, Doubt
from daemon.core.records import Side
from daemon.core.steps import Create, Unit, Update


class Binding(Struct, frozen=True, kw_only=True):
    """A connector as the state knows it: by the two accounts it joins, whatever its name is today."""

    id: int
    name: str
    fortnox: str  # scope, "fortnox:<tenant>"
    partner: str  # scope, "webcrm:<account>"
    start: dt.datetime  # from when on records cross by themselves
    born_at: dt.datetime  # when this memory of the connector began
    config: str  # digest of its settings
    doubt: Doubt | None = None  # why it may be older than what was done

    @property
    def begun(self) -> Doubt:
        """Since when this memory can be relied on but for what shows itself late, and why not before."""
        if self.doubt and self.doubt.since >= self.born_at:
            return self.doubt
        return Doubt(since=self.born_at, why=NEW)

    def scope(self, side: Side) -> str:
        """The account at one side."""
        return self.fortnox if side is Side.FORTNOX else self.partner


class Mark(Struct, frozen=True, kw_only=True):
    """Up to where one register of one account has been stored."""

    mark: dt.datetime
    shape: str
    complete_at: dt.datetime
    run: int  # number of the last complete reading


class Finish(Struct, frozen=True, kw_only=True):
    """What the end of a reading commits together with its last rows."""

    mark: dt.datetime
    shape: str
    complete: bool  # every live record was listed
    start: dt.datetime | None = None  # the changes since this start were listed


class Task(Struct, frozen=True, kw_only=True):
    """One record to decide about, with the marks of what it was decided from."""

    unit: Unit
    seqs: tuple[tuple[Side, str, int], ...]  # the todo rows that this decision answers
    seen_at: dt.datetime | None = None  # when the change was read


class Which(enum.StrEnum):
    """Which of the records that wait for a decision."""

    ALL = "list"
    FRESH = "fresh"  # changed by somebody, not asked for by an operator
    ASKED = "asked"  # asked for by `import`


class IntentState(enum.StrEnum):
    """Where a write stands."""

    READY = "ready"  # decided and stored, nothing sent
    SENT = "sent"  # a request may be on its way, or its answer not yet confirmed
    UNKNOWN = "unknown"  # sent, and nobody knows what became of it


class Intent(Struct, frozen=True, kw_only=True):
    """One effect under way."""

    id: int
    step: Create | Update
    state: IntentState
    attempt: int
    looks: int
    sent_at: dt.datetime | None
    next_look_at: dt.datetime | None
    answered: bool = False  # they said that it took effect, and it was not shown yet


class Written(Struct, frozen=True, kw_only=True):
    """How a write was answered, for the transfer log."""

    outcome: str
    status: int | None = None
    code: str = ""
    cause: str = ""
    remedy: str = ""


class Counts(Struct, frozen=True, kw_only=True):
    """What waits at one connector. `next_look_at` is the earliest for an unknown outcome."""

    linked: int
    parked: int
    held: int
    conflicts: int
    unknown: int
    next_look_at: dt.datetime | None
    oldest_unknown_at: dt.datetime | None
