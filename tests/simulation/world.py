"""One world from one plan: vendors, their people, the network, the host and its daemon, and who judges."""

from __future__ import annotations

import asyncio
import atexit
import datetime as dt
import hashlib
import random
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from daemon.config import Config, load
from daemon.core.schedule import LONGEST_BACKOFF_S
from daemon.errors import ConfigError, DaemonError
from daemon.sandbox import web
from daemon.sandbox.configs import write_configs
from daemon.sandbox.world import World
from daemon.systems.fortnox import spec as fortnox_spec
from daemon.systems.webcrm import spec as webcrm_spec
from tests.simulation.camera import FORTNOX, TENANT, WEBCRM
from tests.simulation.clockwork import HostClock, TrueTime
from tests.simulation.faults import HAPPENINGS
from tests.simulation.machine import Machine, Process
from tests.simulation.memory import template
from tests.simulation.oracle import DAEMON, Oracle
from tests.simulation.people import ARTICLES, OFTEN, Crowd
from tests.simulation.plan import MANY, Event, Plan
from tests.simulation.wire import Sent, Wire
from tests.town import People, TownIds

URL: Final = "http://127.0.0.1:8700"
CONNECTOR, COMPANY = "webcrm", "sandbox"
OVERLAP: Final = "3m"
OVERLAP_S: Final = 200.0
RESTS_WITHIN = 40  # looks
RHYTHM_EVERY = 4  # worlds with faults, of which one is left alone afterwards: that takes long
SLOW_S: Final = 30.0
OPEN_EVERY: Final = 2  # readings, of which one looks at open documents; fewer than in earnest
EMAIL: Final = 'field_map = { email = "OrganisationExtraCustom3" }'  # it has no place unless one is named
# What may still be parked when all is calm: deleted, locked, copied or poisoned by people.
EFFECTS: Final = ("POST", "PUT", "DELETE")


class Result(NamedTuple):
    """What came of a plan."""

    digest: str
    violations: Sequence[str]
    figures: Mapping[str, int]
    lasted_s: float


class Copy(NamedTuple):
    """The state as it was once."""

    at_s: float
    image: bytes


class Simulation:
    """A world in motion."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.true = TrueTime(plan.start)
        self.skew_s = 0.0
        self.world = World(self._server_now, filled=False)
        self.people = People(self.world, self.true)
        self.crowd = Crowd(self.world, self.people)
        self.crowd.mix.number_owner = plan.number_owner
        self.clock = HostClock(self.true)
        self.oracle = Oracle(self.world, plan.kinds, lambda: self.true.passed_s, self._on_disk)
        self.wire = Wire(self._carried, self.true, self.clock, random.Random(f"wire {plan.seed}"))
        self.wire.left, self.wire.told = self._left, self.oracle.conduct.told
        self.connector = CONNECTOR
        self.config_now: Callable[[], Config] = lambda: config(plan, 0, self.connector)
        self.machine = Machine(self.wire, self.clock, TownIds(plan.seed), self._log, self._load)
        # What was answered and could not be stored is as if it had never been heard.
        self.machine.told_of_death = self.machine.disk.refused = lambda: self.oracle.died(self.true.passed_s)
        self.machine.disk.hops = plan.seed % 4 == 0
        self.copies: list[Copy] = []
        self._asides: list[asyncio.Task[None]] = []
        self._trace: list[tuple[object, ...]] = []
        self._sent: Sent | None = None
        self._how = ""
        self._writes = 0
        self._away = self._refused = False
        for side, name, value in plan.switches:
            self.world.systems[side].switch(name, value)
        ids = self.world.systems[WEBCRM]._state.next_id  # type: ignore[attr-defined]
        ids["pipeline"] = ids["organisation"]  # they are only unique within a kind
        for spec in (fortnox_spec, webcrm_spec):
            vars(spec)["PAGE_SIZE"] = plan.page
        vars(webcrm_spec)["OPEN_EVERY"] = OPEN_EVERY
        queried = any(name == "query_lines" for _, name, _ in plan.switches)
        # A line that is deleted shows nowhere, and where lines cannot be asked for by their changes
        # none does: then they are looked at with every so manieth reading only.
        seen = queried and not any(event.act == "drop_line" for event in plan.events)
        self._passes = 1 if seen or plan.documents == "off" else OPEN_EVERY
        for side in (FORTNOX, WEBCRM):
            self._watch(side)

    def _server_now(self) -> dt.datetime:
        now = self.true.now()
        return now + dt.timedelta(seconds=self.skew_s) if self.skew_s else now

    def _load(self) -> Config:
        return self.config_now()

    # -------------------------------------------------------------- what is seen

    def trace(self, *what: object) -> None:
        """One line of the trace, of which the digest is made."""
        self._trace.append((self.true.passed_s, *what))

    def _log(self, level: str, event: str, fields: Mapping[str, Any]) -> None:
        self._away = event == "connector_away" or (self._away and event != "connector_back")
        self.trace("log", level, event, sorted((name, str(value)) for name, value in fields.items()))

    def _watch(self, side: str) -> None:
        """Have the oracle see each request that this vendor handles."""
        system = self.world.systems[side]
        handle = system.handle

        def seen(request: web.Request) -> web.Response:
            client = system.client_of(request)
            response = handle(request)
            self.trace(side, client, request.method, request.path, response.status)
            self.oracle.arrived(side, client, request.method, request.path, response.status, self._how)
            if request.method in EFFECTS and response.status < 300 and "uth" not in request.path:
                self.oracle.look(side, client, self._sent, self._how)
                if client == DAEMON:
                    self._writes += 1
            return response

        act = system.act

        def acted(verb: str, body: Mapping[str, Any]) -> Any:
            answer = act(verb, body)
            self.trace(side, verb)
            self.oracle.look(side, "people", None)
            return answer

        system.handle = seen  # type: ignore[method-assign]
        system.act = acted  # type: ignore[method-assign]

    def _carried(self, sent: Sent, request: web.Request, how: str) -> web.Response:
        """A request of the daemon reaches its vendor."""
        self._sent, self._how = sent, how
        try:
            response = self.world._dated(self.world.systems[sent.system].handle(request))
        finally:
            self._sent, self._how = None, ""
        self.oracle.answered(sent, response.status)
        return response

    def _on_disk(self, query: str) -> list[tuple[Any, ...]]:
        return self.machine.disk.db.execute(query).fetchall()

    def _left(self, sent: Sent) -> None:
        self.trace("sends", sent.system, sent.request.method, sent.request.route, sent.spoil)
        self.oracle.conduct.left(sent, self.machine.process)
        if sent.request.effect:
            self.oracle.left(sent, self._on_disk("SELECT count(*) FROM intents WHERE state = 'sent'")[0][0])

    # -------------------------------------------------------------- life

    async def run(self) -> Result:
        """The whole plan, then calm until at rest, then its ending."""
        self._populate()
        self.oracle.started_s = self.true.passed_s
        await self.machine.start()
        await self.consent()
        for event in self.plan.events:
            await self._until(event.at_s)
            await self._happen(event)
        await self._until(self.plan.lasts_s)
        self.wire.left = self._left
        await self.calm()
        await self.check_rest()
        await ENDINGS[self.plan.ending](self)
        await self.machine.stop()
        self.oracle.figures["writes"] = self._writes
        digest = hashlib.sha256(repr(self._trace).encode()).hexdigest()
        return Result(digest, self.oracle.violations, self.oracle.figures, self.true.passed_s)

    def _populate(self) -> None:
        chance = random.Random(f"before {self.plan.seed}")
        if "document" in self.plan.kinds:
            for n in range(1, ARTICLES + 1):
                self.people.new_article(ArticleNumber=f"{n}", Description=f"Vara {n}", price=10 * n)
        if "M" in self.plan.classes and "article" in self.plan.kinds:
            for _ in range(MANY):
                self.crowd.act("new_article", chance)
        for _ in range(self.plan.customers):
            self.crowd.act(chance.choice(["new_customer", "new_organisation"]), chance)
        for _ in range(2 if "document" in self.plan.kinds else 0):
            self.crowd.act(chance.choice(["new_delivery", "new_order", "new_invoice"]), chance)

    async def _until(self, at_s: float) -> None:
        await self.clock.sleep(at_s - self.true.passed_s)

    async def _happen(self, event: Event) -> None:
        self.trace("event", event.number, event.what, event.act, self.clock.wrong_s)
        chance = random.Random(f"{self.plan.seed} {event.number}")
        if event.what == "act":
            self.crowd.act(event.act, chance)
        else:
            await HAPPENINGS[event.what](self, chance)

    def configure(self, changed: int) -> None:
        """From now on the config file is another one; below zero it is a bad one."""
        self.config_now = lambda: config(self.plan, changed, self.connector)

    async def consent(self) -> None:
        """An administrator consents, and the daemon is given the code; until calm nobody tries twice."""
        self.world.systems[FORTNOX].act("restore_consent", {"client_id": DAEMON, "tenant": TENANT})
        process = self.machine.running
        if self.plan.grant == "client_credentials" or process is None:
            return
        scopes = " ".join(config(self.plan, 0, self.connector).companies[COMPANY].scopes)
        asked = {
            "client_id": DAEMON,
            "response_type": "code",
            "state": "1",
            "scope": scopes,
            "redirect_uri": URL,
        }
        link = web.Request(method="GET", path="/oauth-v1/auth", query=tuple(asked.items()))
        back = self.world.systems[FORTNOX].handle(link).headers["location"]
        code = dict(parse_qsl(urlsplit(back).query))["code"]
        self._refused = True
        with suppress(DaemonError):
            await process.ask(process.supervisor.vendors.authorize(COMPANY, code, URL))
            self._refused = False
            await self.nudge(process)

    async def nudge(self, process: Process) -> None:
        """An operator wants a pass soon, of the connector by the name it has just now."""
        for name in list(process.supervisor.connectors):
            await process.ask(process.supervisor.nudge(name))

    def aside(self, work: Coroutine[Any, Any, None]) -> None:
        """Something that goes on while other things happen."""
        self._asides.append(asyncio.get_running_loop().create_task(work))

    # -------------------------------------------------------------- rest

    async def calm(self) -> None:
        """No more faults; the daemon works until nothing moves, and an operator sees to what is listed."""
        for task in self._asides:
            await task
        self.wire.calm()
        self.wire.told = self.oracle.conduct.told
        self.machine.disk.refuses = self.machine.disk.denies = 0
        self.config_now = lambda: config(self.plan, 0, self.connector)
        if self.machine.process and self.machine.process.dies_in is not None:
            self.machine.process.dies_in = None
        process = await self.machine.start()
        await process.ask(process.supervisor.reload())
        await self.consent()
        if self._refused:
            await self.consent()  # the code had run out while they wanted no calls
        if not self.plan.classes or self.plan.seed % RHYTHM_EVERY == 1:
            await self._keep_time()
        await self.rest()

    async def _keep_time(self) -> None:
        """Nobody asks for anything: half an interval late is fresh enough, after many failures less."""
        away_s = LONGEST_BACKOFF_S if self._away else 0.0
        await self.clock.sleep(1.5 * self.plan.interval_s + SLOW_S + away_s)
        self.oracle.conduct.check_rhythm(self.true.passed_s, self.plan.interval_s)

    async def rest(self) -> None:
        """The daemon works until nothing moves, before and after somebody saw to what is listed."""
        await self._settle()
        if await self._operate():
            await self._settle()
        if await self._release():  # what was tried once more made another plan of a released one (decision 8)
            await self._settle()

    async def _settle(self) -> None:
        """Until a pass finds nothing to do, an overlap after the last one that did something."""
        for _ in range(RESTS_WITHIN):
            await self.clock.sleep(OVERLAP_S)
            if self._refused:
                await self.consent()  # they wanted no calls for a while
            before = self._writes
            for _ in range(self._passes - 1):
                await self._sync()
            report = await self._sync()
            if report and report.next_look_at:
                await self.clock.sleep((report.next_look_at - self.clock.now()).total_seconds())
            elif report and not report.unknown and self._writes == before:
                return
        self.oracle.fail("I35 no rest")

    async def _sync(self) -> Any:
        """A pass of both sides, as the operator's command asks for it; None when it failed."""
        process = await self.machine.start()
        if process.refused:
            self.oracle.fail(f"I33 the daemon does not start: {process.refused}")
            return None
        try:
            reports = await process.ask(
                process.supervisor.sync([self.connector], dry_run=False, imports=None)
            )
        except DaemonError:
            return None
        if not reports:
            return None
        (report,) = reports
        if report.outcome in ("error", "config", "state"):
            self.oracle.fail(f"I35 a pass ends as {report.outcome}: {report.error}")
        return None if report.outcome in ("unreachable", "grant", "error", "state") else report

    async def _operate(self) -> int:
        """What is listed is looked at by somebody, and tried once more; how much it is."""
        listed = await self._release()
        process = await self.machine.start()
        for parked in await process.desk.parked():
            listed += 1
            self.oracle.figures["parked"] += 1
            self.trace("parked", parked["kind"], parked["key"], parked["code"])
            self.oracle.asked(_place(parked), parked["code"])
            if not (parked["code"] and parked["what"] and parked["todo"]):
                self.oracle.fail(f"I2 {parked} is listed without a reason or a next step")
            await process.desk.retry(parked["id"])
        self.oracle.conduct.retried()
        return listed

    async def _release(self) -> int:
        """Plans that are held are looked at and released; how many."""
        process = await self.machine.start()
        held = await process.desk.held()
        for each in held:
            self.oracle.released()
            self.oracle.figures["held"] += 1
            await process.desk.release(each["id"], drop=False)
        return len(held)

    async def listed(self) -> dict[tuple[str, str, str], list[str]]:
        """What an operator can read of each record: its fields in conflict, or "*" when all of it waits."""
        process = await self.machine.start()
        found: dict[tuple[str, str, str], list[str]] = {}
        for each in await process.desk.parked():
            found.setdefault(_place(each), []).append("*")
        for each in await process.desk.conflicts():
            if each["state"] != "decided":
                found.setdefault(_place(each), []).append(each["field"])
        for held in await process.desk.held():
            for step in held["steps"]:
                found.setdefault(_place(step), []).append("*")
        return found

    async def check_rest(self) -> None:
        process = await self.machine.start()
        for side in (FORTNOX, WEBCRM):
            self.oracle.look(side, "people", None)
        if unsettled := await process.desk.intents():
            self.oracle.fail(f"G12 still unsettled: {unsettled}")
        self.oracle.at_rest(await self.listed())
        for parked in await process.desk.parked():
            self.oracle.waits(_place(parked), parked["code"])
        for conflict in await process.desk.conflicts():
            if conflict["state"] == "open":
                self.oracle.disputed(_place(conflict), conflict["field"])
        for orphan in self.oracle.orphans():
            self.oracle.fail(f"I1 {orphan} comes from nobody")
        if (row := await process.house.journal.broken_log_row()) is not None:
            self.oracle.fail(f"I20 row {row} of the log does not verify")
        decided = {(_place(each), each["field"]) for each in await process.desk.conflicts()}
        for thing, word, edit in self.oracle.decided():
            places = {(side, thing.kind, key) for side, key in thing.ids.items()}
            if not any((place, word) in decided for place in places):
                self.oracle.fail(f"I14 {thing.ids} {word} {edit.value!r} lost and is not on record")

    def keep_copy(self) -> None:
        """A backup, which may be put back."""
        self.copies.append(Copy(self.true.passed_s, self.machine.disk.copy()))

    async def with_memory(self, copy: Copy) -> None:
        """The process is killed, and the next one finds this state."""
        await self.machine.kill()
        self.machine.disk.put_back(copy.image)
        self.oracle.memory_is_lost(copy.at_s)
        await self.machine.start()

    async def people_act(self, chance: random.Random) -> None:
        """A few acts more, within some minutes."""
        often = {act: weight for kind in self.plan.kinds for act, weight in OFTEN[kind].items()}
        for act in chance.choices(list(often), list(often.values()), k=4):
            await self.clock.sleep(chance.uniform(0, 100))
            self.trace("after", act)
            if act == "drop_line":
                self._passes = OPEN_EVERY
            self.crowd.act(act, chance)

    async def no_effect(self, why: str, *, creates_only: bool) -> None:
        """From here to the next rest the daemon must write nothing, or nothing that was there (I1)."""
        writes = self._writes
        await self._settle()
        if self._writes > writes and not creates_only:
            self.oracle.fail(f"I12 {why}: {self._writes - writes} written")


def _place(each: Mapping[str, Any]) -> tuple[str, str, str]:
    side, _, record_id = str(each["key"]).partition(":")
    return (WEBCRM if side == "partner" else FORTNOX), each["kind"], record_id


# ------------------------------------------------------------------ how a world ends


async def _idle(simulation: Simulation) -> None:
    await simulation.no_effect("an idle world", creates_only=False)


async def _wipe(simulation: Simulation) -> None:
    """The state is lost: twins are found again, nothing is made."""
    await _with_memory(simulation, Copy(float("-inf"), template()), "the state was lost")


async def _restore(simulation: Simulation) -> None:
    """An earlier copy of the state is put back."""
    if not simulation.copies:
        return await _idle(simulation)
    chance = random.Random(f"restore {simulation.plan.seed}")
    return await _with_memory(simulation, chance.choice(simulation.copies), "an earlier state was put back")


async def _with_memory(simulation: Simulation, copy: Copy, why: str) -> None:
    """
    With another memory nothing is made twice; then people act, first while the daemon still learns what
    there is (the rule decides), and once more when it knows it again (as if nothing had been).
    """
    await simulation.machine.kill()
    await simulation.clock.sleep(OVERLAP_S)
    await simulation.with_memory(copy)
    await simulation.consent()
    chance = random.Random(f"after {simulation.plan.seed}")
    if chance.random() < 0.5:
        await simulation.no_effect(why, creates_only=True)
    else:
        await simulation.people_act(chance)
    await simulation.rest()
    await simulation.check_rest()
    simulation.oracle.memory_is_back()
    await simulation.people_act(chance)
    await simulation.rest()
    await simulation.check_rest()


ENDINGS: Final[Mapping[str, Callable[[Simulation], Awaitable[None]]]] = {
    "": _idle,
    "wipe": _wipe,
    "restore": _restore,
}


# ------------------------------------------------------------------ the config


@cache
def _folder() -> Path:
    path = Path(tempfile.mkdtemp(prefix="simulation-"))
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path


@cache
def _config(
    documents: str, number_owner: str, articles: str, interval_s: int, grant: str, connector: str
) -> Config:
    name = f"{documents}-{number_owner}-{articles}-{interval_s}-{grant}-{connector}"
    folder = _folder() / name
    path = write_configs(folder, URL, "6m", kinds=["webcrm"])
    text = path.read_text("utf-8")
    more = f'number_owner = "{number_owner}"\narticles = {articles}\n{EMAIL}\n'
    for old, new in (
        ('documents = "order" ', f'{more}documents = "{documents}" '),
        ('settle = "2s"', 'settle = "60s"'),
        ('gap = "1s"', 'gap = "10s"'),
        ('overlap = "30s"', f'overlap = "{OVERLAP}"\ngrant = "{grant}"'),
        (f"[connector.{CONNECTOR}]", f"[connector.{connector}]"),
        ('interval = "6m"', f'interval = "{interval_s}s"'),
    ):
        assert old in text, old
        text = text.replace(old, new)
    path.write_text(text, "utf-8")
    return load(path)


def config(plan: Plan, changed: int, connector: str) -> Config:
    """The config of a plan; `changed` makes it another one. Raises ConfigError when it is negative."""
    if changed < 0:
        raise ConfigError("CFG04", "an unknown key", "config.toml", "take it away")
    articles = str("article" in plan.kinds).lower()
    interval_s = plan.interval_s + changed
    return _config(plan.documents, plan.number_owner, articles, interval_s, plan.grant, connector)
