"""
Writes that a vendor answers well and does not do.
"""

from __future__ import annotations

import pytest

from daemon.sandbox import web
from daemon.sandbox.world import Outcome
from tests.rows.acts import listed
from tests.town import Town

EDITS = {
    "webCRM decides": ({"Phone1": "2"}, {"Telephone": "2"}),
    "Fortnox decides": ({"Name": "B"}, {"Name": "B"}),
}


@pytest.mark.parametrize(("ours", "theirs"), EDITS.values(), ids=EDITS)
async def test_an_edit_that_webcrm_swallows_is_sent_again_and_undoes_nobody(tmp_path, ours, theirs):
    """
    Also of a field that webCRM decides: what was never taken is no person's edit.
    """
    town = Town(tmp_path)
    async with town.running():
        town.people.new_customer(Name="Alfa AB", Phone1="1")
        await town.sync()
        town.people.edit_customer("1", **ours)
        exchange = town.world.exchange
        town.world.exchange = swallowing(exchange)
        assert "unknown" == (await town.sync()).outcome
        town.world.exchange = exchange
        for _ in range(3):
            town.wait(minutes=20)
            await town.sync()
        assert [] == await listed(town)
    (organisation,) = town.people.organisations()
    assert theirs == {name: organisation[f"Organisation{name}"] for name in theirs}
    assert ours == {name: town.people.customer("1")[name] for name in ours}


def swallowing(exchange):
    """webCRM, as if it answered each change well and did nothing."""

    def swallow(system, request):
        if system == "webcrm" and request.method == "PUT":
            return Outcome(response=web.Response(status=204, headers={}, body=b""))
        return exchange(system, request)

    return swallow
