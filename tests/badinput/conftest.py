"""What every bad input leans on: a town that can be spoiled."""

from __future__ import annotations

import pytest

from tests.badinput.spoiled import SpoiledTown


@pytest.fixture
def town(tmp_path):
    """Two vendors without records, and a daemon that has never run."""
    return SpoiledTown(tmp_path)
