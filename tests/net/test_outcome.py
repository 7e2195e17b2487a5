"""What a status means after a read and after a write, how long to wait, and what is quoted."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.codes import CODES
from daemon.errors import (
    Gone,
    OutcomeUnknown,
    Refused,
    RemoteError,
    SessionExpired,
    Throttled,
    Unreachable,
    Unusable,
)
from daemon.net.outcome import asks_to_wait, http_date, judge, quote, retry_after_s
from daemon.ports import Reply, Request
from tests.net.server import START

READ = Request(method="GET", url="http://h/3/invoices/1", route="GET /3/invoices/{n}")
WRITE = Request(method="POST", url="http://h/3/invoices", route="POST /3/invoices", effect=True)


def reply(status, body=b"", **headers):
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status=status, headers=names, body=body, received_at=START)


def verdict(system, request, answer, **more):
    try:
        judge(system, request, answer, **more)
    except RemoteError as error:
        return type(error), error.code
    return None


STATUSES = [
    # status, after a read,                after a write
    (200, None, None),
    (201, None, None),
    (204, None, None),
    (100, (Unreachable, "NET14"), (OutcomeUnknown, "NET14")),
    (301, (Unreachable, "NET04"), (OutcomeUnknown, "NET04")),
    (307, (Unreachable, "NET04"), (OutcomeUnknown, "NET04")),
    (400, (Refused, "NET10"), (Refused, "NET10")),
    (401, (SessionExpired, "AUT08"), (SessionExpired, "AUT08")),
    (403, (Refused, "AUT09"), (Refused, "AUT09")),
    (404, (Gone, "NET13"), (Gone, "NET13")),
    (405, (Refused, "NET10"), (Refused, "NET10")),
    (408, (Unreachable, "NET02"), (OutcomeUnknown, "NET02")),
    (409, (Refused, "NET10"), (Refused, "NET10")),
    (410, (Refused, "NET10"), (Refused, "NET10")),
    (412, (Refused, "NET10"), (Refused, "NET10")),
    (413, (Refused, "NET10"), (Refused, "NET10")),
    (415, (Refused, "NET10"), (Refused, "NET10")),
    (422, (Refused, "NET10"), (Refused, "NET10")),
    (425, (Unreachable, "NET11"), (OutcomeUnknown, "NET11")),
    (429, (Throttled, "NET09"), (Throttled, "NET09")),
    (500, (Unreachable, "NET11"), (OutcomeUnknown, "NET11")),
    (502, (Unreachable, "NET11"), (OutcomeUnknown, "NET11")),
    (503, (Unreachable, "NET11"), (OutcomeUnknown, "NET11")),
    (504, (Unreachable, "NET11"), (OutcomeUnknown, "NET11")),
    (999, (Unreachable, "NET14"), (OutcomeUnknown, "NET14")),
]


@pytest.mark.parametrize(("status", "read", "write"), STATUSES, ids=[str(row[0]) for row in STATUSES])
def test_what_a_status_means(status, read, write):
    """A definite no is a no; what could have been applied is unknown after a write."""
    assert read == verdict("webcrm", READ, reply(status))
    assert write == verdict("webcrm", WRITE, reply(status))


def test_503_from_fortnox_is_a_request_to_slow_down_for_readings():
    """It once throttled so; a write answered 503 stays unknown, and everybody pauses."""
    assert (Throttled, "NET09") == verdict("fortnox", READ, reply(503, retry_after="5"))
    assert (OutcomeUnknown, "NET09") == verdict("fortnox", WRITE, reply(503, retry_after="5"))
    assert [True, False, True] == [
        asks_to_wait("fortnox", 503),
        asks_to_wait("webcrm", 503),
        asks_to_wait("webcrm", 429),
    ]


def test_503_that_asks_for_nothing_is_called_a_failure_of_their_server():
    """Readings wait a little all the same, but nobody is told to look for who calls too often."""
    assert (Throttled, "NET11") == verdict("fortnox", READ, reply(503))
    assert (OutcomeUnknown, "NET11") == verdict("fortnox", WRITE, reply(503))


BODIES = [
    # what comes with 200            body                         content type         may be JSON
    ("JSON", b'{"a": 1}', "application/json", True),
    ("JSON called text", b' {"a": 1}', "text/plain", True),
    ("JSON called nothing", b"[]", "", True),
    ("a number called text", b"1234", "text/plain; charset=utf-8", True),
    ("nothing", b"", "text/html", True),
    ("a page", b"<!doctype html><p>Underh\xc3\xa5ll</p>", "text/html", False),
    ("words", b"temporarily unavailable", "text/plain", False),
    ("a page called JSON, which the decoder will say", b"<p>", "application/json", True),
]


@pytest.mark.parametrize(("body", "kind", "fits"), [b[1:] for b in BODIES], ids=[b[0] for b in BODIES])
def test_a_page_instead_of_json_is_no_success(body, kind, fits):
    """200 with a maintenance page: a read is Unusable, a write unknown."""
    answer = reply(200, body, content_type=kind)
    assert (None if fits else (Unusable, "NET08")) == verdict("fortnox", READ, answer)
    assert (None if fits else (OutcomeUnknown, "NET08")) == verdict("fortnox", WRITE, answer)
    assert verdict("fortnox", READ, answer, expects_json=False) is None


def test_an_error_says_what_where_and_what_to_do_in_their_words_and_code():
    """The vendor's code and message are read by the system's own function."""
    with pytest.raises(Refused) as caught:
        judge("fortnox", WRITE, reply(400, b"{}"), lambda _: ("2000433", "Kan inte hitta kunden.\n"))
    error = caught.value
    assert ("2000433", "Kan inte hitta kunden.\\n", 400) == (error.vendor_code, error.answer, error.status)
    expected = (
        "NET10  they refuse this request: 400 2000433 Kan inte hitta kunden.\\n"
        " · fortnox POST /3/invoices · read their answer; mend the record and retry it, "
        "or the address in the config"
    )
    assert expected == str(error)


WAITS = [
    # what they say                  headers                                                body   seconds
    ("nothing", {}, b"", 5),
    ("seconds", {"retry_after": "21"}, b"", 21),
    ("zero", {"retry_after": "0"}, b"", 1),
    ("less than zero", {"retry_after": "-1"}, b"", 1),
    ("for ever", {"retry_after": "3000000000"}, b"", 3600),
    ("for ever, written short", {"retry_after": "3e9"}, b"", 3600),
    ("infinity", {"retry_after": "inf"}, b"", 3600),
    ("no number", {"retry_after": "nan"}, b"", 5),
    ("words", {"retry_after": "soon"}, b"", 5),
    ("a date", {"retry_after": "Fri, 20 Nov 2026 12:00:30 GMT"}, b"", 30),
    ("a date that has been", {"retry_after": "Fri, 20 Nov 2020 12:00:30 GMT"}, b"", 1),
    ("a date without sense", {"retry_after": "Fri, 99 Nov 2026 12:00:30 GMT"}, b"", 5),
    ("webCRM's body", {}, b'{"RetryAfterSeconds": 21, "Message": "..."}', 21),
    ("webCRM's body, alone", {}, b'{"RetryAfterSeconds":7}', 7),
    ("webCRM's body, broken", {}, b'{"RetryAfterSeconds', 5),
    ("both: the header", {"retry_after": "2"}, b'{"RetryAfterSeconds": 21}', 2),
]


@pytest.mark.parametrize(("headers", "body", "expected"), [w[1:] for w in WAITS], ids=[w[0] for w in WAITS])
def test_how_long_they_ask_us_to_wait(headers, body, expected):
    """At least a second, at most an hour, five seconds when they do not say."""
    answer = reply(429, body, **headers)
    assert expected == retry_after_s(answer)
    with pytest.raises(Throttled) as caught:
        judge("fortnox", READ, answer)
    assert expected == caught.value.retry_after_s


@given(header=st.text(max_size=60), body=st.binary(max_size=60))
def test_whatever_they_write_the_wait_is_between_a_second_and_an_hour(header, body):
    """No header and no body makes it raise or leave the bounds."""
    answer = reply(429, b'{"RetryAfterSeconds": ' + body, retry_after=header)
    assert 1 <= retry_after_s(answer) <= 3600


def test_a_date_counts_from_their_clock_when_they_tell_it():
    """Our clock may be wrong; theirs and their date agree."""
    answer = Reply(
        status=429,
        headers={"retry-after": "Fri, 20 Nov 2026 12:00:30 GMT"},
        body=b"",
        received_at=START,
        server_time=START + dt.timedelta(seconds=20),
    )
    assert 10 == retry_after_s(answer)


@given(text=st.text(max_size=80))
def test_any_text_is_a_date_in_utc_or_none(text):
    """A header nobody can read is no reason to fail."""
    moment = http_date(text)
    assert moment is None or moment.utcoffset() == dt.timedelta(0)


@given(text=st.text(max_size=500) | st.text(alphabet="\n\r\x00\x1b\u2028\ud800åé€", max_size=300))
def test_a_quotation_is_one_short_printable_line(text):
    """Nothing they say can break the log's line or colour the terminal."""
    said = quote(text)
    assert len(said) <= 200
    assert said.isprintable()


def test_what_an_error_page_echoes_of_our_credentials_is_blanked():
    """Neither a bearer nor what we sent in a form is quoted back to the operator."""
    bearer = Request(
        method="GET", url="http://h/", route="GET /", headers={"Authorization": "Bearer eyJcanary"}
    )
    form = Request(
        method="POST",
        url="http://h/",
        route="POST /",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        body=b"authCode=canary-%C3%A5-code",
    )
    assert "bad token ***" == quote("bad token eyJcanary", bearer)
    assert "bad code ***" == quote("bad code canary-å-code", form)


def test_every_code_says_what_happened_and_what_to_do():
    """One line each, no separator of ours inside."""
    for code, row in CODES.items():
        assert code[:3].isupper() and code[3:].isdigit() and len(code) == 5
        assert all(text and text.isprintable() and "·" not in text for text in row)
