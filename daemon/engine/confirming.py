"""
Read back, in one go, what was written to a side that answers without the stored record.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import anyio

from daemon.core.mapping import Table
from daemon.core.records import Lane, Seen, Side, Value
from daemon.core.recover import Found, born, may_be_old, shows
from daemon.core.steps import Create, Update
from daemon.core.work import Written
from daemon.engine.writing import Pending, Writer
from daemon.errors import OutcomeUnknown


async def confirm(writer: Writer, side: Side) -> None:
    """
    Settle what waits for being shown; what is not shown becomes unknown.

    What is cut off by a stop waits for one more reading; what cannot be read
    is left as sent, and found unknown by the next pass.
    """
    pending, writer.pending[side] = writer.pending[side], []
    try:
        if pending:
            await _confirm_all(writer, side, pending)
    except anyio.get_cancelled_exc_class():
        writer.pending[side] = pending
        raise


async def _confirm_all(writer: Writer, side: Side, pending: list[Pending]) -> None:
    """Settled ones leave the list."""
    system = writer.system(side)
    first = min(each.intent.sent_at for each in pending if each.intent.sent_at)
    pages = system.read(writer.kind, first - system.overlap, Lane.FRESH)
    rows = [seen async for page in pages for seen in page.rows]
    by_id = {seen.id: seen for seen in rows}  # a list may show one twice
    by_number = _by_number(by_id.values())
    while pending:
        seen = _shown(pending[0], system.table(writer.kind), by_id, by_number)
        await _confirm_one(writer, pending[0], seen)
        del pending[0]


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
    step, sent_at = each.intent.step, each.intent.sent_at
    system = writer.system(step.side)
    if seen is not None and sent_at and may_be_old(seen, sent_at):
        seen = await system.get(step.kind, seen.id, Lane.FRESH)
    if seen is not None and shows(step, system.table(step.kind), seen):
        await writer.settle(
            each.intent, seen, Written(outcome="done", status=each.answer.status), each.job.task
        )
        return
    what = "what was written is not shown"
    error = OutcomeUnknown("NET07", what, step.key, "it is looked for by itself", system=system.name)
    await writer.unknown(each.intent, error)
