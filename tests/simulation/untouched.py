"""What a write of ours must leave as it is: all that has no counterpart on the other side (I15)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any, Final

from tests.simulation.facts import FORTNOX, WEBCRM, Raw

Pair = tuple[Mapping[str, Any], Mapping[str, Any]]


def _names(text: str, prefix: str = "") -> frozenset[str]:
    return frozenset(prefix + name for name in text.split())


CHANGED_BY_US: Final[Mapping[tuple[str, str], frozenset[str]]] = {
    ("customer", FORTNOX): _names(
        "Name VATNumber Phone1 WWW Fax VisitingAddress VisitingZipCode VisitingCity VisitingCountryCode "
        "Address1 Address2 ZipCode City CountryCode Type OrganisationNumber TermsOfPayment Currency Email"
    ),
    ("customer", WEBCRM): _names(
        "Name VatNumber Telephone Www Fax Address PostCode City Country CountryValue Type ExtraCustom1 "
        "ExtraCustom2 ExtraCustom3 ExtraCustom4 ExtraCustom5 XMemo1",
        "Organisation",
    ),
    ("article", WEBCRM): _names("Data1 Data2 Price CostPrice", "QuotationLineLinkedDataItem"),
    ("document", FORTNOX): _names(
        "OrderDate InvoiceDate DeliveryDate Remarks OrderRows InvoiceRows Currency"
    ),
    ("document", WEBCRM): _names(
        "OrderDate OrderValue CurrencyName OpportunityCurrencyName Memo Note Status ErpId ErpStatus "
        "ErpSyncDateTime Custom1 Custom2 Custom3 Custom4 Custom5",
        "Delivery",
    )
    | _names(
        "Data1 Data2 Data3 Memo Quantity ListPrice Discount Price VatPercentage SortOrder LinkedDataId",
        "QuotationLine",
    ),
}
# What the vendor works out by itself, or stamps (fortnox.md 11 and 12.1, webcrm.md 6).
BY_VENDOR: Final = _names(
    "Country VisitingCountry Balance Gross Net RoundOff Total TotalToPay TotalVAT HouseWork CurrencyRate "
    "CurrencyUnit FreightVAT AdministrationFeeVAT ContributionPercent ContributionValue "
    "OrganisationUpdatedAt OrganisationUpdatedBy OrganisationHistory OrganisationCompareName "
    "OrganisationTelephoneSearch DeliveryUpdatedAt DeliveryUpdatedBy DeliveryHistory "
    "QuotationLineUpdatedAt QuotationLineUpdatedBy"
)


def touched(kind: str, side: str, old: Raw, new: Raw) -> list[str]:
    """Fields that a write of ours changed though they have no counterpart on the other side."""
    free = CHANGED_BY_US.get((kind, side), frozenset()) | BY_VENDOR
    found: list[str] = []
    for before, after in _lines_of(old, new) if (kind, side) == ("document", WEBCRM) else _halves(old, new):
        if before is after:
            continue
        names = before.keys() | after.keys()
        found += [
            f"{name} {before.get(name)!r} -> {after.get(name)!r}"
            for name in sorted(names - free)
            if before.get(name) != after.get(name) and not (name == "DueDate" and _moved_along(before, after))
        ]
    return found


def _moved_along(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether an invoice falls due as many days after its date as before: DueDate stands by itself (8.1)."""
    days = [
        dt.date.fromisoformat(each[name]) for name in ("DueDate", "InvoiceDate") for each in (before, after)
    ]
    return days[1] - days[0] == days[3] - days[2]


def _halves(old: Raw, new: Raw) -> Iterator[Pair]:
    return ((before, after) for before, after in zip(old, new, strict=True) if before and after)


def _lines_of(old: Raw, new: Raw) -> Iterator[Pair]:
    """A delivery, and its lines that are there before and after."""
    yield old[0], new[0]
    yield from ((old[1][key], new[1][key]) for key in old[1].keys() & new[1].keys())
