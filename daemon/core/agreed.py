"""
What a settled write means: what is agreed on now, and which records it was about. Pure.
"""

from __future__ import annotations

from daemon.core.agreement import Agreement
from daemon.core.documents import doubled, halfway
from daemon.core.mapping import Table
from daemon.core.records import Agreeing, Seen, Side, Value
from daemon.core.steps import Create, Step, Tables, Update


def made_equal(
    step: Create | Update, now: Seen, tables: Tables, agreement: Agreement, outcome: str = "done"
) -> Agreeing:
    """
    What the two sides agree on after a write: for each field that was sent, what each side holds.

    `outcome` tells how the write was settled. "done": Fortnox answers with what
    it stored, in one go; what it puts in the place of a cleared value is news for
    the partner. What is read some time later ("found", and always at the
    partner) may have been edited since by a person: what was sent is agreed, and
    a difference is an edit. What an earlier memory made ("adopted") was not made
    of these values: where it differs, nothing is agreed. Nor is it where money
    was stored as something else than was sent: a person must look.
    """
    table = tables.at(step.side)
    agreed: dict[str, tuple[Value, Value] | None] = {}
    for field, value in step.fields.items():
        rule = agreement.rule(field)
        if isinstance(step, Update) and field in step.then:
            agreed[field] = step.then[field]
            continue
        if field not in now.fields or (rule and rule.frozen) or _is_owner(field, agreement):
            continue
        shown, sent = now.fields[field], table.normal(field, value)
        differs = not agreement.says(field, step.side, shown, sent)
        if differs and outcome == "adopted":
            agreed[field] = None
        elif step.side is Side.PARTNER:
            both = field in table.later and doubled(sent, shown)
            agreed[field] = None if both else (value, sent)
        elif differs and rule and rule.careful:
            agreed[field] = None
        elif value is None:
            agreed[field] = (None, None)
        else:
            agreed[field] = (sent if differs and outcome == "found" else shown, value)
    if isinstance(step, Create):
        agreed |= dict.fromkeys(table.later, (None, None))
    return agreed


def _is_owner(field: str, agreement: Agreement) -> bool:
    """Whether a field names what the record belongs to: each side has its own id of that."""
    return agreement.belongs_to is not None and field == agreement.belongs_to.field


def half_written(step: Create | Update, now: Seen, table: Table) -> Agreeing:
    """
    What is agreed on rows, which take several requests, when some of those may be missing.

    What was written is nobody's edit, and the other side's rows are still
    news. Where a person wrote beside us, nothing is agreed: that person must choose.
    """
    if not isinstance(step, Update):
        return {}
    agreed: dict[str, tuple[Value, Value] | None] = {}
    for field in table.later & step.fields.keys():
        was, sent = step.was.get(field), table.normal(field, step.fields[field])
        shown = now.fields.get(field)
        other = was if sent is None else None  # not what the other side holds
        both = (other, shown) if step.side is Side.PARTNER else (shown, other)
        agreed[field] = both if halfway(was, sent, shown) else None
    return agreed


def ids_of(step: Step) -> tuple[str | None, str | None]:
    """Fortnox' and the partner's id, as far as a step knows them."""
    match step:
        case Create(side=Side.FORTNOX):
            return None, step.source_id
        case Create():
            return step.source_id, None
        case Update(side=Side.FORTNOX):
            return step.target_id, step.source_id
        case Update():
            return step.source_id, step.target_id
        case _:
            return step.fortnox_id, step.partner_id
