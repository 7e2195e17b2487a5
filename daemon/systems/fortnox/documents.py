"""
One business document: an order together with the invoice made from it, or an invoice alone. Pure.

Once there is an invoice it is the one of the two that lives: an invoiced order takes no more changes
(fortnox.md 11), so text, currency and rows are the invoice's; order date and delivery date stay the order's.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final

from daemon.core.codecs import ORE
from daemon.core.documents import packed, packed_keys, sum_of, unpacked, unpacked_keys
from daemon.core.mapping import LEAVE
from daemon.core.records import Fields, Value
from daemon.errors import Refused
from daemon.systems.fortnox import rows, spec
from daemon.systems.fortnox.document_table import HEADS
from daemon.systems.fortnox.wire import Odd

Half = Mapping[str, Value]  # an order or an invoice in our words

FORMS: Final = ("order", "invoice")
OUR_MARK: Final = "FS1."
FEES: Final = ("Freight", "AdministrationFee")
LISTED: Final = (
    *("reference", "customer", "date", "delivery_date", "currency"),
    *("total", "balance", "booked", "cancelled", "sent"),
)

# What an order gives to a document whose invoice lives: as a half, and in the document.
ORDER_SHARE: Final = {
    "number": "order_number",
    "date": "date",
    "delivery_date": "delivery_date",
    "text": "order_text",
    "reference": "reference",
}
LIVING_SHARE: Final = (
    *("vat_included", "customer", "date", "due_date", "text", "currency"),
    *("rows", "row_keys", "value", "difference"),
)
FOLLOWS: Final = ("date", "delivery_date", "text", "currency")  # the rest of a head is given at birth only

# ------------------------------------------------------------------ reading


def identity(form: str, number: Value) -> str:
    """The id of an order or an invoice among documents."""
    return f"{form}:{number}"


def parted(record_id: str) -> tuple[str, str]:
    """Form and number of an id."""
    form, _, number = record_id.partition(":")
    assert number, record_id
    assert form in HEADS, record_id
    return form, number


def listed(form: str, row: Mapping[str, Any]) -> dict[str, Value]:
    """What a row of a list shows: enough to tell that something changed."""
    shown = HEADS[form].read(row)
    key = identity(form, row[HEADS[form].key])
    return {"key": key, f"from_{form}": key, **{name: shown[name] for name in LISTED if name in shown}}


def half(form: str, payload: Mapping[str, Any]) -> Half:
    """A whole order or invoice. Raises Odd for rows or sums that are none."""
    shown = HEADS[form].read(payload)
    if not isinstance(shown.get("number"), str):
        raise Odd("the DocumentNumber")
    included = shown.get("vat_included") is True
    raw = payload.get(rows.NAMES[form])
    found = rows.keyed(raw, included=included)
    plain = [row for row, _ in found]
    on_rows = rows.totals_shown(raw) if included else sum_of(plain)
    return {
        **shown,
        "vat_included": included,
        "rows": packed(plain),
        "row_keys": packed_keys(found),
        "value": sum_of(plain) or None,
        "difference": _beside_rows(payload, included=included) - on_rows,
        "to_pay": _ore(payload, "Total") - _ore(payload, "RoundOff"),
    }


def compose(order: Mapping[str, Any] | None, invoice: Mapping[str, Any] | None) -> dict[str, Value]:
    """The document that an order and its invoice are, or one of them alone. Raises Odd."""
    return together(
        None if order is None else half("order", order),
        None if invoice is None else half("invoice", invoice),
    )


def together(order: Half | None, invoice: Half | None) -> dict[str, Value]:
    """The document of two halves; of an invoiced order only `ORDER_SHARE` is used."""
    living = invoice if invoice is not None else order
    assert living is not None
    form = "order" if invoice is None else "invoice"
    fields: dict[str, Value] = {name: living[name] for name in LIVING_SHARE if name in living}
    if order is not None:
        fields |= {ours: order[name] for name, ours in ORDER_SHARE.items() if name in order}
        fields["invoice_date"] = None if invoice is None else invoice.get("date")
        # Where Fortnox copied the text to the invoice (fortnox.md 11), that one alone counts from then on.
        if order.get("copies") is True:
            fields["order_text"] = None
        fields["text"] = living.get("text") or fields.get("order_text")
    credit = living.get("credit") is True
    reference = None if credit else (order or {}).get("reference") or living.get("reference")
    fields |= {
        "key": identity(form, living["number"]),
        "from_order": None if order is None else identity("order", order["number"]),
        "from_invoice": None if invoice is None else identity("invoice", invoice["number"]),
        "state": _state(order, invoice),
        "invoice_number": None if invoice is None else invoice["number"],
        "booked": living.get("booked") is True,
        "credit": credit,
        "reference": reference,
    }
    if invoice is not None and not str(reference or "").startswith(OUR_MARK):
        fields["finished"] = True
    if living.get("vat_included") is True:
        fields["total"] = living.get("to_pay")
    if note := _note(form, living):
        fields["note"] = note
    return fields


def rewritten(form: str, payload: Mapping[str, Any], shown: Fields) -> dict[str, Value]:
    """The document after its living half was written and answered; the other half as it was `shown`."""
    if form == "order":
        return compose(payload, None)
    if not shown.get("from_order"):
        return compose(None, payload)
    order = {name: shown[ours] for name, ours in ORDER_SHARE.items() if ours in shown}
    return together(order, half("invoice", payload))


def _state(order: Half | None, invoice: Half | None) -> str:
    living = invoice if invoice is not None else order or {}
    if living.get("cancelled") is True:
        return "cancelled"
    if living.get("booked") is True:
        return "booked"
    if invoice is None:
        return "order"
    return "invoice" if order is None else "invoiced"


def _note(form: str, living: Half) -> str | None:
    """What a person in Fortnox did that the partner's people must know, in their language."""
    name = "Order" if form == "order" else "Faktura"
    if living.get("cancelled") is True:
        return f"{name} {living['number']} makulerad i Fortnox"
    if living.get("credited") and living.get("credit") is not True:
        return f"{name} {living['number']} krediterad med faktura {living['credited']}"
    return None


def _beside_rows(payload: Mapping[str, Any], *, included: bool) -> int:
    """What is left of the total for the rows, in öre: without rounding, fees and, unless `included`, VAT."""
    parts = ("RoundOff", *FEES) if included else ("RoundOff", *FEES, "TotalVAT")
    return _ore(payload, "Total") - sum(_ore(payload, name) for name in parts)


def _ore(payload: Mapping[str, Any], name: str) -> int:
    try:
        found = ORE.read(payload.get(name))
    except ArithmeticError as error:
        raise Odd(name) from error
    if found is LEAVE:
        raise Odd(name)
    return int(found or 0)


# ------------------------------------------------------------------ writing


def created(fields: Fields) -> tuple[str, dict[str, Any]]:
    """The form and the body of a new document."""
    form = str(fields["form"])
    given = {name: value for name, value in fields.items() if value is not None}
    payload = {name: value for name, value in HEADS[form].write(given).items() if value is not None}
    if sold := rows.written(fields.get("rows"), form):
        payload[rows.NAMES[form]] = sold
    payload.setdefault("VATIncluded", False)  # else it is as the customer has it (fortnox.md 12.1)
    if form == "order":
        payload["CopyRemarks"] = True  # else the text is not on the invoice made from it (fortnox.md 11)
    return form, payload


def updated(fields: Fields, shown: Fields) -> tuple[str, str, dict[str, Any]]:
    """
    Form, number and body of an update of the document `shown`: of the half that lives.

    Raises Refused for a document without a date.
    """
    form, number = parted(str(shown["key"]))
    where = f"{spec.NAME} PUT {spec.KINDS[form].path}"
    # What the order alone may say is locked once it is invoiced (core/legal.py).
    assert not (form == "invoice" and shown.get("from_order") and {"date", "delivery_date"} & set(fields))
    if "date" in fields and fields["date"] is None:
        what = "Fortnox keeps no document without a date"
        raise Refused("REC21", what, where, "write a date", system=spec.NAME)
    head = {name: fields[name] for name in FOLLOWS if name in fields}
    payload = HEADS[form].write(head | _due(fields, shown))
    if "rows" in fields:
        assert not shown.get("vat_included"), "rows with VAT are read only"
        now = tuple(zip(unpacked(shown["rows"]), unpacked_keys(shown["row_keys"]), strict=True))
        payload[rows.NAMES[form]] = rows.changes(now, fields["rows"], form)
    return form, number, payload


def _due(fields: Fields, shown: Fields) -> dict[str, Value]:
    """The due date moved by the days that an invoice's date moves: Fortnox lets it stand (fortnox.md 8.1)."""
    days = [fields.get("date"), shown.get("date"), shown.get("due_date")]
    if not all(days):
        return {}
    new, old, due = (dt.date.fromisoformat(str(day)) for day in days)
    return {"due_date": (due + (new - old)).isoformat()}
