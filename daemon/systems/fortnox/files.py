"""
Files of vouchers: uploaded to the inbox and connected, never changed or taken away (fortnox.md 16).

The connection is what counts: only it is looked for. A file that was uploaded and not connected lies in the
inbox and harms nobody.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final

from daemon.core.codecs import TEXT
from daemon.core.mapping import Row, Table
from daemon.core.records import Fields, Lane, Seen
from daemon.errors import DaemonError, Refused
from daemon.ports import Answer, Clock, Finding, Page, Whole
from daemon.systems.fortnox import judging, spec
from daemon.systems.fortnox.calls import Calls
from daemon.systems.fortnox.part import Part
from daemon.systems.fortnox.voucher_table import identity, parted

CONNECTION: Final = spec.KINDS["voucher file"]
# fmt: off
FILE: Final = Table(
    kind="file",
    key="FileId",
    rows=(
        Row("posting", "Voucher", TEXT, required=True),  # the id of the voucher that it is connected to
        Row("name",    "Name",    TEXT),                 # said once, and shown by no list of connections
    ),
)
# fmt: on


class Files(Part):
    """The files that vouchers have. One has the id of its voucher and, behind a slash, its own."""

    def __init__(self, calls: Calls, clock: Clock) -> None:
        self._calls, self._clock = calls, clock

    @property
    def table(self) -> Table:
        return FILE

    async def read(
        self, since: dt.datetime | None, lane: Lane, *, only_changed: bool = False
    ) -> AsyncIterator[Page]:
        """Nothing, and nothing is asked: whatever people connect is theirs."""
        yield Page(rows=(), server_time=self._clock.now())

    async def get(self, record_id: str, lane: Lane) -> Seen | None:
        voucher, _, file_id = record_id.rpartition("/")
        shown = await self._calls.one(CONNECTION, file_id, lane)
        return _seen(shown.record) if shown and _voucher(shown.record) == voucher else None

    async def look(self, fields: Fields, since: dt.datetime | None, whole: Whole | None) -> Sequence[Seen]:
        """Every file of the voucher: the list of connections has no filter, and names no file."""
        return [
            _seen(row)
            async for listed in self._calls.pages(CONNECTION, {}, Lane.SETTLE)
            for row in listed.rows
            if _voucher(row) == fields["posting"]
        ]

    async def enclose(self, fields: Fields, content: bytes, lane: Lane) -> Answer:
        """
        Upload and connect: two requests with effect, of which the second is the creation.

        An unclear upload is an unclear creation: it is looked for, and so sent three times at most.
        """
        voucher = str(fields["posting"])
        series, number, year = parted(voucher)
        if not (number.isdigit() and year.isdigit()):
            what, todo = "the voucher was deleted, and its number given to another one", "`ignore` this file"
            raise Refused("REC02", what, f"{spec.NAME} {voucher}", todo, system=spec.NAME)
        file_id = await self._calls.upload(spec.VOUCHER_FILES, str(fields["name"]), content, lane)
        body = {
            "FileId": file_id,
            "VoucherNumber": number,
            "VoucherSeries": series,
            "VoucherYear": int(year),
        }
        stored = await self._calls.write("POST", CONNECTION, None, body, lane)
        seen = _seen(stored.record)
        if seen.id != f"{voucher}/{file_id}":
            raise stored.odd(f"{seen.id} was connected instead of {voucher}/{file_id}")
        return Answer(status=stored.reply.status, id=seen.id, seen=seen)

    async def findings(self) -> Sequence[Finding]:
        """That the inbox may be used; it is a folder, no list that could be counted."""
        where = "Fortnox, scope inbox (inbox; licence: any)"
        try:
            await self._calls.setting(spec.INBOX, "Folder", Lane.READ)
        except DaemonError as error:
            return [judging.failed(error, where)]
        return [Finding(ok=True, what="the inbox can be used", where=where)]


def _voucher(row: Mapping[str, Any]) -> str:
    return identity(row.get("VoucherSeries"), row.get("VoucherNumber"), row.get("VoucherYear"))


def _seen(row: Mapping[str, Any]) -> Seen:
    voucher = _voucher(row)
    return Seen(id=f"{voucher}/{row['FileId']}", fields={"posting": voucher})
