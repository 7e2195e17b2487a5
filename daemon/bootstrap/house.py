"""Makes connectors out of a config, and keeps what several of them, or several configs, share."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

import msgspec

from daemon.bootstrap.doubting import Doubting
from daemon.bootstrap.kinds import KINDS
from daemon.config import Company as CompanyConfig
from daemon.config import Config, read_secret
from daemon.core.budget import ARRIVAL_S, BUDGETS, Budget
from daemon.core.doubt import Waiting
from daemon.core.guard import Limits
from daemon.core.records import Side
from daemon.core.reference import reference
from daemon.core.report import ConnectorReport
from daemon.core.stockholm import ZONE
from daemon.engine.account import Account
from daemon.engine.passing import Company, Settings
from daemon.engine.sync import Connector
from daemon.engine.writing import Timing
from daemon.errors import ConfigError
from daemon.events import (
    REQUEST_DONE,
    THROTTLED,
    Events,
    class_of,
)
from daemon.net.auth import FortnoxGrant
from daemon.net.client import HttpClient, Observe
from daemon.net.outcome import asks_to_wait
from daemon.net.throttle import Throttle
from daemon.pairs.settings import ConnectorSettings
from daemon.ports import Clock, Grant, Http, Ids, Token
from daemon.service.loop import Loop
from daemon.store.journal import Journal
from daemon.systems.fortnox.system import Fortnox

LOGIN_BUDGET = Budget(slots=30, window_s=60.0)  # no vendor states one for logins; this only stops a mistake
FRESH_EVERY_S = 15.0  # an import looks aside no more often than this
MAX_AGE_SHARE = 0.5  # a reading that another connector made within half an interval will do


# ------------------------------------------------------------------ one company, one partner


class Client(Http, Protocol):
    """A way out that must be closed."""

    async def aclose(self) -> None:
        """Close all connections."""


class Connect(Protocol):
    """Makes a way out to one host."""

    def __call__(
        self, system: str, base_url: str, throttle: Throttle, clock: Clock, *, observe: Observe
    ) -> Client:
        """See HttpClient."""


class End:
    """One account with what only it uses."""

    def __init__(
        self, account: Account, grant: Grant, clients: Sequence[Client], throttle: Throttle, digest: str
    ) -> None:
        self.account, self.grant, self.clients = account, grant, clients
        self.throttle, self.digest = throttle, digest

    async def close(self) -> None:
        for client in self.clients:
            await client.aclose()


class CompanyEnd(End):
    """A company's end, with Fortnox as itself."""

    def __init__(
        self,
        account: Account,
        grant: Grant,
        clients: Sequence[Client],
        throttle: Throttle,
        digest: str,
        system: Fortnox,
    ) -> None:
        super().__init__(account, grant, clients, throttle, digest)
        self.system = system


class ConnectorLoop:
    """One connector as the supervisor runs it."""

    def __init__(
        self,
        name: str,
        settings: ConnectorSettings,
        digest: str,
        connector: Connector,
        partner: End,
        doubting: Doubting,
    ) -> None:
        self.name, self.company, self.kind, self.digest = name, settings.company, settings.kind, digest
        self.interval_s, self.offset_s = float(settings.interval), float(settings.offset)
        self.connector, self.partner, self._doubting = connector, partner, doubting

    async def run_pass(
        self,
        side: Side | None,
        *,
        dry_run: bool = False,
        imports: str | None = None,
        eager: bool = False,
    ) -> ConnectorReport:
        """One pass; `imports` is a register in the plural. ConfigError CTL01 when it takes no part."""
        kind = self._kind(imports) if imports else None
        await self._doubting.watch()
        await self._doubting.tell(self.connector)
        return await self.connector.run_pass(side, dry_run=dry_run, imports=kind, eager=eager)

    def creations_wait(self) -> Waiting | None:
        """Until when nothing is created, and why."""
        return self.connector.creations_wait()

    def _kind(self, register: str) -> str:
        """`customer` of `customers`."""
        kind = register.removesuffix("s")
        if kind not in self.connector.kinds:
            known = ", ".join(f"{each}s" for each in self.connector.kinds) or "none is switched on"
            todo = f"use one of: {known}"
            raise ConfigError("CTL01", f"{register} is no register that takes part", self.name, todo)
        return kind


# ------------------------------------------------------------------ building


class House:
    """Makes loops out of a config, and keeps what several of them, or several configs, share."""

    def __init__(
        self,
        journal: Journal,
        clock: Clock,
        ids: Ids,
        events: Events,
        connect: Connect = HttpClient,
        *,
        called: Callable[[], None] = lambda: None,
    ) -> None:
        """
        `connect` makes the one way out to a host; a simulation brings its own.

        `called` is told of each call's begin and end, so that the process after
        a crash knows until when this one was calling.
        """
        self.journal, self._clock, self._ids, self._events = journal, clock, ids, events
        self._connect, self._called = connect, called
        self._throttles: dict[str, Throttle] = {}
        self._spent_at: Mapping[str, Sequence[float]] = {}
        self._unsaved: dict[str, Token] = {}
        self._crashed_at: float | None = None
        self._doubting = Doubting(journal, clock, events)
        self.companies: dict[str, CompanyEnd] = {}  # those that an enabled connector joins
        self._leaving: list[End] = []  # in use until the loops that a reload ends have ended
        self.loops: dict[str, ConnectorLoop] = {}
        self.config: Config

    async def build(self, config: Config, keep: Mapping[str, Loop]) -> Mapping[str, Loop]:
        """A loop for each enabled connector; those in `keep` as they are."""
        await self._doubting.judge(dt.timedelta(seconds=config.daemon.settle))
        loops: dict[str, ConnectorLoop] = {}
        companies: dict[str, CompanyEnd] = {}
        for name, settings in config.enabled.items():
            company = companies.get(settings.company) or self.end_of(settings.company, config)
            companies[settings.company] = company
            kept = keep.get(name)
            loops[name] = kept if isinstance(kept, ConnectorLoop) else await self._loop(name, config, company)
        for name, company in companies.items():
            joined = [each for each in config.enabled.values() if each.company == name]
            _serve(company.system, joined, await self._booked_in(company.system))
        self._leaving += [end for name, end in self.companies.items() if companies.get(name) is not end]
        self.companies, self.loops, self.config = companies, loops, config
        return dict(loops)

    async def _booked_in(self, system: Fortnox) -> Iterable[str]:
        """The voucher series of this company that something was booked in once."""
        return await self.journal.write(lambda tx: tx.observations(system.scope, "posting").groups())

    async def drop(self, loops: Iterable[Loop]) -> None:
        """Close what only these used."""
        for loop in loops:
            assert isinstance(loop, ConnectorLoop)
            await loop.partner.close()
        while self._leaving:
            await self._leaving.pop().close()

    def begin_no_write(self) -> None:
        """From now on only what is under way is written."""
        for throttle in self._throttles.values():
            throttle.close_to_writes()

    async def close(self) -> None:
        """Close every connection and remember how much of each budget is in use."""
        await self.drop(self.loops.values())
        for company in self.companies.values():
            await company.close()
        now = self._clock.now().timestamp()
        spent = {name: [now - age for age in each.recent()] for name, each in self._throttles.items()}
        await self.journal.note("budgets", msgspec.json.encode(spent).decode())
        await self._doubting.note_end()

    def end_of(self, name: str, config: Config) -> CompanyEnd:
        """The company's end as it is, or a new one when its section is new or changed."""
        end = self.companies.get(name)
        return end if end and end.digest == config.digests[f"company.{name}"] else self._company(name, config)

    def _company(self, name: str, config: Config) -> CompanyEnd:
        settings = config.companies[name]
        throttle = self._throttle(f"fortnox|{settings.client_id}|{settings.tenant_id}", BUDGETS["fortnox"])
        api = self._client(name, "fortnox", settings.api_url, throttle)
        login = self._client(name, "fortnox", settings.auth_url, Throttle(LOGIN_BUDGET, self._clock))
        grant = self._grant(name, settings, login)
        system = Fortnox(
            http=api,
            grant=grant,
            clock=self._clock,
            ids=self._ids,
            tenant_id=settings.tenant_id,
            overlap=dt.timedelta(seconds=settings.overlap),
            base_url=settings.api_url,
        )
        account = Account(system, Side.FORTNOX, self.journal, self._clock, self._events)
        return CompanyEnd(account, grant, (api, login), throttle, config.digests[f"company.{name}"], system)

    def _grant(self, name: str, settings: CompanyConfig, login: Http) -> FortnoxGrant:
        return FortnoxGrant(
            kind=settings.grant,
            company=name,
            client_id=settings.client_id,
            secret=lambda: read_secret(settings.client_secret),
            tenant_id=settings.tenant_id,
            scopes=settings.scopes,
            auth_url=settings.auth_url,
            tokens=self.journal.tokens,
            name=f"fortnox|{settings.client_id}|{settings.tenant_id}",
            unsaved=self._unsaved,
            http=login,
            clock=self._clock,
            ids=self._ids,
        )

    async def _loop(self, name: str, config: Config, company: End) -> ConnectorLoop:
        settings = config.connectors[name]
        kind, digest = KINDS[settings.kind], config.digests[f"connector.{name}"]
        partner = self._partner(name, settings, digest)
        start = dt.datetime.combine(settings.start, dt.time(), ZONE) if settings.start else None
        scopes = (company.account.system.scope, partner.account.system.scope)
        binding = await self.journal.bind(name, *scopes, start, digest)
        tenant = config.companies[settings.company].tenant_id
        connector = Connector(
            binding,
            kind.agreements(
                settings,
                binding.start,
                lambda record, record_id: reference(
                    tenant, kind.whose(record, binding.partner), kind.letters, record, record_id
                ),
            ),
            Company(fortnox=company.account, partner=partner.account),
            Settings(
                limits=Limits(**msgspec.structs.asdict(settings.guard)),
                timing=Timing(
                    settle=dt.timedelta(seconds=config.daemon.settle),
                    gap=dt.timedelta(seconds=config.daemon.gap),
                ),
                max_age_s=float(settings.interval) * MAX_AGE_SHARE,
                fresh_every_s=max(float(settings.interval), FRESH_EVERY_S),
            ),
            self.journal,
            self._clock,
            self._ids,
            self._events,
        )
        await self._doubting.tell(connector)
        return ConnectorLoop(name, settings, digest, connector, partner, self._doubting)

    def _partner(self, name: str, settings: ConnectorSettings, digest: str) -> End:
        kind, url = KINDS[settings.kind], str(getattr(settings, "url", ""))
        throttle = self._throttle(f"{settings.kind}|{url}|{settings.identity}", kind.budget(settings))
        client = self._client(settings.company, settings.kind, url, throttle)
        grant = kind.grant(name, settings, client, self._clock)
        system = kind.system(name, settings, client, grant, self._clock, self._ids)
        account = Account(system, Side.PARTNER, self.journal, self._clock, self._events, settings=digest)
        return End(account, grant, (client,), throttle, digest)

    # -------------------------------------------------------------- budgets

    def _throttle(self, name: str, budget: Budget) -> Throttle:
        """One for each budget, whatever is reloaded or restarted: the vendor counts on."""
        if name not in self._throttles:
            throttle = self._throttles[name] = Throttle(budget, self._clock, called=self._called)
            throttle.remember(self._spent(name, budget))
        return self._throttles[name]

    def _spent(self, name: str, budget: Budget) -> Iterable[float]:
        """Ages in seconds of the calls that were made before; where nobody counted them they may be all."""
        now = self._clock.now().timestamp()
        if self._crashed_at is not None and name.startswith("fortnox|"):
            return [max(0.0, now - self._crashed_at) - ARRIVAL_S] * budget.slots
        return [max(-ARRIVAL_S, now - at) for at in self._spent_at.get(name, ())]

    async def remember_budgets(self, last_called_at: float, placed_at: float = 0.0) -> None:
        """
        Go on where the last process stopped, budgets included, and see whether this is its state.

        `last_called_at`, a vendor, and `placed_at`, the state file, in epoch seconds.
        """
        spent = await self.journal.noted("budgets")
        self._spent_at = msgspec.json.decode(spent or "{}", type=dict[str, list[float]])
        self._crashed_at = await self._doubting.find(last_called_at, placed_at)

    def _client(self, company: str, system: str, url: str, throttle: Throttle) -> Client:
        def observe(route: str, outcome: int | str, seconds: float) -> None:
            told = {"company": company, "system": system, "route": route, "class": class_of(outcome)}
            self._events.emit(REQUEST_DONE, **told, duration_s=seconds)
            if isinstance(outcome, int) and asks_to_wait(system, outcome):
                self._events.emit(THROTTLED, company=company, system=system, route=route)

        return self._connect(system, url, throttle, self._clock, observe=observe)


def _serve(system: Fortnox, connectors: Iterable[ConnectorSettings], booked: Iterable[str]) -> None:
    """Let Fortnox know what the connectors of a company use of it, and what series were `booked` in once."""
    uses = [KINDS[settings.kind].uses(settings) for settings in connectors]
    series = frozenset(each for use in uses for each in use.series)
    system.serve(series, frozenset(each for use in uses for each in use.price_lists), booked)
