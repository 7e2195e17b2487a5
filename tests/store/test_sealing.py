"""What is personal lies sealed on the disk, and only with the right key and in its own place does it open."""

from __future__ import annotations

import errno
import json
import os
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.errors import ConfigError, StateError
from daemon.sandbox.faults import Fault
from daemon.store.journal import open_journal
from daemon.store.sealing import Sealer, key_file, parse_key
from tests.town import Town, TownClock, TownIds

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)
CANARIES = ("Hemlige Harry", "08-7777777", "19121212-1212", "kanarie@example.com", "Tystgatan", "Gåsö")


def sealer(key=b"k" * 32, seed=1):
    """A sealer with repeatable nonces."""
    return Sealer(key, TownIds(seed).bytes)


@given(value=VALUES, context=st.text())
def test_what_was_sealed_opens_to_the_same_value(value, context):
    """
    Any value that a record can hold.
    """
    one = sealer()
    assert one.open(context, one.seal(context, value)) == value


@given(value=st.text(min_size=4), at=st.integers(0, 40))
def test_a_changed_byte_or_another_place_does_not_open(value, at):
    """
    DBS03, never another value.
    """
    sealed = bytearray(sealer().seal("link|1", value))
    moved = bytes(sealed)
    sealed[at % len(sealed)] ^= 1
    for context, raw in (("link|1", bytes(sealed)), ("link|2", moved)):
        with pytest.raises(StateError) as caught:
            sealer().open(context, raw)
        assert caught.value.code == "DBS03"


@given(left=VALUES, right=VALUES)
def test_digests_are_equal_exactly_for_equal_values(left, right):
    """
    They find a twin without its name, and differ under another key.
    """
    one = sealer()
    alike = json.dumps(left, sort_keys=True) == json.dumps(right, sort_keys=True)
    assert (one.digest(left) == one.digest(right)) is alike
    assert one.digest(left) != sealer(b"o" * 32).digest(left)


async def test_no_name_number_or_telephone_of_anybody_is_in_the_files(tmp_path):
    """
    Customers that are linked, parked, in conflict, in flight and in the log: nothing of them is
    readable in any file of the state folder.
    """
    town = Town(tmp_path)
    person = {"Name": "Hemlige Harry", "Phone1": "08-7777777", "Type": "PRIVATE", "Address1": "Tystgatan 1"}
    number = town.people.new_customer(
        **person, OrganisationNumber="121212-1212", Email="kanarie@example.com", City="Gåsö"
    )["CustomerNumber"]
    await town.sync_once()
    town.people.edit_customer(number, Phone1="08-7777777-1", Name="Hemlige Harry den andre")
    (organisation,) = town.people.organisations()
    town.people.edit_organisation(organisation, Telephone="08-7777777-2", Name="Hemlige Harry den tredje")
    town.world.faults.add(
        Fault(fault="status", status=400, system="fortnox", method="POST", path="/3/customers")
    )
    town.people.new_organisation("Hemlige Harry den fjärde", Telephone="08-7777777")
    await town.sync_once()
    town.world.faults.add(Fault(fault="lost_after", system="webcrm", method="PUT"))
    town.people.edit_customer(number, WWW="08-7777777.example")
    await town.sync_once()
    async with town.running():
        assert await town.desk.conflicts()
        assert await town.desk.parked()
        assert await town.desk.intents()
    files = [path for path in (tmp_path / "state").rglob("*") if path.is_file()]
    raw = b"".join(path.read_bytes() for path in files)
    for canary in (*CANARIES, "121212-1212", "1212121212"):
        for spelled in (canary.encode(), canary.encode("utf-16-le"), canary.upper().encode()):
            assert spelled not in raw, canary
    assert b"sandbox-secret" not in raw


# ------------------------------------------------------------------ the key


async def journal(folder, secret=None):
    """An opened state."""
    return await open_journal(folder, TownClock(), TownIds(), secret)


async def test_a_state_makes_its_own_key_readable_to_nobody_else(tmp_path):
    """
    Mode 0600, 64 hexadecimal digits, and the same key at the next start.
    """
    first = await journal(tmp_path)
    await first.close()
    second = await journal(tmp_path)
    await second.close()
    key = tmp_path / "key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert len(key.read_text()) == 64
    assert first.sealer.key_id == second.sealer.key_id


@pytest.mark.parametrize("step", ["fsync", "rename"])
def test_a_key_is_there_whole_or_not_at_all(tmp_path, monkeypatch, step):
    """
    A death or a full disk while it is written leaves no half of one; the next start makes it.
    """
    path = tmp_path / "key"

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(os, "fsync", full) if step == "fsync" else disk.setattr(Path, "rename", full)
        with pytest.raises(StateError, match="No space left"):
            key_file(path, bytes, may_make=True)
    assert not path.exists()
    assert len(key_file(path, bytes, may_make=True)) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_a_missing_key_is_cfg20_and_never_a_new_one(tmp_path):
    """
    Sealed values and no key: exit 78, and no key file appears.
    """
    await (await journal(tmp_path)).close()
    (tmp_path / "key").unlink()
    with pytest.raises(ConfigError) as caught:
        await journal(tmp_path)
    assert (caught.value.code, caught.value.exit_code) == ("CFG20", 78)
    assert not (tmp_path / "key").exists()


async def test_another_key_is_refused(tmp_path):
    """
    It would open nothing; the lock is free again afterwards.
    """
    await (await journal(tmp_path)).close()
    with pytest.raises(ConfigError) as caught:
        await journal(tmp_path, "a" * 64)
    await (await journal(tmp_path)).close()
    assert (caught.value.code, caught.value.exit_code) == ("CFG20", 78)


KEYS = {"": "CFG20", "short": "CFG20", "a" * 15: "CFG20"}


@pytest.mark.parametrize("text", KEYS)
def test_a_key_that_could_be_guessed_is_refused(text):
    """
    Fewer than sixteen characters.
    """
    with pytest.raises(ConfigError) as caught:
        parse_key(text.encode(), "here")
    assert caught.value.code == KEYS[text]


def test_a_key_is_64_hexadecimal_digits_or_any_longer_secret():
    """
    A line end does not matter; other secrets are stretched.
    """
    assert parse_key(b"0f" * 32 + b"\n", "here") == b"\x0f" * 32
    assert len(parse_key(b"correct horse battery", "here")) == 32


async def test_a_tampered_row_is_dbs03(tmp_path):
    """
    A link whose sealed values were changed on the disk stops the pass instead of being believed.
    """
    town = Town(tmp_path)
    number = town.people.new_customer(Name="Acme AB")["CustomerNumber"]
    await town.sync_once()
    with closing(sqlite3.connect(tmp_path / "state" / "state.db")) as db:
        db.execute("UPDATE links SET sealed_agreed = zeroblob(40)")
        db.commit()
    town.people.edit_customer(number, Phone1="08-1")
    with pytest.raises(StateError) as caught:
        await town.sync_once()
    assert caught.value.code == "DBS03"
