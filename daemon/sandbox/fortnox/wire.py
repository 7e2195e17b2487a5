"""JSON as Fortnox writes and reads it, and the headers around it (fortnox.md 5)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import msgspec

from daemon.sandbox.fortnox.errors import Refused, envelope, refusal
from daemon.sandbox.web import Request, Response

BASE_URL = "https://api.fortnox.se/3"
HEADERS = {
    "content-type": "application/json",
    "server": "Fortnox",
    "x-build": "sandbox",
    "strict-transport-security": "max-age=31536000",
}
UPLOADS = {"/3/inbox", "/3/inbox/"}  # these read a form with a file, nothing else
READABLE = {"application/json", "application/*", "*/*"}
DECODER = msgspec.json.Decoder(float_hook=Decimal)
ENCODER = json.JSONEncoder(separators=(",", ":"))


def encode(value: Any) -> bytes:
    r"""`value` as Fortnox writes JSON: `/` as `\/`, everything outside ASCII as `\uXXXX`."""
    return ENCODER.encode(value).replace("/", "\\/").encode("ascii")


def answer(status: int, value: Any = None, headers: Mapping[str, str] | None = None) -> Response:
    """A response of `/3`; without a body when `value` is None."""
    if value is None:
        kept = {name: text for name, text in HEADERS.items() if name != "content-type"}
        return Response(status=status, headers={**kept, **(headers or {})})
    return Response(status=status, headers={**HEADERS, **(headers or {})}, body=encode(value))


def pdf(content: bytes) -> Response:
    """A PDF, though the request must accept JSON (5)."""
    return Response(status=200, headers={**HEADERS, "content-type": "application/pdf"}, body=content)


def octets(content: bytes) -> Response:
    """The bytes of a file (16)."""
    return Response(status=200, headers={**HEADERS, "content-type": "application/octet-stream"}, body=content)


def refused(error: Refused) -> Response:
    """A refusal in its envelope."""
    return answer(error.status, envelope(error))


def check_media_types(request: Request) -> None:
    """Refused 1000030 or 1000031 unless the request reads JSON and sends it, or a form with a file."""
    accepted = {
        part.partition(";")[0].strip().lower() for part in request.headers.get("accept", "*/*").split(",")
    }
    if not accepted & READABLE:
        raise refusal(1000030)
    sent = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    bare = not request.body and not sent  # an action is a PUT of nothing (11, 12.4)
    wanted = "multipart/form-data" if request.path in UPLOADS else "application/json"
    if request.method in {"POST", "PUT"} and sent != wanted and not bare:
        raise refusal(1000031)


def unwrap(body: bytes, wrapper: str) -> dict[str, Any]:
    """The fields inside `{"<wrapper>": {…}}`; refused 2001392 or 2002115."""
    if not body.strip():
        raise refusal(2001392)
    try:
        value = DECODER.decode(body)
    except (msgspec.MsgspecError, ValueError, ArithmeticError, RecursionError) as error:
        raise refusal(2002115) from error
    if not isinstance(value, dict) or list(value) != [wrapper]:
        raise refusal(2001392)
    fields = value[wrapper]
    if not isinstance(fields, dict) or not fields:
        raise refusal(2001392)
    return fields


def url(*parts: str) -> str:
    """The `@url` of a record; every part is percent-encoded."""
    return "/".join((BASE_URL, *(quote(part, safe="") for part in parts)))
