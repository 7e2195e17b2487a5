"""
What reading costs: the daemon's way from a socket to our fields, beside the bare client.

Both read the same records from the same server in the same process: the
register's list in pages of 500, then each record whole by its key, five
requests under way together. The bare way is httpx2's client and msgspec's
decoder and nothing more. The daemon's way is `Fortnox.read` and `Fortnox.get`
over its own `HttpClient`, with everything that belongs to it: budget, lanes,
limits of size, judged status, exact decimals, metrics, the mark of the last
call, the mapping table.

Only our own processor time is counted (the server is another process), so the
rate is per core. The two take turns every few records and the median of the
pairs' ratios is the figure: a machine that gets slower slows both.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import product
from pathlib import Path
from statistics import median
from typing import Any

import anyio
import httpx2 as httpx
import msgspec

from daemon.core.budget import BUDGETS
from daemon.core.records import Lane
from daemon.engine.parallel import for_each
from daemon.events import REQUEST_DONE, Events, class_of
from daemon.net.client import HttpClient
from daemon.net.throttle import Throttle
from daemon.service.logs import quiet
from daemon.service.real import RealClock, RealIds
from daemon.systems.fortnox.system import Fortnox
from tests.bench.company import TENANT, fill
from tests.bench.figure import Figure, at_least, note
from tests.town import Town

RECORDS = 500
PAIRS = 15
AT_ONCE = 5
TURN = 50  # records that one way reads before the other reads them
HASTE = 1000.0  # the budget's seconds go by so much faster: its arithmetic is done, its waiting is not
LEAST = 0.9
HEADERS = {"Accept": "application/json", "Authorization": "Bearer token"}


class Hasty(RealClock):
    """A clock whose seconds are short."""

    def monotonic(self) -> float:
        return super().monotonic() * HASTE

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds / HASTE)


class Given:
    """Credentials that never end."""

    async def headers(self) -> Mapping[str, str]:
        return {"Authorization": HEADERS["Authorization"]}

    async def refused(self, headers: Mapping[str, str]) -> None:
        raise AssertionError("the canned server refuses nobody")

    def age_s(self) -> float | None:
        return None

    def expires_at(self) -> None:
        return None


def canned_answers(folder: Path) -> dict[str, str]:
    """{path: body}: what the pretend Fortnox answers for one page and for each record of it."""
    town = Town(folder)
    fill(town, RECORDS, 0)
    paths = ["/3/customers", *(f"/3/customers/{number}" for number in range(1, RECORDS + 1))]
    bodies = {}
    for path in paths:
        query = {"limit": str(RECORDS)} if path == paths[0] else {}
        bodies[f"/fortnox{path}"] = msgspec.json.encode(town.people.fortnox("GET", path, **query)).decode()
    return bodies


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """The canned server in a process of its own; its address."""
    (folder / "answers.json").write_bytes(msgspec.json.encode(canned_answers(folder)))
    command = [sys.executable, "-m", "tests.bench.canned", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}/fortnox"
    finally:
        process.kill()
        process.wait()


Way = Callable[[], Awaitable[Any]]


def bare_ways(client: httpx.AsyncClient, url: str) -> tuple[Way, Callable[[str], Awaitable[None]]]:
    """The list, and one record, as anybody would read them."""

    async def listed() -> Sequence[Any]:
        query = {"limit": "500", "page": "1", "sortby": "customernumber", "sortorder": "ascending"}
        answer = await client.get(f"{url}/3/customers", params=query, headers=HEADERS)
        rows = list(msgspec.json.decode(answer.content)["Customers"])
        assert len(rows) == RECORDS
        return rows

    async def one(number: str) -> None:
        answer = await client.get(f"{url}/3/customers/{number}", headers=HEADERS)
        assert msgspec.json.decode(answer.content)["Customer"]["CustomerNumber"] == number

    return listed, one


def daemon_ways(system: Fortnox) -> tuple[Way, Callable[[str], Awaitable[None]]]:
    """The same through the daemon's own adapter."""

    async def listed() -> Sequence[Any]:
        rows = [row async for page in system.read("customer", None, Lane.READ) for row in page.rows]
        assert len(rows) == RECORDS
        return rows

    async def one(number: str) -> None:
        seen = await system.get("customer", number, Lane.READ)
        assert seen is not None and seen.fields["number"] == number

    return listed, one


def fortnox(url: str, mark: Path) -> tuple[Fortnox, HttpClient]:
    """Fortnox over a real way out with a real budget, on a hasty clock."""
    clock, events = Hasty(), Events(quiet)

    def observe(route: str, outcome: int | str, seconds: float) -> None:
        told = {"company": "c", "system": "fortnox", "route": route, "class": class_of(outcome)}
        events.emit(REQUEST_DONE, **told, duration_s=seconds)

    throttle = Throttle(BUDGETS["fortnox"], clock, called=lambda: mark.touch(mode=0o600))
    http = HttpClient("fortnox", url, throttle, clock, observe=observe)
    system = Fortnox(http=http, grant=Given(), clock=clock, ids=RealIds(), tenant_id=TENANT, base_url=url)
    return system, http


async def spent_s(work: Way) -> float:
    """Processor seconds of this process while `work` is done."""
    began_s = time.process_time()
    await work()
    return time.process_time() - began_s


async def compare(url: str, folder: Path, pairs: int) -> tuple[list[tuple[float, float]], list[float]]:
    """(bare, daemon) processor seconds of each pair for whole records; the ratios for list pages alone."""
    system, http = fortnox(url, folder / "last-call")
    limits = httpx.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE)
    numbers = [str(number) for number in range(1, RECORDS + 1)]
    whole, lists = [], []
    async with httpx.AsyncClient(trust_env=False, limits=limits) as client:
        ways = (bare_ways(client, url), daemon_ways(system))
        for pair in range(pairs + 1):
            pages, records = [0.0, 0.0], [0.0, 0.0]
            order = (0, 1) if pair % 2 else (1, 0)
            for which in order:
                pages[which] += await spent_s(ways[which][0])
            for turn, which in product(range(0, RECORDS, TURN), order):
                block = numbers[turn : turn + TURN]
                records[which] += await spent_s(partial(for_each, block, ways[which][1], AT_ONCE))
            if pair:  # the first one warms up
                whole.append((pages[0] + records[0], pages[1] + records[1]))
                lists.append(pages[0] / pages[1])
    await http.aclose()
    return whole, lists


def figures(folder: Path) -> list[Figure]:
    """Whole records per second and core, beside the bare client."""
    with server(folder) as url:
        whole, lists = anyio.run(compare, url, folder, PAIRS, backend_options={"use_uvloop": True})
    bare, daemon = (median(RECORDS / pair[which] for pair in whole) for which in (0, 1))
    ratio = median(first / second for first, second in whole)
    text = f"{daemon:,.0f}/s against {bare:,.0f}/s"
    return [
        at_least("whole records read per core", text, f"≥ {LEAST} of bare", ratio, LEAST),
        note("a list page of 500 rows, bare cost/ours", f"{len(lists)} pages", median(lists)),
    ]
