"""What a config file may say, and what is answered when it says something else."""

from __future__ import annotations

import contextlib
import datetime as dt
import re
import tomllib
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.config import Company, ConfigError, Daemon, Mistakes, diff, load, read_secret, secrets
from daemon.core.codes import CODES
from daemon.errors import GrantError
from daemon.pairs import PAIRS
from daemon.pairs.checking import check_value
from daemon.pairs.reading import Place, read_struct
from daemon.pairs.settings import Guard, Seconds, SecretRef

HERE = Path(__file__).parent / "config"
BAD = sorted(HERE.glob("*.bad.toml"))
GOOD = (HERE / "good.toml").read_text()


@pytest.fixture
def write(tmp_path):
    """A function that writes a config file and gives its path."""

    def writing(text, name="config.toml"):
        path = tmp_path / name
        path.write_text(text)
        return path

    return writing


def said_by(path):
    """What an operator reads about a bad file, with the file's folder left out."""
    with pytest.raises(ConfigError) as caught:
        load(path)
    return str(caught.value).replace(f"{path}", path.name) + "\n"


@pytest.mark.row("D8")
@pytest.mark.parametrize("path", BAD, ids=lambda path: path.name.removesuffix(".bad.toml"))
def test_a_bad_file_is_refused_with_exactly_these_lines(path):
    """Every mistake of the file is named at once, one line each, with its place and remedy."""
    assert said_by(path) == path.with_suffix("").with_suffix(".txt").read_text()


@pytest.mark.row("D8")
@pytest.mark.parametrize("path", BAD, ids=lambda path: path.name.removesuffix(".bad.toml"))
def test_no_message_repeats_a_secret(path):
    """A secret written into the file by mistake does not come back in the message about it."""
    assert "canary" not in said_by(path)


def test_every_code_about_configs_is_shown_by_a_bad_file():
    """Each CFG code that a file can cause has a file that causes it."""
    shown = {line.split()[0] for path in BAD for line in said_by(path).splitlines()}
    caused_elsewhere = {"CFG01", "CFG20", "CFG22"}  # no file; the state; the process
    assert {code for code in CODES if code.startswith("CFG")} == shown | caused_elsewhere


def test_a_missing_file_is_named_with_the_reason(tmp_path):
    """CFG01 carries the path and the errno."""
    assert said_by(tmp_path / "absent.toml") == (
        "CFG01  the file cannot be read: No such file or directory (errno 2) · absent.toml · "
        "make it, or name another with --config\n"
    )


def test_defaults_are_those_that_are_documented(write):
    """A short file gives the documented defaults."""
    config = load(write(GOOD), {})
    crm = config.connectors["crm"]
    assert (crm.interval, crm.offset, config.daemon.settle, config.daemon.gap) == (360, 180, 900, 120)
    assert (config.daemon.state_dir, config.daemon.runtime_dir) == ("/var/lib/fortnox-syncd",) * 2


def test_folders_follow_the_file_then_the_service_manager(write):
    """A relative path starts at the file's folder; what is not written comes from the service manager."""
    path = write('[daemon]\nstate_dir = "state"\n' + GOOD)
    config = load(path, {"STATE_DIRECTORY": "/s", "RUNTIME_DIRECTORY": "/r:/r2"})
    assert (config.daemon.state_dir, config.daemon.runtime_dir) == (str(path.parent / "state"), "/r")


def test_short_waits_are_allowed_only_on_loopback(write):
    """Settle 2 s is refused for a real vendor and accepted when nothing outside this host can be reached."""
    rehearsal = GOOD.replace(
        "tenant_id", 'api_url = "http://127.0.0.1:1/f"\nauth_url = "http://[::1]:1/f"\ntenant_id'
    ).replace("account", 'url = "http://localhost:1/w"\naccount')
    text = '[daemon]\nsettle = "2s"\ngap = "1s"\n'
    assert load(write(text + rehearsal)).daemon.settle == 2
    assert "settle" in said_by(write(text + GOOD))


def test_a_start_may_be_a_date_or_a_text(write):
    """`start` is read from both spellings of a date."""
    for written in ('"2026-01-01"', "2026-01-01"):
        config = load(write(GOOD + f"start = {written}\n"))
        assert config.connectors["crm"].start == dt.date(2026, 1, 1)


COMMENTED = "# a comment\n" + GOOD.replace(' = "abc"', '="abc"')
CHANGES = [
    # what was edited            new text                                      companies  connectors  restart
    ("nothing", GOOD, set(), set(), set()),
    ("a comment and spaces", COMMENTED, set(), set(), set()),
    ("a connector's interval", GOOD + 'interval = "12m"\n', set(), {"crm"}, set()),
    ("the company's client id", GOOD.replace("abc", "abd"), {"acme"}, {"crm"}, set()),
    ("settle", '[daemon]\nsettle = "20m"\n' + GOOD, set(), {"crm"}, set()),
    (
        "the state folder",
        '[daemon]\nstate_dir = "/x"\nruntime_dir = "/y"\n' + GOOD,
        set(),
        set(),
        {"state_dir"},
    ),
    ("the connector's name", GOOD.replace("crm]", "crm2]"), set(), {"crm", "crm2"}, set()),
]


@pytest.mark.row("D6")
@pytest.mark.parametrize(
    ("text", "companies", "connectors", "restart"), [c[1:] for c in CHANGES], ids=[c[0] for c in CHANGES]
)
def test_a_change_touches_only_what_depends_on_it(write, text, companies, connectors, restart):
    """The difference of two files names the sections that must be built anew, and no other."""
    changes = diff(load(write(GOOD)), load(write(text)))
    assert (changes.companies, changes.connectors) == (companies, connectors)
    assert changes.restart >= restart and bool(changes.restart) == bool(restart)


@pytest.mark.row("D8")
def test_a_secret_is_read_when_asked_and_its_line_end_is_dropped(write):
    """The file's text is the secret."""
    path = write("hemligt\n", "secret")
    path.chmod(0o600)
    assert read_secret(SecretRef(file=str(path))) == "hemligt"


@pytest.mark.row("D7", "D8")
def test_a_credential_comes_from_the_service_managers_folder(write):
    """A credential is found by its name, and its mode is the service manager's business."""
    path = write("hemligt", "acme")
    path.chmod(0o644)
    reference = SecretRef(credential="acme")
    assert read_secret(reference, {"CREDENTIALS_DIRECTORY": str(path.parent)}) == "hemligt"
    with pytest.raises(GrantError, match=r"AUT01.*LoadCredential=acme"):
        read_secret(reference, {})


@pytest.mark.parametrize(
    ("mode", "content", "code"),
    [
        (0o640, "x", "AUT02.*0640"),
        (0o604, "x", "AUT02.*0604"),
        (0o600, " \n", "AUT01.*empty"),
        (None, "", "AUT01"),
    ],
    ids=["the group may read it", "everybody may read it", "it is empty", "it is absent"],
)
def test_a_secret_that_is_not_private_is_refused(write, mode, content, code):
    """A secret that others may read, or that says nothing, is an error with its file and remedy."""
    path = write(content, "secret")
    if mode is None:
        path.unlink()
    else:
        path.chmod(mode)
    with pytest.raises(GrantError, match=code):
        read_secret(SecretRef(file=str(path)))


def test_no_printed_config_holds_a_secret(write):
    """Printing the whole config shows where secrets are, and never one of them."""
    path = write(GOOD.replace('{ credential = "acme-fortnox" }', '{ file = "secret" }'))
    write("hemligt", "secret")
    config = load(path)
    assert "hemligt" not in repr(config) + str(msgspec.to_builtins(config, enc_hook=float))
    assert [place for place, _ in secrets(config)] == [
        "company.acme.client_secret",
        "connector.crm.auth_code",
    ]


@given(st.integers(min_value=1, max_value=10**9))
def test_a_printed_duration_reads_back_as_itself(milliseconds):
    """Reading what was printed gives back what there was."""
    duration = Seconds(milliseconds / 1000)
    assert abs(Seconds.parse(str(duration)) - duration) < 1e-6


@given(st.binary(max_size=400))
def test_any_bytes_are_a_config_or_a_named_mistake(tmp_path_factory, raw):
    """No file makes the reader fail in a way it does not name."""
    path = tmp_path_factory.mktemp("fuzz") / "config.toml"
    path.write_bytes(raw)
    with contextlib.suppress(Mistakes):
        load(path)


VALUES = st.one_of(st.integers(), st.floats(), st.booleans(), st.text(max_size=8), st.just([]), st.just({}))
KEYS = [
    "interval",
    "offset",
    "start",
    "guard",
    "decides",
    "url",
    "auth_code",
    "company_types",
    "account",
    "kind",
]


@given(st.dictionaries(st.sampled_from(KEYS), VALUES))
def test_any_values_are_a_config_or_named_mistakes(values):
    """No value of a connector's key makes the reader fail in a way it does not name."""
    found = []
    read = read_struct(
        values, PAIRS["webcrm"], Place("f", "c"), found, lambda *a: check_value(*a, rehearsal=False)
    )
    assert (read is None) == bool(found)


EXAMPLE = Path(__file__).parents[1] / "config.example.toml"
SHOWN = re.compile(r"^(?:# )?(\w+) = (.+)$", re.MULTILINE)


@pytest.mark.row("D8")
def test_the_example_is_a_config_as_it_stands():
    """The example loads, and so does the example with every commented key written out."""
    everything = SHOWN.sub(r"\1 = \2", EXAMPLE.read_text())
    assert load(EXAMPLE, {}).connectors["webcrm"].kind == "webcrm"
    assert tomllib.loads(everything)


@pytest.mark.row("D8")
@pytest.mark.parametrize(
    ("section", "type_"),
    [
        ("daemon", Daemon),
        ("company.acme", Company),
        ("connector.webcrm", PAIRS["webcrm"]),
        ("connector.webcrm.guard", Guard),
    ],
)
def test_the_example_names_every_key_with_its_true_default(section, type_):
    """A key that exists is in the example; commented out, it shows what holds without it."""
    part = EXAMPLE.read_text().split(f"[{section}]\n")[1].split("\n[")[0]
    shown = {match[1]: (match[2], match[0].startswith("#")) for match in SHOWN.finditer(part)}
    fields = {field.name: field for field in msgspec.structs.fields(type_)}
    tables = {"guard", "decides", "field_map", "delivery_map", "currencies"}
    assert set(fields) - tables == set(shown)
    for key, (text, commented) in shown.items():
        default = fields[key].default
        if commented and default not in ("", None, msgspec.NODEFAULT):
            assert tomllib.loads(f"x = {text}")["x"] == in_toml(default), key


def in_toml(value):
    """A default as a TOML file would give it."""
    if isinstance(value, Seconds):
        return str(value)
    return list(value) if isinstance(value, tuple) else value
