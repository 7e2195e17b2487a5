"""
A world between ES Kassasystem and Fortnox and its agenda: what years of reports and hours of stock share.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import heapq
import json
import random
import re
from collections import Counter
from collections.abc import Callable, Collection, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from functools import cache, partial
from itertools import count
from typing import Any, Final, Protocol

from daemon.config import Config, load
from daemon.core.report import ConnectorReport
from daemon.core.stockholm import ZONE
from daemon.errors import DaemonError
from daemon.sandbox import web
from daemon.sandbox.configs import write_configs
from daemon.sandbox.web import ActionError
from daemon.sandbox.world import World
from tests.shop import KEY, MACHINE, OFF, PEOPLE
from tests.simulation.camera import FORTNOX, TENANT
from tests.simulation.clockwork import HostClock, TrueTime, simulated
from tests.simulation.machine import Machine
from tests.simulation.oracle import DAEMON
from tests.simulation.plan import HTTP, LATE_MOST_S, NETWORK, Event
from tests.simulation.wire import Sent, Spoil, Wire
from tests.simulation.world import URL, Result, _folder
from tests.town import TownIds

ESKASSA: Final = "eskassa"
CONNECTOR: Final = "eskassa"
DAY_S: Final = 86_400.0
HOUR_S: Final = 3600.0
# A creation that the network repeats is a duplicate which the sentinel tells of (I1).
BREAKS: Final = tuple(each for each in NETWORK if each != "twice")

LEFT_OUT: Final = "payment_terms|master|invoice_sales|start|reports_from|invoices_from"
PERSON: Final = {
    "machineid": MACHINE,
    "machinekey": KEY,
    "integratorid": PEOPLE,
    "accept": "application/json",
    "content-type": "application/json",
}

USED: Final = "409"  # dinkassa's own word for a requestKey that was used (2.2): nothing else there says it

Work = Callable[[], Coroutine[Any, Any, None]]


class Plan(Protocol):
    """What a host needs of a plan."""

    @property
    def seed(self) -> int:
        """Of all chance."""
        ...

    @property
    def events(self) -> tuple[Event, ...]:
        """What happens."""
        ...

    @property
    def switches(self) -> tuple[tuple[str, str, Any], ...]:
        """How the vendors behave where nobody knows: side, name, value."""
        ...


class Host:
    """Vendors, network, disk and daemon in motion; `violations` and `figures` are what comes of it."""

    def __init__(self, plan: Plan, start: dt.datetime, config: Callable[[], Config]) -> None:
        self.seed = plan.seed
        self.true = TrueTime(start)
        self.world = World(self.true.now, filled=False)
        self.clock = HostClock(self.true)
        self.wire = Wire(self._carried, self.true, self.clock, random.Random(f"wire {plan.seed}"))
        self.machine = Machine(self.wire, self.clock, TownIds(plan.seed), self._log, config)
        self.machine.disk.hops = plan.seed % 4 == 0
        self.violations: list[str] = []
        self.figures: Counter[str] = Counter()
        self.off = False  # the host is
        self._digest = hashlib.sha256()
        self._agenda: list[tuple[float, int, Work]] = []
        self._order = count()
        for side, name, value in plan.switches:
            self.world.systems[side].switch(name, value)
        self.act(FORTNOX, "restore_consent", client_id=DAEMON, tenant=TENANT)

    def fail(self, what: str) -> None:
        """An invariant does not hold. Each once."""
        if what not in self.violations:
            self.violations.append(what)

    # -------------------------------------------------------------- what is seen

    def trace(self, *what: object) -> None:
        """One line of the trace, of which the digest is made."""
        self._digest.update(repr((self.true.passed_s, *what)).encode())

    def hears(self, event: str, fields: Mapping[str, Any]) -> None:
        """The daemon tells of something."""

    def _log(self, level: str, event: str, fields: Mapping[str, Any]) -> None:
        self.hears(event, fields)
        self.trace("log", level, event, sorted((name, str(value)) for name, value in fields.items()))

    def _carried(self, sent: Sent, request: web.Request, how: str) -> web.Response:
        response = self.world._dated(self.world.systems[sent.system].handle(request))
        self.trace(sent.system, request.method, request.path, response.status, how)
        self.figures["requests"] += 1
        return response

    def act(self, side: str, verb: str, **body: Any) -> Any:
        """Somebody does something; None when it is refused."""
        try:
            answer = self.world.systems[side].act(verb, body)
        except ActionError as error:
            self.trace(side, verb, "refused", str(error))
            return None
        self.trace(side, verb, sorted(body.items(), key=str))
        return answer

    def category(self) -> str:
        """The id of a new category at the tills."""
        body = b'{"Item": {"Name": "Butik"}}'
        asked = web.Request(method="POST", path="/api/category", headers=PERSON, body=body)
        return str(json.loads(self.world.systems[ESKASSA].handle(asked).body)["Item"]["Id"])

    def local(self) -> dt.datetime:
        """What the clock on the wall shows."""
        return self.true.now().astimezone(ZONE).replace(tzinfo=None, microsecond=0)

    # -------------------------------------------------------------- the agenda

    def at(self, at_s: float, work: Work) -> None:
        """Have something happen then."""
        heapq.heappush(self._agenda, (at_s, next(self._order), work))

    def after(self, seconds: float, work: Work) -> None:
        """Have something happen so much later."""
        self.at(self.true.passed_s + seconds, work)

    def nothing_more(self) -> None:
        """What was to happen does not."""
        self._agenda.clear()

    async def run(self) -> Result:
        """Everything on the agenda, one after the other."""
        await self.machine.start()
        while self._agenda:
            at_s, _, work = heapq.heappop(self._agenda)
            await self.clock.sleep(at_s - self.true.passed_s)
            await work()
        await self.machine.stop()
        return Result(self._digest.hexdigest(), self.violations, self.figures, self.true.passed_s)

    # -------------------------------------------------------------- the daemon

    async def sync(self) -> ConnectorReport | None:
        """One pass of both sides, as the operator asks for it; None when the process died over it."""
        process = await self.machine.start()
        if process.refused:
            if not process.refused.code.startswith("DBS"):  # a full disk: it is started again
                self.fail(f"I33 the daemon does not start: {process.refused}")
            return None
        try:
            reports = await process.ask(process.supervisor.sync([CONNECTOR], dry_run=False, imports=None))
        except DaemonError:
            reports = None
        if process.over.is_set() or not reports:
            return None
        self.trace("looked", reports[0].outcome)
        if reports[0].outcome == "error":
            self.fail(f"I35 a pass ends as error: {reports[0].error}")
        return reports[0]

    async def restart(self) -> None:
        """The host's service manager starts what has ended."""
        if not self.off:
            await self.machine.start()

    @contextmanager
    def unharmed(self) -> Iterator[None]:
        """Whoever looks at what is listed is spared what is to befall the daemon's own work."""
        disk, process = self.machine.disk, self.machine.process
        before, disk.refuses, disk.denies = (disk.refuses, disk.denies), 0, 0
        if process:
            process.dies_in = None
        yield
        disk.refuses, disk.denies = before

    def calm(self) -> None:
        """No more faults."""
        self.trace("calm")
        self.nothing_more()
        self.wire.calm()
        self.machine.disk.refuses = self.machine.disk.denies = 0
        self.off = False
        if self.machine.process:
            self.machine.process.dies_in = None

    async def check_log(self) -> None:
        """The log of what was transferred is whole."""
        process = await self.machine.start()
        if (row := await process.house.journal.broken_log_row()) is not None:
            self.fail(f"I20 row {row} of the log does not verify")


# ------------------------------------------------------------------ faults that both have


def spoil(host: Host, chance: random.Random, what: str) -> None:
    """Some of the next requests go wrong."""
    system, effect = chance.choice([FORTNOX, FORTNOX, ESKASSA]), chance.choice([True, True, None, False])
    if what == USED:
        system = FORTNOX
    late_s = chance.uniform(0.1, LATE_MOST_S)
    order = Spoil(what, system, effect, chance.randint(1, 3), chance.randint(0, 2), late_s)
    host.trace("spoil", what, system, order.count)
    host.wire.spoils.append(order)


async def network(host: Host, chance: random.Random) -> None:
    """A connection breaks, one way or the other."""
    spoil(host, chance, chance.choice(BREAKS))


async def http(host: Host, chance: random.Random) -> None:
    """A vendor, or something on the way, answers with an error."""
    spoil(host, chance, chance.choice(HTTP))


async def kill(host: Host, chance: random.Random) -> None:
    """SIGKILL."""
    await host.machine.kill()
    host.after(chance.choice([0.0, 30.0, 300.0]), host.restart)


async def die(host: Host, chance: random.Random) -> None:
    """At one of its next steps."""
    if process := host.machine.running:
        process.dies_in = chance.randint(0, chance.choice([30, 200]))


async def disk(host: Host, chance: random.Random) -> None:
    """It is full for a moment, or says that it failed and did not."""
    if chance.random() < 0.7:
        host.machine.disk.refuses += chance.randint(1, 5)
    else:
        host.machine.disk.denies += 1


# ------------------------------------------------------------------ one life


@cache
def configured(name: str, boxes: Collection[str], interval_s: int, more: str) -> Config:
    """The config of a shop with these of the vendor's boxes ticked; `more` are lines of its section."""
    path = write_configs(_folder() / name, URL, kinds=[ESKASSA])
    text = path.read_text("utf-8")
    for box in OFF.keys() - set(boxes):
        text = text.replace(f"{box} = true", f"{box} = false", 1)
    text = re.sub(rf"^({LEFT_OUT}) = .*\n", "", text, flags=re.MULTILINE)
    pace = f'start = 2025-01-01\ninterval = "{interval_s}s"\noffset = "{interval_s // 2}s"\n'
    for old, new in (
        (f"[connector.{CONNECTOR}]", f"[connector.{CONNECTOR}]\n{pace}{more}"),
        ('settle = "2s"', 'settle = "60s"'),
        ('gap = "1s"', 'gap = "10s"'),
        ('overlap = "30s"', 'overlap = "3m"'),
    ):
        assert old in text, old
        text = text.replace(old, new, 1)
    path.write_text(text, "utf-8")
    return load(path)


def live(make: Callable[[], Host], ends_s: float) -> Result:
    """The life of one world. What nobody foresaw in it is a violation too."""
    try:
        return simulated(partial(_live, make), ends_s)
    except Exception as error:  # noqa: BLE001 - the world has broken down, and the seed must be told
        return Result("", (f"X {type(error).__name__}: {error}",), {}, 0.0)


async def _live(make: Callable[[], Host]) -> Result:
    return await make().run()
