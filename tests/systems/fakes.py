"""A scripted outside: answers in order, requests remembered, no network and no time."""

from __future__ import annotations

import datetime as dt
import json
from urllib.parse import parse_qsl, urlsplit

from daemon.errors import OutcomeUnknown, Unreachable
from daemon.ports import Reply

NOW = dt.datetime(2026, 11, 20, 12, 0, tzinfo=dt.UTC)


def reply(status=200, body=b"", **headers):
    """An answer; what is no bytes is sent as JSON."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    if isinstance(body, bytes):
        return Reply(status=status, headers=names, body=body, received_at=NOW, server_time=NOW)
    names = {"content-type": "application/json", **names}
    return Reply(
        status=status, headers=names, body=json.dumps(body).encode(), received_at=NOW, server_time=NOW
    )


UNREACHABLE = Unreachable("NET02", "no connection", "test", "nothing")
LOST = OutcomeUnknown("NET07", "the answer was lost", "test", "nothing")


class Sent:
    """A request that was sent, taken apart."""

    def __init__(self, request):
        parts = urlsplit(request.url)
        self.request, self.method, self.path = request, request.method, parts.path
        self.query = dict(parse_qsl(parts.query))
        self.body = json.loads(request.body) if request.body else None
        self.token = request.headers.get("Authorization")

    def __repr__(self):
        return f"{self.method} {self.path}"


class FakeHttp:
    """
    Answers by "METHOD /path": a reply, an error to raise, a list of them used up in order
    (the last one stays), or a function of the request.
    """

    def __init__(self):
        self.answers, self.sent = {}, []

    def __setitem__(self, name, answer):
        self.answers[name] = answer

    def named(self, name):
        """Every request sent as "METHOD /path"."""
        return [each for each in self.sent if repr(each) == name]

    async def send(self, request):
        sent = Sent(request)
        self.sent.append(sent)
        answer = self.answers[repr(sent)]
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        if callable(answer):
            answer = answer(sent)
        if isinstance(answer, Exception):
            raise answer
        return answer


class FakeGrant:
    """Tokens 1, 2, 3 …: the next one after each refusal."""

    def __init__(self):
        self.number = 1

    async def headers(self):
        return {"Authorization": f"Bearer {self.number}"}

    async def refused(self, headers):
        assert headers == await self.headers()
        self.number += 1


class FakeClock:
    """Time that passes only in sleep, and remembers for how long."""

    def __init__(self):
        self.slept = []
        self.passed_s = 0.0

    def now(self):
        return NOW + dt.timedelta(seconds=self.passed_s)

    def monotonic(self):
        return self.passed_s

    async def sleep(self, seconds):
        self.slept.append(seconds)
        self.passed_s += seconds


class FakeIds:
    """No chance at all."""

    def uniform(self):
        return 0.5

    def bytes(self, count):
        return b"\0" * count
