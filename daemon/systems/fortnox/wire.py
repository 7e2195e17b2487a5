"""Fortnox's envelopes: what is around a record, a list and an error (fortnox.md 5, 6.1, 7.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from daemon.net.decode import Malformed, parse
from daemon.net.outcome import unreadable
from daemon.ports import Reply, Request
from daemon.systems.fortnox.spec import NAME


class Rows(NamedTuple):
    """One page of a list: its rows, and how many rows and pages the list has as of now."""

    rows: list[dict[str, Any]]
    total: int
    pages: int


class Odd(Exception):
    """A value inside a record is nothing that Fortnox writes there."""


def explain(reply: Reply) -> tuple[str, str]:
    """(Fortnox's code, its message) of an error in any of its three shapes; else ("", the text itself)."""
    text = reply.body.decode("utf-8", "replace")
    try:
        found = parse(reply.body)
    except Malformed:
        return "", text
    if not isinstance(found, dict):
        return "", text
    return _told(found) or ("", text)


def item(request: Request, reply: Reply, document: Any, name: str) -> dict[str, Any]:
    """The record inside its wrapper `name`. Raises Unusable, after a write OutcomeUnknown."""
    inside = _opened(request, reply, document, name)
    if not isinstance(inside, dict):
        raise unreadable("JSN06", NAME, request, reply, f"no {name} in the answer")
    return inside


def rows(request: Request, reply: Reply, document: Any, name: str) -> Rows:
    """A page of the list `name`; without MetaInformation it is the whole list (fortnox.md 7.1)."""
    inside = _opened(request, reply, document, name)
    if not isinstance(inside, list) or not all(isinstance(row, dict) for row in inside):
        raise unreadable("JSN06", NAME, request, reply, f"no list of {name} in the answer")
    meta = document.get("MetaInformation")
    if not isinstance(meta, dict):
        return Rows(inside, len(inside), 1)
    try:
        total, pages = int(meta["@TotalResources"]), int(meta["@TotalPages"])
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise unreadable("JSN08", NAME, request, reply, "MetaInformation without its totals") from error
    if not 0 <= pages <= total + 1:
        raise unreadable("JSN08", NAME, request, reply, f"{total} rows on {pages} pages")
    return Rows(inside, total, pages)


def identity(request: Request, reply: Reply, record: Mapping[str, Any], key: str) -> str:
    """What a record is known by: a number or a text. Raises Unusable, after a write OutcomeUnknown."""
    found = record.get(key)
    if isinstance(found, bool) or not isinstance(found, str | int) or found == "":
        raise unreadable("JSN09", NAME, request, reply, f"no {key}")
    return str(found)


def _opened(request: Request, reply: Reply, document: Any, name: str) -> Any:
    if not isinstance(document, dict):
        raise unreadable("JSN06", NAME, request, reply, "the answer is not an object")
    if "ErrorInformation" in document:
        raise unreadable("JSN14", NAME, request, reply, " ".join(_told(document) or ()))
    return document.get(name)


def _told(document: Mapping[str, Any]) -> tuple[str, str] | None:
    """Code and message, spelled `Code` or `code`, a number or a text, wrapped or not."""
    inside = document.get("ErrorInformation", document)
    if not isinstance(inside, dict):
        return None
    lower = {str(name).lower(): value for name, value in inside.items()}
    code, message = lower.get("code"), lower.get("message") or lower.get("error")
    if code is None and not isinstance(message, str):
        return None
    return "" if code is None else str(code), str(message or "")
