"""What the verbs of an operator work on: the state, the connectors and the vendors."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal, Protocol

from daemon.core.report import ConnectorReport
from daemon.core.wanted import Choice
from daemon.ports import Clock, Finding

Json = dict[str, Any]


class Desk(Protocol):
    """
    The journal as an operator sees it. All dicts are JSON-able, with the keys of decision 35.

    An id that is not there raises DaemonError CTL01. `retry`, `ignore`,
    `release` and `resolve` answer with at least `{"id", "connector"}`.
    """

    async def status_of(self, connector: str) -> Json:
        """`{"counts": {linked, parked, held, conflicts, unknown}, "held": [{id, reason, steps}]}`."""
        ...

    async def parked(self) -> list[Json]:
        """Oldest first."""
        ...

    async def conflicts(self) -> list[Json]:
        """Open ones first, then the newest of the decided."""
        ...

    async def intents(self) -> list[Json]:
        """Writes that are not done."""
        ...

    async def held(self) -> list[Json]:
        """Held plans: `{id, connector, kind, reason, digest, steps, since}`, `steps` a list."""
        ...

    async def log(self, connector: str | None, key: str | None, limit: int) -> list[Json]:
        """The transfer log, newest first."""
        ...

    async def retry(self, id: str) -> Json:  # noqa: A002
        """Let a parked record be tried in the next pass."""
        ...

    async def ignore(self, id: str) -> Json:  # noqa: A002
        """Leave a parked record alone from now on."""
        ...

    async def release(self, plan: str, *, drop: bool) -> Json:
        """Approve the held plan's digest once, or forget the plan."""
        ...

    async def resolve(self, id: str, use: Literal["fortnox", "partner"]) -> Json:  # noqa: A002
        """Decide an open conflict."""
        ...

    async def set_paused(self, connector: str, paused: bool) -> None:  # noqa: FBT001
        """Remember it across restarts."""
        ...

    async def paused(self) -> Collection[str]:
        """Connectors that are paused."""
        ...


class Vendors(Protocol):
    """What an operator asks of the vendors themselves. An unknown company raises DaemonError CTL01."""

    async def companies(self) -> Sequence[Mapping[str, Any]]:
        """The rows of `status.companies`."""
        ...

    async def check(self) -> Sequence[Finding]:
        """Prove every prerequisite at every vendor. Reads only."""
        ...

    async def choices(self, company: str) -> Mapping[str, Sequence[Choice]]:
        """What settings may name, by register of Fortnox."""
        ...

    async def authorize(self, company: str, code: str, redirect_uri: str) -> None:
        """Exchange `code` and store the grant durably. Raises GrantError, Unreachable."""
        ...


class House(Protocol):
    """The daemon (running) or the state alone (not running), for the verbs below."""

    @property
    def desk(self) -> Desk:
        """The journal's desk."""
        ...

    @property
    def clock(self) -> Clock:
        """For the envelope."""
        ...

    @property
    def connectors(self) -> Collection[str]:
        """Names of the enabled connectors."""
        ...

    async def status(self) -> Json:
        """The whole of `status`."""
        ...

    async def sync(
        self, names: Sequence[str], *, dry_run: bool, imports: str | None
    ) -> Sequence[ConnectorReport]:
        """One full pass of each, at once."""
        ...

    async def nudge(self, name: str) -> bool:
        """Ask for a pass soon; False when no daemon runs that could."""
        ...

    async def set_paused(self, name: str, paused: bool) -> None:  # noqa: FBT001
        """Remember it, and let a running connector know."""
        ...

    async def reload(self) -> Json:
        """`{at, ok, error, restart_needed}` when the reload is over. Raises CTL03 when no daemon runs."""
        ...

    @property
    def vendors(self) -> Vendors:
        """What is asked of the vendors themselves."""
        ...
