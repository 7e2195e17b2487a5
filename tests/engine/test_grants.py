"""What a person must mend first is not taken for a write that may have happened."""

from __future__ import annotations

import pytest

from daemon.errors import GrantError
from daemon.sandbox.faults import BODIES, Fault
from tests.town import Town

LACKS_SCOPE = {"ErrorInformation": {"error": 1, "message": "Saknar behörighet.", "code": 2000663}}


@pytest.mark.parametrize("linked", [False, True], ids=["a creation", "an update"])
async def test_a_write_that_the_consent_does_not_cover_was_never_made(tmp_path, monkeypatch, linked):
    """
    The pass ends for want of the scope, nothing is unknown, and the record crosses once the scope is there.
    """
    monkeypatch.setitem(BODIES, ("fortnox", 400), LACKS_SCOPE)
    town = Town(tmp_path)
    organisation = town.people.new_organisation("Ek AB")
    async with town.running():
        if linked:
            await town.sync()
        town.people.edit_organisation(organisation, Telephone="1")
        for method in ("POST", "PUT"):
            town.world.faults.add(
                Fault(system="fortnox", method=method, path="/3/*", fault="status", status=400)
            )
        with pytest.raises(GrantError, match="AUT07"):
            await town.sync()
        assert (await town.desk.intents(), await town.desk.parked()) == ([], [])
        town.world.faults.clear()
        assert (await town.sync()).outcome == "ok"
    assert [each["Phone"] for each in town.people.customers()] == ["1"]
