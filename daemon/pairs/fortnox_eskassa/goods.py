"""
Articles and stock: Fortnox decides about articles, both sides change the stock. Pure.

Sources: rows K6-K8, decisions 5, 14 and 17, dinkassa.md 3 and 7.3.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from functools import partial
from typing import Final

from daemon.core.agreement import Agreement, Decides, FieldRule
from daemon.core.records import Fields, Problem, Seen, Side, Value
from daemon.pairs.fortnox_eskassa.settings import Settings

TO_TILL: Final = frozenset({Side.PARTNER})
FIELDS: Final = ("number", "name", "price", "vat", "barcode")
KEPT_OUT: Final = "#E#"  # in an article's name: it does not cross (row K8)
NAME_CHARS: Final = 30  # dinkassa.md 3
BARCODE_CHARS: Final = 30
RATES: Final = (0, 6, 12, 25)  # percent; the only ones that the till knows
NO_EAN: Final = "FNX-"  # before the number of an article without a barcode: the till demands one


def items(settings: Settings, start: dt.datetime) -> Agreement:
    """What is agreed on articles: they are made and changed in Fortnox; edits in the till are undone."""
    return Agreement(
        kind="item",
        rules=(
            *(FieldRule(field=field, decides=Decides.FORTNOX, to=TO_TILL, revert=True) for field in FIELDS),
            FieldRule(field="live", decides=Decides.FORTNOX, to=TO_TILL, listed=False),
        ),
        recognised_by=("number", "barcode"),
        start=start,
        create={Side.PARTNER: _offered},
        marks={Side.PARTNER: frozenset({"number"})},
        living=_is_offered,
        weigh={Side.FORTNOX: _sellable},
        view=partial(as_sold, settings),
        ends=frozenset({Side.PARTNER}),
        removes=_anything if settings.remove_articles else None,
    )


def stock(start: dt.datetime) -> Agreement:
    """What is agreed on the stock: what one side sold or received, the other one is told (row K7)."""
    return Agreement(
        kind="stock",
        rules=(FieldRule(field="quantity", decides=Decides.NOBODY, adds=True),),
        recognised_by=("number",),
        start=start,
        create={},
        ends=frozenset(Side),
        part_of="item",
    )


def _anything(_item: Seen) -> bool:
    return True


def as_sold(settings: Settings, article: Fields) -> Fields:
    """An article of Fortnox as the till keeps it; of one that is not sold there, what hides it."""
    number, name, active = article.get("number"), str(article.get("name") or ""), article.get("active")
    own_code = f"{NO_EAN}{number}"[:BARCODE_CHARS]
    if KEPT_OUT in name or (active is False and settings.remove_articles):
        # Where it cannot be removed another one may have its barcode all the same.
        return {"number": number, "barcode": own_code, "live": False, "active": active}
    return {
        "number": number,
        "name": name[:NAME_CHARS].strip() or None,
        "price": _with_vat(article.get(f"price:{settings.price_list}"), article.get("vat"), settings),
        "vat": article.get("vat"),
        "barcode": article.get("barcode") or own_code,
        "live": True,
        "active": active,
    }


def _with_vat(price: Value, vat: Value, settings: Settings) -> Value:
    """A price in öre with VAT, half up (dinkassa.md 7.3)."""
    if settings.prices_include_vat or not isinstance(price, int) or not isinstance(vat, int):
        return price
    return (price * (100 + vat) + 50) // 100


def _is_offered(article: Fields) -> bool:
    return article.get("active") is not False and article.get("live") is not False


def _offered(article: Fields) -> Fields | Problem:
    if not article.get("name"):
        todo = "name the article in Fortnox; it then crosses by itself"
        return Problem(code="REC08", what="the name is empty", where="name", todo=todo)
    return {field: article[field] for field in (*FIELDS, "live") if field in article}


def _sellable(article: Fields, crossing: Collection[str]) -> Problem | None:
    """What the till cannot hold: no price, or a VAT rate that it does not know."""
    if not {"price", "vat"} & set(crossing) or not _is_offered(article):
        return None
    if article.get("price") is None:
        todo = "set one in Fortnox, or choose another price list; it then crosses by itself"
        return Problem(code="REC26", what="the price list has no price for it", where="price", todo=todo)
    if article.get("vat") not in RATES:
        what = f"{article.get('vat')} % VAT: the till knows {', '.join(map(str, RATES))}"
        todo = "correct the sales account or the VAT of the article in Fortnox; it then crosses by itself"
        return Problem(code="REC17", what=what, where="vat", todo=todo)
    return None
