"""The kinds of partner: what each brings to a connector. A seventh system adds one entry."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from daemon.config import read_secret
from daemon.core.agreement import Agreement
from daemon.net.auth import WebcrmGrant
from daemon.pairs import fortnox_webcrm
from daemon.ports import Clock, Grant, Http, Ids, System
from daemon.systems import REGISTRY


class Kind(Struct, frozen=True):
    """What a kind of partner brings: its agreements, its two letters, its grant and its system."""

    letters: str
    agreements: Callable[[Any, dt.datetime, Callable[[str, str], str]], Mapping[str, Agreement]]
    grant: Callable[[str, Any, Http, Clock], Grant]
    system: Callable[[Any, Http, Grant, Clock, Ids], System]


def _webcrm_grant(name: str, settings: fortnox_webcrm.Settings, http: Http, clock: Clock) -> Grant:
    return WebcrmGrant(
        auth_code=lambda: read_secret(settings.auth_code),
        url=settings.url,
        setting=f"connector.{name}.auth_code",
        http=http,
        clock=clock,
    )


def _webcrm(settings: fortnox_webcrm.Settings, http: Http, grant: Grant, clock: Clock, ids: Ids) -> System:
    return REGISTRY["webcrm"](
        http=http,
        grant=grant,
        clock=clock,
        ids=ids,
        account=settings.account,
        base_url=settings.url,
        field_map=settings.places(),
        company_types=settings.company_types,
        private_types=settings.private_types,
        country_language=settings.country_language,
        article_number=settings.article_number,
        article_name=settings.article_name,
        article_unit=settings.article_unit,
        documents=settings.documents != "off",
        delivery_map=settings.delivery_places(),
        line_price=settings.line_price,
        currencies=settings.currencies,
        currency=settings.currency,
    )


KINDS: Mapping[str, Kind] = {
    "webcrm": Kind(fortnox_webcrm.LETTERS, fortnox_webcrm.agreements, _webcrm_grant, _webcrm),
}
