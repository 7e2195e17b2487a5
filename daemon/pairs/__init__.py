"""The pairs we know: what `kind` may be in a connector's section, and what its section holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from daemon.core.wanted import Wanted
from daemon.pairs import fortnox_eskassa, fortnox_webcrm
from daemon.pairs.settings import ConnectorSettings

PAIRS: Final[Mapping[str, type[ConnectorSettings]]] = {
    "eskassa": fortnox_eskassa.Settings,
    "webcrm": fortnox_webcrm.Settings,
}

# Settings -> mistakes that types cannot catch: (key, why, what to do).
CONTRADICTIONS: Final[Mapping[str, Callable[[Any], list[tuple[str, str, str]]]]] = {
    "eskassa": fortnox_eskassa.contradictions,
    "webcrm": fortnox_webcrm.contradictions,
}

# Settings -> the values that must exist in Fortnox; a pair that names none is not here.
WANTED: Final[Mapping[str, Callable[[Any], tuple[Wanted, ...]]]] = {
    "eskassa": fortnox_eskassa.wanted,
}
