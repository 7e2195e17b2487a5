"""
The words the core speaks: sides, values, records. Pure.

A record is a flat set of fields in our own names. Money is whole öre, dates
are ISO texts, "nothing" is None on every side, whatever the vendor's spelling.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Callable, Mapping

from msgspec import Struct

Value = str | int | bool | None
Fields = Mapping[str, Value]
Agreed = Mapping[str, tuple[Value, Value]]  # field -> what Fortnox and the partner held when last agreed
Agreeing = Mapping[str, tuple[Value, Value] | None]  # the same; None where nothing is agreed any more


class Side(enum.StrEnum):
    """The two ends of a connector."""

    FORTNOX = "fortnox"
    PARTNER = "partner"

    @property
    def other(self) -> Side:
        """The opposite end."""
        return Side.PARTNER if self is Side.FORTNOX else Side.FORTNOX


class Lane(enum.IntEnum):
    """Who goes first when calls are short. Lower is sooner."""

    SETTLE = 0  # looking for a write whose outcome is unknown
    FRESH = 1  # a change somebody just made
    READ = 2  # the regular reading
    BULK = 3  # a first import, repeated reading inside the overlap window


class Seen(Struct, frozen=True, kw_only=True):
    """
    One record as a system showed it.

    `changed_at` is a time at or before its last change, None when the system
    tells nothing; `born_at` likewise for its creation. `full` is false for a
    list row that lacks fields which only a reading by key shows. `mixed` is true where a part is newer than
    the rest: in lists, which show each apart, the rest may be older still. `parts` are its records of other
    kinds, by kind, as the same reading showed them: each as if it had been read by itself.
    """

    id: str
    fields: Fields
    full: bool = True
    changed_at: dt.datetime | None = None
    born_at: dt.datetime | None = None
    mixed: bool = False
    parts: Mapping[str, Seen] = {}


Names = Callable[[Seen], Mapping[str, Value]]  # the values that name a record, for finding its twin


class Problem(Struct, frozen=True, kw_only=True):
    """Why one record cannot go on, in the form an operator reads: code, what, where, what to do."""

    code: str
    what: str
    where: str
    todo: str

    def __str__(self) -> str:
        return f"{self.code}  {self.what} · {self.where} · {self.todo}"
