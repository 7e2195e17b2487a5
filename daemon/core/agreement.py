"""
The vocabulary a pair is written in: who decides what, and what may cross. Pure.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Callable, Collection, Mapping

from msgspec import Struct

from daemon.core.records import Fields, Problem, Seen, Side, Value


class Decides(enum.StrEnum):
    """Who is right when both sides changed a field to different values."""

    FORTNOX = "fortnox"
    PARTNER = "partner"
    NOBODY = "nobody"


class FieldRule(Struct, frozen=True, kw_only=True):
    """
    One field of an agreement.

    `to` are the sides that a change may be written to. An edit made where it
    may not leave from stays and is listed; with `revert` it is undone at once.
    `same` tells whether Fortnox' and the partner's value say the same. With
    `careful` a difference on which nothing was agreed before waits for a
    person: it is about money. What follows from other fields is not worth listing
    (`listed`). `given` makes what is written out of the value
    and of what stands there. With `adds` it is a number that both sides change: each
    side is told what the other one has changed, and none is overwritten. With `frozen` each side
    keeps what it has: a change on either one, once they are linked, waits for a person.
    """

    field: str
    decides: Decides
    to: frozenset[Side] = frozenset(Side)
    revert: bool = False
    same: Callable[[Value, Value], bool] = lambda ours, theirs: ours == theirs
    careful: bool = False
    listed: bool = True
    given: Callable[[Value, Value], Value] | None = None
    adds: bool = False
    frozen: bool = False


class Belonging(Struct, frozen=True, kw_only=True):
    """
    That each record belongs to one of another kind, as a document to its customer.

    `field` holds that one's id, on each side its own; `gate` says whether the
    partner's record of the other kind takes part.
    """

    field: str
    kind: str
    gate: Callable[[Fields], bool]


class Locked(Struct, frozen=True, kw_only=True):
    """Why Fortnox takes no change of a field any more. With `parks` an edit of it waits for a person."""

    why: str
    todo: str
    parks: bool = False


class Series(Struct, frozen=True, kw_only=True):
    """
    That the partner's records are booked in Fortnox: one after the other, none left out, each in time.

    `order` is how they follow each other; what is new waits while the outcome of one is unknown, and for what
    keeps it from being booked (`System.hinders`). `between` names the records that must be between two
    others, by their ids; `due` is by when one must be booked, None for never; `bearer` is what people call
    whatever numbers them.
    """

    order: Callable[[Fields], tuple[str, ...]]
    between: Callable[[str, str], tuple[str, ...]]
    due: Callable[[Fields], dt.datetime | None]
    bearer: Callable[[Fields], str]


def _anything(_fields: Fields) -> bool:
    return True


def _nothing(_fields: Fields) -> Mapping[str, Locked]:
    return {}


class Agreement(Struct, frozen=True, kw_only=True):
    """
    How two systems agree on one kind of record.

    `recognised_by` names the fields that make twins, strongest first; a twin is
    only taken when exactly one unlinked record on each side holds the value.
    `gate` says whether a partner record takes part at all; while it does not,
    its link rests: nothing leaves it, Fortnox' edits still arrive, except in
    `gate_fields`, which would open the gate again.
    `living` says whether a Fortnox record is worth a new partner record.
    `belongs_to` is what a record belongs to: it rests while that one does. `locked` tells
    which fields Fortnox takes no change of, by what its record shows. `weigh` finds
    what keeps the named fields of a record of one side from crossing as they stand. With `looked_for` each
    creation in Fortnox is looked for first. `essential` fields are shown by every
    record: where one is not, it could not be read.
    `mark` gives our reference for a partner record's id, for what is created in
    Fortnox. `marks` names, for each side, those of `recognised_by` that only we fill in: of two records
    that share one, one is a copy. `create` maps the side that gets a new record to what prepares its fields,
    or refuses them; a side that is absent never gets one.
    `view` says a Fortnox record in the partner's terms: a price with VAT, a shorter name. `series` is how
    records that are booked follow each other. A record that is gone at one of `ends` ends its link: the other
    one is decided about anew. What is `on_demand` crosses from the partner when something that belongs to it
    does. With `one_way` nothing is taken from Fortnox: what was made there is compared once and its own then.
    With `removes` a record of the partner's that was linked is removed there when Fortnox has none any more;
    `removes` says whether one that never was may be, too. What is `enclosed` is a file of the partner's that
    is put to what it belongs to, once that has crossed: Fortnox lists none, so it is only looked for there.
    A record that is `part_of` one of another kind is the same record at the vendor's, seen otherwise: the two
    are listed together, and who reads that one by key has read this one too.
    """

    kind: str
    rules: tuple[FieldRule, ...]
    recognised_by: tuple[str, ...]
    start: dt.datetime
    create: Mapping[Side, Callable[[Fields], Fields | Problem]]
    mark: Callable[[str], str] | None = None
    marks: Mapping[Side, frozenset[str]] = {}
    gate: Callable[[Fields], bool] = _anything
    gate_fields: frozenset[str] = frozenset()
    living: Callable[[Fields], bool] = _anything
    belongs_to: Belonging | None = None
    locked: Callable[[Fields], Mapping[str, Locked]] = _nothing
    weigh: Mapping[Side, Callable[[Fields, Collection[str]], Problem | None]] = {}
    looked_for: bool = False
    essential: frozenset[str] = frozenset()
    view: Callable[[Fields], Fields] | None = None
    series: Series | None = None
    ends: frozenset[Side] = frozenset()
    on_demand: bool = False
    one_way: bool = False
    enclosed: bool = False
    removes: Callable[[Seen], bool] | None = None
    part_of: str = ""

    @property
    def lasts(self) -> bool:
        """Whether what was booked stays as it is, though the partner shows it no more."""
        return self.series is not None or self.enclosed

    def rule(self, field: str) -> FieldRule | None:
        """The rule of one field."""
        return next((rule for rule in self.rules if rule.field == field), None)

    def says(self, field: str, side: Side, now: Value, sent: Value) -> bool:
        """Whether what one side holds in a field says what it was sent."""
        rule = self.rule(field)
        if rule is None:
            return now == sent
        return rule.same(now, sent) if side is Side.FORTNOX else rule.same(sent, now)


Resolved = Mapping[str, Side]  # field -> the side a person chose for an open conflict
Same = Callable[[FieldRule, Value, Value], bool]  # a field, Fortnox' value, the partner's value
