"""The customer register (fortnox.md 9): its fields with the defaults as recorded, and its own rules."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from daemon.sandbox.fortnox.company import Company, Record
from daemon.sandbox.fortnox.countries import COUNTRIES
from daemon.sandbox.fortnox.errors import BAD_ORGANISATION_NUMBER, IN_USE, refusal
from daemon.sandbox.fortnox.fields import Field
from daemon.sandbox.fortnox.resource import Cell, Resource

DELIVERY = ("PRINT", "EMAIL", "PRINTSERVICE")
VAT_TYPES = ("SEVAT", "SEREVERSEDVAT", "EUREVERSEDVAT", "EUVAT", "EXPORT")
TEMPLATE = "DEFAULTTEMPLATE"
MOST = 9_999_999_999

FIELDS = (
    #     name, kind, most, start, least, options, register
    Field("Address1", "text"),
    Field("Address2", "text"),
    Field("City", "text"),
    Field("Country", "text", write="never"),
    Field("Comments", "text"),
    Field("Currency", "text", 3, "SEK", register="currencies"),
    Field("CostCenter", "text", register="costcenters"),
    Field("CountryCode", "country", 2),
    Field("Active", "flag", start=True),
    Field("CustomerNumber", "text", write="create"),
    Field(
        "DefaultDeliveryTypes",
        "group",
        parts=tuple(
            Field(name, "choice", 0, "PRINT", options=DELIVERY) for name in ("Invoice", "Order", "Offer")
        ),
    ),
    Field(
        "DefaultTemplates",
        "group",
        parts=tuple(
            Field(name, "text", 1024, TEMPLATE) for name in ("Order", "Offer", "Invoice", "CashInvoice")
        ),
    ),
    Field("DeliveryAddress1", "text"),
    Field("DeliveryAddress2", "text"),
    Field("DeliveryCity", "text"),
    Field("DeliveryCountry", "text", write="never"),
    Field("DeliveryCountryCode", "country", 2),
    Field("DeliveryFax", "text"),
    Field("DeliveryName", "text"),
    Field("DeliveryPhone1", "text"),
    Field("DeliveryPhone2", "text"),
    Field("DeliveryZipCode", "text", 10),
    Field("Email", "text", start=""),
    Field("EmailInvoice", "text", start=""),
    Field("EmailInvoiceBCC", "text", start=""),
    Field("EmailInvoiceCC", "text", start=""),
    Field("EmailOffer", "text", start=""),
    Field("EmailOfferBCC", "text", start=""),
    Field("EmailOfferCC", "text", start=""),
    Field("EmailOrder", "text", start=""),
    Field("EmailOrderBCC", "text", start=""),
    Field("EmailOrderCC", "text", start=""),
    Field("ExternalReference", "text"),
    Field("Fax", "text"),
    Field("GLN", "digits", 13, least=13),
    Field("GLNDelivery", "digits", 13, least=13),
    Field("InvoiceAdministrationFee", "amount", MOST),
    Field("InvoiceDiscount", "number", 100),
    Field("InvoiceFreight", "amount", MOST),
    Field("InvoiceRemark", "text", start=""),
    Field("Name", "text", required=True),
    Field("OrganisationNumber", "text", 30, ""),
    Field("OurReference", "text", 50, ""),
    Field("Phone1", "text"),
    Field("Phone2", "text"),
    Field("PriceList", "text", 100, "A", register="pricelists"),
    Field("Project", "text", 20, "", register="projects"),
    Field("SalesAccount", "digits", 4, least=4),
    Field("ShowPriceVATIncluded", "flag", start=False),
    Field("TermsOfDelivery", "text", 20, "", register="termsofdeliveries"),
    Field("TermsOfPayment", "text", 25, "", register="termsofpayments"),
    Field("Type", "choice", start="COMPANY", options=("PRIVATE", "COMPANY")),
    Field("VATNumber", "text", 30, ""),
    Field("VATType", "choice", start="SEVAT", options=VAT_TYPES),
    Field("VisitingAddress", "text", 128),
    Field("VisitingCity", "text", 128),
    Field("VisitingCountry", "text", write="never"),
    Field("VisitingCountryCode", "country", 2),
    Field("VisitingZipCode", "text", 10),
    Field("WayOfDelivery", "text", 50, "", register="wayofdeliveries"),
    Field("WWW", "text", 128, ""),
    Field("YourReference", "text", 50, ""),
    Field("ZipCode", "text", 10),
)

# The published shapes of EU VAT numbers, after the two letters; others are not looked at (9).
VAT_SHAPES = {
    "AT": r"U\d{8}", "BE": r"[01]\d{9}", "BG": r"\d{9,10}", "CY": r"\d{8}[A-Z]", "CZ": r"\d{8,10}",
    "DE": r"\d{9}", "DK": r"\d{8}", "EE": r"\d{9}", "EL": r"\d{9}", "ES": r"[A-Z0-9]\d{7}[A-Z0-9]",
    "FI": r"\d{8}", "FR": r"[A-HJ-NP-Z0-9]{2}\d{9}", "HR": r"\d{11}", "HU": r"\d{8}",
    "IE": r"\d[A-Z0-9+*]\d{5}[A-Z]{1,2}", "IT": r"\d{11}", "LT": r"(\d{9}|\d{12})", "LU": r"\d{8}",
    "LV": r"\d{11}", "MT": r"\d{8}", "NL": r"[A-Z0-9+*]{12}", "PL": r"\d{10}", "PT": r"\d{9}",
    "RO": r"\d{2,10}", "SE": r"\d{10}01", "SI": r"\d{8}", "SK": r"\d{10}", "XI": r"(\d{9}|\d{12})",
}  # fmt: skip
ORGANISATION_NUMBER = re.compile(r"(?:\d{2})?(\d{6})-?(\d{4})\Z", re.ASCII)
CUSTOMER_NUMBER = re.compile(r"[\w+/-]+\Z")


def check_digit(nine: str) -> str:
    """The tenth digit of a Swedish organisation or personal number, by the Luhn rule."""
    total = 0
    for place, digit in enumerate(nine):
        product = int(digit) * (2 - place % 2)
        total += product // 10 + product % 10
    return str(-total % 10)


def check_organisation_number(text: str) -> None:
    """Refused unless `text` is `NNNNNN-NNNN` (hyphen and century optional) with a right last digit."""
    match = ORGANISATION_NUMBER.match(text)
    if match is None or check_digit("".join(match.groups())[:9]) != text[-1]:
        raise refusal(BAD_ORGANISATION_NUMBER)


def check_vat_number(text: str) -> None:
    """Refused 2004194 unless `text` starts with a country and, in the EU, has that country's shape."""
    prefix, rest = text[:2], text[2:]
    if not (prefix.isascii() and prefix.isalpha() and prefix.isupper() and rest):
        raise refusal(2004194)
    if prefix in VAT_SHAPES and not re.fullmatch(VAT_SHAPES[prefix], rest, re.ASCII):
        raise refusal(2004194)


def check_number(number: str) -> None:
    """Refused 2000106 unless a customer number is alphanumeric or one of - + / _ (8.5)."""
    if not CUSTOMER_NUMBER.match(number):
        raise refusal(2000106, "CustomerNumber")


def settle(values: dict[str, Any], changed: Collection[str]) -> None:
    """Derive the country names and check the two numbers against the country."""
    for prefix in ("", "Delivery", "Visiting"):
        code = values[f"{prefix}CountryCode"]
        values[f"{prefix}Country"] = None if code is None else COUNTRIES[code]
    swedish = values["CountryCode"] in {None, "SE"}
    if swedish and values["OrganisationNumber"] and {"OrganisationNumber", "CountryCode"} & set(changed):
        check_organisation_number(values["OrganisationNumber"])
    if values["VATNumber"] and "VATNumber" in changed:
        check_vat_number(values["VATNumber"])


def _account_posted(account: str | None) -> int | None:
    return None if account is None else int(account)


def check_unused(company: Company, record: Record) -> None:
    """Refused once a booked invoice names the customer (9)."""
    if any(
        invoice.values["CustomerNumber"] == record.key and invoice.values["Booked"]
        for invoice in company.registers["invoices"].records.values()
    ):
        raise refusal(IN_USE, record.key)


LIST_FIELDS = ("Address1", "Address2", "City", "CustomerNumber", "Email", "Name", "OrganisationNumber")

CUSTOMERS = Resource(
    path="customers",
    one="Customer",
    many="Customers",
    key="CustomerNumber",
    scope="customer",
    fields=FIELDS,
    location="customers",
    taken=2000637,
    reserves=True,
    stamped=True,
    row=(
        *(Cell(name, name, "blank") for name in LIST_FIELDS),
        Cell("Phone", "Phone1", "blank"),
        Cell("ZipCode", "ZipCode", "blank"),
    ),
    search={
        "customernumber": ("CustomerNumber", "contains"),
        "name": ("Name", "contains"),
        "zipcode": ("ZipCode", "contains"),
        "city": ("City", "contains"),
        "email": ("Email", "contains"),
        "phone": ("Phone1", "contains"),
        "organisationnumber": ("OrganisationNumber", "exact"),
        "gln": ("GLN", "contains"),
        "glndelivery": ("GLNDelivery", "contains"),
    },
    filters={"active": ("Active", True), "inactive": ("Active", False)},
    sort={"name": "Name"},
    check_key=check_number,
    settle=settle,
    check_remove=check_unused,
    posted={"SalesAccount": _account_posted},
)
