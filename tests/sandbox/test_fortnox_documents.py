"""The pretend Fortnox: orders and invoices as records and in lists (fortnox.md 7, 8, 11, 12.1)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.sandbox.fortnox import errors, writing
from daemon.sandbox.fortnox.documents import INVOICES
from tests.sandbox.fortnox_papers import HAMMER, ROWS, WRAPPERS, Papers

pytestmark = pytest.mark.row("B4")

BOTH = pytest.mark.parametrize("path", ["orders", "invoices"])
ORDER_ROW = {
    "@url", "Cancelled", "Currency", "CustomerName", "CustomerNumber", "DeliveryDate", "DocumentNumber",
    "ExternalInvoiceReference1", "ExternalInvoiceReference2", "OrderDate", "OrderType", "Project", "Sent",
    "Total",
}  # fmt: skip
INVOICE_ROW = {
    "@url", "Balance", "Booked", "Cancelled", "CostCenter", "Currency", "CurrencyRate", "CurrencyUnit",
    "CustomerName", "CustomerNumber", "DocumentNumber", "DueDate", "ExternalInvoiceReference1",
    "ExternalInvoiceReference2", "FinalPayDate", "InvoiceDate", "InvoiceType", "NoxFinans", "OCR", "Project",
    "Sent", "TermsOfPayment", "Total", "VoucherNumber", "VoucherSeries", "VoucherYear", "WayOfDelivery",
}  # fmt: skip
# What a new document of the customer reads as (11, 12.1), where it is not "".
SHARED = {
    "AdministrationFee": 0, "Cancelled": False, "City": "Umeå", "Currency": "SEK", "CurrencyRate": 1,
    "CurrencyUnit": 1, "CustomerName": "Exempelbolaget AB", "CustomerNumber": "1", "DeliveryDate": None,
    "DocumentNumber": "1", "Freight": 0, "HouseWork": False, "InvoiceReference": "0", "Labels": [],
    "Language": "SV", "NotCompleted": False, "OfferReference": "0", "OutboundDate": "2026-03-02",
    "PriceList": "A", "RoundOff": 0, "Sent": False, "TaxReduction": None, "TaxReductionType": "none",
    "TermsOfPayment": "30", "TimeBasisReference": None, "Total": 0, "TotalToPay": 0, "VATIncluded": False,
    "WarehouseReady": True, "ZipCode": "903 26",
}  # fmt: skip
NEW = {
    "orders": {
        **SHARED, "CopyRemarks": False, "DeliveryState": "delivery", "OrderDate": "2026-03-02",
        "OrderRows": [], "OrderType": "Order", "PrintTemplate": "oc", "StockPointId": None,
    },
    "invoices": {
        **SHARED, "AccountingMethod": "ACCRUAL", "Balance": 0, "Booked": False, "ContractReference": "0",
        "Credit": "false", "CreditInvoiceReference": "0", "DueDate": "2026-04-01", "FinalPayDate": None,
        "InvoiceDate": "2026-03-02", "InvoiceRows": [], "InvoiceType": "INVOICE", "LastRemindDate": None,
        "OCR": "133", "OrderReference": "0", "PrintTemplate": "st", "VoucherNumber": None,
        "VoucherYear": None,
    },
}  # fmt: skip


@pytest.fixture
def papers() -> Papers:
    return Papers()


@BOTH
def test_a_document_of_nothing_but_a_customer(papers, path):
    """Sections 11 and 12.1: no rows are needed, and every default as recorded."""
    made = papers.make(path)
    assert {name: made[name] for name in NEW[path]} == NEW[path]
    url = f"https://api.fortnox.se/3/{path}/1"
    assert made["@url"] == url
    assert made["@urlTaxReductionList"].endswith(f"/taxreductions?filter={path}&referencenumber=1")
    texts = set(made) - set(NEW[path]) - {"@url", "@urlTaxReductionList"}
    assert {name for name in texts if made[name] not in ("", 0, None)} == {"EmailInformation"} | (
        {"EDIInformation"} if path == "invoices" else set()
    )


def test_the_types_of_a_get_differ(papers):
    """Section 5: ContractReference is a number on GET, a text in the POST answer."""
    assert papers.make("invoices")["ContractReference"] == "0"
    assert papers.get("invoices", "1")["ContractReference"] == 0


def test_left_out_values_come_from_the_customer(papers):
    """Section 12.1; what is sent wins, and a later change of the customer changes nothing (9)."""
    papers.customer(
        Name="Nord AS",
        OrganisationNumber="923456783",
        CountryCode="NO",
        Currency="NOK",
        Address1="Gata 1",
        DeliveryName="Lager",
        YourReference="Eva",
        EmailInvoice="faktura@example.no",
        InvoiceFreight=49.5,
        TermsOfPayment="10",
    )
    made = papers.make("invoices", CustomerNumber="2", YourReference="Ole")
    expected = {
        "CustomerName": "Nord AS",
        "OrganisationNumber": "923456783",
        "Country": "Norge",
        "Currency": "NOK",
        "CurrencyRate": 0.96,
        "Address1": "Gata 1",
        "DeliveryName": "Lager",
        "YourReference": "Ole",
        "Freight": 49.5,
        "DueDate": "2026-03-12",
    }
    assert {name: made[name] for name in expected} == expected
    assert made["EmailInformation"]["EmailAddressTo"] == "faktura@example.no"
    papers.ask("PUT", "/3/customers/2", {"Customer": {"Name": "Syd AS"}})
    assert papers.put("invoices", "1", Comments="x")["CustomerName"] == "Nord AS"
    assert papers.put("invoices", "1", CustomerNumber="1")["CustomerName"] == "Exempelbolaget AB"


@pytest.mark.parametrize(
    ("sent", "due"),
    [
        ({"InvoiceDate": "2026-01-31"}, "2026-03-02"),
        ({"TermsOfPayment": "K"}, "2026-03-02"),
        ({"TermsOfPayment": "15"}, "2026-03-17"),
        ({"DueDate": "2026-05-05"}, "2026-05-05"),
    ],
)
def test_due_dates(papers, sent, due):
    """Section 12.1: the date plus the days of the terms; a PUT of the date leaves it alone (8.1)."""
    assert papers.make("invoices", **sent)["DueDate"] == due
    assert papers.put("invoices", "1", InvoiceDate="2026-03-03")["DueDate"] == due


@BOTH
def test_a_number_may_be_given_and_is_taken_once(papers, path):
    """Section 8.5: also above 32 bits; 2000310 for one in use, and the series passes it by."""
    assert papers.make(path, DocumentNumber="4300000001")["DocumentNumber"] == "4300000001"
    assert papers.make(path, DocumentNumber=1)["DocumentNumber"] == "1"
    assert papers.make(path)["DocumentNumber"] == "2"
    assert papers.refused(path, CustomerNumber="1", DocumentNumber="2") == 2000310
    assert papers.put(path, "2", DocumentNumber="9")["DocumentNumber"] == "2"
    papers.fortnox.switch("own_document_number", "refuse")
    assert papers.refused(path, CustomerNumber="1", DocumentNumber="77") == errors.READ_ONLY


REFUSED = [
    # what | for | fields | code
    ("no customer", "orders invoices", {"CustomerNumber": ""}, errors.REQUIRED),
    ("an unknown customer", "orders invoices", {"CustomerNumber": "99"}, 2000204),
    ("an unknown field", "orders invoices", {"YourReferenceNumber": "x"}, 2001399),
    ("the order's date on an invoice", "invoices", {"OrderDate": "2026-03-02"}, 2001399),
    ("a date that is none", "orders invoices", {"DeliveryDate": "2026-02-30"}, errors.NOT_A_DATE),
    ("null for an organisation number", "orders", {"OrganisationNumber": None}, 2005095),
    ("null for a due date", "invoices", {"DueDate": None}, 2005095),
    ("a reference of 81 signs", "orders invoices", {"ExternalInvoiceReference1": "x" * 81}, errors.TOO_LONG),
    ("an order number of 76 signs", "orders invoices", {"YourOrderNumber": "x" * 76}, errors.TOO_LONG),
    ("a reference person of 51", "orders invoices", {"OurReference": "x" * 51}, errors.TOO_LONG),
    ("a comment of 1025", "orders invoices", {"Comments": "x" * 1025}, errors.TOO_LONG),
    (
        "a subject of 101",
        "orders invoices",
        {"EmailInformation": {"EmailSubject": "x" * 101}},
        errors.TOO_LONG,
    ),
    ("a sign outside the class", "orders invoices", {"Remarks": "a<b"}, 2000359),
    ("unknown terms", "orders invoices", {"TermsOfPayment": "77"}, 2000429),
    ("an unknown project", "orders invoices", {"Project": "77"}, 2001161),
    ("an unknown currency", "orders invoices", {"Currency": "XYZ"}, errors.MISSING["currencies"]),
    ("an unknown label", "orders invoices", {"Labels": [{"Id": 9}]}, errors.MISSING["labels"]),
    ("an unknown state", "orders", {"DeliveryState": "gone"}, errors.NOT_AN_OPTION),
    ("an unknown type", "invoices", {"InvoiceType": "BILL"}, errors.NOT_AN_OPTION),
]


EACH_REFUSED = [
    pytest.param(path, fields, code, id=f"{path}: {what}")
    for what, paths, fields, code in REFUSED
    for path in paths.split()
]


@pytest.mark.parametrize(("path", "fields", "code"), EACH_REFUSED)
def test_refused_documents(papers, path, fields, code):
    """Sections 6.3, 8.2, 8.8, 12.1; codes from 9990001 are invented. Nothing is made, no number is used."""
    assert papers.refused(path, **{"CustomerNumber": "1", **fields}) == code
    assert papers.make(path)["DocumentNumber"] == "1"


@BOTH
def test_missing_documents_and_wrong_verbs(papers, path):
    """Sections 1.1 and 6.3: 404 with the register's code; nothing is deleted."""
    code = {"orders": 2000439, "invoices": 2000434}[path]
    assert papers.code("GET", f"/3/{path}/7") == (404, code)
    assert papers.code("PUT", f"/3/{path}/7", {WRAPPERS[path]: {"Comments": "x"}}) == (404, code)
    papers.make(path)
    assert papers.code("DELETE", f"/3/{path}/1")[0] == 405
    assert papers.code("GET", f"/3/{path}/1/cancel")[0] == 405
    assert papers.code("PUT", f"/3/{path}/1/dance")[0] == 404


@BOTH
def test_put_is_a_merge(papers, path):
    """Sections 8.1 and 8.2: "" is ignored, null and API_BLANK clear, read-only fields are ignored."""
    papers.make(path, HAMMER, YourOrderNumber="PO-1", Comments="a", Remarks="b", DeliveryDate="2026-03-09")
    sent = {"YourOrderNumber": None, "Comments": "API_BLANK", "Remarks": "", "DeliveryDate": None}
    after = papers.put(path, "1", **sent, Total=5, Cancelled=True, EmailInformation={"EmailBody": "{no}"})
    expected = {"YourOrderNumber": "", "Comments": "", "Remarks": "b", "DeliveryDate": None, "Total": 250}
    assert {name: after[name] for name in expected} == expected
    assert after["Cancelled"] is False
    assert after["EmailInformation"]["EmailBody"] == "{no}"
    assert after["EmailInformation"]["EmailSubject"].endswith("{no} bifogas")


def test_labels_are_replaced(papers):
    """Section 14."""
    for text in ("a", "b"):
        papers.ask("POST", "/3/labels", {"Label": {"Description": text}})
    assert papers.make("orders", Labels=[{"Id": 1}])["Labels"] == [{"Id": 1}]
    assert papers.put("orders", "1", Labels=[{"Id": 2}])["Labels"] == [{"Id": 2}]
    assert papers.numbers("orders", "label=2") == ["1"] and papers.numbers("orders", "label=1") == []


@pytest.mark.parametrize(
    ("path", "fields"), [("orders", ORDER_ROW), ("invoices", INVOICE_ROW)], ids=["orders", "invoices"]
)
def test_list_rows_are_summaries(papers, path, fields):
    """Section 7.4."""
    papers.make(path, HAMMER)
    [row] = papers.ask("GET", f"/3/{path}")[1][f"{WRAPPERS[path]}s"]
    assert set(row) == fields
    assert (row["DocumentNumber"], row["Total"]) == ("1", 250)
    assert row.get("CurrencyRate", "1") == "1"  # section 5: a text in list rows


@pytest.fixture(scope="module")
def shelf() -> Papers:
    """Three invoices and three orders; no test of the module changes them."""
    papers = Papers()
    papers.customer(Name="Berga Bygg")
    papers.ask("POST", "/3/projects", {"Project": {"ProjectNumber": "P1", "Description": "Bygge"}})
    for path in ("invoices", "orders"):
        papers.make(path, HAMMER, ExternalInvoiceReference1="FS1.ab", YourOrderNumber="PO-1")
        papers.make(
            path, {**HAMMER, "ArticleNumber": "103"}, CustomerNumber="2", Project="P1", OurReference="Eva"
        )
        papers.make(path, ExternalInvoiceReference2="severa:7", NotCompleted=True, Currency="EUR")
    papers.put("invoices", "2", InvoiceDate="2026-01-15", DueDate="2026-02-01")
    papers.put("orders", "2", OrderDate="2026-01-15", DeliveryDate="2026-02-01")
    papers.do("invoices", "2", "bookkeep")
    papers.do("invoices", "3", "cancel")
    papers.do("orders", "3", "cancel")
    papers.do("orders", "1", "externalprint")
    return papers


FOUND = [
    # for | query | numbers
    ("orders invoices", "externalinvoicereference1=fs1.AB", ["1"]),
    ("orders invoices", "externalinvoicereference1=FS1.zz", []),
    ("orders invoices", "externalinvoicereference2=severa", ["3"]),
    ("orders invoices", "customernumber=2", ["2"]),
    ("orders invoices", "customername=berga", ["2"]),
    ("orders invoices", "documentnumber=3", ["3"]),
    ("orders invoices", "project=P1", ["2"]),
    ("orders invoices", "ourreference=ev", ["2"]),
    ("orders invoices", "notcompleted=true", ["3"]),
    ("orders invoices", "fromdate=2026-02-01", ["1", "3"]),
    ("orders invoices", "todate=2026-01-31", ["2"]),
    ("orders invoices", "filter=cancelled", ["3"]),
    ("orders invoices", "sortby=customername&sortorder=ascending", ["2", "1", "3"]),
    ("orders invoices", "sortby=total&sortorder=descending", ["1", "2", "3"]),
    ("orders invoices", "limit=1&page=2", ["2"]),
    ("orders", "sent=true", ["1"]),
    ("orders", "filter=expired", ["2"]),
    ("orders", "filter=invoicecreated", []),
    ("orders", "filter=invoicenotcreated", ["1", "2", "3"]),
    ("orders", "sortby=orderdate", ["2", "1", "3"]),
    ("invoices", "yourordernumber=po-", ["1"]),
    ("invoices", "ocr=133", ["1"]),
    ("invoices", "currency=EUR", ["3"]),
    ("invoices", "credit=true", []),
    ("invoices", "articlenumber=103", ["2"]),
    ("invoices", "accountnumberfrom=3002", ["2"]),
    ("invoices", "accountnumberto=3001", ["1"]),
    ("invoices", "filter=unbooked", ["1"]),
    ("invoices", "filter=unpaid", ["2"]),
    ("invoices", "filter=unpaidoverdue", ["2"]),
    ("invoices", "filter=fullypaid", []),
    ("invoices", "sortby=invoicedate", ["2", "1", "3"]),
]


EACH_FOUND = [
    pytest.param(path, query, numbers, id=f"{path} {query}")
    for paths, query, numbers in FOUND
    for path in paths.split()
]


@pytest.mark.parametrize(("path", "query", "numbers"), EACH_FOUND)
def test_search_filters_and_order(shelf, path, query, numbers):
    """Section 7.2."""
    assert shelf.numbers(path, query) == numbers


@pytest.mark.parametrize(
    ("path", "query", "code"),
    [
        ("orders", "filter=unbooked", 2000587),
        ("invoices", "filter=expired", 2000587),
        ("orders", "yourordernumber=PO-1", 2000588),
        ("orders", "externalinvoicereference1=zz&colour=red", 2000588),
        ("invoices", "sortby=orderdate", 2000588),
        ("invoices", "accountnumberfrom=x", 2000588),
    ],
)
def test_wrong_parameters(shelf, path, query, code):
    """Section 7.2: orders cannot be sought by YourOrderNumber."""
    assert shelf.code("GET", f"/3/{path}?{query}") == (400, code)


def test_a_changed_reference_is_found_under_its_new_name_only(papers):
    """Section 7.2; what a record once held must not be found."""
    papers.make("invoices", ExternalInvoiceReference1="old")
    assert papers.numbers("invoices", "externalinvoicereference1=old") == ["1"]
    papers.put("invoices", "1", ExternalInvoiceReference1="new")
    assert papers.numbers("invoices", "externalinvoicereference1=old") == []
    assert papers.numbers("invoices", "externalinvoicereference1=new") == ["1"]


@BOTH
def test_every_accepted_write_raises_the_stamp(papers, path):
    """Section 7.5."""
    papers.make(path)
    papers.advance(3600)
    assert papers.numbers(path, "lastmodified=2026-03-02 12:30") == []
    papers.put(path, "1", Comments="x")
    assert papers.numbers(path, "lastmodified=2026-03-02 12:30") == ["1"]


def test_a_customer_of_a_booked_invoice_and_a_used_article_stay(papers):
    """Sections 9 and 10."""
    papers.make("invoices", HAMMER)
    assert papers.code("DELETE", "/3/articles/102") == (400, errors.IN_USE)
    papers.do("invoices", "1", "bookkeep")
    assert papers.code("DELETE", "/3/customers/1") == (400, errors.IN_USE)
    assert papers.code("DELETE", "/3/articles/103") == (204, None)


LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6)
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["RowId", "VAT", "Id", "Price", "ArticleNumber"]), inner, max_size=2
        )
    ),
)
NAMES = ["OrderRows", "Labels", "EmailInformation", "CurrencyRate", "DocumentNumber", "Freight", "OrderDate"]
DESK = Papers()
DESK.make("orders", HAMMER)


@given(
    fields=st.dictionaries(st.sampled_from([*NAMES, "TermsOfPayment", "CustomerNumber"]), VALUES, max_size=4)
)
def test_no_value_makes_it_raise(fields):
    """Whatever JSON is sent, the answer is 200 or 400, and a refusal changes nothing."""
    before = DESK.fortnox.act("look", {"kind": "orders", "key": "1"})
    status, _ = DESK.ask("PUT", "/3/orders/1", {"Order": fields})
    after = DESK.fortnox.act("look", {"kind": "orders", "key": "1"})
    assert status in {200, 400}
    assert status == 200 or after == before


def test_ten_thousand_invoices_are_looked_up_before_each_is_made(papers):
    """The work of a look that finds nothing does not grow into a walk: a register is not sorted anew."""
    company = papers.fortnox.companies["1234567"]
    register = company.registers["invoices"]
    first = register.ordered()
    for number in range(10_000):
        assert not register.may_hold("ExternalInvoiceReference1", f"FS1.{number:09}")
        writing.create(
            company, INVOICES, {"CustomerNumber": "1", "ExternalInvoiceReference1": f"FS1.{number:09}"}
        )
    assert register.ordered() is first and len(first) == 10_000
    assert papers.numbers("invoices", "externalinvoicereference1=FS1.000009999") == ["10000"]


@pytest.mark.parametrize(
    ("how", "shown"), [("works", ["1"]), ("ignored", ["1", "2"]), ("empty", [])], ids=str
)
def test_a_search_for_a_reference_can_be_broken(how, shown):
    """As if the filter were ignored, or nothing were ever found; lists without it are whole."""
    papers = Papers(reference_search=how)
    papers.make("orders", ExternalInvoiceReference1="FS1.A")
    papers.make("orders")
    assert papers.numbers("orders", "externalinvoicereference1=FS1.A") == shown
    assert papers.numbers("orders") == ["1", "2"]


def test_people_work_in_the_screens(papers):
    """The same rules, without a token: create, edit, an action, what was sent."""
    act = papers.fortnox.act
    made = act("create", {"kind": "orders", "fields": {"CustomerNumber": "1", "OrderRows": [HAMMER]}})
    edited = act("edit", {"kind": "orders", "key": "1", "fields": {"YourReference": "Eva"}})
    assert (made["Total"], edited["YourReference"]) == (250, "Eva")
    invoice = act("action", {"kind": "orders", "key": "1", "action": "createinvoice"})
    assert (invoice["OrderReference"], invoice[ROWS["invoices"]][0]["Total"]) == ("1", 200)
    assert act("action", {"kind": "invoices", "key": "1", "action": "preview"})["pdf_bytes"] > 0
    act("action", {"kind": "invoices", "key": "1", "action": "externalprint"})
    assert act("sent", {"kind": "invoices", "key": "1"}) == {"externalprint": 1}
