"""
What must hold of a config's texts: nothing hidden, ids that can be ids, no newer version. Pure.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any, Final

from daemon.core.records import Problem
from daemon.pairs.reading import Place, problem

HIDDEN: Final = frozenset({"Cc", "Zl", "Zp"})  # they break paths, headers, and the one line of a message
SHOWN_CHARS_MAX: Final = 40
VERSION: Final = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9}){0,3}")


def hidden(value: Any, place: Place) -> Iterator[Problem]:
    """A mistake for each key and text with a control character or a line separator ("\\u0000" writes one)."""
    if isinstance(value, str):
        if odd := _first_hidden(value):
            what = f"the text has the character U+{ord(odd):04X}, which nobody sees"
            yield problem("CFG06", what, place, "write it without")
    elif isinstance(value, list):
        for each in value:
            yield from hidden(each, place)
    elif isinstance(value, Mapping):
        for key, each in value.items():
            if _first_hidden(key):
                what = f"the key {key[:SHOWN_CHARS_MAX]!a} has a character that nobody sees"
                yield problem("CFG06", what, place, "write it without")
            else:
                yield from hidden(each, place.key(key))


def unusable_ids(ids: Mapping[str, str], scopes: tuple[str, ...], place: Place) -> Iterator[Problem]:
    """A mistake for each id or scope that is none: they travel in headers, and are easily pasted wrong."""
    for key, text in ids.items():
        if odd := _odd_in_word(text):
            what = f"it has the character U+{ord(odd):04X}, which no {key} has"
            yield problem("CFG06", what, place.key(key), "write what the vendor shows")
    where, todo = place.key("scopes"), "leave the key out, or see config.example.toml"
    if not scopes:
        yield problem("CFG06", "no scope is named", where, todo)
    for scope in scopes:
        if not scope or _odd_in_word(scope):
            yield problem("CFG06", f"{scope[:SHOWN_CHARS_MAX]!a} is no scope", where, todo)


def too_new(wanted: Any, program: str, place: Place) -> Iterator[Problem]:
    """A mistake when the file asks for a newer program than this one, or for something that is no version."""
    if not isinstance(wanted, str) or not wanted:
        return
    if VERSION.fullmatch(wanted) is None:
        yield problem("CFG06", "that is no version", place, f'write one such as "{program}"')
    elif _numbers(wanted) > _numbers(program):
        what = f"the file needs version {wanted}, this is {program}"
        yield problem("CFG15", what, place, "upgrade fortnox-syncd")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(digits) for digits in re.findall(r"[0-9]+", version))


def _first_hidden(text: str) -> str:
    return next((letter for letter in text if unicodedata.category(letter) in HIDDEN), "")


def _odd_in_word(text: str) -> str:
    return next((letter for letter in text if not "!" <= letter <= "~"), "")
