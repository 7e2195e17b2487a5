"""The sandbox on a real port: bytes as they are, connections that break as ordered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import h11
import msgspec
import pytest
from anyio.abc import SocketStream

from daemon.sandbox.faults import Fault
from daemon.sandbox.server import BODY_MAX_BYTES, serve
from daemon.sandbox.web import Request, Response
from daemon.sandbox.world import World
from tests.sandbox.toy import START, Hand, Toy, toy_world

LIMIT_S = 60  # for a machine with much else to do


@pytest.fixture
def anyio_backend():
    return "asyncio"


@asynccontextmanager
async def served(world: World) -> AsyncIterator[int]:
    """`world` on a free port."""
    port: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(serve(world, "127.0.0.1", 0, port.set_result))
    with anyio.fail_after(LIMIT_S):
        await asyncio.wait([port, task], return_when=asyncio.FIRST_COMPLETED)
        try:
            yield await port
        finally:
            task.cancel()
            await asyncio.wait([task])


class Answer(msgspec.Struct):
    status: int = 0
    headers: dict[str, str] = {}
    body: bytes = b""
    end: str = "no answer"  # or "whole", "cut", "reset"


async def ask(port: int, method: str, target: str, body: bytes = b"") -> Answer:
    """One request on its own connection, and how that ended."""
    async with await anyio.connect_tcp("127.0.0.1", port) as stream:
        return await exchange(stream, method, target, body)


async def exchange(stream: SocketStream, method: str, target: str, body: bytes = b"") -> Answer:
    client = h11.Connection(h11.CLIENT)
    head = h11.Request(
        method=method, target=target, headers=[("Host", "x"), ("Content-Length", str(len(body)))]
    )
    await stream.send(client.send(head) or b"")
    for event in (h11.Data(data=body), h11.EndOfMessage()):
        await stream.send(client.send(event) or b"")
    answer = Answer()
    try:
        while answer.end != "whole":
            event = client.next_event()
            if event is h11.NEED_DATA:
                client.receive_data(await stream.receive())
            elif isinstance(event, h11.Response):
                answer.status, answer.end = event.status_code, "cut"
                answer.headers = {name.decode(): value.decode() for name, value in event.headers}
            elif isinstance(event, h11.Data):
                answer.body += bytes(event.data)
            else:
                answer.end = "whole"
    except anyio.EndOfStream:
        pass
    except anyio.BrokenResourceError:
        answer.end = "reset"
    return answer


@pytest.mark.row("B4")
async def test_each_system_answers_under_its_own_prefix_and_the_sandbox_beside_them():
    """
    One port carries every system and the control routes, and says what it has when asked for more.
    """
    async with served(toy_world()) as port:
        posted = await ask(port, "POST", "/toy/things", b'{"a":1}')
        logged = await ask(port, "GET", "/_sandbox/log")
        nothing = await ask(port, "GET", "/severa/v1/customers")
    assert (posted.status, posted.body, posted.end) == (201, b'{"a":1}', "whole")
    assert [item["path"] for item in msgspec.json.decode(logged.body)["items"]] == ["/things"]
    assert (nothing.status, b"/toy, /_sandbox" in nothing.body) == (404, True)


TARGETS = [
    # what was asked | path the system sees | query it sees
    ("/toy/articles/A%2F10", "/articles/A%2F10", []),
    ("/toy/terms/f%C3%B6rp", "/terms/f%C3%B6rp", []),
    ("/toy/3/customers/", "/3/customers/", []),
    ("/toy/a//b", "/a//b", []),
    ("/toy/a/../b", "/a/../b", []),
    ("/toy/a%20b+c", "/a%20b+c", []),
    ("/toy", "/", []),
    ("/toy/q?a=1%2B1+2&a=&b", "/q", [["a", "1+1 2"], ["a", ""], ["b", ""]]),
    ("/toy/q?name=Sm%C3%B6rg%26", "/q", [["name", "Smörg&"]]),
]


@pytest.mark.parametrize(("target", "path", "query"), TARGETS, ids=[row[0] for row in TARGETS])
async def test_a_path_reaches_the_system_as_it_was_on_the_wire(target, path, query):
    """
    Nothing in a path is decoded or tidied; a query arrives as decoded pairs in their order.
    """
    async with served(toy_world()) as port:
        answer = await ask(port, "GET", target)
    assert msgspec.json.decode(answer.body) == {"path": path, "query": query}


FAULTS = [
    # fault | how the connection ends | status | part of the 7 bytes | applied
    ("lost_before", "no answer", 0, b"", False),
    ("lost_after", "no answer", 0, b"", True),
    ("truncate", "cut", 201, b'{"a', True),
    ("reset", "reset", 201, b'{"a', True),
    ("delay", "whole", 201, b'{"a":1}', True),
    ("html", "whole", 200, b"<html>", False),
    ("status", "whole", 503, b"<html>", False),
]


@pytest.mark.parametrize(
    ("fault", "end", "status", "part", "applied"), FAULTS, ids=[row[0] for row in FAULTS]
)
async def test_a_fault_mistreats_the_connection_and_the_next_request_is_served_again(
    fault, end, status, part, applied
):
    """
    A spoiled request ends as its fault says, seen from the client; afterwards all is well.
    """
    world = toy_world()
    world.faults.add(Fault(fault=fault, delay_s=0.01))
    async with served(world) as port:
        answer = await ask(port, "POST", "/toy/things", b'{"a":1}')
        after = await ask(port, "GET", "/toy/things")
    assert (answer.end, answer.status, answer.body[: len(part)]) == (end, status, part)
    if end in ("cut", "reset"):
        assert (answer.headers["content-length"], answer.body) == ("7", part)
    assert msgspec.json.decode(after.body)["Things"] == ([{"a": 1}] if applied else [])


async def test_an_answer_without_a_body_cannot_be_cut_and_is_dropped():
    """
    Breaking off an empty answer leaves the client with none.
    """
    world = toy_world()
    world.faults.add(Fault(fault="truncate"))
    async with served(world) as port:
        assert (await ask(port, "DELETE", "/toy/empty")).end == "no answer"
        again = await ask(port, "DELETE", "/toy/empty")
    assert (again.status, again.body, again.end) == (204, b"", "whole")


class Signalling(Toy):
    """A toy that tells when a request has reached it."""

    reached: asyncio.Event

    def handle(self, request: Request) -> Response:
        self.reached.set()
        return super().handle(request)


async def test_a_late_request_is_applied_though_nobody_asks_again():
    """
    The client is dropped with nothing applied; the server applies the request by itself later.
    """
    world = World(Hand().now, filled=False, systems={"toy": Signalling})
    Signalling.reached = asyncio.Event()
    world.faults.add(Fault(fault="late", delay_s=0))
    async with served(world) as port:
        dropped = await ask(port, "POST", "/toy/things", b"1")
        applied_at_once = world.log.last_seq
        await Signalling.reached.wait()
    assert (dropped.end, applied_at_once) == ("no answer", 0)
    assert [(item["fault"], item["status"]) for item in world.log.since(0)] == [("late", 201)]


async def test_a_connection_carries_many_requests():
    """
    Answers keep the connection open, as the vendors' servers do.
    """
    async with served(toy_world()) as port, await anyio.connect_tcp("127.0.0.1", port) as stream:
        ends = [(await exchange(stream, "GET", "/toy/things")).end for _ in range(3)]
    assert ends == ["whole", "whole", "whole"]


async def test_the_answer_carries_the_date_of_the_world():
    """
    The Date on the wire is the sandbox's time, not the machine's.
    """
    world = toy_world()
    world.set_clock(START.replace(year=2031))
    async with served(world) as port:
        answer = await ask(port, "GET", "/toy/things")
    assert answer.headers["date"] == "Sun, 02 Mar 2031 07:00:00 GMT"


async def test_a_body_beyond_all_measure_is_refused_before_any_system_sees_it():
    """
    A body over the limit gets 413 and leaves no trace.
    """
    world = toy_world()
    async with served(world) as port:
        answer = await ask(port, "POST", "/toy/things", b" " * (BODY_MAX_BYTES + 1))
    assert (answer.status, world.log.last_seq) == (413, 0)


async def test_a_taken_port_is_an_error_and_so_is_what_the_start_raises():
    """
    serve ends with the error when it cannot begin, instead of staying silent.
    """
    world = toy_world()
    async with served(world) as port:
        with pytest.raises(OSError, match="in use"):
            await serve(world, "127.0.0.1", port, lambda _: None)

    def refuse(_port: int) -> None:
        raise KeyError("told to")

    with pytest.raises(KeyError, match="told to"):
        await serve(world, "127.0.0.1", 0, refuse)
