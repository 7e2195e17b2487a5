"""Fortnox as data: paths, page sizes, lengths, scopes, and what its error codes mean to an operator."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Final, NamedTuple

NAME: Final = "fortnox"
COMPANY: Final = "/3/companyinformation"
PAGE_SIZE: Final = 500  # fortnox.md 7.1: the most
SMALL_REGISTER: Final = PAGE_SIZE  # what one request can show is read whole each time
RUNS: Final = 3  # of a list whose total changes while we turn its pages
BOOKS_OPEN: Final = dt.timedelta(days=31)  # after its end, and before its beginning, a year is booked in
LOOK_BACK: Final = dt.timedelta(minutes=5)
BELIEVED: Final = dt.timedelta(minutes=10)  # how long an answer about what may be booked is
SHELF_AGE: Final = dt.timedelta(seconds=30)  # how long one kind may use a list that another one asked for
CLOCK_LIMIT: Final = dt.timedelta(minutes=5)


class Kind(NamedTuple):
    """
    A register: fortnox.md 5 and 7.3. `scopes` are needed to read and write it.

    `missing` is the code of a 404 about the record asked for, not about something it refers to (6.3).
    `beside` are the other parts of a key that has several.
    """

    path: str
    one: str
    many: str
    key: str
    number: str = ""  # the list parameter to sort by (fortnox.md 7.2), "" where none is documented
    name: str = ""  # the list parameter to search by: a name, or our reference
    scopes: tuple[str, ...] = ()
    missing: str = ""
    beside: tuple[str, ...] = ()


_REFERENCE: Final = "externalinvoicereference1"
# fmt: off
KINDS: Final[Mapping[str, Kind]] = {
    "customer": Kind(
        "/3/customers", "Customer", "Customers", "CustomerNumber", "customernumber", "name",
        ("customer", "settings"), "2000433",
    ),
    "article": Kind(
        "/3/articles", "Article", "Articles", "ArticleNumber", "articlenumber", "description",
        ("article",), "2000428",
    ),
    "order": Kind(
        "/3/orders", "Order", "Orders", "DocumentNumber", "documentnumber", _REFERENCE,
        ("order",), "2000439",
    ),
    "invoice": Kind(
        "/3/invoices", "Invoice", "Invoices", "DocumentNumber", "documentnumber", _REFERENCE,
        ("invoice",), "2000434",
    ),
    "voucher": Kind(
        "/3/vouchers", "Voucher", "Vouchers", "VoucherNumber", "vouchernumber",
        scopes=("bookkeeping", "costcenter", "settings"), beside=("VoucherSeries", "Year"),
    ),
    "price": Kind(
        "/3/prices", "Price", "Prices", "ArticleNumber",
        scopes=("price",), beside=("PriceList", "FromQuantity"),
    ),
    "voucher file": Kind(
        "/3/voucherfileconnections", "VoucherFileConnection", "VoucherFileConnections", "FileId",
        scopes=("connectfile",),
    ),
    "year": Kind("/3/financialyears", "FinancialYear", "FinancialYears", "Id"),
    "series": Kind("/3/voucherseries", "VoucherSeries", "VoucherSeriesCollection", "Code"),
    "account": Kind("/3/accounts", "Account", "Accounts", "Number", "number"),
    "cost center": Kind("/3/costcenters", "CostCenter", "CostCenters", "Code"),
    "terms": Kind("/3/termsofpayments", "TermsOfPayment", "TermsOfPayments", "Code"),
    "price list": Kind("/3/pricelists", "PriceList", "PriceLists", "Code"),
    "unit": Kind("/3/units", "Unit", "Units", "Code"),
}
# fmt: on

# The registers that hold a kind of record.
REGISTERS: Final[Mapping[str, tuple[str, ...]]] = {
    "customer": ("customer",),
    "article": ("article",),
    "document": ("order", "invoice"),
    "posting": ("voucher",),
    "item": ("article", "price"),
    "stock": ("article",),
    "file": ("voucher file",),
}

INBOX: Final = "/3/inbox"
VOUCHER_FILES: Final = "Inbox_v"  # the folder of it for what belongs to vouchers
LOCKED_PERIOD: Final = "/3/settings/lockedperiod"
WAREHOUSE: Final = "/api/warehouse/tenants-v4"
WAREHOUSE_AGE: Final = dt.timedelta(days=1)  # how long it is believed that the module is off
NO_RIGHT: Final = ("AUT07", "AUT09", "AUT11")  # a scope, a right or a licence is missing
SALES_LIST: Final = "A"  # the price list that an article shows as its SalesPrice (fortnox.md 10)
HITS_MAX: Final = 20  # of a search for a reference: more, and the filter was ignored (reliability I9)
TEXT_MAX: Final = 1024  # fortnox.md 8.8
YOUR_NUMBER_MAX: Final = 75
ROW_TEXT_MAX: Final = 255
VOUCHER_TEXT_MAX: Final = 200
VOUCHER_ROW_TEXT_MAX: Final = 100
NUMBER_MAX: Final = 9_999_999_999


class Scope(NamedTuple):
    """A scope by the register that shows whether we have it, and what a person calls that (fortnox.md 20)."""

    path: str
    many: str
    title: str
    licence: str


SCOPES: Final[Mapping[str, Scope]] = {
    "customer": Scope("/3/customers", "Customers", "customers", "Fakturering or Order"),
    "article": Scope("/3/articles", "Articles", "articles", "Fakturering, Order or Lager"),
    "order": Scope("/3/orders", "Orders", "orders", "Order"),
    "invoice": Scope("/3/invoices", "Invoices", "invoices", "Fakturering"),
    "settings": Scope("/3/termsofpayments", "TermsOfPayments", "terms of payment", "any"),
    "bookkeeping": Scope("/3/financialyears", "FinancialYears", "financial years", "Bokföring"),
    "costcenter": Scope("/3/costcenters", "CostCenters", "cost centres", "any"),
    "connectfile": Scope(
        "/3/voucherfileconnections", "VoucherFileConnections", "files of vouchers", "Bokföring"
    ),
    "price": Scope("/3/pricelists", "PriceLists", "price lists", "Fakturering or Order"),
}

# The longest text of a field that is only part of one of ours (fortnox.md 8.8).
PART_LIMITS: Final[Mapping[str, int]] = {"ZipCode": 10, "CountryCode": 2}


class Meaning(NamedTuple):
    """Our code for one of theirs; `grant`: only a person can mend it, and nothing works until then."""

    code: str
    what: str
    todo: str
    grant: bool = False


_SCOPE = "tick the scope in Fortnox's Developer Portal, then consent again: fortnox-syncd authorize COMPANY"
_LICENCE = "buy the licence in Fortnox (company menu, Administrera användare), then try again"
_CUSTOMER = Meaning("REC03", "Fortnox has no such customer", "look for the customer in Fortnox, Kunder")
_ARTICLE = Meaning(
    "REC14", "Fortnox has no such article", "create or activate it in Fortnox, Artiklar, then retry"
)
_ACCOUNT = Meaning(
    "REC18", "an account is missing or inactive", "see Fortnox, Inställningar, Kontoplan, then retry"
)

_CREDIT = "undo it in Fortnox, or credit the invoice there; then retry"

# fortnox.md 6.3. Any other code is REC99 with Fortnox's own words.
MEANINGS: Final[Mapping[str, Meaning]] = {
    "2000013": Meaning(
        "REC14", "the article number is taken", "use the article that has it, or another number, then retry"
    ),
    "2000166": Meaning(
        "REC04", "the article number has a character that is not accepted", "use A-Z a-z 0-9 _ - / +"
    ),
    "2000204": _CUSTOMER,
    "2000359": Meaning("REC09", "a text has a character that Fortnox does not accept", "retype the text"),
    "2000423": _ACCOUNT,
    "2000428": _ARTICLE,
    "2000429": Meaning(
        "REC18",
        "the term of payment is unknown",
        "add it in Fortnox, Inställningar, Betalningsvillkor, then retry",
    ),
    "2000432": Meaning(
        "REC18", "the unit is unknown", "add it in Fortnox, Inställningar, Enheter, then retry"
    ),
    "2000433": _CUSTOMER,
    "2000550": _ACCOUNT,
    "2000637": Meaning(
        "REC05", "the customer number is taken, perhaps by a deleted customer", "use another customer number"
    ),
    "2000663": Meaning("AUT07", "the consent lacks a scope", _SCOPE, grant=True),
    "2001101": Meaning("AUT11", "the company has no licence for this register", _LICENCE, grant=True),
    "2001103": Meaning("AUT11", "the company has no integration licence", _LICENCE, grant=True),
    "2001302": _ARTICLE,
    "2001304": _ACCOUNT,
    "2003125": Meaning("REC24", "the document is made ready in the warehouse", _CREDIT),
    "2003275": Meaning(
        "AUT09",
        "the consenting user may not use this register",
        "give that user the right in Fortnox, Administrera användare",
    ),
    "2003399": Meaning("REC24", "the document is voided in the warehouse", _CREDIT),
    "2004167": Meaning("REC17", "the VAT rate needs an account", "choose an account for the row in Fortnox"),
    "2004194": Meaning(
        "REC20", "the VAT number is not valid", "correct the VAT number, with its country letters"
    ),
}
