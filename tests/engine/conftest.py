"""The state without a thread of its own, and each story begun once."""

from __future__ import annotations

import pytest

from tests.engine.inline import inline
from tests.engine.lives import prologue, story_of


@pytest.fixture(autouse=True)
def state_in_the_loops_own_thread():
    """Handing transactions to a thread takes longer than they do; what is about that thread says so."""
    with inline():
        yield


@pytest.fixture(scope="session")
def begun(tmp_path_factory):
    """A coroutine from the name of a story to its stage, and its image where the daemon is next."""
    stages = {}

    async def of(name, story=None):
        if name not in stages:
            stages[name] = await prologue(story or story_of(name), tmp_path_factory.mktemp("story"))
        return stages[name]

    return of
