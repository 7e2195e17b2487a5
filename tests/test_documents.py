"""
The documents say what is there, and nothing that is not: codes, metrics, commands, keys, exit codes, files.
"""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import msgspec
import pytest

from daemon import __version__
from daemon.cli import COMMANDS, INTERRUPTED, parser
from daemon.config import Company, Daemon, load, secrets
from daemon.core.codes import CODES
from daemon.errors import DaemonError
from daemon.events import METRICS, PREFIX
from daemon.pairs import PAIRS
from daemon.pairs.settings import ConnectorSettings, Guard
from daemon.service.operate import EXITS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
EXAMPLE = ROOT / "config.example.toml"
DOCUMENTS = [ROOT / "README.md", ROOT / "daemon/ARCHITECTURE.md", ROOT / "daemon/CHANGELOG.md", EXAMPLE]
CODE = re.compile(r"(?<![A-Z0-9])[A-Z]{3}\d\d(?![0-9A-Za-z])")


def cells(text, heading):
    """The rows of the table under a heading row that begins so, each as its cells."""
    found = []
    for table in re.split(r"\n\n", text):
        lines = table.strip().splitlines()
        if lines and lines[0].startswith(f"| {heading}"):
            found += [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]
    return found


def named(text):
    """What stands in backquotes."""
    return re.findall(r"`([^`]+)`", text)


def raised_in(source):
    """The codes that a file's literals begin with; docstrings only speak about them."""
    return {
        found[0]
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and (found := re.match(r"[A-Z]{3}\d\d(?=$|  )", node.value))
    }


# ------------------------------------------------------------------ codes


def test_every_code_that_is_raised_is_declared_and_no_other():
    """A code stands in core/codes.py exactly when some file can raise it."""
    files = [path for path in (ROOT / "daemon").rglob("*.py") if path.name != "codes.py"]
    assert set(CODES) == {code for path in files for code in raised_in(path.read_text("utf-8"))}


def test_a_code_in_a_message_counts_as_raised_and_one_in_prose_does_not():
    """The search sees plain literals and f-strings, and is not misled by words about codes."""
    assert {"CFG01"} == raised_in('raise Bad("CFG01", what)')
    assert {"SBX01"} == raised_in('raise Bad(f"SBX01  port {port}")')
    assert set() == raised_in('"""Raises CFG01."""\nlog("see CFG01")')


@pytest.mark.row("D8")
@pytest.mark.parametrize("code", CODES)
def test_the_readme_has_each_code_with_its_remedy(code):
    """An operator finds the code with the words that the program uses."""
    assert [f"`{code}`", *CODES[code]] in cells(README, "code |")


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_no_document_names_a_code_that_does_not_exist(path):
    """A removed code is removed everywhere."""
    assert set() == set(CODE.findall(path.read_text("utf-8"))) - set(CODES)


# ------------------------------------------------------------------ metrics, commands, exit codes


@pytest.mark.row("D5")
def test_the_readme_has_every_metric_with_its_kind_and_labels():
    """The table is the one in events.py."""
    shown = [
        [f"`{PREFIX}{name}`", each.type, ", ".join(f"`{label}`" for label in each.labels) or "–", each.help]
        for name, each in METRICS.items()
    ]
    assert shown == [[*row[:3], row[3].rstrip(" |")] for row in cells(README, "metric")]


def test_no_document_names_a_metric_that_does_not_exist():
    """Also not in an example of an alert."""
    known = {PREFIX + name for name in METRICS}
    for path in DOCUMENTS:
        assert set() == set(re.findall(rf"\b{PREFIX}\w+", path.read_text("utf-8"))) - known


def test_the_readme_has_every_command_and_no_other():
    """One row each, in the order of --help but for the reader's sake."""
    shown = [named(row[0])[0].split()[1] for row in cells(README, "command")]
    assert sorted(COMMANDS) == sorted(shown)


def spoken(text):
    """Each `fortnox-syncd …` line of the text, as words for the parser."""
    lines = re.findall(r"(?:^ *|`)fortnox-syncd +([^`#\n]+)", text, re.MULTILINE)
    return [line.split() for line in lines if not re.search(r"[A-Z…\[{$]", line) and "fortnox" not in line]


@pytest.mark.parametrize("words", spoken(README), ids=" ".join)
def test_each_command_line_in_the_readme_can_be_read(words):
    """What an operator copies is understood by the program."""
    assert parser().parse_args(words).command == words[0]


def test_the_readme_has_every_exit_code():
    """Those of the errors, of a pass, of argparse, and of Ctrl-C."""
    errors, waiting = [DaemonError], set()
    while errors:
        error = errors.pop()
        errors += error.__subclasses__()
        waiting.add(error.exit_code)
    codes = waiting | set(EXITS.values()) | {0, 2, INTERRUPTED}
    assert sorted(codes) == [int(row[0]) for row in cells(README, "exit code")]


# ------------------------------------------------------------------ the config


def uncommented(text):
    """The example with each key that shows its default put into force."""
    return re.sub(r'^# (?=[a-z_]+ = ["\[{\dtf])', "", text, flags=re.MULTILINE)


def keys_of(struct):
    """The names of a section's keys."""
    return {field.name for field in msgspec.structs.fields(struct)}


TABLES = {"guard", "decides", "field_map", "delivery_map", "currencies", "accounts"}
TABLES |= {"series_by_register", "cost_center_by_register", "sales_accounts", "vat_accounts"}
COMMON = keys_of(ConnectorSettings) - TABLES


def sections():
    """What a section is called in the README: its keys in the example, its keys in the program."""
    raw = tomllib.loads(uncommented(EXAMPLE.read_text("utf-8")))
    (company,) = raw["company"].values()
    connectors = {each["kind"]: each for each in raw["connector"].values()}
    assert connectors.keys() == PAIRS.keys()
    return {
        "key of `[daemon]`": (set(raw["daemon"]), keys_of(Daemon)),
        "key of `[company.NAME]`": (set(company), keys_of(Company)),
        "key of `[connector.NAME]`": (
            set.intersection(*map(set, connectors.values())) & COMMON,
            COMMON | {"url"},
        ),
        **{
            f"key of {article} `{kind}`": (set(connectors[kind]) - COMMON, keys_of(PAIRS[kind]) - COMMON)
            for article, kind in (("a", "webcrm"), ("an", "eskassa"))
        },
        "key of `[connector.NAME.guard]`": (set(connectors["webcrm"]["guard"]), keys_of(Guard)),
    }


@pytest.mark.row("D8")
@pytest.mark.parametrize("section", sections(), ids=str)
def test_the_example_and_the_readme_hold_every_key_and_no_other(section):
    """Commented or not, each key that the program takes is shown and described."""
    example, program = sections()[section]
    documented = set(named("\n".join(row[0] for row in cells(README, section))))
    everywhere = {"guard", "url", "account"}  # a section of its own; described for every kind
    assert example | everywhere == program | everywhere
    plain = {name.removeprefix("[connector.NAME.").removesuffix("]") for name in documented}
    assert program - {"guard"} | {"url"} == plain | {"url"}


def filled(connectors):
    """Connectors with the defaults of their tables filled in."""
    crm, tills = connectors["webcrm"], connectors["tills"]
    same = {"field_map": {}, "delivery_map": {}}
    accounts = {"sales_accounts": {}, "vat_accounts": {}, "series_by_register": {}, "accounts": {}}
    unlike = {**accounts, "cost_center_by_register": {}, "report_user": "", "report_password": None}
    return (
        (crm.places(), crm.delivery_places(), msgspec.structs.replace(crm, **same)),
        (tills.all_sales_accounts(), tills.all_vat_accounts(), msgspec.structs.replace(tills, **unlike)),
    )


@pytest.mark.parametrize("change", [str, uncommented], ids=["as it stands", "with every default written out"])
def test_the_example_loads(tmp_path, change):
    """A copy of it is a sound config, and every default it shows is allowed."""
    config = tmp_path / "config.toml"
    config.write_text(change(EXAMPLE.read_text("utf-8")), "utf-8")
    assert [key for key, _ in secrets(load(config))]


def test_the_example_shows_the_defaults_as_they_are(tmp_path):
    """Writing out every default changes nothing but where the program runs."""
    texts = {"plain": EXAMPLE.read_text("utf-8"), "written": uncommented(EXAMPLE.read_text("utf-8"))}
    configs = {}
    for name, text in texts.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.toml").write_text(text, "utf-8")
        configs[name] = load(tmp_path / name / "config.toml", {})
    plain, written = configs["plain"], configs["written"]
    assert plain.companies == written.companies
    assert filled(plain.connectors) == filled(written.connectors)


# ------------------------------------------------------------------ the rest


def test_the_changelog_begins_with_this_version():
    """Whoever raises the version says what changed."""
    versions = re.findall(r"^## (\S+)", DOCUMENTS[2].read_text("utf-8"), re.MULTILINE)
    assert versions[0] == __version__


def paths_in(text):
    """What looks like a file of ours: in backquotes, with a slash or a known ending."""
    words = [word for word in named(text) if re.fullmatch(r"[\w./@-]+", word)]
    return {word for word in words if re.search(r"\.(py|md|sql|service|lock|toml)$|^LICENSE$", word)}


def test_every_file_that_a_document_names_is_there():
    """A moved file is found again by its readers."""
    missing = {
        word
        for path in DOCUMENTS
        for word in paths_in(path.read_text("utf-8"))
        if not re.search(r"NAME|^/|^(spec|wire|mapping|system)\.py$|^QUIRKS.md$", word)
        and not any((folder / word).exists() for folder in (ROOT, ROOT / "daemon"))
    }
    assert set() == missing


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_no_document_holds_a_place_of_the_machine_it_was_written_on(path):
    """No home, no checkout, no package index."""
    text = path.read_text("utf-8")
    assert [] == re.findall(r"/home/\w+|/root\b|/work\b|/tmp\b|index-url|find-links [^-]", text)
