"""The stock of ES Kassasystem: a relative change that has a name, and what it proves (dinkassa.md 3.2)."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.records import Lane
from daemon.errors import Misfit, OutcomeUnknown, Refused, Throttled
from daemon.systems.eskassa import wire
from tests.systems.eskassa_shop import KEY, NUMBER, ONCE, Shop, item, shown
from tests.systems.fakes import LOST, UNREACHABLE, reply

GET, POST = f"GET /inventoryitem/{NUMBER}", f"POST /inventoryitem/{NUMBER}"
WAS_DONE = reply(409, {"Message": "requestKey was used"})


class Shelf:
    """One article's quantity behind the stock call."""

    def __init__(self, shop, quantity, *, positive_is_decrease=True):
        self.shop, self.quantity, self.sign = shop, Decimal(quantity), -1 if positive_is_decrease else 1
        shop.http[GET] = lambda _: shown(item(QuantityInStockCurrent=float(self.quantity)))
        shop.http[POST] = self.call

    def call(self, _):
        """`apply_change`, and nothing in the answer."""
        self.quantity += self.sign * Decimal(self.shop.http.forms[-1]["quantityChange"])
        return reply(200, b"")


@pytest.fixture
def shop():
    """Nobody is there yet."""
    return Shop()


async def change(shop, before, after, once=ONCE):
    """Hundredths from one quantity to another."""
    fields, known = {"quantity": after}, {"quantity": before, "number": "1001"}
    return await shop.system.update("stock", NUMBER, fields, Lane.FRESH, known, once=once)


CHANGES = [
    # positive is    from    to     what is sent
    ("decrease", 900, 700, ("2", "9", "7")),
    ("decrease", 700, 900, ("-2", "7", "9")),
    ("decrease", 125, 0, ("1.25", "1.25", "0")),
    ("decrease", -50, 1000, ("-10.5", "-0.5", "10")),
    ("increase", 900, 700, ("-2", "9", "7")),
    ("increase", 700, 900, ("2", "7", "9")),
]


@pytest.mark.parametrize(("positive", "before", "after", "sent"), CHANGES)
async def test_a_quantity_is_changed_by_its_difference(positive, before, after, sent):
    """Always all three numbers, and then what the article shows (3.2)."""
    decrease = positive == "decrease"
    shop = Shop(positive_is_decrease=decrease)
    Shelf(shop, Decimal(before).scaleb(-2), positive_is_decrease=decrease)

    answer = await change(shop, before, after)

    names = ("quantityChange", "currentQuantity", "newQuantity")
    assert shop.http.forms == [dict(zip(names, sent, strict=True))]
    assert (shop.http.sent[0].query, repr(shop.http.sent[1])) == (KEY, GET)
    assert (answer.seen.id, answer.seen.fields) == (NUMBER, {"number": "1001", "quantity": after})


@given(st.integers(-(10**9), 10**9))
def test_a_quantity_is_written_exactly(hundredths):
    """No exponent, no needless decimals, no loss."""
    text = wire.plain(hundredths)

    assert Decimal(text) * 100 == hundredths
    assert not text.endswith((".0", "."))
    assert "E" not in text


async def test_a_call_that_works_the_other_way_round_is_undone_and_ends_all_others(shop):
    """Repeated it would move the quantity further each time."""
    shelf = Shelf(shop, 9, positive_is_decrease=False)

    with pytest.raises(Misfit, match=r"STK02 .* item \d+ shows 9 again .* set positive_is_decrease"):
        await change(shop, 900, 700)
    with pytest.raises(Misfit, match="no stock is written"):
        await change(shop, 900, 700)

    assert shelf.quantity == 9
    assert [form["quantityChange"] for form in shop.http.forms] == ["2", "-2"]
    first, second = shop.http.named(POST)
    assert first.query != second.query


async def test_what_could_not_be_undone_is_told(shop):
    """Of this article only: a person puts it right. Which way the call works is not known yet."""
    shelf = Shelf(shop, 9, positive_is_decrease=False)
    shop.http[POST] = lambda sent: shelf.call(sent) if len(shop.http.forms) == 1 else reply(503)

    with pytest.raises(Refused, match=r"STK02 .* may show 11 and should show 9"):
        await change(shop, 900, 700)


async def test_a_sale_of_as_much_as_was_changed_twice_is_no_call_that_works_the_other_way_round(shop):
    """What would undo it goes on in the same direction: that is taken back, and the sale stays."""
    shelf = Shelf(shop, 7)

    def sold_meanwhile(sent):
        shelf.quantity -= 2 if len(shop.http.forms) == 1 else 0
        return shelf.call(sent)

    shop.http[POST] = sold_meanwhile

    assert (await change(shop, 700, 800)).seen.fields["quantity"] == 600
    assert [form["quantityChange"] for form in shop.http.forms] == ["-1", "1", "-1"]
    assert len({sent.query["requestKey"] for sent in shop.http.named(POST)}) == 3


async def test_once_it_was_seen_which_way_the_call_works_it_is_not_doubted_again(shop):
    """So a sale of as much is a sale."""
    shelf = Shelf(shop, 7)
    await change(shop, 700, 800)
    shop.http[POST] = lambda sent: (setattr(shelf, "quantity", shelf.quantity - 2), shelf.call(sent))[1]

    assert (await change(shop, 800, 900)).seen.fields["quantity"] == 700
    assert shop.asked(POST) == 2


async def test_a_sale_between_the_two_readings_is_shown(shop):
    """It is not mistaken for a call that works the other way round."""
    shelf = Shelf(shop, 9)
    shelf.quantity -= 1

    assert (await change(shop, 900, 700)).seen.fields["quantity"] == 600


@pytest.mark.parametrize("answer", [UNREACHABLE, reply(404, {"Message": "gone"})], ids=["down", "gone"])
async def test_a_change_that_was_answered_is_done_whatever_the_reading_after_it_says(shop, answer):
    """Else it would be sent again."""
    Shelf(shop, 9)
    shop.http[GET] = answer

    assert (await change(shop, 900, 700)).seen is None


async def test_a_change_that_was_done_already_is_not_known_to_be_refused(shop):
    """409: an earlier attempt took effect (2.2)."""
    Shelf(shop, 9)
    shop.http[POST] = WAS_DONE

    with pytest.raises(OutcomeUnknown):
        await change(shop, 900, 700)


# ------------------------------------------------------------------ the fence


async def fence(shop):
    """Ask what became of a change."""
    return await shop.system.fenced("stock", NUMBER, ONCE, Lane.SETTLE)


async def test_a_fence_is_a_change_of_nothing_under_the_same_key(shop):
    """That it is taken says that the first request was not, and never will be: its key is used up."""
    Shelf(shop, 7)

    assert await fence(shop) is False

    assert shop.http.forms == [{"quantityChange": "0", "currentQuantity": "7", "newQuantity": "7"}]
    assert shop.http.sent[-1].query == KEY


async def test_a_fence_that_finds_its_key_used_proves_the_change(shop):
    """As often as it is asked."""
    Shelf(shop, 7)
    shop.http[POST] = WAS_DONE

    assert [await fence(shop), await fence(shop)] == [True, True]


async def test_a_fence_that_nobody_heard_of_is_never_believed(shop):
    """It may have used up the key itself: 409 says nothing then."""
    Shelf(shop, 7)
    shop.http[POST] = [LOST, WAS_DONE]

    with pytest.raises(OutcomeUnknown):
        await fence(shop)
    assert await fence(shop) is None
    assert shop.asked(POST) == 1


async def test_a_fence_that_was_certainly_not_taken_is_tried_again(shop):
    """A refused one used up nothing."""
    Shelf(shop, 7)
    shop.http[POST] = [reply(429), WAS_DONE]

    with pytest.raises(Throttled):
        await fence(shop)
    assert await fence(shop) is True


async def test_a_fence_reads_again_when_the_quantity_moved_meanwhile(shop):
    """Whether they compare it is unknown (3.2)."""
    shelf = Shelf(shop, 7)

    def moving(_):
        shelf.quantity -= 1
        return reply(400, {"Message": "currentQuantity"}) if shelf.quantity > 5 else reply(200, b"")

    shop.http[POST] = moving

    assert await fence(shop) is False
    assert [form["currentQuantity"] for form in shop.http.forms] == ["7", "6"]


async def test_a_fence_that_is_always_refused_says_so(shop):
    """Three times are enough."""
    Shelf(shop, 7)
    shop.http[POST] = reply(400, {"Message": "currentQuantity"})

    with pytest.raises(Refused):
        await fence(shop)
    assert shop.asked(POST) == 3


NOT_TOLD = {
    "another kind": ("item", NUMBER, ONCE),
    "a write without a name": ("stock", NUMBER, ""),
    "an article that is gone": ("stock", "1", ONCE),
}


@pytest.mark.parametrize("asked", NOT_TOLD.values(), ids=NOT_TOLD)
async def test_what_no_fence_tells(shop, asked):
    """None: somebody else must find out."""
    shop.http["GET /inventoryitem/1"] = reply(404, {"Message": "not found"})

    assert await shop.system.fenced(*asked, Lane.SETTLE) is None
    assert not any(each.request.effect for each in shop.http.sent)
