"""
Each row of the feature table is shown by a test that is marked with it.
"""

from __future__ import annotations

import ast
from pathlib import Path

TESTS = Path(__file__).parent

ROWS = {
    "D": range(1, 12),  # the daemon
    "W": range(1, 15),  # webCRM
    "P": range(1, 17),  # serviceprotokoll.se
    "S": range(1, 13),  # Visma Severa
    "X": range(1, 6),  # Extend
    "K": range(1, 10),  # ES Kassasystem
    "B": range(1, 8),  # what makes it better than buying
}
KNOWN = [f"{letter}{number}" for letter, numbers in ROWS.items() for number in numbers]


def marked_in(source):
    """The row names that the tests of `source` are marked with."""
    return [
        argument.value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.row"
        for argument in node.args
        if isinstance(argument, ast.Constant)
    ]


def test_the_marks_of_a_test_are_found():
    """
    A mark on a function, on a class or for a whole file counts, with one row or several.
    """
    source = """
pytestmark = pytest.mark.row("B1")
@pytest.mark.row("W7", "W8")
def test_one(): ...
@pytest.mark.row("D3")
class TestTwo: ...
# pytest.mark.row("D4") in a comment marks nothing
"""
    assert ["B1", "D3", "W7", "W8"] == sorted(marked_in(source))


def test_every_mark_names_a_row_and_the_rows_without_one_are_printed(capsys):
    """
    No test is marked with a row that does not exist; rows that no test shows are named, not failed.
    """
    marks = {str(path.relative_to(TESTS)): marked_in(path.read_text()) for path in TESTS.rglob("test_*.py")}
    shown = {row for rows in marks.values() for row in rows}
    missing = [row for row in KNOWN if row not in shown]

    with capsys.disabled():
        print(f"\nrows shown by a test: {len(shown & set(KNOWN))} of {len(KNOWN)}", end="")  # noqa: T201
        print(f"; not yet: {' '.join(missing)}" if missing else "")  # noqa: T201

    unknown = {path: sorted(set(rows) - set(KNOWN)) for path, rows in marks.items() if set(rows) - set(KNOWN)}
    assert {} == unknown
