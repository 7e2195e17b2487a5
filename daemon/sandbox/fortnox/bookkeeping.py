"""
Financial years, accounts and voucher series (fortnox.md 15, 7.3, 7.4; VoucherSeries as in the vendor's file).

Accounts and series belong to a year: their key is the year's id and their number or code.
Assumed: a new year takes over the chart and the series of the year before it, without balances; years do not
overlap; a call for a year that is not there is refused with 400. BalanceCarriedForward is always null.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from daemon.sandbox.fortnox import writing
from daemon.sandbox.fortnox.chart import ACCOUNTS as STANDARD
from daemon.sandbox.fortnox.company import Company, Record, natural
from daemon.sandbox.fortnox.errors import (
    BAD_YEAR,
    CODE_TAKEN,
    IN_USE,
    MISSING,
    NO_FINANCIAL_YEAR,
    OUT_OF_RANGE,
    PERIOD_LOCKED,
    refusal,
)
from daemon.sandbox.fortnox.fields import Field, blank
from daemon.sandbox.fortnox.resource import Cell, Resource

Query = Iterable[tuple[str, str]]
YEAR_PARAMETERS = {"financialyear", "financialyeardate"}
SETTINGS = ("ALLOWED", "MANDATORY", "NOTALLOWED")
MONEY = 10**13
LEAST_ACCOUNT = 1000

# What every company begins with.
SERIES: tuple[dict[str, Any], ...] = (
    {"Code": "A", "Description": "Redovisning", "Manual": True},
    {"Code": "B", "Description": "Kundfakturor", "Manual": False},
    {"Code": "C", "Description": "Kundinbetalningar", "Manual": False},
)


def _parts(record: Record) -> tuple[str, ...]:
    return (record.key.split("\n")[1],)


def _settings(name: str) -> Field:
    return Field(f"{name}Settings", "choice", start="ALLOWED", options=SETTINGS)


def check_unused(company: Company, account: Record) -> None:
    """Refused once a voucher of the year names the account."""
    for book in company.books.get(account.values["Year"], {}).values():
        for voucher in book.records:
            if any(row["Account"] == account.values["Number"] for row in voucher.values["VoucherRows"]):
                raise refusal(IN_USE, str(account.values["Number"]))


ACCOUNTS = Resource(
    path="accounts",
    one="Account",
    many="Accounts",
    key="",
    scope="bookkeeping",
    fields=(
        Field("Active", "flag", start=True),
        Field("BalanceBroughtForward", "number", MONEY, 0),
        Field("BalanceCarriedForward", "number", write="never"),
        Field("CostCenter", "text", start="", register="costcenters"),
        _settings("CostCenter"),
        Field("Description", "text", 200, least=1, required=True),
        Field("Number", "integer", 9999, least=LEAST_ACCOUNT, write="create", required=True),
        Field("OpeningQuantities", "text", write="never"),
        Field("Project", "text", start="", register="projects"),
        _settings("Project"),
        Field("SRU", "integer", 9999),
        Field("TransactionInformation", "text", 100, ""),
        _settings("TransactionInformation"),
        Field("VATCode", "text", 10, ""),
        Field("Year", "integer", write="never"),
    ),
    verbs="",
    yearly=True,
    stamped=True,
    row=tuple(
        Cell(name, name)
        for name in (
            *("Active", "BalanceBroughtForward", "CostCenter", "CostCenterSettings", "Description"),
            *("Number", "Project", "ProjectSettings", "SRU", "VATCode", "Year"),
        )
    ),
    search={"sru": ("SRU", "number")},
    sort={"number": "Number"},
    check_remove=check_unused,
    link=_parts,
)
VOUCHER_SERIES = Resource(
    path="voucherseries",
    one="VoucherSeries",
    many="VoucherSeriesCollection",
    key="",
    scope="bookkeeping",
    fields=(
        Field("Approver", "text", write="never"),
        Field("Code", "text", 10, least=1, write="create", required=True),
        Field("Description", "text", 200, ""),
        Field("Manual", "flag", start=True),
        Field("NextVoucherNumber", "integer", start=1, write="never"),
        Field("Year", "integer", write="never"),
    ),
    verbs="",
    yearly=True,
    stamped=True,
    row=tuple(Cell(name, name) for name in ("Approver", "Code", "Description", "Manual", "Year")),
    link=_parts,
)
# What a new year does not take over.
NEW_YEAR = ((ACCOUNTS, {"BalanceBroughtForward": 0}), (VOUCHER_SERIES, {"NextVoucherNumber": 1}))
KEYS = {"accounts": "Number", "voucherseries": "Code"}


def key_of(year: int, own: str) -> str:
    """The key of an account or series in the year with the id `year`."""
    return f"{year}\n{own}"


def order(key: str) -> tuple[tuple[int, int, str], ...]:
    """How keys with a year sort: the year, then each further part."""
    return tuple(natural(part) for part in key.split("\n"))


def found(company: Company, resource: Resource, year: int, own: str) -> Record:
    """The account or series; refused with 404."""
    record = company.find(resource.path, key_of(year, own))
    if record is None:
        raise refusal(MISSING[resource.path], own, status=404)
    return record


def of_year(company: Company, resource: Resource, year: int) -> list[Record]:
    """The accounts or series of a year, in order."""
    return [each for each in company.registers[resource.path].ordered() if each.values["Year"] == year]


def create(company: Company, resource: Resource, year: int, given: Mapping[str, Any]) -> Record:
    """A new account or series of a year; refused when it is there already."""
    changes = writing.checked(company, resource, given)
    own = changes[KEYS[resource.path]]
    if isinstance(own, int) and own < LEAST_ACCOUNT:
        raise refusal(OUT_OF_RANGE, KEYS[resource.path])
    if company.find(resource.path, key_of(year, str(own))) is not None:
        raise refusal(CODE_TAKEN, str(own))
    return _store(company, resource, year, changes)


def _store(company: Company, resource: Resource, year: int, values: Mapping[str, Any]) -> Record:
    whole = {**blank(resource.fields), **values, "Year": year}
    key = key_of(year, str(whole[KEYS[resource.path]]))
    record = Record(key=key, values=whole, modified=company.stamp())
    company.registers[resource.path].put(record)
    return record


def year_of(company: Company, date: str) -> int:
    """The id of the year that `date` lies in; refused without one."""
    for record in company.registers["financialyears"].records.values():
        if record.values["FromDate"] <= date <= record.values["ToDate"]:
            return int(record.values["Id"])
    raise refusal(NO_FINANCIAL_YEAR, date)


def check_unlocked(company: Company, date: str) -> None:
    """Refused for a date in the locked period."""
    if company.locked_until is not None and date <= company.locked_until:
        raise refusal(PERIOD_LOCKED, date)


def preselected(company: Company) -> int:
    """The id of the year that is meant when none is named: by switch, or the latest (15)."""
    chosen = company.find("financialyears", str(company.switches["preselected_year"]))
    years = company.registers["financialyears"].records.values()
    latest = chosen or max(years, key=lambda year: str(year.values["ToDate"]))
    return int(latest.values["Id"])


def scoped(company: Company, query: Query) -> tuple[int, list[tuple[str, str]]]:
    """The id of the year that a query means, and the query's rest; refused for a year that is not there."""
    rest = [(name, value) for name, value in query if name not in YEAR_PARAMETERS]
    wanted = dict(query)
    if "financialyear" in wanted:
        if company.find("financialyears", wanted["financialyear"]) is None:
            raise refusal(MISSING["financialyears"])
        return int(wanted["financialyear"]), rest
    if "financialyeardate" in wanted:
        return year_of(company, wanted["financialyeardate"]), rest
    return preselected(company), rest


def check_year(
    company: Company, before: Record | None, values: dict[str, Any], _changes: Mapping[str, Any]
) -> None:
    """Refused for a new year that ends before it begins, or shares a day with another."""
    if before is not None:
        return
    begins, ends = values["FromDate"], values["ToDate"]
    others = company.registers["financialyears"].records.values()
    if begins >= ends or any(
        begins <= other.values["ToDate"] and other.values["FromDate"] <= ends for other in others
    ):
        raise refusal(BAD_YEAR, f"{begins} - {ends}")


def open_year(company: Company, year: Record) -> None:
    """Give a new year its chart and series: those of the year before it, or the standard ones."""
    earlier = [
        each
        for each in company.registers["financialyears"].records.values()
        if each.values["ToDate"] < year.values["FromDate"]
    ]
    number = int(year.values["Id"])
    if not earlier:
        for account in STANDARD:
            _store(company, ACCOUNTS, number, account)
        for series in SERIES:
            _store(company, VOUCHER_SERIES, number, series)
        return
    source = int(max(earlier, key=lambda each: str(each.values["ToDate"])).values["Id"])
    for resource, fresh in NEW_YEAR:
        for record in of_year(company, resource, source):
            _store(company, resource, number, {**record.values, **fresh})
