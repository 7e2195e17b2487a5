"""Orders as a till has them made: VAT in prices, terms, cost centre, accounts of rows (fortnox.md 12.1)."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from daemon.core.documents import DocumentRow, packed
from daemon.systems.fortnox import documents
from tests.systems.fortnox_office import Desk

D = Decimal
ROW = DocumentRow(article="102", text="Hammare", quantity=D(2), price=D(125), vat=D(25), total=25000)


@pytest.fixture
def desk():
    """The pretend Fortnox with the adapter on it."""
    return Desk()


def sent(desk):
    """The order that was sent last."""
    body = desk.body()
    return (json.loads(body) if isinstance(body, bytes) else body)["Order"]


async def test_an_order_with_vat_in_its_prices(desk):
    """Prices as they are; what it comes to is what is to be paid."""
    seen = await desk.create(vat_included=True, rows=packed([ROW]))

    assert seen.fields["vat_included"] is True
    assert seen.fields["total"] == 25000
    assert (sent(desk)["VATIncluded"], sent(desk)["OrderRows"][0]["Price"]) == (True, 125)


async def test_without_a_word_prices_are_without_vat(desk):
    """As documents of other partners are; of those no total with VAT is shown."""
    seen = await desk.create(rows=packed([ROW]))

    assert "total" not in seen.fields
    assert sent(desk)["VATIncluded"] is False
    assert not {"TermsOfPayment", "CostCenter"} & sent(desk).keys()
    assert "AccountNumber" not in sent(desk)["OrderRows"][0]


def test_terms_and_cost_centre_are_given_at_birth_only():
    """An edit of a document does not carry them."""
    _, payload = documents.created({"form": "order", "customer": "1", "terms": "20", "cost_center": "S1"})

    assert (payload["TermsOfPayment"], payload["CostCenter"]) == ("20", "S1")
    assert not {"terms", "cost_center", "vat_included"} & set(documents.FOLLOWS)


def test_a_row_on_an_account_of_its_own():
    """With the VAT that it says, which need not be the account's (fortnox.md 12.1)."""
    row = DocumentRow(
        article="102", quantity=D(1), price=D(303), vat=D(0), total=30300, account="1519", text="Hammare"
    )
    _, payload = documents.created({"form": "order", "customer": "1", "rows": packed([row])})

    (row,) = payload["OrderRows"]
    assert (row["AccountNumber"], row["VAT"], row["ArticleNumber"]) == (1519, 0, "102")


SUMS = {
    "as it is": ({}, 25000),
    "rounded": ({"Total": 250, "RoundOff": 0.4}, 24960),
    "with a fee": ({"Total": 279, "Freight": 29}, 27900),
}


@pytest.mark.parametrize(("fields", "total"), SUMS.values(), ids=SUMS)
def test_what_an_order_comes_to_with_vat(fields, total):
    """Rounding is no difference to a receipt (decision 14), a fee is."""
    raw = {
        "DocumentNumber": "12",
        "VATIncluded": True,
        "Total": 250,
        "TotalVAT": 50,
        "RoundOff": 0,
        "OrderRows": [
            {"RowId": 8, "ArticleNumber": "102", "DeliveredQuantity": "2", "Price": 125, "VAT": 25}
        ],
    }
    payload = {name: D(str(v)) if isinstance(v, float) else v for name, v in {**raw, **fields}.items()}

    assert documents.compose(payload, None)["total"] == total
