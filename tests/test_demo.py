"""
`fortnox-syncd demo` as a stranger runs it: a process, its output, its exit code, and what it leaves behind.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from daemon.demo import compare, processes

PATIENCE_S = 120  # a bound for a busy machine, not the 30 s that the demo aims at
COMMAND = [sys.executable, "-m", "daemon", "demo"]


@pytest.fixture
def begun(tmp_path):
    """A demo under way in an empty folder of its own; ended by its own pid."""
    environ = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": str(Path(__file__).parent.parent)}
    with subprocess.Popen(
        COMMAND, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environ
    ) as process:
        yield process
        if process.poll() is None:
            process.kill()


def lives(pid):
    """Whether a process of that number is there."""
    return Path(f"/proc/{pid}").exists()


def pids_in(text):
    """What the demo says it started."""
    return [int(pid) for pid in re.findall(r"runs with pid (\d+)", text)]


@pytest.mark.row("B4")
def test_the_demo_shows_a_day_and_ends_well(begun, tmp_path):
    """Everything crosses, both sides agree, nothing is left: no process, no file."""
    said, _ = begun.communicate(timeout=PATIENCE_S)

    assert begun.returncode == 0, said
    assert "Both sides agree" in said
    assert len(pids_in(said)) == 2
    assert [] == [pid for pid in pids_in(said) if lives(pid)]
    assert [] == list(tmp_path.iterdir())
    assert [] == [line for line in said.splitlines() if len(line) > 80 and "curl" not in line]


@pytest.mark.row("B4")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "a kill"])
def test_an_interrupted_demo_clears_up(begun, tmp_path, number):
    """Whenever it is told to stop, it takes its processes and its folder along."""
    heard = ""
    while len(pids_in(heard)) < 2:
        heard += begun.stdout.readline()
    begun.send_signal(number)
    begun.communicate(timeout=PATIENCE_S)

    assert begun.returncode == 130
    assert [] == [pid for pid in pids_in(heard) if lives(pid)]
    assert [] == list(tmp_path.iterdir())


SIDES = [
    # what is wrong                          Fortnox              webCRM                     what is said
    ("nothing", {"Name": "Ek"}, {"Name": "Ek"}, []),
    ("a name", {"Name": "Ek"}, {"Name": "Alm"}, ["1, name: 'Ek' in Fortnox, 'Alm' in webCRM"]),
    ("an empty field", {"Fax": None}, {"Fax": "1"}, ["1, fax: '' in Fortnox, '1' in webCRM"]),
    ("only the spelling of a code", {"TermsOfPayment": "30"}, {"ExtraCustom4": "30: 30 dagar"}, []),
]


@pytest.mark.parametrize(
    ("ours", "theirs", "said"), [row[1:] for row in SIDES], ids=[row[0] for row in SIDES]
)
def test_the_demo_would_see_a_difference(ours, theirs, said):
    """A field that differs is named with both values; a spelling is no difference."""

    class Both:
        """What the two APIs show."""

        def customers(self):
            return [{"CustomerNumber": "1", **ours}]

        def organisations(self):
            fields = {f"Organisation{name}": value for name, value in theirs.items()}
            kind = {"OrganisationType": "Kund – Privat", "OrganisationXMemo1": ""}
            return [{"OrganisationExtraCustom1": "1", **kind, **fields}]

        def articles(self):
            return []

        def catalogue(self):
            return {}

    assert said == compare.compare(Both())[0]


def test_a_metric_is_added_up_by_one_label():
    """The demo's figures are sums over the other labels."""
    text = 'fortnox_syncd_x{a="1",b="2"} 3.0\nfortnox_syncd_x{a="1",b="3"} 4.0\nfortnox_syncd_xy{a="1"} 9.0\n'
    assert {"1": 7.0} == processes.metric(text, "x", "a")
