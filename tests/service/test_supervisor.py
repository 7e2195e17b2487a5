"""The daemon in this process: isolation, reload, signals, stopping, what the sockets say of it."""

from __future__ import annotations

import signal
import socket
import tempfile

import anyio
import pytest

from daemon.config import ConfigError
from daemon.errors import DaemonError, StateError
from daemon.service.client import Told, ask_daemon
from daemon.service.socket import Listeners
from tests.patience import PATIENCE_S, patience
from tests.service.fakes import AWAY, NO_GRANT, config_of, running


async def ask(ran, verb, **values):
    """What the control socket answers."""
    return await anyio.to_thread.run_sync(ask_daemon, str(ran.folder), verb, values, PATIENCE_S)


async def get(path, target, method="GET"):
    """Status and body of one request over a unix socket."""
    async with await anyio.connect_unix(path) as stream:
        await stream.send(f"{method} {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        raw = b""
        async for part in stream:
            raw += part
    return int(raw.split()[1]), raw.partition(b"\r\n\r\n")[2].decode()


@pytest.mark.row("D1")
async def test_a_connector_that_hangs_or_crashes_delays_no_other():
    """One hangs, one crashes in every pass; the third keeps its times to the second."""

    async def before(ran):
        loops = await ran.builder.build(ran.parts().config, {})
        loops["a"].script = ["hang"]
        loops["b"].script = [ZeroDivisionError()] * 99

    async with running("a", "b", "c", before=before) as ran:
        await ran.clock.advance(400)
        assert ran.loop("c").passes == [(0, "both"), (180, "fortnox"), (360, "partner")]
        rows = {row["name"]: row["state"] for row in (await ask(ran, "status"))["connectors"]}
        assert rows == {"a": "running", "b": "degraded", "c": "waiting"}


@pytest.mark.row("D6")
async def test_a_reload_restarts_only_what_changed():
    """One changed, one is gone, one is new; the one that is as it was runs on without a pass more."""
    async with running("same", "changed", "gone") as ran:
        text = config_of("same", "changed", "new").replace(
            'account = "changed"', 'account = "changed"\ninterval = "9m"'
        )
        ran.path.write_text(text)
        ran.inbox.put(signal.SIGHUP)
        await ran.clock.advance(1)
        assert sorted(ran.builder.dropped) == ["changed", "gone"]
        assert ran.named("reloaded") == [{"changed": ["changed", "gone", "new"], "restart_needed": ()}]
        assert len(ran.loop("same").passes) == 1
        assert len(ran.loop("changed", 540.0).passes) == 1
        assert len(ran.loop("new").passes) == 1
        names = [row["name"] for row in (await ask(ran, "status"))["connectors"]]
        assert names == ["changed", "new", "same"]


@pytest.mark.row("D6")
async def test_a_bad_file_changes_nothing_and_says_so():
    """The old config keeps running; log, metric, status and the reload command tell why."""
    async with running("crm") as ran:
        ran.path.write_text(config_of("crm") + "intervall = '9m'\n")
        answer = await ask(ran, "reload")
        assert (answer["ok"], "did you mean interval?" in answer["error"]) == (False, True)
        status = await ask(ran, "status")
        assert status["config"]["reload"]["ok"] is False
        assert b"fortnox_syncd_config_last_reload_successful 0.0" in ran.events.text()
        assert len(ran.named("reload_refused")) == 1
        assert (ran.builder.dropped, len(ran.loop("crm").passes)) == ([], 1)

        ran.path.write_text(config_of("crm"))
        assert (await ask(ran, "reload"))["ok"] is True
        assert b"fortnox_syncd_config_last_reload_successful 1.0" in ran.events.text()


@pytest.mark.parametrize(
    "error",
    [ConfigError("CFG20", "the state key is too short", "x", "y"), ZeroDivisionError("unforeseen")],
    ids=["a named error", "a bug"],
)
async def test_a_reload_that_cannot_be_built_keeps_the_old(error):
    """Building is before swapping: whatever it raises, the old connectors run on."""
    async with running("crm") as ran:
        ran.builder.fail = error
        assert (await ask(ran, "reload"))["ok"] is False
        await ran.clock.advance(200)
        assert [side for _, side in ran.loop("crm").passes] == ["both", "fortnox"]


async def test_what_only_a_restart_can_change_is_reported():
    """A new folder, and a credential the service manager has not given, are named; the rest is in force."""
    async with running("crm") as ran:
        ran.path.write_text(
            config_of("crm").replace('state_dir = "."', 'state_dir = "."\nlog_level = "debug"')
        )
        answer = await ask(ran, "reload")
        assert (answer["ok"], answer["restart_needed"]) == (True, ["log_level"])


@pytest.mark.row("D6")
async def test_a_signal_before_readiness_is_remembered():
    """A SIGHUP and then a SIGTERM during start-up: the reload happens, the exit code is 0."""

    async def before(ran):
        ran.inbox.put(signal.SIGHUP)

    async with running("crm", before=before) as ran:
        await ran.clock.advance(1)
        assert len(ran.named("reloaded")) == 1
    assert ran.exit == 0


async def test_a_sync_that_a_reload_overtakes_is_told_so():
    """Who waits for a pass of a connector that a reload ends is told CTL06, not that a bug was met."""
    async with running("a", "b") as ran:
        ran.loop("a").script = ["hang"]
        async with anyio.create_task_group() as group:

            async def wait_for_it():
                with pytest.raises(Told, match="CTL06"):
                    await ask(ran, "sync", connectors=["a", "b"])

            group.start_soon(wait_for_it)
            with patience("a second pass"):
                while len(ran.loop("a").passes) == 1:
                    await anyio.wait_all_tasks_blocked()
            ran.path.write_text(
                config_of("a", "b").replace('account = "a"', 'account = "a"\ninterval = "9m"')
            )
            ran.inbox.put(signal.SIGHUP)
        assert ran.named("bug") == []


@pytest.mark.row("D6")
async def test_stopping_finishes_the_write_under_way():
    """SIGTERM inside a write: the write is finished, nothing else begins, the exit code is 0."""

    async def before(ran):
        loops = await ran.builder.build(ran.parts().config, {})
        loops["crm"].script = ["write"]
        loops["crm"].in_step = anyio.Event()

    async with running("crm", before=before) as ran:
        ran.inbox.put(signal.SIGTERM)
        await anyio.wait_all_tasks_blocked()
        assert (ran.exit, ran.loop("crm").ended_cleanly) == (None, None)
        assert not ran.builder.may_write
        ran.loop("crm").in_step.set()
    assert (ran.exit, ran.loop("crm").ended_cleanly, len(ran.loop("crm").passes)) == (0, True, 1)
    assert [name for _, name, _ in ran.lines][-2:] == ["stopping", "stopped"]
    assert list(ran.folder.glob("*.sock")) == []


@pytest.mark.row("D5")
async def test_ready_means_that_every_connector_could_do_its_work():
    """503 with reasons while one has never reached its systems; 200 after; and live all the time."""

    async def before(ran):
        (await ran.builder.build(ran.parts().config, {}))["b"].script = [AWAY]

    async with running("a", "b", before=before) as ran:
        path = str(ran.folder / "metrics.sock")
        status, body = await get(path, "/readyz")
        assert status == 503 and "connector b: NET02" in body and "connector a" not in body
        assert (await get(path, "/healthz"))[0] == 200
        await ran.clock.advance(30)
        assert (await get(path, "/readyz"))[0] == 200
        ran.state_error = StateError("DBS02", "the disk is full", "state", "free space")
        status, body = await get(path, "/readyz")
        assert status == 503 and "DBS02" in body


@pytest.mark.row("D5")
async def test_a_consent_that_was_withdrawn_later_is_said_and_a_system_that_is_away_is_not():
    """Without a grant nothing will work until a person acts; who is away comes back without one."""

    async def before(ran):
        loops = await ran.builder.build(ran.parts().config, {})
        loops["a"].script, loops["b"].script = ["ok", *[AWAY] * 99], ["ok", *[NO_GRANT] * 99]

    async with running("a", "b", before=before) as ran:
        path = str(ran.folder / "metrics.sock")
        assert (await get(path, "/readyz"))[0] == 200
        await ran.clock.advance(400)
        status, body = await get(path, "/readyz")
        assert status == 503 and "connector b: AUT05" in body and "connector a" not in body


@pytest.mark.row("D5")
async def test_the_metrics_socket_only_shows():
    """Four addresses, GET alone; no verb can be reached over it."""
    async with running("crm") as ran:
        path = str(ran.folder / "metrics.sock")
        status, text = await get(path, "/metrics")
        assert status == 200 and 'fortnox_syncd_parked{connector="crm"} 0.0' in text
        assert (await get(path, "/status"))[0] == 200
        assert [(await get(path, "/nudge", method))[0] for method in ("GET", "POST")] == [404, 405]
        assert (await get(path, "/reload", "POST"))[0] == 405


@pytest.mark.row("D5")
async def test_the_sockets_are_open_to_whom_they_should_be():
    """control.sock 0600, metrics.sock 0660."""
    async with running() as ran:
        modes = {path.name: oct(path.stat().st_mode & 0o777) for path in ran.folder.glob("*.sock")}
        assert modes == {"control.sock": "0o600", "metrics.sock": "0o660"}


@pytest.mark.row("D10")
async def test_the_verbs_do_what_they_say():
    """Sync answers with a report, pause is remembered, retry nudges, authorize hands the code on."""
    async with running("crm") as ran:
        answer = await ask(ran, "sync", connectors=["crm"])
        assert [row["outcome"] for row in answer["connectors"]] == ["ok"] and answer["exit"] == 0
        assert (await ask(ran, "pause"))["items"] == ["crm"]
        assert ran.desk.names == {"crm"}
        assert (await ask(ran, "status"))["connectors"][0]["state"] == "paused"
        await ask(ran, "resume", connectors=["crm"])
        assert ran.desk.names == set()
        before = len(ran.loop("crm").passes)
        assert (await ask(ran, "retry", id="p1"))["id"] == "p1"
        await ran.clock.advance(0)
        assert len(ran.loop("crm").passes) > before
        await ask(ran, "authorize", company="acme", code="c", redirect_uri="http://127.0.0.1:8750/callback")
        assert ran.codes == [("acme", "c", "http://127.0.0.1:8750/callback")]
        assert len((await ask(ran, "log", limit=2))["items"]) == 2


REFUSED = [
    ("an unknown connector", "sync", {"connectors": ["crn"]}, "CTL01"),
    ("an unknown id", "retry", {"id": "p2"}, "CTL01"),
    ("a missing value", "retry", {}, "CTL02"),
    ("a value too many", "nudge", {"conector": "crm"}, "CTL02"),
    ("a wrong choice", "resolve", {"id": "c1", "use": "mine"}, "CTL02"),
    ("an unknown company", "authorize", {"company": "x", "code": "c", "redirect_uri": "r"}, "CTL01"),
    ("something unforeseen", "ignore", {"id": "p1"}, "CTL07"),
]


@pytest.mark.parametrize(("verb", "values", "code"), [c[1:] for c in REFUSED], ids=[c[0] for c in REFUSED])
async def test_what_cannot_be_done_is_answered_with_a_code(verb, values, code):
    """A refusal has code, place and remedy; a bug has a trace id, and its traceback only in the log."""
    async with running("crm") as ran:
        with pytest.raises(Told) as caught:
            await ask(ran, verb, **values)
        assert caught.value.code == code and caught.value.todo
        assert "Traceback" not in str(caught.value)
        assert len(ran.named("bug")) == (code == "CTL07")


async def test_a_second_daemon_does_not_take_the_sockets():
    """While one answers, another is refused; a file that a dead one left is replaced."""
    async with running("crm") as ran:
        with pytest.raises(DaemonError, match="CTL04"):
            await Listeners.open(str(ran.folder), None).__aenter__()
        assert (await ask(ran, "status"))["state"] == "running"


def received(manager):
    """What waits at the service manager's socket."""
    while True:
        try:
            yield manager.recv(4096).decode()
        except BlockingIOError:
            return


@pytest.mark.row("D7")
async def test_systemd_is_told_each_turn_of_life():
    """READY, then RELOADING with its time and READY again, then STOPPING; watchdog food in between."""
    datagrams = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    with tempfile.TemporaryDirectory(prefix="fs") as folder, datagrams as manager:
        manager.bind(f"{folder}/notify")
        manager.settimeout(0)
        environ = {"NOTIFY_SOCKET": f"{folder}/notify", "WATCHDOG_USEC": "60000000"}
        async with running("crm", environ=environ) as ran:
            await ran.clock.advance(31)
            ran.path.write_text("nonsense")
            ran.inbox.put(signal.SIGHUP)
            await ran.clock.advance(1)
        told = list(received(manager))
    firsts = [message.splitlines()[0] for message in told]
    assert [each for each in firsts if each != "WATCHDOG=1"] == [
        "READY=1",
        "RELOADING=1",
        "READY=1",
        "STOPPING=1",
    ]
    assert firsts.count("WATCHDOG=1") == 2
    assert "MONOTONIC_USEC=31000000" in told[firsts.index("RELOADING=1")]
    assert "STATUS=reload refused, the old config stays: CFG03" in told[-2] + told[-3]
