"""
`fortnox-syncd sandbox`: the pretend systems on a loopback port, until interrupted.

Errors are printed as `CODE  what · where · what to do`:

    SBX01  the port is taken, or cannot be opened
    SBX02  --listen is not an address and a port of this machine alone
    SBX03  --write-config or --interval cannot be followed
"""

from __future__ import annotations

import asyncio
import datetime as dt
import errno
import ipaddress
import shlex
import signal
import sys
from pathlib import Path

import anyio
from msgspec import Struct

from daemon.sandbox.configs import ConfigsError, interval_s, write_configs
from daemon.sandbox.server import serve
from daemon.sandbox.world import World

PORT_MAX = 65_535
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)
FAILED = 78  # the same as for a config that cannot be used: the operator changes the command


class SandboxArgs(Struct, frozen=True, kw_only=True):
    """
    The options of the command.

    `listen` is "address:port" on loopback, port 0 for a free one; `seed`
    chooses the invented company, 1 when None; `empty` leaves only settings;
    `write_config` is the folder for a config, `interval` ("2s") its pace.
    """

    listen: str = "127.0.0.1:8700"
    seed: int | None = None
    empty: bool = False
    write_config: Path | None = None
    interval: str | None = None


class SandboxError(Exception):
    """What hinders the command, as one line for stderr."""


async def run(args: SandboxArgs) -> int:
    """Serve until SIGINT or SIGTERM; the exit code: 0, or 78 with one line on stderr."""
    try:
        host, port = _address(args.listen)
        _check_interval(args)
        await _serve_until_told(args, host, port)
    except SandboxError as error:
        sys.stderr.write(f"{error}\n")
        return FAILED
    return 0


async def _serve_until_told(args: SandboxArgs, host: str, port: int) -> None:
    seed = 1 if args.seed is None else args.seed
    world = World(lambda: dt.datetime.now(dt.UTC), filled=not args.empty, seed=seed)

    def started(port: int) -> None:
        _announce(args, f"http://{f'[{host}]' if ':' in host else host}:{port}")

    loop = asyncio.get_running_loop()
    with anyio.CancelScope() as scope:
        for number in STOP_SIGNALS:
            loop.add_signal_handler(number, scope.cancel)
        try:
            await serve(world, host, port, started)
        except OSError as error:
            what = "is taken" if error.errno == errno.EADDRINUSE else f"cannot be opened: {error.strerror}"
            raise SandboxError(
                f"SBX01  port {port} {what} · {args.listen} · choose another with --listen; 0 is any free one"
            ) from error
        finally:
            for number in STOP_SIGNALS:
                loop.remove_signal_handler(number)


def _announce(args: SandboxArgs, url: str) -> None:
    lines = [f"sandbox listening on {url}"]
    if args.write_config is not None:
        config = _write_configs(args.write_config, url, args.interval)
        lines += [
            f"config written to {config}",
            f"next: fortnox-syncd sync --config {shlex.quote(str(config))}",
        ]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


def _write_configs(folder: Path, url: str, interval: str | None) -> Path:
    try:
        return write_configs(folder, url, interval)
    except ConfigsError as error:
        raise _sbx03(error) from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise _sbx03(ConfigsError(reason, str(folder), "choose a folder that can be written")) from error


def _check_interval(args: SandboxArgs) -> None:
    if args.interval is None:
        return
    try:
        interval_s(args.interval)
    except ConfigsError as error:
        raise _sbx03(error) from error


def _sbx03(error: ConfigsError) -> SandboxError:
    return SandboxError(f"SBX03  {error.what} · {error.where} · {error.todo}")


def _address(listen: str) -> tuple[str, int]:
    """("127.0.0.1", 8700). Only this machine: the sandbox has well-known secrets and no other guard."""
    host, _, port = listen.rpartition(":")
    host = "127.0.0.1" if host == "localhost" else host.strip("[]")
    try:
        if ipaddress.ip_address(host).is_loopback and 0 <= int(port) <= PORT_MAX:
            return host, int(port)
    except ValueError:
        pass
    raise SandboxError(
        f"SBX02  {listen!r} is not a loopback address with a port · --listen · write it like 127.0.0.1:8700"
    )
