"""
Everything that can go wrong, and what the daemon does about each.

    DaemonError
    |- ConfigError            stop    the operator edits the file               exit 78
    |- StateError             halt    the state folder cannot be used           exit 74, 75
    |- GrantError             pause   the connector, until somebody consents    exit 77
    `- RemoteError                    another system answered badly, or not at all
       |- Unreachable         retry   back off; nothing was sent or decided     exit 69
       |- Throttled           wait    as long as they said; nothing was applied
       |- SessionExpired      renew   the token; the request was not applied
       |- Refused             park    this record; the rest goes on
       |- Gone                park    the record is not there any more
       |- Unusable            retry   they answered 2xx with something we cannot read
       |- Misfit              adapt   the config names what is not there         exit 78
       `- OutcomeUnknown      settle  we sent a write and cannot tell if it took effect

Each error prints as `CODE  what · where · what to do`, the form in which the
operator meets it on stderr, in the log, in `status` and in `parked`.
"""

from __future__ import annotations

import enum
from typing import ClassVar


class Remedy(enum.Enum):
    """What happens next. The only thing the engine and the supervisor look at in an error."""

    STOP = "stop"
    HALT = "halt"
    PAUSE = "pause"
    RETRY = "retry"
    WAIT = "wait"
    RENEW = "renew"
    PARK = "park"
    SETTLE = "settle"
    ADAPT = "adapt"


class DaemonError(Exception):
    """Base of everything we raise on purpose. Anything else is a bug and ends the connector's pass."""

    remedy: ClassVar[Remedy] = Remedy.STOP  # an operator asked for what is not there
    exit_code: ClassVar[int] = 1

    def __init__(self, code: str, what: str, where: str, todo: str) -> None:
        """`code` is a documented error code; the rest are single lines without secrets."""
        super().__init__(code, what, where, todo)
        self.code, self.what, self.where, self.todo = code, what, where, todo

    def __str__(self) -> str:
        return f"{self.code}  {self.what} · {self.where} · {self.todo}"


class ConfigError(DaemonError):
    """The config file, or a file it names, cannot be used."""

    remedy = Remedy.STOP
    exit_code = 78


class StateError(DaemonError):
    """The state folder or its database cannot be used. Never repaired by starting over."""

    remedy = Remedy.HALT
    exit_code = 74


class StateBusy(StateError):
    """Another daemon holds the state; `where` names its pid."""

    exit_code = 75


class GrantError(DaemonError):
    """A vendor refuses our credentials or consent; only a person can mend it."""

    remedy = Remedy.PAUSE
    exit_code = 77


class RemoteError(DaemonError):
    """
    Another system answered badly, or not at all.

    `system` is its name in REGISTRY, `status` the HTTP status when there was
    one, `vendor_code` the vendor's own code as text, `answer` at most 200
    printable characters of what they said.
    """

    exit_code = 69

    def __init__(
        self,
        code: str,
        what: str,
        where: str,
        todo: str,
        *,
        system: str = "",
        status: int | None = None,
        vendor_code: str = "",
        answer: str = "",
    ) -> None:
        super().__init__(code, what, where, todo)
        self.system, self.status, self.vendor_code, self.answer = system, status, vendor_code, answer


class Unreachable(RemoteError):
    """No connection, a time-out of a read, or 5xx on a read. Nothing was applied or decided."""

    remedy = Remedy.RETRY


class Throttled(RemoteError):
    """They asked us to slow down; the request was not applied. `retry_after_s` is how long to wait."""

    remedy = Remedy.WAIT
    retry_after_s: float = 5.0


class SessionExpired(RemoteError):
    """401: the token is not valid any more; the request was not applied."""

    remedy = Remedy.RENEW


class Refused(RemoteError):
    """A definite no to this one request: repeating it unchanged gives the same answer."""

    remedy = Remedy.PARK


class Gone(RemoteError):
    """404 for a record we know: it was deleted."""

    remedy = Remedy.PARK


class Unusable(RemoteError):
    """A read answered 2xx with a body that is not what the vendor documents."""

    remedy = Remedy.RETRY


class Misfit(RemoteError):
    """What the config names does not exist in their system; the operator changes one of the two."""

    remedy = Remedy.ADAPT
    exit_code = 78


class OutcomeUnknown(RemoteError):
    """
    A write was sent and its answer was lost, cut, or unreadable.

    Never retried blindly: Fortnox takes no idempotency key, so a second try
    could make the same record twice.
    """

    remedy = Remedy.SETTLE
