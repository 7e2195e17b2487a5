"""ES Kassasystem as data: paths, page sizes, how far back it answers (dinkassa.md 2-5, 8)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Final

NAME: Final = "eskassa"
TITLE: Final = "ES Kassasystem"  # as an operator reads it

ITEMS: Final = "/inventoryitem"
CATEGORIES: Final = "/category"
CUSTOMERS: Final = "/customer"
TRANSACTIONS: Final = "/transaction"
MACHINES: Final = "/machine"
REPORTS: Final = "/reports/download-z-report-by-date/json"
REPORT_LIST: Final = "/reports/get-z-reports"
REPORT: Final = "/reports/download-z-report"  # a PDF

FETCH: Final[Mapping[str, int]] = {ITEMS: 200}  # dinkassa.md 2.1: the most of one page
FETCH_OTHER: Final = 100
RUNS: Final = 3  # of a list, until one is a picture of one moment; of a fence, while the quantity moves
OVERLAP: Final = dt.timedelta(minutes=2)  # the lists have no change filter: it matters little

REPORTS_WINDOW: Final = dt.timedelta(days=31)  # dinkassa.md 5.3: asked for at a time
REPORTS_AGAIN: Final = dt.timedelta(days=7)  # dinkassa.md 5.3: registers replicate late
RECEIPTS_SERVED: Final = dt.timedelta(days=7)  # dinkassa.md 4.1
RECEIPTS_AGAIN: Final = dt.timedelta(hours=48)  # dinkassa.md 8.2
RECEIPTS_MORE: Final = dt.timedelta(hours=1)  # before that, so that one reading serves two kinds
RECEIPTS_GAP: Final = dt.timedelta(days=6)  # dinkassa.md 4.1: later than this some may be lost

SHARED_S: Final = 30.0  # how long one reading of the items serves both of its kinds
MACHINES_AGE_S: Final = 86_400.0
SILENT: Final = dt.timedelta(hours=24)  # dinkassa.md 5.2

PDF: Final = b"%PDF-"  # how one begins
PDF_BYTES_MAX: Final = 10 * 1024 * 1024  # fortnox.md 16: as much as is safe to send on

NAME_MAX: Final = 30  # of an item and of its codes
CUSTOMER_NAME_MAX: Final = 50  # dinkassa.md 8.1
VAT_RATES: Final = (0, 6, 12, 25)

# What a PUT carries: whether it keeps or blanks what it is not given is unknown (dinkassa.md 3.1). The
# quantity is not among them: it would undo a sale.
ITEM_WRITABLE: Final = (
    "BarCode",
    "BarCode2",
    "BarCode3",
    "BarCode4",
    "BarCode5",
    "ProductCode",
    "ExternalProductCode",
    "Description",
    "PriceIncludingVat",
    "PickupPriceIncludingVat",
    "VatPercentage",
    "CategoryId",
    "SupplierName",
    "VisibleOnSalesMenu",
)
CUSTOMER_WRITABLE: Final = (
    "CustomerNumber",
    "Name",
    "OrganizationNumber",
    "Address1",
    "Address2",
    "ZipCode",
    "City",
    "Country",
    "Phone",
    "Email",
    "InvoiceEmail",
    "VatNumber",
    "IsPrivatePerson",
)
WRITABLE: Final[Mapping[str, tuple[str, ...]]] = {ITEMS: ITEM_WRITABLE, CUSTOMERS: CUSTOMER_WRITABLE}
NEW_ITEM: Final[Mapping[str, object]] = {"PickupPriceIncludingVat": 0, "VisibleOnSalesMenu": True}
LIVE: Final = "Live"  # ours: true in the payload of every record that exists
