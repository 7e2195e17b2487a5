"""The webCRM adapter against answers as webcrm.md describes them."""

from __future__ import annotations

import datetime as dt
import re

import pytest

from daemon.core.records import Lane
from daemon.errors import Misfit, OutcomeUnknown, Refused, Unusable
from daemon.systems.webcrm import wire
from daemon.systems.webcrm.spec import PLACES
from daemon.systems.webcrm.system import Webcrm
from tests.systems.contract import Contract, Vendor
from tests.systems.fakes import FakeIds, reply

SINCE = dt.datetime(2026, 1, 15, 10, 20, 30, 5, tzinfo=dt.UTC)
TODAY = SINCE.date()
ITEM = "QuotationLineLinkedDataItem"
ACME = {
    "OrganisationId": 17,
    "OrganisationName": "Acme",
    "OrganisationType": "Kund – Företag",
    "OrganisationFax": "",
    "OrganisationExtraCustom1": "10045",
    "OrganisationExtraCustom4": "30: 30 dagar",
    "OrganisationExtraCustom5": "-- välj --",
    "OrganisationXMemo1": "Storgatan 1\r\n903 26 Umeå\r\nSverige",
    "OrganisationCountry": "Sverige",
    "OrganisationCreatedAt": "0001-01-01T00:00:00+01:00",
    "OrganisationUpdatedAt": "2026-01-15T11:20:30.1234567+01:00",
    "OrganisationSomethingNew": {},
}
LISTS = {
    "OrganisationType": ("-- välj --", "Kund – Företag", "Kund – Privat", "Leverantör"),
    "OrganisationExtraCustom4": ("-- välj --", "10: 10 dagar", "30: 30 dagar"),
    "OrganisationExtraCustom5": ("-- välj --", "SEK", "EUR"),
}


def metadata(*, without=()):
    """The answer to a question for the fields of an organisation."""
    return reply(
        200,
        [
            {
                "FieldMetadataFriendlyFieldName": name,
                "FieldMetadataLabel": name.removeprefix("Organisation"),
                "FieldMetadataTextFieldMaxLength": 50 if name == "OrganisationName" else 0,
                "FieldMetadataDropdownListData": [
                    {"Text": text, "Value": text} for text in LISTS.get(name, ())
                ]
                or None,
            }
            for name in {*PLACES.values(), "OrganisationCustom3"} - {"", *without}
        ],
    )


def item(number, kind="Product", **fields):
    """One item of the catalogue."""
    texts = {"Data1": f"A{number}", "Data2": "Licens", "Data3": "-", **fields}
    named = {f"{ITEM}{name}": value for name, value in texts.items()}
    return {f"{ITEM}Id": number, f"{ITEM}EntityType": kind, f"{ITEM}Price": 499.0, **named}


BORN = {
    "an empty body": (reply(200, b""), None),
    "an integer": (reply(200, 812), "812"),
    "an object": (reply(201, {"OrganisationId": 812, "OrganisationName": "A"}), "812"),
    "an object without id": (reply(200, {}), None),
    "nought": (reply(200, 0), None),
}


class TestWebcrm(Contract):
    """The contract, and what is webCRM's own."""

    vendor = Vendor(
        name="webcrm",
        settings={"account": "test"},
        ready={"GET /FieldsMetadata/Organisation": metadata()},
        list_route="GET /Queries",
        list_reply=reply(200, [ACME]),
        get_route="GET /Organisations/17",
        get_reply=reply(200, ACME),
        missing=reply(404, b""),
        create_route="POST /Organisations",
        create_reply=reply(200, b""),
        update_route="PUT /Organisations/17",
        update_reply=reply(200, b""),
        cleared={"OrganisationId": 17, "OrganisationFax": ""},
    )

    # ---------------------------------------------------------- the fields

    @pytest.mark.row("W5")
    async def test_a_field_that_does_not_exist_is_named_with_what_to_create(self, system, http):
        """All of them at once, before anything is read or written."""
        missing = ("OrganisationXMemo1", "OrganisationExtraCustom2")
        http["GET /FieldsMetadata/Organisation"] = metadata(without=missing)

        with pytest.raises(Misfit) as caught:
            await system.prepare()
        assert caught.value.code == "CRM01"
        assert "OrganisationExtraCustom2 for org_number" in caught.value.what
        assert "create a memo field OrganisationXMemo1" in caught.value.todo

    @pytest.mark.row("W5")
    async def test_the_fields_are_read_once_a_day(self, system, http, clock):
        """They rarely change, and every request counts."""
        await system.prepare()
        await system.prepare()
        await clock.sleep(86_400)
        await system.prepare()

        assert len(http.sent) == 2

    @pytest.mark.row("W5")
    async def test_a_field_may_live_elsewhere_or_nowhere(self, http, grant, clock):
        """The map of the config wins over the defaults."""
        system = self.made(http, grant, clock, field_map={"email": "OrganisationCustom3", "fax": ""})
        await system.prepare()

        await system.update("customer", "17", {"email": "a@b.se", "fax": "1"}, Lane.FRESH, {})

        assert http.sent[-1].body == {"OrganisationId": 17, "OrganisationCustom3": "a@b.se"}
        assert "fax" not in {row.ours for row in system.table("customer").rows}

    async def test_lengths_come_from_the_metadata(self, system):
        """The spec and real systems differ in what they take."""
        await system.prepare()

        problem = system.table("customer").problem({"name": "x" * 51}, "webCRM", TODAY)
        assert problem.code == "REC10"

    # ---------------------------------------------------------- reading

    async def test_changes_are_asked_for_by_a_query(self, system, http):
        """The date in .NET's round-trip form, custom fields formatted, sorted for paging."""
        await self.rows(system, SINCE)

        assert http.sent[-1].query == {
            "script": "SELECT * FROM Organisation "
            "WHERE OrganisationUpdatedAt >= '2026-01-15T10:20:30.0000050Z' ORDER BY OrganisationId ASC",
            "Page": "1",
            "Size": "1000",
            "formatCustomFields": "true",
        }

    async def test_pages_are_turned_until_one_is_not_full(self, system, http):
        """1000 rows may be all of them: one more page tells."""
        full = [{"OrganisationId": number, "OrganisationName": "A"} for number in range(1, 1001)]
        http["GET /Queries"] = [reply(200, full), reply(200, [])]

        assert len(await self.rows(system, SINCE)) == 1000
        since = "OrganisationUpdatedAt >= '2026-01-15T10:20:30.0000050Z'"
        assert [each.query["script"].split(" WHERE ")[1].split(" ORDER ")[0] for each in http.sent] == [
            since,
            f"({since}) AND OrganisationId > 1000",
        ]

    async def test_a_page_that_comes_again_ends_the_reading(self, system, http):
        """Else it would be turned for ever, and what the other pages show would count as gone."""
        full = [{"OrganisationId": number, "OrganisationName": "A"} for number in range(1, 1001)]
        others = [{**row, "OrganisationId": row["OrganisationId"] + 1000} for row in full]
        http["GET /Queries"] = [reply(200, full), reply(200, others), reply(200, full)]

        with pytest.raises(Unusable) as caught:
            await self.rows(system)
        assert caught.value.code == "JSN15"
        assert len(http.sent) == 3

    async def test_a_full_page_that_is_not_in_order_ends_the_reading(self, system, http):
        """What comes after its last id is not all that it does not show."""
        full = [{"OrganisationId": number, "OrganisationName": "A"} for number in range(1000, 0, -1)]
        http["GET /Queries"] = reply(200, full)

        with pytest.raises(Unusable, match="JSN15"):
            await self.rows(system)

    async def test_a_row_that_vanishes_from_an_earlier_page_hides_no_other(self, system, http):
        """Pages are counted from the last id that was shown, not by their number."""
        there = [{"OrganisationId": number, "OrganisationName": "A"} for number in range(1, 1002)]

        def asked(request):
            last = int(re.search(r"OrganisationId > (\d+)|$", request.query["script"])[1] or 0)
            page = [row for row in there if row["OrganisationId"] > last][:1000]
            if not last:
                del there[0]
            return reply(200, page)

        http["GET /Queries"] = asked

        assert len(await self.rows(system)) == 1001

    @pytest.mark.row("W4")
    async def test_an_organisation_in_our_words(self, system):
        """Dropdowns by their code, the memo as one address, times in UTC, the year 1 as none."""
        await system.prepare()

        (seen,) = await self.rows(system, SINCE)

        assert seen.fields == {
            "number": "10045",
            "name": "Acme",
            "type": "company",
            "fax": None,
            "terms": "30",
            "currency": None,
            "invoice_address": "Storgatan 1\n\n903 26\nUmeå\nSE",
            "visiting_country": "SE",
        }
        assert seen.changed_at == dt.datetime(2026, 1, 15, 10, 20, 30, 123456, tzinfo=dt.UTC)
        assert (seen.born_at, seen.full) == (None, True)

    @pytest.mark.row("W2")
    async def test_an_organisation_of_another_type_is_read_too(self, system, http):
        """That it left the chosen types must be seen."""
        http["GET /Queries"] = reply(200, [{**ACME, "OrganisationType": "Leverantör"}])

        (seen,) = await self.rows(system, SINCE)

        assert seen.fields["type"] is None

    async def test_an_answer_that_is_no_list_is_not_an_empty_one(self, system, http):
        """Nothing must look deleted because of a changed wrapper."""
        http["GET /Queries"] = reply(200, {"Items": []})

        with pytest.raises(Unusable, match="JSN06"):
            await self.rows(system)

    @pytest.mark.row("W8")
    async def test_the_catalogue_is_read_whole_and_only_its_products(self, system, http):
        """A dash stands for nothing, 0 for no price, and the enum may be its number."""
        items = [item(1), item(2, kind=7, Data2="-", Price=0), item(3, kind="Person")]
        http["GET /QuotationLines/LinkedData"] = reply(200, items)

        pages = [page async for page in system.read("article", SINCE, Lane.READ)]

        assert [page.complete for page in pages] == [True]
        assert {row.id: dict(row.fields) for row in pages[0].rows} == {
            "1": {"number": "A1", "name": "Licens", "price": 49900},
            "2": {"number": "A2", "name": None, "price": None},
        }

    async def test_no_item_of_the_catalogue_is_known_to_have_changed(self, system, http):
        """Items show no time, so a reading of changes only is empty, and costs nothing."""
        pages = [page async for page in system.read("article", SINCE, Lane.READ, only_changed=True)]

        assert [(page.rows, page.complete) for page in pages] == [((), False)]
        assert http.sent == []

    # ---------------------------------------------------------- writing

    @pytest.mark.parametrize(("answer", "born"), BORN.values(), ids=BORN)
    async def test_a_creation_is_answered_in_three_ways(self, system, http, answer, born):
        """By the age of the system; where no id is told, the caller looks."""
        http["POST /Organisations"] = answer

        made = await system.create("customer", {"name": "Acme"}, Lane.FRESH)

        assert (made.id, made.seen) == (born, None)

    async def test_a_creation_with_an_unreadable_answer_is_unknown(self, system, http):
        """It may have taken effect."""
        http["POST /Organisations"] = reply(200, b"{", content_type="application/json")

        with pytest.raises(OutcomeUnknown, match="JSN02"):
            await system.create("customer", {"name": "Acme"}, Lane.FRESH)

    @pytest.mark.row("W4")
    async def test_an_organisation_is_made_of_exactly_its_fields(self, system, http):
        """Dropdowns by their full text, the address as a person would type it, no other field."""
        await system.prepare()
        fields = {
            "number": "17",
            "name": "O'Hara",
            "type": "private",
            "terms": "30",
            "currency": "SEK",
            "invoice_address": "Storgatan 1\nPlan 2\n903 26\nUmeå\nDE",
            "visiting_country": "NO",
            "email": "a@b.se",
            "active": True,
            "fax": None,
        }

        await system.create("customer", fields, Lane.FRESH)

        assert http.sent[-1].body == {
            "OrganisationId": 0,
            "OrganisationExtraCustom1": "17",
            "OrganisationName": "O'Hara",
            "OrganisationType": "Kund – Privat",
            "OrganisationExtraCustom4": "30: 30 dagar",
            "OrganisationExtraCustom5": "SEK",
            "OrganisationXMemo1": "Storgatan 1\nPlan 2\n903 26 Umeå\nTyskland",
            "OrganisationCountry": "Norge",
        }

    async def test_a_code_that_is_in_no_list_is_refused_before_it_is_sent(self, system, http):
        """The list and what to do are named."""
        await system.prepare()

        with pytest.raises(Refused, match=r"REC18  60 is not in webCRM's list ExtraCustom4"):
            await system.update("customer", "17", {"terms": "60"}, Lane.FRESH, {})
        assert len(http.sent) == 1

    async def test_types_are_found_in_the_list_whatever_their_dash(self, http, grant, clock):
        """What is written is the text of the list."""
        system = self.made(http, grant, clock, company_types=["kund - företag"])
        await system.prepare()

        await system.update("customer", "17", {"type": "company"}, Lane.FRESH, {})

        assert http.sent[-1].body["OrganisationType"] == "Kund – Företag"

    async def test_where_the_country_is_an_object_its_value_is_written(self, system, http):
        """A newer system shows an object and takes the name under another field (webcrm.md 14)."""
        shown = {**ACME, "OrganisationCountry": {"Name": "Tyskland", "CodeISO": "DE", "CodeUN": 276}}
        http["GET /Organisations/17"] = reply(200, shown)

        seen = await system.get("customer", "17", Lane.READ)
        await system.update("customer", "17", {"visiting_country": "NO"}, Lane.FRESH, {})

        assert seen.fields["visiting_country"] == "DE"
        assert http.sent[-1].body == {"OrganisationId": 17, "OrganisationCountryValue": "Norge"}

    @pytest.mark.row("W8")
    async def test_a_new_item_fills_every_data_field(self, system, http):
        """Empty ones are refused (webcrm.md 11)."""
        http["POST /QuotationLines/LinkedData"] = reply(200, 77)

        made = await system.create(
            "article", {"number": "LIC", "name": "Licens", "price": 49950, "cost": None}, Lane.FRESH
        )

        assert made.id == "77"
        assert http.sent[-1].body == {
            f"{ITEM}Id": 0,
            f"{ITEM}EntityType": "Product",
            f"{ITEM}Data1": "LIC",
            f"{ITEM}Data2": "Licens",
            **{f"{ITEM}Data{index}": "-" for index in range(3, 10)},
            f"{ITEM}Price": 499.5,
        }
        assert b"499.50" in http.sent[-1].request.body

    @pytest.mark.row("W8")
    async def test_an_item_is_updated_by_its_changed_fields(self, system, http):
        """No price is nought: null might leave the old one."""
        http["PUT /QuotationLines/LinkedData/77"] = reply(200, b"")

        await system.update("article", "77", {"price": None, "name": "Ny"}, Lane.FRESH, {})

        assert http.sent[-1].body == {f"{ITEM}Id": 77, f"{ITEM}Data2": "Ny", f"{ITEM}Price": 0}

    async def test_a_refusal_is_quoted(self, system, http):
        """Its own words say what is wrong with the record."""
        told = {"Message": "OrganisationName is too long.", "Type": "ValidationException"}
        http["PUT /Organisations/17"] = reply(400, told)

        with pytest.raises(Refused, match="REC99  webCRM refuses the record: OrganisationName is too long"):
            await system.update("customer", "17", {"name": "A"}, Lane.FRESH, {})

    # ---------------------------------------------------------- looking

    async def test_a_lost_organisation_is_looked_up_by_its_number(self, system, http):
        """A quote in it is doubled."""
        (seen,) = await system.look("customer", {"number": "O'1", "name": "A"}, SINCE)

        assert seen.id == "17"
        assert "WHERE OrganisationExtraCustom1 = 'O''1' ORDER" in http.sent[-1].query["script"]

    async def test_without_a_number_it_is_among_the_changed_ones(self, system, http):
        """Five minutes are allowed for clocks."""
        await system.look("customer", {"name": "A"}, SINCE)

        assert ">= '2026-01-15T10:15:30.0000050Z'" in http.sent[-1].query["script"]

    async def test_a_lost_item_is_looked_up_in_the_catalogue(self, system, http):
        """Equal numbers only."""
        http["GET /QuotationLines/LinkedData"] = reply(200, [item(1), item(11)])

        assert ["1"] == [seen.id for seen in await system.look("article", {"number": "A1"}, SINCE)]

    # ---------------------------------------------------------- check

    @pytest.mark.row("D11", "W5")
    async def test_a_check_names_every_missing_prerequisite(self, http, grant, clock):
        """Fields, types and the catalogue's setup, each with what to do."""
        http["GET /FieldsMetadata/Organisation"] = metadata(without=("OrganisationXMemo1",))
        http["GET /QuotationLines/LinkedSetup"] = reply(
            200,
            {
                "QuotationLineLinkedSetupUseLinkedField1": True,
                "QuotationLineLinkedSetupUseLinkedField2": False,
            },
        )
        system = self.made(http, grant, clock, private_types=["Privatkund"])

        findings = await system.check(["customer", "article"])

        failed = {finding.code: finding for finding in findings if not finding.ok}
        assert set(failed) == {"CRM01", "CRM02", "CRM03"}
        assert "Privatkund" in failed["CRM02"].what
        assert "linked field 2" in failed["CRM03"].todo
        assert not any(each.request.effect for each in http.sent)

    @pytest.mark.row("D11")
    async def test_a_token_without_a_right_is_named_by_the_check(self, system, http):
        """webCRM's tokens have rights of their own."""
        http["GET /FieldsMetadata/Organisation"] = reply(403, {"Message": "Access denied"})

        findings = await system.check(["customer"])

        assert [(finding.ok, finding.code) for finding in findings] == [(True, ""), (False, "AUT09")]

    def made(self, http, grant, clock, **settings):
        """A system with settings of its own."""
        return Webcrm(
            http=http,
            grant=grant,
            clock=clock,
            ids=FakeIds(),
            account="test",
            base_url="http://127.0.0.1:1",
            **settings,
        )


LITERALS = {
    "a quote": ("O'Hara", "'O''Hara'"),
    "a percent sign stays": ("100 %", "'100 %'"),
}


@pytest.mark.parametrize(("text", "literal"), LITERALS.values(), ids=LITERALS)
def test_a_text_in_a_query(text, literal):
    """Nothing a person types ends the literal."""
    assert wire.text_literal(text) == literal


MOMENTS = {
    "year 1": ("0001-01-01T00:00:00+00:00", None),
    "year 1 in another zone": ("0001-01-01T00:00:00+14:00", None),
    "no zone is UTC": ("2026-01-15T10:00:00", "2026-01-15T10:00:00+00:00"),
    "seven decimals": ("2026-01-15T10:00:00.1234567Z", "2026-01-15T10:00:00.123456+00:00"),
    "no time": ("igår", None),
    "null": (None, None),
}


@pytest.mark.parametrize(("raw", "moment"), MOMENTS.values(), ids=MOMENTS)
def test_a_time_of_webcrm(raw, moment):
    """Aware UTC or none."""
    assert wire.moment(raw) == (moment and dt.datetime.fromisoformat(moment))
