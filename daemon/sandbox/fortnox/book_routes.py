"""Which path of the bookkeeping and the inbox answers which verb (fortnox.md 1.1, 15, 16)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from daemon.sandbox.fortnox import bookkeeping, files, vouchers, writing
from daemon.sandbox.fortnox.bookkeeping import ACCOUNTS, VOUCHER_SERIES, scoped
from daemon.sandbox.fortnox.company import Company, Record
from daemon.sandbox.fortnox.errors import MISSING, refusal
from daemon.sandbox.fortnox.files import FOLDERS, INBOX
from daemon.sandbox.fortnox.lists import listing
from daemon.sandbox.fortnox.resource import Resource, full
from daemon.sandbox.fortnox.vouchers import VOUCHERS
from daemon.sandbox.fortnox.wire import answer, octets, unwrap
from daemon.sandbox.web import Request, Response

Handler = Callable[[Company, Request], Response]
Found = tuple[str, Mapping[str, Handler]]  # a scope, and a handler per verb


def _vouchers_at(parts: tuple[str, ...]) -> Found | None:
    verbs: Mapping[str, Handler]
    match parts:
        case ():
            verbs = {"GET": partial(_vouchers, {}), "POST": _create_voucher}
        case ("sublist",):
            verbs = {"GET": partial(_vouchers, {})}
        case ("sublist", series):
            verbs = {"GET": partial(_vouchers, {"voucherseries": series})}
        case (series, number):
            verbs = {"GET": partial(_voucher, series, number)}
        case _:
            return None
    return VOUCHERS.scope, verbs


def _yearly_at(resource: Resource, verbs: tuple[str, ...], parts: tuple[str, ...]) -> Found | None:
    match parts:
        case ():
            return resource.scope, {"GET": partial(_list, resource), "POST": partial(_create, resource)}
        case (own,):
            return resource.scope, {verb: partial(_one, resource, own) for verb in verbs}
        case _:
            return None


def _inbox_at(parts: tuple[str, ...]) -> Found | None:
    match parts:
        case ():
            return INBOX.scope, {"GET": _root, "POST": _upload}
        case (file_id,):
            return INBOX.scope, {"GET": partial(_file, file_id), "DELETE": partial(_delete_file, file_id)}
        case _:
            return None


def _shown(resource: Resource, record: Record) -> dict[str, Any]:
    return {resource.one: full(resource, record)}


def _created(resource: Resource, record: Record) -> Response:
    """201 with the whole record and a Location that holds only a word (5)."""
    return answer(201, _shown(resource, record), {"location": resource.location or resource.path})


def _vouchers(given: Mapping[str, str], company: Company, request: Request) -> Response:
    year, query = scoped(company, request.query)
    wanted = {**dict(query), **given}
    return answer(200, listing(company, VOUCHERS, wanted.items(), vouchers.among(company, year, wanted)))


def _create_voucher(company: Company, request: Request) -> Response:
    year, _ = scoped(company, request.query)
    return _created(VOUCHERS, vouchers.create(company, year, unwrap(request.body, VOUCHERS.one)))


def _voucher(series: str, number: str, company: Company, request: Request) -> Response:
    year, _ = scoped(company, request.query)
    return answer(200, _shown(VOUCHERS, vouchers.find(company, year, series, number)))


def _list(resource: Resource, company: Company, request: Request) -> Response:
    year, query = scoped(company, request.query)
    return answer(200, listing(company, resource, query, bookkeeping.of_year(company, resource, year)))


def _create(resource: Resource, company: Company, request: Request) -> Response:
    year, _ = scoped(company, request.query)
    return _created(resource, bookkeeping.create(company, resource, year, unwrap(request.body, resource.one)))


def _one(resource: Resource, own: str, company: Company, request: Request) -> Response:
    year, _ = scoped(company, request.query)
    record = bookkeeping.found(company, resource, year, own)
    if request.method == "DELETE":
        writing.remove(company, resource, record)
        return answer(204)
    if request.method == "PUT":
        writing.update(company, resource, record, unwrap(request.body, resource.one))
    return answer(200, _shown(resource, record))


def _root(company: Company, _request: Request) -> Response:
    return answer(200, {"Folder": files.folder(company)})


def _upload(company: Company, request: Request) -> Response:
    return _created(INBOX, files.upload(company, request))


def _file(file_id: str, company: Company, _request: Request) -> Response:
    if file_id in FOLDERS:
        return answer(200, {"Folder": files.folder(company, file_id)})
    if file_id not in company.contents:
        raise refusal(MISSING["inbox"], status=404)
    return octets(company.contents[file_id])


def _delete_file(file_id: str, company: Company, _request: Request) -> Response:
    files.remove(company, file_id)
    return answer(204)


# The first part of a path, and what finds the rest of it.
HEADS: Mapping[str, Callable[[tuple[str, ...]], Found | None]] = {
    "vouchers": _vouchers_at,
    "accounts": partial(_yearly_at, ACCOUNTS, ("GET", "PUT", "DELETE")),
    "voucherseries": partial(_yearly_at, VOUCHER_SERIES, ("GET", "PUT")),
    "inbox": _inbox_at,
}
