"""No signal is lost, whenever it comes, and none counts twice."""

from __future__ import annotations

import asyncio
import signal

import pytest

from daemon.service.signals import Inbox


@pytest.fixture
def inbox():
    """One that is attached to the running loop; the handlers of before come back."""
    before = {number: signal.getsignal(number) for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT)}
    yield Inbox()
    for number, handler in before.items():
        signal.signal(number, handler)


async def test_a_signal_while_the_handlers_are_changed_is_not_lost(inbox):
    """
    All that tells of it is the loop's own call; our handler never ran.
    """
    rings = []
    inbox.attach(lambda: rings.append("ring"))
    inbox._ring(signal.SIGHUP)
    assert (inbox.take_reload(), rings) == (True, ["ring"])
    inbox._ring(signal.SIGHUP)  # the loop's own call for the same signal, late
    assert not inbox.take_reload()
    asyncio.get_running_loop().remove_signal_handler(signal.SIGHUP)


async def test_a_loop_that_calls_twice_for_one_signal_asks_for_one_reload(inbox):
    """
    uvloop does so now and then.
    """
    inbox.attach(lambda: None)
    inbox._remember(signal.SIGHUP, None)
    inbox._ring(signal.SIGHUP)
    assert inbox.take_reload()
    inbox._ring(signal.SIGHUP)
    assert not inbox.take_reload()


async def test_what_came_before_the_loop_is_told_at_once(inbox):
    """
    A SIGHUP during start-up is remembered and handled afterwards.
    """
    rings = []
    inbox.catch()
    signal.raise_signal(signal.SIGHUP)
    inbox.attach(lambda: rings.append("ring"))
    assert (inbox.take_reload(), rings) == (True, ["ring"])
    inbox._ring(signal.SIGHUP)  # the loop's own call for the same signal, late
    assert not inbox.take_reload()
