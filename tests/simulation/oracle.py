"""
What must be true, judged from what people did and what both vendors hold; it shares no code with the daemon.

Every edit of a person is an event with a value of its own and one parent: the
edit whose value stood there when it was made. A write of the daemon carries
the value of one edit over to the other side. So each write can be judged as
it arrives: it may only put a value over one that came before it, or over one
made at the same time that the written rule lets it win over; and at rest the
latest edit must stand on both sides.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from daemon.sandbox.world import World
from tests.simulation.camera import DECIDES, FORTNOX, OTHER, WEBCRM, Album, Shot, forgotten, mark_of, shoot
from tests.simulation.causes import too_many, unexplained
from tests.simulation.conduct import Conduct, Query
from tests.simulation.facts import disagreements, invented, misborn, said, unnoted
from tests.simulation.untouched import touched
from tests.simulation.wire import Sent

SETTLE_S: Final = 60.0
CLOSED_LONG_AGO_S: Final = 60.0
ONE_TRIP_S: Final = 40.0  # a record was read at most this long before it was written
GUARD: Final = 20  # records that one pass may write over unasked, of some dozens
ONE_PASS_S: Final = 30.0  # its writing
WRITES_AT_ONCE: Final = 64
LISTS: Final = {  # what a pass begins with
    (FORTNOX, "customer"): "/3/customers",
    (FORTNOX, "article"): "/3/articles",
    (FORTNOX, "document"): "/3/orders",
    (WEBCRM, "customer"): "/Queries",
    (WEBCRM, "article"): "/QuotationLines/LinkedData",
    (WEBCRM, "document"): "/Queries",
}
TOKENS: Final = {"customer": "name", "article": "name", "document": "text"}  # values that name a thing
LIMITS: Final = {FORTNOX: (24, 5.0), WEBCRM: (250, 60.0)}
KEYS: Final = {FORTNOX: "fortnox", WEBCRM: "partner"}  # how the daemon's keys begin
DAEMON: Final = "fortnox-syncd"


class Violation(AssertionError):
    """An invariant does not hold: "I1 two orders of one delivery"."""


@dataclass(eq=False)
class Edit:
    """One value that a person gave one field."""

    side: str
    value: Any
    at_s: float
    parent: Edit | None
    also: Edit | None = None  # a second parent, where two values were mixed
    gone: str = (
        ""  # why it need not stand: it lost by the rule, or was made while the daemon's request travelled
    )

    def follows(self, other: Edit | None) -> bool:
        """Whether `other` was known when this was made."""
        edit: Edit | None = self
        while edit is not None and edit is not other:
            if edit.also is not None and edit.also.follows(other):
                return True
            edit = edit.parent
        return other is None or edit is other


@dataclass(eq=False)
class Thing:
    """One customer, article or document, wherever it is."""

    kind: str
    born: str  # the side a person made it at
    ids: dict[str, str]
    edits: dict[str, list[Edit]] = field(default_factory=dict)
    stands: dict[tuple[str, str], Edit | None] = field(default_factory=dict)  # (side, field) -> what stands
    doubled: set[tuple[str, str]] = field(default_factory=set)  # copies that the network made: (side, id)
    unsure: set[tuple[str, str]] = field(
        default_factory=set
    )  # (side, field): our last write there was unclear
    copied: bool = False  # a person made it of one that bears our mark, with the mark
    given_up: bool = False  # it was made, never shown, and a person wants it made once more (INT02)
    remade: bool = False  # a person deleted it and we made it again: older memories know the one that is gone
    inherited: bool = False  # the network made two, a person deleted the first, and the other is meant now
    mistaken: bool = False  # one of two with one mark that a daemon without memory cannot tell apart
    closed_at_s: float | None = None  # it was booked, or cancelled
    said: dict[str, dict[str, list[Any]]] = field(default_factory=dict)  # side -> fact -> all it ever said
    # rows that look as before since a write of ours, and what to judge it by should they stay so
    undone: tuple[float, Callable[[], None]] | None = None


class Oracle:
    """Sees every request at both vendors. `violations` stays empty."""

    def __init__(
        self, world: World, kinds: Sequence[str], now_s: Callable[[], float], on_disk: Query
    ) -> None:
        """`kinds` of record take part; `now_s` is the true time; `on_disk` asks the daemon's state."""
        self._world, self._kinds, self._now_s = world, kinds, now_s
        self.conduct = Conduct(self.fail, on_disk)
        self._unsettled = lambda: on_disk("SELECT 1 FROM intents WHERE state IN ('sent', 'unknown') LIMIT 1")
        self.things: list[Thing] = []
        self.by_id: dict[tuple[str, str, str], Thing] = {}  # (side, kind, id)
        self.seen_first_s: dict[tuple[str, str, str], float] = {}
        self.changed_s: dict[tuple[str, str, str], float] = {}
        self._edited_s: dict[tuple[str, str, str], float] = {}  # by people
        self._made: list[tuple[str, str]] = []  # kind, and the key of what it was made of
        self._by_token: dict[tuple[str, Any], Thing] = {}
        self._albums: dict[str, Album] = {side: shoot(world, side) for side in (FORTNOX, WEBCRM)}
        self._posts: dict[
            tuple[str, bytes], tuple[float, str]
        ] = {}  # what is created where -> last time, outcome
        self._read_at_s: dict[tuple[str, str], float] = {}
        self._first_read_s: dict[tuple[str, str], float] = {}
        self._arrived: dict[str, list[float]] = {FORTNOX: [], WEBCRM: []}
        self._written: list[tuple[float, tuple[Thing, tuple[str, str]]]] = []
        self.figures: Counter[str] = Counter()
        self.violations: list[str] = []
        self.lists_lag_until_s, self._replayed_at_s = 0.0, float("-inf")
        # From process to process calls are counted by the wall clock; and while time leaps, what is under way
        # arrives later than any network would bring it.
        self.time_leapt_at_s = float("-inf")
        # A vendor whose clock was set back finds in its window again what it had counted before. How often it
        # was called is judged all the same.
        self.set_back_until_s = float("-inf")
        self.started_s, self._lists_bent_at_s = 0.0, float("inf")
        self._died_at_s = float("-inf")
        self._rows_replayed = False
        self._memory_at_s, self._memory_as_of_s = 0.0, float("-inf")
        self.catalogue_short_s = float("-inf")  # when it last showed less than everything, as if it were that
        self._mass_s, self._massed = (0.0, -1.0), list[tuple[float, Thing]]()
        self.memory_lost = False  # from here on the budget in use and what was agreed are not known

    def memory_is_lost(self, as_of_s: float) -> None:
        """The daemon starts with another state than the one it had: an older one, as of -inf a new one."""
        self.memory_lost, self._memory_at_s, self._memory_as_of_s = True, self._now_s(), as_of_s
        self.conduct.memory_is_lost(as_of_s, self._now_s())
        for thing in self.things:
            self._mistake(thing)
            self._renumbered(thing)
        self._made.clear()  # the log is gone with it, and what was on record of conflicts
        for _, _, edit in list(self.decided()):
            edit.gone = "the rule, as it was once on record"

    def lists_lie(self, until_s: float) -> None:
        """What lists show is not to be relied on from now on."""
        self._lists_bent_at_s = min(self._lists_bent_at_s, self._now_s())
        self.lists_lag_until_s = max(self.lists_lag_until_s, until_s)

    def memory_is_back(self) -> None:
        """At rest everything is agreed on anew."""
        self.memory_lost = False

    def _mistake(self, copy: Thing) -> None:
        """Who lost its memory takes the one of two with one mark that lives: people cancel their copies."""
        if not (copy.copied and self.memory_lost):
            return
        shot = self._albums[FORTNOX].get((copy.kind, copy.ids[FORTNOX]))
        for thing in self.things:
            here = self._albums[FORTNOX].get((thing.kind, thing.ids.get(FORTNOX, "")))
            marks = {here.mark if here else "", mark_of(thing.kind, thing.ids.get(WEBCRM, ""))}
            thing.mistaken |= thing.kind == copy.kind and (shot is None or shot.mark in marks)

    def _renumbered(self, thing: Thing) -> None:
        """
        Whose number was another's is taken for that one, where the daemon cannot know of the deleted one.

        It lost its memory, or never heard that it had made it: then a number is what names a customer
        (decision 6).
        """
        shot = self._albums[WEBCRM].get((thing.kind, thing.ids.get(WEBCRM, "")))
        if thing.kind != "customer" or shot is None:
            return
        other = self.by_id.get((FORTNOX, "customer", shot.ties[0]), thing)
        if other is thing or other.mistaken:
            return
        if self.memory_lost or any(side == WEBCRM for side, _ in other.unsure) or self._unsettled():
            other.mistaken = thing.mistaken = True

    def masses(self, since_s: float) -> None:
        """What people edited from then to now they did to everything at once: a person must see the plan."""
        self._mass_s = since_s, self._now_s()

    def released(self) -> None:
        """A person has seen what was held."""
        self._mass_s = 0.0, -1.0

    def _guarded(self, thing: Thing, carried: Edit) -> None:
        """
        One pass writes over no more than the limit of what was edited all at once (I24, decision 7).

        A pass that reads while the edits are made sees some of them only, and the next one the others.
        """
        if self._mass_s[0] <= carried.at_s <= self._mass_s[1]:
            now_s = self._now_s()
            self._massed.append((now_s, thing))
            listed_s = self._read_at_s.get((carried.side, LISTS[carried.side, thing.kind]), 0.0)
            since_s = max(now_s - ONE_PASS_S, listed_s)
            some = {id(each) for at_s, each in self._massed if at_s > since_s}
            if len(some) > GUARD:
                self.fail(f"I24 {len(some)} records were written over at once, and nobody was asked")
                self.released()

    def fail(self, what: str) -> None:
        """Note a violation."""
        self.violations.append(f"{what} (at {self._now_s():.1f} s)")

    # -------------------------------------------------------------- requests

    def arrived(self, side: str, client: str, method: str, path: str, status: int, how: str) -> None:
        """One request reached a vendor, whoever sent it; `how` says what the network made of it."""
        if how:
            self._replayed_at_s = self._now_s()  # the vendor counts what only the network sent, too
            self._rows_replayed |= path.startswith("/QuotationLines")
        if client != DAEMON or how or "oauth" in path or "Auth" in path:
            return
        self.figures["requests"] += 1
        now_s, times = self._now_s(), self._arrived[side]
        most, window_s = LIMITS[side]
        times.append(now_s)
        while times[0] <= now_s - window_s:
            del times[0]
        counted = not self.memory_lost and now_s - self.time_leapt_at_s > 2 * window_s
        if len(times) > most and counted:
            self.fail(f"I32 {len(times)} requests in {window_s} s at {side}")
        recounted = max(self._replayed_at_s, self.set_back_until_s)
        if status == 429 and counted and now_s - recounted > window_s:
            self.fail(f"I32 {side} asked to slow down")
        if method == "GET":
            self._read_at_s[side, path] = now_s
            self._first_read_s.setdefault((side, path), now_s)
        elif method == "DELETE" and (side == FORTNOX or not path.startswith("/QuotationLines/")):
            self.fail(f"I17 DELETE {path} at {side}")
        if method == "PUT" and side == FORTNOX:
            self._check_open(path, now_s)

    def _check_open(self, path: str, now_s: float) -> None:
        for thing in self.things:
            if thing.closed_at_s is None or now_s - thing.closed_at_s < CLOSED_LONG_AGO_S:
                continue
            shot = self._albums[FORTNOX].get((thing.kind, thing.ids.get(FORTNOX, "")))
            if path in [
                f"/3/{form}s/{n}" for form, _, n in (tie.partition(":") for tie in shot.ties if shot)
            ]:
                self.fail(
                    f"I17 PUT {path}, {now_s - thing.closed_at_s:.0f} s after it was booked or cancelled"
                )

    def left(self, sent: Sent, stored_as_sent: int) -> None:
        """A request of the daemon leaves; `stored_as_sent` intents are on disk in that state."""
        if not sent.request.effect or "oauth" in sent.request.url or "Auth" in sent.request.url:
            return
        if stored_as_sent == 0:
            self.fail(f"I4 {sent.request.method} {sent.request.route} without a stored intent")
        if sent.request.method == "POST":
            key = sent.system, _essence(sent)
            before = self._posts.get(key)
            settle_s = SETTLE_S - self.conduct.stepped_s(before[0]) if before else 0.0
            if before and before[1] == "unclear" and sent.at_s - before[0] < settle_s:
                self.fail(f"I6 {sent.request.route} again after {sent.at_s - before[0]:.1f} s")
            elif before and before[1] == "unclear" and not self.memory_lost:
                self.conduct.looked(sent, before[0] + settle_s)
            self._posts[key] = sent.at_s, "refused" if sent.spoil in CERTAIN else "unclear"

    def answered(self, sent: Sent, status: int) -> None:
        """A vendor has judged a request of the daemon."""
        if sent.request.method == "POST" and 400 <= status < 500:
            self._posts[sent.system, _essence(sent)] = sent.at_s, "refused"

    # -------------------------------------------------------------- what changed

    def died(self, now_s: float) -> None:
        """The daemon was killed: what it was just told, or what is still on its way, it may never hear of."""
        self._died_at_s = now_s
        for at_s, mark in self._written:
            if now_s - at_s < ONE_TRIP_S:
                mark[0].unsure.add(mark[1])
        for thing in self.things:
            self._renumbered(thing)
        self._written.clear()

    def look(self, side: str, client: str, sent: Sent | None, how: str = "") -> None:
        """Compare one side with how it was before this request."""
        before = self._albums[side]
        after = shoot(self._world, side, before)
        self._albums[side] = after
        ours = client == DAEMON
        for (kind, record_id), shot in after.items():
            old = before.get((kind, record_id))
            if old == shot:
                continue
            self.changed_s[side, kind, record_id] = self._now_s()
            if not ours:
                self._edited_s[side, kind, record_id] = self._now_s()
            if old is None:
                self.seen_first_s[side, kind, record_id] = self._now_s()
                self._born(side, kind, record_id, shot, sent, ours=ours, how=how)
                if sent and (thing := self.by_id.get((side, kind, record_id))):
                    # What it was made of is known whatever became of the answer: it is found by its mark.
                    lag = self._now_s() < self.lists_lag_until_s
                    for word in ("", *(shot.fields if lag else ())):
                        self._heard(thing, side, word, sent)
            else:
                self._changed(side, kind, record_id, old, shot, ours=ours, sent=sent)
                if ours and (lost := forgotten(old, shot)):
                    self.fail(f"I15 {kind} {record_id} at {side}: {lost}")
            self._said(side, kind, record_id, old, shot, ours=ours)
            thing = self.by_id.get((side, kind, record_id))
            own = thing is not None and thing.ids.get(side) == record_id  # and not the network's copy of it
            if own and shot.state in ("booked", "cancelled") and thing.closed_at_s is None:
                thing.closed_at_s = self._now_s()
        for kind, record_id in sorted(before.keys() - after.keys()):
            self._inherited(side, kind, record_id)

    def _inherited(self, side: str, kind: str, record_id: str) -> None:
        """
        Of two that the network made of one a person deleted the first: the other is it from now on.

        Who had not been told of either finds one alone, and nothing says that there ever were two. Who was
        linked with the first waits: an end is gone, and the other bears its number or mark.
        """
        thing = self.by_id.get((side, kind, record_id))
        if thing is None or thing.ids.get(side) != record_id:
            return
        left = sorted(each for at, each in thing.doubled if at == side and (kind, each) in self._albums[side])
        if not left:
            return
        thing.ids[side], thing.inherited, shot = left[0], True, self._albums[side][kind, left[0]]
        thing.doubled.discard((side, left[0]))
        self._stands(thing, side, shot)
        for word, value in shot.fields.items():
            if value and thing.stands[side, word] is None:  # what a person wrote while it was a copy
                self._edit(thing, side, word, value)
        self._said(side, kind, left[0], None, shot, ours=False)

    def _said(self, side: str, kind: str, record_id: str, old: Shot | None, new: Shot, *, ours: bool) -> None:
        """What a record says now, and whether it may."""
        thing = self.by_id.get((side, kind, record_id))
        if thing is None or thing.mistaken or (side, record_id) in thing.doubled:
            return
        now, before = said(side, kind, new.raw), said(side, kind, old.raw) if old else {}
        about = f"{kind} {record_id} at {side}"
        if ours:
            for what in invented(kind, side, now, before, thing.said[OTHER[side]]):
                self.fail(f"I15 {about}: {what}")
            for what in misborn(kind, side, new.raw) if old is None else ():
                self.fail(f"I15 {about}: {what}")
            for what in touched(kind, side, old.raw, new.raw) if old else ():
                # An invoice's due date is sent with its date, counted from the one that was read just before.
                edited_s = self._edited_s.get((side, kind, record_id), float("-inf"))
                if not (what.startswith("DueDate ") and self._now_s() - edited_s < 1.0):
                    self.fail(f"I15 {about}: {what}, which nobody maps")
        for word, value in now.items():
            known = thing.said.setdefault(side, {}).setdefault(word, [])
            if value not in known:
                known.append(value)

    def _born(
        self, side: str, kind: str, record_id: str, shot: Shot, sent: Sent | None, *, ours: bool, how: str
    ) -> None:
        if not ours:
            self._entered(side, kind, record_id, shot)
            return
        self.figures["created"] += 1
        token = shot.fields[TOKENS[kind]]
        found = self._by_token.get((kind, token))
        if found is None:
            self.fail(f"I3 a {kind} of nothing at {side}: {dict(shot.fields)}")
            return
        self.by_id[side, kind, record_id] = found
        if found.copied and self._memory_at_s == 0.0:  # without memory nobody can tell which of two was first
            self.fail(f"G13 a copy of {found.ids} crossed to {side} as {record_id}")
        if shot.mark and shot.mark != mark_of(kind, found.ids[WEBCRM]):
            self.fail(
                f"I3 {kind} {record_id} at {side} bears {shot.mark}, which is not the mark of {found.ids}"
            )
        if how == "again":
            found.doubled.add((side, record_id))
            self.figures["doubled by the network"] += 1
            return
        unsure = self.memory_lost or found.given_up or any(each == side for each, _ in found.unsure)
        if side in found.ids and unsure and (kind, found.ids[side]) not in self._albums[side]:
            # Nobody knows any more that it was there.
            self.figures["made again after a person deleted it"] += 1
            found.remade = True
        elif side in found.ids and self._hidden_from_an_empty_memory(side, kind, found.ids[side]):
            found.doubled.add((side, record_id))
            self.figures["made again while a list hid it from an empty memory"] += 1
            return
        elif side in found.ids:
            self.fail(f"I1 a second {kind} {record_id} at {side} of {found.ids}: {token!r}")
            return
        found.ids[side] = record_id
        if sent is None or sent.at_s >= self._memory_at_s:
            self._made.append((kind, f"{KEYS[OTHER[side]]}:{found.ids[OTHER[side]]}"))
        self._stands(found, side, shot)
        self._number_taken(side, kind)

    def _hidden_from_an_empty_memory(self, side: str, kind: str, record_id: str) -> bool:
        """
        Whether the catalogue, at its last reading, did not show what was made after what the memory holds.

        The catalogue can only be read whole (webcrm.md 11), so one that shows less and says so with 200 is
        for a memory from before like one that holds less, however long it waits. Somebody must be told.
        """
        seen_first_s = self.seen_first_s.get((side, kind, record_id), 0.0)
        unknown = self._memory_as_of_s < seen_first_s < self._memory_at_s
        short = self._now_s() - self.catalogue_short_s < ONE_PASS_S
        return unknown and short and (side, kind) == (WEBCRM, "article")

    def _number_taken(self, side: str, kind: str) -> None:
        """Somebody may have taken the number of a customer before we had made it in Fortnox."""
        for thing in self.things if (side, kind) == (FORTNOX, "customer") else ():
            self._renumbered(thing)

    def _entered(self, side: str, kind: str, record_id: str, shot: Shot) -> None:
        """A person made a record."""
        thing = Thing(kind, side, {side: record_id}, copied=bool(shot.mark))
        self.things.append(thing)
        self.by_id[side, kind, record_id] = thing
        for word, value in shot.fields.items():
            self._edit(thing, side, word, value)
        self._mistake(thing)
        self._renumbered(thing)

    def _stands(self, found: Thing, side: str, shot: Shot) -> None:
        """What a record of ours shows when it is made."""
        for word, value in shot.fields.items():
            stood, there = found.stands.get((side, word)), found.stands.get((OTHER[side], word))
            if stood and there and not there.follows(stood):
                _lose(stood, there, "went with the record that a person deleted")
            found.stands[side, word] = self._known(found, word, value)

    def _edit(self, thing: Thing, side: str, word: str, value: Any) -> None:
        parent = thing.stands.get((side, word))
        if (side, word) in thing.unsure and self._now_s() > self.lists_lag_until_s and not self._unsettled():
            thing.unsure.discard((side, word))  # by now the daemon has found out
        edit = Edit(side, value, self._now_s(), parent)
        thing.edits.setdefault(word, []).append(edit)
        thing.stands[side, word] = edit
        if word == TOKENS[thing.kind] and value:
            self._by_token[thing.kind, value] = thing

    def _known(self, thing: Thing, word: str, value: Any) -> Edit | None:
        return next((e for e in reversed(thing.edits.get(word, [])) if e.value == value), None)

    def _changed(
        self, side: str, kind: str, record_id: str, old: Shot, new: Shot, *, ours: bool, sent: Sent | None
    ) -> None:
        thing = self.by_id.get((side, kind, record_id))
        if thing is None:
            return
        if thing.mistaken or (side, record_id) in thing.doubled:
            if not ours and (token := new.fields[TOKENS[kind]]):
                self._by_token.setdefault((kind, token), thing)  # not judged, but known by that name
            return
        for word, value in new.fields.items():
            if old.fields[word] == value:
                continue
            if ours:
                self._carried(thing, side, word, value, sent)
            else:
                if (side, word) == (WEBCRM, "rows"):
                    self._judge_undone(thing)
                self._edit(thing, side, word, value)

    def _carried(self, thing: Thing, side: str, word: str, value: Any, sent: Sent | None) -> None:
        """The daemon wrote a field."""
        stood, carried = thing.stands.get((side, word)), self._known(thing, word, value)
        if (side, word) == (WEBCRM, "rows"):
            thing.undone = None  # they went on to something else
        if carried is None:
            if thing.doubled and self.memory_lost:
                return  # the copy was taken for ours, with what people did to it
            if word == "rows" and side == WEBCRM:
                self._mixed(thing, stood, value)
                return  # lines are written one by one; at rest they must be whole
            if value not in ("", ()) or stood:
                self.fail(
                    f"I14 {thing.kind} {thing.ids}: {word} at {side} became {value!r}, which nobody wrote"
                )
            return
        if word == "rows" and side == WEBCRM and stood and stood is not carried and stood.follows(carried):
            # On the way to other rows it may look as it once did. Where it stays so it was written over,
            # which is judged by what the daemon knows now.
            unsure = self.memory_lost or (side, word) in thing.unsure
            thing.undone = self._now_s(), partial(self._undo, thing, stood, carried, sent, unsure=unsure)
            return
        self._guarded(thing, carried)
        if stood is not None and not stood.gone and not carried.follows(stood):
            unsure = self.memory_lost or (side, word) in thing.unsure
            self._overwritten(thing, side, word, stood, carried, sent, unsure=unsure)
        thing.stands[side, word] = carried
        if sent:
            self._heard(thing, side, word, sent)

    def _judge_undone(self, thing: Thing) -> None:
        """Rows that looked as before on their way to others stayed so, unless that was a moment ago."""
        if thing.undone and self._now_s() - thing.undone[0] > ONE_TRIP_S:
            thing.undone[1]()
        thing.undone = None

    def _undo(self, thing: Thing, stood: Edit, carried: Edit, sent: Sent | None, *, unsure: bool) -> None:
        """The rows that stood in webCRM were written over by those that had stood there before."""
        if not stood.gone:
            self._overwritten(thing, WEBCRM, "rows", stood, carried, sent, unsure=unsure)
        thing.stands[WEBCRM, "rows"] = carried

    def _mixed(self, thing: Thing, stood: Edit | None, value: Any) -> None:
        """Somebody edited rows while ours were being written, one by one: what is left is of both."""
        path = f"/Deliveries/{thing.ids[WEBCRM]}/QuotationLines"
        if stood is None or stood.at_s < self._read_at_s.get((WEBCRM, path), 0.0):
            return
        stood.gone = stood.gone or "mixed with ours that were on their way"
        mixed = Edit(WEBCRM, value, self._now_s(), stood, also=thing.stands.get((FORTNOX, "rows")))
        thing.edits["rows"].append(mixed)
        thing.stands[WEBCRM, "rows"] = mixed

    def _heard(self, thing: Thing, side: str, word: str, sent: Sent) -> None:
        """Remember whether the daemon could know that this write of it took effect."""
        about = (side, word)
        if sent.spoil or sent.at_s <= self._died_at_s or self._now_s() < self.lists_lag_until_s:
            thing.unsure.add(about)
        else:
            thing.unsure.discard(about)
            self._written.append((self._now_s(), (thing, about)))
        del self._written[:-WRITES_AT_ONCE]

    def _overwritten(
        self,
        thing: Thing,
        side: str,
        word: str,
        stood: Edit,
        carried: Edit,
        sent: Sent | None,
        *,
        unsure: bool,
    ) -> None:
        """A person's edit was written over by one that did not know it."""
        sent_s = sent.at_s if sent else self._now_s()
        since_s = sent_s - ONE_TRIP_S
        path = _path(sent)
        read_at_s = max(since_s, self._read_at_s.get((side, path), since_s))
        # What is read once the request has left, by the next process, say, keeps it from nothing.
        if stood.at_s >= min(read_at_s, sent_s - 1.0):
            _lose(stood, carried, "made while our request travelled")
            self.figures["edits within one round trip"] += 1
        elif unsure and _was_put_back(stood):
            # Seen is what was there before our write whose answer was lost: it seems that it never arrived.
            _lose(stood, carried, "put back what stood before a write that nobody answered")
            self.figures["put back before we looked"] += 1
        elif unsure and DECIDES[thing.kind, word] in (OTHER[side], ""):
            _lose(stood, carried, "the rule")
        elif stood.follows(carried):
            self.fail(
                f"I14 {thing.kind} {thing.ids}: {word} {stood.value!r} at {side} "
                f"was undone by {carried.value!r}"
            )
        elif DECIDES[thing.kind, word] in (OTHER[side], ""):
            _lose(stood, carried, "the rule")
            self.figures["conflicts decided"] += 1
        else:
            self.fail(
                f"I14 {thing.kind} {thing.ids}: {word} {stood.value!r} of {side}, which decides, "
                f"lost to {carried.value!r}"
            )

    # -------------------------------------------------------------- at rest

    def at_rest(self, listed: Mapping[tuple[str, str, str], Sequence[str]]) -> None:
        """
        Check what must hold when nothing moves any more.

        `listed` is what the operator can read: (side, kind, id) -> fields, or "*" for the record.
        """
        self.conduct.check_log(self._made)
        waiting = sum("*" in fields and not self._is_seen_why(place) for place, fields in listed.items())
        if too_many(waiting, len(self.things)):
            self.fail(f"I2 {waiting} of {len(self.things)} records wait for a person")
        for thing in self.things:
            self._judge_undone(thing)
            self._thing_at_rest(thing, self._listed(thing, listed))
            for side, record_id in thing.doubled:
                told = (side, thing.kind, record_id) in listed
                both = (record_id, thing.ids.get(side, ""))  # when a person deletes one the other is the one
                if not told and not any(self._dead(side, thing.kind, each) for each in both):
                    self.fail(f"G13 {thing.kind} {record_id} at {side} is a double and nobody is told")

    def _is_seen_why(self, place: tuple[str, str, str]) -> bool:
        """Whether anybody sees why it waits: there are two of it, an end is gone, or its customer waits."""
        thing = self.by_id.get(place)
        if thing is None:
            return False
        shots = {side: self._albums[side].get((thing.kind, key)) for side, key in thing.ids.items()}
        if thing.kind == "customer" and self._taken(thing, shots):
            return True
        owners = ((side, "customer", shot.owner) for side, shot in shots.items() if shot and shot.owner)
        if thing.kind == "document" and any(map(self._is_seen_why, owners)):
            return True
        gone = any(self._dead(at, thing.kind, key) for at, key in thing.ids.items())
        return gone or thing.mistaken or thing.inherited or bool(thing.doubled)

    def _listed(self, thing: Thing, listed: Mapping[tuple[str, str, str], Sequence[str]]) -> set[str]:
        found: set[str] = set()
        for side, record_id in thing.ids.items():
            found |= set(listed.get((side, thing.kind, record_id), ()))
        return found

    def _dead(self, side: str, kind: str, record_id: str) -> bool:
        shot = self._albums[side].get((kind, record_id))
        return shot is None or shot.state in ("cancelled", "inactive")

    def _thing_at_rest(self, thing: Thing, listed: set[str]) -> None:
        about = f"{thing.kind} {thing.ids}"
        gone = [side for side, key in thing.ids.items() if self._dead(side, thing.kind, key)]
        if "*" in listed or thing.kind not in self._kinds or thing.mistaken:
            return
        if gone:
            self._check_note(thing)
            return
        if len(thing.ids) < 2:
            shot = self._albums[thing.born][thing.kind, thing.ids[thing.born]]
            if self._is_from_before(thing):
                return
            ownerless = thing.kind == "document" and self._ownerless(thing.born, shot)
            if not (thing.kind == "article" and thing.born == WEBCRM) and not ownerless:
                self.fail(f"I2 {about} is neither on the other side nor listed")
            return
        shots = {side: self._albums[side][thing.kind, key] for side, key in thing.ids.items()}
        if not set(shots[WEBCRM].ties) & set(shots[FORTNOX].ties):
            self.fail(f"I3 {about}: {shots[WEBCRM].ties} at webCRM instead of {shots[FORTNOX].ties}")
        owners = [self.by_id.get((side, "customer", shot.owner)) for side, shot in shots.items()]
        known = not any(owner and owner.mistaken for owner in owners)
        if thing.kind == "document" and known and owners[0] is not owners[1]:
            self.fail(f"I3 {about} belongs to one customer at Fortnox and to another at webCRM")
        self._words_at_rest(thing, shots, listed | {"rows"} if self._unseen_late(thing) else listed)

    def _unseen_late(self, thing: Thing) -> bool:
        """
        Whether rows were edited in webCRM once the document was shut, and that shows nowhere.

        Lines of open documents alone are read again (webcrm.md 5). One that is deleted tells nothing, one
        that is changed only where lines can be asked for by their changes, or touch their delivery.
        """
        edit, shut_s = thing.stands.get((WEBCRM, "rows")), thing.closed_at_s
        if edit is None or edit.side != WEBCRM or shut_s is None or edit.at_s <= shut_s:
            return False
        switches = self._world.systems[WEBCRM]._state.switches  # type: ignore[attr-defined]
        dropped = edit.parent is not None and len(edit.value) < len(edit.parent.value)
        return dropped or not (switches["query_lines"] or switches["line_bumps_delivery"])

    def _words_at_rest(self, thing: Thing, shots: Mapping[str, Shot], listed: set[str]) -> None:
        for word in sorted(shots[FORTNOX].fields.keys() - listed):
            self._field_at_rest(thing, word, {side: shot.fields[word] for side, shot in shots.items()})
        for word, what in disagreements(thing.kind, shots[FORTNOX].raw, shots[WEBCRM].raw):
            if word not in listed:
                self.fail(f"I2 {thing.kind} {thing.ids}: {what}")

    def _check_note(self, thing: Thing) -> None:
        shots = {side: self._albums[side].get((thing.kind, key)) for side, key in thing.ids.items()}
        ours, theirs = shots.get(FORTNOX), shots.get(WEBCRM)
        if thing.kind == "document" and ours and theirs and unnoted(ours.raw, theirs.raw):
            self.fail(f"W10 {thing.kind} {thing.ids} was cancelled and the delivery does not say so")

    def _is_from_before(self, thing: Thing) -> bool:
        """
        It was there before the daemon first ran, and the first lists did not show it: then it counts as older
        than the start, crosses with an import alone, and need not be listed. A small register of articles is
        read whole ever after, and whole lists tell no time of change (fortnox.md 22): what its first list of
        changes did not show yet is older as well.
        """
        seen_s = self.seen_first_s.get((thing.born, thing.kind, thing.ids[thing.born]), 0.0)
        read_s = self._first_read_s.get((FORTNOX, LISTS[FORTNOX, "article"]), 0.0)
        first_s = max(self.started_s, read_s if thing.kind == "article" else 0.0)
        return seen_s <= first_s and self._lists_bent_at_s < first_s + ONE_TRIP_S

    def _field_at_rest(self, thing: Thing, word: str, values: Mapping[str, Any]) -> None:
        about = f"{thing.kind} {thing.ids}: {word}"
        edits = thing.edits.get(word, [])
        one_way = DECIDES[thing.kind, word] == ""
        stands = {side: self._known(thing, word, values[side]) for side in values}
        if values[FORTNOX] != values[WEBCRM]:
            theirs, ours = stands[WEBCRM], stands[FORTNOX]
            if one_way and theirs and theirs.side == WEBCRM and theirs.follows(ours):
                return  # an edit in webCRM stays until Fortnox changes the field
            self.fail(f"I2 {about} is {values[FORTNOX]!r} at Fortnox and {values[WEBCRM]!r} at webCRM")
            return
        stand = stands[FORTNOX]
        for edit in edits:
            lost = not edit.gone and not (stand and stand.follows(edit))
            if lost and not (one_way and edit.side == WEBCRM):
                self.fail(
                    f"I14 {about}: {edit.value!r}, written at {edit.side}, is gone; "
                    f"{values[FORTNOX]!r} stands"
                )

    def asked(self, place: tuple[str, str, str], code: str) -> None:
        """
        A person is asked, and has it tried once more.

        Whether something is ours is asked of articles in vain: nobody else makes them (I10).
        """
        thing = self.by_id.get(place)
        if code == "INT02" and thing:
            thing.given_up = True
        if code == "INT01" and thing and thing.kind == "article" and not (thing.doubled or self.memory_lost):
            self.fail(f"I10 {thing.kind} {thing.ids}: a person must say whether it is there already")

    def disputed(self, place: tuple[str, str, str], word: str) -> None:
        """A person must choose between two sides' values: then both have written it (I10)."""
        thing = self.by_id.get(place)
        if thing is None or word != "rows" or thing.doubled or thing.copied:
            return
        if self._rows_replayed or self._memory_at_s:
            return
        if len({edit.side for edit in thing.edits[word]}) == 1:
            self.fail(f"I10 {thing.kind} {thing.ids}: {word} wait for a person, one side alone wrote them")

    def waits(self, place: tuple[str, str, str], code: str) -> None:
        """Something waits for a person: there must be a cause at the vendors."""
        thing = self.by_id.get(place)
        if thing is None or self._dead(*place):
            return  # it is gone, or was before anybody could know whose it was
        if thing.remade and self._memory_at_s:
            return  # an end is gone for a memory from before it was made again, and this one bears its mark
        if thing.mistaken or (place[0], place[2]) in thing.doubled:
            return  # the network's copy: under what name it waits depends on what else bears its number
        if thing.inherited and code in ("REC02", "INT03"):
            return
        shots = {side: self._albums[side].get((thing.kind, key)) for side, key in thing.ids.items()}
        ownerless = any(self._ownerless(side, shot) for side, shot in shots.items() if shot and shot.owner)
        if code in ("REC03", "REC99") and (ownerless or self._of_a_double(thing, shots)):
            return  # a document of a customer that is gone, or waits itself
        if code == "REC05" and self._taken(thing, shots):
            return
        if unexplained(code, shots):
            self.fail(f"I10 {thing.kind} {thing.ids} waits as {code}, and nothing is wrong with it")

    def _taken(self, thing: Thing, shots: Mapping[str, Shot | None]) -> bool:
        """Whether its number is another customer's at Fortnox, or was until that one was deleted (8.5)."""
        shot = shots.get(WEBCRM)
        return bool(shot) and self.by_id.get((FORTNOX, thing.kind, shot.ties[0]), thing) is not thing

    def _of_a_double(self, thing: Thing, shots: Mapping[str, Shot | None]) -> bool:
        """A document of one of two records that we or the network made of one customer."""
        owners = (self.by_id.get((side, "customer", shot.owner)) for side, shot in shots.items() if shot)
        return thing.kind == "document" and any(
            owner.doubled or owner.remade or owner.inherited for owner in owners if owner
        )

    def _ownerless(self, side: str, shot: Shot) -> bool:
        owner = self.by_id.get((side, "customer", shot.owner))
        if owner is None or len(owner.ids) < len(self._albums) or self._dead(side, "customer", shot.owner):
            return True
        return any(self._dead(each, "customer", key) for each, key in owner.ids.items())

    def orphans(self) -> Iterator[str]:
        """Records that come from nobody."""
        for side, album in self._albums.items():
            for kind, record_id in album:
                if (side, kind, record_id) not in self.by_id:
                    yield f"{side} {kind} {record_id}"

    def decided(self) -> Iterator[tuple[Thing, str, Edit]]:
        """Edits that lost by the rule: each must be on record."""
        for thing in self.things:
            for word, edits in thing.edits.items():
                yield from ((thing, word, edit) for edit in edits if edit.gone == "the rule")


def _was_put_back(stood: Edit) -> bool:
    """Whether somebody gave a field, over what was written there from the other side, its value of before."""
    ours = stood.parent
    before = ours.parent if ours and ours.side != stood.side else None
    return before is not None and before.value == stood.value


def _lose(stood: Edit, to: Edit, why: str) -> None:
    """What was built on a losing edit's own side is gone with it."""
    edit: Edit | None = stood
    while edit is not None and not to.follows(edit):
        edit.gone = edit.gone or (why if edit is stood else "replaced by one that lost")
        edit = edit.parent


CERTAIN: Final = {
    *("refused", "tls", "400", "401", "403", "404", "409", "410", "412", "413", "415"),
    *("429", "429 wait", "429 odd", "429 zero", "429 date", "429 long"),
}


MARKS: Final = re.compile(
    rb'FS1\.\w\w\.\w\.\w{26}|"(?:order|invoice):\d+"|"OrganisationExtraCustom1":"[^"]+"|ItemData1":"[^"]+"'
)


def _essence(sent: Sent) -> bytes:
    """What a creation is about: the mark it bears, else all of it."""
    body = sent.request.body or b""
    mark = MARKS.search(body)
    return sent.request.route.encode() + b" " + (mark[0] if mark else body)


def _path(sent: Sent | None) -> str:
    if sent is None:
        return ""
    url = sent.request.url
    return url[url.index(f"/{sent.system}") + len(sent.system) + 1 :].partition("?")[0]
