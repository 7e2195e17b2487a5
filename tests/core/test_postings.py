"""Rows of vouchers: as one value, translated, rounded, told, and which numbers are missing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core import postings
from daemon.core.postings import (
    Entry,
    balance,
    centred,
    is_account,
    packed,
    passed_over,
    rounded,
    translated,
    unpacked,
)

AMOUNTS = st.integers(-(10**11), 10**11)
ACCOUNTS = st.integers(1000, 9999).map(str)
ENTRY = st.builds(Entry, account=ACCOUNTS, amount=AMOUNTS, text=st.text(max_size=9))
ENTRIES = st.lists(ENTRY, max_size=8).map(tuple)
LIMITS = st.integers(0, 99)
NUMBERS = [
    # what it is                    text     an account
    ("four digits",                 "3001",  True),
    ("the first",                   "1000",  True),
    ("the last",                    "9999",  True),
    ("three digits",                "999",   False),
    ("five digits",                 "10000", False),
    ("a zero before it",            "03001", False),
    ("nothing",                     "",      False),
    ("a minus",                     "-3001", False),
    ("a decimal point",             "300.1", False),
    ("a blank",                     "3001 ", False),
    ("digits of another alphabet",  "٣٠٠١",  False),
]  # fmt: skip
GAPS = [
    # what came                  before     then        missing
    ("the next one",             "K/000000006", "K/000000007", ()),
    ("the same one again",       "K/000000007", "K/000000007", ()),
    ("one was passed over",      "K/000000006", "K/000000008", ("K/000000007",)),
    ("two were",                 "K/000000006", "K/000000009", ("K/000000007", "K/000000008")),
    ("an older one",             "K/000000009", "K/000000006", ()),
    ("one without a number",     "K/Z-rapport", "K/000000009", ()),
    ("one before without",       "K/000000006", "K/Z-rapport", ()),
]  # fmt: skip


@given(entries=ENTRIES)
def test_entries_survive_as_one_value_but_for_rows_of_nothing(entries):
    """
    What was packed comes back in its order; no rows at all is an empty value.
    """
    kept = tuple(entry for entry in entries if entry.amount)
    assert kept == unpacked(packed(entries))
    assert bool(kept) == (packed(entries) is not None)


@given(
    entries=ENTRIES,
    accounts=st.dictionaries(ACCOUNTS, ACCOUNTS),
    center=st.text(max_size=3),
    on_all=st.booleans(),
)
def test_a_translation_and_a_cost_centre_change_no_sum(entries, accounts, center, on_all):
    """
    Each row keeps its amount, its text and its place.
    """
    moved = centred(translated(entries, accounts), center, on_all=on_all)
    assert [(each.amount, each.text) for each in entries] == [(each.amount, each.text) for each in moved]
    assert (balance(entries), postings.turnover(entries)) == (balance(moved), postings.turnover(moved))
    assert [accounts.get(each.account, each.account) for each in entries] == [each.account for each in moved]


@given(entries=ENTRIES)
def test_a_cost_centre_is_on_income_and_cost_alone_where_that_is_asked_for(entries):
    """
    3000 to 8999 have it, the balance sheet has none.
    """
    for entry in centred(entries, "UME", on_all=False):
        assert ("UME" if "3" <= entry.account[0] <= "8" else "") == entry.cost_center
    assert {entry.cost_center for entry in centred(entries, "UME", on_all=True)} <= {"UME"}


@given(entries=ENTRIES, limit=LIMITS)
def test_rounding_makes_what_lacks_little_balance_and_leaves_the_rest(entries, limit):
    """
    One row more, of at most the limit, or nothing at all.
    """
    made = rounded(entries, limit, "3740")
    if made == entries:
        assert balance(entries) == 0 or abs(balance(entries)) > limit
    else:
        assert (entries, 0) == (made[:-1], balance(made))
        assert ("3740", True) == (made[-1].account, 0 < abs(made[-1].amount) <= limit)


@pytest.mark.parametrize(("text", "expected"), [row[1:] for row in NUMBERS], ids=[row[0] for row in NUMBERS])
def test_what_is_the_number_of_an_account(text, expected):
    """
    Four digits, as Fortnox has them, and nothing that only reads like them.
    """
    assert expected == is_account(text)


@pytest.mark.parametrize(
    ("before", "then", "missing"), [row[1:] for row in GAPS], ids=[row[0] for row in GAPS]
)
def test_which_numbers_were_passed_over(before, then, missing):
    """
    Those between two reports of one register; nothing where one of them has no number.
    """
    assert missing == passed_over(before, then)


@given(first=st.integers(1, 10**6), count=st.integers(0, 50))
def test_reports_of_a_register_sort_by_their_number(first, count):
    """
    By their ids, as texts; those between two are all between them.
    """
    ids = [postings.numbered("K", first + number) for number in range(count + 2)]
    assert ids == sorted(ids)
    assert tuple(ids[1:-1]) == passed_over(ids[0], ids[-1])


def test_entries_are_told_as_a_bookkeeper_reads_them():
    """
    Account and kronor, credit with a minus; a row without an account with a question mark.
    """
    entries = packed(
        [Entry(account="1910", amount=125_000), Entry(account="3001", amount=-5), Entry(amount=-100)]
    )
    assert "1910 1250.00, 3001 -0.05, ? -1.00" == postings.told(entries)
    assert postings.told(None) is None
