"""
A section of the config, key by key, into its frozen type: all mistakes, not the first. Pure.

msgspec alone stops at the first mistake and speaks of JSON; here each key is
converted by itself and each mistake says its key, what was wanted and what to do.
"""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final, Literal, TypeVar, get_args, get_origin

import msgspec
from msgspec import Struct
from msgspec.structs import FieldInfo

from daemon.core.records import Problem
from daemon.pairs.settings import Seconds, SecretRef

S = TypeVar("S", bound=Struct)

# What each type is called when it is missed.
NAMES: Final[Mapping[Any, str]] = {
    str: "a text in quotes",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    Seconds: 'a duration such as "90s", "6m" or "1h"',
    dt.date: 'a date such as "2026-01-01"',
    dt.datetime: "a date and time",
    SecretRef: '{ credential = "NAME" } or { file = "PATH" }',
    dict: "a table",
    list: "a list",
    tuple: "a list of texts",
}


class Place(Struct, frozen=True):
    """Where in the config: prints as `file:section.key`."""

    file: str
    section: str = ""

    def key(self, name: str) -> Place:
        """One level in."""
        return Place(self.file, f"{self.section}.{name}" if self.section else name)

    def __str__(self) -> str:
        return f"{self.file}:{self.section}" if self.section else self.file


Check = Callable[[str, Any, Place], Iterator[Problem]]  # what else must hold of a key's value


def problem(code: str, what: str, place: Place, todo: str) -> Problem:
    """One mistake, in the form the operator reads."""
    return Problem(code=code, what=what, where=str(place), todo=todo)


@lru_cache(32)
def fields_of(into: type[Struct]) -> tuple[FieldInfo, ...]:
    """What a section holds; working it out takes longer than reading one."""
    return msgspec.structs.fields(into)


def read_struct(
    raw: Mapping[str, Any], into: type[S], place: Place, found: list[Problem], check: Check
) -> S | None:
    """The section as `into`; None when it has mistakes, which are then added to `found`."""
    fields = {field.name: field for field in fields_of(into)}
    before = len(found)
    values: dict[str, Any] = {}
    for key, value in raw.items():
        if key in fields:
            values[key] = _read(value, _plain(fields[key].type), place.key(key), found, check)
            if values[key] is not None:
                found += check(key, values[key], place.key(key))
        else:
            found.append(unknown_key(key, fields, place))
    for key, field in fields.items():
        if field.required and key not in raw:
            todo = f"write {key} = {NAMES.get(_base(_plain(field.type)), 'a value')}"
            found.append(problem("CFG07", f"{key} is missing", place.key(key), todo))
    return into(**values) if len(found) == before else None


def unknown_key(key: str, known: Iterable[str], place: Place) -> Problem:
    """CFG04, with the nearest known key."""
    known = list(known)
    near = difflib.get_close_matches(key, known, n=1)
    todo = f"did you mean {near[0]}?" if near else f"remove it; known here: {', '.join(known)}"
    return problem("CFG04", f"there is no key {key}", place.key(key), todo)


def _read(value: Any, into: Any, place: Place, found: list[Problem], check: Check) -> Any:
    """`value` as type `into`; on a mistake None, and a line in `found`."""
    base = _base(into)
    if base is SecretRef:
        return _read_secret(value, place, found, check)
    if isinstance(base, type) and issubclass(base, Struct) and isinstance(value, Mapping):
        return read_struct(value, base, place, found, check)
    if base is Mapping and isinstance(value, Mapping):
        item = get_args(into)[1]
        return {key: _read(each, item, place.key(key), found, check) for key, each in value.items()}
    try:
        return msgspec.convert(value, into, dec_hook=_decode)
    except msgspec.ValidationError as error:
        found.append(_mistake(value, into, place, str(error)))
        return None


def _read_secret(value: Any, place: Place, found: list[Problem], check: Check) -> SecretRef | None:
    if isinstance(value, str):
        todo = f'move it to a file of mode 600 and write {{ file = "credentials/{place.section}" }}'
        found.append(problem("CFG08", "a secret is written in the config", place, todo))
        return None
    if not isinstance(value, Mapping):
        found.append(_wrong_type(value, SecretRef, place))
        return None
    reference = read_struct(value, SecretRef, place, found, check)
    if reference is None:
        return None
    names = [name for name in (reference.credential, reference.file) if name]
    if len(names) != 1 or (reference.credential and not _plain_name(reference.credential)):
        found.append(
            problem("CFG05", "one credential name or one file is wanted", place, f"write {NAMES[SecretRef]}")
        )
        return None
    return reference


def _decode(into: type, value: Any) -> Any:
    if into is Seconds and isinstance(value, str):
        return Seconds.parse(value)
    raise ValueError


def _mistake(value: Any, into: Any, place: Place, said: str) -> Problem:
    """CFG06 when the type fits and the value does not, else CFG05."""
    base = _base(into)
    if base is Literal and isinstance(value, str):
        choices = [str(choice) for choice in get_args(into)]
        near = difflib.get_close_matches(value, choices, n=1)
        todo = f"did you mean {near[0]}?" if near else f"use one of {', '.join(choices)}"
        return problem("CFG06", f"{_shown(value)} is not a choice here", place, todo)
    if base in (Seconds, dt.date) and isinstance(value, str):
        return problem("CFG06", f"{_shown(value)} cannot be read", place, f"write {NAMES[base]}")
    if "`int` <=" in said or "`int` >=" in said:
        return problem("CFG06", "the number is out of range", place, "use a smaller number")
    return _wrong_type(value, into, place)


def _wrong_type(value: Any, into: Any, place: Place) -> Problem:
    base = _base(into)
    want = "a text in quotes" if base is Literal else NAMES.get(base, "a table")
    got = NAMES.get(type(value), type(value).__name__).removesuffix(" of texts").removesuffix(" in quotes")
    return problem("CFG05", f"{want} is wanted here, not {got}", place, f"write {want}")


def _plain(into: Any) -> Any:
    """A type without its `| None`: the file has no way to say None."""
    choices = [each for each in get_args(into) if each is not type(None)]
    return choices[0] if type(None) in get_args(into) and len(choices) == 1 else into


def _base(into: Any) -> Any:
    origin = get_origin(into)
    return Mapping if isinstance(origin, type) and issubclass(origin, Mapping) else origin or into


def _plain_name(name: str) -> bool:
    return all(letter.isalnum() or letter in "._-" for letter in name) and not name.startswith(".")


def _shown(value: str) -> str:
    return repr(value if len(value) <= 40 else value[:40] + "…")  # noqa: PLR2004
