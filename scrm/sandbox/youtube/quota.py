"""What a project has used of its day: units for most calls, calls of their own for search.

10 000 units and 100 searches a day, a read costs 1, an invalid request too; the day ends at midnight Pacific
(developers.google.com/youtube/v3/determine_quota_cost, read 2026-11-24). No header tells any of it.
"""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from scrm.sandbox.youtube.problems import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable

PACIFIC = ZoneInfo("America/Los_Angeles")
UNITS = 10_000
SEARCHES = 100
READ = 1


class Quota:
    """The daily buckets of one project; the caller holds the lock."""

    def __init__(self, *, units: int, searches: int, clock: Callable[[], datetime]) -> None:
        self.limits = {"units": units, "searches": searches}
        self._clock = clock
        self._used: Counter[tuple[date, str]] = Counter()
        self._charges: Counter[tuple[date, str]] = Counter()

    def _day(self) -> date:
        return self._clock().astimezone(PACIFIC).date()

    def charge(self, method: str, bucket: str) -> None:
        """Take one read from the bucket of today, or refuse."""
        day = self._day()
        if self._used[day, bucket] + READ > self.limits[bucket]:
            raise ApiError("quotaExceeded")
        self._used[day, bucket] += READ
        self._charges[day, method] += READ

    def usage(self) -> dict[str, object]:
        """Return today's use and when the next day begins."""
        day = self._day()
        reset = datetime.combine(day + timedelta(days=1), time(), tzinfo=PACIFIC)
        used = {bucket: self._used[day, bucket] for bucket in self.limits}
        return {"day": day.isoformat(), **used, "limits": dict(self.limits), "resets_at": reset.timestamp()}

    def charges(self) -> list[dict[str, object]]:
        """Return what was charged, by day and method."""
        return [
            {"day": day.isoformat(), "method": method, "charged": count}
            for (day, method), count in sorted(self._charges.items())
        ]
