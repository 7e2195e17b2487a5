"""
What may be changed in a Fortnox document, by its state: the table a bookkeeper can check.
"""

from __future__ import annotations

import pytest

from daemon.core.legal import CONTENT, locked

# fmt: off
MAY_CHANGE = {
    # state                                text   date   delivery date   currency   rows
    "order":                              (True,  True,  True,           True,      True),
    "invoiced":                           (True,  False, False,          False,     False),
    "invoice":                            (True,  True,  True,           True,      True),
    "booked":                             (False, False, False,          False,     False),
    "cancelled":                          (False, False, False,          False,     False),
}
# fmt: on
FIELDS = ("text", "date", "delivery_date", "currency", "rows")


@pytest.mark.parametrize(("state", "may"), MAY_CHANGE.items(), ids=MAY_CHANGE)
def test_what_fortnox_lets_be_changed(state, may):
    """Only what nobody has booked, cancelled or invoiced; of an order's invoice the text."""
    shut = locked({"state": state, "key": "invoice:7"})
    assert dict(zip(FIELDS, may, strict=True)) == {field: field not in shut for field in FIELDS}
    assert set(FIELDS) == CONTENT


@pytest.mark.parametrize("state", ["invoiced", "booked", "cancelled"])
def test_an_edit_of_locked_rows_waits_for_a_person_and_others_are_listed(state):
    """Rows are money; the reason names the document."""
    shut = locked({"state": state, "key": "invoice:7"})
    assert {"rows"} == {field for field, lock in shut.items() if lock.parks}
    assert "invoice 7" in shut["rows"].why


def test_rows_with_prices_that_include_vat_are_fortnoxs_own():
    """webCRM's prices do not; all else may change."""
    shut = locked({"state": "order", "key": "order:7", "vat_included": True})
    assert {"rows"} == set(shut)
    assert "VAT" in shut["rows"].why
