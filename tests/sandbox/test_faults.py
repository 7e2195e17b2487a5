"""Which requests a fault spoils, and what it answers in the system's place."""

from __future__ import annotations

import msgspec
import pytest

from daemon.sandbox.faults import FAULTS, Fault, Faults, answer_of
from tests.sandbox.toy import request

MATCHES = [
    # what | fault | method | path | hit
    ("everything", {}, "GET", "/3/customers", True),
    ("another system", {"system": "webcrm"}, "GET", "/3/customers", False),
    ("its own system", {"system": "fortnox"}, "GET", "/3/customers", True),
    ("another method", {"method": "POST"}, "GET", "/3/customers", False),
    ("a method in small letters", {"method": "get"}, "GET", "/3/customers", True),
    ("the path itself", {"path": "/3/customers"}, "GET", "/3/customers", True),
    ("a path below", {"path": "/3/customers"}, "GET", "/3/customers/10", True),
    ("a path below, with a slash at the end", {"path": "/3/customers/"}, "GET", "/3/customers/10", True),
    ("a path that only begins alike", {"path": "/3/customers"}, "GET", "/3/customersarchive", False),
    ("a glob", {"path": "/3/*/10"}, "GET", "/3/customers/10", True),
    ("a glob that wants one more part", {"path": "/3/customers/*"}, "GET", "/3/customers", False),
    ("an encoded key", {"path": "/3/articles/A%2F1"}, "GET", "/3/articles/A%2F1", True),
]


@pytest.mark.parametrize(
    ("order", "method", "path", "hit"), [row[1:] for row in MATCHES], ids=[row[0] for row in MATCHES]
)
def test_a_fault_meets_the_requests_it_names_and_no_others(order, method, path, hit):
    """
    System, method and path all have to fit; a path is a glob, or stands for all below it.
    """
    assert Fault(fault="html", **order).matches("fortnox", request(method, path)) is hit


COUNTS = [
    # what | skip | count | spoiled of six requests
    ("the first", 0, 1, [1]),
    ("the third", 2, 1, [3]),
    ("two after one", 1, 2, [2, 3]),
    ("all", 0, None, [1, 2, 3, 4, 5, 6]),
    ("none", 0, 0, []),
]


@pytest.mark.parametrize(
    ("skip", "count", "spoiled"), [row[1:] for row in COUNTS], ids=[row[0] for row in COUNTS]
)
def test_a_fault_lets_some_pass_and_then_hits_its_number(skip, count, spoiled):
    """
    `skip` matching requests pass, the next `count` are hit, the rest pass again.
    """
    faults = Faults(seed=1)
    faults.add(Fault(fault="html", skip=skip, count=count))
    hit = [number for number in range(1, 7) if faults.draw("toy", request("GET", "/things"))]
    assert hit == spoiled


def test_requests_that_do_not_match_use_up_neither_skip_nor_count():
    """
    Only matching requests are counted.
    """
    faults = Faults(seed=1)
    faults.add(Fault(fault="html", method="POST", skip=1))
    methods = ["GET", "POST", "GET", "POST", "POST"]
    assert [bool(faults.draw("toy", request(method, "/things"))) for method in methods] == [
        False,
        False,
        False,
        True,
        False,
    ]


def test_a_rate_hits_its_share_and_repeats_with_its_seed():
    """
    A rate of a quarter hits about a quarter of many requests, and the same ones again from the same seed.
    """

    def spoiled(seed: int) -> list[int]:
        faults = Faults(seed)
        faults.add(Fault(fault="html", rate=0.25, count=None))
        return [n for n in range(1000) if faults.draw("toy", request("GET", "/things"))]

    assert spoiled(3) == spoiled(3) != spoiled(4)
    assert 200 < len(spoiled(3)) < 300


def test_the_list_tells_how_often_each_was_seen_and_hit_and_which_are_used_up():
    """
    A fault moves from the active to the spent ones with its last hit; clearing forgets both.
    """
    faults = Faults(seed=1)
    faults.add(Fault(fault="html", skip=1))
    faults.add(Fault(fault="reset", count=None))
    for _ in range(3):
        faults.draw("toy", request("GET", "/things"))
    assert [(f["id"], f["seen"], f["hits"]) for f in faults.items(active=False)] == [(1, 2, 1)]
    assert [(f["id"], f["seen"], f["hits"]) for f in faults.items(active=True)] == [(2, 2, 2)]
    faults.clear()
    assert faults.items(active=True) == faults.items(active=False) == []


ANSWERS = [
    # what | fault | system | status | type | in the body
    ("a proxy page", {"fault": "html"}, "fortnox", 200, "text/html", b"<html>"),
    (
        "a proxy that gives up",
        {"fault": "status", "status": 502},
        "fortnox",
        502,
        "text/html",
        b"502 Bad Gateway",
    ),
    ("a status without a name", {"fault": "status", "status": 599}, "webcrm", 599, "text/html", b"<h1>599"),
    (
        "fortnox.md 6.1: no session",
        {"fault": "status", "status": 401},
        "fortnox",
        401,
        "application/json",
        b"unauthorized",
    ),
    (
        "fortnox.md 6.3: internal failure",
        {"fault": "status", "status": 500},
        "fortnox",
        500,
        "application/json",
        b"1000003",
    ),
    (
        "webcrm.md 3: throttled",
        {"fault": "status", "status": 429},
        "webcrm",
        429,
        "application/json",
        b"TooManyRequests",
    ),
]


@pytest.mark.parametrize(
    ("order", "system", "status", "kind", "part"),
    [row[1:] for row in ANSWERS],
    ids=[row[0] for row in ANSWERS],
)
def test_an_answer_in_the_systems_place_is_what_that_system_or_a_proxy_would_say(
    order, system, status, kind, part
):
    """
    Where the vendor's own words for a status are known they are used, else a proxy's page.
    """
    answer = answer_of(Fault(**order), system)
    assert (answer.status, answer.headers["content-type"].partition(";")[0]) == (status, kind)
    assert part in answer.body


def test_headers_of_the_order_are_sent_along():
    """
    A status fault can carry a Retry-After, or another content type.
    """
    order = Fault(fault="status", status=429, headers={"Retry-After": "7", "Content-Type": "text/plain"})
    answer = answer_of(order, "fortnox")
    assert answer.headers == {"retry-after": "7", "content-type": "text/plain"}


WRONG = [
    ("no fault at all", b"{}"),
    ("an unknown fault", b'{"fault":"explode"}'),
    ("an unknown key", b'{"fault":"html","times":3}'),
    ("a rate above one", b'{"fault":"html","rate":1.5}'),
    ("a negative count", b'{"fault":"html","count":-1}'),
    ("no HTTP status", b'{"fault":"status","status":42}'),
]


@pytest.mark.parametrize("body", [row[1] for row in WRONG], ids=[row[0] for row in WRONG])
def test_an_order_that_makes_no_sense_is_refused(body):
    """
    A mistyped order is an error, never a fault that silently hits nothing.
    """
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(body, type=Fault)


def test_every_fault_has_a_line_of_help():
    """
    The names a client may send are exactly those with a line of help.
    """
    [names] = [field.type for field in msgspec.structs.fields(Fault) if field.name == "fault"]
    assert set(names.__args__) == set(FAULTS)
