"""
Laws that no table covers: whatever is edited where, both sides end alike and then rest (rows W4 and B3).
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.rows.acts import sync_at_rest
from tests.town import Town

pytestmark = pytest.mark.row("W4", "B3")

# fmt: off
FIELDS = {
    # in Fortnox            in webCRM        who decides  values: the first is where both start
    "Name":                ("Name",          "fortnox", ("Alfa AB", "Beta AB", "Ceta AB")),
    "OrganisationNumber":  ("ExtraCustom2",  "fortnox", ("", "556036-0793", "556016-0680")),
    "TermsOfPayment":      ("ExtraCustom4",  "fortnox", ("30", "10", "")),
    "Phone1":              ("Telephone",     "webcrm",  ("090-1", "090-2", "")),
    "WWW":                 ("Www",           "webcrm",  ("", "www.a.example", "www.b.example")),
    "Fax":                 ("Fax",           "webcrm",  ("1", "2", "")),
    "VisitingAddress":     ("Address",       "webcrm",  ("Gatan 1", "Gatan 1\nPlan 2", "")),
    "VisitingCity":        ("City",          "webcrm",  ("Umeå", "Luleå", "")),
}
# fmt: on
EDITS = st.fixed_dictionaries({}, optional={name: st.integers(0, 2) for name in FIELDS})


def expected(name, fortnox, webcrm):
    """What a field ends as, given which value each side was edited to, if it was."""
    ours, theirs = fortnox.get(name, 0), webcrm.get(name, 0)
    if ours == 0 or theirs == 0:
        return ours or theirs
    return ours if FIELDS[name][1] == "fortnox" else theirs


def in_fortnox(edits):
    return {name: FIELDS[name][2][value] or None for name, value in edits.items()}


def in_webcrm(edits):
    return {FIELDS[name][0]: FIELDS[name][2][value] for name, value in edits.items()}


@settings(max_examples=20)
@given(fortnox=EDITS, webcrm=EDITS)
async def test_both_sides_end_with_the_winners_values_and_then_rest(fortnox, webcrm):
    """
    After one sync each field is what its decider, or its only editor, wrote; five more syncs write nothing.
    """
    with tempfile.TemporaryDirectory() as folder:
        town = Town(Path(folder))
        async with town.running():
            town.people.new_customer(**in_fortnox(dict.fromkeys(FIELDS, 0)))
            await sync_at_rest(town)
            if fortnox:
                town.people.edit_customer("1", **in_fortnox(fortnox))
            town.people.edit_organisation(town.people.organisations()[0], **in_webcrm(webcrm))
            await town.sync()
            since = town.world.log.last_seq
            for minutes in (0, 3, 6, 15, 1500):
                town.wait(minutes=minutes)
                await town.sync()
            assert [] == town.writes(since)
        ends = {name: expected(name, fortnox, webcrm) for name in FIELDS}
        customer, (organisation,) = town.people.customer("1"), town.people.organisations()
        assert in_fortnox(ends) == {name: customer[name] or None for name in FIELDS}
        assert in_webcrm(ends) == {name: organisation[f"Organisation{name}"] for name in in_webcrm(ends)}


@settings(max_examples=30)
@given(text=st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=50))
async def test_whatever_is_typed_in_webcrm_never_bounces(text):
    """
    A text crosses in the nearest form or is parked; the next record crosses, webCRM keeps what was typed.
    """
    with tempfile.TemporaryDirectory() as folder:
        town = Town(Path(folder))
        async with town.running():
            alfa = town.people.new_organisation("Alfa AB")
            await town.sync()
            town.people.edit_organisation(alfa, Fax=text)
            town.people.new_organisation("Beta AB")
            await sync_at_rest(town)
        assert {"Alfa AB", "Beta AB"} == {each["Name"] for each in town.people.customers()}
        assert text == town.people.organisation("Alfa AB")["OrganisationFax"]
