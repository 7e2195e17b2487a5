"""
What a person reads: the answers of decision 35 as tables.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from daemon.service.house import Json

Row = Mapping[str, Any]
Columns = Sequence[tuple[str, str]]  # heading, key; a dot in a key goes one level in
WIDEST: Final = 160

COLUMNS: Final[Mapping[str, Columns]] = {
    "parked": (
        ("id", "id"),
        ("connector", "connector"),
        ("kind", "kind"),
        ("key", "key"),
        ("code", "code"),
        ("what", "what"),
        ("what to do", "todo"),
        ("since", "since"),
    ),
    "conflicts": (
        ("id", "id"),
        ("connector", "connector"),
        ("kind", "kind"),
        ("key", "key"),
        ("field", "field"),
        ("fortnox", "fortnox"),
        ("partner", "partner"),
        ("winner", "winner"),
        ("state", "state"),
    ),
    "intents": (
        ("id", "id"),
        ("connector", "connector"),
        ("kind", "kind"),
        ("key", "key"),
        ("action", "action"),
        ("state", "state"),
        ("tries", "attempt"),
        ("next look", "next_look_at"),
    ),
    "held": (
        ("plan", "id"),
        ("connector", "connector"),
        ("kind", "kind"),
        ("reason", "reason"),
        ("since", "since"),
    ),
    "log": (
        ("at", "at"),
        ("connector", "connector"),
        ("kind", "kind"),
        ("key", "key"),
        ("action", "action"),
        ("outcome", "outcome"),
        ("fortnox", "fortnox_id"),
        ("partner", "partner_id"),
    ),
    "choices": (
        ("register", "register"),
        ("value", "value"),
        ("name", "title"),
        ("note", "note"),
    ),
    "steps": (
        ("action", "action"),
        ("side", "side"),
        ("kind", "kind"),
        ("key", "key"),
        ("fields", "fields"),
        ("reason", "reason"),
    ),
    "connectors": (
        ("connector", "name"),
        ("kind", "kind"),
        ("company", "company"),
        ("state", "state"),
        ("last success", "last_success_at"),
        ("next pass", "next_pass_at"),
        ("linked", "counts.linked"),
        ("parked", "counts.parked"),
        ("held", "counts.held"),
        ("conflicts", "counts.conflicts"),
        ("unknown", "counts.unknown"),
    ),
    "companies": (
        ("company", "name"),
        ("tenant", "tenant"),
        ("grant", "grant"),
        ("token until", "token_expires_at"),
        ("budget used", "budget.used"),
        ("of", "budget.limit"),
        ("waiting", "budget.waiting"),
    ),
}


def table(rows: Iterable[Row], columns: Columns) -> str:
    """Rows under headings; "nothing" when there are none."""
    cells = [[_cell(_dig(row, key)) for _, key in columns] for row in rows]
    if not cells:
        return "nothing"
    lines = [[heading for heading, _ in columns], *cells]
    widths = [max(len(line[at]) for line in lines) for at in range(len(columns))]
    return "\n".join(
        "  ".join(word.ljust(width) for word, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def _dig(row: Row, key: str) -> Any:
    value: Any = row
    for part in key.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _cell(value: Any) -> str:
    """One line of printable characters."""
    if value is None:
        return "-"
    if isinstance(value, Mapping):
        value = ", ".join(f"{key}={'(empty)' if each is None else each}" for key, each in value.items())
    elif isinstance(value, list | tuple):
        value = ", ".join(map(str, value))
    line = ", ".join(part for part in str(value).splitlines() if part)
    text = "".join(letter if letter.isprintable() else "?" for letter in line)
    return text if len(text) <= WIDEST else text[: WIDEST - 1] + "…"


def _items(name: str) -> Callable[[Json], str]:
    return lambda answer: table(answer["items"], COLUMNS[name])


def _status(answer: Json) -> str:
    config = answer["config"]
    reload = config.get("reload") or {}
    pid = answer["pid"] or "-"
    lines = [
        f"{answer['state']}, version {answer['version']}, pid {pid}, {config['path']}",
        *([f"the last reload was refused: {reload['error']}"] if reload.get("ok") is False else []),
        *([f"restart needed: {', '.join(reload['restart_needed'])}"] if reload.get("restart_needed") else []),
        "",
        table(answer["companies"], COLUMNS["companies"]),
        "",
        table(answer["connectors"], COLUMNS["connectors"]),
    ]
    for row in answer["connectors"]:
        lines += [f"{row['name']}: {row['error']}"] if row.get("error") else []
        lines += [f"{row['name']}: {_waits(row['creations_wait'])}"] if row.get("creations_wait") else []
        lines += [
            f"{row['name']}: held plan {plan['id']}: {plan['reason']}; fortnox-syncd release {plan['id']}"
            for plan in row.get("held") or []
        ]
    return "\n".join(lines)


def _waits(told: Json) -> str:
    code = f"{told['code']}  " if told["code"] else ""
    return f"{code}nothing is created until {told['until']}: {told['why']}"


def _sync(answer: Json) -> str:
    lines: list[str] = []
    for row in answer["connectors"]:
        counts = ", ".join(
            f"{row[key]} {key}" for key in ("parked", "held", "conflicts", "unknown") if row[key]
        )
        lines.append(f"{row['name']}: {row['outcome']}" + (f" ({counts})" if counts else ""))
        if row["steps"]:
            lines.append(table(row["steps"], COLUMNS["steps"]))
        if row.get("creations_wait"):
            lines.append(_waits(row["creations_wait"]))
        if row.get("next_look_at"):
            lines.append(f"next look at {row['next_look_at']}")
    return "\n".join(lines) or "no connector is enabled"


def _check(answer: Json) -> str:
    return "\n".join(
        f"ok    {item['what']} · {item['where']}"
        if item["ok"]
        else f"{item['code']}  {item['what']} · {item['where']} · {item['todo']}"
        for item in answer["items"]
    )


def _done(answer: Json) -> str:
    words = [f"{key} {value}" for key, value in answer.items() if key not in ("v", "at", "items") and value]
    return ", ".join([*words, *map(str, answer.get("items", []))]) or "done"


PRINTERS: Final[Mapping[str, Callable[[Json], str]]] = {
    "status": _status,
    "sync": _sync,
    "check": _check,
    **{name: _items(name) for name in ("parked", "conflicts", "intents", "held", "log", "choices")},
}


def printed(verb: str, answer: Json) -> str:
    """`answer` to `verb` for a person."""
    return PRINTERS.get(verb, _done)(answer)
