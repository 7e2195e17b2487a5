"""
Country names and codes: claims about the table and how forgiving it is.
"""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core import countries
from daemon.core.countries import LANGUAGES, code_of, name_of

CODES = sorted(countries._names())

WRITTEN = [
    # how somebody wrote it              its code
    ("Sverige", "SE"),
    ("  sverige ", "SE"),
    ("SVERIGE", "SE"),
    ("se", "SE"),
    ("Norja", "NO"),
    ("Schweiz", "CH"),
    ("Østrig", "AT"),
    ("O\u0308sterrike", "AT"),  # composed the way some systems send it
    ("Storbritannien", "GB"),
    ("England", "GB"),
    ("UK", "GB"),
    ("United Kingdom", "GB"),
    ("USA", "US"),
    ("Förenta  staterna", "US"),
    ("United States of America", "US"),
    ("Holland", "NL"),
    ("Czech Republic", "CZ"),
    ("Cote d'Ivoire", "CI"),
    ("Côte d’Ivoire", "CI"),
    ("Bosnia & Herzegovina", "BA"),
    ("S:t Lucia", "LC"),
    ("ST", "ST"),
    ("Türkiye", "TR"),
    ("Turkey", "TR"),
]

UNKNOWN = ["", "   ", "Sveirge", "XX", "Kosovo", "Kongo", "Norden", "Saint", "46"]


@pytest.mark.parametrize(("written", "code"), WRITTEN, ids=[repr(written) for written, _ in WRITTEN])
def test_a_country_is_known_however_it_is_written(written, code):
    """
    Capitals, spaces, composition, older names and the code itself do not hide a country.
    """
    assert code == code_of(written)


@pytest.mark.parametrize("written", UNKNOWN, ids=repr)
def test_an_unknown_name_is_never_guessed(written):
    """
    A misspelt, ambiguous or empty name has no code.
    """
    assert None is code_of(written)


@given(
    code=st.sampled_from(CODES),
    language=st.sampled_from(LANGUAGES),
    spelling=st.sampled_from([str, str.upper, str.lower, str.title]),
    form=st.sampled_from(["NFC", "NFD"]),
)
def test_reading_a_name_gives_the_code_it_was_written_from(code, language, spelling, form):
    """
    A name from the table leads back to its country, in every language, spelling and composition.
    """
    assert code == code_of(unicodedata.normalize(form, spelling(name_of(code, language))))


def test_each_of_the_249_countries_has_a_name_in_each_language():
    """
    No name is missing, and none is kept with spaces around it.
    """
    names = [name_of(code, language) for code in CODES for language in LANGUAGES]

    assert 249 == len(CODES)
    assert [] == [name for name in names if not name or name != name.strip()]


def test_no_spelling_belongs_to_two_countries():
    """
    What one country is called, in any language, no other country is called.
    """
    rows = countries._rows(countries._TABLE) + countries._rows(countries._ALSO)
    owners: dict[str, set[str]] = {}
    for code, *names in rows:
        for name in names:
            if name != "=":
                owners.setdefault(countries._folded(name), set()).add(code)

    assert {} == {name: codes for name, codes in owners.items() if len(codes) > 1}


def test_swedish_is_the_language_when_none_is_named():
    """
    Fortnox shows Swedish names, so those are what a code gives unasked.
    """
    assert "Sverige" == name_of("SE")
    assert "Storbritannien" == name_of(" gb ")


@pytest.mark.parametrize(("code", "language"), [("XX", "sv"), ("", "sv"), ("SE", "de"), ("Sverige", "sv")])
def test_another_code_or_language_has_no_name(code, language):
    """
    Only codes and languages of the table have names.
    """
    assert None is name_of(code, language)
