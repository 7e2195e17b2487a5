"""Until when the books are locked (fortnox.md 15)."""

from __future__ import annotations

from daemon.core.codecs import DATE
from daemon.core.records import Lane, Value
from daemon.errors import GrantError, Refused
from daemon.ports import Clock
from daemon.systems.fortnox import spec
from daemon.systems.fortnox.calls import Calls
from daemon.systems.fortnox.kept import Kept

TODO = "change the date, or unlock the period in Fortnox (Inställningar, Bokföring, Låst period), then retry"


class Period:
    """One company's locked period."""

    def __init__(self, calls: Calls, clock: Clock) -> None:
        self._calls = calls
        self._kept: Kept[str] = Kept(clock, spec.BELIEVED)

    async def end(self, lane: Lane, *, afresh: bool = False) -> str:
        """The last locked day; "" for none, and where we may not know: then Fortnox checks alone."""
        return await self._kept.get("end", lambda: self._ask(lane), afresh=afresh)

    def begin(self) -> None:
        """A pass begins: somebody may have locked or unlocked it."""
        self._kept.begin()

    def forget(self) -> None:
        """Ask anew the next time: somebody may unlock it."""
        self._kept.forget()

    async def _ask(self, lane: Lane) -> str:
        try:
            found = await self._calls.setting(spec.LOCKED_PERIOD, "LockedPeriod", lane)
        except (GrantError, Refused) as error:
            if error.code in spec.NO_RIGHT:
                return ""
            raise
        end = DATE.read(found.get("EndDate"))
        return end if isinstance(end, str) else ""


def inside(date: Value, end: str) -> str:
    """What is wrong with a date in the period that is locked until `end`; "" outside it."""
    return f"the date {date} is in the period that is locked until {end}" if str(date) <= end else ""
