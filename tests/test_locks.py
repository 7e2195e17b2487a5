"""
The lock files: what is installed is exactly what was tested, wherever it is fetched from.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
LOCKS = ["requirements.lock", "requirements-dev.lock"]
PIN = re.compile(
    r"(?P<name>[a-z0-9-]+)==(?P<version>\S+)(?: ; (?P<where>[^\\]+?))?(?P<hashes>(?: --hash=\S+)*)"
)
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


def lines_of(text):
    """The requirement lines of a lock, each with its continuation lines joined to it."""
    return [line for line in re.sub(r"\s*\\\n\s*", " ", text).splitlines() if line.strip()]


def faults_of(text):
    """What a lock must not be: loose, without hashes, or bound to where it was made."""
    faults = []
    for line in lines_of(text):
        pin = PIN.fullmatch(line)
        if pin is None:
            faults.append(f"not a pinned requirement: {line[:60]}")
        elif not pin["hashes"] or not all(HASH.fullmatch(word) for word in pin["hashes"].split()):
            faults.append(f"no sha256: {pin['name']}")
    if "://" in text:
        faults.append("holds an address")
    return faults


def pins_of(name):
    """Package name to pinned version."""
    return {
        pin["name"]: pin["version"]
        for line in lines_of((ROOT / name).read_text())
        if (pin := PIN.fullmatch(line))
    }


def asked_for(*, groups):
    """The requirements of pyproject.toml: what the daemon needs, and what the named groups need."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    asked = list(project["project"]["dependencies"])
    for group in groups:
        asked += [entry for entry in project["dependency-groups"][group] if isinstance(entry, str)]
    return [Requirement(entry) for entry in asked]


@pytest.mark.parametrize("lock", LOCKS)
def test_every_line_is_pinned_and_hashed_and_bound_to_no_place(lock):
    """
    No line is loose or without a hash, and no address or option of a package index is written down.
    """
    assert [] == faults_of((ROOT / lock).read_text())


GOOD = f"h11==0.16.0 \\\n    --hash=sha256:{'a' * 64} \\\n    --hash=sha256:{'b' * 64}\n"
BAD = [
    # what is wrong                   the lock
    ("a loose version", GOOD.replace("==", ">=")),
    ("no hash", "h11==0.16.0\n"),
    ("a short hash", GOOD.replace("a" * 64, "a" * 63)),
    ("a weak hash", GOOD.replace("sha256", "md5")),
    ("an index option", "--index-url somewhere\n" + GOOD),
    ("a folder of wheels", "--find-links wheels\n" + GOOD),
    ("an address", "h11 @ https://host/h11.whl\n" + GOOD),
    ("a comment with a command", "# made by somebody\n" + GOOD),
]


@pytest.mark.parametrize("text", [text for _, text in BAD], ids=[name for name, _ in BAD])
def test_a_lock_with_a_fault_is_caught(text):
    """
    Each way of loosening a lock is seen.
    """
    assert [] == faults_of(GOOD)
    assert [] != faults_of(text)


@pytest.mark.parametrize(
    ("lock", "groups"), [("requirements.lock", ["build"]), ("requirements-dev.lock", ["build", "dev"])]
)
def test_the_lock_answers_what_pyproject_asks_for(lock, groups):
    """
    Everything that pyproject.toml names is in the lock, at a version it allows.
    """
    pins = pins_of(lock)
    wrong = [
        str(asked)
        for asked in asked_for(groups=groups)
        if not asked.specifier.contains(pins.get(canonicalize_name(asked.name), "0"))
    ]
    assert [] == wrong


def test_what_is_tested_is_what_runs():
    """
    The development lock holds every package of the runtime lock at the same version.
    """
    development = pins_of("requirements-dev.lock")
    assert {} == {
        name: version
        for name, version in pins_of("requirements.lock").items()
        if development.get(name) != version
    }
