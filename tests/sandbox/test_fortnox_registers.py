"""The pretend Fortnox: customers, articles and prices (fortnox.md 9, 10)."""

from __future__ import annotations

import pytest

from daemon.sandbox.fortnox import errors
from tests.sandbox.fortnox_office import Office

pytestmark = pytest.mark.row("B4")

DELIVERIES = {"Invoice": "PRINT", "Order": "PRINT", "Offer": "PRINT"}
TEMPLATES = dict.fromkeys(("Order", "Offer", "Invoice", "CashInvoice"), "DEFAULTTEMPLATE")
NULLS = (
    "Address1", "Address2", "City", "Country", "Comments", "CostCenter", "CountryCode",
    "DeliveryAddress1", "DeliveryAddress2", "DeliveryCity", "DeliveryCountry", "DeliveryCountryCode",
    "DeliveryFax", "DeliveryName", "DeliveryPhone1", "DeliveryPhone2", "DeliveryZipCode",
    "ExternalReference", "Fax", "GLN", "GLNDelivery", "InvoiceAdministrationFee", "InvoiceDiscount",
    "InvoiceFreight", "Phone1", "Phone2", "SalesAccount", "VisitingAddress", "VisitingCity",
    "VisitingCountry", "VisitingCountryCode", "VisitingZipCode", "ZipCode",
)  # fmt: skip
BLANKS = (
    "Email", "EmailInvoice", "EmailInvoiceBCC", "EmailInvoiceCC", "EmailOffer", "EmailOfferBCC",
    "EmailOfferCC", "EmailOrder", "EmailOrderBCC", "EmailOrderCC", "InvoiceRemark",
    "OrganisationNumber", "OurReference", "Project", "TermsOfDelivery", "TermsOfPayment", "VATNumber",
    "WayOfDelivery", "WWW", "YourReference",
)  # fmt: skip
NEW_CUSTOMER = {
    "@url": "https://api.fortnox.se/3/customers/1",
    "CustomerNumber": "1",
    "Name": "Kund",
    "Currency": "SEK",
    "Active": True,
    "DefaultDeliveryTypes": DELIVERIES,
    "DefaultTemplates": TEMPLATES,
    "PriceList": "A",
    "ShowPriceVATIncluded": False,
    "Type": "COMPANY",
    "VATType": "SEVAT",
    **dict.fromkeys(NULLS),
    **dict.fromkeys(BLANKS, ""),
}
ZEROS = (
    "ConstructionAccount", "Depth", "DisposableQuantity", "Height", "PurchasePrice", "QuantityInStock",
    "ReservedQuantity", "StockValue", "Weight", "Width",
)  # fmt: skip
NOTHINGS = (
    "HouseworkType", "Manufacturer", "StockPlace", "StockWarning", "SupplierName", "SupplierNumber",
    "Unit", "SalesPrice", "CostCalculationMethod", "StockAccount", "StockChangeAccount", "DirectCost",
    "FreightCost", "OtherCost", "DefaultStockPoint", "DefaultStockLocation",
)  # fmt: skip
NEW_ARTICLE = {
    "@url": "https://api.fortnox.se/3/articles/1",
    "ArticleNumber": "1",
    "Description": "Vara",
    "Active": True,
    "Type": "STOCK",
    "VAT": 25,
    "EUAccount": 3108,
    "EUVATAccount": 3106,
    "ExportAccount": 3105,
    "PurchaseAccount": 4000,
    "SalesAccount": 3001,
    **dict.fromkeys(("Bulky", "Housework", "StockGoods", "WebshopArticle", "Expired"), False),
    **dict.fromkeys(("EAN", "ManufacturerArticleNumber", "Note", "CommodityCode"), ""),
    **dict.fromkeys(ZEROS, 0),
    **dict.fromkeys(NOTHINGS),
}


@pytest.fixture
def office() -> Office:
    return Office()


def test_a_customer_with_nothing_but_a_name_has_the_recorded_defaults(office):
    """Section 9: the whole shape."""
    assert office.customer() == NEW_CUSTOMER
    assert office.ask("GET", "/3/customers/1") == (200, {"Customer": NEW_CUSTOMER})


def test_an_article_with_nothing_but_a_description_has_the_recorded_defaults(office):
    """Section 10: the whole shape."""
    assert office.article() == NEW_ARTICLE
    assert office.ask("GET", "/3/articles/1") == (200, {"Article": NEW_ARTICLE})


@pytest.mark.parametrize(
    ("path", "wrapper"), [("customers", "Customer"), ("articles", "Article"), ("projects", "Project")]
)
def test_a_required_field_is_required(office, path, wrapper):
    """Sections 9, 10, 14: Name, Description."""
    other = {"Comments": "x"} if path != "articles" else {"Note": "x"}
    assert office.code("POST", f"/3/{path}", {wrapper: other}) == (400, errors.REQUIRED)


def test_numbers_are_given_or_taken_from_the_series(office):
    """Section 8.5: the series skips numbers that are in use."""
    given = office.customer(CustomerNumber="2")
    assert [given["CustomerNumber"], *(office.customer()["CustomerNumber"] for _ in range(2))] == [
        "2",
        "1",
        "3",
    ]


def test_a_deleted_customers_number_stays_taken(office):
    """Section 8.5: 2000637 for "in use" and "used, deleted", and the series goes on."""
    office.customer(CustomerNumber="1")
    value = {"Customer": {"Name": "x", "CustomerNumber": "1"}}
    assert office.code("POST", "/3/customers", value) == (400, 2000637)
    assert office.code("DELETE", "/3/customers/1") == (204, None)
    assert office.code("GET", "/3/customers/1") == (404, 2000433)
    assert office.code("POST", "/3/customers", value) == (400, 2000637)
    assert office.customer()["CustomerNumber"] == "2"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        pytest.param({"CustomerNumber": "A-1/b+c_d"}, None, id="the signs allowed in a number"),
        pytest.param({"CustomerNumber": "A 1"}, 2000106, id="a blank in a number"),
        pytest.param({"CustomerNumber": "A.1"}, 2000106, id="a dot in a number"),
        pytest.param({"OrganisationNumber": "556677-8899"}, None, id="a right check digit"),
        pytest.param({"OrganisationNumber": "5566778899"}, None, id="without hyphen"),
        pytest.param({"OrganisationNumber": "19850101-9809"}, None, id="a person with century"),
        pytest.param(
            {"OrganisationNumber": "556677-8898"}, errors.BAD_ORGANISATION_NUMBER, id="wrong check digit"
        ),
        pytest.param({"OrganisationNumber": "55667-8899"}, errors.BAD_ORGANISATION_NUMBER, id="too short"),
        pytest.param({"OrganisationNumber": "923456783", "CountryCode": "NO"}, None, id="a foreign number"),
        pytest.param(
            {"OrganisationNumber": "923456783", "CountryCode": "SE"},
            errors.BAD_ORGANISATION_NUMBER,
            id="foreign in SE",
        ),
        pytest.param({"VATNumber": "SE556677889901"}, None, id="a Swedish VAT number"),
        pytest.param({"VATNumber": "SE5566778899"}, 2004194, id="without 01"),
        pytest.param({"VATNumber": "DE123456789"}, None, id="German"),
        pytest.param({"VATNumber": "DE12345678"}, 2004194, id="German, too short"),
        pytest.param({"VATNumber": "ATU12345678"}, None, id="Austrian"),
        pytest.param({"VATNumber": "FI1234567A"}, 2004194, id="Finnish with a letter"),
        pytest.param({"VATNumber": "NO923456783MVA"}, None, id="outside the EU"),
        pytest.param({"VATNumber": "556677889901"}, 2004194, id="without a country"),
    ],
)
def test_customer_numbers(office, fields, code):
    """Sections 8.5 and 9."""
    status = 400 if code else 201
    assert office.code("POST", "/3/customers", {"Customer": {"Name": "x", **fields}}) == (status, code)


def test_moving_a_customer_to_sweden_checks_its_number(office):
    """Section 9: the number is checked where the country says so."""
    office.customer(OrganisationNumber="923456783", CountryCode="NO")
    value = {"Customer": {"CountryCode": "SE"}}
    assert office.code("PUT", "/3/customers/1", value) == (400, errors.BAD_ORGANISATION_NUMBER)
    assert office.code("PUT", "/3/customers/1", {"Customer": {"City": "Oslo"}}) == (200, None)


def test_two_customers_may_share_an_organisation_number(office):
    """Section 9."""
    for _ in range(2):
        office.customer(OrganisationNumber="556677-8899")


def test_the_country_is_derived_from_its_code(office):
    """Section 9: SE gives "Sverige", in all three addresses."""
    seen = office.customer(CountryCode="SE", DeliveryCountryCode="NO", VisitingCountryCode="fi")
    assert (seen["Country"], seen["DeliveryCountry"], seen["VisitingCountry"]) == (
        "Sverige",
        "Norge",
        "Finland",
    )
    assert seen["VisitingCountryCode"] == "FI"


def test_the_sales_account_is_a_number_only_in_the_answer_to_a_post(office):
    """Section 5: type differences between POST and GET."""
    assert office.customer(SalesAccount="3001")["SalesAccount"] == 3001
    assert office.ask("GET", "/3/customers/1")[1]["Customer"]["SalesAccount"] == "3001"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        pytest.param({"ArticleNumber": "aZ0_-/+"}, None, id="the signs allowed"),
        pytest.param({"ArticleNumber": "A 1"}, 2000166, id="a blank"),
        pytest.param({"ArticleNumber": "A.1"}, 2000166, id="a dot"),
        pytest.param({"ArticleNumber": "Å1"}, 2000166, id="a Swedish letter"),
        pytest.param({"ArticleNumber": "T"}, 2000013, id="a number in use"),
        pytest.param({"Unit": "st"}, None, id="a unit that exists"),
        pytest.param({"Unit": "m"}, 2000432, id="no such unit"),
        pytest.param({"Unit": "förp"}, None, id="a unit with a Swedish letter"),
        pytest.param({"Type": "SERVICE", "HouseworkType": "CLEANING"}, None, id="enumerations"),
        pytest.param({"Type": "GOODS"}, errors.NOT_AN_OPTION, id="no such type"),
        pytest.param({"Weight": 999_999_999}, None, id="the largest weight"),
        pytest.param({"Weight": 1_000_000_000}, errors.OUT_OF_RANGE, id="a weight too large"),
        pytest.param({"Weight": 1.5}, 2000108, id="sizes are integers"),
        pytest.param({"SalesAccount": 300}, errors.OUT_OF_RANGE, id="not an account number"),
        pytest.param({"QuantityInStock": -10_000_000}, None, id="a very large negative quantity"),
        pytest.param({"PurchasePrice": 1e300}, 2000108, id="a number beyond all sense"),
    ],
)
def test_article_fields(office, fields, code):
    """Sections 8.5, 8.8 and 10."""
    office.article(ArticleNumber="T")
    status = 400 if code else 201
    assert office.code("POST", "/3/articles", {"Article": {"Description": "x", **fields}}) == (status, code)


@pytest.mark.parametrize(
    ("sent", "stored"),
    [(1.125, 1.13), (-1.125, -1.13), (1.124, 1.12), ("1.125", 1.13), (2.0, 2), (0.005, 0.01), (1e3, 1000)],
)
def test_quantities_round_half_up_to_two_decimals(office, sent, stored):
    """Section 8.8: recorded 1.125 becomes 1.13."""
    seen = office.article(QuantityInStock=sent, PurchasePrice=sent)
    assert (seen["QuantityInStock"], seen["DisposableQuantity"], seen["PurchasePrice"]) == (stored,) * 3


def test_an_article_number_with_a_slash_is_reached_percent_encoded(office):
    """Section 8.5: `A/10` is `A%2F10`."""
    office.article(ArticleNumber="A/10")
    status, body = office.ask("GET", "/3/articles/A%2F10/")
    assert (status, body["Article"]["@url"]) == (200, "https://api.fortnox.se/3/articles/A%2F10")


def test_a_deleted_article_takes_its_prices_along(office):
    """Section 10: DELETE of an article never used; its number is free again."""
    office.article(ArticleNumber="A")
    office.ask("POST", "/3/prices", {"Price": {"ArticleNumber": "A", "PriceList": "A", "Price": 5}})
    assert office.code("DELETE", "/3/articles/A") == (204, None)
    assert office.ask("GET", "/3/prices")[1]["Prices"] == []
    assert office.article(ArticleNumber="A")["SalesPrice"] is None


def test_the_sales_price_is_the_price_in_list_a_from_nothing(office):
    """Section 10: read-only on the article, set through prices."""
    office.article(ArticleNumber="A/1", SalesPrice=99)
    seen = [office.ask("GET", "/3/articles/A%2F1")[1]["Article"]["SalesPrice"]]
    office.ask("POST", "/3/pricelists", {"PriceList": {"Code": "B", "Description": "Andra"}})
    for price_list, quantity, price in (("B", 0, 1), ("A", 10, 2), ("A", 0, 149.555)):
        fields = {"ArticleNumber": "A/1", "PriceList": price_list, "FromQuantity": quantity, "Price": price}
        assert office.code("POST", "/3/prices", {"Price": fields}) == (201, None)
        seen.append(office.ask("GET", "/3/articles/A%2F1")[1]["Article"]["SalesPrice"])
    assert office.code("PUT", "/3/prices/A/A%2F1/0", {"Price": {"Price": 159}}) == (200, None)
    seen.append(office.ask("GET", "/3/articles/A%2F1")[1]["Article"]["SalesPrice"])
    assert office.code("DELETE", "/3/prices/A/A%2F1/0") == (204, None)
    seen.append(office.ask("GET", "/3/articles/A%2F1")[1]["Article"]["SalesPrice"])
    assert seen == [None, None, None, 149.56, 159, None]
    (row,) = office.ask("GET", "/3/articles")[1]["Articles"]
    assert row["SalesPrice"] is None


def test_prices_are_listed_whole_and_by_article(office):
    """Sections 7.4 and 10: rows, sublist, and the key without a quantity."""
    for number in ("10", "9"):
        office.article(ArticleNumber=number)
        for quantity in (10, 0):
            fields = {
                "ArticleNumber": number,
                "PriceList": "A",
                "FromQuantity": quantity,
                "Price": 5 + quantity,
            }
            office.ask("POST", "/3/prices", {"Price": fields})
    whole = office.ask("GET", "/3/prices")[1]
    assert [(row["ArticleNumber"], row["FromQuantity"]) for row in whole["Prices"]] == [
        ("9", 0), ("9", 10), ("10", 0), ("10", 10),
    ]  # fmt: skip
    assert whole["MetaInformation"]["@TotalResources"] == 4
    sublist = office.ask("GET", "/3/prices/sublist/A/9")[1]["Prices"]
    assert sublist == [
        {
            "@url": f"https://api.fortnox.se/3/prices/A/9/{q}",
            "ArticleNumber": "9",
            "FromQuantity": q,
            "Price": 5 + q,
            "PriceList": "A",
        }
        for q in (0, 10)
    ]
    assert office.ask("GET", "/3/prices/A/9")[1]["Price"]["Price"] == 5
    assert office.ask("GET", "/3/prices/A/9/10")[1]["Price"]["Price"] == 15


@pytest.mark.parametrize(
    ("method", "path", "fields", "status", "code"),
    [
        ("POST", "", {"ArticleNumber": "A", "PriceList": "A", "Price": 1}, 400, errors.PRICE_EXISTS),
        ("POST", "", {"ArticleNumber": "Z", "PriceList": "A", "Price": 1}, 400, 2000428),
        ("POST", "", {"ArticleNumber": "A", "PriceList": "Z", "Price": 1}, 400, errors.MISSING["pricelists"]),
        ("POST", "", {"PriceList": "A", "Price": 1}, 400, errors.REQUIRED),
        ("POST", "", {"ArticleNumber": "A", "PriceList": "A", "Cost": 1}, 400, 2001399),
        ("PUT", "/A/A/0", {"Price": "x"}, 400, 2000108),
        ("PUT", "/A/A/0", {"Prise": None}, 400, 2001399),
        ("PUT", "/A/A/5", {"Price": 1}, 404, errors.MISSING["prices"]),
        ("PUT", "/A/A/none", {"Price": 1}, 404, errors.MISSING["prices"]),
    ],
    ids=[
        "key taken",
        "no article",
        "no list",
        "no number",
        "unknown field",
        "a word",
        "unknown null",
        "no key",
        "no quantity",
    ],
)
def test_refused_prices(office, method, path, fields, status, code):
    """Section 10; codes from 9990001 are invented."""
    office.article(ArticleNumber="A")
    office.ask("POST", "/3/prices", {"Price": {"ArticleNumber": "A", "PriceList": "A", "Price": 5}})
    assert office.code(method, f"/3/prices{path}", {"Price": fields}) == (status, code)
