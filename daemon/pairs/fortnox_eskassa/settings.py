"""`[connector.NAME]` with `kind = "eskassa"`. Pure."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Final, Literal

from daemon.pairs.settings import ConnectorSettings, SecretRef

NUMBER: Final = re.compile("[0-9]+$")  # of a register, at the end of its name
RECEIVABLES: Final = "151"  # how the accounts of claims on customers begin, kundfordringar
LEDGER: Final = "1510"  # reconciled against Fortnox's customer ledger (swedish-accounting.md 6)
# By VAT rate in percent (swedish-accounting.md 2.1).
SALES_ACCOUNTS: Final = {"25": "3001", "12": "3002", "6": "3003", "0": "3004"}
VAT_ACCOUNTS: Final = {"25": "2611", "12": "2621", "6": "2631"}


class Settings(ConnectorSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[connector.NAME]` with `kind = "eskassa"`; each key is described in config.example.toml."""

    kind: Literal["eskassa"]
    account: str = ""
    machine_id: str
    machine_key: SecretRef
    integrator_id: str
    url: str = "https://www.dinkassa.se"
    requests_per_second: int = 1
    report_login: Literal["machine", "web"] = "machine"
    report_user: str = ""
    report_password: SecretRef | None = None
    login_integrator: bool = False
    # the vendor's four boxes
    reports: bool = False
    invoices: bool = False
    customers: bool = False
    articles: bool = False
    # Z-reports
    reports_from: dt.date | None = None
    registers: tuple[str, ...] = ()
    voucher_series: str = ""
    series_by_register: Mapping[str, str] = {}
    cost_center: str = ""
    cost_center_by_register: Mapping[str, str] = {}
    cost_center_on: Literal["all", "result"] = "all"
    accounts: Mapping[str, str] = {}
    booked_on: Literal["report_date", "last_transaction_date"] = "report_date"
    attach_pdf: bool = False
    auto_round_limit: int = 0
    rounding_account: str = "3740"
    # invoices and customers
    invoices_from: dt.date | None = None
    master: Literal["", "till", "fortnox"] = ""
    payment_terms: str = ""
    invoice_payments: tuple[int, ...] = (4,)
    invoice_sales: Literal["", "excluded", "reverse_in_z", "clearing"] = ""
    receivable_account: str = "1511"
    sales_accounts: Mapping[str, str] = {}
    vat_accounts: Mapping[str, str] = {}
    remove_customers: bool = False
    # articles
    price_list: str = "A"
    prices_include_vat: bool = False
    stock: bool = True
    remove_articles: bool = False
    default_category: str = "Fortnox"
    positive_is_decrease: bool = True

    @property
    def identity(self) -> str:
        """The database's own id (decision 12): a name may change, and all would be booked again."""
        return self.machine_id.lower()

    def days(self) -> tuple[dt.date, ...]:
        """From which day on Z-reports and invoices cross, as far as they do and a day is set."""
        reports = (self.reports_from or self.start) if self.reports else None
        invoices = (self.invoices_from or self.start) if self.invoices else None
        return tuple(day for day in (reports, invoices) if day)

    def center_of(self, register: object) -> str:
        """
        The cost centre of a register, "" for none.

        It is named by its number ("1"), as Z-reports do; receipts name it as its owner does ("Kassa 1").
        """
        name = str(register or "")
        number = NUMBER.search(name)
        known = (self.cost_center_by_register.get(each) for each in (name, number and number[0]) if each)
        return next((center for center in known if center is not None), self.cost_center)

    def all_sales_accounts(self) -> Mapping[str, str]:
        """The register's sales account for each VAT rate."""
        return {**SALES_ACCOUNTS, **self.sales_accounts}

    def all_vat_accounts(self) -> Mapping[str, str]:
        """The register's account of output VAT for each VAT rate."""
        return {**VAT_ACCOUNTS, **self.vat_accounts}

    def all_series(self) -> frozenset[str]:
        """Every voucher series that reports are booked in."""
        return (
            frozenset({self.voucher_series, *self.series_by_register.values()} - {""})
            if self.reports
            else frozenset()
        )

    def all_price_lists(self) -> frozenset[str]:
        """The price list that prices come from."""
        return frozenset({self.price_list}) if self.articles else frozenset()
