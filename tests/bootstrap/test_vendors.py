"""What an operator asks of all vendors at once."""

from __future__ import annotations

from types import SimpleNamespace

from daemon.bootstrap.vendors import Vendors


class System:
    """Remembers what it was asked to prove."""

    def __init__(self):
        self.asked = []

    async def check(self, kinds):
        self.asked += kinds
        return []


class Untouched:
    """A transfer log as it was written."""

    async def broken_log_row(self):
        return None


def end():
    """A company's end or a partner's."""
    return SimpleNamespace(account=SimpleNamespace(system=System()))


def loop(company, *kinds):
    """A connector of a company."""
    return SimpleNamespace(company=company, connector=SimpleNamespace(kinds=kinds), partner=end())


async def test_a_company_proves_what_its_own_connectors_need():
    """One with customers alone has no consent for the books of another that has tills."""
    companies = {"shop": end(), "office": end()}
    loops = {
        "till": loop("shop", "posting", "item"),
        "more": loop("shop", "item"),
        "crm": loop("office", "customer"),
    }
    config = SimpleNamespace(enabled={})
    house = SimpleNamespace(companies=companies, loops=loops, config=config, journal=Untouched())
    found = await Vendors(house, None, None).check()
    assert all(each.ok for each in found)
    asked = {name: each.account.system.asked for name, each in companies.items()}
    assert {"shop": ["item", "posting"], "office": ["customer"]} == asked
