"""An address as people type it and as Fortnox keeps it is the same address."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.address import Address, joined, parsed, printed, split
from daemon.core.countries import LANGUAGES

WORDS = st.text(alphabet="ABCdeåö 0123456789-,./", max_size=20)
ZIPS = st.sampled_from(
    ["903 26", "90326", "SE-903 26", "DK-2100", "0150", "1012 AB", "SW1A 1AA", "K1A 0B1", "1000-001"]
)
CITIES = st.sampled_from(["Umeå", "Stockholm", "'s-Hertogenbosch", "26 Umeå", "AB Malmö", "Sverige", ""])
COUNTRIES = st.sampled_from(["SE", "no", "DE", "GB", "NL", ""])
ODD_ZIPS = st.text(alphabet="AB 0123456789-", min_size=1).filter(lambda text: text.strip())
REAL_CITIES = CITIES.filter(bool)

CASES = {
    "as printed": (
        "Storgatan 1\nPlan 2\n903 26 Umeå\nSverige",
        ("Storgatan 1", "Plan 2", "903 26", "Umeå", "SE"),
    ),
    "one line": ("Storgatan 1\n90326 Umeå", ("Storgatan 1", "", "90326", "Umeå", "")),
    "carriage returns and blank lines": (
        " Box 1\r\n\r\n903 26 Umeå\r\n",
        ("Box 1", "", "903 26", "Umeå", ""),
    ),
    "three lines": (
        "Acme\nc/o Berg\nBox 1\n903 26 Umeå",
        ("Acme", "c/o Berg, Box 1", "903 26", "Umeå", ""),
    ),
    "another country": (
        "Strøget 1\nDK-2100 København Ø\nDanmark",
        ("Strøget 1", "", "DK-2100", "København Ø", "DK"),
    ),
    "an unknown country": ("Väg 1\n903 26 Umeå\nAtlantis", ("Väg 1", "", "903 26", "Umeå", "")),
    "a Dutch zip": ("Dam 1\n1012 AB Amsterdam\nNederländerna", ("Dam 1", "", "1012 AB", "Amsterdam", "NL")),
    "an English zip": ("Mall 1\nSW1A 1AA London\nUK", ("Mall 1", "", "SW1A 1AA", "London", "GB")),
    "no zip": ("Storgatan 1\nUmeå", ("Storgatan 1", "Umeå", "", "", "")),
    "two blanks part zip and city": ("Väg 1\nX9  Ort", ("Väg 1", "", "X9", "Ort", "")),
    "only a country": ("Sverige", ("", "", "", "", "SE")),
}


@pytest.mark.parametrize(("memo", "parts"), CASES.values(), ids=CASES)
def test_what_people_type(memo, parts):
    """A memo's lines are told apart as a postman would."""
    assert split(parsed(memo)) == Address(*parts)


@pytest.mark.parametrize("memo", ["", " \n ", "\r\n"], ids=["empty", "blanks", "line breaks"])
def test_a_blank_memo_is_no_address(memo):
    """Nothing typed is None, not five empty lines."""
    assert parsed(memo) is None


@pytest.mark.row("W4")
@given(WORDS, WORDS, ZIPS, CITIES, COUNTRIES, st.sampled_from(LANGUAGES))
def test_an_address_with_a_zip_comes_back_from_the_memo(first, second, zip_code, city, country, language):
    """Printing loses nothing, whatever the two address lines look like."""
    value = joined(Address(first, second, zip_code, city, country))

    assert parsed(printed(value, language)) == value


@given(WORDS, WORDS, ODD_ZIPS, REAL_CITIES, COUNTRIES)
def test_a_zip_of_no_known_form_comes_back_when_there_is_a_city(first, second, zip_code, city, country):
    """Two blanks part them where one would not do."""
    value = joined(Address(first, second, zip_code, city, country))

    assert parsed(printed(value, "sv")) == value


@given(st.text(alphabet="aB1 \n\r,å", max_size=30))
def test_reading_a_memo_is_stable(memo):
    """What was read and printed reads the same from then on, with or without a zip."""
    once = parsed(printed(parsed(memo) or "", "sv"))

    assert parsed(printed(once or "", "sv")) == once


@given(WORDS, WORDS, WORDS, WORDS, COUNTRIES)
def test_joining_what_was_split_changes_nothing(first, second, zip_code, city, country):
    """A value is five lines or None, and already in its final form."""
    value = joined(Address(first, second, zip_code, city, country))

    assert value is None or (value.count("\n") == 4 and joined(split(value)) == value)
