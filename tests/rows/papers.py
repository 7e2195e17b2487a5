"""
What people do with deliveries, orders and invoices in the two vendors' systems, over their HTTP APIs.
"""

from __future__ import annotations

from typing import Any

from tests.town import Town

HAMMER = {"ArticleNumber": "102", "Description": "Hammare", "Price": 149.5, "Unit": "st"}


def with_documents(town: Town, form: str = "order", **more: Any) -> None:
    """Switch documents on, as an operator would."""
    town.configure('documents = "off"', f'documents = "{form}"')
    if more:
        town.set(**more)


# ------------------------------------------------------------------ webCRM


def customer(town: Town, name: str = "Alfa AB", **fields: Any) -> dict[str, Any]:
    """An organisation that takes part."""
    return town.people.new_organisation(name, **fields)


def line(
    article: str, text: str, quantity: float, price: float, discount: float = 0, **more: Any
) -> dict[str, Any]:
    """A line as webCRM's own screen leaves it: its Price is what it comes to."""
    total = round(quantity * price * (1 - discount / 100) + 1e-9, 2)
    fields = {
        "Data1": article,
        "Data2": text,
        "Memo": text,
        "Quantity": quantity,
        "ListPrice": price,
        "Discount": discount,
        "Price": total,
        **more,
    }
    return {f"QuotationLine{name}": value for name, value in fields.items()}


def text_line(text: str) -> dict[str, Any]:
    """A line that only says something."""
    return {"QuotationLineMemo": text}


def new_delivery(
    town: Town, organisation: dict[str, Any], *lines: dict[str, Any], **fields: Any
) -> dict[str, Any]:
    """A delivery with its lines, made in webCRM; as it stands there."""
    key = organisation["OrganisationId"]
    named = {f"Delivery{name}": value for name, value in fields.items()}
    number = town.people.webcrm(
        "POST", "/Deliveries", {"DeliveryId": 0, "DeliveryOrganisationId": key, **named}
    )
    for place, each in enumerate(lines, start=1):
        add_line(town, number, {"QuotationLineSortOrder": place * 10, **each}, key)
    return delivery(town, number)


def add_line(town: Town, number: int, fields: dict[str, Any], organisation: int) -> int:
    """One more line of a delivery; its id."""
    ends = {"QuotationLineOpportunityId": number, "QuotationLineOrganisationId": organisation}
    return town.people.webcrm("POST", "/QuotationLines", {"QuotationLineId": 0, **ends, **fields})


def edit_line(town: Town, number: int, **fields: Any) -> None:
    """Change a line."""
    named = {f"QuotationLine{name}": value for name, value in fields.items()}
    town.people.webcrm("PUT", f"/QuotationLines/{number}", {"QuotationLineId": number, **named})


def drop_line(town: Town, number: int) -> None:
    """Delete a line."""
    town.people.webcrm("DELETE", f"/QuotationLines/{number}")


def edit_delivery(town: Town, number: int, **fields: Any) -> None:
    """Change a delivery's own fields."""
    named = {f"Delivery{name}": value for name, value in fields.items()}
    town.people.webcrm("PUT", f"/Deliveries/{number}", {"DeliveryId": number, **named})


def delivery(town: Town, number: int) -> dict[str, Any]:
    """A delivery as webCRM shows it."""
    return town.people.webcrm("GET", f"/Deliveries/{number}")


def deliveries(town: Town) -> list[dict[str, Any]]:
    """All of them."""
    return town.people.webcrm("GET", "/Deliveries", Page="1", Size="1000")


def lines_of(town: Town, number: int) -> list[dict[str, Any]]:
    """A delivery's lines in their order."""
    found: list[dict[str, Any]] = []
    page = 1
    while more := town.people.webcrm(
        "GET", f"/Deliveries/{number}/QuotationLines", Page=str(page), Size="1000"
    ):
        found += more
        page += 1
    return sorted(found, key=lambda each: (each["QuotationLineSortOrder"], each["QuotationLineId"]))


# ------------------------------------------------------------------ Fortnox


def order(town: Town, number: str = "1") -> dict[str, Any]:
    """An order as Fortnox shows it."""
    return town.people.fortnox("GET", f"/3/orders/{number}")["Order"]


def invoice(town: Town, number: str = "1") -> dict[str, Any]:
    """An invoice as Fortnox shows it."""
    return town.people.fortnox("GET", f"/3/invoices/{number}")["Invoice"]


def orders(town: Town) -> list[dict[str, Any]]:
    """The list of orders."""
    return town.people.fortnox("GET", "/3/orders", limit="500")["Orders"]


def invoices(town: Town) -> list[dict[str, Any]]:
    """The list of invoices."""
    return town.people.fortnox("GET", "/3/invoices", limit="500")["Invoices"]


def order_row(quantity: float = 2, **more: Any) -> dict[str, Any]:
    """A row of an order, ordered and delivered."""
    return {**HAMMER, "OrderedQuantity": quantity, "DeliveredQuantity": quantity, **more}


def invoice_row(quantity: float = 2, **more: Any) -> dict[str, Any]:
    """A row of an invoice."""
    return {**HAMMER, "DeliveredQuantity": quantity, **more}


def new_order(town: Town, number: str, *rows: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """An order made in Fortnox for a customer."""
    body = {"CustomerNumber": number, "OrderRows": list(rows), **fields}
    return town.people.fortnox("POST", "/3/orders", {"Order": body})["Order"]


def new_invoice(town: Town, number: str, *rows: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """An invoice made in Fortnox for a customer."""
    body = {"CustomerNumber": number, "InvoiceRows": list(rows), **fields}
    return town.people.fortnox("POST", "/3/invoices", {"Invoice": body})["Invoice"]


def edit_order(town: Town, number: str = "1", **fields: Any) -> None:
    """Change an order."""
    town.people.fortnox("PUT", f"/3/orders/{number}", {"Order": fields})


def edit_invoice(town: Town, number: str = "1", **fields: Any) -> None:
    """Change an invoice."""
    town.people.fortnox("PUT", f"/3/invoices/{number}", {"Invoice": fields})


def act(town: Town, path: str, verb: str) -> Any:
    """An action on a document: createinvoice, bookkeep, cancel, credit."""
    return town.people.fortnox("PUT", f"/3/{path}/{verb}")


# ------------------------------------------------------------------ both


def money(rows: list[dict[str, Any]]) -> list[tuple[str, float, float]]:
    """Article, quantity and what each priced row comes to, whichever side it is from."""
    found = []
    for row in rows:
        if "QuotationLineId" in row:
            article, quantity = row["QuotationLineData1"], row["QuotationLineQuantity"]
            total = row["QuotationLinePrice"]
        else:
            article, quantity, total = row["ArticleNumber"], float(row["DeliveredQuantity"]), row["Total"]
        if article:
            found.append((article, float(quantity), float(total)))
    return found
