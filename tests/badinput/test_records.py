"""
Odd values in one record: that record waits with its reason or is read by rule, and its neighbours go on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from daemon.errors import Unusable
from tests.badinput.spoiled import SpoiledTown
from tests.rows.acts import codes, sync_at_rest

pytestmark = pytest.mark.row("D10")

GONE = object()  # the field is not in the record at all

VALUES = [
    ("a number", 5),
    ("a decimal", 1.25),
    ("a flag", True),
    ("an object", {"a": [1]}),
    ("a list", ["a"]),
    ("null", None),
    ("nothing at all", GONE),
    ("blanks", " \t "),
    ("ten thousand characters", "x" * 10_000),
    ("only characters that are refused", "<>[]{}|~"),
    ("an emoji", "\N{GRINNING FACE}"),
    ("half an emoji", "Alfa \ud83d"),
    ("a NUL", "a\0b"),
    ("a command to Fortnox", "API_BLANK"),
    ("what a user may not see", "API_NORIGHT"),
    ("lines", "a\r\nb\u2028c"),
    ("not a number", "NaN"),
    ("a number beyond all", "1E+999999"),
    ("a date before all", "0001-01-01T00:00:00"),
]

Change = Callable[[dict[str, Any], str], None]


def oddly(value: Any) -> Change:
    """Puts `value` into a field of a record, or takes the field out."""

    def change(record: dict[str, Any], field: str) -> None:
        if value is GONE:
            record.pop(field, None)
        else:
            record[field] = value

    return change


async def goes_on(town: SpoiledTown) -> set[str]:
    """A sync that ends well, or with something parked or looked for; the codes of what is parked."""
    report = await town.sync()
    assert report.outcome in ("ok", "parked", "conflict", "unknown")
    return set(await codes(town))


async def mended(town: SpoiledTown) -> None:
    """The vendor shows sound records again, and the daily reading finds them."""
    town.spoils.clear()
    town.wait(hours=25)
    for each in await town.desk.parked():
        await town.desk.retry(each["id"])
    await town.sync()
    await sync_at_rest(town)
    assert [] == await codes(town)


ORGANISATION = [
    *("Name", "Type", "ExtraCustom1", "ExtraCustom2", "ExtraCustom4", "ExtraCustom5", "VatNumber", "XMemo1"),
    *("Telephone", "Www", "Fax", "Address", "PostCode", "City", "Country", "UpdatedAt", "CreatedAt"),
]


@pytest.mark.parametrize("value", [row[1] for row in VALUES], ids=[row[0] for row in VALUES])
async def test_an_odd_value_in_any_field_of_an_organisation(town, value):
    """One organisation for each field; the sound one among them crosses in the same pass."""
    change = oddly(value)
    odd = {f"Udda {number} AB": f"Organisation{field}" for number, field in enumerate(ORGANISATION)}
    for name in (*odd, "Sund AB"):
        town.people.new_organisation(name)

    def altered(organisations):
        for each in organisations:
            if field := odd.get(each.get("OrganisationName")):
                change(each, field)
        return organisations

    town.alters("GET", "/Queries", altered)
    async with town.running():
        parked = await goes_on(town)
        assert parked <= {"REC07", "REC08", "REC09", "REC10", "REC18", "REC20", "REC99"}
        assert 1 == [each["Name"] for each in town.people.customers()].count("Sund AB")
        await mended(town)
    assert sorted((*odd, "Sund AB")) == sorted(each["Name"] for each in town.people.customers())
    assert sorted((*odd, "Sund AB")) == sorted(
        each["OrganisationName"] for each in town.people.organisations()
    )


CUSTOMER = [
    *("Name", "Type", "OrganisationNumber", "VATNumber", "Address1", "Address2", "ZipCode", "City"),
    *("CountryCode", "Phone1", "WWW", "Fax", "VisitingAddress", "VisitingZipCode", "VisitingCity"),
    *("VisitingCountryCode", "TermsOfPayment", "Currency", "Email", "Active", "ExternalReference"),
]


@pytest.mark.parametrize("value", [row[1] for row in VALUES], ids=[row[0] for row in VALUES])
async def test_an_odd_value_in_any_field_of_a_customer(town, value):
    """One customer for each field; the sound one among them crosses in the same pass."""
    change = oddly(value)
    odd = {f"Udda {number} AB": field for number, field in enumerate(CUSTOMER)}
    for name in (*odd, "Sund AB"):
        town.people.new_customer(Name=name)

    def altered(answer):
        for each in answer.get("Customers", [answer.get("Customer", {})]):
            if field := odd.get(each.get("Name")):
                change(each, field)
        return answer

    town.alters("GET", "/3/customers*", altered)
    async with town.running():
        parked = await goes_on(town)
        assert parked <= {"REC02", "REC07", "REC08", "REC09", "REC10", "REC18"}
        assert 1 == [each["OrganisationName"] for each in town.people.organisations()].count("Sund AB")
        await mended(town)
    assert sorted((*odd, "Sund AB")) == sorted(
        each["OrganisationName"] for each in town.people.organisations()
    )
    assert len(odd) + 1 == len(town.people.customers())


ARTICLE = ["Description", "PurchasePrice", "SalesPrice"]


@pytest.mark.parametrize("value", [row[1] for row in VALUES], ids=[row[0] for row in VALUES])
async def test_an_odd_value_in_any_field_of_an_article(town, value):
    """The sound article crosses in the same pass, the odd ones at the latest when they are mended."""
    change = oddly(value)
    odd = {f"UDDA{number}": field for number, field in enumerate(ARTICLE)}
    for number in (*odd, "SUND"):
        town.people.new_article(ArticleNumber=number, Description=f"Skruv {number}", price=10.5)

    def altered(answer):
        for each in answer.get("Articles", [answer.get("Article", {})]):
            if field := odd.get(each.get("ArticleNumber")):
                change(each, field)
        return answer

    town.alters("GET", "/3/articles*", altered)
    async with town.running():
        assert await goes_on(town) <= {"REC08", "REC09", "REC10", "REC99"}
        assert "Skruv SUND" == town.people.item("SUND")["QuotationLineLinkedDataItemData2"]
        await mended(town)
    for number in odd:
        item = town.people.item(number)
        shown = (item["QuotationLineLinkedDataItemData2"], item["QuotationLineLinkedDataItemPrice"])
        assert (f"Skruv {number}", 10.5) == shown


ITEM = ["Data1", "Data2", "CostPrice", "Price", "EntityType"]


@pytest.mark.parametrize("value", [row[1] for row in VALUES], ids=[row[0] for row in VALUES])
async def test_an_odd_value_in_any_field_of_a_catalogue_item(town, value):
    """Neither a second item nor a lost one; the articles beside them go on."""
    change = oddly(value)
    odd = {f"UDDA{number}": f"QuotationLineLinkedDataItem{field}" for number, field in enumerate(ITEM)}
    for number in odd:
        town.people.new_article(ArticleNumber=number, Description="Skruv", price=10.5)
    async with town.running():
        await town.sync()
        town.people.new_article(ArticleNumber="SUND", Description="Mutter", price=1.5)

        def altered(items):
            for each in items:
                if field := odd.get(each["QuotationLineLinkedDataItemData1"]):
                    change(each, field)
            return items

        town.alters("GET", "/QuotationLines/LinkedData", altered)
        town.wait(minutes=30)
        await goes_on(town)
        assert "Mutter" == town.people.item("SUND")["QuotationLineLinkedDataItemData2"]
        await mended(town)
    assert sorted((*odd, "SUND")) == sorted(
        each["QuotationLineLinkedDataItemData1"] for each in town.people.catalogue()
    )


NAMELESS = [
    # which list           where its rows are                       what each is known by
    ("/3/customers", lambda answer: answer["Customers"], "CustomerNumber"),
    ("/3/articles", lambda answer: answer["Articles"], "ArticleNumber"),
    ("/Queries", lambda answer: answer, "OrganisationId"),
]


@pytest.mark.parametrize(
    "value", [GONE, None, "", [], {}, True], ids=["gone", "null", "empty", "a list", "an object", "a flag"]
)
@pytest.mark.parametrize(("path", "rows", "key"), NAMELESS, ids=[row[0] for row in NAMELESS])
async def test_a_record_without_a_stable_id_stops_the_reading_by_name(town, path, rows, key, value):
    """What cannot be known again cannot be parked: JSN09 says where, and nothing is written twice."""
    town.people.new_customer(Name="Alfa AB")
    town.people.new_article(ArticleNumber="A1", Description="Skruv")
    town.people.new_organisation("Beta AB")
    change = oddly(value)

    def altered(answer):
        change(rows(answer)[0], key)
        return answer

    town.alters("GET", path, altered)
    async with town.running():
        with pytest.raises(Unusable, match=f"JSN09.*{key}"):
            await town.sync()
        town.spoils.clear()
        await town.sync()
        await sync_at_rest(town)
    assert 2 == len(town.people.customers()) == len(town.people.organisations())
