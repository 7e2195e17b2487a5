"""The real process, started as systemd starts it; whatever was started is ended by its own id."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

PATIENCE_S = 60.0
LOOK_EVERY_S = 0.05
STOP_S = 15.0


class Daemon:
    """A running `fortnox-syncd run`: how long it took to be ready, on the wall and of a processor."""

    def __init__(self, process: subprocess.Popen[bytes], ready_s: float, log: Path) -> None:
        self._process, self._log = process, log
        self.ready_s, self.processor_s = ready_s, self._spent_s()

    def wait_for(self, event: str) -> None:
        """Until its log shows that event; the rest of its life is none of ours when it has ended."""
        wait_until(lambda: event in self._events(), f"the event {event}", self._process)

    def memory_mib(self, name: str) -> float:
        """A line of /proc/PID/status: VmRSS now, VmHWM at its highest."""
        lines = Path(f"/proc/{self._process.pid}/status").read_text("utf-8").splitlines()
        (line,) = [line for line in lines if line.startswith(f"{name}:")]
        return int(line.split()[1]) / 1024

    def _spent_s(self) -> float:
        after_name = Path(f"/proc/{self._process.pid}/stat").read_text("utf-8").rpartition(")")[2].split()
        return (int(after_name[11]) + int(after_name[12])) / os.sysconf("SC_CLK_TCK")  # proc(5): utime, stime

    def _events(self) -> set[str]:
        lines = self._log.read_bytes().splitlines(keepends=True)
        whole = [line for line in lines if line.startswith(b"{") and line.endswith(b"\n")]
        return {msgspec.json.decode(line)["event"] for line in whole}


@contextmanager
def sandbox(folder: Path) -> Iterator[Path]:
    """The pretend vendors with their small companies; the path of a config for them."""
    words = ("sandbox", "--listen", "127.0.0.1:0", "--write-config", str(folder))
    with _running(folder / "sandbox.log", *words) as process:
        wait_until((folder / "users.json").exists, "the sandbox", process)
        yield folder / "config.toml"


@contextmanager
def daemon(config: Path) -> Iterator[Daemon]:
    """The daemon with that config, once it is ready."""
    folder = config.parent
    address, log = folder / "notify", folder / "daemon.log"
    log.unlink(missing_ok=True)
    address.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(address))
        manager.settimeout(PATIENCE_S)
        began_s = time.monotonic()
        with _running(log, "run", "--config", str(config), NOTIFY_SOCKET=str(address)) as process:
            while not manager.recv(4096).startswith(b"READY=1"):
                pass
            yield Daemon(process, time.monotonic() - began_s, log)


def wait_until(happened: Callable[[], bool], what: str, process: subprocess.Popen[bytes]) -> None:
    """Look until it happened. AssertionError when the process ends or a minute has gone."""
    until_s = time.monotonic() + PATIENCE_S
    while not happened():
        assert process.poll() is None, f"the process ended with {process.returncode}; {what} did not come"
        assert time.monotonic() < until_s, f"{what} did not come"
        time.sleep(LOOK_EVERY_S)


@contextmanager
def _running(log: Path, *words: str, **environ: str) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "daemon", *words]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, env={"PATH": os.environ["PATH"], **environ}, stdout=output, stderr=output
        )
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
