"""
What one pretend webCRM system remembers, and how records come in, change and are shown.

Records are kept sparse, in the form they have on the wire: an absent field
shows its empty value. A schema is an entity's fields as the system is set up
now; answers, queries and metadata are all made from it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from msgspec import Struct

from daemon.sandbox.web import Now
from daemon.sandbox.webcrm import switches as switch_table
from daemon.sandbox.webcrm.auth import Auth
from daemon.sandbox.webcrm.entities import COUNTRIES, ENTITIES, FIRST_ID, TERMS, Entity
from daemon.sandbox.webcrm.values import (
    Field,
    Kind,
    Refusal,
    invalid,
    make_field,
    moment_text,
    not_found,
    read_value,
)

Record = dict[str, Any]

OPPORTUNITY_DIALECT = {  # webcrm.md 9, "two name dialects"
    "DeliveryDescription": "DeliveryOpportunityDescription",
    "DeliveryPersonId": "DeliveryOpportunityPersonId",
    "DeliveryCurrencyName": "DeliveryOpportunityCurrencyName",
}
COUNTRY_OBJECT = {"OrganisationCountry": "OrganisationCountryValue"}  # webcrm.md 14
TERMS_FIELD = "OrganisationExtraCustom4"
BURST = dt.timedelta(milliseconds=50)


class Schema(Struct, frozen=True, kw_only=True):
    """An entity's fields as configured now: by name, by lower-case name, and what each shows when unset."""

    entity: Entity
    fields: dict[str, Field]
    by_lower: dict[str, Field]
    template: dict[str, Any]


@dataclass
class State:
    """The memory of one webCRM system. `custom` holds the configured custom fields of each entity."""

    now: Now
    auth: Auth
    switches: dict[str, Any] = field(default_factory=switch_table.defaults)
    custom: dict[str, dict[str, Field]] = field(default_factory=dict)
    schemas: dict[str, Schema] = field(default_factory=dict)
    records: dict[str, dict[int, Record]] = field(default_factory=dict)
    next_id: dict[str, int] = field(default_factory=dict)
    last_post: dict[str, dt.datetime] = field(default_factory=dict)

    def clear(self) -> None:
        """Only the settings every system has: no records, nobody logged in, default fields and switches."""
        self.auth.clear()
        self.switches = switch_table.defaults()
        self.custom = {name: {f.name: f for f in entity.configured} for name, entity in ENTITIES.items()}
        self.records = {name: {} for name in ENTITIES}
        self.next_id = dict(FIRST_ID)
        self.last_post = {}
        self.configure()

    def configure(self) -> None:
        """Make the schemas anew; needed after any change of `switches` or `custom`."""
        self.schemas = {name: _schema(entity, self) for name, entity in ENTITIES.items()}

    def get(self, name: str, number: int) -> Record:
        """The kept record itself. Refusal 404 when there is none."""
        record = self.records[name].get(number)
        if record is None:
            raise not_found(name, number)
        return record


def names(switches: Mapping[str, Any]) -> dict[str, str]:
    """The fields that go by another name as the switches stand: plain name to present name."""
    dialect = OPPORTUNITY_DIALECT if switches["delivery_dialect"] == "opportunity" else {}
    country = COUNTRY_OBJECT if switches["country_shape"] == "object" else {}
    return {**dialect, **country}


def _schema(entity: Entity, state: State) -> Schema:
    renamed = names(state.switches)
    found = (*entity.fields, *state.custom[entity.name].values())
    fields = {name: _named(f, name) for f in found for name in [renamed.get(f.name, f.name)]}
    return Schema(
        entity=entity,
        fields=fields,
        by_lower={name.lower(): f for name, f in fields.items()},
        template={name: f.shown for name, f in fields.items() if not f.secret},
    )


def _named(known: Field, name: str) -> Field:
    if known.name == name:
        return known
    return make_field(name, known.kind, known.label, known.max_length, known.texts, empty=known.empty)


def set_switch(state: State, name: str, value: Any) -> None:
    """Set a switch and carry kept records over to what it changes: field names, term texts."""
    before = names(state.switches)
    state.switches[name] = value
    after = names(state.switches)
    for plain in OPPORTUNITY_DIALECT | COUNTRY_OBJECT:
        _rename(state, before.get(plain, plain), after.get(plain, plain))
    if name == "terms_dropdown":
        _convert_terms(state, as_dropdown=value)
    if before != after or name == "terms_dropdown":
        state.configure()


def _rename(state: State, old: str, new: str) -> None:
    for record in (r for kind in ("Delivery", "Organisation") for r in state.records[kind].values()):
        if old != new and old in record:
            record[new] = record.pop(old)


def _convert_terms(state: State, *, as_dropdown: bool) -> None:
    label = "Betalningsvillkor"
    texts = {text.split(":", maxsplit=1)[0]: text for text in TERMS}
    kind, choices = (Kind.DROPDOWN, TERMS) if as_dropdown else (Kind.TEXT, ())
    state.custom["Organisation"][TERMS_FIELD] = make_field(TERMS_FIELD, kind, label, 50, choices)
    for record in state.records["Organisation"].values():
        code = record.get(TERMS_FIELD, "").split(":", maxsplit=1)[0]
        if code:
            record[TERMS_FIELD] = texts.get(code, code) if as_dropdown else code


def shown(state: State, name: str, record: Record) -> Record:
    """A copy of `record` as a GET answers it, every configured field present."""
    schema = state.schemas[name]
    answer = schema.template | {name: value for name, value in record.items() if name in schema.template}
    if name == "Organisation" and state.switches["country_shape"] == "object":
        country = answer["OrganisationCountryValue"]
        code, number = COUNTRIES.get(country, ("", ""))
        answer["OrganisationCountry"] = {"Name": country, "CodeISO": code, "CodeUN": number}
    return answer


def read_body(state: State, name: str, body: Any) -> Record:
    """
    The fields of a request body that mean something, checked: null is unchanged, the unknown is ignored.

    Names are matched whatever their case (webcrm.md 1, 7; 15 item 7).
    """
    if not isinstance(body, dict):
        raise invalid("The body must be a JSON object.")
    strict = state.switches["strict_dropdowns"]
    values: Record = {}
    for given, value in body.items():
        known = state.schemas[name].by_lower.get(given.lower())
        if known and not known.server and value is not None:
            values[known.name] = read_value(known, value, strict_dropdowns=strict)
    return values


def store(state: State, name: str, number: int, record: Record, values: Record, by: str) -> None:
    """Put `values` into `record` (new or kept), stamp it and keep it under `number`."""
    schema = state.schemas[name]
    prefix = schema.entity.prefix
    for field_name, value in values.items():
        if value == schema.fields[field_name].empty:
            record.pop(field_name, None)
        else:
            record[field_name] = value
    record[schema.entity.key] = number
    stamps = (("UpdatedAt", moment_text(state.now())), ("UpdatedBy", by))
    born = number not in state.records[name]
    for suffix, value in (*stamps, *((s.replace("Updated", "Created"), v) for s, v in stamps if born)):
        if prefix + suffix in schema.fields:
            record[prefix + suffix] = value
    state.records[name][number] = record


def take_id(state: State, name: str) -> int:
    """The next id; opportunities and deliveries share one sequence (webcrm.md 15 item 3)."""
    sequence = ENTITIES[name].sequence
    number = state.next_id[sequence]
    state.next_id[sequence] = number + 1
    return number


def note_post(state: State, name: str) -> None:
    """Remember a creation for the burst fault; Refusal 500 when the switch is on and it came too soon."""
    now, last = state.now(), state.last_post.get(name)
    state.last_post[name] = now
    if state.switches["create_burst_fault"] and last is not None and dt.timedelta() <= now - last < BURST:
        raise Refusal(500, "SqlException", f"Violation of the primary key of {name}: the id is taken")
