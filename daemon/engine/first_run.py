"""
A first import: reading by key runs ahead while what is read is written.

The two sides have budgets of their own; one after the other would leave one of
them idle at any time.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import anyio

from daemon.core.work import Task
from daemon.engine.parallel import for_each
from daemon.ports import Clock

IDLE_S = 0.1  # when everything that is read has been written


async def read_ahead(
    read: Callable[[], Awaitable[None]],
    batch: Callable[[], Awaitable[Sequence[Task]]],
    act: Callable[[Sequence[Task]], Awaitable[bool]],
    clock: Clock,
) -> None:
    """
    Do `read` once and meanwhile `act` on one `batch` after the other.

    `act` tells whether it did anything. Ends when all is read and a batch is
    empty, or is the one that nothing could be done about just before.
    """
    over = anyio.Event()

    async def reading() -> None:
        await read()
        over.set()

    async def writing() -> None:
        before: set[str] | None = None
        while True:
            last = over.is_set()
            tasks = await batch()
            keys = {task.unit.key for task in tasks}
            if last and (not keys or keys == before):
                return
            if not await act(tasks):
                await clock.sleep(IDLE_S)
            before = keys

    await for_each((reading, writing), lambda work: work(), 2)
