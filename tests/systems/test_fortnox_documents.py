"""Orders and invoices as one business document, against the pretend Fortnox and recorded payloads."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.documents import DocumentRow, packed, unpacked, worked_out
from daemon.core.records import Lane
from daemon.errors import OutcomeUnknown, Refused, Unusable
from daemon.systems.fortnox import documents
from daemon.systems.fortnox.document_table import DOCUMENT
from daemon.systems.fortnox.wire import Odd
from tests.systems.fakes import reply
from tests.systems.fortnox_office import Desk

D = Decimal
MARK = "FS1.WC.D.A"
# fmt: off
ORDER = {
    "DocumentNumber": "12", "CustomerNumber": "1", "OrderDate": "2026-11-20", "DeliveryDate": "2026-11-25",
    "Remarks": "Ring först", "Currency": "sek", "ExternalInvoiceReference1": MARK, "Cancelled": False,
    "VATIncluded": False, "InvoiceReference": "0", "Total": 250, "TotalVAT": 50, "RoundOff": 0, "Freight": 0,
    "AdministrationFee": 0, "Sent": False,
    "OrderRows": [{"RowId": 8, "ArticleNumber": "102", "Description": "Hammare", "DeliveredQuantity": "2",
                   "OrderedQuantity": "2", "Price": 100, "Discount": 0, "DiscountType": "PERCENT",
                   "Total": 200, "Unit": "st", "VAT": 25}],
}
INVOICE = {
    "DocumentNumber": "34", "CustomerNumber": "1", "InvoiceDate": "2026-11-27", "Remarks": "",
    "DueDate": "2026-12-27",
    "Currency": "SEK", "ExternalInvoiceReference1": "", "Cancelled": False, "Booked": False,
    "Credit": "false", "CreditInvoiceReference": "0", "OrderReference": "12", "VATIncluded": False,
    "Total": 250, "TotalVAT": 50, "RoundOff": 0, "InvoiceRows": [{**ORDER["OrderRows"][0], "RowId": 9}],
}
INVOICED = {**ORDER, "InvoiceReference": "34"}
ALONE = {**INVOICE, "OrderReference": 0, "ExternalInvoiceReference1": "FS1.WC.D.B"}
COMPOSED = {
    # order, invoice                                          -> some fields of the document; ... is absent
    "an order": (ORDER, None, {
        "key": "order:12", "from_order": "order:12", "from_invoice": None, "state": "order",
        "date": "2026-11-20", "delivery_date": "2026-11-25", "text": "Ring först", "order_text": "Ring först",
        "currency": "SEK", "order_number": "12", "invoice_number": None, "invoice_date": None,
        "booked": False, "finished": ..., "note": ..., "reference": MARK, "credit": False, "difference": 0,
        "row_keys": "8",
        "vat_included": False, "customer": "1"}),
    "an invoiced order": (INVOICED, INVOICE, {
        "key": "invoice:34", "from_order": "order:12", "from_invoice": "invoice:34", "state": "invoiced",
        "date": "2026-11-20", "delivery_date": "2026-11-25", "text": "Ring först", "order_text": "Ring först",
        "order_number": "12", "invoice_number": "34", "invoice_date": "2026-11-27", "booked": False,
        "finished": ..., "reference": MARK, "row_keys": "9"}),
    "a copied text": ({**INVOICED, "CopyRemarks": True}, {**INVOICE, "Remarks": "Tack"}, {
        "text": "Tack", "order_text": None}),
    "a copied text that was taken away": ({**INVOICED, "CopyRemarks": True}, INVOICE, {
        "text": None, "order_text": None}),
    "a text that will be copied": ({**ORDER, "CopyRemarks": True}, None, {
        "text": "Ring först", "order_text": None}),
    "one that is not ours": ({**INVOICED, "ExternalInvoiceReference1": "PO 7"}, INVOICE, {
        "finished": True, "reference": "PO 7"}),
    "a booked one": (INVOICED, {**INVOICE, "Booked": True}, {"state": "booked", "booked": True, "note": ...}),
    "an invoice alone": (None, ALONE, {
        "key": "invoice:34", "from_order": None, "from_invoice": "invoice:34", "state": "invoice",
        "date": "2026-11-27", "delivery_date": ..., "order_text": ..., "order_number": ...,
        "invoice_date": ..., "invoice_number": "34", "finished": ..., "reference": "FS1.WC.D.B",
        "due_date": "2026-12-27"}),
    "an invoice of a person": (None, {**ALONE, "ExternalInvoiceReference1": ""}, {
        "finished": True, "reference": None}),
    "a cancelled order": ({**ORDER, "Cancelled": True}, None, {
        "state": "cancelled", "note": "Order 12 makulerad i Fortnox"}),
    "a cancelled invoice": (INVOICED, {**INVOICE, "Cancelled": True}, {
        "state": "cancelled", "note": "Faktura 34 makulerad i Fortnox"}),
    "a credited invoice": (None, {**ALONE, "Booked": True, "CreditInvoiceReference": 35}, {
        "state": "booked", "note": "Faktura 34 krediterad med faktura 35"}),
    "a credit note": (None, {**ALONE, "Credit": "true", "CreditInvoiceReference": "33"}, {
        "credit": True, "reference": None, "note": ..., "finished": True}),
    "no rows": ({**ORDER, "OrderRows": [], "Total": 0, "TotalVAT": 0}, None, {
        "rows": None, "row_keys": None, "difference": 0}),
}
DIFFERENCES = {
    "rounded to kronor":      ({"Total": 251, "RoundOff": 1},                         0),
    "freight and fee":        ({"Total": 400, "TotalVAT": 80, "Freight": 100, "AdministrationFee": 20}, 0),
    "something else":         ({"Total": 240},                                        -1000),
    "with VAT in the rows":   ({"VATIncluded": True, "Total": 200, "TotalVAT": 40},   0),
    "with VAT and rounding":  ({"VATIncluded": True, "Total": 201, "RoundOff": "1"},  0),
}
# fmt: on


def row(article="102", quantity="2", price="100", **more):
    quantity, price = D(quantity), D(price)
    total = worked_out(quantity, price, D(more.get("percent", 0)), more.get("off", 0))
    return DocumentRow(article=article, quantity=quantity, price=price, total=total, **more)


def of(seen):
    """The rows of what was seen, as (article, quantity, total)."""
    return [
        (each.article or each.text, str(each.quantity), each.total) for each in unpacked(seen.fields["rows"])
    ]


@pytest.fixture
def desk():
    return Desk()


# ------------------------------------------------------------------ composing


@pytest.mark.parametrize(("order", "invoice", "wanted"), COMPOSED.values(), ids=COMPOSED)
def test_an_order_and_its_invoice_are_one_document(order, invoice, wanted):
    """The invoice lives once there is one; dates and number of the order stay its own."""
    fields = documents.compose(order, invoice)

    assert wanted == {name: fields.get(name, ...) for name in wanted}


@pytest.mark.parametrize(("changed", "difference"), DIFFERENCES.values(), ids=DIFFERENCES)
def test_what_the_rows_do_not_explain_is_told(changed, difference):
    """Fortnox' rounding and fees are no difference (decision 14)."""
    assert difference == documents.compose({**ORDER, **changed}, None)["difference"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.decimals(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
ROW = ORDER["OrderRows"][0]


@given(
    st.dictionaries(st.sampled_from(sorted(ORDER)), JSON, max_size=3),
    st.dictionaries(st.sampled_from(sorted(ROW)), JSON, max_size=3),
)
def test_an_odd_payload_is_read_or_refused(changed, changed_row):
    """Law: whatever stands in a payload, it is a document or it is odd; nothing else happens."""
    payload = {**ORDER, "OrderRows": [{**ROW, **changed_row}], **changed}
    try:
        fields = documents.compose(payload, None)
    except Odd:
        return
    assert fields["key"].startswith("order:")


# ------------------------------------------------------------------ writing


async def test_an_order_is_made_in_one_request(desk):
    """Every number is said; what the partner does not say is Fortnox's to fill."""
    sold = packed([row(text="Släg'ga", vat=D(25)), DocumentRow(text="Tack <3")])

    seen = await desk.create(
        date="2026-03-02",
        delivery_date=None,
        text="Rad 1\nRad 2",
        currency="SEK",
        rows=sold,
        your_number="D-1",
    )

    assert desk.body() == {
        "Order": {
            "CustomerNumber": "1",
            "OrderDate": "2026-03-02",
            "Remarks": "Rad 1\nRad 2",
            "CopyRemarks": True,
            "VATIncluded": False,
            "Currency": "SEK",
            "ExternalInvoiceReference1": MARK,
            "YourOrderNumber": "D-1",
            "OrderRows": [
                {
                    "ArticleNumber": "102", "Description": "Släg’ga", "OrderedQuantity": "2",
                    "DeliveredQuantity": "2", "Price": 100.0, "Discount": 0, "DiscountType": "PERCENT",
                    "VAT": 25,
                },
                {"Description": "Tack 3"},
            ],
        }
    }  # fmt: skip
    assert desk.asked() == ["GET /3/settings/lockedperiod", "POST /3/orders"]
    assert (seen.id, seen.fields["key"], seen.fields["state"]) == ("order:1", "order:1", "order")
    assert unpacked(seen.fields["rows"]) == (
        row(text="Släg’ga", vat=D(25)),
        DocumentRow(text="Tack 3"),
    )
    assert seen == await desk.get("order:1")


async def test_an_invoice_is_made_likewise(desk):
    """Under its own names."""
    seen = await desk.create(form="invoice", date="2026-03-02", rows=packed([row()]))

    (sold,) = desk.body()["Invoice"]["InvoiceRows"]
    assert "OrderedQuantity" not in sold
    assert (seen.id, seen.fields["state"], seen.fields["date"]) == ("invoice:1", "invoice", "2026-03-02")
    assert seen == await desk.get("invoice:1")


# fmt: off
UPDATES = {
    # rows before                                     rows after
    "one is added":       ([row()],                            [row(), row("103")]),
    "one comes first":    ([row()],                            [row("103"), row()]),
    "one goes":           ([row(), row("103")],                [row("103")]),
    "one changes":        ([row(), row("103")],                [row(quantity="7"), row("103")]),
    "a discount":         ([row()],                            [row(off=500)]),
    "no discount":        ([row(off=500)],                     [row()]),
    "another article":    ([row()],                            [row("103")]),
    "a text after":       ([row()],                            [row(), DocumentRow(text="Tack")]),
    "only a text":        ([row()],                            [DocumentRow(text="Tack")]),
    "text to article":    ([DocumentRow(text="Tack")],         [row()]),
    "all go":             ([row(), row("103")],                []),
    "the first":          ([],                                 [row()]),
    "all others":         ([row(), row(price="3")],           [row("103"), row("103", "3"), row("103", "5")]),
}
# fmt: on


@pytest.mark.parametrize("form", ["order", "invoice"])
@pytest.mark.parametrize(("before", "after"), UPDATES.values(), ids=UPDATES)
async def test_rows_become_what_is_wanted_in_one_request(desk, form, before, after):
    """And the answer is the read-back."""
    seen = await desk.create(form=form, rows=packed(before))
    desk.asked()

    now = await desk.update(seen.id, rows=packed(after))

    assert len([each for each in desk.asked() if each.startswith("PUT")]) == 1
    assert of(now) == [(each.article or each.text, str(each.quantity), each.total) for each in after]
    assert now == await desk.get(seen.id)


async def test_an_unchanged_row_keeps_what_only_fortnox_knows(desk):
    """Account and cost centre of a person's row survive an edit beside it, and of a changed row too."""
    kept = {
        "ArticleNumber": "102",
        "DeliveredQuantity": "1",
        "OrderedQuantity": "4",
        "Price": 10,
        "AccountNumber": 3041,
    }
    desk.papers.make("orders", kept, {**kept, "ArticleNumber": "103"})
    first, second = unpacked((await desk.get("order:1")).fields["rows"])
    changed = msgspec.structs.replace(second, quantity=D(2), total=2000)

    await desk.update("order:1", rows=packed([first, changed, row()]))

    (one, two, three) = desk.papers.get("orders", "1")["OrderRows"]
    assert [each["AccountNumber"] for each in (one, two, three)] == [3041, 3041, 3001]
    assert [each["OrderedQuantity"] for each in (one, two, three)] == ["4", "4", "2"]


async def test_an_invoiced_order_is_written_through_its_invoice(desk):
    """The other half needs no request: it is as it was just shown."""
    await desk.create(rows=packed([row()]), text="Ring först", date="2026-03-01", delivery_date="2026-03-04")
    desk.papers.do("orders", "1", "createinvoice")
    shown = await desk.get("order:1")
    desk.asked()

    answer = await desk.system.update("document", "order:1", {"text": "Tack"}, Lane.FRESH, shown.fields)

    assert desk.asked() == ["PUT /3/invoices/1"]
    assert (answer.id, answer.seen.fields["text"], answer.seen.fields["order_text"]) == (
        "order:1",
        "Tack",
        None,
    )
    assert answer.seen == await desk.get("order:1")


# fmt: off
LOCKED = {
    # what happens after the document was shown, what is written then         -> its code, and why
    "rows from an order":  (["createinvoice"],         {"rows": None},        "REC24", "made from an order"),
    "booked":              (["createinvoice", "bookkeep"], {"text": "x"}, "REC24", "booked"),
    "cancelled":           (["cancel"],                {"text": "x"},         "REC24", "cancelled"),
    "an unknown currency": ([],                        {"currency": "XXX"},   "REC99", "kan inte hitta"),
    "no date":             ([],                        {"date": None},        "REC21", "without a date"),
}
# fmt: on


@pytest.mark.parametrize(("actions", "fields", "code", "why"), LOCKED.values(), ids=LOCKED)
async def test_what_fortnox_takes_no_more_is_told_with_the_reason(desk, actions, fields, code, why):
    """Its codes for this are not known, so the document is asked (fortnox.md 22 no 4)."""
    await desk.create(rows=packed([row()]))
    for action in actions:
        desk.papers.do("invoices" if action == "bookkeep" else "orders", "1", action)

    with pytest.raises(Refused) as caught:
        await desk.update("order:1", **fields)
    assert caught.value.code == code
    assert why.lower() in caught.value.what.lower()


@pytest.mark.row("W13")
@pytest.mark.parametrize(("date", "due"), [("2026-03-12", "2026-04-11"), ("2026-02-20", "2026-03-22")])
async def test_the_due_date_moves_with_the_date_of_an_invoice(desk, date, due):
    """By the same days and in the same request: Fortnox would let it stand."""
    await desk.create(form="invoice", date="2026-03-02", rows=packed([row()]))
    assert desk.papers.get("invoices", "1")["DueDate"] == "2026-04-01"

    seen = await desk.update("invoice:1", date=date)

    assert desk.body() == {"Invoice": {"InvoiceDate": date, "DueDate": due}}
    assert (seen.fields["date"], seen.fields["due_date"]) == (date, due)


async def test_an_order_that_was_invoiced_meanwhile_takes_no_more(desk):
    """What was shown is old by an instant."""
    await desk.create(rows=packed([row()]))
    shown = (await desk.get("order:1")).fields
    desk.papers.do("orders", "1", "createinvoice")

    with pytest.raises(Refused, match=r"REC24.*invoiced meanwhile"):
        await desk.system.update("document", "order:1", {"text": "x"}, Lane.FRESH, shown)


async def test_texts_are_cleared_with_null(desk):
    """ "" does nothing (fortnox.md 8.2)."""
    await desk.create(text="Ring först", delivery_date="2026-03-04")

    seen = await desk.update("order:1", text=None, delivery_date=None)

    assert (seen.fields["text"], seen.fields["delivery_date"]) == (None, None)


async def test_rows_with_vat_are_read_only(desk):
    """The pair never writes them; whoever does is wrong."""
    desk.papers.make(
        "orders", {"ArticleNumber": "102", "DeliveredQuantity": "2", "Price": 125}, VATIncluded=True
    )
    seen = await desk.get("order:1")

    assert (seen.fields["vat_included"], seen.fields["difference"]) == (True, 0)
    assert of(seen) == [("102", "2", 20000)]
    with pytest.raises(AssertionError):
        await desk.update("order:1", rows=None)


async def test_an_unreadable_answer_to_a_write_proves_nothing(desk):
    """It is looked up then what became of it."""
    shown = documents.compose(ORDER, None)
    odd = {"Order": {**ORDER, "OrderRows": [{"RowId": []}]}}
    send = desk.wire.send

    async def spoiled(request):
        return reply(200, odd) if request.method == "PUT" else await send(request)

    desk.wire.send = spoiled
    with pytest.raises(OutcomeUnknown, match="JSN08"):
        await desk.system.update("document", "order:12", {"text": "x"}, Lane.FRESH, shown)


# ------------------------------------------------------------------ the locked period


async def test_a_date_in_the_locked_period_is_refused_before_it_is_sent(desk):
    """With the day and the menu; asked at most once in ten minutes."""
    desk.papers.fortnox.act("lock_period", {"EndDate": "2026-02-28"})

    with pytest.raises(Refused, match=r"REC23.*2026-02-28.*Låst period"):
        await desk.create(date="2026-02-28")
    desk.asked()
    await desk.create(date="2026-03-01")
    await desk.create(date="2026-03-01")
    assert desk.asked() == ["GET /3/settings/lockedperiod", "POST /3/orders", "POST /3/orders"]

    desk.papers.fortnox.act("lock_period", {"EndDate": None})
    await desk.clock.sleep(600)
    await desk.update("order:1", date="2026-02-28")
    await desk.update("order:1", text="x")
    assert desk.asked().count("GET /3/settings/lockedperiod") == 1


async def test_a_period_that_was_unlocked_lets_a_retry_through_at_once(desk):
    """A refusal is not remembered: who unlocked it need not wait."""
    desk.papers.fortnox.act("lock_period", {"EndDate": "2026-02-28"})
    with pytest.raises(Refused) as caught:
        await desk.create(date="2026-02-28")
    assert caught.value.todo.endswith("then retry")

    desk.papers.fortnox.act("lock_period", {"EndDate": None})

    assert (await desk.create(date="2026-02-28")).id == "order:1"


async def test_without_the_right_to_see_the_lock_fortnox_checks_alone(desk):
    """A missing scope for a setting stops no document."""
    send = desk.wire.send

    async def without_scope(request):
        if "lockedperiod" in request.url:
            return reply(400, {"ErrorInformation": {"error": 1, "message": "Nej.", "code": 2000663}})
        return await send(request)

    desk.wire.send = without_scope
    assert (await desk.create(date="2026-02-28")).id == "order:1"


# ------------------------------------------------------------------ reading


async def test_orders_come_first_and_their_time_counts(desk):
    """What changes while the orders are listed is read again next time."""
    await desk.create(rows=packed([row()]))
    desk.papers.do("orders", "1", "createinvoice")
    desk.asked()

    pages = [page async for page in desk.system.read("document", None, Lane.READ)]

    assert [(each.id, each.full) for page in pages for each in page.rows] == [
        ("order:1", False),
        ("invoice:1", False),
    ]
    assert len({page.server_time for page in pages}) == 1
    assert all(page.complete for page in pages)
    assert [each.query["sortby"] for each in desk.wire.sent] == ["documentnumber"] * 2
    (order,), (invoice,) = (page.rows for page in pages)
    assert order.fields == {
        "key": "order:1", "from_order": "order:1", "reference": MARK, "customer": "1", "date": "2026-03-02",
        "delivery_date": None, "currency": "SEK", "total": 25000, "cancelled": False, "sent": False,
    }  # fmt: skip
    assert invoice.fields["from_invoice"] == "invoice:1" and "from_order" not in invoice.fields


@pytest.mark.parametrize("action", ["bookkeep", "externalprint", "cancel"])
async def test_what_happens_to_a_document_moves_its_list_row(desk, action):
    """So that it is read whole."""
    await desk.create(form="invoice", rows=packed([row()]))

    async def listed():
        return [
            each.fields async for page in desk.system.read("document", None, Lane.READ) for each in page.rows
        ]

    before = await listed()
    desk.papers.do("invoices", "1", action)
    assert before != await listed()


async def test_changes_are_asked_for_in_both_registers(desk):
    """Two requests when nothing happened."""
    since = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)

    pages = [page async for page in desk.system.read("document", since, Lane.READ)]

    assert ([page.rows for page in pages], pages[0].complete) == ([(), ()], False)
    assert [each.query["lastmodified"] for each in desk.wire.sent] == ["2026-03-02 13:00"] * 2


async def test_an_invoice_shows_itself_under_its_order(desk):
    """One document, whichever of its halves changed."""
    await desk.create(rows=packed([row()]))
    desk.papers.do("orders", "1", "createinvoice")
    desk.asked()

    seen = await desk.get("invoice:1")

    assert (seen.id, seen.fields["key"], seen.fields["state"]) == ("order:1", "invoice:1", "invoiced")
    assert desk.asked() == ["GET /3/invoices/1", "GET /3/orders/1"]
    assert seen == await desk.get("order:1")


async def test_an_invoice_that_its_order_does_not_name_is_alone(desk):
    """An order may have been invoiced again."""
    await desk.create(rows=packed([row()]))
    desk.papers.do("orders", "1", "createinvoice")
    desk.papers.fortnox.companies["1234567"].registers["orders"].records["1"].values["InvoiceReference"] = "7"

    assert (await desk.get("invoice:1")).id == "invoice:1"


@pytest.mark.parametrize("record_id", ["order:99", "invoice:99"])
async def test_what_does_not_exist_is_none(desk, record_id):
    """In either register."""
    assert await desk.get(record_id) is None


async def test_a_person_credits_an_invoice(desk):
    """The original says so; the credit note is a document of its own, without our mark."""
    await desk.create(form="invoice", rows=packed([row()]))
    desk.papers.do("invoices", "1", "bookkeep")
    desk.papers.do("invoices", "1", "credit")

    original, note = await desk.get("invoice:1"), await desk.get("invoice:2")

    assert original.fields["note"] == "Faktura 1 krediterad med faktura 2"
    assert (note.fields["credit"], note.fields["reference"], of(note)) == (
        True,
        None,
        [("102", "-2", -20000)],
    )


# ------------------------------------------------------------------ looking


async def looked(desk, reference=MARK, whole=None):
    found = await desk.system.look("document", {"reference": reference, "form": "order"}, None, whole)
    return [each.id for each in found]


async def test_a_document_is_found_by_its_mark_in_both_registers(desk):
    """Compared exactly; an order and its invoice are one."""
    await desk.create(rows=packed([row()]))
    await desk.create(reference=f"{MARK}X")
    await desk.create(form="invoice", reference="FS1.WC.D.C")
    desk.papers.do("orders", "1", "createinvoice")
    desk.asked()

    assert await looked(desk) == ["order:1"]
    assert desk.asked() == ["GET /3/orders", "GET /3/orders/1", "GET /3/invoices/2", "GET /3/invoices"]
    assert await looked(desk, "FS1.WC.D.C") == ["invoice:1"]
    assert await looked(desk, "FS1.WC.D.NONE") == []


async def test_a_credit_note_is_no_hit():
    """Even where Fortnox copies the mark."""
    desk = Desk(references_copied_to_credit=True)
    await desk.create(form="invoice", rows=packed([row()]))
    desk.papers.do("invoices", "1", "credit")

    assert await looked(desk) == ["invoice:1"]


async def test_whole_documents_come_from_who_may_have_read_them(desk):
    """Only hits are handed over."""
    await desk.create()
    asked = []

    async def whole(ids):
        asked.extend(ids)
        return [await desk.get(each) for each in ids]

    assert await looked(desk, whole=whole) == ["order:1"]
    assert asked == ["order:1"]


async def test_a_search_that_shows_everything_stops_creations(desk):
    """Then the filter is ignored, and "not found" would be worth nothing."""
    for number in range(21):
        await desk.create(reference=f"{MARK}{number}")

    with pytest.raises(Unusable, match=r"JSN16.*21 documents"):
        await looked(desk)


# ------------------------------------------------------------------ check


async def test_a_check_probes_both_registers(desk):
    """A missing scope is named before the first document."""
    findings = await desk.system.check(["document"])

    assert [each.where for each in findings if "scope" in each.where] == [
        "Fortnox, scope order (orders; licence: Order)",
        "Fortnox, scope invoice (invoices; licence: Fakturering)",
    ]


def test_the_table_of_documents_has_a_place_for_what_is_written():
    """And for nothing that only Fortnox writes."""
    assert DOCUMENT.holds(
        [
            "form",
            "customer",
            "date",
            "delivery_date",
            "text",
            "currency",
            "rows",
            "reference",
            "your_number",
            "booked",
        ]
    ) == {"form", "customer", "date", "delivery_date", "text", "currency", "rows", "reference", "your_number"}
