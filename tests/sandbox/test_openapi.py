"""The pretend systems' traffic fits the vendors' own OpenAPI files; the check finds what does not."""

from __future__ import annotations

import base64
import datetime as dt
import uuid
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest

from daemon.sandbox.configs import PEOPLE_FORTNOX, PEOPLE_WEBCRM
from daemon.sandbox.web import Request
from daemon.sandbox.world import World
from tests import openapi

pytestmark = pytest.mark.skipif(not openapi.AVAILABLE, reason="the vendors' OpenAPI files are not here")

Item = dict[str, Any]
FORM = {"content-type": "application/x-www-form-urlencoded"}
STEP_S = 1  # between two exchanges: far below any vendor's limit

BUYER = {"Customer": {"Name": "Köparen AB", "CustomerNumber": "Q-78", "Email": "kop@example.se"}}
PAPER = {
    "CustomerNumber": "Q-78",
    "ExternalInvoiceReference1": "FS1.order",
    "YourOrderNumber": "PO-77",
    "OurReference": "Anna",
    "YourReference": "Eva",
    "DeliveryDate": "2026-03-10",
    "DeliveryName": "Lager Väst",
    "DeliveryCountry": "Sverige",
    "Comments": "Ring först",
    "Remarks": "Tack",
    "Freight": 49,
    "Currency": "SEK",
    "TermsOfPayment": "30",
    "Labels": [],
}
ROW = {
    "ArticleNumber": "Q/77",
    "Description": "Slägga",
    "DeliveredQuantity": "2",
    "Price": 149.5,
    "Unit": "st",
    "VAT": 25,
    "AccountNumber": 3001,
    "Discount": 10,
    "DiscountType": "PERCENT",
}
TEXT = {"Description": "Arbete enligt protokoll 55120"}
ORDER = {"OrderDate": "2026-03-02", "OrderRows": [{**ROW, "OrderedQuantity": "2"}, TEXT]}
INVOICE = {"InvoiceDate": "2026-03-02", "DueDate": "2026-04-01", "InvoiceRows": [ROW, TEXT]}
VOUCHER = {
    "Description": "Kassa 1, Z-rapport 118, 2026-03-02",
    "Comments": "FS1.abc",
    "VoucherSeries": "K",
    "TransactionDate": "2026-03-02",
    "Year": 2,
    "CostCenter": "U",
    "VoucherRows": [
        {"Account": 1910, "Debit": 125, "Credit": 0, "TransactionInformation": "FS1.abc"},
        {"Account": 3001, "Debit": 0, "Credit": 100, "CostCenter": "U", "Project": "P1"},
        {"Account": 2611, "Debit": 0, "Credit": 25},
    ],
}
WITHOUT_YEAR = {name: value for name, value in VOUCHER.items() if name != "Year"}
IN_YEAR = {"financialyear": "2"}
OF_DAY = {**IN_YEAR, "fromdate": "2026-03-02", "todate": "2026-03-02", "voucherseries": "K"}
FILE_ID = str(uuid.uuid5(uuid.NAMESPACE_URL, "1234567 inbox 1"))  # the first that this Fortnox gives out
BORDER = "sandbox-border"
FILE = (
    f"--{BORDER}\r\n"
    'Content-Disposition: form-data; name="file"; filename="Z-rapport 118.pdf"\r\n'
    "Content-Type: application/pdf\r\n\r\n"
    f"%PDF-1.4\r\n--{BORDER}--\r\n"
).encode()
CONNECTION = {"FileId": FILE_ID, "VoucherNumber": "1", "VoucherSeries": "K", "VoucherYear": 2}
PAYMENT = {"InvoicePayment": {"InvoiceNumber": 2, "Amount": 100.5, "ModeOfPayment": "BG"}}

FORTNOX = [
    # what | method | path | query | body | status
    ("all customers", "GET", "/3/customers", {}, None, 200),
    ("one page of customers", "GET", "/3/customers/", {"limit": "2", "page": "2"}, None, 200),
    ("no customers", "GET", "/3/customers", {"name": "nobody is called so"}, None, 200),
    ("customers that changed", "GET", "/3/customers", {"lastmodified": "2020-01-01 00:00"}, None, 200),
    ("a small customer", "POST", "/3/customers", {}, {"Customer": {"Name": "Liten AB"}}, 201),
    (
        "a customer with all we write",
        "POST",
        "/3/customers",
        {},
        {
            "Customer": {
                "Name": "Björk & Co AB",
                "CustomerNumber": "Q-77",
                "Type": "COMPANY",
                "OrganisationNumber": "556012-5790",
                "VATNumber": "SE556012579001",
                "VATType": "SEVAT",
                "Address1": "Storgatan 1",
                "Address2": "Plan 2",
                "ZipCode": "903 26",
                "City": "Umeå",
                "CountryCode": "SE",
                "VisitingAddress": "Lillgatan 2",
                "VisitingZipCode": "903 27",
                "VisitingCity": "Umeå",
                "VisitingCountryCode": "SE",
                "Phone1": "090-12 34 56",
                "Fax": "090-12 34 57",
                "Email": "info@bjork.example",
                "WWW": "www.bjork.example",
                "Currency": "SEK",
                "TermsOfPayment": "30",
                "ExternalReference": "FS1.test",
                "Active": True,
            }
        },
        201,
    ),
    ("a customer in full", "GET", "/3/customers/Q-77", {}, None, 200),
    ("a change of one field", "PUT", "/3/customers/Q-77", {}, {"Customer": {"City": "Luleå"}}, 200),
    ("a field cleared by null", "PUT", "/3/customers/Q-77", {}, {"Customer": {"Phone1": None}}, 200),
    (
        "a field cleared by the magic text",
        "PUT",
        "/3/customers/Q-77",
        {},
        {"Customer": {"Fax": "API_BLANK"}},
        200,
    ),
    ("an empty text, ignored", "PUT", "/3/customers/Q-77", {}, {"Customer": {"CountryCode": ""}}, 200),
    ("a customer removed", "DELETE", "/3/customers/Q-77", {}, None, 204),
    ("a customer that is gone", "GET", "/3/customers/Q-77", {}, None, 404),
    ("all articles", "GET", "/3/articles", {}, None, 200),
    ("a small article", "POST", "/3/articles", {}, {"Article": {"Description": "Skruv"}}, 201),
    (
        "an article with all we write",
        "POST",
        "/3/articles",
        {},
        {
            "Article": {
                "ArticleNumber": "Q/77",
                "Description": "Hammare",
                "EAN": "7310865004703",
                "Unit": "st",
                "Type": "STOCK",
                "PurchasePrice": 80.5,
                "Note": "blå",
                "Active": True,
            }
        },
        201,
    ),
    ("an article whose number holds a slash", "GET", "/3/articles/Q%2F77", {}, None, 200),
    ("an article changed", "PUT", "/3/articles/Q%2F77", {}, {"Article": {"Description": "Slägga"}}, 200),
    (
        "a price",
        "POST",
        "/3/prices",
        {},
        {"Price": {"ArticleNumber": "Q/77", "PriceList": "A", "FromQuantity": 0, "Price": 149.5}},
        201,
    ),
    ("a price changed", "PUT", "/3/prices/A/Q%2F77/0", {}, {"Price": {"Price": 159}}, 200),
    ("a price read", "GET", "/3/prices/A/Q%2F77/0", {}, None, 200),
    ("the prices of an article", "GET", "/3/prices/sublist/A/Q%2F77", {}, None, 200),
    ("units", "GET", "/3/units", {}, None, 200),
    ("a unit", "POST", "/3/units", {}, {"Unit": {"Code": "lm", "Description": "löpmeter"}}, 201),
    ("terms of payment", "GET", "/3/termsofpayments", {}, None, 200),
    ("one term of payment", "GET", "/3/termsofpayments/30", {}, None, 200),
    ("ways of delivery", "GET", "/3/wayofdeliveries", {}, None, 200),
    ("terms of delivery", "GET", "/3/termsofdeliveries", {}, None, 200),
    ("currencies", "GET", "/3/currencies", {}, None, 200),
    ("one currency", "GET", "/3/currencies/SEK", {}, None, 200),
    ("price lists", "GET", "/3/pricelists", {}, None, 200),
    ("one price list", "GET", "/3/pricelists/A", {}, None, 200),
    ("cost centres", "GET", "/3/costcenters", {}, None, 200),
    (
        "a project",
        "POST",
        "/3/projects",
        {},
        {"Project": {"ProjectNumber": "P1", "Description": "Bygge"}},
        201,
    ),
    ("projects", "GET", "/3/projects", {}, None, 200),
    ("the project", "GET", "/3/projects/P1", {}, None, 200),
    ("labels", "GET", "/3/labels", {}, None, 200),
    ("the company", "GET", "/3/companyinformation", {}, None, 200),
    ("the company's settings", "GET", "/3/settings/company", {}, None, 200),
    ("the locked period", "GET", "/3/settings/lockedperiod", {}, None, 200),
    ("the financial years", "GET", "/3/financialyears", {}, None, 200),
    ("modes of payment", "GET", "/3/modesofpayments", {}, None, 200),
    ("the customer of the documents", "POST", "/3/customers", {}, BUYER, 201),
    ("an order with all we write", "POST", "/3/orders", {}, {"Order": {**PAPER, **ORDER}}, 201),
    ("a small order", "POST", "/3/orders", {}, {"Order": {"CustomerNumber": "Q-78"}}, 201),
    ("all orders", "GET", "/3/orders", {}, None, 200),
    ("orders by reference", "GET", "/3/orders", {"externalinvoicereference1": "FS1.order"}, None, 200),
    ("an order in full", "GET", "/3/orders/1", {}, None, 200),
    (
        "an order's rows by position",
        "PUT",
        "/3/orders/1",
        {},
        {"Order": {"OrderRows": [{"DeliveredQuantity": "3"}, {"Description": "Text"}]}},
        200,
    ),
    ("a text of an order cleared", "PUT", "/3/orders/1", {}, {"Order": {"YourReference": None}}, 200),
    ("the order seen", "GET", "/3/orders/1/preview", {}, None, 200),
    ("the order printed elsewhere", "PUT", "/3/orders/1/externalprint", {}, None, 200),
    ("the order mailed", "GET", "/3/orders/1/email", {}, None, 200),
    ("the order invoiced", "PUT", "/3/orders/1/createinvoice", {}, None, 200),
    ("the order invoiced twice", "PUT", "/3/orders/1/createinvoice", {}, None, 400),
    ("an order cancelled", "PUT", "/3/orders/2/cancel", {}, None, 200),
    ("an order is not deleted", "DELETE", "/3/orders/1", {}, None, 405),
    ("an invoice with all we write", "POST", "/3/invoices", {}, {"Invoice": {**PAPER, **INVOICE}}, 201),
    ("a small invoice", "POST", "/3/invoices", {}, {"Invoice": {"CustomerNumber": "Q-78"}}, 201),
    ("all invoices", "GET", "/3/invoices", {}, None, 200),
    ("the unbooked invoices", "GET", "/3/invoices", {"filter": "unbooked"}, None, 200),
    ("an invoice in full", "GET", "/3/invoices/2", {}, None, 200),
    ("an invoice changed", "PUT", "/3/invoices/2", {}, {"Invoice": {"Comments": "ny"}}, 200),
    ("the invoice seen", "GET", "/3/invoices/2/preview", {}, None, 200),
    ("the invoice printed", "GET", "/3/invoices/2/print", {}, None, 200),
    ("the invoice sent", "GET", "/3/invoices/2/einvoice", {}, None, 200),
    ("the invoice booked", "PUT", "/3/invoices/2/bookkeep", {}, None, 200),
    ("the invoice credited", "PUT", "/3/invoices/2/credit", {}, None, 200),
    ("the credit note", "GET", "/3/invoices/4", {}, None, 200),
    ("an invoice cancelled", "PUT", "/3/invoices/3/cancel", {}, None, 200),
    ("a payment", "POST", "/3/invoicepayments", {}, PAYMENT, 201),
    ("the payment booked", "PUT", "/3/invoicepayments/1/bookkeep", {}, None, 200),
    ("all payments", "GET", "/3/invoicepayments", {"invoicenumber": "2"}, None, 200),
    ("a booked invoice in full", "GET", "/3/invoices/2", {}, None, 200),
    ("the vouchers of those", "GET", "/3/vouchers", IN_YEAR, None, 200),
    ("an invoice's voucher", "GET", "/3/vouchers/B/1", IN_YEAR, None, 200),
    ("a payment's voucher", "GET", "/3/vouchers/C/1", IN_YEAR, None, 200),
    ("a year by a date", "GET", "/3/financialyears", {"Date": "2026-03-02"}, None, 200),
    ("one year", "GET", "/3/financialyears/2", {}, None, 200),
    (
        "a new year",
        "POST",
        "/3/financialyears",
        {},
        {"FinancialYear": {"FromDate": "2028-01-01", "ToDate": "2028-12-31", "AccountingMethod": "ACCRUAL"}},
        201,
    ),
    ("the chart of accounts", "GET", "/3/accounts", IN_YEAR, None, 200),
    (
        "an account",
        "POST",
        "/3/accounts",
        IN_YEAR,
        {"Account": {"Number": 1911, "Description": "Kassa 2", "CostCenterSettings": "MANDATORY"}},
        201,
    ),
    ("the account", "GET", "/3/accounts/1911", IN_YEAR, None, 200),
    (
        "an account changed",
        "PUT",
        "/3/accounts/1911",
        IN_YEAR,
        {"Account": {"Number": 1911, "Description": "Kassa två", "Active": False}},
        200,
    ),
    ("an account removed", "DELETE", "/3/accounts/1911", IN_YEAR, None, 204),
    ("the voucher series", "GET", "/3/voucherseries", IN_YEAR, None, 200),
    (
        "a voucher series",
        "POST",
        "/3/voucherseries",
        IN_YEAR,
        {"VoucherSeries": {"Code": "KB", "Description": "Dagskassor", "Manual": True}},
        201,
    ),
    ("the series", "GET", "/3/voucherseries/KB", IN_YEAR, None, 200),
    (
        "a series changed",
        "PUT",
        "/3/voucherseries/KB",
        IN_YEAR,
        {"VoucherSeries": {"Code": "KB", "Description": "Kassor"}},
        200,
    ),
    (
        "a cost centre",
        "POST",
        "/3/costcenters",
        {},
        {"CostCenter": {"Code": "U", "Description": "Umeå"}},
        201,
    ),
    ("a voucher", "POST", "/3/vouchers", IN_YEAR, {"Voucher": VOUCHER}, 201),
    ("one without the year in it", "POST", "/3/vouchers", IN_YEAR, {"Voucher": WITHOUT_YEAR}, 201),
    (
        "a voucher that does not balance",
        "POST",
        "/3/vouchers",
        IN_YEAR,
        {"Voucher": {**VOUCHER, "VoucherRows": VOUCHER["VoucherRows"][:2]}},
        400,
    ),
    ("the voucher", "GET", "/3/vouchers/K/1", IN_YEAR, None, 200),
    ("a voucher that is not there", "GET", "/3/vouchers/K/3", IN_YEAR, None, 404),
    ("a voucher is not changed", "PUT", "/3/vouchers/K/1", IN_YEAR, {"Voucher": VOUCHER}, 405),
    ("a voucher is not deleted", "DELETE", "/3/vouchers/K/1", IN_YEAR, None, 405),
    ("the vouchers of a day", "GET", "/3/vouchers", OF_DAY, None, 200),
    ("the vouchers of a series", "GET", "/3/vouchers/sublist/K", IN_YEAR, None, 200),
    ("the vouchers of the chosen year", "GET", "/3/vouchers/sublist", {}, None, 200),
    ("the inbox", "GET", "/3/inbox", {}, None, 200),
    ("a file", "POST", "/3/inbox", {"path": "Inbox_v"}, FILE, 201),
    ("the file", "GET", f"/3/inbox/{FILE_ID}", {}, None, 200),
    (
        "a file at a voucher",
        "POST",
        "/3/voucherfileconnections",
        {},
        {"VoucherFileConnection": CONNECTION},
        201,
    ),
    ("all files at vouchers", "GET", "/3/voucherfileconnections", {}, None, 200),
    ("that file at its voucher", "GET", f"/3/voucherfileconnections/{FILE_ID}", {}, None, 200),
    ("a file loose again", "DELETE", f"/3/voucherfileconnections/{FILE_ID}", {}, None, 204),
    ("a file removed", "DELETE", f"/3/inbox/{FILE_ID}", {}, None, 204),
    ("all prices", "GET", "/3/prices", {}, None, 200),
    ("is there a warehouse module", "GET", "/api/warehouse/tenants-v4", {}, None, 200),
    ("a path that is not there", "GET", "/3/nowhere", {}, None, 404),
]

# The numbers 2001 and 5001 are the first that this webCRM gives out.
CHANGED = "SELECT * FROM Organisation WHERE OrganisationUpdatedAt >= '2020-01-01T00:00:00.0000000Z'"
WEBCRM = [
    # what | method | path | query | body | status
    ("who am I", "GET", "/Auth", {}, None, 200),
    ("all organisations", "GET", "/Organisations", {"Page": "1", "Size": "1000"}, None, 200),
    ("a page past the end", "GET", "/Organisations", {"Page": "9", "Size": "1000"}, None, 200),
    (
        "a new organisation",
        "POST",
        "/Organisations",
        {},
        {
            "OrganisationId": 0,
            "OrganisationName": "Björk & Co AB",
            "OrganisationType": "Kund – Företag",
            "OrganisationAddress": "Storgatan 1\nPlan 2",
            "OrganisationVatNumber": "SE556012579001",
            "OrganisationExtraCustom1": "10045",
            "OrganisationXMemo1": "Box 1",
        },
        200,
    ),
    ("one organisation", "GET", "/Organisations/2001", {}, None, 200),
    (
        "an organisation changed",
        "PUT",
        "/Organisations/2001",
        {},
        {"OrganisationId": 2001, "OrganisationCity": "Umeå"},
        200,
    ),
    ("an organisation that is not there", "GET", "/Organisations/999999", {}, None, 404),
    (
        "what changed, by query",
        "GET",
        "/Queries",
        {"script": CHANGED, "formatCustomFields": "true"},
        None,
        200,
    ),
    (
        "what changed, by dates",
        "GET",
        "/Organisations/FindByUpdateDates/2020-01-01T00:00:00Z/2030-01-01T00:00:00Z",
        {"Page": "1", "Size": "10"},
        None,
        200,
    ),
    ("the fields of organisations", "GET", "/FieldsMetadata/Organisation", {}, None, 200),
    ("all fields", "GET", "/FieldsMetadata", {}, None, 200),
    (
        "a delivery",
        "POST",
        "/Deliveries",
        {},
        {
            "DeliveryId": 0,
            "DeliveryOrganisationId": 2001,
            "DeliveryDescription": "faktura",
            "DeliveryStatus": "Completed",
            "DeliveryOrderDate": "2026-01-15T00:00:00Z",
            "DeliveryOrderValue": 1600.0,
            "DeliveryErpId": "invoice:1042",
            "DeliveryErpStatus": "Synchronized",
        },
        200,
    ),
    ("all deliveries", "GET", "/Deliveries", {"Page": "1", "Size": "1000"}, None, 200),
    (
        "an article in the catalogue",
        "POST",
        "/QuotationLines/LinkedData",
        {},
        {
            "QuotationLineLinkedDataItemId": 0,
            "QuotationLineLinkedDataItemEntityType": "Product",
            **{f"QuotationLineLinkedDataItemData{n}": "-" for n in range(1, 10)},
            "QuotationLineLinkedDataItemPrice": 499.0,
            "QuotationLineLinkedDataItemCostPrice": 120.0,
        },
        200,
    ),
    ("the catalogue", "GET", "/QuotationLines/LinkedData", {}, None, 200),
    ("how lines are set up", "GET", "/QuotationLines/LinkedSetup", {}, None, 200),
    (
        "a line of the delivery",
        "POST",
        "/QuotationLines",
        {},
        {
            "QuotationLineId": 0,
            "QuotationLineOpportunityId": 5001,
            "QuotationLineOrganisationId": 2001,
            "QuotationLineData1": "LIC-01",
            "QuotationLineQuantity": 4.0,
            "QuotationLineListPrice": 500.0,
            "QuotationLineDiscount": 20.0,
            "QuotationLinePrice": 1600.0,
            "QuotationLineVatPercentage": 25.0,
            "QuotationLineSortOrder": 10,
        },
        200,
    ),
    ("the lines of the delivery", "GET", "/Deliveries/5001/QuotationLines", {"Page": "1"}, None, 200),
    ("the delivery", "GET", "/Deliveries/5001", {}, None, 200),
    ("all lines", "GET", "/QuotationLines", {"Page": "1", "Size": "1000"}, None, 200),
    ("an organisation cannot be deleted", "DELETE", "/Organisations/2001", {}, None, 405),
]


class Teller:
    """A world a second later with each request."""

    def __init__(self) -> None:
        self.at = dt.datetime(2026, 3, 2, 7, 0, tzinfo=dt.UTC)
        self.world = World(lambda: self.at)

    def ask(self, system: str, request: Request) -> Any:
        self.at += dt.timedelta(seconds=STEP_S)
        response = self.world.exchange(system, request).response
        assert response is not None
        return msgspec.json.decode(response.body) if response.body.startswith((b"{", b"[")) else None

    def play(self, system: str, bearer: str, rows: list[tuple[Any, ...]]) -> list[Item]:
        """Ask all of `rows`, in order; the log's items of them."""
        before = self.world.log.last_seq
        headers = {"authorization": f"Bearer {bearer}", "accept": "application/json"}
        for _, method, path, query, body, _ in rows:
            kind = f"multipart/form-data; boundary={BORDER}" if body is FILE else "application/json"
            typed = headers if body is None else {**headers, "content-type": kind}
            sent = body if body is FILE else b"" if body is None else msgspec.json.encode(body)
            self.ask(
                system,
                Request(method=method, path=path, query=tuple(query.items()), headers=typed, body=sent),
            )
        return self.world.log.since(before)


def fortnox_bearer(teller: Teller) -> str:
    pair = f"{PEOPLE_FORTNOX['client_id']}:{PEOPLE_FORTNOX['client_secret']}"
    headers = {
        **FORM,
        "authorization": f"Basic {base64.b64encode(pair.encode()).decode()}",
        "tenantid": PEOPLE_FORTNOX["tenant_id"],
    }
    body = urlencode({"grant_type": "client_credentials"}).encode()
    sent = Request(method="POST", path="/oauth-v1/token", headers=headers, body=body)
    return str(teller.ask("fortnox", sent)["access_token"])


def webcrm_bearer(teller: Teller) -> str:
    body = urlencode({"authCode": PEOPLE_WEBCRM["auth_code"]}).encode()
    sent = Request(method="POST", path="/Auth/ApiLogin", headers=FORM, body=body)
    return str(teller.ask("webcrm", sent)["AccessToken"])


OBJECTS = [("an organisation of a newer system", "GET", "/Organisations/2001", {}, None, 200)]
STORIES = {"fortnox": (fortnox_bearer, FORTNOX), "webcrm": (webcrm_bearer, WEBCRM)}


@pytest.fixture(scope="module")
def told() -> dict[str, list[Item]]:
    """The log of each story, the login first."""
    logs = {}
    for system, (bearer, rows) in STORIES.items():
        teller = Teller()
        played = teller.play(system, bearer(teller), rows)
        logs[system] = [*teller.world.log.since(0)[: -len(played)], *played]
    teller = Teller()
    teller.world.systems["webcrm"].switch("country_shape", "object")
    logs["newer webcrm"] = teller.play("webcrm", webcrm_bearer(teller), OBJECTS)
    return logs


@pytest.mark.row("B4")
@pytest.mark.parametrize(
    ("system", "place"),
    [(system, place) for system, (_, rows) in STORIES.items() for place in range(len(rows))],
    ids=[f"{system}: {row[0]}" for system, (_, rows) in STORIES.items() for row in rows],
)
def test_an_exchange_fits_the_vendors_own_file(told, system, place):
    """
    The path is in the file, and the request and the answer are what the file allows there.
    """
    rows = STORIES[system][1]
    item = told[system][place - len(rows)]
    assert item["status"] == rows[place][5], item["response"]
    assert openapi.validate(system, item) == []


@pytest.mark.parametrize("system", STORIES)
def test_a_whole_log_fits_with_its_logins(told, system):
    """
    The check over a whole log finds nothing either.
    """
    assert openapi.validate_log(told[system]) == []


def test_no_deviation_stands_in_the_list_for_nothing(told):
    """
    Each row of DEVIATIONS excuses something in the stories; a row that does not is to be taken out.
    """
    used = openapi.used_deviations(item for log in told.values() for item in log)
    assert [row for row in openapi.DEVIATIONS if row not in used] == []


@pytest.mark.parametrize(("system", "count"), [("fortnox", 377), ("webcrm", 280)])
def test_every_operation_of_a_file_can_be_checked(system, count):
    """
    All operations of both files are found by their own path, and their schemas can be used.
    """
    checked = 0
    for operation in openapi.operations(system):
        item = {"method": operation.method.upper(), "path": operation.template, "request": {}, "response": {}}
        for status in operation.body["responses"]:
            checked += (
                status == "default" or openapi.validate(system, {**item, "status": int(status)}) is not None
            )
    assert (len(openapi.operations(system)), checked >= count) == (count, True)


KUND = {"Customer": {"Name": "A"}}
X = {"Customer": {"Name": "A", "X": 1}}
SEVEN = {"Customer": {"Name": 7}}
FRIEND = {"Customer": {"Name": "A", "Type": "FRIEND"}}
TWO_ROWS = {"Customers": [{"CustomerNumber": "1", "Name": "A"}, {"CustomerNumber": "2", "Name": "B", "X": 1}]}
WRONG = [
    # what | method | path | request | status | response | in the finding
    ("a path that is not in the file", "GET", "/3/kunder", None, 200, {}, "no such operation"),
    ("a method that is not in the file", "PATCH", "/3/customers/1", None, 200, {}, "no such operation"),
    ("a path that 404 knows of", "GET", "/3/kunder", None, 404, {}, None),
    ("a request that was refused", "POST", "/3/customers", X, 400, {}, None),
    ("a field of ours", "POST", "/3/customers", X, 201, KUND, "request/Customer/X"),
    ("no name", "POST", "/3/customers", {"Customer": {}}, 201, KUND, "Name"),
    ("a number for a text", "POST", "/3/customers", SEVEN, 201, KUND, "request/Customer/Name"),
    ("a field of theirs", "GET", "/3/customers/1", None, 200, X, "response/Customer/X"),
    ("an unknown word", "GET", "/3/customers/1", None, 200, FRIEND, "response/Customer/Type"),
    ("a field of theirs in a list", "GET", "/3/customers", None, 200, TWO_ROWS, "response/Customers/1/X"),
    ("a status that is not in the file", "POST", "/3/customers", KUND, 200, KUND, "status 200"),
]


@pytest.mark.parametrize(
    ("method", "path", "request_body", "status", "response", "finding"),
    [row[1:] for row in WRONG],
    ids=[row[0] for row in WRONG],
)
def test_the_check_finds_what_the_file_does_not_allow(method, path, request_body, status, response, finding):
    """
    One wrong thing in an exchange is found and named; a refused exchange is no finding.
    """
    item = {
        "system": "fortnox",
        "method": method,
        "path": path,
        "request": request_body,
        "status": status,
        "response": response,
        "fault": None,
    }
    found = openapi.validate_log([item])
    assert (len(found), finding is None or finding in found[0]) == (0 if finding is None else 1, True)
    assert openapi.validate_log([{**item, "fault": "html"}]) == []
