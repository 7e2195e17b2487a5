"""
The vendor's eight scenarios, as settings (row K1).

Each is lived through by the same small shop; what cannot stand together is refused with its reason.
"""

from __future__ import annotations

import pytest

from daemon.config import ConfigError
from daemon.sandbox.faults import Fault
from tests.shop import Shop

pytestmark = pytest.mark.row("K1")

REPORTS, INVOICES, CUSTOMERS, ARTICLES = "reports", "invoices", "customers", "articles"
TILL, FORTNOX = {"master": "till"}, {"master": "fortnox"}
NORR, SYD = "Norr AB", "Syd AB"  # made in Fortnox, made at the till
SCENARIOS = [
    # the vendor's scenario             boxes                                     settings
    #    vouchers, orders, customers in Fortnox, customers at the till, articles at the till
    ("1: Z-reports",                    (REPORTS,),                               {},
     (1, 0, {NORR}, {SYD}, {"A"})),
    ("2: invoices, the till is master", (INVOICES,),                              TILL,
     (0, 1, {NORR, SYD}, {SYD}, {"A"})),
    ("2: and the register of Fortnox",  (INVOICES, CUSTOMERS),                    TILL,
     (0, 1, {NORR, SYD}, {NORR, SYD}, {"A"})),
    ("3: invoices, Fortnox is master",  (INVOICES, CUSTOMERS),                    FORTNOX,
     (0, 1, {NORR, SYD}, {NORR, SYD}, {"A"})),
    ("4: 1 and 2",                      (REPORTS, INVOICES),                      TILL,
     (1, 1, {NORR, SYD}, {SYD}, {"A"})),
    ("5: 1 and 3",                      (REPORTS, INVOICES, CUSTOMERS),           FORTNOX,
     (1, 1, {NORR, SYD}, {NORR, SYD}, {"A"})),
    ("6: articles",                     (ARTICLES,),                              {},
     (0, 0, {NORR}, {SYD}, {"A", "B"})),
    ("7: 1 and 6",                      (REPORTS, ARTICLES),                      {},
     (1, 0, {NORR}, {SYD}, {"A", "B"})),
    ("8: 1, 3 and 6",                   (REPORTS, INVOICES, CUSTOMERS, ARTICLES), FORTNOX,
     (1, 1, {NORR, SYD}, {NORR, SYD}, {"A", "B"})),
]  # fmt: skip
MISTAKES = [
    # what was set                    boxes                       settings
    #    the key that is named, and why
    ("nothing at all",                (),                         {},
     "reports", "nothing is switched on"),
    ("Z-reports without a series",    (REPORTS,),                 {"voucher_series": None},
     "voucher_series", "Z-reports need a voucher series"),
    ("no start",                      (REPORTS,),                 {"start": None},
     "reports_from", "Z-reports need the day from which on they cross"),
    ("invoices without a master",     (INVOICES, CUSTOMERS),      {"master": None},
     "master", "who decides about customers"),
    ("a master of nothing",           (REPORTS,),                 TILL,
     "master", "there is nothing to decide about"),
    ("customers without invoices",    (REPORTS, CUSTOMERS),       {},
     "customers", "customers cross with invoices only"),
    ("Fortnox' customers stay there", (INVOICES,),                FORTNOX,
     "customers", "Fortnox decides about customers, so they must cross"),
    ("invoices without terms",        (INVOICES,),                {**TILL, "payment_terms": None},
     "payment_terms", "orders need terms of payment"),
    ("two masters",                   (INVOICES, ARTICLES),       TILL,
     "master", "no scenario has both"),
    ("invoices booked twice",         (REPORTS, INVOICES),        {**TILL, "invoice_sales": None},
     "invoice_sales", "may be booked twice"),
    ("the till removes its customers", (INVOICES,),               {**TILL, "remove_customers": True},
     "remove_customers", "only where Fortnox decides about customers"),
    ("customers removed, none cross", (REPORTS,),                 {"remove_customers": True},
     "remove_customers", "only where Fortnox decides about customers"),
    ("articles removed, none cross",  (REPORTS,),                 {"remove_articles": True},
     "remove_articles", "articles do not cross"),
    ("PDFs of what does not cross",   (ARTICLES,),                {"attach_pdf": True},
     "attach_pdf", "Z-reports do not cross"),
    ("a login without its user",      (REPORTS,),                 {"report_login": "web"},
     "report_login", "a login needs a user and a password"),
    ("the receivable of the ledger",  (INVOICES,),                {**TILL, "receivable_account": "1510"},
     "receivable_account", "reconciled against Fortnox's own invoices"),
    ("a rounding account that is none", (REPORTS,),               {"rounding_account": "374"},
     "rounding_account", "'374' is no account"),
    ("a translation to no account",   (REPORTS,),                 {"accounts": {"1580": "168"}},
     "accounts", "'168' is no account"),
    ("a translation of no account",   (REPORTS,),                 {"accounts": {"": "1686"}},
     "accounts", "'' is no account of a register"),
    ("more rounding than a krona",    (REPORTS,),                 {"auto_round_limit": 100},
     "auto_round_limit", "99"),
    ("a field that nobody decides",   (INVOICES,),                {**TILL, "decides": {"price": "partner"}},
     "decides", "'price' is not a field that can be decided"),
]  # fmt: skip


def in_the_shop(shop):
    """A morning: customers and goods on both sides, a sale by card, one on invoice, and the day is closed."""
    people = shop.people
    people.new_customer(Name=NORR, OrganisationNumber="556016-0680")
    for number in ("A", "B"):
        people.new_article(ArticleNumber=number, Description=f"Vara {number}", VAT=25, price=80)
    shop.new_item("A", price=100, vat=25)
    customer = shop.till("new_customer", fields={"Name": SYD, "OrganizationNumber": "556036-0793"})
    goods = [{"product_code": "A", "quantity": 2}]
    shop.till("sell_on_invoice", items=goods, customer=customer["Id"])
    shop.day()


def what_there_is(shop):
    """Vouchers and orders in Fortnox, the customers of both sides, the till's articles."""
    orders = shop.people.fortnox("GET", "/3/orders", limit="500")["Orders"]
    customers = {each["Name"] for each in shop.people.customers()}
    at_the_till = {each["Name"] for each in shop.tills("GET", "/customer", fetch="100")["Items"]}
    return len(shop.vouchers()), len(orders), customers, at_the_till, set(shop.items())


@pytest.mark.parametrize(
    ("boxes", "settings", "expected"), [row[1:] for row in SCENARIOS], ids=[row[0] for row in SCENARIOS]
)
async def test_what_is_ticked_crosses_and_nothing_else(tmp_path, boxes, settings, expected):
    """
    From one sync on both sides hold what the vendor's scenario says; the next ones have nothing to do.
    """
    shop = Shop(tmp_path, *boxes, **settings)
    in_the_shop(shop)
    async with shop.running():
        report = await shop.sync()
        assert ("ok", []) == (report.outcome, await shop.desk.parked())
        assert expected == what_there_is(shop)
        shop.wait(hours=1)
        since = shop.world.log.last_seq
        await shop.sync()
        assert [] == shop.writes(since)


async def test_a_voucher_and_an_order_share_no_sale(tmp_path):
    """
    Scenario 4: what was sold on invoice is on the order, what was paid by card in the voucher.
    """
    shop = Shop(tmp_path, REPORTS, INVOICES, **TILL)
    in_the_shop(shop)
    async with shop.running():
        await shop.sync()
    (voucher,) = shop.vouchers()
    (order,) = shop.people.fortnox("GET", "/3/orders", limit="500")["Orders"]
    assert (100, 200) == (sum(row["Debit"] for row in voucher["VoucherRows"]), order["Total"])


async def test_articles_alone_need_no_right_to_reports(tmp_path):
    """
    The registers are behind the other of the vendor's two interfaces, which other keys may open.
    """
    shop = Shop(tmp_path, ARTICLES)
    in_the_shop(shop)
    shop.world.faults.add(Fault(fault="status", status=403, system="eskassa", path="/api/machine", count=99))
    async with shop.running():
        assert "ok" == (await shop.sync()).outcome
    assert {"A", "B"} == set(shop.items())


@pytest.mark.parametrize(
    ("boxes", "settings", "key", "why"), [row[1:] for row in MISTAKES], ids=[row[0] for row in MISTAKES]
)
def test_what_cannot_stand_together_is_refused(tmp_path, boxes, settings, key, why):
    """
    With the key that is wrong, the reason and what to do instead.
    """
    with pytest.raises(ConfigError) as refused:
        Shop(tmp_path, *boxes, **settings).config()
    (line,) = [each for each in str(refused.value).splitlines() if why in each]
    assert f"connector.eskassa.{key}" in line
    assert line.rpartition("·")[2].strip()
