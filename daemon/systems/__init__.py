"""
One adapter per vendor, all of one shape: `ports.System`.

`spec.py` is the vendor as data, `wire.py` its envelopes, `mapping.py` its
spelling of our fields, `system.py` the order of requests, QUIRKS.md its
oddities with the test of each.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from daemon.ports import System
from daemon.systems.eskassa.system import Eskassa
from daemon.systems.fortnox.system import Fortnox
from daemon.systems.webcrm.system import Webcrm

# Name -> what makes one. Each takes http, grant, clock, ids, base_url and what is its own, all by name.
REGISTRY: Final[Mapping[str, Callable[..., System]]] = {
    "fortnox": Fortnox,
    "webcrm": Webcrm,
    "eskassa": Eskassa,
}
