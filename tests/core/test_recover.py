"""
What became of a write whose answer was lost.
"""

from __future__ import annotations

import datetime as dt

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.agreement import Decides, FieldRule
from daemon.core.records import Seen, Side
from daemon.core.recover import Found, Strange, born, landed
from daemon.core.steps import Update
from daemon.systems.fortnox.mapping import CUSTOMER, creating
from tests.core.deciding import AGREEMENT, TABLES

TABLE = creating(CUSTOMER)
MARK = "FS1.WC.C.GEU7AIDIQAZO3MG4KT4DE6CQ5O"


def sending(fields, side=Side.FORTNOX):
    return Update(
        kind="customer",
        side=side,
        key="partner:1",
        source_id="1",
        target_id="1",
        fields=fields,
        was={},
        reason="",
    )


def hit(record_id, **fields):
    return Seen(id=record_id, fields=fields)


MARKED = {"name": "O'Neil", "reference": MARK}
NUMBERED = {"name": "O'Neil", "number": "10"}
BOTH = {**MARKED, **NUMBERED}

BORN = {
    # what a look brought:                        sent      hits                                    verdict
    "nothing": (BOTH, [], None),
    "our mark": (MARKED, [hit("1", reference=MARK)], "1"),
    "our mark, whatever else was edited since": (BOTH, [hit("1", reference=MARK, name="X", number="9")], "1"),
    "our mark among others": (MARKED, [hit("1", reference=None), hit("2", reference=MARK)], "2"),
    "our mark twice": (MARKED, [hit("2", reference=MARK), hit("1", reference=MARK)], ("1", "2")),
    "our mark as part of a longer text": (MARKED, [hit("1", reference=f"{MARK}X", name="O’Neil")], None),
    "our mark in small letters": (MARKED, [hit("1", reference=MARK.lower())], None),
    "nobody's mark": (MARKED, [hit("1", name="O’Neil", reference=None)], None),
    "our number and name": (NUMBERED, [hit("10", number="10", name="O’Neil")], "10"),
    "our number and another name": (NUMBERED, [hit("10", number="10", name="Other")], ("10",)),
    "our number, the name in other letters": (NUMBERED, [hit("10", number="10", name="o’neil")], ("10",)),
    "a number that ours is a part of": (NUMBERED, [hit("1", number="101", name="O’Neil")], None),
    "a number that is a part of ours": (NUMBERED, [hit("1", number="1", name="O’Neil")], None),
    "our number twice": (
        NUMBERED,
        [hit("b", number="10", name="O’Neil"), hit("a", number="10", name="O’Neil")],
        ("a", "b"),
    ),
    "our number, and another name under it as well": (
        NUMBERED,
        [hit("b", number="10", name="Other"), hit("a", number="10", name="O’Neil")],
        "a",
    ),
    "one record that a list shows twice": (
        NUMBERED,
        [hit("a", number="10", name="O’Neil"), hit("a", number="10", name="O’Neil")],
        "a",
    ),
    "our number and name, without a mark": (
        BOTH,
        [hit("1", number="10", name="O’Neil", reference=None)],
        "1",
    ),
    "our number and name, with somebody else's mark": (
        BOTH,
        [hit("1", number="10", name="O’Neil", reference="FS1.WC.C.OTHER")],
        ("1",),
    ),
    "nothing that names it was sent": ({"name": "O'Neil"}, [hit("1", name="O’Neil")], None),
}


@pytest.mark.parametrize(("sent", "hits", "verdict"), BORN.values(), ids=BORN)
def test_what_a_creation_became(sent, hits, verdict):
    """Ours when a whole value proves it, strange when it may be, else not there."""
    match born(sent, TABLE, hits):
        case Found(seen):
            assert verdict == seen.id
        case Strange(ids):
            assert verdict == ids
        case None:
            assert verdict is None


SENT_AT = dt.datetime(2026, 11, 23, 7, 0, tzinfo=dt.UTC)
COMPANY = {"name": "Acme AB", "number": "10", "org_number": "556016-0680", "vat_number": "SE556016068001"}
OF_COMPANY = {name: COMPANY[name] for name in ("org_number", "vat_number")}

RENUMBERED = {
    # what a record shows that has our organisation number:   the rest                 ours
    "another name": ({"name": "Acme Filial AB"}, False),
    "our name": ({"name": "Acme AB"}, True),
    "another name, our telephone": ({"name": "Acme Nord AB", "phone": "08-1"}, True),
}


@pytest.mark.parametrize(("shown", "ours"), RENUMBERED.values(), ids=RENUMBERED)
def test_a_branch_is_not_taken_for_the_head_office_whenever_it_was_made(shown, ours):
    """They share the organisation number and what is made of it: another thing must be as we sent it."""
    found = Seen(id="2", fields={**OF_COMPANY, **shown}, born_at=SENT_AT)
    names = ("reference", "number", "org_number")
    verdict = born({**COMPANY, "phone": "08-1"}, TABLE, [found], names, SENT_AT)
    assert verdict == (Found(found) if ours else Strange(("2",)))


YOUNG = {
    # what was made under our number when we sent it:      shows                                ours
    "a person has edited all of it": ({"name": "Rör AB"}, True),
    "it has our organisation number": ({"name": "Rör AB", "org_number": "556016-0680"}, True),
    "it has another organisation number": ({"name": "Rör AB", "org_number": "556036-0793"}, False),
}


@pytest.mark.parametrize(("shown", "ours"), YOUNG.values(), ids=YOUNG)
def test_another_company_under_our_number_is_not_ours_though_it_is_as_young(shown, ours):
    """Somebody mistyped a number: what that company is called is no edit of ours."""
    found = Seen(id="2", fields={"number": "10", **shown}, born_at=SENT_AT)
    verdict = born(COMPANY, TABLE, [found], ("number",), SENT_AT)
    assert verdict == (Found(found) if ours else Strange(("2",)))


def test_what_somebody_makes_under_our_number_much_later_is_not_ours():
    """A request takes effect ten minutes late at most; what is younger is another person's record."""
    later = SENT_AT + dt.timedelta(hours=1)
    found = Seen(id="2", fields={"number": "10", "name": "Rör AB"}, born_at=later)
    assert born(COMPANY, TABLE, [found], ("number",), SENT_AT) == Strange(("2",))


LANDED = {
    "all of it": ({"name": "B", "phone": "2"}, {"name": "B", "phone": "2"}, {"name", "phone"}),
    "part of it": ({"name": "B", "phone": "2"}, {"name": "B", "phone": "1"}, {"name"}),
    "none of it": ({"name": "B"}, {"name": "A"}, set()),
    "in the spelling of the system": ({"name": "O'Neil"}, {"name": "O’Neil"}, {"name"}),
    "as part of a longer text": ({"name": "B"}, {"name": "Beta"}, set()),
    "in other letters": ({"name": "beta"}, {"name": "Beta"}, set()),
    "a clearing": ({"phone": None}, {"phone": None}, {"phone"}),
    "a clearing that did not happen": ({"phone": None}, {"phone": "1"}, set()),
    "a clearing of what is not shown": ({"phone": None}, {"name": "A"}, set()),
}


@pytest.mark.parametrize(("sent", "now", "fields"), LANDED.values(), ids=LANDED)
def test_what_an_update_became(sent, now, fields):
    """Field by field: what is there now is what was sent."""
    assert fields == landed(sending(sent), TABLE, now, AGREEMENT)


SPOKEN = msgspec.structs.replace(
    AGREEMENT,
    rules=(
        FieldRule(field="note", decides=Decides.FORTNOX, same=lambda ours, theirs: str(ours) in str(theirs)),
    ),
)


@pytest.mark.parametrize("now", ["", None, "Ring först"], ids=repr)
def test_a_note_that_is_added_to_what_a_person_wrote_has_not_landed_where_it_is_not_shown(now):
    """Fortnox' word is part of the partner's, not the other way round: an empty note says nothing."""
    table = TABLES.partner
    assert landed(sending({"note": "cancelled"}, Side.PARTNER), table, {"note": now}, SPOKEN) == frozenset()
    told = {"note": "Ring först\ncancelled"}
    assert landed(sending({"note": "cancelled"}, Side.PARTNER), table, told, SPOKEN) == {"note"}


WORDS = st.text(alphabet="abAB'1 ", max_size=4)
HITS = st.lists(
    st.builds(
        hit,
        st.sampled_from("123"),
        name=WORDS,
        number=st.sampled_from(["10", "1", "101", None]),
        reference=st.sampled_from([None, MARK, MARK.lower(), "x"]),
    ),
    max_size=3,
)
SENT = st.fixed_dictionaries(
    {"name": WORDS}, optional={"number": st.sampled_from(["10", "1"]), "reference": st.just(MARK)}
)


@given(sent=SENT, hits=HITS, seed=st.randoms(use_true_random=False))
def test_the_order_of_hits_changes_nothing(sent, hits, seed):
    """A search lists what it finds in any order."""
    assert born(sent, TABLE, hits) == born(sent, TABLE, seed.sample(hits, len(hits)))


@given(sent=SENT, hits=HITS)
def test_what_is_ours_holds_our_mark_or_our_number(sent, hits):
    """No record is adopted for its name."""
    found = born(sent, TABLE, hits)

    if isinstance(found, Found):
        names = ("reference", "number")
        assert any(sent.get(name) and found.seen.fields[name] == sent[name] for name in names)
