"""
The crash matrix: every kind of write, whatever becomes of its request, the daemon dying at any step.

    python -m tests.simulation.matrix [--every N] [--seed N] [--only STORY] [--replay CASE]

One life of a daemon gives the image of every death in it (see `tests.engine.stage`), so a case
costs one recovery, and images with one future cost one recovery together. The state is the real
SQLite file, on a memory disk where there is one; a share waits for a real disk (synchronous=FULL).
"""

from __future__ import annotations

import argparse
import gc
import math
import os
import random
import sqlite3
import sys
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import closing
from functools import partial
from typing import Any, NamedTuple

import anyio

from tests.bench.figure import Figure, table
from tests.engine.inline import inline
from tests.engine.lives import (
    OVERDUE,
    STORIES,
    TOWNS,
    Deaths,
    after,
    judged,
    may_refuse,
    prologue,
    replayed,
    stopped,
    story_of,
    unsaid,
)
from tests.engine.spoils import BETWEEN, NOTHING, TOO_LATE, faults_of, is_line
from tests.engine.stage import Image, Stage
from tests.simulation import disk, powerloss
from tests.simulation.matrix_parts import Tally, folder

DURABLE_SHARE = 0.05
SECOND_DEATHS = 5000
STEPS_MOST = 260  # of a recovery: a death after its end is a start after a stop
FAULT_STEPS = 128  # with a fault a pass is cancelled at every so many steps
DEATHS, AGAIN, CANCELS, LATE = (
    "a death at each step",
    "a second death while it recovers",
    "a pass cancelled at each step",
    "effects later than promised",
)
PARTS = (
    *(DEATHS, AGAIN, CANCELS, LATE),
    *(disk.STATEMENTS, disk.WRITES, powerloss.CUTS, powerloss.AHEAD),
    *(f"{powerloss.TEETH}{synchronous}" for synchronous in powerloss.CARELESS),
)

Work = Callable[[], Coroutine[Any, Any, list[Tally]]]


class Dead(NamedTuple):
    """An image with the events that led to it."""

    events: tuple[str, ...]
    image: Image


class Share(NamedTuple):
    """How much one worker does."""

    seed: int
    every: int
    second_deaths: int


# ------------------------------------------------------------------ one kind of write


class Row:
    """All cases of one story, or of one town."""

    def __init__(self, name: str, share: Share, stage: Stage, durable: Stage, image: Image) -> None:
        self.name, self.share, self._stage, self._durable, self._image = name, share, stage, durable, image
        self.chance = random.Random(f"{share.seed} {name}")
        self.faults = faults_of(stage.story) if name in STORIES else []
        self.parts = {name: Tally(name) for name in (DEATHS, AGAIN, CANCELS, LATE)}
        self.known: set[bytes] = set()  # after a death
        self.ended: set[bytes] = set()  # after a stop, which leaves the same and a note that it was one
        self.dead: list[Dead] = []  # some of them, to die once more

    def case(self, *events: str) -> str:
        """How the case is played again."""
        return " | ".join((self.name, *events))

    def sampled(self, length: int) -> range:
        """Every so many of `length`, from anywhere."""
        return range(self.chance.randrange(self.share.every), length, self.share.every)

    async def judged(self, events: Sequence[str], image: Image) -> list[str]:
        """The next start; now and then on a real disk."""
        refused = may_refuse(events)
        if self.chance.random() >= DURABLE_SHARE:
            return await judged(self._stage, image, refused=refused)
        with inline(self._durable.connect, "FULL"):
            found = await judged(self._durable, image, refused=refused)
        with closing(sqlite3.connect(self._durable.folder / "state" / "state.db")) as db:
            ((ok,),) = db.execute("PRAGMA integrity_check").fetchall()
        return [*found, *([] if ok == "ok" else [f"the file: {ok}"])]

    async def run(self) -> None:
        """All parts."""
        with inline(self._stage.connect):
            for fault in (NOTHING, *self.faults):
                meets = () if fault == NOTHING else (f"meets {fault}",)
                start = await self._after(*meets)
                with self.parts[DEATHS].timed():
                    steps = await self._deaths(meets, start)
                with self.parts[CANCELS].timed():
                    await self._cancels(meets, start, steps)
            with self.parts[AGAIN].timed():
                await self._second_deaths()
            with self.parts[LATE].timed():
                await self._too_late()

    # -------------------------------------------------------------- the parts

    async def _after(self, *events: str) -> Image:
        image = self._image
        for event in events:
            image, _ = await after(self._stage, image, event)
        return image

    async def _deaths(self, meets: tuple[str, ...], start: Image) -> int:
        """The steps of a life without a death."""
        tally, deaths = self.parts[DEATHS], Deaths(self._stage, self.known)
        await tally.add(self.case(*meets), self.judged(meets, start))
        await tally.add(self.case(*meets, "after 0"), self._watched(deaths, start))
        tally.cases += 1 + deaths.cases
        for number in self.sampled(len(deaths.found)):
            event, image = deaths.found[number]
            await tally.add(self.case(*meets, event), self.judged((*meets, event), image))
        most = self.share.second_deaths // (1 + len(self.faults)) + 1
        chosen = self.chance.sample(deaths.found, min(most, len(deaths.found)))
        self.dead += [Dead((*meets, event), image) for event, image in chosen]
        return deaths.steps

    async def _watched(self, deaths: Deaths, start: Image) -> list[str]:
        await deaths.live(start)
        return []

    async def _second_deaths(self) -> None:
        tally = self.parts[AGAIN]
        for _ in range(self.share.second_deaths):
            dead = self.chance.choice(self.dead)
            more = self._recovery()
            tally.cases += 1
            await tally.add(self.case(*dead.events, *more), self._again(dead, more))

    def _recovery(self) -> list[str]:
        """What happens until the second death."""
        chance = self.chance
        late = chance.choice(("", "", " late 0.3", " late 25.0"))
        meets = self.faults and chance.random() < 0.5
        return [
            *([f"after {chance.choice((1, 20, 40, 700))}"] if chance.random() < 0.5 else []),
            *([f"meets {chance.choice(self.faults)}"] if meets else []),
            f"kill {chance.randrange(STEPS_MOST)}{late}",
        ]

    async def _again(self, dead: Dead, more: Sequence[str]) -> list[str]:
        image = dead.image
        for event in more:
            image, _ = await after(self._stage, image, event)
        return await self.judged((*dead.events, *more), image)

    async def _cancels(self, meets: tuple[str, ...], start: Image, steps: int) -> None:
        tally = self.parts[CANCELS]
        stride = self.share.every * (FAULT_STEPS if meets else 1)
        for step in range(self.chance.randrange(stride), steps, stride):
            event = f"cancel {step}"
            tally.cases += 1
            await tally.add(self.case(*meets, event), self._cancelled(start, step, (*meets, event)))

    async def _cancelled(self, start: Image, step: int, events: Sequence[str]) -> list[str]:
        image, found = await stopped(self._stage, start, step, self._stage.future)
        if image.future in self.ended:
            return found
        self.ended.add(image.future)
        return [*found, *await self.judged(events, image)]

    async def _too_late(self) -> None:
        """Not of lines, which bear no mark: such a one is taken for a person's."""
        tally, faults = self.parts[LATE], BETWEEN | TOO_LATE
        for fault in faults if self.name in STORIES and not is_line(self._stage.story) else ():
            tally.cases += 1
            await tally.add(self.case(f"{OVERDUE}{fault}"), unsaid(self._stage, self._image, fault))


async def row(name: str, share: Share) -> list[Tally]:
    """One story's cases, run."""
    with folder() as memory, folder(durable=True) as disk:
        stage, image = await prologue(story_of(name), memory)
        durable = Stage(stage.story, disk)
        found = Row(name, share, stage, durable, image)
        await found.run()
    for part, tally in found.parts.items():
        tally.name = part
    return list(found.parts.values())


# ------------------------------------------------------------------ all of it


def worked(work: Work) -> list[Tally]:
    """In a worker."""
    gc.freeze()  # what is there already stays
    gc.set_threshold(50_000, 20, 50)  # whole worlds come and go
    return anyio.run(work, backend_options={"use_uvloop": True})


def matrix(
    processes: int, seed: int, every: int = 1, second_deaths: int = SECOND_DEATHS, only: str = ""
) -> tuple[list[Figure], list[str]]:
    """
    Run it all in so many processes; the figures, and a text on each case that ended wrong.

    Of what is to be run only every so many; `second_deaths` of them all together; `only` names a story
    or a town.
    """
    names = [name for name in (*TOWNS, *reversed(STORIES)) if only in ("", name)]  # the long ones first
    each = math.ceil(second_deaths / every / (len(TOWNS) + len(STORIES)))
    share = Share(seed, every, each)
    work: list[Work] = [partial(row, name, share) for name in names]
    if not only:
        work += [partial(powerloss.run, name, seed, every) for name in powerloss.LIVES]
        work += [partial(powerloss.teeth, synchronous, seed) for synchronous in powerloss.CARELESS]
        work += [partial(disk.run, kind, error, seed, every) for kind, error in disk.WORK]
    parts = {name: Tally(name) for name in PARTS}
    with ProcessPoolExecutor(processes) as pool:
        for done in as_completed([pool.submit(worked, each) for each in work]):
            for tally in done.result():
                parts[tally.name].join(tally)
    told = [line for tally in parts.values() for line in tally.told()]
    return [tally.figure(seed) for tally in parts.values() if tally.cases], told


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.matrix")
    parser.add_argument("--every", type=int, default=1, help="only every N-th case")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--second", type=int, default=SECOND_DEATHS, help="second deaths in all")
    parser.add_argument("--only", default="", metavar="STORY", help="one story or town")
    parser.add_argument("--replay", metavar="CASE", help="one case, as it was told")
    asked = parser.parse_args(arguments)
    if asked.replay:
        return _replay(asked.replay)
    figures, told = matrix(asked.processes, asked.seed, asked.every, asked.second, asked.only)
    print(table(figures))  # noqa: T201
    print("\n".join(told))  # noqa: T201
    return 1 if told else 0


REPLAYS = {"disk": disk.replayed, "power": powerloss.replayed}


def _replay(case: str) -> int:
    with folder() as place:
        found = anyio.run(REPLAYS.get(case.split(" | ", maxsplit=1)[0], replayed), case, place)
    print("\n".join(found) or "nothing is wrong")  # noqa: T201
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
