"""One accepted request, as the handlers see it."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from daemon.sandbox.eskassa.state import State
from daemon.sandbox.web import Request


class Call(Struct, frozen=True, kw_only=True):
    """The decoded values in its `path`, its `query` by lower-case name, and the request itself."""

    state: State
    path: tuple[str, ...]
    query: Mapping[str, str]
    request: Request

    @property
    def body(self) -> bytes:
        """The body as it came."""
        return self.request.body

    @property
    def content_type(self) -> str:
        """The media type of the body, without its parameters."""
        return self.request.headers.get("content-type", "").partition(";")[0].strip().lower()
