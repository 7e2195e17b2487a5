"""The rate limit: 25 requests in any 5 seconds per client id and tenant (fortnox.md 4)."""

from __future__ import annotations

import datetime as dt
import math
from collections import deque
from collections.abc import Mapping
from email.utils import format_datetime
from typing import Any

from daemon.sandbox.fortnox.wire import HEADERS, encode
from daemon.sandbox.web import Response

MOST = 25
WINDOW_S = 5.0

Arrivals = dict[tuple[str, str], deque[dt.datetime]]

# What a 429 carries is not known (22 no 1); it is never the ErrorInformation envelope (4).
BODIES = {
    "empty": (None, b""),
    "text": ("text/plain", b"Too Many Requests"),
    "json": ("application/json", encode({"message": "API rate limit exceeded"})),
}


def wait_s(arrivals: Arrivals, who: tuple[str, str], now: dt.datetime, *, counts_refused: bool) -> float:
    """Count a request on arrival; 0.0 when it may pass, else the seconds until one could."""
    seen = arrivals.setdefault(who, deque(maxlen=MOST))
    if seen and seen[-1] > now:
        seen.clear()
    left_s = WINDOW_S - (now - seen[0]).total_seconds() if len(seen) == MOST else 0.0
    if left_s <= 0 or counts_refused:
        seen.append(now)
    return max(left_s, 0.0)


def too_many(switches: Mapping[str, Any], now: dt.datetime, left_s: float) -> Response:
    """The 429 in the form that the switches choose."""
    content_type, body = BODIES[switches["throttle_body"]]
    headers = {name: value for name, value in HEADERS.items() if name != "content-type"}
    if content_type:
        headers["content-type"] = content_type
    seconds = math.ceil(left_s)
    if switches["retry_after"] == "seconds":
        headers["retry-after"] = str(seconds)
    elif switches["retry_after"] == "date":
        headers["retry-after"] = format_datetime(
            now.astimezone(dt.UTC) + dt.timedelta(seconds=seconds), usegmt=True
        )
    return Response(status=429, headers=headers, body=body)
