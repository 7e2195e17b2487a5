"""
The command line's way to a running daemon: one request over its control socket. Light, and without a loop.
"""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h11
import msgspec

from daemon.config import DEFAULT_STATE_DIR, folder_of
from daemon.errors import DaemonError
from daemon.service.house import Json
from daemon.service.operate import VERBS

CONNECT_S = 5.0
READ_BYTES = 65_536
_FOLDER = re.compile(r"""^\s*(state_dir|runtime_dir)\s*=\s*["']([^"'\n]+)""", re.MULTILINE)
UNIT_RUNTIME_DIR = "/run/fortnox-syncd"  # what our unit makes


class NoDaemon(Exception):
    """Nobody listens on the control socket."""


class Told(DaemonError):
    """An error that the daemon gave as its answer, with its exit code."""

    def __init__(self, told: Mapping[str, Any]) -> None:
        super().__init__(*(str(told.get(key, "")) for key in ("code", "what", "where", "todo")))
        exit_code = told.get("exit")
        self.exit = exit_code if isinstance(exit_code, int) else 1


def runtime_folders(path: str | Path, environ: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """
    Where a daemon with this config may have its sockets, likeliest first.

    Also answers for a file that is not even TOML: a command must reach the
    daemon that refused to reload it.
    """
    try:
        text = Path(path).read_text(errors="replace")
    except OSError:
        text = ""
    written = {match[1]: match[2] for match in _FOLDER.finditer(text)}
    base = Path(os.path.abspath(path)).parent  # noqa: PTH100 -- resolve() would follow links
    state = folder_of(written.get("state_dir", ""), base, environ.get("STATE_DIRECTORY"), DEFAULT_STATE_DIR)
    runtime = folder_of(written.get("runtime_dir", ""), base, environ.get("RUNTIME_DIRECTORY"), "")
    return (runtime,) if runtime else (UNIT_RUNTIME_DIR, state)


def ask_daemon(runtime_dir: str, verb: str, values: Mapping[str, Any], limit_s: float | None = None) -> Json:
    """
    What the daemon answers to `verb`, envelope included.

    Waits for the end of a pass as long as `limit_s` (None: for ever). Raises
    NoDaemon when none listens, Told for its errors, DaemonError CTL04 when we
    may not use the socket, CTL05 when it gives no sound answer in time.
    """
    path = Path(runtime_dir) / "control.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as way:
        way.settimeout(CONNECT_S)
        try:
            way.connect(str(path))
        except (FileNotFoundError, ConnectionRefusedError) as error:
            raise NoDaemon(str(path)) from error
        except OSError as error:
            todo = "run the command as the service's user or as root"
            what = f"the daemon's socket cannot be used: {error.strerror or error}"
            raise DaemonError("CTL04", what, str(path), todo) from error
        try:
            way.sendall(_request(verb, values))
            way.settimeout(limit_s)
            status, body = _answer(way)
            answer = msgspec.json.decode(body)
        except (OSError, h11.RemoteProtocolError, msgspec.DecodeError, UnicodeError, RecursionError) as error:
            what = f"the daemon gave no whole answer to {verb}"
            raise DaemonError("CTL05", what, str(path), "see its log, then repeat") from error
    if not isinstance(answer, dict) or (status >= 400 and not isinstance(answer.get("error"), dict)):  # noqa: PLR2004
        raise DaemonError("CTL05", f"the daemon refused {verb} ({status})", str(path), "see its log")
    if status >= 400:  # noqa: PLR2004
        raise Told(answer["error"])
    return answer


def _request(verb: str, values: Mapping[str, Any]) -> bytes:
    method = VERBS[verb].method
    body = msgspec.json.encode(values)
    speaker = h11.Connection(h11.CLIENT)
    headers = [("Host", "fortnox-syncd"), ("Content-Length", str(len(body)))]
    head = speaker.send(h11.Request(method=method, target=f"/{verb}", headers=headers)) or b""
    return head + (speaker.send(h11.Data(body)) or b"") + (speaker.send(h11.EndOfMessage()) or b"")


def _answer(way: socket.socket) -> tuple[int, bytes]:
    speaker = h11.Connection(h11.CLIENT)
    speaker.send(h11.Request(method="GET", target="/", headers=[("Host", "fortnox-syncd")]))
    speaker.send(h11.EndOfMessage())
    status, body = 0, bytearray()
    while True:
        event = speaker.next_event()
        if event is h11.NEED_DATA:
            speaker.receive_data(way.recv(READ_BYTES))
        elif isinstance(event, h11.Response):
            status = event.status_code
        elif isinstance(event, h11.Data):
            body += event.data
        else:
            return status, bytes(body)
