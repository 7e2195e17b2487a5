"""
A whole small world in process: both pretend vendors, people who use them, and a connector that joins them.

People and the daemon speak the vendors' HTTP APIs only. Time is a clock that
moves when somebody sleeps, so nothing waits for real.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import anyio
import anyio.lowlevel

from daemon.bootstrap.house import House
from daemon.bootstrap.vendors import Vendors
from daemon.config import Config, load
from daemon.core.report import ConnectorReport
from daemon.errors import OutcomeUnknown, Unreachable
from daemon.events import Events, Log
from daemon.net.client import turn
from daemon.net.outcome import asks_to_wait, retry_after_s
from daemon.net.throttle import Throttle
from daemon.ports import Clock, Reply, Request
from daemon.sandbox import web
from daemon.sandbox.configs import write_configs
from daemon.sandbox.world import World
from daemon.service.logs import quiet
from daemon.store.database import Database
from daemon.store.desk import StateDesk
from daemon.store.journal import open_journal

MORNING = dt.datetime(2026, 11, 23, 7, 0, tzinfo=dt.UTC)
URL = "http://127.0.0.1:8700"
PEOPLE = "22222222-2222-4222-8222-222222222222"
TRIP_S = 0.05


class TownClock:
    """Time that passes when somebody waits."""

    def __init__(self) -> None:
        self.passed_s = 0.0

    def now(self) -> dt.datetime:
        return MORNING + dt.timedelta(seconds=self.passed_s)

    def monotonic(self) -> float:
        return 1000.0 + self.passed_s

    async def sleep(self, seconds: float) -> None:
        until_s = self.passed_s + max(seconds, 0.0)
        await anyio.lowlevel.checkpoint()
        self.passed_s = max(self.passed_s, until_s)


class TownIds:
    """Chance from a seed."""

    def __init__(self, seed: int = 1) -> None:
        self._random = random.Random(seed)

    def uniform(self) -> float:
        return self._random.random()

    def bytes(self, count: int) -> bytes:
        return self._random.randbytes(count)


class TownClient:
    """The way out: a request reaches the pretend vendors, or is spoiled on its way."""

    def __init__(self, system: str, throttle: Throttle, town: Town) -> None:
        self._system, self._throttle, self._town = system, throttle, town
        self._clock, self._world = town.clock, town.world

    async def aclose(self) -> None:
        """Nothing is open."""

    async def send(self, request: Request) -> Reply:
        async with turn(self._throttle, self._system, request):
            await self._clock.sleep(TRIP_S)
            parts = urlsplit(request.url)
            self._town.watch("request")
            outcome = self._world.exchange(self._system, _to_web(self._system, request, parts))
            self._town.watch("answer")
            if outcome.response is None or outcome.fault in ("reset", "truncate"):
                raise _lost(request)
            await self._clock.sleep(min(outcome.delay_s, request.timeout_s))
            if outcome.delay_s >= request.timeout_s:
                raise _lost(request)
            reply = Reply(
                status=outcome.response.status,
                headers={name.lower(): text for name, text in outcome.response.headers.items()},
                body=outcome.response.body,
                received_at=self._clock.now(),
                server_time=self._world.now(),
            )
            if asks_to_wait(self._system, reply.status):
                self._throttle.hold(self._clock.monotonic() + retry_after_s(reply))
            return reply


def _to_web(system: str, request: Request, parts: Any) -> web.Request:
    from urllib.parse import parse_qsl  # noqa: PLC0415

    return web.Request(
        method=request.method,
        path=parts.path.removeprefix(f"/{system}"),
        query=tuple(parse_qsl(parts.query, keep_blank_values=True)),
        headers={name.lower(): text for name, text in request.headers.items()},
        body=request.body or b"",
    )


def _lost(request: Request) -> OutcomeUnknown | Unreachable:
    error = OutcomeUnknown if request.effect else Unreachable
    return error("NET07", "the connection broke", request.route, "nothing")


class People:
    """Those who use both vendors' systems: their own tokens, their own budget."""

    def __init__(self, world: World, clock: TownClock) -> None:
        self.world, self._clock = world, clock
        self._tokens: dict[tuple[str, int], str] = {}

    def _token_key(self, system: str) -> tuple[str, int]:
        """A token opens for an hour, so each half hour has its own."""
        return system, int(self._clock.passed_s // 1800)

    # -------------------------------------------------------------- Fortnox

    def fortnox(self, method: str, path: str, body: Any = None, **query: str) -> Any:
        """One request to Fortnox; the decoded answer. An error status is an AssertionError."""
        status, answer = self.try_fortnox(method, path, body, **query)
        assert status < 400, answer
        return answer

    def try_fortnox(self, method: str, path: str, body: Any = None, **query: str) -> tuple[int, Any]:
        self._clock.passed_s += 0.25  # people are slower than the limit
        headers = {"authorization": f"Bearer {self._fortnox_token()}"}
        response = self._send("fortnox", method, path, body, headers, query)
        return response.status, _decoded(response)

    def _fortnox_token(self) -> str:
        key = self._token_key("fortnox")
        if key not in self._tokens:
            basic = base64.b64encode(b"people:people-secret").decode()
            request = web.Request(
                method="POST",
                path="/oauth-v1/token",
                headers={"authorization": f"Basic {basic}", "tenantid": "1234567"},
                body=b"grant_type=client_credentials",
            )
            response = self.world.exchange("fortnox", request).response
            assert response is not None
            self._tokens[key] = json.loads(response.body)["access_token"]
        return self._tokens[key]

    def customer(self, number: str) -> dict[str, Any]:
        return self.fortnox("GET", f"/3/customers/{quote(number, safe='')}")["Customer"]

    def customers(self) -> list[dict[str, Any]]:
        return self.fortnox("GET", "/3/customers", limit="500")["Customers"]

    def new_customer(self, **fields: Any) -> dict[str, Any]:
        return self.fortnox("POST", "/3/customers", {"Customer": fields})["Customer"]

    def edit_customer(self, number: str, **fields: Any) -> dict[str, Any]:
        return self.fortnox("PUT", f"/3/customers/{number}", {"Customer": fields})["Customer"]

    def new_article(self, price: float | None = None, **fields: Any) -> dict[str, Any]:
        article = self.fortnox("POST", "/3/articles", {"Article": fields})["Article"]
        if price is not None:
            self.set_price(article["ArticleNumber"], price)
        return article

    def set_price(self, number: str, price: float) -> None:
        body = {"Price": {"ArticleNumber": number, "PriceList": "A", "FromQuantity": 0, "Price": price}}
        status, _ = self.try_fortnox("PUT", f"/3/prices/A/{number}/0", {"Price": {"Price": price}})
        if status >= 400:
            self.fortnox("POST", "/3/prices", body)

    def edit_article(self, number: str, **fields: Any) -> dict[str, Any]:
        return self.fortnox("PUT", f"/3/articles/{number}", {"Article": fields})["Article"]

    # -------------------------------------------------------------- webCRM

    def webcrm(self, method: str, path: str, body: Any = None, **query: str) -> Any:
        """One request to webCRM; the decoded answer."""
        self._clock.passed_s += 0.5
        headers = {"authorization": f"Bearer {self._webcrm_token()}"}
        response = self._send("webcrm", method, path, body, headers, query)
        assert response.status < 400, response.body
        return _decoded(response)

    def _webcrm_token(self) -> str:
        key = self._token_key("webcrm")
        if key not in self._tokens:
            form = {"content-type": "application/x-www-form-urlencoded"}
            body = urlencode({"authCode": PEOPLE}).encode()
            request = web.Request(method="POST", path="/Auth/ApiLogin", headers=form, body=body)
            response = self.world.exchange("webcrm", request).response
            assert response is not None
            self._tokens[key] = json.loads(response.body)["AccessToken"]
        return self._tokens[key]

    def organisations(self) -> list[dict[str, Any]]:
        return self.webcrm("GET", "/Organisations", Page="1", Size="1000")

    def organisation(self, name: str) -> dict[str, Any]:
        """The one organisation of that name."""
        (found,) = [each for each in self.organisations() if each["OrganisationName"] == name]
        return found

    def new_organisation(self, name: str, **fields: Any) -> dict[str, Any]:
        body = {"OrganisationId": 0, "OrganisationName": name, "OrganisationType": "Kund – Företag"}
        self.webcrm("POST", "/Organisations", {**body, **_prefixed(fields)})
        return self.organisation(name)

    def edit_organisation(self, organisation: dict[str, Any], **fields: Any) -> None:
        key = organisation["OrganisationId"]
        self.webcrm("PUT", f"/Organisations/{key}", {"OrganisationId": key, **_prefixed(fields)})

    def catalogue(self) -> list[dict[str, Any]]:
        return self.webcrm("GET", "/QuotationLines/LinkedData")

    def item(self, number: str) -> dict[str, Any]:
        """The one catalogue item of that article number."""
        (found,) = [i for i in self.catalogue() if i["QuotationLineLinkedDataItemData1"] == number]
        return found

    # -------------------------------------------------------------- both

    def act(self, system: str, verb: str, **body: Any) -> Any:
        """What only a person in the vendor's own screens can do."""
        return self.world.systems[system].act(verb, body)

    def _send(
        self, system: str, method: str, path: str, body: Any, headers: dict[str, str], query: dict[str, str]
    ) -> web.Response:
        raw = b"" if body is None else json.dumps(body).encode()
        headers = {**headers, "accept": "application/json", "content-type": "application/json"}
        pairs = tuple(query.items())
        request = web.Request(method=method, path=path, query=pairs, headers=headers, body=raw)
        response = self.world.exchange(system, request).response
        assert response is not None
        return response


def _decoded(response: web.Response) -> Any:
    return json.loads(response.body) if response.body else None


def _prefixed(fields: dict[str, Any]) -> dict[str, Any]:
    return {f"Organisation{name}": value for name, value in fields.items()}


class Town:
    """The daemon's house between Fortnox and the vendor of its one connector."""

    kind = "webcrm"  # of the connector

    def __init__(self, folder: Path, *, filled: bool = False, clock: TownClock | None = None) -> None:
        self.folder = folder
        self.clock = clock or TownClock()
        self.world = World(self.clock.now, filled=filled)
        self.people = People(self.world, self.clock)
        self.config_path = write_configs(folder, URL, kinds=[self.kind])
        self.configure('overlap = "30s"', 'overlap = "10m"')  # as in production: lists may lag
        if self.kind == "webcrm":
            self.configure('documents = "order" ', 'documents = "off"')  # tests of documents switch them on
        self.house: House
        self.vendors: Vendors
        self.desk: StateDesk
        self._ended_at = 0.0
        self.placed_at = 0.0  # when somebody put the state file where it is
        self.log: Log = quiet
        self.events: Events | None = None  # else each life has its own, which takes long
        self.watch: Callable[[str], None] = lambda _step: None  # told of each request, answer and commit

    def configure(self, old: str, new: str) -> None:
        """Edit the config file as an operator would."""
        text = self.config_path.read_text("utf-8")
        assert old in text, old
        self.config_path.write_text(text.replace(old, new), "utf-8")

    def set(self, **keys: Any) -> None:
        """Add keys to the connector's section."""
        lines = "\n".join(f"{key} = {_toml(value)}" for key, value in keys.items())
        self.configure(f'kind = "{self.kind}"', f'kind = "{self.kind}"\n{lines}')

    def config(self) -> Config:
        return load(self.config_path)

    @asynccontextmanager
    async def running(self, seed: int = 1) -> AsyncIterator[Town]:
        """The daemon's parts over the state folder; leaving is a clean stop."""
        ids = TownIds(seed)
        journal = await open_journal(self.folder / "state", self.clock, ids, None)
        await _without_fsync(journal.database)
        _watched(journal.database, self)
        try:
            self.house = House(journal, self.clock, ids, self.events or Events(self.log), self._connect)
            await self.house.remember_budgets(self._ended_at, self.placed_at)
            self.vendors = Vendors(self.house, self.clock, self.events or Events(self.log))
            self.desk = StateDesk(journal.database, journal.sealer)
            await self.house.build(self.config(), {})
            yield self
            await self.house.close()
        finally:
            await journal.close()
            self._ended_at = self.clock.now().timestamp()

    def _connect(self, system: str, _url: str, throttle: Throttle, _clock: Clock, **_: Any) -> TownClient:
        return TownClient(system, throttle, self)

    async def sync(self, **how: Any) -> ConnectorReport:
        """One full pass, as `fortnox-syncd sync` makes it; what was being confirmed may rest first."""
        return await self.house.loops[self.kind].run_pass(None, eager=True, **how)

    async def sync_once(self, **how: Any) -> ConnectorReport:
        """One `sync` in a process of its own."""
        async with self.running():
            return await self.sync(**how)

    def wait(self, **time: float) -> None:
        """Let time pass."""
        self.clock.passed_s += dt.timedelta(**time).total_seconds()

    # -------------------------------------------------------------- what the vendors saw

    def requests(self, system: str, client: str = "fortnox-syncd", since: int = 0) -> list[dict[str, Any]]:
        """What one client sent to one vendor."""
        items = self.world.log.since(since)
        return [item for item in items if item["system"] == system and item["client"] == client]

    def writes(self, since: int = 0) -> list[str]:
        """The daemon's requests with effect, logins apart, as "METHOD /path"."""
        items = [item for item in self.world.log.since(since) if item["client"] == "fortnox-syncd"]
        return [
            f"{item['method']} {item['path']}"
            for item in sorted(items, key=lambda item: item["system"])
            if item["method"] != "GET" and "oauth" not in item["path"] and "Auth" not in item["path"]
        ]


async def _without_fsync(database: Database) -> None:
    """What ends here is a process, never the machine: what was written stays without waiting for the disk."""
    await database._connection.execute("PRAGMA synchronous = OFF")


def _watched(database: Database, town: Town) -> None:
    """Tell the watcher before and after each commit; what it raises seems to come from there."""
    transact = database.transact

    async def watched(work: Callable[[Any], Any]) -> Any:
        town.watch("commit")
        result = await transact(work)
        town.watch("committed")
        return result

    database.transact = watched  # type: ignore[method-assign]


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_toml(key)} = {_toml(each)}" for key, each in value.items()) + " }"
    return json.dumps(value, ensure_ascii=False)
