"""The routes below /_sandbox/."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from daemon.sandbox.control import ROUTES, control
from daemon.sandbox.web import Request
from daemon.sandbox.world import World
from tests.sandbox.toy import START, Hand, request, toy_world


def ask(world: World, method: str, path: str, body: Any = None, **query: str) -> tuple[int, Any]:
    sent = msgspec.structs.replace(request(method, path, body), query=tuple(query.items()))
    answer = control(world, sent)
    return answer.status, msgspec.json.decode(answer.body)


@pytest.mark.row("B4")
def test_help_lists_every_route_action_switch_and_fault():
    """
    Whoever reads help knows all that the sandbox can be told.
    """
    status, told = ask(toy_world(), "GET", "/help")
    assert status == 200
    assert list(told["routes"]) == [f"{method} {path}" for method, path, *_ in ROUTES]
    assert told["actions"] == {"toy": {"POST /_sandbox/toy/lose": "lose {thing}"}}
    assert told["switches"] == {"toy": {"loud": False}}
    assert "lost_after" in told["faults"]
    assert ask(toy_world(), "GET", "/") == (status, told)


def test_the_log_can_be_followed_from_a_number():
    """
    `since` gives what came after that number, `limit` no more than so many.
    """
    world = toy_world()
    for _ in range(3):
        world.exchange("toy", request("GET", "/things"))
    assert [item["seq"] for item in ask(world, "GET", "/log")[1]["items"]] == [1, 2, 3]
    status, told = ask(world, "GET", "/log", since="1", limit="1")
    assert (status, [item["seq"] for item in told["items"]], told["last_seq"]) == (200, [2], 3)


def test_faults_are_ordered_listed_and_cleared():
    """
    An ordered fault is listed until it has hit, then as spent, and after DELETE not at all.
    """
    world = toy_world()
    status, order = ask(world, "POST", "/faults", {"system": "toy", "fault": "status", "status": 429})
    assert (status, order["id"], order["rate"], order["count"]) == (200, 1, 1.0, 1)
    assert [fault["id"] for fault in ask(world, "GET", "/faults")[1]["items"]] == [1]
    world.exchange("toy", request("GET", "/things"))
    told = ask(world, "GET", "/faults")[1]
    assert (told["items"], [fault["hits"] for fault in told["spent"]]) == ([], [1])
    assert ask(world, "DELETE", "/faults") == (200, {"items": [], "spent": []})


CLOCKS = [
    ("ahead", {"advance_s": 90.5}, "2026-03-02T07:01:30.500000Z", 90.5),
    ("back", {"advance_s": -60}, "2026-03-02T06:59:00Z", -60),
    ("to a time", {"now": "2026-03-02T09:00:00+01:00"}, "2026-03-02T08:00:00Z", 3600),
]


@pytest.mark.parametrize(
    ("body", "now", "ahead_s"), [row[1:] for row in CLOCKS], ids=[row[0] for row in CLOCKS]
)
def test_the_clock_is_moved_and_goes_on_from_there(body, now, ahead_s):
    """
    A moved clock shows the new time and runs on with the real one.
    """
    hand = Hand()
    world = toy_world(hand)
    assert ask(world, "POST", "/clock", body) == (200, {"now": now, "ahead_s": ahead_s})
    hand.wait(60)
    assert (world.now() - START).total_seconds() == ahead_s + 60


def test_reset_chooses_the_seed_and_whether_there_are_records():
    """
    A reset without a body fills the world from seed 1; with one it does as told.
    """
    world = toy_world()
    things = request("GET", "/things")
    for body, found in ((None, ["first of 1"]), ({"seed": 9}, ["first of 9"]), ({"filled": False}, [])):
        assert ask(world, "POST", "/reset", body)[0] == 200
        outcome = world.exchange("toy", things)
        assert outcome.response is not None
        assert msgspec.json.decode(outcome.response.body)["Things"] == found


def test_switches_are_shown_and_set():
    """
    A set switch stays set, and every answer shows them all.
    """
    world = toy_world()
    assert ask(world, "GET", "/switches/toy") == (200, {"loud": False})
    assert ask(world, "POST", "/switches/toy", {"loud": True}) == (200, {"loud": True})
    assert ask(world, "GET", "/switches/toy") == (200, {"loud": True})


def test_a_person_acts_in_the_vendors_screens_without_a_trace_in_the_log():
    """
    An action changes the system's records and is no exchange of its API.
    """
    world = toy_world()
    world.exchange("toy", request("POST", "/things", "a"))
    assert ask(world, "POST", "/toy/lose", {"thing": "a"}) == (200, {})
    assert world.log.last_seq == 1


MISTAKES = [
    # what | method | path | body | status | in the sentence
    ("a path that is not there", "GET", "/nowhere", None, 404, "/_sandbox/help"),
    ("a wrong verb", "POST", "/log", None, 405, "takes GET"),
    ("a wrong verb on one of many", "PUT", "/faults", None, 405, "GET or POST or DELETE"),
    ("an unknown system's switches", "GET", "/switches/severa", None, 404, "there are: toy"),
    ("an unknown system's action", "POST", "/severa/lose", None, 404, "there are: toy"),
    ("an unknown action", "POST", "/toy/find", None, 404, "lose"),
    ("an action the screen refuses", "POST", "/toy/lose", {}, 400, "name the thing"),
    ("an action with a list", "POST", "/toy/lose", [], 400, "Expected `object`"),
    ("an unknown switch", "POST", "/switches/toy", {"quiet": True}, 400, "quiet"),
    (
        "a fault for an unknown system",
        "POST",
        "/faults",
        {"system": "x", "fault": "html"},
        404,
        "there are: toy",
    ),
    ("a fault nobody knows", "POST", "/faults", {"fault": "explode"}, 400, "explode"),
    ("a clock told nothing", "POST", "/clock", {}, 400, "advance_s"),
    ("a clock told both", "POST", "/clock", {"advance_s": 1, "now": "2026-03-02T08:00:00Z"}, 400, "either"),
    ("a time without a zone", "POST", "/clock", {"now": "2026-03-02T08:00:00"}, 400, "timezone"),
    ("an endless advance", "POST", "/clock", {"advance_s": 1e12}, 400, "advance_s"),
    ("a reset with an unknown key", "POST", "/reset", {"full": True}, 400, "full"),
]


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "part"),
    [row[1:] for row in MISTAKES],
    ids=[row[0] for row in MISTAKES],
)
def test_a_mistake_is_answered_with_a_sentence(method, path, body, status, part):
    """
    Every refused request says in one sentence what to send instead.
    """
    answered, told = ask(toy_world(), method, path, body)
    assert answered == status
    assert list(told) == ["error"] and part in told["error"] and told["error"]


def test_broken_json_and_a_wrong_number_are_mistakes_too():
    """
    Neither a body that is not JSON nor a number that is none ends the sandbox.
    """
    broken = Request(method="POST", path="/reset", body=b"{")
    assert control(toy_world(), broken).status == 400
    assert ask(toy_world(), "GET", "/log", since="²")[0] == 400
    assert ask(toy_world(), "GET", "/log", since="-1")[0] == 400
