"""What a log line may hold."""

from __future__ import annotations

import io
import json
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.events import PASS_DONE, STEP_DONE, Events
from daemon.service.logs import open_log, redact
from tests.service.fakes import ManualClock

CANARIES = [
    "Authorization: Bearer 5f3c9a1e77d2canary",
    "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJjYW5hcnkiOjF9.c2ln",
    "refresh_token=6c1f0a5c9e7d4b0f8a21c3d4e5f60718293a4b5c",
    '{"client_secret": "canary-secret"}',
    "authCode: 11111111-1111-4111-8111-111111111111",
    "redirected to /callback?code=canary12&state=x",
    "write to anna.canary@example.se",
    "personnummer 811228-9874",
]


def lines_of(style, *emitted, level="info"):
    """The lines that these events make."""
    stream = io.StringIO()
    events = Events(open_log(ManualClock(), style=style, level=level, stream=stream))
    for event, fields in emitted:
        events.emit(event, **fields)
    return stream.getvalue().splitlines()


def passed(**fields):
    """A pass with these fields."""
    return PASS_DONE, {"connector": "crm", "duration_s": 1.25, **fields}


@pytest.mark.row("D9")
def test_a_pass_is_one_line_of_ascii_json():
    """One pass, one line, with its time, level, name and declared fields."""
    (line,) = lines_of("json", passed(outcome="ok", parked=2, error="Å\u2028\x1b[2J\n"))
    read = json.loads(line)
    assert line.isascii()
    assert (read["at"], read["level"], read["event"]) == ("2026-11-20T12:00:00.000000Z", "info", "pass_done")
    assert (read["duration_s"], read["parked"]) == (1.25, 2)


@pytest.mark.row("D9")
def test_a_person_reads_columns_without_control_characters():
    """What another system put into a text can neither break the line nor move the cursor."""
    (line,) = lines_of("console", passed(outcome="error", error="a\nb\x1b[2J"))
    assert line.startswith("12:00:00 info    pass_done")
    assert "error=a\\x0ab\\x1b[2J" in line


@pytest.mark.row("D9")
@pytest.mark.parametrize("canary", CANARIES, ids=[canary.split()[0][:16] for canary in CANARIES])
def test_a_secret_or_a_person_is_masked(canary):
    """Whatever the text around it, what looks like a secret or a person does not reach the line."""
    for style in ("json", "console"):
        (line,) = lines_of(style, passed(error=f"they said: {canary}."))
        for secret in ("canary", "5f3c9a1e", "eyJ0", "6c1f0a5c", "11111111-", "811228-9874"):
            assert secret not in line


@given(st.text())
def test_masking_is_done_once_and_for_all(text):
    """Masking what is masked changes nothing, and never makes a text longer by much."""
    assert redact(redact(text)) == redact(text)


def test_details_are_written_only_when_asked_for():
    """A step is a line at debug level and none at info."""
    step = (STEP_DONE, {"connector": "crm", "kind": "customer", "action": "create", "outcome": "done"})
    assert lines_of("json", step) == []
    assert len(lines_of("json", step, level="debug")) == 1


def test_fields_that_no_event_declares_are_refused():
    """A field that was not declared cannot be logged by mistake."""
    with pytest.raises(AssertionError, match="customer_name"):
        lines_of("json", passed(customer_name="Anna"))


def test_warnings_of_libraries_come_out_as_our_lines():
    """A library's warning is one of our lines, masked like the others; its chatter is dropped."""
    stream = io.StringIO()
    before = logging.getLogger().handlers[:]
    open_log(ManualClock(), style="json", stream=stream)
    try:
        logging.getLogger("httpx2").info("GET https://x?code=canary")
        logging.getLogger("httpx2").warning("slow: code=canary")
    finally:
        logging.getLogger().handlers[:] = before
    (line,) = stream.getvalue().splitlines()
    assert json.loads(line)["logger"] == "httpx2"
    assert "canary" not in line
