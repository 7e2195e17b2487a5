"""What every row leans on: a town of its own."""

from __future__ import annotations

import pytest

from tests.town import Town


@pytest.fixture
def town(tmp_path):
    """Two vendors without records, and a daemon that has never run."""
    return Town(tmp_path)
