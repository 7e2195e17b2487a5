"""
Fortnox and webCRM: who decides which field, how twins are recognised, the settings. Pure.

Sources: the vendor's description of its own integration (rows W1-W14), decisions
4, 5, 6, 9 and 12, webcrm.md 7, 11 and 13.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from typing import Literal

from daemon.core.agreement import Agreement, Decides, FieldRule
from daemon.core.records import Fields, Problem, Side
from daemon.pairs import fortnox_webcrm_documents as documents
from daemon.pairs.settings import ConnectorSettings, SecretRef

LETTERS = "WC"  # this pair's two letters in our references
TO_WEBCRM = frozenset({Side.PARTNER})

# Who wins when both sides changed the same field (decision 4).
CUSTOMER_DECIDES = {
    "name": Decides.FORTNOX,
    "type": Decides.FORTNOX,
    "org_number": Decides.FORTNOX,
    "vat_number": Decides.FORTNOX,
    "invoice_address": Decides.FORTNOX,
    "terms": Decides.FORTNOX,
    "currency": Decides.FORTNOX,
    "email": Decides.FORTNOX,  # takes part only when field_map names a place for it
    "phone": Decides.PARTNER,
    "website": Decides.PARTNER,
    "fax": Decides.PARTNER,
    "visiting_address": Decides.PARTNER,
    "visiting_zip": Decides.PARTNER,
    "visiting_city": Decides.PARTNER,
    "visiting_country": Decides.PARTNER,
}

# Who may be told of which number (row W7). Fortnox numbers never change after creation (fortnox.md 8.5).
NUMBER_RULE = {
    "fortnox": FieldRule(field="number", decides=Decides.FORTNOX, to=TO_WEBCRM, revert=True),
    "webcrm": FieldRule(field="number", decides=Decides.NOBODY, to=TO_WEBCRM),
}

# What only we fill in, by side: of two records that share one, one is a copy.
NUMBER_MARKS = {"fortnox": frozenset({"reference", "number"}), "webcrm": frozenset({"reference"})}

# Articles flow one way (row W8); an edit in webCRM stays until Fortnox changes the field (decision 5).
ARTICLE_RULES = (
    FieldRule(field="number", decides=Decides.FORTNOX, to=TO_WEBCRM, revert=True),
    FieldRule(field="name", decides=Decides.FORTNOX, to=TO_WEBCRM),
    FieldRule(field="cost", decides=Decides.FORTNOX, to=TO_WEBCRM),
    FieldRule(field="price", decides=Decides.FORTNOX, to=TO_WEBCRM),
)

# Where webCRM keeps what it has no field of its own for (webcrm.md 7 and 13); "" means nowhere.
DEFAULT_FIELD_MAP = {
    "number": "OrganisationExtraCustom1",
    "org_number": "OrganisationExtraCustom2",
    "email": "",
    "terms": "OrganisationExtraCustom4",
    "currency": "OrganisationExtraCustom5",
    "invoice_address": "OrganisationXMemo1",
}
CODE_LETTERS = 3  # of a currency
DATA_FIELDS = range(1, 10)  # of a catalogue item (webcrm.md 11)
MAPPABLE = {*CUSTOMER_DECIDES, "number"}


class Settings(ConnectorSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[connector.NAME]` with `kind = "webcrm"`; each key is described in config.example.toml."""

    kind: Literal["webcrm"]
    account: str
    auth_code: SecretRef
    url: str = "https://api.webcrm.com"
    number_owner: Literal["fortnox", "webcrm"] = "fortnox"
    company_types: tuple[str, ...] = ("Kund – Företag",)
    private_types: tuple[str, ...] = ("Kund – Privat",)
    country_language: Literal["sv", "da", "nb", "en", "fi"] = "sv"
    customers: bool = True
    articles: bool = True
    documents: Literal["off", "order", "invoice"] = "off"  # what a new delivery becomes
    article_number: int = 1  # which Data field of a catalogue item, and of a line, holds it
    article_name: int = 2
    article_unit: int = 3  # of a line; 0 means nowhere
    line_price: Literal["total", "unit"] = "total"  # what a line's Price is (webcrm.md 10)
    delivery_description: str = "faktura"
    currency: str = "SEK"  # of a delivery that says none
    currencies: Mapping[str, str] = {}  # a text of webCRM's currency list -> code
    field_map: Mapping[str, str] = {}
    delivery_map: Mapping[str, str] = {}

    def places(self) -> Mapping[str, str]:
        """The field map with its defaults filled in; "" means nowhere."""
        return {**DEFAULT_FIELD_MAP, **self.field_map}

    def delivery_places(self) -> Mapping[str, str]:
        """The delivery map with its defaults filled in."""
        return {**documents.DEFAULT_DELIVERY_MAP, **self.delivery_map}


def contradictions(settings: Settings) -> list[tuple[str, str, str]]:
    """Mistakes that the types cannot catch: (key, why, what to do)."""
    found: list[tuple[str, str, str]] = []
    if not settings.company_types and not settings.private_types:
        found.append(("company_types", "no type takes part", "name at least one type of organisation"))
    both = sorted(set(settings.company_types) & set(settings.private_types))
    found += [("private_types", f"{t!r} is a company type too", "keep it in one of the lists") for t in both]
    found += _misplaced("field_map", "customer", settings.field_map, settings.places(), MAPPABLE)
    for field in ("name", "number"):
        if settings.places().get(field) == "":
            found.append(("field_map", f"the customer's {field} has no place", f"name a field for {field}"))
    if not {settings.article_number, settings.article_name} <= set(DATA_FIELDS):
        found.append(("article_number", "a catalogue item has the Data fields 1 to 9", "use one of them"))
    if settings.article_number == settings.article_name:
        found.append(("article_name", "the number is kept in the same field", "use another Data field"))
    known = {*CUSTOMER_DECIDES, *documents.DOCUMENT_DECIDES}
    for field in sorted(set(settings.decides) - known):
        todo = f"use one of {', '.join(sorted(known))}"
        found.append(("decides", f"{field!r} is not a field that can be decided", todo))
    return [*found, *_document_contradictions(settings)]


def _document_contradictions(settings: Settings) -> list[tuple[str, str, str]]:
    places, known = settings.delivery_places(), set(documents.DEFAULT_DELIVERY_MAP)
    found = _misplaced("delivery_map", "delivery", settings.delivery_map, places, known)
    if settings.documents != "off" and not settings.customers:
        found.append(("documents", "a document needs its customer", "set customers = true, or documents off"))
    if settings.documents != "off" and not places.get("booked"):
        todo = "name a field for booked"
        found.append(("delivery_map", "without it open deliveries cannot be told from booked ones", todo))
    if settings.article_unit not in (0, *DATA_FIELDS):
        found.append(("article_unit", "a line has the Data fields 1 to 9", "use one of them, or 0"))
    if settings.article_unit in (settings.article_number, settings.article_name):
        found.append(("article_unit", "that Data field holds something else", "use another Data field, or 0"))
    if not settings.delivery_description.strip():
        found.append(("delivery_description", "it is empty", 'write a word, as "faktura"'))
    named = [("currency", "", settings.currency)]
    named += [("currencies", f", for {text!r},", code) for text, code in settings.currencies.items()]
    found += [
        (key, f"{code!r}{where} is no currency code", 'use three letters: "SEK"')
        for key, where, code in named
        if not (len(code) == CODE_LETTERS and code.isascii() and code.isalpha() and code.isupper())
    ]
    return found


def _misplaced(
    key: str, what: str, given: Mapping[str, str], places: Mapping[str, str], known: Collection[str]
) -> list[tuple[str, str, str]]:
    """Mistakes in a map of our fields to webCRM's."""
    todo = f"use one of {', '.join(sorted(known))}"
    unknown = sorted(set(given) - set(known))
    found = [(key, f"{field!r} is not a field of a {what}", todo) for field in unknown]
    for place, count in Counter(places.values()).items():
        if place and count > 1:
            found.append((key, f"{place} is given to {count} fields", "give each field its own place"))
    return found


def agreements(
    settings: Settings, start: dt.datetime, mark: Callable[[str, str], str]
) -> Mapping[str, Agreement]:
    """
    What is agreed on each kind that is switched on.

    `start` is from when on records cross by themselves; `mark` gives our
    reference for (kind, partner's record id).
    """
    found = {}
    if settings.customers:
        found["customer"] = _customer(settings, start, lambda record_id: mark("customer", record_id))
    if settings.articles:
        found["article"] = _article(start)
    if settings.documents != "off":
        found["document"] = documents.agreement(
            settings.documents,
            settings.delivery_description,
            settings.decides,
            start,
            lambda record_id: mark("document", record_id),
            _typed,
        )
    return found


def _typed(organisation: Fields) -> bool:
    """Whether an organisation takes part (row W14)."""
    return organisation.get("type") is not None


def _customer(settings: Settings, start: dt.datetime, mark: Callable[[str], str]) -> Agreement:
    decides = {field: Decides(settings.decides.get(field, who)) for field, who in CUSTOMER_DECIDES.items()}
    return Agreement(
        kind="customer",
        rules=(
            NUMBER_RULE[settings.number_owner],
            *(FieldRule(field=field, decides=who) for field, who in decides.items()),
        ),
        recognised_by=("reference", "number", "org_number"),
        start=start,
        create={
            Side.FORTNOX: _numbered if settings.number_owner == "webcrm" else _unnumbered,
            Side.PARTNER: _named,
        },
        mark=mark,
        marks={
            Side.FORTNOX: frozenset({"reference"}),
            Side.PARTNER: NUMBER_MARKS[settings.number_owner],
        },
        gate=_typed,
        gate_fields=frozenset({"type"}),
        living=_active,
    )


def _article(start: dt.datetime) -> Agreement:
    return Agreement(
        kind="article",
        rules=ARTICLE_RULES,
        recognised_by=("number",),
        start=start,
        create={Side.PARTNER: _named},
        marks={Side.PARTNER: frozenset({"number"})},
        living=_active,
    )


def _active(fields: Fields) -> bool:
    return fields.get("active") is not False


def _named(fields: Fields) -> Fields | Problem:
    if fields.get("name"):
        return fields
    return Problem(
        code="REC08",
        what="the name is empty",
        where="name",
        todo="give the record a name; it then crosses by itself",
    )


def _unnumbered(fields: Fields) -> Fields | Problem:
    """Fortnox gives the number; one that was typed in webCRM is not sent."""
    return _named({field: value for field, value in fields.items() if field != "number"})


def _numbered(fields: Fields) -> Fields | Problem:
    if fields.get("number"):
        return _named(fields)
    return Problem(
        code="REC06",
        what="the customer number is empty and webCRM owns the numbers",
        where="number",
        todo="type a customer number in webCRM; the customer then crosses by itself",
    )
