"""The real process: started, told, killed and stopped from outside, as systemd and an operator do it."""

from __future__ import annotations

import datetime as dt
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import pytest

from tests.patience import PATIENCE_S, wait_until

CONFIG = """
[daemon]
state_dir = "state"
runtime_dir = "run"
settle = "2s"
gap = "1s"
[company.acme]
client_id = "abc"
tenant_id = "1234567"
client_secret = { file = "secret" }
api_url = "http://127.0.0.1:1/fortnox"
auth_url = "http://127.0.0.1:1/fortnox"
[connector.crm]
kind = "webcrm"
company = "acme"
account = "acme"
url = "http://127.0.0.1:1/webcrm"
auth_code = { file = "secret" }
"""


class Process:
    """One `fortnox-syncd run` and what it tells the service manager."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.config = self.folder / "c.toml"
        self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.manager.bind(f"{folder}/notify")
        self.manager.setblocking(False)
        self.running = []

    def start(self):
        """Start it; the vendors' addresses lead nowhere."""
        environ = {"PATH": os.environ["PATH"], "NOTIFY_SOCKET": f"{self.folder}/notify"}
        command = [sys.executable, "-m", "daemon", "run", "--config", str(self.config)]
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(command, env=environ, stderr=log, stdout=log)
        self.running.append(process)
        return process

    def command(self, *words):
        """Exit code, stdout and stderr of another command with the same config."""
        command = [sys.executable, "-m", "daemon", *words, "--config", str(self.config)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE_S)
        return done.returncode, done.stdout, done.stderr

    def told(self, first):
        """Wait for the message that begins so; that message. AssertionError when the process ends before."""
        heard = []

        def said():
            try:
                heard.append(self.manager.recv(4096).decode())
            except BlockingIOError:
                assert self.running[-1].poll() is None, f"it ended before {first}: {self.log()}"
                return False
            return heard[-1].startswith(first)

        wait_until(said, f"{first} after {heard}")
        return heard[-1]

    def log(self):
        """All that it wrote."""
        return (self.folder / "log").read_text()

    def events(self):
        """Names of the log's events."""
        return [json.loads(line)["event"] for line in self.log().splitlines()]

    def close(self):
        """End what still runs."""
        for process in self.running:
            process.kill()
        self.manager.close()
        for process in self.running:
            process.wait(PATIENCE_S)


@pytest.fixture
def daemon():
    """A config of its own; whatever was started is ended, by its own id."""
    with tempfile.TemporaryDirectory(prefix="fs") as folder:
        process = Process(folder)
        process.config.write_text(CONFIG)
        secret = process.folder / "secret"
        secret.write_text("hemligt-canary\n")
        secret.chmod(0o600)
        yield process
        process.close()


@pytest.mark.row("D4")
def test_a_state_that_may_be_a_copy_is_told(daemon):
    """
    After kill -9, and after the file was touched behind our back; not after a clean stop.
    """

    def start_and_end(how):
        process = daemon.start()
        daemon.told("READY=1")
        process.send_signal(how)
        process.wait(PATIENCE_S)
        return daemon.events().count("state_may_be_old")

    told = [start_and_end(how) for how in (signal.SIGTERM, signal.SIGTERM, signal.SIGKILL, signal.SIGTERM)]
    # Closed, by its own account, a minute before it was last written.
    with closing(sqlite3.connect(daemon.folder / "state" / "state.db")) as db:
        db.execute(
            "UPDATE meta SET value = ? WHERE key = 'closed'",
            [(dt.datetime.now(dt.UTC) - dt.timedelta(minutes=1)).isoformat()],
        )
        db.commit()
    told.append(start_and_end(signal.SIGTERM))
    assert told == [0, 0, 0, 1, 2]


@pytest.mark.row("D6", "D7")
def test_a_whole_life(daemon):
    """Ready, reloaded, a bad file refused, stopped with exit 0; each told to systemd and logged once."""
    process = daemon.start()
    daemon.told("READY=1")
    process.send_signal(signal.SIGHUP)
    assert "MONOTONIC_USEC=" in daemon.told("RELOADING=1")
    assert "1 connectors" in daemon.told("READY=1")
    daemon.config.write_text(CONFIG + "intervall = '9m'\n")
    process.send_signal(signal.SIGHUP)
    daemon.told("RELOADING=1")
    assert "reload refused" in daemon.told("READY=1")
    process.send_signal(signal.SIGTERM)
    daemon.told("STOPPING=1")
    assert process.wait(PATIENCE_S) == 0
    events = daemon.events()
    assert [
        events.count(name) for name in ("ready", "reloaded", "reload_refused", "stopping", "stopped")
    ] == [1] * 5
    assert list((daemon.folder / "run").iterdir()) == []


def caught(process, number):
    """Whether the process handles this signal by now."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    mask = int(next(line for line in status.splitlines() if line.startswith("SigCgt")).split()[1], 16)
    return bool(mask >> (number - 1) & 1)


@pytest.mark.row("D6")
@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM], ids=["SIGHUP", "SIGTERM"])
def test_a_signal_during_start_up_is_remembered(daemon, number):
    """Sent as soon as it can be: a SIGHUP reloads after READY, a SIGTERM ends with exit 0."""
    process = daemon.start()

    def catches():
        assert process.poll() is None, daemon.log()
        return caught(process, number)

    wait_until(catches, "its signal handler")
    process.send_signal(number)
    if number is signal.SIGHUP:
        daemon.told("READY=1")
        daemon.told("RELOADING=1")
        process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE_S) == 0


@pytest.mark.row("D8")
def test_a_bad_file_is_refused_with_78_and_no_traceback(daemon):
    """All mistakes on stderr, one line each; nothing is made."""
    daemon.config.write_text(CONFIG.replace("abc", "").replace("url =", "ulr =", 1))
    code, _, said = daemon.command("run")
    assert code == 78
    assert all(line.startswith("CFG") for line in said.splitlines()) and len(said.splitlines()) >= 2
    assert not (daemon.folder / "state").exists()


def test_commands_work_beside_the_daemon(daemon):
    """They go through the socket; a system that cannot be reached is 69, a refused reload 78."""
    daemon.start()
    daemon.told("READY=1")
    answers = {
        words: daemon.command(*words)[0] for words in [("parked",), ("pause",), ("resume", "crm"), ("sync",)]
    }
    assert answers == {("parked",): 0, ("pause",): 0, ("resume", "crm"): 0, ("sync",): 69}
    daemon.config.write_text(CONFIG + "[nonsense")
    assert daemon.command("reload")[0] == 78
    assert daemon.command("status")[0] == 0


@pytest.mark.row("D8", "D9")
def test_the_secret_is_nowhere(daemon):
    """Not in environment, command line, log, state or any answer; and the modes are private."""
    process = daemon.start()
    daemon.told("READY=1")
    answers = "".join(
        "".join(map(str, daemon.command(*words))) for words in [("status", "--json"), ("sync",)]
    )
    seen = [Path(f"/proc/{process.pid}/{name}").read_bytes() for name in ("environ", "cmdline")]
    files = [path for path in daemon.folder.rglob("*") if path.is_file() and path.name != "secret"]
    assert b"canary" not in b"".join([*seen, answers.encode(), *(path.read_bytes() for path in files)])
    assert oct((daemon.folder / "state").stat().st_mode & 0o777) == "0o700"
    assert {oct(path.stat().st_mode & 0o777) for path in (daemon.folder / "state").iterdir()} == {"0o600"}
