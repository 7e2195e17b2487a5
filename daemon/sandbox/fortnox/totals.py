"""
The sums of a document (fortnox.md 11, 12.1), in exact decimals.

Assumed, since no source tells the order of rounding:
- a row's Total is rounded half up (away from zero) to öre, its discount included;
- VAT is computed per rate on the sum of the rows' rounded totals, then rounded half up to öre;
- an amount discount counts once per row, and takes from a negative row too: quantity x price - discount;
- freight and administration fee carry 25 % where VAT is charged, rounded on their own, and with VATIncluded
  they include it; Gross is the rows without VAT, Net adds freight and fee;
- Total is what is to be paid: Net + TotalVAT + RoundOff; whole kronor only in SEK.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from daemon.sandbox.fortnox.fields import CENT, plain

ZERO = Decimal(0)
ONE = Decimal(1)
WHOLE = Decimal(100)  # percent
FEES = ("Freight", "AdministrationFee")
FEE_RATE = Decimal(25)


def settle(values: dict[str, Any], rows_name: str, *, charged: bool, round_off: bool) -> None:
    """Write every sum of a document into `values`; `charged` says whether fees carry VAT."""
    included = values["VATIncluded"]
    values[rows_name] = tuple(_row(row, included=included) for row in values[rows_name])
    by_rate: defaultdict[Decimal, Decimal] = defaultdict(lambda: ZERO)
    for row in values[rows_name]:
        by_rate[Decimal(row["VAT"])] += exact(row["Total"])
    rows_vat = sum((vat_of(total, rate, included=included) for rate, total in by_rate.items()), ZERO)
    rows_total = sum(by_rate.values(), ZERO)
    gross = rows_total - rows_vat if included else rows_total

    fees, fees_vat = _fees(values, FEE_RATE if charged else ZERO, included=included)
    net, vat = gross + fees, rows_vat + fees_vat
    whole_kronor = round_off and values["Currency"] == "SEK"
    off = (net + vat).quantize(ONE, rounding=ROUND_HALF_UP) - net - vat if whole_kronor else ZERO

    sums = {"Gross": gross, "Net": net, "TotalVAT": vat, "RoundOff": off}
    sums |= dict.fromkeys(("Total", "TotalToPay", "Balance"), net + vat + off)
    values.update({name: plain(amount) for name, amount in sums.items() if name in values})
    values["HouseWork"] = any(row["HouseWork"] for row in values[rows_name])


def exact(number: float | str) -> Decimal:
    """A stored number as the decimal that JSON shows for it."""
    return Decimal(str(number))


def cents(amount: Decimal) -> Decimal:
    """Rounded half up to öre."""
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


def vat_of(total: Decimal, rate: Decimal, *, included: bool) -> Decimal:
    """The VAT on, or in, `total`."""
    return cents(total * rate / (WHOLE + rate if included else WHOLE))


def _row(row: Mapping[str, Any], *, included: bool) -> dict[str, Any]:
    price, rate = exact(row["Price"]), Decimal(row["VAT"])
    total = exact(row["DeliveredQuantity"]) * price
    discount = exact(row["Discount"])
    total -= total * discount / WHOLE if row["DiscountType"] == "PERCENT" else discount
    summed = {**row, "Total": plain(cents(total))}
    if "TotalExcludingVAT" in row:
        share = WHOLE / (WHOLE + rate) if included else ONE
        summed["PriceExcludingVAT"] = plain(cents(price * share))
        summed["TotalExcludingVAT"] = plain(cents(cents(total) * share))
    return summed


def _fees(values: dict[str, Any], rate: Decimal, *, included: bool) -> tuple[Decimal, Decimal]:
    """Both fees without VAT, and their VAT, which is also written beside each."""
    total = vat = ZERO
    for name in FEES:
        fee = exact(values[name])
        part = vat_of(fee, rate, included=included)
        values[f"{name}VAT"] = plain(part)
        total += fee - part if included else fee
        vat += part
    return total, vat
