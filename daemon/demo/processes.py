"""
The two processes: started with the commands that an operator would type, ended by their own pid.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import httpx2 as httpx

START_S: Final = 15.0
STOP_S: Final = 10.0
COMMAND_S: Final = 10.0
LOOK_EVERY_S: Final = 0.1
LAST_LINES: Final = 15
PREFIX: Final = "fortnox_syncd_"
OK: Final = 200
# What a service manager may have told the demo, and is not meant for its daemon.
NOT_INHERITED: Final = frozenset(
    {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "STATE_DIRECTORY", "RUNTIME_DIRECTORY"}
)


class Failed(Exception):
    """The demo cannot go on; one line that says why."""


@contextmanager
def sandbox(folder: Path) -> Iterator[Path]:
    """A sandbox on a free port; the path of the config it wrote into `folder`."""
    options = ("--listen", "127.0.0.1:0", "--seed", "1", "--write-config", str(folder), "--interval", "2s")
    config = folder / "config.toml"
    with _running(folder / "sandbox.log", "sandbox", *options) as process:
        wait_until((folder / "users.json").exists, START_S, "the sandbox did not start", process)
        yield config


@contextmanager
def daemon(config: Path) -> Iterator[Daemon]:
    """A daemon with that config."""
    with _running(config.with_name("daemon.log"), "run", "--config", str(config)) as process:
        yield Daemon(process, config)


class Daemon:
    """A running daemon as its operator meets it: commands, signals, sockets."""

    def __init__(self, process: subprocess.Popen[bytes], config: Path) -> None:
        self._process, self.config = process, config
        self.metrics_socket = config.parent / "run" / "metrics.sock"

    def must_run(self) -> None:
        """Raises Failed when it has ended."""
        _must_run(self._process)

    def wait_until(self, happened: Callable[[], bool], limit_s: float, otherwise: str) -> None:
        """Raises Failed with `otherwise`."""
        wait_until(happened, limit_s, otherwise, self._process)

    def ask(self, command: str, *options: str) -> Any:
        """What `fortnox-syncd COMMAND --json` prints, decoded."""
        return json.loads(self.tell(command, *options, "--json"))

    def tell(self, command: str, *options: str) -> str:
        """What a command prints. Raises Failed when it does not end with 0."""
        done = subprocess.run(  # noqa: S603 -- our own program
            _command(command, "--config", str(self.config), *options),
            capture_output=True,
            timeout=COMMAND_S,
            check=False,
        )
        if done.returncode != 0:
            raise Failed(f"fortnox-syncd {command} ended with {done.returncode}: {done.stderr.decode()}")
        return done.stdout.decode()

    def edit(self, old: str, new: str) -> None:
        """Edit the config file."""
        text = self.config.read_text("utf-8")
        assert old in text, old
        self.config.write_text(text.replace(old, new), "utf-8")

    def hang_up(self) -> None:
        """SIGHUP: put the edited config into force."""
        self._process.send_signal(signal.SIGHUP)

    def ready(self) -> bool:
        """What /readyz says."""
        return self.metrics_socket.exists() and self._get("/readyz").status_code == OK

    def status(self) -> Any:
        """What /status says."""
        return json.loads(self.show("/status"))

    def show(self, path: str) -> str:
        """The body of one GET on metrics.sock."""
        return self._get(path).text

    def _get(self, path: str) -> httpx.Response:
        with httpx.Client(transport=httpx.HTTPTransport(uds=str(self.metrics_socket))) as client:
            return client.get(f"http://localhost{path}")


def metric(text: str, name: str, label: str) -> Mapping[str, float]:
    """The samples of one metric, added up by one label."""
    sums: dict[str, float] = defaultdict(float)
    for line in text.splitlines():
        series, _, value = line.rpartition(" ")
        if series.partition("{")[0] == PREFIX + name:
            _, _, rest = series.partition(f'{label}="')
            sums[rest.partition('"')[0]] += float(value)
    return sums


def wait_until(
    happened: Callable[[], bool], limit_s: float, otherwise: str, process: subprocess.Popen[bytes]
) -> None:
    """Look until `happened`; Failed with `otherwise` after `limit_s`, or when `process` ends."""
    until_s = time.monotonic() + limit_s
    while not happened():
        _must_run(process)
        if time.monotonic() > until_s:
            raise Failed(f"{otherwise} within {limit_s:.0f} s")
        time.sleep(LOOK_EVERY_S)


def _must_run(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        raise Failed(f"a process ended by itself with {process.returncode}")


@contextmanager
def _running(log: Path, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process of ours, its output in `log`; asked to stop at the end, and made to after 10 s."""
    environment = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 -- our own program
            _command(*words), stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment
        )
        try:
            sys.stdout.write(f"{words[0]:8} runs with pid {process.pid}\n")
            yield process
        except Failed as failure:
            raise Failed(f"{failure}{_last_lines(log)}") from failure
        finally:
            _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _command(*words: str) -> Sequence[str]:
    return (sys.executable, "-m", "daemon", *words)


def _last_lines(log: Path) -> str:
    lines = log.read_text("utf-8", "replace").splitlines()[-LAST_LINES:]
    return "".join(f"\n  {log.stem}: {line}" for line in lines)
