"""Z-reports are booked once and in order, whatever becomes of requests, the daemon, its memory, the books."""

from __future__ import annotations

import pickle
import shutil

import pytest

from daemon.sandbox.faults import Fault
from tests.engine.line import Answer, Line
from tests.engine.power import live_until_cut, steps_of
from tests.engine.spoils import CLEAR, REFUSALS, UNCLEAR
from tests.engine.stage import pack
from tests.engine.story import LOOK_S, calm
from tests.rows.test_till_reports import a_shop, texts
from tests.shop import Shop

pytestmark = pytest.mark.row("K2")
POST = {"system": "fortnox", "method": "POST", "path": "/3/vouchers"}
ALL = [f"Kassa 1, Z-rapport {number}, 2026-11-23" for number in (1, 2, 3)]
LATE_S = (0.3, 25.0)  # a request under way at the death takes effect so much later
EVERY = 4  # of the steps at which the daemon may die


@pytest.fixture
def begun(tmp_path, shop_at_work):
    """A shop where one report is booked, and two wait that the daemon has not seen."""
    return placed(shop_at_work, tmp_path)


@pytest.fixture(scope="module")
async def shop_at_work(tmp_path_factory):
    """The image of such a shop, and its folder."""
    shop = a_shop(tmp_path_factory.mktemp("shop"))
    shop.day()
    await shop.sync_once()
    shop.wait(minutes=15)
    for quantity in (2, 3):
        shop.day(quantity=quantity)
    return pack(shop), shop.folder


def placed(image, folder):
    """A shop as the image shows it, in an empty folder."""
    content, before = image
    shop = Shop.__new__(Shop)
    shop.__dict__.update(pickle.loads(content))  # noqa: S301 - our own bytes
    shutil.copytree(before, folder, dirs_exist_ok=True)
    shop.folder, shop.config_path = folder, folder / "config.toml"
    shop.watch, shop.events, shop.told = (lambda _step: None), None, []
    return shop


def posts(shop):
    """The reports whose booking was sent, in order, as often as it was."""
    found = shop.requests("fortnox")
    sent = [
        each["request"]["Voucher"]
        for each in found
        if (each["method"], each["path"]) == ("POST", "/3/vouchers")
    ]
    return [each["Description"].rpartition(", FS1.")[0] for each in sent]


async def at_rest(shop):
    """What waits for a person once nothing is under way any more: codes and fields."""
    async with shop.running():
        await calm(shop, patient=True)
        parked = [each["code"] for each in await shop.desk.parked()]
        conflicts = [each["field"] for each in await shop.desk.conflicts() if each["state"] == "open"]
        assert [] == await shop.desk.intents()
    return parked + conflicts


# ------------------------------------------------------------------ the request


@pytest.mark.parametrize("fault", [*UNCLEAR, *CLEAR])
async def test_whatever_happens_to_a_booking_each_report_is_booked_once_and_in_order(begun, fault):
    """
    Refused for certain it waits for `retry`, and the next one goes on; else the next one waits for it.
    """
    spoil = UNCLEAR.get(fault) or CLEAR[fault]
    if "answered" in spoil:
        Line.of(begun).answers.append(Answer(of=Fault(fault="status", **POST), status=spoil["answered"]))
    else:
        begun.world.faults.add(Fault(**POST, **spoil))
    left = await at_rest(begun)
    assert (fault in REFUSALS) == bool(left)
    assert (ALL[:1] + ALL[2:] if left else ALL) == texts(begun)
    if left:
        async with begun.running():
            for each in await begun.desk.parked():
                await begun.desk.retry(each["id"])
        assert [] == await at_rest(begun)
        assert sorted(ALL) == sorted(texts(begun))


@pytest.mark.parametrize("fault", ["lost_before", "lost_after"])
async def test_the_next_report_waits_until_it_is_known_what_became_of_the_one_before(begun, fault):
    """
    Its number would come before, and the books would not follow the days.
    """
    begun.world.faults.add(Fault(**POST, fault=fault))
    async with begun.running():
        report = await begun.sync()
        assert ("unknown", ALL[1:2]) == (report.outcome, posts(begun))
        await begun.sync()
        assert ALL[1:2] == posts(begun)
        begun.wait(seconds=LOOK_S + 1)
        await begun.sync()
        await begun.sync()
    again = ALL[1:2] if fault == "lost_before" else []
    assert [*ALL[1:2], *again, ALL[2]] == posts(begun)
    assert ALL == texts(begun)


async def test_a_booking_that_is_never_found_is_given_to_a_person_and_the_next_one_goes_on(begun):
    """
    Three attempts; then it is listed, and `retry` books it.
    """
    begun.world.faults.add(Fault(**POST, fault="lost_before", count=3))
    assert ["INT02"] == await at_rest(begun)
    assert ([*ALL[:1], ALL[2]], 4) == (texts(begun), len(posts(begun)))
    async with begun.running():
        (lost,) = await begun.desk.parked()
        await begun.desk.retry(lost["id"])
    assert [] == await at_rest(begun)
    assert [ALL[0], ALL[2], ALL[1]] == texts(begun)


@pytest.mark.parametrize("late_s", [60, 1800])
async def test_a_booking_that_takes_effect_later_than_is_promised_is_told(begun, late_s):
    """
    It was looked for twice and sent again: then there are two, and a person hears of it.
    """
    begun.world.faults.add(Fault(**POST, fault="late", delay_s=late_s))
    await at_rest(begun)
    begun.wait(minutes=25)
    left = await at_rest(begun)
    assert (["INT03"], 2) == (left, texts(begun).count(ALL[1]))


# ------------------------------------------------------------------ the daemon


async def test_a_power_cut_at_any_step_around_a_booking_books_nothing_twice(shop_at_work, tmp_path):
    """
    Before and after each commit, request and answer, from the look at the accounts to the end of the pass.
    """
    shop = placed(shop_at_work, tmp_path / "whole")
    steps = await steps_of(shop)
    first = len(steps) - 60
    assert ALL == texts(shop)
    for number in range(first, len(steps), EVERY):
        shop = placed(shop_at_work, tmp_path / f"{number}")
        assert await live_until_cut(shop, number)
        assert [] == await at_rest(shop), number
        assert ALL == texts(shop), number


@pytest.mark.parametrize("late_s", LATE_S)
async def test_a_power_cut_while_a_booking_is_under_way_books_nothing_twice(shop_at_work, tmp_path, late_s):
    """
    The request left before the power failed, and takes effect after it.
    """
    shop = placed(shop_at_work, tmp_path / "whole")
    leaving = [number for number, step in enumerate(await steps_of(shop)) if step == "request"]
    for number in leaving[-4:]:
        shop = placed(shop_at_work, tmp_path / f"{number}")
        await live_until_cut(shop, number, late_s)
        assert [] == await at_rest(shop), number
        assert ALL == texts(shop), number


# ------------------------------------------------------------------ its memory


async def test_a_daemon_without_its_memory_books_nothing_again(begun):
    """
    The state folder is gone: what bears our mark is found and linked.
    """
    assert [] == await at_rest(begun)
    sent = len(posts(begun))
    shutil.rmtree(begun.folder / "state")
    assert [] == await at_rest(begun)
    assert (ALL, sent) == (texts(begun), len(posts(begun)))


async def test_a_memory_of_before_the_booking_books_nothing_again(begun):
    """
    A copy of the state is put back; a number that was given meanwhile is found by its mark.
    """
    shutil.copytree(begun.folder / "state", begun.folder / "copy")
    assert [] == await at_rest(begun)
    shutil.rmtree(begun.folder / "state")
    (begun.folder / "copy").rename(begun.folder / "state")
    begun.wait(minutes=20)
    assert [] == await at_rest(begun)
    assert (ALL, 2) == (texts(begun), len(posts(begun)))


async def test_a_daemon_without_its_memory_knows_a_voucher_whose_text_a_person_has_changed(begun):
    """
    The mark in its first row is enough.
    """
    assert [] == await at_rest(begun)
    office(begun, "edit_voucher", series="K", number=2, fields={"Description": "Dagskassa"})
    shutil.rmtree(begun.folder / "state")
    assert [] == await at_rest(begun)
    assert (3, 2) == (len(begun.vouchers()), len(posts(begun)))


# ------------------------------------------------------------------ people in the books


def office(shop, verb, **body):
    """Somebody does something in Fortnox."""
    return shop.people.act("fortnox", verb, **body)


def edit(shop, **fields):
    """The last voucher is edited in Fortnox's screen."""
    office(shop, "edit_voucher", series="K", number=3, fields=fields)


def book_anew(shop, **fields):
    """The last voucher is deleted and booked once more by hand, text and all."""
    shown = shop.voucher(3)
    office(shop, "delete_last_voucher", series="K")
    rows = [
        {name: row[name] for name in ("Account", "Debit", "Credit", "TransactionInformation")}
        for row in shown["VoucherRows"]
    ]
    kept = {name: shown[name] for name in ("Description", "VoucherSeries", "TransactionDate")}
    office(shop, "add_voucher", fields={**kept, "VoucherRows": rows, **fields})


OTHER_CARD = [{"Removed": True}, {}, {}, {"Account": 1686, "Debit": 300, "Credit": 0}]
EDITS = [
    # what a person changes      how                                                          what is told
    ("its text",                 lambda shop: edit(shop, Description="Dagskassa"),            ["text"]),
    ("an account",               lambda shop: edit(shop, VoucherRows=OTHER_CARD),             ["entries"]),
    ("its day, booking it anew", lambda shop: book_anew(shop, TransactionDate="2026-11-24"),  ["date"]),
    ("nothing, booking it anew", book_anew,                                                   []),
]  # fmt: skip


@pytest.mark.parametrize(("change", "told"), [row[1:] for row in EDITS], ids=[row[0] for row in EDITS])
async def test_a_voucher_that_a_person_changes_is_told_once_and_never_booked_again(begun, change, told):
    """
    An open conflict; the report stays booked by that voucher, whatever is picked.
    """
    assert [] == await at_rest(begun)
    change(begun)
    begun.wait(days=2)
    assert told == await at_rest(begun)
    begun.wait(days=2)
    assert told == await at_rest(begun)
    async with begun.running():
        for each in await begun.desk.conflicts():
            await begun.desk.resolve(each["id"], "partner")
    assert [] == await at_rest(begun)
    assert (3, 2) == (len(begun.vouchers()), len(posts(begun)))


async def test_a_last_voucher_that_a_person_deletes_is_told_once_and_not_booked_again_alone(begun):
    """
    A person knows why; `ignore` leaves it so.
    """
    assert [] == await at_rest(begun)
    office(begun, "delete_last_voucher", series="K")
    begun.wait(days=2)
    assert ["REC02"] == await at_rest(begun)
    begun.wait(days=2)
    assert ["REC02"] == await at_rest(begun)
    assert (ALL[:2], 2) == (texts(begun), len(posts(begun)))
    async with begun.running():
        (gone,) = await begun.desk.parked()
        await begun.desk.ignore(gone["id"])
    assert [] == await at_rest(begun)


@pytest.mark.parametrize("by", ["a person", "the next report"])
@pytest.mark.parametrize("seen", [True, False], ids=["and it was seen", "before anybody looked"])
async def test_a_number_that_is_given_again_is_not_taken_for_the_voucher_it_was(begun, by, seen):
    """
    The last voucher was deleted, and its number went to another one: what is booked under it now is that.
    """
    assert [] == await at_rest(begun)
    office(begun, "delete_last_voucher", series="K")
    if seen:
        begun.wait(days=2)
        assert ["REC02"] == await at_rest(begun)
    rows = [{"Account": 1910, "Debit": 5, "Credit": 0}, {"Account": 3004, "Debit": 0, "Credit": 5}]
    if by == "a person":
        day = begun.local().date().isoformat()
        fields = {
            "Description": "Rättelse",
            "VoucherSeries": "K",
            "TransactionDate": day,
            "VoucherRows": rows,
        }
        office(begun, "add_voucher", fields=fields)
    else:
        begun.day(quantity=7)
    begun.wait(days=2)
    left = await at_rest(begun)
    assert left, "nobody is told that a report is not booked any more"
    begun.wait(days=2)
    assert left == await at_rest(begun)
    assert (3, 2 + (by != "a person")) == (len(begun.vouchers()), len(posts(begun)))


async def test_a_number_that_is_given_again_while_the_answer_is_lost_is_found_by_its_mark(begun):
    """
    What was sent is there, under the number of a voucher that is gone: only that one is told of.
    """
    assert [] == await at_rest(begun)
    office(begun, "delete_last_voucher", series="K")
    begun.day(quantity=7)
    begun.world.faults.add(Fault(**POST, fault="lost_after"))
    begun.wait(days=2)
    assert ["REC02"] == await at_rest(begun)
    assert ([*ALL[:2], "Kassa 1, Z-rapport 4, 2026-11-23"], 3) == (texts(begun), len(posts(begun)))


async def test_a_voucher_of_a_person_in_our_series_is_left_alone(begun):
    """
    It has no mark: it is nobody's report, and ours go on behind it.
    """
    rows = [{"Account": 1910, "Debit": 5, "Credit": 0}, {"Account": 3004, "Debit": 0, "Credit": 5}]
    fields = {
        "Description": "Av misstag",
        "VoucherSeries": "K",
        "TransactionDate": "2026-11-23",
        "VoucherRows": rows,
    }
    office(begun, "add_voucher", fields=fields)
    assert [] == await at_rest(begun)
    assert [ALL[0], "", *ALL[1:]] == texts(begun)
