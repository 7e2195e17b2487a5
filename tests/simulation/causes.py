"""
Why a record may wait for a person: for causes that were seen at the vendors, and for no others.

A daemon that sets everything aside would lose nothing and be of no use.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from tests.simulation.camera import WEBCRM, Shot

Shots = Mapping[str, Shot | None]  # side -> the record there, None when it is gone
Cause = Callable[[Shots], bool]


def _ended(shots: Shots) -> bool:
    """One end is gone, or retired."""
    return any(shot is None or shot.state in ("cancelled", "inactive") for shot in shots.values())


def _nameless(shots: Shots) -> bool:
    """Its name is made of signs that Fortnox refuses."""
    shot = shots.get(WEBCRM)
    return shot is not None and set(str(shot.fields.get("name"))) <= set("<>")


def _without_rows(shots: Shots) -> bool:
    shot = shots.get(WEBCRM)
    return shot is not None and not shot.fields.get("rows")


def _anyhow(_shots: Shots) -> bool:
    return True


# Code -> what must be so at the vendors.
CAUSES: Final[Mapping[str, Cause]] = {
    "REC02": _ended,
    "REC06": _anyhow,  # nobody typed a number
    "REC07": _anyhow,  # two records share a value
    "REC08": _nameless,
    "REC13": _without_rows,
    "REC16": _anyhow,  # rows that Fortnox cannot hold to the öre
    "REC15": _anyhow,
    "REC24": _anyhow,  # what Fortnox locks: booked, invoiced, or with prices that include VAT
    "INT03": _anyhow,  # judged by who made it
}
FEW: Final = 6  # those of the codes above that prove nothing by themselves, in one world
MANY: Final = 0.5  # of all records


def unexplained(code: str, shots: Shots) -> bool:
    """
    Whether nothing at the vendors explains why this record waits.

    What a person deleted waits as what it was until the next full comparison, within a day.
    """
    return all(shots.values()) and not CAUSES.get(code, lambda _: False)(shots)


def too_many(waiting: int, records: int) -> bool:
    """Whether so much waits that it cannot be what people did."""
    return waiting > max(FEW, MANY * records)
