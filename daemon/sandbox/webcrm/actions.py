"""
What people do in webCRM's own screens: edit, create and delete records, configure fields and tokens.

The same rules hold as for the API, except that a person may untangle two
deliveries with one number and may delete an organisation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from daemon.sandbox.web import ActionError
from daemon.sandbox.webcrm import rules
from daemon.sandbox.webcrm.auth import APPLICATION_TOKENS
from daemon.sandbox.webcrm.entities import ENTITIES
from daemon.sandbox.webcrm.state import State, shown
from daemon.sandbox.webcrm.values import Kind, make_field

PERSON = "Eva Ek"
Body = Mapping[str, Any]
Verb = Callable[[State, Body], Any]
ADDABLE = {
    kind.value: kind
    for kind in (Kind.TEXT, Kind.MEMO, Kind.INT, Kind.DATE, Kind.CHECK, Kind.DROPDOWN, Kind.MULTI)
}


def _text(body: Body, name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise ActionError(f"{name} must be a text")
    return value


def _number(body: Body) -> int:
    value = body.get("id")
    if type(value) is not int:
        raise ActionError("id must be a whole number")
    return value


def _entity(body: Body) -> str:
    by_lower = {name.lower(): name for name, entity in ENTITIES.items() if entity.route}
    name = by_lower.get(_text(body, "entity").lower())
    if name is None:
        raise ActionError(f"entity must be one of {', '.join(sorted(by_lower.values()))}")
    return name


def _edit(state: State, body: Body) -> Any:
    name, number = _entity(body), _number(body)
    rules.change(state, name, number, body.get("fields"), PERSON, by_person=True)
    return shown(state, name, state.get(name, number))


def _create(state: State, body: Body) -> Any:
    name = _entity(body)
    number = rules.create(state, name, body.get("fields"), PERSON, by_person=True)
    return shown(state, name, state.get(name, number))


def _delete_organisation(state: State, body: Body) -> Any:
    """ASSUMED: what belongs to the organisation goes with it."""
    number = _number(body)
    state.get("Organisation", number)
    for name in ("Person", "Product", "Delivery", "Opportunity"):
        owned = [n for n, record in state.records[name].items() if record[f"{name}OrganisationId"] == number]
        for n in owned:
            del state.records[name][n]
    rules.remove(state, "Organisation", number, PERSON)
    _drop_orphaned_lines(state)
    return {"deleted": number}


def _delete_delivery(state: State, body: Body) -> Any:
    """ASSUMED: its lines go with it."""
    number = _number(body)
    state.get("Delivery", number)
    rules.remove(state, "Delivery", number, PERSON)
    _drop_orphaned_lines(state)
    return {"deleted": number}


def _drop_orphaned_lines(state: State) -> None:
    parents = {*state.records["Delivery"], *state.records["Opportunity"]}
    lines = state.records["QuotationLine"]
    for n in [n for n, line in lines.items() if line["QuotationLineOpportunityId"] not in parents]:
        del lines[n]


def _remove_field(state: State, body: Body) -> Any:
    entity, name = _entity(body), _text(body, "name")
    if state.custom[entity].pop(name, None) is None:
        raise ActionError(f"{name} is not a custom field that {entity} has")
    state.configure()
    return {"removed": name}


def _add_field(state: State, body: Body) -> Any:
    entity, name = _entity(body), _text(body, "name")
    known = {field.name: field for field in ENTITIES[entity].customs}
    if name not in known:
        raise ActionError(f"{name} is not a custom field that {entity} can have")
    kind = ADDABLE.get(str(body["kind"])) if "kind" in body else known[name].kind
    texts, length = body.get("texts", []), body.get("max_length", known[name].max_length)
    if kind is None or not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise ActionError(f"kind must be one of {', '.join(ADDABLE)}, texts a list of texts")
    if type(length) is not int or length < 0:
        raise ActionError("max_length must be a whole number; 0 is no limit")
    label = _text(body, "label") if "label" in body else name
    state.custom[entity][name] = make_field(name, kind, label, length, tuple(texts))
    for record in state.records[entity].values():
        record.pop(name, None)  # what an earlier field of that name held may be of another kind
    state.configure()
    return {"added": name}


def _token_name(body: Body) -> str:
    name = _text(body, "name")
    if name not in {token.name for token in APPLICATION_TOKENS}:
        raise ActionError(f"name must be one of {', '.join(token.name for token in APPLICATION_TOKENS)}")
    return name


def _revoke_token(state: State, body: Body) -> Any:
    state.auth.revoked.add(_token_name(body))
    return {"revoked": sorted(state.auth.revoked)}


def _restore_token(state: State, body: Body) -> Any:
    state.auth.revoked.discard(_token_name(body))
    return {"revoked": sorted(state.auth.revoked)}


VERBS: dict[str, tuple[Verb, str]] = {
    "edit": (_edit, "change a record: {entity, id, fields}; answers the record"),
    "create": (_create, "make a record: {entity, fields}; answers the record"),
    "delete_organisation": (_delete_organisation, "delete an organisation and all it owns: {id}"),
    "delete_delivery": (_delete_delivery, "delete a delivery and its lines: {id}"),
    "remove_field": (_remove_field, "take a custom field away: {entity, name}"),
    "add_field": (_add_field, "configure a custom field: {entity, name, label?, kind?, max_length?, texts?}"),
    "revoke_token": (_revoke_token, "revoke an application token: {name}"),
    "restore_token": (_restore_token, "undo revoke_token: {name}"),
}
