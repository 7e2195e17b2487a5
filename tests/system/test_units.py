"""The systemd units, judged by systemd's own tools."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from daemon.cli import COMMANDS, parser
from tests.patience import PATIENCE_S

UNITS = sorted((Path(__file__).parents[2] / "systemd").glob("*.service"))
names = pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)


def output_of(*command):
    """Exit code and everything said. TimeoutExpired names the command."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE_S)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.row("D7")
@names
def test_a_unit_exposes_little(unit, require_tool):
    """systemd's own measure of exposure is at most 1.5."""
    code, said = output_of(
        require_tool("systemd-analyze"), "security", "--offline=yes", "--threshold=15", str(unit)
    )
    assert code == 0, said.splitlines()[-1]


@pytest.mark.row("D7")
@names
def test_a_unit_has_no_mistake(unit, require_tool, tmp_path):
    """systemd finds nothing to say, once the programs are ones that exist here."""
    copy = tmp_path / unit.name.replace("@.", "@acme.")
    copy.write_text(re.sub(r"/usr/bin/fortnox-syncd\b", "/bin/true", unit.read_text()))
    assert output_of(require_tool("systemd-analyze"), "verify", "--man=no", str(copy)) == (0, "")


@pytest.mark.row("D7")
@names
def test_a_unit_calls_commands_that_exist(unit):
    """Each Exec line is a command line that our parser takes."""
    lines = re.findall(r"^Exec\w+=/usr/bin/fortnox-syncd (.+)$", unit.read_text(), re.MULTILINE)
    called = [parser().parse_args(line.replace("%i", "acme").split()).command for line in lines]
    assert called == ["check", "run", "reload"]
    assert set(called) <= set(COMMANDS)


@pytest.mark.row("D7")
def test_the_template_differs_only_in_its_name():
    """Both units run the same process in the same cage: every setting but the instance's name is equal."""
    single, template = sorted(UNITS, key=lambda unit: "@" in unit.name)

    def settings(unit):
        text = unit.read_text().replace("/%i", "").replace(" (%i)", "").replace("%i.toml", "config.toml")
        text = text.replace("/etc/fortnox-syncd.toml", "/etc/fortnox-syncd/config.toml")
        return [line for line in text.splitlines() if line and not line.startswith("#")]

    assert settings(single) == settings(template)
