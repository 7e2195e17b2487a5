"""
The stock of a few articles that both sides sell and receive, under the faults of the network and the host.

At rest both sides show what there was and everything that was sold and received since, or the article is an
open conflict on record; when a person has resolved it, both agree. What nobody can see is told apart: a sale
between the daemon's reading and a write that sets a quantity instead of changing it (dinkassa.md 3.2).

Where faults happen no two amounts are alike: what people sell must not look like what became of a write.
"""

from __future__ import annotations

import datetime as dt
import json
import random
import re
from collections.abc import Callable, Coroutine, Mapping
from decimal import Decimal
from functools import partial
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl

from daemon.config import Config
from daemon.sandbox import web
from daemon.sandbox.fortnox.company import Record
from daemon.store.desk import StateDesk
from tests.simulation import tills_host
from tests.simulation.camera import FORTNOX, TENANT
from tests.simulation.plan import Event
from tests.simulation.stocks_plan import ARTICLES, LASTS_S, StockPlan
from tests.simulation.tills_host import ESKASSA, Host
from tests.simulation.tills_plan import begins
from tests.simulation.wire import Sent
from tests.simulation.world import Result
from tests.town import People

START: Final = dt.date(2026, 3, 27)
BASE: Final = 2000
ENDS_S: Final = 5 * 86_400.0
CALM_S: Final = 200.0
RESTS_WITHIN: Final = 25
AWAY: Final = ("unreachable", "grant", "state")
STALE_S: Final = 150.0  # a quantity is not set by a reading older than this
ERRORS, DONE_ALL_THE_SAME = 300, 504  # of the tills: switch done_but_504
CALL: Final = re.compile(r"/api/inventoryitem/(\d+)")
PUT: Final = re.compile(r"/3/articles/(\w+)")

Happening = Callable[["Stocks", random.Random], Coroutine[Any, Any, None]]


class Heard(NamedTuple):
    """What Fortnox last told the daemon of an article, and when."""

    at_s: float
    quantity: Decimal


class Stocks(Host):
    """A shop in motion."""

    def __init__(self, plan: StockPlan) -> None:
        super().__init__(plan, begins(START), partial(config, plan.interval_s))
        self.plan = plan
        self.people = People(self.world, self.true)
        self.moved = dict.fromkeys(ARTICLES, Decimal(BASE))  # what there should be
        self._heard: dict[str, Heard] = {}
        self._believed: dict[int, tuple[Sent, Mapping[str, Heard]]] = {}  # of each write of Fortnox under way
        self.wire.left, self.wire.told = self._left, self._told
        for number, code in enumerate(ARTICLES):
            more = {"QuantityInStock": BASE, "StockGoods": True, "VAT": 25}
            self.people.new_article(ArticleNumber=code, Description=f"Vara {code}", price=10 + number, **more)
        self.after(0.0, self._begin)

    # -------------------------------------------------------------- what there is

    def article(self, code: str) -> Record:
        """Fortnox' own."""
        company = self.world.systems[FORTNOX].companies[TENANT]  # type: ignore[attr-defined]
        record: Record = company.registers["articles"].records[code]
        return record

    def item(self, code: str, place: str = "shop") -> dict[str, Any]:
        """The tills' own, as the shop has it, or as the "cloud" shows it."""
        records = getattr(self.world.systems[ESKASSA]._state.items, place).values()  # type: ignore[attr-defined]
        return next((each for each in records if each["ProductCode"] == code), {})

    def both(self, code: str) -> tuple[Decimal, Decimal]:
        """What Fortnox and the tills' cloud have of an article."""
        ours = Decimal(str(self.article(code).values["QuantityInStock"]))
        return ours, Decimal(str(self.item(code, "cloud").get("QuantityInStockCurrent", "-1")))

    def sell(self, side: str, verb: str, code: str, **body: Any) -> None:
        """Somebody moves goods: however much it was, there should be that much less or more."""
        before = self._own(side, code)
        self.act(side, verb, **body)
        self.moved[code] += self._own(side, code) - before

    def _own(self, side: str, code: str) -> Decimal:
        if side == FORTNOX:
            return Decimal(str(self.article(code).values["QuantityInStock"]))
        return Decimal(str(self.item(code)["QuantityInStockCurrent"]))

    # -------------------------------------------------------------- what nobody can see

    def _left(self, sent: Sent) -> None:
        if sent.system == FORTNOX and sent.request.method == "PUT":
            self._believed[id(sent)] = (sent, dict(self._heard))

    def _told(self, sent: Sent, came: web.Response | str) -> None:
        """What the daemon hears of Fortnox' articles."""
        if isinstance(came, str) or sent.system != FORTNOX or "/3/articles" not in sent.request.url:
            return
        try:
            told = json.loads(came.body)
        except ValueError:
            return
        for row in (*told.get("Articles", ()), *([told["Article"]] if "Article" in told else ())):
            if "QuantityInStock" in row:
                self._heard[row["ArticleNumber"]] = Heard(sent.at_s, Decimal(str(row["QuantityInStock"])))

    def _carried(self, sent: Sent, request: web.Request, how: str) -> web.Response:
        before = {code: self.both(code) for code in ARTICLES}
        response = super()._carried(sent, request, how)
        if response.status < ERRORS or response.status == DONE_ALL_THE_SAME:
            if (
                sent.system == ESKASSA
                and request.method == "POST"
                and (found := CALL.fullmatch(request.path))
            ):
                self._by_call(found[1], request, before)
            if sent.system == FORTNOX and request.method == "PUT" and (found := PUT.fullmatch(request.path)):
                self._by_put(found[1], sent, before)
        return response

    def _by_call(self, item_id: str, request: web.Request, before: Mapping[str, Any]) -> None:
        """A call that sets the new quantity undoes what was sold since the one that it names."""
        self.figures["writes"] += 1
        mode = self.world.systems[ESKASSA].switches()["stock_call"]
        code = next(code for code in ARTICLES if self.item(code, "cloud").get("Id") == item_id)
        if mode == "set_new":
            form = dict(parse_qsl(request.body.decode()))
            self._lose(code, Decimal(form["currentQuantity"]) - before[code][1])

    def _by_put(self, code: str, sent: Sent, before: Mapping[str, Any]) -> None:
        """Fortnox' quantity is set: what was sold since the reading that it was counted from is undone."""
        self.figures["writes"] += 1
        _, heard = self._believed.get(id(sent), (sent, self._heard))
        now = before[code][0]
        if code in heard and heard[code].quantity != now:
            if sent.at_s - heard[code].at_s > STALE_S:
                age_s = sent.at_s - heard[code].at_s
                self.fail(f"I14 {code}: a sale was overwritten by a reading that was {age_s:.0f} s old")
            self._lose(code, heard[code].quantity - now)

    def _lose(self, code: str, by: Decimal) -> None:
        if by:
            self.figures["unseen"] += 1
            self.trace("nobody can see", code, by)
            self.moved[code] += by

    # -------------------------------------------------------------- life

    async def _begin(self) -> None:
        """The articles are at the tills, and both sides agree; then the plan."""
        for _ in range(RESTS_WITHIN):
            await self.sync()
            if all(self.both(code) == (BASE, BASE) for code in ARTICLES):
                break
            await self.clock.sleep(60.0)
        else:
            self.fail("K7 the articles do not reach the tills")
        self.moved = dict.fromkeys(ARTICLES, Decimal(BASE))
        for event in self.plan.events:
            self.after(event.at_s, partial(self._happen, event))
        self.after(LASTS_S, self._end)

    async def _happen(self, event: Event) -> None:
        self.trace("event", event.number, event.what)
        await HAPPENINGS[event.what](self, random.Random(f"{self.plan.seed} {event.number}"))

    async def _end(self) -> None:
        self.calm()
        self.world.systems[ESKASSA].switch("done_but_504", 0)
        for register in (1, 2):
            self.act(ESKASSA, "go_online", register=register)
        await self._settle()
        disputed = await self._disputed()
        for code in ARTICLES:
            ours, theirs = self.both(code)
            if code not in disputed and not ours == theirs == self.moved[code]:
                self.fail(f"K7 {code}: Fortnox {ours}, tills {theirs}, should be {self.moved[code]}")
        await self._resolve(disputed)
        await self.check_log()

    async def _resolve(self, disputed: Mapping[str, str]) -> None:
        """A person chooses; then both sides agree."""
        desk = (await self.machine.start()).desk
        for code, conflict in sorted(disputed.items()):
            self.figures["disputed"] += 1
            await desk.resolve(conflict, random.Random(f"{self.seed} {code}").choice(["fortnox", "partner"]))
        if disputed:
            await self._settle()
        for code in ARTICLES:
            ours, theirs = self.both(code)
            if ours != theirs:
                self.fail(f"K7 {code}: Fortnox {ours}, tills {theirs} after a person chose")

    async def _settle(self) -> None:
        """Until a pass writes nothing; what is listed is tried once more."""
        for _ in range(RESTS_WITHIN):
            await self.clock.sleep(CALM_S)
            before = self.figures["writes"]
            report = await self.sync()
            if report and not report.unknown and report.outcome not in AWAY:
                if await self._retried((await self.machine.start()).desk):
                    continue
                if self.figures["writes"] == before:
                    return
        self.fail("I35 no rest")

    async def _retried(self, desk: StateDesk) -> bool:
        listed = await desk.parked()
        for each in listed:
            await desk.retry(each["id"])
        for each in held if (held := await desk.held()) else ():
            await desk.release(each["id"], drop=False)
        return bool(listed or held)

    async def _disputed(self) -> dict[str, str]:
        """The open conflict of each article that has one."""
        desk = (await self.machine.start()).desk
        found = [
            each for each in await desk.conflicts() if each["state"] == "open" and each["kind"] == "stock"
        ]
        names = {self.item(code)["Id"]: code for code in ARTICLES} | {code: code for code in ARTICLES}
        return {names[each["key"].partition(":")[2]]: each["id"] for each in found}


# ------------------------------------------------------------------ people


def _code(chance: random.Random) -> str:
    return chance.choice(ARTICLES)


def _pieces(shop: Stocks, chance: random.Random) -> float:
    """How many somebody sells; without faults often as many as somebody on the other side."""
    return chance.randint(1, 99_999) / 100 if shop.plan.faults else chance.choice([1, 1, 2, 3, 0.5])


async def _sell_till(shop: Stocks, chance: random.Random) -> None:
    code, register = _code(chance), chance.choice([1, 2])
    goods = [{"product_code": code, "quantity": _pieces(shop, chance)}]
    shop.sell(ESKASSA, "sell", code, items=goods, payment="card", register=register)


async def _receive_till(shop: Stocks, chance: random.Random) -> None:
    code = _code(chance)
    shop.sell(ESKASSA, "receive_goods", code, product_code=code, quantity=_pieces(shop, chance))


async def _count_till(shop: Stocks, chance: random.Random) -> None:
    code = _code(chance)
    shop.sell(ESKASSA, "count_stock", code, product_code=code, quantity=chance.randint(0, 99_999) / 100)


async def _sell_fortnox(shop: Stocks, chance: random.Random) -> None:
    code = _code(chance)
    shop.sell(FORTNOX, "move_stock", code, article=code, by=-_pieces(shop, chance))


async def _receive_fortnox(shop: Stocks, chance: random.Random) -> None:
    code = _code(chance)
    shop.sell(FORTNOX, "move_stock", code, article=code, by=_pieces(shop, chance))


async def _offline(shop: Stocks, chance: random.Random) -> None:
    register = chance.choice([1, 2])
    shop.act(ESKASSA, "go_offline", register=register)

    async def online() -> None:
        shop.act(ESKASSA, "go_online", register=register)

    shop.after(chance.uniform(10, 900), online)


async def _edit_till(shop: Stocks, chance: random.Random) -> None:
    code = _code(chance)
    shop.act(ESKASSA, "edit_item", product_code=code, fields={"Description": f"Egen {chance.randint(1, 99)}"})


async def _edit_fortnox(shop: Stocks, chance: random.Random) -> None:
    shop.people.edit_article(_code(chance), Description=f"Vara {chance.randint(1, 99)}")


async def _done_but_504(shop: Stocks, chance: random.Random) -> None:
    shop.world.systems[ESKASSA].switch("done_but_504", chance.randint(1, 2))


HAPPENINGS: Final[Mapping[str, Happening]] = {
    "sell_till": _sell_till,
    "receive_till": _receive_till,
    "count_till": _count_till,
    "sell_fortnox": _sell_fortnox,
    "receive_fortnox": _receive_fortnox,
    "offline": _offline,
    "edit_till": _edit_till,
    "edit_fortnox": _edit_fortnox,
    "done_but_504": _done_but_504,
    "network": tills_host.network,
    "http": tills_host.http,
    "kill": tills_host.kill,
    "die": tills_host.die,
    "disk": tills_host.disk,
}


# ------------------------------------------------------------------ one life


def config(interval_s: int) -> Config:
    """Articles and stock only."""
    return tills_host.configured(f"stocks-{interval_s}", ("articles",), interval_s, "")


def live(plan: StockPlan, kind: type[Stocks] = Stocks) -> Result:
    """The life of one shop. What nobody foresaw in it is a violation too."""
    return tills_host.live(partial(kind, plan), ENDS_S)
