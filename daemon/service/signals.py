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
        self._heard: set[int] = set()  # of these our own handler has told

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
        for number in (*RELOAD, *STOP):
            loop.add_signal_handler(number, self._ring, number)
        self.catch()
        if self.stop or self.reload:
            wake()

    def _ring(self, number: int) -> None:
        """The first of its kind may have come while the loop's handler stood in for ours: only this tells."""
        if number not in self._heard:
            self._remember(number, None)
        self._wake()

    def put(self, number: int) -> None:
        """As if the signal had come."""
        self._remember(number, None)
        self._wake()

    def take_reload(self) -> bool:
        """Whether a reload was asked for since the last time; several are one."""
        asked, self.reload = self.reload, False
        return asked

    def _remember(self, number: int, _frame: Any) -> None:
        self._heard.add(number)
        if number in RELOAD:
            self.reload = True
        else:
            self.stop = self.stop or signal.Signals(number).name


def _nothing() -> None:
    """Nobody listens yet."""
