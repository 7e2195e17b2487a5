"""The command line: what is printed, and the exit code."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from contextlib import asynccontextmanager, contextmanager, suppress
from functools import partialmethod
from types import SimpleNamespace

import anyio
import pytest

from daemon import cli
from daemon.core.report import ConnectorReport
from daemon.ports import Finding
from daemon.service.consent import Redirect
from daemon.service.operate import EXITS, VERBS, exit_code
from daemon.service.print import COLUMNS, printed, table
from tests.patience import PATIENCE_S, patience
from tests.service.fakes import AWAY, FakeDesk, FakeVendors, ManualClock, ScriptedLoop, config_of, running


async def command(ran, *words):
    """The exit code of a command given beside a running daemon."""
    asked = [*words, "--config", str(ran.path)]
    with patience(f"the answer to {words}"):
        return await anyio.to_thread.run_sync(cli.main, asked, abandon_on_cancel=True)


@pytest.fixture
def offline(tmp_path, monkeypatch):
    """A config whose daemon does not run; `opened` counts how often the state was opened."""
    path = tmp_path / "c.toml"
    path.write_text(config_of("crm"))
    clock = ManualClock()
    loop = ScriptedLoop(clock=clock)
    house = SimpleNamespace(path=path, desk=FakeDesk(), loops={"crm": loop}, clock=clock, opened=0, loop=loop)
    house.vendors = FakeVendors()
    house.codes = house.vendors.codes

    @asynccontextmanager
    async def opening(_config):
        house.opened += 1
        yield house

    monkeypatch.setattr(cli, "_open_offline", opening)
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    house.main = lambda *words: cli.main([*words, "--config", str(path)])
    return house


# ------------------------------------------------------------------ beside a daemon


@pytest.mark.row("D10")
async def test_commands_go_through_the_running_daemon(capsys):
    """Status, sync, pause and reload are the daemon's own answers."""
    async with running("crm") as ran:
        assert await command(ran, "status") == 0
        assert "crm        webcrm  acme     waiting" in capsys.readouterr().out
        assert await command(ran, "sync", "crm", "--json") == 0
        assert json.loads(capsys.readouterr().out)["connectors"][0]["outcome"] == "ok"
        assert await command(ran, "pause", "crm") == 0
        assert ran.desk.names == {"crm"}
        assert await command(ran, "nudge") == 0
        assert await command(ran, "parked") == 0
        assert "p1" in capsys.readouterr().out


@pytest.mark.row("D6")
async def test_reload_tells_its_outcome(capsys):
    """0 when in force; 78, the mistakes and the reassurance on stderr when the old config stays."""
    async with running("crm") as ran:
        assert await command(ran, "reload") == 0
        ran.path.write_text(config_of("crm") + "intervall = '1m'\n")
        assert await command(ran, "reload") == 78
        said = capsys.readouterr()
        assert said.out == "reloaded\n"
        assert said.err.startswith("CFG04  there is no key intervall") and "old config stays" in said.err
        assert await command(ran, "status") == 0
        assert "the last reload was refused" in capsys.readouterr().out


async def test_a_refusal_is_one_line_on_stderr(capsys):
    """The daemon's error is printed in its form, and its exit code is the command's."""
    async with running("crm") as ran:
        assert await command(ran, "retry", "p2") == 1
        assert capsys.readouterr().err.startswith("CTL01  nothing is parked under p2 · p2 · ")


# ------------------------------------------------------------------ without a daemon

OFFLINE = [
    # command                              exit  opened
    (("status",), 0, 1),
    (("parked", "--json"), 0, 1),
    (("log", "--limit", "2"), 0, 1),
    (("plan",), 0, 1),
    (("sync", "--dry-run"), 0, 1),
    (("sync",), 0, 1),
    (("import", "crm", "customers"), 0, 1),
    (("pause", "crm"), 0, 1),
    (("retry", "p1"), 0, 1),
    (("nudge",), 1, 0),
    (("reload",), 1, 0),
    (("sync", "crn"), 1, 1),
]


@pytest.mark.parametrize(("words", "code", "opened"), OFFLINE, ids=[" ".join(case[0]) for case in OFFLINE])
def test_without_a_daemon_a_command_opens_the_state_itself(offline, words, code, opened):
    """Once for each command; some need a daemon and say so."""
    assert offline.main(*words) == code
    assert offline.opened == opened


SYNCS = [
    ("all agreed", "ok", 0),
    ("something is parked", "parked", 3),
    ("a write's outcome is unknown", "unknown", 3),
    ("a system does not answer", AWAY, 69),
    ("a report says so", "unreachable", 69),
    ("something unforeseen", ZeroDivisionError("oops"), 1),
]


@pytest.mark.parametrize(("script", "code"), [case[1:] for case in SYNCS], ids=[case[0] for case in SYNCS])
def test_sync_exits_with_what_happened(offline, script, code):
    """The outcome of a pass is the exit code."""
    offline.loop.script = [script]
    assert offline.main("sync") == code


def test_what_ended_a_pass_is_said_on_stderr(offline, capsys):
    """One line in the form of every error; stdout keeps the report, for a person and as JSON."""
    offline.loop.script = [AWAY, AWAY]
    for words in (("sync",), ("sync", "--json")):
        offline.main(*words)
        said = capsys.readouterr()
        assert said.err == "NET02  no answer · GET /3/customers · check the network\n"
        assert "unreachable" in said.out


def test_a_value_that_is_cleared_is_called_empty():
    """No step shows a Python None."""
    step = {"action": "update", "side": "partner", "kind": "customer", "key": "k", "fields": {"fax": None}}
    row = {"name": "crm", "outcome": "ok", "steps": [{**step, "reason": "changed"}], "next_look_at": None}
    text = printed("sync", {"connectors": [{**row, "parked": 0, "held": 0, "conflicts": 0, "unknown": 0}]})
    assert "fax=(empty)" in text and "None" not in text


WORST = [
    ("nothing to do", [], False, 0),
    ("one of each kind: the grant first", ["ok", "parked", "unreachable", "grant"], False, 77),
    ("state before unreachable", ["unreachable", "state"], False, 74),
    ("unreachable before parked", ["parked", "unreachable"], False, 69),
    ("a dry run with what would wait", ["held", "parked"], True, 0),
    ("a dry run that could not look", ["unreachable"], True, 69),
]


@pytest.mark.parametrize(("outcomes", "dry_run", "code"), [c[1:] for c in WORST], ids=[c[0] for c in WORST])
def test_several_passes_have_one_exit_code(outcomes, dry_run, code):
    """The first that applies, in the decided order."""
    reports = [ConnectorReport(name="x", outcome=outcome) for outcome in outcomes]
    assert exit_code(reports, dry_run=dry_run) == code


def test_counts_alone_make_exit_three():
    """A pass that went well beside something parked earlier still says so."""
    assert exit_code([ConnectorReport(name="x", outcome="ok", parked=1)], dry_run=False) == 3
    assert set(EXITS.values()) == {78, 77, 74, 69, 1, 3}


@pytest.mark.row("D8")
def test_check_says_all_mistakes_and_all_missing_secrets(offline, capsys):
    """78 for the file, 77 for its secrets unless it is only about starting, 0 when sound."""
    assert offline.main("check") == 0
    assert "sound; companies: 1, connectors: 1" in capsys.readouterr().out
    offline.path.write_text(config_of("crm").replace('{ credential = "acme-webcrm" }', '{ file = "absent" }'))
    assert (offline.main("check"), offline.main("check", "--at-start")) == (77, 0)
    assert "AUT01" in capsys.readouterr().err
    offline.path.write_text("[daemon]\nx = 1\ny = 2\n")
    assert offline.main("check") == 78
    assert capsys.readouterr().err.count("CFG04") == 2


FINDINGS = [
    ("all proven", [("", True)], 0),
    ("a right is missing", [("", True), ("AUT09", False), ("NET02", False)], 77),
    ("nobody answers", [("NET02", False)], 69),
    ("a field is missing there", [("WEB01", False)], 78),
]


@pytest.mark.row("D11")
@pytest.mark.parametrize(
    ("findings", "code"), [case[1:] for case in FINDINGS], ids=[case[0] for case in FINDINGS]
)
def test_check_online_lists_every_prerequisite(offline, findings, code, capsys):
    """Each finding is a line; what is not proven decides the exit code."""
    offline.vendors.findings = [
        Finding(ok=ok, what="a thing", where="webCRM", code=code, todo="make it") for code, ok in findings
    ]
    assert offline.main("check", "--online") == code
    assert len(capsys.readouterr().out.splitlines()) == len(findings)


# ------------------------------------------------------------------ consent


@contextmanager
def free_port():
    """
    A loopback port that nobody uses, below those that the kernel gives to whoever asks for any: a test
    beside this one could be given it before it is listened on.
    """
    for port in range(10_000 + os.getpid() % 20_000, 32_000):
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            break
    yield port


def state_in(text):
    """The state in the address that was printed."""
    return text.partition("state=")[2].partition("&")[0]


@pytest.mark.row("D3")
def test_authorize_by_pasting_exchanges_the_code(offline, capsys, monkeypatch):
    """The pasted address brings the code; one of another question is refused."""

    class Person:
        """Reads what was printed and answers in the browser."""

        def readline(self):
            self.shown = capsys.readouterr().out
            return f"http://127.0.0.1:8750/callback?code=abc&state={state_in(self.shown)}\n"

    person = Person()
    monkeypatch.setattr("sys.stdin", person)
    assert offline.main("authorize", "acme", "--paste") == 0
    assert offline.codes == [("acme", "abc", "http://127.0.0.1:8750/callback")]
    assert "account_type=service" in person.shown and "scope=article%20companyinformation" in person.shown
    monkeypatch.setattr(
        "sys.stdin", SimpleNamespace(readline=lambda: "http://x/callback?code=abc&state=other")
    )
    assert offline.main("authorize", "acme", "--paste") == 77
    assert capsys.readouterr().err.startswith("CTL08")


@pytest.mark.row("D3")
async def test_authorize_listens_for_the_browser(offline, capsys, monkeypatch):
    """The redirect on loopback brings the code; other visitors are sent away."""
    monkeypatch.setattr(Redirect, "wait", partialmethod(Redirect.wait, limit_s=PATIENCE_S))
    with free_port() as port:
        offline.path.write_text(
            config_of("crm").replace(
                "[connector", f'redirect_uri = "http://127.0.0.1:{port}/back"\n[connector', 1
            )
        )
        codes = []

        async def operator():
            work = anyio.to_thread.run_sync(offline.main, "authorize", "acme", abandon_on_cancel=True)
            codes.append(await work)

        async def visit(target):
            async with await anyio.connect_tcp("127.0.0.1", port) as stream:
                await stream.send(f"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
                return (await stream.receive()).split()[1]

        with patience("the end of authorize"):
            async with anyio.create_task_group() as group:
                group.start_soon(operator)
                shown = ""
                while "Waiting" not in shown:
                    await anyio.lowlevel.checkpoint()
                    shown += capsys.readouterr().out
                    assert not codes, f"authorize ended with {codes} before it waited: {shown}"
                assert await visit("/favicon.ico") == b"404"
                assert await visit(f"/back?code=abc&state={state_in(shown)}") == b"200"
    assert (codes, offline.codes) == ([0], [("acme", "abc", f"http://127.0.0.1:{port}/back")])


# ------------------------------------------------------------------ printing


@pytest.mark.parametrize("name", COLUMNS)
def test_a_table_of_nothing_says_nothing(name):
    """An empty list is a word, not an empty screen."""
    assert table([], COLUMNS[name]) == "nothing"


def test_a_table_cannot_be_broken_by_a_text():
    """Control characters are shown as a question mark, lines joined by commas, long texts cut."""
    text = table([{"id": "a\x1b[2J\nb", "what": "x" * 300}], (("id", "id"), ("what", "what")))
    assert text.splitlines()[1].startswith("a?[2J, b") and text.endswith("…")
    assert len(text.splitlines()) == 2


@pytest.mark.parametrize("verb", [verb for verb in VERBS if verb not in ("status", "sync", "check")])
def test_every_verb_has_something_to_print(verb):
    """No answer is printed as a Python value."""
    text = printed(verb, {"v": 1, "at": "x", "items": [] if verb != "nudge" else ["crm"]})
    assert text and "{" not in text


def test_every_command_explains_itself(capsys):
    """--help of each command says what it does and what it takes."""
    for name, one in cli.COMMANDS.items():
        with pytest.raises(SystemExit) as caught:
            cli.main([name, "--help"])
        assert caught.value.code == 0
        assert one.help.split(";")[0][:20] in capsys.readouterr().out


def test_a_light_command_loads_nothing_heavy():
    """Asking a daemon loads neither the web client, the database, the metrics nor the sandbox."""
    heavy = [
        "httpx2",
        "aiosqlite",
        "prometheus_client",
        "structlog",
        "aiohttp",
        "anyio",
        "asyncio",
        "cryptography",
    ]
    program = (
        "import sys; from daemon import cli; cli.main(['status', '--config', '/nowhere']);"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ},
        timeout=PATIENCE_S,
    )
    assert done.stdout.strip() == "[]"
