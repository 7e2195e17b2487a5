"""
What a run starts from: a town as a story left it, and what stays of one when its daemon dies.

The daemon dies between two of its steps, so one life of it shows every death: an
image of the state folder and of both vendors can be taken at each step. Images
that are equal in all but the time have one future: between two such deaths nothing
was stored and no call had an effect, so nothing that is left tells which of them it was, and
the next start may come at any time after either (how long after is drawn in the second deaths).
"""

from __future__ import annotations

import copyreg
import hashlib
import io
import pickle
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from msgspec import structs

from daemon.config import Config
from daemon.events import Events
from daemon.sandbox.log import Log
from daemon.sandbox.webcrm.state import Schema
from daemon.service.logs import quiet
from tests.engine.inline import sqlite
from tests.engine.line import Line
from tests.engine.story import Seen, Story, effects, may_follow_at_once
from tests.town import Town

FILES = ("state.db", "state.db-wal", "key")
OF_A_LIFE = frozenset({"house", "vendors", "desk", "watch", "config", "events"})
SHARED: dict[int, Schema] = {}  # the greater part of a town, and never changed but replaced


class Image(NamedTuple):
    """The world without the daemon at one moment; `future` as of `Stage.future`, where it was asked for."""

    town: bytes
    files: tuple[tuple[str, bytes], ...]  # of the state folder
    sent: tuple[Seen, ...]  # the requests under test until then
    future: bytes = b""


def nobody(_step: str) -> None:
    """Watches nothing."""


class Stage:
    """A folder in which towns of one story live, one after the other."""

    def __init__(self, story: Story, folder: Path) -> None:
        self.story, self.folder = story, folder
        self.town: Town
        self.db: sqlite3.Connection  # of the daemon that lives now
        self._config: Config | None = None
        self._events = Events(quiet)
        self._sent: list[Seen] = []
        self._sent_until = 0
        self._packed_at: tuple[Any, ...] = ()
        self._packed_as = self._state_as = b""
        self._state_at = -1

    def connect(self, path: Path, timeout: float) -> sqlite3.Connection:
        """Opens the state as the daemon does, and remembers the connection."""
        self.db = sqlite(path, timeout)
        self._state_at = -1
        return self.db

    # -------------------------------------------------------------- from an image

    def place(self, image: Image) -> Town:
        """A town as the image shows it; the one placed before it is gone."""
        town: Town = Town.__new__(Town)
        town.__dict__.update(pickle.loads(image.town))  # noqa: S301 - our own bytes
        town.folder, town.watch, town.events = self.folder, nobody, self._events
        state = self.folder / "state"
        state.mkdir(parents=True, exist_ok=True)
        for old in state.iterdir():
            old.unlink()
        for name, content in image.files:
            (state / name).write_bytes(content)
        self._sent, self._sent_until = list(image.sent), 0
        self._packed_at = ()
        if self._config is None:
            self._config = town.config()
        config = self._config
        town.config = lambda: config  # type: ignore[method-assign]
        self.town = town
        return town

    def spoils(self) -> bool:
        """Whether a request is still to be spoiled."""
        return bool(Line.of(self.town).answers) or any(each.active for each in self.town.world.faults._armed)

    def sent(self) -> tuple[Seen, ...]:
        """The requests under test, those before the image among them."""
        log = self.town.world.log
        if log.last_seq > self._sent_until:
            self._sent += effects(self.town, self.story, self._sent_until)
            self._sent_until = log.last_seq
        return tuple(self._sent)

    # -------------------------------------------------------------- to an image

    def future(self) -> bytes:
        """Equal where everything to come is equal, but for its time. While the daemon has the state open."""
        digest = hashlib.blake2b(self._packed(), digest_size=16)
        digest.update(self._state())
        sent = [(each.at, each.what, may_follow_at_once(each)) for each in self.sent()]
        digest.update(repr(sent).encode())
        return digest.digest()

    def image(self) -> Image:
        """What a death leaves now."""
        state = self.folder / "state"
        files = tuple((name, (state / name).read_bytes()) for name in FILES if (state / name).exists())
        return Image(pack(self.town), files, self.sent())

    def _packed(self) -> bytes:
        """The town whenever it is, packed anew when a vendor was asked."""
        world = self.town.world
        late = tuple(each.due - world.now() for each in world._late)
        at = world.log.last_seq, late, len(world.faults._armed)
        if at != self._packed_at:
            with timeless(self.town):
                self._packed_at, self._packed_as = at, pack(self.town)
        return self._packed_as

    def _state(self) -> bytes:
        """A digest of the state's content, read anew when it was written."""
        if self.db.total_changes != self._state_at:
            self._state_at = self.db.total_changes
            self._state_as = hashlib.blake2b(self.db.serialize()).digest()
        return self._state_as


@contextmanager
def timeless(town: Town) -> Iterator[None]:
    """Within this the town tells no time: by its clock, by what is still to come, by the calls that count."""
    world, clock = town.world, town.clock
    fortnox: Any = world.systems["fortnox"]
    webcrm: Any = world.systems["webcrm"]
    before = world._late, fortnox._arrivals, webcrm._auth.calls, clock.passed_s
    world._late = [structs.replace(each, due=each.due - world.now()) for each in world._late]
    fortnox._arrivals, webcrm._auth.calls, clock.passed_s = {}, {}, 0.0
    try:
        yield
    finally:
        world._late, fortnox._arrivals, webcrm._auth.calls, clock.passed_s = before


def pack(town: Town) -> bytes:
    """The vendors, the people, the clock and the faults still to come, without what was logged."""
    world = town.world
    log, faults = world.log, dict(world.faults.__dict__)
    world.log = Log()
    world.faults.__dict__.update(_armed=[each for each in faults["_armed"] if each.active], _number=0)
    ended_at = town.clock.now().timestamp()
    parts = {name: part for name, part in town.__dict__.items() if name not in OF_A_LIFE}
    packed = io.BytesIO()
    try:
        _Packer(packed, pickle.HIGHEST_PROTOCOL).dump({**parts, "_ended_at": ended_at})
        return packed.getvalue()
    finally:
        world.log = log
        world.faults.__dict__.update(faults)


def _shared(schema: Schema) -> tuple[Any, ...]:
    SHARED[id(schema)] = schema
    return _kept, (id(schema),)


def _kept(number: int) -> Schema:
    return SHARED[number]


class _Packer(pickle.Pickler):
    """Packs for this process only."""

    dispatch_table = copyreg.dispatch_table | {Schema: _shared}
