"""Fortnox's errors, in every spelling that was ever recorded (fortnox.md 6.1)."""

from __future__ import annotations

import pytest

from daemon.systems.fortnox.wire import explain
from tests.systems.fakes import reply

TOLD = {
    "small letters": (
        {"ErrorInformation": {"error": 1, "message": "Nej", "code": 2000587}},
        ("2000587", "Nej"),
    ),
    "capitals": ({"ErrorInformation": {"Error": 1, "Message": "Nej", "Code": 2000433}}, ("2000433", "Nej")),
    "a code as text": ({"ErrorInformation": {"message": "Nej", "code": "2000433"}}, ("2000433", "Nej")),
    "authentication": ({"message": "unauthorized"}, ("", "unauthorized")),
    "a newer service": ({"error": "bad", "id": "6f1", "message": "Nej"}, ("", "Nej")),
    "a newer service without message": ({"error": "bad", "id": "6f1"}, ("", "bad")),
    "a number for an error": ({"error": 1}, ("", '{"error": 1}')),
    "an empty envelope": ({"ErrorInformation": None}, ("", '{"ErrorInformation": null}')),
    "a list": ([1], ("", "[1]")),
}


@pytest.mark.parametrize(("document", "told"), TOLD.values(), ids=TOLD)
def test_code_and_message_of_an_error(document, told):
    """The code is text, the message Fortnox's own; what is no envelope is quoted."""
    assert explain(reply(400, document)) == told


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"\xff", b"Too many"], ids=["empty", "page", "bytes", "words"]
)
def test_what_is_no_json_is_quoted(body):
    """A proxy's words are better than none."""
    assert explain(reply(502, body)) == ("", body.decode("utf-8", "replace"))
