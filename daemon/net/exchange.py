"""One account's requests: credentials added, answers judged, readings repeated, effects sent once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final
from urllib.parse import quote

import msgspec

from daemon.core.records import Lane
from daemon.errors import SessionExpired, Throttled, Unreachable
from daemon.net.decode import decode
from daemon.net.outcome import Explain, judge
from daemon.ports import Clock, Grant, Http, Ids, Reply, Request

TRIES: Final = 3  # of a reading, the first included
WAIT_MAX_S: Final = 60.0  # they ask for longer: the pass is better off coming back later
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")

Admit = Callable[[Mapping[str, str]], Awaitable[None]]


class Exchange:
    """
    Requests below `base_url`, for one account of `system`.

    `admit` is asked, with the very credentials about to be used, before any
    request with effect; what it raises keeps the request from being sent.
    """

    def __init__(
        self,
        *,
        system: str,
        base_url: str,
        http: Http,
        grant: Grant,
        clock: Clock,
        ids: Ids,
        explain: Explain | None = None,
        admit: Admit | None = None,
    ) -> None:
        self._system, self._base_url = system, base_url.rstrip("/")
        self._http, self._grant, self._clock, self._ids = http, grant, clock, ids
        self._explain, self._admit = explain, admit

    def request(
        self,
        method: str,
        path: str,
        *,
        route: str = "",
        query: Mapping[str, str] | None = None,
        body: Any = None,
        lane: Lane = Lane.READ,
    ) -> Request:
        """
        A request for `path` (already percent-encoded); one with a method other than GET has effect.

        `route` is the path with its ids named, when it has any. Decimals in
        `body` become exact JSON numbers.
        """
        asked = "&".join(f"{name}={quote(text, safe='')}" for name, text in (query or {}).items())
        headers = {"Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        return Request(
            method=method,
            url=f"{self._base_url}{path}{'?' if asked else ''}{asked}",
            route=f"{method} {route or path}",
            headers=headers,
            body=None if body is None else _ENCODER.encode(body),
            effect=method != "GET",
            lane=lane,
        )

    async def read(self, request: Request, *, expects_json: bool = True) -> Reply:
        """
        The 2xx answer to a request without effect, tried up to three times while nothing was decided.

        Where it is a file no JSON is expected.
        """
        assert not request.effect
        for tried in range(1, TRIES):
            try:
                return await self.send(request, expects_json=expects_json)
            except Throttled as error:
                if error.retry_after_s > WAIT_MAX_S:
                    raise
                await self._clock.sleep(error.retry_after_s * (1 + self._ids.uniform() / 4))
            except Unreachable:
                await self._clock.sleep(self._ids.uniform() * 2**tried)
        return await self.send(request, expects_json=expects_json)

    async def send(self, request: Request, *, expects_json: bool = True) -> Reply:
        """
        The 2xx answer; everything else is raised.

        A 401 says that nothing was applied, also after a write: the credentials
        are renewed and the request is repeated once.
        """
        headers = await self._grant.headers()
        try:
            return await self.send_as(headers, request, expects_json=expects_json)
        except SessionExpired:
            await self._grant.refused(headers)
        headers = await self._grant.headers()
        try:
            return await self.send_as(headers, request, expects_json=expects_json)
        except SessionExpired:
            await self._grant.refused(headers)
            raise

    async def send_as(
        self, headers: Mapping[str, str], request: Request, *, expects_json: bool = True
    ) -> Reply:
        """`send` with exactly these credentials, without repeating."""
        if request.effect and self._admit:
            await self._admit(headers)
        signed = msgspec.structs.replace(request, headers={**request.headers, **headers})
        reply = await self._http.send(signed)
        judge(self._system, signed, reply, self._explain, expects_json=expects_json)
        return reply

    def decoded(self, request: Request, reply: Reply) -> Any:
        """The JSON of a 2xx answer to `request`; raises as `net/decode.py` says."""
        return decode(self._system, request, reply)
