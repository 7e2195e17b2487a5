"""
The rows of a document: what they come to, what makes two the same, what a change of them touches.
"""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.documents import (
    DocumentRow,
    alike,
    halfway,
    joined,
    ore,
    packed,
    packed_keys,
    percent_giving,
    places,
    price_giving,
    sort_orders,
    sum_of,
    told,
    unpacked,
    unpacked_keys,
    worked_out,
)

D = Decimal

# fmt: off
COMES_TO = {
    # quantity, price, percent, off in öre      -> öre
    "ten at 450 with 10 %":     ("10", "450", "10", 0,      405000),
    "half an öre goes up":      ("1", "0.005", "0", 0,      1),
    "and down below zero":      ("-1", "0.005", "0", 0,     -1),
    "a third of an hour":       ("0.33", "1150", "0", 0,    37950),
    "a return":                 ("-2", "149.50", "0", 0,    -29900),
    "free":                     ("3", "100", "100", 0,      0),
    "an amount off, once":      ("3", "100", "0", 1000,     29000),
    "rounded once, at the end": ("3", "33.333", "0", 0,     10000),
}
# fmt: on


@pytest.mark.parametrize(("quantity", "price", "percent", "off", "total"), COMES_TO.values(), ids=COMES_TO)
def test_what_a_row_comes_to(quantity, price, percent, off, total):
    """Quantity times price less the discount, half an öre away from zero."""
    assert total == worked_out(D(quantity), D(price), D(percent), off)


def row(article="A", text="Hammare", quantity="2", price="10", **more):
    total = worked_out(D(quantity), D(price), D(more.get("percent", 0)), more.get("off", 0))
    return DocumentRow(
        **{
            "article": article,
            "text": text,
            "quantity": D(quantity),
            "price": D(price),
            "total": total,
            **more,
        }
    )


SAY = {
    # what differs:                   the other row                                    the same?
    "nothing": (row(), True),
    "how a number is written": (row(quantity="2.00", price="10.0"), True),
    "the letters of an article": (row(article="a"), True),
    "blanks in the text": (row(text=" Hammare  "), True),
    "a text that only one side says": (row(text=""), True),
    "a unit that only one side says": (row(unit="st"), True),
    "a VAT rate that only one side says": (row(vat=D(25)), True),
    "percent here, an amount there": (row(off=100, total=1900), False),
    "the text": (row(text="Spik"), False),
    "the article": (row(article="B"), False),
    "the quantity": (row(quantity="1", price="20"), False),
    "the price": (row(price="10.01"), False),
    "one öre of the total": (row(total=2001), False),
}


@pytest.mark.parametrize(("other", "same"), SAY.values(), ids=SAY)
def test_what_makes_two_rows_the_same(other, same):
    """What only one side says is no difference; money always is."""
    assert same == alike(packed([row()]), packed([other]))


def test_a_percentage_and_an_amount_that_come_to_the_same_are_the_same():
    """One side knows only percent, the other keeps an amount."""
    amount = row(quantity="3", price="100", off=1000, total=29000)
    percent = row(quantity="3", price="100", percent=D("3.3333"), total=29000)
    assert alike(packed([amount]), packed([percent]))


def test_two_rates_or_units_that_both_sides_say_must_be_equal():
    """25 % is not 12 %, a piece no hour."""
    assert not alike(packed([row(vat=D(25))]), packed([row(vat=D(12))]))
    assert not alike(packed([row(unit="st")]), packed([row(unit="tim")]))


def test_another_number_of_rows_is_another_document():
    """Also when the additional row is free."""
    assert not alike(packed([row()]), packed([row(), row(price="0")]))


# ------------------------------------------------------------------ laws

numbers = st.decimals(min_value=-9999, max_value=9999, places=2, allow_nan=False, allow_infinity=False)
percents = st.decimals(min_value=0, max_value=100, places=2, allow_nan=False, allow_infinity=False)
texts = st.text(alphabet="abc Å\n", max_size=6)


@st.composite
def rows_of(draw):
    quantity, price, percent = draw(numbers), draw(numbers), draw(percents)
    return DocumentRow(
        article=draw(st.sampled_from(["", "A", "B-1"])),
        text=draw(texts),
        quantity=quantity,
        price=price,
        percent=percent,
        total=worked_out(quantity, price, percent),
        unit=draw(st.sampled_from(["", "st"])),
        vat=draw(st.sampled_from([None, D(0), D(12), D(25)])),
    )


documents = st.lists(rows_of(), max_size=8)


@given(documents)
def test_rows_survive_being_packed(rows):
    """One value holds them all, and says the same."""
    assert alike(packed(rows), packed(unpacked(packed(rows))))
    assert packed(rows) == packed(unpacked(packed(rows)))
    assert sum_of(rows) == sum_of(unpacked(packed(rows)))


@given(documents)
def test_joining_text_rows_loses_no_word_no_amount_and_no_key(rows):
    """Runs of text rows become one; every id is kept, in order."""
    keyed = [(each, (str(number),)) for number, each in enumerate(rows)]
    whole = joined(keyed)
    assert sum_of(rows) == sum_of(each for each, _ in whole)
    assert [str(n) for n in range(len(rows))] == [key for _, keys in whole for key in keys]
    assert unpacked_keys(packed_keys(whole)) == tuple(keys for _, keys in whole)
    assert [word for each in rows for word in each.text.split()] == [
        word for each, _ in whole for word in each.text.split()
    ]
    assert not any(one.is_text and two.is_text for (one, _), (two, _) in pairwise(whole))


@given(numbers, numbers, percents)
def test_a_discount_that_gives_a_total_gives_exactly_that_total(quantity, price, percent):
    """Whatever the amount: the row comes to it, to the öre."""
    total = worked_out(quantity, price, percent)
    found = percent_giving(quantity, price, total)
    assert found is None if quantity * price == 0 and total else worked_out(quantity, price, found) == total


@given(numbers, st.integers(-10_000_000, 10_000_000))
def test_a_price_that_gives_a_total_gives_exactly_that_total(quantity, total):
    """The fold of what no percentage can say."""
    found = price_giving(quantity, total)
    assert (found is None) == (quantity == 0)
    assert found is None or worked_out(quantity, found) == total


@given(st.lists(rows_of(), max_size=10), st.data())
def test_a_change_of_rows_keeps_the_place_of_every_row_that_stays(now, data):
    """Rows that come or go move no other row; no place is used twice or by another article."""
    wanted = [each for each in now if data.draw(st.booleans())]
    for extra in data.draw(st.lists(rows_of(), max_size=3)):
        wanted.insert(data.draw(st.integers(0, len(wanted))), extra)
    found = places(now, wanted)
    taken = [place for place in found if place is not None]
    assert len(wanted) == len(found)
    assert sorted(set(taken)) == taken
    assert all(
        now[place].article.casefold() == each.article.casefold()
        for place, each in zip(found, wanted, strict=True)
        if place is not None
    )
    assert places(now, now) == tuple(range(len(now)))


@given(st.lists(st.one_of(st.none(), st.integers(1, 100)), max_size=12))
def test_sort_numbers_ascend(present):
    """Whatever stood there before."""
    found = sort_orders(present)
    assert list(found) == sorted(set(found))
    assert len(found) == len(present)


ORDERS = {
    "all new": ([None, None], (10, 20)),
    "one in the middle": ([10, None, 20], (10, 15, 20)),
    "one at the end": ([10, 20, None], (10, 20, 30)),
    "one before all": ([None, 10], (5, 10)),
    "no room": ([10, None, 11], (10, 11, 21)),
    "numbers of the same": ([10, 10, 20], (10, 15, 20)),
}


@pytest.mark.parametrize(("present", "numbers"), ORDERS.values(), ids=ORDERS)
def test_a_sort_number_stays_wherever_it_can(present, numbers):
    """Other programs may rely on it."""
    assert numbers == sort_orders(present)


def test_rows_are_told_with_what_they_come_to():
    """What `conflicts` shows."""
    text = DocumentRow(text="Tack för hjälpen")
    assert "2 A Hammare à 10 = 20.00; Tack för hjälpen; together 20.00" == told(packed([row(), text]))
    assert told(None) is None


def test_an_amount_is_whole_ore():
    """Half an öre away from zero, both ways."""
    assert (101, -101, 100) == (ore(D("1.005")), ore(D("-1.005")), ore(D("1.0049")))


def test_a_row_that_costs_nothing_is_no_text():
    """A free row with a quantity is goods (decision 44)."""
    assert not msgspec.structs.replace(row(price="0"), article="").is_text


A, B, C = row(), row(article="B"), row(article="C")
HALFWAY = {
    # from [A, B] to [A, C]: what shows now     only our write?
    "nothing written": ([A, B], True),
    "all written": ([A, C], True),
    "the new one first": ([A, B, C], True),
    "the old one gone first": ([A], False),
    "a person's row beside": ([A, C, row(price="7")], False),
    "a person changed one": ([row(quantity="9"), C], False),
    "a person dropped one": ([C], False),
    "a person doubled one": ([A, A, C], False),
}


@pytest.mark.parametrize(("now", "ours"), HALFWAY.values(), ids=HALFWAY)
def test_rows_half_written_are_told_from_what_a_person_did(now, ours):
    """New and changed rows are written before old ones go, so none is ever missing."""
    assert ours == halfway(packed([A, B]), packed([A, C]), packed(now))


NEW, NEWER = row(article="N"), row(article="O")
FEWER = {
    # from [A, B, C] to [NEW, NEWER]: what shows now   only our write?
    "one of the new ones there": ([A, B, C, NEW], True),
    "both of them there": ([A, B, C, NEW, NEWER], True),
    "an old one gone then": ([A, C, NEW, NEWER], True),
    "an old one gone before": ([A, C, NEW], False),
    "an old one gone at once": ([A, C], False),
}


@pytest.mark.parametrize(("now", "ours"), FEWER.values(), ids=FEWER)
def test_a_row_that_goes_before_all_new_ones_are_there_was_dropped_by_a_person(now, ours):
    """Also where there are to be fewer in the end: a write that stopped midway has not dropped any."""
    assert ours == halfway(packed([A, B, C]), packed([NEW, NEWER]), packed(now))
