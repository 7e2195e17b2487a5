"""
What a pass works with: the two accounts it joins, how careful it is, and what it adds up.
"""

from __future__ import annotations

import datetime as dt

from msgspec import Struct

from daemon.core.doubt import Waiting
from daemon.core.guard import Limits
from daemon.core.records import Lane, Side
from daemon.core.steps import Decision, Step
from daemon.engine.account import Account
from daemon.engine.writing import Timing
from daemon.errors import RemoteError


class Company(Struct, frozen=True, kw_only=True):
    """What a connector joins: one Fortnox company and one partner account, each read once for everybody."""

    fortnox: Account
    partner: Account

    def at(self, side: Side) -> Account:
        """The account at one side."""
        return self.fortnox if side is Side.FORTNOX else self.partner


class Settings(Struct, frozen=True, kw_only=True):
    """How careful a connector is, and how fresh what it reads must be."""

    limits: Limits
    timing: Timing
    max_age_s: float  # a reading made for another connector this lately will do
    fresh_every_s: float  # how often an import looks at what people change meanwhile


class Pass:
    """What one pass adds up."""

    def __init__(self, *, dry_run: bool, lane: Lane, asked: bool, eager: bool = False) -> None:
        self.dry_run, self.lane, self.asked, self.eager = dry_run, lane, asked, eager
        self.steps: list[Step] = []
        self.set_aside: list[Decision] = []  # what a dry run would park
        self.read = 0
        self.waits: Waiting | None = None  # until then nothing is created
        self.postponed_until: dt.datetime | None = None
        self.looked: set[tuple[str, Side]] = set()  # lists that were read in this pass
        self.off: list[RemoteError] = []  # what the vendor does not let us see, and searches not believed
        self.lacking = False  # what is to be enclosed cannot be had now
