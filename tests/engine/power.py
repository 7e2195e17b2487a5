"""A power cut at the n-th step of the daemon, and what is left after it: the state file and the vendors."""

from __future__ import annotations

from contextlib import suppress

from daemon.errors import RemoteError
from tests.town import Town


class PowerCut(BaseException):
    """From this step on nothing of the process happens any more."""


class Fuse:
    """Lets `steps` steps of a town's daemon happen; every later one is the power cut."""

    def __init__(self, town: Town, steps: int) -> None:
        self.town, self.left = town, steps
        self.blew = False
        town.watch = self

    def __call__(self, step: str) -> None:
        if self.left <= 0:
            self.blew = True
            raise PowerCut(step)
        self.left -= 1


async def live_until_cut(town: Town, steps: int) -> bool:
    """Start the daemon and sync until the power fails after `steps` steps. False when it never does."""
    fuse = Fuse(town, steps)
    try:
        with suppress(PowerCut):
            async with town.running():
                await town.sync()
    except BaseExceptionGroup as errors:
        if errors.split((PowerCut, RemoteError))[1] is not None:
            raise
    finally:
        town.watch = lambda _step: None
    return fuse.blew


async def count_steps(town: Town) -> int:
    """How many steps one start, sync and stop have."""
    steps = 0

    def count(_step: str) -> None:
        nonlocal steps
        steps += 1

    town.watch = count
    await town.sync_once()
    town.watch = lambda _step: None
    return steps
