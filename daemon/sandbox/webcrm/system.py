"""The pretend webCRM: one system called "sandbox" behind the vendor's API and screens."""

from __future__ import annotations

import urllib.parse
from collections.abc import Mapping
from typing import Any

import msgspec

from daemon.sandbox.web import ActionError, Now, Pretend, Request, Response, http_date
from daemon.sandbox.webcrm import auth, routes
from daemon.sandbox.webcrm.actions import VERBS
from daemon.sandbox.webcrm.fill import fill
from daemon.sandbox.webcrm.state import State, set_switch
from daemon.sandbox.webcrm.switches import SWITCHES, allows
from daemon.sandbox.webcrm.values import Refusal

LOGINS = {("POST", "/auth/apilogin"): auth.log_in, ("POST", "/auth/apirefresh"): auth.renew}


class Webcrm(Pretend):
    """Answers as webCRM's REST API v1 does, from memory; starts with settings only."""

    name = "webcrm"

    def __init__(self, now: Now) -> None:
        self._now = now
        self._auth = auth.Auth(now)
        self._state = State(now, self._auth)
        self._state.clear()

    def handle(self, request: Request) -> Response:
        """Answer one request; every answer tells the server's time in `date`."""
        try:
            response = self._answer(request)
        except Refusal as refusal:
            message = refusal.message.encode("utf-8", "replace").decode()
            response = Response.json(refusal.status, {"Message": message, "Type": refusal.kind})
        headers = {**response.headers, "date": http_date(self._now())}
        return msgspec.structs.replace(response, headers=headers)

    def _answer(self, request: Request) -> Response:
        switches = self._state.switches
        login = LOGINS.get((request.method, request.path.rstrip("/").lower()))
        if login is not None:
            lifetime_s, failure = switches["token_lifetime_s"], switches["login_failure"]
            return login(self._auth, request, lifetime_s=lifetime_s, failure=failure)
        owner = auth.caller(self._auth, request)
        if owner is None:
            return Response(status=401)
        if (throttled := auth.count_call(self._auth, owner, switches["rate_limit"])) is not None:
            return throttled
        handler, path = routes.find(request.method, request.path)
        if request.method != "GET":
            auth.demand_write(owner)
        call = routes.Call(
            state=self._state,
            by=owner.name,
            may_write=owner.may_write,
            path=tuple(urllib.parse.unquote(value) for value in path),
            query={name.lower(): value for name, value in request.query},
            body=request.body,
        )
        return handler(call)

    def client_of(self, request: Request) -> str:
        """The name of the application token that is asking, also while it logs in."""
        if "authorization" in request.headers:
            owner = auth.caller(self._auth, request)
        else:
            owner = auth.owner_of(auth.form(request).get("authcode", ""))
        return owner.name if owner else ""

    def act(self, verb: str, body: Mapping[str, Any]) -> Any:
        """Do what a person does in webCRM's screens."""
        if verb not in VERBS:
            raise ActionError(f"there is no {verb}; there are {', '.join(VERBS)}")
        try:
            return VERBS[verb][0](self._state, body)
        except Refusal as refusal:
            raise ActionError(refusal.message) from refusal

    def verbs(self) -> Mapping[str, str]:
        """Each verb of `act` with one line of help."""
        return {verb: help_text for verb, (_, help_text) in VERBS.items()}

    def switches(self) -> Mapping[str, Any]:
        """What webcrm.md leaves open, as it is set now."""
        return dict(self._state.switches)

    def switch(self, name: str, value: Any) -> None:
        """Set a switch; records already kept follow."""
        if name not in SWITCHES:
            raise ActionError(f"there is no switch {name}; there are {', '.join(SWITCHES)}")
        if not allows(name, value):
            raise ActionError(f"{name} cannot be {value!r}")
        set_switch(self._state, name, value)

    def reset(self, *, filled: bool, seed: int) -> None:
        """Start over: default switches and fields, everybody logged out; `filled` adds ten organisations."""
        self._state.clear()
        if filled:
            fill(self._state, seed)
