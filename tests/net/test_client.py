"""What the client makes of a network that misbehaves: each failure has one name, and none is sent twice."""

from __future__ import annotations

import asyncio
import gzip
import logging
import socket
import ssl
import zlib

import anyio
import anyio.lowlevel
import pytest

from daemon.core.budget import Budget
from daemon.core.records import Lane
from daemon.errors import OutcomeUnknown, Unreachable
from daemon.net.client import BODY_BYTES_MAX, system_tls
from tests.net.server import (
    OK,
    SILENT,
    answer,
    client_of,
    hang_up,
    hold,
    read,
    reset,
    send,
    serving,
    settle,
    write,
)

HALF = b'HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n{"Invoice":'
BIG = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (BODY_BYTES_MAX + 1) + bytes(BODY_BYTES_MAX + 1)
BOMB = gzip.compress(bytes(BODY_BYTES_MAX * 4))
TWICE = zlib.compress(b"{}")
STOPS = send(HALF)

FAILURES = [
    # what the server does, act, code of a read, code of a write
    ("closes without an answer", hang_up(), "NET07", "NET07"),
    ("resets without an answer", reset(), "NET07", "NET07"),
    ("closes in the middle of the body", hang_up(HALF), "NET07", "NET07"),
    ("resets in the middle of the body", reset(HALF), "NET07", "NET07"),
    ("is silent", SILENT, "NET02", "NET07"),
    ("stops in the middle of the body", STOPS, "NET02", "NET07"),
    ("does not speak HTTP", hang_up(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"), "NET14", "NET07"),
    ("has a status of its own", send(answer(999)), "NET14", "NET14"),
    ("sends 70 kB of headers", send(answer(200, X="a" * 70_000)), "NET12", "NET12"),
    ("sends 300 kB of headers", hang_up(answer(200, X="a" * 300_000)), "NET12", "NET12"),
    ("sends more than 16 MiB", send(BIG), "NET05", "NET05"),
    ("sends a bomb", send(answer(200, BOMB, Content_Encoding="gzip")), "NET05", "NET05"),
    (
        "cuts its gzip",
        send(answer(200, gzip.compress(b"{}")[:-4], Content_Encoding="gzip")),
        "NET07",
        "NET07",
    ),
    ("sends no gzip at all", send(answer(200, b"{}", Content_Encoding="gzip")), "NET07", "NET07"),
    ("packs in another way", send(answer(200, TWICE, Content_Encoding="deflate")), "NET14", "NET14"),
]


def _patience_s(act):
    return 0.3 if act in (SILENT, STOPS) else 15.0


@pytest.mark.parametrize(("act", "code"), [(f[1], f[2]) for f in FAILURES], ids=[f[0] for f in FAILURES])
async def test_a_read_that_fails_is_unreachable_and_the_client_lives_on(act, code):
    """Every failure of a request without effect says: nothing was decided, try again later."""
    async with serving(act, OK) as server, client_of(server.url, connections=1) as client:
        with pytest.raises(Unreachable) as caught:
            await client.send(read(server.url, timeout_s=_patience_s(act)))
        assert code == caught.value.code
        assert 200 == (await client.send(read(server.url))).status


@pytest.mark.parametrize(("act", "code"), [(f[1], f[3]) for f in FAILURES], ids=[f[0] for f in FAILURES])
async def test_a_write_that_fails_after_its_first_byte_is_unknown_and_sent_once(act, code):
    """Whatever happens after sending, we do not claim to know the outcome, and nobody repeats it."""
    async with serving(act, OK) as server, client_of(server.url, connections=1) as client:
        with pytest.raises(OutcomeUnknown) as caught:
            await client.send(write(server.url, timeout_s=_patience_s(act)))
        assert code == caught.value.code
        assert 1 == len(server.requests)
        assert "fortnox POST /x" == caught.value.where


@pytest.mark.parametrize("make", [read, write])
async def test_nothing_was_sent_when_nobody_listens(make):
    """A refused connection is Unreachable even for a write: it may be tried again at once."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        async with client_of(url) as client:
            with pytest.raises(Unreachable, match="NET02"):
                await client.send(make(url))


@pytest.mark.parametrize("make", [read, write])
async def test_nothing_was_sent_when_the_name_is_unknown(make, monkeypatch):
    """A name that does not resolve has its own code."""

    async def unknown(*_args, **_more):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", unknown, raising=False)
    async with client_of("http://nowhere.invalid") as client:
        with pytest.raises(Unreachable, match=r"NET01  .*: Name or service not known"):
            await client.send(make("http://nowhere.invalid"))


@pytest.mark.parametrize("make", [read, write])
async def test_nothing_was_sent_when_tls_fails(make):
    """A server that speaks no TLS gets no request, and TLS has its own code."""
    async with await asyncio.start_server(_greet, "127.0.0.1", 0) as listener:
        url = f"https://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
        async with client_of(url) as client:
            with pytest.raises(Unreachable, match="NET03"):
                await client.send(make(url))


async def _greet(reader, writer):
    writer.write(b"220 mail.example ESMTP\r\n" * 10)
    await writer.drain()
    await reader.read()
    writer.close()


def test_tls_is_verified_and_new_enough():
    """Names and certificates are checked, nothing older than TLS 1.2 is spoken, and there is one context."""
    context = system_tls()
    assert (True, ssl.CERT_REQUIRED) == (context.check_hostname, context.verify_mode)
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    assert context is system_tls()


ELSEWHERE = [
    ("another host", "http://evil.example/x"),
    ("another port", "http://127.0.0.1:1/x"),
    ("another scheme", "https://127.0.0.1:8000/x"),
    ("a user in the address", "http://me@127.0.0.1:8000/x"),
    ("a host behind a backslash", "http://127.0.0.1:8000\\@evil.example/x"),
    ("a longer host", "http://127.0.0.1.evil.example:8000/x"),
]


@pytest.mark.parametrize("url", [case[1] for case in ELSEWHERE], ids=[case[0] for case in ELSEWHERE])
async def test_credentials_go_to_the_configured_host_only(url):
    """A request to anywhere else is a bug of ours, found before a byte is sent."""
    async with client_of("http://127.0.0.1:8000") as client:
        with pytest.raises(AssertionError, match="another host"):
            await client.send(read(url, path=""))


async def test_a_redirect_is_an_answer_and_not_followed():
    """A 307 comes back as it is; nothing else is asked."""
    async with (
        serving(send(answer(307, Location="http://127.0.0.1:1/y"))) as server,
        client_of(server.url) as client,
    ):
        assert 307 == (await client.send(write(server.url))).status
        assert 1 == len(server.requests)


async def test_an_answer_is_what_the_server_sent():
    """Status, lower-case headers, whole body, and the server's own time."""
    said = answer(
        201, b"[1]", Date="Fri, 20 Nov 2026 09:00:00 GMT", X_Build="7", Content_Type="application/json"
    )
    async with serving(send(said)) as server, client_of(server.url) as client:
        reply = await client.send(write(server.url))
    assert (201, b"[1]", "7") == (reply.status, reply.body, reply.headers["x-build"])
    assert "2026-11-20T09:00:00+00:00" == reply.server_time.isoformat()


async def test_gzip_that_nobody_asked_for_is_read():
    """One layer is unpacked; we ask for none."""
    async with (
        serving(send(answer(200, gzip.compress(b'{"a": 1}'), Content_Encoding="gzip"))) as server,
        client_of(server.url) as client,
    ):
        assert b'{"a": 1}' == (await client.send(read(server.url))).body
        assert b"accept-encoding: identity\r\n" in server.requests[0].lower()


async def test_percent_encoding_and_credentials_arrive_untouched_and_cookies_do_not_come_back():
    """An article number with a slash stays one path segment; what the server sets is not kept."""
    path = "/3/articles/A%2FB%3F%25%20%C3%A5?filter=a%2Bb&x=%2F"
    acts = send(answer(200, Set_Cookie="sid=1; Path=/")), OK
    async with serving(*acts) as server, client_of(server.url) as client:
        await client.send(read(server.url, path, headers={"Authorization": "Bearer abc"}))
        await client.send(read(server.url, path))
    assert server.requests[0].startswith(f"GET {path} HTTP/1.1\r\n".encode())
    assert b"authorization: bearer abc" in server.requests[0].lower()
    assert b"cookie" not in server.requests[1].lower() and b"bearer" not in server.requests[1].lower()


async def test_no_line_of_a_library_shows_an_address(caplog):
    """At the most talkative level nothing is logged by the HTTP library: addresses hold ids."""
    with caplog.at_level(logging.DEBUG):
        async with serving(OK) as server, client_of(server.url) as client:
            await client.send(read(server.url, "/3/customers/19121212-1212"))
    assert [] == [line for line in caplog.messages if "1212" in line]


async def test_each_request_is_counted_once_with_its_outcome():
    """A status, an error's code, or "cancelled"; the route without ids; seconds."""
    seen = []
    async with (
        serving(OK, hang_up(), SILENT) as server,
        client_of(server.url, observe=lambda *row: seen.append(row)) as client,
    ):
        await client.send(read(server.url))
        with pytest.raises(Unreachable):
            await client.send(read(server.url))
        with anyio.move_on_after(0.05):
            await client.send(read(server.url))
    assert [("GET /x", 200), ("GET /x", "NET07"), ("GET /x", "cancelled")] == [row[:2] for row in seen]
    assert all(row[2] >= 0 for row in seen)


@pytest.mark.row("D2")
async def test_a_429_holds_everybody_who_shares_the_budget():
    """After one was asked to wait, the next in line starts not before that; the slot of the first is used."""
    async with (
        serving(send(answer(429, Retry_After="3600")), OK) as server,
        client_of(server.url) as client,
    ):
        assert 429 == (await client.send(read(server.url))).status
        with anyio.move_on_after(0.05):
            await client.send(read(server.url))
        assert (1, 0) == (len(server.requests), client.throttle.waiting)


async def test_no_more_connections_than_allowed_are_opened():
    """Twenty at once go through three connections, and all are answered."""
    async with serving(OK) as server, client_of(server.url, connections=3) as client:
        async with anyio.create_task_group() as tasks:
            for _ in range(20):
                tasks.start_soon(client.send, read(server.url))
        assert 20 == len(server.requests)
        assert server.most_connections <= 3


# ------------------------------------------------------------------ cancellation


async def cancelled_after(ticks, client, request, *, natively):
    """Two tasks send `request` and are cancelled `ticks` turns of the loop later."""
    if natively:
        tasks = [asyncio.create_task(client.send(request)) for _ in range(2)]
        for _ in range(ticks):
            await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return
    async with anyio.create_task_group() as group:
        for _ in range(2):
            group.start_soon(client.send, request)
        for _ in range(ticks):
            await asyncio.sleep(0)
        group.cancel_scope.cancel()


@pytest.mark.parametrize("natively", [False, True], ids=["by a scope", "by the task"])
@pytest.mark.parametrize("make", [read, write])
async def test_cancelling_at_any_turn_of_the_loop_leaves_a_working_client(make, natively):
    """With one connection, whatever moment two requests are cancelled at, the next one is answered."""
    async with serving(OK) as server:
        for ticks in range(41):
            async with client_of(server.url, connections=1) as client:
                await cancelled_after(ticks, client, make(server.url), natively=natively)
                assert 200 == (await client.send(read(server.url))).status, ticks
                assert 0 == client.throttle.waiting


async def test_a_cancelled_write_goes_on_to_its_answer():
    """The caller of a write under way waits for the answer and is cancelled only then."""
    may_answer, replies = asyncio.Event(), []
    async with serving(hold(may_answer, answer(201, b"{}"))) as server, client_of(server.url) as client:
        async with anyio.create_task_group() as group:

            async def post():
                replies.append(await client.send(write(server.url)))
                await anyio.lowlevel.checkpoint()
                replies.append("not cancelled")

            group.start_soon(post)
            await server.arrived.wait()
            group.cancel_scope.cancel()
            with anyio.CancelScope(shield=True):
                await settle()
                assert [] == replies
                may_answer.set()
        assert [201] == [reply.status for reply in replies]


async def test_a_cancelled_write_whose_answer_never_comes_ends_at_its_time_limit():
    """The shield is bounded: after `timeout_s` the outcome is unknown."""
    async with serving(SILENT) as server, client_of(server.url) as client:
        with anyio.CancelScope() as scope:
            asyncio.get_running_loop().create_task(_when_arrived(server, scope.cancel))
            with pytest.raises(OutcomeUnknown, match=r"no whole answer in 0\.3 s"):
                await client.send(write(server.url, timeout_s=0.3))
        assert scope.cancel_called


async def _when_arrived(server, act):
    await server.arrived.wait()
    act()


async def test_who_is_cancelled_already_sends_no_write():
    """The shield does not begin for a caller that should have stopped."""
    async with serving(OK) as server, client_of(server.url) as client:
        with anyio.CancelScope() as scope:
            scope.cancel()
            await client.send(write(server.url))
        assert (True, []) == (scope.cancelled_caught, server.requests)


async def test_a_shielded_write_that_waits_for_its_turn_is_refused_when_no_other_may_begin():
    """What is under way goes on to its answer, who waits behind it is told NET15; readings go on."""
    may_answer, told = asyncio.Event(), []
    slow = hold(may_answer, answer(201, b"{}"))
    budget = Budget(slots=10, window_s=1, in_flight=1)
    async with serving(slow, OK) as server, client_of(server.url, budget=budget) as client:

        async def post():
            with anyio.CancelScope(shield=True):
                try:
                    told.append((await client.send(write(server.url))).status)
                except Unreachable as error:
                    told.append(error.code)

        async with anyio.create_task_group() as group:
            for _ in range(3):
                group.start_soon(post)
            await server.arrived.wait()
            group.cancel_scope.cancel()
            client.throttle.close_to_writes()
            with anyio.CancelScope(shield=True):
                await settle()
                assert ["NET15", "NET15"] == told
                may_answer.set()
        await post()
        assert 200 == (await client.send(read(server.url))).status
        assert (["NET15", "NET15", 201, "NET15"], 2) == (told, len(server.requests))


async def test_a_write_that_waits_for_its_turn_can_be_cancelled_and_is_not_sent():
    """Before its first byte a write is as free to go as any other."""
    async with (
        serving(OK) as server,
        client_of(server.url, budget=Budget(slots=1, window_s=3600)) as client,
    ):
        await client.send(read(server.url))
        with anyio.move_on_after(0.05):
            await client.send(write(server.url, lane=Lane.SETTLE))
        assert (1, 0, 1) == (len(server.requests), client.throttle.waiting, client.throttle.used)
