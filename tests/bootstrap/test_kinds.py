"""What each kind of partner brings to a connector."""

from __future__ import annotations

import pytest

from daemon.bootstrap.kinds import KINDS

WHOSE = [
    # kind of partner  record      whose the mark is
    ("eskassa", "posting", "eskassa"),
    ("eskassa", "document", "eskassa:ab-1"),
    ("eskassa", "customer", "eskassa:ab-1"),
    ("webcrm", "document", "webcrm:ab-1"),
    ("webcrm", "customer", "webcrm:ab-1"),
]


@pytest.mark.parametrize(("kind", "record", "whose"), WHOSE)
def test_only_a_report_is_known_in_all_the_world(kind, record, whose):
    """The other ids count in one database alone; a mark that is another would make all of it twice."""
    assert whose == KINDS[kind].whose(record, f"{kind}:ab-1")
