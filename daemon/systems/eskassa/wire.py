"""ES Kassasystem's envelopes, errors, request keys and local times (dinkassa.md 2, 3, 5.3)."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from daemon.core.stockholm import ZONE
from daemon.net.decode import Malformed, parse
from daemon.net.outcome import unreadable
from daemon.ports import Reply, Request
from daemon.systems.eskassa.spec import NAME

_GUID: Final = (8, 12, 16, 20)  # where its dashes stand


def explain(reply: Reply) -> tuple[str, str]:
    """("", the `Message` of an error); the text itself where there is none."""
    text = reply.body.decode("utf-8", "replace")
    try:
        found = parse(reply.body)
    except Malformed:
        return "", text
    if not isinstance(found, dict) or not found.get("Message"):
        return "", text
    return "", str(found["Message"])


def rows(request: Request, reply: Reply, document: Any, name: str = "Items") -> list[dict[str, Any]]:
    """The records of a list. Raises Unusable."""
    found = document.get(name) if isinstance(document, dict) else None
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise unreadable("JSN06", NAME, request, reply, f"the answer has no list of {name}")
    return found


def total(request: Request, reply: Reply, document: Any) -> int:
    """How many records the whole list has. Raises Unusable."""
    found = document.get("ItemCountTotal") if isinstance(document, dict) else None
    if type(found) is not int:
        raise unreadable("JSN09", NAME, request, reply, "a list without ItemCountTotal")
    return found


def item(request: Request, reply: Reply, document: Any) -> dict[str, Any]:
    """The one record of an answer. Raises Unusable, after a write OutcomeUnknown."""
    found = document.get("Item") if isinstance(document, dict) else None
    if not isinstance(found, dict):
        raise unreadable("JSN06", NAME, request, reply, "the answer has no Item")
    return found


def identity(request: Request, reply: Reply, payload: Mapping[str, Any]) -> str:
    """A record's `Id`, as the text it is. Raises Unusable, after a write OutcomeUnknown."""
    found = payload.get("Id")
    if isinstance(found, bool) or not isinstance(found, str | int) or not str(found).strip():
        raise unreadable("JSN09", NAME, request, reply, "a record without Id")
    return str(found).strip()


def request_key(once: str, what: str = "") -> dict[str, str]:
    """
    The query that names a write, so that it is done once (dinkassa.md 2.2); none without `once`.

    `what` names another request that belongs to the same write: each needs a key of its own.
    """
    if not once:
        return {}
    digits = hashlib.sha256(f"{once} {what}".encode()).hexdigest()[:32] if what else once
    parts = (digits[start:end] for start, end in zip((0, *_GUID), (*_GUID, 32), strict=True))
    return {"requestKey": "-".join(parts)}


def local(raw: Any) -> dt.datetime | None:
    """A date and time as Swedish local time without a zone, whole seconds; None for what is none."""
    try:
        found = dt.datetime.fromisoformat(str(raw))
        found = found.astimezone(ZONE) if found.tzinfo else found
    except (ValueError, OverflowError):
        return None
    return None if found.year == 1 else found.replace(tzinfo=None, microsecond=0)


def moment(raw: Any) -> dt.datetime | None:
    """A local date and time as aware UTC, the first of two that bear the same label; None for none."""
    found = local(raw)
    return found and found.replace(tzinfo=ZONE).astimezone(dt.UTC)


def local_text(instant: dt.datetime) -> str:
    """An aware time as they write it."""
    return f"{instant.astimezone(ZONE):%Y-%m-%dT%H:%M:%S}"


def number(raw: Any) -> Decimal | None:
    """An exact number; None for what is none."""
    if isinstance(raw, bool) or not isinstance(raw, str | int | Decimal):
        return None
    try:
        found = Decimal(raw)
    except ArithmeticError:
        return None
    return found if found.is_finite() else None


def plain(hundredths: int) -> str:
    """Whole hundredths as a number in a form, without needless decimals."""
    return f"{Decimal(hundredths).scaleb(-2).normalize():f}"
