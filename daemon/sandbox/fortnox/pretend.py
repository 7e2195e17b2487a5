"""The pretend Fortnox as one object: who asks, may they, and which part answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from daemon.sandbox.fortnox import fill, limits, people, switches, warehouse, wire
from daemon.sandbox.fortnox.errors import Refused, refusal
from daemon.sandbox.fortnox.oauth import Oauth, basic, bearer, claimed_client
from daemon.sandbox.fortnox.routes import route
from daemon.sandbox.web import Now, Pretend, Request, Response

UNAUTHORIZED = {"message": "unauthorized"}


class Fortnox(Pretend):
    """
    Fortnox for two tenants, 1234567 and 7654321, in memory; starts with settings only.

    Clients: `fortnox-syncd` and `people` (consent in 1234567), `other-company` (consent in 7654321).
    """

    name = "fortnox"

    def __init__(self, now: Now) -> None:
        self._now = now
        self._switches = switches.defaults()
        self._oauth = Oauth(now, self._switches)
        self.reset(filled=False, seed=0)

    def handle(self, request: Request) -> Response:
        """Answer as Fortnox would. Never raises for anything a client can send."""
        if request.path.startswith("/oauth-v1/"):
            return self._authorization(request)
        grant = self._oauth.grant_of(bearer(request))
        if grant is None:
            return wire.answer(401, UNAUTHORIZED)
        now = self._now()
        left_s = limits.wait_s(
            self._arrivals,
            (grant.client_id, grant.tenant),
            now,
            counts_refused=self._switches["throttle_counts_refused"],
        )
        if left_s > 0:
            return limits.too_many(self._switches, now, left_s)
        if request.path.startswith("/api/"):
            return warehouse.handle(self.companies[grant.tenant], grant.scopes, request)
        try:
            scope, handler = route(request.path, request.method)
            if scope not in grant.scopes:
                raise refusal(2000663)
            wire.check_media_types(request)
            return handler(self.companies[grant.tenant], request)
        except Refused as refused:
            return wire.refused(refused)

    def client_of(self, request: Request) -> str:
        """The client id of a token (living or not), a Basic header or an authorize link; "" when unknown."""
        return (
            claimed_client(bearer(request)) or basic(request)[0] or dict(request.query).get("client_id", "")
        )

    def act(self, verb: str, body: Mapping[str, Any]) -> Any:
        """Do what a person does in Fortnox's screens. JSON-able in and out; ActionError if refused."""
        return people.act(self.companies, self._oauth, verb, body)

    def verbs(self) -> Mapping[str, str]:
        """Each verb of `act` with one line of help."""
        return dict(people.VERBS)

    def switches(self) -> Mapping[str, Any]:
        """The open behaviours (switches.py) with their present setting."""
        return dict(self._switches)

    def switch(self, name: str, value: Any) -> None:
        """Set one of `switches`. ActionError for an unknown name or value."""
        self._switches[name] = switches.checked(name, value)

    def reset(self, *, filled: bool, seed: int) -> None:
        """
        Start over: records, numbers, consents, tokens and rate windows; the switches stay.

        `filled` gives tenant 1234567 a believable company; 7654321 always has settings only.
        """
        self.companies = fill.companies(self._now, self._switches, filled=filled, seed=seed)
        self._oauth.reset()
        self._arrivals: limits.Arrivals = {}

    def _authorization(self, request: Request) -> Response:
        routes = {
            "/oauth-v1/auth": ("GET", self._oauth.authorize),
            "/oauth-v1/token": ("POST", self._oauth.token),
            "/oauth-v1/revoke": ("POST", self._oauth.revoke),
        }
        found = routes.get(request.path.removesuffix("/"))
        if found is None:
            return Response(status=404)
        method, handler = found
        return (
            handler(request) if request.method == method else Response(status=405, headers={"allow": method})
        )
