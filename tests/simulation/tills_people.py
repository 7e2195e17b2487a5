"""
Those who work in a shop with registers and in its office, and what befalls the host: a function for each.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Coroutine, Mapping
from typing import TYPE_CHECKING, Any, Final

from tests.simulation import tills_host
from tests.simulation.camera import FORTNOX
from tests.simulation.memory import template
from tests.simulation.tills_facts import SERIES
from tests.simulation.tills_host import DAY_S, ESKASSA, HOUR_S
from tests.simulation.tills_judge import DIGITS
from tests.simulation.tills_plan import LATE_S, REGISTERS
from tests.simulation.wire import Spoil

if TYPE_CHECKING:
    from tests.simulation.tills import Tills

GOODS: Final = (
    ("Kaffe", 62.0, 6), ("Lunch", 129.0, 12), ("Kedja", 899.0, 25), ("Påse", 2.5, 25), ("Bok", 240.0, 6),
)  # fmt: skip
MEANS: Final = ("card", "card", "cash", "swish", "gift_card", "coupon")

MONTHS: Final = 100  # days

Happening = Callable[["Tills", random.Random], Coroutine[Any, Any, None]]


# ------------------------------------------------------------------ at the tills


def work_day(shop: Tills, chance: random.Random, register: int) -> None:
    """Some sales and the closing; sometimes two, or a last sale after it, or none before it."""
    sold = 0 if chance.random() < 0.02 else chance.randint(1, 3)
    for _ in range(sold):
        _sell(shop, chance, register)
    _close(shop, register)
    if chance.random() < 0.12:
        _sell(shop, chance, register)
        _close(shop, register)
    if chance.random() < 0.03:
        _sell(shop, chance, register)


def _sell(shop: Tills, chance: random.Random, register: int) -> None:
    at = (shop.local() - dt.timedelta(minutes=chance.randint(10, 400))).isoformat()
    how, body = chance.random(), {"register": register, "payment": chance.choice(MEANS), "at": at}
    if how < 0.06:
        shop.act(ESKASSA, "sell_gift_card", amount=chance.choice([100, 500]), **{**body, "payment": "card"})
        return
    goods = [
        {"product_code": f"{chance.randint(1, len(GOODS))}", "quantity": chance.randint(1, 4)}
        for _ in range(chance.randint(1, 3))
    ]
    if how < 0.16:
        goods[0]["price"] = chance.randint(100, 99_999) / 100
    shop.act(ESKASSA, "return_goods" if how > 0.95 else "sell", items=goods, **body)


def _close(shop: Tills, register: int) -> None:
    report = shop.act(ESKASSA, "close_day", register=register, at=shop.local().isoformat())
    shop.judge.closed(register, report)


async def _offline(shop: Tills, chance: random.Random) -> None:
    register = chance.choice(REGISTERS)
    shop.act(ESKASSA, "go_offline", register=register)

    async def online() -> None:
        shop.act(ESKASSA, "go_online", register=register)

    shop.after(chance.choice([HOUR_S, 3 * DAY_S, 12 * DAY_S]) * chance.random(), online)


async def _hide(shop: Tills, chance: random.Random) -> None:
    register = chance.choice(REGISTERS)
    number = shop.judge.next_number(register)
    until = shop.local() + dt.timedelta(seconds=chance.choice([3 * DAY_S, LATE_S]) * chance.random())
    never = chance.random() < 0.1
    shop.act(
        ESKASSA, "hide_z", register=register, number=number, **({} if never else {"until": until.isoformat()})
    )
    shop.judge.excuse(register, number)


async def _skip(shop: Tills, chance: random.Random) -> None:
    register = chance.choice(REGISTERS)
    shop.judge.skipped(register, shop.act(ESKASSA, "skip_z", register=register)["skipped"])


async def _unbalance(shop: Tills, chance: random.Random) -> None:
    register = chance.choice(REGISTERS)
    number, by = shop.judge.next_number(register) - 1, chance.choice([-0.5, 1, 12.25])
    report = shop.act(ESKASSA, "unbalance_z", register=register, number=number, by=by)
    shop.judge.changed(register, number, report)


async def _change(shop: Tills, chance: random.Random) -> None:
    register = chance.choice(REGISTERS)
    number = shop.judge.next_number(register) - chance.randint(1, 4)
    report = shop.act(ESKASSA, "change_z", register=register, number=number, by=chance.choice([-10, 5.5]))
    shop.judge.changed(register, number, report)


async def _no_account(shop: Tills, chance: random.Random) -> None:
    """The register has no account for something, for a day; or one of two digits."""
    what = chance.choice(["card", "cash", "sales_25"])
    state = shop.world.systems[ESKASSA]._state  # type: ignore[attr-defined]
    before = state.accounts[what]
    if len(before) != DIGITS:  # it is so already
        return
    shop.act(ESKASSA, "set_account", what=what, number=chance.choice(["", "19"]))

    async def mended() -> None:
        shop.act(ESKASSA, "set_account", what=what, number=before)

    shop.after(DAY_S, mended)


async def _lag(shop: Tills, chance: random.Random) -> None:
    shop.world.systems[ESKASSA].switch("replication_s", chance.choice([0, 120, 1800]))


# ------------------------------------------------------------------ in the office


async def _lock(shop: Tills, chance: random.Random) -> None:
    """The month before is closed, or all until yesterday; somebody opens it again for what was late."""
    until = shop.local().date().replace(day=1) if chance.random() < 0.7 else shop.local().date()
    shop.act(FORTNOX, "lock_period", until=(until - dt.timedelta(days=1)).isoformat())
    shop.judge.hindered()

    async def opened() -> None:
        shop.act(FORTNOX, "unlock_period")

    shop.after(chance.uniform(1, 25) * DAY_S, opened)


async def _account_off(shop: Tills, chance: random.Random) -> None:
    account = chance.choice(["1910", "3001", "1580"])
    if shop.act(FORTNOX, "deactivate_account", number=account) is None:
        return
    shop.judge.closed_accounts.add(account)
    shop.judge.hindered()

    async def mended() -> None:
        open_account(shop, account)

    shop.after(chance.uniform(0.5, 5) * DAY_S, mended)


def open_account(shop: Tills, account: str) -> None:
    """In every chart: a year that was made meanwhile has the account as it was then."""
    for year in shop.judge.years():
        shop.act(FORTNOX, "edit_account", number=account, year=year, fields={"Active": True})
    shop.judge.closed_accounts.discard(account)


async def _by_hand(shop: Tills, chance: random.Random) -> None:
    """Somebody books in our series."""
    rows = [{"Account": 1910, "Debit": 100, "Credit": 0}, {"Account": 3001, "Debit": 0, "Credit": 100}]
    series = chance.choice(sorted(set(SERIES.values())))
    fields = {"Description": "Eget", "TransactionDate": shop.local().date().isoformat()}
    shop.act(FORTNOX, "add_voucher", fields={**fields, "VoucherSeries": series, "VoucherRows": rows})


async def _edit_voucher(shop: Tills, chance: random.Random) -> None:
    """A text, or the rows: one is struck and written anew on another account."""
    found = shop.judge.pick(chance)
    if found is None:
        return
    series, number, year = found
    if chance.random() < 0.3:
        fields: dict[str, Any] = {"Description": "Rättad"}
    else:
        fields = {"VoucherRows": shop.judge.moved_rows(found)}
    if shop.act(FORTNOX, "edit_voucher", series=series, number=number, year=year, fields=fields):
        shop.judge.edited(found, rows="VoucherRows" in fields)


async def _delete_last(shop: Tills, chance: random.Random) -> None:
    series = chance.choice(sorted(set(SERIES.values())))
    shop.judge.read_books()
    gone = shop.act(FORTNOX, "delete_last_voucher", series=series)
    if gone:
        shop.judge.deleted(gone["deleted"])


async def _operate(shop: Tills, _chance: random.Random) -> None:
    await shop.operate()


# ------------------------------------------------------------------ faults


async def _away(shop: Tills, chance: random.Random) -> None:
    """A vendor answers nobody for hours or days."""
    order = Spoil(
        chance.choice(["503", "lost before", "refused"]), chance.choice([FORTNOX, ESKASSA]), None, 10**9
    )
    shop.wire.spoils.insert(0, order)

    async def back() -> None:
        order.count = 0

    shop.after(chance.choice([HOUR_S, 6 * HOUR_S, 1.5 * DAY_S]) * chance.random(), back)


async def _off(shop: Tills, chance: random.Random) -> None:
    """The host is off for days."""
    shop.off = True
    await (shop.machine.kill() if chance.random() < 0.5 else shop.machine.stop())

    async def on() -> None:
        shop.off = False
        await shop.machine.start()

    shop.after(chance.uniform(0.5, chance.choice([3, 20])) * DAY_S, on)


async def _copy(shop: Tills, _chance: random.Random) -> None:
    """A backup of the state."""
    shop.copies = [*shop.copies[-2:], shop.machine.disk.copy()]


async def _restore(shop: Tills, chance: random.Random) -> None:
    """A backup is put back: what was done since is not known any more."""
    if shop.copies:
        await _with_memory(shop, chance.choice(shop.copies))


async def _wipe(shop: Tills, chance: random.Random) -> None:
    """The state is lost; after years that takes long, so it is a backup then."""
    await (_restore(shop, chance) if shop.plan.days > MONTHS else _with_memory(shop, template()))


async def _with_memory(shop: Tills, image: bytes) -> None:
    await shop.machine.kill()
    shop.machine.disk.put_back(image)
    shop.judge.memory_is_lost()
    await shop.restart()


HAPPENINGS: Final[Mapping[str, Happening]] = {
    "offline": _offline,
    "hide": _hide,
    "skip": _skip,
    "unbalance": _unbalance,
    "no_account": _no_account,
    "change": _change,
    "lag": _lag,
    "lock": _lock,
    "account_off": _account_off,
    "by_hand": _by_hand,
    "edit_voucher": _edit_voucher,
    "delete_last": _delete_last,
    "operate": _operate,
    "network": tills_host.network,
    "http": tills_host.http,
    "away": _away,
    "kill": tills_host.kill,
    "die": tills_host.die,
    "off": _off,
    "copy": _copy,
    "restore": _restore,
    "wipe": _wipe,
    "disk": tills_host.disk,
}
