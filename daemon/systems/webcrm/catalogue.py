"""The article catalogue of one account: read whole, written item by item (webcrm.md 11)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from daemon.core.records import Fields, Lane, Seen
from daemon.ports import Answer, Clock, Page
from daemon.systems.webcrm import mapping, spec
from daemon.systems.webcrm.calls import Calls, Found


class Catalogue:
    """Items whose Data fields `number` and `name` hold an article's number and name."""

    def __init__(self, calls: Calls, clock: Clock, *, number: int, name: int) -> None:
        self._calls, self._clock = calls, clock
        self.table = mapping.article(number, name)
        self._ids: dict[str, int] = {}
        self._ids_until_s: float | None = None

    async def page(self, lane: Lane) -> Page:
        """Every article."""
        found = await self._calls.list(spec.CATALOGUE, lane)
        rows = tuple(self._seen(found, item) for item in found.rows if _is_article(item))
        self._remember(rows)
        return Page(rows=rows, server_time=found.server_time, complete=True)

    async def ids(self, lane: Lane) -> Mapping[str, int]:
        """The item of each article, by its casefolded number; at most five minutes old."""
        if self._ids_until_s is None or self._clock.monotonic() >= self._ids_until_s:
            await self.page(lane)
        return self._ids

    def _remember(self, rows: Sequence[Seen]) -> None:
        numbered = ((seen.fields.get("number"), seen.id) for seen in reversed(rows))
        self._ids = {str(number).casefold(): int(item_id) for number, item_id in numbered if number}
        self._ids_until_s = self._clock.monotonic() + spec.CATALOGUE_AGE_S

    async def get(self, number: int, lane: Lane) -> Seen | None:
        """One article; None when there is none, or the item is something else."""
        found = await self._calls.one(spec.CATALOGUE, number, lane)
        return self._seen(found, found.rows[0]) if found and _is_article(found.rows[0]) else None

    async def look(self, fields: Fields) -> list[Seen]:
        """The articles with the number of `fields`."""
        wanted = self.table.normal("number", fields.get("number"))
        return [seen for seen in (await self.page(Lane.SETTLE)).rows if seen.fields["number"] == wanted]

    async def create(self, fields: Fields, lane: Lane) -> Answer:
        """A new item, with every Data field filled."""
        body = mapping.new_item(self._payload(fields))
        status, born = await self._calls.create(spec.CATALOGUE, body, self.table.key, lane)
        return Answer(status=status, id=born)

    async def update(self, number: int, fields: Fields, lane: Lane) -> Answer:
        """Exactly `fields`."""
        body = {self.table.key: number, **self._payload(fields)}
        assert len(body) > 1, "nothing to write"
        status = await self._calls.change("PUT", spec.CATALOGUE, number, body, lane)
        return Answer(status=status, id=str(number))

    def _payload(self, fields: Fields) -> dict[str, Any]:
        assert all(fields.get(ours, "") is not None for ours in ("number", "name"))
        return self.table.write(fields)

    def _seen(self, found: Found, payload: Mapping[str, Any]) -> Seen:
        return Seen(id=found.id_of(payload, self.table.key), fields=self.table.read(payload))


def _is_article(item: Mapping[str, Any]) -> bool:
    return item.get(f"{spec.ITEM}EntityType", "Product") in spec.PRODUCT
