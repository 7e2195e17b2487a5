"""A raw loopback server: its answers are bytes and misdeeds, in the order they are asked for."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import socket
import struct
from contextlib import asynccontextmanager

import anyio

from daemon.core.budget import Budget
from daemon.net.client import HttpClient
from daemon.net.throttle import Throttle
from daemon.ports import Request
from tests.patience import patience

START = dt.datetime(2026, 11, 20, 12, 0, tzinfo=dt.UTC)
PLENTY = Budget(slots=10_000, window_s=1.0)


class LoopClock:
    """The event loop's own time."""

    def now(self):
        return START + dt.timedelta(seconds=self.monotonic())

    def monotonic(self):
        return anyio.current_time()

    async def sleep(self, seconds):
        await anyio.sleep(max(seconds, 0))


class StepClock:
    """Time that stands still until `step` moves it: sleepers wake in the order of their times."""

    def __init__(self):
        self.now_s = 0.0
        self.sleepers = []
        self.sleeps = 0

    def now(self):
        return START + dt.timedelta(seconds=self.now_s)

    def monotonic(self):
        return self.now_s

    async def sleep(self, seconds):
        self.sleeps += 1
        sleeper = (self.now_s + seconds, anyio.Event())
        self.sleepers.append(sleeper)
        try:
            await sleeper[1].wait()
        finally:
            self.sleepers.remove(sleeper)

    async def step(self, seconds):
        """Move by `seconds`, waking each sleeper at its own time."""
        until_s = self.now_s + seconds
        await settle()
        while due := [sleeper for sleeper in self.sleepers if sleeper[0] <= until_s]:
            wake_s, event = min(due, key=lambda sleeper: sleeper[0])
            self.now_s = max(self.now_s, wake_s)
            event.set()
            await settle()
        self.now_s = until_s
        await settle()


async def settle():
    """Let every task run until it waits for something."""
    for _ in range(30):
        await asyncio.sleep(0)


class FixedIds:
    """Chance without chance."""

    def uniform(self):
        return 0.5

    def bytes(self, count):
        return b"\7" * count


# ------------------------------------------------------------------ what a server can do


def answer(status, body=b"", **headers):
    """A whole, well-formed answer."""
    lines = [f"HTTP/1.1 {status} X"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def send(*parts):
    """Write `parts` and keep the connection."""

    async def act(writer):
        for part in parts:
            writer.write(part)
            await writer.drain()
        return True

    return act


def hang_up(*parts):
    """Write `parts` and close the connection in good order."""

    async def act(writer):
        await send(*parts)(writer)
        return False

    return act


def reset(*parts):
    """Write `parts` and let the kernel send a reset."""

    async def act(writer):
        await send(*parts)(writer)
        raw = writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()
        return False

    return act


def hold(event, *parts):
    """Answer only when `event` is set."""

    async def act(writer):
        await event.wait()
        return await send(*parts)(writer)

    return act


async def SILENT(_writer):  # noqa: N802 - one of the acts, like OK
    """Never answer."""
    await asyncio.Event().wait()


OK = send(answer(200, b'{"ok": true}', Content_Type="application/json"))


# ------------------------------------------------------------------ the server


class Server:
    """Answers the n-th request with the n-th act, the last act for ever. `requests` is what arrived whole."""

    def __init__(self, *acts):
        self.acts = list(acts)
        self.requests = []
        self.arrived = asyncio.Event()
        self.connections = 0
        self.most_connections = 0
        self.port = 0

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, reader, writer):
        self.connections += 1
        self.most_connections = max(self.most_connections, self.connections)
        try:
            while request := await _request(reader):
                act = self.acts[min(len(self.requests), len(self.acts) - 1)]
                self.requests.append(request)
                self.arrived.set()
                if not await act(writer):
                    break
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self.connections -= 1
            writer.close()
            with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                await writer.wait_closed()


async def _request(reader):
    try:
        head = await reader.readuntil(b"\r\n\r\n")
        length = 0
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        return head + await reader.readexactly(length)
    except (asyncio.IncompleteReadError, ConnectionError):
        return None


@asynccontextmanager
async def serving(*acts):
    """A Server on a free loopback port."""
    server = Server(*acts)
    tasks = set()

    async def serve(reader, writer):
        tasks.add(asyncio.current_task())
        try:
            await server.serve(reader, writer)
        finally:
            tasks.discard(asyncio.current_task())

    listener = await asyncio.start_server(serve, "127.0.0.1", 0)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        for task in list(tasks):
            task.cancel()
        with patience("the end of the server's connections"):
            await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def client_of(url, *, budget=PLENTY, connections=5, observe=None, system="fortnox", tls=None):
    """An HttpClient for `url`, closed in the end."""
    clock = LoopClock()
    throttle = Throttle(budget, clock, connections=connections)
    client = HttpClient(system, url, throttle, clock, observe=observe or (lambda *_: None), tls=tls)
    client.throttle = throttle
    try:
        with patience("an answer"):
            yield client
    finally:
        await client.aclose()


def read(url, path="/x", **more):
    """A request without effect."""
    return Request(method="GET", url=url + path, route="GET /x", **more)


def write(url, path="/x", **more):
    """A request with effect."""
    return Request(method="POST", url=url + path, route="POST /x", body=b"{}", effect=True, **more)
