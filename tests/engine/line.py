"""The line between the daemon and the pretend vendors, for what the vendors themselves cannot play."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct, structs

from daemon.sandbox.faults import Fault, answer_of
from daemon.sandbox.web import Request
from daemon.sandbox.world import Outcome, World
from tests.town import Town

Arriving = Callable[[str, Request], None]


class Answer(Struct, frozen=True, kw_only=True):
    """A request that `of` means takes effect, and is then answered with `status`, or with nothing."""

    of: Fault
    status: int | None  # None for the status of success, without a body

    def outcome(self, system: str, played: Outcome) -> Outcome:
        """What the client gets instead of `played`."""
        assert played.response is not None
        if self.status is None or self.status == 204:
            response = structs.replace(
                played.response, status=self.status or played.response.status, body=b""
            )
        else:
            response = answer_of(structs.replace(self.of, fault="status", status=self.status), system)
        return structs.replace(played, response=response)


class Line:
    """
    Replaces `world.exchange`. `answers` are given once each, in order; `arriving` is told of each request.

    Made by `of`, it is pickled with the world, but for `arriving`.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.answers: list[Answer] = []
        self.arriving: Arriving | None = None
        world.exchange = self.exchange  # type: ignore[method-assign]

    @classmethod
    def of(cls, town: Town) -> Line:
        """The town's line; the first one who asks lays it."""
        line = getattr(town.world.exchange, "__self__", None)
        return line if isinstance(line, Line) else cls(town.world)

    def __getstate__(self) -> dict[str, Any]:
        """Without the one who listens."""
        return {**self.__dict__, "arriving": None}

    def exchange(self, system: str, request: Request) -> Outcome:
        """See World.exchange."""
        if self.arriving:
            self.arriving(system, request)
        played = World.exchange(self.world, system, request)
        for answer in self.answers:
            if answer.of.matches(system, request) and played.fault is None:
                self.answers.remove(answer)
                self._note(answer)
                return answer.outcome(system, played)
        return played

    def _note(self, answer: Answer) -> None:
        """The log shows that the client was told something else."""
        log = self.world.log
        log._exchanges.append(structs.replace(log._exchanges.pop(), fault=f"answered {answer.status}"))
