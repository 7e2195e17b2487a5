"""Files of the partner's that are put to what they belong to, once that has crossed."""

from __future__ import annotations

import msgspec
import pytest

from daemon.core.agreement import Belonging
from daemon.core.plan import decide
from daemon.core.records import Seen
from daemon.core.recover import Found, born, goes_by
from daemon.core.steps import Bond, Create, Owner
from tests.core.deciding import AGREEMENT, SINCE, TABLES, F, P, alone, seen

FILES = msgspec.structs.replace(
    AGREEMENT,
    rules=(),
    gate=lambda _: True,
    recognised_by=("posting",),
    create={F: lambda file: {"name": file["name"]}},
    belongs_to=Belonging(field="posting", kind="posting", gate=lambda _: True),
    looked_for=True,
    one_way=True,
    enclosed=True,
)


def a_file(**ids):
    """A file of the partner's that belongs to a record known by these ids."""
    unit = alone(P, Seen(id="7", fields={"posting": "7", "name": "Z.pdf"}, changed_at=SINCE))
    known = {{"fortnox": F, "partner": P}[side]: record_id for side, record_id in ids.items()}
    return msgspec.structs.replace(unit, owner=Owner(kind="posting", ids=known, takes_part=True))


def test_it_waits_without_a_word_for_what_it_belongs_to():
    """
    That one tells what keeps it: one case is not told twice, and nothing is asked to cross because of a file.
    """
    decision = decide(a_file(partner="7"), FILES, TABLES)
    assert ((), None, None) == (decision.steps, decision.problem, decision.wants)
    assert decision.ignored


def test_it_is_looked_for_before_it_is_made():
    """
    By what it is put to: a look shows nothing else of it.
    """
    (step,) = decide(a_file(partner="7", fortnox="K/1/5"), FILES, TABLES).steps
    assert isinstance(step, Create)
    assert step.look
    sent = msgspec.structs.replace(step, fields={"posting": "K/1/5", "name": "Z.pdf"})
    assert ("posting",) == goes_by(sent, None) == goes_by(sent, SINCE)
    there = Seen(id="K/1/5/f", fields={"posting": "K/1/5"})
    assert Found(there) == born(sent.fields, TABLES.fortnox, [there], FILES.recognised_by)


@pytest.mark.parametrize("agreement", [FILES, msgspec.structs.replace(FILES, belongs_to=None)])
def test_one_that_the_partner_shows_no_more_stays_where_it_was_put(agreement):
    """
    As the voucher does that it belongs to.
    """
    bond = Bond(fortnox_id="1", partner_id="1", agreed={})
    unit = msgspec.structs.replace(alone(F, seen("1")), bond=bond)
    decision = decide(unit, agreement, TABLES)
    assert ((), None) == (decision.steps, decision.problem)
