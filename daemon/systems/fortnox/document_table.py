"""How the head of an order and of an invoice is spelled, and what neither may be given (fortnox.md 8.8)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any, Final

from daemon.core import codecs
from daemon.core.documents import DocumentRow, unpacked
from daemon.core.mapping import LEAVE, Check, Codec, Row, Table
from daemon.core.records import Value
from daemon.core.text import clean_fortnox
from daemon.systems.fortnox import rows, spec
from daemon.systems.fortnox.mapping import ORE, TEXT, UPPER

COMMANDS: Final = ("API_BLANK", "API_NORIGHT")
YEAR_MIN: Final = 2000
NAME_CHARS_MAX: Final = 40
WHOLE: Final = 100  # percent
AHEAD: Final = dt.timedelta(days=366)
Fault = tuple[str, str, str]  # code, what, what to do


# ------------------------------------------------------------------ what may not be written


def _text_fault(text: str, longest: int) -> Fault | None:
    if text.strip().upper() in COMMANDS:
        what = f"the text {text.strip()} is a command to Fortnox, not a value"
        return "REC09", what, "write something else"
    cleaned = clean_fortnox(text)
    if text.strip() and not cleaned:
        what = "nothing is left after removing characters that Fortnox does not accept"
        return "REC09", what, "use letters and digits"
    if len(cleaned) > longest:
        return "REC10", f"{len(cleaned)} characters, Fortnox takes {longest}", "shorten the text"
    return None


def _at_most(longest: int) -> Check:
    return lambda value, _present, _today: _text_fault(str(value), longest)


def check_date(value: Value, _present: Value, today: dt.date) -> Fault | None:
    """REC21: not a day, or one that is surely mistyped."""
    try:
        day = dt.date.fromisoformat(str(value))
    except ValueError:
        return "REC21", f"{value} is not a date", "write a date like 2026-11-20"
    if day.year < YEAR_MIN or day > today + AHEAD:
        what = f"{day} is before {YEAR_MIN} or more than a year ahead"
        return "REC21", what, "correct the date"
    return None


def check_rows(value: Value, present: Value, _today: dt.date) -> Fault | None:
    """
    The first thing that a document may not hold; free and negative rows are in order (decision 44).

    A row that stands there and stays is not sent, so it is not judged: people in Fortnox may write more.
    """
    for number, (row, _, stays) in enumerate(rows.placed(unpacked(present), value), start=1):
        if not stays and (fault := _row_fault(row)):
            code, what, todo = fault
            name = " ".join(f"{row.article} {row.text}".split())[:NAME_CHARS_MAX]
            return code, f"row {number} {name}".rstrip() + f": {what}", todo
    return None


def _row_fault(row: DocumentRow) -> Fault | None:
    if fault := _text_fault(row.text, spec.ROW_TEXT_MAX):
        return fault
    if row.is_text:
        return None if row.text.strip() else ("REC13", "it says nothing", "write a text, or remove the row")
    if not row.article:
        return "REC13", "it has a price or a quantity but no article", "choose an article for the row"
    if row.vat is not None and not (0 <= row.vat <= WHOLE and row.vat == int(row.vat)):
        return "REC17", f"{row.vat:f} % VAT: Fortnox takes whole percents, 0 to 100", "correct the VAT rate"
    if rows.money(row) is None:
        told = f"{row.quantity:f} x {row.price:f} = {Decimal(row.total).scaleb(-2):.2f}"
        what = f"{told} cannot be had with two decimals in quantity and price within Fortnox' range"
        return "REC15", what, "round quantity and price to two decimals"
    return None


# ------------------------------------------------------------------ the tables


def _reference(raw: Any) -> Any:
    """The number of another document: "0" is none (fortnox.md 5)."""
    found = TEXT.read(raw)
    return None if found == "0" else found


def _read_rows(raw: Any) -> Any:
    return rows.value_of(raw) if isinstance(raw, list) else LEAVE


def _write_rows(value: Value) -> Any:
    # What cannot be written has no other form: it is refused as it stands.
    return rows.written(value) if rows.storable(value) else value


MEMO: Final = Codec(TEXT.read, lambda value: clean_fortnox(str(value)) or None)
REFERENCE: Final = Codec(_reference, lambda value: value)
FLAG: Final = codecs.FLAG
DATE: Final = codecs.DATE
LONGEST: Final = spec.TEXT_MAX
NUMBER_LONGEST: Final = spec.YOUR_NUMBER_MAX


# fmt: off
_ORDER: Final = (
    #   ours             Fortnox                      crosses as  we may write
    Row("customer",      "CustomerNumber",            TEXT),
    Row("date",          "OrderDate",                 DATE,       check=check_date),
    Row("delivery_date", "DeliveryDate",              DATE,       check=check_date),
    Row("text",          "Remarks",                   MEMO,       check=_at_most(LONGEST)),
    Row("currency",      "Currency",                  UPPER,      limit=3),
    Row("reference",     "ExternalInvoiceReference1", TEXT,       limit=80),
    Row("your_number",   "YourOrderNumber",           MEMO,       check=_at_most(NUMBER_LONGEST)),
    Row("vat_included",  "VATIncluded",               FLAG),
    Row("terms",         "TermsOfPayment",            UPPER,      limit=25),
    Row("cost_center",   "CostCenter",                TEXT),
)
_INVOICE: Final = tuple(row._replace(theirs="InvoiceDate") if row.ours == "date" else row for row in _ORDER)
_SHOWN: Final = (
    Row("number",        "DocumentNumber",            TEXT,       writable=False),
    Row("cancelled",     "Cancelled",                 FLAG,       writable=False),
    Row("sent",          "Sent",                      FLAG,       writable=False),
    Row("total",         "Total",                     ORE,        writable=False),
)
_SHOWN_INVOICE: Final = (
    Row("order",         "OrderReference",            REFERENCE,  writable=False),
    Row("booked",        "Booked",                    FLAG,       writable=False),
    Row("credit",        "Credit",                    FLAG,       writable=False),
    Row("credited",      "CreditInvoiceReference",    REFERENCE,  writable=False),
    Row("due_date",      "DueDate",                   DATE),
    Row("balance",       "Balance",                   ORE,        writable=False),
)
_SHOWN_ORDER: Final = (
    Row("invoice",       "InvoiceReference",          REFERENCE,  writable=False),
    Row("copies",        "CopyRemarks",               FLAG,       writable=False),
)
# What the connectors see: one document, whichever of the two it is kept in.
DOCUMENT: Final = Table(
    kind="document",
    key="DocumentNumber",
    rows=(
        Row("form",      "Form",                      codecs.TEXT),
        *_ORDER,
        Row("rows",      "OrderRows",                 Codec(_read_rows, _write_rows), check=check_rows),
    ),
)
# fmt: on

# The heads of the two, without rows.
HEADS: Final = {
    "order": Table(kind="order", key="DocumentNumber", rows=(*_ORDER, *_SHOWN, *_SHOWN_ORDER)),
    "invoice": Table(kind="invoice", key="DocumentNumber", rows=(*_INVOICE, *_SHOWN, *_SHOWN_INVOICE)),
}
