"""
What people do in both vendors' systems, by themselves, while the daemon works.

Every value is new, so that it can be told later who wrote it. What a vendor
refuses (a booked invoice, a number in use) a person gives up on.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Mapping
from contextlib import suppress
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from daemon.sandbox.web import ActionError
from daemon.sandbox.world import World
from tests.simulation.camera import FORTNOX, WEBCRM, shoot
from tests.town import People

ARTICLES: Final = 3  # there from the beginning, for rows
CUSTOMER_FIELDS: Final = {
    "name": ("Name", "Name", "Kund {} AB"),
    "phone": ("Phone1", "Telephone", "08-{}"),
    "website": ("WWW", "Www", "www.k{}.example"),
    "fax": ("Fax", "Fax", "09-{}"),
    "city": ("VisitingCity", "City", "Ort {}"),
    "street": ("VisitingAddress", "Address", "Gata {}"),
    "zip": ("VisitingZipCode", "PostCode", "{:05d}"),
    "email": ("Email", "ExtraCustom3", "post@k{}.example"),
    "invoice": ("Address1", "XMemo1", "Box {}"),
}
# What has few values: at Fortnox and at webCRM.
CHOICES: Final = (
    (("TermsOfPayment", "ExtraCustom4"), (("10", "10"), ("15", "15"), ("20", "20"))),
    (("Currency", "ExtraCustom5"), (("SEK", "SEK"), ("EUR", "EUR"))),
    (("Type", "Type"), (("COMPANY", "Kund – Företag"), ("PRIVATE", "Kund – Privat"))),
    (("VisitingCountryCode", "Country"), (("SE", "Sverige"), ("NO", "Norge"), ("DK", "Danmark"))),
)
# What only one side keeps: nobody but people may change it.
POST: Final = (
    {"Address2": "c/o Berg", "ZipCode": "903 26", "City": "Umeå", "CountryCode": "NO"},
    {"Address2": "Plan 2"},
    {},
)
OWN_NOTES: Final = {"OurReference": "Anna", "Comments": "Ring först", "YourReference": "Bo"}
OWN_WORDS: Final = {"Comment": "Ring först", "Owner": 5, "Alert": "Obs", "ExtraCustom8": "X"}
PRICES: Final = (149.5, 4.5, 0.37, 1000)
PERCENTS: Final = (10, 12.5, 33, 33.333)
DISCOUNTS: Final = (
    {"Discount": 12.5, "DiscountType": "PERCENT"},
    {"Discount": 7.5, "DiscountType": "AMOUNT"},
)
THICK: Final = 520  # rows
HOLD: Final = "DeliveryOrderDate"
AMONG: Final = ("edit_customer", "edit_organisation")


class Crowd:
    """Everybody at both vendors; `chance` of each act is its own, so leaving one out changes no other."""

    def __init__(self, world: World, people: People) -> None:
        self._world, self._people = world, people
        self._made = 0
        self.mix = Mix()

    def next(self) -> int:
        """A number that nobody used before."""
        self._made += 1
        return self._made

    def act(self, what: str, chance: random.Random) -> None:
        """Do one thing; what is refused is left."""
        with suppress(AssertionError, ActionError):
            ACTS[what](self, chance)

    def act_on(self, what: str, key: str, chance: random.Random, among: str = "") -> None:
        """The same, to one record; `among` names the fields that may be edited, when only those."""
        more = (among,) if among and what in AMONG else ()
        with suppress(AssertionError, ActionError):
            getattr(self, what)(chance, key, *more)

    # -------------------------------------------------------------- finding something to do it to

    def ids(self, side: str, kind: str, *states: str) -> list[str]:
        """What is there, in a stable order."""
        album = shoot(self._world, side)
        found = [
            key for (each, key), shot in album.items() if each == kind and shot.state in (states or ("",))
        ]
        return sorted(found, key=lambda key: (len(key), key))

    def pick(self, chance: random.Random, side: str, kind: str, *states: str) -> str:
        """One of them; AssertionError when there is none."""
        found = self.ids(side, kind, *states)
        assert found
        return chance.choice(found)

    # -------------------------------------------------------------- customers

    def new_customer(self, chance: random.Random) -> None:
        """In Fortnox."""
        n = self.next()
        more = {**self._identity(chance, n), **self._described(chance, 0)}
        self._people.new_customer(Name=f"Kund {n} AB", Phone1=f"08-{n}", **more)

    def _identity(self, chance: random.Random, n: int) -> dict[str, str]:
        return {"OrganisationNumber": organisation_number(n)} if chance.random() < 0.4 else {}

    def _described(self, chance: random.Random, side: int) -> dict[str, Any]:
        """More that is said of a customer, at Fortnox (0) or at webCRM (1)."""
        if chance.random() < 0.5:
            return {}
        told = [each for each in CUSTOMER_FIELDS.values() if chance.random() < 0.4]
        chosen = [each for each in CHOICES if chance.random() < 0.4]
        own: Mapping[str, Any] = OWN_WORDS
        if side == 0:
            own = {**OWN_NOTES, **chance.choice(POST), "ShowPriceVATIncluded": chance.random() < 0.5}
        return {
            **own,
            **{each[side]: each[2].format(self.next()) for each in told[2:]},
            **{names[side]: chance.choice(values)[side] for names, values in chosen},
        }

    def choose_customer(self, chance: random.Random) -> None:
        """Another of the few values, on either side."""
        names, values = chance.choice(CHOICES)
        if chance.random() < 0.5:
            fields = {names[0]: chance.choice(values)[0]}
            self._people.edit_customer(self.pick(chance, FORTNOX, "customer"), **fields)
        else:
            key, name = self.pick(chance, WEBCRM, "customer"), names[1]
            if name == "Country" and self._world.systems[WEBCRM]._state.switches["country_shape"] == "object":  # type: ignore[attr-defined]
                name = "CountryValue"
            self._people.edit_organisation({"OrganisationId": int(key)}, **{name: chance.choice(values)[1]})

    def new_organisation(self, chance: random.Random) -> None:
        """In webCRM."""
        n = self.next()
        number = self._identity(chance, n).get("OrganisationNumber")
        more = self._described(chance, 1) | ({"ExtraCustom2": number} if number else {})
        if self.mix.number_owner == "webcrm":
            more["ExtraCustom1"] = str(9000 + n)
        body = {"OrganisationId": 0, "OrganisationName": f"Kund {n} AB", "OrganisationTelephone": f"08-{n}"}
        extra = {f"Organisation{name}": value for name, value in more.items()}
        kind = {"OrganisationType": "Kund – Företag"}
        self._people.webcrm("POST", "/Organisations", {**body, **kind, **extra})

    def edit_customer(self, chance: random.Random, key: str = "", among: str = "") -> None:
        """In Fortnox, one field."""
        name, _, text = CUSTOMER_FIELDS[_one_of(chance, among)]
        key = key or self.pick(chance, FORTNOX, "customer")
        self._people.edit_customer(key, **{name: text.format(self.next())})

    def edit_organisation(self, chance: random.Random, key: str = "", among: str = "") -> None:
        """In webCRM, one field."""
        _, name, text = CUSTOMER_FIELDS[_one_of(chance, among)]
        key = key or self.pick(chance, WEBCRM, "customer")
        self._people.edit_organisation({"OrganisationId": int(key)}, **{name: text.format(self.next())})

    def retype(self, chance: random.Random) -> None:
        """An organisation takes part no more, or again."""
        key = self.pick(chance, WEBCRM, "customer", "", "inactive")
        kind = chance.choice(["Kund – Företag", "Partner"])
        self._people.edit_organisation({"OrganisationId": int(key)}, Type=kind)

    def delete_customer(self, chance: random.Random) -> None:
        """In Fortnox, where it has no documents."""
        self._people.act("fortnox", "delete_customer", CustomerNumber=self.pick(chance, FORTNOX, "customer"))

    def delete_organisation(self, chance: random.Random) -> None:
        """In webCRM."""
        self._people.act("webcrm", "delete_organisation", id=int(self.pick(chance, WEBCRM, "customer")))

    def reuse_number(self, chance: random.Random) -> None:
        """
        One is deleted, in Fortnox or in webCRM, and another gets its number in webCRM.

        Fortnox itself keeps the number of a deleted customer for ever (2000637, fortnox.md 8.5).
        """
        named = [key for key in self.ids(WEBCRM, "customer") if self._number_of(key)]
        assert named
        key = chance.choice(named)
        number = self._number_of(key)
        if chance.random() < 0.5:
            self._people.act("webcrm", "delete_organisation", id=int(key))
        else:
            self._people.act("fortnox", "delete_customer", CustomerNumber=number)
        n = self.next()
        body = {"OrganisationId": 0, "OrganisationName": f"Kund {n} AB", "OrganisationTelephone": f"08-{n}"}
        more = {"OrganisationType": "Kund – Företag", "OrganisationExtraCustom1": number}
        self._people.webcrm("POST", "/Organisations", {**body, **more})

    def _number_of(self, key: str) -> str:
        return shoot(self._world, WEBCRM)["customer", key].ties[0]

    # -------------------------------------------------------------- articles

    def new_article(self, chance: random.Random) -> None:
        """In Fortnox, where they belong; sometimes its number is a part of another one's."""
        n, known = self.next(), self.ids(FORTNOX, "article")
        parts = [key[1:] for key in known if key[1:] and key[1:] not in known]
        number = chance.choice([f"A{n}", *2 * parts[-1:]])
        costs = chance.choice([n, 7])  # many cost the same
        fields = {"ArticleNumber": number, "Description": f"Artikel {n}", "PurchasePrice": costs}
        self._people.new_article(price=100 + n, **fields)

    def edit_article(self, chance: random.Random) -> None:
        """Its name, its price, or what it costs."""
        key, n = self.pick(chance, FORTNOX, "article"), self.next()
        if chance.random() < 0.3:
            self._people.edit_article(key, PurchasePrice=n)
        elif chance.random() < 0.5:
            self._people.edit_article(key, Description=f"Artikel {n}")
        else:
            self._people.set_price(key, 100 + n)

    def edit_item(self, chance: random.Random) -> None:
        """In webCRM's catalogue, where it does not count."""
        key = self.pick(chance, WEBCRM, "article")
        name, n = "QuotationLineLinkedDataItem", self.next()
        fields = {f"{name}Data2": f"Artikel {n}"} if chance.random() < 0.5 else {f"{name}Price": 100 + n}
        self._people.webcrm("PUT", f"/QuotationLines/LinkedData/{key}", {f"{name}Id": int(key), **fields})

    # -------------------------------------------------------------- deliveries

    def new_delivery(self, chance: random.Random) -> None:
        """A delivery with one to three rows, entered one after the other."""
        key = int(self.pick(chance, WEBCRM, "customer"))
        fields = {
            "DeliveryId": 0,
            "DeliveryOrganisationId": key,
            "DeliveryMemo": f"Text {self.next()}",
            HOLD: self._day(chance) + "T00:00:00Z",
            **self._more_of_delivery(chance),
        }
        self._people.webcrm("POST", "/Deliveries", fields)  # what it answers is one of the open switches
        number = max(map(int, self.ids(WEBCRM, "document")))
        for _ in range(chance.randint(1, 3)):
            self._add_line(chance, number, key)

    def _more_of_delivery(self, chance: random.Random) -> dict[str, Any]:
        """What some deliveries say besides."""
        dialect = self._world.systems[WEBCRM]._state.switches["delivery_dialect"]  # type: ignore[attr-defined]
        name = "DeliveryCurrencyName" if dialect == "plain" else "DeliveryOpportunityCurrencyName"
        more: dict[str, Any] = {"DeliveryResponsible": 7, "DeliveryComment": "Ring först"}
        if chance.random() < 0.3:
            more[name] = chance.choice(["SEK", "EUR"])
        if chance.random() < 0.3:
            more["DeliveryCustom4"] = self._day(chance)
        return more

    def _day(self, chance: random.Random) -> str:
        """A day not long ago."""
        ago = dt.timedelta(days=chance.randint(0, 20))
        return (self._world.now().date() - ago).isoformat()

    def _add_line(self, chance: random.Random, delivery: int, organisation: int) -> None:
        quantity, price = self._quantity(chance), chance.choice(PRICES)
        # Of what comes back only a discount of whole hundredths can be said in Fortnox.
        percent = chance.choice(PERCENTS if quantity > 0 else PERCENTS[:-1]) if chance.random() < 0.3 else 0
        body = {
            "QuotationLineId": 0,
            "QuotationLineOpportunityId": delivery,
            "QuotationLineOrganisationId": organisation,
            "QuotationLineSortOrder": 10 * self.next(),
            "QuotationLineData1": f"{chance.randint(1, ARTICLES)}",
            "QuotationLineData2": "Vara",
            "QuotationLineMemo": "Vara",
            "QuotationLineQuantity": quantity,
            "QuotationLineListPrice": price,
            "QuotationLineDiscount": percent,
            "QuotationLinePrice": _total(quantity, price, percent),
        }
        if chance.random() < 0.4:
            body["QuotationLineVatPercentage"] = chance.choice([25, 12, 6])
        if chance.random() < 0.3:
            body |= {"QuotationLineComment": "Skör", "QuotationLineCostPrice": 12.5}
        if chance.random() < 0.1:  # a row that only says something
            body |= dict.fromkeys(
                ("QuotationLineQuantity", "QuotationLineListPrice", "QuotationLinePrice"), 0
            )
            body |= {"QuotationLineData1": "-", "QuotationLineMemo": f"Rad {quantity}"}
        self._people.webcrm("POST", "/QuotationLines", body)

    def _quantity(self, chance: random.Random) -> int:
        """A new one; sometimes what is sold comes back."""
        return self.next() * (-1 if chance.random() < 0.1 else 1)

    def _lines(self, chance: random.Random, delivery: str = "") -> list[dict[str, Any]]:
        delivery = delivery or self.pick(chance, WEBCRM, "document")
        path = f"/Deliveries/{delivery}/QuotationLines"
        lines: list[dict[str, Any]] = self._people.webcrm("GET", path, Page="1", Size="1000")
        assert lines
        return lines

    def add_line(self, chance: random.Random) -> None:
        """One more row."""
        line = self._lines(chance)[0]
        self._add_line(chance, line["QuotationLineOpportunityId"], line["QuotationLineOrganisationId"])

    def edit_line(self, chance: random.Random, key: str = "") -> None:
        """Another quantity."""
        line = chance.choice(self._lines(chance, key))
        quantity, number = self._quantity(chance), line["QuotationLineId"]
        price, percent = line["QuotationLineListPrice"] or 0, line["QuotationLineDiscount"] or 0
        assert price  # not one that only says something
        quantity = quantity if round(percent, 2) == percent else abs(quantity)
        fields = {"QuotationLineQuantity": quantity, "QuotationLinePrice": _total(quantity, price, percent)}
        self._people.webcrm("PUT", f"/QuotationLines/{number}", {"QuotationLineId": number, **fields})

    def drop_line(self, chance: random.Random) -> None:
        """One row less, never the last."""
        lines = self._lines(chance)
        assert len(lines) > 1
        self._people.webcrm("DELETE", f"/QuotationLines/{chance.choice(lines)['QuotationLineId']}")

    def edit_delivery(self, chance: random.Random, key: str = "") -> None:
        """Its text, or its day."""
        key = key or self.pick(chance, WEBCRM, "document")
        changes = {"DeliveryMemo": f"Text {self.next()}"}
        if chance.random() < 0.3:
            changes = {HOLD: self._day(chance) + "T00:00:00Z"}
        body = {"DeliveryId": int(key), **changes}
        self._people.webcrm("PUT", f"/Deliveries/{key}", body)

    # -------------------------------------------------------------- orders and invoices

    def _today(self, more: str = "") -> str:
        return self._world.now().date().isoformat() + more

    def _rows(self, chance: random.Random, form: str) -> list[dict[str, Any]]:
        def row() -> dict[str, Any]:
            quantity = self._quantity(chance)
            if chance.random() < 0.1:
                return {"Description": f"Rad {quantity}"}
            amount: dict[str, Any] = {"DeliveredQuantity": quantity}
            if form == "Order":
                amount["OrderedQuantity"] = quantity + (5 if chance.random() < 0.3 else 0)
            if chance.random() < 0.3:
                amount |= chance.choice(DISCOUNTS if quantity > 0 else DISCOUNTS[:1])
            if chance.random() < 0.3:
                amount["AccountNumber"] = 3002
            if chance.random() < 0.3:
                amount["VAT"] = chance.choice([25, 12, 6, 0])
            article = f"{chance.randint(1, ARTICLES)}"
            return {
                "ArticleNumber": article,
                "Description": "Vara",
                "Price": chance.choice([149.5, 10]),
                **amount,
            }

        return [row() for _ in range(chance.randint(1, 3))]

    def _new_paper(self, chance: random.Random, form: str) -> None:
        key = self.pick(chance, FORTNOX, "customer")
        body = {
            "CustomerNumber": key,
            f"{form}Date": self._day(chance),
            f"{form}Rows": self._rows(chance, form),
            "Remarks": f"Text {self.next()}",
            "VATIncluded": chance.random() < 0.15,
        }
        if chance.random() < 0.3:
            body |= {"DeliveryDate": self._day(chance), "Currency": chance.choice(["SEK", "EUR"])}
        if chance.random() < 0.3:
            body |= {**OWN_NOTES, "YourOrderNumber": "B-7"}
        self._people.fortnox("POST", f"/3/{form.lower()}s", {form: body})

    def new_order(self, chance: random.Random) -> None:
        """In Fortnox."""
        self._new_paper(chance, "Order")

    def thick_order(self, chance: random.Random) -> None:
        """One with more rows than a page of any list."""
        key = self.pick(chance, FORTNOX, "customer")
        article = {"Description": "Vara", "Price": 10, "DeliveredQuantity": 1, "OrderedQuantity": 1}
        rows = [{**article, "ArticleNumber": f"{1 + n % ARTICLES}"} for n in range(THICK)]
        body = {"CustomerNumber": key, "OrderRows": rows, "Remarks": f"Text {self.next()}"}
        self._people.fortnox("POST", "/3/orders", {"Order": body})

    def new_invoice(self, chance: random.Random) -> None:
        """In Fortnox."""
        self._new_paper(chance, "Invoice")

    def _paper(self, chance: random.Random, key: str = "") -> tuple[str, str]:
        """The path and form of a document's living half."""
        form, _, number = (key or self.pick(chance, FORTNOX, "document")).partition(":")
        if form == "order":
            made = self._people.fortnox("GET", f"/3/orders/{number}")["Order"]["InvoiceReference"]
            if int(made or 0):
                return f"/3/invoices/{made}", "Invoice"
        return f"/3/{form}s/{number}", form.title()

    def edit_paper(self, chance: random.Random, key: str = "") -> None:
        """Its text or its rows."""
        path, form = self._paper(chance, key)
        if chance.random() < 0.4:
            fields: dict[str, Any] = {"Remarks": f"Text {self.next()}"}
        elif chance.random() < 0.2:
            fields = {f"{form}Date": self._day(chance)}
        else:
            fields = {f"{form}Rows": self._rows(chance, form)}
        self._people.fortnox("PUT", path, {form: fields})

    def make_invoice(self, chance: random.Random) -> None:
        """Of an order."""
        orders = [key for key in self.ids(FORTNOX, "document") if key.startswith("order:")]
        assert orders
        number = chance.choice(orders).removeprefix("order:")
        self._people.fortnox("PUT", f"/3/orders/{number}/createinvoice")

    def book(self, chance: random.Random) -> None:
        """An invoice."""
        path, form = self._paper(chance)
        assert form == "Invoice"
        self._people.fortnox("PUT", f"{path}/bookkeep")

    def cancel(self, chance: random.Random) -> None:
        """A document."""
        path, _ = self._paper(chance)
        self._people.fortnox("PUT", f"{path}/cancel")

    def copy_paper(self, chance: random.Random) -> None:
        """A person copies a document with its reference, one that came from webCRM."""
        album = shoot(self._world, FORTNOX)
        ours = sorted(key for (kind, key), shot in album.items() if kind == "document" and shot.mark)
        assert ours
        path, form = self._paper(chance, chance.choice(ours))
        held = self._people.fortnox("GET", path)[form]
        assert held["ExternalInvoiceReference1"]
        names = ("CustomerNumber", f"{form}Date", "ExternalInvoiceReference1")
        fields = {name: held[name] for name in names}
        body = {**fields, f"{form}Rows": self._rows(chance, form), "Remarks": f"Text {self.next()}"}
        self._people.fortnox("POST", f"/3/{form.lower()}s", {form: body})

    def delete_delivery(self, chance: random.Random) -> None:
        """In webCRM."""
        self._people.act("webcrm", "delete_delivery", id=int(self.pick(chance, WEBCRM, "document")))

    # -------------------------------------------------------------- two people at once

    def _twins(self, chance: random.Random, kind: str, *, shut: bool = False) -> tuple[str, str]:
        """The two records of one link; `shut`: of a document that was invoiced, booked or cancelled."""
        theirs = {
            tie: key
            for (each, key), shot in shoot(self._world, WEBCRM).items()
            if each == kind
            for tie in shot.ties
        }
        found = [
            (key, theirs[tie])
            for (each, key), shot in shoot(self._world, FORTNOX).items()
            for tie in shot.ties
            if each == kind and tie in theirs and (not shut or shot.state or shot.ties[1:])
        ]
        assert found
        return chance.choice(sorted(found))

    def clash_customer(self, chance: random.Random) -> None:
        """The same field on both sides."""
        number, organisation = self._twins(chance, "customer")
        name, theirs, text = CUSTOMER_FIELDS[chance.choice(list(CUSTOMER_FIELDS))]
        self._people.edit_customer(number, **{name: text.format(self.next())})
        self._people.edit_organisation(
            {"OrganisationId": int(organisation)}, **{theirs: text.format(self.next())}
        )

    def late_edit(self, chance: random.Random) -> None:
        """In webCRM, when Fortnox has shut the document already."""
        _, delivery = self._twins(chance, "document", shut=True)
        if chance.random() < 0.5:
            self.edit_delivery(chance, delivery)
        else:
            self.edit_line(chance, delivery)

    def clash_document(self, chance: random.Random) -> None:
        """Text or rows on both sides."""
        paper, delivery = self._twins(chance, "document")
        if chance.random() < 0.5:
            self.edit_delivery(chance, delivery)
        else:
            self.edit_line(chance, delivery)
        self.edit_paper(chance, paper)

    # -------------------------------------------------------------- what cannot cross

    def poison_organisation(self, _chance: random.Random) -> None:
        """One whose name is nothing but signs that Fortnox refuses."""
        body = {
            "OrganisationId": 0,
            "OrganisationName": "<>" * self.next(),
            "OrganisationType": "Kund – Privat",
        }
        self._people.webcrm("POST", "/Organisations", body)

    def poison_delivery(self, chance: random.Random) -> None:
        """One without rows."""
        key = int(self.pick(chance, WEBCRM, "customer"))
        body = {"DeliveryId": 0, "DeliveryOrganisationId": key, "DeliveryMemo": f"Text {self.next()}"}
        self._people.webcrm("POST", "/Deliveries", body)


class Mix:
    """What the config says that people must know."""

    number_owner = "fortnox"


def _one_of(chance: random.Random, among: str) -> str:
    """A field of a customer; where `among` names some by their names at either side, one of those."""
    fields = CUSTOMER_FIELDS.items()
    named = [word for word, names in fields if any(f'{name}"' in among for name in names[:2])]
    return chance.choice(named or list(CUSTOMER_FIELDS))


def organisation_number(n: int) -> str:
    """A valid one, ten digits with Luhn's check digit (swedish-accounting.md)."""
    digits = f"556{n:06d}"
    weighed = (int(d) * (2 - place % 2) for place, d in enumerate(digits))
    total = sum(value // 10 + value % 10 for value in weighed)
    return f"{digits[:6]}-{digits[6:]}{-total % 10}"


def _total(quantity: int, price: float, percent: float) -> float:
    """What a row comes to, as webCRM's screen shows it."""
    exact = quantity * Decimal(str(price)) * (1 - Decimal(str(percent)) / 100)
    return float(exact.quantize(Decimal("0.01"), ROUND_HALF_UP))


Act = Callable[[Crowd, random.Random], None]
ACTS: Final[dict[str, Act]] = {
    name: getattr(Crowd, name)
    for name in [
        "new_customer",
        "new_organisation",
        "edit_customer",
        "edit_organisation",
        "choose_customer",
        "retype",
        "delete_customer",
        "delete_organisation",
        "new_article",
        "edit_article",
        "edit_item",
        "new_delivery",
        "add_line",
        "edit_line",
        "drop_line",
        "edit_delivery",
        "new_order",
        "new_invoice",
        "edit_paper",
        "make_invoice",
        "book",
        "cancel",
        "copy_paper",
        "delete_delivery",
        "clash_customer",
        "clash_document",
        "late_edit",
        "poison_organisation",
        "poison_delivery",
        "reuse_number",
        "thick_order",
    ]
}
# How often each is done, by the kind of record it is about.
OFTEN: Final[dict[str, dict[str, int]]] = {
    "customer": {
        "new_customer": 3,
        "new_organisation": 3,
        "edit_customer": 6,
        "edit_organisation": 6,
        "clash_customer": 2,
        "choose_customer": 3,
        "retype": 1,
        "delete_customer": 1,
        "delete_organisation": 1,
    },
    "article": {"new_article": 4, "edit_article": 5, "edit_item": 1},
    "document": {
        "new_delivery": 5,
        "add_line": 2,
        "edit_line": 3,
        "drop_line": 1,
        "edit_delivery": 4,
        "clash_document": 3,
        "late_edit": 4,
        "new_order": 2,
        "new_invoice": 2,
        "edit_paper": 5,
        "make_invoice": 3,
        "book": 3,
        "cancel": 1,
        "copy_paper": 3,
        "delete_delivery": 1,
    },
}
