"""The Fortnox adapter in front of the pretend Fortnox, in process, with every request remembered."""

from __future__ import annotations

import datetime as dt
from urllib.parse import parse_qsl, urlsplit

from daemon.core.records import Lane
from daemon.ports import Reply
from daemon.sandbox import web
from daemon.systems.fortnox.system import Fortnox
from tests.sandbox.fortnox_papers import Papers
from tests.systems.fakes import FakeClock, FakeIds, Sent


class _Grant:
    def __init__(self, papers):
        self._papers = papers

    async def headers(self):
        return {"authorization": f"Bearer {self._papers.access_token}"}


class _Wire:
    def __init__(self, papers):
        self.papers, self.sent = papers, []

    async def send(self, request):
        self.sent.append(Sent(request))
        self.papers.advance(self.papers.pause_s)
        parts = urlsplit(request.url)
        response = self.papers.fortnox.handle(
            web.Request(
                method=request.method,
                path=parts.path,
                query=tuple(parse_qsl(parts.query)),
                headers={name.lower(): value for name, value in request.headers.items()},
                body=request.body or b"",
            )
        )
        return Reply(
            status=response.status,
            headers={"content-type": "application/json", **response.headers},
            body=response.body,
            received_at=self.papers.now,
            server_time=self.papers.now,
        )


class Desk:
    """A pretend company with customer 1 and the articles 102 and 103, and the adapter in front of it."""

    def __init__(self, **switches):
        self.papers = Papers(**switches)
        self.wire, self.clock = _Wire(self.papers), FakeClock()
        self.system = Fortnox(
            http=self.wire,
            grant=_Grant(self.papers),
            clock=self.clock,
            ids=FakeIds(),
            tenant_id="1234567",
            overlap=dt.timedelta(minutes=10),
            base_url="http://127.0.0.1:1",
        )

    def asked(self):
        """What was sent since the last time, in order, but for the proof of the company."""
        sent = [repr(each) for each in self.wire.sent if each.path != "/3/companyinformation"]
        self.wire.sent.clear()
        return sent

    async def create(self, **fields):
        """A document of customer 1, as the answer shows it."""
        given = {"form": "order", "customer": "1", "reference": "FS1.WC.D.A", **fields}
        return (await self.system.create("document", given, Lane.FRESH)).seen

    async def get(self, record_id):
        return await self.system.get("document", record_id, Lane.READ)

    async def update(self, record_id, **fields):
        """What the answer shows; the document is read before, as the engine does."""
        shown = await self.get(record_id)
        answer = await self.system.update("document", record_id, fields, Lane.FRESH, shown.fields)
        return answer.seen

    def body(self):
        """The body of the last request that had one."""
        return next(each.body for each in reversed(self.wire.sent) if each.body is not None)
