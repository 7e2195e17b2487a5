"""The parts put together: what a request is counted as, and what an operator may call a register."""

from __future__ import annotations

import pytest

from daemon.bootstrap.house import House
from daemon.errors import ConfigError
from daemon.events import Events
from daemon.service.logs import quiet
from tests.town import Town

CALLS = [
    # the answer                 system     outcome    throttled
    ("an ordinary one", "fortnox", 200, 0),
    ("the limit of Fortnox", "fortnox", 429, 1),
    ("the limit of webCRM", "webcrm", 429, 1),
    ("a refusal", "webcrm", 400, 0),
    ("none at all", "fortnox", "timeout", 0),
]


@pytest.mark.row("D5")
@pytest.mark.parametrize(
    ("system", "outcome", "count"), [call[1:] for call in CALLS], ids=[call[0] for call in CALLS]
)
def test_an_answer_that_asks_us_to_slow_down_is_counted(system, outcome, count):
    """Each request is counted once, and once more when a vendor asked us to wait."""
    events, told = Events(quiet), []

    def connect(_system, _url, _throttle, _clock, *, observe):
        told.append(observe)

    House(None, None, None, events, connect)._client("acme", system, "http://127.0.0.1", None)
    told[0]("GET /3/customers", outcome, 0.1)

    where = f'{{company="acme",system="{system}"}}'
    shown = f"fortnox_syncd_throttled_total{where} 1.0" in events.text().decode()
    assert count == shown
    assert "fortnox_syncd_requests_total" in events.text().decode()


@pytest.mark.row("W6")
async def test_a_register_is_called_as_in_the_config(tmp_path):
    """`import webcrm customers` works; a register that takes no part is named with those that do."""
    town = Town(tmp_path)
    town.set(articles=False)
    town.people.new_customer(Name="Ek AB")
    async with town.running():
        report = await town.sync(imports="customers")
        with pytest.raises(ConfigError) as refused:
            await town.sync(imports="articles")

    assert [step["action"] for step in report.steps] == ["create"]
    assert (refused.value.code, refused.value.todo) == ("CTL01", "use one of: customers")
