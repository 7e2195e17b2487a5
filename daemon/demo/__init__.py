"""
`fortnox-syncd demo`: a sandbox, a daemon, and a few minutes of a working day in seconds.

Both run as processes of their own; the demo only plays the people, through
the vendors' HTTP APIs, and looks at what the daemon shows to any operator.
"""

from __future__ import annotations

import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any, Final

from daemon.demo import compare, processes, scenes, tills
from daemon.demo.people import People
from daemon.demo.processes import Daemon, Failed
from daemon.demo.stage import Stage

FIRST_PASS_S: Final = 30.0
FAILED: Final = 1

HEADING: Final = """\
fortnox-syncd demo: three pretend vendors, one real daemon, all call limits on.

"""
COLUMNS: Final = """
  what a person does                        where it arrives              after
  ----------------------------------------  ----------------------------  ------
"""
SHOWN_METRICS: Final = (
    # metric                    label         what it counts
    ("requests_total", "system", "requests sent"),
    ("throttled_total", "system", "asked to slow down"),
    ("steps_total", "outcome", "steps carried out"),
    ("lag_seconds_count", "connector", "writes timed"),
    ("intents", "state", "writes not done"),
)


def main() -> int:
    """Play it; 0 when everything arrived and both sides agree, else 1 with the difference named."""
    former = signal.signal(signal.SIGTERM, _interrupt)  # so that a kill clears up as Ctrl-C does
    try:
        with tempfile.TemporaryDirectory(prefix="syncd-") as folder:
            return _play(Path(folder))
    finally:
        signal.signal(signal.SIGTERM, former)


def _interrupt(_number: int, _frame: Any) -> None:
    raise KeyboardInterrupt


def _play(folder: Path) -> int:
    began_s = time.monotonic()
    say(HEADING)
    try:
        with (
            processes.sandbox(folder) as config,
            processes.daemon(config) as daemon,
            People(folder) as people,
        ):
            _first_pass(daemon, began_s)
            say(COLUMNS)
            stage = Stage(people, daemon, say)
            for scene in scenes.SCENES:
                scene(stage)
            stage.wait(for_all=True)
            differences, agreed = compare.compare(people)
            at_tills, also = tills.differences(people)
            differences += at_tills
            _show_metrics(daemon)
    except Failed as failure:
        say(f"\nFAILED: {failure}\n")
        return FAILED
    if differences:
        say("".join(["\nFAILED: the two sides differ:\n", *(f"  {each}\n" for each in differences)]))
        return FAILED
    took_s = time.monotonic() - began_s
    say(f"\nBoth sides agree: {agreed};\n{also}.\n{took_s:.0f} s, and everything is stopped.\n")
    return 0


def _first_pass(daemon: Daemon, began_s: float) -> None:
    daemon.wait_until(daemon.ready, FIRST_PASS_S, "the first pass did not end well")
    done = [row for row in daemon.ask("log", "--limit", "500")["items"] if row["outcome"] == "done"]
    linked = [row for row in done if row["action"] == "link"]
    made = [row for row in done if row["action"] == "create"]
    to_fortnox = [row for row in made if row["key"].startswith("partner:")]
    kinds = Counter(row["kind"] for row in made if row not in to_fortnox)
    both = Counter(row["kind"] for row in linked)
    say(
        f"The first pass, ready {time.monotonic() - began_s:.1f} s after the start:\n"
        f"  {both['customer']:3} customers known to both were linked by number or organisation number\n"
        f"  {len(to_fortnox):3} customers were created in Fortnox, their numbers written back\n"
        f"  {kinds['customer']:3} customers were created in webCRM and the tills\n"
        f"  {kinds['article']:3} articles were created in webCRM's catalogue\n"
        f"  {kinds['item']:3} articles were created in the tills, {both['item']} were there\n"
    )


def _show_metrics(daemon: Daemon) -> None:
    text = daemon.show("/metrics")
    say("\nMetrics, as Prometheus text:\n")
    say(f"  curl --unix-socket {daemon.metrics_socket} http://localhost/metrics\n\n")
    for name, label, meaning in SHOWN_METRICS:
        values = processes.metric(text, name, label)
        shown = ", ".join(f"{each} {value:.0f}" for each, value in sorted(values.items()))
        say(f"  {name:18}{meaning:20}{shown or '0'}\n")


def say(text: str) -> None:
    """Print at once, also into a pipe."""
    sys.stdout.write(text)
    sys.stdout.flush()
