"""
The accounts that the registers book on, and the payment means (dinkassa.md 6, 8.3, 9.1).

One table: what it is for, its account as delivered, its text in a Z-report,
and the number of the payment means in the API. Cash, card, coupon are known
numbers (4.2), invoice is assumed (8.2), Swish and gift card are made up here.
"""

from __future__ import annotations

from msgspec import Struct


class Account(Struct, frozen=True):
    """One line of the register's account settings."""

    what: str
    number: str
    description: str
    payment_type: int | None = None


ACCOUNTS = (
    Account("cash", "1910", "Kontant", 1),
    Account("card", "1580", "Kontokort", 2),
    Account("coupon", "1580", "Kupong", 3),
    Account("swish", "1930", "Swish", 20),
    Account("gift_card", "2421", "Presentkort", 21),
    Account("invoice", "1511", "Fordringar", 4),
    Account("sales_25", "3001", "Försäljning 25 %"),
    Account("sales_12", "3002", "Försäljning 12 %"),
    Account("sales_6", "3003", "Försäljning 6 %"),
    Account("sales_0", "3004", "Försäljning 0 %"),
    Account("vat_25", "2611", "Utgående moms 25 %"),
    Account("vat_12", "2621", "Utgående moms 12 %"),
    Account("vat_6", "2631", "Utgående moms 6 %"),
    Account("liabilities", "2421", "Skulder presentkort"),
    Account("rounding", "3740", "Öresutjämning"),
)
BY_WHAT = {account.what: account for account in ACCOUNTS}
PAYMENT_TYPES = {account.what: account.payment_type for account in ACCOUNTS if account.payment_type}


def delivered() -> dict[str, str]:
    """Every account number as delivered: what -> number."""
    return {account.what: account.number for account in ACCOUNTS}
