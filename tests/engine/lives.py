"""
One life of the daemon after the other: from an image to its death, or to rest and the verdict.

A case is a line: what is under test, and what becomes of its request and of the daemon, as
`update an organisation | meets its answer lost | kill 57 | after 20 | meets 500 | kill 12 late 0.3`.
"""

from __future__ import annotations

import datetime as dt
import os
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import anyio

from daemon.engine.settling import ATTEMPTS
from daemon.errors import RemoteError
from daemon.sandbox.log import Log
from daemon.sandbox.web import Request
from daemon.sandbox.world import _Late
from daemon.store.journal import open_journal
from tests.engine.inline import inline
from tests.engine.line import Line
from tests.engine.paperwork import OFFICE, PAPERS, wrong
from tests.engine.power import PowerCut
from tests.engine.spoils import FAULTS, REFUSALS, spoil
from tests.engine.stage import Image, Stage, nobody
from tests.engine.story import STORIES as REGISTERS
from tests.engine.story import TOWNS as PLAIN_TOWNS
from tests.engine.story import Story, begin, calm, release_parked, too_soon
from tests.town import Town, TownIds

STORIES: dict[str, Story] = REGISTERS | PAPERS
TOWNS: dict[str, Story] = PLAIN_TOWNS | {"a day at the office": OFFICE}
EVERY = int(os.environ.get("CRASH_EVERY", "24"))  # how many of the cases a test runs: 1 for all
RETRIES = 3  # one for each fault of a case, and one that goes through
PASSES_MOST = 5  # until an unclear outcome is settled
LATE_S = (0.3, 25.0)  # a request under way at the death takes effect so much later
OVERDUE = "later than promised: "
LOGINS = ("/oauth-v1/", "/Auth")


async def prologue(story: Story, folder: Path) -> tuple[Stage, Image]:
    """A stage for the story, and its town where the person has acted and the daemon has not."""
    stage, town = Stage(story, folder), Town(folder)
    Line.of(town)
    with inline(stage.connect):
        await begin(town, story)
        await (await open_journal(folder / "state", town.clock, TownIds(), None)).close()
    town.world.log = Log()
    stage.town = town
    return stage, stage.image()


async def lead(town: Town) -> None:
    """The passes of one process until nothing is unknown."""
    for _ in range(PASSES_MOST):
        try:
            report = await town.sync()
        except RemoteError:
            town.wait(minutes=1)
            continue
        if report.next_look_at is None:
            return
        town.wait(seconds=max(0.0, (report.next_look_at - town.clock.now()).total_seconds()))


# ------------------------------------------------------------------ what ends a life


class Deaths:
    """
    Takes an image at each step of a life, and of each request with effect that is under way there.

    `cases` counts all, `found` keeps those whose future is not among the `known` ones, each with the
    event that led to it. What comes before the request is spoiled is the case without a fault.
    """

    def __init__(self, stage: Stage, known: set[bytes]) -> None:
        self._stage, self._known = stage, known
        self.steps = self.cases = 0
        self.found: list[tuple[str, Image]] = []

    async def live(self, image: Image) -> None:
        """One life: start, the passes until nothing is unknown, stop."""
        town = self._stage.place(image)
        town.watch = self._step
        Line.of(town).arriving = self._arriving
        async with town.running():
            await lead(town)

    def _step(self, _step: str) -> None:
        self._note(f"kill {self.steps}")
        self.steps += 1

    def _arriving(self, system: str, request: Request) -> None:
        if request.method != "GET" and not request.path.startswith(LOGINS):
            for late_s in LATE_S:
                with under_way(self._stage.town, system, request, late_s):
                    self._note(f"kill {self.steps - 1} late {late_s}")

    def _note(self, event: str) -> None:
        self.cases += 1
        if not self._stage.spoils():
            future = self._stage.future()
            if future not in self._known:
                self._known.add(future)
                self.found.append((event, self._stage.image()))


class Death:
    """The power fails at one step; with `late_s` the request that leaves there is under way."""

    def __init__(self, stage: Stage, step: int, late_s: float | None = None) -> None:
        self._stage, self._left, self._late_s = stage, step, late_s
        self._image: Image | None = None

    async def live(self, image: Image) -> Image:
        """What is left; of a life that ends before that step, what its end leaves."""
        town = self._stage.place(image)
        town.watch = self._step
        Line.of(town).arriving = self._arriving
        try:
            with suppress(PowerCut):
                async with town.running():
                    await lead(town)
        except BaseExceptionGroup as errors:
            if errors.split((PowerCut, RemoteError))[1] is not None:
                raise
        return self._image or self._stage.image()

    def _step(self, step: str) -> None:
        if self._left == 0 and not (step == "request" and self._late_s is not None):
            self._image = self._stage.image()
        self._left -= 1
        if self._image:
            raise PowerCut

    def _arriving(self, system: str, request: Request) -> None:
        if self._left == -1 and self._late_s is not None:
            with under_way(self._stage.town, system, request, self._late_s):
                self._image = self._stage.image()
            raise PowerCut


class Stop:
    """Cancels a scope at one step."""

    def __init__(self, town: Town, step: int, scope: anyio.CancelScope) -> None:
        self.left, self.scope = step, scope
        town.watch = self

    def __call__(self, _step: str) -> None:
        if self.left == 0:
            self.scope.cancel()
        self.left -= 1


async def stopped(
    stage: Stage, image: Image, step: int, future: Callable[[], bytes] = bytes
) -> tuple[Image, list[str]]:
    """What is left by a process that was told to stop at one step, and what it should not have left."""
    town = stage.place(image)
    async with town.running():
        with anyio.CancelScope() as scope:
            Stop(town, step, scope)
            await lead(town)
        town.watch = nobody
        found = await left_open(town)
        before = future()  # what the stop itself notes is when it was
    return stage.image()._replace(future=before), found


async def left_open(town: Town) -> list[str]:
    """
    What a cancelled pass must not leave: an open transaction, a slot of a budget, a write as sent.

    Lines that were refused may be left so while they are read back: none of their requests is under way.
    """
    connection = town.house.journal.database._connection
    slots = sum(end.throttle._calls.open for end in town.house.companies.values())
    sent = [
        f"{each['action']} of a {each['kind']}"
        for each in await town.desk.intents()
        if each["state"] == "sent" and (each["action"], each["kind"]) != ("update", "document")
    ]
    return [
        *(["a transaction is open"] if connection.in_transaction else []),
        *([f"{slots} slots are held"] if slots else []),
        *(f"{write} is left as sent" for write in sent),
    ]


@contextmanager
def under_way(town: Town, system: str, request: Request, late_s: float) -> Iterator[None]:
    """Within this the request is on its way, and takes effect so much later."""
    world = town.world
    world._late.append(_Late(world.now() + dt.timedelta(seconds=late_s), system, request))
    yield
    world._late.pop()


# ------------------------------------------------------------------ the next start


async def judged(stage: Stage, image: Image, *, refused: bool = False) -> list[str]:
    """The next start runs to rest: what is wrong then. `refused` when a record may be parked."""
    town = stage.place(image)
    async with town.running(seed=2):
        await calm(town, quiet=1, patient=True)
        return await verdict(stage, refused=refused)


async def verdict(stage: Stage, *, refused: bool = False) -> list[str]:
    """What is not as the story should end; what waits for a person is retried, and told if it may not."""
    town = stage.town
    listed = await release_parked(town)
    found = [] if refused else [f"parked: {each['code']} {each['what']}" for each in listed]
    for _ in range(RETRIES):
        if not listed:
            break
        await calm(town, quiet=1, patient=True)
        listed = await release_parked(town)
    found += [f"still parked: {each['code']} {each['what']}" for each in listed]
    found += wrong(town, stage.story)
    found += [f"under way: {each['action']}, {each['state']}" for each in await town.desk.intents()]
    found += [f"conflict: {each['field']}" for each in await town.desk.conflicts()]
    return [*found, *too_soon(stage.sent())]


async def unsaid(stage: Stage, image: Image, fault: str) -> list[str]:
    """What is wrong without being listed after an effect that came later than is promised."""
    town = stage.place(image)
    spoil(town, stage.story, FAULTS[fault])
    async with town.running():
        await calm(town, quiet=1, patient=True)
        town.wait(hours=2)
        await calm(town, quiet=1, patient=True)
        listed = [*await town.desk.parked(), *await town.desk.conflicts()]
    return [] if listed else wrong(town, stage.story)


# ------------------------------------------------------------------ a case, event by event


async def after(stage: Stage, image: Image, event: str) -> tuple[Image, list[str]]:
    """What one event leaves, and what it should not have left."""
    match event.split(" ", 1)[0], event.split():
        case "kill", [_, step]:
            return await Death(stage, int(step)).live(image), []
        case "kill", [_, step, "late", late_s]:
            return await Death(stage, int(step), float(late_s)).live(image), []
        case "cancel", [_, step]:
            return await stopped(stage, image, int(step))
        case "after", [_, seconds]:
            stage.place(image).wait(seconds=float(seconds))
        case "meets", _:
            spoil(stage.place(image), stage.story, FAULTS[event.removeprefix("meets ")])
        case _:
            raise ValueError(event)
    return stage.image(), []


def story_of(name: str) -> Story:
    """One kind of write, or a town with many."""
    return (STORIES | TOWNS)[name]


async def replayed(case: str, folder: Path) -> list[str]:
    """What is wrong with one case."""
    name, *events = [*case.split(" | "), "after 0"]
    stage, image = await prologue(story_of(name), folder)
    found: list[str] = []
    with inline(stage.connect):
        if events[0].startswith(OVERDUE):
            return await unsaid(stage, image, events[0].removeprefix(OVERDUE))
        for event in events:
            image, more = await after(stage, image, event)
            found += more
        return [*found, *await judged(stage, image, refused=may_refuse(events))]


def sampled(count: int, every: int = EVERY) -> range:
    """One of so many cases, from a fresh place each time."""
    return range(random.randrange(every), count, every)


def may_refuse(events: Sequence[str]) -> bool:
    """Whether a fault among these makes a record wait for a person, or they may spend all attempts."""
    spent = sum(event.startswith(("meets ", "kill ")) for event in events)
    return spent >= ATTEMPTS or any(event.removeprefix("meets ") in REFUSALS for event in events)
