"""Requests to Fortnox's registers: lists to the last page, records by key, writes that are sent once."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar
from urllib.parse import quote

import msgspec

from daemon.core.records import Lane
from daemon.core.stockholm import local_minute
from daemon.errors import Gone, Refused, RemoteError, Unusable
from daemon.net.exchange import Exchange
from daemon.net.outcome import unreadable
from daemon.ports import Reply, Request
from daemon.systems.fortnox import judging, spec, wire
from daemon.systems.fortnox.spec import Kind

T = TypeVar("T")


class Listed(NamedTuple):
    """One page of a list."""

    rows: list[dict[str, Any]]
    total: int
    server_time: dt.datetime


class Shown(NamedTuple):
    """A record that was answered, and the number it is known by."""

    request: Request
    reply: Reply
    number: str
    record: dict[str, Any]

    def as_read(self, read: Callable[[dict[str, Any]], T]) -> T:
        """What `read` makes of the record. Raises Unusable, after a write OutcomeUnknown."""
        try:
            return read(self.record)
        except wire.Odd as error:
            raise self.odd(str(error)) from error

    def odd(self, detail: str) -> RemoteError:
        """The error for a record that is not what was asked for or written."""
        return unreadable("JSN08", spec.NAME, self.request, self.reply, detail)


class Calls:
    """One company's registers."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    async def pages(self, where: Kind, query: Mapping[str, str], lane: Lane) -> AsyncIterator[Listed]:
        """All pages; again when the list changed its length meanwhile (fortnox.md 7.1), or one came twice."""
        for _ in range(spec.RUNS):
            seen, total, number = 0, None, 1
            shown: set[Any] = set()
            while True:
                listed, pages = await self._page(where, number, query, lane)
                keys = {_known_by(where, row) for row in listed.rows}
                if total not in (None, listed.total) or (keys and keys <= shown):
                    seen = -1  # what was counted proves nothing
                    break
                shown |= keys
                yield listed
                seen, total, number = seen + len(listed.rows), listed.total, number + 1
                if number > pages or not listed.rows:
                    break
            if seen == total:
                return
        raise Unusable(
            "JSN15",
            f"the list changed its length, or showed a page twice, during each of {spec.RUNS} readings",
            f"{spec.NAME} GET {where.path}",
            "nothing; it is read again by itself",
            system=spec.NAME,
        )

    async def first_page(self, where: Kind, query: Mapping[str, str], lane: Lane) -> Listed:
        """The first page alone."""
        return (await self._page(where, 1, query, lane))[0]

    async def _page(
        self, where: Kind, number: int, query: Mapping[str, str], lane: Lane
    ) -> tuple[Listed, int]:
        order = {"sortby": where.number, "sortorder": "ascending"} if where.number else {}
        paged = {"limit": str(spec.PAGE_SIZE), "page": str(number), **order, **query}
        request = self._exchange.request("GET", where.path, query=paged, lane=lane)
        reply = await self.read(request)
        found = wire.rows(request, reply, self._exchange.decoded(request, reply), where.many)
        for row in found.rows:
            wire.identity(request, reply, row, where.key)
        return Listed(found.rows, found.total, reply.server_time or reply.received_at), found.pages

    async def one(
        self, where: Kind, number: str | Sequence[str], lane: Lane, query: Mapping[str, str] | None = None
    ) -> Shown | None:
        """A record by its key, which may have parts; None when Fortnox says that it does not exist."""
        request = self._exchange.request(
            "GET", _key_path(where, number), route=f"{where.path}/{{n}}", query=query, lane=lane
        )
        try:
            reply = await self.read(request)
        except Gone as error:
            if error.vendor_code:
                return None
            # A page that is not Fortnox's own says nothing about the record.
            raise Unusable(
                error.code, "404 without Fortnox's words", error.where, "check api_url", system=spec.NAME
            ) from error
        return self._shown(where, request, reply)

    async def setting(self, path: str, name: str, lane: Lane) -> dict[str, Any]:
        """One of the company's settings."""
        request = self._exchange.request("GET", path, lane=lane)
        reply = await self.read(request)
        return wire.item(request, reply, self._exchange.decoded(request, reply), name)

    async def switched_on(self, path: str, name: str, lane: Lane) -> bool:
        """Whether a flag of a newer service, which wraps nothing (fortnox.md 1), is true."""
        request = self._exchange.request("GET", path, lane=lane)
        reply = await self.read(request)
        document = self._exchange.decoded(request, reply)
        flag = document.get(name) if isinstance(document, dict) else None
        if not isinstance(flag, bool):
            raise unreadable("JSN09", spec.NAME, request, reply, f"no {name}")
        return flag

    async def count(self, path: str, many: str) -> int:
        """How long a list is, asked with one row of it."""
        request = self._exchange.request("GET", path, query={"limit": "1"})
        reply = await self.read(request)
        return wire.rows(request, reply, self._exchange.decoded(request, reply), many).total

    async def read(self, request: Request) -> Reply:
        """The answer to a reading, with refusals in the operator's words."""
        try:
            return await self._exchange.read(request)
        except Refused as error:
            raise judging.meant(error, request) from error

    async def write(
        self,
        method: str,
        where: Kind,
        number: str | None,
        payload: Mapping[str, Any],
        lane: Lane,
        query: Mapping[str, str] | None = None,
    ) -> Shown:
        """The whole record as it is stored then; `number` is None for a new one."""
        assert payload, "nothing to write"
        request = self._exchange.request(
            method,
            _key_path(where, number) if number else where.path,
            route=f"{where.path}/{{n}}" if number else where.path,
            query=query,
            body={where.one: payload},
            lane=lane,
        )
        try:
            reply = await self._exchange.send(request)
        except (Refused, Gone) as error:
            raise judging.meant(error, request, where.missing) from error
        shown = self._shown(where, request, reply)
        if number not in (None, shown.number):
            raise unreadable("JSN08", spec.NAME, request, reply, "the answer shows another record")
        return shown

    async def upload(self, folder: str, name: str, content: bytes, lane: Lane) -> str:
        """Put a PDF into a folder of the inbox, once: its id there (fortnox.md 16)."""
        boundary = hashlib.sha256(content).hexdigest()  # what no PDF holds of itself
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
        parts = (
            f"{head}Content-Type: application/pdf\r\n\r\n".encode(),
            content,
            f"\r\n--{boundary}--\r\n".encode(),
        )
        request = self._exchange.request("POST", spec.INBOX, query={"path": folder}, lane=lane)
        headers = {**request.headers, "Content-Type": f"multipart/form-data; boundary={boundary}"}
        request = msgspec.structs.replace(request, headers=headers, body=b"".join(parts))
        try:
            reply = await self._exchange.send(request)
        except (Refused, Gone) as error:
            raise judging.meant(error, request) from error
        file = wire.item(request, reply, self._exchange.decoded(request, reply), "File")
        return wire.identity(request, reply, file, "Id")

    def _shown(self, where: Kind, request: Request, reply: Reply) -> Shown:
        record = wire.item(request, reply, self._exchange.decoded(request, reply), where.one)
        return Shown(request, reply, wire.identity(request, reply, record, where.key), record)


def changed_since(since: dt.datetime | None) -> dict[str, str]:
    """The query for what changed since, for everything when None."""
    return {} if since is None else {"lastmodified": local_minute(since)}


def _key_path(where: Kind, number: str | Sequence[str]) -> str:
    parts = [number] if isinstance(number, str) else number
    return "/".join([where.path, *(quote(part, safe="") for part in parts)])


def _known_by(where: Kind, row: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(row.get(name)) for name in (where.key, *where.beside))
