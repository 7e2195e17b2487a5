"""Which path of `/3` answers which verb, under which scope, and how (fortnox.md 1.1, 5, 20)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from urllib.parse import unquote

from msgspec import Struct

from daemon.sandbox.fortnox import book_routes, prices, writing
from daemon.sandbox.fortnox.actions import ACTIONS, Action
from daemon.sandbox.fortnox.company import Company, Record
from daemon.sandbox.fortnox.errors import NO_SUCH_PATH, NO_SUCH_VERB, refusal
from daemon.sandbox.fortnox.lists import listing
from daemon.sandbox.fortnox.prices import PRICES
from daemon.sandbox.fortnox.registers import RESOURCES, SETTINGS
from daemon.sandbox.fortnox.resource import Resource, full
from daemon.sandbox.fortnox.wire import answer, pdf, unwrap
from daemon.sandbox.web import Request, Response

Handler = Callable[[Company, Request], Response]


class Route(Struct, frozen=True):
    """What stands at one path: the scope it needs and its verbs."""

    scope: str
    verbs: Mapping[str, Handler]


def segments(path: str) -> tuple[str, ...]:
    """The decoded parts below `/3/`; an encoded slash stays inside its part, a trailing one is dropped."""
    return tuple(unquote(part) for part in path.removeprefix("/3/").removesuffix("/").split("/"))


@lru_cache(4096)
def route(path: str, method: str) -> tuple[str, Handler]:
    """The scope and the handler for a path and verb; refused with 404 or 405."""
    found = _at(segments(path)) if path.startswith("/3/") else None
    if found is None:
        raise refusal(NO_SUCH_PATH, status=404)
    if method not in found.verbs:
        raise refusal(NO_SUCH_VERB, status=405)
    return found.scope, found.verbs[method]


def _at(parts: tuple[str, ...]) -> Route | None:
    if parts in SETTINGS:
        scope, value = SETTINGS[parts]
        return Route(scope, {"GET": lambda company, _request: answer(200, value(company))})
    if parts[0] == "prices":
        return _prices_at(parts[1:])
    if parts[0] in book_routes.HEADS:
        found = book_routes.HEADS[parts[0]](parts[1:]) if "" not in parts else None
        return None if found is None else Route(*found)
    resource = RESOURCES.get(parts[0])
    return None if resource is None or "" in parts else _below(resource, parts[1:])


def _below(resource: Resource, parts: tuple[str, ...]) -> Route | None:
    match parts:
        case ():
            return _allowed(resource, {"L": ("GET", _list), "P": ("POST", _create)})
        case (key,):
            table = {"G": ("GET", _get), "U": ("PUT", _update), "D": ("DELETE", _delete)}
            return _allowed(resource, table, key)
        case (key, name) if name in (actions := ACTIONS.get(resource.path, {})):
            action = actions[name]
            return Route(resource.scope, {action.method: partial(_act, resource, action, key)})
        case _:
            return None


def _allowed(
    resource: Resource, table: Mapping[str, tuple[str, Callable[..., Response]]], *key: str
) -> Route:
    verbs = {
        verb: partial(handler, resource, *key)
        for letter, (verb, handler) in table.items()
        if letter in resource.verbs
    }
    return Route(resource.scope, verbs)


def _list(resource: Resource, company: Company, request: Request) -> Response:
    return answer(200, listing(company, resource, request.query))


def _create(resource: Resource, company: Company, request: Request) -> Response:
    record = writing.create(company, resource, unwrap(request.body, resource.one))
    return _created(resource, record)


def _created(resource: Resource, record: Record) -> Response:
    """201 with the whole record and a Location that holds only a word (5)."""
    shown = {resource.one: full(resource, record, posted=True)}
    return answer(201, shown, {"location": resource.location or resource.path})


def _shown(resource: Resource, record: Record) -> Response:
    return answer(200, {resource.one: full(resource, record)})


def _get(resource: Resource, key: str, company: Company, _request: Request) -> Response:
    return _shown(resource, writing.find(company, resource, key))


def _update(resource: Resource, key: str, company: Company, request: Request) -> Response:
    record = writing.find(company, resource, key)
    writing.update(company, resource, record, unwrap(request.body, resource.one))
    return _shown(resource, record)


def _delete(resource: Resource, key: str, company: Company, _request: Request) -> Response:
    writing.remove(company, resource, writing.find(company, resource, key))
    return answer(204)


def _act(resource: Resource, action: Action, key: str, company: Company, _request: Request) -> Response:
    outcome = action.run(company, writing.find(company, resource, key))
    return pdf(outcome) if isinstance(outcome, bytes) else _shown(*outcome)


def _prices_at(parts: tuple[str, ...]) -> Route | None:
    match parts:
        case ():
            return Route(PRICES.scope, {"GET": partial(_list, PRICES), "POST": _create_price})
        case ("sublist", price_list, article):
            return Route(PRICES.scope, {"GET": partial(_sublist, price_list, article)})
        case (_, _):
            return Route(PRICES.scope, _price_verbs(parts, "GET", "PUT"))
        case (_, _, _):
            return Route(PRICES.scope, _price_verbs(parts, "GET", "PUT", "DELETE"))
        case _:
            return None


def _price_verbs(parts: tuple[str, ...], *verbs: str) -> dict[str, Handler]:
    return {verb: partial(_price, parts) for verb in verbs}


def _create_price(company: Company, request: Request) -> Response:
    return _created(PRICES, prices.create(company, unwrap(request.body, PRICES.one)))


def _sublist(price_list: str, article: str, company: Company, request: Request) -> Response:
    return answer(200, listing(company, PRICES, request.query, prices.sublist(company, price_list, article)))


def _price(parts: tuple[str, ...], company: Company, request: Request) -> Response:
    record = prices.find(company, *parts)
    if request.method == "DELETE":
        prices.remove(company, record)
        return answer(204)
    if request.method == "PUT":
        prices.update(company, record, unwrap(request.body, PRICES.one))
    return _shown(PRICES, record)
