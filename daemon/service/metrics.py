"""
What the metrics socket shows: health, metrics, status. Reading only.
"""

from __future__ import annotations

from typing import Protocol

from daemon.ports import Clock
from daemon.service.house import Json
from daemon.service.operate import envelope
from daemon.service.socket import Answer, Ask, json_answer

TEXT = "text/plain; version=0.0.4; charset=utf-8"


class Watched(Protocol):
    """The daemon as a monitor sees it."""

    @property
    def clock(self) -> Clock:
        """For the envelope."""
        ...

    async def not_ready(self) -> list[str]:
        """Reasons; empty when ready."""
        ...

    async def metrics(self) -> bytes:
        """Prometheus' text."""
        ...

    async def status(self) -> Json:
        """Decision 35's `status`."""
        ...


async def look(daemon: Watched, ask: Ask) -> Answer:
    """
    Answer one GET.

    /healthz is 200 while the loop lives. /readyz is 200 when the store answers
    and every connector has once been able to do its work and has its grant,
    else 503 with the reasons; a system that is away is no reason, a restart
    does not bring it back. /metrics is text; the others are JSON.
    """
    if ask.method != "GET":
        return json_answer(405, {"error": "this socket only shows; use control.sock"})
    if ask.path == "/healthz":
        return json_answer(200, envelope({"alive": True}, daemon.clock.now()))
    if ask.path == "/readyz":
        reasons = await daemon.not_ready()
        body = envelope({"ready": not reasons, "reasons": reasons}, daemon.clock.now())
        return json_answer(503 if reasons else 200, body)
    if ask.path == "/metrics":
        return Answer(200, await daemon.metrics(), TEXT)
    if ask.path == "/status":
        return json_answer(200, envelope(await daemon.status(), daemon.clock.now()))
    return json_answer(404, {"error": "there is /healthz /readyz /metrics /status"})
