"""The durable memory: whole transactions, and what is asked of it inside one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol, TypeVar

from daemon.core.agreement import Agreement
from daemon.core.merge import Conflict
from daemon.core.records import Agreeing, Names, Problem, Seen, Side
from daemon.core.steps import Bond, Create, Decision, Step, Update
from daemon.core.work import Binding, Counts, Finish, Intent, IntentState, Mark, Task, Which, Written

T = TypeVar("T")


class Observations(Protocol):
    """What one register of one account last showed."""

    def mark(self) -> Mark | None:
        """Up to where the register has been stored."""

    def listed_since(self, start: dt.datetime, shape: str) -> bool:
        """Whether the changes since `start` were asked for once."""

    def finish(self, finish: Finish) -> None:
        """Move the mark, in the transaction that stores the last rows up to it."""

    def store(
        self,
        rows: Iterable[Seen],
        names: Names,
        now: dt.datetime,
        *,
        changed_at: dt.datetime | None = None,
        again_after: dt.timedelta = dt.timedelta(0),
        run: int | None = None,
        listed: bool = False,
        keep_due: bool = False,
    ) -> None:
        """Store what a list or a reading by key showed; news gets a sequence number."""

    def store_gone(self, record_id: str, now: dt.datetime) -> None:
        """The record does not exist any more."""

    def due(self, now: dt.datetime, most: int, since: dt.datetime | None = None) -> Sequence[str]:
        """Records to be read by key; with `since` only those due after it or whole before."""

    def want(self, record_ids: Iterable[str], now: dt.datetime) -> None:
        """Have these read by key."""

    def missing(self, run: int) -> tuple[int, Sequence[str]]:
        """How many are known, and which the complete reading `run` does not show any more."""

    def keep(self, record_ids: Iterable[str], run: int) -> None:
        """Take these as shown by the complete reading `run`."""

    def before(self, record_id: str) -> str | None:
        """The last known id below this one, of those alike up to their last slash."""

    def seen(self, record_id: str) -> tuple[Seen, int | None] | None:
        """A stored record and its sequence number."""


class Work(Protocol):
    """What one connector has to do for one kind of record."""

    def collect(self) -> None:
        """Put what is new on the list."""

    def list_unlinked(self, *, asked: bool) -> int:
        """Put every unlinked Fortnox record on the list, `asked` for or not; how many."""

    def unread(self, most: int) -> Sequence[str]:
        """Fortnox records that were asked for and are not read by key yet."""

    def tasks(self, agreement: Agreement, which: Which = Which.ALL, most: int = 0) -> Sequence[Task]:
        """What is to be decided now."""

    def linked(self) -> int:
        """How many records are linked."""

    def bond(self, side: Side, record_id: str) -> Bond | None:
        """The link of one record."""

    def recall(self, side: Side, before: dt.datetime, most: int) -> Sequence[tuple[str, Seen]]:
        """Whole records of one side linked before a time, by their partner's id, the youngest link first."""

    def twins(self, agreement: Agreement, side: Side, record_id: str) -> Sequence[Seen]:
        """The unlinked records of the other side that no record of `side` but this one shares a name with."""

    def agree(self, fortnox_id: str, partner_id: str, agreed: Agreeing, now: dt.datetime) -> None:
        """Link two records, or add to what they agreed on."""

    def unlink(self, partner_id: str) -> None:
        """The record has no twin any more."""

    def kept_at(self, places: Mapping[str, str]) -> None:
        """Where fields are kept now; what was agreed on one that has moved is forgotten."""

    def done(self, task: Task) -> None:
        """Nothing more to decide until something new is seen."""

    def put_off(self, task: Task) -> None:
        """Out of an import: decided with everything else at its end."""

    def again(self, side: Side, record_id: str, *, asked: bool = False) -> None:
        """Decide once more."""

    def wake(self, agreement: Agreement, side: Side, record_id: str) -> None:
        """Decide once more about everything that belongs to this record of another kind."""

    def standstill(self, decision: Decision) -> bool:
        """Whether this very decision is parked already."""

    def park(self, decision: Decision, problem: Problem, now: dt.datetime) -> bool:
        """Set a record aside with the reason; whether it was not parked under this code before."""

    def unpark(self, key: str) -> None:
        """The record goes on."""

    def found(self, key: str) -> None:
        """A record that was missing is there, though a person may have closed the case."""

    def waiting(self) -> Sequence[tuple[str, str]]:
        """What has not crossed and a person did not set aside: each key, and the code it is parked under."""

    def note_conflicts(self, key: str, conflicts: Iterable[Conflict], now: dt.datetime) -> None:
        """List conflicts, and close open ones on other fields."""

    def hold(self, steps: Sequence[Step], reasons: Sequence[str], now: dt.datetime) -> bool:
        """Hold a plan; False when exactly this one was released."""

    def unhold(self) -> None:
        """Nothing is held any more."""

    def log(self, step: Step, ids: tuple[str | None, str | None], written: Written, now: dt.datetime) -> None:
        """Append to the transfer log."""


class Intents(Protocol):
    """The writes of one connector."""

    def open(self, step: Create | Update) -> Intent:
        """Store a decision as READY."""

    def sent(self, intent: Intent, now: dt.datetime) -> Intent:
        """The request leaves next."""

    def ready(self, intent: Intent) -> None:
        """It may be sent again."""

    def answered(self, intent: Intent) -> None:
        """They said that it took effect, which it has not shown yet."""

    def unknown(self, intent: Intent, next_look_at: dt.datetime, *, looks: int = 0) -> None:
        """Looked for then."""

    def drop(self, intent: Intent) -> None:
        """Settled."""

    def forget(self, kind: str, key: str) -> None:
        """An attempt that waited to be repeated is not wanted any more."""

    def after_restart(self, next_look_at: dt.datetime) -> None:
        """What was sent before the process began is unknown."""

    def in_state(self, state: IntentState) -> Sequence[Intent]:
        """All in one state, oldest first."""


class Transaction(Protocol):
    """What a closure works with; valid only inside it."""

    def observations(self, scope: str, kind: str) -> Observations:
        """One register of one account."""

    def work(self, binding: Binding, kind: str) -> Work:
        """One connector's work on one kind."""

    def intents(self, binding: Binding) -> Intents:
        """One connector's writes."""

    def counts(self, binding: Binding) -> Counts:
        """What waits at one connector."""

    def succeeded(self, binding: Binding, now: dt.datetime) -> None:
        """A pass went through."""


class Journal(Protocol):
    """The durable memory: whole transactions only."""

    async def write(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` as one transaction; durable when this returns. Raises StateError."""
