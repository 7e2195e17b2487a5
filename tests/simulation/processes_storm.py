"""An operator who writes one config file after the other and tells the daemon each time."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tests.simulation.processes_host import Host
from tests.simulation.processes_people import Crowd

NAMES = ("sandbox", "norr", "syd")  # of the company, and part of the connector's: they change together
INTERVALS = (("1s", "500ms"), ("2s", "1s"), ("1500ms", "700ms"))
BURST = (1, 40)
GAP_S = 0.12
REST_S = 60.0
PASS_EVERY = 4  # bursts: a pass first waits for the call budget, which many a reload has used
LOOK_EVERY_S = 0.05
NOT_AT_ONCE = 0.2  # share of files that are written in place, in pieces
UNTOUCHED = 0.2
FDS_MORE, MEMORY_MORE_MIB = 6, 32.0


class File(NamedTuple):
    """A config file: what is in force when the daemon has read it, or the code of its mistake."""

    text: str
    name: str = ""
    code: str = ""


BAD = (
    # how it is spoiled                            code
    (lambda text: text + "\n[daemon.more", "CFG03"),
    (lambda text: text[: text.index('kind = "webcrm"') + 12], "CFG03"),
    (lambda text: text.replace('settle = "2s"', 'settle = "2s"\nsetle = "3s"'), "CFG04"),
    (lambda text: text.replace('gap = "1s"', 'gap = "1ms"'), "CFG06"),
    (lambda text: text.replace("create_count = 100000", "create_count = -1"), "CFG06"),
    (lambda text: text.replace("create_count = 100000", 'create_count = "many"'), "CFG05"),
    (lambda text: text.replace('tenant_id = "1234567"', ""), "CFG07"),
    (lambda text: text.replace('kind = "webcrm"', 'kind = "webkrm"'), "CFG18"),
    (
        lambda text: text.replace(
            'documents = "order"', 'documents = "order"\ncompany_types = []\nprivate_types = []'
        ),
        "CFG13",
    ),
    (lambda _text: "", "CFG17"),
    (lambda text: "\ufeff" + text, "CFG02"),
)


def good(text: str, chance: random.Random) -> File:
    """A config that works: other names, another pace, or the same as ever."""
    if chance.random() < UNTOUCHED:
        return File(text, NAMES[0])
    name, (interval, offset) = chance.choice(NAMES), chance.choice(INTERVALS)
    for old, new in (
        ("[company.sandbox]", f"[company.{name}]"),
        ('company = "sandbox"', f'company = "{name}"'),
        ("[connector.webcrm", f"[connector.webcrm-{name}"),
        ('interval = "1s"', f'interval = "{interval}"'),
        ('offset = "500ms"', f'offset = "{offset}"'),
    ):
        assert old in text, old
        text = text.replace(old, new)
    return File(text, name)


def bad(text: str, chance: random.Random) -> File:
    """A config with a mistake."""
    spoil, code = chance.choice(BAD)
    spoiled = spoil(text)
    assert spoiled != text, code
    return File(spoiled, code=code)


def write(path: Path, text: str, chance: random.Random) -> None:
    """At once by a rename; or, as some editors do, in place and in pieces."""
    if chance.random() >= NOT_AT_ONCE:
        other = path.with_suffix(".new")
        other.write_text(text, "utf-8")
        other.rename(path)
        return
    with path.open("w", encoding="utf-8") as file:
        half = len(text) // 2
        file.write(text[:half])
        file.flush()
        time.sleep(chance.random() * GAP_S / 4)
        file.write(text[half:])


def storm(host: Host, crowd: Crowd, chance: random.Random, files: int, figures: dict[str, Any]) -> list[str]:
    """Bursts of files, each with its SIGHUP; at each rest the status agrees with the last. What was wrong."""
    host.ask("status")  # it catches signals by now
    plain = host.config.read_text("utf-8")
    wrong: list[str] = []
    weights: list[tuple[float, int]] = []
    written = bursts = 0
    slowest_s = 0.0
    allowed = {NAMES[0]}
    while written < files:
        last = File(plain, NAMES[0])
        for _ in range(min(chance.randint(*BURST), files - written)):
            last = good(plain, chance) if written % 2 else bad(plain, chance)
            allowed |= {last.name} - {""}
            write(host.config, last.text, chance)
            host.tell(signal.SIGHUP)
            written += 1
            crowd.work_for(chance.choice((0, chance.random())) * GAP_S)
        took_s, said = _rests(host, last, allowed)
        slowest_s, bursts = max(slowest_s, took_s), bursts + 1
        wrong += [f"after file {written}: {each}" for each in said]
        if not last.code:
            allowed = {last.name}
        if bursts % PASS_EVERY == 1:
            _pass_ends(host, wrong)
        weights.append(host.weighs())
    write(host.config, plain, random.Random(0))
    host.tell(signal.SIGHUP)
    wrong += _rests(host, File(plain, NAMES[0]), allowed)[1]
    figures |= _told(host, written, bursts, slowest_s, weights)
    return [*wrong, *_heavier(weights)]


def _rests(host: Host, last: File, allowed: set[str]) -> tuple[float, list[str]]:
    """Wait until the status agrees with the last file; how long that took, and what did not come."""
    began_s = time.monotonic()
    while True:
        status = host.ask("status")
        said = disagreement(status, last, allowed)
        took_s = time.monotonic() - began_s
        if not said or took_s > REST_S:
            return took_s, said
        time.sleep(LOOK_EVERY_S)


def disagreement(status: Mapping[str, Any], last: File, allowed: set[str]) -> list[str]:
    """What of the status is not as the last file wants it."""
    reload = status["config"]["reload"]
    names = [row["name"] for row in status["companies"]]
    joined = [(row["name"], row["company"]) for row in status["connectors"]]
    found = []
    if reload["ok"] == bool(last.code):
        found.append(f"the reload is ok: {reload['ok']}, the file has {last.code or 'no mistake'}")
    if last.code and last.code not in str(reload["error"]):
        found.append(f"{last.code} is not in {reload['error']}")
    if len(names) != 1 or names[0] not in ({last.name} if last.name else allowed):
        found.append(f"the companies are {names}, not {last.name or allowed}")
    wanted = [("webcrm" if _is_plain(joined) else f"webcrm-{name}", name) for name in names]
    if joined != wanted:
        found.append(f"mixed: connectors {joined} with companies {names}")
    return found


def _is_plain(joined: Sequence[tuple[str, str]]) -> bool:
    return joined == [("webcrm", NAMES[0])]


def _pass_ends(host: Host, wrong: list[str]) -> None:
    """Work goes on: within its time a pass ends well."""
    before = host.ask("status")["connectors"][0]["last_success_at"]
    until_s = time.monotonic() + REST_S
    while host.ask("status")["connectors"][0]["last_success_at"] == before:
        if time.monotonic() > until_s:
            wrong.append(f"no pass ended well within {REST_S:.0f} s of a storm")
            return
        time.sleep(LOOK_EVERY_S)


def _told(
    host: Host, files: int, bursts: int, slowest_s: float, weights: Sequence[tuple[float, int]]
) -> dict[str, Any]:
    names = [each["event"] for each in host.events()]
    ends = [each["outcome"] for each in host.events() if each["event"] == "pass_done"]
    (first, fds), (last, more) = weights[0], weights[-1]
    return {
        "files": files,
        "bursts": bursts,
        "reloaded": names.count("reloaded"),
        "refused": names.count("reload_refused"),
        "passes": len(ends),
        "passes that failed": sum(
            end in ("error", "state", "unreachable", "grant", "config") for end in ends
        ),
        "slowest agreement_s": round(slowest_s, 1),
        "memory_mib": f"{first:.0f} after the first burst, {last:.0f} after the last",
        "open files": f"{fds}, {more}",
        "processors": os.cpu_count(),
    }


def _heavier(weights: Sequence[tuple[float, int]]) -> list[str]:
    """Growth that a storm should not leave."""
    (first, fds), (last, more) = weights[0], weights[-1]
    found = [f"open files grew from {fds} to {more}"] if more > fds + FDS_MORE else []
    return found + (
        [f"memory grew from {first:.0f} to {last:.0f} MiB"] if last > first + MEMORY_MORE_MIB else []
    )
