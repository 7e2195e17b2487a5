"""The small registers and settings (fortnox.md 14, 8.5, 8.8) as tables; `RESOURCES` holds every register."""

from __future__ import annotations

from typing import Any

from daemon.sandbox.fortnox.articles import ARTICLES
from daemon.sandbox.fortnox.bookkeeping import ACCOUNTS, VOUCHER_SERIES, check_year, open_year
from daemon.sandbox.fortnox.company import Company
from daemon.sandbox.fortnox.customers import CUSTOMERS
from daemon.sandbox.fortnox.documents import INVOICES, ORDERS
from daemon.sandbox.fortnox.fields import Field
from daemon.sandbox.fortnox.files import CONNECTIONS, INBOX
from daemon.sandbox.fortnox.payments import INVOICE_PAYMENTS
from daemon.sandbox.fortnox.prices import PRICES
from daemon.sandbox.fortnox.resource import Cell, Resource
from daemon.sandbox.fortnox.vouchers import VOUCHERS

RATE = 10**6

UNITS = Resource(
    path="units",
    one="Unit",
    many="Units",
    key="Code",
    scope="settings",
    fields=(
        Field("Code", "text", 20, least=1, write="create", required=True),
        Field("Description", "text", 100, required=True),
        Field("CodeEnglish", "text", 100, ""),
    ),
    location="units",
)
TERMS_OF_PAYMENT = Resource(
    path="termsofpayments",
    one="TermsOfPayment",
    many="TermsOfPayments",
    key="Code",
    scope="settings",
    fields=(
        Field("Code", "upper", 25, least=1, write="create", required=True),
        Field("Description", "text", required=True),
    ),
    location="paymentterms",
    stamped=True,
)
WAYS_OF_DELIVERY = Resource(
    path="wayofdeliveries",
    one="WayOfDelivery",
    many="WayOfDeliveries",
    key="Code",
    scope="settings",
    fields=(
        Field("Code", "text", 50, least=1, write="create", required=True),
        Field("Description", "text", 100, ""),
        Field("DescriptionEnglish", "text", 100, ""),
    ),
)
TERMS_OF_DELIVERY = Resource(
    path="termsofdeliveries",
    one="TermsOfDelivery",
    many="TermsOfDeliveries",
    key="Code",
    scope="settings",
    fields=(
        Field("Code", "text", 20, least=1, write="create", required=True),
        Field("Description", "text", 200, required=True),
        Field("DescriptionEnglish", "text", 100, ""),
    ),
    verbs="LPGU",
    paged=False,
    stamped=True,
)
CURRENCIES = Resource(
    path="currencies",
    one="Currency",
    many="Currencies",
    key="Code",
    scope="currency",
    fields=(
        Field("BuyRate", "number", RATE, 1),
        Field("Code", "upper", 3, least=3, write="create", required=True),
        Field("Date", "date", write="never"),
        Field("Description", "text", required=True),
        Field("SellRate", "number", RATE, 1),
        Field("Unit", "number", RATE, 1),
        Field("IsAutomatic", "flag", start=False),
    ),
)
PRICE_LISTS = Resource(
    path="pricelists",
    one="PriceList",
    many="PriceLists",
    key="Code",
    scope="price",
    fields=(
        Field("Code", "text", 100, least=1, write="create", required=True),
        Field("Description", "text", 50, required=True),
        Field("Comments", "text", start=""),
        Field("PreSelected", "flag", start=False),
    ),
    verbs="LPGU",
    stamped=True,
)
COST_CENTERS = Resource(
    path="costcenters",
    one="CostCenter",
    many="CostCenters",
    key="Code",
    scope="costcenter",
    fields=(
        Field("Code", "text", 6, least=1, write="create", required=True),
        Field("Description", "text", required=True),
        Field("Note", "text", start=""),
        Field("Active", "flag", start=True),
    ),
    stamped=True,
)
PROJECTS = Resource(
    path="projects",
    one="Project",
    many="Projects",
    key="ProjectNumber",
    scope="project",
    fields=(
        Field("Comments", "text", 512, ""),
        Field("ContactPerson", "text", 50),
        Field("Description", "text", 50, required=True),
        Field("EndDate", "date"),
        Field("ProjectLeader", "text", 50),
        Field("ProjectNumber", "text", 20, write="create"),
        Field("Status", "choice", start="NOTSTARTED", options=("NOTSTARTED", "ONGOING", "COMPLETED")),
        Field("StartDate", "date"),
    ),
    location="project",
    row=tuple(
        Cell(name, name)
        for name in ("Description", "EndDate", "ProjectLeader", "ProjectNumber", "StartDate", "Status")
    ),
    search={"description": ("Description", "contains")},
)
LABELS = Resource(
    path="labels",
    one="Label",
    many="Labels",
    key="Id",
    scope="settings",
    fields=(Field("Id", "integer", write="never"), Field("Description", "text", 25, required=True)),
    verbs="LPUD",
    integer_key=True,
    paged=False,
)
MODES_OF_PAYMENT = Resource(
    path="modesofpayments",
    one="ModeOfPayment",
    many="ModesOfPayments",
    key="Code",
    scope="settings",
    fields=(
        Field("Code", "text", 20, least=1, write="create", required=True),
        Field("Description", "text", 100, ""),
        Field("AccountNumber", "digits", 4, least=4, required=True),
    ),
)
FINANCIAL_YEARS = Resource(
    path="financialyears",
    one="FinancialYear",
    many="FinancialYears",
    key="Id",
    scope="bookkeeping",
    fields=(
        Field("Id", "integer", write="never"),
        Field("FromDate", "date", required=True),
        Field("ToDate", "date", required=True),
        Field("AccountChartType", "text", start="BAS 2026"),
        Field("AccountingMethod", "choice", start="ACCRUAL", options=("ACCRUAL", "CASH")),
    ),
    verbs="LPG",
    integer_key=True,
    compose=check_year,
    added=open_year,
    search={"Date": ("FromDate", "in_year"), "date": ("FromDate", "in_year")},
)

RESOURCES = {
    resource.path: resource
    for resource in (
        CUSTOMERS,
        ARTICLES,
        PRICES,
        PRICE_LISTS,
        UNITS,
        TERMS_OF_PAYMENT,
        WAYS_OF_DELIVERY,
        TERMS_OF_DELIVERY,
        CURRENCIES,
        COST_CENTERS,
        PROJECTS,
        LABELS,
        FINANCIAL_YEARS,
        MODES_OF_PAYMENT,
        ORDERS,
        INVOICES,
        INVOICE_PAYMENTS,
        ACCOUNTS,
        VOUCHER_SERIES,
        VOUCHERS,
        INBOX,
        CONNECTIONS,
    )
}

ADDRESS = {"Address": "Verkstadsgatan 4", "City": "Umeå", "CountryCode": "SE", "ZipCode": "903 30"}
VISIT = {
    "VisitAddress": "Verkstadsgatan 4",
    "VisitCity": "Umeå",
    "VisitCountryCode": "SE",
    "VisitZipCode": "903 30",
}


def company_information(company: Company) -> dict[str, Any]:
    """`/3/companyinformation`; the tenant is an integer here (1)."""
    return {
        "CompanyInformation": {
            **ADDRESS,
            **VISIT,
            "CompanyName": company.name,
            "DatabaseNumber": int(company.tenant),
            "OrganizationNumber": organisation_number(company),
        }
    }


def company_settings(company: Company) -> dict[str, Any]:
    """`/3/settings/company`; the tenant is a string here (1)."""
    number = organisation_number(company)
    settings = {
        **ADDRESS,
        **VISIT,
        "BG": "",
        "BIC": "",
        "BranchCode": "",
        "ContactFirstName": "Karin",
        "ContactLastName": "Norell",
        "Country": "Sverige",
        "DatabaseNumber": company.tenant,
        "Domicile": "Umeå",
        "Email": "info@sandbox.example",
        "Fax": "",
        "IBAN": "",
        "Name": company.name,
        "OrganizationNumber": number,
        "PG": "",
        "Phone1": "090-100 200",
        "Phone2": "",
        "TaxEnabled": True,
        "VATNumber": f"SE{number.replace('-', '')}01",
        "VisitCountry": "Sverige",
        "VisitName": "",
        "WWW": "",
    }
    return {"CompanySettings": settings}


def locked_period(company: Company) -> dict[str, Any]:
    """`/3/settings/lockedperiod`; no date means that nothing is locked (15)."""
    return {"LockedPeriod": {"EndDate": company.locked_until}}


def organisation_number(company: Company) -> str:
    """An invented number with a right check digit, one per tenant."""
    return {"1234567": "559912-3451", "7654321": "559976-5434"}[company.tenant]


SETTINGS = {
    ("companyinformation",): ("companyinformation", company_information),
    ("settings", "company"): ("settings", company_settings),
    ("settings", "lockedperiod"): ("settings", locked_period),
}
