"""
The power goes: of each file what was synced is certain, of the rest any part may be there, torn.

The daemon's own transactions run on a file system that is watched (`tests.simulation.vfs`). For a cut
between any two of its operations the files are put together as a disk may have them, opened with the
ordinary sqlite3, and the daemon starts again beside the vendors as they were.
"""

from __future__ import annotations

import hashlib
import random
import sqlite3
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from daemon.sandbox.web import Request
from tests.engine.inline import inline
from tests.engine.line import Line
from tests.engine.lives import judged, lead, prologue, story_of
from tests.engine.stage import Image, Stage, pack
from tests.simulation import vfs
from tests.simulation.effects import STORED, is_effect, unaccounted
from tests.simulation.matrix_parts import Tally, folder

CUTS, AHEAD, TEETH = (
    "a power cut between any two writes to the disk",
    "at each effect its intent is safe on disk",
    "the same with synchronous=",
)
SECTOR = 512
GHOSTS = 0.3  # a file that was removed may be there again
CUTS_EACH = 600
TEETH_CUTS = 300
CARELESS = ("NORMAL", "OFF")
FIRST = "a first pass"  # from an empty folder, the making of the file included
LIVES = (FIRST, "a later pass", "a day at the office")
Files = dict[str, bytearray]


class Operation(NamedTuple):
    """What the daemon asked of its disk."""

    what: str  # write, truncate, sync, delete
    name: str
    at: int = 0  # where it is written, or the length that is left
    data: bytes = b""


class Platter:
    """What a disk has for certain, and what it was asked for since."""

    def __init__(self) -> None:
        self.certain: Files = {}
        self._waiting: dict[str, list[Operation]] = {}
        self._removed: Files = {}  # but perhaps only in memory

    def take(self, each: Operation) -> None:
        """One operation."""
        if each.what == "delete":
            self._waiting.pop(each.name, None)
            self._removed[each.name] = self.certain.pop(each.name, bytearray())
        elif each.what == "sync":
            if each.name not in self.certain:
                self._removed.clear()  # SQLite syncs the folder with the first sync of a journal or log
            for one in self._waiting.pop(each.name, ()):
                _apply(self.certain, one)
            self.certain.setdefault(each.name, bytearray())
        else:
            self._waiting.setdefault(each.name, []).append(each)

    def after_a_cut(self, chance: random.Random) -> Files:
        """What may be found: of what was not synced nothing, all, or any of its sectors."""
        files = {name: bytearray(content) for name, content in self.certain.items()}
        files |= {name: bytearray(old) for name, old in self._removed.items() if chance.random() < GHOSTS}
        share = chance.choice((0.0, 0.5, 0.9, 1.0))
        for one in (one for waiting in self._waiting.values() for one in waiting):
            for part in _torn(one):
                if chance.random() < share:
                    _apply(files, part)
        return files


def _torn(one: Operation) -> Iterable[Operation]:
    if one.what == "truncate":
        return [one]
    starts = range(0, len(one.data), SECTOR)
    return [one._replace(at=one.at + start, data=one.data[start : start + SECTOR]) for start in starts]


def _apply(files: Files, one: Operation) -> None:
    content = files.setdefault(one.name, bytearray())
    if one.what == "truncate":
        del content[one.at :]
        return
    content.extend(bytes(max(0, one.at - len(content))))
    content[one.at : one.at + len(one.data)] = one.data


def fingerprint(db: Any) -> bytes:
    """Of every row of every table."""
    names = [
        name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    ]
    rows = [(name, db.execute(f"SELECT * FROM {name}").fetchall()) for name in names]  # noqa: S608
    return hashlib.blake2b(repr(rows).encode(), digest_size=16).digest()


# ------------------------------------------------------------------ one life, watched


class Watched:
    """A life of the daemon on a watched disk: what it asked for, what it was told, and the vendors beside."""

    def __init__(self, stage: Stage, image: Image, scratch: Path) -> None:
        self._stage, self._image, self._scratch = stage, image, scratch
        self.key = b""
        self.began = 0  # operations that only put the image there
        self.asked: list[Operation] = []
        self.stored: list[tuple[int, bytes]] = []  # a transaction that was told to be durable, after so many
        self.worlds: list[tuple[int, bytes]] = []
        self.effects = 0
        self.early: list[str] = []  # effects whose intent was not safe
        self._platter = Platter()

    async def live(self, synchronous: str) -> None:
        """From the image until nothing is unknown, and a clean stop."""
        files = vfs.Vfs(self._told)
        opened = vfs.connecting(files)

        def connect(path: Path, timeout: float) -> Any:
            self._stage.db = opened(path, timeout)  # type: ignore[assignment]
            return self._stage.db

        town = self._stage.place(self._image)
        for name, content in self._image.files:
            self._told("write", name, 0, content)
            self._told("sync", name)
        self.began = len(self.asked)
        self.worlds.append((self.began, pack(town)))
        town.watch = self._step
        Line.of(town).arriving = self._arriving
        with inline(connect, synchronous):
            async with town.running():
                await lead(town)
        self.key = (self._stage.folder / "state" / "key").read_bytes()

    def _told(self, what: str, name: str, at: int = 0, data: bytes = b"") -> None:
        each = Operation(what, name, at, data)
        self.asked.append(each)
        self._platter.take(each)

    def _step(self, step: str) -> None:
        if step == "committed":
            self.stored.append((len(self.asked), fingerprint(self._stage.db)))
        elif step == "answer":
            self.worlds.append((len(self.asked), pack(self._stage.town)))

    def _arriving(self, system: str, request: Request) -> None:
        if not is_effect(request):
            return
        self.effects += 1
        with closing(sqlite3.connect(_written(self._platter.certain, self._scratch))) as db:
            self.early += unaccounted(system, request, db.execute(STORED).fetchall())

    # -------------------------------------------------------------- a cut

    def cut(self, at: int, chance: random.Random) -> tuple[Image, set[bytes]]:
        """What is found when it went after so many operations, and the contents that it may have."""
        platter = Platter()
        for each in self.asked[:at]:
            platter.take(each)
        files = {name: bytes(content) for name, content in platter.after_a_cut(chance).items()}
        done = bisect_right(self.stored, at, key=lambda pair: pair[0])
        may_be = {content for _, content in self.stored[max(0, done - 1) : done + 1]} if done else set()
        beside = [packed for after, packed in self.worlds if after <= at]
        same = [
            packed for after, packed in self.worlds if after == at
        ]  # the request left just then, or not yet
        town = chance.choice([beside[-1 - len(same)], *same]) if len(beside) > len(same) else beside[-1]
        return Image(town, (*files.items(), ("key", self.key)), ()), may_be


def _written(files: Mapping[str, bytes | bytearray], folder: Path) -> Path:
    for old in folder.iterdir():
        old.unlink()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder / "state.db"


def kept(image: Image, may_be: set[bytes], folder: Path) -> list[str]:
    """What is wrong with the file that was found."""
    state = _written({name: content for name, content in image.files if name != "key"}, folder)
    with closing(sqlite3.connect(state)) as db:
        try:
            ((ok,),) = db.execute("PRAGMA integrity_check").fetchmany(1)
            if ok != "ok":
                return [f"the file: {ok}"]
            lost = bool(may_be) and fingerprint(db) not in may_be
        except sqlite3.DatabaseError as error:
            return [f"the file: {error}"]
    return ["a transaction that was told to be durable is not there"] if lost else []


# ------------------------------------------------------------------ the parts


async def watched(name: str, synchronous: str, place: Path) -> tuple[Stage, Watched]:
    """One life on a watched disk."""
    scratch = place / "scratch"
    scratch.mkdir()
    stage, image = await prologue(story_of(name), place / "town")
    found = Watched(stage, image._replace(files=()) if name == FIRST else image, scratch)
    await found.live(synchronous)
    return stage, found


async def recovered(stage: Stage, life: Watched, case: str, place: Path, known: set[bytes]) -> list[str]:
    """
    What is wrong with the file of one cut, and with what the daemon makes of it.

    That is `known` where an earlier file was read as the same content beside the same vendors.
    """
    at = int(case.split(" | ")[2].removeprefix("cut "))
    image, may_be = life.cut(at, random.Random(case))
    if found := kept(image, may_be, place / "scratch"):
        return found
    with closing(sqlite3.connect(place / "scratch" / "state.db")) as db:
        future = hashlib.blake2b(image.town + fingerprint(db)).digest()
    if future in known:
        return []
    known.add(future)
    with inline(stage.connect):
        return await judged(stage, image)


async def run(name: str, seed: int, every: int) -> list[Tally]:
    """One life, cut in many places."""
    cuts, ahead = Tally(CUTS), Tally(AHEAD)
    chance, known = random.Random(f"{seed} {name}"), set[bytes]()
    with folder() as place, cuts.timed():
        stage, life = await watched(name, "FULL", place)
        ahead.cases = ahead.runs = life.effects
        ahead.wrong += [(f"power | {name} | cut 0", [early]) for early in life.early]
        for _ in range(max(1, CUTS_EACH // every)):
            at = chance.randint(life.began, len(life.asked))
            case = f"power | {name} | cut {at} | {chance.randrange(1 << 20)}"
            cuts.cases += 1
            await cuts.add(case, recovered(stage, life, case, place, known))
    return [cuts, ahead]


async def teeth(synchronous: str, seed: int, cuts: int = TEETH_CUTS) -> list[Tally]:
    """The same on a disk that is not waited for: images that lost something must be found."""
    tally, lost = Tally(f"{TEETH}{synchronous}"), 0
    chance = random.Random(f"{seed} {synchronous}")
    with folder() as place, tally.timed():
        _, life = await watched("a later pass", synchronous, place)
        for _ in range(cuts):
            image, may_be = life.cut(chance.randint(life.began, len(life.asked)), chance)
            tally.cases += 1
            tally.runs += 1
            lost += bool(kept(image, may_be, place / "scratch"))
    tally.note = f"{lost} images lost something, {len(life.early)} of {life.effects} effects left early"
    if not lost or not life.early:
        tally.wrong.append((f"power | {synchronous}", ["nothing was lost: the cuts show nothing"]))
    return [tally]


async def replayed(case: str, place: Path) -> list[str]:
    """What is wrong with one case."""
    name = case.split(" | ")[1]
    stage, life = await watched(name, "FULL", place)
    return [*life.early, *await recovered(stage, life, case, place, set())]
