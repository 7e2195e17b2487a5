"""A company of any size, with records as full as those of a real one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from daemon.sandbox.fortnox import prices
from daemon.sandbox.fortnox.customers import check_digit
from tests.town import Town

STREETS = ("Storgatan", "Kungsgatan", "Hamngatan", "Järnvägsgatan", "Åsgatan", "Kyrkogatan")
TOWNS = (("111 22", "Stockholm"), ("411 05", "Göteborg"), ("753 20", "Uppsala"), ("903 26", "Umeå"))
TENANT = "1234567"


def customer(number: int) -> dict[str, Any]:
    """The fields of one customer, an organisation."""
    digits = f"5590{number:05d}"
    org_number = f"{digits[:6]}-{digits[6:]}{check_digit(digits)}"
    zip_code, city = TOWNS[number % len(TOWNS)]
    return {
        "CustomerNumber": str(number),
        "Name": f"Kund {number} i {city} AB",
        "Type": "COMPANY",
        "OrganisationNumber": org_number,
        "VATNumber": f"SE{org_number.replace('-', '')}01",
        "CountryCode": "SE",
        "Address1": f"{STREETS[number % len(STREETS)]} {number % 90 + 1}",
        "ZipCode": zip_code,
        "City": city,
        "Phone1": f"090-{number % 90 + 10} {number % 89 + 10} {number % 88 + 10}",
        "Email": f"info@kund{number}.example",
        "WWW": f"www.kund{number}.example",
        "TermsOfPayment": "30",
        "Currency": "SEK",
    }


def article(number: int) -> dict[str, Any]:
    """The fields of one article but its price."""
    return {
        "ArticleNumber": f"A{number}",
        "Description": f"Artikel {number}, förp om {number % 20 + 1}",
        "PurchasePrice": number % 500 + 0.5,
        "Unit": "st",
    }


def fill(town: Town, customers: int, articles: int) -> None:
    """Put the records into Fortnox, made by people just now."""
    for number in range(1, customers + 1):
        town.people.act("fortnox", "create", kind="customers", fields=customer(number))
    company = town.world.systems["fortnox"].companies[TENANT]  # type: ignore[attr-defined]
    for number in range(1, articles + 1):
        fields = article(number)
        town.people.act("fortnox", "create", kind="articles", fields=fields)
        row = {"ArticleNumber": fields["ArticleNumber"], "PriceList": "A", "FromQuantity": 0}
        prices.create(company, {**row, "Price": number % 900 + 9.95})


def old_company(town: Town, customers: int, articles: int, age_minutes: float) -> None:
    """A company that the daemon meets for the first time `age_minutes` after its records were made."""
    town.configure('start = "2000-01-01"', "# start: the first run")
    fill(town, customers, articles)
    town.wait(minutes=age_minutes)


def folder_in(place: Path, name: str) -> Path:
    """A new folder for one town."""
    folder = place / name
    folder.mkdir()
    return folder
