"""
Reload: load, check, diff, build. Swapping is the supervisor's; a failure here leaves everything as it was.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from daemon.config import Changes, Config, diff, secrets
from daemon.service.loop import Loop, Parts


class Prepared(Struct, frozen=True):
    """A new config and its loops, not yet running; `restart` names what waits for a restart."""

    config: Config
    loops: Mapping[str, Loop]
    changes: Changes
    restart: tuple[str, ...]


async def prepare(
    parts: Parts, old: Config, running: Mapping[str, Loop], environ: Mapping[str, str] = os.environ
) -> Prepared:
    """
    Read the file again and build what changed; unchanged loops are handed on as they run.

    Raises DaemonError when the file or what it names cannot be used.
    """
    config = parts.load()
    changes = diff(old, config)
    keep = {
        name: loop
        for name, loop in running.items()
        if name in config.enabled and name not in changes.connectors
    }
    loops = await parts.builder.build(config, keep)
    return Prepared(config, loops, changes, (*sorted(changes.restart), *_absent_credentials(config, environ)))


def _absent_credentials(config: Config, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Credentials that the service manager has not handed over: it does so only at a start."""
    folder = environ.get("CREDENTIALS_DIRECTORY")
    if folder is None:
        return ()
    return tuple(
        f"credential {reference.credential}"
        for _, reference in secrets(config)
        if reference.credential and not (Path(folder) / reference.credential).exists()
    )
