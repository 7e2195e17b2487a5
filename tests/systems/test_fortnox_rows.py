"""The rows of Fortnox' orders and invoices: read, written, changed, refused."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from daemon.core.documents import DocumentRow, packed, row_alike, unpacked, worked_out
from daemon.systems.fortnox import rows
from daemon.systems.fortnox.document_table import DOCUMENT
from daemon.systems.fortnox.wire import Odd
from tests.sandbox.fortnox_papers import Papers

D = Decimal
TODAY = dt.date(2026, 11, 20)
STORED = {
    "RowId": 8, "ArticleNumber": "102", "Description": "Hammare", "DeliveredQuantity": "2",
    "OrderedQuantity": "2", "Price": 100, "Discount": 0, "DiscountType": "PERCENT", "Total": 200,
    "Unit": "st", "VAT": 25,
}  # fmt: skip
AMOUNT = {"DiscountType": "AMOUNT"}
TEXT = {
    **STORED,
    "ArticleNumber": "",
    "DeliveredQuantity": "0",
    "OrderedQuantity": "0",
    "Price": 0,
    "Total": 0,
}


def row(article="102", quantity="2", price="100", total=None, **more):
    """A row that comes to `total`, else to what its numbers do."""
    quantity, price, percent = D(quantity), D(price), D(more.pop("percent", 0))
    if total is None:
        total = worked_out(quantity, price, percent, more.get("off", 0))
    given = {"article": article, "quantity": quantity, "price": price, "percent": percent, "total": total}
    return DocumentRow(**{**given, **more})


def hammer(**more):
    return row(**{"text": "Hammare", "unit": "st", "vat": D(25), **more})


def text(words):
    return DocumentRow(text=words)


# ------------------------------------------------------------------ reading

HAMMER = hammer()
# fmt: off
READ = {
    "as recorded":           ({}, HAMMER),
    "percent":               ({"Discount": 12.5, "Total": 175}, hammer(percent="12.5")),
    "an amount, once":       ({"Discount": 10, **AMOUNT, "Total": 190}, hammer(off=1000)),
    "numbers as texts":      ({"Price": "100.00", "Total": "200", "VAT": "25"}, HAMMER),
    "nothing in many forms": ({"Discount": "", "Unit": None, "VAT": None}, row(text="Hammare")),
    "delivered counts":      ({"OrderedQuantity": "5"}, HAMMER),
    "an encoded text":       ({"Description": "Spik &amp; skruv"}, hammer(text="Spik & skruv")),
    "a hidden text":         ({"Description": "API_NORIGHT"}, hammer(text="")),
    "a return":              ({"DeliveredQuantity": "-2", "Total": -200}, hammer(quantity="-2")),
    "minus nought":          ({"DeliveredQuantity": "-0", "Total": -0.0}, hammer(quantity="0")),
    "what Fortnox says":     ({"Total": 199.99}, hammer(total=19999)),
    "a text says no more":   (TEXT, text("Hammare")),
}
ODD = {
    "no list":          {"OrderRows": []},
    "no objects":       [1],
    "no number":        [{**STORED, "Price": "tre"}],
    "a flag":           [{**STORED, "DeliveredQuantity": True}],
    "an object":        [{**STORED, "Total": {}}],
    "not a number":     [{**STORED, "Total": "NaN"}],
    "beyond all":       [{**STORED, "Price": 10**40}],
    "no RowId":         [{**STORED, "RowId": None}],
    "a RowId of words": [{**STORED, "RowId": "8+9"}],
    "VAT of minus all": [{**STORED, "VAT": -100}],
}
WITH_VAT = {
    "an order's row":    ({"Price": 125, "Total": 250}, ("100", 20000, 0)),
    "an invoice's row":  ({"Price": 125, "Total": 250, "TotalExcludingVAT": 200}, ("100", 20000, 0)),
    "half up":           ({"Price": 9.99, "Total": 19.98}, ("7.99", 1598, 0)),
    "three for a crown": ({"Price": 0.33, "DeliveredQuantity": "3", "Total": 1}, ("0.267", 80, 0)),
    "an amount off":     ({"Price": 125, "Discount": 50, **AMOUNT, "Total": 200}, ("100", 16000, 4000)),
    "nothing delivered": ({"Price": 125, "DeliveredQuantity": "0", "Total": 0}, ("100", 0, 0)),
}
# fmt: on


@pytest.mark.parametrize(("changed", "wanted"), READ.values(), ids=READ)
def test_a_stored_row_in_our_words(changed, wanted):
    """Whatever form its numbers have; a row that only says something says nothing else."""
    raw = {**STORED, **{name: D(str(v)) if isinstance(v, float) else v for name, v in changed.items()}}

    assert packed([wanted]) == packed([rows.read(raw)])


@pytest.mark.parametrize("raw", ODD.values(), ids=ODD)
def test_what_is_no_row_is_not_guessed_at(raw):
    """A document with such rows is not read at all."""
    with pytest.raises(Odd):
        rows.keyed(raw, included=True)


@pytest.mark.parametrize(("changed", "wanted"), WITH_VAT.values(), ids=WITH_VAT)
def test_vat_is_taken_out_to_the_ore(changed, wanted):
    """The price is one that gives the very total."""
    raw = {**STORED, **{name: D(str(v)) if isinstance(v, float) else v for name, v in changed.items()}}

    found = rows.read(raw, included=True)

    assert (f"{found.price.normalize():f}", found.total, found.off) == wanted
    assert found.total == worked_out(found.quantity, found.price, found.percent, found.off)


def test_keys_tell_what_was_ordered_when_it_differs():
    """A text of two rows has both their ids."""
    raw = [{**TEXT, "RowId": 1}, {**TEXT, "RowId": "2"}, {**STORED, "OrderedQuantity": "5.50"}]

    found = rows.keyed(raw, included=False)

    assert [keys for _, keys in found] == [("1", "2"), ("8@5.5",)]
    assert found[0][0] == text("Hammare\nHammare")


# ------------------------------------------------------------------ writing

# fmt: off
MONEY = {
    "plain":                  (row(),                                      ("2", "100", "0", "PERCENT")),
    "two decimals":           (row(percent="12.25"),                       ("2", "100", "12.25", "PERCENT")),
    "three decimals":         (row(percent="12.125"),                      ("2", "100", "24.25", "AMOUNT")),
    "an amount":              (row(off=1000),                              ("2", "100", "10", "AMOUNT")),
    "all of it":              (row(percent="100"),                         ("2", "100", "100", "PERCENT")),
    "rounding changes nothing": (row(quantity="1.001", price="1"),         ("1", "1", "0", "PERCENT")),
    "nor with its percentage": (row(quantity="1.001", price="1", percent="50"), ("1", "1", "50", "PERCENT")),
    "nor with its amount":    (row(quantity="1.001", price="1", off=50),   ("1", "1", "0.5", "AMOUNT")),
    "a total of its own":     (row(total=19001),                           ("2", "100", "9.99", "AMOUNT")),
    "a return with discount": (row(quantity="-2", percent="10"),           ("-2", "100", "10", "PERCENT")),
    "a cheaper return":       (row(quantity="-2", total=-18000),           ("-2", "100", "10", "PERCENT")),
    "a dearer return":        (row(quantity="-2", total=-22000),           ("-2", "100", "20", "AMOUNT")),
    "free":                   (row(price="0"),                             ("2", "0", "0", "PERCENT")),
    "a credit by price":      (row(price="-100"),                          ("2", "-100", "0", "PERCENT")),
}
FAULTS = {
    # rows                                              -> code
    "in order":                ([row(), text("Tack")],     None),
    "free and negative":       ([row(percent="100"), row(quantity="-2"), row(price="0")], None),
    "an unnamed row":          ([row(article="")],         "REC13"),
    "a row of nothing":        ([DocumentRow()],           "REC13"),
    "only forbidden signs":    ([text("🍔<>")],             "REC09"),
    "a command":               ([text("API_BLANK")],       "REC09"),
    "a long text":             ([text("x" * 256)],         "REC10"),
    "just long enough":        ([text("x" * 255 + "🍔")],   None),
    "half a percent of VAT":   ([row(vat=D("12.5"))],      "REC17"),
    "more than a whole":       ([row(vat=D(101))],         "REC17"),
    "dearer than its numbers": ([row(total=20001)],        "REC15"),
    "too fine a price":        ([row(quantity="100", price="1.004")], "REC15"),
    "dearer when rounded":     ([row(quantity="0.125", price="800")], "REC15"),
    "cheaper when rounded":    ([row(quantity="0.333", price="1000")], "REC15"),
    "a fine price and percentage": ([row(quantity="1.001", price="1", percent="12.125")], "REC15"),
    "too dear":                ([row(price="10000000000", quantity="1")], "REC15"),
    "too many":                ([row(quantity="10000000000", price="0")], "REC15"),
    "too much":                ([row(quantity="9999999999", price="9999999999")], "REC15"),
}
DATES = {
    "a day":            ("2026-11-20", None),
    "a year ahead":     ("2027-11-20", None),
    "too far ahead":    ("2027-12-31", "REC21"),
    "the last century": ("1999-12-31", "REC21"),
    "no such day":      ("2026-02-30", "REC21"),
    "no day at all":    ("i morgon",   "REC21"),
}
TEXTS = {
    "in order":            ("text",        "Rad 1\nRad 2",  None),
    "as long as may be":   ("text",        "x" * 1024,      None),
    "too long":            ("text",        "x" * 1025,      "REC10"),
    "nothing left":        ("text",        "<>",            "REC09"),
    "a command":           ("text",        "api_blank",     "REC09"),
    "a short number":      ("your_number", "D-1",           None),
    "a long number":       ("your_number", "x" * 76,        "REC10"),
    "a long currency":     ("currency",    "KRONOR",        "REC10"),
}
# fmt: on


@pytest.mark.parametrize(("wanted", "numbers"), MONEY.values(), ids=MONEY)
def test_a_row_comes_to_its_very_total_with_two_decimals(wanted, numbers):
    """As it stands where that works, else by an amount off."""
    (sent,) = rows.written(packed([wanted]), "invoice")
    names = ("DeliveredQuantity", "Price", "Discount", "DiscountType")

    *found, kind = (sent[name] for name in names)
    assert numbers == (*(f"{D(each).normalize():f}" for each in found), kind)
    assert rows.read(sent).total == wanted.total


@pytest.mark.parametrize(("wanted", "code"), FAULTS.values(), ids=FAULTS)
def test_what_a_document_may_not_hold_is_named(wanted, code):
    """The row is named; free and negative rows are in order (decision 44)."""
    problem = DOCUMENT.problem({"rows": packed([row(), *wanted])}, "delivery 7", TODAY)

    assert (problem and problem.code) == code
    assert problem is None or problem.what.startswith("row 2")


# fmt: off
STANDING = {
    # rows in Fortnox, wanted rows                               -> code
    "an account's row":      ([row("", text="Frakt")],            [row("", text="Frakt"), row()],  None),
    "one dearer now":        ([row("", text="Frakt")],            [row("", "3", text="Frakt")],    "REC13"),
    "another text":          ([row("", text="Frakt")],            [row("", text="Porto"), row()],  "REC13"),
    "two of one":            ([row("", text="Frakt")],            [row("", text="Frakt")] * 2,     "REC13"),
    "a long text":           ([text("x" * 400)],                  [row(), text("x" * 400)],        None),
    "a longer text":         ([text("x" * 400)],                  [text("x" * 401)],               "REC10"),
    "an odd total":          ([row(total=20001)],                 [row(total=20001), row("103")],  None),
    "an odd VAT rate":       ([row(vat=D("12"))],                 [row(vat=D("12.5"))],            "REC17"),
    "only forbidden signs":  ([text("Tack")],                     [text("🍔<>")],                   "REC09"),
}
# fmt: on


@pytest.mark.parametrize(("present", "wanted", "code"), STANDING.values(), ids=STANDING)
def test_a_row_that_stays_is_not_judged(present, wanted, code):
    """People in Fortnox may write what we may not; it must not keep other rows from being edited."""
    shown = {"rows": packed(present)}

    problem = DOCUMENT.problem({"rows": packed(wanted)}, "delivery 7", TODAY, shown)

    assert (problem and problem.code) == code


@pytest.mark.parametrize(("value", "code"), DATES.values(), ids=DATES)
@pytest.mark.parametrize("field", ["date", "delivery_date"])
def test_a_mistyped_date_stays_here(field, value, code):
    """A day before 2000 or more than a year ahead is nobody's wish."""
    problem = DOCUMENT.problem({field: value}, "delivery 7", TODAY)

    assert (problem and problem.code) == code


@pytest.mark.parametrize(("field", "value", "code"), TEXTS.values(), ids=TEXTS)
def test_texts_have_their_lengths(field, value, code):
    """Counted after cleaning (fortnox.md 8.8)."""
    problem = DOCUMENT.problem({field: value}, "delivery 7", TODAY)

    assert (problem and problem.code) == code


def test_what_cannot_be_written_has_no_other_form():
    """It must still be a change, so that it is refused and not forgotten."""
    value = packed([row(price="10000000000", quantity="1", text="'")])

    assert DOCUMENT.normal("rows", value) == value
    assert DOCUMENT.spelled({"rows": value}) == {"rows": value}


def test_the_normal_form_is_what_fortnox_would_show():
    """Two decimals, only characters that it takes, texts joined, the same money."""
    value = packed([row(quantity="1.001", price="1", text='Mc"D', unit=" st "), text("a"), text("b<")])
    (sold, said) = unpacked(DOCUMENT.normal("rows", value))

    assert (sold.quantity, sold.off, sold.total, sold.text, sold.unit) == (
        D(1),
        0,
        100,
        "Mc’’D",
        "st",
    )
    assert said == text("a\nb")


def test_no_rows_are_no_rows():
    """None clears."""
    assert DOCUMENT.normal("rows", None) is None
    assert rows.written(None) == []


# ------------------------------------------------------------------ changing

A, B, C = row("A", text="a"), row("B", text="b"), row("C", text="c")
NOW = ((A, ("1",)), (text("Hej\ndu"), ("2", "3")), (B, ("4@5",)))
UNNAMED = ((row("", text="x"), ("1",)), (A, ("2",)))
# Without an article, a text of two long ones, and a total that its numbers do not give.
UNHELD = ((row("", text="x"), ("1",)), (text("x" * 400), ("2", "3")), (row("D", total=20001), ("4",)))
CHANGED = row("A", quantity="3", text="a")
# fmt: off
MOVES = {
    # stored rows, wanted rows        -> what each sent row is: its RowId, "+" with more than that
    "nothing":                (NOW, [A, text("Hej du"), B],         ["1", "2", "3", "4"]),
    "one comes last":         (NOW, [A, text("Hej du"), B, C],      ["1", "2", "3", "4", "+"]),
    "one comes first":        (NOW, [C, A, text("Hej du"), B],      ["+", "1", "2", "3", "4"]),
    "one goes":               (NOW, [A, B],                         ["1", "4"]),
    "one changes":            (NOW, [CHANGED, text("Hej du"), B],   ["1+", "2", "3", "4"]),
    "a text changes":         (NOW, [A, text("Hej"), B],            ["1", "2+", "4"]),
    "another article":        (NOW, [C, text("Hej du"), B],         ["+", "2", "3", "4"]),
    "two change places":      (NOW, [B, text("Hej du"), A],         ["+", "+", "1"]),
    "all are others":         (NOW, [C, row("D")],                  ["2+", "+"]),
    "a text for all":         (NOW[:1], [text("Slut")],             ["1+"]),
    "a text among others":    (NOW[:1], [C, text("Slut")],          ["+", "1+"]),
    "another for the only":   (NOW[:1], [C],                        ["1+"]),
    "the one that says VAT":  (NOW[:1], [C, row("D", vat=D(25))],   ["+", "1+"]),
    "all go":                 (NOW, [],                             []),
    "the first":              ((), [A],                             ["+"]),
    "a text is no price":     (UNNAMED, [text("x"), A],             ["+", "2"]),
    "what nobody may write":  (UNHELD, [*(each for each, _ in UNHELD), A], ["1", "2", "3", "4", "+"]),
}
# fmt: on


@pytest.mark.parametrize(("now", "wanted", "sent"), MOVES.values(), ids=MOVES)
def test_rows_keep_their_identity_wherever_they_can(now, wanted, sent):
    """An unchanged row is its RowId alone; a new one has none and inherits nothing (12.3)."""
    found = rows.changes(now, packed(wanted), "order")

    assert sent == [f"{each.get('RowId', '')}{'+' * (each.keys() != {'RowId'})}" for each in found]


def test_a_changed_row_says_every_number():
    """And what was ordered stays where it differed from what was delivered."""
    wanted = row("B", quantity="3", price="90", percent="10", text="b")

    *_, sent = rows.changes(NOW, packed([A, text("Hej du"), wanted]), "order")

    assert sent == {
        "RowId": 4, "ArticleNumber": "B", "Description": "b", "OrderedQuantity": "5",
        "DeliveredQuantity": "3", "Price": D(90), "Discount": D(10), "DiscountType": "PERCENT",
    }  # fmt: skip


def test_what_was_ordered_follows_where_it_was_the_same():
    """An order that is delivered whole stays so; an invoice has no ordered quantity."""
    (order, *_) = rows.changes(NOW, packed([CHANGED, B]), "order")
    (invoice, *_) = rows.changes(NOW, packed([CHANGED, B]), "invoice")

    assert (order["OrderedQuantity"], order["DeliveredQuantity"]) == ("3", "3")
    assert "OrderedQuantity" not in invoice


def test_nothing_old_is_left_where_a_row_must_take_anothers_place():
    """Text and unit are cleared when the new row has none; a text clears all that has a price."""
    ((sold),) = rows.changes(NOW[:1], packed([row("C")]), "order")
    ((said),) = rows.changes(NOW[:1], packed([text("Slut")]), "order")

    assert (sold["Description"], sold["Unit"]) == (None, "")
    assert said == {
        "RowId": 1, "Description": "Slut", "ArticleNumber": None, "AccountNumber": 0, "Price": 0,
        "Discount": 0, "OrderedQuantity": "0", "DeliveredQuantity": "0",
    }  # fmt: skip


# ------------------------------------------------------------------ laws

NUMBERS = st.decimals(-9999, 9999, places=2)
ANY_ROW = st.builds(
    lambda quantity, price, percent, off, words, vat: row(
        "102", f"{quantity}", f"{price}", percent=f"{percent}", off=off, text=words, vat=vat
    ),
    NUMBERS,
    NUMBERS,
    st.decimals(0, 100, places=4),
    st.integers(0, 10_000),
    st.text(max_size=20),
    st.sampled_from([None, D(0), D(12), D(25)]),
)
STORABLE = st.lists(ANY_ROW.filter(rows.money) | st.builds(text, st.text("abc", min_size=1)), max_size=5)


PAPERS = Papers(adjacent_text_rows="priced")


@given(STORABLE)
def test_what_is_written_reads_back_with_the_same_money(wanted):
    """Law: each row keeps its total, article and quantity, to the two decimals that are stored."""
    value = packed(wanted)
    normal = DOCUMENT.normal("rows", value)

    assert DOCUMENT.normal("rows", normal) == normal
    assert sum(each.total for each in unpacked(normal)) == sum(each.total for each in wanted)
    sold = [each for each in wanted if not each.is_text]
    assert all(
        row_alike(replace(mine, text="", vat=None), other)
        for mine, other in zip(sold, (each for each in unpacked(normal) if not each.is_text), strict=True)
    )


@given(STORABLE, STORABLE, st.sampled_from(["orders", "invoices"]))
def test_any_change_of_rows_comes_out_as_wanted(before, after, path):
    """Law: whatever stood there, Fortnox then shows the wanted rows, to the öre."""
    papers, form, name = PAPERS, path[:-1], rows.NAMES[path[:-1]]
    made = papers.make(path, *_plain(rows.written(DOCUMENT.normal("rows", packed(before)), form)))
    now = rows.keyed(_exact(made[name]), included=False)

    sent = rows.changes(now, packed(after), form)
    shown = papers.put(path, made["DocumentNumber"], **{name: _plain(sent)})[name]

    wanted = unpacked(DOCUMENT.normal("rows", packed(after)))
    found = [each for each, _ in rows.keyed(_exact(shown), included=False)]
    assert len(found) == len(wanted)
    assert all(map(row_alike, wanted, found))


def _plain(sent):
    """As JSON has it."""
    return [{n: float(v) if isinstance(v, Decimal) else v for n, v in each.items()} for each in sent]


def _exact(shown):
    return [{n: D(str(v)) if isinstance(v, float) else v for n, v in each.items()} for each in shown]
