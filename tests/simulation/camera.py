"""
What both vendors hold, read from the pretend systems' own memory: the eyes of the oracle.

Which field is which is written down here once more, from the vendors' documents (rows W3, W4, W8-W13 and
webcrm.md 13), and shares nothing with the daemon's own tables.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from daemon.sandbox.world import World
from tests.simulation.facts import Raw, row_ore

TENANT: Final = "1234567"
ACCOUNT: Final = "webcrm:sandbox"
FORTNOX: Final = "fortnox"
WEBCRM: Final = "webcrm"
OTHER: Final = {FORTNOX: WEBCRM, WEBCRM: FORTNOX}


class Same(NamedTuple):
    """One field on both sides, and who wins when both were edited at once; "" when only Fortnox's counts."""

    word: str
    fortnox: str
    webcrm: str
    decides: str


FIELDS: Final[Mapping[str, tuple[Same, ...]]] = {
    "customer": (
        Same("name", "Name", "OrganisationName", FORTNOX),
        Same("vat_number", "VATNumber", "OrganisationVatNumber", FORTNOX),
        Same("phone", "Phone1", "OrganisationTelephone", WEBCRM),
        Same("website", "WWW", "OrganisationWww", WEBCRM),
        Same("fax", "Fax", "OrganisationFax", WEBCRM),
        Same("visiting_city", "VisitingCity", "OrganisationCity", WEBCRM),
    ),
    "article": (
        Same("name", "Description", "QuotationLineLinkedDataItemData2", ""),
        Same("price", "SalesPrice", "QuotationLineLinkedDataItemPrice", ""),
    ),
    "document": (
        Same("text", "Remarks", "DeliveryMemo", FORTNOX),
        Same("rows", "rows", "rows", FORTNOX),
    ),
}
DECIDES: Final = {(kind, each.word): each.decides for kind, fields in FIELDS.items() for each in fields}


class Shot(NamedTuple):
    """One record: its fields by our words, what ties it to the other side, and its state."""

    fields: Mapping[str, Any]
    ties: tuple[str, ...]  # what names the twin: a customer's or article's number, a document's key
    state: str = ""  # "", "booked" or "cancelled" of a document; "inactive"
    mark: str = ""  # our reference
    rest: tuple[
        tuple[str, Any, float, bool], ...
    ] = ()  # of each row: its article, and what only Fortnox knows of it
    owner: str = ""  # the customer of a document
    raw: Raw = ()  # as the vendor keeps it


Album = Mapping[tuple[str, str], Shot]  # (kind, id) -> record
NONE: Final[Album] = {}


def shoot(world: World, side: str, before: Album = NONE) -> Album:
    """Every record of one side; what is as it was `before` is not looked at again."""
    return dict(_fortnox(world, before) if side == FORTNOX else _webcrm(world, before))


def _as_before(before: Album, place: tuple[str, str], *raw: Any) -> Shot | None:
    """The shot of a record of Fortnox, whose values are never changed but replaced."""
    old = before.get(place)
    same = old is not None and all(ours is theirs for ours, theirs in zip(old.raw, raw, strict=True))
    return old if same else None


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _ore(value: Any) -> int:
    return round(float(value or 0) * 100)


def _value(word: str, value: Any) -> Any:
    return _ore(value) if word == "price" else value if word == "rows" else _text(value)


def mark_of(kind: str, partner_id: str) -> str:
    """The mark of what is made of a partner's record: the same for ever, whatever its connector is called."""
    named = f"{TENANT}|{ACCOUNT}|{kind}|{partner_id}".encode()
    return f"FS1.WC.{kind[0].upper()}.{base64.b32encode(hashlib.sha256(named).digest()).decode()[:26]}"


def forgotten(old: Shot, new: Shot) -> str:
    """What a write of ours took away of what only Fortnox knows of its rows, "" for nothing (I15)."""
    before, after = [row[0] for row in old.rest], [row[0] for row in new.rest]
    if before != after or len(set(before)) < len(before):
        return ""  # rows came or went
    for (article, account, ordered, apart), (_, other, now, _) in zip(old.rest, new.rest, strict=True):
        if account != other or (apart and now != ordered):
            return f"row {article} had account {account} and {ordered:g} ordered"
    return ""


# ------------------------------------------------------------------ Fortnox


def _fortnox(world: World, before: Album) -> Iterator[tuple[tuple[str, str], Shot]]:
    registers = world.systems[FORTNOX].companies[TENANT].registers  # type: ignore[attr-defined]
    for key, record in registers["customers"].records.items():
        held = record.values
        if (old := _as_before(before, ("customer", key), held)) is not None:
            yield ("customer", key), old
            continue
        state = "" if held["Active"] else "inactive"
        fields = {each.word: _text(held[each.fortnox]) for each in FIELDS["customer"]}
        mark = _text(held["ExternalReference"])
        yield ("customer", key), Shot(fields, (key,), state, mark, raw=(held,))
    prices = {
        row.values["ArticleNumber"]: row.values["Price"] for row in registers["prices"].records.values()
    }
    for key, record in registers["articles"].records.items():
        fields = {"name": _text(record.values["Description"]), "price": _ore(prices.get(key))}
        state = "" if record.values["Active"] else "inactive"
        yield ("article", key), Shot(fields, (key,), state, raw=(record.values,))
    yield from _documents(registers, before)


def _documents(registers: Mapping[str, Any], before: Album) -> Iterator[tuple[tuple[str, str], Shot]]:
    invoices = registers["invoices"].records
    made = set()
    for key, record in registers["orders"].records.items():
        invoice = invoices.get(_text(record.values["InvoiceReference"]))
        if invoice is not None:
            made.add(invoice.key)
        yield _paper(("document", f"order:{key}"), before, record, invoice)
    for key, record in invoices.items():
        if key not in made and not int(record.values["CreditInvoiceReference"] or 0):
            yield _paper(("document", f"invoice:{key}"), before, None, record)


def _paper(place: tuple[str, str], before: Album, order: Any, invoice: Any) -> tuple[tuple[str, str], Shot]:
    """An order, an invoice, or an order with the invoice made from it: then that one counts."""
    raw = order and order.values, invoice and invoice.values
    if (old := _as_before(before, place, *raw)) is not None:
        return place, old
    held = (invoice or order).values
    state = "cancelled" if held["Cancelled"] else "booked" if held.get("Booked") else ""
    rows = held.get("InvoiceRows") or held.get("OrderRows") or []
    sold = [row for row in rows if row["ArticleNumber"]]
    money = tuple(
        (
            row["ArticleNumber"],
            float(row["DeliveredQuantity"]),
            row_ore(row, included=held["VATIncluded"]),
            row["Description"],
        )
        for row in sold
    )
    rest = tuple((row["ArticleNumber"], row["AccountNumber"], *_ordered(row)) for row in sold)
    text = held["Remarks"]
    if invoice and order and not order.values["CopyRemarks"]:
        text = text or order.values["Remarks"]
    halves = (("order", order), ("invoice", invoice))
    ties = tuple(f"{form}:{half.key}" for form, half in halves if half)
    mark = _text((order or invoice).values["ExternalInvoiceReference1"])
    fields = {"text": _text(text), "rows": money}
    return place, Shot(fields, ties, state, mark, rest, _text(held["CustomerNumber"]), raw)


def _ordered(row: Mapping[str, Any]) -> tuple[float, bool]:
    """What was ordered, and whether that is not what was delivered."""
    ordered, delivered = (float(row.get(name, 0)) for name in ("OrderedQuantity", "DeliveredQuantity"))
    return ordered, "OrderedQuantity" in row and ordered != delivered


# ------------------------------------------------------------------ webCRM


def _webcrm(world: World, before: Album) -> Iterator[tuple[tuple[str, str], Shot]]:
    records = world.systems[WEBCRM]._state.records  # type: ignore[attr-defined]
    for key, held in records["Organisation"].items():
        old = before.get(("customer", str(key)))
        if old is not None and old.raw[0] == held:
            yield ("customer", str(key)), old
            continue
        fields = {each.word: _text(held.get(each.webcrm)) for each in FIELDS["customer"]}
        state = "" if str(held.get("OrganisationType", "")).startswith("Kund") else "inactive"
        ties = (_text(held.get("OrganisationExtraCustom1")),)
        yield ("customer", str(key)), Shot(fields, ties, state, raw=(dict(held),))
    item = "QuotationLineLinkedDataItem"
    for key, held in records["LinkedData"].items():
        fields = {"name": _text(held.get(f"{item}Data2")), "price": _ore(held.get(f"{item}Price"))}
        yield ("article", str(key)), Shot(fields, (_text(held.get(f"{item}Data1")),), raw=(dict(held),))
    lines: dict[int, list[Mapping[str, Any]]] = {}
    for line in records["QuotationLine"].values():
        lines.setdefault(line.get("QuotationLineOpportunityId", 0), []).append(line)
    for key, held in records["Delivery"].items():
        rows = tuple(_line(line) for line in sorted(lines.get(key, ()), key=_place))
        fields = {"text": _text(held.get("DeliveryMemo")), "rows": tuple(row for row in rows if row[0])}
        owner = _text(held.get("DeliveryOrganisationId"))
        raw = dict(held), {line["QuotationLineId"]: dict(line) for line in lines.get(key, ())}
        yield ("document", str(key)), Shot(fields, (_text(held.get("DeliveryErpId")),), owner=owner, raw=raw)


def _place(line: Mapping[str, Any]) -> tuple[float, int]:
    return float(line.get("QuotationLineSortOrder") or 0), line["QuotationLineId"]


def _line(line: Mapping[str, Any]) -> tuple[str, float, int, str]:
    quantity = float(line.get("QuotationLineQuantity") or 0)
    article = _text(line.get("QuotationLineData1"))
    about = _text(line.get("QuotationLineMemo"))
    return "" if article == "-" else article, quantity, _ore(line.get("QuotationLinePrice")), about
