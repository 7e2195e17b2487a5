"""Rows and webCRM's lines, as values: how each is spelled, and which requests make one the other."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.documents import DocumentRow, packed, unpacked, worked_out
from daemon.core.mapping import LEAVE
from daemon.net.decode import parse
from daemon.systems.webcrm import lines, mapping
from daemon.systems.webcrm.lines import Layout
from daemon.systems.webcrm.wire import Field

TOTAL, UNIT = Layout(), Layout(totals=False)
TODAY = None  # rows do not depend on the day
D = Decimal


def line(number=1, order=10, **fields):
    """A line as it is read: an empty one shows all its fields."""
    texts = {"Data1": "", "Data2": "", "Data3": "", "Memo": ""}
    numbers = dict.fromkeys(("Quantity", "ListPrice", "Discount", "Price", "VatPercentage"), D(0))
    named = {**texts, **numbers, "Id": number, "SortOrder": order, **fields}
    return {f"QuotationLine{name}": value for name, value in named.items()}


def row(**fields):
    """A row of which the total is worked out when none is given."""
    found = DocumentRow(**fields)
    total = worked_out(found.quantity, found.price, found.percent, found.off)
    return found if "total" in fields else msgspec.structs.replace(found, total=total)


READINGS = {
    # what stands in webCRM                       the layout, the line, the row
    "the row of webCRM's own screen": (
        TOTAL,
        line(Data1="A1", Quantity=D(10), ListPrice=D(450), Discount=D(10), Price=D(4050)),
        row(article="A1", quantity=D(10), price=D(450), percent=D(10), total=405000),
    ),
    "a list price counts, whatever the total says": (
        TOTAL,
        line(Quantity=D(2), ListPrice=D(100), Price=D(5)),
        row(quantity=D(2), price=D(100), total=20000),
    ),
    "only a total, discount taken": (
        TOTAL,
        line(Quantity=D(4), Discount=D(20), Price=D(1600)),
        row(quantity=D(4), price=D(500), percent=D(20), total=160000),
    ),
    "only a total that no price of two decimals gives": (
        TOTAL,
        line(Quantity=D(3), Price=D(100)),
        row(quantity=D(3), price=D("33.333"), total=10000),
    ),
    "only a total, and no quantity": (
        TOTAL,
        line(Data2="Avgift", Price=D(50)),
        row(text="Avgift", total=5000),
    ),
    "only a unit price": (
        UNIT,
        line(Quantity=D(4), Discount=D(20), Price=D(500)),
        row(quantity=D(4), price=D(500), percent=D(20), total=160000),
    ),
    "a list price beside a unit price": (
        UNIT,
        line(Quantity=D(4), ListPrice=D(500), Price=D(400)),
        row(quantity=D(4), price=D(500), total=200000),
    ),
    "a return": (
        TOTAL,
        line(Data1="A1", Quantity=D(-1), ListPrice=D("99.5")),
        row(article="A1", quantity=D(-1), price=D("99.5"), total=-9950),
    ),
    "a free row": (
        TOTAL,
        line(Data1="A1", Quantity=D(1), ListPrice=D(10), Discount=D(100)),
        row(article="A1", quantity=D(1), price=D(10), percent=D(100), total=0),
    ),
    "the memo before the name, unit and VAT": (
        TOTAL,
        line(Data2="Licens", Data3="st", Memo="Licens\r\njanuari ", Quantity=D(1), VatPercentage=D("25.0")),
        row(text="Licens\njanuari", quantity=D(1), unit="st", vat=D(25)),
    ),
    "dashes are nothing": (
        TOTAL,
        line(Data1="-", Data2="-", Data3="-", Quantity=D(1)),
        row(quantity=D(1)),
    ),
    "the unit is kept nowhere": (
        Layout(unit=0),
        line(Data3="annat", Quantity=D(1)),
        row(quantity=D(1)),
    ),
}


@pytest.mark.row("W10")
@pytest.mark.parametrize(("layout", "shown", "expected"), READINGS.values(), ids=READINGS)
def test_a_line_is_read_as_a_row(layout, shown, expected):
    """Its money comes from the list price, else from the price as the layout says (webcrm.md 10)."""
    ((found, keys),) = lines.keyed([shown], layout)

    assert (found, keys) == (expected, ("1@10",))


ODD = {
    "a text as number": line(Quantity="4"),
    "a flag as number": line(ListPrice=True),
    "a list as text": line(Memo=["a"]),
    "a number too large for money": line(Quantity=D(10) ** 13),
    "a sort order that is no whole number": line(order=D("1.5")),
}


@pytest.mark.parametrize("shown", ODD.values(), ids=ODD)
def test_a_line_that_cannot_be_read_says_nothing(shown):
    """The record goes on without its rows: they are not taken for gone."""
    assert lines.rows_codec(TOTAL).read([line(2), shown]) is LEAVE
    assert lines.keys_codec(TOTAL).read([line(2), shown]) is LEAVE


def test_lines_are_read_in_their_order_and_runs_of_text_are_one_row():
    """The sort order counts, then the id; two texts after each other are one row with both keys."""
    shown = [
        line(8, 30, Memo="sist"),
        line(9, 20, Memo="och två"),
        line(3, 20, Memo="ett"),
        line(4, 10, Data1="A1", Quantity=D(1), ListPrice=D(5)),
    ]
    value, keys = (codec(TOTAL).read(shown) for codec in (lines.rows_codec, lines.keys_codec))

    assert [each.text for each in unpacked(value)] == ["", "ett\noch två\nsist"]
    assert keys == "4@10 3@20+9@20+8@30"


def test_no_lines_are_no_rows():
    """None, as on every side."""
    assert (lines.rows_codec(TOTAL).read([]), lines.keys_codec(TOTAL).read([])) == (None, None)


HAMMER = {"Memo": "Hammare\nmed skaft", "Data1": "102", "Quantity": D(2), "ListPrice": D(100)}
GIVES = "its quantity, price and discount give"
ODD_LINES = {
    "all agree": (TOTAL, [line(**HAMMER, Price=D(200)), line(Price=D(5))], None),
    "more": (TOTAL, [line(**HAMMER, Price=D(250))], f"Hammare: 250.00, {GIVES} 200.00"),
    "less": (TOTAL, [line(**HAMMER, Price=D(150), Discount=D(10))], f"Hammare: 150.00, {GIVES} 180.00"),
    "the first of two that cancel out": (
        TOTAL,
        [line(2, 20, **HAMMER, Price=D(250)), line(1, 10, **{**HAMMER, "Memo": ""}, Price=D(150))],
        f"102: 150.00, {GIVES} 200.00",
    ),
    "without any text": (
        TOTAL,
        [line(Quantity=D(1), ListPrice=D(1), Price=D(2))],
        f"a line without a text: 2.00, {GIVES} 1.00",
    ),
    "stored unrounded": (
        TOTAL,
        [line(Quantity=D(3), ListPrice=D("33.33"), Discount=D(10), Price=D("89.991"))],
        None,
    ),
    "says nothing": (TOTAL, [line(**HAMMER)], None),
    "unit prices": (UNIT, [line(**HAMMER, Price=D(5))], None),
    "no lines": (TOTAL, [], None),
}


@pytest.mark.parametrize(("layout", "shown", "told"), ODD_LINES.values(), ids=ODD_LINES)
def test_a_line_that_says_another_sum_than_its_numbers_is_named(layout, shown, told):
    """Line by line: two mistakes that cancel out are two; only where lines keep totals."""
    assert lines.odd_line_codec(layout).read(shown) == told


def test_of_lines_that_cannot_be_read_nothing_is_said():
    """Nor are they guessed at."""
    assert lines.odd_line_codec(TOTAL).read([line(Price="tre")]) is LEAVE


WRITINGS = {
    "a percentage": (
        row(quantity=D(4), price=D(500), percent=D(20)),
        {"ListPrice": D(500), "Discount": D(20), "Price": D(1600)},
    ),
    "an amount off that is a percentage": (
        row(quantity=D(2), price=D(100), off=5000),
        {"ListPrice": D(100), "Discount": D(25), "Price": D(150)},
    ),
    "more off than it costs is folded into the price": (
        row(quantity=D(1), price=D(10), off=2000),
        {"ListPrice": D(-10), "Discount": D(0), "Price": D(-10)},
    ),
    "a price from nothing": (
        row(quantity=D(2), price=D(0), total=5000),
        {"ListPrice": D(25), "Discount": D(0), "Price": D(50)},
    ),
    "a total without a quantity": (
        row(total=5000),
        {"ListPrice": D(0), "Discount": D(0), "Price": D(50)},
    ),
}


@pytest.mark.row("W10")
@pytest.mark.parametrize(("wanted", "expected"), WRITINGS.values(), ids=WRITINGS)
def test_a_row_is_written_as_list_price_discount_and_total(wanted, expected):
    """So that reading gives the same total; an amount off becomes a percentage, else another price."""
    found = lines.spelled(wanted, TOTAL)

    assert {name: found[f"QuotationLine{name}"] for name in expected} == expected


def test_a_line_in_unit_mode_tells_the_unit_price():
    """Where lines keep unit prices, Price is the list price."""
    found = lines.spelled(row(quantity=D(4), price=D(500), percent=D(20)), UNIT)

    assert (found["QuotationLinePrice"], found["QuotationLineListPrice"]) == (D(500), D(500))


def test_a_text_of_several_lines_is_the_memo_and_its_first_line_the_name():
    """The name is cut to what a Data field takes; unit and VAT that are not said are left alone."""
    found = lines.spelled(row(text="x" * 300 + "\ntvå", quantity=D(1)), TOTAL)

    assert found["QuotationLineMemo"] == "x" * 300 + "\ntvå"
    assert found["QuotationLineData2"] == "x" * 250
    assert not {"QuotationLineData3", "QuotationLineVatPercentage"} & found.keys()


# ------------------------------------------------------------------ laws


def decimals(least, most, places):
    """Exact decimals as people type them."""
    return st.decimals(least, most, allow_nan=False, places=places)


WORDS = st.text(st.characters(categories=("L", "N", "P"), codec="utf-8"), max_size=12)
TEXTS = st.lists(WORDS, max_size=3).map("\n".join).map(str.strip)
ROWS = st.builds(
    row,
    article=WORDS.filter(lambda text: text != "-"),
    text=TEXTS,
    quantity=decimals(-9999, 9999, 2),
    price=decimals(-99999, 99999, 2),
    percent=decimals(0, 100, 2),
) | st.builds(
    row,
    article=WORDS.filter(lambda text: text != "-"),
    text=TEXTS,
    quantity=decimals(-9999, 9999, 3),
    price=decimals(-99999, 99999, 4),
    off=st.integers(-(10**8), 10**8),
)


def over_the_wire(payload):
    """What a payload looks like after a system that keeps doubles."""
    sent = msgspec.json.Encoder(decimal_format="number").encode(payload)
    return parse(msgspec.json.encode(msgspec.json.decode(sent)))


@pytest.mark.row("W10")
@given(wanted=ROWS)
def test_a_written_row_is_read_back(wanted):
    """Total to the öre, article, quantity and text, also through doubles."""
    ((found, _),) = lines.keyed([over_the_wire(lines.spelled(wanted, TOTAL))], TOTAL)

    for name in ("total", "article", "quantity", "text"):
        assert getattr(found, name) == getattr(wanted, name), name


@given(wanted=ROWS)
def test_a_written_row_is_read_back_where_lines_keep_unit_prices(wanted):
    """The same, or the row is refused before anything is sent."""
    if lines.check(UNIT)(packed([wanted]), None, TODAY):
        return
    ((found, _),) = lines.keyed([over_the_wire(lines.spelled(wanted, UNIT))], UNIT)

    for name in ("total", "article", "quantity", "text"):
        assert getattr(found, name) == getattr(wanted, name), name


@given(wanted=st.lists(ROWS, max_size=5))
def test_the_normal_form_of_rows_stays_as_it_is(wanted):
    """What was read back once is written and read back unchanged."""
    table = mapping.document({}, {}, TOTAL, {})
    once = table.normal("rows", packed(wanted))

    assert table.normal("rows", once) == once
    assert lines.value_of(once) == lines.value_of(packed(wanted))


# ------------------------------------------------------------------ what cannot be written

CHECKS = {
    "all is well": (TOTAL, row(article="A", quantity=D(1), price=D(1)), None),
    "a NUL": (TOTAL, row(text="a\0b"), "REC09"),
    "an article number that is too long": (TOTAL, row(article="A" * 251), "REC10"),
    "a total without a quantity": (TOTAL, row(total=100), None),
    "the same with unit prices": (UNIT, row(total=100), "REC15"),
}


@pytest.mark.parametrize(("layout", "wanted", "code"), CHECKS.values(), ids=CHECKS)
def test_rows_that_cannot_be_lines_are_named_before_they_are_sent(layout, wanted, code):
    """With the row's place."""
    found = lines.check(layout)(packed([row(text="first", quantity=D(1)), wanted]), None, TODAY)

    assert (found and found[0]) == code
    assert found is None or "row 2" in found[1]


# ------------------------------------------------------------------ changing

A = row(article="A", text="A", quantity=D(1), price=D(1))
B = row(article="B", text="B", quantity=D(1), price=D(2))
C = row(article="C", text="C", quantity=D(1), price=D(3))
TWICE = row(article="B", text="B", quantity=D(2), price=D(2))
NOTE = row(text="ett\ntvå")
CHANGES = {
    #                 now        keys                    wanted       (line, article or text, order, whole)
    "nothing": ([A, B], "1@10 2@20", [A, B], []),
    "one in the middle": ([A, B], "1@10 2@20", [A, C, B], [(None, "C", 15, True)]),
    "one at the end": ([A], "1@10", [A, B], [(None, "B", 20, True)]),
    "one gone": ([A, B, C], "1@10 2@20 3@30", [A, C], [(2, None, 0, True)]),
    "one changed": ([A, B], "1@10 2@20", [A, TWICE], [(2, "B", 20, True)]),
    "all gone": ([A, B], "1@10 2@20", [], [(1, None, 0, True), (2, None, 0, True)]),
    "from nothing": ([], None, [A, B], [(None, "A", 10, True), (None, "B", 20, True)]),
    "no room between": (
        [A, B],
        "1@1 2@2",
        [A, C, B],
        [(None, "C", 2, True), (2, "B", 12, False)],
    ),
    "a text that is missing there": (
        [row(article="A", quantity=D(1), price=D(1))],
        "1@10",
        [A],
        [(1, "A", 10, True)],
    ),
    "texts that stay are left as several lines": ([A, NOTE], "1@10 2@20+3@30", [A, NOTE], []),
    "a row after them stands after the last": (
        [NOTE],
        "2@20+3@30",
        [NOTE, A],
        [(None, "A", 40, True)],
    ),
    "texts that change become the first line": (
        [A, NOTE],
        "1@10 2@20+3@30",
        [A, row(text="ett")],
        [(2, "ett", 20, True), (3, None, 0, True)],
    ),
}


@pytest.mark.row("W10")
@pytest.mark.parametrize(("now", "keys", "wanted", "expected"), CHANGES.values(), ids=CHANGES)
def test_only_what_differs_is_sent(now, keys, wanted, expected):
    """Lines keep their identity and their place wherever they can."""
    found = lines.changes(packed(now), keys, packed(wanted), TOTAL)

    told = [(c.line, c.row and (c.row.article or c.row.text), c.order, c.whole) for c in found]
    assert told == expected


@given(now=st.lists(ROWS, max_size=6), wanted=st.lists(ROWS, max_size=6), orders=st.lists(st.integers(0, 40)))
def test_the_changes_make_the_rows_that_are_wanted(now, wanted, orders):
    """Whatever stood there: afterwards the rows say what is wanted of them, each total to the öre."""
    orders = [*orders, *[50] * len(now)]
    kept = {
        number: {**lines.spelled(each, TOTAL), lines.ID: number, lines.ORDER: order}
        for number, (each, order) in enumerate(zip(now, orders, strict=False), start=1)
    }
    shown = [codec(TOTAL).read(kept.values()) for codec in (lines.rows_codec, lines.keys_codec)]

    for born, change in enumerate(lines.changes(*shown, packed(wanted), TOTAL), start=100):
        if change.row is None:
            del kept[change.line]
        else:
            number = change.line or born
            kept[number] = {**kept.get(number, {}), **lines.payload(change, TOTAL, {}), lines.ID: number}

    table = mapping.document({}, {}, TOTAL, {})
    left = unpacked(lines.rows_codec(TOTAL).read(kept.values()))
    aim = unpacked(table.normal("rows", packed(wanted)))
    for name in ("article", "quantity", "total"):
        assert [getattr(each, name) for each in left] == [getattr(each, name) for each in aim]
    said = [place for place, each in enumerate(aim) if each.text]
    assert [left[place].text for place in said] == [aim[place].text for place in said]


def test_a_line_is_linked_to_the_catalogue_wherever_its_article_is_known():
    """Also when it only moves: systems whose lines are linked take none without it (webcrm.md 10)."""
    moves = lines.Change(2, A, 20, whole=False)

    assert lines.payload(moves, TOTAL, {"a": 77}) == {
        "QuotationLineId": 2,
        "QuotationLineLinkedDataId": 77,
        "QuotationLineSortOrder": 20,
    }
    assert "QuotationLineLinkedDataId" not in lines.payload(moves, TOTAL, {})


# ------------------------------------------------------------------ the delivery's own fields

PLACES = {
    "order_number": "DeliveryCustom1",
    "invoice_date": "DeliveryCustom3",
    "booked": "DeliveryCustom5",
    "text": "DeliveryMemo",
}
CURRENCY = {"DeliveryCurrencyName": Field(texts=("00", "SEK", "Euro", "US dollar"))}
TABLE = mapping.document(PLACES, CURRENCY, TOTAL, {"Euro": "EUR"})
FIELDS = {
    "an order's key": ({"DeliveryErpId": "order:12"}, {"key": "order:12", "from_order": "order:12"}),
    "an invoice's key": ({"DeliveryErpId": "invoice:3"}, {"from_invoice": "invoice:3", "from_order": None}),
    "a key of somebody else": ({"DeliveryErpId": "X"}, {"key": "X", "from_order": None}),
    "a customer": ({"DeliveryOrganisationId": 17}, {"customer": "17"}),
    "no customer": ({"DeliveryOrganisationId": 0}, {"customer": None}),
    "midnight UTC": ({"DeliveryOrderDate": "2026-01-15T00:00:00+00:00"}, {"date": "2026-01-15"}),
    "the same midnight elsewhere": (
        {"DeliveryOrderDate": "2026-01-14T19:00:00-05:00"},
        {"date": "2026-01-15"},
    ),
    "no date": ({"DeliveryOrderDate": "0001-01-01T00:00:00+01:00"}, {"date": None}),
    "a day": ({"DeliveryCustom3": "2026-01-15"}, {"invoice_date": "2026-01-15"}),
    "no day": ({"DeliveryCustom3": ""}, {"invoice_date": None}),
    "something typed for a day": ({"DeliveryCustom3": "snart"}, {}),
    "booked": ({"DeliveryCustom5": "Yes"}, {"booked": True}),
    "a box that nobody touched": ({"DeliveryCustom5": ""}, {"booked": False}),
    "finished": ({"DeliveryStatus": "Completed"}, {"finished": True}),
    "not finished": ({"DeliveryStatus": "OnGoing"}, {"finished": None}),
    "no value": ({"DeliveryOrderValue": 0}, {"value": None}),
    "a value": ({"DeliveryOrderValue": D("1600.5")}, {"value": 160050}),
    "the own currency": ({"DeliveryCurrencyName": "00"}, {"currency": "SEK"}),
    "no currency": ({"DeliveryCurrencyName": ""}, {"currency": "SEK"}),
    "a currency that is null": ({"DeliveryCurrencyName": None}, {"currency": "SEK"}),
    "a currency not chosen": ({"DeliveryCurrencyName": "-- välj --"}, {"currency": "SEK"}),
    "a currency by its code": ({"DeliveryCurrencyName": "SEK"}, {"currency": "SEK"}),
    "a currency that is mapped": ({"DeliveryCurrencyName": "euro"}, {"currency": "EUR"}),
}


@pytest.mark.row("W9")
@pytest.mark.parametrize(("payload", "expected"), FIELDS.values(), ids=FIELDS)
def test_a_delivery_in_our_words(payload, expected):
    """Dates by their day in UTC, boxes as flags, no time and no number as nothing."""
    found = TABLE.read(payload)

    assert {name: found[name] for name in expected} == expected
    assert expected or not found


SPELLED = {
    "customer": ("17", {"DeliveryOrganisationId": 17}),
    "date": ("2026-01-15", {"DeliveryOrderDate": "2026-01-15T00:00:00Z"}),
    "invoice_date": ("2026-01-15", {"DeliveryCustom3": "2026-01-15"}),
    "booked": (True, {"DeliveryCustom5": "Yes"}),
    "finished": (True, {"DeliveryStatus": "Completed"}),
    "currency": ("EUR", {"DeliveryCurrencyName": "Euro"}),
    "value": (5, {"DeliveryOrderValue": D("0.05")}),
    "your_number": ("1", {}),
    "row_keys": ("1@10", {}),
    "odd_line": ("x", {}),
    "from_order": ("order:1", {}),
}


@pytest.mark.parametrize(("field", "spelled"), SPELLED.items(), ids=SPELLED)
def test_a_field_of_a_delivery_is_spelled(field, spelled):
    """What webCRM reckons or numbers itself is never written."""
    value, payload = spelled

    assert TABLE.write({field: value}) == payload


def test_an_unmapped_zero_currency_may_be_mapped():
    """Some systems show "00" for their own currency."""
    table = mapping.document({}, {}, TOTAL, {"00": "SEK"})

    assert table.read({"DeliveryCurrencyName": "00"})["currency"] == "SEK"
    assert table.write({"currency": "SEK"}) == {"DeliveryCurrencyName": "00"}


# fmt: off
CURRENCIES = {
    # the list,                  what `currencies` names,       the code -> what is written; SEK is their own
    "as it is listed":         (("00", "SEK", "EUR"),          {},                    "EUR", "EUR"),
    "their own, listed":       (("00", "SEK"),                 {"Kronor": "SEK"},     "SEK", "SEK"),
    "their own, by its name":  (("00", "Kronor"),              {"Kronor": "SEK"},     "SEK", "Kronor"),
    "their own, in no list":   (("00", "EUR"),                 {},                    "SEK", "00"),
    "their own, mapped to what is in no list": (("00",),       {"Kronor": "SEK"},     "SEK", "00"),
    "their own, without a list": ((),                          {},                    "SEK", "00"),
    "by its name":             (("00", "Euro"),                {"Euro": "EUR"},       "EUR", "Euro"),
    "with a text behind it":   (("00", "EUR: Euro"),           {},                    "EUR", "EUR: Euro"),
    "in no list":              (("00", "SEK"),                 {},                    "CHF", "CHF"),
}
# fmt: on


@pytest.mark.parametrize(("texts", "named", "code", "written"), CURRENCIES.values(), ids=CURRENCIES)
def test_a_currency_is_written_as_it_is_listed(texts, named, code, written):
    """By its code first; webCRM's own by no currency where it has no name there. All read back."""
    codec = mapping.currency_name(named, texts, "SEK")

    assert codec.write(code) == written
    assert codec.read(written) == code
