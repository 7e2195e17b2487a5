"""
What Fortnox lets be changed in a document, by its state. Pure.

Sources: fortnox.md 11 (orders), 12.2 (what an invoice's state allows), 12.3
(rows that came from an order), decision 10.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from daemon.core.agreement import Locked
from daemon.core.records import Fields

CONTENT: Final = frozenset({"text", "date", "delivery_date", "currency", "rows"})

# State -> what may be changed. `invoiced` is an order whose invoice is not booked: that takes the text.
CHANGEABLE: Final[Mapping[str, frozenset[str]]] = {
    "order": CONTENT,
    "invoiced": frozenset({"text"}),
    "invoice": CONTENT,
    "booked": frozenset(),
    "cancelled": frozenset(),
}
WHY: Final[Mapping[str, tuple[str, str]]] = {
    "invoiced": (
        "{key} was made from an order, and Fortnox locks such rows",
        "change the rows on the invoice in Fortnox, they come back by themselves; or undo the edit",
    ),
    "booked": (
        "{key} is booked and never changed",
        "credit it in Fortnox and make a new document; or undo the edit",
    ),
    "cancelled": ("{key} was cancelled in Fortnox", "make a new document; or undo the edit"),
}
WITH_VAT: Final = (
    "the prices of {key} include VAT, those of its rows here do not",
    "change the rows in Fortnox, they come back by themselves; or undo the edit",
)


def locked(fields: Fields) -> Mapping[str, Locked]:
    """The fields of a Fortnox document that it takes no change of, and why. An edit of rows there parks."""
    state = str(fields.get("state"))
    shut = CONTENT - CHANGEABLE[state]
    why, todo = WHY.get(state, WITH_VAT)
    if fields.get("vat_included") and "rows" not in shut:
        shut, (why, todo) = shut | {"rows"}, WITH_VAT
    told = why.format(key=str(fields.get("key")).replace(":", " "))
    return {field: Locked(why=told, todo=todo, parks=field == "rows") for field in shut}
