"""
What Fortnox and webCRM agree on.
"""

from __future__ import annotations

import datetime as dt

import msgspec
import pytest

from daemon.core.agreement import Decides
from daemon.core.records import Problem, Side
from daemon.pairs.fortnox_webcrm import (
    CUSTOMER_DECIDES,
    DEFAULT_FIELD_MAP,
    MAPPABLE,
    Settings,
    agreements,
    contradictions,
)
from daemon.pairs.settings import SecretRef
from daemon.systems.fortnox.mapping import TABLES
from daemon.systems.webcrm.mapping import article, customer
from daemon.systems.webcrm.spec import PLACES

START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
DEFAULT = Settings(kind="webcrm", company="main", account="1", auth_code=SecretRef(file="x"))
WEBCRM = {
    "customer": customer({**PLACES, "email": "OrganisationCustom9"}, {}, ("Kund",), (), "sv"),
    "article": article(1, 2),
}
AT_BIRTH_ONLY = {"customer": {"reference"}, "article": set()}  # decision 12: never written again


def changed(**keys):
    return msgspec.structs.replace(DEFAULT, **keys)


def agreed(settings=DEFAULT):
    return agreements(settings, START, "FS1.{}.{}".format)


# ------------------------------------------------------------------ settings


@pytest.mark.row("W1")
def test_each_side_is_read_every_six_minutes_three_apart():
    """Unless the config says otherwise."""
    assert (360, 180) == (DEFAULT.interval, DEFAULT.offset)


@pytest.mark.row("W2")
def test_two_types_take_part():
    """One for companies, one for private persons."""
    assert ("Kund – Företag",) == DEFAULT.company_types
    assert ("Kund – Privat",) == DEFAULT.private_types


def test_everything_is_on_and_fortnox_owns_the_numbers():
    """A section with what it must have does what the vendor's own integration does."""
    assert (True, True, "fortnox") == (DEFAULT.customers, DEFAULT.articles, DEFAULT.number_owner)
    assert [] == contradictions(DEFAULT)


@pytest.mark.row("W5")
def test_a_field_map_changes_only_what_it_names():
    """The other fields stay where they are."""
    moved = changed(field_map={"terms": "OrganisationCustom3", "number": "OrganisationCustom1"})

    assert {
        **DEFAULT_FIELD_MAP,
        "terms": "OrganisationCustom3",
        "number": "OrganisationCustom1",
    } == moved.places()
    assert [] == contradictions(moved)


WRONG = {
    "no type at all": ({"company_types": (), "private_types": ()}, ["company_types"]),
    "a type in both lists": ({"company_types": ("Kund",), "private_types": ("Kund",)}, ["private_types"]),
    "a field that nobody has": ({"field_map": {"colour": "OrganisationCustom1"}}, ["field_map"]),
    "two fields in one place": ({"field_map": {"terms": DEFAULT_FIELD_MAP["currency"]}}, ["field_map"]),
    "the number nowhere": ({"field_map": {"number": ""}}, ["field_map"]),
    "a Data field that does not exist": ({"article_number": 10}, ["article_number"]),
    "a name in Data field 0": ({"article_name": 0}, ["article_number"]),
    "number and name in one Data field": ({"article_number": 2}, ["article_name"]),
    "a decider for what is not decided": ({"decides": {"number": "fortnox"}}, ["decides"]),
    "several at once": (
        {"field_map": {"number": "", "colour": "X"}, "decides": {"colour": "nobody"}},
        ["field_map", "field_map", "decides"],
    ),
}


@pytest.mark.parametrize(("keys", "expected"), WRONG.values(), ids=WRONG)
def test_settings_that_contradict_each_other_are_named_by_key(keys, expected):
    """All of them, each with why and what to do."""
    found = contradictions(changed(**keys))

    assert expected == [key for key, _, _ in found]
    assert all(why and todo for _, why, todo in found)


def test_fields_nowhere_do_not_share_a_place():
    """An empty place is given to as many fields as one likes."""
    assert [] == contradictions(changed(field_map={"terms": "", "currency": ""}))


# ------------------------------------------------------------------ rules

OWNERS = pytest.mark.parametrize("owner", ["fortnox", "webcrm"])


@OWNERS
@pytest.mark.parametrize("kind", ["customer", "article"])
def test_every_field_that_may_be_written_has_one_rule(kind, owner):
    """In either system, but for our mark; and each rule is about a field that both systems hold."""
    rules = [rule.field for rule in agreed(changed(number_owner=owner))[kind].rules]
    writable = {
        row.ours for table in (TABLES[kind], WEBCRM[kind]) for row in table.rows if row.writable
    } - AT_BIRTH_ONLY[kind]

    assert sorted(rules) == sorted(set(rules))
    assert writable <= set(rules)
    assert set(rules) == TABLES[kind].holds(rules) == WEBCRM[kind].holds(rules)


@OWNERS
@pytest.mark.parametrize("kind", ["customer", "article"])
def test_nothing_is_sent_to_fortnox_that_it_never_takes(kind, owner):
    """A rule that lets a change go to Fortnox is about a field that may be written there."""
    for rule in agreed(changed(number_owner=owner))[kind].rules:
        assert Side.FORTNOX not in rule.to or TABLES[kind].row(rule.field).writable


@pytest.mark.row("W4")
def test_who_decides_is_as_the_vendors_integration_has_it():
    """Fortnox what an invoice needs, webCRM what a salesman knows; every one crosses both ways."""
    rules = {rule.field: rule for rule in agreed()["customer"].rules if rule.field != "number"}

    sales = {field for field, rule in rules.items() if rule.decides is Decides.PARTNER}
    visiting = {f"visiting_{part}" for part in ("address", "zip", "city", "country")}
    assert {"phone", "website", "fax", *visiting} == sales
    assert all(rule.decides is Decides.FORTNOX for field, rule in rules.items() if field not in sales)
    assert all(rule.to == frozenset(Side) and not rule.revert for rule in rules.values())


def test_each_decider_can_be_chosen():
    """One key of the config changes one rule."""
    default, chosen = agreed()["customer"], agreed(changed(decides={"phone": "nobody"}))["customer"]

    assert Decides.NOBODY is chosen.rule("phone").decides
    assert [r for r in default.rules if r.field != "phone"] == [r for r in chosen.rules if r.field != "phone"]


@pytest.mark.row("W7")
@pytest.mark.parametrize(
    ("owner", "decides", "revert"),
    [
        pytest.param("fortnox", Decides.FORTNOX, True, id="Fortnox: an edit in webCRM is undone"),
        pytest.param("webcrm", Decides.NOBODY, False, id="webCRM: an edit afterwards waits for a person"),
    ],
)
def test_a_customer_number_is_never_changed_in_fortnox(owner, decides, revert):
    """Whoever owns the numbers, they only travel to webCRM."""
    rule = agreed(changed(number_owner=owner))["customer"].rule("number")

    assert (decides, revert, {Side.PARTNER}) == (rule.decides, rule.revert, rule.to)


@pytest.mark.row("W8")
def test_articles_flow_one_way():
    """No field of an article may be written in Fortnox, and none is created there."""
    rules = agreed()["article"]

    assert {"number", "name", "cost", "price"} == {rule.field for rule in rules.rules}
    assert all(rule.to == {Side.PARTNER} and rule.decides is Decides.FORTNOX for rule in rules.rules)
    assert [Side.PARTNER] == list(rules.create)


def test_a_kind_that_is_switched_off_is_not_agreed_on():
    """Each by its own key."""
    assert ["article"] == list(agreed(changed(customers=False)))
    assert ["customer"] == list(agreed(changed(articles=False)))


def test_what_may_be_placed_is_what_may_be_decided_and_the_number():
    """A field that can be moved in webCRM is one that crosses."""
    assert {*CUSTOMER_DECIDES, "number"} == MAPPABLE
    assert set(DEFAULT_FIELD_MAP) <= MAPPABLE <= set(PLACES)


# ------------------------------------------------------------------ who takes part, and what is born

BIRTHS = {
    # what is born:                                owner      side          fields      sent, or the code
    "in webCRM, Fortnox gives the number": ("fortnox", Side.FORTNOX, {"name": "A"}, {"name": "A"}),
    "in webCRM, a typed number is not sent": (
        "fortnox",
        Side.FORTNOX,
        {"name": "A", "number": "9"},
        {"name": "A"},
    ),
    "in webCRM, webCRM gives the number": (
        "webcrm",
        Side.FORTNOX,
        {"name": "A", "number": "9"},
        {"name": "A", "number": "9"},
    ),
    "in webCRM, which owes a number": ("webcrm", Side.FORTNOX, {"name": "A", "number": None}, "REC06"),
    "in webCRM, without a name": ("fortnox", Side.FORTNOX, {"name": None}, "REC08"),
    "in webCRM, with a number and no name": ("webcrm", Side.FORTNOX, {"number": "9"}, "REC08"),
    "in Fortnox": ("fortnox", Side.PARTNER, {"name": "A", "number": "9"}, {"name": "A", "number": "9"}),
    "in Fortnox, whose number webCRM is told all the same": (
        "webcrm",
        Side.PARTNER,
        {"name": "A", "number": "9"},
        {"name": "A", "number": "9"},
    ),
}


@pytest.mark.row("W7")
@pytest.mark.parametrize(("owner", "side", "fields", "expected"), BIRTHS.values(), ids=BIRTHS)
def test_what_a_new_customer_is_born_with(owner, side, fields, expected):
    """A number only from its owner, a name always; else a code for the operator."""
    made = agreed(changed(number_owner=owner))["customer"].create[side](fields)

    assert expected == (made.code if isinstance(made, Problem) else dict(made))


@pytest.mark.row("W2")
def test_the_type_is_the_gate_and_activity_the_sign_of_life():
    """An organisation without a known type takes no part; an inactive Fortnox record is not brought over."""
    rules = agreed()["customer"]

    assert rules.gate({"type": "company"})
    assert not rules.gate({"type": None})
    assert {"type"} == rules.gate_fields
    assert rules.living({"active": True}) and rules.living({})
    assert not rules.living({"active": False})


def test_twins_are_recognised_by_what_names_a_record():
    """Our mark before the number, the number before the organisation number; articles by number alone."""
    assert ("reference", "number", "org_number") == agreed()["customer"].recognised_by
    assert ("number",) == agreed()["article"].recognised_by
    assert "FS1.customer.7" == agreed()["customer"].mark("7")
    assert agreed()["article"].mark is None
