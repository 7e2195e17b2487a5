"""
The host: the daemon's process, which may be started, told, stopped and killed, and the disk that stays.
"""

from __future__ import annotations

import asyncio
import contextvars
import datetime as dt
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

import anyio

from daemon.bootstrap.house import House
from daemon.bootstrap.vendors import Vendors
from daemon.config import Config
from daemon.errors import DaemonError
from daemon.events import Events, Log
from daemon.ports import Ids
from daemon.service.loop import Parts
from daemon.service.notify import Notify
from daemon.service.supervisor import Supervisor
from daemon.store.desk import StateDesk
from tests.simulation.clockwork import HostClock
from tests.simulation.memory import Disk, journal
from tests.simulation.wire import Wire, WireClient

T = TypeVar("T")
OWNER: contextvars.ContextVar[Process | None] = contextvars.ContextVar("owner", default=None)
ENDS_WITHIN = 1000  # iterations in which killed tasks must have ended


class Dead(BaseException):
    """From here on nothing of this process happens any more."""


class Process:
    """One life of the daemon."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self.dead = False
        self.dies_in: int | None = None  # steps
        self.tasks: dict[asyncio.Task[Any], None] = {}  # in the order of their birth
        self.supervisor: Supervisor
        self.house: House
        self.desk: StateDesk
        self.refused: DaemonError | None = None
        self._told_to_stop = anyio.Event()
        self.up = anyio.Event()
        self.over = anyio.Event()

    def step(self, what: str) -> None:
        """Count one step; raises Dead at the one that was to be the last, and ever after."""
        if self.dies_in is not None and not self.dead:
            self.dies_in -= 1
            if self.dies_in < 0:
                self.dead = True
                asyncio.get_running_loop().call_soon(self._machine.died, self)
        if self.dead:
            raise Dead(what)

    async def live(self) -> None:
        """From start to stop."""
        machine = self._machine
        try:
            await self._live(machine)
        except DaemonError as error:
            self.refused = error
        except BaseException:
            if not self.dead:
                raise
        finally:
            self.up.set()
            self.over.set()

    async def _live(self, machine: Machine) -> None:
        config, clock, ids, events = machine.config(), machine.clock, machine.ids, machine.events
        memory = journal(machine.disk, self.step, clock, ids)
        house = self.house = House(memory, clock, ids, events, self._connect, called=self._called)
        await house.remember_budgets(machine.last_call_at.timestamp())
        self.desk = StateDesk(memory.database, memory.sealer)
        vendors = Vendors(house, clock, events)
        parts = Parts(
            config=config,
            load=machine.config,
            builder=house,
            desk=self.desk,
            events=events,
            clock=clock,
            ids=ids,
            probe=memory.probe,
            sample=vendors.sample,
            vendors=vendors,
        )
        supervisor = self.supervisor = Supervisor(parts, Notify(clock, {}))
        loops = await house.build(config, {})
        paused = await self.desk.paused()
        async with anyio.create_task_group() as group:
            supervisor.start(group, loops, paused)
            self.up.set()
            await self._told_to_stop.wait()
            await supervisor.stop()
            group.cancel_scope.cancel()
        await house.close()
        await memory.close()

    def _connect(self, system: str, _url: str, throttle: Any, clock: Any, **_: Any) -> WireClient:
        return WireClient(self._machine.wire, self, system, throttle, clock)

    def _called(self) -> None:
        if not self.dead:
            self._machine.last_call_at = self._machine.clock.now()

    async def ask(self, work: Coroutine[Any, Any, T]) -> T | None:
        """What the process answers; None when it dies over it. Raises DaemonError."""
        task = self.owned(work)
        over = asyncio.get_running_loop().create_task(self.over.wait())
        await asyncio.wait({task, over}, return_when=asyncio.FIRST_COMPLETED)
        over.cancel()
        if not task.done() or task.cancelled():
            return None
        error = task.exception()
        if isinstance(error, Dead) or (error and self.dead):
            return None
        return task.result()

    def owned(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Something that this process does, and that ends with it."""
        context = contextvars.copy_context()
        context.run(OWNER.set, self)
        task = asyncio.get_running_loop().create_task(work, context=context)
        _belongs(task, self)
        return task

    def stop(self) -> None:
        """SIGTERM."""
        self._told_to_stop.set()

    async def kill(self) -> None:
        """SIGKILL: what was committed and what has left stays, everything else is gone."""
        self.dead = True
        for _ in range(ENDS_WITHIN):
            await asyncio.sleep(0)  # a task that is cancelled before it began leaves its coroutine behind
            if not self.tasks:
                return
            for task in list(self.tasks):
                task.cancel()
        raise AssertionError([task.get_coro() for task in self.tasks])


class Machine:
    """What outlives the process."""

    def __init__(
        self, wire: Wire, clock: HostClock, ids: Ids, log: Log, config: Callable[[], Config]
    ) -> None:
        self.wire, self.clock, self.ids, self.config = wire, clock, ids, config
        self.events = Events(log)  # of all processes: metrics take long to make, and nobody reads these
        self.disk = Disk()
        self.last_call_at = dt.datetime.fromtimestamp(0, dt.UTC)
        self.process: Process | None = None
        self.told_of_death: Callable[[], None] = lambda: None
        asyncio.get_running_loop().set_task_factory(_owned)

    @property
    def running(self) -> Process | None:
        """The process, when there is one that has come up."""
        process = self.process
        return process if process and process.up.is_set() and not process.over.is_set() else None

    async def start(self) -> Process:
        """Start the daemon when it is not running; returns when it is up or has refused."""
        if self.process is None or self.process.over.is_set():
            self.process = Process(self)
            self.process.owned(self.process.live())
        await self.process.up.wait()
        return self.process

    async def stop(self) -> None:
        """SIGTERM, and wait."""
        if self.process and not self.process.over.is_set():
            self.process.stop()
            await self.process.over.wait()

    async def kill(self) -> None:
        """SIGKILL."""
        if self.process and not self.process.over.is_set():
            self.told_of_death()
            await self.process.kill()
            self.process.over.set()

    def died(self, process: Process) -> None:
        """A process came to its last step."""
        self.told_of_death()
        asyncio.get_running_loop().create_task(self._bury(process))

    async def _bury(self, process: Process) -> None:
        with suppress(Dead):
            await process.kill()
        process.over.set()


def _owned(loop: asyncio.AbstractEventLoop, coro: Coroutine[Any, Any, Any], **more: Any) -> asyncio.Task[Any]:
    """A task that belongs to the process that began it, so that it ends with it."""
    task: asyncio.Task[Any] = asyncio.Task(coro, loop=loop, **more)
    owner = OWNER.get()
    if owner is not None:
        _belongs(task, owner)
    return task


def _belongs(task: asyncio.Task[Any], process: Process) -> None:
    process.tasks[task] = None
    task.add_done_callback(lambda _: process.tasks.pop(task, None))
