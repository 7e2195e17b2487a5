"""
A crowd that works in both systems at once and remembers what it wrote, and the bad weather it works in.

They speak the vendors' HTTP APIs with a budget of their own. Each path of theirs
ends in a slash, which both pretend vendors ignore: so faults can be ordered that
spoil the daemon's requests alone, and people always know what they saved.
"""

from __future__ import annotations

import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from daemon.demo.people import People
from daemon.demo.processes import Failed
from tests.patience import PATIENCE_S

Record = dict[str, Any]
LOOK_AROUND_S = 4.0
NAP_S = 0.01
TYPES = ("Kund – Företag", "Kund – Privat")


class Crowd(People):
    """Everybody. `written[system, kind, id][field]` is what they wrote there: (epoch seconds, value)."""

    def __init__(self, folder: Path, chance: random.Random, acts: Mapping[Act, int], rate: float) -> None:
        """What may be done, each with how often against the others; `rate` is acts in a second."""
        super().__init__(folder)
        self.chance, self._table, self._rate, self._serial = chance, acts, rate, 0
        self._next_s = self._looked_s = 0.0
        self.written: dict[tuple[str, str, str], dict[str, list[tuple[float, Any]]]] = defaultdict(dict)
        self.acts: Counter[str] = Counter()
        self.refused: list[str] = []
        self.last_act_at = 0.0
        self.weather: Weather | None = None
        self.look_around()
        same = {_digits(row["OrganisationNumber"]) for row in self.known["customers"]}
        alone = [row for row in self.firms if _digits(row["OrganisationExtraCustom2"]) not in same]
        self.customers_before = len(self.known["customers"]) + len(alone)  # when all have crossed

    # -------------------------------------------------------------- working

    def work(self, until: Callable[[], bool], what: str, limit_s: float = PATIENCE_S) -> None:
        """Go on until something has happened. AssertionError with `what` did not after `limit_s`."""
        end_s = time.monotonic() + limit_s
        while not until():
            assert time.monotonic() < end_s, f"{what} did not come within {limit_s:.0f} s"
            now_s = time.monotonic()
            if self.weather:
                self.weather.change(now_s)
            if now_s - self._looked_s > LOOK_AROUND_S:
                self.look_around()
            if now_s >= self._next_s:
                (act,) = self.chance.choices(list(self._table), list(self._table.values()))
                self.do(act)
                self._next_s = now_s + self.chance.expovariate(self._rate)
            time.sleep(NAP_S)

    def work_for(self, seconds: float) -> None:
        """Go on for a while."""
        end_s = time.monotonic() + seconds
        self.work(lambda: time.monotonic() > end_s, "the end of the work", seconds + PATIENCE_S)

    def do(self, act: Act) -> None:
        """One act; a vendor's refusal is remembered."""
        try:
            done = act(self, self.chance)
        except Failed as failure:
            self.refused.append(f"{act.__name__}: {failure}")
            return
        if done:
            self.acts[act.__name__] += 1
            self.last_act_at = time.time()

    def look_around(self) -> None:
        """What the lists show now."""
        self._looked_s = time.monotonic()
        self.known = {
            kind: self.fortnox_screen(kind) for kind in ("customers", "articles", "orders", "invoices")
        }
        self.firms = [row for row in self.organisations() if row["OrganisationType"] in TYPES]
        self.papers = self.deliveries()

    def _ask(self, system: str, method: str, path: str, body: Any, query: dict[str, str]) -> Any:
        return super()._ask(system, method, f"{path}/", body, query)

    # -------------------------------------------------------------- remembering

    def new(self, text: str) -> str:
        """A text that nobody wrote before."""
        self._serial += 1
        return text.format(f"{self._serial:05d}")

    def wrote(self, system: str, kind: str, key: object, **fields: Any) -> bool:
        """Remember it; true, for whoever did it."""
        for field, value in fields.items():
            self.written[system, kind, str(key)].setdefault(field, []).append((time.time(), value))
        return True

    def fortnox(self, method: str, path: str, body: Any = None) -> Any:
        """One request to Fortnox."""
        return self._fortnox(method, path, body)

    def webcrm(self, method: str, path: str, body: Any = None) -> Any:
        """One request to webCRM."""
        return self._webcrm(method, path, body)


def _digits(number: str | None) -> str:
    return "".join(sign for sign in number or "" if sign.isdecimal())


Act = Callable[[Crowd, random.Random], bool]  # whether there was something to do


# ------------------------------------------------------------------ the weather

DAEMONS_PATHS = "*[!/]"
FAULTS: Sequence[tuple[str, Mapping[str, tuple[float, ...]]]] = (
    # what goes wrong, and how it may
    ("lost_before", {}),
    ("lost_after", {}),
    ("late", {"delay_s": (1, 4, 8)}),
    ("reset", {}),
    ("truncate", {}),
    ("html", {}),
    ("delay", {"delay_s": (0.2, 1, 3)}),
    ("status", {"status": (401, 500, 502, 503, 504)}),
    ("status", {"status": (429,)}),
)
METHODS = ("*", "GET", "POST", "PUT", "DELETE")
RATES = (0.05, 0.2, 0.5)
LASTS_S = (3.0, 9.0)


class Weather:
    """What goes wrong on the daemon's way to the vendors; it changes every few seconds."""

    def __init__(self, crowd: Crowd, chance: random.Random) -> None:
        self._crowd, self._chance, self._until_s = crowd, chance, 0.0

    def change(self, now_s: float) -> None:
        """When it is time."""
        if now_s < self._until_s:
            return
        self._until_s = now_s + self._chance.uniform(*LASTS_S)
        self.calm()
        for _ in range(self._chance.randint(0, 4)):
            fault, how = self._chance.choice(FAULTS)
            self._crowd.spoil(
                fault=fault,
                system=self._chance.choice(("fortnox", "webcrm")),
                method=self._chance.choice(METHODS),
                path=DAEMONS_PATHS,
                rate=self._chance.choice(RATES),
                count=None,
                **{name: self._chance.choice(values) for name, values in how.items()},
            )

    def hang(self, seconds: float) -> None:
        """Every write of the daemon, logins apart, is answered late until the weather changes."""
        self.calm()
        for method in ("POST", "PUT", "DELETE"):
            for path in ("/3/*[!/]", "/[!A3o]*[!/]"):  # not /Auth/ApiLogin, not /oauth-v1/token
                self._crowd.spoil(fault="delay", method=method, path=path, count=None, delay_s=seconds)

    def calm(self) -> None:
        """Nothing goes wrong any more."""
        self._crowd._client.delete(f"{self._crowd._users['sandbox']['url']}/faults")
