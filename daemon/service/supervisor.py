"""
The process from its first task to its last: connectors under supervision, reload, signals, stopping.

The only file that catches everything: what nobody foresaw in one connector or
one command is logged with an id and goes no further.
"""

from __future__ import annotations

import hashlib
import os
import traceback
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import TypeVar

import anyio
import msgspec
from anyio.abc import TaskGroup

from daemon import __version__
from daemon.core.report import ConnectorReport
from daemon.core.schedule import CRASHES, backoff_s
from daemon.engine.parallel import for_each
from daemon.errors import DaemonError, StateError
from daemon.events import (
    BUG,
    CONTROL,
    READY,
    RELOAD_REFUSED,
    RELOADED,
    RUNNER_FAILED,
    STARTING,
    STOP_IS_SLOW,
    STOPPED,
    STOPPING,
)
from daemon.ports import Clock
from daemon.service import reload as reloading
from daemon.service.house import Desk, Json, Vendors
from daemon.service.loop import Loop, Parts
from daemon.service.metrics import look
from daemon.service.notify import Notify, Pulse, feed_watchdog, no_progress
from daemon.service.operate import VERBS, envelope, failure, perform, stamp
from daemon.service.runner import Bug, Runner
from daemon.service.signals import Inbox
from daemon.service.socket import Answer, Ask, Listeners, json_answer, serve_http

T = TypeVar("T")
STOP_LIMIT_S = 30.0
HTTP_STATUS = {"CTL01": 404, "CTL02": 400, "CTL06": 503, "CTL07": 500}


async def contain(where: str, work: Callable[[], Awaitable[T]]) -> T | DaemonError:
    """The result of `work`, or its DaemonError, or a Bug for anything else; only cancellation passes."""
    try:
        return await work()
    except DaemonError as error:
        return error
    except Exception as error:  # noqa: BLE001 -- this is the place
        text = "".join(traceback.format_exception(error))
        return Bug(hashlib.blake2b(text.encode(), digest_size=4).hexdigest(), text, where)


class Supervisor:
    """The running daemon, as the verbs of `operate` see it (its House)."""

    def __init__(self, parts: Parts, notify: Notify) -> None:
        self._parts, self._notify = parts, notify
        self._config = parts.config
        self._loaded_at = parts.clock.now()
        self._reload: Json = {"at": None, "ok": True, "error": None, "restart_needed": []}
        self._reloading = anyio.Lock()
        self._group: TaskGroup | None = None
        self._state = "starting"
        self.runners: dict[str, Runner] = {}

    @property
    def desk(self) -> Desk:
        """The journal's desk."""
        return self._parts.desk

    @property
    def clock(self) -> Clock:
        """For the envelope."""
        return self._parts.clock

    @property
    def connectors(self) -> Collection[str]:
        """Names of the enabled connectors."""
        return self.runners.keys()

    # -------------------------------------------------------------- starting, swapping, stopping

    def start(self, group: TaskGroup, loops: Mapping[str, Loop], paused: Collection[str]) -> None:
        """Put `loops` under supervision in `group`."""
        self._group = group
        self._add(loops, paused)
        self._state = "running"

    def _add(self, loops: Mapping[str, Loop], paused: Collection[str]) -> None:
        assert self._group is not None
        parts = self._parts
        for name, loop in loops.items():
            runner = Runner(loop, parts.clock, parts.ids, parts.events, contain, paused=name in paused)
            self.runners[name] = runner
            self._group.start_soon(self._keep, runner, name=f"connector.{name}")

    async def _keep(self, runner: Runner) -> None:
        """Run until stopped; a mistake in the runner itself ends neither it nor anybody else."""
        try:
            while isinstance(result := await contain(runner.loop.name, runner.run), DaemonError):
                self._parts.events.emit(RUNNER_FAILED, connector=runner.loop.name, error=str(result))
                await self.clock.sleep(backoff_s(CRASHES, self._parts.ids.uniform()))
        finally:
            runner.finish()

    async def _swap(self, loops: Mapping[str, Loop]) -> list[str]:
        """End the loops that are not among `loops`, then begin those that are new; names of both."""
        paused = await self.desk.paused()
        old = {name: each for name, each in self.runners.items() if loops.get(name) is not each.loop}
        for runner in old.values():
            runner.stop()
        for name, runner in old.items():
            await runner.ended.wait()
            del self.runners[name]
            if name not in loops:
                self._parts.events.forget(name)
        await self._parts.builder.drop([runner.loop for runner in old.values()])
        new = {name: loop for name, loop in loops.items() if name not in self.runners}
        self._add(new, paused)
        return sorted({*old, *new})

    async def stop(self) -> None:
        """End every pass at its next boundary, within 30 s; reading back may take `CONFIRM_S` more."""
        self._state = "stopping"
        for runner in self.runners.values():
            runner.stop()
        self._parts.builder.begin_no_write()
        with anyio.move_on_after(STOP_LIMIT_S):
            for runner in self.runners.values():
                await runner.ended.wait()
        if late := [name for name, runner in self.runners.items() if not runner.ended.is_set()]:
            self._parts.events.emit(STOP_IS_SLOW, connectors=late)

    # -------------------------------------------------------------- health

    def overdue(self) -> list[str]:
        """Connectors whose pass should have begun long ago."""
        return [name for name, runner in self.runners.items() if runner.overdue()]

    async def not_ready(self) -> list[str]:
        """Why the daemon is not ready; empty when it is."""
        reasons = [
            f"connector {name}: {why}" for name, each in self.runners.items() if (why := each.not_ready)
        ]
        try:
            await self._parts.probe()
        except StateError as error:
            reasons.insert(0, str(error))
        return [f"the daemon is {self._state}", *reasons] if self._state != "running" else reasons

    async def metrics(self) -> bytes:
        """Prometheus' text, with what is only known when asked."""
        await self._parts.sample()
        return self._parts.events.text()

    # -------------------------------------------------------------- the verbs

    async def status(self) -> Json:
        """Decision 35's `status`."""
        connectors = [await self._row(name, runner) for name, runner in sorted(self.runners.items())]
        poor = any(runner.state not in ("waiting", "running", "paused") for runner in self.runners.values())
        return {
            "state": "degraded" if poor and self._state == "running" else self._state,
            "version": __version__,
            "pid": os.getpid(),
            "config": {
                "path": self._config.path,
                "loaded_at": stamp(self._loaded_at),
                "reload": self._reload,
            },
            "companies": [dict(row) for row in await self.vendors.companies()],
            "connectors": connectors,
        }

    async def _row(self, name: str, runner: Runner) -> Json:
        return {
            "name": name,
            "kind": runner.loop.kind,
            "company": runner.loop.company,
            "state": runner.state,
            "last_success_at": stamp(runner.last_success_at),
            "next_pass_at": stamp(runner.next_pass_at),
            **await self.desk.status_of(name),
            "creations_wait": msgspec.to_builtins(runner.loop.creations_wait()),
            "error": runner.error,
        }

    async def sync(
        self, names: Sequence[str], *, dry_run: bool, imports: str | None
    ) -> Sequence[ConnectorReport]:
        """A full pass of each, all at once, each in its turn after a pass under way."""
        reports: dict[str, ConnectorReport] = {}

        async def one(name: str) -> None:
            reports[name] = await self.runners[name].ask(dry_run=dry_run, imports=imports)

        await for_each(names, one, len(names))
        return [reports[name] for name in names]

    async def nudge(self, name: str) -> bool:
        """A pass soon."""
        self.runners[name].nudge()
        return True

    async def set_paused(self, name: str, paused: bool) -> None:  # noqa: FBT001
        """Remember it first, then do it."""
        await self.desk.set_paused(name, paused)
        self.runners[name].set_paused(paused=paused)

    @property
    def vendors(self) -> Vendors:
        """What is asked of the vendors themselves."""
        return self._parts.vendors

    async def reload(self) -> Json:
        """Put the file into force, or keep the old config whole and say so."""
        async with self._reloading:
            self._notify.reloading()
            result = await contain("reload", self._prepare_and_swap)
            refused = isinstance(result, DaemonError)
            self._reload = {
                "at": stamp(self.clock.now()),
                "ok": not refused,
                "error": str(result) if refused else None,
                "restart_needed": [] if isinstance(result, DaemonError) else list(result),
            }
            if isinstance(result, Bug):
                _log_bug(result, self._parts)
            if refused:
                self._parts.events.emit(RELOAD_REFUSED, error=str(result))
            self._notify.ready(self._line())
            return self._reload

    async def _prepare_and_swap(self) -> tuple[str, ...]:
        running = {name: runner.loop for name, runner in self.runners.items()}
        prepared = await reloading.prepare(self._parts, self._config, running)
        changed = await self._swap(prepared.loops)
        self._config, self._loaded_at = prepared.config, self.clock.now()
        self._parts.events.emit(RELOADED, changed=changed, restart_needed=prepared.restart)
        return prepared.restart

    def _line(self) -> str:
        """One line for systemctl status."""
        if not self._reload["ok"]:
            return "reload refused, the old config stays: " + str(self._reload["error"]).splitlines()[0]
        if self._reload["restart_needed"]:
            return "restart needed for " + ", ".join(self._reload["restart_needed"])
        return f"{len(self.runners)} connectors"


# ------------------------------------------------------------------ the whole life


async def serve(parts: Parts, inbox: Inbox, environ: Mapping[str, str] = os.environ) -> int:
    """
    Be the daemon until SIGTERM; the exit code, 0.

    The state is open and its lock held. Raises DaemonError when the first
    loops or the sockets cannot be made; after that nothing is raised.
    """
    notify = Notify(parts.clock, environ)
    house = Supervisor(parts, notify)
    events, head = parts.events, parts.config.daemon
    events.emit(STARTING, version=__version__, pid=os.getpid(), config=parts.config.path)
    loops = await parts.builder.build(parts.config, {})
    paused = await parts.desk.paused()
    async with (
        Listeners.open(head.runtime_dir, head.metrics_listen) as listeners,
        anyio.create_task_group() as group,
    ):
        house.start(group, loops, paused)
        group.start_soon(serve_http, listeners.control, _control(house, parts))
        for listener in listeners.metrics:
            group.start_soon(serve_http, listener, _metrics(house, parts))
        pulse = Pulse(parts.clock, events)
        group.start_soon(pulse.measure)
        group.start_soon(
            feed_watchdog,
            notify,
            parts.clock,
            events,
            lambda: no_progress(pulse, house.overdue, parts.probe),
        )
        events.emit(READY, connectors=sorted(loops))
        notify.ready(f"{len(loops)} connectors")
        await _until_told_to_stop(inbox, house, group)
        events.emit(STOPPING, signal=inbox.stop)
        notify.stopping()
        await house.stop()
        group.cancel_scope.cancel()
    events.emit(STOPPED)
    return 0


async def _until_told_to_stop(inbox: Inbox, house: Supervisor, group: TaskGroup) -> None:
    """Reload on each SIGHUP, also one that came before we were ready; return on SIGTERM."""
    bell = [anyio.Event()]
    inbox.attach(lambda: bell[0].set())  # noqa: PLW0108 -- the bell is replaced
    while not inbox.stop:
        await bell[0].wait()
        bell[0] = anyio.Event()
        if inbox.take_reload():
            group.start_soon(house.reload)


def _control(house: Supervisor, parts: Parts) -> Callable[[Ask], Awaitable[Answer]]:
    async def answer(ask: Ask) -> Answer:
        name = ask.path.removeprefix("/")
        if name not in VERBS or VERBS[name].method != ask.method:
            return json_answer(
                404, failure(DaemonError("CTL01", "there is no such verb", ask.path, "see --help"))
            )

        async def work() -> Answer:
            return json_answer(200, await perform(house, name, ask.values))

        result = await contain(name, work)
        if ask.method == "POST":
            outcome = result.code if isinstance(result, DaemonError) else "ok"
            parts.events.emit(CONTROL, verb=name, id=ask.values.get("id"), outcome=outcome)
        return _told(result, house, parts)

    return answer


def _metrics(house: Supervisor, parts: Parts) -> Callable[[Ask], Awaitable[Answer]]:
    async def answer(ask: Ask) -> Answer:
        return _told(await contain(ask.path, lambda: look(house, ask)), house, parts)

    return answer


def _told(result: Answer | DaemonError, house: Supervisor, parts: Parts) -> Answer:
    """The answer, or the error as one."""
    if isinstance(result, Answer):
        return result
    if isinstance(result, Bug):
        _log_bug(result, parts)
    return json_answer(HTTP_STATUS.get(result.code, 409), envelope(failure(result), house.clock.now()))


def _log_bug(bug: Bug, parts: Parts) -> None:
    parts.events.emit(BUG, trace_id=bug.trace_id, error=bug.what, traceback=bug.traceback)
