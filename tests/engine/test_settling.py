"""What people do while the outcome of a write is unknown: their latest edit is what both sides end with."""

from __future__ import annotations

from contextlib import suppress
from functools import partial

import pytest

from daemon.core.records import Lane
from daemon.errors import StateError
from daemon.sandbox.faults import Fault
from tests.engine.story import calm
from tests.rows import papers
from tests.town import Town

TOOK_EFFECT = {"its answer lost": {"fault": "lost_after"}, "late": {"fault": "late", "delay_s": 20}}
BORN_AT = {"webcrm": "/Organisations", "fortnox": "/3/customers"}
LISTED_AT = {"webcrm": "/Queries", "fortnox": "/3/customers"}
LOST = {"lost on the way": {"fault": "lost_before"}, "500": {"fault": "status", "status": 500}}

# Fields that the *other* side decides: were our own write taken for an edit, it would win over the person.
EDITS = {
    "a name typed in webCRM": ("webcrm", "Name", "Name", "fortnox"),
    "a telephone typed in Fortnox": ("fortnox", "Phone1", "Telephone", "webcrm"),
}


async def linked(town: Town) -> str:
    """One customer, linked; its number."""
    number = town.people.new_customer(Name="Acme AB", Phone1="08-1")["CustomerNumber"]
    await town.sync_once()
    town.wait(minutes=11)
    return number


def made_unheard(town: Town, **fields: str) -> str:
    """A customer whose creation in webCRM takes effect and is not answered; its number."""
    town.world.faults.add(Fault(system="webcrm", method="POST", path="/Organisations", fault="lost_after"))
    return town.people.new_customer(Name="Acme AB", Phone1="08-1", **fields)["CustomerNumber"]


def type_in(town: Town, number: str, side: str, field: str, value: str) -> None:
    """A person changes one field."""
    people = town.people
    if side == "fortnox":
        people.edit_customer(number, **{field: value})
    else:
        (organisation,) = people.organisations()
        people.edit_organisation(organisation, **{field: value})


def values(town: Town, number: str, ours: str, theirs: str) -> tuple[str, str]:
    """What the two sides hold."""
    (organisation,) = town.people.organisations()
    return town.people.customer(number)[ours], organisation[f"Organisation{theirs}"]


@pytest.mark.parametrize("fault", [*TOOK_EFFECT, *LOST])
@pytest.mark.parametrize("edit", EDITS)
async def test_a_second_edit_while_the_first_one_is_unknown_is_the_one_that_stays(tmp_path, edit, fault):
    """
    The first one's write may have taken effect; it is ours, not a person's, and never wins over the second.
    """
    side, field, _, target = EDITS[edit]
    ours, theirs = ("Name", "Name") if field == "Name" else ("Phone1", "Telephone")
    town = Town(tmp_path)
    number = await linked(town)
    type_in(town, number, side, field, "08-2")
    town.world.faults.add(Fault(system=target, method="PUT", **{**TOOK_EFFECT, **LOST}[fault]))
    async with town.running():
        assert (await town.sync()).outcome == "unknown"
        town.wait(seconds=10)
        type_in(town, number, side, field, "08-3")
        await calm(town)
        assert values(town, number, ours, theirs) == ("08-3", "08-3")
        assert await town.desk.conflicts() == []


@pytest.mark.parametrize("fault", [*TOOK_EFFECT, *LOST])
@pytest.mark.parametrize("edit", EDITS)
async def test_an_edit_of_the_record_that_was_written_is_kept_or_listed(tmp_path, edit, fault):
    """
    A person who changes the very value we sent, after it took effect, is right; before that it is a
    conflict, which ends with one of the two on both sides and both on the list.
    """
    side, field, _, target = EDITS[edit]
    ours, theirs = ("Name", "Name") if field == "Name" else ("Phone1", "Telephone")
    town = Town(tmp_path)
    number = await linked(town)
    type_in(town, number, side, field, "08-2")
    town.world.faults.add(Fault(system=target, method="PUT", **{**TOOK_EFFECT, **LOST}[fault]))
    async with town.running():
        assert (await town.sync()).outcome == "unknown"
        town.wait(seconds=25)
        type_in(town, number, target, ours if target == "fortnox" else theirs, "08-4")
        await calm(town)
        left, right = values(town, number, ours, theirs)
        assert left == right
        listed = [
            value for each in await town.desk.conflicts() for value in (each["fortnox"], each["partner"])
        ]
        assert "08-4" in (left, *listed)


@pytest.mark.parametrize("fault", [*TOOK_EFFECT, *LOST])
async def test_an_edit_of_another_field_of_the_record_that_was_written_survives(tmp_path, fault):
    """
    The write names one field; what a person changes beside it crosses like any edit.
    """
    town = Town(tmp_path)
    number = await linked(town)
    type_in(town, number, "webcrm", "Telephone", "08-2")
    town.world.faults.add(Fault(system="fortnox", method="PUT", **{**TOOK_EFFECT, **LOST}[fault]))
    async with town.running():
        await town.sync()
        type_in(town, number, "fortnox", "WWW", "acme.example")
        await calm(town)
        assert values(town, number, "Phone1", "Telephone") == ("08-2", "08-2")
        assert values(town, number, "WWW", "Www") == ("acme.example", "acme.example")
        assert await town.desk.conflicts() == []


@pytest.mark.parametrize("fault", [*TOOK_EFFECT, *LOST])
async def test_a_new_record_that_is_edited_before_its_creation_is_settled_ends_with_the_edit(tmp_path, fault):
    """
    The creation carried the old value; the link is made from it, and the edit follows as an update.
    """
    town = Town(tmp_path)
    number = town.people.new_customer(Name="Acme AB", Phone1="08-1")["CustomerNumber"]
    town.world.faults.add(
        Fault(system="webcrm", method="POST", path="/Organisations", **{**TOOK_EFFECT, **LOST}[fault])
    )
    async with town.running():
        assert (await town.sync()).outcome == "unknown"
        town.people.edit_customer(number, Phone1="08-2")
        await calm(town)
        assert values(town, number, "Phone1", "Telephone") == ("08-2", "08-2")
        assert await town.desk.conflicts() == []


async def test_a_new_record_that_is_renamed_before_its_creation_is_settled_is_known_by_the_rest(tmp_path):
    """Taken for another it would be linked with nothing agreed, and what was typed meanwhile would lose."""
    town = Town(tmp_path)
    number = made_unheard(town)
    async with town.running():
        assert (await town.sync()).outcome == "unknown"
        type_in(town, number, "webcrm", "Name", "Acme Nord AB")
        type_in(town, number, "fortnox", "Phone1", "08-2")
        await calm(town)
        assert values(town, number, "Name", "Name") == ("Acme Nord AB", "Acme Nord AB")
        assert values(town, number, "Phone1", "Telephone") == ("08-2", "08-2")
        assert await town.desk.conflicts() == []


async def test_a_creation_that_is_sent_again_waits_anew_though_the_disk_forgot_its_answer(tmp_path):
    """It may be shown late like the first time: what was put off for the first attempt counts no more."""
    town = Town(tmp_path)
    town.people.new_customer(Name="Acme AB", Phone1="08-1")
    town.world.faults.add(Fault(system="webcrm", method="POST", path="/Organisations", fault="lost_before"))
    async with town.running():
        journal = town.house.journal
        write = journal.write

        async def full(work):
            if town.people.organisations():
                raise StateError("DBS02", "disk is full", "state.db", "free space")
            return await write(work)

        journal.write = full
        with suppress(StateError):
            for _ in range(10):
                await town.sync()
                town.wait(seconds=10)
        journal.write = write
        assert len(town.people.organisations()) == 1
        assert (await town.sync()).outcome == "unknown"
        await calm(town)
    assert len(town.people.organisations()) == 1


async def test_a_number_that_another_took_before_its_creation_is_settled_is_told_to_a_person(tmp_path):
    """The one with the number now is linked by it; what was made of the deleted one belongs to it by then."""
    town = Town(tmp_path)
    town.set(number_owner="webcrm")
    first = town.people.new_organisation("Acme AB", ExtraCustom1="4711")
    town.world.faults.add(Fault(system="fortnox", method="POST", path="/3/customers", fault="lost_after"))
    async with town.running():
        assert (await town.sync()).outcome == "unknown"
        town.people.act("webcrm", "delete_organisation", id=first["OrganisationId"])
        town.people.new_organisation("Björk AB", ExtraCustom1="4711")
        connector = town.house.loops["webcrm"].connector
        kind, partner = connector._agreements["customer"], connector._ends.partner
        await partner.read_by_key(kind, [str(first["OrganisationId"])], Lane.READ)  # it is known to be gone
        for _ in range(6):
            await town.sync()
            town.wait(seconds=10)
        await calm(town)
        assert [each["code"] for each in await town.desk.parked()] == ["INT01"]
    assert len(town.people.customers()) == 1


async def test_a_new_record_that_is_all_changed_before_its_creation_is_settled_is_known_by_birth(tmp_path):
    """Under our number, made when we sent it: what stands there was typed by a person since."""
    town = Town(tmp_path)
    number = made_unheard(town)
    async with town.running():
        assert (await town.sync()).outcome == "unknown"
        type_in(town, number, "webcrm", "Name", "Acme Nya AB")
        type_in(town, number, "webcrm", "Telephone", "08-2")
        await calm(town)
        assert values(town, number, "Name", "Name") == ("Acme Nya AB", "Acme Nya AB")
        assert values(town, number, "Phone1", "Telephone") == ("08-2", "08-2")
        assert await town.desk.conflicts() == []


async def test_a_new_record_that_is_renumbered_before_its_creation_is_settled_is_known_by_the_rest(tmp_path):
    """A look by its number does not find it; what the last list showed under its organisation number does."""
    town = Town(tmp_path)
    number = made_unheard(town, OrganisationNumber="556016-0680")
    async with town.running():
        assert (await town.sync()).outcome == "unknown"
        type_in(town, number, "webcrm", "ExtraCustom1", "4711")
        type_in(town, number, "fortnox", "Phone1", "08-2")
        await calm(town)
        assert values(town, number, "Phone1", "Telephone") == ("08-2", "08-2")
        assert [each["field"] for each in await town.desk.conflicts()] == ["number"]


@pytest.mark.parametrize("side", ["fortnox", "webcrm"])
async def test_a_branch_that_is_made_before_the_creation_is_settled_is_not_taken_for_ours(tmp_path, side):
    """It has the head office's organisation number. What it says is no edit: the rules decide, and tell."""
    town = Town(tmp_path)
    number = "556016-0680"
    in_fortnox = partial(town.people.new_customer, Name="Acme AB", OrganisationNumber=number)
    in_webcrm = partial(town.people.new_organisation, "Acme Filial AB", ExtraCustom2=number)
    first, second = (in_fortnox, in_webcrm) if side == "webcrm" else (in_webcrm, in_fortnox)
    town.world.faults.add(Fault(system=side, method="POST", path=BORN_AT[side], fault="lost_before"))
    first()
    async with town.running():
        assert (await town.sync()).outcome == "unknown"
        second()
        await calm(town)
        assert values(town, "1", "Name", "Name") == ("Acme AB", "Acme AB")
        assert [each["field"] for each in await town.desk.conflicts()] == ["name"]


async def test_a_new_record_that_is_deleted_before_its_creation_is_settled_undoes_no_edit(tmp_path):
    """It was shown, so the creation took effect; the rest is a record deleted at one side."""
    town = Town(tmp_path)
    number = made_unheard(town)
    async with town.running():
        assert (await town.sync()).outcome == "unknown"
        await town.sync()
        (made,) = town.people.organisations()
        town.people.act("webcrm", "delete_organisation", id=made["OrganisationId"])
        type_in(town, number, "fortnox", "Phone1", "08-2")
        await calm(town)
        assert town.people.customer(number)["Phone1"] == "08-2"
        assert town.people.organisations() == []
        assert [each["code"] for each in await town.desk.parked()] == ["REC02"]


async def test_a_creation_that_another_look_linked_does_not_wait_to_be_repeated(tmp_path):
    """It was made and seen, a person deleted it before it was settled: nothing is left to try again."""
    town = Town(tmp_path)
    made_unheard(town)
    async with town.running():
        assert (await town.sync()).outcome == "unknown"
        await town.sync()
        (made,) = town.people.organisations()
        town.people.act("webcrm", "delete_organisation", id=made["OrganisationId"])
        await calm(town)
        assert await town.desk.intents() == []


@pytest.mark.parametrize("side", LISTED_AT)
async def test_a_look_that_is_refused_keeps_nobody_else_waiting(tmp_path, side):
    """As long as customers cannot be listed their creations stay unknown; articles cross."""
    town = Town(tmp_path)
    if side == "webcrm":
        town.people.new_customer(Name="Acme AB")
    else:
        town.people.new_organisation("Acme AB")
    town.world.faults.add(Fault(system=side, method="POST", path=BORN_AT[side], fault="lost_after"))
    async with town.running():
        assert (await town.sync()).outcome == "unknown"
        town.wait(seconds=40)
        town.people.new_article(ArticleNumber="A1", Description="Skruv", price=10)
        town.world.faults.add(
            Fault(system=side, method="GET", path=LISTED_AT[side], fault="status", status=403, count=9)
        )
        report = await town.sync()
        assert (report.unknown, "AUT09" in str(report.error)) == (1, True)
        assert town.people.item("A1")
        town.world.faults.clear()
        await calm(town)
    assert (len(town.people.organisations()), len(town.people.customers())) == (1, 1)


async def test_the_log_tells_each_attempt_also_one_that_never_arrived(tmp_path):
    """A bookkeeper reads that it was sent, looked for and not there, and then made."""
    town = Town(tmp_path)
    town.people.new_customer(Name="Acme AB")
    lost = LOST["lost on the way"]
    town.world.faults.add(Fault(system="webcrm", method="POST", path="/Organisations", **lost))
    async with town.running():
        await calm(town)
        rows = await town.desk.log(None, None, 100)
    assert [(row["action"], row["outcome"]) for row in reversed(rows)][:2] == [
        ("create", "lost"),
        ("create", "done"),
    ]


@pytest.mark.row("D2")
async def test_looking_for_lost_creations_costs_a_list_each_not_a_reading_of_every_recent_customer(tmp_path):
    """A customer that was read before bears its reference or never will: only new ones are read."""
    town = Town(tmp_path)
    for place in range(30):
        town.people.new_customer(Name=f"Recent {place} AB")
    await town.sync_once()
    for place in range(5):
        town.people.new_organisation(f"Lost {place} AB")
    town.world.faults.add(
        Fault(system="fortnox", method="POST", path="/3/customers", fault="lost_after", count=5)
    )
    async with town.running():
        assert (await town.sync()).unknown == 5
        before = len(town.world.log.since(0))
        town.wait(seconds=40)
        # What the pass itself reads again is another matter.
        connector = town.house.loops["webcrm"].connector
        for kind in connector.kinds:
            await connector._settler(kind).settle_due(await connector._recover())
        asked = town.requests("fortnox", since=before)
        assert (await town.sync()).outcome == "ok"
    assert len(asked) <= 2 * 5 + 2 * 5
    names = [row["Name"] for row in town.people.customers()]
    assert len(names) == len(set(names)) == 35


@pytest.mark.parametrize("queried", [False, True], ids=["rows seen late", "rows seen at once"])
async def test_rows_edited_while_the_creation_of_their_order_is_unknown_cross(tmp_path, queried):
    """
    What Fortnox adds to rows by itself is no edit of a person's there, and wins over nobody.
    """
    town = Town(tmp_path)
    papers.with_documents(town)
    town.world.systems["webcrm"].switch("query_lines", queried)
    town.people.new_article(ArticleNumber="102", Description="Hammare", price=149.5)
    delivery = papers.new_delivery(town, papers.customer(town), papers.line("102", "Hammare", 2, 149.5))
    town.world.faults.add(Fault(fault="lost_after", system="fortnox", method="POST", path="/3/orders"))
    async with town.running():
        assert (await town.sync()).outcome == "unknown"
        (line,) = papers.lines_of(town, delivery["DeliveryId"])
        papers.edit_line(town, line["QuotationLineId"], Quantity=5, Price=747.5)
        town.wait(seconds=40)
        for _ in range(6):
            await town.sync()
        await calm(town)
    assert papers.money(papers.order(town)["OrderRows"]) == [("102", 5.0, 747.5)]
    assert papers.money(papers.lines_of(town, delivery["DeliveryId"])) == [("102", 5.0, 747.5)]
