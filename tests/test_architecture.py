"""
Who may import whom, what the core may not do, and how long things may get.

This file is the one authority on the layers: a rule here is a function from a
file's name and source to what is wrong with it, and each is shown to catch
what it is there for.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "daemon"

# What each layer may import of ours, besides itself. A layer that is not listed fails the test.
LOW = {"core", "ports", "errors", "events"}
MAY_IMPORT = {
    "core": set(),
    "errors": set(),
    "sandbox": set(),
    "events": {"core", "errors"},
    "ports": {"core"},
    "pairs": {"core"},
    "config": {"core", "errors", "pairs"},
    "net": LOW,
    "demo": {"errors"},
    "engine": LOW,  # they meet in bootstrap,
    "store": LOW,  # never in each other
    "systems": LOW | {"net"},  # and never another system
    "service": LOW | {"engine", "config"},
    "bootstrap": LOW | {"pairs", "config", "net", "engine", "store", "systems", "service"},
    "cli": LOW | {"config", "bootstrap", "service", "store", "sandbox", "demo"},
    "__main__": {"cli"},
    "__init__": set(),
}
LAZILY = {"cli": {"sandbox", "demo"}}  # only inside a function: the daemon never loads them

PURE_LAYERS = {"core", "pairs"}
# fmt: off
PURE_IMPORTS = {
    "__future__", "base64", "collections", "dataclasses", "datetime", "decimal", "difflib", "enum",
    "functools", "hashlib", "itertools", "math", "msgspec", "re", "string", "typing", "unicodedata",
    "zoneinfo",
}
IMPURE_CALLS = {
    "breakpoint", "choice", "eval", "exec", "getrandbits", "input", "localtime", "monotonic", "now",
    "open", "perf_counter", "print", "randint", "random", "shuffle", "sleep", "time_ns", "today",
    "token_bytes", "token_hex", "urandom", "utcnow", "uuid1", "uuid4", "__import__",
}
# fmt: on

# Modules with one home, or a few. A home is a file without its ending, or a folder.
CHANCE_AND_TIME = {"service/real", "sandbox", "demo"}
HOMES = {
    "time": CHANCE_AND_TIME,
    "random": CHANCE_AND_TIME,
    "uuid": CHANCE_AND_TIME,
    "secrets": CHANCE_AND_TIME,
    "aiohttp": {"sandbox"},
    "httpx2": {"net", "demo"},
}
CATCHES_ALL = {"service/supervisor"}
LONGEST_FUNCTION = 70
LONGEST_FILE = 400


def layer_of(name):
    """`core` of `core/merge.py`, `cli` of `cli.py`."""
    return name.split("/")[0].removesuffix(".py")


def lives_in(name, homes):
    """Whether the file `name` is one of `homes` or inside one."""
    path = name.removesuffix(".py")
    return any(path == home or path.startswith(f"{home}/") for home in homes)


def imports_of(tree):
    """Every dotted name that is imported anywhere below `tree`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{'.' * node.level}{node.module or ''}.{alias.name}" for alias in node.names)


def ours(names):
    """The layers of ours among imported names; the version in daemon/__init__.py belongs to everybody."""
    layers = {name.split(".")[1] for name in names if name.startswith("daemon.")}
    return layers - {"__version__"}


def functions_of(tree):
    """Every function, with its methods and inner functions."""
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def imports_only_what_it_may(name, source):
    """No layer imports from one that MAY_IMPORT does not grant it, and no layer is unlisted."""
    layer = layer_of(name)
    if layer not in MAY_IMPORT:
        return [f"the layer {layer} is not listed in MAY_IMPORT"]
    names = list(imports_of(ast.parse(source, name)))
    relative = [f"imports {imported}, relative" for imported in names if imported.startswith(".")]
    foreign = ours(names) - MAY_IMPORT[layer] - {layer}
    return relative + [f"imports {other}" for other in sorted(foreign)]


def imports_lazily(name, source):
    """What a layer may import only inside its functions is not imported when it is loaded."""
    tree = ast.parse(source, name)
    lazily = LAZILY.get(layer_of(name), set())
    inside = [node for function in functions_of(tree) for node in ast.walk(function)]
    outside = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom) and node not in inside
    ]
    loaded = ours(imported for node in outside for imported in imports_of(node))
    return [f"loads {other} with itself" for other in sorted(loaded & lazily)]


def knows_no_other_system(name, source):
    """Two systems meet in a pair's table and nowhere else."""
    layer, _, rest = name.partition("/")
    if layer != "systems" or "/" not in rest:
        return []
    own = rest.split("/")[0]
    names = imports_of(ast.parse(source, name))
    others = {imported.split(".")[2] for imported in names if imported.startswith("daemon.systems.")}
    return [f"imports the system {other}" for other in sorted(others - {own})]


def is_pure(name, source):
    """The core and the pairs do no I/O, have no coroutines, and ask neither clock nor dice."""
    if layer_of(name) not in PURE_LAYERS:
        return []
    tree = ast.parse(source, name)
    roots = {imported.split(".")[0] for imported in imports_of(tree)} - {"daemon"}
    calls = {called(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    return [
        *(f"imports {root}" for root in sorted(roots - PURE_IMPORTS)),
        *(f"calls {call}" for call in sorted(calls & IMPURE_CALLS)),
        *(f"line {node.lineno}: waits" for node in ast.walk(tree) if is_async(node)),
    ]


def called(function):
    """The last word of what is called: `now` of `datetime.now`."""
    return getattr(function, "attr", getattr(function, "id", ""))


def is_async(node):
    """Whether `node` makes or awaits a coroutine."""
    if isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
        return any(generator.is_async for generator in node.generators)
    return isinstance(node, ast.AsyncFunctionDef | ast.AsyncFor | ast.AsyncWith | ast.Await)


def imports_modules_only_at_home(name, source):
    """A module with a home is imported nowhere else: time and chance are ports, HTTP is for net."""
    roots = {imported.split(".")[0] for imported in imports_of(ast.parse(source, name))}
    return [f"imports {root}" for root in sorted(roots & set(HOMES)) if not lives_in(name, HOMES[root])]


def reads_no_clock(name, source):
    """`datetime.now` and its like are asked only where the real clock lives."""
    if lives_in(name, CHANCE_AND_TIME):
        return []
    return [
        f"line {node.lineno}: {ast.unparse(node)}"
        for node in ast.walk(ast.parse(source, name))
        if isinstance(node, ast.Attribute)
        and node.attr in {"now", "utcnow", "today"}
        and called(node.value) in {"datetime", "date"}
    ]


def catches_by_name(name, source):
    """Only the supervisor catches whatever comes; clearing up and raising on is not catching."""
    if lives_in(name, CATCHES_ALL):
        return []
    return [
        f"line {node.lineno}: catches everything"
        for node in ast.walk(ast.parse(source, name))
        if isinstance(node, ast.ExceptHandler) and catches_all(node)
    ]


def catches_all(handler):
    """Whether a handler takes any exception; BaseException with a bare raise at its end only passes it on."""
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    names = {None if one is None else called(one) for one in caught}
    last = handler.body[-1]
    if "BaseException" in names and isinstance(last, ast.Raise) and last.exc is None:
        return False
    return bool(names & {None, "Exception", "BaseException"})


def fits_a_screen(name, source):
    """No function and no file is longer than the alarm."""
    lengths = [
        (node.name, node.end_lineno - node.lineno + 1) for node in functions_of(ast.parse(source, name))
    ]
    long = [f"{function}: {lines} lines" for function, lines in lengths if lines > LONGEST_FUNCTION]
    lines = len(source.splitlines())
    return long + ([f"{lines} lines"] if lines > LONGEST_FILE else [])


RULES = [
    imports_only_what_it_may,
    imports_lazily,
    knows_no_other_system,
    is_pure,
    imports_modules_only_at_home,
    reads_no_clock,
    catches_by_name,
    fits_a_screen,
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_daemon_keeps_the_rule(rule):
    """
    No file of the daemon breaks a rule.
    """
    files = {str(path.relative_to(ROOT)): path.read_text() for path in sorted(ROOT.rglob("*.py"))}
    broken = {name: wrong for name, source in files.items() if (wrong := rule(name, source))}

    assert {} == broken


LONG_FUNCTION = "def long():\n" + "    step()\n" * LONGEST_FUNCTION

BROKEN = [
    # the rule                    who breaks it              how
    (imports_only_what_it_may, "core/plan.py", "from daemon.errors import RemoteError"),
    (imports_only_what_it_may, "core/plan.py", "from daemon import ports"),
    (imports_only_what_it_may, "core/plan.py", "import daemon.store.database"),
    (imports_only_what_it_may, "core/plan.py", "from . import merge"),
    (imports_only_what_it_may, "core/plan.py", "def late():\n    from daemon.net import client"),
    (imports_only_what_it_may, "engine/sync.py", "from daemon.store import journal"),
    (imports_only_what_it_may, "store/journal.py", "from daemon.engine import sync"),
    (imports_only_what_it_may, "systems/webcrm/wire.py", "from daemon.store import journal"),
    (imports_only_what_it_may, "sandbox/fortnox.py", "from daemon.systems.fortnox import wire"),
    (imports_only_what_it_may, "sandbox/fortnox.py", "from daemon.errors import RemoteError"),
    (imports_only_what_it_may, "bootstrap.py", "from daemon.sandbox import server"),
    (imports_only_what_it_may, "helpers.py", ""),
    (imports_lazily, "cli.py", "from daemon.sandbox.server import serve"),
    (imports_lazily, "cli.py", "try:\n    from daemon import demo\nfinally:\n    pass"),
    (knows_no_other_system, "systems/webcrm/wire.py", "from daemon.systems.fortnox import wire"),
    (knows_no_other_system, "systems/webcrm/wire.py", "from daemon.systems import fortnox"),
    (is_pure, "core/plan.py", "async def plan(): ..."),
    (is_pure, "core/plan.py", "rows = [row async for row in table]"),
    (is_pure, "core/plan.py", "import os"),
    (is_pure, "core/plan.py", "from pathlib import Path"),
    (is_pure, "core/plan.py", "import structlog"),
    (is_pure, "core/plan.py", "import time"),
    (is_pure, "core/plan.py", "at = datetime.now(UTC)"),
    (is_pure, "core/plan.py", "day = dt.date.today()"),
    (is_pure, "core/plan.py", "print(steps)"),
    (is_pure, "core/plan.py", "text = open('table').read()"),
    (is_pure, "pairs/fortnox_webcrm.py", "import random"),
    (is_pure, "pairs/fortnox_webcrm.py", "clock.sleep(1)"),
    (imports_modules_only_at_home, "engine/sync.py", "import time"),
    (imports_modules_only_at_home, "service/scheduler.py", "from time import monotonic"),
    (imports_modules_only_at_home, "store/journal.py", "import uuid"),
    (imports_modules_only_at_home, "net/client.py", "import random"),
    (imports_modules_only_at_home, "net/auth.py", "import secrets"),
    (imports_modules_only_at_home, "service/socket.py", "from aiohttp import web"),
    (imports_modules_only_at_home, "systems/webcrm/wire.py", "import httpx2"),
    (imports_modules_only_at_home, "service/realistic.py", "import time"),
    (reads_no_clock, "engine/sync.py", "at = dt.datetime.now(dt.UTC)"),
    (reads_no_clock, "net/auth.py", "clock = datetime.utcnow"),
    (reads_no_clock, "cli.py", "day = date.today()"),
    (catches_by_name, "engine/sync.py", "try:\n    go()\nexcept Exception:\n    pass"),
    (catches_by_name, "engine/sync.py", "try:\n    go()\nexcept:\n    raise"),
    (catches_by_name, "engine/sync.py", "try:\n    go()\nexcept (OSError, Exception):\n    pass"),
    (catches_by_name, "engine/sync.py", "try:\n    go()\nexcept BaseException as why:\n    log(why)"),
    (catches_by_name, "engine/sync.py", "try:\n    go()\nexcept* Exception:\n    pass"),
    (fits_a_screen, "engine/sync.py", LONG_FUNCTION),
    (fits_a_screen, "engine/sync.py", "step()\n" * (LONGEST_FILE + 1)),
]

FINE = [
    # the rule                    who may                     what
    (imports_only_what_it_may, "core/plan.py", "from daemon.core.merge import merge"),
    (imports_only_what_it_may, "engine/sync.py", "from daemon.ports import Clock"),
    (imports_only_what_it_may, "systems/webcrm/wire.py", "from daemon.net.client import Client"),
    (imports_only_what_it_may, "cli.py", "from daemon import __version__"),
    (imports_lazily, "cli.py", "def sandbox():\n    from daemon.sandbox.server import serve"),
    (knows_no_other_system, "systems/webcrm/wire.py", "from daemon.systems.webcrm.spec import PATHS"),
    (knows_no_other_system, "systems/__init__.py", "from daemon.systems.webcrm import connector"),
    (is_pure, "core/plan.py", "import datetime as dt\nnoon = dt.time(12)"),
    (is_pure, "engine/sync.py", "async def sync(): ..."),
    (imports_modules_only_at_home, "service/real.py", "import time, random, uuid, secrets"),
    (imports_modules_only_at_home, "sandbox/server.py", "import aiohttp"),
    (imports_modules_only_at_home, "net/client.py", "import httpx2"),
    (imports_modules_only_at_home, "demo.py", "import httpx2, time"),
    (reads_no_clock, "service/real.py", "at = datetime.now(UTC)"),
    (reads_no_clock, "engine/sync.py", "at = clock.now()"),
    (catches_by_name, "service/supervisor.py", "try:\n    go()\nexcept Exception:\n    pass"),
    (catches_by_name, "store/database.py", "try:\n    go()\nexcept BaseException:\n    undo()\n    raise"),
    (catches_by_name, "store/database.py", "try:\n    go()\nexcept OSError:\n    pass"),
    (fits_a_screen, "engine/sync.py", LONG_FUNCTION.removesuffix("    step()\n")),
]


def spoken(cases):
    """An id for each case: the rule, who, and the start of what."""
    return [f"{rule.__name__}: {name}: {source.splitlines()[-1:]!s:.60}" for rule, name, source in cases]


@pytest.mark.parametrize(("rule", "name", "source"), BROKEN, ids=spoken(BROKEN))
def test_a_broken_rule_is_caught(rule, name, source):
    """
    Each way of breaking a rule is seen by that rule.
    """
    assert [] != rule(name, source)


@pytest.mark.parametrize(("rule", "name", "source"), FINE, ids=spoken(FINE))
def test_what_only_looks_like_a_break_is_let_be(rule, name, source):
    """
    What a rule allows, it allows.
    """
    assert [] == rule(name, source)


def test_every_rule_is_shown_to_catch_something():
    """
    A rule that never catches anything is no rule.
    """
    assert set(RULES) == {rule for rule, _, _ in BROKEN}
