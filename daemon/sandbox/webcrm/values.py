"""
How webCRM writes values: one table of kinds, read and checked in one place.

Source: webcrm.md 6. Every kind has an empty value that stands on the wire
where other systems would say null, and sending it clears the field.
"""

from __future__ import annotations

import datetime as dt
import enum
import re
from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Struct

YEAR_ONE = "0001-01-01T00:00:00+00:00"
UNSET_TEXT = "-- välj --"
INT32 = range(-(2**31), 2**31)


class Refusal(Exception):
    """A request that webCRM answers with an error; the shape of the body is webcrm.md 4."""

    def __init__(self, status: int, kind: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind
        self.message = message


def invalid(message: str) -> Refusal:
    """400: the values cannot be stored."""
    return Refusal(400, "ValidationException", message)


def not_found(what: str, number: object) -> Refusal:
    """404: no record has that id."""
    return Refusal(404, "NotFoundException", f"{what} {number} was not found")


class Kind(enum.Enum):
    """How a field's value looks on the wire."""

    TEXT = "text"
    MEMO = "memo"
    INT = "int"
    REAL = "real"
    FLAG = "flag"  # a standard boolean; a custom check box is CHECK
    MOMENT = "moment"
    DURATION = "duration"
    ENUM = "enum"
    DROPDOWN = "dropdown"
    CHECK = "check"
    DATE = "date"
    MULTI = "multi"


EMPTY: dict[Kind, Any] = {
    Kind.TEXT: "",
    Kind.MEMO: "",
    Kind.INT: 0,
    Kind.REAL: 0.0,
    Kind.FLAG: False,
    Kind.MOMENT: YEAR_ONE,
    Kind.DURATION: "00:00:00",
    Kind.DROPDOWN: "",
    Kind.CHECK: "No",
    Kind.DATE: "",
    Kind.MULTI: "[]",
}
NUMBERS = frozenset({Kind.INT, Kind.REAL, Kind.FLAG})
FREE = frozenset({Kind.TEXT, Kind.MEMO, Kind.DURATION})
LARGEST = 1e300  # beyond it JSON numbers stop being finite doubles


class Field(Struct, frozen=True, kw_only=True):
    """One field of an entity. `max_length` 0 is no limit; `texts` are an enum's or a dropdown's choices."""

    name: str
    kind: Kind
    label: str
    max_length: int = 0
    texts: tuple[str, ...] = ()
    empty: Any = ""
    server: bool = False  # kept by the server, ignored in a request
    secret: bool = False  # accepted in a request, never answered

    @property
    def shown(self) -> Any:
        """What a GET answers while nothing is set."""
        return UNSET_TEXT if self.kind is Kind.DROPDOWN and not self.empty else self.empty


def make_field(
    name: str, kind: Kind, label: str = "", max_length: int = 0, texts: tuple[str, ...] = (), **more: Any
) -> Field:
    """A field with its kind's empty value; an enum is empty with its first name."""
    empty = more.pop("empty", texts[0] if kind is Kind.ENUM else EMPTY.get(kind, ""))
    return Field(
        name=name, kind=kind, label=label or name, max_length=max_length, texts=texts, empty=empty, **more
    )


def moment_text(moment: dt.datetime) -> str:
    """`moment` (aware) as webCRM writes it: UTC, "+00:00". Such texts sort as the moments do."""
    return moment.astimezone(dt.UTC).isoformat()


def read_moment(text: str) -> str:
    """
    An ISO 8601 date or date-time in webCRM's form; without an offset it is UTC, in year 1 it is empty.

    Raises ValueError when `text` is no such moment.
    """
    moment = dt.datetime.fromisoformat(text)
    if moment.year == 1:
        return YEAR_ONE
    moment = moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
    try:
        return moment_text(moment)
    except OverflowError as error:
        raise ValueError(text) from error


def read_value(field: Field, value: Any, *, strict_dropdowns: bool) -> Any:
    """
    `value` from a request in the form it is kept in.

    Raises Refusal 400 for the wrong JSON type, a text that is too long, a
    dropdown text that is not a choice, or a date that is none.
    """
    if field.kind in NUMBERS:
        return READ_NUMBER[field.kind](field, value)
    if not isinstance(value, str):
        raise invalid(f"The field {field.name} must be a string.")
    if field.max_length and len(value) > field.max_length:
        raise invalid(f"The field {field.name} must be a string with a maximum length of {field.max_length}.")
    if field.kind in FREE or (field.kind is Kind.DROPDOWN and value and not strict_dropdowns):
        return "" if value == UNSET_TEXT and field.kind is Kind.DROPDOWN else value
    return READ_TEXT[field.kind](field, value) if value else field.empty


def _whole(field: Field, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value not in INT32:
        raise invalid(f"The field {field.name} must be a whole number.")
    return value


def _real(field: Field, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) <= LARGEST:
        raise invalid(f"The field {field.name} must be a number.")
    return float(value)


def _flag(field: Field, value: Any) -> bool:
    if not isinstance(value, bool):
        raise invalid(f"The field {field.name} must be true or false.")
    return value


def _choice(field: Field, value: str) -> Any:
    if value == UNSET_TEXT:
        return field.empty
    if value not in (field.texts or ("No", "Yes")):
        raise invalid(f"The field {field.name} has no choice '{value}'.")
    return value


def _moment(field: Field, value: str) -> str:
    try:
        return read_moment(value)
    except ValueError as error:
        raise invalid(f"The field {field.name} must be a date.") from error


def _day(field: Field, value: str) -> str:
    moment = _moment(field, value)
    return "" if moment == YEAR_ONE else moment[:10]


def _choices(field: Field, value: str) -> str:
    try:
        msgspec.json.decode(value, type=list[str])
    except (msgspec.MsgspecError, UnicodeEncodeError) as error:
        raise invalid(f"The field {field.name} must be a JSON list of texts.") from error
    return value


READ_NUMBER: dict[Kind, Callable[[Field, Any], Any]] = {Kind.INT: _whole, Kind.REAL: _real, Kind.FLAG: _flag}
READ_TEXT: dict[Kind, Callable[[Field, str], Any]] = {
    Kind.ENUM: _choice,
    Kind.DROPDOWN: _choice,
    Kind.CHECK: _choice,
    Kind.MOMENT: _moment,
    Kind.DATE: _day,
    Kind.MULTI: _choices,
}


def whole_number(text: str) -> int | None:
    """`text` as a number of at most ten digits, or None."""
    return int(text) if re.fullmatch(r"[0-9]{1,10}", text) else None
