"""`[connector.NAME]` with `kind = "eskassa"`. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from daemon.pairs.settings import ConnectorSettings, SecretRef


class Settings(ConnectorSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[connector.NAME]` with `kind = "eskassa"`; each key is described in config.example.toml."""

    kind: Literal["eskassa"]
    account: str
    machine_id: str
    machine_key: SecretRef
    integrator_id: str
    url: str = "https://www.dinkassa.se"
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
    registers: tuple[str, ...] = ()
    voucher_series: str = ""
    series_by_register: Mapping[str, str] = {}
    cost_center: str = ""
    cost_center_by_register: Mapping[str, str] = {}
    cost_center_on: Literal["all", "result"] = "all"
    accounts: Mapping[str, str] = {}
    booked_on: Literal["report_date", "last_transaction_date"] = "report_date"
    auto_round_limit: int = 0
    rounding_account: str = "3740"
    # invoices and customers
    master: Literal["", "till", "fortnox"] = ""
    payment_terms: str = ""
    invoice_sales: Literal["", "excluded"] = ""
    receivable_account: str = "1511"
    remove_customers: bool = False
    # articles
    price_list: str = "A"
    prices_include_vat: bool = False
    stock: bool = True
    remove_articles: bool = False
    default_category: str = "Fortnox"
    positive_is_decrease: bool = True

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
