"""
Mistakes in the config, as `fortnox-syncd check` tells them: one line each, exit 78, no trace, no secret.
"""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon import cli
from daemon.core.codes import CODES

pytestmark = pytest.mark.row("D8")

HERE = Path(__file__).parent.parent
EXAMPLE = (HERE.parent / "config.example.toml").read_text("utf-8")
GOOD = (HERE / "config" / "good.toml").read_text("utf-8")
LINE = re.compile(r"(?P<code>[A-Z]{3}\d\d)  (?P<what>\S.*?) · (?P<where>\S.*?) · (?P<todo>\S.*)")
CANARY = "s3cr3t-canary"


def checked(path: Path, raw: bytes) -> tuple[int, list[str]]:
    """The exit code of `check`, and what it says on stderr."""
    path.write_bytes(raw)
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
        code = cli.main(["check", "--config", str(path)])
    return code, said.getvalue().splitlines()


def edited(old, new):
    """The good file with one thing replaced."""
    assert old in GOOD
    return GOOD.replace(old, new, 1).encode()


def head(text):
    """The good file with a [daemon] section."""
    return f"[daemon]\n{text}\n{GOOD}".encode()


def tail(text):
    """The good file with more keys of the connector."""
    return f"{GOOD}\n{text}\n".encode()


CREDENTIAL = '{ credential = "acme-fortnox" }'
MISTAKES = [
    # what was done, the file, code, where, what to do
    ("nothing written", b"", "CFG17", "", "start from"),
    ("only a comment", b"# later\n", "CFG17", "", "start from"),
    ("saved as UTF-16", GOOD.encode("utf-16"), "CFG02", "", "save it as plain UTF-8"),
    ("saved as UTF-8 with a mark", b"\xef\xbb\xbf" + GOOD.encode(), "CFG02", "", "save it as plain UTF-8"),
    (
        "saved as latin-1",
        tail('company_types = ["Företag"]').decode().encode("latin-1"),
        "CFG02",
        "",
        "save it as plain UTF-8",
    ),
    ("a zero byte", GOOD.encode() + b"\0", "CFG02", "", "save it as plain UTF-8"),
    ("not TOML but YAML", b"company:\n  acme: 1\n", "CFG03", "", "correct that line"),
    ("a quote left out", edited('"abc"', '"abc'), "CFG03", "", "correct that line"),
    ("the same section twice", (GOOD + GOOD).encode(), "CFG03", "", "correct that line"),
    ("a number of 5000 digits", head(f"settle = {'9' * 5000}"), "CFG03", "", "compare it with"),
    ("3000 lists in each other", head(f"settle = {'[' * 3000}"), "CFG03", "", "compare it with"),
    (
        "a key misspelt",
        tail('intervall = "6m"'),
        "CFG04",
        "connector.crm.intervall",
        "did you mean interval?",
    ),
    (
        "a section misspelt",
        edited("[company.acme]", "[companies.acme]\n[company.acme]"),
        "CFG04",
        "companies",
        "did you mean company?",
    ),
    (
        "a key of capitals",
        edited('account = "acme-crm"', 'account = "acme-crm"\nENABLED = true'),
        "CFG04",
        "connector.crm.ENABLED",
        "",
    ),
    (
        "a number for a text",
        edited('"1234567"', "1234567"),
        "CFG05",
        "company.acme.tenant_id",
        "write a text in quotes",
    ),
    ("a text for a flag", tail('enabled = "yes"'), "CFG05", "connector.crm.enabled", "write true or false"),
    ("a number for a duration", tail("interval = 6"), "CFG05", "connector.crm.interval", "write a duration"),
    (
        "a text for a list",
        tail('company_types = "Kund"'),
        "CFG05",
        "connector.crm.company_types",
        "write a list of texts",
    ),
    (
        "a section twice in brackets",
        edited("[connector.crm]", "[[connector.crm]]"),
        "CFG05",
        "connector.crm",
        "write [connector.crm]",
    ),
    (
        "a secret given as both",
        edited(CREDENTIAL, '{ credential = "a", file = "b" }'),
        "CFG05",
        "company.acme.client_secret",
        "write { credential",
    ),
    (
        "a credential with a path",
        edited(CREDENTIAL, '{ credential = "../a" }'),
        "CFG05",
        "company.acme.client_secret",
        "write { credential",
    ),
    (
        "an interval of nothing",
        tail('interval = "0s"\noffset = "0s"'),
        "CFG06",
        "connector.crm.interval",
        "use 30s to 1d",
    ),
    (
        "an interval of ages",
        tail('interval = "99999999999999d"'),
        "CFG06",
        "connector.crm.interval",
        "use 30s to 1d",
    ),
    (
        "an interval below nothing",
        tail('interval = "-6m"'),
        "CFG06",
        "connector.crm.interval",
        "write a duration",
    ),
    (
        "a duration in words",
        tail('interval = "six minutes"'),
        "CFG06",
        "connector.crm.interval",
        "write a duration",
    ),
    ("a date that is none", tail('start = "2026-02-30"'), "CFG06", "connector.crm.start", "write a date"),
    (
        "a share beyond all",
        tail("[connector.crm.guard]\ncreate_share = inf"),
        "CFG06",
        "connector.crm.guard.create_share",
        "use 0.0 to 1.0",
    ),
    (
        "a share that is no number",
        tail("[connector.crm.guard]\ncreate_share = nan"),
        "CFG06",
        "connector.crm.guard.create_share",
        "use 0.0 to 1.0",
    ),
    (
        "a count below nothing",
        tail("[connector.crm.guard]\ncreate_count = -1"),
        "CFG06",
        "connector.crm.guard.create_count",
        "use 0 to",
    ),
    (
        "a choice that is none",
        tail('number_owner = "webCRM"'),
        "CFG06",
        "connector.crm.number_owner",
        "use one of fortnox, webcrm",
    ),
    ("an empty id", edited('"abc"', '" "'), "CFG06", "company.acme.client_id", "write what the vendor shows"),
    (
        "an id with a blank in it",
        edited('"abc"', '"ab c"'),
        "CFG06",
        "company.acme.client_id",
        "write what the vendor shows",
    ),
    (
        "a tenant pasted with more",
        edited('"1234567"', '"1234567\u200b"'),
        "CFG06",
        "company.acme.tenant_id",
        "write what the vendor shows",
    ),
    (
        "no scope",
        edited("tenant_id", "scopes = []\ntenant_id"),
        "CFG06",
        "company.acme.scopes",
        "leave the key out",
    ),
    (
        "all scopes in one text",
        edited("tenant_id", 'scopes = ["customer article"]\ntenant_id'),
        "CFG06",
        "company.acme.scopes",
        "leave the key out",
    ),
    (
        "a zero byte in an escape",
        head('state_dir = "a\\u0000b"'),
        "CFG06",
        "daemon.state_dir",
        "write it without",
    ),
    (
        "a line end in an escape",
        edited('"abc"', '"abc\\n"'),
        "CFG06",
        "company.acme.client_id",
        "write it without",
    ),
    ("a line end in a key", head('"a\\nb" = 1'), "CFG06", "daemon", "write it without"),
    (
        "a folder too long for a socket",
        head(f'runtime_dir = "/{"x" * 120}"'),
        "CFG06",
        "daemon.runtime_dir",
        "name a shorter folder",
    ),
    (
        "a port of another host",
        head('metrics_listen = "0.0.0.0:9464"'),
        "CFG06",
        "daemon.metrics_listen",
        "write",
    ),
    (
        "a name with a blank",
        edited("[connector.crm]", '[connector."my crm"]'),
        "CFG06",
        "connector.my crm",
        "use at most 32",
    ),
    (
        "a version in words",
        head('needs_version = "newest"'),
        "CFG06",
        "daemon.needs_version",
        "write one such as",
    ),
    (
        "an id left out",
        edited('client_id = "abc"\n', ""),
        "CFG07",
        "company.acme.client_id",
        "write client_id = ",
    ),
    (
        "a kind left out",
        edited('kind = "webcrm"\n', ""),
        "CFG07",
        "connector.crm.kind",
        "use one of: eskassa, webcrm",
    ),
    (
        "a secret written down",
        edited(CREDENTIAL, f'"{CANARY}"'),
        "CFG08",
        "company.acme.client_secret",
        "move it to a file",
    ),
    (
        "http for a vendor",
        tail('url = "http://api.webcrm.com"'),
        "CFG09",
        "connector.crm.url",
        "write https://",
    ),
    (
        "a password in an address",
        tail(f'url = "https://me:{CANARY}@api.webcrm.com"'),
        "CFG09",
        "connector.crm.url",
        "remove it",
    ),
    (
        "an address without a scheme",
        tail('url = "api.webcrm.com"'),
        "CFG09",
        "connector.crm.url",
        "write https://HOST",
    ),
    (
        "a port beyond all",
        tail('url = "https://api.webcrm.com:99999"'),
        "CFG09",
        "connector.crm.url",
        "write https://HOST",
    ),
    (
        "an offset beyond the interval",
        tail('offset = "6m"'),
        "CFG13",
        "connector.crm.offset",
        "use less than 6m",
    ),
    (
        "one place for two fields",
        tail('[connector.crm.field_map]\nfax = "A"\nemail = "A"'),
        "CFG13",
        "connector.crm.field_map",
        "give each field",
    ),
    ("a file from the future", head('needs_version = "999.0"'), "CFG15", "daemon.needs_version", "upgrade"),
    (
        "a kind that is none",
        edited('"webcrm"', '"webcrmm"'),
        "CFG18",
        "connector.crm.kind",
        "did you mean webcrm?",
    ),
    (
        "a company that is none",
        edited('company = "acme"', 'company = "acne"'),
        "CFG19",
        "connector.crm.company",
        "write its section",
    ),
    (
        "a connector written twice",
        (GOOD + GOOD[GOOD.index("[conn") :].replace("crm]", "two]")).encode(),
        "CFG21",
        "connector.two",
        "keep one of them",
    ),
    (
        "a tenant written twice",
        (GOOD + GOOD[: GOOD.index("[conn")].replace("acme]", "two]")).encode(),
        "CFG23",
        "company.two",
        "keep one of them",
    ),
]


@pytest.mark.parametrize(
    ("raw", "code", "where", "todo"), [row[1:] for row in MISTAKES], ids=[row[0] for row in MISTAKES]
)
def test_a_mistake_is_one_line_with_its_code_place_and_remedy(tmp_path, raw, code, where, todo):
    """Exit 78, and nothing else on stderr."""
    path = tmp_path / "config.toml"
    exit_code, lines = checked(path, raw)
    assert (78, 1) == (exit_code, len(lines)), lines
    found = LINE.fullmatch(lines[0])
    assert found, lines
    assert (code, f"{path}:{where}" if where else f"{path}") == (found["code"], found["where"])
    assert found["todo"].startswith(todo)
    assert CANARY not in lines[0] and len(lines[0]) < 600


def test_each_of_several_mistakes_has_its_line(tmp_path):
    """All at once, in the file's order."""
    raw = edited('"abc"', "1").replace(b"account", b"acount") + b'interval = "1s"\n'
    exit_code, lines = checked(tmp_path / "config.toml", raw)
    told = [(LINE.fullmatch(line)["code"], LINE.fullmatch(line)["where"].partition(":")[2]) for line in lines]
    assert 78 == exit_code
    assert [
        ("CFG05", "company.acme.client_id"),
        ("CFG04", "connector.crm.acount"),
        ("CFG06", "connector.crm.interval"),
        ("CFG07", "connector.crm.account"),
    ] == told


@pytest.mark.parametrize("make", ["absent", "folder", "folder/file"])
def test_a_file_that_cannot_be_read_is_named(tmp_path, make, capsys):
    """CFG01 with the reason of the system."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "plain").write_text(GOOD)
    path = tmp_path / (make if make != "folder/file" else "plain/file")
    assert 78 == cli.main(["check", "--config", str(path)])
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("CFG01  the file cannot be read: ") and str(path) in line


def test_every_command_refuses_a_bad_file_alike(tmp_path, capsys):
    """Whatever was asked: the mistake, exit 78, no trace, and nothing is made."""
    path = tmp_path / "config.toml"
    path.write_bytes(head('state_dir = "state"\nruntime_dir = "run"\nintervall = 1'))
    for words in (["run"], ["check"], ["sync"], ["status"], ["parked"], ["authorize", "acme"], ["log"]):
        assert (words, 78) == (words, cli.main([*words, "--config", str(path)]))
        assert capsys.readouterr().err.startswith("CFG04  there is no key intervall")
    assert [path] == list(tmp_path.iterdir())


def well_formed(exit_code: int, lines: list[str]) -> bool:
    """Sound, or refused with lines of the one form."""
    told = [LINE.fullmatch(line) for line in lines]
    known = all(found and found["code"] in CODES for found in told)
    return known and (exit_code == 0 or (exit_code in (77, 78) and bool(told)))


@settings(max_examples=50)
@given(raw=st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_any_bytes_are_sound_or_refused_in_the_one_form(tmp_path_factory, raw):
    """A file of anything."""
    assert well_formed(*checked(tmp_path_factory.mktemp("any") / "config.toml", raw))


BITS = [
    '"',
    "'",
    "[",
    "]",
    "{",
    "}",
    "=",
    ".",
    "\n",
    "#",
    "\\u0000",
    "\\n",
    "0",
    "-1",
    "1e99",
    "nan",
    "é",
    "\u2028",
]
CUTS = st.tuples(
    st.integers(0, len(EXAMPLE)), st.integers(0, 40), st.sampled_from(BITS) | st.text(max_size=9)
)


@settings(max_examples=50)
@given(cuts=st.lists(CUTS, min_size=1, max_size=4), plain=st.booleans())
def test_the_example_cut_anywhere_is_sound_or_refused_in_the_one_form(tmp_path_factory, cuts, plain):
    """A slip of the hand anywhere, also with every default written out."""
    text = EXAMPLE if plain else re.sub(r'^# (?=[a-z_]+ = ["\[{\dtf])', "", EXAMPLE, flags=re.MULTILINE)
    for at, length, bit in cuts:
        text = text[:at] + bit + text[at + length :]
    raw = text.encode("utf-8", "surrogatepass")
    assert well_formed(*checked(tmp_path_factory.mktemp("any") / "config.toml", raw))
