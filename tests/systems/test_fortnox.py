"""The Fortnox adapter against answers as fortnox.md records them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from daemon.core.records import Lane
from daemon.errors import Gone, GrantError, OutcomeUnknown, Refused, Unusable
from tests.systems.contract import Contract, Vendor
from tests.systems.fakes import NOW, UNREACHABLE, reply

ACME = {
    "@url": "https://api.fortnox.se/3/customers/17",
    "CustomerNumber": "17",
    "Name": "Acme",
    "Type": "COMPANY",
    "Active": True,
    "Fax": None,
    "Email": "",
    "CountryCode": "SE",
    "Address1": "Storgatan 1",
    "Address2": None,
    "ZipCode": "903 26",
    "City": "Umeå",
    "ExternalReference": None,
    "VisitingAddress": "API_NORIGHT",
    "NewField": [],
}
COMPANY = {"CompanyInformation": {"CompanyName": "Test AB", "DatabaseNumber": 1234567}}
NOT_FOUND = {"ErrorInformation": {"Error": 1, "Message": "Kan inte hitta kunden.", "Code": 2000433}}
SINCE = dt.datetime(2026, 11, 20, 10, 15, 30, tzinfo=dt.UTC)


def listed(name, rows, total=None, pages=1):
    """A page of a list."""
    meta = {"@TotalResources": len(rows) if total is None else total, "@TotalPages": pages, "@CurrentPage": 1}
    return reply(200, {"MetaInformation": meta, name: rows})


def refusal(code, message="Nej."):
    """A refusal as the classic API spells it."""
    return reply(400, {"ErrorInformation": {"error": 1, "message": message, "code": code}})


def article(number, price="149.50"):
    """A row of the article list."""
    return {"ArticleNumber": number, "Description": "Hammare", "PurchasePrice": "20", "SalesPrice": price}


BROKEN = {
    "no wrapper": (reply(200, {"Order": {}}), "JSN06"),
    "a list for a record": (reply(200, {"Customer": []}), "JSN06"),
    "no key": (reply(200, {"Customer": {"Name": "A"}}), "JSN09"),
    "an error that says 200": (
        reply(200, {"ErrorInformation": {"error": 1, "message": "x", "code": 1}}),
        "JSN14",
    ),
    "cut": (reply(200, b'{"Customer":', content_type="application/json"), "JSN02"),
    "a bare text": (reply(200, b'"ok"', content_type="application/json"), "JSN06"),
}


MEANT = {
    "taken number": (2000637, Refused, "REC05"),
    "characters": (2000359, Refused, "REC09"),
    "terms": (2000429, Refused, "REC18"),
    "VAT number": (2004194, Refused, "REC20"),
    "scope": (2000663, GrantError, "AUT07"),
    "licence": (2001101, GrantError, "AUT11"),
    "integration licence": (2001103, GrantError, "AUT11"),
    "right": (2003275, Refused, "AUT09"),
    "a code as text": ("2000637", Refused, "REC05"),
    "a code nobody knows": (2999999, Refused, "REC99"),
}


GONE = {
    "the customer itself": (2000433, Gone, "NET13"),
    "the terms it refers to": (2000429, Refused, "REC18"),
}


class TestFortnox(Contract):
    """The contract, and what is Fortnox's own."""

    vendor = Vendor(
        name="fortnox",
        settings={"tenant_id": "1234567", "overlap": dt.timedelta(minutes=10)},
        ready={"GET /3/companyinformation": reply(200, COMPANY)},
        list_route="GET /3/customers",
        list_reply=listed("Customers", [{"CustomerNumber": "17", "Name": "Acme", "Phone": "1"}]),
        get_route="GET /3/customers/17",
        get_reply=reply(200, {"Customer": ACME}),
        missing=reply(404, NOT_FOUND),
        create_route="POST /3/customers",
        create_reply=reply(201, {"Customer": ACME}),
        update_route="PUT /3/customers/17",
        update_reply=reply(200, {"Customer": ACME}),
        cleared={"Customer": {"Fax": None}},
    )

    # ---------------------------------------------------------- the company

    async def test_no_write_is_sent_before_the_company_is_proven(self, system, http):
        """A token of another company must never write into this one."""
        await system.create("customer", {"name": "Acme"}, Lane.FRESH)

        assert [repr(each) for each in http.sent] == ["GET /3/companyinformation", "POST /3/customers"]

    async def test_the_company_is_proven_once_for_each_token(self, system, http, grant):
        """A renewed token is a new question; the same token is not."""
        for _ in range(3):
            await system.prepare()
        await grant.refused(await grant.headers())
        await system.update("customer", "17", {"phone": "1"}, Lane.FRESH)

        assert [each.token for each in http.named("GET /3/companyinformation")] == ["Bearer 1", "Bearer 2"]

    async def test_a_consent_for_another_company_stops_every_write(self, system, http):
        """Both companies are named, nothing is sent."""
        other = {"CompanyInformation": {"CompanyName": "Fel AB", "DatabaseNumber": 7654321}}
        http["GET /3/companyinformation"] = reply(200, other)

        with pytest.raises(GrantError, match=r"AUT10.*7654321 Fel AB.*1234567"):
            await system.create("customer", {"name": "Acme"}, Lane.FRESH)
        assert http.named("POST /3/customers") == []

    async def test_preparing_renews_a_refused_token_once(self, system, http, grant):
        """A token that died while we slept is no fault."""
        http["GET /3/companyinformation"] = [reply(401, {"message": "unauthorized"}), reply(200, COMPANY)]

        await system.prepare()

        assert grant.number == 2

    # ---------------------------------------------------------- reading

    async def test_changes_are_asked_for_in_swedish_time_and_sorted(self, system, http):
        """10:15:30 UTC in November is 11:15 in Sweden."""
        (row,) = await self.rows(system, SINCE)

        assert http.sent[-1].query == {
            "limit": "500",
            "page": "1",
            "sortby": "customernumber",
            "sortorder": "ascending",
            "lastmodified": "2026-11-20 11:15",
        }
        assert (row.full, row.changed_at) == (False, SINCE)
        assert row.fields == {"number": "17", "name": "Acme", "phone": "1"}

    async def test_a_list_that_changes_its_length_is_read_again(self, system, http):
        """A row that moved to a page already read would be missed otherwise."""
        first, second = ({"CustomerNumber": str(n), "Name": "A"} for n in (1, 2))
        http["GET /3/customers"] = [
            listed("Customers", [first], total=3, pages=3),
            listed("Customers", [second], total=2, pages=2),
            listed("Customers", [first], total=2, pages=2),
            listed("Customers", [second], total=2, pages=2),
        ]

        assert {"1", "2"} == {row.id for row in await self.rows(system)}
        assert [each.query["page"] for each in http.sent] == ["1", "2", "1", "2"]

    async def test_a_list_that_never_rests_is_left_to_the_next_pass(self, system, http):
        """Three runs, then an error that names it: never a reading with a hole."""
        totals = iter(range(10, 100))
        row = {"CustomerNumber": "1", "Name": "A"}
        http["GET /3/customers"] = lambda _: listed("Customers", [row], total=next(totals), pages=2)

        with pytest.raises(Unusable, match="JSN15"):
            await self.rows(system)
        assert len(http.sent) == 6

    async def test_a_page_that_comes_again_is_not_the_next_one(self, system, http):
        """As many rows as there should be, but not all of them."""
        row = {"CustomerNumber": "1", "Name": "A"}
        http["GET /3/customers"] = lambda _: listed("Customers", [row], total=2, pages=2)

        with pytest.raises(Unusable, match="JSN15"):
            await self.rows(system)

    async def test_a_page_that_comes_again_in_another_order_is_not_the_next_one(self, system, http):
        """Nor do rows that it shows twice make up for those of the page that did not come."""
        one, two = ({"CustomerNumber": str(n), "Name": "A"} for n in (1, 2))
        pages = [listed("Customers", rows, total=5, pages=3) for rows in ([one, two], [two, one, two], [one])]
        http["GET /3/customers"] = pages * 3

        with pytest.raises(Unusable, match="JSN15"):
            await self.rows(system)

    async def test_a_list_without_totals_is_one_page(self, system, http):
        """Some small registers leave MetaInformation out."""
        http["GET /3/customers"] = reply(200, {"Customers": [{"CustomerNumber": "17", "Name": "A"}]})

        assert len(await self.rows(system)) == 1

    async def test_a_whole_record_in_our_words(self, system):
        """Null and "" are nothing, a hidden value says nothing, the address is one value."""
        seen = await system.get("customer", "17", Lane.READ)

        assert seen.fields == {
            "number": "17",
            "name": "Acme",
            "type": "company",
            "active": True,
            "fax": None,
            "email": None,
            "reference": None,
            "invoice_address": "Storgatan 1\n\n903 26\nUmeå\nSE",
        }

    async def test_a_key_with_a_slash_is_one_part_of_the_path(self, system, http):
        """Article A/10 is /3/articles/A%2F10 (fortnox.md 8.5)."""
        http["GET /3/articles/A%2F10%20%C3%A5"] = reply(200, {"Article": {"ArticleNumber": "A/10 å"}})

        assert (await system.get("article", "A/10 å", Lane.READ)).id == "A/10 å"

    @pytest.mark.parametrize(("answer", "code"), BROKEN.values(), ids=BROKEN)
    async def test_an_unreadable_answer_is_retried_as_a_reading_and_settled_as_a_write(
        self, system, http, answer, code
    ):
        """After a write it cannot be known whether it took effect."""
        http["GET /3/customers/17"] = http["POST /3/customers"] = answer

        with pytest.raises(Unusable, match=code):
            await system.get("customer", "17", Lane.READ)
        with pytest.raises(OutcomeUnknown, match=code):
            await system.create("customer", {"name": "Acme"}, Lane.FRESH)

    # ---------------------------------------------------------- articles

    @pytest.mark.row("W8")
    async def test_a_small_article_register_is_read_whole_in_one_request(self, system, http):
        """A change of price does not raise lastmodified, so changes alone would miss it."""
        http["GET /3/articles"] = listed("Articles", [article("102"), article("A/10", None)])

        pages = [page async for page in system.read("article", SINCE, Lane.READ)]

        assert len(http.sent) == 1
        assert http.sent[0].query["filter"] == "active"
        assert [(page.complete, len(page.rows)) for page in pages] == [(True, 2)]
        assert pages[0].rows[0].fields == {
            "number": "102",
            "name": "Hammare",
            "cost": 2000,
            "price": 14950,
            "active": True,
        }
        assert pages[0].rows[1].fields["price"] is None
        assert all(row.full and row.changed_at is None for row in pages[0].rows)

    @pytest.mark.row("W8")
    async def test_a_large_article_register_is_read_by_its_changes(self, system, http):
        """What is inactive among the changed ones is asked for only when something changed."""
        rows = [article("1"), article("2")]

        def answer(sent):
            if "lastmodified" not in sent.query:
                return listed("Articles", rows, total=501, pages=2)
            return listed("Articles", rows[1:] if sent.query.get("filter") == "inactive" else rows)

        http["GET /3/articles"] = answer

        seen = await self.rows(system, SINCE, "article")

        assert {row.id: row.fields["active"] for row in seen} == {"1": True, "2": False}
        assert all(row.changed_at == SINCE for row in seen)
        asked = [(each.query.get("filter"), "lastmodified" in each.query) for each in http.sent]
        assert asked == [("active", False), (None, True), ("inactive", True)]

    async def test_only_changed_articles_are_asked_for_when_only_they_are_wanted(self, system, http):
        """Also from a small register: everything in the answer changed since."""
        http["GET /3/articles"] = lambda sent: listed(
            "Articles", [] if "filter" in sent.query else [article("1")]
        )

        pages = [page async for page in system.read("article", SINCE, Lane.READ, only_changed=True)]

        assert [(page.complete, page.rows[0].changed_at) for page in pages] == [(False, SINCE)]
        assert all("lastmodified" in each.query for each in http.sent)

    async def test_a_large_register_at_rest_costs_one_request(self, system, http):
        """Its size is remembered, and without changes nobody is asked who is inactive."""
        http["GET /3/articles"] = lambda sent: (
            listed("Articles", []) if "lastmodified" in sent.query else listed("Articles", [], total=501)
        )
        await self.rows(system, SINCE, "article")
        http.sent.clear()

        assert await self.rows(system, SINCE, "article") == []
        assert len(http.sent) == 1

    # ---------------------------------------------------------- writing

    @pytest.mark.row("W4")
    async def test_a_customer_is_made_of_exactly_its_fields(self, system, http):
        """Texts are cleaned, an address is five fields, an unknown country is left alone."""
        fields = {
            "number": "17",
            "name": 'Mc\'Donald "Väst" 🍔',
            "type": "private",
            "invoice_address": "Storgatan 1\n\n903 26\nUmeå\n",
            "terms": "30",
            "reference": "FS1.WC",
            "email": None,
        }

        answer = await system.create("customer", fields, Lane.FRESH)

        assert http.sent[-1].body == {
            "Customer": {
                "CustomerNumber": "17",
                "Name": "Mc’Donald ’’Väst’’",
                "Type": "PRIVATE",
                "Address1": "Storgatan 1",
                "ZipCode": "903 26",
                "City": "Umeå",
                "TermsOfPayment": "30",
                "ExternalReference": "FS1.WC",
            }
        }
        assert (answer.status, answer.id, answer.seen.full) == (201, "17", True)

    async def test_the_number_of_a_customer_is_never_updated(self, system, http):
        """Numbers cannot be changed after creation (fortnox.md 8.5)."""
        await system.update("customer", "17", {"number": "18", "name": "B"}, Lane.FRESH)

        assert http.sent[-1].body == {"Customer": {"Name": "B"}}

    async def test_money_is_an_exact_number(self, system, http):
        """No binary fraction of a krona ever leaves us."""
        http["PUT /3/articles/1"] = reply(200, {"Article": article("1")})

        await system.update("article", "1", {"cost": 1999}, Lane.FRESH)

        assert http.sent[-1].request.body == b'{"Article":{"PurchasePrice":19.99}}'
        assert system.table("article").read({"PurchasePrice": Decimal("19.99")}) == {"cost": 1999}

    async def test_an_answer_that_shows_another_record_proves_nothing(self, system, http):
        """Then it is looked up what took effect."""
        http["PUT /3/customers/17"] = reply(200, {"Customer": {**ACME, "CustomerNumber": "18"}})

        with pytest.raises(OutcomeUnknown, match="JSN08"):
            await system.update("customer", "17", {"name": "B"}, Lane.FRESH)

    async def test_a_zip_that_is_too_long_is_refused_before_it_is_sent(self, system, http):
        """The table knows the length of a whole value only."""
        address = "Storgatan 1\n\n12345678901\nUmeå\nSE"

        with pytest.raises(Refused, match=r"REC10.*ZipCode"):
            await system.update("customer", "17", {"invoice_address": address}, Lane.FRESH)
        assert http.sent == []

    @pytest.mark.parametrize(("code", "error", "ours"), MEANT.values(), ids=MEANT)
    async def test_fortnoxs_code_decides_what_the_operator_reads(self, system, http, code, error, ours):
        """And its own Swedish words are quoted."""
        http["POST /3/customers"] = refusal(code, "Kundnumret är upptaget.")

        with pytest.raises(error, match=f"{ours}.*Kundnumret är upptaget") as caught:
            await system.create("customer", {"name": "Acme"}, Lane.FRESH)
        assert getattr(caught.value, "vendor_code", str(code)) == str(code)

    @pytest.mark.parametrize(("code", "error", "ours"), GONE.values(), ids=GONE)
    async def test_a_404_after_a_write_is_about_what_its_code_says(self, system, http, code, error, ours):
        """Only the record's own absence means that it is gone."""
        envelope = {"ErrorInformation": {"Error": 1, "Message": "Nej", "Code": code}}
        http["PUT /3/customers/17"] = reply(404, envelope)

        with pytest.raises(error, match=ours):
            await system.update("customer", "17", {"name": "B"}, Lane.FRESH)

    # ---------------------------------------------------------- looking

    async def test_a_lost_customer_with_a_number_is_looked_up_by_it(self, system, http):
        """A number is unique in Fortnox, also after deletion."""
        (seen,) = await system.look("customer", {"number": "17", "name": "Acme"}, SINCE)

        assert (seen.id, [repr(each) for each in http.sent]) == ("17", ["GET /3/customers/17"])

    async def test_a_lost_customer_without_a_number_is_among_the_changed_ones(self, system, http):
        """Each is read whole, for our reference is in no list; five minutes are allowed for clocks."""
        (seen,) = await system.look("customer", {"name": "Acme"}, SINCE)

        assert seen.full
        assert http.sent[0].query["lastmodified"] == "2026-11-20 11:10"
        assert repr(http.sent[1]) == "GET /3/customers/17"

    async def test_without_a_time_it_is_looked_for_by_its_cleaned_name(self, system, http):
        """The search finds parts of words; only equal names are read."""
        names = {"17": "Mc’Donald", "18": "Mc’Donalds"}
        rows = [{"CustomerNumber": number, "Name": name} for number, name in names.items()]
        http["GET /3/customers"] = listed("Customers", rows)

        assert len(await system.look("customer", {"name": "Mc'Donald"}, None)) == 1
        assert http.sent[0].query["name"] == "Mc’Donald"
        assert len(http.sent) == 2

    async def test_a_record_that_is_gone_when_it_is_read_is_no_hit(self, system, http):
        """Somebody deleted it in between."""
        http["GET /3/customers/17"] = reply(404, NOT_FOUND)

        assert await system.look("customer", {"name": "Acme"}, SINCE) == []

    # ---------------------------------------------------------- check

    @pytest.mark.row("D11")
    async def test_a_check_names_the_scope_that_is_missing(self, system, http):
        """Each register that is needed is probed with one row."""
        http["GET /3/termsofpayments"] = refusal(2000663)
        http["GET /3/articles"] = refusal(2001101)

        findings = await system.check(["customer", "article"])

        assert [finding.code for finding in findings] == ["", "", "", "AUT07", "AUT11"]
        assert "Test AB (1234567)" in findings[0].what
        assert "scope settings" in findings[3].where
        assert "Lager" in findings[4].where
        assert not any(each.request.effect for each in http.sent)

    @pytest.mark.row("D11")
    async def test_a_check_says_when_the_clock_is_wrong(self, system, http):
        """More than five minutes from Fortnox's own time."""
        late = reply(200, COMPANY)
        http["GET /3/companyinformation"] = type(late)(
            status=200,
            headers=late.headers,
            body=late.body,
            received_at=NOW,
            server_time=NOW + dt.timedelta(minutes=6),
        )

        _, clock = await system.check([])

        assert (clock.ok, clock.code) == (False, "AUT12")

    async def test_an_unreachable_fortnox_is_one_finding(self, system, http):
        """The check ends there and says why."""
        http["GET /3/companyinformation"] = UNREACHABLE

        (finding,) = await system.check(["customer"])

        assert finding.code == "NET02"
