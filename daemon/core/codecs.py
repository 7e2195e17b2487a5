"""
Small total functions between a vendor's spelling and ours. Pure.

One law for all: reading what we wrote gives back what we had.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from daemon.core import address
from daemon.core.countries import code_of, name_of
from daemon.core.mapping import LEAVE, Codec
from daemon.core.records import Value
from daemon.core.text import folded

_ENTITIES: Final = {
    "&amp;": "&",
    "&lt;": "<",
    "&gt;": ">",
    "&quot;": '"',
    "&apos;": "'",
    "&#39;": "'",
    "&#34;": '"',
}
_ENTITY: Final = re.compile("|".join(map(re.escape, _ENTITIES)))
_ORG_NUMBER: Final = re.compile(r"(?:16|18|19|20)?([0-9]{6})-?([0-9]{4})")
_FLAGS: Final = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def _text(raw: Any) -> Any:
    """Lines without outer blanks, LF between them; None for nothing; LEAVE for what is no text or number."""
    if raw is None:
        return None
    if not isinstance(raw, str):
        if isinstance(raw, bool) or not isinstance(raw, int | Decimal):
            return LEAVE
        raw = str(raw)
    text = raw.strip()
    if "\n" in text or "\r" in text:
        lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        text = "\n".join(line.strip() for line in lines)
    return text or None


def _then(step: Callable[[str], Any]) -> Callable[[Any], Any]:
    """`_text`, and where there is one, `step` on it."""

    def read(raw: Any) -> Any:
        text = _text(raw)
        return text if text is None or text is LEAVE else step(text)

    return read


def _without_entities(text: str) -> Value:
    # Until nothing changes: text that was encoded twice must not shrink again each time we write it.
    while "&" in text and (decoded := _ENTITY.sub(lambda found: _ENTITIES[found[0]], text)) != text:
        text = decoded
    return text.strip() or None


def _org_number(text: str) -> Value:
    found = _ORG_NUMBER.fullmatch("".join(text.split()))
    return f"{found[1]}-{found[2]}" if found else text


def _code(text: str) -> Value:
    """The code of a dropdown's text "30: 30 dagar"; None for its placeholder "-- välj --"."""
    return None if text.startswith("--") else text.partition(":")[0].strip().upper() or None


def _flag(raw: Any) -> Any:
    return raw if isinstance(raw, bool) else _FLAGS.get(str(raw).strip().lower(), LEAVE)


def _ore(raw: Any) -> Any:
    if raw is None or raw == "":
        return None
    if isinstance(raw, bool) or not isinstance(raw, str | int | Decimal):
        return LEAVE
    try:
        return int((Decimal(raw) * 100).quantize(Decimal(1), ROUND_HALF_UP))
    except (ArithmeticError, ValueError):  # no number, "NaN", or one beyond all
        return LEAVE


def _date(raw: Any) -> Any:
    if raw is None or raw == "":
        return None
    try:
        return dt.date.fromisoformat(str(raw)).isoformat()
    except ValueError:
        return LEAVE


def _kronor(ore: Value) -> Any:
    assert isinstance(ore, int)
    return Decimal(ore).scaleb(-2)


def _same(value: Value) -> Any:
    return value


TEXT: Final = Codec(_text, _same)
ENTITY_TEXT: Final = Codec(_then(_without_entities), _same)  # fortnox.md 5: "&amp;" may stand for "&"
UPPER: Final = Codec(_then(str.upper), _same)
FLAG: Final = Codec(_flag, _same)
ORE: Final = Codec(_ore, _kronor)  # exact decimals outside, whole öre here, half up
DATE: Final = Codec(_date, _same)  # a day, without time or zone
ORG_NUMBER: Final = Codec(_then(_org_number), _same)
VAT_NUMBER: Final = Codec(_then(lambda text: "".join(text.split()).upper()), _same)


def dropdown_code(texts: Sequence[str] = ()) -> Codec:
    """A code kept as the text of a dropdown, one of `texts`; as itself where none of them has that code."""
    full = {_code(text): text for text in reversed(texts)}
    return Codec(_then(_code), lambda code: full.get(code, code))


def country(language: str, texts: Sequence[str] = ()) -> Codec:
    """
    ISO-2 here, a name there (or an object with `CodeISO`); what nobody calls a country is left.

    The name is the one among `texts`, where the other system has a list, else the one in `language`.
    """
    listed = {code_of(text): text for text in reversed(texts)}

    def read(raw: Any) -> Any:
        if isinstance(raw, dict):
            raw = raw.get("CodeISO") or raw.get("Name")
        text = _text(raw)
        return (code_of(text) or LEAVE) if isinstance(text, str) else text

    return Codec(read, lambda code: listed.get(str(code)) or name_of(str(code), language) or LEAVE)


def kind_of_customer(company: Sequence[str], private: Sequence[str]) -> Codec:
    """What kind of customer a text stands for, None for any other text; the first of each list is written."""
    texts = {"private": private, "company": company}
    kinds = {folded(text): kind for kind, each in texts.items() for text in each}
    first = {kind: each[0] for kind, each in texts.items() if each}
    return Codec(_then(lambda text: kinds.get(folded(text))), lambda kind: first.get(str(kind), LEAVE))


def _address_parts(raw: Any) -> Any:
    parts = [_text(part) for part in raw]
    return LEAVE if LEAVE in parts else address.joined(address.Address(*(part or "" for part in parts)))


def _address_fields(value: Value) -> Any:
    *parts, code = address.split(str(value))
    return (*(part or None for part in parts), code or LEAVE)


ADDRESS: Final = Codec(
    _address_parts, _address_fields
)  # five fields; webcrm.md 7: an unknown country is left alone


def memo_address(language: str) -> Codec:
    """An address kept as lines that people read and type."""
    return Codec(_then(address.parsed), lambda value: address.printed(str(value), language))
