"""
How the daemon behaves on the wire, whatever comes of it: looked for first, sent once, patient.

Judged from the requests as they leave, from what came back, and from what is on disk at that moment.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final
from urllib.parse import parse_qs

from daemon.sandbox import web
from tests.simulation.camera import FORTNOX
from tests.simulation.wire import UNSENT, Sent

SETTLE_S: Final = 60.0
GAP_S: Final = 10.0
LOOKED_WITHIN_S: Final = 120.0  # before a document is created
ANSWER_S: Final = 0.2  # a plain answer is there, and what left before it came is not to blame
# How long nobody may call, at least.
PAUSES_S: Final = {"429": 1.0, "429 wait": 3.0, "429 odd": 1.0, "429 long": 3600.0}
MARK: Final = re.compile(r"FS1\.\w\w\.\w\.\w{26}")
SYSTEMS: Final = ("fortnox", "webcrm")
SLOW_S: Final = 30.0
LOGINS: Final = ("oauth", "Auth")
LINES: Final = "/QuotationLines"
DOCUMENTS: Final = ("/3/orders", "/3/invoices")

Query = Callable[[str], Sequence[tuple[Any, ...]]]


class Conduct:
    """Sees every request of the daemon; `fail` is told what must not be, `query` asks the disk."""

    def __init__(self, fail: Callable[[str], None], query: Query) -> None:
        self._fail, self._query = fail, query
        self._process: object = None
        self._created_at_s = float("-inf")
        self._steps: list[tuple[float, float]] = []  # when, and by how much
        # A wait that outlives its connector is counted by the host's clock; what is set by more than the
        # daemon notices (five minutes) begins another wait.
        self.host_ahead_s = 0.0
        # A doubt of a memory is stored by that clock too. While it stands still a doubt that is over looks as
        # if it were not, and nothing had been created in it yet: the memory put back then begins none.
        self.host_stood_until_s = float("-inf")
        self.memory_since_s = 0.0  # a memory that is younger, or was put back, creates nothing for a while
        self._read_at_s: dict[str, list[float]] = {}  # system -> when something was read
        self._sought_at_s: dict[str, float] = {}  # mark -> when it was searched for
        self._attempts: dict[tuple[Any, ...], Sent] = {}  # reference, intent, attempt, at -> what was sent
        self._patient_s = 0.0  # until when one of them wanted no calls, also for a token
        self._pauses_s: dict[str, tuple[float, float]] = {}  # system -> from when until when
        self._renewing: str = ""
        self._spent: dict[str, int] = {}  # refresh token -> generation on disk when its heir was told
        self._unstored: dict[str, int] = {}  # access token -> the same

    # -------------------------------------------------------------- what happens

    def left(self, sent: Sent, process: object) -> None:
        """A request leaves."""
        if process is not self._process:
            self._begun(process)
        if "oauth" in sent.request.url:
            self._renewed(sent)
            return
        self._check_pause(sent)
        self._check_stored(sent)
        if not sent.request.effect:
            self._read_at_s.setdefault(sent.system, []).append(sent.at_s)
            self._sought_at_s |= dict.fromkeys(MARK.findall(sent.request.url), sent.at_s)
        elif sent.request.method == "POST" and not any(part in sent.request.url for part in LOGINS):
            self._check_creation(sent)

    def told(self, sent: Sent, came: web.Response | str) -> None:
        """The daemon hears what became of a request."""
        self._patient_s = max(self._patient_s, sent.at_s + PAUSES_S.get(sent.spoil, 0.0))
        if "oauth" not in sent.request.url and sent.spoil in PAUSES_S:
            _, longest_s = self._pauses_s.get(sent.system, (0.0, 0.0))
            until_s = max(longest_s, sent.at_s + PAUSES_S[sent.spoil])
            self._pauses_s[sent.system] = sent.at_s + ANSWER_S, until_s
        spent = _refresh_token(sent)
        if spent:
            self._renewing = ""
        unsent = isinstance(came, str) and came in UNSENT
        if unsent or (isinstance(came, web.Response) and 400 <= came.status < 500):
            self._attempts = {key: each for key, each in self._attempts.items() if each is not sent}
        if isinstance(came, str):
            return
        if spent and (heir := _access_token(came)):
            self._spent[spent] = self._unstored[heir] = self._generation()

    def memory_is_lost(self, as_of_s: float, now_s: float) -> None:
        """Its memory is one of another time from now on; where nothing was created since it is still good."""
        self._attempts.clear()
        if self._created_at_s >= as_of_s >= self.host_stood_until_s:
            self.memory_since_s = now_s

    def retried(self) -> None:
        """A person has what was given up tried once more."""
        self._attempts.clear()

    def step(self, at_s: float, forward_s: float) -> None:
        """The vendors' clock was set."""
        self._steps.append((at_s, forward_s))

    def stepped_s(self, since_s: float) -> float:
        """
        How far the vendors' clock was set forward since then.

        A wait that outlives its connector is counted by that clock, which a host's that jumps by a day
        leaves alone; where theirs is set meanwhile, by minutes at most, it is shorter by as much.
        """
        return max(0.0, sum(forward_s for at_s, forward_s in self._steps if at_s >= since_s))

    def looked(self, sent: Sent, since_s: float) -> None:
        """An unclear creation is sent again: it must have been looked for twice, a gap apart."""
        if LINES in sent.request.url:
            return  # a row is settled with its record
        looks = [at_s for at_s in self._read_at_s.get(sent.system, ()) if at_s >= since_s]
        if not looks or sent.at_s - looks[0] < GAP_S:
            self._fail(f"I6 {sent.request.route} again, {len(looks)} looks at the end of settling")

    def check_log(self, made: Iterable[tuple[str, str]]) -> None:
        """At rest each creation (kind, key of what it was made of) is in the log, whatever became of it."""
        logged = set(self._query("SELECT kind, key FROM audit WHERE action = 'create'"))
        for kind, key in sorted(set(made) - logged):
            self._fail(f"I20 a {kind} was made of {key}, and the log does not say so")

    def check_rhythm(self, now_s: float, interval_s: float) -> None:
        """Where nothing fails, each side was read within the last interval, without being asked."""
        if now_s - self._patient_s < 1.5 * interval_s + SLOW_S:
            return  # a pass of one side waits until the other wants calls again
        for system in SYSTEMS:
            last_s = max(self._read_at_s.get(system, [0.0]))
            if now_s - last_s > 1.5 * interval_s + SLOW_S:  # half an interval old is fresh enough
                self._fail(f"I35 {system} was not read for {now_s - last_s:.0f} s")

    def _begun(self, process: object) -> None:
        """Another process: what was told to the last one and is not stored, it never heard."""
        self._process, self._renewing = process, ""
        self._pauses_s.clear()
        stored = self._generation()
        self._spent = {token: before for token, before in self._spent.items() if stored > before}

    # -------------------------------------------------------------- creations

    def _check_creation(self, sent: Sent) -> None:
        self._created_at_s = sent.at_s
        if sent.at_s - self.memory_since_s < SETTLE_S - self.host_ahead_s:
            self._fail(
                f"I7 {sent.request.route} though its memory is {sent.at_s - self.memory_since_s:.0f} s old"
            )
        marks = MARK.findall((sent.request.body or b"").decode("utf-8", "replace"))
        if not marks:
            return
        if sent.request.url.endswith(DOCUMENTS):
            ago_s = sent.at_s - self._sought_at_s.get(marks[0], float("-inf"))
            if ago_s > LOOKED_WITHIN_S:
                self._fail(f"I6 {sent.request.route} without a look for it")
        rows = self._query(
            "SELECT reference, id, attempt, sent_at FROM intents WHERE state = 'sent' AND action = 'create'"
        )
        for _, intent, attempt, sent_at in (row for row in rows if row[0] == marks[0]):
            self._count(sent, (marks[0], intent), attempt, sent_at)

    def _count(self, sent: Sent, intent: tuple[str, int], attempt: int, sent_at: str) -> None:
        """Each sending of an intent is stored, and counted; its id may come back with another intent."""
        counted = (*intent, attempt)
        if attempt == 1:  # of a new one nothing is counted yet
            before = {key for key in self._attempts if key[:2] == intent and not key[3:]}
            self._attempts = {key: each for key, each in self._attempts.items() if key not in before}
        known = (*counted, sent_at), *([counted] if attempt > 1 else [])
        if attempt < 1 or any(each in self._attempts for each in known):
            self._fail(f"I5 {sent.request.route} twice in attempt {attempt}")
        self._attempts |= dict.fromkeys(known, sent)

    # -------------------------------------------------------------- patience

    def _check_pause(self, sent: Sent) -> None:
        from_s, until_s = self._pauses_s.get(sent.system, (0.0, 0.0))
        if from_s < sent.at_s < until_s:
            self._fail(
                f"I32 {sent.request.route} {until_s - sent.at_s:.1f} s before {sent.system} wants calls again"
            )

    # -------------------------------------------------------------- tokens

    def _generation(self) -> int:
        return self._query("SELECT coalesce(max(generation), 0) FROM tokens")[0][0]

    def _renewed(self, sent: Sent) -> None:
        token = _refresh_token(sent)
        if not token:
            return
        if token in self._spent:
            self._fail("I25 a spent refresh token is sent again")
        if self._renewing:
            self._fail("I25 two renewals at once")
        self._renewing = token

    def _check_stored(self, sent: Sent) -> None:
        token = sent.request.headers.get("Authorization", "").removeprefix("Bearer ")
        if sent.system == FORTNOX and self._unstored.get(token) == self._generation():
            self._fail("I25 an access token is used before its pair is stored")


def _refresh_token(sent: Sent) -> str:
    """The token that a renewal is asked with, "" for any other request."""
    if "oauth" not in sent.request.url:
        return ""
    return parse_qs((sent.request.body or b"").decode()).get("refresh_token", [""])[0]


def _access_token(came: web.Response) -> str:
    """The token in an answer that came whole."""
    try:
        return str(json.loads(came.body)["access_token"]) if came.status == 200 else ""
    except (ValueError, KeyError, TypeError):
        return ""
