"""
What must be true of both sides when the crowd has gone home and the daemon rests.

Knows what people wrote and what both vendors hold; shares no code with what
reads, decides or writes in the daemon.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from tests.simulation.processes_acts import CUSTOMER_FIELDS, Rows
from tests.simulation.processes_host import Host
from tests.simulation.processes_people import TYPES, Crowd

Record = Mapping[str, Any]
MARK = "ExternalInvoiceReference1"
ITEM = "QuotationLineLinkedDataItem"
# fmt: off
EQUAL = (
    # Fortnox             webCRM's Organisation…  equal as
    *((ours, theirs, str) for ours, theirs, _ in CUSTOMER_FIELDS),
    ("OrganisationNumber", "ExtraCustom2",        lambda value: re.sub(r"\D", "", value)),
    ("VATNumber",          "VatNumber",           str),
    ("TermsOfPayment",     "ExtraCustom4",        lambda value: value.partition(":")[0]),
    ("Currency",           "ExtraCustom5",        lambda value: value.partition(":")[0]),
)
GOODS = (("Description", "Data2"), ("SalesPrice", "Price"), ("PurchasePrice", "CostPrice"))
# fmt: on


class Sides:
    """Everything both vendors hold and all that the daemon lists for a person, looked at once."""

    def __init__(self, crowd: Crowd, host: Host) -> None:
        self.crowd = crowd
        self.customers = crowd.fortnox_screen("customers")
        self.articles = crowd.fortnox_screen("articles")
        self.orders = {row["DocumentNumber"]: row for row in crowd.fortnox_screen("orders")}
        self.invoices = {row["DocumentNumber"]: row for row in crowd.fortnox_screen("invoices")}
        self.firms = [row for row in crowd.organisations() if row["OrganisationType"] in TYPES]
        self.items = crowd.webcrm("GET", "/QuotationLines/LinkedData")
        self.deliveries = crowd.deliveries()
        self.parked = host.ask("parked")["items"]
        self.conflicts: dict[str, list[Record]] = defaultdict(list)
        for each in host.ask("conflicts")["items"]:
            self.conflicts[each["key"]].append(each)
        intents = host.ask("intents")["items"]
        # What was made in Fortnox and whose answer was lost is known by the mark it bears only.
        self.under_way = {each[name] for each in intents for name in ("key", "reference") if each[name]}
        self.marks = {row["CustomerNumber"]: str(row["ExternalReference"]) for row in self.customers}
        self.excused: Counter[str] = Counter()

    def is_under_way(self, *keys: str) -> bool:
        """Whether a write of this record (its keys, its mark) is being settled; never so at rest."""
        return not self.under_way.isdisjoint(keys)

    def waits(self, key: str) -> str:
        """Why the rows of a document are left to a person, "" when they are not."""
        found = [each["code"] for each in self.parked if each["key"] == key]
        found += [each["state"] for each in self.conflicts[key] if each["field"] == "rows"]
        return next((why for why in found if why in ("REC24", "open", "standing")), "")


def wrong(sides: Sides) -> list[str]:
    """Every record once on each side, with equal fields, as people left it; or listed with its reason."""
    return [*_customers(sides), *_articles(sides), *_documents(sides), *_counts(sides), *_unexplained(sides)]


def _counts(sides: Sides) -> Iterator[str]:
    """As many as people made: what is doubled on one side crosses, and looks right in pairs."""
    crowd, acts = sides.crowd, sides.crowd.acts
    counts = {
        "customers": (
            len(sides.customers),
            crowd.customers_before + acts["new_customer"] + acts["new_organisation"],
        ),
        "documents": (
            len(sides.orders) + sum(row["OrderReference"] == "0" for row in sides.invoices.values()),
            acts["new_paper"] + acts["new_delivery"] + acts["credit"],
        ),
    }
    for what, (there, made) in counts.items():
        if there > made or (there < made and not sides.under_way):
            yield f"{there} {what} in Fortnox, but people made {made}"


def _unexplained(sides: Sides) -> Iterator[str]:
    for each in sides.parked:
        if not (each["code"] and each["what"] and each["todo"]):
            yield f"parked without a word: {each}"
        elif each["code"] != "REC24":
            yield f"parked for no reason that was given: {each['key']} {each['code']} {each['what']}"
        else:
            sides.excused["parked REC24"] += 1


# ------------------------------------------------------------------ registers


def _by(
    sides: Sides, rows: Iterable[Record], field: str, key: str, what: str
) -> tuple[dict[str, Record], list[str]]:
    """By number, and what stands there twice or without one."""
    found: dict[str, list[Record]] = defaultdict(list)
    for row in rows:
        found[str(row[field] or "")].append(row)
    bare = [row for row in found.pop("", []) if not sides.is_under_way(f"partner:{row[key]}")]
    wrong = [f"{what} {row[key]} has no number" for row in bare]
    wrong += [f"{len(some)} times {what} {number}" for number, some in found.items() if len(some) > 1]
    return {number: some[0] for number, some in found.items()}, wrong


def _customers(sides: Sides) -> Iterator[str]:
    ours = {row["CustomerNumber"]: row for row in sides.customers if row["Active"]}
    theirs, twice = _by(sides, sides.firms, "OrganisationExtraCustom1", "OrganisationId", "organisation")
    marks = Counter(row["ExternalReference"] for row in sides.customers if row["ExternalReference"])
    yield from (*twice, *(f"{n} customers of {mark}" for mark, n in marks.items() if n > 1))
    for number in ours.keys() ^ theirs.keys():
        if number and not sides.is_under_way(f"fortnox:{number}", sides.marks.get(number, "")):
            yield f"customer {number} is only in {'Fortnox' if number in ours else 'webCRM'}"
    for number in ours.keys() & theirs.keys():
        if not sides.is_under_way(f"fortnox:{number}", f"partner:{theirs[number]['OrganisationId']}"):
            yield from _customer(sides, number, ours[number], theirs[number])


def _customer(sides: Sides, number: str, mine: Record, other: Record) -> Iterator[str]:
    written, key = sides.crowd.written, str(other["OrganisationId"])
    for field, place, same in EQUAL:
        left, right = (same(str(value or "")) for value in (mine[field], other[f"Organisation{place}"]))
        if left != right:
            yield f"customer {number}, {field}: {left!r} in Fortnox, {right!r} in webCRM"
            continue
        in_fortnox = written["fortnox", "customer", number].get(field, [])
        in_webcrm = written["webcrm", "customer", key].get(field, [])
        what = f"customer {number}, {field}"
        yield from _last(sides, what, left, in_fortnox, in_webcrm, f"partner:{key}")


Written = Sequence[tuple[float, str]]


def _last(
    sides: Sides, what: str, value: str, in_fortnox: Written, in_webcrm: Written, key: str
) -> Iterator[str]:
    """
    The value is the last that was written on one of the sides; a newer one that lost is listed.

    A value that nobody wrote was there before: it wins only where the two were linked and never had agreed.
    """
    lasts = sorted(written[-1] for written in (in_fortnox, in_webcrm) if written)
    if not lasts or value == lasts[-1][1]:
        return
    lost = [each for each in sides.conflicts[key] if lasts[-1][1] in (each["fortnox"], each["partner"])]
    if value != lasts[0][1] and not any(each["base"] is None for each in lost):
        yield f"{what}: {value!r}, not as people left it: {lasts}"
    elif not lost:
        yield f"{what}: {value!r}, and the newer one is nowhere: {lasts}"
    else:
        sides.excused["a newer value lost to a conflict, listed"] += 1


def _articles(sides: Sides) -> Iterator[str]:
    ours = {row["ArticleNumber"]: row for row in sides.articles if row["Active"]}
    theirs, twice = _by(sides, sides.items, f"{ITEM}Data1", f"{ITEM}Id", "catalogue item")
    yield from twice
    settled = {
        number for number in ours.keys() | theirs.keys() if not sides.is_under_way(f"fortnox:{number}")
    }
    yield from (f"article {number} is only on one side" for number in settled & (ours.keys() ^ theirs.keys()))
    for number in settled & ours.keys() & theirs.keys():
        written = sides.crowd.written["fortnox", "article", number]
        for field, place in GOODS:
            left, right = _plain(ours[number][field]), _plain(theirs[number][ITEM + place])
            if left != right:
                yield f"article {number}, {field}: {left!r} in Fortnox, {right!r} in webCRM"
            if field in written and written[field][-1][1] != left:
                yield f"article {number}, {field} is {left!r}, not {written[field][-1]}"


def _plain(value: Any) -> str:
    try:
        return f"{float(value):.2f}"
    except (TypeError, ValueError):
        return str(value or "")


# ------------------------------------------------------------------ documents


class Paper(NamedTuple):
    """An order and the invoice made from it are one document; `deliveries` should be one."""

    name: str
    order: Record | None
    invoice: Record | None
    deliveries: Sequence[Record]

    @property
    def living(self) -> Record:
        """The half that counts."""
        found = self.invoice or self.order
        assert found is not None
        return found

    @property
    def locked(self) -> bool:
        """Whether Fortnox takes no other rows any more."""
        return bool(self.living["Cancelled"] or self.living.get("Booked") or (self.order and self.invoice))

    def written(self, sides: Sides, field: str) -> tuple[list[Any], list[Any]]:
        """What people wrote in Fortnox and in webCRM: (epoch seconds, value), oldest first."""
        halves = (("order", self.order), ("invoice", self.invoice))
        keys = [("fortnox", form, half["DocumentNumber"]) for form, half in halves if half]
        in_fortnox = sorted(each for key in keys for each in sides.crowd.written[key].get(field, []))
        delivery = ("webcrm", "delivery", str(self.deliveries[0]["DeliveryId"]))
        return in_fortnox, sides.crowd.written[delivery].get(field, [])


def _papers(sides: Sides) -> list[Paper]:
    found: dict[str, list[Record]] = defaultdict(list)
    for delivery in sides.deliveries:
        form, _, number = str(delivery["DeliveryErpId"]).partition(":")
        order = sides.invoices.get(number, {}).get("OrderReference", "0") if form == "invoice" else "0"
        found[f"{form}:{number}" if order == "0" else f"order:{order}"].append(delivery)
    made_from = {row["OrderReference"]: row for row in sides.invoices.values()}
    papers = [
        Paper(f"order:{number}", row, made_from.get(number), found.pop(f"order:{number}", []))
        for number, row in sides.orders.items()
    ]
    papers += [
        Paper(f"invoice:{number}", None, row, found.pop(f"invoice:{number}", []))
        for number, row in sides.invoices.items()
        if row["OrderReference"] == "0"
    ]
    return [*papers, *(Paper(name, None, None, rows) for name, rows in found.items())]


def _documents(sides: Sides) -> Iterator[str]:
    papers = _papers(sides)
    owners = {row["OrganisationExtraCustom1"]: f"partner:{row['OrganisationId']}" for row in sides.firms}
    marks = Counter(mark for p in papers if (mark := (p.order or p.invoice or {}).get(MARK)))
    yield from (f"{count} documents of {mark}" for mark, count in marks.items() if count > 1)
    for paper in papers:
        keys = [f"partner:{row['DeliveryId']}" for row in paper.deliveries]
        born = paper.order or paper.invoice or {}
        buyer = str(born.get("CustomerNumber"))
        keys_of_buyer = (f"fortnox:{buyer}", owners.get(buyer, ""), sides.marks.get(buyer, ""))
        if sides.is_under_way(f"fortnox:{paper.name}", *keys, str(born.get(MARK)), *keys_of_buyer):
            continue
        if not (paper.order or paper.invoice):
            yield f"the deliveries {keys} are of {paper.name}, which is nowhere"
        elif len(keys) > 1 or not (keys or paper.living["Cancelled"]):  # nobody saw that one alive
            yield f"{paper.name} has {len(keys)} deliveries"
        elif keys:
            yield from (f"{paper.name}, {text}" for text in _paper(sides, paper, keys[0]))


def _paper(sides: Sides, paper: Paper, key: str) -> Iterator[str]:
    (delivery,) = paper.deliveries
    for what, (ours, theirs) in _shown(paper, delivery).items():
        if ours != theirs:
            yield f"{what}: {ours!r} in Fortnox, {theirs!r} in webCRM"
    credit = str(paper.living.get("CreditInvoiceReference", "0"))
    credited = credit != "0" and paper.living["Credit"] == "false"
    wanted = credit if credited else paper.living["DocumentNumber"]
    if (credited or paper.living["Cancelled"]) and wanted not in str(delivery["DeliveryNote"]):
        yield f"it was cancelled or credited ({wanted}), and the note says {delivery['DeliveryNote']!r}"
    if not paper.living["Cancelled"]:
        yield from _text(sides, paper, key)
    yield from _rows(sides, paper, key)


def _shown(paper: Paper, delivery: Record) -> Mapping[str, tuple[object, object]]:
    order, invoice = paper.order or {}, paper.invoice or {}
    date = order.get("OrderDate") or invoice.get("InvoiceDate")
    invoiced_on = invoice.get("InvoiceDate", "") if order else ""
    return {
        "order number": (order.get("DocumentNumber", ""), delivery["DeliveryCustom1"] or ""),
        "invoice number": (invoice.get("DocumentNumber", ""), delivery["DeliveryCustom2"] or ""),
        "date": (date, delivery["DeliveryOrderDate"][:10]),
        "date of the order's invoice": (invoiced_on, delivery["DeliveryCustom3"] or ""),
        "booked": (bool(invoice.get("Booked")), delivery["DeliveryCustom5"] == "Yes"),
    }


def _text(sides: Sides, paper: Paper, key: str) -> Iterator[str]:
    ours, theirs = (
        str(text or "") for text in (paper.living["Remarks"], paper.deliveries[0]["DeliveryMemo"])
    )
    if ours == theirs:
        in_fortnox, in_webcrm = paper.written(sides, "Text")
        yield from _last(sides, "text", ours, in_fortnox, in_webcrm, key)
    elif paper.living.get("Booked") and any(theirs == each["partner"] for each in sides.conflicts[key]):
        sides.excused["a text edited too late, listed"] += 1
    else:
        yield f"text: {ours!r} in Fortnox, {theirs!r} in webCRM"


def _rows(sides: Sides, paper: Paper, key: str) -> Iterator[str]:
    """To the öre. Where both worked at them or Fortnox takes none any more, they may wait, listed."""
    (delivery,), living = paper.deliveries, paper.living
    ours = _rows_of(living["InvoiceRows" if paper.invoice else "OrderRows"], "ArticleNumber", "Total")
    theirs = _rows_of(sides.crowd.lines(int(delivery["DeliveryId"])), "Data1", "Price")
    in_fortnox, in_webcrm = paper.written(sides, "Rows")
    why = "cancelled" if living["Cancelled"] else sides.waits(key)
    if ours != theirs:
        if why and (paper.locked or (in_fortnox and in_webcrm)):
            sides.excused[f"rows differ: {why}"] += 1
        else:
            yield f"rows: {ours} in Fortnox, {theirs} in webCRM at {key}; {why}"
    elif not why and _plain(living["Net"]) != _plain(delivery["DeliveryOrderValue"]):
        yield f"value: {living['Net']} in Fortnox, {delivery['DeliveryOrderValue']} in webCRM"
    elif bool(in_fortnox) != bool(in_webcrm) and ours != (last := (in_fortnox or in_webcrm)[-1])[1]:
        yield f"rows: {ours}, not as people left them: {last}"


def _rows_of(rows: Iterable[Record], article: str, total: str) -> Rows:
    """What is compared of the rows that are no mere texts, whichever side they are of."""
    found = []
    for row in rows:
        prefix = "QuotationLine" if "QuotationLineId" in row else ""
        quantity = row[f"{prefix}Quantity"] if prefix else row["DeliveredQuantity"]
        if row[prefix + article]:
            found.append((row[prefix + article], _plain(quantity), _plain(row[prefix + total])))
    return tuple(found)
