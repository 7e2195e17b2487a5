"""The pretend Fortnox: lists (fortnox.md 7)."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.sandbox.fortnox_office import Office, parsed

pytestmark = pytest.mark.row("B4")

CUSTOMER_ROW = {
    "@url", "Address1", "Address2", "City", "CustomerNumber", "Email", "Name", "OrganisationNumber",
    "Phone", "ZipCode",
}  # fmt: skip
ARTICLE_ROW = {
    "@url", "ArticleNumber", "Description", "DisposableQuantity", "EAN", "Housework", "PurchasePrice",
    "QuantityInStock", "ReservedQuantity", "SalesPrice", "StockPlace", "StockValue", "Unit", "VAT",
    "WebshopArticle",
}  # fmt: skip
PROJECT_ROW = {"@url", "Description", "EndDate", "ProjectLeader", "ProjectNumber", "StartDate", "Status"}
EMPTY = {"@TotalResources": 0, "@TotalPages": 0, "@CurrentPage": 1}


@pytest.fixture(scope="module")
def office() -> Office:
    """Seven customers and four articles; no test of this module changes them."""
    office = Office()
    office.customer(CustomerNumber="9", Name="Berga Bygg", City="Umeå", ZipCode="903 26", Phone1="090-1")
    office.customer(CustomerNumber="10", Name="Alva Åkeri", City="Umeå", ZipCode="931 31")
    office.customer(CustomerNumber="100", Name="alla tiders", Email="info@alla.example")
    office.customer(CustomerNumber="K7", Name="Dala", OrganisationNumber="556016-0680")
    office.customer(CustomerNumber="11", Name="Cirkus", Active=False, GLN="7300000000001")
    office.customer(CustomerNumber="12", Name="Eva", GLNDelivery="7300000000002")
    office.customer(CustomerNumber="13", Name="Frida & Co")
    office.article(ArticleNumber="1", QuantityInStock=5, Manufacturer="Bosch", EAN="731", WebshopArticle=True)
    office.article(ArticleNumber="2", QuantityInStock=12.5, PurchasePrice=10, StockGoods=True, Unit="st")
    office.article(ArticleNumber="3", Description="Skruv", ManufacturerArticleNumber="B-3", Active=False)
    office.article(ArticleNumber="4", Description="Skruvmejsel", SupplierNumber="S1")
    return office


def meta(office: Office, path: str) -> dict:
    return office.ask("GET", path)[1]["MetaInformation"]


@pytest.mark.parametrize(
    ("query", "total", "pages", "page", "shown"),
    [
        pytest.param("", 7, 1, 1, 7, id="100 to a page"),
        pytest.param("limit=3", 7, 3, 1, 3, id="three to a page"),
        pytest.param("limit=3&page=3", 7, 3, 3, 1, id="the last page"),
        pytest.param("limit=3&offset=5", 7, 3, 1, 2, id="an offset"),
        pytest.param("limit=9999", 7, 1, 1, 7, id="a limit above 500"),
        pytest.param("page=2", 0, 0, 1, 0, id="past the end (22 no 8)"),
        pytest.param("offset=99", 0, 0, 1, 0, id="offset past the end"),
        pytest.param("name=nobody", 0, 0, 1, 0, id="nothing found"),
    ],
)
def test_paging(office, query, total, pages, page, shown):
    """Section 7.1: MetaInformation, and the form of an empty answer."""
    _, body = office.ask("GET", f"/3/customers?{query}")
    assert list(body) == ["MetaInformation", "Customers"]
    assert body["MetaInformation"] == {"@TotalResources": total, "@TotalPages": pages, "@CurrentPage": page}
    assert len(body["Customers"]) == shown


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        pytest.param("", ["9", "10", "11", "12", "13", "100", "K7"], id="by number as a number"),
        pytest.param("sortorder=descending", ["K7", "100", "13", "12", "11", "10", "9"], id="descending"),
        pytest.param("sortby=name", ["100", "10", "9", "11", "K7", "12", "13"], id="by name, case aside"),
        pytest.param("sortby=name&sortorder=descending&limit=2", ["13", "12"], id="by name, descending"),
        pytest.param("sortby=customernumber&limit=1", ["9"], id="by number, asked for"),
        pytest.param("filter=active", ["9", "10", "12", "13", "100", "K7"], id="active"),
        pytest.param("filter=inactive", ["11"], id="inactive"),
        pytest.param("name=AL", ["10", "100", "K7"], id="contains, case aside"),
        pytest.param("name=&limit=2", ["9", "10"], id="an empty search finds all"),
        pytest.param("customernumber=10", ["10", "100"], id="a number contains too"),
        pytest.param("city=umeå", ["9", "10"], id="city"),
        pytest.param("zipcode=903", ["9"], id="zip code"),
        pytest.param("phone=090", ["9"], id="phone is Phone1"),
        pytest.param("email=ALLA", ["100"], id="email"),
        pytest.param("gln=0001", ["11"], id="gln"),
        pytest.param("glndelivery=0002", ["12"], id="delivery gln"),
        pytest.param("organisationnumber=556016-0680", ["K7"], id="organisation number, exact"),
        pytest.param("organisationnumber=5560160680", [], id="organisation number without its hyphen"),
        pytest.param("organisationnumber=556016", [], id="part of an organisation number"),
        pytest.param("city=umeå&zipcode=931", ["10"], id="two fields are ANDed"),
    ],
)
def test_customers_order_filter_and_search(office, query, numbers):
    """Section 7.2."""
    assert office.keys(f"/3/customers?{query}") == numbers


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        pytest.param("sortby=quantityinstock", ["3", "4", "1", "2"], id="by stock"),
        pytest.param("sortby=stockvalue&sortorder=descending&limit=1", ["2"], id="by stock value"),
        pytest.param("sortby=reservedquantity&limit=1", ["1"], id="by reserved quantity"),
        pytest.param("description=skruv", ["3", "4"], id="description"),
        pytest.param("articlenumber=4&description=skruv", ["4"], id="two fields"),
        pytest.param("ean=73", ["1"], id="ean"),
        pytest.param("manufacturer=bosch", ["1"], id="manufacturer"),
        pytest.param("manufacturerarticlenumber=b-", ["3"], id="manufacturer's number"),
        pytest.param("suppliernumber=s1", ["4"], id="supplier number"),
        pytest.param("webshop=true", ["1"], id="in the web shop"),
        pytest.param("filter=inactive", ["3"], id="inactive"),
    ],
)
def test_articles_order_filter_and_search(office, query, numbers):
    """Section 7.2."""
    assert office.keys(f"/3/articles?{query}") == numbers


@pytest.mark.parametrize(
    ("query", "code"),
    [
        pytest.param("filter=asleep", 2000587, id="unknown filter value"),
        pytest.param("colour=red", 2000588, id="unknown parameter (22 no 9)"),
        pytest.param("Name=x", 2000588, id="names are lower case"),
        pytest.param("sortby=city", 2000588, id="not a field to sort by"),
        pytest.param("sortorder=up", 2000588, id="not an order"),
        pytest.param("limit=0", 2000588, id="no rows"),
        pytest.param("limit=many", 2000588, id="limit is no number"),
        pytest.param("page=0", 2000588, id="pages start at 1"),
        pytest.param("offset=-1", 2000588, id="negative offset"),
        pytest.param("lastmodified=yesterday", 2000588, id="not a time"),
        pytest.param("name=a>b", 2000588, id="no angle brackets in values"),
    ],
)
def test_wrong_parameters_are_refused(office, query, code):
    """Section 7.2: 2000587 and 2000588, as 400."""
    assert office.code("GET", f"/3/customers?{query}") == (400, code)


def test_unknown_parameters_may_be_ignored():
    """Section 22 no 9: lenient mode."""
    office = Office(unknown_parameter="ignore")
    assert office.code("GET", "/3/customers?colour=red") == (200, None)


def test_numbers_may_sort_as_text():
    """Section 22 no 11."""
    office = Office(number_order="text")
    for number in ("9", "10", "100"):
        office.customer(CustomerNumber=number)
    assert office.keys("/3/customers") == ["10", "100", "9"]


@pytest.mark.parametrize(
    ("path", "fields"),
    [("customers", CUSTOMER_ROW), ("articles", ARTICLE_ROW), ("projects", PROJECT_ROW)],
    ids=["customers", "articles", "projects"],
)
def test_list_rows_are_summaries(path, fields):
    """Section 7.4: exactly these fields."""
    _, body = Office(filled=True).ask("GET", f"/3/{path}")
    (rows,) = (value for name, value in body.items() if name != "MetaInformation")
    assert {frozenset(row) for row in rows} == {frozenset(fields)}


def test_a_customer_row_shows_nothing_as_an_empty_text(office):
    """Section 8.3: `""` in rows where the full record has null."""
    rows = office.ask("GET", "/3/customers?customernumber=12")[1]["Customers"]
    assert {name for name, value in rows[0].items() if value == ""} >= {
        "Address1",
        "City",
        "Phone",
        "ZipCode",
    }
    assert office.ask("GET", "/3/customers/12")[1]["Customer"]["Address1"] is None


def test_an_article_row_shows_numbers_as_texts_and_no_vat(office):
    """Section 5: strings in rows, numbers in the full record; section 7.4: list VAT is null."""
    (row,) = office.ask("GET", "/3/articles?articlenumber=2")[1]["Articles"]
    whole = office.ask("GET", "/3/articles/2")[1]["Article"]
    names = (
        "QuantityInStock",
        "DisposableQuantity",
        "ReservedQuantity",
        "StockValue",
        "PurchasePrice",
        "VAT",
    )
    assert [row[name] for name in names] == ["12.5", "12.5", "0", "125", "10", None]
    assert [whole[name] for name in names] == [12.5, 12.5, 0, 125, 10, 25]


NINE = dt.datetime(2026, 3, 2, 9, 0, 30, tzinfo=dt.UTC)  # 10:00:30 in Stockholm


@pytest.mark.parametrize(
    ("since", "bound", "precision", "found"),
    [
        pytest.param("2026-03-02 10:00", "inclusive", "minute", True, id="its minute, inclusive"),
        pytest.param("2026-03-02 10:00", "exclusive", "minute", False, id="its minute, exclusive"),
        pytest.param("2026-03-02 09:59", "exclusive", "minute", True, id="the minute before"),
        pytest.param("2026-03-02 10:01", "inclusive", "minute", False, id="the minute after"),
        pytest.param("2026-03-02 10:00:59", "inclusive", "minute", True, id="seconds are cut off"),
        pytest.param("2026-03-02 10:00:30", "inclusive", "second", True, id="its second, inclusive"),
        pytest.param("2026-03-02 10:00:30", "exclusive", "second", False, id="its second, exclusive"),
        pytest.param("2026-03-02 10:00:31", "inclusive", "second", False, id="the second after"),
        pytest.param("2026-03-02 09:30", "inclusive", "minute", True, id="Stockholm time, not UTC"),
        pytest.param("2026-03-02", "inclusive", "minute", True, id="a date alone"),
        pytest.param("2026-03-03", "inclusive", "minute", False, id="tomorrow"),
    ],
)
def test_lastmodified(since, bound, precision, found):
    """Section 7.5: Swedish time; bound and precision are switches (22 no 2)."""
    office = Office(lastmodified_bound=bound, lastmodified_precision=precision)
    office.now = NINE - dt.timedelta(seconds=office.pause_s)
    number = office.customer()["CustomerNumber"]
    assert office.keys(f"/3/customers?lastmodified={since}") == ([number] if found else [])


def test_the_repeated_hour_of_autumn_hides_a_change():
    """Section 7.5: the clock shows 02:15 after 02:50, so a mark of 02:40 misses the later change."""
    office = Office()
    office.now = dt.datetime(2026, 10, 25, 0, 50, tzinfo=dt.UTC)  # 02:50 summer time
    office.access_token = parsed(office.token(grant_type="client_credentials"))["access_token"]
    first = office.customer()["CustomerNumber"]
    office.advance(1500)  # 02:15 winter time
    second = office.customer()["CustomerNumber"]
    assert office.keys("/3/customers?lastmodified=2026-10-25 02:40") == [first]
    assert office.keys("/3/customers?lastmodified=2026-10-25 02:10") == [first, second]


def stamped_by(office: Office, path: str, change: dict) -> bool:
    """Whether a PUT made an hour later shows in lastmodified."""
    wrapper, fields = change["put"]
    office.advance(1800)
    since = (office.now + dt.timedelta(hours=1)).strftime("%Y-%m-%d %H:%M")
    status, body = office.ask("PUT", change["to"], {wrapper: fields})
    assert status == 200, body
    return office.keys(f"/3/{path}?lastmodified={since}") != []


@pytest.mark.parametrize(
    ("put", "switches", "stamped"),
    [
        pytest.param({"Note": "Ny"}, {}, True, id="a text"),
        pytest.param({"Note": ""}, {}, True, id="an accepted PUT that changes nothing"),
        pytest.param({"QuantityInStock": 4}, {}, False, id="stock"),
        pytest.param({"QuantityInStock": 4, "Note": "Ny"}, {}, True, id="stock and a text"),
        pytest.param({"QuantityInStock": 4}, {"stock_stamps_article": True}, True, id="stock, by switch"),
    ],
)
def test_what_raises_the_stamp_of_an_article(put, switches, stamped):
    """Section 22 no 3: stock does not, unless the switch says so."""
    office = Office(**switches)
    office.article(ArticleNumber="A")
    assert stamped_by(office, "articles", {"to": "/3/articles/A", "put": ("Article", put)}) is stamped


@pytest.mark.parametrize(("switch", "stamped"), [(False, False), (True, True)], ids=["default", "by switch"])
def test_whether_a_price_raises_the_stamp_of_its_article(switch, stamped):
    """Section 22 no 3."""
    office = Office(price_stamps_article=switch)
    office.article(ArticleNumber="A")
    office.ask("POST", "/3/prices", {"Price": {"ArticleNumber": "A", "PriceList": "A", "Price": 1}})
    change = {"to": "/3/prices/A/A/0", "put": ("Price", {"Price": 2})}
    assert stamped_by(office, "articles", change) is stamped


def test_projects_ignore_lastmodified():
    """Section 22 no 14: the small registers answer in full."""
    office = Office(filled=True)
    assert office.keys("/3/projects?lastmodified=2030-01-01") == ["1", "2"]


@pytest.mark.parametrize(
    ("path", "paged"),
    [("units", True), ("termsofpayments", True), ("termsofdeliveries", False), ("labels", False)],
)
def test_two_small_registers_leave_out_meta_information(path, paged):
    """Section 7.1: recorded with it, or reported without."""
    assert ("MetaInformation" in Office(filled=True).ask("GET", f"/3/{path}")[1]) is paged


def test_deleted_records_never_appear():
    """Section 7.5: no list shows them."""
    office = Office()
    number = office.customer()["CustomerNumber"]
    office.ask("DELETE", f"/3/customers/{number}")
    assert meta(office, "/3/customers?lastmodified=2000-01-01") == EMPTY
