"""
Whether exchanges fit the vendors' own OpenAPI files.

The files are Fortnox's and webCRM's property and not part of the project; they
lie in ../shared/specs where the project is developed. This is the one file
that knows that folder; without it `AVAILABLE` is False.

The check is stricter than the files: an object that lists its properties may
have no others. What the real vendor does differently from its own file stands
in DEVIATIONS, each row with the place that says so.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple

import jsonschema_rs

SPECS = Path(__file__).resolve().parents[2] / "shared" / "specs"
FILES = {"fortnox": SPECS / "fortnox-openapi.json", "webcrm": SPECS / "webcrm-openapi.json"}
AVAILABLE = all(path.is_file() for path in FILES.values())

METHODS = ("get", "post", "put", "patch", "delete")
NOT_THE_SYSTEMS = {"lost_before", "html", "status"}  # faults whose answer no system gave


class Deviation(NamedTuple):
    """
    A finding that is not one, because the vendor is known to differ from its file.

    `operation` is a glob over "METHOD /path", `where` one over "side/pointer"
    ("response/Customers/0/Name"), `keywords` the words of JSON Schema that may
    be hurt, `value` "null", "text", "number", "blank" or "any".
    """

    system: str
    operation: str
    where: str
    keywords: str
    value: str
    source: str


NOTHING = "type enum minLength format"

DEVIATIONS = (
    # system, operation, where, keywords, value, source
    Deviation(
        "fortnox", "* /oauth-v1/*", "path", "path", "any", "fortnox.md 1: another host, not in this file"
    ),
    Deviation("fortnox", "PUT /3/*", "request/*", "required", "any", "fortnox.md 8.1: PUT is a merge"),
    Deviation("fortnox", "PUT /3/*", "request/*", NOTHING, "null", "fortnox.md 8.2: null clears"),
    Deviation(
        "fortnox",
        "P* /3/*",
        "request/*",
        NOTHING,
        "blank",
        "fortnox.md 8.2: empty is ignored, API_BLANK clears",
    ),
    Deviation(
        "fortnox",
        "POST /3/vouchers",
        "request/Voucher",
        "required",
        "any",
        "fortnox.md 15: the year is said in the query, and clients leave it out of the body",
    ),
    Deviation("fortnox", "* /3/*", "response/*", NOTHING, "null", "fortnox.md 8.3: null for nothing"),
    Deviation(
        "fortnox",
        "GET /3/*",
        "response/MetaInformation",
        "additionalProperties",
        "any",
        "SOURCES-fortnox.md: MetaInformation is left out of nearly all list wrappers",
    ),
    Deviation(
        "fortnox",
        "* /3/*",
        "response/*/@url",
        "additionalProperties",
        "text",
        "fortnox.md 5: nearly every object carries @url",
    ),
    Deviation(
        "fortnox",
        "* /3/articles*",
        "response/Article/CommodityCode",
        "additionalProperties",
        "any",
        "fortnox.md 10: in answers since 2024",
    ),
    Deviation(
        "fortnox",
        "* /3/articles*",
        "response/Article/*Account",
        "minimum",
        "number",
        "fortnox.md 10: recorded with 0 for no account",
    ),
    Deviation(
        "fortnox",
        "GET /3/articles*",
        "response/Articles/*/QuantityInStock",
        "type",
        "text",
        "SOURCES-fortnox.md: a text in list rows, see fortnox.md 5",
    ),
    Deviation(
        "fortnox",
        "* /3/*",
        "response/*Rows/*/Cost",
        "additionalProperties",
        "number",
        "fortnox.md 11, 12.1: recorded on every row",
    ),
    Deviation(
        "fortnox",
        "* /3/*",
        "response/Invoice/InvoiceReference",
        "additionalProperties",
        "text",
        "fortnox.md 12.1: recorded",
    ),
    Deviation(
        "fortnox",
        "* /3/*",
        "response/Invoice/InvoicePeriod*",
        "format",
        "blank",
        "fortnox.md 8.3: empty, not null",
    ),
    Deviation(
        "fortnox",
        "* /3/*",
        "response/Invoice/PaymentWay",
        "enum",
        "blank",
        "fortnox.md 12.1: recorded empty",
    ),
    Deviation(
        "fortnox",
        "POST /3/invoices",
        "response/Invoice/ContractReference",
        "type",
        "text",
        "fortnox.md 5: a text in the POST answer",
    ),
    Deviation(
        "fortnox",
        "GET /3/invoices",
        "response/Invoices/*/CurrencyRate",
        "type",
        "text",
        "fortnox.md 5: a text in list rows",
    ),
    Deviation(
        "fortnox",
        "GET /3/prices",
        "response/Prices",
        "additionalProperties",
        "any",
        "fortnox.md 7.3: a list of prices; the file has the answer of one price here",
    ),
    Deviation("webcrm", "* *", "response/*", "type", "null", "webcrm.md 6: accept both null and empty"),
    Deviation(
        "webcrm",
        "* *",
        "*/OrganisationCountry*",
        "type additionalProperties",
        "any",
        "webcrm.md 14: newer systems show an object and are given OrganisationCountryValue",
    ),
)


class Operation(NamedTuple):
    """One method of one path of a file."""

    method: str
    template: str
    pattern: re.Pattern[str]
    body: Mapping[str, Any]
    shared_body: tuple[Mapping[str, Any], ...]


class Finding(NamedTuple):
    """One thing in an exchange that the file does not allow."""

    where: str
    keyword: str
    value: Any
    message: str


def validate(system: str, item: Mapping[str, Any]) -> list[str]:
    """
    What in `item`, of the shape that the sandbox's log has, the file of `system` does not allow.

    The path must exist unless 404 or 405 said so too; a request that was
    accepted must fit, and so must its 2xx answer, status included.
    """
    named = f"{item['method']} {item['path']}"
    return [
        f"{named}: {finding.where}: {finding.message}"
        for finding in _findings(system, item)
        if not any(_excuses(row, system, named, finding) for row in DEVIATIONS)
    ]


def validate_log(items: Iterable[Mapping[str, Any]]) -> list[str]:
    """What `validate` says of all `items`, each once; answers that a fault gave are left out."""
    said: dict[str, None] = {}
    for item in items:
        if item["system"] in FILES and item.get("fault") not in NOT_THE_SYSTEMS:
            said.update(dict.fromkeys(validate(item["system"], item)))
    return list(said)


def used_deviations(items: Iterable[Mapping[str, Any]]) -> set[Deviation]:
    """The rows of DEVIATIONS that excuse something in `items`."""
    return {
        row
        for item in items
        for finding in _findings(item["system"], item)
        for row in DEVIATIONS
        if _excuses(row, item["system"], f"{item['method']} {item['path']}", finding)
    }


def _findings(system: str, item: Mapping[str, Any]) -> Iterator[Finding]:
    operation = _operation(system, item["method"].lower(), item["path"])
    accepted = 200 <= item["status"] < 300
    if operation is None:
        if item["status"] not in (404, 405):
            yield Finding("path", "path", None, "no such operation in the file")
        return
    if not accepted:
        return
    if item["request"] is not None:
        yield from _body_findings(system, operation, "request", item["request"])
    if str(item["status"]) not in operation.body["responses"]:
        yield Finding("status", "status", item["status"], f"status {item['status']} is not in the file")
        return
    yield from _body_findings(system, operation, str(item["status"]), item["response"])


def _body_findings(system: str, operation: Operation, part: str, body: Any) -> Iterator[Finding]:
    side = "request" if part == "request" else "response"
    validator = _validator(system, operation.method, operation.template, part)
    if validator is None:
        return
    for error in validator.iter_errors(body):
        where = "/".join((side, *(str(step) for step in error.instance_path)))
        kind, value = error.kind, error.instance
        if isinstance(kind, jsonschema_rs.ValidationErrorKind.AdditionalProperties) and isinstance(
            value, dict
        ):
            for name in kind.unexpected:
                yield Finding(f"{where}/{name}", kind.name, value[name], "is not in the file")
        else:
            yield Finding(where, kind.name, value, error.message)


def _excuses(row: Deviation, system: str, named: str, finding: Finding) -> bool:
    return (
        row.system == system
        and fnmatchcase(named, row.operation)
        and fnmatchcase(finding.where, row.where)
        and finding.keyword in row.keywords.split()
        and _is(row.value, finding.value)
    )


def _is(kind: str, value: Any) -> bool:
    match kind:
        case "null":
            return value is None
        case "text":
            return isinstance(value, str)
        case "number":
            return isinstance(value, int | float)
        case "blank":
            return value in ("", "API_BLANK")
        case _:
            return kind == "any"


@functools.cache
def _file(system: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(FILES[system].read_text())
    return loaded


@functools.cache
def operations(system: str) -> tuple[Operation, ...]:
    """All operations, fewest placeholders first: /prices/sublist/… must win over /prices/{list}/…"""
    found = [
        Operation(
            method,
            template,
            re.compile(re.sub(r"\\{[^/]*?\\}", "[^/]+", re.escape(template)) + "/?"),
            path[method],
            tuple(path.get("parameters", ())),
        )
        for template, path in _file(system)["paths"].items()
        for method in METHODS
        if method in path
    ]
    return tuple(sorted(found, key=lambda operation: operation.template.count("{")))


@functools.lru_cache(maxsize=10_000)
def _operation(system: str, method: str, path: str) -> Operation | None:
    for operation in operations(system):
        if operation.method == method and operation.pattern.fullmatch(path):
            return operation
    return None


@functools.cache
def _validator(system: str, method: str, template: str, part: str) -> jsonschema_rs.Draft4Validator | None:
    """For the request body, or for the answer of a status; None where the file says nothing about it."""
    [operation] = [o for o in operations(system) if (o.method, o.template) == (method, template)]
    schema = _request_schema(operation) if part == "request" else _content(operation.body["responses"][part])
    if schema is None:
        return None
    root = _strict(schema)
    for name in _reachable(system, schema):
        _plant(root, name, _strict(_look_up(system, name)))
    return jsonschema_rs.Draft4Validator(root, validate_formats=True)


def _request_schema(operation: Operation) -> Any:
    if "requestBody" in operation.body:
        return _content(operation.body["requestBody"])
    parameters = (*operation.shared_body, *operation.body.get("parameters", ()))
    return next((parameter["schema"] for parameter in parameters if parameter.get("in") == "body"), None)


def _content(part: Mapping[str, Any]) -> Any:
    """The JSON schema of a body: OpenAPI 3 keeps it by content type, Swagger 2 beside the description."""
    content = part.get("content", {})
    for kind in ("application/json", "*/*"):
        if kind in content:
            return content[kind].get("schema")
    schema = part.get("schema", {})
    return schema if schema and schema.get("type") != "file" else None


def _reachable(system: str, schema: Any) -> set[str]:
    """The references in `schema`, and in what they lead to."""
    found: set[str] = set()
    waiting = [schema]
    while waiting:
        for name in set(re.findall(r'"\$ref": "([^"]+)"', json.dumps(waiting.pop()))) - found:
            found.add(name)
            waiting.append(_look_up(system, name))
    return found


def _look_up(system: str, reference: str) -> Any:
    """What `reference` ("#/definitions/X") leads to; webCRM's ObjectDto is missing, a free object."""
    target: Any = _file(system)
    for step in reference.removeprefix("#/").split("/"):
        target = target.get(step, {})
    return target


def _plant(root: dict[str, Any], reference: str, schema: Any) -> None:
    *steps, last = reference.removeprefix("#/").split("/")
    for step in steps:
        root = root.setdefault(step, {})
    root[last] = schema


def _strict(schema: Any) -> Any:
    """`schema` as JSON Schema draft 4, with objects closed to properties they do not list."""
    if isinstance(schema, list):
        return [_strict(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    ours = {key: _strict(value) for key, value in schema.items() if key != "properties"}
    if schema.get("nullable") is True and isinstance(schema.get("type"), str):
        ours["type"] = [schema["type"], "null"]
    if "properties" in schema:
        ours["properties"] = {name: _strict(part) for name, part in schema["properties"].items()}
        if "allOf" not in schema:
            ours.setdefault("additionalProperties", False)
    return ours
