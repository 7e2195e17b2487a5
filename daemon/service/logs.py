"""
How events become lines: JSON for machines, columns for a person. The only user of structlog.

Only declared fields pass, and texts are masked where they look like a secret
or a person; a line is ASCII and has no control characters but its end.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any, Final, TextIO

import structlog

from daemon.events import LIBRARY, LOGGABLE, Level, Log
from daemon.ports import Clock

FIRST: Final = ("at", "level", "event")
LONGEST_TEXT: Final = 400
LONGEST_TRACEBACK: Final = 8000

# What must never be read in a log, wherever it comes from.
MASKS: Final = (
    (re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{6,}"), r"\1 ***"),
    (re.compile(r"\beyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]+)*"), "***"),
    (
        re.compile(
            r"(?i)\b((?:access|refresh)_?token|client_?secret|auth_?code|code|password)([\"']?\s*[=:]\s*[\"']?)[^\s\"',&}]+"
        ),
        r"\1\2***",
    ),
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", re.IGNORECASE), "***"),
    (re.compile(r"\b[0-9a-f]{32,}\b", re.IGNORECASE), "***"),
    (re.compile(r"[^\s@<>\"'(]+@[^\s@<>\"')]+\.[A-Za-z]{2,}"), "***@***"),
    (re.compile(r"\b(?:19|20)?\d{6}[-+]\d{4}\b"), "******-****"),
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def redact(text: str) -> str:
    """`text` without what looks like a secret or a person."""
    for pattern, mask in MASKS:
        text = pattern.sub(mask, text)
    return text


def open_log(
    clock: Clock,
    *,
    style: str = "auto",
    level: Level = "info",
    stream: TextIO | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Log:
    """
    The function that writes log lines to `stream` (stderr).

    `style` "auto" is "json" under systemd or when the stream is no terminal,
    else "console". Warnings of libraries are led to the same place.
    """
    stream = stream or sys.stderr
    if style == "auto":
        person = stream.isatty() and "JOURNAL_STREAM" not in environ and "INVOCATION_ID" not in environ
        style = "console" if person else "json"
    logger = structlog.wrap_logger(
        structlog.WriteLogger(stream),
        processors=[
            structlog.processors.add_log_level,
            _only_declared,
            _masked,
            lambda _logger, _method, line: {**dict.fromkeys(FIRST), **line, "at": _moment(clock)},
            _as_json if style == "json" else _as_columns,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
    )

    def log(level: Level, name: str, fields: Mapping[str, Any]) -> None:
        getattr(logger, level)(name, **fields)

    _lead_libraries_here(log)
    return log


def quiet(_level: Level, _name: str, _fields: Mapping[str, Any]) -> None:
    """A log that says nothing, for commands and tests."""


# ------------------------------------------------------------------ structlog processors

_Line = MutableMapping[str, Any]


def _only_declared(_logger: Any, _method: str, line: _Line) -> _Line:
    """Drop what no event declares."""
    return {key: value for key, value in line.items() if key in LOGGABLE or key in ("event", "level")}


def _masked(_logger: Any, _method: str, line: _Line) -> _Line:
    return {key: _plain(value, _longest(key)) for key, value in line.items() if value is not None}


def _longest(key: str) -> int:
    return LONGEST_TRACEBACK if key == "traceback" else LONGEST_TEXT


def _plain(value: Any, longest: int) -> Any:
    """`value` as JSON takes it, texts masked and cut."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return round(value, 3)
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(each, longest) for each in sorted(value, key=str)]
    return redact(str(value))[:longest]


def _as_json(_logger: Any, _method: str, line: _Line) -> str:
    return json.dumps(line, ensure_ascii=True)


def _as_columns(_logger: Any, _method: str, line: _Line) -> str:
    words = [f"{key}={_shown(value)}" for key, value in line.items() if key not in FIRST]
    return f"{line['at'][11:19]} {line['level']:7} {line['event']:18} {' '.join(words)}"


def _shown(value: Any) -> str:
    text = ",".join(map(str, value)) if isinstance(value, list) else str(value)
    text = _CONTROL.sub(lambda match: f"\\x{ord(match[0]):02x}", text)
    return f'"{text}"' if " " in text else text


def _moment(clock: Clock) -> str:
    return clock.now().strftime("%Y-%m-%dT%H:%M:%S.%fZ")


# ------------------------------------------------------------------ libraries


class _Bridge(logging.Handler):
    """Hands a library's warnings to our log."""

    def __init__(self, log: Log) -> None:
        super().__init__(logging.WARNING)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """The text only: a library's own fields may hold anything."""
        self._log("warning", LIBRARY.name, {"logger": record.name, "text": record.getMessage()})


def _lead_libraries_here(log: Log) -> None:
    root = logging.getLogger()
    root.handlers[:] = [_Bridge(log)]
    root.setLevel(logging.WARNING)
