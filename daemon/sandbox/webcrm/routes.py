"""
Every path of the pretend webCRM behind the login, as one table.

Source: webcrm.md 2 (GET /Auth), 5 (lists, queries), 7-11 (the entities), 15 item 11 (what can be deleted).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import Any

import msgspec
from msgspec import Struct

from daemon.sandbox.web import Response
from daemon.sandbox.webcrm import metadata, query, rules
from daemon.sandbox.webcrm.auth import SYSTEM
from daemon.sandbox.webcrm.entities import DELIVERY_STATUSES, ENTITIES
from daemon.sandbox.webcrm.state import Record, State, note_post, shown
from daemon.sandbox.webcrm.values import Refusal, invalid, read_moment, whole_number

MOST_PAGES = 1_000_000
MOST_ROWS = 1000
DEFAULT_ROWS = 20
STEPS = 2**31


class Call(Struct, frozen=True, kw_only=True):
    """One accepted request: the values in its `path`, its `query` by lower-case name, who it is `by`."""

    state: State
    by: str
    may_write: bool
    path: tuple[str, ...]
    query: Mapping[str, str]
    body: bytes

    def number(self, place: int = 0) -> int:
        """A number in the path; one that no id can be finds nothing."""
        return int(self.path[place])

    def json(self) -> Any:
        """The body. Refusal 400 when it is not JSON."""
        try:
            return msgspec.json.decode(self.body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise invalid("The body is not JSON.") from error

    def page(self) -> tuple[int, int]:
        """Which rows are asked for: how many to pass over, how many to answer (webcrm.md 5)."""
        number = self._within("page", 1, MOST_PAGES)
        size = self._within("size", DEFAULT_ROWS, MOST_ROWS)
        return (number - 1) * size, size

    def _within(self, name: str, default: int, most: int) -> int:
        value = whole_number(self.query.get(name, str(default)))
        if value is None or not 1 <= value <= most:
            raise invalid(f"The field {name.title()} must be between 1 and {most}.")
        return value


Handler = Callable[[Call], Response]
Keep = Callable[[Record], bool]


def _show(call: Call, name: str, record: Record) -> Record:
    answer = shown(call.state, name, record)
    if call.query.get("include", "").lower() == "securityinfo":
        answer[f"{name}SecurityInfo"] = {"CanRead": True, "CanEdit": call.may_write}
    return answer


def _page_of(call: Call, name: str, records: list[Record]) -> Response:
    first, count = call.page()
    return Response.json(200, [_show(call, name, record) for record in records[first : first + count]])


def _matching(name: str, keep: Callable[[Call], Keep], call: Call) -> Response:
    """The page of the records of `name` that a test made from the call keeps."""
    test = keep(call)
    return _page_of(call, name, [record for record in call.state.records[name].values() if test(record)])


def _list(name: str, call: Call) -> Response:
    return _page_of(call, name, list(call.state.records[name].values()))


def _get(name: str, call: Call) -> Response:
    return Response.json(200, _show(call, name, call.state.get(name, call.number())))


def _post(name: str, call: Call) -> Response:
    note_post(call.state, name)
    number = rules.create(call.state, name, call.json(), call.by)
    shape = call.state.switches["post_result" if name == "Organisation" else "post_result_others"]
    if shape == "empty":
        return Response(status=200)
    return Response.json(200, number if shape == "int" else {ENTITIES[name].key: number})


def _put(name: str, call: Call) -> Response:
    rules.change(call.state, name, call.number(), call.json(), call.by)
    return Response(status=200)


def _delete(name: str, call: Call) -> Response:
    rules.remove(call.state, name, call.number(), call.by)
    return Response(status=200)


def _patch(name: str, call: Call) -> Response:
    """Many at once: id 0 is new; one text per item, its id or why not (webcrm.md 7)."""
    items = call.json()
    if not isinstance(items, list):
        raise invalid("The body must be a JSON array.")
    return Response.json(200, [_patch_one(name, call, item) for item in items])


def _patch_one(name: str, call: Call, item: Any) -> str:
    wanted = ENTITIES[name].key.lower()
    fields = item if isinstance(item, dict) else {}
    number = next((value for given, value in fields.items() if given.lower() == wanted), None)
    try:
        if number == 0:
            return str(rules.create(call.state, name, item, call.by))
        if type(number) is not int:
            raise invalid(f"The {ENTITIES[name].key} field is required.")
        rules.change(call.state, name, number, item, call.by)
    except Refusal as refusal:
        return refusal.message
    return str(number)


def _catalogue(call: Call) -> Response:
    items = call.state.records["LinkedData"].values()
    return Response.json(200, [shown(call.state, "LinkedData", item) for item in items])


def _wipe_catalogue(call: Call) -> Response:
    call.state.records["LinkedData"].clear()
    return Response(status=200)


def _children(parent: str, name: str, field: str, call: Call) -> Response:
    """A sub-list, `/Deliveries/{id}/QuotationLines` and its like; 404 for an unknown parent."""
    call.state.get(parent, call.number())
    return _matching(name, partial(_number_is, field), call)


def _number_is(field: str, call: Call) -> Keep:
    number = call.number()
    return lambda record: record.get(field, 0) == number


def _nothing(parent: str, call: Call) -> Response:
    """A sub-list of something the sandbox keeps none of."""
    call.state.get(parent, call.number())
    return Response.json(200, [])


def _status_is(call: Call) -> Keep:
    by_lower = {name.lower(): name for name in DELIVERY_STATUSES}
    status = by_lower.get(call.path[0].lower())
    if status is None:
        raise invalid(f"The value '{call.path[0]}' is not a delivery status.")
    return lambda record: record.get("DeliveryStatus", DELIVERY_STATUSES[0]) == status


def _between(field: str, call: Call) -> Keep:
    """start <= x < end (webcrm.md 5)."""
    try:
        start, end = (read_moment(text) for text in call.path)
    except ValueError as error:
        raise invalid("The dates in the path must be ISO 8601.") from error
    return lambda record: start <= record[field] < end


def _queries(call: Call) -> Response:
    first, count = call.page()
    return Response.json(200, query.answer(call.state, call.query.get("script", ""), first, count))


def _move(call: Call) -> Response:
    body = call.json()
    wanted = body.get("NewOrganisationId") if isinstance(body, dict) else None
    if type(wanted) is not int:
        raise invalid("The NewOrganisationId field is required.")
    rules.move(call.state, call.number(), wanted, call.by)
    return Response(status=204)


def _convert(source: str, target: str, call: Call) -> Response:
    level = int(call.path[1]) if len(call.path) > 1 else 0
    if level >= STEPS:
        raise invalid("The level is too large.")
    born = rules.convert(call.state, source, call.number(), target, level, call.by)
    return Response.json(200, born)


def _fields(call: Call) -> Response:
    return Response.json(200, metadata.fields_metadata(call.state, call.path[0] if call.path else ""))


def _linked_setup(call: Call) -> Response:
    return Response.json(200, metadata.linked_setup(call.state))


def _who(call: Call) -> Response:
    return Response.json(200, {"Name": call.by, "System": SYSTEM})


class Route(Struct, frozen=True):
    """One verb on one path. In `path`, "#" stands for a number and "*" for any text."""

    method: str
    path: str
    handler: Handler


def _usual(name: str) -> list[Route]:
    """The routes every entity has; DELETE only where webCRM has it."""
    entity = ENTITIES[name]
    many, one = f"/{entity.route}", f"/{entity.route}/#"
    routes = [
        Route("GET", many, partial(_list, name)),
        Route("POST", many, partial(_post, name)),
        Route("PATCH", many, partial(_patch, name)),
        Route("GET", one, partial(_get, name)),
        Route("PUT", one, partial(_put, name)),
        Route("DELETE", one, partial(_delete, name)),
    ]
    return routes if entity.deletable else routes[:-1]


UPDATED = partial(_between, "OrganisationUpdatedAt")
LINE_PARENT = "QuotationLineOpportunityId"
ROUTES: tuple[Route, ...] = (
    Route("GET", "/Auth", _who),
    Route("GET", "/Queries", _queries),
    Route("GET", "/FieldsMetadata", _fields),
    Route("GET", "/FieldsMetadata/*", _fields),
    Route("GET", "/QuotationLines/LinkedSetup", _linked_setup),
    Route("GET", "/QuotationLines/LinkedData", _catalogue),
    Route("DELETE", "/QuotationLines/LinkedData", _wipe_catalogue),
    Route("POST", "/QuotationLines/LinkedData", partial(_post, "LinkedData")),
    Route("GET", "/QuotationLines/LinkedData/#", partial(_get, "LinkedData")),
    Route("PUT", "/QuotationLines/LinkedData/#", partial(_put, "LinkedData")),
    Route("DELETE", "/QuotationLines/LinkedData/#", partial(_delete, "LinkedData")),
    *(
        route
        for name in ("Organisation", "Person", "Delivery", "Opportunity", "Product", "QuotationLine")
        for route in _usual(name)
    ),
    Route("GET", "/Organisations/FindByUpdateDates/*/*", partial(_matching, "Organisation", UPDATED)),
    *(
        Route(
            "GET",
            f"/{ENTITIES[name].route}/FindByCreateDates/*/*",
            partial(_matching, name, partial(_between, f"{name}CreatedAt")),
        )
        for name in ("Organisation", "Delivery", "Opportunity")
    ),
    *(
        Route("GET", f"/Organisations/#/{path}", handler)
        for path, handler in (
            ("Persons", partial(_children, "Organisation", "Person", "PersonOrganisationId")),
            ("Products", partial(_children, "Organisation", "Product", "ProductOrganisationId")),
            ("Relations", partial(_nothing, "Organisation")),
            ("Events", partial(_nothing, "Organisation")),
            ("SupportCases", partial(_nothing, "Organisation")),
            ("Revenues", partial(_nothing, "Organisation")),
        )
    ),
    Route(
        "GET", "/Deliveries/#/QuotationLines", partial(_children, "Delivery", "QuotationLine", LINE_PARENT)
    ),
    Route(
        "GET",
        "/Opportunities/#/QuotationLines",
        partial(_children, "Opportunity", "QuotationLine", LINE_PARENT),
    ),
    Route(
        "GET",
        "/Deliveries/ByOrganisation/#",
        partial(_matching, "Delivery", partial(_number_is, "DeliveryOrganisationId")),
    ),
    Route("GET", "/Deliveries/ByStatus/*", partial(_matching, "Delivery", _status_is)),
    Route(
        "GET",
        "/Deliveries/ByResponsible/#",
        partial(_matching, "Delivery", partial(_number_is, "DeliveryResponsible")),
    ),
    Route("POST", "/Deliveries/#/Move", _move),
    Route("POST", "/Deliveries/#/ConvertToOpportunity/#", partial(_convert, "Delivery", "Opportunity")),
    Route("POST", "/Opportunities/#/ConvertToDelivery", partial(_convert, "Opportunity", "Delivery")),
)


def _pattern(path: str) -> re.Pattern[str]:
    text = re.escape(path.lower()).replace(r"\#", "([0-9]{1,10})").replace(r"\*", "([^/]+)")
    return re.compile(f"{text}/?", re.IGNORECASE)


PATTERNS = tuple((_pattern(route.path), route) for route in ROUTES)


@lru_cache(4096)
def find(method: str, path: str) -> tuple[Handler, tuple[str, ...]]:
    """
    The handler for a still percent-encoded path, and the encoded values in it.

    Refusal 404 for an unknown path, 405 for a verb that the path does not take.
    """
    found = [(route, match.groups()) for pattern, route in PATTERNS if (match := pattern.fullmatch(path))]
    for route, values in found:
        if route.method == method:
            return route.handler, values
    if found:
        raise Refusal(405, "MethodNotAllowedException", f"{method} is not allowed for {path}")
    raise Refusal(404, "NotFoundException", f"{path} was not found")
