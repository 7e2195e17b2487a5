"""A power cut at the n-th step of the daemon, and what is left after it: the state file and the vendors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from daemon.errors import RemoteError
from daemon.sandbox.faults import Fault
from tests.town import Town


class PowerCut(BaseException):
    """From this step on nothing of the process happens any more."""


class Fuse:
    """
    Lets `steps` steps of a town's daemon happen; every later one is the power cut.

    With `late_s` a request that was about to leave does leave, and takes effect that much later.
    """

    def __init__(self, town: Town, steps: int, late_s: float | None = None) -> None:
        self.town, self.left, self.late_s = town, steps, late_s
        self.blew = False
        town.watch = self

    def __call__(self, step: str) -> None:
        if self.left > 0:
            self.left -= 1
        elif step == "request" and self.late_s is not None:
            self.town.world.faults.add(Fault(fault="late", delay_s=self.late_s))
            self.late_s = None
        else:
            self.blew = True
            raise PowerCut(step)


async def live_until_cut(town: Town, steps: int, late_s: float | None = None) -> bool:
    """Start the daemon and sync until the power fails after `steps` steps. False when it never does."""
    fuse = Fuse(town, steps, late_s)
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


@contextmanager
def steps_taken(town: Town) -> Iterator[list[str]]:
    """Every step that the daemon takes within."""
    steps: list[str] = []
    town.watch = steps.append
    yield steps
    town.watch = lambda _step: None


async def steps_of(town: Town) -> list[str]:
    """The steps that one start, sync and stop have."""
    with steps_taken(town) as steps:
        await town.sync_once()
    return steps
