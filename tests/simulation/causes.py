"""
Why a record may wait for a person: for causes that were seen at the vendors, and for no others.

A daemon that sets everything aside would lose nothing and be of no use.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from tests.simulation.camera import FORTNOX, WEBCRM, Shot
from tests.simulation.facts import adds_up

Shots = Mapping[str, Shot | None]  # side -> the record there, None when it is gone
Cause = Callable[[Shots], bool]


def _ended(shots: Shots) -> bool:
    """One end is gone, or retired."""
    return any(shot is None or shot.state in ("cancelled", "inactive") for shot in shots.values())


def _nameless(shots: Shots) -> bool:
    """Its name is made of signs that Fortnox refuses."""
    shot = shots.get(WEBCRM)
    return shot is not None and set(str(shot.fields.get("name"))) <= set("<>")


def _without_rows(shots: Shots) -> bool:
    shot = shots.get(WEBCRM)
    return shot is not None and not shot.fields.get("rows")


def _lines(shots: Shots) -> Iterator[Mapping[str, Any]]:
    shot = shots.get(WEBCRM)
    return iter(shot.raw[1].values() if shot else ())


def _beyond_cents(shots: Shots) -> bool:
    """A line comes to what no price and discount of two decimals give: that is all Fortnox keeps (8.8)."""
    return any(not _in_cents(line) for line in _lines(shots))


def _in_cents(line: Mapping[str, Any]) -> bool:
    names = ("QuotationLineQuantity", "QuotationLineListPrice", "QuotationLinePrice")
    quantity, listed, price = (Decimal(str(line.get(name) or 0)) for name in names)
    if any(number != _cents(number) for number in (quantity, listed)):
        return False
    gross = quantity * listed
    if not listed or price <= gross:  # an amount off, of whole öre, gives any such sum (12.1)
        return True
    percent = _cents((1 - price / gross) * 100) if gross else Decimal(-1)
    return 0 <= percent <= 100 and _cents(gross * (1 - percent / 100)) == price


def _cents(number: Decimal) -> Decimal:
    return number.quantize(Decimal("0.01"), ROUND_HALF_UP)


def _odd_sums(shots: Shots) -> bool:
    """A line, or a document of Fortnox, says another sum than what it is made of comes to."""
    shot = shots.get(FORTNOX)
    held = shot and shot.raw and (shot.raw[1] or shot.raw[0])
    return not all(map(adds_up, _lines(shots))) or (bool(held) and not _comes_to_its_total(held))


def _comes_to_its_total(held: Mapping[str, Any]) -> bool:
    rows = held.get("InvoiceRows") or held.get("OrderRows") or ()
    parts = [*(row["Total"] for row in rows), held["RoundOff"], held["Freight"], held["AdministrationFee"]]
    if not held["VATIncluded"]:
        parts.append(held["TotalVAT"])
    return sum(Decimal(str(part or 0)) for part in parts) == Decimal(str(held["Total"]))


def _anyhow(_shots: Shots) -> bool:
    return True


# Code -> what must be so at the vendors.
CAUSES: Final[Mapping[str, Cause]] = {
    "REC02": _ended,
    "REC06": _anyhow,  # nobody typed a number
    "REC07": _anyhow,  # two records share a value
    "REC08": _nameless,
    "REC13": _without_rows,
    "REC15": _beyond_cents,
    "REC16": _odd_sums,
    "REC24": _anyhow,  # what Fortnox locks: booked, invoiced, or with prices that include VAT
    "INT03": _anyhow,  # judged by who made it
}
FEW: Final = 6  # those of the codes above that prove nothing by themselves, in one world
MANY: Final = 0.5  # of all records


def unexplained(code: str, shots: Shots) -> bool:
    """
    Whether nothing at the vendors explains why this record waits.

    What a person deleted waits as what it was until the next full comparison, within a day.
    """
    return all(shots.values()) and not CAUSES.get(code, lambda _: False)(shots)


def too_many(waiting: int, records: int) -> bool:
    """Whether so much waits that it cannot be what people did."""
    return waiting > max(FEW, MANY * records)
