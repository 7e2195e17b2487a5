"""Bytes of an answer -> Python objects, without trusting a single byte. Decimals stay decimals."""

from __future__ import annotations

import codecs
import re
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import msgspec

from daemon.net.outcome import unreadable
from daemon.ports import Reply, Request

NUMBER_CHARS_MAX: Final = 60
EXPONENT_MAX: Final = 30

_AT_BYTE: Final = re.compile(r"\(byte (\d+)\)")
# A surrogate pair, half of one, any other escape: in this order, so that each backslash is read once.
_ESCAPE: Final = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)
_HALF: Final = re.compile(rb"\\u[dD][89a-fA-F]")


class Malformed(Exception):
    """These bytes are not JSON we accept: `code` of JSN*, `detail` for a person."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(code, detail)
        self.code, self.detail = code, detail


def decode(system: str, request: Request, reply: Reply) -> Any:
    """
    The JSON body of a 2xx answer; numbers with a point or exponent are Decimal.

    Raises Unusable when `request` was a read, OutcomeUnknown when it was a
    write, with JSN01 (empty), JSN02 (malformed), JSN04 (not UTF-8), JSN05 (too
    deep) or JSN08 (absurd number). What is one record's fault is let through:
    a NUL in a text parks that record alone, and half a surrogate pair (a text
    that was cut inside an emoji) is read as U+FFFD.
    """
    try:
        return parse(reply.body)
    except Malformed as error:
        raise unreadable(error.code, system, request, reply, error.detail) from error


def parse(body: bytes) -> Any:
    """JSON of any top level from `body`, a byte order mark allowed. Raises Malformed."""
    text = body.removeprefix(codecs.BOM_UTF8)
    if not text.strip():
        raise Malformed("JSN01", "no content")
    try:
        value = _DECODER.decode(text)
    except RecursionError as error:
        raise Malformed("JSN05", "more levels than we read") from error
    except UnicodeDecodeError as error:
        raise Malformed("JSN04", error.reason) from error
    except msgspec.ValidationError as error:
        raise Malformed("JSN08", str(error)) from error
    except msgspec.DecodeError as error:
        if _HALF.search(text) and (mended := _ESCAPE.sub(_whole, text)) != text:
            return parse(mended)
        found = _AT_BYTE.search(str(error))
        raise Malformed("JSN02", f"at byte {found[1] if found else len(text)}") from error
    return value


def _whole(escape: re.Match[bytes]) -> bytes:
    return rb"\ufffd" if escape[1] else escape[0]


def _exact(text: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("NaN")
    if len(text) > NUMBER_CHARS_MAX or not value.is_finite() or abs(value.adjusted()) > EXPONENT_MAX:
        raise Malformed("JSN08", f"the number {text[:NUMBER_CHARS_MAX]}")
    return value


_DECODER: Final = msgspec.json.Decoder(float_hook=_exact)
