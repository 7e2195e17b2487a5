"""Lists: paging, filter, search, lastmodified and order (fortnox.md 7)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache, partial
from typing import Any

from daemon.sandbox.fortnox.company import Company, Record, Register
from daemon.sandbox.fortnox.errors import refusal
from daemon.sandbox.fortnox.resource import Resource, row

Test = Callable[[Record], bool]
PAGE = 100
MOST = 500
ACCOUNT_DIGITS = 5
PAGING = {"limit", "page", "offset"}
REFERENCE = "externalinvoicereference1"
ORDER = {"sortby", "sortorder"}
STAMP_FORMATS = ("%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d")


def listing(
    company: Company,
    resource: Resource,
    query: Iterable[tuple[str, str]],
    records: list[Record] | None = None,
) -> dict[str, Any]:
    """
    The answer of a collection path, for `records` or for the whole register.

    Refused 2000587 for an unknown filter value and 2000588 for any other wrong parameter.
    """
    wanted = _known(company, resource, query)
    broken = company.switches["reference_search"] if REFERENCE in wanted else "works"
    if broken == "ignored":
        del wanted[REFERENCE]
    if broken == "empty":
        records = []
    if records is None:
        as_text = company.switches["number_order"] == "text"
        register = company.registers[resource.path]
        records = register.ordered(as_text=as_text) if _may_be_found(resource, register, wanted) else []
    for test in _tests(company, resource, wanted):
        records = [record for record in records if test(record)]
    records = _sorted(resource, records, wanted)
    if not resource.paged:
        return {resource.many: [row(resource, record) for record in records]}
    return _page(resource, records, wanted)


def _known(company: Company, resource: Resource, query: Iterable[tuple[str, str]]) -> dict[str, str]:
    known = (
        PAGING
        | ORDER
        | resource.search.keys()
        | {"lastmodified"}
        | ({"filter"} if resource.filters else set())
    )
    wanted = {}
    for name, value in query:
        if "<" in value or ">" in value:
            raise refusal(2000588, name)
        if name in known:
            wanted[name] = value
        elif company.switches["unknown_parameter"] == "refuse":
            raise refusal(2000588, name)
    return wanted


def _may_be_found(resource: Resource, register: Register, wanted: Mapping[str, str]) -> bool:
    return all(
        register.may_hold(field, wanted[name])
        for name, (field, _) in resource.search.items()
        if name in wanted and field in resource.indexed
    )


def _tests(company: Company, resource: Resource, wanted: Mapping[str, str]) -> Iterable[Test]:
    if "lastmodified" in wanted and resource.stamped:
        yield _modified_since(company, wanted["lastmodified"])
    if "filter" in wanted:
        if wanted["filter"] not in resource.filters:
            raise refusal(2000587)
        yield _filtered(company, resource.filters[wanted["filter"]])
    for name, (field, how) in resource.search.items():
        if name in wanted:
            yield MATCHES[how](field, wanted[name])


def _filtered(company: Company, asked: tuple[str, Any] | Callable[[Company, Record], bool]) -> Test:
    if isinstance(asked, tuple):
        field, value = asked
        return lambda record: bool(record.values[field] == value)
    return lambda record: asked(company, record)


def _modified_since(company: Company, text: str) -> Test:
    """The stamp is cut to the precision in force; the bound itself counts only when "inclusive" (22 no 2)."""
    since = _moment(text)
    to_minute = company.switches["lastmodified_precision"] == "minute"
    cut = {"second": 0, "microsecond": 0} if to_minute else {"microsecond": 0}
    bound = since.replace(**cut)  # type: ignore[arg-type]
    if company.switches["lastmodified_bound"] == "exclusive":
        bound += dt.timedelta(minutes=1) if to_minute else dt.timedelta(seconds=1)
    return lambda record: record.modified >= bound


@lru_cache(256)
def _moment(text: str) -> dt.datetime:
    for form in STAMP_FORMATS:
        try:
            return dt.datetime.strptime(text, form)  # noqa: DTZ007 - Swedish wall-clock time, as Fortnox keeps it
        except ValueError:
            continue
    raise refusal(2000588, "lastmodified")


def _contains(field: str, text: str) -> Test:
    sought = text.lower()
    return lambda record: sought in (record.values[field] or "").lower()


def _exact(field: str, text: str) -> Test:
    return lambda record: bool(record.values[field] == text)


def _flag(field: str, text: str) -> Test:
    return lambda record: bool(record.values[field] == (text.lower() == "true"))


def _in_year(_field: str, text: str) -> Test:
    return lambda record: bool(record.values["FromDate"] <= text <= record.values["ToDate"])


def _number(field: str, text: str) -> Test:
    return lambda record: str(record.values[field]) == text


def _from(field: str, text: str) -> Test:
    return lambda record: bool((record.values[field] or "") >= text)


def _to(field: str, text: str) -> Test:
    return lambda record: bool(record.values[field] and record.values[field] <= text)


def _label(field: str, text: str) -> Test:
    return lambda record: any(str(label["Id"]) == text for label in record.values[field])


def _in_rows(field: str, text: str) -> Test:
    rows, _, name = field.partition(".")
    sought = text.lower()
    return lambda record: any(sought in row[name].lower() for row in record.values[rows])


def _in_voucher(field: str, text: str) -> Test:
    return lambda record: (
        record.values[field] == text or any(row[field] == text for row in record.values["VoucherRows"])
    )


def _accounts(field: str, text: str, *, upwards: bool) -> Test:
    if not (text.isascii() and text.isdigit() and len(text) <= ACCOUNT_DIGITS):
        raise refusal(2000588, "accountnumberfrom" if upwards else "accountnumberto")
    bound = int(text)

    def booked_there(record: Record) -> bool:
        accounts = [row["AccountNumber"] for row in record.values[field] if row["AccountNumber"]]
        return any(account >= bound if upwards else account <= bound for account in accounts)

    return booked_there


MATCHES: Mapping[str, Callable[[str, str], Test]] = {
    "contains": _contains,
    "exact": _exact,
    "flag": _flag,
    "in_year": _in_year,
    "number": _number,
    "from": _from,
    "to": _to,
    "label": _label,
    "in_rows": _in_rows,
    "in_voucher": _in_voucher,
    "account_from": partial(_accounts, upwards=True),
    "account_to": partial(_accounts, upwards=False),
}


def _sorted(resource: Resource, records: list[Record], wanted: Mapping[str, str]) -> list[Record]:
    direction = wanted.get("sortorder", "ascending")
    if direction not in {"ascending", "descending"}:
        raise refusal(2000588, "sortorder")
    by = wanted.get("sortby", resource.key.lower())
    if by != resource.key.lower():
        if by not in resource.sort:
            raise refusal(2000588, "sortby")
        field = resource.sort[by]
        records = sorted(records, key=lambda record: _comparable(record.values[field]))
    return records[::-1] if direction == "descending" else records


def _comparable(value: Any) -> tuple[bool, Any]:
    return isinstance(value, str), value.lower() if isinstance(value, str) else value or 0


def _whole(wanted: Mapping[str, str], name: str, default: int, least: int) -> int:
    text = wanted.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 10) or int(text) < least:  # noqa: PLR2004 - 32 bits
        raise refusal(2000588, name)
    return int(text)


def _page(resource: Resource, records: list[Record], wanted: Mapping[str, str]) -> dict[str, Any]:
    """One page; past the end it is the answer of an empty register, as recorded (7.1)."""
    limit = min(_whole(wanted, "limit", PAGE, 1), MOST)
    page = _whole(wanted, "page", 1, 1)
    start = _whole(wanted, "offset", 0, 0) + (page - 1) * limit
    shown = records[start : start + limit]
    total = len(records) if shown else 0
    return {
        "MetaInformation": {
            "@TotalResources": total,
            "@TotalPages": -(-total // limit),
            "@CurrentPage": page if shown else 1,
        },
        resource.many: [row(resource, record) for record in shown],
    }
