"""The sandbox without a port: one clock, one log, faults in between."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.sandbox.faults import Fault
from daemon.sandbox.fortnox.fill import CUSTOMERS
from daemon.sandbox.log import Log
from daemon.sandbox.web import Request, Response
from daemon.sandbox.webcrm.fill import KNOWN
from daemon.sandbox.world import World
from tests.sandbox.toy import START, Hand, Toy, request, toy_world


def toy(world: World) -> Toy:
    system = world.systems["toy"]
    assert isinstance(system, Toy)
    return system


def test_an_exchange_is_answered_by_the_system_and_logged_whole():
    """
    The log shows who asked what at which moment, and what was answered.
    """
    world = toy_world()
    posted = request("POST", "/things", {"Price": 12.5}, x_client="people")
    outcome = world.exchange("toy", posted)

    assert outcome.response is not None and (outcome.response.status, outcome.fault) == (201, None)
    assert world.log.since(0) == [
        {
            "seq": 1,
            "time": "2026-03-02T07:00:00.000Z",
            "system": "toy",
            "client": "people",
            "method": "POST",
            "path": "/things",
            "query": {},
            "request": {"Price": 12.5},
            "status": 201,
            "response": {"Price": 12.5},
            "fault": None,
        }
    ]


def test_every_answer_carries_the_date_of_its_world():
    """
    The Date header follows the moved clock, because clients judge the server's clock by it.
    """
    world = toy_world()
    world.set_clock(START.replace(year=2027))
    outcome = world.exchange("toy", request("GET", "/things"))
    assert outcome.response is not None
    assert outcome.response.headers["date"] == "Tue, 02 Mar 2027 07:00:00 GMT"


SPOILED = [
    # fault | applied at once | status answered | status logged
    ("lost_before", False, None, 0),
    ("lost_after", True, None, 201),
    ("reset", True, 201, 201),
    ("truncate", True, 201, 201),
    ("delay", True, 201, 201),
    ("html", False, 200, 200),
    ("status", False, 503, 503),
]


@pytest.mark.parametrize(("fault", "applied", "answered", "logged"), SPOILED, ids=[row[0] for row in SPOILED])
def test_a_fault_decides_whether_the_request_counts_and_what_the_client_gets(
    fault, applied, answered, logged
):
    """
    Each fault applies the request or not, and answers, as its line of help says.
    """
    world = toy_world()
    world.faults.add(Fault(fault=fault, delay_s=2))
    outcome = world.exchange("toy", request("POST", "/things", 1))

    assert toy(world).things == ([1] if applied else [])
    assert (outcome.response.status if outcome.response else None) == answered
    assert outcome.fault == fault
    assert outcome.delay_s == (2 if fault == "delay" else 0)
    assert [(item["status"], item["fault"]) for item in world.log.since(0)] == [(logged, fault)]


def test_a_late_request_is_applied_when_its_time_has_come_and_not_before():
    """
    A late write takes effect between two later requests, after its delay.
    """
    hand = Hand()
    world = toy_world(hand)
    world.faults.add(Fault(fault="late", method="POST", delay_s=30))
    assert world.exchange("toy", request("POST", "/things", "late")).response is None

    hand.wait(29)
    world.exchange("toy", request("POST", "/things", "before"))
    hand.wait(1)
    world.exchange("toy", request("POST", "/things", "after"))

    assert toy(world).things == ["before", "late", "after"]
    assert [item["fault"] for item in world.log.since(0)] == [None, "late", None]


def test_moving_the_clock_applies_what_has_become_due_in_its_order():
    """
    Two late requests are applied in the order of their times, not of their arrival.
    """
    world = toy_world()
    for delay_s in (60, 20):
        world.faults.add(Fault(fault="late", delay_s=delay_s))
        world.exchange("toy", request("POST", "/things", delay_s))
    world.set_clock(START.replace(hour=9))
    assert toy(world).things == [20, 60]


def test_reset_starts_records_faults_and_clock_over_but_not_the_log():
    """
    After a reset nothing is left of the past but the log, whose numbers go on.
    """
    world = toy_world()
    world.faults.add(Fault(fault="late", delay_s=5))
    world.exchange("toy", request("POST", "/things", "never applied"))
    world.exchange("toy", request("POST", "/things", "gone"))
    world.faults.add(Fault(fault="html"))
    world.set_clock(START.replace(year=2027))

    world.reset(filled=True, seed=7)
    world.catch_up()

    assert toy(world).things == ["first of 7"]
    assert world.now() == START
    assert world.faults.items(active=True) == []
    world.exchange("toy", request("GET", "/things"))
    assert [item["seq"] for item in world.log.since(0)] == list(range(1, world.log.last_seq + 1))


ASKED = st.lists(
    st.tuples(st.sampled_from(["GET", "POST"]), st.integers(0, 40)),
    max_size=20,
)
ORDERED = st.lists(
    st.builds(
        Fault,
        fault=st.sampled_from(["lost_before", "lost_after", "late", "status"]),
        method=st.sampled_from(["*", "POST"]),
        skip=st.integers(0, 3),
        count=st.none() | st.integers(0, 3),
        rate=st.sampled_from([0.3, 0.7, 1.0]),
        delay_s=st.integers(0, 60).map(float),
    ),
    max_size=4,
)


@given(asked=ASKED, ordered=ORDERED, seed=st.integers(0, 9))
def test_the_same_clock_seed_and_requests_give_the_same_world_again(asked, ordered, seed):
    """
    A second run of the same story leaves the same log and the same records.
    """

    def play() -> tuple[object, object]:
        hand = Hand()
        world = toy_world(hand)
        world.reset(filled=True, seed=seed)
        for fault in ordered:
            world.faults.add(fault)
        for method, wait_s in asked:
            world.exchange("toy", request(method, "/things", wait_s))
            hand.wait(wait_s)
        return world.log.since(0), toy(world).things

    assert play() == play()


BODIES = [
    # what was sent | path | content type | body | shown
    ("nothing", "/things", "", b"", None),
    ("text", "/things", "text/plain", "räksmörgås".encode(), "räksmörgås"),
    ("broken JSON", "/things", "application/json", b'{"a":', '{"a":'),
    ("bytes that are no text", "/things", "application/pdf", b"\xff", "\ufffd"),
    ("a form", "/find", "application/x-www-form-urlencoded", b"a=1&a=2&b=", {"a": ["1", "2"], "b": ""}),
    ("a code that is no secret", "/units", "application/json", b'{"Code":"st"}', {"Code": "st"}),
    (
        "a client secret",
        "/oauth-v1/token",
        "application/x-www-form-urlencoded",
        b"grant_type=refresh_token&refresh_token=canary",
        {"grant_type": "refresh_token", "refresh_token": "***"},
    ),
    (
        "a login in two kinds of letters",
        "/AUTH/ApiLogin",
        "application/json",
        b'{"authCode":"canary"}',
        {"authCode": "***"},
    ),
    (
        "a login in an encoded path",
        "/%41uth/ApiLogin",
        "application/json",
        b'{"authCode":"canary"}',
        {"authCode": "***"},
    ),
    ("a multipart login", "/Auth/ApiLogin", "multipart/form-data; boundary=x", b"--x canary x--", "***"),
]


@pytest.mark.parametrize(
    ("path", "kind", "body", "shown"), [row[1:] for row in BODIES], ids=[row[0] for row in BODIES]
)
def test_the_log_reads_bodies_and_hides_the_secrets_of_logins(path, kind, body, shown):
    """
    A body is shown as JSON where it is JSON, as fields where it is a form, else as text; login secrets never.
    """
    log = Log()
    sent = Request(
        method="POST", path=path, headers={"content-type": kind, "authorization": "Bearer canary"}, body=body
    )
    log.add(time=START, system="toy", client="", request=sent, response=None, fault=None)
    [item] = log.since(0)
    assert item["request"] == shown
    assert "canary" not in str(item)


def test_tokens_are_hidden_in_the_answers_and_queries_of_logins():
    """
    Neither the token that a login gives out nor a code in its query reaches the log.
    """
    world = toy_world()
    world.exchange(
        "toy", Request(method="GET", path="/auth/login", query=(("authCode", "canary"), ("state", "s")))
    )
    [item] = world.log.since(0)
    assert item["response"] == {"AccessToken": "***", "ExpiresIn": 3600, "Error": None}
    assert item["query"] == {"authCode": "***", "state": "s"}


LIMITS = [
    # how full | exchanges | bytes | numbers still there after ten of 10 bytes
    ("room for all", 100, 1000, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
    ("too many", 3, 1000, [8, 9, 10]),
    ("too large", 100, 45, [7, 8, 9, 10]),
]


@pytest.mark.parametrize(
    ("exchanges", "size", "left"), [row[1:] for row in LIMITS], ids=[row[0] for row in LIMITS]
)
def test_the_log_forgets_the_oldest_when_it_is_full(exchanges, size, left):
    """
    However much passes, the log holds no more than its limits, and what it holds is the newest.
    """
    log = Log(exchanges_max=exchanges, bodies_max_bytes=size)
    for _ in range(10):
        sent, answer = request("GET", "/things"), Response(status=200, body=b"0123456789")
        log.add(time=START, system="toy", client="", request=sent, response=answer, fault=None)
    assert [item["seq"] for item in log.since(0)] == left
    assert [item["seq"] for item in log.since(8)] == [9, 10]
    assert [item["seq"] for item in log.since(0, limit=2)] == left[:2]
    assert log.since(10) == []


def test_a_company_that_both_systems_know_bears_one_name_in_both():
    """
    The same organisation number never stands for two companies, or the first sync would rename one.
    """
    assert set(KNOWN) <= {(number, name) for name, _, number, _ in CUSTOMERS}
