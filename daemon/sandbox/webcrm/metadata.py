"""
What a webCRM system tells about its own set-up: fields, choices, and how lines are linked.

Source: webcrm.md 6 (field metadata) and 11 (LinkedSetup).
"""

from __future__ import annotations

import re
from typing import Any

from daemon.sandbox.webcrm.state import State
from daemon.sandbox.webcrm.values import Field, Kind, invalid

DESCRIBED = ("Organisation", "Person", "Delivery", "Opportunity", "Product")
EMPTY_HERE = ("Activity", "Event", "SupportCase", "User", "SyncedMeeting")
DB_PREFIX = {"Organisation": "o", "Person": "p", "Delivery": "d", "Opportunity": "op", "Product": "pr"}
STEP = 10
LETTERS = {  # FieldMetadataDisplayType; that CPL is the multi-select is ASSUMED
    Kind.TEXT: "T",
    Kind.MEMO: "M",
    Kind.INT: "I",
    Kind.REAL: "R",
    Kind.FLAG: "C",
    Kind.MOMENT: "DT",
    Kind.DURATION: "TM",
    Kind.ENUM: "D",
    Kind.DROPDOWN: "D",
    Kind.CHECK: "C",
    Kind.DATE: "DA",
    Kind.MULTI: "CPL",
}


def fields_metadata(state: State, wanted: str) -> list[dict[str, Any]]:
    """The answer of `/FieldsMetadata/{wanted}`; "All" or "" is every entity. Refusal 400 if unknown."""
    by_lower = {name.lower(): name for name in (*DESCRIBED, *EMPTY_HERE)}
    if wanted.lower() in {"", "all"}:
        return [row for name in DESCRIBED for row in _rows(state, name)]
    if wanted.lower() not in by_lower:
        raise invalid(f"The value '{wanted}' is not an entity type.")
    name = by_lower[wanted.lower()]
    return _rows(state, name) if name in DESCRIBED else []


def _rows(state: State, name: str) -> list[dict[str, Any]]:
    base = 1000 * (DESCRIBED.index(name) + 1)
    fields = state.schemas[name].fields.values()
    return [_row(name, field, base + n) for n, field in enumerate(fields, start=1)]


def _row(name: str, field: Field, number: int) -> dict[str, Any]:
    words = re.findall("[A-Z][a-z]*|[0-9]+", field.name.removeprefix(name))
    return {
        "FieldMetadataId": number,
        "FieldMetadataDbFieldName": "_".join((DB_PREFIX[name], *words)).lower(),
        "FieldMetadataFriendlyFieldName": field.name,
        "FieldMetadataLabel": field.label,
        "FieldMetadataSortOrder": number * STEP,
        "FieldMetadataDisplayType": LETTERS[field.kind],
        "FieldMetadataTextFieldMaxLength": field.max_length,
        "FieldMetadataDropdownListData": [{"Text": text, "Value": text} for text in field.texts],
    }


def linked_setup(state: State) -> dict[str, Any]:
    """
    The answer of `/QuotationLines/LinkedSetup`: which Data fields and prices are in use.

    ASSUMED: a system whose lines must be linked says Multiselect.
    """
    fields = state.schemas["QuotationLine"].fields
    said: dict[str, Any] = {
        "Id": 1,
        "EntityType": "Product",
        "LinkMode": "Multiselect" if state.switches["linked_lines"] else "Regular",
        "LookupMode": "FreeTextSearch",
        "IsUniqueValueRequired": False,
        "UseItemGroup": True,
        "UseCustomMemo": True,
        "UseQuantity": True,
        "UseListPrice": True,
        "UseCostPrice": True,
        "UseDiscount": True,
        "UseVat": True,
        "UseVatPerLine": True,
        "UsePriceLine": state.switches["line_price_mode"] == "total",
        "QuantityLabel": "Antal",
        "ListPriceLabel": "Listpris",
        "CostPriceLabel": "Självkostnad",
        "PriceLabel": "Pris",
        **{f"UseLinkedField{n}": f"QuotationLineData{n}" in fields for n in range(1, 10)},
    }
    return {f"QuotationLineLinkedSetup{name}": value for name, value in said.items()}
