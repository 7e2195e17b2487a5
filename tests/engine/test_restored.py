"""An older state is put back, or another's: nothing is made twice, no link is lost, the operator is told."""

from __future__ import annotations

import datetime as dt
import random
import shutil
import sqlite3
from contextlib import closing
from types import SimpleNamespace

import pytest

from daemon.core import doubt
from daemon.core.records import Side
from daemon.errors import ConfigError
from daemon.service.offline import OfflineHouse
from daemon.service.operate import perform
from daemon.service.print import printed
from tests.engine import paperwork
from tests.engine.copies import (
    LINKED,
    SETTLE_S,
    WAYS,
    Lag,
    assert_right_and_at_rest,
    copied,
    creations,
    late,
    long_ago,
    none,
    put_file_back,
    put_folder_back,
    restored,
    roll_back,
)
from tests.engine.lives import EVERY, TOWNS, verdict
from tests.engine.story import calm
from tests.town import Town, TownClock

pytestmark = pytest.mark.row("D4")

CASES = [
    *((way, late) for way in WAYS),
    *((way, Lag) for way in WAYS if "machine" in way or way == "the folder of an hour ago"),
    *((way, none) for way in WAYS if "file" in way),
]


@pytest.mark.parametrize(("way", "act"), CASES, ids=[f"{way}, {act.__name__.lower()}" for way, act in CASES])
async def test_an_older_state_makes_nothing_twice(tmp_path, way, act):
    """
    Nothing is created until settle has passed and both sides were looked at; then nothing is there twice.
    """
    town = await restored(tmp_path, way, act)
    began_s, since = town.clock.passed_s, town.world.log.last_seq
    async with town.running():
        await calm(town)
        assert [made for made in creations(town, since) if made[0] < began_s + SETTLE_S] == []
        await assert_right_and_at_rest(town)


async def test_what_people_make_meanwhile_crosses_after_the_wait_and_edits_at_once(tmp_path):
    """
    A quarantine is no standstill: what is linked goes on, what is new comes once and a little later.
    """
    town = await restored(tmp_path, "the folder of a week ago")
    began_s, since = town.clock.passed_s, town.world.log.last_seq
    town.people.edit_article("102", Description="Slägga")
    town.people.new_article(ArticleNumber="A9", Description="Bricka", price=1)
    async with town.running():
        await town.sync()
        assert town.people.item("102")["QuotationLineLinkedDataItemData2"] == "Slägga"
        assert creations(town, since) == []
        await calm(town)
        ((made_s, path),) = creations(town, since)
    assert (path, made_s >= began_s + SETTLE_S) == ("/QuotationLines/LinkedData", True)


async def test_rows_are_created_too_and_wait_with_everything_that_is(tmp_path):
    """
    webCRM's lines are made one by one: one that the newer memory sent last may show itself late.
    """
    town = await restored(tmp_path, "the folder of a week ago")
    began_s, since = town.clock.passed_s, town.world.log.last_seq
    rows = paperwork.sold("order", ("102", 2, 149.5), ("103", 7, 4.5))
    town.people.fortnox("PUT", "/3/orders/1", {"Order": {"OrderRows": rows}})

    def lines() -> list[dict]:
        asked = town.requests("webcrm", since=since)
        return [item for item in asked if (item["method"], item["path"]) == ("POST", "/QuotationLines")]

    async with town.running():
        await town.sync()
        assert lines() == []
        await calm(town)
        assert lines()
        assert town.clock.passed_s >= began_s + SETTLE_S


async def test_what_an_unknown_memory_may_have_made_is_looked_for_before_it_is_made(tmp_path):
    """
    One search for each customer that was there when the state was put back, none for those that came later.
    """
    town = await restored(tmp_path, "the folder of a week ago")
    town.people.new_organisation("Ek AB")
    since = town.world.log.last_seq
    async with town.running():
        await calm(town)
        town.people.new_organisation("Flod AB")
        await calm(town)
    asked = [
        item["query"]["name"] if item["method"] == "GET" else item["request"]["Customer"]["Name"]
        for item in town.requests("fortnox", since=since)
        if item["path"] == "/3/customers" and (item["method"] == "POST" or "name" in item["query"])
    ]
    # The rest are those that the search is tested with.
    assert [name for name in asked if name in ("Ek AB", "Flod AB")] == ["Ek AB", "Ek AB", "Flod AB"]


async def test_a_lost_state_of_documents_makes_nothing_twice(tmp_path):
    """
    The folder is empty, and the last creations take effect only after the start.
    """
    town = await restored(tmp_path, "the folder of a week ago", late)
    shutil.rmtree(town.folder / "state")
    began_s, since = town.clock.passed_s, town.world.log.last_seq
    async with town.running():
        report = await town.sync()
        assert report.creations_wait
        assert (report.creations_wait.code, report.creations_wait.why) == ("", doubt.NEW)
        await calm(town)
        assert [made for made in creations(town, since) if made[0] < began_s + SETTLE_S] == []
        await assert_right_and_at_rest(town)


@pytest.mark.parametrize("name", TOWNS)
async def test_a_copy_taken_at_any_step_and_put_back_in_the_end_makes_nothing_twice(begun, name):
    """
    Before and after every commit, request and answer of a pass.
    """
    steps = []
    stage, image = await begun(name)
    town = stage.place(image)
    town.watch = steps.append
    await town.sync_once()
    for step in range(random.randrange(2 * EVERY), len(steps), 2 * EVERY):
        town = stage.place(image)
        camera = Camera(town, step)
        async with town.running():
            await calm(town)
        town.watch = lambda _step: None
        assert camera.copy, f"step {step} of {len(steps)}"
        random.choice([put_folder_back, put_file_back, roll_back])(town, camera.copy)
        async with town.running():
            await calm(town)
            assert await verdict(stage) == []


class Camera:
    """Takes a copy of the state at one step."""

    def __init__(self, town: Town, step: int) -> None:
        self.town, self.name, self.left, self.copy = town, f"copy at {step}", step, None
        town.watch = self

    def __call__(self, _step: str) -> None:
        if self.left == 0 and (self.town.folder / "state" / "state.db").exists():
            self.copy = copied(self.town, self.name)
        self.left -= 1


# ------------------------------------------------------------------ another's state


ANOTHER_COMPANY = """
UPDATE connectors SET identity = 'fortnox:7654321|webcrm:another';
UPDATE observations SET scope = 'another ' || scope;
UPDATE lookups SET scope = 'another ' || scope;
UPDATE marks SET scope = 'another ' || scope;
UPDATE listed SET scope = 'another ' || scope;
UPDATE cursors SET scope = 'another ' || scope;
"""


async def test_nothing_of_another_company_s_state_is_used(tmp_path):
    """
    The state of another tenant and another webCRM: a new memory begins beside what is in it.
    """
    town = await restored(tmp_path, "the folder of a week ago")
    with closing(sqlite3.connect(town.folder / "state" / "state.db")) as db:
        db.executescript(ANOTHER_COMPANY)
        before = db.execute("SELECT count(*) FROM links").fetchone()[0]
    since = town.world.log.last_seq
    async with town.running():
        assert (await town.sync()).creations_wait
        assert creations(town, since) == []
        await calm(town)
        await assert_right_and_at_rest(town)
    with closing(sqlite3.connect(town.folder / "state" / "state.db")) as db:
        assert db.execute("SELECT count(*) FROM links").fetchone()[0] == before + LINKED


async def test_a_state_that_was_sealed_with_another_key_is_refused(tmp_path):
    """
    Exit code 78, and nothing is sent.
    """
    town = await long_ago(tmp_path)
    (town.folder / "state" / "key").write_text("0" * 63 + "1\n")
    since = town.world.log.last_seq
    with pytest.raises(ConfigError) as refused:
        await town.sync_once()
    assert (refused.value.code, refused.value.exit_code) == ("CFG20", 78)
    assert town.writes(since) == []


# ------------------------------------------------------------------ restarts and clocks


async def test_restarts_neither_shorten_nor_lengthen_the_wait(tmp_path):
    """
    `sync` every five minutes after an old folder was put back: creations come with the fourth.
    """
    town = await restored(tmp_path, "the folder of a week ago")
    town.people.new_article(ArticleNumber="A9", Description="Bricka", price=1)
    since, made = town.world.log.last_seq, []
    for _ in range(4):
        await town.sync_once()
        town.placed_at = 0.0  # closing the file is what it shows from now on
        made.append(len(creations(town, since)))
        town.wait(minutes=5)
    assert made == [0, 0, 0, 1]


LATE_ITEM = {f"Data{place}": "-" for place in range(3, 10)} | {
    "Id": 0,
    "EntityType": "Product",
    "Data1": "A9",
    "Data2": "Bricka",
    "Price": 1,
}


async def test_what_was_read_while_creations_waited_proves_nothing(tmp_path):
    """
    A late effect of the newer memory shows after the last list in the wait: the first pass that may create
    reads the other side anew, although half an interval has not passed.
    """
    town = await restored(tmp_path, "the folder of a week ago")
    town.people.new_article(ArticleNumber="A9", Description="Bricka", price=1)
    async with town.running():
        town.wait(seconds=SETTLE_S - 30)
        await town.sync()
        item = {f"QuotationLineLinkedDataItem{name}": text for name, text in LATE_ITEM.items()}
        town.people.webcrm("POST", "/QuotationLines/LinkedData", item)
        since = town.world.log.last_seq
        town.wait(seconds=31)
        await town.house.loops["webcrm"].run_pass(Side.FORTNOX)
    assert creations(town, since) == []


async def test_a_start_that_comes_no_further_leaves_the_doubt_to_the_next(tmp_path):
    """
    Whoever only opens the state and closes it again has not judged it.
    """
    town = await restored(tmp_path, "the folder of a week ago")
    town.people.new_article(ArticleNumber="A9", Description="Bricka", price=1)
    config = town.config
    town.config = lambda: (_ for _ in ()).throw(ConfigError("CFG01", "", "", ""))
    with pytest.raises(ConfigError):
        await town.sync_once()
    town.config, town.placed_at = config, 0.0
    since = town.world.log.last_seq
    assert (await town.sync_once()).creations_wait
    assert creations(town, since) == []


class MovedClock(TownClock):
    """A clock that somebody sets; how much time passes it does not touch."""

    ahead_s = 0.0

    def now(self):
        return super().now() + dt.timedelta(seconds=self.ahead_s)


@pytest.mark.parametrize("hours", [-24, 24], ids=["back", "forward"])
async def test_a_clock_that_is_set_makes_the_wait_neither_longer_nor_shorter(tmp_path, hours):
    """
    Under doubt the wait is settle from its beginning, whatever the clock says.
    """
    clock = MovedClock()
    town = await restored_with(tmp_path, clock)
    since = town.world.log.last_seq
    async with town.running():
        await town.sync()
        clock.ahead_s += 3600 * hours
        town.wait(seconds=SETTLE_S - 120)
        await town.sync()
        assert creations(town, since) == []
        town.wait(seconds=SETTLE_S + 120)  # the jump is a doubt of its own
        await town.sync()
        assert [path for _, path in creations(town, since)] == ["/QuotationLines/LinkedData"]


async def restored_with(folder, clock) -> Town:
    """A town with this clock that finds an old state, and an article to bring over."""
    town = await long_ago(folder, clock)
    town.placed_at = town.clock.now().timestamp() + 60
    town.wait(minutes=11)
    town.people.new_article(ArticleNumber="A9", Description="Bricka", price=1)
    return town


async def test_a_clock_put_back_between_two_starts_does_not_keep_a_new_memory_waiting(tmp_path):
    """
    The state was made under a clock a year ahead; `sync` every twenty minutes creates with the second.
    """
    clock = MovedClock()
    town = Town(tmp_path, clock=clock)
    town.configure('settle = "2s"', 'settle = "15m"')
    clock.ahead_s = 365 * 86400
    await town.sync_once()
    clock.ahead_s = 0.0
    town.people.new_article(ArticleNumber="A9", Description="Bricka", price=1)
    since, made = town.world.log.last_seq, []
    for _ in range(2):
        await town.sync_once()
        made.append(len(creations(town, since)))
        town.wait(minutes=20)
    assert made == [0, 1]


# ------------------------------------------------------------------ telling


async def test_the_operator_is_told(tmp_path):
    """
    A warning in the log, the report of the pass, and `status`: until when, why, and what is known.
    """
    town = await restored(tmp_path, "the folder of a week ago", late)
    lines = []
    town.log = lambda level, name, fields: lines.append((level, name, fields))
    async with town.running():
        until = town.clock.now().replace(microsecond=0).timestamp() + SETTLE_S
        report = await town.sync()
        shown = await _status(town)
        await town.sync()
        ((level, _, told),) = [line for line in lines if line[1] == "state_may_be_old"]
        await calm(town)
        over = await _status(town)
    assert (level, told["code"], told["reason"]) == ("warning", "DBS05", doubt.PLACED_SINCE)
    assert (told["connector"], told["linked"], told["parked"]) == ("webcrm", 4, 0)
    waits = report.creations_wait
    assert (waits.code, waits.why, waits.until.timestamp()) == ("DBS05", doubt.PLACED_SINCE, until)
    assert (report.outcome, report.next_look_at) == ("unknown", waits.until)
    text = f"DBS05  nothing is created until {waits.until:%Y-%m-%dT%H:%M:%SZ}: {doubt.PLACED_SINCE}"
    assert f"webcrm: {text}" in shown.splitlines()
    assert "nothing is created" not in over


async def _status(town: Town) -> str:
    """What `fortnox-syncd status` prints."""
    house = SimpleNamespace(loops=town.house.loops, desk=town.desk, clock=town.clock, vendors=town.vendors)
    answer = await perform(OfflineHouse(house, town.config()), "status", {})
    return printed("status", answer)
