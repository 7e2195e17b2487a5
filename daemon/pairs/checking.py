"""
What must hold of any section's values, whatever its kind: addresses, ranges, empty ids. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from msgspec import Struct

from daemon.core.records import Problem
from daemon.pairs.reading import Place, fields_of, problem
from daemon.pairs.settings import RANGES

LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
IDS: Final = frozenset({"client_id", "tenant_id", "account"})
HIGHEST_PORT: Final = 65535
URL: Final = re.compile(
    r"(?P<scheme>https?)://(?:(?P<person>[^/@]*)@)?(?P<host>\[[0-9a-f:.]+\]|[a-z0-9._-]+)"
    r"(?::(?P<port>\d{1,5}))?(?:/[^?#\s]*)?(?P<rest>[?#].*)?",
    re.ASCII | re.IGNORECASE,
)


def check_value(key: str, value: Any, place: Place, *, rehearsal: bool) -> Iterator[Problem]:
    """The mistakes in one key's value; `rehearsal` loosens the ranges that only loopback may use."""
    if is_url(key):
        yield from _check_url(value, place)
    elif limits := RANGES.get(key):
        least = limits.rehearsal if rehearsal and limits.rehearsal is not None else limits.least
        if not least <= value <= limits.most:
            low, high = (type(value)(limit) for limit in (least, limits.most))
            yield problem("CFG06", f"{value} is out of range", place, f"use {low} to {high}")
    elif key in IDS and not value.strip():
        yield problem("CFG06", f"{key} is empty", place, "write what the vendor shows")
    elif key == "metrics_listen":
        yield from _check_listen(value, place)


def on_loopback(raw: Mapping[str, Any], into: type[Struct]) -> bool:
    """Whether a section as written, with the defaults of `into`, names no address outside this host."""
    urls = {field.name: field.default for field in fields_of(into) if is_url(field.name)} | {
        key: value for key, value in raw.items() if is_url(key)
    }
    return all(isinstance(url, str) and _host(url) in LOOPBACK for url in urls.values())


def is_url(key: str) -> bool:
    """Whether a key holds an address."""
    return key == "url" or key.endswith(("_url", "_uri"))


def _host(url: str) -> str | None:
    parts = URL.fullmatch(url)
    return parts["host"].strip("[]").lower() if parts else None


def _check_url(url: str, place: Place) -> Iterator[Problem]:
    parts = URL.fullmatch(url)
    if parts is None or not 1 <= int(parts["port"] or 443) <= HIGHEST_PORT:
        yield problem("CFG09", "not a web address", place, "write https://HOST")
    elif parts["person"] is not None:
        yield problem("CFG09", "a user name or password is in the address", place, "remove it")
    elif parts["rest"]:
        yield problem("CFG09", "the address has a query or a fragment", place, "remove it")
    elif parts["scheme"].lower() == "http" and _host(url) not in LOOPBACK:
        yield problem("CFG09", "http is only for this host itself", place, "write https://")


def _check_listen(listen: str, place: Place) -> Iterator[Problem]:
    host, _, port = listen.rpartition(":")
    if host.strip("[]") not in LOOPBACK or not port.isdecimal() or int(port) > HIGHEST_PORT:
        todo = 'write "127.0.0.1:9464"; for other hosts put a proxy in front'
        yield problem("CFG06", "not a port on this host itself", place, todo)
