"""The pretend ES Kassasystem: one shop with four registers, behind the vendor's two APIs and at the tills."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from daemon.sandbox.eskassa import auth
from daemon.sandbox.eskassa.actions import VERBS
from daemon.sandbox.eskassa.call import Call
from daemon.sandbox.eskassa.fill import fill
from daemon.sandbox.eskassa.routes import Route, find
from daemon.sandbox.eskassa.state import State
from daemon.sandbox.eskassa.switches import SWITCHES, allows
from daemon.sandbox.eskassa.wire import Refusal, answer, plain
from daemon.sandbox.web import ActionError, Now, Pretend, Request, Response

GUID = re.compile("[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}")


class Eskassa(Pretend):
    """Answers as dinkassa.se does, from memory; starts with registers and settings only."""

    name = "eskassa"

    def __init__(self, now: Now) -> None:
        self._auth = auth.Auth(now)
        self._state = State(now, self._auth)

    def handle(self, request: Request) -> Response:
        """Answer one request."""
        self._state.catch_up()
        try:
            return self._answer(request)
        except Refusal as refusal:
            message = refusal.message.encode("utf-8", "replace").decode()
            return answer(refusal.status, {"Message": message})

    def _answer(self, request: Request) -> Response:
        route, values = find(request.method, request.path)
        client = self._client(route, request)
        crowd = auth.refuse_crowd(self._auth, client, self._state.switches)
        if crowd is not None:
            return crowd
        query = {name.lower(): value for name, value in request.query}
        key = self._fresh_key(query.get("requestkey"))
        path = tuple(unquote(value) for value in values)
        response = route.handler(Call(state=self._state, path=path, query=query, request=request))
        if key is not None:
            self._state.request_keys.add(key)
        return self._maybe_timed_out(request, route, response)

    def _client(self, route: Route, request: Request) -> str:
        """Who is asking. Refusal 401 or 403; 406 where only JSON is spoken (2)."""
        if route.door == "nobody":
            return auth.claimed_client(self._auth, request) or "login"
        if route.door == "report":
            return auth.report_client(self._auth, request.headers, self._state.switches["report_auth"])
        client = auth.machine_client(request.headers)
        accepted = request.headers.get("accept", "").lower().split(",")
        if not any(part.partition(";")[0].strip() == "application/json" for part in accepted):
            raise Refusal(406, "Accept must be application/json.")
        return client

    def _fresh_key(self, key: str | None) -> str | None:
        """A requestKey that has not been used (2.2), to be remembered once its work is accepted."""
        if key is None:
            return None
        plain = key.lower()
        if not GUID.fullmatch(plain):
            raise Refusal(409, "requestKey must be a GUID.")
        plain = plain.replace("-", "")
        if plain in self._state.request_keys:
            raise Refusal(409, "requestKey has been used already.")
        return plain

    def _maybe_timed_out(self, request: Request, route: Route, response: Response) -> Response:
        """What the switch done_but_504 makes of a write that is done (2.2)."""
        switches = self._state.switches
        if request.method == "GET" or route.door != "machine" or not switches["done_but_504"]:
            return response
        switches["done_but_504"] -= 1
        return answer(504, {"Message": "The request timed out."})

    def client_of(self, request: Request) -> str:
        """The name of the integrator, or of the web user where no integrator is named."""
        return auth.claimed_client(self._auth, request)

    def act(self, verb: str, body: Mapping[str, Any]) -> Any:
        """Do what a person does at a till, and what goes wrong there."""
        if verb not in VERBS:
            raise ActionError(f"there is no {verb}; there are {', '.join(VERBS)}")
        self._state.catch_up()
        try:
            return plain(VERBS[verb][0](self._state, body))
        except Refusal as refusal:
            raise ActionError(refusal.message) from refusal

    def verbs(self) -> Mapping[str, str]:
        """Each verb of `act` with one line of help."""
        return {verb: help_text for verb, (_, help_text) in VERBS.items()}

    def switches(self) -> Mapping[str, Any]:
        """What dinkassa.md leaves open, as it is set now."""
        return dict(self._state.switches)

    def switch(self, name: str, value: Any) -> None:
        """Set a switch; what has happened already stays as it was."""
        if name not in SWITCHES:
            raise ActionError(f"there is no switch {name}; there are {', '.join(SWITCHES)}")
        if not allows(name, value):
            raise ActionError(f"{name} cannot be {value!r}")
        self._state.switches[name] = value

    def reset(self, *, filled: bool, seed: int) -> None:
        """Start over: default switches, everybody logged out; `filled` adds articles and customers."""
        self._state.clear(seed)
        if filled:
            fill(self._state)
