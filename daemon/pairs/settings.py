"""
What every kind of connector has in its section of the config, and the types its keys are made of. Pure.

A pair's own Settings extends ConnectorSettings. Its keys are read by type, so
a pair adds a key by adding a field: `SecretRef` for a secret, `Seconds` for a
duration, `str` for a URL when the key is `url` or ends in `_url` or `_uri`.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Final, Literal

import msgspec
from msgspec import Struct

UNITS: Final[Mapping[str, float]] = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)", re.ASCII)


class Seconds(float):
    """A duration, written "90s", "6m" or "1h" in the config. A number of seconds everywhere else."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Seconds:
        """Law: `parse(str(duration)) == duration` for whole milliseconds. Raises ValueError."""
        match = _DURATION.fullmatch(text.strip())
        if match is None:
            raise ValueError(text)
        return cls(float(match[1]) * UNITS[match[2]])

    def __str__(self) -> str:
        for unit in ("d", "h", "m", "s"):
            whole = float(self) / UNITS[unit]
            if (whole >= 1 or (unit == "s" and whole == 0)) and whole == int(whole):
                return f"{int(whole)}{unit}"
        return f"{round(float(self) * 1000)}ms"

    def __repr__(self) -> str:
        return f'"{self}"'


class SecretRef(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a secret is, never the secret: a credential of the service manager, or a file. One of the two."""

    credential: str | None = None
    file: str | None = None

    def __str__(self) -> str:
        return f"credential {self.credential}" if self.credential else f"file {self.file}"


class Guard(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A pass is held that would do more than max(count, share of the register) or write over `amount`."""

    overwrite_count: int = 20
    overwrite_share: float = 0.05
    create_count: int = 200
    create_share: float = 0.20
    amount: int = 0


class ConnectorSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    The keys of `[connector.NAME]` that every kind has.

    `account` is the partner's own id of the account, part of what records are
    remembered under. Records changed at or after `start` cross; None is the
    first run.
    """

    kind: str
    company: str
    account: str
    enabled: bool = True
    interval: Seconds = Seconds(360)
    offset: Seconds = Seconds(180)
    start: dt.date | None = None
    guard: Guard = msgspec.field(default_factory=Guard)
    decides: Mapping[str, Literal["fortnox", "partner", "nobody"]] = {}

    @property
    def identity(self) -> str:
        """What the partner's account is remembered under; no two connectors of a company share one."""
        return self.account


class Range(Struct, frozen=True):
    """Least and most; `rehearsal` is the least when every URL is on loopback."""

    least: float
    most: float
    rehearsal: float | None = None


# Key -> what is allowed. A key means the same in every section.
RANGES: Final[Mapping[str, Range]] = {
    "interval": Range(30, 86_400, rehearsal=0.1),
    "offset": Range(0, 86_400),
    "settle": Range(60, 86_400, rehearsal=1),
    "gap": Range(10, 86_400, rehearsal=1),
    "overlap": Range(60, 7 * 86_400, rehearsal=0),
    "overwrite_count": Range(0, 1_000_000),
    "create_count": Range(0, 1_000_000),
    "amount": Range(0, 1_000_000_000),
    "auto_round_limit": Range(0, 99),
    "requests_per_second": Range(1, 20),
    "overwrite_share": Range(0, 1),
    "create_share": Range(0, 1),
}
