"""
What webCRM checks and fills in when a record is written: one list of rules per entity.

Source: webcrm.md 8 (persons), 9 (deliveries), 10 (lines), 11 (catalogue), 15 items 7-10.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from msgspec import Struct

from daemon.sandbox.webcrm.state import Record, State, read_body, store, take_id
from daemon.sandbox.webcrm.values import invalid, moment_text

DATA = tuple(f"QuotationLineData{n}" for n in range(1, 10))
ITEM = "QuotationLineLinkedDataItem"


class Write(Struct, kw_only=True):
    """One write about to be made: the record `before` it (empty for a new one) and `after` it."""

    state: State
    name: str
    before: Record
    after: Record
    values: Record  # what the request sets; a rule may add to it
    by_person: bool

    def get(self, suffix: str) -> Any:
        """A field's value after the write."""
        schema = self.state.schemas[self.name]
        known = schema.fields[schema.entity.prefix + suffix]
        return self.after.get(known.name, known.empty)


def _organisation_known(write: Write) -> None:
    number = write.get("OrganisationId")
    if number not in write.state.records["Organisation"]:
        raise invalid(f"The organisation {number} does not exist.")


def _organisation_kept(write: Write) -> None:
    field = f"{write.name}OrganisationId"
    if write.before and write.before.get(field, 0) != write.after.get(field, 0):
        raise invalid(f"The field {field} cannot be changed.")


def _last_name(write: Write) -> None:
    if not write.get("LastName"):
        raise invalid("The PersonLastName field is required.")


def _full_name(write: Write) -> None:
    write.values["PersonName"] = f"{write.get('FirstName')} {write.get('LastName')}".strip()


def _search_fields(write: Write) -> None:
    write.values["OrganisationCompareName"] = re.sub(r"\W", "", write.get("Name").lower())
    write.values["OrganisationTelephoneSearch"] = re.sub("[^0-9]", "", write.get("Telephone"))


def _number_unique(write: Write) -> None:
    """
    A number used twice can be created, and then neither record can be edited through the API.

    In the screens a person can give it another number, or the pair would stay locked for good.
    """
    field = f"{write.name}Number"
    used = {write.before.get(field), write.after.get(field)} - {None}
    if not write.before or write.by_person or not used:
        return
    own = write.before[f"{write.name}Id"]
    others = write.state.records[write.name].items()
    if any(number != own and other.get(field) in used for number, other in others):
        raise invalid("Delivery number is not unique")


def _parent_known(write: Write) -> None:
    parent = write.get("OpportunityId")
    if all(parent not in write.state.records[name] for name in ("Delivery", "Opportunity")):
        raise invalid(f"The opportunity or delivery {parent} does not exist.")


def _linked_item(write: Write) -> None:
    if not write.state.switches["linked_lines"]:
        return
    item = write.state.records["LinkedData"].get(write.values.get("QuotationLineLinkedDataId", 0))
    if item is None:
        raise invalid("QuotationLineLinkedDataId is required: lines are linked to the catalogue.")
    fields = write.state.schemas["QuotationLine"].fields
    write.values.update(
        {name: item[name.replace("Line", "LineLinkedDataItem")] for name in DATA if name in fields}
    )


def _price_on_screen(write: Write) -> None:
    """The screens work QuotationLinePrice out; through the API it is what was sent (webcrm.md 10)."""
    worked_from = {f"QuotationLine{suffix}" for suffix in ("Quantity", "ListPrice", "Discount")}
    if not write.by_person or "QuotationLinePrice" in write.values or not worked_from & write.values.keys():
        return
    unit = write.get("ListPrice")
    total = round(unit * write.get("Quantity") * (1 - write.get("Discount") / 100), 2)
    write.values["QuotationLinePrice"] = total if write.state.switches["line_price_mode"] == "total" else unit


def _data_filled(write: Write) -> None:
    for n in range(1, 10):
        if not write.get(f"Data{n}"):
            raise invalid(f"The {ITEM}Data{n} field must not be empty.")


Rule = Callable[[Write], None]
RULES: dict[str, tuple[Rule, ...]] = {
    "Organisation": (_search_fields,),
    "Person": (_organisation_known, _organisation_kept, _last_name, _full_name),
    "Delivery": (_organisation_known, _organisation_kept, _number_unique),
    "Opportunity": (_organisation_known, _organisation_kept),
    "Product": (_organisation_known,),
    "QuotationLine": (_parent_known, _linked_item, _price_on_screen),
    "LinkedData": (_data_filled,),
}


def create(state: State, name: str, body: Any, by: str, *, by_person: bool = False) -> int:
    """
    Keep a new record and return its id.

    Refusal 400 for values webCRM would not store. Through the API the body
    must hold the id field with 0; a person's screen has no such field.
    """
    values = read_body(state, name, body)
    key = state.schemas[name].entity.key
    if values.pop(key, 0 if by_person else None) != 0:
        raise invalid(f"The {key} field is required and must be 0 for a new record.")
    _check(state, name, {}, values, by_person=by_person)
    number = take_id(state, name)
    store(state, name, number, {}, values, by)
    _bump(state, name, number, by)
    return number


def change(state: State, name: str, number: int, body: Any, by: str, *, by_person: bool = False) -> None:
    """
    Change the fields that `body` names; UpdatedAt moves even if nothing differs.

    Refusal 404 for an unknown id, 400 for another id in the body or bad values.
    """
    record = state.get(name, number)
    values = read_body(state, name, body)
    key = state.schemas[name].entity.key
    if values.pop(key, number if by_person else None) != number:
        raise invalid(f"The {key} field is required and must equal the id in the path.")
    _check(state, name, record, values, by_person=by_person)
    store(state, name, number, record, values, by)
    _bump(state, name, number, by)


def remove(state: State, name: str, number: int, by: str) -> None:
    """Forget a record; Refusal 404 for an unknown id."""
    state.get(name, number)
    _bump(state, name, number, by)
    del state.records[name][number]


def _check(state: State, name: str, record: Record, values: Record, *, by_person: bool) -> None:
    write = Write(
        state=state,
        name=name,
        before=record,
        after={**record, **values},
        values=values,
        by_person=by_person,
    )
    for rule in RULES[name]:
        rule(write)


def _bump(state: State, name: str, number: int, by: str) -> None:
    if name != "QuotationLine" or not state.switches["line_bumps_delivery"]:
        return
    delivery = state.records["Delivery"].get(state.get(name, number).get("QuotationLineOpportunityId", 0))
    if delivery is not None:
        delivery |= {"DeliveryUpdatedAt": moment_text(state.now()), "DeliveryUpdatedBy": by}


def move(state: State, number: int, organisation: int, by: str) -> None:
    """Give a delivery and its lines to another organisation (`/Deliveries/{id}/Move`)."""
    delivery = state.get("Delivery", number)
    if organisation not in state.records["Organisation"]:
        raise invalid(f"The organisation {organisation} does not exist.")
    for line in lines_of(state, number):
        line["QuotationLineOrganisationId"] = organisation
    store(state, "Delivery", number, delivery, {"DeliveryOrganisationId": organisation}, by)


def convert(state: State, source: str, number: int, target: str, level: int, by: str) -> int:
    """
    Turn an opportunity into a delivery or back, under a new id; its lines follow.

    ASSUMED: the fields both kinds have are carried over and the source is gone.
    """
    old = state.get(source, number)
    fields = state.schemas[target].fields
    moved = {name.replace(source, target, 1): value for name, value in old.items()}
    values = {name: value for name, value in moved.items() if name in fields and not name.endswith("Id")}
    values[f"{target}OrganisationId"] = old[f"{source}OrganisationId"]
    if target == "Opportunity":
        values["OpportunityLevel"] = level
    born = take_id(state, target)
    store(state, target, born, {}, values, by)
    for line in lines_of(state, number):
        line["QuotationLineOpportunityId"] = born
    del state.records[source][number]
    return born


def lines_of(state: State, number: int) -> list[Record]:
    """The kept lines of a delivery or opportunity, by id."""
    lines = state.records["QuotationLine"].values()
    return [line for line in lines if line.get("QuotationLineOpportunityId", 0) == number]
