"""
From the start of the process to READY=1, and what it then holds in memory while nothing happens.

The first of the starts makes the state; the others find it, as after a restart.
Memory is read after the first pass over both sides, which has loaded all that a
pass needs. A state with many records is opened as well, by a daemon whose
vendors are away: it is ready before its first pass.
"""

from __future__ import annotations

import time
from pathlib import Path
from statistics import median

from tests.bench import processes
from tests.bench.figure import Figure, at_most

STARTS = 5
READY_S, IDLE_MIB = 0.6, 64.0
REST_S = 2.0


def figures(folder: Path) -> list[Figure]:
    """The lines of start-up and of an idle daemon."""
    with processes.sandbox(folder) as config:
        ready = _ready("start to READY=1", config)
        with processes.daemon(config) as daemon:
            daemon.wait_for("pass_done")
            time.sleep(REST_S)
            held_mib = daemon.memory_mib("VmRSS")
    return [
        ready,
        at_most("memory, idle", f"{held_mib:.1f} MiB", f"{IDLE_MIB:.0f} MiB", held_mib / IDLE_MIB),
    ]


def with_state(config: Path, what: str) -> Figure:
    """The line of start-up with a state that is there already."""
    return _ready(f"start to READY=1, {what}", config)


def _ready(name: str, config: Path) -> Figure:
    starts, spent = [], []
    for _ in range(STARTS):
        with processes.daemon(config) as daemon:
            starts.append(daemon.ready_s)
            spent.append(daemon.processor_s)
    took_s = median(starts)
    text = f"{took_s:.2f} s ({min(starts):.2f} to {max(starts):.2f}), {median(spent):.2f} s of a core"
    return at_most(name, text, f"{READY_S} s", took_s / READY_S)
