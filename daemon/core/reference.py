"""
The mark our writes carry, so that they can be found again. Pure.

`FS1.<connector 2>.<kind 1>.<26 characters>`, always 35 characters, only A-Z, 0-9
and dots: never part of another one, no wildcard of a LIKE search, no personal
data, the same for ever for the same record.
"""

from __future__ import annotations

import base64
import hashlib


def reference(tenant: str, connector: str, letters: str, kind: str, record_id: str) -> str:
    """
    The mark of one partner record at one Fortnox company.

    `connector` is the identity of the partner account ("webcrm:<account>"), or
    the vendor's name where no other account has the record's id; never a name
    from the config. `letters` are the two of the system ("WC").
    """
    digest = hashlib.sha256(f"{tenant}|{connector}|{kind}|{record_id}".encode()).digest()
    tail = base64.b32encode(digest).decode()[:26]
    return f"FS1.{letters}.{kind[0].upper()}.{tail}"
