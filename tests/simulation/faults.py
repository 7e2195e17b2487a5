"""The happenings that a plan may name: all nine classes of the fault model, each a few lines."""

from __future__ import annotations

import asyncio
import base64
import contextvars
import json
import random
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Final

from msgspec import structs

from daemon.sandbox import web
from daemon.sandbox.fortnox.oauth import SCOPES, Grant
from tests.simulation.camera import FORTNOX, TENANT, WEBCRM
from tests.simulation.faults_lists import LISTS
from tests.simulation.faults_records import RECORDS
from tests.simulation.oracle import DAEMON
from tests.simulation.plan import HTTP, LATE_MOST_S, NETWORK
from tests.simulation.wire import Sent, Spoil

if TYPE_CHECKING:
    from tests.simulation.world import Simulation

UNNOTICED_S: Final = 300.0  # a step of the host's clock that the daemon takes for one
Happening = Callable[["Simulation", random.Random], Awaitable[None]]
STRANGER: Final = {"CompanyInformation": {"CompanyName": "Annan AB", "DatabaseNumber": 7654321}}
JSON: Final = {"content-type": "application/json"}
LISTED: Final = ("lastmodified=", "UpdatedAt")
LISTED_S: Final = 185.0  # a list shows a change so long, at least
WRONG_S: Final = (-86_400.0, -3600.0, -1.0, 0.0, 1.0, 5.0, 3600.0, 86_400.0)


async def _network(simulation: Simulation, chance: random.Random) -> None:
    _spoil(simulation, chance, chance.choice(NETWORK))


async def _http(simulation: Simulation, chance: random.Random) -> None:
    _spoil(simulation, chance, chance.choice(HTTP))


def _spoil(simulation: Simulation, chance: random.Random, what: str) -> None:
    effect = True if what == "twice" else chance.choice([True, True, None, False])
    order = Spoil(
        what=what,
        system=chance.choice([FORTNOX, WEBCRM]),
        effect=effect,
        count=chance.randint(1, 3),
        skip=chance.randint(0, 2),
        late_s=chance.uniform(0.1, LATE_MOST_S),
    )
    simulation.trace("spoil", what, order.system, order.count)
    simulation.wire.spoils.append(order)


# ------------------------------------------------------------------ time


async def _jump(simulation: Simulation, chance: random.Random) -> None:
    """The host's clock is set, forwards or back."""
    before, simulation.clock.wrong_s = simulation.clock.wrong_s, chance.choice(WRONG_S)
    _leapt(simulation, simulation.clock.wrong_s - before)


def _leapt(simulation: Simulation, ahead_s: float) -> None:
    """Small steps forward shorten waits that outlive the process; so do large ones that nearly cancel out."""
    conduct, wrong_s = simulation.oracle.conduct, simulation.clock.wrong_s
    simulation.oracle.time_leapt_at_s = simulation.true.passed_s
    conduct.host_ahead_s += ahead_s if 0 < ahead_s <= UNNOTICED_S else 0.0
    if wrong_s <= UNNOTICED_S:
        conduct.host_ahead_s = max(conduct.host_ahead_s, wrong_s)


async def _reboot(simulation: Simulation, chance: random.Random) -> None:
    """The clock is set while nobody runs."""
    await simulation.machine.kill()
    await _jump(simulation, chance)
    await simulation.clock.sleep(chance.choice([0.0, 5.0, 60.0]))
    await simulation.machine.start()


async def _skew(simulation: Simulation, chance: random.Random) -> None:
    """The vendors' clock is not ours."""
    skew_s = chance.uniform(-60, 60)  # as five minutes are to an overlap of ten
    ahead_s, now_s = skew_s - simulation.skew_s, simulation.true.passed_s
    simulation.oracle.conduct.step(now_s, ahead_s)
    simulation.oracle.set_back_until_s = max(simulation.oracle.set_back_until_s, now_s - ahead_s)
    simulation.skew_s = skew_s


async def _freeze(simulation: Simulation, chance: random.Random) -> None:
    """The host's clock stands still for some minutes; it goes on from there, or is put right."""
    clock, lasts_s = simulation.clock, chance.uniform(60, 400)
    if clock.stands_at:
        return
    clock.stands_at = clock.now()
    simulation.oracle.conduct.host_stood_until_s = simulation.true.passed_s + lasts_s
    simulation.oracle.time_leapt_at_s = simulation.true.passed_s

    async def goes_on() -> None:
        await clock.sleep(lasts_s)
        before, clock.stands_at = clock.now(), None
        if chance.random() < 0.5:
            clock.wrong_s -= (clock.now() - before).total_seconds()
        _leapt(simulation, (clock.now() - before).total_seconds())

    simulation.aside(goes_on())


# ------------------------------------------------------------------ the process


async def _kill(simulation: Simulation, chance: random.Random) -> None:
    await simulation.machine.kill()
    simulation.keep_copy()
    await simulation.clock.sleep(chance.choice([0.0, 1.0, 30.0, 120.0]))
    await simulation.machine.start()


async def _die(simulation: Simulation, chance: random.Random) -> None:
    """At one of its next steps, or just when it has sent or heard something; it is started again."""
    if chance.random() < 0.5:
        _dies(simulation, chance, 60)
        return
    if chance.random() < 0.4:
        _dies_hearing(simulation, chance)
        return
    before, lost = simulation.wire.left, chance.choice(["lost before", "lost after", "late", ""])
    rows = "document" in simulation.plan.kinds and chance.random() < 0.3  # then while rows are half written
    if lost and not rows:
        late_s = chance.uniform(0.1, LATE_MOST_S)
        simulation.wire.spoils.append(Spoil(what=lost, system="*", effect=True, count=1, late_s=late_s))

    def sent(request: Sent) -> None:
        before(request)
        if request.request.effect and (not rows or "/QuotationLines" in request.request.url):
            simulation.wire.left = before
            outside = contextvars.Context()  # what starts it again must not end with it
            loop = asyncio.get_running_loop()
            loop.call_soon(_dies, simulation, chance, 2, context=outside)
            loop.call_later(chance.uniform(1, 60), _beside, simulation, chance, request, context=outside)

    simulation.wire.left = sent


def _beside(simulation: Simulation, chance: random.Random, sent: Sent) -> None:
    """Somebody edits a row of the delivery to which one was added."""
    found = re.search(rb'QuotationLineOpportunityId":\s*(\d+)', sent.request.body or b"")
    if found:
        simulation.crowd.act_on("edit_line", found[1].decode(), chance)


def _dies_hearing(simulation: Simulation, chance: random.Random) -> None:
    """While it stores what a list has shown for the first time, and will not show again (no overlap)."""
    before, began_s = simulation.wire.told, simulation.true.passed_s
    listed_s: dict[str, float] = {}  # which list -> when it was heard last

    def heard(sent: Sent, came: web.Response | str) -> None:
        before(sent, came)
        if isinstance(came, str) or not any(part in sent.request.url for part in LISTED):
            return
        which = "".join(letter for letter in sent.request.url if not letter.isdigit())
        since_s, listed_s[which] = listed_s.get(which, began_s), sent.at_s
        changes = simulation.oracle.changed_s.items()
        if any(side == sent.system and since_s < at_s < sent.at_s - LISTED_S for (side, *_), at_s in changes):
            simulation.wire.told = before
            contextvars.Context().run(_dies, simulation, chance, 4)

    simulation.wire.told = heard


def _dies(simulation: Simulation, chance: random.Random, within: int) -> None:
    process = simulation.machine.running
    if process is None:
        return
    process.dies_in = chance.randint(0, within)

    async def again() -> None:
        await process.over.wait()
        await simulation.clock.sleep(chance.choice([0.0, chance.uniform(0, 20)]))
        await simulation.machine.start()

    simulation.aside(again())


async def _stop(simulation: Simulation, chance: random.Random) -> None:
    await simulation.machine.stop()
    simulation.keep_copy()
    await simulation.clock.sleep(chance.uniform(0, 60))
    await simulation.machine.start()


async def _reload(simulation: Simulation, chance: random.Random) -> None:
    """SIGHUP with another config, the same one or a bad one."""
    simulation.configure(chance.choice([-1, 0, 1, 2]))
    process = simulation.machine.running
    if process:
        await process.ask(process.supervisor.reload())


async def _rename(simulation: Simulation, _chance: random.Random) -> None:
    """The connector gets another name in the config; it is the same one."""
    simulation.connector = "crm" if simulation.connector == "webcrm" else "webcrm"
    simulation.configure(0)
    process = simulation.machine.running
    if process:
        await process.ask(process.supervisor.reload())


async def _stall(simulation: Simulation, chance: random.Random) -> None:
    """The whole host stands still, but not the network."""
    simulation.wire.bring()
    simulation.true.passed_s += chance.uniform(30, 90)


async def _cancel(simulation: Simulation, chance: random.Random) -> None:
    """The pass under way is cancelled at one of its next steps, by a reload that exchanges the connector."""
    await asyncio.sleep(0)
    simulation.configure(chance.choice([1, 2, 3]))
    await simulation.clock.sleep(chance.uniform(0, 0.5))
    process = simulation.machine.running
    if process:
        await simulation.nudge(process)
        await simulation.clock.sleep(chance.uniform(0, 1.5))
        await process.ask(process.supervisor.reload())


# ------------------------------------------------------------------ disk, grants, records, masses


async def _disk(simulation: Simulation, chance: random.Random) -> None:
    """The next commits are refused."""
    simulation.keep_copy()
    if chance.random() < 0.5:
        simulation.machine.disk.refuses += chance.choice([1, 1, 2, 5, 30])
        return
    before = simulation.wire.told

    def full(sent: Sent, came: web.Response | str) -> None:
        """Just when there is something to remember."""
        before(sent, came)
        if sent.request.effect:
            simulation.wire.told = before
            simulation.machine.disk.refuses += chance.choice([1, 2])

    simulation.wire.told = full


async def _denied(simulation: Simulation, chance: random.Random) -> None:
    """The next commits are there, and the disk says that they are not."""
    simulation.machine.disk.denies += chance.choice([1, 1, 2, 5])


async def _restore(simulation: Simulation, chance: random.Random) -> None:
    """An older copy of the state is put back."""
    simulation.keep_copy()
    copy = chance.choice(simulation.copies)

    async def back() -> None:
        await simulation.clock.sleep(chance.uniform(0, 300))
        await simulation.with_memory(copy)
        await simulation.consent()

    simulation.aside(back())


async def _revoke(simulation: Simulation, chance: random.Random) -> None:
    """The company takes its consent away, and gives it again."""
    about = {"client_id": DAEMON, "tenant": TENANT}
    simulation.people.act("fortnox", "revoke_consent", **about)

    async def again() -> None:
        await simulation.clock.sleep(chance.uniform(10, 200))
        await simulation.consent()

    simulation.aside(again())


async def _expire(simulation: Simulation, chance: random.Random) -> None:
    """Tokens live shorter."""
    simulation.world.systems[FORTNOX].switch("access_token_s", chance.choice([30, 120, 600]))
    simulation.world.systems[WEBCRM].switch("token_lifetime_s", chance.choice([30, 120, 600]))


async def _scope(simulation: Simulation, chance: random.Random) -> None:
    """What they consent to is less than it was, for a while."""
    about = {"client_id": DAEMON, "tenant": TENANT}
    simulation.people.act("fortnox", "revoke_consent", **about)
    oauth = simulation.world.systems[FORTNOX]._oauth
    lacking = chance.choice(["customer", "companyinformation"])
    few = tuple(scope for scope in SCOPES if scope != lacking)
    oauth.consents[DAEMON, TENANT] = Grant(DAEMON, TENANT, few)

    async def again() -> None:
        await simulation.clock.sleep(chance.uniform(10, 200))
        await simulation.consent()

    simulation.aside(again())


async def _secret(simulation: Simulation, chance: random.Random) -> None:
    """The client's secret is exchanged; the daemon has the old one until somebody gives it the new one."""
    before, until_s = simulation.wire.bent, simulation.true.passed_s + chance.uniform(10, 400)

    def stale(side: str, request: web.Request) -> web.Request:
        request = before(side, request)
        if simulation.true.passed_s > until_s or not request.path.startswith("/oauth-v1/"):
            return request
        old = base64.b64encode(f"{DAEMON}:old".encode()).decode()
        return structs.replace(request, headers={**request.headers, "authorization": f"Basic {old}"})

    simulation.wire.bent = stale


async def _stranger(simulation: Simulation, chance: random.Random) -> None:
    """Another company answers a process that has just started; nothing may be written there (I19)."""
    await simulation.machine.kill()
    now_s = simulation.true.passed_s
    until_s = now_s + chance.uniform(5, 100)

    def other(sent: Sent) -> web.Response | None:
        if sent.system != FORTNOX or "oauth" in sent.request.url:
            return None
        if not now_s <= sent.at_s or simulation.true.passed_s > until_s:
            return None
        if sent.request.effect:
            simulation.oracle.fail(f"I19 {sent.request.method} {sent.request.route} at another company")
        about = "companyinformation" in sent.request.url
        body = STRANGER if about else {}
        return web.Response(status=200 if about else 404, headers=JSON, body=json.dumps(body).encode())

    simulation.wire.instead = other
    await simulation.machine.start()


async def _mass(simulation: Simulation, chance: random.Random) -> None:
    """Somebody changes everything at once; they are overwhelmed, or we are."""
    since_s = simulation.true.passed_s
    for key in simulation.crowd.ids(FORTNOX, "customer"):
        simulation.crowd.act_on("edit_customer", key, chance, 'Name"')
    simulation.oracle.masses(since_s)
    simulation.oracle.time_leapt_at_s = simulation.true.passed_s
    process = simulation.machine.running
    if process and chance.random() < 0.5:
        await simulation.nudge(process)
        if chance.random() < 0.5:
            _dies(simulation, chance, 150)
    system, skip = chance.choice([FORTNOX, WEBCRM]), chance.randint(0, 30)
    simulation.wire.spoils.append(Spoil(what="429 wait", system=system, effect=None, count=1, skip=skip))


HAPPENINGS: Final[Mapping[str, Happening]] = {
    "network": _network,
    "http": _http,
    **LISTS,
    "jump": _jump,
    "skew": _skew,
    "reboot": _reboot,
    "freeze": _freeze,
    "kill": _kill,
    "die": _die,
    "stop": _stop,
    "reload": _reload,
    "stall": _stall,
    "cancel": _cancel,
    "rename": _rename,
    "disk": _disk,
    "denied": _denied,
    "restore": _restore,
    "revoke": _revoke,
    "expire": _expire,
    "scope": _scope,
    "stranger": _stranger,
    "secret": _secret,
    **RECORDS,
    "mass": _mass,
}
