"""What Fortnox accepts in a text (fortnox.md 8.7, decisions.md 42); how chosen texts are compared. Pure."""

from __future__ import annotations

import unicodedata
from typing import Final

SIGNS: Final = frozenset(" \u00a0\n\r\u0308\u030a–:.`´’,;^\\¤#%§£$€¢¥©™°&/()=+-*_!?²³®½@0123456789")
_INSTEAD: Final = str.maketrans({"'": "’", '"': "’’", "\t": " "})
_DASHES: Final = str.maketrans(dict.fromkeys("‐‑‒–—―−﹘﹣－", "-"))


def accepted(character: str) -> bool:
    """Whether Fortnox takes this one character: a letter of any script, or one of `SIGNS`."""
    return character in SIGNS or unicodedata.category(character).startswith("L")


def clean_fortnox(text: str) -> str:
    """
    `text` with only characters that Fortnox takes, without outer blanks; "" when no more than blanks is left.

    Quotes become ’, a tab a blank, digits of other scripts ours; the rest is
    dropped. Cleaning twice changes nothing more.
    """
    composed = unicodedata.normalize("NFC", text.translate(_INSTEAD))
    kept = "".join(_digit(c) for c in composed if accepted(c) or c.isdecimal())
    # Dropping a character can bring a letter and its accent together.
    cleaned = unicodedata.normalize("NFC", kept).strip(" ")
    return cleaned if cleaned.strip() else ""


def folded(text: str) -> str:
    """`text` for comparing: composed, with one kind of dash, single blanks and small letters."""
    return " ".join(unicodedata.normalize("NFC", text).translate(_DASHES).casefold().split())


def _digit(character: str) -> str:
    return str(unicodedata.decimal(character)) if character.isdecimal() else character
