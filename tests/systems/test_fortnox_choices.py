"""What settings may name, as Fortnox lists it now."""

from __future__ import annotations

import pytest

from daemon.errors import GrantError, Unreachable
from daemon.ports import Choice
from tests.systems.fakes import UNREACHABLE
from tests.systems.fortnox_books import Office, account, listed, refusal

CHOICES = {
    "voucher_series": [
        Choice(value="A", title="Redovisning"),
        Choice(value="B", title="Fakturor", note="not manual"),
        Choice(value="K", title="Kassa"),
    ],
    "cost_centers": [
        Choice(value="UME", title="Umeå"),
        Choice(value="OLD", title="Gammalt", note="inactive"),
    ],
    "payment_terms": [Choice(value="30", title="30 dagar")],
    "price_lists": [Choice(value="A", title="Prislista A")],
    "units": [Choice(value="st", title="Styck")],
    "accounts": [
        Choice(value="1910", title="Konto 1910"),
        Choice(value="3004", title="Konto 3004", note="inactive"),
    ],
}


@pytest.fixture
def office():
    """A company with one or two of each."""
    office = Office()
    terms = [{"Code": "30", "Description": "30 dagar"}]
    lists = [{"Code": "A", "Description": "Prislista A", "PreSelected": True}]
    office.http["GET /3/termsofpayments"] = listed("TermsOfPayments", terms)
    office.http["GET /3/pricelists"] = listed("PriceLists", lists)
    office.http["GET /3/units"] = listed("Units", [{"Code": "st", "Description": "Styck"}])
    office.http["GET /3/accounts"] = listed("Accounts", [account(1910), account(3004, Active=False)])
    return office


async def test_every_register_is_listed_with_what_speaks_against_a_value(office):
    """Series and accounts are those of the year that holds today, by Swedish time."""
    assert await office.system.choices() == CHOICES
    for path in ("voucherseries", "accounts"):
        (sent,) = office.http.named(f"GET /3/{path}")
        assert sent.query["financialyear"] == "5"
    assert not any(each.request.effect for each in office.http.sent)


async def test_what_is_listed_is_what_is_there_now(office):
    """Whoever adds a series looks at once whether it is there."""
    await office.system.choices()
    office.http["GET /3/voucherseries"] = listed("VoucherSeriesCollection", [{"Code": "Z", "Manual": True}])

    assert (await office.system.choices())["voucher_series"] == [Choice(value="Z", title="")]


async def test_without_a_year_there_is_nothing_to_choose_in_it(office):
    """The rest is listed."""
    office.http["GET /3/financialyears"] = listed("FinancialYears", [])

    found = await office.system.choices()

    assert (found["voucher_series"], found["accounts"]) == ([], [])
    assert found["units"] == CHOICES["units"]


@pytest.mark.parametrize("code", [2000663, 2001101, 2003275])
async def test_a_register_that_is_not_open_to_us_is_left_out(office, code):
    """Scope, licence or right: the check says which."""
    office.http["GET /3/pricelists"] = refusal(code)

    assert await office.system.choices() == {
        name: each for name, each in CHOICES.items() if name != "price_lists"
    }


async def test_a_failure_is_not_an_empty_register(office):
    """Nothing is said then."""
    office.http["GET /3/units"] = UNREACHABLE

    with pytest.raises(Unreachable):
        await office.system.choices()


async def test_a_consent_that_is_gone_is_told(office):
    """That no register is open to us would say too little."""

    async def headers():
        raise GrantError("AUT05", "the consent is used up", "here", "run authorize")

    office.system._grant.headers = headers

    with pytest.raises(GrantError, match="AUT05"):
        await office.system.choices()
