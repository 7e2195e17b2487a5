"""
What may be chosen is read from Fortnox, and what does not exist there is refused (row K9).
"""

from __future__ import annotations

import pytest

from daemon.errors import DaemonError
from daemon.sandbox.faults import Fault
from tests.shop import Shop

pytestmark = pytest.mark.row("K9")

ORDERS = {"invoices": True, "payment_terms": "30", "master": "till", "invoice_sales": "excluded"}
WRONG = [
    # what is wrong                       settings
    #   what is said, and where
    ("no such series",                    {"voucher_series": "X"},
     "there is no voucher series X", "voucher_series"),
    ("a series that is not manual",       {"voucher_series": "B"},
     "the voucher series B is not manual", "voucher_series"),
    ("no such series for a register",     {"series_by_register": {"2": "X"}},
     "there is no voucher series X", "voucher_series"),
    ("no such cost centre",               {"cost_center": "SKE"},
     "there is no cost centre SKE", "cost_center"),
    ("an inactive cost centre",           {"cost_center": "OLD"},
     "the cost centre OLD is inactive", "cost_center"),
    ("an inactive one for a register",    {"cost_center": "UME", "cost_center_by_register": {"2": "OLD"}},
     "the cost centre OLD is inactive", "cost_center"),
    ("no such term of payment",           {**ORDERS, "payment_terms": "31"},
     "there is no term of payment 31", "payment_terms"),
    ("no such price list",                {"articles": True, "price_list": "Q"},
     "there is no price list Q", "price_list"),
    ("a translation to no account there", {"accounts": {"1580": "1585"}},
     "there is no account 1585", "accounts"),
    ("a translation to an inactive one",  {"accounts": {"1580": "1940"}},
     "the account 1940 is inactive", "accounts"),
    ("rounding on no account there",      {"auto_round_limit": 1, "rounding_account": "3749"},
     "there is no account 3749", "accounts"),
]  # fmt: skip


def a_shop(folder, **keys):
    """A shop whose Fortnox has two cost centres, of which one is not in use any more."""
    shop = Shop(folder, "reports", **keys)
    for code, active in (("UME", True), ("OLD", False)):
        fields = {"Code": code, "Description": f"Butik {code}", "Active": active}
        shop.people.act("fortnox", "create", kind="costcenters", fields=fields)
    return shop


async def refused(shop):
    """What `check --online` says about settings that do not do: code, what, where."""
    async with shop.running():
        found = await shop.vendors.check()
    return [(each.code, each.what, each.where) for each in found if not each.ok]


async def test_all_six_registers_are_listed_with_what_keeps_a_value_from_being_chosen(tmp_path):
    """
    Series, cost centres, terms of payment, price lists, units and accounts, as Fortnox has them now.
    """
    shop = a_shop(tmp_path)
    async with shop.running():
        found = await shop.vendors.choices("sandbox")
    listed = {name: {(each.value, each.title, each.note) for each in rows} for name, rows in found.items()}
    assert ["accounts", "cost_centers", "payment_terms", "price_lists", "units", "voucher_series"] == sorted(
        listed
    )
    assert {("UME", "Butik UME", ""), ("OLD", "Butik OLD", "inactive")} == listed["cost_centers"]
    assert {("K", "K", ""), ("B", "Kundfakturor", "not manual")} <= listed["voucher_series"]
    assert ("30", "30 dagar", "") in listed["payment_terms"]
    assert ("A", "Prislista A", "") in listed["price_lists"]
    assert ("st", "Styck", "") in listed["units"]
    assert {("1910", "Kassa", ""), ("1940", "Övriga bankkonton", "inactive")} <= listed["accounts"]


async def test_what_was_just_made_in_fortnox_can_be_chosen_at_once(tmp_path):
    """
    A person who makes a series and looks again sees it.
    """
    shop = a_shop(tmp_path)
    async with shop.running():
        before = await shop.vendors.choices("sandbox")
        shop.people.act("fortnox", "add_series", code="Z", description="Kassan")
        after = await shop.vendors.choices("sandbox")
    assert "Z" not in {each.value for each in before["voucher_series"]}
    assert "Z" in {each.value for each in after["voucher_series"]}


async def test_a_company_that_is_not_there_is_said_so(tmp_path):
    """
    With the names of those that are.
    """
    shop = a_shop(tmp_path)
    async with shop.running():
        with pytest.raises(DaemonError) as unknown:
            await shop.vendors.choices("acme")
    assert ("CTL01", True) == (unknown.value.code, "sandbox" in unknown.value.todo)


async def test_a_register_that_the_consent_does_not_open_is_left_out(tmp_path):
    """
    The others are listed all the same; a setting that needs it is refused by `check --online`.
    """
    shop = a_shop(tmp_path, cost_center="UME")
    fault = {"fault": "status", "status": 403, "system": "fortnox", "path": "/3/costcenters"}
    async with shop.running():
        shop.world.faults.add(Fault(**fault, count=100))
        found = await shop.vendors.choices("sandbox")
        said = [each for each in await shop.vendors.check() if each.where == "connector.eskassa.cost_center"]
    assert "cost_centers" not in found
    assert {"voucher_series", "accounts"} <= set(found)
    assert [("CFG12", False)] == [(each.code, each.ok) for each in said]


@pytest.mark.parametrize(
    ("settings", "what", "key"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG]
)
async def test_what_does_not_exist_in_fortnox_is_refused(tmp_path, settings, what, key):
    """
    By `check --online`, with its code and the key that names it, and with what to do.
    """
    shop = a_shop(tmp_path, **settings)
    assert [("CFG12", what, f"connector.eskassa.{key}")] == await refused(shop)


async def test_what_exists_is_accepted_and_nothing_is_written(tmp_path):
    """
    All that the settings name is there and fit for use.
    """
    everything = {
        **ORDERS,
        "master": "fortnox",
        "customers": True,
        "articles": True,
        "cost_center": "UME",
        "series_by_register": {"2": "A"},
        "accounts": {"1580": "1686"},
        "auto_round_limit": 1,
    }
    shop = a_shop(tmp_path, **everything)
    assert [] == await refused(shop)
    assert [] == shop.writes()


async def test_a_series_that_was_manual_and_is_not_any_more_is_found(tmp_path):
    """
    Somebody unticked Manuell kontering; mended, nothing is said any more.
    """
    shop = a_shop(tmp_path)
    shop.people.act("fortnox", "set_series", code="K", manual=False)
    (said,) = await refused(shop)
    assert "the voucher series K is not manual" == said[1]
    shop.people.act("fortnox", "set_series", code="K", manual=True)
    assert [] == await refused(shop)
