"""
What is held for the same reason is asked about once in a pass, not once for each record.
"""

from __future__ import annotations

import pytest

from tests.rows.test_till_reports import a_shop

pytestmark = pytest.mark.row("K2")
MANY = 12

WHY = [
    # what hinders            the person's verb                        the register that says so
    ("a missing year",        None,                                    "/3/financialyears"),
    ("a locked period",       ("lock_period", {"until": "2026-12-31"}), "/3/settings/lockedperiod"),
    ("an inactive account",   ("deactivate_account", {"number": "1580"}), "/3/accounts"),
]  # fmt: skip


@pytest.mark.parametrize(("verb", "path"), [row[1:] for row in WHY], ids=[row[0] for row in WHY])
async def test_what_hinders_many_reports_is_asked_about_once_in_a_pass(tmp_path, verb, path):
    """
    A company may wait for weeks with its new year, four registers a day: each pass would take minutes.
    """
    shop = a_shop(tmp_path)
    if verb:
        shop.people.act("fortnox", verb[0], **verb[1])
    else:
        shop.until("2027-01-02T18:00:00")
    for _ in range(MANY):
        shop.day()
    async with shop.running():
        for _ in range(2):
            before = len(shop.requests("fortnox"))
            await shop.sync()
            asked = [each for each in shop.requests("fortnox")[before:] if each["path"] == path]
            assert len(asked) <= 6
        assert MANY == len(await shop.desk.parked())
