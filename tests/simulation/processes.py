"""
The real daemon as a process, under a working crowd, bad weather and a rough operator.

    python -m tests.simulation.processes [--seconds N] [--seed S] [--only kills|stops|storms]

Chance comes from the seed, which is printed; the moments come from real time, so
two runs of one seed do the same things but not byte for byte. A run that fails
leaves its folder.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from tests.patience import wait_until
from tests.simulation import processes_judge as judge
from tests.simulation import processes_seen as vendors
from tests.simulation.processes_acts import ACTS, settle_in
from tests.simulation.processes_host import SENT, STOP_MOST_S, Host, host
from tests.simulation.processes_people import Crowd, Weather
from tests.simulation.processes_storm import storm

SECONDS = 180.0
RATE = 1.5  # acts in a second: about what the vendors' limits let a daemon keep up with
STORM_RATE = 6.0  # a storm is short
STOPS = 40
FILES = 1000
REST_LIMIT_S = 900.0
OVERLOOKED_S = 75.0  # a list shows minutes, and reading starts again 5 s back
QUIET_S = 20.0  # nothing written: several looks at everything, also at what is looked at every fifth time
SECOND_S = 2.0  # I31
KILL_S = (
    (0.3, 4.0),
    (0.3, 4.0),
    (6.0, 10.0),
)  # after a crash the first seconds go to budgets and to settling
STOP_S = ((0.0, 1.0), (0.0, 6.0), (4.0, 9.0))
HANGING_S = 35.0  # longer than a request may take
WRITES_BY_S = 90.0  # webCRM's call budget may be used up for a minute
RACE_SHARE = 0.1
KEPT = "kept.json"


class Outcome(NamedTuple):
    """What came of one scenario."""

    name: str
    figures: Mapping[str, object]
    violations: Sequence[str]


class Stage:
    """One scenario under way."""

    def __init__(self, here: Host, chance: random.Random, rate: float) -> None:
        self.host, self.chance = here, chance
        self.crowd = Crowd(here.folder, random.Random(chance.random()), ACTS, rate)
        self.weather = Weather(self.crowd, random.Random(chance.random()))
        self.seen = vendors.Seen(self.crowd)
        self.figures: dict[str, object] = {}
        self.wrong: list[str] = []

    # -------------------------------------------------------------- the end of each scenario

    def rest(self, limit_s: float = REST_LIMIT_S) -> None:
        """Good weather, nobody works: the daemon comes to rest by itself."""
        self.crowd.weather = None
        self.weather.calm()
        began_s = quiet_s = time.monotonic()
        while True:
            time.sleep(1)
            now_s = time.monotonic()
            if vendors.effects(self.seen.look()):
                quiet_s = now_s
            rested = time.time() - self.crowd.last_act_at > OVERLOOKED_S and now_s - quiet_s > QUIET_S
            if rested and not self._waiting():
                break
            if now_s - began_s > limit_s:
                self.wrong.append(f"no rest within {limit_s:.0f} s: {self._waiting()}")
                break
        self.figures["rest_s"] = round(now_s - began_s)

    def hangs(self) -> bool:
        """Whether a write has just begun to wait for its answer."""
        return any(each["fault"] == "delay" for each in vendors.effects(self.seen.look()))

    def keep(self) -> None:
        """What is needed to find out why, beside the logs and the state."""
        written = {" ".join(key): fields for key, fields in self.crowd.written.items()}
        (self.host.folder / KEPT).write_text(
            json.dumps({"wrong": self.wrong, "written": written, "requests": self.seen.items}, indent=1),
            "utf-8",
        )

    def _waiting(self) -> dict[str, Any]:
        """What is not done."""
        (row,) = self.host.ask("status")["connectors"]
        found = {name: row["counts"][name] for name in ("unknown", "held") if row["counts"][name]}
        found |= {"state": row["state"]} if row["state"] not in ("waiting", "running") else {}
        return found | ({"intents": items} if (items := self.host.ask("intents")["items"]) else {})

    def compare(self) -> None:
        """Both sides, and what is listed; asked for a pass, the daemon writes nothing."""
        (report,) = self.host.ask("sync")["connectors"]
        self.wrong += [f"a pass at rest wrote: {step}" for step in report["steps"]]
        sides = judge.Sides(self.crowd, self.host)
        self.wrong += judge.wrong(sides)
        self.wrong += [f"check: {each['what']}" for each in self.host.ask("check")["items"] if not each["ok"]]
        self.figures |= {
            "customers": len(sides.customers),
            "articles": len(sides.articles),
            "orders": len(sides.orders),
            "invoices": len(sides.invoices),
            "deliveries": len(sides.deliveries),
            "listed": dict(sides.excused),
        }

    def overlook(self) -> None:
        """What the vendors and the log saw."""
        self.seen.look()
        clearly, late = vendors.puts_to_booked(self.seen)
        bare, slowed = vendors.throttled(self.seen, self.host.started_at)
        self.wrong += [
            *clearly,
            *bare,
            *vendors.sent_too_soon(self.seen),
            *self.host.unforeseen(),
            *self.host.broken,
        ]
        faults = Counter(each["fault"] for each in self.seen.ours() if each["fault"])
        self.figures |= {
            "acts": sum(self.crowd.acts.values()),
            "requests": sum(1 for _ in self.seen.ours()),
            "writes": len(vendors.effects(self.seen.items)),
            "spoiled": dict(faults),
            "429 of ours": dict(slowed),
            "refused PUTs to just booked": late,
            "people refused": self.crowd.refused,
        }

    def end(self) -> None:
        """A clean stop: exit 0, and every write the vendors took is in the state."""
        self.host.tell(signal.SIGTERM)
        self.after_stop(self.host.stopped(time.monotonic()))

    def after_stop(self, code: int) -> int:
        """What a stopped daemon leaves; how many writes it could not judge any more."""
        if code not in (0, -signal.SIGKILL):  # that one is told already
            self.wrong.append(f"SIGTERM ended it with {code}")
        undecided = self.host.look_at_disk()[SENT]
        self.seen.look()
        self.wrong += [
            f"nowhere in the state: {each}" for each in vendors.unrecorded(self.seen, self.host.known_ids())
        ]
        return undecided


# ------------------------------------------------------------------ the scenarios


def kills(stage: Stage, seconds: float) -> None:
    """kill -9 at random moments; in the end nothing is doubled, lost or broken."""
    crowd, here, chance = stage.crowd, stage.host, stage.chance
    crowd.weather = stage.weather
    end_s, count, races = time.monotonic() + seconds, 0, []
    while time.monotonic() < end_s:
        if chance.random() < RACE_SHARE:
            races.append(_race(stage))
        else:
            here.start()
        crowd.work_for(chance.uniform(*chance.choice(KILL_S)))
        here.kill()
        count += 1
    here.start()
    stage.figures |= {"kills": count, "races": len(races), "slowest loser_s": max(races, default=0)}
    stage.rest()
    _second(stage)
    stage.compare()
    stage.end()
    stage.overlook()


def _second(stage: Stage) -> None:
    """A second daemon beside a running one gives up and names it; at once, where nothing else is busy."""
    took_s, code, said = min(stage.host.second_start() for _ in range(2))
    busy = os.getloadavg()[0] > (os.cpu_count() or 1)
    stage.figures["second daemon_s"] = f"{took_s:.2f}{', on a busy machine' if busy else ''}"
    if code != 75 or f"pid {stage.host.pid}" not in said or (took_s > SECOND_S and not busy):
        stage.wrong.append(f"a second daemon ended after {took_s:.1f} s with {code}: {said}")


def _race(stage: Stage) -> float:
    """Two at the same moment: one goes on; how long the other took to give up."""
    took_s, code, said = stage.host.race()
    # The file with the winner's name is the lock itself: between taking and writing it, it holds no name,
    # or still that of who was killed with it. A second daemon that comes later must name it: `_second`.
    named = {f"pid {stage.host.pid}", "unknown", *(f"pid {each}" for each in stage.host.killed)}
    if code != 75 or not said.startswith("DBS01") or not any(f"{name} " in said for name in named):
        stage.wrong.append(f"of two daemons one ended with {code}, pid {stage.host.pid} goes on: {said}")
    return round(took_s, 2)


def stops(stage: Stage, count: int = STOPS) -> None:
    """SIGTERM at random moments, also while the vendors hang."""
    crowd, here, chance = stage.crowd, stage.host, stage.chance
    crowd.weather = stage.weather
    took: dict[bool, list[float]] = {False: [], True: []}
    undecided = 0
    for number in range(count):
        here.start()
        wait_until(lambda: not here.runs() or here.catches(signal.SIGTERM), "its signal handlers")
        crowd.work_for(chance.uniform(*chance.choice(STOP_S)))
        hangs = number % 10 == 5
        if hangs:
            crowd.work(lambda: here.answers() or not here.runs(), "an answer of the daemon")
            stage.weather.hang(HANGING_S)
            crowd.weather, since_s = None, time.monotonic()
            crowd.work(
                lambda since_s=since_s: stage.hangs() or time.monotonic() - since_s > WRITES_BY_S,
                "a write that hangs",
                2 * WRITES_BY_S,
            )
        here.tell(signal.SIGTERM)
        told_s = time.monotonic()
        crowd.work(
            lambda told_s=told_s: not here.runs() or time.monotonic() - told_s > STOP_MOST_S,
            "the end of the daemon",
            2 * STOP_MOST_S,
        )
        took[hangs].append(time.monotonic() - told_s)
        undecided += stage.after_stop(here.stopped(told_s))
        crowd.weather = stage.weather
    stage.figures |= {
        "stops": count,
        "left as sent": undecided,
        "stop_s": _spread(took[False]),
        "stop_s, vendors hang": _spread(took[True]),
    }
    here.start()
    stage.rest()
    stage.compare()
    stage.end()
    stage.overlook()


def _spread(values: Sequence[float]) -> str:
    if not values:
        return "none"
    ordered = sorted(values)
    return f"p50 {ordered[len(ordered) // 2]:.2f}, max {ordered[-1]:.2f}"


def storms(stage: Stage, files: int = FILES) -> None:
    """SIGHUP after SIGHUP, half of them with a file that cannot be used."""
    stage.host.start()
    pid = stage.host.pid
    stage.wrong += storm(stage.host, stage.crowd, stage.chance, files, stage.figures)
    if not stage.host.runs() or stage.host.ask("status")["pid"] != pid:
        stage.wrong.append("the process is another one")
        return
    stage.rest()
    stage.compare()
    stage.end()
    stage.overlook()


# ------------------------------------------------------------------ all of them


SCENARIOS: Mapping[str, Callable[[Stage, float], None]] = {
    "kills": kills,
    "stops": lambda stage, seconds: stops(stage, max(1, round(STOPS * seconds / SECONDS))),
    "storms": lambda stage, seconds: storms(stage, max(10, round(FILES * seconds / SECONDS))),
}


def run(seconds: float = SECONDS, seed: int | None = None, only: str | None = None) -> list[Outcome]:
    """
    Each scenario in a world of its own; `seconds` is how long people work in `kills`, the others go along.

    A folder stays when there is a violation in it; the last one then says how to repeat it.
    """
    seed = random.SystemRandom().randrange(10**6) if seed is None else seed
    return [_one(name, seconds, seed) for name in SCENARIOS if only in (None, name)]


def _one(name: str, seconds: float, seed: int) -> Outcome:
    chance = random.Random(f"{name} {seed}")
    with _folder() as folder, host(folder, seed) as here:
        stage = Stage(here, chance, STORM_RATE if name == "storms" else RATE)
        stage.figures["seed"] = seed
        try:
            settle_in(stage.crowd)
            SCENARIOS[name](stage, seconds)
        except AssertionError as error:
            stage.wrong.append(f"it could not go on: {error}")
        finally:
            stage.crowd.__exit__(None, None, None)
        if stage.wrong:
            stage.keep()
            again = f"python -m tests.simulation.processes --only {name} --seed {seed} --seconds {seconds:g}"
            stage.wrong.append(f"its folder is {folder}; again, but for the moments: {again}")
        return Outcome(name, stage.figures, stage.wrong)


@contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="fsp"))
    yield folder
    if not (folder / KEPT).exists():
        shutil.rmtree(folder)


def main() -> int:
    """All scenarios, or one; 1 when something that must hold did not."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.processes")
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--only", choices=list(SCENARIOS))
    asked = parser.parse_args()
    outcomes = run(asked.seconds, asked.seed, asked.only)
    for outcome in outcomes:
        sys.stdout.write(f"{outcome.name}: {len(outcome.violations)} violations\n")
        sys.stdout.writelines(f"  {name:28} {value}\n" for name, value in outcome.figures.items())
        sys.stdout.writelines(f"  WRONG {each}\n" for each in outcome.violations)
    return 1 if any(outcome.violations for outcome in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())
