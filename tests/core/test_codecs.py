"""What crosses a border comes back as it was."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.codecs import (
    ADDRESS,
    ENTITY_TEXT,
    FLAG,
    ORE,
    ORG_NUMBER,
    TEXT,
    UPPER,
    VAT_NUMBER,
    country,
    dropdown_code,
    kind_of_customer,
    memo_address,
)
from daemon.core.countries import LANGUAGES, name_of
from daemon.core.mapping import LEAVE

TYPE = kind_of_customer(("Kund – Företag", "Kund – Kedja"), ("Kund – Privat",))
CODE = dropdown_code()
TERMS = dropdown_code(("-- välj --", "30: 30 dagar", "AG: Autogiro", "30: också 30"))
TYPES = st.sampled_from(["Kund – Företag", "kund - privat", "Kund — Kedja", "Leverantör", ""])
JUNK = st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.integers(), max_size=2)
PARTS = st.text(alphabet="Aa 1\n\r\t,å&", max_size=9)

LAW = {
    "text": (TEXT, JUNK),
    "entities": (ENTITY_TEXT, JUNK | st.text(alphabet="&amp;lt#39 x", max_size=20)),
    "upper": (UPPER, JUNK),
    "flag": (FLAG, JUNK | st.sampled_from(["true", "False", "Yes", "no"])),
    "öre": (ORE, JUNK | st.decimals(min_value=-(10**12), max_value=10**12)),
    "organisation number": (ORG_NUMBER, JUNK | st.from_regex(r"\A(16|19)?\d{6}-?\d{4}\Z")),
    "VAT number": (VAT_NUMBER, JUNK),
    "country": (country("sv"), JUNK | st.sampled_from(["Sverige", "Sweden", "SE", "Atlantis"])),
    "code": (CODE, JUNK | st.text(alphabet="-: 30a", max_size=8)),
    "code from a list": (TERMS, JUNK | st.sampled_from(["30: också 30", "ag", "AG: Autogiro"])),
    "type": (TYPE, JUNK | TYPES),
    "address": (ADDRESS, st.tuples(PARTS, PARTS, PARTS, PARTS, st.sampled_from(["SE", "no", "", "XK"]))),
}


def written(codec, value):
    """What stands there after writing; a part that is left alone was empty."""
    raw = codec.write(value)
    return tuple(None if part is LEAVE else part for part in raw) if isinstance(raw, tuple) else raw


@pytest.mark.parametrize(("codec", "raws"), LAW.values(), ids=LAW)
@given(data=st.data())
def test_reading_what_we_wrote_gives_back_what_we_had(codec, raws, data):
    """Whatever a codec can read, it writes so that it reads the same again."""
    value = codec.read(data.draw(raws))

    assert value is None or value is LEAVE or value == codec.read(written(codec, value))


READS = {
    "blanks around": (TEXT, "  Acme \r\n AB ", "Acme\nAB"),
    "nothing": (TEXT, "", None),
    "only blanks": (TEXT, " \t", None),
    "a number as text": (TEXT, 1042, "1042"),
    "an object is no text": (TEXT, {"a": 1}, LEAVE),
    "an entity": (ENTITY_TEXT, "Björk &amp; Co", "Björk & Co"),
    "an entity twice": (ENTITY_TEXT, "A &amp;amp; B", "A & B"),
    "no entity for webCRM": (TEXT, "A &amp; B", "A &amp; B"),
    "a flag in words": (FLAG, "false", False),
    "no flag": (FLAG, None, LEAVE),
    "a price as number": (ORE, Decimal("149.5"), 14950),
    "a price as text": (ORE, "149.50", 14950),
    "half an öre goes up": (ORE, Decimal("1.125"), 113),
    "half an öre below zero goes away from it": (ORE, Decimal("-1.125"), -113),
    "minus nought": (ORE, Decimal("-0"), 0),
    "no price": (ORE, None, None),
    "a word is no price": (ORE, "gratis", LEAVE),
    "an endless price": (ORE, "Infinity", LEAVE),
    "ten digits": (ORG_NUMBER, "5566778899", "556677-8899"),
    "a century": (ORG_NUMBER, "165566778899", "556677-8899"),
    "a person with a century": (ORG_NUMBER, "19800101-1234", "800101-1234"),
    "a foreign number": (ORG_NUMBER, "DE1234567890", "DE1234567890"),
    "a VAT number with blanks": (VAT_NUMBER, "se 556677 8899 01", "SE556677889901"),
    "a country by name": (country("sv"), "Tyskland", "DE"),
    "a country in another language": (country("sv"), "Germany", "DE"),
    "a country as object": (country("sv"), {"Name": "Tyskland", "CodeISO": "DE", "CodeUN": 276}, "DE"),
    "a country nobody knows": (country("sv"), "Atlantis", LEAVE),
    "no country": (country("sv"), "", None),
    "a code and its text": (CODE, "30: 30 dagar", "30"),
    "a placeholder": (CODE, "-- vælg --", None),
    "a bare code": (CODE, "30days", "30DAYS"),
    "a company with another dash": (TYPE, "kund - företag", "company"),
    "a private person": (TYPE, "Kund – Privat", "private"),
    "another type": (TYPE, "Leverantör", None),
    "an address without country": (
        ADDRESS,
        ("Storgatan 1", None, "903 26", "Umeå", None),
        "Storgatan 1\n\n903 26\nUmeå\n",
    ),
    "no address": (ADDRESS, (None, "", None, "", None), None),
}


@pytest.mark.parametrize(("codec", "raw", "ours"), READS.values(), ids=READS)
def test_their_spelling_in_ours(codec, raw, ours):
    """Each spelling has one meaning here."""
    assert codec.read(raw) == ours


WRITES = {
    "öre": (ORE, 14950, Decimal("149.50")),
    "the first company type": (TYPE, "company", "Kund – Företag"),
    "no text for private persons": (kind_of_customer(("F",), ()), "private", LEAVE),
    "the full text of a code": (TERMS, "30", "30: 30 dagar"),
    "a code that is not in the list": (TERMS, "60", "60"),
    "a country": (country("en"), "SE", "Sweden"),
    "a country as their list has it": (country("sv", ("Storbritannien (UK)", "Sweden")), "SE", "Sweden"),
    "an address leaves an unknown country alone": (
        ADDRESS,
        "Storgatan 1\n\n903 26\nUmeå\n",
        ("Storgatan 1", None, "903 26", "Umeå", LEAVE),
    ),
    "an address as people type it": (
        memo_address("sv"),
        "Storgatan 1\n\n903 26\nUmeå\nSE",
        "Storgatan 1\n903 26 Umeå\nSverige",
    ),
}


@pytest.mark.parametrize(("codec", "ours", "raw"), WRITES.values(), ids=WRITES)
def test_our_value_in_their_spelling(codec, ours, raw):
    """Each of our values has one spelling there."""
    assert codec.write(ours) == raw


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_country_is_written_in_the_language_of_the_account(language):
    """Sweden is called what that language calls it."""
    assert country(language).write("SE") == name_of("SE", language)
