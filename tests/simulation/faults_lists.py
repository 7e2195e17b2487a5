"""What lists do that they should not: show late, in any order, twice, not all, or what nobody asked for."""

from __future__ import annotations

import asyncio
import contextvars
import json
import random
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from msgspec import structs

from daemon.sandbox import web
from tests.simulation.camera import FORTNOX, WEBCRM
from tests.simulation.plan import LAG_MOST_S
from tests.simulation.wire import Sent

if TYPE_CHECKING:
    from tests.simulation.world import Simulation

Rows = Callable[[str, web.Request, list[Any]], list[Any]]
KEYS: Final = {  # the first that a row has says what it is
    "DocumentNumber": "document",
    "DeliveryId": "document",
    "CustomerNumber": "customer",
    "OrganisationId": "customer",
    "ArticleNumber": "article",
    "QuotationLineLinkedDataItemId": "article",
}
FILTERS: Final = ("lastmodified", "externalinvoicereference1", "organisationnumber", "name", "filter")
DRIFTS: Final = (
    "delete_customer",
    "delete_organisation",
    "new_customer",
    "new_organisation",
    "edit_customer",
    "delete_delivery",
    "new_delivery",
    "edit_delivery",
)
ORDER: Final = re.compile(r" ORDER BY (\w+)")
WHERE: Final = re.compile(r" WHERE .*?(?= ORDER BY )")


async def lag(simulation: Simulation, chance: random.Random) -> None:
    """Lists do not show for a while what is new."""
    _hide(simulation, chance, _without_new(simulation, chance.uniform(1, LAG_MOST_S)))


async def older(simulation: Simulation, chance: random.Random) -> None:
    """Nor what changed: they show what it was, or, asked for changes, not at all."""
    _hide(simulation, chance, _as_it_was(simulation, chance.uniform(1, LAG_MOST_S)))


async def shuffle(simulation: Simulation, chance: random.Random) -> None:
    """Rows come in any order, some of them twice."""

    def shuffled(_side: str, _request: web.Request, rows: list[Any]) -> list[Any]:
        rows = rows + rows[: len(rows) // 3]
        chance.shuffle(rows)
        return rows

    _filter(simulation, chance, shuffled)


async def empty(simulation: Simulation, chance: random.Random) -> None:
    """What should be everything is nothing, or much less, and says so with 200."""
    share = chance.choice([0.0, 0.0, 0.3])

    def short(side: str, request: web.Request, rows: list[Any]) -> list[Any]:
        if not _is_whole(side, request):
            return rows
        if side == WEBCRM and "LinkedData" in request.path:
            simulation.oracle.catalogue_short_s = simulation.true.passed_s
        return rows[: int(share * len(rows))]

    _filter(simulation, chance, short)


async def repeat(simulation: Simulation, chance: random.Random) -> None:
    """Every page is the first one."""

    def first(_side: str, request: web.Request) -> web.Request:
        query = tuple((name, "1" if name.lower() == "page" else text) for name, text in request.query)
        return structs.replace(request, query=query)

    _bend(simulation, chance, first)


async def unfiltered(simulation: Simulation, chance: random.Random) -> None:
    """What was asked for does not matter: everything is shown."""

    def whole(side: str, request: web.Request) -> web.Request:
        if side == FORTNOX:
            query = tuple((name, text) for name, text in request.query if name not in FILTERS)
        else:
            query = tuple((name, WHERE.sub("", text)) for name, text in request.query)
        return structs.replace(request, query=query)

    _bend(simulation, chance, whole)


async def total(simulation: Simulation, chance: random.Random) -> None:
    """Fortnox counts its own lists wrongly."""
    wrong = chance.choice([-2, -1, 1, 500])

    def counted(side: str, _request: web.Request, response: web.Response) -> web.Response:
        body = _listed(side, response)
        if not isinstance(body, dict):
            return response
        about = body["MetaInformation"]
        about["@TotalResources"] = max(0, about["@TotalResources"] + wrong)
        return _told(response, body)

    _show(simulation, chance, counted)


async def drift(simulation: Simulation, chance: random.Random) -> None:
    """Somebody makes, edits or deletes a record while the pages of its list are turned."""
    before = simulation.wire.left
    what = chance.choice(DRIFTS)

    def turned(sent: Sent) -> None:
        before(sent)
        if re.search(r"[?&][Pp]age=1(&|$)", sent.request.url):
            simulation.wire.left = before
            later_s, late = chance.uniform(0.02, 0.3), (simulation.crowd.act, what, chance)
            asyncio.get_running_loop().call_later(later_s, *late, context=contextvars.Context())

    simulation.wire.left = turned


# ------------------------------------------------------------------ how


def _filter(simulation: Simulation, chance: random.Random, change: Rows) -> None:
    """Change the rows of every list that the daemon reads for some minutes."""

    def changed(side: str, request: web.Request, response: web.Response) -> web.Response:
        return _with_rows(side, request, response, change)

    _show(simulation, chance, changed)


def _hide(simulation: Simulation, chance: random.Random, change: Rows) -> None:
    """
    Change the rows of every list for some minutes, before pages are made of them.

    In webCRM a page that is not full is the last one (webcrm.md 5), also of a list that lags.
    """
    until_s = _for_a_while(simulation, chance)
    bent_before, shown_before = simulation.wire.bent, simulation.wire.shown

    def is_over(request: web.Request) -> bool:
        return simulation.true.passed_s > until_s or request.method != "GET"

    def whole(side: str, request: web.Request) -> web.Request:
        all_of_it = {"page": "1", "size": "1000"} if side == WEBCRM else {}
        query = tuple((name, all_of_it.get(name.lower(), text)) for name, text in request.query)
        return structs.replace(request, query=query)

    def page(side: str, request: web.Request, rows: list[Any]) -> list[Any]:
        rows, asked = change(side, request, rows), {name.lower(): text for name, text in request.query}
        if side != WEBCRM or "size" not in asked:
            return rows
        size, order = int(asked["size"]), ORDER.search(asked.get("script", ""))
        if order:  # pages are made of rows in order, whatever becomes of the order in them
            rows = sorted(rows, key=lambda row: row[order[1]])
        return rows[(int(asked["page"]) - 1) * size :][:size]

    def bent(side: str, request: web.Request) -> web.Request:
        request = bent_before(side, request)
        return request if is_over(request) else whole(side, request)

    def shown(side: str, request: web.Request, response: web.Response) -> web.Response:
        if is_over(request):
            return shown_before(side, request, response)
        response = shown_before(side, whole(side, request), response)  # who was before leaves pages to this
        return _with_rows(side, request, response, page) if response.status == 200 else response

    simulation.wire.bent, simulation.wire.shown = bent, shown


def _show(
    simulation: Simulation,
    chance: random.Random,
    change: Callable[[str, web.Request, web.Response], web.Response],
) -> None:
    """Change every answer to a reading for some minutes."""
    before, until_s = simulation.wire.shown, _for_a_while(simulation, chance)

    def shown(side: str, request: web.Request, response: web.Response) -> web.Response:
        response = before(side, request, response)
        if simulation.true.passed_s > until_s or request.method != "GET" or response.status != 200:
            return response
        return change(side, request, response)

    simulation.wire.shown = shown


def _bend(
    simulation: Simulation, chance: random.Random, change: Callable[[str, web.Request], web.Request]
) -> None:
    """Change every reading itself for some minutes."""
    before, until_s = simulation.wire.bent, _for_a_while(simulation, chance)

    def bent(side: str, request: web.Request) -> web.Request:
        request = before(side, request)
        late = simulation.true.passed_s > until_s
        return request if late or request.method != "GET" else change(side, request)

    simulation.wire.bent = bent


def _for_a_while(simulation: Simulation, chance: random.Random) -> float:
    until_s = simulation.true.passed_s + chance.uniform(60, 400)
    simulation.oracle.lists_lie(until_s)
    return until_s


def _is_whole(side: str, request: web.Request) -> bool:
    """Whether everything was asked for, and not what changed or what bears a name."""
    asked = dict(request.query)
    if side == FORTNOX:
        return not any(name in asked for name in FILTERS[:-1])
    return " WHERE " not in asked.get("script", "") and "/Deliveries/" not in request.path


def _asks_for_changes(request: web.Request) -> bool:
    asked = dict(request.query)
    return "lastmodified" in asked or "UpdatedAt >=" in asked.get("script", "")


def _listed(side: str, response: web.Response) -> Any:
    """What a list was answered with; None for anything else."""
    body = json.loads(response.body or b"null")
    if side == WEBCRM:
        return body if isinstance(body, list) else None
    return body if isinstance(body, dict) and "MetaInformation" in body else None


def _with_rows(side: str, request: web.Request, response: web.Response, change: Rows) -> web.Response:
    body = _listed(side, response)
    if body is None or "FieldsMetadata" in request.path:
        return response
    if side == WEBCRM:
        return _told(response, change(side, request, body))
    name = next((name for name, rows in body.items() if isinstance(rows, list)), "")
    if not name:
        return response
    before = body[name]
    body[name] = change(side, request, before)
    body["MetaInformation"]["@TotalResources"] += len(body[name]) - len(before)
    return _told(response, body)


def _told(response: web.Response, body: Any) -> web.Response:
    headers = {name: text for name, text in response.headers.items() if name.lower() != "content-length"}
    return web.Response(status=response.status, headers=headers, body=json.dumps(body).encode())


def _young(
    simulation: Simulation, side: str, lag_s: float, since_s: Mapping[tuple[str, str, str], float]
) -> set[tuple[str, str]]:
    """The records of a side to which that happened a moment ago."""
    now_s = simulation.true.passed_s
    return {
        (kind, key) for (each, kind, key), at_s in since_s.items() if each == side and now_s - at_s < lag_s
    }


def _without_new(simulation: Simulation, lag_s: float) -> Rows:
    def fresh(side: str, _request: web.Request, rows: list[Any]) -> list[Any]:
        young = _young(simulation, side, lag_s, simulation.oracle.seen_first_s)
        return [row for row in rows if _place(row) not in young]

    return fresh


def _as_it_was(simulation: Simulation, lag_s: float) -> Rows:
    last: dict[tuple[str, ...], Any] = {}

    def stale(side: str, request: web.Request, rows: list[Any]) -> list[Any]:
        young = _young(simulation, side, lag_s, simulation.oracle.changed_s)
        shown = []
        for row in rows:
            about = side, *sorted(row), *_place(row)
            if _place(row) not in young:
                last[about] = row
                shown.append(row)
            elif not _asks_for_changes(request):
                shown.append(last.get(about, row))
        return shown

    return stale


def _place(row: Mapping[str, Any]) -> tuple[str, str]:
    """The kind and the id of what a row shows."""
    own = next((name for name in KEYS if name in row), "")
    form = ("invoice:" if "InvoiceDate" in row else "order:") if own == "DocumentNumber" else ""
    return KEYS.get(own, ""), f"{form}{row.get(own)}"


LISTS: Final[Mapping[str, Callable[..., Awaitable[None]]]] = {
    "lag": lag,
    "older": older,
    "shuffle": shuffle,
    "empty": empty,
    "repeat": repeat,
    "unfiltered": unfiltered,
    "total": total,
    "drift": drift,
}
