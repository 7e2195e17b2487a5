"""What the pretend ES Kassasystem remembers: one shop with four cash registers."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left, insort
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

from daemon.sandbox.eskassa import accounts
from daemon.sandbox.eskassa import switches as switch_table
from daemon.sandbox.eskassa.auth import MACHINES, Auth
from daemon.sandbox.eskassa.fields import CATEGORY, CUSTOMER, ITEM
from daemon.sandbox.eskassa.table import Table
from daemon.sandbox.eskassa.till import Landing, Receipt, Till
from daemon.sandbox.eskassa.wire import local, quantity
from daemon.sandbox.web import Now

Place = Literal["cloud", "shop"]

SHOP = "Norrskens Verkstad AB"
EMPLOYEES = ("Anna", "Björn", "Cecilia")

# Eighteen digits, as the vendor's ids have: a client that reads them as floats mixes records up.
FIRST_ID = {
    "employee": 200_000_000_000_000_001,
    "category": 123_456_789_000_000_001,
    "item": 981_276_543_000_000_001,
    "customer": 300_000_000_000_000_001,
    "transaction": 700_000_000_000_000_001,
    "report": 500_000_000_000_000_001,
}
SEEDS = 1_000
IDS_PER_SEED = 10**8


@dataclass
class State:
    """The memory of the system. `receipts` are those that have reached the cloud, by time."""

    now: Now
    auth: Auth
    seed: int = 0
    switches: dict[str, Any] = field(default_factory=switch_table.defaults)

    def __post_init__(self) -> None:
        self.clear(self.seed)

    def clear(self, seed: int) -> None:
        """Only what every shop has: registers, account settings, employees; default switches, no session."""
        self.auth.clear()
        self.seed = seed
        self.switches.clear()
        self.switches.update(switch_table.defaults())
        self.accounts = accounts.delivered()
        self.tills = [Till(number, machine_id) for number, machine_id in enumerate(MACHINES, 1)]
        self.items = Table("inventoryitem", ITEM, ("BarCode", "ProductCode"))
        self.categories = Table("category", CATEGORY)
        self.customers = Table("customer", CUSTOMER, ("CustomerNumber",))
        self.tables = {table.name: table for table in (self.items, self.categories, self.customers)}
        self.receipts: list[tuple[dt.datetime, str]] = []
        self.receipt_by_id: dict[str, Receipt] = {}
        self.days: dict[dt.date, list[int]] = {}  # sold öre incl. VAT, receipts: those in the cloud
        self.sold: set[str] = set()
        self.unpaid: dict[str, str] = {}  # invoice number -> customer id
        self.request_keys: set[str] = set()
        self._next = {kind: first + seed % SEEDS * IDS_PER_SEED for kind, first in FIRST_ID.items()}
        self.employees = [(self.take_id("employee"), name) for name in EMPLOYEES]

    def local(self) -> dt.datetime:
        """Now, as Swedish local time without a zone."""
        return local(self.now())

    def take_id(self, kind: str) -> str:
        """The next id of that kind."""
        number = self._next[kind]
        self._next[kind] = number + 1
        return str(number)

    def till_of(self, machine_id: str) -> Till | None:
        """The register with that MachineId, in either case."""
        wanted = machine_id.lower()
        return next((till for till in self.tills if till.machine_id == wanted), None)

    def replicate(self, till: Till, land: Landing) -> None:
        """Let the cloud learn of something, after the delay that is set and when the till is online."""
        till.later(self.now() + dt.timedelta(seconds=self.switches["replication_s"]), land)
        self.catch_up()

    def catch_up(self) -> None:
        """Let everything reach the cloud that is due by now, in the order in which it is due."""
        now = self.now()
        while True:
            ready = [
                (at, till.number) for till in self.tills if (at := till.lands_at()) is not None and at <= now
            ]
            if not ready:
                return
            at, number = min(ready)
            self.tills[number - 1].pending.popleft().land(local(at))

    def move_stock(self, place: Place, item_id: str, by: Decimal, at: dt.datetime) -> None:
        """Add to an article's stock in the "cloud" or the "shop"; any change moves its time stamp (3)."""
        table = self.items.cloud if place == "cloud" else self.items.shop
        record = table.get(item_id)
        if record is not None:
            new = quantity(record["QuantityInStockCurrent"] + by)
            self.items.change(table, item_id, {"QuantityInStockCurrent": new}, at)

    def land_receipt(self, receipt: Receipt) -> None:
        """Show a receipt in the cloud."""
        insort(self.receipts, (receipt.at, receipt.id))
        self.receipt_by_id[receipt.id] = receipt
        day = self.days.setdefault(receipt.at.date(), [0, 0])
        day[0] += sum(line.amount for line in receipt.lines if not line.is_gift_card)
        day[1] += 1

    def receipts_between(self, first: dt.datetime, last: dt.datetime) -> list[Receipt]:
        """The cloud's receipts from `first` to `last` (local, both included), oldest first."""
        found: list[Receipt] = []
        for at, receipt_id in self.receipts[bisect_left(self.receipts, (first, "")) :]:
            if at > last:
                break
            found.append(self.receipt_by_id[receipt_id])
        return found
