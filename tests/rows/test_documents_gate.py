"""
Documents cross only for organisations with a chosen Type (row W14).
"""

from __future__ import annotations

import pytest

from tests.rows import papers
from tests.rows.acts import codes, listed, sync_at_rest

pytestmark = pytest.mark.row("W14")
DAY = "2026-11-20T00:00:00Z"
HAMMER = papers.line("102", "Hammare", 2, 149.5)


@pytest.fixture
def shop(town):
    """Documents switched on, one article in Fortnox."""
    papers.with_documents(town, "order")
    town.people.new_article(ArticleNumber="102", Description="Hammare", price=149.5)
    return town


async def test_the_delivery_of_a_prospect_waits_for_its_type(shop):
    """
    Nothing is made and nothing is listed; once the type is chosen, customer and document cross together.
    """
    async with shop.running():
        organisation = papers.customer(shop, Type="Prospekt")
        papers.new_delivery(shop, organisation, HAMMER, OrderDate=DAY)
        await sync_at_rest(shop)
        assert [] == papers.orders(shop)
        assert [] == await codes(shop)
        shop.people.edit_organisation(organisation, Type="Kund – Företag")
        await sync_at_rest(shop)
    assert ["1"] == [each["CustomerNumber"] for each in papers.orders(shop)]


async def test_documents_rest_while_their_organisation_does(shop):
    """
    The type taken away: nothing leaves webCRM, edits in Fortnox still arrive; given back, all goes on.
    """
    async with shop.running():
        organisation = papers.customer(shop)
        made = papers.new_delivery(shop, organisation, HAMMER, OrderDate=DAY)
        await sync_at_rest(shop)
        key = made["DeliveryId"]
        shop.people.edit_organisation(organisation, Type="Prospekt")
        papers.edit_delivery(shop, key, Custom4="2026-12-24")
        papers.edit_order(shop, Remarks="Från Fortnox")
        await sync_at_rest(shop)
        assert "Från Fortnox" == papers.delivery(shop, key)["DeliveryMemo"]
        assert papers.order(shop)["DeliveryDate"] is None
        shop.people.edit_organisation(organisation, Type="Kund – Privat")
        await sync_at_rest(shop)
    assert "2026-12-24" == papers.order(shop)["DeliveryDate"]


async def test_a_fortnox_document_of_a_resting_organisation_becomes_no_delivery(shop):
    """
    Until the type is back.
    """
    async with shop.running():
        organisation = papers.customer(shop)
        await sync_at_rest(shop)
        shop.people.edit_organisation(organisation, Type="Prospekt")
        await sync_at_rest(shop)
        papers.new_order(shop, "1", papers.order_row(1))
        await sync_at_rest(shop)
        assert [] == papers.deliveries(shop)
        shop.people.edit_organisation(organisation, Type="Kund – Företag")
        await sync_at_rest(shop)
    assert 1 == len(papers.deliveries(shop))


async def test_a_document_waits_for_a_customer_that_cannot_cross(shop):
    """
    It is listed with its reason, and follows by itself when the customer is mended.
    """
    async with shop.running():
        organisation = papers.customer(shop, "💥")
        papers.new_delivery(shop, organisation, HAMMER, OrderDate=DAY)
        await shop.sync()
        assert ["REC03", "REC08"] == sorted(await codes(shop))
        shop.people.edit_organisation(organisation, Name="Alfa AB")
        await sync_at_rest(shop)
        assert [] == await codes(shop)
    assert 1 == len(papers.orders(shop))


async def test_a_delivery_moved_to_another_organisation_is_listed_and_not_moved_in_fortnox(shop):
    """
    Whose document it is was settled when it was made.
    """
    async with shop.running():
        organisation, other = papers.customer(shop), papers.customer(shop, "Beta AB")
        made = papers.new_delivery(shop, organisation, HAMMER, OrderDate=DAY)
        await sync_at_rest(shop)
        key = made["DeliveryId"]
        body = {"NewOrganisationId": other["OrganisationId"]}
        shop.people.webcrm("POST", f"/Deliveries/{key}/Move", body)
        await sync_at_rest(shop)
        ((field, _, _, _, state),) = await listed(shop)
    assert ("customer", "standing") == (field, state)
    assert papers.order(shop)["CustomerNumber"] == "1"
