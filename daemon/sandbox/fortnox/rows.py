"""
The rows of orders and invoices (fortnox.md 11, 12.1, 12.3): their fields, and how sent rows meet stored ones.

Assumed where the sources are silent: a priced row that was a text row fills itself like a new one; a row with
only an account takes that account's usual VAT; a price comes from the document's price list.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from msgspec import Struct

from daemon.sandbox.fortnox import prices
from daemon.sandbox.fortnox.articles import HOUSEWORK, PRICE
from daemon.sandbox.fortnox.company import Company, Record
from daemon.sandbox.fortnox.errors import (
    ARTICLE_INACTIVE,
    BAD_DISCOUNT,
    MISSING,
    ROW_UNKNOWN,
    ROWS_FROM_ORDER,
    refusal,
)
from daemon.sandbox.fortnox.fields import Field, blank

Row = dict[str, Any]
Rows = tuple[Row, ...]
ROW_ID = 2**31 - 1
WHOLE = 100  # percent
FIRST_SALES_ACCOUNT = 3001

SHARED = (
    Field("AccountNumber", "integer", 9999, least=1000),
    Field("ArticleNumber", "text", 50, ""),
    Field("ContributionPercent", "amount", start="0", write="never"),
    Field("ContributionValue", "amount", start="0", write="never"),
    Field("Cost", "number", start=0, write="never"),
    Field("CostCenter", "text", start="", register="costcenters"),
    Field("DeliveredQuantity", "amount", PRICE, "0"),
    Field("Description", "text", 255, ""),
    Field("Discount", "number", PRICE, 0),
    Field("DiscountType", "choice", start="PERCENT", options=("AMOUNT", "PERCENT")),
    Field("HouseWork", "flag", start=False),
    Field("HouseWorkHoursToReport", "integer", 999),
    Field("HouseWorkType", "choice", options=HOUSEWORK),
    Field("Price", "number", PRICE, 0),
    Field("Project", "text", 20, "", register="projects"),
    Field("RowId", "integer", ROW_ID, least=1),
    Field("StockPointCode", "text"),
    Field("Total", "number", start=0, write="never"),
    Field("Unit", "text", 20, "", register="units", null=2000699, empties=True),
    Field("VAT", "integer", WHOLE, 0),
)
ORDER_ROW = (
    *SHARED,
    Field("OrderedQuantity", "amount", PRICE, "0"),
    Field("ReservedQuantity", "amount", start="0", write="never"),
    Field("StockPointId", "text"),
)
INVOICE_ROW = (
    *SHARED,
    Field("PriceExcludingVAT", "number", start=0, write="never"),
    Field("TotalExcludingVAT", "number", start=0, write="never"),
    Field("VATCode", "text", write="never"),
)

# The article's account that a customer's VATType chooses (12.1); 0 there means the sales account.
ACCOUNTS = {
    "SEVAT": "SalesAccount",
    "SEREVERSEDVAT": "ConstructionAccount",
    "EUREVERSEDVAT": "EUAccount",
    "EUVAT": "EUVATAccount",
    "EXPORT": "ExportAccount",
}
CHARGED = {"SEVAT", "EUVAT"}
ACCOUNT_VAT = {3001: 25, 3002: 12, 3003: 6, 3004: 0}
USUAL_VAT = 25


class Sale(Struct, frozen=True):
    """What rows need to know of their document."""

    company: Company
    fields: tuple[Field, ...]
    vat_type: str
    price_list: str


def written(sale: Sale, before: Rows | None, sent: Sequence[Mapping[str, Any]]) -> Rows:
    """
    The rows of a document after `sent`, under new RowIds; `before` is None for a new document.

    Refused for a row that is not there, for what a row may not hold, and for a change of a row that came
    from an order.
    """
    pairs = [(None, changes) for changes in sent] if before is None else _paired(before, sent)
    rows = [_row(sale, old, changes) for old, changes in pairs]
    _check_locked(sale.company, before or (), pairs, rows)
    if sale.company.switches["adjacent_text_rows"] == "priced":
        _spoil(rows, [old is None for old, _ in pairs])
    return tuple(_renewed(sale.company, row) for row in rows)


def new_ids(company: Company, rows: Rows) -> Rows:
    """Unchanged rows of a document that was written: their RowIds are new all the same (12.3)."""
    return tuple(_renewed(company, row) for row in rows)


def is_text(row: Mapping[str, Any]) -> bool:
    """True for a row that sells nothing: without article and account (11)."""
    return not row["ArticleNumber"] and not row["AccountNumber"]


def _paired(before: Rows, sent: Sequence[Mapping[str, Any]]) -> list[tuple[Row | None, Mapping[str, Any]]]:
    """By position when no row carries a RowId, by RowId otherwise (12.3)."""
    if not any(changes.get("RowId") for changes in sent):
        return [(before[place] if place < len(before) else None, each) for place, each in enumerate(sent)]
    left = {row["RowId"]: row for row in before}
    pairs: list[tuple[Row | None, Mapping[str, Any]]] = []
    for changes in sent:
        row_id = changes.get("RowId")
        if row_id and row_id not in left:
            raise refusal(ROW_UNKNOWN, str(row_id))
        pairs.append((left.pop(row_id) if row_id else None, changes))
    return pairs


def _row(sale: Sale, old: Row | None, sent: Mapping[str, Any]) -> Row:
    changes = {name: value for name, value in sent.items() if name != "RowId"}
    if old is not None and not changes:
        return old
    fresh = old is None or is_text(old)
    start = {"Description": old["Description"], "RowId": old["RowId"]} if fresh and old else old or {}
    row = {**blank(sale.fields), **start, **changes}
    row["AccountNumber"] = row["AccountNumber"] or None  # 8.2: 0 clears
    if is_text(row):
        kept = ("Description", "RowId", "CostCenter", "Project")
        return {**blank(sale.fields), **{name: row[name] for name in kept}}
    _check_references(sale.company, sale.fields, changes)
    _check_article(sale.company, changes.get("ArticleNumber"))
    article = sale.company.find("articles", row["ArticleNumber"])
    if fresh:
        _fill(sale, row, changes, article)
    _check_vat(sale, row, changes, article)
    _settle_discount(row, changes, fresh=fresh)
    return row


def _check_references(company: Company, fields: Sequence[Field], changes: Mapping[str, Any]) -> None:
    for field in fields:
        named = changes.get(field.name)
        if field.register and named and company.find(field.register, named) is None:
            raise refusal(MISSING[field.register], field.name)
    account = changes.get("AccountNumber")
    if account and account == company.switches["missing_account"]:
        raise refusal(2001304, str(account))


def _check_article(company: Company, number: str | None) -> None:
    if not number:
        return
    article = company.find("articles", number)
    if article is None:
        raise refusal(2001302, number)
    if not article.values["Active"] and company.switches["inactive_article"] == "refuse":
        raise refusal(ARTICLE_INACTIVE, number)


def _fill(sale: Sale, row: Row, changes: Mapping[str, Any], article: Record | None) -> None:
    """What a new row takes from its article, as far as it was not sent (12.1)."""
    given: dict[str, Any] = {"VAT": _usual_vat(sale, row["AccountNumber"], article)}
    if article is not None:
        values, takes = article.values, sale.company.switches["article_fills_row"]
        given["AccountNumber"] = values[ACCOUNTS[sale.vat_type]] or values["SalesAccount"] or None
        given["HouseWork"] = values["Housework"]
        given["HouseWorkType"] = values["HouseworkType"]
        if takes != "account":
            given["Price"] = _list_price(sale, row)
        if takes == "all":
            given |= {"Description": values["Description"], "Unit": values["Unit"] or ""}
    row.update({name: value for name, value in given.items() if name not in changes})


def _usual_vat(sale: Sale, account: int | None, article: Record | None) -> int:
    if sale.vat_type not in CHARGED:
        return 0
    if article is not None:
        return int(article.values["VAT"])
    return ACCOUNT_VAT.get(account or 0, USUAL_VAT)


def _list_price(sale: Sale, row: Row) -> int | float:
    """The price for the highest quantity that the row reaches; 0 without one (10)."""
    sold = abs(Decimal(row.get("OrderedQuantity", "0"))) or abs(Decimal(row["DeliveredQuantity"]))
    price: int | float = 0
    for record in prices.sublist(sale.company, sale.price_list, row["ArticleNumber"]):
        if Decimal(str(record.values["FromQuantity"])) <= sold or record.values["FromQuantity"] == 0:
            price = record.values["Price"]
    return price


def _check_vat(sale: Sale, row: Row, changes: Mapping[str, Any], article: Record | None) -> None:
    """An EasyVat company wants the account with a rate that is not the account's (12.1)."""
    if not sale.company.switches["easy_vat"] or "VAT" not in changes or changes.get("AccountNumber"):
        return
    if changes["VAT"] != _usual_vat(sale, row["AccountNumber"], article):
        raise refusal(2004167)


def _settle_discount(row: Row, changes: Mapping[str, Any], *, fresh: bool) -> None:
    """AMOUNT is the type of a new row's discount, PERCENT that of none (11)."""
    if not row["Discount"]:
        row["DiscountType"] = "PERCENT"
    elif fresh and "DiscountType" not in changes:
        row["DiscountType"] = "AMOUNT"
    if row["DiscountType"] == "PERCENT" and not 0 <= row["Discount"] <= WHOLE:
        raise refusal(BAD_DISCOUNT, str(row["Discount"]))


def _check_locked(
    company: Company,
    before: Rows,
    pairs: Sequence[tuple[Row | None, Mapping[str, Any]]],
    rows: Sequence[Row],
) -> None:
    """A row that came from an order must stay, and stay as it is (11)."""
    unchanged = {old["RowId"] for (old, _), row in zip(pairs, rows, strict=True) if old == row and old}
    for row in before:
        if row["RowId"] in company.locked_rows and row["RowId"] not in unchanged:
            raise refusal(ROWS_FROM_ORDER)


def _spoil(rows: list[Row], new: Sequence[bool]) -> None:
    """Make a priced row of each new text row that follows a text row (11, CRM26)."""
    texts = [is_text(row) for row in rows]
    price: int | float = 1
    for place, row in enumerate(rows):
        if not texts[place]:
            price = row["Price"]
        elif place and texts[place - 1] and new[place]:
            spoiled = {"AccountNumber": FIRST_SALES_ACCOUNT, "DeliveredQuantity": "1", "Price": price}
            rows[place] = {**row, **spoiled, "VAT": USUAL_VAT}


def _renewed(company: Company, row: Row) -> Row:
    row_id = company.take_row_id()
    if row["RowId"] in company.locked_rows:
        company.locked_rows.discard(row["RowId"])
        company.locked_rows.add(row_id)
    return {**row, "RowId": row_id}
