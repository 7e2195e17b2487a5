"""
What every test may lean on: one event loop, one Hypothesis profile, outside tools by name.
"""

from __future__ import annotations

import os
import shutil

import pytest
from hypothesis import HealthCheck, settings

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
