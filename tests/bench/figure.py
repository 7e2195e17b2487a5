"""One line of the table: what was measured, what it is compared with, and whether it holds."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct


class Figure(Struct, frozen=True, kw_only=True):
    """`ratio` is measured over limit, or the share that is asked for; `ok` is None without a limit."""

    name: str
    measured: str
    limit: str = "–"
    ratio: float | None = None
    ok: bool | None = None


def at_most(name: str, measured: str, limit: str, ratio: float, most: float = 1.0) -> Figure:
    """A figure that holds while `ratio` is not above `most`."""
    return Figure(name=name, measured=measured, limit=limit, ratio=ratio, ok=ratio <= most)


def at_least(name: str, measured: str, limit: str, ratio: float, least: float) -> Figure:
    """A figure that holds while `ratio` is not below `least`."""
    return Figure(name=name, measured=measured, limit=limit, ratio=ratio, ok=ratio >= least)


def none_of(name: str, count: int) -> Figure:
    """A figure that holds while there is nothing of it."""
    return Figure(name=name, measured=str(count), limit="0", ok=count == 0)


def note(name: str, measured: str, ratio: float | None = None) -> Figure:
    """A line to know, without a limit."""
    return Figure(name=name, measured=measured, ratio=ratio)


def table(figures: Sequence[Figure]) -> str:
    """All of them in columns, a line each."""
    words = {True: "ok", False: "NOT OK", None: "–"}
    rows = [("figure", "measured", "limit", "ratio", "")]
    for each in figures:
        ratio = "–" if each.ratio is None else f"{each.ratio:.3f}"
        rows.append((each.name, each.measured, each.limit, ratio, words[each.ok]))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [" · ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    return "\n".join(line.rstrip() for line in lines)
