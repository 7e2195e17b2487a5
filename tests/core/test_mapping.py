"""
The tables that say how a record is spelled, in both systems.
"""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.codecs import TEXT
from daemon.core.mapping import LEAVE, Codec, Row, Table
from daemon.systems.fortnox import mapping as fortnox
from daemon.systems.webcrm import mapping as webcrm
from daemon.systems.webcrm.spec import PLACES
from daemon.systems.webcrm.wire import Field

TODAY = dt.date(2026, 11, 23)
FIELDS = {
    PLACES["name"]: Field(limit=200),
    PLACES["terms"]: Field(texts=("-- välj --", "30: 30 dagar", "10: 10 dagar")),
}
TABLES = {
    "Fortnox' customers": fortnox.creating(fortnox.CUSTOMER),
    "Fortnox' articles": fortnox.creating(fortnox.ARTICLE),
    "webCRM's organisations": webcrm.customer(
        {**PLACES, "email": "OrganisationCustom9"},
        FIELDS,
        ("Kund – Företag", "Kund"),
        ("Kund – Privat",),
        "sv",
    ),
    "webCRM's catalogue": webcrm.article(1, 2),
}
BY_TABLE = pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)

TEXTS = st.text(max_size=12) | st.sampled_from(["O'Neil", "A\r\nB", "5560001234", "30", "SE", "&amp;", "😀"])
ADDRESSES = st.sampled_from(["Storgatan 1\n\n903 26\nUmeå\nSE", "\n\n\nOslo\nNO", "A\nB\n1\nC\n"])
MONEY = st.integers(0, 10**9)
SPECIAL = {
    "type": st.sampled_from(["company", "private"]),
    "invoice_address": ADDRESSES,
    "cost": MONEY,
    "price": MONEY,
    "active": st.booleans(),
    "visiting_country": st.sampled_from(["SE", "NO", "GB", "XX"]),
}


def fields_of(table):
    """Records in our words, as the other side may hold them."""
    return st.fixed_dictionaries(
        {}, optional={row.ours: st.none() | SPECIAL.get(row.ours, TEXTS) for row in table.rows}
    )


@BY_TABLE
@given(data=st.data())
def test_what_is_written_is_read_back_in_its_normal_form(table, data):
    """For every field that is sent: the value that `normal` foretells."""
    drawn = data.draw(fields_of(table))
    fields = {
        field: value for field, value in drawn.items() if not table.problem({field: value}, "here", TODAY)
    }
    sent = table.spelled(fields)

    back = table.read(table.write(fields))

    assert {field: table.normal(field, value) for field, value in sent.items()} == {f: back[f] for f in sent}


@BY_TABLE
@given(data=st.data())
def test_a_normal_form_is_its_own(table, data):
    """Writing what was read back changes nothing more."""
    for field, value in data.draw(fields_of(table)).items():
        once = table.normal(field, value)
        assert once == table.normal(field, once)


@BY_TABLE
@given(data=st.data())
def test_a_table_speaks_only_of_what_it_was_given(table, data):
    """A field that is not written is not sent, and one that was not sent is not read."""
    fields = data.draw(fields_of(table))
    payload = table.write(fields)

    names = {row.ours: {row.theirs} if isinstance(row.theirs, str) else set(row.theirs) for row in table.rows}
    assert set(payload) <= set().union(*(names[field] for field in fields))
    assert set(table.read(payload)) <= set(fields)


@BY_TABLE
@given(data=st.data())
def test_what_has_no_problem_is_within_the_limits(table, data):
    """Each text that would be sent has at most as many characters as the vendor takes, and some."""
    fields = data.draw(fields_of(table))
    if table.problem(fields, "here", TODAY):
        return
    payload = table.write(fields)

    for row in table.rows:
        if row.limit is not None and isinstance(row.theirs, str):
            assert len(payload.get(row.theirs) or "") <= row.limit
        if row.writable and isinstance(row.theirs, str) and fields.get(row.ours) is not None:
            assert payload.get(row.theirs, True) is not None


@BY_TABLE
def test_a_field_and_its_place_stand_in_a_table_once(table):
    """Two rows for one field, or two fields in one place, would undo each other."""
    ours = [row.ours for row in table.rows]
    theirs = [
        name for row in table.rows for name in ([row.theirs] * isinstance(row.theirs, str) or row.theirs)
    ]

    assert sorted(set(ours)) == sorted(ours)
    assert sorted(set(theirs)) == sorted(theirs)


# ------------------------------------------------------------------ one table, row by row

TOY = Table(
    kind="toy",
    key="Id",
    blank="",
    clean=lambda text: text.replace("'", ""),
    rows=(
        Row("name", "Name", TEXT, limit=5, required=True),
        Row("number", "No", TEXT, writable=False),
        Row(
            "spot",
            ("X", "Y"),
            Codec(lambda raw: "|".join(p or "" for p in raw), lambda v: tuple(v.split("|"))),
        ),
        Row("odd", "Odd", Codec(lambda raw: raw or None, lambda v: LEAVE if v == "none such" else v)),
    ),
)


def test_a_field_they_left_out_is_left_out():
    """Nothing said is not the same as empty; of a row over several fields one is enough."""
    assert {} == TOY.read({"Other": 1})
    assert {"name": None} == TOY.read({"Name": ""})
    assert {"spot": "1|"} == TOY.read({"X": "1"})


def test_none_is_written_as_their_way_to_clear():
    """Each field of a row over several."""
    assert {"Name": "", "X": "", "Y": ""} == TOY.write({"name": None, "spot": None})


def test_a_text_of_which_nothing_is_left_clears():
    """After cleaning; `problem` says so before."""
    assert {"Name": ""} == TOY.write({"name": "'"})
    assert TOY.normal("name", "'") is None


def test_what_may_not_or_cannot_be_written_is_left_alone():
    """The number, and a value they have no word for; `spelled` tells what would be sent."""
    assert {} == TOY.write({"number": "1", "odd": "none such"})
    assert {"name": "A"} == TOY.spelled({"name": "A", "number": "1", "odd": "none such", "unknown": 1})


def test_a_table_knows_its_fields():
    """A value of a field it has no place for is its own normal form."""
    assert {"name", "odd"} == TOY.holds(["name", "odd", "unknown"])
    assert TOY.row("unknown") is None
    assert "x" == TOY.normal("unknown", "x")


PROBLEMS = {
    "fits": ({"name": "Acmes"}, None),
    "fits after cleaning": ({"name": "Acme's"}, None),
    "too long": ({"name": "Acme AB"}, ("REC10", "7 characters, the other system takes 5")),
    "nothing left": ({"name": "''"}, ("REC08", "U+0027")),
    "nothing where something must be": ({"name": None}, ("REC08", "the name is empty")),
    "a magic word": ({"name": " api_blank"}, ("REC09", "is a command to Fortnox")),
    "another magic word": ({"name": "API_NORIGHT"}, ("REC09", "is a command to Fortnox")),
    "what is not written has no problem": ({"number": "1234567"}, None),
    "what is not theirs has no problem": ({"unknown": "API_BLANK"}, None),
    "clearing": ({"spot": None}, None),
}


@pytest.mark.parametrize(("fields", "expected"), PROBLEMS.values(), ids=PROBLEMS)
def test_what_cannot_be_written_says_why_and_where(fields, expected):
    """A code, what is wrong, and the field of the record it is wrong in."""
    problem = TOY.problem(fields, "partner:1", TODAY)

    if expected is None:
        assert problem is None
    else:
        assert expected[0] == problem.code
        assert expected[1] in problem.what
        assert "partner:1, name" == problem.where
