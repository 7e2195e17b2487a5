"""What a settled write leaves agreed: a person's edit never passes for what we sent."""

from __future__ import annotations

from decimal import Decimal

import pytest

from daemon.core.agreed import made_equal
from daemon.core.documents import DocumentRow, doubled, packed
from daemon.core.records import Seen, Side
from daemon.core.steps import Create, Update
from tests.core.deciding import AGREEMENT, TABLES


def create(side: Side, **fields):
    """A creation that sent these."""
    return Create(kind="customer", side=side, key="x", source_id="1", fields=fields, reason="new")


# What was sent, what stands there now, how it was settled -> what is agreed: (Fortnox, partner).
CASES = {
    "answered at once by Fortnox: what it stored": (Side.FORTNOX, "08-1", "081", "done", ("081", "08-1")),
    "found later in Fortnox: what was sent": (Side.FORTNOX, "08-1", "08-9", "found", ("08-1", "08-1")),
    "found later in Fortnox, unchanged": (Side.FORTNOX, "08-1", "08-1", "found", ("08-1", "08-1")),
    "read back at the partner: what was sent": (Side.PARTNER, "08-1", "08-9", "done", ("08-1", "08-1")),
    "made by an earlier memory, and different": (Side.FORTNOX, "08-1", "08-9", "adopted", None),
    "made by an earlier memory, and equal": (Side.FORTNOX, "08-1", "08-1", "adopted", ("08-1", "08-1")),
    "made by an earlier memory at the partner": (Side.PARTNER, "08-1", "08-9", "adopted", None),
    "cleared, and Fortnox put something there": (Side.FORTNOX, None, "30", "done", (None, None)),
}


@pytest.mark.parametrize(("side", "sent", "now", "outcome", "agreed"), CASES.values(), ids=CASES)
def test_what_a_write_agrees_on(side, sent, now, outcome, agreed):
    """
    A value that nobody agreed on is decided anew, or is an edit that crosses.
    """
    step = create(side, phone=sent)
    if sent is None:
        step = Update(
            kind="customer",
            side=side,
            key="x",
            source_id="1",
            target_id="2",
            fields={"phone": None},
            was={},
            reason="",
        )
    shown = Seen(id="2", fields={"phone": now})
    assert made_equal(step, shown, TABLES, AGREEMENT, outcome)["phone"] == agreed


def row(quantity):
    """A row by its quantity; one that is a text."""
    if isinstance(quantity, str):
        return DocumentRow(text=quantity)
    return DocumentRow(article="1", quantity=Decimal(quantity), price=Decimal(10), total=1000 * quantity)


DOUBLES = {
    "as sent": ([1, 2], [1, 2], False),
    "one twice": ([1, 2], [1, 1, 2], True),
    "all twice": ([1, 2], [1, 2, 1, 2], True),
    "one more of somebody's": ([1, 2], [1, 2, 3], False),
    "one twice, and one of somebody's": ([1, 2], [1, 1, 2, 3], False),
    "one twice, one missing": ([1, 2], [1, 1], False),
    "twice as sent": ([1, 1], [1, 1], False),
    "a text twice, read as one": (["Ring", 1], ["Ring\nRing", 1], True),
    "two texts in one, twice": (["Ring\nförst", 1], ["Ring\nförst\nRing\nförst", 1], True),
    "a text that somebody went on with": (["Ring", 1], ["Ring\nförst", 1], False),
}


@pytest.mark.parametrize(("sent", "now", "told"), DOUBLES.values(), ids=DOUBLES)
def test_rows_that_the_network_delivered_twice_are_told_from_an_edit(sent, now, told):
    """
    Only copies of rows of ours, with nothing missing.
    """
    assert doubled(packed(map(row, sent)), packed(map(row, now))) is told
