"""
Behaviours that webCRM's documents leave open: one table, each with its default and what it may be.

Source: the UNKNOWN and ASSUMED items of webcrm.md (2.6, 3, 7, 9, 10, 14, 15, 16).
"""

from __future__ import annotations

from collections.abc import Container
from typing import Any

from msgspec import Struct

ON_OR_OFF = (False, True)
POST_RESULTS = ("empty", "int", "object")


class Switch(Struct, frozen=True):
    """A setting's default and the values it may have, all of the default's type."""

    default: Any
    allowed: Container[Any]


SWITCHES: dict[str, Switch] = {
    "country_shape": Switch("string", ("string", "object")),
    "create_burst_fault": Switch(False, ON_OR_OFF),  # a POST within 50 ms of the last one of its kind: 500
    "delivery_dialect": Switch("plain", ("plain", "opportunity")),
    "line_bumps_delivery": Switch(False, ON_OR_OFF),  # a changed line raises its delivery's UpdatedAt
    "line_price_mode": Switch("total", ("total", "unit")),  # what the screen writes into QuotationLinePrice
    "linked_lines": Switch(False, ON_OR_OFF),  # a line needs the id of a catalogue item
    "login_failure": Switch("400", ("400", "401", "200")),
    "post_result": Switch("empty", POST_RESULTS),  # of organisations
    "post_result_others": Switch("int", POST_RESULTS),
    "query_equals": Switch("works", ("works", "empty")),  # broken: no text equals another
    "query_lines": Switch(False, ON_OR_OFF),  # QuotationLine can be asked for in /Queries
    "rate_limit": Switch(250, range(1, 1_000_001)),  # calls in any 60 s, per application token
    "strict_dropdowns": Switch(True, ON_OR_OFF),
    "terms_dropdown": Switch(False, ON_OR_OFF),
    "token_lifetime_s": Switch(3600, range(1, 86_401)),
}


def defaults() -> dict[str, Any]:
    """Every switch at its default."""
    return {name: switch.default for name, switch in SWITCHES.items()}


def allows(name: str, value: Any) -> bool:
    """Whether the switch `name` may be set to `value`."""
    switch = SWITCHES[name]
    return type(value) is type(switch.default) and value in switch.allowed
