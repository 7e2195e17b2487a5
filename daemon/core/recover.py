"""
What became of a write whose answer was lost, judged by what is seen now. Pure.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Final

from msgspec import Struct

from daemon.core.agreement import Agreement
from daemon.core.mapping import Table
from daemon.core.records import Fields, Seen, Side
from daemon.core.steps import Create, Step, Update

# What many records share, or what was looked for: it tells nothing about which record this is.
COMMON = frozenset(
    {"number", "name", "reference", "type", "currency", "terms", "country", "visiting_country"}
)
OF_A_COMPANY = frozenset({"org_number", "vat_number"})  # a head office and its branches share these
BORN_WITHIN: Final = dt.timedelta(minutes=25)  # 5 before it was sent, 10 late, and clocks differ
WHOLE_SECONDS: Final = dt.timedelta(seconds=1)  # some clocks tell no more
GIVEN_UP: Final = "INT02"  # a creation that a person must look for
WITHIN: Final = ("series", "date")  # what narrows a search down, and many share
ENCLOSED_IN: Final = "posting"  # what a file is put to, which is all that a look shows of it
MARKS = ("reference", "key")  # what a creation of ours bears: in Fortnox, at a partner


class Found(Struct, frozen=True):
    """The creation took effect: this is the record."""

    seen: Seen


class Strange(Struct, frozen=True):
    """Something is there that may or may not be ours; a person must look. `ids` names it."""

    ids: tuple[str, ...]


def born(
    sent: Fields,
    table: Table,
    hits: Sequence[Seen],
    recognised_by: Sequence[str] = ("number",),
    since: dt.datetime | None = None,
) -> Found | Strange | None:
    """
    The record that a creation with `sent` made, judged by every record that a look brought.

    Equality is of the whole value: a search that finds parts of words proves
    nothing. A record with our number and another mark is strange, and so is one with another name, unless
    something that few records share (a telephone, a street) is as we sent it, or it was made under our
    number `since` a time just before it was sent: then it was edited since, unless another organisation
    number is there. The same one alone proves nothing: head office and branch share it. Of several with our
    number ours is the one that shows more of what was sent, if it is the only one.
    """
    for name in MARKS:
        ours = _once(hit for hit in hits if name in sent and hit.fields.get(name) == sent[name])
        if len(ours) == 1:
            return Found(ours[0])
        if ours:
            return Strange(tuple(sorted(hit.id for hit in ours)))
    for name in (each for each in recognised_by if each not in MARKS and sent.get(each) is not None):
        wanted = table.normal(name, sent[name])
        same = _once(hit for hit in hits if hit.fields.get(name) == wanted)
        if len(same) == 1 and _may_be_ours(sent, table, same[0], name, since):
            return Found(same[0])
        ours = [each for each in same if name == "number" and _may_be_ours(sent, table, each, name, None)]
        if len(ours) == 1:
            return Found(ours[0])
        if same:
            return Strange(tuple(sorted(hit.id for hit in same)))
    return None


def _once(hits: Iterable[Seen]) -> list[Seen]:
    """A list may show a record twice."""
    found: list[Seen] = []
    for hit in hits:
        if hit not in found:
            found.append(hit)
    return found


def stands(code: str, steps: Sequence[Step]) -> bool:
    """Whether what was parked under `code` waits for a person, whatever is edited: it may be there unseen."""
    return code == GIVEN_UP and any(isinstance(step, Create) for step in steps)


def goes_by(step: Create, since: dt.datetime | None) -> tuple[str, ...]:
    """
    What a look for a creation searches by: the field first, then what proves a hit; empty when it does not.

    In Fortnox a record under a number of ours is read by its key, and what changed `since` a time is the list
    that every pass relies on; what has a name cannot be searched for by our reference (fortnox.md 7.3).
    """
    if step.side is Side.PARTNER:
        return ("key",) if "key" in step.fields else ("number",)
    if ENCLOSED_IN in step.fields:
        return (ENCLOSED_IN,)
    if step.fields.get("number") is not None:
        return ()
    if "series" in step.fields:
        return ("reference", *WITHIN)
    if "name" not in step.fields:
        return ("reference",)
    return ("name", "reference") if since is None else ()


def landed(step: Update, table: Table, now: Fields, agreement: Agreement) -> frozenset[str]:
    """The fields of an update that took effect: what is there now says what was sent."""
    return frozenset(
        field
        for field, value in step.fields.items()
        if field in now and agreement.says(field, step.side, now[field], table.normal(field, value))
    )


def applied(step: Update, now: Fields) -> bool | None:
    """Whether a change of a number took effect, by what stands there; None when others changed it too."""
    if all(now.get(field) == step.fields[field] for field in step.then):
        return True
    return False if unchanged(step, now) else None


def unchanged(step: Update, now: Fields) -> bool:
    """Whether the numbers that were to change are as they were."""
    return all(now.get(field) == step.was.get(field) for field in step.then)


def may_be_old(listed: Seen, sent_at: dt.datetime) -> bool:
    """
    Whether what a list shows may be, in part, from before a write that was sent then, by their clock.

    Our value may have stood there once already, beside others that were edited since.
    """
    if listed.mixed:
        return True
    return listed.changed_at is not None and listed.changed_at < sent_at - WHOLE_SECONDS


def shows(step: Create | Update, table: Table, now: Seen) -> bool:
    """
    Whether a list shows a write. One that shows nothing as it was sent may lag: what it shows may be older
    still than what stood there before. Rows that are records of their own prove only themselves.
    """
    if isinstance(step, Create):
        return True
    own = step.fields.keys() - table.later
    if not own:
        return any(field not in now.fields or now.fields[field] != was for field, was in step.was.items())
    if any(now.fields.get(field) == step.was.get(field) for field in step.fields.keys() & table.later):
        return False
    return any(
        field not in now.fields or now.fields[field] == table.normal(field, step.fields[field])
        for field in own
    )


def _may_be_ours(sent: Fields, table: Table, seen: Seen, by: str, since: dt.datetime | None) -> bool:
    """Whether a record that has one name with ours, `by` that field, shows more of what was sent."""
    if seen.fields.get("reference") not in (None, sent.get("reference")):
        return False
    # Nobody knew it when the creation was decided, and it was made when that was sent.
    young = since and seen.born_at and since <= seen.born_at <= since + BORN_WITHIN
    if by == "number" and young and not _of_another_company(sent, table, seen):
        return True
    if seen.fields.get("name") == table.normal("name", sent.get("name")):
        return True
    common = COMMON if by == "number" else COMMON | OF_A_COMPANY
    telling = [field for field, value in sent.items() if value is not None and field not in common]
    return any(seen.fields.get(field) == table.normal(field, sent[field]) for field in telling)


def _of_another_company(sent: Fields, table: Table, seen: Seen) -> bool:
    """Whether another organisation number is there: somebody else's record, under a number mistyped."""
    ours, theirs = table.normal("org_number", sent.get("org_number")), seen.fields.get("org_number")
    return None not in (ours, theirs) and ours != theirs
