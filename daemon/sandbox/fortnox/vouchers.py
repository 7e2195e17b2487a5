"""
Vouchers (fortnox.md 15, 7.4, 8.8): written once, never changed or deleted through the API.

The key of a record is the year's id, the series and the number. `Company.books` keeps the same records by
year, series and date, so that neither a new one nor a look for those of a day walks over all of them.
Assumed: amounts are rounded half up to öre before they must balance; a row may hold 0 on both sides; an
amount below zero is refused; a cost centre in the header stands for rows without one; `Year` in the body is
ignored; a list shows one year, by series and number; `ApprovalState` is 0; what nobody wrote reads "".
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from itertools import chain
from typing import Any

from daemon.sandbox.fortnox import writing
from daemon.sandbox.fortnox.articles import PRICE, QUANTITY
from daemon.sandbox.fortnox.bookkeeping import ACCOUNTS, VOUCHER_SERIES, check_unlocked, key_of
from daemon.sandbox.fortnox.company import Book, Company, Record
from daemon.sandbox.fortnox.errors import (
    BAD_AMOUNT,
    DATE_OUTSIDE_YEAR,
    DIMENSION_INACTIVE,
    DIMENSION_NOT_ALLOWED,
    DIMENSION_REQUIRED,
    MISSING,
    NOT_AN_OPTION,
    NOT_BALANCED,
    NOT_MANUAL,
    READ_ONLY,
    REQUIRED,
    SERIES_NOT_MANUAL,
    TOO_FEW_ROWS,
    refusal,
)
from daemon.sandbox.fortnox.fields import Field, blank, check
from daemon.sandbox.fortnox.resource import Cell, Resource

Row = dict[str, Any]
ROW = (
    Field("Account", "integer", 9999, least=1000, required=True),
    Field("CostCenter", "text", 6, ""),
    Field("Credit", "number", PRICE, 0),
    Field("Debit", "number", PRICE, 0),
    Field("Description", "text", write="never"),
    Field("Project", "text", 20, ""),
    Field("Quantity", "number", QUANTITY, 0),
    Field("Removed", "flag", start=False, write="never"),
    Field("TransactionInformation", "text", 100, ""),
)
VOUCHERS = Resource(
    path="vouchers",
    one="Voucher",
    many="Vouchers",
    key="",
    scope="bookkeeping",
    fields=(
        Field("ApprovalState", "integer", start=0, write="never"),
        Field("Comments", "text", 1000, ""),
        Field("CostCenter", "text", 6, "", register="costcenters"),
        Field("Description", "text", 200, least=1, required=True),
        Field("Project", "text", 20, "", register="projects"),
        Field("ReferenceNumber", "text", start="", write="never"),
        Field("ReferenceType", "text", start="MANUAL", write="never"),
        Field("TransactionDate", "date", required=True),
        Field("VoucherNumber", "integer", write="never"),
        Field("VoucherRows", "rows", start=(), parts=ROW),
        Field("VoucherSeries", "text", 10, least=1, required=True),
        Field("Year", "integer", write="never"),
    ),
    verbs="",
    yearly=True,
    stamped=True,
    row=tuple(
        Cell(name, name)
        for name in (
            *("ApprovalState", "Comments", "Description", "ReferenceNumber", "ReferenceType"),
            *("TransactionDate", "VoucherNumber", "VoucherSeries", "Year"),
        )
    ),
    search={
        "costcenter": ("CostCenter", "in_voucher"),
        "fromdate": ("TransactionDate", "from"),
        "todate": ("TransactionDate", "to"),
        "voucherseries": ("VoucherSeries", "exact"),
    },
    sort={
        name.lower(): name for name in ("ReferenceNumber", "ReferenceType", "VoucherNumber", "VoucherSeries")
    },
    link=lambda record: tuple(record.key.split("\n")[1:]),
)
EDITABLE = {"Description", "Comments", "VoucherRows"}
LEAST_ROWS = 2
DIMENSIONS = (("CostCenter", "costcenters"), ("Project", "projects"))


def find(company: Company, year: int, series: str, number: str) -> Record:
    """The voucher at a key; refused with 404."""
    record = company.find("vouchers", f"{year}\n{series}\n{number}")
    if record is None:
        raise refusal(MISSING["vouchers"], status=404)
    return record


def among(company: Company, year: int, wanted: Mapping[str, str]) -> list[Record]:
    """The vouchers of a year by series and number, at least those within the series and dates `wanted`."""
    shelf = company.books.get(year, {})
    chosen = [wanted["voucherseries"]] if "voucherseries" in wanted else sorted(shelf)
    first, last = wanted.get("fromdate", ""), wanted.get("todate", "9999")
    books = (shelf[series] for series in chosen if series in shelf)
    dated = first or "todate" in wanted
    return list(chain.from_iterable(_within(book, first, last) if dated else book.records for book in books))


def _within(book: Book, first: str, last: str) -> list[Record]:
    days = [records for date, records in book.by_date.items() if first <= date <= last]
    return sorted(chain.from_iterable(days), key=lambda record: int(record.values["VoucherNumber"]))


def create(company: Company, year: int, given: Mapping[str, Any]) -> Record:
    """A voucher of a person or an integration; refused unless all of section 15 holds."""
    given = {name: value for name, value in given.items() if name != "Year"}
    values = {**blank(VOUCHERS.fields), **writing.checked(company, VOUCHERS, given)}
    _check_date(company, year, values["TransactionDate"])
    _check_series(company, year, values["VoucherSeries"])
    for name, path in DIMENSIONS:
        _check_in_use(company, path, values[name])
    values["VoucherRows"] = tuple(_row(company, year, values, row) for row in values["VoucherRows"])
    _check_balance(values["VoucherRows"])
    return store(company, year, values)


def store(company: Company, year: int, values: Mapping[str, Any]) -> Record:
    """Give a finished voucher the next number of its series in the year, and keep it."""
    series, date = values["VoucherSeries"], values["TransactionDate"]
    book = company.books.setdefault(year, {}).setdefault(series, Book())
    number = book.next_number
    whole = {**blank(VOUCHERS.fields), **values, "VoucherNumber": number, "Year": year}
    record = Record(key=f"{year}\n{series}\n{number}", values=whole, modified=company.stamp())
    company.registers["vouchers"].put(record)
    book.records.append(record)
    book.by_date.setdefault(date, []).append(record)
    _count(company, year, series)
    return record


def remove_last(company: Company, year: int, series: str) -> Record:
    """A person deletes the last voucher of a series: its number is given again, its files are loose."""
    book = company.books.get(year, {}).get(series)
    if book is None or not book.records:
        raise refusal(MISSING["vouchers"], status=404)
    record = book.records[-1]
    _check_touchable(company, record)
    book.records.pop()
    book.by_date[record.values["TransactionDate"]].remove(record)
    company.registers["vouchers"].drop(record.key)
    connections = company.registers["voucherfileconnections"]
    for key in [key for key, each in connections.records.items() if names(each) == record.key]:
        connections.drop(key)
    _count(company, year, series)
    return record


def names(connection: Record) -> str:
    """The key of the voucher that a file connection names."""
    values = connection.values
    return f"{values['VoucherYear']}\n{values['VoucherSeries']}\n{values['VoucherNumber']}"


def edit(company: Company, record: Record, given: Mapping[str, Any]) -> None:
    """
    A person changes texts, and rows by position: `{"Removed": true}` strikes one, further ones are new.

    A struck row stays to be seen; the rest must balance (15).
    """
    _check_touchable(company, record)
    if locked := given.keys() - EDITABLE:
        raise refusal(READ_ONLY, ", ".join(sorted(locked)))
    sent = given.get("VoucherRows", [])
    if not isinstance(sent, list) or not all(isinstance(row, dict) for row in sent):
        raise refusal(NOT_AN_OPTION, "VoucherRows")
    values, year = record.values, record.values["Year"]
    stored = values["VoucherRows"]
    struck = tuple(
        {**row, "Removed": True} if place < len(sent) and sent[place].get("Removed") is True else row
        for place, row in enumerate(stored)
    )
    changes = check(
        VOUCHERS.fields, {**given, "VoucherRows": sent[len(stored) :]}, creating=True, strict=False
    )
    rows = (*struck, *(_row(company, year, values, row) for row in changes["VoucherRows"]))
    _check_balance(rows)
    record.values = {**values, **changes, "VoucherRows": rows}
    record.modified = company.stamp()


def _count(company: Company, year: int, series: str) -> None:
    """Let the series show its next number; one that no register knows counts all the same."""
    record = company.find("voucherseries", key_of(year, series))
    if record is not None:
        number = company.books[year][series].next_number
        record.values = {**record.values, "NextVoucherNumber": number}


def _check_touchable(company: Company, record: Record) -> None:
    if record.values["ReferenceType"] != "MANUAL":
        raise refusal(NOT_MANUAL, record.values["ReferenceNumber"])
    check_unlocked(company, record.values["TransactionDate"])


def _check_date(company: Company, year: int, date: str) -> None:
    within = company.registers["financialyears"].records[str(year)].values
    if not within["FromDate"] <= date <= within["ToDate"]:
        raise refusal(DATE_OUTSIDE_YEAR, date)
    check_unlocked(company, date)


def _check_series(company: Company, year: int, code: str) -> None:
    series = company.find(VOUCHER_SERIES.path, key_of(year, code))
    if series is None:
        raise refusal(MISSING["voucherseries"], code)
    if not series.values["Manual"]:
        raise refusal(SERIES_NOT_MANUAL, code)


def _row(company: Company, year: int, voucher: Mapping[str, Any], sent: Mapping[str, Any]) -> Row:
    if "Account" not in sent:
        raise refusal(REQUIRED, "Account")
    row = {**blank(ROW), **sent}
    account = company.find(ACCOUNTS.path, key_of(year, str(row["Account"])))
    if account is None or not account.values["Active"]:
        raise refusal(2000423, str(row["Account"]))
    if min(row["Debit"], row["Credit"]) < 0 or (row["Debit"] and row["Credit"]):
        raise refusal(BAD_AMOUNT, str(row["Account"]))
    for name, path in DIMENSIONS:
        _check_dimension(company, name, path, row[name], account, voucher[name])
    return {**row, "Description": account.values["Description"]}


def _check_dimension(
    company: Company, name: str, path: str, code: str, account: Record, in_header: str
) -> None:
    """Refused for a code that is not there or not in use, and for what the account does not allow."""
    setting = account.values[f"{name}Settings"]
    if code and setting == "NOTALLOWED":
        raise refusal(DIMENSION_NOT_ALLOWED, name)
    if setting == "MANDATORY" and not (code or in_header):
        raise refusal(DIMENSION_REQUIRED, name)
    _check_in_use(company, path, code)


def _check_in_use(company: Company, path: str, code: str) -> None:
    if not code:
        return
    found = company.find(path, code)
    if found is None:
        raise refusal(MISSING[path], code)
    if not found.values.get("Active", True):
        raise refusal(DIMENSION_INACTIVE, code)


def _check_balance(rows: tuple[Row, ...]) -> None:
    live = [row for row in rows if not row["Removed"]]
    if len(live) < LEAST_ROWS:
        raise refusal(TOO_FEW_ROWS)
    difference = sum(Decimal(str(row["Debit"])) - Decimal(str(row["Credit"])) for row in live)
    if difference:
        raise refusal(NOT_BALANCED, str(difference))
