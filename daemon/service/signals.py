"""
SIGHUP, SIGTERM and SIGINT, from before anything slow.

`catch` is called first of all, when no event loop exists yet; what arrives
until `attach` is remembered. Only light imports here: this file is loaded first.
"""

from __future__ import annotations

import signal
from collections.abc import Callable

RELOAD = (signal.SIGHUP,)
STOP = (signal.SIGTERM, signal.SIGINT)


class Inbox:
    """What has been asked of the process by signal, until it is taken out."""

    def __init__(self) -> None:
        self.stop: str | None = None  # the signal's name
        self.reload = False
        self._wake: Callable[[], None] = _nothing

    def catch(self) -> None:
        """From now on signals are remembered instead of ending the process."""
        for number in (*RELOAD, *STOP):
            signal.signal(number, lambda number, _frame: self.put(number))

    def attach(self, wake: Callable[[], None]) -> None:
        """
        Deliver through the running event loop: `wake` is called after each signal.

        It is called at once when something had arrived before.
        """
        self._wake = wake
        import asyncio  # noqa: PLC0415 -- slow, and signals must be caught before it

        loop = asyncio.get_running_loop()
        for number in (*RELOAD, *STOP):
            loop.add_signal_handler(number, self.put, number)
        if self.stop or self.reload:
            wake()

    def put(self, number: int) -> None:
        """Remember one signal."""
        if number in RELOAD:
            self.reload = True
        else:
            self.stop = self.stop or signal.Signals(number).name
        self._wake()

    def take_reload(self) -> bool:
        """Whether a reload was asked for since the last time; several are one."""
        asked, self.reload = self.reload, False
        return asked


def _nothing() -> None:
    """Nobody listens yet."""
