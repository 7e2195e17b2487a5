"""The articles of one account and their stock: one list for both, written item by item (dinkassa.md 3)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

import anyio
import msgspec

from daemon.core.mapping import Table
from daemon.core.records import Fields, Lane, Seen, Value
from daemon.core.text import folded
from daemon.errors import GrantError, Misfit, OutcomeUnknown, Refused, RemoteError, Unreachable, Unusable
from daemon.ports import Answer, Clock, Page
from daemon.systems.eskassa import mapping, spec, wire
from daemon.systems.eskassa.calls import Calls, Listed, Shown

TABLES: Final[Mapping[str, Table]] = {"item": mapping.ITEM, "stock": mapping.STOCK}
USED: Final = 409  # dinkassa.md 2.2: the request key is used


class Both(NamedTuple):
    """One article as each of its two kinds."""

    item: Seen
    stock: Seen


class Kept(NamedTuple):
    """A reading of the list that "item" has seen and "stock" not."""

    listed: Listed[Both]
    until_s: float


class Items:
    """
    The items of one account, as kind "item" and as kind "stock".

    `category` is the name of the one that new items are put in. `positive_is_decrease` is what the stock
    call makes of a positive quantityChange (dinkassa.md 3.2: likely, not certain).
    """

    def __init__(self, calls: Calls, clock: Clock, *, category: str, positive_is_decrease: bool) -> None:
        self._calls, self._clock = calls, clock
        self._category, self._category_id = category, ""
        self._sign = 1 if positive_is_decrease else -1
        self._way: bool | None = None  # whether the stock call was seen to work as the setting says
        self._fences: set[str] = set()  # whose answer never came: they may have used up their key
        self._kept: Kept | None = None
        self._changes = 0
        self._reading, self._choosing = anyio.Lock(), anyio.Lock()

    # -------------------------------------------------------------- reading

    async def read(self, kind: str, lane: Lane) -> AsyncIterator[Page]:
        """
        Every item. What "item" has read serves "stock" for half a minute, once.

        Not the other way round: "item" is read first in a pass, and would see what was before it began.
        """
        async with self._reading:
            kept, self._kept = self._kept, None
            fresh = kept and kind == "stock" and self._clock.monotonic() < kept.until_s
            listed = kept.listed if kept and fresh else await self._listed(kind, lane)
        size = spec.FETCH[spec.ITEMS]
        for first in range(0, max(len(listed.rows), 1), size):
            rows = tuple(getattr(both, kind) for both in listed.rows[first : first + size])
            yield Page(rows=rows, server_time=listed.server_time, complete=True)

    async def _listed(self, kind: str, lane: Lane) -> Listed[Both]:
        changes = self._changes
        listed = await self._calls.whole(spec.ITEMS, _both, lane)
        if changes == self._changes and kind == "item":
            self._kept = Kept(listed, self._clock.monotonic() + spec.SHARED_S)
        return listed

    @contextmanager
    def _newer(self) -> Iterator[None]:
        """What a list shows that began before the end of this is not kept: one item may be older there."""
        self._forget()
        try:
            yield
        finally:
            self._forget()

    def _forget(self) -> None:
        self._changes += 1
        self._kept = None

    async def get(self, kind: str, record_id: str, lane: Lane) -> Seen | None:
        """One item, as kind "item" with its stock; None when there is none."""
        with self._newer():
            shown = await self._calls.one(spec.ITEMS, record_id, lane)
        if shown is None:
            return None
        parts = {"stock": _seen("stock", shown)} if kind == "item" else {}
        return msgspec.structs.replace(_seen(kind, shown), parts=parts)

    async def look(self, fields: Fields) -> Sequence[Seen]:
        """The items with the number or the barcode of `fields`."""
        asked = {"productCodeContains": fields.get("number"), "barCodeContains": fields.get("barcode")}
        found: dict[str, Seen] = {}
        for name, value in asked.items():
            if value is not None:
                query = {name: str(value)}
                listed = await self._calls.whole(spec.ITEMS, _both, Lane.SETTLE, query)
                found |= {both.item.id: both.item for both in listed.rows if _is_like(both.item, fields)}
        return list(found.values())

    # -------------------------------------------------------------- items

    async def create(self, fields: Fields, lane: Lane, once: str) -> Answer:
        """
        A new item in the category of this account.

        The category is asked for once; where it is missing it is made first, which is a request of its own.
        """
        payload = {
            **spec.NEW_ITEM,
            **mapping.ITEM.write(fields),
            "CategoryId": await self._category_of(lane, once),
        }
        with self._newer():
            try:
                status, shown = await self._calls.create(spec.ITEMS, payload, lane, wire.request_key(once))
            except Refused:
                self._category_id = ""  # perhaps it was removed
                raise
        return _answer(status, shown and shown.id, shown)

    async def _category_of(self, lane: Lane, once: str) -> str:
        async with self._choosing:
            if not self._category_id:
                found = await self.category(lane)
                self._category_id = found or await self._new_category(lane, once)
            return self._category_id

    async def category(self, lane: Lane) -> str | None:
        """The id of the category for new items; None when it is not made yet."""
        listed = await self._calls.whole(spec.CATEGORIES, Shown, lane)
        names = ((mapping.text_of(each.payload.get("Name")), each.id) for each in listed.rows)
        found = sorted(number for name, number in names if folded(name) == folded(self._category))
        return found[0] if found else None

    async def _new_category(self, lane: Lane, once: str) -> str:
        """Raises Unreachable when nobody tells whether it was made: of the item nothing was sent."""
        key = wire.request_key(once, "category")
        try:
            _, shown = await self._calls.create(spec.CATEGORIES, {"Name": self._category}, lane, key)
        except OutcomeUnknown as error:
            todo = "nothing; it is looked for when the article is tried again"
            raise Unreachable(error.code, error.what, error.where, todo, system=spec.NAME) from error
        found = shown.id if shown else await self.category(lane)
        if not found:
            what = f"the new category {self._category} is not shown"
            raise Unusable("JSN17", what, f"{spec.NAME} GET {spec.CATEGORIES}", "nothing", system=spec.NAME)
        return found

    async def update(self, record_id: str, fields: Fields, shown: Fields, lane: Lane, once: str) -> Answer:
        """Exactly `fields`; `live` False removes the item, or sets them all where that is refused."""
        with self._newer():
            if fields.get("live") is False:
                return await self._remove(record_id, fields, shown, lane, once)
            status, after = await self._calls.change(
                spec.ITEMS, record_id, mapping.ITEM.write(fields), lane, wire.request_key(once)
            )
            return _answer(status, record_id, after)

    async def _remove(self, record_id: str, fields: Fields, shown: Fields, lane: Lane, once: str) -> Answer:
        try:
            status = await self._calls.remove(spec.ITEMS, record_id, lane, wire.request_key(once))
        except Refused as error:
            if error.code != "REC99":
                raise
            key, hidden = wire.request_key(once, "hide"), mapping.ITEM.write(fields)
            status, after = await self._calls.change(spec.ITEMS, record_id, hidden, lane, key)
            return _answer(status, record_id, after)
        return Answer(status=status, id=record_id, seen=Seen(id=record_id, fields={**shown, **fields}))

    # -------------------------------------------------------------- stock

    async def count(self, record_id: str, wanted: int, shown: int, lane: Lane, once: str) -> Answer:
        """
        Change a quantity from `shown` to `wanted`, in hundredths; what it shows then is in the answer.

        Raises Misfit STK02 when it moved the other way. It was then moved back, and no further call is made.
        Refused STK02 where nobody knows what the article should show.
        """
        if self._way is False:
            raise _wrong_way(Misfit, "no stock is written")
        with self._newer():
            status = await self._stock_call(record_id, shown, wanted, lane, wire.request_key(once))
            seen = await self._shown_now(record_id, lane)
            if self._way is None and wanted != shown:
                seen = await self._proven(record_id, shown, wanted, seen, lane, once)
        return Answer(status=status, id=record_id, seen=seen)

    async def _shown_now(self, record_id: str, lane: Lane) -> Seen | None:
        """None where nobody tells: the write is done all the same."""
        try:
            shown = await self._calls.one(spec.ITEMS, record_id, lane)
        except (RemoteError, GrantError):
            return None
        return _seen("stock", shown) if shown else None

    async def _proven(
        self, record_id: str, before: int, wanted: int, seen: Seen | None, lane: Lane, once: str
    ) -> Seen | None:
        """What is shown in the end. The first change that has its effect proves which way the call works."""
        now = 2 * before - wanted  # if it works the other way round, or as much as that was sold just then
        self._way = True if _quantity(seen) == wanted else None
        if _quantity(seen) != now:
            return seen
        # Where the new quantity counts, not the change, this changes nothing: it is no question of ways then.
        undo = _stock_form(wire.plain((before - now) * self._sign), now, now)
        undone = await self._again(record_id, undo, lane, wire.request_key(once, "back"))
        if undone == before:
            self._way = False
            raise _wrong_way(Misfit, f"item {record_id} shows {wire.plain(before)} again")
        # What would have undone it changed nothing, or went on the same way: so it was sold, and that stays.
        further = 2 * now - before
        if undone == further:
            redo = _stock_form(wire.plain((further - now) * self._sign), further, now)
            undone = await self._again(record_id, redo, lane, wire.request_key(once, "sold"))
        if undone != now:
            what = f"item {record_id} may show {wire.plain(now)} and should show {wire.plain(before)}"
            raise _wrong_way(Refused, what)
        self._way = True
        return seen

    async def _again(
        self, record_id: str, form: Mapping[str, str], lane: Lane, key: Mapping[str, str]
    ) -> int | None:
        """What is shown after one more change; None where nobody knows."""
        try:
            await self._calls.form(spec.ITEMS, record_id, form, lane, key)
        except (RemoteError, GrantError):
            return None
        return _quantity(await self._shown_now(record_id, lane))

    async def fenced(self, record_id: str, once: str, lane: Lane) -> bool | None:
        """
        Whether the stock call of that name took effect; where not, its key is used up by a change of nothing.

        None where an earlier fence may have used it. A sale in the second between reading and this call is
        undone where the vendor sets the new quantity instead of changing the old one (dinkassa.md 3.2).
        """
        if not once or once in self._fences:
            return None
        with self._newer():
            for left in reversed(range(spec.RUNS)):
                shown = await self._calls.one(spec.ITEMS, record_id, lane)
                if shown is None:
                    return None
                now = _seen("stock", shown).fields.get("quantity")
                try:
                    return await self._fence(record_id, now if isinstance(now, int) else 0, once, lane)
                except Refused:  # perhaps the quantity moved meanwhile
                    if not left:
                        raise
        return None

    async def _fence(self, record_id: str, now: int, once: str, lane: Lane) -> bool:
        self._fences.add(once)
        try:
            await self._stock_call(record_id, now, now, lane, wire.request_key(once))
        except OutcomeUnknown as error:
            if error.status != USED:
                raise
            self._fences.discard(once)
            return True
        except (RemoteError, GrantError):
            self._fences.discard(once)
            raise
        self._fences.discard(once)
        return False

    async def _stock_call(
        self, record_id: str, shown: int, wanted: int, lane: Lane, key: Mapping[str, str]
    ) -> int:
        form = _stock_form(wire.plain((shown - wanted) * self._sign), shown, wanted)
        return await self._calls.form(spec.ITEMS, record_id, form, lane, key)


def _stock_form(change: str, current: int, new: int) -> dict[str, str]:
    return {
        "quantityChange": change,
        "currentQuantity": wire.plain(current),
        "newQuantity": wire.plain(new),
    }


def _wrong_way(error: type[Misfit | Refused], what: str) -> Misfit | Refused:
    return error(
        "STK02",
        f"the stock call works the other way round: {what}",
        f"{spec.NAME} POST {spec.ITEMS}/{{id}}",
        "set positive_is_decrease to its opposite",
        system=spec.NAME,
    )


def _quantity(seen: Seen | None) -> int | None:
    found = seen and seen.fields.get("quantity")
    return found if isinstance(found, int) else None


def _both(record_id: str, payload: dict[str, Any]) -> Both:
    shown = Shown(record_id, payload)
    return Both(_seen("item", shown), _seen("stock", shown))


def _seen(kind: str, shown: Shown) -> Seen:
    """LastModifiedDateTime moves with every sale, so of neither kind it tells when that was changed."""
    fields = TABLES[kind].read(shown.payload)
    return Seen(id=shown.id, fields=fields, born_at=wire.moment(shown.payload.get("CreatedDateTime")))


def _answer(status: int, record_id: str | None, shown: Shown | None) -> Answer:
    """With the record where the answer shows all of it."""
    names = {str(row.theirs) for row in mapping.ITEM.rows}
    whole = shown is not None and names <= shown.payload.keys()
    return Answer(status=status, id=record_id, seen=_seen("item", shown) if shown and whole else None)


def _is_like(item: Seen, fields: Fields) -> bool:
    return any(_same(item.fields.get(name), fields.get(name)) for name in ("number", "barcode"))


def _same(theirs: Value, ours: Value) -> bool:
    return ours is not None and folded(str(theirs)) == folded(str(ours))
