"""
The sandbox on a port: `/fortnox/...`, `/webcrm/...` and `/_sandbox/...`.

The only file that knows HTTP as bytes; aiohttp is imported nowhere else.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable
from http import HTTPStatus
from urllib.parse import parse_qsl

from aiohttp import web
from multidict import CIMultiDict

from daemon.sandbox.control import control
from daemon.sandbox.web import Request, Response
from daemon.sandbox.world import DROPPED, Outcome, World

BODY_MAX_BYTES = 8 * 1024 * 1024
STOP_WAIT_S = 1.0
LATE_MARGIN_S = 0.05  # the loop's clock and the wall clock differ by a little

CONTROL = "_sandbox"


async def serve(world: World, host: str, port: int, started: Callable[[int], None]) -> None:
    """
    Answer on `host`:`port` until cancelled; port 0 takes a free one.

    `started` is called with the port once it is open; what it raises ends the
    server. OSError when the port cannot be had. Requests under way at the end
    get one second.
    """
    runner = web.AppRunner(
        _application(world), access_log=None, handle_signals=False, shutdown_timeout=STOP_WAIT_S
    )
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        await site.start()
        started(runner.addresses[0][1])
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()


def _application(world: World) -> web.Application:
    async def answer(request: web.Request) -> web.StreamResponse:
        _, prefix, path = _split(request.rel_url.raw_path)
        if prefix == CONTROL:
            return _plain(control(world, await _read(request, path)))
        if prefix not in world.systems:
            return _plain(_nothing_here(world))
        outcome = world.exchange(prefix, await _read(request, path))
        if outcome.fault == "late":
            asyncio.get_running_loop().call_later(outcome.delay_s + LATE_MARGIN_S, world.catch_up)
        return await _deliver(request, outcome)

    application = web.Application(client_max_size=BODY_MAX_BYTES)
    application.router.add_route("*", "/{tail:.*}", answer)
    return application


def _split(raw_path: str) -> tuple[str, str, str]:
    """("", "fortnox", "/3/customers/A%2F1"): the path stays as it was on the wire."""
    empty, _, rest = raw_path.partition("/")
    prefix, slash, path = rest.partition("/")
    return empty, prefix, slash + path or "/"


async def _read(request: web.Request, path: str) -> Request:
    return Request(
        method=request.method,
        path=path,
        query=tuple(parse_qsl(request.rel_url.raw_query_string, keep_blank_values=True)),
        headers={name.lower(): value for name, value in request.headers.items()},
        body=await request.read(),
    )


def _nothing_here(world: World) -> Response:
    prefixes = ", ".join(f"/{name}" for name in (*world.systems, CONTROL))
    return Response.json(404, {"error": f"Nothing here; there is: {prefixes}."})


async def _deliver(request: web.Request, outcome: Outcome) -> web.StreamResponse:
    if outcome.response is None or outcome.fault in DROPPED:
        _hang_up(request, reset=False)
        return web.Response()
    if outcome.fault in ("reset", "truncate"):
        return await _break_off(request, outcome.response, reset=outcome.fault == "reset")
    await asyncio.sleep(outcome.delay_s)
    return _plain(outcome.response)


async def _break_off(request: web.Request, response: Response, *, reset: bool) -> web.StreamResponse:
    """Half of the body under its full length, then nothing; an answer without a body is dropped whole."""
    whole = web.StreamResponse(status=response.status, headers=_headers(response))
    whole.content_length = len(response.body)
    if response.body:
        await whole.prepare(request)
        await whole.write(response.body[: len(response.body) // 2])
    _hang_up(request, reset=reset)
    return whole


def _hang_up(request: web.Request, *, reset: bool) -> None:
    transport = request.transport
    if transport is None:
        return
    if reset:
        # without lingering, the kernel says RST instead of FIN
        linger = struct.pack("ii", 1, 0)
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        transport.abort()
    else:
        transport.close()


def _plain(response: Response) -> web.Response:
    if response.status in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED):
        return web.Response(status=response.status, headers=_headers(response))
    return web.Response(status=response.status, headers=_headers(response), body=response.body)


def _headers(response: Response) -> CIMultiDict[str]:
    return CIMultiDict({name.title(): value for name, value in response.headers.items()})
