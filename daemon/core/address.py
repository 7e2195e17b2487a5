"""
A postal address as one value, because half of one address and half of another is a wrong address. Pure.

The value is a text of five lines, `address1, address2, zip, city, country code`,
some of them empty; no address at all is None. People read and type it in webCRM
as a memo (webcrm.md 13):

    Storgatan 1
    Plan 2
    903 26 Umeå
    Sverige
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from daemon.core.countries import code_of, name_of

_ZIPS: Final = (
    r"[A-Z]{1,2}[0-9][A-Z0-9]? ?[0-9][A-Z]{2}",  # SW1A 1AA
    r"[A-Z][0-9][A-Z] ?[0-9][A-Z][0-9]",  # K1A 0B1
    r"(?:[A-Z]{1,3}[- ])?[0-9]{4} ?[A-Z]{2}",  # 1012 AB
    r"(?:[A-Z]{1,3}[- ]?)?[0-9]{3} [0-9]{2}",  # 903 26
    r"(?:[A-Z]{1,3}[- ]?)?[0-9]{4,6}(?:-[0-9]{3,4})?",  # 90326, DK-2100, 1000-001
)
_ZIP_AND_CITY: Final = re.compile(rf"({'|'.join(_ZIPS)})(?: (\S.*))?")


class Address(NamedTuple):
    """The five parts, each one line without outer or repeated blanks; "" for none."""

    address1: str = ""
    address2: str = ""
    zip: str = ""
    city: str = ""
    country: str = ""


def joined(address: Address) -> str | None:
    """The value for `address`. A second address line without a first moves up; None when all is empty."""
    address1, address2, zip_code, city, country = map(_one_line, address)
    if not address1:
        address1, address2 = address2, ""
    parts = (address1, address2, zip_code, city, country.upper())
    return "\n".join(parts) if any(parts) else None


def split(value: str) -> Address:
    """The parts of a value."""
    lines = value.split("\n")[:5]
    return Address(*lines, *[""] * (5 - len(lines)))


def printed(value: str, language: str) -> str:
    """
    `value` as memo lines, the country by its name in `language`.

    Two blanks part zip and city where one would not show which is which.
    """
    parts = split(value)
    line = f"{parts.zip} {parts.city}".strip()
    if parts.zip and parts.city and _zip_and_city(line) != (parts.zip, parts.city):
        line = f"{parts.zip}  {parts.city}"
    country = name_of(parts.country, language) or parts.country
    return "\n".join(each for each in (parts.address1, parts.address2, line, country) if each)


def parsed(memo: str) -> str | None:
    """
    The value that memo lines show; None when they are all blank.

    The country is the last line when it is one's name; zip and city stand in the
    line before, or with an unknown country in the one before that. Address lines
    beyond the second are joined to it with ", ". Law: `parsed(printed(a)) == a`
    for every address with a zip.
    """
    lines = [line.strip() for line in memo.replace("\r", "\n").split("\n") if line.strip()]
    country = code_of(lines[-1]) if lines else None
    rest = lines[:-1] if country else lines
    for back in (1,) if country else (1, 2):
        if len(rest) >= back and (found := _zip_and_city(rest[-back])):
            return joined(Address(*_street(rest[:-back]), *found, country or ""))
    return joined(Address(*_street(rest), "", "", country or ""))


def _street(lines: list[str]) -> tuple[str, str]:
    return (lines[0], ", ".join(lines[1:])) if lines else ("", "")


def _zip_and_city(line: str) -> tuple[str, str] | None:
    first, two_blanks, second = line.partition("  ")
    if two_blanks:
        return first.strip(), second.strip()
    found = _ZIP_AND_CITY.fullmatch(line)
    return (found[1], found[2] or "") if found else None


def _one_line(part: str) -> str:
    if "\n" in part or "\r" in part:
        part = part.replace("\r", "\n").strip().replace("\n", ", ")
    return " ".join(part.split())
