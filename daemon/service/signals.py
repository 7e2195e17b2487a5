"""
SIGHUP, SIGTERM and SIGINT, from before anything slow.

`catch` is called first of all, when no event loop exists yet; what arrives
until `attach` is remembered. Only light imports here: this file is loaded first.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import Any

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
            signal.signal(number, self._remember)

    def attach(self, wake: Callable[[], None]) -> None:
        """
        `wake` is called in the running event loop after each signal, and now if one had arrived before.

        The loop is only asked to wake up; remembering stays with our own
        handler, because uvloop may call a loop's handler twice for one signal.
        """
        import asyncio  # noqa: PLC0415 -- slow, and signals must be caught before it

        self._wake = wake
        loop = asyncio.get_running_loop()
        # Held back meanwhile: between the two a signal would only wake the loop, and be forgotten.
        signal.pthread_sigmask(signal.SIG_BLOCK, {*RELOAD, *STOP})
        try:
            for number in (*RELOAD, *STOP):
                loop.add_signal_handler(number, wake)
            self.catch()
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {*RELOAD, *STOP})
        if self.stop or self.reload:
            wake()

    def put(self, number: int) -> None:
        """As if the signal had come."""
        self._remember(number, None)
        self._wake()

    def take_reload(self) -> bool:
        """Whether a reload was asked for since the last time; several are one."""
        asked, self.reload = self.reload, False
        return asked

    def _remember(self, number: int, _frame: Any) -> None:
        if number in RELOAD:
            self.reload = True
        else:
            self.stop = self.stop or signal.Signals(number).name


def _nothing() -> None:
    """Nobody listens yet."""
