"""
HTTP on our own sockets: one small request, one answer, then closed. Spoken with h11.

metrics.sock is for the service's group (0660) and, if asked for, a loopback
port; control.sock is for the service's user and root (0600).
"""

from __future__ import annotations

import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import anyio
import h11
import msgspec
from anyio.abc import ByteStream, SocketAttribute, SocketListener
from msgspec import Struct

from daemon.errors import StateBusy, StateError

MOST_REQUEST_BYTES: Final = 8192
MOST_REQUEST_S: Final = 5.0
MOST_CONNECTIONS: Final = 16
JSON: Final = "application/json"
LOCAL_NAMES: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})


class Ask(Struct, frozen=True):
    """One request: `values` are its query or its JSON object."""

    method: str
    path: str
    values: Mapping[str, Any]


class Answer(Struct, frozen=True):
    """One answer."""

    status: int
    body: bytes
    content_type: str = JSON


def json_answer(status: int, body: Mapping[str, Any]) -> Answer:
    """`body` as JSON."""
    return Answer(status, msgspec.json.encode(body) + b"\n")


class Refusal(Exception):
    """A request that gets no further than this file."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.answer = json_answer(status, {"error": why})


# ------------------------------------------------------------------ listening


class Listeners(Struct, frozen=True):
    """Our open sockets."""

    control: SocketListener
    metrics: tuple[SocketListener, ...]

    @staticmethod
    @asynccontextmanager
    async def open(folder: str, metrics_listen: str | None) -> AsyncIterator[Listeners]:
        """
        Listen in `folder`, and at `metrics_listen` ("127.0.0.1:9464") unless None.

        Raises StateBusy when another daemon answers there, StateError CTL04
        when a socket cannot be opened. The files are removed at the end.
        """
        paths = [Path(folder) / "control.sock", Path(folder) / "metrics.sock"]
        sockets: list[socket.socket] = []
        try:
            _make(folder)
            sockets.append(_bind(paths[0], 0o600))
            sockets.append(_bind(paths[1], 0o660))
            if metrics_listen is not None:
                sockets.append(_bind_port(metrics_listen))
        except OSError as error:
            for each in sockets:
                each.close()
            where = metrics_listen if len(sockets) == len(paths) else str(paths[len(sockets)])
            todo = "free it, or set [daemon] runtime_dir or metrics_listen"
            what = f"the socket cannot be opened: {error.strerror or error}"
            raise StateError("CTL04", what, str(where), todo) from error
        listeners = [await SocketListener.from_socket(each) for each in sockets]
        try:
            yield Listeners(listeners[0], tuple(listeners[1:]))
        finally:
            with anyio.CancelScope(shield=True):
                for listener in listeners:
                    await listener.aclose()
            for path in paths:
                path.unlink(missing_ok=True)


def _make(folder: str) -> None:
    Path(folder).mkdir(mode=0o750, parents=True, exist_ok=True)


def _bind(path: Path, mode: int) -> socket.socket:
    """A listening socket at `path`, never open to more than `mode`, not even for a moment."""
    _remove_if_stale(path)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    mask = os.umask(0o777 & ~mode)
    try:
        listening.bind(str(path))
    except OSError:
        listening.close()
        raise
    finally:
        os.umask(mask)
    listening.listen(MOST_CONNECTIONS)
    listening.setblocking(False)
    return listening


def _remove_if_stale(path: Path) -> None:
    """Remove a socket file that nobody listens on any more."""
    if not path.is_socket():
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(MOST_REQUEST_S)
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink(missing_ok=True)
            return
    todo = "stop it, or give each daemon its own runtime_dir"
    raise StateBusy("CTL04", "another daemon listens on this socket", str(path), todo)


def _bind_port(listen: str) -> socket.socket:
    host, _, port = listen.rpartition(":")
    address = (host.strip("[]"), int(port))
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    listening = socket.create_server(address, family=family, backlog=MOST_CONNECTIONS)
    listening.setblocking(False)
    return listening


# ------------------------------------------------------------------ speaking


async def serve_http(listener: SocketListener, answer: Callable[[Ask], Awaitable[Answer]]) -> None:
    """Answer on `listener` until cancelled; `answer` raises nothing."""
    slots = anyio.CapacityLimiter(MOST_CONNECTIONS)

    async def converse(stream: ByteStream) -> None:
        async with stream:
            try:
                slots.acquire_nowait()
            except anyio.WouldBlock:
                return
            try:
                await _converse(stream, answer)
            finally:
                slots.release()

    await listener.serve(converse)


async def _converse(stream: ByteStream, answer: Callable[[Ask], Awaitable[Answer]]) -> None:
    speaker = h11.Connection(h11.SERVER, max_incomplete_event_size=MOST_REQUEST_BYTES)
    try:
        with anyio.fail_after(MOST_REQUEST_S):
            ask = await _receive(stream, speaker)
        reply = await answer(ask)
    except Refusal as refusal:
        reply = refusal.answer
    except TimeoutError:
        reply = Refusal(408, f"a request must arrive within {MOST_REQUEST_S:.0f} s").answer
    except h11.RemoteProtocolError:
        reply = Refusal(400, "that is not HTTP, or it is too large").answer
    with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError, h11.LocalProtocolError):
        with anyio.move_on_after(MOST_REQUEST_S):
            await stream.send(_spelled(reply, speaker))


async def _receive(stream: ByteStream, speaker: h11.Connection) -> Ask:
    """The whole request. Raises Refusal, h11.RemoteProtocolError."""
    request: h11.Request | None = None
    body = bytearray()
    received = 0
    while True:
        event = speaker.next_event()
        if event is h11.NEED_DATA:
            try:
                data = await stream.receive(MOST_REQUEST_BYTES)
            except (anyio.EndOfStream, anyio.BrokenResourceError):
                data = b""
            received += len(data)
            if received > MOST_REQUEST_BYTES:
                raise Refusal(413, f"a request may have {MOST_REQUEST_BYTES} bytes")
            speaker.receive_data(data)
        elif isinstance(event, h11.Request):
            request = event
        elif isinstance(event, h11.Data):
            body += event.data
        elif isinstance(event, h11.EndOfMessage) and request is not None:
            _check_host(stream, request)
            return _read(request, bytes(body))
        else:
            raise Refusal(400, "the request ended early")


def _check_host(stream: ByteStream, request: h11.Request) -> None:
    """On a port, refuse a web page's request that its own name server led here; a unix socket has no such."""
    if stream.extra(SocketAttribute.family, socket.AF_UNIX) is socket.AF_UNIX:
        return
    host = next((value.decode("latin-1") for name, value in request.headers if name == b"host"), "")
    if host.rpartition(":")[0] not in LOCAL_NAMES and host not in LOCAL_NAMES:
        raise Refusal(403, "ask for localhost")


def _read(request: h11.Request, body: bytes) -> Ask:
    try:
        target = urlsplit(request.target.decode("latin-1"))
        values: Any = msgspec.json.decode(body) if body else dict(parse_qsl(target.query))
    except (ValueError, RecursionError) as error:
        raise Refusal(400, "the address or the body cannot be read") from error
    if not isinstance(values, dict):
        raise Refusal(400, "the body is not a JSON object")
    return Ask(request.method.decode("latin-1"), target.path, values)


def _spelled(reply: Answer, speaker: h11.Connection) -> bytes:
    headers = [
        ("Content-Type", reply.content_type),
        ("Content-Length", str(len(reply.body))),
        ("Cache-Control", "no-store"),
        ("Connection", "close"),
    ]
    if speaker.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
        return b""
    head = speaker.send(h11.Response(status_code=reply.status, headers=headers)) or b""
    text = speaker.send(h11.Data(reply.body)) or b""
    return head + text + (speaker.send(h11.EndOfMessage()) or b"")
