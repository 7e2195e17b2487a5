"""
What an HTTP answer means: one table from status to error.

The same status means different things before and after a write: a 502 on a
read is "try again", on a write "it may have happened" (reliability: unknown is
not failed). Only answers that say so definitely are taken as a no.
"""

from __future__ import annotations

import datetime as dt
import functools
import math
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Final, NamedTuple, NoReturn
from urllib.parse import parse_qsl

from daemon.core.codes import CODES
from daemon.errors import (
    Gone,
    OutcomeUnknown,
    Refused,
    RemoteError,
    SessionExpired,
    Throttled,
    Unreachable,
    Unusable,
)
from daemon.ports import Reply, Request

Explain = Callable[[Reply], tuple[str, str]]  # an answer -> the vendor's own code, the vendor's message

ANSWER_CHARS_MAX: Final = 200
WAIT_DEFAULT_S: Final = 5.0
WAIT_MIN_S: Final = 1.0
WAIT_MAX_S: Final = 3600.0
SECRET_HEADERS: Final = frozenset({"authorization", "machinekey", "sessionid"})
SECRET_CHARS_MIN: Final = 6  # shorter values would blank out ordinary words


class Verdict(NamedTuple):
    """The code, and the error it is for a read and for a request with effect."""

    code: str
    read: type[RemoteError]
    effect: type[RemoteError]


BY_STATUS: Final[Mapping[int, Verdict]] = {
    #     code, after a read, after a write
    401: Verdict("AUT08", SessionExpired, SessionExpired),
    403: Verdict("AUT09", Refused, Refused),
    404: Verdict("NET13", Gone, Gone),
    408: Verdict("NET02", Unreachable, OutcomeUnknown),
    425: Verdict("NET11", Unreachable, OutcomeUnknown),
    429: Verdict("NET09", Throttled, Throttled),
}
BY_HUNDRED: Final[Mapping[int, Verdict]] = {
    3: Verdict("NET04", Unreachable, OutcomeUnknown),
    4: Verdict("NET10", Refused, Refused),
    5: Verdict("NET11", Unreachable, OutcomeUnknown),
}
OTHER: Final = Verdict("NET14", Unreachable, OutcomeUnknown)
BY_SYSTEM: Final[Mapping[tuple[str, int], Verdict]] = {
    ("fortnox", 503): Verdict("NET09", Throttled, OutcomeUnknown),  # it throttled so once, fortnox.md 4
    # dinkassa.md 2.2: a write under its key was done already, by an attempt whose answer was lost
    ("eskassa", 409): Verdict("NET10", Refused, OutcomeUnknown),
    ("eskassa", 410): Verdict("NET13", Gone, Gone),
}
BODY_WAIT: Final = b'"RetryAfterSeconds"'  # webcrm.md 3


def judge(
    system: str,
    request: Request,
    reply: Reply,
    explain: Explain | None = None,
    *,
    expects_json: bool = True,
) -> None:
    """
    Return for a 2xx answer that can be read on, raise for every other.

    `explain` reads the vendor's code and message out of an error; without one
    the body itself is quoted. A 2xx that `expects_json` and carries something
    else is NET08: Unusable for a read, OutcomeUnknown after a write.
    """
    if is_success(reply.status):
        if expects_json and not _may_be_json(reply):
            raise unreadable(
                "NET08", system, request, reply, quote(reply.body.decode("utf-8", "replace"), request)
            )
        return
    vendor_code, message = explain(reply) if explain else ("", reply.body.decode("utf-8", "replace"))
    _raise(system, request, reply, vendor_code, quote(message, request))


def is_success(status: int) -> bool:
    """2xx."""
    return status // 100 == 2  # noqa: PLR2004


def verdict(system: str, status: int) -> Verdict:
    """What a status that is not a success means."""
    for found in (BY_SYSTEM.get((system, status)), BY_STATUS.get(status), BY_HUNDRED.get(status // 100)):
        if found:
            return found
    return OTHER


def asks_to_wait(system: str, status: int) -> bool:
    """Whether everybody who calls that system should pause now."""
    return not is_success(status) and verdict(system, status).code == "NET09"


def _raise(system: str, request: Request, reply: Reply, vendor_code: str, answer: str) -> NoReturn:
    found = verdict(system, reply.status)
    kind = found.effect if request.effect else found.read
    code = "NET11" if found.code == "NET09" and _only_failed(reply) else found.code
    detail = " ".join(part for part in (str(reply.status), vendor_code, answer) if part)
    error = failure(kind, code, system, request, detail, reply.status, vendor_code, answer)
    if isinstance(error, Throttled):
        error.retry_after_s = retry_after_s(reply)
    raise error


def _only_failed(reply: Reply) -> bool:
    """Whether a 503 does not say that we should slow down: we wait a little, and call it what it is."""
    return reply.status == 503 and "retry-after" not in reply.headers  # noqa: PLR2004


def failure(
    kind: type[RemoteError],
    code: str,
    system: str,
    request: Request,
    detail: str = "",
    status: int | None = None,
    vendor_code: str = "",
    answer: str = "",
) -> RemoteError:
    """An error of `kind` in the operator's form, ready to raise. `detail` is one printable line."""
    what = f"{CODES[code].what}: {detail}" if detail else CODES[code].what
    where = f"{system} {request.route}"
    return kind(
        code,
        what,
        where,
        CODES[code].remedy,
        system=system,
        status=status,
        vendor_code=vendor_code,
        answer=answer,
    )


def unreadable(code: str, system: str, request: Request, reply: Reply, detail: str) -> RemoteError:
    """The error for a 2xx whose body is not what is documented: Unusable, after a write OutcomeUnknown."""
    kind = OutcomeUnknown if request.effect else Unusable
    return failure(kind, code, system, request, quote(detail, request), reply.status)


def _may_be_json(reply: Reply) -> bool:
    if "json" in reply.headers.get("content-type", ""):
        return True  # what is wrong inside is the decoder's to say, with the byte
    body = reply.body.strip()
    return not body or body[:1] in b'{["-0123456789' or body in (b"null", b"true", b"false")


# ------------------------------------------------------------------ how long to wait


def retry_after_s(reply: Reply) -> float:
    """
    How long they ask us to wait: 1 to 3600 s, 5 s when they do not say.

    Read from Retry-After (seconds or an HTTP date, counted from their own
    clock), else from webCRM's body (webcrm.md 3).
    """
    header = reply.headers.get("retry-after", "").strip()
    asked_s = _seconds(header) if header else _body_wait_s(reply.body)
    if asked_s is None and (until := http_date(header)):
        asked_s = (until - (reply.server_time or reply.received_at)).total_seconds()
    return WAIT_DEFAULT_S if asked_s is None else min(max(asked_s, WAIT_MIN_S), WAIT_MAX_S)


@functools.lru_cache(maxsize=8)  # answers of one second say the same
def http_date(text: str) -> dt.datetime | None:
    """An HTTP date as aware UTC, None when it is none."""
    try:
        moment = parsedate_to_datetime(text)
        return moment.replace(tzinfo=moment.tzinfo or dt.UTC).astimezone(dt.UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _seconds(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return None if math.isnan(value) else value


def _body_wait_s(body: bytes) -> float | None:
    _, found, rest = body.partition(BODY_WAIT)
    digits = rest.lstrip(b" :\t").split(b",")[0].split(b"}")[0]
    return _seconds(digits.decode("ascii", "replace")) if found else None


# ------------------------------------------------------------------ their words in ours


def quote(text: str, request: Request | None = None) -> str:
    """
    At most 200 characters of what they said, on one line.

    What is not printable is escaped as ASCII; credentials of `request` that
    they echo are blanked.
    """
    for secret in _secrets(request) if request else ():
        text = text.replace(secret, "***")
    return "".join(map(_visible, text[:ANSWER_CHARS_MAX]))[:ANSWER_CHARS_MAX].strip()


def _visible(char: str) -> str:
    return char if char.isprintable() else char.encode("unicode_escape", "backslashreplace").decode("ascii")


def _secrets(request: Request) -> list[str]:
    values = [
        part
        for name, value in request.headers.items()
        if name.lower() in SECRET_HEADERS
        for part in value.split()
    ]
    if "urlencoded" in request.headers.get("Content-Type", ""):
        values += [value for _, value in parse_qsl((request.body or b"").decode("utf-8", "replace"))]
    return [value for value in values if len(value) > SECRET_CHARS_MIN]
