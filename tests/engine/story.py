"""
Small stories that make the daemon write, and what must be true when they are over.

The checks know only what people did and what both vendors hold in the end; they
share no code with what decides.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from daemon.errors import RemoteError
from tests.rows.papers import with_documents
from tests.town import Town

LOOK_S = 32  # a request is over after 30 s, and settle is 2 s in the pretend world's config
CALM_PASSES = 12  # more than any story needs
OVERLAP_MINUTES = 11  # a list of changes may lag ten minutes behind


class Paper(NamedTuple):
    """How one document ends on both sides: (article, quantity, total) of each row, and its text."""

    form: str
    rows: tuple[tuple[str, float, float], ...]
    text: str


class Story(NamedTuple):
    """One kind of write: what was there before, what a person then does, and how it ends on both sides."""

    before: Callable[[Town], None]
    then: Callable[[Town], None]
    system: str  # the request under test
    method: str
    path: str
    ends: dict[str, str]  # name of each customer or article -> its telephone, or its price
    switches: tuple[tuple[str, str], ...] = ()
    number_owner: str = "fortnox"
    documents: str = ""
    paper: Paper | None = None
    odd: Callable[[Town], list[str]] | None = None  # what is not as it should end, where it is more than that


def nothing(_town: Town) -> None:
    """An empty start."""


def _born_in_webcrm(town: Town) -> None:
    town.people.new_organisation("Björk AB", Telephone="08-1", ExtraCustom2="556016-0680")


def _born_in_webcrm_with_number(town: Town) -> None:
    town.people.new_organisation("Björk AB", Telephone="08-1", ExtraCustom1="4711")


def _born_in_fortnox(town: Town) -> None:
    town.people.new_customer(Name="Björk AB", Phone1="08-1", OrganisationNumber="556016-0680")


def _telephone_in_webcrm(town: Town) -> None:
    town.people.edit_organisation(town.people.organisation("Björk AB"), Telephone="08-2")


def _telephone_in_fortnox(town: Town) -> None:
    (row,) = town.people.customers()
    town.people.edit_customer(row["CustomerNumber"], Phone1="08-2")


def _article(town: Town) -> None:
    town.people.new_article(ArticleNumber="A1", Description="Skruv", price=10)


def _price(town: Town) -> None:
    town.people.set_price("A1", 12.5)


_TO_WEBCRM = ("webcrm", "POST", "/Organisations", {"Björk AB": "08-1"})
_ITEM = "/QuotationLines/LinkedData"
STORIES = {
    "create a Fortnox customer": Story(
        nothing, _born_in_webcrm, "fortnox", "POST", "/3/customers", {"Björk AB": "08-1"}
    ),
    "create a Fortnox customer under webCRM's number": Story(
        nothing,
        _born_in_webcrm_with_number,
        "fortnox",
        "POST",
        "/3/customers",
        {"Björk AB": "08-1"},
        number_owner="webcrm",
    ),
    "update a Fortnox customer": Story(
        _born_in_fortnox, _telephone_in_webcrm, "fortnox", "PUT", "/3/customers/*", {"Björk AB": "08-2"}
    ),
    "create an organisation, answered with nothing": Story(nothing, _born_in_fortnox, *_TO_WEBCRM),
    "create an organisation, answered with its id": Story(
        nothing, _born_in_fortnox, *_TO_WEBCRM, (("post_result", "int"),)
    ),
    "create an organisation, answered with all of it": Story(
        nothing, _born_in_fortnox, *_TO_WEBCRM, (("post_result", "object"),)
    ),
    "update an organisation": Story(
        _born_in_fortnox, _telephone_in_fortnox, "webcrm", "PUT", "/Organisations/*", {"Björk AB": "08-2"}
    ),
    "create a catalogue item": Story(nothing, _article, "webcrm", "POST", _ITEM, {"Skruv": "10"}),
    "update a catalogue item": Story(_article, _price, "webcrm", "PUT", f"{_ITEM}/*", {"Skruv": "12.5"}),
}


# ------------------------------------------------------------------ many writes in one pass

_MANY = {"Acme AB": "08-11", "Björk AB": "08-22", "Cedergrens": "08-33", "Skruv": "10", "Mutter": "12.5"}
_NONE_OF_THEM = ("fortnox", "NONE", "")  # which request is repeated is seen by what there is in the end


def _young(town: Town) -> None:
    people = town.people
    people.new_customer(Name="Acme AB", Phone1="08-11")
    people.new_organisation("Björk AB", Telephone="08-22")
    people.new_organisation("Cedergrens", Telephone="08-33", ExtraCustom2="556016-0680")
    people.new_article(ArticleNumber="A1", Description="Skruv", price=10)
    people.new_article(ArticleNumber="A2", Description="Mutter", price=12.5)


def _grown(town: Town) -> None:
    people = town.people
    people.new_customer(Name="Acme AB", Phone1="08-1")
    people.new_article(ArticleNumber="A2", Description="Mutter", price=11)
    people.new_organisation("Björk AB", Telephone="08-2")


def _busy(town: Town) -> None:
    people = town.people
    (number,) = [each["CustomerNumber"] for each in people.customers() if each["Name"] == "Acme AB"]
    people.edit_customer(number, Phone1="08-11")
    people.edit_organisation(people.organisation("Björk AB"), Telephone="08-22")
    people.new_organisation("Cedergrens", Telephone="08-33")
    people.new_article(ArticleNumber="A1", Description="Skruv", price=10)
    people.set_price("A2", 12.5)


TOWNS = {
    "a first pass": Story(nothing, _young, *_NONE_OF_THEM, _MANY),
    "a later pass": Story(_grown, _busy, *_NONE_OF_THEM, _MANY),
}


async def begin(town: Town, story: Story) -> int:
    """Bring the town to where the person has acted and the daemon has not; the log's last number."""
    if story.number_owner != "fortnox":
        town.set(number_owner=story.number_owner)
    if story.documents:
        with_documents(town, story.documents)
    for name, value in story.switches:
        town.world.systems[story.system].switch(name, value)
    story.before(town)
    if story.before is not nothing:
        await town.sync_once()
        town.wait(minutes=OVERLAP_MINUTES)
    since = town.world.log.last_seq
    story.then(town)
    return since


async def calm(town: Town, *, quiet: int = 2, patient: bool = False) -> None:
    """
    Pass after pass, as the clock would bring them, until `quiet` in a row send nothing and nothing waits.

    With one it is a pass after the first, so that the overlap of the lists has passed. When `patient`, a
    pass that a vendor ends early is repeated, as the scheduler does.
    """
    idle = 0
    for number in range(CALM_PASSES):
        since = town.world.log.last_seq
        try:
            report = await town.sync()
        except RemoteError:
            if not patient:
                raise
            town.wait(minutes=1)
            continue
        still = report.unknown == 0 and report.next_look_at is None and not town.writes(since)
        idle = idle + 1 if still else 0
        if idle >= quiet and number:
            return
        if report.next_look_at:
            town.wait(seconds=max(0.0, (report.next_look_at - town.clock.now()).total_seconds()))
        else:
            town.wait(minutes=OVERLAP_MINUTES)
    raise AssertionError("no rest: " + "\n".join(town.writes()))


async def release_parked(town: Town) -> list[dict[str, Any]]:
    """What an operator found listed, every one of it retried."""
    parked = await town.desk.parked()
    for each in parked:
        assert each["code"] and each["what"] and each["todo"]
        await town.desk.retry(each["id"])
    return parked


# ------------------------------------------------------------------ what both sides hold


def fortnox_side(town: Town) -> Counter[tuple[str, str, str]]:
    """(number, name, telephone or price) of every customer and article in Fortnox."""
    people = town.people
    customers = [people.customer(row["CustomerNumber"]) for row in people.customers()]
    articles = people.fortnox("GET", "/3/articles", limit="500")["Articles"]
    return Counter(
        [
            *((each["CustomerNumber"], each["Name"], each["Phone1"] or "") for each in customers),
            *(
                (each["ArticleNumber"], each["Description"], f"{float(each['SalesPrice']):g}")
                for each in articles
            ),
        ]
    )


def webcrm_side(town: Town) -> Counter[tuple[str, str, str]]:
    """The same of every organisation and catalogue item in webCRM."""
    organisations = (
        (each["OrganisationExtraCustom1"], each["OrganisationName"], each["OrganisationTelephone"])
        for each in town.people.organisations()
    )
    item = "QuotationLineLinkedDataItem"
    items = (
        (each[f"{item}Data1"], each[f"{item}Data2"], f"{float(each[item + 'Price']):g}")
        for each in town.people.catalogue()
    )
    return Counter([*organisations, *items])


def differences(town: Town, ends: dict[str, str]) -> list[str]:
    """What is not as it should end: on both sides each record once, with these values; empty when all is."""
    wrong = []
    fortnox, webcrm = fortnox_side(town), webcrm_side(town)
    for side, records in (("fortnox", fortnox), ("webcrm", webcrm)):
        names = Counter(name for _, name, _ in records.elements())
        wrong += [f"{side}: {count} of {name}" for name, count in names.items() if count > 1]
        values = {name: value for _, name, value in records}
        if values != ends:
            wrong.append(f"{side}: {values} instead of {ends}")
    if not wrong and fortnox != webcrm:
        wrong.append(f"{fortnox} against {webcrm}")
    return wrong


# ------------------------------------------------------------------ what the vendors saw


class Seen(NamedTuple):
    """One request with effect that reached a vendor, or should have."""

    at: dt.datetime
    what: str
    status: int
    fault: str | None


def effects(town: Town, story: Story, since: int) -> list[Seen]:
    """The daemon's requests of the kind under test, in order."""
    return [
        Seen(dt.datetime.fromisoformat(item["time"]), _what(item), item["status"], item["fault"])
        for item in town.requests(story.system, since=since)
        if item["method"] == story.method and item["path"].startswith(story.path.rstrip("*"))
    ]


def _what(item: dict[str, Any]) -> str:
    """What a request is about: its path, and of a new line, which is one of several, its place too."""
    place = item["request"]["QuotationLineSortOrder"] if item["path"] == "/QuotationLines" else ""
    return f"{item['path']}{place}"


_A_LINE = "/QuotationLines"
CERTAIN = (401, 429)  # these say that nothing was applied: the request may be repeated at once


def too_soon(seen: Sequence[Seen]) -> list[str]:
    """Requests repeated before the outcome of the one before had had its time to show."""
    wrong = []
    for first, second in pairwise(seen):
        if may_follow_at_once(first) or first.what != second.what:
            continue
        waited_s = (second.at - first.at).total_seconds()
        if waited_s < LOOK_S:
            wrong.append(f"{second.what} again after {waited_s:.1f} s, after {first.status} {first.fault}")
    return wrong


def may_follow_at_once(seen: Seen) -> bool:
    """Whether its outcome was clear when it was answered; of a line a 404 is some proxy's."""
    applied = seen.fault is None and 200 <= seen.status < 300
    return applied or seen.status in CERTAIN or (seen.status == 404 and seen.what.startswith(_A_LINE))
