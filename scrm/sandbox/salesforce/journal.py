"""The requests an org served: method, path, how it ended, whose they were; never a token, a body or a query's text.

It counts calls of the API against the day's allowance, too.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from scrm.sandbox.salesforce.refusals import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

KEPT = 50_000
DAY = timedelta(hours=24)


@dataclass(kw_only=True)
class Journal:
    """All requests by number, the first is 1; `daily_requests` is the allowance of 24 rolling hours."""

    clock: Callable[[], datetime]
    daily_requests: int
    _requests: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=KEPT))
    _last: int = 0
    _by_hour: dict[datetime, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def next_number(self) -> int:
        with self._lock:
            self._last += 1
            return self._last

    def note(self, **entry: Any) -> None:
        with self._lock:
            self._requests.append({**entry, "at": self.clock().isoformat()})

    def requests(self) -> list[dict[str, Any]]:
        with self._lock:
            return sorted((dict(entry) for entry in self._requests), key=lambda entry: int(entry["number"]))

    @property
    def used(self) -> int:
        """Calls of the API in the last 24 hours, by the hour."""
        since = self.clock() - DAY
        with self._lock:
            return sum(count for hour, count in self._by_hour.items() if hour > since)

    def use(self) -> None:
        """Count one call; raises RefusedError when the day has none left."""
        if self.used >= self.daily_requests:
            raise RefusedError("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
        hour = self.clock().replace(minute=0, second=0, microsecond=0)
        with self._lock:
            self._by_hour[hour] = self._by_hour.get(hour, 0) + 1

    def set_used(self, count: int) -> None:
        """Pretend that so many calls were made in this hour, and none before."""
        with self._lock:
            self._by_hour = {self.clock().replace(minute=0, second=0, microsecond=0): count}

    def limit_info(self) -> str:
        return f"api-usage={self.used}/{self.daily_requests}"
