"""
The one way out: one client per account and host, each request sent once.

A request with effect is shielded from its first byte to its answer: a
cancelled caller waits for it (bounded by `timeout_s`), because a write whose
answer nobody heard must be looked up, which takes a quarter of an hour.
"""

from __future__ import annotations

import functools
import logging
import socket
import ssl
import zlib
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing, asynccontextmanager
from typing import Final

import anyio
import anyio.lowlevel
import httpx2 as httpx

from daemon.errors import OutcomeUnknown, RemoteError, Unreachable
from daemon.net.outcome import asks_to_wait, failure, http_date, quote, retry_after_s
from daemon.net.throttle import Closed, Throttle
from daemon.ports import Clock, Reply, Request

Observe = Callable[[str, int | str, float], None]  # route, status or error code or "cancelled", seconds

CONNECT_TIMEOUT_S: Final = 10.0
KEEP_ALIVE_S: Final = 4.0  # shorter than any server's, so that no write meets a connection they just closed
BODY_BYTES_MAX: Final = 16 * 1024 * 1024
HEADER_BYTES_MAX: Final = 64 * 1024
STATUSES: Final = range(100, 600)
HEADERS: Final = {"Accept-Encoding": "identity", "User-Agent": "fortnox-syncd"}

NEVER_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)

for _name in ("httpx2", "httpcore2"):
    logging.getLogger(_name).setLevel(logging.WARNING)  # they log whole URLs, which hold ids and names


@functools.cache
def system_tls() -> ssl.SSLContext:
    """One context for all clients (each costs 27 ms): this host's CAs, names checked, TLS 1.2 or newer."""
    context = httpx.create_ssl_context(trust_env=False)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


@asynccontextmanager
async def turn(throttle: Throttle, system: str, request: Request) -> AsyncGenerator[None]:
    """Wait until `request` may be sent, hold its slot for the body. Unreachable NET15 when it never may."""
    try:
        async with throttle.call(request.lane, writes=request.effect):
            yield
    except Closed as error:
        raise failure(Unreachable, "NET15", system, request) from error


class HttpClient:
    """
    Http for one account on one host.

    Never retries, never follows a redirect, keeps no cookies, reads no proxy
    settings: httpx2's transport does none of these, and costs a fifth less than
    its client. `base_url` names the only scheme, host and port it talks to.
    """

    def __init__(
        self,
        system: str,
        base_url: str,
        throttle: Throttle,
        clock: Clock,
        *,
        observe: Observe = lambda _route, _outcome, _seconds: None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._system = system
        self._base = httpx.URL(base_url)
        self._throttle = throttle
        self._clock = clock
        self._observe = observe
        self._transport = httpx.AsyncHTTPTransport(
            verify=tls or system_tls(),
            trust_env=False,
            limits=httpx.Limits(
                max_connections=throttle.connections,
                max_keepalive_connections=throttle.connections,
                keepalive_expiry=KEEP_ALIVE_S,
            ),
        )

    async def aclose(self) -> None:
        """Close all connections. No request may be under way."""
        with anyio.CancelScope(shield=True):
            await self._transport.aclose()

    async def send(self, request: Request) -> Reply:
        """
        One request, one answer with a status of 100-599.

        Waits for a free call first. Raises Unreachable when nothing was sent or
        the request has no effect, OutcomeUnknown when an effect may have been
        applied, AssertionError for another host than the configured one. An
        answer that asks to slow down holds everybody who shares the budget.
        """
        url = self._own(request.url)
        async with turn(self._throttle, self._system, request):
            began_s = self._clock.monotonic()
            outcome: int | str = "cancelled"
            try:
                await anyio.lowlevel.checkpoint_if_cancelled()  # before the shield, which would hide it
                reply = await self._exchange(request, url)
                outcome = reply.status
            except RemoteError as error:
                outcome = error.code
                raise
            finally:
                ended_s = self._clock.monotonic()
                self._observe(request.route, outcome, ended_s - began_s)
            if asks_to_wait(self._system, reply.status):
                self._throttle.hold(ended_s + retry_after_s(reply))
            return reply

    def _own(self, text: str) -> httpx.URL:
        url = httpx.URL(text)
        theirs = (url.scheme, url.host, url.port, url.userinfo)
        if theirs != (self._base.scheme, self._base.host, self._base.port, b""):
            raise AssertionError(f"{self._system}: a request to another host than {self._base.host}")
        return url

    async def _exchange(self, request: Request, url: httpx.URL) -> Reply:
        with anyio.move_on_after(request.timeout_s, shield=request.effect):
            try:
                return await self._stream(request, url)
            except NEVER_SENT as error:
                code, detail = _unsent(error)
                raise failure(Unreachable, code, self._system, request, quote(detail)) from error
            except httpx.TransportError as error:
                code = _broken(error, request)
                raise self._lost(code, request, quote(str(error) or type(error).__name__)) from error
        detail = f"no whole answer in {request.timeout_s:g} s"
        raise self._lost("NET07" if request.effect else "NET02", request, detail)

    async def _stream(self, request: Request, url: httpx.URL) -> Reply:
        async with aclosing(await self._transport.handle_async_request(_spelled(request, url))) as response:
            if sum(len(name) + len(value) for name, value in response.headers.raw) > HEADER_BYTES_MAX:
                raise self._lost("NET12", request)
            if response.status_code not in STATUSES:
                raise self._lost("NET14", request, f"status {response.status_code}")
            body = bytearray()
            assert isinstance(response.stream, httpx.AsyncByteStream)
            async for chunk in response.stream:
                body += chunk
                if len(body) > BODY_BYTES_MAX:
                    raise self._lost("NET05", request)
            return self._reply(request, response, bytes(body))

    def _reply(self, request: Request, response: httpx.Response, body: bytes) -> Reply:
        headers = dict(response.headers.items())
        return Reply(
            status=response.status_code,
            headers=headers,
            body=self._unpacked(request, headers.get("content-encoding", ""), body),
            received_at=self._clock.now(),
            server_time=http_date(headers.get("date", "")),
        )

    def _unpacked(self, request: Request, encoding: str, body: bytes) -> bytes:
        """Some answer gzip though we ask for none. One layer, never more than the limit."""
        if encoding.lower() in ("", "identity") or not body:
            return body
        if encoding.lower() != "gzip":
            raise self._lost("NET14", request, quote(f"Content-Encoding {encoding}"))
        unzip = zlib.decompressobj(wbits=31)
        try:
            plain = unzip.decompress(body, BODY_BYTES_MAX + 1)
        except zlib.error as error:
            raise self._lost("NET07", request, "broken gzip") from error
        if len(plain) > BODY_BYTES_MAX:
            raise self._lost("NET05", request)
        if not unzip.eof:
            raise self._lost("NET07", request, "gzip cut short")
        return plain

    def _lost(self, code: str, request: Request, detail: str = "") -> RemoteError:
        """The request left us, and no usable answer came."""
        return failure(OutcomeUnknown if request.effect else Unreachable, code, self._system, request, detail)


def _spelled(request: Request, url: httpx.URL) -> httpx.Request:
    """As it is sent. A request that is given its stream gets no header but these."""
    body = request.body or b""
    headers = {"Host": url.netloc.decode("ascii"), **HEADERS, **request.headers}
    if body or request.method != "GET":
        headers["Content-Length"] = str(len(body))
    connect_s = min(CONNECT_TIMEOUT_S, request.timeout_s)
    return httpx.Request(
        request.method,
        url,
        headers=headers,
        stream=httpx.ByteStream(body),
        extensions={"timeout": {"connect": connect_s, "pool": connect_s}},  # `_exchange` bounds the rest
    )


def _unsent(error: Exception) -> tuple[str, str]:
    for cause in _causes(error):
        if isinstance(cause, socket.gaierror):
            return "NET01", cause.strerror or str(cause)
        if isinstance(cause, ssl.SSLCertVerificationError):
            return "NET03", cause.verify_message
        if isinstance(cause, ssl.SSLError):
            return "NET03", cause.reason or str(cause)
    return "NET02", str(error) or type(error).__name__


def _broken(error: httpx.TransportError, request: Request) -> str:
    text = str(error)
    if isinstance(error, httpx.RemoteProtocolError) and "Receive buffer too long" in text:
        return "NET12"
    garbled = isinstance(error, httpx.ProtocolError) and "closed" not in text and "disconnected" not in text
    return "NET14" if garbled and not request.effect else "NET07"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """`error` and what led to it; the pool hides causes with `from None`, so contexts count too."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
