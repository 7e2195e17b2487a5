"""Bytes of a stranger to values: exact, or refused by name."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.errors import OutcomeUnknown, Unusable
from daemon.net.decode import Malformed, decode, parse
from daemon.ports import Reply, Request
from tests.net.server import START

GOOD = [
    # what                     bytes                                    value
    ("an object", b'{"a": [1, true, null]}', {"a": [1, True, None]}),
    ("the Swedish alphabet", '{"a": "åäö"}'.encode(), {"a": "åäö"}),
    ("escapes as Fortnox writes", rb'{"a": "1\/2 \u00e5"}', {"a": "1/2 å"}),
    ("a pair of surrogates", rb'"\ud83d\ude00"', "\N{GRINNING FACE}"),
    ("a backslash before u0000", rb'"\\u0000"', "\\u0000"),
    ("an exact amount", b"[1.10, 0.1, -3.00]", [Decimal("1.10"), Decimal("0.1"), Decimal("-3.00")]),
    ("an exponent", b"1.5e3", Decimal("1.5E+3")),
    ("a bare number", b"1234", 1234),
    ("the first half of a character", rb'["a \ud83d", "b"]', ["a \ufffd", "b"]),
    ("the second half of a character", rb'"\udc00\ud83d\ude00"', "\ufffd\N{GRINNING FACE}"),
    ("a half and what only looks like one", rb'["\ud83d", "\\ud83d"]', ["\ufffd", "\\ud83d"]),
    ("a byte order mark", b"\xef\xbb\xbf{}", {}),
]


@pytest.mark.parametrize(("body", "expected"), [g[1:] for g in GOOD], ids=[g[0] for g in GOOD])
def test_what_is_read(body, expected):
    """Decimals keep their digits, texts their letters."""
    assert expected == parse(body)
    assert repr(expected) == repr(parse(body))


BAD = [
    # what                         bytes                            code     detail
    ("nothing", b"", "JSN01", "no content"),
    ("blanks", b" \r\n", "JSN01", "no content"),
    ("cut short", b'{"a": 12', "JSN02", "at byte 8"),
    ("a word", b'{"a": yes}', "JSN02", "at byte 6"),
    ("two values", b"{} {}", "JSN02", "at byte"),
    ("a page", b"<html>", "JSN02", "at byte 0"),
    ("not a number", b"[NaN]", "JSN02", "at byte 1"),
    ("infinity", b"[Infinity]", "JSN02", "at byte 1"),
    ("a raw NUL", b'"\x00"', "JSN02", "at byte 1"),
    ("latin-1", b'"\xe5"', "JSN04", "end of data"),
    ("too deep", b"[" * 200_000, "JSN05", "levels"),
    ("an absurd exponent", b"[1e1000000000]", "JSN08", "1e1000000000"),
    ("an exponent beyond decimals", b"1e-99999999999999999999", "JSN08", "1e-9999"),
    ("a thousand decimals", b"0." + b"1" * 1000, "JSN08", "0.111"),
    ("an integer of 5000 digits", b"9" * 5000, "JSN08", "out of range"),
    ("half a character in what is cut short", rb'["\ud800", 1', "JSN02", "at byte 12"),
]


@pytest.mark.parametrize(("body", "code", "detail"), [b[1:] for b in BAD], ids=[b[0] for b in BAD])
def test_what_is_refused(body, code, detail):
    """Each has its code and says where."""
    with pytest.raises(Malformed) as caught:
        parse(body)
    assert code == caught.value.code
    assert detail in caught.value.detail


@pytest.mark.parametrize(("body", "code"), [b[1:3] for b in BAD], ids=[b[0] for b in BAD])
def test_unreadable_after_a_read_is_unusable_and_after_a_write_unknown(body, code):
    """Half an answer to a write does not say that the write failed."""
    reply = Reply(status=201, headers={}, body=body, received_at=START)
    read = Request(method="GET", url="http://h/", route="GET /3/units")
    write = Request(method="POST", url="http://h/", route="POST /3/units", effect=True)
    with pytest.raises(Unusable, match=code) as caught:
        decode("fortnox", read, reply)
    assert ("fortnox GET /3/units", 201) == (caught.value.where, caught.value.status)
    with pytest.raises(OutcomeUnknown, match=code):
        decode("fortnox", write, reply)


JSONISH = st.binary(max_size=60) | st.text(alphabet='{}[]",:\\u00d8ef19.eE-+ ntr', max_size=60).map(
    str.encode
)


@given(body=JSONISH)
def test_any_bytes_are_read_or_refused_by_name(body):
    """Nothing but Malformed comes out, and what is read holds no NUL and no half character."""
    try:
        value = parse(body)
    except Malformed:
        return
    text = repr(value)
    text.encode()
    assert "\\x00" not in text or b"x00" in body


def test_a_nul_in_one_text_does_not_spoil_the_page():
    """It is the fault of one record, which is parked; the others are read."""
    assert parse(rb'["x\u0000", "y"]') == ["x\0", "y"]
