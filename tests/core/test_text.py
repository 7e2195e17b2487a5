"""Texts for Fortnox hold only what it takes (fortnox.md 8.7)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.text import accepted, clean_fortnox, folded

CASES = {
    "nothing to do": ("Björk & Co AB, 100 %", "Björk & Co AB, 100 %"),
    "an apostrophe": ("Mc'Donald", "Mc’Donald"),
    "quotes": ('"Hörnet"', "’’Hörnet’’"),
    "a tab": ("a\tb", "a b"),
    "brackets, bars, braces and tildes": ("<a>[b]{c}|d~", "abcd"),
    "an emoji": ("Glass 🍦", "Glass"),
    "only what is refused": ("<~>", ""),
    "only blanks left": ("| |", ""),
    "an accent apart from its letter": ("Cafe\u0301 A\u030a", "Café Å"),
    "digits of another script": ("٣", "3"),
    "backslash and lines stay": ("a\\b\nc", "a\\b\nc"),
    "another script": ("Ελλάς", "Ελλάς"),
}


@pytest.mark.parametrize(("text", "cleaned"), CASES.values(), ids=CASES)
def test_what_is_replaced_and_what_is_dropped(text, cleaned):
    """The text that is sent is the nearest one that Fortnox takes."""
    assert clean_fortnox(text) == cleaned


@given(st.text())
def test_a_cleaned_text_is_accepted_to_the_last_character(text):
    """No character outside the published class leaves us."""
    assert all(accepted(character) for character in clean_fortnox(text))


@given(st.text())
def test_cleaning_twice_changes_nothing_more(text):
    """What we read back after writing is what we would write again."""
    assert clean_fortnox(clean_fortnox(text)) == clean_fortnox(text)


@given(
    st.text(alphabet="aå9 –:.`´’,;^\\¤#%§£$€¢¥©™°&/()=+-*_!?²³®½@\n", min_size=1).filter(
        lambda text: text.strip() and text == text.strip(" ")
    )
)
def test_an_accepted_text_is_not_touched(text):
    """Cleaning costs nothing that Fortnox would have taken."""
    assert clean_fortnox(text) == text


def test_texts_of_a_list_are_compared_as_a_person_would():
    """The kind of dash, capitals, blanks and how an accent is composed do not matter."""
    assert folded("Kund – Företag ") == folded("kund -  FÖRETAG")
    assert folded("Kund – Företag") != folded("Kund – Privat")
