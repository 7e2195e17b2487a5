"""
What is broken on purpose: each a literal replacement, which a careless engineer could really have written.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct


class Mutant(Struct, frozen=True):
    """
    One break: `old` is exactly once in `file`; `also` what else must be broken where two look at the same.

    `needs` are the kinds, classes of faults and so on without which a world cannot show it: others are
    passed over.
    """

    area: str
    name: str
    file: str
    old: str
    new: str
    also: tuple[tuple[str, str, str], ...] = ()
    needs: str = ""

    @property
    def changes(self) -> tuple[tuple[str, str, str], ...]:
        """File, old and new text of each."""
        return ((self.file, self.old, self.new), *self.also)


WRITING: Final = "daemon/engine/writing.py"
SETTLING: Final = "daemon/engine/settling.py"
QUERIES: Final = "daemon/store/queries.sql"
ACCOUNT: Final = "daemon/engine/account.py"
AUTH: Final = "daemon/net/auth.py"
BUDGET: Final = "daemon/core/budget.py"
MERGE: Final = "daemon/core/merge.py"
AGREED: Final = "daemon/core/agreed.py"
LEGAL: Final = "daemon/core/legal.py"
DOCUMENTS: Final = "daemon/core/documents.py"
ROWS: Final = "daemon/systems/fortnox/rows.py"
FORTNOX_DOCUMENTS: Final = "daemon/systems/fortnox/documents.py"
DELIVERIES: Final = "daemon/systems/webcrm/deliveries.py"
WEBCRM_LINES: Final = "daemon/systems/webcrm/lines.py"
WEBCRM_MAPPING: Final = "daemon/systems/webcrm/mapping.py"
WEBCRM_SYSTEM: Final = "daemon/systems/webcrm/system.py"
FORTNOX_MAPPING: Final = "daemon/systems/fortnox/mapping.py"
FORTNOX_REGISTERS: Final = "daemon/systems/fortnox/registers.py"
DOCUMENT_PAIR: Final = "daemon/pairs/fortnox_webcrm_documents.py"
ADDRESS: Final = "daemon/core/address.py"

PROTOCOL: Final = (
    Mutant(
        "protocol",
        "a request leaves before it is stored that it was sent",
        WRITING,
        """\
        intent = await self._journal.write(lambda tx: tx.intents(self._binding).sent(intent, now))
        try:
            answer = await self._request(job, intent, lane)
""",
        """\
        try:
            answer = await self._request(job, intent, lane)
            intent = await self._journal.write(lambda tx: tx.intents(self._binding).sent(intent, now))
""",
    ),
    Mutant(
        "protocol",
        "an unclear answer counts as a refusal",
        WRITING,
        """\
        except OutcomeUnknown as error:
            await self.unknown(intent, error)
            return
        except (GrantError""",
        """\
        except OutcomeUnknown:
            await self._journal.write(lambda tx: self._back_out(tx, intent))
            return
        except (GrantError""",
    ),
    Mutant(
        "protocol",
        "an unclear write is looked for at once",
        WRITING,
        "dt.timedelta(seconds=REQUEST_S) + self._timing.settle if wait is None else wait",
        "dt.timedelta(0) if wait is None else wait",
    ),
    Mutant(
        "protocol",
        "an unclear write is looked for before a late effect shows",
        WRITING,
        "dt.timedelta(seconds=REQUEST_S) + self._timing.settle if wait is None else wait",
        "dt.timedelta(seconds=REQUEST_S) if wait is None else wait",
    ),
    Mutant(
        "protocol",
        "two looks come without a gap",
        SETTLING,
        "self._writer.looks.put_off(intent, self._timing.gap, their_time)",
        "self._writer.looks.put_off(intent, dt.timedelta(0), their_time)",
    ),
    Mutant("protocol", "one empty look is enough", SETTLING, "LOOKS = 2  #", "LOOKS = 1  #"),
    Mutant("protocol", "an attempt is not counted", QUERIES, "attempt = attempt + 1, looks = 0", "looks = 0"),
    Mutant(
        "protocol",
        "what was sent is forgotten at a restart",
        QUERIES,
        "AND state = 'ready' AND attempt = 0",
        "AND state IN ('ready', 'sent')",
    ),
    Mutant(
        "protocol",
        "after a restart what was sent is looked for at once",
        "daemon/engine/sync.py",
        "settle = self._settings.timing.settle + dt.timedelta(seconds=REQUEST_S)",
        "settle = dt.timedelta(0)",
    ),
    Mutant(
        "protocol",
        "an unclear update is taken for done",
        SETTLING,
        "kept = landed(step, table, seen.fields, agreement) if seen else frozenset[str]()",
        "kept = frozenset(step.fields) if seen else frozenset[str]()",
    ),
    Mutant(
        "protocol",
        "an unclear update is forgotten",
        SETTLING,
        "        if seen is None or not kept:\n",
        "        if seen is None or kept is not None:\n",
        needs="R",
    ),
    Mutant(
        "protocol",
        "a record is written as it was planned, without another look at it",
        WRITING,
        "return now is not None and now[0].fields == job.decision.unit.records[step.side].fields",
        "return now is not None",
    ),
    Mutant(
        "protocol",
        "what an unclear write may have made is linked like any twin",
        "daemon/store/work.py",
        """for key in (unit.key, *twins))""",
        """for key in (unit.key,))""",
        needs="R",
    ),
    Mutant(
        "protocol",
        "a new memory creates at once",
        "daemon/engine/rounds.py",
        "        if 0 < wait_s <= PATIENCE_S:\n",
        "        if wait_s > 0:\n            return\n        if 0 < wait_s <= PATIENCE_S:\n",
    ),
    Mutant(
        "protocol",
        "a document is created without a look for it",
        "daemon/core/birth.py",
        "look = (unit.young or agreement.looked_for) and",
        "look = unit.young and",
    ),
    Mutant(
        "protocol",
        "a part of a number is a hit",
        "daemon/core/recover.py",
        "if hit.fields.get(name) == wanted)",
        "if str(wanted) in str(hit.fields.get(name)))",
        also=(
            (
                "daemon/systems/webcrm/catalogue.py",
                """if seen.fields["number"] == wanted]""",
                """if str(wanted) in str(seen.fields["number"])]""",
            ),
        ),
        needs="article N",
    ),
    Mutant(
        "protocol",
        "only the first page of a list is read",
        "daemon/systems/webcrm/calls.py",
        "            full = len(found.rows) >= spec.PAGE_SIZE\n",
        "            full = False\n",
    ),
)

THROTTLE: Final = (
    Mutant(
        "throttle",
        "one call too many",
        BUDGET,
        "Budget(slots=24, window_s=5.0)",
        "Budget(slots=25, window_s=5.0)",
    ),
    Mutant(
        "throttle",
        "a window too short",
        BUDGET,
        "Budget(slots=24, window_s=5.0)",
        "Budget(slots=24, window_s=4.5)",
    ),
    Mutant(
        "throttle",
        "a slot is free a window after the request left, not after its answer",
        "daemon/net/throttle.py",
        "        answered = False\n        try:\n",
        "        answered, began_s = False, self._clock.monotonic()\n        try:\n",
        also=(
            (
                "daemon/net/throttle.py",
                "arithmetic.end(self._calls, self._clock.monotonic(), answered=answered)",
                "arithmetic.end(self._calls, began_s)",
            ),
        ),
    ),
    Mutant(
        "throttle",
        "nobody pauses when they ask to slow down",
        "daemon/net/outcome.py",
        """return not is_success(status) and verdict(system, status).code == "NET09\"""",
        "return False",
        needs="M",
    ),
    Mutant(
        "throttle",
        "a crash frees the whole budget",
        "daemon/bootstrap/house.py",
        "return [max(0.0, now - self._crashed_at) - ARRIVAL_S] * budget.slots",
        "return []",
    ),
)

MARKS: Final = (
    Mutant(
        "marks",
        "a mark does not say of which kind",
        "daemon/core/reference.py",
        """\
    digest = hashlib.sha256(f"{tenant}|{connector}|{kind}|{record_id}".encode()).digest()
    tail = base64.b32encode(digest).decode()[:26]
    return f"FS1.{letters}.{kind[0].upper()}.{tail}"
""",
        """\
    digest = hashlib.sha256(f"{tenant}|{connector}|{record_id}".encode()).digest()
    tail = base64.b32encode(digest).decode()[:26]
    return f"FS1.{letters}.R.{tail}"
""",
    ),
    Mutant(
        "marks",
        "a mark is made from a name in the config",
        "daemon/bootstrap/house.py",
        "tenant, kind.whose(record, binding.partner), kind.letters, record, record_id",
        "tenant, name, kind.letters, record, record_id",
    ),
    Mutant(
        "marks",
        "a reading begins where the last one ended, without an overlap",
        ACCOUNT,
        "since = known.mark - self.system.overlap if known else None",
        "since = known.mark if known else None",
    ),
    Mutant(
        "marks",
        "the mark is the time of our own clock",
        ACCOUNT,
        "mark, complete = min(page.server_time, self._clock.now()), page.complete",
        "mark, complete = self._clock.now(), page.complete",
    ),
    Mutant(
        "marks",
        "the mark moves before the rows are stored",
        ACCOUNT,
        """\
            if finish:
                here.finish(finish)

        await self._journal.write(work)
""",
        """\

        if finish:
            await self._journal.write(lambda tx: self._here(tx, agreement.kind).finish(finish))
        await self._journal.write(work)
""",
        needs="P",
    ),
    Mutant(
        "marks",
        "a record read once is not read again while it stays in the window",
        "daemon/store/observations.py",
        "(again_after if stored.read_at else",
        "(again_after + dt.timedelta(hours=1) if stored.read_at else",
    ),
)

TOKENS: Final = (
    Mutant(
        "token store",
        "a spent refresh token is sent again",
        AUTH,
        "refresh=answer.refresh or old_refresh,",
        "refresh=old_refresh or answer.refresh,",
    ),
    Mutant(
        "token store",
        "a new token is used before it is stored",
        AUTH,
        """\
        await self._keep(renewed)
        self._check(answer.access, answer.scopes)
        return renewed
""",
        """\
        self._unsaved[self._name] = renewed
        self._check(answer.access, answer.scopes)
        return renewed
""",
    ),
    Mutant(
        "token store",
        "a new pair takes the place of the old one",
        AUTH,
        "renewed = self._row(answer, asked_at, row.generation + 1, row.refresh)",
        "renewed = self._row(answer, asked_at, row.generation, row.refresh)",
    ),
    Mutant(
        "token store",
        "several renew at once",
        AUTH,
        """\
            async with self._lock:
                access = self._fresh() or await self._renewed()
""",
        """\
            access = await self._renewed()
""",
    ),
    Mutant(
        "token store",
        "the oldest generation counts",
        QUERIES,
        "FROM tokens WHERE name = :name ORDER BY generation DESC LIMIT 1",
        "FROM tokens WHERE name = :name ORDER BY generation LIMIT 1",
    ),
    Mutant(
        "token store",
        "a pair that could not be stored is let go",
        AUTH,
        "        self._unsaved[self._name] = row\n",
        "",
        needs="D authorization_code",
    ),
)

MERGES: Final = (
    Mutant(
        "merge",
        "what was agreed is not stored",
        "daemon/store/work.py",
        "both = {**(before.agreed if before else {}), **agreed}",
        "both = {**agreed, **(before.agreed if before else {})}",
    ),
    Mutant(
        "merge",
        "the loser of a conflict is not recorded",
        "daemon/engine/rounds.py",
        "work.note_conflicts(decision.unit.key, decision.conflicts, now)",
        "work.note_conflicts(decision.unit.key, (), now)",
    ),
    Mutant(
        "merge",
        "the side that does not decide wins",
        MERGE,
        "    winner = Side(rule.decides.value)\n",
        "    winner = Side(rule.decides.value).other\n",
    ),
    Mutant(
        "merge",
        "Fortnox' value counts as an edit whenever the two differ",
        MERGE,
        "ours_changed = was is None or ours != was[0]",
        "ours_changed = was is None or ours != was[0] or theirs != was[1]",
    ),
    Mutant(
        "merge",
        "what is found later counts as what was sent",
        AGREED,
        """agreed[field] = (sent if differs and outcome == "found" else shown, value)""",
        "agreed[field] = (shown, value)",
        needs="R",
    ),
    Mutant(
        "merge",
        "what the partner shows after a write counts as written",
        AGREED,
        "agreed[field] = None if both else (value, sent)",
        "agreed[field] = None if both else (value, shown)",
    ),
    Mutant(
        "merge",
        "what was alike when two were linked is not agreed on",
        "daemon/engine/rounds.py",
        "work.agree(bond.fortnox_id, bond.partner_id, decision.alike, now)",
        "work.agree(bond.fortnox_id, bond.partner_id, {}, now)",
    ),
    Mutant(
        "merge",
        "rows written half are whoever's",
        DOCUMENTS,
        "    return complete and all(map(fits, before | wanted | present))\n",
        "    return False\n",
        needs="document P",
    ),
    Mutant(
        "merge",
        "rows written half are ours, whatever they are",
        DOCUMENTS,
        "    return complete and all(map(fits, before | wanted | present))\n",
        "    return True\n",
        needs="document P",
    ),
    Mutant(
        "merge",
        "a row that the network doubled is a person's",
        DOCUMENTS,
        "    return bool(extra) and present >= wanted and extra.keys() <= wanted.keys()\n",
        "    return False\n",
        needs="document N",
    ),
)

STATES: Final = (
    Mutant(
        "document states",
        "a booked invoice takes its text",
        LEGAL,
        """    "booked": _Shut(
        CONTENT,""",
        """    "booked": _Shut(
        CONTENT - {"text"},""",
        needs="document",
    ),
    Mutant(
        "document states",
        "a cancelled document takes its text",
        LEGAL,
        """"cancelled": _Shut(CONTENT, """,
        """"cancelled": _Shut(CONTENT - {"text"}, """,
        needs="document",
    ),
    Mutant(
        "document states",
        "an invoice made from an order takes other rows",
        LEGAL,
        """        CONTENT - {"text"},""",
        """        CONTENT - {"text", "rows"},""",
        needs="document",
    ),
    Mutant(
        "document states",
        "an invoiced order is written to",
        FORTNOX_DOCUMENTS,
        """form, number = parted(str(shown["key"]))""",
        """form, number = parted(str(shown.get("from_order") or shown["key"]))""",
        needs="document",
    ),
    Mutant(
        "document states",
        "a cancelled document is made again",
        "daemon/core/match.py",
        """free = alive if field == "reference" and len(alive) == 1 else free""",
        """free = alive if field == "reference" else free""",
        also=(
            (
                "daemon/systems/fortnox/document_calls.py",
                "found[seen.id] = seen",
                "found |= {seen.id: seen} if seen.fields.get('state') != 'cancelled' else {}",
            ),
        ),
        needs="document wipe",
    ),
    Mutant(
        "document states",
        "an invoice does not take the place of its order",
        "daemon/systems/fortnox/document_calls.py",
        """named = _head(order, "order").get("invoice")
        return""",
        """named = None
        return""",
        needs="document",
    ),
)

MONEY: Final = (
    Mutant(
        "money",
        "totals are rounded down",
        DOCUMENTS,
        "return int((amount * HUNDRED).quantize(Decimal(1), ROUND_HALF_UP))",
        "return int(amount * HUNDRED)",
        needs="document",
    ),
    Mutant(
        "money",
        "totals are floats",
        DOCUMENTS,
        "return int((amount * HUNDRED).quantize(Decimal(1), ROUND_HALF_UP))",
        "return int(float(amount) * 100)",
        needs="document",
    ),
    Mutant(
        "money",
        "an amount of discount counts for each unit",
        ROWS,
        """"Discount": found.discount,""",
        """"Discount": found.discount if found.by_percent else found.discount / found.quantity,""",
        needs="document",
    ),
    Mutant(
        "money",
        "prices that include VAT are taken for prices without",
        FORTNOX_DOCUMENTS,
        "found = rows.keyed(raw, included=included)",
        "found = rows.keyed(raw, included=False)",
        needs="document",
    ),
    Mutant(
        "money",
        "rows that stay are sent as new ones",
        ROWS,
        """sent += [{"RowId": _row_id(key)} for key in now[place][1]]""",
        "sent.append(_new(row, form))",
        needs="document",
    ),
    Mutant(
        "money",
        "a changed row is sent without its RowId",
        ROWS,
        """changed = {"RowId": _row_id(keys[0]), **_new(row, form)}""",
        "changed = {**_new(row, form)}",
        needs="document",
    ),
    Mutant(
        "money",
        "what was ordered is what was delivered",
        ROWS,
        """    if apart and form == "order":\n""",
        """    if apart and form == "offer":\n""",
        needs="document",
    ),
    Mutant(
        "money",
        "the discount of a row stays behind",
        WEBCRM_LINES,
        "        DISCOUNT: percent,\n",
        "        DISCOUNT: ZERO,\n",
        needs="document",
    ),
    Mutant(
        "money",
        "rounding to whole kronor counts as a row",
        FORTNOX_DOCUMENTS,
        """else ("RoundOff", *FEES, "TotalVAT")""",
        """else (*FEES, "TotalVAT")""",
        needs="document",
    ),
    Mutant(
        "money",
        "a row that takes something back is out of range",
        ROWS,
        "return number.is_finite() and abs(number) <= spec.NUMBER_MAX",
        "return number.is_finite() and 0 <= number <= spec.NUMBER_MAX",
        needs="document",
    ),
)

MUTANTS: Final = (*PROTOCOL, *THROTTLE, *MARKS, *TOKENS, *MERGES, *STATES, *MONEY)
