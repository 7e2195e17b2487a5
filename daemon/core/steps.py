"""
What is decided, as data: units, decisions, steps. Pure.

The plan can be printed, counted by the guard, stored and compared before
anything is sent, and `plan` and `run` share it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Struct

from daemon.core.agreement import Resolved, Same
from daemon.core.mapping import Table
from daemon.core.match import Candidate
from daemon.core.merge import Conflict
from daemon.core.records import Agreed, Fields, Problem, Seen, Side

# ------------------------------------------------------------------ what a decision starts from


class Bond(Struct, frozen=True, kw_only=True):
    """A link between two records, and what they held when they last agreed."""

    fortnox_id: str
    partner_id: str
    agreed: Agreed

    @property
    def ids(self) -> Mapping[Side, str]:
        """The two records."""
        return {Side.FORTNOX: self.fortnox_id, Side.PARTNER: self.partner_id}


class Owner(Struct, frozen=True, kw_only=True):
    """What a record belongs to: the ids of it that are known, and whether it takes part."""

    kind: str
    ids: Mapping[Side, str]
    takes_part: bool


class Unit(Struct, frozen=True, kw_only=True):
    """
    One record to decide about: both ends of a link, or a record without one.

    `asked` is true when an operator wants it over although it is old (`import`).
    `young` is true when the record may be older than our memory of it: what we
    create for it in Fortnox, where our mark cannot be searched for, must be
    looked for first. (At the partner the complete list is the look.)
    """

    kind: str
    records: Mapping[Side, Seen]
    bond: Bond | None = None
    candidates: tuple[Candidate, ...] = ()
    asked: bool = False
    young: bool = False
    resolved: Resolved = {}
    owner: Owner | None = None

    @property
    def key(self) -> str:
        """How an operator finds it: the side that names it, and its id there."""
        if self.bond:
            return f"partner:{self.bond.partner_id}"
        side = next(iter(self.records))
        return f"{side.value}:{self.records[side].id}"


# ------------------------------------------------------------------ what is decided


class Create(Struct, frozen=True, tag="create", kw_only=True):
    """
    Make the twin of `source_id` on `side`; `look` first whether an earlier write of ours did it.

    `once` names the write, whatever attempt of it this is: it is given when the intent is stored.
    """

    kind: str
    side: Side
    key: str
    source_id: str
    fields: Fields
    reason: str
    look: bool = False
    once: str = ""


class Update(Struct, frozen=True, tag="update", kw_only=True):
    """
    Give `fields` to the record `target_id` on `side`; `was` is what it showed for them.

    `ours` are those that only we write there and that stand as we wrote them: numbers, flags. `then` is
    what is agreed once it took effect, where that does not follow from the value. `once` as for Create.
    """

    kind: str
    side: Side
    key: str
    source_id: str
    target_id: str
    fields: Fields
    was: Fields
    reason: str
    ours: tuple[str, ...] = ()
    then: Agreed = {}
    once: str = ""


class Link(Struct, frozen=True, tag="link", kw_only=True):
    """Remember that two records are one. Sends nothing."""

    kind: str
    key: str
    fortnox_id: str
    partner_id: str
    on: str  # the field that proves it
    reason: str


Step = Create | Update | Link


class Decision(Struct, frozen=True, kw_only=True):
    """
    Everything decided about one unit. `alike` is settled without a request.

    `wants` is the record of another kind, by its side and id, that must cross before. What `unlinks` is two
    records again, of which one may be gone.
    """

    unit: Unit
    steps: tuple[Step, ...] = ()
    alike: Agreed = {}
    conflicts: tuple[Conflict, ...] = ()
    problem: Problem | None = None
    ignored: str = ""  # why it does not cross, when it is nobody's fault
    wants: tuple[str, Side, str] | None = None
    unlinks: bool = False

    def hindered(self, key: str, problem: Problem) -> Decision:
        """The same with what keeps the record `key` from being made now, without its steps."""
        told = msgspec.structs.replace(problem, where=f"{key}, {problem.where}")
        return msgspec.structs.replace(self, steps=(), problem=told)


class Tables(Struct, frozen=True, kw_only=True):
    """How the kind is spelled on each side, and what day it is."""

    fortnox: Table
    partner: Table
    today: dt.date

    def at(self, side: Side) -> Table:
        """The table of one side."""
        return self.fortnox if side is Side.FORTNOX else self.partner

    def same(self) -> Same:
        """Two values are the same when one is the other's normal form."""
        return lambda rule, ours, theirs: (
            rule.same(ours, theirs)
            or rule.same(ours, self.fortnox.normal(rule.field, theirs))
            or rule.same(self.partner.normal(rule.field, ours), theirs)
        )

    def problem(
        self, side: Side, fields: Fields, where: str, present: Fields | None = None
    ) -> Problem | None:
        """Why `fields` cannot be written at one side, to a record that shows `present` or to a new one."""
        return self.at(side).problem(fields, where, self.today, present)


# ------------------------------------------------------------------ counting


def overwrites(step: Step) -> bool:
    """Whether a step replaces or clears something that a person may have written."""
    return isinstance(step, Update) and any(
        old is not None and old != step.fields[field] and field not in step.ours
        for field, old in step.was.items()
    )


def only_steps(decisions: Sequence[Decision]) -> tuple[Step, ...]:
    """The steps of `decisions`, in order."""
    return tuple(step for decision in decisions for step in decision.steps)
