"""
What the crowd does: registers and documents of both systems, as people of a small company handle them.
"""

from __future__ import annotations

import random
import time
from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

from tests.simulation.processes_people import Act, Crowd, Record

Rows = tuple[tuple[str, str, str], ...]  # article, quantity, total
CUSTOMER_FIELDS = (
    # Fortnox           webCRM's Organisation…  what somebody writes
    ("Name", "Name", "Firma {} AB"),
    ("Phone1", "Telephone", "08-{}"),
    ("WWW", "Www", "www.firma-{}.example"),
    ("VisitingAddress", "Address", "Vägen {}"),
    ("VisitingCity", "City", "Ort {}"),
    ("Fax", "Fax", "09-{}"),
)
BORN_WITH = CUSTOMER_FIELDS[:3]
SAME_SIDE = 0.85  # how often something is edited where it was edited or born before
HEAD_SHARE = 0.4  # of the edits of a document
QUANTITIES = ("1", "2", "3", "5", "10", "0.5", "2.5")
DISCOUNTS = ("0", "0", "0", "10", "25")
FORMS = {"order": ("orders", "Order"), "invoice": ("invoices", "Invoice")}
OPEN_ORDER = {"Cancelled": False, "InvoiceReference": "0"}
OPEN_INVOICE = {"Cancelled": False, "Booked": False, "OrderReference": "0", "Credit": "false"}


class Line(NamedTuple):
    """One row as somebody means it."""

    article: str
    text: str
    quantity: Decimal
    price: Decimal
    discount: Decimal

    @property
    def total(self) -> Decimal:
        """After discount, to the öre."""
        gross = self.quantity * self.price * (1 - self.discount / 100)
        return gross.quantize(Decimal("0.01"), ROUND_HALF_UP)


def rows_of(lines: Sequence[Line]) -> Rows:
    """What is compared of rows."""
    return tuple((line.article, f"{line.quantity:.2f}", f"{line.total:.2f}") for line in lines)


def settle_in(crowd: Crowd) -> None:
    """What a company has before it can sell."""
    for act in (new_article, new_article, new_article, new_customer, new_organisation):
        crowd.do(act)
    crowd.look_around()


# ------------------------------------------------------------------ registers


def new_customer(crowd: Crowd, _chance: random.Random) -> bool:
    """In Fortnox."""
    fields = {ours: crowd.new(text) for ours, _, text in BORN_WITH}
    made = crowd.fortnox("POST", "/customers", {"Customer": fields})["Customer"]
    return crowd.wrote("fortnox", "customer", made["CustomerNumber"], **fields)


def new_organisation(crowd: Crowd, _chance: random.Random) -> bool:
    """In webCRM, which tells no id: it is the one of that name."""
    texts = {theirs: crowd.new(text) for _, theirs, text in BORN_WITH}
    crowd.new_organisation(**texts)
    (made,) = (row for row in crowd.organisations() if row["OrganisationName"] == texts["Name"])
    written = {ours: texts[theirs] for ours, theirs, _ in BORN_WITH}
    return crowd.wrote("webcrm", "customer", made["OrganisationId"], **written)


def edit_customer(crowd: Crowd, chance: random.Random) -> bool:
    """One field, most often where it was edited before."""
    firm = chance.choice(crowd.firms)
    number, key = firm["OrganisationExtraCustom1"], firm["OrganisationId"]
    ours, theirs, text = chance.choice(CUSTOMER_FIELDS)
    in_fortnox, in_webcrm = (
        len(crowd.written[system, "customer", each].get(ours, ()))
        for system, each in (("fortnox", number), ("webcrm", str(key)))
    )
    side = "fortnox" if (in_fortnox, chance.random()) > (in_webcrm, 0.5) else "webcrm"
    if chance.random() > SAME_SIDE:
        side = chance.choice(("fortnox", "webcrm"))
    value = crowd.new(text)
    if side == "fortnox" and number:
        crowd.edit_customer(number, **{ours: value})
        return crowd.wrote("fortnox", "customer", number, **{ours: value})
    body = {"OrganisationId": key, f"Organisation{theirs}": value}
    crowd.webcrm("PUT", f"/Organisations/{key}", body)
    return crowd.wrote("webcrm", "customer", key, **{ours: value})


def new_article(crowd: Crowd, chance: random.Random) -> bool:
    """In Fortnox, with a price."""
    number, name = crowd.new("A{}"), crowd.new("Vara {}")
    crowd.fortnox("POST", "/articles", {"Article": {"ArticleNumber": number, "Description": name}})
    price = _price(chance)
    crowd.fortnox(
        "POST",
        "/prices",
        {"Price": {"ArticleNumber": number, "PriceList": "A", "FromQuantity": 0, "Price": price}},
    )
    return crowd.wrote("fortnox", "article", number, Description=name, SalesPrice=f"{price:.2f}")


def edit_article(crowd: Crowd, chance: random.Random) -> bool:
    """Its price or its name."""
    number = chance.choice([row["ArticleNumber"] for row in crowd.known["articles"] if row["Active"]])
    if chance.random() < 0.5:
        price = _price(chance)
        crowd.set_price(number, price)
        return crowd.wrote("fortnox", "article", number, SalesPrice=f"{price:.2f}")
    name = crowd.new("Vara {}")
    crowd.fortnox("PUT", f"/articles/{number}", {"Article": {"Description": name}})
    return crowd.wrote("fortnox", "article", number, Description=name)


def _price(chance: random.Random) -> float:
    return chance.randint(100, 99_999) / 100


# ------------------------------------------------------------------ documents made and acted on


def _lines_to_sell(crowd: Crowd, chance: random.Random) -> list[Line]:
    """One to four rows."""
    goods = [row for row in crowd.known["articles"] if row["Active"] and float(row["SalesPrice"] or 0) > 0]
    return [_line(chance, chance.choice(goods)) for _ in range(chance.randint(1, 4))] if goods else []


def _line(chance: random.Random, row: Record) -> Line:
    quantity, discount = Decimal(chance.choice(QUANTITIES)), Decimal(chance.choice(DISCOUNTS))
    price = Decimal(str(row["SalesPrice"])).quantize(Decimal("0.01"))
    return Line(row["ArticleNumber"], row["Description"], quantity, price, discount)


def new_delivery(crowd: Crowd, chance: random.Random) -> bool:
    """In webCRM: its head, then line by line."""
    lines, firm = _lines_to_sell(crowd, chance), chance.choice(crowd.firms)
    if not lines:
        return False
    ends = {"QuotationLineOrganisationId": firm["OrganisationId"]}
    head = {
        "DeliveryId": 0,
        "DeliveryOrganisationId": firm["OrganisationId"],
        "DeliveryMemo": crowd.new("Text {}"),
    }
    head["DeliveryOrderDate"] = time.strftime("%Y-%m-%dT00:00:00Z", time.gmtime())
    key = int(crowd.webcrm("POST", "/Deliveries", head))
    crowd.wrote("webcrm", "delivery", key, Text=head["DeliveryMemo"])
    for place, line in enumerate(lines, start=1):
        _add_line(crowd, key, ends, line, place * 10)
        crowd.wrote("webcrm", "delivery", key, Rows=rows_of(lines[:place]))
    return True


def _add_line(crowd: Crowd, delivery: int, ends: Record, line: Line, place: int) -> None:
    fields = {"Id": 0, "OpportunityId": delivery, "SortOrder": place, **_spoken(line)}
    crowd.webcrm("POST", "/QuotationLines", {**ends, **{f"QuotationLine{k}": v for k, v in fields.items()}})


def _spoken(line: Line) -> Record:
    texts = {"Data1": line.article, "Data2": line.text, "Memo": line.text}
    numbers = {
        "Quantity": line.quantity,
        "ListPrice": line.price,
        "Discount": line.discount,
        "Price": line.total,
    }
    return {**texts, **{name: float(number) for name, number in numbers.items()}}


def new_paper(crowd: Crowd, chance: random.Random) -> bool:
    """An order or an invoice, in Fortnox."""
    lines = _lines_to_sell(crowd, chance)
    buyers = [firm["OrganisationExtraCustom1"] for firm in crowd.firms if firm["OrganisationExtraCustom1"]]
    if not lines or not buyers:
        return False
    form = chance.choice(list(FORMS))
    path, name = FORMS[form]
    body: Record = {"CustomerNumber": chance.choice(buyers), "Remarks": crowd.new("Text {}")}
    body |= {f"{name}Rows": [_row(form, line) for line in lines]}
    if form == "order":
        body["CopyRemarks"] = True
    made = crowd.fortnox("POST", f"/{path}", {name: body})[name]
    return crowd.wrote("fortnox", form, made["DocumentNumber"], Text=body["Remarks"], Rows=rows_of(lines))


def _row(form: str, line: Line) -> Record:
    row: Record = {"ArticleNumber": line.article, "Description": line.text, "Price": float(line.price)}
    row |= {
        "Discount": float(line.discount),
        "DiscountType": "PERCENT",
        "DeliveredQuantity": str(line.quantity),
    }
    return {**row, "OrderedQuantity": str(line.quantity)} if form == "order" else row


def _of_state(crowd: Crowd, form: str, **state: object) -> list[str]:
    """Numbers of documents that are as said."""
    return [
        row["DocumentNumber"]
        for row in crowd.known[FORMS[form][0]]
        if all(row[field] == value for field, value in state.items())
    ]


def _act(crowd: Crowd, chance: random.Random, form: str, verb: str, **state: object) -> bool:
    if not (found := _of_state(crowd, form, **state)):
        return False
    number = chance.choice(found)
    crowd.fortnox("PUT", f"/{FORMS[form][0]}/{number}/{verb}")
    crowd.look_around()
    return crowd.wrote("fortnox", form, number, **{verb: True})


def invoice_an_order(crowd: Crowd, chance: random.Random) -> bool:
    """Its rows are locked from then on."""
    return _act(crowd, chance, "order", "createinvoice", **OPEN_ORDER)


def book(crowd: Crowd, chance: random.Random) -> bool:
    """From then on nothing changes it."""
    return _act(crowd, chance, "invoice", "bookkeep", Cancelled=False, Booked=False)


def cancel(crowd: Crowd, chance: random.Random) -> bool:
    """An order that has no invoice, or an invoice that is not booked."""
    if chance.random() < 0.5:
        return _act(crowd, chance, "order", "cancel", **OPEN_ORDER)
    return _act(crowd, chance, "invoice", "cancel", **OPEN_INVOICE)


def credit(crowd: Crowd, chance: random.Random) -> bool:
    """A booked invoice, once."""
    return _act(crowd, chance, "invoice", "credit", Booked=True, Credit="false", CreditInvoiceReference="0")


# ------------------------------------------------------------------ documents edited


def edit_paper(crowd: Crowd, chance: random.Random) -> bool:
    """Text or rows of an open document in Fortnox."""
    form = chance.choice(list(FORMS))
    open_orders = _of_state(crowd, "order", **OPEN_ORDER)
    open_invoices = _of_state(crowd, "invoice", **OPEN_INVOICE)
    found = open_orders if form == "order" else open_invoices
    born_here = [number for number in found if "Rows" in crowd.written["fortnox", form, number]]
    if not found:
        return False
    path, name = FORMS[form]
    if chance.random() < HEAD_SHARE or not born_here:
        number, text = chance.choice(found), crowd.new("Text {}")
        crowd.fortnox("PUT", f"/{path}/{number}", {name: {"Remarks": text}})
        return crowd.wrote("fortnox", form, number, Text=text)
    number = chance.choice(found if chance.random() > SAME_SIDE else born_here)
    lines = _changed(crowd, chance, _lines_in_fortnox(crowd, form, number))
    crowd.fortnox("PUT", f"/{path}/{number}", {name: {f"{name}Rows": [_row(form, line) for line in lines]}})
    return crowd.wrote("fortnox", form, number, Rows=rows_of(lines))


def _lines_in_fortnox(crowd: Crowd, form: str, number: str) -> list[Line]:
    path, name = FORMS[form]
    return [
        Line(
            row["ArticleNumber"],
            row["Description"],
            *(Decimal(str(row[field] or 0)) for field in ("DeliveredQuantity", "Price", "Discount")),
        )
        for row in crowd.fortnox("GET", f"/{path}/{number}")[name][f"{name}Rows"]
        if row["ArticleNumber"]
    ]


def _changed(crowd: Crowd, chance: random.Random, lines: list[Line]) -> list[Line]:
    """Another quantity, a row more or a row less."""
    place = chance.randrange(len(lines)) if lines else 0
    what = chance.choice(("quantity", "more", "less"))
    if what == "less" and len(lines) > 1:
        return [*lines[:place], *lines[place + 1 :]]
    if what == "more" or not lines:
        return [*lines, *_lines_to_sell(crowd, chance)[:1]]
    return [
        *lines[:place],
        lines[place]._replace(quantity=Decimal(chance.randint(11, 99))),
        *lines[place + 1 :],
    ]


def edit_delivery(crowd: Crowd, chance: random.Random) -> bool:
    """Text or lines of a delivery in webCRM that is open for all that is seen there."""
    found = [row for row in crowd.papers if row["DeliveryCustom5"] != "Yes" and not row["DeliveryNote"]]
    if not found:
        return False
    key = chance.choice(found)["DeliveryId"]
    if chance.random() < HEAD_SHARE:
        text = crowd.new("Text {}")
        crowd.webcrm("PUT", f"/Deliveries/{key}", {"DeliveryId": key, "DeliveryMemo": text})
        return crowd.wrote("webcrm", "delivery", key, Text=text)
    here = [
        row for row in found if not row["DeliveryCustom2"] and not row["DeliveryErpId"].startswith("invoice")
    ]
    born_here = [row for row in here if "Rows" in crowd.written["webcrm", "delivery", str(row["DeliveryId"])]]
    choice = here if chance.random() > SAME_SIDE else born_here
    return bool(choice) and _edit_lines(crowd, chance, chance.choice(choice))


def _edit_lines(crowd: Crowd, chance: random.Random, delivery: Record) -> bool:
    key = int(delivery["DeliveryId"])
    seen = [(row, line_of(row)) for row in crowd.lines(key) if row["QuotationLineData1"]]
    before = [line for _, line in seen]
    after = _changed(crowd, chance, before)
    if len(after) > len(before):
        ends = {"QuotationLineOrganisationId": delivery["DeliveryOrganisationId"]}
        place = max([row["QuotationLineSortOrder"] for row, _ in seen], default=0) + 10
        _add_line(crowd, key, ends, after[-1], place)
    elif len(after) < len(before):
        (gone,) = (row for (row, _), place in zip(seen, _gone(before, after), strict=True) if place)
        crowd.webcrm("DELETE", f"/QuotationLines/{gone['QuotationLineId']}")
    else:
        row, line = next((row, new) for (row, old), new in zip(seen, after, strict=True) if old != new)
        crowd.edit_line(row["QuotationLineId"], Quantity=float(line.quantity), Price=float(line.total))
    return crowd.wrote("webcrm", "delivery", key, Rows=rows_of(after))


def _gone(before: Sequence[Line], after: Sequence[Line]) -> list[bool]:
    """For each, whether it is the one that is missing now."""
    first = next(
        (n for n, (old, new) in enumerate(zip(before, after, strict=False)) if old != new), len(after)
    )
    return [place == first for place in range(len(before))]


def line_of(row: Mapping[str, Any]) -> Line:
    """A line of webCRM as somebody means it."""
    numbers = (
        Decimal(str(row[f"QuotationLine{name}"] or 0)) for name in ("Quantity", "ListPrice", "Discount")
    )
    return Line(row["QuotationLineData1"], row["QuotationLineMemo"], *numbers)


# How often each is done, against the others.
ACTS: Mapping[Act, int] = {
    edit_customer: 30,
    new_customer: 4,
    new_organisation: 4,
    edit_article: 6,
    new_article: 2,
    new_delivery: 7,
    edit_delivery: 12,
    new_paper: 6,
    edit_paper: 10,
    invoice_an_order: 4,
    book: 3,
    cancel: 2,
    credit: 1,
}
