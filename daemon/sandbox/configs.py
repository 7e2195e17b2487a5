"""
`--write-config DIR`: a config with which the daemon works against this sandbox at once.

Writes `config.toml`, the secrets it names, and `users.json`, from which
people and their programs take addresses and an own client id, so that they
do not spend the daemon's budget.
"""

from __future__ import annotations

import datetime as dt
import os
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from string import Template
from typing import Any

import msgspec
from msgspec import Struct

HEADER = "# Written by `fortnox-syncd sandbox --write-config`."
USERS_MARK = '{\n  "sandbox": {'

# The pretend systems know these; they open nothing else.
SECRETS: Mapping[str, str] = {
    "company.sandbox.client_secret": "sandbox-secret",
    "connector.eskassa.machine_key": "0123456789abcdef0123456789abcdef",
    "connector.webcrm.auth_code": "11111111-1111-4111-8111-111111111111",
}
TENANT_ID = "1234567"
PEOPLE_FORTNOX = {"client_id": "people", "client_secret": "people-secret", "tenant_id": TENANT_ID}
PEOPLE_ESKASSA = {
    "machine_id": "bbbbbbbb-0000-4000-8000-000000000001",
    "machine_key": "0123456789abcdef0123456789abcdef",
    "integrator_id": "aaaaaaaa-0000-4000-8000-000000000002",
}
PEOPLE_WEBCRM = {"auth_code": "22222222-2222-4222-8222-222222222222"}

SLOWER = {"eskassa": 3}  # intervals of the others: whole registers are read each time
RECENT = dt.timedelta(days=20)
UNITS_S = {"s": 1, "m": 60, "h": 3600}

CONFIG = Template("""\
$header
# It is written anew by the next one. Take that line away to keep your changes.

[daemon]
state_dir = "state"          # made when missing, like runtime_dir; beside this file
runtime_dir = "run"          # the two sockets
settle = "2s"                # before looking for a write whose answer was lost; on loopback only, else 15m
gap = "1s"                   # between two such looks; on loopback only, else 2m

# The company in Fortnox. For the real one, take away both URLs and put in your own id, tenant and secret.
[company.sandbox]
client_id = "fortnox-syncd"
tenant_id = "$tenant_id"
client_secret = { file = "credentials/company.sandbox.client_secret" }
api_url = "$url/fortnox"
auth_url = "$url/fortnox"
overlap = "30s"              # how far back each reading starts again; on loopback only, else 10m
scopes = [
  "article", "bookkeeping", "companyinformation", "costcenter", "customer", "invoice", "order", "price",
  "settings",
]
""")

# Kind -> its section. For the real vendor, take away the URL and put in your own ids and secrets.
CONNECTORS: Mapping[str, Template] = {
    "webcrm": Template("""
# One partner joined to that company. For the real webCRM, take away the URL and put in your own code.
[connector.webcrm]
kind = "webcrm"
company = "sandbox"
account = "sandbox"          # the webCRM system's name
url = "$url/webcrm"
auth_code = { file = "credentials/connector.webcrm.auth_code" }
documents = "order"          # what a new delivery becomes in Fortnox: "order", "invoice" or "off"
start = "2000-01-01"         # records changed since then cross without an import
$pace"""),
    "eskassa": Template("""
# The tills. For the real ES Kassasystem, take away the URL and put in your own ids and key.
[connector.eskassa]
kind = "eskassa"
company = "sandbox"
url = "$url/eskassa"
machine_id = "bbbbbbbb-0000-4000-8000-000000000001"
machine_key = { file = "credentials/connector.eskassa.machine_key" }
integrator_id = "aaaaaaaa-0000-4000-8000-000000000001"
requests_per_second = 9      # what this sandbox bears; the vendor tells no limit, so 1 elsewhere
reports = true               # Z-reports become vouchers
voucher_series = "K"
invoices = true              # sales on invoice become orders
payment_terms = "30"
master = "fortnox"           # who decides about customers
customers = true
invoice_sales = "excluded"   # the registers leave such sales out of their Z-reports
articles = true              # and their stock
start = "2000-01-01"         # customers and articles changed since then cross without an import
reports_from = "$recently"  # a report is asked for by its day, so not from the beginning of time
invoices_from = "$recently"
$pace"""),
}

PACE = Template("""\
interval = "$interval"              # how often each side is read
offset = "$offset"                # how far apart the two sides are read
""")


class ConfigsError(Exception):
    """What hinders writing; `what`, `where` and `todo` are single lines."""

    def __init__(self, what: str, where: str, todo: str) -> None:
        super().__init__(what, where, todo)
        self.what, self.where, self.todo = what, where, todo


class _File(Struct, frozen=True):
    """One file to write. An older one may be replaced when its text starts with `mark`."""

    path: Path
    text: str
    mark: str
    mode: int


def write_configs(
    folder: Path,
    url: str,
    interval: str | None = None,
    kinds: Collection[str] = CONNECTORS,
    today: dt.date | None = None,
) -> Path:
    """
    Write everything for the sandbox at `url` ("http://127.0.0.1:8700"); the path of `config.toml`.

    `interval` ("2s") also paces the connectors (`SLOWER`), half of it is the offset. There is one of each of
    `kinds`.
    Tills begin some weeks before `today`.
    ConfigsError before anything is written when a file is there that the
    sandbox did not write; OSError when the folder cannot be written.
    """
    credentials = folder / "credentials"
    files = [
        _File(
            folder / "config.toml",
            _config(url, interval, kinds, today or dt.datetime.now(dt.UTC).date()),
            HEADER,
            0o644,
        ),
        *(_File(credentials / name, secret, secret, 0o600) for name, secret in SECRETS.items()),
        _File(folder / "users.json", _users(url), USERS_MARK, 0o600),
    ]
    for file in files:
        _refuse_foreign(file)
    credentials.mkdir(mode=0o700, parents=True, exist_ok=True)
    credentials.chmod(0o700)
    for file in files:
        _write(file)
    return files[0].path


def interval_s(interval: str) -> int:
    """The seconds of "2s", "6m" or "1h". ConfigsError for anything else."""
    found = re.fullmatch(r"([1-9][0-9]{0,5})([smh])", interval)
    if found is None:
        raise ConfigsError(f"{interval!r} is not an interval", "--interval", 'write it like "2s" or "6m"')
    return int(found[1]) * UNITS_S[found[2]]


def _config(url: str, interval: str | None, kinds: Collection[str], today: dt.date) -> str:
    fixed = {"url": url, "recently": today - RECENT}
    sections = [
        section.substitute(fixed, pace=_pace(interval, SLOWER.get(kind, 1)))
        for kind, section in CONNECTORS.items()
        if kind in kinds
    ]
    return CONFIG.substitute(header=HEADER, url=url, tenant_id=TENANT_ID) + "".join(sections)


def _pace(interval: str | None, times: int) -> str:
    """The keys of `times` an interval, if there is one, and half of it."""
    if interval is None:
        return ""
    whole_s = interval_s(interval) * times
    text = interval if times == 1 else f"{whole_s}s"
    return PACE.substitute(interval=text, offset=f"{max(whole_s // 2, 1)}s")


def _users(url: str) -> str:
    users: dict[str, dict[str, Any]] = {
        "sandbox": {"url": f"{url}/_sandbox"},
        "fortnox": {
            "url": f"{url}/fortnox",
            "token_url": f"{url}/fortnox/oauth-v1/token",
            **PEOPLE_FORTNOX,
        },
        "eskassa": {"url": f"{url}/eskassa", **PEOPLE_ESKASSA},
        "webcrm": {"url": f"{url}/webcrm", **PEOPLE_WEBCRM},
    }
    return msgspec.json.format(msgspec.json.encode(users), indent=2).decode() + "\n"


def _refuse_foreign(file: _File) -> None:
    if not file.path.exists():
        return
    with file.path.open(errors="replace") as there:
        start = there.read(len(file.mark) + 1)
    whole = file.mark == file.text  # a secret has no room for a header: it must be the same one
    if start != file.mark if whole else not start.startswith(file.mark):
        raise ConfigsError(
            "there is a file that the sandbox did not write",
            str(file.path),
            "move it away, or choose another folder with --write-config",
        )


def _write(file: _File) -> None:
    descriptor = os.open(file.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, file.mode)
    with os.fdopen(descriptor, "w") as target:
        os.fchmod(descriptor, file.mode)
        target.write(file.text)
