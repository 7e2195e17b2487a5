"""What befalls records while they are read and written: people who edit, lock, delete and type just then."""

from __future__ import annotations

import asyncio
import contextvars
import datetime as dt
import random
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Final

from tests.simulation.camera import FORTNOX, OTHER, WEBCRM
from tests.simulation.people import AMONG
from tests.simulation.wire import Sent, Spoil

if TYPE_CHECKING:
    from tests.simulation.world import Simulation

ACTS_ON: Final = {  # the last part of a path that names a register -> what a person does to a record there
    "customers": ("edit_customer", ""),
    "Organisations": ("edit_organisation", ""),
    "Deliveries": ("edit_delivery", ""),
    "orders": ("edit_paper", "order:"),
    "invoices": ("edit_paper", "invoice:"),
}
EDITS: Final = {
    (FORTNOX, "customer"): "edit_customer",
    (WEBCRM, "customer"): "edit_organisation",
    (FORTNOX, "document"): "edit_paper",
    (WEBCRM, "document"): "edit_delivery",
}
RARELY: Final = 0.02


async def meddle(simulation: Simulation, chance: random.Random) -> None:
    """Somebody edits the very record that the daemon has just read, or is just writing."""
    before = simulation.wire.left
    method = chance.choice(["GET", "PUT"])

    def edit(sent: Sent) -> None:
        before(sent)
        if sent.request.method == method and (act := _act_on(sent)):
            simulation.wire.left = before
            loop = asyncio.get_running_loop()
            loop.call_later(chance.uniform(0, 0.3), simulation.crowd.act_on, *act, chance)

    simulation.wire.left = edit


async def amend(simulation: Simulation, chance: random.Random) -> None:
    """The answer to a write is lost, and before anybody found out somebody edits what was written."""
    before = simulation.wire.left
    simulation.wire.spoils.append(Spoil(what="lost after", system="*", effect=True, count=1))

    def edit(sent: Sent) -> None:
        before(sent)
        if sent.request.effect and "uth" not in sent.request.url:
            simulation.wire.left = before
            outside = contextvars.Context()
            asyncio.get_running_loop().call_later(chance.uniform(0.3, 80), correct, sent, context=outside)

    def correct(sent: Sent) -> None:
        act = _act_on(sent) or _newest(simulation, sent)
        if act and chance.random() < 0.5:  # or what it was made of
            act = _twin(simulation, sent.system, *act)
        if act:
            simulation.crowd.act_on(*act, chance, (sent.request.body or b"").decode())
        process = simulation.machine.running
        if process and chance.random() < 0.5:
            simulation.aside(simulation.nudge(process))

    simulation.wire.left = edit


def _newest(simulation: Simulation, sent: Sent) -> tuple[str, str] | None:
    """The act on what was made last where something was just made."""
    act, prefix = ACTS_ON.get(sent.request.url.partition("?")[0].rpartition("/")[2], ("", ""))
    kind = "customer" if act in ("edit_customer", "edit_organisation") else "document"
    found = [key for key in simulation.crowd.ids(sent.system, kind) if key.startswith(prefix)]
    return (act, found[-1]) if act and found else None


def _twin(simulation: Simulation, side: str, act: str, key: str) -> tuple[str, str] | None:
    """The act on the same thing at the other side."""
    kind = "customer" if act in AMONG else "document"
    thing = simulation.oracle.by_id.get((side, kind, key))
    other = OTHER[side]
    return (EDITS[other, kind], thing.ids[other]) if thing and other in thing.ids else None


def _act_on(sent: Sent) -> tuple[str, str] | None:
    """The person's act, and on what."""
    parts = sent.request.url.partition("?")[0].split("/")
    if len(parts) < 2 or parts[-2] not in ACTS_ON or not parts[-1].isdigit():
        return None
    act, prefix = ACTS_ON[parts[-2]]
    return act, prefix + parts[-1]


async def poison(simulation: Simulation, chance: random.Random) -> None:
    """A record that cannot cross as it is."""
    acts = {"customer": "poison_organisation", "document": "poison_delivery"}
    simulation.crowd.act(
        acts[chance.choice([kind for kind in acts if kind in simulation.plan.kinds])], chance
    )


async def reuse(simulation: Simulation, chance: random.Random) -> None:
    """A customer is deleted, and another one gets its number."""
    simulation.crowd.act("reuse_number", chance)


async def thick(simulation: Simulation, chance: random.Random) -> None:
    """A document with more rows than one page holds; seldom, as it takes long."""
    if chance.random() < RARELY and "document" in simulation.plan.kinds:
        simulation.crowd.act("thick_order", chance)


async def lock(simulation: Simulation, chance: random.Random) -> None:
    """The books are locked up to a day, which may be today, and opened again."""
    day = simulation.world.now().date() - dt.timedelta(days=chance.choice([0, 0, 1]))
    simulation.people.act("fortnox", "lock_period", EndDate=day.isoformat())

    async def opened() -> None:
        await simulation.clock.sleep(chance.uniform(60, 800))
        simulation.people.act("fortnox", "lock_period", EndDate=None)

    simulation.aside(opened())


RECORDS: Final[Mapping[str, Callable[..., Awaitable[None]]]] = {
    "meddle": meddle,
    "amend": amend,
    "poison": poison,
    "lock": lock,
    "reuse": reuse,
    "thick": thick,
}
