"""The happenings that a plan may name: all nine classes of the fault model, each a few lines."""

from __future__ import annotations

import asyncio
import contextvars
import json
import random
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from daemon.sandbox import web
from tests.simulation.camera import FORTNOX, TENANT, WEBCRM
from tests.simulation.oracle import DAEMON
from tests.simulation.plan import HTTP, LAG_MOST_S, LATE_MOST_S, NETWORK
from tests.simulation.wire import Sent, Spoil

if TYPE_CHECKING:
    from tests.simulation.world import Simulation

Happening = Callable[["Simulation", random.Random], Awaitable[None]]


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


# ------------------------------------------------------------------ lists


async def _lag(simulation: Simulation, chance: random.Random) -> None:
    """Lists do not show for a while what is new."""
    _filter(simulation, chance, _without_new(simulation, chance.uniform(1, LAG_MOST_S)))


async def _shuffle(simulation: Simulation, chance: random.Random) -> None:
    """Rows come in any order, some of them twice."""

    def shuffled(_side: str, _request: web.Request, rows: list[Any]) -> list[Any]:
        rows = rows + rows[: len(rows) // 3]
        chance.shuffle(rows)
        return rows

    _filter(simulation, chance, shuffled)


Rows = Callable[[str, web.Request, list[Any]], list[Any]]


def _filter(simulation: Simulation, chance: random.Random, change: Rows) -> None:
    """Change the rows of every list that the daemon reads for some minutes."""
    before, until_s = simulation.wire.shown, simulation.true.passed_s + chance.uniform(60, 400)
    simulation.oracle.lists_lag_until_s = max(simulation.oracle.lists_lag_until_s, until_s)

    def shown(side: str, request: web.Request, response: web.Response) -> web.Response:
        response = before(side, request, response)
        if simulation.true.passed_s > until_s or request.method != "GET" or response.status != 200:
            return response
        return _with_rows(side, request, response, change)

    simulation.wire.shown = shown


def _with_rows(side: str, request: web.Request, response: web.Response, change: Rows) -> web.Response:
    body = json.loads(response.body or b"null")
    if side == WEBCRM:
        if not isinstance(body, list) or "FieldsMetadata" in request.path:
            return response
        body = change(side, request, body)
    else:
        names = [name for name, rows in body.items() if isinstance(rows, list)]
        if "MetaInformation" not in body or not names:
            return response
        before = body[names[0]]
        body[names[0]] = change(side, request, before)
        body["MetaInformation"]["@TotalResources"] += len(body[names[0]]) - len(before)
    headers = {name: text for name, text in response.headers.items() if name.lower() != "content-length"}
    return web.Response(status=response.status, headers=headers, body=json.dumps(body).encode())


KEYS: Final = ("CustomerNumber", "ArticleNumber", "DocumentNumber", "OrganisationId", "DeliveryId")


def _without_new(simulation: Simulation, lag_s: float) -> Rows:
    def fresh(side: str, _request: web.Request, rows: list[Any]) -> list[Any]:
        now_s = simulation.true.passed_s
        young = {
            key.rpartition(":")[2]
            for (each, _, key), thing in simulation.oracle.by_id.items()
            if each == side and now_s - simulation.oracle.seen_first_s[each, thing.kind, key] < lag_s
        }
        return [row for row in rows if not _key(row) & young]

    return fresh


def _key(row: Mapping[str, Any]) -> set[str]:
    names = [name for name in row if name in KEYS or name.endswith("ItemId")]
    own = next((name for name in ("DocumentNumber", "DeliveryId", *names) if name in row), None)
    return {str(row[own])} if own else set()


# ------------------------------------------------------------------ time


async def _jump(simulation: Simulation, chance: random.Random) -> None:
    """The host's clock is set, forwards or back."""
    simulation.clock.wrong_s = chance.choice([-86_400.0, -3600.0, -1.0, 0.0, 1.0, 5.0, 3600.0, 86_400.0])


async def _skew(simulation: Simulation, chance: random.Random) -> None:
    """The vendors' clock is not ours."""
    simulation.skew_s = chance.uniform(-60, 60)  # as five minutes are to an overlap of ten


# ------------------------------------------------------------------ the process


async def _kill(simulation: Simulation, chance: random.Random) -> None:
    await simulation.machine.kill()
    simulation.copies.append(simulation.machine.disk.copy())
    await simulation.clock.sleep(chance.choice([0.0, 1.0, 30.0, 120.0]))
    await simulation.machine.start()


async def _die(simulation: Simulation, chance: random.Random) -> None:
    """At one of its next steps, or just when it has sent something; the service manager starts it again."""
    if chance.random() < 0.5:
        _dies(simulation, chance, 60)
        return
    before, lost = simulation.wire.left, chance.choice(["lost before", "lost after", "late", ""])
    if lost:
        late_s = chance.uniform(0.1, LATE_MOST_S)
        simulation.wire.spoils.append(Spoil(what=lost, system="*", effect=True, count=1, late_s=late_s))

    def sent(request: Sent) -> None:
        before(request)
        if request.request.effect:
            simulation.wire.left = before
            outside = contextvars.Context()  # what starts it again must not end with it
            asyncio.get_running_loop().call_soon(_dies, simulation, chance, 2, context=outside)

    simulation.wire.left = sent


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
    simulation.copies.append(simulation.machine.disk.copy())
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
    """The whole host stands still."""
    simulation.true.passed_s += chance.uniform(30, 90)


async def _cancel(simulation: Simulation, chance: random.Random) -> None:
    """The pass under way is cancelled at one of its next steps, by a reload that exchanges the connector."""
    await asyncio.sleep(0)
    simulation.configure(chance.choice([1, 2, 3]))
    await simulation.clock.sleep(chance.uniform(0, 0.5))
    process = simulation.machine.running
    if process:
        await process.ask(process.supervisor.nudge(simulation.connector))
        await simulation.clock.sleep(chance.uniform(0, 1.5))
        await process.ask(process.supervisor.reload())


# ------------------------------------------------------------------ disk, grants, records, masses


async def _disk(simulation: Simulation, chance: random.Random) -> None:
    """The next commits are refused."""
    simulation.copies.append(simulation.machine.disk.copy())
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


async def _meddle(simulation: Simulation, chance: random.Random) -> None:
    """Somebody edits the very record that the daemon has just read, or is just writing."""
    before = simulation.wire.left
    method = chance.choice(["GET", "PUT"])
    if chance.random() < 0.3:
        simulation.wire.spoils.append(Spoil(what="lost after", system="*", effect=True, count=1))

    def edit(sent: Sent) -> None:
        before(sent)
        if sent.request.method == method and (act := _act_on(sent)):
            simulation.wire.left = before
            loop = asyncio.get_running_loop()
            loop.call_later(chance.uniform(0, 0.3), simulation.crowd.act_on, *act, chance)

    simulation.wire.left = edit


def _act_on(sent: Sent) -> tuple[str, str] | None:
    """The person's act, and on what."""
    parts = sent.request.url.partition("?")[0].split("/")
    acts = {
        "customers": ("edit_customer", ""),
        "Organisations": ("edit_organisation", ""),
        "Deliveries": ("edit_delivery", ""),
        "orders": ("edit_paper", "order:"),
        "invoices": ("edit_paper", "invoice:"),
    }
    if len(parts) < 2 or parts[-2] not in acts or not parts[-1].isdigit():
        return None
    act, prefix = acts[parts[-2]]
    return act, prefix + parts[-1]


async def _poison(simulation: Simulation, chance: random.Random) -> None:
    """A record that cannot cross as it is."""
    acts = {"customer": "poison_organisation", "document": "poison_delivery"}
    simulation.crowd.act(
        acts[chance.choice([kind for kind in acts if kind in simulation.plan.kinds])], chance
    )


async def _mass(simulation: Simulation, chance: random.Random) -> None:
    """Somebody changes everything at once; they are overwhelmed, or we are."""
    for key in simulation.crowd.ids(FORTNOX, "customer"):
        simulation.crowd.act_on("edit_customer", key, chance)
    process = simulation.machine.running
    if process and chance.random() < 0.5:
        await process.ask(process.supervisor.nudge(simulation.connector))
        if chance.random() < 0.5:
            _dies(simulation, chance, 150)
    system, skip = chance.choice([FORTNOX, WEBCRM]), chance.randint(0, 30)
    simulation.wire.spoils.append(Spoil(what="429 wait", system=system, effect=None, count=1, skip=skip))


HAPPENINGS: Final[Mapping[str, Happening]] = {
    "network": _network,
    "http": _http,
    "lag": _lag,
    "shuffle": _shuffle,
    "jump": _jump,
    "skew": _skew,
    "kill": _kill,
    "die": _die,
    "stop": _stop,
    "reload": _reload,
    "stall": _stall,
    "cancel": _cancel,
    "rename": _rename,
    "disk": _disk,
    "revoke": _revoke,
    "expire": _expire,
    "meddle": _meddle,
    "poison": _poison,
    "mass": _mass,
}
