"""--write-config, and the command around the sandbox."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import os
import signal
import socket
import tomllib
from pathlib import Path

import anyio
import pytest

from daemon.sandbox import command
from daemon.sandbox.command import SandboxArgs, run
from daemon.sandbox.configs import HEADER, ConfigsError, interval_s, write_configs
from daemon.sandbox.world import World
from tests.sandbox.toy import Toy

URL = "http://127.0.0.1:8700"
TODAY = dt.date(2026, 11, 22)
LIMIT_S = 60  # for a machine with much else to do


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
def small_world(monkeypatch):
    """The command with the toy as its only system: quick to fill."""

    def make(base, *, filled, seed):
        return World(base, filled=filled, seed=seed, systems={"toy": Toy})

    monkeypatch.setattr(command, "World", make)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.mark.row("B4")
def test_the_config_names_the_sandbox_and_secrets_that_are_there(tmp_path):
    """
    Every URL of the config leads to the sandbox, every secret it names is there, for its owner.
    """
    config = tomllib.loads(write_configs(tmp_path / "new" / "folder", URL, today=TODAY).read_text())
    folder = tmp_path / "new" / "folder"
    assert config == {
        "daemon": {"state_dir": "state", "runtime_dir": "run", "settle": "2s", "gap": "1s"},
        "company": {
            "sandbox": {
                "client_id": "fortnox-syncd",
                "tenant_id": "1234567",
                "client_secret": {"file": "credentials/company.sandbox.client_secret"},
                "api_url": f"{URL}/fortnox",
                "auth_url": f"{URL}/fortnox",
                "overlap": "30s",
                "scopes": [
                    *("article", "bookkeeping", "companyinformation", "costcenter", "customer"),
                    *("invoice", "order", "price", "settings"),
                ],
            }
        },
        "connector": {
            "eskassa": {
                "kind": "eskassa",
                "company": "sandbox",
                "url": f"{URL}/eskassa",
                "machine_id": "bbbbbbbb-0000-4000-8000-000000000001",
                "machine_key": {"file": "credentials/connector.eskassa.machine_key"},
                "integrator_id": "aaaaaaaa-0000-4000-8000-000000000001",
                "requests_per_second": 9,
                "reports": True,
                "voucher_series": "K",
                "invoices": True,
                "payment_terms": "30",
                "master": "fortnox",
                "customers": True,
                "invoice_sales": "excluded",
                "articles": True,
                "start": "2000-01-01",
                "reports_from": "2026-11-02",
                "invoices_from": "2026-11-02",
            },
            "webcrm": {
                "kind": "webcrm",
                "company": "sandbox",
                "account": "sandbox",
                "url": f"{URL}/webcrm",
                "auth_code": {"file": "credentials/connector.webcrm.auth_code"},
                "documents": "order",
                "start": "2000-01-01",
            },
        },
    }
    assert mode(folder / "credentials") == 0o700
    secret, code = (
        (folder / config["company"]["sandbox"]["client_secret"]["file"]),
        (folder / config["connector"]["webcrm"]["auth_code"]["file"]),
    )
    assert (secret.read_text(), mode(secret)) == ("sandbox-secret", 0o600)
    assert (code.read_text(), mode(code)) == ("11111111-1111-4111-8111-111111111111", 0o600)


def test_people_get_addresses_and_a_client_id_of_their_own(tmp_path):
    """
    users.json lets a person's program in without the daemon's client id, and only its owner can read it.
    """
    write_configs(tmp_path, URL)
    users = tmp_path / "users.json"
    assert mode(users) == 0o600
    assert json.loads(users.read_text()) == {
        "sandbox": {"url": f"{URL}/_sandbox"},
        "fortnox": {
            "url": f"{URL}/fortnox",
            "token_url": f"{URL}/fortnox/oauth-v1/token",
            "client_id": "people",
            "client_secret": "people-secret",
            "tenant_id": "1234567",
        },
        "eskassa": {
            "url": f"{URL}/eskassa",
            "machine_id": "bbbbbbbb-0000-4000-8000-000000000001",
            "machine_key": "0123456789abcdef0123456789abcdef",
            "integrator_id": "aaaaaaaa-0000-4000-8000-000000000002",
        },
        "webcrm": {"url": f"{URL}/webcrm", "auth_code": "22222222-2222-4222-8222-222222222222"},
    }


PACES = [
    # --interval | offset
    ("2s", "1s"),
    ("1s", "1s"),
    ("6m", "180s"),
]


@pytest.mark.parametrize(("interval", "offset"), PACES, ids=[row[0] for row in PACES])
def test_an_interval_paces_the_connector_with_the_sides_half_apart(tmp_path, interval, offset):
    """
    A given interval stands in the config beside an offset of half of it.
    """
    connector = tomllib.loads(write_configs(tmp_path, URL, interval).read_text())["connector"]["webcrm"]
    assert (connector["interval"], connector["offset"]) == (interval, offset)


@pytest.mark.parametrize("text", ["", "2", "0s", "-1s", "2 s", '2s"\nx = "', "soon"])
def test_what_is_no_interval_is_refused(text):
    """
    Only a whole number with s, m or h is an interval.
    """
    with pytest.raises(ConfigsError):
        interval_s(text)


def test_its_own_files_are_written_anew(tmp_path):
    """
    A second sandbox on another port replaces what the first one wrote, and closes what was left open.
    """
    write_configs(tmp_path, URL)
    (tmp_path / "users.json").chmod(0o644)
    config = write_configs(tmp_path, "http://127.0.0.1:9999", "2s")
    assert "http://127.0.0.1:9999/fortnox" in config.read_text()
    assert URL not in config.read_text() + (tmp_path / "users.json").read_text()
    assert mode(tmp_path / "users.json") == 0o600


FOREIGN = [
    # file | what stands in it
    ("config.toml", "[daemon]\n"),
    ("config.toml", ""),
    ("users.json", '{"mine": true}'),
    ("credentials/company.sandbox.client_secret", "a real secret"),
    ("credentials/company.sandbox.client_secret", "sandbox-secret-of-mine"),
]


@pytest.mark.parametrize(("name", "text"), FOREIGN, ids=[f"{name}: {text!r}" for name, text in FOREIGN])
def test_a_file_that_is_not_its_own_is_never_overwritten(tmp_path, name, text):
    """
    A foreign file stops the writing before anything is touched, and is named.
    """
    (tmp_path / "credentials").mkdir()
    (tmp_path / name).write_text(text)
    with pytest.raises(ConfigsError) as refused:
        write_configs(tmp_path, URL)
    assert refused.value.where == str(tmp_path / name)
    assert (tmp_path / name).read_text() == text
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [Path(name).name]


def test_the_first_line_says_who_wrote_the_config(tmp_path):
    """
    The line by which its own file is known is the first one.
    """
    assert write_configs(tmp_path, URL).read_text().splitlines()[0] == HEADER


REFUSED = [
    # what | options | code
    ("another machine may come in", {"listen": "0.0.0.0:8700"}, "SBX02"),
    ("a public address", {"listen": "192.0.2.1:8700"}, "SBX02"),
    ("a name", {"listen": "example.com:80"}, "SBX02"),
    ("no port", {"listen": "127.0.0.1"}, "SBX02"),
    ("a port beyond the last", {"listen": "127.0.0.1:70000"}, "SBX02"),
    ("no interval", {"listen": "127.0.0.1:0", "interval": "soon"}, "SBX03"),
]


@pytest.mark.parametrize(("options", "code"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
async def test_an_option_that_cannot_be_followed_ends_the_command_with_one_line(options, code, capsys):
    """
    The line has the code, what is wrong, where, and what to do; the exit code is 78.
    """
    assert await run(SandboxArgs(**options)) == 78
    printed = capsys.readouterr()
    assert printed.out == ""
    assert (
        printed.err.startswith(f"{code}  ") and printed.err.count(" · ") == 2 and printed.err.count("\n") == 1
    )


@pytest.mark.usefixtures("small_world")
async def test_a_taken_port_is_said_so(capsys):
    """
    A port in use gives SBX01 and the way out.
    """
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert await run(SandboxArgs(listen=f"127.0.0.1:{port}")) == 78
    said = capsys.readouterr().err
    assert said.startswith(f"SBX01  port {port} is taken · 127.0.0.1:{port} · ") and "--listen" in said


@pytest.mark.usefixtures("small_world")
async def test_a_folder_with_a_strangers_file_ends_the_command(tmp_path, capsys):
    """
    The sandbox does not start when it cannot write the config it was asked for.
    """
    (tmp_path / "config.toml").write_text("mine")
    assert await run(SandboxArgs(listen="127.0.0.1:0", write_config=tmp_path)) == 78
    assert capsys.readouterr().err.startswith("SBX03  there is a file that the sandbox did not write")


@pytest.mark.usefixtures("small_world")
async def test_a_folder_that_cannot_be_made_ends_the_command(tmp_path, capsys):
    """
    An impossible folder is an error of one line too.
    """
    (tmp_path / "file").write_text("")
    assert await run(SandboxArgs(listen="127.0.0.1:0", write_config=tmp_path / "file" / "x")) == 78
    assert capsys.readouterr().err.startswith("SBX03  ")


@pytest.mark.usefixtures("small_world")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_it_says_where_it_listens_once_it_does_and_ends_at_a_signal(tmp_path, number, capsys):
    """
    When the line is printed the port is open and the config written; a signal ends it with 0.
    """
    printed = ""
    with anyio.fail_after(LIMIT_S):
        task = asyncio.create_task(run(SandboxArgs(listen="127.0.0.1:0", write_config=tmp_path)))
        while not printed:
            await asyncio.sleep(0)
            printed = capsys.readouterr().out
        listening, written, following = printed.splitlines()
        port = int(listening.removeprefix("sandbox listening on http://127.0.0.1:"))
        async with await anyio.connect_tcp("127.0.0.1", port):
            os.kill(os.getpid(), number)
            assert await task == 0
    assert written == f"config written to {tmp_path / 'config.toml'}"
    assert following == f"next: fortnox-syncd sync --config {tmp_path / 'config.toml'}"
    assert f":{port}/fortnox" in (tmp_path / "config.toml").read_text()
