"""What the body of a person's action says: texts and fields, or an ActionError that asks for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from daemon.sandbox.web import ActionError

Body = Mapping[str, Any]


def text(body: Body, name: str, default: str | None = None) -> str:
    """The text, or whole number as text, called `name`."""
    value = body.get(name, default)
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        raise ActionError(f"Say {name!r}, as a text.")
    return str(value)


def fields(body: Body) -> dict[str, Any]:
    """The object called "fields"."""
    value = body.get("fields")
    if not isinstance(value, dict):
        raise ActionError("Say 'fields', as an object of field names and values.")
    return value
