"""webCRM's payloads: metadata, queries, the three answers to a creation (webcrm.md 4-7, 14)."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from daemon.core.text import folded
from daemon.errors import Refused
from daemon.net.decode import Malformed, parse
from daemon.net.outcome import unreadable
from daemon.ports import Reply, Request
from daemon.systems.webcrm.spec import COUNTRY, COUNTRY_OBJECT, NAME


class Field(NamedTuple):
    """What the metadata tells of a field: its name on the screen, longest text, texts to choose from."""

    label: str = ""
    limit: int | None = None
    texts: tuple[str, ...] = ()


Metadata = Mapping[str, Field]
_ID: Final = re.compile(r"[0-9]{1,18}")


def explain(reply: Reply) -> tuple[str, str]:
    """(the exception's name, its message) of an error; ("", the text itself) of another."""
    text = reply.body.decode("utf-8", "replace")
    try:
        found = parse(reply.body)
    except Malformed:
        return "", text
    if not isinstance(found, dict) or "Message" not in found:
        return "", text
    return str(found.get("Type") or ""), str(found["Message"])


def objects(request: Request, reply: Reply, document: Any) -> list[dict[str, Any]]:
    """A list of records. Raises Unusable."""
    if not isinstance(document, list) or not all(isinstance(each, dict) for each in document):
        raise unreadable("JSN06", NAME, request, reply, "the answer is not a list of records")
    return document


def no_error(request: Request, reply: Reply) -> None:
    """A write's 2xx holds an id or nothing. Raises OutcomeUnknown for an error inside it."""
    name, message = explain(reply)
    if name:
        raise unreadable("JSN14", NAME, request, reply, f"{name} {message}")


def born_id(document: Any, key: str) -> str | None:
    """The id in an answer to a creation: a number, or an object with `key`; None where it is not told."""
    found = document.get(key) if isinstance(document, dict) else document
    number = str(found).strip() if isinstance(found, int | str) and not isinstance(found, bool) else ""
    return str(int(number)) if _ID.fullmatch(number) and int(number) else None


def metadata(rows: list[dict[str, Any]]) -> dict[str, Field]:
    """The fields by the names that the API uses; a country that is written under another name by both."""
    fields = {str(row.get("FieldMetadataFriendlyFieldName")): _field(row) for row in rows}
    if COUNTRY_OBJECT in fields:
        fields.setdefault(COUNTRY, fields[COUNTRY_OBJECT])
    return fields


def _field(row: Mapping[str, Any]) -> Field:
    longest = row.get("FieldMetadataTextFieldMaxLength")
    choices = row.get("FieldMetadataDropdownListData")
    listed = choices if isinstance(choices, list) else []
    texts = (str(choice.get("Text") or "").strip() for choice in listed if isinstance(choice, dict))
    return Field(
        label=str(row.get("FieldMetadataLabel") or ""),
        limit=longest if type(longest) is int and longest > 0 else None,
        texts=tuple(text for text in texts if text and not text.startswith("--")),
    )


def shown(payload: Mapping[str, Any], fields: Metadata) -> dict[str, Any]:
    """`payload` with "-- choose --" of a dropdown made empty: its wording depends on the language."""
    texts = ((name, value) for name, value in payload.items() if isinstance(value, str))
    dashed = [name for name, text in texts if text.startswith("--") and _is_dropdown(fields, name)]
    return {**payload, **dict.fromkeys(dashed, "")}


def chosen(payload: Mapping[str, Any], fields: Metadata, *, country_is_object: bool) -> dict[str, Any]:
    """
    `payload` as webCRM takes it: dropdowns by the full text of their list.

    Raises Refused REC18 for a text that is not in the list; nothing was sent.
    """
    texts = {name: _choice(name, value, fields) for name, value in payload.items()}
    if country_is_object and COUNTRY in texts:
        texts[COUNTRY_OBJECT] = texts.pop(COUNTRY)
    return texts


def _choice(name: str, value: Any, fields: Metadata) -> Any:
    if not _is_dropdown(fields, name) or not value:
        return value
    for text in fields[name].texts:
        if folded(text) == folded(str(value)):
            return text
    label = fields[name].label or name
    raise Refused(
        "REC18",
        f"{value} is not in webCRM's list {label}",
        f"webCRM, {name}",
        f"add it to the list {label} in webCRM, or choose another in Fortnox; then retry",
        system=NAME,
    )


def _is_dropdown(fields: Metadata, name: str) -> bool:
    return name in fields and bool(fields[name].texts)


def moment(raw: Any) -> dt.datetime | None:
    """A date and time, aware UTC; None for the year 1, which is webCRM's "none", and for what is no time."""
    try:
        found = dt.datetime.fromisoformat(str(raw))
        found = found if found.tzinfo else found.replace(tzinfo=dt.UTC)
        return None if found.year == 1 else found.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        return None


def date_literal(instant: dt.datetime) -> str:
    """An aware time as a query's literal: .NET's round-trip form, seven decimals."""
    return f"'{instant.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%S.%f}0Z'"


def text_literal(text: str) -> str:
    """A text as a query's literal."""
    doubled = text.replace("'", "''")
    return f"'{doubled}'"


def script(table: str, where: str = "", *, order: str, what: str = "*") -> str:
    """A query for rows of one table, sorted by one column as paging needs it (webcrm.md 5)."""
    condition = f" WHERE {where}" if where else ""
    return f"SELECT {what} FROM {table}{condition} ORDER BY {order} ASC"  # noqa: S608 - texts come as literals
