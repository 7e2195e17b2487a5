"""
Fortnox and ES Kassasystem: the settings, and which of the vendor's eight scenarios they are. Pure.

Sources: the vendor's description of its own integration (rows K1-K9), decisions 4, 5, 13, 15, 17, 44 and 45,
dinkassa.md 7 and 8, swedish-accounting.md 3, 6 and 9. What crosses how is in `postings`, in `sales`
(customers, invoices) and in `goods` (articles, stock).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Collection, Mapping
from typing import Final

from daemon.core.agreement import Agreement
from daemon.core.postings import is_account
from daemon.core.stockholm import ZONE
from daemon.core.wanted import Wanted
from daemon.pairs.fortnox_eskassa import goods, postings, sales
from daemon.pairs.fortnox_eskassa.settings import LEDGER, SALES_ACCOUNTS, VAT_ACCOUNTS, Settings

__all__ = ["LETTERS", "Settings", "agreements", "contradictions", "wanted"]

LETTERS: Final = "EK"  # this pair's two letters in our references
REGISTERS_OWN: Final = re.compile("[0-9]{1,4}")  # an account number in a till (dinkassa.md 3.3)

# ------------------------------------------------------------------ what may stand together

Mistake = tuple[str, str, str]  # key, why, what to do

_NOTHING: Final = ("reports", "nothing is switched on", "set reports, invoices or articles to true")
_SERIES: Final = (
    "voucher_series",
    "Z-reports need a voucher series",
    "choose one: fortnox-syncd choices COMPANY",
)
_NO_REPORTS_FROM: Final = (
    "reports_from",
    "Z-reports need the day from which on they cross (scenario 1, step 2)",
    "write reports_from = 2026-01-01, or start",
)
_NO_INVOICES_FROM: Final = (
    "invoices_from",
    "invoices need the day from which on they cross (scenario 2, step 2)",
    "write invoices_from = 2026-01-01, or start",
)
_NO_MASTER: Final = (
    "master",
    "invoices need to know who decides about customers",
    'write master = "till" (scenarios 2 and 4) or "fortnox" (3, 5 and 8)',
)
_MASTER_ALONE: Final = ("master", "there is nothing to decide about", "set invoices = true, or remove master")
_CUSTOMERS_ALONE: Final = ("customers", "customers cross with invoices only", "set invoices = true")
_NO_CUSTOMERS: Final = (
    "customers",
    "Fortnox decides about customers, so they must cross (scenario 3, step 5)",
    "set customers = true",
)
_TERMS: Final = (
    "payment_terms",
    "orders need terms of payment (scenario 2, step 3)",
    "choose one: fortnox-syncd choices COMPANY",
)
_TWO_MASTERS: Final = (
    "master",
    "Fortnox decides about articles, and the till about customers: no scenario has both",
    'write master = "fortnox" (scenario 8), or articles = false',
)
_TWICE: Final = (
    "invoice_sales",
    "a sale on invoice may be booked twice, by the Z-report and by the invoice made from the order",
    'write "excluded" when the registers leave such sales out of their Z-reports, else "reverse_in_z"',
)
_NOT_TWICE: Final = (
    "invoice_sales",
    "only where Z-reports and invoices both cross is there something to take back or to clear",
    'set reports and invoices to true, or write "excluded"',
)
_REMOVED_BY_TILL: Final = (
    "remove_customers",
    "only where Fortnox decides about customers",
    'write master = "fortnox", or remove_customers = false',
)
_PDF_ALONE: Final = ("attach_pdf", "Z-reports do not cross", "set reports = true, or attach_pdf = false")
_REMOVED_ARTICLES: Final = ("remove_articles", "articles do not cross", "set articles = true")
_NO_LOGIN: Final = (
    "report_login",
    "a login needs a user and a password",
    'give report_user and report_password, or write "machine"',
)
_IN_LEDGER: Final = (
    "receivable_account",
    "1510 is reconciled against Fortnox's own invoices",
    "use another account for the register's own receivable: 1511",
)

_BOTH_WAYS: Final = ("reverse_in_z", "clearing")


def _receivables(settings: Settings) -> Collection[str]:
    """What the register's own receivable is called in the register and in Fortnox."""
    account = settings.receivable_account
    return {account, settings.accounts.get(account, account)}


# (whether it is so, the mistake)
RULES: Final[tuple[tuple[Callable[[Settings], bool], Mistake], ...]] = (
    (lambda s: not (s.reports or s.invoices or s.articles), _NOTHING),
    (lambda s: s.reports and not (s.reports_from or s.start), _NO_REPORTS_FROM),
    (lambda s: s.invoices and not (s.invoices_from or s.start), _NO_INVOICES_FROM),
    (lambda s: s.reports and not s.voucher_series, _SERIES),
    (lambda s: s.invoices and not s.master, _NO_MASTER),
    (lambda s: not s.invoices and bool(s.master), _MASTER_ALONE),
    (lambda s: not s.invoices and s.customers, _CUSTOMERS_ALONE),
    (lambda s: s.invoices and s.master == "fortnox" and not s.customers, _NO_CUSTOMERS),
    (lambda s: s.invoices and not s.payment_terms, _TERMS),
    (lambda s: s.articles and s.invoices and s.master == "till", _TWO_MASTERS),
    (lambda s: s.reports and s.invoices and not s.invoice_sales, _TWICE),
    (lambda s: s.invoice_sales in _BOTH_WAYS and not (s.reports and s.invoices), _NOT_TWICE),
    (lambda s: s.remove_customers and s.master != "fortnox", _REMOVED_BY_TILL),
    (lambda s: s.remove_articles and not s.articles, _REMOVED_ARTICLES),
    (lambda s: s.attach_pdf and not s.reports, _PDF_ALONE),
    (lambda s: s.report_login == "web" and not (s.report_user and s.report_password), _NO_LOGIN),
    (lambda s: s.invoices and LEDGER in _receivables(s), _IN_LEDGER),
)  # fmt: skip


def contradictions(settings: Settings) -> list[Mistake]:
    """Mistakes that the types cannot catch: (key, why, what to do)."""
    found = [mistake for is_so, mistake in RULES if is_so(settings)]
    named = [
        ("rounding_account", settings.rounding_account),
        ("receivable_account", settings.receivable_account),
        *(("sales_accounts", account) for account in settings.sales_accounts.values()),
        *(("vat_accounts", account) for account in settings.vat_accounts.values()),
    ]
    named += [("accounts", account) for account in settings.accounts.values()]
    found += [
        (key, f"{account!r} is no account", "write four digits, 1000 to 9999")
        for key, account in named
        if not is_account(account)
    ]
    found += [
        ("accounts", f"{account!r} is no account of a register", "write its digits, at most four")
        for account in settings.accounts
        if not REGISTERS_OWN.fullmatch(account)
    ]
    found += _odd_rates("sales_accounts", settings.sales_accounts, SALES_ACCOUNTS)
    found += _odd_rates("vat_accounts", settings.vat_accounts, VAT_ACCOUNTS)
    todo = f"use one of {', '.join(sorted(sales.CUSTOMER_FIELDS))}; Fortnox decides about articles"
    odd = sorted(set(settings.decides) - set(sales.CUSTOMER_FIELDS))
    return found + [("decides", f"{field!r} is not a field that can be decided", todo) for field in odd]


def _odd_rates(key: str, rates: Collection[str], known: Collection[str]) -> list[Mistake]:
    todo = f"write one of {', '.join(known)}"
    return [(key, f"{rate!r} is no VAT rate of a till", todo) for rate in rates if rate not in known]


# ------------------------------------------------------------------ what is agreed


def agreements(
    settings: Settings, start: dt.datetime, mark: Callable[[str, str], str]
) -> Mapping[str, Agreement]:
    """
    What is agreed on each kind that is switched on, in the order in which they are carried out.

    `start` is from when on records cross by themselves; `mark` gives our
    reference for (kind, the till's record id).
    """
    found: dict[str, Agreement] = {}
    reports_from = _from(settings.reports_from, start)
    if settings.reports:
        found["posting"] = postings.agreement(
            settings, reports_from, lambda record_id: mark("posting", record_id)
        )
    if settings.invoices:
        found["customer"] = sales.customers(settings, start, lambda record_id: mark("customer", record_id))
        found["document"] = sales.invoices(
            settings, _from(settings.invoices_from, start), lambda record_id: mark("document", record_id)
        )
    if settings.articles:
        found["item"] = goods.items(settings, start)
        if settings.stock:
            found["stock"] = goods.stock(start)
    if settings.attach_pdf:
        found["file"] = postings.files(reports_from)  # last: an extra keeps nothing waiting
    return found


def _from(day: dt.date | None, start: dt.datetime) -> dt.datetime:
    """Midnight of a day in Sweden, where one is set."""
    return dt.datetime.combine(day, dt.time(), ZONE) if day else start


def wanted(settings: Settings) -> tuple[Wanted, ...]:
    """The values that must exist in Fortnox, for `check --online` (row K9)."""
    reports, invoices, articles = settings.reports, settings.invoices, settings.articles
    centers = {settings.cost_center, *settings.cost_center_by_register.values()} - {""}
    accounts = {*settings.accounts.values(), *_of_invoices(settings)}
    if settings.auto_round_limit:
        accounts.add(settings.rounding_account)
    return (
        *(Wanted("voucher_series", each, "voucher_series") for each in sorted(settings.all_series())),
        *(Wanted("cost_centers", each, "cost_center") for each in sorted(centers) if reports or invoices),
        *(Wanted("accounts", each, "accounts") for each in sorted(accounts) if reports),
        *([Wanted("payment_terms", settings.payment_terms, "payment_terms")] if invoices else []),
        *([Wanted("price_lists", settings.price_list, "price_list")] if articles else []),
    )


def _of_invoices(settings: Settings) -> Collection[str]:
    """The accounts, in Fortnox, that sales on invoice are taken back from, or cleared on."""
    given = {*settings.sales_accounts.values(), *settings.vat_accounts.values()}
    named = {
        "reverse_in_z": {settings.receivable_account, *given},
        "clearing": {settings.receivable_account},
    }
    return {settings.accounts.get(each, each) for each in named.get(settings.invoice_sales, ())}
