"""What an operator is told of the fields an account has, and of those it lacks. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from daemon.core.text import folded
from daemon.errors import DaemonError
from daemon.ports import Finding
from daemon.systems.webcrm import spec
from daemon.systems.webcrm.wire import Field, Metadata


class Register(NamedTuple):
    """How one kind of webCRM's records is spoken of."""

    where: str
    many: str
    setting: str  # the map in the config that moves its fields


ORGANISATIONS: Final = Register("webCRM, organisation fields", "organisations", "field_map")
DELIVERIES: Final = Register("webCRM, delivery fields", "deliveries", "delivery_map")


def of_places(places: Mapping[str, str], fields: Metadata, register: Register) -> list[Finding]:
    """Whether each field that the config names exists."""
    return [_of_place(ours, theirs, fields, register) for ours, theirs in places.items()]


def _of_place(ours: str, theirs: str, fields: Metadata, register: Register) -> Finding:
    if theirs in fields:
        label = fields[theirs].label or theirs
        return Finding(ok=True, what=f"{ours} is kept in {label} ({theirs})", where=register.where)
    shape = spec.SHAPES.get(ours, "text")
    return Finding(
        ok=False,
        code="CRM01",
        what=f"the field {theirs} for {ours} does not exist in webCRM",
        where=register.where,
        todo=f"create a {shape} field {theirs} for {register.many} in webCRM's configuration, "
        f"or name another in {register.setting}.{ours}",
    )


def of_types(field: Field, types: Sequence[str]) -> list[Finding]:
    """Whether the types that take part are in the list, where the type is chosen from a list."""
    known, label = {folded(text) for text in field.texts}, field.label or "Type"
    return [
        Finding(ok=True, what=f"{text} is in the list {label}", where="webCRM, Type")
        if folded(text) in known
        else Finding(
            ok=False,
            code="CRM02",
            what=f"{text} is not in webCRM's list {label}",
            where="webCRM, Type",
            todo=f"add it to the list, or name others in company_types and private_types: "
            f"{', '.join(field.texts)}",
        )
        for text in types
        if field.texts
    ]


def of_data(setup: Mapping[str, Any], used: Mapping[str, int]) -> list[Finding]:
    """Whether the Data fields of rows and catalogue that the config names are in use."""
    where = "webCRM, setup of quotation lines"
    return [
        Finding(ok=True, what=f"the article's {ours} is kept in Data{index}", where=where)
        if setup.get(f"QuotationLineLinkedSetupUseLinkedField{index}") is not False
        else Finding(
            ok=False,
            code="CRM03",
            what=f"Data{index}, for the article's {ours}, is not in use",
            where=where,
            todo=f"switch on linked field {index} in webCRM's configuration of quotation lines",
        )
        for ours, index in used.items()
    ]


def of_error(error: DaemonError) -> Finding:
    """What an error says, as a prerequisite that is not met."""
    return Finding(ok=False, code=error.code, what=error.what, where=error.where, todo=error.todo)
