"""What the tests of the rows do over and over: sync twice, read what was sent, pick fields."""

from __future__ import annotations

from typing import Any

from daemon.core.report import ConnectorReport
from tests.town import Town

OLD = 30  # minutes: far enough before the first run that no overlap reaches it


def sent(town: Town, system: str, method: str, since: int) -> list[Any]:
    """The bodies that the daemon sent to one vendor, in order."""
    return [each["request"] for each in town.requests(system, since=since) if each["method"] == method]


def picked(record: dict[str, Any], fields: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """What `record` shows for the names in `fields`; nothing is None, however it is spelled."""
    return {name: record[prefix + name] or None for name in fields}


def nothing(fields: dict[str, Any], blank: str | None = None) -> dict[str, Any]:
    """Each of `fields` cleared."""
    return dict.fromkeys(fields, blank)


async def sync_at_rest(town: Town) -> ConnectorReport:
    """A sync, and the proof that the next one has nothing left to write; the first one's report."""
    report = await town.sync()
    since = town.world.log.last_seq
    await town.sync()
    assert [] == town.writes(since)
    return report


async def codes(town: Town) -> list[str]:
    """The codes of what waits for a person."""
    return [each["code"] for each in await town.desk.parked()]


async def listed(town: Town) -> list[tuple[Any, ...]]:
    """The conflicts: field, Fortnox' value, webCRM's value, who won, state."""
    names = ("field", "fortnox", "partner", "winner", "state")
    return [tuple(each[name] for name in names) for each in await town.desk.conflicts()]
