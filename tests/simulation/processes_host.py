"""Pretend vendors and the real daemon, each a process: begun, told, killed and ended by its own id."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from daemon.errors import DaemonError
from daemon.service.client import NoDaemon, Told, ask_daemon
from tests.patience import PATIENCE_S, wait_until

STOP_MOST_S = 40.0  # I34
LOOK_EVERY_S = 0.05
ANSWER_S = 120.0
LAST_LINES = 15
SENT = (
    "sent"  # an intent in this state was sent and nobody has judged the answer: the next start looks for it
)
NEVER = frozenset({"bug", "connector_crashed", "runner_failed", "watchdog_held_back"})
# Nothing looks like an accident here: the guard's own tests are elsewhere, and this crowd does much at once.
CONFIG = {
    'interval = "2s" ': 'interval = "1s" ',
    'offset = "1s" ': 'offset = "500ms" ',
    'overlap = "30s"': 'overlap = "5s"',
}
GUARD = "\n[connector.webcrm.guard]\noverwrite_count = 100000\ncreate_count = 100000\n"


class Host:
    """The folder with the config, the sandbox, and at most one daemon."""

    def __init__(self, folder: Path, sandbox: subprocess.Popen[bytes]) -> None:
        self.folder, self.config, self._sandbox = folder, folder / "config.toml", sandbox
        self.daemon: subprocess.Popen[bytes] | None = None
        self._begun: list[subprocess.Popen[bytes]] = []
        self._logs: list[Path] = []
        self.started_at: list[float] = []  # epoch seconds
        self.killed: list[int] = []  # process ids
        self.broken: list[str] = []  # what a look into the state found wrong

    # -------------------------------------------------------------- the daemon's life

    def start(self) -> None:
        """Begin a daemon; does not wait for it."""
        self.daemon, _ = self._begin()

    def _begin(self) -> tuple[subprocess.Popen[bytes], Path]:
        self.started_at.append(time.time())
        self._logs.append(self.folder / f"daemon-{len(self.started_at)}.log")
        with self._logs[-1].open("wb") as log:
            process = subprocess.Popen(_command("run", self.config), env=_environ(), stdout=log, stderr=log)
        self._begun.append(process)
        return process, self._logs[-1]

    @property
    def pid(self) -> int:
        """Of the daemon that runs, or ran last."""
        assert self.daemon is not None
        return self.daemon.pid

    def runs(self) -> bool:
        """Whether the daemon has not ended."""
        return self.daemon is not None and self.daemon.poll() is None

    def kill(self) -> None:
        """kill -9; then what it left on the disk must be whole."""
        assert self.daemon is not None
        if self.daemon.poll() is not None:
            self.broken.append(f"the daemon ended by itself with {self.daemon.returncode}")
        self.daemon.kill()
        self.daemon.wait(PATIENCE_S)
        self.killed.append(self.pid)
        self.look_at_disk()

    def tell(self, number: signal.Signals) -> None:
        """Send the daemon a signal."""
        assert self.daemon is not None
        self.daemon.send_signal(number)

    def catches(self, number: signal.Signals) -> bool:
        """Whether the daemon handles that signal by now; before, it would end of it."""
        status = Path(f"/proc/{self.pid}/status").read_text("utf-8")
        mask = int(next(line for line in status.splitlines() if line.startswith("SigCgt")).split()[1], 16)
        return bool(mask >> (number - 1) & 1)

    def stopped(self, told_s: float) -> int:
        """Wait for the end of a daemon told at `told_s` (monotonic): its exit code, -9 when killed."""
        assert self.daemon is not None
        try:
            return self.daemon.wait(max(0.1, told_s + STOP_MOST_S - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.daemon.kill()
            self.daemon.wait(PATIENCE_S)
            self.broken.append(f"SIGTERM did not end pid {self.pid} within {STOP_MOST_S:.0f} s")
            return -signal.SIGKILL

    def second_start(self) -> tuple[float, int, str]:
        """How long a second daemon took to give up, its exit code, and what it said."""
        began_s = time.monotonic()
        done = subprocess.run(
            _command("run", self.config),
            env=_environ(),
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_S,
        )
        return time.monotonic() - began_s, done.returncode, done.stderr

    def race(self) -> tuple[float, int, str]:
        """Begin two at once; the one that goes on is the daemon. Of the other: as `second_start`."""
        began_s = time.monotonic()
        both = self._begin(), self._begin()
        wait_until(lambda: any(each.poll() is not None for each, _ in both), "the end of one of two daemons")
        took_s = time.monotonic() - began_s
        (self.daemon, _), (loser, log) = sorted(both, key=lambda each: each[0].poll() is not None)
        self._logs.remove(log)
        return took_s, loser.returncode, log.read_text("utf-8")

    def close(self) -> None:
        """End what still runs: all are told before the first one is waited for."""
        for process in (*self._begun, self._sandbox):
            process.kill()
        for process in (*self._begun, self._sandbox):
            process.wait(PATIENCE_S)

    # -------------------------------------------------------------- what it says

    def ask(self, verb: str, **values: Any) -> Any:
        """What the daemon answers over its control socket; it may still be starting."""
        until_s = time.monotonic() + PATIENCE_S
        while True:
            try:
                return ask_daemon(str(self.folder / "run"), verb, values, ANSWER_S)
            except DaemonError as error:  # no whole answer within `ANSWER_S`, or an error of its own
                self._give_up(verb, error, until_s if isinstance(error, Told) else 0.0)
            except NoDaemon as error:
                self._give_up(verb, error, until_s)
            time.sleep(LOOK_EVERY_S)

    def _give_up(self, verb: str, error: Exception, until_s: float) -> None:
        """AssertionError with all there is to know, when its time has come."""
        if time.monotonic() < until_s and self.runs():
            return
        ended = "runs" if self.runs() else f"ended with {self.daemon and self.daemon.returncode}"
        said = "\n".join(self._logs[-1].read_text("utf-8", "replace").splitlines()[-LAST_LINES:])
        raise AssertionError(f"{verb}: {error}; the daemon {ended}; it said last:\n{said}") from error

    def answers(self) -> bool:
        """Whether a daemon listens at the control socket."""
        try:
            ask_daemon(str(self.folder / "run"), "status", {}, ANSWER_S)
        except (NoDaemon, DaemonError):
            return False
        return True

    def events(self) -> Iterator[dict[str, Any]]:
        """The lines of the log, of all its lives; kill -9 may cut one, any other text is none of a log's."""
        for line in (line for log in self._logs for line in log.read_text("utf-8", "replace").splitlines()):
            try:
                yield json.loads(line)
            except json.JSONDecodeError:
                if not line.startswith("{"):
                    yield {"event": "bug", "error": f"no line of a log: {line}"}

    def unforeseen(self) -> list[str]:
        """What may never be logged, whatever the vendors and the operator do."""
        return [f"{each['event']}: {each.get('error')}" for each in self.events() if each["event"] in NEVER]

    def weighs(self) -> tuple[float, int]:
        """MiB of memory and open files of the daemon."""
        status = Path(f"/proc/{self.pid}/status").read_text("utf-8").splitlines()
        (line,) = [line for line in status if line.startswith("VmRSS:")]
        return int(line.split()[1]) / 1024, len(list(Path(f"/proc/{self.pid}/fd").iterdir()))

    # -------------------------------------------------------------- what it left

    def look_at_disk(self) -> Counter[str]:
        """Check the state of a daemon that has ended, on a copy; its intents by state."""
        if not (self.folder / "state" / "state.db").exists():
            return Counter()
        with tempfile.TemporaryDirectory(dir=self.folder) as copy:
            for file in (self.folder / "state").glob("state.db*"):
                shutil.copy(file, copy)
            with closing(sqlite3.connect(f"{copy}/state.db")) as database:
                (said,) = database.execute("PRAGMA integrity_check").fetchone()
                if said != "ok":
                    self.broken.append(f"integrity_check: {said}")
                if not database.execute("PRAGMA user_version").fetchone()[0]:
                    return Counter()  # it was killed before there was anything in it
                return Counter(state for (state,) in database.execute("SELECT state FROM intents"))

    def known_ids(self) -> set[str]:
        """Fortnox' ids that the state of an ended daemon has linked, and those of records it is writing."""
        with closing(sqlite3.connect(self.folder / "state" / "state.db")) as database:
            linked = database.execute("SELECT fortnox_id FROM links")
            under_way = database.execute("SELECT reference, source_id, target_id FROM intents")
            return {text for row in (*linked, *under_way) for text in row if text}


@contextmanager
def host(folder: Path, seed: int, *, empty: bool = False) -> Iterator[Host]:
    """A sandbox on a port of its own with a config for it; whatever was begun is ended."""
    options = [
        "--listen",
        "127.0.0.1:0",
        "--seed",
        str(seed),
        "--write-config",
        str(folder),
        "--interval",
        "2s",
    ]
    with (folder / "sandbox.log").open("wb") as log:
        command = [*_command("sandbox"), *options, *(["--empty"] if empty else [])]
        sandbox = subprocess.Popen(command, env=_environ(), stdout=log, stderr=log)
    here = Host(folder, sandbox)
    try:
        wait_until(lambda: _is_up(sandbox, folder / "sandbox.log"), "the sandbox")
        text = here.config.read_text("utf-8").replace('kind = "eskassa"', 'kind = "eskassa"\nenabled = false')
        for old, new in CONFIG.items():
            assert old in text, old
            text = text.replace(old, new)
        here.config.write_text(text + GUARD, "utf-8")
        yield here
    finally:
        here.close()


def _is_up(sandbox: subprocess.Popen[bytes], log: Path) -> bool:
    said = log.read_text("utf-8", "replace")
    assert sandbox.poll() is None, f"the sandbox ended with {sandbox.returncode}: {said}"
    return "next:" in said


def _command(verb: str, config: Path | None = None) -> list[str]:
    return [sys.executable, "-m", "daemon", verb, *(["--config", str(config)] if config else [])]


def _environ() -> dict[str, str]:
    return {"PATH": os.environ["PATH"]}
