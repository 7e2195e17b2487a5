"""
Fortnox' orders and invoices, and webCRM's deliveries: who decides what, what a new one is made of. Pure.

Sources: rows W9-W14, decisions 10-14, webcrm.md 9, 10 and 13.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Final, Literal

from daemon.core.agreement import Agreement, Belonging, Decides, FieldRule
from daemon.core.documents import alike, kronor
from daemon.core.legal import locked
from daemon.core.records import Fields, Problem, Side, Value

TO_WEBCRM: Final = frozenset({Side.PARTNER})
NOWHERE: Final[frozenset[Side]] = frozenset()
Form = Literal["order", "invoice"]

# Who wins when both sides changed the same field (decision 4).
DOCUMENT_DECIDES: Final[Mapping[str, Decides]] = {
    "date": Decides.FORTNOX,
    "delivery_date": Decides.FORTNOX,
    "text": Decides.FORTNOX,
    "rows": Decides.FORTNOX,
}
# From Fortnox only (rows W12 and W13): an edit in webCRM is undone.
SHOWN: Final = ("key", "order_number", "invoice_number", "invoice_date", "booked", "value")

# Where webCRM keeps what a delivery has no field of its own for (webcrm.md 13); "" means nowhere.
DEFAULT_DELIVERY_MAP: Final[Mapping[str, str]] = {
    "order_number": "DeliveryCustom1",
    "invoice_number": "DeliveryCustom2",
    "invoice_date": "DeliveryCustom3",
    "delivery_date": "DeliveryCustom4",
    "booked": "DeliveryCustom5",
    "text": "DeliveryMemo",
    "note": "DeliveryNote",
}

MADE_IN_FORTNOX: Final = ("date", "delivery_date", "text", "currency", "rows", "your_number")
MADE_IN_WEBCRM: Final = ("date", "delivery_date", "text", "currency", *SHOWN)


def agreement(
    form: Form,
    description: str,
    decides: Mapping[str, str],
    start: dt.datetime,
    mark: Callable[[str], str],
    takes_part: Callable[[Fields], bool],
) -> Agreement:
    """
    What is agreed on documents.

    A new delivery becomes a `form`; a document born in Fortnox becomes a
    delivery described as `description`. `takes_part` judges its organisation.
    """
    return Agreement(
        kind="document",
        rules=_rules(decides),
        recognised_by=("reference", "from_invoice", "from_order"),
        start=start,
        create={
            Side.FORTNOX: partial(_made_in_fortnox, form),
            Side.PARTNER: partial(_made_in_webcrm, description),
        },
        mark=mark,
        marks={
            Side.FORTNOX: frozenset({"reference"}),
            Side.PARTNER: frozenset({"reference", "from_invoice", "from_order"}),
        },
        living=lambda fields: fields.get("state") != "cancelled",
        belongs_to=Belonging(field="customer", kind="customer", gate=takes_part),
        locked=locked,
        weigh={Side.FORTNOX: _adds_up_in_fortnox, Side.PARTNER: _adds_up_in_webcrm},
        looked_for=True,
        essential=frozenset({"rows"}),
    )


def _rules(decides: Mapping[str, str]) -> tuple[FieldRule, ...]:
    who = {field: Decides(decides.get(field, side)) for field, side in DOCUMENT_DECIDES.items()}
    return (
        FieldRule(field="customer", decides=Decides.FORTNOX, to=NOWHERE),
        *(FieldRule(field=field, decides=who[field]) for field in ("delivery_date", "text")),
        FieldRule(field="date", decides=who["date"], careful=True),
        FieldRule(field="rows", decides=who["rows"], same=alike, careful=True),
        FieldRule(field="currency", decides=Decides.FORTNOX, careful=True),
        *(
            FieldRule(
                field=field, decides=Decides.FORTNOX, to=TO_WEBCRM, revert=True, listed=field != "value"
            )
            for field in SHOWN
        ),
        FieldRule(field="finished", decides=Decides.FORTNOX, to=TO_WEBCRM),
        FieldRule(field="note", decides=Decides.FORTNOX, to=TO_WEBCRM, same=_says, given=_added),
    )


NO_ROWS: Final = Problem(
    code="REC13",
    what="the delivery has no rows",
    where="rows",
    todo="add its rows; it then crosses by itself",
)
ON_THE_WHOLE: Final = Problem(
    code="REC16",
    what="the delivery has a discount on the whole, which a Fortnox document cannot hold",
    where="discount",
    todo="take it away there and give the rows a discount; it then crosses by itself",
)


def _says(note: Value, present: Value) -> bool:
    return note is None or str(note) in str(present or "")


def _added(note: Value, present: Value) -> Value:
    """A note is added to what a person wrote there."""
    return f"{present}\n{note}" if present else note


def _made_in_fortnox(form: Form, fields: Fields) -> Fields | Problem:
    if form == "invoice" and not fields.get("date"):
        return Problem(
            code="REC21",
            what="the delivery has no date, and an invoice needs one",
            where="date",
            todo="fill in the order date of the delivery; it then crosses by itself",
        )
    wanted = {field: fields.get(field) for field in MADE_IN_FORTNOX}
    if form == "invoice":
        del wanted["delivery_date"]
    return {**wanted, "form": form}


def _made_in_webcrm(description: str, fields: Fields) -> Fields | Problem:
    born = {field: fields.get(field) for field in MADE_IN_WEBCRM}
    finished = True if fields.get("from_invoice") else None
    return {**born, "description": description, "finished": finished}


def _adds_up_in_fortnox(fields: Fields, crossing: Collection[str]) -> Problem | None:
    difference = fields.get("difference")
    if "rows" not in crossing or not isinstance(difference, int) or not difference:
        return None
    return Problem(
        code="REC16",
        what=f"its rows, VAT and rounding differ by {kronor(difference)} from its total",
        where=str(fields.get("key")),
        todo="look at it in Fortnox; it crosses when the two agree",
    )


def _adds_up_in_webcrm(fields: Fields, crossing: Collection[str]) -> Problem | None:
    if "rows" not in crossing:
        return None
    if not fields.get("rows"):
        return NO_ROWS
    if fields.get("discount"):
        return ON_THE_WHOLE
    if not fields.get("odd_line"):
        return None
    return Problem(
        code="REC16",
        what=str(fields["odd_line"]),
        where="rows",
        todo="correct the row in webCRM so that the two agree",
    )
