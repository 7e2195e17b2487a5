"""Figures in virtual time, which are counted and not timed: two run beside each other, one a core."""

from __future__ import annotations

import multiprocessing
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from tests.bench import idle, imports, memory
from tests.bench.company import folder_in
from tests.bench.figure import Figure

SMALL, LARGE = 2_000, 10_000
IDLE = (1_200, 600)  # customers and articles: more than one page of any list


def small_import(place: Path) -> list[Figure]:
    """Customers only, and the same with customers that were made minutes before."""
    _, done = imports.old(folder_in(place, "old"), "customers", SMALL, 0)
    young = imports.young_note(folder_in(place, "young"), SMALL)
    return [*imports.figures_of(done, "customers", SMALL), young]


def large_customers(place: Path) -> list[Figure]:
    """The customers of a large company, and the memory that they take afterwards."""
    done, figures = memory.figures(folder_in(place, "customers"), LARGE, LARGE)
    return [*imports.figures_of(done, "customers", LARGE), *figures]


def large_state(place: Path) -> tuple[Path, str]:
    """The config whose state `large_customers` left, and what is in it."""
    return place / "customers" / "config.toml", f"{LARGE:,} linked customers"


def large_articles(place: Path) -> list[Figure]:
    """The articles of the same company."""
    _, done = imports.old(folder_in(place, "articles"), "articles", LARGE, LARGE)
    return imports.figures_of(done, "articles", LARGE)


def idle_pass(place: Path) -> list[Figure]:
    """Both registers at rest."""
    return idle.figures(folder_in(place, "idle"), *IDLE)


SHOWN = (small_import, large_customers, large_articles, idle_pass)
LONGEST_FIRST = (large_articles, large_customers, small_import, idle_pass)


def figures(place: Path) -> Sequence[Figure]:
    """All of them, in the order of the table."""
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        running = {work: pool.submit(work, place) for work in LONGEST_FIRST}
        return [figure for work in SHOWN for figure in running[work].result()]
