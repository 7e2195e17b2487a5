"""
A day at the tills: sold, received, closed; and whether the books and the shelves agree with them.

Sources: dinkassa.md 3, 5.3 and 7.3; fortnox.md 10 and 15.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from daemon.demo.people import People, View
from daemon.demo.stage import Stage

Record = Mapping[str, Any]
SOLD: Final = "104"
AT_TILL, IN_OFFICE = (
    2,
    5,
)  # pieces sold at a till, and received in Fortnox, before either is told of the other
CENTS: Final = 100


def goods_are_sold_and_received(stage: Stage) -> None:
    """Both sides change the stock of one article: neither is overwritten."""
    people = stage.people
    before = View(people, {}).stock[SOLD]
    people.at_till("sell", register=1, items=[{"product_code": SOLD, "quantity": AT_TILL}], payment="card")
    people.receive(SOLD, IN_OFFICE)
    after = before - AT_TILL + IN_OFFICE
    stage.expect(
        f"A till sells {AT_TILL}, Fortnox receives {IN_OFFICE}",
        "{} in stock on both sides",
        _on_both(after),
        meanwhile=True,
    )


def day_is_closed(stage: Stage) -> None:
    """The register's Z-report becomes one voucher."""
    stage.people.at_till("close_day", register=1)
    stage.expect("The till closes its day", "Fortnox, voucher {}", _booked, meanwhile=True)


def _on_both(quantity: float) -> Callable[[View], str]:
    def seen(view: View) -> str:
        item = view.items[SOLD]["QuantityInStockCurrent"]
        return f"{quantity:g}" if view.stock[SOLD] == quantity == item else ""

    return seen


def _booked(view: View) -> str:
    return next((_name(voucher) for voucher in view.vouchers if "Z-rapport" in voucher["Description"]), "")


def _name(voucher: Record) -> str:
    return f"{voucher['VoucherSeries']} {voucher['VoucherNumber']}"


# ------------------------------------------------------------------ do both sides hold the same?


def differences(people: People) -> tuple[list[str], str]:
    """Each difference between tills and Fortnox as one line, and what was compared."""
    view = View(people, {})
    reports, booked = people.reports(), [each for each in view.vouchers if "Z-rapport" in each["Description"]]
    found = [*_unbooked(reports, booked), *_shelves(view)]
    return found, f"Z-reports: {len(reports)}, each one voucher; {len(view.items)} articles and their stock"


def _unbooked(reports: Sequence[Record], vouchers: Sequence[Record]) -> Iterator[str]:
    for report in reports:
        name = "Kassa {}, Z-rapport {},".format(*report["ZReport"][1:].split(":"))
        mine = [voucher for voucher in vouchers if voucher["Description"].startswith(name)]
        if len(mine) != 1:
            yield f"{report['ZReport']} has {len(mine)} vouchers"
        elif _amounts(report["Accounts"], "Number", "Amount") != _rows(mine[0]):
            yield f"{report['ZReport']} and {_name(mine[0])} differ"


def _amounts(rows: Sequence[Record], account: str, amount: str) -> list[tuple[str, int]]:
    return sorted((str(row[account]), round(row[amount] * CENTS)) for row in rows)


def _rows(voucher: Record) -> list[tuple[str, int]]:
    rows = [{**row, "Amount": row["Debit"] - row["Credit"]} for row in voucher["VoucherRows"]]
    return _amounts(rows, "Account", "Amount")


def _shelves(view: View) -> Iterator[str]:
    for number, article in sorted(view.articles.items()):
        item = view.items.get(number)
        if item is None:
            yield f"article {number} is not in the tills"
        elif article["StockGoods"] and article["QuantityInStock"] != item["QuantityInStockCurrent"]:
            mine, other = article["QuantityInStock"], item["QuantityInStockCurrent"]
            yield f"{number}, stock: {mine} in Fortnox, {other} in the tills"
