"""
Prices: a register whose key has three parts, and the article's SalesPrice that follows it (fortnox.md 10).

Every function takes the parts as texts, as they stand in a path.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from daemon.sandbox.fortnox.company import STOCKHOLM, Company, Record, natural
from daemon.sandbox.fortnox.errors import MISSING, PRICE_EXISTS, REQUIRED, Refused, refusal
from daemon.sandbox.fortnox.fields import Field, as_text, blank, check, decimal, plain
from daemon.sandbox.fortnox.resource import Cell, Resource

FROM_QUANTITY = Field("FromQuantity", "number", 10**10, 0, write="create")
FIELDS = (
    Field("ArticleNumber", "text", 50, write="create", required=True),
    Field("Date", "text", write="never"),
    FROM_QUANTITY,
    Field("Percent", "number", 10**6, 0),
    Field("Price", "number", 9_999_999_999, 0),
    Field("PriceList", "text", 100, write="create", required=True),
)
DEFAULT_LIST = "A"  # its price from quantity 0 is the article's SalesPrice


def _parts(record: Record) -> tuple[str, ...]:
    return tuple(record.key.split("\n"))


PRICES = Resource(
    path="prices",
    one="Price",
    many="Prices",
    key="",
    scope="price",
    fields=FIELDS,
    verbs="",
    stamped=True,
    row=tuple(Cell(name, name) for name in ("ArticleNumber", "FromQuantity", "Price", "PriceList")),
    link=_parts,
)


def order(key: str) -> tuple[str, tuple[int, int, str], Decimal]:
    """How price keys sort: price list, article number, quantity."""
    price_list, article, quantity = key.split("\n")
    return price_list, natural(article), Decimal(quantity)


def find(company: Company, price_list: str, article: str, quantity: str = "0") -> Record:
    """The price at a key; refused with 404."""
    try:
        key = _key(price_list, article, plain(decimal(FROM_QUANTITY, quantity)))
    except Refused as error:
        raise refusal(MISSING["prices"], status=404) from error
    record = company.find("prices", key)
    if record is None:
        raise refusal(MISSING["prices"], status=404)
    return record


def sublist(company: Company, price_list: str, article: str) -> list[Record]:
    """The prices of one article in one list, by quantity."""
    keys = [key for key in company.price_keys.get(article, ()) if key.split("\n")[0] == price_list]
    return [company.registers["prices"].records[key] for key in sorted(keys, key=order)]


def create(company: Company, given: Mapping[str, Any]) -> Record:
    """A new price; article and list must exist, the key must be free."""
    changes = check(FIELDS, given, creating=True, strict=company.switches["read_only_field"] == "refuse")
    for field, path in (("ArticleNumber", "articles"), ("PriceList", "pricelists")):
        if field not in changes:
            raise refusal(REQUIRED, field)
        if company.find(path, changes[field]) is None:
            raise refusal(MISSING[path])
    values = {**blank(FIELDS), **changes}
    key = _key(values["PriceList"], values["ArticleNumber"], values["FromQuantity"])
    if company.find("prices", key) is not None:
        raise refusal(PRICE_EXISTS)
    record = Record(key=key, values=values, modified=company.stamp())
    company.registers["prices"].put(record)
    company.price_keys.setdefault(values["ArticleNumber"], []).append(key)
    _written(company, record)
    return record


def update(company: Company, record: Record, given: Mapping[str, Any]) -> None:
    """Change the price or the percentage of an existing key."""
    given = {
        name: value
        for name, value in given.items()
        if name not in record.values or value != record.values[name]
    }
    changes = check(FIELDS, given, creating=False, strict=company.switches["read_only_field"] == "refuse")
    record.values = {**record.values, **changes}
    _written(company, record)


def remove(company: Company, record: Record) -> None:
    """Delete a price; the article's SalesPrice goes with it."""
    company.registers["prices"].drop(record.key)
    company.price_keys[record.values["ArticleNumber"]].remove(record.key)
    _show_on_article(company, record, None)


def _key(price_list: str, article: str, quantity: float) -> str:
    return f"{price_list}\n{article}\n{as_text(quantity)}"


def _written(company: Company, record: Record) -> None:
    record.modified = company.stamp()
    record.values["Date"] = record.modified.replace(tzinfo=STOCKHOLM).isoformat(timespec="seconds")
    _show_on_article(company, record, record.values["Price"])


def _show_on_article(company: Company, record: Record, price: float | None) -> None:
    article = company.find("articles", record.values["ArticleNumber"])
    if article is None or record.values["PriceList"] != DEFAULT_LIST or record.values["FromQuantity"] != 0:
        return
    article.values = {**article.values, "SalesPrice": price}
    if company.switches["price_stamps_article"]:
        article.modified = company.stamp()
