"""The parts put together: what a request is counted as, and what an operator may call a register."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest

from daemon.bootstrap.house import House
from daemon.core.budget import BUDGETS
from daemon.errors import ConfigError, StateError
from daemon.events import Events
from daemon.sandbox import web
from daemon.service.logs import quiet
from tests.town import URL, Town, TownClock

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


@pytest.mark.row("D6")
async def test_what_an_old_pass_decides_during_a_reload_is_decided_anew_under_the_new_rules(tmp_path):
    """A conflict that nobody decided is decided since the reload, though an old pass ran after its build."""
    town = Town(tmp_path)
    town.set(decides={"phone": "nobody"})
    town.people.new_customer(Name="Ek AB", Phone1="1")
    async with town.running():
        await town.sync()
        town.people.edit_customer("1", Phone1="2")
        town.people.edit_organisation(town.people.organisation("Ek AB"), Telephone="3")
        town.wait(minutes=11)
        assert (await town.sync()).outcome == "conflict"
        before = town.house.loops["webcrm"]
        town.configure('"phone" = "nobody"', '"phone" = "fortnox"')
        await town.house.build(town.config(), {})
        await before.run_pass(None)
        assert (await town.sync()).outcome == "ok"
    assert town.people.organisation("Ek AB")["OrganisationTelephone"] == "2"


@pytest.mark.row("D6")
async def test_a_company_that_a_reload_removes_is_closed_and_not_shown(tmp_path):
    """`status` names the companies of the config in force; the old ones' connections are closed."""
    town = Town(tmp_path)
    async with town.running():
        (shown,) = await town.vendors.companies()
        old = dict(town.house.loops)
        closed = _told_when_closed(town.house.companies["sandbox"])
        text = town.config_path.read_text("utf-8").replace("[company.sandbox]", "[company.other]")
        town.config_path.write_text(text.replace('company = "sandbox"', 'company = "other"'), "utf-8")
        await town.house.build(town.config(), {})
        (now_shown,) = await town.vendors.companies()
        assert closed == []
        await town.house.drop(old.values())
    assert (shown["name"], now_shown["name"]) == ("sandbox", "other")
    assert len(closed) == 2


def _told_when_closed(end):
    closed = []
    for client in end.clients:

        async def close(client=client):
            closed.append(client)

        client.aclose = close
    return closed


async def test_a_name_given_to_another_account_is_that_account_s(tmp_path):
    """What waited at the old account is listed under its identity; `status` counts the new one's."""
    town = Town(tmp_path)
    town.people.new_organisation("Ek AB")
    async with town.running():
        await town.sync()
        linked = (await town.desk.status_of("webcrm"))["counts"]["linked"]
        account = town.config().connectors["webcrm"].account
        town.configure(f'account = "{account}"', 'account = "another"')
        await town.house.build(town.config(), {})
        status = await town.desk.status_of("webcrm")
    assert (linked, status["counts"]["linked"]) == (1, 0)


@pytest.mark.row("D6")
async def test_a_renewed_pair_that_the_disk_refused_is_not_lost_by_a_reload(tmp_path):
    """The company that a reload builds anew goes on with the pair: the refresh token before it is spent."""
    town = Town(tmp_path)
    town.configure('overlap = "10m"', 'overlap = "10m"\ngrant = "authorization_code"')
    async with town.running():
        await town.vendors.authorize("sandbox", _code(town), URL)
        town.wait(hours=2)
        answered = town.world.log.since(0)[-1]["seq"]

        def full(step):
            if step == "commit" and town.requests("fortnox", since=answered):
                raise StateError("DBS02", "the disk is full", "state", "free some")

        town.watch = full
        with pytest.raises(StateError):
            await town.sync()
        town.watch = lambda _step: None
        town.configure('overlap = "10m"', 'overlap = "11m"')
        await town.house.build(town.config(), {})
        report = await town.sync()
        asked = [each for each in town.requests("fortnox", since=answered) if "token" in each["path"]]
    assert (report.outcome, [each["status"] for each in asked]) == ("ok", [200])


def _code(town):
    """An administrator's consent, as the browser brings it back."""
    scopes = " ".join(town.config().companies["sandbox"].scopes)
    query = {"client_id": "fortnox-syncd", "response_type": "code", "state": "1", "scope": scopes}
    link = web.Request(
        method="GET", path="/oauth-v1/auth", query=tuple({**query, "redirect_uri": URL}.items())
    )
    back = town.world.exchange("fortnox", link).response.headers["location"]
    return dict(parse_qsl(urlsplit(back).query))["code"]


class CutOff:
    """The notes of a process that never stopped cleanly."""

    async def noted(self, name):
        return "yes" if name == "running" else None

    async def note(self, name, value):
        """Nobody asks again."""


@pytest.mark.row("D2")
async def test_after_a_crash_fortnox_is_left_alone_until_the_last_calls_have_left_its_window():
    """All slots count from the last call of the process that was killed, not from its last commit."""
    clock = TownClock()
    house = House(CutOff(), clock, None, Events(quiet))
    await house.remember_budgets(clock.now().timestamp() - 2)
    throttle = house._throttle("fortnox|abc|1234567", BUDGETS["fortnox"])
    used = [throttle.used]
    for passed_s in (3.9, 0.2):
        clock.passed_s += passed_s
        used.append(throttle.used)
    assert used == [24, 24, 0]
