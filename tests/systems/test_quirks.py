"""An oddity that no test holds is a rumour."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("system", ["fortnox", "webcrm", "eskassa"])
def test_each_oddity_names_a_test_that_exists(system):
    """Every row of QUIRKS.md ends with a test of this suite, or with a file of tests."""
    text = (ROOT / f"daemon/systems/{system}/QUIRKS.md").read_text()
    rows = re.findall(r"^\| (?!Oddity|---)(.*) \| `(.*)` \|$", text, re.MULTILINE)
    folder = ROOT / "tests/systems"
    tests = "".join((folder / name).read_text() for name in ("contract.py", f"test_{system}.py"))

    assert len(rows) == text.count("\n| ") - 1
    assert [] == [
        (oddity, test) for oddity, test in rows if f"def {test}(" not in tests and not (ROOT / test).is_file()
    ]
