"""How a customer and an article are spelled in Fortnox (fortnox.md 7.4, 8, 9, 10)."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from daemon.core import codecs
from daemon.core.mapping import LEAVE, Codec, Row, Table
from daemon.core.text import clean_fortnox


def _unless_hidden(codec: Codec) -> Codec:
    """`codec`, for a system that shows API_NORIGHT instead of what the user may not see (fortnox.md 8.2)."""

    def read(raw: Any) -> Any:
        hidden = "API_NORIGHT" in raw if isinstance(raw, tuple) else raw == "API_NORIGHT"
        return LEAVE if hidden else codec.read(raw)

    return Codec(read, codec.write)


TEXT: Final = _unless_hidden(codecs.ENTITY_TEXT)
UPPER: Final = _unless_hidden(codecs.UPPER)
ORG_NUMBER: Final = _unless_hidden(codecs.ORG_NUMBER)
VAT_NUMBER: Final = _unless_hidden(codecs.VAT_NUMBER)
TYPE: Final = _unless_hidden(codecs.kind_of_customer(("COMPANY",), ("PRIVATE",)))
ADDRESS: Final = _unless_hidden(codecs.ADDRESS)
ORE: Final = _unless_hidden(codecs.ORE)
INVOICE_ADDRESS: Final = ("Address1", "Address2", "ZipCode", "City", "CountryCode")

# fmt: off
CUSTOMER: Final = Table(
    kind="customer",
    key="CustomerNumber",
    clean=clean_fortnox,
    rows=(
        #   ours                Fortnox                crosses as   we may write     longest
        Row("number",           "CustomerNumber",      TEXT,        writable=False),
        Row("name",             "Name",                TEXT,         required=True,      limit=1024),
        Row("type",             "Type",                TYPE),
        Row("org_number",       "OrganisationNumber",  ORG_NUMBER,                   limit=30),
        Row("vat_number",       "VATNumber",           VAT_NUMBER),
        Row("invoice_address",  INVOICE_ADDRESS,       ADDRESS,                      limit=1024),
        Row("phone",            "Phone1",              TEXT,                         limit=1024),
        Row("website",          "WWW",                 TEXT,                         limit=128),
        Row("fax",              "Fax",                 TEXT,                         limit=1024),
        Row("visiting_address", "VisitingAddress",     TEXT,                         limit=128),
        Row("visiting_zip",     "VisitingZipCode",     TEXT,                         limit=10),
        Row("visiting_city",    "VisitingCity",        TEXT,                         limit=128),
        Row("visiting_country", "VisitingCountryCode", UPPER,                        limit=2),
        Row("terms",            "TermsOfPayment",      UPPER,                        limit=25),
        Row("currency",         "Currency",            UPPER,                        limit=3),
        Row("email",            "Email",               TEXT,                         limit=1024),
        Row("active",           "Active",              codecs.FLAG, writable=False),
        Row("reference",        "ExternalReference",   TEXT,                         limit=1024),
    ),
)

# A row of the list: part of the address only, so none of it, and the telephone under another name.
CUSTOMER_ROW: Final = Table(
    kind="customer",
    key="CustomerNumber",
    rows=(
        #   ours                Fortnox                crosses as
        Row("number",           "CustomerNumber",      TEXT),
        Row("name",             "Name",                TEXT),
        Row("org_number",       "OrganisationNumber",  ORG_NUMBER),
        Row("phone",            "Phone",               TEXT),
        Row("email",            "Email",               TEXT),
    ),
)

ARTICLE: Final = Table(
    kind="article",
    key="ArticleNumber",
    clean=clean_fortnox,
    rows=(
        #   ours                Fortnox                crosses as   we may write     longest
        Row("number",           "ArticleNumber",       TEXT,        writable=False),
        Row("name",             "Description",         TEXT,                         limit=200),
        Row("cost",             "PurchasePrice",       ORE),
        Row("price",            "SalesPrice",          ORE,         writable=False),
        Row("active",           "Active",              codecs.FLAG, writable=False),
    ),
)
# fmt: on

TABLES: Final = {"customer": CUSTOMER, "article": ARTICLE}
ROW_TABLES: Final = {"customer": CUSTOMER_ROW, "article": ARTICLE}


def creating(table: Table) -> Table:
    """`table` with its number writable: it may be chosen at birth and never again (fortnox.md 8.5)."""
    rows = tuple(row._replace(writable=True) if row.ours == "number" else row for row in table.rows)
    return msgspec.structs.replace(table, rows=rows)
