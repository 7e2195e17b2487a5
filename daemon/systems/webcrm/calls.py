"""One account's requests in webCRM's own shapes: pages of a query or a list, one record, one write."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Mapping
from typing import Any, NamedTuple

from daemon.core.records import Lane
from daemon.errors import Gone, Refused, Unusable
from daemon.net.exchange import Exchange
from daemon.net.outcome import unreadable
from daemon.ports import Reply, Request
from daemon.systems.webcrm import spec, wire


class Found(NamedTuple):
    """Records, and the exchange that showed them."""

    request: Request
    reply: Reply
    rows: list[dict[str, Any]]

    @property
    def server_time(self) -> dt.datetime:
        """When they began to answer, by their clock if they tell."""
        return self.reply.server_time or self.reply.received_at

    def id_of(self, payload: Mapping[str, Any], key: str) -> str:
        """The id in one of the rows. Raises Unusable."""
        if not (found := wire.born_id(payload, key)):
            raise unreadable("JSN09", spec.NAME, self.request, self.reply, f"a record without {key}")
        return found


class Calls:
    """What webCRM is asked through one exchange."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    async def list(
        self, path: str, lane: Lane = Lane.READ, query: Mapping[str, str] | None = None, route: str = ""
    ) -> Found:
        """One list of records."""
        request = self._exchange.request("GET", path, route=route, query=query, lane=lane)
        reply = await self._exchange.read(request)
        return Found(request, reply, wire.objects(request, reply, self._exchange.decoded(request, reply)))

    async def pages(
        self, path: str, lane: Lane, query: Mapping[str, str] | None = None, route: str = ""
    ) -> AsyncIterator[Found]:
        """A list, until a page of it is not full. Raises Unusable when one comes again: there is no end."""
        number, full = 1, True
        firsts: list[Mapping[str, Any]] = []
        while full:
            page = {**(query or {}), "Page": str(number), "Size": str(spec.PAGE_SIZE)}
            found = await self.list(path, lane, page, route)
            if found.rows and found.rows[0] in firsts:
                raise _comes_again(number, route or path)
            firsts += found.rows[:1]
            yield found
            number, full = number + 1, len(found.rows) >= spec.PAGE_SIZE

    async def query(
        self, table: str, where: str, key: str, lane: Lane, what: str = "*"
    ) -> AsyncIterator[Found]:
        """
        The rows of a table in the order of their ids, page by page; raises as `pages`.

        Each page is what comes after the last id: counted pages would pass over a row when one of an earlier
        page is deleted, or changes no more by what is asked, while they are turned. In a full page that is
        not in order of ids what comes after its last one may lack a row.
        """
        number, full, last = 1, True, 0
        while full:
            beyond = f"{f'({where}) AND ' if where else ''}{key} > {last}" if last else where
            script = wire.script(table, beyond, order=key, what=what)
            first = {"script": script, "formatCustomFields": "true", "Page": "1", "Size": str(spec.PAGE_SIZE)}
            found = await self.list(spec.QUERIES, lane, first)
            full = len(found.rows) >= spec.PAGE_SIZE
            if last or full:
                ids = [int(found.id_of(row, key)) for row in found.rows]
                if min(ids, default=last + 1) <= last or (full and ids != sorted(ids)):
                    raise _comes_again(number, spec.QUERIES)
                last, number = max(ids, default=last), number + 1
            yield found

    async def one(self, path: str, number: int, lane: Lane) -> Found | None:
        """One record by its id; None when there is none."""
        request = self._exchange.request("GET", f"{path}/{number}", route=f"{path}/{{id}}", lane=lane)
        try:
            reply = await self._exchange.read(request)
        except Gone as error:
            raise_if_foreign(error)
            return None
        document = self._exchange.decoded(request, reply)
        if not isinstance(document, dict):
            raise unreadable("JSN06", spec.NAME, request, reply, "the answer is not a record")
        return Found(request, reply, [document])

    async def object(self, path: str) -> Mapping[str, Any]:
        """An answer that is one object; an empty one when it is anything else."""
        request = self._exchange.request("GET", path)
        document = self._exchange.decoded(request, await self._exchange.read(request))
        return document if isinstance(document, dict) else {}

    async def create(
        self, path: str, body: Mapping[str, Any], key: str, lane: Lane
    ) -> tuple[int, str | None]:
        """Send a new record once: the status, and the new id where it is told."""
        request = self._exchange.request("POST", path, body=body, lane=lane)
        reply = await self._write(request)
        # Answered with nothing, a number or an object, by age of the system (webcrm.md 7).
        document = self._exchange.decoded(request, reply) if reply.body.strip() else None
        return reply.status, wire.born_id(document, key)

    async def change(self, method: str, path: str, number: int, body: Any, lane: Lane) -> int:
        """Send a PUT or DELETE of one record once: the status."""
        assert number > 0, "DELETE without an id empties the catalogue"
        route, path = f"{path}/{{id}}", f"{path}/{number}"
        reply = await self._write(self._exchange.request(method, path, route=route, body=body, lane=lane))
        return reply.status

    async def _write(self, request: Request) -> Reply:
        try:
            reply = await self._exchange.send(request)
        except Refused as error:
            if error.code != "NET10":
                raise
            raise Refused(
                "REC99",
                f"webCRM refuses the record: {error.answer}",
                error.where,
                "correct it, then retry",
                system=spec.NAME,
                status=error.status,
                vendor_code=error.vendor_code,
                answer=error.answer,
            ) from error
        wire.no_error(request, reply)
        return reply


def _comes_again(number: int, where: str) -> Unusable:
    return changes_meanwhile(f"page {number} shows what an earlier one did, or is not in order", where)


def changes_meanwhile(what: str, where: str) -> Unusable:
    """What was read on several pages is no picture of any one moment."""
    return Unusable(
        "JSN15",
        what,
        f"{spec.NAME} GET {where}",
        "nothing; it is read again by itself",
        system=spec.NAME,
    )


def raise_if_foreign(error: Gone) -> None:
    """Raise Unusable when the 404 is a page of some other server: it says nothing about the record."""
    if error.answer.startswith("<"):
        raise Unusable(error.code, error.what, error.where, "check url", system=spec.NAME) from error
