"""
The kinds of field of a Fortnox record, and how a sent value becomes a stored one.

A table of `Field`s describes a record (customers.py, articles.py, registers.py);
`check` reads a body against it. Sources: fortnox.md 6.3, 8.2, 8.4, 8.7 and 8.8.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from msgspec import Struct

from daemon.sandbox.fortnox import errors
from daemon.sandbox.fortnox.countries import COUNTRIES
from daemon.sandbox.fortnox.errors import refusal

BLANK = "API_BLANK"  # the classic word that clears a text (8.2)
SIGNS = "–:.`´’,;^\\¤#%§£$€¢¥©™°&/()=+-*_!?²³®½@ \u00a0\n\r\u0308\u030a"
PLAIN = re.compile(r"[A-Za-z0-9ÅÄÖåäöÉéÜü \-.,:/@&()+_\n\r]*\Z")
NUMBER = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,20})?\Z")
ALPHANUMERIC = re.compile(r"[^\W_]+\Z")
CENT = Decimal("0.01")
MILLIONTH = Decimal("0.000001")
LINKS = {"@url", "@urlTaxReductionList"}
FEW = 10**30  # beyond this a number for a text is not printed
MOST_DIGITS = 30


class Field(Struct, frozen=True):
    """
    One field of a record.

    `most` and `least` bound a text's length or a number's value; `start` is the value of a new record
    and what a cleared field reads as; `register` is the path of the register that must hold the value;
    `write` is "always", "create" (kept afterwards) or "never"; `null` is the code that refuses a null;
    `empties` makes "" clear the field (8.2: a row's Unit).
    """

    name: str
    kind: str
    most: int = 1024
    start: Any = None
    least: int = 0
    options: tuple[str, ...] = ()
    register: str = ""
    write: str = "always"
    required: bool = False
    parts: tuple[Field, ...] = ()
    null: int = 0
    empties: bool = False


def allowed(text: str) -> bool:
    """True when every character is in the published class (8.7)."""
    return PLAIN.match(text) is not None or all(
        sign in SIGNS or unicodedata.category(sign) in {"Lu", "Ll", "Lt", "Lm", "Lo", "Nd"} for sign in text
    )


def _text(field: Field, value: Any) -> str:
    text = _free(field, value)
    if not allowed(text):
        raise refusal(2000359, field.name)
    return text


def _free(field: Field, value: Any) -> str:
    """A text without the rule of characters: a mail may name `{no}` (12.1)."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < FEW:
        value = str(value)
    if not isinstance(value, str):
        raise refusal(2000106, field.name)
    if len(value) > field.most:
        raise refusal(errors.TOO_LONG, field.name)
    if len(value) < field.least:
        raise refusal(errors.TOO_SHORT, field.name)
    return value


def _digits(field: Field, value: Any) -> str:
    text = _text(field, value)
    if not (text.isascii() and text.isdigit()):
        raise refusal(2000108, field.name)
    return text


def _upper(field: Field, value: Any) -> str:
    text = _text(field, value)
    if not ALPHANUMERIC.match(text):
        raise refusal(2000106, field.name)
    return text.upper()


def _country(field: Field, value: Any) -> str:
    code = _text(field, value).upper()
    if code not in COUNTRIES:
        raise refusal(errors.NOT_A_COUNTRY, field.name)
    return code


def decimal(field: Field, value: Any) -> Decimal:
    """A sent number, given as a JSON number or as a string of one; refused 2000108."""
    if isinstance(value, str) and NUMBER.match(value):
        return Decimal(value)
    if isinstance(value, Decimal | int | float) and not isinstance(value, bool):
        exact = Decimal(str(value)) if isinstance(value, float) else Decimal(value)
        if exact.is_finite() and exact.adjusted() < MOST_DIGITS:
            return exact
    raise refusal(2000108, field.name)


def plain(number: Decimal) -> int | float:
    """`number` as JSON shows it: 12, 12.5; never 12.0."""
    return int(number) if number == number.to_integral_value() else float(number)


def _number(field: Field, value: Any, step: Decimal = CENT) -> int | float:
    exact = decimal(field, value)
    if abs(exact) > field.most:
        raise refusal(errors.OUT_OF_RANGE, field.name)
    try:
        return plain(exact.quantize(step, rounding=ROUND_HALF_UP))
    except InvalidOperation as error:
        raise refusal(errors.OUT_OF_RANGE, field.name) from error


def _rate(field: Field, value: Any) -> int | float:
    return _number(field, value, MILLIONTH)


def _amount(field: Field, value: Any) -> str:
    return str(as_text(_number(field, value)))


def _integer(field: Field, value: Any) -> int:
    exact = decimal(field, value)
    if exact != exact.to_integral_value():
        raise refusal(2000108, field.name)
    if exact != 0 and not field.least <= exact <= field.most:
        raise refusal(errors.OUT_OF_RANGE, field.name)
    return int(exact)


def _flag(field: Field, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if value in ("true", "false"):
        return bool(value == "true")
    raise refusal(2000134, field.name)


def _choice(field: Field, value: Any) -> str:
    if not isinstance(value, str) or value not in field.options:
        raise refusal(errors.NOT_AN_OPTION, field.name)
    return value


def _date(field: Field, value: Any) -> str:
    try:
        return dt.datetime.strptime(value, "%Y-%m-%d").date().isoformat()  # noqa: DTZ007 - a calendar date
    except (ValueError, TypeError) as error:
        raise refusal(errors.NOT_A_DATE, field.name) from error


def _group(field: Field, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise refusal(errors.NOT_AN_OPTION, field.name)
    return check(field.parts, value, creating=True, strict=False)


def _rows(field: Field, value: Any) -> tuple[dict[str, Any], ...]:
    if not isinstance(value, list):
        raise refusal(errors.NOT_AN_OPTION, field.name)
    return tuple(_group(field, each) for each in value)


READERS: Mapping[str, Callable[[Field, Any], Any]] = {
    "text": _text,
    "mail": _free,
    "digits": _digits,
    "upper": _upper,
    "country": _country,
    "number": _number,
    "rate": _rate,
    "amount": _amount,
    "integer": _integer,
    "flag": _flag,
    "choice": _choice,
    "date": _date,
    "group": _group,
    "rows": _rows,
}
CLEARED_BY_WORD = {"text", "mail", "digits", "upper", "country"}


def _cleared(field: Field) -> Any:
    """What null makes of a field; flags, named choices and required fields refuse it (8.2)."""
    if field.null:
        raise refusal(field.null, field.name)
    if field.kind == "group":
        return blank(field.parts)
    if field.kind == "flag":
        raise refusal(2000134, field.name)
    if field.required or (field.kind == "choice" and field.start is not None):
        raise refusal(2005095, field.name)
    return field.start


def check(
    fields: Iterable[Field], given: Mapping[str, Any], *, creating: bool, strict: bool
) -> dict[str, Any]:
    """
    The changes that `given` asks for, as stored values.

    "" is dropped (8.2); a field that may not be written is dropped too, or refused when `strict`.
    Refused with 2001399 for a name that is not in `fields`, before any value is looked at.
    """
    by_name = {field.name: field for field in fields}
    for name in given:
        if name not in by_name and name not in LINKS:
            raise refusal(2001399, name)
    changes: dict[str, Any] = {}
    for name, value in given.items():
        field = by_name.get(name)
        if field is None or field.write == "never" or (field.write == "create" and not creating):
            if strict:
                raise refusal(errors.READ_ONLY, name)
        elif value is None or (value == BLANK and field.kind in CLEARED_BY_WORD):
            changes[name] = _cleared(field)
        elif value == "" and field.empties:
            changes[name] = field.start
        elif value != "":
            changes[name] = READERS[field.kind](field, value)
    return changes


def blank(fields: Iterable[Field]) -> dict[str, Any]:
    """The values of a new record, in the table's order."""
    return {
        field.name: {part.name: part.start for part in field.parts} if field.kind == "group" else field.start
        for field in fields
    }


def as_text(value: Any) -> str | None:
    """A number the way a list row shows it: "0", "12.5"; None stays None (5)."""
    if value is None:
        return None
    return str(value) if isinstance(value, int) else f"{value:.2f}".rstrip("0").rstrip(".")
