"""
Customers of the till and of Fortnox, with either one as the master (rows K4 and K5).
"""

from __future__ import annotations

import pytest

from tests.rows import papers
from tests.rows.acts import codes, listed, sync_at_rest
from tests.rows.desk import ACME, Desk

TILL, FORTNOX = pytest.mark.row("K4"), pytest.mark.row("K5")
IN_FORTNOX = {
    "Name": "Acme AB",
    "OrganisationNumber": "556016-0680",
    "Address1": "Storgatan 1",
    "ZipCode": "90326",
    "City": "Umeå",
    "CountryCode": "SE",
    "Phone1": "090-1",
    "Email": "a@acme.se",
}
THEIRS = dict(zip(IN_FORTNOX, ACME, strict=True))


@pytest.fixture
def till(tmp_path):
    """The till decides, nothing is imported."""
    return Desk(tmp_path, "till")


@pytest.fixture
def office(tmp_path):
    """Fortnox decides."""
    return Desk(tmp_path, "fortnox", "customers")


MASTERS = {"till": ("till", ()), "fortnox": ("fortnox", ("customers",))}


def as_in_till(customer):
    return {THEIRS[name]: customer[name] for name in IN_FORTNOX}


# ------------------------------------------------------------------ the first invoice


@TILL
@FORTNOX
@pytest.mark.parametrize(("master", "boxes"), MASTERS.values(), ids=MASTERS)
async def test_a_customer_of_the_till_crosses_with_the_first_invoice(tmp_path, master, boxes):
    """
    Not before; then in the same pass, before the order; the number that Fortnox gives is written to the till.
    """
    shop = Desk(tmp_path, master, *boxes)
    async with shop.running():
        buyer = shop.newcomer()
        await sync_at_rest(shop)
        assert [] == shop.people.customers()
        shop.sell(buyer)
        await shop.sync()
        assert ACME == as_in_till(shop.people.customer("1"))
        assert "1" == papers.order(shop)["CustomerNumber"] == shop.buyers()["Acme AB"]["CustomerNumber"]
        assert "COMPANY" == shop.people.customer("1")["Type"]
        shop.sell(buyer)
        assert "ok" == (await sync_at_rest(shop)).outcome
    assert (1, 2) == (len(shop.people.customers()), len(papers.orders(shop)))


@TILL
@FORTNOX
@pytest.mark.parametrize(
    ("master", "boxes", "number"),
    [("till", (), "K77"), ("fortnox", ("customers",), "1")],
    ids=["the till's number is taken", "Fortnox gives another"],
)
async def test_a_number_that_was_typed_at_the_till(tmp_path, master, boxes, number):
    """
    The master's word on it; both sides show the same in the end.
    """
    shop = Desk(tmp_path, master, *boxes)
    async with shop.running():
        await shop.met(CustomerNumber="K77")
        assert number == shop.buyers()["Acme AB"]["CustomerNumber"]
        assert [number] == [each["CustomerNumber"] for each in shop.people.customers()]


@TILL
async def test_an_older_customer_crosses_with_an_invoice_too(tmp_path):
    """
    Whether it was made before the start or after.
    """
    shop = Desk(tmp_path, "till")
    buyer = shop.newcomer(IsPrivatePerson=True, OrganizationNumber=None)
    shop.wait(days=30)
    shop.set(start="2026-12-20")
    async with shop.running():
        await shop.sync()
        shop.sell(buyer)
        assert "ok" == (await sync_at_rest(shop)).outcome
    assert "PRIVATE" == shop.people.customer("1")["Type"]


TWINS = {
    "by number": ({"CustomerNumber": "9", "OrganizationNumber": None}, {"CustomerNumber": "9"}),
    "by organisation number": ({}, {"CustomerNumber": "9", "OrganisationNumber": "556016-0680"}),
}


@TILL
@FORTNOX
@pytest.mark.parametrize(("master", "boxes"), MASTERS.values(), ids=MASTERS)
@pytest.mark.parametrize(("there", "here"), TWINS.values(), ids=TWINS)
async def test_a_customer_that_both_have_is_one(tmp_path, master, boxes, there, here):
    """
    It is linked, and its orders go to it; the till learns the number.
    """
    shop = Desk(tmp_path, master, *boxes)
    shop.people.new_customer(Name="Acme AB", **here)
    async with shop.running():
        await shop.met(**there)
        assert ["9"] == [each["CustomerNumber"] for each in shop.people.customers()]
        assert "9" == papers.order(shop)["CustomerNumber"] == shop.buyers()["Acme AB"]["CustomerNumber"]


@TILL
@FORTNOX
@pytest.mark.parametrize(("master", "boxes"), MASTERS.values(), ids=MASTERS)
async def test_a_twin_that_cannot_be_told_waits(tmp_path, master, boxes):
    """
    Two in Fortnox have the organisation number: a person says which one; the sale waits, then follows.
    """
    shop = Desk(tmp_path, master, *boxes)
    for number in ("8", "9"):
        shop.people.new_customer(CustomerNumber=number, Name="Acme", OrganisationNumber="556016-0680")
    async with shop.running():
        buyer = shop.newcomer()
        shop.sell(buyer)
        await sync_at_rest(shop)
        assert {"REC03", "REC07"} == set(await codes(shop))
        assert [] == papers.orders(shop)
        shop.till("edit_customer", id=buyer, fields={"CustomerNumber": "9"})
        await shop.sync()
        await shop.sync()
        assert "9" == papers.order(shop)["CustomerNumber"]


# ------------------------------------------------------------------ edits

EDITS = {
    "name": ({"Name": "Acme Nord AB"}, {"Name": "Acme Nord AB"}),
    "organisation number": ({"OrganizationNumber": "556036-0793"}, {"OrganisationNumber": "556036-0793"}),
    "a part of the address": ({"Address1": "Kungsgatan 2"}, {"Address1": "Kungsgatan 2"}),
    "town": ({"ZipCode": "11122", "City": "Stockholm"}, {"ZipCode": "11122", "City": "Stockholm"}),
    "telephone": ({"Phone": "08-2"}, {"Phone1": "08-2"}),
    "mail": ({"Email": "b@acme.se"}, {"Email": "b@acme.se"}),
    "mail cleared": ({"Email": ""}, {"Email": "API_BLANK"}),
}


def shows(record, fields):
    return {name: record[name] or "" for name in fields}


@TILL
@pytest.mark.parametrize(("at_till", "in_fortnox"), EDITS.values(), ids=EDITS)
async def test_what_the_till_changes_follows_where_it_decides(till, at_till, in_fortnox):
    """
    And comes to Fortnox as it stands there.
    """
    async with till.running():
        buyer = await till.met()
        till.wait(hours=1)
        till.till("edit_customer", id=buyer, fields=at_till)
        assert "ok" == (await sync_at_rest(till)).outcome
    wanted = {name: "" if value == "API_BLANK" else value for name, value in in_fortnox.items()}
    assert wanted == shows(till.people.customer("1"), in_fortnox)


@TILL
async def test_what_fortnox_changes_stays_there_where_the_till_decides(till):
    """
    It is listed with both values, and yields to the till's next change.
    """
    async with till.running():
        buyer = await till.met()
        till.people.edit_customer("1", Phone1="070-9")
        await sync_at_rest(till)
        assert "090-1" == till.buyers()["Acme AB"]["Phone"]
        assert ("phone", "070-9", "090-1", None, "standing") in await listed(till)
        till.wait(hours=1)
        till.till("edit_customer", id=buyer, fields={"Phone": "08-3"})
        await sync_at_rest(till)
    assert "08-3" == till.people.customer("1")["Phone1"]


@FORTNOX
@pytest.mark.parametrize(("at_till", "in_fortnox"), EDITS.values(), ids=EDITS)
async def test_what_fortnox_changes_follows_where_it_decides(office, at_till, in_fortnox):
    """
    Whether the customer was made there or at the till.
    """
    async with office.running():
        buyer = await office.met()
        office.people.edit_customer("1", **in_fortnox)
        assert "ok" == (await sync_at_rest(office)).outcome
    found = {each["Id"]: each for each in office.buyers().values()}[buyer]
    assert at_till == shows(found, at_till)


@FORTNOX
async def test_what_the_till_changes_stays_there_where_fortnox_decides(office):
    """
    It is listed, and yields to Fortnox' next change; a number that was changed at the till is put back.
    """
    async with office.running():
        buyer = await office.met()
        office.wait(hours=1)
        office.till("edit_customer", id=buyer, fields={"Phone": "08-3", "CustomerNumber": "55"})
        await sync_at_rest(office)
        assert ("090-1", "1") == (
            office.people.customer("1")["Phone1"],
            office.people.customer("1")["CustomerNumber"],
        )
        assert ("phone", "090-1", "08-3", None, "standing") in await listed(office)
        assert ("08-3", "1") == tuple(
            office.buyers()["Acme AB"][name] for name in ("Phone", "CustomerNumber")
        )
        office.people.edit_customer("1", Phone1="070-9")
        await sync_at_rest(office)
    assert "070-9" == office.buyers()["Acme AB"]["Phone"]


# ------------------------------------------------------------------ Fortnox' register in the till


@FORTNOX
@TILL
@pytest.mark.parametrize("master", ["till", "fortnox"])
async def test_the_register_of_fortnox_in_the_till(tmp_path, master):
    """
    What is new in Fortnox comes by itself, what is older with `import`; who is not active stays away.
    """
    shop = Desk(tmp_path, master, "customers")
    shop.people.new_customer(**IN_FORTNOX)
    shop.people.new_customer(Name="Vilande AB", Active=False)
    shop.wait(days=30)
    shop.set(start="2026-12-20")
    async with shop.running():
        await sync_at_rest(shop)
        assert {} == shop.buyers()
        shop.people.new_customer(Name="Ny AB")
        await sync_at_rest(shop)
        assert ["Ny AB"] == list(shop.buyers())
        await shop.sync(imports="customer")
        await sync_at_rest(shop)
        assert {"Ny AB", "Acme AB"} == shop.buyers().keys()
    found = shop.buyers()["Acme AB"]
    assert {**ACME, "CustomerNumber": "1"} == {name: found[name] for name in (*ACME, "CustomerNumber")}


@TILL
async def test_without_the_box_the_register_stays_in_fortnox(till):
    """
    Only what the till has is kept in step.
    """
    async with till.running():
        till.people.new_customer(Name="Ny AB")
        await sync_at_rest(till)
    assert {} == till.buyers()
