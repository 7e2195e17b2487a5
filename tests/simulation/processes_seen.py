"""
What the pretend vendors logged of the daemon's requests, and what must never be seen there.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from tests.simulation.processes_people import Crowd

Record = Mapping[str, Any]
OURS = "fortnox-syncd"
ITEM = "QuotationLineLinkedDataItem"
LOGINS = ("/oauth-v1/", "/Auth")
SETTLE_S = 32.0  # no second try of an unclear write before: the request's 30 s, and settle
IN_FLIGHT_S = 6.0  # how long a write may wait for its turn after its last look
WINDOW_S = {"fortnox": 6.0, "webcrm": 61.0}  # in which the vendors count calls
# After a crash all calls to Fortnox count as made; to webCRM the next daemon may call too often, once.
FORGOTTEN = ("webcrm",)
CERTAIN = (401, 429)
NOT_APPLIED = ("lost_before", "html", "status")
# What a creation of ours bears: path -> wrapper and field of the request.
MARKS = {
    ("fortnox", "/3/customers"): ("Customer", "ExternalReference"),
    ("fortnox", "/3/orders"): ("Order", "ExternalInvoiceReference1"),
    ("fortnox", "/3/invoices"): ("Invoice", "ExternalInvoiceReference1"),
    ("webcrm", "/Organisations"): ("", "OrganisationExtraCustom1"),
    ("webcrm", "/Deliveries"): ("", "DeliveryErpId"),
    ("webcrm", "/QuotationLines/LinkedData"): ("", f"{ITEM}Data1"),
}


class Seen:
    """The vendors' log so far, as it goes."""

    def __init__(self, crowd: Crowd) -> None:
        self._crowd, self._last, self.items = crowd, 0, list[Record]()

    def look(self) -> list[Record]:
        """What is new."""
        url = f"{self._crowd._users['sandbox']['url']}/log"
        answer = self._crowd._client.get(url, params={"since": self._last}).json()
        self._last = answer["last_seq"]
        self.items += answer["items"]
        return list(answer["items"])

    def orders_invoiced(self) -> list[tuple[str, str]]:
        """Each invoice that was made from an order, and that order: the two are one document."""
        invoices = self._crowd.fortnox_screen("invoices")
        return [
            (row["DocumentNumber"], row["OrderReference"]) for row in invoices if row["OrderReference"] != "0"
        ]

    def ours(self) -> Iterator[Record]:
        """What the daemon sent, logins apart."""
        return (each for each in self.items if _is_ours(each))


def _is_ours(item: Record) -> bool:
    return item["client"] == OURS and not item["path"].startswith(LOGINS)


def effects(items: Iterable[Record]) -> list[Record]:
    """The daemon's requests that write."""
    return [each for each in items if _is_ours(each) and each["method"] != "GET"]


def at(item: Record) -> float:
    """When, in epoch seconds."""
    return dt.datetime.fromisoformat(item["time"]).timestamp()


def puts_to_booked(seen: Seen) -> tuple[list[str], int]:
    """Our writes to booked invoices: those clearly later or taken, and how many there were in all."""
    booked: dict[str, float] = {}
    clearly, count = [], 0
    for item in seen.items:
        path = item["path"].removeprefix("/3/invoices/")
        if item["method"] != "PUT" or path == item["path"]:
            continue
        if item["client"] != OURS and path.rstrip("/").endswith("/bookkeep") and item["status"] == 200:
            booked[path.split("/")[0]] = at(item)
        elif item["client"] == OURS and path in booked and item["fault"] != "late":
            after_s = at(item) - booked[path]
            if item["status"] == 200 or after_s > IN_FLIGHT_S:
                clearly.append(f"PUT {item['path']} {after_s:.1f} s after it was booked: {item['status']}")
            count += 1
    return clearly, count


def throttled(seen: Seen, starts: Sequence[float]) -> tuple[list[str], Counter[str]]:
    """429s that nobody ordered: those that no restart or late arrival explains, and how many in all."""
    found = [each for each in seen.ours() if each["status"] == 429 and each["fault"] is None]
    late = [at(each) for each in seen.ours() if each["fault"] == "late"]
    bare = []
    for each in found:
        system, moments = each["system"], [*late, *(starts if each["system"] in FORGOTTEN else ())]
        if not any(0 <= at(each) - moment <= WINDOW_S[system] for moment in moments):
            bare.append(f"429 of {system} at {each['time']}")
    return bare, Counter(each["system"] for each in found)


def mark_of(item: Record) -> str | None:
    """What the record that this request creates would bear."""
    if item["method"] != "POST" or (item["system"], item["path"]) not in MARKS:
        return None
    wrapper, field = MARKS[item["system"], item["path"]]
    body = item["request"][wrapper] if wrapper else item["request"]
    return f"{item['path']} {body.get(field)}"


def sent_too_soon(seen: Seen) -> list[str]:
    """Creations sent again though the one before may have happened, before anybody could have seen it."""
    before: dict[str, Record] = {}
    wrong = []
    for item in seen.ours():
        mark = mark_of(item)
        if mark is None:
            continue
        earlier = before.get(mark)
        if earlier and not _certainly_not(earlier) and (waited_s := at(item) - at(earlier)) < SETTLE_S:
            wrong.append(
                f"{mark} again after {waited_s:.1f} s; before: {earlier['status']} {earlier['fault']}"
            )
        before[mark] = item
    return wrong


def _certainly_not(item: Record) -> bool:
    """An answer that says that nothing was applied, and that reached us."""
    return item["status"] in CERTAIN and item["fault"] in (None, "status")


def unrecorded(seen: Seen, known: set[str]) -> list[str]:
    """Creations that the vendors took, and that a stopped daemon's state knows nothing of."""
    found = []
    known = known | {f"invoice:{n}" for n, order in seen.orders_invoiced() if f"order:{order}" in known}
    for item in seen.ours():
        mark = mark_of(item)
        if mark is None or item["fault"] in NOT_APPLIED or not 200 <= item["status"] < 300:
            continue
        answer = item["response"] if isinstance(item["response"], dict) else {}
        made = _made(item, answer)
        if not {mark.partition(" ")[2], made} & known:
            found.append(f"{mark} ({made}) of {item['time']}, {item['fault']}")
    return found


def _made(item: Record, answer: Record) -> str | None:
    match item["path"]:
        case "/3/customers":
            return str(answer["Customer"]["CustomerNumber"])
        case "/3/orders":
            return f"order:{answer['Order']['DocumentNumber']}"
        case "/3/invoices":
            return f"invoice:{answer['Invoice']['DocumentNumber']}"
    return None
