"""The kinds of partner: what each brings to a connector. A seventh system adds one entry."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from daemon.config import read_secret
from daemon.core.agreement import Agreement
from daemon.core.budget import BUDGETS, Budget
from daemon.net.auth import WebcrmGrant
from daemon.net.auth_eskassa import EskassaSession, MachineGrant
from daemon.pairs import fortnox_eskassa, fortnox_webcrm
from daemon.ports import Clock, Grant, Http, Ids, System
from daemon.systems import REGISTRY


class Uses(Struct, frozen=True):
    """What a connector needs of Fortnox besides whole registers."""

    series: frozenset[str] = frozenset()
    price_lists: frozenset[str] = frozenset()


class Kind(Struct, frozen=True):
    """What a kind of partner brings: its agreements, its two letters, its grant and its system."""

    letters: str
    agreements: Callable[[Any, dt.datetime, Callable[[str, str], str]], Mapping[str, Agreement]]
    grant: Callable[[str, Any, Http, Clock], Grant]
    system: Callable[[str, Any, Http, Grant, Clock, Ids], System]
    uses: Callable[[Any], Uses] = lambda _settings: Uses()
    budget: Callable[[Any], Budget] = lambda settings: BUDGETS[settings.kind]
    worldwide: frozenset[str] = frozenset()  # kinds of record whose ids no other account has

    def whose(self, record: str, partner: str) -> str:
        """Whose a record's mark says it is: the account's, or the vendor's where no other has its id."""
        return partner.partition(":")[0] if record in self.worldwide else partner


def _webcrm_grant(name: str, settings: fortnox_webcrm.Settings, http: Http, clock: Clock) -> Grant:
    return WebcrmGrant(
        auth_code=lambda: read_secret(settings.auth_code),
        url=settings.url,
        setting=f"connector.{name}.auth_code",
        http=http,
        clock=clock,
    )


def _webcrm(
    _name: str, settings: fortnox_webcrm.Settings, http: Http, grant: Grant, clock: Clock, ids: Ids
) -> System:
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


def _eskassa_grant(name: str, settings: fortnox_eskassa.Settings, _http: Http, clock: Clock) -> Grant:
    return MachineGrant(
        machine_id=settings.machine_id,
        machine_key=lambda: read_secret(settings.machine_key),
        integrator_id=settings.integrator_id,
        setting=f"connector.{name}.machine_key",
        clock=clock,
    )


def _eskassa(
    name: str, settings: fortnox_eskassa.Settings, http: Http, grant: Grant, clock: Clock, ids: Ids
) -> System:
    url, password = f"{settings.url}/api", settings.report_password
    asked = settings.reports or settings.invoices  # articles alone need no right to the registers
    report_grant = grant if asked else None
    if asked and settings.report_login == "web" and password:
        report_grant = EskassaSession(
            user=settings.report_user,
            password=lambda: read_secret(password),
            integrator_id=settings.integrator_id,
            login_integrator=settings.login_integrator,
            url=url,
            setting=f"connector.{name}.report_password",
            http=http,
            clock=clock,
        )
    return REGISTRY["eskassa"](
        http=http,
        grant=grant,
        report_grant=report_grant,
        clock=clock,
        ids=ids,
        account=settings.identity,
        first_day=min(settings.days(), default=dt.date.max),
        invoices_from=(settings.invoices_from or settings.start) if settings.invoices else None,
        base_url=url,
        registers=settings.registers,
        default_category=settings.default_category,
        positive_is_decrease=settings.positive_is_decrease,
        invoice_payments=settings.invoice_payments,
        with_invoiced=settings.invoice_sales == "reverse_in_z",
    )


def _eskassa_budget(settings: fortnox_eskassa.Settings) -> Budget:
    """The vendor tells no limit (dinkassa.md 2), so the operator may."""
    return msgspec.structs.replace(BUDGETS["eskassa"], slots=settings.requests_per_second)


def _eskassa_uses(settings: fortnox_eskassa.Settings) -> Uses:
    return Uses(settings.all_series(), settings.all_price_lists())


KINDS: Mapping[str, Kind] = {
    "eskassa": Kind(
        fortnox_eskassa.LETTERS,
        fortnox_eskassa.agreements,
        _eskassa_grant,
        _eskassa,
        _eskassa_uses,
        _eskassa_budget,
        frozenset({"posting"}),  # each register has a GUID
    ),
    "webcrm": Kind(fortnox_webcrm.LETTERS, fortnox_webcrm.agreements, _webcrm_grant, _webcrm),
}
