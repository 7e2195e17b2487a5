"""One account's requests in ES Kassasystem's own shapes: whole lists, one record, one write."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any, Generic, NamedTuple, TypeVar
from urllib.parse import quote, urlencode

import msgspec

from daemon.core.records import Lane
from daemon.errors import Gone, Refused, Unusable
from daemon.net.exchange import Exchange
from daemon.ports import Reply, Request
from daemon.systems.eskassa import spec, wire

T = TypeVar("T")
FORM = "application/x-www-form-urlencoded"


class Listed(NamedTuple, Generic[T]):
    """A list, each record once, and when they began to answer."""

    rows: tuple[T, ...]
    server_time: dt.datetime


class Shown(NamedTuple):
    """One record as it was answered."""

    id: str
    payload: dict[str, Any]


class Calls:
    """What ES Kassasystem is asked through one exchange."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    # -------------------------------------------------------------- lists

    async def whole(
        self,
        path: str,
        keep: Callable[[str, dict[str, Any]], T],
        lane: Lane,
        query: Mapping[str, str] | None = None,
    ) -> Listed[T]:
        """
        A list to its end, as a picture of one moment: what `keep` makes of each id and record.

        Their order is unknown and pages shift when rows come and go (dinkassa.md 2.1): a reading during which
        the list changed its length, or that found fewer records than it has, is begun again. Raises Unusable.
        """
        for _ in range(spec.RUNS):
            if (listed := await self._run(path, keep, lane, query or {})) is not None:
                return listed
        raise Unusable(
            "JSN15",
            f"the list changed its length, or showed a record twice, during each of {spec.RUNS} readings",
            f"{spec.NAME} GET {path}",
            "nothing; it is read again by itself",
            system=spec.NAME,
        )

    async def _run(
        self, path: str, keep: Callable[[str, dict[str, Any]], T], lane: Lane, query: Mapping[str, str]
    ) -> Listed[T] | None:
        """One reading of all pages; None when it is no picture of one moment."""
        found: dict[str, T] = {}
        started: dt.datetime | None = None
        offset, total = 0, 1
        while offset < total:
            paged = {"offset": str(offset), "fetch": str(spec.FETCH.get(path, spec.FETCH_OTHER)), **query}
            request = self._exchange.request("GET", path, query=paged, lane=lane)
            reply = await self._exchange.read(request)
            document = self._exchange.decoded(request, reply)
            rows, now_total = wire.rows(request, reply, document), wire.total(request, reply, document)
            if started is not None and now_total != total:
                return None
            started, total = started or _begun(reply), now_total
            for row in rows:
                record_id = wire.identity(request, reply, row)
                found[record_id] = keep(record_id, row)
            if not rows:
                break
            offset += len(rows)
        assert started is not None
        return Listed(tuple(found.values()), started) if len(found) == total else None

    async def plain(
        self, path: str, lane: Lane, query: Mapping[str, str] | None = None, name: str = "Items"
    ) -> Listed[dict[str, Any]]:
        """A list that has no pages (dinkassa.md 5)."""
        request = self._exchange.request("GET", path, query=query, lane=lane)
        reply = await self._exchange.read(request)
        rows = wire.rows(request, reply, self._exchange.decoded(request, reply), name)
        return Listed(tuple(rows), _begun(reply))

    # -------------------------------------------------------------- one record

    async def one(self, path: str, record_id: str, lane: Lane) -> Shown | None:
        """A record by its id; None when there is none. Raises Unusable for a 404 of some other server."""
        request = self._exchange.request(
            "GET", f"{path}/{quote(record_id, safe='')}", route=f"{path}/{{id}}", lane=lane
        )
        try:
            reply = await self._exchange.read(request)
        except Gone as error:
            raise_if_foreign(error)
            return None
        record = wire.item(request, reply, self._exchange.decoded(request, reply))
        return Shown(wire.identity(request, reply, record), record)

    async def file(self, path: str, route: str, lane: Lane) -> bytes:
        """A PDF. Raises Unusable for what is none, Gone, and Refused for one that is too large to go on."""
        request = self._exchange.request("GET", path, route=route, lane=lane)
        request = msgspec.structs.replace(request, headers={**request.headers, "Accept": "application/pdf"})
        try:
            body = (await self._exchange.read(request, expects_json=False)).body
        except Gone as error:
            raise_if_foreign(error)
            raise
        where = f"{spec.NAME} {request.route}"
        if not body.startswith(spec.PDF):
            todo = "nothing; it is asked for again by itself"
            raise Unusable("TIL04", "what the till gave is no PDF", where, todo, system=spec.NAME)
        if len(body) > spec.PDF_BYTES_MAX:
            what, todo = f"the PDF has {len(body)} bytes: too many", "attach it by hand and `ignore` this"
            raise Refused("TIL04", what, where, todo, system=spec.NAME)
        return body

    # -------------------------------------------------------------- writes

    async def create(
        self, path: str, payload: Mapping[str, Any], lane: Lane, key: Mapping[str, str]
    ) -> tuple[int, Shown | None]:
        """Send a new record once: the status, and the record where it is shown."""
        request = self._exchange.request("POST", path, query=key, body={"Item": payload}, lane=lane)
        return await self._written(request)

    async def change(
        self, path: str, record_id: str, payload: Mapping[str, Any], lane: Lane, key: Mapping[str, str]
    ) -> tuple[int, Shown | None]:
        """
        Read a record, and PUT all of it that can be written with `payload` in its place.

        What a PUT is not given may be blanked (dinkassa.md 3.1). Raises Gone when there is no such record.
        """
        shown = await self.one(path, record_id, lane)
        if shown is None:
            raise Gone(
                "NET13",
                f"{spec.TITLE} does not know the record",
                f"{spec.NAME} GET {path}/{{id}}",
                "see whether it was deleted there",
                system=spec.NAME,
            )
        kept = {name: shown.payload[name] for name in spec.WRITABLE[path] if name in shown.payload}
        body = {"Item": {"Id": record_id, **kept, **payload}}
        return await self._written(self._exchange.request("PUT", path, query=key, body=body, lane=lane))

    async def remove(self, path: str, record_id: str, lane: Lane, key: Mapping[str, str]) -> int:
        """DELETE a record once: the status; one that is gone already is removed."""
        where = f"{path}/{quote(record_id, safe='')}"
        request = self._exchange.request("DELETE", where, route=f"{path}/{{id}}", query=key, lane=lane)
        try:
            return (await self._write(request)).status
        except Gone as error:
            raise_if_foreign(error)
            return error.status or 0

    async def form(
        self, path: str, record_id: str, fields: Mapping[str, str], lane: Lane, key: Mapping[str, str]
    ) -> int:
        """POST a form to a record once: the status. What is answered says nothing (dinkassa.md 3.2)."""
        where = f"{path}/{quote(record_id, safe='')}"
        request = self._exchange.request("POST", where, route=f"{path}/{{id}}", query=key, lane=lane)
        headers = {**request.headers, "Content-Type": FORM}
        filled = msgspec.structs.replace(request, headers=headers, body=urlencode(fields).encode())
        return (await self._write(filled)).status

    async def _written(self, request: Request) -> tuple[int, Shown | None]:
        reply = await self._write(request)
        if not reply.body.strip():
            return reply.status, None
        record = wire.item(request, reply, self._exchange.decoded(request, reply))
        return reply.status, Shown(wire.identity(request, reply, record), record)

    async def _write(self, request: Request) -> Reply:
        try:
            return await self._exchange.send(request)
        except Refused as error:
            if error.code != "NET10":
                raise
            raise Refused(
                "REC99",
                f"{spec.TITLE} refuses the record: {error.answer}",
                error.where,
                "correct it, then retry",
                system=spec.NAME,
                status=error.status,
                answer=error.answer,
            ) from error


def _begun(reply: Reply) -> dt.datetime:
    return reply.server_time or reply.received_at


def raise_if_foreign(error: Gone) -> None:
    """Raise Unusable when the 404 is a page of some other server: it says nothing about the record."""
    if error.answer.startswith("<"):
        raise Unusable(error.code, error.what, error.where, "check url", system=spec.NAME) from error
