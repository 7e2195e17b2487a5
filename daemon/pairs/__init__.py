"""The pairs we know: what `kind` may be in a connector's section, and what its section holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from daemon.pairs import fortnox_webcrm
from daemon.pairs.settings import ConnectorSettings

PAIRS: Final[Mapping[str, type[ConnectorSettings]]] = {
    "webcrm": fortnox_webcrm.Settings,
}

# Settings -> mistakes that types cannot catch: (key, why, what to do).
CONTRADICTIONS: Final[Mapping[str, Callable[[Any], list[tuple[str, str, str]]]]] = {
    "webcrm": fortnox_webcrm.contradictions,
}
