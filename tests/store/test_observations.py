"""What an account showed: when a record is read again."""

from __future__ import annotations

import datetime as dt

import pytest

from daemon.core.records import Seen
from tests.store.test_journal import opened

SCOPE = "fortnox:1234567"
NOW = dt.datetime(2026, 11, 23, 7, 0, tzinfo=dt.UTC)
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


def row(**fields: str) -> Seen:
    """A row of a list of changes, which says less than the record."""
    return Seen(id="1", fields={"name": "Acme AB", **fields}, full=False, changed_at=NOW)


def no_names(_seen: Seen) -> dict[str, str]:
    """Nothing that twins are found by."""
    return {}


# ------------------------------------------------------------------ what is due


NEW, EDITED, AGAIN = "a new record", "a row that differs", "a row that says the same"
STORIES = [
    # what a list showed at NOW, last read, read again after, the clock then, due
    (NEW, None, HOUR, dt.timedelta(0), True),
    (NEW, None, HOUR, -DAY, True),
    (EDITED, HOUR, HOUR, dt.timedelta(0), True),
    (EDITED, HOUR, HOUR, -DAY, True),
    (EDITED, 3 * DAY, HOUR, -DAY, True),
    (AGAIN, 3 * DAY, HOUR, -DAY, True),
    (AGAIN, HOUR / 2, HOUR, HOUR / 4, False),
    (AGAIN, HOUR / 2, HOUR, HOUR, True),
    (AGAIN, HOUR / 2, HOUR, -DAY, True),
]


@pytest.mark.parametrize(("shown", "ago", "after", "later", "due"), STORIES)
async def test_what_a_list_showed_is_due_though_the_clock_is_put_back(
    tmp_path, shown, ago, after, later, due
):
    """
    The process may end before the reading by key, and no list need show the record again.
    """
    async with opened(tmp_path) as journal:

        def work(tx):
            here = tx.observations(SCOPE, "customer")
            if ago is not None:
                here.store([row()], no_names, NOW - ago)
                here.store([Seen(id="1", fields={"name": "Acme AB", "city": "Ystad"})], no_names, NOW - ago)
            again = row(phone="08-1") if shown is EDITED else row()
            here.store([again], no_names, NOW, again_after=after)
            return here.due(NOW + later, 10)

        assert list(await journal.write(work)) == (["1"] if due else [])


def whole(name: str, changed_at: dt.datetime) -> Seen:
    """A row that shows all of a record."""
    return Seen(id="1", fields={"name": name}, changed_at=changed_at)


LATE = {"as it was last": whole("B", NOW), "as it was before": whole("A", NOW - HOUR)}


@pytest.mark.parametrize("late", LATE.values(), ids=LATE)
async def test_what_a_late_list_shows_of_a_deleted_record_is_read_by_key_and_once(tmp_path, late):
    """
    Believed it would live again, and be made anew at the other side; still due it would be read for ever.
    """
    async with opened(tmp_path) as journal:

        def work(tx):
            here = tx.observations(SCOPE, "customer")
            here.store([whole("B", NOW)], no_names, NOW)
            here.store_gone("1", NOW)
            here.store([late], no_names, NOW, listed=True)
            assert (here.due(NOW, 10), here.seen("1")) == (["1"], None)
            here.store_gone("1", NOW)
            assert here.due(NOW, 10) == []
            here.store([late], no_names, NOW)
            return here.seen("1")

        assert (await journal.write(work))[0].fields == late.fields
