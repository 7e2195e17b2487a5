"""
What people do in Fortnox's own screens: no token, no budget, no wrapper.

Every verb takes `tenant` (default 1234567). `kind` is a register's path or its
singular: "customers", "Customer".
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

from daemon.sandbox.fortnox import bodies, people_books, prices, writing
from daemon.sandbox.fortnox.actions import ACTIONS
from daemon.sandbox.fortnox.bodies import Body
from daemon.sandbox.fortnox.company import Company, Record
from daemon.sandbox.fortnox.errors import Refused
from daemon.sandbox.fortnox.oauth import CLIENTS, SCOPES, Grant, Oauth
from daemon.sandbox.fortnox.registers import RESOURCES
from daemon.sandbox.fortnox.resource import Resource, full
from daemon.sandbox.web import ActionError

HOME = "1234567"


def act(companies: Mapping[str, Company], oauth: Oauth, verb: str, body: Body) -> Any:
    """Do `verb`; ActionError for what the screen would not allow."""
    if verb not in VERBS:
        raise ActionError(f"There is no verb {verb!r}; there are {', '.join(VERBS)}.")
    company = companies.get(bodies.text(body, "tenant", HOME))
    if company is None:
        raise ActionError(f"There is no tenant {body['tenant']!r}; there are {', '.join(companies)}.")
    try:
        if verb in CONSENTS:
            return CONSENTS[verb](oauth, company.tenant, _client(body))
        return copy.deepcopy(SCREENS[verb](company, body))
    except Refused as refused:
        raise ActionError(f"{refused.message} ({refused.code})") from refused


def _client(body: Body) -> str:
    client_id = bodies.text(body, "client_id")
    if client_id not in CLIENTS:
        raise ActionError(f"There is no client {client_id!r}; there are {', '.join(CLIENTS)}.")
    return client_id


def _kind(body: Body, *, keyed: bool = True) -> Resource:
    """The register that is meant; one whose key has several parts only where that is of no matter."""
    kind = bodies.text(body, "kind").lower()
    for resource in RESOURCES.values():
        if kind in {resource.path, resource.one.lower()} and (resource.key or not keyed):
            return resource
    raise ActionError(f"There is no kind {kind!r}; there are {', '.join(RESOURCES)}.")


def _found(company: Company, body: Body) -> tuple[Resource, Record]:
    resource = _kind(body)
    return resource, writing.find(company, resource, bodies.text(body, "key"))


def _revoke(oauth: Oauth, tenant: str, client_id: str) -> dict[str, Any]:
    oauth.end(client_id, tenant)
    return {"client_id": client_id, "tenant": tenant, "consent": False}


def _restore(oauth: Oauth, tenant: str, client_id: str) -> dict[str, Any]:
    oauth.consents[client_id, tenant] = Grant(client_id, tenant, SCOPES)
    return {"client_id": client_id, "tenant": tenant, "consent": True}


def _create(company: Company, body: Body) -> dict[str, Any]:
    resource = _kind(body)
    if "P" not in resource.verbs:
        raise ActionError(f"A {resource.one} cannot be created.")
    return full(resource, writing.create(company, resource, bodies.fields(body)))


def _edit(company: Company, body: Body) -> dict[str, Any]:
    """An emptied box is an empty field: here "" clears, unlike in the API (8.2)."""
    resource, record = _found(company, body)
    fields = {name: None if value == "" else value for name, value in bodies.fields(body).items()}
    writable = {field.name for field in resource.fields if field.write == "always"}
    if locked := fields.keys() - writable:
        raise ActionError(f"{', '.join(sorted(locked))} cannot be edited in the screen for a {resource.one}.")
    writing.update(company, resource, record, fields)
    return full(resource, record)


def _delete(company: Company, body: Body) -> dict[str, Any]:
    resource, record = _found(company, body)
    if "D" not in resource.verbs:
        raise ActionError(f"A {resource.one} cannot be deleted.")
    writing.remove(company, resource, record)
    return {"deleted": record.key}


def _delete_customer(company: Company, body: Body) -> dict[str, Any]:
    return _delete(company, {"kind": "customers", "key": bodies.text(body, "CustomerNumber")})


def _look(company: Company, body: Body) -> Any:
    if "key" in body:
        return full(*_found(company, body))
    resource = _kind(body, keyed=False)
    return [full(resource, record) for record in company.registers[resource.path].ordered()]


def _set_price(company: Company, body: Body) -> dict[str, Any]:
    price_list, article = bodies.text(body, "PriceList", "A"), bodies.text(body, "ArticleNumber")
    given = {"Price": body.get("Price")}
    known = prices.sublist(company, price_list, article)
    if known and known[0].values["FromQuantity"] == 0:
        prices.update(company, known[0], given)
        return known[0].values
    return prices.create(company, {**given, "ArticleNumber": article, "PriceList": price_list}).values


def _action(company: Company, body: Body) -> Any:
    resource, record = _found(company, body)
    actions, name = ACTIONS.get(resource.path, {}), bodies.text(body, "action")
    if name not in actions:
        raise ActionError(f"A {resource.one} has no action {name!r}; it has {', '.join(actions) or 'none'}.")
    outcome = actions[name].run(company, record)
    return {"pdf_bytes": len(outcome)} if isinstance(outcome, bytes) else full(*outcome)


def _sent(company: Company, body: Body) -> dict[str, int]:
    resource, record = _found(company, body)
    return {
        how: times
        for (path, key, how), times in company.sent.items()
        if (path, key) == (resource.path, record.key)
    }


CONSENTS: Mapping[str, Callable[[Oauth, str, str], Any]] = {
    "revoke_consent": _revoke,
    "restore_consent": _restore,
}
SCREENS: Mapping[str, Callable[[Company, Body], Any]] = {
    "create": _create,
    "edit": _edit,
    "delete": _delete,
    "delete_customer": _delete_customer,
    "look": _look,
    "set_price": _set_price,
    "action": _action,
    "sent": _sent,
    **people_books.SCREENS,
}
VERBS = {
    "revoke_consent": "{client_id, tenant}: remove an integration; its consent and all its tokens end",
    "restore_consent": "{client_id, tenant}: approve an integration again, for all scopes",
    "create": "{kind, fields}: a new record; answers the whole record",
    "edit": "{kind, key, fields}: change a record; an empty text clears; answers the whole record",
    "delete": "{kind, key}: delete a record",
    "delete_customer": "{CustomerNumber}: delete a customer; the number stays taken",
    "look": "{kind, key?}: what the screen shows: one whole record, or all of a kind",
    "set_price": "{ArticleNumber, Price, PriceList = A}: the price from quantity 0",
    "action": "{kind, key, action}: createinvoice, bookkeep, cancel, credit, email ... on a document",
    "sent": "{kind, key}: how often a document was sent, by way",
    **people_books.VERBS,
}
