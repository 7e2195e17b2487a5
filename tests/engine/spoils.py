"""
What may become of a request: every fault of the matrix, ordered for the request that a story is about.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from daemon.sandbox.faults import Fault
from tests.engine.line import Answer, Line
from tests.engine.story import Story
from tests.town import Town

Spoil = Mapping[str, Any]

# What happened to the request -> the sandbox's fault; "answered" is told after it took effect.
UNCLEAR: Mapping[str, Spoil] = {
    "lost on the way": {"fault": "lost_before"},
    "its answer lost": {"fault": "lost_after"},
    "applied 20 s late": {"fault": "late", "delay_s": 20},
    "applied late, within settle": {"fault": "late", "delay_s": 31.5},
    "its answer cut by a reset": {"fault": "reset"},
    "half an answer": {"fault": "truncate"},
    "a proxy's page that says 200": {"fault": "html"},
    "answered after the time-out": {"fault": "delay", "delay_s": 40},
    "500": {"fault": "status", "status": 500},
    "502": {"fault": "status", "status": 502},
    "503": {"fault": "status", "status": 503},
    "504": {"fault": "status", "status": 504},
    "500 though applied": {"answered": 500},
    "502 though applied": {"answered": 502},
    "503 though applied": {"answered": 503},
    "504 though applied": {"answered": 504},
}
CLEAR: Mapping[str, Spoil] = {
    "400": {"fault": "status", "status": 400},
    "401": {"fault": "status", "status": 401},
    "403": {"fault": "status", "status": 403},
    "404": {"fault": "status", "status": 404},
    "409": {"fault": "status", "status": 409},
    "429": {"fault": "status", "status": 429},
    "429 for 90 s": {"fault": "status", "status": 429, "headers": {"Retry-After": "90"}},
    "answered slowly": {"fault": "delay", "delay_s": 20},
}
BARE: Mapping[str, Spoil] = {  # webCRM answers so at its best, Fortnox never
    "204 and nothing": {"answered": 204},
    "success and nothing": {"answered": None},
}
BETWEEN: Mapping[str, Spoil] = {  # only a creation is looked for twice
    "applied between the two looks": {"fault": "late", "delay_s": 32.5},
}
TOO_LATE: Mapping[str, Spoil] = {  # after both looks: more than is promised, but never unsaid
    "applied a minute late": {"fault": "late", "delay_s": 60},
    "applied an hour late": {"fault": "late", "delay_s": 3600},
}
NOTHING = "nothing"
FAULTS: Mapping[str, Spoil] = {NOTHING: {}, **UNCLEAR, **CLEAR, **BARE, **BETWEEN, **TOO_LATE}
REFUSALS = frozenset({"400", "403", "404", "409"})  # these park the record; `retry` gets it there


def is_line(story: Story) -> bool:
    """Whether the request is one of several for a delivery's lines."""
    return story.path.startswith("/QuotationLines") and "Linked" not in story.path


def creates(story: Story) -> bool:
    """Whether the request makes a record."""
    return story.method == "POST" and not is_line(story)


def faults_of(story: Story) -> Sequence[str]:
    """What may become of its request without more than is assumed of a network."""
    return [*UNCLEAR, *CLEAR, *BARE, *(BETWEEN if creates(story) else ())]


def spoil(town: Town, story: Story, fault: Spoil, **more: Any) -> None:
    """Order `fault` for the request under test."""
    where = {"system": story.system, "method": story.method, "path": story.path}
    if "answered" in fault:
        Line.of(town).answers.append(Answer(of=Fault(fault="status", **where), status=fault["answered"]))
    elif fault:
        town.world.faults.add(Fault(**where, **fault, **more))
