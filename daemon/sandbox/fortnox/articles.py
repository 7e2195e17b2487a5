"""The article register (fortnox.md 10): its fields with the defaults as recorded, and its own rules."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from daemon.sandbox.fortnox.company import Company, Record
from daemon.sandbox.fortnox.errors import IN_USE, STOCK_IN_WAREHOUSE, refusal
from daemon.sandbox.fortnox.fields import CENT, Field, plain
from daemon.sandbox.fortnox.resource import Cell, Resource

PRICE = 9_999_999_999
QUANTITY = 10**13
SIZE = 999_999_999
ACCOUNT = 99999
HOUSEWORK = (
    "CONSTRUCTION", "ELECTRICITY", "GLASSMETALWORK", "GROUNDDRAINAGEWORK", "MASONRY",
    "PAINTINGWALLPAPERING", "HVAC", "MAJORAPPLIANCEREPAIR", "MOVINGSERVICES", "ITSERVICES", "CLEANING",
    "TEXTILECLOTHING", "SNOWPLOWING", "GARDENING", "BABYSITTING", "OTHERCARE", "HOMEMAINTENANCE",
    "FURNISHING", "TRANSPORTATIONSERVICES", "WASHINGANDCAREOFCLOTHING", "SOLARCELLS",
    "STORAGESELFPRODUCEDELECTRICITY", "CHARGINGSTATIONELECTRICVEHICLE", "EMPTYHOUSEWORK", "OTHERCOSTS",
)  # fmt: skip

FIELDS = (
    #     name, kind, most, start, least, options, register
    Field("ArticleNumber", "text", 50, write="create"),
    Field("Bulky", "flag", start=False),
    Field("ConstructionAccount", "integer", ACCOUNT, 0, 1000),
    Field("Depth", "integer", SIZE, 0),
    Field("Description", "text", 200, required=True),
    Field("DisposableQuantity", "number", QUANTITY, 0, write="never"),
    Field("EAN", "text", 30, ""),
    Field("EUAccount", "integer", ACCOUNT, 3108, 1000),
    Field("EUVATAccount", "integer", ACCOUNT, 3106, 1000),
    Field("ExportAccount", "integer", ACCOUNT, 3105, 1000),
    Field("Height", "integer", SIZE, 0),
    Field("Housework", "flag", start=False),
    Field("HouseworkType", "choice", options=HOUSEWORK),
    Field("Active", "flag", start=True),
    Field("Manufacturer", "text", 50),
    Field("ManufacturerArticleNumber", "text", 50, ""),
    Field("Note", "text", 10000, ""),
    Field("PurchaseAccount", "integer", ACCOUNT, 4000, 1000),
    Field("PurchasePrice", "number", PRICE, 0),
    Field("QuantityInStock", "number", QUANTITY, 0),
    Field("ReservedQuantity", "number", QUANTITY, 0, write="never"),
    Field("SalesAccount", "integer", ACCOUNT, 3001, 1000),
    Field("StockGoods", "flag", start=False),
    Field("StockPlace", "text", 100),
    Field("StockValue", "number", PRICE, 0, write="never"),
    Field("StockWarning", "number", QUANTITY),
    Field("SupplierName", "text", write="never"),
    Field("SupplierNumber", "text", 50),
    Field("Type", "choice", start="STOCK", options=("STOCK", "SERVICE")),
    Field("Unit", "text", 20, register="units"),
    Field("VAT", "number", 100, 25),
    Field("WebshopArticle", "flag", start=False),
    Field("Weight", "integer", SIZE, 0),
    Field("Width", "integer", SIZE, 0),
    Field("Expired", "flag", start=False),
    Field("SalesPrice", "number", PRICE, write="never"),
    Field("CostCalculationMethod", "text"),
    Field("StockAccount", "integer", ACCOUNT, None, 1000),
    Field("StockChangeAccount", "integer", ACCOUNT, None, 1000),
    Field("DirectCost", "number", PRICE),
    Field("FreightCost", "number", PRICE),
    Field("OtherCost", "number", PRICE),
    Field("DefaultStockPoint", "text"),
    Field("DefaultStockLocation", "text"),
    Field("CommodityCode", "text", 30, ""),
)

ARTICLE_NUMBER = re.compile(r"[A-Za-z0-9_/+-]+\Z")


def check_number(number: str) -> None:
    """Refused 2000166 for a sign outside `A-Z a-z 0-9 _ - / +` (8.5)."""
    if not ARTICLE_NUMBER.match(number):
        raise refusal(2000166)


def settle(values: dict[str, Any], _changed: Collection[str]) -> None:
    """Derive what can be sold, and what the stock is worth when stock is kept."""
    in_stock = Decimal(str(values["QuantityInStock"]))
    values["DisposableQuantity"] = plain(in_stock - Decimal(str(values["ReservedQuantity"])))
    worth = in_stock * Decimal(str(values["PurchasePrice"])) if values["StockGoods"] else Decimal(0)
    values["StockValue"] = plain(worth.quantize(CENT, rounding=ROUND_HALF_UP))


def check_stock(
    company: Company, before: Record | None, values: dict[str, Any], changes: Mapping[str, Any]
) -> None:
    """Refused to change the stock where the warehouse module keeps it (10)."""
    known = before.values["QuantityInStock"] if before else 0
    moved = "QuantityInStock" in changes and values["QuantityInStock"] != known
    if moved and company.switches["warehouse_module"]:
        raise refusal(STOCK_IN_WAREHOUSE, "QuantityInStock")


def move(company: Company, record: Record, by: Decimal) -> None:
    """Goods come or go without a word to the API; the stamp follows the switch (22 no 3)."""
    stock = Decimal(str(record.values["QuantityInStock"])) + by
    values = {**record.values, "QuantityInStock": plain(stock.quantize(CENT, rounding=ROUND_HALF_UP))}
    settle(values, ())
    record.values = values
    if company.switches["stock_stamps_article"]:
        record.modified = company.stamp()


def check_unused(company: Company, record: Record) -> None:
    """Refused once a row of an order or invoice names the article (10)."""
    for path, rows in (("orders", "OrderRows"), ("invoices", "InvoiceRows")):
        for document in company.registers[path].records.values():
            if any(row["ArticleNumber"] == record.key for row in document.values[rows]):
                raise refusal(IN_USE, record.key)


def forget_prices(company: Company, record: Record) -> None:
    """A deleted article takes its prices along."""
    for key in company.price_keys.pop(record.key, ()):
        company.registers["prices"].drop(key)


def _same(*names: str) -> tuple[Cell, ...]:
    return tuple(Cell(name, name) for name in names)


def _text(*names: str) -> tuple[Cell, ...]:
    return tuple(Cell(name, name, "text") for name in names)


ARTICLES = Resource(
    path="articles",
    one="Article",
    many="Articles",
    key="ArticleNumber",
    scope="article",
    fields=FIELDS,
    location="articles",
    taken=2000013,
    stamped=True,
    row=(
        *_same("ArticleNumber", "Description"),
        *_text("DisposableQuantity"),
        *_same("EAN", "Housework"),
        *_text("PurchasePrice", "QuantityInStock", "ReservedQuantity", "SalesPrice"),
        *_same("StockPlace"),
        *_text("StockValue"),
        *_same("Unit"),
        Cell("VAT", "VAT", "null"),
        *_same("WebshopArticle"),
    ),
    search={
        "articlenumber": ("ArticleNumber", "contains"),
        "description": ("Description", "contains"),
        "ean": ("EAN", "contains"),
        "suppliernumber": ("SupplierNumber", "contains"),
        "manufacturer": ("Manufacturer", "contains"),
        "manufacturerarticlenumber": ("ManufacturerArticleNumber", "contains"),
        "webshop": ("WebshopArticle", "flag"),
    },
    filters={"active": ("Active", True), "inactive": ("Active", False)},
    sort={
        "quantityinstock": "QuantityInStock",
        "reservedquantity": "ReservedQuantity",
        "stockvalue": "StockValue",
    },
    quiet=frozenset({"QuantityInStock"}),
    quiet_switch="stock_stamps_article",
    check_key=check_number,
    settle=settle,
    compose=check_stock,
    check_remove=check_unused,
    removed=forget_prices,
)
