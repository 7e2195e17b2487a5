"""How a customer and an article are spelled in webCRM (webcrm.md 6, 7, 11, 13)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from daemon.core import codecs
from daemon.core.codecs import ORE, ORG_NUMBER, TEXT, VAT_NUMBER
from daemon.core.mapping import Codec, Row, Table
from daemon.systems.webcrm.spec import DATA_COUNT, ITEM, NO_DATA
from daemon.systems.webcrm.wire import Field, Metadata


def customer(
    places: Mapping[str, str],
    fields: Metadata,
    company_types: Sequence[str],
    private_types: Sequence[str],
    language: str,
) -> Table:
    """The table for one account: `places` says where, its metadata how long and from which lists."""
    texts = {ours: fields.get(theirs, Field()).texts for ours, theirs in places.items()}
    # fmt: off
    crosses: Mapping[str, Codec] = {
        "number":           TEXT,
        "name":             TEXT,
        "type":             codecs.kind_of_customer(company_types, private_types),
        "org_number":       ORG_NUMBER,
        "vat_number":       VAT_NUMBER,
        "invoice_address":  codecs.memo_address(language),
        "phone":            TEXT,
        "website":          TEXT,
        "fax":              TEXT,
        "visiting_address": TEXT,
        "visiting_zip":     TEXT,
        "visiting_city":    TEXT,
        "visiting_country": codecs.country(language, texts.get("visiting_country", ())),
        "terms":            codecs.dropdown_code(texts.get("terms", ())),
        "currency":         codecs.dropdown_code(texts.get("currency", ())),
        "email":            TEXT,
    }
    # fmt: on
    rows = tuple(
        Row(ours, places[ours], codec, limit=fields.get(places[ours], Field()).limit)
        for ours, codec in crosses.items()
        if places.get(ours)
    )
    return Table(kind="customer", key="OrganisationId", rows=rows, blank="")


def _some_text(raw: Any) -> Any:
    return TEXT.read("" if raw == NO_DATA else raw)


def _some_ore(raw: Any) -> Any:
    return ORE.read(raw) or None


DATA: Final = Codec(_some_text, TEXT.write)
PRICE: Final = Codec(_some_ore, ORE.write)  # webcrm.md 6: no number is 0; null might leave the old price


def article(number_index: int, name_index: int) -> Table:
    """The catalogue; which of its Data fields hold number and name is a setting of each account."""
    return Table(
        kind="article",
        key=f"{ITEM}Id",
        blank=0,
        rows=(
            Row("number", f"{ITEM}Data{number_index}", DATA, required=True),
            Row("name", f"{ITEM}Data{name_index}", DATA, required=True),
            Row("cost", f"{ITEM}CostPrice", PRICE),
            Row("price", f"{ITEM}Price", PRICE),
        ),
    )


def new_item(payload: Mapping[str, Any]) -> dict[str, Any]:
    """A whole catalogue item: the unused Data fields must be there and must not be empty."""
    data = {f"{ITEM}Data{index}": NO_DATA for index in range(1, DATA_COUNT + 1)}
    return {f"{ITEM}Id": 0, f"{ITEM}EntityType": "Product", **data, **payload}
