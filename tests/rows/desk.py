"""
A shop that sells on invoice: its customers at the till and in Fortnox.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.rows.acts import sync_at_rest
from tests.shop import Shop

ACME = {
    "Name": "Acme AB",
    "OrganizationNumber": "556016-0680",
    "Address1": "Storgatan 1",
    "ZipCode": "90326",
    "City": "Umeå",
    "Country": "SE",
    "Phone": "090-1",
    "Email": "a@acme.se",
}


class Desk(Shop):
    """A shop of which one side decides about customers."""

    def __init__(self, folder: Path, master: str, *boxes: str, **keys: Any) -> None:
        super().__init__(folder, "invoices", *boxes, master=master, **keys)
        self.new_item("A", 125.0)
        self.people.new_article(ArticleNumber="A", Description="Vara A")

    def newcomer(self, **fields: Any) -> str:
        """A customer made at the till; its id."""
        return str(self.till("new_customer", fields={**ACME, **fields})["Id"])

    def sell(self, customer: str) -> Any:
        """A sale on invoice."""
        items = [{"product_code": "A"}]
        return self.till("sell_on_invoice", register=1, customer=customer, items=items)

    def buyers(self) -> dict[str, dict[str, Any]]:
        """The till's customers, by name."""
        return {each["Name"]: each for each in self.tills("GET", "/customer", fetch="100")["Items"]}

    async def met(self, **fields: Any) -> str:
        """A customer made at the till, with its first invoice, on both sides."""
        buyer = self.newcomer(**fields)
        self.sell(buyer)
        assert "ok" == (await sync_at_rest(self)).outcome
        return buyer
