"""The statements of queries.sql by name: `SQL["todo_add"]`."""

from __future__ import annotations

import re
from importlib import resources


def _load() -> dict[str, str]:
    text = (resources.files("daemon.store") / "queries.sql").read_text("utf-8")
    parts = re.split(r"(?m)^-- name: (\w+)\n", text)
    names, bodies = parts[1::2], parts[2::2]
    assert len(set(names)) == len(names), "two statements have one name"
    return {name: body.strip() for name, body in zip(names, bodies, strict=True)}


SQL = _load()
