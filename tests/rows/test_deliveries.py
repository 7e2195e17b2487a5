"""
Deliveries made in webCRM: what they become in Fortnox, and what follows both ways (rows W9, W10, W12, W13).
"""

from __future__ import annotations

from contextlib import suppress

import pytest

from daemon.errors import RemoteError
from daemon.sandbox.faults import Fault
from tests.rows import papers
from tests.rows.acts import codes, listed, picked, sync_at_rest

TWO = (papers.line("102", "Hammare", 2, 149.5), papers.line("103", "Spik", 10, 4.5, 10))
ROWS = [("102", 2.0, 299.0), ("103", 10.0, 40.5)]
DAY = "2026-11-20T00:00:00Z"


@pytest.fixture
def articles(town):
    """Two articles."""
    town.people.new_article(ArticleNumber="102", Description="Hammare", price=149.5)
    town.people.new_article(ArticleNumber="103", Description="Spik", price=4.5)


pytestmark = pytest.mark.usefixtures("articles")


@pytest.mark.row("W9", "W12")
async def test_a_new_delivery_becomes_an_order(town):
    """
    With its customer, date, text and rows; number, key and flag come back to the delivery.
    """
    papers.with_documents(town, "order")
    async with town.running():
        organisation = papers.customer(town)
        made = papers.new_delivery(
            town, organisation, *TWO, OrderDate=DAY, Memo="Ring före leverans", Custom4="2026-12-01"
        )
        await sync_at_rest(town)
    order = papers.order(town)
    expected = {
        "CustomerNumber": "1",
        "OrderDate": "2026-11-20",
        "DeliveryDate": "2026-12-01",
        "Remarks": "Ring före leverans",
    }
    assert expected == picked(order, expected)
    assert ROWS == papers.money(order["OrderRows"])
    assert order["ExternalInvoiceReference1"].startswith("FS1.WC.D.")
    assert [] == papers.invoices(town)
    shown = papers.delivery(town, made["DeliveryId"])
    expected = {"Custom1": "1", "Custom2": None, "Custom5": "No", "ErpId": "order:1", "OrderValue": 339.5}
    assert expected == picked(shown, expected, "Delivery")
    assert "New" == shown["DeliveryStatus"]
    assert 1 == len(papers.deliveries(town))


@pytest.mark.row("W9", "W13")
async def test_a_new_delivery_becomes_an_invoice(town):
    """
    The same with the other setting; the order date is the invoice's.
    """
    papers.with_documents(town, "invoice")
    async with town.running():
        organisation = papers.customer(town)
        made = papers.new_delivery(town, organisation, *TWO, OrderDate=DAY, Memo="Tack!")
        await sync_at_rest(town)
    invoice = papers.invoice(town)
    expected = {"CustomerNumber": "1", "InvoiceDate": "2026-11-20", "Remarks": "Tack!"}
    assert expected == picked(invoice, expected)
    assert ROWS == papers.money(invoice["InvoiceRows"])
    assert [] == papers.orders(town)
    shown = papers.delivery(town, made["DeliveryId"])
    expected = {"Custom1": None, "Custom2": "1", "Custom5": "No", "ErpId": "invoice:1"}
    assert expected == picked(shown, expected, "Delivery")


@pytest.mark.row("W13")
async def test_a_delivery_without_a_date_becomes_no_invoice(town):
    """
    The invoice date is mandatory in webCRM; filled in, the delivery crosses by itself.
    """
    papers.with_documents(town, "invoice")
    async with town.running():
        made = papers.new_delivery(town, papers.customer(town), *TWO)
        await town.sync()
        assert ["REC21"] == await codes(town)
        assert [] == papers.invoices(town)
        papers.edit_delivery(town, made["DeliveryId"], OrderDate=DAY)
        await sync_at_rest(town)
        assert [] == await codes(town)
    assert "2026-11-20" == papers.invoice(town)["InvoiceDate"]


@pytest.mark.row("W12", "W10")
async def test_an_order_that_is_invoiced_and_booked_in_fortnox_keeps_its_one_delivery(town):
    """
    Invoice number, invoice date and the booked flag come to the delivery as they come about.
    """
    papers.with_documents(town, "order")
    async with town.running():
        made = papers.new_delivery(town, papers.customer(town), *TWO, OrderDate=DAY)
        await sync_at_rest(town)
        number = papers.act(town, "orders/1", "createinvoice")["Invoice"]["DocumentNumber"]
        await sync_at_rest(town)
        shown = papers.delivery(town, made["DeliveryId"])
        today = papers.invoice(town, number)["InvoiceDate"]
        expected = {"Custom1": "1", "Custom2": number, "Custom3": today, "Custom5": "No"}
        assert expected == picked(shown, expected, "Delivery")
        assert f"invoice:{number}" == shown["DeliveryErpId"]
        papers.act(town, f"invoices/{number}", "bookkeep")
        await sync_at_rest(town)
    shown = papers.delivery(town, made["DeliveryId"])
    assert "Yes" == shown["DeliveryCustom5"]
    assert "New" == shown["DeliveryStatus"]  # born in webCRM: its status is webCRM's own
    assert 1 == len(papers.deliveries(town))
    assert 1 == len(papers.orders(town)) == len(papers.invoices(town))


# fmt: off
HEADER = [
    # what             in webCRM                             in Fortnox's order
    ("text",           {"Memo": "Porten är öppen"},          {"Remarks": "Porten är öppen"}),
    ("order date",     {"OrderDate": "2026-11-21T00:00:00Z"}, {"OrderDate": "2026-11-21"}),
    ("delivery date",  {"Custom4": "2026-12-24"},            {"DeliveryDate": "2026-12-24"}),
]
# fmt: on
header = pytest.mark.parametrize(
    ("webcrm", "fortnox"), [row[1:] for row in HEADER], ids=[r[0] for r in HEADER]
)


@header
@pytest.mark.row("W10", "W12")
async def test_a_field_changed_in_webcrm_reaches_the_order(town, webcrm, fortnox):
    """
    An order that nobody has invoiced follows.
    """
    papers.with_documents(town, "order")
    async with town.running():
        made = papers.new_delivery(town, papers.customer(town), *TWO, OrderDate=DAY)
        await town.sync()
        papers.edit_delivery(town, made["DeliveryId"], **webcrm)
        await sync_at_rest(town)
    assert fortnox == picked(papers.order(town), fortnox)
    assert ROWS == papers.money(papers.order(town)["OrderRows"])


@header
@pytest.mark.row("W10", "W12")
async def test_a_field_changed_in_the_order_reaches_the_delivery(town, webcrm, fortnox):
    """
    The other way.
    """
    papers.with_documents(town, "order")
    async with town.running():
        made = papers.new_delivery(town, papers.customer(town), *TWO, OrderDate=DAY)
        await town.sync()
        papers.edit_order(town, **fortnox)
        await sync_at_rest(town)
    shown = papers.delivery(town, made["DeliveryId"])
    for name, value in webcrm.items():
        assert str(shown[f"Delivery{name}"]).startswith(value.removesuffix("Z"))


@pytest.mark.row("W10")
@pytest.mark.parametrize("form", ["order", "invoice"])
async def test_rows_changed_in_webcrm_reach_fortnox(town, form):
    """
    One changed, one dropped, one put between; what stays is not touched.
    """
    papers.with_documents(town, form)
    async with town.running():
        organisation = papers.customer(town)
        made = papers.new_delivery(
            town, organisation, *TWO, papers.line("102", "En till", 1, 100), OrderDate=DAY
        )
        await town.sync()
        key = made["DeliveryId"]
        hammer, nails, _ = papers.lines_of(town, key)
        papers.edit_line(town, hammer["QuotationLineId"], Quantity=3, Price=448.5)
        papers.drop_line(town, nails["QuotationLineId"])
        new = papers.line("103", "Skruv", 4, 5, SortOrder=15)
        papers.add_line(town, key, new, organisation["OrganisationId"])
        await sync_at_rest(town)
    rows = papers.order(town)["OrderRows"] if form == "order" else papers.invoice(town)["InvoiceRows"]
    assert [("102", 3.0, 448.5), ("103", 4.0, 20.0), ("102", 1.0, 100.0)] == papers.money(rows)
    assert ["Hammare", "Skruv", "En till"] == [row["Description"] for row in rows]
    assert papers.money(rows) == papers.money(papers.lines_of(town, key))
    assert 568.5 == papers.delivery(town, key)["DeliveryOrderValue"]


@pytest.mark.row("W10")
async def test_rows_changed_in_fortnox_reach_webcrm_and_keep_the_ids_of_lines_that_stay(town):
    """
    Lines that other programs refer to are changed in place.
    """
    papers.with_documents(town, "order")
    async with town.running():
        made = papers.new_delivery(town, papers.customer(town), *TWO, OrderDate=DAY)
        await town.sync()
        key = made["DeliveryId"]
        before = [each["QuotationLineId"] for each in papers.lines_of(town, key)]
        hammer, nails = papers.order(town)["OrderRows"]
        papers.edit_order(
            town,
            OrderRows=[
                {"RowId": hammer["RowId"]},
                papers.order_row(1, Description="Extra", Price=50),
                {"RowId": nails["RowId"], "OrderedQuantity": "20", "DeliveredQuantity": "20"},
            ],
        )
        await sync_at_rest(town)
    lines = papers.lines_of(town, key)
    assert [("102", 2.0, 299.0), ("102", 1.0, 50.0), ("103", 20.0, 81.0)] == papers.money(lines)
    assert before == [lines[0]["QuotationLineId"], lines[2]["QuotationLineId"]]


# ------------------------------------------------------------------ what may not be changed any more


@pytest.mark.row("W10")
async def test_a_booked_invoice_is_never_written(town):
    """
    A text typed in webCRM stays there and is listed; rows that change wait for a person.
    """
    papers.with_documents(town, "invoice")
    async with town.running():
        made = papers.new_delivery(town, papers.customer(town), *TWO, OrderDate=DAY)
        await town.sync()
        papers.act(town, "invoices/1", "bookkeep")
        await sync_at_rest(town)
        before = papers.invoice(town)
        key = made["DeliveryId"]
        papers.edit_delivery(town, key, Memo="För sent")
        await sync_at_rest(town)
        assert [("text", None, "För sent", None, "standing")] == await listed(town)
        assert [] == await codes(town)
        papers.edit_line(town, papers.lines_of(town, key)[0]["QuotationLineId"], Quantity=1, Price=149.5)
        await sync_at_rest(town)
        assert ["REC24"] == await codes(town)
    assert before == papers.invoice(town)
    assert "För sent" == papers.delivery(town, key)["DeliveryMemo"]


@pytest.mark.row("W10")
async def test_the_last_edit_before_booking_and_the_flag_reach_webcrm_together(town):
    """
    Rows always follow, also when the invoice is booked by the time they are seen.
    """
    papers.with_documents(town, "invoice")
    async with town.running():
        made = papers.new_delivery(town, papers.customer(town), *TWO, OrderDate=DAY)
        await town.sync()
        papers.edit_invoice(town, InvoiceRows=[papers.invoice_row(7)])
        papers.act(town, "invoices/1", "bookkeep")
        await sync_at_rest(town)
    key = made["DeliveryId"]
    assert [("102", 7.0, 1046.5)] == papers.money(papers.lines_of(town, key))
    assert "Yes" == papers.delivery(town, key)["DeliveryCustom5"]


@pytest.mark.row("W10")
async def test_rows_that_came_from_an_order_are_locked_on_its_invoice(town):
    """
    The text still follows until it is booked; an edit of rows waits, and ends when Fortnox changes them too.
    """
    papers.with_documents(town, "order")
    async with town.running():
        made = papers.new_delivery(town, papers.customer(town), *TWO, OrderDate=DAY)
        await town.sync()
        papers.act(town, "orders/1", "createinvoice")
        await sync_at_rest(town)
        key = made["DeliveryId"]
        papers.edit_delivery(town, key, Memo="Till fakturan")
        hammer = papers.lines_of(town, key)[0]
        papers.edit_line(town, hammer["QuotationLineId"], Quantity=1, Price=149.5)
        await town.sync()
        assert ["REC24"] == await codes(town)
        assert "Till fakturan" == papers.invoice(town)["Remarks"]
        papers.edit_line(town, hammer["QuotationLineId"], Quantity=2, Price=299)
        await sync_at_rest(town)
        assert [] == await codes(town)
    assert ROWS == papers.money(papers.invoice(town)["InvoiceRows"])


@pytest.mark.row("W10")
@pytest.mark.parametrize("form", ["order", "invoice"])
async def test_a_document_that_a_person_cancels_is_noted_and_never_made_again(town, form):
    """
    The note is added to what stands there; the delivery's later edits go nowhere.
    """
    papers.with_documents(town, form)
    async with town.running():
        made = papers.new_delivery(town, papers.customer(town), *TWO, OrderDate=DAY, Note="Viktig kund")
        await town.sync()
        papers.act(town, f"{form}s/1", "cancel")
        await sync_at_rest(town)
        key = made["DeliveryId"]
        name = {"order": "Order", "invoice": "Faktura"}[form]
        assert f"Viktig kund\n{name} 1 makulerad i Fortnox" == papers.delivery(town, key)["DeliveryNote"]
        papers.edit_delivery(town, key, Memo="Ändå")
        await sync_at_rest(town)
    assert 1 == len(papers.orders(town) if form == "order" else papers.invoices(town))


@pytest.mark.row("W10")
async def test_an_invoice_that_is_credited_is_noted_and_its_credit_note_becomes_a_delivery_of_its_own(town):
    """
    What was sold and what was taken back are two documents on both sides.
    """
    papers.with_documents(town, "invoice")
    async with town.running():
        made = papers.new_delivery(town, papers.customer(town), *TWO, OrderDate=DAY)
        await town.sync()
        papers.act(town, "invoices/1", "bookkeep")
        papers.act(town, "invoices/1", "credit")
        await sync_at_rest(town)
    note = papers.delivery(town, made["DeliveryId"])["DeliveryNote"]
    assert "Faktura 1 krediterad med faktura 2" == note
    (credit,) = [each for each in papers.deliveries(town) if each["DeliveryErpId"] == "invoice:2"]
    total = sum(total for _, _, total in papers.money(papers.lines_of(town, credit["DeliveryId"])))
    assert -339.5 == total == credit["DeliveryOrderValue"]


@pytest.mark.row("W10")
async def test_both_sides_edit_rows_and_fortnox_decides(town):
    """
    Rows are one unit: webCRM's are replaced whole, and both are listed.
    """
    papers.with_documents(town, "order")
    async with town.running():
        made = papers.new_delivery(town, papers.customer(town), *TWO, OrderDate=DAY)
        await town.sync()
        key = made["DeliveryId"]
        hammer = papers.lines_of(town, key)[0]
        papers.edit_line(town, hammer["QuotationLineId"], Quantity=5, Price=747.5)
        papers.edit_delivery(town, key, OrderValue=788)
        papers.edit_order(town, OrderRows=[papers.order_row(1)])
        await sync_at_rest(town)
        ((field, _, partner, winner, state),) = await listed(town)
    assert ("rows", "fortnox", "decided") == (field, winner, state)
    assert partner.endswith("together 788.00")
    assert [("102", 1.0, 149.5)] == papers.money(papers.lines_of(town, key))


@pytest.mark.row("W12")
@pytest.mark.parametrize(("name", "typed"), [("Custom1", "99"), ("Custom2", "99"), ("Custom5", "Yes")])
async def test_what_comes_from_fortnox_only_is_put_back(town, name, typed):
    """
    A number or flag typed in webCRM never stands for Fortnox' own.
    """
    papers.with_documents(town, "order")
    async with town.running():
        made = papers.new_delivery(town, papers.customer(town), *TWO, OrderDate=DAY)
        await town.sync()
        before = papers.delivery(town, made["DeliveryId"])[f"Delivery{name}"]
        papers.edit_delivery(town, made["DeliveryId"], **{name: typed})
        await sync_at_rest(town)
    assert before == papers.delivery(town, made["DeliveryId"])[f"Delivery{name}"]


@pytest.mark.row("W9")
async def test_a_delivery_without_rows_waits_until_it_has_some(town):
    """
    Nobody wants an empty invoice.
    """
    papers.with_documents(town, "order")
    async with town.running():
        organisation = papers.customer(town)
        made = papers.new_delivery(town, organisation, OrderDate=DAY)
        await town.sync()
        assert ["REC13"] == await codes(town)
        papers.add_line(town, made["DeliveryId"], TWO[0], organisation["OrganisationId"])
        await sync_at_rest(town)
        assert [] == await codes(town)
    assert [("102", 2.0, 299.0)] == papers.money(papers.order(town)["OrderRows"])


@pytest.mark.row("W10")
async def test_taking_away_all_rows_in_webcrm_empties_nothing(town):
    """
    An empty delivery is more likely a mistake than an order of nothing.
    """
    papers.with_documents(town, "order")
    async with town.running():
        made = papers.new_delivery(town, papers.customer(town), *TWO, OrderDate=DAY)
        await town.sync()
        for each in papers.lines_of(town, made["DeliveryId"]):
            papers.drop_line(town, each["QuotationLineId"])
        papers.edit_delivery(town, made["DeliveryId"], Comment="tom")
        await town.sync()
        assert ["REC13"] == await codes(town)
    assert ROWS == papers.money(papers.order(town)["OrderRows"])


@pytest.mark.row("W12")
async def test_the_text_of_a_delivery_is_on_the_invoice_that_its_order_becomes(town):
    """
    What sales wrote reaches the customer.
    """
    papers.with_documents(town, "order")
    async with town.running():
        papers.new_delivery(town, papers.customer(town), *TWO, OrderDate=DAY, Memo="Ring före leverans")
        await town.sync()
        papers.act(town, "orders/1", "createinvoice")
        await sync_at_rest(town)
    assert "Ring före leverans" == papers.invoice(town)["Remarks"]


@pytest.mark.row("W12")
async def test_a_text_that_an_order_gets_later_is_on_its_invoice_and_can_be_taken_away_there(town):
    """
    Taken away on the invoice it stays away: the order's text is no longer the document's.
    """
    papers.with_documents(town, "order")
    async with town.running():
        made = papers.new_delivery(town, papers.customer(town), *TWO, OrderDate=DAY)
        await town.sync()
        papers.edit_delivery(town, made["DeliveryId"], Memo="Ring före leverans")
        await sync_at_rest(town)
        papers.act(town, "orders/1", "createinvoice")
        await sync_at_rest(town)
        assert "Ring före leverans" == papers.invoice(town)["Remarks"]
        papers.edit_delivery(town, made["DeliveryId"], Memo="")
        await sync_at_rest(town)
        assert [] == await codes(town)
    assert "" == papers.invoice(town)["Remarks"]
    assert not papers.delivery(town, made["DeliveryId"])["DeliveryMemo"]


@pytest.mark.row("W10")
async def test_rows_that_only_fortnox_people_may_write_do_not_block_an_edit_of_others(town):
    """
    A row on an account without an article, and two long texts, stay as they are.
    """
    papers.with_documents(town, "order")
    fee = {"Description": "Frakt", "AccountNumber": 3041, "OrderedQuantity": 1, "DeliveredQuantity": 1}
    async with town.running():
        papers.customer(town)
        await town.sync()
        texts = [{"Description": letter * 200} for letter in "ab"]
        papers.new_order(town, "1", {**fee, "Price": 50}, *texts, papers.order_row(2))
        await sync_at_rest(town)
        (delivery,) = papers.deliveries(town)
        *_, hammer = papers.lines_of(town, delivery["DeliveryId"])
        papers.edit_line(town, hammer["QuotationLineId"], Quantity=3, Price=448.5)
        await sync_at_rest(town)
        assert [] == await codes(town)
    first, *texts, last = papers.order(town)["OrderRows"]
    assert (3041, 50) == (first["AccountNumber"], first["Total"])
    assert ["a" * 200, "b" * 200] == [each["Description"] for each in texts]
    assert 448.5 == last["Total"]


@pytest.mark.row("W13")
async def test_the_due_date_keeps_its_distance_when_the_date_moves(town):
    """
    Else a customer gets fewer days to pay.
    """
    papers.with_documents(town, "invoice")
    async with town.running():
        made = papers.new_delivery(town, papers.customer(town), *TWO, OrderDate=DAY)
        await sync_at_rest(town)
        assert "2026-12-20" == papers.invoice(town)["DueDate"]
        papers.edit_delivery(town, made["DeliveryId"], OrderDate="2026-11-25T00:00:00Z")
        await sync_at_rest(town)
    assert ("2026-11-25", "2026-12-25") == tuple(
        papers.invoice(town)[name] for name in ("InvoiceDate", "DueDate")
    )


@pytest.mark.row("W10")
async def test_a_line_and_the_order_value_changed_together_are_one_edit(town):
    """
    webCRM's own screen writes both; an order value that is not the sum of the rows is put right.
    """
    papers.with_documents(town, "order")
    async with town.running():
        made = papers.new_delivery(town, papers.customer(town), *TWO, OrderDate=DAY)
        await sync_at_rest(town)
        key = made["DeliveryId"]
        hammer, _ = papers.lines_of(town, key)
        papers.edit_line(town, hammer["QuotationLineId"], Quantity=1, Price=149.5)
        papers.edit_delivery(town, key, OrderValue=190)
        await sync_at_rest(town)
        assert ([], []) == (await listed(town), await codes(town))
        assert 190 == papers.delivery(town, key)["DeliveryOrderValue"]
        assert 149.5 == papers.order(town)["OrderRows"][0]["Total"]
        for typed in (7, 0):
            papers.edit_delivery(town, key, OrderValue=typed)
            await sync_at_rest(town)
            assert 190 == papers.delivery(town, key)["DeliveryOrderValue"]
        assert [] == await codes(town)


@pytest.mark.row("W9")
async def test_an_article_that_comes_later_lets_a_retry_through(town):
    """
    What is parked says so.
    """
    papers.with_documents(town, "order")
    async with town.running():
        papers.new_delivery(town, papers.customer(town), papers.line("104", "Skruv", 1, 5), OrderDate=DAY)
        await town.sync()
        (waits,) = await town.desk.parked()
        assert "REC14" == waits["code"]
        assert waits["todo"].endswith("then retry")
        town.people.new_article(ArticleNumber="104", Description="Skruv", price=5)
        await town.desk.retry(waits["id"])
        await sync_at_rest(town)
        assert [] == await codes(town)
    assert [("104", 1.0, 5.0)] == papers.money(papers.order(town)["OrderRows"])


@pytest.mark.row("W10")
@pytest.mark.parametrize("spoiled", [{"fault": "status", "status": 429}, {"fault": "lost_before"}])
async def test_what_still_goes_is_sent_again_although_the_rows_wait(town, spoiled):
    """
    A text and a row of an invoiced order are edited together and the text's request fails once.
    """
    papers.with_documents(town, "order")
    async with town.running():
        made = papers.new_delivery(town, papers.customer(town), *TWO, OrderDate=DAY)
        await town.sync()
        papers.act(town, "orders/1", "createinvoice")
        await sync_at_rest(town)
        key = made["DeliveryId"]
        papers.edit_delivery(town, key, Memo="Till fakturan")
        papers.edit_line(town, papers.lines_of(town, key)[0]["QuotationLineId"], Quantity=1, Price=149.5)
        fault = Fault(system="fortnox", method="PUT", path="/3/invoices/*", **spoiled)
        town.world.faults.add(fault)
        for _ in range(4):
            with suppress(RemoteError):
                await town.sync()
            town.wait(minutes=20)
        assert ["REC24"] == await codes(town)
    assert "Till fakturan" == papers.invoice(town)["Remarks"]
