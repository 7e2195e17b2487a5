"""A small share of `make bench`: its counts, at a size that takes no time. Nothing here looks at a clock."""

from __future__ import annotations

import pytest

from tests.bench import idle, imports
from tests.bench.company import folder_in
from tests.bench.figure import at_least, at_most, none_of, note, table

COUNT = 60


@pytest.mark.row("W6", "D2")
@pytest.mark.parametrize("register", ["customers", "articles"])
def test_a_first_import_sends_few_more_requests_than_it_must(tmp_path, register):
    """At each vendor at most a twentieth more than the least possible, and no answer is a 429."""
    _, done = imports.old(tmp_path, register, COUNT, COUNT)
    assert done.report.written == COUNT
    assert max(imports.ratios(done, register, COUNT).values()) <= imports.MOST
    assert imports.throttled(done) == 0


def test_customers_made_minutes_ago_are_read_twice_at_most(tmp_path):
    """Once to import them, and once when the overlap in which they might have changed unseen has passed."""
    assert imports.young_note(tmp_path, COUNT).ratio <= 2


@pytest.mark.row("D2")
def test_an_idle_pass_takes_one_request_for_each_register_on_each_side(tmp_path):
    """And writes nothing."""
    sent = idle.measure(tmp_path, COUNT, COUNT)
    assert set(idle.requests(sent).values()) == {1}
    assert idle.writes(sent) == 0


def test_the_least_possible_is_what_it_says():
    """Company, pages of 500, changes since the start, a reading a customer; and at webCRM its three lists."""
    assert imports.least("customers", 60) == {"fortnox": 1 + 1 + 1 + 60, "webcrm": 1 + 1 + 60 + 1}
    assert imports.least("articles", 1001) == {"fortnox": 1 + 3 + 1, "webcrm": 1 + 1001 + 1}
    # 2,000 writes take 500 s: one interval of 6 minutes, two registers
    assert imports.least("customers", 2000) == {
        "fortnox": 1 + 4 + 1 + 2000 + 2,
        "webcrm": 1 + 1 + 2000 + 3 + 2,
    }


VERDICTS = [
    # what                          figure                                     ok
    ("at most, on the limit", at_most("f", "m", "l", 1.05, 1.05), True),
    ("at most, above the limit", at_most("f", "m", "l", 1.06, 1.05), False),
    ("at least, on the limit", at_least("f", "m", "l", 0.95, 0.95), True),
    ("at least, below the limit", at_least("f", "m", "l", 0.94, 0.95), False),
    ("none, and there is none", none_of("f", 0), True),
    ("none, and there is one", none_of("f", 1), False),
    ("only to know", note("f", "m"), None),
]


@pytest.mark.parametrize(("figure", "ok"), [row[1:] for row in VERDICTS], ids=[row[0] for row in VERDICTS])
def test_a_figure_holds_or_not(figure, ok):
    """What the exit code is made of, and what the table says of it."""
    assert figure.ok is ok
    assert table([figure]).endswith({True: "· ok", False: "· NOT OK", None: "· –"}[ok])


def test_each_town_has_a_folder_of_its_own(tmp_path):
    """Two measurements never share a state."""
    folder_in(tmp_path, "one")
    with pytest.raises(FileExistsError):
        folder_in(tmp_path, "one")
