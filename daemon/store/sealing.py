"""
Seal what may be personal or secret before it reaches the disk.

AES-256-GCM with a fresh nonce each time; the context (table and key) is bound
in, so that a sealed value cannot be moved to another row. Values that must be
found again get a keyed digest instead: a plain hash of a personal identity
number could be guessed.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from daemon.errors import ConfigError, StateError

KEY_BYTES, NONCE_BYTES, DIGEST_BYTES = 32, 12, 16
_ENCODE, _DECODE = msgspec.msgpack.Encoder(), msgspec.msgpack.Decoder()


class Sealer:
    """Seals, opens and digests with one key."""

    def __init__(self, key: bytes, random_bytes: Callable[[int], bytes]) -> None:
        assert len(key) == KEY_BYTES
        self._aead = AESGCM(key)
        self._lookup_key = hashlib.sha256(b"lookup" + key).digest()
        self._random_bytes = random_bytes
        self.key_id = hashlib.sha256(b"id" + key).hexdigest()[:16]

    def seal(self, context: str, value: Any) -> bytes:
        """`value` (anything msgpack can hold), sealed for `context`."""
        nonce = self._random_bytes(NONCE_BYTES)
        return nonce + self._aead.encrypt(nonce, _ENCODE.encode(value), context.encode())

    def open(self, context: str, sealed: bytes) -> Any:
        """The value that was sealed for `context`. StateError when it was altered."""
        try:
            plain = self._aead.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], context.encode())
        except InvalidTag as error:
            raise StateError(
                "DBS03",
                "a sealed value does not open: the file was altered or damaged",
                context,
                "stop, keep the file, and restore the last backup",
            ) from error
        return _DECODE.decode(plain)

    def digest(self, value: Any) -> bytes:
        """Sixteen bytes that are equal for equal values, and tell nothing without the key."""
        plain = msgspec.json.encode(value, order="sorted")
        return hmac.digest(self._lookup_key, plain, "sha256")[:DIGEST_BYTES]

    def chain(self, before: bytes, row: Mapping[str, Any]) -> bytes:
        """The digest that ties `row` (sealed parts as they are stored) to the row before it."""
        plain = msgspec.json.encode({**row, "before": before}, order="sorted")
        return hashlib.sha256(plain).digest()[:DIGEST_BYTES]


def key_file(path: Path, random_bytes: Callable[[int], bytes], *, may_make: bool) -> bytes:
    """The key in `path`; made there, mode 0600, when there is none and nothing is sealed yet."""
    if not path.exists():
        if not may_make:
            raise ConfigError(
                "CFG20",
                "the state holds sealed values but its key is missing",
                str(path),
                "put the key back from where it was kept, or set [daemon] state_key; a new one opens nothing",
            )
        try:
            _write_key(path, random_bytes(KEY_BYTES))
        except OSError as error:
            todo = "free space or make the disk writable, then start again"
            what = f"the state's key cannot be written: {error.strerror}"
            raise StateError("DBS02", what, str(path), todo) from error
    return parse_key(path.read_bytes(), str(path))


def _write_key(path: Path, key: bytes) -> None:
    """Whole or not at all: half a key would keep the daemon from starting ever again."""
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, stat.S_IRUSR | stat.S_IWUSR)
    with os.fdopen(handle, "wb") as file:
        file.write(key.hex().encode())
        file.flush()
        os.fsync(file.fileno())
    new.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def parse_key(raw: bytes, where: str) -> bytes:
    """A key of 64 hexadecimal digits; any other secret of at least 16 characters is stretched to one."""
    text = raw.strip()
    if len(text) == 2 * KEY_BYTES:
        try:
            return bytes.fromhex(text.decode())
        except ValueError:
            pass
    if len(text) < KEY_BYTES // 2:
        raise ConfigError("CFG20", "the state key is too short", where, "use 64 hexadecimal digits")
    return hashlib.sha256(text).digest()
