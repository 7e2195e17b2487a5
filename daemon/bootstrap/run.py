"""The two ways to run: as the daemon, and for one command while no daemon runs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path

import anyio
from msgspec import Struct

from daemon.bootstrap.house import House
from daemon.bootstrap.vendors import Vendors
from daemon.config import Config, load, read_secret
from daemon.events import Events
from daemon.ports import Clock, Ids
from daemon.service.logs import open_log, quiet
from daemon.service.loop import Loop, Parts
from daemon.service.real import RealClock, RealIds
from daemon.service.signals import Inbox
from daemon.service.supervisor import serve
from daemon.store.desk import StateDesk
from daemon.store.journal import STATE_FILE, open_journal

LAST_CALL = "last-call"  # a file in the state folder: its time is when a vendor was last called


async def run_daemon(path: str, inbox: Inbox) -> int:
    """`fortnox-syncd run`: the exit code. Raises DaemonError when it cannot start."""
    clock, ids = RealClock(), RealIds()
    config = load(path)
    events = Events(open_log(clock, style=config.daemon.log_format, level=config.daemon.log_level))
    async with _opened(config, clock, ids, events) as house:
        vendors = Vendors(house, clock, events)
        parts = Parts(
            config=config,
            load=lambda: load(path),
            builder=house,
            desk=StateDesk(house.journal.database, house.journal.sealer),
            events=events,
            clock=clock,
            ids=ids,
            probe=house.journal.probe,
            sample=vendors.sample,
            vendors=vendors,
        )
        return await serve(parts, inbox)


class OfflineState(Struct, frozen=True):
    """The state, opened by a command while no daemon runs."""

    desk: StateDesk
    loops: Mapping[str, Loop]
    clock: Clock
    vendors: Vendors


@asynccontextmanager
async def open_offline(config: Config) -> AsyncIterator[OfflineState]:
    """The state and every enabled connector, for one command. Raises StateBusy when a daemon holds it."""
    clock, ids, events = RealClock(), RealIds(), Events(quiet)
    async with _opened(config, clock, ids, events) as house:
        loops = await house.build(config, {})
        vendors = Vendors(house, clock, events)
        yield OfflineState(
            desk=StateDesk(house.journal.database, house.journal.sealer),
            loops=loops,
            clock=clock,
            vendors=vendors,
        )


@asynccontextmanager
async def _opened(config: Config, clock: Clock, ids: Ids, events: Events) -> AsyncIterator[House]:
    folder, key = Path(config.daemon.state_dir), config.daemon.state_key
    marker = folder / LAST_CALL
    last_called_at = marker.stat().st_mtime if marker.exists() else 0.0
    state = folder / STATE_FILE
    placed_at = state.stat().st_ctime if state.exists() else 0.0
    journal = await open_journal(folder, clock, ids, read_secret(key) if key else None)
    try:
        house = House(journal, clock, ids, events, called=partial(_touch, marker))
        await house.remember_budgets(last_called_at, placed_at)
        try:
            yield house
        finally:
            with anyio.CancelScope(shield=True):
                await house.close()
    finally:
        await journal.close()


def _touch(marker: Path) -> None:
    """A disk that takes no writes stops the pass where it stores; here it costs no more than exactness."""
    with suppress(OSError):
        marker.touch(mode=0o600)
