"""Reading a secret, when it is needed, from where the config says."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from daemon.errors import GrantError
from daemon.pairs.settings import SecretRef

MOST_SECRET_BYTES: Final = 65_536


def read_secret(reference: SecretRef, environ: Mapping[str, str] = os.environ) -> str:
    """
    The secret behind `reference`, without the line end; read now, kept nowhere.

    Raises GrantError AUT01 when it is absent or empty, AUT02 when others than
    the owner may read its file. The service manager guards its credentials
    itself, so their mode is not looked at.
    """
    if reference.file is not None:
        return _read_private(Path(reference.file), guarded=False)
    folder = environ.get("CREDENTIALS_DIRECTORY")
    if folder is None:
        what = "credentials come from the service manager and it gave none"
        todo = f"add LoadCredential={reference.credential}:PATH to the unit, or name a file instead"
        raise GrantError("AUT01", what, str(reference), todo)
    return _read_private(Path(folder) / str(reference.credential), guarded=True)


def _read_private(file: Path, *, guarded: bool) -> str:
    try:
        with file.open("rb") as stream:
            mode = stat.S_IMODE(os.fstat(stream.fileno()).st_mode)
            if mode & 0o077 and not guarded:
                what = f"others may read this secret: its mode is {mode:04o}"
                raise GrantError("AUT02", what, str(file), f"chmod 600 {file}")
            secret = stream.read(MOST_SECRET_BYTES).decode().strip()
    except (OSError, UnicodeDecodeError) as error:
        what = f"the secret cannot be read: {getattr(error, 'strerror', None) or 'not UTF-8'}"
        todo = "make it, then fortnox-syncd reload; a credential of the unit needs a restart"
        raise GrantError("AUT01", what, str(file), todo) from error
    if not secret:
        raise GrantError("AUT01", "the secret is empty", str(file), "write the secret into it")
    return secret
