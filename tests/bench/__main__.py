"""
`make bench`: what is promised in figures, measured; exit 1 when one is missed.

What is measured in real time comes last and alone.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.bench import counted, reading, startup
from tests.bench.company import folder_in
from tests.bench.figure import table


def main() -> int:
    """All figures; the exit code."""
    with tempfile.TemporaryDirectory(prefix="fsb") as name:
        place = Path(name)
        figures = [
            *counted.figures(place),
            *reading.figures(folder_in(place, "reading")),
            *startup.figures(folder_in(place, "startup")),
            startup.with_state(*counted.large_state(place)),
        ]
    sys.stdout.write(f"{table(figures)}\n")
    return 1 if any(each.ok is False for each in figures) else 0


if __name__ == "__main__":
    sys.exit(main())
