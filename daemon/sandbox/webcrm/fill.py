"""
A believable company's webCRM: ten organisations and a contact at each, the same for the same seed.

Names are invented; organisation numbers have valid check digits, and three
companies are given, so that another pretend system may hold the same ones.
"""

from __future__ import annotations

import datetime as dt
import random

from daemon.sandbox.webcrm import rules
from daemon.sandbox.webcrm.entities import INDUSTRIES
from daemon.sandbox.webcrm.state import Record, State
from daemon.sandbox.webcrm.values import moment_text

KNOWN = (  # organisation number, name
    ("556016-0680", "Älvdalens Snickeri AB"),
    ("556036-0793", "Kvarnbackens Bageri AB"),
    ("556012-5790", "Tallåsens Rör & Värme AB"),
)
KINDS = ("Kund – Företag",) * 7 + ("Kund – Privat",) + ("Prospekt",) * 2
FIRST_NAMES = ("Anna", "Björn", "Cecilia", "David", "Elin", "Fredrik", "Gunilla", "Håkan", "Ingrid", "Jonas")
LAST_NAMES = (
    "Åberg",
    "Bergström",
    "Dahlin",
    "Ek",
    "Forsén",
    "Holm",
    "Lindqvist",
    "Nyström",
    "Sjögren",
    "Öberg",
)
FIRMS = (
    "Ådalens Bygg AB",
    "Björk & Co AB",
    "Cederlunds Måleri AB",
    "Djurö Marin AB",
    "Ekbackens El AB",
    "Fjällgläntans Vård & Omsorg AB",
    "Gotlands Kalk AB",
    "Hammarö Plåt AB",
    "Österlens Musteri AB",
)
STREETS = ("Storgatan", "Kungsgatan", "Hamngatan", "Järnvägsgatan", "Industrivägen", "Åsgatan", "Kyrkogatan")
TOWNS = (  # post code, town, area code
    ("111 22", "Stockholm", "8"),
    ("411 05", "Göteborg", "31"),
    ("211 34", "Malmö", "40"),
    ("753 20", "Uppsala", "18"),
    ("582 24", "Linköping", "13"),
    ("903 26", "Umeå", "90"),
    ("621 57", "Visby", "498"),
)
PLAIN = str.maketrans("åäöé", "aaoe", " &.")  # for domain names
OLDEST_DAYS = 700


def check_digit(digits: str) -> str:
    """The last digit that makes nine digits an organisation or personal number (Luhn)."""
    doubled = (int(digit) * (2 - place % 2) for place, digit in enumerate(digits))
    return str(-sum(number // 10 + number % 10 for number in doubled) % 10)


def fill(state: State, seed: int) -> None:
    """Put the ten organisations in, created over the two years before now."""
    chance = random.Random(seed)  # noqa: S311 - made-up records, not secrets
    firms = iter(chance.sample(FIRMS, len(FIRMS)))
    known = iter(KNOWN)
    for place, kind in enumerate(KINDS):
        first, last = chance.choice(FIRST_NAMES), chance.choice(LAST_NAMES)
        private = kind == "Kund – Privat"
        if private:
            number, name = _personal_number(chance), f"{first} {last}"
        else:
            number, name = next(known, None) or (_company_number(chance), next(firms))
        organisation = rules.create(
            state, "Organisation", _organisation(chance, name, kind, number), "Eva Ek", by_person=True
        )
        person = {"PersonOrganisationId": organisation, "PersonFirstName": first, "PersonLastName": last}
        contact = rules.create(state, "Person", person, "Eva Ek", by_person=True)
        born = state.now() - dt.timedelta(days=OLDEST_DAYS - 60 * place, seconds=chance.randrange(86_400))
        _date(state.records["Organisation"][organisation], "Organisation", born)
        _date(state.records["Person"][contact], "Person", born)


def _date(record: Record, prefix: str, moment: dt.datetime) -> None:
    for suffix in ("CreatedAt", "UpdatedAt"):
        record[prefix + suffix] = moment_text(moment.replace(microsecond=0))


def _organisation(chance: random.Random, name: str, kind: str, number: str) -> Record:
    post_code, town, area = chance.choice(TOWNS)
    street = f"{chance.choice(STREETS)} {chance.randint(1, 60)}"
    box = f"Box {chance.randint(10, 999)}"
    domain = f"{name.lower().translate(PLAIN).removesuffix('ab')}.example"
    private = kind == "Kund – Privat"
    vat = "" if private else f"SE{number.replace('-', '')}01"
    invoice = street if private else box
    return {
        "OrganisationName": name,
        "OrganisationType": kind,
        "OrganisationStatus": "Aktiv",
        "OrganisationIndustry": "" if private else chance.choice(INDUSTRIES),
        "OrganisationAddress": street,
        "OrganisationPostCode": post_code,
        "OrganisationCity": town,
        "OrganisationTelephone": f"+46 {area} {chance.randint(100, 999)} {chance.randint(1000, 9999)}",
        "OrganisationWww": "" if private else f"www.{domain}",
        "OrganisationVatNumber": vat,
        "OrganisationExtraCustom2": number,
        "OrganisationExtraCustom3": f"{'post' if private else 'info'}@{domain}",
        "OrganisationExtraCustom4": chance.choice(("10", "20", "30", "30")),
        "OrganisationExtraCustom5": "SEK",
        "OrganisationXMemo1": f"{invoice}\n{post_code} {town}\nSverige",
    }


def _company_number(chance: random.Random) -> str:
    digits = f"5590{chance.randint(10_000, 99_999)}"
    return f"{digits[:6]}-{digits[6:]}{check_digit(digits)}"


def _personal_number(chance: random.Random) -> str:
    """One of the numbers that are never given to anybody: serials 980 to 999."""
    born = dt.date(1950, 1, 1) + dt.timedelta(days=chance.randrange(18_000))
    digits = f"{born:%y%m%d}{chance.randint(980, 999)}"
    return f"{digits[:6]}-{digits[6:]}{check_digit(digits)}"
