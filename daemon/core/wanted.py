"""
Values of the config that must exist in Fortnox, held against what Fortnox has. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from msgspec import Struct

from daemon.core.records import Problem


class Wanted(NamedTuple):
    """A value that a setting names, and the register of Fortnox that it must be in."""

    register: str
    value: str
    key: str


class Choice(Struct, frozen=True, kw_only=True):
    """A value that a setting may have, as Fortnox shows it. `note` says why it may not do: "not manual"."""

    value: str
    title: str
    note: str = ""


# Register -> one of it, and where a person finds it in Fortnox.
REGISTERS: Final[Mapping[str, tuple[str, str]]] = {
    "voucher_series": ("voucher series", "Inställningar, Bokföring, Verifikationsserier"),
    "cost_centers": ("cost centre", "Inställningar, Bokföring, Kostnadsställen"),
    "payment_terms": ("term of payment", "Inställningar, Fakturering, Betalsätt och betalningsvillkor"),
    "price_lists": ("price list", "Inställningar, Fakturering, Prislistor"),
    "units": ("unit", "Inställningar, Fakturering, Enheter"),
    "accounts": ("account", "Inställningar, Bokföring, Kontoplan"),
}
MANUAL: Final = "not manual"
WAYS_OUT: Final = {MANUAL: "tick Manuell kontering for it", "inactive": "make it active"}


def unmet(wanted: Wanted, there: Mapping[str, Sequence[Choice]], where: str) -> Problem | None:
    """Why a setting's value does not do; None where it does. `there` is what Fortnox has."""
    what, place = REGISTERS[wanted.register]
    place = f"in Fortnox, {place}"
    choices = there.get(wanted.register)
    if choices is None:
        told = f"what there is of {what} is not shown to us"
        return Problem(code="CFG12", what=told, where=where, todo="consent to the scope: see the line of it")
    found = next((each for each in choices if each.value == wanted.value), None)
    if found is None:
        todo = f"make it {place}, or choose another: fortnox-syncd choices COMPANY"
        return Problem(code="CFG12", what=f"there is no {what} {wanted.value}", where=where, todo=todo)
    if found.note:
        told = f"the {what} {wanted.value} is {found.note}"
        todo = f"{WAYS_OUT.get(found.note, 'mend it')} {place}, or choose another"
        return Problem(code="CFG12", what=told, where=where, todo=todo)
    return None
