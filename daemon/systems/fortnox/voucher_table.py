"""How a voucher is spelled: our mark in its text and first row, its rows as one value (fortnox.md 15)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, NamedTuple

from daemon.core.mapping import LEAVE, Codec, Row, Table
from daemon.core.postings import Entry, packed, unpacked
from daemon.core.records import Fields, Value
from daemon.core.text import clean_fortnox
from daemon.systems.fortnox import spec
from daemon.systems.fortnox.document_table import DATE, check_date
from daemon.systems.fortnox.mapping import ORE, TEXT
from daemon.systems.fortnox.wire import Odd

MARK: Final = re.compile(r"(?<![A-Z0-9])FS1(?:\.[A-Z0-9]+){3}(?![A-Z0-9])")
MARK_CHARS: Final = 35 + len(", ")
TEXT_MAX: Final = spec.VOUCHER_TEXT_MAX - MARK_CHARS


class Told(NamedTuple):
    """What a text of a voucher says: our mark, "" for none, and the rest."""

    mark: str
    text: str


def told(raw: Any) -> Told:
    """A text taken apart, on one line; the comma before the mark goes with it."""
    read = TEXT.read(raw)
    text = " ".join(read.split()) if isinstance(read, str) else ""
    found = MARK.search(text)
    if not found:
        return Told("", text)
    before = text[: found.start()].rstrip().removesuffix(",")
    after = text[found.end() :]
    return Told(found[0], f"{before}{after}".strip() if before else after.lstrip(" ,"))


def marked(text: str, mark: str, longest: int) -> str:
    """`text` with `mark` behind it, cut so that both fit."""
    assert len(mark) < MARK_CHARS, mark
    rest = _cut(text, longest - MARK_CHARS)
    return f"{rest}, {mark}" if rest else mark


def _cut(text: str, longest: int) -> str:
    """One line of what Fortnox takes."""
    return " ".join(clean_fortnox(text).split())[:longest].rstrip()


# ------------------------------------------------------------------ rows


def entries_of(raw: Any) -> tuple[Entry, ...]:
    """The rows that count, in order: what was struck out does not (fortnox.md 15). Raises Odd."""
    if not isinstance(raw, list) or not all(isinstance(row, dict) for row in raw):
        raise Odd("the VoucherRows")
    return tuple(_entry(row) for row in raw if row.get("Removed") is not True)


def _entry(row: Mapping[str, Any]) -> Entry:
    account, debit, credit = row.get("Account"), ORE.read(row.get("Debit")), ORE.read(row.get("Credit"))
    if isinstance(account, bool) or not isinstance(account, int | str) or LEAVE in (debit, credit):
        raise Odd("a row of the voucher")
    center = TEXT.read(row.get("CostCenter"))
    return Entry(
        account=str(account),
        amount=(debit or 0) - (credit or 0),
        text=told(row.get("TransactionInformation")).text,
        cost_center=center if isinstance(center, str) else "",
    )


def rows_of(entries: Sequence[Entry], mark: str = "") -> list[dict[str, Any]]:
    """Entries as rows to send; the first bears `mark`, for which its text leaves room in any case."""
    return [_row(entry, mark if number == 0 else None) for number, entry in enumerate(entries)]


def _row(entry: Entry, mark: str | None) -> dict[str, Any]:
    amount = Decimal(abs(entry.amount)).scaleb(-2)
    debit, credit = (amount, 0) if entry.amount > 0 else (0, amount)
    account = int(entry.account) if entry.account.isdecimal() else entry.account
    row: dict[str, Any] = {"Account": account, "Debit": debit, "Credit": credit}
    longest = spec.VOUCHER_ROW_TEXT_MAX
    if mark:
        row["TransactionInformation"] = marked(entry.text, mark, longest)
    elif text := _cut(entry.text, longest if mark is None else longest - MARK_CHARS):
        row["TransactionInformation"] = text
    if entry.cost_center:
        row["CostCenter"] = entry.cost_center
    return row


def _read_rows(raw: Any) -> Any:
    try:
        return packed(entries_of(raw))
    except Odd:
        return LEAVE


# ------------------------------------------------------------------ the voucher

ROWS: Final = Codec(_read_rows, lambda value: rows_of(unpacked(value)))
MEMO: Final = Codec(lambda raw: told(raw).text or None, lambda value: _cut(str(value), TEXT_MAX) or None)

# fmt: off
POSTING: Final = Table(
    kind="posting",
    key="VoucherNumber",
    rows=(
        #   ours          Fortnox                crosses as
        Row("reference",  "OurMark",             TEXT,  limit=35),
        Row("series",     "VoucherSeries",       TEXT,  required=True, limit=10),
        Row("date",       "TransactionDate",     DATE,  required=True, check=check_date),
        Row("text",       "Description",         MEMO),
        Row("entries",    "VoucherRows",         ROWS),
    ),
)
# fmt: on


def identity(series: Value, number: Value, year: Value) -> str:
    """The id of a voucher: its number counts within a series and a financial year only."""
    return f"{series}/{number}/{year}"


def parted(record_id: str) -> tuple[str, str, str]:
    """Series, number and year of an id."""
    series, number, year = record_id.rsplit("/", 2)
    return series, number, year


def whole(record: Mapping[str, Any]) -> dict[str, Value]:
    """A voucher in our words. Raises Odd for one without series, day, year or rows."""
    shown = POSTING.read(record)
    if not isinstance(shown.get("series"), str) or not isinstance(shown.get("date"), str):
        raise Odd("the series or the day of the voucher")
    entries = entries_of(record.get("VoucherRows"))
    marks = (told(record.get("Description")).mark, *_marks_in_rows(record["VoucherRows"]))
    return {**shown, "reference": next(filter(None, marks), None), "entries": packed(entries)}


def _marks_in_rows(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    return [told(row.get("TransactionInformation")).mark for row in rows if row.get("Removed") is not True]


def listed(row: Mapping[str, Any]) -> dict[str, Value]:
    """What a row of the list shows: no rows, and our mark only where it still is in the text."""
    shown = POSTING.read(row)
    mark = told(row.get("Description")).mark
    return {**shown, "reference": mark} if mark else shown


def payload(fields: Fields) -> dict[str, Any]:
    """The body of a new voucher. The year is said in the query alone (fortnox.md 15)."""
    mark = str(fields["reference"])
    return {
        "Description": marked(str(fields.get("text") or ""), mark, spec.VOUCHER_TEXT_MAX),
        "VoucherSeries": fields["series"],
        "TransactionDate": fields["date"],
        "VoucherRows": rows_of(unpacked(fields["entries"]), mark),
    }
