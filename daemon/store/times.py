"""Times in the state file: UTC, ISO 8601, fixed width, so that text order is time order."""

from __future__ import annotations

import datetime as dt


def to_text(at: dt.datetime) -> str:
    """`at` (aware) as stored."""
    return at.astimezone(dt.UTC).isoformat(timespec="microseconds")


def to_text_or_none(at: dt.datetime | None) -> str | None:
    """`at` as stored, None for None."""
    return None if at is None else to_text(at)


def to_time(text: str) -> dt.datetime:
    """A stored time."""
    return dt.datetime.fromisoformat(text)


def to_time_or_none(text: str | None) -> dt.datetime | None:
    """A stored time, None for None."""
    return None if text is None else to_time(text)
