"""
The config file, as frozen values: read whole, checked whole, every mistake reported at once.

    [daemon]          the process
    [company.NAME]    one Fortnox tenant: credentials and addresses
    [connector.NAME]  one partner system joined to one company; its keys are its pair's Settings

Secrets are never in the file: it names credentials and files, which are read
when they are needed (`read_secret`). Every key is described in config.example.toml.
"""

from __future__ import annotations

import difflib
import hashlib
import os
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

import msgspec
from msgspec import Struct

from daemon import __version__
from daemon.config.secret import read_secret
from daemon.core.records import Problem
from daemon.errors import ConfigError
from daemon.pairs import CONTRADICTIONS, PAIRS, WANTED
from daemon.pairs.checking import check_value, on_loopback
from daemon.pairs.reading import Check, Place, problem, read_struct, unknown_key
from daemon.pairs.settings import ConnectorSettings, Seconds, SecretRef
from daemon.pairs.texts import hidden, too_new, unusable_ids

__all__ = ["Company", "Config", "Daemon", "diff", "load", "read_secret", "secrets"]

DEFAULT_PATH: Final = "/etc/fortnox-syncd/config.toml"
DEFAULT_STATE_DIR: Final = "/var/lib/fortnox-syncd"
S = TypeVar("S", bound=Struct)
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}", re.ASCII)
SOCKET_FOLDER_BYTES_MAX: Final = 107 - len("/metrics.sock")  # the kernel's limit of a socket's path

# Keys of [daemon] that a reload can put into force; the others need a restart.
RELOADABLE: Final = frozenset({"settle", "gap", "needs_version"})


class Daemon(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[daemon]`. Both folders are absolute after `load`; `needs_version` is the oldest program to do."""

    needs_version: str = ""
    state_dir: str = ""
    runtime_dir: str = ""
    state_key: SecretRef | None = None
    metrics_listen: str | None = None
    log_format: Literal["auto", "json", "console"] = "auto"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    settle: Seconds = Seconds(900)
    gap: Seconds = Seconds(120)


class Company(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[company.NAME]`. Default addresses and scopes: fortnox.md 2.1 and 20."""

    client_id: str
    tenant_id: str
    client_secret: SecretRef
    grant: Literal["client_credentials", "authorization_code"] = "client_credentials"
    scopes: tuple[str, ...] = ("article", "companyinformation", "customer", "invoice", "order", "settings")
    api_url: str = "https://api.fortnox.se"
    auth_url: str = "https://apps.fortnox.se"
    redirect_uri: str = "http://127.0.0.1:8750/callback"
    overlap: Seconds = Seconds(600)


class Config(Struct, frozen=True, kw_only=True):
    """
    A whole, checked file. `digests` maps "daemon", "company.NAME" and
    "connector.NAME" to a digest of the section's values: comments, order and
    spelling do not change it.
    """

    path: str
    daemon: Daemon
    companies: Mapping[str, Company]
    connectors: Mapping[str, ConnectorSettings]
    digests: Mapping[str, str]

    @property
    def enabled(self) -> Mapping[str, ConnectorSettings]:
        """The connectors that take part."""
        return {name: settings for name, settings in self.connectors.items() if settings.enabled}


class Changes(Struct, frozen=True, kw_only=True):
    """
    What differs between two configs: names of sections, keys of [daemon].

    A connector also counts as changed when its company or a rule for all
    connectors did. `restart` names the keys that only a restart puts into force.
    """

    companies: frozenset[str]
    connectors: frozenset[str]
    daemon: frozenset[str]
    restart: frozenset[str]


class Mistakes(ConfigError):
    """A file with mistakes: prints as one line each, in the file's order. `code` is the first one's."""

    def __init__(self, problems: list[Problem]) -> None:
        first = problems[0]
        super().__init__(first.code, first.what, first.where, first.todo)
        self.problems = tuple(problems)

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


def load(path: str | Path, environ: Mapping[str, str] = os.environ) -> Config:
    """
    The config at `path`, checked without network and without reading any secret.

    Raises Mistakes with every mistake found, codes CFG01-CFG21.
    """
    file = Path(path)
    place = Place(str(path))
    found: list[Problem] = []
    raw = _parse(file, place)
    sections = _sections(raw, place, found)
    found += _check_companies(sections, place.key("company"))
    found += _check_connectors(sections, place.key("connector"))
    if found:
        raise Mistakes(sorted(found, key=lambda each: each.code != "CFG15"))
    config = _placed(sections, file, environ)
    if len(os.fsencode(config.daemon.runtime_dir)) > SOCKET_FOLDER_BYTES_MAX:
        what = f"the path is too long for a socket: more than {SOCKET_FOLDER_BYTES_MAX} bytes"
        raise Mistakes([problem("CFG06", what, place.key("daemon.runtime_dir"), "name a shorter folder")])
    return config


def diff(old: Config, new: Config) -> Changes:
    """What a change from `old` to `new` touches, added and removed sections included."""
    touched = {key for key in {*old.digests, *new.digests} if old.digests.get(key) != new.digests.get(key)}
    keys = frozenset(
        field
        for field in Daemon.__struct_fields__
        if getattr(old.daemon, field) != getattr(new.daemon, field)
    )
    companies = _under("company.", touched)
    connectors = _under("connector.", touched)
    every = {**old.connectors, **new.connectors}
    follow = {name for name, settings in every.items() if settings.company in companies}
    if keys & {"settle", "gap"}:
        follow |= set(every)
    return Changes(
        companies=companies, connectors=connectors | follow, daemon=keys, restart=keys - RELOADABLE
    )


def _under(prefix: str, keys: set[str]) -> frozenset[str]:
    return frozenset(key.removeprefix(prefix) for key in keys if key.startswith(prefix))


# ------------------------------------------------------------------ reading


def _parse(file: Path, place: Place) -> dict[str, Any]:
    try:
        raw = file.read_bytes()
    except OSError as error:
        what = f"the file cannot be read: {error.strerror} (errno {error.errno})"
        raise Mistakes([problem("CFG01", what, place, "make it, or name another with --config")]) from error
    for odd, name in ((b"\xef\xbb\xbf", "a byte order mark"), (b"\x00", "a NUL byte")):
        if odd in raw:
            what = f"{name} at byte {raw.index(odd)}"
            raise Mistakes([problem("CFG02", what, place, "save it as plain UTF-8")])
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        what = f"not UTF-8 at byte {error.start}"
        raise Mistakes([problem("CFG02", what, place, "save it as plain UTF-8")]) from error
    try:
        parsed = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        what = f"not TOML: {str(error).lower()}"
        raise Mistakes([problem("CFG03", what, place, "correct that line")]) from error
    except (ValueError, RecursionError) as error:
        what = "not TOML that can be read: a number is too long, or tables or lists are nested too deeply"
        raise Mistakes([problem("CFG03", what, place, "compare it with config.example.toml")]) from error
    if not parsed:
        raise Mistakes([problem("CFG17", "the file is empty", place, "start from config.example.toml")])
    if unseen := list(hidden(parsed, place)):
        raise Mistakes(unseen)
    return parsed


_Named = tuple[str, Mapping[str, Any], Place]


class _Sections(Struct):
    """The sections that could be read."""

    daemon: Daemon
    companies: dict[str, Company]
    connectors: dict[str, ConnectorSettings]


def _sections(raw: Mapping[str, Any], place: Place, found: list[Problem]) -> _Sections:
    """Every section by itself; those with mistakes are left out and in `found`."""
    known = ("daemon", "company", "connector")
    found += [unknown_key(key, known, place) for key in raw if key not in known]
    head = _table(raw.get("daemon", {}), place.key("daemon"), found)
    companies = list(_named(raw, "company", place, found))
    connectors = list(_named(raw, "connector", place, found))
    check = partial(check_value, rehearsal=_rehearsal(companies, connectors))
    found += too_new(head.get("needs_version"), __version__, place.key("daemon").key("needs_version"))
    sections = _Sections(read_struct(head, Daemon, place.key("daemon"), found, check) or Daemon(), {}, {})
    for name, table, where in companies:
        if company := read_struct(table, Company, where, found, check):
            sections.companies[name] = company
    for name, table, where in connectors:
        found += _company_mistake(table, [other for other, _, _ in companies], where)
        if settings := _read_connector(table, where, found, check):
            sections.connectors[name] = settings
    return sections


def _rehearsal(companies: Sequence[_Named], connectors: Sequence[_Named]) -> bool:
    """Whether nothing outside this host can be reached."""
    tables: list[tuple[Mapping[str, Any], type[Struct]]] = [(table, Company) for _, table, _ in companies]
    tables += [(table, PAIRS.get(str(table.get("kind")), ConnectorSettings)) for _, table, _ in connectors]
    return bool(tables) and all(on_loopback(table, into) for table, into in tables)


def _named(raw: Mapping[str, Any], kind: str, place: Place, found: list[Problem]) -> Iterator[_Named]:
    for name, value in _table(raw.get(kind, {}), place.key(kind), found).items():
        where = place.key(kind).key(name)
        if _NAME.fullmatch(name) is None:
            todo = "use at most 32 of a-z, 0-9, - and _, beginning with a letter or digit"
            found.append(problem("CFG06", f"{name!r} cannot be a name", where, todo))
        table = _table(value, where, found)
        if table is value:
            yield name, table, where


def _table(value: Any, place: Place, found: list[Problem]) -> Mapping[str, Any]:
    if isinstance(value, Mapping):
        return value
    found.append(problem("CFG05", "a table is wanted here", place, f"write [{place.section}]"))
    return {}


def _read_connector(
    raw: Mapping[str, Any], place: Place, found: list[Problem], check: Check
) -> ConnectorSettings | None:
    kind = raw.get("kind")
    if not isinstance(kind, str) or kind not in PAIRS:
        near = difflib.get_close_matches(str(kind), list(PAIRS), n=1)
        todo = f"did you mean {near[0]}?" if near else f"use one of: {', '.join(PAIRS)}"
        what = "kind is missing" if kind is None else f"there is no kind {kind!r}"
        found.append(problem("CFG07" if kind is None else "CFG18", what, place.key("kind"), todo))
        return None
    return read_struct(raw, PAIRS[kind], place, found, check)


def _company_mistake(raw: Mapping[str, Any], known: Sequence[str], place: Place) -> Iterator[Problem]:
    name = raw.get("company")
    if isinstance(name, str) and name not in known:
        todo = f"write its section, or use one of: {', '.join(known) or 'none yet'}"
        yield problem("CFG19", f"there is no company {name!r}", place.key("company"), todo)


# ------------------------------------------------------------------ checking


def _check_companies(sections: _Sections, place: Place) -> Iterator[Problem]:
    first: dict[tuple[str, ...], str] = {}
    for name, company in sections.companies.items():
        ids = {"client_id": company.client_id, "tenant_id": company.tenant_id}
        yield from unusable_ids(ids, company.scopes, place.key(name))
        other = first.setdefault((company.client_id, company.tenant_id, company.api_url), name)
        if other != name:
            todo = "keep one of them: the tenant's call budget must have one owner"
            yield problem("CFG23", f"the same tenant as company {other}", place.key(name), todo)


def _check_connectors(sections: _Sections, place: Place) -> Iterator[Problem]:
    first: dict[tuple[str, ...], str] = {}
    users: dict[tuple[str, str], str] = {}  # company, voucher series -> the connector that books in it
    for name, settings in sections.connectors.items():
        where = place.key(name)
        other = first.setdefault((settings.kind, settings.identity, settings.company), name)
        if other != name:
            what = f"the same account and company as connector {other}"
            yield problem("CFG21", what, where, "keep one of them")
        if settings.offset >= settings.interval:
            todo = f"use less than {settings.interval}"
            yield problem("CFG13", "the offset is not shorter than the interval", where.key("offset"), todo)
        for key, why, todo in CONTRADICTIONS[settings.kind](settings):
            yield problem("CFG13", why, where.key(key), todo)
        for key, series in _series(settings):
            user = users.setdefault((settings.company, series), name)
            if user != name:
                what = f"connector {user} books in the voucher series {series} already"
                yield problem("CFG12", what, where.key(key), "give each connector a series of its own")


def _series(settings: ConnectorSettings) -> Iterator[tuple[str, str]]:
    """The voucher series that a connector books in, each with its key."""
    wanted = WANTED[settings.kind](settings) if settings.kind in WANTED else ()
    yield from ((each.key, each.value) for each in wanted if each.register == "voucher_series")


# ------------------------------------------------------------------ paths, digests


def _placed(sections: _Sections, file: Path, environ: Mapping[str, str]) -> Config:
    folder = Path(os.path.abspath(file)).parent  # noqa: PTH100 -- resolve() would follow links
    state = folder_of(sections.daemon.state_dir, folder, environ.get("STATE_DIRECTORY"), DEFAULT_STATE_DIR)
    runtime = folder_of(sections.daemon.runtime_dir, folder, environ.get("RUNTIME_DIRECTORY"), state)
    head = msgspec.structs.replace(_anchored(sections.daemon, folder), state_dir=state, runtime_dir=runtime)
    companies = {name: _anchored(each, folder) for name, each in sections.companies.items()}
    connectors = {name: _anchored(each, folder) for name, each in sections.connectors.items()}
    digests = {"daemon": _digest(head)}
    digests |= {f"company.{name}": _digest(each) for name, each in companies.items()}
    digests |= {f"connector.{name}": _digest(each) for name, each in connectors.items()}
    return Config(path=str(file), daemon=head, companies=companies, connectors=connectors, digests=digests)


def folder_of(written: str, base: Path, given: str | None, default: str) -> str:
    """A folder as written (from `base`), else the first that the service manager gave, else the default."""
    if written:
        return str(base / written)
    return given.split(":")[0] if given else default


def _anchored(values: S, folder: Path) -> S:
    """`values` with every secret's file as an absolute path."""
    moved = {
        key: SecretRef(file=str(folder / reference.file))
        for key, reference in _secrets(values)
        if reference.file is not None
    }
    return msgspec.structs.replace(values, **moved)


def _digest(values: Struct) -> str:
    text = msgspec.json.encode(values, enc_hook=float, order="deterministic")
    return hashlib.blake2b(text, digest_size=16).hexdigest()


# ------------------------------------------------------------------ secrets


def secrets(config: Config) -> Iterator[tuple[str, SecretRef]]:
    """Every secret the enabled parts need: (section.key, where it is)."""
    used = {settings.company for settings in config.enabled.values()}
    parts: list[tuple[str, Struct]] = [("daemon", config.daemon)]
    parts += [(f"company.{name}", each) for name, each in config.companies.items() if name in used]
    parts += [(f"connector.{name}", each) for name, each in config.enabled.items()]
    for section, values in parts:
        for key, reference in _secrets(values):
            yield f"{section}.{key}", reference


def _secrets(values: Struct) -> Iterator[tuple[str, SecretRef]]:
    for key in values.__struct_fields__:
        if isinstance(reference := getattr(values, key), SecretRef):
            yield key, reference
