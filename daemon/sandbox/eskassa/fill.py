"""
A believable shop: two categories, twelve articles, three customers; no receipts.

Source: dinkassa.md 3, 3.3, 8.1. Six articles and two customers are such as the
company may have in its bookkeeping system too.
"""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

from daemon.sandbox.eskassa import registers
from daemon.sandbox.eskassa.state import State
from daemon.sandbox.eskassa.table import Table
from daemon.sandbox.eskassa.wire import moment_text

CATEGORIES = (("Järn och verktyg", 25), ("Kiosk och café", 6))
# product code, name, price incl. VAT, VAT, stock, category
ITEMS = (
    ("101", "Hammare", 186.88, 25, 24, 0),
    ("102", "Skruvmejsel, 6 delar", 248.75, 25, 15, 0),
    ("103", "Träskruv 4,0 x 40, 200 st", 86.25, 25, 120, 0),
    ("104", "Kullager 6204", 106.25, 25, 60, 0),
    ("105", "Kilrem SPA 1250", 222.5, 25, 18, 0),
    ("106", "Hydraulslang ½ tum, per meter", 123.44, 25, 200, 0),
    ("K01", "Kaffe 500 g", 59, 6, 30, 1),
    ("K02", "Kaffe, bryggt, i caféet", 28, 12, 0, 1),
    ("K03", "Kanelbulle", 24.5, 6, 40, 1),
    ("K04", "Läsk 33 cl", 18, 6, 96, 1),
    ("K05", "Lösgodis, per hg", 11.9, 6, 12.5, 1),
    ("K06", "Frimärke", 22, 0, 100, 1),
)
CUSTOMERS: tuple[dict[str, Any], ...] = (
    {"CustomerNumber": "1001", "Name": "Älvdalens Snickeri AB", "OrganizationNumber": "556016-0680"},
    {"CustomerNumber": "1002", "Name": "Kvarnbackens Bageri AB", "OrganizationNumber": "556036-0793"},
    {"Name": "Gun-Britt Söderberg", "IsPrivatePerson": True},
)
STREETS = ("Storgatan", "Kungsgatan", "Industrivägen", "Hamngatan", "Skolgatan")
TOWNS = (("90326", "Umeå"), ("93131", "Skellefteå"), ("91132", "Vännäs"), ("91531", "Robertsfors"))
OLDEST_DAYS = 400


def fill(state: State) -> None:
    """Put the shop's records into the cloud and the shop, alike for the same seed."""
    chance = random.Random(state.seed)  # noqa: S311 - made-up records, not secrets
    categories = [
        registers.create(state, state.categories, {"Name": name, "DefaultVatPercentage": vat})["Id"]
        for name, vat in CATEGORIES
    ]
    for code, name, price, vat, stock, category in ITEMS:
        given = {
            "BarCode": f"73{chance.randint(10**9, 10**10 - 1)}{code[-1]}",
            "ProductCode": code,
            "Description": name,
            "PriceIncludingVat": price,
            "VatPercentage": vat,
            "QuantityInStockCurrent": stock,
            "CategoryId": categories[category],
        }
        registers.create(state, state.items, given)
    for given in CUSTOMERS:
        zip_code, town = chance.choice(TOWNS)
        place = {
            "Address1": f"{chance.choice(STREETS)} {chance.randint(1, 60)}",
            "ZipCode": zip_code,
            "City": town,
            "Country": "SE",
            "Phone": f"090-{chance.randint(100_000, 999_999)}",
        }
        registers.create(state, state.customers, place | given)
    for table in state.tables.values():
        _age(state, table)


def _age(state: State, table: Table) -> None:
    """Nothing here was made or changed lately."""
    for place in (table.cloud, table.shop):
        for number, record in enumerate(place.values()):
            text = moment_text(state.local() - dt.timedelta(days=OLDEST_DAYS - 7 * number))
            record.update(
                {name: text for name in ("CreatedDateTime", "LastModifiedDateTime") if name in record}
            )
