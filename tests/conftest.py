"""
What every test may lean on: one event loop, one Hypothesis profile, outside tools by name.
"""

from __future__ import annotations

import os
import shutil

import pytest
from hypothesis import HealthCheck, settings

from daemon.sandbox.world import World
from tests import openapi

settings.register_profile(
    "here",
    deadline=None,  # a slow machine is not a bug
    max_examples=100,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "ci", settings.get_profile("here"), database=None, derandomize=False, print_blob=True
)
settings.load_profile("ci" if os.environ.get("CI") else "here")


@pytest.fixture(scope="session")
def anyio_backend():
    """The daemon runs on asyncio, so the tests do."""
    return "asyncio"


@pytest.fixture
def require_tool():
    """
    A function from a program's name to its path.

    The test is skipped where the program is missing; with REQUIRE_TOOLS=1, as in CI, it fails.
    """
    return _path_of_tool


def _path_of_tool(name):
    if path := shutil.which(name):
        return path
    reason = f"{name} is not installed here"
    if os.environ.get("REQUIRE_TOOLS") == "1":
        pytest.fail(f"{reason}, and REQUIRE_TOOLS=1 asks for it")
    pytest.skip(reason)


@pytest.fixture(autouse=True)
def every_exchange_fits_the_vendors_files(monkeypatch, request):
    """
    What the daemon's connectors say to the pretend vendors, and what those answer, fits the vendors' files.

    Only where the files are there. The pretend vendors' own tests may send what no client should.
    """
    if not openapi.AVAILABLE or "sandbox" in request.node.path.parts:
        yield
        return
    worlds = []
    made = World.__init__

    def remember(world, *args, **kwargs):
        worlds.append(world)
        made(world, *args, **kwargs)

    monkeypatch.setattr(World, "__init__", remember)
    yield
    for world in worlds:
        assert openapi.validate_log(item for item in world.log.since(0) if item["client"] != "people") == []
