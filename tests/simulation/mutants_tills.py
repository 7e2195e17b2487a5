"""What is broken on purpose in the postings and the stock of tills; found by `tills.py` and `stocks.py`."""

from __future__ import annotations

from typing import Final

from tests.simulation.mutants_table import ACCOUNT, MERGE, SETTLING, Mutant

TILLS: Final = "tills"  # what a break needs that only a shop with registers shows
STOCK: Final = "stock"
POSTINGS: Final = "daemon/core/postings.py"
PAIR: Final = "daemon/pairs/fortnox_eskassa/postings.py"
WATCHING: Final = "daemon/engine/watching.py"
CHECKS: Final = "daemon/engine/checks.py"
ROUNDS: Final = "daemon/engine/rounds.py"
SYNC: Final = "daemon/engine/sync.py"
PLAN: Final = "daemon/core/plan.py"

REPORTS: Final = (
    Mutant(
        "reports",
        "a report is booked without being looked for first",
        PAIR,
        "        looked_for=True,\n        series=",
        "        series=",
        needs=f"{TILLS} S",
    ),
    Mutant(
        "reports",
        "a number that was passed over is forgotten",
        WATCHING,
        "for each in ids[-GAP_MOST:]",
        "for each in ids[:0]",
        needs=TILLS,
    ),
    Mutant(
        "reports",
        "the alarm comes a day late",
        POSTINGS,
        "next_working_day(day), DUE_AT",
        "next_working_day(next_working_day(day)), DUE_AT",
        needs=TILLS,
    ),
    Mutant(
        "reports",
        "the alarm needs both vendors",
        SYNC,
        "        await self._watch.overdue()  # first: it must be told also when somebody is away\n",
        "        await self._prepare()\n        await self._watch.overdue()\n",
        needs=f"{TILLS} H",
    ),
    Mutant(
        "reports",
        "a report that does not balance is dropped",
        PAIR,
        """return bool(report.get("entries") or report.get("odd"))""",
        """return not balance(unpacked(report.get("entries"))) and bool(report.get("entries"))""",
        needs=TILLS,
    ),
    Mutant(
        "reports",
        "reports are booked the newest first",
        CHECKS,
        "return sorted(jobs, key=turn)",
        "return sorted(jobs, key=turn, reverse=True)",
        needs=TILLS,
    ),
    Mutant(
        "reports",
        "the next one is booked while nobody knows of the one before",
        ROUNDS,
        "if serial and writer.unsure:",
        "if not serial and writer.unsure:",
        also=(
            (
                CHECKS,
                "if any(intent.step.kind == kind and isinstance(intent.step, Create) for intent in unknown):",
                "if not kind:",
            ),
        ),
        needs=f"{TILLS} N",
    ),
    Mutant(
        "reports",
        "what comes late is never looked for",
        ACCOUNT,
        "LATEST = dt.timedelta(days=400)",
        "LATEST = dt.timedelta(days=7)",
        needs=TILLS,
    ),
    Mutant(
        "reports",
        "a voucher bears the day of the last sale",
        PAIR,
        """at = report.get("sold_at") if settings.booked_on == "last_transaction_date" else None""",
        """at = report.get("sold_at")""",
        needs=TILLS,
    ),
    Mutant(
        "reports",
        "a voucher that a person changed is nobody's business",
        MERGE,
        "    if was and (rule.adds or rule.frozen):",
        "    if was and rule.frozen:\n        return was\n    if was and rule.adds:",
        needs=TILLS,
    ),
)

QUANTITIES: Final = (
    Mutant(
        "stock",
        "both sides are told at once, and each takes the other's for its own",
        MERGE,
        "            to[side][field], then[field] = value, _then(side, ours, theirs)\n",
        "            to[Side.FORTNOX][field] = to[Side.PARTNER][field] = value\n"
        "            then[field] = (value, value)\n",
        needs=STOCK,
    ),
    Mutant(
        "stock",
        "what is agreed moves before the write is confirmed",
        MERGE,
        "            to[side][field], then[field] = value, _then(side, ours, theirs)\n",
        "            to[side][field], then[field] = value, _then(side, ours, theirs)\n"
        "            alike[field] = then[field]\n",
        needs=STOCK,
    ),
    Mutant(
        "stock",
        "a change that nobody told of is sent once more",
        SETTLING,
        "        if seen and took:\n",
        "        took = False\n        if seen and took:\n",
        needs=f"{STOCK} N",
    ),
    Mutant(
        "stock",
        "two equal changes are taken for one",
        MERGE,
        "    if was and (rule.adds or rule.frozen):",
        "    if was and rule.frozen:",
        needs=STOCK,
    ),
    Mutant(
        "stock",
        "the newer number wins",
        MERGE,
        "        return Side.FORTNOX, ours + theirs - was[1]\n",
        "        return Side.FORTNOX, theirs\n",
        needs=STOCK,
    ),
    Mutant(
        "stock",
        "what was sold while a write was unclear is overwritten",
        SETTLING,
        "        elif seen and took is None:\n",
        "        elif seen and not took and took:\n",
        needs=f"{STOCK} N",
    ),
)

BREAKS: Final = (*REPORTS, *QUANTITIES)
