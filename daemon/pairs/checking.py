"""
What must hold of any section's values, whatever its kind: addresses, ranges, empty ids. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import fields

from daemon.core.records import Problem
from daemon.pairs.reading import Place, problem
from daemon.pairs.settings import RANGES

LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
IDS: Final = frozenset({"client_id", "tenant_id", "account"})
HIGHEST_PORT: Final = 65535


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
    urls = {field.name: field.default for field in fields(into) if is_url(field.name)} | {
        key: value for key, value in raw.items() if is_url(key)
    }
    return all(isinstance(url, str) and _host(url) in LOOPBACK for url in urls.values())


def is_url(key: str) -> bool:
    """Whether a key holds an address."""
    return key == "url" or key.endswith(("_url", "_uri"))


def _host(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def _check_url(url: str, place: Place) -> Iterator[Problem]:
    host = _host(url)
    if host is None or not url.startswith(("https://", "http://")) or not _port_is_sound(url):
        yield problem("CFG09", "not a web address", place, "write https://HOST")
        return
    parts = urlsplit(url)
    if parts.username is not None or parts.password is not None:
        yield problem("CFG09", "a user name or password is in the address", place, "remove it")
    elif parts.query or parts.fragment:
        yield problem("CFG09", "the address has a query or a fragment", place, "remove it")
    elif parts.scheme == "http" and host not in LOOPBACK:
        yield problem("CFG09", "http is only for this host itself", place, "write https://")


def _port_is_sound(url: str) -> bool:
    try:
        port = urlsplit(url).port
    except ValueError:
        return False
    return port != 0


def _check_listen(listen: str, place: Place) -> Iterator[Problem]:
    host, _, port = listen.rpartition(":")
    if host.strip("[]") not in LOOPBACK or not port.isdecimal() or int(port) > HIGHEST_PORT:
        todo = 'write "127.0.0.1:9464"; for other hosts put a proxy in front'
        yield problem("CFG06", "not a port on this host itself", place, todo)
