"""
A town whose vendors answer what they should not, before or after doing what they were asked.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import msgspec

from daemon.net.outcome import asks_to_wait, retry_after_s
from daemon.net.throttle import Throttle
from daemon.ports import Clock, Reply, Request
from tests.town import TRIP_S, Town, TownClient


class Answer(NamedTuple):
    """What comes instead of the vendor's answer."""

    status: int
    headers: dict[str, str]
    body: bytes


class Spoil(NamedTuple):
    """`change` makes the answer; `applied` says whether the vendor did what it was asked first."""

    method: str
    path: str  # a glob, below the system's prefix
    change: Callable[[Reply], Reply]
    applied: bool


class SpoiledTown(Town):
    """Spoils every matching request until it is cleared."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.spoils: list[Spoil] = []
        self.hits = 0

    def answers(self, method: str, path: str, answer: Answer, *, applied: bool = False) -> None:
        """From now on `method path` is answered so."""

        def change(reply: Reply) -> Reply:
            status, headers, body = answer
            return msgspec.structs.replace(reply, status=status, headers=headers, body=body)

        self.spoils.append(Spoil(method, path, change, applied))

    def alters(self, method: str, path: str, change: Callable[[Any], Any]) -> None:
        """From now on the JSON of `method path` goes through `change`; bytes are taken as they are."""

        def altered(reply: Reply) -> Reply:
            made = change(json.loads(reply.body)) if reply.status < 300 and reply.body else reply.body
            body = made if isinstance(made, bytes) else json.dumps(made).encode()
            return msgspec.structs.replace(reply, body=body)

        self.spoils.append(Spoil(method, path, altered, applied=True))

    def _connect(self, system: str, _url: str, throttle: Throttle, _clock: Clock, **_: Any) -> TownClient:
        return _SpoiledClient(system, throttle, self)


class _SpoiledClient(TownClient):
    """The way out of a spoiled town."""

    _town: SpoiledTown

    async def send(self, request: Request) -> Reply:
        path = urlsplit(request.url).path.removeprefix(f"/{self._system}")
        for spoil in self._town.spoils:
            if spoil.method == request.method and fnmatchcase(path, spoil.path):
                self._town.hits += 1
                return await self._spoiled(request, spoil)
        return await super().send(request)

    async def _spoiled(self, request: Request, spoil: Spoil) -> Reply:
        if spoil.applied:
            reply = await super().send(request)
        else:
            await self._clock.sleep(TRIP_S)
            now = self._clock.now()
            reply = Reply(status=200, headers={}, body=b"", received_at=now, server_time=now)
        reply = spoil.change(reply)
        if asks_to_wait(self._system, reply.status):
            self._throttle.hold(self._clock.monotonic() + retry_after_s(reply))
        return reply
