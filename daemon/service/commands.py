"""
The commands that ask or tell a daemon, or the state itself when none runs.

Each gives its exit code; errors are DaemonError, for the caller to print.
"""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, Final

import msgspec

from daemon.config import Config, load, read_secret, secrets
from daemon.errors import ConfigError, DaemonError, GrantError
from daemon.service.client import NoDaemon, ask_daemon, runtime_folders
from daemon.service.house import Json
from daemon.service.operate import VERBS, WORST_FIRST, no_daemon
from daemon.service.print import printed

Opener = Callable[..., AbstractAsyncContextManager[Any]]

ONLY_RUNNING: Final = frozenset({"nudge", "reload"})
# The exit code of a failed finding, by the beginning of its code; others are the operator's to set up.
FINDING_EXITS: Final = {"AUT": 77, "NET": 69, "JSN": 69}


def tell(args: Namespace, opener: Opener, verb: str, values: Mapping[str, Any]) -> int:
    """Perform one verb and print its answer."""
    answer = ask(args.config, opener, verb, values)
    show(verb, answer, as_json=getattr(args, "json", False))
    if verb == "sync":
        sys.stderr.writelines(f"{row['error']}\n" for row in answer["connectors"] if row["error"])
    return int(answer.get("exit", 0))


def show(verb: str, answer: Json, *, as_json: bool) -> None:
    """On stdout, as JSON or for a person."""
    text = msgspec.json.encode(answer).decode() if as_json else printed(verb, answer)
    sys.stdout.write(text + "\n")


def ask(path: str, opener: Opener, verb: str, values: Mapping[str, Any]) -> Json:
    """The answer of the daemon that uses the config at `path`, else of its state."""
    for folder in runtime_folders(path):
        try:
            return ask_daemon(folder, verb, values)
        except NoDaemon:
            continue
    if verb in ONLY_RUNNING:
        raise no_daemon(verb)
    return _ask_state(load(path), opener, verb, values)


def _ask_state(config: Config, opener: Opener, verb: str, values: Mapping[str, Any]) -> Json:
    import anyio  # noqa: PLC0415 -- most commands find a daemon and need no loop

    from daemon.service.offline import OfflineHouse  # noqa: PLC0415
    from daemon.service.operate import perform  # noqa: PLC0415

    async def asking() -> Json:
        async with opener(config) as offline:
            return await perform(OfflineHouse(offline, config), verb, values)

    return anyio.run(asking)


# ------------------------------------------------------------------ commands with more to them


def reload(args: Namespace, opener: Opener) -> int:
    """What SIGHUP does, waiting for the outcome: 0, or 78 when the old config stays."""
    answer = ask(args.config, opener, "reload", {})
    for needed in answer["restart_needed"]:
        what = DaemonError("CFG22", f"{needed} changes only at a start", args.config, "restart the daemon")
        sys.stderr.write(f"{what}\n")
    if answer["ok"]:
        sys.stdout.write("reloaded\n")
        return 0
    sys.stderr.write(f"{answer['error']}\nthe old config stays in force\n")
    return ConfigError.exit_code


def check(args: Namespace, opener: Opener) -> int:
    """The file, then the secrets it names, then with --online every vendor."""
    config = load(args.config)
    troubles = _secret_troubles(config)
    for trouble in troubles:
        sys.stderr.write(f"{trouble}\n")
    if args.at_start:
        return 0  # a missing secret stops only its connector
    code = GrantError.exit_code if troubles else 0
    if args.online:
        answer = ask(args.config, opener, "check", {})
        show("check", answer, as_json=args.json)
        found = {FINDING_EXITS.get(item["code"][:3], 78) for item in answer["items"] if not item["ok"]}
        return next((worst for worst in WORST_FIRST if worst in found | {code}), 0)
    state = "its secrets need you" if troubles else "sound"
    sys.stdout.write(
        f"{args.config}: {state}; companies: {len(config.companies)}, connectors: {len(config.enabled)}\n"
    )
    return code


def _secret_troubles(config: Config) -> list[DaemonError]:
    """Secrets that cannot be used. Credentials can be looked at only where the service manager gave them."""
    given = "CREDENTIALS_DIRECTORY" in os.environ
    troubles: list[DaemonError] = []
    for place, reference in secrets(config):
        try:
            if reference.file or given:
                read_secret(reference)
        except GrantError as error:
            where = f"{config.path}:{place}, {error.where}"
            troubles.append(DaemonError(error.code, error.what, where, error.todo))
    return troubles


def authorize(args: Namespace, opener: Opener) -> int:
    """Consent in a browser; the code goes to the daemon, or is exchanged here when none runs."""
    from daemon.service.consent import Redirect, consent_url, read_redirect  # noqa: PLC0415
    from daemon.service.real import RealIds  # noqa: PLC0415

    config = load(args.config)
    company = config.companies.get(args.company)
    if company is None:
        known = ", ".join(config.companies)
        raise DaemonError("CTL01", f"there is no company {args.company}", args.config, f"use one of: {known}")
    state = RealIds().bytes(16).hex()
    redirect = None if args.paste else Redirect(company.redirect_uri)
    sys.stdout.write(f"Open this address and approve:\n\n  {consent_url(company, state)}\n\n")
    if redirect is None:
        sys.stdout.write("Then paste the address that the browser ends at:\n")
        sys.stdout.flush()
        code = read_redirect(sys.stdin.readline(), state)
    else:
        sys.stdout.write(f"Waiting for the browser at {company.redirect_uri}\n")
        sys.stdout.flush()
        code = redirect.wait(state)
    values = {"company": args.company, "code": code, "redirect_uri": company.redirect_uri}
    ask(args.config, opener, "authorize", values)
    sys.stdout.write(f"{args.company} is authorized\n")
    return 0


assert VERBS.keys() >= ONLY_RUNNING
