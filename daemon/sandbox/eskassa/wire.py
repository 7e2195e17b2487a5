"""
JSON, money and time as dinkassa.se writes and reads them (dinkassa.md 2, 3, 5.3).

Money is whole öre inside and a JSON number with two decimals outside;
quantities are decimals with at most three places; times are Swedish local
time without a zone.
"""

from __future__ import annotations

import datetime as dt
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from daemon.sandbox.web import Response

ZONE = ZoneInfo("Europe/Stockholm")
ENCODER = msgspec.json.Encoder(decimal_format="number")
LARGEST = 10**9  # kronor or pieces; beyond it a number is a mistake
THOUSANDTH = Decimal("0.001")


class Refusal(Exception):
    """A request that the vendor refuses, with its status and the `Message` of the answer (2.3)."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(status, message)
        self.status, self.message = status, message


def invalid(message: str) -> Refusal:
    """A 400."""
    return Refusal(400, message)


def missing(what: str) -> Refusal:
    """A 404."""
    return Refusal(404, f"{what} was not found.")


def answer(status: int, value: Any) -> Response:
    """A JSON answer; decimals become numbers with the places they have."""
    return Response(
        status=status, headers={"content-type": "application/json; charset=utf-8"}, body=ENCODER.encode(value)
    )


def plain(value: Any) -> Any:
    """`value` as a reader of its JSON gets it: numbers, texts, lists and objects."""
    return msgspec.json.decode(ENCODER.encode(value))


def listing(rows: list[Any], total: int | None = None) -> Response:
    """The envelope of a list (2.1); the report API's lists have no total (5.2, 5.3)."""
    counts = {"ItemCountFetched": len(rows)} | ({} if total is None else {"ItemCountTotal": total})
    return answer(200, {**counts, "Items": rows})


def _exact(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise ValueError(text) from error


DECODER = msgspec.json.Decoder(float_hook=_exact)


def decode(body: bytes) -> Any:
    """The JSON of a body, fractions as exact decimals. Refusal 400 when it is not JSON."""
    try:
        return DECODER.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise invalid("The body is not JSON.") from error


def number(value: Any) -> Decimal | None:
    """A JSON number as a decimal, or None when it is no number or out of range."""
    if isinstance(value, float):  # of an action: its JSON was read without exact decimals
        value = _exact(repr(value))
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    exact = Decimal(value)
    return exact if exact.is_finite() and abs(exact) < LARGEST else None


def rounded(value: Decimal) -> int:
    """The nearest whole number, halves away from zero (swedish-accounting.md 4)."""
    return int(value.to_integral_value(ROUND_HALF_UP))


def ore(kronor: Decimal) -> int:
    """`kronor` in whole öre, half up."""
    return rounded(kronor * 100)


def kronor(amount_ore: int) -> Decimal:
    """Öre as kronor with two decimals."""
    return Decimal(amount_ore).scaleb(-2)


def quantity(value: Decimal) -> Decimal:
    """With at most three decimals, and none where there is nothing to show: 9, not 9.000."""
    exact = value.quantize(THOUSANDTH, ROUND_HALF_UP) + 0  # no minus before a zero
    whole = exact.to_integral_value()
    return whole if exact == whole else exact.normalize()


def local(moment: dt.datetime) -> dt.datetime:
    """An aware moment as Swedish local time without a zone, whole seconds."""
    return moment.astimezone(ZONE).replace(tzinfo=None, microsecond=0)


def moment_text(at: dt.datetime) -> str:
    """A local time as the vendor writes it: "2026-01-04T17:30:26"."""
    return at.isoformat(timespec="seconds")


def read_moment(text: str) -> dt.datetime | None:
    """A local date or date-time ("2026-01-04", "2026-01-04T17:30:26"); None when it is none or has a zone."""
    try:
        at = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    return at.replace(microsecond=0) if at.tzinfo is None else None
