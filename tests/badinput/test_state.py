"""
A state or a socket that cannot be used: one line, the exit code of its kind, and the file as it was.
"""

from __future__ import annotations

import socket
import sqlite3
import tempfile
import threading
from pathlib import Path

import pytest

from daemon import cli
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.row("D8")

CONFIG = """
[daemon]
state_dir = "state"
runtime_dir = "run"
%s
[company.acme]
client_id = "abc"
tenant_id = "1234567"
client_secret = { file = "secret" }
[connector.crm]
kind = "webcrm"
company = "acme"
account = "acme"
auth_code = { file = "secret" }
"""


@pytest.fixture
def place():
    """A folder with a sound config and a state that was used once."""
    with tempfile.TemporaryDirectory(prefix="fs") as folder:
        place = Path(folder)
        (place / "secret").write_text("hemligt")
        (place / "secret").chmod(0o600)
        (place / "c.toml").write_text(CONFIG % "")
        yield place


def status(place, capsys):
    """Exit code and stderr of `status` while no daemon runs."""
    code = cli.main(["status", "--config", str(place / "c.toml")])
    return code, capsys.readouterr().err.splitlines()


def state_file(place):
    """The database."""
    (path,) = [path for path in (place / "state").iterdir() if path.suffix in (".db", ".sqlite", ".sqlite3")]
    return path


def key_file(place):
    """The key that was made at the first start."""
    (path,) = [path for path in (place / "state").iterdir() if "key" in path.name]
    return path


def newer(place):
    """Another program was here, later."""
    with sqlite3.connect(state_file(place)) as db:
        db.execute("PRAGMA user_version = 999")
    db.close()


def scribbled(place):
    """Somebody wrote over the beginning."""
    for extra in (place / "state").glob("*-wal"):
        extra.unlink()
    state_file(place).write_bytes(b"not a database " * 500)


def in_the_way(place):
    """A folder stands where the file should be."""
    path = state_file(place)
    path.unlink()
    path.mkdir()


STATES = [
    # what was done, how, code, exit, what to do
    ("a newer program wrote it", newer, "DBS04", 74, "start the newer version again"),
    ("it is no database", scribbled, "DBS03", 74, "stop, keep the file"),
    ("a folder is in its place", in_the_way, "DBS02", 74, "free space"),
    ("its key is gone", lambda place: key_file(place).unlink(), "CFG20", 78, "put the key back"),
    (
        "its key is another's",
        lambda place: key_file(place).write_text("0" * 64),
        "CFG20",
        78,
        "configure the key",
    ),
    ("its key was cut", lambda place: key_file(place).write_text("abc"), "CFG20", 78, "use 64"),
]


@pytest.mark.parametrize(
    ("spoil", "code", "exit_code", "todo"), [s[1:] for s in STATES], ids=[s[0] for s in STATES]
)
def test_a_state_that_cannot_be_used_is_one_line_and_is_left_alone(
    place, capsys, spoil, code, exit_code, todo
):
    """Never made anew: what is there is what a person needs."""
    assert (0, []) == status(place, capsys)
    spoil(place)
    before = {path.name: path.stat().st_size for path in (place / "state").iterdir() if path.is_file()}
    found, lines = status(place, capsys)
    assert (exit_code, 1) == (found, len(lines)), lines
    assert lines[0].startswith(f"{code}  ") and lines[0].rpartition(" · ")[2].startswith(todo)
    after = {path.name: path.stat().st_size for path in (place / "state").iterdir() if path.is_file()}
    assert {name: after.get(name) for name in before if not name.endswith(("-wal", "-shm"))} == {
        name: size for name, size in before.items() if not name.endswith(("-wal", "-shm"))
    }


def test_a_state_folder_that_is_a_file_is_one_line(place, capsys):
    """DBS02 with what to do."""
    (place / "state").write_text("")
    code, (line,) = status(place, capsys)
    assert 74 == code and line.startswith("DBS02  ") and "state_dir" in line


@pytest.mark.parametrize(
    ("key", "code", "exit_code"),
    [
        ('state_key = { file = "absent" }', "AUT01", 77),
        ('state_key = { file = "secret" }', "CFG20", 78),
        ('state_key = { credential = "state-key" }', "AUT01", 77),
    ],
    ids=["a file that is absent", "a file that is no key", "a credential that nobody gives"],
)
def test_a_configured_key_that_cannot_be_used_is_one_line(place, capsys, monkeypatch, key, code, exit_code):
    """No state is made with another key instead."""
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    (place / "c.toml").write_text(CONFIG % key)
    found, lines = status(place, capsys)
    assert (exit_code, 1) == (found, len(lines))
    assert lines[0].startswith(f"{code}  ")


# ------------------------------------------------------------------ the control socket

ANSWERS = [
    ("nothing", b""),
    ("no HTTP", b"SSH-2.0-OpenSSH_9.2\r\n\r\n"),
    ("half a head", b"HTTP/1.1 200 OK\r\nContent-Le"),
    ("half a body", b'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"v":'),
    ("no JSON", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"),
    ("no UTF-8", b'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n"\xff"'),
    ("a list", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]"),
    ("a refusal of nothing", b"HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\n{}"),
]


@pytest.mark.parametrize("answer", [row[1] for row in ANSWERS], ids=[row[0] for row in ANSWERS])
def test_a_daemon_that_gives_no_sound_answer_is_one_line(place, capsys, answer):
    """CTL05, whatever sits at the socket; the state is not opened behind its back."""
    (place / "run").mkdir()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
        listening.bind(str(place / "run" / "control.sock"))
        listening.listen()
        listening.settimeout(PATIENCE_S)  # nobody comes: the thread must end, or this process never would
        thread = threading.Thread(target=_answer_once, args=(listening, answer), daemon=True)
        thread.start()
        code, lines = status(place, capsys)
        thread.join(PATIENCE_S)
    assert not thread.is_alive(), "nobody asked at the socket"
    assert (1, 1) == (code, len(lines))
    assert lines[0].startswith("CTL05  ")
    assert not (place / "state").exists()


def _answer_once(listening, answer):
    """Read what is asked, answer, hang up."""
    visitor, _ = listening.accept()
    with visitor:
        visitor.settimeout(PATIENCE_S)
        visitor.recv(65_536)
        visitor.sendall(answer)


COMMANDS = [
    # command                                       code     exit
    (["nudge"], "CTL03", 1),
    (["reload"], "CTL03", 1),
    (["retry", "nothing"], "CTL01", 1),
    (["ignore", "nothing"], "CTL01", 1),
    (["release", "nothing"], "CTL01", 1),
    (["resolve", "nothing", "fortnox"], "CTL01", 1),
    (["sync", "crn"], "CTL01", 1),
    (["pause", "crn"], "CTL01", 1),
    (["authorize", "acne"], "CTL01", 1),
]


@pytest.mark.parametrize(("words", "code", "exit_code"), COMMANDS, ids=[" ".join(row[0]) for row in COMMANDS])
def test_a_command_about_what_is_not_there_is_one_line(place, capsys, words, code, exit_code):
    """The name that is not known, where to look it up, and no trace."""
    assert exit_code == cli.main([*words, "--config", str(place / "c.toml")])
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"{code}  ") and line.count(" · ") == 2
