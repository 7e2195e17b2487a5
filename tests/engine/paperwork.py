"""
Stories of documents: deliveries in webCRM, orders and invoices in Fortnox, and what must hold of them.

As in `story`, the checks know only what the two vendors hold: which invoice
was made from which order, which mark and which key stand where, and what rows
come to.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from tests.engine.story import Paper, Story, differences
from tests.rows import papers
from tests.town import Town

DAY = "2026-11-20"
MIDNIGHT = f"{DAY}T00:00:00Z"
HAMMER, NAILS = ("102", 2.0, 299.0), ("103", 10.0, 40.5)
LINES = (papers.line("102", "Hammare", 2, 149.5), papers.line("103", "Spik", 10, 4.5, 10))
ENDS = {"Alfa AB": "08-1", "Hammare": "149.5", "Spik": "4.5"}


def sold(form: str, *rows: tuple[str, float, float]) -> list[dict[str, Any]]:
    """Rows as Fortnox takes them, of article, quantity and unit price."""
    make = papers.order_row if form == "order" else papers.invoice_row
    names = {"102": "Hammare", "103": "Spik"}
    return [make(n, ArticleNumber=a, Description=names[a], Price=price) for a, n, price in rows]


# ------------------------------------------------------------------ what people do


def shop(town: Town) -> None:
    """A customer and two articles."""
    town.people.new_customer(Name="Alfa AB", Phone1="08-1")
    town.people.new_article(ArticleNumber="102", Description="Hammare", price=149.5)
    town.people.new_article(ArticleNumber="103", Description="Spik", price=4.5)


def sell(town: Town) -> None:
    """A delivery of two rows, made in webCRM."""
    papers.new_delivery(town, town.people.organisation("Alfa AB"), *LINES, OrderDate=MIDNIGHT, Memo="Hej")


def born(form: str, *rows: tuple[str, float, float]) -> Any:
    """A maker of a shop where a document of these rows was made in Fortnox."""

    def make(town: Town) -> None:
        new = papers.new_order if form == "order" else papers.new_invoice
        new(town, "1", *sold(form, *rows), **{f"{form.title()}Date": DAY}, Remarks="Hej")

    return make


def shop_with(*more: Any) -> Any:
    """A maker of a shop in which more has happened."""

    def make(town: Town) -> None:
        shop(town)
        for each in more:
            each(town)

    return make


def only(town: Town) -> int:
    """The id of the one delivery."""
    (found,) = papers.deliveries(town)
    return int(found["DeliveryId"])


def line_of(town: Town, article: str) -> dict[str, Any]:
    """The first line of an article."""
    lines = papers.lines_of(town, only(town))
    return next(each for each in lines if each["QuotationLineData1"] == article)


def more_hammers(town: Town) -> None:
    """Somebody in webCRM changes a quantity, drops a row and adds one."""
    papers.edit_line(town, line_of(town, "102")["QuotationLineId"], Quantity=3, Price=448.5)
    papers.drop_line(town, line_of(town, "103")["QuotationLineId"])
    organisation = town.people.organisation("Alfa AB")["OrganisationId"]
    papers.add_line(town, only(town), papers.line("103", "Spik", 4, 5, SortOrder=30), organisation)


def write_text(town: Town) -> None:
    """Somebody in webCRM writes a text."""
    papers.edit_delivery(town, only(town), Memo="Hej då")


def rows_become(form: str, *rows: tuple[str, float, float]) -> Any:
    """A maker: somebody in Fortnox gives document 1 these rows."""

    def edit(town: Town) -> None:
        change = papers.edit_order if form == "order" else papers.edit_invoice
        change(town, "1", **{f"{form.title()}Rows": sold(form, *rows)})

    return edit


# ------------------------------------------------------------------ the stories

_TWO = (("102", 2, 149.5), ("103", 9, 4.5))  # what born documents have
_TWO_ENDS = (("102", 2.0, 299.0), ("103", 9.0, 40.5))
_LINES = "/QuotationLines"
_BORN = shop_with(born("order", *_TWO))


def _story(
    before: Any, then: Any, request: tuple[str, str, str], ends: Paper, setting: str = "order"
) -> Story:
    return Story(before, then, *request, ENDS, documents=setting, paper=ends)


PAPERS = {
    "make an order of a delivery": _story(
        shop, sell, ("fortnox", "POST", "/3/orders"), Paper("order", (HAMMER, NAILS), "Hej")
    ),
    "make an invoice of a delivery": _story(
        shop,
        sell,
        ("fortnox", "POST", "/3/invoices"),
        Paper("invoice", (HAMMER, NAILS), "Hej"),
        "invoice",
    ),
    "update an order's rows": _story(
        _BORN,
        more_hammers,
        ("fortnox", "PUT", "/3/orders/*"),
        Paper("order", (("102", 3.0, 448.5), ("103", 4.0, 20.0)), "Hej"),
    ),
    "update an invoice's head": _story(
        shop_with(born("invoice", *_TWO)),
        write_text,
        ("fortnox", "PUT", "/3/invoices/*"),
        Paper("invoice", _TWO_ENDS, "Hej då"),
        "invoice",
    ),
    "make a delivery of an order": _story(
        shop, born("order", *_TWO), ("webcrm", "POST", "/Deliveries"), Paper("order", _TWO_ENDS, "Hej")
    ),
    "make a delivery of an invoice": _story(
        shop, born("invoice", *_TWO), ("webcrm", "POST", "/Deliveries"), Paper("invoice", _TWO_ENDS, "Hej")
    ),
    "give a new delivery its lines": _story(
        shop, born("order", *_TWO), ("webcrm", "POST", _LINES), Paper("order", _TWO_ENDS, "Hej")
    ),
    "add lines to a delivery": _story(
        _BORN,
        rows_become("order", *_TWO, ("102", 1, 50), ("103", 1, 6)),
        ("webcrm", "POST", _LINES),
        Paper("order", (*_TWO_ENDS, ("102", 1.0, 50.0), ("103", 1.0, 6.0)), "Hej"),
    ),
    "change a line of a delivery": _story(
        _BORN,
        rows_become("order", ("102", 5, 149.5), ("103", 9, 4.5)),
        ("webcrm", "PUT", f"{_LINES}/*"),
        Paper("order", (("102", 5.0, 747.5), ("103", 9.0, 40.5)), "Hej"),
    ),
    "drop a line of a delivery": _story(
        _BORN,
        rows_become("order", ("103", 9, 4.5)),
        ("webcrm", "DELETE", f"{_LINES}/*"),
        Paper("order", (("103", 9.0, 40.5),), "Hej"),
    ),
    "write the numbers back": _story(
        shop, sell, ("webcrm", "PUT", "/Deliveries/*"), Paper("order", (HAMMER, NAILS), "Hej")
    ),
}


# ------------------------------------------------------------------ what both sides hold


class Held:
    """Every document of both vendors, read whole, an order and the invoice made from it as one."""

    def __init__(self, town: Town) -> None:
        self.orders = [papers.order(town, each["DocumentNumber"]) for each in papers.orders(town)]
        self.invoices = [papers.invoice(town, each["DocumentNumber"]) for each in papers.invoices(town)]
        self.deliveries = papers.deliveries(town)
        self.lines = {
            each["DeliveryId"]: papers.lines_of(town, each["DeliveryId"]) for each in self.deliveries
        }
        self.papers: dict[str, list[dict[str, Any]]] = {}  # by name: the order, then its invoices
        for order in self.orders:
            self.papers[f"order:{order['DocumentNumber']}"] = [order]
        for invoice in self.invoices:
            made_from = str(invoice.get("OrderReference") or 0)
            name = f"invoice:{invoice['DocumentNumber']}" if made_from == "0" else f"order:{made_from}"
            self.papers.setdefault(name, []).append(invoice)

    def name_of(self, key: str) -> str:
        """The document that a delivery's key means."""
        form, _, number = key.partition(":")
        return next(
            (
                name
                for name, halves in self.papers.items()
                for half in halves
                if half["DocumentNumber"] == number and (f"{form.title()}Rows" in half)
            ),
            f"none ({key})",
        )

    def delivery_of(self, name: str) -> dict[str, Any] | None:
        """The first delivery of a document."""
        keyed = (each for each in self.deliveries if each["DeliveryErpId"])
        return next((each for each in keyed if self.name_of(each["DeliveryErpId"]) == name), None)


def rows_of(paper: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of an order or an invoice."""
    return paper["InvoiceRows"] if "InvoiceRows" in paper else paper["OrderRows"]


def doubled(held: Held) -> list[str]:
    """What is there twice: documents of one delivery (cancelled ones count), deliveries of one document."""
    by_mark: dict[str, set[str]] = defaultdict(set)
    by_name: dict[str, list[int]] = defaultdict(list)
    for name, halves in held.papers.items():
        for half in halves:
            if mark := half["ExternalInvoiceReference1"]:
                by_mark[mark].add(name)
    for each in held.deliveries:
        if key := each["DeliveryErpId"]:
            by_name[held.name_of(key)].append(each["DeliveryId"])
    return [
        *(f"{mark} is on {sorted(names)}" for mark, names in by_mark.items() if len(names) > 1),
        *(f"{name} has the deliveries {found}" for name, found in by_name.items() if len(found) > 1),
        *(f"no document: {name}" for name in by_name if name.startswith("none")),
    ]


def lost(held: Held) -> list[str]:
    """Deliveries without a document, and documents without a delivery; cancelled ones need none."""
    kept = {held.name_of(each["DeliveryErpId"]) for each in held.deliveries if each["DeliveryErpId"]}
    alive = {name for name, halves in held.papers.items() if not all(half["Cancelled"] for half in halves)}
    bare = [each["DeliveryId"] for each in held.deliveries if not each["DeliveryErpId"]]
    return [*(f"{name} has no delivery" for name in sorted(alive - kept)), *(f"delivery {n}" for n in bare)]


def uneven(held: Held) -> list[str]:
    """Documents whose rows are not those of their delivery, or come to something else."""
    wrong = []
    for name, halves in held.papers.items():
        delivery = held.delivery_of(name)
        if delivery is None:
            continue
        ours, theirs = rows_of(halves[-1]), held.lines[delivery["DeliveryId"]]
        if papers.money(ours) != papers.money(theirs):
            wrong.append(f"{name}: {papers.money(ours)} against {papers.money(theirs)}")
        elif _sum(papers.money(ours)) != round(delivery["DeliveryOrderValue"] or 0, 2):
            wrong.append(f"{name}: its delivery says {delivery['DeliveryOrderValue']}")
    return wrong


def _sum(money: Iterable[tuple[str, float, float]]) -> float:
    return round(sum(total for _, _, total in money), 2)


def wrong(town: Town, story: Story) -> list[str]:
    """What is not as the story should end, of registers and documents; empty when all is."""
    found = differences(town, story.ends)
    if story.odd is not None:
        return [*found, *story.odd(town)]
    if story.paper is None:
        return found
    held = Held(town)
    found += [*doubled(held), *lost(held), *uneven(held)]
    if found or (len(held.papers), len(held.deliveries)) != (1, 1):
        return [*found, f"{list(held.papers)}, {len(held.deliveries)} deliveries"]
    ((name, halves),) = held.papers.items()
    (delivery,) = held.deliveries
    (number,) = {half["DocumentNumber"] for half in halves}
    told = {
        "key": (delivery["DeliveryErpId"], f"{story.paper.form}:{number}"),
        "name": (name, f"{story.paper.form}:{number}"),
        "rows": (tuple(papers.money(rows_of(halves[-1]))), story.paper.rows),
        "text": ((halves[-1]["Remarks"], delivery["DeliveryMemo"]), (story.paper.text, story.paper.text)),
        "order": (delivery["DeliveryCustom1"] or "", number if story.paper.form == "order" else ""),
        "invoice": (delivery["DeliveryCustom2"] or "", number if story.paper.form == "invoice" else ""),
    }
    return [
        f"{what}: {is_so} instead of {should}" for what, (is_so, should) in told.items() if is_so != should
    ]


# ------------------------------------------------------------------ many writes in one pass


_FINAL = [("102", 7.0, 1046.5), ("102", 1.0, 50.0)]
_COUNTS = (2, 1, 3)  # orders, invoices and deliveries


def _office(town: Town) -> None:
    """The next pass makes an order and two deliveries, and rewrites lines and an order."""
    write_text(town)
    rows_become("order", ("102", 7, 149.5), ("102", 1, 50))(town)
    born("invoice", ("102", 1, 149.5), ("103", 2, 4.5))(town)
    sell(town)


def _odd(town: Town) -> list[str]:
    held = Held(town)
    counts = len(held.orders), len(held.invoices), len(held.deliveries)
    (first,) = [order for order in held.orders if order["DocumentNumber"] == "1"]
    rows, text = papers.money(rows_of(first)), first["Remarks"]
    return [
        *doubled(held),
        *lost(held),
        *uneven(held),
        *([f"{counts} documents"] if counts != _COUNTS else []),
        *([f"order 1: {rows}"] if rows != _FINAL else []),
        *([f"its text: {text}"] if text != "Hej då" else []),
    ]


OFFICE = Story(_BORN, _office, "fortnox", "NONE", "", ENDS, documents="order", odd=_odd)


def puts_to_booked(town: Town) -> list[dict[str, Any]]:
    """The daemon's PUTs to invoices that people had booked by then."""
    booked: set[str] = set()
    found = []
    for item in town.world.log.since(0):
        path = item["path"].removeprefix("/3/invoices/")
        if item["method"] != "PUT" or path == item["path"]:
            continue
        if path.endswith("/bookkeep"):
            booked.add(path.removesuffix("/bookkeep"))
        elif item["client"] != "people" and path in booked:
            found.append(item)
    return found
