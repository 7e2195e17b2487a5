"""The power fails, a pass is cancelled, or the memory is lost while documents cross: none is made twice."""

from __future__ import annotations

import random
from functools import partial

import anyio
import pytest

from daemon.sandbox.faults import Fault
from tests.engine.paperwork import (
    PAPERS,
    Held,
    born,
    doubled,
    lost,
    rows_become,
    rows_of,
    sell,
    shop,
    uneven,
    write_text,
    wrong,
)
from tests.engine.power import live_until_cut, steps_of
from tests.engine.story import begin, calm
from tests.engine.test_cancellation import Stop
from tests.engine.test_memory import lose
from tests.engine.test_restart import EVERY
from tests.rows import papers
from tests.town import Town

pytestmark = pytest.mark.row("D4", "W9", "W11")

FINAL = [("102", 7.0, 1046.5), ("102", 1.0, 50.0)]


async def office(folder) -> Town:
    """A town where the next pass makes an order and two deliveries, and rewrites lines and an order."""
    town = Town(folder)
    papers.with_documents(town, "order")
    shop(town)
    born("order", ("102", 2, 149.5), ("103", 9, 4.5))(town)
    await town.sync_once()
    town.wait(minutes=11)
    write_text(town)
    rows_become("order", ("102", 7, 149.5), ("102", 1, 50))(town)
    born("invoice", ("102", 1, 149.5), ("103", 2, 4.5))(town)
    sell(town)
    return town


def odd(town: Town) -> list[str]:
    """What is not as people left it."""
    held = Held(town)
    first = next(order for order in held.orders if order["DocumentNumber"] == "1")
    counts = len(held.orders), len(held.invoices), len(held.deliveries)
    return [
        *doubled(held),
        *lost(held),
        *uneven(held),
        *([f"{counts} documents"] if counts != (2, 1, 3) else []),
        *([f"order 1: {papers.money(rows_of(first))}"] if papers.money(rows_of(first)) != FINAL else []),
        *([f"its text: {first['Remarks']}"] if first["Remarks"] != "Hej då" else []),
    ]


async def finishes(town: Town) -> None:
    """The daemon starts again and ends with everything as people left it, and nothing to tell."""
    async with town.running():
        await calm(town)
        assert odd(town) == []
        assert await town.desk.intents() == []
        assert await town.desk.parked() == []
        assert await town.desk.conflicts() == []


async def test_a_power_cut_at_any_step_loses_no_document_and_doubles_none(tmp_path):
    """
    Before and after every commit, request and answer, the lines of a delivery among them.
    """
    steps = len(await steps_of(await office(tmp_path / "whole")))
    for step in range(random.randrange(3 * EVERY), steps, 3 * EVERY):
        town = await office(tmp_path / f"cut at {step}")
        assert await live_until_cut(town, step), f"step {step} of {steps}"
        await finishes(town)


@pytest.mark.parametrize("late_s", [0.3, 25.0])
async def test_a_request_for_a_document_under_way_at_the_power_cut_may_take_effect_later(tmp_path, late_s):
    """
    Every request with effect: orders, deliveries, and each line.
    """
    town = await office(tmp_path / "whole")
    since = town.world.log.last_seq
    steps = [number for number, what in enumerate(await steps_of(town)) if what == "request"]
    sent = town.world.log.since(since)
    effects = [n for n, item in zip(steps, sent, strict=True) if item["method"] != "GET"][2:]  # but logins
    for step in random.sample(effects, max(1, len(effects) * 5 // EVERY) if EVERY > 5 else len(effects)):
        town = await office(tmp_path / f"cut at {step}")
        assert await live_until_cut(town, step, late_s), f"step {step}"
        await finishes(town)


async def test_a_pass_cancelled_at_any_step_leaves_documents_that_the_next_one_finishes(tmp_path):
    """
    In the same process. Lines may be left half written, between two requests; nothing else is left as sent.
    """
    steps = len(await steps_of(await office(tmp_path / "whole")))
    for step in range(random.randrange(4 * EVERY), steps, 4 * EVERY):
        town = await office(tmp_path / f"cancelled at {step}")
        async with town.running():
            with anyio.CancelScope() as scope:
                Stop(town, step, scope)
                await town.sync()
            town.watch = lambda _step: None
            states = {each["action"]: each["state"] for each in await town.desk.intents()}
            assert states.get("create") != "sent", step
        await finishes(town)


async def test_a_memory_lost_at_any_step_doubles_no_document(tmp_path):
    """
    Rows that were half written then have nobody to vouch for them: they may wait for a person, listed.
    """
    steps = len(await steps_of(await office(tmp_path / "whole")))
    for step in range(random.randrange(4 * EVERY), steps, 4 * EVERY):
        town = await office(tmp_path / f"lost at {step}")
        await live_until_cut(town, step)
        lose(town)
        town.wait(seconds=6)  # what was sent just before is forgotten too, and Fortnox would ask for patience
        async with town.running():
            await calm(town)
            listed = [*await town.desk.parked(), *await town.desk.conflicts()]
        held = Held(town)
        assert doubled(held) == [], step
        assert (len(held.orders), len(held.invoices), len(held.deliveries)) == (2, 1, 3), step
        assert listed or odd(town) == [], step


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
async def test_a_copy_with_our_reference_is_a_document_of_its_own(tmp_path, form, forgets):
    """
    Our link stays where it is, later edits cross on it, and nothing stops; with the memory lost the
    two keep their deliveries or are listed.
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
        listed = [*await town.desk.parked(), *await town.desk.conflicts()]
    held = Held(town)
    assert [each["DeliveryErpId"] for each in held.deliveries] == [f"{form}:1", f"{form}:2"]
    assert uneven(held) == []
    first = (papers.order(town) if form == "order" else papers.invoice(town))["Remarks"]
    assert listed or first == "Ändrad"
    if not forgets:
        assert (listed, first) == ([], "Ändrad")
