"""
What Fortnox lets be changed in a document, by its state. Pure.

Sources: fortnox.md 11 (orders), 12.2 (what an invoice's state allows), 12.3
(rows that came from an order), decision 10.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from daemon.core.agreement import Locked
from daemon.core.records import Fields

CONTENT: Final = frozenset({"text", "date", "delivery_date", "currency", "rows"})


class _Shut(NamedTuple):
    """What takes no change, why, and what to do; `{key}` is the document."""

    fields: frozenset[str] = frozenset()
    why: str = ""
    todo: str = ""


# `invoiced` is an order whose invoice is not booked: that takes the text.
STATES: Final[Mapping[str, _Shut]] = {
    "order": _Shut(),
    "invoice": _Shut(),
    "invoiced": _Shut(
        CONTENT - {"text"},
        "{key} was made from an order, and Fortnox locks what came from it",
        "change it on the invoice in Fortnox, rows come back by themselves; or undo the edit",
    ),
    "booked": _Shut(
        CONTENT,
        "{key} is booked and never changed",
        "credit it in Fortnox and make a new document; or undo the edit",
    ),
    "cancelled": _Shut(CONTENT, "{key} was cancelled in Fortnox", "make a new document; or undo the edit"),
}
WITH_VAT: Final = _Shut(
    frozenset({"rows"}),
    "the prices of {key} include VAT, those of its rows here do not",
    "change the rows in Fortnox, they come back by themselves; or undo the edit",
)


def locked(fields: Fields) -> Mapping[str, Locked]:
    """The fields of a Fortnox document that it takes no change of, and why. An edit of rows there parks."""
    key = str(fields.get("key")).replace(":", " ")
    # The state's own reason comes last: it is the stronger one.
    shut = [*([WITH_VAT] if fields.get("vat_included") else []), STATES[str(fields.get("state"))]]
    return {
        field: Locked(why=each.why.format(key=key), todo=each.todo, parks=field == "rows")
        for each in shut
        for field in each.fields
    }
