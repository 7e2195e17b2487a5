"""The companies as a reset leaves them: settings only, or a workshop's records, alike for the same seed."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from daemon.sandbox.fortnox import bookkeeping, prices, writing
from daemon.sandbox.fortnox.articles import move
from daemon.sandbox.fortnox.bookkeeping import VOUCHER_SERIES
from daemon.sandbox.fortnox.company import Company, Register
from daemon.sandbox.fortnox.customers import check_digit
from daemon.sandbox.fortnox.registers import RESOURCES
from daemon.sandbox.web import Now

TENANTS = {"1234567": "Norrskens Verkstad AB", "7654321": "Sydkustens Handel AB"}

# What a new company has (14): register -> records.
SETTINGS: Mapping[str, tuple[dict[str, Any], ...]] = {
    "units": (
        {"Code": "st", "Description": "Styck"},
        {"Code": "h", "Description": "Timmar"},
        {"Code": "km", "Description": "Kilometer"},
        {"Code": "förp", "Description": "Förpackning"},
        {"Code": "utl", "Description": "Utlägg"},
    ),
    "termsofpayments": (
        {"Code": "0", "Description": "0 dagar"},
        {"Code": "10", "Description": "10 dagar"},
        {"Code": "15", "Description": "15 dagar"},
        {"Code": "20", "Description": "20 dagar"},
        {"Code": "30", "Description": "30 dagar"},
        {"Code": "AG", "Description": "Autogiro"},
        {"Code": "K", "Description": "Kontant"},
        {"Code": "PF", "Description": "Postförskott"},
    ),
    "currencies": (
        {"Code": "SEK", "Description": "Svensk krona"},
        {"Code": "EUR", "Description": "Euro", "BuyRate": 11.2, "SellRate": 11.2},
        {"Code": "NOK", "Description": "Norsk krona", "BuyRate": 0.96, "SellRate": 0.96},
        {"Code": "USD", "Description": "US-dollar", "BuyRate": 10.4, "SellRate": 10.4},
        {"Code": "DKK", "Description": "Dansk krona", "BuyRate": 1.5, "SellRate": 1.5},
    ),
    "modesofpayments": (
        {"Code": "BG", "Description": "Bankgiro", "AccountNumber": 1920},
        {"Code": "PG", "Description": "Plusgiro", "AccountNumber": 1920},
        {"Code": "K", "Description": "Kontant", "AccountNumber": 1910},
    ),
    "pricelists": ({"Code": "A", "Description": "Prislista A", "PreSelected": True},),
}
MORE: Mapping[str, tuple[dict[str, Any], ...]] = {
    "wayofdeliveries": (
        {"Code": "P", "Description": "Posten", "DescriptionEnglish": "Mail"},
        {"Code": "B", "Description": "Budbil", "DescriptionEnglish": "Courier"},
    ),
    "termsofdeliveries": (
        {"Code": "FVL", "Description": "Fritt vårt lager", "DescriptionEnglish": "Ex works"},
        {"Code": "FKL", "Description": "Fritt kundens lager", "DescriptionEnglish": "Delivered"},
    ),
    "costcenters": ({"Code": "UME", "Description": "Umeå"}, {"Code": "SKE", "Description": "Skellefteå"}),
    "projects": (
        {
            "ProjectNumber": "1",
            "Description": "Ombyggnad Hamngatan",
            "Status": "ONGOING",
            "StartDate": "2026-01-15",
        },
        {"ProjectNumber": "2", "Description": "Serviceavtal Kvarnen", "Status": "NOTSTARTED"},
    ),
    "labels": ({"Description": "Återkommande"},),
    "pricelists": ({"Code": "B", "Description": "Butik, inklusive moms"},),
}

# name, type, organisation number ("": made from the seed), anything else
CUSTOMERS: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
    ("Älvdalens Snickeri AB", "COMPANY", "556016-0680", {"TermsOfPayment": "30"}),
    ("Kvarnbackens Bageri AB", "COMPANY", "556036-0793", {"TermsOfPayment": "20"}),
    ("Tallåsens Rör & Värme AB", "COMPANY", "556012-5790", {"TermsOfPayment": "30", "WayOfDelivery": "B"}),
    ("Lövångers Mekaniska AB", "COMPANY", "", {"TermsOfPayment": "30", "CostCenter": "SKE"}),
    ("Hamnkrogen i Ratan AB", "COMPANY", "", {"TermsOfPayment": "10"}),
    ("Skogsbrynets Förskola AB", "COMPANY", "", {"TermsOfPayment": "30", "Comments": "Fakturera per termin"}),
    ("Ingegerd Åström", "PRIVATE", "", {"TermsOfPayment": "10"}),
    ("Torbjörn Öqvist", "PRIVATE", "", {"TermsOfPayment": "10"}),
    (
        "Fjordvik Maskin AS",
        "COMPANY",
        "923456783",
        {
            "TermsOfPayment": "30",
            "CountryCode": "NO",
            "Currency": "NOK",
            "VATType": "EXPORT",
            "City": "Mo i Rana",
        },
    ),
    ("Gamla Sågens Trä AB", "COMPANY", "", {"TermsOfPayment": "30", "Active": False}),
)

# number, description, type, unit, purchase price, sales price, in stock, active
ARTICLES = (
    ("101", "Hammare", "STOCK", "st", 89, 149.5, 24, True),
    ("102", "Skruvmejsel, 6 delar", "STOCK", "förp", 112.5, 199, 15, True),
    ("103", "Träskruv 4,0 x 40, 200 st", "STOCK", "förp", 38, 69, 120, True),
    ("104", "Kullager 6204", "STOCK", "st", 41.25, 85, 60, True),
    ("105", "Kilrem SPA 1250", "STOCK", "st", 96, 178, 18, True),
    ("106", "Hydraulslang ½ tum, per meter", "STOCK", "st", 52, 98.75, 200, True),
    ("107", "Smörjfett 400 g", "STOCK", "st", 44, 79, 36, True),
    ("108", "Montörshandskar, par", "STOCK", "st", 29.9, 59, 48, True),
    ("109", "Bensinåtervinnare", "STOCK", "st", 640, 995, 0, False),
    ("KONSULT", "Konsultarbete", "SERVICE", "h", 0, 1150, 0, True),
    ("MONTAGE", "Montage och service", "SERVICE", "h", 0, 895, 0, True),
    ("RESA", "Resa med servicebil", "SERVICE", "km", 0, 38.5, 0, True),
)
IN_SHOP = {"101", "102", "103", "107", "108"}  # have a price in list B, which includes VAT
VAT_FACTOR = Decimal("1.25")
# code, description; both manual, for what integrations book
MORE_SERIES = (("K", "Dagskassor"), ("Z", "Z-rapporter"))
STREETS = ("Storgatan", "Kungsgatan", "Industrivägen", "Hamngatan", "Skolgatan", "Björkvägen", "Kvarnvägen")
TOWNS = (("903 26", "Umeå"), ("931 31", "Skellefteå"), ("911 32", "Vännäs"), ("915 31", "Robertsfors"))
DOMAIN = str.maketrans("åäöé", "aaoe", " &.")
FIRST_CUSTOMER = 1001
OLDEST_DAYS = 400


def companies(now: Now, switches: Mapping[str, Any], *, filled: bool, seed: int) -> dict[str, Company]:
    """Both tenants; `filled` puts records into the first."""
    made = {tenant: Company(tenant, name, now, switches, RESOURCES) for tenant, name in TENANTS.items()}
    for company in made.values():
        company.registers["prices"] = Register(prices.order)
        for path in ("accounts", "voucherseries", "vouchers"):
            company.registers[path] = Register(bookkeeping.order)
        _put(company, SETTINGS)
        _put(company, {"financialyears": _years(company.stamp().year)})
    if filled:
        first = next(iter(made.values()))
        _put(first, MORE)
        _books(first)
        chance = random.Random(seed)  # noqa: S311 - made-up records, not secrets
        _customers(first, chance)
        _articles(first, chance)
    for company in made.values():
        _age(company)
    return made


def _put(company: Company, records: Mapping[str, tuple[dict[str, Any], ...]]) -> None:
    for path, rows in records.items():
        for fields in rows:
            writing.create(company, RESOURCES[path], fields)


def _years(this: int) -> tuple[dict[str, Any], ...]:
    return tuple(_year(year) for year in (this - 1, this))


def _year(year: int) -> dict[str, Any]:
    return {"FromDate": f"{year}-01-01", "ToDate": f"{year}-12-31", "AccountChartType": f"BAS {year}"}


def _books(company: Company) -> None:
    """The series that integrations book in, and, by switch, next year."""
    for year in company.registers["financialyears"].ordered():
        for code, description in MORE_SERIES:
            series = {"Code": code, "Description": description}
            bookkeeping.create(company, VOUCHER_SERIES, year.values["Id"], series)
    if company.switches["next_financial_year"]:
        _put(company, {"financialyears": (_year(company.stamp().year + 1),)})


def _customers(company: Company, chance: random.Random) -> None:
    register = company.registers["customers"]
    register.next_number = FIRST_CUSTOMER
    for name, kind, number, more in CUSTOMERS:
        zip_code, town = chance.choice(TOWNS)
        domain = name.lower().translate(DOMAIN).removesuffix("ab")
        swedish = "CountryCode" not in more
        company_number = number or (
            _company_number(chance) if kind == "COMPANY" else _personal_number(chance)
        )
        fields = {
            "Name": name,
            "Type": kind,
            "OrganisationNumber": company_number,
            "VATNumber": f"SE{company_number.replace('-', '')}01" if kind == "COMPANY" and swedish else "",
            "CountryCode": "SE",
            "Address1": f"{chance.choice(STREETS)} {chance.randint(1, 60)}",
            "ZipCode": zip_code if swedish else "8610",
            "City": town,
            "Phone1": f"090-{chance.randint(10, 99)} {chance.randint(10, 99)} {chance.randint(10, 99)}",
            "Email": f"info@{domain}.example",
            "WWW": f"www.{domain}.example" if kind == "COMPANY" else "",
            **more,
        }
        writing.create(company, RESOURCES["customers"], fields)


def _articles(company: Company, chance: random.Random) -> None:
    for number, description, kind, unit, cost, price, stock, active in ARTICLES:
        fields = {
            "ArticleNumber": number,
            "Description": description,
            "Type": kind,
            "Unit": unit,
            "PurchasePrice": cost,
            "StockGoods": kind == "STOCK",
            "EAN": f"73{chance.randint(10**9, 10**10 - 1)}0" if kind == "STOCK" else "",
            "Active": active,
        }
        move(company, writing.create(company, RESOURCES["articles"], fields), Decimal(stock))
        prices.create(company, {"ArticleNumber": number, "PriceList": "A", "FromQuantity": 0, "Price": price})
        if number in IN_SHOP:
            gross = Decimal(str(price)) * VAT_FACTOR
            prices.create(company, {"ArticleNumber": number, "PriceList": "B", "Price": gross})


def _age(company: Company) -> None:
    """Nothing here was modified lately: the records are a day and more old."""
    for register in company.registers.values():
        for place, record in enumerate(register.ordered()):
            record.modified -= dt.timedelta(days=max(OLDEST_DAYS - 7 * place, 1))


def _company_number(chance: random.Random) -> str:
    digits = f"5591{chance.randint(10_000, 99_999)}"
    return f"{digits[:6]}-{digits[6:]}{check_digit(digits)}"


def _personal_number(chance: random.Random) -> str:
    """One of the serials 980 to 999, which are never given to anybody."""
    born = dt.date(1950, 1, 1) + dt.timedelta(days=chance.randrange(18_000))
    digits = f"{born:%y%m%d}{chance.randint(980, 999)}"
    return f"{digits[:6]}-{digits[6:]}{check_digit(digits)}"
