"""
Orders and invoices that people make in Fortnox, and the deliveries they become (row W11).
"""

from __future__ import annotations

import pytest

from daemon.sandbox.faults import Fault
from tests.rows import papers
from tests.rows.acts import OLD, codes, picked, sync_at_rest

pytestmark = pytest.mark.row("W11")


@pytest.fixture
def shop(town):
    """Documents switched on, one customer and one article in Fortnox."""
    papers.with_documents(town, "order")
    town.people.new_article(ArticleNumber="102", Description="Hammare", price=149.5)
    town.people.new_customer(Name="Alfa AB")
    return town


async def test_an_invoice_made_in_fortnox_becomes_a_finished_delivery(shop):
    """
    Described as "faktura", status Avslutad, with number, date, flag, text and rows.
    """
    async with shop.running():
        papers.new_invoice(
            shop, "1", papers.invoice_row(2), {"Description": "Tack"}, InvoiceDate="2026-11-20", Remarks="Hej"
        )
        await sync_at_rest(shop)
    (made,) = papers.deliveries(shop)
    expected = {
        "Description": "faktura",
        "Status": "Completed",
        "ErpId": "invoice:1",
        "Custom1": None,
        "Custom2": "1",
        "Custom5": "No",
        "Memo": "Hej",
        "OrderValue": 299.0,
        "OrganisationId": shop.people.organisation("Alfa AB")["OrganisationId"],
    }
    assert expected == picked(made, expected, "Delivery")
    assert made["DeliveryOrderDate"].startswith("2026-11-20T00:00:00")
    lines = papers.lines_of(shop, made["DeliveryId"])
    assert [("102", 2.0, 299.0)] == papers.money(lines)
    assert ["Hammare", "Tack"] == [each["QuotationLineMemo"] for each in lines]
    assert 1 == len(papers.invoices(shop))


async def test_an_order_made_in_fortnox_becomes_a_delivery_and_its_invoice_finishes_it(shop):
    """
    One delivery for both: when the order is invoiced it becomes that invoice's, and Avslutad.
    """
    async with shop.running():
        papers.new_order(shop, "1", papers.order_row(2), OrderDate="2026-11-20", DeliveryDate="2026-12-01")
        await sync_at_rest(shop)
        (made,) = papers.deliveries(shop)
        expected = {
            "Description": "faktura",
            "Status": "New",
            "ErpId": "order:1",
            "Custom1": "1",
            "Custom4": "2026-12-01",
        }
        assert expected == picked(made, expected, "Delivery")
        papers.act(shop, "orders/1", "createinvoice")
        await sync_at_rest(shop)
    (made,) = papers.deliveries(shop)
    expected = {"Status": "Completed", "ErpId": "invoice:1", "Custom1": "1", "Custom2": "1"}
    assert expected == picked(made, expected, "Delivery")


async def test_an_order_invoiced_before_it_was_seen_becomes_one_delivery(shop):
    """
    The order and the invoice made from it are one document.
    """
    async with shop.running():
        papers.new_order(shop, "1", papers.order_row(2))
        papers.act(shop, "orders/1", "createinvoice")
        await sync_at_rest(shop)
    (made,) = papers.deliveries(shop)
    assert ("1", "1", "invoice:1") == (
        made["DeliveryCustom1"],
        made["DeliveryCustom2"],
        made["DeliveryErpId"],
    )


async def test_changes_go_on_both_ways(shop):
    """
    Like any other document, until it is booked.
    """
    async with shop.running():
        papers.new_order(shop, "1", papers.order_row(2))
        await sync_at_rest(shop)
        (made,) = papers.deliveries(shop)
        key = made["DeliveryId"]
        hammer = papers.lines_of(shop, key)[0]
        papers.edit_line(shop, hammer["QuotationLineId"], Quantity=4, Price=598)
        papers.edit_delivery(shop, key, Memo="Fyra i stället")
        await sync_at_rest(shop)
        assert "Fyra i stället" == papers.order(shop)["Remarks"]
        papers.edit_order(shop, OrderRows=[papers.order_row(5)])
        await sync_at_rest(shop)
    assert [("102", 5.0, 747.5)] == papers.money(papers.lines_of(shop, key))


async def test_the_customer_of_a_new_document_is_brought_over_with_it(shop):
    """
    Also one that is too old to cross by itself: the document cannot be without it.
    """
    shop.wait(minutes=OLD)
    shop.configure('start = "2000-01-01"', "")
    async with shop.running():
        await sync_at_rest(shop)
        assert [] == shop.people.organisations()
        shop.wait(minutes=OLD)
        papers.new_invoice(shop, "1", papers.invoice_row(1))
        await sync_at_rest(shop)
        assert [] == await codes(shop)
    assert ["Alfa AB"] == [each["OrganisationName"] for each in shop.people.organisations()]
    assert 1 == len(papers.deliveries(shop))


async def test_documents_from_before_the_start_stay_where_they_are(shop):
    """
    The first pass floods nothing; one that is changed later crosses.
    """
    papers.new_invoice(shop, "1", papers.invoice_row(1))
    papers.new_invoice(shop, "1", papers.invoice_row(2))
    shop.wait(minutes=OLD)
    shop.configure('start = "2000-01-01"', "")
    async with shop.running():
        await sync_at_rest(shop)
        assert [] == papers.deliveries(shop)
        shop.wait(minutes=OLD)
        papers.edit_invoice(shop, "2", Remarks="Påminnelse")
        await sync_at_rest(shop)
    assert ["2"] == [each["DeliveryCustom2"] for each in papers.deliveries(shop)]


async def test_a_cancelled_document_becomes_no_delivery(shop):
    """
    It was called off before anybody saw it.
    """
    async with shop.running():
        papers.new_order(shop, "1", papers.order_row(1))
        papers.act(shop, "orders/1", "cancel")
        await sync_at_rest(shop)
    assert [] == papers.deliveries(shop)


async def test_an_order_delivered_in_part_shows_what_is_delivered(shop):
    """
    What Fortnox will invoice is what webCRM shows; what stays of the order comes as an order of its own.
    """
    async with shop.running():
        papers.new_order(shop, "1", papers.order_row(10, DeliveredQuantity=4))
        await sync_at_rest(shop)
    (made,) = papers.deliveries(shop)
    assert [("102", 4.0, 598.0)] == papers.money(papers.lines_of(shop, made["DeliveryId"]))
    assert 598.0 == made["DeliveryOrderValue"]


async def test_an_edit_in_webcrm_leaves_the_ordered_quantity_of_a_part_delivery(shop):
    """
    Only what is delivered is webCRM's to say.
    """
    async with shop.running():
        papers.new_order(shop, "1", papers.order_row(10, DeliveredQuantity=4), papers.order_row(1))
        await sync_at_rest(shop)
        (made,) = papers.deliveries(shop)
        first, second = papers.lines_of(shop, made["DeliveryId"])
        papers.edit_line(shop, first["QuotationLineId"], Quantity=5, Price=747.5)
        papers.edit_line(shop, second["QuotationLineId"], Quantity=2, Price=299)
        await sync_at_rest(shop)
    quantities = [
        (float(r["OrderedQuantity"]), float(r["DeliveredQuantity"])) for r in papers.order(shop)["OrderRows"]
    ]
    assert [(10.0, 5.0), (2.0, 2.0)] == quantities


async def test_a_lost_memory_makes_nothing_twice(shop, tmp_path):
    """
    Documents of both births are recognised: by our reference, and by the key that their delivery bears.
    """
    async with shop.running():
        organisation = papers.customer(shop, "Beta AB")
        papers.new_delivery(
            shop, organisation, papers.line("102", "Hammare", 1, 10), OrderDate="2026-11-20T00:00:00Z"
        )
        papers.new_order(shop, "1", papers.order_row(1))
        papers.new_invoice(shop, "1", papers.invoice_row(1))
        await sync_at_rest(shop)
    papers.act(shop, "orders/1", "createinvoice")
    (tmp_path / "state").rename(tmp_path / "lost")
    before = len(papers.orders(shop)), len(papers.invoices(shop)), len(papers.deliveries(shop))
    async with shop.running():
        shop.wait(minutes=1)
        await sync_at_rest(shop)
        assert [] == await codes(shop)
    assert before == (len(papers.orders(shop)), len(papers.invoices(shop)), len(papers.deliveries(shop)))


@pytest.mark.row("W12")
async def test_the_text_of_an_order_outlives_its_invoicing(shop):
    """
    Fortnox copies it only where a box is ticked; webCRM keeps it, and a text of the invoice wins.
    """
    async with shop.running():
        papers.new_order(shop, "1", papers.order_row(1), Remarks="Porten är öppen")
        await sync_at_rest(shop)
        papers.act(shop, "orders/1", "createinvoice")
        await sync_at_rest(shop)
        assert not papers.invoice(shop)["Remarks"]
        assert "Porten är öppen" == papers.deliveries(shop)[0]["DeliveryMemo"]
        papers.edit_invoice(shop, "1", Remarks="Tack för köpet")
        await sync_at_rest(shop)
    assert "Tack för köpet" == papers.deliveries(shop)[0]["DeliveryMemo"]


async def test_import_brings_over_older_documents_with_their_customers(shop):
    """
    Asked for, every order and invoice that is not cancelled becomes a delivery, once.
    """
    papers.new_order(shop, "1", papers.order_row(1))
    papers.new_order(shop, "1", papers.order_row(2))
    papers.new_invoice(shop, "1", papers.invoice_row(3))
    papers.act(shop, "orders/1", "createinvoice")
    papers.act(shop, "orders/2", "cancel")
    shop.wait(minutes=OLD)
    shop.configure('start = "2000-01-01"', "")
    async with shop.running():
        report = await shop.sync(imports="documents")
        assert "ok" == report.outcome
        await sync_at_rest(shop)
        assert [] == await codes(shop)
        since = shop.world.log.last_seq
        await shop.sync(imports="documents")
        assert [] == shop.writes(since)
    assert ["invoice:1", "invoice:2"] == sorted(each["DeliveryErpId"] for each in papers.deliveries(shop))
    assert 1 == len(shop.people.organisations())


async def test_an_old_order_that_is_invoiced_after_the_start_becomes_a_delivery(shop):
    """
    The invoice is what changed, and the order's document is what it belongs to.
    """
    papers.new_order(shop, "1", papers.order_row(1))
    shop.wait(minutes=OLD)
    shop.configure('start = "2000-01-01"', "")
    async with shop.running():
        await sync_at_rest(shop)
        shop.wait(minutes=OLD)
        papers.act(shop, "orders/1", "createinvoice")
        shop.wait(minutes=OLD)
        papers.edit_invoice(shop, "1", Remarks="Hej")
        await sync_at_rest(shop)
    assert ["invoice:1"] == [each["DeliveryErpId"] for each in papers.deliveries(shop)]


async def test_an_invoice_whose_order_was_seen_long_ago_crosses_when_it_is_booked(shop):
    """
    Nothing about the order itself has changed.
    """
    papers.new_order(shop, "1", papers.order_row(1))
    papers.act(shop, "orders/1", "createinvoice")
    shop.wait(minutes=OLD)
    shop.configure('start = "2000-01-01"', "")
    async with shop.running():
        await sync_at_rest(shop)
        shop.wait(minutes=OLD)
        papers.act(shop, "invoices/1", "bookkeep")
        await sync_at_rest(shop)
    assert ["Yes"] == [each["DeliveryCustom5"] for each in papers.deliveries(shop)]


async def test_a_copy_of_our_invoice_is_an_invoice_of_its_own_once_our_reference_is_off_it(shop):
    """
    Until then it waits under INT03: nobody can tell it from one that a network made.
    """
    shop.configure('documents = "order"', 'documents = "invoice"')
    async with shop.running():
        await shop.sync()
        organisation = shop.people.organisation("Alfa AB")
        made = papers.new_delivery(
            shop, organisation, papers.line("102", "Hammare", 1, 10), OrderDate="2026-11-20T00:00:00Z"
        )
        await sync_at_rest(shop)
        mark = papers.invoice(shop)["ExternalInvoiceReference1"]
        papers.new_invoice(shop, "1", papers.invoice_row(1), ExternalInvoiceReference1=mark)
        await sync_at_rest(shop)
        assert (["INT03"], 1) == (await codes(shop), len(papers.deliveries(shop)))
        papers.edit_invoice(shop, "2", ExternalInvoiceReference1="API_BLANK")
        await sync_at_rest(shop)
        assert [] == await codes(shop)
    first, copy = sorted(papers.deliveries(shop), key=lambda each: each["DeliveryErpId"])
    assert (made["DeliveryId"], "invoice:1", "New") == (
        first["DeliveryId"],
        first["DeliveryErpId"],
        first["DeliveryStatus"],
    )
    assert ("invoice:2", "Completed") == (copy["DeliveryErpId"], copy["DeliveryStatus"])


async def test_an_edit_of_the_text_does_not_wait_for_rows(shop):
    """
    What is wrong with the rows holds the rows.
    """
    async with shop.running():
        papers.new_order(shop, "1", Remarks="Hej")
        await sync_at_rest(shop)
        (made,) = papers.deliveries(shop)
        papers.edit_delivery(shop, made["DeliveryId"], Memo="Hej då")
        await sync_at_rest(shop)
        assert [] == await codes(shop)
    assert "Hej då" == papers.order(shop)["Remarks"]


async def test_rows_half_written_in_webcrm_are_never_taken_for_an_edit(shop):
    """
    A new line was refused after another was changed; what a person takes back in Fortnox stays taken back.
    """
    async with shop.running():
        papers.new_order(shop, "1", papers.order_row(2), papers.order_row(1, Description="Liten"))
        await sync_at_rest(shop)
        fault = Fault(
            system="webcrm", method="POST", path="/QuotationLines", count=None, fault="status", status=400
        )
        shop.world.faults.add(fault)
        hammer, small = papers.order(shop)["OrderRows"]
        more = {"OrderedQuantity": "50", "DeliveredQuantity": "50"}
        papers.edit_order(
            shop,
            OrderRows=[{"RowId": hammer["RowId"], **more}, {"RowId": small["RowId"]}, papers.order_row(1)],
        )
        await shop.sync()
        assert ["REC99"] == await codes(shop)
        hammer, small, _ = papers.order(shop)["OrderRows"]
        less = {"OrderedQuantity": "2", "DeliveredQuantity": "2"}
        papers.edit_order(shop, OrderRows=[{"RowId": hammer["RowId"], **less}, {"RowId": small["RowId"]}])
        shop.world.faults.clear()
        await sync_at_rest(shop)
        assert [] == await codes(shop)
    (made,) = papers.deliveries(shop)
    expected = [("102", 2.0, 299.0), ("102", 1.0, 149.5)]
    assert expected == papers.money(papers.order(shop)["OrderRows"])
    assert expected == papers.money(papers.lines_of(shop, made["DeliveryId"]))
