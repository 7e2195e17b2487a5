"""
Read back, in one go, what was written to a side that answers without the stored record.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence

import anyio

from daemon.core.mapping import Table
from daemon.core.records import Lane, Seen, Side, Value
from daemon.core.recover import Found, born, shows
from daemon.core.steps import Create, Update
from daemon.core.work import Written
from daemon.engine.writing import Pending, Writer
from daemon.errors import GrantError, OutcomeUnknown, RemoteError

CLOCKS = dt.timedelta(seconds=10)  # their time is known to the second, by the headers of answers


async def confirm(writer: Writer, side: Side) -> None:
    """
    Settle what waits for being shown; what is not shown, or cannot be read, becomes unknown.

    What is cut off by a stop waits for one more reading.
    """
    pending, writer.pending[side] = writer.pending[side], []
    try:
        if pending:
            await _confirm_all(writer, side, pending)
    except anyio.get_cancelled_exc_class():
        writer.pending[side] = pending
        raise
    except (GrantError, RemoteError) as error:
        for each in pending:
            await writer.unknown(each.intent, error, answered=True)
        raise


async def _confirm_all(writer: Writer, side: Side, pending: list[Pending]) -> None:
    """Settled ones leave the list."""
    system = writer.system(side)
    first = min(each.intent.sent_at for each in pending if each.intent.sent_at)
    pages = system.read(writer.kind, first - system.overlap, Lane.FRESH)
    rows = [seen async for page in pages for seen in page.rows]
    by_id, by_number = {seen.id: seen for seen in rows}, _by_number(rows)
    while pending:
        seen = _shown(pending[0], system.table(writer.kind), by_id, by_number)
        await _confirm_one(writer, pending[0], seen)
        del pending[0]


def _lags(writer: Writer, each: Pending, seen: Seen) -> bool:
    """
    Whether a list still shows the record as it was before our write: it would pass for a person's edit.

    Rows alone are records of their own there, and need not touch the record that they belong to.
    """
    step, sent_at = each.intent.step, each.intent.sent_at
    if seen.changed_at is None or sent_at is None or step.fields.keys() <= writer.later(step):
        return False
    return seen.changed_at < sent_at - CLOCKS


def _by_number(rows: Iterable[Seen]) -> Mapping[Value, Sequence[Seen]]:
    found: dict[Value, list[Seen]] = {}
    for seen in rows:
        found.setdefault(seen.fields.get("number"), []).append(seen)
    return found


def _shown(
    each: Pending, table: Table, by_id: Mapping[str, Seen], by_number: Mapping[Value, Sequence[Seen]]
) -> Seen | None:
    """The record that was written: by its id, or by the number of a new one whose id was not told."""
    step = each.intent.step
    wanted = step.target_id if isinstance(step, Update) else each.answer.id
    if wanted:
        return by_id.get(wanted)
    assert isinstance(step, Create)
    number = table.normal("number", step.fields.get("number"))
    found = born(step.fields, table, by_number.get(number, ()))
    return found.seen if isinstance(found, Found) else None


async def _confirm_one(writer: Writer, each: Pending, seen: Seen | None) -> None:
    step = each.intent.step
    system = writer.system(step.side)
    if seen is not None and shows(step, system.table(step.kind), seen) and not _lags(writer, each, seen):
        await writer.settle(
            each.intent, seen, Written(outcome="done", status=each.answer.status), each.job.task
        )
        return
    what = "what was written is not shown"
    error = OutcomeUnknown("NET07", what, step.key, "it is looked for by itself", system=system.name)
    await writer.unknown(each.intent, error, answered=True)
