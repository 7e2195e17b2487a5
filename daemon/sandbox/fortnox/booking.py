"""
Booking (fortnox.md 12.2, 12.5, 15): the voucher that an invoice or a payment becomes.

Assumed, and kept simple: an invoice debits 1510 and credits each row's account, the VAT of each rate and the
fees; a payment debits its account and credits 1510; all in SEK, and what rounding leaves goes to 3740.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from msgspec import Struct

from daemon.sandbox.fortnox import vouchers
from daemon.sandbox.fortnox.bookkeeping import check_unlocked, year_of
from daemon.sandbox.fortnox.company import Company, Record
from daemon.sandbox.fortnox.fields import blank, plain
from daemon.sandbox.fortnox.totals import cents, exact, vat_of

INVOICE_SERIES = "B"
PAYMENT_SERIES = "C"
RECEIVABLES = 1510
BANK = 1930
SALES = 3001
ROUNDING = 3740
FEES = {"Freight": 3520, "AdministrationFee": 3540}
VAT = {25: 2611, 12: 2621, 6: 2631}
USUAL_VAT = 2611
LEAST_ROWS = 2

Place = tuple[int, str, str]  # account, cost centre, project
Posted = Mapping[Place, Decimal]  # debit above zero, credit below


class Source(Struct, frozen=True):
    """What a voucher is made of: the kind and number of its document, and what it is called."""

    kind: str
    number: str
    text: str


def voucher(company: Company, series: str, date: str, source: Source, posted: Posted) -> dict[str, Any]:
    """
    Book the next voucher of `series` on `date`; answers the fields that the booked document shows.

    Refused without a financial year or in a locked period; the year is named by its id, not by the calendar.
    """
    year = year_of(company, date)
    check_unlocked(company, date)
    values = {
        "Description": source.text,
        "ReferenceNumber": source.number,
        "ReferenceType": source.kind,
        "TransactionDate": date,
        "VoucherRows": tuple(_rows(company, year, posted)),
        "VoucherSeries": series,
    }
    number = vouchers.store(company, year, values).values["VoucherNumber"]
    return {"Booked": True, "VoucherSeries": series, "VoucherNumber": number, "VoucherYear": year}


def invoice(company: Company, record: Record) -> dict[str, Any]:
    """Book an invoice on its date."""
    values = record.values
    kind = "CASHINVOICE" if values["InvoiceType"] == "CASHINVOICE" else "INVOICE"
    source = Source(kind, record.key, f"Kundfaktura {record.key}")
    return voucher(company, INVOICE_SERIES, values["InvoiceDate"], source, _sold(values))


def payment(company: Company, record: Record) -> dict[str, Any]:
    """Book a payment on its date."""
    values = record.values
    mode = company.find("modesofpayments", values["ModeOfPayment"])
    account = values["ModeOfPaymentAccount"] or (int(mode.values["AccountNumber"]) if mode else BANK)
    posted: defaultdict[Place, Decimal] = defaultdict(Decimal)
    posted[account, "", ""] += exact(values["Amount"])
    for row in values["WriteOffs"]:
        posted[row["AccountNumber"] or ROUNDING, row["CostCenter"], row["Project"]] += exact(row["Amount"])
    posted[RECEIVABLES, "", ""] -= sum(posted.values(), Decimal(0))
    source = Source("INVOICEPAYMENT", record.key, f"Inbetalning {record.key}")
    return voucher(company, PAYMENT_SERIES, values["PaymentDate"], source, posted)


def _sold(values: Mapping[str, Any]) -> Posted:
    rate = exact(values["CurrencyRate"]) / (exact(values["CurrencyUnit"]) or Decimal(1))
    posted: defaultdict[Place, Decimal] = defaultdict(Decimal)
    by_rate: defaultdict[int, Decimal] = defaultdict(Decimal)
    for row in values["InvoiceRows"]:
        place = (row["AccountNumber"] or SALES, row["CostCenter"] or values["CostCenter"])
        posted[*place, row["Project"] or values["Project"]] -= cents(exact(row["TotalExcludingVAT"]) * rate)
        by_rate[row["VAT"]] += exact(row["TotalExcludingVAT"])
    for percent, total in by_rate.items():
        vat = vat_of(total * rate, Decimal(percent), included=False)
        posted[VAT.get(percent, USUAL_VAT), "", ""] -= vat
    for name, account in FEES.items():
        fee, vat = exact(values[name]), exact(values[f"{name}VAT"])
        posted[account, "", ""] -= cents((fee - vat if values["VATIncluded"] else fee) * rate)
        posted[USUAL_VAT, "", ""] -= cents(vat * rate)
    posted[RECEIVABLES, "", ""] += cents(exact(values["Total"]) * rate)
    posted[ROUNDING, "", ""] -= sum(posted.values(), Decimal(0))
    return posted


def _rows(company: Company, year: int, posted: Posted) -> list[vouchers.Row]:
    """The rows in the order of their accounts; those over nothing only where else there were too few."""
    rows = [_row(company, year, place, amount) for place, amount in sorted(posted.items()) if amount]
    if len(rows) < LEAST_ROWS:
        return [_row(company, year, (account, "", ""), Decimal(0)) for account in (RECEIVABLES, SALES)]
    return rows


def _row(company: Company, year: int, place: Place, amount: Decimal) -> vouchers.Row:
    number, cost_center, project = place
    account = company.find("accounts", f"{year}\n{number}")
    return {
        **blank(vouchers.ROW),
        "Account": number,
        "CostCenter": cost_center,
        "Credit": plain(max(-amount, Decimal(0))),
        "Debit": plain(max(amount, Decimal(0))),
        "Description": account.values["Description"] if account else "",
        "Project": project,
    }


def change(company: Company, record: Record, switch: str = "", **changes: Any) -> None:
    """Write `changes` into a record; the stamp is raised unless `switch` says otherwise (22 no 3)."""
    record.values = {**record.values, **changes}
    if not switch or company.switches[switch]:
        record.modified = company.stamp()
