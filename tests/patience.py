"""
Bounds for what a test waits for: a thing that does not come is a failure that names it, never a hang.

They are for a machine that has much else to do, and say nothing about how long anything may take.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import anyio

PATIENCE_S = 60.0
LOOK_EVERY_S = 0.01


@contextmanager
def patience(what: str, limit_s: float = PATIENCE_S) -> Iterator[None]:
    """AssertionError when the body, which must be one that can be cancelled, is not through in time."""
    with anyio.move_on_after(limit_s) as scope:
        yield
    assert not scope.cancelled_caught, f"{what} did not come within {limit_s:.0f} s"


def wait_until(happened: Callable[[], object], what: str, limit_s: float = PATIENCE_S) -> None:
    """Look until it happened. AssertionError after `limit_s`; `happened` may raise one earlier."""
    until_s = time.monotonic() + limit_s
    while not happened():
        assert time.monotonic() < until_s, f"{what} did not come within {limit_s:.0f} s"
        time.sleep(LOOK_EVERY_S)
