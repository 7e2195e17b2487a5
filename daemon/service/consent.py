"""
A person's consent in a browser: the address to open, and the redirect that brings the code back.

Source: fortnox.md 2.1 (authorize), 3 (consent of a service account).
"""

from __future__ import annotations

import socket
from typing import Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import h11

from daemon.config import Company
from daemon.errors import DaemonError, GrantError

CODE_LIVES_S: Final = 600.0
LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
PAGE: Final = "<!doctype html><meta charset=utf-8><title>fortnox-syncd</title><p>{}</p>"
THANKS: Final = PAGE.format("Thank you. You may close this page.").encode()
SORRY: Final = PAGE.format("That did not work. See the terminal.").encode()


def consent_url(company: Company, state: str) -> str:
    """Where a person consents; `state` is unpredictable and comes back with the code."""
    query = {
        "client_id": company.client_id,
        "redirect_uri": company.redirect_uri,
        "scope": " ".join(company.scopes),
        "state": state,
        "access_type": "offline",
        "response_type": "code",
    }
    if company.grant == "client_credentials":
        query["account_type"] = "service"
    return f"{company.auth_url}/oauth-v1/auth?{urlencode(query, quote_via=quote)}"


def read_redirect(redirected: str, state: str) -> str:
    """The code in the address that the browser was sent to. Raises GrantError CTL08."""
    values = dict(parse_qsl(urlsplit(redirected.strip()).query))
    if values.get("state") != state:
        raise _refused(
            "the answer does not belong to this question", "open the address that was just printed"
        )
    if "code" not in values:
        said = values.get("error_description") or values.get("error") or "no code"
        raise _refused(
            f"the consent was not given: {said[:200]!r}", "let an administrator of the company approve"
        )
    return values["code"]


def _refused(what: str, todo: str) -> GrantError:
    return GrantError("CTL08", what, "authorize", todo)


class Redirect:
    """A listener for the one redirect, on this host only. Open it before the address is shown."""

    def __init__(self, redirect_uri: str) -> None:
        """Raises DaemonError CTL04 when it cannot listen at `redirect_uri`."""
        target = urlsplit(redirect_uri)
        self._path = target.path or "/"
        if target.hostname not in LOOPBACK or target.scheme != "http":
            what = "the redirect does not come to this host"
            raise DaemonError("CTL04", what, redirect_uri, "use --paste")
        try:
            self._listening = socket.create_server((target.hostname, target.port or 80))
        except OSError as error:
            what = f"cannot listen for the redirect: {error.strerror}"
            raise DaemonError("CTL04", what, redirect_uri, "free the port, or use --paste") from error

    def wait(self, state: str, limit_s: float = CODE_LIVES_S) -> str:
        """The code. Other visitors (an icon, a stray tab) are sent away. Raises GrantError CTL08."""
        with self._listening:
            self._listening.settimeout(limit_s)
            while True:
                try:
                    visitor, _ = self._listening.accept()
                except TimeoutError as error:
                    raise _refused("nobody consented in time", "run authorize again") from error
                with visitor:
                    visitor.settimeout(5)
                    target = _target(visitor)
                    if urlsplit(target).path != self._path:
                        _answer(visitor, 404, SORRY)
                        continue
                    try:
                        code = read_redirect(target, state)
                    except GrantError:
                        _answer(visitor, 400, SORRY)
                        raise
                    _answer(visitor, 200, THANKS)
                    return code


def _target(visitor: socket.socket) -> str:
    """The address asked for, "" when the visitor speaks no HTTP."""
    speaker = h11.Connection(h11.SERVER)
    try:
        while (event := speaker.next_event()) is h11.NEED_DATA:
            speaker.receive_data(visitor.recv(8192))
    except (OSError, h11.RemoteProtocolError):
        return ""
    return event.target.decode("latin-1") if isinstance(event, h11.Request) else ""


def _answer(visitor: socket.socket, status: int, page: bytes) -> None:
    reason = {200: "OK", 400: "Bad Request", 404: "Not Found"}[status]
    lines = (
        f"HTTP/1.1 {status} {reason}",
        "Content-Type: text/html",
        f"Content-Length: {len(page)}",
        "Connection: close",
    )
    head = "\r\n".join(lines) + "\r\n\r\n"
    try:
        visitor.sendall(head.encode() + page)
    except OSError:
        return  # the visitor left; what it brought is what counts
