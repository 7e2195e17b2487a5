"""
A webCRM account's deliveries with their lines, read as one record each (webcrm.md 5, 9, 10).

A changed line need not touch its delivery, and a deleted one leaves no trace.
So changes are asked for in both registers, and every fifth reading looks at
all deliveries that are linked and not booked.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any
from urllib.parse import quote

import anyio
import anyio.lowlevel

from daemon.core.mapping import Table
from daemon.core.records import Fields, Lane, Seen, Value
from daemon.core.text import folded
from daemon.errors import Gone, Refused
from daemon.ports import Answer, Page
from daemon.systems.webcrm import lines, mapping, spec, wire
from daemon.systems.webcrm.calls import Calls, Found, changes_meanwhile, raise_if_foreign
from daemon.systems.webcrm.lines import Change, Layout

Payload = dict[str, Any]
Lines = dict[str, Payload]  # by their ids
Grouped = dict[int, list[Payload] | None]  # by their delivery; None for one that is gone meanwhile
Items = Callable[[Lane], Awaitable[Mapping[str, int]]]  # the catalogue's ids by casefolded article number
BORN: frozenset[str] = frozenset({"customer", "description"})  # written to a new delivery only


class Deliveries:
    """
    The deliveries of one account.

    `places` says where our fields are kept, `layout` what lines look like,
    `currencies` which code stands behind a text of the currency list, `currency`
    which a delivery that says none is in.
    """

    def __init__(
        self,
        calls: Calls,
        items: Items,
        places: Mapping[str, str],
        layout: Layout,
        currencies: Mapping[str, str],
        currency: str,
    ) -> None:
        self._calls, self._items = calls, items
        self.places, self._layout = places, layout
        self._currencies, self._currency = currencies, currency
        self._lines_queried: bool | None = None  # whether they can be; None until the first try
        self._readings = 0
        self.fields: wire.Metadata
        self.table: Table
        self.learn({})

    def learn(self, fields: wire.Metadata) -> None:
        """What the account's metadata tells of a delivery."""
        self.fields = fields
        self.table = mapping.document(self.places, fields, self._layout, self._currencies, self._currency)

    # -------------------------------------------------------------- reading

    async def read(self, since: dt.datetime | None, lane: Lane, *, only_changed: bool) -> AsyncIterator[Page]:
        """As `System.read`. Every page bears the time of the first answer: later ones may miss a change."""
        if since is None:
            async for page in self._everything(lane):
                yield page
            return
        started: dt.datetime | None = None
        done: set[int] = set()
        async for found in self._headers(f"DeliveryUpdatedAt >= {wire.date_literal(since)}", lane):
            started = started or found.server_time
            yield Page(rows=await self._new(found, done, lane), server_time=started)
        assert started
        touched = await self._touched(since, lane) - done
        for where in _any_of("DeliveryId", sorted(touched)):
            async for found in self._headers(where, lane):
                yield Page(rows=await self._new(found, done, lane), server_time=started)
        if not only_changed and self._is_due(lane):
            async for found in self._headers(self._open(), lane):
                yield Page(rows=await self._new(found, done, lane), server_time=started)

    def _is_due(self, lane: Lane) -> bool:
        """Whether this reading is a fifth; those that confirm what we just wrote do not count."""
        if lane < Lane.READ:
            return False
        self._readings = (self._readings + 1) % spec.OPEN_EVERY
        return self._readings == 0

    def _open(self) -> str:
        """The deliveries that are linked and not booked; a box that nobody touched may hold nothing."""
        linked, booked = f"{spec.DELIVERY_KEY} > ''", self.places.get("booked")
        return f"({booked} = 'No' OR {booked} = '') AND {linked}" if booked else linked

    def _headers(self, where: str, lane: Lane) -> AsyncIterator[Found]:
        return self._calls.query("Delivery", where, "DeliveryId", lane)

    async def _touched(self, since: dt.datetime, lane: Lane) -> set[int]:
        """The deliveries and opportunities with a line that changed; none where lines cannot be asked for."""
        where = f"{lines.UPDATED} >= {wire.date_literal(since)}"
        found, _ = await self._queried(where, lane, what=f"{lines.ID}, {spec.LINE_PARENT}") or ({}, 0)
        return {parent for line in found.values() if (parent := _number(line, spec.LINE_PARENT))}

    async def _new(self, found: Found, done: set[int], lane: Lane) -> tuple[Seen, ...]:
        """The deliveries of a page that are not `done` yet, whole."""
        numbers = [int(found.id_of(header, self.table.key)) for header in found.rows]
        fresh = {n: h for n, h in zip(numbers, found.rows, strict=True) if n not in done}
        done.update(fresh)
        grouped = await self._lines_of(list(fresh), lane)
        return tuple(self._all_seen(fresh.items(), grouped))

    async def _everything(self, lane: Lane) -> AsyncIterator[Page]:
        """
        Every delivery, some hundred at a time with the lines of their range of ids.

        Ranges, not two sorted lists read side by side: a page may only end where the order is certain,
        and lines of one delivery have none among themselves but by their own id.
        """
        every: Grouped | None = None
        started: dt.datetime | None = None
        async for found in self._headers("", lane):
            started = started or found.server_time
            for headers in _windows(found.rows):
                numbers = [int(found.id_of(header, self.table.key)) for header in headers]
                grouped = every if every is not None else await self._range(numbers, lane)
                if grouped is None:
                    grouped = every = await self._all_lines(lane)
                rows = tuple(self._all_seen(zip(numbers, headers, strict=True), grouped))
                yield Page(rows=rows, server_time=started, complete=True)

    async def _range(self, numbers: Sequence[int], lane: Lane) -> Grouped | None:
        if not numbers:
            return {}
        first, last = min(numbers), max(numbers)
        where = f"{spec.LINE_PARENT} >= {first} AND {spec.LINE_PARENT} <= {last}"
        return await self._of_one_moment(partial(self._queried, where, lane), lane)

    async def _all_lines(self, lane: Lane) -> Grouped:
        listed = await self._of_one_moment(lambda: self._each_once(self._calls.pages(spec.LINES, lane)), lane)
        assert listed is not None
        return listed

    async def _lines_of(self, numbers: Sequence[int], lane: Lane) -> Grouped:
        """The lines of each delivery."""
        grouped: Grouped = {}
        for where in _any_of(spec.LINE_PARENT, numbers):
            found = await self._of_one_moment(partial(self._queried, where, lane), lane)
            if found is None:
                return {number: await self._listed(number, lane) for number in numbers}
            grouped |= found
        return grouped

    async def _of_one_moment(
        self, read: Callable[[], Awaitable[tuple[Lines, int] | None]], lane: Lane
    ) -> Grouped | None:
        """
        What `read` finds, by delivery; None where it cannot.

        One page is one picture, several are not: a delivery that is deleted while they are turned shows
        the lines of the first ones and looks like a shorter delivery. So they are read twice, and a
        delivery that does not look the same by itself.
        """
        if (first := await read()) is None:
            return None
        grouped: Grouped = {**_grouped(first[0].values())}
        if first[1] > 1 and (again := await read()):
            for number in _that_differ(first[0], again[0]):
                grouped[number] = await self._listed(number, lane)
        return grouped

    async def _listed(self, number: int, lane: Lane) -> list[Payload] | None:
        """The lines of one delivery by its own list; None when it is gone. Unusable if it never rests."""
        path, route = f"{spec.DELIVERIES}/{number}{spec.LINES}", f"{spec.DELIVERIES}/{{id}}{spec.LINES}"
        before: Lines | None = None
        try:
            for _ in range(spec.RUNS):
                found, pages = await self._each_once(self._calls.pages(path, lane, route=route))
                if pages == 1 or found == before:
                    return list(found.values())
                before = found
        except Gone as error:
            raise_if_foreign(error)
            return None
        raise changes_meanwhile(f"the lines changed during each of {spec.RUNS} readings", route)

    async def _each_once(self, pages: AsyncIterator[Found]) -> tuple[Lines, int]:
        """The lines of some pages, and how many these are; a line that moves meanwhile is not sold twice."""
        found: Lines = {}
        count = 0
        async for page in pages:
            count += 1
            for line in page.rows:
                key = wire.born_id(line, lines.ID) or f"row {len(found)}"  # as the vendor shows it
                found[key] = lines.slim(line, self._layout)
        return found, count

    async def _queried(self, where: str, lane: Lane, *, what: str = "*") -> tuple[Lines, int] | None:
        """Lines by a query, in the order of their ids, and its pages; None where lines cannot be queried."""
        if self._lines_queried is False:
            return None
        pages = self._calls.query(spec.LINE, where, lines.ID, lane, what)
        try:
            found = await self._each_once(pages)
        except Refused as error:
            if self._lines_queried or error.status != spec.QUERY_REFUSED:
                raise
            self._lines_queried = False
            return None
        self._lines_queried = True
        return found

    async def get(self, number: int, lane: Lane) -> Seen | None:
        """One delivery with all its lines; None when there is none."""
        found = await self._calls.one(spec.DELIVERIES, number, lane)
        listed = await self._listed(number, lane) if found else None
        if found is None or listed is None:
            return None
        return self._seen(int(found.id_of(found.rows[0], self.table.key)), found.rows[0], listed)

    async def look(self, fields: Fields, since: dt.datetime | None) -> list[Seen]:
        """The deliveries with the key of `fields`, else those changed since."""
        if key := fields.get("key"):
            where = f"{spec.DELIVERY_KEY} = {wire.text_literal(str(key))}"
        elif since is not None:
            where = f"DeliveryUpdatedAt >= {wire.date_literal(since - spec.LOOK_BACK)}"
        else:
            return []
        done: set[int] = set()
        return [
            seen
            async for found in self._headers(where, Lane.SETTLE)
            for seen in await self._new(found, done, Lane.SETTLE)
        ]

    def _all_seen(self, headers: Iterable[tuple[int, Payload]], grouped: Grouped) -> Iterator[Seen]:
        """Each delivery with its lines, which are forgotten; one that is gone is left out."""
        for number, header in headers:
            if (found := grouped.pop(number, [])) is not None:
                yield self._seen(number, header, found)

    def _seen(self, number: int, header: Payload, found: list[Payload]) -> Seen:
        shown = wire.shown(mapping.aliased(header, self.fields), self.fields)
        own = wire.moment(header.get("DeliveryUpdatedAt"))
        times = [time for line in found if (time := wire.moment(line.get(lines.UPDATED)))]
        return Seen(
            id=str(number),
            fields=mapping.without_own_sum(self.table.read({**shown, mapping.LINES: found})),
            changed_at=max([own, *times] if own else times, default=None),
            born_at=wire.moment(header.get("DeliveryCreatedAt")),
            mixed=own is not None and any(time > own for time in times),
        )

    # -------------------------------------------------------------- writing

    async def create(self, fields: Fields, lane: Lane) -> Answer:
        """A delivery without lines: they follow as an update."""
        body = {
            self.table.key: 0,
            **spec.NOBODY,
            mapping.alias("PersonId", self.fields): 0,
            **self._payload({ours: value for ours, value in fields.items() if value is not None}),
        }
        status, born = await self._calls.create(spec.DELIVERIES, body, self.table.key, lane)
        return Answer(status=status, id=born)

    async def update(self, number: int, fields: Fields, lane: Lane, shown: Fields) -> Answer:
        """
        Lines first, the delivery last: its time of change is then later than theirs.

        Each request is shielded by itself: a stop comes between two of them, never inside one.
        """
        assert not BORN & fields.keys(), "these are written to a new delivery only"
        header = self._payload(fields)
        if "rows" in fields:
            await self._write_rows(number, fields["rows"], lane, shown)
            header.setdefault(mapping.ORDER_VALUE, lines.value_of(fields["rows"]))
        assert header, "nothing to write"
        body = {self.table.key: number, **header}
        await anyio.lowlevel.checkpoint_if_cancelled()
        with anyio.CancelScope(shield=True):
            status = await self._calls.change("PUT", spec.DELIVERIES, number, body, lane)
        return Answer(status=status, id=str(number))

    async def _write_rows(self, number: int, wanted: Value, lane: Lane, shown: Fields) -> None:
        if not {"rows", "row_keys"} <= shown.keys():
            raise _refused(number, "the delivery's rows cannot be read", "correct their numbers")
        changes = lines.changes(shown["rows"], shown["row_keys"], wanted, self._layout)
        named = any(change.row is not None and change.row.article for change in changes)
        items = await self._items(lane) if named else {}
        owner = int(str(shown.get("customer") or 0))
        for change in changes:
            await anyio.lowlevel.checkpoint_if_cancelled()
            with anyio.CancelScope(shield=True):
                await self._write_line(number, change, items, owner, lane)

    async def _write_line(
        self, number: int, change: Change, items: Mapping[str, int], owner: int, lane: Lane
    ) -> None:
        try:
            if change.row is None:
                assert change.line is not None
                await self._calls.change("DELETE", spec.LINES, change.line, None, lane)
                return
            body = lines.payload(change, self._layout, items)
            if change.line is None:
                body |= {spec.LINE_PARENT: number, f"{spec.LINE}OrganisationId": owner}
                await self._calls.create(spec.LINES, body, lines.ID, lane)
            else:
                await self._calls.change("PUT", spec.LINES, change.line, body, lane)
        except Gone as error:
            raise_if_foreign(error)
            if change.row is not None:  # one that should go may be gone
                raise _refused(number, "a row was deleted meanwhile", "retry it") from error

    def _payload(self, fields: Fields) -> Payload:
        """The delivery's own fields as webCRM takes them. Raises Refused REC18, REC19; nothing was sent."""
        own = {
            ours: value
            for ours, value in fields.items()
            if ours not in self.table.later and (ours != "finished" or value)
        }
        payload = self.table.write(own)
        self._check_currency(payload)
        cleared = {
            mapping.ORDER_DATE: spec.NO_TIME,
            mapping.ORDER_VALUE: 0,
            self.places.get("booked", ""): "No",
        }
        plain = {name: cleared.get(name, value) if value == "" else value for name, value in payload.items()}
        # Their own names stand in no list, nor need that of no currency.
        named = {spec.STATUS, self.places.get("booked")}
        if plain.get(currency := mapping.alias("CurrencyName", self.fields)) == spec.NO_CURRENCY:
            named.add(currency)
        texts = {name: field for name, field in self.fields.items() if name not in named}
        return wire.chosen(plain, texts, country_is_object=False)

    def _check_currency(self, payload: Payload) -> None:
        name = mapping.alias("CurrencyName", self.fields)
        field, text = self.fields.get(name, wire.Field()), str(payload.get(name) or spec.NO_CURRENCY)
        if text != spec.NO_CURRENCY and field.texts and folded(text) not in map(folded, field.texts):
            label = field.label or name
            raise Refused(
                "REC19",
                f"no currency in webCRM's list {label} stands for {text}",
                f"webCRM, {name}",
                f"add {text} to the list {label} in webCRM, or name its text in currencies; then retry",
                system=spec.NAME,
            )


def _refused(number: int, what: str, todo: str) -> Refused:
    return Refused("REC99", what, f"webCRM, delivery {number}", todo, system=spec.NAME)


def _number(line: Payload, name: str) -> int:
    found = line.get(name)
    return found if isinstance(found, int) else 0


def _grouped(found: Iterable[Payload]) -> dict[int, list[Payload]]:
    grouped: dict[int, list[Payload]] = {}
    for line in found:
        grouped.setdefault(_number(line, spec.LINE_PARENT), []).append(line)
    return grouped


def _that_differ(first: Lines, again: Lines) -> set[int]:
    """The deliveries, as either reading says, whose lines do."""
    changed = [key for key in first.keys() | again.keys() if first.get(key) != again.get(key)]
    each = (seen[key] for seen in (first, again) for key in changed if key in seen)
    return {parent for line in each if (parent := _number(line, spec.LINE_PARENT))}


def _windows(rows: Sequence[Payload]) -> Iterator[Sequence[Payload]]:
    """Rows some hundred at a time; one empty window for none."""
    for start in range(0, max(len(rows), 1), spec.WINDOW):
        yield rows[start : start + spec.WINDOW]


def _any_of(column: str, numbers: Iterable[int]) -> Iterator[str]:
    """Conditions that together ask for all `numbers`, each short enough for a URL."""
    parts: list[str] = []
    room = spec.SCRIPT_CHARS_MAX
    for number in numbers:
        part = f"{column} = {number}"
        cost = len(quote(f"{part} OR "))
        if parts and room < cost:
            yield " OR ".join(parts)
            parts, room = [], spec.SCRIPT_CHARS_MAX
        parts.append(part)
        room -= cost
    if parts:
        yield " OR ".join(parts)
