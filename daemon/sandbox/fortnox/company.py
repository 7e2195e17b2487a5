"""One tenant's memory: its registers, its settings and its clock (fortnox.md 1, 7.5, 8.5)."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct

from daemon.sandbox.web import Now

STOCKHOLM = ZoneInfo("Europe/Stockholm")


class Record(Struct, eq=False):
    """
    One stored record: its key as text, its full values, and when it was last modified.

    `modified` is Swedish wall-clock time without a zone, as Fortnox keeps it: the hour that
    repeats in autumn is ambiguous here too (7.5).
    """

    key: str
    values: dict[str, Any]
    modified: dt.datetime


def natural(text: str) -> tuple[int, int, str]:
    """Numbers first and by value, then everything else as text."""
    return (0, int(text), text) if text.isascii() and text.isdigit() else (1, 0, text)


class Register:
    """Records of one kind by key; remembers retired keys and the next number of its series."""

    def __init__(self, order: Callable[[str], Any] = natural) -> None:
        self.records: dict[str, Record] = {}
        self.retired: set[str] = set()
        self.next_number = 1
        self._order = order
        self._sorted: dict[bool, list[Record]] = {}
        self._texts: dict[str, str] = {}  # field -> every text it ever held, in lower case

    def put(self, record: Record) -> None:
        """Store a record under its key, in place of an older one."""
        if record.key in self.records or not all(self._append(record, how) for how in self._sorted):
            self._sorted.clear()
        self.records[record.key] = record
        self.note(record)

    def note(self, record: Record, before: Mapping[str, Any] | None = None) -> None:
        """Let `may_hold` know the record's texts, where they differ from those `before`."""
        for field, texts in self._texts.items():
            if before is None or before[field] != record.values[field]:
                self._texts[field] = f"{texts}\n{(record.values[field] or '').lower()}"

    def may_hold(self, field: str, sought: str) -> bool:
        """
        False when no record ever held `sought` in `field`.

        A client looks for its reference before each creation and finds nothing: one search in one long
        text instead of a walk over all records.
        """
        if field not in self._texts:
            held = ((record.values[field] or "").lower() for record in self.records.values())
            self._texts[field] = "\n".join(held)
        return sought.lower() in self._texts[field]

    def _append(self, record: Record, as_text: bool) -> bool:  # noqa: FBT001 - a key of _sorted
        """Put a record that comes last into a sorted list; False when it does not come last."""
        order = self._order_of(as_text)
        known = self._sorted[as_text]
        if known and order(known[-1].key) > order(record.key):
            return False
        known.append(record)
        return True

    def _order_of(self, as_text: bool) -> Callable[[str], Any]:  # noqa: FBT001 - a key of _sorted
        return str if as_text else self._order

    def drop(self, key: str) -> None:
        """Forget the record at `key`."""
        del self.records[key]
        self._sorted.clear()

    def take_number(self) -> str:
        """The next number of the series that no record has or had (8.5)."""
        while str(self.next_number) in self.records or str(self.next_number) in self.retired:
            self.next_number += 1
        self.next_number += 1
        return str(self.next_number - 1)

    def ordered(self, *, as_text: bool = False) -> list[Record]:
        """All records by key, ascending; not to be changed by the caller."""
        if as_text not in self._sorted:
            order = self._order_of(as_text)
            self._sorted[as_text] = sorted(self.records.values(), key=lambda record: order(record.key))
        return self._sorted[as_text]


class Book(Struct, eq=False):
    """The vouchers of one series in one financial year by number, and the same by date."""

    records: list[Record] = []
    by_date: dict[str, list[Record]] = {}

    @property
    def next_number(self) -> int:
        """One more than the last: a deleted last number is given again."""
        return int(self.records[-1].values["VoucherNumber"]) + 1 if self.records else 1


class Company:
    """A tenant. `switches` is shared with the whole sandbox, so a change is seen at once."""

    def __init__(
        self, tenant: str, name: str, now: Now, switches: Mapping[str, Any], paths: Iterable[str]
    ) -> None:
        self.tenant = tenant
        self.name = name
        self.switches = switches
        self.locked_until: str | None = None
        self.registers = {path: Register() for path in paths}
        self.price_keys: dict[str, list[str]] = {}  # article number -> keys in the register "prices"
        self.locked_rows: set[int] = set()  # the RowIds of invoice rows that came from an order
        self.sent: Counter[tuple[str, str, str]] = Counter()  # (path, key, how) -> times
        self.books: dict[int, dict[str, Book]] = {}  # the year's id -> series -> its vouchers
        self.contents: dict[str, bytes] = {}  # a file's id -> its bytes
        self._rows_made = 0
        self._now = now

    def stamp(self) -> dt.datetime:
        """Now, as Swedish wall-clock time."""
        return self._now().astimezone(STOCKHOLM).replace(tzinfo=None)

    def today(self) -> str:
        """The date in Sweden, YYYY-MM-DD."""
        return self.stamp().date().isoformat()

    def take_row_id(self) -> int:
        """A RowId that no row had before (12.3)."""
        self._rows_made += 1
        return self._rows_made

    def find(self, path: str, key: str) -> Record | None:
        """The record at `key` of the register `path`, if there is one."""
        return self.registers[path].records.get(key)
