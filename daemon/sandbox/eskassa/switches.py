"""
Behaviours that dinkassa.md leaves open: one table, each with its default and what it may be.

Source: the LIKELY, UNKNOWN and ASSUMED marks of dinkassa.md 2, 3, 5, 7.2 and 9.
"""

from __future__ import annotations

from collections.abc import Container
from typing import Any

from msgspec import Struct

ON_OR_OFF = (False, True)


class Switch(Struct, frozen=True):
    """A setting's default and the values it may have, all of the default's type."""

    default: Any
    allowed: Container[Any]


SWITCHES: dict[str, Switch] = {
    "delete_sold_items": Switch("allowed", ("allowed", "refused")),  # over the API
    "deleted_status": Switch(404, (404, 410)),  # what a deleted id answers
    "done_but_504": Switch(0, range(1_000_001)),  # so many coming writes are done, and answered 504
    "fetch_over_max": Switch("refused", ("refused", "cut")),
    "invoices_in_z": Switch("excluded", ("excluded", "included")),
    "limit_per_s": Switch(10, range(1, 1_000_001)),  # calls in any second, per integrator or web user
    "lockout_after": Switch(5, range(1, 1_000_001)),  # failed logins; then ten minutes of refusals
    "login_integrator": Switch("any", ("any", "required", "refused")),  # its header at the login
    "order": Switch("id", ("id", "modified", "shuffled")),  # of every list of the integrator API
    "put_missing": Switch("keep", ("keep", "blank")),  # what a PUT does to the fields it leaves out
    "replication_s": Switch(0, range(86_401)),  # package Pro+ 120, package Pro 1800
    "report_auth": Switch("both", ("both", "web_session", "machine_headers")),
    "retry_after": Switch("seconds", ("seconds", "absent")),  # on a 429
    "session_s": Switch(1800, range(1, 86_401)),
    "session_tells_expiry": Switch(True, ON_OR_OFF),
    "stock_call": Switch("apply_change", ("apply_change", "set_new", "check_current")),
    "stock_sign": Switch("positive_is_decrease", ("positive_is_decrease", "positive_is_increase")),
    "zero_rows": Switch(False, ON_OR_OFF),  # accounts whose amounts cancelled out stay in the Z-report
}


def defaults() -> dict[str, Any]:
    """Every switch at its default."""
    return {name: switch.default for name, switch in SWITCHES.items()}


def allows(name: str, value: Any) -> bool:
    """Whether the switch `name` may be set to `value`."""
    switch = SWITCHES[name]
    return type(value) is type(switch.default) and value in switch.allowed
