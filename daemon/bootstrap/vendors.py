"""What an operator asks of the vendors, and what is only known when asked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

from daemon.bootstrap.house import CompanyEnd, ConnectorLoop, House
from daemon.core.codes import CODES
from daemon.core.wanted import Choice, Wanted, unmet
from daemon.errors import DaemonError
from daemon.events import BUDGET_SEEN, INTENTS_SEEN, OLDEST_UNKNOWN_SEEN, TOKEN_SEEN, Events
from daemon.net.auth import FortnoxGrant
from daemon.pairs import WANTED
from daemon.pairs.settings import ConnectorSettings
from daemon.ports import Clock, Finding, Grant
from daemon.service.operate import stamp

T = TypeVar("T")


class Vendors:
    """The accounts of a house, as an operator sees them (service.operate's Vendors)."""

    def __init__(self, house: House, clock: Clock, events: Events) -> None:
        self._house, self._clock, self._events = house, clock, events

    async def sample(self) -> None:
        """Emit what is only known when asked."""
        for name, end in self._house.companies.items():
            where = {"company": name, "system": "fortnox"}
            used = end.throttle.used / end.throttle.limit
            self._events.emit(BUDGET_SEEN, **where, used_ratio=used, waiting=end.throttle.waiting)
            self._events.emit(TOKEN_SEEN, **where, age_s=end.grant.age_s())
        for name, loop in self._house.loops.items():
            where = {"company": loop.company, "system": loop.kind}
            throttle = loop.partner.throttle
            used = throttle.used / throttle.limit
            self._events.emit(BUDGET_SEEN, **where, used_ratio=used, waiting=throttle.waiting)
            self._events.emit(TOKEN_SEEN, **where, age_s=loop.partner.grant.age_s())
            await self._sample_intents(name, loop)

    async def _sample_intents(self, name: str, loop: ConnectorLoop) -> None:
        counts = await loop.connector.counts()
        self._events.emit(INTENTS_SEEN, connector=name, state="unknown", count=counts.unknown)
        oldest = counts.oldest_unknown_at
        age_s = (self._clock.now() - oldest).total_seconds() if oldest else 0.0
        self._events.emit(OLDEST_UNKNOWN_SEEN, connector=name, age_s=age_s)

    async def companies(self) -> Sequence[Mapping[str, Any]]:
        """The rows of `status.companies`."""
        rows = []
        for name, end in self._house.companies.items():
            settings = self._house.config.companies[name]
            rows.append(
                {
                    "name": name,
                    "tenant": settings.tenant_id,
                    "grant": settings.grant,
                    "token_expires_at": stamp(end.grant.expires_at()),
                    "budget": {
                        "used": end.throttle.used,
                        "limit": end.throttle.limit,
                        "waiting": end.throttle.waiting,
                    },
                }
            )
        return rows

    async def check(self) -> Sequence[Finding]:
        """Prove every prerequisite at every vendor, and that nobody changed the transfer log."""
        findings: list[Finding] = []
        for name, end in self._house.companies.items():
            loops = [each for each in self._house.loops.values() if each.company == name]
            kinds = sorted({kind for loop in loops for kind in loop.connector.kinds})
            findings += await end.account.system.check(kinds)
        for loop in self._house.loops.values():
            findings += await loop.partner.account.system.check(loop.connector.kinds)
        findings += await self._wanted()
        return [*findings, await self._log_finding()]

    async def _wanted(self) -> Sequence[Finding]:
        """Whether what settings name is there in Fortnox."""
        findings: list[Finding] = []
        config = self._house.config
        for company, end in self._house.companies.items():
            names = [name for name, each in config.enabled.items() if each.company == company]
            wanted = [(name, each) for name in names for each in _wants(config.connectors[name])]
            there = await end.system.choices() if wanted else {}
            findings += [_met(each, there, f"connector.{name}.{each.key}") for name, each in wanted]
        return findings

    async def _log_finding(self) -> Finding:
        row, where = await self._house.journal.broken_log_row(), "state, transfer log"
        if row is None:
            return Finding(ok=True, what="every row of the transfer log is as it was written", where=where)
        what, todo = f"row {row} of the transfer log was changed after it was written", CODES["DBS03"].remedy
        return Finding(ok=False, code="DBS03", what=what, where=where, todo=todo)

    async def choices(self, company: str) -> Mapping[str, Sequence[Choice]]:
        """What settings may name, by register of Fortnox. Raises DaemonError CTL01 for an unknown company."""
        return await self._at(company, lambda end: end.system.choices())

    async def authorize(self, company: str, code: str, redirect_uri: str) -> None:
        """Exchange `code` and store the grant. Raises DaemonError CTL01 for an unknown company."""
        await self._at(company, lambda end: _exchanged(end.grant, code, redirect_uri))

    async def _at(self, company: str, ask: Callable[[CompanyEnd], Awaitable[T]]) -> T:
        """Ask at a company, also at one that no enabled connector joins."""
        house = self._house
        if company not in house.config.companies:
            known = ", ".join(house.config.companies)
            what, todo = f"there is no company {company}", f"use one of: {known}"
            raise DaemonError("CTL01", what, house.config.path, todo)
        end = house.end_of(company, house.config)
        try:
            return await ask(end)
        finally:
            if company not in house.companies:
                await end.close()


async def _exchanged(grant: Grant, code: str, redirect_uri: str) -> None:
    assert isinstance(grant, FortnoxGrant)
    await grant.exchange_code(code, redirect_uri)


def _wants(settings: ConnectorSettings) -> Sequence[Wanted]:
    return WANTED[settings.kind](settings) if settings.kind in WANTED else ()


def _met(wanted: Wanted, there: Mapping[str, Sequence[Choice]], where: str) -> Finding:
    problem = unmet(wanted, there, where)
    if problem is None:
        return Finding(ok=True, what=f"{wanted.value} is there", where=where)
    return Finding(ok=False, code=problem.code, what=problem.what, where=where, todo=problem.todo)
