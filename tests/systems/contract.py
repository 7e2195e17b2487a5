"""
What every system's adapter promises, whatever its vendor.

A test file inherits `Contract`, and says with `vendor` how its vendor answers.
"""

from __future__ import annotations

from typing import NamedTuple

import pytest

from daemon.core.records import Lane
from daemon.errors import (
    GrantError,
    OutcomeUnknown,
    Refused,
    SessionExpired,
    Throttled,
    Unreachable,
    Unusable,
)
from daemon.systems import REGISTRY
from tests.systems.fakes import LOST, UNREACHABLE, FakeClock, FakeGrant, FakeHttp, FakeIds, reply


class Vendor(NamedTuple):
    """One vendor's answers for the contract, with a system whose customer "17" is called Acme."""

    name: str
    settings: dict
    ready: dict  # what `prepare` asks, answered
    list_route: str
    list_reply: object  # one customer, Acme
    get_route: str
    get_reply: object
    missing: object  # the answer to a key that does not exist
    create_route: str
    create_reply: object
    update_route: str
    update_reply: object
    cleared: dict  # the fields of the body when the fax is cleared


ENDS = {
    "connection refused": (UNREACHABLE, Unreachable),
    "answer lost": (LOST, OutcomeUnknown),
    "server error": (reply(500), OutcomeUnknown),
    "bad gateway": (reply(502, b"<html>"), OutcomeUnknown),
    "a page that says 200": (reply(200, b"<html>", content_type="text/html"), OutcomeUnknown),
    "throttled": (reply(429), Throttled),
    "refused": (reply(400, {"Message": "no"}), Refused),
}


class Contract:
    """Inherit, and give `vendor`."""

    vendor: Vendor

    @pytest.fixture
    def http(self):
        http = FakeHttp()
        vendor = self.vendor
        http.answers.update(vendor.ready)
        http[vendor.list_route] = vendor.list_reply
        http[vendor.get_route] = vendor.get_reply
        http[vendor.create_route] = vendor.create_reply
        http[vendor.update_route] = vendor.update_reply
        return http

    @pytest.fixture
    def grant(self):
        return FakeGrant()

    @pytest.fixture
    def clock(self):
        return FakeClock()

    @pytest.fixture
    def system(self, http, grant, clock):
        make = REGISTRY[self.vendor.name]
        return make(
            http=http,
            grant=grant,
            clock=clock,
            ids=FakeIds(),
            base_url="http://127.0.0.1:1",
            **self.vendor.settings,
        )

    async def rows(self, system, since=None, kind="customer"):
        """Every row of a reading."""
        return [row async for page in system.read(kind, since, Lane.READ) for row in page.rows]

    async def test_it_is_in_the_registry_under_its_own_name(self, system):
        """The registry, the system and the scope of its records use one name."""
        assert system.name == self.vendor.name
        assert system.scope.startswith(f"{self.vendor.name}:")

    async def test_a_reading_of_everything_says_so_on_every_page(self, system):
        """Only a complete list makes a missing record worth a look."""
        await system.prepare()

        pages = [page async for page in system.read("customer", None, Lane.READ)]

        assert all(page.complete for page in pages)
        assert ["17"] == [row.id for page in pages for row in page.rows]
        assert [row.fields["name"] for page in pages for row in page.rows] == ["Acme"]

    async def test_a_record_is_read_whole_by_its_key(self, system):
        """A reading by key shows every field."""
        await system.prepare()

        seen = await system.get("customer", "17", Lane.READ)

        assert (seen.id, seen.full, seen.fields["name"]) == ("17", True, "Acme")

    async def test_a_key_that_does_not_exist_is_none(self, system, http):
        """The vendor's own "not found" is an answer, not an error."""
        http[self.vendor.get_route] = self.vendor.missing

        assert await system.get("customer", "17", Lane.READ) is None

    async def test_a_404_of_some_other_server_is_not_a_missing_record(self, system, http):
        """A proxy's page must not make the whole register look deleted."""
        http[self.vendor.get_route] = reply(404, b"<html>nginx</html>", content_type="text/html")

        with pytest.raises(Unusable):
            await system.get("customer", "17", Lane.READ)

    async def test_only_writes_are_marked_as_having_effect(self, system, http):
        """The client shields and never repeats what has effect; readings may be repeated."""
        await system.prepare()
        await self.rows(system)
        await system.get("customer", "17", Lane.READ)
        await system.create("customer", {"name": "Acme"}, Lane.FRESH)
        await system.update("customer", "17", {"phone": "1"}, Lane.FRESH, {})
        await system.look("customer", {"name": "Acme"}, None)

        effects = [repr(each) for each in http.sent if each.request.effect]
        assert effects == [self.vendor.create_route, self.vendor.update_route]

    async def test_no_route_shows_an_id_or_a_query(self, system, http):
        """Routes are labels of metrics: there are few of them."""
        await system.prepare()
        await self.rows(system)
        await system.get("customer", "17", Lane.READ)
        await system.update("customer", "17", {"phone": "1"}, Lane.FRESH, {})

        assert not any("17" in each.request.route or "?" in each.request.route for each in http.sent)

    async def test_the_lane_is_passed_on(self, system, http):
        """Who goes first is decided by the caller."""
        await system.get("customer", "17", Lane.BULK)

        assert http.sent[-1].request.lane is Lane.BULK

    async def test_none_clears_in_the_vendors_own_way(self, system, http):
        """Clearing is said so that the vendor understands it, and nothing else is sent."""
        await system.prepare()

        await system.update("customer", "17", {"fax": None}, Lane.FRESH, {})

        (sent,) = http.named(self.vendor.update_route)
        assert sent.body == self.vendor.cleared

    async def test_a_reading_is_tried_three_times_while_nothing_was_decided(self, system, http, clock):
        """A short failure is not worth a pass."""
        await system.prepare()
        http[self.vendor.get_route] = [UNREACHABLE, reply(502), self.vendor.get_reply]

        assert (await system.get("customer", "17", Lane.READ)).id == "17"
        assert len(clock.slept) == 2

    async def test_a_reading_is_given_up_after_three_tries(self, system, http):
        """Then the pass fails and comes back later."""
        http[self.vendor.get_route] = UNREACHABLE

        with pytest.raises(Unreachable):
            await system.get("customer", "17", Lane.READ)
        assert len(http.named(self.vendor.get_route)) == 3

    async def test_a_throttled_reading_waits_as_long_as_asked(self, system, http, clock):
        """And a little longer, so that not everybody comes back at once."""
        http[self.vendor.get_route] = [reply(429, b"", retry_after="4"), self.vendor.get_reply]

        await system.get("customer", "17", Lane.READ)

        assert clock.slept == [4.5]

    async def test_a_reading_throttled_for_long_is_left_to_the_next_pass(self, system, http, clock):
        """Nobody holds a pass open for ten minutes."""
        http[self.vendor.get_route] = reply(429, b"", retry_after="600")

        with pytest.raises(Throttled):
            await system.get("customer", "17", Lane.READ)
        assert clock.slept == []

    @pytest.mark.parametrize("action", ["create", "update"])
    @pytest.mark.parametrize(("answer", "error"), ENDS.values(), ids=ENDS)
    async def test_a_write_is_sent_once_whatever_becomes_of_it(self, system, http, action, answer, error):
        """A second one could make the same record twice."""
        await system.prepare()
        route = self.vendor.create_route if action == "create" else self.vendor.update_route
        http[route] = answer

        with pytest.raises(error):
            await self.write(system, action)
        assert len(http.named(route)) == 1

    @pytest.mark.parametrize("action", ["get", "create", "update"])
    async def test_a_refused_token_is_renewed_once_and_the_request_repeated(self, system, http, action):
        """A 401 says that nothing was applied, so a write may be repeated too."""
        await system.prepare()
        route = getattr(self.vendor, f"{action}_route")
        http[route] = [reply(401, {"message": "unauthorized"}), http.answers[route]]

        await self.write(system, action)

        assert [each.token for each in http.named(route)] == ["Bearer 1", "Bearer 2"]

    async def test_two_refused_tokens_are_enough(self, system, http, grant):
        """Whatever is wrong then, a third token does not mend it, and none is kept."""
        http[self.vendor.get_route] = reply(401, {"message": "unauthorized"})

        with pytest.raises(SessionExpired):
            await system.get("customer", "17", Lane.READ)
        assert (len(http.sent), grant.number) == (2, 3)

    async def test_a_check_without_a_grant_says_so_and_asks_no_more(self, system, http, grant):
        """One missing consent is one finding, not ten."""

        async def headers():
            raise GrantError("AUT05", "the consent is used up", "here", "run authorize")

        grant.headers = headers
        (finding,) = await system.check(["customer", "article"])

        assert (finding.ok, finding.code, http.sent) == (False, "AUT05", [])

    @staticmethod
    async def write(system, action):
        """One request with effect, or a reading by key."""
        if action == "create":
            return await system.create("customer", {"name": "Acme"}, Lane.FRESH)
        if action == "update":
            return await system.update("customer", "17", {"phone": "1"}, Lane.FRESH, {})
        return await system.get("customer", "17", Lane.READ)
