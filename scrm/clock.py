"""The one source of now: database time in production, a fake clock in simulations.

All times are timezone-aware UTC with microseconds.
"""

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time that due rows and leases are compared with."""

    def now(self) -> datetime: ...


class SystemClock:
    """The host's clock. On one machine (SQLite) this is also the database's time."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class FakeClock:
    """A clock that moves only when told to; for simulations."""

    def __init__(self, start: datetime) -> None:
        self._now = start

    def now(self) -> datetime:
        return self._now

    def advance(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)
