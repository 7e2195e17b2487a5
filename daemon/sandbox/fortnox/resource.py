"""How one register of `/3` is described: the row of a table, read by writing.py, lists.py and routes.py."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from msgspec import Struct

from daemon.sandbox.fortnox.company import Company, Record
from daemon.sandbox.fortnox.fields import Field, as_text
from daemon.sandbox.fortnox.wire import url

Compose = Callable[[Company, Record | None, dict[str, Any], Mapping[str, Any]], None]
Settle = Callable[[dict[str, Any], Collection[str]], None]
Effect = Callable[[Company, Record], None]


def _nothing(_company: Company, _record: Record) -> None:
    pass


def _composed(
    _company: Company, _before: Record | None, _values: dict[str, Any], _changes: Mapping[str, Any]
) -> None:
    pass


def _settled(_values: dict[str, Any], _changed: Collection[str]) -> None:
    pass


class Cell(Struct, frozen=True):
    """One field of a list row: its source, and how it is shown ("same", "text", "blank", "any" or "null")."""

    name: str
    source: str
    shown: str = "same"


class Resource(Struct, frozen=True, kw_only=True):
    """
    A register: `path` below `/3`, wrappers, key, scope and rules.

    `verbs` holds L list, P create, G read, U update, D delete. `row` None means that list rows are whole
    records. `settle` and `compose` raise Refused or complete the values before they are stored; `compose`
    also sees the company, the record before (None: a new one) and what was sent. `added` and `removed`
    follow a change into other registers, `check_remove` raises Refused. `filters` names a field and its
    value, or a question about a record. `indexed` fields are searched without a walk when nothing fits.
    `quiet` fields do not raise the stamp unless `quiet_switch` says so. A `yearly` register has a key per
    financial year, so its `@url` names the year (assumed).
    """

    path: str
    one: str
    many: str
    key: str
    scope: str
    fields: tuple[Field, ...]
    verbs: str = "LPGUD"
    location: str = ""
    taken: int = 0
    reserves: bool = False
    integer_key: bool = False
    paged: bool = True
    yearly: bool = False
    missing_status: int = 404
    stamped: bool = False
    row: tuple[Cell, ...] | None = None
    search: Mapping[str, tuple[str, str]] = {}
    filters: Mapping[str, tuple[str, Any] | Callable[[Company, Record], bool]] = {}
    indexed: frozenset[str] = frozenset()
    sort: Mapping[str, str] = {}
    quiet: frozenset[str] = frozenset()
    quiet_switch: str = ""
    check_key: Callable[[str], None] | None = None
    settle: Settle = _settled
    compose: Compose = _composed
    added: Effect = _nothing
    check_remove: Effect = _nothing
    removed: Effect = _nothing
    posted: Mapping[str, Callable[[Any], Any]] = {}
    link: Callable[[Record], tuple[str, ...]] | None = None
    links: Callable[[Record], dict[str, str]] | None = None


def full(resource: Resource, record: Record, *, posted: bool = False) -> dict[str, Any]:
    """The whole record as answered; `posted` answers differ in the types of a few fields (5)."""
    more = resource.links(record) if resource.links else {}
    shown = {"@url": link(resource, record), **more, **record.values}
    if posted:
        for name, convert in resource.posted.items():
            shown[name] = convert(shown[name])
    return shown


def link(resource: Resource, record: Record) -> str:
    """The `@url` of a record."""
    address = url(resource.path, *(resource.link(record) if resource.link else (record.key,)))
    return f"{address}?financialyear={record.values['Year']}" if resource.yearly else address


def row(resource: Resource, record: Record) -> dict[str, Any]:
    """The record as a list shows it (7.4)."""
    if resource.row is None:
        return full(resource, record)
    shown: dict[str, Any] = {"@url": link(resource, record)}
    for cell in resource.row:
        shown[cell.name] = CELLS[cell.shown](record.values[cell.source])
    return shown


CELLS: Mapping[str, Callable[[Any], Any]] = {
    "same": lambda value: value,
    "text": as_text,
    "blank": lambda value: "" if value is None else value,
    "any": bool,
    "null": lambda _value: None,
}
