"""Many records at once, and one error out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

import anyio
import anyio.lowlevel

T = TypeVar("T")


async def for_each(items: Iterable[T], work: Callable[[T], Awaitable[None]], at_once: int) -> None:
    """
    Do `work` for each item, at most `at_once` together.

    The first error cancels the rest (writes are shielded and end first) and
    leaves as itself, never as a group.
    """
    whole = list(items)
    waiting = iter(whole)

    async def worker() -> None:
        for item in waiting:
            # Writes and commits are shielded one by one: without this nobody would hear of a cancellation.
            await anyio.lowlevel.checkpoint_if_cancelled()
            await work(item)

    if len(whole) <= 1:
        await worker()
        return
    try:
        async with anyio.create_task_group() as group:
            for _ in range(min(at_once, len(whole))):
                group.start_soon(worker)
    except BaseExceptionGroup as errors:
        raise _first(errors) from errors


def _first(errors: BaseExceptionGroup[BaseException]) -> BaseException:
    error: BaseException = errors
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
