"""How a customer, an article and a document are spelled in webCRM (webcrm.md 6, 7, 9-11, 13)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from daemon.core import codecs
from daemon.core.codecs import FLAG, ORE, ORG_NUMBER, TEXT, VAT_NUMBER
from daemon.core.documents import sum_of, unpacked
from daemon.core.mapping import LEAVE, Codec, Row, Table
from daemon.core.records import Value
from daemon.core.text import folded
from daemon.systems.webcrm import lines
from daemon.systems.webcrm.lines import Layout
from daemon.systems.webcrm.spec import (
    ALIASES,
    COMPLETED,
    DATA_COUNT,
    DELIVERY,
    DELIVERY_KEY,
    ITEM,
    NO_CURRENCY,
    NO_DATA,
    STATUS,
)
from daemon.systems.webcrm.wire import Field, Metadata, moment

LINES: Final = "Lines"  # ours: where the adapter puts a delivery's lines in its payload
ORDER_DATE: Final = "DeliveryOrderDate"
ORDER_VALUE: Final = "DeliveryOrderValue"


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


# ------------------------------------------------------------------ deliveries


def alias(name: str, fields: Metadata) -> str:
    """A delivery's field that newer systems keep under their opportunity's name (webcrm.md 9)."""
    newer = f"{DELIVERY}Opportunity{name}"
    return newer if newer in fields and f"{DELIVERY}{name}" not in fields else f"{DELIVERY}{name}"


def aliased(payload: Mapping[str, Any], fields: Metadata) -> dict[str, Any]:
    """`payload` with such fields under the name that `fields` lists, whichever name they came under."""
    shown = {f"{DELIVERY}{name}": f"{DELIVERY}Opportunity{name}" for name in ALIASES}
    found = {
        alias(name.removeprefix(DELIVERY), fields): payload[name] if name in payload else payload[newer]
        for name, newer in shown.items()
        if name in payload or newer in payload
    }
    return {**payload, **found}


def document(
    places: Mapping[str, str],
    fields: Metadata,
    layout: Layout,
    currencies: Mapping[str, str],
    own: str = "SEK",
) -> Table:
    """A delivery with its lines, which stand in its payload under LINES; `own` is its unsaid currency."""
    currency = alias("CurrencyName", fields)
    crossing = currency_name(currencies, fields.get(currency, Field()).texts, own)
    check = lines.check(layout)
    # fmt: off
    known = (
        Row("key",             DELIVERY_KEY,                 TEXT),
        Row("from_order",      DELIVERY_KEY,                 _starting("order:"), writable=False),
        Row("from_invoice",    DELIVERY_KEY,                 _starting("invoice:"), writable=False),
        Row("customer",        "DeliveryOrganisationId",     ORGANISATION, required=True),
        Row("date",            ORDER_DATE,                   MIDNIGHT),
        Row("currency",        currency,                     crossing),
        Row("rows",            LINES,                        lines.rows_codec(layout), check=check),
        Row("row_keys",        LINES,                        lines.keys_codec(layout), writable=False),
        Row("odd_line",        LINES,                        lines.odd_line_codec(layout), writable=False),
        Row("finished",        STATUS,                       FINISHED),
        Row("description",     alias("Description", fields), TEXT),
        Row("your_number",     "DeliveryNumber",             TEXT, writable=False),
        Row("value",           ORDER_VALUE,                  PRICE),
        Row("discount",        "DeliveryDiscount",           PRICE, writable=False),
    )
    # fmt: on
    crosses = {"invoice_date": DAY, "delivery_date": DAY, "booked": CHECK}
    placed = (Row(ours, theirs, crosses.get(ours, TEXT)) for ours, theirs in places.items())
    rows = tuple(_limited(row, fields) for row in (*known, *placed))
    return Table(kind="document", key="DeliveryId", rows=rows, blank="", later=frozenset({"rows"}))


def _limited(row: Row, fields: Metadata) -> Row:
    assert isinstance(row.theirs, str)
    return row._replace(limit=fields.get(row.theirs, Field()).limit if row.codec is TEXT else None)


def _starting(start: str) -> Codec:
    def read(raw: Any) -> Any:
        text = TEXT.read(raw)
        return text if not isinstance(text, str) or text.startswith(start) else None

    return Codec(read, TEXT.write)


def _organisation(raw: Any) -> Any:
    return TEXT.read(raw or None)


def _date(raw: Any) -> Any:
    """A day as YYYY-MM-DD, in UTC as their days are; None for the year 1; LEAVE for what is no date."""
    text = TEXT.read(raw)
    if not isinstance(text, str) or text.startswith("0001-"):
        return None if isinstance(text, str) else text
    found = moment(text)
    return found.date().isoformat() if found else LEAVE


def _check(raw: Any) -> Any:
    return FLAG.read(raw or "No")


def _finished(raw: Any) -> Any:
    return True if raw in COMPLETED else None


ORGANISATION: Final = Codec(_organisation, lambda value: int(str(value)))
MIDNIGHT: Final = Codec(_date, lambda value: f"{value}T00:00:00Z")
DAY: Final = Codec(_date, TEXT.write)
CHECK: Final = Codec(_check, lambda value: "Yes" if value else "No")
FINISHED: Final = Codec(_finished, lambda value: COMPLETED[0] if value else LEAVE)


def currency_name(currencies: Mapping[str, str], texts: Sequence[str], own: str) -> Codec:
    """
    A currency's code, there a text of a list: the code itself, else the one `currencies` names for it.

    A delivery that says none is in `own`, the system's currency; that is written so where it is not listed.
    """
    codes = {folded(text): code.strip().upper() for text, code in currencies.items()}
    written = {code.strip().upper(): text for text, code in reversed(list(currencies.items()))}
    same = {folded(text): text for text in reversed(texts)}
    listed = codecs.dropdown_code(texts)

    def read(raw: Any) -> Any:
        text = TEXT.read(raw)
        if text is LEAVE:
            return text
        code = codes.get(folded(text or "")) or (None if text == NO_CURRENCY else listed.read(text))
        return code or own

    def write(code: Value) -> Any:
        text = str(same.get(folded(str(code))) or written.get(str(code)) or listed.write(code))
        return NO_CURRENCY if code == own and folded(text) not in same else text

    return Codec(read, write)


def without_own_sum(fields: Mapping[str, Value]) -> dict[str, Value]:
    """`fields` without a value that is but the sum of the rows: then the rows alone matter."""
    told = "rows" in fields and fields.get("value") == (sum_of(unpacked(fields["rows"])) or None)
    return {name: value for name, value in fields.items() if name != "value" or not told}
