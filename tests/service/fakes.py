"""A clock that moves when told, connectors that do as told, a desk that remembers."""

from __future__ import annotations

import asyncio
import datetime as dt
import signal
import tempfile
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import anyio

from daemon.config import load
from daemon.core.report import ConnectorReport
from daemon.core.wanted import Choice
from daemon.errors import DaemonError, GrantError, Unreachable
from daemon.events import Events
from daemon.service.loop import Parts
from daemon.service.signals import RELOAD, STOP, Inbox
from daemon.service.supervisor import serve
from tests.patience import patience

NOON = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
CONFIG = """
[daemon]
state_dir = "."
[company.acme]
client_id = "abc"
tenant_id = "1234567"
client_secret = { credential = "acme-fortnox" }
"""
CONNECTOR = """
[connector.%s]
kind = "webcrm"
company = "acme"
account = "%s"
auth_code = { credential = "acme-webcrm" }
"""
AWAY = Unreachable("NET02", "no answer", "GET /3/customers", "check the network")
NO_GRANT = GrantError("AUT05", "the consent is used up", "company.acme", "fortnox-syncd authorize acme")


def config_of(*names, extra=""):
    """The text of a config with connectors of these names."""
    return CONFIG + "".join(CONNECTOR % (name, name) for name in names) + extra


class FakeVendors:
    """One company; what is asked of it is remembered."""

    def __init__(self):
        self.findings, self.codes = [], []

    async def companies(self):
        return [{"name": "acme", "tenant": "1234567", "grant": "ok"}]

    async def check(self):
        return self.findings

    async def choices(self, company):
        known = [Choice(value="K", title="Kassa"), Choice(value="B", title="Faktura", note="not manual")]
        return {"voucher_series": known} if company == "acme" else {}

    async def authorize(self, company, code, redirect_uri):
        if company != "acme":
            raise DaemonError("CTL01", f"there is no company {company}", company, "use one of: acme")
        self.codes.append((company, code, redirect_uri))


class ManualClock:
    """Moves only in `advance`, waking sleepers in order."""

    def __init__(self):
        self.time_s = 0.0
        self._sleepers = []

    def now(self):
        return NOON + dt.timedelta(seconds=self.time_s)

    def monotonic(self):
        return self.time_s

    async def sleep(self, seconds):
        if seconds <= 0:
            return await anyio.lowlevel.checkpoint()
        sleeper = (self.time_s + seconds, anyio.Event())
        self._sleepers.append(sleeper)
        try:
            await sleeper[1].wait()
        finally:
            if sleeper in self._sleepers:
                self._sleepers.remove(sleeper)

    async def advance(self, seconds):
        """Let this much time pass, and everything happen that it makes happen."""
        end = self.time_s + seconds
        await anyio.wait_all_tasks_blocked()
        while due := [each for each in self._sleepers if each[0] <= end]:
            first = min(due, key=lambda each: each[0])
            self.time_s = max(self.time_s, first[0])
            self._sleepers.remove(first)
            first[1].set()
            await anyio.wait_all_tasks_blocked()
        self.time_s = end


class Chance:
    """Always the same."""

    def uniform(self):
        return 0.5

    def bytes(self, count):
        return bytes(count)


class ScriptedLoop:
    """A connector that records its passes and does what `script` says: an outcome, an error, or a wait."""

    company, kind, digest = "acme", "webcrm", "d"

    def __init__(self, name="crm", clock=None, interval_s=360.0, offset_s=180.0):
        self.name, self.clock, self.interval_s, self.offset_s = name, clock, interval_s, offset_s
        self.passes = []
        self.script = []
        self.in_step = None  # an event: the pass is inside a write until it is set
        self.ended_cleanly = None

    def creations_wait(self):
        return None

    async def run_pass(self, side, *, dry_run=False, imports=None, eager=False):
        self.passes.append((self.clock.monotonic(), side.value if side else "both"))
        what = self.script.pop(0) if self.script else "ok"
        if isinstance(what, BaseException):
            raise what
        if what == "hang":
            await anyio.sleep_forever()
        if what == "write":
            with anyio.CancelScope(shield=True):
                await self.in_step.wait()
                self.ended_cleanly = True
            await anyio.lowlevel.checkpoint()
            what = "ok"
        if isinstance(what, ConnectorReport):
            return what
        return ConnectorReport(name=self.name, outcome=what)


class FakeDesk:
    """Remembers what is paused; knows one parked record, p1."""

    def __init__(self):
        self.names = set()

    async def status_of(self, connector):
        counts = {"linked": 2, "parked": 1, "held": 0, "conflicts": 0, "unknown": 0}
        return {"counts": counts, "held": []}

    async def parked(self):
        return [{"id": "p1", "connector": "crm", "kind": "customer", "key": "partner:7", "code": "REC10"}]

    async def conflicts(self):
        return []

    async def intents(self):
        return []

    async def held(self):
        return []

    async def log(self, connector, key, limit):
        return [{"seq": n, "connector": connector} for n in range(min(limit, 3))]

    async def retry(self, id):  # noqa: A002
        if id != "p1":
            raise DaemonError("CTL01", f"nothing is parked under {id}", id, "see fortnox-syncd parked")
        return {"id": id, "connector": "crm"}

    async def set_paused(self, connector, paused):
        (self.names.add if paused else self.names.discard)(connector)

    async def paused(self):
        return set(self.names)


class FakeBuilder:
    """Makes ScriptedLoops; `made` and `dropped` tell what happened."""

    def __init__(self, clock):
        self.clock, self.made, self.dropped, self.fail = clock, {}, [], None
        self.may_write = True

    async def build(self, config, keep):
        if self.fail:
            raise self.fail
        loops = {}
        for name, settings in config.enabled.items():
            loop = ScriptedLoop(name, self.clock, float(settings.interval), float(settings.offset))
            loops[name] = keep.get(name) or self.made.setdefault((name, float(settings.interval)), loop)
        return loops

    def begin_no_write(self):
        self.may_write = False

    async def drop(self, loops):
        self.dropped += [loop.name for loop in loops]


class Ran:
    """A daemon in this process: its parts, its log, its exit code when it has ended."""

    def __init__(self, folder, names):
        self.folder = Path(folder)
        self.path = self.folder / "c.toml"
        self.path.write_text(config_of(*names))
        self.clock = ManualClock()
        self.lines = []
        self.events = Events(lambda level, name, fields: self.lines.append((level, name, dict(fields))))
        self.builder, self.desk = FakeBuilder(self.clock), FakeDesk()
        self.inbox, self.exit, self.told = Inbox(), None, []
        self.state_error, self.vendors = None, FakeVendors()
        self.codes = self.vendors.codes

    def parts(self):
        return Parts(
            config=load(self.path, {}),
            load=lambda: load(self.path, {}),
            builder=self.builder,
            desk=self.desk,
            events=self.events,
            clock=self.clock,
            ids=Chance(),
            probe=self._probe,
            sample=self._nothing,
            vendors=self.vendors,
        )

    async def _probe(self):
        if self.state_error:
            raise self.state_error

    async def _nothing(self):
        return ()

    def loop(self, name, interval_s=360.0):
        return self.builder.made[name, interval_s]

    def named(self, name):
        return [fields for _, event, fields in self.lines if event == name]


@contextmanager
def own_signals():
    """Give the test runner its signals back afterwards."""
    before = {number: signal.getsignal(number) for number in (*RELOAD, *STOP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            asyncio.get_running_loop().remove_signal_handler(number)
            signal.signal(number, handler)


@asynccontextmanager
async def running(*names, environ=None, before=None):
    """A daemon with connectors of these names, ready; stopped by SIGTERM's way at the end."""
    with tempfile.TemporaryDirectory(prefix="fs") as folder, own_signals():
        ran = Ran(folder, names)
        if before:
            await before(ran)

        async def live():
            ran.exit = await serve(ran.parts(), ran.inbox, environ or {})

        async with anyio.create_task_group() as group:
            group.start_soon(live)
            await anyio.wait_all_tasks_blocked()
            yield ran
            ran.inbox.stop = ran.inbox.stop or "SIGTERM"
            ran.inbox._wake()
            with patience("the end of a daemon that was told to stop"):
                while ran.exit is None:
                    await anyio.wait_all_tasks_blocked()
                    await ran.clock.advance(0)
