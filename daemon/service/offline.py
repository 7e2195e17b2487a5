"""
The verbs while no daemon runs: the state is opened by the command itself.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence

import msgspec

from daemon import __version__
from daemon.config import Config
from daemon.core.report import ConnectorReport
from daemon.engine.parallel import for_each
from daemon.errors import DaemonError
from daemon.ports import Clock
from daemon.service.house import Desk, Json, Vendors
from daemon.service.loop import Loop, Offline
from daemon.service.operate import no_daemon
from daemon.service.runner import Bug, report_of
from daemon.service.supervisor import contain


class OfflineHouse:
    """The state alone, as the verbs of `operate` see it (their House)."""

    def __init__(self, offline: Offline, config: Config) -> None:
        self._offline, self._config = offline, config

    @property
    def desk(self) -> Desk:
        """The journal's desk."""
        return self._offline.desk

    @property
    def clock(self) -> Clock:
        """For the envelope."""
        return self._offline.clock

    @property
    def connectors(self) -> Collection[str]:
        """Names of the enabled connectors."""
        return self._offline.loops.keys()

    async def status(self) -> Json:
        """Decision 35's `status` of a daemon that does not run."""
        paused = await self.desk.paused()
        rows = [
            {
                "name": name,
                "kind": loop.kind,
                "company": loop.company,
                "state": "paused" if name in paused else "stopped",
                "last_success_at": None,
                "next_pass_at": None,
                **await self.desk.status_of(name),
                "creations_wait": msgspec.to_builtins(loop.creations_wait()),
                "error": None,
            }
            for name, loop in sorted(self._offline.loops.items())
        ]
        return {
            "state": "stopped",
            "version": __version__,
            "pid": None,
            "config": {"path": self._config.path, "loaded_at": None, "reload": None},
            "companies": [dict(row) for row in await self.vendors.companies()],
            "connectors": rows,
        }

    async def sync(
        self, names: Sequence[str], *, dry_run: bool, imports: str | None
    ) -> Sequence[ConnectorReport]:
        """A full pass of each, at once."""
        reports: dict[str, ConnectorReport] = {}

        async def one(name: str) -> None:
            reports[name] = await _pass(self._offline.loops[name], dry_run=dry_run, imports=imports)

        await for_each(names, one, len(names))
        return [reports[name] for name in names]

    async def nudge(self, name: str) -> bool:
        """Nobody is there to be nudged."""
        return False

    async def set_paused(self, name: str, paused: bool) -> None:  # noqa: FBT001
        """For the next start."""
        await self.desk.set_paused(name, paused)

    async def reload(self) -> Json:
        """Nothing runs that could."""
        raise no_daemon("reload")

    @property
    def vendors(self) -> Vendors:
        """What is asked of the vendors themselves."""
        return self._offline.vendors


async def _pass(loop: Loop, *, dry_run: bool, imports: str | None) -> ConnectorReport:
    async def work() -> ConnectorReport:
        return await loop.run_pass(None, dry_run=dry_run, imports=imports, eager=True)

    result = await contain(f"connector.{loop.name}", work)
    if isinstance(result, Bug):
        sys.stderr.write(result.traceback)  # no log keeps it
    return report_of(loop.name, result) if isinstance(result, DaemonError) else result
