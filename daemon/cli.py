"""
`fortnox-syncd`, also `python -m daemon`.

Light on purpose: signals are caught before anything slow is imported, and a
command that only asks a running daemon does not load what the daemon needs.
"""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from io import TextIOWrapper
from typing import Any, Final, NamedTuple

from daemon.errors import DaemonError
from daemon.service.signals import Inbox

DEFAULT_CONFIG: Final = (
    "/etc/fortnox-syncd/config.toml"  # the same as config.DEFAULT_PATH, which is slow to load
)
INTERRUPTED: Final = 130
REGISTERS: Final = ("customers", "articles", "items", "documents")


class Option(NamedTuple):
    """One argument of a command, as argparse takes it."""

    names: tuple[str, ...]
    how: Mapping[str, Any]


class Command(NamedTuple):
    """One line of the table: what it does, for --help; what it is called with; what carries it out."""

    help: str
    options: tuple[Option, ...]
    run: Callable[[Namespace], int]


def option(*names: str, **how: Any) -> Option:
    """As argparse's add_argument."""
    return Option(names, how)


def main(argv: Sequence[str] | None = None) -> int:
    """Do what the command line says; the exit code (decision 27). Errors are one line on stderr."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a narrow locale must not end a command
    args = parser().parse_args(argv)
    try:
        return COMMANDS[args.command].run(args)
    except DaemonError as error:
        sys.stderr.write(f"{error}\n")
        return int(getattr(error, "exit", error.exit_code))
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # the reader left; nothing more may be written at exit
        return 1


def parser() -> ArgumentParser:
    """The whole command line."""
    from daemon import __version__  # noqa: PLC0415

    whole = ArgumentParser(
        prog="fortnox-syncd", description="Keeps Fortnox and a company's other systems equal."
    )
    whole.add_argument("--version", action="version", version=f"fortnox-syncd {__version__}")
    commands = whole.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, command in COMMANDS.items():
        one = commands.add_parser(name, help=command.help, description=command.help)
        for each in command.options:
            one.add_argument(*each.names, **each.how)
    return whole


# ------------------------------------------------------------------ carrying out


def _run(args: Namespace) -> int:
    inbox = Inbox()
    inbox.catch()
    import uvloop  # noqa: PLC0415 -- after the signals

    from daemon import bootstrap  # noqa: PLC0415 -- all that the daemon needs

    return int(uvloop.run(bootstrap.run_daemon(args.config, inbox)))


def _open_offline(config: Any) -> AbstractAsyncContextManager[Any]:
    from daemon import bootstrap  # noqa: PLC0415 -- only when no daemon answers

    return bootstrap.open_offline(config)


def _verb(name: str, *keys: str, **fixed: Any) -> Callable[[Namespace], int]:
    """A command that is one verb: `keys` are taken from the command line, `fixed` is always so."""

    def run(args: Namespace) -> int:
        from daemon.service import commands  # noqa: PLC0415

        values = {key: getattr(args, key) for key in keys if getattr(args, key) is not None}
        return commands.tell(args, _open_offline, name, {**values, **fixed})

    return run


def _import(args: Namespace) -> int:
    from daemon.service import commands  # noqa: PLC0415

    values = {"connectors": [args.connector], "dry_run": args.dry_run, "imports": args.register}
    return commands.tell(args, _open_offline, "sync", values)


def _check(args: Namespace) -> int:
    from daemon.service import commands  # noqa: PLC0415

    return commands.check(args, _open_offline)


def _reload(args: Namespace) -> int:
    from daemon.service import commands  # noqa: PLC0415

    return commands.reload(args, _open_offline)


def _authorize(args: Namespace) -> int:
    from daemon.service import commands  # noqa: PLC0415

    return commands.authorize(args, _open_offline)


def _sandbox(args: Namespace) -> int:
    import asyncio  # noqa: PLC0415
    from pathlib import Path  # noqa: PLC0415

    from daemon.sandbox.command import SandboxArgs, run  # noqa: PLC0415 -- loads a web server

    folder = Path(args.write_config) if args.write_config else None
    return asyncio.run(
        run(
            SandboxArgs(
                listen=args.listen,
                seed=args.seed,
                empty=args.empty,
                write_config=folder,
                interval=args.interval,
            )
        )
    )


def _demo(_args: Namespace) -> int:
    from daemon import demo  # noqa: PLC0415 -- loads the sandbox

    return int(demo.main())


# ------------------------------------------------------------------ the table

CONFIG = option(
    "--config",
    metavar="FILE",
    default=os.environ.get("FORTNOX_SYNCD_CONFIG", DEFAULT_CONFIG),
    help="default: $FORTNOX_SYNCD_CONFIG, else %(default)s",
)
AS_JSON = option("--json", action="store_true", help="for programs")
DRY_RUN = option("--dry-run", action="store_true", help="show what would be done and do nothing")
CONNECTORS = option("connectors", nargs="*", metavar="CONNECTOR", help="default: all")
CONNECTOR = option("connector", metavar="CONNECTOR")
ID = option("id", metavar="ID", help="as the listing shows it")

COMMANDS: Final[Mapping[str, Command]] = {
    "run": Command("be the daemon", (CONFIG,), _run),
    "check": Command(
        "check the config; with --online every prerequisite at every vendor",
        (
            CONFIG,
            AS_JSON,
            option("--online", action="store_true", help="ask the vendors, too; changes nothing"),
            option("--at-start", action="store_true", help="missing secrets are said but do not count"),
        ),
        _check,
    ),
    "sync": Command(
        "one full pass of each connector",
        (CONFIG, AS_JSON, CONNECTORS, DRY_RUN),
        _verb("sync", "connectors", "dry_run"),
    ),
    "plan": Command(
        "what sync would do; changes nothing",
        (CONFIG, AS_JSON, CONNECTORS),
        _verb("sync", "connectors", dry_run=True),
    ),
    "import": Command(
        "bring a whole register across for the first time; may be repeated",
        (
            CONFIG,
            AS_JSON,
            CONNECTOR,
            option("register", choices=REGISTERS, help="which register"),
            DRY_RUN,
        ),
        _import,
    ),
    "status": Command("how it is", (CONFIG, AS_JSON), _verb("status")),
    "log": Command(
        "what was transferred, newest first",
        (
            CONFIG,
            AS_JSON,
            option("--connector", metavar="CONNECTOR"),
            option("--key", metavar="KEY", help="one record"),
            option("--limit", metavar="N", type=int, default=50),
        ),
        _verb("log", "connector", "key", "limit"),
    ),
    "parked": Command("records that wait for a person", (CONFIG, AS_JSON), _verb("parked")),
    "conflicts": Command("fields that both sides changed", (CONFIG, AS_JSON), _verb("conflicts")),
    "intents": Command("writes that are not done", (CONFIG, AS_JSON), _verb("intents")),
    "held": Command("plans that look like an accident", (CONFIG, AS_JSON), _verb("held")),
    "nudge": Command("a pass soon", (CONFIG, CONNECTORS), _verb("nudge", "connectors")),
    "pause": Command("no more passes", (CONFIG, CONNECTORS), _verb("pause", "connectors")),
    "resume": Command("passes again", (CONFIG, CONNECTORS), _verb("resume", "connectors")),
    "retry": Command("try a parked record again", (CONFIG, ID), _verb("retry", "id")),
    "ignore": Command("leave a parked record alone", (CONFIG, ID), _verb("ignore", "id")),
    "release": Command(
        "approve a held plan once",
        (
            CONFIG,
            option("plan", metavar="PLAN"),
            option("--drop", action="store_true", help="forget it instead"),
        ),
        _verb("release", "plan", "drop"),
    ),
    "resolve": Command(
        "decide an open conflict",
        (CONFIG, ID, option("use", choices=("fortnox", "partner"), help="whose value is right")),
        _verb("resolve", "id", "use"),
    ),
    "choices": Command(
        "what settings may name, as Fortnox has it",
        (CONFIG, AS_JSON, option("company", metavar="COMPANY")),
        _verb("choices", "company"),
    ),
    "reload": Command("put the edited config into force", (CONFIG,), _reload),
    "authorize": Command(
        "let a person consent in a browser",
        (
            CONFIG,
            option("company", metavar="COMPANY"),
            option(
                "--paste", action="store_true", help="paste the redirected address: no browser on this host"
            ),
        ),
        _authorize,
    ),
    "sandbox": Command(
        "pretend vendors on a loopback port",
        (
            option("--listen", metavar="HOST:PORT", default="127.0.0.1:8700"),
            option("--seed", metavar="N", type=int, help="which invented company"),
            option("--empty", action="store_true", help="no records, only settings"),
            option("--write-config", metavar="DIR", help="write a config that works with it"),
            option("--interval", metavar="DURATION", help="the config's interval, such as 2s"),
        ),
        _sandbox,
    ),
    "demo": Command("a sandbox, a daemon and a short working day", (), _demo),
}
