"""What our sockets bear: slow, large, broken and many requests."""

from __future__ import annotations

import os
import socket
import tempfile
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest
from anyio.abc import SocketAttribute

from daemon.errors import StateError
from daemon.service import socket as ours
from daemon.service.socket import Answer, Listeners, json_answer, serve_http
from tests.patience import patience


@asynccontextmanager
async def listening(answer=None):
    """A folder with our sockets, both answering with what was asked."""

    async def echo(ask):
        return json_answer(200, {"path": ask.path, "values": ask.values})

    with tempfile.TemporaryDirectory(prefix="fs") as folder:
        async with Listeners.open(folder, "127.0.0.1:0") as listeners, anyio.create_task_group() as group:
            group.start_soon(serve_http, listeners.control, answer or echo)
            for each in listeners.metrics:
                group.start_soon(serve_http, each, answer or echo)
            with patience("what is asked at the sockets"):
                yield Path(folder) / "control.sock", listeners
            group.cancel_scope.cancel()


async def said(path, raw):
    """The whole answer to these bytes."""
    async with await anyio.connect_unix(path) as stream:
        try:
            await stream.send(raw)
            answer = b""
            async for part in stream:
                answer += part
        except anyio.BrokenResourceError:
            return b""
    return answer


HEAD = b"GET /x?a=1 HTTP/1.1\r\nHost: localhost\r\n"
REQUESTS = [
    ("a query", HEAD + b"\r\n", b"200", b'"values":{"a":"1"}'),
    (
        "a body",
        b'POST /x HTTP/1.1\r\nHost: fortnox-syncd\r\nContent-Length: 7\r\n\r\n{"b":2}',
        b"200",
        b'"b":2',
    ),
    ("no HTTP", b"hello\r\n\r\n", b"400", b"not HTTP"),
    ("a body that is no object", HEAD + b"Content-Length: 2\r\n\r\n[]", b"400", b"object"),
    ("a body that is no JSON", HEAD + b"Content-Length: 2\r\n\r\n{x", b"400", b"read"),
    ("a body nested too deeply", HEAD + b"Content-Length: 7000\r\n\r\n" + b"[" * 7000, b"400", b"read"),
    ("an odd address", b"GET //[ HTTP/1.1\r\nHost: localhost\r\n\r\n", b"400", b"read"),
    ("any host's name on a unix socket", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"200", b""),
    ("a large head", HEAD + b"X: " + b"x" * 9000 + b"\r\n\r\n", b"41", b""),
    ("a large body", HEAD + b"Content-Length: 9000\r\n\r\n" + b"x" * 9000, b"413", b"8192"),
]


@pytest.mark.row("D5")
@pytest.mark.parametrize(("raw", "status", "part"), [c[1:] for c in REQUESTS], ids=[c[0] for c in REQUESTS])
async def test_every_request_gets_one_answer(raw, status, part):
    """Good or bad, a request is answered once with its status, and the connection closed."""
    async with listening() as (path, _):
        answer = await said(path, raw)
        assert answer.split(b" ", 2)[1].startswith(status) or (status == b"41" and b" 400 " in answer)
        assert part in answer


@pytest.mark.parametrize(("host", "status"), [(b"localhost:9464", b"200"), (b"evil.example", b"403")])
async def test_a_port_answers_only_to_names_of_this_host(host, status):
    """A web page's request that its own name server led to the port is refused."""
    async with listening() as (_, listeners):
        port = listeners.metrics[1].extra(SocketAttribute.local_port)
        async with await anyio.connect_tcp("127.0.0.1", port) as stream:
            await stream.send(b"GET /metrics HTTP/1.1\r\nHost: " + host + b"\r\n\r\n")
            assert (await stream.receive()).split(b" ", 2)[1] == status


async def test_a_request_that_does_not_come_is_not_waited_for(monkeypatch):
    """The time for sending a request is limited; then 408."""
    monkeypatch.setattr(ours, "MOST_REQUEST_S", 0.05)
    async with listening() as (path, _):
        assert b" 408 " in await said(path, b"GET /")


async def test_no_more_than_sixteen_at_a_time():
    """The seventeenth connection is closed at once; when one ends there is room again."""
    gate = anyio.Event()

    async def wait(_ask):
        await gate.wait()
        return Answer(200, b"{}")

    async with listening(wait) as (path, _), anyio.create_task_group() as group:
        answers = []

        async def one():
            answers.append(await said(path, HEAD + b"\r\n"))

        for _ in range(16):
            group.start_soon(one)
        await anyio.wait_all_tasks_blocked()
        assert await said(path, HEAD + b"\r\n") == b""
        gate.set()
        while len(answers) < 16:
            await anyio.wait_all_tasks_blocked()
        assert all(b" 200 " in answer for answer in answers)
        assert b" 200 " in await said(path, HEAD + b"\r\n")


async def test_a_stale_socket_file_is_replaced_and_the_port_answers():
    """A file that nobody listens on does not hinder a start."""
    with tempfile.TemporaryDirectory(prefix="fs") as folder:
        dead = socket.socket(socket.AF_UNIX)
        dead.bind(f"{folder}/control.sock")
        dead.close()
        async with Listeners.open(folder, "127.0.0.1:0") as listeners:
            assert len(listeners.metrics) == 2
        assert os.listdir(folder) == []  # noqa: PTH208


async def test_a_taken_port_or_a_long_path_is_named():
    """CTL04 names the address or the file, and nothing is left behind."""
    with socket.create_server(("127.0.0.1", 0)) as taken, tempfile.TemporaryDirectory(prefix="fs") as folder:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(StateError, match=f"CTL04.*{listen}"):
            async with Listeners.open(folder, listen):
                pass
        with pytest.raises(StateError, match=r"CTL04.*too long"):
            async with Listeners.open(f"{folder}/{'x' * 120}", None):
                pass
