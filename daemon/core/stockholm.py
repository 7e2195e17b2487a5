"""
Fortnox's clock: Swedish local time without a zone (fortnox.md 5, 7.5). Pure.

In the night when summer time ends, the labels 02:00-02:59 name two instants each,
and nobody says which one Fortnox means.
"""

from __future__ import annotations

import datetime as dt
from typing import Final
from zoneinfo import ZoneInfo

ZONE: Final = ZoneInfo("Europe/Stockholm")
MINUTE: Final = dt.timedelta(minutes=1)


def local_minute(instant: dt.datetime) -> str:
    """
    `instant` (aware) as "YYYY-MM-DD HH:MM" for `lastmodified`: at or before it, however that is understood.

    A label that names two instants is replaced by the last one before it that
    names one only, so that no change is skipped.
    """
    local = instant.astimezone(ZONE).replace(second=0, microsecond=0)
    if _ambiguous(local):
        # The doubled hour starts on the full hour.
        local = local.replace(minute=0, tzinfo=None) - MINUTE
    return f"{local:%Y-%m-%d %H:%M}"


def _ambiguous(local: dt.datetime) -> bool:
    return local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
