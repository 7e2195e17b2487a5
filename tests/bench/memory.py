"""
Memory with a large company: the state of an import, opened by the real process.

The import ran in virtual time, some days ago by its own clock. Afterwards the
same pretend vendors answer on a port, so the process' first pass finds what it
knows, and, as every day, reads both lists whole to compare. Its memory is read
after that pass.
"""

from __future__ import annotations

import datetime as dt
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from anyio.from_thread import start_blocking_portal

from daemon.sandbox.server import serve
from daemon.sandbox.world import World
from tests.bench import processes
from tests.bench.company import old_company
from tests.bench.figure import Figure, at_most, note
from tests.bench.imports import FORTNOX_PAGE, OLD_MINUTES, Import, measure, tallied
from tests.bench.startup import REST_S
from tests.town import URL, Town
from tests.virtual import LoopClock

LINKED_MIB = 128.0
DAYS_AGO = dt.timedelta(days=3)


class PastClock(LoopClock):
    """Virtual time that began some days before now."""

    def __init__(self) -> None:
        super().__init__()
        self._morning = dt.datetime.now(dt.UTC) - DAYS_AGO

    def now(self) -> dt.datetime:
        return self._morning + dt.timedelta(seconds=self.passed_s)


def figures(folder: Path, customers: int, articles: int) -> tuple[Import, list[Figure]]:
    """An import of the customers, and the lines of the process that then works with them."""
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))  # so that the config can name the port from the beginning
        port = place.getsockname()[1]
        town = Town(folder, clock=PastClock())
        town.configure(URL, f"http://127.0.0.1:{port}")
        old_company(town, customers, articles, OLD_MINUTES)
        done = measure(town, "customers")
    tally = tallied(town)
    with _served(town.world, port), processes.daemon(town.config_path) as daemon:
        daemon.wait_for("pass_done")
        time.sleep(REST_S)
        held_mib, most_mib = daemon.memory_mib("VmRSS"), daemon.memory_mib("VmHWM")
    pages = sum(each.path == "/3/customers" for each in tally.sent)
    assert pages >= customers // FORTNOX_PAGE, "the lists were not read whole"
    what = f"{customers:,} linked customers"
    return done, [
        at_most(f"memory, {what}", f"{held_mib:.1f} MiB", f"{LINKED_MIB:.0f} MiB", held_mib / LINKED_MIB),
        note(f"its highest, whole lists read ({articles:,} articles)", f"{most_mib:.1f} MiB"),
    ]


@contextmanager
def _served(world: World, port: int) -> Iterator[None]:
    """These vendors on a port, by the real clock."""
    world._base = lambda: dt.datetime.now(dt.UTC)
    with start_blocking_portal() as portal:
        serving = portal.start_task_soon(serve, world, "127.0.0.1", port, lambda _port: None)
        try:
            yield
        finally:
            serving.cancel()
