"""What the engine needs from the outside, and no more. Adapters implement these."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Protocol, TypeVar

from msgspec import Struct

from daemon.core.agreement import Agreement
from daemon.core.mapping import Table
from daemon.core.merge import Conflict
from daemon.core.records import Agreeing, Fields, Lane, Names, Problem, Seen, Side
from daemon.core.steps import Bond, Create, Decision, Step, Update
from daemon.core.work import Binding, Counts, Finish, Intent, IntentState, Mark, Task, Which, Written

T = TypeVar("T")

# ------------------------------------------------------------------ time and chance


class Clock(Protocol):
    """Time. Nothing else in the daemon asks the machine what time it is."""

    def now(self) -> dt.datetime:
        """Aware, UTC."""

    def monotonic(self) -> float:
        """Seconds since some fixed moment; never goes back."""

    async def sleep(self, seconds: float) -> None:
        """Wait. Zero or less yields once."""


class Ids(Protocol):
    """Chance."""

    def uniform(self) -> float:
        """0 <= x < 1, for jitter."""

    def bytes(self, count: int) -> bytes:
        """Unpredictable bytes, for nonces, states and random references."""


# ------------------------------------------------------------------ HTTP


class Request(Struct, frozen=True, kw_only=True):
    """
    One HTTP request.

    `route` names it in logs and metrics ("GET /3/customers/{n}"): no ids, no query. `effect` is true for
    anything that may change the other system: it is then sent at most once. `lane` orders waiting calls.
    """

    method: str
    url: str
    route: str
    headers: Mapping[str, str] = {}
    body: bytes | None = None
    effect: bool = False
    lane: Lane = Lane.READ
    timeout_s: float = 30.0


class Reply(Struct, frozen=True, kw_only=True):
    """
    One HTTP answer with status 100-599; header names in lower case.

    `received_at` is our clock; `server_time` the answer's Date header, None when absent or unreadable.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    received_at: dt.datetime
    server_time: dt.datetime | None = None


class Http(Protocol):
    """
    The one way out.

    Waits for a free call of the budget it belongs to, sends once, returns any HTTP answer. Raises Unreachable
    when certainly nothing was applied (no connection, or any failure of a request without effect),
    OutcomeUnknown when a request with effect may have been applied.
    """

    async def send(self, request: Request) -> Reply:
        """One request, one answer."""


class Grant(Protocol):
    """Where a system's requests get their credentials."""

    async def headers(self) -> Mapping[str, str]:
        """What to add to a request now; renews first when that is due. Raises GrantError, Unreachable."""

    async def refused(self, headers: Mapping[str, str]) -> None:
        """A request with `headers` was answered 401: do not hand these out again."""

    def age_s(self) -> float | None:
        """Seconds since the token in use was obtained, None when there is none."""

    def expires_at(self) -> dt.datetime | None:
        """When the token in use runs out."""


# ------------------------------------------------------------------ systems


class Page(Struct, frozen=True, kw_only=True):
    """
    Some rows of a reading. `server_time` is when the other side began to answer, by its own clock.
    `complete` is true on every page of a reading that lists all live records of the kind: a known
    record that none of its pages shows is worth a reading by key. It is never proof of deletion.
    """

    rows: tuple[Seen, ...]
    server_time: dt.datetime
    complete: bool = False


class Answer(Struct, frozen=True, kw_only=True):
    """What a write was answered with: the whole stored record, or None and the caller must look."""

    status: int
    id: str | None = None
    seen: Seen | None = None


class Finding(Struct, frozen=True, kw_only=True):
    """One prerequisite, proven or not. `code` and `todo` are "" when ok."""

    ok: bool
    what: str
    where: str
    code: str = ""
    todo: str = ""


Whole = Callable[[Sequence[str]], Awaitable[Sequence[Seen]]]  # records by key, as far as they are worth it


class System(Protocol):
    """
    One vendor's system, for one account.

    All methods may raise RemoteError and GrantError. Reading is repeatable;
    `create` sends exactly one request with effect, and `update` but for rows.
    """

    name: str  # in REGISTRY
    scope: str  # this account of it, "fortnox:1234567": the identity its records are remembered under
    overlap: dt.timedelta  # how far before its mark a reading must start again

    def table(self, kind: str) -> Table:
        """How `kind` is spelled here. Complete only after `prepare`."""

    async def prepare(self) -> None:
        """What must be known before the first pass (company, field metadata); cheap when repeated."""

    def read(
        self, kind: str, since: dt.datetime | None, lane: Lane, *, only_changed: bool = False
    ) -> AsyncIterator[Page]:
        """
        Everything changed at or after `since` and perhaps more, or every live record when None.

        With `only_changed` nothing but what is known to have changed since. Pages may overlap.
        `Seen.changed_at` is set where it is known that the record changed at or after that time.
        """

    async def get(self, kind: str, record_id: str, lane: Lane) -> Seen | None:
        """One whole record; None when it does not exist. It may show itself under another id."""

    async def create(self, kind: str, fields: Fields, lane: Lane) -> Answer:
        """Make a record of exactly `fields`."""

    async def update(self, kind: str, record_id: str, fields: Fields, lane: Lane, shown: Fields) -> Answer:
        """
        Set exactly `fields`; None clears. `shown` is the whole record as it was read just before.

        Rows may take several requests, each sent once; the first that fails ends the update.
        """

    async def look(
        self, kind: str, fields: Fields, since: dt.datetime | None, whole: Whole | None = None
    ) -> Sequence[Seen]:
        """
        Every record that could be the one a creation with `fields` made, whole, for an exact comparison.

        `since` is a time before that creation, None when unknown. Where lists
        show no whole records, `whole` reads those that are worth it, by key.
        """

    async def check(self, kinds: Sequence[str]) -> Sequence[Finding]:
        """Prove every prerequisite for `kinds`, for `check --online`. Reads only."""


# ------------------------------------------------------------------ memory


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


# ------------------------------------------------------------------ tokens


class Token(Struct, frozen=True, kw_only=True):
    """A stored grant. Times aware UTC; `generation` rises by one with each rotation."""

    generation: int
    access: str = ""
    refresh: str = ""
    expires_at: dt.datetime | None = None
    obtained_at: dt.datetime | None = None
    refreshing_since: dt.datetime | None = None  # set before a rotation is asked for, cleared with its answer
    revoked: bool = False  # a person must consent again


class Tokens(Protocol):
    """Where tokens live. `save` returns only when the token would survive a power cut."""

    async def load(self, name: str) -> Token | None:
        """The newest generation under `name`."""

    async def save(self, name: str, token: Token) -> None:
        """Store durably; a lower generation than the stored one is refused with AssertionError."""
