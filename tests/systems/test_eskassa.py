"""The adapter of ES Kassasystem against answers as dinkassa.md describes them: lists, articles, customers."""

from __future__ import annotations

import datetime as dt

import anyio
import anyio.lowlevel
import pytest

from daemon.core.records import Lane
from daemon.errors import GrantError, OutcomeUnknown, Refused, Unreachable, Unusable
from daemon.systems.eskassa import mapping, wire
from tests.systems.contract import Contract, Vendor
from tests.systems.eskassa_shop import (
    COFFEE,
    FIRST_DAY,
    KEY,
    NUMBER,
    ONCE,
    Shop,
    ShopHttp,
    item,
    listed,
    machines,
    paged,
    shown,
)
from tests.systems.fakes import LOST, FakeGrant, reply

TODAY = dt.date(2026, 11, 20)
SINCE = dt.datetime(2026, 11, 20, 10, 0, tzinfo=dt.UTC)
ACME = {
    "Id": "17",
    "CustomerNumber": "1042",
    "Name": "Acme",
    "OrganizationNumber": "5560000000",
    "Address1": "Storgatan 1",
    "Address2": None,
    "ZipCode": "11122",
    "City": "Stockholm",
    "Country": "SE",
    "Phone": "08-100000",
    "Email": "ekonomi@example.se",
    "InvoiceEmail": "faktura@example.se",
    "VatNumber": None,
    "IsPrivatePerson": False,
    "CreatedDateTime": "2026-01-02T09:00:00",
    "LastModifiedDateTime": "2026-07-02T09:00:00",
}
WRITABLE = {name: value for name, value in ACME.items() if not name.endswith("DateTime")}
CATEGORY = listed({"Id": "7", "Name": "Mat"}, {"Id": "8", "Name": "FORTNOX"})


class TestEskassa(Contract):
    """The contract."""

    vendor = Vendor(
        name="eskassa",
        settings={"account": "test", "report_grant": FakeGrant(), "first_day": FIRST_DAY},
        ready={"GET /machine": machines("Kassa 1")},
        list_route="GET /customer",
        list_reply=listed(ACME),
        get_route="GET /customer/17",
        get_reply=shown(ACME),
        missing=reply(404, {"Message": "not found"}),
        create_route="POST /customer",
        create_reply=shown(ACME),
        update_route="PUT /customer",
        update_reply=shown(ACME),
        cleared={"Item": {**WRITABLE, "Phone": None}},
    )

    @pytest.fixture
    def http(self):
        http = ShopHttp()
        vendor = self.vendor
        http.answers.update(vendor.ready)
        http[vendor.list_route], http[vendor.get_route] = vendor.list_reply, vendor.get_reply
        http[vendor.create_route], http[vendor.update_route] = vendor.create_reply, vendor.update_reply
        return http

    async def test_none_clears_in_the_vendors_own_way(self, system, http):
        """
        A PUT carries all that can be written, whoever wrote it: what it leaves out may be blanked.

        There is no fax at the till, so it is the telephone that is cleared.
        """
        await system.update("customer", "17", {"phone": None}, Lane.FRESH, {})

        (sent,) = http.named(self.vendor.update_route)
        assert sent.body == self.vendor.cleared


@pytest.fixture
def shop():
    """A shop with one article."""
    shop = Shop()
    shop.http["GET /inventoryitem"] = listed(COFFEE)
    shop.http[f"GET /inventoryitem/{NUMBER}"] = shown(COFFEE)
    shop.http["GET /category"] = CATEGORY
    shop.http["POST /inventoryitem"] = shown(COFFEE)
    shop.http["PUT /inventoryitem"] = shown(COFFEE)
    return shop


# ------------------------------------------------------------------ lists


async def test_pages_are_asked_for_until_the_total_is_there(shop):
    """200 articles at a time, dinkassa.md 2.1."""
    shop.http["GET /inventoryitem"] = paged([item(str(number)) for number in range(1, 402)])

    pages = await shop.pages("item")

    assert [len(page.rows) for page in pages] == [200, 200, 1]
    assert all(page.complete for page in pages)
    assert [each.query["offset"] for each in shop.http.sent] == ["0", "200", "400"]


async def test_an_empty_list_is_one_complete_page(shop):
    """Nothing there is an answer."""
    shop.http["GET /inventoryitem"] = listed()

    assert [(page.rows, page.complete) for page in await shop.pages("item")] == [((), True)]


async def test_rows_that_come_while_pages_are_turned_begin_the_list_again(shop):
    """A complete list is a picture of one moment, in whatever order they list (2.1)."""
    there = [item(str(number)) for number in range(1, 202)]
    turn = paged(there)

    def growing(sent):
        answer = turn(sent)
        if len(there) == 201:
            there.insert(0, item("999"))
        return answer

    shop.http["GET /inventoryitem"] = growing

    rows = await shop.rows("item")

    assert {row.id for row in rows} == {each["Id"] for each in there}
    assert [each.query["offset"] for each in shop.http.sent] == ["0", "200", "0", "200"]


SHIFTING = {
    "the total changes each time": {"0": listed(item("1"), total=2), "1": listed(item("2"), total=3)},
    "a row is shown twice": {"0": listed(item("1"), total=2), "1": listed(item("1"), total=2)},
    "less than the total": {"0": listed(item("1"), total=2), "1": listed(total=2)},
}


@pytest.mark.parametrize("pages", SHIFTING.values(), ids=SHIFTING)
async def test_a_list_that_never_agrees_with_itself_is_not_believed(shop, pages):
    """Else what it does not show would look removed."""
    shop.http["GET /inventoryitem"] = lambda sent: pages[sent.query["offset"]]

    with pytest.raises(Unusable, match="JSN15"):
        await shop.rows("item")
    assert [each.query["offset"] for each in shop.http.sent].count("0") == 3


WRAPPERS = {
    "no Items": {"ItemCountTotal": 0},
    "no total": {"Items": []},
    "a list": [],
    "Items of texts": {"ItemCountTotal": 1, "Items": ["1"]},
    "a row without Id": {"ItemCountTotal": 1, "Items": [{"Description": "Kaffe"}]},
}


@pytest.mark.parametrize("body", WRAPPERS.values(), ids=WRAPPERS)
async def test_a_wrapper_that_is_not_theirs_is_no_empty_list(shop, body):
    """Nothing must look removed because an answer changed its shape."""
    shop.http["GET /inventoryitem"] = reply(200, body)

    with pytest.raises(Unusable):
        await shop.rows("item")


async def test_one_reading_serves_articles_and_stock(shop):
    """A list of 10,000 takes most of a minute at one request a second."""
    await shop.rows("item")
    await shop.clock.sleep(29)
    (stock,) = await shop.rows("stock")

    assert shop.asked("GET /inventoryitem") == 1
    assert stock.fields == {"number": "1001", "quantity": 900}


async def test_articles_use_no_list_that_stock_has_read(shop):
    """It is from the pass before: an edit made since, however lately, would be missed."""
    await shop.rows("stock")
    await shop.rows("item")

    assert shop.asked("GET /inventoryitem") == 2


BETWEEN = {
    "the same kind again": lambda shop: shop.rows("item"),
    "half a minute": lambda shop: shop.clock.sleep(30),
    "a reading by key": lambda shop: shop.system.get("stock", NUMBER, Lane.READ),
    "a write": lambda shop: shop.system.update("item", NUMBER, {"name": "Kaffe"}, Lane.FRESH, {}),
}


@pytest.mark.parametrize("happens", BETWEEN.values(), ids=BETWEEN)
async def test_a_list_older_than_what_is_known_is_not_used_again(shop, happens):
    """It would show an article as it was before."""
    await shop.rows("item")
    await happens(shop)
    await shop.rows("stock")

    assert shop.asked("GET /inventoryitem") == 2


async def test_an_article_read_by_key_shows_its_stock(shop):
    """As a reading of the stock would: one request is enough for both."""
    item = await shop.system.get("item", NUMBER, Lane.READ)
    stock = await shop.system.get("stock", NUMBER, Lane.READ)

    assert (item.parts, stock.parts) == ({"stock": stock}, {})


# ------------------------------------------------------------------ articles


async def test_an_article_in_our_words(shop):
    """Money in whole öre; no time of change, each sale moves it (3); the quantity is no part of it."""
    (seen,) = await shop.rows("item")

    assert seen.fields == {
        "number": "1001",
        "name": "Kaffe 500 g",
        "price": 5900,
        "vat": 6,
        "barcode": "7310000000017",
        "live": True,
    }
    assert (seen.id, seen.changed_at) == (NUMBER, None)
    assert seen.born_at == dt.datetime(2026, 1, 2, 8, 0, tzinfo=dt.UTC)


@pytest.mark.parametrize("kind", ["item", "stock"])
async def test_no_article_is_known_to_have_changed(shop, kind):
    """A reading of changes alone is empty, and costs nothing."""
    pages = await shop.pages(kind, SINCE, only_changed=True)

    assert [(page.rows, page.complete) for page in pages] == [((), False)]
    assert shop.http.sent == []


async def test_a_new_article_is_put_in_the_category_of_the_connector(shop):
    """It is found by its name once; a PickupPrice of 0 is none, and new ones are on the menu."""
    fields = {"number": "1001", "name": "Kaffe", "price": 5950, "vat": 6, "barcode": "731", "live": True}

    made = await shop.system.create("item", fields, Lane.FRESH, once=ONCE)
    await shop.system.create("item", {**fields, "live": False}, Lane.FRESH)

    first, second = shop.http.named("POST /inventoryitem")
    assert first.body["Item"] == {
        "BarCode": "731",
        "ProductCode": "1001",
        "Description": "Kaffe",
        "PriceIncludingVat": 59.5,
        "PickupPriceIncludingVat": 0,
        "VatPercentage": 6,
        "CategoryId": "8",
        "VisibleOnSalesMenu": True,
    }
    assert b"59.50" in first.request.body
    assert (first.query, second.query) == (KEY, {})
    assert second.body["Item"]["VisibleOnSalesMenu"] is False
    assert shop.asked("GET /category") == 1
    assert (made.id, made.seen.fields["name"]) == (NUMBER, "Kaffe 500 g")


async def test_a_missing_category_is_made_first(shop):
    """Under a key of its own: the article's must not be used up."""
    shop.http["GET /category"] = listed({"Id": "7", "Name": "Mat"})
    shop.http["POST /category"] = shown({"Id": "9", "Name": "Fortnox"})

    await shop.system.create("item", {"name": "Kaffe"}, Lane.FRESH, once=ONCE)

    (category,) = shop.http.named("POST /category")
    (made,) = shop.http.named("POST /inventoryitem")
    assert category.body == {"Item": {"Name": "Fortnox"}}
    assert category.query["requestKey"] != made.query["requestKey"] == KEY["requestKey"]
    assert made.body["Item"]["CategoryId"] == "9"


async def test_a_missing_category_is_made_once_for_articles_that_are_made_at_the_same_time(shop, monkeypatch):
    """The second one waits for it."""
    shop.http["GET /category"] = listed()
    shop.http["POST /category"] = shown({"Id": "9", "Name": "Fortnox"})
    send = shop.http.send

    async def slow(request):
        await anyio.lowlevel.checkpoint()
        return await send(request)

    monkeypatch.setattr(shop.http, "send", slow)
    async with anyio.create_task_group() as group:
        for name in ("Kaffe", "Te"):
            group.start_soon(shop.system.create, "item", {"name": name}, Lane.FRESH)

    assert (shop.asked("POST /category"), shop.asked("POST /inventoryitem")) == (1, 2)


async def test_a_category_that_nobody_heard_of_keeps_the_article_from_being_sent(shop):
    """Of the article nothing was sent; the next try finds the category."""
    shop.http["GET /category"] = listed()
    shop.http["POST /category"] = LOST

    with pytest.raises(Unreachable):
        await shop.system.create("item", {"name": "Kaffe"}, Lane.FRESH, once=ONCE)
    assert shop.asked("POST /inventoryitem") == 0


async def test_a_refused_article_has_its_category_looked_up_again(shop):
    """Somebody may have removed it."""
    shop.http["POST /inventoryitem"] = [reply(400, {"Message": "CategoryId"}), shown(COFFEE)]

    with pytest.raises(Refused, match="REC99  ES Kassasystem refuses the record: CategoryId"):
        await shop.system.create("item", {"name": "Kaffe"}, Lane.FRESH)
    await shop.system.create("item", {"name": "Kaffe"}, Lane.FRESH)

    assert shop.asked("GET /category") == 2


async def test_a_put_carries_all_that_can_be_written(shop):
    """What it leaves out may be blanked (3.1); the quantity stays out, or a sale would be undone."""
    answer = await shop.system.update(
        "item", NUMBER, {"name": "Kaffe mörk", "price": 6200}, Lane.FRESH, {}, once=ONCE
    )

    (sent,) = shop.http.named("PUT /inventoryitem")
    assert sent.query == KEY
    assert sent.body["Item"] == {
        "Id": NUMBER,
        "BarCode": "7310000000017",
        "BarCode2": "7310000000018",
        "ProductCode": "1001",
        "ExternalProductCode": None,
        "Description": "Kaffe mörk",
        "PriceIncludingVat": 62.0,
        "PickupPriceIncludingVat": 55.5,
        "VatPercentage": 6,
        "CategoryId": "123456789012345678",
        "SupplierName": "Rosteriet",
        "VisibleOnSalesMenu": True,
    }
    assert answer.seen.id == NUMBER


@pytest.mark.parametrize("status", [200, 404, 410])
async def test_an_article_that_is_not_live_any_more_is_removed(shop, status):
    """Whether by us or before us."""
    shop.http[f"DELETE /inventoryitem/{NUMBER}"] = reply(status, {"Message": "gone"} if status > 200 else b"")

    answer = await shop.system.update(
        "item", NUMBER, {"live": False}, Lane.FRESH, {"name": "Kaffe", "live": True}, once=ONCE
    )

    assert answer.seen.fields == {"name": "Kaffe", "live": False}
    assert shop.http.sent[-1].query == KEY


async def test_an_article_that_may_not_be_removed_is_hidden(shop):
    """Under another key, and nothing else of it changes."""
    shop.http[f"DELETE /inventoryitem/{NUMBER}"] = reply(400, {"Message": "in an open order"})
    shop.http["PUT /inventoryitem"] = shown(item(VisibleOnSalesMenu=False))

    answer = await shop.system.update("item", NUMBER, {"live": False}, Lane.FRESH, {}, once=ONCE)

    (sent,) = shop.http.named("PUT /inventoryitem")
    assert sent.body["Item"]["VisibleOnSalesMenu"] is False
    assert sent.body["Item"]["PriceIncludingVat"] == 59.0
    assert sent.query not in ({}, KEY)
    assert answer.seen.fields["live"] is False


async def test_a_404_of_some_other_server_removes_nothing(shop):
    """The article is still there."""
    shop.http[f"DELETE /inventoryitem/{NUMBER}"] = reply(404, b"<html>", content_type="text/html")

    with pytest.raises(Unusable):
        await shop.system.update("item", NUMBER, {"live": False}, Lane.FRESH, {})


async def test_a_write_that_was_done_already_is_read_back(shop):
    """409 says that its key was used: by an attempt whose answer was lost (2.2)."""
    shop.http["PUT /inventoryitem"] = reply(409, {"Message": "requestKey"})

    with pytest.raises(OutcomeUnknown):
        await shop.system.update("item", NUMBER, {"name": "Kaffe"}, Lane.FRESH, {}, once=ONCE)


async def test_an_answer_that_does_not_show_all_is_looked_up(shop):
    """Only the whole record proves what is stored."""
    shop.http["POST /inventoryitem"] = shown({"Id": "5"})
    shop.http["PUT /inventoryitem"] = reply(200, b"")

    made = await shop.system.create("item", {"name": "Kaffe"}, Lane.FRESH)
    changed = await shop.system.update("item", NUMBER, {"name": "Kaffe"}, Lane.FRESH, {})

    assert [(made.id, made.seen), (changed.id, changed.seen)] == [("5", None), (NUMBER, None)]


async def test_a_lost_article_is_looked_up_by_its_number_and_its_barcode(shop):
    """They search for parts of both; only equal ones count."""
    there = [item("1", ProductCode="10011"), item("2"), item("3", ProductCode="7", BarCode="731")]
    shop.http["GET /inventoryitem"] = paged(there)

    found = await shop.system.look("item", {"number": "1001", "barcode": "731"}, SINCE)

    assert [seen.id for seen in found] == ["2", "3"]
    searched = [set(each.query) - {"offset", "fetch"} for each in shop.http.sent]
    assert searched == [{"productCodeContains"}, {"barCodeContains"}]


REFUSED_FIELDS = {
    "a long name": ({"name": "x" * 31}, "REC10"),
    "a long number": ({"number": "1" * 31}, "REC10"),
    "a long barcode": ({"barcode": "1" * 31}, "REC10"),
    "no name": ({"name": None}, "REC08"),
    "a VAT rate that is none": ({"vat": 20}, "REC17"),
    "30 characters and 12 %": ({"name": "x" * 30, "vat": 12}, None),
}


@pytest.mark.parametrize(("fields", "code"), REFUSED_FIELDS.values(), ids=REFUSED_FIELDS)
def test_what_an_article_can_hold(fields, code):
    """It is told before anything is sent."""
    problem = mapping.ITEM.problem(fields, "ES Kassasystem", TODAY)

    assert (problem and problem.code) == code


# ------------------------------------------------------------------ customers


async def test_a_customer_in_our_words(shop):
    """The address as one value, the organisation number with its dash, times in UTC."""
    shop.http["GET /customer"] = listed(ACME)

    (seen,) = await shop.rows("customer", SINCE)

    assert seen.fields == {
        "number": "1042",
        "name": "Acme",
        "type": "company",
        "org_number": "556000-0000",
        "vat_number": None,
        "invoice_address": "Storgatan 1\n\n11122\nStockholm\nSE",
        "phone": "08-100000",
        "email": "ekonomi@example.se",
        "live": True,
    }
    assert seen.changed_at == dt.datetime(2026, 7, 2, 7, 0, tzinfo=dt.UTC)


@pytest.mark.parametrize("kind", ["posting", "customer", "document"])
async def test_a_list_of_changes_costs_nothing(shop, kind):
    """Whole lists tell when each row changed."""
    (page,) = await shop.pages(kind, SINCE, only_changed=True)

    assert (page.rows, page.complete, list(shop.http.sent)) == ((), False, [])


async def test_a_new_customer_is_made_of_exactly_its_fields(shop):
    """In their words."""
    shop.http["POST /customer"] = shown(ACME)
    fields = {
        "number": "1042",
        "name": "Acme",
        "type": "private",
        "invoice_address": "Storgatan 1\n\n111 22\nKista\nSE",
    }

    await shop.system.create("customer", {**fields, "phone": None, "live": True}, Lane.FRESH, once=ONCE)

    (sent,) = shop.http.sent
    assert sent.query == KEY
    assert sent.body["Item"] == {
        "CustomerNumber": "1042",
        "Name": "Acme",
        "IsPrivatePerson": True,
        "Address1": "Storgatan 1",
        "Address2": None,
        "ZipCode": "111 22",
        "City": "Kista",
        "Country": "SE",
    }


async def test_a_customer_with_open_invoices_is_not_removed(shop):
    """Their words say why."""
    shop.http["DELETE /customer/17"] = reply(400, {"Message": "kunden har öppna fakturor"})

    with pytest.raises(Refused, match="kunden har öppna fakturor"):
        await shop.system.update("customer", "17", {"live": False}, Lane.FRESH, {})


async def test_a_customer_is_removed(shop):
    """It is then as it was, and not live."""
    shop.http["DELETE /customer/17"] = reply(200, b"")

    answer = await shop.system.update("customer", "17", {"live": False}, Lane.FRESH, {"name": "Acme"})

    assert answer.seen.fields == {"name": "Acme", "live": False}


LOOKS = {
    "its number": ({"number": "1042", "name": "Other"}, ["17"]),
    "its name and organisation number": ({"name": "ACME", "org_number": "556000-0000"}, ["17"]),
    "its name alone": ({"name": "Acme"}, ["17", "18"]),
    "neither": ({"number": "1", "name": "Acme", "org_number": "1"}, []),
}


@pytest.mark.parametrize(("fields", "ids"), LOOKS.values(), ids=LOOKS)
async def test_a_lost_customer_is_looked_up_in_the_whole_list(shop, fields, ids):
    """By its number, or by name and organisation number."""
    other = {**ACME, "Id": "18", "CustomerNumber": None, "OrganizationNumber": None}
    shop.http["GET /customer"] = listed(ACME, other)

    assert [seen.id for seen in await shop.system.look("customer", fields, SINCE)] == ids


# ------------------------------------------------------------------ check, and what is small


@pytest.mark.row("D11")
async def test_a_check_proves_the_keys_the_category_and_the_registers(shop):
    """A register that has been silent for a day is named, and one that does not exist."""
    shop = Shop(registers=["bbbbbbbb-0000-4000-8000-000000000002", "nowhere"])
    shop.http["GET /category"] = listed()
    shop.http["GET /machine"] = machines("Kassa 1", "Kassa 2", heard_at="2026-11-19T12:59:00")

    findings = await shop.system.check(["item", "posting"])

    assert [(finding.ok, finding.code) for finding in findings] == [
        (True, ""),
        (True, ""),
        (False, "TIL02"),
        (False, "TIL01"),
    ]
    assert "is made with the first article" in findings[0].what
    assert "Kassa 2 has not been heard of since 2026-11-19 11:59 UTC" in findings[2].what
    assert not any(each.request.effect for each in shop.http.sent)


@pytest.mark.parametrize("before", [[], ["Kassa 1"]], ids=["none ever", "one that was there"])
async def test_registers_that_are_not_shown_are_told(shop, before):
    """Without one nothing would be read for ever, and nothing of it could fall due."""
    shop.http["GET /machine"] = machines(*before)
    await shop.system.prepare()
    await shop.clock.sleep(86_400)
    shop.http["GET /machine"] = machines()
    await shop.system.prepare()

    assert [finding.code for finding in shop.system.troubles()] == ["TIL01"]


async def test_a_refused_login_for_reports_does_not_hide_that_the_keys_work(shop):
    """Each login is a finding of its own."""

    async def headers():
        raise GrantError("AUT04", "the login is refused", "connector.till.password", "mend it")

    shop.report_grant.headers = headers

    findings = await shop.system.check(["item", "posting"])

    assert [(finding.ok, finding.code) for finding in findings] == [(True, ""), (False, "AUT04")]


async def test_the_registers_are_asked_for_once_a_day(shop):
    """Their names rarely change."""
    await shop.system.prepare()
    await shop.system.prepare()
    await shop.clock.sleep(86_400)
    await shop.system.prepare()

    assert shop.asked("GET /machine") == 2


TIMES = {
    "summer": ("2026-07-02T09:00:00", "2026-07-02T07:00:00+00:00"),
    "winter, with a fraction": ("2026-01-02T09:00:00.1234567", "2026-01-02T08:00:00+00:00"),
    "the first of two": ("2026-10-25T02:30:00", "2026-10-25T00:30:00+00:00"),
    "with a zone": ("2026-01-02T09:00:00Z", "2026-01-02T09:00:00+00:00"),
    "year 1": ("0001-01-01T00:00:00", None),
    "no time": ("igår", None),
    "nothing": (None, None),
}


@pytest.mark.parametrize(("raw", "moment"), TIMES.values(), ids=TIMES)
def test_a_time_of_the_till(raw, moment):
    """Swedish time without a zone, told at or before what it means."""
    assert wire.moment(raw) == (moment and dt.datetime.fromisoformat(moment))
