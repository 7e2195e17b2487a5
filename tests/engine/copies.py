"""A town with a past: copies of its state, ways to put one back, and what must hold afterwards."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections import Counter

from msgspec import structs

from daemon.sandbox.faults import Fault
from tests.engine import paperwork
from tests.engine.paperwork import Held, doubled, lost, sold, uneven
from tests.engine.story import calm, fortnox_side, webcrm_side
from tests.rows import papers
from tests.town import MORNING, Town

SETTLE_S = 900
MADE = ("/3/customers", "/3/articles", "/3/orders", "/3/invoices")  # what is created, and where
MADE += ("/Organisations", "/QuotationLines/LinkedData", "/Deliveries")
NAMES = {"Alfa AB", "Björk AB", "Cedergrens", "Dal AB", "Hammare", "Spik", "Skruv", "Mutter"}
CREATED = 5  # what the newer memory creates last
LINKED = 11  # four customers, four articles, three documents


# ------------------------------------------------------------------ a town, its past, and copies of it


async def long_ago(folder, clock=None) -> Town:
    """A town at rest, with production's patience: a customer, two articles and an order, each linked."""
    town = Town(folder, clock=clock)
    town.configure('settle = "2s"', 'settle = "15m"')
    town.configure('gap = "1s"', 'gap = "2m"')
    papers.with_documents(town)
    paperwork.shop(town)
    papers.new_order(town, "1", *sold("order", ("102", 2, 149.5)), OrderDate=paperwork.DAY)
    async with town.running():
        await calm(town)
    return town


def since_then(town: Town) -> None:
    """What people did after the copy was taken: the newer memory has brought it over."""
    town.people.edit_customer("1", Phone1="08-11")
    town.people.new_customer(Name="Dal AB", OrganisationNumber="556036-0793")
    town.people.new_article(ArticleNumber="A3", Description="Mutter", price=3)


def just_now(town: Town) -> None:
    """What the newer memory creates last: a record of every kind on both sides."""
    town.people.new_customer(Name="Cedergrens")
    town.people.new_organisation("Björk AB", Telephone="08-2")
    town.people.new_article(ArticleNumber="A1", Description="Skruv", price=10)
    paperwork.sell(town)
    papers.new_order(town, "1", *sold("order", ("103", 1, 4.5)), OrderDate=paperwork.DAY)


def copied(town: Town, name: str):
    """A copy of the state folder as it is, and when the last call was made by then."""
    there = town.folder / name
    shutil.copytree(town.folder / "state", there)
    return there, town._ended_at


def put_folder_back(town: Town, copy) -> None:
    """The whole folder, in place of what is there."""
    there, town._ended_at = copy
    shutil.rmtree(town.folder / "state")
    shutil.copytree(there, town.folder / "state")
    town.placed_at = town.clock.now().timestamp()


def put_file_back(town: Town, copy) -> None:
    """`state.db` alone; that it was put there is not to be seen, as on some file systems."""
    there, _ = copy
    shutil.copy(there / "state.db", town.folder / "state" / "state.db")


def roll_back(town: Town, copy) -> None:
    """The machine's disk is as it was: no time of any file tells."""
    put_folder_back(town, copy)
    town.placed_at = 0.0


# how it is put back, how long after the copy, whether the daemon ran when the copy was made
WAYS = {
    "the file of a week ago": (put_file_back, {"days": 7}, False),
    "the file of an hour ago, copied while it ran": (put_file_back, {"hours": 1}, True),
    "the folder of an hour ago": (put_folder_back, {"hours": 1}, False),
    "the folder of a week ago": (put_folder_back, {"days": 7}, False),
    "the folder of an hour ago, copied while it ran": (put_folder_back, {"hours": 1}, True),
    "the machine of an hour ago, while it ran": (roll_back, {"hours": 1}, True),
    "the machine of a week ago, at rest": (roll_back, {"days": 7}, False),
}


async def restored(folder, way: str, act=None) -> Town:
    """A town where an older state was put back just after the newer memory had begun its last creations."""
    put_back, age, running = WAYS[way]
    town = await long_ago(folder)
    if running:
        async with town.running():
            await town.sync()
            copy = copied(town, "copy")
    else:
        copy = copied(town, "copy")
    since_then(town)
    async with town.running():
        await calm(town)
        town.wait(**age)
        await calm(town)
        just_now(town)
        if act:
            act(town)
        before = town.world.log.last_seq
        await town.sync()
        assert len(town.world._late if act is late else creations(town, before)) == CREATED
    town.world.faults.clear()
    put_back(town, copy)
    return town


def late(town: Town) -> None:
    """Every creation is answered by nobody and takes effect five minutes later."""
    for path in MADE:
        town.world.faults.add(Fault(fault="late", method="POST", path=path, count=None, delay_s=300))


KEYS = {"CustomerNumber", "DocumentNumber"}  # of rows in Fortnox' lists of what is created there
KEYS |= {"OrganisationId", "DeliveryId", "QuotationLineLinkedDataItemId"}


class Lag:
    """Lists that show what was made from now on only five minutes later; by its key it is there at once."""

    def __init__(self, town: Town) -> None:
        self.town, self.until_s = town, town.clock.passed_s + 300
        self.known = self._rows()
        self.exchange = town.world.exchange
        town.world.exchange = self

    def _rows(self) -> set[tuple[str, object]]:
        people = self.town.people
        rows = [*people.customers(), *papers.orders(self.town), *people.organisations()]
        rows += [*papers.deliveries(self.town), *people.catalogue()]
        return {(key, row[key]) for row in rows for key in KEYS & row.keys()}

    def __call__(self, system, request):
        outcome = self.exchange(system, request)
        if request.method != "GET" or outcome.response is None or self.town.clock.passed_s > self.until_s:
            return outcome
        body = json.loads(outcome.response.body or "null")
        named = {"": body} if isinstance(body, list) else body if isinstance(body, dict) else {}
        for name, rows in named.items():
            if isinstance(rows, list) and name in ("", "Customers", "Orders"):
                rows[:] = [row for row in rows if not self._is_news(row)]
        if "MetaInformation" in named:
            (rows,) = [rows for rows in named.values() if isinstance(rows, list)]
            named["MetaInformation"]["@TotalResources"] = len(rows)
        response = structs.replace(outcome.response, body=json.dumps(body).encode())
        return structs.replace(outcome, response=response)

    def _is_news(self, row) -> bool:
        found = [(key, row[key]) for key in row.keys() & KEYS]
        return len(found) > 0 and found[0] not in self.known


def none(_town: Town) -> None:
    """Everything is answered, and shows itself at once."""


# ------------------------------------------------------------------ what must hold


def creations(town: Town, since: int) -> list[tuple[float, str]]:
    """What the daemon asked to be made since then: seconds from the town's beginning, and where."""
    items = [*town.requests("fortnox", since=since), *town.requests("webcrm", since=since)]
    return [
        ((dt.datetime.fromisoformat(item["time"]) - MORNING).total_seconds(), item["path"])
        for item in items
        if item["method"] == "POST" and item["path"] in MADE and item["fault"] != "late"
    ]


async def assert_right_and_at_rest(town: Town, linked: int = LINKED) -> None:
    """Everything is there once, on both sides, linked, and nothing is left to do. The daemon runs."""
    for side in (fortnox_side(town), webcrm_side(town)):
        assert Counter(name for _, name, _ in side.elements()) == Counter(NAMES)
    assert fortnox_side(town) == webcrm_side(town)
    held = Held(town)
    assert [*doubled(held), *lost(held), *uneven(held)] == []
    assert await town.desk.intents() == []
    assert await town.desk.parked() == []
    assert (await town.desk.status_of("webcrm"))["counts"]["linked"] == linked
    town.wait(minutes=11)
    since = town.world.log.last_seq
    assert (await town.sync()).outcome == "ok"
    assert town.writes(since) == []
