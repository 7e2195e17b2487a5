"""The pretend Fortnox: what happens to orders, invoices and payments (fortnox.md 11, 12.2 to 12.5, 15)."""

from __future__ import annotations

import pytest

from daemon.sandbox.fortnox import errors
from daemon.sandbox.web import ActionError, Request
from tests.sandbox.fortnox_office import JSON, parsed
from tests.sandbox.fortnox_papers import HAMMER, ROWS, Papers, article_numbers

pytestmark = pytest.mark.row("B4")

BOTH = pytest.mark.parametrize("path", ["orders", "invoices"])


@pytest.fixture
def papers() -> Papers:
    return Papers()


def test_an_order_becomes_an_invoice(papers):
    """Section 11: header values are copied, dates and OCR are the invoice's own, both name each other."""
    header = {
        "ExternalInvoiceReference1": "FS1.a",
        "ExternalInvoiceReference2": "7",
        "YourOrderNumber": "PO-1",
        "YourReference": "Eva",
        "DeliveryName": "Lager",
        "Freight": 49,
        "OrganisationNumber": "556016-0680",
    }
    papers.make("orders", HAMMER, {"Description": "text"}, **header, OrderDate="2026-01-05", Remarks="Tack")
    invoice = papers.do("orders", "1", "createinvoice")
    assert {name: invoice[name] for name in header} == header
    own = ("DocumentNumber", "OrderReference", "InvoiceDate", "DueDate", "OCR", "Remarks", "Booked")
    assert [invoice[name] for name in own] == ["1", "1", "2026-03-02", "2026-04-01", "133", "", False]
    assert (article_numbers(invoice), invoice["Total"]) == (["102", ""], 311.25)
    assert papers.get("orders", "1")["InvoiceReference"] == "1"
    assert papers.numbers("orders", "filter=invoicecreated") == ["1"]
    assert papers.code("PUT", "/3/orders/1/createinvoice") == (400, errors.ORDER_INVOICED)


def test_remarks_are_copied_when_asked_for(papers):
    """Section 11."""
    papers.make("orders", Remarks="Tack", CopyRemarks=True)
    assert papers.do("orders", "1", "createinvoice")["Remarks"] == "Tack"


def test_the_answer_of_createinvoice_is_a_switch():
    """Section 22 no 12: the invoice, or the order that names it."""
    for setting, number in (("Invoice", "OrderReference"), ("Order", "InvoiceReference")):
        papers = Papers(createinvoice_answers=setting)
        papers.make("orders")
        _, body = papers.ask("PUT", "/3/orders/1/createinvoice")
        assert list(body) == [setting] and body[setting][number] == "1"


def test_copying_the_references_is_a_switch():
    """Section 8.6 calls it likely."""
    papers = Papers(references_copied_to_invoice=False)
    papers.make("orders", ExternalInvoiceReference1="FS1.a")
    assert papers.do("orders", "1", "createinvoice")["ExternalInvoiceReference1"] == ""


def test_rows_that_came_from_an_order_are_locked(papers):
    """Section 11: they stay as they are, under new RowIds too; other rows and the header can change."""
    papers.make("orders", HAMMER)
    invoice = papers.do("orders", "1", "createinvoice")
    row_id = invoice["InvoiceRows"][0]["RowId"]
    for rows in ([{"Price": 1}], [{"RowId": row_id, "DeliveredQuantity": "3"}], []):
        assert papers.refused("invoices", "1", InvoiceRows=rows) == errors.ROWS_FROM_ORDER
    after = papers.put("invoices", "1", InvoiceRows=[{"RowId": row_id}, {"Description": "mer"}], Comments="x")
    assert article_numbers(after) == ["102", ""]
    assert papers.refused("invoices", "1", InvoiceRows=[{"Price": 1}, {}]) == errors.ROWS_FROM_ORDER
    status, body = papers.ask("PUT", "/3/invoices/1", {"Invoice": {"InvoiceRows": []}})
    assert (status, body["ErrorInformation"]["message"]) == (
        400,
        "En eller flera rader har koppling till en order.",
    )


@pytest.mark.parametrize(
    ("path", "action", "code"),
    [
        ("orders", "cancel", errors.DOCUMENT_CANCELLED),
        ("orders", "createinvoice", errors.ORDER_INVOICED),
        ("invoices", "cancel", errors.DOCUMENT_CANCELLED),
        ("invoices", "bookkeep", errors.INVOICE_BOOKED),
    ],
)
def test_closed_documents_refuse_changes(papers, path, action, code):
    """Sections 11, 12.2, 22 no 4: invented codes; neither an edit nor cancelling changes anything."""
    papers.make(path, HAMMER)
    papers.do(path, "1", action)
    before = papers.get(path, "1")
    assert papers.refused(path, "1", Comments="x") == code
    assert papers.refused(path, "1", **{ROWS[path]: []}) == code
    assert papers.code("PUT", f"/3/{path}/1/cancel") == (400, code)
    assert papers.code("PUT", f"/3/{path}/1/{action}") == (400, code)
    assert papers.get(path, "1") == before


def test_booking_an_invoice(papers):
    """Sections 12.2, 15: voucher series, number and the year's id; cancelled ones are never booked."""
    for _ in range(3):
        papers.make("invoices", HAMMER)
    booked = [papers.do("invoices", key, "bookkeep") for key in ("1", "2")]
    names = ("Booked", "VoucherSeries", "VoucherNumber", "VoucherYear", "Balance", "FinalPayDate")
    assert [tuple(each[name] for name in names) for each in booked] == [
        (True, "B", 1, 2, 250, None),
        (True, "B", 2, 2, 250, None),
    ]
    papers.do("invoices", "3", "cancel")
    assert papers.code("PUT", "/3/invoices/3/bookkeep") == (400, errors.DOCUMENT_CANCELLED)
    assert papers.get("invoices", "3")["Balance"] == 0


@pytest.mark.parametrize(
    ("date", "code"),
    [
        ("2026-01-31", errors.PERIOD_LOCKED),
        ("2026-02-01", None),
        ("2027-01-01", errors.NO_FINANCIAL_YEAR),
        ("2024-12-31", errors.NO_FINANCIAL_YEAR),
    ],
)
def test_booking_needs_a_year_and_an_open_period(papers, date, code):
    """Section 12.2: 400 otherwise, and the invoice stays unbooked."""
    papers.fortnox.act("lock_period", {"EndDate": "2026-01-31"})
    papers.make("invoices", HAMMER, InvoiceDate=date)
    assert papers.code("PUT", "/3/invoices/1/bookkeep") == (400 if code else 200, code)
    assert papers.get("invoices", "1")["Booked"] is (code is None)


def test_an_invoice_over_nothing_is_paid_when_booked(papers):
    """Section 12.2 (VCR)."""
    papers.make("invoices")
    assert papers.do("invoices", "1", "bookkeep")["FinalPayDate"] == "2026-03-02"
    assert papers.numbers("invoices", "filter=fullypaid") == ["1"]


@pytest.mark.parametrize("copied", [False, True])
def test_crediting(copied):
    """Section 12.2: the answer is the original; the note mirrors it and can be edited and booked."""
    papers = Papers(references_copied_to_credit=copied)
    papers.make("invoices", HAMMER, {**HAMMER, "Discount": 5}, ExternalInvoiceReference1="FS1.a", Freight=10)
    papers.do("invoices", "1", "bookkeep")
    original = papers.do("invoices", "1", "credit")
    assert (original["DocumentNumber"], original["Credit"], original["CreditInvoiceReference"]) == (
        "1",
        "false",
        "2",
    )
    note = papers.get("invoices", "2")
    assert (note["Credit"], note["CreditInvoiceReference"], note["Booked"]) == ("true", "1", False)
    assert note["ExternalInvoiceReference1"] == ("FS1.a" if copied else "")
    assert [row["DeliveredQuantity"] for row in note["InvoiceRows"]] == ["-2", "-2"]
    assert (original["Total"], note["Total"], note["TotalVAT"]) == (506.25, -506.25, -101.25)
    assert papers.put("invoices", "2", Comments="x")["Comments"] == "x"
    assert papers.do("invoices", "2", "bookkeep")["VoucherNumber"] == 2
    assert papers.numbers("invoices", "credit=true") == ["2"]
    for key in ("1", "2"):
        assert papers.code("PUT", f"/3/invoices/{key}/credit") == (400, errors.NOT_CREDITABLE)


SENDING = [
    ("orders", "PUT", "externalprint"),
    ("orders", "GET", "email"),
    ("orders", "GET", "print"),
    ("invoices", "PUT", "externalprint"),
    ("invoices", "GET", "email"),
    ("invoices", "GET", "einvoice"),
    ("invoices", "GET", "eprint"),
    ("invoices", "GET", "print"),
]


@pytest.mark.parametrize(("path", "method", "how"), SENDING, ids=[f"{row[0]} {row[2]}" for row in SENDING])
def test_sending_marks_and_counts(papers, path, method, how):
    """Sections 11, 12.4: a GET has effects, each time anew; a booked invoice can be sent too."""
    papers.make(path, EmailInformation={"EmailAddressTo": "eva@example.se"})
    for times in (1, 2):
        assert papers.send(method, f"/3/{path}/1/{how}").status == 200
        assert papers.fortnox.act("sent", {"kind": path, "key": "1"}) == {how: times}
    assert papers.get(path, "1")["Sent"] is True


@BOTH
def test_print_and_preview_are_pdfs(papers, path):
    """Sections 5, 11: JSON must be accepted, a preview leaves no trace."""
    papers.make(path)
    for action, sent in (("preview", False), ("print", True)):
        response = papers.send("GET", f"/3/{path}/1/{action}")
        assert response.headers["content-type"] == "application/pdf"
        assert response.body.startswith(b"%PDF-") and response.body.endswith(b"%%EOF\n")
        assert papers.get(path, "1")["Sent"] is sent
    headers = {"authorization": f"Bearer {papers.access_token}", **JSON, "accept": "application/pdf"}
    answer = papers.send("GET", f"/3/{path}/1/preview", b"", headers)
    assert (answer.status, parsed(answer)["ErrorInformation"]["code"]) == (400, 1000030)


def test_a_print_may_answer_200_with_an_error(papers):
    """Section 5: look for %PDF-."""
    papers.make("invoices")
    papers.fortnox.switch("print_answers", "error")
    assert papers.code("GET", "/3/invoices/1/preview") == (200, errors.PRINT_FAILED)


def test_a_mail_needs_an_address(papers):
    """Section 12.4."""
    papers.make("invoices")
    assert papers.code("GET", "/3/invoices/1/email") == (400, errors.NO_MAIL_ADDRESS)
    assert papers.get("invoices", "1")["Sent"] is False


@pytest.mark.parametrize("books", [False, True])
def test_some_companies_book_what_they_send(books):
    """Section 12.2: a switch; what cannot be booked is not sent either."""
    papers = Papers(book_when_sent=books)
    papers.make("invoices", HAMMER)
    assert papers.do("invoices", "1", "externalprint")["Booked"] is books
    assert papers.do("invoices", "1", "externalprint")["Sent"] is True
    papers.make("invoices", HAMMER, InvoiceDate="2020-01-01")
    assert papers.code("PUT", "/3/invoices/2/externalprint")[0] == (400 if books else 200)


def test_the_warehouse_makes_a_document_fast():
    """Sections 6.3, 11: only state delivery, then 2003125; without the module nothing changes."""
    papers = Papers(warehouse_module=True)
    assert papers.make("orders", DeliveryState="reservation")["WarehouseReady"] is False
    assert papers.code("PUT", "/3/orders/1/warehouseready") == (400, 2003124)
    papers.put("orders", "1", DeliveryState="delivery")
    assert papers.do("orders", "1", "warehouseready")["WarehouseReady"] is True
    assert papers.refused("orders", "1", Comments="x") == 2003125
    papers = Papers()
    papers.make("orders")
    papers.do("orders", "1", "warehouseready")
    assert papers.put("orders", "1", Comments="x")["Comments"] == "x"


def test_an_action_needs_no_body_and_no_content_type(papers):
    """Section 12.4: nothing or {}."""
    papers.make("orders")
    headers = {"authorization": f"Bearer {papers.access_token}", "accept": "application/json"}
    request = Request(method="PUT", path="/3/orders/1/externalprint", headers=headers)
    assert papers.fortnox.handle(request).status == 200
    assert papers.ask("PUT", "/3/orders/1/externalprint", {})[0] == 200


STAMPED = [
    ("booking_stamps_invoice", "PUT", "invoices/1/bookkeep"),
    ("sending_stamps_invoice", "PUT", "invoices/1/externalprint"),
    ("payment_stamps_invoice", "PUT", "invoicepayments/1/bookkeep"),
]


@pytest.mark.parametrize("raises", [True, False])
@pytest.mark.parametrize(("switch", "method", "path"), STAMPED, ids=[row[0] for row in STAMPED])
def test_what_raises_the_stamp_of_an_invoice(switch, method, path, raises):
    """Section 22 no 3: booking, sending and payment do unless switched off."""
    papers = Papers(**{switch: raises})
    papers.make("invoices", HAMMER)
    if "payment" in path:
        papers.do("invoices", "1", "bookkeep")
        papers.ask("POST", "/3/invoicepayments", {"InvoicePayment": {"InvoiceNumber": 1, "Amount": 250}})
    papers.advance(3600)
    assert papers.ask(method, f"/3/{path}")[0] == 200
    assert papers.numbers("invoices", "lastmodified=2026-03-02 12:30") == (["1"] if raises else [])


@BOTH
def test_cancelling_raises_the_stamp(papers, path):
    """Section 7.5."""
    papers.make(path)
    papers.advance(3600)
    papers.do(path, "1", "cancel")
    assert papers.numbers(path, "lastmodified=2026-03-02 12:30&filter=cancelled") == ["1"]


def pay(papers: Papers, **fields) -> dict:
    sent = {"InvoiceNumber": 1, "PaymentDate": "2026-03-20", "ModeOfPayment": "BG", **fields}
    status, body = papers.ask("POST", "/3/invoicepayments", {"InvoicePayment": sent})
    assert status == 201, body
    return dict(body["InvoicePayment"])


def test_payments(papers):
    """Section 12.5: only a booked payment changes the ledger; at 0 FinalPayDate is set."""
    papers.make("invoices", HAMMER)
    sent = {"InvoiceNumber": 1, "Amount": 100}
    assert papers.refused("invoicepayments", **sent) == errors.INVOICE_NOT_BOOKED
    papers.do("invoices", "1", "bookkeep")
    assert papers.refused("invoicepayments", **{**sent, "InvoiceNumber": 9}) == 2000434
    assert papers.refused("invoicepayments", InvoiceNumber=1) == errors.REQUIRED
    first = pay(papers, Amount=100)
    assert (first["Number"], first["Booked"], first["AmountCurrency"]) == ("1", False, 100)
    assert papers.get("invoices", "1")["Balance"] == 250
    booked = papers.do("invoicepayments", "1", "bookkeep")
    assert (booked["Booked"], booked["VoucherSeries"], booked["VoucherNumber"]) == (True, "C", 1)
    assert papers.get("invoices", "1")["Balance"] == 150
    pay(papers, Amount=149, WriteOffs=[{"Amount": 1, "AccountNumber": 3740}])
    papers.do("invoicepayments", "2", "bookkeep")
    paid = papers.get("invoices", "1")
    assert (paid["Balance"], paid["FinalPayDate"]) == (0, "2026-03-20")
    assert papers.numbers("invoices", "filter=fullypaid") == ["1"]


def test_booked_payments_are_fast(papers):
    """Section 12.5: an unbooked one can be changed and deleted; the list names its invoice."""
    papers.make("invoices", HAMMER, ExternalInvoiceReference1="FS1.a")
    papers.do("invoices", "1", "bookkeep")
    pay(papers, Amount=100)
    assert papers.put("invoicepayments", "1", Amount=50)["AmountCurrency"] == 50
    _, body = papers.ask("GET", "/3/invoicepayments?invoicenumber=1&lastmodified=2026-03-01")
    [row] = body["InvoicePayments"]
    assert (row["Amount"], row["InvoiceNumber"], row["WriteOffExist"]) == (50, 1, False)
    assert papers.ask("GET", "/3/invoicepayments?invoicenumber=11")[1]["InvoicePayments"] == []
    papers.do("invoicepayments", "1", "bookkeep")
    assert papers.refused("invoicepayments", "1", Amount=1) == errors.PAYMENT_BOOKED
    assert papers.code("DELETE", "/3/invoicepayments/1") == (400, errors.PAYMENT_BOOKED)
    assert papers.code("PUT", "/3/invoicepayments/1/bookkeep") == (400, errors.PAYMENT_BOOKED)


@pytest.mark.parametrize("action", ["dance", ""])
def test_people_are_told_what_can_be_done(papers, action):
    """An unknown action names the known ones."""
    papers.make("orders")
    with pytest.raises(ActionError):
        papers.fortnox.act("action", {"kind": "orders", "key": "1", "action": action})
