"""What was done, appended for good: each row is chained to the one before it."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Mapping
from typing import Any

from daemon.core.steps import Link, Step
from daemon.core.work import Written
from daemon.store.chain import NO_CHAIN
from daemon.store.queries import SQL
from daemon.store.sealing import Sealer
from daemon.store.times import to_text


def append(
    db: sqlite3.Connection,
    sealer: Sealer,
    here: Mapping[str, Any],
    step: Step,
    ids: tuple[str | None, str | None],
    written: Written,
    now: dt.datetime,
) -> None:
    """One row. `here` names the connector and the kind; `ids` are Fortnox' and the partner's."""
    sent = None if isinstance(step, Link) else dict(step.fields)
    row: dict[str, Any] = {
        "at": to_text(now),
        **here,
        "key": step.key,
        "fortnox_id": ids[0],
        "partner_id": ids[1],
        "action": str(step.__struct_config__.tag),
        "outcome": written.outcome,
        "side": None if isinstance(step, Link) else step.side.value,
        "status": written.status,
        "code": written.code,
        "sealed_cause": sealer.seal(f"cause|{step.key}", written.cause or step.reason),
        "remedy": written.remedy,
        "sealed_sent": None if sent is None else sealer.seal(f"audit|{step.key}", sent),
    }
    last = db.execute(SQL["audit_last"]).fetchone()
    row["chain"] = sealer.chain(last[0] if last else NO_CHAIN, row)
    db.execute(SQL["audit_add"], row)
