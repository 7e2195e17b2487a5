"""Deliveries with their lines against the pretend webCRM: which requests, in which order, to what end."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from urllib.parse import parse_qsl, urlencode, urlsplit

import anyio
import anyio.lowlevel
import msgspec
import pytest

from daemon.core.documents import DocumentRow, packed, unpacked, worked_out
from daemon.core.records import Lane
from daemon.errors import Misfit, OutcomeUnknown, Refused, Throttled, Unreachable, Unusable
from daemon.pairs.fortnox_webcrm_documents import DEFAULT_DELIVERY_MAP
from daemon.ports import Reply
from daemon.sandbox import web
from daemon.sandbox.world import World
from daemon.systems.webcrm.system import Webcrm
from tests.systems.fakes import LOST, UNREACHABLE, FakeClock, FakeIds, reply

PEOPLE = "22222222-2222-4222-8222-222222222222"
DAEMON = "11111111-1111-4111-8111-111111111111"
MINUTE = dt.timedelta(minutes=1)
ROOMY = {"rate_limit": 1_000_000, "token_lifetime_s": 86_400}
KINDS = {
    "SELECT * FROM Delivery WHERE DeliveryUpdatedAt": "deliveries changed",
    "SELECT QuotationLineId, QuotationLineOpportunityId FROM QuotationLine": "lines changed",
    "SELECT * FROM Delivery WHERE (DeliveryCustom5": "deliveries open",
    "SELECT * FROM Delivery WHERE DeliveryId": "deliveries by id",
    "SELECT * FROM Delivery WHERE DeliveryErpId": "deliveries by key",
    "SELECT * FROM QuotationLine WHERE QuotationLineOpportunityId =": "lines by delivery",
    "SELECT * FROM QuotationLine WHERE QuotationLineOpportunityId >=": "lines of a range",
    "SELECT * FROM Delivery ORDER BY": "deliveries all",
}


class Office:
    """A pretend webCRM with one company in it, people at work, and the way for the daemon's requests."""

    def __init__(self, token=DAEMON, **switches):
        self.clock = FakeClock()
        self._world = World(self.clock.now, filled=False)
        self.pretend = self._world.systems["webcrm"]
        for name, value in {**ROOMY, "query_lines": True, **switches}.items():
            self.pretend.switch(name, value)
        self._people, self._daemon = self._login(PEOPLE), self._login(token)
        self.company = self.act("create", entity="Organisation", fields={"OrganisationName": "Acme"})
        self.asked, self.urls, self.written = [], [], []
        self.answers = {}  # "METHOD /path" -> an answer or an error instead of the pretend system's

    # ------------------------------------------------------ the daemon's side

    async def headers(self):
        return {"Authorization": f"Bearer {self._daemon}"}

    async def refused(self, headers):
        raise AssertionError("nobody takes the token away")

    async def send(self, request):
        parts = urlsplit(request.url)
        query = dict(parse_qsl(parts.query))
        told = self._told(request.method, parts.path, query)
        self.asked.append(told)
        self.urls.append(request.url)
        if request.effect:
            self.written.append((told, msgspec.json.decode(request.body) if request.body else None))
        if (answer := self.answers.get(told)) is not None:
            if isinstance(answer, Exception):
                raise answer
            return answer
        done = self._send(self._daemon, request.method, parts.path, request.body or b"", query)
        now = self.clock.now()
        headers = {name.lower(): value for name, value in done.headers.items()}
        return Reply(status=done.status, headers=headers, body=done.body, received_at=now, server_time=now)

    @staticmethod
    def _told(method, path, query):
        script = query.get("script")
        if script is None:
            return f"{method} {path}"
        # Which page of it is asked for does not matter.
        asked = re.sub(r"WHERE (?:\((.*)\) AND )?\w+Id > \d+ ORDER", r"WHERE \1 ORDER", script)
        return next(told for start, told in KINDS.items() if asked.startswith(start))

    def since(self, start):
        """What the daemon asked after the first `start` requests."""
        return self.asked[start:]

    # ------------------------------------------------------ people

    def _login(self, code):
        body = urlencode({"authCode": code}).encode()
        form = {"content-type": "application/x-www-form-urlencoded"}
        request = web.Request(method="POST", path="/Auth/ApiLogin", headers=form, body=body)
        return msgspec.json.decode(self._world.exchange("webcrm", request).response.body)["AccessToken"]

    def _send(self, token, method, path, body, query):
        headers = {"authorization": f"Bearer {token}"}
        request = web.Request(
            method=method, path=path, query=tuple(query.items()), headers=headers, body=body
        )
        return self._world.exchange("webcrm", request).response

    def act(self, verb, **body):
        return self.pretend.act(verb, body)

    def delivery(self, **fields):
        """A new delivery's id."""
        named = {f"Delivery{name}": value for name, value in fields.items()}
        named["DeliveryOrganisationId"] = self.company["OrganisationId"]
        return self.act("create", entity="Delivery", fields=named)["DeliveryId"]

    def line(self, delivery, **fields):
        """A new line's id, as a person makes it."""
        named = {f"QuotationLine{name}": value for name, value in fields.items()}
        named["QuotationLineOpportunityId"] = delivery
        return self.act("create", entity="QuotationLine", fields=named)["QuotationLineId"]

    def edit(self, entity, number, **fields):
        named = {f"{entity}{name}": value for name, value in fields.items()}
        self.act("edit", entity=entity, id=number, fields=named)

    def delete(self, line):
        assert self._send(self._people, "DELETE", f"/QuotationLines/{line}", b"", {}).status == 200

    def lines(self, delivery):
        """What the lines of a delivery say: id -> article, quantity, Price, in their order."""
        found = self._json(f"/Deliveries/{delivery}/QuotationLines", Page="1", Size="1000")
        found.sort(key=lambda line: (line["QuotationLineSortOrder"], line["QuotationLineId"]))
        return {
            line["QuotationLineId"]: tuple(
                line[f"QuotationLine{name}"] for name in ("Data1", "Quantity", "Price")
            )
            for line in found
        }

    def shown(self, delivery):
        return self._json(f"/Deliveries/{delivery}")

    def article(self, number):
        """A new item of the catalogue."""
        data = {f"QuotationLineLinkedDataItemData{n}": "-" for n in range(1, 10)}
        data["QuotationLineLinkedDataItemData1"] = number
        data["QuotationLineLinkedDataItemEntityType"] = "Product"
        return self.act("create", entity="LinkedData", fields=data)["QuotationLineLinkedDataItemId"]

    def _json(self, path, **query):
        return msgspec.json.decode(self._send(self._people, "GET", path, b"", query).body)


def system_of(office, **settings):
    """The adapter in that office."""
    places = {**DEFAULT_DELIVERY_MAP, **settings.pop("delivery_map", {})}
    return Webcrm(
        delivery_map=places,
        http=office,
        grant=office,
        clock=office.clock,
        ids=FakeIds(),
        account="test",
        base_url="https://api.webcrm.com",
        documents=True,
        **settings,
    )


@pytest.fixture
def office():
    return Office()


@pytest.fixture
def system(office):
    return system_of(office)


async def records(system, since=None, **how):
    """Every record of a reading, by id; no record comes twice."""
    found = [seen async for page in system.read("document", since, Lane.READ, **how) for seen in page.rows]
    assert len(found) == len({seen.id for seen in found})
    return {seen.id: seen for seen in found}


def row(article="", quantity="1", price="1", **fields):
    found = DocumentRow(article=article, quantity=Decimal(quantity), price=Decimal(price), **fields)
    total = worked_out(found.quantity, found.price, found.percent, found.off)
    return msgspec.structs.replace(found, total=total)


def told(seen):
    """Article and total of each row."""
    return [(each.article or each.text, each.total) for each in unpacked(seen.fields["rows"])]


async def write(system, delivery, *rows, **fields):
    """Give a delivery these rows, as they are after being read."""
    seen = await system.get("document", str(delivery), Lane.READ)
    wanted = {"rows": packed(rows), **fields}
    return await system.update("document", str(delivery), wanted, Lane.FRESH, seen.fields)


# ------------------------------------------------------------------ reading


@pytest.mark.row("W9")
async def test_a_delivery_is_read_whole_with_its_lines(office, system):
    """Rows in their order with the keys of their lines; changed when its last line was."""
    await system.prepare()
    number = office.delivery(ErpId="order:12", OrderDate="2026-11-20T00:00:00Z", Memo="Hej", Custom1="12")
    office.clock.passed_s += 60
    last = office.line(number, Data1="B", Quantity=2, ListPrice=100, Discount=10, SortOrder=20)
    first = office.line(number, Memo="Text", SortOrder=10)

    (seen,) = (await records(system)).values()

    assert seen.id == str(number)
    assert told(seen) == [("Text", 0), ("B", 18000)]
    expected = {
        "key": "order:12",
        "from_order": "order:12",
        "from_invoice": None,
        "customer": str(office.company["OrganisationId"]),
        "date": "2026-11-20",
        "text": "Hej",
        "order_number": "12",
        "booked": False,
        "finished": None,
        "currency": "SEK",
        "odd_line": None,
        "row_keys": f"{first}@10 {last}@20",
    }
    assert {name: seen.fields[name] for name in expected} == expected
    assert (seen.full, seen.changed_at) == (True, office.clock.now())
    assert seen.born_at == office.clock.now() - MINUTE
    assert await system.get("document", str(number), Lane.READ) == seen


LINES_ASKED = {"by a query": True, "one list each": False}


@pytest.mark.parametrize("queried", LINES_ASKED.values(), ids=LINES_ASKED)
async def test_everything_is_read_with_all_lines(queried):
    """More lines than a page, deliveries without any, an opportunity's lines left out."""
    office = Office(query_lines=queried)
    system = system_of(office)
    many, none = office.delivery(), office.delivery()
    deal = {"OpportunityOrganisationId": office.company["OrganisationId"]}
    opportunity = office.act("create", entity="Opportunity", fields=deal)["OpportunityId"]
    last = office.delivery()
    for number in range(1200):
        office.line(many, Data1=str(number), SortOrder=number)
    office.line(opportunity, Data1="X")
    office.line(last, Data1="Y")

    pages = [page async for page in system.read("document", None, Lane.READ)]

    found = {seen.id: seen for page in pages for seen in page.rows}
    assert all(page.complete for page in pages)
    assert {key: len(unpacked(seen.fields["rows"])) for key, seen in found.items()} == {
        str(many): 1200,
        str(none): 0,
        str(last): 1,
    }
    assert found == await records(system, office.clock.now() - MINUTE)


async def test_an_empty_register_is_read_too(system):
    """One page says when it was asked."""
    pages = [page async for page in system.read("document", None, Lane.READ)]

    assert [(page.rows, page.complete) for page in pages] == [((), True)]


async def test_nothing_changed_costs_one_request_for_each_register(office, system):
    """And each fifth time one more, for what changes without a trace."""
    office.delivery(ErpId="order:1", Custom5="Yes")
    office.clock.passed_s += 3600
    since = office.clock.now() - MINUTE

    for _ in range(10):
        assert await records(system, since) == {}

    usual = ["deliveries changed", "lines changed"]
    assert office.asked == (usual * 5 + ["deliveries open"]) * 2


async def test_where_lines_cannot_be_asked_for_this_is_learnt_once():
    """A refused query means no; from then on only deliveries are asked for."""
    office = Office(query_lines=False)
    system = system_of(office)

    await records(system, office.clock.now())
    await records(system, office.clock.now())

    assert office.asked == ["deliveries changed", "lines changed", "deliveries changed"]


async def test_a_failing_query_of_lines_is_not_taken_for_a_no(office, system):
    """Only a refusal is: a server that fails or throttles is asked again next time."""
    office.answers["lines changed"] = reply(502)
    with pytest.raises(Unreachable):
        await records(system, office.clock.now())
    office.answers["lines changed"] = reply(403, {"Message": "no right"})
    with pytest.raises(Refused):
        await records(system, office.clock.now())
    del office.answers["lines changed"]

    await records(system, office.clock.now())

    assert office.asked[-1] == "lines changed"


@pytest.mark.row("W9")
async def test_an_edited_line_shows_its_delivery(office, system):
    """Though the delivery itself did not change; headers are asked for only where they are not at hand."""
    number, other = office.delivery(), office.delivery()
    line = office.line(number, Data1="A", Quantity=1, ListPrice=5)
    office.clock.passed_s += 3600
    since = office.clock.now()
    office.edit("QuotationLine", line, Quantity=2)

    found = await records(system, since)

    assert {key: told(seen) for key, seen in found.items()} == {str(number): [("A", 1000)]}
    assert found[str(number)].changed_at == since
    assert office.asked == [
        "deliveries changed",
        "lines changed",
        "deliveries by id",
        "lines by delivery",
    ]
    office.edit("Delivery", other, Note="x")
    start = len(office.asked)
    await records(system, since)
    assert office.since(start).count("deliveries by id") == 1


@pytest.mark.parametrize("queried", LINES_ASKED.values(), ids=LINES_ASKED)
async def test_a_deleted_line_is_seen_at_the_fifth_reading(queried):
    """It leaves no trace: linked deliveries that are not booked are looked at; the others are left alone."""
    office = Office(query_lines=queried)
    system = system_of(office)
    linked, booked = office.delivery(ErpId="order:1"), office.delivery(ErpId="invoice:2", Custom5="Yes")
    office.delivery()
    gone = [office.line(each, Data1="A") for each in (linked, booked)]
    office.line(linked, Data1="B")
    office.clock.passed_s += 3600
    for line in gone:
        office.delete(line)

    found = [await records(system, office.clock.now()) for _ in range(5)]

    assert found[:4] == [{}] * 4
    assert {key: told(seen) for key, seen in found[4].items()} == {str(linked): [("B", 0)]}


async def test_a_reading_of_changes_only_never_looks_at_the_open_ones(office, system):
    """It tells what is known to have changed."""
    office.delivery(ErpId="order:1")
    office.clock.passed_s += 3600

    for _ in range(6):
        await records(system, office.clock.now(), only_changed=True)
    pages = [page async for page in system.read("document", office.clock.now(), Lane.FRESH)]

    assert "deliveries open" not in office.asked
    assert [page.rows for page in pages] == [()]


async def test_no_address_is_longer_than_webcrm_takes(office, system):
    """Many deliveries are asked for in parts of less than 2,000 characters."""
    numbers = [office.delivery() for _ in range(150)]
    lines = [office.line(number, Data1="A") for number in numbers]
    office.clock.passed_s += 3600
    for line in lines:
        office.edit("QuotationLine", line, Quantity=1)

    found = await records(system, office.clock.now())

    assert sorted(found) == sorted(map(str, numbers))
    assert max(map(len, office.urls)) < 2000
    assert office.asked.count("lines by delivery") <= 6


async def test_every_page_bears_the_time_of_the_first_answer(office, system):
    """What changed while later pages were read is asked for again."""
    line = office.line(office.delivery(), Data1="A")
    office.clock.passed_s += 3600
    start = office.clock.now()
    office.edit("QuotationLine", line, Quantity=1)
    pages = []
    async for page in system.read("document", start, Lane.READ):
        pages.append(page)
        office.clock.passed_s += 60

    assert [page.server_time for page in pages] == [start] * 2


async def test_a_delivery_that_is_gone_is_none(office, system):
    """Also when it goes between the two questions; another server's page says nothing."""
    number = office.delivery()
    assert await system.get("document", "999", Lane.READ) is None

    office.answers[f"GET /Deliveries/{number}/QuotationLines"] = reply(404)
    assert await system.get("document", str(number), Lane.READ) is None

    office.answers[f"GET /Deliveries/{number}/QuotationLines"] = reply(404, b"<html>")
    with pytest.raises(Unusable):
        await system.get("document", str(number), Lane.READ)


def once_turned(office, told, act):
    """People do `act` when the first page of these lines has been answered."""
    send, left = office.send, [act]

    async def turned(request):
        answer = await send(request)
        if office.asked[-1] == told and left:
            left.pop()()
        return answer

    office.send = turned


WAYS = [
    # how lines are read     queried  all    the first request for lines
    ("of a range of deliveries", True, True, "lines of a range"),
    ("of those that changed", True, False, "lines by delivery"),
    ("all at once", False, True, "GET /QuotationLines"),
    ("by their own list", False, False, "GET /Deliveries/5001/QuotationLines"),
]


@pytest.mark.parametrize(
    ("queried", "everything", "asked"), [way[1:] for way in WAYS], ids=[w[0] for w in WAYS]
)
async def test_a_delivery_that_goes_while_the_pages_of_its_lines_are_turned_is_not_a_shorter_one(
    queried, everything, asked
):
    """It is left out; the other delivery, whose lines stand on both pages too, is whole."""
    office = Office(query_lines=queried)
    system = system_of(office)
    going, staying = office.delivery(), office.delivery()
    assert going == 5001
    for number in range(1100):
        office.line(going, Data1=str(number))
    for number in range(3):
        office.line(staying, Data1=str(number))
    once_turned(office, asked, lambda: office.act("delete_delivery", id=going))

    found = await records(system, None if everything else office.clock.now() - MINUTE)

    assert {key: len(told(seen)) for key, seen in found.items()} == {str(staying): 3}


@pytest.mark.parametrize(
    ("queried", "everything", "asked"), [way[1:] for way in WAYS], ids=[w[0] for w in WAYS]
)
async def test_a_line_that_goes_while_pages_are_turned_hides_no_other(queried, everything, asked):
    """Counted pages move up when a line of an earlier page goes."""
    office = Office(query_lines=queried)
    system = system_of(office)
    number = office.delivery()
    lines = [office.line(number, Data1=str(place)) for place in range(1100)]
    once_turned(office, asked, lambda: office.delete(lines[0]))

    found = await records(system, None if everything else office.clock.now() - MINUTE)

    assert [article for article, _ in told(found[str(number)])] == [str(place) for place in range(1, 1100)]


async def test_lines_that_change_at_each_reading_are_not_believed(office, system):
    """After some readings of more than a page of lines that never agree, this is an error that passes."""
    number = office.delivery()
    lines = [office.line(number, Data1=str(place)) for place in range(1100)]
    send = office.send

    async def busy(request):
        answer = await send(request)
        if "QuotationLines" in request.url:
            office.delete(lines.pop())
        return answer

    office.send = busy
    with pytest.raises(Unusable, match="JSN15"):
        await system.get("document", str(number), Lane.READ)


async def test_lines_on_one_page_are_asked_for_once(office, system):
    """One answer is one picture."""
    number = office.delivery()
    for place in range(999):
        office.line(number, Data1=str(place))

    await records(system)
    await system.get("document", str(number), Lane.READ)

    assert office.asked == [
        "deliveries all",
        "lines of a range",
        f"GET /Deliveries/{number}",
        f"GET /Deliveries/{number}/QuotationLines",
    ]


# ------------------------------------------------------------------ creating and looking


@pytest.mark.row("W10")
async def test_a_delivery_is_made_without_lines_and_found_by_its_key(office, system):
    """Nobody answers for it, it has no number; the rows follow."""
    await system.prepare()
    fields = {
        "key": "invoice:34",
        "customer": str(office.company["OrganisationId"]),
        "date": "2026-11-20",
        "description": "faktura",
        "invoice_number": "34",
        "invoice_date": "2026-11-20",
        "booked": True,
        "finished": True,
        "currency": "EUR",
        "text": None,
        "rows": packed([row("A")]),
    }

    made = await system.create("document", fields, Lane.FRESH)
    (seen,) = await system.look("document", {"key": "invoice:34"}, None)

    ((_, body),) = office.written
    assert body == {
        "DeliveryId": 0,
        "DeliveryAssignedTo": 0,
        "DeliveryAssignedTo2": 0,
        "DeliveryResponsible": 0,
        "DeliveryPersonId": 0,
        "DeliveryErpId": "invoice:34",
        "DeliveryOrganisationId": office.company["OrganisationId"],
        "DeliveryOrderDate": "2026-11-20T00:00:00Z",
        "DeliveryDescription": "faktura",
        "DeliveryCustom2": "34",
        "DeliveryCustom3": "2026-11-20",
        "DeliveryCustom5": "Yes",
        "DeliveryStatus": "Completed",
        "DeliveryCurrencyName": "EUR",
    }
    assert (made.id, made.seen, seen.id) == (seen.id, None, made.id)
    table = system.table("document")
    assert table.later == {"rows"}
    same = {name: value for name, value in fields.items() if name not in {"text", "rows"}}
    assert {name: seen.fields[name] for name in same} == same


async def test_without_a_key_a_delivery_is_among_the_changed_ones(office, system):
    """Five minutes are allowed for clocks; without a time there is nothing to go by."""
    number = office.delivery()

    found = await system.look("document", {"date": "2026-11-20"}, office.clock.now() + MINUTE)

    assert [seen.id for seen in found] == [str(number)]
    assert await system.look("document", {"date": "2026-11-20"}, None) == []


# ------------------------------------------------------------------ updating


@pytest.mark.row("W9", "W10")
async def test_a_row_in_the_middle_is_one_new_line_and_the_deliverys_value(office, system):
    """Lines that stay are not touched; the delivery comes last, so that it shows as changed."""
    number = office.delivery()
    await write(system, number, row("A"), row("B"))
    first, second = office.lines(number)
    office.written.clear()

    await write(system, number, row("A"), row("C", "2", "50.5"), row("B"))

    assert list(office.lines(number).values()) == [("A", 1.0, 1.0), ("C", 2.0, 101.0), ("B", 1.0, 1.0)]
    assert list(office.lines(number))[::2] == [first, second]
    assert [each for each, _ in office.written] == ["POST /QuotationLines", f"PUT /Deliveries/{number}"]
    assert office.written[0][1]["QuotationLineOrganisationId"] == office.company["OrganisationId"]
    assert office.written[-1][1] == {"DeliveryId": number, "DeliveryOrderValue": 103}


@pytest.mark.row("W10")
async def test_a_changed_and_a_gone_row(office, system):
    """One PUT of that line, one DELETE of the other, by their ids."""
    number = office.delivery()
    await write(system, number, row("A"), row("B"), row("C"))
    first, second, third = office.lines(number)
    office.written.clear()

    await write(system, number, row("A", "3"), row("C"), text="Hej")

    assert [each for each, _ in office.written] == [
        f"PUT /QuotationLines/{first}",
        f"DELETE /QuotationLines/{second}",
        f"PUT /Deliveries/{number}",
    ]
    assert office.lines(number) == {first: ("A", 3.0, 3.0), third: ("C", 1.0, 1.0)}
    assert office.shown(number)["DeliveryMemo"] == "Hej"


async def test_equal_rows_cost_only_the_delivery(office, system):
    """What differs in spelling alone is not written again."""
    number = office.delivery()
    await write(system, number, row("A", "2", "100", off=5000))
    office.written.clear()

    await write(system, number, row("A", "2.00", "100.0", off=5000))

    assert [each for each, _ in office.written] == [f"PUT /Deliveries/{number}"]


async def test_more_rows_than_a_page_holds(office, system):
    """All pages of lines are read before they are compared."""
    number = office.delivery()
    rows = [row(str(place)) for place in range(1001)]
    await write(system, number, *rows)
    office.written.clear()

    await write(system, number, *rows[:-1], row("last"))

    assert len(office.written) == 3
    assert len(office.lines(number)) == 1000  # a page
    seen = await system.get("document", str(number), Lane.READ)
    assert told(seen)[-1] == ("last", 100)
    assert office.shown(number)["DeliveryOrderValue"] == 1001


@pytest.mark.row("W9")
async def test_no_rows_any_more(office, system):
    """Each line goes, and the value with them."""
    number = office.delivery()
    await write(system, number, row("A"), row("B"))

    await write(system, number)

    assert office.lines(number) == {}
    assert office.shown(number)["DeliveryOrderValue"] == 0


@pytest.mark.parametrize("mode", ["total", "unit"])
async def test_both_meanings_of_a_lines_price(mode):
    """What the daemon writes, the screen would have written, and both are read alike."""
    office = Office(line_price_mode=mode)
    system = system_of(office, line_price=mode)
    ours, theirs = office.delivery(), office.delivery()
    await write(system, ours, row("A", "4", "500", off=40000))
    office.line(theirs, Data1="A", Quantity=4, ListPrice=500, Discount=20)

    assert list(office.lines(ours).values()) == list(office.lines(theirs).values())
    for number in (ours, theirs):
        seen = await system.get("document", str(number), Lane.READ)
        assert told(seen) == [("A", 160000)]
        assert seen.fields["odd_line"] is None


async def test_lines_that_must_be_linked_are(office):
    """The catalogue is read for it, at most once in five minutes."""
    office.pretend.switch("linked_lines", value=True)
    system = system_of(office)
    for article in ("A", "B"):
        office.article(article)
    number = office.delivery()

    await write(system, number, row("A"), row("b"))
    await write(system, number, row("B"), row("A"), row("B"))

    assert [line[0] for line in office.lines(number).values()] == ["B", "A", "B"]
    assert office.asked.count("GET /QuotationLines/LinkedData") == 1
    office.clock.passed_s += 301
    await write(system, number, row("A", "2"))
    assert office.asked.count("GET /QuotationLines/LinkedData") == 2


DIALECTS = {"plain": "Delivery", "opportunity": "DeliveryOpportunity"}


@pytest.mark.parametrize(("dialect", "prefix"), DIALECTS.items(), ids=DIALECTS)
async def test_fields_go_by_the_names_that_the_account_lists(dialect, prefix):
    """Newer systems keep three of them under their opportunity's name; both are read."""
    # The vendor's file, which what the daemon's token does is held against, does not know the newer names.
    office = Office(token=PEOPLE, delivery_dialect=dialect)
    system = system_of(office, currencies={"USD": "usd"})
    await system.prepare()
    fields = {"customer": str(office.company["OrganisationId"]), "currency": "USD", "description": "order"}

    made = await system.create("document", fields, Lane.FRESH)
    seen = await system.get("document", made.id, Lane.READ)

    assert (seen.fields["currency"], seen.fields["description"]) == ("USD", "order")
    assert seen == (await records(system))[made.id]
    assert {f"{prefix}{name}" for name in ("Description", "PersonId", "CurrencyName")} <= set(
        office.written[0][1]
    )


async def test_what_is_none_is_cleared(office, system):
    """A date by the year 1, a box by No, a text by nothing; a status is never taken back."""
    await system.prepare()
    number = office.delivery(OrderDate="2026-11-20T00:00:00Z", Custom5="Yes", Memo="Hej", Status="Completed")
    office.edit("Delivery", number, OrderValue=5)
    fields = dict.fromkeys(("date", "booked", "text", "finished", "currency", "value"))

    await system.update("document", str(number), fields, Lane.FRESH, {})

    shown = office.shown(number)
    assert shown["DeliveryOrderDate"].startswith("0001-01-01")
    assert (shown["DeliveryCustom5"], shown["DeliveryMemo"], shown["DeliveryOrderValue"]) == ("No", "", 0)
    assert (shown["DeliveryStatus"], shown["DeliveryCurrencyName"]) == ("Completed", "00")


async def test_a_currency_that_is_in_no_list_is_refused_before_anything_is_sent(office, system):
    """Neither the rows nor the delivery are touched."""
    await system.prepare()
    number = office.delivery()

    with pytest.raises(Refused, match=r"REC19  no currency in webCRM's list Valuta stands for CHF"):
        await write(system, number, row("A"), currency="CHF")
    assert office.written == []


FAILURES = {
    "an answer that is lost": (LOST, OutcomeUnknown),
    "no connection": (UNREACHABLE, Unreachable),
    "too many requests": (reply(429), Throttled),
    "a refusal": (reply(400, {"Message": "no"}), Refused),
}


@pytest.mark.parametrize(("answer", "error"), FAILURES.values(), ids=FAILURES)
async def test_the_first_failure_ends_an_update(office, system, answer, error):
    """Each request is sent once; nothing follows one of which it is not known what it did."""
    number = office.delivery()
    office.answers["POST /QuotationLines"] = answer

    with pytest.raises(error):
        await write(system, number, row("A"), row("B"))

    assert [each for each, _ in office.written] == ["POST /QuotationLines"]


async def test_a_line_that_somebody_deleted_meanwhile(office, system):
    """One that should go is gone; one that should change is told of."""
    number = office.delivery()
    await write(system, number, row("A"), row("B"))
    first, second = office.lines(number)
    seen = await system.get("document", str(number), Lane.READ)
    office.delete(second)

    await system.update("document", str(number), {"rows": packed([row("A")])}, Lane.FRESH, seen.fields)
    wanted = {"rows": packed([row("A"), row("B", "2")])}
    with pytest.raises(Refused, match="a row was deleted meanwhile"):
        await system.update("document", str(number), wanted, Lane.FRESH, seen.fields)

    assert list(office.lines(number)) == [first]


async def test_a_stop_comes_between_two_lines(office, system):
    """The request under way is answered; the next one is not sent."""
    number = office.delivery()
    send, stop = office.send, anyio.CancelScope()

    async def stopping(request):
        if request.effect:
            stop.cancel()
            await anyio.lowlevel.checkpoint()
        return await send(request)

    office.send = stopping
    with stop:
        await write(system, number, row("A"), row("B"))
    assert stop.cancelled_caught
    assert [each for each, _ in office.written] == ["POST /QuotationLines"]
    assert [line[0] for line in office.lines(number).values()] == ["A"]


@pytest.mark.row("W10")
@pytest.mark.parametrize(("value", "told"), [(200, ...), (0, None), (150, 15000)], ids=str)
async def test_an_order_value_that_is_the_sum_of_the_rows_says_nothing_of_its_own(
    office, system, value, told
):
    """Then the rows alone matter."""
    number = office.delivery(OrderValue=value)
    office.line(number, Data1="A", Quantity=2, ListPrice=100)

    seen = await system.get("document", str(number), Lane.READ)

    assert seen.fields.get("value", ...) == told
    assert seen == (await records(system))[str(number)]


async def test_a_delivery_in_the_systems_own_currency(office):
    """Written as no currency where its code is not in the list, and read as the currency that it is."""
    system = system_of(office, currency="ISK")
    await system.prepare()
    number = office.delivery(CurrencyName="EUR")

    await system.update("document", str(number), {"currency": "ISK"}, Lane.FRESH, {})

    assert office.shown(number)["DeliveryCurrencyName"] == "00"
    assert (await system.get("document", str(number), Lane.READ)).fields["currency"] == "ISK"


async def test_rows_that_could_not_be_read_are_not_overwritten(office, system):
    """Nobody knows what would be lost."""
    number = office.delivery()

    with pytest.raises(Refused, match="rows cannot be read"):
        await system.update("document", str(number), {"rows": packed([row("A")])}, Lane.FRESH, {})
    assert office.written == []


# ------------------------------------------------------------------ the fields


@pytest.mark.row("W5")
async def test_a_deliverys_field_that_does_not_exist_is_named(office):
    """With the kind of field to create; where deliveries take no part they are not looked at."""
    for name in ("DeliveryCustom5", "DeliveryCustom3"):
        office.act("remove_field", entity="Delivery", name=name)
    system = system_of(office, delivery_map={"invoice_date": ""})

    with pytest.raises(Misfit, match="CRM01") as caught:
        await system.prepare()
    assert caught.value.what == "the field DeliveryCustom5 for booked does not exist in webCRM"
    assert "create a checkbox field DeliveryCustom5 for deliveries" in caught.value.todo
    assert "delivery_map.booked" in caught.value.todo


@pytest.mark.row("D11", "W5")
async def test_a_check_names_what_deliveries_lack(office, system):
    """Their fields and the Data fields in use; reading only."""
    office.act("remove_field", entity="Delivery", name="DeliveryCustom1")

    found = await system.check(["document"])

    failed = [finding for finding in found if not finding.ok]
    assert [finding.code for finding in failed] == ["CRM01"]
    assert "order_number" in failed[0].what
    assert office.written == []


async def test_lengths_of_a_deliverys_texts_come_from_the_metadata(system):
    """A number that is too long is named before it is sent."""
    await system.prepare()

    problem = system.table("document").problem({"order_number": "1" * 251}, "webCRM", None)
    assert problem.code == "REC10"
