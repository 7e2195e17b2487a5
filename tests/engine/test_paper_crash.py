"""The memory is lost or the setting changes while documents cross: none is made twice."""

from __future__ import annotations

from functools import partial

import pytest

from daemon.sandbox.faults import Fault
from tests.engine.inline import inline
from tests.engine.lives import EVERY, Deaths, sampled
from tests.engine.paperwork import OFFICE, PAPERS, Held, doubled, uneven, wrong
from tests.engine.story import begin, calm
from tests.engine.test_memory import lose
from tests.rows import papers
from tests.town import Town

pytestmark = pytest.mark.row("D4", "W9", "W11")


async def test_a_memory_lost_at_any_step_doubles_no_document(begun):
    """
    Rows that were half written then have nobody to vouch for them: they may wait for a person, listed.
    """
    stage, image = await begun("a day at the office")
    deaths = Deaths(stage, set())
    with inline(stage.connect):
        await deaths.live(image)
    whole = [(event, left) for event, left in deaths.found if "late" not in event]
    for number in sampled(len(whole), 2 * EVERY):
        event, left = whole[number]
        town = stage.place(left._replace(files=()))
        town.wait(seconds=6)  # what was sent just before is forgotten too, and Fortnox would ask for patience
        async with town.running():
            await calm(town)
            listed = [*await town.desk.parked(), *await town.desk.conflicts()]
        held = Held(town)
        assert doubled(held) == [], event
        assert (len(held.orders), len(held.invoices), len(held.deliveries)) == (2, 1, 3), event
        assert listed or wrong(town, OFFICE) == [], event


# ------------------------------------------------------------------ the setting changes


UNCLEAR = {
    "it was lost": {"fault": "lost_before"},
    "its answer was lost": {"fault": "lost_after"},
    "it takes effect late": {"fault": "late", "delay_s": 20},
}


@pytest.mark.parametrize("forgets", [False, True], ids=["", "and the memory is lost"])
@pytest.mark.parametrize("fault", UNCLEAR)
@pytest.mark.parametrize(("old", "new"), [("order", "invoice"), ("invoice", "order")])
async def test_the_setting_changes_while_an_outcome_is_unknown(tmp_path, old, new, fault, forgets):
    """
    A delivery becomes one document: of the old kind when it had been made, else of the new one.
    """
    story, town = PAPERS[f"make an {old} of a delivery"], Town(tmp_path)
    await begin(town, story)
    town.world.faults.add(Fault(system="fortnox", method="POST", path=f"/3/{old}s", **UNCLEAR[fault]))
    async with town.running():
        assert (await town.sync()).outcome == "unknown"
    town.configure(f'documents = "{old}"', f'documents = "{new}"')
    if forgets:
        lose(town)
        town.configure('settle = "2s"', 'settle = "60s"')  # as in production, later than any late effect
    async with town.running():
        await calm(town)
        assert await town.desk.parked() == []
    made = new if fault == "it was lost" else old
    assert story.paper is not None
    assert wrong(town, story._replace(paper=story.paper._replace(form=made))) == []


# ------------------------------------------------------------------ our reference on a copy


@pytest.mark.parametrize("forgets", [False, True], ids=["", "and the memory is lost"])
@pytest.mark.parametrize("form", ["order", "invoice"])
async def test_a_copy_with_our_reference_waits_and_what_it_is_a_copy_of_goes_on(tmp_path, form, forgets):
    """
    Our link stays where it is and later edits cross on it; with the memory lost nobody can tell the two
    apart, and both wait. Nothing is made of the copy.
    """
    story, town = PAPERS[f"make an {form} of a delivery"], Town(tmp_path)
    await begin(town, story)
    async with town.running():
        await calm(town)
        original = papers.order(town) if form == "order" else papers.invoice(town)
        names = ("CustomerNumber", "ExternalInvoiceReference1", "Remarks", f"{form.title()}Date")
        copy = {name: original[name] for name in names}
        make = partial(papers.new_order if form == "order" else papers.new_invoice, town, copy.pop(names[0]))
        row = papers.order_row(1) if form == "order" else papers.invoice_row(1)
        make(row, **copy)
        await calm(town)
    if forgets:
        lose(town)
    delivery = Held(town).delivery_of(f"{form}:1")
    assert delivery is not None
    papers.edit_delivery(town, delivery["DeliveryId"], Memo="Ändrad")
    async with town.running():
        await calm(town)
        listed = {each["code"] for each in await town.desk.parked()}
        assert await town.desk.conflicts() == []
    held = Held(town)
    assert [each["DeliveryErpId"] for each in held.deliveries] == [f"{form}:1"]
    assert uneven(held) == []
    first = (papers.order(town) if form == "order" else papers.invoice(town))["Remarks"]
    assert (listed, first) == (({"REC07"}, "Hej") if forgets else ({"INT03"}, "Ändrad"))
