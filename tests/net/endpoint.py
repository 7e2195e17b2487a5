"""Token endpoints and token stores in process, for the tests of grants."""

from __future__ import annotations

import asyncio
import base64
import datetime as dt
import json
from urllib.parse import parse_qs

from daemon.errors import OutcomeUnknown, StateError, Unreachable
from daemon.net.auth import FortnoxGrant
from daemon.ports import Reply, Token
from tests.net.server import START, FixedIds, StepClock


def jwt(number, tenant=1234567, **more):
    claims = base64.urlsafe_b64encode(json.dumps({"tenantId": tenant, "n": number, **more}).encode())
    return f"head.{claims.decode().rstrip('=')}.sign"


def pair(number, **more):
    body = {"access_token": jwt(number), "refresh_token": f"refresh-{number}", "expires_in": 3600, **more}
    return 200, json.dumps({"scope": "customer article", "token_type": "bearer"} | body)


def no(status, error, text=""):
    return status, json.dumps({"error": error, "error_description": text})


class Endpoint:
    """A token endpoint in process: scripted answers, one after the other, the last for ever."""

    def __init__(self, clock, *script):
        self.clock, self.script, self.requests = clock, list(script), []
        self.on_request = lambda: None

    async def send(self, request):
        self.requests.append(request)
        self.on_request()
        step = self.script[min(len(self.requests), len(self.script)) - 1]
        await asyncio.sleep(0)
        if isinstance(step, Exception):
            raise step
        status, body = step
        return Reply(status=status, headers={}, body=body.encode(), received_at=self.clock.now())

    def form(self, number):
        return {name: value[0] for name, value in parse_qs(self.requests[number].body.decode()).items()}


class Rows:
    """Tokens in memory, with every save remembered."""

    def __init__(self, row=None):
        self.row, self.saves, self.broken = row, [], False

    async def load(self, name):
        await asyncio.sleep(0)
        assert name == "fortnox:demo"
        return self.row

    async def save(self, name, token):
        await asyncio.sleep(0)
        if self.broken:
            raise StateError("DBS02", "the disk is full", "state", "free some")
        assert self.row is None or token.generation >= self.row.generation
        self.row = token
        self.saves.append(token)


def lost():
    return OutcomeUnknown("NET07", "lost", "fortnox", "wait")


def down():
    return Unreachable("NET02", "down", "fortnox", "wait")


def fortnox(*script, kind="authorization_code", row=None, tenant_id="1234567", unsaved=None):
    clock = StepClock()
    http, rows = Endpoint(clock, *script), Rows(row)
    grant = FortnoxGrant(
        kind=kind,
        company="demo",
        client_id="client",
        secret=lambda: "s3cr3t-canary",
        tenant_id=tenant_id,
        scopes=("article", "customer"),
        auth_url="https://apps.example/",
        tokens=rows,
        name="fortnox:demo",
        unsaved={} if unsaved is None else unsaved,
        http=http,
        clock=clock,
        ids=FixedIds(),
    )
    return grant, http, rows, clock


def stored(generation=1, life_s=3600.0, **more):
    return Token(
        generation=generation,
        access=jwt(generation),
        refresh=f"refresh-{generation}",
        expires_at=START + dt.timedelta(seconds=life_s),
        obtained_at=START,
        **more,
    )


def bearer(number):
    return {"Authorization": f"Bearer {jwt(number)}"}
