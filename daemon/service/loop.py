"""
What the process needs from those who do the work. The bootstrap brings them; nothing here does anything.

A *loop* is one connector ready to run. The supervisor decides when, the engine
behind the loop decides what.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Protocol

from msgspec import Struct

from daemon.config import Config
from daemon.core.doubt import Waiting
from daemon.core.records import Side
from daemon.core.report import ConnectorReport
from daemon.events import Events
from daemon.ports import Clock, Ids
from daemon.service.house import Desk, Vendors


class Loop(Protocol):
    """One connector. Its members never change: a changed config makes a new one."""

    @property
    def name(self) -> str:
        """The connector's section, without its prefix."""
        ...

    @property
    def company(self) -> str:
        """The company's section, without its prefix."""
        ...

    @property
    def kind(self) -> str:
        """The kind of partner, a key of PAIRS."""
        ...

    @property
    def digest(self) -> str:
        """`config.digests["connector.NAME"]` it was built from."""
        ...

    @property
    def interval_s(self) -> float:
        """How often each side is read."""
        ...

    @property
    def offset_s(self) -> float:
        """How long after the partner the Fortnox side is read."""
        ...

    async def run_pass(
        self,
        side: Side | None,
        *,
        dry_run: bool = False,
        imports: str | None = None,
        eager: bool = False,
    ) -> ConnectorReport:
        """
        Read one side, or both to a fixed point when None, and act; `eager` when somebody waits for it.

        Never two at a time: the caller holds the connector's turn. May be
        cancelled anywhere; a write under way is finished and recorded first.
        What went wrong is in the report's outcome; a DaemonError may also be
        raised and counts as that outcome.
        """
        ...

    def creations_wait(self) -> Waiting | None:
        """Until when nothing is created on either side, and why; None when nothing hinders it."""
        ...


class Builder(Protocol):
    """Makes loops out of a checked config."""

    async def build(self, config: Config, keep: Mapping[str, Loop]) -> Mapping[str, Loop]:
        """
        A loop for each enabled connector; those in `keep` are handed back as they are.

        Opens no connection and stops nothing: the old loops still run. Raises
        DaemonError when it cannot, and leaves nothing behind then.
        """
        ...

    async def drop(self, loops: Iterable[Loop]) -> None:
        """These have ended their last pass and will not run again: close what only they used."""
        ...

    def begin_no_write(self) -> None:
        """The daemon stops: requests under way go on to their answers, no other one with an effect begins."""
        ...


class Parts(Struct, frozen=True, kw_only=True):
    """
    Everything `supervisor.serve` needs.

    `load` reads and checks the config file again; `probe` returns when the
    store has answered, or raises StateError; `sample` emits the events whose
    values are only known when asked (budget, token age, oldest unknown).
    """

    config: Config
    load: Callable[[], Config]
    builder: Builder
    desk: Desk
    events: Events
    clock: Clock
    ids: Ids
    probe: Callable[[], Awaitable[None]]
    sample: Callable[[], Awaitable[None]]
    vendors: Vendors


class Offline(Protocol):
    """The state, opened by a command while no daemon runs: what `bootstrap.open_offline` yields."""

    @property
    def desk(self) -> Desk:
        """The journal's desk."""
        ...

    @property
    def loops(self) -> Mapping[str, Loop]:
        """Every enabled connector."""
        ...

    @property
    def clock(self) -> Clock:
        """The real one."""
        ...

    @property
    def vendors(self) -> Vendors:
        """What is asked of the vendors themselves."""
        ...
