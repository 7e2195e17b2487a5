"""People invoice, book, cancel and edit a document just before any one request of the daemon."""

from __future__ import annotations

import random
from contextlib import suppress
from functools import partial
from typing import Any

import pytest

from daemon.errors import RemoteError
from tests.engine.lives import EVERY
from tests.engine.paperwork import Held, doubled, line_of, lost, puts_to_booked, rows_of, uneven
from tests.engine.story import calm
from tests.engine.test_races import Hook
from tests.rows import papers
from tests.town import Town

pytestmark = pytest.mark.row("W10", "W12")

REQUESTS_MOST = 60  # more than one pass sends for one document
STRIDE = max(1, EVERY * 3 // 2)
STORIES = (
    "make an order of a delivery",
    "make an invoice of a delivery",
    "update an order's rows",
    "update an invoice's head",
    "make a delivery of an order",
    "add lines to a delivery",
)


# ------------------------------------------------------------------ what people do, where it can be done


def _paper(town: Town) -> tuple[str, dict[str, Any]] | None:
    """The first invoice, else the first order, whole."""
    for form, listed, whole in (
        ("invoice", papers.invoices, papers.invoice),
        ("order", papers.orders, papers.order),
    ):
        if rows := listed(town):
            return form, whole(town, rows[0]["DocumentNumber"])
    return None


def _act(town: Town, verb: str, only: str = "") -> None:
    found = _paper(town)
    if found and only in ("", found[0]):
        form, paper = found
        town.people.try_fortnox("PUT", f"/3/{form}s/{paper['DocumentNumber']}/{verb}")


def invoice_it(town: Town) -> None:
    """An order is invoiced."""
    _act(town, "createinvoice", "order")


def book_it(town: Town) -> None:
    """An order is invoiced, and the invoice is booked."""
    invoice_it(town)
    _act(town, "bookkeep", "invoice")


def cancel_it(town: Town) -> None:
    """The document is cancelled."""
    _act(town, "cancel")


def row_in_fortnox(town: Town) -> None:
    """A row is added in Fortnox, of 777 kronor."""
    if found := _paper(town):
        form, paper = found
        make = papers.order_row if form == "order" else papers.invoice_row
        rows = [{"RowId": row["RowId"]} for row in rows_of(paper)]
        body = {form.title(): {f"{form.title()}Rows": [*rows, make(1, Price=777)]}}
        town.people.try_fortnox("PUT", f"/3/{form}s/{paper['DocumentNumber']}", body)


def row_in_webcrm(town: Town) -> None:
    """A row's quantity is changed in webCRM, so that it comes to 777 kronor."""
    with suppress(ValueError, StopIteration):
        line = line_of(town, "102")
        papers.edit_line(town, line["QuotationLineId"], Quantity=7, ListPrice=111, Price=777)


DEEDS = {
    "the order is invoiced": invoice_it,
    "it is invoiced and booked": book_it,
    "it is cancelled": cancel_it,
    "a row is added in Fortnox": row_in_fortnox,
    "a row is edited in webCRM": row_in_webcrm,
}


RACES = [
    (name, deed)
    for name in STORIES
    for deed in DEEDS
    if "an invoice" not in name or deed != "the order is invoiced"
]


async def listed_of(town: Town) -> list[str]:
    """Everything that waits for a person or was told to one, as texts."""
    parked = [f"{each['code']} {each['what']}" for each in await town.desk.parked()]
    conflicts = [f"{each['fortnox']} / {each['partner']}" for each in await town.desk.conflicts()]
    return [*parked, *conflicts]


def shows_777(held: Held) -> bool:
    """Whether the row of 777 kronor stands on either side."""
    rows = [row for halves in held.papers.values() for row in rows_of(halves[-1])]
    rows += [line for lines in held.lines.values() for line in lines]
    return any(total == 777 for _, _, total in papers.money(rows))


@pytest.mark.parametrize(("name", "deed"), RACES)
async def test_whatever_people_do_meanwhile_nothing_is_doubled_lost_or_written_to_a_booked_invoice(
    begun, name, deed
):
    """
    One document and one delivery; the same rows on both sides, or the record is listed; a row that
    somebody typed stands on one of them, or is listed with its value.

    The exceptions are those of any write without a condition: what is done in the instant between
    the daemon's last reading and its request to the same side. A booked invoice refuses that one.
    """
    stage, image = await begun(name)
    for number in range(random.randrange(STRIDE), REQUESTS_MOST, STRIDE):
        town = stage.place(image)
        hook = Hook(town, number, partial(DEEDS[deed], town))
        async with town.running():
            with suppress(RemoteError):
                await town.sync()
            town.watch = lambda _step: None
            await calm(town)
            listed = await listed_of(town)
            assert await town.desk.intents() == []
        if hook.since is None:
            break
        where = f"before request {number}, {hook.request}; listed: {listed}"
        held = Held(town)
        assert doubled(held) == [], where
        assert listed or [*lost(held), *uneven(held)] == [], where
        late = [
            item for item in puts_to_booked(town) if item["status"] < 400 or item["seq"] != hook.since + 1
        ]
        assert late == [], where
        side = {"a row is added in Fortnox": "fortnox", "a row is edited in webCRM": "webcrm"}.get(deed)
        typed = any(item["seq"] <= hook.since for item in _typed(town, hook.began))
        if side and typed and not hook.request.endswith(side):
            assert shows_777(held) or any("777" in text for text in listed), where


def _typed(town: Town, since: int) -> list[dict[str, Any]]:
    """The people's requests since then that changed a row to 777 kronor."""
    return [
        item
        for item in town.world.log.since(since)
        if item["client"] == "people" and item["status"] < 300 and "777" in str(item["request"])
    ]
